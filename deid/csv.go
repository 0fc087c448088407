package deid

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// CSV reads CSV with a header from src and writes it to dst with the rules of
// the policy applied; the subject may be nil, the report not. Each row is the
// record of one individual.
//
// A column is known if a rule's path is [Column] of its header. An unknown
// column's cells are emptied, and its header is replaced by "column_" and its
// number, since a header can be an identifier too: the rows and columns stay
// as many as they were. What is in the cells never decides about them. A cell
// that stays keeps its bytes, quotes included, and so do the ends of lines and
// empty lines. Quotes are those of RFC 4180, as encoding/csv reads them.
//
// A row with another number of columns than the header, one that is not UTF-8,
// or one that fails its self-check is left out and the rest goes on; the error
// at the end is a [*FailedError]. A quote in the wrong place stops the walk
// with ErrMalformed, and a row above Options.MaxRecord with ErrTooLarge, and
// their position, since both may hide where rows end. Memory is in proportion
// to the longest row.
func (e *Engine) CSV(ctx context.Context, dst io.Writer, src io.Reader, s *Subject, r *Report) error {
	c := e.NewRecord(ctx, s, r)
	defer c.Close()
	r.AddDocument()
	w := csvWalk{c: c, rows: csvReader{lineReader: *newLineReader(src, e.opts.MaxRecord, nil), comma: ','}}
	out := &batchWriter{w: dst}
	var failed failing
	for n := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := w.rows.base + int64(w.rows.pos)
		row, end, err := w.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// A header or a row that is too long may hide where it ends.
			err = splitCSVError(err, at)
			r.failRecord(err)
			return err
		}
		if len(row) == 0 {
			out.write(end)
			continue
		}
		if n++; n == 1 {
			if err := w.header(e, row); err != nil {
				r.failRecord(err)
				return err
			}
			out.write(w.out)
			out.write(end)
			continue
		}
		rule, err := w.row()
		if err != nil {
			return err
		}
		if rule != "" {
			position := fmt.Sprintf("row %d (byte %d)", n-1, at)
			c.Fail(len(row)+len(end), position, rule)
			failed.add(position, rule, causeOf(rule))
			continue
		}
		out.write(w.out)
		out.write(end)
		c.Done(len(row)+len(end), len(w.out)+len(end))
		if out.err != nil {
			return out.err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	return failed.err()
}

func causeOf(rule string) error {
	switch rule {
	case ruleLeft:
		return ErrIdentifierLeft
	case ruleLarge:
		return ErrTooLarge
	}
	return ErrMalformed
}

func splitCSVError(err error, offset int64) error {
	if errors.Is(err, ErrTooLarge) {
		return &positionError{offset, ruleLarge, ErrTooLarge}
	}
	return err
}

// A csvWalk transforms one row after another.
type csvWalk struct {
	c       *Record
	rows    csvReader
	columns []column
	out     []byte
	text    []byte
	value   []byte
	looks   []look
}

type column struct {
	place *Place
	known bool
}

// A look is a cell of the output that the self-check reads.
type look struct {
	start, end int
	kind       Kind
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// header finds the rules of the columns and writes their names.
func (w *csvWalk) header(e *Engine, row []byte) error {
	w.out = w.out[:0]
	if !utf8.Valid(row) {
		return &positionError{int64(validPrefix(row)), ruleUTF8, ErrMalformed}
	}
	for i, cell := range w.rows.cells {
		raw := row[cell.start:cell.end]
		if i == 0 {
			raw = bytes.TrimPrefix(raw, byteOrderMark)
		}
		w.text = cellText(w.text[:0], raw)
		if i > 0 {
			w.out = append(w.out, w.rows.comma)
		}
		n := e.root.members[string(w.text)]
		if n == nil {
			n = e.root.members[string(trimSpace(w.text))]
		}
		if n != nil && n.rule != nil {
			w.columns = append(w.columns, column{n.rule, true})
			w.out = append(w.out, raw...)
			continue
		}
		name := "column_" + strconv.Itoa(i+1)
		w.columns = append(w.columns, column{place: e.unknownColumn(name)})
		w.out = append(w.out, name...)
	}
	return nil
}

// unknownColumn returns the place of an unknown column, made once.
func (e *Engine) unknownColumn(name string) *Place {
	if p, ok := e.columns.Load(name); ok {
		return p.(*Place)
	}
	p, _ := e.columns.LoadOrStore(name, e.UnknownPlace(name))
	return p.(*Place)
}

// row transforms the row that was read last, twice if an age over 89 shows in
// it, checks the result, and returns the rule it breaks.
func (w *csvWalk) row() (rule string, err error) {
	if len(w.rows.cells) != len(w.columns) {
		return ruleColumns, nil
	}
	if !utf8.Valid(w.rows.row) {
		return ruleUTF8, nil
	}
	if err := w.walk(); err != nil {
		return "", err
	}
	if !w.c.Settled() {
		w.c.Again()
		if err := w.walk(); err != nil {
			return "", err
		}
	}
	if len(w.out) > w.c.e.opts.MaxRecord {
		return ruleLarge, nil
	}
	if w.c.check.armed() {
		for _, l := range w.looks {
			raw := w.out[l.start:l.end]
			if raw[0] == '"' {
				w.text = cellText(w.text[:0], raw)
				raw = w.text
			}
			w.c.Look(l.kind, raw)
		}
		if w.c.Check() != nil {
			return ruleLeft, nil
		}
	}
	return "", nil
}

func (w *csvWalk) walk() error {
	w.out, w.looks = w.out[:0], w.looks[:0]
	row := w.rows.row
	for i, cell := range w.rows.cells {
		if i > 0 {
			w.out = append(w.out, w.rows.comma)
		}
		if cell.start == cell.end {
			continue
		}
		col := w.columns[i]
		if !col.known {
			w.c.Unknown(col.place)
			continue
		}
		raw := row[cell.start:cell.end]
		v := raw
		if cell.quoted {
			w.text = cellText(w.text[:0], raw)
			v = w.text
		}
		out, o, err := w.c.Apply(w.value[:0], col.place, v)
		w.value = out
		if err != nil {
			return err
		}
		start := len(w.out)
		switch {
		case o.Gone():
			continue
		case o.Verbatim():
			w.out = append(w.out, raw...)
		case o.bare():
			w.out = append(w.out, out...)
		default:
			w.out = appendCell(w.out, out, w.rows.comma)
		}
		if o == Kept || o == Scrubbed {
			w.looks = append(w.looks, look{start, len(w.out), col.place.kind})
		}
	}
	return nil
}

// cellText appends the text of a cell, without its quotes.
func cellText(dst, raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' {
		return append(dst, raw...)
	}
	raw = raw[1 : len(raw)-1]
	for {
		i := bytes.IndexByte(raw, '"')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i+1]...)
		raw = raw[min(i+2, len(raw)):]
	}
}

// appendCell appends a cell with quotes if it needs them.
func appendCell(dst, v []byte, comma byte) []byte {
	quotes := len(v) > 0 && v[0] == ' '
	for _, c := range v {
		quotes = quotes || c == comma || c == '"' || c == '\r' || c == '\n'
	}
	if !quotes {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for _, c := range v {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// A csvReader cuts a stream into rows and their cells.
type csvReader struct {
	lineReader
	comma byte
	row   []byte
	cells []cell
}

type cell struct {
	start, end int
	quoted     bool
}

// next reads the next row with its cells; an empty line is a row without any.
// The errors are io.EOF, ErrTooLarge, a positionError and the reader's own.
func (c *csvReader) next() (row, end []byte, err error) {
	base := c.base + int64(c.pos)
	line, end, err := c.lineReader.next()
	c.cells, c.row = c.cells[:0], line
	if err != nil || len(line) == 0 {
		return line, end, err
	}
	if c.wholeLine(line) {
		return line, end, nil
	}
	// The row goes on behind the end of the line, or is malformed: go back,
	// and read it byte by byte.
	c.cells = c.cells[:0]
	c.pos -= len(line) + len(end)
	return c.quotedRow(base)
}

// wholeLine cuts a row that is whole in its line, and reports false for one
// that is not. It reads eight bytes at a time and stops at commas and quotes.
func (c *csvReader) wholeLine(line []byte) bool {
	const ones, lows = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	commas := ones * uint64(c.comma)
	var (
		start  int  // of the cell
		quoted bool // the cell is in quotes
		inside bool // and its quotes are open
	)
	cells := c.cells
	for at := 0; at < len(line); at += 8 {
		w := uint64(0)
		if len(line)-at >= 8 {
			w = binary.LittleEndian.Uint64(line[at:])
		} else {
			for i, b := range line[at:] {
				w |= uint64(b) << (8 * i)
			}
		}
		// A byte of x is 0 where w has a comma, of y where it has a quote.
		x, y := w^commas, w^ones*'"'
		x, y = (x&lows+lows)|x, (y&lows+lows)|y
		for marks := ^(x & y) &^ lows; marks != 0; marks &= marks - 1 {
			i := at + bits.TrailingZeros64(marks)/8
			if line[i] != '"' {
				if inside {
					continue
				}
				if quoted && line[i-1] != '"' {
					return false // more behind the closing quote
				}
				cells = append(cells, cell{start, i, quoted})
				start, quoted = i+1, false
				continue
			}
			switch {
			case i == start:
				quoted, inside = true, true
			case !quoted:
				return false
			case !inside && line[i-1] != '"':
				return false
			default:
				inside = !inside
			}
		}
	}
	if inside || quoted && line[len(line)-1] != '"' {
		return false
	}
	c.cells = append(cells, cell{start, len(line), quoted})
	return true
}

func (c *csvReader) quotedRow(base int64) (row, end []byte, err error) {
	i, start := 0, 0 // from c.pos
	at := func(i int) (byte, bool) {
		for c.pos+i >= len(c.buf) {
			if i > c.max || !c.fill() {
				return 0, false
			}
		}
		return c.buf[c.pos+i], true
	}
	fail := func(i int) ([]byte, []byte, error) {
		switch {
		case c.err != nil:
			return nil, nil, c.err
		case i > c.max:
			return nil, nil, ErrTooLarge
		}
		return nil, nil, &positionError{base + int64(i), "has a quote in the wrong place", ErrMalformed}
	}
	for {
		b, ok := at(i)
		quoted := ok && b == '"'
		if quoted {
			i++
			for {
				b, ok = at(i)
				if !ok {
					return fail(i)
				}
				i++
				if b != '"' {
					continue
				}
				if b, ok = at(i); !ok || b != '"' {
					break
				}
				i++
			}
		} else {
			for ok && b != c.comma && b != '\n' {
				if b == '"' {
					return fail(i)
				}
				i++
				b, ok = at(i)
			}
		}
		stop := i
		if ok && b == '\r' && quoted {
			switch next, more := at(i + 1); {
			case more && next == '\n':
				i++
				b = '\n'
			case !more && c.err == nil && i < c.max:
				i++ // half an end, at the end
				ok = false
			}
		}
		if !ok && c.err != nil || i > c.max {
			return fail(i)
		}
		if ok && b != c.comma && b != '\n' {
			return fail(i)
		}
		if (!ok || b == '\n') && !quoted && stop > start && c.buf[c.pos+stop-1] == '\r' {
			stop--
		}
		c.cells = append(c.cells, cell{start, stop, quoted})
		if ok && b == c.comma {
			i++
			start = i
			continue
		}
		rowStart := c.pos
		c.row = c.buf[rowStart : rowStart+stop]
		if ok {
			i++
		}
		c.pos += i
		return c.row, c.buf[rowStart+stop : rowStart+i], nil
	}
}
