package audit

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/baakit/baakit"
	"golang.org/x/mod/sumdb/tlog"
)

// System is the chain that a log keeps of itself: the checkpoints of all other
// chains, and when recording started and stopped. Nothing else can be
// appended to it.
const System = "system"

// A Config is what [New] makes a [Log] of. Only Origin is required.
type Config struct {
	// Origin names the log for ever and everywhere, as a host name and a path
	// without a scheme: "audit.example.com". A chain's own origin, which its
	// first line and its checkpoints carry, is Origin, a slash and its name.
	Origin string

	// Sealer seals what is sensitive. If nil, events with a sealed part are
	// refused with ErrNoSealer.
	Sealer Sealer

	// Signer signs checkpoints. If nil, [Log.Checkpoint] and publishing are
	// refused with ErrNoSigner.
	Signer *Signer

	// Allow names fields, such as "actor.id", that may have the shape of
	// personal data: a national provider identifier has that of a telephone
	// number. Allowed values can never be erased.
	Allow []string

	// Publisher, if not nil, is given the checkpoints of the system chain as
	// often as Cadence says. It requires a Signer.
	Publisher Publisher

	// Cadence says when a checkpoint is due; its zero value is the default.
	Cadence Cadence

	// OnPublishError, if not nil, is told each time that a checkpoint could
	// not be made or published. The next entry tries again.
	OnPublishError func(error)

	// Trace, if not nil, returns the trace and span under way in a context, as
	// a tracer knows them. They are put into Request of every event that has
	// no trace of its own. A value that is no identifier is left out: a
	// tracer must not keep an access from being logged.
	Trace func(context.Context) (trace, span string)

	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// Rand gives the salts; nil means crypto/rand. It is read by one caller
	// at a time.
	Rand io.Reader
}

// A Log appends events to the chains of a store. Several logs, in one process
// or in many, may share a store that allows it. Its methods are safe for
// concurrent use; appends to one chain that arrive together are stored
// together.
type Log struct {
	store Store
	opt   Config
	rand  sync.Mutex

	mu     sync.Mutex
	chains map[string]*writer
	closed bool
	active sync.WaitGroup

	cadence cadence
}

// A Receipt says where an event is in the log now, durably.
type Receipt struct {
	Chain string
	Seq   uint64
	Leaf  tlog.Hash
}

// New returns a log over a store and records in the system chain that
// recording started (45 CFR 170.315(d)(2) has changes of the log's status
// recorded). Its errors are [baakit.FieldErrors] of wrong options, and those
// of an append.
func New(ctx context.Context, store Store, opt Config) (*Log, error) {
	var errs baakit.FieldErrors
	if !ValidChain(opt.Origin) || len(opt.Origin) > MaxChainName {
		errs.Add("origin", "is required: letters, digits and . _ : / @ -")
	}
	if opt.Publisher != nil && opt.Signer == nil {
		errs.Add("signer", "is required by a publisher")
	}
	if opt.Cadence.Entries < 0 || opt.Cadence.Every < 0 {
		errs.Add("cadence", "must not be negative")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Rand == nil {
		opt.Rand = bufio.NewReaderSize(rand.Reader, 32*SaltSize) // each call of the system costs
	}
	l := &Log{store: store, opt: opt, chains: make(map[string]*writer)}
	l.cadence.start(opt)
	if err := l.status(ctx, AuditStarted); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Log) status(ctx context.Context, s Subtype) error {
	_, err := l.appendSystem(ctx, []Event{{
		Type: SecurityAlert, Subtype: []Subtype{s}, Action: ActionExecute, Outcome: Success, Actor: Actor{ID: "audit", Kind: "service"},
	}})
	return err
}

// Configured records in the system chain that a setting of the log or of the
// system that it watches was changed: what is a code, never a value.
func (l *Log) Configured(ctx context.Context, by Actor, what string) (Receipt, error) {
	return first(l.append(ctx, System, nil, []Event{{
		Type: SecurityAlert, Subtype: []Subtype{SecurityConfig}, Action: ActionUpdate, Outcome: Success, Actor: by, Object: Object{Type: what},
	}}))
}

// Append appends one event and returns when it is durable. Its errors are
// those of [Log.AppendAt] except ErrConflict.
func (l *Log) Append(ctx context.Context, chain string, e Event) (Receipt, error) {
	if err := userChain(chain); err != nil {
		return Receipt{}, err
	}
	return first(l.append(ctx, chain, nil, []Event{e}))
}

func first(list []Receipt, err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, err
	}
	return list[0], nil
}

// AppendAll appends events in order and without a gap, all of them or none.
// Its errors are those of [Log.AppendAt] except ErrConflict.
func (l *Log) AppendAll(ctx context.Context, chain string, events ...Event) ([]Receipt, error) {
	if err := userChain(chain); err != nil {
		return nil, err
	}
	return l.append(ctx, chain, nil, events)
}

// AppendAt does what AppendAll does if the chain's size is still size, and
// fails with [ErrConflict] otherwise: of two commands that were decided on one
// state, one lands.
//
// Its other errors are a [baakit.FieldErrors] of a chain or event that is
// refused, with the fields of the n-th of several events under "[n]";
// [ErrTooLarge], [ErrNoSealer] and errors of the sealer; [ErrClosed]; those of
// the store, such as [ErrFailed], [ErrFull] and [ErrReadOnly]; and the
// context's. After ErrFailed, and with [ErrUncertain], the events may have been
// appended; after any other error they were not.
func (l *Log) AppendAt(ctx context.Context, chain string, size uint64, events ...Event) ([]Receipt, error) {
	if err := userChain(chain); err != nil {
		return nil, err
	}
	return l.append(ctx, chain, &size, events)
}

func userChain(chain string) error {
	if chain == System {
		return baakit.FieldErrors{{Path: "chain", Rule: "must not be the log's own"}}
	}
	if !ValidChain(chain) {
		return baakit.FieldErrors{{Path: "chain", Rule: "must be a chain's name"}}
	}
	return nil
}

func (l *Log) append(ctx context.Context, chain string, at *uint64, events []Event) ([]Receipt, error) {
	if err := l.enter(); err != nil {
		return nil, err
	}
	defer l.active.Done()
	receipts, err := l.put(ctx, chain, at, events)
	if err == nil && chain != System {
		l.due(len(events))
	}
	return receipts, err
}

// enter counts an append as under way, unless the log is closed.
func (l *Log) enter() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.active.Add(1)
	return nil
}

// appendSystem is how the log itself appends, while it is closing too.
func (l *Log) appendSystem(ctx context.Context, events []Event) ([]Receipt, error) {
	return l.put(ctx, System, nil, events)
}

func (l *Log) put(ctx context.Context, chain string, at *uint64, events []Event) ([]Receipt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	events = l.traced(ctx, events)
	var errs baakit.FieldErrors
	if len(events) == 0 {
		errs.Add("", "must be at least one event")
	}
	for i := range events {
		err := events[i].Validate(l.opt.Allow...)
		if len(events) == 1 {
			errs.Merge("", err)
		} else if err != nil {
			errs.Merge(fmt.Sprintf("[%d]", i), err)
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	r := &request{at: at}
	r.items, r.receipts = r.one[:0], r.oneReceipt[:]
	if len(events) > 1 {
		r.items, r.receipts = make([]item, 0, len(events)), make([]Receipt, len(events))
	}
	for i := range events {
		item, err := l.prepare(ctx, chain, &events[i])
		if err != nil {
			return nil, err
		}
		r.items = append(r.items, item)
	}
	w := l.writer(chain)
	if err := w.submit(ctx, r); err != nil {
		return nil, err
	}
	return r.receipts, nil
}

// traced returns the events with the trace that is under way in ctx.
func (l *Log) traced(ctx context.Context, events []Event) []Event {
	if l.opt.Trace == nil {
		return events
	}
	trace, span := l.opt.Trace(ctx)
	if !l.fits("request.trace", trace) {
		return events
	}
	if !l.fits("request.span", span) {
		span = ""
	}
	events = slices.Clone(events) // they are the caller's
	for i := range events {
		if r := &events[i].Request; r.Trace == "" {
			r.Trace, r.Span = trace, span
		}
	}
	return events
}

// fits tells whether the clear field may have the value.
func (l *Log) fits(path, id string) bool {
	return identifierSet.holds(id) && (shapeOf(id) == "" || slices.Contains(l.opt.Allow, path))
}

// prepare does everything that needs no place in the chain. One buffer holds
// what the commitment hashes and, behind it, the draft of the line.
func (l *Log) prepare(ctx context.Context, chain string, e *Event) (item, error) {
	it := item{}
	b := make([]byte, 0, 576)
	var subject, seal []byte
	if e.HasSealed() {
		if l.opt.Sealer == nil {
			return it, ErrNoSealer
		}
		s, err := l.opt.Sealer.Sealing(ctx, chain, e.Patient)
		if err != nil {
			return it, err
		}
		it.sealing = s
		b = append(b, sealDomain...)
		b = b[:len(b)+SaltSize]
		l.rand.Lock()
		_, err = io.ReadFull(l.opt.Rand, b[len(sealDomain):])
		l.rand.Unlock()
		if err != nil {
			return it, fmt.Errorf("audit: salt: %w", err)
		}
		if b, err = e.appendSealed(b); err != nil {
			return it, baakit.FieldErrors{{Path: "payload", Rule: "must have a canonical form (RFC 8785)"}}
		}
		if len(b) > MaxSealed-1024 { // room for what a sealer adds
			return it, ErrTooLarge
		}
		it.payload = b[len(sealDomain):len(b):len(b)]
		sum := sha256.Sum256(b)
		seal = sum[:]
		if token, ok := s.Subject(); ok {
			subject = token[:]
		}
	}
	it.draft.text = b
	it.draft.encode(chain, e, subject, seal)
	if len(it.draft.text)+128 > MaxLine {
		return it, ErrTooLarge
	}
	return it, nil
}

// writer returns the writer of a chain.
func (l *Log) writer(chain string) *writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.chains[chain]
	if w == nil {
		w = &writer{store: l.store, chain: chain, origin: l.Origin(chain), now: l.opt.Now}
		l.chains[chain] = w
	}
	return w
}

// Origin returns the origin of a chain's first line and checkpoints.
func (l *Log) Origin(chain string) string { return l.opt.Origin + "/" + chain }

// Store returns the store that the log writes to.
func (l *Log) Store() Store { return l.store }

// Head returns the size of a chain and its last entry; of a chain without
// entries the size 0. Its errors are those of the store, and [ErrTampered] if
// the last line is none.
func (l *Log) Head(ctx context.Context, chain string) (size uint64, last Entry, err error) {
	h, err := l.store.Head(ctx, chain)
	if err != nil || h.Size == 0 {
		return 0, Entry{}, err
	}
	last, err = ParseLine(h.Last)
	if err != nil {
		return 0, Entry{}, fmt.Errorf("%w: %w", ErrTampered, err)
	}
	return h.Size, last, nil
}

// Entries returns the entries of a chain from a number on, in order; of a
// chain without entries nothing. An error is the last pair: one of the store,
// or [ErrTampered] for a line that is none. Links are not checked: that is
// what [Verify] does. It may be ranged over again.
func (l *Log) Entries(ctx context.Context, chain string, from uint64) iter.Seq2[Entry, error] {
	return Entries(ctx, l.store, chain, from)
}

// Entries is [Log.Entries] of a store that nobody writes to through a log.
func Entries(ctx context.Context, s Store, chain string, from uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for r, err := range s.Read(ctx, chain, from) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			// The store's bytes end with the iteration, the entry's do not.
			e, err := ParseLine(append([]byte(nil), r.Line...))
			if err != nil {
				yield(Entry{}, fmt.Errorf("%w: %w", ErrTampered, err))
				return
			}
			e.Sealed = append([]byte(nil), r.Sealed...)
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Open returns the entry with the sealed part of its event. Its errors are
// [ErrErased] if that is gone, [ErrSealed] if it is not what the line commits
// to, [ErrNoSealer], and those of the sealer. An entry without a sealed part
// comes back as it is.
func (l *Log) Open(ctx context.Context, e Entry) (Entry, error) {
	return OpenEntry(ctx, l.opt.Sealer, e)
}

// OpenEntry is [Log.Open] with a sealer of the caller's.
func OpenEntry(ctx context.Context, s Sealer, e Entry) (Entry, error) {
	switch {
	case e.Seal == "":
		return e, nil
	case len(e.Sealed) == 0:
		return Entry{}, ErrErased
	case s == nil:
		return Entry{}, ErrNoSealer
	}
	payload, err := s.Open(ctx, e.Chain, e.Leaf, e.Sealed)
	if err != nil {
		return Entry{}, err
	}
	return e.OpenPayload(payload)
}

// Close refuses further appends, waits for those under way, records that
// recording stopped and, if there is a publisher, publishes a last checkpoint.
// The store stays open. Its errors are those of an append and of
// [Log.Publish]; closing again returns [ErrClosed].
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return ErrClosed
	}
	l.active.Wait()
	err := l.status(ctx, AuditStopped)
	return errors.Join(err, l.cadence.stop(ctx, l))
}
