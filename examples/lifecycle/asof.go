package main

import (
	"context"
	"iter"

	"github.com/baakit/baakit/audit"
)

// An asOf is a store as it was when a chain had some size, so that what was
// made of it then is made again in the same way.
type asOf struct {
	audit.Store
	chain string
	size  uint64
}

// Head implements [audit.Store].
func (s asOf) Head(ctx context.Context, chain string) (audit.Head, error) {
	h, err := s.Store.Head(ctx, chain)
	if err != nil || chain != s.chain || h.Size <= s.size {
		return h, err
	}
	h = audit.Head{Size: s.size}
	for r, err := range s.Store.Read(ctx, chain, s.size-1) {
		h.Last = append([]byte(nil), r.Line...)
		return h, err
	}
	return h, audit.ErrOutOfRange
}

// Read implements [audit.Store].
func (s asOf) Read(ctx context.Context, chain string, from uint64) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for r, err := range s.Store.Read(ctx, chain, from) {
			if chain == s.chain && from >= s.size || !yield(r, err) {
				return
			}
			from++
		}
	}
}
