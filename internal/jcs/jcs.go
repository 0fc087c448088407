// Package jcs writes canonical JSON, RFC 8785: one value has one sequence of
// bytes, so that it can be hashed and signed.
//
// It is stricter than the standard. A member given twice, a string that is
// not Unicode and an integer that a double could round are errors, because a
// reader that settles them in another way would read another value under the
// same hash.
package jcs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deeply values may nest.
const MaxDepth = 100

// maxExact is the largest integer that a double tells from its neighbours.
const maxExact = 1<<53 - 1

// firstExponent is the first number that is written with an exponent.
const firstExponent = 1e21

// An Error says where a text has no canonical form and which rule it breaks.
// It holds nothing of the text.
type Error struct {
	Offset int64 // bytes read when the fault showed
	Rule   string
}

func (e *Error) Error() string { return fmt.Sprintf("jcs: byte %d: %s", e.Offset, e.Rule) }

// Marshal returns the canonical form of what [json.Marshal] writes for v.
func Marshal(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonicalize(plain)
}

// Canonicalize returns the canonical form of the one JSON value in data. The
// error is an [*Error].
func Canonicalize(data []byte) ([]byte, error) {
	c := canonicalizer{dec: json.NewDecoder(bytes.NewReader(data)), data: data}
	if !utf8.Valid(data) {
		return nil, c.fault("must be valid UTF-8")
	}
	c.dec.UseNumber()
	out, err := c.value(make([]byte, 0, len(data)), 0)
	if err != nil {
		return nil, err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, c.fault("must be one JSON value")
	}
	return out, nil
}

type canonicalizer struct {
	dec  *json.Decoder
	data []byte
}

func (c *canonicalizer) fault(rule string) error {
	return &Error{Offset: c.dec.InputOffset(), Rule: rule}
}

func (c *canonicalizer) token() (json.Token, error) {
	token, err := c.dec.Token()
	if err != nil {
		return nil, c.fault("must be JSON")
	}
	return token, nil
}

func (c *canonicalizer) value(dst []byte, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, c.fault("must not nest so deeply")
	}
	before := c.dec.InputOffset()
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		if err := c.checkString(before); err != nil {
			return nil, err
		}
		return AppendString(dst, v), nil
	case json.Number:
		return c.number(dst, v.String())
	case json.Delim:
		if v == '[' {
			return c.list(dst, depth)
		}
		return c.object(dst, depth)
	}
	return nil, c.fault("must be JSON")
}

func (c *canonicalizer) list(dst []byte, depth int) ([]byte, error) {
	dst = append(dst, '[')
	for first := true; c.dec.More(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = c.value(dst, depth+1); err != nil {
			return nil, err
		}
	}
	if _, err := c.token(); err != nil {
		return nil, err
	}
	return append(dst, ']'), nil
}

// A member is a key with the place of its value in the output so far.
type member struct {
	key   string
	value []byte
}

func (c *canonicalizer) object(dst []byte, depth int) ([]byte, error) {
	var members []member
	for c.dec.More() {
		before := c.dec.InputOffset()
		token, err := c.token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, c.fault("must be JSON")
		}
		if err := c.checkString(before); err != nil {
			return nil, err
		}
		value, err := c.value(nil, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, value})
	}
	if _, err := c.token(); err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return compareUTF16(a.key, b.key) })
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			if m.key == members[i-1].key {
				return nil, c.fault("must not have a member twice")
			}
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, m.key), ':')
		dst = append(dst, m.value...)
	}
	return append(dst, '}'), nil
}

// compareUTF16 orders keys by their UTF-16 code units, RFC 8785 section 3.2.3.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			if (ra > 0xFFFF) == (rb > 0xFFFF) {
				return int(ra - rb)
			}
			ua, ub := firstUnit(ra), firstUnit(rb)
			return int(ua) - int(ub)
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

func firstUnit(r rune) rune {
	if r <= 0xFFFF {
		return r
	}
	high, _ := utf16.EncodeRune(r)
	return high
}

// checkString refuses a string with half a surrogate pair, which
// encoding/json reads as another string.
func (c *canonicalizer) checkString(from int64) error {
	raw := c.data[from:c.dec.InputOffset()]
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if i >= len(raw) || raw[i] != 'u' {
			continue
		}
		unit := hexUnit(raw, i+1)
		i += 4
		if !utf16.IsSurrogate(unit) {
			continue
		}
		if unit < 0xDC00 && i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
			if low := hexUnit(raw, i+3); low >= 0xDC00 && low <= 0xDFFF {
				i += 6
				continue
			}
		}
		return c.fault("must not have half a surrogate pair")
	}
	return nil
}

// hexUnit reads four hexadecimal digits at i, or returns 0.
func hexUnit(raw []byte, i int) rune {
	if i+4 > len(raw) {
		return 0
	}
	n, err := strconv.ParseUint(string(raw[i:i+4]), 16, 32)
	if err != nil {
		return 0
	}
	return rune(n)
}

// number writes the shortest form that reads back as the same double, RFC
// 8785 section 3.2.2.3, which is how ECMAScript prints it.
func (c *canonicalizer) number(dst []byte, text string) ([]byte, error) {
	if !strings.ContainsAny(text, ".eE") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > maxExact || n < -maxExact {
			return nil, c.fault("must not be an integer above 2^53")
		}
		return strconv.AppendInt(dst, n, 10), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, c.fault("must be a number that a double can hold")
	}
	if abs := math.Abs(f); abs > maxExact && abs < firstExponent {
		return nil, c.fault("must not be an integer above 2^53") // its form has no point and no exponent
	}
	return appendFloat(dst, f), nil
}

func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < firstExponent {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
	return append(dst, mantissa+"e"+sign+digits...)
}

// AppendString appends s, which must be valid UTF-8, as a JSON string with
// only those escapes that RFC 8785 section 3.2.2.2 asks for.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}
