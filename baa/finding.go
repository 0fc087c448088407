package baa

import (
	"encoding/json"
	"slices"

	"github.com/baakit/baakit"
)

// ReportSchema is the schema of a [Report] as JSON.
const ReportSchema = "baakit.baa.report/1"

// A Severity says how much a finding matters.
type Severity string

// The severities, from the gravest.
const (
	SeverityError   Severity = "error"   // the law is not met
	SeverityWarning Severity = "warning" // it may not be met, or the house asks for it
	SeverityAdvice  Severity = "advice"  // somebody should look
	SeverityInfo    Severity = "info"    // good to know
)

// An Outcome says how an element was found.
type Outcome string

// The outcomes.
const (
	Present       Outcome = "present"
	Partial       Outcome = "partial" // less than asked for, or claimed and not verified
	Absent        Outcome = "absent"
	Contradicted  Outcome = "contradicted"   // the agreement says the opposite
	NotApplicable Outcome = "not_applicable" // nothing to say here
)

// A Layer says who asks: the two are never mixed.
type Layer string

// The layers.
const (
	LawLayer   Layer = "law"
	HouseLayer Layer = "house"
)

// A Place is where a finding comes from: a clause and, where it is about one,
// the JSON name of the term in it.
type Place struct {
	Clause ClauseID `json:"clause"`
	Term   string   `json:"term,omitempty"`
}

// A Waiver is the decision of a house to live with a finding until a day. It
// does not change the law.
type Waiver struct {
	Finding string      `json:"finding"`
	By      string      `json:"by"`
	Why     string      `json:"why"`
	Until   baakit.Date `json:"until"` // its last day
}

// A Finding is something about a version that somebody should know. IDs are
// stable: BAA-R for what is required, BAA-C for what is required where
// something is granted, BAA-O for what is optional, HOUSE for the house.
type Finding struct {
	ID       string   `json:"id"`
	Layer    Layer    `json:"layer"`
	Severity Severity `json:"severity"`
	Outcome  Outcome  `json:"outcome"`
	Element  Element  `json:"element,omitempty"`
	Message  string   `json:"message"`
	// Citations each say as of which day they were read.
	Citations  []baakit.Citation `json:"citations,omitempty"`
	Confidence baakit.Confidence `json:"confidence,omitzero"`
	Evidence   []Place           `json:"evidence,omitempty"`
	// Suggested is a clause that, put into the draft with [Draft.With],
	// removes the finding; nil if there is none.
	Suggested Clause `json:"-"`
	// Waived is the waiver in effect on the day of the rules, or nil.
	Waived *Waiver `json:"waived,omitempty"`
}

type findingJSON Finding

// MarshalJSON implements json.Marshaler; the suggested clause is an object
// with its kind.
func (f Finding) MarshalJSON() ([]byte, error) {
	w := struct {
		findingJSON
		Suggested json.RawMessage `json:"suggested,omitempty"`
	}{findingJSON: findingJSON(f)}
	if f.Suggested != nil {
		data, err := marshalClause(f.Suggested)
		if err != nil {
			return nil, err
		}
		w.Suggested = data
	}
	return json.Marshal(w)
}

// A Coverage is how an element of the rules was found.
type Coverage struct {
	Element  Element     `json:"element"`
	Status   Requirement `json:"status"`
	Outcome  Outcome     `json:"outcome"`
	Evidence []Place     `json:"evidence,omitempty"`
}

// A Report is the answer of [Check].
type Report struct {
	Schema  string      `json:"schema"`
	Version string      `json:"version"` // the hash
	Label   string      `json:"label"`
	Rules   baakit.Date `json:"rules,omitzero"` // the day of the rules
	// Findings come in the order of the table: required, conditional,
	// optional, then what else the law says, then the house.
	Findings []Finding `json:"findings"`
	// Coverage has every element of the rules, present ones too.
	Coverage []Coverage `json:"coverage"`
}

// Finding returns the finding with the id and whether there is one.
func (r Report) Finding(id string) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.ID == id })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}

// Outcome returns how an element was found; empty if the rules do not have it.
func (r Report) Outcome(e Element) Outcome {
	for _, c := range r.Coverage {
		if c.Element == e {
			return c.Outcome
		}
	}
	return ""
}

// Open returns the findings of a severity that no waiver covers.
func (r Report) Open(s Severity) []Finding {
	var list []Finding
	for _, f := range r.Findings {
		if f.Severity == s && f.Waived == nil {
			list = append(list, f)
		}
	}
	return list
}

// Passes reports whether the law is met by all that could be checked: no
// finding of the law is an error, waived or not.
func (r Report) Passes() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Layer == LawLayer && f.Severity == SeverityError })
}
