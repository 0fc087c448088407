package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/disclosure"
)

// account prints the accounting of disclosures for one patient.
type account struct {
	vault                    vault
	trust                    trust
	tenant, entity, vendor   string
	requested, from, through day
	worksheet                bool
	asJSON                   bool
}

// A day is a flag of a date.
type day struct{ baakit.Date }

func (d *day) String() string { return "" }

func (d *day) Set(s string) (err error) {
	if d.Date, err = baakit.ParseDate(s); err != nil {
		return errors.New("want a day such as 2026-11-22")
	}
	return nil
}

// orToday returns the day, or today in UTC.
func (d *day) orToday() baakit.Date {
	if d.IsZero() {
		return baakit.DateOf(time.Now(), time.UTC)
	}
	return d.Date
}

func (c *account) flags(set *flag.FlagSet) {
	c.vault.flags(set)
	c.trust.flags(set)
	set.StringVar(&c.tenant, "tenant", "", "the tenant whose patient it is")
	set.StringVar(&c.entity, "for", "", "the covered entity's `NAME`")
	set.StringVar(&c.vendor, "by", "", "the `NAME` of who answers")
	set.Var(&c.requested, "on", "the `DAY` on which it was asked for; today if it is not given")
	set.Var(&c.from, "from", "no disclosure before `DAY`")
	set.Var(&c.through, "through", "no disclosure after `DAY`")
	set.BoolVar(&c.worksheet, "worksheet", false, "print how it came about instead, which must not be handed over")
	set.BoolVar(&c.asJSON, "json", false, "print it as JSON")
}

func (*account) words() (from, to int) { return 1, 1 }

func (c *account) run(ctx context.Context, s *auditfile.Store, words []string, stdout io.Writer) (err error) {
	signed, v, err := c.trust.read()
	if err != nil {
		return err
	}
	keys, err := c.vault.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.close()) }()
	_, list, err := c.vault.ofTenant(ctx, s, c.tenant)
	if err != nil {
		return err
	}
	src := disclosure.Source{Store: s, Sealer: keys.sealer, Chains: list, Tokens: keys.sealer.ChainTokens}
	a, sheet, err := disclosure.Account(ctx, src, disclosure.Request{
		Patient: words[0], Requested: c.requested.orToday(), From: c.from.Date, Through: c.through.Date, For: c.entity, By: c.vendor,
	})
	if err != nil {
		return err
	}
	if c.worksheet {
		return print(stdout, sheet, sheet.Text(), c.asJSON)
	}
	if signed != nil {
		checkpoints, err := checkpointsOf(signed, v, list)
		if err != nil {
			return err
		}
		if a, err = a.Prove(ctx, src, checkpoints); err != nil {
			return err
		}
	}
	return print(stdout, a, a.Text(), c.asJSON)
}

// checkpointsOf returns the checkpoint by the chain that it is of.
func checkpointsOf(signed []byte, v *audit.Verifier, chains []string) (map[string]audit.Checkpoint, error) {
	origin, err := audit.PeekOrigin(signed)
	if err != nil {
		return nil, err
	}
	c, err := audit.ParseCheckpoint(v, origin, signed)
	if err != nil {
		return nil, err
	}
	for _, chain := range chains {
		if strings.HasSuffix(origin, "/"+chain) {
			return map[string]audit.Checkpoint{chain: c}, nil
		}
	}
	return nil, errors.New("-checkpoint: is of none of the chains that were read")
}

// print prints a value as JSON, or its text.
func print(w io.Writer, v any, text string, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintln(w, strings.TrimRight(text, "\n"))
		return err
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
