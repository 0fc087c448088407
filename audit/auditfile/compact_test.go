package auditfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

func third(chain string, seq uint64) bool { return chain == "t/1" && seq%3 == 1 }

// erasedStore returns a store of several segments in which every third payload
// of chain t/1 was erased, and what it holds.
func erasedStore(t *testing.T, fs *journaltest.Faulty) (*auditfile.Store, tree, map[string]dump) {
	t.Helper()
	s, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{SegmentSize: 900}, fs))
	if err != nil {
		t.Fatal(err)
	}
	trees := tree{}
	for seq := range uint64(12) {
		for _, chain := range []string{"t/1", "t/2"} {
			if err := s.Append(t.Context(), chain, seq, trees.records(chain, record(chain, seq, 60))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Erase(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	// A closed store has written the indexes of its segments.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = auditfile.Open("/log", auditfile.WithFS(auditfile.Options{SegmentSize: 900}, fs)); err != nil {
		t.Fatal(err)
	}
	return s, trees, contents(t, s)
}

// diff is cmp.Diff, which takes its time even if there is nothing to say.
func diff(want, got map[string]dump) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

func bytesOf(tb testing.TB, fs *journaltest.Memory) (n int) {
	for name, data := range files(tb, fs, "/log") {
		if strings.HasSuffix(name, ".jsonl") { // indexes may be written just now
			n += len(data)
		}
	}
	return n
}

// Space is given back, and the log says the same as before, in the same store,
// when it is opened again, and to a reader. When a call fails on the way, or
// power is lost, the log is whole, before or after.
func TestCompact(t *testing.T) {
	t.Parallel()
	faults := journaltest.Faults()
	faults = append(faults[:1], faults[3:]...) // two of them look the same from here
	for at := 0; ; at++ {
		fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: faults[at%4]}
		s, trees, want := erasedStore(t, fs)
		before, calls := bytesOf(t, fs.Memory), fs.Calls()
		if at > 0 {
			fs.At = calls + (at+3)/4
		}
		freed, err := s.Compact(t.Context())
		if at > 0 && fs.Calls() < fs.At {
			if at < 60 {
				t.Fatalf("only %d calls were made", at/4)
			}
			return // every call was tried, in every way
		}
		if at == 0 && (err != nil || freed < 4*80 || bytesOf(t, fs.Memory) > before-4*80) {
			t.Fatalf("Compact = %d, %v; %d bytes before, %d after", freed, err, before, bytesOf(t, fs.Memory))
		}
		if !fs.Fault.Dead {
			if text := diff(want, contents(t, s)); text != "" {
				t.Fatalf("call %d, the store that compacted:\n%s", at, text)
			}
		}
		s.Close()
		memory := fs.Memory.Restart()
		crashed := memory.Crash(func(n int) int { return at / 4 % n })
		for _, memory := range []*journaltest.Memory{crashed, memory} {
			opt := auditfile.Options{SegmentSize: 900, Full: at%2 == 0}
			s, openErr := auditfile.Open("/log", auditfile.WithFS(opt, memory))
			if openErr != nil {
				t.Fatalf("call %d: Open: %v", at, openErr)
			}
			if text := diff(want, contents(t, s)); text != "" {
				t.Fatalf("call %d:\n%s", at, text)
			}
			if _, err := s.Compact(t.Context()); err != nil { // again, or the rest
				t.Fatal(err)
			}
			if again, err := s.Compact(t.Context()); err != nil || again != 0 {
				t.Fatalf("Compact of what is compacted = %d, %v", again, err)
			}
			if text := diff(want, contents(t, s)); text != "" {
				t.Fatalf("call %d:\n%s", at, text)
			}
			if at%3 != 0 { // the rest takes its time
				s.Close()
				continue
			}
			trees["t/1"] = nil
			for seq := range uint64(12) {
				trees.records("t/1", audit.Record{Line: want["t/1"].Records[seq].Line})
			}
			if err := s.Append(t.Context(), "t/1", 12, trees.records("t/1", record("t/1", 12, 1))); err != nil {
				t.Fatal(err)
			}
			// What is compacted can be erased further, and compacted again.
			n, err := s.Erase(t.Context(), func(chain string, seq uint64) bool { return chain == "t/2" && seq < 3 })
			if err != nil || n != 3 {
				t.Fatalf("Erase in what is compacted = %d, %v", n, err)
			}
			if _, err := s.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := contents(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, err = auditfile.Open("/log", auditfile.WithFS(opt, memory))
			if err != nil {
				t.Fatal(err)
			}
			if text := diff(all, contents(t, s)); text != "" {
				t.Fatal(text)
			}
			if all["t/2"].Records[2].Sealed != nil || all["t/2"].Records[3].Sealed == nil {
				t.Fatal("another payload was erased")
			}
			s.Close()
		}
	}
}

// Entries are appended and read while segments are compacted, all at once.
func TestCompactMeanwhile(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), &auditfile.Options{SegmentSize: 8 << 10})
	trees := tree{}
	const entries = 600
	ctx := t.Context()
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		defer close(done)
		for seq := range uint64(entries) {
			if err := s.Append(ctx, "t/1", seq, trees.records("t/1", record("t/1", seq, 80))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 2 {
		wg.Go(func() {
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				next := uint64(0)
				for r, err := range s.Read(ctx, "t/1", 0) {
					if err != nil || !bytes.Equal(r.Line, record("t/1", next, 0).Line) {
						t.Errorf("entry %d: %s, %v", next, r.Line, err)
						return
					}
					next++
				}
			}
		})
	}
	for part := uint64(0); ; part++ {
		if _, err := s.Erase(ctx, func(_ string, seq uint64) bool { return seq%7 == part%7 }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Compact(ctx); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		default:
			continue
		}
		break
	}
	wg.Wait()
	if n := len(contents(t, s)["t/1"].Records); n != entries {
		t.Fatalf("%d entries", n)
	}
}

// A reader from before finds what it looks for, or is told to open the log
// again; never something else.
func TestCompactUnderReader(t *testing.T) {
	t.Parallel()
	for _, warm := range []bool{false, true} {
		for _, indexes := range []bool{true, false} {
			t.Run(fmt.Sprintf("warm=%v indexes=%v", warm, indexes), func(t *testing.T) {
				t.Parallel()
				fs := &journaltest.Faulty{Memory: journaltest.NewMemory()}
				s, _, want := erasedStore(t, fs)
				defer s.Close()
				r, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{ReadOnly: true, Full: !indexes}, fs))
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				if warm {
					contents(t, r)
				}
				if _, err := s.Compact(t.Context()); err != nil {
					t.Fatal(err)
				}
				auditfile.ForgetIndexes(r) // as if others had been needed meanwhile
				for chain, d := range want {
					for from := range uint64(12) {
						seq := from
						for got, err := range r.Read(t.Context(), chain, from) {
							if errors.Is(err, audit.ErrReplaced) {
								break
							}
							if w := d.Records[seq]; err != nil || !bytes.Equal(got.Line, w.Line) || !bytes.Equal(got.Sealed, w.Sealed) {
								t.Fatalf("%s %d: %s, %v", chain, seq, got.Line, err)
							}
							seq++
						}
					}
				}
				again, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{ReadOnly: true}, fs))
				if err != nil {
					t.Fatal(err)
				}
				defer again.Close()
				if text := diff(want, contents(t, again)); text != "" {
					t.Fatal(text)
				}
			})
		}
	}
}

func TestCompactRefused(t *testing.T) {
	t.Parallel()
	fs := &journaltest.Faulty{Memory: journaltest.NewMemory()}
	s, _, _ := erasedStore(t, fs)
	r, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{ReadOnly: true}, fs))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Compact(t.Context()); !errors.Is(err, audit.ErrReadOnly) {
		t.Errorf("a reader: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Compact(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a done context: %v", err)
	}
	s.Close()
	if _, err := s.Compact(t.Context()); !errors.Is(err, audit.ErrClosed) {
		t.Errorf("a closed store: %v", err)
	}
}
