package auditfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

func open(tb testing.TB, dir string, opt *auditfile.Options) *auditfile.Store {
	tb.Helper()
	s, err := auditfile.Open(dir, opt)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// A tree gives records the hashes that they complete.
type tree map[string]*audit.Frontier

func (t tree) records(chain string, records ...audit.Record) []audit.Record {
	if t[chain] == nil {
		t[chain] = new(audit.Frontier)
	}
	for i := range records {
		records[i].Hashes = t[chain].Append(nil, audit.LeafHash(records[i].Line))
	}
	return records
}

func record(chain string, seq uint64, payload int) audit.Record {
	r := audit.Record{Line: fmt.Appendf(nil, `{"chain":%q,"seq":%d,"text":"\"line\":"}`, chain, seq)}
	if payload >= 0 {
		r.Sealed = bytes.Repeat([]byte{byte(seq), 0xff}, payload)
	}
	return r
}

type dump struct {
	Records []audit.Record
	Hashes  []tlog.Hash
}

// contents reads all of a store, in every way there is.
func contents(tb rapid.TB, s audit.Store) map[string]dump {
	tb.Helper()
	ctx := context.Background()
	all := make(map[string]dump)
	for chain := range ok(tb, s.Chains(ctx)) {
		var d dump
		for r := range ok(tb, s.Read(ctx, chain, 0)) {
			d.Records = append(d.Records, audit.Record{Line: bytes.Clone(r.Line), Sealed: bytes.Clone(r.Sealed)})
		}
		head, err := s.Head(ctx, chain)
		if err != nil || head.Size != uint64(len(d.Records)) || !bytes.Equal(head.Last, d.Records[head.Size-1].Line) {
			tb.Fatalf("Head(%s) = %d, %q, %v; %d records were read", chain, head.Size, head.Last, err, len(d.Records))
		}
		indexes := make([]int64, tlog.StoredHashCount(int64(head.Size)))
		for i := range indexes {
			indexes[i] = int64(i)
		}
		if d.Hashes, err = s.ReadHashes(ctx, chain, indexes); err != nil {
			tb.Fatalf("ReadHashes(%s): %v", chain, err)
		}
		var f audit.Frontier
		var want []tlog.Hash
		for _, r := range d.Records {
			want = f.Append(want, audit.LeafHash(r.Line))
		}
		if !slices.Equal(want, d.Hashes) {
			tb.Fatalf("hashes of %s are %v, want %v", chain, d.Hashes, want)
		}
		if _, err := s.ReadHashes(ctx, chain, []int64{int64(len(indexes))}); !errors.Is(err, audit.ErrOutOfRange) {
			tb.Fatalf("ReadHashes behind the end: %v", err)
		}
		all[chain] = d
	}
	return all
}

func ok[T any](tb rapid.TB, seq iter.Seq2[T, error]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v, err := range seq {
			if err != nil {
				tb.Helper()
				tb.Fatalf("iteration: %v", err)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// A folder and a store in memory that are told the same say the same, over
// many small segments, closings, readers beside the writer, and indexes that
// are missing.
func TestAgreesWithMemory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, fs := t.TempDir(), journal.FS(journal.OS{})
		if rapid.IntRange(0, 9).Draw(rt, "disk") > 0 { // it is slow
			fs = journaltest.NewMemory()
		}
		opt := auditfile.WithFS(auditfile.Options{SegmentSize: int64(rapid.IntRange(300, 3000).Draw(rt, "segment"))}, fs)
		memory := audit.NewMemory()
		erased := map[string]map[uint64]bool{"a": {}, "b/c": {}, "system": {}}
		wanted := func() map[string]dump {
			want := contents(t, memory)
			for chain, d := range want {
				for seq := range erased[chain] {
					d.Records[seq].Sealed = nil
				}
			}
			return want
		}
		s, trees := open(t, dir, opt), tree{}
		chains := []string{"a", "b/c", "system"}
		ctx := context.Background()
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				chain := rapid.SampledFrom(chains).Draw(rt, "chain")
				head, _ := memory.Head(ctx, chain)
				var records []audit.Record
				for i := range rapid.IntRange(0, 5).Draw(rt, "records") {
					records = append(records, record(chain, head.Size+uint64(i), rapid.IntRange(-1, 100).Draw(rt, "payload")))
				}
				records = trees.records(chain, records...)
				if err := errors.Join(s.Append(ctx, chain, head.Size, records), memory.Append(ctx, chain, head.Size, records)); err != nil {
					rt.Fatal(err)
				}
			},
			"conflict": func(rt *rapid.T) {
				chain := rapid.SampledFrom(chains).Draw(rt, "chain")
				head, _ := memory.Head(ctx, chain)
				at := rapid.Uint64Range(0, head.Size+2).Filter(func(n uint64) bool { return n != head.Size }).Draw(rt, "at")
				var f audit.Frontier
				for range at + 1 {
					f.Append(nil, tlog.Hash{})
				}
				r := record(chain, at, 1)
				r.Hashes = make([]tlog.Hash, tlog.StoredHashCount(int64(at)+1)-tlog.StoredHashCount(int64(at)))
				if err := s.Append(ctx, chain, at, []audit.Record{r}); !errors.Is(err, audit.ErrConflict) {
					rt.Fatalf("Append at %d of %d: %v", at, head.Size, err)
				}
			},
			"reopen": func(rt *rapid.T) {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				if rapid.Bool().Draw(rt, "without an index") {
					removeSome(rt, fs, dir)
				}
				opt.Full = rapid.Bool().Draw(rt, "full")
				s = open(t, dir, opt)
			},
			"read from": func(rt *rapid.T) {
				chain := rapid.SampledFrom(chains).Draw(rt, "chain")
				from := rapid.Uint64Range(0, 60).Draw(rt, "from")
				next, stop := iter.Pull2(s.Read(ctx, chain, from))
				defer stop()
				for want := range ok(t, memory.Read(ctx, chain, from)) {
					if erased[chain][from] {
						want.Sealed = nil
					}
					from++
					got, err, more := next()
					if !more || err != nil || !cmp.Equal(want, got) {
						rt.Fatalf("Read = %v, %v, %v, want %v", got, err, more, want)
					}
				}
				if _, _, more := next(); more {
					rt.Fatal("Read yields more")
				}
			},
			"compare": func(rt *rapid.T) {
				if diff := cmp.Diff(wanted(), contents(t, s)); diff != "" {
					rt.Fatalf("writer (-memory +folder):\n%s", diff)
				}
			},
			"erase": func(rt *rapid.T) {
				all := contents(t, s)
				gone := map[string]map[uint64]bool{}
				n := uint64(0)
				for chain, d := range all {
					gone[chain] = map[uint64]bool{}
					for range rapid.IntRange(0, 2).Draw(rt, "erased") {
						seq := rapid.IntRange(0, len(d.Records)-1).Draw(rt, "seq")
						if d.Records[seq].Sealed != nil && !gone[chain][uint64(seq)] {
							n++
						}
						gone[chain][uint64(seq)], erased[chain][uint64(seq)] = true, true
					}
				}
				got, err := s.Erase(ctx, func(chain string, seq uint64) bool { return gone[chain][seq] })
				if err != nil || got != n {
					rt.Fatalf("Erase = %d, %v, want %d", got, err, n)
				}
			},
			"reader": func(rt *rapid.T) {
				if len(contents(t, memory)) == 0 {
					return
				}
				r, err := auditfile.Open(dir, auditfile.WithFS(auditfile.Options{ReadOnly: true, Full: rapid.Bool().Draw(rt, "full")}, fs))
				if err != nil {
					rt.Fatal(err)
				}
				defer r.Close()
				if diff := cmp.Diff(wanted(), contents(t, r)); diff != "" {
					rt.Fatalf("reader (-memory +folder):\n%s", diff)
				}
			},
		})
		s.Close()
	})
}

// Writers of many chains at once, through several segments.
func TestConcurrentChains(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opt := &auditfile.Options{SegmentSize: 8 << 10}
	s := open(t, dir, opt)
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			chain, trees := fmt.Sprintf("t/%d", w), tree{}
			for i := range uint64(40) {
				if err := s.Append(t.Context(), chain, i, trees.records(chain, record(chain, i, w))); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	wg.Wait()
	before := contents(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, contents(t, open(t, dir, opt))); diff != "" {
		t.Fatal(diff)
	}
	if len(before) != 16 || slices.Max([]int{len(before["t/0"].Records), len(before["t/15"].Records)}) != 40 {
		t.Fatalf("%d chains", len(before))
	}
}
