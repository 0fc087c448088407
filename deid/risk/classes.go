package risk

import "iter"

// classes numbers the classes by their hashes, in an open table of 20 bytes a
// slot: Go's own map takes twice the memory, and the classes of a table that
// should not be released are about as many as its records.
//
// It is split in shards by the first byte of the hash, each of which grows
// alone, so that growing never needs a second copy of the whole.
type classes struct {
	shards [256]shard
	sizes  []uint32 // of each class, by its number
}

// A shard is open-addressed with linear probing and at most 4/5 full. Empty
// slots have no number; numbers are stored plus one.
type shard struct {
	hashes  [][2]uint64
	numbers []uint32
	used    int
}

// add counts a record of the class with the hash and returns its number.
func (c *classes) add(hash [2]uint64) uint32 {
	s := &c.shards[hash[0]>>56]
	if (s.used+1)*5 > len(s.numbers)*4 {
		s.grow()
	}
	i := s.find(hash)
	if s.numbers[i] == 0 {
		c.sizes = append(c.sizes, 0)
		s.hashes[i], s.numbers[i] = hash, uint32(len(c.sizes))
		s.used++
	}
	number := s.numbers[i] - 1
	c.sizes[number]++
	return number
}

// lookup returns the number of the class with the hash.
func (c *classes) lookup(hash [2]uint64) (number uint32, ok bool) {
	s := &c.shards[hash[0]>>56]
	if s.used == 0 {
		return 0, false
	}
	i := s.find(hash)
	return s.numbers[i] - 1, s.numbers[i] != 0
}

// all returns the hash and the number of every class.
func (c *classes) all() iter.Seq2[[2]uint64, uint32] {
	return func(yield func([2]uint64, uint32) bool) {
		for i := range c.shards {
			s := &c.shards[i]
			for j, number := range s.numbers {
				if number != 0 && !yield(s.hashes[j], number-1) {
					return
				}
			}
		}
	}
}

// find returns the slot that has the hash or would take it.
func (s *shard) find(hash [2]uint64) int {
	i := int(hash[1] % uint64(len(s.numbers)))
	for s.numbers[i] != 0 && s.hashes[i] != hash {
		if i++; i == len(s.numbers) {
			i = 0
		}
	}
	return i
}

func (s *shard) grow() {
	old := *s
	size := max(len(old.numbers)*4/3, 16)
	s.hashes, s.numbers = make([][2]uint64, size), make([]uint32, size)
	for i, number := range old.numbers {
		if number != 0 {
			j := s.find(old.hashes[i])
			s.hashes[j], s.numbers[j] = old.hashes[i], number
		}
	}
}
