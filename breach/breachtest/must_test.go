package breachtest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/breach/breachtest"
)

// Every scenario's outcomes hold, with each helper.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range breachtest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for _, d := range s.Due {
				if d.Jurisdiction.IsZero() {
					breachtest.MustNotifyBy(t, s.Incident, d.Kind, d.On)
				} else {
					breachtest.MustNotifyByIn(t, s.Incident, d.Kind, d.Jurisdiction, d.On)
				}
			}
			for _, k := range s.Absent {
				breachtest.MustNotNotify(t, s.Incident, k)
			}
			if s.Why == "" || len(s.Due) == 0 {
				t.Error("a scenario without its reason")
			}
		})
	}
}

// A recorder is a test that may fail without failing this one.
type recorder struct {
	testing.TB
	failure string
}

func (*recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func failure(f func(testing.TB)) string {
	r := &recorder{}
	done := make(chan bool)
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.failure
}

// What does not hold fails, and the failure explains the rule.
func TestFailuresExplain(t *testing.T) {
	t.Parallel()
	first := breachtest.Scenarios()[0].Incident
	ia := baakit.MustParseJurisdiction("IA")
	for _, tt := range []struct {
		name string
		f    func(testing.TB)
		want []string
	}{
		{"a wrong day", func(t testing.TB) {
			breachtest.MustNotifyBy(t, first, breach.Individuals, baakit.MustParseDate("2026-03-17"))
		}, []string{"individuals", "2026-03-16, not 2026-03-17", "45 CFR 164.404(b)", "60 days"}},
		{"nothing owed", func(t testing.TB) {
			breachtest.MustNotifyByIn(t, first, breach.Media, ia, baakit.MustParseDate("2026-03-16"))
		}, []string{"media in Iowa", "nothing is owed"}},
		{"something owed", func(t testing.TB) { breachtest.MustNotNotify(t, first, breach.Secretary) }, []string{"secretary", "owed", "45 CFR 164.408(b)"}},
		{"a question that is not asked", func(t testing.TB) { breachtest.MustAsk(t, first, "no.such") }, []string{"no.such is not asked"}},
		{"no incident", func(t testing.TB) { breachtest.MustAsk(t, breach.Incident{}, "no.such") }, []string{"not whole", "parties"}},
		{"the right day", func(t testing.TB) {
			breachtest.MustNotifyBy(t, first, breach.Individuals, baakit.MustParseDate("2026-03-16"))
		}, nil},
	} {
		got := failure(tt.f)
		if (got == "") != (tt.want == nil) {
			t.Errorf("%s: %q", tt.name, got)
		}
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", tt.name, got, want)
			}
		}
	}
}

// What is not known is asked.
func TestMustAsk(t *testing.T) {
	t.Parallel()
	tl, err := breach.NewTimeline(breachtest.Scenarios()[0].Incident, nil)
	if err != nil || len(tl.Questions) == 0 {
		t.Fatal("no open question", err)
	}
	breachtest.MustAsk(t, tl.Incident, tl.Questions[0].ID)
}

func ExampleMustNotifyBy() {
	t := &testing.T{} // the test's own
	in := breachtest.Scenarios()[0].Incident
	breachtest.MustNotifyBy(t, in, breach.Individuals, baakit.MustParseDate("2026-03-16"))
	fmt.Println("failed:", t.Failed())
	// Output: failed: false
}
