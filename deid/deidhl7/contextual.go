package deidhl7

import (
	"bytes"
	"strings"

	"github.com/baakit/baakit/deid"
)

// The codes, displays and systems of CE, CWE and CNE, by the place of the
// system: the text of CWE-9 belongs to none, and 7, 8 and 13 onwards are
// versions and names of value sets.
var triplets = [...]struct{ code, display, system int }{{0, 1, 2}, {3, 4, 5}, {9, 10, 11}}

// coded transforms a code with its display. The display stays if the code is one
// of a system that is known, and the code looks like it: it is a published term
// then. Any other display is free text.
func (w *walk) coded(f *field, seg *segment, raw []byte, flags uint8) error {
	if flags&isComponent == 0 {
		return w.codeOf(f, codeLocal, false, raw, flags)
	}
	w.split(raw, isComponent)
	var role [12]uint8 // 1 code, 2 display, 3 system
	var form [12]codeForm
	var known [12]bool
	for _, t := range triplets {
		if t.code >= len(w.parts) {
			break
		}
		role[t.code], role[t.display], role[t.system] = 1, 2, 3
		format, ok := w.t.system(w.part(raw, t.system))
		if ok {
			code, readable := w.read(w.part(raw, t.code), flags)
			ok = readable && format.fits(code)
		}
		if !ok {
			format = codeLocal
		}
		form[t.code], known[t.code], known[t.display] = format, ok, ok
	}
	for n, s := range w.parts {
		if n > 0 {
			w.out = append(w.out, w.seps.component)
		}
		v := raw[s.start:s.end]
		if len(v) == 0 {
			continue
		}
		var err error
		switch {
		case n == 8:
			err = w.free(f.text, v, flags)
		case n >= len(role) || role[n] == 0:
			w.unlisted(seg.unknown, v, flags&^isComponent)
		case role[n] == 1:
			err = w.codeOf(f, form[n], known[n], v, flags)
		case role[n] == 3:
			err = w.systemName(f, v, flags)
		case known[n]:
			err = w.display(f, v, flags)
		default:
			err = w.free(f.text, v, flags)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// codeOf transforms a code.
func (w *walk) codeOf(f *field, form codeForm, published bool, raw []byte, flags uint8) error {
	p := f.code
	if published {
		p = f.term
	}
	if isNull(raw) {
		return w.null(p, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok || !form.fits(v) {
		w.c.Unread(p, v)
		w.hollow(raw, flags&^isComponent)
		return nil
	}
	return w.keep(p, p.Kind(), raw, v)
}

// systemName transforms the name of a coding system: one that is known, or of
// the site's own by the conventions of table 0396.
func (w *walk) systemName(f *field, raw []byte, flags uint8) error {
	if isNull(raw) {
		return w.null(f.code, raw)
	}
	_, known := w.t.system(raw)
	if !known && string(raw) != "L" && !(len(raw) > 2 && len(raw) <= 6 && string(raw[:2]) == "99" && isCode(raw, 6, maxLocalDigits)) {
		w.c.Unread(f.code, raw)
		w.hollow(raw, flags&^isComponent)
		return nil
	}
	return w.keep(f.code, deid.KindTerm, raw, raw)
}

func (w *walk) keep(p *deid.Place, look deid.Kind, raw, v []byte) error {
	out, o, err := w.c.Apply(w.value[:0], p, v)
	w.value = out
	if err != nil {
		return err
	}
	w.write(look, raw, v, o)
	return nil
}

// display transforms the display of a published code. It is searched for names
// too, although it may have one by right: the code says what it says, and so it
// goes before the message does.
func (w *walk) display(f *field, raw []byte, flags uint8) error {
	if isNull(raw) {
		return w.null(f.term, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok || w.lean {
		w.c.Unread(f.term, v)
		return nil
	}
	w.shown++
	return w.keep(f.term, 0, raw, v)
}

// system returns the form of the codes of a coding system that is published, or
// that the options trust.
func (t *Transformer) system(name []byte) (codeForm, bool) {
	if len(name) == 0 || len(name) > maxLocal {
		return 0, false
	}
	if form, ok := t.systems[string(name)]; ok {
		return form, true
	}
	if len(name) == 7 && string(name[:3]) == hl7Tables && digitsOf(name[3:]) == 4 {
		return codeLocal, true
	}
	return 0, false
}

// The components of CX and EI, from 0.
const (
	idNumber    = 0
	idAuthority = 3 // of CX
	idType      = 4
	eiAuthority = 1 // of EI, with the parts of an HD in the next two
)

// identifier transforms a CX, or an EI: the parts are components, or, where two
// EIs are in one field, subcomponents.
func (w *walk) identifier(f *field, seg *segment, raw []byte, flags, class uint8) error {
	w.split(raw, class)
	kind := f.kind
	var authority []byte
	if f.typed {
		if t := w.part(raw, idType); len(t) > 0 && len(t) <= maxLocal {
			if k, ok := identifierTypes[string(t)]; ok {
				kind = k
			}
		}
		authority = w.part(raw, idAuthority)
	} else if len(w.parts) > eiAuthority {
		last := w.parts[min(eiAuthority+2, len(w.parts)-1)]
		authority = raw[w.parts[eiAuthority].start:last.end]
	}
	for n, s := range w.parts {
		if n > 0 {
			w.out = append(w.out, raw[s.start-1])
		}
		v := raw[s.start:s.end]
		if len(v) == 0 {
			continue
		}
		var err error
		switch {
		case n == idNumber:
			err = w.number((*f.ids)[kind], v, authority, flags)
		case f.typed && n == idType:
			err = w.codeOf(f, codeLocal, false, v, flags)
		default:
			w.unlisted(seg.unknown, v, flags&^class)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// number transforms an identifier. Its code is that of the number together with
// the authority that assigned it, in the namespace that the options name for the
// authority.
func (w *walk) number(p *deid.Place, raw, authority []byte, flags uint8) error {
	if isNull(raw) {
		return w.null(p, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok {
		w.c.Unread(p, v)
		w.hollow(raw, flags&^(isComponent|isRepetition))
		return nil
	}
	id, namespace := bytes.TrimSpace(v), ""
	if _, coded := strings.CutPrefix(string(p.Action()), "code:"); coded && len(authority) > 0 {
		w.more = w.appendAuthority(w.more[:0], authority)
		if namespace = w.t.namespaces[string(w.more)]; namespace == "" && len(w.more) > 0 {
			w.more = append(append(w.more, '^'), id...)
			id = w.more
		}
	}
	out, o, err := w.c.AssignedCode(w.value[:0], p, v, namespace, id)
	w.value = out
	if err != nil {
		return err
	}
	w.write(p.Kind(), raw, v, o)
	return nil
}

// appendAuthority appends an HD in the same way whichever separators divide it:
// HOSP, or HOSP&2.999.1&ISO.
func (w *walk) appendAuthority(dst, authority []byte) []byte {
	for _, c := range authority {
		if w.class[c]&(isComponent|isSub) != 0 {
			c = '&'
		}
		dst = append(dst, c)
	}
	return bytes.Trim(dst, "& ")
}

// phone transforms an XTN: which of the numbers it is does not matter, only
// whether it is of a fax machine.
func (w *walk) phone(f *field, seg *segment, raw []byte, flags uint8) error {
	w.split(raw, isComponent)
	p := f.phone
	if equipment := w.part(raw, 2); string(equipment) == "FX" {
		p = f.fax
	}
	for n, s := range w.parts {
		if n > 0 {
			w.out = append(w.out, w.seps.component)
		}
		v := raw[s.start:s.end]
		if len(v) == 0 {
			continue
		}
		var err error
		switch n {
		case 1, 2:
			err = w.codeOf(f, codeLocal, false, v, flags)
		case 3:
			err = w.free(f.email, v, flags)
		default:
			if n > 11 {
				w.unlisted(seg.unknown, v, flags&^isComponent)
				continue
			}
			err = w.free(p, v, flags)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
