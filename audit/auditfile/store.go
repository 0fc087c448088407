package auditfile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

const (
	format = "baakit.audit/1"

	// maxFrame holds a line and a payload of the greatest length.
	maxFrame = audit.MaxLine + (audit.MaxSealed+2)/3*4 + 512

	// DefaultSegmentSize is the length in bytes at which a segment is closed.
	DefaultSegmentSize = journal.DefaultSegmentSize

	// MaxSegmentSize is the greatest [Options.SegmentSize].
	MaxSegmentSize = 1 << 30

	// MaxAppend is the greatest length in bytes of what one append can store:
	// its lines and payloads in base64, and up to 256 bytes more for each.
	MaxAppend = journal.MaxGroup
)

// Options say how a folder is opened. The zero Options, and a nil pointer to
// them, open it for writing and create it if it is not there.
type Options struct {
	// ReadOnly opens the folder without a lock and without changing it, beside
	// a running writer or without one. The store shows what was durable when
	// it was opened.
	ReadOnly bool

	// MustExist refuses a folder without a log instead of creating one.
	// ReadOnly implies it.
	MustExist bool

	// Full reads and checks every segment when the folder is opened, not only
	// those without an index.
	Full bool

	// SegmentSize is the length in bytes at which a segment is closed, at most
	// [MaxSegmentSize]; 0 means [DefaultSegmentSize]. Each time a folder is
	// opened, it can be another.
	SegmentSize int64

	fs journal.FS
}

// A Store is an [audit.Store] in a folder. Its methods are safe for concurrent
// use. Make one with [Open].
type Store struct {
	dir   string
	opt   Options
	fs    journal.FS
	j     *journal.Journal
	files *journal.Files // indexes, open for reading
	work  sync.WaitGroup // indexes that are being written
	index sync.Mutex     // held by the one that is; they share a temporary name

	// layout is held for reading by who takes spans or reads what stands there,
	// and for writing while a segment and its spans are replaced.
	layout sync.RWMutex

	mu     sync.Mutex
	chains map[string]*chain
	open   []*segment // without an index, in order; the last one grows
	broken error      // of writing an index
}

var _ audit.Store = (*Store)(nil)

type chain struct {
	name  string
	taken uint64 // the size with what is being written
	size  uint64 // what is durable
	last  []byte // the last line; nil until it is needed
	parts []*part
	tail  *inflight
}

// An inflight is an append that waits to be durable. Those of one chain become
// visible in their order.
type inflight struct {
	before *inflight
	done   chan struct{}
}

// Open opens the log in a folder.
//
// Its errors are [audit.ErrLocked], [fs.ErrNotExist] where a log must exist,
// [audit.ErrTampered] for anything that is neither this format nor what a
// crash can leave of it, and those of the file system. After an error nothing
// was changed, except that an empty log and indexes may have been written.
func Open(dir string, opt *Options) (*Store, error) {
	s := &Store{chains: make(map[string]*chain)}
	if opt != nil {
		s.opt = *opt
	}
	if s.opt.SegmentSize < 0 || s.opt.SegmentSize > MaxSegmentSize {
		return nil, errors.New("auditfile: the segment size is out of range")
	}
	if s.fs = s.opt.fs; s.fs == nil {
		s.fs = journal.OS{}
	}
	var err error
	if s.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	s.files = journal.NewFiles(s.fs, 64)
	if err := s.load(); err != nil {
		s.files.Close()
		if s.j != nil {
			s.j.Close()
		}
		return nil, wrap(err)
	}
	return s, nil
}

func (s *Store) path(base int64, suffix string) string {
	return filepath.Join(s.dir, segmentFile(base, suffix))
}

// chain returns the state of a chain, which it makes if there is none.
func (s *Store) chain(name string) *chain {
	c := s.chains[name]
	if c == nil {
		c = &chain{name: name}
		s.chains[name] = c
	}
	return c
}

// Append implements [audit.Store]. Besides the errors of its contract it
// returns [audit.ErrTooLarge] for a line, a payload or all of them together
// above their limits, [audit.ErrLine] for a line that is empty or holds a line
// feed or NUL, and for hashes of another number than the lines complete,
// [audit.ErrReadOnly], [audit.ErrClosed], and [audit.ErrFailed] with
// [audit.ErrFull] or [audit.ErrReplaced] where that is the reason.
//
// ctx is looked at before the append begins. It does not end the wait for the
// disk, so that the answer is always certain.
func (s *Store) Append(ctx context.Context, name string, at uint64, records []audit.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.j.Err(); err != nil {
		return wrap(err)
	}
	s.mu.Lock()
	taken := s.takenOf(name)
	s.mu.Unlock()
	if taken != at {
		return audit.ErrConflict
	}
	frames, err := encode(name, at, records)
	if err != nil || len(records) == 0 {
		return err
	}
	s.mu.Lock()
	if s.takenOf(name) != at { // while the lock was free
		s.mu.Unlock()
		return audit.ErrConflict
	}
	pending, err := s.j.Submit(frames...)
	if err != nil {
		s.mu.Unlock()
		return wrap(err)
	}
	c := s.chain(name)
	c.taken += uint64(len(records))
	mine := &inflight{before: c.tail, done: make(chan struct{})}
	c.tail = mine
	s.mu.Unlock()

	defer close(mine.done)
	offsets, err := pending.Wait()
	if err != nil {
		return wrap(err)
	}
	if mine.before != nil {
		<-mine.before.done
		mine.before = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range records {
		s.place(c, offsets[i], len(frames[i]), r.Hashes)
	}
	c.last = bytes.Clone(records[len(records)-1].Line)
	s.closeSegments()
	return nil
}

func (s *Store) takenOf(chain string) uint64 {
	if c := s.chains[chain]; c != nil {
		return c.taken
	}
	return 0
}

// encode returns the frames of records.
func encode(name string, at uint64, records []audit.Record) ([][]byte, error) {
	if !audit.ValidChain(name) {
		return nil, fmt.Errorf("auditfile: %w: not the name of a chain", audit.ErrUnknownChain)
	}
	size := 0
	for i, r := range records {
		if len(r.Line) > audit.MaxLine || len(r.Sealed) > audit.MaxSealed {
			return nil, audit.ErrTooLarge
		}
		n := int64(at) + int64(i)
		if want := tlog.StoredHashCount(n+1) - tlog.StoredHashCount(n); int64(len(r.Hashes)) != want {
			return nil, fmt.Errorf("auditfile: %w: entry %d completes %d tree hashes, not %d", audit.ErrLine, n, want, len(r.Hashes))
		}
		size += len(name) + len(r.Line) + (len(r.Sealed)+2)/3*4 + 72
	}
	if size > MaxAppend {
		return nil, audit.ErrTooLarge
	}
	room := make([]byte, 0, size)
	frames := make([][]byte, len(records))
	for i, r := range records {
		if len(r.Line) == 0 {
			return nil, audit.ErrLine
		}
		from := len(room)
		room = appendFrame(room, name, at+uint64(i), r)
		frames[i] = room[from:]
	}
	return frames, nil
}

// place enters a durable entry into its segment and chain. Those who wake up
// first may bring a segment before those who bring the one before.
func (s *Store) place(c *chain, offset int64, length int, hashes []tlog.Hash) {
	base := s.j.Segment(offset).Base
	i, found := slices.BinarySearchFunc(s.open, base, func(o *segment, base int64) int { return cmp.Compare(o.base, base) })
	if !found {
		s.open = slices.Insert(s.open, i, &segment{base: base, parts: make(map[string]*part)})
	}
	s.enter(c, s.open[i], span{uint32(offset - base), uint32(length)}, hashes)
}

func (s *Store) enter(c *chain, seg *segment, at span, hashes []tlog.Hash) {
	p := seg.add(c.name, c.size, at, hashes)
	if p.count == 1 {
		c.parts = append(c.parts, p)
	}
	c.size++
}

// closeSegments begins to write the indexes of the segments to which nothing
// is added any more, once all their entries are known.
func (s *Store) closeSegments() {
	for len(s.open) > 1 {
		seg := s.open[0]
		if s.j.Segment(seg.base).Count != seg.entries {
			return // others have still to wake up
		}
		s.open = s.open[1:]
		s.work.Go(func() { s.finish(seg) })
	}
}

// finish writes the index of a segment and forgets what it holds. Without an
// index the segment stays in memory, and the next opening reads it.
func (s *Store) finish(seg *segment) {
	s.index.Lock()
	defer s.index.Unlock()
	var pos map[*part]int64
	var blocks, length int64
	size, err := s.fileSize(seg.base)
	if err == nil {
		pos, blocks, length, err = writeIndex(s.fs, s.dir, seg, size)
	}
	s.files.Forget(s.path(seg.base, indexSuffix)) // it may be a damaged one that is replaced
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.broken = errors.Join(s.broken, err)
		return
	}
	seg.blocks, seg.length, seg.checked = blocks, length, true
	for p, at := range pos {
		p.pos, p.spans, p.hashes = at, nil, nil
	}
	seg.parts = nil
}

// A Recovery says what was found behind the last complete commit when the
// folder was opened: what a crash left of entries that were never
// acknowledged. It is zero if there was nothing.
type Recovery = journal.Recovery

// Recovered returns what Open found behind the last complete commit. A writer
// has cut it off; to a reader it may be what a writer is writing just now.
func (s *Store) Recovered() Recovery { return s.j.Recovered() }

// Err returns the error that every append would meet now, or nil.
func (s *Store) Err() error { return wrap(s.j.Err()) }

// Close waits for what is being written and releases the folder. It returns an
// error if indexes could not be written, which loses nothing. Closing again
// does nothing.
func (s *Store) Close() error {
	err := s.j.Close()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	err = errors.Join(err, s.files.Close(), s.broken)
	s.broken = nil
	return wrap(err)
}
