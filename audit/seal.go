package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/strictjson"
	"golang.org/x/mod/sumdb/tlog"
)

// SaltSize is the length of the random salt of every sealed part, in bytes.
const SaltSize = 32

// MaxText is the greatest length in bytes of Query, Reason and each value of
// Extra. What is longer is not refused, because then an access would go
// unlogged: it is cut, and its length and SHA-256 are put behind it.
const MaxText = 64 << 10

// A Sealer turns the sealed part of an event into what is stored beside the
// line, and back. It owns the keys; the log knows none. Its methods are called
// concurrently.
type Sealer interface {
	// Sealing returns what seals one new payload of a chain about a patient,
	// "" for none. It may wait for keys: it is called before the log holds
	// anything up. Its error refuses the event.
	Sealing(ctx context.Context, chain, patient string) (Sealing, error)

	// Open returns the payload that a Sealing of the chain made for the leaf,
	// [ErrErased] if the key is gone, and [ErrSealed] if the bytes are not
	// such a payload.
	Open(ctx context.Context, chain string, leaf tlog.Hash, sealed []byte) ([]byte, error)
}

// A Sealing seals one payload.
type Sealing interface {
	// Subject returns the token by which the patient's entries are found, as
	// of [SubjectToken]; ok is false for none.
	Subject() (token Token, ok bool)

	// Seal returns what is stored for a payload, bound to the leaf hash of
	// its line. It must not wait: the chain stands still until it returns.
	Seal(leaf tlog.Hash, payload []byte) ([]byte, error)
}

// A Token stands for a patient in the line, as 32 lower-case hexadecimal
// digits. Tokens are comparable.
type Token [16]byte

// String returns the hexadecimal digits.
func (t Token) String() string { return hex.EncodeToString(t[:]) }

// SubjectToken returns the search token of a patient: the first 16 bytes of
// HMAC-SHA-256(key, "hipaa-audit/v1 subject\n" ‖ patient). Entries about one
// patient have one token, so that they can be found; whoever reads the log sees
// how many those are, but not who it is. Without the key no one can tell.
func SubjectToken(key []byte, patient string) Token {
	// RFC 2104 without the seven allocations of package hmac.
	var room [256]byte
	var pad [sha256.BlockSize]byte
	if len(key) > len(pad) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(pad[:], key)
	for i := range pad {
		pad[i] ^= 0x36
	}
	b := append(append(append(room[:0], pad[:]...), "hipaa-audit/v1 subject\n"...), patient...)
	inner := sha256.Sum256(b)
	for i := range pad {
		pad[i] ^= 0x36 ^ 0x5c
	}
	sum := sha256.Sum256(append(append(room[:0], pad[:]...), inner[:]...))
	return Token(sum[:16])
}

const sealDomain = "hipaa-audit/v1 seal\n"

// Commitment returns what a line's seal holds:
// SHA-256("hipaa-audit/v1 seal\n" ‖ payload), where the payload is the salt
// and behind it the sealed part as canonical JSON.
func Commitment(payload []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(sealDomain), payload...))
}

// Unencrypted is a [Sealer] that stores payloads as they are. Who can read the
// store can read them: it is for tests, for demonstrations and for domain
// events that hold nothing confidential. The zero Unencrypted gives no subject
// tokens.
type Unencrypted struct{ TokenKey []byte }

// Sealing implements [Sealer].
func (u Unencrypted) Sealing(_ context.Context, _, patient string) (Sealing, error) {
	if len(u.TokenKey) == 0 || patient == "" {
		return noToken{}, nil
	}
	return unencrypted(SubjectToken(u.TokenKey, patient)), nil
}

// Open implements [Sealer].
func (u Unencrypted) Open(_ context.Context, _ string, _ tlog.Hash, sealed []byte) ([]byte, error) {
	return sealed, nil
}

// String and GoString keep the key out of logs.
func (u Unencrypted) String() string   { return "audit.Unencrypted" }
func (u Unencrypted) GoString() string { return u.String() }

// unencrypted is the sealing of a payload with a token, noToken without.
type (
	unencrypted Token
	noToken     struct{}
)

func (u unencrypted) Subject() (Token, bool)                           { return Token(u), true }
func (u unencrypted) Seal(_ tlog.Hash, payload []byte) ([]byte, error) { return payload, nil }
func (noToken) Subject() (Token, bool)                                 { return Token{}, false }
func (noToken) Seal(_ tlog.Hash, payload []byte) ([]byte, error)       { return payload, nil }

// HasSealed reports whether the event has anything in its sealed part.
func (e *Event) HasSealed() bool {
	return e.Patient != "" || len(e.Subjects) > 0 || e.ObjectID != "" || e.Query != "" || e.Reason != "" ||
		e.Disclosure != nil || len(e.Extra) > 0 || e.Payload != nil
}

// appendSealed appends the sealed part as canonical JSON. Its error is that of
// a JSON value that has no canonical form.
func (e *Event) appendSealed(b []byte) ([]byte, error) {
	open := len(b)
	key := func(name string) {
		b = append(b, `,"`...)
		b = append(append(b, name...), `":`...)
	}
	raw := func(name string, value json.RawMessage) error {
		if value == nil {
			return nil
		}
		canonical, err := jcs.Canonicalize(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		key(name)
		b = append(b, canonical...)
		return nil
	}
	str := func(name, value string) {
		if value != "" {
			key(name)
			b = jcs.AppendString(b, value)
		}
	}
	if err := raw("disclosure", e.Disclosure); err != nil {
		return nil, err
	}
	if len(e.Extra) > 0 {
		extra := make(map[string]string, len(e.Extra))
		for k, v := range e.Extra {
			extra[k] = cut(v)
		}
		text, err := jcs.Marshal(extra)
		if err != nil {
			return nil, fmt.Errorf("extra: %w", err)
		}
		key("extra")
		b = append(b, text...)
	}
	str("object_id", e.ObjectID)
	str("patient", e.Patient)
	if err := raw("payload", e.Payload); err != nil {
		return nil, err
	}
	str("query", cut(e.Query))
	str("reason", cut(e.Reason))
	for i, s := range e.Subjects {
		if i == 0 {
			key("subjects")
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		b = jcs.AppendString(b, s)
	}
	if len(e.Subjects) > 0 {
		b = append(b, ']')
	}
	b[open] = '{'
	return append(b, '}'), nil
}

// cut shortens a text that is too long, at a character's border.
func cut(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return fmt.Sprintf("%s [cut: %d bytes, SHA-256 %x]", s[:end], len(s), sha256.Sum256([]byte(s)))
}

type sealedWire struct {
	Disclosure json.RawMessage   `json:"disclosure"`
	Extra      map[string]string `json:"extra"`
	ObjectID   string            `json:"object_id"`
	Patient    string            `json:"patient"`
	Payload    json.RawMessage   `json:"payload"`
	Query      string            `json:"query"`
	Reason     string            `json:"reason"`
	Subjects   []string          `json:"subjects"`
}

// OpenPayload checks a payload against the entry's commitment and returns the
// entry with the sealed part of its event filled in. Its error is [ErrSealed].
func (e Entry) OpenPayload(payload []byte) (Entry, error) {
	sum := Commitment(payload)
	if len(payload) < SaltSize || hex.EncodeToString(sum[:]) != e.Seal {
		return Entry{}, ErrSealed
	}
	var w sealedWire
	if err := strictjson.Decode(payload[SaltSize:], &w); err != nil {
		return Entry{}, ErrSealed
	}
	v := &e.Event
	v.Disclosure, v.Extra, v.ObjectID, v.Patient = w.Disclosure, maps.Clone(w.Extra), w.ObjectID, w.Patient
	v.Payload, v.Query, v.Reason, v.Subjects = w.Payload, w.Query, w.Reason, slices.Clone(w.Subjects)
	return e, nil
}
