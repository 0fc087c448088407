package auditkeys_test

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit/auditkeys"
)

func master(n byte) auditkeys.Master { return auditkeys.MasterKey(bytes.Repeat([]byte{n}, 32)) }

func newRing(tb testing.TB) *auditkeys.Ring {
	tb.Helper()
	r, err := auditkeys.OpenRing(tb.TempDir(), master(7), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.Close() })
	return r
}

var owners = auditkeys.ByPrefix("t/", "org")

func newSealer(tb rapid.TB, keys auditkeys.Keys, opt *auditkeys.Options) *auditkeys.Sealer {
	tb.Helper()
	s, err := auditkeys.New(keys, owners, opt)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// seal seals a payload beside the leaf hash 1, 0, 0….
func seal(tb testing.TB, s *auditkeys.Sealer, chain, patient string, payload []byte) []byte {
	tb.Helper()
	sg, err := s.Sealing(tb.Context(), chain, patient)
	if err != nil {
		tb.Fatal(err)
	}
	sealed, err := sg.Seal(tlog.Hash{1}, payload)
	if err != nil {
		tb.Fatal(err)
	}
	return sealed
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		for _, chain := range []string{"t/42", "t/42/x", "org", "org/y"} {
			for _, patient := range []string{"", "p-1"} {
				s := newSealer(t, newRing(t), &auditkeys.Options{Mode: mode})
				sealed := seal(t, s, chain, patient, []byte("what is sealed"))
				got, err := s.Open(t.Context(), chain, tlog.Hash{1}, sealed)
				if err != nil || string(got) != "what is sealed" {
					t.Errorf("%s, %s, %q: Open = %q, %v", name, chain, patient, got, err)
				}
			}
		}
	}
}
