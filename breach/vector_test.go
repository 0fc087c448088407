package breach_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// A vector is a case worked out by hand from the text of the rules. Want is
// the date, the instant of a clock in hours, or "" for an obligation without
// a date.
type vector struct {
	Name      string              `json:"name"`
	Incident  json.RawMessage     `json:"incident"`
	Want      map[string]string   `json:"want"`
	Absent    []string            `json:"absent"`
	Questions map[string][]string `json:"questions"`
	Says      map[string]string   `json:"says"` // one of the texts between bars
}

func TestVectors(t *testing.T) {
	t.Parallel()
	total := 0
	for _, file := range []string{"testdata/federal.json", "testdata/states.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list struct{ Cases []vector }
		if err := json.Unmarshal(data, &list); err != nil {
			t.Fatal(err)
		}
		for _, v := range list.Cases {
			total += len(v.Want) + len(v.Absent)
			t.Run(v.Name, func(t *testing.T) { t.Parallel(); v.run(t) })
		}
	}
	t.Logf("%d facts", total)
}

func (v vector) run(t *testing.T) {
	in, err := breach.ParseIncident(v.Incident)
	if err != nil {
		t.Fatal(err)
	}
	tl := timeline(t, in, nil)
	for id, want := range v.Want {
		o, ok := tl.Obligation(id)
		if !ok {
			t.Errorf("no %s", id)
			continue
		}
		got := ""
		switch {
		case !o.DueAt.IsZero() && strings.Contains(want, "T"):
			got = o.DueAt.Format(time.RFC3339)
		case o.Dated():
			got = o.Due.String()
		}
		if got != want {
			t.Errorf("%s is due %q, want %q (%s)", id, got, want, o.Explanation)
		}
	}
	for _, id := range v.Absent {
		if o, ok := tl.Obligation(id); ok {
			t.Errorf("%s should not be there: %s", id, o.Explanation)
		}
	}
	for id, list := range v.Questions {
		o, _ := tl.Obligation(id)
		for _, q := range list {
			if !slices.Contains(o.Questions, breach.Question(q)) {
				t.Errorf("%s does not ask %s but %v", id, q, o.Questions)
			}
		}
	}
	for id, want := range v.Says {
		o, _ := tl.Obligation(id)
		if !slices.ContainsFunc(strings.Split(want, "|"), func(w string) bool { return strings.Contains(o.Explanation, w) }) {
			t.Errorf("%s says %q, want %q", id, o.Explanation, want)
		}
	}
}

func timeline(t interface {
	Helper()
	Fatal(...any)
}, in breach.Incident, opts *breach.Options,
) breach.Timeline {
	t.Helper()
	tl, err := breach.NewTimeline(in, opts)
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

func day(s string) baakit.Date { return baakit.MustParseDate(s) }

func state(code string) baakit.Jurisdiction { return baakit.MustParseJurisdiction(code) }
