// Agreement makes, checks, renders and compares business associate
// agreements.
//
// Usage:
//
//	go run ./examples/agreement new [-kind KIND] [-customer NAME] [-vendor NAME]
//	go run ./examples/agreement check [-at DATE] [-house] [-json | -sarif] FILE.json
//	go run ./examples/agreement render [-format md|html|txt] FILE.json
//	go run ./examples/agreement diff [-format md|html] [-json] A.json B.json
//
// New prints a complete draft to start from. The others read a draft, a
// version, or an agreement, of which the latest version counts; "-" is the
// standard input. Flags may stand before or behind the files. The exit code is
// 0, 1 when check finds an error of the law, and 2 when the input or the
// command line is wrong: then one line names what is wrong.
//
// The parties are fictional. Nothing here is legal advice.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// errFound says that check found an error of the law: nothing is wrong with
// the input.
var errFound = errors.New("the agreement has errors")

// A command does its own flags and returns the exit code.
type command func(args []string, stdin io.Reader, stdout, stderr io.Writer) int

func commands() map[string]command {
	return map[string]command{
		"new":    document(create),
		"check":  document(check),
		"render": document(render),
		"diff":   document(diff),
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	all := commands()
	if len(args) > 0 {
		if c, ok := all[args[0]]; ok {
			return c(args[1:], stdin, stdout, stderr)
		}
	}
	names := strings.Join(slices.Sorted(maps.Keys(all)), ", ")
	fmt.Fprintln(stderr, "agreement: want one of the commands", names+"; see go doc ./examples/agreement")
	return 2
}

// document makes a command of what reads and prints documents.
func document(do func(args []string, in io.Reader, out io.Writer) error) command {
	return func(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
		err := do(args, stdin, stdout)
		switch {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprintln(stdout, "agreement: the flags of each command are in go doc ./examples/agreement")
			return 0
		case errors.Is(err, errFound):
			return 1
		case err != nil:
			fmt.Fprintln(stderr, "agreement:", strings.ReplaceAll(err.Error(), "\n", " "))
			return 2
		}
		return 0
	}
}

// parse reads flags and n file names in any order.
func parse(flags *flag.FlagSet, args []string, n int) ([]string, error) {
	flags.SetOutput(io.Discard)
	var names []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			break
		}
		names, args = append(names, flags.Arg(0)), flags.Args()[1:]
	}
	if len(names) != n {
		return nil, fmt.Errorf("%s: want %d file names, have %d", flags.Name(), n, len(names))
	}
	return names, nil
}
