package baa

import (
	"slices"

	"github.com/baakit/baakit"
)

// ClassificationSchema is the schema of a [Classification] as JSON.
const ClassificationSchema = "baakit.baa.classification/1"

// An Effect says for whom a whole difference is good or bad. The covered
// entity is the business associate in an agreement with its subcontractor.
type Effect string

// The effects.
const (
	NoEffect                  Effect = "none"
	BeneficialToCoveredEntity Effect = "beneficial_to_covered_entity"
	AdverseToCoveredEntity    Effect = "adverse_to_covered_entity"
	NeutralEffect             Effect = "neutral"
	RequiredByLaw             Effect = "required_by_law"
	AdverseIfObjected         Effect = "adverse_if_objected_to"
	MixedEffect               Effect = "mixed"
	UnclearEffect             Effect = "unclear"
)

// A Consequence is what a change of a class asks for.
type Consequence struct {
	Material     bool `json:"material"`
	Notice       bool `json:"notice"`
	Reacceptance bool `json:"reacceptance"`
	Bump         Bump `json:"bump"`
}

// A ChangePolicy decides what changes ask for. HIPAA prescribes what a
// contract says and not how a change is accepted; that is the law of
// contracts, the agreement's own clause on amendments, and this policy. Start
// from [DefaultChangePolicy].
type ChangePolicy struct {
	// Drafter is the side that makes the change; empty: the business
	// associate.
	Drafter Side `json:"drafter,omitempty"`
	// Consequences has one for every class; a class without one asks for
	// everything.
	Consequences map[Class]Consequence `json:"consequences"`
	// Clarifying names clauses whose rewording, which nothing here can judge,
	// the caller vouches to mean the same.
	Clarifying []ClauseID `json:"clarifying,omitempty"`
	// Rules are the rules by which findings are compared; without a day:
	// those of the effective date of the second version, or the current ones.
	Rules RuleSet `json:"-"`
	// House is the house policy by which findings are compared; nil: none.
	House *HousePolicy `json:"house,omitempty"`
}

// DefaultChangePolicy returns the policy of the package: words unchanged,
// nothing; another way to reach a party, notice; tightening only the drafter's
// own duties, notice; whatever widens a use, loosens a duty, touches the other
// side or cannot be judged, acceptance again.
func DefaultChangePolicy() ChangePolicy {
	house := DefaultHousePolicy()
	all := Consequence{true, true, true, BumpUpdate}
	return ChangePolicy{
		Drafter: BusinessAssociateSide,
		House:   &house,
		Consequences: map[Class]Consequence{
			Editorial:   {Bump: BumpNone},
			Clarifying:  {Notice: true, Bump: BumpCorrection},
			PartyDetail: {Notice: true, Bump: BumpCorrection},
			Scheduled:   {Notice: true, Bump: BumpSchedule},
			Tightening:  {Material: true, Notice: true, Bump: BumpUpdate},
			Regulatory:  all, Commercial: all, Retroactive: all, Loosening: all,
			Removal: all, ExpansionOfUse: all, Undetermined: all,
		},
	}
}

// A Classification is what a difference means.
type Classification struct {
	Schema string `json:"schema"`
	From   string `json:"from"`
	To     string `json:"to"`
	// Class is that of the most consequential change; "editorial" if nothing
	// changed.
	Class  Class  `json:"class"`
	Effect Effect `json:"effect"`
	Consequence
	// Touches names what the changes are about: see [Change].
	Touches []string `json:"touches"`
	// Findings are those of the second version that the first did not have,
	// and those about the change itself.
	Findings []Finding `json:"findings"`
	// Blocked: the change brings an error of the law, or makes one worse; it
	// must not be published.
	Blocked bool `json:"blocked"`
	// Changes are those of the difference, each with its class.
	Changes []Change `json:"changes"`
}

// Classify says what a difference means by a policy; nil is
// [DefaultChangePolicy]. More changes never ask for less: each consequence is
// that of the change that asks for the most.
func Classify(d Difference, policy *ChangePolicy) Classification {
	if policy == nil {
		p := DefaultChangePolicy()
		policy = &p
	}
	c := Classification{
		Schema: ClassificationSchema, From: d.From, To: d.To, Class: Editorial, Effect: NoEffect,
		Consequence: Consequence{Bump: BumpNone}, Touches: []string{}, Findings: []Finding{}, Changes: append([]Change{}, d.Changes...),
	}
	if d.before.IsZero() || d.after.IsZero() || d.IsEmpty() {
		return c
	}
	rules := policy.Rules
	if rules.on.IsZero() {
		if rules = CurrentRules(); !d.after.d.Effective.IsZero() {
			rules = RulesAt(d.after.d.Effective)
		}
	}
	gained := gainedElements(&d.before.d, &d.after.d, rules)
	effects := make(map[Effect]bool)
	for i := range c.Changes {
		ch := &c.Changes[i]
		if ch.Kind == Reworded && ch.Class == Undetermined && slices.Contains(policy.Clarifying, ch.Clause) {
			ch.Class, ch.Direction = Clarifying, Neutral
		}
		if ch.Direction == Tighter && gained.by(ch) {
			ch.Class = Regulatory
		}
		c.join(policy.consequence(ch))
		c.Class = worst(c.Class, ch.Class)
		effects[ch.effect()] = true
		for _, t := range ch.Touches {
			if !slices.Contains(c.Touches, t) {
				c.Touches = append(c.Touches, t)
			}
		}
	}
	c.Effect = joinEffects(effects)
	c.findings(d, rules, policy.House, gained)
	return c
}

func (p *ChangePolicy) consequence(ch *Change) Consequence {
	all := Consequence{true, true, true, BumpUpdate}
	k, ok := p.Consequences[ch.Class]
	if !ok {
		return all
	}
	if ch.Kind == ClauseMoved && ch.Class == Editorial && k.Bump == BumpNone {
		k.Bump = BumpCorrection // the numbers change: it is another text
	}
	if ch.Term == "kind" && ch.Clause == agreementPart {
		k.Bump = BumpEdition
	}
	drafter := p.Drafter
	if drafter == "" {
		drafter = BusinessAssociateSide
	}
	if ch.Class == Tightening && ch.Binds != drafter {
		k.Reacceptance = true // it touches the other side
	}
	return k
}

func (c *Classification) join(k Consequence) {
	c.Material = c.Material || k.Material
	c.Notice = c.Notice || k.Notice
	c.Reacceptance = c.Reacceptance || k.Reacceptance
	if slices.Index(bumps(), k.Bump) > slices.Index(bumps(), c.Bump) {
		c.Bump = k.Bump
	}
}

// effect says for whom a change is good.
func (c *Change) effect() Effect {
	switch c.Class {
	case Editorial, Clarifying, PartyDetail:
		return NoEffect
	case Regulatory:
		return RequiredByLaw
	case Scheduled:
		if c.adds {
			return AdverseIfObjected
		}
		return NeutralEffect
	}
	better := c.Direction == Tighter
	switch {
	case c.Direction == Unclear:
		return UnclearEffect
	case c.Direction == Neutral || c.Binds == EverySide:
		return NeutralEffect
	case c.Binds == CoveredEntitySide:
		better = !better
	}
	if better {
		return BeneficialToCoveredEntity
	}
	return AdverseToCoveredEntity
}

// joinEffects returns the effect of all changes together.
func joinEffects(e map[Effect]bool) Effect {
	good := e[BeneficialToCoveredEntity] || e[RequiredByLaw]
	switch {
	case e[UnclearEffect]:
		return UnclearEffect
	case e[AdverseToCoveredEntity] && good:
		return MixedEffect
	case e[AdverseToCoveredEntity]:
		return AdverseToCoveredEntity
	case e[RequiredByLaw]:
		return RequiredByLaw
	case e[BeneficialToCoveredEntity]:
		return BeneficialToCoveredEntity
	case e[AdverseIfObjected]:
		return AdverseIfObjected
	case e[NeutralEffect]:
		return NeutralEffect
	}
	return NoEffect
}

// A gain is an element that the law requires, that the first version lacked
// and the second provides.
type gain struct {
	row *elementRow
	j   judgement
}

type gains []gain

func gainedElements(a, b *Draft, rules RuleSet) gains {
	var list gains
	for _, row := range rules.rows {
		if row.Status == ElementOptional || row.Parent != "" && judge(a, row.Parent).outcome != Present {
			continue
		}
		if before := judge(a, row.ID); before.outcome == Absent {
			if after := judge(b, row.ID); after.outcome == Present {
				list = append(list, gain{row, after})
			}
		}
	}
	return list
}

// by reports whether a change is what gained an element.
func (g gains) by(ch *Change) bool {
	return slices.ContainsFunc(g, func(x gain) bool {
		return x.j.clause == ch.Clause && (ch.Term == "" || ch.Term == x.j.term)
	})
}

// findings compares what Check says of both versions and adds what is to be
// said of the change itself.
func (c *Classification) findings(d Difference, rules RuleSet, house *HousePolicy, gained gains) {
	opts := &CheckOptions{House: house}
	before, after := Check(d.before, rules, opts), Check(d.after, rules, opts)
	for _, f := range after.Findings {
		had, ok := before.Finding(f.ID)
		if ok && had.Outcome == f.Outcome && had.Severity == f.Severity && !c.worsens(f) {
			continue
		}
		c.Findings = append(c.Findings, f)
		if f.Layer == LawLayer && f.Severity == SeverityError {
			c.Blocked = true
		}
	}
	law := elements()
	about := func(id, message string, e ...Place) Finding {
		row := law.other(id)
		return Finding{
			ID: row.Finding, Layer: LawLayer, Severity: row.Severity, Outcome: Present, Message: message,
			Citations: law.cite(row.Citation, row.Confidence), Confidence: row.Confidence, Evidence: e,
		}
	}
	for _, ch := range c.Changes {
		switch {
		case ch.Class == Retroactive:
			c.Findings = append(c.Findings, about("backdated", law.other("backdated").Says, Place{Term: "effective"}))
		case ch.Class == Scheduled && ch.adds:
			notice := termsOf(d.before.d).SubcontractorNotice
			c.Findings = append(c.Findings, Finding{
				ID: "BAA-S-schedule", Layer: HouseLayer, Severity: SeverityInfo, Outcome: Present,
				Message:  "the new subcontractor begins no sooner than " + notice.String() + " after the notice that the agreement promises; until then the other party may object",
				Evidence: []Place{{ch.Clause, ch.Term}},
			})
		}
	}
	for _, t := range lives().Transitions {
		if slices.ContainsFunc(gained, func(g gain) bool { return g.row.From == t.Compliance }) {
			message := law.other("transition").Says + ": in force from " + t.Compliance.String() +
				", for contracts made before " + t.MadeBefore.String() + " that it deemed compliant from " + nextDay(t.DeemedThrough).String()
			c.Findings = append(c.Findings, about("transition", message))
		}
	}
}

func nextDay(d baakit.Date) baakit.Date { return d.AddDays(1) }

// worsens reports whether a finding that was there before is about a term that
// got looser.
func (c *Classification) worsens(f Finding) bool {
	return f.Outcome == Contradicted && slices.ContainsFunc(c.Changes, func(ch Change) bool {
		return ch.Direction == Looser && slices.ContainsFunc(f.Evidence, func(e Place) bool { return e.Clause == ch.Clause && e.Term == ch.Term })
	})
}
