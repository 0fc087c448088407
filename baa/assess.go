package baa

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// AssessmentSchema is the schema of an [Assessment] as JSON.
const AssessmentSchema = "baakit.baa.assessment/1"

// Evidence is an [Acceptance] with the things it speaks of, as whoever keeps
// them has them today. What is missing cannot be checked, and counts as not
// shown.
type Evidence struct {
	Acceptance Acceptance
	// VersionHash is that of the version whose acceptance is to be proved,
	// from the vendor's own files.
	VersionHash string
	// Shown is the rendering that was shown, as it is kept.
	Shown []byte
	// AuthorityText and ConsentText are the words that were ticked.
	AuthorityText, ConsentText string
	// Copy is what was delivered.
	Copy []byte
}

// An Assessment grades evidence of acceptance.
type Assessment struct {
	Schema   string   `json:"schema"`
	Strength Strength `json:"strength"`
	// Findings are what weakens it; none if it is Strong.
	Findings []LifeFinding `json:"findings"`
	// Confidence is that of the weakest source among the citations: contract
	// law of a State is for counsel to read.
	Confidence baakit.Confidence `json:"confidence"`
}

// Finding reports whether the assessment has the finding.
func (a Assessment) Finding(id string) bool {
	return slices.ContainsFunc(a.Findings, func(f LifeFinding) bool { return f.ID == id })
}

// Assess grades the evidence, offline: it asks nobody and reads no clock.
// Each finding caps the strength, as the table says, and the strength is the
// weakest of the caps:
//
//	EV-HASH         void  the version is another one, or what is kept is not what was shown
//	EV-AUTHORITY    weak  no statement of authority, or not in these words
//	EV-ASSENT       weak  no separate act with words of its own
//	EV-ATTRIBUTION  weak  nobody can be named, or no way of knowing that it was that person
//	EV-WEAK-METHOD  weak  going on, and nothing else
//	EV-DISPLAY      fair  nothing shows that the text was there to be read before the act
//	EV-COPY         fair  no copy, or not of what was accepted
//	EV-TIME         fair  no trusted clock, or times out of order
//	EV-CONSENT      fair  an electronic act without consent to act electronically
//
// The sources are 15 U.S.C. 7001 (E-SIGN) and the contract law of the State,
// both marked as unverified. The error is that of [Acceptance.Validate].
func (e Evidence) Assess() (Assessment, error) {
	if err := e.Acceptance.Validate(); err != nil {
		return Assessment{}, err
	}
	out := Assessment{Schema: AssessmentSchema, Strength: Strong, Findings: []LifeFinding{}}
	var sources []baakit.Citation
	for _, c := range e.checks() {
		if c.ok {
			continue
		}
		finding := lives().finding(c.id)
		out.Findings = append(out.Findings, finding)
		out.Strength = weaker(out.Strength, lives().caps(c.id))
		sources = append(sources, finding.Citations...)
	}
	if len(sources) == 0 {
		sources = cited(lives().Sources, lives().AsOf, []string{"esign", "evidence"})
	}
	out.Confidence = weakest(sources)
	return out, nil
}

type evidenceCheck struct {
	id string
	ok bool
}

// checks returns what is asked of the evidence, in the order of Assess.
func (e Evidence) checks() []evidenceCheck {
	a := e.Acceptance
	paper := a.Method == Wet
	shown := HashText(string(e.Shown))
	same := e.VersionHash != "" && a.VersionHash == e.VersionHash &&
		(a.Presented.TextHash == "" || a.ManifestationHash == "" || a.Presented.TextHash == a.ManifestationHash) &&
		(len(e.Shown) == 0 || a.ManifestationHash == "" || shown == a.ManifestationHash)
	authority := a.Authority.Given && e.AuthorityText != "" && a.Authority.TextHash == HashText(e.AuthorityText)
	consent := paper || e.ConsentText != "" && a.ConsentHash == HashText(e.ConsentText)
	displayed := len(e.Shown) > 0 && shown == a.ManifestationHash && a.Presented.TextHash == a.ManifestationHash &&
		!a.Presented.DisplayedAt.IsZero() && !a.Presented.DisplayedAt.After(a.At)
	// Only the very text that was shown is a copy of it.
	delivered := a.Copy.Hash != "" && len(e.Copy) > 0 && HashText(string(e.Copy)) == a.Copy.Hash &&
		a.Copy.Hash == a.ManifestationHash && !a.Copy.At.IsZero() && !a.Copy.To.IsZero()
	trusted := a.Clock == ServerClock || a.Clock == TimestampClock || a.Clock == WitnessClock && paper
	return []evidenceCheck{
		{"EV-HASH", same},
		{"EV-AUTHORITY", authority},
		{"EV-ASSENT", a.assents()},
		{"EV-ATTRIBUTION", a.attributed()},
		{"EV-WEAK-METHOD", a.Method != ContinuedUse},
		{"EV-DISPLAY", displayed},
		{"EV-COPY", delivered},
		{"EV-TIME", trusted && inSequence(a.Presented.DisplayedAt, a.At, a.Copy.At)},
		{"EV-CONSENT", consent},
	}
}

// assents reports whether the act was one of assent and nothing else.
func (a Acceptance) assents() bool {
	switch a.Method {
	case ContinuedUse:
		return false
	case Wet, Drawn, Typed, Countersign: // to sign is an act of its own
		return true
	}
	return a.Act.Separate && a.Act.CallToAction != "" && a.Act.Control != "" && (a.Act.DefaultUnchecked || a.Method == API)
}

// attributed reports whether a person is named and the name rests on more
// than itself: ink, or an account or address that somebody signed in to.
func (a Acceptance) attributed() bool {
	if a.Signer.Name == "" || a.Party.LegalName == "" {
		return false
	}
	return a.Method == Wet || (!a.Signer.Account.IsZero() || !a.Signer.Email.IsZero()) && a.Source.Authn != ""
}

// inSequence reports whether the times that are known are in order.
func inSequence(times ...time.Time) bool {
	last := time.Time{}
	for _, t := range times {
		if t.IsZero() {
			continue
		}
		if t.Before(last) {
			return false
		}
		last = t
	}
	return true
}

// Event returns the event of the acceptance with its grade, to be given to
// [Lifecycle.Record]. The error is that of [Acceptance.Validate], or
// [ErrVersion] if the evidence is void.
func (e Evidence) Event() (Event, error) {
	graded, err := e.Assess()
	if err != nil {
		return Event{}, err
	}
	if graded.Strength == Void {
		return Event{}, ErrVersion
	}
	hash, err := e.Acceptance.Hash()
	if err != nil {
		return Event{}, err
	}
	a := e.Acceptance
	return Event{
		Kind: Accepted, At: a.At, By: a.Party.Side, Version: a.VersionHash,
		Assent: &Assent{
			Method: a.Method, VersionHash: a.VersionHash, Authority: !graded.Finding("EV-AUTHORITY"),
			Copy: !graded.Finding("EV-COPY"), Strength: graded.Strength, EvidenceHash: hash,
		},
	}, nil
}
