package erasure_test

import (
	"errors"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/audit/erasure"
)

// One payload goes, recorded first; everything else stays and verifies.
func TestRedact(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{})
	for range 3 {
		d.read(t, "t/42", "p-1", "seen Jane Roe")
	}
	result, err := d.eraser.Redact(t.Context(), "t/42", 1, order())
	if err != nil || result.Resumed || result.Receipt.Seq != 3 {
		t.Fatalf("Redact = %+v, %v", result, err)
	}
	if _, err := d.open(t, "t/42", 1); !errors.Is(err, audit.ErrErased) {
		t.Fatalf("the payload opens: %v", err)
	}
	for _, seq := range []uint64{0, 2, 3} {
		if _, err := d.open(t, "t/42", seq); err != nil {
			t.Fatalf("entry %d: %v", seq, err)
		}
	}
	again, err := d.eraser.Redact(t.Context(), "t/42", 1, order())
	if err != nil || !again.Resumed || again.Receipt != result.Receipt || size(t, d, "t/42") != 4 {
		t.Fatalf("Redact again = %+v, %v", again, err)
	}
	ev, err := d.open(t, "t/42", 3)
	if err != nil || ev.Kind != erasure.RedactedKind || ev.Object.Lifecycle != "15" || ev.Policy[0] != "privacy-officer:2026-31" || ev.Subtype[0] != "mislogged" {
		t.Fatalf("the record is %+v, %v", ev, err)
	}
	d.verify(t)
}

// A patient's payloads go with the key; those of others stay.
func TestShredPatient(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
	d.read(t, "t/42", "p-1", "a")
	d.read(t, "t/42", "p-2", "b")
	d.read(t, "t/42/labs", "p-1", "c")
	d.disclose(t, "t/42", "p-1", today, "")
	_, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", order())
	var owed *erasure.AccountingError
	if !errors.As(err, &owed) || owed.Owed != 1 || owed.Through != baakit.MustDate(2032, 11, 25) {
		t.Fatalf("without a hand-over: %v", err)
	}
	if size(t, d, "org/erasure") != 0 {
		t.Fatal("a refusal was recorded as an erasure")
	}
	o := order()
	o.Accounting = handover(1)
	result, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", o)
	if err != nil || result.Receipt.Chain != "org/erasure" || *result.Record.Accounting != *o.Accounting {
		t.Fatalf("ShredPatient = %+v, %v", result, err)
	}
	for _, at := range []struct {
		chain string
		seq   uint64
	}{{"t/42", 0}, {"t/42", 2}, {"t/42/labs", 0}} {
		if _, err := d.open(t, at.chain, at.seq); !errors.Is(err, audit.ErrErased) {
			t.Fatalf("%s %d: %v", at.chain, at.seq, err)
		}
	}
	if ev, err := d.open(t, "t/42", 1); err != nil || ev.Patient != "p-2" {
		t.Fatalf("another patient's: %v", err)
	}
	if ev, err := d.open(t, "org/erasure", 0); err != nil || ev.Kind != erasure.ShreddedKind {
		t.Fatalf("the record: %v", err)
	}
	d.verify(t)
	again, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", o)
	if err != nil || !again.Resumed || size(t, d, "org/erasure") != 1 {
		t.Fatalf("again: %+v, %v", again, err)
	}
	// The patient comes back, under another key.
	d.read(t, "t/42", "p-1", "e")
	if ev, err := d.open(t, "t/42", 3); err != nil || ev.Reason != "e" {
		t.Fatalf("a new payload: %v", err)
	}
	// And the tenant goes, with what is already shredded.
	o.Accounting = nil
	if _, err := d.eraser.ShredTenant(t.Context(), "42", o); err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(4) {
		if _, err := d.open(t, "t/42", seq); !errors.Is(err, audit.ErrErased) {
			t.Fatalf("entry %d of a shredded tenant: %v", seq, err)
		}
	}
	again, err = d.eraser.ShredTenant(t.Context(), "42", o)
	if err != nil || !again.Resumed {
		t.Fatalf("again: %v", err)
	}
	if _, err := d.log.Append(t.Context(), "t/42", audit.Event{
		Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: "p-3",
	}); !errors.Is(err, auditkeys.ErrDestroyed) {
		t.Fatalf("sealing for a shredded tenant: %v", err)
	}
	d.verify(t)
}

func TestExempt(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
	d.disclose(t, "t/42", "p-1", today, disclosure.ExemptAuthorization)
	if _, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", order()); err != nil {
		t.Fatal(err)
	}
}
