package subprocessor

import (
	"encoding/json"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// A gateReason is a bit of a Decision; the first ones close the gate.
type gateReason uint8

const (
	gateStale gateReason = iota
	gateUnknownEngagement
	gateUnknownCustomer
	gateNotPHI
	gateNotActive
	gateNoContract
	gateProduct
	gateFlowDown
	gateBudget
	gateAttestation
	gateNoTerms
	gateNotNotified
	gateWaiting
	gateNoConsent
	gateObjection
	gateKeptAway
	gateWithdrawn
	gateEmergencyOver

	gateActive // the first that says why a yes is one
	gateContracts
	gateFlows
	gateFits
	gateAttested
	gateSignedAfter
	gateCleared
	gateNotMaterial
	gateEmergency
	gateRatified
)

var gateIDs = [...]string{
	"stale", "unknown_engagement", "unknown_customer", "not_phi", "not_active", "no_contract", "product", "flow_down", "budget", "attestation",
	"no_terms", "not_notified", "waiting", "no_consent", "objection", "kept_away", "withdrawn", "emergency_over",
	"active", "contracts", "flows", "fits", "attested", "signed_after", "cleared", "not_material", "emergency", "ratified",
}

// A Decision is the answer of the gate: ask [Decision.Yes], for a no may be
// without a reason, as the zero Decision is. Decisions are comparable and safe
// for concurrent use.
type Decision struct{ set uint32 }

const gateClosed = 1<<gateActive - 1

// Yes reports whether the engagement may handle the customer's PHI.
func (d Decision) Yes() bool { return d.set != 0 && d.set&gateClosed == 0 }

// Reasons returns every reason: of a no those that close the gate alone, of a
// yes those that open it. Each says its source.
func (d Decision) Reasons() []baakit.Reason {
	set := d.set
	if set&gateClosed != 0 {
		set &= gateClosed
	}
	list := []baakit.Reason{}
	for ; set != 0; set &= set - 1 {
		list = append(list, rules().reason("gate."+gateIDs[bits.TrailingZeros32(set)]))
	}
	return list
}

// MarshalJSON implements json.Marshaler: {"yes": ..., "reasons": [...]}.
func (d Decision) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Yes     bool            `json:"yes"`
		Reasons []baakit.Reason `json:"reasons"`
	}{d.Yes(), d.Reasons()})
}

// An Index is a state compiled for the gate. It is immutable and safe for
// concurrent use.
type Index struct {
	from, until time.Time
	engagements map[string]*gateEngagement
	customers   map[string][]*gateContract
	k           *comparer
}

type gateEngagement struct {
	set      uint32 // what does not depend on the customer
	products []string
	active   baakit.Date
	entries  []*Contract       // from the vendor, on the paths to the entity
	paths    [][]baakit.Period // reporting times below the vendor, one list a path
	strict   bool              // the entries pass what all customers together ask for
	changes  []*gateChange
}

type gateContract struct {
	contract *Contract
	demand   Demand
	set      uint32
}

// A gateChange has what a change, in use, says of each contract.
type gateChange struct {
	inUse      baakit.Date
	introduces bool
	fold       *changeFold
	known      map[string]uint32 // by contract
}

// Compile makes an index of the state. It is good for the rest of the state's
// civil day: what runs out or runs full does so at midnight.
func Compile(s *State) *Index {
	x := &Index{from: s.valid, engagements: make(map[string]*gateEngagement, len(s.f.engagements)), customers: make(map[string][]*gateContract), k: newComparer(s.f.reg.cal)}
	_, x.until = s.day.In(s.f.reg.zone)
	c := &compiler{s: s, x: x, chain: newChain(s), verdicts: make(map[*Contract]Verdict)}
	c.customers()
	strict := true
	for id, g := range s.f.engagements {
		e := c.engagement(g)
		x.engagements[id] = e
		strict = strict && e.strict
	}
	if strict {
		return x
	}
	for _, list := range x.customers {
		for _, g := range list {
			g.demand = x.k.strictest([]*Contract{g.contract})
		}
	}
	return x
}

type compiler struct {
	s        *State
	x        *Index
	chain    *chainIndex
	all      Demand
	verdicts map[*Contract]Verdict
	attested map[string][]*Attestation
	waived   map[string][]*Waiver
	entities map[string]*reach
}

// A reach is how an entity hangs below the vendor.
type reach struct {
	ok      bool // some path of contracts in effect
	flow    Verdict
	entries []*Contract
	paths   [][]baakit.Period
}

func (c *compiler) customers() {
	vendor := c.s.f.reg.vendor
	upstream := c.chain.demand(vendor)
	for _, contract := range c.chain.up[vendor] {
		g := &gateContract{contract: contract}
		if !c.chain.covered[contract.Upstream] {
			g.set |= 1 << gateNoContract
		}
		if own := c.chain.up[contract.Upstream]; len(own) > 0 && c.x.k.verdict(new(c.chain.demand(contract.Upstream)), contract) != Pass {
			g.set |= 1 << gateFlowDown
		}
		c.x.customers[contract.Upstream] = append(c.x.customers[contract.Upstream], g)
	}
	c.all = upstream
	c.attested, c.waived, c.entities = make(map[string][]*Attestation), make(map[string][]*Waiver), make(map[string]*reach)
	for _, a := range c.s.f.attestations {
		c.attested[a.Entity] = append(c.attested[a.Entity], a)
		for _, sub := range a.Subservices {
			c.attested[sub.Entity] = append(c.attested[sub.Entity], a)
		}
	}
	for _, w := range c.s.f.waivers {
		c.waived[w.Engagement] = append(c.waived[w.Engagement], w)
	}
}

func (c *compiler) engagement(g *engagementFold) *gateEngagement {
	e := &gateEngagement{products: g.engagement.Products, active: g.active}
	add := func(ok bool, yes, no gateReason) {
		if ok {
			e.set |= 1 << yes
		} else {
			e.set |= 1 << no
		}
	}
	if !g.engagement.PHI.Handles() {
		e.set |= 1 << gateNotPHI
	}
	add(g.status == Active, gateActive, gateNotActive)
	r := c.reach(g.engagement.Entity)
	add(r.ok, gateContracts, gateNoContract)
	add(r.flow == Pass, gateFlows, gateFlowDown)
	add(c.evidenced(g.engagement), gateAttested, gateAttestation)
	e.set |= 1 << gateFits
	e.entries, e.paths, e.strict = r.entries, r.paths, true
	for _, entry := range r.entries {
		v, known := c.verdicts[entry]
		if !known {
			v = c.x.k.verdict(&c.all, entry)
			c.verdicts[entry] = v
		}
		e.strict = e.strict && v == Pass
	}
	for _, f := range c.s.f.about[g.engagement.ID] {
		if gc := c.change(f); gc != nil {
			e.changes = append(e.changes, gc)
		}
	}
	return e
}

// reach walks all paths of contracts in effect from the entity up to the
// vendor; every one of them has to pass.
func (c *compiler) reach(entity string) *reach {
	if r := c.entities[entity]; r != nil {
		return r
	}
	r := &reach{flow: Pass}
	c.entities[entity] = r
	for _, contract := range c.chain.up[entity] {
		if contract.Upstream == c.s.f.reg.vendor {
			r.ok = true
			r.entries = append(r.entries, contract)
			r.paths = append(r.paths, []baakit.Period{reportTime(contract.Terms.BreachReport)})
			continue
		}
		above := c.reach(contract.Upstream)
		if !above.ok {
			continue
		}
		r.ok = true
		r.flow = worse(r.flow, worse(above.flow, c.x.k.verdict(new(c.chain.demand(contract.Upstream)), contract)))
		r.entries = append(r.entries, above.entries...)
		for _, p := range above.paths {
			r.paths = append(r.paths, append(slices.Clone(p), reportTime(contract.Terms.BreachReport)))
		}
		if len(r.paths) > maxPaths {
			r.flow = Indeterminate
			r.paths = r.paths[:maxPaths]
		}
	}
	slices.SortFunc(r.entries, byID)
	r.entries = slices.Compact(r.entries)
	return r
}

// maxPaths bounds the paths to one entity; beyond it the answer is no.
const maxPaths = 1000

func (c *compiler) evidenced(e Engagement) bool {
	for _, r := range e.Requires {
		if !slices.ContainsFunc(c.attested[e.Entity], func(a *Attestation) bool { return a.Satisfies(r, e, c.s.day) }) &&
			!slices.ContainsFunc(c.waived[e.ID], func(w *Waiver) bool { return w.Kind == r.Kind && w.Live(c.s.day) }) {
			return false
		}
	}
	return true
}

// change compiles a change that is, or was, in use; nil for one that is only
// planned and so decides nothing yet.
func (c *compiler) change(f *changeFold) *gateChange {
	if f.inUse().IsZero() || f.change.Kind == RemoveSubprocessor {
		return nil
	}
	g := &gateChange{inUse: f.inUse(), introduces: f.change.introduces(), fold: f, known: make(map[string]uint32)}
	for _, contract := range c.chain.up[c.s.f.reg.vendor] {
		if f.records[contract.Upstream] != nil || !f.posted.IsZero() || !f.emergency.IsZero() || f.dead() {
			g.known[contract.ID] = customerBits(f, f.customer(contract, c.s.day, c.s.f.reg.cal), contract)
		}
	}
	return g
}

func customerBits(f *changeFold, s CustomerState, contract *Contract) uint32 {
	switch {
	case s.GatedOff, s.Status == CustomerAccommodated, s.Status == CustomerTerminated:
		return 1 << gateKeptAway
	case s.Status == CustomerWithdrawn:
		return 1 << gateWithdrawn
	case s.Status == CustomerNotRequired:
		return 1 << gateNotMaterial
	case s.Status == CustomerCleared:
		return 1 << gateCleared
	case s.Status == CustomerRatified:
		return 1 << gateRatified
	case s.EmergencyLive:
		return 1 << gateEmergency
	case s.Status == CustomerNoTerms:
		return 1 << gateNoTerms
	case s.Status == CustomerObjected, s.Status == CustomerResolving:
		return 1 << gateObjection
	case !f.emergency.IsZero() && !s.EmergencyEnds.IsZero():
		return 1 << gateEmergencyOver
	case s.Status == CustomerPending:
		return 1 << gateNotNotified
	case contract.Notice.Consent == ConsentAffirmative:
		return 1 << gateNoConsent
	}
	return 1 << gateWaiting
}

// Gate says whether the engagement may handle the customer's PHI at now. It
// answers no before the instant of the state that the index was compiled from,
// and after the end of that day: take one instant for both. It allocates nothing
// for a yes.
//
// A customer is an entity that has a contract with the vendor. It is asked of
// every such contract in effect that covers the engagement's products; one
// that is not clear closes the gate.
func (x *Index) Gate(engagement, customer string, now time.Time) Decision {
	if now.Before(x.from) || !now.Before(x.until) {
		return Decision{1 << gateStale}
	}
	e := x.engagements[engagement]
	if e == nil {
		return Decision{1 << gateUnknownEngagement}
	}
	contracts := x.customers[customer]
	if len(contracts) == 0 {
		return Decision{1 << gateUnknownCustomer}
	}
	set := e.set
	served := false
	for _, c := range contracts {
		if covers(c.contract.Products, e.products) {
			served = true
			set |= x.contract(e, c)
		}
	}
	if !served {
		set |= 1 << gateProduct
	}
	return Decision{set}
}

func (x *Index) contract(e *gateEngagement, c *gateContract) uint32 {
	set := c.set
	if !e.strict {
		k := comparer{cal: x.k.cal} // remembers nothing, so that it can be shared
		for _, entry := range e.entries {
			if k.verdict(&c.demand, entry) != Pass {
				set |= 1 << gateFlowDown
			}
		}
	}
	if !x.fits(e, c) {
		set |= 1 << gateBudget
	}
	introduced := false
	for _, g := range e.changes {
		introduced = introduced || g.introduces
		if !c.contract.Signed.Before(g.inUse) && !g.fold.dead() {
			set |= 1 << gateSignedAfter
			continue
		}
		if known, ok := g.known[c.contract.ID]; ok {
			set |= known
			continue
		}
		switch n := c.contract.Notice; {
		case n == nil:
			set |= 1 << gateNoTerms
		case !n.material(g.fold.change.Kind):
			set |= 1 << gateNotMaterial
		default:
			set |= 1 << gateNotNotified
		}
	}
	if !introduced {
		switch n := c.contract.Notice; {
		case e.active.IsZero():
		case !c.contract.Signed.Before(e.active):
			set |= 1 << gateSignedAfter
		case n == nil:
			set |= 1 << gateNoTerms
		case !n.material(AddSubprocessor):
			set |= 1 << gateNotMaterial
		default:
			set |= 1 << gateNotNotified
		}
	}
	return set
}

// fits reports whether the reporting times of every path fit what the customer
// plans on. Hours and days add exactly; other units take the slow way.
func (x *Index) fits(e *gateEngagement, c *gateContract) bool {
	promise := c.contract.Terms.HearWithin
	if promise.IsZero() {
		return true
	}
	report := reportTime(c.contract.Terms.BreachReport)
	for _, path := range e.paths {
		unit, total := promise.Unit(), report.N()
		exact := report.Unit() == unit && (unit == baakit.Hours || unit == baakit.Days)
		for _, p := range path {
			exact = exact && p.Unit() == unit
			total += p.N()
		}
		if exact {
			if total > promise.N() {
				return false
			}
			continue
		}
		if v, _ := budgetVerdict(x.k.cal, append([]baakit.Period{report}, path...), promise); v != Pass {
			return false
		}
	}
	return true
}

// Customers returns the ids of the customers that the index knows, sorted.
func (x *Index) Customers() []string { return slices.Sorted(maps.Keys(x.customers)) }
