package journal

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A Config says how a journal is opened. Only Format is required.
type Config struct {
	// Format names what the frames are, as in "baakit.audit/1": lower-case
	// letters, digits and ". / -". A journal of another format is refused.
	Format string

	// ReadOnly opens a journal without a lock, beside a running writer or
	// without one. What a writer has not yet committed is not seen.
	ReadOnly bool

	// MustExist refuses a folder without a journal instead of creating one.
	// ReadOnly implies it.
	MustExist bool

	// Visit, if not nil, is called by [Open] for every committed frame, in
	// order. An error of it ends Open with that error.
	Visit func(Record) error

	// From is a journal offset: segments that end at or before it are not
	// read by [Open], which checks of them the headers and lengths only, and
	// Visit is not called for their frames. The last segment is always read.
	From int64

	// SegmentSize is the length at which a segment is closed; 0 means
	// [DefaultSegmentSize].
	SegmentSize int64

	// MaxFrame is the greatest length of a frame; 0 means 1 MiB. It may be
	// at most [MaxGroup] - 1.
	MaxFrame int

	// FS is the file system; nil means [OS].
	FS FS
}

// A Record is one frame and its place.
type Record struct {
	Segment int64  // the journal offset at which its segment begins
	Offset  int64  // of its first byte in the journal: what [Journal.ReadAt] takes
	Index   uint64 // its number, from 0
	Frame   []byte // without its line feed
}

// A Recovery says what was found behind the last complete commit: what a
// crash left of a group that was never acknowledged, or, for a reader, what
// the writer is writing just now. It is zero if there was nothing.
type Recovery struct {
	Segment string            // the file's name
	Offset  int64             // in the file
	Length  int64             // in bytes
	SHA256  [sha256.Size]byte // of those bytes
}

// A Journal is an open journal. Its methods are safe for concurrent use.
type Journal struct {
	dir   string
	opt   Config
	fs    FS
	lock  io.Closer
	found Recovery
	files *Files // open for ReadAt

	lastGroup int64 // where the last group or header begins in its file, at opening

	rewriting sync.Mutex // held by Rewrite

	writing sync.Mutex // held by the leader while it writes and syncs
	file    File       // the last segment, open for appending

	mu       sync.Mutex
	room     sync.Cond // signalled when next was taken
	next     *batch    // what the next commit will hold
	segments []segment // with their committed lengths
	total    uint64    // committed frames
	err      error     // sticky
	closed   bool
}

// Open opens the journal in a folder, creating folder and journal if there is
// none, checks all of it and cuts off what a crash left of an unacknowledged
// group.
//
// Its errors are [ErrLocked], [ErrNotExist], [ErrDamaged] (a [DamageError]),
// an error of Config.Visit, or one of the file system. After an error nothing
// was changed, except that an empty journal may have been created.
func Open(dir string, opt Config) (*Journal, error) {
	opt.SegmentSize = cmp.Or(opt.SegmentSize, DefaultSegmentSize)
	opt.MaxFrame = cmp.Or(opt.MaxFrame, 1<<20)
	if !checkFormat(opt.Format) || opt.SegmentSize < 0 || opt.MaxFrame < 1 || opt.MaxFrame >= MaxGroup {
		return nil, errors.New("journal: invalid options")
	}
	dir, err := filepath.Abs(dir) // the process may change its folder
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: dir, opt: opt, fs: opt.FS}
	j.room.L = &j.mu
	if j.fs == nil {
		j.fs = OS{}
	}
	j.files = NewFiles(j.fs, 32)
	if err := j.open(); err != nil {
		j.release()
		return nil, err
	}
	j.opt.Visit = nil
	return j, nil
}

func (j *Journal) open() error {
	exists, err := j.prepare()
	if err != nil {
		return err
	}
	if !exists {
		return j.create(0)
	}
	bases, err := j.list()
	if err != nil {
		return err
	}
	for i, base := range bases {
		if i < len(bases)-1 && bases[i+1] <= j.opt.From {
			err = j.skip(base, bases[i+1])
		} else {
			err = j.load(base, i == len(bases)-1)
		}
		if err != nil {
			return err
		}
	}
	if j.opt.ReadOnly {
		return nil
	}
	return j.recover()
}

// prepare takes the lock and tells whether there is a journal.
func (j *Journal) prepare() (exists bool, err error) {
	bases, err := j.list()
	exists = err == nil && len(bases) > 0
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return false, err
	case j.opt.ReadOnly && !exists, j.opt.MustExist && !exists:
		return false, ErrNotExist
	case j.opt.ReadOnly:
		return true, nil
	}
	if !exists {
		if err := j.mkdir(j.dir); err != nil {
			return false, err
		}
	}
	if j.lock, err = j.fs.Lock(j.path(lockName)); err != nil {
		return false, err
	}
	if !exists {
		// Another writer may have come and gone before the lock was ours.
		bases, err = j.list()
	}
	return len(bases) > 0, err
}

// mkdir makes a folder, its parents and their names durable. A folder that is
// there already may have been made by a process that was killed before it
// could sync the name; whose parent cannot be read, this user did not make.
func (j *Journal) mkdir(dir string) error {
	parent := filepath.Dir(dir)
	if _, err := j.fs.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if parent != dir {
			if err := j.mkdir(parent); err != nil {
				return err
			}
		}
		if err := j.fs.Mkdir(dir); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		return j.fs.SyncDir(parent)
	} else if err != nil {
		return err
	}
	if err := j.fs.SyncDir(parent); err != nil && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}

func (j *Journal) path(name string) string { return filepath.Join(j.dir, name) }

// list returns the bases of the segments in the folder, in order.
func (j *Journal) list() ([]int64, error) {
	names, err := j.fs.ReadDir(j.dir)
	if err != nil {
		return nil, err
	}
	var bases []int64
	for _, name := range names {
		if base, ok := parseSegmentName(name); ok {
			bases = append(bases, base)
		} else if strings.HasSuffix(name, suffix) {
			return nil, &DamageError{Segment: name, Rule: "the file's name is not a segment's"}
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// load checks one segment and hands its frames to Visit.
func (j *Journal) load(base int64, last bool) error {
	if want := j.end(); base != want {
		return &DamageError{Segment: segmentName(want), Rule: ruleMissing}
	}
	f, err := j.fs.OpenFile(j.path(segmentName(base)), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	r := io.Reader(f)
	if j.opt.ReadOnly {
		if r, err = settled(f); err != nil {
			return err
		}
	}
	s := scanner{r: r, seg: segment{base: base, first: j.total}, format: j.opt.Format, limit: j.opt.MaxFrame, total: j.total}
	if err := s.header(); err != nil {
		return err
	}
	tail, rule, err := s.groups(j.opt.Visit)
	if err != nil {
		return err
	}
	if next := s.seg.next; next != 0 {
		if last {
			return &DamageError{Segment: segmentName(next), Rule: ruleMissing}
		}
		if len(tail) == 0 && s.good != s.seg.size {
			rule, tail = ruleMissing, []byte{0}
		}
	}
	if len(tail) > 0 {
		if !last || !torn(tail, s.good, s.total) {
			return s.damage(rule)
		}
		j.found = Recovery{segmentName(base), s.good, int64(len(tail)), sha256.Sum256(tail)}
	}
	j.lastGroup = s.last
	s.seg.size = s.good
	j.segments = append(j.segments, s.seg)
	j.total = s.total
	return nil
}

// skip takes a closed segment by its header and its length. How many frames
// it has, the header of the next one tells.
func (j *Journal) skip(base, next int64) error {
	if want := j.end(); base != want {
		return &DamageError{Segment: segmentName(want), Rule: ruleMissing}
	}
	name := j.path(segmentName(base))
	info, err := j.fs.Stat(name)
	if err != nil {
		return err
	}
	h, err := j.loadHeader(base)
	if err != nil {
		return err
	}
	seg := segment{base, info.Size(), j.total, h.next}
	if seg.end() != next || h.next != 0 && h.size != seg.size {
		return &DamageError{Segment: segmentName(base), Offset: info.Size(), Rule: ruleMissing}
	}
	j.segments = append(j.segments, seg)
	_, err = j.loadHeader(next)
	return err
}

// loadHeader returns the header of a segment and sets total to what it says,
// which is never less than before.
func (j *Journal) loadHeader(base int64) (header, error) {
	f, err := j.fs.OpenFile(j.path(segmentName(base)), os.O_RDONLY, 0)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	line := make([]byte, longestHeader(j.opt.Format))
	n, err := f.ReadAt(line, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, err
	}
	h, _, ok := parseHeader(line[:n], base, j.opt.Format)
	if !ok || h.total < j.total || base == 0 && h.total != 0 {
		return header{}, &DamageError{Segment: segmentName(base), Rule: ruleHeader(j.opt.Format)}
	}
	j.total = h.total
	return h, nil
}

// end returns the journal offset behind the last segment.
func (j *Journal) end() int64 {
	if len(j.segments) == 0 {
		return 0
	}
	return j.segments[len(j.segments)-1].end()
}

// settled reads a file as far as it is durable now, so that a reader never
// shows a group that its writer may still lose.
func settled(f File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil && !errors.Is(err, os.ErrPermission) {
		return nil, err // Windows syncs only what is open for writing
	}
	return io.LimitReader(f, info.Size()), nil
}

// recover opens the last segment for appending and cuts its torn tail off.
// A commit that was written before and is read now need not be on the disk,
// even if a sync of it was tried: after a failed sync some systems keep what
// they could not write, and call it clean. So the last group, the only one
// that may be in this state, is written again in its place, and synced.
func (j *Journal) recover() error {
	for _, temp := range []string{tempName, rewriteName} {
		if err := j.fs.Remove(j.path(temp)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	last := j.segments[len(j.segments)-1]
	f, err := j.fs.OpenFile(j.path(segmentName(last.base)), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	j.file = f
	if j.found.Length > 0 {
		if err := f.Truncate(last.size); err != nil {
			return err
		}
	}
	if err := j.rewriteLast(last); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := j.fs.SyncDir(j.dir); err != nil {
		return err
	}
	return j.checkFile()
}

// rewriteLast writes the last group, or the header if there is none, over
// itself.
func (j *Journal) rewriteLast(last segment) error {
	f, err := j.fs.OpenFile(j.path(segmentName(last.base)), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	buf := make([]byte, last.size-j.lastGroup)
	_, err = f.ReadAt(buf, j.lastGroup)
	if err == nil || errors.Is(err, io.EOF) {
		_, err = whole(buf, func(b []byte) (int, error) { return f.WriteAt(b, j.lastGroup) })
	}
	return errors.Join(err, f.Close())
}

// whole makes a short write an error, whatever the file system says.
func whole(b []byte, write func([]byte) (int, error)) (int, error) {
	n, err := write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

// create begins a segment at a base. Its header is durable before its name
// exists, so that a segment is never without one.
func (j *Journal) create(base int64) error {
	seg := segment{base: base, first: j.total}
	header := seg.header(j.opt.Format)
	seg.size = int64(len(header))
	temp := j.path(tempName)
	f, err := j.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = whole(header, f.Write)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	name := j.path(segmentName(base))
	if err := j.fs.Rename(temp, name); err != nil {
		return err
	}
	if err := j.fs.SyncDir(j.dir); err != nil {
		return err
	}
	if f, err = j.fs.OpenFile(name, os.O_RDWR|os.O_APPEND, 0); err != nil {
		return err
	}
	if j.file != nil {
		err = j.file.Close()
	}
	j.file = f
	j.mu.Lock()
	j.segments = append(j.segments, seg)
	j.mu.Unlock()
	return err
}

// checkFile makes sure that the last segment's name leads to the open file
// and that its length is what was written.
func (j *Journal) checkFile() error {
	last := j.segments[len(j.segments)-1]
	named, err := j.fs.Stat(j.path(segmentName(last.base)))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReplaced, err)
	}
	held, err := j.file.Stat()
	if err != nil {
		return err
	}
	if !j.fs.SameFile(named, held) || held.Size() != last.size {
		return ErrReplaced
	}
	return nil
}

// Recovered returns what Open found behind the last complete commit.
func (j *Journal) Recovered() Recovery { return j.found }

// Err returns the error that every append would meet now, or nil: [ErrFailed],
// [ErrClosed] or [ErrReadOnly].
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state()
}

func (j *Journal) state() error {
	switch {
	case j.closed:
		return ErrClosed
	case j.opt.ReadOnly:
		return ErrReadOnly
	}
	return j.err
}

// Close waits for the commit that is being written, refuses further appends
// and releases the lock. Closing again does nothing.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	closed := j.closed
	j.closed = true
	j.room.Broadcast()
	j.mu.Unlock()
	if closed {
		return nil
	}
	return j.release()
}

func (j *Journal) release() error {
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	err = errors.Join(err, j.files.Close())
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
	}
	return err
}
