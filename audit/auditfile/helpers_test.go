package auditfile_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// removeSome removes some indexes of a folder.
func removeSome(t *rapid.T, fs journal.FS, dir string) {
	names, err := fs.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".index") && rapid.Bool().Draw(t, "remove") {
			if err := fs.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// files reads every file of a folder.
func files(tb rapid.TB, fs journal.FS, dir string) map[string][]byte {
	tb.Helper()
	names, err := fs.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		f, err := fs.OpenFile(filepath.Join(dir, name), 0, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue // an index that is being written got its name
		}
		if err != nil {
			tb.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(f); err != nil {
			tb.Fatal(err)
		}
		f.Close()
		all[name] = b.Bytes()
	}
	return all
}

// secret is a payload that can be found in any file.
var secret = []byte("a payload that must go, whatever happens")

func holdsSecret(all map[string][]byte) bool {
	code := base64.StdEncoding.EncodeToString(secret)
	for _, data := range all {
		if bytes.Contains(data, secret) || bytes.Contains(data, []byte(code)) {
			return true
		}
	}
	return false
}

// What is erased is in no file any more, and nothing else changes. When a call
// fails on the way, or power is lost, the log is whole, before or after.
func TestErase(t *testing.T) {
	t.Parallel()
	pick := func(chain string, seq uint64) bool { return chain == "t/1" && seq%3 == 1 }
	for at := 0; ; at++ {
		fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: journaltest.Faults()[at%4]}
		opt := auditfile.WithFS(auditfile.Options{SegmentSize: 900}, fs)
		s, err := auditfile.Open("/log", opt)
		if err != nil {
			t.Fatal(err)
		}
		trees := tree{}
		for seq := range uint64(12) {
			for _, chain := range []string{"t/1", "t/2"} {
				r := record(chain, seq, 9)
				if pick(chain, seq) {
					r.Sealed = secret
				}
				if err := s.Append(t.Context(), chain, seq, trees.records(chain, r)); err != nil {
					t.Fatal(err)
				}
			}
		}
		// A closed store has written the indexes of its segments.
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = auditfile.Open("/log", opt); err != nil {
			t.Fatal(err)
		}
		want := contents(t, s)
		if !holdsSecret(files(t, fs.Memory, "/log")) {
			t.Fatal("the payload is not even stored")
		}
		calls := fs.Calls()
		if at > 0 {
			fs.At = calls + at
		}
		n, err := s.Erase(t.Context(), pick)
		if at > 0 && fs.Calls() < fs.At {
			return // every call was tried
		}
		if at == 0 && (err != nil || n != 4) {
			t.Fatalf("Erase = %d, %v, want 4", n, err)
		}
		s.Close()
		memory := fs.Memory.Restart()
		crashed := memory.Crash(func(n int) int { return at % n })
		for _, memory := range []*journaltest.Memory{crashed, memory} {
			s, openErr := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{SegmentSize: 900, Full: at%2 == 0}, memory))
			if openErr != nil {
				t.Fatalf("call %d: Open: %v", at, openErr)
			}
			if err == nil && holdsSecret(files(t, memory, "/log")) {
				t.Fatalf("call %d: the payload is still there", at)
			}
			if _, err := s.Erase(t.Context(), pick); err != nil { // again, or the rest
				t.Fatal(err)
			}
			for chain, d := range contents(t, s) {
				for seq, r := range d.Records {
					w := want[chain].Records[seq]
					if gone := pick(chain, uint64(seq)); !bytes.Equal(r.Line, w.Line) || (r.Sealed == nil) != gone || !gone && !bytes.Equal(r.Sealed, w.Sealed) {
						t.Fatalf("call %d: %s %d is %q, %q", at, chain, seq, r.Line, r.Sealed)
					}
				}
				if len(d.Records) != 12 {
					t.Fatalf("%d records", len(d.Records))
				}
			}
			if holdsSecret(files(t, memory, "/log")) {
				t.Fatalf("call %d: the payload is still there", at)
			}
			if err := s.Append(t.Context(), "t/1", 12, trees.records("t/1", record("t/1", 12, 1))); err != nil {
				t.Fatal(err)
			}
			trees["t/1"] = nil
			for seq := range uint64(12) {
				trees.records("t/1", audit.Record{Line: want["t/1"].Records[seq].Line})
			}
			s.Close()
		}
	}
}
