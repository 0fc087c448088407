package subprocessor

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// An AttestationKind is a kind of evidence by somebody who looked. The zero
// kind is invalid.
type AttestationKind string

// The kinds; their rules are the table law/attestations.json.
const (
	SOC2Type1       AttestationKind = "soc2_type1"
	SOC2Type2       AttestationKind = "soc2_type2"
	HITRUSTe1       AttestationKind = "hitrust_e1"
	HITRUSTi1       AttestationKind = "hitrust_i1"
	HITRUSTr2       AttestationKind = "hitrust_r2"
	ISO27001        AttestationKind = "iso_27001"
	FedRAMP         AttestationKind = "fedramp"
	StateRAMP       AttestationKind = "stateramp"
	PCI             AttestationKind = "pci_aoc"
	PenetrationTest AttestationKind = "penetration_test"
	BAVerification  AttestationKind = "ba_verification"
)

func (k AttestationKind) valid() bool { _, ok := attestationRule(k); return ok }

//go:embed law/attestations.json
var attestationsJSON []byte

type validityRule struct {
	Kind       AttestationKind   `json:"kind"`
	Name       string            `json:"name"`
	From       string            `json:"from"` // issued or period_end
	Length     string            `json:"length"`
	Due        baakit.Period     `json:"due"`
	Bridge     baakit.Period     `json:"bridge"`
	Milestone  string            `json:"milestone"`
	Every      baakit.Period     `json:"every"`
	Opens      baakit.Period     `json:"opens"`
	Rapid      bool              `json:"rapid"`
	Opinion    bool              `json:"opinion"`
	Says       string            `json:"says"`
	Source     string            `json:"source"`
	Confidence baakit.Confidence `json:"confidence"`

	length baakit.Period
}

var validityRules = sync.OnceValue(func() map[AttestationKind]validityRule {
	var table struct {
		Schema string         `json:"schema"`
		AsOf   baakit.Date    `json:"as_of"`
		Rows   []validityRule `json:"rows"`
	}
	if err := strictjson.Decode(attestationsJSON, &table); err != nil {
		panic("subprocessor: law/attestations.json: " + err.Error())
	}
	byKind := make(map[AttestationKind]validityRule)
	for _, r := range table.Rows {
		if r.Length != "" {
			r.length = baakit.MustParsePeriod(r.Length)
		}
		byKind[r.Kind] = r
	}
	return byKind
})

func attestationRule(k AttestationKind) (validityRule, bool) {
	r, ok := validityRules()[k]
	return r, ok
}

// A Bridge is a letter by the vendor that nothing material changed since the
// period of its report. It never carries further than the rule allows.
type Bridge struct {
	Issued  baakit.Date `json:"issued"`
	Through baakit.Date `json:"through"`
}

// A Subservice is an entity whose controls a report leaves out (carve_out) or
// takes in (inclusive).
type Subservice struct {
	Entity string `json:"entity"`
	Method string `json:"method"`
}

// A Milestone is something done on a day that a validity depends on.
type Milestone struct {
	Name string      `json:"name"`
	On   baakit.Date `json:"on"`
}

// An Attestation is a report or certificate about an entity's services. Its
// validity is never stored: the rule of its kind gives it. The zero
// Attestation is invalid.
type Attestation struct {
	ID          string          `json:"id"`
	Entity      string          `json:"entity"`
	Kind        AttestationKind `json:"kind"`
	Issued      baakit.Date     `json:"issued"`
	PeriodFrom  baakit.Date     `json:"period_from,omitzero"`
	PeriodTo    baakit.Date     `json:"period_to,omitzero"`
	Ends        baakit.Date     `json:"ends,omitzero"` // printed on it; can only shorten
	Auditor     string          `json:"auditor,omitempty"`
	Opinion     string          `json:"opinion,omitempty"` // unqualified, qualified, adverse, disclaimer
	Exceptions  int             `json:"exceptions,omitempty"`
	Services    []string        `json:"services"` // in scope
	Regions     []string        `json:"regions,omitempty"`
	Criteria    []string        `json:"criteria,omitempty"`
	Subservices []Subservice    `json:"subservices,omitempty"`
	Bridge      *Bridge         `json:"bridge,omitempty"`
	Rapid       bool            `json:"rapid,omitempty"`       // a rapid recertification
	AfterRapid  bool            `json:"after_rapid,omitempty"` // and the one before it was too
	Milestones  []Milestone     `json:"milestones,omitempty"`
	Revoked     baakit.Date     `json:"revoked,omitzero"`
	Document    string          `json:"document_hash,omitempty"`
	Reviewer    string          `json:"reviewer,omitempty"`
	Extra       Extra           `json:"-"`
}

// Validate reports what is wrong with the attestation.
func (a Attestation) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(a.ID), "is required, at most 200 printing ASCII characters without spaces")
	need(&errs, "entity", events.IsName(a.Entity), "is required")
	rule, ok := attestationRule(a.Kind)
	need(&errs, "kind", ok, "must be a kind of attestation")
	need(&errs, "issued", !a.Issued.IsZero(), "is required")
	if ok && rule.From == "period_end" {
		need(&errs, "period_to", !a.PeriodTo.IsZero() && !a.Issued.IsZero() && !a.PeriodTo.After(a.Issued), "is required and must not be after issued")
	}
	need(&errs, "period_from", a.PeriodFrom.IsZero() || !a.PeriodTo.IsZero() && !a.PeriodFrom.After(a.PeriodTo), "must not be after period_to")
	need(&errs, "opinion", slices.Contains([]string{"", "unqualified", "qualified", "adverse", "disclaimer"}, a.Opinion), "must be unqualified, qualified, adverse or disclaimer")
	need(&errs, "exceptions", a.Exceptions >= 0, "must not be negative")
	need(&errs, "services", len(a.Services) > 0, "must name what is in scope")
	for i, s := range a.Subservices {
		need(&errs, "subservices"+at(i)+".entity", events.IsName(s.Entity), "is required")
		need(&errs, "subservices"+at(i)+".method", s.Method == "carve_out" || s.Method == "inclusive", "must be carve_out or inclusive")
	}
	if a.Bridge != nil {
		need(&errs, "bridge.issued", !a.Bridge.Issued.IsZero(), "is required")
		need(&errs, "bridge.through", !a.Bridge.Through.IsZero(), "is required: a bridge never has no end")
	}
	for i, m := range a.Milestones {
		need(&errs, "milestones"+at(i), events.IsName(m.Name) && !m.On.IsZero(), "must have a name and a day")
	}
	return errs.Err()
}

type plainAttestation Attestation

// MarshalJSON implements json.Marshaler, extra fields included.
func (a Attestation) MarshalJSON() ([]byte, error) {
	return encodeKeeping(plainAttestation(a), a.Extra)
}

// UnmarshalJSON implements json.Unmarshaler; unknown fields go to Extra.
func (a *Attestation) UnmarshalJSON(data []byte) error {
	var p plainAttestation
	extra, err := decodeKeeping(data, &p)
	if err != nil {
		return err
	}
	p.Extra = extra
	*a = Attestation(p)
	return nil
}

// A Standing is where an attestation stands on a day. The zero Standing is
// invalid.
type Standing string

// The standings: Due is still valid, with something to do; Bridged is valid by
// a bridge letter alone; NotYet is a day before it was issued.
const (
	AttestationNotYet  Standing = "not_yet"
	AttestationValid   Standing = "valid"
	AttestationDue     Standing = "due"
	AttestationBridged Standing = "bridged"
	AttestationLapsed  Standing = "lapsed"
	AttestationRevoked Standing = "revoked"
)

// A Validity is what the rule of its kind gives an attestation on a day.
type Validity struct {
	Standing   Standing        `json:"standing"`
	ValidUntil baakit.Date     `json:"valid_until"`           // the last day, without a bridge
	BridgeTo   baakit.Date     `json:"bridge_until,omitzero"` // bounded
	DueFrom    baakit.Date     `json:"due_from"`
	Next       string          `json:"next,omitempty"` // what is to be done by ValidUntil
	Rule       string          `json:"rule"`
	Source     baakit.Citation `json:"source"`
}

// Current reports whether the attestation counts on the day.
func (v Validity) Current() bool {
	return v.Standing == AttestationValid || v.Standing == AttestationDue || v.Standing == AttestationBridged
}

// Validity returns where the attestation stands on d. Time alone never
// revives it: a milestone counts only if it was met in its window. The zero
// Validity is that of an invalid attestation or day.
func (a Attestation) Validity(d baakit.Date) Validity {
	rule, ok := attestationRule(a.Kind)
	if !ok || d.IsZero() || a.Issued.IsZero() {
		return Validity{}
	}
	v := Validity{Rule: rule.Says, Next: "renewal"}
	v.Source, _ = baakit.NewCitation(baakit.CitationFields{Authority: rule.Source, Confidence: rule.Confidence})
	from := a.Issued
	if rule.From == "period_end" {
		from = a.PeriodTo
	}
	v.ValidUntil = from
	if !rule.length.IsZero() {
		v.ValidUntil = addTo(from, rule.length)
	}
	if rule.Milestone != "" {
		for due := addTo(from, rule.Every); due.Before(v.ValidUntil); due = addTo(due, rule.Every) {
			if !a.met(rule, due, d) {
				v.ValidUntil, v.Next = due, rule.Milestone
				break
			}
		}
	}
	if rule.Rapid && a.Rapid && a.AfterRapid {
		v.ValidUntil = from.AddDays(-1)
	}
	if !a.Ends.IsZero() && a.Ends.Before(v.ValidUntil) {
		v.ValidUntil = a.Ends
	}
	v.DueFrom = v.ValidUntil.AddDays(-rule.Due.N())
	if b := a.Bridge; b != nil && !rule.Bridge.IsZero() && !b.Issued.After(d) {
		if v.BridgeTo = addTo(v.ValidUntil, rule.Bridge); b.Through.Before(v.BridgeTo) {
			v.BridgeTo = b.Through
		}
		if !v.BridgeTo.After(v.ValidUntil) {
			v.BridgeTo = baakit.Date{}
		}
	}
	switch {
	case !a.Revoked.IsZero() && !d.Before(a.Revoked):
		v.Standing = AttestationRevoked
	case d.Before(a.Issued):
		v.Standing = AttestationNotYet
	case d.After(v.ValidUntil) && (v.BridgeTo.IsZero() || d.After(v.BridgeTo)):
		v.Standing = AttestationLapsed
	case d.After(v.ValidUntil):
		v.Standing = AttestationBridged
	case !d.Before(v.DueFrom):
		v.Standing = AttestationDue
	default:
		v.Standing = AttestationValid
	}
	return v
}

// met reports whether a milestone was met in its window before due, by d.
func (a Attestation) met(rule validityRule, due, d baakit.Date) bool {
	opens := due.AddDays(-rule.Opens.N())
	if rule.Opens.Unit() == baakit.Years {
		opens = due.AddMonths(-12*rule.Opens.N(), baakit.RollBack).AddDays(1)
	}
	return slices.ContainsFunc(a.Milestones, func(m Milestone) bool {
		return m.Name == rule.Milestone && !m.On.Before(opens) && !m.On.After(due) && !m.On.After(d)
	})
}

// addTo adds a period of the table, none of which is of hours or business days.
func addTo(d baakit.Date, p baakit.Period) baakit.Date {
	end, err := p.AddTo(d, nil, baakit.RollBack)
	if err != nil {
		return baakit.MustParseDate("9999-12-31")
	}
	return end
}

// Satisfies reports whether the attestation meets r for the engagement on d:
// of the kind, current, with an opinion that counts, and with the service in
// scope. A report that leaves a subservice out says nothing of it.
func (a Attestation) Satisfies(r Requirement, e Engagement, d baakit.Date) bool {
	if a.Kind != r.Kind || !a.covers(e) || !a.Validity(d).Current() {
		return false
	}
	if rule, _ := attestationRule(a.Kind); rule.Opinion && a.Opinion != "unqualified" {
		return false
	}
	for _, c := range r.Criteria {
		if !slices.Contains(a.Criteria, c) {
			return false
		}
	}
	for _, p := range e.places() {
		if len(a.Regions) > 0 && !slices.Contains(a.Regions, p) {
			return false
		}
	}
	return true
}

func (a Attestation) covers(e Engagement) bool {
	if a.Entity != e.Entity {
		return slices.Contains(a.Subservices, Subservice{e.Entity, "inclusive"})
	}
	return slices.Contains(a.Services, e.Service) && e.Service != ""
}

// A Waiver lets an engagement do without a required attestation, for a reason,
// by a person, until a day: there is none without an end.
type Waiver struct {
	ID         string          `json:"id"`
	Engagement string          `json:"engagement"`
	Kind       AttestationKind `json:"kind"`
	Why        string          `json:"why"`
	Who        string          `json:"who"`
	From       baakit.Date     `json:"from"`
	Until      baakit.Date     `json:"until"`
}

// Validate reports what is wrong with the waiver.
func (w Waiver) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(w.ID), "is required")
	need(&errs, "engagement", events.IsName(w.Engagement), "is required")
	need(&errs, "kind", w.Kind.valid(), "must be a kind of attestation")
	need(&errs, "why", isLine(w.Why), "is required, one line of text")
	need(&errs, "who", isLine(w.Who), "is required, one line of text")
	need(&errs, "from", !w.From.IsZero(), "is required")
	need(&errs, "until", !w.Until.IsZero() && !w.Until.Before(w.From), "is required and must not be before from")
	return errs.Err()
}

// Live reports whether the waiver covers d.
func (w Waiver) Live(d baakit.Date) bool {
	return !w.Until.IsZero() && !d.IsZero() && !d.Before(w.From) && !d.After(w.Until)
}
