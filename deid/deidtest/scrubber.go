package deidtest

import (
	"bytes"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// TestTextScrubber checks that s keeps the contract of a [deid.TextScrubber]:
// it appends, leaves its input as it was, is safe for concurrent use, takes a
// nil subject, and lets no identifier of a subject that it is told of stand.
func TestTextScrubber(t *testing.T, s deid.TextScrubber) {
	t.Helper()
	subject := &deid.Subject{
		Names: []string{"Zebulon Quackenbush"}, IDs: []string{"MR-918273"},
		Birth: baakit.MustParseDate("1948-03-09"),
	}
	const text = "Zebulon Quackenbush (MR-918273) was seen and is well."
	in := []byte(text)
	out, removed, err := s.ScrubText(t.Context(), []byte("before "), in, subject)
	if err != nil {
		t.Fatalf("ScrubText: %v", err)
	}
	if !bytes.HasPrefix(out, []byte("before ")) {
		t.Error("ScrubText does not append to dst")
	}
	if string(in) != text {
		t.Error("ScrubText changes its input")
	}
	for _, left := range []string{"Zebulon", "Quackenbush", "918273"} {
		if bytes.Contains(bytes.ToLower(out), bytes.ToLower([]byte(left))) {
			t.Error("ScrubText lets an identifier of the subject stand")
		}
	}
	if !utf8.Valid(out) {
		t.Error("ScrubText makes text that is not UTF-8")
	}
	if len(removed) == 0 {
		t.Error("ScrubText removed something and does not say what")
	}
	for _, r := range removed {
		if r.Count <= 0 || r.Rule == "" {
			t.Error("ScrubText reports a removal without its rule or count")
		}
	}
	if _, _, err := s.ScrubText(t.Context(), nil, nil, nil); err != nil {
		t.Errorf("ScrubText of no text about nobody: %v", err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			got, _, err := s.ScrubText(t.Context(), []byte("before "), []byte(text), subject)
			if err != nil || !bytes.Equal(got, out) {
				t.Error("ScrubText gives another result when several call it at the same time")
			}
		})
	}
	all.Wait()
}
