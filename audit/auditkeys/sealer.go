package auditkeys

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A Mode says how the payloads about a patient are sealed in a tenant's chains.
type Mode uint8

// The modes. Only Stored lets the payloads of one patient be shredded.
const (
	Shared  Mode = iota // under the tenant's key
	Derived             // and a key that is derived from it for the patient
	Stored              // and a random key of the patient, which is stored
)

// Options of a [Sealer]. The zero Options, and a nil pointer to them, give
// subject tokens and seal in the mode Shared.
type Options struct {
	Mode Mode

	// NoTokens leaves subject tokens out of the lines.
	NoTokens bool
}

// A Sealer is an [audit.Sealer] with keys. It is safe for concurrent use; make
// one with [New].
type Sealer struct {
	keys  Keys
	owner func(string) (Owner, error)
	opt   Options
}

var _ audit.Sealer = (*Sealer)(nil)

// New returns a sealer. owner says whose a chain is; an error of it refuses
// the event. It is called for every event, concurrently, and must give a chain
// one owner for ever. The error is a [baakit.FieldErrors] of what is missing.
func New(keys Keys, owner func(chain string) (Owner, error), opt *Options) (*Sealer, error) {
	s := &Sealer{keys: keys, owner: owner}
	if opt != nil {
		s.opt = *opt
	}
	var errs baakit.FieldErrors
	if keys == nil {
		errs.Add("keys", "is required")
	}
	if owner == nil {
		errs.Add("owner", "is required")
	}
	if s.opt.Mode > Stored {
		errs.Add("mode", "must be Shared, Derived or Stored")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Owner returns whose a chain is, as the function given to [New] says. Its
// errors are those of the function and [ErrOwner].
func (s *Sealer) Owner(chain string) (Owner, error) {
	o, err := s.owner(chain)
	if err == nil && !o.valid() {
		err = fmt.Errorf("%w: of chain %s", ErrOwner, chain)
	}
	return o, err
}

// Mode returns the mode of the sealer.
func (s *Sealer) Mode() Mode { return s.opt.Mode }

const (
	sealVersion = 1
	headSize    = 1 + len(ID{})
	nonceSize   = 12
	gcmOverhead = nonceSize + 16

	innerPlain   = 0
	innerStored  = 1
	innerDerived = 2

	sealedDomain = "hipaa-audit/v1 sealed\n"
	maxBound     = len(sealedDomain) + len(ID{}) + audit.MaxChainName + 1 + tlog.HashSize
)

// appendBound appends the associated data up to the leaf hash.
func appendBound(b []byte, id ID, chain string) []byte {
	b = append(b, sealedDomain...)
	b = append(b, id[:]...)
	b = append(b, chain...)
	return append(b, '\n')
}

// A sealing seals one payload.
type sealing struct {
	key     *Key
	patient *Key        // in the mode Stored
	derived cipher.AEAD // in the mode Derived
	ref     [16]byte    // the patient key's ID, or the label
	token   audit.Token
	tokened bool
	bound   int // used of room
	room    [maxBound]byte
}

// Sealing implements [audit.Sealer]. Its errors are those of the owner function
// and of [Keys.Current].
func (s *Sealer) Sealing(ctx context.Context, chain, patient string) (audit.Sealing, error) {
	owner, err := s.Owner(chain)
	if err != nil {
		return nil, err
	}
	if len(chain) > audit.MaxChainName {
		return nil, fmt.Errorf("%w: the chain's name is too long", ErrOwner)
	}
	sg := new(sealing)
	if sg.key, err = s.keys.Current(ctx, Slot{Owner: owner, Use: Payloads}); err != nil {
		return nil, err
	}
	sg.bound = len(appendBound(sg.room[:0], sg.key.id, chain))
	if patient == "" {
		return sg, nil
	}
	if owner.kind == ownedByTenant {
		switch s.opt.Mode {
		case Stored:
			if sg.patient, err = s.keys.Current(ctx, Slot{owner, Payloads, patient}); err == nil {
				sg.ref = sg.patient.id
			}
		case Derived:
			if sg.ref, err = sg.key.label(patient); err == nil {
				sg.derived, err = sg.key.derive(sg.ref)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if !s.opt.NoTokens {
		key, err := s.keys.Current(ctx, Slot{Owner: owner, Use: Tokens})
		if err != nil {
			return nil, err
		}
		sg.token, sg.tokened = key.token(patient), true
	}
	return sg, nil
}

// Subject implements [audit.Sealing].
func (s *sealing) Subject() (audit.Token, bool) { return s.token, s.tokened }

// Seal implements [audit.Sealing].
func (s *sealing) Seal(leaf tlog.Hash, payload []byte) ([]byte, error) {
	if err := s.key.check(); err != nil {
		return nil, err
	}
	bound := append(s.room[:s.bound], leaf[:]...)
	var under cipher.AEAD
	form := byte(innerPlain)
	switch {
	case s.patient != nil:
		if err := s.patient.check(); err != nil {
			return nil, err
		}
		under, form = s.patient.aead, innerStored
	case s.derived != nil:
		under, form = s.derived, innerDerived
	}
	inner := 1 + len(payload)
	if under != nil {
		inner += len(s.ref) + gcmOverhead
	}
	// One allocation: what is stored, and behind it what goes in.
	total := headSize + gcmOverhead + inner
	room := make([]byte, 0, total+inner)
	in := append(room[total:total], form)
	if under == nil {
		in = append(in, payload...)
	} else {
		in = append(in, s.ref[:]...)
		in = under.Seal(in, nil, payload, bound)
	}
	out := append(room[:0:total], sealVersion)
	out = append(out, s.key.id[:]...)
	out = s.key.aead.Seal(out, nil, in, bound)
	clear(in)
	return out, nil
}

// Open implements [audit.Sealer]. Its errors are [audit.ErrSealed] for bytes
// that were not sealed for this place, a [KeyError] for a key that is gone,
// and those of [Keys.Lookup].
func (s *Sealer) Open(ctx context.Context, chain string, leaf tlog.Hash, sealed []byte) ([]byte, error) {
	owner, err := s.Owner(chain)
	if err != nil {
		return nil, err
	}
	id, ok := KeyOf(sealed)
	if !ok || len(chain) > audit.MaxChainName {
		return nil, audit.ErrSealed
	}
	key, err := s.lookup(ctx, owner, id)
	if err != nil {
		return nil, err
	}
	var room [maxBound]byte
	bound := append(appendBound(room[:0], id, chain), leaf[:]...)
	in, err := key.aead.Open(nil, nil, sealed[headSize:], bound)
	if err != nil || len(in) == 0 {
		return nil, audit.ErrSealed
	}
	if in[0] == innerPlain {
		return in[1:], nil
	}
	if len(in) < 1+len(ID{})+gcmOverhead {
		return nil, audit.ErrSealed
	}
	ref, rest := [16]byte(in[1:]), in[1+len(ID{}):]
	var under cipher.AEAD
	switch in[0] {
	case innerStored:
		patient, err := s.lookup(ctx, owner, ID(ref))
		if err != nil {
			return nil, err
		}
		under = patient.aead
	case innerDerived:
		if under, err = key.derive(ref); err != nil {
			return nil, err
		}
	default:
		return nil, audit.ErrSealed
	}
	payload, err := under.Open(nil, nil, rest, bound)
	if err != nil {
		return nil, audit.ErrSealed
	}
	return payload, nil
}

// lookup returns a key of an owner.
func (s *Sealer) lookup(ctx context.Context, owner Owner, id ID) (*Key, error) {
	key, err := s.keys.Lookup(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case key.owner != owner:
		return nil, audit.ErrSealed
	}
	return key, nil
}

// KeyOf returns the ID of the owner's key under which a payload was sealed; ok
// is false if the bytes are none that a [Sealer] made.
func KeyOf(sealed []byte) (id ID, ok bool) {
	if len(sealed) < headSize+gcmOverhead+1 || sealed[0] != sealVersion {
		return ID{}, false
	}
	return ID(sealed[1:headSize]), true
}

// Reach tells whether the payload of an entry is sealed under a stored key of
// one patient, and returns its ID; ok is false if it is not, and then nothing
// but the key of the whole owner destroys it. Its errors are those of
// [Sealer.Open] about the owner's key; whether the patient's is still there
// does not matter.
func (s *Sealer) Reach(ctx context.Context, e audit.Entry) (patient ID, ok bool, err error) {
	owner, err := s.Owner(e.Chain)
	if err != nil {
		return ID{}, false, err
	}
	id, valid := KeyOf(e.Sealed)
	if !valid || len(e.Chain) > audit.MaxChainName {
		return ID{}, false, audit.ErrSealed
	}
	key, err := s.lookup(ctx, owner, id)
	if err != nil {
		return ID{}, false, err
	}
	var room [maxBound]byte
	in, err := key.aead.Open(nil, nil, e.Sealed[headSize:], append(appendBound(room[:0], id, e.Chain), e.Leaf[:]...))
	if err != nil || len(in) < 1 || in[0] == innerStored && len(in) < 1+len(ID{}) {
		return ID{}, false, audit.ErrSealed
	}
	if in[0] != innerStored {
		return ID{}, false, nil
	}
	return ID(in[1:]), true, nil
}

// Tokens returns the tokens that a patient has had in the chains of an owner,
// under every version of the token key that is left, the newest first. It
// makes no key: where none was used it returns none. Its errors are those of
// [Keys.Versions].
func (s *Sealer) Tokens(ctx context.Context, owner Owner, patient string) ([]audit.Token, error) {
	if patient == "" {
		return nil, nil
	}
	keys, err := s.keys.Versions(ctx, Slot{Owner: owner, Use: Tokens})
	if err != nil && !errors.Is(err, ErrDestroyed) {
		return nil, err
	}
	list := make([]audit.Token, 0, len(keys))
	for _, k := range keys {
		list = append(list, k.token(patient))
	}
	return list, nil
}

// ChainTokens is [Sealer.Tokens] for the owner of a chain.
func (s *Sealer) ChainTokens(ctx context.Context, chain, patient string) ([]audit.Token, error) {
	owner, err := s.Owner(chain)
	if err != nil {
		return nil, err
	}
	return s.Tokens(ctx, owner, patient)
}
