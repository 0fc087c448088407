package deidhl7

import (
	"bytes"
	"strings"

	"github.com/baakit/baakit/deid"
)

// A role is what a component of CE, CWE or CNE is. CWE-9 is the original text;
// 7, 8 and those from 13 on are versions and names of value sets.
type role uint8

const (
	roleNone role = iota
	roleCode
	roleDisplay
	roleSystem
	roleText
)

var roles = [...]role{
	roleCode, roleDisplay, roleSystem, roleCode, roleDisplay, roleSystem, roleNone, roleNone, roleText, roleCode, roleDisplay, roleSystem,
}

// coded transforms a code with its display. The display stays if the code is one
// of a system that is known, and the code looks like it: it is a published term
// then. Any other display is free text.
func (w *walk) coded(f *field, seg *segment, raw []byte, flags uint8) error {
	if flags&isComponent == 0 {
		return w.codeOf(f, raw, flags)
	}
	w.split(raw, isComponent)
	var (
		form      codeForm
		system    bool // of this code, its display and its system: that is known
		published bool // and the code is one of it
	)
	for n, s := range w.parts {
		if n > 0 {
			w.out = append(w.out, w.seps.component)
		}
		r := roleNone
		if n < len(roles) {
			r = roles[n]
		}
		v := raw[s.start:s.end]
		if r == roleCode {
			form, system = w.system(w.part(raw, n+2))
			published = false
			if system {
				code, readable := w.read(v, flags)
				published = readable && form.fits(code)
			}
		}
		if len(v) == 0 {
			continue
		}
		var err error
		switch {
		case r == roleNone:
			w.unlisted(seg.unknown, v, flags&^isComponent)
		case r == roleCode && published:
			err = w.code(f.term, v, flags)
		case r == roleCode:
			err = w.codeOf(f, v, flags)
		case r == roleDisplay && published:
			err = w.display(f, v, flags)
		case r == roleSystem && system: // a name of our own table
			w.out = append(w.out, v...)
		case r == roleSystem:
			err = w.systemName(f, v, flags)
		default:
			err = w.free(f.text, v, flags)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// code transforms what is known to be a code of a published system.
func (w *walk) code(p *deid.Place, raw []byte, flags uint8) error {
	v, _ := w.read(raw, flags)
	return w.keep(p, deid.KindTerm, raw, v)
}

// codeOf transforms a code of a site, of a table of HL7, or of no system.
func (w *walk) codeOf(f *field, raw []byte, flags uint8) error {
	p := f.code
	if isNull(raw) {
		return w.null(p, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok || !codeLocal.fits(v) {
		w.c.Unread(p, v)
		w.hollow(raw, flags&^isComponent)
		return nil
	}
	return w.keep(p, p.Kind(), raw, v)
}

// systemName transforms the name of a coding system that is not known: it stays
// if it is the site's own by the conventions of table 0396.
func (w *walk) systemName(f *field, raw []byte, flags uint8) error {
	if isNull(raw) {
		return w.null(f.code, raw)
	}
	if string(raw) != "L" && !(len(raw) > 2 && len(raw) <= 6 && string(raw[:2]) == "99" && isCode(raw, 6, maxLocalDigits)) {
		w.c.Unread(f.code, raw)
		w.hollow(raw, flags&^isComponent)
		return nil
	}
	return w.keep(f.code, deid.KindTerm, raw, raw)
}

func (w *walk) keep(p *deid.Place, look deid.Kind, raw, v []byte) error {
	value, o, err := w.c.Apply(w.value[:0], p, v)
	if err != nil {
		return err
	}
	if o == deid.Kept { // by far the most
		w.out = append(w.out, raw...)
		w.look(look, v)
		return nil
	}
	w.value = value
	w.write(look, raw, v, o)
	return nil
}

// display transforms the display of a published code. It is searched for names
// too, although it may have one by right: the code says what it says, and so it
// goes before the message does.
func (w *walk) display(f *field, raw []byte, flags uint8) error {
	if isNull(raw) {
		return w.null(f.shown, raw)
	}
	v, ok := w.read(raw, flags)
	if !ok || w.lean || hasDay(v) {
		w.c.Unread(f.shown, v)
		return nil
	}
	w.displays++
	return w.keep(f.shown, 0, raw, v)
}

// system returns the form of the codes of a coding system that is published, or
// that the options trust. Those that were looked up last are remembered.
func (w *walk) system(name []byte) (codeForm, bool) {
	if len(name) == 0 || len(name) > maxLocal {
		return 0, false
	}
	slot := &w.systems[(uint(name[0])+uint(name[len(name)-1])+uint(len(name)))%uint(len(w.systems))]
	if bytes.Equal(name, slot.name) {
		return slot.form, true
	}
	form, ok := w.t.systems[string(name)]
	if !ok {
		if len(name) != 7 || string(name[:3]) != hl7Tables || digitsOf(name[3:]) != 4 {
			return 0, false
		}
		form = codeLocal
	}
	slot.name, slot.form = append(slot.name[:0], name...), form
	return form, true
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
			err = w.codeOf(f, v, flags)
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
			err = w.codeOf(f, v, flags)
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
