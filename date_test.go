package baakit_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

var rolls = map[string]baakit.Roll{"forward": baakit.RollForward, "back": baakit.RollBack}

func TestAddMonthsTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from          string
		months        int
		forward, back string
	}{
		{"2025-01-31", 1, "2025-03-01", "2025-02-28"},
		{"2024-01-31", 1, "2024-03-01", "2024-02-29"},
		{"2025-01-31", 2, "2025-03-31", "2025-03-31"},
		{"2025-03-31", -1, "2025-03-01", "2025-02-28"},
		{"2024-02-29", 12, "2025-03-01", "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29", "2028-02-29"},
		{"1896-02-29", 48, "1900-03-01", "1900-02-28"},
		{"2025-08-31", 1, "2025-10-01", "2025-09-30"},
		{"2025-12-31", 2, "2026-03-01", "2026-02-28"},
		{"2025-11-30", 3, "2026-03-01", "2026-02-28"},
		{"2025-05-15", 0, "2025-05-15", "2025-05-15"},
		{"0001-01-01", 0, "0001-01-01", "0001-01-01"},
		{"0001-01-31", -1, "", ""},
		{"9999-12-31", 0, "9999-12-31", "9999-12-31"},
		{"9999-12-01", 1, "", ""},
		{"9999-10-31", 1, "9999-12-01", "9999-11-30"},
	} {
		for name, r := range rolls {
			want := map[string]string{"forward": tt.forward, "back": tt.back}[name]
			got := baakit.MustParseDate(tt.from).AddMonths(tt.months, r)
			if want == "" {
				if !got.IsZero() {
					t.Errorf("%s + %d months, %s = %s, want the zero Date", tt.from, tt.months, r, got)
				}
				continue
			}
			if got.String() != want {
				t.Errorf("%s + %d months, %s = %s, want %s", tt.from, tt.months, r, got, want)
			}
		}
	}
}

func TestParseDateRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "2026", "2026-1-02", "2026-01-2", "2026-01-32", "2026-02-29", "1900-02-29", "2026-00-01", "2026-13-01", "2026-01-00",
		"0000-01-01", "10000-01-01", "-001-01-01", "+026-01-01", "2026/01/01", "2026-01-01 ", " 2026-01-01", "2026-01-01T00:00:00Z", "20260101", "２０26-01-01", "2026-0x-01",
	} {
		if d, err := baakit.ParseDate(s); !errors.Is(err, baakit.ErrDate) || !d.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v", s, d, err)
		}
	}
}

func TestNewDateRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		year  int
		month time.Month
		day   int
	}{{0, 1, 1}, {10000, 1, 1}, {-5, 1, 1}, {2026, 0, 1}, {2026, 13, 1}, {2026, 2, 29}, {2026, 4, 31}, {2026, 1, 0}, {2026, 1, -1}, {2026, -1, 1}} {
		if d, err := baakit.NewDate(tt.year, tt.month, tt.day); !errors.Is(err, baakit.ErrDate) || !d.IsZero() {
			t.Errorf("NewDate(%d, %d, %d) = %v, %v", tt.year, tt.month, tt.day, d, err)
		}
	}
}

func TestZeroDate(t *testing.T) {
	t.Parallel()
	var zero baakit.Date
	if got := zero.AddDays(1); !got.IsZero() {
		t.Errorf("the zero Date + 1 day = %s", got)
	}
	if got := zero.AddYears(1, baakit.RollBack); !got.IsZero() {
		t.Errorf("the zero Date + 1 year = %s", got)
	}
	if y, m, d := zero.Date(); y != 0 || m != 0 || d != 0 || zero.Year() != 0 || zero.Month() != 0 || zero.Day() != 0 || zero.YearDay() != 0 {
		t.Errorf("the zero Date has parts %d, %d, %d", y, m, d)
	}
	if start, end := zero.In(time.UTC); !start.IsZero() || !end.IsZero() {
		t.Errorf("the zero Date is from %s to %s", start, end)
	}
	if !zero.Before(gen.FirstDate) || zero.After(gen.FirstDate) {
		t.Error("the zero Date is not before the first day")
	}
	if got := gen.FirstDate.AddMonths(1, 0); !got.IsZero() {
		t.Errorf("AddMonths without a Roll = %s", got)
	}
	for _, f := range []func(){func() { zero.Sub(gen.FirstDate) }, func() { gen.FirstDate.Sub(zero) }, func() { baakit.MustDate(2026, 2, 30) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		}()
	}
}

// Every day of the years 1 to 9999, one after the other, has the parts that
// package time gives it.
func TestEveryDay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: 3.6 million days")
	}
	d, n := gen.FirstDate, 0
	for day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= 9999; day = day.AddDate(0, 0, 1) {
		year, month, dayOfMonth := d.Date()
		if year != day.Year() || month != day.Month() || dayOfMonth != day.Day() || d.Weekday() != day.Weekday() || d.YearDay() != day.YearDay() {
			t.Fatalf("day %d: got %s, want %s", n, d, day)
		}
		if made, err := baakit.NewDate(year, month, dayOfMonth); err != nil || made != d {
			t.Fatalf("NewDate(%d, %d, %d) = %v, %v", year, month, dayOfMonth, made, err)
		}
		n++
		d = d.AddDays(1)
	}
	if !d.IsZero() || gen.LastDate.Sub(gen.FirstDate)+1 != n {
		t.Errorf("after %d days comes %s, and the last is day %d", n, d, gen.LastDate.Sub(gen.FirstDate)+1)
	}
}

func propAddDays(t *rapid.T) {
	d := gen.Date().Draw(t, "d")
	n := rapid.OneOf(rapid.IntRange(-1000, 1000), rapid.IntRange(-4_000_000, 4_000_000)).Draw(t, "n")
	got := d.AddDays(n)
	want := slowTime(d).AddDate(0, 0, n)
	if want.Year() < 1 || want.Year() > 9999 {
		if !got.IsZero() {
			t.Fatalf("%s.AddDays(%d) = %s, want the zero Date", d, n, got)
		}
		return
	}
	if got != slowDate(want) {
		t.Fatalf("%s.AddDays(%d) = %s, want %s", d, n, got, slowDate(want))
	}
	if got.Sub(d) != n {
		t.Fatalf("%s.Sub(%s) = %d, want %d", got, d, got.Sub(d), n)
	}
	if got.AddDays(-n) != d {
		t.Fatalf("%s.AddDays(%d) and back = %s", d, n, got.AddDays(-n))
	}
	if got.After(d) != (n > 0) || got.Before(d) != (n < 0) {
		t.Fatalf("%s against %s: After %v, Before %v", got, d, got.After(d), got.Before(d))
	}
}

func TestAddDaysLaw(t *testing.T)  { t.Parallel(); rapid.Check(t, propAddDays) }
func FuzzDateAddDays(f *testing.F) { f.Fuzz(rapid.MakeFuzz(propAddDays)) }

func TestAddDaysHuge(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1 << 62, -1 << 62, 1<<32 + 1, -1 << 32, 3652058, -3652058} {
		got := baakit.MustParseDate("2026-01-01").AddDays(n)
		if !got.IsZero() {
			t.Errorf("AddDays(%d) = %s, want the zero Date", n, got)
		}
		if got := baakit.MustParseDate("2026-01-01").AddMonths(n, baakit.RollBack); !got.IsZero() {
			t.Errorf("AddMonths(%d) = %s, want the zero Date", n, got)
		}
		if got := baakit.MustParseDate("2026-01-01").AddYears(n, baakit.RollBack); !got.IsZero() {
			t.Errorf("AddYears(%d) = %s, want the zero Date", n, got)
		}
	}
	if got := gen.FirstDate.AddDays(3652058); got != gen.LastDate {
		t.Errorf("from the first day to the last = %s", got)
	}
}

func TestAddMonthsLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, r := gen.Date().Draw(t, "d"), gen.Roll().Draw(t, "roll")
		n := rapid.IntRange(-300, 300).Draw(t, "n")
		if got, want := d.AddMonths(n, r), slowAddMonths(d, n, r); got != want {
			t.Fatalf("%s.AddMonths(%d, %s) = %s, want %s", d, n, r, got, want)
		}
		if got, want := d.AddYears(n, r), slowAddMonths(d, 12*n, r); got != want {
			t.Fatalf("%s.AddYears(%d, %s) = %s, want %s", d, n, r, got, want)
		}
	})
}

// A keep-until is never short and a deadline never late: rolling forward is
// on or after the same day of the month, rolling back on or before it, they
// differ by at most a day, and both keep the order of the days they start at.
func TestRollLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := gen.ModernDate().Draw(t, "d")
		n := rapid.IntRange(1, 240).Draw(t, "n")
		forward, back := d.AddMonths(n, baakit.RollForward), d.AddMonths(n, baakit.RollBack)
		switch forward.Sub(back) {
		case 0:
			if back.Day() != d.Day() {
				t.Fatalf("%s + %d months = %s, another day of the month", d, n, back)
			}
		case 1:
			if forward.Day() != 1 || back.Day() >= d.Day() {
				t.Fatalf("%s + %d months rolls to %s and %s", d, n, forward, back)
			}
		default:
			t.Fatalf("%s + %d months rolls to %s and %s", d, n, forward, back)
		}
		later := d.AddDays(rapid.IntRange(0, 40).Draw(t, "later"))
		if later.AddMonths(n, baakit.RollForward).Before(forward) || later.AddMonths(n, baakit.RollBack).Before(back) {
			t.Fatalf("%s is not before %s, but %d months later it is", later, d, n)
		}
	})
}

// The days of a zone tile its time: each begins where the one before ended,
// an instant is on the day whose range holds it, and where clocks go back
// over midnight the day begins the first time they strike it.
func TestDateInLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, loc := gen.Date().Draw(t, "d"), gen.Location().Draw(t, "loc")
		start, end := d.In(loc)
		if d != gen.LastDate {
			if next, _ := d.AddDays(1).In(loc); !next.Equal(end) {
				t.Fatalf("%s in %s ends at %s, and the next day starts at %s", d, loc, end, next)
			}
		}
		if end.Before(start) {
			t.Fatalf("%s in %s is from %s to %s", d, loc, start, end)
		}
		if start.Equal(end) { // skipped by its zone
			if got := baakit.DateOf(start, loc); !got.After(d) {
				t.Fatalf("%s in %s is empty, but its start is on %s", d, loc, got)
			}
			return
		}
		if got := baakit.DateOf(start, loc); got != d {
			t.Fatalf("the start of %s in %s, %s, is on %s", d, loc, start, got)
		}
		if before := baakit.DateOf(start.Add(-1), loc); !before.IsZero() && !before.Before(d) {
			t.Fatalf("before the start of %s in %s, %s, it is %s", d, loc, start, before)
		}
		if length := end.Sub(start); length < 20*time.Hour || length > 28*time.Hour {
			t.Fatalf("%s in %s lasts %s", d, loc, length)
		}
	})
}

func TestDateInTable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		zone, date, start string
		hours             float64
	}{
		{"America/New_York", "2026-03-08", "2026-03-08T00:00:00-05:00", 23},
		{"America/New_York", "2026-11-01", "2026-11-01T00:00:00-04:00", 25},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00", 23}, // no midnight
		{"America/Havana", "2026-03-08", "2026-03-08T01:00:00-04:00", 23},    // no midnight
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-05T00:00:00+11:00", 24.5},
		{"America/St_Johns", "2006-10-29", "2006-10-29T00:00:00-02:30", 25},           // back at 0:01, over midnight
		{"Africa/Monrovia", "1972-01-07", "1972-01-07T00:44:30Z", 23.258333333333333}, // forward at midnight by 44½ minutes
		{"Pacific/Apia", "2011-12-29", "2011-12-29T00:00:00-10:00", 24},
		{"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00", 0}, // skipped
		{"Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00", 24},
		{"America/New_York", "2040-12-31", "2040-12-31T00:00:00-05:00", 24}, // time.Time.ZoneBounds does not advance here
	} {
		loc, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Skipf("skipped: no zone database: %v", err)
		}
		start, end := baakit.MustParseDate(tt.date).In(loc)
		if got := start.Format(time.RFC3339); got != tt.start || end.Sub(start).Hours() != tt.hours {
			t.Errorf("%s in %s starts at %s and lasts %g hours, want %s and %g", tt.date, tt.zone, got, end.Sub(start).Hours(), tt.start, tt.hours)
		}
	}
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	if got := baakit.DateOf(at, nil); got.String() != "2026-12-31" {
		t.Errorf("in UTC = %s", got)
	}
	if got := baakit.DateOf(at, time.FixedZone("", 14*3600)); got.String() != "2027-01-01" {
		t.Errorf("in UTC+14 = %s", got)
	}
	if got := baakit.DateOf(at, time.FixedZone("", -12*3600)); got.String() != "2026-12-31" {
		t.Errorf("in UTC-12 = %s", got)
	}
	if got := baakit.DateOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), nil); !got.IsZero() {
		t.Errorf("in the year 10000 = %s", got)
	}
	if got := baakit.DateOf(time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), nil); !got.IsZero() {
		t.Errorf("in the year 0 = %s", got)
	}
	if start, _ := gen.FirstDate.In(nil); !start.Equal(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the first day starts at %s", start)
	}
}

func TestDateScanTime(t *testing.T) {
	t.Parallel()
	var d baakit.Date
	if err := d.Scan(time.Date(2026, 5, 6, 0, 0, 0, 0, time.FixedZone("", -5*3600))); err != nil || d.String() != "2026-05-06" {
		t.Errorf("Scan of a midnight = %s, %v", d, err)
	}
	for _, at := range []time.Duration{time.Hour, time.Minute, time.Second, 1} {
		if err := d.Scan(time.Date(2026, 5, 7, 0, 0, 0, 0, time.UTC).Add(at)); !errors.Is(err, baakit.ErrDate) || d.String() != "2026-05-06" {
			t.Errorf("Scan of a midnight and %s = %s, %v", at, d, err)
		}
	}
	if err := d.Scan(time.Date(10000, 5, 7, 0, 0, 0, 0, time.UTC)); !errors.Is(err, baakit.ErrDate) {
		t.Errorf("Scan of the year 10000 = %v", err)
	}
}

func TestRollString(t *testing.T) {
	t.Parallel()
	for r, want := range map[baakit.Roll]string{0: "invalid Roll", baakit.RollForward: "roll forward", baakit.RollBack: "roll back", 9: "invalid Roll"} {
		if r.String() != want {
			t.Errorf("Roll(%d).String() = %q, want %q", uint8(r), r, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-01-02", "0001-01-01", "9999-12-31", "2024-02-29", "2025-02-29", "", "2026-1-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := baakit.ParseDate(s)
		oracle, oracleErr := time.Parse(time.DateOnly, s)
		valid := oracleErr == nil && oracle.Year() >= 1
		if (err == nil) != valid {
			t.Fatalf("ParseDate(%q) = %v, %v; package time says %v, %v", s, d, err, oracle, oracleErr)
		}
		if err == nil && d.String() != s {
			t.Fatalf("ParseDate(%q).String() = %q", s, d)
		}
	})
}
