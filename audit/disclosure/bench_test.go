package disclosure_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/disclosure"
	"golang.org/x/mod/sumdb/tlog"
)

// A gcmSealer seals with AES-256-GCM, bound to the leaf, as a log in use does,
// and counts what it opens. Each leaf occurs once, so it serves as the nonce.
type gcmSealer struct {
	audit.Unencrypted
	aead   cipher.AEAD
	opened *atomic.Int64
}

func newGCM(tb testing.TB) gcmSealer {
	tb.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return gcmSealer{audit.Unencrypted{TokenKey: []byte("token key")}, aead, new(atomic.Int64)}
}

type gcmSealing struct {
	audit.Sealing
	aead cipher.AEAD
}

func (s gcmSealer) Sealing(ctx context.Context, chain, patient string) (audit.Sealing, error) {
	inner, err := s.Unencrypted.Sealing(ctx, chain, patient)
	return gcmSealing{inner, s.aead}, err
}

func (s gcmSealing) Seal(leaf tlog.Hash, payload []byte) ([]byte, error) {
	return s.aead.Seal(nil, leaf[:12], payload, leaf[:]), nil
}

func (s gcmSealer) Open(_ context.Context, _ string, leaf tlog.Hash, sealed []byte) ([]byte, error) {
	s.opened.Add(1)
	payload, err := s.aead.Open(nil, leaf[:12], sealed, leaf[:])
	if err != nil {
		return nil, audit.ErrSealed
	}
	return payload, nil
}

// fill logs n entries about some patients in the chain t/1, in turn; of each
// patient, every hundredth is a disclosure.
func fill(tb testing.TB, store audit.Store, sealer audit.Sealer, n, patients int) {
	tb.Helper()
	ctx := context.Background()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: sealer, Now: func() time.Time { return at }})
	if err != nil {
		tb.Fatal(err)
	}
	batch := make([]audit.Event, 0, 1000)
	for i := range n {
		patient := fmt.Sprintf("p-%d", i%patients)
		e := audit.Event{
			Subtype: []audit.Subtype{audit.Read}, Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9", Role: "physician"},
			Object: audit.Object{Type: "Observation"}, Purpose: []audit.Purpose{audit.Treatment}, Patient: patient, ObjectID: "o-1",
		}
		if i/patients%100 == 0 {
			d := report()
			d.Date = d.Date.AddDays(i % 300)
			if e, err = d.Event(audit.Actor{ID: "u-9"}, patient); err != nil {
				tb.Fatal(err)
			}
		}
		if batch = append(batch, e); len(batch) == cap(batch) || i == n-1 {
			if _, err := log.AppendAll(ctx, "t/1", batch...); err != nil {
				tb.Fatal(err)
			}
			batch = batch[:0]
		}
	}
}

// An accounting over a log of 10^6 entries, each with a payload under
// AES-256-GCM: for one of 1,000 patients, and where all of them are about one
// patient. The log is built once, outside of the time.
func BenchmarkAccountMillion(b *testing.B) {
	for _, bb := range []struct {
		name     string
		folder   bool
		patients int
	}{{"memory/patients=1000", false, 1000}, {"folder/patients=1000", true, 1000}, {"folder/patients=1", true, 1}} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := context.Background()
			sealer := newGCM(b)
			var store audit.Store = audit.NewMemory()
			if bb.folder {
				folder, err := auditfile.Open(b.TempDir(), nil)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = folder.Close() })
				store = folder
			}
			const entries = 1_000_000
			fill(b, store, sealer, entries, bb.patients)
			source := disclosure.Source{Store: store, Sealer: sealer, Chains: []string{"t/1"}}
			for b.Loop() {
				sealer.opened.Store(0)
				a, _, err := disclosure.Account(ctx, source, disclosure.Request{Patient: "p-0", Requested: baakit.MustDate(2026, 12, 1)})
				if err != nil || len(a.Lines) != 1 || a.Lines[0].Times != entries/bb.patients/100 || a.Chains[0].Size != entries {
					b.Fatal(err, len(a.Lines))
				}
			}
			b.ReportMetric(float64(sealer.opened.Load()), "opened/op")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
		})
	}
}
