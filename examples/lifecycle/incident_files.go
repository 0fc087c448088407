package main

import (
	"html/template"
	"slices"

	"github.com/baakit/baakit/breach"
)

// files writes the timeline for those who act on it: a calendar whose events
// replace those of the first one, the picture, and a page. What is only
// possible stays out of the picture in the report: the page has it all.
func (*incidentAct) files(s *stage, first, last breach.Timeline) error {
	before, err := first.ICalendar(nil)
	if err != nil {
		return err
	}
	after, err := last.ICalendar(&breach.ICalendarOptions{Sequence: 1, Withdrawn: first.Obligations})
	if err != nil {
		return err
	}
	owed := last
	owed.Obligations = slices.DeleteFunc(slices.Clone(last.Obligations), func(o breach.Obligation) bool { return o.Standing != breach.Owed })
	s.figure("Incident "+last.Incident.ID+": who is told by when", template.HTML(owed.SVG()))
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"incident-first.ics", before},
		{"incident.ics", after},
		{"incident.svg", []byte(owed.SVG())},
		{"incident.html", []byte(last.HTML())},
	} {
		if err := s.write(f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}
