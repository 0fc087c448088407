package jsonscan

import (
	"errors"
	"io"
)

var (
	// ErrMalformed is the error of a text that is not JSON.
	ErrMalformed = errors.New("malformed JSON")

	// ErrTooLarge is the error of a value or a line above the limit.
	ErrTooLarge = errors.New("record larger than the limit")
)

// A Splitter cuts a stream into records: the elements of an array at the root,
// or the one value at the root if it is something else. It holds one record
// at a time. It finds where a record ends by its brackets and quotes; whether
// it is JSON inside is for who walks it.
type Splitter struct {
	r     io.Reader
	max   int
	buf   []byte
	pos   int   // of the next byte
	base  int64 // offset of buf[0] in the stream
	eof   bool
	err   error
	array bool
	state int
}

// NewSplitter returns a Splitter for records of at most limit bytes. It uses
// the memory of buf, which may be nil.
func NewSplitter(r io.Reader, limit int, buf []byte) *Splitter {
	return &Splitter{r: r, max: limit, buf: buf[:0]}
}

// Buffer returns the memory of the Splitter, for the next one to use.
func (s *Splitter) Buffer() []byte { return s.buf }

// Offset returns the position in the stream of what comes next.
func (s *Splitter) Offset() int64 { return s.base + int64(s.pos) }

// IsArray reports, after the first Next, whether the root is an array.
func (s *Splitter) IsArray() bool { return s.array }

const chunk = 64 << 10

// fill reads more, keeping what is before the position from keep on. It
// reports false at the end.
func (s *Splitter) fill(keep int) bool {
	if s.eof || s.err != nil {
		return false
	}
	if keep > 0 {
		n := copy(s.buf, s.buf[keep:])
		s.buf = s.buf[:n]
		s.pos -= keep
		s.base += int64(keep)
	}
	if cap(s.buf)-len(s.buf) < chunk/2 {
		size := max(2*cap(s.buf), chunk)
		if r, ok := s.r.(interface{ Len() int }); ok {
			// One more than it needs, to see that this is all.
			size = max(size, min(len(s.buf)+r.Len()+1+chunk/2, s.max+chunk))
		}
		s.buf = append(make([]byte, 0, size), s.buf...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if errors.Is(err, io.EOF) {
			s.eof = true
		} else if err != nil {
			s.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// space moves to the next byte that is not white space and returns it, or
// -1 at the end.
func (s *Splitter) space() int {
	for {
		s.pos = Space(s.buf, s.pos)
		if s.pos < len(s.buf) {
			return int(s.buf[s.pos])
		}
		if !s.fill(s.pos) {
			return -1
		}
	}
}

func (s *Splitter) broken() error {
	if s.err != nil {
		return s.err
	}
	return ErrMalformed
}

const (
	atStart = iota
	inArray
	atEnd
)

// Next returns the next record, which is valid until the call after, or
// [io.EOF] behind the last. Other errors are ErrMalformed, ErrTooLarge and
// those of the reader; Offset says where.
func (s *Splitter) Next() ([]byte, error) {
	switch s.state {
	case atStart:
		if s.space() == '[' {
			s.array = true
			s.pos++
			s.state = inArray
			if s.space() == ']' {
				s.pos++
				return nil, s.finish()
			}
			return s.element()
		}
		s.state = atEnd
		return s.whole()
	case inArray:
		switch s.space() {
		case ',':
			s.pos++
			s.space()
			return s.element()
		case ']':
			s.pos++
			return nil, s.finish()
		}
		return nil, s.broken()
	}
	return nil, s.finish()
}

// whole returns all that is left, which is the one value if it is JSON: that
// nothing follows it is for who walks it.
func (s *Splitter) whole() ([]byte, error) {
	for s.fill(s.pos) && len(s.buf)-s.pos <= s.max+chunk {
	}
	if s.err != nil {
		return nil, s.err
	}
	end := len(s.buf)
	for end > s.pos && spaces[s.buf[end-1]] {
		end--
	}
	return s.cut(s.pos, end)
}

var spaces = [256]bool{' ': true, '\n': true, '\r': true, '\t': true}

// finish checks that nothing follows the root.
func (s *Splitter) finish() error {
	s.state = atEnd
	if s.space() >= 0 || s.err != nil {
		return s.broken()
	}
	return io.EOF
}

// structural marks the bytes that matter to where a nested value ends.
var structural = [256]bool{'"': true, '{': true, '}': true, '[': true, ']': true}

// element finds the end of the value that begins at the position.
func (s *Splitter) element() ([]byte, error) {
	start, depth := s.pos, 0
	quoted, escaped := false, false
	i := s.pos
	for {
		for buf := s.buf; i < len(buf); i++ {
			if quoted {
				if escaped {
					escaped = false
					continue
				}
				if i = plainRun(buf, i); i == len(buf) {
					break
				}
				switch buf[i] {
				case '\\':
					escaped = true
				case '"':
					quoted = false
					if depth == 0 {
						return s.cut(start, i+1)
					}
				}
				continue
			}
			if depth > 0 {
				for i < len(buf) && !structural[buf[i]] {
					i++
				}
				if i == len(buf) {
					break
				}
			}
			switch buf[i] {
			case '"':
				quoted = true
			case '{', '[':
				depth++
			case '}', ']':
				if depth == 0 {
					return s.cut(start, i)
				}
				if depth--; depth == 0 {
					return s.cut(start, i+1)
				}
			case ',', ' ', '\n', '\r', '\t':
				if depth == 0 {
					return s.cut(start, i)
				}
			}
		}
		if i-start > s.max {
			s.pos = start
			return nil, ErrTooLarge
		}
		// Even a fill that finds the end may have moved what is kept.
		base := s.base
		more := s.fill(start)
		moved := int(s.base - base)
		i, start = i-moved, start-moved
		if !more {
			if s.err != nil || quoted || depth > 0 {
				s.pos = i
				return nil, s.broken()
			}
			return s.cut(start, i)
		}
	}
}

func (s *Splitter) cut(start, end int) ([]byte, error) {
	if end == start {
		s.pos = start
		return nil, s.broken()
	}
	if end-start > s.max {
		s.pos = start
		return nil, ErrTooLarge
	}
	s.pos = end
	return s.buf[start:end], nil
}
