package breach_test

import (
	"fmt"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// The year's small breaches are reported together: by when, and which are not.
func ExampleAnnualLog() {
	log := breach.AnnualLog{Schema: breach.AnnualLogSchema, Year: 2027, CoveredEntity: "Larkspur Family Practice", Breaches: []breach.LoggedBreach{
		{ID: "B-1", Discovered: baakit.MustParseDate("2027-03-02"), Affected: 12, Summary: "letters to wrong addresses", Reported: baakit.MustParseDate("2028-01-10"), Reference: "R-77"},
		{ID: "B-2", Discovered: baakit.MustParseDate("2027-12-31"), Affected: 1, Summary: "a fax to a wrong number"},
	}}
	if err := log.Validate(); err != nil {
		panic(err)
	}
	due, source := log.Due()
	fmt.Println("due", due, source) // 2028 is a leap year
	for _, b := range log.Unreported() {
		fmt.Println("not reported:", b.ID, "late on 1 March:", len(log.Late(baakit.MustParseDate("2028-03-01"))) == 1)
	}
	// Output:
	// due 2028-02-29 45 CFR 164.408(c)
	// not reported: B-2 late on 1 March: true
}

// What was done, held against what is owed.
func ExampleResponseAt() {
	timeline, err := breach.NewTimeline(breach.Incident{
		Zone:    breach.MustZone("UTC"),
		Parties: []breach.Party{{Name: "the practice", Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-03-02")}}}},
		People:  breach.People{Total: breach.Exactly(40), Residents: map[baakit.Jurisdiction]breach.Count{baakit.MustParseJurisdiction("WY"): breach.Exactly(40)}},
		Facts:   map[string]breach.Answer{"ftc_phr_vendor": breach.No, "part2_program": breach.No, "sec_material_incident": breach.No},
	}, nil)
	if err != nil {
		panic(err)
	}
	at := func(day string) time.Time {
		start, _ := baakit.MustParseDate(day).In(time.UTC)
		return start.Add(9 * time.Hour)
	}
	done := []breach.ResponseEvent{{
		Seq: 1, Kind: breach.NoticeGiven, At: at("2026-04-20"), Recorded: at("2026-04-20"), By: "privacy officer",
		Obligation: "hipaa.individuals", Method: breach.FirstClassMail, Count: 40, Evidence: "sha256-of-the-postal-receipt",
	}}
	r, err := breach.ResponseAt(done, timeline, at("2026-05-02"), at("2026-05-02"))
	if err != nil {
		panic(err)
	}
	for _, act := range r.Acts {
		if act.Obligation == "hipaa.individuals" || act.Obligation == "hipaa.secretary" {
			fmt.Println(act.Obligation, act.Status)
		}
	}
	for _, f := range r.Findings {
		fmt.Println(f.Severity, f.ID)
	}
	// Output:
	// hipaa.individuals done
	// hipaa.secretary open
	// warning no_assessment
}
