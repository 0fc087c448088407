package auditkeys

import (
	"context"
	"fmt"
	"slices"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
)

// Suspend refuses with [ErrSuspended] whatever is to be sealed for a tenant, or
// for one patient of it, until resume is called: keys that were given out
// before refuse too, so that nothing is sealed from the moment that Suspend
// returns. Opening goes on. It is not stored, and ends with the process. The
// error is [ErrOwner].
func (r *Ring) Suspend(tenant, patient string) (resume func(), err error) {
	at, err := r.slotOf(Slot{Tenant(tenant), Payloads, patient})
	if err != nil {
		return nil, err
	}
	p := pause{tenant, at.patient}
	r.mu.Lock()
	r.paused[p]++
	r.suspend(p)
	r.mu.Unlock()
	done := false
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if done {
			return
		}
		done = true
		if r.paused[p]--; r.paused[p] == 0 {
			delete(r.paused, p)
		}
		r.suspend(p)
	}, nil
}

// suspend tells the keys that a pause is about. r.mu is held.
func (r *Ring) suspend(p pause) {
	tell := func(k *ringKey) {
		if k.destroyed != 0 {
			return
		}
		state := int32(0)
		if r.stopped(k.slot) != nil {
			state = stateSuspended
		}
		k.state.Store(state)
	}
	if p.patient != (audit.Token{}) {
		for _, k := range r.slots[slotKey{Tenant(p.tenant), Payloads, p.patient}] {
			tell(k)
		}
		return
	}
	for _, k := range r.ids {
		if k.slot.owner == Tenant(p.tenant) {
			tell(k)
		}
	}
}

// maxOwn is how many IDs the record of a destroyed tenant can hold.
const maxOwn = 512

// DestroyTenant destroys all keys of a tenant, of whatever use and version and
// of all its patients, and returns their IDs. There will be no others: from now
// on nothing can be sealed for a tenant of this name ([ErrDestroyed]). What is
// sealed in the tenant's chains can never be opened again.
//
// Nothing asks whether that may be done: package erasure does. A call that
// failed, or was cut off, is finished by the next one or by [OpenRing]. Its
// errors are [ErrOwner] and [ErrRing].
func (r *Ring) DestroyTenant(ctx context.Context, tenant string) ([]ID, error) {
	owner := Tenant(tenant)
	if !owner.valid() {
		return nil, ErrOwner
	}
	r.making.Lock()
	defer r.making.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.RLock()
	done := r.destroyed[tenant]
	var ids []ID
	var own []*ringKey
	for id, k := range r.ids {
		if k.slot.owner == owner {
			ids = append(ids, id)
			if k.slot.patient == (audit.Token{}) {
				own = append(own, k)
			}
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(ids, func(a, b ID) int { return slices.Compare(a[:], b[:]) })
	if !done {
		e := ringEntry{op: opTenantDestroyed, at: r.opt.Now().Unix(), slot: slotKey{owner: owner}}
		for i, k := range own {
			if i >= maxOwn { // they do not fit
				if _, err := r.destroyKeys(ctx, own[i:]); err != nil {
					return nil, err
				}
				break
			}
			e.ids = append(e.ids, k.id)
		}
		if err := r.append(e); err != nil {
			return nil, err
		}
	}
	return ids, wrap(r.eraseDestroyed())
}

// DestroyPatient destroys all versions of the stored key of one patient of a
// tenant and returns their IDs, none if the patient had none. A new key is made
// when something is sealed about the patient again. Its errors, and the rest,
// are those of [Ring.DestroyTenant].
func (r *Ring) DestroyPatient(ctx context.Context, tenant, patient string) ([]ID, error) {
	if patient == "" {
		return nil, fmt.Errorf("%w: without a patient", ErrOwner)
	}
	at, err := r.slotOf(Slot{Tenant(tenant), Payloads, patient})
	if err != nil {
		return nil, err
	}
	r.making.Lock()
	defer r.making.Unlock()
	r.mu.RLock()
	keys := slices.Clone(r.slots[at])
	r.mu.RUnlock()
	return r.destroyKeys(ctx, keys)
}

// DestroyVersion destroys one key, such as the old version of a token key, or a
// payload key whose payloads are all erased. Its errors are [ErrGovernance] for
// a key of the organisation, a [KeyError] for one that is not there, and
// [ErrRing]. Destroying it again finishes what was cut off.
func (r *Ring) DestroyVersion(ctx context.Context, id ID) error {
	r.making.Lock()
	defer r.making.Unlock()
	r.mu.RLock()
	k := r.ids[id]
	r.mu.RUnlock()
	switch {
	case k == nil:
		return &KeyError{id, ErrNoKey}
	case k.slot.owner == Organisation():
		return ErrGovernance
	}
	_, err := r.destroyKeys(ctx, []*ringKey{k})
	return err
}

// destroyKeys records that keys are destroyed, forgets them and erases their
// frames. r.making is held.
func (r *Ring) destroyKeys(ctx context.Context, keys []*ringKey) ([]ID, error) {
	var ids []ID
	for _, k := range keys {
		if err := ctx.Err(); err != nil {
			return ids, err
		}
		ids = append(ids, k.id)
		if k.destroyed != 0 {
			continue
		}
		if err := r.append(ringEntry{op: opKeyDestroyed, at: r.opt.Now().Unix(), id: k.id}); err != nil {
			return ids, err
		}
	}
	return ids, wrap(r.eraseDestroyed())
}

// eraseDestroyed erases the frames of all keys that are destroyed.
func (r *Ring) eraseDestroyed() error {
	segments := make(map[int64]map[uint64]*ringKey)
	r.mu.RLock()
	for _, k := range r.ids {
		if k.destroyed != 0 && !k.blank {
			if segments[k.segment] == nil {
				segments[k.segment] = make(map[uint64]*ringKey)
			}
			segments[k.segment][k.index] = k
		}
	}
	r.mu.RUnlock()
	for base, keys := range segments {
		if err := r.closeSegment(base); err != nil {
			return err
		}
		err := r.j.Rewrite(base, func(rec journal.Record) error {
			if keys[rec.Index] != nil {
				erase(rec.Frame)
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.mu.Lock()
		for _, k := range keys {
			k.blank = true
		}
		r.mu.Unlock()
	}
	return nil
}

// closeSegment makes sure that a segment can be rewritten.
func (r *Ring) closeSegment(base int64) error {
	segments := r.j.Segments()
	if segments[len(segments)-1].Base != base {
		return nil
	}
	return r.j.Roll()
}

// Rekey changes the master key. Every line is encrypted anew under a key that
// only the new master opens, so that the old one opens nothing of what is in
// the folder from now on. A call that was cut off is finished by [OpenRing]
// with the new master, or has changed nothing. Its errors are a
// [baakit.FieldErrors] of the master, [ErrRing], and those of the KMS.
func (r *Ring) Rekey(ctx context.Context, master Master) error {
	if err := master.check(); err != nil {
		return err
	}
	r.making.Lock()
	defer r.making.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.j.Err(); err != nil {
		return wrap(err)
	}
	next, _ := r.secrets.only().next()
	if len(r.secrets.keys) > 1 { // an earlier call failed on the way
		next = r.secrets
	}
	gens, err := next.ciphers()
	if err != nil {
		return wrap(err)
	}
	data, err := master.seal(ctx, next)
	if err == nil {
		err = writeMaster(r.fs, r.dir, data)
	}
	if err != nil {
		return wrap(err)
	}
	r.mu.Lock()
	r.secrets, r.gens = next, gens
	r.mu.Unlock()
	return wrap(r.finishRekey(ctx, master))
}

// finishRekey encrypts under the newest generation what is not, and forgets the
// other.
func (r *Ring) finishRekey(ctx context.Context, master Master) error {
	newest := r.secrets.newest()
	if err := r.j.Roll(); err != nil {
		return err
	}
	segments := r.j.Segments()
	for _, seg := range segments[:len(segments)-1] {
		err := r.j.Rewrite(seg.Base, func(rec journal.Record) error {
			if blank(rec.Frame) {
				return nil
			}
			plain, gen, err := r.gens.open(rec.Index, rec.Frame)
			if err != nil || gen == newest {
				return err
			}
			copy(rec.Frame, r.gens.seal(newest, rec.Index, plain))
			clear(plain)
			return nil
		})
		if err != nil {
			return err
		}
	}
	only := r.secrets.only()
	gens, err := only.ciphers()
	if err != nil {
		return err
	}
	data, err := master.seal(ctx, only)
	if err == nil {
		err = writeMaster(r.fs, r.dir, data)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.secrets, r.gens = only, gens
	r.mu.Unlock()
	return nil
}
