package main

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// A pending store is the log's, but for what the log records of itself: that
// is held back until something else is recorded, and dropped if nothing is. So
// a refused order leaves the log as it was.
type pending struct {
	*auditfile.Store
	held    []batch
	started bool
}

type batch struct {
	at      uint64
	records []audit.Record
}

// Append implements [audit.Store].
func (p *pending) Append(ctx context.Context, chain string, at uint64, records []audit.Record) error {
	if p.started {
		return p.Store.Append(ctx, chain, at, records)
	}
	if chain == audit.System {
		b := batch{at: at}
		for _, r := range records {
			b.records = append(b.records, audit.Record{Line: bytes.Clone(r.Line), Sealed: bytes.Clone(r.Sealed), Hashes: slices.Clone(r.Hashes)})
		}
		p.held = append(p.held, b)
		return nil
	}
	for _, b := range p.held {
		if err := p.Store.Append(ctx, audit.System, b.at, b.records); err != nil {
			return err
		}
	}
	p.started = true
	return p.Store.Append(ctx, chain, at, records)
}

// record opens the log of an origin for writing and runs f with it.
func record(ctx context.Context, s *auditfile.Store, origin string, sealer audit.Sealer, f func(*audit.Log) error) (err error) {
	log, err := audit.New(ctx, &pending{Store: s}, audit.Config{Origin: origin, Sealer: sealer})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close(ctx)) }()
	return f(log)
}
