package deid

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// A needle is a text in the checker's own form: words that begin and end with
// a space, or a squeezed text without.
//
// The removed values become needles when the output is known: most of them have
// three letters or digits in a row that no text of the output has. The shown
// values are read only where all of some needle's do.
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

// smallest is the length from which a word is looked for: shorter ones are
// initials and particles, and stand in too much else.
const smallest = 3

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
			if rest := trimSpace(v); k.hasBits(v, letterMask&^digitMask) && k.has(rest[digitRun(rest):]) {
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

func (k *checker) add(text []byte, form uint8) {
	if len(text) == 0 {
		return
	}
	start := len(k.needles)
	k.needles = append(k.needles, text...)
	k.list = append(k.list, needle{int32(start), int32(len(k.needles)), lettersOf(text), form})
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
