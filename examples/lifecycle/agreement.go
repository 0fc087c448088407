package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// agreement is the vendor's text: built from the case, checked against the
// law, sealed, rendered, and two amendments of it weighed.
type agreement struct{}

func (*agreement) name() string                           { return "agreement" }
func (*agreement) title() string                          { return "The agreement and what a change of it asks for" }
func (*agreement) prepare(*caseFile, *baakit.FieldErrors) {}

const textChain = "agreement.text"

// agreed seals the standard agreement with the terms of the case.
func agreed(c *caseFile) (baa.Version, error) {
	party := func(p party) baa.Party { return baa.Party{LegalName: p.Name, Home: p.Home, NoticeEmail: p.Notices} }
	d := baa.Standard(baa.CoveredEntityAgreement, party(c.Customer), party(c.Vendor))
	d.Effective = c.Dates.Effective
	for _, cl := range d.Clauses {
		switch cl := cl.(type) {
		case baa.Reporting:
			cl.BreachWithin = c.Terms.BreachReport
			d = d.With(cl)
		case baa.Termination:
			cl.Cure = c.Terms.Cure
			d = d.With(cl)
		case baa.Subcontractors:
			cl.ChangeNotice, cl.Objection = c.Terms.SubcontractorNotice, c.Terms.SubcontractorNotice
			d = d.With(cl)
		case baa.ReturnOrDestroy:
			cl.Within = c.Terms.ReturnOrDestroy
			d = d.With(cl)
		}
	}
	return baa.Seal(d)
}

func (*agreement) play(_ context.Context, s *stage) error {
	version, err := record(s, textChain, "version.published", func() (baa.Version, error) { return agreed(s.c) })
	if err != nil {
		return err
	}
	rules := baa.RulesAt(s.c.Today)
	report := baa.Check(version, rules, nil)
	present := 0
	for _, c := range report.Coverage {
		if c.Outcome == baa.Present {
			present++
		}
	}
	s.say("Version %s, identified by %s,", version.Label(), version.Hash())
	s.say("has %d of the %d elements that the rules of %s know; findings: %d.", present, len(report.Coverage), rules.On(), len(report.Findings))
	for _, f := range report.Findings {
		s.say("  %s %s: %s", f.Severity, f.ID, f.Message)
	}
	if !report.Passes() {
		return fmt.Errorf("the agreement of this case does not meet the law: %s", report.Open(baa.SeverityError)[0].Message)
	}
	if err := s.write("agreement.md", []byte(version.Markdown())); err != nil {
		return err
	}
	if err := s.write("agreement.html", []byte(version.HTML())); err != nil {
		return err
	}
	read, err := baa.ParseRendered(version.Markdown())
	if err != nil {
		return err
	}
	if !read.Version.Equal(version) || len(read.Edits) > 0 {
		return fmt.Errorf("agreement.md does not read back as the version that it renders")
	}
	s.say("agreement.md and agreement.html say it for people; agreement.md reads back as the same version.")
	s.fact("version", version.Hash())
	s.fact("label", version.Label().String())
	s.fact("elements_present", present)
	s.fact("errors", len(report.Open(baa.SeverityError)))

	rows := [][]string{{"amendment", "class", "for the customer", "acceptance again", "next label"}}
	for _, a := range amendments(version) {
		b, err := baa.Seal(a.draft)
		if err != nil {
			return err
		}
		c := baa.Classify(baa.Diff(version, b), nil)
		rows = append(rows, []string{a.says, plain(string(c.Class)), plain(string(c.Effect)), yesNo(c.Reacceptance), version.Label().Next(c.Bump).String()})
		s.fact(a.key+"_reacceptance", c.Reacceptance)
		s.fact(a.key+"_class", string(c.Class))
	}
	s.table(rows)
	if err := showTable(s, "The agreement, and two amendments of it", rows); err != nil {
		return err
	}
	return s.keep(textChain, version, rebuildText)
}

// An amendment is a draft that follows the agreement.
type amendment struct {
	key, says string
	draft     baa.Draft
}

// amendments are a looser one, which lets the vendor de-identify PHI for its
// own use, and a tighter one, which gives it 24 hours to pass requests on.
func amendments(v baa.Version) []amendment {
	next := v.Draft()
	next.Parent, next.Label = v.Hash(), v.Label().Next(baa.BumpUpdate)
	uses, _ := next.Clauses.Find("permitted_uses").(baa.PermittedUses)
	uses.Deidentification = baa.DeidentifyForOwnUse
	rights, _ := next.Clauses.Find("individual_rights").(baa.IndividualRights)
	rights.ForwardWithin = baakit.MustParsePeriod("24 hours")
	return []amendment{
		{"looser", "the vendor may de-identify for its own use", next.With(uses)},
		{"tighter", "requests are passed on within 24 hours", next.With(rights)},
	}
}

func plain(s string) string { return strings.ReplaceAll(s, "_", " ") }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func rebuildText(events []logged) (any, error) {
	var v baa.Version
	if len(events) != 1 {
		return v, fmt.Errorf("the chain has %d events, not 1", len(events))
	}
	return v, json.Unmarshal(events[0].Payload, &v)
}
