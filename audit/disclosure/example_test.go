package disclosure_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/disclosure"
)

// From disclosures in the log to an accounting that its reader can check.
func Example() {
	ctx := context.Background()
	signer, _ := audit.NewSigner(ed25519.NewKeyFromSeed(make([]byte, 32)))
	store, sealer := audit.NewMemory(), audit.Unencrypted{TokenKey: []byte("a key of tokens")}
	log, _ := audit.New(ctx, store, audit.Config{
		Origin: "audit.example.com", Sealer: sealer, Signer: signer, Now: func() time.Time { return time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC) },
	})
	for _, date := range []string{"2026-01-07", "2026-02-04", "2026-03-03"} {
		e, err := disclosure.Disclosure{
			Date: baakit.MustParseDate(date), Recipient: disclosure.Recipient{Name: "County Health", Address: "1 Main Street"},
			Description: "result of a test", Purpose: "disease that has to be reported", Basis: disclosure.PublicHealth,
		}.Event(audit.Actor{ID: "u-9"}, "p-1")
		if err != nil {
			fmt.Println(err)
			return
		}
		_, _ = log.Append(ctx, "t/42", e)
	}

	source := disclosure.Source{Store: store, Sealer: sealer, Chains: []string{"t/42"}}
	accounting, worksheet, err := disclosure.Account(ctx, source, disclosure.Request{
		Patient: "p-1", Requested: baakit.MustParseDate("2026-03-10"), For: "Example Hospital", By: "Example Vendor",
	})
	fmt.Print(accounting.Text())
	fmt.Println(worksheet.Count(disclosure.Accounted), err)

	checkpoint, _ := log.Checkpoint(ctx, "t/42")
	accounting, _ = accounting.Prove(ctx, source, map[string]audit.Checkpoint{"t/42": checkpoint})
	data, _ := json.Marshal(accounting)

	received, _ := disclosure.ParseAccounting(data) // elsewhere, without the log and its keys
	_, err = received.Verify(signer.Verifier(), "audit.example.com")
	fmt.Println(err)
	received.Lines[0].Recipient.Name = "County Clinic"
	_, err = received.Verify(signer.Verifier(), "audit.example.com")
	fmt.Println(err)
	// Output:
	// ACCOUNTING OF DISCLOSURES
	//
	// Individual:     p-1
	// Covered entity: Example Hospital
	// Prepared by:    Example Vendor
	// Requested:      2026-03-10
	// Prepared:       2026-03-10
	// Period:         2020-03-10 to 2026-03-10
	// To be given by: 2026-05-09
	//
	// 1. 2026-01-07 first, 2026-03-03 last, 3 times
	//    to: County Health, 1 Main Street
	//    what: result of a test
	//    why: disease that has to be reported
	//    entries: t/42 0, t/42 1, t/42 2
	//
	// Every entry of the log that may belong here was read.
	//
	// Sources: 45 CFR 164.528(a)(1); 45 CFR 164.528(b)(2); 45 CFR 164.528(c)(1); 45 CFR 164.504(e)(2)(ii)(G) (primary).
	// 3 <nil>
	// <nil>
	// disclosure: the evidence does not tell what the accounting does
}

// Before health information is destroyed: is anything of it still owed?
func ExampleOutstanding() {
	ctx := context.Background()
	store, sealer := audit.NewMemory(), audit.Unencrypted{TokenKey: []byte("a key of tokens")}
	log, _ := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: sealer})
	e, _ := disclosure.Disclosure{
		Date: baakit.MustParseDate("2020-02-29"), Recipient: disclosure.Recipient{Name: "County Health"},
		Description: "result of a test", Purpose: "disease that has to be reported", Basis: disclosure.PublicHealth,
	}.Event(audit.Actor{ID: "u-9"}, "p-1")
	_, _ = log.Append(ctx, "t/42", e)

	source := disclosure.Source{Store: store, Sealer: sealer, Chains: []string{"t/42"}}
	for _, on := range []string{"2026-03-01", "2026-03-02"} {
		owed, err := disclosure.Outstanding(ctx, source, baakit.MustParseDate(on), "")
		fmt.Println(on, len(owed.Disclosures), err)
	}
	// Output:
	// 2026-03-01 1 <nil>
	// 2026-03-02 0 <nil>
}

// An oral statement suspends for thirty days at most.
func ExampleSuspension() {
	s := disclosure.Suspension{
		By: "Inspector General", Statement: disclosure.Oral, On: baakit.MustParseDate("2026-02-01"), Until: baakit.MustParseDate("2026-12-31"), Impedes: true,
	}
	fmt.Println(s.Through())
	// Output: 2026-03-03
}

// The time to act, and what one extension adds.
func ExampleClock() {
	c := disclosure.Clock{Received: baakit.MustParseDate("2026-01-01")}
	fmt.Println(c.Due())
	c.Extensions = []disclosure.Extension{{
		On: baakit.MustParseDate("2026-02-20"), Written: true, Reasons: "records in storage", By: baakit.MustParseDate("2026-06-30"),
	}}
	fmt.Println(c.Due())
	for _, r := range c.Reasons() {
		fmt.Println(r.Citations[0])
	}
	// Output:
	// 2026-03-02
	// 2026-04-01
	// 45 CFR 164.528(c)(1)
	// 45 CFR 164.528(c)(1)(ii)
}
