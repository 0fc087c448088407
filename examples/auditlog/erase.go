package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/erasure"
)

// An erasing is what redact and shred have in common: who has what destroyed,
// why, and what was handed over before.
type erasing struct {
	vault                                           vault
	trust                                           trust
	origin, by, reason, authority, note, governance string
	on                                              day
	how, handedBy, handedTo, sha                    string
	handedOn                                        day
	count                                           int
	compact                                         bool
	asJSON                                          bool
}

func (c *erasing) flags(set *flag.FlagSet) {
	c.vault.flags(set)
	c.trust.flags(set)
	set.StringVar(&c.origin, "origin", "", "the log's origin; it must be the one of its lines")
	set.StringVar(&c.by, "by", "", "the `ID` of who has it destroyed")
	set.StringVar(&c.reason, "reason", "", "why, as a `CODE`: mislogged, requested, ordered, agreement-ended, retention-over or another")
	set.StringVar(&c.authority, "authority", "", "the rule, decision or request that permits it, as a `CODE`")
	set.StringVar(&c.note, "note", "", "a `TEXT` that is sealed")
	set.StringVar(&c.governance, "record", "org/erasure", "the organisation's chain `NAME` in which a shredding is recorded")
	set.Var(&c.on, "on", "the `DAY` of the order; today if it is not given")
	set.StringVar(&c.how, "accounted", "", "disclosures that are still to be accounted for were `handed_over` or are retained_elsewhere")
	set.StringVar(&c.handedBy, "accounted-by", "", "who handed them over, or declares that they are kept: a `NAME`")
	set.StringVar(&c.handedTo, "accounted-to", "", "who has them, or where they are kept: a `NAME`")
	set.Var(&c.handedOn, "accounted-on", "the `DAY` of that; that of the order if it is not given")
	set.IntVar(&c.count, "accounted-count", 0, "how many they are: `N`")
	set.StringVar(&c.sha, "accounted-sha256", "", "the digest of the accounting that was handed over, in hexadecimal")
	set.BoolVar(&c.compact, "compact", false, "write the log's files anew without what is gone")
	set.BoolVar(&c.asJSON, "json", false, "print what was destroyed as JSON")
}

// writes says that the store is opened for writing.
func (*erasing) writes() bool { return true }

func (c *erasing) order() erasure.Order {
	o := erasure.Order{
		By: audit.Actor{ID: c.by}, Reason: erasure.Reason(c.reason), Authority: c.authority, On: c.on.orToday(), Note: c.note,
	}
	if c.how != "" || c.handedBy != "" || c.handedTo != "" || c.count != 0 {
		o.Accounting = &erasure.Handover{
			How: erasure.How(c.how), By: c.handedBy, To: c.handedTo, On: c.handedOn.Date, Disclosures: c.count, SHA256: c.sha,
		}
		if o.Accounting.On.IsZero() {
			o.Accounting.On = o.On
		}
	}
	return o
}

// erase verifies the log, destroys with f and prints the result. What does not
// verify is not touched: afterwards nobody could tell who changed it.
func (c *erasing) erase(ctx context.Context, s *auditfile.Store, stdout io.Writer, f func(*erasure.Eraser) (erasure.Result, error)) (err error) {
	if c.origin == "" {
		return errors.New("-origin is required")
	}
	signed, v, err := c.trust.read()
	if err != nil {
		return err
	}
	verify := &audit.VerifyOptions{Origin: c.origin, Verifier: v}
	if signed != nil {
		verify.Checkpoints = [][]byte{signed}
	}
	if _, err := audit.VerifyAll(ctx, s, verify); err != nil {
		return err
	}
	keys, err := c.vault.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.close()) }()
	var result erasure.Result
	if err := record(ctx, s, c.origin, keys.sealer, func(log *audit.Log) error {
		eraser, err := erasure.New(log, erasure.Config{Sealer: keys.sealer, Keys: keys.ring, Governance: c.governance})
		if err != nil {
			return err
		}
		result, err = f(eraser)
		return err
	}); err != nil {
		return err
	}
	freed := int64(0)
	if c.compact {
		if freed, err = s.Compact(ctx); err != nil {
			return err
		}
	}
	return c.print(stdout, result, freed)
}

// An erased is what was destroyed, and where that is recorded.
type erased struct {
	Schema  string         `json:"schema"`
	Record  erasure.Record `json:"record"`
	Chain   string         `json:"chain"`
	Seq     uint64         `json:"seq"`
	Leaf    string         `json:"leaf"`
	Resumed bool           `json:"resumed,omitempty"`
	Freed   int64          `json:"freed_bytes,omitempty"`
}

func (c *erasing) print(w io.Writer, r erasure.Result, freed int64) error {
	e := erased{"baakit.auditlog.erased/1", r.Record, r.Receipt.Chain, r.Receipt.Seq, fmt.Sprintf("%x", r.Receipt.Leaf[:]), r.Resumed, freed}
	what := "every payload of tenant " + r.Record.Tenant
	switch r.Record.Scope {
	case erasure.Payload:
		what = fmt.Sprintf("the payload of entry %d of %s", r.Record.Entry.Seq, r.Record.Entry.Chain)
	case erasure.Patient:
		what = "every payload about one patient of tenant " + r.Record.Tenant
	}
	done := "is destroyed"
	if r.Resumed {
		done = "was destroyed already"
	}
	text := fmt.Sprintf("%s %s; recorded as entry %d of %s", what, done, e.Seq, e.Chain)
	if c.compact {
		text += fmt.Sprintf("; %d bytes given back", freed)
	}
	return print(w, e, text, c.asJSON)
}

// redact destroys the sealed payload of one entry.
type redact struct{ erasing }

func (*redact) words() (from, to int) { return 2, 2 }

func (c *redact) run(ctx context.Context, s *auditfile.Store, words []string, stdout io.Writer) error {
	seq, err := strconv.ParseUint(words[1], 10, 63)
	if err != nil {
		return errors.New("SEQ must be a number from 0")
	}
	return c.erase(ctx, s, stdout, func(e *erasure.Eraser) (erasure.Result, error) { return e.Redact(ctx, words[0], seq, c.order()) })
}

// shred destroys the keys of a tenant, or of one patient of it.
type shred struct{ erasing }

func (*shred) words() (from, to int) { return 1, 2 }

func (c *shred) run(ctx context.Context, s *auditfile.Store, words []string, stdout io.Writer) error {
	return c.erase(ctx, s, stdout, func(e *erasure.Eraser) (erasure.Result, error) {
		if len(words) == 2 {
			return e.ShredPatient(ctx, words[0], words[1], c.order())
		}
		return e.ShredTenant(ctx, words[0], c.order())
	})
}
