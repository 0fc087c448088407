package deid_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// analyzerFile reads a file of the analyzer, which stands in a module of its
// own and imports nothing of this one.
func analyzerFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("deidvet/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the nested module is not in the archive of this one")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The analyzer knows the words of this package, all of them and no others,
// with what the policies do by themselves and what an action needs.
func TestAnalyzerVocabulary(t *testing.T) {
	t.Parallel()
	var got, want []string
	for line := range strings.Lines(analyzerFile(t, "vocabulary.txt")) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" {
			got = append(got, strings.Join(f, " "))
		}
	}
	var policies []*deid.Policy
	for _, d := range []deid.Definition{deid.SafeHarbor(), deid.LimitedDataSet("agreement 1")} {
		p, err := d.Compile()
		if err != nil {
			t.Fatal(err)
		}
		policies = append(policies, p)
	}
	for k := range deid.Kinds() {
		letter := "-"
		if !k.Identifier().IsZero() {
			letter = k.Identifier().String()
		}
		line := "kind " + k.String() + " " + letter
		var own []string
		for _, p := range policies {
			if a := string(p.ActionFor(k)); !slices.Contains(own, a) {
				own = append(own, a)
			}
		}
		want = append(want, line+" "+strings.Join(own, " "))
	}
	for _, a := range []deid.Action{deid.Drop, deid.Tag, deid.YearOnly, deid.AgeCap, deid.ZIP3, deid.StateOnly, deid.Scrub, deid.Keep, deid.Hash, deid.HMAC, deid.FormatPreserving, deid.ShiftDate} {
		var fit []string
		all := true
		for k := range deid.Kinds() {
			d := deid.ExpertDetermination(deid.Determination{Expert: "a", Determined: baakit.MustParseDate("2026-01-01"), Document: "b"}, deid.Rule{Path: "$.a", Kind: k, Action: a, Reason: "a test"})
			if _, err := d.Compile(); err == nil {
				fit = append(fit, k.String())
			} else {
				all = false
			}
		}
		if all {
			fit = []string{"-"}
		}
		want = append(want, "action "+string(a)+" "+strings.Join(fit, " "))
	}
	if !slices.Equal(got, want) {
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("line %d of the analyzer's words: %q, want %q", i+1, slices.Concat(got, make([]string, len(want)))[i], slices.Concat(want, make([]string, len(got)))[i])
			}
		}
	}
}

// The analyzer reads struct tags as this package does: both read this file.
func TestAnalyzerTags(t *testing.T) {
	t.Parallel()
	n := 0
	for line := range strings.Lines(analyzerFile(t, "testdata/tags.txt")) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, `"`) {
			continue
		}
		n++
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		tag, _ := strconv.Unquote(quoted)
		want := strings.TrimPrefix(line[len(quoted):], " ")
		got := "ok"
		if _, err := deid.ParseFieldTag(tag); err != nil {
			var rule baakit.FieldError
			if !errors.As(err, &rule) {
				t.Fatalf("%s: %v", quoted, err)
			}
			got = rule.Rule
		}
		if got != want {
			t.Errorf("%s: %q, want %q", quoted, got, want)
		}
	}
	if n < 50 {
		t.Errorf("%d tags", n)
	}
}
