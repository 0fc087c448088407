package subprocessor_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

// openExceptions returns the exceptions that are open about engagements which
// are the entity's now, counted from the events alone.
func openExceptions(events []subprocessor.Event, now time.Time, entity string, state *subprocessor.State) []string {
	var open []string
	for _, e := range events {
		if e.At.After(now) || e.Kind != subprocessor.ExceptionOpened && e.Kind != subprocessor.ExceptionClosed {
			continue
		}
		if g, _ := state.Engagement(e.Subject); g.Engagement.Entity != entity {
			continue
		}
		key := e.Subject + " " + e.Ref
		open = slices.DeleteFunc(open, func(k string) bool { return k == key })
		if e.Kind == subprocessor.ExceptionOpened {
			open = append(open, key)
		}
	}
	return open
}

// Invariant 14, after every single event: nothing is removed while an
// exception is open, and an entity that was offboarded with nothing left in
// use comes back by a change that was drafted after that, or not at all.
func TestRemovalAndReturn(t *testing.T) {
	t.Parallel()
	type count struct{ removed, left, returned int }
	live := rapid.Custom(func(t *rapid.T) (n count) {
		s := subprocessortest.Begin()
		s.Furnish(t)
		s.Churn(t, rapid.IntRange(20, 60).Draw(t, "steps"))
		gone := make(map[string]int) // entity: the Seq with which it left
		drafted := make(map[string]int)
		for i, e := range s.Events {
			state, err := s.Registry.StateAt(s.Events[:i+1], e.At, e.Recorded)
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind == subprocessor.ChangeDrafted {
				drafted[e.Change.ID] = e.Seq
			}
			used, ever := make(map[string]bool), make(map[string]bool)
			for _, g := range state.Engagements() {
				id := g.Engagement.Entity
				used[id] = used[id] || g.Status == subprocessor.Active || g.Status == subprocessor.Suspended
				ever[id] = ever[id] || g.Status == subprocessor.Offboarding || g.Status == subprocessor.Removed
				if g.Status == subprocessor.Removed {
					n.removed++
					if held := openExceptions(s.Events[:i+1], e.At, id, state); len(held) > 0 {
						t.Fatalf("after %d (%s) %s is removed with the open exceptions %v", e.Seq, e.Kind, g.Engagement.ID, held)
					}
				}
			}
			for id, out := range ever {
				if _, was := gone[id]; out && !used[id] && !was {
					gone[id] = e.Seq
					n.left++
				}
			}
			for id, seq := range gone {
				if !used[id] {
					continue
				}
				if e.Kind != subprocessor.ChangeTookEffect && e.Kind != subprocessor.EmergencyTookEffect || drafted[e.ChangeID] <= seq {
					t.Fatalf("%s left with %d and came back with %d (%s of %s, drafted with %d)", id, seq, e.Seq, e.Kind, e.ChangeID, drafted[e.ChangeID])
				}
				delete(gone, id)
				n.returned++
			}
		}
		return n
	})
	rapid.Check(t, func(t *rapid.T) { live.Draw(t, "counts") })
	// Counted over stories that are always the same, so that a short run does
	// not fail for want of luck.
	var all count
	for seed := range 100 {
		n := live.Example(seed)
		all = count{all.removed + n.removed, all.left + n.left, all.returned + n.returned}
	}
	t.Logf("%+v", all)
	if all.removed == 0 || all.left == 0 || all.returned == 0 {
		t.Error("the stories prove nothing")
	}
}

// PHI that turns up at an entity that was removed brings it back into
// offboarding; it can be removed again when the exception is closed.
func TestExceptionAfterRemoval(t *testing.T) {
	t.Parallel()
	s := customers(t)
	about := func(k subprocessor.EventKind, ref string) subprocessor.Event {
		return subprocessor.Event{Kind: k, Subject: "old-backup", Ref: ref}
	}
	s.do("2026-11-03", about(subprocessor.EngagementOffboarding, ""))
	s.do("2026-11-04", about(subprocessor.RetentionClosed, "c1"))
	s.do("2026-11-04", about(subprocessor.EngagementRemoved, ""))
	s.do("2026-11-05", about(subprocessor.ExceptionOpened, "tape"))
	if g, _ := s.at("2026-11-05").Engagement("old-backup"); g.Status != subprocessor.Offboarding {
		t.Fatalf("%s with an open exception", g.Status)
	}
	s.refused("2026-11-06", about(subprocessor.EngagementRemoved, ""), subprocessor.ErrHoldsPHI)
	s.do("2026-11-06", about(subprocessor.ExceptionClosed, "tape"))
	s.refused("2026-11-06", about(subprocessor.EngagementRemoved, ""), subprocessor.ErrHoldsPHI)
	s.do("2026-11-07", about(subprocessor.RetentionClosed, "c2"))
	s.do("2026-11-07", about(subprocessor.EngagementRemoved, ""))
}

// A change that was drafted before a vendor left does not bring it back; one
// that was drafted after does.
func TestOldChangeBringsNobodyBack(t *testing.T) {
	t.Parallel()
	s := customers(t)
	again := subprocessor.Engagement{ID: "old-again", Entity: "old", Purpose: "Backup", PHI: subprocessor.HandlesPHI}
	s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &again})
	s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: "old-again"})
	s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: "old-again"})
	add := func(id, on string) {
		s.do(on, subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &subprocessor.Change{ID: id, Kind: subprocessor.AddSubprocessor, After: &again}})
		s.do(on, subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: id})
		s.do(on, subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: id})
		for _, c := range []string{"a", "b", "c"} {
			s.do(on, subprocessor.Event{Kind: subprocessor.ConsentGiven, ChangeID: id, Customer: c})
		}
	}
	add("before", "2026-11-04")
	s.do("2026-11-05", subprocessor.Event{Kind: subprocessor.EngagementOffboarding, Subject: "old-backup"})
	s.refused("2026-11-06", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "before"}, subprocessor.ErrNotPossible)
	add("after", "2026-11-06")
	s.do("2026-11-06", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "after"})
}

// An engagement that is over and passes to another entity by a merger makes
// that one an entity that left: what was drafted before does not bring it in.
func TestMergerCarriesOffboarding(t *testing.T) {
	t.Parallel()
	s := customers(t)
	draft := func(c *subprocessor.Change) {
		s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: c})
		s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: c.ID})
		s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: c.ID})
		for _, customer := range []string{"a", "b", "c"} {
			s.do("2026-11-03", subprocessor.Event{Kind: subprocessor.ConsentGiven, ChangeID: c.ID, Customer: customer})
		}
	}
	draft(&subprocessor.Change{ID: "add", Kind: subprocessor.AddSubprocessor, After: &subprocessor.Engagement{ID: "new-backup", Entity: "new", Purpose: "Backup", PHI: subprocessor.EncryptedNoKey}})
	draft(&subprocessor.Change{ID: "merger", Kind: subprocessor.Merger, After: &subprocessor.Engagement{ID: "old-backup", Entity: "new", Purpose: "Backup", PHI: subprocessor.HandlesPHI}})
	s.do("2026-11-04", subprocessor.Event{Kind: subprocessor.EngagementOffboarding, Subject: "old-backup"})
	s.do("2026-11-05", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "merger"})
	s.refused("2026-11-06", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "add"}, subprocessor.ErrNotPossible)
}

// Invariant 8 whole: a further customer never makes the date earlier, and
// never lets a change take effect that could not without it.
func TestCustomerNeverHastens(t *testing.T) {
	t.Parallel()
	compare := rapid.Custom(func(t *rapid.T) (outcome string) {
		ids := []string{"c1", "c2", "c3"}
		added := rapid.SampledFrom(ids).Draw(t, "added")
		both := [2]*subprocessortest.Story{subprocessortest.Begin(), subprocessortest.Begin()} // without, with
		do := func(e subprocessor.Event) {
			if e.Contract != nil && e.Contract.Upstream == added || e.Customer == added {
				both[1].Do(e)
				return
			}
			if both[0].Do(e) != both[1].Do(e) {
				t.Fatalf("%s is possible with or without %s only", e.Kind, added)
			}
		}
		today := day("2026-01-01")
		sign := func(up, down string, n *subprocessor.NoticeTerms) {
			do(subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{ID: up + "-" + down, Upstream: up, Downstream: down, Kind: subprocessor.BAA, Signed: today, Effective: today, Notice: n}})
		}
		sign(subprocessortest.Vendor, "v1", nil)
		for _, c := range ids {
			var n *subprocessor.NoticeTerms
			if rapid.IntRange(0, 7).Draw(t, c+" terms") > 0 {
				terms := subprocessortest.NoticeTerms().Draw(t, c)
				if rapid.IntRange(0, 3).Draw(t, c+" usual") > 0 {
					terms.Consent, terms.Material, terms.Window = subprocessor.ConsentSilence, nil, subprocessortest.Period(false).Draw(t, c+" window")
				}
				n = &terms
			}
			sign(c, subprocessortest.Vendor, n)
		}
		e := subprocessor.Engagement{ID: "e1", Entity: "v1", Purpose: "p", PHI: subprocessor.HandlesPHI, Class: rapid.SampledFrom([]string{"", "ai"}).Draw(t, "class")}
		do(subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
		do(subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: "e1"})
		do(subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: "e1"})
		change := subprocessor.Change{ID: "ch", Kind: subprocessor.AddSubprocessor, After: &e}
		if rapid.IntRange(0, 3).Draw(t, "planned") == 0 {
			change.Planned = today.AddDays(rapid.IntRange(0, 60).Draw(t, "planned on"))
		}
		do(subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &change})
		do(subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: "ch"})
		do(subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: "ch"})
		if rapid.IntRange(0, 7).Draw(t, "posted") > 0 {
			do(subprocessor.Event{Kind: subprocessor.NoticePosted, ChangeID: "ch"})
		}
		for _, c := range ids {
			for _, k := range []subprocessor.EventKind{subprocessor.NoticeSent, subprocessor.NoticeDelivered, subprocessor.NoticeAcknowledged, subprocessor.NoticeBounced} {
				if often := map[subprocessor.EventKind]int{subprocessor.NoticeBounced: 1}[k]; rapid.IntRange(0, 19).Draw(t, c+string(k)) < 18-17*often {
					do(subprocessor.Event{Kind: k, ChangeID: "ch", Customer: c, Notice: "n-" + c})
				}
			}
			switch rapid.IntRange(0, 7).Draw(t, c+" answers") {
			case 0:
				do(subprocessor.Event{Kind: subprocessor.ObjectionReceived, ChangeID: "ch", Customer: c, Ref: "o1"})
			case 1:
				do(subprocessor.Event{Kind: subprocessor.ConsentGiven, ChangeID: "ch", Customer: c})
			case 2:
				do(subprocessor.Event{Kind: subprocessor.CustomerGatedOff, ChangeID: "ch", Customer: c})
			}
		}
		at := both[0].Now.AddDate(0, 0, rapid.IntRange(0, 90).Draw(t, "days"))
		both[0].Now, both[1].Now = at, at
		var first [2]subprocessor.ChangeState
		for i, s := range both {
			state, err := s.Registry.StateAt(s.Events, at, at)
			if err != nil {
				t.Fatal(err)
			}
			first[i], _ = state.Change("ch")
		}
		// Where nobody holds the change up, none needs a date; that is not the
		// same as a date that is not known.
		free := !slices.ContainsFunc(first[0].Customers, func(k subprocessor.CustomerState) bool {
			return !k.GatedOff && k.Status != subprocessor.CustomerNotRequired
		})
		switch a, b := first[0].Earliest, first[1].Earliest; {
		case free:
			outcome = "nobody holds it up"
		case a.IsZero() && !b.IsZero():
			t.Fatalf("unknown without %s, %s with it", added, b)
		case !b.IsZero() && b.Before(a):
			t.Fatalf("%s without %s, %s with it", a, added, b)
		case b.IsZero() && !a.IsZero():
			outcome = "unknown"
		case a == b && !a.IsZero():
			outcome = "the same"
		case b.After(a):
			outcome = "later"
		}
		took := subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "ch"}
		if with, without := both[1].Do(took), both[0].Do(took); with && !without {
			t.Fatalf("takes effect with %s and not without it", added)
		}
		return outcome
	})
	rapid.Check(t, func(t *rapid.T) { compare.Draw(t, "outcome") })
	// Which outcomes occur is counted over draws that are always the same, so
	// that a short run does not fail for want of luck.
	seen := make(map[string]int)
	for seed := range 100 {
		seen[compare.Example(seed)]++
	}
	t.Log(seen)
	if seen["later"] == 0 || seen["unknown"] == 0 || seen["the same"] == 0 {
		t.Error("the cases prove nothing")
	}
}
