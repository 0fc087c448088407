package subprocessor_test

import (
	"fmt"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

// What two customers ask for binds the vendor's own vendor in every term.
func ExampleCheckFlowDown() {
	days := func(s string) subprocessor.Terms {
		return subprocessor.Terms{BreachReport: baakit.MustParsePeriod(s), Places: []string{"US"}}
	}
	demand := subprocessor.Strictest(nil,
		subprocessor.Contract{ID: "larkspur-fernhill", Terms: days("10 days")},
		subprocessor.Contract{ID: "cedar-fernhill", Terms: days("72 hours")},
	)
	down := subprocessor.Contract{ID: "fernhill-harbor", Terms: subprocessor.Terms{BreachReport: baakit.MustParsePeriod("5 days"), Places: []string{"US"}}}
	check := subprocessor.CheckFlowDown(demand, down, nil)
	fmt.Println(check.Contract, check.Verdict)
	for _, c := range check.Clauses {
		if c.Verdict != subprocessor.Pass {
			fmt.Println(c.Clause, c.Verdict, c.UpstreamTerm, "->", c.DownstreamTerm, c.Law)
		}
	}
	// Output:
	// fernhill-harbor fail
	// breach_report fail 72 hours -> 5 days [45 CFR 164.504(e)(2)(ii)(D) 45 CFR 164.410(b) 45 CFR 164.504(e)(5)]
}

// Each report below takes time from the promise at the top.
func ExampleCheckBudget() {
	link := func(id, report string) subprocessor.Contract {
		return subprocessor.Contract{ID: id, Terms: subprocessor.Terms{BreachReport: baakit.MustParsePeriod(report)}}
	}
	top := link("larkspur-fernhill", "24 hours")
	top.Terms.HearWithin = baakit.MustParsePeriod("72 hours")
	for _, lowest := range []string{"12 hours", "36 hours"} {
		b := subprocessor.CheckBudget(nil, top, link("fernhill-harbor", "24 hours"), link("harbor-ironrack", lowest))
		fmt.Println(b.Verdict, b.Says)
	}
	// Output:
	// pass the reporting times together fit the promise
	// fail the reporting times together take longer than the promise
}

// The last day to object, and the first on which the change may take effect.
func ExampleNoticeTerms_Dates() {
	terms := subprocessor.NoticeTerms{
		Window: baakit.MustParsePeriod("10 business days"), Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence,
	}
	d := terms.Dates("", baakit.MustParseDate("2026-12-18"), baakit.Federal())
	fmt.Println("object through", d.WindowEnd, "effective from", d.Earliest)
	// Output:
	// object through 2027-01-05 effective from 2027-01-06
}

// A report of a period stands for a year; a bridge letter carries it a little
// further.
func ExampleAttestation_Validity() {
	report := subprocessor.Attestation{
		ID: "soc2", Entity: "harbor", Kind: "soc2_type2", Issued: baakit.MustParseDate("2026-06-20"),
		PeriodFrom: baakit.MustParseDate("2025-04-01"), PeriodTo: baakit.MustParseDate("2026-03-31"),
		Auditor: "Alder Assurance", Opinion: "unqualified", Services: []string{"backup"},
	}
	for _, day := range []string{"2027-03-31", "2027-07-01"} {
		v := report.Validity(baakit.MustParseDate(day))
		fmt.Println(day, v.Standing, "valid until", v.ValidUntil, v.Source.Confidence())
	}
	// Output:
	// 2027-03-31 due valid until 2027-03-31 secondary
	// 2027-07-01 lapsed valid until 2027-03-31 secondary
}

// What changed between two published lists, in sentences.
func ExampleDiff() {
	before := subprocessor.List{Schema: subprocessor.ListSchema, Vendor: "fernhill", Name: "Fernhill Cloud Records, Inc.", AsOf: baakit.MustParseDate("2026-12-01")}
	after := before
	after.AsOf = baakit.MustParseDate("2027-01-01")
	after.Entries = []subprocessor.Entry{{ID: "backup", Entity: "harbor", Name: "Harbor Archive, Inc.", Purpose: "Encrypted backups", PHI: subprocessor.EncryptedNoKey}}
	diff := subprocessor.Diff(before, after)
	for _, s := range diff.Sentences() {
		fmt.Println(s)
	}
	again, err := before.Apply(diff)
	fmt.Println(len(again.Entries), err)
	// Output:
	// Harbor Archive, Inc. was added for: Encrypted backups.
	// 1 <nil>
}

// An answer without evidence settles nothing.
func ExampleQuestionnaire_Evaluate() {
	q := subprocessor.VendorQuestionnaire()
	evaluation, err := q.Evaluate([]subprocessor.Answer{{Question: q.Questions[0].ID, Reply: subprocessor.No}}, nil, baakit.MustParseDate("2026-11-25"))
	if err != nil {
		panic(err)
	}
	fmt.Println("needs an agreement:", evaluation.NeedsAgreement)
	fmt.Println(evaluation.Gates[0].Why)
	// Output:
	// needs an agreement: true
	// no_evidence
}
