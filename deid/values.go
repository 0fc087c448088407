package deid

import (
	"bytes"
	"hash/maphash"
)

// values are texts with their kinds, in the order in which they were added.
// Where there are many of them each is kept once: a large record says the same
// over and over.
type values struct {
	text []byte // the distinct ones, one behind the other
	list []value

	// While there are few, none of these is used: order is that of the list.
	order  []int32 // in list, of all that were added
	slots  []int32 // 1 + the place in list, by hash
	placed []int32 // where in slots each of list is
	seed   maphash.Seed
}

// A value is one of the distinct texts.
type value struct {
	start, end int32
	kind       Kind
}

// manyValues is how many are kept without a look for the same.
const manyValues = 512

func (s *values) reset() {
	for _, slot := range s.placed {
		s.slots[slot] = 0
	}
	s.text, s.list, s.order, s.placed = s.text[:0], s.list[:0], s.order[:0], s.placed[:0]
}

// added is how many were added, and at which of list the n-th of them is.
func (s *values) added() int {
	return max(len(s.order), len(s.list))
}

func (s *values) at(n int) int32 {
	if len(s.order) == 0 {
		return int32(n)
	}
	return s.order[n]
}

func (s *values) bytes(v *value) []byte { return s.text[v.start:v.end] }

// add adds a text and reports whether it is new.
func (s *values) add(kind Kind, v []byte) bool {
	switch n := len(s.list); {
	case n < manyValues:
		s.push(kind, v)
		return true
	case len(s.placed) == 0 || 2*n >= len(s.slots):
		s.grow()
	}
	mask := int32(len(s.slots) - 1)
	slot := int32(s.hash(v)) & mask
	for {
		i := s.slots[slot]
		if i == 0 {
			break
		}
		if old := &s.list[i-1]; old.kind == kind && bytes.Equal(s.bytes(old), v) {
			s.order = append(s.order, i-1)
			return false
		}
		slot = (slot + 1) & mask
	}
	s.order = append(s.order, int32(len(s.list)))
	s.placed = append(s.placed, slot)
	s.push(kind, v)
	s.slots[slot] = int32(len(s.list))
	return true
}

func (s *values) push(kind Kind, v []byte) {
	start := len(s.text)
	s.text = append(s.text, v...)
	s.list = append(s.list, value{int32(start), int32(len(s.text)), kind})
}

func (s *values) hash(v []byte) uint64 {
	if s.seed == (maphash.Seed{}) {
		s.seed = maphash.MakeSeed()
	}
	return maphash.Bytes(s.seed, v)
}

// grow makes room for as many again and places all of them.
func (s *values) grow() {
	size := max(4*manyValues, len(s.slots))
	for size < 4*len(s.list) {
		size *= 2
	}
	if size == len(s.slots) {
		clear(s.slots)
	} else {
		s.slots = make([]int32, powerOfTwo(size))
	}
	for i := len(s.order); i < len(s.list); i++ {
		s.order = append(s.order, int32(i))
	}
	s.placed = s.placed[:0]
	mask := int32(len(s.slots) - 1)
	for i := range s.list {
		slot := int32(s.hash(s.bytes(&s.list[i]))) & mask
		for s.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		s.placed = append(s.placed, slot)
		s.slots[slot] = int32(i + 1)
	}
}

func powerOfTwo(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}
