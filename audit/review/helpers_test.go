package review_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/review"
	"pgregory.net/rapid"
)

var (
	start  = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) // a Monday
	sealer = audit.Unencrypted{TokenKey: []byte("token key")}
)

// fatal is what both testing.TB and rapid.T have.
type fatal interface {
	Helper()
	Fatal(args ...any)
}

// A bench is a log with a clock that the test sets.
type bench struct {
	log   *audit.Log
	store audit.Store
	now   time.Time
}

func newBench(t fatal) *bench {
	t.Helper()
	b := &bench{store: audit.NewMemory(), now: start}
	var err error
	b.log, err = audit.New(context.Background(), b.store, audit.Config{Origin: "audit.example.com", Sealer: sealer, Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) append(t fatal, chain string, e audit.Event) audit.Receipt {
	t.Helper()
	r, err := b.log.Append(context.Background(), chain, e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (b *bench) entries(chain string) iter.Seq2[audit.Entry, error] {
	return b.log.Entries(context.Background(), chain, 0)
}

// collect reads a list to its end.
func collect[T any](t fatal, list iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for v, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// failure returns the error that ends a list.
func failure[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// places names entries.
func places(list []audit.Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s/%d", e.Chain, e.Seq))
	}
	return strings.Join(out, " ")
}

// events are of few values, so that queries find some and sorting meets ties.
func events() *rapid.Generator[audit.Event] {
	return rapid.Custom(func(t *rapid.T) audit.Event {
		pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
		e := audit.Event{
			Action: audit.Action(pick("action", "C", "R", "U")), Outcome: audit.Outcome(pick("outcome", "0", "0", "4", "8", "12")),
			Actor:     audit.Actor{ID: pick("actor", "u-1", "u-2", "u-10"), Role: pick("role", "", "nurse")},
			Client:    audit.Client{Addr: pick("addr", "", "10.0.0.1", "10.0.0.2")},
			Object:    audit.Object{Type: pick("object", "", "Observation", "Patient")},
			Emergency: rapid.IntRange(0, 3).Draw(t, "emergency") == 0,
			Patient:   pick("patient", "", "p-1", "p-2"),
		}
		if s := pick("subtype", "", "read", "110122", "110127"); s != "" {
			e.Subtype = []audit.Subtype{audit.Subtype(s), "x"}
		}
		if p := pick("purpose", "", "TREAT", "BTG"); p != "" {
			e.Purpose = []audit.Purpose{"HOPERAT", audit.Purpose(p)}
		}
		switch pick("what", "rest", "login", "login", "kind") {
		case "login":
			e.Type = audit.UserAuthentication
		case "kind":
			e.Kind, e.Payload = pick("kind", "baa.accepted", "audit.reviewed"), []byte(`{}`)
		}
		if rapid.Bool().Draw(t, "occurred") {
			e.Occurred = start.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "hours")) * time.Hour)
		}
		return e
	})
}

// logs hold events of some chains, minutes and hours apart.
func logs(t *rapid.T, chains ...string) *bench {
	b := newBench(t)
	for range rapid.IntRange(0, 25).Draw(t, "events") {
		b.now = b.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1, 5, 30, 600}).Draw(t, "minutes")) * time.Minute)
		b.append(t, rapid.SampledFrom(chains).Draw(t, "chain"), events().Draw(t, "event"))
	}
	return b
}

// paths returns the fields that an error names.
func paths(err error) string {
	list, ok := errors.AsType[baakit.FieldErrors](err)
	if err != nil && !ok {
		return "?" + err.Error()
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Path)
	}
	return strings.Join(out, " ")
}

// runs names the entries of a finding.
func runs(f review.Finding) string { return fmt.Sprint(f.Entries) }
