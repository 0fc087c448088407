package auditfile

import (
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit/internal/journal"
)

// Compact gives back the space of payloads that were erased: it writes closed
// segments anew without the spaces in their places, and returns by how many
// bytes the segments are shorter. Lines, hashes, proofs and checkpoints stay as
// they are. The last segment, which grows, is left alone; [Store.Erase] has
// closed those in which it erased something.
//
// A segment and its index are put in the place of the old ones at once,
// whatever happens meanwhile. Appending and reading go on. A store that another
// process has opened for reading meets [audit.ErrReplaced] where it looks for
// an entry of a segment that was compacted, and has to be opened again.
//
// Its errors are those of ctx, [audit.ErrTampered], [audit.ErrReadOnly],
// [audit.ErrClosed], [audit.ErrFailed], and those of the file system; the
// number returned with one is of the segments that are done.
func (s *Store) Compact(ctx context.Context) (freed int64, err error) {
	if err := s.j.Err(); err != nil {
		return 0, wrap(err)
	}
	segments := s.j.Segments()
	for _, seg := range segments[:len(segments)-1] {
		found, err := s.anyErased(ctx, seg)
		if err == nil && found && s.settled(seg) {
			var n int64
			n, err = s.compact(ctx, seg.Base)
			freed += n
		}
		if err != nil {
			return freed, wrap(err)
		}
	}
	return freed, nil
}

// settled tells whether the store knows all entries of a closed segment: those
// who brought the last ones may have still to wake up.
func (s *Store) settled(seg journal.Segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.open, func(o *segment) bool { return o.base == seg.Base })
	return i < 0 || s.open[i].entries == seg.Count
}

// anyErased tells whether spaces stand in a segment.
func (s *Store) anyErased(ctx context.Context, seg journal.Segment) (bool, error) {
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
		if f.sealed == nil && f.sealedEnd > f.sealedAt {
			return true, nil
		}
	}
	return false, nil
}

// compact writes one segment and its index anew.
func (s *Store) compact(ctx context.Context, base int64) (int64, error) {
	s.index.Lock() // nobody else writes an index meanwhile
	defer s.index.Unlock()
	spans := make(map[string]*[]span)
	var now *[]span
	edit := func(r journal.Record) ([]byte, error) {
		f, ok := parseFrame(r.Frame)
		if !ok {
			return nil, tampered(r.Segment, r.Offset-r.Segment, "not an entry")
		}
		if now = spans[string(f.chain)]; now == nil {
			now = new([]span)
			spans[string(f.chain)] = now
		}
		if f.sealed == nil {
			r.Frame = slices.Delete(r.Frame, f.sealedAt, f.sealedEnd)
		}
		return r.Frame, ctx.Err()
	}
	moved := func(offset int64, length int) {
		*now = append(*now, span{uint32(offset - base), uint32(length)})
	}
	var size int64
	swap := func(replace func() error) error {
		parts, err := s.partsOf(base, spans)
		if err != nil {
			return err
		}
		indexed, err := s.prepareCompacted(base, parts, spans, size)
		if err != nil {
			return err
		}
		s.layout.Lock()
		defer s.layout.Unlock()
		if err := replace(); err != nil {
			return err
		}
		s.mu.Lock()
		for name, p := range parts {
			p.spans = *spans[name]
			p.segment.gen++
		}
		s.mu.Unlock()
		if !indexed {
			return nil // whoever writes it will know the new places
		}
		// If this fails, the places stay in memory, and the index that does
		// not fit is computed anew when the folder is next opened.
		if err := placeIndex(s.fs, s.dir, base); err != nil {
			return err
		}
		s.files.Forget(s.path(base, indexSuffix))
		s.mu.Lock()
		for _, p := range parts {
			p.spans, p.segment.checked = nil, true
		}
		s.mu.Unlock()
		return nil
	}
	return s.j.Compact(base, edit, moved, func(next int64, replace func() error) error {
		size = next
		return swap(replace)
	})
}

// partsOf returns what the chains have in a segment.
func (s *Store) partsOf(base int64, spans map[string]*[]span) (map[string]*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := make(map[string]*part, len(spans))
	for name, list := range spans {
		c := s.chains[name]
		i := -1
		if c != nil {
			i = slices.IndexFunc(c.parts, func(p *part) bool { return p.segment.base == base })
		}
		if i < 0 || c.parts[i].count != uint64(len(*list)) {
			return nil, tampered(base, 0, "other entries than when the log was opened")
		}
		parts[name] = c.parts[i]
	}
	return parts, nil
}

// prepareCompacted writes the new index of a segment that has one, with the
// hashes of the old.
func (s *Store) prepareCompacted(base int64, parts map[string]*part, spans map[string]*[]span, size int64) (indexed bool, err error) {
	next := &segment{base: base, parts: make(map[string]*part, len(parts))}
	for name, p := range parts {
		s.mu.Lock()
		pos := p.pos
		s.mu.Unlock()
		if pos == 0 {
			return false, nil
		}
		hashes := make([]tlog.Hash, hashCount(p))
		raw := make([]byte, len(hashes)*tlog.HashSize)
		err := s.useIndex(p.segment, func(f journal.File) error {
			_, err := f.ReadAt(raw, pos+int64(p.count)*spanSize)
			return err
		})
		if err != nil {
			return false, err
		}
		for i := range hashes {
			hashes[i] = tlog.Hash(raw[i*tlog.HashSize:])
		}
		next.parts[name] = &part{segment: next, first: p.first, count: p.count, spans: *spans[name], hashes: hashes}
		next.entries += p.count
	}
	_, _, _, err = prepareIndex(s.fs, s.dir, next, size)
	return true, err
}
