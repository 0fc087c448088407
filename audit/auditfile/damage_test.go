package auditfile_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// small returns the files of a log with three segments and two indexes, and
// what it holds.
func small(tb rapid.TB) (map[string][]byte, map[string]dump) {
	tb.Helper()
	memory := journaltest.NewMemory()
	s, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{SegmentSize: 500}, memory))
	if err != nil {
		tb.Fatal(err)
	}
	trees := tree{}
	for seq := range uint64(3) {
		for _, chain := range []string{"a", "b/c"} {
			if err := s.Append(context.Background(), chain, seq, trees.records(chain, record(chain, seq, 4))); err != nil {
				tb.Fatal(err)
			}
		}
	}
	want := contents(tb, s)
	s.Close()
	all := files(tb, memory, "/log")
	delete(all, "LOCK")
	if len(all) != 5 {
		tb.Fatalf("%d files, want 5: %v", len(all), slices.Sorted(maps.Keys(all)))
	}
	return all, want
}

// reopen opens a log of these files and reads it. What differs from a whole
// log without an error shows by its hashes.
func reopen(tb rapid.TB, all map[string][]byte, opt auditfile.Options) (map[string]dump, error) {
	tb.Helper()
	memory := journaltest.NewMemory()
	memory.Mkdir("/log")
	for name, data := range all {
		f, err := memory.OpenFile(filepath.Join("/log", name), 0x40, 0)
		if err != nil {
			tb.Fatal(err)
		}
		f.Write(data)
		f.Sync()
	}
	s, err := auditfile.Open("/log", auditfile.WithFS(opt, memory))
	if err != nil {
		for name, data := range files(tb, memory, "/log") {
			if strings.HasSuffix(name, ".jsonl") && !bytes.Equal(data, all[name]) {
				tb.Fatalf("refused with %v, and yet changed: %s", err, name)
			}
		}
		return nil, err
	}
	defer s.Close()
	got := map[string]dump{}
	ctx := context.Background()
	for chain, err := range s.Chains(ctx) {
		if err != nil {
			return nil, err
		}
		var d dump
		for r, err := range s.Read(ctx, chain, 0) {
			if err != nil {
				return nil, err
			}
			d.Records = append(d.Records, audit.Record{Line: bytes.Clone(r.Line), Sealed: bytes.Clone(r.Sealed)})
		}
		for i := range tlog.StoredHashCount(int64(len(d.Records))) {
			h, err := s.ReadHashes(ctx, chain, []int64{i})
			if err != nil {
				return nil, err
			}
			d.Hashes = append(d.Hashes, h...)
		}
		got[chain] = d
	}
	return got, nil
}

// consistent tells whether the lines are those of which the hashes are kept.
func consistent(all map[string]dump) bool {
	for _, d := range all {
		var f audit.Frontier
		var want []tlog.Hash
		for _, r := range d.Records {
			want = f.Append(want, audit.LeafHash(r.Line))
		}
		if !slices.Equal(want, d.Hashes) {
			return false
		}
	}
	return true
}

func lines(all map[string]dump) map[string][]string {
	got := map[string][]string{}
	for chain, d := range all {
		for _, r := range d.Records {
			got[chain] = append(got[chain], string(r.Line))
		}
	}
	return got
}

// Every bit of every file is flipped. Opened in full, a segment is refused and
// an index is computed anew. Opened by its indexes, a line that was changed in
// a closed segment is refused or does not have its hash.
func TestFlippedAnywhere(t *testing.T) {
	t.Parallel()
	all, want := small(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		data := all[name]
		for bit := range 8 * len(data) {
			data[bit/8] ^= 1 << (bit % 8)
			place := fmt.Sprintf("%s, bit %d of byte %d", name, bit%8, bit/8)
			got, err := map[string]dump(nil), audit.ErrTampered
			if bit%15 == 0 { // package journal flips them all
				got, err = reopen(t, all, auditfile.Options{Full: true})
			}
			switch {
			case bit%15 != 0:
			case strings.HasSuffix(name, ".index"):
				if err != nil || !cmp.Equal(want, got) {
					t.Fatalf("%s, full: %v, want the log", place, err)
				}
			case !errors.Is(err, audit.ErrTampered):
				t.Fatalf("%s, full: %v, want ErrTampered", place, err)
			}
			got, err = reopen(t, all, auditfile.Options{ReadOnly: bit%7 != 0})
			if err != nil && !errors.Is(err, audit.ErrTampered) {
				t.Fatalf("%s: %v, want ErrTampered", place, err)
			}
			if table := len("baakit.audit.index/1\n") + 28; strings.HasSuffix(name, ".index") &&
				bit/8 < table+int(binary.LittleEndian.Uint32(all[name][table-4:]))+4 && bit/8 >= table && !cmp.Equal(want, got) {
				t.Fatalf("%s: %v, want the table to be passed over", place, err)
			}
			if err == nil && consistent(got) && !cmp.Equal(lines(want), lines(got)) {
				t.Fatalf("%s: the log is another without a sign of it", place)
			}
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// Every file is cut at every byte.
func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	all, want := small(t)
	names := slices.Sorted(maps.Keys(all))
	last := names[len(names)-1]
	for _, name := range names {
		data := all[name]
		for size := range data {
			all[name] = data[:size]
			for _, full := range []bool{true, false} {
				if full && size%4 != 0 {
					continue
				}
				got, err := reopen(t, all, auditfile.Options{Full: full, ReadOnly: size%3 != 0})
				switch {
				case strings.HasSuffix(name, ".index"):
					if err != nil || !cmp.Equal(want, got) {
						t.Fatalf("%s cut to %d: %v, want the log", name, size, err)
					}
				case name == last && err == nil:
					for chain, l := range lines(got) {
						if w := lines(want)[chain]; len(l) > len(w) || !slices.Equal(l, w[:len(l)]) {
							t.Fatalf("%s cut to %d: %q", name, size, l)
						}
					}
				case !errors.Is(err, audit.ErrTampered):
					t.Fatalf("%s cut to %d: %v, want ErrTampered", name, size, err)
				}
			}
		}
		all[name] = data
	}
}

// A file of any bytes in the place of any file is refused, rebuilt, or shows.
func FuzzOpen(f *testing.F) {
	all, want := small(f)
	names := slices.Sorted(maps.Keys(all))
	for i, name := range names {
		f.Add(byte(i), all[name])
	}
	f.Fuzz(func(t *testing.T, file byte, data []byte) {
		changed := maps.Clone(all)
		name := names[int(file)%len(names)]
		changed[name] = data
		got, err := reopen(t, changed, auditfile.Options{ReadOnly: file > 100, Full: file%2 == 0})
		if err != nil {
			if !errors.Is(err, audit.ErrTampered) {
				t.Fatalf("%s: %v", name, err)
			}
			return
		}
		if name != names[len(names)-1] && consistent(got) && !cmp.Equal(lines(want), lines(got)) {
			t.Fatalf("%s: the log is another", name)
		}
	})
}

// A journal of the right format that no store has written.
func TestForeignFrames(t *testing.T) {
	t.Parallel()
	for name, frames := range map[string][]string{
		"a gap":            {`{"chain":"a","seq":0,"line":{}}`, `{"chain":"a","seq":2,"line":{}}`},
		"a repeat":         {`{"chain":"a","seq":0,"line":{}}`, `{"chain":"a","seq":0,"line":{}}`},
		"not from 0":       {`{"chain":"a","seq":1,"line":{}}`},
		"a leading zero":   {`{"chain":"a","seq":00,"line":{}}`},
		"a huge number":    {`{"chain":"a","seq":99999999999999999999,"line":{}}`},
		"no number":        {`{"chain":"a","seq":,"line":{}}`},
		"another order":    {`{"seq":0,"chain":"a","line":{}}`},
		"no line":          {`{"chain":"a","seq":0}`},
		"an empty line":    {`{"chain":"a","seq":0,"line":}`},
		"no end":           {`{"chain":"a","seq":0,"line":{}`[:25]},
		"an open payload":  {`{"chain":"a","sealed":"AA==,"seq":0}`},
		"a name":           {`{"chain":"a b","seq":0,"line":{}}`},
		"no name":          {`{"chain":"","seq":0,"line":{}}`},
		"something else":   {`{}`},
		"a payload's code": {`{"chain":"a","sealed":"A","seq":0,"line":{}}`},
	} {
		memory := journaltest.NewMemory()
		j, err := journal.Open("/log", journal.Config{Format: "baakit.audit/1", FS: memory})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			if _, err := j.Append([]byte(f)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		j.Close()
		s, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{}, memory))
		if name == "a payload's code" { // it is read when it is asked for
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, err = range s.Read(t.Context(), "a", 0) {
			}
		}
		if !errors.Is(err, audit.ErrTampered) {
			t.Errorf("%s: %v, want ErrTampered", name, err)
		}
	}
}

// An index that is whole, but of another log whose segment has the same length,
// is passed over.
func TestForeignIndex(t *testing.T) {
	t.Parallel()
	all, want := small(t)
	const index, segment = "00000000000000000000.index", "00000000000000000000.jsonl"
	for length := len(all[segment]) - 210; ; length++ {
		memory := journaltest.NewMemory()
		s, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{SegmentSize: 300}, memory))
		if err != nil {
			t.Fatal(err)
		}
		trees := tree{}
		for seq, line := range []string{strings.Repeat("x", length-120), "x", "x"} {
			if err := s.Append(t.Context(), "a", uint64(seq), trees.records("a", audit.Record{Line: []byte(line)})); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		others := files(t, memory, "/log")
		if len(others[segment]) > len(all[segment]) {
			t.Fatal("no segment of this length was made")
		}
		if len(others[segment]) < len(all[segment]) {
			continue
		}
		all[index] = others[index]
		got, err := reopen(t, all, auditfile.Options{ReadOnly: true})
		if err != nil || !cmp.Equal(want, got) {
			t.Fatalf("with the index of another log: %v, want the log", err)
		}
		return
	}
}
