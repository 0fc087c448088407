package deid_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
)

// What has a shape beyond doubt, as expressions that say it another way.
var surelyShaped = []*regexp.Regexp{
	regexp.MustCompile(`^[a-z0-9]+@[a-z0-9]+\.[a-z]{2,}$`),
	regexp.MustCompile(`^[a-z]+://[a-z.]+`),
	regexp.MustCompile(`(^| )www\.[a-z]`),
	regexp.MustCompile(`(^|[a-z] )([0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3} [0-9]{2} [0-9]{4})($| [a-z])`),
	regexp.MustCompile(`(^|[a-z] )([0-9]{3}-[0-9]{3}-[0-9]{4}|[0-9]{3}\.[0-9]{3}\.[0-9]{4})($| [a-z])`),
	regexp.MustCompile(`(^|[a-z] )\([0-9]{3}\) ?[0-9]{3}-[0-9]{4}($| [a-z])`),
	regexp.MustCompile(`(^|[a-z] )(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$`),
	regexp.MustCompile(`(^|[a-z] )(0?[1-9]|1[0-2])/(0?[1-9]|1[0-9]|2[0-8])/(19|20)[0-9]{2}$`),
	regexp.MustCompile(`^(25[0-5]|1?[0-9]{1,2})\.(25[0-5]|1?[0-9]{1,2})\.(25[0-5]|1?[0-9]{1,2})\.(25[0-5]|1?[0-9]{1,2})$`),
	regexp.MustCompile(`^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$`),
	regexp.MustCompile(`^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,5}::([0-9a-f]{1,4})?$`),
	regexp.MustCompile(`^::[0-9a-f]{1,4}$`),
}

// maybeShaped is all that anything shaped must have somewhere.
var maybeShaped = regexp.MustCompile(`(?i)@.+\.|[a-z]://|www\.|[0-9][-./ ][0-9]+[-./ ][0-9]|\([0-9]{3}\)|:.*:`)

// checkShape compares ShapeOf with the expressions from both sides.
func checkShape(t fataler, s string) {
	t.Helper()
	got := deid.ShapeOf(s) != 0
	for _, re := range surelyShaped {
		if !got && re.MatchString(s) {
			t.Fatalf("%q has no shape, and matches %s", s, re)
		}
	}
	if got && !maybeShaped.MatchString(s) {
		t.Fatalf("%q has a shape, and nothing that one needs", s)
	}
}

func TestShapeOf(t *testing.T) {
	t.Parallel()
	words := rapid.OneOf(
		rapid.StringMatching(`[a-z]{1,8}`),
		rapid.StringMatching(`[0-9]{1,4}`),
		rapid.StringMatching(`[0-9]{3}[-. ][0-9]{2,3}[-. ][0-9]{4}`),
		rapid.StringMatching(`\([0-9]{3}\) ?[0-9]{3}-[0-9]{4}`),
		rapid.StringMatching(`(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]`),
		rapid.StringMatching(`[01]?[0-9]/[0-3]?[0-9]/(19|20)[0-9]{2}`),
		rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,3}){3}`),
		rapid.StringMatching(`[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}`),
		rapid.StringMatching(`[0-9a-f]{1,4}::[0-9a-f]{0,4}|::[0-9a-f]{1,4}`),
		rapid.StringMatching(`[a-z0-9]{1,5}@[a-z0-9]{1,5}\.[a-z]{2,3}`),
		rapid.StringMatching(`[a-z]{1,5}://[a-z.]{1,5}|www\.[a-z]{1,5}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		checkShape(t, strings.Join(rapid.SliceOfN(words, 1, 3).Draw(t, "words"), " "))
	})
	for _, s := range []string{"::1", "a@b.co", "2001:db8::7", "1:2:3:4:5:6:7:8", "x://y", "www.x", "10.0.0.1", "1/2/2020", "078-05-1120", "(617) 555-0182"} {
		if deid.ShapeOf(s).IsZero() {
			t.Errorf("%q has no shape", s)
		}
	}
	for _, s := range []string{"", "::", "1", "I10", "120.5", "12:30", "mm[Hg]", "Essential (primary) hypertension", "3 of 4", "1.2.3", "300.1.1.1"} {
		if s != "::" && !deid.ShapeOf(s).IsZero() {
			t.Errorf("%q has a shape", s)
		}
	}
}

func FuzzShapeOf(f *testing.F) {
	f.Add("call 617-555-0182")
	f.Add("2001:db8::7")
	f.Fuzz(func(t *testing.T, s string) { checkShape(t, s) })
}
