package breach_test

import (
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// everywhere is an incident that reaches every threshold of every
// jurisdiction of the tables.
func everywhere() breach.Incident {
	residents := make(map[baakit.Jurisdiction]breach.Count)
	total := 0
	for j := range baakit.Jurisdictions() {
		if j.IsHIPAAState() {
			residents[j] = breach.Exactly(20_000)
			total += 20_000
		}
	}
	return breach.Incident{
		Zone: breach.MustZone("America/New_York"),
		Parties: []breach.Party{{
			Role:      breach.CoveredEntity,
			Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-03-02T09:30:00-05:00")}},
		}},
		People: breach.People{Total: breach.Exactly(total), Residents: residents},
		Facts: map[string]breach.Answer{
			"ftc_phr_vendor": breach.No, "part2_program": breach.No, "sec_material_incident": breach.No,
			"ca_licensed_facility": breach.Yes, "ny_article_28_hospital_incident": breach.Yes, "ga_information_broker": breach.Yes,
		},
	}
}

func BenchmarkTimelineEverywhere(b *testing.B) {
	in := everywhere()
	rules := breach.RulesAsOf(baakit.MustParseDate("2026-03-02"))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		t, err := breach.NewTimeline(in, &breach.Options{Rules: rules})
		if err != nil {
			b.Fatal(err)
		}
		n = len(t.Obligations)
	}
	b.ReportMetric(float64(n), "obligations")
}

func BenchmarkTimelineOneState(b *testing.B) {
	in := everywhere()
	tx := baakit.MustParseJurisdiction("TX")
	in.People = breach.People{Total: breach.Exactly(600), Residents: map[baakit.Jurisdiction]breach.Count{tx: breach.Exactly(600)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := breach.NewTimeline(in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadTables(b *testing.B) {
	federal, states, _ := breach.Tables()
	b.ReportAllocs()
	for b.Loop() {
		if err := breach.ReadTables(federal, states); err != nil {
			b.Fatal(err)
		}
	}
}
