package baakit

import (
	"math"
	"time"
)

// A Comparison is the answer to which of two lengths of time is longer. The
// zero Comparison is Depends, so that a question never asked is never taken
// for a yes.
type Comparison uint8

const (
	// Depends: on the day it starts, so neither may be relied on to be the
	// longer one.
	Depends Comparison = iota

	// Shorter: on every day it could start.
	Shorter

	// Equal: on every day it could start.
	Equal

	// Longer: on every day it could start.
	Longer
)

// String returns "depends", "shorter", "equal" or "longer".
func (c Comparison) String() string {
	switch c {
	case Shorter:
		return "shorter"
	case Equal:
		return "equal"
	case Longer:
		return "longer"
	}
	return "depends"
}

// spanFirst to spanLast are the days on which a period is tried to start.
// They hold every pattern of weekdays, leap years and holidays.
var (
	spanFirst = MustDate(1990, time.January, 1)
	spanLast  = MustDate(2060, time.December, 31)
)

// unbounded is the longest span of a period that no calendar completes.
const unbounded = math.MaxInt32

// A Span is the shortest and the longest time that a Period, or a sum of
// Periods one after the other, takes over every day of 1990 to 2060 on which
// it could start. Five business days take 5 days from a Sunday and 8 over a
// Monday holiday; a month takes 28 to 31.
//
// The zero Span is that of no period: it takes no time. Spans are comparable,
// immutable and safe for concurrent use.
type Span struct {
	// Civil units count in whole days, hours in hours; the number of each
	// that were added tells how far the two can drift apart.
	shortest, longest, civil int
	hours, runs              int
}

// Span returns the shortest and longest time that p takes on cal; a nil cal
// is [Federal]. Of the zero Period it is the zero Span.
func (p Period) Span(cal Calendar) Span {
	n := p.N()
	switch p.unit {
	case Hours:
		return Span{hours: n, runs: 1}
	case Days:
		return Span{shortest: n, longest: n, civil: 1}
	case BusinessDays:
		if cal == nil {
			cal = Federal()
		}
		shortest, longest := businessSpan(cal, n)
		return Span{shortest: shortest, longest: longest, civil: 1}
	case Months:
		shortest, longest := monthSpan(n)
		return Span{shortest: shortest, longest: longest, civil: 1}
	case Years:
		shortest, longest := monthSpan(12 * n)
		return Span{shortest: shortest, longest: longest, civil: 1}
	}
	return Span{}
}

// businessSpan tries n business days from every day of the range. All days
// from one business day up to the next arrive at the same day: the first of
// them takes longest and the last is quickest.
func businessSpan(cal Calendar, n int) (shortest, longest int) {
	open := businessDays(cal, n)
	shortest = unbounded
	from := spanFirst.ordinal
	for next := 0; from <= spanLast.ordinal; next++ {
		end := next + n - 1
		if end >= len(open) {
			return shortest, unbounded
		}
		to := min(open[next]-1, spanLast.ordinal)
		if from <= to {
			longest = max(longest, int(open[end]-from))
			shortest = min(shortest, int(open[end]-to))
		}
		from = open[next]
	}
	return shortest, longest
}

// spanAfter is how many business days behind the range the federal calendar
// keeps: enough for any period of an agreement.
const spanAfter = 1000

// businessDays lists the business days of the range and at least n after it,
// if there are so many.
func businessDays(cal Calendar, n int) []int32 {
	if f, ok := cal.(*federalCalendar); ok && n <= spanAfter {
		return f.spanDays()
	}
	return listBusinessDays(cal, n)
}

func listBusinessDays(cal Calendar, n int) []int32 {
	var open []int32
	after := 0
	for d, closed := spanFirst, 0; !d.IsZero() && closed <= maxClosed && after < n; d = d.AddDays(1) {
		closed++
		if cal.IsBusinessDay(d) {
			open, closed = append(open, d.ordinal), 0
			if d.After(spanLast) {
				after++
			}
		}
	}
	return open
}

// monthSpan tries n months from every month of the range, with either Roll.
// From a day that the month of arrival has, the span is that of the firsts of
// the two months; from the days at the end that it lacks, rolling back ends
// up to three days earlier, and rolling forward never later.
func monthSpan(n int) (shortest, longest int) {
	shortest = unbounded
	for year := spanFirst.Year(); year <= spanLast.Year(); year++ {
		for month := time.January; month <= time.December; month++ {
			first := MustDate(year, month, 1)
			end := first.AddMonths(n, RollBack)
			if end.IsZero() {
				return shortest, unbounded
			}
			span := end.Sub(first)
			lacking := daysIn(year, month) - daysIn(end.Year(), end.Month())
			shortest = min(shortest, span-max(lacking, 0))
			longest = max(longest, span)
		}
	}
	return shortest, longest
}

// Sum returns the span of the periods one after the other, each of which
// starts on the day, or for hours at the instant, that the one before it ends,
// with the longest span of each as its longest. A nil cal is [Federal]; zero
// Periods add nothing.
func Sum(cal Calendar, periods ...Period) Span {
	var sum Span
	for _, p := range periods {
		s := p.Span(cal)
		sum.shortest = saturate(sum.shortest + s.shortest)
		sum.longest = saturate(sum.longest + s.longest)
		sum.hours = saturate(sum.hours + s.hours)
		sum.civil += s.civil
		sum.runs += s.runs
	}
	return sum
}

func saturate(n int) int { return min(n, unbounded) }

// IsZero reports whether s is the span of no period.
func (s Span) IsZero() bool { return s == Span{} }

// Days returns the fewest and the most midnights that lie between the day of
// the event and the day on which the span is over. Hours count from any time
// of a day, on days of 23 to 25 hours: 24 hours are over on the same day at
// the earliest and on the second day at the latest. A span longer than the
// calendar has days is longest = math.MaxInt32.
func (s Span) Days() (shortest, longest int) {
	shortest, longest = s.shortest, s.longest
	if s.hours > 0 {
		shortest += (s.hours - 1) / 24
		longest += s.hours/24 + s.runs
	}
	return saturate(shortest), saturate(longest)
}

// Hours returns the fewest and the most hours from the instant of the event
// to the end of the span. A span of days is over at the end of its last day:
// from the last moment of a day, before a day of 23 hours, 1 day takes just
// over 23 hours, and from the first moment of a day of 25 hours it takes 49.
func (s Span) Hours() (shortest, longest int) {
	if s.civil == 0 {
		return s.hours, s.hours
	}
	if s.longest >= unbounded {
		return 24*s.shortest - 1 + s.hours, unbounded
	}
	// Hours between two civil parts let each of them begin in mid-day.
	starts := min(s.civil, s.runs+1)
	return 24*s.shortest - 1 + s.hours, saturate(24*(s.longest+starts) + 1 + s.hours)
}

// Compare answers whether s is shorter or longer than t on every day they
// could start, from the shortest and longest of each; where these do not
// decide the answer is [Depends]. They are compared in days, or in hours
// where one of them is of hours alone.
func (s Span) Compare(t Span) Comparison {
	measure := Span.Days
	if s.civil == 0 || t.civil == 0 {
		measure = Span.Hours
	}
	sShort, sLong := measure(s)
	tShort, tLong := measure(t)
	switch {
	case sLong < tShort:
		return Shorter
	case sShort > tLong:
		return Longer
	case sShort == sLong && tShort == tLong && sLong < unbounded:
		return Equal
	}
	return Depends
}

// Compare answers whether p is shorter or longer than q on cal; a nil cal is
// [Federal]. Periods of one unit compare by their number, and years as twelve
// months; others by [Span.Compare]: 5 business days against 7 days depends,
// since from a Sunday they end on Friday and over a holiday they take 8; 30
// days against 1 month depends too. With a zero Period the answer is Depends.
func (p Period) Compare(q Period, cal Calendar) Comparison {
	if p.IsZero() || q.IsZero() {
		return Depends
	}
	pn, pu := p.wholeMonths()
	qn, qu := q.wholeMonths()
	if pu != qu {
		return p.Span(cal).Compare(q.Span(cal))
	}
	switch {
	case pn < qn:
		return Shorter
	case pn > qn:
		return Longer
	}
	return Equal
}

// wholeMonths returns years as the months they are.
func (p Period) wholeMonths() (n int, u Unit) {
	if p.unit == Years {
		return 12 * p.N(), Months
	}
	return p.N(), p.unit
}
