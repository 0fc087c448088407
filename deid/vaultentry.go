package deid

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/baakit/baakit"
)

// A vaultEntry is what a stored vault keeps, encrypted, of one identifier.
type vaultEntry struct {
	code             Code
	scope, namespace string
	id               []byte
}

func (e vaultEntry) append(dst []byte) []byte {
	return AppendVaultKey(append(dst, e.code[:]...), e.scope, e.namespace, e.id)
}

// parseVaultEntry reads what append wrote. Under an authenticated cipher
// nothing else comes here, unless the key is in other hands.
func parseVaultEntry(b []byte) (e vaultEntry, err error) {
	if len(b) < len(e.code) {
		return vaultEntry{}, ErrVaultKey
	}
	e.code, b = Code(b), b[len(e.code):]
	for _, part := range [...]*string{&e.scope, &e.namespace} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) || size > 1 && b[size-1] == 0 {
			return vaultEntry{}, ErrVaultKey
		}
		*part, b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	if e.code.IsZero() {
		return vaultEntry{}, ErrVaultKey
	}
	e.id = b
	return e, nil
}

// vaultKeys makes the two keys of a vault from the user's.
func vaultKeys(key []byte) (aead cipher.AEAD, mac []byte, err error) {
	if len(key) != 32 {
		return nil, nil, baakit.FieldError{Path: "key", Rule: "must have 32 bytes"}
	}
	seal, err := hkdf.Key(sha256.New, key, nil, vaultFormat+" seal", 32)
	if err == nil {
		mac, err = hkdf.Key(sha256.New, key, nil, vaultFormat+" lookup", 32)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrVault, err)
	}
	block, err := aes.NewCipher(seal)
	if err == nil {
		aead, err = cipher.NewGCMWithRandomNonce(block)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrVault, err)
	}
	return aead, mac, nil
}

// A Sealer is the cryptography of a vault that keeps its entries in a place
// where others could read them, such as a database: package deidsql has its
// own from here, and so can other implementations of [Vault]. It is immutable
// and safe for concurrent use; make it with [NewSealer].
type Sealer struct {
	aead cipher.AEAD
	mac  []byte
}

// NewSealer returns a Sealer for a key of 32 bytes; any other length is a
// [baakit.FieldError].
func NewSealer(key []byte) (*Sealer, error) {
	aead, mac, err := vaultKeys(key)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead, mac}, nil
}

// Lookup returns the 32 bytes under which an entry is found: a keyed hash of
// scope, namespace and id, which says nothing to who has not the key. It is an
// index inside the vault, and never a code.
func (s *Sealer) Lookup(scope, namespace string, id []byte) []byte {
	at := vaultLookup(s.mac, scope, namespace, id)
	return at[:]
}

// Seal encrypts an entry for the row with the given lookup.
func (s *Sealer) Seal(lookup []byte, code Code, scope, namespace string, id []byte) []byte {
	return s.aead.Seal(nil, nil, vaultEntry{code, scope, namespace, id}.append(nil), lookup)
}

// Open decrypts what Seal made for the row. What was made under another key or
// for another row, or was changed, gives [ErrVaultKey].
func (s *Sealer) Open(lookup, sealed []byte) (code Code, scope, namespace string, id []byte, err error) {
	plain, err := s.aead.Open(nil, nil, sealed, lookup)
	if err != nil {
		return Code{}, "", "", nil, ErrVaultKey
	}
	e, err := parseVaultEntry(plain)
	if err != nil {
		return Code{}, "", "", nil, err
	}
	return e.code, e.scope, e.namespace, e.id, nil
}
