package deidhl7

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// The bytes of the framing of MLLP.
const (
	frameStart = 0x0b
	frameEnd   = 0x1c
)

// A part is what a stream is made of.
type part uint8

const (
	partGap     part = iota // ends of lines, or a byte order mark, between messages
	partStart               // the beginning of a frame
	partEnd                 // the end of a frame
	partMessage             // a message, or what stands where one should
)

// An ending says what ended a message.
type ending uint8

const (
	endsWithHeader ending = iota // the next message
	endsWithFrame                // the end of the frame
	endsWithStart                // the beginning of another frame
	endsWithStream
)

// A line is a segment: where it begins and ends, and where the next one begins.
type line struct{ start, end, next int }

// A reader cuts a stream into messages and their segments. The end of a segment
// is a carriage return, a line feed, or both.
type reader struct {
	src  io.Reader
	max  int
	buf  []byte
	pos  int
	eof  bool
	err  error
	base int64 // of buf[0] in the stream

	// What next found. The bytes are valid until it is called again.
	data   []byte
	lines  []line // of a message, relative to data
	at     int64
	ending ending
	size   int // of a message, also of one that is too large
	large  bool
}

// fill reads more behind what is left from the position on.
func (r *reader) fill() bool {
	if r.eof || r.err != nil {
		return false
	}
	if r.pos > 0 {
		n := copy(r.buf, r.buf[r.pos:])
		r.buf = r.buf[:n]
		r.base += int64(r.pos)
		r.pos = 0
	}
	const chunk = 64 << 10
	if cap(r.buf)-len(r.buf) < chunk/2 {
		r.buf = append(make([]byte, 0, max(2*cap(r.buf), chunk)), r.buf...)
	}
	for range 100 {
		n, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if errors.Is(err, io.EOF) {
			r.eof = true
		} else if err != nil {
			r.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	r.err = io.ErrNoProgress
	return false
}

// has reports whether there is a byte n behind the position.
func (r *reader) has(n int) bool {
	for r.pos+n >= len(r.buf) {
		if !r.fill() {
			return false
		}
	}
	return true
}

// next finds the next part. The errors are io.EOF and the source's own.
func (r *reader) next() (part, error) {
	r.lines, r.large, r.size = r.lines[:0], false, 0
	if !r.has(0) {
		if r.err != nil {
			return 0, r.err
		}
		return 0, io.EOF
	}
	r.at = r.base + int64(r.pos)
	if r.at == 0 && r.has(2) && string(r.buf[:3]) == "\xef\xbb\xbf" {
		r.take(3)
		return partGap, nil
	}
	switch r.buf[r.pos] {
	case frameStart:
		r.take(1)
		return partStart, nil
	case frameEnd:
		n := 1
		if r.has(1) && r.buf[r.pos+1] == '\r' {
			n = 2
		}
		r.take(n)
		return partEnd, nil
	case '\r', '\n':
		n := 1
		for r.has(n) && (r.buf[r.pos+n] == '\r' || r.buf[r.pos+n] == '\n') && n < 1<<10 {
			n++
		}
		r.take(n)
		return partGap, nil
	}
	r.message()
	return partMessage, r.err
}

func (r *reader) take(n int) {
	r.data = r.buf[r.pos : r.pos+n]
	r.pos += n
}

// message reads segments up to the next header, the end of the frame or of the
// stream.
func (r *reader) message() {
	n := 0 // the bytes of the message from the position on
	r.ending = endsWithStream
	for r.has(n) {
		if c := r.buf[r.pos+n]; c == frameEnd {
			r.ending = endsWithFrame
			break
		} else if c == frameStart {
			r.ending = endsWithStart
			break
		}
		if r.size+n > 0 && r.has(n+3) && isHeader(r.buf[r.pos+n:]) {
			r.ending = endsWithHeader
			break
		}
		end, next := r.segment(n)
		if !r.large {
			r.lines = append(r.lines, line{n, end, next})
		}
		n = next
		if r.large || n > r.max {
			// It is read to its end, but no longer kept.
			r.large = true
			r.size += n
			r.pos += n
			n = 0
		}
	}
	r.size += n
	r.take(n)
}

// segment returns where the segment that begins n behind the position ends and
// where the next one begins. Of one that is too large it drops what it has read.
func (r *reader) segment(n int) (end, next int) {
	i := n
	for {
		i += indexEnd(r.buf[r.pos+i:])
		if r.pos+i < len(r.buf) {
			break
		}
		if i > r.max {
			r.large = true
			r.size += i
			r.pos += i
			i = 0
		}
		if !r.has(i) {
			return i, i
		}
	}
	switch r.buf[r.pos+i] {
	case '\n':
		return i, i + 1
	case '\r':
		if r.has(i+1) && r.buf[r.pos+i+1] == '\n' {
			return i, i + 2
		}
		return i, i + 1
	}
	return i, i // a byte of the framing
}

// indexEnd returns where the first end of a segment or byte of the framing is,
// or the length. It reads eight bytes at a time.
func indexEnd(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			// The first byte below a space has its high bit set.
			if below := (w - ones*' ') &^ w & highs; below != 0 {
				i += bits.TrailingZeros64(below) / 8
				break
			}
			i += 8
		}
		if i == len(b) {
			return i
		}
		switch b[i] {
		case '\r', '\n', frameStart, frameEnd:
			return i
		}
		i++
	}
}

// isHeader reports whether a message begins here.
func isHeader(b []byte) bool {
	if len(b) > 3 && (isLetter(b[3]) || isDigit(b[3])) || len(b) < 3 || b[2] != 'H' && b[2] != 'S' {
		return false
	}
	switch string(b[:3]) {
	case "MSH", "FHS", "BHS", "BTS", "FTS":
		return true
	}
	return false
}
