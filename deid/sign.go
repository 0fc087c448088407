package deid

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// ErrSignature is the error of a signed statement whose signature does not
// verify.
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

// A SignedStatement is a [Statement] with an Ed25519 signature over its
// canonical JSON.
type SignedStatement struct {
	Statement Statement `json:"statement"`
	SHA256    string    `json:"sha256"`
	Algorithm string    `json:"algorithm"`
	PublicKey []byte    `json:"public_key"`
	Signature []byte    `json:"signature"`
}

const (
	algorithm = "Ed25519"
	signedAs  = "baakit.deid.report/1\n" // in front of the signed bytes
)

// Canonical returns the statement as canonical JSON (RFC 8785): the same
// statement has the same bytes everywhere.
func (s Statement) Canonical() ([]byte, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("deid: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("deid: %w", err)
	}
	return appendCanonical(nil, v)
}

// maxExact is the largest integer that canonical JSON, whose numbers are
// doubles, tells from its neighbours.
const maxExact = 1<<53 - 1

// appendCanonical writes what a statement can hold: no fractions, and no
// integer that a double could round.
func appendCanonical(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendCanonicalString(dst, v), nil
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil || n > maxExact || n < -maxExact {
			return nil, errors.New("deid: a count above 2^53 has no canonical form")
		}
		return strconv.AppendInt(dst, n, 10), nil
	case []any:
		dst = append(dst, '[')
		for i, elem := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendCanonical(dst, elem); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		keys := sortedKeys(v)
		slices.SortFunc(keys, func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
		dst = append(dst, '{')
		for i, key := range keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendCanonicalString(dst, key), ':')
			var err error
			if dst, err = appendCanonical(dst, v[key]); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	return nil, fmt.Errorf("deid: %T has no canonical form", v)
}

// appendCanonicalString escapes what RFC 8785 wants escaped and nothing else.
func appendCanonicalString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\b':
			dst = append(dst, '\\', 'b')
		case r == '\f':
			dst = append(dst, '\\', 'f')
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < ' ':
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}

// SHA256 returns the hash of the canonical JSON in hexadecimal.
func (s Statement) SHA256() (string, error) {
	canonical, err := s.Canonical()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// Sign signs the statement with an Ed25519 key, after putting the signer's
// attestation into it; nil states nothing about actual knowledge. Any key
// store that gives a [crypto.Signer] will do.
func (s Statement) Sign(signer crypto.Signer, attestation *Attestation) (SignedStatement, error) {
	public, ok := signer.Public().(ed25519.PublicKey)
	if !ok {
		return SignedStatement{}, errors.New("deid: the signer's key is not Ed25519")
	}
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
	signature, err := signer.Sign(rand.Reader, append([]byte(signedAs), canonical...), crypto.Hash(0))
	if err != nil {
		return SignedStatement{}, fmt.Errorf("deid: signing: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return SignedStatement{Statement: s, SHA256: hex.EncodeToString(sum[:]), Algorithm: algorithm, PublicKey: public, Signature: signature}, nil
}

// Verify checks the hash and the signature against a key that the reader has
// from elsewhere: the key inside the statement proves nothing by itself. The
// error is [ErrSignature].
func (s SignedStatement) Verify(key ed25519.PublicKey) error {
	canonical, err := s.Statement.Canonical()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(canonical)
	if len(key) != ed25519.PublicKeySize || s.Algorithm != algorithm || s.SHA256 != hex.EncodeToString(sum[:]) ||
		!bytes.Equal(s.PublicKey, key) || !ed25519.Verify(key, append([]byte(signedAs), canonical...), s.Signature) {
		return ErrSignature
	}
	return nil
}

// ParseSigned reads the JSON form of a signed statement, strictly; it does not
// verify it.
func ParseSigned(data []byte) (SignedStatement, error) {
	var s SignedStatement
	if err := strictjson.Decode(data, &s); err != nil {
		return SignedStatement{}, err
	}
	return s, nil
}
