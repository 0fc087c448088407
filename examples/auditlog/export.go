package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"iter"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/baakit/baakit/audit/auditfile"
)

// export prints entries as FHIR AuditEvents.
type export struct {
	vault                                        vault
	trust                                        trust
	format, chain, observer, site, server, batch string
	asJSON                                       bool
}

func (c *export) flags(set *flag.FlagSet) {
	c.vault.flags(set)
	c.trust.flags(set)
	set.StringVar(&c.format, "format", "", "the `FORMAT`: fhir, which is R4 AuditEvents as NDJSON")
	set.StringVar(&c.chain, "chain", "", "entries of the chain `NAME` only")
	set.StringVar(&c.observer, "observer", "Device/audit-log", "who recorded the entries: a `REFERENCE` to a device or organisation")
	set.StringVar(&c.site, "site", "", "the `NAME` of the site where it was recorded")
	set.StringVar(&c.server, "server", "", "the network `ADDRESS` of the server")
	set.StringVar(&c.batch, "bundle", "", "print one bundle of the `TYPE` collection or batch")
	set.BoolVar(&c.asJSON, "json", false, "print one bundle, of the type collection if no other is named")
}

func (*export) words() (from, to int) { return 0, 0 }

func (c *export) run(ctx context.Context, s *auditfile.Store, _ []string, stdout io.Writer) (err error) {
	if c.format != "fhir" {
		return errors.New("-format is required: fhir")
	}
	if c.asJSON && c.batch == "" {
		c.batch = string(auditfhir.Collection)
	}
	list, err := chains(ctx, s, c.chain, func(string) bool { return true })
	if err != nil {
		return err
	}
	opt := auditfhir.Config{Observer: auditfhir.Reference{Reference: c.observer}, Site: c.site, ServerAddress: c.server}
	if c.vault.given() {
		keys, err := c.vault.open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, keys.close()) }()
		opt.Open = func(ctx context.Context, e audit.Entry) (audit.Entry, error) {
			return audit.OpenEntry(ctx, keys.sealer, e)
		}
	}
	signed, v, err := c.trust.read()
	if err != nil {
		return err
	}
	if signed != nil {
		checkpoints, err := checkpointsOf(signed, v, list)
		if err != nil {
			return err
		}
		opt.Prove = func(ctx context.Context, e audit.Entry) (audit.Proof, error) {
			c, ok := checkpoints[e.Chain]
			if !ok || e.Seq >= c.Size {
				return audit.Proof{}, nil // none is attached
			}
			return audit.Prove(ctx, s, e.Chain, e.Seq, c)
		}
	}
	x, err := auditfhir.NewExporter(opt)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error {
		var err error
		if c.batch != "" {
			_, err = x.WriteBundle(ctx, w, auditfhir.BundleType(c.batch), c.entries(ctx, s, list))
		} else {
			_, err = x.WriteNDJSON(ctx, w, c.entries(ctx, s, list))
		}
		return err
	}
	// Once to see that all of it can be written, so that no part of it is
	// printed if not; and again to print it. No copy of it is kept.
	if err := write(io.Discard); err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	return errors.Join(write(out), out.Flush())
}

func (c *export) entries(ctx context.Context, s audit.Store, chains []string) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		for _, chain := range chains {
			for e, err := range audit.Entries(ctx, s, chain, 0) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}
