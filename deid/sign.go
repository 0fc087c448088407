package deid

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/signature"
	"github.com/baakit/baakit/internal/strictjson"
)

// ErrSignature is the error of a signed statement whose hash or signature does
// not verify.
var ErrSignature = errors.New("deid: the statement's signature does not verify")

// An Attestation is what only a person can state about the result: 45 CFR
// 164.514(b)(2)(ii), that the covered entity has no actual knowledge that the
// information could be used, alone or in combination with other information,
// to identify an individual who is its subject. The library never states it.
type Attestation struct {
	By                string      `json:"by"`
	On                baakit.Date `json:"on"`
	NoActualKnowledge bool        `json:"no_actual_knowledge"`
}

// A SignedStatement is a [Statement] with the hash of its canonical JSON and a
// signature over it, by an Ed25519 key or an ECDSA key on P-256. It holds the
// public key in PKIX form, which only says which key to look for: trust a key
// that you have from elsewhere.
type SignedStatement struct {
	Statement Statement `json:"statement"`
	SHA256    string    `json:"sha256"`
	Algorithm string    `json:"algorithm"`
	PublicKey []byte    `json:"public_key"`
	Signature []byte    `json:"signature"`
}

// Canonical returns the statement as canonical JSON (RFC 8785): the same
// statement has the same bytes everywhere. The error is that of a count above
// 2^53, which has no canonical form, or of a text that is not UTF-8.
func (s Statement) Canonical() ([]byte, error) {
	canonical, err := jcs.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("deid: %w", err)
	}
	return canonical, nil
}

// SHA256 returns the hash of the canonical JSON in hexadecimal.
func (s Statement) SHA256() (string, error) {
	canonical, err := s.Canonical()
	if err != nil {
		return "", err
	}
	return hexSHA256(canonical), nil
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Sign signs the statement after putting the signer's attestation into it; nil
// states nothing about actual knowledge. Any key store that gives a
// [crypto.Signer] for Ed25519 or ECDSA on P-256 will do. The errors are
// [baakit.FieldErrors] for the attestation, and those of the signer.
func (s Statement) Sign(signer crypto.Signer, attestation *Attestation) (SignedStatement, error) {
	if attestation != nil {
		var errs baakit.FieldErrors
		if attestation.By == "" {
			errs.Add("by", "is required")
		}
		if attestation.On.IsZero() {
			errs.Add("on", "is required")
		}
		if err := errs.Err(); err != nil {
			return SignedStatement{}, err
		}
		own := *attestation
		s.ActualKnowledge = &own
	}
	canonical, err := s.Canonical()
	if err != nil {
		return SignedStatement{}, err
	}
	sig, err := signature.Sign(signer, ReportSchema, canonical)
	if err != nil {
		return SignedStatement{}, fmt.Errorf("deid: %w", err)
	}
	return SignedStatement{s, hexSHA256(canonical), sig.Algorithm, sig.PublicKey, sig.Value}, nil
}

// Verify checks the hash and the signature with a key that the reader has from
// elsewhere. The error is [ErrSignature].
func (s SignedStatement) Verify(key crypto.PublicKey) error {
	canonical, err := s.Statement.Canonical()
	if err != nil {
		return err
	}
	sig := signature.Signature{Algorithm: s.Algorithm, PublicKey: s.PublicKey, Value: s.Signature}
	if s.SHA256 != hexSHA256(canonical) || sig.Verify(key, ReportSchema, canonical) != nil {
		return ErrSignature
	}
	return nil
}

// ParseSigned reads the JSON form of a signed statement, strictly; it does not
// verify it. The error is [baakit.FieldErrors].
func ParseSigned(data []byte) (SignedStatement, error) {
	var s SignedStatement
	if err := strictjson.Decode(data, &s); err != nil {
		return SignedStatement{}, err
	}
	if err := s.Statement.check(); err != nil {
		var errs baakit.FieldErrors
		errs.Merge("statement", err)
		return SignedStatement{}, errs
	}
	return s, nil
}

// ParseStatement reads the JSON form of a statement, strictly. The error is
// [baakit.FieldErrors].
func ParseStatement(data []byte) (Statement, error) {
	var s Statement
	if err := strictjson.Decode(data, &s); err != nil {
		return Statement{}, err
	}
	if err := s.check(); err != nil {
		return Statement{}, err
	}
	return s, nil
}

func (s Statement) check() error {
	if s.Schema != ReportSchema {
		return baakit.FieldErrors{{Path: "schema", Rule: "must be " + ReportSchema}}
	}
	return nil
}
