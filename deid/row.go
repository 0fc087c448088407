package deid

import (
	"unicode/utf8"
)

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

// note adds the letters and digits of v to the rows of the output, and returns
// the traits of its bytes.
func (k *checker) note(v []byte) (all uint64) {
	row := k.last
	for _, c := range v {
		all |= traits[c]
		n := rowNumber[c]
		if n == 0 || n == noNumber {
			continue
		}
		row = row<<6 | uint32(n)
		i := rowHash(row)
		k.rows[i>>6%rowWords] |= 1 << (i & 63)
	}
	k.last = row
	return all
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
			case 0:
			case noNumber:
				return true
			default:
				continue
			}
		}
		if i > start && k.has(v[start:i]) {
			return true
		}
		start = i + 1
	}
	return false
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
