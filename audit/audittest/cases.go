package audittest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/baakit/baakit/audit"
)

// Cases returns the cases, in the order in which they build on each other.
func Cases() []Case {
	return []Case{
		{"empty", "a chain that was never appended to has the zero head, no records and no hashes, and is not listed", "", empty},
		{"append", "records come back byte for byte, in order, with their hashes", "", appendOnce},
		{"growth", "appends of different lengths are one chain", "", growth},
		{"from", "Read begins at any number, ends when told and can be repeated", "", from},
		{"stale", "an append at another size than the chain's is ErrConflict and changes nothing", "", stale},
		{"all-or-none", "an append of which one record is refused changes nothing", "", allOrNone},
		{"nothing", "an append of no records compares the size and changes nothing", "", nothing},
		{"isolation", "chains do not touch each other, and are listed sorted", "", isolation},
		{"copies", "neither what was given nor what was returned shares memory with the store", "", copies},
		{"snapshot", "a Read yields what was there when it began, while others append", "", snapshot},
		{"race", "of appends that race for a size one wins", "", race},
		{"cancelled", "a done context ends every method with its error and appends nothing", "", cancelled},
		{"large", "a line of the greatest length and a payload of arbitrary bytes come back", "", large},
		{"reopen", "nothing is different after the store was closed and opened", "reopen", reopen},
		{"reopen-append", "a chain goes on where it was after the store was opened again", "reopen", reopenAppend},
		{"crash", "what was acknowledged is there after a crash", "crash", crash},
		{"log", "a log over the store verifies, and its entries are proven", "", wholeLog},
	}
}

func empty(r *run) error {
	if err := r.holds("a", nil); err != nil {
		return err
	}
	return r.lists()
}

func (r *run) lists(want ...string) error {
	var got []string
	for chain, err := range r.s.Chains(r.ctx) {
		if err != nil {
			return fmt.Errorf("chains: %w", err)
		}
		got = append(got, chain)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("chains: %q, want %q", got, want)
	}
	return nil
}

func appendOnce(r *run) error {
	records := Records("a", 7)
	if err := r.append("a", 0, records); err != nil {
		return err
	}
	return r.holds("a", records)
}

func growth(r *run) error {
	records := Records("a", 40)
	at := 0
	for _, n := range []int{1, 2, 1, 5, 1, 17, 3, 10} {
		if err := r.append("a", at, records[at:at+n]); err != nil {
			return err
		}
		at += n
		if err := r.holds("a", records[:at]); err != nil {
			return err
		}
	}
	return nil
}

func from(r *run) error {
	records := Records("a", 9)
	if err := r.append("a", 0, records); err != nil {
		return err
	}
	for i := range 10 {
		if err := r.reads("a", i, records); err != nil {
			return err
		}
	}
	for range r.s.Read(r.ctx, "a", 20) {
		return errors.New("read behind the end: yields something")
	}
	seq := r.s.Read(r.ctx, "a", 2)
	for range 2 {
		n := 0
		for _, err := range seq {
			if err != nil {
				return err
			}
			if n++; n == 3 {
				break
			}
		}
		if n != 3 {
			return errors.New("read: cannot be ended and repeated")
		}
	}
	return nil
}

func stale(r *run) error {
	records := Records("a", 6)
	if err := r.append("a", 0, records[:3]); err != nil {
		return err
	}
	for _, at := range []int{0, 1, 2, 4, 100} {
		if err := r.append("a", at, records[3:5]); !errors.Is(err, audit.ErrConflict) {
			return fmt.Errorf("append at %d of 3: %w, want ErrConflict", at, orNil(err))
		}
		if err := r.holds("a", records[:3]); err != nil {
			return fmt.Errorf("after a conflict: %w", err)
		}
	}
	if err := r.append("b", 1, Records("b", 2)[1:]); !errors.Is(err, audit.ErrConflict) {
		return fmt.Errorf("append at 1 to an empty chain: %w, want ErrConflict", orNil(err))
	}
	if err := r.lists("a"); err != nil {
		return err
	}
	if err := r.append("a", 3, records[3:]); err != nil {
		return fmt.Errorf("after conflicts: %w", err)
	}
	return r.holds("a", records)
}

func allOrNone(r *run) error {
	records := Records("a", 4)
	if err := r.append("a", 0, records[:1]); err != nil {
		return err
	}
	bad := cloneAll(records[1:])
	bad[2].Line = make([]byte, audit.MaxLine+1)
	for i := range bad[2].Line {
		bad[2].Line[i] = 'x'
	}
	if err := r.append("a", 1, bad); !errors.Is(err, audit.ErrTooLarge) {
		return fmt.Errorf("append of a line that is too long: %w, want ErrTooLarge", orNil(err))
	}
	if err := r.holds("a", records[:1]); err != nil {
		return err
	}
	if err := r.append("a", 1, records[1:]); err != nil {
		return err
	}
	return r.holds("a", records)
}

func nothing(r *run) error {
	if err := r.append("a", 0, nil); err != nil {
		return err
	}
	if err := r.lists(); err != nil {
		return err
	}
	if err := r.append("a", 1, nil); !errors.Is(err, audit.ErrConflict) {
		return fmt.Errorf("append of nothing at a wrong size: %w, want ErrConflict", orNil(err))
	}
	return nil
}

func isolation(r *run) error {
	names := []string{"t/2", "a", "t/10", "t/1", "B"}
	all := make(map[string][]audit.Record)
	for round := range 3 {
		for i, name := range names {
			all[name] = Records(name, (round+1)*(i+1))
			if err := r.append(name, round*(i+1), all[name][round*(i+1):]); err != nil {
				return err
			}
			for _, other := range names {
				if err := r.holds(other, all[other]); err != nil {
					return fmt.Errorf("chain %s after an append to %s: %w", other, name, err)
				}
			}
		}
	}
	slices.Sort(names)
	return r.lists(names...)
}

func copies(r *run) error {
	records := Records("a", 5)
	given := cloneAll(records)
	if err := r.s.Append(r.ctx, "a", 0, given); err != nil {
		return err
	}
	scribble := func(list ...[]byte) {
		for _, b := range list {
			b = b[:cap(b)]
			for i := range b {
				b[i] ^= 0x55
			}
		}
	}
	for _, g := range given {
		scribble(g.Line, g.Sealed)
		clear(g.Hashes)
	}
	if err := r.holds("a", records); err != nil {
		return fmt.Errorf("after the given records were changed: %w", err)
	}
	// The records that are returned belong to the store until the next one;
	// what is returned for good does not.
	h, err := r.s.Head(r.ctx, "a")
	if err != nil {
		return err
	}
	scribble(h.Last)
	hashes, err := r.s.ReadHashes(r.ctx, "a", []int64{0, 1})
	if err != nil {
		return err
	}
	clear(hashes)
	for got, err := range r.s.Read(r.ctx, "a", 0) {
		if err != nil {
			return err
		}
		_ = append(got.Line, "more"...)
		_ = append(got.Sealed, "more"...)
	}
	if err := r.holds("a", records); err != nil {
		return fmt.Errorf("after what was returned was changed: %w", err)
	}
	return nil
}

func snapshot(r *run) error {
	records := Records("a", 300)
	if err := r.append("a", 0, records[:100]); err != nil {
		return err
	}
	n := 0
	for got, err := range r.s.Read(r.ctx, "a", 0) {
		if err != nil {
			return err
		}
		if string(got.Line) != string(records[n].Line) {
			return fmt.Errorf("read while others append: record %d is another", n)
		}
		if n < 100 {
			if err := r.append("a", 100+2*n, records[100+2*n:102+2*n]); err != nil {
				return err
			}
		}
		if n++; n == 300 {
			break
		}
	}
	if n < 100 {
		return fmt.Errorf("read while others append: ends after %d of at least 100", n)
	}
	return r.holds("a", records)
}

func race(r *run) error {
	const writers, size = 8, 48
	records := Records("a", size)
	var group sync.WaitGroup
	wins := make([]int, writers)
	errs := make([]error, writers)
	for w := range writers {
		group.Go(func() {
			for at := range size {
				switch err := r.s.Append(r.ctx, "a", uint64(at), cloneAll(records[at:at+1])); {
				case err == nil:
					wins[w]++
				case !errors.Is(err, audit.ErrConflict):
					errs[w] = err
					return
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	sum := 0
	for _, n := range wins {
		sum += n
	}
	if sum != size {
		return fmt.Errorf("race for %d sizes: %d appends won", size, sum)
	}
	return r.holds("a", records)
}

func cancelled(r *run) error {
	records := Records("a", 3)
	if err := r.append("a", 0, records[:2]); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	if err := r.s.Append(ctx, "a", 2, cloneAll(records[2:])); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("append: %w, want the context's error", orNil(err))
	}
	if _, err := r.s.Head(ctx, "a"); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("head: %w, want the context's error", orNil(err))
	}
	if _, err := r.s.ReadHashes(ctx, "a", []int64{0}); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("read hashes: %w, want the context's error", orNil(err))
	}
	last := errNone
	for _, err := range r.s.Read(ctx, "a", 0) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		return fmt.Errorf("read: %w, want the context's error", orNil(last))
	}
	return r.holds("a", records[:2])
}

func large(r *run) error {
	records := Records("a", 2)
	// A line may be as long as this; the store does not read it, but it is JSON.
	line := append([]byte(`{"chain":"a","fill":"`), slices.Repeat([]byte("x"), audit.MaxLine)...)
	line = append(line[:audit.MaxLine-2], `"}`...)
	sealed := make([]byte, 256<<10)
	for i := range sealed {
		sealed[i] = byte(i * 7)
	}
	var tree audit.Frontier
	tree.Append(nil, audit.LeafHash(records[0].Line))
	records[1] = audit.Record{Line: line, Sealed: sealed, Hashes: tree.Append(nil, audit.LeafHash(line))}
	if err := r.append("a", 0, records); err != nil {
		return err
	}
	return r.holds("a", records)
}

func (r *run) reopen() error {
	s, err := r.opt.Reopen(r.s)
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	r.s = s
	return nil
}

func reopen(r *run) error {
	a, b := Records("a", 9), Records("b", 4)
	if err := errors.Join(r.append("a", 0, a[:5]), r.append("b", 0, b), r.append("a", 5, a[5:])); err != nil {
		return err
	}
	for range 2 {
		if err := r.reopen(); err != nil {
			return err
		}
		if err := errors.Join(r.holds("a", a), r.holds("b", b), r.lists("a", "b")); err != nil {
			return fmt.Errorf("after reopening: %w", err)
		}
	}
	return nil
}

func reopenAppend(r *run) error {
	a := Records("a", 12)
	for at := 0; at < 12; at += 3 {
		if err := r.append("a", at, a[at:at+3]); err != nil {
			return err
		}
		if err := r.reopen(); err != nil {
			return err
		}
		if err := r.append("a", at, a[at:at+3]); !errors.Is(err, audit.ErrConflict) {
			return fmt.Errorf("a stale append after reopening: %w, want ErrConflict", orNil(err))
		}
	}
	return r.holds("a", a)
}

func crash(r *run) error {
	a := Records("a", 20)
	for at := 0; at < 20; at += 4 {
		if err := r.append("a", at, a[at:at+4]); err != nil {
			return err
		}
		s, err := r.opt.Crash(r.s)
		if err != nil {
			return fmt.Errorf("open after the crash: %w", err)
		}
		r.s = s
		if err := r.holds("a", a[:at+4]); err != nil {
			return fmt.Errorf("after the crash: %w", err)
		}
	}
	return nil
}

func wholeLog(r *run) error {
	l, err := audit.New(r.ctx, r.s, audit.Config{Origin: "audittest.example", Sealer: audit.Unencrypted{}})
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	errs := make([]error, 4)
	for w := range errs {
		group.Go(func() {
			for i := range 20 {
				if _, err := l.Append(r.ctx, fmt.Sprintf("t/%d", i%2), audit.Event{
					Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-1"}, ObjectID: "o-1",
				}); err != nil {
					errs[w] = err
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	reports, err := audit.VerifyAll(r.ctx, r.s, &audit.VerifyOptions{Origin: "audittest.example"})
	if err != nil {
		return err
	}
	if len(reports) != 3 || reports[1].Size != 40 || reports[2].Size != 40 {
		return errors.New("verify: not all entries are there")
	}
	c := audit.Checkpoint{Size: 40, Root: reports[1].Root}
	for e, err := range l.Entries(r.ctx, "t/0", 0) {
		if err != nil {
			return err
		}
		p, err := audit.Prove(r.ctx, r.s, "t/0", e.Seq, c)
		if err != nil {
			return err
		}
		if err := p.Check(c, e.Line); err != nil {
			return err
		}
	}
	return nil
}
