package breach

import (
	"strings"
	"time"

	"github.com/baakit/baakit/internal/ics"
)

// ICalendarOptions are the settings of [Timeline.ICalendar].
type ICalendarOptions struct {
	// Sequence is the version of the calendar: give a higher number whenever
	// the timeline was made anew, and a program that has the events replaces
	// them. Default: 0.
	Sequence int
	// Stamp is when this version was written. Default: the beginning of the
	// day on which the first clock started, so that equal timelines give
	// equal bytes.
	Stamp time.Time
	// Alarms are how long before the last day to remind. Default: 14, 7 and 1
	// day.
	Alarms []time.Duration
	// Domain ends the UIDs and must stay the same. Default: "baakit.invalid".
	Domain string
	// Withdrawn are obligations of an earlier timeline that this one does not
	// have any more: their events are cancelled.
	Withdrawn []Obligation
}

// ICalendar returns the dated obligations as a calendar, RFC 5545: an event on
// the last day of each, or at the instant of a clock in hours, with alarms. An
// event keeps its UID in every timeline of the incident. The error is a
// [baakit.FieldErrors] for options that cannot be.
func (t Timeline) ICalendar(opts *ICalendarOptions) ([]byte, error) {
	var o ICalendarOptions
	if opts != nil {
		o = *opts
	}
	if o.Domain == "" {
		o.Domain = "baakit.invalid"
	}
	if o.Alarms == nil {
		const day = 24 * time.Hour
		o.Alarms = []time.Duration{14 * day, 7 * day, day}
	}
	if o.Stamp.IsZero() {
		if from, _ := t.extent(); !from.IsZero() {
			o.Stamp, _ = from.In(time.UTC)
		}
	}
	c := ics.Calendar{ProductID: "-//baakit//breach//EN", Name: t.title()}
	has := make(map[string]bool)
	for _, ob := range t.Obligations {
		has[ob.ID] = true
		if ob.Dated() && ob.Standing != SetAside {
			c.Events = append(c.Events, t.calendarEvent(ob, o))
		}
	}
	for _, ob := range o.Withdrawn {
		if ob.Dated() && !has[ob.ID] {
			e := t.calendarEvent(ob, o)
			e.Cancelled, e.Alarms = true, nil
			c.Events = append(c.Events, e)
		}
	}
	return c.Append(nil)
}

func (t Timeline) calendarEvent(ob Obligation, o ICalendarOptions) ics.Event {
	what := ob.to()
	if ob.Standing == Possible {
		what += " (may be owed)"
	}
	lines := []string{ob.Explanation, "Owed by " + ob.OwedBy + "."}
	if source := ob.sources(); source != "" {
		lines = append(lines, source)
	}
	lines = append(lines, "Confidence: "+ob.marks())
	for _, q := range ob.Questions {
		for _, open := range t.Questions {
			if open.ID == q {
				lines = append(lines, "Open: "+open.Asks)
			}
		}
	}
	lines = append(lines, disclaimer)
	e := ics.Event{
		UID: t.uid(ob.ID) + "@" + o.Domain, Sequence: o.Sequence, Stamp: o.Stamp,
		Summary: "Last day: " + what, Description: strings.Join(lines, "\n"), Categories: []string{"breach", ob.Regime.String()},
	}
	if ob.DueAt.IsZero() {
		e.Day = ob.Due
	} else {
		e.Start = ob.DueAt
	}
	for _, before := range o.Alarms {
		e.Alarms = append(e.Alarms, ics.Alarm{Before: before, Text: e.Summary})
	}
	return e
}

// uid names an obligation of the incident for ever.
func (t Timeline) uid(id string) string {
	incident := t.Incident.ID
	if incident == "" {
		incident = "incident"
	}
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._/", r) {
			return r
		}
		return '_'
	}
	return strings.Map(keep, incident) + "/" + strings.Map(keep, id)
}
