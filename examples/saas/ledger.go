package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/baakit/baakit/audit"
)

// A ledger keeps the events of one fold, such as the life of one agreement, in
// a chain of the log. It is used by one caller at a time; other processes are
// met by the log, which appends only to the chain that was decided upon.
type ledger[E any] struct {
	log    *audit.Log
	chain  string
	events []E
}

// load reads the events that there are.
func load[E any](ctx context.Context, log *audit.Log, chain string) (*ledger[E], error) {
	l := &ledger[E]{log: log, chain: chain}
	for entry, err := range log.Entries(ctx, chain, 0) {
		if err == nil {
			entry, err = log.Open(ctx, entry)
		}
		if err != nil {
			return nil, fmt.Errorf("chain %s: %w", chain, err)
		}
		var e E
		if err := json.Unmarshal(entry.Event.Payload, &e); err != nil {
			return nil, fmt.Errorf("chain %s, entry %d: %w", chain, entry.Seq, err)
		}
		l.events = append(l.events, e)
	}
	return l, nil
}

// append puts an event that was checked against l.events into the log, and
// returns when it is durable.
func (l *ledger[E]) append(ctx context.Context, kind, by string, e E) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	event := audit.Event{Kind: kind, Actor: audit.Actor{ID: by}, Payload: payload}
	if _, err := l.log.AppendAt(ctx, l.chain, uint64(len(l.events)), event); err != nil {
		return err
	}
	l.events = append(l.events, e)
	return nil
}
