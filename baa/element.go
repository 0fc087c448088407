package baa

import (
	_ "embed"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/elements.json
var elementsJSON []byte

//go:embed law/provisions.json
var provisionsJSON []byte

// An Element is the id of something that the law asks an agreement to say, or
// lets it say: "report.breach". The ids are those of the table of elements.
type Element string

func (e Element) valid() bool {
	return slices.ContainsFunc(elements().Elements, func(r elementRow) bool { return r.ID == e })
}

// A Requirement says how far the law asks for an element.
type Requirement string

// The requirements.
const (
	ElementRequired    Requirement = "required"
	ElementConditional Requirement = "conditional" // required where its parent is granted
	ElementOptional    Requirement = "optional"    // its absence is no defect
)

// An ElementInfo is a row of the table of elements.
type ElementInfo struct {
	ID      Element     `json:"id"`
	Finding string      `json:"finding"`
	Status  Requirement `json:"status"`
	// Says completes the sentence: the agreement must, or may ...
	Says      string            `json:"says"`
	Citations []baakit.Citation `json:"citations"`
	// From is the first day on which contracts had to comply; see [RulesAt].
	From   baakit.Date `json:"from"`
	Parent Element     `json:"parent,omitempty"`
	Group  string      `json:"group"`
}

// Elements returns the table of elements in its order.
func Elements() iter.Seq[ElementInfo] {
	return func(yield func(ElementInfo) bool) {
		for _, r := range elements().Elements {
			if !yield(ElementInfo{r.ID, r.Finding, r.Status, r.Says, r.cited, r.From, r.Parent, r.Group}) {
				return
			}
		}
	}
}

// Provisions returns the short names under which agreements, labels and
// questionnaires speak of provisions, each with its elements; a name without
// elements is a term that no federal rule asks for.
func Provisions() map[string][]Element {
	out := make(map[string][]Element)
	for name, list := range provisions() {
		out[name] = slices.Clone(list)
	}
	return out
}

var provisions = sync.OnceValue(func() map[string][]Element {
	var table struct {
		Schema     string               `json:"schema"`
		Provisions map[string][]Element `json:"provisions"`
	}
	if err := strictjson.Decode(provisionsJSON, &table); err != nil {
		panic("baa: law/provisions.json: " + err.Error())
	}
	return table.Provisions
})

// elements returns the table, read once. A table that cannot be read is a
// wrong program, which the tests would have found.
var elements = sync.OnceValue(func() *elementLaw {
	var l elementLaw
	err := strictjson.Decode(elementsJSON, &l)
	if err == nil {
		err = l.prepare()
	}
	if err != nil {
		panic("baa: law/elements.json: " + err.Error())
	}
	return &l
})

type elementLaw struct {
	Schema string      `json:"schema"`
	AsOf   baakit.Date `json:"as_of"`
	Dates  struct {
		Confidence baakit.Confidence `json:"confidence"`
		Says       string            `json:"says"`
	} `json:"dates"`
	Elements []elementRow  `json:"elements"`
	Ceilings []ceilingRow  `json:"ceilings"`
	DUA      []duaRow      `json:"dua"`
	Proposed []proposedRow `json:"proposed"`
	Other    []otherRow    `json:"other"`

	order map[Element]int
}

type elementRow struct {
	ID            Element           `json:"id"`
	Finding       string            `json:"finding"`
	Status        Requirement       `json:"status"`
	Says          string            `json:"says"`
	Citations     []baakit.Citation `json:"citations"`
	Confidence    baakit.Confidence `json:"confidence"`
	From          baakit.Date       `json:"from"`
	Through       baakit.Date       `json:"through"`
	Group         string            `json:"group"`
	ElectronicPHI bool              `json:"electronic_phi"`
	Parent        Element           `json:"parent"`

	cited []baakit.Citation
}

type ceilingRow struct {
	ID         string            `json:"id"`
	Finding    string            `json:"finding"`
	AtMost     baakit.Period     `json:"at_most"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	From       baakit.Date       `json:"from"`
}

type duaRow struct {
	Element    Element           `json:"element"`
	Finding    string            `json:"finding"`
	Term       string            `json:"term"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	Says       string            `json:"says"`
}

type proposedRow struct {
	ID         string            `json:"id"`
	Finding    string            `json:"finding"`
	Clause     ClauseKind        `json:"clause"`
	Term       string            `json:"term"`
	AtMost     baakit.Period     `json:"at_most"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	From       baakit.Date       `json:"from"`
	Says       string            `json:"says"`
}

type otherRow struct {
	ID         string            `json:"id"`
	Finding    string            `json:"finding"`
	Severity   Severity          `json:"severity"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	Says       string            `json:"says"`
}

func (l *elementLaw) prepare() error {
	l.order = make(map[Element]int)
	seen := make(map[string]bool)
	for i := range l.Elements {
		r := &l.Elements[i]
		if _, twice := l.order[r.ID]; twice || seen[r.Finding] || r.Says == "" || len(r.Citations) == 0 || r.Confidence.IsZero() || r.From.IsZero() {
			return fmt.Errorf("row %s", r.ID)
		}
		if !slices.Contains([]Requirement{ElementRequired, ElementConditional, ElementOptional}, r.Status) || (r.Status == ElementConditional) != (r.Parent != "") {
			return fmt.Errorf("row %s", r.ID)
		}
		l.order[r.ID], seen[r.Finding] = i, true
		for _, c := range r.Citations {
			r.cited = append(r.cited, c.WithAsOf(l.AsOf).WithConfidence(r.Confidence))
		}
	}
	return nil
}

func (l *elementLaw) other(id string) otherRow {
	return l.Other[slices.IndexFunc(l.Other, func(r otherRow) bool { return r.ID == id })]
}

func (l *elementLaw) cite(c baakit.Citation, conf baakit.Confidence) []baakit.Citation {
	return []baakit.Citation{c.WithAsOf(l.AsOf).WithConfidence(conf)}
}

// breachCeiling is the longest time that a contract may give for the notice of
// a breach.
func breachCeiling() ceilingRow { return elements().Ceilings[0] }

// withinCeiling reports whether a breach period, or none, never lets a notice
// be later than the law does.
func withinCeiling(p baakit.Period) bool {
	if p.IsZero() {
		return true
	}
	c := compare(p, breachCeiling().AtMost)
	return c == baakit.Shorter || c == baakit.Equal
}

// inTableOrder sorts elements by the table and drops repeats.
func inTableOrder(list []Element) []Element {
	order := elements().order
	slices.SortFunc(list, func(a, b Element) int { return order[a] - order[b] })
	return slices.Compact(list)
}

// A RuleSet is the rules about agreements as they bind contracts on a day.
// The zero RuleSet has no rules; RulesAt makes one.
type RuleSet struct {
	on   baakit.Date
	rows []*elementRow
}

// RulesAt returns the rules that contracts had to meet on a day: those of
// today's text in force and the earlier ones on earlier days. The days from
// which contracts had to comply are known to this package with confidence
// memory. On the zero Date there are none.
func RulesAt(on baakit.Date) RuleSet {
	rules := RuleSet{on: on}
	if on.IsZero() {
		return rules
	}
	for i := range elements().Elements {
		r := &elements().Elements[i]
		if !on.Before(r.From) && (r.Through.IsZero() || !on.After(r.Through)) {
			rules.rows = append(rules.rows, r)
		}
	}
	return rules
}

// CurrentRules returns the rules as of the day the table was read.
func CurrentRules() RuleSet { return RulesAt(elements().AsOf) }

// On returns the day of the rules.
func (r RuleSet) On() baakit.Date { return r.on }
