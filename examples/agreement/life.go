package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// errUsage is a wrong command line: exit code 2.
var errUsage = errors.New("usage")

// parse reads flags that may stand before or behind the arguments, and
// returns the arguments; a wrong flag is one line.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	flags.SetOutput(io.Discard)
	var rest []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, fmt.Errorf("%w: %w", errUsage, err)
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, flags.Arg(0)), flags.Args()[1:]
	}
}

// moment reads an instant, or a day, which is its last moment in the zone: at
// the end of a day all that happened on it has happened.
func moment(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	d, err := baakit.ParseDate(text)
	if err != nil {
		return time.Time{}, errors.New("must be a day such as 2026-11-22 or an instant such as 2026-11-22T09:00:00-06:00")
	}
	_, end := d.In(zone)
	return end.Add(-1), nil
}

// moments reads -at and -known; known is -at where it is left out.
func moments(at, known string, zone *time.Location) (valid, when time.Time, err error) {
	if at == "" {
		return valid, when, errors.New("-at: is required")
	}
	if valid, err = moment(at, zone); err != nil {
		return valid, when, fmt.Errorf("-at: %w", err)
	}
	if known == "" {
		return valid, valid, nil
	}
	if when, err = moment(known, zone); err != nil {
		return valid, when, fmt.Errorf("-known: %w", err)
	}
	return valid, when, nil
}

func readInput(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// state tells where an agreement stood: state FILE.json -at T [-known T].
func state(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("state", flag.ContinueOnError)
	at := flags.String("at", "", "the day or instant that is asked for")
	known := flags.String("known", "", "by what was known then; -at if left out")
	asJSON := flags.Bool("json", false, "print JSON")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return fmt.Errorf("%w: state FILE.json -at T [-known T] [-json]", errUsage)
	}
	data, err := readInput(rest[0], stdin)
	if err != nil {
		return err
	}
	dossier, err := baa.ParseDossier(data)
	if err != nil {
		return err
	}
	life, err := dossier.Lifecycle(nil)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(dossier.Zone)
	if err != nil {
		return err
	}
	valid, when, err := moments(*at, *known, zone)
	if err != nil {
		return err
	}
	s, err := life.StateAt(dossier.Events, valid, when)
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(stdout, s)
	}
	fmt.Fprintf(stdout, "%s with %s at %s\n", dossier.ID, dossier.Counterparty, valid.In(zone).Format(time.RFC3339))
	fmt.Fprintf(stdout, "status     %s%s\n", s.Status, because(s.Cause))
	fmt.Fprintf(stdout, "governing  %s\n", governing(s.Governing))
	ruling(stdout, "in force", s.InForce)
	ruling(stdout, "PHI", s.PHI)
	fmt.Fprintf(stdout, "uses       %s\n", s.Uses)
	for _, d := range s.Deadlines {
		fmt.Fprintf(stdout, "deadline   %s through %s%s\n", d.ID, d.Through, mark(d.Overdue, ", overdue"))
	}
	for _, d := range s.Duties {
		fmt.Fprintf(stdout, "duty       %s (from %s)%s\n", d.Says, d.From, sources(d.Citations))
	}
	findings(stdout, s.Findings)
	return nil
}

func because(c baa.Cause) string {
	if c == "" {
		return ""
	}
	return ", because " + string(c)
}

func governing(g *baa.Governing) string {
	if g == nil {
		return "none"
	}
	return strings.TrimSpace(g.Label+" "+g.Version) + ", by " + string(g.Method) + " (" + string(g.Strength) + ")"
}

func mark(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

func ruling(w io.Writer, what string, r baa.Ruling) {
	answer := "no"
	if r.Yes {
		answer = "yes"
	}
	fmt.Fprintf(w, "%-10s %s", what, answer)
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, ": %s%s", reason.Says, sources(reason.Citations))
	}
	fmt.Fprintln(w)
}

// sources are the citations with how far each was checked.
func sources(list []baakit.Citation) string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprintf("%s, %s", c, c.Confidence()))
	}
	if len(out) == 0 {
		return ""
	}
	return " [" + strings.Join(out, "; ") + "]"
}

func findings(w io.Writer, list []baa.LifeFinding) {
	for _, f := range list {
		fmt.Fprintf(w, "%-10s %s: %s%s\n", f.Severity, f.ID, f.Says, sources(f.Citations))
	}
}

// need tells which paper a relationship needs: need FACTS.json.
func need(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("need", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print JSON")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return fmt.Errorf("%w: need FACTS.json [-json]", errUsage)
	}
	data, err := readInput(rest[0], stdin)
	if err != nil {
		return err
	}
	var facts baa.Facts
	if err := facts.UnmarshalJSON(data); err != nil {
		return err
	}
	d, err := baa.Determine(facts)
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(stdout, d)
	}
	fmt.Fprintf(stdout, "%s: %s%s\n", d.Need, d.Reason, sources(d.Citations))
	for _, step := range d.Path {
		answer := string(step.Answer)
		if answer == "" {
			answer = "not known"
		}
		fmt.Fprintf(stdout, "  %s %s", step.Asks, answer)
		if step.Says != "" {
			fmt.Fprintf(stdout, ": %s%s", step.Says, sources(step.Citations))
		}
		fmt.Fprintln(stdout)
	}
	for _, q := range d.Open {
		fmt.Fprintf(stdout, "  open: %s\n", q.Asks)
	}
	return nil
}

// relationshipsFile is the file of a register's folder that holds the
// relationships; every other .json file of it is a dossier.
const relationshipsFile = "relationships.json"

// register checks all agreements in a folder: register DIR [-at T].
func register(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("register", flag.ContinueOnError)
	at := flags.String("at", "", "the day or instant that is asked for; now if left out")
	known := flags.String("known", "", "by what was known then; -at if left out")
	rules := flags.String("rules", "", "hold the texts against the rules of this day")
	asJSON := flags.Bool("json", false, "print JSON")
	asCSV := flags.Bool("csv", false, "print CSV")
	rest, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 || *asJSON && *asCSV {
		return fmt.Errorf("%w: register DIR [-at T] [-known T] [-rules DAY] [-json|-csv]", errUsage)
	}
	if *at == "" {
		*at = time.Now().UTC().Format(time.RFC3339)
	}
	valid, when, err := moments(*at, *known, time.UTC)
	if err != nil {
		return err
	}
	var opt baa.RegisterOptions
	if *rules != "" {
		if opt.RulesOn, err = baakit.ParseDate(*rules); err != nil {
			return errors.New("-rules: must be a day such as 2026-11-22")
		}
	}
	dossiers, relationships, err := readFolder(rest[0])
	if err != nil {
		return err
	}
	r, err := baa.NewRegister(dossiers, relationships, &opt)
	if err != nil {
		return err
	}
	report, err := r.Check(valid, when)
	if err != nil {
		return err
	}
	switch {
	case *asJSON:
		return printJSON(stdout, report)
	case *asCSV:
		_, err := io.WriteString(stdout, report.CSV())
		return err
	}
	fmt.Fprintf(stdout, "%d agreements, %d relationships at %s\n", len(report.Agreements), len(report.Relationships), valid.Format(time.RFC3339))
	for _, row := range report.Relationships {
		fmt.Fprintf(stdout, "\n%s: %s, agreement %s, %s\n", row.ID, row.Counterparty, row.Need, map[bool]string{true: "covered", false: "NOT COVERED"}[row.Covered])
		for _, what := range []struct {
			name string
			list []string
		}{{"services", row.MissingServices}, {"regions", row.MissingRegions}} {
			if len(what.list) > 0 {
				fmt.Fprintf(stdout, "%-10s %s\n", "no "+what.name, strings.Join(what.list, ", "))
			}
		}
		findings(stdout, row.Findings)
	}
	for _, row := range report.Agreements {
		fmt.Fprintf(stdout, "\n%s: %s, %s", row.ID, row.Counterparty, row.Status)
		if !row.Ends.IsZero() {
			fmt.Fprintf(stdout, ", ends %s", row.Ends)
		}
		if !row.KeepThrough.IsZero() {
			fmt.Fprintf(stdout, ", last in effect %s, to be kept through %s", row.LastInEffect, row.KeepThrough)
		}
		fmt.Fprintln(stdout)
		findings(stdout, row.Findings)
	}
	return nil
}

func readFolder(dir string) ([]baa.Dossier, []baa.Relationship, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var dossiers []baa.Dossier
	var relationships []baa.Relationship
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, nil, err
		}
		if e.Name() == relationshipsFile {
			relationships, err = baa.ParseRelationships(data)
		} else {
			var d baa.Dossier
			d, err = baa.ParseDossier(data)
			dossiers = append(dossiers, d)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return dossiers, relationships, nil
}
