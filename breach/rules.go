package breach

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/federal.json
var federalJSON []byte

//go:embed law/jurisdictions.json
var jurisdictionsJSON []byte

// jurisdictions is one more than the largest Jurisdiction.
const jurisdictions = int(baakit.UnknownJurisdiction) + 1

// Rules are the law by which an incident is judged: that of a day, with the
// jurisdictions that a caller added or replaced. Rules are immutable and safe
// for concurrent use; the zero Rules is invalid, get one from [RulesAsOf].
type Rules struct {
	asOf    baakit.Date
	tables  *tables
	federal []*compiled
	media   [][]*compiled // by jurisdiction
	law     [jurisdictions]*compiledLaw
}

// A Question is what somebody should find out, by the path of the fact; what
// it asks is in [Timeline.Questions] and [Rules.Questions].
type Question string

// An OpenQuestion is a question with its words.
type OpenQuestion struct {
	ID   Question `json:"id"`
	Asks string   `json:"asks"`
}

type federalTable struct {
	Schema    string         `json:"schema"`
	AsOf      baakit.Date    `json:"as_of"`
	Source    string         `json:"source"`
	Delay     delayRow       `json:"delay"`
	Rules     []Rule         `json:"rules"`
	Questions []OpenQuestion `json:"questions"`
	Holidays  []holidayRow   `json:"holidays"`
	Kept      keptRow        `json:"kept"`
}

type delayRow struct {
	Oral       baakit.Period     `json:"oral"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
}

type jurisdictionTable struct {
	Schema        string            `json:"schema"`
	AsOf          baakit.Date       `json:"as_of"`
	Jurisdictions []JurisdictionLaw `json:"jurisdictions"`
}

// tables are all versions of all rows, read once.
type tables struct {
	federal   federalTable
	rules     []*compiled
	media     [][]*compiled
	law       [][]*compiledLaw // versions of a jurisdiction, by first day
	asks      map[Question]string
	calendars [jurisdictions]baakit.Calendar
}

// A compiled rule carries what every timeline would compute again.
type compiled struct {
	Rule
	jurisdiction baakit.Jurisdiction
	regime       Regime
	citations    []baakit.Citation
	below        []baakit.Citation
	condition    Question
	changes      string
	// The words for what the threshold counts: " residents of Texas", "250 or
	// more", and both with a comma and a colon.
	counted, reach, reached string
	flags                   []Flag
	early                   []Flag // as flags, before the first known day
	before                  bool   // applied before its first known day
}

type compiledLaw struct {
	*JurisdictionLaw
	rules  []*compiled
	before bool
}

var builtIn = sync.OnceValue(func() *tables {
	t, err := readTables(federalJSON, jurisdictionsJSON)
	if err != nil {
		panic("breach: law: " + err.Error())
	}
	return t
})

// readTables reads the tables of the package, which are checked by a test, so
// that it can be quick about it.
func readTables(federal, states []byte) (*tables, error) {
	t := &tables{asks: make(map[Question]string), law: make([][]*compiledLaw, jurisdictions)}
	if err := decode(federal, &t.federal); err != nil {
		return nil, fmt.Errorf("federal: %w", err)
	}
	var s jurisdictionTable
	if err := decode(states, &s); err != nil {
		return nil, fmt.Errorf("jurisdictions: %w", err)
	}
	var errs baakit.FieldErrors
	t.check(&errs)
	for i := range s.Jurisdictions {
		errs.Merge(at("jurisdictions", i), s.Jurisdictions[i].Validate())
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	for _, q := range t.federal.Questions {
		t.asks[q.ID] = q.Asks
	}
	t.media = make([][]*compiled, jurisdictions)
	for i := range t.federal.Rules {
		r := &t.federal.Rules[i]
		if !r.PerJurisdiction {
			t.rules = append(t.rules, compile(r, 0, t.federal.AsOf, nil))
			continue
		}
		for j := range baakit.Jurisdictions() {
			if j.IsHIPAAState() {
				t.media[j] = append(t.media[j], compile(r, j, t.federal.AsOf, nil))
			}
		}
	}
	for i := range s.Jurisdictions {
		l := &s.Jurisdictions[i]
		t.law[l.Jurisdiction] = append(t.law[l.Jurisdiction], compileLaw(l, s.AsOf))
	}
	t.makeCalendars()
	return t, nil
}

func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("must be one JSON value")
	}
	return nil
}

func (t *tables) check(errs *baakit.FieldErrors) {
	f := &t.federal
	if f.Schema != "baakit.breach.federal_law/1" || f.AsOf.IsZero() {
		errs.Add("schema", "must be that of the federal table, with as_of")
	}
	if f.Delay.Oral.Unit() != baakit.Days {
		errs.Add("delay.oral", "must be in days")
	}
	for i := range f.Rules {
		f.Rules[i].validate(errs, at("rules", i), false)
	}
}

func compileLaw(l *JurisdictionLaw, asOf baakit.Date) *compiledLaw {
	c := &compiledLaw{JurisdictionLaw: l, rules: make([]*compiled, len(l.Rules))}
	for i := range l.Rules {
		c.rules[i] = compile(&l.Rules[i], l.Jurisdiction, asOf, l)
	}
	return c
}

func compile(r *Rule, j baakit.Jurisdiction, asOf baakit.Date, l *JurisdictionLaw) *compiled {
	c := &compiled{Rule: *r, jurisdiction: j, regime: r.Regime}
	if c.regime == 0 {
		c.regime = StateLaw
	}
	if r.PerJurisdiction {
		c.ID += "." + strings.ToLower(j.Code())
		c.Recipient += " serving " + j.Name()
	}
	c.citations = []baakit.Citation{r.Citation.WithAsOf(asOf).WithConfidence(r.Confidence)}
	c.below = c.citations
	if r.Below != nil && !r.Below.Citation.IsZero() {
		c.below = []baakit.Citation{r.Below.Citation.WithAsOf(asOf).WithConfidence(r.Confidence)}
	}
	if r.Condition != nil {
		c.condition = conditionQuestion(r.Condition.Fact)
	}
	c.describe()
	if r.Unverified {
		c.flags = append(c.flags, UnverifiedRule)
	}
	if l != nil && slices.Contains(l.Unverified, "effective_date") {
		c.flags = append(c.flags, UnverifiedEffectiveDate)
	}
	if l != nil && (l.Deemed.Confidence == baakit.Memory || slices.Contains(l.Unverified, "hipaa_deemed_compliance")) {
		c.flags = append(c.flags, UnverifiedDeeming)
	}
	c.early = append(slices.Clone(c.flags), BeforeFirstKnownDay)
	c.flags, c.early = slices.Clip(c.flags), slices.Clip(c.early)
	return c
}

// conditionQuestion is the path of a fact that a condition names.
func conditionQuestion(fact string) Question {
	switch fact {
	case "urgent":
		return "people.urgent"
	case "security_incident", "unsuccessful_incident":
		return "security"
	case "secretary_notice_required", "impermissible_use":
		return "assessment"
	}
	return Question("facts." + fact)
}

// describe writes the words about the rule that every timeline uses.
func (c *compiled) describe() {
	var parts []string
	if t := c.Threshold; t != (Threshold{}) {
		words := "more than " + commas(int64(t.N))
		if t.Op == ">=" {
			words = commas(int64(t.N)) + " or more"
		}
		of := t.Of
		switch {
		case (t.Of == "residents" || t.Of == "persons") && c.jurisdiction != 0:
			of = "residents of " + c.jurisdiction.Name()
		case t.Of == "unreachable":
			of = "individuals who cannot be reached"
		case t.Of == "deceased":
			of = "deceased individuals"
		}
		c.counted, c.reach, c.reached = " "+of, words, " "+of+", "+words+": "
		parts = append(parts, "the number of "+of+" ("+words+")")
	}
	for _, t := range c.From {
		if t.milestone() {
			parts = append(parts, "the day of "+triggerNames[t])
		}
	}
	if slices.Contains(c.From, Discovery) || slices.Contains(c.From, Notification) {
		parts = append(parts, "the day of discovery")
	}
	if c.Promptness.tied() {
		parts = append(parts, "the day on which individuals are notified")
	}
	if c.Condition != nil {
		parts = append(parts, "the answer to "+string(c.condition))
	}
	switch c.Delay {
	case "":
		parts = append(parts, "a law-enforcement statement")
	case "attorney_general":
		parts = append(parts, "a determination of the Attorney General")
	}
	c.changes = strings.Join(parts, "; ")
}

// RulesAsOf returns the rules in force on the day. A row whose first known day
// is later applies all the same, since some law was there before, and flags
// its obligations [BeforeFirstKnownDay]; a row that has ended does not. Of the
// zero Date it returns the newest rules.
func RulesAsOf(d baakit.Date) *Rules { return builtIn().asOf(d) }

func (t *tables) asOf(d baakit.Date) *Rules {
	r := &Rules{asOf: d, tables: t, media: t.media}
	r.federal = selectRules(t.rules, d)
	if d.IsZero() {
		r.asOf = t.federal.AsOf
	} else {
		for j := range t.media {
			if !sameRules(t.media[j], d) {
				r.media = slices.Clone(t.media)
				for k := range r.media {
					r.media[k] = selectRules(t.media[k], d)
				}
				break
			}
		}
	}
	for j, versions := range t.law {
		r.law[j] = selectLaw(versions, d)
	}
	return r
}

// sameRules reports whether the rows apply on d as they are.
func sameRules(list []*compiled, d baakit.Date) bool {
	return !slices.ContainsFunc(list, func(c *compiled) bool {
		return d.Before(c.EffectiveFrom) || !c.EffectiveTo.IsZero() && d.After(c.EffectiveTo)
	})
}

// selectRules returns the rows that apply on d: of rows with one ID the one in
// force, or before all of them the first.
func selectRules(list []*compiled, d baakit.Date) []*compiled {
	if d.IsZero() || sameRules(list, d) {
		return slices.DeleteFunc(slices.Clone(list), func(c *compiled) bool { return d.IsZero() && !c.EffectiveTo.IsZero() })
	}
	var out []*compiled
	for i, c := range list {
		switch {
		case !c.EffectiveTo.IsZero() && d.After(c.EffectiveTo):
		case !d.Before(c.EffectiveFrom):
			out = append(out, c)
		case slices.IndexFunc(list, func(o *compiled) bool { return o.ID == c.ID && !o.EffectiveFrom.After(c.EffectiveFrom) }) == i:
			early := *c
			early.before = true
			out = append(out, &early)
		}
	}
	return out
}

func selectLaw(versions []*compiledLaw, d baakit.Date) *compiledLaw {
	var first *compiledLaw
	for _, v := range versions {
		if d.IsZero() && v.EffectiveTo.IsZero() || !d.IsZero() && !d.Before(v.EffectiveFrom) && (v.EffectiveTo.IsZero() || !d.After(v.EffectiveTo)) {
			return v
		}
		if first == nil || v.EffectiveFrom.Before(first.EffectiveFrom) {
			first = v
		}
	}
	if first == nil || d.IsZero() || !d.Before(first.EffectiveFrom) {
		return nil
	}
	early := *first
	early.before = true
	return &early
}

// AsOf returns the day of the rules.
func (r *Rules) AsOf() baakit.Date { return r.asOf }

// Jurisdiction returns the law of the jurisdiction, which must not be
// changed, and whether the rules have one.
func (r *Rules) Jurisdiction(j baakit.Jurisdiction) (JurisdictionLaw, bool) {
	if int(j) >= jurisdictions || r.law[j] == nil {
		return JurisdictionLaw{}, false
	}
	return *r.law[j].JurisdictionLaw, true
}

// All returns every rule of the rules, the federal ones first; what they hold
// must not be changed.
func (r *Rules) All() iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for _, c := range r.federal {
			if !yield(c.Rule) {
				return
			}
		}
		for j := range r.law {
			for _, c := range r.media[j] {
				if !yield(c.Rule) {
					return
				}
			}
			if r.law[j] == nil {
				continue
			}
			for _, c := range r.law[j].rules {
				if !yield(c.Rule) {
					return
				}
			}
		}
	}
}

// Questions returns what the rules may ask, in the order of their IDs. Those
// that begin with "facts." are answered in [Incident.Facts].
func (r *Rules) Questions() []OpenQuestion {
	list := slices.Clone(r.tables.federal.Questions)
	slices.SortFunc(list, func(a, b OpenQuestion) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// WithJurisdiction returns rules in which l is the law of its jurisdiction, in
// place of the one it had, if any. Versions and days are the caller's
// business: l applies whatever its effective dates. The error is what
// [JurisdictionLaw.Validate] finds.
func (r *Rules) WithJurisdiction(l JurisdictionLaw) (*Rules, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	n := *r
	l.Rules, l.Sources = slices.Clone(l.Rules), slices.Clone(l.Sources)
	n.law[l.Jurisdiction] = compileLaw(&l, r.asOf)
	return &n, nil
}

// ParseJurisdictionLaw reads and checks the law of a jurisdiction as JSON, in
// the form of the rows of law/jurisdictions.json.
func ParseJurisdictionLaw(data []byte) (JurisdictionLaw, error) {
	var l JurisdictionLaw
	if err := strictjson.Decode(data, &l); err != nil {
		return JurisdictionLaw{}, err
	}
	if err := l.Validate(); err != nil {
		return JurisdictionLaw{}, err
	}
	return l, nil
}
