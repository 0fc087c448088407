package deid

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"unicode/utf8"
)

// encodedLen is the length from which a word could be an encoding of
// something that identifies.
const encodedLen = 8

const (
	not64  = 0xff // no character of base64
	fill64 = 0xfe // the = at its end
)

// in64 is the value of a character in either alphabet of base64.
var in64 = func() (t [256]byte) {
	for i := range t {
		t[i] = not64
	}
	for i := range byte(26) {
		t['A'+i], t['a'+i] = i, 26+i
	}
	for i := range byte(10) {
		t['0'+i] = 52 + i
	}
	t['+'], t['-'], t['/'], t['_'], t['='] = 62, 62, 63, 63, fill64
	return t
}()

// could64 looks at what the first eight characters decode to, and reports
// false where that is the beginning of no text.
func could64(word []byte) bool {
	for i := 0; i < encodedLen; i += 4 {
		a, b, c, d := in64[word[i]], in64[word[i+1]], in64[word[i+2]], in64[word[i+3]]
		if (a|b)&0xc0 != 0 {
			return false
		}
		first, second, third := a<<2|b>>4, b<<4|c>>2&0x0f, c<<6|d&0x3f
		if c == fill64 {
			second, third = ' ', ' '
		} else if d == fill64 {
			third = ' '
		}
		if first < ' ' && !isSpace(first) || second < ' ' && !isSpace(second) || third < ' ' && !isSpace(third) ||
			i == 0 && first >= 0x80 && first < 0xc2 || first < 0x80 && second >= 0x80 && second < 0xc2 || second < 0x80 && third >= 0x80 && third < 0xc2 ||
			first >= 0xc2 && second&0xc0 != 0x80 || second >= 0xc2 && third&0xc0 != 0x80 {
			return false
		}
	}
	return true
}

// decoded adds what a word of the characters of base64 is in base64 or in
// hexadecimal.
func (k *checker) decoded(kind Kind, word []byte) {
	if k.unhex(word) {
		k.value(kind, k.scratch)
	}
	if k.unbase64(word) {
		k.value(kind, k.scratch)
	}
}

// unhex decodes a word into scratch, and reports false if that is no text.
func (k *checker) unhex(word []byte) bool {
	if !couldHex(word) {
		return false
	}
	var err error
	k.scratch, err = hex.AppendDecode(k.scratch[:0], word)
	return err == nil && printable(k.scratch)
}

// unbase64 is unhex for base64, in either alphabet.
func (k *checker) unbase64(word []byte) bool {
	if !could64(word) {
		return false
	}
	unpadded := bytes.TrimRight(word, "=")
	for _, enc := range [...]*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		var err error
		if k.scratch, err = enc.AppendDecode(k.scratch[:0], unpadded); err == nil && printable(k.scratch) {
			return true
		}
	}
	return false
}

func couldHex(word []byte) bool {
	return len(word)%2 == 0 && isHex(word) && (len(word) >= 10 || digitRun(word) < len(word))
}

func isHex(word []byte) bool {
	for _, c := range word {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func printable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}
