package deid

import (
	"bytes"
	"net/url"
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

	shown    values    // of the output
	squeezes []stretch // where the squeezed forms of those that were read stand
	joinedTo int       // how many of all were joined

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

func (k *checker) reset() {
	k.words, k.terms, k.squeezed, k.joined = k.words[:0], k.terms[:0], k.squeezed[:0], k.joined[:0]
	k.shown.reset()
	k.gone.reset()
	clear(k.recent[:])
	k.squeezes, k.joinedTo, k.prepared = k.squeezes[:0], 0, 0
	k.needles, k.list, k.seen, k.last = k.needles[:0], k.list[:0], 0, 0
	clear(k.rows[:])
}

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
	slot := &k.recent[(uint(len(v))+uint(v[0])<<2+uint(v[len(v)/2])<<1+uint(v[len(v)-1])+uint(kind))%recentSlots]
	if i := *slot - 1; i >= 0 {
		if old := &k.gone.list[i]; old.kind == kind && bytes.Equal(k.gone.bytes(old), v) {
			return
		}
	}
	k.gone.add(kind, v)
	*slot = k.gone.at(k.gone.added()-1) + 1
}

const recentSlots = 64

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

// look adds a value of the output.
func (k *checker) look(kind Kind, v []byte) {
	if kind == KindState || len(v) == 0 {
		return
	}
	if !k.shown.add(kind, v) {
		k.noteEnds(v)
		return
	}
	last := k.last
	all := k.note(v)
	if all&notASCII != 0 {
		k.last = last
		k.noteForms(v)
	}
	k.seen |= all & letterMask
	if len(v) < encodedLen {
		return
	}
	word := 0
	for i, c := range v {
		if traits[c]&endsWord64 != 0 {
			if i-word >= encodedLen {
				k.noteWord(v[word:i])
			}
			word = i + 1
		}
	}
	if len(v)-word >= encodedLen {
		k.noteWord(v[word:])
	}
	if all&mayEscape != 0 {
		if s, err := url.QueryUnescape(string(v)); err == nil && s != string(v) {
			k.noteDecoded([]byte(s))
		}
	}
}

// read makes the texts of a value of the output, and of what it could be an
// encoding of.
func (k *checker) read(shown *value) {
	kind, v := shown.kind, k.shown.bytes(shown)
	n := len(k.squeezed)
	k.value(kind, v)
	k.squeezes = append(k.squeezes, stretch{int32(n), int32(len(k.squeezed) - 1)})
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

func (k *checker) value(kind Kind, v []byte) {
	words := &k.words
	if kind == KindTerm {
		words = &k.terms
	}
	*words, k.squeezed = appendForms(*words, k.squeezed, v)
	*words, k.squeezed = append(*words, 0), append(k.squeezed, 0)
}

func (k *checker) readAll() {
	for len(k.squeezes) < len(k.shown.list) {
		k.read(&k.shown.list[len(k.squeezes)])
	}
	for ; k.joinedTo < k.shown.added(); k.joinedTo++ {
		at := k.squeezes[k.shown.at(k.joinedTo)]
		k.joined = append(k.joined, k.squeezed[at.start:at.end]...)
	}
}

// A stretch is a part of a text.
type stretch struct{ start, end int32 }

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
