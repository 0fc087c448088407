package deidfhir

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

const (
	labelSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"

	// PolicySystem is the system of the Coding in meta.security that says by
	// which policy a resource was treated: its code is the word of the
	// [deid.Method], its version the SHA-256 of the policy.
	PolicySystem = "https://github.com/baakit/baakit/deid/policy"
)

// A label is Codings in JSON, with where their strings begin.
type label struct {
	json []byte
	at   []int32
}

func newLabel(json []byte) label {
	l := label{json: json}
	for i := 0; i < len(json); {
		if json[i] != '"' {
			i++
			continue
		}
		end, _ := jsonscan.String(json, i)
		l.at = append(l.at, int32(i))
		i = end
	}
	return l
}

// labels returns what stands in meta.security of each resource, and of the one
// that holds the others.
func labels(p *deid.Policy, forgotten bool) (each, root label) {
	code, display := "PSEUDED", "pseudonymized"
	if forgotten {
		code, display = "ANONYED", "anonymized"
	}
	text := fmt.Appendf(nil, `{"system":"%s","code":"%s","display":"%s"}`, labelSystem, code, display)
	method, _ := json.Marshal(string(p.Method()))
	whole := fmt.Appendf(bytes.Clone(text), `,{"system":"%s","version":"%s","code":%s}`, PolicySystem, p.SHA256(), method)
	return newLabel(text), newLabel(whole)
}

// addLabel writes a member that holds the label alone.
func (w *walk) addLabel(o *object, before, after string, depth int) {
	if !o.first {
		w.out = append(w.out, ',')
	}
	o.first = false
	w.out = append(w.out, before...)
	w.putLabel(depth)
	w.out = append(w.out, after...)
}

// putLabel writes the label, whose strings are the work of the walk. The
// depth is that of the resource or of its meta.
func (w *walk) putLabel(depth int) {
	l := &w.label
	if depth <= 1 {
		l = &w.rootLabel
	}
	at := int32(len(w.out))
	w.out = append(w.out, l.json...)
	for _, i := range l.at {
		w.marks = append(w.marks, mark{at: at + i, made: true})
	}
}

// security transforms meta.security and adds the labels to it; those of an
// earlier pass go.
func (w *walk) security(o *object, n *node, start, i, depth int) (int, error) {
	src := w.src
	if !o.first {
		w.out = append(w.out, ',')
	}
	o.first = false
	w.out = append(append(w.out, src[start:i]...), '[')
	i = jsonscan.Space(src, i+1)
	if i < len(src) && src[i] == ']' {
		w.putLabel(depth)
		w.out = append(w.out, ']')
		return i + 1, nil
	}
	for {
		before, marks := len(w.out), len(w.marks)
		i = jsonscan.Space(src, i)
		var kept, more bool
		var err error
		old, err := w.isLabel(i, depth+1)
		switch {
		case err != nil:
			return i, err
		case old, i < len(src) && src[i] == '[':
			i, err = w.skip(n.unknown, i, depth+1)
		default:
			i, kept, err = w.node(n, i, depth+1)
		}
		if err != nil {
			return i, err
		}
		if kept {
			w.out = append(w.out, ',')
		} else {
			w.rollBack(before, marks)
		}
		if i, more, err = w.next(i, ']'); err != nil {
			return i, err
		}
		if !more {
			break
		}
	}
	w.putLabel(depth)
	w.out = append(w.out, ']')
	return i + 1, nil
}

// isLabel reports whether a Coding is a label of an earlier pass.
func (w *walk) isLabel(i, depth int) (bool, error) {
	if i >= len(w.src) || w.src[i] != '{' {
		return false, nil
	}
	var f [3]field
	if err := w.ahead(i, depth, codingNames, f[:]); err != nil {
		return false, err
	}
	system, code := f[0].text(nil), f[1].text(nil)
	return string(system) == PolicySystem || string(system) == labelSystem && (bytes.Equal(code, []byte("PSEUDED")) || bytes.Equal(code, []byte("ANONYED"))), nil
}

// inspect gives the finished output to the self-check, read anew.
func (w *walk) inspect(from int) error {
	b, next := w.out, 0
	for i := from; i < len(b); {
		c := b[i]
		if structural[c] {
			i++
			continue
		}
		end, escaped := jsonscan.Scalar(b, i)
		if end < 0 {
			return fmt.Errorf("%w: the output is broken", deid.ErrMalformed)
		}
		if c == '"' {
			if after := jsonscan.Space(b, end); after < len(b) && b[after] == ':' {
				i = after + 1 // a name that the table spells out
				continue
			}
		}
		for next < len(w.marks) && int(w.marks[next].at) < i {
			next++
		}
		var m mark
		if next < len(w.marks) && int(w.marks[next].at) == i {
			m = w.marks[next]
		}
		if !m.made && c != 't' && c != 'f' && c != 'n' {
			v := b[i:end]
			if c == '"' {
				v = v[1 : len(v)-1]
				if escaped {
					w.text = jsonscan.Unescape(w.text[:0], v)
					v = w.text
				}
			} else {
				v = measured(v)
			}
			w.c.Look(m.kind, v)
		}
		i = end
	}
	return nil
}

// measured is what of a number may be an identifier: of one with more digits
// than a float has, which some arithmetic left behind, only what stands before
// the point. Its other digits are as good as random, and would sooner or later
// be those of a date.
func measured(v []byte) []byte {
	if point := bytes.IndexByte(v, '.'); point >= 0 && len(v) > 16 {
		return v[:point]
	}
	return v
}

var structural = [256]bool{'{': true, '}': true, '[': true, ']': true, ',': true, ':': true, ' ': true, '\n': true, '\r': true, '\t': true}
