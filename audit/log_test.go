package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// model is what a log should hold, kept in the plainest way.
type model struct {
	store       *audit.Memory
	logs        []*audit.Log // open beside each other over one store
	now         time.Time
	chains      map[string][]string // the actors, in order
	receipts    map[string][]audit.Receipt
	lines       map[string][]string // as first read
	checkpoints []audit.Checkpoint
}

func (m *model) open(t *rapid.T) {
	s, err := audit.NewSigner(goldenKey())
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.New(context.Background(), m.store, audit.Config{
		Origin: origin, Signer: s, Sealer: audit.Unencrypted{}, Now: func() time.Time { return m.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	m.logs = append(m.logs, l)
}

func (m *model) log(t *rapid.T) *audit.Log {
	return m.logs[rapid.IntRange(0, len(m.logs)-1).Draw(t, "log")]
}

func chainName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c/d"}).Draw(t, "chain")
}

func someEvents(t *rapid.T) (list []audit.Event, actors []string) {
	for _, id := range rapid.SliceOfN(identifier(), 1, 5).Draw(t, "actors") {
		e := access()
		e.Actor.ID = id
		list, actors = append(list, e), append(actors, id)
	}
	return list, actors
}

func (m *model) landed(t *rapid.T, chain string, receipts []audit.Receipt, actors []string) {
	for i, r := range receipts {
		if want := uint64(len(m.chains[chain]) + i); r.Seq != want || r.Chain != chain {
			t.Fatalf("receipt %+v, want seq %d", r, want)
		}
	}
	m.chains[chain] = append(m.chains[chain], actors...)
	m.receipts[chain] = append(m.receipts[chain], receipts...)
}

// I1, I2, I3, I11, I15: whatever is done, by several logs over one store, each
// chain is the list of what was acknowledged, in order, unchanged; its times
// never go back; it verifies against every checkpoint ever signed, and every
// two of those are consistent.
func TestLogModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			store: audit.NewMemory(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
			chains: map[string][]string{}, receipts: map[string][]audit.Receipt{}, lines: map[string][]string{},
		}
		ctx := context.Background()
		m.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				chain := chainName(t)
				list, actors := someEvents(t)
				r, err := m.log(t).Append(ctx, chain, list[0])
				if err != nil {
					t.Fatal(err)
				}
				m.landed(t, chain, []audit.Receipt{r}, actors[:1])
			},
			"append all": func(t *rapid.T) {
				chain := chainName(t)
				list, actors := someEvents(t)
				r, err := m.log(t).AppendAll(ctx, chain, list...)
				if err != nil {
					t.Fatal(err)
				}
				m.landed(t, chain, r, actors)
			},
			"append at": func(t *rapid.T) {
				chain := chainName(t)
				list, actors := someEvents(t)
				size := uint64(max(0, len(m.chains[chain])+rapid.IntRange(-2, 2).Draw(t, "off")))
				r, err := m.log(t).AppendAt(ctx, chain, size, list...)
				if right := size == uint64(len(m.chains[chain])); right != (err == nil) || !right && !errors.Is(err, audit.ErrConflict) {
					t.Fatalf("at %d of %d: %v", size, len(m.chains[chain]), err)
				}
				if err == nil {
					m.landed(t, chain, r, actors)
				}
			},
			"refused": func(t *rapid.T) {
				list, _ := someEvents(t)
				list[len(list)-1].Actor.ID = "Jane Roe"
				if _, err := m.log(t).AppendAll(ctx, chainName(t), list...); !isFields(err) {
					t.Fatal(err)
				}
			},
			"clock":   func(t *rapid.T) { m.now = m.now.Add(time.Duration(rapid.Int64Range(-5e9, 5e9).Draw(t, "d"))) },
			"another": func(t *rapid.T) { m.open(t) },
			"close": func(t *rapid.T) {
				l := m.log(t)
				if err := l.Close(ctx); err != nil {
					t.Fatal(err)
				}
				if _, err := l.Append(ctx, "a", access()); !errors.Is(err, audit.ErrClosed) {
					t.Fatalf("append to a closed log: %v", err)
				}
				if err := l.Close(ctx); !errors.Is(err, audit.ErrClosed) {
					t.Fatalf("close again: %v", err)
				}
				m.logs = slices.DeleteFunc(m.logs, func(o *audit.Log) bool { return o == l })
				if len(m.logs) == 0 {
					m.open(t)
				}
			},
			"checkpoint": func(t *rapid.T) {
				chain := chainName(t)
				c, err := m.log(t).Checkpoint(ctx, chain)
				if len(m.chains[chain]) == 0 {
					if !errors.Is(err, audit.ErrUnknownChain) {
						t.Fatal(err)
					}
					return
				}
				if err != nil || c.Size != uint64(len(m.chains[chain])) {
					t.Fatalf("checkpoint of %d: %+v, %v", len(m.chains[chain]), c, err)
				}
				m.checkpoints = append(m.checkpoints, c)
			},
			"publish": func(t *rapid.T) {
				c, err := m.log(t).Publish(ctx)
				if err != nil {
					t.Fatal(err)
				}
				m.checkpoints = append(m.checkpoints, c)
			},
			"": func(t *rapid.T) { m.check(t) },
		})
		m.verify(t)
	})
}

func isFields(err error) bool { _, ok := errors.AsType[baakit.FieldErrors](err); return ok }

func (m *model) check(t *rapid.T) {
	ctx := context.Background()
	for _, chain := range []string{"a", "b", "c/d"} {
		n := 0
		var last time.Time
		for e, err := range m.log(t).Entries(ctx, chain, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if n >= len(m.chains[chain]) || e.Seq != uint64(n) || e.Event.Actor.ID != m.chains[chain][n] || e.Leaf != m.receipts[chain][n].Leaf {
				t.Fatalf("chain %s: entry %d is not what was acknowledged", chain, n)
			}
			if n < len(m.lines[chain]) && m.lines[chain][n] != string(e.Line) {
				t.Fatalf("chain %s: line %d has changed", chain, n)
			}
			if n >= len(m.lines[chain]) {
				m.lines[chain] = append(m.lines[chain], string(e.Line))
			}
			if e.Time.Before(last) {
				t.Fatalf("chain %s: time goes back at %d", chain, n)
			}
			last = e.Time
			n++
		}
		if n != len(m.chains[chain]) {
			t.Fatalf("chain %s: %d entries, want %d", chain, n, len(m.chains[chain]))
		}
	}
}

func (m *model) verify(t *rapid.T) {
	ctx := context.Background()
	opt := &audit.VerifyOptions{Origin: origin, Verifier: goldenVerifierOf(t)}
	for _, c := range m.checkpoints {
		opt.Checkpoints = append(opt.Checkpoints, c.Note)
	}
	if _, err := audit.VerifyAll(ctx, m.store, opt); err != nil {
		t.Fatal(err)
	}
	for i, a := range m.checkpoints {
		for _, b := range m.checkpoints[i:] {
			if a.Origin != b.Origin {
				continue
			}
			p, err := audit.Consistency(ctx, m.store, a.Origin[len(origin)+1:], a.Size, b.Size)
			if err != nil || audit.CheckConsistency(p, a, b) != nil {
				t.Fatalf("%d and %d of %s are not consistent: %v", a.Size, b.Size, a.Origin, err)
			}
		}
	}
}

// I16, I3: each goroutine's entries stand in its order, with no gap, over two
// logs on one store; the numbers that were returned are those of the entries.
func TestConcurrentAppends(t *testing.T) {
	t.Parallel()
	m := audit.NewMemory()
	logs := make([]*audit.Log, 2)
	for i := range logs {
		var err error
		if logs[i], err = audit.New(t.Context(), m, audit.Config{Origin: origin}); err != nil {
			t.Fatal(err)
		}
	}
	const writers, each = 16, 50
	var got [writers][]uint64
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				e := access()
				e.Patient = ""
				e.Actor.ID = fmt.Sprintf("w%c-%c%c", 'a'+w, 'a'+i/26, 'a'+i%26)
				r, err := logs[w%2].Append(t.Context(), "t/1", e)
				if err != nil {
					t.Error(err)
					return
				}
				got[w] = append(got[w], r.Seq)
			}
		})
	}
	group.Wait()
	ids := make([]string, 0, writers*each)
	for e, err := range logs[0].Entries(t.Context(), "t/1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.Event.Actor.ID)
	}
	if len(ids) != writers*each {
		t.Fatalf("%d entries", len(ids))
	}
	for w := range writers {
		if !slices.IsSorted(got[w]) {
			t.Errorf("writer %d: its entries are not in its order: %v", w, got[w])
		}
		for i, seq := range got[w] {
			if want := fmt.Sprintf("w%c-%c%c", 'a'+w, 'a'+i/26, 'a'+i%26); ids[seq] != want {
				t.Errorf("entry %d is %s, want %s", seq, ids[seq], want)
			}
		}
	}
	if _, err := audit.Verify(t.Context(), m, "t/1", &audit.VerifyOptions{Origin: origin}); err != nil {
		t.Error(err)
	}
}

// Of two commands decided on one state one lands, whoever they come through.
func TestAppendAtRace(t *testing.T) {
	t.Parallel()
	m := audit.NewMemory()
	l, err := audit.New(t.Context(), m, audit.Config{Origin: origin, Sealer: audit.Unencrypted{}})
	if err != nil {
		t.Fatal(err)
	}
	for size := range uint64(50) {
		var wins atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, err := l.AppendAt(t.Context(), "d", size, audit.Event{Kind: "a.b", Payload: json.RawMessage("{}")})
				if err == nil {
					wins.Add(1)
				} else if !errors.Is(err, audit.ErrConflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if wins.Load() != 1 {
			t.Fatalf("%d commands landed at %d", wins.Load(), size)
		}
	}
}

// A flaky store fails its n-th append, after or before it stored.
type flaky struct {
	*audit.Memory
	n, failAt  int
	afterStore bool
	err        error
}

func (f *flaky) Append(ctx context.Context, chain string, at uint64, r []audit.Record) error {
	if f.n++; f.n != f.failAt {
		return f.Memory.Append(ctx, chain, at, r)
	}
	if f.afterStore {
		if err := f.Memory.Append(ctx, chain, at, r); err != nil {
			return err
		}
	}
	return f.err
}

// I9: when the store fails the caller is told, whatever was stored; the log
// reads the end of the chain anew and goes on from what is there.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	for failAt := range 12 {
		for _, after := range []bool{false, true} {
			f := &flaky{Memory: audit.NewMemory(), failAt: failAt + 1, afterStore: after, err: fmt.Errorf("%w: %w", audit.ErrFailed, audit.ErrFull)}
			l, err := audit.New(t.Context(), f, audit.Config{Origin: origin})
			if failAt == 0 {
				if !errors.Is(err, audit.ErrFull) {
					t.Fatalf("New on a store that fails: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			acked := 0
			for i := range 10 {
				e := access()
				e.Patient = ""
				switch _, err := l.Append(t.Context(), "t/1", e); {
				case err == nil:
					acked++
				case i+1 != failAt, !errors.Is(err, audit.ErrFailed), !errors.Is(err, audit.ErrFull):
					t.Fatalf("append %d: %v", i, err)
				}
			}
			want := 9
			if failAt > 10 {
				want = 10
			}
			h, _ := f.Head(t.Context(), "t/1")
			if acked != want || h.Size < uint64(acked) || !after && h.Size != uint64(acked) {
				t.Errorf("failing at %d: %d acknowledged, %d stored", failAt, acked, h.Size)
			}
			if _, err := audit.Verify(t.Context(), f, "t/1", &audit.VerifyOptions{Origin: origin}); err != nil {
				t.Errorf("failing at %d: %v", failAt, err)
			}
		}
	}
}

// A slow store holds every append until it is let go.
type slow struct {
	*audit.Memory
	gate chan struct{}
}

func (s *slow) Append(ctx context.Context, chain string, at uint64, r []audit.Record) error {
	if chain == "t/1" {
		<-s.gate
	}
	return s.Memory.Append(ctx, chain, at, r)
}

// A context that ends while the entry waits takes it back; one that ends while
// it is being stored leaves the caller uncertain, and nobody else.
func TestCancelledAppends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{audit.NewMemory(), make(chan struct{})}
		l, err := audit.New(t.Context(), s, audit.Config{Origin: origin})
		if err != nil {
			t.Fatal(err)
		}
		e := access()
		e.Patient = ""
		start := func() (context.CancelFunc, chan error) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { _, err := l.Append(ctx, "t/1", e); done <- err }()
			synctest.Wait()
			return cancel, done
		}
		_, first := start()        // leads, and is being stored
		cancel2, second := start() // waits
		cancel3, third := start()  // waits
		cancel2()
		if err := <-second; !errors.Is(err, context.Canceled) || errors.Is(err, audit.ErrUncertain) {
			t.Errorf("taken back: %v", err)
		}
		_, fourth := start()
		s.gate <- struct{}{}
		if err := <-first; err != nil {
			t.Errorf("first: %v", err)
		}
		synctest.Wait() // third leads for itself and the fourth
		cancel3()
		synctest.Wait()
		s.gate <- struct{}{}
		if err := <-third; err != nil {
			t.Errorf("the leader finishes what it began: %v", err)
		}
		if err := <-fourth; err != nil {
			t.Errorf("fourth: %v", err)
		}
		_, fifth := start()
		cancel6, sixth := start()
		s.gate <- struct{}{}
		<-fifth
		synctest.Wait()
		cancel7, seventh := start()
		_ = cancel6
		cancel7()
		<-seventh
		s.gate <- struct{}{}
		if err := <-sixth; err != nil {
			t.Errorf("sixth: %v", err)
		}
		if h, _ := s.Head(t.Context(), "t/1"); h.Size != 5 {
			t.Errorf("%d entries, want 5", h.Size)
		}
		// Being stored in somebody else's group.
		_, eighth := start()
		_, ninth := start()
		cancel10, tenth := start()
		s.gate <- struct{}{}
		<-eighth
		synctest.Wait() // ninth is storing itself and the tenth
		cancel10()
		if err := <-tenth; !errors.Is(err, audit.ErrUncertain) || !errors.Is(err, context.Canceled) {
			t.Errorf("while it is being stored: %v", err)
		}
		s.gate <- struct{}{}
		if err := <-ninth; err != nil {
			t.Error(err)
		}
		close(s.gate)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, opt := range []audit.Config{
		{}, {Origin: "a b"}, {Origin: "a", Publisher: audit.Folder("x")}, {Origin: "a", Cadence: audit.Cadence{Entries: -1}},
	} {
		if _, err := audit.New(t.Context(), audit.NewMemory(), opt); !isFields(err) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
	l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), audit.System, access()); !isFields(err) {
		t.Errorf("append to the system chain: %v", err)
	}
	if _, err := l.Append(t.Context(), "a b", access()); !isFields(err) {
		t.Errorf("append to no chain: %v", err)
	}
	if _, err := l.AppendAll(t.Context(), "a"); !isFields(err) {
		t.Errorf("append of nothing: %v", err)
	}
	if _, err := l.Append(t.Context(), "a", access()); !errors.Is(err, audit.ErrNoSealer) {
		t.Errorf("append without a sealer: %v", err)
	}
	if _, err := l.Checkpoint(t.Context(), "a"); !errors.Is(err, audit.ErrNoSigner) {
		t.Errorf("checkpoint without a signer: %v", err)
	}
	e := access()
	e.Patient = ""
	for range 128 {
		e.Policy = append(e.Policy, "p-1234-abcd"+fmt.Sprint(len(e.Policy)%10))
	}
	for len(e.Policy) < 6000 {
		e.Policy = append(e.Policy, e.Policy...)
	}
	if _, err := l.Append(t.Context(), "a", e); !errors.Is(err, audit.ErrTooLarge) {
		t.Errorf("append of a line above the limit: %v", err)
	}
	if _, err := l.Configured(t.Context(), audit.Actor{ID: "admin"}, "retention"); err != nil {
		t.Error(err)
	}
	var _ tlog.HashReader = audit.HashReader(t.Context(), l.Store(), "a")
}

func TestUnencrypted(t *testing.T) {
	t.Parallel()
	u := audit.Unencrypted{TokenKey: []byte("secret-key")}
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(f, u); s != "audit.Unencrypted" {
			t.Errorf("%s prints %s", f, s)
		}
	}
}

// The trace under way in the context of an append is in the entry, unless the
// event has its own; what is no identifier never keeps an event out.
func TestTrace(t *testing.T) {
	t.Parallel()
	type key struct{}
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{
		Origin: "audit.example.com",
		Trace: func(ctx context.Context) (string, string) {
			ids, _ := ctx.Value(key{}).([2]string)
			return ids[0], ids[1]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		under [2]string
		own   audit.Request
		want  audit.Request
	}{
		{[2]string{trace, span}, audit.Request{ID: "r"}, audit.Request{ID: "r", Trace: trace, Span: span}},
		{[2]string{trace, span}, audit.Request{Trace: "own"}, audit.Request{Trace: "own"}},
		{[2]string{}, audit.Request{}, audit.Request{}},
		{[2]string{"Jane Doe", span}, audit.Request{}, audit.Request{}},
		{[2]string{trace, "\x00"}, audit.Request{}, audit.Request{Trace: trace}},
		{[2]string{"123-45-6789", span}, audit.Request{}, audit.Request{}},
	} {
		ctx := context.WithValue(t.Context(), key{}, tt.under)
		events := []audit.Event{{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Request: tt.own}}
		if _, err := l.AppendAll(ctx, "t/42", events...); err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if events[0].Request != tt.own {
			t.Errorf("%d: the caller's event was changed", i)
		}
		_, last, err := l.Head(ctx, "t/42")
		if err != nil || last.Event.Request != tt.want {
			t.Errorf("%d: %+v, %v, want %+v", i, last.Event.Request, err, tt.want)
		}
	}
}
