package review

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// BreakGlass finds every emergency access: entries that are marked so
// ([audit.Event].Emergency), that give the purpose [audit.BreakGlass], or that
// record that an emergency override began.
func BreakGlass(entries iter.Seq2[audit.Entry, error]) iter.Seq2[Finding, error] {
	return each(entries, ruleBreakGlass, func(e audit.Entry) (bool, string, error) {
		var why []string
		if e.Event.Emergency {
			why = append(why, "marked as an emergency")
		}
		if slices.Contains(e.Event.Purpose, audit.BreakGlass) {
			why = append(why, "purpose "+string(audit.BreakGlass))
		}
		if slices.Contains(e.Event.Subtype, audit.EmergencyStarted) {
			why = append(why, "the override began")
		}
		return len(why) > 0, strings.Join(why, ", "), nil
	})
}

// SameSurname finds access to the record of somebody whose surname is that of
// the one who looked. The log holds no names: same is asked for every entry
// about a patient whether the two match, and may open the entry and look up
// both. Its error ends the findings.
func SameSurname(entries iter.Seq2[audit.Entry, error], same func(audit.Entry) (bool, error)) iter.Seq2[Finding, error] {
	return each(entries, ruleSameSurname, func(e audit.Entry) (bool, string, error) {
		if e.Subject == "" && e.Event.Patient == "" && e.Seal == "" {
			return false, "", nil // about nobody
		}
		ok, err := same(e)
		return ok, "the caller's match of names", err
	})
}

// Hours are the hours of work of somebody: from Open to Close, in minutes after
// midnight of Zone, on the business days of Calendar. Where Close is not after
// Open, they go on past midnight, and belong to the day on which they began.
type Hours struct {
	Open, Close int
	Zone        *time.Location  // nil: UTC
	Calendar    baakit.Calendar // nil: every day
}

// hold reports whether a time is within the hours.
func (h Hours) hold(t time.Time) bool {
	zone := h.Zone
	if zone == nil {
		zone = time.UTC
	}
	local := t.In(zone)
	minute := local.Hour()*60 + local.Minute()
	day := baakit.DateOf(t, zone)
	works := func(d baakit.Date) bool { return h.Calendar == nil || h.Calendar.IsBusinessDay(d) }
	if h.Open < h.Close {
		return minute >= h.Open && minute < h.Close && works(day)
	}
	return minute >= h.Open && works(day) || minute < h.Close && works(day.AddDays(-1))
}

const minutesOfDay = 24 * 60

// AfterHours finds entries of an actor outside of the actor's hours, by the
// time at which they were recorded. of tells the hours; ok is false for an
// actor who has none, such as a service, and whose entries are not looked at.
// Hours that are not within a day are a [baakit.FieldErrors], which ends the
// findings.
func AfterHours(entries iter.Seq2[audit.Entry, error], of func(audit.Actor) (h Hours, ok bool)) iter.Seq2[Finding, error] {
	return each(entries, ruleAfterHours, func(e audit.Entry) (bool, string, error) {
		h, ok := of(e.Event.Actor)
		if !ok {
			return false, "", nil
		}
		if h.Open < 0 || h.Open >= minutesOfDay || h.Close < 0 || h.Close > minutesOfDay {
			return false, "", baakit.FieldErrors{{Path: "hours", Rule: "must be minutes of a day"}}
		}
		if h.hold(e.Time) {
			return false, "", nil
		}
		zone := h.Zone
		if zone == nil {
			zone = time.UTC
		}
		return true, fmt.Sprintf("%s; hours are %02d:%02d to %02d:%02d", e.Time.In(zone).Format("Mon 15:04 MST"),
			h.Open/60, h.Open%60, h.Close/60, h.Close%60), nil
	})
}
