package subprocessortest_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

// seen counts the classes that a generator's examples fall into. The seeds are
// fixed: what is found once is found always.
type seen map[string]int

func (s seen) when(class string, in bool) {
	s[class] += map[bool]int{true: 1}[in]
}

func (s seen) check(t *testing.T) {
	t.Helper()
	for class, n := range s {
		if n == 0 {
			t.Errorf("%s never occurs", class)
		}
	}
}

func examples[T any](n int, g *rapid.Generator[T]) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = g.Example(i)
	}
	return list
}

func TestTermsGenerators(t *testing.T) {
	t.Parallel()
	s := seen{}
	for _, x := range examples(400, subprocessortest.Terms()) {
		if err := (subprocessor.Contract{ID: "c", Upstream: "u", Downstream: "d", Kind: subprocessor.BAA, Signed: baakit.MustParseDate("2026-01-01"), Effective: baakit.MustParseDate("2026-01-01"), Terms: x}).Validate(); err != nil {
			t.Fatal(err)
		}
		s.when("silent on places", x.Places == nil)
		s.when("no place at all", x.Places != nil && len(x.Places) == 0)
		s.when("several places", len(x.Places) > 1)
		s.when("silent on uses", x.PermittedUses == nil)
		s.when("breach in hours", x.BreachReport.Unit() == baakit.Hours)
		s.when("breach in business days", x.BreachReport.Unit() == baakit.BusinessDays)
		s.when("no time for breaches", x.BreachReport.IsZero())
		s.when("silent on audit", x.Audit == "")
		s.when("no subcontracting", x.Subcontracting == subprocessor.SubcontractingProhibited)
		s.when("insured for nothing", x.Insurance.Valid && x.Insurance.Decimal.IsZero())
		s.when("not insured", !x.Insurance.Valid)
		s.when("two standards", len(x.MinStandard) == 2)
	}
	for _, x := range examples(400, subprocessortest.NoticeTerms()) {
		if err := x.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, start := range []subprocessor.Start{subprocessor.StartSent, subprocessor.StartReceived, subprocessor.StartPosted} {
			s.when("starts when "+string(start), x.Start == start)
		}
		for _, c := range []subprocessor.Consent{subprocessor.ConsentSilence, subprocessor.ConsentAffirmative, subprocessor.ConsentNone} {
			s.when("consent by "+string(c), x.Consent == c)
		}
		s.when("neither notice nor window", x.Notice.IsZero() && x.Window.IsZero())
		s.when("notice and window", !x.Notice.IsZero() && !x.Window.IsZero())
		s.when("business days", x.Window.Unit() == baakit.BusinessDays)
		s.when("months", x.Window.Unit() == baakit.Months)
		s.when("acknowledgement asked", x.Evidence == subprocessor.Acknowledged)
		s.when("emergency", x.Emergency != nil)
		s.when("emergency of no stated length", x.Emergency != nil && x.Emergency.Longest.IsZero())
		s.when("class", len(x.Classes) > 0)
		s.when("some kinds are material", x.Material != nil)
	}
	for _, x := range examples(400, subprocessortest.Engagement("e", "v1", "v2")) {
		if err := x.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, p := range []subprocessor.PHI{subprocessor.HandlesPHI, subprocessor.NoPHI, subprocessor.EncryptedNoKey, subprocessor.Conduit} {
			s.when("PHI "+string(p), x.PHI == p)
		}
		s.when("v2", x.Entity == "v2")
		s.when("required attestation", len(x.Requires) > 0)
		s.when("no places", x.StoragePlaces == nil)
		s.when("class ai", x.Class == "ai")
		s.when("unknown field", x.Extra != nil)
	}
	s.check(t)
}

// Stories hold every kind of event that they are to hold, and changes and
// customers in every status that counts.
func TestStoryGenerators(t *testing.T) {
	t.Parallel()
	s := seen{}
	stories := examples(400, rapid.Custom(func(t *rapid.T) *subprocessortest.Story {
		s := subprocessortest.Begin()
		if rapid.IntRange(0, 3).Draw(t, "furnished") > 0 {
			s.Furnish(t)
		}
		for range 60 {
			s.Step(t)
		}
		s.Churn(t, 20)
		return s
	}))
	rare := []subprocessor.EventKind{ // those of which no generator makes any
		subprocessor.MilestoneMet, subprocessor.AttestationWithdrawn, subprocessor.WaiverGranted, subprocessor.ChangeCorrected,
	}
	for _, k := range []subprocessor.EventKind{
		subprocessor.EntityRecorded, subprocessor.EngagementProposed, subprocessor.EngagementReviewed, subprocessor.EngagementContracted, subprocessor.EngagementActivated,
		subprocessor.EngagementSuspended, subprocessor.EngagementResumed, subprocessor.EngagementOffboarding, subprocessor.RetentionClosed, subprocessor.ExceptionOpened, subprocessor.ExceptionClosed,
		subprocessor.EngagementRemoved, subprocessor.ContractSigned, subprocessor.ContractEnded, subprocessor.AttestationRecorded, subprocessor.VendorReviewed, subprocessor.ChangeDrafted,
		subprocessor.ChangeApproval, subprocessor.ChangeAnnouncement, subprocessor.ChangeCancellation, subprocessor.ChangeWithdrawal, subprocessor.ChangeTookEffect, subprocessor.EmergencyTookEffect,
		subprocessor.RolledBack, subprocessor.NoticePosted, subprocessor.NoticeQueued, subprocessor.NoticeOpened, subprocessor.ObjectionResolving, subprocessor.NoticeSent, subprocessor.NoticeDelivered, subprocessor.NoticeAcknowledged, subprocessor.NoticeBounced,
		subprocessor.ConsentGiven, subprocessor.ObjectionReceived, subprocessor.ObjectionResolved, subprocessor.CustomerGatedOff, subprocessor.CustomerReleased, subprocessor.ListPublished,
	} {
		s[string(k)] = 0
	}
	for _, k := range []subprocessor.CustomerStatus{
		subprocessor.CustomerNoTerms, subprocessor.CustomerNotRequired, subprocessor.CustomerPending, subprocessor.CustomerWaiting, subprocessor.CustomerObjected, subprocessor.CustomerResolving,
		subprocessor.CustomerAccommodated, subprocessor.CustomerTerminated, subprocessor.CustomerCleared, subprocessor.CustomerRatified, subprocessor.CustomerWithdrawn,
	} {
		s["customer "+string(k)] = 0
	}
	for _, k := range []subprocessor.ChangeStatus{
		subprocessor.ChangeAnnounced, subprocessor.ChangeWaiting, subprocessor.ChangeObjected, subprocessor.ChangeCleared, subprocessor.ChangeEffective, subprocessor.ChangeCancelled,
		subprocessor.ChangeWithdrawn, subprocessor.ChangeEmergency, subprocessor.ChangeAnnouncedLate, subprocessor.ChangeRatified, subprocessor.ChangeRolledBack,
	} {
		s["change "+string(k)] = 0
	}
	for _, x := range stories {
		for _, e := range x.Events {
			if slices.Contains(rare, e.Kind) {
				t.Errorf("%s is made after all: expect it", e.Kind)
			}
			s[string(e.Kind)]++
		}
		state, err := x.Registry.StateAt(x.Events, x.Now, x.Now)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range state.Changes() {
			s["change "+string(c.Status)]++
			for _, k := range c.Customers {
				s["customer "+string(k.Status)]++
			}
		}
		index := subprocessor.Compile(state)
		for _, g := range state.Engagements() {
			d := index.Gate(g.Engagement.ID, "c1", x.Now)
			s.when("the gate is open", d.Yes())
			s.when("the gate is closed", !d.Yes())
		}
	}
	s.check(t)
}
