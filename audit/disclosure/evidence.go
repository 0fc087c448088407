package disclosure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/baakit/baakit/audit"
)

var (
	// ErrNoEvidence says that an entry of an accounting has no evidence, or
	// that no checkpoint was given for its chain.
	ErrNoEvidence = errors.New("disclosure: an entry of the accounting has no evidence")

	// ErrMismatch says that the evidence is sound and does not tell what the
	// accounting does.
	ErrMismatch = errors.New("disclosure: the evidence does not tell what the accounting does")
)

// Evidence proves one entry of an accounting to somebody who has neither the
// log nor its keys: the line, the payload that the line commits to, and the
// proof that the line is under a signed checkpoint. The payload is the whole
// sealed part of the entry with its salt, so it is for those only who may read
// all of it.
type Evidence struct {
	Line    string `json:"line"`
	Payload []byte `json:"payload"` // salt and sealed part
	Proof   string `json:"proof"`   // C2SP tlog-proof
}

// entry reads the line and opens the payload.
func (e Evidence) entry() (audit.Entry, error) {
	entry, err := audit.ParseLine([]byte(e.Line))
	if err != nil {
		return audit.Entry{}, err
	}
	return entry.OpenPayload(e.Payload)
}

// Prove returns the accounting with evidence for every entry of every line,
// under the checkpoint of its chain. Its errors are [ErrNoEvidence] where there
// is no checkpoint of a chain, [audit.ErrOutOfRange] where it does not cover an
// entry, [audit.ErrErased] and [audit.ErrSealed] for what can be read no more,
// [audit.ErrTampered] where the log holds another line by now, and those of the
// store and the sealer.
func (a Accounting) Prove(ctx context.Context, s Source, checkpoints map[string]audit.Checkpoint) (Accounting, error) {
	a.Evidence = nil
	for _, l := range a.Lines {
		for _, ref := range l.Entries {
			e, err := s.prove(ctx, ref, checkpoints)
			if err != nil {
				return Accounting{}, err
			}
			a.Evidence = append(a.Evidence, e)
		}
	}
	return a, nil
}

func (s Source) prove(ctx context.Context, ref Ref, checkpoints map[string]audit.Checkpoint) (Evidence, error) {
	c, ok := checkpoints[ref.Chain]
	if !ok {
		return Evidence{}, ErrNoEvidence
	}
	for r, err := range s.Store.Read(ctx, ref.Chain, ref.Seq) {
		if err != nil {
			return Evidence{}, err
		}
		leaf := audit.LeafHash(r.Line)
		if hexOf(leaf) != ref.Leaf {
			return Evidence{}, audit.ErrTampered
		}
		if len(r.Sealed) == 0 {
			return Evidence{}, audit.ErrErased
		}
		line, sealed := string(r.Line), bytes.Clone(r.Sealed)
		payload, err := s.Sealer.Open(ctx, ref.Chain, leaf, sealed)
		if err != nil {
			return Evidence{}, err
		}
		proof, err := audit.Prove(ctx, s.Store, ref.Chain, ref.Seq, c)
		if err != nil {
			return Evidence{}, err
		}
		text, err := proof.MarshalText()
		if err != nil {
			return Evidence{}, err
		}
		e := Evidence{line, bytes.Clone(payload), string(text)}
		_, err = e.entry()
		return e, err
	}
	return Evidence{}, audit.ErrOutOfRange
}

// Verify checks, without the log and its keys, that every line of the
// accounting tells what entries of the log say: each entry is under a
// checkpoint that one of the verifier's keys signed for its chain in the log
// of the origin ([audit.Config].Origin), what was sealed is what its line
// commits to, is about the individual and in the period, and the lines are the fold
// over all of them. It returns the checkpoints by chain.
//
// That nothing is left out it cannot tell: for that the log is read again.
//
// Its errors are [ErrNoEvidence], [ErrMismatch], [audit.ErrProof],
// [audit.ErrCheckpoint], [audit.ErrLine] and [audit.ErrSealed].
func (a Accounting) Verify(v *audit.Verifier, origin string) (map[string]audit.Checkpoint, error) {
	byRef := make(map[Ref]record)
	checkpoints := make(map[string]audit.Checkpoint)
	for _, ev := range a.Evidence {
		e, err := ev.entry()
		if err != nil {
			return nil, err
		}
		proof, err := audit.ParseProof([]byte(ev.Proof))
		if err != nil {
			return nil, err
		}
		c, err := proof.Verify(v, origin+"/"+e.Chain, []byte(ev.Line))
		if err != nil {
			return nil, err
		}
		if proof.Index != e.Seq {
			return nil, audit.ErrProof
		}
		if c.Size >= checkpoints[e.Chain].Size {
			checkpoints[e.Chain] = c
		}
		var read reading
		if err := read.add(e, e, nil, a.Patient); err != nil {
			return nil, err
		}
		if len(read.records) != 1 || e.Event.Patient != "" && e.Event.Patient != a.Patient && !slices.Contains(e.Event.Subjects, a.Patient) {
			return nil, ErrMismatch
		}
		byRef[refOf(e)] = read.records[0]
	}
	var list []record
	for _, l := range a.Lines {
		for _, ref := range l.Entries {
			r, ok := byRef[ref]
			if !ok {
				return nil, ErrNoEvidence
			}
			delete(byRef, ref) // no entry counts twice
			if first, last := r.days(a.Full); last.Before(a.From) || first.After(a.Through) {
				return nil, ErrMismatch
			}
			list = append(list, r)
		}
	}
	if len(byRef) > 0 {
		return nil, ErrMismatch
	}
	var chains []string
	for _, s := range a.Chains {
		chains = append(chains, s.Chain)
	}
	inOrder(list, chains)
	said, err := json.Marshal(a.Lines)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMismatch, err)
	}
	shown, err := json.Marshal(lines(list, a.From, a.Through, a.Full))
	if err != nil || !bytes.Equal(said, shown) {
		return nil, ErrMismatch
	}
	return checkpoints, nil
}
