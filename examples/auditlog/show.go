package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

type show struct {
	chain, actor, subject, kind, action, outcome string
	from, to                                     instant
	last                                         int
	asJSON                                       bool
}

// An instant is a flag of RFC 3339 or of a day, which is its beginning in UTC.
type instant struct{ time.Time }

func (i *instant) String() string { return "" }

func (i *instant) Set(s string) error {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			i.Time = t
			return nil
		}
	}
	return errors.New("want a time such as 2026-11-22T03:40:14Z or a day")
}

func (c *show) flags(set *flag.FlagSet) {
	set.StringVar(&c.chain, "chain", "", "entries of the chain `NAME` only")
	set.StringVar(&c.actor, "actor", "", "entries of the actor `ID` only")
	set.StringVar(&c.subject, "subject", "", "entries about the patient with the `TOKEN` only")
	set.StringVar(&c.kind, "kind", "", "domain events of the `KIND` only; a last * stands for anything")
	set.StringVar(&c.action, "action", "", "entries of the action `C|R|U|D|E` only")
	set.StringVar(&c.outcome, "outcome", "", "entries of the outcome `0|4|8|12` only")
	set.Var(&c.from, "from", "entries at or after `TIME` only")
	set.Var(&c.to, "to", "entries before `TIME` only")
	set.IntVar(&c.last, "last", 0, "the last `N` entries of each chain only")
	set.BoolVar(&c.asJSON, "json", false, "print the lines as they are stored")
}

func (*show) words() (from, to int) { return 0, 0 }

func (c *show) run(ctx context.Context, s *auditfile.Store, _ []string, stdout io.Writer) error {
	if c.last < 0 {
		return errors.New("-last must not be negative")
	}
	found := false
	for chain, err := range s.Chains(ctx) {
		if err != nil {
			return err
		}
		if c.chain != "" && c.chain != chain {
			continue
		}
		found = true
		if err := c.entries(ctx, s, chain, stdout); err != nil {
			return err
		}
	}
	if c.chain != "" && !found {
		return audit.ErrUnknownChain
	}
	return nil
}

func (c *show) entries(ctx context.Context, s audit.Store, chain string, stdout io.Writer) error {
	var tail []audit.Entry
	for e, err := range audit.Entries(ctx, s, chain, 0) {
		if err != nil {
			return err
		}
		if !c.wants(e) {
			continue
		}
		if c.last == 0 {
			c.print(stdout, e)
			continue
		}
		if len(tail) == c.last {
			tail = slices.Delete(tail, 0, 1)
		}
		tail = append(tail, e)
	}
	for _, e := range tail {
		c.print(stdout, e)
	}
	return nil
}

func (c *show) wants(e audit.Entry) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	prefix, open := strings.CutSuffix(c.kind, "*")
	return is(c.actor, e.Event.Actor.ID) && is(c.subject, e.Subject) && is(c.action, string(e.Event.Action)) && is(c.outcome, string(e.Event.Outcome)) &&
		(is(c.kind, e.Event.Kind) || open && e.Event.Kind != "" && strings.HasPrefix(e.Event.Kind, prefix)) &&
		(c.from.IsZero() || !e.Time.Before(c.from.Time)) && (c.to.IsZero() || e.Time.Before(c.to.Time))
}

func (c *show) print(w io.Writer, e audit.Entry) {
	if c.asJSON {
		fmt.Fprintf(w, "%s\n", e.Line)
		return
	}
	v := e.Event
	what := v.Kind
	if of, size, _, ok := e.Checkpoint(); ok {
		what = fmt.Sprintf("checkpoint of %s at %d", of, size)
	} else if what == "" {
		what = strings.TrimSpace(fmt.Sprintf("%s %s %s %s", v.Action, v.Type, strings.Join(words(v.Subtype), " "), v.Object.Type))
	}
	sealed := ""
	if e.Seal != "" {
		sealed = "[sealed]"
		if len(e.Sealed) == 0 {
			sealed = "[erased]"
		}
	}
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%s  %-20s %6d  %-12s %-2s  %s  %s", e.Time.Format("2006-01-02 15:04:05.000"), e.Chain, e.Seq, v.Actor.ID, v.Outcome, what, sealed), " "))
}

func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
