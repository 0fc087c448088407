package main

import (
	"context"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// acceptance is how the agreement comes into force: offered, signed by the
// vendor, accepted by a person in front of a page, and then the day comes.
type acceptance struct{}

func (*acceptance) name() string                { return "acceptance" }
func (*acceptance) title() string               { return "Offer and acceptance" }
func (*acceptance) input() string               { return agreementJSON }
func (*acceptance) prepare(*caseFile, problems) {}

func (*acceptance) play(ctx context.Context, s *stage) error {
	p, err := newLife(s)
	if err != nil {
		return err
	}
	offered, effective := s.c.Offered, s.c.effective()
	s.moment(offered, "The agreement is offered, signed and accepted")
	s.moment(effective, "The agreement takes effect: PHI may flow")
	p.step(ctx, offered, 9, baa.Event{Kind: baa.Offered, By: baa.BusinessAssociateSide, Version: p.version.Hash()})
	p.step(ctx, offered, 9, baa.Event{Kind: baa.Signed, By: baa.BusinessAssociateSide, Version: p.version.Hash()})
	p.accept(ctx, offered, 10)
	if effective.After(offered) {
		p.tell(effective.AddDays(-1), 23)
	}
	p.tell(effective, 10)
	if p.err != nil {
		return p.err
	}
	s.table("May the vendor have PHI? The state of the agreement, asked at each step", p.rows)
	s.cite(baakit.MustParseCitation("45 CFR 164.502(e)(2)"), baakit.MustParseCitation("45 CFR 164.308(b)(3)"))
	s.fact("version", p.version.Hash())
	s.fact("status", string(p.state.Status))
	if !p.state.PHI.Yes {
		return fmt.Errorf("the agreement of this case does not come into force on %s", effective)
	}
	s.proves("PHI could flow from " + effective.String() + " on and not before: the evidence of the acceptance is " + p.strength + ".")
	return nil
}
