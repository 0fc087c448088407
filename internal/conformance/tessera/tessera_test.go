// Package tessera measures the folder of an audit log beside a transparency
// log in POSIX files, which promises no order within a batch and in return has
// less to do.
package tessera

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

const writers = 256

// rate runs writers for about a second, each waiting for its entry to be
// durable before it adds the next, and returns entries per second.
func rate(b *testing.B, add func(ctx context.Context, writer, i int) error) float64 {
	b.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total int
	)
	start := time.Now()
	for w := range writers {
		wg.Go(func() {
			i := 0
			for ; time.Since(start) < time.Second; i++ {
				if err := add(b.Context(), w, i); err != nil {
					b.Errorf("writer %d: %v", w, err)
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total += i
		})
	}
	wg.Wait()
	return float64(total) / time.Since(start).Seconds()
}

func event(writer int) audit.Event {
	return audit.Event{
		Type: audit.PatientRecord, Subtype: []audit.Subtype{audit.Read}, Action: audit.ActionRead, Outcome: audit.Success,
		Purpose: []audit.Purpose{audit.Treatment}, Actor: audit.Actor{ID: fmt.Sprintf("u-%d", writer), Role: "physician"},
		Object: audit.Object{Type: "Observation"},
	}
}

// ours appends to one chain through the whole of package audit, or to a chain
// for each writer.
func ours(b *testing.B, chains int) float64 {
	b.Helper()
	store, err := auditfile.Open(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	log, err := audit.New(b.Context(), store, audit.Config{Origin: "audit.example.com"})
	if err != nil {
		b.Fatal(err)
	}
	return rate(b, func(ctx context.Context, w, _ int) error {
		_, err := log.Append(ctx, fmt.Sprintf("t/%d", w%chains), event(w))
		return err
	})
}

func theirs(b *testing.B, size uint, age time.Duration) float64 {
	b.Helper()
	skey, _, err := note.GenerateKey(rand.Reader, "log.example.com")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	driver, err := posix.New(ctx, posix.Config{Path: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver,
		tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(size, age).WithCheckpointInterval(time.Second))
	if err != nil {
		b.Fatal(err)
	}
	r := rate(b, func(ctx context.Context, w, i int) error {
		_, err := appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "%-300s", fmt.Sprintf(`{"writer":%d,"n":%d}`, w, i))))()
		return err
	})
	if err := shutdown(ctx); err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkWriters reports the best rate of each, measured in turns.
func BenchmarkWriters(b *testing.B) {
	best := map[string]float64{}
	note := func(name string, r float64) { best[name] = max(best[name], r) }
	for b.Loop() {
		note("one-chain/s", ours(b, 1))
		note("256-chains/s", ours(b, writers))
		note("tessera/s", theirs(b, writers, 10*time.Millisecond)) // its best here
		note("tessera-default/s", theirs(b, tessera.DefaultBatchMaxSize, tessera.DefaultBatchMaxAge))
	}
	b.ReportMetric(0, "ns/op")
	for name, r := range best {
		b.ReportMetric(r, name)
	}
	theirs := max(best["tessera/s"], best["tessera-default/s"])
	b.ReportMetric(best["one-chain/s"]/theirs, "one-chain/tessera")
	b.ReportMetric(best["256-chains/s"]/theirs, "256-chains/tessera")
}
