package subprocessor_test

import (
	"fmt"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

// A vendor announces a backup provider to a customer whose contract gives it
// 30 days to object, and asks the gate on both sides of the last day.
func Example() {
	reg, err := subprocessor.NewRegistry(subprocessor.RegistryConfig{Vendor: "fernhill", Zone: time.UTC})
	if err != nil {
		panic(err)
	}
	var events []subprocessor.Event
	do := func(day string, list ...subprocessor.Event) {
		for _, e := range list {
			start, _ := baakit.MustParseDate(day).In(time.UTC)
			e.At = start.Add(9 * time.Hour)
			if e, err = reg.Record(events, e); err != nil {
				panic(err)
			}
			events = append(events, e)
		}
	}
	signed := baakit.MustParseDate("2026-10-01")
	backup := subprocessor.Engagement{ID: "backup", Entity: "harbor", Purpose: "Backups", PHI: subprocessor.EncryptedNoKey}
	do("2026-10-01",
		subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: "fernhill", LegalName: "Fernhill Cloud Records, Inc.", Role: subprocessor.BusinessAssociate}},
		subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: "larkspur", LegalName: "Larkspur Family Practice", Role: subprocessor.CoveredEntity}},
		subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: "harbor", LegalName: "Harbor Archive, Inc.", Role: subprocessor.BusinessAssociate}},
		subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{
			ID: "larkspur-fernhill", Upstream: "larkspur", Downstream: "fernhill", Kind: subprocessor.BAA, Signed: signed, Effective: signed,
			Notice: &subprocessor.NoticeTerms{Window: baakit.MustParsePeriod("30 days"), Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence},
		}},
		subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{ID: "fernhill-harbor", Upstream: "fernhill", Downstream: "harbor", Kind: subprocessor.SubBAA, Signed: signed, Effective: signed}},
		subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &backup},
		subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: "backup"},
		subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: "backup"})
	do("2026-12-01",
		subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &subprocessor.Change{ID: "add", Kind: subprocessor.AddSubprocessor, After: &backup}},
		subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: "add"},
		subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: "add"},
		subprocessor.Event{Kind: subprocessor.NoticeSent, ChangeID: "add", Customer: "larkspur", Notice: "add.1.larkspur.1"})
	do("2027-01-01", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "add"})

	for _, now := range []string{"2026-12-31T23:00:00Z", "2027-01-01T09:00:00Z"} {
		at, _ := time.Parse(time.RFC3339, now)
		state, err := reg.StateAt(events, at, at)
		if err != nil {
			panic(err)
		}
		decision := subprocessor.Compile(state).Gate("backup", "larkspur", at)
		fmt.Println(state.Day(), decision.Yes(), decision.Reasons()[0].Says)
	}
	// Output:
	// 2026-12-31 false the engagement is not active
	// 2027-01-01 true the engagement is active
}
