package breach_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"pgregory.net/rapid"
)

// paths returns where the fields of an error are wrong, in one line.
func paths(err error) string {
	fields, _ := errors.AsType[baakit.FieldErrors](err)
	var list []string
	for _, f := range fields {
		list = append(list, f.Path)
	}
	return strings.Join(list, " ")
}

func secretaryReport() breach.SecretaryReport {
	day := baakit.MustParseDate
	return breach.SecretaryReport{
		Schema: breach.SecretaryReportSchema, ReportType: "initial", FiledBy: "covered_entity", CoveredEntityType: "healthcare_provider",
		CoveredEntity: breach.PortalEntity{"Larkspur Family Practice", "1 Example Street", "Ames", baakit.MustParseJurisdiction("IA"), "50010", "Privacy officer", "privacy@larkspur.example", "515-555-0100"},
		Affected:      612, BreachStart: day("2026-12-28"), BreachEnd: day("2026-12-29"), DiscoveryStart: day("2026-12-31"), DiscoveryEnd: day("2026-12-31"),
		BreachTypes: []string{"theft"}, Locations: []string{"laptop"}, Information: []string{"clinical"}, Description: "A laptop was stolen.",
		Safeguards: []string{"privacy_rule"}, IndividualsFrom: day("2027-02-01"), Substitute: breach.No, Media: breach.Yes,
		ActionsTaken: "Accounts were closed.", AttestedBy: "Privacy officer", AttestedOn: day("2027-02-02"),
	}
}

// Each field of a good report, spoiled alone, is the one that is named.
func TestSecretaryReport(t *testing.T) {
	t.Parallel()
	if err := secretaryReport().Validate(); err != nil {
		t.Fatal(err)
	}
	var none baakit.Date
	for want, spoil := range map[string]func(*breach.SecretaryReport){
		"schema":                     func(r *breach.SecretaryReport) { r.Schema = "" },
		"report_type":                func(r *breach.SecretaryReport) { r.ReportType = "final" },
		"tracking_number":            func(r *breach.SecretaryReport) { r.ReportType = "addendum" },
		"filed_by":                   func(r *breach.SecretaryReport) { r.FiledBy = "" },
		"covered_entity.zip":         func(r *breach.SecretaryReport) { r.CoveredEntity.ZIP = " " },
		"covered_entity.state":       func(r *breach.SecretaryReport) { r.CoveredEntity.State = baakit.Jurisdiction(0) },
		"covered_entity_type":        func(r *breach.SecretaryReport) { r.CoveredEntityType = "vendor" },
		"business_associate":         func(r *breach.SecretaryReport) { r.FiledBy = "business_associate_for_covered_entity" },
		"affected":                   func(r *breach.SecretaryReport) { r.Affected = 0 },
		"breach_start":               func(r *breach.SecretaryReport) { r.BreachStart = none },
		"breach_end":                 func(r *breach.SecretaryReport) { r.BreachEnd = r.BreachStart.AddDays(-1) },
		"discovery_start":            func(r *breach.SecretaryReport) { r.DiscoveryStart = r.BreachStart.AddDays(-1) },
		"discovery_end":              func(r *breach.SecretaryReport) { r.DiscoveryEnd = none },
		"breach_types":               func(r *breach.SecretaryReport) { r.BreachTypes = nil },
		"locations[1]":               func(r *breach.SecretaryReport) { r.Locations = []string{"email", "email"} },
		"information_types[0]":       func(r *breach.SecretaryReport) { r.Information = []string{"all"} },
		"safeguards":                 func(r *breach.SecretaryReport) { r.Safeguards = []string{"none", "privacy_rule"} },
		"other_explained":            func(r *breach.SecretaryReport) { r.Locations = []string{"other"} },
		"description":                func(r *breach.SecretaryReport) { r.Description = strings.Repeat("a", 4001) },
		"individuals_from":           func(r *breach.SecretaryReport) { r.IndividualsFrom = none },
		"individuals_to":             func(r *breach.SecretaryReport) { r.IndividualsTo = r.IndividualsFrom.AddDays(-1) },
		"substitute_notice":          func(r *breach.SecretaryReport) { r.Substitute = breach.Unknown },
		"media_notice":               func(r *breach.SecretaryReport) { r.Media = "perhaps" },
		"actions_taken":              func(r *breach.SecretaryReport) { r.ActionsTaken = "" },
		"attested_by":                func(r *breach.SecretaryReport) { r.AttestedBy = "" },
		"attested_on":                func(r *breach.SecretaryReport) { r.AttestedOn = none },
		"business_associate.contact": func(r *breach.SecretaryReport) { ba := r.CoveredEntity; ba.Contact = ""; r.BusinessAssociate = &ba },
	} {
		r := secretaryReport()
		spoil(&r)
		if got := paths(r.Validate()); got != want {
			t.Errorf("errors at %q, want %q", got, want)
		}
	}
	if n := len(strings.Fields(paths(breach.SecretaryReport{}.Validate()))); n < 25 {
		t.Errorf("an empty report has %d problems", n)
	}
}

func TestSecretaryReportJSON(t *testing.T) {
	t.Parallel()
	want := secretaryReport()
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := breach.ParseSecretaryReport(data)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseSecretaryReport = %+v, %v", got, err)
	}
	if _, err := breach.ParseSecretaryReport([]byte(`{"schema":1}`)); err == nil {
		t.Error("a report of nothing is taken")
	}
}

func TestPortalChoices(t *testing.T) {
	t.Parallel()
	for _, f := range []breach.PortalField{breach.ReportTypeField, breach.FiledByField, breach.CoveredEntityTypeField, breach.BreachTypesField, breach.LocationsField, breach.InformationTypesField, breach.SafeguardsField} {
		choices := breach.PortalChoices(f)
		if len(choices) < 2 {
			t.Errorf("%s has %d choices", f, len(choices))
			continue
		}
		choices[0] = "changed"
		if breach.PortalChoices(f)[0] == "changed" {
			t.Errorf("the choices of %s can be changed", f)
		}
	}
	if breach.PortalChoices("x") != nil || breach.PortalSource().Confidence() != baakit.Secondary {
		t.Error("an unknown field has choices, or the source claims too much")
	}
}

func FuzzParseSecretaryReport(f *testing.F) {
	data, err := json.Marshal(secretaryReport())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := breach.ParseSecretaryReport(data); err == nil && r.Validate() != nil {
			t.Fatal("an invalid report is read")
		}
	})
}

func annualLog(year int, breaches ...breach.LoggedBreach) breach.AnnualLog {
	return breach.AnnualLog{Schema: breach.AnnualLogSchema, Year: year, CoveredEntity: "Larkspur Family Practice", Breaches: breaches}
}

// The last days as published for past years and counted by hand: 29 February
// where the year of the report is a leap year.
func TestAnnualLogDue(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]string{2019: "2020-02-29", 2023: "2024-02-29", 2024: "2025-03-01", 2025: "2026-03-01", 2026: "2027-03-01", 2027: "2028-02-29"} {
		due, citation := annualLog(year).Due()
		if due.String() != want || citation.String() != "45 CFR 164.408(c)" {
			t.Errorf("the log of %d is due on %s (%s), want %s", year, due, citation, want)
		}
	}
	for _, year := range []int{2008, 0, -1, 9999, 1 << 40} {
		if due, _ := annualLog(year).Due(); !due.IsZero() {
			t.Errorf("the log of %d is due on %s", year, due)
		}
	}
}

func TestAnnualLogLate(t *testing.T) {
	t.Parallel()
	day := baakit.MustParseDate
	l := annualLog(
		2026,
		breach.LoggedBreach{ID: "a", Discovered: day("2026-12-31"), Affected: 499, Reported: day("2027-03-01")},
		breach.LoggedBreach{ID: "b", Discovered: day("2026-05-01"), Affected: 1, Reported: day("2027-03-02")},
		breach.LoggedBreach{ID: "c", Discovered: day("2026-01-01"), Affected: 2},
	)
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	ids := func(list []breach.LoggedBreach) string {
		var s strings.Builder
		for _, b := range list {
			s.WriteString(b.ID)
		}
		return s.String()
	}
	if got := ids(l.Late(day("2027-03-01"))); got != "b" {
		t.Errorf("late on the last day: %s, want b", got)
	}
	if got := ids(l.Late(day("2027-03-02"))); got != "bc" {
		t.Errorf("late on the day after: %s, want bc", got)
	}
	if got := ids(l.Unreported()); got != "c" {
		t.Errorf("unreported: %s, want c", got)
	}
}

func TestAnnualLogRefused(t *testing.T) {
	t.Parallel()
	day := baakit.MustParseDate
	l := breach.AnnualLog{Year: 2000, Breaches: []breach.LoggedBreach{
		{},
		{ID: "a", Discovered: day("2026-01-01"), Affected: 500},
		{ID: "a", Discovered: day("2000-01-02"), Affected: 1, Reported: day("2000-01-01"), Summary: "two\nlines", Reference: strings.Repeat("a", 201)},
	}}
	want := "schema year covered_entity breaches[0].id breaches[0].discovered breaches[0].affected breaches[1].discovered breaches[1].affected " +
		"breaches[2].id breaches[2].summary breaches[2].reported breaches[2].reference"
	if got := paths(l.Validate()); got != want {
		t.Errorf("errors at %s\nwant      %s", got, want)
	}
	head := "id,discovered,affected,summary,due,reported,reference\n"
	if _, err := breach.ParseAnnualLogCSV([]byte(head+"a,2026-02-30,x,,,,\nb,2026-01-02,1,,,,\nb,2026-01-02,1,,,,\n"), 2026, "L"); paths(err) != "line 2.discovered line 2.affected line 4.id" {
		t.Errorf("errors at %s", paths(err))
	}
	if _, err := breach.ParseAnnualLogCSV([]byte("id\n"), 2026, "L"); paths(err) != "line 1" {
		t.Errorf("errors at %s", paths(err))
	}
}

// What is written as CSV and as JSON reads back.
func TestAnnualLogRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := annualLog(2026)
		text := rapid.StringMatching(`[ -~é]{0,30}`)
		for i := range rapid.IntRange(0, 5).Draw(t, "n") {
			b := breach.LoggedBreach{
				ID:         string(rune('a'+i)) + text.Draw(t, "id"),
				Discovered: baakit.MustParseDate("2026-01-01").AddDays(rapid.IntRange(0, 364).Draw(t, "day")), Affected: rapid.IntRange(1, 499).Draw(t, "affected"),
				Summary: rapid.SampledFrom([]string{"", "=1+1", "'quoted", "plain, with a comma"}).Draw(t, "summary"), Reference: text.Draw(t, "reference"),
			}
			if rapid.Bool().Draw(t, "reported") {
				b.Reported = b.Discovered.AddDays(rapid.IntRange(0, 500).Draw(t, "later"))
			}
			l.Breaches = append(l.Breaches, b)
		}
		back, err := breach.ParseAnnualLogCSV([]byte(l.CSV()), 2026, l.CoveredEntity)
		if err != nil || !reflect.DeepEqual(back, l) {
			t.Fatalf("CSV reads back as %+v, %v, want %+v", back, err, l)
		}
		data, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Breaches) > 0 {
			if back, err := breach.ParseAnnualLog(data); err != nil || !reflect.DeepEqual(back, l) {
				t.Fatalf("JSON reads back as %+v, %v", back, err)
			}
		}
		rows, err := csv.NewReader(strings.NewReader(l.CSV())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t", rune(cell[0])) {
					t.Fatalf("the cell %q is a formula", cell)
				}
			}
		}
	})
}

func FuzzParseAnnualLogCSV(f *testing.F) {
	f.Add([]byte(annualLog(2026, breach.LoggedBreach{ID: "a", Discovered: baakit.MustParseDate("2026-01-02"), Affected: 3}).CSV()))
	f.Add([]byte("id,discovered,affected,summary,due,reported,reference\n\"a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := breach.ParseAnnualLogCSV(data, 2026, "L")
		if err == nil && l.Validate() != nil {
			t.Fatal("an invalid log is read")
		}
	})
}
