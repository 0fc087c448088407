package auditfile

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"slices"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

const (
	spansAtOnce = 4096
	firstWindow = 4 << 10   // of bytes that are read at once; it grows
	lastWindow  = 256 << 10 // to this
	gap         = 16 << 10  // a distance between entries that is not read over
)

func (s *Store) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if errors.Is(s.j.Err(), journal.ErrClosed) {
		return audit.ErrClosed
	}
	return nil
}

// Head implements [audit.Store]. Besides the errors of its contract it returns
// [audit.ErrTampered] and those of reading.
func (s *Store) Head(ctx context.Context, name string) (audit.Head, error) {
	if err := s.ready(ctx); err != nil {
		return audit.Head{}, err
	}
	s.mu.Lock()
	c := s.chains[name]
	var h audit.Head
	if c != nil {
		h = audit.Head{Size: c.size, Last: bytes.Clone(c.last)}
	}
	s.mu.Unlock()
	if h.Size == 0 || h.Last != nil {
		return h, nil
	}
	for r, err := range s.read(ctx, c, h.Size-1, h.Size) {
		if err != nil {
			return audit.Head{}, err
		}
		h.Last = bytes.Clone(r.Line)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.size == h.Size {
		c.last = bytes.Clone(h.Last)
	}
	return h, nil
}

// Chains implements [audit.Store].
func (s *Store) Chains(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.ready(ctx); err != nil {
			yield("", err)
			return
		}
		s.mu.Lock()
		names := slices.Collect(maps.Keys(s.chains))
		names = slices.DeleteFunc(names, func(n string) bool { return s.chains[n].size == 0 })
		s.mu.Unlock()
		slices.Sort(names)
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// Read implements [audit.Store]. It yields the records that were durable when
// it began. Besides the errors of its contract it yields [audit.ErrTampered]
// where no record of this place stands, and errors of reading. It does not
// check hashes.
func (s *Store) Read(ctx context.Context, name string, from uint64) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		if err := s.ready(ctx); err != nil {
			yield(audit.Record{}, err)
			return
		}
		s.mu.Lock()
		c, size := s.chains[name], uint64(0)
		if c != nil {
			size = c.size
		}
		s.mu.Unlock()
		if from < size {
			s.read(ctx, c, from, size)(yield)
		}
	}
}

// read yields the records of a chain in [from, to).
func (s *Store) read(ctx context.Context, c *chain, from, to uint64) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		w := window{s: s, size: firstWindow}
		for from < to {
			seg, gen, spans, err := s.spans(c, from, to)
			if err == nil {
				err = ctx.Err()
			}
			for err == nil && len(spans) > 0 {
				var raw []byte
				if raw, err = w.frame(seg, gen, spans); err != nil {
					break
				}
				base := seg.base
				f, ok := parseFrame(raw)
				if !ok || f.seq != from || string(f.chain) != c.name {
					err = tampered(base, int64(spans[0].at), "not the entry that should stand here")
					break
				}
				r := audit.Record{Line: f.line}
				if f.sealed != nil {
					if r.Sealed, err = base64.StdEncoding.Strict().AppendDecode(w.sealed[:0], f.sealed); err != nil {
						err = tampered(base, int64(spans[0].at), "not a payload in base64")
						break
					}
					if r.Sealed == nil {
						r.Sealed = []byte{}
					}
					w.sealed = r.Sealed
					r.Sealed = slices.Clip(r.Sealed)
				}
				if !yield(r, nil) {
					return
				}
				from, spans = from+1, spans[1:]
			}
			if err != nil && !errors.Is(err, errMoved) {
				yield(audit.Record{}, wrap(err))
				return
			}
		}
	}
}

// errMoved says that a segment was compacted since its spans were taken.
var errMoved = errors.New("auditfile: moved")

// A window is a part of a segment that was read at once.
type window struct {
	s          *Store
	seg        *segment
	gen        uint32
	start, end int64 // in the segment
	buf        []byte
	size       int64
	sealed     []byte
}

// frame returns the bytes of the first span; the others say how far to read
// ahead. Its error is errMoved if the spans are of an older file than the
// segment's.
func (w *window) frame(seg *segment, gen uint32, spans []span) ([]byte, error) {
	at, end := int64(spans[0].at), int64(spans[0].at)+int64(spans[0].length)
	if seg != w.seg || gen != w.gen || at < w.start || end > w.end {
		w.s.layout.RLock()
		defer w.s.layout.RUnlock()
		if seg.gen != gen {
			return nil, errMoved
		}
		w.seg, w.gen, w.start, w.end = seg, gen, at, end
		for _, next := range spans[1:] {
			if to := int64(next.at) + int64(next.length); int64(next.at)-w.end <= gap && to-at <= w.size {
				w.end = to
			} else {
				break
			}
		}
		w.size = min(2*w.size, lastWindow)
		w.buf = slices.Grow(w.buf[:0], int(w.end-w.start))[:w.end-w.start]
		if _, err := w.s.j.ReadAt(w.buf, seg.base+at); err != nil {
			w.end = w.start
			return nil, err
		}
	}
	return w.buf[at-w.start : end-w.start : end-w.start], nil
}

// spans returns where entries of a chain from one on stand: those that are in
// the same segment and before to, some thousand at most. They are of the
// segment's file of this generation.
func (s *Store) spans(c *chain, from, to uint64) (seg *segment, gen uint32, spans []span, err error) {
	s.layout.RLock()
	defer s.layout.RUnlock()
	s.mu.Lock()
	p := c.find(from)
	skip := from - p.first
	n := min(p.count-skip, to-from, spansAtOnce)
	seg, pos := p.segment, p.pos
	if p.spans != nil {
		spans = p.spans[skip : skip+n : skip+n] // it only ever grows, or is replaced
	}
	s.mu.Unlock()
	if spans != nil {
		return seg, seg.gen, spans, nil
	}
	raw := make([]byte, n*spanSize)
	err = s.useIndex(seg, func(f journal.File) error {
		if s.opt.ReadOnly { // the writer may have compacted the segment
			if size, err := indexSize(f); err != nil || size != s.j.Segment(seg.base).Size {
				return errors.Join(err, journal.ErrReplaced)
			}
		}
		_, err := f.ReadAt(raw, pos+int64(skip)*spanSize)
		return err
	})
	if err != nil {
		return nil, 0, nil, err
	}
	spans = make([]span, n)
	for i := range spans {
		spans[i] = span{binary.LittleEndian.Uint32(raw[8*i:]), binary.LittleEndian.Uint32(raw[8*i+4:])}
	}
	return seg, seg.gen, spans, nil
}

// find returns the part of a chain that holds an entry.
func (c *chain) find(seq uint64) *part {
	return c.parts[sort.Search(len(c.parts), func(i int) bool { return c.parts[i].end() > seq })]
}

// useIndex calls do with the index of a segment, whose checksum is right.
func (s *Store) useIndex(seg *segment, do func(journal.File) error) error {
	return s.files.Use(s.path(seg.base, indexSuffix), func(f journal.File) error {
		if err := s.checkBlocks(seg, f); err != nil {
			return err
		}
		return do(f)
	})
}

// ReadHashes implements [audit.Store]. Besides the errors of its contract it
// returns [audit.ErrTampered] for a damaged index, and errors of reading.
func (s *Store) ReadHashes(ctx context.Context, name string, indexes []int64) ([]tlog.Hash, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	c := s.chains[name]
	s.mu.Unlock()
	if c == nil {
		c = &chain{}
	}
	hashes, err := s.readHashes(c, indexes)
	return hashes, wrap(err)
}

// A place is where a tree hash stands in an index.
type place struct {
	segment *segment
	at      int64
	to      *tlog.Hash
}

func (s *Store) readHashes(c *chain, indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	places := make([]place, 0, len(indexes))
	s.mu.Lock()
	for i, index := range indexes {
		p, at, ok := c.findHash(index)
		switch {
		case !ok:
			s.mu.Unlock()
			return nil, audit.ErrOutOfRange
		case p.pos == 0:
			hashes[i] = p.hashes[at]
		default:
			at = p.pos + int64(p.count)*spanSize + at*tlog.HashSize
			places = append(places, place{p.segment, at, &hashes[i]})
		}
	}
	s.mu.Unlock()
	for len(places) > 0 {
		seg, n := places[0].segment, 1
		for n < len(places) && places[n].segment == seg {
			n++
		}
		err := s.useIndex(seg, func(f journal.File) error {
			for _, p := range places[:n] {
				if _, err := f.ReadAt(p.to[:], p.at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		places = places[n:]
	}
	return hashes, nil
}

// findHash returns the part that holds a stored tree hash of a chain, and its
// number in it.
func (c *chain) findHash(index int64) (p *part, at int64, ok bool) {
	if index < 0 {
		return nil, 0, false
	}
	level, n := tlog.SplitStoredHashIndex(index)
	if uint64(n) >= c.size>>level {
		return nil, 0, false
	}
	p = c.find(uint64(n+1)<<level - 1) // the entry that completes it
	return p, index - tlog.StoredHashCount(int64(p.first)), true
}
