package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/jcs"
)

// The folders of a story. What is in elsewhere would be on other machines in
// earnest: who can write to the log must reach neither the keys nor the
// checkpoints.
const (
	logFolder        = "log"
	keysFolder       = "elsewhere/keys"
	checkpointFolder = "elsewhere/checkpoints"

	origin = "audit.fernhill.example"
)

// A storyLog is the audit log of the story. Each act has a chain of domain
// events; a story that is told again on the same folder meets its events
// again: what is there is read back, what is not is made and appended. So a
// story that was killed goes on where it was, with no event lost and none
// twice.
type storyLog struct {
	dir    string // "" in memory
	keys   *keys
	store  store
	log    *audit.Log // nil until this telling appends something
	chains map[string][]logged
	met    map[string]int // events of a chain that this telling has met
	closed bool

	mu  sync.Mutex
	now time.Time // of the story
}

// A store is what the story needs of a store of the log.
type store interface {
	audit.Store
	Close() error
}

// A logged is a domain event as it is kept.
type logged struct {
	Kind    string
	Payload json.RawMessage
}

// openStoryLog opens the log in the story's folder and reads its events. It
// appends nothing.
func openStoryLog(ctx context.Context, dir string) (*storyLog, error) {
	l := &storyLog{dir: dir, chains: make(map[string][]logged), met: make(map[string]int)}
	store, err := auditfile.Open(filepath.Join(dir, logFolder), &auditfile.Options{Full: true})
	if errors.Is(err, audit.ErrLocked) {
		return nil, errors.New("another run of the story has this folder")
	}
	if err != nil {
		return nil, err
	}
	l.store = store
	if l.keys, err = openKeys(filepath.Join(dir, keysFolder), l.empty(ctx)); err == nil {
		err = l.verify(ctx)
	}
	if err == nil {
		err = l.read(ctx, store)
	}
	if err != nil {
		return nil, errors.Join(err, l.shut())
	}
	return l, nil
}

// verify refuses to go on from a log that is not what the checkpoints say that
// were kept elsewhere.
func (l *storyLog) verify(ctx context.Context) error {
	opt, err := l.keptElsewhere()
	if err == nil {
		_, err = audit.VerifyAll(ctx, l.store, opt)
	}
	return err
}

// keptElsewhere is what is kept apart from the log: the key and the
// checkpoints.
func (l *storyLog) keptElsewhere() (*audit.VerifyOptions, error) {
	opt := &audit.VerifyOptions{Origin: origin, Verifier: l.keys.signer.Verifier()}
	names, err := filesOf(filepath.Join(l.dir, checkpointFolder), "checkpoint.", "")
	if err != nil {
		return opt, err
	}
	for _, name := range names {
		note, err := os.ReadFile(name)
		if err != nil {
			return opt, err
		}
		opt.Checkpoints = append(opt.Checkpoints, note)
	}
	return opt, nil
}

// shut lets everything go.
func (l *storyLog) shut() error {
	if l.keys == nil {
		return l.store.Close()
	}
	return errors.Join(l.store.Close(), l.keys.close())
}

// rehearsalLog is a log in memory, with keys that nobody keeps.
func rehearsalLog() (*storyLog, error) {
	k, err := rehearsalKeys()
	return &storyLog{keys: k, store: audit.NewMemory(), chains: make(map[string][]logged), met: make(map[string]int)}, err
}

func (l *storyLog) empty(ctx context.Context) bool {
	for range l.store.Chains(ctx) {
		return false
	}
	return true
}

// read reads the domain events of all chains.
func (l *storyLog) read(ctx context.Context, store audit.Store) error {
	for chain, err := range store.Chains(ctx) {
		if err != nil {
			return err
		}
		for e, err := range audit.Entries(ctx, store, chain, 0) {
			if err != nil {
				return err
			}
			if e.Event.Kind == "" {
				continue // an access, or an entry of the log's own
			}
			if e, err = audit.OpenEntry(ctx, l.keys.sealer, e); err != nil {
				return fmt.Errorf("entry %d of chain %s: %w", e.Seq, chain, err)
			}
			l.chains[chain] = append(l.chains[chain], logged{e.Event.Kind, e.Event.Payload})
		}
	}
	return nil
}

// clock is the clock of the log: the story's time, set by who appends.
func (l *storyLog) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *storyLog) setClock(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = now
}

// open begins recording, if this telling has not yet: the log notes that.
func (l *storyLog) open(ctx context.Context) (*audit.Log, error) {
	if l.log != nil {
		return l.log, nil
	}
	opt := audit.Config{Origin: origin, Sealer: l.keys.sealer, Signer: l.keys.signer, Now: l.clock}
	if l.dir != "" {
		opt.Publisher = audit.Folder(filepath.Join(l.dir, checkpointFolder))
	}
	log, err := audit.New(ctx, l.store, opt)
	if err != nil {
		return nil, err
	}
	l.log = log
	return log, nil
}

// next returns the next event of a chain, from the log or, after it was
// appended durably at this very place, from make.
func (l *storyLog) next(ctx context.Context, at time.Time, chain, kind string, make func() (audit.Event, error)) (json.RawMessage, error) {
	n := l.met[chain]
	if n < len(l.chains[chain]) {
		e := l.chains[chain][n]
		if e.Kind != kind {
			return nil, fmt.Errorf("event %d of chain %s in the log is %s, and the story has come to %s: the log is of another case", n+1, chain, e.Kind, kind)
		}
		l.met[chain] = n + 1
		return e.Payload, nil
	}
	made, err := make()
	if err != nil {
		return nil, err
	}
	if made.Payload, err = jcs.Canonicalize(made.Payload); err != nil { // as it is read back
		return nil, err
	}
	made.Kind, made.Occurred = kind, at
	l.setClock(at)
	log, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := log.AppendAt(ctx, chain, uint64(n), made); err != nil {
		return nil, err
	}
	l.chains[chain] = append(l.chains[chain], logged{kind, made.Payload})
	l.met[chain] = n + 1
	return made.Payload, nil
}

// has reports whether a chain has an event of a kind with a text as its payload.
func (l *storyLog) has(chain, kind, text string) bool {
	for _, e := range l.chains[chain] {
		var payload string
		if e.Kind == kind && json.Unmarshal(e.Payload, &payload) == nil && payload == text {
			return true
		}
	}
	return false
}

// past returns the events of a chain that this telling has met.
func (l *storyLog) past(chain string) []logged { return l.chains[chain][:l.met[chain]] }

// checkpoint has a checkpoint published, if this telling appended something.
func (l *storyLog) checkpoint(ctx context.Context) error {
	if l.log == nil || l.closed {
		return nil
	}
	_, err := l.log.Publish(ctx)
	return err
}

// finish ends the recording with a checkpoint that covers everything. Where
// this telling appended nothing it only makes sure that there is one: the
// telling before may have been killed just before that.
func (l *storyLog) finish(ctx context.Context) error {
	if l.closed {
		return nil
	}
	l.closed = true
	return errors.Join(l.settle(ctx), l.store.Close())
}

func (l *storyLog) settle(ctx context.Context) error {
	if l.log == nil {
		covered, err := l.covered(ctx)
		if err != nil || covered {
			return err
		}
		_, last, err := l.head(ctx, audit.System)
		if err != nil {
			return err
		}
		l.setClock(last.Time)
		if _, err := l.open(ctx); err != nil {
			return err
		}
	}
	return l.log.Close(ctx)
}

func (l *storyLog) head(ctx context.Context, chain string) (uint64, audit.Entry, error) {
	h, err := l.store.Head(ctx, chain)
	if err != nil || h.Size == 0 {
		return 0, audit.Entry{}, err
	}
	last, err := audit.ParseLine(h.Last)
	return h.Size, last, err
}

// entry returns one entry of a chain.
func (l *storyLog) entry(ctx context.Context, chain string, seq uint64) (audit.Entry, error) {
	for e, err := range audit.Entries(ctx, l.store, chain, seq) {
		return e, err
	}
	return audit.Entry{}, audit.ErrOutOfRange
}

// covered reports whether the last checkpoint that was published covers every
// entry.
func (l *storyLog) covered(ctx context.Context) (bool, error) {
	sizes := make(map[string]uint64)
	stopped := false
	for e, err := range audit.Entries(ctx, l.store, audit.System, 0) {
		if err != nil {
			return false, err
		}
		if chain, size, _, ok := e.Checkpoint(); ok {
			sizes[chain] = size
		} else {
			stopped = len(e.Event.Subtype) == 1 && e.Event.Subtype[0] == audit.AuditStopped
		}
		sizes[audit.System] = e.Seq + 1
	}
	names, err := filesOf(filepath.Join(l.dir, checkpointFolder), "checkpoint.", "")
	if err != nil || len(names) == 0 || !stopped {
		return false, err
	}
	last := names[len(names)-1]
	published, err := strconv.ParseUint(strings.TrimLeft(filepath.Ext(last)[1:], "0"), 10, 64)
	if err != nil || published != sizes[audit.System] {
		return false, nil //nolint:nilerr // a file of another name is no checkpoint
	}
	for chain, err := range l.store.Chains(ctx) {
		if err != nil {
			return false, err
		}
		h, err := l.store.Head(ctx, chain)
		if err != nil || h.Size != sizes[chain] {
			return false, err
		}
	}
	return true, nil
}

// record makes the next event of a chain happen once over all tellings on the
// folder, at an instant of the story, and returns it as it is in the log.
// Whatever is random or comes from outside has to come out of make.
func record[T any](ctx context.Context, s *stage, at time.Time, chain, kind string, make func() (T, error)) (T, error) {
	var e T
	payload, err := recordEvent(ctx, s, at, chain, kind, func() (audit.Event, error) {
		made, err := make()
		if err != nil {
			return audit.Event{}, err
		}
		payload, err := json.Marshal(made)
		return audit.Event{Payload: payload}, err
	})
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return e, fmt.Errorf("event %s of chain %s: %w", kind, chain, err)
	}
	return e, nil
}

// recordEvent is record of an event that says more than its payload.
func recordEvent(ctx context.Context, s *stage, at time.Time, chain, kind string, make func() (audit.Event, error)) (json.RawMessage, error) {
	return s.log.next(ctx, at, chain, kind, make)
}
