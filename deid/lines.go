package deid

import (
	"bytes"
	"errors"
	"io"
)

// A lineReader cuts a stream into lines, each at most a limit long, and goes
// on behind one that is longer.
type lineReader struct {
	r    io.Reader
	max  int
	buf  []byte
	pos  int
	eof  bool
	err  error
	base int64
}

// newLineReader returns a reader that uses the memory of buf, which may be nil.
func newLineReader(r io.Reader, limit int, buf []byte) *lineReader {
	return &lineReader{r: r, max: limit, buf: buf[:0]}
}

// fill reads more behind what is left from the position on.
func (l *lineReader) fill() bool {
	if l.eof || l.err != nil {
		return false
	}
	if l.pos > 0 {
		n := copy(l.buf, l.buf[l.pos:])
		l.buf = l.buf[:n]
		l.base += int64(l.pos)
		l.pos = 0
	}
	const chunk = 64 << 10
	if cap(l.buf)-len(l.buf) < chunk/2 {
		l.buf = append(make([]byte, 0, max(2*cap(l.buf), chunk)), l.buf...)
	}
	for range 100 {
		n, err := l.r.Read(l.buf[len(l.buf):cap(l.buf)])
		l.buf = l.buf[:len(l.buf)+n]
		if errors.Is(err, io.EOF) {
			l.eof = true
		} else if err != nil {
			l.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	l.err = io.ErrNoProgress
	return false
}

// next returns the next line without its end, and its end: "\n" or "\r\n",
// or nothing or "\r" at the end of the stream. Both are valid until the call after. For
// a line above the limit it returns ErrTooLarge and has moved behind it; at
// the end it returns io.EOF.
func (l *lineReader) next() (line, end []byte, err error) {
	scanned, large := 0, false
	for {
		if i := bytes.IndexByte(l.buf[l.pos+scanned:], '\n'); i >= 0 {
			stop := l.pos + scanned + i
			line, end = l.buf[l.pos:stop], l.buf[stop:stop+1]
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line, end = line[:n-1], l.buf[stop-1:stop+1]
			}
			large = large || len(line) > l.max
			l.pos = stop + 1
			break
		}
		scanned = len(l.buf) - l.pos
		if scanned > l.max {
			large = true
			l.pos, scanned = len(l.buf), 0
		}
		if l.fill() {
			continue
		}
		if l.err != nil {
			return nil, nil, l.err
		}
		line, end = l.buf[l.pos:], nil
		l.pos = len(l.buf)
		large = large || len(line) > l.max
		if len(line) == 0 && !large {
			return nil, nil, io.EOF
		}
		if n := len(line); n > 0 && line[n-1] == '\r' { // half an end
			line, end = line[:n-1], line[n-1:]
		}
		break
	}
	if large {
		return nil, end, ErrTooLarge
	}
	return line, end, nil
}
