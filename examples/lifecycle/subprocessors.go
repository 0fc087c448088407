package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

// subprocessors: the vendor replaces its backup provider and tells its
// customers, whose contracts differ; one notice bounces, one customer objects
// in time, an emergency comes before its notice, and the gate opens for one
// customer after the other.
type subprocessors struct {
	file   *registryFile
	s      *stage
	reg    *subprocessor.Registry
	events []subprocessor.Event
	rows   [][]string
}

const subprocessorChain = "org/subprocessors"

func (*subprocessors) name() string  { return "subprocessors" }
func (*subprocessors) title() string { return "The vendor changes its own vendors" }
func (*subprocessors) input() string { return registryJSON }

func (a *subprocessors) prepare(c *caseFile, wrong problems) {
	if c.terms.SubcontractorNotice.Unit() == baakit.Hours {
		wrong.of(agreementJSON).Add("clauses.subcontractors.change_notice", "must be in days, business days, months or years")
	}
	if a.file = readRegistry(c, wrong.of(registryJSON)); a.file == nil || len(*wrong.of(registryJSON)) > 0 {
		return
	}
	reg, err := subprocessor.NewRegistry(subprocessor.RegistryConfig{Vendor: "vendor", Zone: c.Zone.Location, Calendar: c.calendar()})
	if err != nil {
		wrong.of(registryJSON).Merge("", err)
		return
	}
	a.reg = reg
	var events []subprocessor.Event
	for _, e := range a.file.founding(c) {
		recorded, err := reg.Record(events, e)
		if err != nil {
			wrong.of(registryJSON).Merge(strings.ReplaceAll(string(e.Kind), "_", " "), err)
			return
		}
		events = append(events, recorded)
	}
}

func (a *subprocessors) play(ctx context.Context, s *stage) error {
	a.s, a.events = s, nil
	a.rows = [][]string{{"who", "on"}}
	for _, id := range a.file.customers() {
		a.rows[0] = append(a.rows[0], a.file.nameOf(s.c, id))
	}
	for _, e := range a.file.founding(s.c) {
		if err := a.record(ctx, e); err != nil {
			return err
		}
	}
	announced := s.c.effective().AddMonths(2, baakit.RollBack)
	if err := a.replace(ctx, announced); err != nil {
		return err
	}
	if err := a.urgent(ctx, announced.AddMonths(3, baakit.RollBack)); err != nil {
		return err
	}
	s.table("May it handle the customer's PHI? The gate's answers", a.rows)
	s.cite(baakit.MustParseCitation("45 CFR 164.502(e)(1)(ii)"), baakit.MustParseCitation("45 CFR 164.308(b)(2)"))
	s.proves("No subprocessor handled a customer's PHI before that customer's notice had run, been accepted, or an agreed emergency allowed it.")
	end := a.events[len(a.events)-1].At
	state, err := a.reg.StateAt(a.events, end, end)
	if err != nil {
		return err
	}
	return s.keep(subprocessorChain, state.List(), func(list []logged) (any, error) {
		events := make([]subprocessor.Event, len(list))
		for i, l := range list {
			if err := json.Unmarshal(l.Payload, &events[i]); err != nil {
				return nil, err
			}
		}
		again, err := a.reg.StateAt(events, end, end)
		if err != nil {
			return nil, err
		}
		return again.List(), nil
	})
}

// record checks an event and puts it into the log, once over all runs.
func (a *subprocessors) record(ctx context.Context, e subprocessor.Event) error {
	e, err := record(ctx, a.s, e.At, subprocessorChain, "subprocessor."+string(e.Kind), func() (subprocessor.Event, error) {
		return a.reg.Record(a.events, e)
	})
	if err != nil {
		return err
	}
	a.events = append(a.events, e)
	return nil
}

func (a *subprocessors) all(ctx context.Context, on baakit.Date, events ...subprocessor.Event) error {
	for _, e := range events {
		e.At = noon(a.s.c, on)
		if err := a.record(ctx, e); err != nil {
			return fmt.Errorf("%s on %s: %w", e.Kind, on, err)
		}
	}
	return nil
}

// draft returns the events that begin a change of who keeps the backups.
func (a *subprocessors) draft(id, before, after string, e *subprocessor.Emergency) []subprocessor.Event {
	to, _ := a.file.engagement(after)
	return []subprocessor.Event{
		{Kind: subprocessor.ChangeDrafted, Change: &subprocessor.Change{ID: id, Kind: subprocessor.ReplaceSubprocessor, Before: before, After: &to, Emergency: e}},
		{Kind: subprocessor.ChangeApproval, ChangeID: id, By: "security official"},
	}
}

// notices hands notices of a change over, and records of each that it went.
// Told again, nothing is handed over that was accepted.
func (a *subprocessors) notices(ctx context.Context, on baakit.Date, change string, attempt int, customers ...string) error {
	state, err := a.reg.StateAt(a.events, noon(a.s.c, on), noon(a.s.c, on))
	if err != nil {
		return err
	}
	for _, customer := range customers {
		n, err := state.Notice(change, customer, attempt, "")
		if err != nil {
			return fmt.Errorf("the notice of %s to %s on %s: %w", change, customer, on, err)
		}
		m, err := n.Message(a.s.c.vendor.NoticeEmail, noon(a.s.c, on))
		if err != nil {
			return err
		}
		if err := a.s.post.send(ctx, m); err != nil {
			return err
		}
		if err := a.all(ctx, on, subprocessor.Event{Kind: subprocessor.NoticeSent, ChangeID: change, Customer: customer, Notice: n.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (a *subprocessors) earliest(on baakit.Date, change, customer string) (baakit.Date, error) {
	state, err := a.reg.StateAt(a.events, noon(a.s.c, on), noon(a.s.c, on))
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
	state, err := a.reg.StateAt(a.events, noon(a.s.c, on), noon(a.s.c, on))
	if err != nil {
		return err
	}
	x := subprocessor.Compile(state)
	row := []string{a.file.workerOf(a.s.c, engagement), on.String()}
	for _, c := range a.file.customers() {
		d := x.Gate(engagement, c, noon(a.s.c, on))
		word := "yes"
		if !d.Yes() {
			word = "no: " + plain(d.Reasons()[0].ID[len("gate."):])
		}
		row = append(row, word)
	}
	a.rows = append(a.rows, row)
	return nil
}

// replace is the change with its notices, the bounce and the objection.
func (a *subprocessors) replace(ctx context.Context, announced baakit.Date) error {
	s := a.s
	if err := a.all(ctx, announced, append(a.draft("swap", a.file.Engaged, a.file.ReplacedBy, nil), subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: "swap"})...); err != nil {
		return err
	}
	if err := a.notices(ctx, announced, "swap", 1, a.file.customers()...); err != nil {
		return err
	}
	next := announced.AddDays(1)
	if err := a.s.post.bounce("swap.1." + a.file.Bounces + ".1"); err != nil {
		return err
	}
	if err := a.all(ctx, next,
		subprocessor.Event{Kind: subprocessor.NoticeBounced, ChangeID: "swap", Customer: a.file.Bounces, Notice: "swap.1." + a.file.Bounces + ".1"},
		subprocessor.Event{Kind: subprocessor.ObjectionReceived, ChangeID: "swap", Customer: "customer", Ref: "objection-1", Grounds: "where the backups are kept"},
		subprocessor.Event{Kind: subprocessor.ObjectionResolving, ChangeID: "swap", Customer: "customer", Ref: "objection-1"}); err != nil {
		return err
	}
	resolved := announced.AddDays(8)
	if err := a.all(ctx, resolved, subprocessor.Event{Kind: subprocessor.ObjectionResolved, ChangeID: "swap", Customer: "customer", Ref: "objection-1", Outcome: subprocessor.Accepted}); err != nil {
		return err
	}
	var effective baakit.Date // when the windows of all have run that were told
	for _, id := range a.file.customers() {
		if id == a.file.Bounces {
			continue
		}
		d, err := a.earliest(resolved, "swap", id)
		if err != nil {
			return err
		}
		if d.After(effective) {
			effective = d
		}
	}
	again := effective.AddDays(-1)
	if err := a.notices(ctx, again, "swap", 2, a.file.Bounces); err != nil {
		return err
	}
	if err := a.s.post.acknowledge("swap.1." + a.file.Bounces + ".2"); err != nil {
		return err
	}
	if err := a.all(ctx, again, subprocessor.Event{Kind: subprocessor.NoticeAcknowledged, ChangeID: "swap", Customer: a.file.Bounces, Notice: "swap.1." + a.file.Bounces + ".2"}); err != nil {
		return err
	}
	if err := a.gate(again, a.file.ReplacedBy); err != nil {
		return err
	}
	if err := a.all(ctx, effective, subprocessor.Event{Kind: subprocessor.CustomerGatedOff, ChangeID: "swap", Customer: a.file.Bounces}, subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"}); err != nil {
		return err
	}
	if err := a.gate(effective, a.file.ReplacedBy); err != nil {
		return err
	}
	last, err := a.earliest(effective, "swap", a.file.Bounces)
	if err != nil {
		return err
	}
	if err := a.all(ctx, last, subprocessor.Event{Kind: subprocessor.CustomerReleased, ChangeID: "swap", Customer: a.file.Bounces}); err != nil {
		return err
	}
	bounced := a.file.nameOf(s.c, a.file.Bounces)
	s.moment(announced, "Customers are told of another backup vendor")
	s.moment(effective, "The change of backup vendor takes effect")
	s.tell("On %s the vendor tells its %d customers by mail that %s will keep the backups instead of %s. The notice to %s bounces: it was not given. %s objects on %s, in time, and accepts on %s. The change takes effect on %s; %s, told again on %s, follows on %s.",
		announced, len(a.file.customers()), a.file.workerOf(s.c, a.file.ReplacedBy), a.file.workerOf(s.c, a.file.Engaged), bounced, s.c.customer.LegalName, next, resolved, effective, bounced, again, last)
	s.fact("announced", announced)
	s.fact("objected", next)
	s.fact("resolved", resolved)
	s.fact("effective", effective)
	s.fact("told_again", again)
	s.fact("effective_for_all", last)
	return a.gate(last, a.file.ReplacedBy)
}

// urgent is the emergency: in effect first, told after.
func (a *subprocessors) urgent(ctx context.Context, on baakit.Date) error {
	s := a.s
	until := on.AddMonths(2, baakit.RollBack)
	if err := a.all(ctx, on, append(a.draft("urgent", a.file.ReplacedBy, a.file.Emergency, &subprocessor.Emergency{Reason: "security", Approver: "security official", Until: until}),
		subprocessor.Event{Kind: subprocessor.EmergencyTookEffect, ChangeID: "urgent"})...); err != nil {
		return err
	}
	if err := a.gate(on, a.file.Emergency); err != nil {
		return err
	}
	within, err := a.file.AgreedEmergency.NoticeWithin.AddTo(on, s.c.calendar(), baakit.RollBack)
	if err != nil {
		return err
	}
	told := within.AddDays(-1)
	if err := a.notices(ctx, told, "urgent", 1, a.file.customers()...); err != nil {
		return err
	}
	if err := a.s.post.acknowledge("urgent.1." + a.file.Bounces + ".1"); err != nil {
		return err
	}
	if err := a.all(ctx, told, subprocessor.Event{Kind: subprocessor.NoticeAcknowledged, ChangeID: "urgent", Customer: a.file.Bounces, Notice: "urgent.1." + a.file.Bounces + ".1"}); err != nil {
		return err
	}
	var ratified baakit.Date
	for _, c := range a.file.customers() {
		d, err := a.earliest(told, "urgent", c)
		if err != nil {
			return err
		}
		if d.After(ratified) {
			ratified = d
		}
		if c == a.file.Bounces {
			if err := a.gate(d, a.file.Emergency); err != nil {
				return err
			}
		}
	}
	emergency := a.file.workerOf(s.c, a.file.Emergency)
	s.moment(on, "Emergency: another backup vendor takes over at once")
	s.tell("On %s %s is found to be attacked: %s takes over at once, approved until %s. The notices go out on %s. Who agreed on no emergency clause is protected: %s gets nothing of theirs before their window has run. By %s every window has run, and the change is ratified.",
		on, a.file.workerOf(s.c, a.file.ReplacedBy), emergency, until, told, emergency, ratified)
	s.due(within, "tell customers of the emergency change", s.c.vendor.LegalName, "the agreement", told)
	s.fact("emergency", on)
	s.fact("emergency_told", told)
	s.fact("ratified", ratified)
	return a.gate(ratified, a.file.Emergency)
}
