package main

import (
	"context"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// ending is how the agreement was broken and cured in its first quarter, and
// how it ended.
type ending struct{}

func (*ending) name() string                { return "ending" }
func (*ending) title() string               { return "A material breach, its cure, and the end" }
func (*ending) input() string               { return agreementJSON }
func (*ending) prepare(*caseFile, problems) {}

func (*ending) play(ctx context.Context, s *stage) error {
	p, err := newLife(s)
	if err != nil {
		return err
	}
	effective, terminated := s.c.effective(), s.c.Terminated
	noticed := effective.AddDays(terminated.Sub(effective) / 4)
	p.step(ctx, noticed, 9, baa.Event{Kind: baa.BreachNotice, By: baa.CoveredEntitySide, Ref: "audit-trail-gap"})
	cured, through := noticed, baakit.Date{}
	if d, ok := p.state.Deadline("cure"); ok { // in the middle of its time
		through = d.Through
		cured = noticed.AddDays(through.Sub(noticed) / 2)
	}
	if cured.After(terminated) {
		cured = terminated
	}
	p.step(ctx, cured, 10, baa.Event{Kind: baa.Cured, By: baa.BusinessAssociateSide, Ref: "audit-trail-gap"})
	p.step(ctx, terminated, 17, baa.Event{Kind: baa.Terminated, By: baa.CoveredEntitySide, Cause: baa.MutualConsent})
	if p.err != nil {
		return p.err
	}
	s.moment(noticed, "The customer gives notice of a material breach")
	s.moment(cured, "The breach of the agreement is cured")
	s.moment(terminated, "The agreement ends")
	s.tell("On %s the customer gives notice that the vendor's audit trail had a gap: a material breach, to be cured through %s. It is cured on %s, and the agreement goes on. On %s it ends by mutual consent; from then on the vendor may only wind down.", noticed, through, cured, terminated)
	s.table("The state of the agreement at each step", p.rows)
	s.cite(baakit.MustParseCitation("45 CFR 164.504(e)(1)(ii)"), baakit.MustParseCitation("45 CFR 164.504(e)(2)(ii)(J)"))
	s.due(through, "cure the material breach", s.c.vendor.LegalName, "the agreement", cured)
	s.fact("noticed", noticed)
	s.fact("cured", cured)
	s.fact("status", string(p.state.Status))
	s.fact("last_in_effect", terminated)
	if d, ok := p.state.Deadline("return"); ok {
		s.fact("return_through", d.Through)
	}
	s.proves("The material breach was cured within its time, and the agreement was in force until " + terminated.String() + ".")
	return p.keep()
}
