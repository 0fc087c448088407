package baakit_test

import (
	"time"

	"github.com/baakit/baakit"
)

// The slow, obvious versions that the fast ones are compared with. They know
// nothing of ordinals or tables: they count days one at a time with package
// time, in UTC, where a day is always 24 hours.

func slowTime(d baakit.Date) time.Time {
	t, err := time.Parse(time.DateOnly, d.String())
	if err != nil {
		panic(err)
	}
	return t
}

func slowDate(t time.Time) baakit.Date { return baakit.MustParseDate(t.Format(time.DateOnly)) }

// slowAddMonths walks month by month, then lowers the day until the month has
// it.
func slowAddMonths(d baakit.Date, n int, r baakit.Roll) baakit.Date {
	t := slowTime(d)
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	for ; n > 0; n-- {
		first = first.AddDate(0, 1, 0)
	}
	for ; n < 0; n++ {
		first = first.AddDate(0, -1, 0)
	}
	for day := t.Day(); ; day-- {
		candidate := first.AddDate(0, 0, day-1)
		if candidate.Month() != first.Month() {
			continue
		}
		if day < t.Day() && r == baakit.RollForward {
			candidate = candidate.AddDate(0, 0, 1)
		}
		if candidate.Year() < 1 || candidate.Year() > 9999 {
			return baakit.Date{}
		}
		return slowDate(candidate)
	}
}

// slowAddBusinessDays walks day by day.
func slowAddBusinessDays(cal baakit.Calendar, d baakit.Date, n int) baakit.Date {
	t := slowTime(d)
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if cal.IsBusinessDay(slowDate(t)) {
			n--
		}
	}
	return slowDate(t)
}

// slowFederalHoliday reads 5 U.S.C. 6103(a) and (b) for one day: it asks of
// the day, and of the days beside it from which a holiday is moved, whether
// each is one of the eleven.
func slowFederalHoliday(t time.Time) bool {
	legal := func(t time.Time) bool {
		nth, last := (t.Day()-1)/7+1, t.AddDate(0, 0, 7).Month() != t.Month()
		monday, thursday := t.Weekday() == time.Monday, t.Weekday() == time.Thursday
		switch t.Month() {
		case time.January:
			return t.Day() == 1 || monday && nth == 3
		case time.February:
			return monday && nth == 3
		case time.May:
			return monday && last
		case time.June:
			return t.Day() == 19 && t.Year() >= 2021
		case time.July:
			return t.Day() == 4
		case time.September:
			return monday && nth == 1
		case time.October:
			return monday && nth == 2
		case time.November:
			return t.Day() == 11 || thursday && nth == 4
		case time.December:
			return t.Day() == 25
		}
		return false
	}
	switch t.Weekday() {
	case time.Friday:
		return legal(t) || legal(t.AddDate(0, 0, 1))
	case time.Monday:
		return legal(t) || legal(t.AddDate(0, 0, -1))
	}
	return legal(t)
}

func slowFederal(d baakit.Date) bool {
	t := slowTime(d)
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && !slowFederalHoliday(t)
}
