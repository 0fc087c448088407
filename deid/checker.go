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

	seen  uint64           // which letters and digits are in the output
	rows  [rowWords]uint64 // and which three stand in a row, separators left out
	last  uint32           // the last two of them
	forms []byte

	gone     values             // the removed ones
	recent   [recentSlots]int32 // some of them, from 1, by a hash
	prepared int                // how many of them are needles

	needles []byte // the texts of all needles, one behind the other
	list    []needle
	scratch []byte
	spare   []byte

	heads  *[headSlots]int32 // of foundMany: the last needle of each hash, from 1
	chains []int32           // and for each needle the one before it
}

// The shown values are read only when all the letters and digits that some
// needle has stand in a row in the output: in most records they do not. The
// removed ones become needles when the output is known: most of them have three
// letters or digits in a row that no text of the output has.

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
	clear(k.recent[:])
	k.shownRead, k.joinedTo, k.prepared = 0, 0, 0
	k.needles, k.list, k.seen, k.last = k.needles[:0], k.list[:0], 0, 0
	clear(k.rows[:])
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
	if len(v) == 0 || v[0] == '[' && string(v) == kind.tag() {
		return // nothing, or what an earlier pass put there
	}
	// The same dates and names stand in one record again and again.
	slot := &k.recent[(len(v)+int(v[0])<<2+int(v[len(v)/2])<<1+int(v[len(v)-1])+int(kind))%recentSlots]
	if i := *slot - 1; i >= 0 {
		if old := &k.gone.list[i]; old.kind == kind && bytes.Equal(k.gone.bytes(old), v) {
			return
		}
	}
	k.gone.add(kind, v)
	*slot = k.gone.order[len(k.gone.order)-1] + 1
}

const recentSlots = 64

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
			// Eight digits are looked for, whatever follows them, and with
			// the year behind the month and the day too.
			if len(v) >= 8 && digitRun(v) >= 8 {
				if k.has(v[:4]) && k.has(v[4:8]) {
					k.date(v)
				}
			} else if k.hasBits(v[:min(len(v), 8)], letterMask) {
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

// has reports whether all letters and digits of v are somewhere in the output,
// and any three in a row where they are so in v. It may report true without
// need, and never false where v stands in it.
func (k *checker) has(v []byte) bool {
	row, length := uint32(0), 0
	for _, c := range v {
		n := rowNumber[c]
		if n == 0 || n == noNumber {
			row, length = 0, 0
			continue
		}
		row = row<<6 | uint32(n)
		length++
		if traits[c]&letterMask&^k.seen != 0 || length >= 3 && !k.row(row) {
			return false
		}
	}
	return true
}

// rowNumber numbers the letters, in either case, and the digits in six bits; it
// is 0 for separators and noNumber for what is not ASCII.
var rowNumber = func() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case b >= utf8.RuneSelf:
			t[c] = noNumber
		case isDigit(b):
			t[c] = 1 + b - '0'
		case isAlpha(b):
			t[c] = 11 + (b | 0x20) - 'a'
		}
	}
	return t
}()

const noNumber = 0xff

// Three in a row are 18 bits, hashed to one of 2^rowBits.
const (
	rowBits  = 12
	rowWords = 1 << (rowBits - 6)
)

func rowHash(row uint32) uint32 { return row << 14 * 0x9e3779b1 >> (32 - rowBits) }

func (k *checker) row(row uint32) bool {
	i := rowHash(row)
	return k.rows[i>>6]&(1<<(i&63)) != 0
}

// note adds the letters and digits of v to the rows of the output.
func (k *checker) note(v []byte) {
	row := k.last
	for _, c := range v {
		n := rowNumber[c]
		if n == 0 || n == noNumber {
			continue
		}
		row = row<<6 | uint32(n)
		i := rowHash(row)
		k.rows[i>>6%rowWords] |= 1 << (i & 63)
	}
	k.last = row
}

// noteForms is note for a value that is not ASCII, or is an encoding of one.
func (k *checker) noteForms(v []byte) {
	k.forms, k.spare = appendForms(k.forms[:0], k.spare[:0], v)
	k.seen |= lettersOf(k.spare)
	k.note(k.spare)
}

// noteDecoded is noteForms for what a value may be an encoding of.
func (k *checker) noteDecoded(v []byte) {
	last := k.last
	k.noteForms(v)
	k.last = last
}

func (k *checker) hasBits(v []byte, mask uint64) bool {
	var bits uint64
	for _, c := range v {
		bits |= traits[c]
	}
	return bits&mask&^k.seen == 0
}

// hasWord is has for any word of v.
func (k *checker) hasWord(v []byte) bool {
	start := 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) {
			switch rowNumber[v[i]] {
			case noNumber:
				return true
			default:
				continue
			case 0:
			}
		}
		if i > start && k.has(v[start:i]) {
			return true
		}
		start = i + 1
	}
	return false
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
		k.noteEnds(v)
		return
	}
	var all uint64
	word := 0
	for i, c := range v {
		bits := traits[c]
		all |= bits
		if bits&endsWord64 != 0 {
			if i-word >= encodedLen {
				k.noteWord(v[word:i])
			}
			word = i + 1
		}
	}
	if len(v)-word >= encodedLen {
		k.noteWord(v[word:])
	}
	k.seen |= all & letterMask
	if all&notASCII != 0 {
		k.noteForms(v)
	} else {
		k.note(v)
	}
	if all&mayEscape != 0 && len(v) >= encodedLen {
		if s, err := url.QueryUnescape(string(v)); err == nil && s != string(v) {
			k.noteDecoded([]byte(s))
		}
	}
}

// noteEnds is note for a value that was noted before: only what it makes with
// its neighbours is new.
func (k *checker) noteEnds(v []byte) {
	first, last, count := 0, len(v), 0
	for ; first < len(v) && count < 2; first++ {
		if n := rowNumber[v[first]]; n == noNumber {
			k.noteForms(v)
			return
		} else if n != 0 {
			count++
		}
	}
	for count = 0; last > first && count < 2; last-- {
		if n := rowNumber[v[last-1]]; n == noNumber {
			k.noteForms(v)
			return
		} else if n != 0 {
			count++
		}
	}
	k.note(v[:first])
	k.note(v[last:])
}

// noteWord notes what a word of the characters of base64 may be an encoding of.
func (k *checker) noteWord(word []byte) {
	if k.unhex(word) {
		k.noteDecoded(k.scratch)
	}
	if k.unbase64(word) {
		k.noteDecoded(k.scratch)
	}
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

func (k *checker) value(kind Kind, v []byte) {
	words := &k.words
	if kind == KindTerm {
		words = &k.terms
	}
	*words, k.squeezed = appendForms(*words, k.squeezed, v)
	*words, k.squeezed = append(*words, 0), append(k.squeezed, 0)
}

// found reports whether a needle is in the output.
func (k *checker) found() bool {
	if len(k.shown.list) == 0 {
		return false
	}
	k.prepare()
	k.list = slices.DeleteFunc(k.list, func(n needle) bool { return !k.possible(&n) })
	if len(k.list) == 0 {
		return false
	}
	k.readAll()
	if len(k.list) > fewNeedles {
		return k.foundMany()
	}
	for i := range k.list {
		n := &k.list[i]
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

// possible reports whether the letters and digits of a needle stand in a row in
// the output, as they must where the needle does.
func (k *checker) possible(n *needle) bool {
	if n.letters&^k.seen != 0 {
		return false
	}
	row, length := uint32(0), 0
	for _, c := range k.needles[n.start:n.end] {
		switch number := rowNumber[c]; number {
		case 0: // a space between words, and none in the squeezed text
		case noNumber:
			row, length = 0, 0
		default:
			row = row<<6 | uint32(number)
			if length++; length >= 3 && !k.row(row) {
				return false
			}
		}
	}
	return true
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

// foundMany is found for many needles: each text is read once, and the heads
// of the needles are found through a table of chains.
func (k *checker) foundMany() bool {
	if k.heads == nil {
		k.heads = new([headSlots]int32)
	}
	clear(k.heads[:])
	k.chains = k.chains[:0]
	var filters [len(formList)][1 << (hashBits - 6)]uint64 // which heads there are
	var forms uint8
	for i := range k.list {
		n := &k.list[i]
		h := headHash(headOf(k.needles[n.start:]))
		for f, form := range formList {
			if n.form&form != 0 {
				filters[f][h>>6] |= 1 << (h & 63)
			}
		}
		slot := &k.heads[h>>(hashBits-headBits)]
		k.chains = append(k.chains, *slot)
		*slot = int32(i + 1)
		forms |= n.form
	}
	for f, text := range [...][]byte{k.words, k.terms, k.squeezed, k.joined} {
		form, filter := formList[f], &filters[f]
		if forms&form == 0 || len(text) < headLen {
			continue
		}
		head := headOf(text) << 8
		for i := range len(text) - headLen + 1 {
			head = head>>8 | uint64(text[i+headLen-1])<<(8*(headLen-1))
			h := headHash(head)
			if filter[h>>6]&(1<<(h&63)) == 0 {
				continue
			}
			for at := k.heads[h>>(hashBits-headBits)]; at != 0; at = k.chains[at-1] {
				n := &k.list[at-1]
				if n.form&form != 0 && bytes.HasPrefix(text[i:], k.needles[n.start:n.end]) {
					return true
				}
			}
		}
	}
	return false
}

var formList = [...]uint8{inWords, inTerms, inSqueezed, inJoined}

// The head of a needle is hashed to hashBits; headBits of them find its chain.
const (
	hashBits  = 14
	headBits  = 11
	headSlots = 1 << headBits
)

// headOf is the head of a text as a number.
func headOf(b []byte) uint64 {
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32
}

func headHash(head uint64) uint64 { return head * 0x9e3779b97f4a7c15 >> (64 - hashBits) }

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
			} else if !gap && (c != '\'' || isPossessive(v[i:])) {
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
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) || r == '’' && !isPossessive(v[i:]):
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

// isPossessive reports whether an s that belongs to a name is all that follows
// its apostrophe.
func isPossessive(rest []byte) bool {
	return len(rest) > 0 && rest[0]|0x20 == 's' && (len(rest) == 1 || folded[rest[1]&0x7f] == 0 && rest[1] < utf8.RuneSelf)
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
