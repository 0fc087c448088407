package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

func TestRecall(t *testing.T) {
	t.Parallel()
	s, err := newRehearsal(&caseFile{})
	if err != nil {
		t.Fatal(err)
	}
	s.raise(1, &opening{})
	s.fact("effective", baakit.MustDate(2026, time.October, 1))
	if got, err := recall[baakit.Date](s, "opening.effective"); err != nil || got != baakit.MustDate(2026, time.October, 1) {
		t.Errorf("recall = %s, %v", got, err)
	}
	if _, err := recall[baakit.Period](s, "opening.effective"); err == nil {
		t.Error("recall as another type = nil error")
	}
	if _, err := recall[baakit.Date](s, "opening.unknown"); err == nil {
		t.Error("recall of what nobody told = nil error")
	}
}

func TestSection(t *testing.T) {
	t.Parallel()
	c := &caseFile{Acts: map[string]json.RawMessage{"storm": json.RawMessage(`{"wind": 7}`), "calm": json.RawMessage(`{"wind": "none"}`)}}
	var v struct {
		Wind int `json:"wind"`
	}
	wrong := make(problems)
	if !c.section("storm", &v, wrong) || v.Wind != 7 || wrong.err() != nil {
		t.Errorf("section storm = %+v, %v", v, wrong.err())
	}
	if c.section("silence", &v, wrong) {
		t.Error("section silence = true, but there is none")
	}
	if c.section("calm", &v, wrong); wrong.err() == nil || !strings.HasPrefix(wrong.err().Error(), "case.json: acts.calm.wind") {
		t.Errorf("section calm: %v, want one error at acts.calm.wind of case.json", wrong.err())
	}
}

// The events of a chain happen once, in their order, and what they were is
// what is read back.
func TestRecord(t *testing.T) {
	t.Parallel()
	s, err := newRehearsal(&caseFile{})
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	next := func(kind string) (int, error) {
		return record(t.Context(), s, time.Unix(0, 0), "org/chain", kind, func() (int, error) { made++; return made, nil })
	}
	for range 2 { // told again, the story meets the same events
		s.log.met = make(map[string]int)
		for want := 1; want <= 3; want++ {
			if got, err := next("a.b"); err != nil || got != want {
				t.Fatalf("event %d = %d, %v", want, got, err)
			}
		}
	}
	if got, err := next("a.b"); err != nil || got != 4 || len(s.log.chains["org/chain"]) != 4 {
		t.Errorf("the next event = %d, %v", got, err)
	}
	s.log.met = make(map[string]int)
	if _, err := next("a.c"); err == nil {
		t.Error("an event of another kind in the log was taken for this one")
	}
}

// A state that does not come out of the log as it was, and a chain whose state
// nobody kept, are errors.
func TestCompare(t *testing.T) {
	t.Parallel()
	s := &stage{}
	rebuild := func(events []logged) (any, error) { return len(events), nil }
	if err := s.keep("org/chain", 2, rebuild); err != nil {
		t.Fatal(err)
	}
	event := logged{Kind: "a.b"}
	for _, tt := range []struct {
		chains map[string][]logged
		ok     bool
	}{
		{map[string][]logged{"org/chain": {event, event}}, true},
		{map[string][]logged{"org/chain": {event}}, false},
		{map[string][]logged{"org/chain": {event, event}, "org/other": {event}}, false},
		{map[string][]logged{}, false},
	} {
		if err := s.compare(tt.chains); (err == nil) != tt.ok {
			t.Errorf("compare(%v) = %v", tt.chains, err)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"one two", "one two"},
		{"one  two\nthree", "one two\nthree"},
		{"abcdefghij k", "abcdefghij\nk"},
		{"öäü öäü ö", "öäü öäü\nö"},
	} {
		if got := wrap(tt.text, 8); got != tt.want {
			t.Errorf("wrap(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// A table is never wider than it may be where its words allow it, and holds
// every word.
func TestColumns(t *testing.T) {
	t.Parallel()
	rows := [][]string{
		{"who", "told", "because"},
		{"A", strings.Repeat("word ", 20), strings.Repeat("reason ", 40)},
		{"", "é", ""},
	}
	got := columns(rows)
	for line := range strings.SplitSeq(got, "\n") {
		if n := utf8.RuneCountInString(line); n > tableWidth || strings.TrimRight(line, " ") != line {
			t.Errorf("%d wide: %q", n, line)
		}
	}
	if strings.Count(got, "word") != 20 || strings.Count(got, "reason") != 40 || !strings.HasPrefix(got, "  who  told ") {
		t.Errorf("the table is\n%s", got)
	}
}
