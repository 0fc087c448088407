// Package jsonscan reads JSON by hand: the tokens of a value that is whole in
// memory, without copying them, and the values of a stream, one after another.
// It is under the walkers of package deid and its adapters, which write most
// of what they read back byte for byte.
//
// Every function takes the text and a position and returns the position behind
// what it read, or -1 where the text stops being JSON of RFC 8259. Texts are
// to be valid UTF-8, which the caller checks once for the whole.
package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Space returns the position of the next byte that is not white space.
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// special marks the bytes that end a run of plain characters in a string.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// String reads a string that begins at its quote and reports whether it has
// an escape.
func String(b []byte, i int) (end int, escaped bool) {
	i++
	for {
		i = plainRun(b, i)
		if i >= len(b) {
			return -1, false
		}
		switch b[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			n := escapeLen(b[i:])
			if n == 0 {
				return -1, false
			}
			i += n
			escaped = true
		default:
			return -1, false
		}
	}
}

// plainRun returns the position of the next special byte, eight at a time
// while there are eight.
func plainRun(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		// The lowest mark is right; one above it may be of a byte that is not.
		if marks := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs; marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
		i += 8
	}
	for i < len(b) && !special[b[i]] {
		i++
	}
	return i
}

func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 || hex4(b[2:6]) < 0 {
			return 0
		}
		return 6
	}
	return 0
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b {
		switch {
		case c-'0' < 10:
			r = r<<4 | rune(c-'0')
		case c|0x20-'a' < 6:
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// Number reads a number.
func Number(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch n := digitRun(b, i); {
	case n == 0, n > 1 && b[i] == '0':
		return -1
	default:
		i += n
	}
	if i < len(b) && b[i] == '.' {
		n := digitRun(b, i+1)
		if n == 0 {
			return -1
		}
		i += 1 + n
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		n := digitRun(b, i)
		if n == 0 {
			return -1
		}
		i += n
	}
	return i
}

func digitRun(b []byte, i int) int {
	n := 0
	for i+n < len(b) && b[i+n]-'0' < 10 {
		n++
	}
	return n
}

// Scalar reads a string, a number, true, false or null.
func Scalar(b []byte, i int) (end int, escaped bool) {
	if i >= len(b) {
		return -1, false
	}
	switch c := b[i]; {
	case c == '"':
		return String(b, i)
	case c == '-' || c-'0' < 10:
		return Number(b, i), false
	case c == 't':
		return literal(b, i, "true"), false
	case c == 'f':
		return literal(b, i, "false"), false
	case c == 'n':
		return literal(b, i, "null"), false
	}
	return -1, false
}

func literal(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// Unescape appends the text of a string, given without its quotes, to dst.
// What String accepted has only valid escapes; half a surrogate pair becomes
// U+FFFD, as encoding/json has it.
func Unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		switch raw[i+1] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(raw[i+2 : i+6])
			if utf16.IsSurrogate(r) {
				pair := rune(-1)
				if len(raw) >= i+12 && raw[i+6] == '\\' && raw[i+7] == 'u' {
					pair = utf16.DecodeRune(r, hex4(raw[i+8:i+12]))
				}
				if pair > 0 && pair != utf8.RuneError {
					dst = utf8.AppendRune(dst, pair)
					i += 12
					continue
				}
				r = utf8.RuneError
			}
			dst = utf8.AppendRune(dst, r)
			i += 6
			continue
		default:
			dst = append(dst, raw[i+1])
		}
		i += 2
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// AppendString appends v as a JSON string with its quotes. What is not UTF-8
// becomes U+FFFD.
func AppendString(dst, v []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(v); {
		c := v[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case !special[c]:
				dst = append(dst, c)
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, '\\', 'n')
			case c == '\r':
				dst = append(dst, '\\', 'r')
			case c == '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			continue
		}
		r, n := utf8.DecodeRune(v[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return append(dst, '"')
}

// Skip reads one whole value without white space before it. Each object or
// array may have depth more around it; 0 allows a scalar only.
func Skip(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '{':
		if depth <= 0 {
			return -1
		}
		i = Space(b, i+1)
		if i < len(b) && b[i] == '}' {
			return i + 1
		}
		for {
			if i >= len(b) || b[i] != '"' {
				return -1
			}
			if i, _ = String(b, i); i < 0 {
				return -1
			}
			i = Space(b, i)
			if i >= len(b) || b[i] != ':' {
				return -1
			}
			if i = Skip(b, Space(b, i+1), depth-1); i < 0 {
				return -1
			}
			i = Space(b, i)
			if i < len(b) && b[i] == ',' {
				i = Space(b, i+1)
				continue
			}
			if i < len(b) && b[i] == '}' {
				return i + 1
			}
			return -1
		}
	case '[':
		if depth <= 0 {
			return -1
		}
		i = Space(b, i+1)
		if i < len(b) && b[i] == ']' {
			return i + 1
		}
		for {
			if i = Skip(b, i, depth-1); i < 0 {
				return -1
			}
			i = Space(b, i)
			if i < len(b) && b[i] == ',' {
				i = Space(b, i+1)
				continue
			}
			if i < len(b) && b[i] == ']' {
				return i + 1
			}
			return -1
		}
	}
	end, _ := Scalar(b, i)
	return end
}
