package main_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
)

func publicKey(t *testing.T, dir string) *audit.Verifier {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "elsewhere", "keys", "checkpoints.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	v, err := audit.NewVerifier(key.(ed25519.PrivateKey).Public())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// weight is how much stands in the folders that grow while a story is told.
func weight(dir string) int64 {
	var sum int64
	for _, sub := range []string{"log", "outbox", "sent", "custody", "elsewhere/keys", "elsewhere/keys/ring", "elsewhere/checkpoints", "."} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			continue
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && !info.IsDir() {
				sum += info.Size()
			}
		}
	}
	return sum
}

// entries is how many entries of a chain stand in the log of a folder.
func entries(dir, chain string) int {
	names, err := filepath.Glob(filepath.Join(dir, "log", "*.jsonl"))
	if err != nil {
		return 0
	}
	n := 0
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil {
			n += bytes.Count(data, []byte(`{"chain":"`+chain+`"`))
		}
	}
	return n
}

// killed runs the story and kills it when it is time. It reports whether the
// story came to its end first.
func killed(t *testing.T, dir string, time func() bool) bool {
	t.Helper()
	cmd := exec.Command(built.Path(), "-dir", dir)
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("a story that nobody killed: %v", err)
			}
			return true
		default:
		}
		if time() {
			_ = cmd.Process.Kill() // it may be gone by now
			return <-done == nil
		}
	}
}

// A story that is killed again and again, at points of its growth and of time,
// and then told to its end, leaves what one leaves that nobody disturbed: no
// event lost, none twice, the same files and the same mail, and a log that
// verifies up to its last entry.
func TestKilled(t *testing.T) {
	t.Parallel()
	one, _ := told(t)
	two, _ := told(t)
	want := leaves(keptLog(t, one))
	random := differing(want, leaves(keptLog(t, two)))
	if len(random) == 0 || len(random) > len(want)/4 {
		t.Fatalf("%d of %d values are random: this test would tell nothing", len(random), len(want))
	}
	whole := weight(one)
	grown := func(dir string, by int64) func() bool {
		before := weight(dir)
		return func() bool { return weight(dir)-before >= by }
	}
	logs := keptLog(t, one)
	chains := []string{ // in the order of the story
		"org/story", "org/agreement/text", "org/agreement/life", "t/customer", "org/reviews", "org/access", "org/agreement/requests",
		"org/deid", "org/subprocessors", "org/incident", "org/incident/response", "org/custody", "org/retention",
	}
	if len(chains) != len(logs) {
		t.Fatalf("the log has %d chains, and this test knows %d", len(logs), len(chains))
	}
	for name, next := range map[string]func(r *rand.Rand, dir string) func() bool{
		"by growth": func(r *rand.Rand, dir string) func() bool { return grown(dir, 1+r.Int64N(whole/12)) },
		"early":     func(r *rand.Rand, dir string) func() bool { return grown(dir, 1+r.Int64N(whole/60)) },
		"by time": func(r *rand.Rand, _ string) func() bool {
			begun, after := time.Now(), time.Duration(r.Int64N(int64(250*time.Millisecond)))
			return func() bool { return time.Since(begun) > after }
		},
		// In the first chain that is not complete, and in that of the accesses
		// at each entry.
		"in each chain": func(r *rand.Rand, dir string) func() bool {
			for _, chain := range chains {
				if there := entries(dir, chain); there < len(logs[chain]) {
					at := there + 1 + r.IntN(len(logs[chain])-there)
					return func() bool { return entries(dir, chain) >= at }
				}
			}
			return func() bool { return false }
		},
		"accesses": func(_ *rand.Rand, dir string) func() bool {
			at := entries(dir, "t/customer") + 1
			return func() bool { return entries(dir, "t/customer") >= at }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, uint64(len(name))))
			dir := filepath.Join(t.TempDir(), "kept")
			kills := 0
			for ; kills < len(chains); kills++ {
				if killed(t, dir, next(r, dir)) {
					break
				}
			}
			t.Logf("killed %d times", kills)
			stdout, stderr, code := program(t, "-json", "-dir", dir)
			if code != 0 {
				t.Fatalf("after %d kills: exit code %d, %s", kills, code, stderr)
			}
			if err := verifyKept(t, dir); err != nil {
				t.Error(err)
			}
			got := leaves(keptLog(t, dir))
			for _, path := range differing(want, got) {
				if !slices.Contains(random, path) {
					t.Errorf("%s is %q, without a kill %q", path, got[path], want[path])
				}
			}
			if !strings.Contains(stdout, `"caught": 6`) {
				t.Error("the proof is not what it was")
			}
			sameNames(t, one, dir)
		})
	}
}

// sameNames checks that two folders have the same files, but for checkpoints
// and segments, which are named for sizes, and the same mail.
func sameNames(t *testing.T, one, other string) {
	t.Helper()
	a, b := folder(t, one), folder(t, other)
	for name, data := range a {
		if sized(name) {
			continue
		}
		switch got, ok := b[name]; {
		case !ok:
			t.Errorf("%s is not there", name)
		case strings.HasPrefix(name, "sent/") && got != data:
			t.Errorf("%s is not the mail that it was", name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok && !sized(name) {
			t.Errorf("%s came to be", name)
		}
	}
}

func sized(name string) bool {
	return strings.HasPrefix(name, "elsewhere/checkpoints/") || strings.HasPrefix(name, "log/")
}
