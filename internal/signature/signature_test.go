package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"testing"

	"github.com/baakit/baakit/internal/signature"
	"pgregory.net/rapid"
)

func keys(t *testing.T) []crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return []crypto.Signer{ed, ec}
}

// A signature verifies for its key, context and message and for no other.
func TestSignVerify(t *testing.T) {
	t.Parallel()
	signers, others := keys(t), keys(t)
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(signers)-1).Draw(t, "key")
		context := rapid.SampledFrom([]string{"a/1", "b/1"}).Draw(t, "context")
		message := rapid.SliceOf(rapid.Byte()).Draw(t, "message")
		s, err := signature.Sign(signers[i], context, message)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(signers[i].Public(), context, message); err != nil {
			t.Fatal(err)
		}
		bad := s
		bad.Value = append([]byte{}, s.Value...)
		bad.Value[rapid.IntRange(0, len(bad.Value)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		renamed := s
		renamed.Algorithm = "none"
		for name, err := range map[string]error{
			"another key":       s.Verify(others[i].Public(), context, message),
			"another algorithm": renamed.Verify(signers[i].Public(), context, message),
			"another context":   s.Verify(signers[i].Public(), context+"x", message),
			"another message":   s.Verify(signers[i].Public(), context, append(message, 'x')),
			"a flipped bit":     bad.Verify(signers[i].Public(), context, message),
			"nothing":           signature.Signature{}.Verify(signers[i].Public(), context, message),
		} {
			if !errors.Is(err, signature.ErrInvalid) {
				t.Fatalf("%s: %v, want ErrInvalid", name, err)
			}
		}
	})
}

// The context cannot be moved into the message.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	for _, key := range keys(t) {
		s, err := signature.Sign(key, "a", []byte("b\nc"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(key.Public(), "ab", []byte("\nc")); !errors.Is(err, signature.ErrInvalid) {
			t.Errorf("a moved context verifies: %v", err)
		}
	}
}

type failing struct{ crypto.Signer }

var errCard = errors.New("no card")

func (failing) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errCard }

func TestRefusedKeys(t *testing.T) {
	t.Parallel()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{r, p384} {
		if _, err := signature.Sign(key, "a", nil); !errors.Is(err, signature.ErrKey) {
			t.Errorf("Sign with %T: %v, want ErrKey", key, err)
		}
		if _, err := signature.KeyID(key.Public()); !errors.Is(err, signature.ErrKey) {
			t.Errorf("KeyID of %T: %v, want ErrKey", key, err)
		}
	}
	if err := (signature.Signature{}).Verify(nil, "a", nil); !errors.Is(err, signature.ErrKey) {
		t.Errorf("no key: %v, want ErrKey", err)
	}
	if _, err := signature.Sign(failing{keys(t)[0]}, "a", nil); !errors.Is(err, errCard) {
		t.Errorf("a failing signer: %v, want its error", err)
	}
}

func TestKeyID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, key := range append(keys(t), keys(t)...) {
		id, err := signature.KeyID(key.Public())
		if err != nil || len(id) != 64 || seen[id] {
			t.Errorf("KeyID = %q, %v", id, err)
		}
		seen[id] = true
	}
}
