package breach

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
)

type holidayRow struct {
	ID    string     `json:"id"`
	Month time.Month `json:"month"`
	From  int        `json:"from"`
	To    int        `json:"to"`
}

type keptRow struct {
	Confidence baakit.Confidence                `json:"confidence"`
	Everywhere []string                         `json:"everywhere"`
	Also       map[baakit.Jurisdiction][]string `json:"also"`
}

// A keptCalendar is the calendar of a jurisdiction that is safe to count by:
// of the federal holidays it closes only on those that the jurisdiction keeps
// too, on the day itself or the Monday after a Sunday, and on no holiday of
// its own. Whatever its real list, a deadline counted here is never late.
type keptCalendar struct{ kept []holidayRow }

func (c keptCalendar) IsBusinessDay(d baakit.Date) bool {
	if baakit.Federal().IsBusinessDay(d) {
		return true
	}
	if !baakit.Weekdays().IsBusinessDay(d) {
		return false
	}
	_, month, day := d.Date()
	return !slices.ContainsFunc(c.kept, func(h holidayRow) bool {
		return h.Month == month && day >= h.From && day <= h.To
	})
}

func (t *tables) makeCalendars() {
	kept := func(ids []string) []holidayRow {
		var list []holidayRow
		for _, h := range t.federal.Holidays {
			if slices.Contains(ids, h.ID) {
				list = append(list, h)
			}
		}
		return list
	}
	everywhere := keptCalendar{kept(t.federal.Kept.Everywhere)}
	for j := range t.calendars {
		t.calendars[j] = everywhere
	}
	for j, ids := range t.federal.Kept.Also {
		t.calendars[j] = keptCalendar{append(kept(ids), everywhere.kept...)}
	}
}

// Calendar returns the business days by which clocks of the jurisdiction
// count unless [Options] say otherwise: Monday to Friday without the federal
// holidays that the jurisdiction is known to keep. State holidays are not
// skipped, and a holiday on a Saturday closes no Friday; the deadline is then
// early and never late.
func (r *Rules) Calendar(j baakit.Jurisdiction) baakit.Calendar {
	if int(j) >= jurisdictions {
		return r.tables.calendars[0]
	}
	return r.tables.calendars[j]
}
