package erasure_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
	for seq := range uint64(2) { // governance outlives it
		if ev, err := d.open(t, "org/erasure", seq); err != nil || ev.Kind != erasure.ShreddedKind {
			t.Fatalf("record %d after the tenant is gone: %v", seq, err)
		}
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

var errCut = errors.New("the power went out")

// A cutStore fails at its next Erase.
type cutStore struct {
	erasure.Store
	cut bool
}

func (s *cutStore) Erase(ctx context.Context, pick func(string, uint64) bool) (uint64, error) {
	if s.cut {
		return 0, errCut
	}
	return s.Store.Erase(ctx, pick)
}

// cutKeys fail at the next destruction.
type cutKeys struct {
	erasure.Keys
	cut bool
}

func (k *cutKeys) DestroyTenant(ctx context.Context, tenant string) ([]auditkeys.ID, error) {
	if k.cut {
		return nil, errCut
	}
	return k.Keys.DestroyTenant(ctx, tenant)
}

func (k *cutKeys) DestroyPatient(ctx context.Context, tenant, patient string) ([]auditkeys.ID, error) {
	if k.cut {
		return nil, errCut
	}
	return k.Keys.DestroyPatient(ctx, tenant, patient)
}

// Cut off between the record and the deed, a redaction is finished by the next
// call, in another process too, without another record.
func TestRedactResumed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cut := func(o *erasure.Config) { o.Store = &cutStore{cut: true} }
	d := openDesk(t, dir, auditkeys.Options{}, cut)
	d.read(t, "t/42", "p-1", "seen Jane Roe")
	if _, err := d.eraser.Redact(t.Context(), "t/42", 0, order()); !errors.Is(err, errCut) {
		t.Fatalf("Redact = %v", err)
	}
	if _, err := d.open(t, "t/42", 0); err != nil || size(t, d, "t/42") != 2 {
		t.Fatalf("%v, %d entries", err, size(t, d, "t/42"))
	}
	d.close(t)
	d = openDesk(t, dir, auditkeys.Options{}, nil)
	d.read(t, "t/42", "p-2", "meanwhile")
	result, err := d.eraser.Redact(t.Context(), "t/42", 0, order())
	if err != nil || !result.Resumed || result.Receipt.Seq != 1 || size(t, d, "t/42") != 3 {
		t.Fatalf("Redact again = %+v, %v, %d entries", result, err, size(t, d, "t/42"))
	}
	if _, err := d.open(t, "t/42", 0); !errors.Is(err, audit.ErrErased) {
		t.Fatalf("the payload opens: %v", err)
	}
	d.verify(t)
}

// The same for shredding. What has come about others since does not matter;
// what has come about the same patient is checked anew.
func TestShredResumed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		tenant    bool
		meanwhile func(*desk)
		owed      int // disclosures that the second call must account for
		records   uint64
	}{
		{"patient", false, func(*desk) {}, 1, 1},
		{"patient, others come", false, func(d *desk) { d.read(t, "t/42", "p-2", "x"); d.disclose(t, "t/42", "p-2", today, "") }, 1, 1},
		{"patient, more comes", false, func(d *desk) { d.read(t, "t/42", "p-1", "x") }, 1, 2},
		{"patient, a disclosure comes", false, func(d *desk) { d.disclose(t, "t/42", "p-1", today, "") }, 2, 2},
		{"tenant", true, func(*desk) {}, 1, 1},
		{"tenant, more comes", true, func(d *desk) { d.read(t, "t/42", "p-2", "x") }, 1, 2},
		{"tenant, a disclosure comes", true, func(d *desk) { d.disclose(t, "t/42/x", "p-2", today, "") }, 2, 2},
		{"tenant, another tenant's comes", true, func(d *desk) { d.disclose(t, "t/43", "p-2", today, "") }, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			opt := auditkeys.Options{Mode: auditkeys.Stored}
			shred := func(d *desk, n int) (erasure.Result, error) {
				o := order()
				o.Accounting = handover(n)
				if tt.tenant {
					return d.eraser.ShredTenant(t.Context(), "42", o)
				}
				return d.eraser.ShredPatient(t.Context(), "42", "p-1", o)
			}
			d := openDesk(t, dir, opt, func(o *erasure.Config) { o.Keys = &cutKeys{o.Keys, true} })
			d.disclose(t, "t/42", "p-1", today, "")
			if _, err := shred(d, 1); !errors.Is(err, errCut) {
				t.Fatalf("shred = %v", err)
			}
			if _, err := d.open(t, "t/42", 0); err != nil {
				t.Fatalf("destroyed: %v", err)
			}
			tt.meanwhile(d) // and nothing is suspended any more
			d.close(t)
			d = openDesk(t, dir, opt, nil)
			if tt.owed != 1 {
				if _, err := shred(d, 1); !errors.Is(err, erasure.ErrAccounting) {
					t.Fatalf("with the old hand-over: %v", err)
				}
				if _, err := d.open(t, "t/42", 0); err != nil {
					t.Fatalf("refused, and destroyed: %v", err)
				}
			}
			result, err := shred(d, tt.owed)
			if err != nil || result.Resumed != (tt.records == 1) || size(t, d, "org/erasure") != tt.records {
				t.Fatalf("again = %+v, %v, %d records", result, err, size(t, d, "org/erasure"))
			}
			if _, err := d.open(t, "t/42", 0); !errors.Is(err, audit.ErrErased) {
				t.Fatalf("not destroyed: %v", err)
			}
			d.verify(t)
		})
	}
}

// The look-back of six years is that of the table, on both sides of its edge,
// and an order must account for just what is owed.
func TestAccountingRequired(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		made  baakit.Date
		owed  bool
		marks disclosure.Exemption
	}{
		{today, true, ""},
		{baakit.MustDate(2020, 11, 25), true, ""},  // six years ago to the day
		{baakit.MustDate(2020, 11, 24), false, ""}, // the day before
		{baakit.MustDate(2020, 11, 26), true, ""},
		{today, false, disclosure.ExemptAuthorization},
	} {
		for _, scope := range []string{"payload", "patient", "tenant"} {
			d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
			d.disclose(t, "t/42", "p-1", tt.made, tt.marks)
			do := func(h *erasure.Handover) error {
				o := order()
				o.Accounting = h
				var err error
				switch scope {
				case "payload":
					_, err = d.eraser.Redact(t.Context(), "t/42", 0, o)
				case "patient":
					_, err = d.eraser.ShredPatient(t.Context(), "42", "p-1", o)
				case "tenant":
					_, err = d.eraser.ShredTenant(t.Context(), "42", o)
				}
				return err
			}
			if tt.owed {
				for _, h := range []*erasure.Handover{nil, handover(0), handover(2)} {
					if err := do(h); !errors.Is(err, erasure.ErrAccounting) {
						t.Errorf("%s of %s with %+v: %v", scope, tt.made, h, err)
					}
					if _, err := d.open(t, "t/42", 0); err != nil {
						t.Errorf("%s of %s was refused, and destroyed: %v", scope, tt.made, err)
					}
				}
				elsewhere := handover(1)
				elsewhere.How = erasure.RetainedElsewhere
				if err := do(elsewhere); err != nil {
					t.Errorf("%s of %s, accounted for: %v", scope, tt.made, err)
				}
			} else if err := do(nil); err != nil {
				t.Errorf("%s of %s: %v", scope, tt.made, err)
			}
			if _, err := d.open(t, "t/42", 0); !errors.Is(err, audit.ErrErased) {
				t.Errorf("%s of %s: not destroyed: %v", scope, tt.made, err)
			}
			d.verify(t)
		}
	}
}

// An entry that cannot be read may be a disclosure: nothing is shredded,
// whatever the order says. One that was redacted here was looked at before.
func TestUndetermined(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
	for range 4 {
		d.read(t, "t/42", "p-1", "x")
	}
	d.read(t, "t/43", "p-1", "x")
	o := order()
	if _, err := d.eraser.Redact(t.Context(), "t/42", 0, o); err != nil {
		t.Fatal(err)
	}
	if owed, err := d.eraser.Outstanding(t.Context(), "42", "", today); err != nil || len(owed.Unreadable) != 0 {
		t.Fatalf("after a redaction: %+v, %v", owed, err)
	}
	// Behind the back of this package.
	if _, err := d.store.Erase(t.Context(), func(chain string, seq uint64) bool { return chain == "t/42" && seq == 1 }); err != nil {
		t.Fatal(err)
	}
	o.Accounting = handover(0)
	for name, do := range map[string]func() error{
		"patient": func() error { _, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", o); return err },
		"tenant":  func() error { _, err := d.eraser.ShredTenant(t.Context(), "42", o); return err },
	} {
		err := do()
		var list *erasure.UndeterminedError
		if !errors.As(err, &list) || len(list.Entries) != 1 || list.Entries[0].Seq != 1 || !errors.Is(err, erasure.ErrUndetermined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.eraser.Redact(t.Context(), "t/42", 1, o); !errors.Is(err, audit.ErrErased) {
		t.Errorf("redacting what is gone: %v", err)
	}
	if size(t, d, "org/erasure") != 0 {
		t.Error("a refusal was recorded")
	}
	if _, err := d.open(t, "t/42", 2); err != nil {
		t.Errorf("refused, and destroyed: %v", err)
	}
	if _, err := d.eraser.ShredTenant(t.Context(), "43", o); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	// A key that was lost, not destroyed, tells nothing either.
	lost := openDesk(t, t.TempDir(), auditkeys.Options{}, nil)
	lost.read(t, "t/42", "p-1", "x")
	lost.close(t)
	if err := os.RemoveAll(filepath.Join(lost.dir, "keys")); err != nil {
		t.Fatal(err)
	}
	lost = openDesk(t, lost.dir, auditkeys.Options{}, nil)
	if _, err := lost.eraser.ShredTenant(t.Context(), "42", o); !errors.Is(err, erasure.ErrUndetermined) {
		t.Errorf("with a lost key: %v", err)
	}
	if _, err := lost.eraser.Redact(t.Context(), "t/42", 0, o); !errors.Is(err, erasure.ErrUndetermined) {
		t.Errorf("redacting under a lost key: %v", err)
	}
}

// Where a patient has no key of their own, or not for all entries, nothing is
// shredded; what is left over can be redacted.
func TestUnreached(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := openDesk(t, dir, auditkeys.Options{}, nil)
	d.read(t, "t/42", "p-1", "x")
	d.read(t, "t/42", "p-2", "x")
	d.close(t)
	d = openDesk(t, dir, auditkeys.Options{Mode: auditkeys.Stored}, nil)
	d.read(t, "t/42", "p-1", "x")
	d.read(t, "t/43", "p-1", "x")
	_, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", order())
	var list *erasure.UnreachedError
	if !errors.As(err, &list) || len(list.Entries) != 1 || list.Entries[0].Seq != 0 || !errors.Is(err, erasure.ErrUnreached) {
		t.Fatalf("ShredPatient = %v", err)
	}
	if _, err := d.eraser.Redact(t.Context(), "t/42", 0, order()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", order()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.eraser.ShredPatient(t.Context(), "42", "nobody", order()); !errors.Is(err, erasure.ErrNothing) {
		t.Fatalf("a patient without entries: %v", err)
	}
	if _, err := d.open(t, "t/43", 0); err != nil {
		t.Fatalf("another tenant's: %v", err)
	}
}

func TestRefusedFields(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
	d.read(t, "t/42", "p-1", "x")
	paths := func(err error) string {
		var list baakit.FieldErrors
		if !errors.As(err, &list) {
			return err.Error()
		}
		var all []string
		for _, f := range list {
			all = append(all, f.Path)
		}
		return strings.Join(all, " ")
	}
	long := strings.Repeat("x", 4097)
	bad := erasure.Order{Note: long, Accounting: &erasure.Handover{Disclosures: -1, SHA256: "A", By: long}}
	want := "by.id reason authority on note accounting.how accounting.by accounting.to accounting.on accounting.disclosures accounting.sha256"
	if _, err := d.eraser.Redact(t.Context(), "system", 0, bad); paths(err) != "chain "+want {
		t.Errorf("Redact: %s", paths(err))
	}
	if _, err := d.eraser.ShredTenant(t.Context(), "a b", bad); paths(err) != "tenant "+want {
		t.Errorf("ShredTenant: %s", paths(err))
	}
	o := order()
	o.Reason, o.Authority, o.By = "free text", "because of Jane", audit.Actor{ID: "u-1", Org: "a b"}
	if _, err := d.eraser.Redact(t.Context(), "t/42", 0, o); paths(err) != "reason by.org authority" {
		t.Errorf("codes: %s", paths(err))
	}
	o = order()
	o.Accounting = handover(0)
	o.Accounting.On = today.AddDays(1)
	if _, err := d.eraser.Redact(t.Context(), "t/42", 0, o); paths(err) != "accounting.on" {
		t.Errorf("a hand-over to come: %s", paths(err))
	}
	if _, err := d.open(t, "t/42", 0); err != nil || size(t, d, "t/42") != 1 {
		t.Errorf("refused, and something done: %v", err)
	}
	for _, tt := range []struct {
		chain string
		seq   uint64
		want  error
	}{{"t/42", 1, audit.ErrOutOfRange}, {"t/none", 0, audit.ErrUnknownChain}} {
		if _, err := d.eraser.Redact(t.Context(), tt.chain, tt.seq, order()); !errors.Is(err, tt.want) {
			t.Errorf("%s %d: %v", tt.chain, tt.seq, err)
		}
	}
	if _, err := d.log.Append(t.Context(), "t/42", audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.eraser.Redact(t.Context(), "t/42", 1, order()); !errors.Is(err, erasure.ErrNothing) {
		t.Errorf("without a payload: %v", err)
	}
	for name, opt := range map[string]erasure.Config{
		"nothing": {}, "a tenant's chain": {Sealer: d.sealer, Governance: "t/42"}, "the log's own": {Sealer: d.sealer, Governance: "system"},
	} {
		if _, err := erasure.New(d.log, opt); err == nil {
			t.Errorf("New with %s", name)
		}
	}
	none, err := erasure.New(d.log, erasure.Config{Sealer: d.sealer, Governance: "org/erasure"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.ShredTenant(t.Context(), "42", order()); paths(err) != "keys" {
		t.Errorf("without keys: %s", paths(err))
	}
}

// While disclosures about the patient keep coming, a shredding either is
// refused or has accounted for every one that its key sealed.
func TestNoDisclosureIsLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
	d.disclose(t, "t/42", "p-1", today, "")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 40 {
				ev, err := disclosure.Disclosure{
					Date: today, Recipient: disclosure.Recipient{Name: "Registry"}, Description: "record", Purpose: "report", Basis: disclosure.PublicHealth,
				}.Event(audit.Actor{ID: "u-9"}, "p-1")
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := d.log.Append(t.Context(), "t/42", ev); err != nil && !errors.Is(err, auditkeys.ErrSuspended) && !errors.Is(err, auditkeys.ErrDestroyed) {
					t.Error(err)
					return
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	accounted, done := 0, 0
	for i, running := 0, true; running; i++ {
		select {
		case <-ended: // once more
			running = false
		case <-time.After(5 * time.Millisecond):
		}
		owed, err := d.eraser.Outstanding(t.Context(), "42", "p-1", today)
		if err != nil {
			t.Fatal(err)
		}
		o := order()
		wrong := 0
		if running && i%4 == 3 {
			wrong = 1
		}
		o.Accounting = handover(len(owed.Disclosures) + wrong)
		result, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", o)
		switch {
		case err == nil && result.Resumed: // nothing has come since
		case err == nil:
			accounted += result.Record.Owed
			done++
		case !errors.Is(err, erasure.ErrAccounting) && !errors.Is(err, erasure.ErrNothing):
			t.Fatal(err)
		}
	}
	destroyed := 0
	for e, err := range d.log.Entries(t.Context(), "t/42", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.log.Open(t.Context(), e); errors.Is(err, audit.ErrErased) {
			destroyed++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if destroyed != accounted || done == 0 {
		t.Fatalf("%d disclosures were destroyed, %d accounted for, in %d shreddings", destroyed, accounted, done)
	}
	t.Logf("%d disclosures in %d shreddings", destroyed, done)
}

// After redaction, destruction and compaction nothing of what was sealed is in
// any file, in clear or as it was sealed, and everything verifies.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{Mode: auditkeys.Stored})
	const secret = "Jane Roe, born 3 May"
	sealed := map[string][]byte{}
	take := func(chain string) {
		for e, err := range d.log.Entries(t.Context(), chain, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Sealed != nil {
				sealed[fmt.Sprint(chain, e.Seq)] = e.Sealed
			}
		}
	}
	for i := range 60 {
		d.read(t, "t/42", fmt.Sprint("p-", i%3), secret)
	}
	take("t/42")
	before := folder(t, filepath.Join(d.dir, "log"))
	for seq := range uint64(40) {
		if _, err := d.eraser.Redact(t.Context(), "t/42", seq, order()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.eraser.ShredPatient(t.Context(), "42", "p-1", order()); err != nil {
		t.Fatal(err)
	}
	freed, err := d.store.Compact(t.Context())
	if err != nil || freed < 40*200 {
		t.Fatalf("Compact = %d, %v", freed, err)
	}
	d.verify(t)
	if err := d.log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	after := folder(t, d.dir)
	has := func(data []byte, i int) bool {
		return bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(sealed[fmt.Sprint("t/42", i)])))
	}
	for i := range 60 {
		if !has(before, i) || has(after, i) != (i >= 40) {
			t.Fatalf("payload %d: before %v, after %v", i, has(before, i), has(after, i))
		}
	}
	if bytes.Contains(after, []byte(secret)) || bytes.Contains(after, []byte("p-1\"")) {
		t.Fatal("what was sealed stands in clear")
	}
}

func folder(tb testing.TB, dir string) []byte {
	tb.Helper()
	var all []byte
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(append(all, data...), 0)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// Whatever is read as a record is written as one that reads the same.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"schema":"baakit.audit.erasure/1","scope":"tenant","tenant":"42","reason":"x","authority":"y","on":"2026-11-25","owed":0}`))
	f.Add([]byte(`{"schema":"baakit.audit.erasure/1","scope":"payload","entry":{"chain":"t/42","seq":1,"leaf":"` + strings.Repeat("a", 64) + `"},"reason":"x","authority":"y","on":"2026-11-25","owed":1,"accounting":{"how":"handed_over","by":"a","to":"b","on":"2026-11-25","disclosures":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := erasure.ParseRecord(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := erasure.ParseRecord(text)
		if second, _ := json.Marshal(again); err != nil || !bytes.Equal(second, text) {
			t.Fatalf("%s reads as %s, %v", text, second, err)
		}
	})
}

// An entry that says it is a disclosure and holds none keeps a tenant from
// being shredded until somebody has looked at it: redacted as one disclosure,
// it no longer does.
func TestMalformedDisclosure(t *testing.T) {
	t.Parallel()
	for _, ev := range []audit.Event{
		{Type: audit.Export, Reason: "a report"}, {Subtype: []audit.Subtype{audit.Disclose}, Patient: "p-1"}, {Disclosure: json.RawMessage(`{"to":"?"}`), Patient: "p-1"},
	} {
		d := newDesk(t, auditkeys.Options{})
		ev.Action, ev.Outcome, ev.Actor = audit.ActionRead, audit.Success, audit.Actor{ID: "u-9"}
		if _, err := d.log.Append(t.Context(), "t/42", ev); err != nil {
			t.Fatal(err)
		}
		o := order()
		if _, err := d.eraser.ShredTenant(t.Context(), "42", o); !errors.Is(err, erasure.ErrUndetermined) {
			t.Fatalf("ShredTenant: %v", err)
		}
		if _, err := d.eraser.Redact(t.Context(), "t/42", 0, o); !errors.Is(err, erasure.ErrAccounting) {
			t.Fatalf("Redact: %v", err)
		}
		o.Accounting = handover(1)
		if _, err := d.eraser.Redact(t.Context(), "t/42", 0, o); err != nil {
			t.Fatalf("Redact with a hand-over: %v", err)
		}
		if _, err := d.eraser.ShredTenant(t.Context(), "42", order()); err != nil {
			t.Fatalf("ShredTenant after that: %v", err)
		}
	}
}

// An export that has no payload at all has nothing to lose.
func TestExportWithoutPayload(t *testing.T) {
	t.Parallel()
	d := newDesk(t, auditkeys.Options{})
	if _, err := d.log.Append(t.Context(), "t/42", audit.Event{
		Type: audit.Export, Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.eraser.ShredTenant(t.Context(), "42", order()); err != nil {
		t.Fatal(err)
	}
}
