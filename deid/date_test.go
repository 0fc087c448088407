package deid_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/gen"
)

// layouts are forms that the standard library can write and read: the slow
// reference of the date parser.
var layouts = []string{
	"2006", "2006-01", "2006-01-02", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000000Z07:00", "2006-01-02T15:04:05.999-07:00",
	"2006-01-02 15:04:05", "2006-01-02T15:04", "2006-002", "2006/01/02", "2006.01.02", "2006/1/2",
	"20060102", "200601021504", "20060102150405", "20060102150405.0000-0700", "20060102T150405Z",
	"01/02/2006", "1/2/2006", "02.01.2006", "2-1-2006", "01/2006", "1/2/2006 3:04 PM", "01/02/2006 15:04:05",
	"January 2, 2006", "Jan 2, 2006", "2 January 2006", "02-Jan-2006", "January 2006", "Monday, January 2, 2006", "Mon, 02 Jan 2006 15:04:05 -0700",
	"Mon Jan 2 15:04:05 2006", "Jan 2 2006 at 3:04PM",
}

func dated() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		d := gen.DateIn(baakit.MustParseDate("1850-01-01"), baakit.MustParseDate("2100-12-31")).Draw(t, "day")
		zone := time.FixedZone("", rapid.IntRange(-12*4, 14*4).Draw(t, "quarter hours")*900)
		start, _ := d.In(zone)
		return start.Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second)
	})
}

// Every date that is written in a known form gives the year that it states,
// and no other digit of it.
func TestParseYearOfEveryLayout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := dated().Draw(t, "at")
		layout := rapid.SampledFrom(layouts).Draw(t, "layout")
		text := at.Format(layout)
		if rapid.Bool().Draw(t, "upper") {
			text = strings.ToUpper(text)
		}
		if year, ok := deid.ParseYear(" " + text + "\n"); !ok || year != at.Year() {
			t.Fatalf("ParseYear(%q) = %d, %v; want %d", text, year, ok, at.Year())
		}
	})
}

// The date types of FHIR and HL7, and what is none.
func TestParseYear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		year int
	}{
		{"2015-02-07T13:28:17.239+02:00", 2015},
		{"2015-12-31T23:59:60Z", 2015},
		{"2024-02-29", 2024},
		{"2000-02-29", 2000},
		{"2020-W53-7", 2020},
		{"2020W53", 2020},
		{"2006-Q1", 2006},
		{"2024-366", 2024},
		{"1850", 1850},
		{"2100-12-31", 2100},
		{"3rd of July 2019", 2019},
		{"the 3rd of July, 2019", 2019},
		{"Sept 9 2019", 2019},
		{"", 0},
		{"2023-02-29", 0},
		{"1900-02-29", 0},
		{"2021-W53", 0},
		{"2023-366", 0},
		{"2006-13-01", 0},
		{"2006-00-01", 0},
		{"2006-Q5", 0},
		{"1849", 0},
		{"2101", 0},
		{"9999-12-31", 0},
		{"0000", 0},
		{"199", 0},
		{"19999", 0},
		{"201907", 0},
		{"03/21", 0},
		{"3/5/99", 0},
		{"July 3", 0},
		{"July", 0},
		{"Monday", 0},
		{"15:04", 0},
		{"2019-07-03 and 2020", 0},
		{"born 1931", 0},
		{"2019-07-03x", 0},
		{"２０１９", 0},
		{"2019\x00", 0},
		{"2019-07-03T25:00", 0},
		{"32 January 2019", 0},
		{"2019-", 0},
		{"-2019", 0},
		{"30/02/2019", 0},
	} {
		year, ok := deid.ParseYear(tt.in)
		if ok != (tt.year != 0) || ok && year != tt.year {
			t.Errorf("ParseYear(%q) = %d, %v; want %d", tt.in, year, ok, tt.year)
		}
	}
	for _, tt := range []struct {
		in   string
		year int
	}{
		{"2019", 2019},
		{"201907", 2019},
		{"20190703", 2019},
		{"2019070314", 2019},
		{"20190703145900.1234-0500", 2019},
		{"20190703+0530", 2019},
		{"201913", 0},
		{"20190230", 0},
		{"2019-07", 0},
		{"1459", 0},
		{"20190703246060", 0},
		{"2019070", 0},
		{"201907031459.5", 0},
		{"", 0},
	} {
		if year, ok := deid.ParseHL7Year(tt.in); ok != (tt.year != 0) || ok && year != tt.year {
			t.Errorf("ParseHL7Year(%q) = %d, %v; want %d", tt.in, year, ok, tt.year)
		}
	}
}

func slowYear(s string) (int, bool) {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil && at.Year() >= 1850 && at.Year() <= 2100 {
			return at.Year(), true
		}
	}
	return 0, false
}

// Whatever the text, a year that is found is one that stands in it; where the
// reference reads a date as well, it is the same year.
func FuzzParseYear(f *testing.F) {
	at := time.Date(2019, 7, 3, 14, 59, 6, 0, time.FixedZone("", -5*3600))
	for _, layout := range layouts {
		f.Add(at.Format(layout))
	}
	f.Add("3rd of July 2019")
	f.Fuzz(func(t *testing.T, s string) {
		year, ok := deid.ParseYear(s)
		if !ok {
			return
		}
		if year < 1850 || year > 2100 || !strings.Contains(s, fmt.Sprint(year)) {
			t.Fatalf("ParseYear(%q) = %d, which does not stand in it", s, year)
		}
		if want, read := slowYear(strings.TrimSpace(s)); read && want != year {
			t.Fatalf("ParseYear(%q) = %d, and the reference %d", s, year, want)
		}
		if y, ok := deid.ParseYear(fmt.Sprint(year)); !ok || y != year {
			t.Fatalf("ParseYear(%d) = %d, %v: not the same twice", year, y, ok)
		}
	})
}

func FuzzParseAge(f *testing.F) {
	for _, s := range []string{"89", "90", "90+", "089Y", "5 days old", "92 y/o", ">89", "1080 months"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		years, class := deid.ParseAge(s)
		switch class {
		case deid.AgeUnknown:
			if years != 0 {
				t.Fatalf("ParseAge(%q) = %d and unknown", s, years)
			}
		case deid.AgeStays:
			if years < 0 || years > 89 {
				t.Fatalf("ParseAge(%q) = %d and stays", s, years)
			}
		case deid.AgeOver:
			if years != 90 {
				t.Fatalf("ParseAge(%q) = %d and over", s, years)
			}
		}
	})
}
