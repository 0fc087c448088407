package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// incidentAct is the breach: the vendor discovers it at the end of a year,
// tells its customer in the next one, law enforcement asks to wait, and the
// counts grow.
type incidentAct struct {
	loc   breach.Zone
	facts *incidentFacts
}

// incidentFacts is the act's section of the case.
type incidentFacts struct {
	ID            string                               `json:"id"`
	Occurred      breach.Occurrence                    `json:"occurred"`
	Discovered    breach.Moment                        `json:"discovered"`
	Told          breach.Moment                        `json:"told"`
	Residents     map[baakit.Jurisdiction]breach.Count `json:"residents"`
	OralStatement breach.Moment                        `json:"oral_statement"`
	MoreResidents map[baakit.Jurisdiction]breach.Count `json:"more_residents"`
}

func (*incidentAct) name() string  { return "incident" }
func (*incidentAct) title() string { return "A breach over the end of the year" }

func (a *incidentAct) prepare(c *caseFile, errs *baakit.FieldErrors) {
	var f incidentFacts
	if !c.section(a.name(), &f, errs) || c.Zone.Location == nil {
		return
	}
	zone, err := breach.ZoneOf(c.Zone.String())
	errs.Merge("zone", err)
	a.loc, a.facts = zone, &f
	for _, last := range []*breach.Incident{a.incident(c, f.Residents), a.incident(c, f.MoreResidents)} {
		last.Delays = []breach.Delay{a.hold()}
		if err := last.Validate(); err != nil {
			errs.Merge("acts.incident", err)
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
				Name: c.Vendor.Name, Role: breach.BusinessAssociate, Agency: breach.IndependentContractor, Told: a.facts.Told,
				Knowledge: []breach.Knowledge{{At: a.facts.Discovered, By: breach.Workforce}},
				Contract:  &breach.Contract{Clocks: []breach.ContractClock{{Of: breach.OfBreach, Within: c.Terms.BreachReport}}},
			},
			{Name: c.Customer.Name, Role: breach.CoveredEntity},
		},
		People:      people(residents),
		Information: breach.Information{Kinds: []breach.InformationKind{breach.NameAndContact, breach.Medical, breach.SocialSecurityNumber}},
		Security:    breach.Successful,
		Facts:       map[string]breach.Answer{"ftc_phr_vendor": breach.No, "part2_program": breach.No, "sec_material_incident": breach.No},
	}
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

func (a *incidentAct) hold() breach.Delay {
	return breach.Delay{Form: breach.Oral, Made: a.facts.OralStatement, Documented: breach.Yes}
}

func (a *incidentAct) play(_ context.Context, s *stage) error {
	if a.facts == nil {
		s.say("Nothing happens: the case has no incident.")
		return nil
	}
	opts := &breach.Options{ContractCalendar: s.c.calendar()}
	in, err := record(s, "incident", "incident_discovered", func() (breach.Incident, error) { return *a.incident(s.c, a.facts.Residents), nil })
	if err != nil {
		return err
	}
	first, err := breach.NewTimeline(in, opts)
	if err != nil {
		return err
	}
	s.say("%s finds that records of %d people were copied, and tells %s.", s.c.Vendor.Name, in.People.Total.N(), s.c.Customer.Name)
	for _, k := range first.Clocks {
		s.say("  %s: discovered %s", k.Party, k.Discovered)
	}
	s.say("")
	s.say("What each has to do by when (obligations that are owed):")
	s.say("")
	a.show(s, first)
	s.fact("discovered", first.Clocks[0].Discovered)
	s.fact("customer_discovered", first.Clocks[1].Discovered)
	a.state(s, "", first)

	hold, err := record(s, "incident", "hold_stated", func() (breach.Delay, error) { return a.hold(), nil })
	if err != nil {
		return err
	}
	in.Delays = append(in.Delays, hold)
	held, err := breach.NewTimeline(in, opts)
	if err != nil {
		return err
	}
	s.say("")
	s.say("On %s an officer asks by word of mouth to wait; that is documented.", hold.Made.Day(s.c.Zone.Location))
	a.changes(s, breach.Diff(first, held))
	a.state(s, "delayed_", held)

	grown, err := record(s, "incident", "counts_grew", func() (breach.People, error) { return people(a.facts.MoreResidents), nil })
	if err != nil {
		return err
	}
	in.People = grown
	last, err := breach.NewTimeline(in, opts)
	if err != nil {
		return err
	}
	s.say("")
	s.say("The forensic report names more people: %d in all.", grown.Total.N())
	a.changes(s, breach.Diff(held, last))
	a.state(s, "grown_", last)
	if err := a.files(s, first, last); err != nil {
		return err
	}
	return s.keep("incident", last, func(events []logged) (any, error) { return rebuildIncident(events, opts) })
}

// rebuildIncident makes the last timeline again from the events alone.
func rebuildIncident(events []logged, opts *breach.Options) (any, error) {
	var in breach.Incident
	for _, e := range events {
		var err error
		switch e.Kind {
		case "incident_discovered":
			err = json.Unmarshal(e.Payload, &in)
		case "hold_stated":
			var h breach.Delay
			err = json.Unmarshal(e.Payload, &h)
			in.Delays = append(in.Delays, h)
		case "counts_grew":
			in.People = breach.People{}
			err = json.Unmarshal(e.Payload, &in.People)
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
		under := "the agreement"
		if len(o.Citations) > 0 && o.Regime != breach.Contractual {
			under = o.Citations[0].String()
		}
		rows = append(rows, []string{by, o.OwedBy, o.Recipient, under})
	}
	s.table(rows)
}

// changes tells what moved and why.
func (*incidentAct) changes(s *stage, d breach.Difference) {
	for _, f := range d.Facts {
		s.say("  Because %s:", f)
	}
	for _, c := range d.Changes {
		switch c.Change {
		case breach.Added:
			s.say("  new      %s to %s%s", day(c.New), c.New.Recipient, why(c))
		case breach.Removed:
			s.say("  gone     %s to %s", day(c.Old), c.Old.Recipient)
		case breach.Earlier, breach.Later:
			s.say("  %-8s %s, not %s, to %s%s", c.Change, day(c.New), day(c.Old), c.New.Recipient, why(c))
		}
	}
}

func day(o *breach.Obligation) string {
	if !o.Dated() {
		return "at once"
	}
	return o.Due.String()
}

func why(c breach.Change) string { return ": " + c.Why[0] }
