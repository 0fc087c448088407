// Deadlines reads an incident as JSON and prints every deadline that it
// starts.
//
// Usage:
//
//	go run ./examples/deadlines [-json|-ics|-svg|-md|-html] [-all] [-today DATE] [-as-of DATE] [FILE]
//	go run ./examples/deadlines -notice KIND [-md|-html] [FILE]
//	go run ./examples/deadlines -notice KIND -check DRAFT [-json]
//
// The incident comes from FILE or from standard input; its form is that of
// breach.Incident, and testdata/incident.json is one. The table shows what to
// do at once, then what has a date, then what only an open question stands
// against; -all lists the last part whole, -today adds the days that are left,
// and -as-of judges by the law of another day than that of the discovery.
// The timeline is also printed as JSON, as a calendar, as a picture, as
// Markdown or as a page.
//
// With -notice the facts of a notice (testdata/notice.json is an example) are
// read instead and the notice is printed: individual, substitute, urgent,
// media, covered_entity or incident_report. With -check too, a draft of that
// kind is read and what it lacks is listed.
//
// The exit code is 0; 1 when a draft lacks something; 2 when the input or the
// command line is wrong: then one line names what is wrong and nothing else is
// written.
//
// Nothing here is legal advice.
package main

import (
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
	formats := formatFlags(flags)
	notice := flags.String("notice", "", "print the notice of `KIND` from its facts, or check a draft of it")
	draft := flags.String("check", "", "with -notice: list what `DRAFT` lacks")
	all := flags.Bool("all", false, "list everything that is only possible")
	flags.Func("today", "count the days left from `DATE`", func(s string) error { return today.UnmarshalText([]byte(s)) })
	flags.Func("as-of", "judge by the law of `DATE`; default the day of discovery", func(s string) error { return asOf.UnmarshalText([]byte(s)) })
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stdout)
			fmt.Fprintln(stdout, "deadlines [-json|-ics|-svg|-md|-html] [-all] [-today DATE] [-as-of DATE] [-notice KIND [-check DRAFT]] [FILE]")
			flags.PrintDefaults()
			return 0
		}
		return refuse(stderr, err)
	}
	if *notice != "" || *draft != "" {
		return runNotice(*notice, *draft, *formats, flags.Args(), stdin, stdout, stderr)
	}
	f, err := only(*formats, table)
	if err != nil {
		return refuse(stderr, err)
	}
	data, err := read(flags.Args(), stdin)
	if err != nil {
		return refuse(stderr, err)
	}
	in, err := breach.ParseIncident(data)
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
	if err := printTimeline(stdout, f, t, today, *all); err != nil {
		fmt.Fprintln(stderr, "deadlines:", err)
		return 1
	}
	return 0
}

func runNotice(notice, draft string, formats []format, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	kind, err := breach.ParseNoticeKind(notice)
	if err != nil {
		return refuse(stderr, err)
	}
	f, err := only(formats, plainText)
	if err != nil {
		return refuse(stderr, err)
	}
	if draft != "" {
		if len(args) > 0 {
			return refuse(stderr, errors.New("-check takes no further file; see -h"))
		}
		return checkDraft(kind, draft, f, stdout, stderr)
	}
	data, err := read(args, stdin)
	if err != nil {
		return refuse(stderr, err)
	}
	return writeNotice(kind, f, data, stdout, stderr)
}

// read reads the one file that is named, or standard input.
func read(args []string, stdin io.Reader) ([]byte, error) {
	src := stdin
	switch len(args) {
	case 0:
	case 1:
		f, err := os.Open(args[0])
		if err != nil {
			return nil, errors.New("the file cannot be opened")
		}
		defer f.Close()
		src = f
	default:
		return nil, errors.New("want one file; see -h")
	}
	data, err := io.ReadAll(io.LimitReader(src, maxInput+1))
	if err != nil {
		return nil, errors.New("the input cannot be read")
	}
	if len(data) > maxInput {
		return nil, errors.New("the input must have at most 1 MiB")
	}
	return data, nil
}

func refuse(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "deadlines:", err)
	return 2
}
