package auditfile_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// A whole log on a file system that fails and loses power: after each crash
// every chain verifies, goes on from what was seen before, and holds every
// receipt that was given out.
func TestLogSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx, origin := context.Background(), "audit.example.com"
		memory := journaltest.NewMemory()
		memory.Mkdir("/srv")
		memory.SyncDir("/")
		receipts := map[string]map[uint64]audit.Receipt{"t/1": {}, "t/2": {}}
		seen := map[string][][]byte{} // the lines of each chain after the last crash
		for range rapid.IntRange(1, 4).Draw(t, "crashes") {
			fs := &journaltest.Faulty{
				Memory: memory,
				At:     rapid.IntRange(1, 250).Draw(t, "call"),
				Fault:  rapid.SampledFrom(journaltest.Faults()).Draw(t, "fault"),
			}
			if s, err := auditfile.Open(memoryDir, auditfile.WithFS(auditfile.Options{SegmentSize: 1500}, fs)); err == nil {
				if l, err := audit.New(ctx, s, audit.Config{Origin: origin}); err == nil {
					for i := range rapid.IntRange(0, 10).Draw(t, "entries") {
						chain := fmt.Sprintf("t/%d", 1+i%2)
						r, err := l.Append(ctx, chain, audit.Event{
							Type: audit.PatientRecord, Action: audit.ActionRead, Outcome: audit.Success,
							Actor: audit.Actor{ID: "u-9"}, Object: audit.Object{Type: "Observation"},
						})
						if err == nil {
							receipts[chain][r.Seq] = r
						}
					}
				}
				s.Close()
			}
			memory = fs.Memory.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "what is lost"), 0)).IntN)
			s, err := auditfile.Open(memoryDir, auditfile.WithFS(auditfile.Options{SegmentSize: 1500}, memory))
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			if _, err := audit.VerifyAll(ctx, s, &audit.VerifyOptions{Origin: origin}); err != nil {
				t.Fatalf("VerifyAll: %v", err)
			}
			now := map[string][][]byte{}
			for chain := range ok(t, s.Chains(ctx)) {
				for r := range ok(t, s.Read(ctx, chain, 0)) {
					now[chain] = append(now[chain], bytes.Clone(r.Line))
				}
			}
			for chain, lines := range seen {
				for seq, line := range lines {
					if seq >= len(now[chain]) || !bytes.Equal(line, now[chain][seq]) {
						t.Fatalf("%s %d was seen, and is gone or another", chain, seq)
					}
				}
			}
			for chain, given := range receipts {
				for seq, r := range given {
					if seq >= uint64(len(now[chain])) || audit.LeafHash(now[chain][seq]) != r.Leaf {
						t.Fatalf("%s %d was acknowledged, and is gone or another", chain, seq)
					}
				}
			}
			seen = now
			s.Close()
			memory = memory.Restart()
		}
	})
}
