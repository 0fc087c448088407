package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// agreement is the vendor's text: read from the case, checked against the law,
// sealed, rendered, and two amendments of it weighed.
type agreement struct{}

func (*agreement) name() string  { return "agreement" }
func (*agreement) title() string { return "The agreement, checked against the law" }
func (*agreement) input() string { return agreementJSON }

// prepare refuses an agreement that lacks what the law of the day asks for.
func (*agreement) prepare(c *caseFile, wrong problems) {
	report := baa.Check(c.version, baa.RulesAt(c.Today), nil)
	if report.Passes() {
		return
	}
	for _, f := range report.Open(baa.SeverityError) {
		wrong.of(agreementJSON).Add("clauses", f.Message)
	}
}

const textChain = "org/agreement/text"

func (*agreement) play(ctx context.Context, s *stage) error {
	version, err := record(ctx, s, s.c.at(s.c.Today, 11), textChain, "version.published", func() (baa.Version, error) { return s.c.version, nil })
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
	s.moment(s.c.Today, "The agreement is checked against the law and sealed")
	s.tell("The vendor's text is sealed as version %s, %s. It has %d of the %d elements that the rules of %s know, with %s.",
		version.Label(), short(version.Hash()), present, len(report.Coverage), rules.On(), counted(len(report.Findings), "finding", "findings"))
	for _, f := range report.Findings {
		s.warn("%s %s: %s", f.Severity, f.ID, f.Message)
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
	s.tell("agreement.md and agreement.html say it for people; agreement.md reads back as the same version.")
	s.proves(fmt.Sprintf("The agreement has all %d elements that the law of %s asks for, and its rendering reads back as the same version.", present, rules.On()))
	s.fact("version", version.Hash())
	s.fact("label", version.Label().String())
	s.fact("elements_present", present)
	s.fact("errors", len(report.Open(baa.SeverityError)))
	s.cite(baakit.MustParseCitation("45 CFR 164.504(e)(2)"), baakit.MustParseCitation("45 CFR 164.314(a)(2)(i)"))

	rows := [][]string{{"amendment", "class", "for the customer", "accepted anew", "next label"}}
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
	s.table("What two amendments of it would ask for", rows)
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

// short returns the beginning of a hash, for people.
func short(hash string) string {
	if i := strings.IndexByte(hash, ':') + 1; len(hash) > i+16 {
		return hash[:i+16] + "…"
	}
	return hash
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
