package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/erasure"
)

// misLogged is the entry whose sealed part should not have been logged.
const misLogged = 4

// redact takes the sealed part of the mis-logged entry out of the log. The
// checkpoint from before it must hold afterwards as it did.
func (a *access) redact(ctx context.Context, s *stage, on baakit.Date, before audit.Checkpoint) error {
	if s.rehearsal {
		return nil // a store in memory destroys nothing
	}
	entry, err := s.log.entry(ctx, accessChain, misLogged)
	if err != nil {
		return err
	}
	if len(entry.Sealed) > 0 {
		s.log.setClock(s.c.at(on, 9))
		log, err := s.log.open(ctx)
		if err != nil {
			return err
		}
		eraser, err := erasure.New(log, erasure.Config{Sealer: s.log.keys.ofTenants, Keys: s.log.keys.ring, Governance: "org/erasure"})
		if err != nil {
			return err
		}
		_, err = eraser.Redact(ctx, accessChain, misLogged, erasure.Order{
			By: audit.Actor{ID: "privacy-officer"}, Reason: erasure.MisLogged, Authority: "privacy-officer:2026-7", On: on,
			Note: "The search named a patient whom the access was not about.",
		})
		if err != nil {
			return err
		}
	}
	if entry, err = s.log.entry(ctx, accessChain, misLogged); err != nil {
		return err
	}
	if _, err := audit.OpenEntry(ctx, s.log.keys.sealer, entry); !errors.Is(err, audit.ErrErased) {
		return errors.Join(errors.New("the mis-logged payload can still be read"), err)
	}
	opt := &audit.VerifyOptions{Origin: origin, Verifier: s.log.keys.signer.Verifier(), Checkpoints: [][]byte{before.Note}}
	if _, err := audit.Verify(ctx, s.log.store, accessChain, opt); err != nil {
		return fmt.Errorf("after the redaction: %w", err)
	}
	proof, err := audit.Prove(ctx, s.log.store, accessChain, misLogged, before)
	if err != nil {
		return err
	}
	if err := proof.Check(before, entry.Line); err != nil {
		return err
	}
	s.moment(on, "A mis-logged payload is redacted")
	s.tell("On %s the privacy officer finds that entry %d has another patient's number in what was searched for. Its sealed part is redacted: an entry says so first, and then the bytes are gone from the disk. The line itself stays, the chain verifies against the checkpoint from before, and the line is still proven under it.", on, misLogged)
	s.fact("redacted", fmt.Sprintf("%s, entry %d", accessChain, misLogged))
	s.fact("checkpoint_holds", true)
	s.proves("A payload that should not have been logged is gone for good, and the checkpoint from before the redaction still verifies.")
	records, err := a.redactions(ctx, s)
	if err != nil {
		return err
	}
	return s.keep(accessChain, records, func(events []logged) (any, error) {
		var again []erasure.Record
		for _, e := range events {
			r, err := erasure.ParseRecord(e.Payload)
			if err != nil {
				return nil, err
			}
			again = append(again, r)
		}
		return again, nil
	})
}

func (a *access) redactions(ctx context.Context, s *stage) ([]erasure.Record, error) {
	var list []erasure.Record
	for r, err := range erasure.Records(ctx, s.log.store, s.log.keys.sealer, accessChain) {
		if err != nil {
			return nil, err
		}
		list = append(list, r.Record)
	}
	return list, nil
}
