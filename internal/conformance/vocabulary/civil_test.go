// Package vocabulary_test compares the root package with other people's
// calendars.
package vocabulary_test

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
)

// Day arithmetic agrees with cloud civil, whose month arithmetic is not ours:
// it makes 31 January + 1 month 3 March.
func TestDateAgreesWithCivil(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := baakit.MustDate(1, time.January, 1)
		d := first.AddDays(rapid.IntRange(0, 3652058).Draw(t, "day"))
		n := rapid.IntRange(-40000, 40000).Draw(t, "n")
		oracle, err := civil.ParseDate(d.String())
		if err != nil {
			t.Fatal(err)
		}
		want := oracle.AddDays(n)
		got := d.AddDays(n)
		if want.Year < 1 || want.Year > 9999 {
			if !got.IsZero() {
				t.Fatalf("%s.AddDays(%d) = %s, want the zero Date", d, n, got)
			}
			return
		}
		if got.String() != want.String() {
			t.Fatalf("%s.AddDays(%d) = %s, want %s", d, n, got, want)
		}
		if got.Sub(d) != want.DaysSince(oracle) {
			t.Fatalf("%s.Sub(%s) = %d, want %d", got, d, got.Sub(d), want.DaysSince(oracle))
		}
		if got.Weekday() != want.Weekday() {
			t.Fatalf("%s.Weekday() = %s, want %s", got, got.Weekday(), want.Weekday())
		}
	})
}
