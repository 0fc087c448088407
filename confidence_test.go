package baakit_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

// dialects is how the marks that law tables were collected with map onto the
// four confidences. Where a mark says two things the weaker counts.
var dialects = []struct {
	mark string
	want baakit.Confidence
}{
	{"P", baakit.Primary},
	{"primary", baakit.Primary},
	{"regulation text read", baakit.Primary},
	{"S", baakit.Secondary},
	{"secondary", baakit.Secondary},
	{"high", baakit.Secondary}, // also given for a second-hand summary that agrees with another
	{"medium", baakit.Secondary},
	{"D", baakit.Derived},
	{"derived", baakit.Derived},
	{"computed", baakit.Derived},
	{"M", baakit.Memory},
	{"memory", baakit.Memory},
	{"low", baakit.Memory},
	{"unverified", baakit.Memory},
	{"partly memory", baakit.Memory},
	{"memory; not re-read", baakit.Memory},
	{"memory of the rule text", baakit.Memory},
	{"", baakit.Memory},
}

// mapDialect is the rule that the table spells out.
func mapDialect(mark string) baakit.Confidence {
	switch {
	case mark == "" || mark == "M" || mark == "low" || mark == "unverified" || strings.Contains(mark, "memory"):
		return baakit.Memory
	case mark == "D" || mark == "derived" || mark == "computed":
		return baakit.Derived
	case mark == "P" || mark == "primary" || mark == "regulation text read":
		return baakit.Primary
	}
	return baakit.Secondary
}

func TestDialects(t *testing.T) {
	t.Parallel()
	for _, tt := range dialects {
		if got := mapDialect(tt.mark); got != tt.want {
			t.Errorf("%q is %s, want %s", tt.mark, got, tt.want)
		}
	}
}

func TestParseConfidenceRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "Primary", "high", "P", "primary ", "invalid Confidence"} {
		if c, err := baakit.ParseConfidence(s); err == nil || !c.IsZero() {
			t.Errorf("ParseConfidence(%q) = %v, %v", s, c, err)
		}
	}
	if got := baakit.Confidence(9).String(); got != "invalid Confidence" {
		t.Errorf("Confidence(9).String() = %q", got)
	}
}

// A conclusion is as weak as its weakest ground: adding one never makes it
// stronger, and it is one of them.
func TestWeakestLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cs := rapid.SliceOfN(gen.Confidence(), 1, 6).Draw(t, "cs")
		weakest, found := baakit.Weakest(cs...), false
		for _, c := range cs {
			if c.Compare(weakest) > 0 {
				t.Fatalf("Weakest(%v) = %s", cs, weakest)
			}
			found = found || c == weakest
		}
		if !found {
			t.Fatalf("Weakest(%v) = %s, which is none of them", cs, weakest)
		}
	})
	for _, cs := range [][]baakit.Confidence{nil, {0}, {baakit.Primary, 0}, {baakit.Primary, 9}} {
		if got := baakit.Weakest(cs...); got != baakit.Memory {
			t.Errorf("Weakest(%v) = %s, want memory", cs, got)
		}
	}
}

func FuzzParseConfidence(f *testing.F) {
	f.Add("primary")
	f.Add("memory")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := baakit.ParseConfidence(s); err == nil && c.String() != s {
			t.Fatalf("ParseConfidence(%q) = %s", s, c)
		}
	})
}
