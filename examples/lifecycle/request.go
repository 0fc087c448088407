package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

const requestChain = "org/agreement/requests"

// request is one of a patient that reached the vendor and is passed on.
func request(ctx context.Context, s *stage, day baakit.Date) error {
	rights, err := baa.NewRights(s.c.terms.Rights(), s.c.Zone.Location, s.c.calendar())
	if err != nil {
		return err
	}
	var events []baa.RightsEvent
	for i, e := range []baa.RightsEvent{
		{Kind: baa.RequestReceived, By: baa.BusinessAssociateSide, Right: baa.AccessRight},
		{Kind: baa.RequestForwarded, By: baa.BusinessAssociateSide},
	} {
		e.At = s.c.at(day, 11+i)
		recorded, err := record(ctx, s, e.At, requestChain, "request."+string(e.Kind), func() (baa.RightsEvent, error) { return rights.Record(events, e) })
		if err != nil {
			return err
		}
		events = append(events, recorded)
	}
	now := s.c.at(day, 12)
	state, err := rights.StateAt(events, now, now)
	if err != nil {
		return err
	}
	if err := s.keep(requestChain, state, func(logged []logged) (any, error) {
		var again []baa.RightsEvent
		for _, l := range logged {
			var e baa.RightsEvent
			if err := json.Unmarshal(l.Payload, &e); err != nil {
				return nil, err
			}
			again = append(again, e)
		}
		return rights.StateAt(again, now, now)
	}); err != nil {
		return err
	}
	var until []string
	for _, d := range state.Deadlines {
		until = append(until, fmt.Sprintf("%s through %s", d.ID, d.Through))
		s.fact("request_"+d.ID+"_through", d.Through)
	}
	s.tell("On %s a patient asks the vendor for access to her records; an hour later the request is %s to the customer, whose it is (%s). May the vendor answer it itself? %s: %s.",
		day, state.Status, strings.Join(until, ", "), yesNo(state.Answer.Yes), state.Answer.Reasons[0].Says)
	s.fact("request", string(state.Status))
	s.fact("vendor_may_answer", state.Answer.Yes)
	return nil
}
