package baa

import (
	"reflect"
	"slices"

	"github.com/baakit/baakit"
)

// CheckOptions are what [Check] looks at besides the law. Nil is no house
// policy and no waivers.
type CheckOptions struct {
	// Made is the day on which the contract was made, or last renewed or
	// changed, for the transitions of the law; zero: the stated effective
	// date of the version.
	Made baakit.Date
	// House is what an organisation asks for beyond the law; nil: nothing.
	House *HousePolicy
	// Waivers count through their last day.
	Waivers []Waiver
	// Proposed: a proposed rule that the version does not meet gives advice.
	Proposed bool
}

// compare compares by federal business days.
func compare(p, q baakit.Period) baakit.Comparison { return p.Compare(q, nil) }

// Check reports how a version stands to the rules of a day: each element that
// they require, require where something is granted, or leave optional (45 CFR
// 164.504(e), 164.314(a); for a data use agreement 164.514(e)(4)), the ceiling
// of 164.410(b), and, apart from the law, what the house asks for. It is a
// calculation: the same input gives the same report, in the order of the
// table. The words of a [Custom] clause are not verified: what it claims is
// partial at best. The zero Version gives a report without findings.
func Check(v Version, rules RuleSet, opts *CheckOptions) Report {
	r := Report{Schema: ReportSchema, Version: v.hash, Rules: rules.on, Findings: []Finding{}, Coverage: []Coverage{}}
	if v.IsZero() {
		return r
	}
	if opts == nil {
		opts = &CheckOptions{}
	}
	r.Label = v.d.Label.String()
	c := checker{d: &v.d, rules: rules, opts: opts, report: &r}
	c.made = opts.Made
	if c.made.IsZero() {
		c.made = v.d.Effective
	}
	r.Findings = make([]Finding, 0, 16)
	r.Coverage = make([]Coverage, 0, len(rules.rows))
	if v.d.Kind == DataUseAgreement {
		c.dataUse()
	} else {
		for _, row := range rules.rows {
			c.element(row)
		}
	}
	if !rules.on.IsZero() {
		c.others()
		c.proposed()
	}
	if opts.House != nil {
		c.house(opts.House)
	}
	c.waive()
	return r
}

type checker struct {
	d      *Draft
	rules  RuleSet
	opts   *CheckOptions
	made   baakit.Date
	report *Report
}

func (c *checker) add(f Finding) { c.report.Findings = append(c.report.Findings, f) }

func (c *checker) element(row *elementRow) {
	j := judge(c.d, row.ID)
	if row.Parent != "" && judge(c.d, row.Parent).outcome != Present {
		j = judgement{outcome: NotApplicable, quiet: true}
	}
	if row.ElectronicPHI && c.d.NoElectronicPHI && j.outcome != Present {
		j = judgement{outcome: NotApplicable, why: "the parties agree that there is no electronic PHI", term: "no_electronic_phi"}
	}
	if row.ID == "termination.for_cause" && j.outcome == Absent && c.d.Kind == GovernmentMemorandum {
		if t, ok := c.d.Clauses.Find("termination").(Termination); ok && t.StatutoryBasis != "" {
			other := elements().other("termination_omitted")
			j = judgement{outcome: NotApplicable, why: other.Says, clause: "termination", term: "statutory_basis"}
		}
	}
	if j.outcome != Present && j.outcome != NotApplicable && c.deemed(row) {
		j = judgement{outcome: NotApplicable, why: "an older contract is deemed to comply until the transition of 45 CFR 164.532(e) ends"}
	}
	c.report.Coverage = append(c.report.Coverage, Coverage{row.ID, row.Status, j.outcome, j.evidence()})
	if j.outcome == Present || j.quiet {
		return
	}
	f := Finding{
		ID: row.Finding, Layer: LawLayer, Severity: SeverityError, Outcome: j.outcome, Element: row.ID,
		Citations: row.cited, Confidence: row.Confidence, Evidence: j.evidence(), Suggested: suggest(c.d, row.ID),
	}
	switch {
	case row.Status == ElementOptional || j.outcome == NotApplicable:
		f.Severity = SeverityInfo
	case j.outcome == Partial && !j.claimed:
		f.Severity = SeverityWarning
	}
	verb := "the agreement must "
	if row.Status == ElementOptional {
		verb = "the agreement may "
	}
	f.Message = verb + row.Says
	if j.why != "" {
		f.Message += ": " + j.why
	}
	c.add(f)
}

// deemed reports whether a transition lets an older contract do without what
// the row asks for on the day of the rules.
func (c *checker) deemed(row *elementRow) bool {
	if c.made.IsZero() {
		return false
	}
	for _, t := range lives().Transitions {
		if row.From == t.Compliance && c.made.Before(t.MadeBefore) && !c.rules.on.After(t.DeemedThrough) {
			return true
		}
	}
	return false
}

// A judgement is how one element was found and where.
type judgement struct {
	outcome Outcome
	clause  ClauseID
	term    string
	why     string
	claimed bool // by a custom clause
	quiet   bool // no finding
}

func (j judgement) evidence() []Place {
	if j.clause == "" && j.term == "" {
		return nil
	}
	return []Place{{j.clause, j.term}}
}

// judge finds an element among the clauses of a draft. What no typed clause
// provides may be claimed by a custom one: that is partial.
func judge(d *Draft, e Element) judgement {
	best := judgement{outcome: Absent}
	for _, cl := range d.Clauses {
		switch cl := cl.(type) {
		case Custom:
			if best.outcome == Absent && slices.Contains(cl.Claims, e) {
				best = judgement{Partial, cl.Name, "claims", "a custom clause claims it, which is not verified", true, false}
			}
		case UnknownClause:
		default:
			j := judgeTyped(cl, e)
			if j.outcome != Absent && j.outcome != "" {
				j.clause = cl.ID()
				return j
			}
			if j.outcome == Absent && best.clause == "" {
				best.clause = cl.ID()
				best.term = j.term
			}
		}
	}
	return best
}

// judgeTyped says how a typed clause stands to an element: an empty outcome if
// it has nothing to do with it.
func judgeTyped(cl Clause, e Element) judgement {
	switch c := cl.(type) {
	case PermittedUses:
		switch e {
		case "uses.established":
			return yes(c.established(), "basis")
		case "uses.no_greater_than_ce":
			if c.overreaches() {
				return judgement{outcome: Contradicted, term: "permitted", why: "it permits a use for the business associate's own ends"}
			}
			return yes(c.NoGreaterThanCustomer, "no_greater_than_covered_entity")
		case "deidentify":
			return yes(c.Deidentification != "", "deidentification")
		}
	case Reporting:
		switch e {
		case "report.breach":
			return judgeBreach(c)
		case "report.security_incident":
			if c.Incidents == SuccessfulOnly {
				return judgement{outcome: Partial, term: "incidents", why: "only successful incidents are reported, and nothing gives notice of the others"}
			}
			return yes(c.Incidents != "", "incidents")
		}
	case Subcontractors:
		if e == "subcontractors.same_restrictions" {
			if c.Restrictions == Similar {
				return judgement{outcome: Partial, term: "restrictions", why: "substantially similar restrictions are not the same"}
			}
			return yes(c.Restrictions == Same, "restrictions")
		}
	case DelegatedObligations:
		if e == "delegated_obligations" {
			switch {
			case c.NoneDelegated && len(c.Obligations) > 0:
				return judgement{outcome: Contradicted, term: "obligations", why: "obligations are listed although none are said to be delegated"}
			case c.NoneDelegated && !c.Comply:
				return judgement{outcome: NotApplicable, term: "none_delegated", why: "the agreement says that none are delegated"}
			}
		}
	}
	row := rowOf(cl.Kind())
	if row.element == e {
		return judgement{outcome: Present}
	}
	for _, f := range row.facets {
		if f.element == e {
			return yes(reflect.ValueOf(cl).Field(f.index).Bool(), f.name)
		}
	}
	return judgement{}
}

func yes(there bool, term string) judgement {
	if there {
		return judgement{outcome: Present, term: term}
	}
	return judgement{outcome: Absent, term: term}
}

// judgeBreach compares the contract's deadline with that of the law.
func judgeBreach(c Reporting) judgement {
	switch {
	case !c.Breach:
		return judgement{outcome: Absent, term: "breach"}
	case c.BreachWithin.IsZero():
		return judgement{outcome: Present, term: "breach"}
	}
	switch compare(c.BreachWithin, breachCeiling().AtMost) {
	case baakit.Longer:
		return judgement{outcome: Contradicted, term: "breach_within", why: "its period is longer than the 60 days of 45 CFR 164.410(b)"}
	case baakit.Depends:
		return judgement{outcome: Contradicted, term: "breach_within", why: "its period can be longer than the 60 days of 45 CFR 164.410(b), depending on the day"}
	}
	return judgement{outcome: Present, term: "breach_within"}
}

// dataUse checks a data use agreement: 45 CFR 164.514(e)(4)(ii).
func (c *checker) dataUse() {
	if c.rules.on.IsZero() {
		return
	}
	for _, row := range elements().DUA {
		var j judgement
		if row.Term == "" {
			j = judge(c.d, row.Element)
		} else {
			l, _ := c.d.Clauses.Find("limited_data_set").(LimitedDataSet)
			j = yes(row.Term == "recipients" && len(l.Recipients) > 0 || row.Term == "no_identification" && l.NoIdentification, row.Term)
			j.clause = "limited_data_set"
		}
		c.report.Coverage = append(c.report.Coverage, Coverage{row.Element, ElementRequired, j.outcome, j.evidence()})
		if j.outcome == Present {
			continue
		}
		f := Finding{
			ID: row.Finding, Layer: LawLayer, Severity: SeverityError, Outcome: j.outcome, Element: row.Element,
			Message: "the agreement must " + row.Says, Citations: elements().cite(row.Citation, row.Confidence), Confidence: row.Confidence, Evidence: j.evidence(),
		}
		if j.outcome == Partial && !j.claimed {
			f.Severity = SeverityWarning
		}
		if row.Term == "" {
			f.Suggested = suggest(c.d, row.Element)
		} else {
			f.Suggested = suggestLimitedDataSet(c.d, row.Term)
		}
		c.add(f)
	}
}

// others are findings about no element.
func (c *checker) others() {
	law := elements()
	other := func(id, suffix string, o Outcome, e ...Place) Finding {
		row := law.other(id)
		return Finding{
			ID: row.Finding + suffix, Layer: LawLayer, Severity: row.Severity, Outcome: o, Message: row.Says,
			Citations: law.cite(row.Citation, row.Confidence), Confidence: row.Confidence, Evidence: e,
		}
	}
	if c.d.Kind == GovernmentMemorandum && slices.ContainsFunc(c.d.Parties, func(p Party) bool { return !p.Government }) {
		c.add(other("government", "", Contradicted, Place{Term: "parties"}))
	}
	for _, cl := range c.d.Clauses {
		switch cl := cl.(type) {
		case Custom:
			c.add(other("custom", ":"+string(cl.Name), Partial, Place{cl.Name, "paragraphs"}))
		case UnknownClause:
			c.add(other("unknown", ":"+string(cl.ID()), Partial, Place{Clause: cl.ID()}))
		}
	}
}

// proposed tells of terms that only a proposed rule would ask for.
func (c *checker) proposed() {
	for _, row := range elements().Proposed {
		if c.rules.on.Before(row.From) {
			continue
		}
		var p baakit.Period
		if a, ok := c.d.Clauses.Find(ClauseID(row.Clause)).(AdministrativeSafeguards); ok {
			p = a.ContingencyNotice
			if row.ID == "verification" {
				p = a.Verification
			}
		}
		f := Finding{
			ID: row.Finding, Layer: LawLayer, Severity: SeverityInfo, Outcome: Present, Message: row.Says,
			Citations: elements().cite(row.Citation, row.Confidence), Confidence: row.Confidence, Evidence: []Place{{ClauseID(row.Clause), row.Term}},
		}
		meets := !p.IsZero() && slices.Contains([]baakit.Comparison{baakit.Shorter, baakit.Equal}, compare(p, row.AtMost))
		switch {
		case !p.IsZero() && (meets || !c.opts.Proposed):
			c.add(f)
		case c.opts.Proposed && !meets:
			f.Severity, f.Outcome = SeverityAdvice, Absent
			if !p.IsZero() {
				f.Outcome = Partial
			}
			c.add(f)
		}
	}
}

// waive marks the findings that a waiver covers on the day of the rules. A
// waiver without a reason, a name or a last day covers nothing.
func (c *checker) waive() {
	for i := range c.report.Findings {
		f := &c.report.Findings[i]
		for _, w := range c.opts.Waivers {
			if w.Finding == f.ID && w.By != "" && w.Why != "" && !w.Until.IsZero() && !c.rules.on.After(w.Until) {
				f.Waived = &w
				break
			}
		}
	}
}
