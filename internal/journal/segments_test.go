package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// Segments and Segment agree with what Replay finds, after any appends and
// rolls.
func TestSegments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j, err := journal.Open("/log", memoryOptions(journaltest.NewMemory()))
		if err != nil {
			t.Fatal(err)
		}
		rolled := 0
		for i := range rapid.IntRange(0, 12).Draw(t, "appends") {
			group := slices.Repeat([][]byte{fmt.Appendf(nil, `{"i":%d}`, i)}, rapid.IntRange(1, 20).Draw(t, "frames"))
			if _, err := j.Append(group...); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 3).Draw(t, "roll") == 0 {
				for range 2 { // the second finds nothing to close
					if err := j.Roll(); err != nil {
						t.Fatal(err)
					}
				}
				rolled++
			}
		}
		segments := j.Segments()
		if len(segments) < 1+rolled {
			t.Fatalf("%d segments after %d rolls", len(segments), rolled)
		}
		end, total := int64(0), uint64(0)
		for _, s := range segments {
			if s.Base != end || s.First != total || j.Segment(s.Base) != s || j.Segment(s.Base+s.Size-1) != s {
				t.Fatalf("segment %+v does not follow on %d bytes and %d frames", s, end, total)
			}
			end, total = end+s.Size, total+s.Count
		}
		if total != j.Len() {
			t.Fatalf("%d frames in the segments, Len() = %d", total, j.Len())
		}
		for r, err := range j.Replay(0) {
			s := j.Segment(r.Offset)
			if err != nil || s.Base != r.Segment || r.Index < s.First || r.Index >= s.First+s.Count {
				t.Fatalf("record %d at %d, segment %d, is not in %+v: %v", r.Index, r.Offset, r.Segment, s, err)
			}
		}
		// Opened from any offset, the same segments, and the frames from there on.
		from := int64(rapid.IntRange(0, int(end)+10).Draw(t, "from"))
		var visited []uint64
		opt := memoryOptions(nil)
		opt.FS, opt.From = journal.FSOf(j), from
		opt.ReadOnly = true
		opt.Visit = func(r journal.Record) error { visited = append(visited, r.Index); return nil }
		again, err := journal.Open("/log", opt)
		if err != nil || !slices.Equal(again.Segments(), segments) {
			t.Fatalf("from %d: %+v, %v, want %+v", from, again.Segments(), err, segments)
		}
		first := segments[len(segments)-1].First
		for _, s := range segments[:len(segments)-1] {
			if s.Base+s.Size > from {
				first = s.First
				break
			}
		}
		if uint64(len(visited)) != total-first || len(visited) > 0 && visited[0] != first {
			t.Fatalf("from %d: visited %d frames, want those from %d to %d", from, len(visited), first, total)
		}
	})
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	memory := journaltest.NewMemory()
	j, err := journal.Open("/log", memoryOptions(memory))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if _, err := j.Append(fmt.Appendf(nil, `{"i":%d,"secret":"%s"}`, i, strings.Repeat("s", i)), []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	before, segments := frames2(t, j), j.Segments()
	blank := func(r journal.Record) error {
		for i, c := range r.Frame {
			if c == 's' {
				r.Frame[i] = ' '
			}
		}
		return nil
	}
	last := segments[len(segments)-1]
	if err := j.Rewrite(last.Base, blank); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the last segment: %v", err)
	}
	if err := j.Rewrite(segments[0].Base, func(r journal.Record) error { r.Frame[0] = '\n'; return nil }); !errors.Is(err, journal.ErrFrame) {
		t.Fatalf("a line feed: %v", err)
	}
	refuse := errors.New("no")
	if err := j.Rewrite(segments[1].Base, func(journal.Record) error { return refuse }); !errors.Is(err, refuse) {
		t.Fatalf("an edit that refuses: %v", err)
	}
	if got := frames2(t, j); !slices.Equal(got, before) {
		t.Fatalf("refused, and yet changed: %q", got)
	}
	if err := j.Rewrite(segments[1].Base, blank); err != nil {
		t.Fatal(err)
	}
	for i := segments[1].First; i < segments[1].First+segments[1].Count; i++ {
		before[i] = strings.ReplaceAll(before[i], "s", " ")
	}
	check := func(j *journal.Journal) {
		t.Helper()
		if got := frames2(t, j); !slices.Equal(got, before) || !slices.Equal(j.Segments(), segments) {
			t.Fatalf("rewritten: %q, want %q", got, before)
		}
	}
	check(j)
	if _, err := j.Append([]byte("more")); err != nil {
		t.Fatal(err)
	}
	before, segments = append(before, "more"), j.Segments()
	again, err := journal.Open("/log", memoryOptions(memory.Crash(func(int) int { return 0 })))
	if err != nil {
		t.Fatal(err)
	}
	check(again)
}

// frames2 reads all frames, by Replay and by ReadAt.
func frames2(tb rapid.TB, j *journal.Journal) (got []string) {
	tb.Helper()
	for r, err := range j.Replay(0) {
		if err != nil {
			tb.Fatalf("Replay: %v", err)
		}
		buf := make([]byte, len(r.Frame))
		if n, err := j.ReadAt(buf, r.Offset); n != len(buf) || err != nil || !bytes.Equal(buf, r.Frame) {
			tb.Fatalf("ReadAt(%d) = %q, %v, want %q", r.Offset, buf, err, r.Frame)
		}
		got = append(got, string(r.Frame))
	}
	return got
}

// Files serves many readers of more files than it keeps open.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 10 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte{byte(i)}, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := journal.NewFiles(nil, 3)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				n := (i*w + i) % 10
				err := files.Use(filepath.Join(dir, fmt.Sprint(n)), func(f journal.File) error {
					var b [1]byte
					if _, err := f.ReadAt(b[:], 0); err != nil || int(b[0]) != n {
						return fmt.Errorf("file %d holds %d: %w", n, b[0], err)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if i%50 == 0 {
					files.Forget(filepath.Join(dir, fmt.Sprint(n)))
				}
			}
		})
	}
	wg.Wait()
	if err := files.Use(filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
	if err := files.Use(filepath.Join(dir, "1"), nil); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// Somebody removes LOCK, and a second writer comes: neither acknowledges what
// the other would spoil, and what was acknowledged stays.
func TestTwoWritersWithoutALock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir, journal.Config{})
	if _, err := first.Append([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "LOCK")); err != nil {
		t.Skip(err)
	}
	second := open(t, dir, journal.Config{})
	if _, err := second.Append([]byte("two")); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Append([]byte("three")); !errors.Is(err, journal.ErrReplaced) {
		t.Fatalf("Append behind another writer's back: %v, want ErrReplaced", err)
	}
	if _, err := second.Append([]byte("four")); err != nil {
		t.Fatal(err)
	}
	if got := frames(t, open(t, dir, journal.Config{ReadOnly: true})); !slices.Equal(got, []string{"one", "two", "four"}) {
		t.Fatalf("%q", got)
	}
}

// A reader shows nothing that its writer may still lose: it syncs first.
func TestReaderShowsOnlyWhatIsDurable(t *testing.T) {
	t.Parallel()
	fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: journaltest.Fault{Err: errors.New("killed"), Dead: true}}
	w, err := journal.Open("/log", memoryOptions(fs))
	if err != nil {
		t.Fatal(err)
	}
	fs.At = fs.Calls() + 4 // the sync of the next append
	if _, err := w.Append([]byte("never acknowledged")); !errors.Is(err, journal.ErrFailed) {
		t.Fatalf("Append: %v", err)
	}
	opt := memoryOptions(fs.Memory)
	opt.ReadOnly = true
	r, err := journal.Open("/log", opt)
	if err != nil {
		t.Fatal(err)
	}
	seen := frames2(t, r)
	after, err := journal.Open("/log", memoryOptions(fs.Memory.Crash(func(int) int { return 0 })))
	if err != nil {
		t.Fatal(err)
	}
	if got := frames2(t, after); len(got) < len(seen) {
		t.Fatalf("a reader saw %q, after a loss of power there is %q", seen, got)
	}
}
