// Schedule decides how long records are kept, from a list of them.
//
// Usage:
//
//	go run ./examples/schedule [flags] [FILE]
//
// It reads records as comma-separated lines or as JSON Lines from FILE or
// standard input, and prints what is decided about each, with its reason:
//
//	-on DATE          decide for this day; today if left out
//	-law-as-of DATE   by the law of this day; -on if left out
//	-schedule FILE    policies as JSON; the library's own tables if left out:
//	                  their verified rows for States and for HIPAA's documents
//	-holds FILE       a JSON list of holds
//	-json             print explained decisions as JSON Lines
//	-summary          print counts only
//	-svg ID           print a picture of the rules of one record as SVG
//
// The exit code is 0; 1 if some lines were no records, which are reported in
// their place; and 2 if the command line or the input is wrong: then one line
// says what is wrong and nothing else is printed. Nothing here is legal
// advice.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	refuse := func(err error) int {
		fmt.Fprintln(stderr, "schedule:", strings.ReplaceAll(strings.TrimPrefix(err.Error(), "retention: "), "\n", " "))
		return 2
	}
	q, err := parse(args, stdin)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stderr, "usage: schedule [-on DATE] [-law-as-of DATE] [-schedule FILE] [-holds FILE] [-json | -summary | -svg ID] [FILE]")
		return 2
	}
	if err != nil {
		return refuse(err)
	}
	defer q.close()
	// Nothing is printed before a first record was read.
	out := &late{w: bufio.NewWriter(stdout)}
	malformed, err := q.print(out)
	if err != nil {
		return refuse(err)
	}
	if !out.open && malformed > 0 {
		return refuse(q.first)
	}
	if err := out.flush(); err != nil {
		return refuse(err)
	}
	if malformed > 0 {
		fmt.Fprintf(stderr, "schedule: %d lines were no records; the others were decided\n", malformed)
		return 1
	}
	return 0
}

// A question is what the command line asks.
type question struct {
	source        retention.Source
	schedule      *retention.Schedule
	holds         *retention.Holds
	on, law       baakit.Date
	json, summary bool
	svg           string
	file          *os.File
	first         error // of the lines that were no records
}

func (q *question) close() {
	if q.file != nil {
		q.file.Close()
	}
}

func parse(args []string, stdin io.Reader) (*question, error) {
	q := &question{on: baakit.DateOf(time.Now(), time.Local)}
	flags := flag.NewFlagSet("schedule", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.TextVar(&q.on, "on", q.on, "")
	law := flags.String("law-as-of", "", "")
	schedule := flags.String("schedule", "", "")
	holds := flags.String("holds", "", "")
	flags.BoolVar(&q.json, "json", false, "")
	flags.BoolVar(&q.summary, "summary", false, "")
	flags.StringVar(&q.svg, "svg", "", "")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	modes := 0
	for _, set := range []bool{q.json, q.summary, q.svg != ""} {
		if set {
			modes++
		}
	}
	if modes > 1 || flags.NArg() > 1 {
		return nil, errors.New("give one of -json, -summary and -svg, and one file")
	}
	var err error
	if *law != "" {
		if q.law, err = baakit.ParseDate(*law); err != nil {
			return nil, errors.New("-law-as-of must be a day, as in 2025-07-27")
		}
	}
	if q.schedule, err = readSchedule(*schedule); err != nil {
		return nil, err
	}
	if *holds != "" {
		if q.holds, err = readHolds(*holds); err != nil {
			return nil, err
		}
	}
	input := stdin
	if flags.NArg() == 1 {
		if q.file, err = os.Open(flags.Arg(0)); err != nil {
			return nil, err
		}
		input = q.file
	}
	buffered := bufio.NewReader(input)
	start, _ := buffered.Peek(1)
	if bytes.Equal(start, []byte("{")) {
		q.source = retention.JSONLines(buffered, nil)
	} else {
		q.source = retention.CSV(buffered, nil)
	}
	return q, nil
}

// readSchedule reads the policies; without a file they are the verified rows
// of the library.
func readSchedule(name string) (*retention.Schedule, error) {
	if name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := retention.ParseSchedule(data)
		if err != nil {
			return nil, fmt.Errorf("the schedule: %w", err)
		}
		return s, nil
	}
	var policies []retention.Policy
	add := func(t retention.Table, take func(*retention.Row) bool) error {
		var ids []string
		for i := range t.Rows {
			if r := &t.Rows[i]; r.Effect == retention.Keep && !r.Unverified() && take(r) && !slices.Contains(ids, r.ID) {
				ids = append(ids, r.ID)
			}
		}
		list, err := t.Policies(ids, nil)
		policies = append(policies, list...)
		return err
	}
	err := errors.Join(
		add(retention.States(), func(*retention.Row) bool { return true }),
		add(retention.Federal(), func(r *retention.Row) bool { return strings.HasPrefix(r.ID, "hipaa.") }),
	)
	if err != nil {
		return nil, err
	}
	return retention.NewSchedule(policies)
}

func readHolds(name string) (*retention.Holds, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	list, err := retention.ParseHolds(data)
	if err != nil {
		return nil, fmt.Errorf("the holds: %w", err)
	}
	return retention.NewHolds(list...)
}

// print prints the answer and returns how many lines were no records.
func (q *question) print(out *late) (malformed int64, err error) {
	plan := retention.Plan(q.source, q.schedule, q.holds, q.on, q.law, nil)
	if q.summary {
		m, err := retention.Summarize(func(yield func(retention.Decision, error) bool) {
			for d, err := range plan {
				q.note(err)
				if !yield(d, err) {
					return
				}
			}
		})
		if err != nil || m.Records == 0 && m.Malformed > 0 {
			return m.Malformed, err
		}
		out.start()
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return m.Malformed, enc.Encode(m)
	}
	for d, err := range plan {
		if _, ok := errors.AsType[*retention.RowError](err); ok {
			malformed++
			q.note(err)
			q.printError(out, err)
			continue
		}
		if err != nil {
			return malformed, err
		}
		switch {
		case q.svg == "":
			out.start()
			if q.json {
				err = json.NewEncoder(out).Encode(d)
			} else {
				_, err = fmt.Fprintf(out, "%-13s %s\n", d.Outcome, d.Text())
			}
		case d.Record.ID == q.svg:
			out.start()
			_, err = io.WriteString(out, d.SVG())
			return 0, err
		}
		if err != nil {
			return malformed, err
		}
	}
	if q.svg != "" {
		return 0, errors.New("no record has the ID of -svg")
	}
	return malformed, nil
}

func (q *question) note(err error) {
	if q.first == nil {
		q.first = err
	}
}

func (q *question) printError(out *late, err error) {
	text := strings.TrimPrefix(err.Error(), "retention: ")
	switch {
	case q.svg != "":
	case q.json:
		json.NewEncoder(out).Encode(map[string]string{"schema": "baakit.retention.malformed/1", "error": text})
	default:
		fmt.Fprintf(out, "%-13s %s\n", "malformed", text)
	}
}

// A late writer keeps what it is given until it is started.
type late struct {
	w    *bufio.Writer
	kept bytes.Buffer
	open bool
}

func (l *late) Write(p []byte) (int, error) {
	if !l.open {
		return l.kept.Write(p)
	}
	return l.w.Write(p)
}

func (l *late) start() {
	if !l.open {
		l.open = true
		l.w.Write(l.kept.Bytes()) // a bufio.Writer reports its error at Flush
		l.kept.Reset()
	}
}

func (l *late) flush() error { return l.w.Flush() }
