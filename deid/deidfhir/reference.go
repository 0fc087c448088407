package deidfhir

import (
	"bytes"

	"github.com/baakit/baakit/deid"
)

// coded writes what stands in the place of an id, a reference or the value of
// an Identifier.
func (w *walk) coded(n *node, v []byte, end int) (int, bool, error) {
	at := len(w.out)
	var ok bool
	var err error
	w.out = append(w.out, '"')
	switch {
	case len(v) == 0:
	case n.check == checkLiteral:
		ok, err = w.literal(n.place, v)
	case n.check == checkValue:
		ok, err = true, w.identifierValue(v)
	default:
		ok, err = true, w.id(n.place, v)
	}
	if err != nil {
		return end, false, err
	}
	if !ok {
		w.out = w.out[:at]
		w.c.Unknown(n.place)
		return end, false, nil
	}
	w.out = append(w.out, '"')
	w.marks = append(w.marks, mark{at: int32(at), made: true})
	return end, true, nil
}

// identifierValue appends the code of a value within the system that gave it
// out.
func (w *walk) identifierValue(v []byte) error {
	holder := w.holder
	if holder == 0 {
		holder = deid.KindID
	}
	key := append(append(append(w.value[:0], w.prefix[w.prefixFrom:]...), '|'), v...)
	w.value = key
	code, err := w.c.Code(w.places.identifiers[holder], key, v)
	if err == nil {
		w.out, err = code.AppendText(w.out)
	}
	return err
}

// id appends the code of an id: as a UUID where it was one, in base32
// otherwise.
func (w *walk) id(p *deid.Place, v []byte) error {
	uuid := isUUID(v)
	code, err := w.codeOf(p, v, uuid)
	if err != nil {
		return err
	}
	if uuid {
		w.out = appendUUID(w.out, code)
		return nil
	}
	w.out, err = code.AppendText(w.out)
	return err
}

// codeOf returns the code of an id. The self-check looks for ids that have a
// digit: others are words, such as the referral of a contained resource.
func (w *walk) codeOf(p *deid.Place, v []byte, uuid bool) (deid.Code, error) {
	key := v
	if uuid {
		key = appendLower(w.value[:0], v)
		w.value = key
	}
	removed := v
	if !hasDigit(v) {
		removed = nil
	}
	return w.c.Code(p, key, removed)
}

// literal appends what becomes of a reference, in each of its forms, and
// reports false where it must go. The same ids have the same codes in each, so
// that what referred to a resource still does:
//
//	#x                            #CODE
//	urn:uuid:x, urn:oid:x         urn:uuid:CODE
//	Type/x, Type/x/_history/v     Type/CODE, Type/CODE/_history/CODE
//	http://host/base/Type/x       https://CODE.invalid/Type/CODE
//	Type                          Type
func (w *walk) literal(p *deid.Place, v []byte) (bool, error) {
	if v[0] == '#' {
		w.out = append(w.out, '#')
		if len(v) == 1 {
			return true, nil
		}
		return true, w.id(p, v[1:])
	}
	for _, scheme := range [...]string{"urn:uuid:", "urn:oid:"} {
		if rest, ok := bytes.CutPrefix(v, []byte(scheme)); ok && len(rest) > 0 {
			code, err := w.codeOf(p, rest, isUUID(rest))
			if err != nil {
				return false, err
			}
			w.out = appendUUID(append(w.out, "urn:uuid:"...), code)
			return true, nil
		}
	}
	if bytes.ContainsAny(v, "?#| \t\r\n") {
		return false, nil // a search, which says what it looks for
	}
	rest, version := v, []byte(nil)
	if i := bytes.LastIndex(v, []byte("/_history/")); i >= 0 {
		rest, version = v[:i], v[i+len("/_history/"):]
		if !isID(version) {
			return false, nil
		}
	}
	slash := bytes.LastIndexByte(rest, '/')
	if slash < 0 {
		if version != nil || !w.terms.names[string(rest)] {
			return false, nil
		}
		w.out = append(w.out, rest...)
		return true, nil
	}
	id := rest[slash+1:]
	start := bytes.LastIndexByte(rest[:slash], '/') + 1
	typeName, base := rest[start:slash], rest[:start]
	if !isID(id) || !w.terms.names[string(typeName)] {
		return false, nil
	}
	if len(base) > 0 {
		if !bytes.HasPrefix(base, []byte("http://")) && !bytes.HasPrefix(base, []byte("https://")) {
			return false, nil
		}
		code, err := w.c.Code(w.places.base, base, nil)
		if err != nil {
			return false, err
		}
		w.out = append(w.out, "https://"...)
		at := len(w.out)
		if w.out, err = code.AppendText(w.out); err != nil {
			return false, err
		}
		for i := at; i < len(w.out); i++ {
			if c := w.out[i]; c >= 'A' && c <= 'Z' {
				w.out[i] = c | 0x20
			}
		}
		w.out = append(w.out, ".invalid/"...)
	}
	w.out = append(append(w.out, typeName...), '/')
	if err := w.id(p, id); err != nil {
		return false, err
	}
	if version != nil {
		w.out = append(w.out, "/_history/"...)
		return true, w.id(w.places.version, version)
	}
	return true, nil
}

// isID reports whether v is a FHIR id.
func isID(v []byte) bool {
	for _, c := range v {
		if !isAlnum(c) && c != '-' && c != '.' {
			return false
		}
	}
	return len(v) > 0 && len(v) <= 64
}

func isUUID(v []byte) bool {
	if len(v) != 36 || v[8] != '-' || v[13] != '-' || v[18] != '-' || v[23] != '-' {
		return false
	}
	for i, c := range v {
		switch i {
		case 8, 13, 18, 23:
		default:
			if !isDigit(c) && c|0x20-'a' >= 6 {
				return false
			}
		}
	}
	return true
}

func appendLower(dst, v []byte) []byte {
	for _, c := range v {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// appendUUID appends a code in the form of a UUID.
func appendUUID(dst []byte, code deid.Code) []byte {
	const digits = "0123456789abcdef"
	for i, b := range code {
		switch i {
		case 4, 6, 8, 10:
			dst = append(dst, '-')
		}
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return dst
}

// ParseCode returns the code that an id or a reference of the output holds, in
// either of its forms, for those whom the covered entity lets re-identify
// ([deid.Reidentifier], namespace fhir_id); its error is [deid.ErrCode].
func ParseCode(s string) (deid.Code, error) {
	if !isUUID([]byte(s)) {
		return deid.ParseCode(s)
	}
	var c deid.Code
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '-' {
			continue
		}
		c[n/2] = c[n/2]<<4 | hexValue(s[i])
		n++
	}
	if c.IsZero() {
		return deid.Code{}, deid.ErrCode
	}
	return c, nil
}

func hexValue(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
