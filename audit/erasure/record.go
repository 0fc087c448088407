package erasure

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/internal/strictjson"
)

// The kinds of entries that record what was destroyed.
const (
	RedactedKind = "audit.redacted"
	ShreddedKind = "audit.shredded"
)

// RecordSchema names the JSON form of a [Record].
const RecordSchema = "baakit.audit.erasure/1"

// A Scope is what was destroyed.
type Scope string

// The scopes.
const (
	Payload Scope = "payload"
	Patient Scope = "patient"
	Tenant  Scope = "tenant"
)

// A Record is what an entry tells of a destruction: its sealed payload.
type Record struct {
	Schema string `json:"schema"`
	Scope  Scope  `json:"scope"`

	Entry  *disclosure.Ref   `json:"entry,omitempty"`  // of a payload
	Tenant string            `json:"tenant,omitempty"` // of a tenant, and of a patient
	Tokens []string          `json:"tokens,omitempty"` // of a patient
	Keys   []auditkeys.ID    `json:"keys,omitempty"`   // that were there when it was decided
	Chains []disclosure.Span `json:"chains,omitempty"` // what was looked at then

	Reason    Reason      `json:"reason"`
	Authority string      `json:"authority"`
	On        baakit.Date `json:"on"`
	Note      string      `json:"note,omitempty"`

	Owed       int       `json:"owed"` // disclosures that were still to be accounted for
	Accounting *Handover `json:"accounting,omitempty"`
}

// ParseRecord reads the JSON form. Its errors are a [baakit.FieldErrors].
func ParseRecord(data []byte) (Record, error) {
	var r Record
	if err := strictjson.Decode(data, &r); err != nil {
		return Record{}, err
	}
	var errs baakit.FieldErrors
	if r.Schema != RecordSchema {
		errs.Add("schema", "must be "+RecordSchema)
	}
	switch r.Scope {
	case Payload:
		if r.Entry == nil || !audit.ValidChain(r.Entry.Chain) || !isDigest(r.Entry.Leaf) {
			errs.Add("entry", "is required, with chain and leaf")
		}
	case Patient, Tenant:
		if _, ok := auditkeys.Tenant(r.Tenant).Tenant(); !ok {
			errs.Add("tenant", "is required")
		}
	default:
		errs.Add("scope", "must be payload, patient or tenant")
	}
	if r.Owed < 0 {
		errs.Add("owed", "must not be negative")
	}
	if r.Accounting != nil {
		r.Accounting.check(&errs, "accounting.")
	}
	if r.Owed > 0 && (r.Accounting == nil || r.Accounting.Disclosures != r.Owed) {
		errs.Add("accounting", "must account for what was owed")
	}
	Order{By: audit.Actor{ID: "-"}, Reason: r.Reason, Authority: r.Authority, On: r.On, Note: r.Note}.check(&errs)
	if err := errs.Err(); err != nil {
		return Record{}, err
	}
	return r, nil
}

// A Recorded is a record with its entry.
type Recorded struct {
	Record
	Entry audit.Entry
}

// Records returns the records of a chain, in order: redactions in the chain of
// the payloads, shreddings in that of governance. A record that cannot be read,
// because its own payload was destroyed, is left out. The error, of the store or
// the sealer, is the last pair.
func Records(ctx context.Context, store audit.Store, sealer audit.Sealer, chain string) iter.Seq2[Recorded, error] {
	return records(ctx, store, sealer, chain, 0)
}

func records(ctx context.Context, store audit.Store, sealer audit.Sealer, chain string, from uint64) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		for e, err := range audit.Entries(ctx, store, chain, from) {
			if err != nil {
				yield(Recorded{}, err)
				return
			}
			if e.Event.Kind != RedactedKind && e.Event.Kind != ShreddedKind {
				continue
			}
			opened, err := audit.OpenEntry(ctx, sealer, e)
			var r Record
			if err == nil {
				if r, err = ParseRecord(opened.Event.Payload); err != nil {
					err = fmt.Errorf("%w: entry %d of %s is no record of an erasure", audit.ErrSealed, e.Seq, chain)
				}
			}
			switch {
			case errors.Is(err, audit.ErrErased), errors.Is(err, audit.ErrSealed):
				continue
			case err != nil:
				yield(Recorded{}, err)
				return
			}
			if !yield(Recorded{r, opened}, nil) {
				return
			}
		}
	}
}

func refOf(e audit.Entry) disclosure.Ref {
	return disclosure.Ref{Chain: e.Chain, Seq: e.Seq, Leaf: hex.EncodeToString(e.Leaf[:])}
}

// event returns the entry that records r.
func (o Order) event(kind string, r Record) (audit.Event, error) {
	r.Schema, r.Reason, r.Authority, r.On, r.Note = RecordSchema, o.Reason, o.Authority, o.On, o.Note
	if r.Owed > 0 {
		r.Accounting = o.Accounting
	}
	text, err := json.Marshal(r)
	if err != nil {
		return audit.Event{}, err
	}
	return audit.Event{
		Kind: kind, Action: audit.ActionDelete, Outcome: audit.Success, Actor: o.By,
		Subtype: []audit.Subtype{audit.Subtype(o.Reason)}, Policy: []string{o.Authority},
		Object:  audit.Object{Type: "AuditEvent", Category: string(r.Scope), Lifecycle: "15"},
		Payload: text,
	}, nil
}

// fields gives the errors of an event the names of the order's fields.
func fields(err error) error {
	var list baakit.FieldErrors
	if !errors.As(err, &list) {
		return err
	}
	var out baakit.FieldErrors
	for _, f := range list {
		switch {
		case f.Path == "subtype[0]":
			f.Path = "reason"
		case f.Path == "policy[0]":
			f.Path = "authority"
		case len(f.Path) > 6 && f.Path[:6] == "actor.":
			f.Path = "by." + f.Path[6:]
		}
		out.Add(f.Path, f.Rule)
	}
	return out.Err()
}
