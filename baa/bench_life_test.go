package baa_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// longLife returns a life of n events: an acceptance, then disclosures, and
// breaches that are noticed, cured or waived, some of them never.
func longLife(tb testing.TB, n int) (*baa.Lifecycle, []baa.Event) {
	tb.Helper()
	life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: load(tb, "America/Chicago"), Versions: []baa.VersionTerms{{
		Version: "v1", Signers: []baa.Side{baa.CoveredEntitySide}, StandingOffer: true,
		Cure: baakit.MustParsePeriod("30 days"), RulesOf: baakit.MustParseDate("2020-01-01"),
	}}})
	if err != nil {
		tb.Fatal(err)
	}
	start := time.Date(2020, 1, 2, 12, 0, 0, 0, time.UTC)
	var events []baa.Event
	add := func(e baa.Event) {
		e.Seq = len(events) + 1
		e.At = start.Add(time.Duration(e.Seq) * time.Hour)
		e.Recorded = e.At
		events = append(events, e)
	}
	add(baa.Event{Kind: baa.Accepted, By: baa.CoveredEntitySide, Version: "v1", Assent: &baa.Assent{
		Method: baa.Clickwrap, VersionHash: "v1", Authority: true, Copy: true, Strength: baa.Strong,
	}})
	for i := 0; len(events) < n; i++ {
		switch ref := fmt.Sprintf("B-%d", i/4); i % 4 {
		case 0:
			add(baa.Event{Kind: baa.BreachNotice, By: baa.CoveredEntitySide, Ref: ref})
		case 1:
			add(baa.Event{Kind: baa.Cured, Ref: ref})
		default:
			add(baa.Event{Kind: baa.Disclosed, By: baa.BusinessAssociateSide})
		}
	}
	return life, events
}

func BenchmarkStateAt10000(b *testing.B) {
	life, events := longLife(b, 10_000)
	end := events[len(events)-1].At.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := life.StateAt(events, end, end); err != nil {
			b.Fatal(err)
		}
	}
}

// Every breach stays open, and PHI flows that may not: the worst case.
func BenchmarkStateAt10000Worst(b *testing.B) {
	life, events := longLife(b, 10_000)
	for i := range events[1:] {
		e := &events[i+1]
		if i%2 == 0 {
			*e = baa.Event{Seq: e.Seq, Kind: baa.BreachNotice, By: baa.CoveredEntitySide, Ref: fmt.Sprintf("B-%d", i), At: events[0].At.Add(time.Duration(i) * time.Minute)}
		} else {
			*e = baa.Event{Seq: e.Seq, Kind: baa.Objected, By: baa.CoveredEntitySide, Version: "v1", At: events[0].At.Add(time.Duration(i) * time.Minute)}
		}
		e.Recorded = e.At
	}
	end := events[len(events)-1].At.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := life.StateAt(events, end, end); err != nil {
			b.Fatal(err)
		}
	}
}

// dossiers returns n agreements and n relationships.
func dossiers(tb testing.TB, n int) ([]baa.Dossier, []baa.Relationship) {
	tb.Helper()
	_, events := longLife(tb, 20)
	var list []baa.Dossier
	var rels []baa.Relationship
	for i := range n {
		name := fmt.Sprintf("Vendor %d", i)
		d := baa.Dossier{
			ID: fmt.Sprintf("A-%d", i), Counterparty: name, Services: []string{"backup"}, Regions: []string{"US"}, Zone: "America/Chicago", Events: events,
			Versions: []baa.VersionTerms{{
				Version: "v1", Signers: []baa.Side{baa.CoveredEntitySide}, StandingOffer: true,
				Cure: baakit.MustParsePeriod("30 days"), RulesOf: baakit.MustParseDate("2020-01-01"),
			}},
		}
		list = append(list, d)
		f := knownFacts()
		if i%3 == 0 {
			f.Activity = ""
		}
		if i%50 == 0 {
			f = baa.Facts{}
		}
		rels = append(rels, baa.Relationship{ID: fmt.Sprintf("R-%d", i), Counterparty: name, Services: []string{"backup"}, Regions: []string{"US"}, Facts: f})
	}
	return list, rels
}

func BenchmarkRegister10000(b *testing.B) {
	list, rels := dossiers(b, 10_000)
	on := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		r, err := baa.NewRegister(list, rels, nil)
		if err != nil {
			b.Fatal(err)
		}
		report, err := r.Check(on, on)
		if err != nil {
			b.Fatal(err)
		}
		if len(report.CSV()) == 0 {
			b.Fatal("nothing")
		}
	}
}
