package breach

import (
	"strings"

	"github.com/baakit/baakit"
)

// An Obligor says which parties of the chain a rule binds.
type Obligor string

// The obligors.
const (
	ByOwner   Obligor = "owner"   // the covered entity, whose data it is
	ByVendor  Obligor = "vendor"  // each party below it, towards the one above
	ByHolders Obligor = "holders" // every party of the chain
)

// A Threshold is the number of people from which a rule applies. In an
// [Obligation] Count is how many the incident has, at least. The zero
// Threshold is none.
type Threshold struct {
	Op string `json:"op"` // ">=" or ">"
	N  int    `json:"n"`
	// Of is what is counted: "residents" of the jurisdiction, "individuals"
	// in total, "persons" where the text leaves open which of the two,
	// "unreachable" or "deceased" individuals.
	Of    string `json:"of"`
	Count int    `json:"count,omitempty"`
}

// least is the smallest number that reaches the threshold.
func (t Threshold) least() int64 {
	if t.Op == ">" {
		return int64(t.N) + 1
	}
	return int64(t.N)
}

// A Condition is a fact that a rule needs besides its threshold.
type Condition struct {
	Fact string `json:"fact"`
	Is   bool   `json:"is"`
}

// A Below is the clock of a rule whose threshold is not reached.
type Below struct {
	Within   baakit.Period   `json:"within,omitzero"`
	From     []Trigger       `json:"from"`
	Does     string          `json:"does,omitempty"`
	Citation baakit.Citation `json:"citation,omitzero"`
}

// A Rule is one row of a table of law: who owes what to whom, from which
// threshold on, and by which clock. The zero Rule is invalid.
type Rule struct {
	ID        string  `json:"id"`
	Regime    Regime  `json:"regime,omitzero"` // state if zero
	Kind      Kind    `json:"kind"`
	OwedBy    Obligor `json:"owed_by"`
	Recipient string  `json:"recipient"`
	// Does is how, where the rule says.
	Does string `json:"does,omitempty"`
	// PerJurisdiction makes one obligation in each State of the incident.
	PerJurisdiction bool      `json:"per_jurisdiction,omitempty"`
	Threshold       Threshold `json:"threshold,omitzero"`
	// Within is the outer limit, counted from the earliest of From; none if
	// zero.
	Within     baakit.Period `json:"within,omitzero"`
	From       []Trigger     `json:"from"`
	Promptness Promptness    `json:"promptness,omitzero"`
	Below      *Below        `json:"below,omitempty"`
	Condition  *Condition    `json:"condition,omitempty"`
	// AnyOutcome rules apply whether or not it is a breach under HIPAA.
	AnyOutcome bool `json:"any_outcome,omitempty"`
	// Delay is "none" where law enforcement cannot extend the clock,
	// "attorney_general" where only the Attorney General can; any if empty.
	Delay string `json:"delay,omitempty"`
	// Resume is the clock of this rule after a delay.
	Resume baakit.Period `json:"resume,omitzero"`
	// Lasts is how long a posting has to stay.
	Lasts         baakit.Period     `json:"lasts,omitzero"`
	Citation      baakit.Citation   `json:"citation"`
	Confidence    baakit.Confidence `json:"confidence"`
	Unverified    bool              `json:"unverified,omitempty"`
	EffectiveFrom baakit.Date       `json:"effective_from,omitzero"`
	EffectiveTo   baakit.Date       `json:"effective_to,omitzero"`
}

// A Deeming is how the law of a jurisdiction treats compliance with HIPAA.
type Deeming struct {
	Value                     string            `json:"value"`                       // yes, no, partial
	ReachesBusinessAssociates string            `json:"reaches_business_associates"` // yes, no, unknown, not_applicable
	Confidence                baakit.Confidence `json:"confidence"`
}

// A StateDelay is what the law of a jurisdiction says of a delay.
type StateDelay struct {
	// Resume is the clock after the release; none if zero.
	Resume baakit.Period `json:"resume,omitzero"`
	// OnlyAfterLimit: the clock after the release counts only where the
	// normal date has passed by then.
	OnlyAfterLimit bool `json:"only_after_limit,omitempty"`
	// Written: only a written statement delays.
	Written bool `json:"written,omitempty"`
}

// An Amendment is an act that made the present version.
type Amendment struct {
	Act  string      `json:"act"`
	From baakit.Date `json:"from"`
}

// A JurisdictionLaw is the breach law of one jurisdiction in one version.
type JurisdictionLaw struct {
	Jurisdiction  baakit.Jurisdiction `json:"jurisdiction"`
	Statute       string              `json:"statute"`
	EffectiveFrom baakit.Date         `json:"effective_from,omitzero"`
	EffectiveTo   baakit.Date         `json:"effective_to,omitzero"`
	// Read is how the text was read: statute_text, statute_extract, secondary.
	Read string `json:"read"`
	// MedicalInformation is whether medical information alone is personal
	// information in the hands of a private entity.
	MedicalInformation bool        `json:"medical_information"`
	Deemed             Deeming     `json:"deemed"`
	RiskOfHarm         string      `json:"risk_of_harm,omitempty"`   // yes, no, partial
	PrivateAction      string      `json:"private_action,omitempty"` // yes, no, partial
	Delay              StateDelay  `json:"delay,omitzero"`
	Rules              []Rule      `json:"rules"`
	Amendments         []Amendment `json:"amendments,omitempty"`
	// Unverified are the fields that nobody has read.
	Unverified []string `json:"unverified,omitempty"`
	Sources    []string `json:"sources"`
}

// validate reports what is wrong with the rule.
func (r *Rule) validate(errs *baakit.FieldErrors, path string, state bool) {
	add := func(field, rule string) { errs.Add(path+"."+field, rule) }
	if r.ID == "" || strings.ContainsAny(r.ID, "/ \n") || len(r.ID) > 100 {
		add("id", "must be a name without spaces or slashes")
	}
	if r.Regime == 0 && !state || r.Regime != 0 && state && r.Regime != StateLaw {
		add("regime", "must be a regime; of a jurisdiction it is state")
	}
	if r.Kind == 0 {
		add("kind", "is required")
	}
	if r.OwedBy != ByOwner && r.OwedBy != ByVendor && r.OwedBy != ByHolders {
		add("owed_by", "must be owner, vendor or holders")
	}
	if r.Recipient == "" {
		add("recipient", "is required")
	}
	if t := r.Threshold; t != (Threshold{}) {
		if t.Op != ">=" && t.Op != ">" || t.N < 0 || t.N > MaxCount || t.Count != 0 {
			add("threshold", "must have the op >= or >, and a number")
		}
		switch t.Of {
		case "residents", "individuals", "persons", "unreachable", "deceased":
		default:
			add("threshold.of", "must be residents, individuals, persons, unreachable or deceased")
		}
	} else if r.Below != nil {
		add("below", "must not be given without threshold")
	}
	from := func(field string, list []Trigger) {
		if len(list) == 0 || len(list) > 4 {
			add(field, "must name 1 to 4 triggers")
		}
		for _, t := range list {
			if t == 0 {
				add(field, "must name triggers")
			}
		}
	}
	from("from", r.From)
	if r.Below != nil {
		from("below.from", r.Below.From)
		if r.Below.Within.IsZero() {
			add("below.within", "is required")
		}
	}
	if r.Within.IsZero() && r.Promptness == 0 {
		add("within", "is required where no promptness is stated")
	}
	if r.Condition != nil && !factName(r.Condition.Fact) {
		add("condition.fact", "must be a name in small letters")
	}
	if r.Delay != "" && r.Delay != "none" && r.Delay != "attorney_general" {
		add("delay", "must be none or attorney_general")
	}
	if r.Resume.Unit() == baakit.Hours || r.Lasts.Unit() == baakit.Hours {
		add("resume", "must be in days")
	}
	if r.Citation.IsZero() {
		add("citation", "is required")
	}
	if r.Confidence.IsZero() {
		add("confidence", "is required")
	}
	if !r.EffectiveTo.IsZero() && r.EffectiveTo.Before(r.EffectiveFrom) {
		add("effective_to", "must not be before effective_from")
	}
}

// Validate reports everything that is wrong with the row as
// [baakit.FieldErrors].
func (l JurisdictionLaw) Validate() error {
	var errs baakit.FieldErrors
	if !l.Jurisdiction.IsHIPAAState() && l.Jurisdiction != baakit.ForeignJurisdiction {
		errs.Add("jurisdiction", "must be a State, a territory or foreign")
	}
	if l.Statute == "" {
		errs.Add("statute", "is required")
	}
	if !l.EffectiveTo.IsZero() && l.EffectiveTo.Before(l.EffectiveFrom) {
		errs.Add("effective_to", "must not be before effective_from")
	}
	switch l.Read {
	case "statute_text", "statute_extract", "secondary":
	default:
		errs.Add("read", "must be statute_text, statute_extract or secondary")
	}
	switch l.Deemed.Value {
	case "yes", "no", "partial":
	default:
		errs.Add("deemed.value", "must be yes, no or partial")
	}
	switch l.Deemed.ReachesBusinessAssociates {
	case "yes", "no", "unknown", "not_applicable":
	default:
		errs.Add("deemed.reaches_business_associates", "must be yes, no, unknown or not_applicable")
	}
	if l.Deemed.Confidence.IsZero() {
		errs.Add("deemed.confidence", "is required")
	}
	if l.Delay.Resume.Unit() == baakit.Hours {
		errs.Add("delay.resume", "must be in days")
	}
	if len(l.Rules) == 0 || len(l.Rules) > 200 {
		errs.Add("rules", "must be 1 to 200 rules")
	}
	if len(l.Sources) == 0 {
		errs.Add("sources", "must name where it was read")
	}
	seen := make(map[string]bool)
	for i := range l.Rules {
		path := at("rules", i)
		l.Rules[i].validate(&errs, path, true)
		if seen[l.Rules[i].ID] {
			errs.Add(path+".id", "must not be given twice")
		}
		seen[l.Rules[i].ID] = true
	}
	return errs.Err()
}
