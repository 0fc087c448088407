package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/baakit/baakit/baa"
)

// An agreement is one customer's: the version that is on offer, and its life,
// folded from events.
type agreement struct {
	version baa.Version
	life    *baa.Lifecycle
	click   *baa.Clickthrough

	mu     sync.Mutex
	ledger *ledger[agreementEvent]
}

// An agreementEvent is an event as the log keeps it, with the evidence of an
// acceptance beside it.
type agreementEvent struct {
	Event    baa.Event       `json:"event"`
	Evidence *baa.Acceptance `json:"evidence,omitempty"`
}

// seal returns the vendor's standard agreement with a customer.
func (c *config) seal(t tenantConfig) (baa.Version, error) {
	side := func(p party) baa.Party {
		return baa.Party{LegalName: p.LegalName, Home: p.Home, NoticeEmail: p.Notices}
	}
	d := baa.Standard(baa.CoveredEntityAgreement, side(t.party), side(c.Vendor.party))
	for _, clause := range d.Clauses {
		switch clause := clause.(type) {
		case baa.Reporting:
			clause.BreachWithin = c.Agreement.BreachReport
			d = d.With(clause)
		case baa.Subcontractors:
			clause.ChangeNotice, clause.Objection = c.Agreement.SubcontractorTells, c.Agreement.SubcontractorTells
			d = d.With(clause)
		}
	}
	return baa.Seal(d)
}

// agree prepares the agreement with a customer. The first time, the vendor
// offers it and signs.
func (s *service) agree(ctx context.Context, t tenantConfig) (*agreement, error) {
	version, err := s.conf.seal(t)
	if err != nil {
		return nil, err
	}
	a := &agreement{version: version}
	a.life, err = baa.NewLifecycle(baa.LifecycleConfig{Versions: []baa.VersionTerms{version.Life(s.conf.Agreement.Checked)}, Zone: s.conf.zone})
	if err != nil {
		return nil, err
	}
	if a.ledger, err = load[agreementEvent](ctx, s.log, "org/"+t.ID+"/agreement"); err != nil {
		return nil, err
	}
	for i, kind := range []baa.EventKind{baa.Offered, baa.Signed} { // a service that was killed between the two goes on
		if len(a.ledger.events) > i {
			continue
		}
		err := a.record(ctx, s.conf.Vendor.ID, baa.Event{Kind: kind, At: s.now(), By: baa.BusinessAssociateSide, Version: version.Hash()}, nil)
		if err != nil {
			return nil, err
		}
	}
	a.click, err = baa.NewClickthrough(baa.ClickthroughConfig{
		Origin: s.base, Key: s.keys.forms, Zone: s.conf.Zone, Done: "/", Now: s.now,
		Offer: func(r *http.Request) (baa.OfferedVersion, baa.Visitor, error) {
			session, ok := s.sessions.of(r)
			if !ok || session.tenant.ID != t.ID || session.user.Role != manager {
				return baa.OfferedVersion{}, baa.Visitor{}, errors.New("only a manager of the customer accepts")
			}
			return baa.OfferOf("agreement-"+t.ID, version), baa.Visitor{
				Session: session.number, LegalName: t.LegalName, Account: session.user.ID, Email: t.Notices, Authn: "key",
			}, nil
		},
		Keep: func(ctx context.Context, e baa.Evidence, _ baa.Assessment) error { return s.accepted(ctx, t, a, e) },
	})
	return a, err
}

// record lets an event happen, if it is possible.
func (a *agreement) record(ctx context.Context, by string, e baa.Event, evidence *baa.Acceptance) error {
	events := a.happened()
	e, err := a.life.Record(events, e)
	if err != nil {
		return err
	}
	return a.ledger.append(ctx, "agreement."+string(e.Kind), by, agreementEvent{e, evidence})
}

func (a *agreement) happened() []baa.Event {
	events := make([]baa.Event, len(a.ledger.events))
	for i, e := range a.ledger.events {
		events[i] = e.Event
	}
	return events
}

// state is what holds at an instant.
func (a *agreement) state(at time.Time) (baa.State, error) {
	a.mu.Lock()
	events := a.happened()
	a.mu.Unlock()
	return a.life.StateAt(events, at, at)
}

// accepted keeps the acceptance; from then on the customer is one on the
// vendor list too, and is told when it changes. Whoever accepted already, and
// was not told so because the list failed, may try again.
func (s *service) accepted(ctx context.Context, t tenantConfig, a *agreement, e baa.Evidence) error {
	event, err := e.Event()
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	state, err := a.life.StateAt(a.happened(), s.now(), s.now())
	if err != nil {
		return err
	}
	if !state.InForce.Yes {
		redacted := e.Acceptance.Redacted() // what names the person stays with the vendor's own files
		if err := a.record(ctx, t.ID, event, &redacted); err != nil {
			return fmt.Errorf("the acceptance: %w", err)
		}
	}
	return s.vendors.signed(ctx, t, a.version)
}

// resume does what a service that was killed right after an acceptance did not
// come to.
func (s *service) resume(ctx context.Context, t tenantConfig) error {
	state, err := s.agreements[t.ID].state(s.now())
	if err != nil || !state.InForce.Yes {
		return err
	}
	return s.vendors.signed(ctx, t, s.agreements[t.ID].version)
}
