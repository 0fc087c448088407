// Vendors answers questions about a vendor list kept as a JSON registry.
//
// Usage:
//
//	go run ./examples/vendors [-registry FILE] [-on DAY] [-json] COMMAND [ARGUMENTS]
//
//	check                      the chain, the flow-down, the budgets, what is due
//	diff DAY                   what changed on the list from DAY to -on
//	announce CHANGE            each customer's dates
//	gate ENGAGEMENT CUSTOMER   may it handle the customer's PHI, and why
//	serve [ADDRESS]            the public page and its feeds, on loopback
//
// The registry is read from FILE, from standard input for "-", or from the
// built-in registry.json; -on is the day of the question, by default the
// registry's last. The exit code is 0, and 2 when the registry or the command
// line is wrong: then one line names what is wrong.
//
// The companies are fictional. Nothing here is legal advice.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"
	_ "time/tzdata"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
)

//go:embed registry.json
var builtIn []byte

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

type program struct {
	reg    *subprocessor.Registry
	events []subprocessor.Event
	state  *subprocessor.State
	on     time.Time
	out    io.Writer
	json   bool
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintln(stderr, "vendors:", strings.ReplaceAll(err.Error(), "\n", " "))
		return 2
	}
	flags := flag.NewFlagSet("vendors", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("registry", "", "")
	on := flags.String("on", "", "")
	asJSON := flags.Bool("json", false, "")
	if err := flags.Parse(args); err != nil {
		return fail(errors.New("flags are -registry FILE, -on DAY and -json"))
	}
	commands := map[string]struct {
		least, most int
		do          func(*program, []string) error
	}{
		"check": {0, 0, (*program).check}, "diff": {1, 1, (*program).diff}, "announce": {1, 1, (*program).announce},
		"gate": {2, 2, (*program).gate}, "serve": {0, 1, (*program).serve},
	}
	command, ok := commands[flags.Arg(0)]
	if rest := flags.NArg() - 1; !ok || rest < command.least || rest > command.most {
		return fail(errors.New("want check, diff DAY, announce CHANGE, gate ENGAGEMENT CUSTOMER or serve [ADDRESS]"))
	}
	p, err := load(*file, *on, stdin)
	if err != nil {
		return fail(err)
	}
	p.out, p.json = stdout, *asJSON
	if err := command.do(p, flags.Args()[1:]); err != nil {
		return fail(err)
	}
	return 0
}

func load(file, on string, stdin io.Reader) (*program, error) {
	data := builtIn
	var err error
	switch file {
	case "":
	case "-":
		data, err = io.ReadAll(io.LimitReader(stdin, 64<<20))
	default:
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, errors.New("the registry cannot be read")
	}
	p := &program{}
	if p.reg, p.events, err = subprocessor.ParseRegistry(data); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	for _, e := range p.events {
		if e.At.After(p.on) {
			p.on = e.At
		}
	}
	if on != "" {
		if p.on, err = p.day(on); err != nil {
			return nil, fmt.Errorf("-on: %w", err)
		}
	}
	if p.on.IsZero() {
		return nil, errors.New("the registry has no events: say -on DAY")
	}
	p.state, err = p.reg.StateAt(p.events, p.on, p.known())
	return p, err
}

// known is the end of time: the example tells of any day what is known now.
func (p *program) known() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// day returns the last instant of a day.
func (p *program) day(s string) (time.Time, error) {
	d, err := baakit.ParseDate(s)
	if err != nil {
		return time.Time{}, err
	}
	return p.reg.EndOf(d), nil
}

func (p *program) print(v any, text func()) error {
	if !p.json {
		text()
		return nil
	}
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (p *program) check([]string) error {
	chain := p.state.Chain()
	var failures []subprocessor.EdgeCheck
	for f := range p.state.FlowDownFailures() {
		failures = append(failures, f)
	}
	var budgets []subprocessor.Budget
	for _, n := range chain.Nodes {
		list, err := chain.Budgets(n.Entity, p.reg.Calendar())
		if err != nil {
			return err
		}
		for _, b := range list {
			if b.Verdict != subprocessor.Pass {
				budgets = append(budgets, b)
			}
		}
	}
	due := p.state.Due(p.state.Day().AddDays(90))
	return p.print(map[string]any{"day": p.state.Day(), "chain": chain, "flow_down": failures, "budgets": budgets, "due": due}, func() {
		fmt.Fprintf(p.out, "The chain on %s\n", p.state.Day())
		for _, n := range chain.Nodes {
			e, _ := p.state.Entity(n.Entity)
			fmt.Fprintf(p.out, "  rank %d  %-28s %s\n", n.Rank, e.LegalName, strings.Join(n.Path, " > "))
		}
		for _, id := range chain.Orphans {
			fmt.Fprintf(p.out, "  orphan  %s\n", id)
		}
		fmt.Fprintln(p.out, "\nFlow-down")
		for _, f := range failures {
			for _, c := range f.Clauses {
				if c.Verdict != subprocessor.Pass {
					fmt.Fprintf(p.out, "  %s: %s of %s: %s; upstream %s (%s), downstream %s (%s); %s\n", c.Verdict, c.Clause, f.Contract, c.Says, c.UpstreamTerm, c.Upstream, c.DownstreamTerm, c.Downstream, c.Law[0])
				}
			}
		}
		for _, b := range budgets {
			fmt.Fprintf(p.out, "  %s: %s: %s; %v against %s\n", b.Verdict, strings.Join(b.Path, " > "), b.Says, b.Times, b.Promise)
		}
		if len(failures)+len(budgets) == 0 {
			fmt.Fprintln(p.out, "  every contract is at least as strict as the one above it")
		}
		fmt.Fprintln(p.out, "\nDue within 90 days")
		for _, d := range due {
			fmt.Fprintf(p.out, "  %s  %s\n", d.On, d.What)
		}
	})
}

func (p *program) diff(args []string) error {
	from, err := p.day(args[0])
	if err != nil {
		return err
	}
	before, err := p.reg.StateAt(p.events, from, p.known())
	if err != nil {
		return err
	}
	d := subprocessor.Diff(before.List(), p.state.List())
	return p.print(d, func() { fmt.Fprint(p.out, d.Text()) })
}

func (p *program) announce(args []string) error {
	c, ok := p.state.Change(args[0])
	if !ok {
		return errors.New("there is no such change")
	}
	return p.print(c, func() {
		fmt.Fprintf(p.out, "%s: %s\n", c.Change.ID, c.Status)
		for _, k := range c.Customers {
			fmt.Fprintf(p.out, "  %-24s %-12s started %s, window through %s, earliest %s\n", k.Customer, k.Status, text(k.Dates.Start), text(k.Dates.WindowEnd), text(k.Dates.Earliest))
		}
		fmt.Fprintf(p.out, "  earliest for all: %s\n", text(c.Earliest))
	})
}

func text(d baakit.Date) string {
	if d.IsZero() {
		return "unknown"
	}
	return d.String()
}

func (p *program) gate(args []string) error {
	d := subprocessor.Compile(p.state).Gate(args[0], args[1], p.on)
	return p.print(d, func() {
		answer := map[bool]string{true: "yes", false: "no"}[d.Yes()]
		fmt.Fprintf(p.out, "%s, on %s\n", answer, p.state.Day())
		for _, r := range d.Reasons() {
			fmt.Fprintf(p.out, "  %s", r.Says)
			for _, c := range r.Citations {
				fmt.Fprintf(p.out, " (%s, %s)", c, c.Confidence())
			}
			fmt.Fprintln(p.out)
		}
	})
}

func (p *program) serve(args []string) error {
	address := "127.0.0.1:8080"
	if len(args) > 0 {
		address = args[0]
	}
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return errors.New("the address must be one of loopback with a port, as in 127.0.0.1:8080")
	}
	versions := p.state.Versions()
	if len(versions) == 0 {
		return errors.New("no version of the list was published")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return errors.New("the address is in use")
	}
	base := "http://" + listener.Addr().String()
	site, err := subprocessorhttp.New(subprocessorhttp.Config{Versions: versions, Base: base, Dates: p.state.Due(p.state.Day().AddDays(365))})
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, "serving", base+"/")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	server := &http.Server{Handler: site, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
