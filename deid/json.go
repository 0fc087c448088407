package deid

import (
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/baakit/baakit/internal/jsonscan"
)

// JSON reads one JSON document from src and writes it to dst with the rules of
// the policy applied; the subject may be nil, the report not.
//
// A document is one record, or an array of records; the paths of rules begin
// at the record. A member without a rule is dropped with its name, an element
// of an array without a rule as well, and what stays keeps its order and its
// bytes: spaces, escapes and the spelling of numbers. A member whose value is
// removed goes with it. Memory is in proportion to the longest record, which
// may have Options.MaxRecord bytes.
//
// A record is written when its self-check has passed. One that fails it, or
// nests too deeply, is left out of the array and the rest goes on; the error
// at the end is a [*FailedError]. A document that is not JSON stops the walk
// with ErrMalformed and the position; dst then holds whole records and no end
// of the array, and is to be thrown away.
func (e *Engine) JSON(ctx context.Context, dst io.Writer, src io.Reader, s *Subject, r *Report) error {
	w := jsonWalk{max: e.opts.MaxDepth}
	return e.Values(ctx, dst, src, s, r, w.transform)
}

// NDJSON is JSON for one record on each line. Empty lines stay empty. A line
// that is not JSON, fails its self-check or is above a limit is left out and
// the rest goes on; the error at the end is a [*FailedError].
func (e *Engine) NDJSON(ctx context.Context, dst io.Writer, src io.Reader, s *Subject, r *Report) error {
	w := jsonWalk{max: e.opts.MaxDepth}
	return e.Lines(ctx, dst, src, s, r, w.transform)
}

// A jsonWalk transforms one record after another.
type jsonWalk struct {
	c   *Record
	max int

	src   []byte
	out   []byte
	marks []mark // the scalars of out that rules let stand or made

	text  []byte // a string without escapes
	value []byte // what stands in its place
}

// A mark says that the scalar which begins at a position of the output was
// made by a rule, or is of a kind.
type mark struct {
	at   int
	made bool
	kind Kind
}

// transform is a [RecordFunc].
func (w *jsonWalk) transform(c *Record, dst, record []byte) ([]byte, error) {
	w.c, w.src, w.out = c, record, dst
	err := w.record(c.e.root)
	return w.out, err
}

// record transforms one record, twice if an age over 89 shows in it, and
// checks the result.
func (w *jsonWalk) record(root *enode) error {
	if !utf8.Valid(w.src) {
		return &positionError{int64(validPrefix(w.src)), ruleUTF8, ErrMalformed}
	}
	if err := w.walk(root); err != nil {
		return err
	}
	if !w.c.Settled() {
		w.c.Again()
		if err := w.walk(root); err != nil {
			return err
		}
	}
	if w.c.check.armed() {
		if err := w.inspect(); err != nil {
			return err
		}
	}
	return w.c.Check()
}

func validPrefix(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

func (w *jsonWalk) walk(root *enode) error {
	w.out, w.marks = w.out[:0], w.marks[:0]
	end, kept, err := w.node(root, jsonscan.Space(w.src, 0), 0)
	if err != nil {
		return err
	}
	if end = jsonscan.Space(w.src, end); end != len(w.src) {
		return malformedAt(end)
	}
	if !kept {
		w.out = append(w.out, "null"...)
	}
	return nil
}

func malformedAt(i int) error { return &positionError{int64(i), ruleMalformed, ErrMalformed} }

// node transforms the value at i and reports whether something of it was
// written.
func (w *jsonWalk) node(n *enode, i, depth int) (end int, kept bool, err error) {
	if i >= len(w.src) {
		return i, false, malformedAt(i)
	}
	c := w.src[i]
	if c != '{' && c != '[' {
		if n.rule == nil {
			end, err = w.skip(n.unknown, i, depth)
			return end, false, err
		}
		return w.scalar(n.rule, i)
	}
	if depth >= w.max {
		return i, false, ErrTooLarge
	}
	switch {
	case c == '{' && n.members != nil:
		return w.object(n, i, depth)
	case c == '[' && n.every != nil:
		return w.array(n, i, depth)
	case n.rule != nil:
		end, err = w.drop(n.rule, i, depth)
	case depth == 0:
		// The record itself: nothing in it has a rule.
		if c == '{' {
			return w.object(n, i, depth)
		}
		return w.array(n, i, depth)
	default:
		end, err = w.skip(n.unknown, i, depth)
	}
	return end, false, err
}

func (w *jsonWalk) object(n *enode, i, depth int) (int, bool, error) {
	src := w.src
	w.out = append(w.out, '{')
	i++
	first := true
	for {
		start := i // of the space before the key
		i = jsonscan.Space(src, i)
		if i < len(src) && src[i] == '}' { // an empty object
			w.out = append(append(w.out, src[start:i]...), '}')
			return i + 1, true, nil
		}
		if i >= len(src) || src[i] != '"' {
			return i, false, malformedAt(i)
		}
		end, escaped := jsonscan.String(src, i)
		if end < 0 {
			return i, false, malformedAt(i)
		}
		name := src[i+1 : end-1]
		if escaped {
			w.text = jsonscan.Unescape(w.text[:0], name)
			name = w.text
		}
		child := n.member(name)
		i = jsonscan.Space(src, end)
		if i >= len(src) || src[i] != ':' {
			return i, false, malformedAt(i)
		}
		i = jsonscan.Space(src, i+1)
		var err error
		kept := false
		if child == nil {
			if i, err = w.skip(n.unknown, i, depth+1); err != nil {
				return i, false, err
			}
		} else {
			mark := len(w.out)
			if first {
				w.out = append(w.out, src[start:i]...)
			} else {
				w.out = append(w.out, src[start-1:i]...) // with the comma
			}
			if i, kept, err = w.node(child, i, depth+1); err != nil {
				return i, false, err
			}
			if kept {
				first = false
			} else {
				w.out = w.out[:mark]
			}
		}
		space := i
		i = jsonscan.Space(src, i)
		switch {
		case i < len(src) && src[i] == ',':
			if kept && space < i {
				w.out = append(w.out, src[space:i]...)
			}
			i++
			if j := jsonscan.Space(src, i); j < len(src) && src[j] == '}' {
				return j, false, malformedAt(j)
			}
		case i < len(src) && src[i] == '}':
			w.out = append(append(w.out, src[space:i]...), '}')
			return i + 1, true, nil
		default:
			return i, false, malformedAt(i)
		}
	}
}

func (w *jsonWalk) array(n *enode, i, depth int) (int, bool, error) {
	src := w.src
	w.out = append(w.out, '[')
	i++
	first := true
	if j := jsonscan.Space(src, i); j < len(src) && src[j] == ']' {
		w.out = append(append(w.out, src[i:j]...), ']')
		return j + 1, true, nil
	}
	for {
		start := i
		i = jsonscan.Space(src, i)
		var err error
		kept := false
		if n.every == nil {
			if i, err = w.skip(n.unknown, i, depth+1); err != nil {
				return i, false, err
			}
		} else {
			mark := len(w.out)
			if first {
				w.out = append(w.out, src[start:i]...)
			} else {
				w.out = append(w.out, src[start-1:i]...) // with the comma
			}
			if i, kept, err = w.node(n.every, i, depth+1); err != nil {
				return i, false, err
			}
			if kept {
				first = false
			} else {
				w.out = w.out[:mark]
			}
		}
		space := i
		i = jsonscan.Space(src, i)
		switch {
		case i < len(src) && src[i] == ',':
			if kept && space < i {
				w.out = append(w.out, src[space:i]...)
			}
			i++
		case i < len(src) && src[i] == ']':
			w.out = append(append(w.out, src[space:i]...), ']')
			return i + 1, true, nil
		default:
			return i, false, malformedAt(i)
		}
	}
}

// skip reads over a value without a rule.
func (w *jsonWalk) skip(unknown *Place, i, depth int) (int, error) {
	end := jsonscan.Skip(w.src, i, w.max-depth)
	if end < 0 {
		return i, w.skipError(i)
	}
	w.c.Unknown(unknown)
	return end, nil
}

// skipError tells a value that is not JSON from one that nests too deeply.
func (w *jsonWalk) skipError(i int) error {
	if jsonscan.Skip(w.src, i, hardDepth) >= 0 {
		return ErrTooLarge
	}
	return malformedAt(i)
}

// hardDepth is how deeply the malformed is told from the too deep.
const hardDepth = 10_000

// drop reads over an object or array where the rule expects a value. Its
// strings and numbers are still of the rule's kind, so the self-check learns
// them.
func (w *jsonWalk) drop(p *Place, i, depth int) (int, error) {
	end := jsonscan.Skip(w.src, i, w.max-depth)
	if end < 0 {
		return i, w.skipError(i)
	}
	if p.action == Drop {
		w.c.count(p, RemovedValue)
	} else {
		w.c.count(p, RemovedUnread)
	}
	w.scalars(w.src[i:end], func(_ int, v []byte, key bool) {
		if !key {
			w.c.check.removed(p.kind, v)
		}
	})
	return end, nil
}

// scalar transforms a string, number, boolean or null.
func (w *jsonWalk) scalar(p *Place, i int) (int, bool, error) {
	end, escaped := jsonscan.Scalar(w.src, i)
	if end < 0 {
		return i, false, malformedAt(i)
	}
	raw := w.src[i:end]
	v, number := raw, false
	switch c := raw[0]; {
	case c == '"':
		v = raw[1 : len(raw)-1]
		if escaped {
			w.text = jsonscan.Unescape(w.text[:0], v)
			v = w.text
		}
	case c == 'n':
		v = nil
	case c == 't' || c == 'f':
		if p.action != Keep {
			w.c.count(p, RemovedUnread)
			return end, false, nil
		}
	default:
		number = true
		if p.kind == KindZIP && len(raw) < 5 && digitRun(raw) == len(raw) {
			// A number has lost the zeros that ZIP codes begin with.
			w.text = append(append(w.text[:0], "00000"[:5-len(raw)]...), raw...)
			v = w.text
		}
	}
	at := len(w.out)
	out, o, err := w.c.Apply(w.value[:0], p, v)
	w.value = out
	switch {
	case err != nil:
		return i, false, err
	case o.Gone():
		return end, false, nil
	case o.Verbatim():
		w.out = append(w.out, raw...)
	case o == KeptYear && number:
		w.out = append(w.out, out...)
	case o.bare():
		w.out = append(append(append(w.out, '"'), out...), '"')
	default:
		w.out = jsonscan.AppendString(w.out, out)
	}
	w.marks = append(w.marks, mark{at, o != Kept && o != Scrubbed, p.kind})
	return end, true, nil
}

// inspect gives the finished output to the self-check, read anew.
func (w *jsonWalk) inspect() error {
	next := 0
	end := w.scalars(w.out, func(at int, v []byte, key bool) {
		if key {
			return // a name that a rule spells out
		}
		for next < len(w.marks) && w.marks[next].at < at {
			next++
		}
		var m mark
		if next < len(w.marks) && w.marks[next].at == at {
			m = w.marks[next]
		}
		if !m.made {
			w.c.Look(m.kind, v)
		}
	})
	if end != len(w.out) {
		return fmt.Errorf("%w: the output is broken", ErrMalformed)
	}
	return nil
}

// scalars calls f with the position and the text of every string, key, number
// and literal of well-formed JSON, and returns how far it came.
func (w *jsonWalk) scalars(b []byte, f func(at int, v []byte, key bool)) int {
	for i := 0; i < len(b); {
		switch b[i] {
		case '{', '}', '[', ']', ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		}
		if b[i] != '"' {
			end, _ := jsonscan.Scalar(b, i)
			if end < 0 {
				return i
			}
			f(i, b[i:end], false)
			i = end
			continue
		}
		end, escaped := jsonscan.String(b, i)
		if end < 0 {
			return i
		}
		v := b[i+1 : end-1]
		if escaped {
			w.text = jsonscan.Unescape(w.text[:0], v)
			v = w.text
		}
		after := jsonscan.Space(b, end)
		key := after < len(b) && b[after] == ':'
		f(i, v, key)
		i = end
	}
	return len(b)
}
