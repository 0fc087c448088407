package baa_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

func dossier(id, party string, change func(d *baa.Dossier)) baa.Dossier {
	d := baa.Dossier{
		ID: id, Counterparty: party, Services: []string{"backup"}, Regions: []string{"US"}, Zone: "UTC",
		Versions: []baa.VersionTerms{{Version: "v1", Label: "1.0.0", Signers: []baa.Side{ce}, StandingOffer: true, RulesOf: baakit.MustParseDate("2020-01-01")}},
	}
	at := time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
	d.Events = []baa.Event{{Seq: 1, Kind: baa.Signed, By: ce, Version: "v1", At: at, Recorded: at}}
	if change != nil {
		change(&d)
	}
	return d
}

func relation(id, party string, change func(r *baa.Relationship)) baa.Relationship {
	r := baa.Relationship{ID: id, Counterparty: party, Services: []string{"backup"}, Regions: []string{"US"}, Facts: knownFacts()}
	if change != nil {
		change(&r)
	}
	return r
}

func ids(findings []baa.LifeFinding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID)
	}
	return list
}

func ended(d *baa.Dossier, day string, more ...baa.Event) {
	at, err := time.Parse(time.RFC3339, day+"T12:00:00Z")
	if err != nil {
		panic(err)
	}
	for i, e := range append([]baa.Event{{Kind: baa.Terminated, By: ce, Cause: baa.MutualConsent}}, more...) {
		e.Seq, e.At, e.Recorded = len(d.Events)+1, at.Add(time.Duration(i)*time.Minute), at.Add(time.Duration(i)*time.Minute)
		d.Events = append(d.Events, e)
	}
}

func ExampleRegister() {
	signed := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	register, err := baa.NewRegister([]baa.Dossier{{
		ID: "A-1", Counterparty: "Nimbus Backup", Services: []string{"backup"}, Regions: []string{"US"}, Zone: "America/Chicago",
		Versions: []baa.VersionTerms{{Version: "v1", Signers: []baa.Side{baa.CoveredEntitySide}, StandingOffer: true, Ends: baakit.MustParseDate("2026-12-15"), RulesOf: baakit.MustParseDate("2026-01-01")}},
		Events:   []baa.Event{{Seq: 1, Kind: baa.Signed, By: baa.CoveredEntitySide, Version: "v1", At: signed, Recorded: signed}},
	}}, []baa.Relationship{
		{ID: "R-1", Counterparty: "nimbus backup", Services: []string{"backup", "archive"}, Regions: []string{"US"}, Facts: baa.Facts{
			Client: "covered_entity", Information: "phi", Capacity: "service_provider", WorksFor: "client", Stores: baa.Yes, BothGovernment: baa.No, RequiredByLaw: baa.No,
		}},
	}, nil)
	if err != nil {
		panic(err)
	}
	on := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	report, err := register.Check(on, on)
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Relationships[0].Covered, report.Relationships[0].MissingServices)
	fmt.Println(report.Agreements[0].Ends, report.Agreements[0].Findings[0].ID)
	// Output:
	// false [archive]
	// 2026-12-15 REG-EXPIRING
}

func TestRegisterRelationships(t *testing.T) {
	t.Parallel()
	on := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		dossiers []baa.Dossier
		rel      func(r *baa.Relationship)
		covered  bool
		want     []string
	}{
		{"none on file", nil, nil, false, []string{"REG-MISSING"}},
		{"another party's", []baa.Dossier{dossier("A", "Nimbus Storage", nil)}, nil, false, []string{"REG-MISSING"}},
		{"in order", []baa.Dossier{dossier("A", "NIMBUS  Backup", nil)}, nil, true, nil},
		{"ended", []baa.Dossier{dossier("A", "Nimbus Backup", func(d *baa.Dossier) { ended(d, "2026-11-21") })}, nil, false, []string{"REG-NOT-IN-FORCE"}},
		{"never signed", []baa.Dossier{dossier("A", "Nimbus Backup", func(d *baa.Dossier) { d.Events = nil })}, nil, false, []string{"REG-NOT-IN-FORCE"}},
		{"another service", []baa.Dossier{dossier("A", "Nimbus Backup", nil)}, func(r *baa.Relationship) { r.Services = []string{"backup", "mail"} }, false, []string{"REG-SERVICE"}},
		{"another region", []baa.Dossier{dossier("A", "Nimbus Backup", nil)}, func(r *baa.Relationship) { r.Regions = []string{"US", "EU"} }, false, []string{"REG-REGION"}},
		{"two that only together cover it", []baa.Dossier{
			dossier("A", "Nimbus Backup", func(d *baa.Dossier) { d.Services, d.Regions = []string{"backup"}, []string{"US"} }),
			dossier("B", "Nimbus Backup", func(d *baa.Dossier) { d.Services, d.Regions = []string{"mail"}, []string{"EU"} }),
		}, func(r *baa.Relationship) { r.Services, r.Regions = []string{"backup"}, []string{"EU"} }, false, []string{"REG-REGION"}},
		{"everything everywhere", []baa.Dossier{dossier("A", "Nimbus Backup", func(d *baa.Dossier) { d.Services, d.Regions = []string{"*"}, []string{"*"} })}, func(r *baa.Relationship) { r.Services = []string{"mail"} }, true, nil},
		{"scope not stated", []baa.Dossier{dossier("A", "Nimbus Backup", func(d *baa.Dossier) { d.Services = nil })}, nil, false, []string{"REG-SERVICE", "REG-SCOPE-UNKNOWN"}},
		{"use not stated", []baa.Dossier{dossier("A", "Nimbus Backup", nil)}, func(r *baa.Relationship) { r.Services, r.Regions = nil, nil }, false, []string{"REG-SCOPE-UNKNOWN"}},
		{"an earlier name", []baa.Dossier{dossier("A", "Cumulus", func(d *baa.Dossier) { d.OtherNames = []string{"Nimbus Backup"} })}, nil, true, []string{"REG-OTHER-NAME"}},
		{"not required", nil, func(r *baa.Relationship) { r.Facts = baa.Facts{Client: "neither"} }, true, nil},
		{"not known", nil, func(r *baa.Relationship) { r.Facts = baa.Facts{} }, false, []string{"REG-REVIEW", "REG-MISSING"}},
		{"a memorandum", nil, func(r *baa.Relationship) { r.Facts.BothGovernment = baa.Yes }, false, []string{"REG-OTHER-PAPER"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := baa.NewRegister(tt.dossiers, []baa.Relationship{relation("R", "Nimbus Backup", tt.rel)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			report, err := r.Check(on, on)
			if err != nil {
				t.Fatal(err)
			}
			row := report.Relationships[0]
			if row.Covered != tt.covered || !slices.Equal(ids(row.Findings), tt.want) {
				t.Errorf("covered %v, %v; want %v, %v", row.Covered, ids(row.Findings), tt.covered, tt.want)
			}
		})
	}
}

// Both sides of every day that the register counts.
func TestRegisterAgreements(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, on string
		change   func(d *baa.Dossier)
		opt      *baa.RegisterOptions
		has, not []string
		last     string
		keep     string
	}{
		{"31 days before its end", "2026-11-14", func(d *baa.Dossier) { d.Versions[0].Ends = baakit.MustParseDate("2026-12-15") }, nil, nil, []string{"REG-EXPIRING", "REG-KEEP"}, "", ""},
		{"30 days before its end", "2026-11-15", func(d *baa.Dossier) { d.Versions[0].Ends = baakit.MustParseDate("2026-12-15") }, nil, []string{"REG-EXPIRING"}, nil, "", ""},
		{"its last day", "2026-12-15", func(d *baa.Dossier) { d.Versions[0].Ends = baakit.MustParseDate("2026-12-15") }, nil, []string{"REG-EXPIRING"}, []string{"REG-KEEP"}, "", ""},
		{"the day after", "2026-12-16", func(d *baa.Dossier) { d.Versions[0].Ends = baakit.MustParseDate("2026-12-15") }, nil, []string{"REG-KEEP"}, []string{"REG-EXPIRING"}, "2026-12-15", "2032-12-15"},
		{"a year ahead", "2026-01-01", func(d *baa.Dossier) { d.Versions[0].Ends = baakit.MustParseDate("2026-12-15") }, &baa.RegisterOptions{ExpiringWithin: baakit.MustParsePeriod("1 year")}, []string{"REG-EXPIRING"}, nil, "", ""},
		{"ended on a leap day", "2024-03-01", func(d *baa.Dossier) {
			ended(d, "2024-02-29", baa.Event{Kind: baa.ReturnedOrDestroyed, By: ba})
		}, nil, []string{"REG-KEEP"}, nil, "2024-02-29", "2030-03-01"},
		{"the last day to keep it", "2030-03-01", func(d *baa.Dossier) {
			ended(d, "2024-02-29", baa.Event{Kind: baa.ReturnedOrDestroyed, By: ba})
		}, nil, []string{"REG-KEEP"}, []string{"REG-KEPT"}, "2024-02-29", "2030-03-01"},
		{"kept long enough", "2030-03-02", func(d *baa.Dossier) {
			ended(d, "2024-02-29", baa.Event{Kind: baa.ReturnedOrDestroyed, By: ba})
		}, nil, []string{"REG-KEPT"}, []string{"REG-KEEP"}, "2024-02-29", "2030-03-01"},
		{"PHI is still held", "2035-01-01", func(d *baa.Dossier) {
			ended(d, "2024-02-29", baa.Event{Kind: baa.ReturnInfeasible, By: ba})
		}, nil, []string{"REG-KEEP"}, []string{"REG-KEPT"}, "2024-02-29", "2030-03-01"},
		{"an old text today", "2026-01-01", func(d *baa.Dossier) { d.Versions[0].RulesOf = baakit.MustParseDate("2005-01-01") }, nil, []string{"REG-STALE"}, nil, "", ""},
		{"an old text against old rules", "2026-01-01", func(d *baa.Dossier) { d.Versions[0].RulesOf = baakit.MustParseDate("2005-01-01") }, &baa.RegisterOptions{RulesOn: baakit.MustParseDate("2013-09-22")}, nil, []string{"REG-STALE"}, "", ""},
		{"nobody uses it", "2026-01-01", nil, nil, []string{"REG-UNUSED"}, nil, "", ""},
		{"a notice that names its day", "2026-01-01", func(d *baa.Dossier) {
			d.Versions[0].TerminationNotice = baakit.MustParsePeriod("10 days")
			at := time.Date(2025, 12, 30, 0, 0, 0, 0, time.UTC)
			d.Events = append(d.Events, baa.Event{Seq: 2, Kind: baa.TerminationNotice, By: ce, Effective: baakit.MustParseDate("2026-01-20"), At: at, Recorded: at})
		}, nil, []string{"REG-EXPIRING"}, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := baa.NewRegister([]baa.Dossier{dossier("A", "Nimbus", tt.change)}, nil, tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			start, end := baakit.MustParseDate(tt.on).In(time.UTC)
			for _, on := range []time.Time{start, end.Add(-1)} {
				report, err := r.Check(on, on)
				if err != nil {
					t.Fatal(err)
				}
				row := report.Agreements[0]
				for _, id := range tt.has {
					if !slices.Contains(ids(row.Findings), id) {
						t.Errorf("%s: no %s in %v", on, id, ids(row.Findings))
					}
				}
				for _, id := range tt.not {
					if slices.Contains(ids(row.Findings), id) {
						t.Errorf("%s: %s in %v", on, id, ids(row.Findings))
					}
				}
				if tt.last != "" && row.LastInEffect.String() != tt.last || tt.keep != "" && row.KeepThrough.String() != tt.keep {
					t.Errorf("last in effect %s, keep through %s", row.LastInEffect, row.KeepThrough)
				}
				if tt.last == "" && !row.KeepThrough.IsZero() {
					t.Errorf("keep through %s while it is in force", row.KeepThrough)
				}
			}
		})
	}
}

// The two forms say the same, and no cell of the table is a formula.
func TestRegisterForms(t *testing.T) {
	t.Parallel()
	on := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"=HYPERLINK(1)", "+1", "-1", "@x", `a"b`, "a,b", "Nimbus; Backup", "é"}).Draw(t, "name")
		r, err := baa.NewRegister([]baa.Dossier{dossier("A", name, nil)}, []baa.Relationship{relation("R", name, nil)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		report, err := r.Check(on, on)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(report.CSV())).ReadAll()
		if err != nil || len(rows) != 3 {
			t.Fatalf("%v, %v", rows, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
					t.Fatalf("cell %q", cell)
				}
			}
		}
		if strings.TrimPrefix(rows[1][2], "'") != name || rows[1][5] != "true" {
			t.Fatalf("row %v", rows[1])
		}
		data, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		var back baa.RegisterReport
		if err := json.Unmarshal(data, &back); err != nil || back.CSV() != report.CSV() || back.Schema != baa.RegisterSchema {
			t.Fatalf("reads back otherwise: %v", err)
		}
	})
}

func TestDossierRoundTrip(t *testing.T) {
	t.Parallel()
	d := dossier("A", "Nimbus", func(d *baa.Dossier) { ended(d, "2024-02-29") })
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := baa.ParseDossier(data)
	if err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(second)); diff != "" {
		t.Error(diff)
	}
	_, err = baa.ParseDossier([]byte(strings.NewReplacer(`"UTC"`, `"John"`, `"A"`, `""`, `"signed"`, `"John"`).Replace(string(data))))
	errs, ok := errors.AsType[baakit.FieldErrors](err)
	if !ok || strings.Contains(err.Error(), "John") {
		t.Fatalf("error %v", err)
	}
	var paths []string
	for _, e := range errs {
		paths = append(paths, e.Path)
	}
	if diff := cmp.Diff([]string{"id", "zone", "events[0].kind"}, paths); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", "{}", `{"schema":"x"}`} {
		if _, err := baa.ParseDossier([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
		if _, err := baa.ParseRelationships([]byte(bad)); err == nil {
			t.Errorf("%q is read as relationships", bad)
		}
	}
	rels, err := baa.ParseRelationships([]byte(`{"schema":"baakit.baa.relationships/1","relationships":[{"id":"R","counterparty":"Nimbus","facts":{"schema":"baakit.baa.facts/1","client":"neither"}}]}`))
	if err != nil || len(rels) != 1 || rels[0].Facts.Client != "neither" {
		t.Errorf("%+v, %v", rels, err)
	}
	if _, err := baa.NewRegister([]baa.Dossier{d, d}, []baa.Relationship{{}}, &baa.RegisterOptions{ExpiringWithin: baakit.MustParsePeriod("24 hours")}); err == nil || len(err.(baakit.FieldErrors)) != 4 {
		t.Errorf("error %v", err)
	}
}

func FuzzParseDossier(f *testing.F) {
	data, err := json.Marshal(dossier("A", "Nimbus", nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := baa.ParseDossier(data)
		if err != nil {
			return
		}
		r, err := baa.NewRegister([]baa.Dossier{d}, nil, nil)
		if err != nil {
			t.Fatalf("what is read is valid: %v", err)
		}
		on := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		report, err := r.Check(on, on)
		if err != nil {
			t.Fatal(err)
		}
		if row := report.Agreements[0]; row.PHI && !row.InForce {
			t.Fatal("PHI flows though it is not in force")
		}
	})
}
