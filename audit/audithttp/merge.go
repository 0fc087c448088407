package audithttp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// A Merger is the log, as far as a merge uses it. An [audit.Log] is one.
type Merger interface {
	Head(ctx context.Context, chain string) (size uint64, last audit.Entry, err error)
	Entries(ctx context.Context, chain string, from uint64) iter.Seq2[audit.Entry, error]
	AppendAt(ctx context.Context, chain string, size uint64, events ...audit.Event) ([]audit.Receipt, error)
}

var _ Merger = (*audit.Log)(nil)

// Policy is what an entry that was spilled has in Event.Policy: this, an
// identifier of the spill journal, a slash, and the number of the access in
// it behind an n. It is what permitted the access, and how a merge finds out
// whether it was there before.
const Policy = "baakit:spill/"

const maxConflicts = 10_000

// Merge carries what was spilled into the log, as entries of their own:
// Occurred is when the access happened, Policy says that it was spilled. It
// returns how many accesses were merged.
//
// Each is in the log exactly once, wherever a merge or the process that runs
// it breaks off: before the first attempt the size of the chain is made
// durable here, so that a later merge knows from where on to look whether it
// was there already, and every attempt is an AppendAt behind what was looked
// at. One case is beyond that: an append that timed out or failed half-way
// while the access was served ([audit.ErrUncertain], [audit.ErrFailed]) can
// have reached the log after all, and then the access is there twice, once with
// the policy and once without, under one request.id.
//
// An access that the log refuses for good stays here and is part of the error;
// those behind it are merged. Any other error ends the merge. Errors are those
// of the log, of the folder, and [ErrSpill]. Once something is merged, what
// was kept of it here is overwritten.
func (s *SpillJournal) Merge(ctx context.Context, log Merger) (int, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	var refused []error
	merged := 0
	for _, n := range s.oldest() {
		err := s.merge(ctx, log, n)
		if permanent(err) {
			refused = append(refused, fmt.Errorf("audithttp: spill %d: %w", n, err))
			continue
		}
		if err != nil {
			return merged, errors.Join(append(refused, err)...)
		}
		merged++
	}
	if merged > 0 {
		if err := s.erase(); err != nil {
			return merged, errors.Join(append(refused, err)...)
		}
	}
	return merged, errors.Join(refused...)
}

// oldest returns the numbers of what is pending and durable, in order.
func (s *SpillJournal) oldest() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []uint64
	for n, p := range s.pending {
		if p.offset >= 0 {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// permanent tells whether a log will always refuse the events.
func permanent(err error) bool {
	var fields baakit.FieldErrors
	return errors.As(err, &fields) || errors.Is(err, audit.ErrTooLarge)
}

func (s *SpillJournal) merge(ctx context.Context, log Merger, n uint64) error {
	s.mu.Lock()
	p := *s.pending[n]
	s.mu.Unlock()
	g, err := s.read(n, p.offset)
	if err != nil {
		return err
	}
	mark := Policy + s.id + "/n" + strconv.FormatUint(n, 10)
	events := make([]audit.Event, len(g.Events))
	for i, w := range g.Events {
		if events[i], err = w.event(); err != nil {
			return err
		}
		events[i].Policy = append(events[i].Policy, mark)
	}
	if !p.begun {
		size, _, err := log.Head(ctx, g.Chain)
		if err != nil {
			return err
		}
		if err := s.put(frame{Merge: &mergeFrame{n, g.Chain, size}}); err != nil {
			return err
		}
		s.mu.Lock()
		q := s.pending[n]
		q.begun, q.at = true, size
		p = *q
		s.mu.Unlock()
	}
	seq, err := place(ctx, log, g.Chain, p.at, mark, events)
	if err != nil {
		return err
	}
	if err := s.put(frame{Done: &mergeFrame{n, g.Chain, seq}}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, n)
	return nil
}

// place returns the number of the first of the events' entries, which are in
// the chain behind size, or are appended.
func place(ctx context.Context, log Merger, chain string, size uint64, mark string, events []audit.Event) (uint64, error) {
	for range maxConflicts {
		for e, err := range log.Entries(ctx, chain, size) {
			if err != nil {
				return 0, err
			}
			if slices.Contains(e.Event.Policy, mark) {
				return e.Seq, nil
			}
			size = e.Seq + 1
		}
		_, err := log.AppendAt(ctx, chain, size, events...)
		if err == nil {
			return size, nil
		}
		if !errors.Is(err, audit.ErrConflict) {
			return 0, err
		}
	}
	return 0, audit.ErrConflict
}

// erase overwrites the encrypted part of what is merged.
func (s *SpillJournal) erase() error {
	if err := s.j.Roll(); err != nil {
		return err
	}
	segments := s.j.Segments()
	for _, segment := range segments[:len(segments)-1] {
		if s.erased[segment.Base] {
			continue
		}
		whole := true
		err := s.j.Rewrite(segment.Base, func(r journal.Record) error {
			f, err := parseFrame(r.Frame)
			if err != nil || f.Spill == nil {
				return err
			}
			s.mu.Lock()
			_, pending := s.pending[f.Spill.N]
			s.mu.Unlock()
			if pending {
				whole = false
			} else {
				blank(r.Frame)
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.erased[segment.Base] = whole
	}
	return nil
}

// blank overwrites the base64 text of a spill's frame; its length stays.
func blank(frame []byte) {
	const key = `"sealed":"`
	text := string(frame)
	for i := len(text) - 1; i >= 0; i-- {
		if i+len(key) <= len(text) && text[i:i+len(key)] == key {
			for j := i + len(key); j < len(frame) && frame[j] != '"'; j++ {
				if frame[j] != '=' {
					frame[j] = 'A'
				}
			}
			return
		}
	}
}
