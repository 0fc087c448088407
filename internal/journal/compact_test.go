package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// Compacted, a journal has the frames that edit made, in the same order and
// numbers, at the places that it says, after opening it again too; segments
// behind stay where they are.
func TestCompact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		memory := journaltest.NewMemory()
		j, err := journal.Open("/log", memoryOptions(memory))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range rapid.IntRange(1, 15).Draw(t, "appends") {
			var group [][]byte
			for k := range rapid.IntRange(1, 4).Draw(t, "frames") {
				want = append(want, fmt.Sprintf(`{"i":%d,"k":%d,"s":%q}`, i, k, strings.Repeat("s", rapid.IntRange(0, 200).Draw(t, "secret"))))
				group = append(group, []byte(want[len(want)-1]))
			}
			if _, err := j.Append(group...); err != nil {
				t.Fatal(err)
			}
		}
		places := map[uint64][2]int64{}
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			segments := j.Segments()
			for n, seg := range segments[:len(segments)-1] {
				if rapid.Bool().Draw(t, "not this one") {
					continue
				}
				next := seg.First
				swaps := 0
				place := map[uint64][2]int64{}
				freed, err := j.Compact(seg.Base, func(r journal.Record) ([]byte, error) {
					if r.Index != next || string(r.Frame) != want[r.Index] {
						return nil, errors.New("not the frame that should stand here")
					}
					return bytes.ReplaceAll(r.Frame, []byte("sss"), nil), nil
				}, func(offset int64, length int) {
					place[next] = [2]int64{offset, int64(length)}
					next++
				}, func(_ int64, replace func() error) error {
					swaps++
					for index := range place {
						want[index] = strings.ReplaceAll(want[index], "sss", "")
						places[index] = place[index]
					}
					return replace()
				})
				if err != nil || (freed > 0) != (swaps == 1) || next != seg.First+seg.Count {
					t.Fatalf("Compact = %d, %v after %d swaps and %d frames", freed, err, swaps, next-seg.First)
				}
				now := j.Segments()
				if now[n].Size != seg.Size-freed || now[n+1] != segments[n+1] && now[n+1].Base != segments[n+1].Base {
					t.Fatalf("%+v was %+v; next %+v was %+v", now[n], seg, now[n+1], segments[n+1])
				}
			}
			for index, at := range places {
				frame := make([]byte, at[1])
				if _, err := j.ReadAt(frame, at[0]); err != nil || string(frame) != want[index] {
					t.Fatalf("frame %d reads as %q, %v", index, frame, err)
				}
			}
			if got := frames2(t, j); !slices.Equal(got, want) {
				t.Fatalf("frames are %q, want %q", got, want)
			}
			segments = j.Segments()
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			opt := memoryOptions(memory)
			opt.From = int64(rapid.IntRange(0, 3000).Draw(t, "from"))
			if j, err = journal.Open("/log", opt); err != nil {
				t.Fatalf("Open: %v", err)
			}
			if got := j.Segments(); !slices.Equal(got, segments) {
				t.Fatalf("segments are %+v, want %+v", got, segments)
			}
			if got := frames2(t, j); !slices.Equal(got, want) {
				t.Fatalf("frames are %q, want %q", got, want)
			}
		}
		j.Close()
	})
}

// A compacted segment that is cut, swapped for another or followed by the wrong
// one is damage, at whatever byte.
func TestCompactedDamage(t *testing.T) {
	t.Parallel()
	memory := journaltest.NewMemory()
	j, err := journal.Open("/log", memoryOptions(memory))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if _, err := j.Append(fmt.Appendf(nil, `{"i":%d,"s":"%s"}`, i, strings.Repeat(" ", 50))); err != nil {
			t.Fatal(err)
		}
	}
	segments := j.Segments()
	if _, err := j.Compact(segments[1].Base, func(r journal.Record) ([]byte, error) {
		return bytes.ReplaceAll(r.Frame, []byte(" "), nil), nil
	}, func(int64, int) {}, func(_ int64, replace func() error) error { return replace() }); err != nil {
		t.Fatal(err)
	}
	j.Close()
	name := func(base int64) string { return fmt.Sprintf("/log/%020d.jsonl", base) }
	f, err := memory.OpenFile(name(segments[1].Base), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if _, err := whole.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	damaged := func(what string) {
		t.Helper()
		for _, from := range []int64{0, 1 << 40} {
			opt := memoryOptions(memory)
			opt.From, opt.ReadOnly = from, true
			if _, err := journal.Open("/log", opt); !errors.Is(err, journal.ErrDamaged) && (from == 0 || what != "bit") {
				t.Fatalf("%s, from %d: %v", what, from, err)
			}
		}
	}
	for size := range whole.Len() {
		if err := f.Truncate(int64(size)); err != nil {
			t.Fatal(err)
		}
		damaged(fmt.Sprint("cut at ", size))
		if _, err := f.WriteAt(whole.Bytes(), 0); err != nil {
			t.Fatal(err)
		}
	}
	for i := range whole.Len() {
		if _, err := f.WriteAt([]byte{whole.Bytes()[i] ^ 1}, int64(i)); err != nil {
			t.Fatal(err)
		}
		damaged("bit")
		if _, err := f.WriteAt(whole.Bytes()[i:i+1], int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := memory.Remove(name(segments[2].Base)); err != nil {
		t.Fatal(err)
	}
	damaged("the next one is missing")
	for _, s := range segments[3:] {
		if err := memory.Remove(name(s.Base)); err != nil {
			t.Fatal(err)
		}
	}
	damaged("a compacted segment at the end")
}
