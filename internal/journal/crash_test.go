package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

const memoryDir = "/srv/audit/log"

// A diary is what a user of a journal knows: the groups that were appended, in
// order, and which of them were acknowledged.
type diary struct {
	groups [][]string
	acked  []bool
}

func (d *diary) group(sizes ...int) [][]byte {
	frames := make([][]byte, len(sizes))
	group := make([]string, len(sizes))
	for i, size := range sizes {
		group[i] = fmt.Sprintf(`{"group":%d,"frame":%d,"text":%q}`, len(d.groups), i, strings.Repeat("x", size))
		frames[i] = []byte(group[i])
	}
	d.groups, d.acked = append(d.groups, group), append(d.acked, false)
	return frames
}

// check compares a journal with the diary: every acknowledged group is there,
// others whole or not at all, all in order. What is found then is known to be
// there: it must stay.
func (d *diary) check(tb rapid.TB, j *journal.Journal) {
	tb.Helper()
	var got []string
	for r, err := range j.Replay(0) {
		if err != nil {
			tb.Fatalf("Replay: %v", err)
		}
		got = append(got, string(r.Frame))
	}
	var groups [][]string
	for i, group := range d.groups {
		if len(got) >= len(group) && slices.Equal(got[:len(group)], group) {
			got = got[len(group):]
			groups = append(groups, group)
		} else if d.acked[i] {
			tb.Fatalf("acknowledged group %d of %d is missing; what follows is %.200q", i, len(d.groups), got)
		}
	}
	if len(got) > 0 {
		tb.Fatalf("frames that nobody appended, out of order, or in part: %.200q", got)
	}
	d.groups, d.acked = groups, make([]bool, len(groups))
	for i := range d.acked {
		d.acked[i] = true
	}
}

func memoryOptions(fs journal.FS) journal.Config {
	return journal.Config{Format: format, SegmentSize: 900, FS: fs}
}

// work opens a journal, appends groups and closes it, and tells what it knows.
func work(tb rapid.TB, fs journal.FS, d *diary, groups int) {
	j, err := journal.Open(memoryDir, memoryOptions(fs))
	if err != nil {
		if errors.Is(err, journal.ErrDamaged) {
			tb.Fatalf("Open: %v", err)
		}
		return
	}
	defer j.Close()
	for i := range groups {
		frames := d.group(slices.Repeat([]int{40 * i}, 1+i%3)...)
		_, err := j.Append(frames...)
		d.acked[len(d.acked)-1] = err == nil
		if err == nil {
			continue
		}
		if !errors.Is(err, journal.ErrFailed) {
			tb.Fatalf("Append = %v, want ErrFailed", err)
		}
		if _, again := j.Append([]byte("after the failure")); !errors.Is(again, journal.ErrFailed) || j.Err() == nil {
			tb.Fatalf("Append after a failure = %v, Err = %v", again, j.Err())
		}
		return
	}
}

// Every call to the file system fails once, in every way. Then the journal
// opens, with or without a loss of power, and has what was acknowledged, takes
// more, and keeps that through a loss of power too.
func TestEveryCallFails(t *testing.T) {
	t.Parallel()
	for _, fault := range journaltest.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(1, 2))
			for at := 1; ; at++ {
				fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: fault, At: at}
				fs.Memory.Mkdir("/srv")
				fs.Memory.SyncDir("/")
				var d diary
				work(t, fs, &d, 5)
				work(t, fs, &d, 4)
				if fs.Calls() < at {
					if at < 60 {
						t.Fatalf("only %d calls were made", at)
					}
					return
				}
				for _, power := range []bool{true, false} { // a crash copies what there is
					memory, d := fs.Memory, diary{slices.Clone(d.groups), slices.Clone(d.acked)}
					// A lock outlives its process in this file system.
					if memory = memory.Restart(); power {
						memory = memory.Crash(dice.IntN)
					}
					for range 3 {
						j, err := journal.Open(memoryDir, memoryOptions(memory))
						if err != nil {
							t.Fatalf("call %d, power lost %v: Open: %v", at, power, err)
						}
						d.check(t, j)
						for i := range 3 {
							if _, err := j.Append(d.group(100, i)...); err != nil {
								t.Fatalf("call %d: Append: %v", at, err)
							}
							d.acked[len(d.acked)-1] = true
						}
						memory = memory.Crash(dice.IntN)
					}
				}
			}
		})
	}
}

// Power is lost again and again, at any call, and any part of what was not
// synced is lost with it.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		memory := journaltest.NewMemory()
		var d diary
		for range rapid.IntRange(1, 6).Draw(t, "crashes") {
			fs := &journaltest.Faulty{
				Memory: memory,
				At:     rapid.IntRange(1, 120).Draw(t, "call"),
				Fault:  rapid.SampledFrom(journaltest.Faults()).Draw(t, "fault"),
			}
			work(t, fs, &d, rapid.IntRange(0, 8).Draw(t, "groups"))
			seed := rapid.Uint64().Draw(t, "what is lost")
			memory = fs.Memory.Crash(rand.New(rand.NewPCG(seed, 0)).IntN)
			j, err := journal.Open(memoryDir, memoryOptions(memory))
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			d.check(t, j)
			// Recovery is idempotent: another crash changes nothing.
			memory = memory.Crash(rand.New(rand.NewPCG(seed, 1)).IntN)
			if j, err = journal.Open(memoryDir, memoryOptions(memory)); err != nil {
				t.Fatalf("Open again: %v", err)
			}
			d.check(t, j)
			if r := j.Recovered(); r.Length > 0 {
				t.Fatalf("recovered twice: %+v", r)
			}
			memory = memory.Restart()
		}
	})
}

// The last group is lost block by block, in every subset.
func TestEverySubsetOfBlocks(t *testing.T) {
	t.Parallel()
	for subset := range 1 << 7 {
		for _, size := range []int{0, 1, 511, 512, 513, 1500, 2000} {
			fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: journaltest.Fault{Err: errors.New("dead"), Dead: true}}
			opt := memoryOptions(fs)
			opt.SegmentSize = 1 << 20
			j, err := journal.Open("/log", opt)
			if err != nil {
				t.Fatal(err)
			}
			var d diary
			if _, err := j.Append(d.group(300)...); err != nil {
				t.Fatal(err)
			}
			d.acked[0] = true
			sync := fs.Calls() + 4 // of the next append: two looks, the write, its sync
			fs.At = sync
			if _, err := j.Append(d.group(size, 10)...); !errors.Is(err, journal.ErrFailed) {
				t.Fatalf("Append: %v", err)
			}
			bit := 0
			memory := fs.Memory.Crash(func(n int) int {
				if n != 2 { // not a block: the file's full length
					return n - 1
				}
				bit++
				return subset >> (bit - 1) & 1
			})
			if j, err = journal.Open("/log", memoryOptions(memory)); err != nil {
				t.Fatalf("subset %b of %d bytes: %v", subset, size, err)
			}
			d.check(t, j)
		}
	}
}

// small returns the files of a journal of several segments, all closed
// orderly, and its frames by the journal offset behind their commit.
func small(tb rapid.TB) (files map[string][]byte, frames []string) {
	tb.Helper()
	memory := journaltest.NewMemory()
	j, err := journal.Open(memoryDir, journal.Config{Format: format, SegmentSize: 420, FS: memory})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range 4 {
		var group [][]byte
		for k := range 1 + i%2 {
			frames = append(frames, fmt.Sprintf(`{"i":%d,"k":%d,"a":" @"}`, i, k))
			group = append(group, []byte(frames[len(frames)-1]))
		}
		if _, err := j.Append(group...); err != nil {
			tb.Fatal(err)
		}
	}
	files = map[string][]byte{}
	names, _ := memory.ReadDir(memoryDir)
	for _, name := range names {
		if strings.HasSuffix(name, ".jsonl") {
			files[name] = readFile(tb, memory, memoryDir+"/"+name)
		}
	}
	if len(files) < 2 {
		tb.Fatalf("%d segments, want several", len(files))
	}
	return files, frames
}

func readFile(tb rapid.TB, fs journal.FS, name string) []byte {
	tb.Helper()
	f, err := fs.OpenFile(name, 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// restored puts files into a new file system.
func restored(tb rapid.TB, files map[string][]byte) *journaltest.Memory {
	tb.Helper()
	memory := journaltest.NewMemory()
	for _, dir := range []string{"/srv", "/srv/audit", memoryDir} {
		memory.Mkdir(dir)
	}
	for name, data := range files {
		f, err := memory.OpenFile(memoryDir+"/"+name, 0x40, 0)
		if err != nil {
			tb.Fatal(err)
		}
		f.Write(data)
		f.Sync()
	}
	return memory
}

// opened opens files as a journal and returns its frames; the files must be
// untouched if they are refused.
func opened(tb rapid.TB, files map[string][]byte) (got []string, r journal.Recovery, err error) {
	tb.Helper()
	memory := restored(tb, files)
	opt := journal.Config{Format: format, SegmentSize: 420, FS: memory}
	opt.Visit = func(r journal.Record) error { got = append(got, string(r.Frame)); return nil }
	j, err := journal.Open(memoryDir, opt)
	if err != nil {
		for name, data := range files {
			if !bytes.Equal(readFile(tb, memory, memoryDir+"/"+name), data) {
				tb.Fatalf("refused, and yet changed: %s", name)
			}
		}
		return nil, journal.Recovery{}, err
	}
	return got, j.Recovered(), nil
}

// A file that is cut short is refused, unless it is the last: then what is left
// of its last group goes as a whole.
func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	files, frames := small(t)
	names := sorted(files)
	for i, name := range names {
		data := files[name]
		commits := 0
		for size := len(data) - 1; size >= 0; size-- {
			cut := map[string][]byte{}
			maps.Copy(cut, files)
			cut[name] = data[:size]
			got, r, err := opened(t, cut)
			headerEnd := bytes.IndexByte(data, '\n') + 1
			if i < len(names)-1 || size < headerEnd {
				if !errors.Is(err, journal.ErrDamaged) {
					t.Fatalf("%s cut to %d bytes: %v, want ErrDamaged", name, size, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s cut to %d bytes: %v", name, size, err)
			}
			if len(got) >= len(frames) || !slices.Equal(got, frames[:len(got)]) {
				t.Fatalf("%s cut to %d bytes: %q", name, size, got)
			}
			atCommit := size == headerEnd || bytes.HasSuffix(data[:size], []byte("}}\n"))
			if atCommit {
				commits++
			}
			if atCommit != (r.Length == 0) || r.Offset+r.Length != int64(size) && r.Length > 0 {
				t.Fatalf("%s cut to %d bytes: Recovered = %+v", name, size, r)
			}
		}
		if i == len(names)-1 && commits == 0 {
			t.Fatal("no cut at a commit was tried")
		}
	}
}

// Any bit that is flipped is refused, and nothing is cut off for it.
func TestFlippedAnywhere(t *testing.T) {
	t.Parallel()
	files, frames := small(t)
	if got, _, err := opened(t, files); err != nil || !slices.Equal(got, frames) {
		t.Fatalf("unchanged: %q, %v", got, err)
	}
	for _, name := range sorted(files) {
		data := files[name]
		for bit := range 8 * len(data) {
			data[bit/8] ^= 1 << (bit % 8)
			got, r, err := opened(t, files)
			if !errors.Is(err, journal.ErrDamaged) {
				t.Fatalf("%s, bit %d of byte %d: %v, recovered %+v, %d of %d frames", name, bit%8, bit/8, err, r, len(got), len(frames))
			}
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// Blocks that are zeroed, repeated or swapped, and files that are missing,
// added or swapped, are refused, or they are the end of the last group.
func TestDisplaced(t *testing.T) {
	t.Parallel()
	files, frames := small(t)
	names := sorted(files)
	rapid.Check(t, func(t *rapid.T) {
		changed := map[string][]byte{}
		for k, v := range files {
			changed[k] = slices.Clone(v)
		}
		name := rapid.SampledFrom(names).Draw(t, "file")
		data := changed[name]
		a := rapid.IntRange(0, len(data)-1).Draw(t, "from")
		n := rapid.IntRange(1, len(data)-a).Draw(t, "length")
		switch rapid.IntRange(0, 5).Draw(t, "harm") {
		case 0:
			clear(data[a : a+n])
		case 1:
			changed[name] = slices.Insert(data, a, slices.Clone(data[a:a+n])...)
		case 2:
			changed[name] = slices.Delete(data, a, a+n)
		case 3:
			changed[name] = append(data[a:], data[:a]...)
		case 4:
			other := rapid.SampledFrom(names).Draw(t, "other")
			changed[name], changed[other] = changed[other], changed[name]
		case 5:
			delete(changed, name)
		}
		got, _, err := opened(t, changed)
		if err != nil {
			if !errors.Is(err, journal.ErrDamaged) {
				t.Fatalf("Open: %v", err)
			}
			return
		}
		if len(got) > len(frames) || !slices.Equal(got, frames[:len(got)]) {
			t.Fatalf("accepted %q", got)
		}
	})
}

func sorted(files map[string][]byte) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// FuzzOpen opens any bytes as the last segment behind a good one.
func FuzzOpen(f *testing.F) {
	files, _ := small(f)
	names := sorted(files)
	last := names[len(names)-1]
	f.Add(files[last])
	f.Add(files[last][:len(files[last])-1])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		changed := map[string][]byte{}
		maps.Copy(changed, files)
		changed[last] = data
		got, r, err := opened(t, changed)
		if err != nil {
			if !errors.Is(err, journal.ErrDamaged) {
				t.Fatalf("Open: %v", err)
			}
			return
		}
		// What was cut off is the end; the rest opens to the same.
		if r.Length > 0 {
			changed[last] = data[:r.Offset]
			again, r, err := opened(t, changed)
			if err != nil || r.Length > 0 || !slices.Equal(got, again) {
				t.Fatalf("a second time: %q, %+v, %v, want %q", again, r, err, got)
			}
		}
	})
}
