package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

type verify struct {
	trust  trust
	origin string
	asJSON bool
}

func (c *verify) flags(set *flag.FlagSet) {
	c.trust.flags(set)
	set.StringVar(&c.origin, "origin", "", "require that the log has the origin `NAME`")
	set.BoolVar(&c.asJSON, "json", false, "print the result as JSON")
}

func (*verify) words() (from, to int) { return 0, 0 }

// A verdict is the JSON form of the result.
type verdict struct {
	Schema  string         `json:"schema"`
	OK      bool           `json:"ok"`
	Chains  []audit.Report `json:"chains"`
	Fault   *audit.Fault   `json:"fault,omitempty"`
	Warning string         `json:"warning,omitempty"`
}

const unanchored = "no checkpoint was given: a log that was rewritten as a whole, or lost its end, would look the same"

func (c *verify) run(ctx context.Context, s *auditfile.Store, _ []string, stdout io.Writer) error {
	signed, v, err := c.trust.read()
	if err != nil {
		return err
	}
	opt := &audit.VerifyOptions{Origin: c.origin, Verifier: v}
	if signed != nil {
		opt.Checkpoints = [][]byte{signed}
	}
	reports, err := audit.VerifyAll(ctx, s, opt)
	fault, tampered := errors.AsType[*audit.Fault](err)
	if err != nil && !tampered {
		return err
	}
	warning := ""
	if signed == nil {
		warning = unanchored
	}
	if c.asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		return errors.Join(err, enc.Encode(verdict{"baakit.auditlog.verdict/1", err == nil, append([]audit.Report{}, reports...), fault, warning}))
	}
	for _, r := range reports {
		fmt.Fprintf(stdout, "ok  %-24s %8d entries  root %s  checkpoints %d\n", r.Chain, r.Size, r.Root, r.Checkpoints)
	}
	if err == nil && warning != "" {
		fmt.Fprintln(stdout, "note:", warning)
	}
	return err
}
