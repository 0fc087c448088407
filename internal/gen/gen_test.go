package gen_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

// classes counts what a generator draws; each class must come up.
func classes[V any](t *testing.T, values *rapid.Generator[V], tests map[string]func(V) bool) {
	t.Helper()
	const draws = 3000
	seen := make(map[string]int)
	for i := range draws {
		v := values.Example(i)
		for name, is := range tests {
			if is(v) {
				seen[name]++
			}
		}
	}
	for name := range tests {
		if seen[name] == 0 {
			t.Errorf("%d draws had no %s", draws, name)
		}
	}
}

func TestDateClasses(t *testing.T) {
	t.Parallel()
	common := map[string]func(baakit.Date) bool{
		"month end":     func(d baakit.Date) bool { return d.Year() < 9999 && d.AddDays(1).Day() == 1 },
		"month start":   func(d baakit.Date) bool { return d.Day() == 1 },
		"leap day":      func(d baakit.Date) bool { return d.Month() == time.February && d.Day() == 29 },
		"year end":      func(d baakit.Date) bool { return d.Month() == time.December && d.Day() == 31 },
		"new year":      func(d baakit.Date) bool { return d.YearDay() == 1 },
		"an odd day":    func(d baakit.Date) bool { return d.Day() == 17 },
		"spring change": func(d baakit.Date) bool { return isClockChange(d, time.March, 8) },
		"autumn change": func(d baakit.Date) bool { return isClockChange(d, time.November, 1) },
	}
	classes(t, gen.ModernDate(), common)
	common["year 1"] = func(d baakit.Date) bool { return d.Year() == 1 }
	common["year 9999"] = func(d baakit.Date) bool { return d.Year() == 9999 }
	common["first day"] = func(d baakit.Date) bool { return d == gen.FirstDate }
	common["last day"] = func(d baakit.Date) bool { return d == gen.LastDate }
	classes(t, gen.Date(), common)
}

func isClockChange(d baakit.Date, month time.Month, from int) bool {
	return d.Month() == month && d.Weekday() == time.Sunday && d.Day() >= from && d.Day() < from+7
}

func TestPeriodClasses(t *testing.T) {
	t.Parallel()
	for _, values := range []*rapid.Generator[baakit.Period]{gen.Period(), gen.ContractPeriod()} {
		classes(t, values, map[string]func(baakit.Period) bool{
			"hours":         func(p baakit.Period) bool { return p.Unit() == baakit.Hours },
			"days":          func(p baakit.Period) bool { return p.Unit() == baakit.Days },
			"business days": func(p baakit.Period) bool { return p.Unit() == baakit.BusinessDays },
			"months":        func(p baakit.Period) bool { return p.Unit() == baakit.Months },
			"years":         func(p baakit.Period) bool { return p.Unit() == baakit.Years },
			"one":           func(p baakit.Period) bool { return p.N() == 1 },
		})
	}
	classes(t, gen.Period(), map[string]func(baakit.Period) bool{"largest": func(p baakit.Period) bool { return p.N() == baakit.MaxPeriod }})
}

func TestInstantClasses(t *testing.T) {
	t.Parallel()
	classes(t, gen.Instant(), map[string]func(time.Time) bool{
		"midnight":       func(at time.Time) bool { return at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 },
		"end of the day": func(at time.Time) bool { return at.Hour() == 23 && at.Nanosecond() == 999999999 },
		"nanoseconds":    func(at time.Time) bool { return at.Nanosecond() != 0 && at.Nanosecond() != 999999999 },
	})
	classes(t, gen.Location(), map[string]func(*time.Location) bool{
		"UTC":    func(loc *time.Location) bool { return loc == time.UTC },
		"UTC-12": func(loc *time.Location) bool { return offset(loc) == -12*3600 },
		"UTC+14": func(loc *time.Location) bool { return offset(loc) == 14*3600 },
	})
}

func offset(loc *time.Location) int {
	_, o := time.Date(2026, 1, 1, 0, 0, 0, 0, loc).Zone()
	return o
}

// Some drawn day of a zone with clock changes is not 24 hours long.
func TestUnevenDays(t *testing.T) {
	t.Parallel()
	if len(gen.Locations()) == 1 {
		t.Skip("skipped: no zone database")
	}
	lengths := make(map[time.Duration]bool)
	for i := range 5000 {
		start, end := gen.ModernDate().Example(i).In(gen.Location().Example(i))
		lengths[end.Sub(start)] = true
	}
	for _, want := range []time.Duration{23 * time.Hour, 24 * time.Hour, 25 * time.Hour} {
		if !lengths[want] {
			t.Errorf("no drawn day is %s long", want)
		}
	}
}

func TestOtherClasses(t *testing.T) {
	t.Parallel()
	classes(t, gen.Jurisdiction(), map[string]func(baakit.Jurisdiction) bool{
		"State":     baakit.Jurisdiction.IsState,
		"territory": func(j baakit.Jurisdiction) bool { return !j.IsState() && j.IsHIPAAState() },
		"foreign":   func(j baakit.Jurisdiction) bool { return j == baakit.ForeignJurisdiction },
		"unknown":   func(j baakit.Jurisdiction) bool { return j == baakit.UnknownJurisdiction },
	})
	classes(t, gen.Citation(), map[string]func(baakit.Citation) bool{
		"place":      func(c baakit.Citation) bool { return c.Pinpoint() != "" },
		"no place":   func(c baakit.Citation) bool { return c.Pinpoint() == "" },
		"address":    func(c baakit.Citation) bool { return c.Address() != "" },
		"no address": func(c baakit.Citation) bool { return c.Address() == "" },
		"dated":      func(c baakit.Citation) bool { return !c.AsOf().IsZero() },
		"marked":     func(c baakit.Citation) bool { return c.Confidence() != 0 },
	})
	classes(t, gen.Calendar(), map[string]func(baakit.Calendar) bool{
		"open on Sunday":   func(cal baakit.Calendar) bool { return cal.IsBusinessDay(baakit.MustParseDate("2026-11-22")) },
		"closed on Sunday": func(cal baakit.Calendar) bool { return !cal.IsBusinessDay(baakit.MustParseDate("2026-11-22")) },
		"holidays":         func(cal baakit.Calendar) bool { return !cal.IsBusinessDay(baakit.MustParseDate("2026-12-25")) },
	})
	classes(t, gen.Roll(), map[string]func(baakit.Roll) bool{
		"forward": func(r baakit.Roll) bool { return r == baakit.RollForward },
		"back":    func(r baakit.Roll) bool { return r == baakit.RollBack },
	})
}

// Always draws the same twice, as often as it was asked to, and not one value
// alone.
func TestAlways(t *testing.T) {
	t.Parallel()
	draws := func() (list []int) {
		gen.Always(20, func(t *rapid.T) { list = append(list, rapid.IntRange(0, 1000).Draw(t, "n")) })
		return list
	}
	first := draws()
	seen := make(map[int]bool)
	for _, n := range first {
		seen[n] = true
	}
	if len(first) != 20 || !slices.Equal(first, draws()) || len(seen) < 5 {
		t.Errorf("drew %v, and then something else", first)
	}
}
