package auditfhir_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func signer(t testing.TB) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func prover(l *audit.Log) func(context.Context, audit.Entry) (audit.Proof, error) {
	return func(ctx context.Context, e audit.Entry) (audit.Proof, error) { return l.Prove(ctx, e.Chain, e.Seq) }
}

func read(n int) (list []audit.Event) {
	for i := range n {
		list = append(list, audit.Event{
			Action: "R", Outcome: "0", Subtype: []audit.Subtype{"read"}, Actor: audit.Actor{ID: "u-" + string(rune('a'+i))},
			Patient: "patient-" + string(rune('a'+i)), Object: audit.Object{Type: "Observation"},
		})
	}
	return list
}

// Whoever has the log's public key can check an AuditEvent without the log.
func TestProof(t *testing.T) {
	t.Parallel()
	l, entries := logged(t, read(5)...)
	opt := everything
	opt.Open, opt.Prove = l.Open, prover(l)
	x := exporter(t, opt)
	v := signer(t).Verifier()
	for i, e := range entries {
		list, err := x.AuditEvents(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		m, err := auditfhir.Import(list, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Record.Verify(v, "audit.example.com/t/42")
		if err != nil || c.Size != 5 || m.Record.Seq != uint64(i) || m.Record.Leaf != e.Leaf {
			t.Errorf("%d: %+v, %v", i, m.Record, err)
		}
		if _, err := m.Record.Verify(v, "audit.example.com/t/43"); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("another origin: %v", err)
		}
		m.Record.Proof = nil
		if _, err := m.Record.Verify(v, "audit.example.com/t/42"); !errors.Is(err, audit.ErrProof) {
			t.Errorf("no proof: %v", err)
		}
	}
	opt.Prove = func(context.Context, audit.Entry) (audit.Proof, error) { return audit.Proof{}, nil }
	if list, err := exporter(t, opt).AuditEvents(t.Context(), entries[2]); err != nil || get(list[0], auditfhir.ExtProof) != "" {
		t.Errorf("no proof: %v", err)
	}
	// The proof of another entry is refused where it is attached, with the
	// right number or its own.
	for _, number := range []bool{true, false} {
		opt.Prove = func(ctx context.Context, e audit.Entry) (audit.Proof, error) {
			p, err := l.Prove(ctx, e.Chain, (e.Seq+1)%5)
			if number {
				p.Index = e.Seq
			}
			return p, err
		}
		if _, err := exporter(t, opt).AuditEvents(t.Context(), entries[2]); !errors.Is(err, audit.ErrProof) {
			t.Errorf("proof of another entry: %v", err)
		}
	}
}

// set changes the value of an extension.
func set(a *auditfhir.AuditEvent, url, value string) {
	for i := range a.Extension {
		if a.Extension[i].URL == url {
			a.Extension[i].Value = value
		}
	}
}

func get(a auditfhir.AuditEvent, url string) string {
	for _, x := range a.Extension {
		if x.URL == url {
			return x.Value
		}
	}
	return ""
}

// A resource that does not say what the line of its entry says is refused.
func TestTampered(t *testing.T) {
	t.Parallel()
	l, entries := logged(t, read(3)...)
	opt := everything
	opt.Open, opt.Prove = l.Open, prover(l)
	x := exporter(t, opt)
	both := func() (a, b auditfhir.AuditEvent) {
		t.Helper()
		one, err := x.AuditEvents(t.Context(), entries[1])
		two, err2 := x.AuditEvents(t.Context(), entries[2])
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return one[0], two[0]
	}
	for name, tamper := range map[string]func(a, other *auditfhir.AuditEvent){
		"actor":    func(a, _ *auditfhir.AuditEvent) { a.Agent[0].Who.Identifier.Value = "u-x" },
		"outcome":  func(a, _ *auditfhir.AuditEvent) { a.Outcome = "8" },
		"action":   func(a, _ *auditfhir.AuditEvent) { a.Action = "U" },
		"recorded": func(a, _ *auditfhir.AuditEvent) { a.Recorded = a.Recorded.Add(1000) },
		"subtype":  func(a, _ *auditfhir.AuditEvent) { a.Subtype[0].Code = "vread" },
		"type": func(a, _ *auditfhir.AuditEvent) {
			a.Type = auditfhir.Coding{System: "http://dicom.nema.org/resources/ontology/DCM", Code: "110110"}
		},
		"object": func(a, _ *auditfhir.AuditEvent) { a.Entity[1].What.Type = "Condition" },
		"emergency": func(a, _ *auditfhir.AuditEvent) {
			a.Extension = append(a.Extension, auditfhir.Extension{URL: auditfhir.ExtEmergency, Kind: "Boolean", Value: "true"})
		},
		"chain":   func(a, _ *auditfhir.AuditEvent) { set(a, auditfhir.ExtChain, "t/43") },
		"seq":     func(a, _ *auditfhir.AuditEvent) { set(a, auditfhir.ExtSeq, "2") },
		"prev":    func(a, o *auditfhir.AuditEvent) { set(a, auditfhir.ExtPrev, get(*o, auditfhir.ExtPrev)) },
		"leaf":    func(a, o *auditfhir.AuditEvent) { set(a, auditfhir.ExtLeaf, get(*o, auditfhir.ExtLeaf)) },
		"line":    func(a, o *auditfhir.AuditEvent) { set(a, auditfhir.ExtLine, get(*o, auditfhir.ExtLine)) },
		"no line": func(a, _ *auditfhir.AuditEvent) { set(a, auditfhir.ExtLine, "x") },
		"sealed":  func(a, _ *auditfhir.AuditEvent) { set(a, auditfhir.ExtSealed, "") },
		"proof":   func(a, o *auditfhir.AuditEvent) { set(a, auditfhir.ExtProof, get(*o, auditfhir.ExtProof)) },
		"proof of another with its number": func(a, o *auditfhir.AuditEvent) {
			set(a, auditfhir.ExtProof, strings.Replace(get(*o, auditfhir.ExtProof), "index 2", "index 1", 1))
		},
		"all extensions of another": func(a, o *auditfhir.AuditEvent) { a.Extension = o.Extension },
	} {
		a, other := both()
		if _, err := auditfhir.Import([]auditfhir.AuditEvent{a}, nil); err != nil {
			t.Fatal(err)
		}
		tamper(&a, &other)
		_, err := auditfhir.Import([]auditfhir.AuditEvent{a}, nil)
		if errs, ok := errors.AsType[baakit.FieldErrors](err); !ok || !strings.HasPrefix(errs[0].Path, "AuditEvent.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without the keys nothing of what was sealed is in what is written, and who
// the patient is stays a token, the same for all entries about one.
func TestSealedStaysSealed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := events().Draw(t, "event")
		secrets := []string{"sEcReT-1", "sEcReT-2", "sEcReT-3", "sEcReT-4", "sEcReT-5", "sEcReT-6", "sEcReT-7", "sEcReT-8"}
		e.Patient, e.Subjects, e.ObjectID, e.Query, e.Reason = secrets[0], secrets[1:2], secrets[2], secrets[3], secrets[4]
		e.Extra, e.Disclosure = map[string]string{secrets[5]: secrets[6]}, []byte(`{"recipient":{"name":"sEcReT-8"}}`)
		l, entries := logged(t, e)
		erased := rapid.Bool().Draw(t, "erased")
		opt := everything
		want := "sealed"
		if erased {
			entries[0].Sealed = nil
			want = "erased"
			if rapid.Bool().Draw(t, "open") {
				opt.Open = l.Open // says that it is gone
			}
		}
		x, err := auditfhir.NewExporter(opt)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := x.WriteNDJSON(t.Context(), &out, each(entries)); err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(out.String(), s) {
				t.Fatalf("%s is in clear", s)
			}
		}
		for m, err := range auditfhir.ReadEvents(&out, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Record.Sealed != want || m.Record.Token != entries[0].Subject || m.Record.Token == "" || m.Event.Patient != "" {
				t.Fatalf("%+v", m.Record)
			}
			if diff := cmp.Diff(entries[0].Event, m.Event, same); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// Printing or logging shows nothing of what was sealed.
func TestPrinting(t *testing.T) {
	t.Parallel()
	a := export(t, audit.Event{Action: "R", Patient: "sEcReT", Reason: "sEcReT", Query: "sEcReT", Extra: map[string]string{"sEcReT": "sEcReT"}}, true)
	m, err := auditfhir.Import([]auditfhir.AuditEvent{a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&out, verb+verb+verb, a, []auditfhir.AuditEvent{a}, m)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("exported", "event", a, "imported", m)
	if strings.Contains(out.String(), "sEcReT") {
		t.Errorf("%s", &out)
	}
}

// A sealed part that cannot be opened is an error, not an omission.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	l, entries := logged(t, read(1)...)
	opt := everything
	opt.Open = func(context.Context, audit.Entry) (audit.Entry, error) { return audit.Entry{}, audit.ErrSealed }
	if _, err := exporter(t, opt).AuditEvents(t.Context(), entries[0]); !errors.Is(err, audit.ErrSealed) {
		t.Errorf("%v", err)
	}
	opt.Open, opt.Prove = l.Open, func(context.Context, audit.Entry) (audit.Proof, error) { return audit.Proof{}, os.ErrDeadlineExceeded }
	if _, err := exporter(t, opt).WriteNDJSON(t.Context(), io.Discard, each(entries)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// An AuditEvent about one person of an entry does not name the others, and
// says that there are some.
func TestOnePerPerson(t *testing.T) {
	t.Parallel()
	l, entries := logged(t, audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-9"}, Patient: "alpha", Subjects: []string{"beta", "gamma"}})
	opt := everything
	opt.Open = l.Open
	list, err := exporter(t, opt).AuditEvents(t.Context(), entries[0])
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"alpha", "beta", "gamma"}
	for i, a := range list {
		text, err := a.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for j, name := range names {
			if strings.Contains(string(text), name) != (i == j) {
				t.Errorf("AuditEvent %d and %s", i, name)
			}
		}
		m, err := auditfhir.Import([]auditfhir.AuditEvent{a}, nil)
		if err != nil || m.Missing != 2 || m.Event.Patient+strings.Join(m.Event.Subjects, "") != names[i] {
			t.Errorf("%d alone: %+v, %v", i, m.Event, err)
		}
	}
	if list[0].ID == list[1].ID || list[1].ID == list[2].ID {
		t.Error("one id for several resources")
	}
	// Order does not matter; giving one twice does.
	m, err := auditfhir.Import([]auditfhir.AuditEvent{list[2], list[0], list[1]}, nil)
	if err != nil || m.Event.Patient != "alpha" || strings.Join(m.Event.Subjects, " ") != "beta gamma" || m.Missing != 0 {
		t.Errorf("%+v, %v", m.Event, err)
	}
	for _, wrong := range [][]auditfhir.AuditEvent{{list[0], list[0]}, {list[0], list[1], list[1]}, {list[0], export(t, read(1)[0], true)}} {
		if _, err := auditfhir.Import(wrong, nil); err == nil {
			t.Error("AuditEvents of other entries are taken for one")
		}
	}
}
