package deid_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/gen"
)

// ageOn counts birthdays one by one.
func ageOn(birth, day baakit.Date) int {
	n := -1
	for b := birth; !b.IsZero() && !b.After(day); b = birth.AddMonths(12*(n+1), baakit.RollForward) {
		n++
	}
	return n
}

// Around the 88th to the 91st birthday, in every zone: whoever is 90 where the
// sun already stands at the next day does not show a year of birth, and whoever
// is at most 88 all year does.
func TestAgesAroundBirthdaysInEveryZone(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(deid.Rule{Path: "$.born", Kind: deid.KindDOB}, deid.Rule{Path: "$.seen", Kind: deid.KindDate}), &deid.Options{})
	var buf bytes.Buffer
	checked := 0
	for _, birth := range []string{"1936-02-29", "1936-01-01", "1936-12-31", "1937-06-15"} {
		birth := baakit.MustParseDate(birth)
		for age := 88; age <= 91; age++ {
			birthday := birth.AddMonths(12*age, baakit.RollForward)
			for offset := -12; offset <= 14; offset++ {
				zone := time.FixedZone("", offset*3600)
				for _, hours := range []int{-26, -12, -1, 0, 1, 12, 26} {
					start, _ := birthday.In(zone)
					at := start.Add(time.Duration(hours) * time.Hour)
					day := baakit.DateOf(at, zone)
					years := ageOn(birth, day)
					shows := deid.ShowsAgeOver89(birth, day)
					if years >= 90 && !shows {
						t.Fatalf("born %s, on %s %d years old, and the year of birth may stay", birth, day, years)
					}
					if day.Year()-birth.Year() <= 89 && shows {
						t.Fatalf("born %s, on %s at most 89 years old all year, and the year of birth goes", birth, day)
					}
					doc := fmt.Sprintf(`{"born":"%s","seen":"%s"}`, birth, at.Format(time.RFC3339))
					buf.Reset()
					// The reference day is unknown: the year of birth goes always;
					// with one it is judged by it.
					for _, ref := range []baakit.Date{{}, day} {
						e := e
						if !ref.IsZero() {
							e = engine(t, deid.SafeHarbor(deid.Rule{Path: "$.born", Kind: deid.KindDOB}, deid.Rule{Path: "$.seen", Kind: deid.KindDate}), &deid.Options{AsOf: ref})
						}
						out, _, err := transformed(e, e.JSON, doc, nil)
						if err != nil {
							t.Fatal(err)
						}
						stays := strings.Contains(out, fmt.Sprintf(`"born":"%d"`, birth.Year()))
						if stays && (years >= 90 || ref.IsZero()) {
							t.Fatalf("reference %q: %s became %s, at the age of %d", ref, doc, out, years)
						}
						if !strings.Contains(out, fmt.Sprintf(`"seen":"%d"`, at.Year())) {
							t.Fatalf("the year of the visit is gone: %s", out)
						}
						checked++
					}
				}
			}
		}
	}
	if checked < 6000 {
		t.Fatalf("only %d checked", checked)
	}
}

// Both sides of the threshold, in every unit.
func TestParseAge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		years int
		class deid.AgeClass
	}{
		{"0", 0, deid.AgeStays},
		{"88", 88, deid.AgeStays},
		{"89", 89, deid.AgeStays},
		{"90", 90, deid.AgeOver},
		{"91", 90, deid.AgeOver},
		{"089Y", 89, deid.AgeStays},
		{"090Y", 90, deid.AgeOver},
		{"89.9", 89, deid.AgeStays},
		{"90.0", 90, deid.AgeOver},
		{"89 years old", 89, deid.AgeStays},
		{"90 years old", 90, deid.AgeOver},
		{"92 y/o", 90, deid.AgeOver},
		{"89yo", 89, deid.AgeStays},
		{"90+", 90, deid.AgeOver},
		{">89", 90, deid.AgeOver},
		{"> 89", 90, deid.AgeOver},
		{"90 or older", 90, deid.AgeOver},
		{"over 89", 90, deid.AgeOver},
		{"5 days", 0, deid.AgeStays},
		{"6 weeks old", 0, deid.AgeStays},
		{"003W", 0, deid.AgeStays},
		{"7 months", 0, deid.AgeStays},
		{"18 mo", 1, deid.AgeStays},
		{"1079 months", 89, deid.AgeStays},
		{"1080 months", 90, deid.AgeOver},
		{"32849 days", 89, deid.AgeStays},
		{"32850 days", 90, deid.AgeOver},
		{"12 hours", 0, deid.AgeStays},
		{"30 minutes", 0, deid.AgeStays},
		{"", 0, deid.AgeUnknown},
		{"-1", 0, deid.AgeUnknown},
		{"ninety", 0, deid.AgeUnknown},
		{"85-95", 0, deid.AgeUnknown},
		{"in her 90s", 0, deid.AgeUnknown},
		{"80+", 0, deid.AgeUnknown},
		{">85", 0, deid.AgeUnknown},
		{"151", 0, deid.AgeUnknown},
		{"92 M", 0, deid.AgeUnknown},
		{"999999999", 0, deid.AgeUnknown},
		{"1936", 0, deid.AgeUnknown},
		{"12 Elm", 0, deid.AgeUnknown},
		{"９０", 0, deid.AgeUnknown},
	} {
		years, class := deid.ParseAge(tt.in)
		if years != tt.years || class != tt.class {
			t.Errorf("ParseAge(%q) = %d, %d; want %d, %d", tt.in, years, class, tt.years, tt.class)
		}
	}
}

// An age in days is over as soon as the years could be.
func TestParseAgeMonotone(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"years", "months", "weeks", "days", "hours"} {
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(0, 1_300_000).Draw(t, "n")
			a, classA := deid.ParseAge(fmt.Sprint(n, " ", unit))
			b, classB := deid.ParseAge(fmt.Sprint(n+1, " ", unit))
			if classA == deid.AgeOver && classB == deid.AgeStays || classA == deid.AgeStays && classB == deid.AgeStays && b < a {
				t.Fatalf("%d %s is %d, and one more is %d", n, unit, a, b)
			}
		})
	}
	// 90 years from any birth are over in days.
	rapid.Check(t, func(t *rapid.T) {
		birth := gen.DateIn(baakit.MustParseDate("1850-01-01"), baakit.MustParseDate("2000-01-01")).Draw(t, "birth")
		days := birth.AddMonths(90*12, baakit.RollForward).Sub(birth)
		if _, class := deid.ParseAge(fmt.Sprint(days, " days")); class != deid.AgeOver {
			t.Fatalf("born %s, 90 years are %d days and stay", birth, days)
		}
	})
}

// What is left of a record shows no age over 89, whoever computes it from the
// years and ages that are left: a reader who knows the reference day.
func TestNoAgeOver89Shows(t *testing.T) {
	t.Parallel()
	rules := []deid.Rule{
		{Path: "$.born", Kind: deid.KindDOB},
		{Path: "$.died", Kind: deid.KindDeath},
		{Path: "$.visits[*].on", Kind: deid.KindDate},
		{Path: "$.visits[*].age", Kind: deid.KindAge},
	}
	e := safeHarbor(t, rules...)
	rapid.Check(t, func(t *rapid.T) {
		birth := gen.DateIn(baakit.MustParseDate("1915-01-01"), baakit.MustParseDate("1960-12-31")).Draw(t, "birth")
		end, died := asOf, rapid.Bool().Draw(t, "died")
		if died {
			end = gen.DateIn(birth, asOf).Draw(t, "death")
		}
		var visits []string
		for i := range rapid.IntRange(0, 3).Draw(t, "visits") {
			on := gen.DateIn(birth, end).Draw(t, fmt.Sprint("visit", i))
			v := fmt.Sprintf(`{"on":"%s"`, on)
			if rapid.Bool().Draw(t, "aged") {
				v += fmt.Sprintf(`,"age":%d`, ageOn(birth, on))
			}
			visits = append(visits, v+"}")
		}
		doc := `{"visits":[` + strings.Join(visits, ",") + `]`
		if rapid.Bool().Draw(t, "born") {
			doc += fmt.Sprintf(`,"born":"%s"`, birth)
		}
		if died {
			doc += fmt.Sprintf(`,"died":"%s"`, end)
		}
		doc += "}"
		out, _, err := transformed(e, e.JSON, doc, nil)
		if err != nil {
			t.Fatal(err)
		}
		left := readLeft(t, out)
		if left.born != 0 {
			last := left.latest
			if left.died == 0 && !died {
				last = max(last, asOf.Year())
			}
			if last-left.born > 89 {
				t.Fatalf("%s became %s, which shows an age of %d", doc, out, last-left.born)
			}
		}
		for _, v := range left.visits {
			if v.age > 89 {
				t.Fatalf("%s became %s", doc, out)
			}
		}
	})
}
