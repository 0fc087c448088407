package deidhl7

import "slices"

// separators are those of MSH-1 and MSH-2; 0 is one that the message has not.
type separators struct {
	field, component, repetition, escape, sub, truncation byte
}

// What a byte is to a message, as bits of separators.class.
const (
	isComponent = 1 << iota
	isRepetition
	isEscape
	isSub
	isHigh // not ASCII, or a control character
	isField
)

// A classTable has for each byte what it is.
type classTable [256]uint8

func (s *separators) classes() (t classTable) {
	for c := range t {
		if c >= 0x7f || c < ' ' && c != '\t' {
			t[c] = isHigh
		}
	}
	t[s.component] |= isComponent
	t[s.repetition] |= isRepetition
	t[s.escape] |= isEscape
	t[s.sub] |= isSub
	t[s.field] |= isField
	t[0] = isHigh // and not what the message does not have
	return t
}

// parseSeparators reads the head of a segment, MSH|^~\&, whose fields 1 and 2
// are the separators, and returns where field 3 begins with its separator.
// Version 2.7 adds a fifth character to MSH-2, which marks a value that was cut
// short; the last ones may be left out where a message has no use for them. All
// must be different, and none may be a letter, a digit, a space, a control
// character or a quotation mark, in which values are written. An escape
// character that stands twice is one, and the last is that of subcomponents:
// senders are seen to escape MSH-2 itself, ^~\\&.
func parseSeparators(line []byte) (s separators, end int, ok bool) {
	if len(line) < 5 || !isSeparator(line[3]) {
		return separators{}, 0, false
	}
	s.field = line[3]
	end = 4
	for end < len(line) && line[end] != s.field {
		end++
	}
	chars := line[4:end]
	if len(chars) > 5 || len(chars) < 1 {
		return separators{}, 0, false
	}
	if len(chars) == 5 && chars[2] == chars[3] {
		chars = []byte{chars[0], chars[1], chars[2], chars[4]}
	}
	for i, c := range chars {
		if !isSeparator(c) {
			return separators{}, 0, false
		}
		if slices.Contains(chars[:i], c) {
			return separators{}, 0, false
		}
	}
	for i, p := range [...]*byte{&s.component, &s.repetition, &s.escape, &s.sub, &s.truncation} {
		if i < len(chars) {
			*p = chars[i]
		}
	}
	return s, end, true
}

func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !isDigit(c) && !isLetter(c) && c != '"'
}

func isDigit(c byte) bool  { return c-'0' < 10 }
func isLetter(c byte) bool { return (c|0x20)-'a' < 26 }
