// Agreement works on agreements in files.
//
// Usage:
//
//	agreement new [-kind KIND] [-customer NAME] [-vendor NAME]
//	agreement check [-at DATE] [-house] [-json | -sarif] FILE.json
//	agreement render [-format md|html|txt] FILE.json
//	agreement diff [-format md|html] [-json] A.json B.json
//	agreement state FILE.json -at T [-known T] [-json]
//	agreement need FACTS.json [-json]
//	agreement register DIR [-at T] [-known T] [-rules DAY] [-json|-csv]
//
// New prints a complete draft to start from. Check, render and diff read a
// draft, a version, or an agreement, of which the latest version counts: check
// says what the law, and with -house the house, finds in it, render prints it
// for people, diff says what changed and what that asks for.
//
// State tells from a dossier where an agreement stood at a day or an instant,
// by what was known at another; need, which paper a relationship needs;
// register, what is wrong with all agreements of a folder, which holds a
// dossier in every file and the relationships in relationships.json. A FILE
// of - is the standard input.
//
// The exit code is 0, 1 when check finds an error of the law, or 2 when the input or the command line is wrong: then
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
		{"new", create},
		{"check", check},
		{"render", render},
		{"diff", diff},
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
		case errors.Is(err, errFound):
			return 1
		case err != nil:
			fmt.Fprintf(stderr, "agreement %s: %s\n", c.name, oneLine(err))
			return 2
		}
		return 0
	}
	fmt.Fprintln(stderr, "agreement: the first argument must be one of "+strings.Join(names, ", "))
	return 2
}

// errFound says that check found an error of the law: nothing is wrong with
// the input.
var errFound = errors.New("the agreement has errors of the law")

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
