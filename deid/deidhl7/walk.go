package deidhl7

import (
	"bytes"

	"github.com/baakit/baakit/deid"
)

// A walk transforms one message after another.
type walk struct {
	t *Adapter
	c *deid.Record

	seps     separators
	class    classTable
	set      charset
	declared []byte // MSH-18 of the message before, if it was read

	batch separators // of the file or batch that is open

	out   []byte
	text  []byte
	more  []byte
	value []byte
	parts []span

	displays int  // that stand in the output
	lean     bool // they go

	systems [16]struct { // the coding systems that were looked up last
		name []byte
		form codeForm
	}

	idBefore      [3]byte // the segment that was looked up last
	segmentBefore *segment

	typeBefore  []byte // the OBX-2 that was looked up last
	fieldBefore *field

	valueType, observation, units []byte // of the OBX
}

// A span is a part of a field.
type span struct{ start, end int }

// message transforms the segments into out.
func (w *walk) message(data []byte, lines []line) error {
	w.out, w.displays = w.out[:0], 0
	for i, l := range lines {
		raw, end := data[l.start:l.end], data[l.end:l.next]
		if len(raw) == 0 {
			w.out = append(w.out, end...)
			continue
		}
		var seg *segment
		if len(raw) >= 3 && (len(raw) == 3 || raw[3] == w.seps.field) {
			id := [3]byte(raw)
			if seg = w.segmentBefore; id != w.idBefore {
				seg = w.t.table.segments[id]
				w.idBefore, w.segmentBefore = id, seg
			}
		}
		if seg == nil || i > 0 && isHeader(raw) {
			w.c.Unknown(w.t.table.unlisted)
			continue
		}
		if err := w.segment(seg, raw, i == 0); err != nil {
			return err
		}
		w.out = append(w.out, end...)
	}
	return nil
}

// segment transforms one segment.
func (w *walk) segment(seg *segment, raw []byte, first bool) error {
	i, number := 3, 0
	if first && raw[2] == 'H' || first && raw[1] == 'H' {
		i, number = w.header(raw)
	}
	w.out = append(w.out, raw[:i]...)
	if seg.obx {
		w.valueType, w.observation, w.units = nil, nil, nil
	}
	class := &w.class
	for i < len(raw) { // raw[i] is the separator
		w.out = append(w.out, w.seps.field)
		i++
		number++
		value, flags := raw[i:], uint8(0)
		for n, b := range value {
			c := class[b]
			if c&isField != 0 {
				value = value[:n]
				break
			}
			flags |= c
		}
		if len(value) == 0 {
			continue
		}
		i += len(value)
		if seg.obx {
			switch number {
			case 2:
				w.valueType = value
			case 3:
				w.observation = value
			case 5:
				w.units = w.ahead(raw[i:])
			}
		}
		f := seg.field(number)
		if f == nil {
			w.unlisted(seg.unknown, value, flags)
			continue
		}
		var err error
		if f.layout == layoutPlain && flags&(isComponent|isRepetition|isSub) == 0 {
			err = w.leaf(&f.components[0].first, seg, value, flags)
		} else {
			err = w.field(f, seg, value, flags)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// header returns where field 3 of MSH, FHS or BHS begins with its separator,
// and the number of the field before it.
func (w *walk) header(raw []byte) (at, number int) {
	at = 4
	for at < len(raw) && raw[at] != w.seps.field {
		at++
	}
	return at, 2
}

// ahead returns the first component of the next field.
func (w *walk) ahead(rest []byte) []byte {
	if len(rest) == 0 {
		return nil
	}
	rest = rest[1:]
	for i, c := range rest {
		if w.class[c]&(isField|isComponent|isRepetition) != 0 {
			return rest[:i]
		}
	}
	return rest
}

// unlisted drops a value that no table lists; separators stay.
func (w *walk) unlisted(p *deid.Place, value []byte, flags uint8) {
	w.c.Unknown(p)
	w.hollow(value, flags)
}

// hollow leaves the separators of a value.
func (w *walk) hollow(value []byte, flags uint8) {
	if flags&(isComponent|isRepetition|isSub) == 0 {
		return
	}
	for _, c := range value {
		if w.class[c]&(isComponent|isRepetition|isSub) != 0 {
			w.out = append(w.out, c)
		}
	}
}

func (w *walk) field(f *field, seg *segment, value []byte, flags uint8) error {
	if f.layout == layoutValue {
		return w.observed(seg, value, flags)
	}
	if flags&isRepetition == 0 {
		return w.repetition(f, seg, value, flags)
	}
	for {
		i, own := w.until(value, isRepetition)
		if i > 0 {
			if err := w.repetition(f, seg, value[:i], own); err != nil {
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

// until returns where the first byte of the class is, and what is before it.
func (w *walk) until(value []byte, class uint8) (i int, flags uint8) {
	for i < len(value) {
		c := w.class[value[i]]
		if c&class != 0 {
			break
		}
		flags |= c
		i++
	}
	return i, flags
}

// isNull reports whether the value is the null of HL7, which deletes.
func isNull(v []byte) bool { return len(v) == 2 && v[0] == '"' && v[1] == '"' }

// repetition transforms one repetition, which is not empty.
func (w *walk) repetition(f *field, seg *segment, raw []byte, flags uint8) error {
	switch f.layout {
	case layoutText:
		return w.free(f.text, raw, flags)
	case layoutCoded:
		return w.coded(f, seg, raw, flags)
	case layoutID:
		return w.identifier(f, seg, raw, flags, isComponent)
	case layoutPhone:
		return w.phone(f, seg, raw, flags)
	}
	if flags&(isComponent|isSub) == 0 && f.layout == layoutPlain {
		return w.leaf(&f.components[0].first, seg, raw, flags)
	}
	for n := 0; ; n++ {
		i, own := w.until(raw, isComponent)
		if i > 0 {
			var err error
			switch {
			case f.layout == layoutPair && n < 2:
				err = w.identifier(f, seg, raw[:i], own, isSub)
			case n >= len(f.components):
				w.unlisted(seg.unknown, raw[:i], own)
			default:
				err = w.component(&f.components[n], seg, raw[:i], own)
			}
			if err != nil {
				return err
			}
		}
		if i == len(raw) {
			return nil
		}
		w.out = append(w.out, w.seps.component)
		raw = raw[i+1:]
	}
}

func (w *walk) component(c *component, seg *segment, raw []byte, flags uint8) error {
	if flags&isSub == 0 {
		return w.leaf(&c.first, seg, raw, flags)
	}
	for n := 0; ; n++ {
		i, own := w.until(raw, isSub)
		if i > 0 {
			l := &leaf{}
			if n == 0 {
				l = &c.first
			} else if n < len(c.subs) {
				l = &c.subs[n]
			}
			if err := w.leaf(l, seg, raw[:i], own); err != nil {
				return err
			}
		}
		if i == len(raw) {
			return nil
		}
		w.out = append(w.out, w.seps.sub)
		raw = raw[i+1:]
	}
}

// leaf transforms a value without separators, which is not empty.
func (w *walk) leaf(l *leaf, seg *segment, raw []byte, flags uint8) error {
	if l.place == nil {
		w.c.Unknown(seg.unknown)
		return nil
	}
	if isNull(raw) {
		return w.null(l.place, raw)
	}
	v, ok := raw, true
	if flags&(isEscape|isHigh) != 0 {
		v, ok = w.read(raw, flags)
	}
	if !ok || l.form > formDate && !w.fits(l.form, v) {
		w.c.Unread(l.place, v)
		return nil
	}
	if l.form != formDate {
		return w.keep(l.place, l.place.Kind(), raw, v)
	}
	value, o, err := w.c.HL7Year(w.value[:0], l.place, v)
	if err != nil {
		return err
	}
	w.value = value
	w.write(l.place.Kind(), raw, v, o)
	return nil
}

// null lets a null stand.
func (w *walk) null(p *deid.Place, raw []byte) error {
	w.out = append(w.out, raw...)
	_, _, err := w.c.Apply(nil, p, nil)
	return err
}

// read returns what a value says; see separators.decode.
func (w *walk) read(raw []byte, flags uint8) ([]byte, bool) {
	if flags&(isEscape|isHigh) == 0 {
		return raw, true
	}
	var ok bool
	w.text, ok = w.seps.decode(w.text[:0], raw, &w.set)
	if !ok {
		return raw, false
	}
	return w.text, true
}

func (w *walk) fits(f form, v []byte) bool {
	switch f {
	case formCode:
		return codeLocal.fits(v)
	case formNumber:
		return isNumber(v, maxCount)
	case formMeasure:
		return isNumber(v, maxMeasure)
	case formRange:
		return isRange(v)
	case formCountry:
		return isCountry(v)
	case formCharset:
		_, ok := charsets[charsetName(v)]
		return ok
	}
	return true
}

// write appends what stands in the place of a value by its outcome: the value
// as the message writes it, or w.value.
func (w *walk) write(kind deid.Kind, raw, v []byte, o deid.Outcome) {
	switch {
	case o.Gone():
	case o.Verbatim():
		w.out = append(w.out, raw...)
		if o == deid.Kept {
			w.look(kind, v)
		}
	case o == deid.Scrubbed:
		if bytes.Equal(w.value, v) {
			w.out = append(w.out, raw...)
		} else {
			w.out, _ = w.seps.encode(w.out, w.value, &w.class, &w.set)
		}
		w.c.Look(kind, w.value)
	default:
		w.out, _ = w.seps.encode(w.out, w.value, &w.class, &w.set)
	}
}

// look shows a value that was kept to the self-check. One or two characters are
// no identifier, and would hide one that is split over the segments around
// them.
func (w *walk) look(kind deid.Kind, v []byte) {
	if len(v) > 2 {
		w.c.Look(kind, v)
	}
}

// free transforms a repetition that is one text, whatever separators it has.
func (w *walk) free(p *deid.Place, raw []byte, flags uint8) error {
	if isNull(raw) {
		return w.null(p, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok {
		w.c.Unread(p, v)
		return nil
	}
	var o deid.Outcome
	var err error
	if w.value, o, err = w.c.Apply(w.value[:0], p, v); err != nil {
		return err
	}
	w.write(p.Kind(), raw, v, o)
	return nil
}

// split cuts raw at the bytes of the class.
func (w *walk) split(raw []byte, class uint8) {
	w.parts = w.parts[:0]
	start := 0
	for i, c := range raw {
		if w.class[c]&class != 0 {
			w.parts = append(w.parts, span{start, i})
			start = i + 1
		}
	}
	w.parts = append(w.parts, span{start, len(raw)})
}

// part returns the n-th part of what was split, from 0.
func (w *walk) part(raw []byte, n int) []byte {
	if n >= len(w.parts) {
		return nil
	}
	return raw[w.parts[n].start:w.parts[n].end]
}
