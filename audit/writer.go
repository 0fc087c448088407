package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A writer appends to one chain. Requests that arrive while others are being
// stored wait, and are stored together by the first of them: a leader without
// a timer. It keeps the end of the chain, so that a line can be linked without
// asking the store, and forgets it after any error.
type writer struct {
	store  Store
	chain  string
	origin string
	now    func() time.Time

	mu    sync.Mutex
	queue []*request
	busy  bool // somebody leads

	// Of the leader only.
	known  bool
	ends   [2]end // as stored, and as it will be
	cur    int    // which of them is as stored
	group  []*request
	recs   []Record
	hashes []tlog.Hash
	lines  []byte
}

// An end is where the next line of a chain goes.
type end struct {
	tree Frontier
	leaf tlog.Hash
	time time.Time
}

// An item is one event on its way.
type item struct {
	draft   draft
	sealing Sealing
	payload []byte // salt and sealed part
}

// A request is events that go in together.
type request struct {
	at         *uint64
	items      []item
	one        [1]item
	receipts   []Receipt
	oneReceipt [1]Receipt
	err        error
	refused    error     // by the sealer
	wake       chan bool // true: stored or failed; false: lead
	taken      bool      // by a leader; of writer.mu
	leads      bool      // of writer.mu
}

const (
	maxGroup  = 4096    // requests stored together
	maxRetry  = 100     // times that other writers may come first
	lineSlack = 1 << 20 // bytes of lines that are kept for the next group
)

// submit returns when the request is stored or has failed, or ctx is done.
func (w *writer) submit(ctx context.Context, r *request) error {
	w.mu.Lock()
	if !w.busy {
		w.busy, r.leads = true, true
	} else {
		r.wake = make(chan bool, 1)
	}
	w.queue = append(w.queue, r)
	leads := r.leads
	w.mu.Unlock()
	if !leads {
		select {
		case done := <-r.wake:
			if done {
				return r.err
			}
		case <-ctx.Done():
			return w.leave(r, ctx.Err())
		}
	}
	// Others' requests are in the group too: nobody's context may end it.
	w.lead(context.Background())
	return r.err
}

// leave takes a request back that nobody has begun to store.
func (w *writer) leave(r *request, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.taken {
		select {
		case <-r.wake: // just done
			return r.err
		default:
			return fmt.Errorf("%w: %w", ErrUncertain, err)
		}
	}
	w.queue = slices.DeleteFunc(w.queue, func(q *request) bool { return q == r })
	if r.leads {
		w.pass()
	}
	return err
}

// pass makes the first of the queue the leader. w.mu is held.
func (w *writer) pass() {
	if len(w.queue) == 0 {
		w.busy = false
		return
	}
	w.queue[0].leads = true
	w.queue[0].wake <- false
}

// lead stores the requests that wait.
func (w *writer) lead(ctx context.Context) {
	w.mu.Lock()
	n := min(len(w.queue), maxGroup)
	w.group = append(w.group[:0], w.queue[:n]...)
	w.queue = slices.Delete(w.queue, 0, n)
	for _, r := range w.group {
		r.taken = true
	}
	w.mu.Unlock()

	w.storeGroup(ctx)

	w.mu.Lock()
	for i, r := range w.group {
		if r.wake != nil {
			r.wake <- true
		}
		w.group[i] = nil
	}
	w.pass()
	w.mu.Unlock()
}

// storeGroup stores the group, again after each time that another writer was
// faster, and gives every request its result.
func (w *writer) storeGroup(ctx context.Context) {
	for range maxRetry {
		remembered := w.known
		err := w.load(ctx)
		next := &w.ends[1-w.cur]
		*next = w.ends[w.cur]
		size := next.tree.Size()
		if err == nil {
			w.recs, w.hashes, w.lines = w.recs[:0], w.hashes[:0], w.lines[:0]
			stale := false
			for i := 0; i < len(w.group); i++ {
				r := w.group[i]
				if r.refused != nil {
					r.err = r.refused
					continue
				}
				if r.err = w.link(r, next); r.refused != nil {
					// A part of it is linked: begin again without it.
					*next, i = w.ends[w.cur], -1
					w.recs, w.hashes, w.lines = w.recs[:0], w.hashes[:0], w.lines[:0]
					continue
				}
				stale = stale || r.err != nil && errors.Is(r.err, ErrConflict)
			}
			if stale && remembered {
				// Another writer may have made that size true.
				w.known = false
				continue
			}
			if len(w.recs) == 0 {
				return
			}
			err = w.store.Append(ctx, w.chain, size, w.recs)
		}
		if cap(w.lines) > lineSlack {
			w.lines = nil
		}
		if err == nil {
			w.cur = 1 - w.cur
			return
		}
		w.known = false
		if errors.Is(err, ErrConflict) {
			continue
		}
		w.fail(err)
		return
	}
	w.fail(ErrConflict)
}

func (w *writer) fail(err error) {
	for _, r := range w.group {
		if r.err == nil {
			r.err = err
		}
	}
}

// load reads the end of the chain if it is not known.
func (w *writer) load(ctx context.Context) error {
	for _, r := range w.group {
		r.err = nil
	}
	if w.known {
		return nil
	}
	h, err := w.store.Head(ctx, w.chain)
	if err != nil {
		return err
	}
	now := &w.ends[w.cur]
	*now = end{leaf: GenesisHash(w.origin)}
	if h.Size > 0 {
		last, err := ParseLine(h.Last)
		if err != nil || last.Seq != h.Size-1 || last.Chain != w.chain {
			return fmt.Errorf("%w: the last line of the chain is not its last", ErrTampered)
		}
		now.leaf, now.time = last.Leaf, last.Time
		if now.tree, err = FrontierAt(h.Size, HashReader(ctx, w.store, w.chain)); err != nil {
			return err
		}
	}
	w.known = true
	return nil
}

// link gives the lines of a request their place behind next and adds them to
// the records. If the sealer refuses one, the request is refused for good.
func (w *writer) link(r *request, next *end) error {
	if r.at != nil && *r.at != next.tree.Size() {
		return ErrConflict
	}
	now := w.now().UTC().Truncate(time.Microsecond)
	if now.Before(next.time) {
		now = next.time
	}
	for i := range r.items {
		it := &r.items[i]
		seq := next.tree.Size()
		start := len(w.lines)
		w.lines = append(w.lines, 0)
		w.lines = it.draft.appendLine(w.lines, next.leaf, seq, now)
		line := w.lines[start+1 : len(w.lines) : len(w.lines)]
		leaf := leafOf(w.lines[start:])
		rec := Record{Line: line}
		if it.sealing != nil {
			sealed, err := it.sealing.Seal(leaf, it.payload)
			if err == nil && len(sealed) > MaxSealed {
				err = ErrTooLarge
			}
			if err != nil {
				r.refused = err
				return err
			}
			rec.Sealed = sealed
		}
		from := len(w.hashes)
		w.hashes = next.tree.Append(w.hashes, leaf)
		rec.Hashes = w.hashes[from:len(w.hashes):len(w.hashes)]
		w.recs = append(w.recs, rec)
		next.leaf, next.time = leaf, now
		r.receipts[i] = Receipt{w.chain, seq, leaf}
	}
	return nil
}
