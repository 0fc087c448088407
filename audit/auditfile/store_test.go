package auditfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
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
		dir, files := t.TempDir(), journal.FS(journal.OS{})
		if rapid.IntRange(0, 19).Draw(rt, "disk") > 0 { // it is slow
			files = journaltest.NewMemory()
		}
		opt := auditfile.WithFS(auditfile.Options{SegmentSize: int64(rapid.IntRange(300, 3000).Draw(rt, "segment"))}, files)
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
					removeSome(rt, files, dir)
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
			"compact": func(rt *rapid.T) {
				if _, err := s.Compact(ctx); err != nil {
					rt.Fatal(err)
				}
			},
			"reader": func(rt *rapid.T) {
				if len(contents(t, memory)) == 0 {
					return
				}
				r, err := auditfile.Open(dir, auditfile.WithFS(auditfile.Options{ReadOnly: true, Full: rapid.Bool().Draw(rt, "full")}, files))
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

// Many writers decide on the same size at the same time: each size has one
// winner, and those who lost can tell.
func TestConflictStorm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, &auditfile.Options{SegmentSize: 64 << 10})
	const rounds, writers = 60, 8
	var f audit.Frontier
	for seq := range uint64(rounds) {
		hashes := f.Append(nil, tlog.Hash{}) // only their number matters here
		var wg sync.WaitGroup
		start := make(chan struct{})
		errs := make([]error, writers)
		for w := range writers {
			r := audit.Record{Line: fmt.Appendf(nil, `{"seq":%d,"writer":%d}`, seq, w), Sealed: make([]byte, 20_000), Hashes: hashes}
			wg.Go(func() {
				<-start
				errs[w] = s.Append(t.Context(), "a", seq, []audit.Record{r})
			})
		}
		close(start)
		wg.Wait()
		winner := slices.Index(errs, nil)
		for w, err := range errs {
			if w != winner && !errors.Is(err, audit.ErrConflict) {
				t.Fatalf("writers %d and %d at size %d: %v", winner, w, seq, err)
			}
		}
		if head, err := s.Head(t.Context(), "a"); err != nil || head.Size != seq+1 || string(head.Last) != fmt.Sprintf(`{"seq":%d,"writer":%d}`, seq, winner) {
			t.Fatalf("Head = %d, %s, %v; writer %d won %d", head.Size, head.Last, err, winner, seq)
		}
	}
}

// What Append refuses, by which error, and that nothing is stored then.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, nil)
	one := func(line string, sealed int, hashes int) []audit.Record {
		return []audit.Record{{Line: []byte(line), Sealed: make([]byte, sealed), Hashes: make([]tlog.Hash, hashes)}}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx     context.Context
		chain   string
		at      uint64
		records []audit.Record
		want    error
	}{
		"empty line":      {t.Context(), "a", 0, one("", 0, 1), audit.ErrLine},
		"line feed":       {t.Context(), "a", 0, one("{\n}", 0, 1), audit.ErrLine},
		"NUL":             {t.Context(), "a", 0, one("{\x00}", 0, 1), audit.ErrLine},
		"no hash":         {t.Context(), "a", 0, one("{}", 0, 0), audit.ErrLine},
		"too many hashes": {t.Context(), "a", 0, one("{}", 0, 2), audit.ErrLine},
		"long line":       {t.Context(), "a", 0, one(string(make([]byte, audit.MaxLine+1)), 0, 1), audit.ErrTooLarge},
		"long payload":    {t.Context(), "a", 0, one("{}", audit.MaxSealed+1, 1), audit.ErrTooLarge},
		"chain's name":    {t.Context(), `a"b`, 0, one("{}", 0, 1), audit.ErrUnknownChain},
		"no name":         {t.Context(), "", 0, one("{}", 0, 1), audit.ErrUnknownChain},
		"stale size":      {t.Context(), "a", 1, one("{}", 0, 2), audit.ErrConflict},
		"ended context":   {ended, "a", 0, one("{}", 0, 1), context.Canceled},
	} {
		if err := s.Append(tt.ctx, tt.chain, tt.at, tt.records); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	var all []audit.Record
	var f audit.Frontier
	for range 4 {
		all = append(all, audit.Record{Line: []byte("{}"), Sealed: make([]byte, audit.MaxSealed), Hashes: f.Append(nil, tlog.Hash{})})
	}
	if err := s.Append(t.Context(), "a", 0, all); !errors.Is(err, audit.ErrTooLarge) {
		t.Errorf("more than an append may hold: %v", err)
	}
	if got := contents(t, s); len(got) != 0 || s.Err() != nil {
		t.Errorf("refused, and yet stored: %v, %v", got, s.Err())
	}
	// At the limits.
	longest := tree{}.records("a", audit.Record{Line: bytes.Repeat([]byte("x"), audit.MaxLine), Sealed: bytes.Repeat([]byte{0xff}, audit.MaxSealed)})
	if err := s.Append(t.Context(), "a", 0, longest); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	contents(t, s)
	if _, err := auditfile.Open(t.TempDir(), &auditfile.Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading an empty folder: %v", err)
	}
	if _, err := auditfile.Open(t.TempDir(), &auditfile.Options{MustExist: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("MustExist on an empty folder: %v", err)
	}
	if _, err := auditfile.Open(t.TempDir(), &auditfile.Options{SegmentSize: auditfile.MaxSegmentSize + 1}); err == nil {
		t.Error("a segment size above the limit is taken")
	}
	r := open(t, dir, &auditfile.Options{ReadOnly: true})
	if err := r.Append(t.Context(), "a", 1, nil); !errors.Is(err, audit.ErrReadOnly) {
		t.Errorf("Append on a reader: %v", err)
	}
	if _, err := r.Erase(t.Context(), nil); !errors.Is(err, audit.ErrReadOnly) {
		t.Errorf("Erase on a reader: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := s.Append(t.Context(), "a", 1, nil); !errors.Is(err, audit.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	for _, err := range s.Read(t.Context(), "a", 0) {
		if !errors.Is(err, audit.ErrClosed) {
			t.Errorf("Read after Close: %v", err)
		}
	}
}

// A file that is removed or replaced under a running store is noticed by the
// next append, which does not claim to be durable.
func TestReplacedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, trees := open(t, dir, nil), tree{}
	if err := s.Append(t.Context(), "a", 0, trees.records("a", record("a", 0, 1))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "00000000000000000000.jsonl"), filepath.Join(dir, "elsewhere")); err != nil {
		t.Skip(err)
	}
	for range 2 {
		err := s.Append(t.Context(), "a", 1, trees.records("a", record("a", 1, 1)))
		if !errors.Is(err, audit.ErrReplaced) || !errors.Is(err, audit.ErrFailed) {
			t.Fatalf("Append = %v, want ErrReplaced and ErrFailed", err)
		}
		trees = tree{}
		trees.records("a", record("a", 0, 1))
		if !errors.Is(s.Err(), audit.ErrReplaced) {
			t.Fatalf("Err = %v", s.Err())
		}
	}
}
