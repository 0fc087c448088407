package deidfhir

import (
	"bytes"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

// scalar transforms a string, number, boolean or null.
func (w *walk) scalar(n *node, i int) (int, bool, error) {
	end, escaped := jsonscan.Scalar(w.src, i)
	if end < 0 {
		return i, false, malformed(i)
	}
	raw := w.src[i:end]
	switch c := raw[0]; {
	case c == 'n':
		return end, false, nil
	case n.drop, c == '"' && n.json != '"', (c == 't' || c == 'f') && n.json != 't', (c == '-' || isDigit(c)) && n.json != '0':
		w.c.Unknown(n.place)
		return end, false, nil
	}
	v := raw
	if n.json == '"' {
		v = raw[1 : len(raw)-1]
		if escaped {
			w.text = jsonscan.Unescape(w.text[:0], v)
			v = w.text
		}
	}
	made, place := false, n.place
	switch n.check {
	case checkNone:
	case checkContact:
		place = w.places.contacts[w.holder]
	case checkID, checkVersion, checkLiteral, checkValue:
		return w.coded(n, v, end)
	case checkDisplay:
	case checkNumber:
		if w.mayBeAge(raw) {
			w.c.Unknown(w.places.age)
			return end, false, nil
		}
	case checkText:
		if w.sameAsShown(raw) {
			w.c.Kept(n.place)
			w.put(raw, mark{kind: deid.KindTerm})
			return end, true, nil
		}
	default:
		if made = w.allowed(n.check, v); !made {
			w.c.Unknown(n.place)
			return end, false, nil
		}
		if n.check == checkSystem || n.check == checkCanonical || n.check == checkUnit || n.check == checkLinkID {
			made = false // it is looked at
		}
	}
	out, o, err := w.c.Apply(w.value[:0], place, v)
	w.value = out
	switch {
	case err != nil:
		return i, false, err
	case o.Gone():
		return end, false, nil
	}
	if n.check == checkDisplay && o == deid.Kept && len(w.shown) < maxShown {
		w.shown = append(w.shown, raw)
	}
	m := mark{made: made || o != deid.Kept && o != deid.Scrubbed, kind: n.place.Kind()}
	if n.term {
		m.kind = deid.KindTerm
	}
	at := len(w.out)
	switch {
	case o.Verbatim():
		w.out = append(w.out, raw...)
	default:
		w.out = jsonscan.AppendString(w.out, out)
	}
	m.at = int32(at)
	w.marks = append(w.marks, m)
	return end, true, nil
}

// maxShown is how many displays a text is compared with.
const maxShown = 64

// put appends a scalar as it is in JSON.
func (w *walk) put(raw []byte, m mark) {
	m.at = int32(len(w.out))
	w.out = append(w.out, raw...)
	w.marks = append(w.marks, m)
}

// allowed reports whether a value is one of those that an element may have.
func (w *walk) allowed(c check, v []byte) bool {
	switch c {
	case checkCode:
		return w.terms.codes[string(v)]
	case checkMIME:
		return w.terms.mimes[string(v)]
	case checkTypeName:
		return w.terms.names[string(v)]
	case checkLanguage:
		return (len(v) == 2 || len(v) == 5 && v[2] == '-' && isAlpha(v[3]) && isAlpha(v[4])) && isAlpha(v[0]) && isAlpha(v[1])
	case checkCountry:
		return (len(v) == 2 || len(v) == 3) && isAlpha(v[0]) && isAlpha(v[1]) && isAlpha(v[len(v)-1]) || w.terms.countries[string(v)]
	case checkCurrency:
		return len(v) == 3 && isAlpha(v[0]) && isAlpha(v[1]) && isAlpha(v[2])
	case checkSystem:
		return w.systemPattern(v) != noPattern
	case checkIssuer:
		_, ok := w.terms.IdentifierSystems[string(v)]
		return ok
	case checkCanonical:
		for _, p := range w.terms.Canonicals {
			if rest, ok := bytes.CutPrefix(v, []byte(p)); ok {
				rest, version, versioned := bytes.Cut(rest, []byte{'|'})
				return pathLike(rest) && (!versioned || len(version) <= 16 && pathLike(version))
			}
		}
		return false
	case checkUnit:
		return w.isUnit(v)
	case checkLinkID:
		return isLinkID(v)
	case checkURL:
		return true // the node was found by it
	}
	return false
}

// isLinkID reports whether the id of a question is made of LOINC codes, or of a
// few digits and letters, as usual.
func isLinkID(v []byte) bool {
	if len(v) == 0 || len(v) > 64 {
		return false
	}
	for part := range bytes.SplitSeq(bytes.TrimPrefix(v, []byte{'/'}), []byte{'/'}) {
		letters, digits := 0, 0
		for _, c := range part {
			switch {
			case isDigit(c):
				digits++
			case isAlpha(c):
				letters++
			case c != '.' && c != '-' && c != '_':
				return false
			}
		}
		if (letters > 2 || digits > 4) && !patternLOINC.matches(nil, part) {
			return false
		}
	}
	return true
}
