package auditkeys

import (
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"

	"github.com/baakit/baakit/audit"
)

const ringFormat = "baakit.audit.keys/1"

// What a frame of a ring says.
const (
	opKey             = 1 // there is a key
	opKeyDestroyed    = 2 // it was destroyed
	opTenantDestroyed = 3 // all keys of a tenant were, and there will be no others
)

const (
	maxWrapped = 16 << 10 // of a key that a KMS has wrapped
	maxEntry   = 64 + audit.MaxChainName + maxWrapped
	maxFrame   = (4 + maxEntry + gcmOverhead + 2) / 3 * 4
)

// A slotKey is a [Slot] without its patient, who is a keyed hash here.
type slotKey struct {
	owner   Owner
	use     Use
	patient audit.Token // zero for the owner's own
}

// A ringEntry is the plain content of a frame.
type ringEntry struct {
	op      byte
	at      int64 // Unix time
	id      ID
	slot    slotKey
	wrapped bool   // secret is what a KMS made of it
	secret  []byte // of a key
	ids     []ID   // of a destroyed tenant's own keys
}

// append appends the binary form: op, at, and behind them
//
//	of a key: ID, use, wrapped, patient hash, length of the tenant's name and
//	the name, empty for the organisation, secret
//	of a destroyed key: ID
//	of a destroyed tenant: length of the name and the name, the IDs of its keys
//	but those of its patients
func (e ringEntry) append(b []byte) []byte {
	b = append(b, e.op)
	b = binary.BigEndian.AppendUint64(b, uint64(e.at))
	switch e.op {
	case opKey:
		b = append(b, e.id[:]...)
		wrapped := byte(0)
		if e.wrapped {
			wrapped = 1
		}
		b = append(b, byte(e.slot.use), wrapped)
		b = append(b, e.slot.patient[:]...)
		b = append(b, byte(len(e.slot.owner.tenant)))
		b = append(b, e.slot.owner.tenant...)
		b = append(b, e.secret...)
	case opKeyDestroyed:
		b = append(b, e.id[:]...)
	case opTenantDestroyed:
		b = append(b, byte(len(e.slot.owner.tenant)))
		b = append(b, e.slot.owner.tenant...)
		for _, id := range e.ids {
			b = append(b, id[:]...)
		}
	}
	return b
}

// parseRingEntry reads what append writes, and nothing else. The secret is part
// of b.
func parseRingEntry(b []byte) (e ringEntry, ok bool) {
	if len(b) < 9 || len(b) > maxEntry {
		return ringEntry{}, false
	}
	e.op, e.at, b = b[0], int64(binary.BigEndian.Uint64(b[1:])), b[9:]
	switch e.op {
	case opKeyDestroyed:
		if len(b) != len(e.id) {
			return ringEntry{}, false
		}
		e.id = ID(b)
		return e, e.id != ID{}
	case opTenantDestroyed:
		name := 0
		if len(b) > 0 {
			name = int(b[0])
		}
		if len(b) < 1+name || (len(b)-1-name)%len(ID{}) != 0 {
			return ringEntry{}, false
		}
		e.slot.owner = Tenant(string(b[1 : 1+name]))
		for b = b[1+name:]; len(b) > 0; b = b[len(ID{}):] {
			if ID(b) == (ID{}) {
				return ringEntry{}, false
			}
			e.ids = append(e.ids, ID(b))
		}
		return e, e.slot.owner.valid()
	case opKey:
	default:
		return ringEntry{}, false
	}
	const fixed = 16 + 1 + 1 + 16 + 1
	if len(b) < fixed {
		return ringEntry{}, false
	}
	e.id, e.slot.use, e.wrapped, e.slot.patient = ID(b), Use(b[16]), b[17] == 1, audit.Token(b[18:])
	name := int(b[34])
	if b[17] > 1 || len(b) < fixed+name {
		return ringEntry{}, false
	}
	e.slot.owner = Organisation()
	if name > 0 {
		e.slot.owner = Tenant(string(b[fixed : fixed+name]))
	}
	e.secret = b[fixed+name:]
	patient := e.slot.patient != audit.Token{}
	switch {
	case e.id == ID{}, !e.slot.owner.valid(), e.slot.use != Payloads && e.slot.use != Tokens:
		return ringEntry{}, false
	case patient && (name == 0 || e.slot.use != Payloads || e.wrapped):
		return ringEntry{}, false
	case !e.wrapped && len(e.secret) != KeySize, e.wrapped && (len(e.secret) == 0 || len(e.secret) > maxWrapped):
		return ringEntry{}, false
	}
	return e, true
}

// generations are the ciphers of a ring's frames by their number: one, or two
// while the master key is being changed.
type generations map[uint32]cipher.AEAD

func frameBound(index uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(ringFormat), index)
}

// seal returns the frame with a number.
func (g generations) seal(gen uint32, index uint64, plain []byte) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(plain)+gcmOverhead), gen)
	b = g[gen].Seal(b, nil, plain, frameBound(index))
	return base64.RawStdEncoding.AppendEncode(nil, b)
}

// open returns the content of the frame with a number.
func (g generations) open(index uint64, frame []byte) (plain []byte, gen uint32, err error) {
	b, err := base64.RawStdEncoding.Strict().AppendDecode(nil, frame)
	if err != nil || len(b) < 4 {
		return nil, 0, ErrMaster
	}
	gen = binary.BigEndian.Uint32(b)
	if g[gen] == nil {
		return nil, 0, ErrMaster
	}
	if plain, err = g[gen].Open(nil, nil, b[4:], frameBound(index)); err != nil {
		return nil, 0, ErrMaster
	}
	return plain, gen, nil
}

// blank tells whether a frame was erased.
func blank(frame []byte) bool { return len(bytes.TrimLeft(frame, " ")) == 0 }

func erase(frame []byte) {
	for i := range frame {
		frame[i] = ' '
	}
}
