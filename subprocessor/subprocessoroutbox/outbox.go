package subprocessoroutbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/subprocessor"
)

// ErrKey says that a key is in the outbox with another message, or not in it.
var ErrKey = errors.New("subprocessoroutbox: the key names no message, or another one")

// Options of [Open]. The zero value of each field is its default.
type Options struct {
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// FirstPause is the pause after the first failure, a minute; each further
	// one is twice as long up to LongestPause, a day.
	FirstPause, LongestPause time.Duration
}

// An Item is a message and how far it came.
type Item struct {
	Key      string
	To       string
	Level    subprocessor.Delivery // queued, sent, acknowledged or bounced
	Queued   time.Time
	Sent     time.Time // when it was accepted
	Acked    time.Time
	Bounced  time.Time
	Failures int
	Next     time.Time // of the next attempt while it is queued
}

type event struct {
	Event string    `json:"event"`
	Key   string    `json:"key"`
	At    time.Time `json:"at"`
	From  string    `json:"from,omitempty"`
	To    string    `json:"to,omitempty"`
	Data  []byte    `json:"data,omitempty"`
	Next  time.Time `json:"next,omitzero"`
}

type entry struct {
	Item
	message subprocessor.Message
}

// An Outbox is open in one process at a time. Its methods are safe for
// concurrent use.
type Outbox struct {
	j       *journal.Journal
	sender  subprocessor.Sender
	opt     Options
	deliver sync.Mutex // one delivery at a time

	mu    sync.Mutex
	items map[string]*entry
	order []string
	wake  chan struct{}
}

// Open opens the outbox in a folder, creating it, with everything that it
// held. A nil opt is all defaults. The errors are those of the file system, of
// another process that has it open, and of a damaged folder.
func Open(dir string, sender subprocessor.Sender, opt *Options) (*Outbox, error) {
	o := &Outbox{sender: sender, items: make(map[string]*entry), wake: make(chan struct{}, 1)}
	if opt != nil {
		o.opt = *opt
	}
	if o.opt.Now == nil {
		o.opt.Now = time.Now
	}
	if o.opt.FirstPause <= 0 {
		o.opt.FirstPause = time.Minute
	}
	if o.opt.LongestPause <= 0 {
		o.opt.LongestPause = 24 * time.Hour
	}
	j, err := journal.Open(dir, journal.Config{Format: "baakit.subprocessor.outbox/1", MaxFrame: 8 << 20, Visit: func(r journal.Record) error {
		var e event
		if err := json.Unmarshal(r.Frame, &e); err != nil {
			return fmt.Errorf("subprocessoroutbox: frame %d is not an event", r.Index)
		}
		o.apply(e)
		return nil
	}})
	if err != nil {
		return nil, err
	}
	o.j = j
	return o, nil
}

// apply folds an event.
func (o *Outbox) apply(e event) {
	if e.Event == "queued" {
		if o.items[e.Key] == nil {
			o.items[e.Key] = &entry{Item{Key: e.Key, To: e.To, Level: subprocessor.Queued, Queued: e.At, Next: e.At}, subprocessor.Message{Key: e.Key, From: e.From, To: e.To, Data: e.Data}}
			o.order = append(o.order, e.Key)
		}
		return
	}
	x := o.items[e.Key]
	if x == nil {
		return
	}
	switch e.Event {
	case "failed":
		x.Failures++
		x.Next = e.Next
	case "sent":
		if x.Level == subprocessor.Queued {
			x.Level = subprocessor.Sent
		}
		x.Sent = e.At
	case "acknowledged":
		x.Level, x.Acked = subprocessor.Acknowledged, e.At
	case "bounced":
		x.Level, x.Bounced = subprocessor.Bounced, e.At
	}
}

func (o *Outbox) record(e event) error {
	frame, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := o.j.Append(frame); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.apply(e)
	return nil
}

// Enqueue returns when the message is durable. The same message again changes
// nothing; another one under its key is ErrKey.
func (o *Outbox) Enqueue(m subprocessor.Message) error {
	o.deliver.Lock()
	defer o.deliver.Unlock()
	o.mu.Lock()
	x := o.items[m.Key]
	o.mu.Unlock()
	if x != nil {
		if x.message.From != m.From || x.message.To != m.To || !bytes.Equal(x.message.Data, m.Data) {
			return ErrKey
		}
		return nil
	}
	if m.Key == "" {
		return ErrKey
	}
	if err := o.record(event{Event: "queued", Key: m.Key, At: o.opt.Now(), From: m.From, To: m.To, Data: m.Data}); err != nil {
		return err
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return nil
}

// Acknowledge records that the receiver has the message: it is never handed
// over again. The error may be ErrKey.
func (o *Outbox) Acknowledge(key string) error { return o.settle(key, "acknowledged") }

// Bounce records that a message which was accepted came back: it was not
// given. Send another one under another key. The error may be ErrKey.
func (o *Outbox) Bounce(key string) error { return o.settle(key, "bounced") }

func (o *Outbox) settle(key, what string) error {
	o.deliver.Lock()
	defer o.deliver.Unlock()
	x, ok := o.Item(key)
	if !ok {
		return ErrKey
	}
	if x.Level == subprocessor.Acknowledged || x.Level == subprocessor.Bounced && what == "bounced" {
		return nil
	}
	return o.record(event{Event: what, Key: key, At: o.opt.Now()})
}

// Deliver hands over every message that is due, once, in order, and returns
// the time of the next attempt, zero if nothing waits. The error is that of
// the folder or of ctx; those of the sender are recorded.
func (o *Outbox) Deliver(ctx context.Context) (next time.Time, err error) {
	o.deliver.Lock()
	defer o.deliver.Unlock()
	o.mu.Lock()
	keys := slices.Clone(o.order)
	o.mu.Unlock()
	for _, key := range keys {
		x, _ := o.Item(key)
		if x.Level != subprocessor.Queued {
			continue
		}
		now := o.opt.Now()
		if !x.Next.After(now) {
			if err := ctx.Err(); err != nil {
				return next, err
			}
			if err := o.hand(ctx, key); err != nil {
				return next, err
			}
			x, _ = o.Item(key)
		}
		if x.Level == subprocessor.Queued && (next.IsZero() || x.Next.Before(next)) {
			next = x.Next
		}
	}
	return next, nil
}

func (o *Outbox) hand(ctx context.Context, key string) error {
	o.mu.Lock()
	x := o.items[key]
	message, failures := x.message, x.Failures
	o.mu.Unlock()
	err := o.sender.Send(ctx, message)
	e := event{Key: key, At: o.opt.Now()}
	switch {
	case err == nil:
		e.Event = "sent"
	case errors.Is(err, subprocessor.ErrRejected):
		e.Event = "bounced"
	default:
		pause := o.opt.FirstPause
		for range min(failures, 40) {
			pause = min(2*pause, o.opt.LongestPause)
		}
		e.Event, e.Next = "failed", e.At.Add(pause)
	}
	return o.record(e)
}

// Run delivers what is due, and waits for what comes, until ctx is done or the
// folder fails; it returns that error.
func (o *Outbox) Run(ctx context.Context) error {
	for {
		next, err := o.Deliver(ctx)
		if err != nil {
			return err
		}
		wait := 24 * time.Hour
		if !next.IsZero() {
			wait = max(0, next.Sub(o.opt.Now()))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-o.wake:
		case <-timer.C:
		}
		timer.Stop()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Item returns what is known of a message, and whether there is one.
func (o *Outbox) Item(key string) (Item, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x := o.items[key]
	if x == nil {
		return Item{}, false
	}
	return x.Item, true
}

// All returns every message in the order in which they were queued, as they
// are when it begins.
func (o *Outbox) All() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		o.mu.Lock()
		var list []Item
		for _, key := range o.order {
			list = append(list, o.items[key].Item)
		}
		o.mu.Unlock()
		for _, x := range list {
			if !yield(x) {
				return
			}
		}
	}
}

// Close closes the folder. What is queued stays in it.
func (o *Outbox) Close() error { return o.j.Close() }
