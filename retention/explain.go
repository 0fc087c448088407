package retention

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/strictjson"
)

// DecisionSchema is the schema of an [Explanation], the JSON form of a
// [Decision].
const DecisionSchema = "baakit.retention.decision/1"

// An Explanation is a decision with all that led to it, in sentences.
type Explanation struct {
	Schema   string      `json:"schema"`
	Record   string      `json:"record"`
	Class    string      `json:"class,omitempty"`
	Part     string      `json:"part,omitempty"`
	On       baakit.Date `json:"on"`
	LawAsOf  baakit.Date `json:"law_as_of"`
	Schedule string      `json:"schedule"` // its hash
	Outcome  Outcome     `json:"outcome"`

	KeepThrough      baakit.Date `json:"keep_through,omitzero"`
	FirstDisposable  baakit.Date `json:"first_disposable,omitzero"`
	EarliestDisposal baakit.Date `json:"earliest_disposal,omitzero"`
	DeleteBy         baakit.Date `json:"delete_by,omitzero"`
	Conflict         Conflict    `json:"conflict,omitempty"`
	NotBefore        baakit.Date `json:"not_before,omitzero"`
	NotAfter         baakit.Date `json:"not_after,omitzero"`

	Governing  string            `json:"governing,omitempty"`
	Confidence baakit.Confidence `json:"confidence,omitzero"` // of the governing policy
	Mark       string            `json:"mark,omitempty"`
	Says       string            `json:"says"`
	Missing    []string          `json:"missing,omitempty"`
	Considered []Considered      `json:"considered,omitempty"`
	Holds      []HoldReason      `json:"holds,omitempty"`
	Gates      []GateReason      `json:"gates,omitempty"`
}

// A Considered is what one applicable policy asked for.
type Considered struct {
	Policy string `json:"policy"`
	Effect Effect `json:"effect"`
	Rule   string `json:"rule"`
	// Through is the day it asks for, or zero; Ends is "date", "open",
	// "permanent", "indeterminate" or "nothing".
	Through    baakit.Date       `json:"through,omitzero"`
	Ends       string            `json:"ends"`
	NotBefore  baakit.Date       `json:"not_before,omitzero"`
	NotAfter   baakit.Date       `json:"not_after,omitzero"`
	Governs    bool              `json:"governs,omitempty"`
	Missing    []string          `json:"missing,omitempty"`
	Citation   baakit.Citation   `json:"citation,omitzero"`
	Confidence baakit.Confidence `json:"confidence,omitzero"`
	Mark       string            `json:"mark,omitempty"`
}

// A HoldReason is a hold whose scope the record is in.
type HoldReason struct {
	Matter  string      `json:"matter"`
	Placed  baakit.Date `json:"placed"`
	Through baakit.Date `json:"through,omitzero"` // last barred day; zero while open
	Active  bool        `json:"active"`
	Statute string      `json:"statute,omitempty"`
}

// A GateReason is a gate that stands before destruction.
type GateReason struct {
	Gate   string   `json:"gate"`
	Kind   GateKind `json:"kind"`
	Says   string   `json:"says"`
	Open   bool     `json:"open"`
	Policy string   `json:"policy"`
}

// Explain returns the decision with every policy considered, in the order of
// their IDs, the holds and the gates, and the sentence of [Decision.Text].
func (d *Decision) Explain() Explanation {
	x := Explanation{
		Schema: DecisionSchema, Record: d.Record.ID, Class: d.Record.Class, Part: d.Record.Part,
		On: d.On, LawAsOf: d.LawAsOf, Outcome: d.Outcome,
		KeepThrough: d.KeepThrough, FirstDisposable: d.FirstDisposable, EarliestDisposal: d.EarliestDisposal,
		DeleteBy: d.DeleteBy, Conflict: d.Conflict, NotBefore: d.NotBefore, NotAfter: d.NotAfter,
		Says: d.Text(),
	}
	if d.schedule == nil {
		return x
	}
	x.Schedule = d.schedule.hash
	if p, ok := d.Governing(); ok {
		x.Governing, x.Confidence, x.Mark = p.ID, p.Confidence, p.Mark
	}
	if d.keep.lo != d.keep.hi {
		x.Missing = d.schedule.names(d.keep)
	}
	var e evaluation
	e.begin(&d.Record, d.schedule, pack(d.On), pack(d.LawAsOf))
	for i := range d.schedule.policies {
		p := &d.schedule.policies[i]
		if !p.applies(&d.Record, e.law) {
			continue
		}
		v, asks := e.value(p)
		x.Considered = append(x.Considered, d.considered(p, v, asks, int32(i)))
		for j := range p.Gates {
			if g := &p.Gates[j]; !p.remove && g.concerns(&d.Record) {
				x.Gates = append(x.Gates, GateReason{g.ID, g.Kind, g.Says, g.open(&d.Record, d.On), p.ID})
			}
		}
	}
	if d.holds != nil {
		on := pack(d.On)
		for i := range d.holds.list {
			h := &d.holds.list[i]
			if !h.covers(&d.Record) {
				continue
			}
			if first, last := h.window(&d.Record, d.On); first <= last {
				x.Holds = append(x.Holds, HoldReason{h.Matter, h.Placed, unpack(last), first <= on && on <= last, h.Statute})
			}
		}
	}
	return x
}

func (d *Decision) considered(p *policy, v value, asks bool, i int32) Considered {
	c := Considered{Policy: p.ID, Effect: p.Effect, Rule: p.Rule.String(), Citation: p.Citation, Confidence: p.Confidence, Mark: p.Mark}
	if c.Effect == "" {
		c.Effect = Keep
	}
	for _, t := range p.Parts {
		if t.Part == d.Record.Part {
			c.Rule = t.Rule.String()
		}
	}
	if p.Rule.IsZero() && c.Rule == p.Rule.String() {
		c.Rule = NoPeriod().String()
	}
	c.Governs = i == d.governing || i == d.deleting && p.remove
	switch {
	case !asks || v.hi == 0:
		c.Ends = "nothing"
	case v.lo != v.hi && v.missing != 0:
		c.Ends, c.NotBefore, c.NotAfter, c.Missing = "indeterminate", unpack(v.lo), unpack(v.hi), d.schedule.names(v)
	case v.hi == forever:
		c.Ends = "permanent"
	case v.hi >= big:
		c.Ends = "open"
	default:
		c.Ends, c.Through = "date", unpack(v.hi)
	}
	return c
}

// Text returns the decision as a sentence or two for a records manager.
func (d *Decision) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Record %s: ", d.Record.ID)
	who := ""
	if p, ok := d.Governing(); ok {
		who = " by " + p.ID
		if !p.Citation.IsZero() {
			who += " (" + p.Citation.String() + ")"
		}
		if p.Confidence == baakit.Memory || p.Mark == "low" {
			who += ", a rule that was not verified"
		}
	}
	if d.Outcome == Held {
		fmt.Fprintf(&b, "destruction is barred by %s. ", d.matters())
	}
	switch {
	case d.schedule == nil:
		return "No decision was made."
	case !d.KeepThrough.IsZero():
		verb := "is kept"
		if d.KeepThrough.Before(d.On) {
			verb = "was kept"
		}
		fmt.Fprintf(&b, "It %s through %s%s and is disposable from %s.", verb, d.KeepThrough, who, d.FirstDisposable)
	case d.keep.lo == 0 && d.keep.hi == 0:
		b.WriteString("No policy of the schedule applies to it; it is kept until somebody classifies it.")
	case d.keep.hi == d.keep.lo && d.keep.hi == forever:
		fmt.Fprintf(&b, "It is kept permanently%s.", who)
	case d.keep.hi == d.keep.lo || d.keep.missing == 0:
		fmt.Fprintf(&b, "Its period has not begun%s: the event that starts it has not happened.", who)
	default:
		fmt.Fprintf(&b, "How long it is kept is not known%s: state %s.", who, strings.Join(d.schedule.names(d.keep), ", "))
		if !d.NotBefore.IsZero() {
			fmt.Fprintf(&b, " It is kept at least through %s", d.NotBefore)
			if !d.NotAfter.IsZero() {
				fmt.Fprintf(&b, " and at most through %s", d.NotAfter)
			}
			b.WriteString(".")
		} else if !d.NotAfter.IsZero() {
			fmt.Fprintf(&b, " It is kept at most through %s.", d.NotAfter)
		}
	}
	switch d.Outcome {
	case Held:
		if !d.EarliestDisposal.IsZero() {
			fmt.Fprintf(&b, " With the holds lifted it may be destroyed from %s.", d.EarliestDisposal)
		}
	case Due:
		fmt.Fprintf(&b, " It may be destroyed on %s.", d.On)
	case Blocked:
		fmt.Fprintf(&b, " Before it is destroyed: %s.", strings.Join(d.closedGates(), "; "))
	}
	switch d.Conflict {
	case ConflictKeep:
		fmt.Fprintf(&b, " Deletion is asked for by %s; the duty to keep wins.", d.DeleteBy)
	case ConflictHold:
		fmt.Fprintf(&b, " Deletion is asked for by %s; the hold wins.", d.DeleteBy)
	case ConflictOpen:
		fmt.Fprintf(&b, " Deletion is asked for by %s; as long as no end of keeping is known, keeping wins.", d.DeleteBy)
	default:
		if !d.DeleteBy.IsZero() {
			fmt.Fprintf(&b, " It is to be deleted by %s.", d.DeleteBy)
		}
	}
	return b.String()
}

// matters names the holds that bar the day.
func (d *Decision) matters() string {
	var list []string
	on := pack(d.On)
	for i := range d.holds.list {
		h := &d.holds.list[i]
		if !h.covers(&d.Record) {
			continue
		}
		if first, last := h.window(&d.Record, d.On); first <= on && on <= last {
			word := "the hold " + h.Matter
			if b, lifted := h.Barred(); lifted && h.Lifted.Before(d.On) {
				word = fmt.Sprintf("the release grace of the hold %s through %s", h.Matter, b)
			}
			list = append(list, word)
		}
	}
	return strings.Join(list, " and ")
}

func (d *Decision) closedGates() []string {
	var list []string
	law := pack(d.LawAsOf)
	for i := range d.schedule.policies {
		p := &d.schedule.policies[i]
		if p.remove || !p.applies(&d.Record, law) {
			continue
		}
		for j := range p.Gates {
			if g := &p.Gates[j]; g.concerns(&d.Record) && !g.open(&d.Record, d.On) {
				list = append(list, g.Says)
			}
		}
	}
	return list
}

// MarshalJSON implements json.Marshaler with [Decision.Explain].
func (d Decision) MarshalJSON() ([]byte, error) { return json.Marshal(d.Explain()) }

// ParseExplanation reads the JSON form of a decision, strictly. The error is
// a [baakit.FieldErrors].
func ParseExplanation(data []byte) (Explanation, error) {
	var x Explanation
	if err := strictjson.Decode(data, &x); err != nil {
		return Explanation{}, err
	}
	if x.Schema != DecisionSchema {
		return Explanation{}, baakit.FieldErrors{{Path: "schema", Rule: "must be " + DecisionSchema}}
	}
	return x, nil
}

// Markdown returns the decision with a table of the policies considered.
func (d *Decision) Markdown() string {
	x := d.Explain()
	rows := make([][]string, len(x.Considered))
	for i, c := range x.Considered {
		end := c.Ends
		if c.Ends == "date" {
			end = c.Through.String()
		}
		governs := ""
		if c.Governs {
			governs = "yes"
		}
		rows[i] = []string{c.Policy, c.Rule, end, governs, c.Citation.String(), c.Confidence.String()}
		if c.Citation.IsZero() {
			rows[i][4] = ""
		}
		if c.Confidence.IsZero() {
			rows[i][5] = ""
		}
	}
	return markdown.Text(x.Says) + "\n\n" + markdown.Table([]string{"policy", "rule", "through", "governs", "source", "confidence"}, rows)
}
