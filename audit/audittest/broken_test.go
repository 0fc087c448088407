package audittest_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audittest"
	"golang.org/x/mod/sumdb/tlog"
)

// A faulty store keeps what it should in a memory store and breaks one rule.
type faulty struct {
	audit.Store
	fault string
	mu    *sync.Mutex
	disk  *map[string][]audit.Record // what is there after a crash
	kept  map[string][]audit.Record  // aliases of what was given
	size  map[string]uint64
}

func newFaulty(fault string) *faulty {
	return &faulty{
		Store: audit.NewMemory(), fault: fault, mu: new(sync.Mutex), disk: &map[string][]audit.Record{},
		kept: map[string][]audit.Record{}, size: map[string]uint64{},
	}
}

func (f *faulty) Append(ctx context.Context, chain string, at uint64, records []audit.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == "ignores the context" {
		ctx = context.WithoutCancel(ctx)
	}
	h, err := f.Store.Head(ctx, chain)
	if err != nil {
		return err
	}
	stored := records
	target := chain
	switch f.fault {
	case "drops the last":
		if len(stored) > 1 {
			stored = stored[:len(stored)-1]
		}
	case "reorders":
		if len(stored) > 1 {
			stored = slices.Clone(stored)
			slices.Reverse(stored)
		}
	case "accepts a stale size":
		at = h.Size
	case "leaks between chains":
		if chain == "t/10" {
			target = "t/1"
			hh, _ := f.Store.Head(ctx, target)
			at = hh.Size
		}
	case "stores half":
		for i, r := range records {
			if err := f.Store.Append(ctx, chain, at+uint64(i), []audit.Record{r}); err != nil {
				return err
			}
		}
		return nil
	case "loses payloads":
		stored = slices.Clone(stored)
		for i := range stored {
			stored[i].Sealed = nil
		}
	case "loses hashes":
		stored = slices.Clone(stored)
		for i := range stored {
			stored[i].Hashes = stored[i].Hashes[:1]
		}
	case "invents a chain":
		if len(records) == 0 {
			stored = audittest.Records(chain, 1)
		}
	}
	if err := f.Store.Append(ctx, target, at, stored); err != nil {
		return err
	}
	f.kept[target] = append(f.kept[target], records...)
	if f.fault != "acknowledges before durable" || len(f.kept[target]) <= 8 {
		(*f.disk)[target] = append((*f.disk)[target], cloneRecords(stored)...)
	}
	return nil
}

func cloneRecords(list []audit.Record) []audit.Record {
	list = slices.Clone(list)
	for i, r := range list {
		list[i] = audit.Record{Line: slices.Clone(r.Line), Sealed: slices.Clone(r.Sealed), Hashes: slices.Clone(r.Hashes)}
	}
	return list
}

func (f *faulty) Read(ctx context.Context, chain string, from uint64) iter.Seq2[audit.Record, error] {
	switch f.fault {
	case "aliases slices":
		return func(yield func(audit.Record, error) bool) {
			if ctx.Err() != nil {
				yield(audit.Record{}, ctx.Err())
				return
			}
			for _, r := range f.kept[chain][min(from, uint64(len(f.kept[chain]))):] {
				if !yield(r, nil) {
					return
				}
			}
		}
	case "reads from the start":
		from = 0
	}
	return f.Store.Read(ctx, chain, from)
}

func (f *faulty) ReadHashes(ctx context.Context, chain string, indexes []int64) ([]tlog.Hash, error) {
	hashes, err := f.Store.ReadHashes(ctx, chain, indexes)
	if f.fault == "no range check" && err != nil {
		return make([]tlog.Hash, len(indexes)), nil
	}
	return hashes, err
}

func (f *faulty) Chains(ctx context.Context) iter.Seq2[string, error] {
	if f.fault != "unsorted chains" {
		return f.Store.Chains(ctx)
	}
	return func(yield func(string, error) bool) {
		names := slices.Sorted(maps.Keys(f.kept))
		slices.Reverse(names)
		for _, n := range names {
			if !yield(n, nil) {
				return
			}
		}
	}
}

// reload returns a store with what is on the disk.
func reload(s audit.Store) (audit.Store, error) {
	f := s.(*faulty)
	g := newFaulty(f.fault)
	for chain, records := range *f.disk {
		if f.fault == "forgets on reopen" && len(records) > 5 {
			records = records[:5]
		}
		(*g.disk)[chain] = records
		if err := g.Store.Append(context.Background(), chain, 0, records); err != nil {
			return nil, err
		}
		g.kept[chain] = records
	}
	return g, nil
}

// The suite accepts a good store and rejects every broken one.
func TestSuite(t *testing.T) {
	t.Parallel()
	opt := &audittest.Options{Reopen: reload, Crash: reload}
	for _, tt := range []struct {
		fault string
		cases []string // that must reject it, among others
	}{
		{"", nil},
		{"drops the last", []string{"append", "growth"}},
		{"reorders", []string{"append"}},
		{"acknowledges before durable", []string{"crash"}},
		{"aliases slices", []string{"copies"}},
		{"forgets on reopen", []string{"reopen"}},
		{"leaks between chains", []string{"isolation"}},
		{"accepts a stale size", []string{"stale", "race"}},
		{"stores half", []string{"all-or-none"}},
		{"ignores the context", []string{"cancelled"}},
		{"loses payloads", []string{"append"}},
		{"loses hashes", []string{"append"}},
		{"invents a chain", []string{"nothing"}},
		{"reads from the start", []string{"from"}},
		{"no range check", []string{"empty"}},
		{"unsorted chains", []string{"isolation"}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			rejected := 0
			for _, c := range audittest.Cases() {
				err := c.Check(t.Context(), newFaulty(tt.fault), opt)
				if err != nil {
					rejected++
				}
				if tt.fault == "" && err != nil {
					t.Errorf("case %s rejects a good store: %v", c.Name, err)
				}
				if slices.Contains(tt.cases, c.Name) && err == nil {
					t.Errorf("case %s accepts a store that %s", c.Name, tt.fault)
				}
			}
			if tt.fault != "" && rejected == 0 {
				t.Errorf("no case rejects a store that %s", tt.fault)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	audittest.TestStore(t, func(testing.TB) audit.Store { return audit.NewMemory() }, nil)
}
