package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/review"
)

const reviewChain = "org/reviews"

// reviewed is the examination of the accesses by the privacy officer, who
// looks for broken glass. That they looked, and at what, is in the log too.
func (a *access) reviewed(ctx context.Context, s *stage, on baakit.Date) error {
	at := s.c.at(on, 9)
	payload, err := recordEvent(ctx, s, at, reviewChain, review.EventKind, func() (audit.Event, error) {
		reading, err := review.NewReading(s.log.store, review.Query{}, accessChain)
		if err != nil {
			return audit.Event{}, err
		}
		r := review.Review{Reviewer: "privacy-officer", At: at, Rules: []string{"break_glass"}, Note: "The emergency was real: the patient was brought in unconscious."}
		for _, err := range reading.Entries(ctx) {
			if err != nil {
				return audit.Event{}, err
			}
			r.Entries++
		}
		for _, err := range review.BreakGlass(reading.Entries(ctx)) {
			if err != nil {
				return audit.Event{}, err
			}
			r.Findings++
		}
		if r.Ranges, err = reading.Ranges(ctx); err != nil {
			return audit.Event{}, err
		}
		return r.Event()
	})
	if err != nil {
		return err
	}
	r, err := review.ParseReview(payload)
	if err != nil {
		return err
	}
	if err := r.Check(ctx, s.log.store); err != nil {
		return fmt.Errorf("what was reviewed is not what is in the log: %w", err)
	}
	s.moment(on, "The privacy officer reviews the accesses")
	s.tell("On %s the privacy officer reviews the %d entries and finds %s: the glass was broken for good reason. The review is logged with the tree root of what was looked at, so that nobody can say later that something else was.", on, r.Entries, counted(r.Findings, "thing to look at", "things to look at"))
	s.fact("review_entries", int(r.Entries))
	s.fact("review_findings", r.Findings)
	s.cite(baakit.MustParseCitation("45 CFR 164.308(a)(1)(ii)(D)"))
	return s.keep(reviewChain, r, func(events []logged) (any, error) {
		if len(events) != 1 {
			return nil, errors.New("the chain does not have one event")
		}
		return review.ParseReview(events[0].Payload)
	})
}
