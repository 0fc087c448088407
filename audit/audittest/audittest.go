// Package audittest tests implementations of [audit.Store].
//
//	func TestStore(t *testing.T) {
//		audittest.TestStore(t, open, &audittest.Options{Reopen: reopen, Crash: crash})
//	}
//
// Each case of [Cases] states one rule of the contract and runs against a
// store of its own. The package's own tests run the cases against stores that
// are broken on purpose, so that a rule that nothing checks would show.
package audittest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"golang.org/x/mod/sumdb/tlog"
)

// Options say what else can be done with the store under test.
type Options struct {
	// Reopen closes a store and opens what it kept; nil if it keeps nothing.
	// The cases "reopen" are left out then.
	Reopen func(audit.Store) (audit.Store, error)

	// Crash ends a store as a loss of power would, with everything gone that
	// was not durable, and opens what is left; nil if that cannot be done. The
	// cases "crash" are left out then.
	Crash func(audit.Store) (audit.Store, error)
}

// A Case checks one rule of the contract.
type Case struct {
	Name string // one word or more, with hyphens
	Rule string // what must hold

	needs string // "", "reopen", "crash"
	run   func(*run) error
}

// TestStore runs every case as a subtest, each against a store that open
// returns.
func TestStore(t *testing.T, open func(testing.TB) audit.Store, opt *Options) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if reason := c.skip(opt); reason != "" {
				t.Skip(reason)
			}
			if err := c.Check(t.Context(), open(t), opt); err != nil {
				t.Errorf("%v\nrule: %s", err, c.Rule)
			}
		})
	}
}

func (c Case) skip(opt *Options) string {
	switch {
	case c.needs == "reopen" && (opt == nil || opt.Reopen == nil):
		return "skipped: the store cannot be reopened"
	case c.needs == "crash" && (opt == nil || opt.Crash == nil):
		return "skipped: the store cannot be crashed"
	}
	return ""
}

// Check runs the case against an empty store and returns how the store breaks
// the rule, or nil. A case that the options do not allow passes.
func (c Case) Check(ctx context.Context, s audit.Store, opt *Options) (err error) {
	if c.skip(opt) != "" {
		return nil
	}
	r := &run{ctx: ctx, s: s}
	if opt != nil {
		r.opt = *opt
	}
	return c.run(r)
}

// A run is a store under test, and what it should hold.
type run struct {
	ctx context.Context
	s   audit.Store
	opt Options
}

// Records returns the n records with which a chain begins: valid lines of one
// log with the origin "audittest.example", some with payloads of arbitrary
// bytes, and their tree hashes.
func Records(chain string, n int) []audit.Record {
	m := audit.NewMemory()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l, err := audit.New(context.Background(), m, audit.Config{
		Origin: "audittest.example", Sealer: audit.Unencrypted{}, Rand: counter{},
		Now: func() time.Time { at = at.Add(time.Millisecond); return at },
	})
	if err != nil {
		panic(err)
	}
	for i := range n {
		e := audit.Event{
			Action: audit.ActionRead, Outcome: audit.Success,
			Actor: audit.Actor{ID: fmt.Sprintf("u-%d", i)}, Object: audit.Object{Type: "Observation"},
		}
		if i%3 != 1 {
			e.ObjectID = fmt.Sprintf("o-%d\n\x00", i)
		}
		if _, err := l.Append(context.Background(), chain, e); err != nil {
			panic(err)
		}
	}
	records := make([]audit.Record, 0, n)
	var tree audit.Frontier
	for r, err := range m.Read(context.Background(), chain, 0) {
		if err != nil {
			panic(err)
		}
		r.Hashes = tree.Append(nil, audit.LeafHash(r.Line))
		records = append(records, clone(r))
	}
	return records
}

// counter gives salts that differ.
type counter struct{}

func (counter) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(i)
	}
	return len(b), nil
}

func clone(r audit.Record) audit.Record {
	return audit.Record{Line: slices.Clone(r.Line), Sealed: slices.Clone(r.Sealed), Hashes: slices.Clone(r.Hashes)}
}

func cloneAll(list []audit.Record) []audit.Record {
	list = slices.Clone(list)
	for i := range list {
		list[i] = clone(list[i])
	}
	return list
}

func (r *run) append(chain string, at int, records []audit.Record) error {
	if err := r.s.Append(r.ctx, chain, uint64(at), cloneAll(records)); err != nil {
		return fmt.Errorf("append %d records at %d: %w", len(records), at, err)
	}
	return nil
}

// holds checks that the chain holds exactly the records.
func (r *run) holds(chain string, want []audit.Record) error {
	h, err := r.s.Head(r.ctx, chain)
	switch {
	case err != nil:
		return fmt.Errorf("head: %w", err)
	case h.Size != uint64(len(want)):
		return fmt.Errorf("head: size %d, want %d", h.Size, len(want))
	case len(want) == 0 && h.Last != nil:
		return errors.New("head: an empty chain has a last line")
	case len(want) > 0 && string(h.Last) != string(want[len(want)-1].Line):
		return errors.New("head: the last line is another")
	}
	if err := r.reads(chain, 0, want); err != nil {
		return err
	}
	return r.hashes(chain, want)
}

func (r *run) reads(chain string, from int, want []audit.Record) error {
	n := from
	for got, err := range r.s.Read(r.ctx, chain, uint64(from)) {
		if err != nil {
			return fmt.Errorf("read from %d: %w", from, err)
		}
		if n >= len(want) {
			return fmt.Errorf("read from %d: more than %d records", from, len(want))
		}
		if string(got.Line) != string(want[n].Line) {
			return fmt.Errorf("read from %d: record %d has another line", from, n)
		}
		if string(got.Sealed) != string(want[n].Sealed) {
			return fmt.Errorf("read from %d: record %d has another payload", from, n)
		}
		n++
	}
	if n < len(want) {
		return fmt.Errorf("read from %d: ends after record %d of %d", from, n-1, len(want))
	}
	return nil
}

// hashes compares all stored tree hashes.
func (r *run) hashes(chain string, want []audit.Record) error {
	var all []tlog.Hash
	for _, w := range want {
		all = append(all, w.Hashes...)
	}
	indexes := make([]int64, len(all))
	for i := range indexes {
		indexes[i] = int64(len(all) - 1 - i) // in no special order
	}
	if len(all) > 0 {
		got, err := r.s.ReadHashes(r.ctx, chain, indexes)
		if err != nil {
			return fmt.Errorf("read hashes: %w", err)
		}
		slices.Reverse(got)
		if !slices.Equal(got, all) {
			return errors.New("read hashes: a stored tree hash is another")
		}
	}
	for _, outside := range []int64{int64(len(all)), -1, 1 << 40} {
		if _, err := r.s.ReadHashes(r.ctx, chain, []int64{outside}); !errors.Is(err, audit.ErrOutOfRange) {
			return fmt.Errorf("read hashes: index %d of %d: %w, want ErrOutOfRange", outside, len(all), orNil(err))
		}
	}
	return nil
}

var errNone = errors.New("no error")

func orNil(err error) error {
	if err == nil {
		return errNone
	}
	return err
}
