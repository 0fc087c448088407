package subprocessor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/baakit/baakit"
)

// A Verdict is the answer to one comparison. The zero Verdict is invalid; an
// indeterminate one is never a pass.
type Verdict string

// The verdicts, and the order in which the worst of several is found.
const (
	Pass          Verdict = "pass"
	Indeterminate Verdict = "indeterminate"
	Fail          Verdict = "fail"
)

func worse(a, b Verdict) Verdict {
	order := func(v Verdict) int { return slices.Index([]Verdict{Pass, Indeterminate, Fail}, v) }
	if order(a) >= order(b) {
		return a
	}
	return b
}

// A ClauseResult compares one term of a downstream contract with the same
// term upstream. Law cites why it has to be passed on; Upstream and Downstream
// cite the two contracts.
type ClauseResult struct {
	Clause         string            `json:"clause"`
	Verdict        Verdict           `json:"verdict"`
	Says           string            `json:"says"`
	UpstreamTerm   string            `json:"upstream_term"`
	DownstreamTerm string            `json:"downstream_term"`
	Upstream       baakit.Citation   `json:"upstream,omitzero"`
	Downstream     baakit.Citation   `json:"downstream,omitzero"`
	Law            []baakit.Citation `json:"law"`
}

// An EdgeCheck is the comparison of a downstream contract with what its
// upstream party itself has to observe.
type EdgeCheck struct {
	Contract string         `json:"contract"`
	Verdict  Verdict        `json:"verdict"`
	Clauses  []ClauseResult `json:"clauses"`
}

// clauseNames are the terms that flow down, by the names of their JSON fields.
func clauseNames() []string {
	return []string{"permitted_uses", "breach_report", "incident_report", "return_destroy", "places", "subcontracting", "audit", "min_standard", "insurance"}
}

// A Demand is what one or several upstream contracts ask for together: the
// meet of their terms. Times that cannot be compared, as 5 business days and
// 7 days, are all kept. The zero Demand asks for nothing.
type Demand struct {
	uses, places             []string // sorted; nil is anything
	breach, incident, giving []source
	subcontracting           Subcontracting
	audit                    AuditRight
	standards                []string
	insurance                source
	from                     map[string]source
}

// A source is a term's value and the contract that it stands in.
type source struct {
	period   baakit.Period
	contract *Contract
}

// Strictest returns what the contracts ask for together. The order of the
// contracts does not matter. A nil cal is [baakit.Federal].
func Strictest(cal baakit.Calendar, contracts ...Contract) Demand {
	list := make([]*Contract, len(contracts))
	for i := range contracts {
		list[i] = &contracts[i]
	}
	return newComparer(cal).strictest(list)
}

// A comparer remembers the comparisons of unlike periods, which take long.
type comparer struct {
	cal   baakit.Calendar
	known map[[2]baakit.Period]baakit.Comparison
}

func newComparer(cal baakit.Calendar) *comparer {
	if cal == nil {
		cal = baakit.Federal()
	}
	return &comparer{cal, make(map[[2]baakit.Period]baakit.Comparison)}
}

func (k *comparer) compare(p, q baakit.Period) baakit.Comparison {
	if p.Unit() == q.Unit() {
		return p.Compare(q, k.cal)
	}
	c, ok := k.known[[2]baakit.Period{p, q}]
	if !ok {
		c = p.Compare(q, k.cal)
		if k.known != nil {
			k.known[[2]baakit.Period{p, q}] = c
		}
	}
	return c
}

func (k *comparer) within(p, q baakit.Period) bool {
	c := k.compare(p, q)
	return c == baakit.Shorter || c == baakit.Equal
}

// strictest sorts by id first, so that of two equal terms the same contract is
// named whatever the order.
func (k *comparer) strictest(list []*Contract) Demand {
	if !slices.IsSortedFunc(list, byID) {
		list = slices.Clone(list)
		slices.SortFunc(list, byID)
	}
	d := Demand{from: make(map[string]source)}
	for _, c := range list {
		t := &c.Terms
		d.uses = d.intersect("permitted_uses", d.uses, t.PermittedUses, c)
		d.places = d.intersect("places", d.places, t.Places, c)
		d.breach = k.add(d.breach, reportTime(t.BreachReport), c)
		d.incident = k.add(d.incident, t.IncidentReport, c)
		d.giving = k.add(d.giving, t.ReturnDestroy, c)
		if t.Subcontracting.level() > d.subcontracting.level() {
			d.subcontracting, d.from["subcontracting"] = t.Subcontracting, source{contract: c}
		}
		if t.Audit.level() > d.audit.level() {
			d.audit, d.from["audit"] = t.Audit, source{contract: c}
		}
		for _, s := range t.MinStandard {
			if i, found := slices.BinarySearch(d.standards, s); !found {
				d.standards, d.from["min_standard"] = slices.Insert(d.standards, i, s), source{contract: c}
			}
		}
		if t.Insurance.Valid && (d.insurance.contract == nil || t.Insurance.Decimal.GreaterThan(d.insurance.contract.Terms.Insurance.Decimal)) {
			d.insurance = source{contract: c}
		}
	}
	return d
}

func byID(a, b *Contract) int { return cmp.Compare(a.ID, b.ID) }

func (d *Demand) intersect(name string, have, add []string, c *Contract) []string {
	if add == nil {
		return have
	}
	add = slices.Clone(add)
	slices.Sort(add)
	add = slices.Compact(add)
	if have == nil {
		d.from[name] = source{contract: c}
		return add
	}
	kept := slices.DeleteFunc(slices.Clone(have), func(s string) bool { _, in := slices.BinarySearch(add, s); return !in })
	if len(kept) < len(have) {
		d.from[name] = source{contract: c}
	}
	return kept
}

// add puts p among the shortest of the periods, none of which is within
// another.
func (k *comparer) add(list []source, p baakit.Period, c *Contract) []source {
	if p.IsZero() || slices.ContainsFunc(list, func(s source) bool {
		return k.within(s.period, p) && (k.compare(s.period, p) != baakit.Equal || s.period.String() <= p.String())
	}) {
		return list
	}
	list = slices.DeleteFunc(list, func(s source) bool { return k.within(p, s.period) })
	list = append(list, source{p, c})
	slices.SortFunc(list, func(a, b source) int { return cmp.Compare(a.period.String(), b.period.String()) })
	return list
}

// reportTime returns the time for reporting a breach: that of the law where
// none was agreed (45 CFR 164.410(b)).
func reportTime(p baakit.Period) baakit.Period {
	if p.IsZero() {
		return rules().BreachReport
	}
	return p
}

// CheckFlowDown compares the downstream contract, term by term, with what the
// demand asks for (45 CFR 164.502(e)(1)(ii), 164.308(b)(2), 164.504(e)(5)). A
// nil cal is [baakit.Federal].
func CheckFlowDown(d Demand, down Contract, cal baakit.Calendar) EdgeCheck {
	return newComparer(cal).explain(&d, &down)
}

// verdict is CheckFlowDown without its explanation and without allocating.
func (k *comparer) verdict(d *Demand, c *Contract) Verdict {
	v := Pass
	for i := range 9 {
		if v = worse(v, k.clause(i, d, c)); v == Fail {
			return Fail
		}
	}
	return v
}

func (k *comparer) clause(i int, d *Demand, c *Contract) Verdict {
	t := &c.Terms
	ok := true
	switch i {
	case 0:
		ok = subset(t.PermittedUses, d.uses)
	case 1:
		return k.shorter(reportTime(t.BreachReport), d.breach)
	case 2:
		return k.shorter(t.IncidentReport, d.incident)
	case 3:
		return k.shorter(t.ReturnDestroy, d.giving)
	case 4:
		ok = subset(t.Places, d.places)
	case 5:
		ok = t.Subcontracting.level() >= d.subcontracting.level()
	case 6:
		ok = t.Audit.level() >= d.audit.level()
	case 7:
		for _, s := range d.standards {
			ok = ok && slices.Contains(t.MinStandard, s)
		}
	case 8:
		ok = d.insurance.contract == nil || t.Insurance.Valid && t.Insurance.Decimal.GreaterThanOrEqual(d.insurance.contract.Terms.Insurance.Decimal)
	}
	if ok {
		return Pass
	}
	return Fail
}

// subset reports whether everything in have is permitted; nil permits all.
func subset(have, permitted []string) bool {
	if permitted == nil {
		return true
	}
	if have == nil {
		return false
	}
	for _, s := range have {
		if _, in := slices.BinarySearch(permitted, s); !in {
			return false
		}
	}
	return true
}

func (k *comparer) shorter(p baakit.Period, than []source) Verdict {
	v := Pass
	for _, s := range than {
		switch {
		case p.IsZero():
			return Fail
		case k.within(p, s.period):
		case k.compare(p, s.period) == baakit.Longer:
			return Fail
		default:
			v = Indeterminate
		}
	}
	return v
}

func (k *comparer) explain(d *Demand, c *Contract) EdgeCheck {
	check := EdgeCheck{Contract: c.ID, Verdict: Pass}
	up, from := d.show()
	down := termTexts(&c.Terms)
	for i, name := range clauseNames() {
		v := k.clause(i, d, c)
		check.Verdict = worse(check.Verdict, v)
		says := "at least as strict as upstream"
		switch {
		case up[i] == "":
			says, up[i] = "nothing is asked upstream", "not stated"
		case v == Fail:
			says = "looser than upstream"
		case v == Indeterminate:
			says = "which is stricter depends on the day it starts"
		}
		r := ClauseResult{Clause: name, Verdict: v, Says: says, UpstreamTerm: up[i], DownstreamTerm: cmp.Or(down[i], "not stated"), Law: rules().cite("flow." + name)}
		if from[i] != nil {
			r.Upstream = cite(from[i], name)
		}
		r.Downstream = cite(c, name)
		check.Clauses = append(check.Clauses, r)
	}
	return check
}

// cite names the place of a term in a contract.
func cite(c *Contract, clause string) baakit.Citation {
	citation, _ := baakit.NewCitation(baakit.CitationFields{Authority: "Contract " + c.ID, Pinpoint: c.Terms.Pinpoints[clause], Confidence: baakit.Primary})
	return citation
}

func termTexts(t *Terms) [9]string {
	text := func(p baakit.Period) string {
		if p.IsZero() {
			return ""
		}
		return p.String()
	}
	var insurance string
	if t.Insurance.Valid {
		insurance = t.Insurance.Decimal.StringFixed(2) + " USD"
	}
	return [9]string{
		listText(t.PermittedUses), text(reportTime(t.BreachReport)), text(t.IncidentReport), text(t.ReturnDestroy), listText(t.Places),
		string(t.Subcontracting), string(t.Audit), listText(t.MinStandard), insurance,
	}
}

func listText(list []string) string {
	if list != nil && len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// show returns the demanded terms and the contract that each comes from.
func (d *Demand) show() (text [9]string, from [9]*Contract) {
	periods := func(i int, list []source) {
		var all []string
		for _, s := range list {
			all = append(all, s.period.String())
			from[i] = cmp.Or(from[i], s.contract)
		}
		text[i] = strings.Join(all, " and ")
	}
	text[0], from[0] = listText(d.uses), d.from["permitted_uses"].contract
	periods(1, d.breach)
	periods(2, d.incident)
	periods(3, d.giving)
	text[4], from[4] = listText(d.places), d.from["places"].contract
	text[5], from[5] = string(d.subcontracting), d.from["subcontracting"].contract
	text[6], from[6] = string(d.audit), d.from["audit"].contract
	text[7], from[7] = listText(d.standards), d.from["min_standard"].contract
	if c := d.insurance.contract; c != nil {
		text[8], from[8] = c.Terms.Insurance.Decimal.StringFixed(2)+" USD", c
	}
	return text, from
}

// A Budget compares the reporting times down one path with the top promise:
// the time after the first discovery within which the top plans on hearing.
type Budget struct {
	Path    []string          `json:"path"` // contract ids from the top
	Times   []baakit.Period   `json:"times"`
	Promise baakit.Period     `json:"promise,omitzero"`
	Verdict Verdict           `json:"verdict"`
	Says    string            `json:"says"`
	Law     []baakit.Citation `json:"law"`
}

// CheckBudget adds the reporting times of the contracts of a path, the top
// one first, and compares the sum with its HearWithin. Without one there is no
// promise to keep and it passes. A nil cal is [baakit.Federal].
func CheckBudget(cal baakit.Calendar, path ...Contract) Budget {
	b := Budget{Verdict: Pass, Says: "no time from the first discovery is promised at the top", Law: rules().cite("budget")}
	for _, c := range path {
		b.Path = append(b.Path, c.ID)
		b.Times = append(b.Times, reportTime(c.Terms.BreachReport))
	}
	if len(path) == 0 || path[0].Terms.HearWithin.IsZero() {
		return b
	}
	b.Promise = path[0].Terms.HearWithin
	b.Verdict, b.Says = budgetVerdict(cal, b.Times, b.Promise)
	return b
}

func budgetVerdict(cal baakit.Calendar, times []baakit.Period, promise baakit.Period) (Verdict, string) {
	switch baakit.Sum(cal, times...).Compare(promise.Span(cal)) {
	case baakit.Shorter, baakit.Equal:
		return Pass, "the reporting times together fit the promise"
	case baakit.Longer:
		return Fail, "the reporting times together take longer than the promise"
	}
	return Indeterminate, "whether the reporting times together fit the promise depends on the day"
}
