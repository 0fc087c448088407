package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
)

// keptLog reads the log of a folder with the keys that are kept elsewhere, and
// returns of each chain but the log's own what its entries say.
func keptLog(t *testing.T, dir string) map[string][]map[string]any {
	t.Helper()
	master, err := os.ReadFile(filepath.Join(dir, "elsewhere", "keys", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := auditkeys.OpenRing(filepath.Join(dir, "elsewhere", "keys", "ring"), auditkeys.MasterKey(master), &auditkeys.RingOptions{MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer ring.Close()
	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix("t/", "org"), &auditkeys.Options{Mode: auditkeys.Stored})
	if err != nil {
		t.Fatal(err)
	}
	store, err := auditfile.Open(filepath.Join(dir, "log"), &auditfile.Options{ReadOnly: true, Full: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	chains := make(map[string][]map[string]any)
	for chain, err := range store.Chains(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if chain == audit.System {
			continue
		}
		for e, err := range audit.Entries(t.Context(), store, chain, 0) {
			if err != nil {
				t.Fatal(err)
			}
			opened, err := audit.OpenEntry(t.Context(), sealer, e)
			switch {
			case errors.Is(err, audit.ErrErased):
				opened = e
			case err != nil:
				t.Fatalf("entry %d of %s: %v", e.Seq, chain, err)
			}
			data, err := json.Marshal(opened.Event)
			if err != nil {
				t.Fatal(err)
			}
			said := map[string]any{"time": e.Time.String(), "erased": err != nil || e.Seal != "" && len(e.Sealed) == 0}
			var event map[string]any
			if err := json.Unmarshal(data, &event); err != nil {
				t.Fatal(err)
			}
			said["event"] = event
			if len(opened.Event.Payload) > 0 {
				var payload any
				if err := json.Unmarshal(opened.Event.Payload, &payload); err != nil {
					t.Fatal(err)
				}
				said["payload"] = payload
				delete(event, "Payload")
			}
			chains[chain] = append(chains[chain], said)
		}
	}
	return chains
}

// flat returns every leaf of a JSON-like value by its path.
func flat(path string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			flat(path+"."+k, x, into)
		}
	case []any:
		into[path+".#"] = fmt.Sprint(len(v))
		for i, x := range v {
			flat(fmt.Sprintf("%s[%d]", path, i), x, into)
		}
	default:
		into[path] = fmt.Sprint(v)
	}
}

// leaves flattens a log.
func leaves(chains map[string][]map[string]any) map[string]string {
	into := make(map[string]string)
	for chain, entries := range chains {
		into[chain+".#"] = fmt.Sprint(len(entries))
		for i, e := range entries {
			flat(fmt.Sprintf("%s[%d]", chain, i), map[string]any(e), into)
		}
	}
	return into
}

// differing returns the paths at which two logs differ. Between two tellings
// that nobody disturbed these are where random values stand.
func differing(a, b map[string]string) []string {
	var paths []string
	for path, v := range a {
		if w, ok := b[path]; !ok || w != v {
			paths = append(paths, path)
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// verifyKept verifies the log of a folder as somebody else would: with the
// checkpoints that were published and the public key in them.
func verifyKept(t *testing.T, dir string) error {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "elsewhere", "checkpoints", "checkpoint.*"))
	if err != nil || len(names) == 0 {
		t.Fatal("no checkpoint", err)
	}
	opt := &audit.VerifyOptions{Origin: "audit.fernhill.example", Verifier: publicKey(t, dir)}
	for _, name := range names {
		note, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		opt.Checkpoints = append(opt.Checkpoints, note)
	}
	store, err := auditfile.Open(filepath.Join(dir, "log"), &auditfile.Options{ReadOnly: true, Full: true})
	if err != nil {
		return err
	}
	defer store.Close()
	reports, err := audit.VerifyAll(t.Context(), store, opt)
	if err != nil {
		return err
	}
	// The last checkpoint covers everything: nothing stands behind it.
	last := names[len(names)-1]
	for _, r := range reports {
		if r.Chain == audit.System && !strings.HasSuffix(last, fmt.Sprintf("%020d", r.Size)) {
			return fmt.Errorf("the last checkpoint is %s, and the chain has %d entries", filepath.Base(last), r.Size)
		}
	}
	return nil
}
