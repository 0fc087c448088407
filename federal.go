package baakit

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"
)

// Federal returns the calendar of the United States government: Monday to
// Friday without the legal public holidays of 5 U.S.C. 6103(a), each observed
// on the Friday before when it falls on a Saturday and on the Monday after
// when it falls on a Sunday (5 U.S.C. 6103(b); Executive Order 11582).
//
// Inauguration Day, which 5 U.S.C. 6103(c) gives to the Washington area only,
// and days closed by a single executive order are business days here: take
// them out with [WithClosures]. Juneteenth counts from 2021. The calendar was
// checked day by day for 1990 to 2060; it applies the same law to years
// further out, and to years before 1986, when some holidays were not yet law.
//
// Every call returns the same calendar. The holidays of a year are computed
// the first time they are asked for; after that a day is looked up without
// allocation in a few nanoseconds.
func Federal() Calendar { return federal() }

var federal = sync.OnceValue(func() *federalCalendar {
	f := &federalCalendar{holidays: []*cal.Holiday{
		us.NewYear, us.MlkDay, us.PresidentsDay, us.MemorialDay, us.Juneteenth, us.IndependenceDay,
		us.LaborDay, us.ColumbusDay, us.VeteransDay, us.ThanksgivingDay, us.ChristmasDay,
	}}
	f.spanDays = sync.OnceValue(func() []int32 { return listBusinessDays(f, spanAfter) })
	return f
})

type federalCalendar struct {
	holidays []*cal.Holiday
	years    [maxYear + 1]atomic.Pointer[closedDays]
	spanDays func() []int32
}

// closedDays has one bit for each day of a year, by its day of the year.
type closedDays [366/64 + 1]uint64

func (c *closedDays) set(yday int)      { c[yday/64] |= 1 << (yday % 64) }
func (c *closedDays) has(yday int) bool { return c[yday/64]>>(yday%64)&1 == 1 }

func (f *federalCalendar) IsBusinessDay(d Date) bool {
	if !(weekdays{}).IsBusinessDay(d) {
		return false
	}
	year, yday := d.yearDay()
	closed := f.years[year].Load()
	if closed == nil {
		closed = f.compute(year)
		f.years[year].Store(closed) // a second computation gives the same days
	}
	return !closed.has(yday)
}

func (f *federalCalendar) compute(year int) *closedDays {
	var closed closedDays
	// New Year's Day of the next year may be observed on 31 December.
	for y := year; y <= year+1; y++ {
		for _, h := range f.holidays {
			if _, observed := h.Calc(y); !observed.IsZero() && observed.Year() == year {
				closed.set(observed.In(time.UTC).YearDay())
			}
		}
	}
	return &closed
}
