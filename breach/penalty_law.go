package breach

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/baakit/baakit"
	"github.com/shopspring/decimal"
)

//go:embed law/penalties.json
var penaltiesJSON []byte

// The penalty table as it is kept in law/penalties.json.
type penaltyLaw struct {
	Schema      string              `json:"schema"`
	AsOf        baakit.Date         `json:"as_of"`
	Amounts     []penaltyAmounts    `json:"amounts"`
	Discretion  []penaltyDiscretion `json:"discretion"`
	Assumptions []penaltyAssumption `json:"assumptions"`
}

// A penaltySource is where a row of the table was read.
type penaltySource struct {
	ID         string            `json:"id"`
	Citation   string            `json:"citation"`
	Source     string            `json:"source"`
	AsOf       baakit.Date       `json:"as_of"`
	Confidence baakit.Confidence `json:"confidence"`
}

func (s penaltySource) citation() baakit.Citation {
	return baakit.MustParseCitation(s.Citation).WithAsOf(s.AsOf).WithConfidence(s.Confidence)
}

// penaltyAmounts are the amounts of one adjustment. They hold for violations
// of some days that are assessed on some days; a zero Date is no bound.
type penaltyAmounts struct {
	penaltySource
	AdjustmentYear int           `json:"adjustment_year"`
	ViolationsFrom baakit.Date   `json:"violations_from"`
	ViolationsTo   baakit.Date   `json:"violations_to"`
	AssessedFrom   baakit.Date   `json:"assessed_from"`
	AssessedTo     baakit.Date   `json:"assessed_to"`
	Tiers          []penaltyTier `json:"tiers"`
}

type penaltyTier struct {
	Culpability Culpability     `json:"culpability"`
	Min         decimal.Decimal `json:"min"`
	Max         decimal.Decimal `json:"max"`
	Cap         decimal.Decimal `json:"cap"`
}

func (a penaltyAmounts) tier(c Culpability) penaltyTier {
	for _, t := range a.Tiers {
		if t.Culpability == c {
			return t
		}
	}
	return penaltyTier{}
}

// covers reports whether the amounts are for a violation of that day.
func (a penaltyAmounts) covers(violation baakit.Date) bool {
	return !violation.Before(a.ViolationsFrom) && (a.ViolationsTo.IsZero() || !violation.After(a.ViolationsTo))
}

// applies reports whether they are in force on the day of the assessment.
func (a penaltyAmounts) applies(assessed baakit.Date) bool {
	return !assessed.Before(a.AssessedFrom) && (a.AssessedTo.IsZero() || !assessed.After(a.AssessedTo))
}

type penaltyDiscretion struct {
	penaltySource
	AdjustmentYear int                             `json:"adjustment_year"`
	Caps           map[Culpability]decimal.Decimal `json:"caps"`
}

type penaltyAssumption struct {
	ID       string `json:"id"`
	Says     string `json:"says"`
	Citation string `json:"citation"`
}

var loadPenaltyLaw = sync.OnceValue(func() *penaltyLaw {
	law, err := parsePenaltyLaw(penaltiesJSON)
	if err != nil {
		panic("breach: law/penalties.json: " + err.Error()) // embedded and tested
	}
	return law
})

func parsePenaltyLaw(data []byte) (*penaltyLaw, error) {
	var law penaltyLaw
	if err := json.Unmarshal(data, &law); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	for i, a := range law.Amounts {
		at := fmt.Sprintf("amounts[%d]", i)
		errs.Merge(at, a.check())
		if len(a.Tiers) != len(Culpabilities()) {
			errs.Add(at+".tiers", "must have every tier once")
		}
		for j, t := range a.Tiers {
			if !t.Culpability.valid() || !t.Min.IsPositive() || t.Max.LessThan(t.Min) || t.Cap.LessThan(t.Max) {
				errs.Add(fmt.Sprintf("%s.tiers[%d]", at, j), "must have a culpability, and min, max and cap in that order")
			}
		}
	}
	for i, d := range law.Discretion {
		at := fmt.Sprintf("discretion[%d]", i)
		errs.Merge(at, d.check())
		if len(d.Caps) != len(Culpabilities()) {
			errs.Add(at+".caps", "must have every tier once")
		}
	}
	return &law, errs.Err()
}

func (s penaltySource) check() error {
	var errs baakit.FieldErrors
	if s.ID == "" {
		errs.Add("id", "is required")
	}
	if _, err := baakit.ParseCitation(s.Citation); err != nil {
		errs.Add("citation", "must be a citation")
	}
	if s.Source == "" {
		errs.Add("source", "is required")
	}
	if s.AsOf.IsZero() {
		errs.Add("as_of", "is required")
	}
	if s.Confidence.IsZero() {
		errs.Add("confidence", "is required")
	}
	return errs.Err()
}

func (l *penaltyLaw) assumption(id string) Assumption {
	for _, a := range l.Assumptions {
		if a.ID == id {
			return Assumption{ID: a.ID, Says: a.Says, Citation: baakit.MustParseCitation(a.Citation).WithAsOf(l.AsOf)}
		}
	}
	panic("breach: no assumption " + id)
}
