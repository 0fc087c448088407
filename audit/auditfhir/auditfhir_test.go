package auditfhir_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var device = auditfhir.Reference{Reference: "Device/ehr"}

var everything = auditfhir.Config{
	Observer: device, Server: auditfhir.Reference{Reference: "Device/frontend"}, Site: "ward 3", ServerAddress: "https://ehr.example.com/fhir", Custodian: &auditfhir.Reference{Display: "Records"},
}

func exporter(t testing.TB, opt auditfhir.Config) *auditfhir.Exporter {
	t.Helper()
	x, err := auditfhir.NewExporter(opt)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TB is what both tests and properties are.
type TB interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// logged appends events to a log in memory and returns it and their entries.
func logged(t TB, events ...audit.Event) (*audit.Log, []audit.Entry) {
	t.Helper()
	ctx := context.Background()
	signer, err := audit.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.New(ctx, audit.NewMemory(), audit.Config{
		Origin: "audit.example.com", Signer: signer, Sealer: audit.Unencrypted{TokenKey: bytes.Repeat([]byte{7}, 32)},
		Allow: []string{"actor.id", "client.addr"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.AppendAll(ctx, "t/42", events...); err != nil {
		t.Fatal(err)
	}
	var entries []audit.Entry
	for e, err := range l.Entries(ctx, "t/42", 0) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return l, entries
}

var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(audit.Event{})}

// What was exported comes back: the event, to the last byte, and where it is
// in the log. Nothing of an own AuditEvent is ignored.
func TestExportImport(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		event := events().Draw(t, "event")
		l, entries := logged(t, event)
		opt := everything
		opt.Open = l.Open
		if rapid.Bool().Draw(t, "system") {
			opt.PatientSystem = "urn:oid:1.2.3"
		}
		if rapid.Bool().Draw(t, "proof") {
			opt.Prove = func(ctx context.Context, e audit.Entry) (audit.Proof, error) { return l.Prove(ctx, e.Chain, e.Seq) }
		}
		x, err := auditfhir.NewExporter(opt)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := l.Open(t.Context(), entries[0])
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		persons := len(event.Subjects)
		if event.Patient != "" || persons == 0 {
			persons++
		}
		if n, err := x.WriteNDJSON(t.Context(), &buf, each(entries)); err != nil || n != persons {
			t.Fatalf("%d AuditEvents, want %d: %v", n, persons, err)
		}
		n := 0
		for got, err := range auditfhir.ReadEvents(bytes.NewReader(buf.Bytes()), nil) {
			if err != nil {
				t.Fatalf("%v\n%s", err, &buf)
			}
			if diff := cmp.Diff(opened.Event, got.Event, same); diff != "" {
				t.Fatalf("%s\n%s", diff, &buf)
			}
			if len(got.Ignored) > 0 || got.Missing != 0 {
				t.Fatalf("ignored %q, missing %d", got.Ignored, got.Missing)
			}
			r := got.Record
			if r.Chain != "t/42" || r.Seq != 0 || r.Leaf != entries[0].Leaf || r.Prev != entries[0].Prev || !bytes.Equal(r.Line, entries[0].Line) || !got.Recorded.Equal(entries[0].Time) {
				t.Fatalf("record %+v", r)
			}
			if (r.Proof != nil) != (opt.Prove != nil) {
				t.Fatal("proof lost")
			}
			n++
		}
		if n != 1 {
			t.Fatalf("%d events", n)
		}
	})
}

func each(entries []audit.Entry) func(func(audit.Entry, error) bool) {
	return func(yield func(audit.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// What could be taken for something else comes back as it was.
func TestExportImportEdges(t *testing.T) {
	t.Parallel()
	const jti = "urn:ietf:params:oauth:jti:"
	access := audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-9"}}
	for name, change := range map[string]func(e *audit.Event){
		"a policy like a token":           func(e *audit.Event) { e.Policy = []string{"p", jti + "x"} },
		"a token behind such a policy":    func(e *audit.Event) { e.Policy, e.Request.Token = []string{jti + "x"}, "y" },
		"a token":                         func(e *audit.Event) { e.Request.Token = jti },
		"the prefix alone":                func(e *audit.Event) { e.Policy = []string{jti} },
		"an actor like a reference":       func(e *audit.Event) { e.Actor.ID = "Practitioner/1" },
		"a client of a kind only":         func(e *audit.Event) { e.Client.Kind = "u-9" },
		"a client named as the actor":     func(e *audit.Event) { e.Client = audit.Client{Addr: "u-9", Kind: "u-9"} },
		"an object id that is a path":     func(e *audit.Event) { e.Object.Type, e.ObjectID = "Patient", "1/_history/2" },
		"an object id like a reference":   func(e *audit.Event) { e.ObjectID = "Observation/1" },
		"an object without a type":        func(e *audit.Event) { e.ObjectID = "1" },
		"an object that is a patient":     func(e *audit.Event) { e.Object.Type, e.ObjectID, e.Patient = "Patient", "p-1", "p-1" },
		"a patient like a reference":      func(e *audit.Event) { e.Patient = "Patient/p-1" },
		"a patient like a token":          func(e *audit.Event) { e.Patient = "02f4b6bfd6e14db18dc2afff70fd4d82" },
		"the same person twice":           func(e *audit.Event) { e.Patient, e.Subjects = "a", []string{"a", "a"} },
		"further persons only":            func(e *audit.Event) { e.Subjects = []string{"a", ""} },
		"a further person without a name": func(e *audit.Event) { e.Subjects = []string{""} },
		"blank texts":                     func(e *audit.Event) { e.Reason, e.ObjectID, e.Query, e.Patient = " ", "\t", "\n", "\u00a0" },
		"keys like other details": func(e *audit.Event) {
			e.Extra = map[string]string{"": "", "disclosure": "d", "extra:a": "x", "a": "y", "payload": "{}"}
		},
		"a disclosure that is null":     func(e *audit.Event) { e.Disclosure = []byte("null") },
		"an emergency that began":       func(e *audit.Event) { e.Emergency, e.Subtype = true, []audit.Subtype{audit.EmergencyStarted} },
		"an override without emergency": func(e *audit.Event) { e.Subtype = []audit.Subtype{audit.EmergencyStarted} },
		"a query without a subtype":     func(e *audit.Event) { e.Action, e.Query = "E", "q" },
		"a query about an object": func(e *audit.Event) {
			e.Action, e.Subtype, e.Object, e.ObjectID = "E", []audit.Subtype{audit.Search}, audit.Object{Type: "Task", Labels: []string{"R"}}, "7"
		},
		"a span without a trace":   func(e *audit.Event) { e.Request.Span = "s" },
		"a domain event of nobody": func(e *audit.Event) { *e = audit.Event{Kind: "baa.accepted", Payload: []byte(`{}`)} },
		"a domain event by a role": func(e *audit.Event) {
			*e = audit.Event{Kind: "a", Payload: []byte(`[]`), Actor: audit.Actor{Role: "r", Org: "o", For: "f"}}
		},
		"the first microsecond of time": func(e *audit.Event) { e.Occurred = time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC) },
		"the last microsecond of time":  func(e *audit.Event) { e.Occurred = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC) },
	} {
		e := access
		change(&e)
		l, entries := logged(t, e)
		opened, err := l.Open(t.Context(), entries[0])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opt := everything
		opt.Open = l.Open
		var out bytes.Buffer
		if _, err := exporter(t, opt).WriteNDJSON(t.Context(), &out, each(entries)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n := 0
		for m, err := range auditfhir.ReadEvents(bytes.NewReader(out.Bytes()), nil) {
			if diff := cmp.Diff(opened.Event, m.Event, same); err != nil || diff != "" || len(m.Ignored) > 0 {
				t.Errorf("%s: %v %q\n%s\n%s", name, err, m.Ignored, diff, &out)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%s: %d events", name, n)
		}
	}
}
