package deidhl7

import "unicode/utf8"

// decode appends what a value says: its escapes resolved, its formatting
// commands as the white space that they are, its highlighting gone, and in
// UTF-8. It reports false for a value that it cannot read whole: with an escape
// that nobody closed, of a site's own, or of another character set, or with
// bytes that are no character. Nothing of such a value may stay.
func (s *separators) decode(dst, v []byte, set *charset) ([]byte, bool) {
	hex := false
	start := len(dst)
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c == s.escape && c != 0:
			end := i + 1
			for end < len(v) && v[end] != c {
				end++
			}
			if end == len(v) {
				return dst, false
			}
			var ok bool
			n := len(dst)
			if dst, ok = s.sequence(dst, v[i+1:end]); !ok {
				return dst, false
			}
			hex = hex || v[i+1] == 'X' && len(dst) > n
			i = end + 1
		case c < ' ' && c != '\t' || c == 0x7f:
			return dst, false
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := set.rune(v[i:])
			if n == 0 {
				return dst, false
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	// Bytes given in hexadecimal are of the message's character set, and
	// together must be text as well.
	if hex && !utf8.Valid(dst[start:]) {
		return dst, false
	}
	return dst, true
}

// sequence appends what stands between two escape characters.
func (s *separators) sequence(dst, e []byte) ([]byte, bool) {
	if len(e) == 0 {
		return dst, false
	}
	if len(e) == 1 {
		switch e[0] {
		case 'F':
			return append(dst, s.field), true
		case 'S':
			return append(dst, s.component), s.component != 0
		case 'R':
			return append(dst, s.repetition), s.repetition != 0
		case 'E':
			return append(dst, s.escape), true
		case 'T':
			return append(dst, s.sub), s.sub != 0
		case 'P', 'L':
			return append(dst, s.truncation), s.truncation != 0
		case 'H', 'N': // highlighting
			return dst, true
		}
		return dst, false
	}
	switch e[0] {
	case 'X':
		return hexadecimal(dst, e[1:])
	case '.':
		return formatting(dst, e[1:])
	}
	return dst, false // C, M: other character sets; Z: a site's own
}

func hexadecimal(dst, e []byte) ([]byte, bool) {
	if len(e)%2 != 0 {
		return dst, false
	}
	for i := 0; i < len(e); i += 2 {
		hi, lo := unhex[e[i]], unhex[e[i+1]]
		if hi|lo > 0x0f {
			return dst, false
		}
		dst = append(dst, hi<<4|lo)
	}
	return dst, true
}

var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['A'+i], t['a'+i] = 10+i, 10+i
	}
	return t
}()

// formatting appends the white space of a command of FT: .br, .sp and .sp2,
// .ce for a new line, .in+4, .ti-2 and .sk3 for spaces, .fi and .nf for nothing.
func formatting(dst, e []byte) ([]byte, bool) {
	if len(e) < 2 {
		return dst, false
	}
	arg := e[2:]
	if len(arg) > 0 && (arg[0] == '+' || arg[0] == '-' || arg[0] == ' ') {
		arg = arg[1:]
	}
	if len(arg) > 4 {
		return dst, false
	}
	for _, c := range arg {
		if !isDigit(c) {
			return dst, false
		}
	}
	switch string(e[:2]) {
	case "br", "sp", "ce":
		return append(dst, '\n'), true
	case "in", "ti", "sk":
		return append(dst, ' '), true
	case "fi", "nf":
		return dst, true
	}
	return dst, false
}

// encode appends a text as a value of the message, and reports false where the
// message has no escape for a separator in it, or its character set no such
// character; dst is then as long as it was.
func (s *separators) encode(dst, text []byte, class *classTable, set *charset) ([]byte, bool) {
	start := len(dst)
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(text[i:])
			var ok bool
			if dst, ok = set.append(dst, r); !ok {
				return dst[:start], false
			}
			i += n
			continue
		}
		i++
		if class[c] == 0 {
			dst = append(dst, c)
			continue
		}
		if s.escape == 0 {
			return dst[:start], false
		}
		dst = append(dst, s.escape)
		switch {
		case class[c]&isField != 0:
			dst = append(dst, 'F')
		case class[c]&isComponent != 0:
			dst = append(dst, 'S')
		case class[c]&isRepetition != 0:
			dst = append(dst, 'R')
		case class[c]&isEscape != 0:
			dst = append(dst, 'E')
		case class[c]&isSub != 0:
			dst = append(dst, 'T')
		case c == '\n':
			dst = append(dst, ".br"...)
		default: // a control character
			const digits = "0123456789ABCDEF"
			dst = append(dst, 'X', digits[c>>4], digits[c&15])
		}
		dst = append(dst, s.escape)
	}
	return dst, true
}
