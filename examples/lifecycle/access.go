package main

import (
	"context"

	"github.com/baakit/baakit/audit"
)

// access is the daily use: who read whose records, logged before anybody sees
// them; and a patient's request to see her own.
type access struct{}

func (*access) name() string                { return "access" }
func (*access) title() string               { return "Who reads the records" }
func (*access) prepare(*caseFile, problems) {}

const accessChain = "t/customer"

func (*access) play(ctx context.Context, s *stage) error {
	day := s.c.effective().AddDays(4)
	size, _, err := s.log.head(ctx, accessChain)
	if err != nil {
		return err
	}
	for i, e := range []audit.Event{
		{Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: audit.ActionExecute},
		{Action: audit.ActionRead, Object: audit.Object{Type: "Patient"}},
		{Action: audit.ActionRead, Object: audit.Object{Type: "Observation"}},
		{Action: audit.ActionUpdate, Object: audit.Object{Type: "MedicationRequest"}},
		{Action: audit.ActionRead, Object: audit.Object{Type: "DiagnosticReport"}},
		{Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Logout}, Action: audit.ActionExecute},
	} {
		if uint64(i) < size {
			continue
		}
		e.Actor, e.Outcome = audit.Actor{ID: "nurse-7", Role: "nurse"}, audit.Success
		if e.Type != audit.UserAuthentication {
			e.Purpose = []audit.Purpose{audit.Treatment}
		}
		s.log.setClock(s.c.at(day, 8+i))
		log, err := s.log.open(ctx)
		if err != nil {
			return err
		}
		if _, err := log.AppendAt(ctx, accessChain, uint64(i), e); err != nil {
			return err
		}
	}
	return request(ctx, s, day)
}
