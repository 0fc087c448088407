package baa_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// From the standard text to the day on which PHI may flow, and the last day to
// cure a breach of the agreement.
func Example() {
	draft := baa.Standard(
		baa.CoveredEntityAgreement,
		baa.Party{LegalName: "Larkspur Family Practice"},
		baa.Party{LegalName: "Fernhill Cloud Records, Inc."},
	)
	version, err := baa.Seal(draft)
	if err != nil {
		panic(err)
	}
	signed := baakit.MustParseDate("2026-04-10")
	fmt.Println("meets the law:", baa.Check(version, baa.RulesAt(signed), nil).Passes())

	life, err := baa.NewLifecycle(baa.LifecycleConfig{Versions: []baa.VersionTerms{version.Life(signed)}, Zone: time.UTC})
	if err != nil {
		panic(err)
	}
	at := func(day string) time.Time {
		start, _ := baakit.MustParseDate(day).In(time.UTC)
		return start.Add(9 * time.Hour)
	}
	var events []baa.Event // in a log
	for _, e := range []baa.Event{
		{Kind: baa.Offered, At: at("2026-04-01"), By: baa.BusinessAssociateSide, Version: version.Hash()},
		{Kind: baa.Signed, At: at("2026-04-01"), By: baa.BusinessAssociateSide, Version: version.Hash()},
		{Kind: baa.Signed, At: at("2026-04-10"), By: baa.CoveredEntitySide, Version: version.Hash()},
		{Kind: baa.BreachNotice, At: at("2026-06-01"), By: baa.CoveredEntitySide, Ref: "no-audit-trail"},
	} {
		if e, err = life.Record(events, e); err != nil {
			panic(err)
		}
		events = append(events, e)
	}
	for _, day := range []string{"2026-04-09", "2026-04-10", "2026-06-01"} {
		state, err := life.StateAt(events, at(day), at(day))
		if err != nil {
			panic(err)
		}
		fmt.Println(day, state.Status, "PHI may flow:", state.PHI.Yes)
		if cure, ok := state.Deadline("cure"); ok {
			fmt.Println("cure through", cure.Through)
		}
	}
	// Output:
	// meets the law: true
	// 2026-04-09 partially_executed PHI may flow: false
	// 2026-04-10 active PHI may flow: true
	// 2026-06-01 in_cure PHI may flow: true
	// cure through 2026-07-01
}

func standard() baa.Version {
	v, err := baa.Seal(baa.Standard(
		baa.CoveredEntityAgreement,
		baa.Party{LegalName: "Larkspur Family Practice"},
		baa.Party{LegalName: "Fernhill Cloud Records, Inc."},
	))
	if err != nil {
		panic(err)
	}
	return v
}

// What was sent as Markdown came back with a sentence changed.
func ExampleParseRendered() {
	sent := standard().Markdown()
	back := strings.Replace(sent, "without unreasonable delay", "as soon as convenient", 1)
	read, err := baa.ParseRendered(back)
	if err != nil {
		panic(err)
	}
	for _, edit := range read.Edits {
		fmt.Println(edit.Clause)
	}
	// Output:
	// reporting
}

// An impossible draft is refused with everything that is wrong with it.
func ExampleSeal() {
	draft := baa.Standard(baa.CoveredEntityAgreement, baa.Party{}, baa.Party{NoticeEmail: "nobody"})
	draft.Clauses = draft.Clauses[1:]
	_, err := baa.Seal(draft)
	fmt.Println(err)
	// Output:
	// parties[1].notice_email: must be an e-mail address; parties[0].legal_name: is required; parties[1].legal_name: is required
}

// An agreement holds its versions in one chain.
func ExampleAgreement() {
	first := standard()
	agreement, err := baa.NewAgreement("larkspur", first)
	if err != nil {
		panic(err)
	}
	next := first.Draft()
	next.Parent, next.Label = first.Hash(), first.Label().Next(baa.BumpUpdate)
	next = next.With(baa.DataLocation{Offshore: baa.OffshoreProhibited})
	second, err := baa.Seal(next)
	if err != nil {
		panic(err)
	}
	if agreement, err = agreement.Publish(second); err != nil {
		panic(err)
	}
	for _, v := range agreement.Versions() {
		fmt.Println(v.Label(), v.Parent() == first.Hash())
	}
	_, err = agreement.Publish(second)
	fmt.Println(err)
	// Output:
	// 1.0.0 false
	// 1.1.0 true
	// <nil>
}

// A change of one term, and whom it favours.
func ExampleDiff() {
	before := standard()
	reporting := before.Draft().Clauses.Find("reporting").(baa.Reporting)
	reporting.BreachWithin = baakit.MustParsePeriod("10 days")
	after, err := baa.Seal(before.Draft().With(reporting))
	if err != nil {
		panic(err)
	}
	for _, c := range baa.Diff(before, after).Changes {
		fmt.Printf("%s.%s: %s -> %s, %s for the %s\n", c.Clause, c.Term, c.From, c.To, c.Direction, c.Binds)
	}
	// Output:
	// reporting.breach_within: 5 days -> 10 days, looser for the business_associate
}

// The same click, with and without the words of consent that were ticked.
func ExampleEvidence_Assess() {
	version, at := standard(), time.Date(2026, 4, 10, 14, 0, 0, 0, time.UTC)
	shown := version.HTMLFragment()
	authority, consent := baa.Authority("Larkspur Family Practice"), baa.Consent()
	evidence := baa.Evidence{
		Acceptance: baa.Acceptance{
			Schema:      baa.AcceptanceSchema,
			AgreementID: "larkspur", VersionHash: version.Hash(), ManifestationHash: baa.HashText(shown), At: at, Clock: baa.ServerClock,
			Party:     baa.AcceptingParty{Side: baa.CoveredEntitySide, LegalName: "Larkspur Family Practice"},
			Signer:    baa.Signer{Name: "Robin Vale", Title: "Practice manager", Account: baa.NewPersonal("u-9", "3f1c0a55d2e84b6f9a07c1d2e3f40516")},
			Authority: baa.AuthorityStatement{Given: true, TextHash: baa.HashText(authority)},
			Method:    baa.Clickwrap,
			Act:       baa.AssentAct{CallToAction: "Accept the agreement", Control: "checkbox and button", DefaultUnchecked: true, Separate: true},
			Presented: baa.Presentation{Surface: "web page", DisplayedAt: at.Add(-time.Minute), TextHash: baa.HashText(shown)},
			Source:    baa.Source{Session: "sha256-of-the-session", Authn: "passkey", AuthnFactor: 2},
		},
		VersionHash: version.Hash(), Shown: []byte(shown), AuthorityText: authority,
	}
	for _, ticked := range []string{"", consent} {
		if ticked != "" {
			evidence.ConsentText, evidence.Acceptance.ConsentHash = ticked, baa.HashText(ticked)
		}
		graded, err := evidence.Assess()
		if err != nil {
			panic(err)
		}
		fmt.Print(graded.Strength, ":")
		for _, f := range graded.Findings {
			fmt.Print(" ", f.ID)
		}
		fmt.Println()
	}
	// Output:
	// fair: EV-COPY EV-CONSENT
	// fair: EV-COPY
}

// Two documents promise different clocks; the agreement says that it controls.
func ExampleControls() {
	on := baakit.MustParseDate("2026-11-25")
	answer, err := baa.Controls([]baa.Document{
		{Name: "terms of service", Effective: baakit.MustParseDate("2026-01-01")},
		{Name: "agreement", Agreement: true, Effective: baakit.MustParseDate("2026-02-01"), Precedence: baa.ControlsPHI},
	}, baa.TopicPHI, on)
	fmt.Println(answer.Document, err)
	// Output:
	// agreement <nil>
}
