package deidfhir

import (
	"bytes"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

var identifierNames = []string{"system", "type"}

// identifier transforms an Identifier: its value becomes a code, which is that
// of the value within its system.
func (w *walk) identifier(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, identifierNames, f[:]); err != nil {
		return i, false, err
	}
	outer, outerPrefix, outerFrom := w.holder, len(w.prefix), w.prefixFrom
	w.holder = deid.KindID
	system := f[0].text(nil)
	w.prefix = append(w.prefix[:outerPrefix], system...)
	if word, ok := w.terms.IdentifierSystems[string(system)]; ok {
		w.holder, _ = deid.ParseKind(word)
	} else if len(f[1].raw) > 0 && f[1].raw[0] == '{' {
		w.holder = w.typeOf(f[1].raw)
	}
	w.prefixFrom = outerPrefix
	end, kept, err := w.object(n, i, depth)
	w.holder, w.prefix, w.prefixFrom = outer, w.prefix[:outerPrefix], outerFrom
	return end, kept, err
}

// typeOf finds the code of HL7's table 0203 in the type of an Identifier.
func (w *walk) typeOf(raw []byte) deid.Kind {
	for {
		i := bytes.Index(raw, []byte(`"code"`))
		if i < 0 {
			return deid.KindID
		}
		raw = raw[i+len(`"code"`):]
		at := jsonscan.Space(raw, 0)
		if at >= len(raw) || raw[at] != ':' {
			continue
		}
		at = jsonscan.Space(raw, at+1)
		end, escaped := jsonscan.Scalar(raw, at)
		if end < 0 {
			return deid.KindID
		}
		if word, ok := w.terms.IdentifierTypes[string(field{raw[at:end], escaped}.text(nil))]; ok {
			kind, _ := deid.ParseKind(word)
			return kind
		}
	}
}

var contactNames = []string{"system", "value"}

var contactKinds = map[string]deid.Kind{"fax": deid.KindFax, "email": deid.KindEmail, "url": deid.KindURL}

// contact transforms a ContactPoint, which goes with its value.
func (w *walk) contact(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, contactNames, f[:]); err != nil {
		return i, false, err
	}
	kind, ok := contactKinds[string(f[0].text(nil))]
	if !ok {
		kind = deid.KindPhone
	}
	outer := w.holder
	w.holder = kind
	mark, marks := len(w.out), len(w.marks)
	end, kept, err := w.object(n, i, depth)
	w.holder = outer
	if kept && err == nil && w.places.contacts[kind].Action() == deid.Drop {
		w.rollBack(mark, marks)
		kept = false
	}
	return end, kept, err
}
