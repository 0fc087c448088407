// Package gen holds the rapid generators of the root vocabulary for this
// module's own tests. Each favours the values where calendars break: month
// ends, leap days, the first and the last year, the days on which clocks
// change. Its own tests prove that those are really drawn.
package gen

import (
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
)

// The bounds of what a Date can hold.
var (
	FirstDate = baakit.MustDate(1, time.January, 1)
	LastDate  = baakit.MustDate(9999, time.December, 31)
)

// Date draws any valid date.
func Date() *rapid.Generator[baakit.Date] { return DateIn(FirstDate, LastDate) }

// DateIn draws a date from lo to hi, both included: plain ones, and month
// ends, leap days, year ends, clock-change Sundays and the bounds themselves
// far more often than chance would.
func DateIn(lo, hi baakit.Date) *rapid.Generator[baakit.Date] {
	return rapid.Custom(func(t *rapid.T) baakit.Date {
		d := lo.AddDays(rapid.IntRange(0, hi.Sub(lo)).Draw(t, "day"))
		year, month, _ := d.Date()
		candidate := d
		switch rapid.IntRange(0, 9).Draw(t, "class") {
		case 0:
			candidate = monthEnd(year, month)
		case 1:
			candidate = baakit.MustDate(year, month, 1)
		case 2:
			if leap, err := baakit.NewDate(year/4*4, time.February, 29); err == nil {
				candidate = leap
			}
		case 3:
			candidate = baakit.MustDate(year, time.December, 31)
		case 4:
			candidate = baakit.MustDate(year, time.January, 1)
		case 5:
			candidate = rapid.SampledFrom([]baakit.Date{lo, hi}).Draw(t, "bound")
		case 6:
			candidate = clockChange(t, year)
		}
		if candidate.Before(lo) || candidate.After(hi) {
			return d
		}
		return candidate
	})
}

func monthEnd(year int, month time.Month) baakit.Date {
	next := baakit.MustDate(year, month, 1).AddMonths(1, baakit.RollBack)
	if next.IsZero() {
		return LastDate
	}
	return next.AddDays(-1)
}

// clockChange returns a Sunday on which clocks of the United States change
// under the rule in force since 2007: the second of March or the first of
// November.
func clockChange(t *rapid.T, year int) baakit.Date {
	first, nth := baakit.MustDate(year, time.March, 1), 2
	if rapid.Bool().Draw(t, "autumn") {
		first, nth = baakit.MustDate(year, time.November, 1), 1
	}
	return first.AddDays((7-int(first.Weekday()))%7 + 7*(nth-1))
}

// ModernDate draws a date of 1990 to 2060, the years for which the calendars
// are checked.
func ModernDate() *rapid.Generator[baakit.Date] {
	return DateIn(baakit.MustDate(1990, time.January, 1), baakit.MustDate(2060, time.December, 31))
}

// Roll draws one of the two rolls.
func Roll() *rapid.Generator[baakit.Roll] {
	return rapid.SampledFrom([]baakit.Roll{baakit.RollForward, baakit.RollBack})
}

// Unit draws one of the five units.
func Unit() *rapid.Generator[baakit.Unit] {
	return rapid.SampledFrom([]baakit.Unit{baakit.Hours, baakit.Days, baakit.BusinessDays, baakit.Months, baakit.Years})
}

// Period draws any valid period, small numbers most often.
func Period() *rapid.Generator[baakit.Period] {
	return rapid.Custom(func(t *rapid.T) baakit.Period {
		n := rapid.OneOf(rapid.IntRange(1, 120), rapid.Just(1), rapid.Just(baakit.MaxPeriod), rapid.IntRange(1, baakit.MaxPeriod)).Draw(t, "n")
		return baakit.MustPeriod(n, Unit().Draw(t, "unit"))
	})
}

// ContractPeriod draws a period of the sizes that agreements use: up to 120
// hours, days or business days, 24 months, 10 years.
func ContractPeriod() *rapid.Generator[baakit.Period] {
	return rapid.Custom(func(t *rapid.T) baakit.Period {
		unit := Unit().Draw(t, "unit")
		most := map[baakit.Unit]int{baakit.Hours: 120, baakit.Days: 120, baakit.BusinessDays: 60, baakit.Months: 24, baakit.Years: 10}[unit]
		return baakit.MustPeriod(rapid.IntRange(1, most).Draw(t, "n"), unit)
	})
}

// Calendar draws one of the calendars of the root package, alone or with
// random closures in 1990 to 2060.
func Calendar() *rapid.Generator[baakit.Calendar] {
	return rapid.Custom(func(t *rapid.T) baakit.Calendar {
		cal := rapid.SampledFrom([]baakit.Calendar{baakit.Federal(), baakit.Weekdays(), baakit.AllOf()}).Draw(t, "base")
		if rapid.Bool().Draw(t, "closures") {
			cal = baakit.WithClosures(cal, rapid.SliceOfN(ModernDate(), 0, 20).Draw(t, "closed")...)
		}
		return cal
	})
}

// Location draws a zone: fixed ones from UTC-12 to UTC+14, and real ones
// whose days are 23, 24.5 or 25 hours long, lack their midnight, or were
// skipped.
func Location() *rapid.Generator[*time.Location] {
	return rapid.Custom(func(t *rapid.T) *time.Location {
		if rapid.Bool().Draw(t, "fixed") {
			quarters := rapid.IntRange(-12*4, 14*4).Draw(t, "quarters")
			return time.FixedZone("", quarters*15*60)
		}
		return rapid.SampledFrom(Locations()).Draw(t, "zone")
	})
}

// Locations returns the real zones of [Location] that this machine knows:
// without a zone database it is UTC alone.
func Locations() []*time.Location {
	locations := []*time.Location{time.UTC}
	for _, name := range []string{
		"America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "America/Phoenix", "Pacific/Guam",
		"America/Sao_Paulo", "America/Havana", "America/St_Johns", "America/Asuncion", "Asia/Beirut", "Africa/Cairo",
		"Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Kwajalein", "Asia/Kathmandu",
	} {
		if loc, err := time.LoadLocation(name); err == nil {
			locations = append(locations, loc)
		}
	}
	return locations
}

// Instant draws an instant of 1990 to 2060 to the nanosecond, close to a
// midnight of its zone in half of the draws.
func Instant() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		start, end := ModernDate().Draw(t, "date").In(Location().Draw(t, "location"))
		length := max(end.Sub(start), 1)
		switch rapid.IntRange(0, 3).Draw(t, "near") {
		case 0:
			return start
		case 1:
			return end.Add(-1)
		}
		return start.Add(time.Duration(rapid.Int64Range(0, int64(length)-1).Draw(t, "ns")))
	})
}

// Jurisdiction draws any valid jurisdiction.
func Jurisdiction() *rapid.Generator[baakit.Jurisdiction] {
	var all []baakit.Jurisdiction
	for j := range baakit.Jurisdictions() {
		all = append(all, j)
	}
	return rapid.SampledFrom(all)
}

// Confidence draws any valid confidence.
func Confidence() *rapid.Generator[baakit.Confidence] {
	return rapid.SampledFrom([]baakit.Confidence{baakit.Primary, baakit.Secondary, baakit.Derived, baakit.Memory})
}

// Citation draws any valid citation: federal, of a State, or of an authority
// alone, with and without a date, a confidence and an address of its own.
func Citation() *rapid.Generator[baakit.Citation] {
	return rapid.Custom(func(t *rapid.T) baakit.Citation {
		f := baakit.CitationFields{
			Authority: rapid.SampledFrom([]string{"45 CFR", "16 CFR", "5 U.S.C.", "Cal. Civ. Code", "Executive Order 11582", "N.Y. Gen. Bus. Law"}).Draw(t, "authority"),
			Pinpoint:  rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[1-9][0-9]{0,3}(\.[1-9][0-9]{0,2})?(\([a-z]\)(\([1-9]\))?)?`)).Draw(t, "pinpoint"),
		}
		if rapid.Bool().Draw(t, "dated") {
			f.AsOf = ModernDate().Draw(t, "as of")
		}
		if rapid.Bool().Draw(t, "marked") {
			f.Confidence = Confidence().Draw(t, "confidence")
		}
		if rapid.Bool().Draw(t, "addressed") {
			f.Address = rapid.StringMatching(`https://[a-z]{1,10}\.example/[a-z0-9/]{0,10}`).Draw(t, "address")
		}
		c, err := baakit.NewCitation(f)
		if err != nil {
			t.Fatalf("generator made a citation that is refused: %v", err)
		}
		return c
	})
}
