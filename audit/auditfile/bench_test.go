package auditfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal"
)

// line300 is a line of about the size of a real one.
func line300(seq uint64) []byte {
	return fmt.Appendf(nil, `{"action":"R","actor":{"id":"u-9","role":"physician"},"chain":"t/42","object":{"type":"Observation"},"outcome":"0","prev":"79fa66744e1305746a3a1cb9926dba9d0ee7e54fd9ec66158c70f65932bc636b","purpose":"TREAT","seq":%d,"subject":"02f4b6bfd6e14db18dc2afff70fd4d82","time":"2026-11-22T03:40:14.000000Z","v":1}`, seq)
}

// appendAll lets writers, each with a chain of its own, append n entries
// together.
func appendAll(b testing.TB, s audit.Store, writers, n int) {
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			chain, trees := fmt.Sprintf("t/%d", w), tree{}
			head, err := s.Head(b.Context(), chain)
			if err != nil || head.Size > 0 {
				b.Errorf("Head: %v, %v", head, err)
				return
			}
			for i := range uint64((n + w) / writers) {
				if err := s.Append(b.Context(), chain, i, trees.records(chain, audit.Record{Line: line300(i)})); err != nil {
					b.Errorf("Append: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkAppend reports the rate of raw writes with fdatasync of the same
// size beside those of 1, 64 and 256 writers, measured in turns.
func BenchmarkAppend(b *testing.B) {
	const each = 150 * time.Millisecond
	rates := map[string]float64{}
	for b.Loop() {
		f, err := journal.OS{}.OpenFile(filepath.Join(b.TempDir(), "raw"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			b.Fatal(err)
		}
		line := append(line300(1000), '\n')
		n, start := 0, time.Now()
		for ; time.Since(start) < each; n++ {
			if _, err := f.Write(line); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		raw := float64(n) / time.Since(start).Seconds()
		f.Close()
		rates["raw/s"] = max(rates["raw/s"], raw)
		for _, writers := range []int{1, 64, 256} {
			s := open(b, b.TempDir(), nil)
			n := int(raw * each.Seconds() * float64(min(writers, 12)))
			start := time.Now()
			appendAll(b, s, writers, n)
			rate := float64(n) / time.Since(start).Seconds()
			s.Close()
			name := fmt.Sprintf("%d-writers/s", writers)
			rates[name] = max(rates[name], rate)
		}
	}
	for name, rate := range rates {
		b.ReportMetric(rate, name)
	}
	b.ReportMetric(rates["1-writers/s"]/rates["raw/s"], "1-writer/raw")
	b.ReportMetric(rates["64-writers/s"]/rates["1-writers/s"], "64-writers/1")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkOpen opens a folder of 10^6 entries.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir, nil)
	trees := tree{}
	var records []audit.Record
	for i := range uint64(1_000_000) {
		records = append(records, audit.Record{Line: line300(i), Sealed: make([]byte, 100)})
		if len(records) == 5000 {
			if err := s.Append(b.Context(), "t/42", i-4999, trees.records("t/42", records...)); err != nil {
				b.Fatal(err)
			}
			records = records[:0]
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("full=%v", full), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				s := open(b, dir, &auditfile.Options{Full: full})
				b.ReportMetric(float64(heap()-before)/1e6, "MB-held")
				if head, err := s.Head(b.Context(), "t/42"); err != nil || head.Size != 1_000_000 {
					b.Fatal(head, err)
				}
				s.Close()
			}
		})
	}
	s = open(b, dir, nil)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			for range ok(b, s.Read(b.Context(), "t/42", 0)) {
			}
		}
	})
	b.Run("hashes", func(b *testing.B) {
		indexes := make([]int64, 20)
		n := int64(0)
		for b.Loop() {
			for i := range indexes {
				n = (n + 7919*7919) % 1_999_900
				indexes[i] = n
			}
			if _, err := s.ReadHashes(b.Context(), "t/42", indexes); err != nil {
				b.Fatal(err)
			}
		}
	})
}
