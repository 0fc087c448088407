package auditkeys

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/baakit/baakit/audit"
)

// An Owner is a tenant or the organisation. The zero Owner is invalid. Owners
// are comparable; their text form is "organisation" or "tenant " and the name.
type Owner struct {
	kind   ownerKind
	tenant string
}

type ownerKind uint8

const (
	ownedByOrganisation ownerKind = iota + 1
	ownedByTenant
)

// Organisation owns the governance chains. Its keys are never destroyed.
func Organisation() Owner { return Owner{kind: ownedByOrganisation} }

// Tenant returns the owner of a tenant's chains. A name is formed as a chain's
// is ([audit.ValidChain]); with another one the Owner is invalid.
func Tenant(name string) Owner {
	if !audit.ValidChain(name) {
		return Owner{}
	}
	return Owner{ownedByTenant, name}
}

// Tenant returns the name; ok is false if the owner is not a tenant.
func (o Owner) Tenant() (name string, ok bool) { return o.tenant, o.kind == ownedByTenant }

func (o Owner) valid() bool { return o.kind != 0 }

// String returns the text form, "invalid Owner" for the zero Owner.
func (o Owner) String() string {
	switch o.kind {
	case ownedByOrganisation:
		return "organisation"
	case ownedByTenant:
		return "tenant " + o.tenant
	}
	return "invalid Owner"
}

// ByPrefix returns the function that gives chains their owner by their names.
// A chain below prefix, such as "t/", belongs to the tenant whose name is the
// next part: "t/42" and "t/42/imaging" to tenant "42". A chain that is one of
// governance, or below it, belongs to the organisation, and so does the log's
// own. Every other chain is refused with [ErrOwner], so that a chain that
// nobody thought of is not sealed under a key that is not to be destroyed, or
// is.
func ByPrefix(prefix string, governance ...string) func(chain string) (Owner, error) {
	return func(chain string) (Owner, error) {
		if chain == audit.System {
			return Organisation(), nil
		}
		for _, name := range governance {
			if rest, ok := strings.CutPrefix(chain, name); ok && (rest == "" || rest[0] == '/') {
				return Organisation(), nil
			}
		}
		if rest, ok := strings.CutPrefix(chain, prefix); ok && prefix != "" {
			name, _, _ := strings.Cut(rest, "/")
			if o := Tenant(name); o.valid() {
				return o, nil
			}
		}
		return Owner{}, fmt.Errorf("%w: of chain %s", ErrOwner, chain)
	}
}

// A Use is what a key is for. The zero Use is invalid.
type Use uint8

// The uses.
const (
	Payloads Use = iota + 1 // to seal payloads
	Tokens                  // to make subject tokens
)

// String returns "payloads", "tokens" or "invalid Use".
func (u Use) String() string {
	switch u {
	case Payloads:
		return "payloads"
	case Tokens:
		return "tokens"
	}
	return "invalid Use"
}

// A Slot is where a key belongs: an owner's keys for a use, or those of one
// patient of a tenant. It holds the versions of one key. Slots are comparable.
// A Slot prints and logs without its patient.
type Slot struct {
	Owner   Owner
	Use     Use
	Patient string // for Payloads of a tenant only; "" for the owner's own
}

func (s Slot) valid() bool {
	if s.Patient != "" && (s.Owner.kind != ownedByTenant || s.Use != Payloads) {
		return false
	}
	return s.Owner.valid() && (s.Use == Payloads || s.Use == Tokens)
}

// String returns the owner and the use, and whether it is a patient's.
func (s Slot) String() string {
	text := s.Owner.String() + ", " + s.Use.String()
	if s.Patient != "" {
		text += ", [patient]"
	}
	return text
}

// Format implements [fmt.Formatter]: whatever the verb, it prints what String
// returns.
func (s Slot) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue implements [slog.LogValuer] with what String returns.
func (s Slot) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Keys is where keys come from. [Ring] is one. Its methods are called
// concurrently.
type Keys interface {
	// Current returns the newest key of a slot. If there is none it makes
	// one, which is durable before Current returns. Its errors are
	// [ErrDestroyed] for a tenant whose keys were destroyed, [ErrSuspended],
	// [ErrOwner] for a slot that cannot be, and its own.
	Current(ctx context.Context, s Slot) (*Key, error)

	// Lookup returns the key with an ID. Its errors are a [KeyError] and its
	// own.
	Lookup(ctx context.Context, id ID) (*Key, error)

	// Versions returns the keys of a slot that are left, the newest first;
	// of a slot without keys none. It makes none. Its errors are
	// [ErrDestroyed] for a tenant whose keys were destroyed, [ErrOwner], and
	// its own.
	Versions(ctx context.Context, s Slot) ([]*Key, error)
}

// A KMS is a key management service. It encrypts a few bytes under a key that
// never leaves it. bound goes with the ciphertext: with another one Decrypt
// fails. Cloud services call it encryption context or associated data.
type KMS interface {
	Encrypt(ctx context.Context, plaintext []byte, bound map[string]string) (ciphertext []byte, err error)
	Decrypt(ctx context.Context, ciphertext []byte, bound map[string]string) (plaintext []byte, err error)
}
