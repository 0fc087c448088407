package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// create prints a complete draft.
func create(args []string, _ io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("new", flag.ContinueOnError)
	kind := flags.String("kind", string(baa.CoveredEntityAgreement), "")
	customer := flags.String("customer", "Larkspur Family Practice", "")
	vendor := flags.String("vendor", "Fernhill Cloud Records, Inc.", "")
	if _, err := files(flags, args, 0); err != nil {
		return err
	}
	government := *kind == string(baa.GovernmentMemorandum)
	d := baa.Standard(
		baa.AgreementKind(*kind),
		baa.Party{LegalName: *customer, Government: government},
		baa.Party{LegalName: *vendor, Government: government},
	)
	if err := d.Validate(); err != nil {
		return fmt.Errorf("new: %w", err)
	}
	return printJSON(out, d)
}

// files reads the flags and exactly n file names.
func files(flags *flag.FlagSet, args []string, n int) ([]string, error) {
	names, err := parse(flags, args)
	if err == nil && len(names) != n {
		err = fmt.Errorf("want %d file names", n)
	}
	return names, err
}

// read returns the version in a file: of a draft, a version or an agreement.
func read(name string, in io.Reader) (baa.Version, error) {
	data, err := readInput(name, in)
	if err != nil {
		return baa.Version{}, err
	}
	var head struct {
		Schema string `json:"schema"`
	}
	_ = json.Unmarshal(data, &head) // what is wrong is said below
	var v baa.Version
	switch head.Schema {
	case baa.AgreementSchema:
		var a baa.Agreement
		if a, err = baa.ParseAgreement(data); err == nil {
			v = a.Latest()
		}
	case baa.VersionSchema:
		v, err = baa.ParseVersion(data)
	default:
		var d baa.Draft
		if d, err = baa.ParseDraft(data); err == nil {
			v, err = baa.Seal(d)
		}
	}
	if err != nil {
		return baa.Version{}, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// check prints what the law, and with -house the house, says of a version.
func check(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	at := flags.String("at", "", "")
	house := flags.Bool("house", false, "")
	asJSON := flags.Bool("json", false, "")
	asSARIF := flags.Bool("sarif", false, "")
	names, err := files(flags, args, 1)
	if err != nil {
		return err
	}
	rules := baa.CurrentRules()
	if *at != "" {
		day, err := baakit.ParseDate(*at)
		if err != nil {
			return fmt.Errorf("-at: %w", err)
		}
		rules = baa.RulesAt(day)
	}
	v, err := read(names[0], in)
	if err != nil {
		return err
	}
	var opts baa.CheckOptions
	if *house {
		policy := baa.DefaultHousePolicy()
		opts.House = &policy
	}
	r := baa.Check(v, rules, &opts)
	switch {
	case *asJSON:
		err = printJSON(out, r)
	case *asSARIF:
		var data []byte
		if data, err = r.SARIF(names[0]); err == nil {
			_, err = fmt.Fprintf(out, "%s\n", data)
		}
	default:
		err = printReport(out, r)
	}
	if err == nil && !r.Passes() {
		return errFound
	}
	return err
}

func printReport(out io.Writer, r baa.Report) error {
	present := 0
	for _, c := range r.Coverage {
		if c.Outcome == baa.Present {
			present++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version %s %s\nby the rules of %s: %d of %d elements present, %d findings\n", r.Label, r.Version, r.Rules, present, len(r.Coverage), len(r.Findings))
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%-8s %s (%s)\n         %s\n", f.Severity, f.ID, strings.ReplaceAll(string(f.Outcome), "_", " "), f.Message)
		for _, c := range f.Citations {
			fmt.Fprintf(&b, "         %s, %s, as of %s\n", c, c.Confidence(), c.AsOf())
		}
		if f.Suggested != nil {
			clause, err := json.Marshal(baa.Clauses{f.Suggested})
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "         suggested: %s\n", clause[1:len(clause)-1])
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// render prints a version for people.
func render(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("render", flag.ContinueOnError)
	format := flags.String("format", "md", "")
	names, err := files(flags, args, 1)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"md", "html", "txt"}, *format) {
		return fmt.Errorf("-format: want md, html or txt")
	}
	v, err := read(names[0], in)
	if err != nil {
		return err
	}
	text := v.Markdown
	switch *format {
	case "html":
		text = v.HTML
	case "txt":
		text = v.Text
	}
	_, err = io.WriteString(out, text())
	return err
}

// diff prints what changed and what that asks for.
func diff(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("diff", flag.ContinueOnError)
	format := flags.String("format", "md", "")
	asJSON := flags.Bool("json", false, "")
	names, err := files(flags, args, 2)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"md", "html"}, *format) {
		return fmt.Errorf("-format: want md or html")
	}
	a, err := read(names[0], in)
	if err != nil {
		return err
	}
	b, err := read(names[1], in)
	if err != nil {
		return err
	}
	d := baa.Diff(a, b)
	c := baa.Classify(d, nil)
	switch {
	case *asJSON:
		return printJSON(out, c)
	case *format == "html":
		_, err = io.WriteString(out, d.HTML())
		return err
	}
	yes := map[bool]string{true: "yes", false: "no"}
	_, err = fmt.Fprintf(out, "%s\nclass %s, effect %s; material: %s, notice: %s, acceptance again: %s, label: %s -> %s\n", d.Markdown(), c.Class, c.Effect, yes[c.Material], yes[c.Notice], yes[c.Reacceptance], a.Label(), a.Label().Next(c.Bump))
	for _, f := range c.Findings {
		if err == nil {
			_, err = fmt.Fprintf(out, "%s %s: %s\n", f.Severity, f.ID, f.Message)
		}
	}
	return err
}
