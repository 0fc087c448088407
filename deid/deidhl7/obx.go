package deidhl7

import (
	"bytes"

	"github.com/baakit/baakit/deid"
)

// observed transforms OBX-5 as OBX-2 says, and as OBX-3 says where the value is
// not a measured one but an identifier: an age, a date of birth, a telephone
// number.
func (w *walk) observed(seg *segment, value []byte, flags uint8) error {
	f := w.fieldBefore
	if !bytes.Equal(w.valueType, w.typeBefore) {
		f = w.t.table.values[string(w.valueType)]
		w.typeBefore, w.fieldBefore = append(w.typeBefore[:0], w.valueType...), f
	}
	if f == nil {
		w.unlisted(w.t.table.untyped, value, flags)
		return nil
	}
	kind := deid.Kind(0)
	if f.plain {
		kind = w.observes()
	}
	dated := kind == deid.KindDOB || kind == deid.KindDeath
	switch {
	case kind == 0:
		return w.field(f, seg, value, flags)
	case f.dated && dated:
		return w.field(w.t.table.dates[kind], seg, value, flags)
	case f.dated, dated && f.layout != layoutText:
		// The date of something else, such as of an encounter, and a
		// weight at birth.
		return w.field(f, seg, value, flags)
	}
	p := w.t.table.observed[kind]
	for {
		i, own := w.until(value, isRepetition)
		if i > 0 {
			var err error
			if kind == deid.KindAge {
				err = w.age(p, value[:i], own, f.layout == layoutText)
			} else {
				err = w.free(p, value[:i], own)
			}
			if err != nil {
				return err
			}
		}
		if i == len(value) {
			return nil
		}
		w.out = append(w.out, w.seps.repetition)
		value = value[i+1:]
	}
}

// age transforms an age, which has its unit in OBX-6. A number cannot be "90+",
// so an age over 89 goes where it is one.
func (w *walk) age(p *deid.Place, raw []byte, flags uint8, text bool) error {
	if isNull(raw) {
		return w.null(p, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok {
		w.c.Unread(p, v)
		return nil
	}
	w.more = append(w.more[:0], v...)
	if len(w.units) > 0 && !isNull(w.units) {
		w.more = append(append(w.more, ' '), w.units...)
	}
	if !text && p.Action() == deid.AgeCap {
		if _, class := deid.ParseAge(string(w.more)); class == deid.AgeOver || flags&isComponent != 0 {
			w.c.Unread(p, w.more)
			return nil
		}
	}
	out, o, err := w.c.Apply(w.value[:0], p, w.more)
	w.value = out
	if err != nil {
		return err
	}
	w.write(p.Kind(), raw, v, o)
	return nil
}

// observes returns the kind of identifier that OBX-3 says OBX-5 is, or none. It
// knows some codes of LOINC, and else goes by the words of the displays.
func (w *walk) observes() deid.Kind {
	raw := w.observation
	end := 0
	for end < len(raw) && w.class[raw[end]]&isComponent == 0 {
		end++
	}
	if end > 0 && end < 16 && isDigit(raw[0]) && w.t.table.firsts[raw[0]-'0']&(1<<end) != 0 {
		if kind, ok := observations[string(raw[:end])]; ok {
			return kind
		}
	}
	var word [longestWord]byte
	n := 0
	for i := 0; i <= len(raw); i++ {
		if i < len(raw) && isLetter(raw[i]) {
			if n < len(word) {
				word[n] = raw[i] | 0x20
			}
			n++
			continue
		}
		if n >= shortestWord && n <= len(word) && w.t.table.initials[word[0]-'a']&(1<<n) != 0 {
			if kind, ok := observationWords[string(word[:n])]; ok {
				return kind
			}
		}
		n = 0
	}
	if bytes.Contains(raw, []byte("ocial ")) && bytes.Contains(raw, []byte("ecurity")) {
		return deid.KindSSN
	}
	return 0
}

// The lengths of the words of observationWords.
const (
	shortestWord = 3
	longestWord  = 10
)
