// Package signature signs messages with any [crypto.Signer]: a key in memory
// or one that a key service or a card holds.
//
// A signature is made for a context, such as "baakit.deid.report/1", which
// stands in front of the signed bytes, so that a signature for one kind of
// document is none for another.
package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
)

var (
	// ErrInvalid is the error of a signature that does not verify.
	ErrInvalid = errors.New("the signature does not verify")
	// ErrKey is the error of a key that is neither Ed25519 nor ECDSA on P-256.
	ErrKey = errors.New("the key is neither Ed25519 nor ECDSA on P-256")
)

const (
	edAlgorithm = "Ed25519"
	ecAlgorithm = "ECDSA-P256-SHA256"
)

// A Signature is detached from what it signs. PublicKey, in PKIX form, only
// says which key to look for: a reader trusts a key that it has from
// elsewhere.
type Signature struct {
	Algorithm string `json:"algorithm"`
	PublicKey []byte `json:"public_key"`
	Value     []byte `json:"signature"`
}

// Sign signs the message for the context. The error is [ErrKey] or wraps that
// of the signer.
func Sign(signer crypto.Signer, context string, message []byte) (Signature, error) {
	algorithm, public, err := describe(signer.Public())
	if err != nil {
		return Signature{}, err
	}
	signed, opts := framed(context, message), crypto.Hash(0)
	if algorithm == ecAlgorithm {
		sum := sha256.Sum256(signed)
		signed, opts = sum[:], crypto.SHA256
	}
	value, err := signer.Sign(rand.Reader, signed, opts)
	if err != nil {
		return Signature{}, fmt.Errorf("signing: %w", err)
	}
	return Signature{Algorithm: algorithm, PublicKey: public, Value: value}, nil
}

// Verify checks the signature with a key that the reader has from elsewhere.
// The error is [ErrInvalid] or [ErrKey].
func (s Signature) Verify(key crypto.PublicKey, context string, message []byte) error {
	algorithm, public, err := describe(key)
	if err != nil {
		return err
	}
	if s.Algorithm != algorithm || string(s.PublicKey) != string(public) {
		return ErrInvalid
	}
	signed, ok := framed(context, message), false
	switch key := key.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, signed, s.Value)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(signed)
		ok = ecdsa.VerifyASN1(key, sum[:], s.Value)
	}
	if !ok {
		return ErrInvalid
	}
	return nil
}

// KeyID returns the SHA-256 of the key's PKIX form in hexadecimal. The error
// is [ErrKey].
func KeyID(key crypto.PublicKey) (string, error) {
	_, public, err := describe(key)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:]), nil
}

// describe returns the algorithm and the PKIX form of a key.
func describe(key crypto.PublicKey) (algorithm string, public []byte, err error) {
	switch key := key.(type) {
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return "", nil, ErrKey
		}
		algorithm = edAlgorithm
	case *ecdsa.PublicKey:
		if key == nil || key.Curve != elliptic.P256() {
			return "", nil, ErrKey
		}
		algorithm = ecAlgorithm
	default:
		return "", nil, ErrKey
	}
	public, err = x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", nil, ErrKey
	}
	return algorithm, public, nil
}

// framed puts the context in front; the line feed ends it, so that no context
// is the beginning of another's message.
func framed(context string, message []byte) []byte {
	return append([]byte(context+"\n"), message...)
}
