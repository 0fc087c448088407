package audit

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// A Memory is a store in memory: for tests, and for a log whose lines are
// kept elsewhere. It promises no durability. Use [NewMemory].
type Memory struct {
	mu     sync.RWMutex
	closed bool
	chains map[string]*memoryChain
}

type memoryChain struct {
	records []memoryRecord // never changed once appended
	hashes  []tlog.Hash
}

type memoryRecord struct{ line, sealed []byte }

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store in memory.
func NewMemory() *Memory { return &Memory{chains: make(map[string]*memoryChain)} }

// Head implements [Store].
func (m *Memory) Head(ctx context.Context, chain string) (Head, error) {
	c, err := m.chain(ctx, chain)
	if err != nil || len(c.records) == 0 {
		return Head{}, err
	}
	return Head{Size: uint64(len(c.records)), Last: bytes.Clone(c.records[len(c.records)-1].line)}, nil
}

// chain returns what a chain holds now.
func (m *Memory) chain(ctx context.Context, chain string) (memoryChain, error) {
	if err := ctx.Err(); err != nil {
		return memoryChain{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return memoryChain{}, ErrClosed
	}
	if c := m.chains[chain]; c != nil {
		return *c, nil
	}
	return memoryChain{}, nil
}

// Append implements [Store].
func (m *Memory) Append(ctx context.Context, chain string, at uint64, records []Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	size := 0
	for _, r := range records {
		if len(r.Line) > MaxLine || len(r.Sealed) > MaxSealed {
			return ErrTooLarge
		}
		size += len(r.Line) + len(r.Sealed)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	c := m.chains[chain]
	if c == nil {
		c = new(memoryChain)
	}
	if uint64(len(c.records)) != at {
		return ErrConflict
	}
	if len(records) == 0 {
		return nil
	}
	m.chains[chain] = c
	room := make([]byte, 0, size) // one copy for all
	keep := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		room = append(room, b...)
		return room[len(room)-len(b) : len(room) : len(room)]
	}
	for _, r := range records {
		c.hashes = append(c.hashes, r.Hashes...)
		c.records = append(c.records, memoryRecord{keep(r.Line), keep(r.Sealed)})
	}
	return nil
}

// Read implements [Store].
func (m *Memory) Read(ctx context.Context, chain string, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		c, err := m.chain(ctx, chain)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for i := from; i < uint64(len(c.records)); i++ {
			if i%1024 == 0 && ctx.Err() != nil {
				yield(Record{}, ctx.Err())
				return
			}
			r := c.records[i]
			if !yield(Record{Line: slices.Clip(r.line), Sealed: slices.Clip(r.sealed)}, nil) {
				return
			}
		}
	}
}

// ReadHashes implements [Store].
func (m *Memory) ReadHashes(ctx context.Context, chain string, indexes []int64) ([]tlog.Hash, error) {
	c, err := m.chain(ctx, chain)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(c.hashes)) {
			return nil, ErrOutOfRange
		}
		hashes[i] = c.hashes[index]
	}
	return hashes, nil
}

// Chains implements [Store].
func (m *Memory) Chains(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if _, err := m.chain(ctx, ""); err != nil {
			yield("", err)
			return
		}
		m.mu.RLock()
		names := slices.Sorted(maps.Keys(m.chains))
		m.mu.RUnlock()
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// Close refuses everything from now on. It returns nil.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
