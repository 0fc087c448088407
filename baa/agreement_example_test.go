package baa_test

import (
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// A complete agreement, one term of it negotiated, sealed and checked.
func ExampleCheck() {
	draft := baa.Standard(
		baa.CoveredEntityAgreement,
		baa.Party{LegalName: "Larkspur Family Practice"},
		baa.Party{LegalName: "Fernhill Cloud Records, Inc."},
	)
	draft = draft.With(baa.Reporting{
		UnauthorizedUse: true, Breach: true, BreachWithin: baakit.MustParsePeriod("90 days"), Incidents: baa.Aggregate,
	})
	version, err := baa.Seal(draft)
	if err != nil {
		fmt.Println(err)
		return
	}
	report := baa.Check(version, baa.RulesAt(baakit.MustParseDate("2026-11-22")), nil)
	for _, f := range report.Findings {
		fmt.Println(f.Severity, f.ID, f.Outcome, f.Citations[len(f.Citations)-1])
	}
	finding, _ := report.Finding("BAA-R-ii-C-breach")
	fixed, err := baa.Seal(draft.With(finding.Suggested))
	fmt.Println(fixed.Terms().BreachReport, err, baa.Check(fixed, baa.CurrentRules(), nil).Passes())
	// Output:
	// error BAA-R-ii-C-breach contradicted 45 CFR 164.410(b)
	// info BAA-O-410-c absent 45 CFR 164.410(c)
	// 60 days <nil> true
}

// A looser amendment asks for acceptance again, a tighter one for a notice.
func ExampleClassify() {
	draft := baa.Standard(
		baa.CoveredEntityAgreement,
		baa.Party{LegalName: "Larkspur Family Practice"},
		baa.Party{LegalName: "Fernhill Cloud Records, Inc."},
	)
	version, err := baa.Seal(draft)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, period := range []string{"3 days", "30 days"} {
		next := version.Draft()
		next.Parent, next.Label = version.Hash(), version.Label().Next(baa.BumpUpdate)
		reporting := next.Clauses.Find("reporting").(baa.Reporting)
		reporting.BreachWithin = baakit.MustParsePeriod(period)
		amended, err := baa.Seal(next.With(reporting))
		if err != nil {
			fmt.Println(err)
			return
		}
		c := baa.Classify(baa.Diff(version, amended), nil)
		fmt.Println(period, c.Class, c.Effect, "notice", c.Notice, "acceptance again", c.Reacceptance, c.Touches)
	}
	// Output:
	// 3 days tightening beneficial_to_covered_entity notice true acceptance again false [breach_notice_deadline]
	// 30 days loosening adverse_to_covered_entity notice true acceptance again true [breach_notice_deadline]
}
