package review

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A Range is a stretch of a chain that somebody looked at, and what shows later
// that it is still the same: the root of the chain's tree up to its end.
type Range struct {
	Chain string `json:"chain"`
	From  uint64 `json:"from"`  // the first entry
	Until uint64 `json:"until"` // the entry behind the last
	Root  string `json:"root"`  // Merkle tree hash of the first Until entries, in hexadecimal
}

// A Reading reads chains by a query and keeps what it read. It is for one
// reader at a time; make one with [NewReading].
type Reading struct {
	store  audit.Store
	query  Query
	chains []string
	ranges []Range
}

// NewReading returns a reading of the chains of a store. Its error is a
// [baakit.FieldErrors].
func NewReading(store audit.Store, q Query, chains ...string) (*Reading, error) {
	var errs baakit.FieldErrors
	if len(chains) == 0 {
		errs.Add("chains", "must be at least one")
	}
	for i, c := range chains {
		if !audit.ValidChain(c) || slices.Contains(chains[:i], c) {
			errs.Add("chains"+at(i), "must be a chain's name, once")
		}
	}
	errs.Merge("query", q.Validate())
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return &Reading{store: store, query: q, chains: slices.Clone(chains)}, nil
}

// Entries returns the entries that the query is of, of all the chains in the
// order of their times, one at a time. Ranging over it again reads again. An
// error is the last pair: one of [audit.Entries].
func (r *Reading) Entries(ctx context.Context) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		r.ranges = make([]Range, len(r.chains))
		sources := make([]iter.Seq2[audit.Entry, error], len(r.chains))
		for i, chain := range r.chains {
			sources[i] = r.chain(ctx, chain, &r.ranges[i])
		}
		for e, err := range Merge(sources...) {
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// chain yields the matches of a chain and notes what was looked at.
func (r *Reading) chain(ctx context.Context, chain string, looked *Range) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		*looked = Range{Chain: chain}
		for e, err := range audit.Entries(ctx, r.store, chain, 0) {
			if err != nil {
				yield(audit.Entry{}, err)
				return
			}
			if !r.query.Until.IsZero() && !e.Time.Before(r.query.Until) {
				return // times never decrease in a chain
			}
			if r.query.From.IsZero() || !e.Time.Before(r.query.From) {
				if looked.Until == 0 {
					looked.From = e.Seq
				}
				looked.Until = e.Seq + 1
			}
			if r.query.Match(e) && !yield(e, nil) {
				return
			}
		}
	}
}

// Ranges returns what the last reading looked at: the entries of the query's
// time, whether they matched or not, of each chain that has any. Of a reading
// that was broken off it is what was looked at until then. Its errors are those
// of the store.
func (r *Reading) Ranges(ctx context.Context) ([]Range, error) {
	var list []Range
	for _, looked := range r.ranges {
		if looked.Until == looked.From {
			continue
		}
		var err error
		if looked.Root, err = rootAt(ctx, r.store, looked.Chain, looked.Until); err != nil {
			return nil, err
		}
		list = append(list, looked)
	}
	return list, nil
}

func rootAt(ctx context.Context, s audit.Store, chain string, size uint64) (string, error) {
	f, err := audit.FrontierAt(size, audit.HashReader(ctx, s, chain))
	if err != nil {
		return "", err
	}
	root := f.Root()
	return fmt.Sprintf("%x", root[:]), nil
}

// ErrOrder says that entries are not in the order of their times, as a pattern
// needs them: those of several chains have to be merged.
var ErrOrder = errors.New("review: the entries are not in the order of their times")

// Merge returns the entries of several lists, each in the order of its times,
// in the order of all times; of two alike, that of the list that is named
// first. It holds one entry of each list. An error of a list is the last pair.
func Merge(lists ...iter.Seq2[audit.Entry, error]) iter.Seq2[audit.Entry, error] {
	if len(lists) == 1 {
		return lists[0]
	}
	return func(yield func(audit.Entry, error) bool) {
		type head struct {
			entry audit.Entry
			err   error
			ok    bool
			next  func() (audit.Entry, error, bool)
		}
		heads := make([]head, len(lists))
		for i, list := range lists {
			next, stop := iter.Pull2(list)
			defer stop()
			heads[i].next = next
			heads[i].entry, heads[i].err, heads[i].ok = next()
		}
		for {
			var least *head
			for i := range heads {
				h := &heads[i]
				if h.ok && h.err != nil {
					yield(audit.Entry{}, h.err)
					return
				}
				if h.ok && (least == nil || h.entry.Time.Before(least.entry.Time)) {
					least = h
				}
			}
			if least == nil || !yield(least.entry, nil) {
				return
			}
			least.entry, least.err, least.ok = least.next()
		}
	}
}
