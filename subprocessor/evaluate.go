package subprocessor

import (
	"cmp"
	_ "embed"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// QuestionnaireSchema is the schema of a [Questionnaire] as JSON.
const QuestionnaireSchema = "baakit.subprocessor.questionnaire/1"

// A Question of a questionnaire. A gate has no weight: it has to be settled
// before a score means anything.
type Question struct {
	ID       string `json:"id"`
	Category string `json:"category"`
	Question string `json:"question"`
	Evidence string `json:"evidence"` // what is asked for
	// Provision is the provision of an agreement that the answer bears on, by
	// its short name; empty: none.
	Provision string `json:"provision,omitempty"`
	Gate      bool   `json:"gate,omitempty"`
	Weight    int    `json:"weight,omitempty"`
	// AtMost: an answer of yes has to state a period no longer than this.
	AtMost baakit.Period `json:"at_most,omitzero"`
	// CipherAtLeast: an answer of yes has to state a cipher as strong.
	CipherAtLeast Cipher `json:"cipher_at_least,omitempty"`
	// TLSAtLeast: an answer of yes has to state the oldest version in use.
	TLSAtLeast TLSVersion `json:"tls_at_least,omitempty"`
}

// A Questionnaire is a set of questions of a standard and version.
type Questionnaire struct {
	Schema    string     `json:"schema"`
	Standard  string     `json:"standard"`
	Version   string     `json:"version"`
	Questions []Question `json:"questions"`
}

//go:embed law/questionnaire.json
var questionnaireJSON []byte

var builtIn = sync.OnceValue(func() Questionnaire {
	q, err := ParseQuestionnaire(questionnaireJSON)
	if err != nil {
		panic("subprocessor: law/questionnaire.json: " + err.Error())
	}
	return q
})

// VendorQuestionnaire returns the questionnaire of this package, for vendors
// that hold backups or other electronic PHI.
func VendorQuestionnaire() Questionnaire {
	q := builtIn()
	q.Questions = slices.Clone(q.Questions)
	return q
}

// ParseQuestionnaire reads a questionnaire as JSON, strictly.
func ParseQuestionnaire(data []byte) (Questionnaire, error) {
	var q Questionnaire
	if err := strictjson.Decode(data, &q); err != nil {
		return Questionnaire{}, err
	}
	var errs baakit.FieldErrors
	need(&errs, "schema", q.Schema == QuestionnaireSchema, "must be "+QuestionnaireSchema)
	need(&errs, "standard", isLine(q.Standard), "is required")
	need(&errs, "questions", len(q.Questions) > 0, "must have at least one")
	seen := make(map[string]bool)
	for i, x := range q.Questions {
		need(&errs, "questions"+at(i)+".id", events.IsName(x.ID) && !seen[x.ID], "is required and must be that of one question only")
		need(&errs, "questions"+at(i)+".weight", x.Gate == (x.Weight == 0) && x.Weight >= 0 && x.Weight <= 1000, "must be from 1 to 1000, or left out for a gate")
		need(&errs, "questions"+at(i)+".provision", x.Provision == "" || x.Provision == determination || isProvision(x.Provision), "must be the id of a provision, determination, or left out")
		need(&errs, "questions"+at(i)+".cipher_at_least", x.CipherAtLeast == "" || x.CipherAtLeast.strength() > 0, "must be AES-128, AES-192 or AES-256")
		need(&errs, "questions"+at(i)+".tls_at_least", x.TLSAtLeast == "" || x.TLSAtLeast.order() > 0, "must be 1.0, 1.1, 1.2 or 1.3")
		seen[x.ID] = true
	}
	if err := errs.Err(); err != nil {
		return Questionnaire{}, err
	}
	return q, nil
}

// A Reply is a yes, a no, or that nobody knows. The zero Reply is unknown.
type Reply string

// The replies.
const (
	Yes     Reply = "yes"
	No      Reply = "no"
	Unknown Reply = "unknown"
)

// An Evidence shows that an answer is true, until it expires.
type Evidence struct {
	What    string      `json:"what"`
	Hash    string      `json:"hash,omitempty"`
	Dated   baakit.Date `json:"dated"`
	Expires baakit.Date `json:"expires,omitzero"` // its last day
}

// An Answer to a question.
type Answer struct {
	Question string        `json:"question"`
	Reply    Reply         `json:"reply"`
	Period   baakit.Period `json:"period,omitzero"`  // for questions of how long
	Cipher   Cipher        `json:"cipher,omitempty"` // for questions of which cipher
	TLS      TLSVersion    `json:"tls,omitempty"`    // the oldest version accepted
	Says     string        `json:"says,omitempty"`
	Evidence []Evidence    `json:"evidence,omitempty"`
}

// A Gap is a question that scores nothing, and why.
type Gap struct {
	Question  string `json:"question"`
	Category  string `json:"category"`
	Provision string `json:"provision,omitempty"`
	Weight    int    `json:"weight"`
	Why       string `json:"why"` // unanswered, unknown, no, no_period, too_long, depends, no_cipher, no_version, too_weak, no_evidence, evidence_expired
}

// A GateResult is how a gate was settled. Unless it was, with evidence, the
// vendor is taken to handle PHI.
type GateResult struct {
	Question string `json:"question"`
	Reply    Reply  `json:"reply"`
	Settled  bool   `json:"settled"`
	Why      string `json:"why,omitempty"`
}

// A PromiseGap is a provision that the agreement promises and the vendor has
// not evidenced.
type PromiseGap struct {
	Provision string   `json:"provision"`
	Questions []string `json:"questions"` // none: nothing asks about it
}

// EvaluationSchema is the schema of an [Evaluation] as JSON.
const EvaluationSchema = "baakit.subprocessor.evaluation/1"

// An Evaluation is what a vendor's answers come to on a day: gaps first, score
// second.
type Evaluation struct {
	Schema   string       `json:"schema"`
	Standard string       `json:"standard"`
	Version  string       `json:"version"`
	On       baakit.Date  `json:"on"`
	Gates    []GateResult `json:"gates"`
	// NeedsAgreement: the vendor handles PHI, or nobody showed that it does
	// not (45 CFR 160.103).
	NeedsAgreement bool         `json:"needs_agreement"`
	GatesSettled   bool         `json:"gates_settled"`
	Gaps           []Gap        `json:"gaps"` // the heaviest first
	Promises       []PromiseGap `json:"promises"`
	Score          int          `json:"score"`
	OutOf          int          `json:"out_of"`
	// NextDue is the last day before some evidence that counted expires.
	NextDue baakit.Date `json:"next_due,omitzero"`
}

// Evaluate scores the answers on a day. Unknown scores as no, and so does a
// yes without evidence that is current. Promised are the provisions that an
// agreement promises, by the ids of [Provisions] or of their elements; a gap
// names the one given. The error is a [baakit.FieldErrors] of answers to no
// question, given twice or with a value that is not asked for, and of ids that
// name no provision.
func (q Questionnaire) Evaluate(answers []Answer, promised []string, on baakit.Date) (Evaluation, error) {
	var errs baakit.FieldErrors
	need(&errs, "on", !on.IsZero(), "is required")
	given := make(map[string]Answer)
	for i, a := range answers {
		x := q.question(a.Question)
		_, twice := given[a.Question]
		need(&errs, "answers"+at(i)+".question", !twice && x != nil, "must be a question, answered once")
		need(&errs, "answers"+at(i)+".reply", slices.Contains([]Reply{"", Yes, No, Unknown}, a.Reply), "must be yes, no or unknown")
		need(&errs, "answers"+at(i)+".cipher", a.Cipher == "" || a.Cipher.valid() && x != nil && x.CipherAtLeast != "", "must be AES-128, AES-192, AES-256 or other, for a question that asks for it")
		need(&errs, "answers"+at(i)+".tls", a.TLS == "" || a.TLS.order() > 0 && x != nil && x.TLSAtLeast != "", "must be 1.0, 1.1, 1.2 or 1.3, for a question that asks for it")
		for j, e := range a.Evidence {
			need(&errs, "answers"+at(i)+".evidence"+at(j), isLine(e.What) && !e.Dated.IsZero(), "must say what it is and its day")
		}
		given[a.Question] = a
	}
	for i, p := range promised {
		need(&errs, "promised"+at(i), isProvision(p), "must be the id of a provision or of one of its elements")
	}
	if err := errs.Err(); err != nil {
		return Evaluation{}, err
	}
	v := Evaluation{Schema: EvaluationSchema, Standard: q.Standard, Version: q.Version, On: on, Gates: []GateResult{}, Gaps: []Gap{}, Promises: []PromiseGap{}, GatesSettled: true}
	open := make(map[string]bool)
	for _, x := range q.Questions {
		a, answered := given[x.ID]
		why := x.why(a, answered, on)
		if x.Gate {
			g := GateResult{x.ID, cmp.Or(a.Reply, Unknown), why == "" || why == "no" && a.current(on), why}
			if g.Settled {
				g.Why = ""
			} else if why == "no" {
				g.Why = "no_evidence"
			}
			v.Gates = append(v.Gates, g)
			v.GatesSettled = v.GatesSettled && g.Settled
			v.NeedsAgreement = v.NeedsAgreement || !g.Settled || g.Reply == Yes
			open[x.ID] = !g.Settled
			continue
		}
		v.OutOf += x.Weight
		if why != "" {
			open[x.ID] = true
			v.Gaps = append(v.Gaps, Gap{x.ID, x.Category, x.Provision, x.Weight, why})
			continue
		}
		v.Score += x.Weight
		v.NextDue = earliest(v.NextDue, a.expires(on))
	}
	slices.SortStableFunc(v.Gaps, func(a, b Gap) int { return cmp.Compare(b.Weight, a.Weight) })
	for _, p := range slices.Compact(slices.Sorted(slices.Values(promised))) {
		gap := PromiseGap{Provision: p, Questions: []string{}}
		asked := false
		for _, x := range q.Questions {
			if answersTo(x.Provision, p) {
				asked = true
				if open[x.ID] {
					gap.Questions = append(gap.Questions, x.ID)
				}
			}
		}
		if !asked || len(gap.Questions) > 0 {
			v.Promises = append(v.Promises, gap)
		}
	}
	return v, nil
}

func (q Questionnaire) question(id string) *Question {
	i := slices.IndexFunc(q.Questions, func(x Question) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return &q.Questions[i]
}

// why says why a question scores nothing, or "".
func (x Question) why(a Answer, answered bool, on baakit.Date) string {
	switch {
	case !answered:
		return "unanswered"
	case a.Reply == No:
		return "no"
	case a.Reply != Yes:
		return "unknown"
	case !x.AtMost.IsZero() && a.Period.IsZero():
		return "no_period"
	}
	if !x.AtMost.IsZero() {
		switch a.Period.Compare(x.AtMost, nil) {
		case baakit.Longer:
			return "too_long"
		case baakit.Depends:
			return "depends"
		}
	}
	switch {
	case x.CipherAtLeast != "" && a.Cipher == "":
		return "no_cipher"
	case x.CipherAtLeast != "" && a.Cipher == OtherCipher:
		return "depends"
	case x.CipherAtLeast != "" && a.Cipher.strength() < x.CipherAtLeast.strength():
		return "too_weak"
	case x.TLSAtLeast != "" && a.TLS == "":
		return "no_version"
	case x.TLSAtLeast != "" && a.TLS.order() < x.TLSAtLeast.order():
		return "too_weak"
	case len(a.Evidence) == 0:
		return "no_evidence"
	case !a.current(on):
		return "evidence_expired"
	}
	return ""
}

func (a Answer) current(on baakit.Date) bool {
	return slices.ContainsFunc(a.Evidence, func(e Evidence) bool { return e.current(on) })
}

func (e Evidence) current(on baakit.Date) bool {
	return !e.Dated.After(on) && (e.Expires.IsZero() || !on.After(e.Expires))
}

// expires returns the last day on which some evidence is current; zero if it
// never expires.
func (a Answer) expires(on baakit.Date) baakit.Date {
	var last baakit.Date
	for _, e := range a.Evidence {
		if !e.current(on) {
			continue
		}
		if e.Expires.IsZero() {
			return baakit.Date{}
		}
		last = latest(last, e.Expires)
	}
	return last
}
