package deidfhir

import (
	"bytes"

	"github.com/baakit/baakit/internal/jsonscan"
)

// field is the value of a member that was looked ahead for.
type field struct {
	raw     []byte // nil if there is none
	escaped bool
}

// text returns a string without its quotes and escapes; nil for anything else.
func (f field) text(buf []byte) []byte {
	if len(f.raw) < 2 || f.raw[0] != '"' {
		return nil
	}
	v := f.raw[1 : len(f.raw)-1]
	if f.escaped {
		return jsonscan.Unescape(buf, v)
	}
	return v
}

// ahead looks through the members of an object for those with the given names.
// Where one stands twice, or where what follows them is malformed, the walk over
// the object says so.
func (w *walk) ahead(i, depth int, names []string, into []field) error {
	src := w.src
	clear(into)
	left := len(names)
	i = jsonscan.Space(src, i+1)
	if i < len(src) && src[i] == '}' {
		return nil
	}
	for {
		name, at, err := w.key(jsonscan.Space(src, i))
		if err != nil {
			return err
		}
		var end int
		escaped := false
		if at < len(src) && src[at] != '{' && src[at] != '[' {
			end, escaped = jsonscan.Scalar(src, at)
		} else {
			end = jsonscan.Skip(src, at, w.maxDepth-depth)
		}
		if end < 0 {
			return w.broken(at)
		}
		for k, want := range names {
			if into[k].raw == nil && string(name) == want {
				into[k] = field{src[at:end], escaped}
				left--
				break
			}
		}
		if left == 0 {
			return nil
		}
		var more bool
		if i, more, err = w.next(end, '}'); err != nil || !more {
			return err
		}
	}
}

var codingNames = []string{"system", "code"}

// coding transforms a Coding, which goes if its system is not a published one
// or its code is none of that system.
func (w *walk) coding(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, codingNames, f[:]); err != nil {
		return i, false, err
	}
	var buf [128]byte
	p := w.systemPattern(f[0].text(buf[:0]))
	if p == noPattern || !p.matches(w.terms, f[1].text(buf[:0])) {
		end, err := w.skip(n.unknown, i, depth)
		return end, false, err
	}
	return w.object(n, i, depth)
}

// sameAsShown reports whether a string says what a display said that stays.
func (w *walk) sameAsShown(raw []byte) bool {
	for _, s := range w.shown {
		if bytes.Equal(s, raw) {
			return true
		}
	}
	return false
}

var extensionNames = []string{"url"}

// extension transforms an Extension, which goes unless its url is listed.
func (w *walk) extension(n *node, i, depth int) (int, bool, error) {
	var f [1]field
	if err := w.ahead(i, depth, extensionNames, f[:]); err != nil {
		return i, false, err
	}
	listed := n.byURL[string(f[0].text(nil))]
	if listed == nil {
		end, err := w.skip(n.unknown, i, depth)
		return end, false, err
	}
	base := len(w.shown)
	mark, marks := len(w.out), len(w.marks)
	end, kept, err := w.object(listed, i, depth)
	if n == w.ext {
		w.shown = w.shown[:base]
	}
	if kept && err == nil && len(w.marks) == marks+1 {
		// Only the url is left.
		w.rollBack(mark, marks)
		return end, false, nil
	}
	return end, kept, err
}
