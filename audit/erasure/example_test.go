package erasure_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/audit/erasure"
)

// A payload that should not have been logged is redacted. Then the agreement
// ends, and the tenant is shredded: not before its disclosures were handed over.
func Example() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	ring, err := auditkeys.OpenRing(filepath.Join(dir, "keys"), auditkeys.MasterKey(make([]byte, 32)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ring.Close()
	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix("t/", "org"), nil)
	if err != nil {
		log.Fatal(err)
	}
	l, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: sealer})
	if err != nil {
		log.Fatal(err)
	}
	day := baakit.MustDate(2026, 11, 25)
	disclosed, err := disclosure.Disclosure{
		Date: day, Recipient: disclosure.Recipient{Name: "State registry"}, Description: "immunization record",
		Purpose: "reporting required by law", Basis: disclosure.PublicHealth,
	}.Event(audit.Actor{ID: "u-9"}, "p-1")
	if err != nil {
		log.Fatal(err)
	}
	events := []audit.Event{
		{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: "p-1", Reason: "pasted a whole letter"},
		disclosed,
	}
	if _, err := l.AppendAll(ctx, "t/42", events...); err != nil {
		log.Fatal(err)
	}

	eraser, err := erasure.New(l, erasure.Config{Sealer: sealer, Keys: ring, Governance: "org/erasure"})
	if err != nil {
		log.Fatal(err)
	}
	result, err := eraser.Redact(ctx, "t/42", 0, erasure.Order{
		By: audit.Actor{ID: "u-1"}, Reason: erasure.MisLogged, Authority: "privacy-officer:2026-31", On: day,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("redacted, recorded as entry", result.Receipt.Seq)

	end := erasure.Order{By: audit.Actor{ID: "u-1"}, Reason: erasure.AgreementEnded, Authority: "agreement:2024-7", On: day}
	_, err = eraser.ShredTenant(ctx, "42", end)
	fmt.Println("refused:", errors.Is(err, erasure.ErrAccounting))

	end.Accounting = &erasure.Handover{How: erasure.HandedOver, By: "Example Vendor", To: "Example Clinic", On: day, Disclosures: 1}
	if result, err = eraser.ShredTenant(ctx, "42", end); err != nil {
		log.Fatal(err)
	}
	fmt.Println("shredded, recorded in", result.Receipt.Chain)
	report, err := audit.Verify(ctx, store, "t/42", &audit.VerifyOptions{Origin: "audit.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Size, "entries verify")
	// Output:
	// redacted, recorded as entry 2
	// refused: true
	// shredded, recorded in org/erasure
	// 3 entries verify
}
