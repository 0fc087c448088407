package auditslog

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// Positions keep how far a [Sink] came in each chain. Package auditslog has
// one that keeps them in a file: [OpenPositions].
type Positions interface {
	// Position returns the number of the next entry of a chain; 0 for one
	// that nothing is known of.
	Position(ctx context.Context, chain string) (uint64, error)

	// SetPosition keeps it, and returns when it is durable.
	SetPosition(ctx context.Context, chain string, next uint64) error
}

// SinkOptions of a [Sink]; nil means the defaults.
type SinkOptions struct {
	// Message is that of every record; "" means "audit entry".
	Message string

	// Level is the level of an entry's record; nil means [Level].
	Level func(audit.Entry) slog.Level

	// Batch is after how many entries of a chain the position is kept; 0
	// means 256. It is kept at the end of a chain too.
	Batch int

	// OnError, if not nil, is told of each failed attempt of [Sink.Run].
	OnError func(error)
}

// EntryGroup is the name of the group with the entry in a sink's records. It
// is not [Group], so that a sink can write to a logger whose records become
// events.
const EntryGroup = "entry"

// A Sink writes the entries of a store to a logger. Its methods are safe for
// concurrent use of one at a time.
type Sink struct {
	store     audit.Store
	handler   slog.Handler
	positions Positions
	opt       SinkOptions
	wake      chan struct{}
}

// NewSink returns a sink. Of the logger it uses the handler, because the
// logger's own methods drop its errors; records of a level that the handler is
// not enabled for are left out, as any other's. Its error is a
// [baakit.FieldErrors] of missing arguments.
func NewSink(store audit.Store, logger *slog.Logger, positions Positions, opt *SinkOptions) (*Sink, error) {
	s := &Sink{store: store, positions: positions, wake: make(chan struct{}, 1)}
	var errs baakit.FieldErrors
	if store == nil {
		errs.Add("store", "is required")
	}
	if logger == nil {
		errs.Add("logger", "is required")
	} else {
		s.handler = logger.Handler()
	}
	if positions == nil {
		errs.Add("positions", "is required")
	}
	if opt != nil {
		s.opt = *opt
	}
	if s.opt.Batch < 0 {
		errs.Add("batch", "must not be negative")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if s.opt.Message == "" {
		s.opt.Message = "audit entry"
	}
	if s.opt.Level == nil {
		s.opt.Level = Level
	}
	if s.opt.Batch == 0 {
		s.opt.Batch = 256
	}
	return s, nil
}

// Level returns slog.LevelError for the outcomes 8 and 12, slog.LevelWarn for
// 4 and for emergency access, and slog.LevelInfo for everything else.
func Level(e audit.Entry) slog.Level {
	switch {
	case e.Event.Outcome == audit.SeriousFailure, e.Event.Outcome == audit.MajorFailure:
		return slog.LevelError
	case e.Event.Outcome == audit.MinorFailure, e.Event.Emergency:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// Copy writes what the store holds behind the positions, chain by chain in the
// order of their names, the log's own chain among them, and returns how many
// entries that were. An entry is written before the position passes it.
//
// Its errors are those of the store, of the handler and of the positions, and
// [audit.ErrTampered] for a chain that is shorter than its position or has a
// line that is none. After an error it can be called again.
func (s *Sink) Copy(ctx context.Context) (int, error) {
	n := 0
	for chain, err := range s.store.Chains(ctx) {
		if err != nil {
			return n, err
		}
		m, err := s.copyChain(ctx, chain)
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *Sink) copyChain(ctx context.Context, chain string) (n int, err error) {
	from, err := s.positions.Position(ctx, chain)
	if err != nil {
		return 0, err
	}
	head, err := s.store.Head(ctx, chain)
	if err != nil {
		return 0, err
	}
	if head.Size < from {
		return 0, fmt.Errorf("%w: chain %s has %d entries, of which %d were written", audit.ErrTampered, chain, head.Size, from)
	}
	kept, next := from, from
	keep := func() error {
		if kept == next {
			return nil
		}
		kept = next
		return s.positions.SetPosition(ctx, chain, next)
	}
	for e, err := range audit.Entries(ctx, s.store, chain, from) {
		if err == nil {
			err = s.write(ctx, e)
		}
		if err != nil {
			if err := keep(); err != nil {
				return n, err
			}
			return n, err
		}
		n++
		next = e.Seq + 1
		if next-kept >= uint64(s.opt.Batch) {
			if err := keep(); err != nil {
				return n, err
			}
		}
	}
	return n, keep()
}

func (s *Sink) write(ctx context.Context, e audit.Entry) error {
	level := s.opt.Level(e)
	if !s.handler.Enabled(ctx, level) {
		return nil
	}
	r := slog.NewRecord(e.Time, level, s.opt.Message, 0)
	r.AddAttrs(slog.Any(EntryGroup, e))
	return s.handler.Handle(ctx, r)
}

// Wake lets [Sink.Run] look at the store at once, if it waits; it does not
// wait itself. Call it behind an append.
func (s *Sink) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run copies again and again, after each [Sink.Wake] and at least as often as
// every says, until ctx is done, and returns its error. Failed attempts are
// repeated.
func (s *Sink) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(max(every, time.Millisecond))
	defer tick.Stop()
	for {
		if _, err := s.Copy(ctx); err != nil && ctx.Err() == nil && s.opt.OnError != nil {
			s.opt.OnError(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
		case <-tick.C:
		}
	}
}
