// Lifecycle tells the story of one agreement, act by act: one vendor, a
// business associate, and one customer, a covered entity, from the question
// whether they need an agreement to the destroyed data.
//
// Usage:
//
//	go run ./examples/lifecycle [-case FILE] [-dir DIR] [-smtp HOST:PORT] [-json]
//	go run ./examples/lifecycle -init DIR
//
// It reads its case from FILE, a case.json, and from agreement.json,
// records.json, records.fhir.json, registry.json and incident.json beside it;
// without -case from those that are built in. -init writes those into DIR, to
// be edited.
//
// It keeps everything in DIR, or in a fresh temporary folder, whose name it
// prints:
//
//	report.html   one page that shows the whole story: look at it first
//	log           the audit log
//	elsewhere     keys and checkpoints, which in earnest are on other machines
//	custody       the customer's PHI at the vendor, until it is destroyed
//	handed-over   what the customer is given: its records, an accounting
//	sent, outbox  the mail that went out, and the record of it
//
// and the agreement, the incident's calendar and timeline, the de-identified
// records and the certificates of destruction. Started again on the same DIR it goes on from the log where it was,
// however it ended: nothing is logged twice, and mail that may have gone out
// already goes out under the same Message-ID. Mail goes into the folder sent,
// or with -smtp to a mail server.
//
// It prints the story, or with -json the facts of every act as one JSON
// object. The exit code is 0, 1 when an act fails, and 2 when the case, the
// folder or the command line is wrong: then one line names what is wrong and
// nothing is written.
//
// The parties and their data are fictional. Nothing here is legal advice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	_ "time/tzdata" // the zones of the case, on machines without a zone database

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fail := func(code int, err error) int {
		fmt.Fprintln(stderr, "lifecycle:", strings.ReplaceAll(err.Error(), "\n", " "))
		return code
	}
	flags := flag.NewFlagSet("lifecycle", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	caseName := flags.String("case", "", "read the case from `FILE` and the files beside it")
	dir := flags.String("dir", "", "keep everything in `DIR` instead of a fresh temporary folder")
	mailServer := flags.String("smtp", "", "send mail to the server at `HOST:PORT` instead of into a folder")
	asJSON := flags.Bool("json", false, "print the facts of every act as JSON")
	initial := flags.String("init", "", "write the built-in case into `DIR`, to be edited, and stop")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stdout)
		flags.Usage()
		return 0
	case err != nil:
		return fail(2, err)
	case flags.NArg() > 0:
		return fail(2, errors.New("unexpected argument; see -h"))
	case *initial != "" && flags.NFlag() > 1:
		return fail(2, errors.New("-init stands alone"))
	case *initial != "":
		if err := writeCase(*initial); err != nil {
			return fail(2, fmt.Errorf("-init: %w", err))
		}
		fmt.Fprintf(stdout, "Edit %s, then: lifecycle -case %s/case.json\n", strings.Join(inputNames, ", "), *initial)
		return 0
	}
	var sender subprocessor.Sender
	if *mailServer != "" {
		if _, port, err := net.SplitHostPort(*mailServer); err != nil || port == "" {
			return fail(2, errors.New("-smtp: must be HOST:PORT"))
		}
		sender = subprocessoroutbox.SMTP{Addr: *mailServer}
	}
	cast := acts()
	c, err := readCase(*caseName, cast)
	if err != nil {
		return fail(2, err)
	}
	switch err := rehearse(ctx, c, cast); {
	case ctx.Err() != nil:
		return fail(1, ctx.Err())
	case err != nil:
		return fail(2, err)
	}
	s, err := newStage(ctx, c, *dir, sender)
	if err != nil {
		return fail(2, err)
	}
	s.out, s.json = stdout, *asJSON
	err = perform(ctx, s, cast)
	// What was told is settled even if the telling was interrupted.
	if err := errors.Join(err, s.close(context.WithoutCancel(ctx))); err != nil {
		return fail(1, err)
	}
	return 0
}
