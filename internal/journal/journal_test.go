package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/baakit/baakit/internal/journal"
)

const format = "baakit.test/1"

func open(t *testing.T, dir string, opt journal.Config) *journal.Journal {
	t.Helper()
	opt.Format = format
	j, err := journal.Open(dir, opt)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func frames(t *testing.T, j *journal.Journal) []string {
	t.Helper()
	var got []string
	for r, err := range j.Replay(0) {
		if err != nil {
			t.Fatalf("Replay: %v", err)
		}
		if int(r.Index) != len(got) {
			t.Fatalf("Replay: index %d at place %d", r.Index, len(got))
		}
		buf := make([]byte, len(r.Frame))
		if _, err := j.ReadAt(buf, r.Offset); err != nil || string(buf) != string(r.Frame) {
			t.Fatalf("ReadAt(%d) = %q, %v, want %q", r.Offset, buf, err, r.Frame)
		}
		got = append(got, string(r.Frame))
	}
	return got
}

func TestAppendReplayReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "journal")
	opt := journal.Config{SegmentSize: 1 << 10}
	var want []string
	for round := range 5 {
		j := open(t, dir, opt)
		for i := range 20 {
			group := [][]byte{fmt.Appendf(nil, `{"round":%d,"i":%d}`, round, i)}
			if i%3 == 0 {
				group = append(group, fmt.Appendf(nil, `{"more":%q}`, strings.Repeat("x", i)))
			}
			if _, err := j.Append(group...); err != nil {
				t.Fatalf("Append: %v", err)
			}
			for _, g := range group {
				want = append(want, string(g))
			}
		}
		if diff := cmp.Diff(want, frames(t, j)); diff != "" {
			t.Fatalf("round %d (-want +got):\n%s", round, diff)
		}
		if err := j.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		if r := j.Recovered(); r != (journal.Recovery{}) {
			t.Fatalf("Recovered() = %+v after an orderly close", r)
		}
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if len(names) < 4 {
		t.Fatalf("%d segments, want several", len(names))
	}
}

func TestConcurrentAppends(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), journal.Config{SegmentSize: 4 << 10})
	const writers, each = 32, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				offs, err := j.Append(fmt.Appendf(nil, "%d %d a", w, i), fmt.Appendf(nil, "%d %d b", w, i))
				if err != nil || len(offs) != 2 {
					t.Errorf("Append: %v, %v", offs, err)
					return
				}
				buf := make([]byte, len(fmt.Sprintf("%d %d b", w, i)))
				if _, err := j.ReadAt(buf, offs[1]); err != nil || string(buf) != fmt.Sprintf("%d %d b", w, i) {
					t.Errorf("ReadAt = %q, %v", buf, err)
				}
			}
		})
	}
	wg.Wait()
	last := make([]int, writers)
	got := frames(t, j)
	if len(got) != 2*writers*each || j.Len() != uint64(len(got)) {
		t.Fatalf("%d frames", len(got))
	}
	for i := 0; i < len(got); i += 2 {
		var w, n int
		fmt.Sscanf(got[i], "%d %d", &w, &n)
		if n != last[w] || got[i+1] != fmt.Sprintf("%d %d b", w, n) {
			t.Fatalf("frame %d is %q then %q; writer %d is at %d", i, got[i], got[i+1], w, last[w])
		}
		last[w]++
	}
}

func TestReadOnlyBesideWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, dir, journal.Config{})
	if _, err := w.Append([]byte("one")); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir, journal.Config{ReadOnly: true})
	if diff := cmp.Diff([]string{"one"}, frames(t, r)); diff != "" {
		t.Fatal(diff)
	}
	if _, err := r.Append([]byte("x")); !errors.Is(err, journal.ErrReadOnly) {
		t.Fatalf("Append on a reader: %v", err)
	}
	if _, err := w.Append([]byte("two")); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, journal.Config{Format: format}); !errors.Is(err, journal.ErrLocked) {
		t.Fatalf("second writer: %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err == nil {
		if _, err := journal.Open(link, journal.Config{Format: format}); !errors.Is(err, journal.ErrLocked) {
			t.Fatalf("second writer through a link: %v", err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append([]byte("x")); !errors.Is(err, journal.ErrClosed) {
		t.Fatalf("Append after Close: %v", err)
	}
	open(t, dir, journal.Config{})
}

func TestRefusedFramesAndFolders(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), journal.Config{MaxFrame: 100})
	for name, frame := range map[string]string{
		"empty":          "",
		"line feed":      "a\nb",
		"NUL":            "a\x00b",
		"too long":       strings.Repeat("x", 101),
		"commit":         `{"commit":{"count":"00000001","total":"0000000000000001","crc":"00000000"}}`,
		"nearly commit":  `{"bommit":{"count":"0000000g","total":"0000000000000001","crc":"00000000"}}`,
		"journal header": `{"journal":1}`,
	} {
		if _, err := j.Append([]byte("fine"), []byte(frame)); !errors.Is(err, journal.ErrFrame) {
			t.Errorf("%s: Append: %v", name, err)
		}
	}
	if _, err := j.Append(); !errors.Is(err, journal.ErrFrame) {
		t.Errorf("no frame: Append: %v", err)
	}
	if got := frames(t, j); got != nil {
		t.Errorf("refused frames were stored: %q", got)
	}
	if _, err := journal.Open(t.TempDir(), journal.Config{Format: format, ReadOnly: true}); !errors.Is(err, journal.ErrNotExist) {
		t.Errorf("read-only on an empty folder: %v", err)
	}
	if _, err := journal.Open(filepath.Join(t.TempDir(), "no"), journal.Config{Format: format, MustExist: true}); !errors.Is(err, journal.ErrNotExist) {
		t.Errorf("MustExist without a folder: %v", err)
	}
	dir := t.TempDir()
	open(t, dir, journal.Config{}).Close()
	if _, err := journal.Open(dir, journal.Config{Format: "other/1"}); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("other format: %v", err)
	}
}

func TestReplacedFileIsNoticed(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(string) error{
		"removed":   os.Remove,
		"renamed":   func(f string) error { return os.Rename(f, f+".1") },
		"truncated": func(f string) error { return os.Truncate(f, 120) },
		"replaced": func(f string) error {
			data, err := os.ReadFile(f)
			if err == nil {
				err = os.Remove(f)
			}
			if err == nil {
				err = os.WriteFile(f, data, 0o600)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j := open(t, dir, journal.Config{})
			if _, err := j.Append([]byte("one")); err != nil {
				t.Fatal(err)
			}
			if err := harm(filepath.Join(dir, "00000000000000000000.jsonl")); err != nil {
				t.Skip(err)
			}
			for range 2 {
				_, err := j.Append([]byte("two"))
				if !errors.Is(err, journal.ErrFailed) || !errors.Is(err, journal.ErrReplaced) {
					t.Fatalf("Append = %v, want ErrFailed and ErrReplaced", err)
				}
			}
		})
	}
}
