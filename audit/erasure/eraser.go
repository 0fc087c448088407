package erasure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
)

// A Store can drop payloads. [auditfile.Store] is one.
//
// [auditfile.Store]: https://pkg.go.dev/github.com/baakit/baakit/audit/auditfile#Store
type Store interface {
	// Erase removes the sealed payloads of the entries that pick chooses, and
	// returns how many there were. When it returns nil they are gone for good.
	Erase(ctx context.Context, pick func(chain string, seq uint64) bool) (uint64, error)
}

// Keys can destroy keys. [auditkeys.Ring] is one; its methods of these names
// say what each must do.
type Keys interface {
	auditkeys.Keys
	Suspend(tenant, patient string) (resume func(), err error)
	DestroyTenant(ctx context.Context, tenant string) ([]auditkeys.ID, error)
	DestroyPatient(ctx context.Context, tenant, patient string) ([]auditkeys.ID, error)
}

var _ Keys = (*auditkeys.Ring)(nil)

// A Config is what [New] makes an [Eraser] of.
type Config struct {
	// Sealer opens the entries, and says whose a chain is. Required.
	Sealer *auditkeys.Sealer

	// Keys are those of the Sealer. If nil, nothing can be shredded.
	Keys Keys

	// Store is where the log is kept; nil means the log's own store, if that
	// can drop payloads.
	Store Store

	// Governance is the chain in which shreddings are recorded. It must be
	// the organisation's. Required.
	Governance string
}

// An Eraser destroys what is sealed in a log. It is safe for concurrent use and
// does one thing at a time. A log should have one; two do no harm but may
// record a thing twice. Make it with [New].
type Eraser struct {
	log *audit.Log
	opt Config

	one     sync.Mutex
	scanned map[string]scan
}

// A scan is what was found of records in the first entries of a chain.
type scan struct {
	size    uint64
	records []Recorded
}

// New returns an eraser for a log. The error is a [baakit.FieldErrors] of the
// options.
func New(log *audit.Log, opt Config) (*Eraser, error) {
	var errs baakit.FieldErrors
	if log == nil {
		errs.Add("log", "is required")
	}
	if opt.Sealer == nil {
		errs.Add("sealer", "is required")
	} else if owner, err := opt.Sealer.Owner(opt.Governance); err != nil || owner != auditkeys.Organisation() || opt.Governance == audit.System {
		errs.Add("governance", "must be a chain of the organisation, and not the log's own")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if opt.Store == nil {
		opt.Store, _ = log.Store().(Store)
	}
	return &Eraser{log: log, opt: opt, scanned: make(map[string]scan)}, nil
}

// A Result is what was destroyed and where that is recorded.
type Result struct {
	Record  Record
	Receipt audit.Receipt
	// Resumed says that the record was there already.
	Resumed bool
}

func resultOf(r Recorded) Result {
	return Result{r.Record, audit.Receipt{Chain: r.Entry.Chain, Seq: r.Entry.Seq, Leaf: r.Entry.Leaf}, true}
}

// records returns the records of a chain. What was read before is not read
// again. e.one is held.
func (e *Eraser) records(ctx context.Context, chain string) ([]Recorded, error) {
	s := e.scanned[chain]
	size, _, err := e.log.Head(ctx, chain)
	if err != nil {
		return nil, err
	}
	list := slices.Clip(s.records)
	for r, err := range records(ctx, e.log.Store(), e.opt.Sealer, chain, s.size) {
		if err != nil {
			return nil, err
		}
		if r.Entry.Seq < size {
			list = append(list, r)
		}
	}
	e.scanned[chain] = scan{size, list}
	return list, nil
}

// record appends the entry that says what is about to be destroyed.
func (e *Eraser) record(ctx context.Context, chain, kind string, o Order, r Record) (Result, error) {
	event, err := o.event(kind, r)
	if err != nil {
		return Result{}, err
	}
	receipt, err := e.log.Append(ctx, chain, event)
	if err != nil {
		return Result{}, fields(err)
	}
	recorded, err := ParseRecord(event.Payload)
	return Result{Record: recorded, Receipt: receipt}, err
}

// Redact destroys the sealed payload of one entry.
//
// Its errors are a [baakit.FieldErrors] of the order, [audit.ErrOutOfRange] and
// [audit.ErrUnknownChain] for an entry that is not there, [ErrNothing] for one
// without a sealed part, [audit.ErrErased] if the payload is gone and nothing
// says why, [ErrAccounting], [ErrUndetermined] for a payload that cannot be
// opened, and those of the log, the store and the sealer. An entry that says it
// is a disclosure, and does not hold one as package disclosure writes it, counts
// as one that is owed. Called again, it finishes what was cut off, or returns what
// was done.
func (e *Eraser) Redact(ctx context.Context, chain string, seq uint64, o Order) (Result, error) {
	var errs baakit.FieldErrors
	if !audit.ValidChain(chain) || chain == audit.System {
		errs.Add("chain", "must be a chain's name, and not the log's own")
	}
	if e.opt.Store == nil {
		errs.Add("store", "cannot drop payloads")
	}
	o.check(&errs)
	if err := errs.Err(); err != nil {
		return Result{}, err
	}
	e.one.Lock()
	defer e.one.Unlock()
	entry, err := e.entry(ctx, chain, seq)
	if err != nil {
		return Result{}, err
	}
	if entry.Seal == "" {
		return Result{}, ErrNothing
	}
	drop := func(r Result) (Result, error) {
		if len(entry.Sealed) == 0 {
			return r, nil
		}
		_, err := e.opt.Store.Erase(ctx, func(c string, s uint64) bool { return c == chain && s == seq })
		return r, err
	}
	redacted, err := e.records(ctx, chain)
	if err != nil {
		return Result{}, err
	}
	ref := refOf(entry)
	for _, r := range redacted {
		if r.Scope == Payload && *r.Record.Entry == ref {
			return drop(resultOf(r))
		}
	}
	if len(entry.Sealed) == 0 {
		return Result{}, audit.ErrErased
	}
	owed, err := e.owedBy(ctx, entry, o)
	if err != nil {
		return Result{}, err
	}
	result, err := e.record(ctx, chain, RedactedKind, o, Record{Scope: Payload, Entry: &ref, Owed: owed})
	if err != nil {
		return Result{}, err
	}
	return drop(result)
}

// entry returns one entry of a chain.
func (e *Eraser) entry(ctx context.Context, chain string, seq uint64) (audit.Entry, error) {
	size, _, err := e.log.Head(ctx, chain)
	switch {
	case err != nil:
		return audit.Entry{}, err
	case size == 0:
		return audit.Entry{}, audit.ErrUnknownChain
	case seq >= size:
		return audit.Entry{}, audit.ErrOutOfRange
	}
	for entry, err := range e.log.Entries(ctx, chain, seq) {
		return entry, err
	}
	return audit.Entry{}, audit.ErrOutOfRange
}

// owedBy returns how many disclosures of an entry are still to be accounted
// for, if the order accounts for them.
func (e *Eraser) owedBy(ctx context.Context, entry audit.Entry, o Order) (int, error) {
	opened, err := audit.OpenEntry(ctx, e.opt.Sealer, entry)
	if err != nil {
		covered, err2 := e.covered(ctx, []disclosure.Ref{refOf(entry)})
		if err2 != nil {
			return 0, err2
		}
		if covered[refOf(entry)] {
			return 0, nil
		}
		if errors.Is(err, audit.ErrErased) || errors.Is(err, audit.ErrSealed) || errors.Is(err, auditkeys.ErrNoKey) {
			err = &UndeterminedError{[]disclosure.Ref{refOf(entry)}}
		}
		return 0, err
	}
	if opened.Event.Disclosure == nil && entry.Event.Type != audit.Export && !slices.Contains(entry.Event.Subtype, audit.Disclose) {
		return 0, nil
	}
	owed, err := disclosure.Outstanding(ctx, e.source(entry.Chain), o.On, "")
	if err != nil {
		return 0, err
	}
	ref := refOf(entry)
	owed.Disclosures = slices.DeleteFunc(owed.Disclosures, func(d disclosure.OwedDisclosure) bool { return d.Ref != ref })
	for _, u := range owed.Unreadable {
		// It opens, and whoever gives the order can read it: one disclosure,
		// to be on the safe side.
		if u.Ref == ref && len(owed.Disclosures) == 0 {
			owed.Disclosures = append(owed.Disclosures, disclosure.OwedDisclosure{Ref: ref})
		}
	}
	return o.accounts(owed)
}

func (e *Eraser) source(chains ...string) disclosure.Source {
	return disclosure.Source{Store: e.log.Store(), Sealer: e.opt.Sealer, Chains: chains}
}

// accounts returns the number of disclosures that are owed, if the order says
// that they outlive this.
func (o Order) accounts(owed disclosure.Owed) (int, error) {
	n, accounted := len(owed.Disclosures), 0
	if o.Accounting != nil {
		accounted = o.Accounting.Disclosures
	}
	if n == 0 || o.Accounting != nil && accounted == n {
		return n, nil
	}
	through := baakit.Date{}
	for _, d := range owed.Disclosures {
		if through.Before(d.Through) {
			through = d.Through
		}
	}
	return 0, &AccountingError{n, accounted, through}
}

// covered tells which of some entries that cannot be read were redacted or
// shredded by this package, which looked at them before, or never had a payload.
func (e *Eraser) covered(ctx context.Context, refs []disclosure.Ref) (map[disclosure.Ref]bool, error) {
	out := make(map[disclosure.Ref]bool)
	shredded, err := e.records(ctx, e.opt.Governance)
	if err != nil {
		return nil, err
	}
	keys := make(map[auditkeys.ID]bool)
	for _, r := range shredded {
		for _, id := range r.Keys {
			keys[id] = true
		}
	}
	for len(refs) > 0 {
		chain, n := refs[0].Chain, 1
		for n < len(refs) && refs[n].Chain == chain {
			n++
		}
		redacted, err := e.records(ctx, chain)
		if err != nil {
			return nil, err
		}
		for _, r := range redacted {
			if r.Scope == Payload {
				out[*r.Record.Entry] = true
			}
		}
		wanted := make(map[uint64]disclosure.Ref, n)
		first := refs[0].Seq
		for _, r := range refs[:n] {
			wanted[r.Seq] = r
			first = min(first, r.Seq)
		}
		for entry, err := range e.log.Entries(ctx, chain, first) {
			if err != nil {
				return nil, err
			}
			ref, ok := wanted[entry.Seq]
			if !ok {
				continue
			}
			delete(wanted, entry.Seq)
			if entry.Seal == "" { // there is nothing to lose
				out[ref] = true
			}
			var missing *auditkeys.KeyError
			if _, err := audit.OpenEntry(ctx, e.opt.Sealer, entry); errors.As(err, &missing) && errors.Is(err, auditkeys.ErrDestroyed) && keys[missing.ID] {
				out[ref] = true
			}
			if len(wanted) == 0 {
				break
			}
		}
		refs = refs[n:]
	}
	return out, nil
}

// Outstanding returns what is still to be accounted for of the disclosures in a
// tenant's chains, of one patient or, for "", of all: what [Handover] has to
// account for before they can be shredded. Of the entries that cannot be read
// it leaves out those that this package has redacted or shredded. Its errors
// are those of [disclosure.Outstanding] and of reading.
func (e *Eraser) Outstanding(ctx context.Context, tenant, patient string, on baakit.Date) (disclosure.Owed, error) {
	e.one.Lock()
	defer e.one.Unlock()
	return e.outstanding(ctx, tenant, patient, on)
}

func (e *Eraser) outstanding(ctx context.Context, tenant, patient string, on baakit.Date) (disclosure.Owed, error) {
	chains, err := e.chains(ctx, tenant)
	if err != nil || len(chains) == 0 {
		return disclosure.Owed{On: on}, err
	}
	// All of them, and not by tokens: those of a token key that was destroyed
	// would be missed.
	owed, err := disclosure.Outstanding(ctx, e.source(chains...), on, "")
	if err != nil {
		return disclosure.Owed{}, err
	}
	if patient != "" {
		owed.Disclosures = slices.DeleteFunc(owed.Disclosures, func(d disclosure.OwedDisclosure) bool { return d.Patient != patient && d.Patient != "" })
		owed.Through = baakit.Date{}
		for _, d := range owed.Disclosures {
			if owed.Through.Before(d.Through) {
				owed.Through = d.Through
			}
		}
	}
	if len(owed.Unreadable) > 0 {
		covered, err := e.covered(ctx, refsOf(owed.Unreadable))
		if err != nil {
			return disclosure.Owed{}, err
		}
		owed.Unreadable = slices.DeleteFunc(owed.Unreadable, func(u disclosure.Unreadable) bool { return covered[u.Ref] })
	}
	return owed, nil
}

func refsOf(list []disclosure.Unreadable) []disclosure.Ref {
	refs := make([]disclosure.Ref, len(list))
	for i, u := range list {
		refs[i] = u.Ref
	}
	return refs
}

// chains returns the chains of a tenant.
func (e *Eraser) chains(ctx context.Context, tenant string) ([]string, error) {
	want := auditkeys.Tenant(tenant)
	var list []string
	for chain, err := range e.log.Store().Chains(ctx) {
		if err != nil {
			return nil, err
		}
		owner, err := e.opt.Sealer.Owner(chain)
		if errors.Is(err, auditkeys.ErrOwner) {
			continue // nothing can be sealed in it
		}
		if err != nil {
			return nil, fmt.Errorf("erasure: whose chain %s is: %w", chain, err)
		}
		if owner == want {
			list = append(list, chain)
		}
	}
	return list, nil
}
