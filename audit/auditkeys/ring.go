package auditkeys

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// RingOptions say how a ring is opened. The zero RingOptions, and a nil pointer
// to them, create it if it is not there.
type RingOptions struct {
	// MustExist refuses a folder without a ring with [fs.ErrNotExist].
	MustExist bool

	// Envelope, if not nil, wraps the keys of tenants and of the organisation
	// before they are stored, and unwraps each when it is first used; they stay
	// in memory until the ring is closed. The context names what it is for, as
	// in {"owner": "tenant 42", "use": "payloads", "key": ID}. Keys of patients
	// are not wrapped: no payload opens with one of them alone.
	Envelope KMS

	// Now is the clock by which the making and destruction of keys is dated;
	// nil means time.Now.
	Now func() time.Time

	fs journal.FS
}

// A Ring keeps keys in a folder, encrypted. It is safe for concurrent use, and
// its folder is held by one Ring at a time. Make one with [OpenRing].
//
// The folder holds the file MASTER and a journal of lines. A line is an entry,
// in base64 (RFC 4648, section 4, without padding):
//
//	generation, 4 bytes ‖ nonce, 12 bytes ‖ AES-256-GCM ciphertext and tag
//
// with "baakit.audit.keys/1" and the line's number, 8 bytes, as associated
// data. The key of a generation is random and stands in MASTER, under the
// master key. The line of a key that was destroyed is spaces. Which patient a
// key belongs to is a keyed hash, even inside.
//
// A new key is on stable storage before it seals anything. Destruction is
// recorded, on stable storage too, before the key's line is overwritten; the
// file is written anew with spaces in its place and replaces the old one at
// once. What a crash leaves of that, the next [OpenRing] finishes.
//
// That lines are missing at the end, or that the folder was put back from an
// older copy, cannot show: the keys made since are then unknown ([ErrNoKey]),
// and keys destroyed since are there again.
type Ring struct {
	dir string
	opt RingOptions
	fs  journal.FS
	j   *journal.Journal

	making sync.Mutex // held by whoever changes the ring

	mu        sync.RWMutex
	secrets   secrets
	gens      generations
	lookups   map[string][]byte // by tenant: under which its patients are hashed
	slots     map[slotKey][]*ringKey
	ids       map[ID]*ringKey
	destroyed map[string]bool // tenants
	paused    map[pause]int

	recent recentKeys
}

// recentKeys are the keys of patients that are ready for use. Those of all
// patients would take a kilobyte each.
type recentKeys struct {
	mu   sync.Mutex
	list [1024]*ringKey
	next int
}

// keep takes a key in, in the place of the oldest.
func (r *recentKeys) keep(k *ringKey, key *Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.list[r.next]; old != nil {
		old.key.Store(nil)
	}
	k.key.Store(key)
	r.list[r.next] = k
	r.next = (r.next + 1) % len(r.list)
}

// A pause is a tenant, or a patient of one, for whom nothing may be sealed.
type pause struct {
	tenant  string
	patient audit.Token
}

// A ringKey is a key of a ring.
type ringKey struct {
	id              ID
	slot            slotKey
	made, destroyed int64 // Unix time; 0 for not destroyed
	segment         int64 // where its frame is
	index           uint64
	blank           bool // the frame is erased
	wrapped         bool
	secret          []byte // plain, or as the KMS made it
	key             atomic.Pointer[Key]
	state           atomic.Int32
	usable          func() error
}

const (
	stateSuspended = 1
	stateDestroyed = 2
)

func (k *ringKey) check() error {
	switch s := k.state.Load(); {
	case s&stateDestroyed != 0:
		return &KeyError{k.id, ErrDestroyed}
	case s&stateSuspended != 0:
		return ErrSuspended
	}
	return nil
}

var _ Keys = (*Ring)(nil)

// destroy forgets a key.
func (k *ringKey) destroy(at int64) {
	k.state.Store(stateDestroyed)
	k.destroyed = max(at, 1)
	clear(k.secret)
	k.secret = nil
	k.key.Store(nil)
}

// slotOf returns a slot as the ring names it. r.mu need not be held.
func (r *Ring) slotOf(s Slot) (slotKey, error) {
	if !s.valid() {
		return slotKey{}, ErrOwner
	}
	at := slotKey{owner: s.Owner, use: s.Use}
	if s.Patient == "" {
		return at, nil
	}
	name := s.Owner.tenant
	r.mu.RLock()
	key := r.lookups[name]
	r.mu.RUnlock()
	if key == nil {
		var err error
		if key, err = r.lookupKey(name); err != nil {
			return slotKey{}, err
		}
	}
	at.patient = audit.SubjectToken(key, s.Patient)
	return at, nil
}

// lookupKey makes the key under which a tenant's patients are hashed.
func (r *Ring) lookupKey(tenant string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, err := hkdf.Key(sha256.New, r.secrets.lookup[:], nil, ringFormat+" patients\n"+tenant, KeySize)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRing, err)
	}
	r.lookups[tenant] = key
	return key, nil
}

// stopped returns why nothing may be sealed in a slot. r.mu is held.
func (r *Ring) stopped(s slotKey) error {
	name, tenant := s.owner.Tenant()
	switch {
	case !tenant:
		return nil
	case r.destroyed[name]:
		return fmt.Errorf("%w: those of tenant %s", ErrDestroyed, name)
	case len(r.paused) > 0 && (r.paused[pause{tenant: name}] > 0 || r.paused[pause{name, s.patient}] > 0):
		return ErrSuspended
	}
	return nil
}

// Current implements [Keys]. Its own errors are [ErrRing], and those of the KMS.
func (r *Ring) Current(ctx context.Context, s Slot) (*Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at, err := r.slotOf(s)
	if err != nil {
		return nil, err
	}
	if key, k, err := r.newest(at); key != nil || err != nil {
		return key, err
	} else if k != nil {
		return r.unwrap(ctx, k)
	}
	r.making.Lock()
	defer r.making.Unlock()
	if key, k, err := r.newest(at); key != nil || err != nil { // made meanwhile
		return key, err
	} else if k != nil {
		return r.unwrap(ctx, k)
	}
	return r.make(ctx, at)
}

// newest returns the newest key of a slot, or the one to unwrap.
func (r *Ring) newest(at slotKey) (*Key, *ringKey, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if err := r.stopped(at); err != nil {
		return nil, nil, err
	}
	list := r.slots[at]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].destroyed == 0 {
			key, err := r.ready(list[i])
			return key, list[i], err
		}
	}
	return nil, nil, nil
}

// ready returns a key that need not be unwrapped, nil for another. r.mu is held.
func (r *Ring) ready(k *ringKey) (*Key, error) {
	if key := k.key.Load(); key != nil || k.wrapped {
		return key, nil
	}
	key, err := NewKey(k.id, k.slot.owner, k.secret, k.usable)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRing, err)
	case k.slot.patient == audit.Token{}:
		k.key.Store(key)
	default:
		r.recent.keep(k, key)
	}
	return key, nil
}

// envelope is what goes with a key to the KMS.
func envelope(id ID, s slotKey) map[string]string {
	return map[string]string{"owner": s.owner.String(), "use": s.use.String(), "key": id.String()}
}

func (r *Ring) unwrap(ctx context.Context, k *ringKey) (*Key, error) {
	if r.opt.Envelope == nil {
		return nil, fmt.Errorf("%w: key %s is wrapped by a key management service", ErrRing, k.id)
	}
	r.mu.RLock()
	wrapped := append([]byte(nil), k.secret...)
	r.mu.RUnlock()
	secret, err := r.opt.Envelope.Decrypt(ctx, wrapped, envelope(k.id, k.slot))
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrRing, k.id, err)
	}
	defer clear(secret)
	key, err := NewKey(k.id, k.slot.owner, secret, k.usable)
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrRing, k.id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k.destroyed != 0 {
		return nil, &KeyError{k.id, ErrDestroyed}
	}
	k.key.Store(key)
	return key, nil
}

// make stores a new key of a slot. r.making is held.
func (r *Ring) make(ctx context.Context, at slotKey) (*Key, error) {
	e := ringEntry{op: opKey, at: r.opt.Now().Unix(), id: NewID(), slot: at}
	var secret [KeySize]byte
	rand.Read(secret[:])
	defer clear(secret[:])
	e.secret = secret[:]
	if r.opt.Envelope != nil && at.patient == (audit.Token{}) {
		wrapped, err := r.opt.Envelope.Encrypt(ctx, secret[:], envelope(e.id, at))
		if err == nil && (len(wrapped) == 0 || len(wrapped) > maxWrapped) {
			err = errors.New("the ciphertext is empty or too long")
		}
		if err != nil {
			return nil, fmt.Errorf("%w: wrapping a key: %w", ErrRing, err)
		}
		e.wrapped, e.secret = true, wrapped
	}
	if err := r.append(e); err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	k := r.ids[e.id]
	if !e.wrapped {
		return r.ready(k)
	}
	key, err := NewKey(e.id, at.owner, secret[:], k.usable)
	if err == nil {
		k.key.Store(key)
	}
	return key, err
}

// append stores an entry and enters it. r.making is held.
func (r *Ring) append(e ringEntry) error {
	index := r.j.Len()
	plain := e.append(nil)
	defer clear(plain)
	offsets, err := r.j.Append(r.gens.seal(r.secrets.newest(), index, plain))
	if err != nil {
		return wrap(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enter(e, r.j.Segment(offsets[0]).Base, index)
	return nil
}

// Lookup implements [Keys]. Its own errors are [ErrRing], and those of the KMS.
func (r *Ring) Lookup(ctx context.Context, id ID) (*Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.RLock()
	k := r.ids[id]
	if k == nil || k.destroyed != 0 {
		r.mu.RUnlock()
		if k == nil {
			return nil, &KeyError{id, ErrNoKey}
		}
		return nil, &KeyError{id, ErrDestroyed}
	}
	key, err := r.ready(k)
	r.mu.RUnlock()
	if key == nil && err == nil {
		key, err = r.unwrap(ctx, k)
	}
	return key, err
}

// Versions implements [Keys]. Its own errors are [ErrRing], and those of the
// KMS.
func (r *Ring) Versions(ctx context.Context, s Slot) ([]*Key, error) {
	at, err := r.slotOf(s)
	if err != nil {
		return nil, err
	}
	r.mu.RLock()
	list := slices.Clone(r.slots[at])
	name, tenant := at.owner.Tenant()
	gone := tenant && r.destroyed[name]
	r.mu.RUnlock()
	if gone {
		return nil, fmt.Errorf("%w: those of tenant %s", ErrDestroyed, name)
	}
	var keys []*Key
	for _, k := range slices.Backward(list) {
		key, err := r.Lookup(ctx, k.id)
		if errors.Is(err, ErrDestroyed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Rotate makes a new version of a slot's key and returns its ID. From then on
// it seals, or makes tokens; older versions open what they sealed. Its errors
// are those of [Ring.Current].
func (r *Ring) Rotate(ctx context.Context, s Slot) (ID, error) {
	if err := ctx.Err(); err != nil {
		return ID{}, err
	}
	at, err := r.slotOf(s)
	if err != nil {
		return ID{}, err
	}
	r.making.Lock()
	defer r.making.Unlock()
	r.mu.RLock()
	err = r.stopped(at)
	r.mu.RUnlock()
	if err != nil {
		return ID{}, err
	}
	key, err := r.make(ctx, at)
	if err != nil {
		return ID{}, err
	}
	return key.id, nil
}

// A KeyInfo says of a key what is no secret.
type KeyInfo struct {
	ID        ID
	Owner     Owner // may be zero for a destroyed key
	Use       Use   // the same
	Patient   bool  // of one patient
	Made      time.Time
	Destroyed time.Time // zero if it is there
}

// List returns what keys there are and were, in the order in which they were
// made. Of a key that was destroyed before the ring was opened, the ID and the
// time of its destruction are left, and with a tenant its owner; of the keys of
// the patients of such a tenant nothing is.
func (r *Ring) List() []KeyInfo {
	r.mu.RLock()
	defer r.mu.RUnlock()
	keys := make([]*ringKey, 0, len(r.ids))
	for _, k := range r.ids {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b *ringKey) int {
		return cmp.Or(cmp.Compare(a.made, b.made), cmp.Compare(a.index, b.index), slices.Compare(a.id[:], b.id[:]))
	})
	list := make([]KeyInfo, len(keys))
	for i, k := range keys {
		list[i] = KeyInfo{ID: k.id, Owner: k.slot.owner, Use: k.slot.use, Patient: k.slot.patient != audit.Token{}}
		if k.made != 0 {
			list[i].Made = time.Unix(k.made, 0).UTC()
		}
		if k.destroyed != 0 {
			list[i].Destroyed = time.Unix(k.destroyed, 0).UTC()
		}
	}
	return list
}

// Close waits for what is being written and lets the folder go. Keys that were
// given out go on working. Closing again does nothing.
func (r *Ring) Close() error {
	r.making.Lock()
	defer r.making.Unlock()
	if err := r.j.Close(); err != nil {
		return wrap(err)
	}
	return nil
}

// Format implements [fmt.Formatter] and prints nothing of what is inside.
func (r *Ring) Format(s fmt.State, _ rune) { io.WriteString(s, "auditkeys.Ring(redacted)") }

// LogValue implements [slog.LogValuer] and logs nothing of what is inside.
func (r *Ring) LogValue() slog.Value { return slog.StringValue("auditkeys.Ring(redacted)") }
