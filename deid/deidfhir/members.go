package deidfhir

import (
	"maps"
	"slices"
	"strings"
)

func (c *compiler) member(all map[string]*node, path, name string, e element) {
	at := path + "." + name
	if e.Members != nil {
		all[name] = c.object(at, e)
		return
	}
	if to, ok := strings.CutPrefix(e.Types, "@"); ok {
		// It is made already, or about to be: paths go from the outside in.
		if n := c.types[to]; n != nil {
			all[name] = n
			return
		}
		target, ok := c.table.find(to)
		if !ok {
			panic("deidfhir: the embedded table has no element " + to)
		}
		all[name] = c.object(to, target)
		return
	}
	stem, choice := strings.CutSuffix(name, "[x]")
	for one := range strings.SplitSeq(e.Types, "|") {
		typeName, holds, _ := strings.Cut(one, ":")
		key, at := name, at
		if choice {
			key = stem + strings.ToUpper(typeName[:1]) + typeName[1:]
			at = path + "." + key
		}
		switch _, ok := c.table.Primitives[typeName]; {
		case ok:
			all[key] = c.scalar(at, typeName, holds)
		case typeName == "Range" && holds == "age":
			all[key] = c.typed("AgeRange")
		default:
			all[key] = c.typed(typeName)
		}
	}
}

// members is a table of names, of which there are at most 128 in an object.
type members struct {
	list  []member
	slots []uint8 // 1 + index in list
	mask  uint
}

func newMembers(all map[string]*node) members {
	var m members
	size := uint(4)
	for size < uint(len(all))*3 {
		size *= 2
	}
	m.slots, m.mask = make([]uint8, size), size-1
	for _, name := range slices.Sorted(maps.Keys(all)) {
		m.list = append(m.list, member{name, all[name]})
		slot := hashName(name) & m.mask
		for m.slots[slot] != 0 {
			slot = (slot + 1) & m.mask
		}
		m.slots[slot] = uint8(len(m.list))
	}
	if len(m.list) > 128 {
		panic("deidfhir: the embedded table has an element of too many members")
	}
	return m
}

func hashName[T string | []byte](name T) uint {
	n := len(name)
	if n < 2 {
		return uint(n)
	}
	h := uint(n) + uint(name[0])*31 + uint(name[1])*137 + uint(name[n/2])*563 + uint(name[n-1])*2477 + uint(name[n-2])*8209
	return h ^ h>>7 ^ h>>13
}

// find returns the index of a name, or -1.
func (m *members) find(name []byte) int {
	if m.slots == nil {
		return -1
	}
	slot := hashName(name) & m.mask
	for {
		i := m.slots[slot]
		if i == 0 {
			return -1
		}
		if m.list[i-1].name == string(name) {
			return int(i - 1)
		}
		slot = (slot + 1) & m.mask
	}
}
