package baa

import (
	"slices"

	"github.com/baakit/baakit"
)

// DeterminationSchema is the schema of a [Determination] as JSON.
const DeterminationSchema = "baakit.baa.determination/1"

// A Need says which paper a relationship needs. The zero Need is invalid.
type Need string

// The needs, from the strictest.
const (
	// Required: a business associate agreement, before any PHI flows.
	Required Need = "required"
	// CounselReview: what is known does not decide it, or the rule asks for
	// a judgement. Treat it as Required until it is decided.
	CounselReview Need = "counsel_review"
	// MOUSuffices: between government bodies, a memorandum of understanding,
	// 45 CFR 164.504(e)(3)(i).
	MOUSuffices Need = "mou_suffices"
	// DUASuffices: for a limited data set, a data use agreement, 45 CFR
	// 164.504(e)(3)(iv).
	DUASuffices Need = "dua_suffices"
	// NotRequired: the vendor is no business associate for this.
	NotRequired Need = "not_required"
)

// A Determination is the answer of [Determine] with the way that led to it.
type Determination struct {
	Schema string `json:"schema"`
	Need   Need   `json:"need"`
	Reason string `json:"reason"`
	// Confidence is that of the weakest source among Citations.
	Confidence baakit.Confidence `json:"confidence"`
	// Citations are the sources of the reason.
	Citations []baakit.Citation `json:"citations"`
	// Path is the questions that were decided, in their order.
	Path []Step `json:"path"`
	// Open is the questions without an answer that may still decide it, the
	// next one to ask first; empty unless Need is CounselReview.
	Open []Question `json:"open,omitempty"`
	// Possible is what Need may turn out to be once Open is answered.
	Possible []Need `json:"possible,omitempty"`
}

// A Question is one question of the table, with the field of [Facts] that
// answers it and the answers it takes.
type Question struct {
	ID      string   `json:"id"`
	Fact    string   `json:"fact"`
	Asks    string   `json:"asks"`
	Answers []Answer `json:"answers"`
}

// A Step is a question on the path with its answer; an answer that is Unknown
// decided nothing, because all answers lead to the same end.
type Step struct {
	ID        string            `json:"id"`
	Asks      string            `json:"asks"`
	Answer    Answer            `json:"answer"`
	Says      string            `json:"says,omitempty"`
	Citations []baakit.Citation `json:"citations,omitempty"`
}

// Determine says whether the relationship needs a business associate
// agreement: 45 CFR 160.103 for who is a business associate, 164.502(e) and
// 164.504(e)(3) for the paper.
//
// A fact that is unknown is never taken for the answer that needs less: where
// it decides, the result is CounselReview with the open questions. Where all
// its answers lead to the same need, that is the result, but never
// NotRequired: that one is given only with every question on its path
// answered.
//
// The error is that of [Facts.Validate]. The result shares nothing with f or
// with other results.
func Determine(f Facts) (Determination, error) {
	if err := f.Validate(); err != nil {
		return Determination{}, err
	}
	w := needWalk{law: needs()}
	d := Determination{Schema: DeterminationSchema}
	node := w.law.Start
	for {
		q := w.law.question(node)
		answer := *f.field(q.Fact)
		if answer != Unknown {
			e := q.edge(answer)
			d.Path = append(d.Path, Step{q.ID, q.Asks, answer, e.Says, w.law.cite(e.Sources)})
			if e.Outcome != "" {
				w.law.settle(&d, e.Outcome)
				return d, nil
			}
			node = e.Next
			continue
		}
		if next := q.sameNext(); next != "" { // whatever the answer, the way goes on there
			d.Path = append(d.Path, Step{ID: q.ID, Asks: q.Asks, Says: "not known; both answers lead on to the same question"})
			node = next
			continue
		}
		w.ends(f, node)
		d.Path = append(d.Path, Step{ID: q.ID, Asks: q.Asks})
		if kinds := w.needs(); len(kinds) == 1 && kinds[0] != NotRequired {
			d.Path[len(d.Path)-1].Says = "not known; every answer leads to the same need, each by a paragraph of its own"
			d.Need, d.Reason = kinds[0], "whichever answer holds, each leads to the same need"
			for _, o := range w.outcomes {
				d.Citations = append(d.Citations, w.law.cite(w.law.outcome(o).Sources)...)
			}
			d.Citations = distinct(d.Citations)
			d.Confidence = weakest(d.Citations)
			return d, nil
		}
		d.Path[len(d.Path)-1].Says = "not known"
		d.Need, d.Possible, d.Open = CounselReview, w.needs(), w.open
		d.Reason = "what is known does not decide it; until it does, let no PHI flow without an agreement"
		d.Citations = w.law.cite([]string{"ba"})
		d.Confidence = weakest(d.Citations)
		return d, nil
	}
}

// A needWalk explores what may follow from the answers that are not known.
type needWalk struct {
	law      *needLaw
	outcomes []string
	open     []Question
}

// ends collects the outcomes that the node can lead to, and the questions
// that are open on the way. An answer that is supposed at one question holds
// at the later ones that ask for the same fact.
func (w *needWalk) ends(f Facts, node string) {
	q := w.law.question(node)
	answer := *f.field(q.Fact)
	for _, e := range q.Answers {
		if answer != Unknown && answer != e.Answer {
			continue
		}
		if answer == Unknown && q.sameNext() == "" && !slices.ContainsFunc(w.open, func(o Question) bool { return o.Fact == q.Fact }) {
			w.open = append(w.open, q.public())
		}
		supposed := f
		*supposed.field(q.Fact) = e.Answer
		switch {
		case e.Outcome == "":
			w.ends(supposed, e.Next)
		case !slices.Contains(w.outcomes, e.Outcome):
			w.outcomes = append(w.outcomes, e.Outcome)
		}
		if answer == Unknown && q.sameNext() != "" {
			return // the other answers lead the same way
		}
	}
}

// needs returns the distinct needs of the outcomes, the strictest first.
func (w *needWalk) needs() []Need {
	var kinds []Need
	for _, n := range []Need{Required, CounselReview, MOUSuffices, DUASuffices, NotRequired} {
		if slices.ContainsFunc(w.outcomes, func(o string) bool { return w.law.outcome(o).Outcome == n }) {
			kinds = append(kinds, n)
		}
	}
	return kinds
}

// settle sets the outcome of d from the table.
func (l *needLaw) settle(d *Determination, id string) {
	o := l.outcome(id)
	d.Need, d.Reason = o.Outcome, o.Says
	d.Citations = l.cite(o.Sources)
	d.Confidence = weakest(d.Citations)
}

// Questions returns the questions of [Determine] in the order of the table.
// A fact that several questions ask for has several entries.
func Questions() []Question {
	law := needs()
	list := make([]Question, len(law.Questions))
	for i, q := range law.Questions {
		list[i] = q.public()
	}
	return list
}

func distinct(list []baakit.Citation) []baakit.Citation {
	var out []baakit.Citation
	for _, c := range list {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func weakest(list []baakit.Citation) baakit.Confidence {
	var all []baakit.Confidence
	for _, c := range list {
		all = append(all, c.Confidence())
	}
	return baakit.Weakest(all...)
}
