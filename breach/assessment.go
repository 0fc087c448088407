package breach

import (
	"fmt"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// AssessmentSchema is the schema of an [Assessment] as JSON.
const AssessmentSchema = "baakit.breach.assessment/1"

// An Assessment is the record of the questions of 45 CFR 164.402 with their
// evidence. Kept with the [Determination] it leads to it is the proof that
// 164.414(b) asks for. The zero Assessment answers nothing and leaves the
// presumption of breach. It holds no PHI.
type Assessment struct {
	Schema string `json:"schema,omitempty"`
	// PHI is whether protected health information was involved at all.
	PHI Finding `json:"phi,omitzero"`
	// Impermissible is whether the Privacy Rule did not permit it.
	Impermissible Finding `json:"impermissible,omitzero"`
	// Exceptions are the exceptions claimed, each with its tests.
	Exceptions []ExceptionClaim `json:"exceptions,omitempty"`
	// Factors are the four of 164.402(2), in any order.
	Factors []Factor `json:"factors,omitempty"`
	// LowProbability is the conclusion from the factors.
	LowProbability Finding     `json:"low_probability,omitzero"`
	By             string      `json:"by,omitempty"` // a role or function
	On             baakit.Date `json:"on,omitzero"`
}

// A Finding is an answer with its ground. A yes or no without a rationale is
// an opinion and shows nothing.
type Finding struct {
	Answer    Answer   `json:"answer,omitempty"`
	Rationale string   `json:"rationale,omitempty"`
	Evidence  []string `json:"evidence,omitempty"` // names of documents
}

// IsZero reports whether nothing was found.
func (f Finding) IsZero() bool { return f.Answer == "" && f.Rationale == "" && len(f.Evidence) == 0 }

// shown reports whether the answer is given with a ground.
func (f Finding) shown(a Answer) bool { return f.Answer == a && f.Rationale != "" }

// An Exception is one of the three of 45 CFR 164.402, Breach (1).
type Exception string

// The exceptions.
const (
	GoodFaithWorkforce  Exception = "good_faith_workforce" // (1)(i)
	InadvertentInternal Exception = "inadvertent_internal" // (1)(ii)
	UnableToRetain      Exception = "unable_to_retain"     // (1)(iii)
)

// An ExceptionClaim is one exception with a finding on each of its tests, by
// the ID of the test: see [ExceptionTests].
type ExceptionClaim struct {
	Exception Exception          `json:"exception"`
	Tests     map[string]Finding `json:"tests,omitempty"`
}

// A FactorID names one of the four factors of 45 CFR 164.402, Breach (2).
type FactorID string

// The factors.
const (
	NatureAndExtent    FactorID = "nature_and_extent"   // (2)(i)
	UnauthorizedPerson FactorID = "unauthorized_person" // (2)(ii)
	AcquiredOrViewed   FactorID = "acquired_or_viewed"  // (2)(iii)
	Mitigation         FactorID = "mitigation"          // (2)(iv)
)

// A Rating is how much a factor speaks for a compromise.
type Rating string

// The ratings.
const (
	Low      Rating = "low"
	Moderate Rating = "moderate"
	High     Rating = "high"
)

// A Factor is one factor as it was assessed. Without a rating, a rationale and
// evidence it counts as missing.
type Factor struct {
	Factor    FactorID `json:"factor"`
	Rating    Rating   `json:"rating,omitempty"`
	Rationale string   `json:"rationale,omitempty"`
	Evidence  []string `json:"evidence,omitempty"`
}

func (f Factor) complete() bool { return f.Rating != "" && f.Rationale != "" && len(f.Evidence) > 0 }

// A Protection is how the PHI was made unusable, unreadable or indecipherable
// to unauthorized persons, if it was (45 CFR 164.402, unsecured protected
// health information; 74 FR 19006). The zero Protection is none shown.
type Protection struct {
	Method Method `json:"method,omitempty"`
	// Standard is the publication that the method is consistent with; for
	// each method only those that the guidance names count.
	Standard string `json:"standard,omitempty"`
	// KeySafe is whether the key or process was not breached.
	KeySafe Answer `json:"key_safe,omitempty"`
	// ToolsApart is whether decryption tools were kept apart from the data.
	ToolsApart Answer `json:"tools_apart,omitempty"`
	// CoversAll is whether all of the PHI involved was so protected.
	CoversAll Answer `json:"covers_all,omitempty"`
}

// A Method is a way of protecting PHI.
type Method string

// The methods. Redaction and access control do not make PHI secured.
const (
	NoProtection       Method = "none"
	EncryptionAtRest   Method = "encryption_at_rest"
	EncryptionInMotion Method = "encryption_in_motion"
	DestroyedPaper     Method = "destruction_paper" // shredded so that it cannot be read or put together again
	DestroyedMedia     Method = "destruction_media"
	Redaction          Method = "redaction"
	AccessControl      Method = "access_control"
)

// An Outcome is what an assessment leads to. The zero Outcome is none.
type Outcome string

// The outcomes. BreachOutcome and Indeterminate start the clocks.
const (
	NotPHI           Outcome = "not_phi"
	NotImpermissible Outcome = "not_impermissible"
	ExceptionApplies Outcome = "exception"
	Secured          Outcome = "secured"
	LowProbability   Outcome = "low_probability"
	BreachOutcome    Outcome = "breach"
	Indeterminate    Outcome = "indeterminate" // presumed a breach until the rest is shown
)

// StartsClocks reports whether notice is owed: of a breach, and of what is
// presumed to be one. The zero Outcome does, since nobody showed otherwise.
func (o Outcome) StartsClocks() bool {
	return o == "" || o == BreachOutcome || o == Indeterminate
}

// DeterminationSchema is the schema of a [Determined] as JSON.
const DeterminationSchema = "baakit.breach.determination/1"

// A Determined is the outcome of an assessment with its reasons, and what is
// missing where something is.
type Determined struct {
	Schema  string          `json:"schema"`
	Outcome Outcome         `json:"outcome"`
	Reasons []baakit.Reason `json:"reasons"`
	// Missing are the paths of what would have to be shown.
	Missing []string `json:"missing,omitempty"`
}

// ExceptionTests returns the IDs of the tests of an exception, all of which
// have to be shown; none of one that does not exist.
func ExceptionTests(e Exception) []string {
	if x := assessmentLaw().exception(e); x != nil {
		return slices.Clone(x.Tests)
	}
	return nil
}

// ParseAssessment reads and checks an assessment as JSON; everything wrong is
// in the [baakit.FieldErrors].
func ParseAssessment(data []byte) (Assessment, error) {
	var a Assessment
	if err := strictjson.Decode(data, &a); err != nil {
		return Assessment{}, err
	}
	if a.Schema != AssessmentSchema {
		return Assessment{}, baakit.FieldErrors{{Path: "schema", Rule: "must be " + AssessmentSchema}}
	}
	if err := a.validate(); err != nil {
		return Assessment{}, err
	}
	return a, nil
}

func (p Protection) validate() error {
	var errs baakit.FieldErrors
	switch p.Method {
	case "", NoProtection, EncryptionAtRest, EncryptionInMotion, DestroyedPaper, DestroyedMedia, Redaction, AccessControl:
	default:
		errs.Add("method", "must be a method of protection")
	}
	for _, f := range []struct {
		path string
		a    Answer
	}{{"key_safe", p.KeySafe}, {"tools_apart", p.ToolsApart}, {"covers_all", p.CoversAll}} {
		if !f.a.valid() {
			errs.Add(f.path, "must be yes or no")
		}
	}
	return errs.Err()
}

func (a Assessment) validate() error {
	var errs baakit.FieldErrors
	if a.Schema != "" && a.Schema != AssessmentSchema {
		errs.Add("schema", "must be "+AssessmentSchema)
	}
	answer := func(path string, f Finding) {
		if !f.Answer.valid() {
			errs.Add(path+".answer", "must be yes or no")
		}
	}
	answer("phi", a.PHI)
	answer("impermissible", a.Impermissible)
	for i, c := range a.Exceptions {
		path := at("exceptions", i)
		x := assessmentLaw().exception(c.Exception)
		if x == nil {
			errs.Add(path+".exception", "must be good_faith_workforce, inadvertent_internal or unable_to_retain")
			continue
		}
		for _, id := range x.Tests {
			answer(path+".tests."+id, c.Tests[id])
		}
		for id := range c.Tests {
			if !slices.Contains(x.Tests, id) {
				errs.Add(path+".tests", "must be tests of this exception only")
				break
			}
		}
	}
	seen := make(map[FactorID]bool)
	for i, f := range a.Factors {
		path := at("factors", i)
		if assessmentLaw().factor(f.Factor) == nil {
			errs.Add(path+".factor", "must be one of the four factors")
		} else if seen[f.Factor] {
			errs.Add(path+".factor", "must not be given twice")
		}
		seen[f.Factor] = true
		switch f.Rating {
		case "", Low, Moderate, High:
		default:
			errs.Add(path+".rating", "must be low, moderate or high")
		}
	}
	answer("low_probability", a.LowProbability)
	return errs.Err()
}

// Assess decides whether the incident is a breach (45 CFR 164.402): the
// questions in the order of the rule, each of which has to be shown, so that
// what is missing leaves the presumption of breach. The error is what
// [Incident.Validate] finds.
func Assess(in Incident) (Determined, error) {
	if err := in.Validate(); err != nil {
		return Determined{}, err
	}
	return assess(&in), nil
}

func assess(in *Incident) Determined {
	law := assessmentLaw()
	d := Determined{Schema: DeterminationSchema}
	a := in.Assessment
	if a == nil && in.Security == Unsuccessful {
		d.Outcome, d.Reasons = NotImpermissible, []baakit.Reason{law.reason("unsuccessful")}
		return d
	}
	if a == nil && in.Information.Protection == nil {
		d.Outcome = Indeterminate
		d.Reasons = law.presumed
		d.Missing = law.unassessed
		return d
	}
	if a == nil {
		a = &Assessment{}
	}
	decide := func(o Outcome, reason string) Determined {
		d.Outcome = o
		d.Reasons = append(d.Reasons, law.reason(reason))
		return d
	}
	miss := func(path string) { d.Missing = append(d.Missing, path) }
	switch {
	case a.PHI.shown(No):
		d.Missing = nil
		return decide(NotPHI, "not_phi")
	case a.PHI.Answer != Yes:
		miss("assessment.phi")
	}
	switch {
	case a.Impermissible.shown(No):
		d.Missing = nil
		return decide(NotImpermissible, "not_impermissible")
	case a.Impermissible.Answer != Yes:
		miss("assessment.impermissible")
	}
	secured, lacks := law.secured(in.Information.Protection)
	if secured {
		d.Missing = nil
		return decide(Secured, "secured")
	}
	for _, l := range lacks {
		miss("information.protection." + l)
	}
	for i, c := range a.Exceptions {
		failed := false
		var open []string
		for _, id := range law.exception(c.Exception).Tests {
			switch f := c.Tests[id]; {
			case f.Answer == No:
				failed = true
			case !f.shown(Yes) || len(f.Evidence) == 0:
				open = append(open, fmt.Sprintf("assessment.exceptions[%d].tests.%s", i, id))
			}
		}
		if !failed && len(open) == 0 {
			d.Missing = nil
			return decide(ExceptionApplies, string(c.Exception))
		}
		if !failed {
			d.Missing = append(d.Missing, open...)
		}
	}
	complete, allLow := true, true
	for _, f := range law.Factors {
		i := slices.IndexFunc(a.Factors, func(g Factor) bool { return g.Factor == f.ID })
		if i < 0 || !a.Factors[i].complete() {
			complete = false
			miss("assessment.factors." + string(f.ID))
			continue
		}
		allLow = allLow && a.Factors[i].Rating != High
	}
	switch {
	case a.LowProbability.Answer == No:
		d.Missing = nil
		return decide(BreachOutcome, "no_low_probability")
	case complete && a.LowProbability.shown(Yes) && allLow:
		d.Missing = nil
		return decide(LowProbability, "low_probability")
	case complete && a.LowProbability.shown(Yes):
		// A factor rated high contradicts the conclusion.
		return decide(Indeterminate, "contradiction")
	case !a.LowProbability.shown(Yes):
		miss("assessment.low_probability")
	}
	return decide(Indeterminate, "presumption")
}
