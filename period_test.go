package baakit_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

func TestParsePeriod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		n        int
		unit     baakit.Unit
	}{
		{"24 hours", "24 hours", 24, baakit.Hours},
		{"1 hour", "1 hour", 1, baakit.Hours},
		{"60 days", "60 days", 60, baakit.Days},
		{"1 day", "1 day", 1, baakit.Days},
		{"1 days", "1 day", 1, baakit.Days},
		{"60 calendar days", "60 days", 60, baakit.Days},
		{"1 calendar day", "1 day", 1, baakit.Days},
		{"5 business days", "5 business days", 5, baakit.BusinessDays},
		{"1 business day", "1 business day", 1, baakit.BusinessDays},
		{"3 months", "3 months", 3, baakit.Months},
		{"6 years", "6 years", 6, baakit.Years},
		{"P60D", "60 days", 60, baakit.Days},
		{"P6Y", "6 years", 6, baakit.Years},
		{"PT24H", "24 hours", 24, baakit.Hours},
		{"P3M", "3 months", 3, baakit.Months},
		{"99999999 hours", "99999999 hours", baakit.MaxPeriod, baakit.Hours},
	} {
		p, err := baakit.ParsePeriod(tt.in)
		if err != nil || p.String() != tt.want || p.N() != tt.n || p.Unit() != tt.unit {
			t.Errorf("ParsePeriod(%q) = %v, %v; want %s", tt.in, p, err, tt.want)
		}
	}
	for _, s := range []string{
		"", "60", "days", "60days", "60  days", " 60 days", "60 days ", "0 days", "-1 days", "+1 days", "060 days", "1.5 days", "60 Days", "60 weeks", "1e3 days",
		"100000000 days", "99999999999999999999 days", "60 business", "60 calendar months", "P60", "P", "PD", "PT60D", "P24H", "PT3M", "P2W", "P1Y6M", "P1DT24H", "p60d", "P060D", "P-1D", "٦٠ days", "invalid Period",
	} {
		if p, err := baakit.ParsePeriod(s); !errors.Is(err, baakit.ErrPeriod) || !p.IsZero() {
			t.Errorf("ParsePeriod(%q) = %v, %v", s, p, err)
		}
	}
}

func TestNewPeriod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int
		unit baakit.Unit
	}{{0, baakit.Days}, {-1, baakit.Days}, {baakit.MaxPeriod + 1, baakit.Days}, {1 << 40, baakit.Hours}, {1, 0}, {1, 6}} {
		if p, err := baakit.NewPeriod(tt.n, tt.unit); !errors.Is(err, baakit.ErrPeriod) || !p.IsZero() {
			t.Errorf("NewPeriod(%d, %s) = %v, %v", tt.n, tt.unit, p, err)
		}
	}
	if got := baakit.Unit(0).String() + baakit.Unit(9).String(); got != "invalid Unitinvalid Unit" {
		t.Errorf("invalid units print %q", got)
	}
}

func TestPeriodErrors(t *testing.T) {
	t.Parallel()
	d := baakit.MustParseDate("2026-01-31")
	never := baakit.WithClosures(closedCalendar{})
	for _, tt := range []struct {
		name   string
		period baakit.Period
		date   baakit.Date
		cal    baakit.Calendar
		roll   baakit.Roll
		want   error
	}{
		{"zero period", baakit.Period{}, d, baakit.Federal(), baakit.RollBack, baakit.ErrPeriod},
		{"zero date", baakit.MustParsePeriod("1 day"), baakit.Date{}, baakit.Federal(), baakit.RollBack, baakit.ErrDate},
		{"hours", baakit.MustParsePeriod("24 hours"), d, baakit.Federal(), baakit.RollBack, baakit.ErrHoursOnDate},
		{"no calendar", baakit.MustParsePeriod("5 business days"), d, nil, baakit.RollBack, baakit.ErrNoCalendar},
		{"no roll", baakit.MustParsePeriod("1 month"), d, nil, 0, baakit.ErrNoRoll},
		{"no roll", baakit.MustParsePeriod("1 year"), d, nil, 7, baakit.ErrNoRoll},
		{"too late", baakit.MustParsePeriod("9000 years"), d, nil, baakit.RollBack, baakit.ErrRange},
		{"too late", baakit.MustParsePeriod("99999999 days"), d, nil, baakit.RollBack, baakit.ErrRange},
		{"never open", baakit.MustParsePeriod("1 business day"), d, never, baakit.RollBack, baakit.ErrRange},
	} {
		if got, err := tt.period.AddTo(tt.date, tt.cal, tt.roll); !errors.Is(err, tt.want) || !got.IsZero() {
			t.Errorf("%s: AddTo = %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	for _, p := range []string{"99999999 hours", "99999999 days", "9000 years"} {
		if got, err := baakit.MustParsePeriod(p).AddToInstant(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil, nil, baakit.RollBack); !errors.Is(err, baakit.ErrRange) {
			t.Errorf("%s: AddToInstant = %v, %v", p, got, err)
		}
	}
	if _, err := (baakit.Period{}).AddToInstant(time.Now(), nil, nil, baakit.RollBack); !errors.Is(err, baakit.ErrPeriod) {
		t.Errorf("the zero Period: AddToInstant = %v", err)
	}
	if _, err := baakit.MustParsePeriod("1 hour").AddToInstant(time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), nil, nil, 0); !errors.Is(err, baakit.ErrRange) {
		t.Errorf("before year 1: AddToInstant = %v", err)
	}
}

type closedCalendar struct{}

func (closedCalendar) IsBusinessDay(baakit.Date) bool { return false }

// AddTo agrees with walking one day, or one month, at a time.
func propAddTo(t *rapid.T) {
	d, p := gen.ModernDate().Draw(t, "d"), gen.ContractPeriod().Draw(t, "p")
	cal, r := gen.Calendar().Draw(t, "cal"), gen.Roll().Draw(t, "roll")
	got, err := p.AddTo(d, cal, r)
	if p.Unit() == baakit.Hours {
		if !errors.Is(err, baakit.ErrHoursOnDate) {
			t.Fatalf("%s after %s = %v, %v", p, d, got, err)
		}
		return
	}
	var want baakit.Date
	switch p.Unit() {
	case baakit.Days:
		want = slowDate(slowTime(d).AddDate(0, 0, p.N()))
	case baakit.BusinessDays:
		want = slowAddBusinessDays(cal, d, p.N())
	case baakit.Months:
		want = slowAddMonths(d, p.N(), r)
	case baakit.Years:
		want = slowAddMonths(d, 12*p.N(), r)
	}
	if err != nil || got != want {
		t.Fatalf("%s after %s = %v, %v; want %s", p, d, got, err, want)
	}
	if shortest, longest := p.Span(cal).Days(); got.Sub(d) < shortest || got.Sub(d) > longest {
		t.Fatalf("%s from %s take %d days, outside its span %d to %d", p, d, got.Sub(d), shortest, longest)
	}
}

func TestAddToLaw(t *testing.T)    { t.Parallel(); rapid.Check(t, propAddTo) }
func FuzzPeriodAddTo(f *testing.F) { f.Fuzz(rapid.MakeFuzz(propAddTo)) }

// Hours are elapsed time whatever the clocks do; every other unit is over
// when the civil day that AddTo gives is, wherever in its day it began.
func TestAddToInstantLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at, loc := gen.Instant().Draw(t, "at"), gen.Location().Draw(t, "loc")
		p, cal, r := gen.ContractPeriod().Draw(t, "p"), gen.Calendar().Draw(t, "cal"), gen.Roll().Draw(t, "roll")
		got, err := p.AddToInstant(at, loc, cal, r)
		if err != nil {
			t.Fatal(err)
		}
		if got.Location() != loc {
			t.Fatalf("the result is in %s, want %s", got.Location(), loc)
		}
		shortest, longest := p.Span(cal).Hours()
		if elapsed := got.Sub(at).Hours(); elapsed < float64(shortest)-26 || elapsed > float64(longest)+26 {
			// A zone that skips or repeats a whole day is outside the span.
			t.Fatalf("%s from %s in %s take %g hours, outside %d to %d", p, at, loc, elapsed, shortest, longest)
		}
		if p.Unit() == baakit.Hours {
			if got.Sub(at) != time.Duration(p.N())*time.Hour {
				t.Fatalf("%s after %s = %s", p, at, got)
			}
			return
		}
		last, err := p.AddTo(baakit.DateOf(at, loc), cal, r)
		if err != nil {
			t.Fatal(err)
		}
		if before := baakit.DateOf(got.Add(-1), loc); before.After(last) {
			t.Fatalf("%s after %s in %s = %s: before it is %s, after the last day %s", p, at, loc, got, before, last)
		}
		if after := baakit.DateOf(got, loc); !after.After(last) {
			t.Fatalf("%s after %s in %s = %s: that is %s, not after the last day %s", p, at, loc, got, after, last)
		}
	})
}

func TestAddToInstantTable(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skipf("skipped: no zone database: %v", err)
	}
	for _, tt := range []struct{ period, at, want string }{
		{"24 hours", "2026-03-07T12:00:00-05:00", "2026-03-08T13:00:00-04:00"}, // the day of 23 hours
		{"24 hours", "2026-10-31T12:00:00-04:00", "2026-11-01T11:00:00-05:00"}, // the day of 25 hours
		{"1 day", "2026-03-07T12:00:00-05:00", "2026-03-09T00:00:00-04:00"},
		{"60 days", "2026-12-31T23:59:59-05:00", "2027-03-02T00:00:00-05:00"},
		{"60 days", "2026-12-31T00:00:00-05:00", "2027-03-02T00:00:00-05:00"},
		{"5 business days", "2026-11-20T17:00:00-05:00", "2026-12-01T00:00:00-05:00"}, // Thanksgiving
		{"1 month", "2026-01-31T17:00:00-05:00", "2026-03-01T00:00:00-05:00"},
		{"400 years", "2026-01-31T17:00:00-05:00", "2426-02-01T00:00:00-05:00"},
		{"3506328 hours", "2026-01-31T17:00:00-05:00", "2426-01-31T17:00:00-05:00"}, // 400 years are 146097 days
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := baakit.MustParsePeriod(tt.period).AddToInstant(at, newYork, baakit.Federal(), baakit.RollBack)
		if err != nil || got.Format(time.RFC3339) != tt.want {
			t.Errorf("%s after %s = %s, %v; want %s", tt.period, tt.at, got.Format(time.RFC3339), err, tt.want)
		}
	}
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"24 hours", "60 days", "60 calendar days", "5 business days", "6 years", "1 day", "P60D", "PT24H", "P3M", "", "P", "0 days"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := baakit.ParsePeriod(s)
		if err != nil {
			if !p.IsZero() {
				t.Fatalf("ParsePeriod(%q) = %v with error %v", s, p, err)
			}
			return
		}
		again, err := baakit.ParsePeriod(p.String())
		if err != nil || again != p {
			t.Fatalf("ParsePeriod(%q) = %v, and its String gives %v, %v", s, p, again, err)
		}
		// Whatever was read, the number and the unit are in the text.
		if number := strconv.Itoa(p.N()); !containsDigits(s, number) {
			t.Fatalf("ParsePeriod(%q) = %v", s, p)
		}
	})
}

// containsDigits reports whether the digits of s, alone, are number.
func containsDigits(s, number string) bool {
	var digits strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits.WriteString(string(r))
		}
	}
	return digits.String() == number
}

func ExamplePeriod() {
	discovered := baakit.MustParseDate("2026-12-31")
	due, err := baakit.MustParsePeriod("60 days").AddTo(discovered, nil, baakit.RollBack)
	fmt.Println(due, err)
	_, err = baakit.MustParsePeriod("24 hours").AddTo(discovered, nil, baakit.RollBack)
	fmt.Println(err)
	// Output:
	// 2027-03-01 <nil>
	// baakit: hours cannot be added to a date
}
