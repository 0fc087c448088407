package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
)

// ShredPatient destroys the stored keys of one patient of a tenant, and so all
// payloads about the patient in the tenant's chains.
//
// Its errors are a [baakit.FieldErrors] of the order, [ErrNothing] for a patient
// without a key, [ErrUnreached], [ErrAccounting], [ErrUndetermined],
// [auditkeys.ErrDestroyed] for a tenant whose keys were destroyed, and those of
// the log and the keys. After any of the first four nothing was done. Called
// again, it finishes what was cut off; if entries about the patient have come
// since, it is a new order, and checked as one.
func (e *Eraser) ShredPatient(ctx context.Context, tenant, patient string, o Order) (Result, error) {
	return e.shred(ctx, tenant, patient, o)
}

// ShredTenant destroys all keys of a tenant, and so all payloads in the tenant's
// chains, for good: nothing can be sealed for it afterwards. The chains of
// governance are not touched.
//
// Its errors are those of [Eraser.ShredPatient]. Called again, it finishes what
// was cut off, or returns what was done.
func (e *Eraser) ShredTenant(ctx context.Context, tenant string, o Order) (Result, error) {
	return e.shred(ctx, tenant, "", o)
}

// shred destroys the keys of a patient, or of a tenant if that is "".
func (e *Eraser) shred(ctx context.Context, tenant, patient string, o Order) (Result, error) {
	scope := Patient
	var errs baakit.FieldErrors
	if _, ok := auditkeys.Tenant(tenant).Tenant(); !ok {
		errs.Add("tenant", "is required, with the form of a chain's name")
	}
	if patient == "" {
		scope = Tenant
	}
	if e.opt.Keys == nil {
		errs.Add("keys", "are required to shred")
	}
	o.check(&errs)
	if err := errs.Err(); err != nil {
		return Result{}, err
	}
	e.one.Lock()
	defer e.one.Unlock()

	recorded, err := e.records(ctx, e.opt.Governance)
	if err != nil {
		return Result{}, err
	}
	recorded = slices.DeleteFunc(slices.Clone(recorded), func(r Recorded) bool { return r.Scope != scope || r.Tenant != tenant })
	destroy := func(r Result) (Result, error) {
		var err error
		if scope == Tenant {
			_, err = e.opt.Keys.DestroyTenant(ctx, tenant)
		} else {
			_, err = e.opt.Keys.DestroyPatient(ctx, tenant, patient)
		}
		return r, err
	}
	keys, err := e.keys(ctx, tenant, patient)
	if errors.Is(err, auditkeys.ErrDestroyed) && scope == Tenant && len(recorded) > 0 {
		return destroy(resultOf(recorded[len(recorded)-1])) // what a crash left of it
	}
	if err != nil {
		return Result{}, err
	}

	// A first look, while everything goes on: most refusals come from it.
	look, err := e.look(ctx, tenant, patient, keys, o)
	if err != nil {
		return Result{}, err
	}
	resume, err := e.opt.Keys.Suspend(tenant, patient)
	if err != nil {
		return Result{}, err
	}
	defer resume()
	// Nothing more is sealed. What was, is settled now; what came since is
	// looked at too.
	if look, err = e.lookAgain(ctx, look, tenant, patient, o); err != nil {
		return Result{}, err
	}
	for _, r := range recorded {
		if len(look.keys) > 0 && holdsAll(r.Keys, look.keys) && look.nothingSince(r.Chains) {
			return destroy(resultOf(r))
		}
	}
	record := Record{Scope: scope, Tenant: tenant, Keys: look.keys, Chains: look.owed.Chains, Owed: look.n}
	if patient != "" {
		tokens, err := e.opt.Sealer.Tokens(ctx, auditkeys.Tenant(tenant), patient)
		if err != nil {
			return Result{}, err
		}
		for _, t := range tokens {
			record.Tokens = append(record.Tokens, t.String())
		}
		if len(look.keys) == 0 {
			for _, r := range slices.Backward(recorded) {
				if slices.ContainsFunc(r.Tokens, func(t string) bool { return slices.Contains(record.Tokens, t) }) {
					return resultOf(r), nil // it was done
				}
			}
			return Result{}, ErrNothing
		}
	}
	result, err := e.record(ctx, e.opt.Governance, ShreddedKind, o, record)
	if err != nil {
		return Result{}, err
	}
	return destroy(result)
}

// A look is what there was when it was looked.
type look struct {
	keys  []auditkeys.ID
	owed  disclosure.Owed
	n     int               // disclosures that are owed and accounted for
	sizes map[string]uint64 // of each chain, up to the last payload that would be destroyed
}

// nothingSince tells whether all that would be destroyed was there when chains
// were looked at before.
func (l look) nothingSince(chains []disclosure.Span) bool {
	for chain, size := range l.sizes {
		i := slices.IndexFunc(chains, func(s disclosure.Span) bool { return s.Chain == chain })
		if size > 0 && (i < 0 || chains[i].Size < size) {
			return false
		}
	}
	return true
}

// look decides whether the keys may be destroyed.
func (e *Eraser) look(ctx context.Context, tenant, patient string, keys []auditkeys.ID, o Order) (look, error) {
	l := look{keys: keys}
	var err error
	if l.owed, err = e.outstanding(ctx, tenant, patient, o.On); err != nil {
		if errors.Is(err, auditkeys.ErrNoKey) {
			err = fmt.Errorf("%w: %w", ErrUndetermined, err)
		}
		return look{}, err
	}
	if len(l.owed.Unreadable) > 0 {
		return look{}, &UndeterminedError{refsOf(l.owed.Unreadable)}
	}
	if l.sizes, err = e.survey(ctx, tenant, patient, keys); err != nil {
		return look{}, err
	}
	l.n, err = o.accounts(l.owed)
	return l, err
}

// lookAgain looks at what has come since a look, now that nothing more is
// sealed.
func (e *Eraser) lookAgain(ctx context.Context, before look, tenant, patient string, o Order) (look, error) {
	chains, err := e.chains(ctx, tenant)
	if err != nil {
		return look{}, err
	}
	known := make(map[string]uint64, len(before.owed.Chains))
	for _, s := range before.owed.Chains {
		known[s.Chain] = s.Size
	}
	same := true
	for _, chain := range chains {
		if err := e.log.Settle(ctx, chain); err != nil {
			return look{}, err
		}
	}
	// A chain may have begun with what was being settled elsewhere.
	if chains, err = e.chains(ctx, tenant); err != nil {
		return look{}, err
	}
	for _, chain := range chains {
		size, _, err := e.log.Head(ctx, chain)
		if err != nil {
			return look{}, err
		}
		same = same && known[chain] == size
	}
	keys, err := e.keys(ctx, tenant, patient)
	if err != nil || same && slices.Equal(keys, before.keys) {
		return before, err
	}
	return e.look(ctx, tenant, patient, keys, o)
}

// keys returns the IDs of the keys that would be destroyed: of a patient all,
// of a tenant its own.
func (e *Eraser) keys(ctx context.Context, tenant, patient string) ([]auditkeys.ID, error) {
	owner := auditkeys.Tenant(tenant)
	slots := []auditkeys.Slot{{Owner: owner, Use: auditkeys.Payloads, Patient: patient}}
	if patient == "" {
		slots = append(slots, auditkeys.Slot{Owner: owner, Use: auditkeys.Tokens})
	}
	var ids []auditkeys.ID
	for _, s := range slots {
		keys, err := e.opt.Keys.Versions(ctx, s)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			ids = append(ids, k.ID())
		}
	}
	slices.SortFunc(ids, func(a, b auditkeys.ID) int { return slices.Compare(a[:], b[:]) })
	return ids, nil
}

// survey returns how far each chain holds payloads that would be destroyed, and
// makes sure that those about a patient are sealed under a key of the patient.
func (e *Eraser) survey(ctx context.Context, tenant, patient string, keys []auditkeys.ID) (map[string]uint64, error) {
	chains, err := e.chains(ctx, tenant)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]uint64, len(chains))
	var missed []disclosure.Ref
	for _, chain := range chains {
		for entry, err := range e.log.Entries(ctx, chain, 0) {
			if err != nil {
				return nil, err
			}
			if len(entry.Sealed) == 0 {
				continue
			}
			if patient == "" {
				sizes[chain] = entry.Seq + 1
				continue
			}
			if id, own, err := e.opt.Sealer.Reach(ctx, entry); err == nil && own {
				if slices.Contains(keys, id) {
					sizes[chain] = entry.Seq + 1
				}
				continue
			}
			opened, err := audit.OpenEntry(ctx, e.opt.Sealer, entry)
			switch {
			case errors.Is(err, audit.ErrErased), errors.Is(err, audit.ErrSealed):
			case err != nil:
				return nil, err
			case opened.Event.Patient == patient:
				missed = append(missed, refOf(entry))
			}
		}
	}
	if len(missed) > 0 {
		return nil, &UnreachedError{missed}
	}
	return sizes, nil
}

func holdsAll(list, ids []auditkeys.ID) bool {
	return !slices.ContainsFunc(ids, func(id auditkeys.ID) bool { return !slices.Contains(list, id) })
}
