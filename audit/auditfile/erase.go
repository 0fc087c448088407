package auditfile

import (
	"context"

	"github.com/baakit/baakit/internal/journal"
)

// Erase removes from the folder the sealed payloads of the entries that pick
// chooses, and returns how many there were. Lines, hashes, proofs and
// checkpoints stay as they are. pick is called for entries that have a payload,
// in the order in which they were stored, at least once for each; the store
// must not be used by it.
//
// Segments that hold such a payload are written anew, with spaces in its place,
// and replace the old ones at once, whatever happens meanwhile; if the last
// segment is among them, it is closed first. Appending and reading go on. When
// Erase returns nil, no file of the folder holds the payloads any more. What
// copies, readers with an open file, and the disk's own remapping keep is
// beyond it: where that matters, seal payloads with a key, and destroy the key.
//
// Its errors are those of ctx, [audit.ErrTampered], [audit.ErrReadOnly],
// [audit.ErrClosed], [audit.ErrFailed], and those of the file system; the
// number returned with one is of those that are erased for certain.
func (s *Store) Erase(ctx context.Context, pick func(chain string, seq uint64) bool) (uint64, error) {
	if err := s.j.Err(); err != nil {
		return 0, wrap(err)
	}
	erased := uint64(0)
	segments := s.j.Segments()
	for i, seg := range segments {
		found, err := s.anySealed(ctx, seg, pick)
		if err == nil && found && i == len(segments)-1 {
			err = s.j.Roll()
		}
		if err == nil && found {
			var n uint64
			if n, err = s.eraseIn(ctx, seg.Base, pick); err == nil {
				erased += n
			}
		}
		if err != nil {
			return erased, wrap(err)
		}
	}
	return erased, nil
}

// anySealed tells whether a segment holds a payload to erase.
func (s *Store) anySealed(ctx context.Context, seg journal.Segment, pick func(string, uint64) bool) (bool, error) {
	for r, err := range s.j.Replay(seg.Base) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || r.Segment != seg.Base {
			return false, err
		}
		f, ok := parseFrame(r.Frame)
		if !ok {
			return false, tampered(r.Segment, r.Offset-r.Segment, "not an entry")
		}
		if f.sealed != nil && pick(string(f.chain), f.seq) {
			return true, nil
		}
	}
	return false, nil
}

func (s *Store) eraseIn(ctx context.Context, base int64, pick func(string, uint64) bool) (n uint64, err error) {
	err = s.j.Rewrite(base, func(r journal.Record) error {
		f, ok := parseFrame(r.Frame)
		if !ok {
			return tampered(r.Segment, r.Offset-r.Segment, "not an entry")
		}
		if f.sealed != nil && pick(string(f.chain), f.seq) {
			f.erase(r.Frame)
			n++
		}
		return ctx.Err()
	})
	return n, err
}
