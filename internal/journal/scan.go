package journal

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"slices"
)

// What is read at once grows from the first to the last.
const (
	firstChunk = 4 << 10
	lastChunk  = 256 << 10
)

// A scanner reads the groups of one segment.
type scanner struct {
	r      io.Reader
	seg    segment
	format string
	limit  int // longest frame

	total uint64 // frames before the group that is read
	last  int64  // offset in the file of the last complete commit's group, or of the header
	good  int64  // offset in the file behind the last complete commit, or the header
	// group, if not nil, is given the frames of each group once visit has had
	// them, with their line feeds.
	group func(frames []byte, c commit) error

	buf   []byte
	chunk int
	eof   bool
}

// segment is where a file's content stands in the journal.
type segment struct {
	base  int64
	size  int64  // of header and complete commits
	first uint64 // the number of frames in the segments before
	next  int64  // where the next one begins, if it is compacted; 0 otherwise
}

// end returns where the next segment begins.
func (s segment) end() int64 {
	if s.next != 0 {
		return s.next
	}
	return s.base + s.size
}

// header returns the segment's first line.
func (s segment) header(format string) []byte {
	h := header{total: s.first}
	if s.next != 0 {
		h.size, h.next = s.size, s.next
	}
	return appendHeader(nil, s.base, format, h)
}

func (s *scanner) damage(rule string) error {
	return &DamageError{Segment: segmentName(s.seg.base), Offset: s.good, Rule: rule}
}

// fill reads more of the file behind what is buffered and reports whether
// there was more.
func (s *scanner) fill() (bool, error) {
	if s.eof {
		return false, nil
	}
	n := len(s.buf)
	s.chunk = min(max(2*s.chunk, firstChunk), lastChunk)
	s.buf = slices.Grow(s.buf, s.chunk)
	got, err := io.ReadFull(s.r, s.buf[n:n+s.chunk])
	s.buf = s.buf[:n+got]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.eof, err = true, nil
	}
	return got > 0, err
}

// header reads the first line. Of a compacted segment it sets size and next.
func (s *scanner) header() error {
	for len(s.buf) < longestHeader(s.format) {
		if more, err := s.fill(); err != nil {
			return err
		} else if !more {
			break
		}
	}
	h, n, ok := parseHeader(s.buf, s.seg.base, s.format)
	if !ok || h.total != s.total {
		return s.damage(ruleHeader(s.format))
	}
	if s.seg.next = h.next; h.next != 0 {
		s.seg.size = h.size
	}
	s.good = int64(n)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	return nil
}

// groups reads every complete group and hands its frames to visit, then
// returns what is left behind the last commit and why it is no group. The
// frames are valid during the call only.
func (s *scanner) groups(visit func(Record) error) (tail []byte, rule string, err error) {
	var (
		start int   // of the group in buf
		pos   int   // of the line that is read
		ends  []int // of the group's frames, behind their line feeds
	)
	for {
		i := bytes.IndexByte(s.buf[pos:], '\n')
		if i < 0 {
			if len(s.buf)-start > maxTail {
				return s.buf[start:], "no commit within the greatest length of a group", nil
			}
			// Keep the incomplete group only.
			s.buf = s.buf[:copy(s.buf, s.buf[start:])]
			pos -= start
			for k := range ends {
				ends[k] -= start
			}
			start = 0
			more, err := s.fill()
			if err != nil {
				return nil, "", err
			}
			if !more {
				return s.buf, "no commit at the end", nil
			}
			continue
		}
		line, next := s.buf[pos:pos+i], pos+i+1
		if len(line) != len(commitShape) || !commitLike(line) {
			if !checkFrame(line, s.limit) {
				return s.rest(start), "a line is neither a frame nor a commit", nil
			}
			ends = append(ends, next)
			pos = next
			continue
		}
		c, ok := parseCommit(line)
		switch {
		case !ok:
			return s.rest(start), "a commit is malformed", nil
		case c.count == 0 || int(c.count) != len(ends) || c.total != s.total+uint64(c.count):
			return s.rest(start), "a commit counts other frames than there are", nil
		case !c.verifies(crc32.ChecksumIEEE(s.buf[start:pos]), line):
			return s.rest(start), "a commit's checksum does not match", nil
		}
		if visit != nil {
			from := start
			for k, end := range ends {
				r := Record{
					Segment: s.seg.base,
					Offset:  s.seg.base + s.good + int64(from-start),
					Index:   s.total + uint64(k),
					Frame:   s.buf[from : end-1 : end-1],
				}
				if err := visit(r); err != nil {
					return nil, "", err
				}
				from = end
			}
		}
		if s.group != nil {
			if err := s.group(s.buf[start:pos], c); err != nil {
				return nil, "", err
			}
		}
		s.last = s.good
		s.good += int64(next - start)
		s.total = c.total
		start, pos, ends = next, next, ends[:0]
	}
}

// maxTail is more than one group with its commit can be.
const maxTail = MaxGroup + 1<<10

// rest reads on until the tail is whole, or too long to be one group's.
func (s *scanner) rest(start int) []byte {
	for len(s.buf)-start <= maxTail {
		if more, err := s.fill(); err != nil || !more {
			break
		}
	}
	return s.buf[start:]
}

// torn tells whether what stands behind the last complete commit can be what
// a crash leaves of one group that was being written: its beginning, or the
// whole with sectors that were never written and read as zeros. Anything else
// was written whole, and may have been acknowledged, before it was damaged.
//
// offset is where the tail begins in its file, total the number of frames
// before it.
func torn(tail []byte, offset int64, total uint64) bool {
	if len(tail) > maxTail {
		return false
	}
	if endsInCommit(tail) && !lostSector(tail, offset) {
		return false // even if the line feed before it is damaged
	}
	for pos := 0; pos < len(tail); {
		i := bytes.IndexByte(tail[pos:], '\n')
		line, end := tail[pos:], len(tail)
		if i >= 0 {
			line, end = tail[pos:pos+i], pos+i+1
		} else if len(line) == len(commitShape)+1 {
			line = line[:len(commitShape)] // its line feed may be what is damaged
		}
		if commitLike(line) {
			if end < len(tail) {
				return false // nothing stands behind a group that is being written
			}
			c, ok := parseCommit(line)
			if ok && c.total-uint64(c.count) != total {
				return false // it ends a later group
			}
			if i >= 0 || len(tail)-pos > len(commitShape) {
				return lostSector(tail, offset)
			}
		}
		pos = end
	}
	return true
}

// endsInCommit tells whether a commit, whole or damaged in a few bytes, may
// stand before the last byte.
func endsInCommit(tail []byte) bool {
	const n = len(commitShape)
	return len(tail) > n && commitLike(tail[len(tail)-n-1:len(tail)-1])
}

// lostSector tells whether the part of any sector that lies in the tail is
// all zeros.
func lostSector(tail []byte, offset int64) bool {
	for len(tail) > 0 {
		n := min(int64(len(tail)), sectorSize-offset%sectorSize)
		if len(bytes.TrimLeft(tail[:n], "\x00")) == 0 {
			return true
		}
		tail, offset = tail[n:], offset+n
	}
	return false
}
