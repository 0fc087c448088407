package auditslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditslog"
	"pgregory.net/rapid"
)

// A siem keeps what arrives, as "chain seq", and fails at chosen calls.
type siem struct {
	mu    sync.Mutex
	text  bytes.Buffer
	seen  []string
	calls int
	fails func(call int) bool
}

var errSIEM = errors.New("siem")

func (s *siem) Enabled(context.Context, slog.Level) bool { return true }
func (s *siem) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s *siem) WithGroup(string) slog.Handler            { return s }
func (s *siem) Handle(ctx context.Context, r slog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fails != nil && s.fails(s.calls) {
		return errSIEM
	}
	from := s.text.Len()
	if err := slog.NewJSONHandler(&s.text, nil).Handle(ctx, r); err != nil {
		return err
	}
	var got struct {
		Entry struct {
			Chain string `json:"chain"`
			Seq   int    `json:"seq"`
			Leaf  string `json:"leaf"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(s.text.Bytes()[from:], &got); err != nil {
		return err
	}
	s.seen = append(s.seen, fmt.Sprintf("%s %d %s", got.Entry.Chain, got.Entry.Seq, got.Entry.Leaf))
	return nil
}

// positions of a test fail at chosen calls, before or after they kept one.
type positions struct {
	chains map[string]uint64
	fails  func() int // 0: no, 1: before, 2: after
}

var errPositions = errors.New("positions")

func (p *positions) Position(_ context.Context, chain string) (uint64, error) {
	return p.chains[chain], nil
}

func (p *positions) SetPosition(_ context.Context, chain string, next uint64) error {
	f := p.fails()
	if f != 1 {
		p.chains[chain] = next
	}
	if f != 0 {
		return errPositions
	}
	return nil
}

// Every entry arrives at least once, in order, whatever fails in between, and
// only what was behind the last position arrives again.
func TestSinkLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		store := audit.NewMemory()
		log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{TokenKey: []byte("token key")}})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		out := &siem{fails: func(int) bool { return rapid.IntRange(0, 9).Draw(t, "siem") == 0 }}
		at := &positions{chains: map[string]uint64{}, fails: func() int { return max(0, rapid.IntRange(-5, 2).Draw(t, "position")) }}
		batch := rapid.IntRange(1, 4).Draw(t, "batch")
		open := func() *auditslog.Sink {
			s, err := auditslog.NewSink(store, slog.New(out), at, &auditslog.SinkOptions{Batch: batch})
			if err != nil {
				t.Fatalf("NewSink: %v", err)
			}
			return s
		}
		sink := open()
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				var events []audit.Event
				for range rapid.IntRange(1, 5).Draw(t, "entries") {
					events = append(events, audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: "planted", Query: "planted", Reason: "planted"})
				}
				if _, err := log.AppendAll(ctx, rapid.SampledFrom([]string{"t/1", "t/2"}).Draw(t, "chain"), events...); err != nil {
					t.Fatalf("AppendAll: %v", err)
				}
			case 1:
				before := len(out.seen)
				n, err := sink.Copy(ctx)
				if err != nil && !errors.Is(err, errSIEM) && !errors.Is(err, errPositions) {
					t.Fatalf("Copy: %v", err)
				}
				if n != len(out.seen)-before {
					t.Fatalf("Copy = %d, %d arrived", n, len(out.seen)-before)
				}
			case 2:
				sink = open() // after a crash
			}
		}
		out.fails, at.fails = nil, func() int { return 0 }
		if _, err := sink.Copy(ctx); err != nil {
			t.Fatalf("Copy without faults: %v", err)
		}
		if n, err := sink.Copy(ctx); n != 0 || err != nil {
			t.Fatalf("Copy of nothing new = %d, %v", n, err)
		}
		if strings.Contains(out.text.String(), "planted") || strings.Contains(out.text.String(), "sealed\":") {
			t.Fatalf("sealed text arrived")
		}
		next := map[string]int{}
		for _, line := range out.seen {
			var chain, leaf string
			var seq int
			if _, err := fmt.Sscanf(line, "%s %d %s", &chain, &seq, &leaf); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if seq > next[chain] {
				t.Fatalf("%s: entry %d arrived before %d", chain, seq, next[chain])
			}
			if seq == next[chain] {
				next[chain]++
			}
		}
		for chain, err := range store.Chains(ctx) {
			if err != nil {
				t.Fatalf("Chains: %v", err)
			}
			size, _, err := log.Head(ctx, chain)
			if err != nil || int(size) != next[chain] {
				t.Fatalf("%s: %d of %d entries arrived, %v", chain, next[chain], size, err)
			}
			for e, err := range log.Entries(ctx, chain, 0) {
				if err != nil || !strings.Contains(out.text.String(), fmt.Sprintf("%x", e.Leaf[:])) {
					t.Fatalf("%s: entry %d did not arrive as it is, %v", chain, e.Seq, err)
				}
			}
		}
	})
}

// A chain that is shorter than what was written of it is no reason for
// silence.
func TestSinkOfAShorterChain(t *testing.T) {
	t.Parallel()
	at := &positions{chains: map[string]uint64{audit.System: 2}, fails: func() int { return 0 }}
	sink, err := auditslog.NewSink(newLog(t).Store(), slog.New(&siem{}), at, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sink.Copy(t.Context()); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("Copy = %v, want ErrTampered", err)
	}
}

// Run tries again after an error, and writes what comes when it is woken.
func TestSinkRun(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	out := &siem{fails: func(call int) bool { return call == 1 }}
	at, err := auditslog.OpenPositions(filepath.Join(t.TempDir(), "positions"))
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 10)
	sink, err := auditslog.NewSink(log.Store(), slog.New(out), at, &auditslog.SinkOptions{OnError: func(err error) { failed <- err }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sink.Run(ctx, time.Hour) }()
	if err := <-failed; !errors.Is(err, errSIEM) {
		t.Errorf("OnError(%v), want that of the handler", err)
	}
	if _, err := log.Append(t.Context(), "t/1", audit.Event{Action: audit.ActionRead, Outcome: audit.MajorFailure, Actor: audit.Actor{ID: "u-9"}}); err != nil {
		t.Fatal(err)
	}
	sink.Wake()
	sink.Wake()
	for {
		out.mu.Lock()
		n := len(out.seen)
		out.mu.Unlock()
		if n == 2 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want Canceled", err)
	}
	if !strings.Contains(out.text.String(), `"level":"ERROR"`) {
		t.Errorf("a major failure arrived as %s", out.text.String())
	}
}

func TestSinkLevel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		e    audit.Event
		want slog.Level
	}{
		{audit.Event{Outcome: audit.Success}, slog.LevelInfo},
		{audit.Event{Outcome: audit.Success, Emergency: true}, slog.LevelWarn},
		{audit.Event{Outcome: audit.MinorFailure}, slog.LevelWarn},
		{audit.Event{Outcome: audit.SeriousFailure, Emergency: true}, slog.LevelError},
		{audit.Event{Outcome: audit.MajorFailure}, slog.LevelError},
		{audit.Event{Kind: "baa.accepted"}, slog.LevelInfo},
	} {
		if got := auditslog.Level(audit.Entry{Event: tt.e}); got != tt.want {
			t.Errorf("Level(%v) = %v, want %v", tt.e, got, tt.want)
		}
	}
}

func TestSinkRequires(t *testing.T) {
	t.Parallel()
	_, err := auditslog.NewSink(nil, nil, nil, &auditslog.SinkOptions{Batch: -1})
	for _, field := range []string{"store", "logger", "positions", "batch"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("NewSink = %v, want the field %s", err, field)
		}
	}
}

// What was kept is there when the file is opened again; a file that is
// something else is refused, not taken for an empty one.
func TestPositionsLaw(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		p, err := auditslog.OpenPositions(path)
		if err != nil {
			t.Fatalf("OpenPositions of nothing: %v", err)
		}
		model := map[string]uint64{}
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			chain := rapid.SampledFrom([]string{"t/1", "t/2", audit.System}).Draw(t, "chain")
			next := uint64(rapid.IntRange(0, 1<<50).Draw(t, "next"))
			if err := p.SetPosition(context.Background(), chain, next); err != nil {
				t.Fatalf("SetPosition: %v", err)
			}
			model[chain] = next
			if rapid.Bool().Draw(t, "reopen") {
				if p, err = auditslog.OpenPositions(path); err != nil {
					t.Fatalf("OpenPositions: %v", err)
				}
			}
			for _, c := range []string{"t/1", "t/2", audit.System} {
				if got, err := p.Position(context.Background(), c); got != model[c] || err != nil {
					t.Fatalf("Position(%s) = %d, %v, want %d", c, got, err, model[c])
				}
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		cut := rapid.IntRange(0, len(data)-2).Draw(t, "cut") // the last byte is a line feed
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatalf("write: %v", err)
		}
		if _, err := auditslog.OpenPositions(path); !errors.Is(err, auditslog.ErrPositions) {
			t.Fatalf("OpenPositions of %d of %d bytes = %v, want ErrPositions", cut, len(data), err)
		}
	})
}

// A position that could not be kept is not said to be.
func TestPositionsFail(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sub")
	p, err := auditslog.OpenPositions(filepath.Join(dir, "positions"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetPosition(t.Context(), "t/1", 7); err == nil {
		t.Error("SetPosition in a folder that is not there = nil")
	}
	if got, _ := p.Position(t.Context(), "t/1"); got != 0 {
		t.Errorf("Position = %d, want 0", got)
	}
	if _, err := auditslog.OpenPositions(t.TempDir()); err == nil {
		t.Error("OpenPositions of a folder = nil")
	}
}

func FuzzPositions(f *testing.F) {
	f.Add([]byte(`{"schema":"baakit.auditslog.positions/1","chains":{"t/1":7}}`))
	f.Add([]byte(`{"schema":"baakit.auditslog.positions/1","chains":{"no chain":7}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		chains, err := auditslog.ParsePositions(data)
		if err != nil && !errors.Is(err, auditslog.ErrPositions) {
			t.Fatalf("%v, want ErrPositions", err)
		}
		for chain := range chains {
			if !audit.ValidChain(chain) {
				t.Fatalf("accepted the chain %q", chain)
			}
		}
	})
}
