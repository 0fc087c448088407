package deid

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

var (
	// ErrCode is the error of a text that is not a [Code].
	ErrCode = errors.New("deid: not a code: want 26 characters of base32")

	// ErrNoCode is the error of a code that a vault did not give out in the
	// scope and namespace that are asked for.
	ErrNoCode = errors.New("deid: no such code in this scope and namespace")
)

// A Code stands for an identifier: 128 random bits, so that it is not derived
// from or related to information about the individual and cannot be
// translated without the vault (45 CFR 164.514(c)(1)).
//
// The zero Code is invalid. Codes are comparable; their text form is 26
// characters of base32, A to Z and 2 to 7.
type Code [16]byte

var codeEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewCode returns a fresh random code from the randomness of the system.
func NewCode() Code {
	var c Code
	for c.IsZero() {
		rand.Read(c[:]) // never fails
	}
	return c
}

// ParseCode reads the text form; anything else gives the zero Code and
// [ErrCode].
func ParseCode(s string) (Code, error) {
	var c Code
	if len(s) != 26 {
		return Code{}, ErrCode
	}
	if _, err := codeEncoding.Decode(c[:], []byte(s)); err != nil || c.IsZero() || c.String() != s {
		return Code{}, ErrCode
	}
	return c, nil
}

// IsZero reports whether c is the zero Code.
func (c Code) IsZero() bool { return c == Code{} }

// String returns the text form.
func (c Code) String() string { return codeEncoding.EncodeToString(c[:]) }

// AppendText implements [encoding.TextAppender]; the zero Code gives
// [ErrCode].
func (c Code) AppendText(b []byte) ([]byte, error) {
	if c.IsZero() {
		return b, ErrCode
	}
	return codeEncoding.AppendEncode(b, c[:]), nil
}

// MarshalText implements [encoding.TextMarshaler], as AppendText does.
func (c Code) MarshalText() ([]byte, error) { return c.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseCode]; on an error c is unchanged.
func (c *Code) UnmarshalText(text []byte) error {
	v, err := ParseCode(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// A Vault keeps which code stands for which identifier. It is the mechanism
// for re-identification that 45 CFR 164.514(c)(2) forbids to disclose: keep it
// away from those who receive the output.
//
// Code returns the code of id within a scope and a namespace. It is the same
// at every call, before and after a crash, and for callers at the same time; a
// new one is 128 bits of a cryptographic random generator, never computed from
// the id, and is stored for good before Code returns. Two scopes never share a
// code. Code keeps no reference to id, and its errors hold nothing of it.
// Package deidtest checks an implementation.
type Vault interface {
	Code(ctx context.Context, scope, namespace string, id []byte) (Code, error)
}

// A Reidentifier is a Vault that also leads back, for those whom the covered
// entity lets re-identify: 45 CFR 164.514(c).
type Reidentifier interface {
	Vault
	// Reidentify returns the id of a code, or ErrNoCode.
	Reidentify(ctx context.Context, scope, namespace string, code Code) ([]byte, error)
}

// A MemoryVault is a [Vault] that forgets everything when the process ends:
// for tests, and for a single job whose codes need to mean nothing later. It
// is safe for concurrent use; make it with [NewMemoryVault].
type MemoryVault struct {
	mu    sync.Mutex
	codes map[string]Code
	ids   map[memoryKey]string
}

type memoryKey struct {
	scope, namespace string
	code             Code
}

var _ Reidentifier = (*MemoryVault)(nil)

// NewMemoryVault returns an empty vault.
func NewMemoryVault() *MemoryVault {
	return &MemoryVault{codes: make(map[string]Code), ids: make(map[memoryKey]string)}
}

// Code implements [Vault]. Its only error is that of ctx.
func (v *MemoryVault) Code(ctx context.Context, scope, namespace string, id []byte) (Code, error) {
	if err := ctx.Err(); err != nil {
		return Code{}, err
	}
	var buf [128]byte
	key := AppendVaultKey(buf[:0], scope, namespace, id)
	v.mu.Lock()
	defer v.mu.Unlock()
	if code, ok := v.codes[string(key)]; ok {
		return code, nil
	}
	code := NewCode()
	v.codes[string(key)] = code
	v.ids[memoryKey{scope, namespace, code}] = string(id)
	return code, nil
}

// Reidentify implements [Reidentifier].
func (v *MemoryVault) Reidentify(ctx context.Context, scope, namespace string, code Code) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	id, ok := v.ids[memoryKey{scope, namespace, code}]
	if !ok {
		return nil, ErrNoCode
	}
	return []byte(id), nil
}

// Format implements [fmt.Formatter] and prints nothing of what is inside.
func (v *MemoryVault) Format(s fmt.State, _ rune) { io.WriteString(s, "deid.MemoryVault(redacted)") }

// LogValue implements [slog.LogValuer] and logs nothing of what is inside.
func (v *MemoryVault) LogValue() slog.Value { return slog.StringValue("deid.MemoryVault(redacted)") }

// AppendVaultKey appends the three parts with their lengths, so that no two
// triples have the same bytes. It is for implementations of [Vault].
func AppendVaultKey(dst []byte, scope, namespace string, id []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(scope)))
	dst = append(dst, scope...)
	dst = binary.AppendUvarint(dst, uint64(len(namespace)))
	dst = append(dst, namespace...)
	return append(dst, id...)
}
