package erasure_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/audit/erasure"
)

var today = baakit.MustDate(2026, 11, 25)

// A desk is a log with keys, in folders of its own.
type desk struct {
	dir    string
	store  *auditfile.Store
	ring   *auditkeys.Ring
	sealer *auditkeys.Sealer
	log    *audit.Log
	eraser *erasure.Eraser
}

func openDesk(tb testing.TB, dir string, opt auditkeys.Options, edit func(*erasure.Config)) *desk {
	tb.Helper()
	d := &desk{dir: dir}
	var err error
	if d.store, err = auditfile.Open(filepath.Join(dir, "log"), &auditfile.Options{SegmentSize: 16 << 10}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { d.store.Close() })
	if d.ring, err = auditkeys.OpenRing(filepath.Join(dir, "keys"), auditkeys.MasterKey(bytes.Repeat([]byte{5}, 32)), nil); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { d.ring.Close() })
	if d.sealer, err = auditkeys.New(d.ring, auditkeys.ByPrefix("t/", "org"), &opt); err != nil {
		tb.Fatal(err)
	}
	if d.log, err = audit.New(tb.Context(), d.store, audit.Config{Origin: "audit.example.com", Sealer: d.sealer}); err != nil {
		tb.Fatal(err)
	}
	eo := erasure.Config{Sealer: d.sealer, Keys: d.ring, Governance: "org/erasure"}
	if edit != nil {
		edit(&eo)
	}
	if d.eraser, err = erasure.New(d.log, eo); err != nil {
		tb.Fatal(err)
	}
	return d
}

func newDesk(tb testing.TB, opt auditkeys.Options) *desk {
	return openDesk(tb, tb.TempDir(), opt, nil)
}

func (d *desk) close(tb testing.TB) {
	tb.Helper()
	for _, err := range []error{d.log.Close(context.Background()), d.store.Close(), d.ring.Close()} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func (d *desk) read(tb testing.TB, chain, patient, reason string) audit.Receipt {
	tb.Helper()
	r, err := d.log.Append(tb.Context(), chain, audit.Event{
		Type: audit.PatientRecord, Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"},
		Object: audit.Object{Type: "Observation"}, Patient: patient, Reason: reason,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func (d *desk) disclose(tb testing.TB, chain, patient string, on baakit.Date, exemption disclosure.Exemption) audit.Receipt {
	tb.Helper()
	basis := disclosure.PublicHealth
	if exemption != "" {
		basis = "164.508"
	}
	ev, err := disclosure.Disclosure{
		Date: on, Recipient: disclosure.Recipient{Name: "Registry"}, Description: "immunization record", Purpose: "report",
		Basis: basis, Exemption: exemption,
	}.Event(audit.Actor{ID: "u-9"}, patient)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := d.log.Append(tb.Context(), chain, ev)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func order() erasure.Order {
	return erasure.Order{By: audit.Actor{ID: "u-1"}, Reason: erasure.MisLogged, Authority: "privacy-officer:2026-31", On: today, Note: "a name in the reason"}
}

func handover(n int) *erasure.Handover {
	return &erasure.Handover{How: erasure.HandedOver, By: "Example Vendor", To: "Example Clinic", On: today, Disclosures: n}
}

// open returns what an entry holds, or the error.
func (d *desk) open(tb testing.TB, chain string, seq uint64) (audit.Event, error) {
	tb.Helper()
	for e, err := range d.log.Entries(tb.Context(), chain, seq) {
		if err != nil {
			tb.Fatal(err)
		}
		opened, err := d.log.Open(tb.Context(), e)
		return opened.Event, err
	}
	tb.Fatalf("no entry %d in %s", seq, chain)
	return audit.Event{}, nil
}

// verify makes sure that all chains verify.
func (d *desk) verify(tb testing.TB) {
	tb.Helper()
	for chain, err := range d.store.Chains(tb.Context()) {
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := audit.Verify(tb.Context(), d.store, chain, &audit.VerifyOptions{Origin: "audit.example.com"}); err != nil {
			tb.Fatalf("%s: %v", chain, err)
		}
	}
}

func size(tb testing.TB, d *desk, chain string) uint64 {
	tb.Helper()
	n, _, err := d.log.Head(tb.Context(), chain)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
