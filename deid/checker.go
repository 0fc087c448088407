package deid

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A checker is the self-check: it remembers the identifiers that must not be
// in the output of a record and looks for them in what is.
//
// It keeps two views of the output: its words in lower case with one space
// between them, and the same without any space, in which a number is found
// whatever its separators are. A value that could be an encoding of another
// one is looked at decoded as well.
type checker struct {
	words    []byte // " mary ann smith \x00 next value "
	terms    []byte // the same of published terms, which may hold names
	squeezed []byte // "maryannsmith\x00nextvalue"
	joined   []byte // "maryannsmithnextvalue"

	shown     values // of the output
	shownRead int    // how many of the distinct ones were read
	joinedTo  int    // and how many of all were joined

	seen   uint64 // which letters and digits are in the output
	opaque bool   // a value of the output may be an encoding, or is not ASCII

	gone     values // the removed ones
	prepared int    // how many of them are needles

	buckets *[1 << bucketBits]int32 // needles by the hash of their heads
	chain   []int32                 // the next one of the same hash

	needles []byte // the texts of all needles, one behind the other
	list    []needle
	scratch []byte
	spare   []byte
}

// The shown values are read only when the letters and digits of the output are
// all that some needle has: in most records they are not. The removed ones
// become needles when the output is known: most of them have a letter or digit
// that no text of the output has.

// A needle is a text in the checker's own form: words that begin and end with
// a space, or a squeezed text without.
type needle struct {
	start, end int32
	letters    uint64 // which letters and digits it has
	form       uint8
}

const (
	inWords    = 1 << iota // in the words of values, not of terms
	inTerms                // in the words of terms
	inSqueezed             // in the squeezed values
	inJoined               // across neighbouring values
)

func (k *checker) reset() {
	k.words, k.terms, k.squeezed, k.joined = k.words[:0], k.terms[:0], k.squeezed[:0], k.joined[:0]
	k.shown.reset()
	k.gone.reset()
	k.shownRead, k.joinedTo, k.prepared = 0, 0, 0
	k.needles, k.list, k.seen, k.opaque = k.needles[:0], k.list[:0], 0, false
}

// smallest is the length from which a word is looked for: shorter ones are
// initials and particles, and stand in too much else.
const smallest = 3

// removed adds a value that was removed because of its kind. Texts, terms,
// ages and what has no kind are displays that may stand elsewhere by right.
func (k *checker) removed(kind Kind, v []byte) {
	switch kind {
	case 0, KindText, KindTerm, KindAge, KindState, KindCountry:
		return
	}
	k.gone.add(kind, v)
}

// prepare makes needles of the removed values.
func (k *checker) prepare() {
	for ; k.prepared < len(k.gone.list); k.prepared++ {
		r := &k.gone.list[k.prepared]
		v := k.gone.bytes(r)
		switch r.kind {
		case KindName:
			if k.hasWord(v) {
				k.name(v)
			}
		case KindStreet, KindCity, KindCounty, KindPrecinct, KindGeocode:
			// It is looked for without its number as well.
			if k.hasBits(v, letterMask&^digitMask) {
				k.address(v)
			}
		case KindZIP:
			if zip := trimSpace(v); len(zip) >= 5 && k.has(zip[:5]) {
				k.phrase(zip[:5], inWords|inTerms)
				k.number(zip)
			}
		case KindPhone, KindFax:
			if k.has(v[max(0, len(v)-10):]) {
				k.phone(v)
			}
		case KindDate, KindDOB, KindDeath:
			// Eight digits are looked for, whatever follows them.
			if k.has(v[:min(len(v), 8)]) {
				k.date(v)
			}
		case KindIP:
			k.phrase(v, inWords|inTerms)
		default:
			if k.has(v) {
				k.number(v)
			}
		}
	}
}

// has reports whether all letters and digits of v are somewhere in the output.
// It may report true without need, and never false where v stands in it.
func (k *checker) has(v []byte) bool { return k.hasBits(v, letterMask) }

func (k *checker) hasBits(v []byte, mask uint64) bool {
	var bits uint64
	for _, c := range v {
		bits |= traits[c]
	}
	return bits&mask&^k.seen == 0
}

// hasWord is has for any word of v.
func (k *checker) hasWord(v []byte) bool {
	var word uint64
	for _, c := range v {
		switch bits := traits[c]; {
		case bits&letterMask != 0:
			word |= bits & letterMask
		case bits&notASCII != 0:
			return true
		default:
			if word != 0 && word&^k.seen == 0 {
				return true
			}
			word = 0
		}
	}
	return word != 0 && word&^k.seen == 0
}

// subject adds all that is known about the individual.
func (k *checker) subject(s *Subject) {
	for _, name := range s.Names {
		k.name([]byte(name))
	}
	for _, id := range s.IDs {
		k.number([]byte(id))
	}
	for _, address := range s.Addresses {
		k.address([]byte(address))
	}
	for _, contact := range s.Contacts {
		k.phone([]byte(contact))
	}
	if !s.Birth.IsZero() {
		k.date([]byte(s.Birth.String()))
	}
	if !s.Death.IsZero() {
		k.date([]byte(s.Death.String()))
	}
}

func (k *checker) add(text []byte, form uint8) {
	if len(text) == 0 {
		return
	}
	start := len(k.needles)
	k.needles = append(k.needles, text...)
	k.list = append(k.list, needle{int32(start), int32(len(k.needles)), lettersOf(text), form})
}

// traits has for each byte a bit of its own if it is a letter, in either case,
// or a digit, and what else matters to the self-check.
var traits = func() (t [256]uint64) {
	for c := range t {
		switch b := byte(c); {
		case b >= utf8.RuneSelf:
			t[c] = notASCII
		case isDigit(b):
			t[c] = 1 << (b - '0')
		case isAlpha(b):
			t[c] = 1 << (10 + (b | 0x20) - 'a')
		}
		if in64[c] == not64 {
			t[c] |= endsWord64
		}
	}
	t['%'] |= mayEscape
	t['+'] |= mayEscape
	return t
}()

const (
	digitMask  = 1<<10 - 1
	letterMask = 1<<36 - 1 // letters and digits

	notASCII   = 1 << 36
	endsWord64 = 1 << 37 // no character of base64
	mayEscape  = 1 << 38 // in texts of URLs
)

// lettersOf returns the bits of the letters and digits of b. A text whose bits
// are not all among those of another is not in it.
func lettersOf(b []byte) (bits uint64) {
	for _, c := range b {
		bits |= traits[c]
	}
	return bits & letterMask
}

var notNames = map[string]bool{
	"von": true, "van": true, "der": true, "den": true, "del": true, "los": true, "las": true, "the": true, "and": true,
	"mrs": true, "miss": true, "prof": true, "rev": true, "iii": true,
}

// name adds each word of a name: names are split over fields, and a first or
// last name alone identifies enough.
func (k *checker) name(v []byte) {
	k.scratch, k.spare = appendForms(k.scratch[:0], k.spare[:0], v)
	for i := 0; i+1 < len(k.scratch); {
		end := i + 1 + bytes.IndexByte(k.scratch[i+1:], ' ')
		word := k.scratch[i+1 : end]
		if utf8.RuneCount(word) >= smallest && !notNames[string(word)] {
			k.add(k.scratch[i:end+1], inWords)
		}
		i = end
	}
}

// address adds the whole, and a street without its number.
func (k *checker) address(v []byte) {
	if len(v) <= 40 && isState(v) {
		return
	}
	k.number(v)
	if !hasDigit(v) {
		return
	}
	rest := trimSpace(v)
	rest = trimSpace(rest[digitRun(rest):])
	if bytes.IndexByte(rest, ' ') > 0 && !hasDigit(rest) {
		k.phrase(rest, inWords)
	}
}

// phrase adds a sequence of words.
func (k *checker) phrase(v []byte, form uint8) {
	k.scratch, k.spare = appendForms(k.scratch[:0], k.spare[:0], v)
	if len(k.scratch) >= smallest+2 {
		k.add(k.scratch, form)
	}
}

// number adds an identifier of letters and digits, whatever its separators:
// found anywhere if it is long and has a digit, as whole words otherwise.
func (k *checker) number(v []byte) {
	k.scratch = appendSqueezed(k.scratch[:0], v)
	digit := hasDigit(k.scratch)
	switch n := len(k.scratch); {
	case n >= 9 && digit:
		k.add(k.scratch, inSqueezed|inJoined)
	case n >= 7 && (digit || bytes.IndexByte(v, '@') > 0 || bytes.IndexByte(v, ':') > 0):
		k.add(k.scratch, inSqueezed)
	case n < 5 && digitRun(k.scratch) == n:
		// A short number stands in too much else.
	default:
		k.phrase(v, inWords)
	}
}

// phone adds the digits without a country code, or what is no number as an
// address of the web.
func (k *checker) phone(v []byte) {
	k.scratch = appendSqueezed(k.scratch[:0], v)
	if n := len(k.scratch); n > 10 && digitRun(k.scratch) == n {
		k.add(k.scratch[n-10:], inSqueezed|inJoined)
		return
	}
	k.number(v)
}

// date adds the eight digits of a day in the orders that are usual.
func (k *checker) date(v []byte) {
	k.scratch = appendSqueezed(k.scratch[:0], v)
	s := k.scratch
	n := digitRun(s)
	if n < 8 {
		if len(s) >= 7 { // month by name
			k.add(s, inSqueezed)
		}
		return
	}
	day := s[:8]
	k.add(day, inSqueezed)
	if year, ok := yearIn(day[:4]); ok && validDay(year, two(day[4:]), two(day[6:])) {
		var turned [8]byte
		copy(turned[:], day[4:])
		copy(turned[4:], day[:4])
		k.add(turned[:], inSqueezed)
	}
}

// look adds a value of the output.
func (k *checker) look(kind Kind, v []byte) {
	if kind == KindState || len(v) == 0 {
		return
	}
	if !k.shown.add(kind, v) {
		return
	}
	var all uint64
	if len(v) < encodedLen {
		for _, c := range v {
			all |= traits[c]
		}
		k.opaque = k.opaque || all&notASCII != 0
		k.seen |= all & letterMask
		return
	}
	word := 0
	for i, c := range v {
		bits := traits[c]
		all |= bits
		if bits&endsWord64 != 0 {
			k.opaque = k.opaque || i-word >= encodedLen && couldDecode(v[word:i])
			word = i + 1
		}
	}
	k.opaque = k.opaque || len(v)-word >= encodedLen && couldDecode(v[word:]) || all&(notASCII|mayEscape) != 0
	k.seen |= all & letterMask
}

// read makes the texts of a value of the output, and of what it could be an
// encoding of.
func (k *checker) read(shown *value) {
	kind, v := shown.kind, k.shown.bytes(shown)
	n := len(k.squeezed)
	k.value(kind, v)
	shown.squeezedAt, shown.squeezedTo = int32(n), int32(len(k.squeezed)-1)
	if len(v) < encodedLen {
		return
	}
	if bytes.IndexByte(v, '%') >= 0 || bytes.IndexByte(v, '+') >= 0 {
		if s, err := url.QueryUnescape(string(v)); err == nil && s != string(v) {
			k.value(kind, []byte(s))
		}
	}
	for start := 0; start < len(v); {
		end := start
		for end < len(v) && in64[v[end]] != not64 {
			end++
		}
		if end-start >= encodedLen {
			k.decoded(kind, v[start:end])
		}
		start = end + 1
	}
}

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
	if couldHex(word) {
		var err error
		if k.scratch, err = hex.AppendDecode(k.scratch[:0], word); err == nil && printable(k.scratch) {
			k.value(kind, k.scratch)
		}
	}
	if !could64(word) {
		return
	}
	unpadded := bytes.TrimRight(word, "=")
	for _, enc := range [...]*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		var err error
		if k.scratch, err = enc.AppendDecode(k.scratch[:0], unpadded); err == nil && printable(k.scratch) {
			k.value(kind, k.scratch)
			return
		}
	}
}

// couldDecode reports false where decoded would find nothing.
func couldDecode(word []byte) bool { return could64(word) || couldHex(word) }

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

func (k *checker) value(kind Kind, v []byte) {
	words := &k.words
	if kind == KindTerm {
		words = &k.terms
	}
	n := len(k.squeezed)
	*words, k.squeezed = appendForms(*words, k.squeezed, v)
	k.seen |= lettersOf(k.squeezed[n:])
	*words, k.squeezed = append(*words, 0), append(k.squeezed, 0)
}

// found reports whether a needle is in the output.
func (k *checker) found() bool {
	if len(k.shown.list) == 0 {
		return false
	}
	if k.opaque {
		k.readAll() // adds to what is seen
	}
	k.prepare()
	if !slices.ContainsFunc(k.list, func(n needle) bool { return n.letters&^k.seen == 0 }) {
		return false
	}
	k.readAll()
	if len(k.list) > fewNeedles {
		return k.foundMany()
	}
	for i := range k.list {
		n := &k.list[i]
		if n.letters&^k.seen != 0 {
			continue
		}
		text := k.needles[n.start:n.end]
		if n.form&inWords != 0 && bytes.Contains(k.words, text) ||
			n.form&inTerms != 0 && bytes.Contains(k.terms, text) ||
			n.form&inSqueezed != 0 && bytes.Contains(k.squeezed, text) ||
			n.form&inJoined != 0 && bytes.Contains(k.joined, text) {
			return true
		}
	}
	return false
}

func (k *checker) readAll() {
	for ; k.shownRead < len(k.shown.list); k.shownRead++ {
		k.read(&k.shown.list[k.shownRead])
	}
	for _, i := range k.shown.order[k.joinedTo:] {
		v := &k.shown.list[i]
		k.joined = append(k.joined, k.squeezed[v.squeezedAt:v.squeezedTo]...)
	}
	k.joinedTo = len(k.shown.order)
}

// fewNeedles is how many are looked for one by one.
const fewNeedles = 16

// headLen is how much of a needle is hashed: no needle is shorter.
const headLen = smallest + 2

const bucketBits = 12

// foundMany is found for many needles: each text is read once, and the heads
// of the needles are found through a table.
func (k *checker) foundMany() bool {
	if k.buckets == nil {
		k.buckets = new([1 << bucketBits]int32)
	}
	clear(k.buckets[:])
	k.chain = append(k.chain[:0], make([]int32, len(k.list))...)
	var filters [2][1 << 10]uint64 // of the needles across values, and of all others
	for i, n := range k.list {
		if n.letters&^k.seen != 0 {
			continue
		}
		h := headHash(k.needles[n.start:])
		if n.form&inJoined != 0 {
			filters[0][h>>6] |= 1 << (h & 63)
		}
		filters[1][h>>6] |= 1 << (h & 63)
		bucket := &k.buckets[h>>(16-bucketBits)]
		k.chain[i], *bucket = *bucket, int32(i+1)
	}
	for bit, text := range [...][]byte{k.words, k.terms, k.squeezed, k.joined} {
		form := uint8(1) << bit
		filter := &filters[1]
		if form == inJoined {
			filter = &filters[0]
		}
		for i := 0; i+headLen <= len(text); i++ {
			h := headHash(text[i:])
			if filter[h>>6]&(1<<(h&63)) == 0 {
				continue
			}
			for next := k.buckets[h>>(16-bucketBits)]; next != 0; next = k.chain[next-1] {
				n := &k.list[next-1]
				if n.form&form != 0 && bytes.HasPrefix(text[i:], k.needles[n.start:n.end]) {
					return true
				}
			}
		}
	}
	return false
}

// headHash hashes the first bytes of b to 16 bits.
func headHash(b []byte) uint32 {
	v := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32
	return uint32(v * 0x9e3779b97f4a7c15 >> 48)
}

// folded is an ASCII letter or digit in lower case; 0 for anything else.
var folded = func() (t [utf8.RuneSelf]byte) {
	for c := range byte(utf8.RuneSelf) {
		if isDigit(c) || isAlpha(c) && c >= 'a' {
			t[c] = c
		} else if isAlpha(c) {
			t[c] = c | 0x20
		}
	}
	return t
}()

// appendForms appends the words of v, runs of letters and digits, in lower
// case with a space around each, " a b c ", to words, and the same without
// spaces to squeezed.
func appendForms(words, squeezed, v []byte) (w, s []byte) {
	words = append(words, ' ')
	gap := true
	for i := 0; i < len(v); {
		c := v[i]
		if c < utf8.RuneSelf {
			i++
			if f := folded[c]; f != 0 {
				words, squeezed, gap = append(words, f), append(squeezed, f), false
			} else if !gap && c != '\'' {
				words, gap = append(words, ' '), true
			}
			continue
		}
		r, n := utf8.DecodeRune(v[i:])
		i += n
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			r = unicode.ToLower(r)
			words, squeezed, gap = utf8.AppendRune(words, r), utf8.AppendRune(squeezed, r), false
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) || r == '’':
			// A mark belongs to its letter, and a soft hyphen or a
			// zero-width joiner stands inside a word.
		case !gap:
			words, gap = append(words, ' '), true
		}
	}
	if !gap {
		words = append(words, ' ')
	}
	return words, squeezed
}

// appendSqueezed appends the letters and digits of v in lower case.
func appendSqueezed(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		c := v[i]
		if c < utf8.RuneSelf {
			i++
			if f := folded[c]; f != 0 {
				dst = append(dst, f)
			}
			continue
		}
		r, n := utf8.DecodeRune(v[i:])
		i += n
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
	}
	return dst
}

// armed reports whether there is anything to look for.
func (k *checker) armed() bool { return len(k.list) > 0 || len(k.gone.list) > 0 }
