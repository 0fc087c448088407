package subprocessor

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/shopspring/decimal"
)

// A Subcontracting says what a contract asks of further delegation, the
// loosest first. The zero value is that nothing is stated, the loosest.
type Subcontracting string

// The kinds, each stricter than the one before.
const (
	SubcontractingFree       Subcontracting = "free"
	SubcontractingGeneral    Subcontracting = "general"  // with notice of changes
	SubcontractingSpecific   Subcontracting = "specific" // each with prior consent
	SubcontractingProhibited Subcontracting = "prohibited"
)

func (s Subcontracting) level() int {
	return max(0, slices.Index([]Subcontracting{"", SubcontractingGeneral, SubcontractingSpecific, SubcontractingProhibited}, s))
}

// An AuditRight says how far the upstream may look, the weakest first. The
// zero value is that nothing is stated.
type AuditRight string

// The kinds, each stronger than the one before.
const (
	AuditNone      AuditRight = "none"
	AuditDocuments AuditRight = "documents"
	AuditYearly    AuditRight = "yearly"
	AuditAnyTime   AuditRight = "any_time"
)

func (a AuditRight) level() int {
	return max(0, slices.Index([]AuditRight{"", AuditDocuments, AuditYearly, AuditAnyTime}, a))
}

// Terms are what a contract asks of its downstream party. A field that is
// zero, or a list that is nil, is not stated. An empty list is stated: nothing
// is permitted.
type Terms struct {
	// PermittedUses: PHI is used for these alone; nil: for any.
	PermittedUses []string `json:"permitted_uses,omitzero"`
	// BreachReport and IncidentReport run from the downstream's discovery.
	BreachReport   baakit.Period `json:"breach_report,omitzero"`
	IncidentReport baakit.Period `json:"incident_report,omitzero"`
	// HearWithin is how long after the first discovery anywhere below the
	// upstream plans on hearing of it: the top promise of a breach budget.
	HearWithin    baakit.Period `json:"hear_within,omitzero"`
	ReturnDestroy baakit.Period `json:"return_destroy,omitzero"`
	// Places: PHI stays in these countries; nil: anywhere.
	Places         []string            `json:"places,omitzero"`
	Subcontracting Subcontracting      `json:"subcontracting,omitempty"`
	Audit          AuditRight          `json:"audit,omitempty"`
	MinStandard    []string            `json:"min_standard,omitempty"` // all of them
	Insurance      decimal.NullDecimal `json:"insurance,omitzero"`     // US dollars
	// Pinpoints say where in the contract a term is, by the term's name.
	Pinpoints map[string]string `json:"pinpoints,omitempty"`
}

// maxInsurance bounds what is read as an amount.
var maxInsurance = decimal.New(1, 12)

// Validate reports what is wrong with the terms.
func (t Terms) Validate() error {
	var errs baakit.FieldErrors
	for i, p := range t.Places {
		need(&errs, "places"+at(i), isCountry(p), "must be two capital letters of ISO 3166-1")
	}
	for i, u := range t.PermittedUses {
		need(&errs, "permitted_uses"+at(i), isLine(u), "must be one line of text")
	}
	for i, u := range t.MinStandard {
		need(&errs, "min_standard"+at(i), events.IsName(u), "must be a name")
	}
	need(&errs, "subcontracting", t.Subcontracting == "" || t.Subcontracting == SubcontractingFree || t.Subcontracting.level() > 0, "must be free, general, specific or prohibited")
	need(&errs, "audit", t.Audit == "" || t.Audit == AuditNone || t.Audit.level() > 0, "must be none, documents, yearly or any_time")
	if t.Insurance.Valid {
		d := t.Insurance.Decimal
		need(&errs, "insurance", d.Exponent() >= -2 && d.Exponent() <= 12 && d.NumDigits() <= 15 && !d.IsNegative() && d.LessThanOrEqual(maxInsurance), "must be from 0 to 1000000000000 dollars with at most two decimals")
	}
	for clause, place := range t.Pinpoints {
		need(&errs, "pinpoints", slices.Contains(clauseNames(), clause) && isLine(place), "must be places in the contract by the names of terms")
	}
	return errs.Err()
}

// A ContractKind says what paper an edge is. The zero kind is invalid.
type ContractKind string

// The kinds of contracts.
const (
	BAA    ContractKind = "baa"
	SubBAA ContractKind = "sub_baa"
	DPA    ContractKind = "dpa"
)

// A Contract is an edge of the chain: the downstream handles PHI for the
// upstream. It is in effect from Effective, and not before it was signed,
// through LastInEffect; zero is open. Notice says what the upstream is told
// of changes below the downstream; nil is that nobody recorded it.
type Contract struct {
	ID           string       `json:"id"`
	Upstream     string       `json:"upstream"`
	Downstream   string       `json:"downstream"`
	Kind         ContractKind `json:"kind"`
	Products     []string     `json:"products,omitempty"`
	Signed       baakit.Date  `json:"signed"`
	Effective    baakit.Date  `json:"effective"`
	LastInEffect baakit.Date  `json:"last_in_effect,omitzero"`
	Terms        Terms        `json:"terms"`
	Notice       *NoticeTerms `json:"notice,omitempty"`
	DocumentHash string       `json:"document_hash,omitempty"`
	Parent       string       `json:"parent_contract,omitempty"`
	Extra        Extra        `json:"-"`
}

// Validate reports what is wrong with the contract.
func (c Contract) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(c.ID), "is required, at most 200 printing ASCII characters without spaces")
	need(&errs, "upstream", events.IsName(c.Upstream), "is required")
	need(&errs, "downstream", events.IsName(c.Downstream) && c.Downstream != c.Upstream, "is required and must not be the upstream")
	need(&errs, "kind", c.Kind == BAA || c.Kind == SubBAA || c.Kind == DPA, "must be baa, sub_baa or dpa")
	need(&errs, "signed", !c.Signed.IsZero(), "is required")
	need(&errs, "effective", !c.Effective.IsZero(), "is required")
	need(&errs, "last_in_effect", c.LastInEffect.IsZero() || !c.LastInEffect.Before(c.Effective), "must not be before effective")
	errs.Merge("terms", c.Terms.Validate())
	if c.Notice != nil {
		errs.Merge("notice", c.Notice.Validate())
	}
	return errs.Err()
}

// InEffect reports whether the contract is in effect on d: no assurance
// exists before it was signed, whatever effective date it states.
func (c Contract) InEffect(d baakit.Date) bool {
	return !d.IsZero() && !d.Before(c.Signed) && !d.Before(c.Effective) && (c.LastInEffect.IsZero() || !d.After(c.LastInEffect))
}

// covers reports whether the two lists of products have one in common; none
// is all.
func covers(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(p string) bool { return slices.Contains(b, p) })
}

type plainContract Contract

// MarshalJSON implements json.Marshaler, extra fields included.
func (c Contract) MarshalJSON() ([]byte, error) { return encodeKeeping(plainContract(c), c.Extra) }

// UnmarshalJSON implements json.Unmarshaler; unknown fields go to Extra.
func (c *Contract) UnmarshalJSON(data []byte) error {
	var p plainContract
	extra, err := decodeKeeping(data, &p)
	if err != nil {
		return err
	}
	p.Extra = extra
	*c = Contract(p)
	return nil
}
