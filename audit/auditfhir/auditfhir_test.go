package auditfhir_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var device = auditfhir.Reference{Reference: "Device/ehr"}

var everything = auditfhir.Options{
	Observer: device, Server: auditfhir.Reference{Reference: "Device/frontend"}, Site: "ward 3", ServerAddress: "https://ehr.example.com/fhir", Custodian: &auditfhir.Reference{Display: "Records"},
}

func exporter(t testing.TB, opt auditfhir.Options) *auditfhir.Exporter {
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
	l, err := audit.New(ctx, audit.NewMemory(), audit.Options{
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
