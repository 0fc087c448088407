package journal

import (
	"errors"
	"io"
	"iter"
	"os"
	"slices"
)

// Replay returns the frames that are committed now, in order, from the first
// frame at or behind a journal offset (0 for all). It reads and checks the
// files anew, so that an error may be [ErrDamaged]; the error is the last pair.
// A frame is valid until the next one. Replay works on a closed journal too.
func (j *Journal) Replay(from int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		j.mu.Lock()
		segments := slices.Clone(j.segments)
		j.mu.Unlock()
		for _, seg := range segments {
			if seg.end() <= from {
				continue
			}
			stop, err := j.replay(seg, from, yield)
			if err != nil {
				yield(Record{}, err)
			}
			if stop || err != nil {
				return
			}
		}
	}
}

var errStop = errors.New("stop")

// replay checks the whole of a segment and yields the frames from an offset on.
func (j *Journal) replay(seg segment, from int64, yield func(Record, error) bool) (stop bool, err error) {
	f, err := j.fs.OpenFile(j.path(segmentName(seg.base)), os.O_RDONLY, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	s := scanner{
		r: io.LimitReader(f, seg.size), seg: seg,
		format: j.opt.Format, limit: j.opt.MaxFrame, total: seg.first,
	}
	if err := s.header(); err != nil {
		return false, err
	}
	tail, rule, err := s.groups(func(r Record) error {
		if r.Offset >= from && !yield(r, nil) {
			return errStop
		}
		return nil
	})
	switch {
	case errors.Is(err, errStop):
		return true, nil
	case err != nil:
		return false, err
	case len(tail) > 0:
		return false, s.damage(rule)
	case s.good != s.seg.size: // of a segment compacted meanwhile, the new one
		return false, s.damage("the file is shorter than what was committed")
	}
	return false, nil
}

// ReadAt reads committed bytes of the journal, headers and commits among them,
// at a journal offset. It is an [io.ReaderAt]; what it reads is not checked.
// After Close it returns [ErrClosed]; where a segment was compacted by its writer
// since a reader opened the journal, [ErrReplaced].
func (j *Journal) ReadAt(p []byte, offset int64) (int, error) {
	read := 0
	for read < len(p) {
		seg, err := j.segment(offset)
		if err != nil {
			return read, err
		}
		n := int(min(int64(len(p)-read), seg.base+seg.size-offset))
		err = j.files.Use(j.path(segmentName(seg.base)), func(f File) error {
			if err := j.sameSize(f, seg); err != nil {
				return err
			}
			n, err = f.ReadAt(p[read:read+n], offset-seg.base)
			return err
		})
		if err != nil {
			return read, err
		}
		read, offset = read+n, offset+int64(n)
	}
	return read, nil
}

// sameSize makes sure that a reader, who is not told of it, does not look for
// old places in a closed segment that is another one now.
func (j *Journal) sameSize(f File, seg segment) error {
	j.mu.Lock()
	closed := j.opt.ReadOnly && seg.base != j.segments[len(j.segments)-1].base
	j.mu.Unlock()
	if !closed {
		return nil
	}
	info, err := f.Stat()
	if err == nil && info.Size() != seg.size {
		err = ErrReplaced
	}
	return err
}

// segment returns the segment that holds an offset.
func (j *Journal) segment(offset int64) (segment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return segment{}, ErrClosed
	}
	i, found := slices.BinarySearchFunc(j.segments, offset, func(s segment, offset int64) int {
		switch {
		case s.base+s.size <= offset:
			return -1
		case s.base > offset:
			return 1
		}
		return 0
	})
	if !found {
		return segment{}, io.EOF
	}
	return j.segments[i], nil
}
