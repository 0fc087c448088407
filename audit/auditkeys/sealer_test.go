package auditkeys_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
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

var leafOne = tlog.Hash{1}

var encodings = []*base64.Encoding{base64.StdEncoding, base64.URLEncoding}

// Opened is what was sealed, at its place and at no other, with every byte as
// it was.
func TestBoundToPlace(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		r := newRing(t)
		s := newSealer(t, r, &auditkeys.Options{Mode: mode})
		payload := []byte("what is sealed about somebody")
		sealed := seal(t, s, "t/42", "p-1", payload)
		other := seal(t, s, "t/42", "p-2", payload)
		if bytes.Equal(sealed, other) {
			t.Errorf("%s: equal payloads give equal bytes", name)
		}
		for i := range sealed {
			for bit := range 8 {
				bad := bytes.Clone(sealed)
				bad[i] ^= 1 << bit
				if got, err := s.Open(t.Context(), "t/42", leafOne, bad); err == nil {
					t.Fatalf("%s: byte %d changed, opens as %q", name, i, got)
				}
			}
		}
		for i := range len(sealed) {
			if _, err := s.Open(t.Context(), "t/42", leafOne, sealed[:i]); err == nil {
				t.Fatalf("%s: cut at %d, opens", name, i)
			}
		}
		for _, at := range []struct {
			chain string
			leaf  tlog.Hash
		}{{"t/42", tlog.Hash{2}}, {"t/42", tlog.Hash{}}, {"t/42/x", leafOne}, {"t/43", leafOne}, {"org", leafOne}} {
			if _, err := s.Open(t.Context(), at.chain, at.leaf, sealed); !errors.Is(err, audit.ErrSealed) {
				t.Errorf("%s: moved to %s %x: %v", name, at.chain, at.leaf[:1], err)
			}
		}
		if _, err := s.Open(t.Context(), "elsewhere", leafOne, sealed); !errors.Is(err, auditkeys.ErrOwner) {
			t.Errorf("%s: a chain without an owner: %v", name, err)
		}
		lost := newSealer(t, newRing(t), &auditkeys.Options{Mode: mode})
		if _, err := lost.Open(t.Context(), "t/42", leafOne, sealed); !errors.Is(err, auditkeys.ErrNoKey) || errors.Is(err, audit.ErrErased) {
			t.Errorf("%s: with another ring: %v", name, err)
		}
	}
}

// Old payloads open under old versions until those are destroyed.
func TestRotation(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		r := newRing(t)
		s := newSealer(t, r, &auditkeys.Options{Mode: mode})
		var sealed [][]byte
		var ids []auditkeys.ID
		for i := range 3 {
			if i > 0 {
				if _, err := r.Rotate(t.Context(), tenantSlot); err != nil {
					t.Fatal(err)
				}
			}
			sealed = append(sealed, seal(t, s, "t/42", "p-1", []byte{byte(i)}))
			id, ok := auditkeys.KeyOf(sealed[i])
			if !ok || slices.Contains(ids, id) {
				t.Fatalf("%s: version %d is sealed under %s", name, i, id)
			}
			ids = append(ids, id)
		}
		if err := r.DestroyVersion(t.Context(), ids[1]); err != nil {
			t.Fatal(err)
		}
		for i := range sealed {
			got, err := s.Open(t.Context(), "t/42", leafOne, sealed[i])
			if i == 1 {
				var missing *auditkeys.KeyError
				if !errors.Is(err, audit.ErrErased) || !errors.As(err, &missing) || missing.ID != ids[1] {
					t.Errorf("%s: under a destroyed version: %v", name, err)
				}
			} else if err != nil || !bytes.Equal(got, []byte{byte(i)}) {
				t.Errorf("%s: version %d: %v, %v", name, i, got, err)
			}
		}
	}
}

// Destroying the key of one patient makes what is about that patient
// unreadable in the mode Stored, and in no other mode is there such a key.
func TestModes(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		r := newRing(t)
		s := newSealer(t, r, &auditkeys.Options{Mode: mode})
		one, two := seal(t, s, "t/42", "p-1", []byte("one")), seal(t, s, "t/42", "p-2", []byte("two"))
		elsewhere := seal(t, s, "t/43", "p-1", []byte("elsewhere"))
		_, reached, err := s.Reach(t.Context(), audit.Entry{Event: audit.Event{}, Chain: "t/42", Leaf: leafOne, Sealed: one})
		if err != nil || reached != (mode == auditkeys.Stored) {
			t.Errorf("%s: Reach = %v, %v", name, reached, err)
		}
		ids, err := r.DestroyPatient(t.Context(), "42", "p-1")
		if err != nil || (len(ids) == 1) != (mode == auditkeys.Stored) {
			t.Errorf("%s: DestroyPatient = %v, %v", name, ids, err)
		}
		if _, err := s.Open(t.Context(), "t/42", leafOne, one); (err != nil) != (mode == auditkeys.Stored) || err != nil && !errors.Is(err, audit.ErrErased) {
			t.Errorf("%s: the patient's: %v", name, err)
		}
		for chain, sealed := range map[string][]byte{"t/42": two, "t/43": elsewhere} {
			if _, err := s.Open(t.Context(), chain, leafOne, sealed); err != nil {
				t.Errorf("%s: another's in %s: %v", name, chain, err)
			}
		}
	}
}

// Tokens are equal for one patient of one tenant under one version, and for
// nobody else.
func TestTokens(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	s := newSealer(t, r, nil)
	token := func(chain, patient string) audit.Token {
		t.Helper()
		sg, err := s.Sealing(t.Context(), chain, patient)
		if err != nil {
			t.Fatal(err)
		}
		token, ok := sg.Subject()
		if ok != (patient != "") {
			t.Fatalf("a token: %v", ok)
		}
		return token
	}
	first := token("t/42", "p-1")
	token("t/42", "")
	if first != token("t/42/labs", "p-1") || first == token("t/42", "p-2") || first == token("t/43", "p-1") || first == token("org", "p-1") {
		t.Fatal("tokens do not tell patients apart")
	}
	id, err := r.Rotate(t.Context(), tokenSlot)
	if err != nil {
		t.Fatal(err)
	}
	second := token("t/42", "p-1")
	list, err := s.ChainTokens(t.Context(), "t/42", "p-1")
	if err != nil || !slices.Equal(list, []audit.Token{second, first}) || first == second {
		t.Fatalf("Tokens = %v, %v, want %v, %v", list, err, second, first)
	}
	old := r.List()
	for _, k := range old {
		if k.Owner == auditkeys.Tenant("42") && k.Use == auditkeys.Tokens && k.ID != id {
			if err := r.DestroyVersion(t.Context(), k.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if list, err = s.Tokens(t.Context(), auditkeys.Tenant("42"), "p-1"); err != nil || !slices.Equal(list, []audit.Token{second}) {
		t.Fatalf("Tokens after destruction = %v, %v", list, err)
	}
	if list, err = s.Tokens(t.Context(), auditkeys.Tenant("44"), "p-1"); err != nil || len(list) != 0 || len(r.List()) != len(old) {
		t.Fatalf("of a tenant without entries: %v, %v; %d keys", list, err, len(r.List()))
	}
	silent := newSealer(t, r, &auditkeys.Options{NoTokens: true})
	sg, err := silent.Sealing(t.Context(), "t/45", "p-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := sg.Subject(); ok {
		t.Fatal("a token where there are to be none")
	}
	if keys, err := r.Versions(t.Context(), auditkeys.Slot{Owner: auditkeys.Tenant("45"), Use: auditkeys.Tokens}); err != nil || len(keys) != 0 {
		t.Fatalf("a token key was made: %v, %v", keys, err)
	}
}

// What is stored of two payloads tells nobody without a key whether they are
// about one patient, and no nonce comes twice.
func TestNothingRepeats(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		s := newSealer(t, newRing(t), &auditkeys.Options{Mode: mode, NoTokens: true})
		seen := map[string]bool{}
		for range 300 {
			sealed := seal(t, s, "t/42", "p-1", []byte("the same payload of the same patient"))
			for i := 17; i+12 <= len(sealed); i += 4 { // behind the owner's key ID, which is the same
				part := string(sealed[i : i+12])
				if seen[part] {
					t.Fatalf("%s: bytes repeat at %d", name, i)
				}
				seen[part] = true
			}
		}
	}
}

func TestByPrefix(t *testing.T) {
	t.Parallel()
	for chain, want := range map[string]string{
		"t/42": "tenant 42", "t/42/x/y": "tenant 42", "org": "organisation", "org/erasure": "organisation", "system": "organisation",
		"organ": "invalid Owner", "t": "invalid Owner", "t/": "invalid Owner", "": "invalid Owner", "x/42": "invalid Owner", "t/../x": "invalid Owner",
	} {
		got, err := owners(chain)
		if got.String() != want || (err == nil) != (want != "invalid Owner") || err != nil && !errors.Is(err, auditkeys.ErrOwner) {
			t.Errorf("%q: %s, %v, want %s", chain, got, err, want)
		}
	}
	if _, err := auditkeys.New(nil, nil, &auditkeys.Options{Mode: 9}); !isFieldErrors(err) {
		t.Errorf("New of nothing: %v", err)
	}
	s, err := auditkeys.New(newRing(t), func(string) (auditkeys.Owner, error) { return auditkeys.Owner{}, nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sealing(t.Context(), "t/42", ""); !errors.Is(err, auditkeys.ErrOwner) {
		t.Errorf("a zero owner: %v", err)
	}
}

// The documented form, opened by hand.
func TestFormat(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	s := newSealer(t, r, &auditkeys.Options{Mode: auditkeys.Stored})
	sealed := seal(t, s, "t/42", "p-1", []byte("payload"))
	byHand := func(slot auditkeys.Slot, b, bound []byte) []byte {
		t.Helper()
		k, err := r.Current(t.Context(), slot)
		if err != nil {
			t.Fatal(err)
		}
		block, err := aes.NewCipher(auditkeys.SecretOf(k))
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := gcm.Open(nil, b[:12], b[12:], bound)
		if err != nil {
			t.Fatal(err)
		}
		return plain
	}
	bound := append([]byte("hipaa-audit/v1 sealed\n"), sealed[1:17]...)
	bound = append(append(bound, "t/42\n"...), leafOne[:]...)
	inner := byHand(tenantSlot, sealed[17:], bound)
	if sealed[0] != 1 || inner[0] != 1 || string(byHand(patientSlot("42", "p-1"), inner[17:], bound)) != "payload" {
		t.Fatalf("sealed %x, inner %x", sealed, inner)
	}
}

// Sealing and opening allocate what the benchmark says, and no more.
func TestAllocations(t *testing.T) {
	s := newSealer(t, newRing(t), &auditkeys.Options{Mode: auditkeys.Stored})
	payload := bytes.Repeat([]byte("p"), 200)
	n := testing.AllocsPerRun(100, func() { seal(t, s, "t/42", "p-1", payload) })
	if n > 2 {
		t.Errorf("sealing allocates %v times", n)
	}
}
