package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
)

// subprocessors: the vendor replaces its backup provider and tells three
// customers with different terms; one notice bounces, one customer objects in
// time, an emergency comes before its notice, and the gate opens for one
// customer after the other.
type subprocessors struct {
	s      *stage
	reg    *subprocessor.Registry
	events []subprocessor.Event
	rows   [][]string
	outbox *subprocessoroutbox.Outbox
}

func (*subprocessors) name() string  { return "subprocessors" }
func (*subprocessors) title() string { return "The vendor changes its own vendors" }

func (*subprocessors) prepare(c *caseFile, errs *baakit.FieldErrors) {
	if c.Terms.SubcontractorNotice.Unit() == baakit.Hours {
		errs.Add("terms.subcontractor_notice", "must be in days, business days, months or years")
	}
}

// customers are this story's customers; the first is that of the case.
func (a *subprocessors) customers() []string { return []string{"customer", "cedar", "quay"} }

func (a *subprocessors) play(ctx context.Context, s *stage) (err error) {
	reg, err := subprocessor.NewRegistry(subprocessor.RegistryConfig{Vendor: "vendor", Zone: s.c.Zone.Location, Calendar: s.c.calendar()})
	if err != nil {
		return err
	}
	a.s, a.reg = s, reg
	if a.outbox, err = subprocessoroutbox.Open(filepath.Join(s.dir, "outbox"), mailFolder{filepath.Join(s.dir, "sent")}, nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.outbox.Close()) }()
	signed := s.c.Dates.Effective
	if err := a.found(signed); err != nil {
		return err
	}
	announced := signed.AddMonths(2, baakit.RollBack)
	if err := a.replace(ctx, announced); err != nil {
		return err
	}
	if err := a.urgent(ctx, announced.AddMonths(3, baakit.RollBack)); err != nil {
		return err
	}
	s.table(append([][]string{{"engagement", "day", s.c.Customer.Name, "Cedar Clinic Group", "Quay Street Pediatrics"}}, a.rows...))
	if err := showTable(s, "May it handle the customer's PHI?", append([][]string{{"engagement", "day", s.c.Customer.Name, "Cedar Clinic Group", "Quay Street Pediatrics"}}, a.rows...)); err != nil {
		return err
	}
	end := a.events[len(a.events)-1].At
	state, err := reg.StateAt(a.events, end, end)
	if err != nil {
		return err
	}
	return s.keep("subprocessors", state.List(), func(list []logged) (any, error) {
		events := make([]subprocessor.Event, len(list))
		for i, l := range list {
			if err := json.Unmarshal(l.Payload, &events[i]); err != nil {
				return nil, err
			}
		}
		again, err := reg.StateAt(events, end, end)
		if err != nil {
			return nil, err
		}
		return again.List(), nil
	})
}

func (a *subprocessors) noon(d baakit.Date) time.Time {
	start, _ := d.In(a.s.c.Zone.Location)
	return start.Add(12 * time.Hour)
}

// do checks an event and puts it into the log, once over all runs.
func (a *subprocessors) do(on baakit.Date, e subprocessor.Event) error {
	e, err := record(a.s, "subprocessors", "subprocessor."+string(e.Kind), func() (subprocessor.Event, error) {
		e.At = a.noon(on)
		return a.reg.Record(a.events, e)
	})
	if err != nil {
		return err
	}
	a.events = append(a.events, e)
	return nil
}

func (a *subprocessors) all(on baakit.Date, events ...subprocessor.Event) error {
	for _, e := range events {
		if err := a.do(on, e); err != nil {
			return fmt.Errorf("%s on %s: %w", e.Kind, on, err)
		}
	}
	return nil
}

// found records who is who, and what each customer's contract says.
func (a *subprocessors) found(signed baakit.Date) error {
	c := a.s.c
	before := signed.AddMonths(-1, baakit.RollBack)
	var events []subprocessor.Event
	for _, e := range []subprocessor.Entity{
		{ID: "customer", LegalName: c.Customer.Name, Role: subprocessor.CoveredEntity, Contact: c.Customer.Notices},
		{ID: "cedar", LegalName: "Cedar Clinic Group", Role: subprocessor.CoveredEntity, Contact: "compliance@cedar.example"},
		{ID: "quay", LegalName: "Quay Street Pediatrics", Role: subprocessor.CoveredEntity, Contact: "office@quay.example"},
		{ID: "vendor", LegalName: c.Vendor.Name, Role: subprocessor.BusinessAssociate, Contact: c.Vendor.Notices},
		{ID: "stonevault", LegalName: "Stonevault Backup, LLC", Role: subprocessor.BusinessAssociate},
		{ID: "harbor", LegalName: "Harbor Archive, Inc.", Role: subprocessor.BusinessAssociate},
		{ID: "lanternbox", LegalName: "Lanternbox Storage, Inc.", Role: subprocessor.BusinessAssociate},
	} {
		events = append(events, subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &e})
	}
	contract := func(up, down string, on baakit.Date, n *subprocessor.NoticeTerms) subprocessor.Event {
		return subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{
			ID: up + "-" + down, Upstream: up, Downstream: down, Kind: subprocessor.BAA, Signed: on, Effective: on,
			Terms: subprocessor.Terms{BreachReport: c.Terms.BreachReport, ReturnDestroy: c.Terms.ReturnOrDestroy}, Notice: n,
		}}
	}
	for _, id := range []string{"stonevault", "harbor", "lanternbox"} {
		e := subprocessor.Engagement{ID: id + "-backup", Entity: id, Purpose: "Encrypted backups", PHI: subprocessor.EncryptedNoKey, StoragePlaces: []string{"US"}}
		events = append(events, contract("vendor", id, before, nil), subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e},
			subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: e.ID}, subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: e.ID})
	}
	if err := a.all(before, events...); err != nil {
		return err
	}
	emergency := &subprocessor.EmergencyTerms{Reasons: []string{"security"}, NoticeWithin: baakit.MustPeriod(5, baakit.Days)}
	silence := func(window baakit.Period, start subprocessor.Start, e *subprocessor.EmergencyTerms) *subprocessor.NoticeTerms {
		return &subprocessor.NoticeTerms{Window: window, Start: start, Consent: subprocessor.ConsentSilence, Cure: c.Terms.Cure, Emergency: e}
	}
	if c.Terms.Cure.Unit() == baakit.Hours {
		silence = func(window baakit.Period, start subprocessor.Start, e *subprocessor.EmergencyTerms) *subprocessor.NoticeTerms {
			return &subprocessor.NoticeTerms{Window: window, Start: start, Consent: subprocessor.ConsentSilence, Emergency: e}
		}
	}
	return a.all(signed,
		contract("customer", "vendor", signed, silence(c.Terms.SubcontractorNotice, subprocessor.StartSent, emergency)),
		contract("cedar", "vendor", signed, silence(baakit.MustPeriod(10, baakit.BusinessDays), subprocessor.StartReceived, nil)),
		contract("quay", "vendor", signed, silence(baakit.MustPeriod(30, baakit.Days), subprocessor.StartSent, emergency)),
		subprocessor.Event{Kind: subprocessor.EngagementActivated, Subject: "stonevault-backup"})
}

// draft returns the events that begin a change of the backup.
func (a *subprocessors) draft(id, before, after string, e *subprocessor.Emergency) []subprocessor.Event {
	to := subprocessor.Engagement{ID: after + "-backup", Entity: after, Purpose: "Encrypted backups", PHI: subprocessor.EncryptedNoKey, StoragePlaces: []string{"US"}}
	return []subprocessor.Event{
		{Kind: subprocessor.ChangeDrafted, Change: &subprocessor.Change{ID: id, Kind: subprocessor.ReplaceSubprocessor, Before: before + "-backup", After: &to, Emergency: e}},
		{Kind: subprocessor.ChangeApproval, ChangeID: id, By: "security official"},
	}
}

// notices puts notices of a change into the outbox, which hands them over, and
// records of each that it went. Told again, the outbox hands over nothing that
// was accepted.
func (a *subprocessors) notices(ctx context.Context, on baakit.Date, change string, attempt int, customers ...string) error {
	state, err := a.reg.StateAt(a.events, a.noon(on), a.noon(on))
	if err != nil {
		return err
	}
	for _, customer := range customers {
		n, err := state.Notice(change, customer, attempt, "")
		if err != nil {
			return err
		}
		m, err := n.Message(a.s.c.Vendor.Notices, a.noon(on))
		if err != nil {
			return err
		}
		if err := a.outbox.Enqueue(m); err != nil {
			return err
		}
		if _, err := a.outbox.Deliver(ctx); err != nil {
			return err
		}
		if x, _ := a.outbox.Item(m.Key); x.Sent.IsZero() {
			return fmt.Errorf("notice %s was not handed over", m.Key)
		}
		if err := a.do(on, subprocessor.Event{Kind: subprocessor.NoticeSent, ChangeID: change, Customer: customer, Notice: n.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (a *subprocessors) earliest(on baakit.Date, change, customer string) (baakit.Date, error) {
	state, err := a.reg.StateAt(a.events, a.noon(on), a.noon(on))
	if err != nil {
		return baakit.Date{}, err
	}
	c, _ := state.Change(change)
	for _, k := range c.Customers {
		if k.Customer == customer && !k.Dates.Earliest.IsZero() {
			return k.Dates.Earliest, nil
		}
	}
	return baakit.Date{}, fmt.Errorf("no date of %s for %s", change, customer)
}

// gate asks for every customer on a day.
func (a *subprocessors) gate(on baakit.Date, engagement string) error {
	state, err := a.reg.StateAt(a.events, a.noon(on), a.noon(on))
	if err != nil {
		return err
	}
	x := subprocessor.Compile(state)
	row := []string{engagement, on.String()}
	for _, c := range a.customers() {
		d := x.Gate(engagement, c, a.noon(on))
		word := "yes"
		if !d.Yes() {
			word = "no: " + d.Reasons()[0].ID[len("gate."):]
		}
		row = append(row, word)
	}
	a.rows = append(a.rows, row)
	return nil
}

// replace is the change with its notices, the bounce and the objection.
func (a *subprocessors) replace(ctx context.Context, announced baakit.Date) error {
	s := a.s
	if err := a.all(announced, append(a.draft("swap", "stonevault", "harbor", nil), subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: "swap"})...); err != nil {
		return err
	}
	if err := a.notices(ctx, announced, "swap", 1, a.customers()...); err != nil {
		return err
	}
	next := announced.AddDays(1)
	if err := a.outbox.Bounce("swap.1.cedar.1"); err != nil {
		return err
	}
	if err := a.all(next,
		subprocessor.Event{Kind: subprocessor.NoticeBounced, ChangeID: "swap", Customer: "cedar", Notice: "swap.1.cedar.1"},
		subprocessor.Event{Kind: subprocessor.ObjectionReceived, ChangeID: "swap", Customer: "customer", Ref: "objection-1", Grounds: "where the backups are kept"},
		subprocessor.Event{Kind: subprocessor.ObjectionResolving, ChangeID: "swap", Customer: "customer", Ref: "objection-1"}); err != nil {
		return err
	}
	resolved := announced.AddDays(8)
	if err := a.all(resolved, subprocessor.Event{Kind: subprocessor.ObjectionResolved, ChangeID: "swap", Customer: "customer", Ref: "objection-1", Outcome: subprocessor.Accepted}); err != nil {
		return err
	}
	effective, err := a.earliest(resolved, "swap", "quay")
	if err != nil {
		return err
	}
	again := effective.AddDays(-1)
	if err := a.notices(ctx, again, "swap", 2, "cedar"); err != nil {
		return err
	}
	if err := a.outbox.Acknowledge("swap.1.cedar.2"); err != nil {
		return err
	}
	if err := a.all(again, subprocessor.Event{Kind: subprocessor.NoticeAcknowledged, ChangeID: "swap", Customer: "cedar", Notice: "swap.1.cedar.2"}); err != nil {
		return err
	}
	if err := a.gate(again, "harbor-backup"); err != nil {
		return err
	}
	if err := a.all(effective, subprocessor.Event{Kind: subprocessor.CustomerGatedOff, ChangeID: "swap", Customer: "cedar"}, subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"}); err != nil {
		return err
	}
	if err := a.gate(effective, "harbor-backup"); err != nil {
		return err
	}
	last, err := a.earliest(effective, "swap", "cedar")
	if err != nil {
		return err
	}
	if err := a.all(last, subprocessor.Event{Kind: subprocessor.CustomerReleased, ChangeID: "swap", Customer: "cedar"}); err != nil {
		return err
	}
	s.say("On %s the vendor tells three customers that Harbor Archive will keep the backups", announced)
	s.say("instead of Stonevault. The notice to Cedar Clinic Group bounces: it was not given.")
	s.say("%s objects on %s, in time, and accepts on %s.", s.c.Customer.Name, next, resolved)
	s.say("The change takes effect on %s; Cedar, told again on %s, follows on %s.", effective, again, last)
	s.say("")
	s.fact("announced", announced)
	s.fact("objected", next)
	s.fact("resolved", resolved)
	s.fact("effective", effective)
	s.fact("told_again", again)
	s.fact("effective_for_all", last)
	return a.gate(last, "harbor-backup")
}

// urgent is the emergency: in effect first, told after.
func (a *subprocessors) urgent(ctx context.Context, on baakit.Date) error {
	s := a.s
	until := on.AddMonths(2, baakit.RollBack)
	if err := a.all(on, append(a.draft("urgent", "harbor", "lanternbox", &subprocessor.Emergency{Reason: "security", Approver: "security official", Until: until}),
		subprocessor.Event{Kind: subprocessor.EmergencyTookEffect, ChangeID: "urgent"})...); err != nil {
		return err
	}
	if err := a.gate(on, "lanternbox-backup"); err != nil {
		return err
	}
	told := on.AddDays(4)
	if err := a.notices(ctx, told, "urgent", 1, a.customers()...); err != nil {
		return err
	}
	if err := a.outbox.Acknowledge("urgent.1.cedar.1"); err != nil {
		return err
	}
	if err := a.all(told, subprocessor.Event{Kind: subprocessor.NoticeAcknowledged, ChangeID: "urgent", Customer: "cedar", Notice: "urgent.1.cedar.1"}); err != nil {
		return err
	}
	var ratified baakit.Date
	for _, c := range a.customers() {
		d, err := a.earliest(told, "urgent", c)
		if err != nil {
			return err
		}
		if d.After(ratified) {
			ratified = d
		}
		if c == "cedar" {
			if err := a.gate(d, "lanternbox-backup"); err != nil {
				return err
			}
		}
	}
	s.say("On %s Harbor is found to be attacked: Lanternbox takes over at once, approved until", on)
	s.say("%s. The notices that are owed within 5 days go out on %s; Cedar's contract has no", until, told)
	s.say("emergency clause, so Lanternbox gets nothing of Cedar before its window has run.")
	s.say("By %s every customer's window has run, and the change is ratified.", ratified)
	s.say("")
	s.fact("emergency", on)
	s.fact("emergency_told", told)
	s.fact("ratified", ratified)
	return a.gate(ratified, "lanternbox-backup")
}
