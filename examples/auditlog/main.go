// Auditlog looks into an audit log that is kept in a folder, beside a running
// writer or without one, and changes nothing.
//
// Usage:
//
//	auditlog verify DIR [-checkpoint FILE -key FILE] [-origin NAME] [-json]
//	auditlog prove  DIR CHAIN SEQ [-checkpoint FILE -key FILE] [-json]
//	auditlog show   DIR [-chain NAME] [-actor ID] [-subject TOKEN] [-kind KIND]
//	                [-action C|R|U|D|E] [-outcome 0|4|8|12] [-from TIME] [-to TIME]
//	                [-last N] [-json]
//	auditlog fsck   DIR [-json]
//
// verify reads every line and says what is wrong first, and where. Without a
// checkpoint that was kept elsewhere it cannot notice that the log was
// rewritten as a whole or lost its end. prove prints the proof that an entry is
// in the log: under the checkpoint, if one is given, in the form of C2SP
// tlog-proof. A key file holds a public key in PEM, or a verifier key of C2SP
// signed-note.
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

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = "want one of: verify DIR, prove DIR CHAIN SEQ, show DIR, fsck DIR; see -h"

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
	if len(words) != 1+cmd.words() {
		return refuse(stderr, errors.New(usage))
	}
	opt := auditfile.Options{ReadOnly: true}
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
		fmt.Fprintln(stderr, "auditlog:", err)
		return 1
	}
	return refuse(stderr, err)
}

func refuse(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "auditlog:", err)
	return 2
}

// A command is one of the four.
type command interface {
	flags(*flag.FlagSet)
	words() int // that it takes behind DIR
	run(ctx context.Context, s *auditfile.Store, words []string, stdout io.Writer) error
}

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
