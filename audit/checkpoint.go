package audit

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var (
	// ErrNoSigner says that a checkpoint was asked of a log without a Signer.
	ErrNoSigner = errors.New("audit: the log has no signer")

	// ErrKey says that a key is neither Ed25519 nor ECDSA P-256.
	ErrKey = errors.New("audit: want an Ed25519 or ECDSA P-256 key")
)

// A Checkpoint is the state of a chain that somebody signed: so many entries,
// and the root of the tree over them. Use [ParseCheckpoint] or
// [Log.Checkpoint]; the zero Checkpoint says that nothing is known.
type Checkpoint struct {
	Origin string // of the chain
	Size   uint64
	Root   tlog.Hash
	Note   []byte // the signed note: this is what is kept and sent
}

// A Signer signs checkpoints with one or more keys; the second key is for the
// time in which verifiers change from one to the other. It is safe for
// concurrent use if its keys are.
type Signer struct{ keys []crypto.Signer }

// NewSigner returns a signer. The keys may be in an HSM or a KMS: each is an
// Ed25519 key, whose signatures have type 0x01 of C2SP signed-note, or an
// ECDSA P-256 key, whose signatures have type 0xff with the name
// "baakit.audit/ecdsa-p256-sha256". Any other, or none, is [ErrKey].
func NewSigner(keys ...crypto.Signer) (*Signer, error) {
	if len(keys) == 0 {
		return nil, ErrKey
	}
	for _, k := range keys {
		if k == nil || newNoteKey("k", k.Public()) == nil {
			return nil, ErrKey
		}
	}
	return &Signer{slices.Clone(keys)}, nil
}

// Verifier returns what verifies the signer's checkpoints.
func (s *Signer) Verifier() *Verifier {
	v := new(Verifier)
	for _, k := range s.keys {
		v.keys = append(v.keys, k.Public())
	}
	return v
}

func (s *Signer) sign(c *Checkpoint) error {
	text := c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
	signers := make([]note.Signer, len(s.keys))
	for i, k := range s.keys {
		signers[i] = noteSigner{newNoteKey(c.Origin, k.Public()), k}
	}
	var err error
	c.Note, err = note.Sign(&note.Note{Text: text}, signers...)
	return err
}

// A Verifier holds the public keys of a log; one valid signature suffices. It
// is immutable and safe for concurrent use.
type Verifier struct{ keys []crypto.PublicKey }

// NewVerifier returns a verifier for keys that came from somewhere else than
// the log. It accepts the keys that [NewSigner] does.
func NewVerifier(keys ...crypto.PublicKey) (*Verifier, error) {
	if len(keys) == 0 {
		return nil, ErrKey
	}
	for _, k := range keys {
		if newNoteKey("k", k) == nil {
			return nil, ErrKey
		}
	}
	return &Verifier{slices.Clone(keys)}, nil
}

// Keys returns the verifier keys for an origin in the text form of C2SP
// signed-note, as other tools take them; of Ed25519 keys only.
func (v *Verifier) Keys(origin string) []string {
	var list []string
	for _, k := range v.keys {
		if key, ok := k.(ed25519.PublicKey); ok {
			if text, err := note.NewEd25519VerifierKey(origin, key); err == nil {
				list = append(list, text)
			}
		}
	}
	return list
}

// ParseCheckpoint reads a checkpoint of a chain's origin and checks that one
// of the verifier's keys signed it. Its error is [ErrCheckpoint]. Signatures
// of other keys, such as witnesses', are ignored; so are extension lines.
func ParseCheckpoint(v *Verifier, origin string, signed []byte) (Checkpoint, error) {
	if len(signed) > 1<<20 {
		return Checkpoint{}, fmt.Errorf("%w: too long", ErrCheckpoint)
	}
	list := make([]note.Verifier, len(v.keys))
	for i, k := range v.keys {
		list[i] = newNoteKey(origin, k)
	}
	n, err := note.Open(signed, note.VerifierList(list...))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: no valid signature of the log's key under this origin", ErrCheckpoint)
	}
	c, err := readCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, fmt.Errorf("%w: the origin is another", ErrCheckpoint)
	}
	c.Note = bytes.Clone(signed)
	return c, nil
}

// PeekOrigin returns the origin that a signed note claims, checking nothing
// but its form: to know which chain to ask about. Its error is [ErrCheckpoint].
func PeekOrigin(signed []byte) (string, error) {
	text, _, ok := strings.Cut(string(signed), "\n\n")
	if !ok {
		return "", fmt.Errorf("%w: not a signed note", ErrCheckpoint)
	}
	c, err := readCheckpoint(text + "\n")
	return c.Origin, err
}

func readCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return c, fmt.Errorf("%w: want an origin, a size and a root hash", ErrCheckpoint)
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return c, fmt.Errorf("%w: the size is not a decimal number", ErrCheckpoint)
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return c, fmt.Errorf("%w: the root is not a hash in base64", ErrCheckpoint)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, nil
}

// Checkpoint signs the present state of a chain. Its errors are [ErrNoSigner],
// [ErrUnknownChain], those of the store and of the key.
func (l *Log) Checkpoint(ctx context.Context, chain string) (Checkpoint, error) {
	if l.opt.Signer == nil {
		return Checkpoint{}, ErrNoSigner
	}
	c, err := treeOf(ctx, l.store, chain)
	if err != nil {
		return Checkpoint{}, err
	}
	c.Origin = l.Origin(chain)
	if err := l.opt.Signer.sign(&c); err != nil {
		return Checkpoint{}, fmt.Errorf("audit: sign: %w", err)
	}
	return c, nil
}

// treeOf returns the size and root of a chain, from the stored hashes.
func treeOf(ctx context.Context, s Store, chain string) (Checkpoint, error) {
	h, err := s.Head(ctx, chain)
	if err != nil {
		return Checkpoint{}, err
	}
	if h.Size == 0 {
		return Checkpoint{}, ErrUnknownChain
	}
	f, err := FrontierAt(h.Size, HashReader(ctx, s, chain))
	if err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{Size: h.Size, Root: f.Root()}, nil
}

const (
	algEd25519 = 0x01
	algVendor  = 0xff
	ecdsaName  = "baakit.audit/ecdsa-p256-sha256"
)

// A noteKey is a key under a name, as package note has verifiers.
type noteKey struct {
	name string
	hash uint32
	key  crypto.PublicKey
}

// newNoteKey returns nil for a key of another kind.
func newNoteKey(name string, key crypto.PublicKey) *noteKey {
	var id []byte
	switch k := key.(type) {
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return nil
		}
		id = append([]byte{algEd25519}, k...)
	case *ecdsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(k)
		if err != nil || k.Curve != elliptic.P256() {
			return nil
		}
		id = append(append([]byte{algVendor}, ecdsaName...), der...)
	default:
		return nil
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), id...))
	return &noteKey{name, binary.BigEndian.Uint32(sum[:]), key}
}

func (k *noteKey) Name() string    { return k.name }
func (k *noteKey) KeyHash() uint32 { return k.hash }

func (k *noteKey) Verify(msg, sig []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, msg, sig)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(msg)
		return ecdsa.VerifyASN1(key, sum[:], sig)
	}
	return false
}

type noteSigner struct {
	*noteKey
	signer crypto.Signer
}

func (s noteSigner) Sign(msg []byte) ([]byte, error) {
	if _, ok := s.key.(ed25519.PublicKey); ok {
		return s.signer.Sign(rand.Reader, msg, crypto.Hash(0))
	}
	sum := sha256.Sum256(msg)
	return s.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
}
