package auditkeys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// An ID names a key: 16 random bytes, which say nothing of the key or its
// owner. IDs are comparable; the zero ID names none.
type ID [16]byte

// String returns the ID as 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements [encoding.TextMarshaler], as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] for what MarshalText
// writes. On an error id is unchanged.
func (id *ID) UnmarshalText(text []byte) error {
	var v ID
	if len(text) != 2*len(v) {
		return errNotID
	}
	if _, err := hex.Decode(v[:], text); err != nil || v.String() != string(text) {
		return errNotID
	}
	*id = v
	return nil
}

var errNotID = errors.New("auditkeys: not a key's ID: want 32 hexadecimal digits")

// A Key is a secret with its ID and its owner. It prints and logs as its ID
// alone. A Key never changes and is safe for concurrent use; make one with
// [NewKey].
type Key struct {
	id     ID
	owner  Owner
	usable func() error
	secret [KeySize]byte
	aead   cipher.AEAD

	labels   sync.Once
	labelKey []byte
	labelErr error

	mu      sync.Mutex
	derived map[[16]byte]cipher.AEAD // by label: those used last
}

// maxDerived is how many derived keys are kept ready.
const maxDerived = 1024

// NewKey returns the key with a secret of [KeySize] bytes, of which it keeps a
// copy. usable, if not nil, is asked before each use to seal, so that a
// destroyed key seals nothing more; its error refuses the event. The error is a
// [baakit.FieldErrors].
func NewKey(id ID, owner Owner, secret []byte, usable func() error) (*Key, error) {
	var errs baakit.FieldErrors
	if id == (ID{}) {
		errs.Add("id", "is required")
	}
	if !owner.valid() {
		errs.Add("owner", "must be the organisation, or a tenant with the name of a chain")
	}
	if len(secret) != KeySize {
		errs.Add("secret", "must have 32 bytes")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	return &Key{id: id, owner: owner, usable: usable, secret: [KeySize]byte(secret), aead: aead}, nil
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// NewID returns a fresh ID.
func NewID() (id ID) {
	for id == (ID{}) {
		rand.Read(id[:]) // never fails
	}
	return id
}

// ID returns the key's ID.
func (k *Key) ID() ID { return k.id }

// Owner returns whose key it is.
func (k *Key) Owner() Owner { return k.owner }

// token returns the search token of a patient under the key.
func (k *Key) token(patient string) audit.Token { return audit.SubjectToken(k.secret[:], patient) }

const (
	labelDomain   = "hipaa-audit/v1 patient label\n"
	derivedDomain = "hipaa-audit/v1 patient key\n"
)

// label returns what stands for a patient in payloads under derived keys.
func (k *Key) label(patient string) ([16]byte, error) {
	k.labels.Do(func() {
		k.labelKey, k.labelErr = hkdf.Expand(sha256.New, k.secret[:], labelDomain, KeySize)
	})
	if k.labelErr != nil {
		return [16]byte{}, k.labelErr
	}
	return audit.SubjectToken(k.labelKey, patient), nil
}

// derive returns the cipher of a patient's derived key.
func (k *Key) derive(label [16]byte) (cipher.AEAD, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if aead := k.derived[label]; aead != nil {
		return aead, nil
	}
	secret, err := hkdf.Expand(sha256.New, k.secret[:], derivedDomain+string(label[:]), KeySize)
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	if k.derived == nil || len(k.derived) >= maxDerived {
		k.derived = make(map[[16]byte]cipher.AEAD)
	}
	k.derived[label] = aead
	return aead, nil
}

// check returns why the key may not seal.
func (k *Key) check() error {
	if k.usable == nil {
		return nil
	}
	return k.usable()
}

// Format implements [fmt.Formatter]: whatever the verb, it prints the ID.
func (k *Key) Format(s fmt.State, _ rune) { io.WriteString(s, "auditkeys.Key("+k.id.String()+")") }

// LogValue implements [slog.LogValuer] with the ID.
func (k *Key) LogValue() slog.Value { return slog.StringValue("auditkeys.Key(" + k.id.String() + ")") }
