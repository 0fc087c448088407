package auditfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// A loader enters what the journal holds when it is opened.
type loader struct {
	s         *Store
	seg       *segment // that is being read
	frontiers map[*chain]*audit.Frontier
	hashes    []tlog.Hash
}

// load opens the journal. What the indexes tell is not read again.
func (s *Store) load() error {
	s.chains, s.open = make(map[string]*chain), nil
	var indexed []*segment
	from := int64(0)
	if !s.opt.Full {
		indexed, from = s.loadIndexes()
	}
	l := &loader{s: s, frontiers: make(map[*chain]*audit.Frontier)}
	j, err := journal.Open(s.dir, journal.Config{
		Format: format, ReadOnly: s.opt.ReadOnly, MustExist: s.opt.MustExist, Visit: l.visit, From: from,
		SegmentSize: s.opt.SegmentSize, MaxFrame: maxFrame, FS: s.fs,
	})
	if errors.Is(err, audit.ErrTampered) && len(indexed) > 0 {
		s.opt.Full = true // the indexes may be what is wrong
		return s.load()
	}
	if err != nil {
		return err
	}
	for _, seg := range indexed {
		if j.Segment(seg.base).Count != seg.entries { // the headers know better
			if err := j.Close(); err != nil {
				return err
			}
			s.opt.Full = true
			return s.load()
		}
	}
	s.j = j
	segments := j.Segments()
	l.begin(segments[len(segments)-1].Base)
	for _, c := range s.chains {
		c.taken = c.size
	}
	return nil
}

// loadIndexes reads the tables of the indexes from the first segment on, as
// far as there are any, and returns where the first segment without begins.
// The last segment needs none.
func (s *Store) loadIndexes() (list []*segment, from int64) {
	names, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return nil, 0 // the journal will say so
	}
	var bases []int64
	for _, name := range names {
		digits, ok := strings.CutSuffix(name, ".jsonl")
		base, err := strconv.ParseInt(digits, 10, 64)
		if ok && err == nil && segmentFile(base, ".jsonl") == name {
			bases = append(bases, base)
		}
	}
	slices.Sort(bases)
	for i := 0; i+1 < len(bases) && bases[i] == from; i++ {
		size, err := s.fileSize(from)
		if err != nil {
			break // the journal will say so
		}
		seg, table, ok := readIndex(s.fs, s.dir, from, size)
		if !ok || slices.ContainsFunc(table, func(e indexEntry) bool { return e.part.first != s.sizeOf(e.chain) }) {
			break
		}
		for _, e := range table {
			c := s.chain(e.chain)
			c.parts = append(c.parts, e.part)
			c.size = e.part.end()
		}
		list, from = append(list, seg), bases[i+1]
	}
	return list, from
}

// fileSize returns the length of a closed segment, which is less than the
// distance to the next one if the segment was compacted.
func (s *Store) fileSize(base int64) (int64, error) {
	if s.j != nil {
		return s.j.Segment(base).Size, nil
	}
	info, err := s.fs.Stat(s.path(base, ".jsonl"))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s *Store) sizeOf(chain string) uint64 {
	if c := s.chains[chain]; c != nil {
		return c.size
	}
	return 0
}

// begin takes a segment for the one that is read or grows. The one before is
// complete, and gets its index.
func (l *loader) begin(base int64) {
	switch {
	case l.seg != nil && l.seg.base == base:
		return
	case l.seg != nil && !l.s.opt.ReadOnly:
		l.s.open = l.s.open[:len(l.s.open)-1]
		l.s.finish(l.seg)
	}
	l.seg = &segment{base: base, parts: make(map[string]*part)}
	l.s.open = append(l.s.open, l.seg)
}

// visit enters one entry.
func (l *loader) visit(r journal.Record) error {
	l.begin(r.Segment)
	f, ok := parseFrame(r.Frame)
	if !ok || !audit.ValidChain(string(f.chain)) {
		return tampered(r.Segment, r.Offset-r.Segment, "not an entry")
	}
	c := l.s.chains[string(f.chain)]
	if c == nil {
		c = l.s.chain(string(f.chain))
	}
	if f.seq != c.size {
		return tampered(r.Segment, r.Offset-r.Segment, fmt.Sprintf("an entry that should have seq %d", c.size))
	}
	frontier := l.frontiers[c]
	if frontier == nil {
		at, err := audit.FrontierAt(c.size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			return l.s.readHashes(c, indexes)
		}))
		if err != nil {
			return err
		}
		frontier = &at
		l.frontiers[c] = frontier
	}
	l.hashes = frontier.Append(l.hashes[:0], audit.LeafHash(f.line))
	l.s.enter(c, l.seg, span{uint32(r.Offset - r.Segment), uint32(len(r.Frame))}, l.hashes)
	return nil
}
