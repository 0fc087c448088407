package baakit

import (
	"slices"
	"time"
)

// A Calendar says which days are business days. It answers the same for the
// same day every time, answers false for the zero Date, and is safe for
// concurrent use.
//
// [Federal] and [Weekdays] are calendars, [WithClosures] and [AllOf] make
// others out of them, and any type with the one method will do: a State's
// holidays, an organisation's own.
type Calendar interface {
	IsBusinessDay(d Date) bool
}

// maxClosed is how many days in a row the helpers look past before they say
// that a calendar has no further business day.
const maxClosed = 366

// NextBusinessDay returns the first business day of cal after d. It returns
// the zero Date if d is zero, the years 1 to 9999 end first, or cal is closed
// for more than a year on end.
func NextBusinessDay(cal Calendar, d Date) Date { return walk(cal, d, +1) }

// PreviousBusinessDay returns the last business day of cal before d, or the
// zero Date in the cases of [NextBusinessDay].
func PreviousBusinessDay(cal Calendar, d Date) Date { return walk(cal, d, -1) }

func walk(cal Calendar, d Date, step int) Date {
	for range maxClosed {
		if d = d.AddDays(step); d.IsZero() || cal.IsBusinessDay(d) {
			return d
		}
	}
	return Date{}
}

// AddBusinessDays returns the n-th business day of cal after d, which is not
// counted itself, or the n-th before it for a negative n. For n = 0 it is d,
// whether or not that is a business day. It returns the zero Date in the
// cases of [NextBusinessDay]. It takes time in proportion to n and allocates
// nothing unless cal does.
func AddBusinessDays(cal Calendar, d Date, n int) Date {
	step := +1
	if n < 0 {
		step = -1
	}
	for ; n != 0 && !d.IsZero(); n -= step {
		d = walk(cal, d, step)
	}
	return d
}

// Weekdays returns the calendar whose business days are Monday to Friday,
// without holidays.
func Weekdays() Calendar { return weekdays{} }

type weekdays struct{}

func (weekdays) IsBusinessDay(d Date) bool {
	return !d.IsZero() && d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

// WithClosures returns the calendar base with the closed days taken out: a
// State's holidays of some years, a company's closures. It keeps a copy of
// the list; a zero Date in it changes nothing.
func WithClosures(base Calendar, closed ...Date) Calendar {
	closed = slices.Clone(closed)
	slices.SortFunc(closed, Date.Compare)
	return closures{base, slices.Compact(closed)}
}

type closures struct {
	base   Calendar
	closed []Date // sorted
}

func (c closures) IsBusinessDay(d Date) bool {
	if !c.base.IsBusinessDay(d) {
		return false
	}
	_, closed := slices.BinarySearchFunc(c.closed, d, Date.Compare)
	return !closed
}

// AllOf returns the calendar whose business days are those that are business
// days of every one of cals. Of no calendars it is a calendar of all days.
func AllOf(cals ...Calendar) Calendar { return allOf(slices.Clone(cals)) }

type allOf []Calendar

func (cals allOf) IsBusinessDay(d Date) bool {
	for _, c := range cals {
		if !c.IsBusinessDay(d) {
			return false
		}
	}
	return !d.IsZero()
}
