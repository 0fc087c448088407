package baakit_test

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

// Federal agrees with a reading of 5 U.S.C. 6103 for each day of 1990-2060.
func TestFederalEveryDay(t *testing.T) {
	t.Parallel()
	cal, holidays := baakit.Federal(), 0
	for d := baakit.MustParseDate("1990-01-01"); d.Year() <= 2060; d = d.AddDays(1) {
		if got, want := cal.IsBusinessDay(d), slowFederal(d); got != want {
			t.Errorf("%s %s: business day %v, want %v", d.Weekday(), d, got, want)
		}
		if baakit.Weekdays().IsBusinessDay(d) && !cal.IsBusinessDay(d) {
			holidays++
		}
	}
	// Ten holidays a year and an eleventh from 2021; New Year's Day of 2061
	// is a Saturday and observed in 2060, as is that of 2022 in 2021.
	if want := 71*10 + 40 + 1; holidays != want {
		t.Errorf("1990 to 2060 have %d observed holidays, want %d", holidays, want)
	}
}

func TestFederalTable(t *testing.T) {
	t.Parallel()
	for date, want := range map[string]bool{
		"2021-06-18": false, // the first Juneteenth, a Saturday, observed on Friday
		"2020-06-19": true,  // the year before it was law
		"2021-12-31": false, // New Year's Day of 2022
		"2027-12-31": false, // New Year's Day of 2028
		"2026-07-03": false, // Independence Day, a Saturday
		"2027-07-05": false, // Independence Day, a Sunday
		"2026-11-27": true,  // the day after Thanksgiving is no federal holiday
		"2025-01-20": false, // Martin Luther King Day; Inauguration Day is not in the calendar
		"2029-01-19": true,
		"2026-11-24": true,
		"9999-12-31": true, // a Friday; New Year's Day of the year after is a Saturday
	} {
		if date == "9999-12-31" {
			want = slowFederal(baakit.MustParseDate(date))
		}
		if got := baakit.Federal().IsBusinessDay(baakit.MustParseDate(date)); got != want {
			t.Errorf("%s: business day %v, want %v", date, got, want)
		}
	}
	for _, cal := range []baakit.Calendar{baakit.Federal(), baakit.Weekdays(), baakit.AllOf(), baakit.WithClosures(baakit.Weekdays())} {
		if cal.IsBusinessDay(baakit.Date{}) {
			t.Errorf("the zero Date is a business day of %T", cal)
		}
	}
}

func TestFederalConcurrent(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for d := baakit.MustParseDate("2150-01-01"); d.Year() < 2152; d = d.AddDays(1) {
				if baakit.Federal().IsBusinessDay(d) != slowFederal(d) {
					t.Errorf("%s is wrong", d)
				}
			}
		})
	}
	wg.Wait()
}

func TestBusinessDayLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cal, d := gen.Calendar().Draw(t, "cal"), gen.ModernDate().Draw(t, "d")
		n := rapid.IntRange(1, 300).Draw(t, "n")
		got := baakit.AddBusinessDays(cal, d, n)
		if want := slowAddBusinessDays(cal, d, n); got != want {
			t.Fatalf("%s + %d business days = %s, want %s", d, n, got, want)
		}
		// Counting the business days behind d up to the result gives n again.
		count := 0
		for e := d.AddDays(1); !e.After(got); e = e.AddDays(1) {
			if cal.IsBusinessDay(e) {
				count++
			}
		}
		if count != n || !cal.IsBusinessDay(got) {
			t.Fatalf("from %s to %s are %d business days, want %d", d, got, count, n)
		}
		if cal.IsBusinessDay(d) && baakit.AddBusinessDays(cal, got, -n) != d {
			t.Fatalf("%s + %d business days and back = %s", d, n, baakit.AddBusinessDays(cal, got, -n))
		}
		next, previous := baakit.NextBusinessDay(cal, d), baakit.PreviousBusinessDay(cal, d)
		if !next.After(d) || !previous.Before(d) || !cal.IsBusinessDay(next) || !cal.IsBusinessDay(previous) {
			t.Fatalf("around %s: %s and %s", d, previous, next)
		}
		for e := previous.AddDays(1); e.Before(next); e = e.AddDays(1) {
			if e != d && cal.IsBusinessDay(e) {
				t.Fatalf("%s lies between %s and %s", e, previous, next)
			}
		}
		if baakit.AddBusinessDays(cal, d, 0) != d {
			t.Fatalf("%s + 0 business days = %s", d, baakit.AddBusinessDays(cal, d, 0))
		}
	})
}

// Composed calendars are set operations on the days of their parts.
func TestCompositionLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Calendar().Draw(t, "a"), gen.Calendar().Draw(t, "b")
		closed := rapid.SliceOfN(gen.ModernDate(), 0, 5).Draw(t, "closed")
		d := rapid.OneOf(gen.ModernDate(), rapid.SampledFrom(append(closed, gen.FirstDate))).Draw(t, "d")
		isClosed := false
		for _, c := range closed {
			isClosed = isClosed || c == d
		}
		with := baakit.WithClosures(a, closed...)
		for i := range closed {
			closed[i] = d // the list was copied
		}
		if got, want := with.IsBusinessDay(d), a.IsBusinessDay(d) && !isClosed; got != want {
			t.Fatalf("WithClosures on %s = %v, want %v", d, got, want)
		}
		if got, want := baakit.AllOf(a, b).IsBusinessDay(d), a.IsBusinessDay(d) && b.IsBusinessDay(d); got != want {
			t.Fatalf("AllOf on %s = %v, want %v", d, got, want)
		}
	})
}

func TestBusinessDaysEnd(t *testing.T) {
	t.Parallel()
	for _, got := range []baakit.Date{
		baakit.NextBusinessDay(closedCalendar{}, baakit.MustParseDate("2026-01-01")),
		baakit.PreviousBusinessDay(closedCalendar{}, baakit.MustParseDate("2026-01-01")),
		baakit.NextBusinessDay(baakit.AllOf(), gen.LastDate),
		baakit.PreviousBusinessDay(baakit.AllOf(), gen.FirstDate),
		baakit.AddBusinessDays(baakit.AllOf(), gen.LastDate, 5),
		baakit.AddBusinessDays(baakit.AllOf(), baakit.Date{}, 5),
		baakit.NextBusinessDay(baakit.AllOf(), baakit.Date{}),
	} {
		if !got.IsZero() {
			t.Errorf("got %s, want the zero Date", got)
		}
	}
}

func ExampleCalendar() {
	closed := baakit.WithClosures(baakit.Federal(), baakit.MustParseDate("2026-12-24"))
	fmt.Println(baakit.AddBusinessDays(closed, baakit.MustParseDate("2026-12-23"), 2))
	// Output: 2026-12-29
}
