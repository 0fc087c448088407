package deidfhir

import (
	"unicode/utf8"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

// A walk transforms one record after another.
type walk struct {
	*Adapter
	c *deid.Record

	src   []byte
	out   []byte
	marks []mark // the scalars of out

	text  []byte   // a string without escapes
	value []byte   // what stands in its place
	shown [][]byte // displays that stay, of the concept that is walked

	opens      []int        // where the objects around begin
	asking     map[int]bool // which of them are about an age
	within     int          // contained resources around
	ucum       pattern      // of the codes of the Quantity that is walked
	holder     deid.Kind    // what the Identifier that is walked is
	prefix     []byte       // the systems of it and of those around it
	prefixFrom int          // where its own begins
}

// A mark says what stands at a position of the output: the work of the walk,
// or a value of a kind that the self-check is to look at.
type mark struct {
	at   int32
	made bool
	kind deid.Kind
}

func (w *walk) release() {
	w.c, w.src = nil, nil
	w.out = nil // the driver's
	clear(w.text[:cap(w.text)])
	clear(w.value[:cap(w.value)])
	clear(w.shown[:cap(w.shown)])
}

const (
	ruleUTF8   = "is not UTF-8"
	ruleTwice  = "has a member twice"
	ruleNoType = "is no FHIR R4 resource"
	hardDepth  = 10_000
)

// transform is a [deid.RecordFunc].
func (w *walk) transform(c *deid.Record, dst, record []byte) ([]byte, error) {
	w.c, w.src, w.out = c, record, dst
	if !utf8.Valid(record) {
		return dst, deid.Malformed(int64(validPrefix(record)), ruleUTF8)
	}
	if err := w.root(); err != nil {
		return dst, err
	}
	if !c.Settled() {
		c.Again()
		w.out = dst
		if err := w.root(); err != nil {
			return dst, err
		}
	}
	if err := w.inspect(len(dst)); err != nil {
		return dst, err
	}
	return w.out, c.Check()
}

func (w *walk) root() error {
	w.marks, w.shown, w.opens, w.within = w.marks[:0], w.shown[:0], w.opens[:0], 0
	clear(w.asking)
	w.holder, w.prefix, w.ucum = 0, w.prefix[:0], noPattern
	i := jsonscan.Space(w.src, 0)
	if i >= len(w.src) || w.src[i] != '{' {
		if jsonscan.Skip(w.src, i, w.maxDepth) < 0 {
			return w.broken(i)
		}
		return deid.Malformed(int64(i), ruleNoType)
	}
	end, kept, err := w.resource(i, 0)
	if err != nil {
		return err
	}
	if end = jsonscan.Space(w.src, end); end != len(w.src) {
		return malformed(end)
	}
	if !kept {
		return deid.Malformed(int64(i), ruleNoType)
	}
	return nil
}

func malformed(i int) error { return deid.Malformed(int64(i), "") }

// broken tells a value that is not JSON from one that nests too deeply.
func (w *walk) broken(i int) error {
	if jsonscan.Skip(w.src, i, hardDepth) >= 0 {
		return deid.ErrTooLarge
	}
	return malformed(i)
}

// skip reads over a value that goes, and counts it.
func (w *walk) skip(p *deid.Place, i, depth int) (int, error) {
	end := jsonscan.Skip(w.src, i, w.maxDepth-depth)
	if end < 0 {
		return i, w.broken(i)
	}
	w.c.Unknown(p)
	return end, nil
}

// node transforms the value at i, or each element of the array at i, and
// reports whether something of it was written.
func (w *walk) node(n *node, i, depth int) (end int, kept bool, err error) {
	if i >= len(w.src) {
		return i, false, malformed(i)
	}
	if depth >= w.maxDepth {
		return i, false, w.broken(i)
	}
	switch c := w.src[i]; {
	case c == '[':
		return w.array(n, i, depth)
	case c == '{' && n.form != formScalar:
		return w.formed(n, i, depth)
	case c == '{' || n.form != formScalar:
		end, err = w.skip(n.below(), i, depth)
		return end, false, err
	}
	return w.scalar(n, i)
}

// formed transforms an object by its form.
func (w *walk) formed(n *node, i, depth int) (int, bool, error) {
	switch n.form {
	case formResource:
		if !n.contained {
			return w.resource(i, depth)
		}
		w.within++
		end, kept, err := w.resource(i, depth)
		w.within--
		return end, kept, err
	case formCoding:
		return w.coding(n, i, depth)
	case formConcept:
		base := len(w.shown)
		end, kept, err := w.object(n, i, depth)
		w.shown = w.shown[:base]
		return end, kept, err
	case formQuantity, formAge:
		return w.quantity(n, i, depth)
	case formIdentifier:
		return w.identifier(n, i, depth)
	case formExtension:
		return w.extension(n, i, depth)
	case formContact:
		return w.contact(n, i, depth)
	case formNarrative:
		return w.narrative(n, i, depth)
	}
	return w.object(n, i, depth)
}

// An object is the state of one while its members are walked.
type object struct {
	mark  int // of out, before it
	marks int
	first bool
	seen  [2]uint64
}

func (w *walk) begin() object {
	o := object{mark: len(w.out), marks: len(w.marks), first: true}
	w.out = append(w.out, '{')
	return o
}

// rollBack takes back what was written since a position.
func (w *walk) rollBack(at, marks int) { w.out, w.marks = w.out[:at], w.marks[:marks] }

// key reads a name and its colon, and returns where the value begins.
func (w *walk) key(i int) (name []byte, at int, err error) {
	src := w.src
	if i >= len(src) || src[i] != '"' {
		return nil, i, malformed(i)
	}
	end, escaped := jsonscan.String(src, i)
	if end < 0 {
		return nil, i, malformed(i)
	}
	name = src[i+1 : end-1]
	if escaped {
		w.text = jsonscan.Unescape(w.text[:0], name)
		name = w.text
	}
	i = jsonscan.Space(src, end)
	if i >= len(src) || src[i] != ':' {
		return nil, i, malformed(i)
	}
	return name, jsonscan.Space(src, i+1), nil
}

// next reads what follows a member: a comma and the next name, or the end.
func (w *walk) next(i int, closing byte) (at int, more bool, err error) {
	i = jsonscan.Space(w.src, i)
	switch {
	case i >= len(w.src):
		return i, false, malformed(i)
	case w.src[i] == ',':
		return i + 1, true, nil
	case w.src[i] == closing:
		return i, false, nil
	}
	return i, false, malformed(i)
}

// object transforms an object of listed members. It goes if nothing of it
// stays.
func (w *walk) object(n *node, i, depth int) (int, bool, error) {
	o := w.begin()
	w.opens = append(w.opens, i)
	var meta, labelled bool
	i++
	src := w.src
	if j := jsonscan.Space(src, i); j < len(src) && src[j] == '}' {
		i = j
	} else {
		for {
			start := i // of the space before the name
			name, at, err := w.key(jsonscan.Space(src, i))
			if err != nil {
				return i, false, err
			}
			m := n.members.find(name)
			switch {
			case m < 0 && len(name) > 1 && name[0] == '_':
				i, err = w.sibling(n, &o, name[1:], start, at, depth)
			case m < 0:
				i, err = w.skip(n.unknown, at, depth+1)
			case o.seen[m>>6]&(1<<(m&63)) != 0:
				return i, false, deid.Malformed(int64(i), ruleTwice)
			default:
				o.seen[m>>6] |= 1 << (m & 63)
				child := n.members.list[m].node
				if child.form == formMeta && w.within == 0 && at < len(src) && src[at] == '{' {
					meta = true
				}
				if n.form == formMeta && w.within == 0 && n.members.list[m].name == "security" {
					if at >= len(src) || src[at] != '[' {
						i, err = w.skip(n.unknown, at, depth+1)
						break
					}
					labelled = true
					i, err = w.security(&o, child, start, at, depth)
					break
				}
				i, _, err = w.member(&o, child, start, at, depth)
			}
			if err != nil {
				return i, false, err
			}
			var more bool
			if i, more, err = w.next(i, '}'); err != nil {
				return i, false, err
			}
			if !more {
				break
			}
		}
	}
	w.opens = w.opens[:len(w.opens)-1]
	if w.within == 0 {
		if n.form == formMeta && !labelled {
			w.addLabel(&o, `"security":[`, `]`, depth)
		} else if n.isResource && !meta {
			w.addLabel(&o, `"meta":{"security":[`, `]}`, depth)
		}
	}
	if o.first {
		w.rollBack(o.mark, o.marks)
		return i + 1, false, nil
	}
	// The space before the brace, as it was.
	space := i
	for space > 0 && isSpace(src[space-1]) {
		space--
	}
	w.out = append(append(w.out, src[space:i]...), '}')
	return i + 1, true, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// member writes a name with what becomes of its value, if that stays.
func (w *walk) member(o *object, child *node, start, at, depth int) (int, bool, error) {
	mark, marks := len(w.out), len(w.marks)
	if !o.first {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, w.src[start:at]...)
	end, kept, err := w.node(child, at, depth+1)
	if err != nil {
		return end, false, err
	}
	if kept {
		o.first = false
	} else {
		w.rollBack(mark, marks)
	}
	return end, kept, nil
}

// sibling transforms the object that stands beside a primitive, with its id
// and extensions. Beside a list there is a list of them, in step with it: that
// goes, since the list itself may get shorter.
func (w *walk) sibling(n *node, o *object, name []byte, start, at, depth int) (int, error) {
	m := n.members.find(name)
	if m < 0 || n.members.list[m].node.form != formScalar || at >= len(w.src) || w.src[at] != '{' {
		return w.skip(n.unknown, at, depth+1)
	}
	end, _, err := w.member(o, w.entry, start, at, depth)
	return end, err
}

// array transforms an array. It goes if nothing of it stays.
func (w *walk) array(n *node, i, depth int) (int, bool, error) {
	src := w.src
	mark, marks := len(w.out), len(w.marks)
	w.out = append(w.out, '[')
	i++
	first := true
	if j := jsonscan.Space(src, i); j < len(src) && src[j] == ']' {
		w.rollBack(mark, marks)
		return j + 1, false, nil
	}
	for {
		before, beforeMarks := len(w.out), len(w.marks)
		if !first {
			w.out = append(w.out, ',')
		}
		start := i
		i = jsonscan.Space(src, i)
		w.out = append(w.out, src[start:i]...)
		var kept, more bool
		var err error
		if i < len(src) && src[i] == '[' { // FHIR has no arrays of arrays
			i, err = w.skip(n.below(), i, depth+1)
		} else {
			i, kept, err = w.node(n, i, depth+1)
		}
		if err != nil {
			return i, false, err
		}
		if kept {
			first = false
		} else {
			w.rollBack(before, beforeMarks)
		}
		if i, more, err = w.next(i, ']'); err != nil {
			return i, false, err
		}
		if !more {
			break
		}
	}
	if first {
		w.rollBack(mark, marks)
		return i + 1, false, nil
	}
	space := i
	for space > 0 && isSpace(src[space-1]) {
		space--
	}
	w.out = append(append(w.out, src[space:i]...), ']')
	return i + 1, true, nil
}

// resource finds the type of a resource and transforms it.
func (w *walk) resource(i, depth int) (int, bool, error) {
	typeName, err := w.resourceType(i, depth)
	if err != nil {
		return i, false, err
	}
	n := w.resources[string(typeName)]
	if n == nil && w.terms.names[string(typeName)] {
		n = w.stub
	}
	if n == nil {
		end, err := w.skip(w.stub.unknown, i, depth)
		return end, false, err
	}
	return w.object(n, i, depth)
}

// resourceType looks ahead for the member of this name, which is the first one
// in most documents.
func (w *walk) resourceType(i, depth int) ([]byte, error) {
	src := w.src
	i = jsonscan.Space(src, i+1)
	if i < len(src) && src[i] == '}' {
		return nil, nil
	}
	for {
		name, at, err := w.key(jsonscan.Space(src, i))
		if err != nil {
			return nil, err
		}
		if string(name) == "resourceType" {
			if end, escaped := jsonscan.Scalar(src, at); end > at+1 && !escaped && src[at] == '"' {
				return src[at+1 : end-1], nil
			}
			return nil, nil
		}
		end := jsonscan.Skip(src, at, w.maxDepth-depth)
		if end < 0 {
			return nil, w.broken(at)
		}
		var more bool
		if i, more, err = w.next(end, '}'); err != nil || !more {
			return nil, err
		}
	}
}
