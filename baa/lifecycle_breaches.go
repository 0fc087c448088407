package baa

import (
	"slices"
	"time"
)

// A breach of the agreement that was noticed.
type breach struct {
	ref    string
	by     Side // who complains
	until  time.Time
	failed bool
	gone   bool // cured or waived
}

// breaches are those of a fold, in the order of their notices, with what it
// takes to add, close and fail one without walking over all of them.
type breaches struct {
	list         []breach
	byRef        map[string]int // of those that are not gone
	cures        []int          // of those that can still be cured, the first to fail first
	open, failed int            // open counts the failed ones too
}

func (b *breaches) add(n breach) {
	if b.byRef == nil {
		b.byRef = make(map[string]int)
	}
	i := len(b.list)
	b.list, b.byRef[n.ref], b.open = append(b.list, n), i, b.open+1
	at, _ := slices.BinarySearchFunc(b.cures, n.until, func(j int, until time.Time) int {
		if b.list[j].until.After(until) {
			return 1
		}
		return -1 // behind those of the same time
	})
	b.cures = slices.Insert(b.cures, at, i)
}

// find returns the number of the breach with the name that is not gone, or -1.
func (b *breaches) find(ref string) int {
	if i, ok := b.byRef[ref]; ok {
		return i
	}
	return -1
}

// first returns the number of the breach whose cure ends first, or -1.
func (b *breaches) first() int {
	for len(b.cures) > 0 {
		if i := b.cures[0]; !b.list[i].gone {
			return i
		}
		b.cures = b.cures[1:]
	}
	return -1
}

// fail marks the first as not cured in time.
func (b *breaches) fail(i int) {
	b.list[i].failed = true
	b.failed++
	b.cures = b.cures[1:]
}

func (b *breaches) remove(i int) {
	b.list[i].gone = true
	delete(b.byRef, b.list[i].ref)
	b.open--
	if b.list[i].failed {
		b.failed--
	}
}
