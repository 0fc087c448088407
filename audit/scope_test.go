package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"pgregory.net/rapid"
)

func TestScopeOfNone(t *testing.T) {
	t.Parallel()
	s := audit.From(t.Context())
	if s != nil {
		t.Fatalf("From a context without a scope = %v", s)
	}
	for name, err := range map[string]error{
		"SetPatient": s.SetPatient("p-1"), "Update": s.Update(func(*audit.Event) { t.Error("called") }), "Record": s.Record(audit.Success, ""),
	} {
		if !errors.Is(err, audit.ErrNoScope) {
			t.Errorf("%s = %v, want ErrNoScope", name, err)
		}
	}
	s.Close()
	if e := s.Event(); e.Validate() == nil {
		t.Errorf("Event = %v, want an invalid one", e)
	}
}

// A scope agrees with a model: a list of who was named, in which entries, and
// with which outcome, while appends may fail at any time.
func TestScopeLaw(t *testing.T) {
	t.Parallel()
	codes := []audit.Outcome{audit.Success, audit.MinorFailure, audit.SeriousFailure, audit.MajorFailure}
	rapid.Check(t, func(t *rapid.T) {
		broken := errors.New("broken")
		failAt := rapid.IntRange(0, 6).Draw(t, "failAt")
		calls := 0
		var got, want []string
		write := func(events []audit.Event) error {
			if calls++; calls-1 == failAt {
				return broken
			}
			for _, e := range events {
				got = append(got, fmt.Sprintf("%s %s %s %s", e.Patient, e.Outcome, e.Actor.Role, e.Reason))
			}
			return nil
		}
		first := rapid.SampledFrom([]string{"", "p-0"}).Draw(t, "patient of the event")
		s := audit.NewScope(audit.Event{Actor: audit.Actor{ID: "u-9"}, Patient: first}, write)
		if from := audit.From(s.Context(context.Background())); from != s {
			t.Fatalf("From(Context) = %v, want the scope", from)
		}

		// The model.
		var patients []string
		if first != "" {
			patients = []string{first}
		}
		rank, set, role, closed, appends, failed := -1, -1, "", false, 0, false
		put := func(ids []string, reason string) error {
			if appends++; appends-1 == failAt {
				failed = true
				return broken
			}
			if len(ids) == 0 {
				ids = []string{""}
			}
			for _, id := range ids {
				want = append(want, fmt.Sprintf("%s %s %s %s", id, codes[rank], role, reason))
			}
			return nil
		}
		usable := func() error {
			switch {
			case failed:
				return broken
			case closed:
				return audit.ErrRecorded
			}
			return nil
		}
		kept := "" // reason of the event
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			var err, wanted error
			switch do := rapid.SampledFrom([]string{"patients", "patients", "update", "record", "record", "close"}).Draw(t, "do"); do {
			case "patients":
				ids := rapid.SliceOfN(rapid.StringMatching(`p-[0-9]{1,2}`), 0, 30).Draw(t, "ids")
				err = s.SetPatient(ids...)
				if wanted = usable(); wanted == nil {
					var fresh []string
					for _, id := range ids {
						if !slices.Contains(patients, id) {
							patients, fresh = append(patients, id), append(fresh, id)
						}
					}
					if rank >= 0 && len(fresh) > 0 {
						wanted = put(fresh, kept)
					}
				}
			case "update":
				id := rapid.SampledFrom([]string{"", "p-0", "p-7"}).Draw(t, "id")
				o := rapid.IntRange(-1, 3).Draw(t, "set")
				err = s.Update(func(e *audit.Event) {
					e.Actor.Role = "nurse"
					e.Patient = id
					if o >= 0 {
						e.Outcome = codes[o]
					}
				})
				if wanted = usable(); wanted == nil && rank >= 0 {
					wanted = audit.ErrRecorded
				} else if wanted == nil {
					role = "nurse"
					if id != "" && !slices.Contains(patients, id) {
						patients = append(patients, id)
					}
					if o >= 0 {
						set = o
					}
				}
			case "record":
				o := rapid.IntRange(0, 3).Draw(t, "outcome")
				reason := rapid.SampledFrom([]string{"", "because"}).Draw(t, "reason")
				err = s.Record(codes[o], reason)
				if wanted = usable(); wanted == nil && o > rank {
					rank = max(o, set)
					wanted = put(patients, reason)
				}
			case "close":
				s.Close()
				closed = true
			}
			if !errors.Is(err, wanted) || (err == nil) != (wanted == nil) {
				t.Fatalf("error %v, want %v", err, wanted)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("entries %q, want %q", got, want)
		}
	})
}

func TestScopeRefusesPatients(t *testing.T) {
	t.Parallel()
	s := audit.NewScope(audit.Event{}, func([]audit.Event) error { t.Error("appended"); return nil })
	var fields baakit.FieldErrors
	for _, id := range []string{"", "\xff"} {
		if err := s.SetPatient("p-1", id); !errors.As(err, &fields) {
			t.Errorf("SetPatient(%q) = %v, want field errors", id, err)
		}
	}
	if e := s.Event(); e.Patient != "" {
		t.Errorf("patient %q of a call that was refused", e.Patient)
	}
}

func TestScopeConcurrent(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	s := audit.NewScope(audit.Event{}, func(events []audit.Event) error {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range events {
			seen[e.Patient]++
		}
		return nil
	})
	if err := s.Record(audit.Success, ""); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				if err := s.SetPatient(fmt.Sprint("p-", i)); err != nil {
					t.Error(err)
				}
				_ = s.Event()
			}
		})
	}
	wg.Wait()
	if len(seen) != 101 {
		t.Errorf("%d patients, want 100 and the entry before", len(seen))
	}
	for p, n := range seen {
		if n != 1 {
			t.Errorf("%d entries of %q", n, p)
		}
	}
}

// However an event or an entry is printed, nothing of its sealed part shows,
// and all of its clear part does.
func TestPrintedLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := events().Draw(t, "event")
		e.Actor.Org = "clear-org"
		e.Patient, e.ObjectID, e.Query, e.Reason = "planted 1", "planted 2", "planted 3", "planted 4"
		e.Subjects, e.Extra = []string{"planted 5"}, map[string]string{"planted 6": "planted 7"}
		e.Disclosure = []byte(`"planted 8"`)
		entry := audit.Entry{Chain: "t/42", Event: e, Sealed: []byte("planted 9"), Line: []byte("line")}
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("m", "event", e, "pointer", &e, "entry", entry)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			fmt.Fprintf(&out, verb+"\n", e)
			fmt.Fprintf(&out, verb+"\n", &e)
			fmt.Fprintf(&out, verb+"\n", entry)
			fmt.Fprintf(&out, verb+"\n", []audit.Event{e})
			fmt.Fprintf(&out, verb+"\n", struct{ E audit.Event }{e})
		}
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "planted") || strings.Contains(line, "706c616e746564") || strings.Contains(line, "112 108 97 110") {
				t.Fatalf("sealed text is printed: %s", line)
			}
			if !strings.Contains(line, "clear-org") || !strings.Contains(line, "[sealed]") {
				t.Fatalf("not all is printed: %s", line)
			}
		}
	})
}

// An entry of the system chain prints what it says of another chain.
func TestPrintedCheckpoint(t *testing.T) {
	t.Parallel()
	line := []byte(`{"chain":"system","checkpoint":{"chain":"t/42","root":"` + strings.Repeat("0a", 32) + `","size":7},"prev":"` + strings.Repeat("00", 32) + `","seq":0,"time":"2026-11-22T03:40:14.000000Z","v":1}`)
	e, err := audit.ParseLine(line)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e); !strings.Contains(got, "t/42") || !strings.Contains(got, strings.Repeat("0a", 32)) {
		t.Errorf("printed as %s", got)
	}
}
