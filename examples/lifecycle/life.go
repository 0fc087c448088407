package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/subprocessor"
)

const lifeChain = "org/agreement/life"

// A lifeStep is an event of the agreement as the log keeps it, with the
// evidence of an acceptance beside it.
type lifeStep struct {
	Event    baa.Event       `json:"event"`
	Evidence *baa.Acceptance `json:"evidence,omitempty"`
}

// A playedLife plays the events of the agreement, which go on over several
// acts, and keeps the first error.
type playedLife struct {
	s       *stage
	life    *baa.Lifecycle
	version baa.Version
	events  []baa.Event
	state   baa.State
	rows    [][]string
	err     error

	strength string // of the evidence of the acceptance
}

// newLife continues the life of the agreement behind the events that this
// telling has met.
func newLife(s *stage) (*playedLife, error) {
	life, err := baa.NewLifecycle(baa.LifecycleConfig{
		Versions: []baa.VersionTerms{s.c.version.Life(s.c.Offered)}, Zone: s.c.Zone.Location, Calendar: s.c.calendar(),
	})
	if err != nil {
		return nil, err
	}
	events, err := lifeEvents(s.log.past(lifeChain))
	return &playedLife{s: s, life: life, version: s.c.version, events: events, rows: [][]string{{"when", "what happened", "status", "in force", "PHI", "next"}}}, err
}

func lifeEvents(past []logged) ([]baa.Event, error) {
	var events []baa.Event
	for _, l := range past {
		var step lifeStep
		if err := json.Unmarshal(l.Payload, &step); err != nil {
			return nil, err
		}
		events = append(events, step.Event)
	}
	return events, nil
}

// step checks an event, lets it happen once, and tells where it led.
func (p *playedLife) step(ctx context.Context, d baakit.Date, hour int, e baa.Event) {
	e.At = p.s.c.at(d, hour)
	p.append(ctx, e.At, string(e.Kind), func() (lifeStep, error) {
		recorded, err := p.life.Record(p.events, e)
		return lifeStep{Event: recorded}, err
	})
	p.tell(d, hour)
}

func (p *playedLife) append(ctx context.Context, at time.Time, kind string, make func() (lifeStep, error)) {
	if p.err != nil {
		return
	}
	var step lifeStep
	if step, p.err = record(ctx, p.s, at, lifeChain, "agreement."+kind, make); p.err == nil {
		p.events = append(p.events, step.Event)
	}
}

// tell asks for the state, and adds a row to the story.
func (p *playedLife) tell(d baakit.Date, hour int) {
	if p.err != nil {
		return
	}
	now := p.s.c.at(d, hour)
	if p.state, p.err = p.life.StateAt(p.events, now, now); p.err != nil {
		return
	}
	what := "a day is asked about"
	if n := len(p.events); n > 0 && p.events[n-1].At.Equal(now) {
		what = plain(string(p.events[n-1].Kind))
	}
	next := ""
	if len(p.state.Deadlines) > 0 {
		next = p.state.Deadlines[0].ID + " " + p.state.Deadlines[0].Through.String()
	}
	p.rows = append(p.rows, []string{now.Format("2006-01-02 15:04"), what, plain(string(p.state.Status)), yesNo(p.state.InForce.Yes), yesNo(p.state.PHI.Yes), next})
}

// accept lets a person of the customer open the page of the vendor over HTTP,
// read it, tick and send; a copy goes out by mail before it counts. The time
// is the story's.
func (p *playedLife) accept(ctx context.Context, d baakit.Date, hour int) {
	s, at := p.s, p.s.c.at(d, hour)
	p.append(ctx, at, "accepted", func() (lifeStep, error) {
		evidence, err := clickThrough(ctx, s.c, baa.OfferOf("agreement-1", p.version), at, func(ctx context.Context, to string, copied []byte) (time.Time, error) {
			m, err := subprocessor.NewMessage("agreement."+p.version.Label().String()+".copy", s.c.vendor.NoticeEmail, to, "Your copy of the agreement", string(copied), "", at, nil)
			if err != nil {
				return at, err
			}
			return at, s.post.send(ctx, m)
		})
		if err != nil {
			return lifeStep{}, err
		}
		event, err := evidence.Event()
		if err != nil {
			return lifeStep{}, err
		}
		recorded, err := p.life.Record(p.events, event)
		redacted := evidence.Acceptance.Redacted()
		return lifeStep{recorded, &redacted}, err
	})
	p.tell(d, hour)
	if p.err != nil {
		return
	}
	assent := p.events[len(p.events)-1].Assent
	p.strength = string(assent.Strength)
	s.tell("On %s the vendor offers and signs version %s. A person of %s opens the page over HTTP, reads it, ticks the boxes and accepts; a copy goes out by mail. The evidence is %s; its record is %s.",
		d, p.version.Label(), s.c.customer.LegalName, assent.Strength, short(assent.EvidenceHash))
	s.fact("evidence", p.strength)
}

// keep keeps the state with which the agreement ends.
func (p *playedLife) keep() error {
	return p.s.keep(lifeChain, p.state, func(past []logged) (any, error) {
		events, err := lifeEvents(past)
		if err != nil {
			return nil, err
		}
		return p.life.StateAt(events, p.state.Valid, p.state.Known)
	})
}
