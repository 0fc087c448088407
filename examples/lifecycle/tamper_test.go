package main_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// copyFolder copies a folder that nobody writes to.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	for name, data := range folder(t, from) {
		path := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// failed tells the story on a folder that was tampered with: it must say so in
// one line, and neither go on nor change anything.
func failed(t *testing.T, what, dir string) {
	t.Helper()
	before := folder(t, dir)
	stdout, stderr, code := program(t, "-dir", dir)
	if code != 2 || strings.Count(stderr, "\n") != 1 || stdout != "" {
		t.Errorf("%s: exit code %d, standard error %q", what, code, stderr)
	}
	sameFolders(t, before, folder(t, dir))
}

// One byte of the log that is not what it was, wherever, is noticed, and so is
// a log that was forged with all its checksums right.
func TestTampered(t *testing.T) {
	t.Parallel()
	dir, _ := told(t)
	segments, err := filepath.Glob(filepath.Join(dir, "log", "*.jsonl"))
	if err != nil || len(segments) == 0 {
		t.Fatal("no log", err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		copied := copyFolder(t, dir)
		name := filepath.Join(copied, "log", filepath.Base(segments[r.IntN(len(segments))]))
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		failed(t, "a byte changed", copied)
	}

	for what, forge := range map[string]func(chains map[string][]audit.Record){
		"an event taken out": func(c map[string][]audit.Record) {
			c["org/subprocessors"] = slices.Delete(c["org/subprocessors"], 3, 4)
		},
		"the end of a chain cut off": func(c map[string][]audit.Record) {
			c["org/retention"] = c["org/retention"][:20]
		},
		"a chain taken out": func(c map[string][]audit.Record) { delete(c, "org/incident") },
		"two accesses changed places": func(c map[string][]audit.Record) {
			a := c["t/customer"]
			a[0], a[1] = a[1], a[0]
		},
	} {
		copied := copyFolder(t, dir)
		rewrite(t, filepath.Join(copied, "log"), forge)
		failed(t, what, copied)
	}
}

// rewrite replaces the log in a folder by a forgery whose checksums and tree
// hashes are right.
func rewrite(t *testing.T, dir string, forge func(chains map[string][]audit.Record)) {
	t.Helper()
	old, err := auditfile.Open(dir, &auditfile.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	chains := make(map[string][]audit.Record)
	for chain, err := range old.Chains(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range old.Read(t.Context(), chain, 0) {
			if err != nil {
				t.Fatal(err)
			}
			chains[chain] = append(chains[chain], audit.Record{Line: slices.Clone(r.Line), Sealed: slices.Clone(r.Sealed)})
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	forge(chains)
	store, err := auditfile.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for chain, records := range chains {
		var tree audit.Frontier
		for i := range records {
			records[i].Hashes = tree.Append(nil, audit.LeafHash(records[i].Line))
		}
		if err := store.Append(t.Context(), chain, 0, records); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// Two stories at once on one folder: the second is refused and changes nothing.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	dir, _ := told(t)
	store, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	before := folder(t, dir)
	if _, stderr, code := program(t, "-dir", dir); code != 2 || !strings.Contains(stderr, "another run") {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	sameFolders(t, before, folder(t, dir))
}
