package baakit_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

// brute tries a period of days, business days, months or years from every day
// of 1990 to 2060, with either Roll, and returns the fewest and most days.
func brute(p baakit.Period, cal baakit.Calendar) (shortest, longest int) {
	shortest = math.MaxInt
	tried := []baakit.Roll{baakit.RollBack}
	if p.Unit() == baakit.Months || p.Unit() == baakit.Years {
		tried = append(tried, baakit.RollForward)
	}
	for d := baakit.MustParseDate("1990-01-01"); d.Year() <= 2060; d = d.AddDays(1) {
		for _, r := range tried {
			end, err := p.AddTo(d, cal, r)
			if err != nil {
				panic(err)
			}
			shortest, longest = min(shortest, end.Sub(d)), max(longest, end.Sub(d))
		}
	}
	return shortest, longest
}

func TestSpanAgainstBruteForce(t *testing.T) {
	t.Parallel()
	periods := []string{
		"1 day", "60 days", "1 business day", "2 business days", "5 business days", "10 business days", "30 business days",
		"1 month", "2 months", "3 months", "11 months", "12 months", "13 months", "1 year", "4 years", "6 years", "7 years",
	}
	for i, cal := range []baakit.Calendar{baakit.Weekdays(), baakit.WithClosures(baakit.Federal(), baakit.MustParseDate("2026-12-24")), baakit.Federal()} {
		if i == 2 {
			periods = append(periods, "1100 business days") // beyond what it keeps computed
		}
		for _, text := range periods {
			p := baakit.MustParsePeriod(text)
			gotShort, gotLong := p.Span(cal).Days()
			if wantShort, wantLong := brute(p, cal); gotShort != wantShort || gotLong != wantLong {
				t.Errorf("%s takes %d to %d days, want %d to %d", p, gotShort, gotLong, wantShort, wantLong)
			}
		}
	}
}

// compareBrute compares two periods by their brute spans.
func compareBrute(p, q baakit.Period, cal baakit.Calendar) baakit.Comparison {
	pShort, pLong := brute(p, cal)
	qShort, qLong := brute(q, cal)
	switch {
	case pLong < qShort:
		return baakit.Shorter
	case pShort > qLong:
		return baakit.Longer
	case pShort == qLong && pLong == qShort:
		return baakit.Equal
	}
	return baakit.Depends
}

func TestCompareTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p, q string
		want baakit.Comparison
	}{
		{"5 business days", "7 days", baakit.Depends}, // from a Sunday they end on Friday
		{"5 business days", "4 days", baakit.Longer},
		{"5 business days", "30 days", baakit.Shorter},
		{"5 business days", "10 business days", baakit.Shorter},
		{"30 days", "1 month", baakit.Depends},
		{"27 days", "1 month", baakit.Shorter},
		{"28 days", "1 month", baakit.Depends},
		{"31 days", "1 month", baakit.Depends},
		{"32 days", "1 month", baakit.Longer},
		{"60 days", "60 calendar days", baakit.Equal},
		{"1 year", "12 months", baakit.Equal},
		{"1 year", "365 days", baakit.Depends},
		{"1 year", "364 days", baakit.Longer},
		{"13 months", "1 year", baakit.Longer},
		{"24 hours", "48 hours", baakit.Shorter},
		{"72 hours", "60 days", baakit.Shorter},
		{"24 hours", "1 day", baakit.Depends}, // over a night in spring the day is over first
		{"22 hours", "1 day", baakit.Shorter},
		{"50 hours", "1 day", baakit.Longer},
		{"24 hours", "1 month", baakit.Shorter},
	} {
		p, q := baakit.MustParsePeriod(tt.p), baakit.MustParsePeriod(tt.q)
		if got := p.Compare(q, nil); got != tt.want {
			t.Errorf("%s against %s = %s, want %s", p, q, got, tt.want)
		}
		if p.Unit() != baakit.Hours && q.Unit() != baakit.Hours && p.Unit() != q.Unit() && tt.want != baakit.Equal {
			if got := compareBrute(p, q, baakit.Federal()); got != tt.want {
				t.Errorf("by brute force %s against %s = %s, want %s", p, q, got, tt.want)
			}
		}
	}
	for _, p := range []baakit.Period{{}, baakit.MustParsePeriod("1 day")} {
		if got := p.Compare(baakit.Period{}, nil); got != baakit.Depends {
			t.Errorf("%s against the zero Period = %s", p, got)
		}
	}
}

// Whatever Compare says holds on every start day, in civil days: shorter is
// never later, longer never earlier, equal never differs. And it is the same
// question from the other side.
func TestCompareLaw(t *testing.T) {
	t.Parallel()
	opposite := map[baakit.Comparison]baakit.Comparison{baakit.Shorter: baakit.Longer, baakit.Longer: baakit.Shorter, baakit.Equal: baakit.Equal, baakit.Depends: baakit.Depends}
	rapid.Check(t, func(t *rapid.T) {
		p, q := gen.ContractPeriod().Draw(t, "p"), gen.ContractPeriod().Draw(t, "q")
		cal := gen.Calendar().Draw(t, "cal")
		got := p.Compare(q, cal)
		if back := q.Compare(p, cal); back != opposite[got] {
			t.Fatalf("%s against %s = %s, and the other way %s", p, q, got, back)
		}
		if p == q && got != baakit.Equal {
			t.Fatalf("%s against itself = %s", p, got)
		}
		loc, r := gen.Location().Draw(t, "loc"), gen.Roll().Draw(t, "roll")
		if p.Unit() == baakit.Hours || q.Unit() == baakit.Hours {
			loc = time.FixedZone("", -5*3600)
		}
		at := gen.Instant().Draw(t, "at")
		pEnd, err := p.AddToInstant(at, loc, cal, r)
		if err != nil {
			t.Fatal(err)
		}
		qEnd, err := q.AddToInstant(at, loc, cal, r)
		if err != nil {
			t.Fatal(err)
		}
		wrong := map[baakit.Comparison]bool{
			baakit.Shorter: pEnd.After(qEnd),
			baakit.Longer:  pEnd.Before(qEnd),
			baakit.Equal:   !pEnd.Equal(qEnd),
		}
		if wrong[got] {
			t.Fatalf("%s against %s = %s, but from %s in %s they end at %s and %s", p, q, got, at, loc, pEnd, qEnd)
		}
	})
}

// A chain of periods, each begun when the one before ended, is never over
// later than their sum says, nor earlier than the sum of the shortest.
func TestSumLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		periods := rapid.SliceOfN(gen.ContractPeriod(), 1, 4).Draw(t, "periods")
		cal, r := gen.Calendar().Draw(t, "cal"), gen.Roll().Draw(t, "roll")
		loc := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 14*3600)}).Draw(t, "loc")
		// Chains that leave 1990-2060 are outside what spans were tried on.
		begin := rapid.Custom(func(t *rapid.T) time.Time {
			start, _ := gen.DateIn(baakit.MustParseDate("1990-01-02"), baakit.MustParseDate("2019-12-31")).Draw(t, "day").In(loc)
			return start.Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "ns")))
		}).Draw(t, "begin")
		at := begin
		for i, p := range periods {
			end, err := p.AddToInstant(at, loc, cal, r)
			if err != nil {
				t.Fatal(err)
			}
			at = end
			if p.Unit() != baakit.Hours && i < len(periods)-1 {
				at = end.Add(-1) // the last moment at which it is in time
			}
		}
		sum := baakit.Sum(cal, periods...)
		days := baakit.DateOf(at.Add(-1), loc).Sub(baakit.DateOf(begin, loc))
		shortest, longest := sum.Days()
		if days < shortest-1 || days > longest {
			t.Fatalf("%v from %s take %d days, outside %d to %d", periods, begin, days, shortest, longest)
		}
		shortestHours, longestHours := sum.Hours()
		if hours := at.Sub(begin).Hours(); hours < float64(shortestHours)-1 || hours > float64(longestHours) {
			t.Fatalf("%v from %s take %g hours, outside %d to %d", periods, begin, hours, shortestHours, longestHours)
		}
	})
}

func TestSum(t *testing.T) {
	t.Parallel()
	sum := func(texts ...string) baakit.Span {
		var periods []baakit.Period
		for _, text := range texts {
			periods = append(periods, baakit.MustParsePeriod(text))
		}
		return baakit.Sum(nil, periods...)
	}
	promise := func(text string) baakit.Span { return baakit.MustParsePeriod(text).Span(nil) }
	for _, tt := range []struct {
		name string
		got  baakit.Comparison
		want baakit.Comparison
	}{
		{"24 + 48 hours in 72 hours", sum("24 hours", "48 hours").Compare(promise("72 hours")), baakit.Equal},
		{"24 + 48 hours in 71 hours", sum("24 hours", "48 hours").Compare(promise("71 hours")), baakit.Longer},
		{"10 + 20 days in 30 days", sum("10 days", "20 days").Compare(promise("30 days")), baakit.Equal},
		{"10 + 20 days in 29 days", sum("10 days", "20 days").Compare(promise("29 days")), baakit.Longer},
		{"10 business days + 40 days in 60 days", sum("10 business days", "40 days").Compare(promise("60 days")), baakit.Shorter},
		{"10 business days + 45 days in 60 days", sum("10 business days", "45 days").Compare(promise("60 days")), baakit.Depends},
		{"24 hours + 5 days in 60 days", sum("24 hours", "5 days").Compare(promise("60 days")), baakit.Shorter},
		{"24 hours + 58 days in 60 days", sum("24 hours", "58 days").Compare(promise("60 days")), baakit.Depends},
		{"24 hours + 57 days in 60 days", sum("24 hours", "57 days").Compare(promise("60 days")), baakit.Shorter},
		{"nothing in 1 hour", baakit.Sum(nil).Compare(promise("1 hour")), baakit.Shorter},
		{"forever in 60 days", sum("99999999 business days").Compare(promise("60 days")), baakit.Longer},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	// From the last moment before a day of 23 hours, and the first of one of 25.
	if shortest, longest := baakit.MustParsePeriod("1 day").Span(nil).Hours(); shortest != 23 || longest != 49 {
		t.Errorf("1 day takes %d to %d hours, want 23 to 49", shortest, longest)
	}
	if !baakit.Sum(nil).IsZero() || !baakit.Sum(nil, baakit.Period{}).IsZero() || sum("1 day").IsZero() {
		t.Error("IsZero of a sum")
	}
	if _, longest := baakit.MustParsePeriod("5 business days").Span(closedCalendar{}).Days(); longest != math.MaxInt32 {
		t.Errorf("on a calendar that is never open 5 business days take %d days", longest)
	}
	if _, longest := baakit.MustParsePeriod("5 business days").Span(closedCalendar{}).Hours(); longest != math.MaxInt32 {
		t.Errorf("on a calendar that is never open 5 business days take %d hours", longest)
	}
	if _, longest := baakit.MustParsePeriod("99999999 years").Span(nil).Days(); longest != math.MaxInt32 {
		t.Errorf("99999999 years take %d days", longest)
	}
}

func TestComparisonString(t *testing.T) {
	t.Parallel()
	for c, want := range map[baakit.Comparison]string{0: "depends", baakit.Shorter: "shorter", baakit.Equal: "equal", baakit.Longer: "longer"} {
		if c.String() != want {
			t.Errorf("Comparison(%d).String() = %q", uint8(c), c)
		}
	}
}
