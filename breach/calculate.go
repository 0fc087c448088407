package breach

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
)

// NewTimeline returns every obligation that the incident starts or may start.
// It is a pure function: the same facts, rules and options give the same
// timeline. The error is a [baakit.FieldErrors] of what is wrong with the
// incident ([Incident.Validate]), a fact that no rule asks for, or an unknown
// reading of delay.
func NewTimeline(in Incident, opts *Options) (Timeline, error) {
	if err := in.Validate(); err != nil {
		return Timeline{}, err
	}
	c := calculation{in: &in, loc: in.Zone.Location()}
	if opts != nil {
		c.opt = *opts
	}
	c.discover()
	if c.opt.Rules == nil {
		c.opt.Rules = RulesAsOf(c.first)
	}
	c.rules = c.opt.Rules
	if c.opt.Delay == "" {
		c.opt.Delay = LaterOf
	}
	if c.opt.ContractCalendar == nil {
		c.opt.ContractCalendar = baakit.Federal()
	}
	if err := c.check(); err != nil {
		return Timeline{}, err
	}
	in.Schema = IncidentSchema
	t := Timeline{
		Schema: TimelineSchema, Incident: in, RulesAsOf: c.rules.asOf, Delay: c.opt.Delay, Forward: c.opt.Forward,
		Determination: assess(&in), Clocks: c.clocks,
	}
	c.outcome = t.Determination.Outcome
	c.count()
	c.prepare()
	c.run()
	t.Obligations, t.Questions = c.finish()
	return t, nil
}

// An interval is what a number can be.
type interval struct{ low, high int64 }

type calculation struct {
	in      *Incident
	opt     Options
	rules   *Rules
	loc     *time.Location
	outcome Outcome

	clocks []PartyClock
	first  baakit.Date
	delays []delay

	total     interval
	residents [jurisdictions]interval

	federalIndividuals baakit.Date // delayed
	stateIndividuals   baakit.Date // of the jurisdiction at hand, delayed
	deemed             DeemedFlag
	law                *compiledLaw
	missing            Trigger // one that had no day, of the obligation at hand

	out       []Obligation
	ends      []int32 // where the text of each obligation ends
	text      text
	questions []Question
	limits    []Threshold
}

// discover finds the day on which each party's clocks began: its own first
// knowledge, or that of a party below that is or may be its agent, or the day
// on which that one told it (45 CFR 164.404(a)(2), 164.410(a)(2)).
func (c *calculation) discover() {
	c.clocks = make([]PartyClock, len(c.in.Parties))
	for i := range c.in.Parties {
		p := &c.in.Parties[i]
		k := &c.clocks[i]
		k.Party, k.Role = p.Name, p.Role
		if k.Party == "" {
			k.Party = roleNames[p.Role]
		}
		for _, n := range p.Knowledge {
			if day := n.At.Day(c.loc); n.By != Wrongdoer && (k.Discovered.IsZero() || day.Before(k.Discovered)) {
				k.Discovered = day
			}
		}
		if i == 0 {
			c.first = k.Discovered
			continue
		}
		below := &c.in.Parties[i-1]
		imputed := c.clocks[i-1].Discovered
		told := below.Told.Day(c.loc)
		switch {
		case below.Agency == IndependentContractor && !told.IsZero():
			if k.Discovered.IsZero() || told.Before(k.Discovered) {
				k.Discovered = told
				k.Assumed = c.clocks[i-1].Assumed && told == imputed
			}
		case below.Agency == IndependentContractor && !k.Discovered.IsZero():
			// It knew by itself; whether it was told before is not known.
			if imputed.Before(k.Discovered) {
				k.Discovered, k.Assumed = imputed, true
			}
		case k.Discovered.IsZero() || imputed.Before(k.Discovered):
			k.Discovered = imputed
			k.Imputed = below.Agency == Agent
			k.Assumed = below.Agency != Agent || c.clocks[i-1].Assumed
		}
		if k.Discovered.Before(c.first) {
			c.first = k.Discovered
		}
	}
}

var roleNames = map[Role]string{CoveredEntity: "covered entity", BusinessAssociate: "business associate", Subcontractor: "subcontractor"}

func (c *calculation) check() error {
	var errs baakit.FieldErrors
	if c.opt.Delay != LaterOf && c.opt.Delay != Tolled {
		errs.Add("delay", "must be later_of or tolled")
	}
	if len(c.in.Facts) > 0 {
		known := func(id string) bool {
			if _, ok := c.rules.tables.asks[Question("facts."+id)]; ok {
				return true
			}
			for _, l := range c.rules.law { // a jurisdiction that the caller added
				if l != nil && slices.ContainsFunc(l.Rules, func(r Rule) bool { return r.Condition != nil && r.Condition.Fact == id }) {
					return true
				}
			}
			return false
		}
		for id := range c.in.Facts {
			if !known(id) {
				errs.Add("facts", "must be facts that the rules ask for")
				break
			}
		}
	}
	return errs.Err()
}

// count finds what the number of residents of each jurisdiction can be: those
// stated, and any of the people whose residence is not.
func (c *calculation) count() {
	p := &c.in.People
	c.total.low, c.total.high = p.Total.bounds()
	var sum int64
	for _, n := range p.Residents {
		sum += n.n
	}
	c.total.low = max(c.total.low, sum)
	c.total.high = max(c.total.high, c.total.low)
	elsewhere := add(c.total.high, -sum)
	_, unknown := p.Residents[baakit.UnknownJurisdiction].bounds()
	if _, ok := p.Residents[baakit.UnknownJurisdiction]; !ok {
		unknown = 0
	}
	elsewhere = add(elsewhere, unknown)
	for j := range c.residents {
		var low, high int64
		if n, ok := p.Residents[baakit.Jurisdiction(j)]; ok {
			low, high = n.bounds()
		}
		most := add(c.total.high, low-(sum-p.Residents[baakit.UnknownJurisdiction].n))
		c.residents[j] = interval{low, max(low, min(add(high, elsewhere), most))}
	}
}

// add adds, keeping what is unbounded so.
func add(a, b int64) int64 {
	if a == unbounded || b == unbounded || b > 0 && a > unbounded-b {
		return unbounded
	}
	return a + b
}

func (c *calculation) prepare() {
	n, limits := c.expect()
	c.out = make([]Obligation, 0, n)
	c.ends = make([]int32, 0, n)
	c.text.grow(n * averageText)
	c.questions = make([]Question, 0, n)
	c.limits = make([]Threshold, 0, limits)
	for _, h := range c.in.Delays {
		c.delays = append(c.delays, readDelay(h, c.loc, c.rules.tables.federal.Delay.Oral))
	}
	slices.SortFunc(c.delays, func(a, b delay) int {
		return cmp.Or(a.made.Compare(b.made), a.through.Compare(b.through))
	})
}

// averageText is a little more than the mean length of an explanation.
const averageText = 135

// expect returns how many obligations and thresholds there will be, or a few
// more, so that they are allocated once.
func (c *calculation) expect() (n, limits int) {
	links := len(c.in.Parties) - 1
	n = links * 6
	tally := func(list []*compiled) {
		for _, r := range list {
			if c.excluded(r) {
				continue
			}
			owed := 1
			switch r.OwedBy {
			case ByVendor:
				owed = links
			case ByHolders:
				owed = links + 1
			}
			n += owed
			if r.Threshold.Op != "" {
				limits += owed
			}
		}
	}
	tally(c.rules.federal)
	for j := range c.residents {
		if c.residents[j].high == 0 || j == int(baakit.UnknownJurisdiction) {
			continue
		}
		tally(c.rules.media[j])
		if l := c.rules.law[j]; l != nil {
			tally(l.rules)
		} else {
			n++
		}
	}
	return n, limits
}

// excluded reports whether the stated facts certainly exclude the rule.
func (c *calculation) excluded(r *compiled) bool {
	if r.regime == Proposed && !c.opt.Forward || !r.AnyOutcome && r.regime != StateLaw && !c.outcome.StartsClocks() {
		return true
	}
	if r.Condition != nil {
		if answer := c.answer(r.Condition.Fact); answer != Unknown && (answer == Yes) != r.Condition.Is {
			return true
		}
	}
	return r.Threshold.Op != "" && r.Below == nil && c.measure(r).high < r.Threshold.least()
}

func (c *calculation) run() {
	owner := len(c.in.Parties) - 1
	breach := c.outcome.StartsClocks()
	for _, r := range c.rules.federal {
		if r.regime == Proposed && !c.opt.Forward || !breach && !r.AnyOutcome {
			continue
		}
		switch r.OwedBy {
		case ByOwner:
			c.rule(r, owner, Owed, "")
		case ByVendor:
			for i := range owner {
				c.rule(r, i, Owed, "")
			}
		}
		if r.ID == "hipaa.individuals" && len(c.out) > 0 {
			c.federalIndividuals = c.out[len(c.out)-1].Due
		}
	}
	for i := range owner {
		c.contract(i)
	}
	state := c.stateStanding(breach)
	for j := range c.residents {
		if c.residents[j].high == 0 || baakit.Jurisdiction(j).IsZero() || baakit.Jurisdiction(j) == baakit.UnknownJurisdiction {
			continue
		}
		standing, ask := Owed, Question("")
		if c.residents[j].low == 0 {
			standing, ask = Possible, "people.residents"
		}
		for _, r := range c.rules.media[j] {
			if breach || r.AnyOutcome {
				c.rule(r, owner, standing, ask)
			}
		}
		if state != 0 {
			c.jurisdiction(baakit.Jurisdiction(j), max(standing, state), ask, state, breach)
		}
	}
}

// stateStanding is the standing of the laws of the jurisdictions: they have
// definitions of their own, so what is no breach under HIPAA may be one there.
func (c *calculation) stateStanding(breach bool) Standing {
	switch c.in.Facts["state_breach"] {
	case Yes:
		return Owed
	case No:
		return 0
	}
	if breach {
		return Owed
	}
	if c.in.Security == Unsuccessful {
		return 0 // nothing was acquired, accessed, used or disclosed
	}
	return Possible
}

func (c *calculation) jurisdiction(j baakit.Jurisdiction, standing Standing, ask Question, state Standing, breach bool) {
	owner := len(c.in.Parties) - 1
	if state == Possible {
		ask = "facts.state_breach"
	}
	c.law = c.rules.law[j]
	c.stateIndividuals = baakit.Date{}
	defer func() { c.law, c.deemed = nil, 0 }()
	if c.law == nil {
		c.localLaw(j, owner)
		return
	}
	if !c.law.MedicalInformation && c.onlyHealth() && standing == Owed {
		standing, ask = Possible, "information.kinds"
	}
	for _, r := range c.law.rules {
		switch r.OwedBy {
		case ByOwner:
			c.deemed = c.law.deemedFor(CoveredEntity)
			c.rule(r, owner, standing, ask)
		case ByVendor, ByHolders:
			c.deemed = c.law.deemedFor(BusinessAssociate)
			for i := range owner {
				c.rule(r, i, standing, ask)
			}
			if r.OwedBy == ByHolders {
				c.deemed = c.law.deemedFor(CoveredEntity)
				c.rule(r, owner, standing, ask)
			}
		}
	}
}

// onlyHealth reports whether kinds are stated and none of them is personal
// information everywhere.
func (c *calculation) onlyHealth() bool {
	kinds := c.in.Information.Kinds
	return len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k InformationKind) bool {
		return k == SocialSecurityNumber || k == DriverLicense || k == FinancialAccount || k == OtherKind
	})
}

func (l *compiledLaw) deemedFor(r Role) DeemedFlag {
	d := l.Deemed
	switch {
	case d.Value == "no":
		return NotDeemed
	case r != CoveredEntity && d.ReachesBusinessAssociates == "no":
		return NotDeemed
	case d.Confidence == baakit.Memory, r != CoveredEntity && d.ReachesBusinessAssociates == "unknown":
		return DeemedUncertain
	case d.Value == "partial":
		return PartlyDeemed
	}
	return Deemed
}

// localLaw is the duty to find out what a place without a row asks for.
func (c *calculation) localLaw(j baakit.Jurisdiction, owner int) {
	o := c.begin(owner)
	o.Regime, o.Kind, o.Jurisdiction, o.Standing = StateLaw, LocalLaw, j, Possible
	o.Recipient = "whoever the law of " + j.Name() + " names"
	o.ID = strings.ToLower(j.Code()) + ".local_law"
	o.CountedFrom, o.Start, o.Promptness = Discovery, c.clocks[owner].Discovered, WithoutUnreasonableDelay
	o.Confidence, o.Changes = baakit.Memory, "the law of "+j.Name()
	q := len(c.questions)
	c.ask("facts.local_law")
	if c.residents[j].low == 0 {
		c.ask("people.residents")
	}
	o.Questions = c.questions[q:len(c.questions):len(c.questions)]
	c.text.add("the tables have no law of ", j.Name(), "; find out what it asks for without delay from discovery on ")
	c.text.date(o.Start)
	c.end()
}

// begin adds an obligation of the party to fill in, and end the text that was
// written since the last one; drop takes it back.
func (c *calculation) begin(party int) *Obligation {
	c.out = append(c.out, Obligation{})
	o := &c.out[len(c.out)-1]
	o.Standing, o.OwedBy, o.Governs = Owed, c.clocks[party].Party, true
	return o
}

func (c *calculation) end() { c.ends = append(c.ends, int32(c.text.len())) }

// drop takes back the obligation that was begun, and its questions from the
// n-th on.
func (c *calculation) drop(n int) {
	c.out = c.out[:len(c.out)-1]
	c.questions = c.questions[:n]
}

func (c *calculation) ask(q Question) {
	c.questions = append(c.questions, q)
}

// finish gives the texts to the obligations and sorts them.
func (c *calculation) finish() ([]Obligation, []OpenQuestion) {
	all := c.text.string()
	var from int32
	for i := range c.out {
		c.out[i].Explanation = all[from:c.ends[i]]
		from = c.ends[i]
	}
	c.govern()
	if c.opt.SetAside != nil {
		for i := range c.out {
			if c.opt.SetAside(c.out[i]) {
				c.out[i].Standing = SetAside
			}
		}
	}
	order(c.out)
	var asked []Question
	for i := range c.out {
		for _, q := range c.out[i].Questions {
			if !slices.Contains(asked, q) {
				asked = append(asked, q)
			}
		}
	}
	slices.Sort(asked)
	questions := make([]OpenQuestion, len(asked))
	for i, q := range asked {
		questions[i] = OpenQuestion{q, c.rules.tables.asks[q]}
		if questions[i].Asks == "" {
			questions[i].Asks = "What is the answer to " + string(q) + "?"
		}
	}
	return c.out, questions
}

// order sorts by day, and what is equal as it was made: federal, contracts,
// jurisdictions. It sorts positions and then moves each obligation once.
func order(list []Obligation) {
	type place struct {
		day baakit.Date
		i   int32
	}
	places := make([]place, len(list))
	for i := range list {
		places[i] = place{list[i].day(), int32(i)}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.day == b.day {
			return int(a.i - b.i)
		}
		return a.day.Compare(b.day)
	})
	for i := range places {
		if int(places[i].i) == i {
			continue
		}
		held, at := list[i], i
		for {
			from := int(places[at].i)
			places[at].i = int32(at)
			if from == i {
				list[at] = held
				break
			}
			list[at] = list[from]
			at = from
		}
	}
}
