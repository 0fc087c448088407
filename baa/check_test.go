package baa_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/baa/baatest"
	"pgregory.net/rapid"
)

func findingsOf(r baa.Report) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.ID)
	}
	return list
}

func without(list []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == id })
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range baatest.Scenarios() {
		r := baa.Check(sealed(t, s.Draft), baa.CurrentRules(), nil)
		var got []string
		for _, f := range r.Findings {
			if f.Severity != baa.SeverityInfo {
				got = append(got, f.ID)
			}
		}
		if !slices.Equal(got, s.Findings) {
			t.Errorf("%s: findings %v, want %v", s.Name, got, s.Findings)
		}
	}
}

// Each element switched off alone gives exactly its finding: an error where it
// is required, or required by what is granted, information where it is
// optional. The suggested clause takes the finding away again.
func TestEachElementAlone(t *testing.T) {
	t.Parallel()
	rules := baa.CurrentRules()
	base := baa.Check(sealed(t, complete()), rules, nil)
	if len(base.Findings) > 0 {
		t.Fatalf("the complete agreement has findings %v", findingsOf(base))
	}
	n := 0
	for e := range baa.Elements() {
		n++
		d := baatest.Without(t, complete(), e.ID)
		r := baa.Check(sealed(t, d), rules, nil)
		if len(r.Findings) != 1 || r.Findings[0].ID != e.Finding {
			t.Errorf("without %s: findings %v, want %s", e.ID, findingsOf(r), e.Finding)
			continue
		}
		f := r.Findings[0]
		want := baa.SeverityError
		if e.Status == baa.ElementOptional {
			want = baa.SeverityInfo
		}
		if f.Severity != want || f.Outcome != baa.Absent || f.Element != e.ID || len(f.Citations) == 0 || f.Citations[0].AsOf().IsZero() || r.Outcome(e.ID) != baa.Absent {
			t.Errorf("without %s: %s, %s, cited %v", e.ID, f.Severity, f.Outcome, f.Citations)
		}
		if f.Suggested == nil {
			t.Errorf("without %s: nothing suggested", e.ID)
			continue
		}
		if fixed := baa.Check(sealed(t, d.With(f.Suggested)), rules, nil); len(fixed.Findings) > 0 {
			t.Errorf("with the clause suggested for %s: findings %v", e.ID, findingsOf(fixed))
		}
	}
	if n != 35 {
		t.Errorf("%d elements, want 35: a row was dropped from the table or added without a test", n)
	}
}

// Without what grants the disclosure nothing is asked of its recipients.
func TestConditionalWithoutParent(t *testing.T) {
	t.Parallel()
	d := complete()
	uses := d.Clauses.Find("permitted_uses").(baa.PermittedUses)
	uses.ManagementDisclosure, uses.Assurances, uses.RecipientNotifies = false, false, false
	r := baa.Check(sealed(t, d.With(uses)), baa.CurrentRules(), nil)
	if got := findingsOf(r); !slices.Equal(got, []string{"BAA-O-4-ii"}) {
		t.Errorf("findings %v", got)
	}
	if got := r.Outcome("mgmt_admin.disclose.assurances"); got != baa.NotApplicable {
		t.Errorf("outcome %s", got)
	}
}

// Adding what a finding suggests removes it, for every finding of any
// agreement that suggests something; and checking is deterministic.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	house := baa.HousePolicy{
		BreachWithin: baakit.MustParsePeriod("10 days"), IncidentWithin: baakit.MustParsePeriod("48 hours"),
		SubcontractorNotice: baakit.MustParsePeriod("30 days"), ReturnWithin: baakit.MustParsePeriod("60 days"),
		USOnly: true, AuditRight: true, Certificate: true, Encryption: true, MultiFactor: true, NoModelTraining: true,
	}
	rapid.Check(t, func(t *rapid.T) {
		d := baatest.Draft().Draw(t, "d")
		opts := &baa.CheckOptions{House: &house}
		v := sealedRapid(t, d)
		r := baa.Check(v, baa.CurrentRules(), opts)
		a, errA := json.Marshal(r)
		b, errB := json.Marshal(baa.Check(v, baa.CurrentRules(), opts))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Fatal("two checks differ")
		}
		seen := map[string]bool{}
		for _, f := range r.Findings {
			if seen[f.ID] {
				t.Fatalf("finding %s twice", f.ID)
			}
			seen[f.ID] = true
			if f.Suggested == nil {
				if f.Element != "" {
					t.Fatalf("%s suggests nothing", f.ID)
				}
				continue
			}
			fixed := baa.Check(sealedRapid(t, d.With(f.Suggested)), baa.CurrentRules(), opts)
			if got, ok := fixed.Finding(f.ID); ok {
				t.Fatalf("%s (%s) is still there, %s, with %+v", f.ID, f.Outcome, got.Outcome, f.Suggested)
			}
		}
	})
}

func sealedRapid(t *rapid.T, d baa.Draft) baa.Version {
	v, err := baa.Seal(d)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Deleting a clause adds findings about what it provided and takes none away
// that are about other clauses.
func TestDeletingAClause(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := baatest.Draft().Draw(t, "d")
		if len(d.Clauses) == 0 || d.Kind == baa.DataUseAgreement {
			return
		}
		c := rapid.SampledFrom(d.Clauses).Draw(t, "gone")
		rules := baa.CurrentRules()
		before, after := baa.Check(sealedRapid(t, d), rules, nil), baa.Check(sealedRapid(t, d.Without(c.ID())), rules, nil)
		for _, e := range c.Provides() {
			if before.Outcome(e) == baa.Present && after.Outcome(e) == baa.Present {
				t.Fatalf("%s is present without the clause that provides it", e)
			}
		}
		for _, f := range before.Findings {
			about := slices.ContainsFunc(f.Evidence, func(e baa.Place) bool { return e.Clause == c.ID() })
			if _, ok := after.Finding(f.ID); !ok && !about && f.Element != "mgmt_admin.disclose.assurances" && f.Element != "mgmt_admin.disclose.notify" {
				t.Fatalf("finding %s is gone with clause %s", f.ID, c.ID())
			}
		}
	})
}

// 60 days are the ceiling: both sides of it, in every unit; beyond it the
// finding stays however long the period grows.
func TestBreachCeiling(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		period string
		want   baa.Outcome
	}{
		{"60 days", baa.Present},
		{"61 days", baa.Contradicted},
		{"90 days", baa.Contradicted},
		{"1 month", baa.Present},
		{"2 months", baa.Contradicted},
		{"3 months", baa.Contradicted},
		{"1 year", baa.Contradicted},
		{"10 business days", baa.Present},
		{"45 business days", baa.Contradicted},
		{"24 hours", baa.Present},
		{"1500 hours", baa.Contradicted},
	} {
		c := complete().Clauses.Find("reporting").(baa.Reporting)
		c.BreachWithin = baakit.MustParsePeriod(tt.period)
		r := baa.Check(sealed(t, complete().With(c)), baa.CurrentRules(), nil)
		if got := r.Outcome("report.breach"); got != tt.want || r.Passes() != (tt.want == baa.Present) {
			t.Errorf("%s: %s, want %s", tt.period, got, tt.want)
		}
		if f, ok := r.Finding("BAA-R-ii-C-breach"); ok && (f.Severity != baa.SeverityError || f.Evidence[0] != baa.Place{Clause: "reporting", Term: "breach_within"}) {
			t.Errorf("%s: %s at %v", tt.period, f.Severity, f.Evidence)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := complete().Clauses.Find("reporting").(baa.Reporting)
		n := rapid.IntRange(1, 1000).Draw(t, "days")
		outcome := func(n int) bool {
			c.BreachWithin = baakit.MustParsePeriod(itoa(n) + " days")
			return baa.Check(sealedRapid(t, complete().With(c)), baa.CurrentRules(), nil).Passes()
		}
		if !outcome(n) && outcome(n+rapid.IntRange(1, 1000).Draw(t, "more")) {
			t.Fatal("a longer period passes")
		}
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	uses := complete().Clauses.Find("permitted_uses").(baa.PermittedUses)
	uses.Sale = baa.Permitted
	reporting := complete().Clauses.Find("reporting").(baa.Reporting)
	reporting.Incidents = baa.SuccessfulOnly
	claimed := complete().Without("books_and_records").With(baa.Custom{Name: "own", Title: "Own", Paragraphs: []string{"x"}, Claims: []baa.Element{"books_records"}})
	paper := complete().Without("safeguards")
	paper.NoElectronicPHI = true
	memorandum := baatest.Scenarios()[2].Draft.With(baa.Termination{StatutoryBasis: "a statute"})
	private := baatest.Scenarios()[2].Draft
	private.Parties[0].Government = false
	for _, tt := range []struct {
		name, id string
		d        baa.Draft
		outcome  baa.Outcome
		severity baa.Severity
	}{
		{"sale permitted", "BAA-R-i-limit", complete().With(uses), baa.Contradicted, baa.SeverityError},
		{"successful incidents only", "BAA-R-314-C", complete().With(reporting), baa.Partial, baa.SeverityWarning},
		{"none delegated", "BAA-R-ii-H", complete().With(baa.DelegatedObligations{NoneDelegated: true}), baa.NotApplicable, baa.SeverityInfo},
		{"none delegated, yet listed", "BAA-R-ii-H", complete().With(baa.DelegatedObligations{NoneDelegated: true, Obligations: []string{"notices"}}), baa.Contradicted, baa.SeverityError},
		{"claimed by custom words", "BAA-R-ii-I", claimed, baa.Partial, baa.SeverityError},
		{"custom words", "BAA-A-custom:own", claimed, baa.Partial, baa.SeverityAdvice},
		{"no electronic PHI", "BAA-R-ii-B-security", paper, baa.NotApplicable, baa.SeverityInfo},
		{"safeguards are for paper too", "BAA-R-ii-B", paper, baa.Absent, baa.SeverityError},
		{"government body by statute", "BAA-R-iii", memorandum, baa.NotApplicable, baa.SeverityInfo},
		{"private party in a memorandum", "BAA-A-government", private, baa.Contradicted, baa.SeverityError},
		{"statute claimed by a private party", "BAA-R-iii", complete().With(baa.Termination{StatutoryBasis: "a statute"}), baa.Absent, baa.SeverityError},
		{"data use without a ban on identifying", "BAA-D-C-5", baatest.Scenarios()[3].Draft.With(baa.LimitedDataSet{Recipients: []string{"staff"}}), baa.Absent, baa.SeverityError},
	} {
		f, ok := baa.Check(sealed(t, tt.d), baa.CurrentRules(), nil).Finding(tt.id)
		if !ok || f.Outcome != tt.outcome || f.Severity != tt.severity {
			t.Errorf("%s: finding %v %s %s, want %s %s", tt.name, ok, f.Severity, f.Outcome, tt.severity, tt.outcome)
		}
	}
}

// Old rules ask for less, and a transition lets older contracts go on through
// its last day.
func TestDatedRules(t *testing.T) {
	t.Parallel()
	old := complete().Without("delegated_obligations")
	old.Effective = baakit.MustParseDate("2005-03-15")
	v := sealed(t, old)
	for _, tt := range []struct {
		day, made string
		there     bool
		outcome   baa.Outcome
	}{
		{"2013-09-22", "", false, ""},
		{"2013-09-23", "", true, baa.NotApplicable},
		{"2014-09-22", "", true, baa.NotApplicable},
		{"2014-09-23", "", true, baa.Absent},
		{"2013-09-23", "2013-01-24", true, baa.NotApplicable},
		{"2013-09-23", "2013-01-25", true, baa.Absent},
		{"2026-11-22", "", true, baa.Absent},
	} {
		opts := &baa.CheckOptions{}
		if tt.made != "" {
			opts.Made = baakit.MustParseDate(tt.made)
		}
		r := baa.Check(v, baa.RulesAt(baakit.MustParseDate(tt.day)), opts)
		f, ok := r.Finding("BAA-R-ii-H")
		if ok != tt.there || f.Outcome != tt.outcome {
			t.Errorf("on %s, made %q: finding %v %s, want %v %s", tt.day, tt.made, ok, f.Outcome, tt.there, tt.outcome)
		}
	}
	if r := baa.Check(v, baa.RuleSet{}, nil); len(r.Findings) > 0 {
		t.Errorf("no rules give findings %v", findingsOf(r))
	}
}

// A proposed rule is information about who follows it, and advice only for
// those who ask.
func TestProposed(t *testing.T) {
	t.Parallel()
	c := complete().Clauses.Find("administrative_safeguards").(baa.AdministrativeSafeguards)
	c.ContingencyNotice = baakit.MustParsePeriod("24 hours")
	with := sealed(t, complete().With(c))
	if f, ok := baa.Check(with, baa.CurrentRules(), nil).Finding("BAA-P-contingency"); !ok || f.Severity != baa.SeverityInfo {
		t.Errorf("%v %s", ok, f.Severity)
	}
	if _, ok := baa.Check(with, baa.RulesAt(baakit.MustParseDate("2025-01-05")), nil).Finding("BAA-P-contingency"); ok {
		t.Error("known before it was proposed")
	}
	if r := baa.Check(sealed(t, complete()), baa.CurrentRules(), &baa.CheckOptions{Proposed: true}); len(r.Findings) != 2 || r.Findings[0].Severity != baa.SeverityAdvice || !r.Passes() {
		t.Errorf("findings %v", findingsOf(r))
	}
}

// The house asks apart from the law, at both sides of its thresholds, and a
// waiver counts through its last day.
func TestHouseAndWaivers(t *testing.T) {
	t.Parallel()
	house := baa.DefaultHousePolicy()
	day := baakit.MustParseDate("2026-11-22")
	report := func(period string, waivers ...baa.Waiver) baa.Report {
		c := complete().Clauses.Find("reporting").(baa.Reporting)
		c.BreachWithin = baakit.MustParsePeriod(period)
		return baa.Check(sealed(t, complete().With(c)), baa.RulesAt(day), &baa.CheckOptions{House: &house, Waivers: waivers})
	}
	const id = "HOUSE-BREACH-NOTICE"
	for period, want := range map[string]bool{"10 days": false, "11 days": true, "5 business days": true, "4 business days": false, "10 business days": true, "216 hours": false, "240 hours": true} {
		f, ok := report(period).Finding(id)
		if ok != want || ok && (f.Layer != baa.HouseLayer || len(f.Citations) > 0) {
			t.Errorf("%s: finding %v, want %v", period, ok, want)
		}
	}
	for _, tt := range []struct {
		w    baa.Waiver
		want bool
	}{
		{baa.Waiver{Finding: id, By: "privacy officer", Why: "small vendor", Until: day}, true},
		{baa.Waiver{Finding: id, By: "privacy officer", Why: "small vendor", Until: day.AddDays(-1)}, false},
		{baa.Waiver{Finding: id, By: "privacy officer", Until: day}, false},
		{baa.Waiver{Finding: "BAA-R-i", By: "privacy officer", Why: "x", Until: day}, false},
	} {
		f, ok := report("11 days", tt.w).Finding(id)
		if !ok || (f.Waived != nil) != tt.want {
			t.Errorf("waiver until %s: waived %v, want %v", tt.w.Until, f.Waived != nil, tt.want)
		}
	}
	r := report("11 days", baa.Waiver{Finding: id, By: "privacy officer", Why: "small vendor", Until: day})
	if len(r.Open(baa.SeverityWarning)) != 0 || len(report("11 days").Open(baa.SeverityWarning)) != 1 {
		t.Error("Open does not know of the waiver")
	}
	for _, id := range []baa.ClauseID{"audit_rights", "data_location"} {
		r := baa.Check(sealed(t, complete().Without(id)), baa.RulesAt(day), &baa.CheckOptions{House: &house})
		if len(r.Findings) != 1 || r.Findings[0].Layer != baa.HouseLayer {
			t.Errorf("without %s: %v", id, findingsOf(r))
		}
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	r := baa.Check(sealed(t, complete().Without("delegated_obligations").Without("mitigation")), baa.CurrentRules(), nil)
	data, err := r.SARIF("agreement.json")
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string `json:"ruleId"`
				RuleIndex int    `json:"ruleIndex"`
				Level     string
			}
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	results := log.Runs[0].Results
	if log.Version != "2.1.0" || len(results) != 2 || results[0].RuleID != "BAA-R-ii-H" || results[0].Level != "error" || results[1].Level != "none" {
		t.Errorf("%s", data)
	}
	for _, x := range results {
		if log.Runs[0].Tool.Driver.Rules[x.RuleIndex].ID != x.RuleID {
			t.Error("a result names another rule by its index")
		}
	}
}

// What a clause says that it provides is what Check finds present for it
// alone, and provisions have known elements only.
func TestProvidesAgreesWithCheck(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := baatest.Clause(rapid.SampledFrom(complete().Clauses).Draw(t, "kind")).Draw(t, "clause")
		d := complete()
		d.Clauses = baa.Clauses{c}
		r := baa.Check(sealedRapid(t, d), baa.CurrentRules(), nil)
		provided := c.Provides()
		for _, cov := range r.Coverage {
			conditional := cov.Status == baa.ElementConditional && cov.Outcome == baa.NotApplicable
			if (cov.Outcome == baa.Present) != slices.Contains(provided, cov.Element) && !conditional {
				t.Fatalf("%s: %s is %s, provides %v", c.Kind(), cov.Element, cov.Outcome, provided)
			}
		}
	})
	known := map[baa.Element]bool{}
	for e := range baa.Elements() {
		known[e.ID] = true
	}
	for name, list := range baa.Provisions() {
		for _, e := range list {
			if !known[e] {
				t.Errorf("provision %s has the unknown element %s", name, e)
			}
		}
	}
}
