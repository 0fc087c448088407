package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/internal/strictjson"
)

// incidentAct is the breach: the vendor discovers it at the end of a year,
// tells its customer in the next one, law enforcement asks to wait, and the
// counts grow.
type incidentAct struct {
	loc   breach.Zone
	facts *incidentFacts
}

const incidentSchema = "baakit.lifecycle.incident/1"

// incidentFacts is incident.json: what is known at first, and what comes.
type incidentFacts struct {
	Schema     string                               `json:"schema"`
	ID         string                               `json:"id"`
	Occurred   breach.Occurrence                    `json:"occurred"`
	Discovered breach.Moment                        `json:"discovered"`
	Told       breach.Moment                        `json:"told"`
	Residents  map[baakit.Jurisdiction]breach.Count `json:"residents"`
	// Assessment is the customer's, made between what it was told and what
	// law enforcement asks; without one a breach is presumed.
	Assessment *breach.Assessment `json:"assessment,omitempty"`
	// NoticesPlanned is when the customer means to give the notices at first,
	// NoticesGiven when it gives them, the delay being over.
	NoticesPlanned baakit.Date                          `json:"notices_planned"`
	OralStatement  breach.Moment                        `json:"oral_statement"`
	MoreResidents  map[baakit.Jurisdiction]breach.Count `json:"more_residents"`
	NoticesGiven   baakit.Date                          `json:"notices_given"`
}

func (*incidentAct) name() string  { return "incident" }
func (*incidentAct) title() string { return "A breach over the end of the year" }
func (*incidentAct) input() string { return incidentJSON }

func (a *incidentAct) prepare(c *caseFile, wrong problems) {
	var f incidentFacts
	errs := wrong.of(incidentJSON)
	if err := strictjson.Decode(c.files[incidentJSON], &f); err != nil {
		errs.Merge("", err)
		return
	}
	if f.Schema != incidentSchema {
		errs.Add("schema", "must be "+incidentSchema)
	}
	for _, r := range []struct {
		field     string
		residents map[baakit.Jurisdiction]breach.Count
	}{{"residents", f.Residents}, {"more_residents", f.MoreResidents}} {
		if len(r.residents) == 0 {
			errs.Add(r.field, "is required")
		}
	}
	for _, m := range []struct {
		field string
		at    breach.Moment
	}{{"discovered", f.Discovered}, {"told", f.Told}, {"oral_statement", f.OralStatement}} {
		if m.at.IsZero() {
			errs.Add(m.field, "is required")
		}
	}
	if on := f.Assessment; len(*errs) == 0 && on != nil && (on.On.Before(f.Told.Day(c.Zone.Location)) || on.On.After(f.OralStatement.Day(c.Zone.Location))) {
		errs.Add("assessment.on", "is required, between told and oral_statement")
	}
	if f.NoticesPlanned.IsZero() {
		errs.Add("notices_planned", "is required")
	}
	if len(*errs) == 0 && f.NoticesGiven.Before(f.OralStatement.Day(c.Zone.Location).AddDays(10)) {
		errs.Add("notices_given", "must be at least ten days behind oral_statement")
	}
	if len(*errs) > 0 {
		return
	}
	zone, err := breach.ZoneOf(c.Zone.String())
	wrong.of(caseJSON).Merge("zone", err)
	a.loc, a.facts = zone, &f
	for _, last := range []*breach.Incident{a.incident(c, f.Residents), a.incident(c, f.MoreResidents)} {
		last.Delays, last.Assessment = []breach.Delay{a.delay()}, f.Assessment
		if err := last.Validate(); err != nil {
			errs.Merge("", err)
			return
		}
	}
}

// incident is what the vendor knows of it with the given residents.
func (a *incidentAct) incident(c *caseFile, residents map[baakit.Jurisdiction]breach.Count) *breach.Incident {
	return &breach.Incident{
		Schema: breach.IncidentSchema, ID: a.facts.ID, Zone: a.loc, Occurred: a.facts.Occurred,
		Parties: []breach.Party{
			{
				Name: c.vendor.LegalName, Role: breach.BusinessAssociate, Agency: breach.IndependentContractor, Told: a.facts.Told,
				Knowledge: []breach.Knowledge{{At: a.facts.Discovered, By: breach.Workforce}},
				Contract:  &breach.Contract{Clocks: []breach.ContractClock{{Of: breach.OfBreach, Within: c.terms.BreachReport}}},
			},
			{Name: c.customer.LegalName, Role: breach.CoveredEntity, Milestones: notices(a.facts.NoticesPlanned)},
		},
		People:      people(residents),
		Information: breach.Information{Kinds: []breach.InformationKind{breach.NameAndContact, breach.Medical, breach.SocialSecurityNumber}},
		Security:    breach.Successful,
		Facts:       map[string]breach.Answer{"ftc_phr_vendor": breach.No, "part2_program": breach.No, "sec_material_incident": breach.No},
	}
}

// notices are the milestones from which others count their days.
func notices(on baakit.Date) map[breach.Trigger]breach.Moment {
	return map[breach.Trigger]breach.Moment{breach.IndividualNotice: breach.OnDay(on), breach.SecretaryNotice: breach.OnDay(on)}
}

func people(residents map[baakit.Jurisdiction]breach.Count) breach.People {
	total := 0
	for _, n := range residents {
		total += n.N()
	}
	return breach.People{
		Total: breach.Exactly(total), Residents: residents, Urgent: breach.No,
		InsufficientContact: breach.Exactly(0), Deceased: breach.Exactly(0),
	}
}

func (a *incidentAct) delay() breach.Delay {
	return breach.Delay{Form: breach.Oral, Made: a.facts.OralStatement, Documented: breach.Yes}
}

const incidentChain = "org/incident"

func (a *incidentAct) play(ctx context.Context, s *stage) error {
	opts := &breach.Options{ContractCalendar: s.c.calendar()}
	loc := s.c.Zone.Location
	first, in, err := a.learn(ctx, s, opts)
	if err != nil {
		return err
	}
	asked := a.facts.OralStatement
	delay, err := record(ctx, s, s.c.moment(asked), incidentChain, "incident.delay_stated", func() (breach.Delay, error) { return a.delay(), nil })
	if err != nil {
		return err
	}
	on, err := record(ctx, s, s.c.moment(asked), incidentChain, "incident.notices_replanned", func() (baakit.Date, error) { return a.facts.NoticesGiven, nil })
	if err != nil {
		return err
	}
	in.Delays, in.Parties[1].Milestones = append(in.Delays, delay), notices(on)
	held, err := breach.NewTimeline(in, opts)
	if err != nil {
		return err
	}
	delayed, _ := held.Obligation("hipaa.individuals")
	s.moment(asked.Day(loc), "Law enforcement asks to delay the notices")
	s.tell("On %s an officer asks by word of mouth to wait with the notices; that is documented, and holds through %s. The notices, planned for %s, are put off to %s.", asked.Day(loc), delayed.DelayedThrough, a.facts.NoticesPlanned, on)
	s.cite(baakit.MustParseCitation("45 CFR 164.412"))
	a.changes(s, "What the delay moved", breach.Diff(first, held))
	a.state(s, "delayed_", held)

	grown, err := record(ctx, s, s.c.at(asked.Day(loc).AddDays(10), 12), incidentChain, "incident.counts_grew", func() (breach.People, error) { return people(a.facts.MoreResidents), nil })
	if err != nil {
		return err
	}
	in.People = grown
	last, err := breach.NewTimeline(in, opts)
	if err != nil {
		return err
	}
	s.moment(asked.Day(loc).AddDays(10), "The forensic report names more people")
	s.tell("The forensic report names more people: %d in all, not %d. Thresholds are crossed, and duties come to be that were not there.", grown.Total.N(), first.Incident.People.Total.N())
	a.changes(s, "What the growing counts moved", breach.Diff(held, last))
	a.state(s, "grown_", last)
	if err := a.files(s, first, last); err != nil {
		return err
	}
	s.proves(fmt.Sprintf("Every one of the %d obligations that the breach raises has a day or an order, a reason and a source.", len(last.Obligations)))
	if err := a.respond(ctx, s, last); err != nil {
		return err
	}
	return s.keep(incidentChain, last, func(events []logged) (any, error) { return rebuildIncident(events, opts) })
}

// learn is the discovery, and what each party has to do by when.
func (a *incidentAct) learn(ctx context.Context, s *stage, opts *breach.Options) (breach.Timeline, breach.Incident, error) {
	in, err := record(ctx, s, s.c.moment(a.facts.Told), incidentChain, "incident.discovered", func() (breach.Incident, error) { return *a.incident(s.c, a.facts.Residents), nil })
	if err != nil {
		return breach.Timeline{}, in, err
	}
	first, err := breach.NewTimeline(in, opts)
	if err != nil {
		return first, in, err
	}
	s.moment(first.Clocks[0].Discovered, "The vendor discovers a breach")
	s.moment(first.Clocks[1].Discovered, "The customer is told of the breach")
	s.tell("%s finds on %s that records of %d people in %d states were copied, and tells %s on %s. Each party's clocks start on its own day.",
		s.c.vendor.LegalName, first.Clocks[0].Discovered, in.People.Total.N(), len(in.People.Residents), s.c.customer.LegalName, first.Clocks[1].Discovered)
	a.show(s, first)
	if err := a.assess(ctx, s, &in); err != nil {
		return first, in, err
	}
	s.fact("discovered", first.Clocks[0].Discovered)
	s.fact("customer_discovered", first.Clocks[1].Discovered)
	a.state(s, "", first)
	return first, in, nil
}

// assess is what the customer makes of it: the four factors, and whether it is
// a breach.
func (a *incidentAct) assess(ctx context.Context, s *stage, in *breach.Incident) error {
	if a.facts.Assessment == nil {
		return nil
	}
	on := a.facts.Assessment.On
	assessment, err := record(ctx, s, s.c.at(on, 15), incidentChain, "incident.assessed", func() (breach.Assessment, error) { return *a.facts.Assessment, nil })
	if err != nil {
		return err
	}
	in.Assessment = &assessment
	determined, err := breach.Assess(*in)
	if err != nil {
		return err
	}
	s.moment(on, "The incident is assessed")
	s.tell("On %s the customer assesses the incident by the four factors of the rule. The outcome: %s.", on, strings.ReplaceAll(string(determined.Outcome), "_", " "))
	rows := [][]string{{"factor", "risk", "because"}}
	for _, f := range assessment.Factors {
		rows = append(rows, []string{strings.ReplaceAll(string(f.Factor), "_", " "), string(f.Rating), f.Rationale})
	}
	s.table("How the probability of compromise was assessed", rows)
	for _, reason := range determined.Reasons {
		s.cite(reason.Citations...)
	}
	s.fact("outcome", string(determined.Outcome))
	return nil
}

// moment returns an instant for what happened: noon of its day where only that
// is known.
func (c *caseFile) moment(m breach.Moment) time.Time {
	if at, ok := m.Instant(); ok {
		return at
	}
	return c.at(m.Day(c.Zone.Location), 12)
}

func under(o breach.Obligation) string {
	if len(o.Citations) == 0 || o.Regime == breach.Contractual {
		return "the agreement"
	}
	return o.Citations[0].String()
}

// rebuildIncident makes the last timeline again from the events alone.
func rebuildIncident(events []logged, opts *breach.Options) (any, error) {
	var in breach.Incident
	for _, e := range events {
		var err error
		switch e.Kind {
		case "incident.discovered":
			err = json.Unmarshal(e.Payload, &in)
		case "incident.assessed":
			in.Assessment = new(breach.Assessment)
			err = json.Unmarshal(e.Payload, in.Assessment)
		case "incident.delay_stated":
			var h breach.Delay
			err = json.Unmarshal(e.Payload, &h)
			in.Delays = append(in.Delays, h)
		case "incident.counts_grew":
			in.People = breach.People{}
			err = json.Unmarshal(e.Payload, &in.People)
		case "incident.notices_replanned":
			var on baakit.Date
			err = json.Unmarshal(e.Payload, &on)
			in.Parties[1].Milestones = notices(on)
		}
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", e.Kind, err)
		}
	}
	return breach.NewTimeline(in, opts)
}

// state tells the dates that later acts may want.
func (a *incidentAct) state(s *stage, prefix string, t breach.Timeline) {
	for _, f := range []struct{ key, id string }{
		{"report_to_customer", "hipaa.upstream/1"}, {"individuals", "hipaa.individuals"}, {"secretary", "hipaa.secretary"},
	} {
		if o, ok := t.Obligation(f.id); ok && o.Dated() {
			s.fact(prefix+f.key, o.Due)
		}
	}
	s.fact(prefix+"obligations", len(t.Obligations))
}

// show tells the obligations that are owed.
func (*incidentAct) show(s *stage, t breach.Timeline) {
	rows := [][]string{{"by", "who", "to", "under"}}
	for _, o := range t.Obligations {
		if o.Standing != breach.Owed {
			continue
		}
		by := "at once"
		switch {
		case o.Dated():
			by = o.Due.Weekday().String()[:3] + " " + o.Due.String()
		case o.Promptness == breach.AsAgreed:
			by = "as agreed"
		}
		rows = append(rows, []string{by, o.OwedBy, o.Recipient, under(o)})
	}
	s.table("What is owed, as far as is known at first", rows)
}

// changes tells what moved and why.
func (*incidentAct) changes(s *stage, caption string, d breach.Difference) {
	rows := [][]string{{"change", "to", "was", "is", "because"}}
	for _, c := range d.Changes {
		switch c.Change {
		case breach.Added:
			rows = append(rows, []string{"new", c.New.Recipient, "", day(c.New), c.Why[0]})
		case breach.Removed:
			rows = append(rows, []string{"gone", c.Old.Recipient, day(c.Old), "", ""})
		case breach.Earlier, breach.Later:
			rows = append(rows, []string{string(c.Change), c.New.Recipient, day(c.Old), day(c.New), c.Why[0]})
		}
	}
	if len(rows) > 1 {
		s.table(caption, rows)
	}
}

func day(o *breach.Obligation) string {
	if !o.Dated() {
		return "at once"
	}
	return o.Due.String()
}
