package retention

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// An Effect says what a policy, or a row of a table, does. The zero Effect is
// Keep.
type Effect string

// The effects. Only Keep and Delete take part in a decision; Limitation does
// where the caller takes it for prudence.
const (
	Keep             Effect = "keep"
	Delete           Effect = "delete" // delete by then: privacy law or a contract
	Limitation       Effect = "limitation"
	Protection       Effect = "protection"
	Proposal         Effect = "proposal"
	EarlyDestruction Effect = "early_destruction"
	NoEffect         Effect = "none"
)

// A GateKind says what has to be done before destruction.
type GateKind string

// The kinds of gates.
const (
	NoticeGate     GateKind = "notice"     // notice to an agency, the public or the patient
	ConsentGate    GateKind = "consent"    // consent or authorization
	ExtractGate    GateKind = "extract"    // a part is extracted and kept
	MethodGate     GateKind = "method"     // the method is fixed by law
	BatchGate      GateKind = "batch"      // in the ordinary course, never one record alone
	RecordGate     GateKind = "record"     // the act itself is recorded
	LitigationGate GateKind = "litigation" // no proceeding is pending
)

// A Gate is a condition of destruction that no date expresses. It is open for
// a record that has a [Clearance] of its ID, from Wait after the clearance. A
// method gate opens to one of its Methods only, where it names any. A gate with
// a Fact is open where the fact is stated as false; a litigation gate whose
// fact is stated as true is closed, whatever was cleared.
type Gate struct {
	ID      string        `json:"id"`
	Kind    GateKind      `json:"kind"`
	Says    string        `json:"says"`
	Wait    baakit.Period `json:"wait,omitzero"`
	Methods []Technique   `json:"methods,omitempty"`
	// Parts are the parts of a record that the gate is about; none is all.
	Parts []string `json:"parts,omitempty"`
	// Fact is what the gate guards against, as litigation_pending.
	Fact string `json:"fact,omitempty"`
}

// A PartRule is the rule of a part of a record, in place of the rule of the
// whole.
type PartRule struct {
	Part string `json:"part"`
	Rule Rule   `json:"rule"`
}

// A Policy is one rule of a schedule: a row of a table, a term of a contract
// or the holder's own.
type Policy struct {
	ID     string `json:"id"`
	Effect Effect `json:"effect,omitempty"`
	Rule   Rule   `json:"rule,omitzero"` // zero where only parts have rules
	// Parts have rules of their own.
	Parts []PartRule `json:"parts,omitempty"`

	// Classes, Jurisdictions and Holders are those of the records that the
	// policy is for; none is any.
	Classes       []string              `json:"classes,omitempty"`
	Jurisdictions []baakit.Jurisdiction `json:"jurisdictions,omitempty"`
	Holders       []string              `json:"holders,omitempty"`
	// OnlyIf names a fact without which the policy does not apply.
	OnlyIf string `json:"only_if,omitempty"`

	// Majority is the age of majority that its rules mean; 0 is that of its
	// jurisdiction, or of the record's.
	Majority int `json:"majority,omitempty"`
	// From and Through are the days of law on which it applies; zero is open.
	From    baakit.Date `json:"from,omitzero"`
	Through baakit.Date `json:"through,omitzero"`

	Gates      []Gate            `json:"gates,omitempty"`
	Citation   baakit.Citation   `json:"citation,omitzero"`
	Confidence baakit.Confidence `json:"confidence,omitzero"`
	// Mark is "low" where the source was weak or in conflict, "guidance"
	// where it is advice and no law.
	Mark string `json:"mark,omitempty"`
}

func (p *Policy) clone() Policy {
	q := *p
	q.Parts = slices.Clone(p.Parts)
	q.Classes = slices.Clone(p.Classes)
	q.Jurisdictions = slices.Clone(p.Jurisdictions)
	q.Holders = slices.Clone(p.Holders)
	q.Gates = slices.Clone(p.Gates)
	return q
}

// Validate reports what is wrong with the policy as [baakit.FieldErrors].
func (p *Policy) Validate() error {
	var errs baakit.FieldErrors
	if !events.IsName(p.ID) {
		errs.Add("id", "is required, at most 200 bytes of printing ASCII without spaces")
	}
	switch p.Effect {
	case "", Keep, Delete, Limitation:
	default:
		errs.Add("effect", "must be keep, delete or limitation: the others ask nobody to keep anything")
	}
	if p.Rule.IsZero() && len(p.Parts) == 0 {
		errs.Add("rule", "is required")
	}
	if !p.Rule.IsZero() {
		errs.Merge("rule", p.Rule.Validate())
	}
	for i, t := range p.Parts {
		if !isIdentifier(t.Part) {
			errs.Add("parts"+index(i)+".part", "must be a lower-case name")
		}
		errs.Merge("parts"+index(i)+".rule", t.Rule.Validate())
	}
	for i, s := range slices.Concat(p.Classes, p.Holders) {
		if !isIdentifier(s) {
			path := "classes" + index(i)
			if i >= len(p.Classes) {
				path = "holders" + index(i-len(p.Classes))
			}
			errs.Add(path, "must be a lower-case name")
		}
	}
	if p.OnlyIf != "" && !isIdentifier(p.OnlyIf) {
		errs.Add("only_if", "must be a lower-case name")
	}
	if p.Majority < 0 || p.Majority > maxAge {
		errs.Add("majority", "must be from 0 to 130")
	}
	if !p.From.IsZero() && !p.Through.IsZero() && p.Through.Before(p.From) {
		errs.Add("through", "must not be before from")
	}
	if p.Confidence > baakit.Memory {
		errs.Add("confidence", "must be primary, secondary, derived or memory")
	}
	for i, g := range p.Gates {
		at := "gates" + index(i)
		if !events.IsName(g.ID) {
			errs.Add(at+".id", "is required")
		}
		switch g.Kind {
		case NoticeGate, ConsentGate, ExtractGate, MethodGate, BatchGate, RecordGate, LitigationGate:
		default:
			errs.Add(at+".kind", "must be a kind of gate")
		}
		if g.Fact != "" && !events.IsName(g.Fact) {
			errs.Add(at+".fact", "must be the name of a fact")
		}
		if g.Kind == LitigationGate && g.Fact == "" {
			errs.Add(at+".fact", "is required for a litigation gate")
		}
		if g.Wait.Unit() == baakit.Hours || g.Wait.Unit() == baakit.BusinessDays {
			errs.Add(at+".wait", "must be in days, months or years")
		}
	}
	return errs.Err()
}
