package audit_test

import (
	"bytes"
	"crypto/sha256"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
)

func access() audit.Event {
	return audit.Event{
		Type: audit.PatientRecord, Subtype: []audit.Subtype{audit.Read}, Action: audit.ActionRead, Outcome: audit.Success,
		Purpose: []audit.Purpose{audit.Treatment}, Actor: audit.Actor{ID: "u-9", Role: "physician"},
		Object: audit.Object{Type: "Observation"}, Patient: "p-1",
	}
}

func benchLog(b *testing.B, m audit.Store) *audit.Log {
	b.Helper()
	l, err := audit.New(b.Context(), m, audit.Config{
		Origin: origin, Signer: testSigner(b), Sealer: audit.Unencrypted{TokenKey: bytes.Repeat([]byte{7}, 32)},
	})
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// What hashing the bytes of the lines alone would cost.
func BenchmarkSHA256(b *testing.B) {
	line := make([]byte, len(golden[0].line)+1)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		sha256.Sum256(line)
	}
}

func BenchmarkAppendMemory(b *testing.B) {
	b.ReportAllocs()
	l := benchLog(b, audit.NewMemory())
	e := access()
	for b.Loop() {
		if _, err := l.Append(b.Context(), "t/42", e); err != nil {
			b.Fatal(err)
		}
	}
}

// With a hundred entries at a time, as a caller who has them would.
func BenchmarkAppendMemoryBatch(b *testing.B) {
	b.ReportAllocs()
	l := benchLog(b, audit.NewMemory())
	events := make([]audit.Event, 100)
	for i := range events {
		events[i] = access()
	}
	for b.Loop() {
		if _, err := l.AppendAll(b.Context(), "t/42", events...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLine(b *testing.B) {
	b.ReportAllocs()
	line := []byte(golden[0].line)
	for b.Loop() {
		if _, err := audit.ParseLine(line); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, n int) (*audit.Log, *audit.Memory) {
	b.Helper()
	m := audit.NewMemory()
	l := benchLog(b, m)
	e := access()
	events := make([]audit.Event, 1000)
	for i := range events {
		events[i] = e
	}
	for range n / len(events) {
		if _, err := l.AppendAll(b.Context(), "t/42", events...); err != nil {
			b.Fatal(err)
		}
	}
	return l, m
}

func BenchmarkVerify(b *testing.B) {
	_, m := fill(b, 100_000)
	for _, workers := range []int{1, 2} {
		b.Run(map[int]string{1: "workers=1", 2: "workers=2"}[workers], func(b *testing.B) {
			for b.Loop() {
				if _, err := audit.Verify(b.Context(), m, "t/42", &audit.VerifyOptions{Origin: origin, Workers: workers}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/entry")
		})
	}
}

func BenchmarkProof(b *testing.B) {
	l, m := fill(b, 1_000_000)
	c, err := l.Checkpoint(b.Context(), "t/42")
	if err != nil {
		b.Fatal(err)
	}
	p, err := audit.Prove(b.Context(), m, "t/42", 123_456, c)
	if err != nil {
		b.Fatal(err)
	}
	var line []byte
	for e, err := range l.Entries(b.Context(), "t/42", 123_456) {
		if err != nil {
			b.Fatal(err)
		}
		line = e.Line
		break
	}
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			if _, err := audit.Prove(b.Context(), m, "t/42", 123_456, c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if err := p.Check(c, line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check+signature", func(b *testing.B) {
		v := testSigner(b).Verifier()
		for b.Loop() {
			if _, err := p.Verify(v, origin+"/t/42", line); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// best returns the shortest time that f took for one of its n entries, over
// many short rounds: what the machine can do while nobody else uses it.
func best(rounds, n int, f func()) float64 {
	least := time.Duration(1 << 62)
	for range rounds {
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	return float64(least.Nanoseconds()) / float64(n)
}

// The rates that are promised, as parts of the rate of SHA-256 over the bytes
// of the same lines, measured in one run.
func BenchmarkRatio(b *testing.B) {
	const n = 4000
	m := audit.NewMemory()
	if _, err := benchLog(b, m).AppendAll(b.Context(), "t/42", slices.Repeat([]audit.Event{access()}, n)...); err != nil {
		b.Fatal(err)
	}
	var lines [][]byte
	for r, err := range m.Read(b.Context(), "t/42", 0) {
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, append([]byte{0}, r.Line...))
	}
	l := benchLog(b, audit.NewMemory())
	e := access()
	hash, appends, batch, one, two := 1e9, 1e9, 1e9, 1e9, 1e9
	events := slices.Repeat([]audit.Event{e}, 100)
	verify := func(cores int) float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		return best(20, n, func() {
			if _, err := audit.Verify(b.Context(), m, "t/42", &audit.VerifyOptions{Origin: origin, Workers: cores}); err != nil {
				b.Fatal(err)
			}
		})
	}
	for b.Loop() {
		hash = min(hash, best(20, 1000, func() {
			for i := range 1000 {
				sha256.Sum256(lines[i])
			}
		}))
		appends = min(appends, best(20, 200, func() {
			for range 200 {
				if _, err := l.Append(b.Context(), "t/42", e); err != nil {
					b.Fatal(err)
				}
			}
		}))
		batch = min(batch, best(20, 100, func() {
			if _, err := l.AppendAll(b.Context(), "t/43", events...); err != nil {
				b.Fatal(err)
			}
		}))
		one, two = min(one, verify(1)), min(two, verify(2))
	}
	b.ReportMetric(hash, "ns/hash")
	b.ReportMetric(appends, "ns/append")
	b.ReportMetric(hash/appends, "append/SHA256")
	b.ReportMetric(hash/batch, "batch/SHA256")
	b.ReportMetric(one, "ns/verify")
	b.ReportMetric(hash/one, "verify/SHA256")
	b.ReportMetric(hash/two, "verify-2-cores/SHA256")
}
