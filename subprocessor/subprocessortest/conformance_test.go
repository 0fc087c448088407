package subprocessortest_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	subprocessortest.TestStore(t, func(testing.TB) (subprocessorhttp.Store, func() (subprocessorhttp.Store, error)) {
		return new(subprocessorhttp.MemoryStore), nil
	})
}

// A brokenStore breaks one rule.
type brokenStore struct {
	subprocessorhttp.Store
	fault string
	mu    sync.Mutex
	lost  map[string]bool
}

func (b *brokenStore) Put(ctx context.Context, s subprocessorhttp.Subscription) error {
	old, err := b.Store.Get(ctx, s.ID)
	switch b.fault {
	case "cuts nanoseconds":
		s.Asked = s.Asked.Truncate(time.Microsecond)
	case "lowers addresses":
		s.Address = strings.ToLower(s.Address)
	case "keeps the first":
		if err == nil {
			return nil
		}
	case "merges zero fields":
		if err == nil && s.Confirmed.IsZero() {
			s.Confirmed = old.Confirmed
		}
	case "remembers the gone":
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.lost[s.ID] {
			return nil
		}
	}
	return b.Store.Put(ctx, s)
}

func (b *brokenStore) Get(ctx context.Context, id string) (subprocessorhttp.Subscription, error) {
	s, err := b.Store.Get(ctx, id)
	switch {
	case b.fault == "no error" && err != nil:
		return s, nil
	case b.fault == "another error" && err != nil:
		return s, errors.New("none")
	}
	return s, err
}

func (b *brokenStore) Delete(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost == nil {
		b.lost = make(map[string]bool)
	}
	_, err := b.Store.Get(ctx, id)
	b.lost[id] = true
	switch {
	case b.fault == "wants one to delete" && err != nil:
		return err
	case b.fault == "deletes nothing":
		return nil
	case b.fault == "deletes all":
		for s := range b.Store.All(ctx) {
			_ = b.Store.Delete(ctx, s.ID)
		}
	}
	return b.Store.Delete(ctx, id)
}

func (b *brokenStore) All(ctx context.Context) iter.Seq2[subprocessorhttp.Subscription, error] {
	if b.fault != "confirmed only" {
		return b.Store.All(ctx)
	}
	return func(yield func(subprocessorhttp.Subscription, error) bool) {
		for s, err := range b.Store.All(ctx) {
			if !s.Confirmed.IsZero() && !yield(s, err) {
				return
			}
		}
	}
}

// Each fault is found by the case that states its rule.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	for fault, name := range map[string]string{
		"cuts nanoseconds": "keeps", "lowers addresses": "keeps", "confirmed only": "keeps", "keeps the first": "replaces", "merges zero fields": "replaces",
		"no error": "empty", "another error": "empty", "wants one to delete": "deletes", "deletes nothing": "deletes", "deletes all": "deletes",
		"remembers the gone": "comes-back", "forgets": "reopens", "forgets deletions": "reopens",
	} {
		b := &brokenStore{Store: new(subprocessorhttp.MemoryStore), fault: fault}
		reopen := func() (subprocessorhttp.Store, error) { return b.Store, nil }
		switch fault {
		case "forgets":
			reopen = func() (subprocessorhttp.Store, error) { return new(subprocessorhttp.MemoryStore), nil }
		case "forgets deletions":
			keep := new(subprocessorhttp.MemoryStore)
			b.Store = tee{new(subprocessorhttp.MemoryStore), keep}
			reopen = func() (subprocessorhttp.Store, error) { return keep, nil }
		}
		cases := subprocessortest.StoreCases()
		i := slices.IndexFunc(cases, func(c subprocessortest.StoreCase) bool { return c.Name == name })
		if err := cases[i].Check(t.Context(), b, reopen); err == nil {
			t.Errorf("a store that %s passes %s", fault, name)
		}
	}
}

// tee puts into two stores and deletes from one.
type tee struct {
	subprocessorhttp.Store
	keep subprocessorhttp.Store
}

func (s tee) Put(ctx context.Context, x subprocessorhttp.Subscription) error {
	return errors.Join(s.Store.Put(ctx, x), s.keep.Put(ctx, x))
}

// A box is a sender that keeps what it is given, and breaks one rule.
type box struct {
	mu    sync.Mutex
	fault string
	once  bool
	all   map[string][][]byte
	fail  error
}

func (b *box) Send(ctx context.Context, m subprocessor.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	data := bytes.Clone(m.Data)
	switch b.fault {
	case "aliases":
		data = m.Data
	case "writes":
		m.Data[0] = 'X'
	case "drops":
		return nil
	case "cuts dots":
		data = bytes.ReplaceAll(data, []byte("\r\n.."), []byte("\r\n."))
	case "sends twice":
		b.all[m.Key] = append(b.all[m.Key], data)
	}
	if err := ctx.Err(); err != nil {
		switch b.fault {
		case "ignores the end":
		case "rejects at the end":
			return errors.Join(err, subprocessor.ErrRejected)
		case "sends at the end":
			b.all[m.Key] = append(b.all[m.Key], data)
			return err
		default:
			return err
		}
	}
	if b.fail != nil {
		switch b.fault {
		case "says nothing":
			return nil
		case "never final":
			return errors.New("no")
		case "always final":
			return subprocessor.ErrRejected
		case "takes and refuses":
			b.all[m.Key] = append(b.all[m.Key], data)
		}
		return b.fail
	}
	if len(b.all[m.Key]) > 0 {
		if b.fault == "refuses again" {
			return errors.New("again")
		}
		if b.once && b.fault != "takes again" {
			return nil
		}
	}
	b.all[m.Key] = append(b.all[m.Key], data)
	return nil
}

func under(fault string, once bool) subprocessortest.SenderUnderTest {
	b := &box{fault: fault, once: once, all: make(map[string][][]byte)}
	return subprocessortest.SenderUnderTest{
		Sender: b, Once: once,
		Received: func(key string) [][]byte {
			b.mu.Lock()
			defer b.mu.Unlock()
			return slices.Clone(b.all[key])
		},
		Refuse: func(forGood bool) {
			if b.fail = errors.New("later"); forGood {
				b.fail = subprocessor.ErrRejected
			}
		},
	}
}

func TestSenders(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{false, true} {
		subprocessortest.TestSender(t, func(testing.TB) subprocessortest.SenderUnderTest { return under("", once) })
	}
	for fault, name := range map[string]string{
		"drops": "accepts", "cuts dots": "accepts", "sends twice": "accepts", "aliases": "leaves-alone", "writes": "leaves-alone", "refuses again": "repeats", "takes again": "repeats",
		"ignores the end": "ends", "rejects at the end": "ends", "sends at the end": "ends", "says nothing": "rejects", "never final": "rejects", "takes and refuses": "rejects", "always final": "retries",
	} {
		cases := subprocessortest.SenderCases()
		i := slices.IndexFunc(cases, func(c subprocessortest.SenderCase) bool { return c.Name == name })
		if err := cases[i].Check(t.Context(), under(fault, fault == "takes again")); err == nil {
			t.Errorf("a sender that %s passes %s", fault, name)
		}
	}
}
