package retention

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// TableSchema is the schema of a [Table] as JSON.
const TableSchema = "baakit.retention.table/1"

//go:embed law/states.json
var statesJSON []byte

//go:embed law/federal.json
var federalJSON []byte

var (
	states  = sync.OnceValue(func() *Table { return embedded("law/states.json", statesJSON) })
	federal = sync.OnceValue(func() *Table { return embedded("law/federal.json", federalJSON) })
)

func embedded(name string, data []byte) *Table {
	t, err := ParseTable(data)
	if err != nil {
		panic("retention: " + name + ": " + err.Error())
	}
	return &t
}

// States returns the table of the 50 States and the District of Columbia:
// how long a hospital and a physician keep the medical record, the age of
// majority, and the holds that statutes make. Read as of its AsOf; see the
// confidence of each row.
func States() Table { return states().clone() }

// Federal returns the table of federal schedules, HIPAA's own six years among
// them (45 CFR 164.316(b)(2)(i), 164.530(j)(2), 164.528).
func Federal() Table { return federal().clone() }

// A Table is rows of law, or of a caller's own, with their sources. Tables
// are values: add to, replace or end rows in a copy and give it a version of
// its own.
type Table struct {
	Schema         string          `json:"schema"`
	ID             string          `json:"id"`
	Version        string          `json:"version"`
	AsOf           baakit.Date     `json:"as_of"`
	Majority       []MajorityRow   `json:"majority,omitempty"`
	Rows           []Row           `json:"rows"`
	StatutoryHolds []StatutoryHold `json:"statutory_holds,omitempty"`
	Sources        []LawSource     `json:"sources,omitempty"`
}

// A Row is a rule of law with where it was read. A row without a rule says
// that none was found, or that there is none.
type Row struct {
	ID           string              `json:"id"`
	Jurisdiction baakit.Jurisdiction `json:"jurisdiction,omitzero"`
	Holder       string              `json:"holder,omitempty"`
	Class        string              `json:"class"`
	Effect       Effect              `json:"effect"`
	// Status is binding, guidance, none_found, partial, no_number,
	// exists_value_unread or proposal.
	Status string `json:"status"`
	Rule   Rule   `json:"rule,omitzero"`
	// Minor is the rule for a record that MinorTest takes for a minor's.
	Minor     Rule       `json:"minor,omitzero"`
	MinorTest Condition  `json:"minor_test,omitzero"`
	Parts     []PartRule `json:"parts,omitempty"`
	// ExtendedBy names reasons outside the row that lengthen its period.
	ExtendedBy []string          `json:"extended_by,omitempty"`
	Citation   string            `json:"citation,omitempty"`
	Confidence baakit.Confidence `json:"confidence"`
	// Grade is how far the sources agree: high, medium or low; MinorGrade is
	// that of the limb for minors where it differs.
	Grade      string `json:"grade"`
	MinorGrade string `json:"minor_grade,omitempty"`
	// EffectiveFrom and EffectiveTo are its days, both included; zero is as
	// read on the table's AsOf.
	EffectiveFrom baakit.Date `json:"effective_from,omitzero"`
	EffectiveTo   baakit.Date `json:"effective_to,omitzero"`
	Sources       []string    `json:"sources"`
	Gates         []Gate      `json:"gates,omitempty"`
	Note          string      `json:"note,omitempty"`
}

// A MajorityRow is an age of majority; without a jurisdiction it is that of
// all others.
type MajorityRow struct {
	Jurisdiction baakit.Jurisdiction `json:"jurisdiction,omitzero"`
	Age          int                 `json:"age"`
	Confidence   baakit.Confidence   `json:"confidence"`
	Sources      []string            `json:"sources"`
}

// A StatutoryHold is a hold that a statute makes, with an end of its own.
type StatutoryHold struct {
	ID           string              `json:"id"`
	Jurisdiction baakit.Jurisdiction `json:"jurisdiction"`
	Holder       string              `json:"holder"`
	// Within is a rule through whose day the hold can be placed.
	Within Rule `json:"within,omitzero"`
	// Until is a rule on whose day the hold ends by itself.
	Until Rule `json:"until,omitzero"`
	// Tail is how long it bars destruction after it is lifted.
	Tail       baakit.Period     `json:"tail,omitzero"`
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	Grade      string            `json:"grade"`
	Sources    []string          `json:"sources"`
	Note       string            `json:"note,omitempty"`
}

// A LawSource is where a row was read.
type LawSource struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Kind    string `json:"kind,omitempty"`
}

// MarshalText implements [encoding.TextMarshaler].
func (c Condition) MarshalText() ([]byte, error) {
	if !c.valid() {
		return nil, ErrRule
	}
	return []byte(strings.TrimPrefix(c.String(), "if ")), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (c *Condition) UnmarshalText(text []byte) error {
	read, err := parseCondition(string(text))
	if err == nil {
		*c = read
	}
	return err
}

// ParseTable reads a table from JSON, strictly, and validates it. The error
// is a [baakit.FieldErrors] of all that is wrong.
func ParseTable(data []byte) (Table, error) {
	var t Table
	if err := strictjson.Decode(data, &t); err != nil {
		return Table{}, err
	}
	if err := t.Validate(); err != nil {
		return Table{}, err
	}
	return t, nil
}

// Validate reports what is wrong with the table as [baakit.FieldErrors].
func (t *Table) Validate() error {
	var errs baakit.FieldErrors
	if t.Schema != TableSchema {
		errs.Add("schema", "must be "+TableSchema)
	}
	if !events.IsName(t.ID) {
		errs.Add("id", "is required")
	}
	if t.Version == "" {
		errs.Add("version", "is required")
	}
	if t.AsOf.IsZero() {
		errs.Add("as_of", "is required")
	}
	known := make(map[string]bool, len(t.Sources))
	for i, s := range t.Sources {
		if s.ID == "" || s.Address == "" || known[s.ID] {
			errs.Add("sources"+index(i), "must have an id of its own and an address")
		}
		known[s.ID] = true
	}
	cited := func(path string, ids []string) {
		for i, id := range ids {
			if !known[id] {
				errs.Add(path+".sources"+index(i), "must be the id of a source")
			}
		}
	}
	for i, m := range t.Majority {
		cited("majority"+index(i), m.Sources)
		if m.Age < 1 || m.Age > 30 {
			errs.Add("majority"+index(i)+".age", "must be from 1 to 30")
		}
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		at := "rows" + index(i)
		cited(at, r.Sources)
		errs.Merge(at, r.validate())
		for _, q := range t.Rows[:i] {
			if q.ID == r.ID && overlap(q.EffectiveFrom, q.EffectiveTo, r.EffectiveFrom, r.EffectiveTo) {
				errs.Add(at+".id", "must not be that of another row for the same days")
			}
		}
	}
	for i, h := range t.StatutoryHolds {
		cited("statutory_holds"+index(i), h.Sources)
		if h.ID == "" || h.Citation == "" || h.Confidence.IsZero() {
			errs.Add("statutory_holds"+index(i), "must have an id, a citation and a confidence")
		}
	}
	return errs.Err()
}

func (r *Row) validate() error {
	var errs baakit.FieldErrors
	if !events.IsName(r.ID) {
		errs.Add("id", "is required")
	}
	if !isIdentifier(r.Class) {
		errs.Add("class", "must be a lower-case name")
	}
	if r.Confidence.IsZero() {
		errs.Add("confidence", "is required")
	}
	grade := func(path, g string, need bool) {
		if g != "high" && g != "medium" && g != "low" && (need || g != "") {
			errs.Add(path, "must be high, medium or low")
		}
	}
	grade("grade", r.Grade, true)
	grade("minor_grade", r.MinorGrade, false)
	hasRule := !r.Rule.IsZero() || len(r.Parts) > 0
	if hasRule && r.Citation == "" {
		errs.Add("citation", "is required")
	}
	if hasRule && r.Confidence == baakit.Primary && len(r.Sources) == 0 && r.Effect == Keep {
		errs.Add("sources", "must name where a primary row was read")
	}
	switch r.Status {
	case "binding", "guidance", "partial", "no_number", "exists_value_unread":
	case "none_found", "proposal":
		if hasRule {
			errs.Add("rule", "must be left out where none was found")
		}
	default:
		errs.Add("status", "must be a status")
	}
	if r.Minor.IsZero() != (r.MinorTest == Condition{}) {
		errs.Add("minor_test", "is required with a rule for minors, and only then")
	}
	if !r.EffectiveFrom.IsZero() && !r.EffectiveTo.IsZero() && r.EffectiveTo.Before(r.EffectiveFrom) {
		errs.Add("effective_to", "must not be before effective_from")
	}
	return errs.Err()
}

func overlap(from1, to1, from2, to2 baakit.Date) bool {
	return (to1.IsZero() || !to1.Before(from2)) && (to2.IsZero() || !to2.Before(from1))
}

func (t *Table) clone() Table {
	c := *t
	c.Majority, c.Rows = slices.Clone(t.Majority), slices.Clone(t.Rows)
	c.StatutoryHolds, c.Sources = slices.Clone(t.StatutoryHolds), slices.Clone(t.Sources)
	return c
}

// Majority returns the age of majority of the jurisdiction by the table
// [States].
func Majority(j baakit.Jurisdiction) int {
	age := 0
	for _, m := range states().Majority {
		if m.Jurisdiction == j {
			return m.Age
		}
		if m.Jurisdiction.IsZero() {
			age = m.Age
		}
	}
	return age
}

// latestMajority is the highest age of majority, for records that do not say
// whose law applies.
func latestMajority() int {
	age := 0
	for _, m := range states().Majority {
		age = max(age, m.Age)
	}
	return age
}

// Unverified reports whether the row rests on memory or is marked low: such a
// row takes part in a schedule only where the caller opts in.
func (r *Row) Unverified() bool { return r.Confidence == baakit.Memory || r.Grade == "low" }

// PolicyOptions says how rows become policies; nil is the defaults.
type PolicyOptions struct {
	// AllowUnverified lets rows of confidence memory, and rows and limbs that
	// are marked low, take part; the policy carries the mark. Default false:
	// such a row is refused, and such a limb for minors is taken as a duty
	// whose length is not known.
	AllowUnverified bool
	// Prudential lets times to sue (effect limitation) take part.
	Prudential bool
	// Classes are those of the caller's records to which the rows apply, in
	// place of the class of each row.
	Classes []string
}

// Policies returns the policies of the rows with the ids, those of every time
// among them. A row that was found to have no rule gives none. The error is a
// [baakit.FieldErrors] with paths "ids[i]": an unknown id, a row that is
// unverified and not opted in, one that asks nobody to keep anything.
func (t *Table) Policies(ids []string, opt *PolicyOptions) ([]Policy, error) {
	if opt == nil {
		opt = &PolicyOptions{}
	}
	var errs baakit.FieldErrors
	var list []Policy
	for i, id := range ids {
		found := false
		for j := range t.Rows {
			if r := &t.Rows[j]; r.ID == id {
				found = true
				p, rule := r.policy(t, opt)
				if rule != "" {
					errs.Add("ids"+index(i), rule)
				} else if !p.Rule.IsZero() || len(p.Parts) > 0 {
					list = append(list, p)
				}
			}
		}
		if !found {
			errs.Add("ids"+index(i), "must be the id of a row")
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// policy returns the policy of the row, or the rule that forbids one.
func (r *Row) policy(t *Table, opt *PolicyOptions) (Policy, string) {
	switch {
	case r.Rule.IsZero() && len(r.Parts) == 0:
		return Policy{}, ""
	case r.Unverified() && !opt.AllowUnverified:
		return Policy{}, "is not verified (confidence " + r.Confidence.String() + ", grade " + r.Grade + "): opt in with AllowUnverified"
	case r.Effect == Limitation && !opt.Prudential:
		return Policy{}, "is a time to sue and no duty to keep: opt in with Prudential"
	case r.Effect != Keep && r.Effect != Limitation && r.Effect != "":
		return Policy{}, "is not a duty to keep"
	}
	p := Policy{
		ID: r.ID, Effect: r.Effect, Rule: r.Rule, Parts: slices.Clone(r.Parts),
		From: r.EffectiveFrom, Through: r.EffectiveTo,
		Gates: slices.Clone(r.Gates), Confidence: r.Confidence,
	}
	if !r.Jurisdiction.IsZero() {
		p.Jurisdictions = []baakit.Jurisdiction{r.Jurisdiction}
		p.Majority = Majority(r.Jurisdiction)
	}
	if r.Holder != "" {
		p.Holders = []string{r.Holder}
	}
	p.Classes = []string{r.Class}
	if len(opt.Classes) > 0 {
		p.Classes = slices.Clone(opt.Classes)
	}
	switch {
	case r.Grade == "low" || r.MinorGrade == "low" && opt.AllowUnverified:
		p.Mark = "low"
	case r.Status == "guidance":
		p.Mark = "guidance"
	}
	if !r.Minor.IsZero() {
		minor := r.Minor
		if r.MinorGrade == "low" && !opt.AllowUnverified {
			minor = Unstated()
		}
		p.Rule = FirstThatApplies(Case{r.MinorTest, minor}, Case{Otherwise(), r.Rule})
	}
	if c, err := baakit.ParseCitation(r.Citation); err == nil {
		p.Citation = c.WithAsOf(t.AsOf).WithConfidence(r.Confidence)
	}
	return p, ""
}

// Row returns the first row with the id that applies on the day of law, and
// whether there is one; a zero day is any.
func (t *Table) Row(id string, law baakit.Date) (Row, bool) {
	for _, r := range t.Rows {
		if r.ID == id && (law.IsZero() || (r.EffectiveFrom.IsZero() || !law.Before(r.EffectiveFrom)) && (r.EffectiveTo.IsZero() || !law.After(r.EffectiveTo))) {
			return r, true
		}
	}
	return Row{}, false
}

// Hold returns a hold as the statute with the id makes it, to be completed
// with its matter, scope and days. It gives an error for an unknown id.
func (t *Table) Hold(id string) (Hold, error) {
	for _, s := range t.StatutoryHolds {
		if s.ID == id {
			h := Hold{Statute: s.Citation, Until: s.Until, Within: s.Within, ReleaseGrace: s.Tail}
			return h, nil
		}
	}
	return Hold{}, fmt.Errorf("retention: the table has no statutory hold of that id")
}
