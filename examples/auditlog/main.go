// Auditlog looks into an audit log that is kept in a folder: beside a running
// writer or without one, and without changing anything. Redact, shred and
// review with -by write to the log, which nobody else may hold then.
//
// Usage:
//
//	auditlog verify  DIR [-checkpoint FILE -key FILE] [-origin NAME]
//	auditlog prove   DIR CHAIN SEQ [-checkpoint FILE -key FILE]
//	auditlog show    DIR [-chain NAME] [-actor ID] [-subject TOKEN] [-kind KIND]
//	                 [-action C|R|U|D|E] [-outcome 0|4|8|12] [-from TIME] [-to TIME] [-last N]
//	auditlog fsck    DIR
//	auditlog account DIR PATIENT -keys DIR -master FILE [-tenant NAME] [-on DAY]
//	                 [-from DAY] [-through DAY] [-for NAME] [-by NAME]
//	                 [-checkpoint FILE -key FILE] [-worksheet]
//	auditlog review  DIR [-chain NAME] [-from TIME] [-to TIME] [-logins N] [-within TIME]
//	                 [-usual-from DAY -times N] [-by ID -origin NAME -keys DIR -master FILE -note TEXT]
//	auditlog export  DIR -format fhir [-chain NAME] [-observer REFERENCE] [-site NAME]
//	                 [-server ADDRESS] [-bundle TYPE] [-keys DIR -master FILE] [-checkpoint FILE -key FILE]
//	auditlog redact  DIR CHAIN SEQ -keys DIR -master FILE -origin NAME -by ID -reason CODE -authority CODE
//	                 [-on DAY] [-note TEXT] [-compact] [-checkpoint FILE -key FILE] [-accounted...]
//	auditlog shred   DIR TENANT [PATIENT], with the flags of redact
//
// Each takes -json; -h behind a command explains its flags.
//
// verify reads every line and says what is wrong first, and where. Without a
// checkpoint that was kept elsewhere it cannot notice that the log was
// rewritten as a whole or lost its end. prove prints the proof that an entry is
// in the log: under the checkpoint, if one is given, in the form of C2SP
// tlog-proof. A key file holds a public key in PEM, or a verifier key of C2SP
// signed-note.
//
// account prints the accounting of disclosures for one patient (45 CFR
// 164.528); under a checkpoint of the chain its JSON form holds a proof of
// every line. review looks for emergency access, bursts of failed logins and
// unusual days, and with -by records in the log who looked at what. export
// prints FHIR R4 AuditEvents; without the keys, what is sealed stays sealed.
// redact destroys the sealed payload of one entry, shred the keys of a tenant
// or of one patient of it; both are recorded first, refused while disclosures
// are not accounted for, and leave every line, proof and checkpoint as it was.
//
// The key ring is in a folder of its own (package auditkeys), never in the
// log's, and held by one program at a time.
//
// The exit code is 0; 1 when the log does not verify, with the place on
// standard error; 2 when the command line or an input is wrong, with one line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = "want one of: verify DIR, prove DIR CHAIN SEQ, show DIR, fsck DIR, account DIR PATIENT, review DIR, export DIR, redact DIR CHAIN SEQ, shred DIR TENANT [PATIENT]; see -h"

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		return refuse(stderr, errors.New(usage))
	}
	var cmd command
	switch args[0] {
	case "verify":
		cmd = &verify{}
	case "prove":
		cmd = &prove{}
	case "show":
		cmd = &show{}
	case "fsck":
		cmd = &fsck{}
	case "account":
		cmd = &account{}
	case "review":
		cmd = &examine{}
	case "export":
		cmd = &export{}
	case "redact":
		cmd = &redact{}
	case "shred":
		cmd = &shred{}
	case "-h", "-help", "--help":
		fmt.Fprintln(stdout, "auditlog: "+usage)
		return 0
	default:
		return refuse(stderr, errors.New(usage))
	}
	words, err := parse(cmd, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return refuse(stderr, err)
	}
	if from, to := cmd.words(); len(words) < 1+from || len(words) > 1+to {
		return refuse(stderr, errors.New(usage))
	}
	opt := auditfile.Options{ReadOnly: true}
	if w, ok := cmd.(writer); ok && w.writes() {
		if _, err := os.Stat(words[0]); err != nil { // opened for writing, a store would make one
			return refuse(stderr, err)
		}
		opt.ReadOnly = false
	}
	if _, ok := cmd.(*fsck); ok {
		opt.Full = true
	}
	s, err := auditfile.Open(words[0], &opt)
	if err == nil {
		err = cmd.run(ctx, s, words[1:], stdout)
		err = errors.Join(err, s.Close())
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, audit.ErrTampered), errors.Is(err, audit.ErrProof):
		fmt.Fprintln(stderr, "auditlog:", oneLine(err))
		return 1
	}
	return refuse(stderr, err)
}

func refuse(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "auditlog:", oneLine(err))
	return 2
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// A command is one of those of the usage.
type command interface {
	flags(*flag.FlagSet)
	words() (from, to int) // how many it takes behind DIR
	run(ctx context.Context, s *auditfile.Store, words []string, stdout io.Writer) error
}

// A writer is a command that may write to the log.
type writer interface{ writes() bool }

// parse reads flags and words in any order. Errors are returned only, not
// printed too.
func parse(cmd command, args []string) (words []string, err error) {
	set := flag.NewFlagSet("auditlog "+args[0], flag.ContinueOnError)
	set.SetOutput(io.Discard)
	cmd.flags(set)
	for rest := args[1:]; len(rest) > 0; {
		if err := set.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				set.SetOutput(os.Stdout)
				set.Usage()
			}
			return nil, err
		}
		rest = set.Args()
		if len(rest) > 0 {
			words, rest = append(words, rest[0]), rest[1:]
		}
	}
	return words, nil
}
