// Package subprocessortest helps to test what uses package subprocessor:
// generators for rapid, each named for the type that it draws, golden
// scenarios, and registries of any size.
package subprocessortest

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

// Vendor is the id of the vendor of every registry of this package.
const Vendor = "vendor"

// Registry returns a registry in UTC whose business days are Monday to Friday.
func Registry() *subprocessor.Registry {
	r, err := subprocessor.NewRegistry(subprocessor.RegistryConfig{Vendor: Vendor, Zone: time.UTC, Calendar: baakit.Weekdays()})
	if err != nil {
		panic(err)
	}
	return r
}

// Period draws a period that contracts use; with hours only if asked.
func Period(hours bool) *rapid.Generator[baakit.Period] {
	units := []baakit.Unit{baakit.Days, baakit.BusinessDays, baakit.Months}
	if hours {
		units = append(units, baakit.Hours, baakit.Hours)
	}
	return rapid.Custom(func(t *rapid.T) baakit.Period {
		u := rapid.SampledFrom(units).Draw(t, "unit")
		n := map[baakit.Unit]int{baakit.Hours: 96, baakit.Days: 60, baakit.BusinessDays: 20, baakit.Months: 3}[u]
		return baakit.MustPeriod(rapid.IntRange(1, n).Draw(t, "n"), u)
	})
}

func optional[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	var zero T
	return rapid.OneOf(rapid.Just(zero), g, g)
}

// Terms draws valid terms: each of them stated or not.
func Terms() *rapid.Generator[subprocessor.Terms] {
	return rapid.Custom(func(t *rapid.T) subprocessor.Terms {
		list := func(name string, of ...string) []string {
			if rapid.Bool().Draw(t, name+" silent") {
				return nil
			}
			return append([]string{}, rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID).Draw(t, name)...)
		}
		terms := subprocessor.Terms{
			PermittedUses:  list("uses", "backup", "support", "analytics"),
			BreachReport:   optional(Period(true)).Draw(t, "breach"),
			IncidentReport: optional(Period(true)).Draw(t, "incident"),
			ReturnDestroy:  optional(Period(false)).Draw(t, "return"),
			Places:         list("places", "US", "CA", "DE"),
			Subcontracting: rapid.SampledFrom([]subprocessor.Subcontracting{"", subprocessor.SubcontractingGeneral, subprocessor.SubcontractingSpecific, subprocessor.SubcontractingProhibited}).Draw(t, "subcontracting"),
			Audit:          rapid.SampledFrom([]subprocessor.AuditRight{"", subprocessor.AuditDocuments, subprocessor.AuditYearly, subprocessor.AuditAnyTime}).Draw(t, "audit"),
			MinStandard:    rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"soc2_type2", "hitrust_r2"}), 0, 2, rapid.ID).Draw(t, "standards"),
		}
		if len(terms.MinStandard) == 0 {
			terms.MinStandard = nil
		}
		if rapid.Bool().Draw(t, "insured") {
			terms.Insurance = decimal.NewNullDecimal(decimal.New(rapid.Int64Range(0, 5).Draw(t, "insurance"), 6))
		}
		return terms
	})
}

// NoticeTerms draws valid terms of notice.
func NoticeTerms() *rapid.Generator[subprocessor.NoticeTerms] {
	return rapid.Custom(func(t *rapid.T) subprocessor.NoticeTerms {
		n := subprocessor.NoticeTerms{
			Notice:   optional(Period(false)).Draw(t, "notice"),
			Window:   optional(Period(false)).Draw(t, "window"),
			Start:    rapid.SampledFrom([]subprocessor.Start{subprocessor.StartSent, subprocessor.StartReceived, subprocessor.StartPosted}).Draw(t, "start"),
			Consent:  rapid.SampledFrom([]subprocessor.Consent{subprocessor.ConsentSilence, subprocessor.ConsentSilence, subprocessor.ConsentAffirmative, subprocessor.ConsentNone}).Draw(t, "consent"),
			Evidence: rapid.SampledFrom([]subprocessor.Delivery{"", subprocessor.Opened, subprocessor.Acknowledged}).Draw(t, "evidence"),
			Cure:     optional(Period(false)).Draw(t, "cure"),
		}
		if rapid.Bool().Draw(t, "emergency clause") {
			n.Emergency = &subprocessor.EmergencyTerms{Reasons: []string{"security"}, NoticeWithin: Period(false).Draw(t, "within"), Longest: optional(Period(false)).Draw(t, "longest")}
		}
		if rapid.Bool().Draw(t, "classes") {
			n.Classes = []subprocessor.ClassTerms{{Class: "ai", Notice: optional(Period(false)).Draw(t, "ai notice"), Window: optional(Period(false)).Draw(t, "ai window")}}
		}
		if rapid.IntRange(0, 3).Draw(t, "some material") == 0 {
			n.Material = rapid.SliceOfNDistinct(rapid.SampledFrom(subprocessor.ChangeKinds()), 1, 5, rapid.ID).Draw(t, "material")
		}
		return n
	})
}

// Engagement draws a valid engagement of one of the entities.
func Engagement(id string, entities ...string) *rapid.Generator[subprocessor.Engagement] {
	return rapid.Custom(func(t *rapid.T) subprocessor.Engagement {
		e := subprocessor.Engagement{
			ID: id, Entity: rapid.SampledFrom(entities).Draw(t, "entity"), Service: "store", Purpose: rapid.SampledFrom([]string{"Backup", "Support <desk>", "Hosting | EU"}).Draw(t, "purpose"),
			PHI:           rapid.SampledFrom([]subprocessor.PHI{subprocessor.HandlesPHI, subprocessor.HandlesPHI, subprocessor.EncryptedNoKey, subprocessor.NoPHI, subprocessor.Conduit}).Draw(t, "phi"),
			StoragePlaces: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"US", "CA"}), 0, 2, rapid.ID).Draw(t, "places"),
			Class:         rapid.SampledFrom([]string{"", "ai"}).Draw(t, "class"),
		}
		if e.PHI == subprocessor.Conduit {
			e.PHIBasis = "transmission only"
		}
		if rapid.IntRange(0, 3).Draw(t, "requires") == 0 {
			e.Requires = []subprocessor.Requirement{{Kind: subprocessor.HITRUSTe1}}
		}
		if len(e.StoragePlaces) == 0 {
			e.StoragePlaces = nil
		}
		if rapid.IntRange(0, 3).Draw(t, "unknown field") == 0 {
			e.Extra = subprocessor.Extra{"x_note": []byte(`{"a":[1,"\u003c"]}`)}
		}
		return e
	})
}

// Events draws a registry's life: commands of every kind in an order that is
// often wrong, of which those that [subprocessor.Registry.Record] accepted.
func Events() *rapid.Generator[[]subprocessor.Event] {
	return rapid.Custom(func(t *rapid.T) []subprocessor.Event {
		s := Begin()
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			s.Step(t)
		}
		return s.Events
	})
}

// A Story is a life of a registry that grows by steps.
type Story struct {
	Registry *subprocessor.Registry
	Events   []subprocessor.Event
	Now      time.Time
	changes  int
}

var (
	customers = []string{"c1", "c2", "c3"}
	vendors   = []string{"v1", "v2", "v3"}
	works     = []string{"e1", "e2", "e3", "e4"}
)

// Begin returns a story with its entities, and nothing else.
func Begin() *Story {
	s := &Story{Registry: Registry(), Now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	for _, id := range customers {
		s.Do(subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: id, LegalName: "Clinic " + id, Role: subprocessor.CoveredEntity, Contact: id + "@clinic.example"}})
	}
	for _, id := range append([]string{Vendor}, vendors...) {
		s.Do(subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: id, LegalName: "Company " + id, Role: subprocessor.BusinessAssociate}})
	}
	return s
}

// Do records an event at the story's time and reports whether it was accepted.
func (s *Story) Do(e subprocessor.Event) bool {
	e.At = s.Now
	e, err := s.Registry.Record(s.Events, e)
	if err == nil {
		s.Events = append(s.Events, e)
	}
	return err == nil
}

// Step goes on some days or does something, possible or not.
func (s *Story) Step(t *rapid.T) {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	today := baakit.DateOf(s.Now, time.UTC)
	change := fmt.Sprintf("ch%d", rapid.IntRange(0, max(0, s.changes-1)).Draw(t, "which change"))
	switch rapid.IntRange(0, 15).Draw(t, "what") {
	case 0, 1:
		s.Now = s.Now.AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, "days"))
	case 2, 3:
		up, down := pick("up", append([]string{Vendor}, customers...)...), Vendor
		c := subprocessor.Contract{Kind: subprocessor.BAA, Signed: today, Effective: today.AddDays(rapid.IntRange(-5, 20).Draw(t, "effective"))}
		if rapid.Bool().Draw(t, "below") {
			up, down = pick("upper", append([]string{Vendor}, vendors...)...), pick("lower", vendors...)
		}
		c.ID, c.Upstream, c.Downstream = up+"-"+down, up, down
		if rapid.IntRange(0, 3).Draw(t, "with terms") == 0 {
			c.Terms = Terms().Draw(t, "terms")
		}
		if rapid.IntRange(0, 4).Draw(t, "with notice") > 0 {
			n := NoticeTerms().Draw(t, "notice terms")
			c.Notice = &n
		}
		s.Do(subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &c})
	case 4:
		s.Do(subprocessor.Event{Kind: subprocessor.ContractEnded, Subject: pick("ended", "c1-vendor", "vendor-v1", "vendor-v2"), On: today.AddDays(rapid.IntRange(0, 30).Draw(t, "last"))})
	case 5, 6:
		e := Engagement(pick("engagement", works...), vendors...).Draw(t, "engagement")
		s.Do(subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
		s.Do(subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: e.ID})
		s.Do(subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: e.ID})
	case 7, 8:
		s.Do(subprocessor.Event{Kind: rapid.SampledFrom([]subprocessor.EventKind{
			subprocessor.EngagementActivated, subprocessor.EngagementActivated, subprocessor.EngagementSuspended, subprocessor.EngagementResumed, subprocessor.EngagementOffboarding, subprocessor.EngagementRemoved,
		}).Draw(t, "status"), Subject: pick("subject", works...)})
	case 9:
		s.Do(subprocessor.Event{Kind: rapid.SampledFrom([]subprocessor.EventKind{subprocessor.RetentionClosed, subprocessor.ExceptionOpened, subprocessor.ExceptionClosed}).Draw(t, "retention"), Subject: pick("subject", works...), Ref: "r1"})
	case 10:
		c := subprocessor.Change{ID: fmt.Sprintf("ch%d", s.changes), Kind: rapid.SampledFrom(subprocessor.ChangeKinds()).Draw(t, "kind"), Before: pick("before", "", "e1", "e2")}
		if c.Kind != subprocessor.RemoveSubprocessor {
			e := Engagement(pick("after", works...), vendors...).Draw(t, "after")
			c.After = &e
		}
		if rapid.Bool().Draw(t, "emergency") {
			c.Emergency = &subprocessor.Emergency{Reason: pick("why", "security", "cost"), Approver: "CISO", Until: today.AddDays(rapid.IntRange(0, 60).Draw(t, "until"))}
		}
		if s.Do(subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &c}) {
			s.changes++
			s.Do(subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: c.ID})
			if c.Emergency == nil {
				s.Do(subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: c.ID})
			}
		}
	case 11, 12:
		s.Do(subprocessor.Event{Kind: rapid.SampledFrom([]subprocessor.EventKind{
			subprocessor.ChangeTookEffect, subprocessor.ChangeTookEffect, subprocessor.EmergencyTookEffect, subprocessor.RolledBack, subprocessor.NoticePosted, subprocessor.ChangeCancellation, subprocessor.ChangeWithdrawal,
		}).Draw(t, "change event"), ChangeID: change})
	case 13:
		kind := rapid.SampledFrom([]subprocessor.EventKind{subprocessor.NoticeSent, subprocessor.NoticeSent, subprocessor.NoticeQueued, subprocessor.NoticeDelivered, subprocessor.NoticeOpened, subprocessor.NoticeAcknowledged, subprocessor.NoticeBounced}).Draw(t, "notice event")
		for _, c := range customers {
			if rapid.IntRange(0, 3).Draw(t, "to "+c) > 0 {
				s.Do(subprocessor.Event{Kind: kind, ChangeID: change, Customer: c, Notice: "n-" + c + pick("attempt", "1", "2")})
			}
		}
	case 14:
		e := subprocessor.Event{Kind: rapid.SampledFrom([]subprocessor.EventKind{
			subprocessor.ConsentGiven, subprocessor.ObjectionReceived, subprocessor.ObjectionResolved, subprocessor.CustomerGatedOff, subprocessor.CustomerReleased,
		}).Draw(t, "customer event"), ChangeID: change, Customer: pick("customer", customers...), Ref: "o1"}
		resolve := func() {
			e.Kind = subprocessor.ObjectionResolved
			e.Outcome = rapid.SampledFrom([]subprocessor.Outcome{subprocessor.ObjectionWithdrawn, subprocessor.Accepted, subprocessor.Accommodated, subprocessor.Accommodated, subprocessor.ServiceTerminated, subprocessor.WithdrawChange}).Draw(t, "outcome")
			s.Do(e)
		}
		switch {
		case e.Kind == subprocessor.ObjectionResolved:
			resolve()
		case s.Do(e) && e.Kind == subprocessor.ObjectionReceived:
			if rapid.Bool().Draw(t, "resolving") {
				e.Kind = subprocessor.ObjectionResolving
				s.Do(e)
			}
			if rapid.Bool().Draw(t, "at once") {
				resolve()
			}
		}
	case 15:
		if rapid.Bool().Draw(t, "attest") {
			s.Do(subprocessor.Event{Kind: subprocessor.AttestationRecorded, Attestation: &subprocessor.Attestation{ID: "a-" + pick("attested", vendors...), Entity: pick("of", vendors...), Kind: subprocessor.HITRUSTe1, Issued: today.AddDays(-rapid.IntRange(0, 400).Draw(t, "old")), Services: []string{"store"}}})
			return
		}
		if e, err := s.Registry.Publish(s.Events, s.Now); err == nil {
			s.Events = append(s.Events, e)
		}
	}
}

// Churn lets engagements leave and come back, and exceptions to their
// retention open and close, in an order that is often wrong: steps that a story
// takes rarely.
func (s *Story) Churn(t *rapid.T, steps int) {
	for range steps {
		id := fmt.Sprintf("e%d", rapid.IntRange(1, 8).Draw(t, "work"))
		today := baakit.DateOf(s.Now, time.UTC)
		switch rapid.IntRange(0, 9).Draw(t, "churn") {
		case 0, 1:
			s.Do(subprocessor.Event{Kind: subprocessor.EngagementOffboarding, Subject: id})
		case 2:
			if rapid.Bool().Draw(t, "suspend") {
				s.Do(subprocessor.Event{Kind: subprocessor.EngagementSuspended, Subject: id})
			} else {
				s.Do(subprocessor.Event{Kind: subprocessor.EngagementResumed, Subject: id})
			}
		case 3:
			s.Do(subprocessor.Event{Kind: subprocessor.RetentionClosed, Subject: id, Ref: "c1"})
			s.Do(subprocessor.Event{Kind: subprocessor.EngagementRemoved, Subject: id})
		case 4:
			s.Do(subprocessor.Event{Kind: rapid.SampledFrom([]subprocessor.EventKind{subprocessor.ExceptionOpened, subprocessor.ExceptionClosed}).Draw(t, "exception"), Subject: id, Ref: "r1"})
		case 5, 6:
			e := subprocessor.Engagement{ID: id, Entity: rapid.SampledFrom(vendors[:2]).Draw(t, "entity"), Service: "store", Purpose: "Backup", PHI: subprocessor.HandlesPHI}
			s.Do(subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
			s.Do(subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: id})
			s.Do(subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: id})
			c := subprocessor.Change{ID: fmt.Sprintf("ch%d", s.changes), Kind: rapid.SampledFrom([]subprocessor.ChangeKind{subprocessor.AddSubprocessor, subprocessor.AddSubprocessor, subprocessor.Merger}).Draw(t, "kind"), After: &e}
			if s.Do(subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &c}) {
				s.changes++
				s.Do(subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: c.ID})
				s.Do(subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: c.ID})
				for _, customer := range customers {
					s.Do(subprocessor.Event{Kind: subprocessor.ConsentGiven, ChangeID: c.ID, Customer: customer})
				}
			}
		case 7, 8:
			s.Do(subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: fmt.Sprintf("ch%d", max(0, s.changes-1-rapid.IntRange(0, 2).Draw(t, "change")))})
		case 9:
			s.Do(subprocessor.Event{Kind: subprocessor.VendorReviewed, Review: &subprocessor.Review{
				ID: fmt.Sprintf("review%d", len(s.Events)), Entity: rapid.SampledFrom(vendors).Draw(t, "reviewed"), Standard: "baakit-vendor", Version: "1",
				AnswersHash: strings.Repeat("0", 64), ScoreRule: subprocessor.EvaluationSchema, Reviewer: "Privacy office", On: today, Outcome: subprocessor.ReviewFailed, NextDue: today.AddDays(90),
			}})
			s.Now = s.Now.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "days"))
		}
	}
}

// A Scenario is a story with an answer that is worked out by hand.
type Scenario struct {
	Name       string
	Events     []subprocessor.Event
	On         time.Time
	Engagement string
	Customer   string
	Yes        bool
}

// Scenarios returns golden scenarios of the gate, on both sides of a window of
// 30 days from a notice sent on 1 December 2026.
func Scenarios() []Scenario {
	s := Begin()
	on := func(day string) { s.Now = noon(day) }
	must := func(e subprocessor.Event) {
		if !s.Do(e) {
			panic("subprocessortest: bad scenario: " + string(e.Kind))
		}
	}
	contract := func(up, down string, n *subprocessor.NoticeTerms) {
		d := baakit.DateOf(s.Now, time.UTC)
		must(subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{ID: up + "-" + down, Upstream: up, Downstream: down, Kind: subprocessor.BAA, Signed: d, Effective: d, Notice: n}})
	}
	contract(Vendor, "v1", nil)
	contract("c1", Vendor, &subprocessor.NoticeTerms{Window: baakit.MustParsePeriod("30 days"), Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence})
	e := subprocessor.Engagement{ID: "e1", Entity: "v1", Purpose: "Backup", PHI: subprocessor.HandlesPHI}
	must(subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
	must(subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: "e1"})
	must(subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: "e1"})
	on("2026-11-20")
	must(subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &subprocessor.Change{ID: "add", Kind: subprocessor.AddSubprocessor, After: &e}})
	must(subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: "add"})
	on("2026-12-01")
	must(subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: "add"})
	must(subprocessor.Event{Kind: subprocessor.NoticeSent, ChangeID: "add", Customer: "c1", Notice: "n1"})
	on("2027-01-01")
	must(subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "add"})
	at := func(day string) time.Time { return noon(day).Add(time.Hour) }
	return []Scenario{
		{"before the window ended", s.Events, at("2026-12-31"), "e1", "c1", false},
		{"the day after it ended", s.Events, at("2027-01-01"), "e1", "c1", true},
		{"another customer", s.Events, at("2027-01-01"), "e1", "c2", false},
		{"another engagement", s.Events, at("2027-01-01"), "e2", "c1", false},
	}
}

// Large returns events of a registry with as many active engagements, one an
// entity below the vendor, and as many contracts in all; the rest of the
// contracts are those of customers.
func Large(engagements, contracts int) []subprocessor.Event {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	day := baakit.DateOf(at, time.UTC)
	var events []subprocessor.Event
	add := func(e subprocessor.Event) {
		e.Seq, e.At, e.Recorded = len(events)+1, at, at
		events = append(events, e)
	}
	entity := func(id string, role subprocessor.Role) {
		add(subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: id, LegalName: id, Role: role}})
	}
	contract := func(up, down string, terms subprocessor.Terms, n *subprocessor.NoticeTerms) {
		add(subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{ID: up + "-" + down, Upstream: up, Downstream: down, Kind: subprocessor.BAA, Signed: day, Effective: day, Terms: terms, Notice: n}})
	}
	hours := func(n int) baakit.Period { return baakit.MustPeriod(n, baakit.Hours) }
	entity(Vendor, subprocessor.BusinessAssociate)
	for i := range contracts - engagements {
		id := fmt.Sprintf("customer%d", i)
		entity(id, subprocessor.CoveredEntity)
		contract(id, Vendor, subprocessor.Terms{BreachReport: hours(48 + i%25), HearWithin: hours(96), Places: []string{"US", "CA"}, PermittedUses: []string{"backup", "support"}, MinStandard: []string{"soc2_type2"}}, &subprocessor.NoticeTerms{Window: baakit.MustPeriod(10+i%50, baakit.Days), Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence})
	}
	for i := range engagements {
		id := fmt.Sprintf("sub%d", i)
		entity(id, subprocessor.BusinessAssociate)
		contract(Vendor, id, subprocessor.Terms{BreachReport: hours(12 + i%13), Places: []string{"US"}, PermittedUses: []string{"backup"}, MinStandard: []string{"soc2_type2", "hitrust_r2"}}, nil)
		e := subprocessor.Engagement{ID: fmt.Sprintf("engagement%d", i), Entity: id, Purpose: "Backup", PHI: subprocessor.HandlesPHI}
		add(subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
		for _, k := range []subprocessor.EventKind{subprocessor.EngagementReviewed, subprocessor.EngagementContracted, subprocessor.EngagementActivated} {
			add(subprocessor.Event{Kind: k, Subject: e.ID})
		}
	}
	return events
}

func noon(day string) time.Time {
	start, _ := baakit.MustParseDate(day).In(time.UTC)
	return start.Add(12 * time.Hour)
}

// Furnish gives a story what most commands need: contracts of every customer,
// contracts with two companies, one engagement in use and one to come.
func (s *Story) Furnish(t *rapid.T) {
	today := baakit.DateOf(s.Now, time.UTC)
	sign := func(up, down string, n *subprocessor.NoticeTerms) {
		s.Do(subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{ID: up + "-" + down, Upstream: up, Downstream: down, Kind: subprocessor.BAA, Signed: today, Effective: today, Notice: n}})
	}
	sign(Vendor, "v1", nil)
	sign(Vendor, "v2", nil)
	for _, c := range customers {
		n := NoticeTerms().Draw(t, "terms of "+c)
		sign(c, Vendor, &n)
	}
	for _, id := range works[:2] {
		e := subprocessor.Engagement{ID: id, Entity: rapid.SampledFrom(vendors[:2]).Draw(t, "entity of "+id), Service: "store", Purpose: "Backup", PHI: subprocessor.HandlesPHI}
		for _, ev := range []subprocessor.Event{{Kind: subprocessor.EngagementProposed, Engagement: &e}, {Kind: subprocessor.EngagementReviewed, Subject: id}, {Kind: subprocessor.EngagementContracted, Subject: id}} {
			s.Do(ev)
		}
		if id == "e1" {
			s.Do(subprocessor.Event{Kind: subprocessor.EngagementActivated, Subject: id})
			continue
		}
		c := subprocessor.Change{ID: "ch0", Kind: subprocessor.AddSubprocessor, After: &e}
		if rapid.Bool().Draw(t, "urgent") {
			c.Emergency = &subprocessor.Emergency{Reason: "security", Approver: "CISO", Until: today.AddDays(90)}
		}
		s.Do(subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: &c})
		s.Do(subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: c.ID})
		s.Do(subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: c.ID})
		s.changes = 1
	}
}
