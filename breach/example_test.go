package breach_test

import (
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// A vendor that is an independent contractor tells its customer, and each has
// its own clock.
func Example() {
	incident := breach.Incident{
		Zone: breach.MustZone("America/Chicago"),
		Parties: []breach.Party{
			{
				Name: "the vendor", Role: breach.BusinessAssociate, Agency: breach.IndependentContractor,
				Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-03-02T09:20:00-06:00"), By: breach.Workforce}},
				Told:      breach.MustParseMoment("2026-03-04"),
				Contract:  &breach.Contract{Clocks: []breach.ContractClock{{Of: breach.OfBreach, Within: baakit.MustParsePeriod("48 hours")}}},
			},
			{Name: "the practice", Role: breach.CoveredEntity},
		},
		People: breach.People{
			Total:     breach.Exactly(501),
			Residents: map[baakit.Jurisdiction]breach.Count{baakit.MustParseJurisdiction("WY"): breach.Exactly(501)},
		},
	}
	timeline, err := breach.NewTimeline(incident, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range timeline.Obligations {
		if o.Standing == breach.Owed && o.Dated() {
			fmt.Println(o.Due, o.OwedBy, "to", o.Recipient)
		}
	}
	media, _ := timeline.Obligation("hipaa.media.wy")
	fmt.Println(media.Explanation)
	// Output:
	// 2026-03-04 the vendor to the practice
	// 2026-05-01 the vendor to the practice
	// 2026-05-03 the practice to each affected individual
	// 2026-05-03 the practice to Secretary of HHS
	// 2026-05-03 the practice to prominent media outlets serving Wyoming
	// 501 residents of Wyoming, more than 500: 60 days from discovery on 2026-03-04 end on 2026-05-03, and without unreasonable delay
}

// What became later or earlier when a count grew, and why.
func ExampleDiff() {
	incident := breach.Incident{
		Parties: []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-01-15")}}}},
		People:  breach.People{Total: breach.Exactly(499), Residents: map[baakit.Jurisdiction]breach.Count{baakit.MustParseJurisdiction("WY"): breach.Exactly(499)}},
		Facts:   map[string]breach.Answer{"ftc_phr_vendor": breach.No, "part2_program": breach.No},
	}
	before, _ := breach.NewTimeline(incident, nil)
	incident.People = breach.People{Total: breach.Exactly(500), Residents: map[baakit.Jurisdiction]breach.Count{baakit.MustParseJurisdiction("WY"): breach.Exactly(500)}}
	after, _ := breach.NewTimeline(incident, nil)
	for _, c := range breach.Diff(before, after).Changes {
		fmt.Println(c.ID, c.Change, c.Old.Due, "to", c.New.Due)
		fmt.Println(c.Why[0])
	}
	// Output:
	// hipaa.secretary earlier 2027-03-01 to 2026-03-16
	// 500 reach or may reach the threshold of 500 or more
}

func ExampleAssess() {
	incident := breach.Incident{
		Parties:    []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-01-15")}}}},
		Assessment: &breach.Assessment{PHI: breach.Finding{Answer: breach.Yes, Rationale: "patient list"}},
	}
	d, err := breach.Assess(incident)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Outcome)
	for _, m := range d.Missing {
		fmt.Println("missing:", m)
	}
	// Output:
	// indeterminate
	// missing: assessment.impermissible
	// missing: assessment.factors.nature_and_extent
	// missing: assessment.factors.unauthorized_person
	// missing: assessment.factors.acquired_or_viewed
	// missing: assessment.factors.mitigation
	// missing: assessment.low_probability
}
