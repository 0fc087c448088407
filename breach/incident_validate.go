package breach

import (
	"fmt"
	"time"

	"github.com/baakit/baakit"
)

// The largest lists that an incident may hold.
const (
	maxParties = 32
	maxDelays  = 64
	maxClocks  = 32
	maxListed  = 64
)

// Validate reports everything that is wrong with the incident as
// [baakit.FieldErrors] in field order: what is missing, what is no word of its
// type, and facts that cannot all be true, such as a discovery before the
// occurrence or more residents than people. No value is repeated.
func (in Incident) Validate() error {
	v := validation{in: &in, loc: in.Zone.Location()}
	if in.Schema != "" && in.Schema != IncidentSchema {
		v.errs.Add("schema", "must be "+IncidentSchema)
	}
	if len(in.ID) > 200 {
		v.errs.Add("id", "must have at most 200 bytes")
	}
	v.moments()
	v.parties()
	v.occurrence()
	v.people()
	for i, k := range in.Information.Kinds {
		if !k.valid() {
			v.errs.Add(at("information.kinds", i), "must be a kind of information")
		}
	}
	if p := in.Information.Protection; p != nil {
		v.errs.Merge("information.protection", p.validate())
	}
	if in.Assessment != nil {
		v.errs.Merge("assessment", in.Assessment.validate())
	}
	switch in.Security {
	case "", Successful, Unsuccessful, NotSecurityIncident:
	default:
		v.errs.Add("security", "must be successful, unsuccessful or none")
	}
	v.delays()
	for id, a := range in.Facts {
		if !a.valid() || a == Unknown {
			path := "facts"
			if factName(id) {
				path += "." + id
			}
			v.errs.Add(path, "must be yes or no; leave an unknown fact out")
		}
	}
	if in.Security == Unsuccessful && in.Facts["state_breach"] == Yes {
		v.errs.Add("facts.state_breach", "must not be yes of an unsuccessful security incident")
	}
	return v.errs.Err()
}

func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// factName reports whether a key can be repeated in an error.
func factName(id string) bool {
	for i := range len(id) {
		if c := id[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return id != "" && len(id) <= 60
}

type validation struct {
	in   *Incident
	loc  *time.Location
	errs baakit.FieldErrors
}

// moments asks for a zone where a time of day is given: its day depends on it.
func (v *validation) moments() {
	if v.loc != nil {
		return
	}
	timed := false
	see := func(m Moment) { _, ok := m.Instant(); timed = timed || ok }
	for _, p := range v.in.Parties {
		see(p.Told)
		for _, k := range p.Knowledge {
			see(k.At)
		}
		for _, m := range p.Milestones {
			see(m)
		}
	}
	for _, h := range v.in.Delays {
		see(h.Made)
	}
	see(v.in.Occurred.From)
	see(v.in.Occurred.To)
	if timed {
		v.errs.Add("zone", "is required where a moment has a time of day")
	}
}

func (v *validation) parties() {
	parties := v.in.Parties
	if len(parties) == 0 || len(parties) > maxParties {
		v.errs.Add("parties", fmt.Sprintf("must be 1 to %d parties, the covered entity last", maxParties))
		return
	}
	for i := range parties {
		v.party(at("parties", i), i, len(parties)-1-i)
	}
}

func (v *validation) party(path string, i, above int) {
	p := &v.in.Parties[i]
	want := [...]Role{CoveredEntity, BusinessAssociate, Subcontractor}[min(above, 2)]
	if p.Role != want {
		v.errs.Add(path+".role", "must be "+string(want)+": the chain ends with the business associate and the covered entity")
	}
	if len(p.Name) > 200 {
		v.errs.Add(path+".name", "must have at most 200 bytes")
	}
	if len(p.Knowledge) > maxListed {
		v.errs.Add(path+".knowledge", fmt.Sprintf("must be at most %d", maxListed))
	}
	counts := false
	var known Moment
	for k, n := range p.Knowledge {
		here := at(path+".knowledge", k)
		if n.At.IsZero() {
			v.errs.Add(here+".at", "is required")
		}
		switch n.By {
		case "", Workforce, Officer, OtherAgent:
			if !n.At.IsZero() {
				counts = true
				if known.IsZero() || n.At.before(known, v.loc) {
					known = n.At
				}
			}
		case Wrongdoer:
		default:
			v.errs.Add(here+".by", "must be workforce, officer, agent or wrongdoer")
		}
		if !n.At.IsZero() && !v.in.Occurred.From.IsZero() && n.At.before(v.in.Occurred.From, v.loc) {
			v.errs.Add(here+".at", "must not be before occurred.from")
		}
	}
	if i == 0 && !counts {
		v.errs.Add(path+".knowledge", "must say when somebody other than the wrongdoer knew")
	}
	switch p.Agency {
	case "", Agent, IndependentContractor:
	default:
		v.errs.Add(path+".agency", "must be agent or independent_contractor")
	}
	if above == 0 && (p.Agency != "" || !p.Told.IsZero() || p.Contract != nil) {
		v.errs.Add(path, "must not have agency, told or contract: nobody is above the covered entity")
	}
	// What a party can tell or determine it first has to know. A party above
	// the first knows at the latest when it is told.
	if i > 0 {
		if told := v.in.Parties[i-1].Told; !told.IsZero() && (known.IsZero() || told.before(known, v.loc)) {
			known = told
		}
	} else if !known.IsZero() && !p.Told.IsZero() && p.Told.before(known, v.loc) {
		v.errs.Add(path+".told", "must not be before its discovery")
	}
	if i > 0 && !p.Told.IsZero() && !known.IsZero() && p.Told.before(known, v.loc) && !v.imputed(i) {
		v.errs.Add(path+".told", "must not be before its discovery")
	}
	for t := Determination; t <= ReasonableBelief; t++ {
		m, ok := p.Milestones[t]
		if !ok {
			continue
		}
		here := path + ".milestones." + t.String()
		if m.IsZero() {
			v.errs.Add(here, "must be a moment; leave an unknown one out")
		} else if first := v.earliest(); !first.IsZero() && m.before(first, v.loc) {
			v.errs.Add(here, "must not be before the first discovery")
		}
	}
	for t := range p.Milestones {
		if !t.milestone() {
			v.errs.Add(path+".milestones", "must have the names of milestones only")
			break
		}
	}
	if c := p.Contract; c != nil {
		v.contract(path+".contract", c)
	}
}

// imputed reports whether the party below is not certainly independent, so
// that this one may have known before it was told.
func (v *validation) imputed(i int) bool { return v.in.Parties[i-1].Agency != IndependentContractor }

// earliest is the first knowledge of anybody that counts.
func (v *validation) earliest() Moment {
	var first Moment
	for _, p := range v.in.Parties {
		for _, k := range p.Knowledge {
			if k.By != Wrongdoer && !k.At.IsZero() && (first.IsZero() || k.At.before(first, v.loc)) {
				first = k.At
			}
		}
	}
	return first
}

func (v *validation) contract(path string, c *Contract) {
	if len(c.Clocks) > maxClocks {
		v.errs.Add(path+".clocks", fmt.Sprintf("must be at most %d", maxClocks))
	}
	for i, k := range c.Clocks {
		here := at(path+".clocks", i)
		switch k.Of {
		case OfBreach, OfUseOrDisclosure, OfSecurityIncident, OfUnsuccessfulIncident:
		default:
			v.errs.Add(here+".of", "must be breach, use_or_disclosure, security_incident or unsuccessful_incidents")
		}
		if k.Within.IsZero() {
			v.errs.Add(here+".within", "is required")
		}
		if k.From != 0 && k.From != Discovery && (!k.From.milestone() || k.From == IndividualNotice || k.From == SecretaryNotice) {
			v.errs.Add(here+".from", "must be discovery or a milestone of the party")
		}
		if len(k.Section) > 200 {
			v.errs.Add(here+".section", "must have at most 200 bytes")
		}
	}
}

func (v *validation) occurrence() {
	o := v.in.Occurred
	if !o.From.IsZero() && !o.To.IsZero() && o.To.before(o.From, v.loc) {
		v.errs.Add("occurred.to", "must not be before from")
	}
}

func (v *validation) people() {
	p := v.in.People
	check := func(path, key string, c Count) {
		if !c.valid() {
			v.errs.Add(path+key, "must be from 0 to 10,000,000,000, and at_most not below the estimate")
		}
	}
	check("people.total", "", p.Total)
	var sum int64
	for j := range baakit.Jurisdictions() {
		if c, ok := p.Residents[j]; ok {
			check("people.residents.", j.Code(), c)
			sum += c.n
		}
	}
	for j := range p.Residents {
		if j.Code() == "" {
			v.errs.Add("people.residents", "must have the codes of jurisdictions only")
			break
		}
	}
	_, most := p.Total.bounds()
	if p.Total.valid() && sum > most {
		v.errs.Add("people.residents", "must not be more than total together")
	}
	for _, part := range []struct {
		path string
		c    Count
	}{{"people.insufficient_contact", p.InsufficientContact}, {"people.deceased", p.Deceased}} {
		check(part.path, "", part.c)
		if p.Total.valid() && part.c.n > most {
			v.errs.Add(part.path, "must not be more than total")
		}
	}
	if !p.Urgent.valid() {
		v.errs.Add("people.urgent", "must be yes or no")
	}
}

func (v *validation) delays() {
	if len(v.in.Delays) > maxDelays {
		v.errs.Add("delays", fmt.Sprintf("must be at most %d", maxDelays))
	}
	for i, h := range v.in.Delays {
		path := at("delays", i)
		if h.Form != Oral && h.Form != Written {
			v.errs.Add(path+".form", "must be oral or written")
		}
		if h.Made.IsZero() {
			v.errs.Add(path+".made", "is required")
		} else if !h.Through.IsZero() && h.Through.Before(h.Made.Day(v.loc)) {
			v.errs.Add(path+".through", "must not be before made")
		}
		if !h.Documented.valid() {
			v.errs.Add(path+".documented", "must be yes or no")
		}
	}
}
