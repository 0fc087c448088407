// Agreement works on agreements in files.
//
// Usage:
//
//	agreement state FILE.json -at T [-known T] [-json]
//	agreement need FACTS.json [-json]
//	agreement register DIR [-at T] [-known T] [-rules DAY] [-json|-csv]
//
// State tells from a dossier where an agreement stood at a day or an instant,
// by what was known at another; need, which paper a relationship needs;
// register, what is wrong with all agreements of a folder, which holds a
// dossier in every file and the relationships in relationships.json. A FILE
// of - is the standard input.
//
// The exit code is 0, or 2 when the input or the command line is wrong: then
// one line names what is wrong and nothing is written. Nothing here is legal
// advice.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	_ "time/tzdata" // the zones of the dossiers, on machines without a zone database
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// A command reads its input and prints; its error is one line.
type command struct {
	name string
	run  func(args []string, stdin io.Reader, stdout io.Writer) error
}

func commands() []command {
	return []command{
		{"state", state},
		{"need", need},
		{"register", func(args []string, _ io.Reader, stdout io.Writer) error { return register(args, stdout) }},
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
		if len(args) == 0 || args[0] != c.name {
			continue
		}
		err := c.run(args[1:], stdin, stdout)
		switch {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprintf(stdout, "see go doc ./examples/agreement for %s\n", c.name)
			return 0
		case err != nil:
			fmt.Fprintf(stderr, "agreement %s: %s\n", c.name, oneLine(err))
			return 2
		}
		return 0
	}
	fmt.Fprintln(stderr, "agreement: the first argument must be one of "+strings.Join(names, ", "))
	return 2
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
