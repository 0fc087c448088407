package breach_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/internal/gen"
)

// discoveryDate draws days on which discovery is interesting.
func discoveryDate() *rapid.Generator[baakit.Date] {
	return gen.DateIn(day("2013-01-01"), day("2032-12-31"))
}

// count draws counts around the thresholds of the tables, final or not.
func count() *rapid.Generator[breach.Count] {
	return rapid.Custom(func(t *rapid.T) breach.Count {
		near := rapid.SampledFrom([]int{0, 1, 9, 10, 50, 250, 500, 1000, 5000, 10000}).Draw(t, "near")
		n := max(0, near+rapid.IntRange(-1, 1).Draw(t, "by"))
		switch rapid.IntRange(0, 5).Draw(t, "certainty") {
		case 0:
			return breach.About(n)
		case 1:
			return breach.AboutAtMost(n, n+rapid.IntRange(0, 2000).Draw(t, "more"))
		}
		return breach.Exactly(n)
	})
}

var milestones = []breach.Trigger{
	breach.Determination, breach.DeterminationOfHarm, breach.Confirmation, breach.Awareness, breach.AwarenessAndScope,
	breach.Detection, breach.LearningOfAcquisition, breach.DiscoveryOfCircumstances, breach.IndividualNotice, breach.SecretaryNotice,
}

var factNames = []string{
	"ca_licensed_facility", "ga_information_broker", "ny_dfs_covered_entity", "ny_article_28_hospital_incident", "ma_agencies_named",
	"ftc_phr_vendor", "part2_program", "sec_material_incident", "pa_insurer", "or_owner_notified_attorney_general", "state_breach",
}

// incident draws valid incidents whose days are civil: nothing has a time.
func incident() *rapid.Generator[breach.Incident] {
	return rapid.Custom(func(t *rapid.T) breach.Incident {
		discovered := discoveryDate().Draw(t, "discovered")
		links := rapid.IntRange(0, 3).Draw(t, "links")
		in := breach.Incident{Schema: breach.IncidentSchema, ID: "INC-1"}
		at := discovered
		for i := links; i >= 0; i-- {
			p := breach.Party{Role: []breach.Role{breach.CoveredEntity, breach.BusinessAssociate, breach.Subcontractor}[min(i, 2)]}
			if i == links || rapid.IntRange(0, 3).Draw(t, "knows") == 0 {
				p.Knowledge = []breach.Knowledge{{At: breach.OnDay(at), By: rapid.SampledFrom([]breach.Knower{"", breach.Workforce}).Draw(t, "by")}}
			}
			if i > 0 {
				p.Agency = rapid.SampledFrom([]breach.Agency{"", breach.Agent, breach.IndependentContractor}).Draw(t, "agency")
				if rapid.Bool().Draw(t, "told") {
					at = at.AddDays(rapid.IntRange(0, 70).Draw(t, "after"))
					p.Told = breach.OnDay(at)
				}
				if rapid.Bool().Draw(t, "contract") {
					p.Contract = &breach.Contract{Clocks: []breach.ContractClock{
						{Of: breach.OfBreach, Within: rapid.SampledFrom([]baakit.Period{
							baakit.MustParsePeriod("24 hours"), baakit.MustParsePeriod("5 business days"), baakit.MustParsePeriod("10 days"), baakit.MustParsePeriod("3 months"),
						}).Draw(t, "within")},
						{Of: breach.OfSecurityIncident, Within: baakit.MustParsePeriod("48 hours")},
					}}
				}
			}
			p.Milestones = make(map[breach.Trigger]breach.Moment)
			for _, m := range milestones {
				if rapid.IntRange(0, 4).Draw(t, m.String()) == 0 {
					p.Milestones[m] = breach.OnDay(at.AddDays(rapid.IntRange(0, 50).Draw(t, "days")))
				}
			}
			in.Parties = append(in.Parties, p)
		}
		in.People = people().Draw(t, "people")
		for range rapid.IntRange(0, 2).Draw(t, "delays") {
			in.Delays = append(in.Delays, delayFrom(t, discovered))
		}
		in.Facts = make(map[string]breach.Answer)
		for _, f := range factNames {
			if a := rapid.SampledFrom([]breach.Answer{breach.Yes, breach.No, ""}).Draw(t, f); a != "" {
				in.Facts[f] = a
			}
		}
		in.Security = rapid.SampledFrom([]breach.SecurityIncident{"", breach.Successful, breach.Unsuccessful, breach.NotSecurityIncident}).Draw(t, "security")
		if in.Security == breach.Unsuccessful && in.Facts["state_breach"] == breach.Yes {
			delete(in.Facts, "state_breach")
		}
		return in
	})
}

func delayFrom(t *rapid.T, discovered baakit.Date) breach.Delay {
	h := breach.Delay{Form: breach.Written, Made: breach.OnDay(discovered.AddDays(rapid.IntRange(-5, 90).Draw(t, "made")))}
	if rapid.Bool().Draw(t, "oral") {
		h.Form = breach.Oral
	}
	if rapid.Bool().Draw(t, "states a time") {
		h.Through = h.Made.Day(nil).AddDays(rapid.IntRange(0, 120).Draw(t, "through"))
	}
	return h
}

func people() *rapid.Generator[breach.People] {
	return rapid.Custom(func(t *rapid.T) breach.People {
		p := breach.People{Residents: make(map[baakit.Jurisdiction]breach.Count)}
		all := slices.Collect(baakit.Jurisdictions())
		sum := 0
		for range rapid.IntRange(0, 5).Draw(t, "places") {
			j := rapid.SampledFrom(all).Draw(t, "place")
			if _, ok := p.Residents[j]; !ok {
				n := count().Draw(t, "n")
				p.Residents[j] = n
				sum += n.N()
			}
		}
		switch rapid.IntRange(0, 3).Draw(t, "total") {
		case 0:
		case 1:
			p.Total = breach.About(sum + rapid.IntRange(0, 600).Draw(t, "beyond"))
		default:
			p.Total = breach.Exactly(sum + rapid.SampledFrom([]int{0, 0, 0, 1, 499, 501}).Draw(t, "beyond"))
		}
		p.InsufficientContact = breach.Exactly(min(p.Total.N(), rapid.IntRange(0, 11).Draw(t, "unreachable")))
		p.Urgent = rapid.SampledFrom([]breach.Answer{"", breach.Yes, breach.No}).Draw(t, "urgent")
		return p
	})
}

// byID returns the obligations of a timeline by their IDs.
func byID(t breach.Timeline) map[string]breach.Obligation {
	m := make(map[string]breach.Obligation, len(t.Obligations))
	for _, o := range t.Obligations {
		if _, ok := m[o.ID]; ok {
			panic(fmt.Sprintf("two obligations %s", o.ID))
		}
		m[o.ID] = o
	}
	return m
}

func zoneAt(hours int) breach.Zone {
	sign := '+'
	if hours < 0 {
		sign, hours = '-', -hours
	}
	return breach.MustZone(fmt.Sprintf("%c%02d:00", sign, hours))
}
