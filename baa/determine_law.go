package baa

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/need.json
var needJSON []byte

// needs returns the table of [Determine], read once. A table that cannot be
// read is a wrong program, which the tests would have found.
var needs = sync.OnceValue(func() *needLaw {
	var l needLaw
	if err := strictjson.Decode(needJSON, &l); err != nil {
		panic("baa: law/need.json: " + err.Error())
	}
	if err := l.check(); err != nil {
		panic("baa: law/need.json: " + err.Error())
	}
	return &l
})

type needLaw struct {
	Schema    string         `json:"schema"`
	AsOf      baakit.Date    `json:"as_of"`
	Start     string         `json:"start"`
	Outcomes  []needOutcome  `json:"outcomes"`
	Questions []needQuestion `json:"questions"`
	Sources   []lawSource    `json:"sources"`
}

type needOutcome struct {
	ID      string   `json:"id"`
	Outcome Need     `json:"outcome"`
	Says    string   `json:"says"`
	Sources []string `json:"sources"`
}

type needQuestion struct {
	ID      string     `json:"id"`
	Fact    string     `json:"fact"`
	Asks    string     `json:"asks"`
	Answers []needEdge `json:"answers"`
}

// A needEdge leads from an answer to the next question or to an outcome.
type needEdge struct {
	Answer  Answer   `json:"answer"`
	Next    string   `json:"next"`
	Outcome string   `json:"outcome"`
	Says    string   `json:"says"`
	Sources []string `json:"sources"`
}

// A lawSource is a source of a table of this package, named by its rows.
type lawSource struct {
	ID         string            `json:"id"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
}

// cited returns the citations of the sources with the ids, in their order.
func cited(sources []lawSource, asOf baakit.Date, ids []string) []baakit.Citation {
	var list []baakit.Citation
	for _, id := range ids {
		i := slices.IndexFunc(sources, func(s lawSource) bool { return s.ID == id })
		list = append(list, sources[i].Citation.WithAsOf(asOf).WithConfidence(sources[i].Confidence))
	}
	return list
}

func (l *needLaw) cite(ids []string) []baakit.Citation { return cited(l.Sources, l.AsOf, ids) }

func (l *needLaw) question(id string) needQuestion {
	return l.Questions[slices.IndexFunc(l.Questions, func(q needQuestion) bool { return q.ID == id })]
}

func (l *needLaw) outcome(id string) needOutcome {
	return l.Outcomes[slices.IndexFunc(l.Outcomes, func(o needOutcome) bool { return o.ID == id })]
}

// allows reports whether a question that asks for the fact takes the answer.
func (l *needLaw) allows(fact string, a Answer) bool {
	return slices.Contains(l.answers(fact), a)
}

func (l *needLaw) answers(fact string) []Answer {
	i := slices.IndexFunc(l.Questions, func(q needQuestion) bool { return q.Fact == fact })
	return l.Questions[i].public().Answers
}

func (l *needLaw) choices(fact string) string {
	var words []string
	for _, a := range l.answers(fact) {
		words = append(words, string(a))
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func (q needQuestion) public() Question {
	p := Question{ID: q.ID, Fact: q.Fact, Asks: q.Asks}
	for _, e := range q.Answers {
		p.Answers = append(p.Answers, e.Answer)
	}
	return p
}

func (q needQuestion) edge(a Answer) needEdge {
	return q.Answers[slices.IndexFunc(q.Answers, func(e needEdge) bool { return e.Answer == a })]
}

// sameNext returns the question that every answer leads to, or "".
func (q needQuestion) sameNext() string {
	next := q.Answers[0].Next
	for _, e := range q.Answers {
		if e.Next != next {
			return ""
		}
	}
	return next
}

// check reports what is wrong with the table: a name that nothing has, a way
// that returns to where it was, a question that takes other answers than
// another one that asks for the same fact.
func (l *needLaw) check() error {
	sources := make(map[string]bool)
	for _, s := range l.Sources {
		sources[s.ID] = !s.Confidence.IsZero()
	}
	rank := make(map[string]int)
	for i, q := range l.Questions {
		rank[q.ID] = i + 1
	}
	outcomes := make(map[string]bool)
	known := func(ids []string) bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return !sources[id] })
	}
	for _, o := range l.Outcomes {
		outcomes[o.ID] = true
		if !slices.Contains([]Need{Required, CounselReview, MOUSuffices, DUASuffices, NotRequired}, o.Outcome) || len(o.Sources) == 0 || !known(o.Sources) {
			return fmt.Errorf("outcome %s", o.ID)
		}
	}
	choices := make(map[string]string)
	for i, q := range l.Questions {
		var words []string
		for _, e := range q.Answers {
			words = append(words, string(e.Answer))
			// Ways lead down the table only, so every one of them ends.
			if forward := rank[e.Next] > i+1; forward == outcomes[e.Outcome] || !known(e.Sources) || e.Next != "" && e.Outcome != "" {
				return fmt.Errorf("question %s, answer %s", q.ID, e.Answer)
			}
		}
		slices.Sort(words)
		all := strings.Join(words, " ")
		if was, ok := choices[q.Fact]; ok && was != all {
			return fmt.Errorf("question %s takes other answers than an earlier one", q.ID)
		}
		choices[q.Fact] = all
		if new(Facts).field(q.Fact) == nil || len(q.Answers) < 2 {
			return fmt.Errorf("question %s", q.ID)
		}
	}
	if rank[l.Start] != 1 {
		return fmt.Errorf("start")
	}
	return nil
}
