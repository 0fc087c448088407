package auditkeys_test

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
)

var modes = map[string]auditkeys.Mode{"shared": auditkeys.Shared, "derived": auditkeys.Derived, "stored": auditkeys.Stored}

// BenchmarkSeal seals the payload of an entry about a patient, 200 bytes, with
// its token: all that a sealer adds to an append.
func BenchmarkSeal(b *testing.B) {
	for name, mode := range modes {
		b.Run(name, func(b *testing.B) {
			s := newSealer(b, newRing(b), &auditkeys.Options{Mode: mode})
			payload := bytes.Repeat([]byte("p"), 200)
			leaf := tlog.Hash{1}
			b.ReportAllocs()
			for b.Loop() {
				sg, err := s.Sealing(b.Context(), "t/42", "p-1")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := sg.Seal(leaf, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens such a payload.
func BenchmarkOpen(b *testing.B) {
	for name, mode := range modes {
		b.Run(name, func(b *testing.B) {
			s := newSealer(b, newRing(b), &auditkeys.Options{Mode: mode})
			sealed := seal(b, s, "t/42", "p-1", bytes.Repeat([]byte("p"), 200))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Open(b.Context(), "t/42", tlog.Hash{1}, sealed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var _ audit.Sealer = (*auditkeys.Sealer)(nil)
