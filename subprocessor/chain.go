package subprocessor

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/baakit/baakit"
)

// A Node is an entity in the chain: its rank is the shortest way down from a
// covered entity, whose own rank is 0.
type Node struct {
	Entity string   `json:"entity"`
	Rank   int      `json:"rank"`
	Path   []string `json:"path"` // contract ids of a shortest path from the top
}

// A Chain is the graph of contracts in effect on a day. Orphans are entities
// that are downstream of a contract and that no covered entity reaches.
type Chain struct {
	Day     baakit.Date `json:"day"`
	Nodes   []Node      `json:"nodes"` // by rank, then id
	Orphans []string    `json:"orphans,omitempty"`
	index   *chainIndex
}

type chainIndex struct {
	up, down map[string][]*Contract
	covered  map[string]bool // reached from a covered entity
	demands  map[string]Demand
	k        *comparer
	nodes    map[string]Node
	day      baakit.Date
}

func newChain(s *State) *chainIndex {
	x := &chainIndex{up: make(map[string][]*Contract), down: make(map[string][]*Contract), covered: make(map[string]bool), demands: make(map[string]Demand), k: newComparer(s.f.reg.cal), nodes: make(map[string]Node), day: s.day}
	for id, list := range s.f.up {
		for _, c := range list {
			if c.InEffect(s.day) {
				x.up[id] = append(x.up[id], c)
				x.down[c.Upstream] = append(x.down[c.Upstream], c)
			}
		}
	}
	for _, list := range x.down {
		slices.SortFunc(list, byID)
	}
	var queue []string
	for id, e := range s.f.entities {
		if e.Role == CoveredEntity {
			queue = append(queue, id)
		}
	}
	slices.Sort(queue)
	for _, id := range queue {
		x.nodes[id], x.covered[id] = Node{Entity: id}, true
	}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for _, c := range x.down[id] {
			if !x.covered[c.Downstream] {
				x.covered[c.Downstream] = true
				x.nodes[c.Downstream] = Node{c.Downstream, x.nodes[id].Rank + 1, append(slices.Clone(x.nodes[id].Path), c.ID)}
				queue = append(queue, c.Downstream)
			}
		}
	}
	return x
}

// demand returns what all contracts above an entity ask of it together.
func (x *chainIndex) demand(entity string) Demand {
	d, ok := x.demands[entity]
	if !ok {
		d = x.k.strictest(x.up[entity])
		x.demands[entity] = d
	}
	return d
}

// Chain returns the chain of the contracts in effect on the state's day.
func (s *State) Chain() Chain {
	x := newChain(s)
	c := Chain{Day: s.day, index: x}
	for _, n := range x.nodes {
		c.Nodes = append(c.Nodes, n)
	}
	slices.SortFunc(c.Nodes, func(a, b Node) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Entity, b.Entity)) })
	for id := range x.up {
		if !x.covered[id] {
			c.Orphans = append(c.Orphans, id)
		}
	}
	slices.Sort(c.Orphans)
	return c
}

// Node returns an entity's place in the chain, and whether it has one.
func (c Chain) Node(entity string) (Node, bool) {
	n, ok := c.index.nodes[entity]
	return n, ok
}

// ErrTooManyPaths says that more than 1000 paths lead to an entity.
var ErrTooManyPaths = errors.New("subprocessor: more than 1000 paths lead to the entity")

// Upstream returns every path of contracts from a covered entity down to the
// entity, the top contract first. The error is [ErrTooManyPaths].
func (c Chain) Upstream(entity string) ([][]Contract, error) {
	var paths [][]Contract
	var climb func(id string, below []Contract, seen map[string]bool) error
	climb = func(id string, below []Contract, seen map[string]bool) error {
		if c.index.nodes[id].Rank == 0 && c.index.covered[id] {
			if len(below) > 0 {
				paths = append(paths, below)
			}
			if len(paths) > maxPaths {
				return ErrTooManyPaths
			}
		}
		seen[id] = true
		defer delete(seen, id)
		for _, k := range c.index.up[id] {
			if !seen[k.Upstream] {
				if err := climb(k.Upstream, append([]Contract{*k}, below...), seen); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return paths, climb(entity, nil, make(map[string]bool))
}

// FlowDown compares each contract in effect, in order of their ids, with what
// all contracts above its upstream party ask for together. The top contracts,
// which have none above, are left out.
func (s *State) FlowDown() iter.Seq[EdgeCheck] {
	return func(yield func(EdgeCheck) bool) {
		x := newChain(s)
		for _, c := range sorted(s.f.contracts, func(c *Contract) *Contract { return c }) {
			if !c.InEffect(s.day) || len(x.up[c.Upstream]) == 0 {
				continue
			}
			d := x.demand(c.Upstream)
			if !yield(x.k.explain(&d, c)) {
				return
			}
		}
	}
}

// FlowDownFailures is FlowDown for what does not pass alone, which is quicker.
func (s *State) FlowDownFailures() iter.Seq[EdgeCheck] {
	return func(yield func(EdgeCheck) bool) {
		x := newChain(s)
		for _, c := range sorted(s.f.contracts, func(c *Contract) *Contract { return c }) {
			if !c.InEffect(s.day) || len(x.up[c.Upstream]) == 0 {
				continue
			}
			d := x.demand(c.Upstream)
			if x.k.verdict(&d, c) != Pass && !yield(x.k.explain(&d, c)) {
				return
			}
		}
	}
}

// Budgets checks the breach clock along every path down to the entity.
func (c Chain) Budgets(entity string, cal baakit.Calendar) ([]Budget, error) {
	paths, err := c.Upstream(entity)
	var list []Budget
	for _, p := range paths {
		list = append(list, CheckBudget(cal, p...))
	}
	return list, err
}
