// Package audit_test holds lines, trees and proofs of the audit log against
// other people's code: gowebpki's RFC 8785 and transparency-dev's RFC 6962.
package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/gowebpki/jcs"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

const origin = "audit.example.com"

// identifier draws from all the characters of clear fields.
func identifier(r *rand.Rand) string {
	const chars = "abcxyzABCXYZ._:/+-"
	b := make([]byte, 1+r.IntN(20))
	for i := range b {
		b[i] = chars[r.IntN(len(chars))]
	}
	return string(b)
}

// text draws what JSON encoders disagree on.
func text(r *rand.Rand) string {
	parts := []string{"a", "é", "\u2028", "<&>", "\"", "\\", "\n", "\x00", "\x1f", "\x7f", "😀", "\ufb33", "\u0080", "/"}
	var s strings.Builder
	for range r.IntN(12) {
		s.WriteString(parts[r.IntN(len(parts))])
	}
	return s.String()
}

func maybe(r *rand.Rand, s string) string {
	if r.IntN(2) == 0 {
		return ""
	}
	return s
}

func write(t *testing.T, n int) (*audit.Log, []audit.Entry) {
	t.Helper()
	r := rand.New(rand.NewPCG(8785, 6962))
	l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{Origin: origin, Sealer: audit.Unencrypted{TokenKey: []byte("k")}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		e := audit.Event{
			Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: identifier(r), Org: maybe(r, identifier(r)), Role: maybe(r, identifier(r))},
			Client: audit.Client{Addr: maybe(r, identifier(r))}, Object: audit.Object{Type: maybe(r, identifier(r)), Labels: []string{identifier(r), identifier(r)}[:r.IntN(3)]},
			Policy: []string{identifier(r)}[:r.IntN(2)], Request: audit.Request{Route: maybe(r, "/{x}*$")},
			Patient: text(r), Query: text(r), Reason: text(r), Extra: map[string]string{text(r): text(r), text(r): text(r)},
		}
		if r.IntN(2) == 0 {
			e.Occurred = time.UnixMicro(r.Int64N(4e15))
		}
		if r.IntN(4) == 0 {
			e.Kind = identifier(r)
			e.Payload = json.RawMessage(fmt.Sprintf(`{"b": %v, "a": [1e3, -0.0, 0.1, %d], "\u20ac": "<", "\ud83d\ude00": null}`, r.Float64()*1e30, r.Int64N(1<<53)))
		}
		if _, err := l.Append(t.Context(), "t/1", e); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	var list []audit.Entry
	for e, err := range l.Entries(t.Context(), "t/1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return l, list
}

// Lines and sealed parts are what gowebpki/jcs makes of them.
func TestCanonical(t *testing.T) {
	t.Parallel()
	_, list := write(t, 2000)
	for _, e := range list {
		if want, err := jcs.Transform(e.Line); err != nil || !bytes.Equal(e.Line, want) {
			t.Fatalf("line %d: %v\n got %s\nwant %s", e.Seq, err, e.Line, want)
		}
		sealed := e.Sealed[audit.SaltSize:]
		if want, err := jcs.Transform(sealed); err != nil || !bytes.Equal(sealed, want) {
			t.Fatalf("sealed part %d: %v\n got %s\nwant %s", e.Seq, err, sealed, want)
		}
	}
}

// Leaves, roots and proofs are what transparency-dev/merkle verifies.
func TestProofs(t *testing.T) {
	t.Parallel()
	l, list := write(t, 130)
	h := rfc6962.DefaultHasher
	var tree audit.Frontier
	roots := [][]byte{h.EmptyRoot()}
	for _, e := range list {
		if !bytes.Equal(e.Leaf[:], h.HashLeaf(e.Line)) {
			t.Fatalf("leaf %d", e.Seq)
		}
		tree.Append(nil, e.Leaf)
		root := tree.Root()
		roots = append(roots, root[:])
	}
	bytesOf := func(hashes []([32]byte)) (out [][]byte) {
		for _, h := range hashes {
			out = append(out, bytes.Clone(h[:]))
		}
		return out
	}
	for size := uint64(1); size <= uint64(len(list)); size++ {
		c := audit.Checkpoint{Size: size, Root: [32]byte(roots[size])}
		for seq := range size {
			p, err := audit.Prove(t.Context(), l.Store(), "t/1", seq, c)
			if err != nil {
				t.Fatal(err)
			}
			hashes := make([][32]byte, len(p.Hashes))
			for i, h := range p.Hashes {
				hashes[i] = h
			}
			if err := proof.VerifyInclusion(h, seq, size, list[seq].Leaf[:], bytesOf(hashes), roots[size]); err != nil {
				t.Fatalf("%d in %d: %v", seq, size, err)
			}
		}
		for older := uint64(1); older <= size; older++ {
			p, err := audit.Consistency(t.Context(), l.Store(), "t/1", older, size)
			if err != nil {
				t.Fatal(err)
			}
			hashes := make([][32]byte, len(p))
			for i, h := range p {
				hashes[i] = h
			}
			if err := proof.VerifyConsistency(h, older, size, bytesOf(hashes), roots[older], roots[size]); err != nil {
				t.Fatalf("%d to %d: %v", older, size, err)
			}
		}
	}
	if _, err := audit.Prove(t.Context(), l.Store(), "t/1", 130, audit.Checkpoint{Size: 130}); !errors.Is(err, audit.ErrOutOfRange) {
		t.Error(err)
	}
}
