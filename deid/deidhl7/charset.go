package deidhl7

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A charset is the character set of a message. The zero charset is UTF-8, of
// which ASCII is a part.
type charset struct{ table *charmap.Charmap }

// charsets are the sets of MSH-18 (HL7 table 0211) in which a byte below 0x80
// is ASCII wherever it stands, so that a separator is a separator. In all
// others it may be half of a character.
var charsets = map[string]charset{
	"": {}, "ASCII": {}, "UNICODE UTF-8": {}, "UTF-8": {}, "UNICODE": {},
	"8859/1": {charmap.ISO8859_1}, "8859/2": {charmap.ISO8859_2}, "8859/3": {charmap.ISO8859_3}, "8859/4": {charmap.ISO8859_4},
	"8859/5": {charmap.ISO8859_5}, "8859/6": {charmap.ISO8859_6}, "8859/7": {charmap.ISO8859_7}, "8859/8": {charmap.ISO8859_8},
	"8859/9": {charmap.ISO8859_9}, "8859/15": {charmap.ISO8859_15},
}

// charsetOf returns the character set of a message whose MSH-18 is declared;
// ok is false for one that cannot be read. A message that is UTF-8 is, whatever
// it declares: hardly any text of another set happens to be.
func charsetOf(message, declared []byte, repetition byte) (charset, bool) {
	if repetition != 0 && bytes.IndexByte(declared, repetition) >= 0 {
		// Others are reached by escapes, which are not read.
		first, rest, _ := bytes.Cut(declared, []byte{repetition})
		for name := range bytes.SplitSeq(rest, []byte{repetition}) {
			if set, ok := charsets[charsetName(name)]; !ok || set.table != nil {
				return charset{}, false
			}
		}
		declared = first
	}
	set, ok := charsets[charsetName(declared)]
	if !ok {
		return charset{}, false
	}
	if utf8.Valid(message) {
		return charset{}, true
	}
	return set, set.table != nil
}

func charsetName(b []byte) string {
	return strings.TrimPrefix(strings.ToUpper(string(bytes.TrimSpace(b))), "ISO-")
}

// rune decodes the first character, and returns 0 bytes for none.
func (s *charset) rune(b []byte) (r rune, n int) {
	if s.table != nil {
		r = s.table.DecodeByte(b[0])
		if r == utf8.RuneError {
			return 0, 0
		}
		return r, 1
	}
	r, n = utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 {
		return 0, 0
	}
	return r, n
}

func (s *charset) append(dst []byte, r rune) ([]byte, bool) {
	if s.table != nil {
		b, ok := s.table.EncodeRune(r)
		if !ok {
			return dst, false
		}
		return append(dst, b), true
	}
	return utf8.AppendRune(dst, r), true
}
