package deid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/baakit/baakit/internal/jsonscan"
)

// A RecordFunc is an adapter's treatment of one record: it appends to dst what
// the record becomes, in the order of calls that [Record] tells, up to and
// with Check. Done and Fail are not for it to call. What it appended counts
// for nothing if it returns an error.
//
// Where the record is not of the adapter's format the error is one of
// [Malformed]; above a limit it is [ErrTooLarge]; other errors are those of
// the Record.
type RecordFunc func(c *Record, dst, record []byte) ([]byte, error)

// Malformed returns the error of a record that is not of its format: it wraps
// [ErrMalformed] and names the byte of the record at which it stops being so
// and the rule that is broken, which must hold nothing of the record. An empty
// rule is the usual one.
func Malformed(offset int64, rule string) error {
	if rule == "" {
		rule = ruleMalformed
	}
	return &positionError{offset, rule, ErrMalformed}
}

// Values applies f to the one JSON value of src, or to each element of its
// array, and writes what they become to dst: [Engine.JSON] with a walk of the
// adapter's own. It does with failures what that does.
func (e *Engine) Values(ctx context.Context, dst io.Writer, src io.Reader, s *Subject, r *Report, f RecordFunc) error {
	c := e.NewRecord(ctx, s, r)
	defer c.Close()
	r.AddDocument()
	split := jsonscan.NewSplitter(src, e.opts.MaxRecord, c.input)
	defer func() { c.input = split.Buffer() }()
	out := &batchWriter{w: dst}
	var failed failing
	made := c.output
	defer func() { c.output = made }()
	wrote := 0
	for n := int64(1); ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, err := split.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			err = splitError(err, split.Offset())
			r.failRecord(err)
			return err
		}
		at := split.Offset() - int64(len(record))
		if made, err = e.one(c, made[:0], record, f); err != nil {
			if p, ok := errors.AsType[*positionError](err); ok {
				p.offset += at
			}
			if !split.IsArray() || !errors.Is(err, ErrIdentifierLeft) && !errors.Is(err, ErrTooLarge) {
				r.failRecord(err)
				return err
			}
			position := fmt.Sprintf("record %d (byte %d)", n, at)
			rule := ruleOf(err)
			c.Fail(len(record), position, rule)
			failed.add(position, rule, err)
			continue
		}
		c.Done(len(record), len(made))
		if !split.IsArray() {
			out.write(made)
			out.writeString("\n")
			break
		}
		if wrote == 0 {
			out.writeString("[\n")
		} else {
			out.writeString(",\n")
		}
		wrote++
		out.write(made)
		if out.err != nil {
			return out.err
		}
	}
	if !split.IsArray() {
		if _, err := split.Next(); !errors.Is(err, io.EOF) {
			err = splitError(err, split.Offset())
			r.failRecord(err)
			return err
		}
	} else if wrote == 0 {
		out.writeString("[]\n")
	} else {
		out.writeString("\n]\n")
	}
	if err := out.flush(); err != nil {
		return err
	}
	return failed.err()
}

// one transforms a record and keeps it within the limit.
func (e *Engine) one(c *Record, dst, record []byte, f RecordFunc) ([]byte, error) {
	out, err := f(c, dst, record)
	if err == nil && len(out) > e.opts.MaxRecord {
		err = ErrTooLarge
	}
	return out, err
}

func ruleOf(err error) string {
	switch {
	case errors.Is(err, ErrIdentifierLeft):
		return ruleLeft
	case errors.Is(err, ErrTooLarge):
		return ruleLarge
	}
	return ruleMalformed
}

// failRecord counts a failure that ended its document.
func (r *Report) failRecord(err error) {
	f := Failure{Position: "the document", Rule: ruleOf(err)}
	if p, ok := errors.AsType[*positionError](err); ok {
		f.Position, f.Rule = positionAt(p.offset), p.rule
	}
	r.fail(0, f)
}

// Lines applies f to each line of src that is not empty: [Engine.NDJSON] with
// a walk of the adapter's own. It does with failures what that does.
func (e *Engine) Lines(ctx context.Context, dst io.Writer, src io.Reader, s *Subject, r *Report, f RecordFunc) error {
	c := e.NewRecord(ctx, s, r)
	defer c.Close()
	r.AddDocument()
	lines := newLineReader(src, e.opts.MaxRecord, c.input)
	defer func() { c.input = lines.buf }()
	out := &batchWriter{w: dst}
	var failed failing
	made := c.output
	defer func() { c.output = made }()
	for n := int64(1); ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, end, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, ErrTooLarge) {
			return err
		}
		body := trimSpace(line)
		if err == nil && len(body) == 0 {
			out.write(end)
			continue
		}
		if err == nil {
			made, err = e.one(c, made[:0], body, f)
		}
		if err != nil {
			p, malformed := errors.AsType[*positionError](err)
			if !malformed && !errors.Is(err, ErrIdentifierLeft) && !errors.Is(err, ErrTooLarge) {
				return err
			}
			position, rule := fmt.Sprintf("line %d", n), ruleOf(err)
			if malformed {
				position, rule = fmt.Sprintf("line %d, byte %d", n, p.offset), p.rule
			}
			c.Fail(len(line)+len(end), position, rule)
			failed.add(position, rule, err)
			continue
		}
		out.write(made)
		out.write(end)
		c.Done(len(line)+len(end), len(made)+len(end))
		if out.err != nil {
			return out.err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	return failed.err()
}

const batch = 64 << 10

// A batchWriter collects small writes and keeps the first error.
type batchWriter struct {
	w   io.Writer
	buf bytes.Buffer
	err error
}

// writeString is write for a few bytes.
func (b *batchWriter) writeString(s string) { b.buf.WriteString(s) }

func (b *batchWriter) write(p []byte) {
	if b.buf.Len()+len(p) < batch {
		b.buf.Write(p)
		return
	}
	b.flush()
	if len(p) < batch {
		b.buf.Write(p)
	} else if b.err == nil {
		_, b.err = b.w.Write(p)
	}
}

func (b *batchWriter) flush() error {
	if b.err == nil && b.buf.Len() > 0 {
		_, b.err = b.w.Write(b.buf.Bytes())
	}
	b.buf.Reset()
	return b.err
}
