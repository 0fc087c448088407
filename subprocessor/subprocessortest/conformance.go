package subprocessortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
)

// A StoreCase checks one rule of the contract of [subprocessorhttp.Store].
type StoreCase struct {
	Name string
	Rule string // what must hold
	run  func(context.Context, subprocessorhttp.Store, func() (subprocessorhttp.Store, error)) error
}

// Check runs the case against an empty store and returns how the store breaks
// the rule, or nil. Reopen closes it and opens what it kept; nil if it keeps
// nothing.
func (c StoreCase) Check(ctx context.Context, s subprocessorhttp.Store, reopen func() (subprocessorhttp.Store, error)) error {
	return c.run(ctx, s, reopen)
}

// TestStore runs every case as a subtest, each against a store that open
// returns, empty, with a way to reopen it or nil.
func TestStore(t *testing.T, open func(testing.TB) (subprocessorhttp.Store, func() (subprocessorhttp.Store, error))) {
	t.Helper()
	for _, c := range StoreCases() {
		t.Run(c.Name, func(t *testing.T) {
			s, reopen := open(t)
			if err := c.Check(t.Context(), s, reopen); err != nil {
				t.Errorf("%v\nrule: %s", err, c.Rule)
			}
		})
	}
}

func subscription(i int) subprocessorhttp.Subscription {
	return subprocessorhttp.Subscription{
		ID: fmt.Sprintf("%064x", i), Address: fmt.Sprintf("Üser.%d+tag@customer.example", i),
		Asked: time.Date(2026, 12, 1, 9, 30, 15, 123456789, time.UTC).Add(time.Duration(i) * time.Second),
	}
}

// same compares instants, not their zones. A nanosecond more or less makes
// another instant: the tokens of links are made of it.
func same(a, b subprocessorhttp.Subscription) bool {
	return a.ID == b.ID && a.Address == b.Address && a.Asked.Equal(b.Asked) && a.Confirmed.Equal(b.Confirmed) && a.Confirmed.IsZero() == b.Confirmed.IsZero()
}

func holds(ctx context.Context, s subprocessorhttp.Store, want ...subprocessorhttp.Subscription) error {
	var all []subprocessorhttp.Subscription
	for got, err := range s.All(ctx) {
		if err != nil {
			return fmt.Errorf("from All: %w", err)
		}
		all = append(all, got)
	}
	if len(all) != len(want) {
		return fmt.Errorf("there are %d subscriptions in All, want %d", len(all), len(want))
	}
	for _, w := range want {
		got, err := s.Get(ctx, w.ID)
		if err != nil {
			return fmt.Errorf("from Get: %w", err)
		}
		if !same(got, w) {
			return fmt.Errorf("from Get came %+v, want %+v", got, w)
		}
		if !slices.ContainsFunc(all, func(x subprocessorhttp.Subscription) bool { return same(x, w) }) {
			return fmt.Errorf("missing in All: %+v", w)
		}
	}
	return nil
}

func put(ctx context.Context, s subprocessorhttp.Store, list ...subprocessorhttp.Subscription) error {
	for _, x := range list {
		if err := s.Put(ctx, x); err != nil {
			return fmt.Errorf("from Put: %w", err)
		}
	}
	return nil
}

// StoreCases returns the rules that a store of subscriptions has to keep.
func StoreCases() []StoreCase {
	type (
		store = subprocessorhttp.Store
		again = func() (subprocessorhttp.Store, error)
	)
	absent := func(ctx context.Context, s store, id string) error {
		if _, err := s.Get(ctx, id); !errors.Is(err, subprocessorhttp.ErrNoSubscription) {
			return fmt.Errorf("one that is not there gives %v, want ErrNoSubscription", err)
		}
		return nil
	}
	return []StoreCase{
		{"empty", "a new store has none, and says so with ErrNoSubscription", func(ctx context.Context, s store, _ again) error {
			return errors.Join(holds(ctx, s), absent(ctx, s, subscription(1).ID))
		}},
		{"keeps", "what was put comes back whole, to the nanosecond", func(ctx context.Context, s store, _ again) error {
			a, b := subscription(1), subscription(2)
			b.Confirmed = b.Asked.Add(time.Minute)
			return errors.Join(put(ctx, s, a, b), holds(ctx, s, a, b), absent(ctx, s, subscription(3).ID))
		}},
		{"replaces", "Put takes the place of the one with the ID, fields that became zero included", func(ctx context.Context, s store, _ again) error {
			a := subscription(1)
			a.Confirmed = a.Asked.Add(time.Minute)
			b := a
			b.Asked, b.Confirmed = b.Asked.Add(time.Hour), time.Time{}
			return errors.Join(put(ctx, s, a, b), holds(ctx, s, b))
		}},
		{"deletes", "Delete removes the one with the ID alone, and need not find it", func(ctx context.Context, s store, _ again) error {
			a, b := subscription(1), subscription(2)
			return errors.Join(put(ctx, s, a, b), s.Delete(ctx, a.ID), s.Delete(ctx, a.ID), absent(ctx, s, a.ID), holds(ctx, s, b))
		}},
		{"comes-back", "who left can subscribe anew", func(ctx context.Context, s store, _ again) error {
			a, b := subscription(1), subscription(1)
			b.Asked = b.Asked.Add(time.Hour)
			return errors.Join(put(ctx, s, a), s.Delete(ctx, a.ID), put(ctx, s, b), holds(ctx, s, b))
		}},
		{"stops", "All can be left early, and the store be changed meanwhile", func(ctx context.Context, s store, _ again) error {
			if err := put(ctx, s, subscription(1), subscription(2), subscription(3)); err != nil {
				return err
			}
			n := 0
			for x, err := range s.All(ctx) {
				if err != nil {
					return err
				}
				if n++; n > 1 {
					break
				}
				if err := s.Delete(ctx, x.ID); err != nil {
					return err
				}
			}
			n = 0
			for range s.All(ctx) {
				n++
			}
			if n != 2 {
				return fmt.Errorf("%d left of 3 of which one was deleted", n)
			}
			return nil
		}},
		{"concurrent", "the methods can be called at once", func(ctx context.Context, s store, _ again) error {
			var list []subprocessorhttp.Subscription
			for i := range 40 {
				list = append(list, subscription(i))
			}
			errs := make([]error, len(list))
			var wg sync.WaitGroup
			for i, x := range list {
				wg.Go(func() {
					_, err := s.Get(ctx, list[(i+1)%len(list)].ID)
					if errors.Is(err, subprocessorhttp.ErrNoSubscription) {
						err = nil
					}
					errs[i] = errors.Join(err, put(ctx, s, x), s.Delete(ctx, fmt.Sprint("none", i)))
				})
			}
			wg.Wait()
			return errors.Join(errors.Join(errs...), holds(ctx, s, list...))
		}},
		{"reopens", "what was put or deleted before a restart is so after it", func(ctx context.Context, s store, reopen again) error {
			if reopen == nil {
				return nil
			}
			a, b, c := subscription(1), subscription(2), subscription(3)
			c.Confirmed = c.Asked.Add(time.Minute)
			if err := errors.Join(put(ctx, s, a, b, c), s.Delete(ctx, a.ID)); err != nil {
				return err
			}
			s, err := reopen()
			if err != nil {
				return err
			}
			return errors.Join(absent(ctx, s, a.ID), holds(ctx, s, b, c))
		}},
	}
}

// A SenderUnderTest is a sender and what can be seen and done behind it.
type SenderUnderTest struct {
	Sender subprocessor.Sender
	// Received returns the data of every message that the other side has under
	// a key, in order.
	Received func(key string) [][]byte
	// Refuse makes the other side refuse everything from now on, for good or
	// for the time being; nil if that cannot be done.
	Refuse func(forGood bool)
	// Once: the other side takes a key one time only.
	Once bool
}

// A SenderCase checks one rule of the contract of [subprocessor.Sender].
type SenderCase struct {
	Name string
	Rule string // what must hold
	run  func(context.Context, SenderUnderTest) error
}

// Check runs the case and returns how the sender breaks the rule, or nil.
func (c SenderCase) Check(ctx context.Context, s SenderUnderTest) error { return c.run(ctx, s) }

// TestSender runs every case as a subtest, each against a sender that open
// returns, with nothing received.
func TestSender(t *testing.T, open func(testing.TB) SenderUnderTest) {
	t.Helper()
	for _, c := range SenderCases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Check(t.Context(), open(t)); err != nil {
				t.Errorf("%v\nrule: %s", err, c.Rule)
			}
		})
	}
}

// Message returns a message that any sender takes, under a key.
func Message(key string) subprocessor.Message {
	m, err := subprocessor.NewMessage(key, "notices@vendor.example", "privacy@customer.example", "Change of a subcontractor", "A change.\n\n.\n..\n.. dots, and a long line: "+string(bytes.Repeat([]byte("x"), 2000))+"\nÄ\n", "<p>A change.</p>", time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC), nil)
	if err != nil {
		panic(err)
	}
	return m
}

// SenderCases returns the rules that a sender has to keep.
func SenderCases() []SenderCase {
	received := func(s SenderUnderTest, m subprocessor.Message, least, most int) error {
		got := s.Received(m.Key)
		if len(got) < least || len(got) > most {
			return fmt.Errorf("%s was received %d times, want %d to %d", m.Key, len(got), least, most)
		}
		for _, data := range got {
			if !bytes.Equal(data, m.Data) {
				return fmt.Errorf("%s was received with other bytes", m.Key)
			}
		}
		return nil
	}
	return []SenderCase{
		{"accepts", "nil means that the other side has the message, byte for byte, before Send returns", func(ctx context.Context, s SenderUnderTest) error {
			m := Message("notice.1")
			if err := s.Sender.Send(ctx, m); err != nil {
				return err
			}
			return received(s, m, 1, 1)
		}},
		{"leaves-alone", "the message is read only, and nothing of it is kept by reference", func(ctx context.Context, s SenderUnderTest) error {
			m, given := Message("notice.1"), Message("notice.1")
			if err := s.Sender.Send(ctx, given); err != nil {
				return err
			}
			if !bytes.Equal(m.Data, given.Data) {
				return errors.New("the bytes that were given are changed")
			}
			clear(given.Data)
			return received(s, m, 1, 1)
		}},
		{"repeats", "the same key again is taken again, or is nil without a second copy", func(ctx context.Context, s SenderUnderTest) error {
			m, most := Message("notice.1"), 2
			if s.Once {
				most = 1
			}
			return errors.Join(s.Sender.Send(ctx, m), s.Sender.Send(ctx, m), received(s, m, 1, most))
		}},
		{"ends", "a context that is done gives an error that is not final, and nothing is handed over", func(ctx context.Context, s SenderUnderTest) error {
			ended, cancel := context.WithCancel(ctx)
			cancel()
			m := Message("notice.1")
			switch err := s.Sender.Send(ended, m); {
			case err == nil:
				return errors.New("no error")
			case errors.Is(err, subprocessor.ErrRejected):
				return errors.New("the error is final")
			}
			return received(s, m, 0, 0)
		}},
		{"rejects", "a refusal for good is ErrRejected, and nothing was received", func(ctx context.Context, s SenderUnderTest) error {
			if s.Refuse == nil {
				return nil
			}
			s.Refuse(true)
			m := Message("notice.1")
			if err := s.Sender.Send(ctx, m); !errors.Is(err, subprocessor.ErrRejected) {
				return fmt.Errorf("%v, want ErrRejected", err)
			}
			return received(s, m, 0, 0)
		}},
		{"retries", "a refusal for the time being is an error, not ErrRejected", func(ctx context.Context, s SenderUnderTest) error {
			if s.Refuse == nil {
				return nil
			}
			s.Refuse(false)
			m := Message("notice.1")
			if err := s.Sender.Send(ctx, m); err == nil || errors.Is(err, subprocessor.ErrRejected) {
				return fmt.Errorf("%v, want an error that is not final", err)
			}
			return received(s, m, 0, 0)
		}},
		{"concurrent", "Send can be called at once", func(ctx context.Context, s SenderUnderTest) error {
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() { errs[i] = s.Sender.Send(ctx, Message(fmt.Sprintf("notice.%d", i))) })
			}
			wg.Wait()
			for i := range errs {
				errs[i] = errors.Join(errs[i], received(s, Message(fmt.Sprintf("notice.%d", i)), 1, 1))
			}
			return errors.Join(errs...)
		}},
	}
}
