package deid

import "bytes"

// A shape is what a value looks like, whatever its field is called.
type shape uint8

const (
	plain shape = iota
	shapeEmail
	shapeURL
	shapeIP
	shapeSSN
	shapePhone
	shapeDate
)

// ShapeOf looks for an identifier by its shape in a text and returns the kind
// of the first: [KindEmail], [KindURL], [KindIP], [KindSSN], [KindPhone] or
// [KindDate] for a full date; zero if there is none. It is what the safe harbor
// asks about text that a rule keeps. It finds no names, no places and no plain
// numbers, such as nine digits in a row: it is a second line behind rules, and
// its zero says nothing about the text.
func ShapeOf(text string) Kind {
	return [...]Kind{
		shapeEmail: KindEmail, shapeURL: KindURL, shapeIP: KindIP,
		shapeSSN: KindSSN, shapePhone: KindPhone, shapeDate: KindDate,
	}[shapeOf([]byte(text))]
}

// exempt reports whether a value of the kind may have the shape and stay: the
// system of a published term is a URL and its version a date.
func (k Kind) exempt(s shape) bool {
	return s == plain || k == KindTerm && (s == shapeURL || s == shapeDate)
}

// shapeOf looks for an identifier in a value that was to stay. It knows the
// shapes that hardly anything else has; it finds no names and no plain
// numbers, and is a second line behind the rules, not a detector.
func shapeOf(v []byte) shape {
	if len(v) < 3 {
		return plain // "::" is the beginning of the shortest
	}
	colon := false
	for i := 0; i < len(v); i++ {
		if !shapely[v[i]] {
			continue
		}
		switch c := v[i]; {
		case c == '@':
			if isEmail(v, i) {
				return shapeEmail
			}
		case c == ':':
			colon = true
			if bytes.HasPrefix(v[i:], []byte("://")) && i > 0 && isAlpha(v[i-1]) {
				return shapeURL
			}
		case c|0x20 == 'w' && len(v) > i+4 && (i == 0 || !isWord(v[i-1])) && foldEqual(v[i:i+4], "www."):
			return shapeURL
		case isDigit(c) && (i == 0 || !isWord(v[i-1])):
			s, n := numberShape(v[i:], i > 0 && v[i-1] == '.')
			if s != plain {
				return s
			}
			i += n - 1
		case c == '(' && len(v) >= i+13:
			if s, _ := phoneInParens(v[i:]); s != plain {
				return s
			}
		}
	}
	if colon && isIPv6(v) {
		return shapeIP
	}
	return plain
}

// shapely marks the bytes at which a shape can show.
var shapely = func() (t [256]bool) {
	for _, c := range "@:wW(0123456789" {
		t[c] = true
	}
	return t
}()

func isWord(c byte) bool { return isDigit(c) || isAlpha(c) || c >= 0x80 }

func isEmail(v []byte, at int) bool {
	if at == 0 || !isWord(v[at-1]) && v[at-1] != '_' && v[at-1] != '-' {
		return false
	}
	dot := false
	for i := at + 1; i < len(v); i++ {
		switch c := v[i]; {
		case isWord(c) || c == '-':
			if dot {
				return true
			}
		case c == '.' && i > at+1:
			dot = true
		default:
			return false
		}
	}
	return false
}

// numberShape looks at the groups of digits that begin v, joined by single
// separators, and returns how long they are.
func numberShape(v []byte, afterPoint bool) (shape, int) {
	var groups [6]int // lengths
	var seps [6]byte
	n, count := 0, 0
	for {
		run := digitRun(v[n:])
		groups[count] = run
		count++
		n += run
		if count == len(groups) || n+1 >= len(v) || !isDigit(v[n+1]) {
			break
		}
		c := v[n]
		if c != '-' && c != '.' && c != '/' && c != ' ' {
			break
		}
		seps[count-1] = c
		n++
	}
	if n < len(v) && isWord(v[n]) && v[n] != 'T' {
		return plain, n
	}
	same := count >= 3 && seps[0] == seps[1]
	switch {
	case same && count == 3 && groups[0] == 3 && groups[1] == 2 && groups[2] == 4:
		return shapeSSN, n
	case same && count >= 3 && seps[0] != '/' && groups[0] == 3 && groups[1] == 3 && groups[2] == 4,
		same && count >= 4 && seps[1] == seps[2] && groups[0] <= 2 && groups[1] == 3 && groups[2] == 3 && groups[3] == 4:
		return shapePhone, n
	case same && seps[0] != ' ' && groups[0] == 4 && groups[1] <= 2 && groups[2] <= 2,
		same && count == 3 && seps[0] != ' ' && groups[0] <= 2 && groups[1] <= 2 && groups[2] == 4:
		end := min(n, len(v))
		if _, ok := parseYear(firstDate(v[:end])); ok {
			return shapeDate, n
		}
	case count == 4 && !afterPoint && seps[0] == '.' && seps[1] == '.' && seps[2] == '.' && (n == len(v) || v[n] != '.'):
		if octets(v[:n]) {
			return shapeIP, n
		}
	}
	return plain, n
}

// firstDate cuts a clock time off.
func firstDate(v []byte) []byte {
	if i := bytes.IndexByte(v, ' '); i > 0 {
		return v[:i]
	}
	return v
}

func octets(v []byte) bool {
	for part := range bytes.SplitSeq(v, []byte{'.'}) {
		if n, ok := digits(part); !ok || n > 255 {
			return false
		}
	}
	return true
}

func phoneInParens(v []byte) (shape, int) {
	if digitRun(v[1:]) != 3 || v[4] != ')' {
		return plain, 1
	}
	rest := v[5:]
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '-') {
		rest = rest[1:]
	}
	if digitRun(rest) == 3 && len(rest) >= 8 && !isDigit(rest[3]) && digitRun(rest[4:]) >= 4 {
		return shapePhone, 1
	}
	return plain, 1
}

// isIPv6 looks at the whole value only: eight groups, or two colons on end.
func isIPv6(v []byte) bool {
	if len(v) < 3 || len(v) > 45 || bytes.Count(v, []byte{':'}) < 2 {
		return false
	}
	for _, c := range v {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') && c != ':' && c != '.' && c != '%' && c != '/' {
			return false
		}
	}
	return bytes.Contains(v, []byte("::")) || bytes.Count(v, []byte{':'}) == 7
}
