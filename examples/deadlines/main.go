// Deadlines reads an incident as JSON and prints every deadline that it
// starts.
//
// Usage:
//
//	go run ./examples/deadlines [-json] [-all] [-today DATE] [-as-of DATE] [FILE]
//
// The incident comes from FILE or from standard input; its form is that of
// breach.Incident, and testdata/incident.json is one. The table shows what to
// do at once, then what has a date, then what only an open question stands
// against; -all lists the last part whole, -today adds the days that are left,
// and -as-of judges by the law of another day than that of the discovery.
// With -json the timeline is printed as JSON. The exit code is 0, or 2 when
// the incident or the command line is wrong: then one line names what is wrong
// and nothing else is written.
//
// Nothing here is legal advice.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // the zones of incidents, on machines without a zone database

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// maxInput bounds what is read.
const maxInput = 1 << 20

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("deadlines", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var today, asOf baakit.Date
	asJSON := flags.Bool("json", false, "print the timeline as JSON")
	all := flags.Bool("all", false, "list everything that is only possible")
	flags.Func("today", "count the days left from `DATE`", func(s string) error { return today.UnmarshalText([]byte(s)) })
	flags.Func("as-of", "judge by the law of `DATE`; default the day of discovery", func(s string) error { return asOf.UnmarshalText([]byte(s)) })
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stdout)
			fmt.Fprintln(stdout, "deadlines [-json] [-all] [-today DATE] [-as-of DATE] [FILE]")
			flags.PrintDefaults()
			return 0
		}
		return refuse(stderr, err)
	}
	in, err := read(flags.Args(), stdin)
	if err != nil {
		return refuse(stderr, err)
	}
	var opts breach.Options
	if !asOf.IsZero() {
		opts.Rules = breach.RulesAsOf(asOf)
	}
	t, err := breach.NewTimeline(in, &opts)
	if err != nil {
		return refuse(stderr, err)
	}
	if *asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(t)
	} else {
		err = show(stdout, t, today, *all)
	}
	if err != nil {
		fmt.Fprintln(stderr, "deadlines:", err)
		return 1
	}
	return 0
}

func read(args []string, stdin io.Reader) (breach.Incident, error) {
	src := stdin
	switch len(args) {
	case 0:
	case 1:
		f, err := os.Open(args[0])
		if err != nil {
			return breach.Incident{}, errors.New("the incident file cannot be opened")
		}
		defer f.Close()
		src = f
	default:
		return breach.Incident{}, errors.New("want one file; see -h")
	}
	data, err := io.ReadAll(io.LimitReader(src, maxInput+1))
	if err != nil {
		return breach.Incident{}, errors.New("the incident cannot be read")
	}
	if len(data) > maxInput {
		return breach.Incident{}, errors.New("the incident must have at most 1 MiB")
	}
	return breach.ParseIncident(data)
}

func refuse(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "deadlines:", err)
	return 2
}
