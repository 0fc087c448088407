package audit_test

import (
	"context"
	"encoding/hex"
	"iter"
	"runtime"
	"strconv"
	"testing"

	"github.com/baakit/baakit/audit"
	"golang.org/x/mod/sumdb/tlog"
)

// What one entry may cost in allocations, by each way to append it, to read
// it and to check it.
func TestAllocations(t *testing.T) { // not parallel: allocations are counted
	ctx := t.Context()
	l, err := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: origin, Sealer: audit.Unencrypted{TokenKey: make([]byte, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	e := access()
	plain := access()
	plain.Patient = "" // nothing is sealed
	batch := make([]audit.Event, 100)
	for i := range batch {
		batch[i] = e
	}
	for _, c := range []struct {
		name       string
		n          int
		allocation float64
		f          func() error
	}{
		{"append", 1, 5, func() error { _, err := l.Append(ctx, "t/42", e); return err }},
		{"append, nothing sealed", 1, 5, func() error { _, err := l.Append(ctx, "t/43", plain); return err }},
		{"append a hundred", 100, 5, func() error { _, err := l.AppendAll(ctx, "t/44", batch...); return err }},
		{"parse", 1, 5, func() error { _, err := audit.ParseLine([]byte(golden[0].line)); return err }},
	} {
		got := testing.AllocsPerRun(200, func() {
			if err := c.f(); err != nil {
				t.Fatal(err)
			}
		}) / float64(c.n)
		if got > c.allocation {
			t.Errorf("%s: %v allocations an entry, want at most %v", c.name, got, c.allocation)
		}
	}
	// Verification allocates for a chunk, never for a line.
	s := &endless{size: 20_000}
	if got := testing.AllocsPerRun(3, func() { s.verify(t) }) / 20_000; got > 0.1 {
		t.Errorf("verify: %v allocations an entry", got)
	}
}

// Verification holds no more of a chain of a million entries than of one of
// ten thousand. BenchmarkVerifyMemory measures the same for ten million.
func TestVerifyMemory(t *testing.T) { // not parallel: the heap is measured
	small, large := &endless{size: 10_000, samples: 20}, &endless{size: 1_000_000, samples: 20}
	if testing.Short() {
		large.size = 100_000
	}
	small.verify(t)
	large.verify(t)
	if small.peak == 0 || large.peak == 0 {
		t.Fatal("the heap was not measured")
	}
	if large.peak > small.peak+512<<10 {
		t.Errorf("%d entries hold %d bytes more than %d do", large.size, large.peak-small.peak, small.size)
	}
}

func BenchmarkVerifyMemory(b *testing.B) {
	for _, n := range []uint64{10_000, 1_000_000, 10_000_000} {
		b.Run(strconv.FormatUint(n, 10), func(b *testing.B) {
			s := &endless{size: n, samples: 50}
			for b.Loop() {
				s.verify(b)
			}
			b.ReportMetric(float64(s.peak), "peak-live-bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// An endless chain is made while it is read: a store that holds nothing but
// the edge of its tree.
type endless struct {
	audit.Store // nil: nothing else is asked of it
	size        uint64
	samples     uint64 // times that the heap is measured
	start, peak uint64
	edge        map[int64]tlog.Hash
}

func (s *endless) verify(t testing.TB) {
	t.Helper()
	s.start = s.live()
	r, err := audit.Verify(t.Context(), s, "t/42", &audit.VerifyOptions{Origin: origin, Workers: 2})
	if err != nil || r.Checked != s.size {
		t.Fatalf("checked %d of %d: %v", r.Checked, s.size, err)
	}
}

// live is what the heap holds once garbage is collected.
func (s *endless) live() uint64 {
	if s.samples == 0 {
		return 0
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (s *endless) Head(context.Context, string) (audit.Head, error) {
	return audit.Head{Size: s.size}, nil
}

func (s *endless) Read(context.Context, string, uint64) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		var tree audit.Frontier
		var hashes []tlog.Hash
		var line []byte
		prev := audit.GenesisHash(origin + "/t/42")
		last := make([]tlog.Hash, 64) // at each level
		for seq := range s.size {
			line = append(line[:0], `{"action":"R","actor":{"id":"u-9"},"chain":"t/42","outcome":"0","prev":"`...)
			line = hex.AppendEncode(line, prev[:])
			line = strconv.AppendUint(append(line, `","seq":`...), seq, 10)
			line = append(line, `,"time":"2026-11-22T03:40:14.000000Z","v":1}`...)
			if !yield(audit.Record{Line: line}, nil) {
				return
			}
			prev = audit.LeafHash(line)
			hashes = tree.Append(hashes[:0], prev)
			copy(last, hashes)
			if s.samples > 0 && seq%(s.size/s.samples) == s.size/s.samples-1 {
				live := s.live()
				s.peak = max(s.peak, live-min(s.start, live))
			}
		}
		s.edge = make(map[int64]tlog.Hash)
		for level := range 64 {
			if s.size>>level&1 == 1 {
				s.edge[tlog.StoredHashIndex(level, int64(s.size>>level)-1)] = last[level]
			}
		}
	}
}

func (s *endless) ReadHashes(_ context.Context, _ string, indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, i := range indexes {
		h, ok := s.edge[i]
		if !ok {
			return nil, audit.ErrOutOfRange
		}
		list = append(list, h)
	}
	return list, nil
}
