package retention_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

func chart() (retention.Record, *retention.Schedule) {
	schedule, err := retention.NewSchedule([]retention.Policy{{ID: "own", Rule: retention.MustParseRule("7 years after last_service")}})
	if err != nil {
		panic(err)
	}
	return retention.Record{
		ID: "chart-17", Class: "medical_record",
		Events: map[retention.Trigger]retention.When{retention.LastService: retention.On(baakit.MustParseDate("2019-02-28"))},
	}, schedule
}

// A hold keeps a record from destruction and moves no date of the schedule.
func ExampleHolds() {
	record, schedule := chart()
	holds, err := retention.NewHolds(retention.Hold{
		Matter: "Doe billing dispute", Scope: retention.Scope{Classes: []string{"medical_record"}},
		Placed: baakit.MustParseDate("2026-01-15"), Lifted: baakit.MustParseDate("2026-06-30"), ReleaseGrace: baakit.MustParsePeriod("30 days"),
	})
	if err != nil {
		panic(err)
	}
	for _, day := range []string{"2026-03-01", "2026-07-30", "2026-07-31"} {
		d, err := retention.Evaluate(&record, schedule, holds, baakit.MustParseDate(day), baakit.Date{})
		if err != nil {
			panic(err)
		}
		fmt.Println(day, d.Outcome, "keep through", d.KeepThrough)
	}
	// Output:
	// 2026-03-01 held keep through 2026-02-28
	// 2026-07-30 held keep through 2026-02-28
	// 2026-07-31 due keep through 2026-02-28
}

// In compliance mode an edit makes a time longer, and never shorter.
func ExampleGovern() {
	record, schedule := chart()
	governed, err := retention.Govern(retention.Compliance, schedule)
	if err != nil {
		panic(err)
	}
	for _, rule := range []string{"10 years after last_service", "5 years after last_service"} {
		next, err := retention.NewSchedule([]retention.Policy{{ID: "own", Rule: retention.MustParseRule(rule)}})
		if err != nil {
			panic(err)
		}
		edited, err := governed.Edit(next, retention.PolicyChange{By: "records officer", On: baakit.MustParseDate("2026-01-15"), Reason: "new schedule"})
		if err != nil {
			panic(err)
		}
		governed = edited
		d, err := retention.Evaluate(&record, governed.Schedule(), nil, baakit.MustParseDate("2026-01-15"), baakit.Date{})
		if err != nil {
			panic(err)
		}
		fmt.Println(rule+": keep through", d.KeepThrough)
	}
	// Output:
	// 10 years after last_service: keep through 2029-02-28
	// 5 years after last_service: keep through 2029-02-28
}

// What an object store is asked to enforce for a decision.
func ExampleProject() {
	record, schedule := chart()
	d, err := retention.Evaluate(&record, schedule, nil, baakit.MustParseDate("2026-01-15"), baakit.Date{})
	if err != nil {
		panic(err)
	}
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		panic(err)
	}
	lock := retention.Project(&d, retention.Lock{}, &retention.LockOptions{Mode: retention.Compliance, Zone: chicago})
	fmt.Println(lock.RetainUntil.UTC().Format(time.RFC3339), lock.S3().Mode)
	// Output:
	// 2026-03-01T06:00:00Z COMPLIANCE
}

// A database is erased at the end of an agreement: proposed by one person,
// approved by another, permitted once the holds were checked, verified by a
// third; then certified, and the certificate signed.
func ExampleDisposition() {
	d := &retention.Disposition{Agreement: "larkspur", Clause: "10", Due: baakit.MustParsePeriod("30 days"), Default: retention.ElectDestroy}
	at := func(day string) time.Time {
		start, _ := baakit.MustParseDate(day).In(time.UTC)
		return start.Add(9 * time.Hour)
	}
	var events []retention.Event // in a log
	do := func(day, by string, e retention.Event) {
		e.At, e.By = at(day), by
		e, err := d.Record(events, e)
		if err != nil {
			panic(err)
		}
		events = append(events, e)
	}
	charts := retention.Asset{ID: "charts", Kind: retention.StoreAsset, Media: "database", Count: 4200, Source: "records database", Manifest: sum("the list of items")}
	do("2027-09-30", "vendor", retention.Event{Kind: retention.Ended})
	do("2027-10-01", "vendor", retention.Event{Kind: retention.Inventoried, Asset: "charts", New: &charts})
	do("2027-10-01", "vendor", retention.Event{Kind: retention.InventoryClosed})
	do("2027-10-04", "records manager", retention.Event{Kind: retention.Proposed, Asset: "charts"})
	do("2027-10-04", "privacy officer", retention.Event{Kind: retention.Approved, Asset: "charts"})
	do("2027-10-05", "records manager", retention.Event{Kind: retention.Permitted, Asset: "charts"})
	epoch := events[len(events)-1].Epoch
	do("2027-10-05", "operations", retention.Event{Kind: retention.Erased, Asset: "charts", Technique: "logical_delete", Tool: "erase 3.2", Epoch: epoch})
	do("2027-10-06", "privacy officer", retention.Event{Kind: retention.Verified, Asset: "charts"})

	state := d.StateAt(events, at("2027-10-06"), at("2027-10-06"))
	fmt.Println("due", state.DueOn, "exceptions", len(state.Exceptions), "last in effect", state.LastInEffect)
	certificate, err := retention.Certify(state, retention.CertificateDraft{
		ID: "C-1", Final: true, Issued: baakit.MustParseDate("2027-10-06"), Standard: "NIST SP 800-88 Rev. 2",
		Media:     map[string]retention.MediaDetails{"charts": {Verification: "full", Result: "nothing was found"}},
		Sanitizer: retention.Person{Name: "Dana Reed", Title: "operations"}, Verifier: retention.Person{Name: "Ira Holm", Title: "privacy officer"},
	})
	if err != nil {
		panic(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	signed, err := certificate.Sign(private)
	if err != nil {
		panic(err)
	}
	fmt.Println(signed.Kind, signed.Items, retention.VerifyChain([]retention.Certificate{signed}, public))
	signed.Items++
	fmt.Println(retention.VerifyChain([]retention.Certificate{signed}, public))
	// Output:
	// due 2027-10-30 exceptions 0 last in effect 2027-10-05
	// final 4200 <nil>
	// [0].items: must be the sum of the entries; [0].signature: must verify
}

func sum(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}
