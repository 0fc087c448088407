package breachtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// MustNotifyBy fails the test unless the first last day of the notices of a
// kind that the incident makes owed, or may make owed, is the day due. The
// failure says how the library comes to its day, with the source.
func MustNotifyBy(t testing.TB, in breach.Incident, kind breach.Kind, due baakit.Date) {
	t.Helper()
	mustNotifyBy(t, in, kind, baakit.Jurisdiction(0), due)
}

// MustNotifyByIn is MustNotifyBy for the notices under the law of a
// jurisdiction, or to the media of it.
func MustNotifyByIn(t testing.TB, in breach.Incident, kind breach.Kind, j baakit.Jurisdiction, due baakit.Date) {
	t.Helper()
	mustNotifyBy(t, in, kind, j, due)
}

func mustNotifyBy(t testing.TB, in breach.Incident, kind breach.Kind, j baakit.Jurisdiction, due baakit.Date) {
	t.Helper()
	var undated []breach.Obligation
	for _, o := range timeline(t, in).Obligations {
		if o.Kind != kind || o.Standing == breach.SetAside || !j.IsZero() && o.Jurisdiction != j {
			continue
		}
		if !o.Dated() {
			undated = append(undated, o)
			continue
		}
		if o.Due != due {
			t.Fatalf("%s: the last day is %s, not %s\n%s", name(kind, j), o.Due, due, Explain(o))
		}
		return
	}
	if len(undated) > 0 {
		t.Fatalf("%s: no rule names a day\n%s", name(kind, j), Explain(undated[0]))
	}
	t.Fatalf("%s: nothing is owed, and nothing may be", name(kind, j))
}

// MustNotNotify fails the test if the incident makes a notice of a kind owed,
// or may make it owed once open questions are answered.
func MustNotNotify(t testing.TB, in breach.Incident, kind breach.Kind) {
	t.Helper()
	for _, o := range timeline(t, in).Obligations {
		if o.Kind == kind && o.Standing != breach.SetAside {
			t.Fatalf("%s: it is %s\n%s", kind, o.Standing, Explain(o))
		}
	}
}

// MustAsk fails the test unless the timeline of the incident asks the
// question: what is not known must not pass for known.
func MustAsk(t testing.TB, in breach.Incident, question breach.Question) {
	t.Helper()
	var open []string
	for _, q := range timeline(t, in).Questions {
		if q.ID == question {
			return
		}
		open = append(open, string(q.ID))
	}
	t.Fatalf("the question %s is not asked; open are: %s", question, strings.Join(open, ", "))
}

// Explain says in a few lines how an obligation came about.
func Explain(o breach.Obligation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s, %s: owed by %s to %s\n", o.ID, o.Standing, o.OwedBy, o.Recipient)
	fmt.Fprintf(&b, "  because %s\n", o.Explanation)
	for _, c := range o.Citations {
		fmt.Fprintf(&b, "  source: %s (%s)\n", c, o.Confidence)
	}
	for _, q := range o.Questions {
		fmt.Fprintf(&b, "  open: %s\n", q)
	}
	return strings.TrimRight(b.String(), "\n")
}

func name(kind breach.Kind, j baakit.Jurisdiction) string {
	if j.IsZero() {
		return kind.String()
	}
	return kind.String() + " in " + j.Name()
}

func timeline(t testing.TB, in breach.Incident) breach.Timeline {
	t.Helper()
	tl, err := breach.NewTimeline(in, nil)
	if err != nil {
		t.Fatalf("the incident is not whole: %v", err)
	}
	return tl
}
