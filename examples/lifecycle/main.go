// Lifecycle tells the story of one agreement, act by act: one vendor, a
// business associate, and one customer, a covered entity, from the offer to
// the destroyed data.
//
// Usage:
//
//	go run ./examples/lifecycle [-case FILE] [-dir DIR] [-json]
//
// It reads its case from case.json, or from FILE, keeps its data in DIR, or
// in a fresh temporary folder whose name it prints, and prints the story; with
// -json it prints the facts of every act as one JSON object instead. The exit
// code is 0, 1 when an act fails, and 2 when the case or the command line is
// wrong: then one line names what is wrong and nothing is written.
//
// The parties and their data are fictional. Nothing here is legal advice.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	_ "time/tzdata" // the zones of the case, on machines without a zone database
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("lifecycle", flag.ContinueOnError)
	flags.SetOutput(stderr)
	caseName := flags.String("case", "", "read the case from `FILE` instead of the built-in case.json")
	dir := flags.String("dir", "", "keep data in `DIR` instead of a fresh temporary folder")
	asJSON := flags.Bool("json", false, "print the facts of every act as JSON")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		return refuse(stderr, fmt.Errorf("unexpected argument; see -h"))
	}
	cast := acts()
	c, err := readCase(*caseName, cast)
	if err != nil {
		return refuse(stderr, err)
	}
	s, err := newStage(c, *dir, stdout, *asJSON)
	if err != nil {
		return refuse(stderr, err)
	}
	if err := perform(ctx, s, cast); err != nil {
		fmt.Fprintln(stderr, "lifecycle:", err)
		return 1
	}
	return 0
}

func refuse(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "lifecycle:", err)
	return 2
}
