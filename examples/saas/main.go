// Saas is a minimal web service for several customers that embeds the library
// as a vendor would.
//
// Usage:
//
//	go run ./examples/saas [-addr ADDRESS] [-config FILE] [-dir DIR] [-for DURATION]
//
// It serves HTTP on ADDRESS, one of loopback, by default 127.0.0.1:8080, and
// prints the address to open and the keys to sign in with. Who its customers
// are, their users and records, comes from the built-in service.json or from
// FILE; its log, keys and checkpoints are kept in DIR, or in a fresh temporary
// folder, and a later run on the same folder goes on from there. With -for it
// ends by itself. The exit code is 0, and 2 when the configuration or the
// command line is wrong: then one line names what is wrong, and nothing is
// written.
//
// What it shows:
//
//   - No PHI flows before the customer has accepted the agreement, nor through
//     a subcontractor whose gate is closed: see gate.go.
//   - Every access is in the log of its customer before the first byte of the
//     answer: see access.go.
//   - Everything that happened is an event in the log; what the service knows
//     of an agreement, an incident and the vendor list is folded from it: see
//     ledger.go.
//
// A service in production signs its users in better, ends TLS, and keeps its
// keys on another machine than its log. The companies and people are
// fictional. Nothing here is legal advice.
package main

import (
	"context"
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	refuse := func(err error) int {
		fmt.Fprintln(stderr, "saas:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 2
	}
	flags := flag.NewFlagSet("saas", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	addr := flags.String("addr", "127.0.0.1:8080", "serve on `ADDRESS`, one of loopback")
	file := flags.String("config", "", "read the service from `FILE` instead of the built-in service.json")
	dir := flags.String("dir", "", "keep the log, keys and checkpoints in `DIR`")
	limit := flags.Duration("for", 0, "end after `DURATION`")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		flags.Usage()
		return 0
	case err != nil:
		return refuse(err)
	case flags.NArg() > 0:
		return refuse(errors.New("unexpected argument; see -h"))
	}
	host, _, err := net.SplitHostPort(*addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return refuse(errors.New("-addr must be an address of loopback with a port, as in 127.0.0.1:8080"))
	}
	conf, err := readConfig(*file)
	if err != nil {
		return refuse(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return refuse(errors.New("-addr: the address cannot be listened on"))
	}
	defer listener.Close()
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "saas-"); err != nil {
			return refuse(err)
		}
	}
	s, err := open(ctx, conf, *dir, "http://"+listener.Addr().String(), time.Now)
	if err != nil {
		return refuse(err)
	}
	fmt.Fprintf(stdout, "open %s/\n\nkeys to sign in with:\n", s.base)
	for _, t := range append(conf.Tenants, conf.Vendor) {
		for _, u := range t.Users {
			fmt.Fprintf(stdout, "  %-22s %s, %s\n", u.Key, u.Role, t.LegalName)
		}
	}
	fmt.Fprintf(stdout, "\nlog, keys and checkpoints are in %s\n", *dir)
	if *limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *limit)
		defer cancel()
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		ended <- server.Shutdown(grace)
	})
	err = server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		err = <-ended
	}
	if err := errors.Join(err, s.close()); err != nil {
		fmt.Fprintln(stderr, "saas:", err)
		return 1
	}
	return 0
}
