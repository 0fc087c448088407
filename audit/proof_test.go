package audit_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The leaves and roots that implementations of RFC 6962 have tested each other
// with from its beginning.
func TestRFC6962(t *testing.T) {
	t.Parallel()
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var f audit.Frontier
	for i, want := range roots {
		if root := f.Root(); hex.EncodeToString(root[:]) != want || f.Size() != uint64(i) {
			t.Errorf("root of %d leaves: %x, want %s", i, root[:], want)
		}
		if i < len(leaves) {
			leaf, err := hex.DecodeString(leaves[i])
			if err != nil {
				t.Fatal(err)
			}
			f.Append(nil, audit.LeafHash(leaf))
		}
	}
}

// I10: the frontier, and proofs of all entries in all sizes up to 300, agree
// with package tlog; with any hash, index, size or line changed they fail.
func TestProofs(t *testing.T) {
	t.Parallel()
	const n = 300
	m, stored := audit.NewMemory(), []tlog.Hash{}
	var f audit.Frontier
	var list [][]byte
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	roots := []tlog.Hash{f.Root()}
	for i := range n {
		line := fmt.Appendf(nil, "line %d", i)
		want, err := tlog.StoredHashes(int64(i), line, reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes := f.Append(nil, audit.LeafHash(line))
		if !slices.Equal(hashes, want) {
			t.Fatalf("hashes of leaf %d", i)
		}
		stored = append(stored, want...)
		root, err := tlog.TreeHash(int64(i+1), reader)
		if err != nil || root != f.Root() {
			t.Fatalf("root of %d", i+1)
		}
		roots = append(roots, root)
		if err := m.Append(t.Context(), "c", uint64(i), []audit.Record{{Line: line, Hashes: hashes}}); err != nil {
			t.Fatal(err)
		}
		again, err := audit.FrontierAt(uint64(i+1), audit.HashReader(t.Context(), m, "c"))
		if err != nil || again.Root() != root {
			t.Fatalf("frontier at %d: %v", i+1, err)
		}
		list = append(list, line)
	}
	for size := uint64(1); size <= n; size++ {
		c := audit.Checkpoint{Origin: "o", Size: size, Root: roots[size]}
		for seq := range size {
			if size > 64 && (size*31+seq)%17 > 0 {
				continue // a part of the greater ones
			}
			p, err := audit.Prove(t.Context(), m, "c", seq, c)
			if err != nil {
				t.Fatal(err)
			}
			want, err := tlog.ProveRecord(int64(size), int64(seq), reader)
			if err != nil || !slices.Equal(p.Hashes, want) {
				t.Fatalf("proof of %d in %d", seq, size)
			}
			if err := p.Check(c, list[seq]); err != nil {
				t.Fatalf("proof of %d in %d: %v", seq, size, err)
			}
			wrong := p
			wrong.Index++
			bad := []error{wrong.Check(c, list[seq]), p.Check(c, append([]byte("x"), list[seq]...)), p.Check(audit.Checkpoint{Size: size, Root: roots[size-1]}, list[seq])}
			if len(p.Hashes) > 0 {
				wrong = p
				wrong.Hashes = slices.Clone(p.Hashes)
				wrong.Hashes[int(seq)%len(p.Hashes)][int(size)%32] ^= 1
				bad = append(bad, wrong.Check(c, list[seq]))
				wrong.Hashes = p.Hashes[1:]
				bad = append(bad, wrong.Check(c, list[seq]))
			}
			wrong = p
			wrong.Hashes = append(slices.Clone(p.Hashes), tlog.Hash{})
			bad = append(bad, wrong.Check(c, list[seq]))
			for i, err := range bad {
				if !errors.Is(err, audit.ErrProof) {
					t.Fatalf("proof of %d in %d, changed in way %d: %v", seq, size, i, err)
				}
			}
		}
		for older := uint64(1); older <= size; older++ {
			if size > 64 && (size*31+older)%17 > 0 {
				continue
			}
			p, err := audit.Consistency(t.Context(), m, "c", older, size)
			old := audit.Checkpoint{Origin: "o", Size: older, Root: roots[older]}
			if err != nil || audit.CheckConsistency(p, old, c) != nil {
				t.Fatalf("consistency of %d and %d: %v", older, size, err)
			}
			want, err := tlog.ProveTree(int64(size), int64(older), reader)
			if err != nil || !slices.Equal(p, want) {
				t.Fatalf("consistency of %d and %d is not tlog's", older, size)
			}
			if older < size {
				if audit.CheckConsistency(p, audit.Checkpoint{Origin: "o", Size: older, Root: roots[older-1]}, c) == nil {
					t.Fatalf("consistency of %d and %d with another root", older, size)
				}
				p[int(older)%len(p)][3] ^= 4
				if audit.CheckConsistency(p, old, c) == nil {
					t.Fatalf("consistency of %d and %d with a changed hash", older, size)
				}
			}
		}
	}
	for _, tt := range []struct{ older, newer uint64 }{{0, 5}, {6, 5}, {5, n + 1}} {
		if _, err := audit.Consistency(t.Context(), m, "c", tt.older, tt.newer); !errors.Is(err, audit.ErrOutOfRange) {
			t.Errorf("consistency of %d and %d: %v", tt.older, tt.newer, err)
		}
	}
	for _, tt := range []struct{ seq, size uint64 }{{5, 5}, {0, 0}, {5, 1000}} {
		if _, err := audit.Prove(t.Context(), m, "c", tt.seq, audit.Checkpoint{Size: tt.size}); !errors.Is(err, audit.ErrOutOfRange) {
			t.Errorf("proof of %d in %d: %v", tt.seq, tt.size, err)
		}
	}
	if audit.CheckConsistency(nil, audit.Checkpoint{Origin: "a", Size: 1, Root: roots[1]}, audit.Checkpoint{Origin: "b", Size: 1, Root: roots[1]}) == nil {
		t.Error("checkpoints of two origins are consistent")
	}
}

func TestProofText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := audit.Proof{Index: uint64(rapid.Int64Range(0, 1<<62).Draw(t, "index")), Note: []byte("o\n1\n\n— x\n")}
		for _, b := range rapid.SliceOfN(rapid.Byte(), 0, 63).Draw(t, "hashes") {
			p.Hashes = append(p.Hashes, sha256.Sum256([]byte{b}))
		}
		text, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got audit.Proof
		if err := got.UnmarshalText(text); err != nil || got.Index != p.Index || !slices.Equal(got.Hashes, p.Hashes) || !bytes.Equal(got.Note, p.Note) {
			t.Fatalf("%q reads as %+v, %v", text, got, err)
		}
	})
	const h = "mJFb4cb7u03wNEXYYedaSfYiDZcl8uTFW+Sp52DR2HQ="
	const head = "c2sp.org/tlog-proof@v1\n"
	for name, text := range map[string]string{
		"empty": "", "no header": "index 1\n\nnote", "version": "c2sp.org/tlog-proof@v2\nindex 1\n\nnote", "no end": head + "index 1\n" + h + "\n",
		"no index": head + h + "\n\nnote", "leading zero": head + "index 01\n\nnote", "negative": head + "index -1\n\nnote", "2^63": head + "index 9223372036854775808\n\nnote",
		"short hash": head + "index 1\nAAAA\n\nnote", "loose base64": head + "index 1\n" + h[:42] + "R=\n\nnote", "extra": head + "extra !\nindex 1\n\nnote",
		"64 hashes": head + "index 1\n" + strings.Repeat(h+"\n", 64) + "\nnote", "long": head + "index 1\n\n" + strings.Repeat("x", 1<<20),
	} {
		if _, err := audit.ParseProof([]byte(text)); !errors.Is(err, audit.ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p, err := audit.ParseProof([]byte(head + "extra AAAA\nindex 7\n" + h + "\n\nnote")); err != nil || p.Index != 7 || len(p.Hashes) != 1 {
		t.Errorf("with an extra line: %+v, %v", p, err)
	}
}

// Keys of both kinds sign and verify, by themselves and together while keys are
// changed; other keys, names and texts are refused.
func TestSigners(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	both, err := audit.NewSigner(ed, ec)
	if err != nil {
		t.Fatal(err)
	}
	m := audit.NewMemory()
	l, err := audit.New(t.Context(), m, audit.Config{Origin: origin, Signer: both})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Checkpoint(t.Context(), audit.System)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]any{"ed25519": ed.Public(), "ecdsa": ec.Public()} {
		v, err := audit.NewVerifier(key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := audit.ParseCheckpoint(v, origin+"/system", c.Note)
		if err != nil || got.Size != 1 || got.Root != c.Root {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if _, err := audit.ParseCheckpoint(v, origin+"/t/1", c.Note); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("%s, another origin: %v", name, err)
		}
		for i := range c.Note {
			bad := bytes.Clone(c.Note)
			bad[i] ^= 1
			if got, err := audit.ParseCheckpoint(v, origin+"/system", bad); err == nil && (got.Root != c.Root || got.Size != c.Size) {
				t.Fatalf("%s: byte %d changed and accepted", name, i)
			}
		}
	}
	v, err := audit.NewVerifier(goldenKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.ParseCheckpoint(v, origin+"/system", c.Note); !errors.Is(err, audit.ErrCheckpoint) {
		t.Errorf("another key: %v", err)
	}
	if _, err := audit.NewSigner(); !errors.Is(err, audit.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	for _, k := range []any{p384.Public(), big.Public(), nil, ed25519.PublicKey("short"), "key"} {
		if _, err := audit.NewVerifier(k); !errors.Is(err, audit.ErrKey) {
			t.Errorf("%T: %v", k, err)
		}
	}
	if _, err := audit.NewVerifier(); !errors.Is(err, audit.ErrKey) {
		t.Errorf("no key: %v", err)
	}
}

// Properly signed texts that are no checkpoints are refused.
func TestMalformedCheckpoints(t *testing.T) {
	t.Parallel()
	name := origin + "/t/42"
	signer, err := note.NewSigner(privateNoteKey(name))
	if err != nil {
		t.Fatal(err)
	}
	v := goldenVerifierOf(t)
	const root = "WRP57IgpZI0uTK8iTwxqhi0A6DIpG+yK3SHJSBwuA4E="
	for text, ok := range map[string]bool{
		name + "\n3\n" + root + "\n":                   true,
		name + "\n3\n" + root + "\nextension\n":        true,
		name + "\n0\n" + root + "\n":                   true,
		name + "\n3\n":                                 false,
		name + "\n\n" + root + "\n":                    false,
		name + "\n03\n" + root + "\n":                  false,
		name + "\n-3\n" + root + "\n":                  false,
		name + "\n+3\n" + root + "\n":                  false,
		name + "\n9223372036854775808\n" + root + "\n": false,
		name + "\n3\n" + root[:43] + "\n":              false,
		name + "\n3\nAAAA\n":                           false,
		name + "x\n3\n" + root + "\n":                  false,
		"\n3\n" + root + "\n":                          false,
	} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := audit.ParseCheckpoint(v, name, signed); (err == nil) != ok || err != nil && !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := audit.ParseCheckpoint(v, name, bytes.Repeat([]byte("x"), 1<<20+1)); !errors.Is(err, audit.ErrCheckpoint) {
		t.Errorf("too long: %v", err)
	}
}

func privateNoteKey(name string) string {
	seed := append([]byte{1}, goldenKey().Seed()...)
	sum := sha256.Sum256(append(append([]byte(name), '\n', 1), goldenKey().Public().(ed25519.PublicKey)...))
	return fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", name, sum[:4], base64Of(seed))
}

// The token is HMAC of the standard library, whatever the lengths.
func TestSubjectToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "key")
		patient := rapid.StringN(0, -1, 400).Draw(t, "patient")
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("hipaa-audit/v1 subject\n" + patient))
		if got, want := audit.SubjectToken(key, patient).String(), hex.EncodeToString(mac.Sum(nil)[:16]); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

// A payload opens for its own line only.
func TestOpen(t *testing.T) {
	t.Parallel()
	l, _ := goldenLog(t)
	var list []audit.Entry
	for e, err := range l.Entries(t.Context(), "t/42", 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	swapped := list[0]
	swapped.Sealed = list[1].Sealed
	erased := list[0]
	erased.Sealed = nil
	flipped := list[0]
	flipped.Sealed = bytes.Clone(flipped.Sealed)
	flipped.Sealed[0] ^= 1
	short := list[0]
	short.Sealed = short.Sealed[:8]
	for want, entries := range map[error][]audit.Entry{audit.ErrSealed: {swapped, flipped, short}, audit.ErrErased: {erased}} {
		for _, e := range entries {
			if _, err := l.Open(t.Context(), e); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	}
	if _, err := audit.OpenEntry(t.Context(), nil, list[0]); !errors.Is(err, audit.ErrNoSealer) {
		t.Errorf("no sealer: %v", err)
	}
	// Equal contents have different seals: the salt is fresh.
	a, _ := appended(t, access())
	b, _ := appended(t, access())
	if a.Seal == b.Seal || a.Subject != b.Subject || a.Seal == "" {
		t.Error("the salt is constant, or the token is not")
	}
}

// What is longer than a text may be is cut at a character, with what it was.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	e := access()
	e.Query = strings.Repeat("é", audit.MaxText)
	e.Reason = strings.Repeat("x", audit.MaxText)
	_, opened := appended(t, e)
	if opened.Event.Reason != e.Reason {
		t.Error("a text of the greatest length was cut")
	}
	want := strings.Repeat("é", audit.MaxText/2) + fmt.Sprintf(" [cut: %d bytes, SHA-256 %x]", len(e.Query), sha256.Sum256([]byte(e.Query)))
	if opened.Event.Query != want {
		t.Errorf("cut to %q", opened.Event.Query[len(opened.Event.Query)-120:])
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add([]byte(goldenCheckpoint))
	f.Fuzz(func(t *testing.T, b []byte) {
		v := goldenVerifierOf(t)
		c, err := audit.ParseCheckpoint(v, origin+"/t/42", b)
		if err != nil {
			return
		}
		if c.Size != 3 || c.Root.String() != golden[2].root {
			t.Fatalf("accepts %q", b)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 1\n" + goldenInclusion + "\n" + goldenCheckpoint))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := audit.ParseProof(b)
		if err != nil {
			return
		}
		text, _ := p.MarshalText()
		again, err := audit.ParseProof(text)
		if err != nil || again.Index != p.Index || !slices.Equal(again.Hashes, p.Hashes) {
			t.Fatalf("%q is written as %q: %v", b, text, err)
		}
		for i, g := range golden {
			if _, err := p.Verify(goldenVerifierOf(t), origin+"/t/42", []byte(g.line)); err == nil && p.Index != uint64(i) {
				t.Fatalf("%q proves line %d", b, i)
			}
		}
	})
}
