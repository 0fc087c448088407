package main_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/exampletest"
)

var (
	update = flag.Bool("update", false, "write testdata/sample")
	built  exampletest.Program
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(built.Main(m))
}

func program(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return built.Run(t, "", args...)
}

// zeros are salts for a sample that is always the same.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)) }

// sample writes a log of two tenants and an agreement, and what was published.
func sample(t *testing.T, dir string) {
	t.Helper()
	ctx := context.Background()
	signer, err := audit.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	s, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 3, 40, 14, 0, time.UTC)
	l, err := audit.New(ctx, s, audit.Config{
		Origin: "audit.example.com", Signer: signer, Rand: zeros{}, Sealer: audit.Unencrypted{TokenKey: make([]byte, 32)},
		Now: func() time.Time { now = now.Add(time.Second); return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []audit.Event{
		{Action: audit.ActionRead, Object: audit.Object{Type: "Observation"}, Patient: "p-1"},
		{Action: audit.ActionUpdate, Object: audit.Object{Type: "MedicationRequest"}, Patient: "p-1"},
		{Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: audit.ActionExecute},
		{Action: audit.ActionRead, Object: audit.Object{Type: "Patient"}, Patient: "p-2", Emergency: true, Purpose: []audit.Purpose{audit.BreakGlass}},
	} {
		e.Actor, e.Outcome = audit.Actor{ID: "u-9", Role: "physician"}, audit.Success
		for _, chain := range []string{"t/42", "t/43"}[:1+i%2] {
			if _, err := l.Append(ctx, chain, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := l.AppendAt(ctx, "org/agreements", 0, audit.Event{Kind: "baa.offered", Payload: json.RawMessage(`{"version":"1"}`)}); err != nil {
		t.Fatal(err)
	}
	c, err := l.Publish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Close(ctx), s.Close()); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key().Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "checkpoint"), c.Note, 0o644),
		os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644),
		os.WriteFile(filepath.Join(dir, "key.txt"), []byte(signer.Verifier().Keys("audit.example.com/system")[0]+"\n"), 0o644),
	); err != nil {
		t.Fatal(err)
	}
}

// The sample in testdata is what the library writes today, byte for byte.
func TestSample(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if *update {
		dir = filepath.Join("testdata", "sample")
		os.RemoveAll(dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sample(t, dir)
	for _, name := range []string{"checkpoint", "key.pem", "log/00000000000000000000.jsonl"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		want, err2 := os.ReadFile(filepath.Join("testdata/sample", name))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what testdata holds; was the format meant to change?", name)
		}
	}
}

var anchored = []string{"-checkpoint", "testdata/sample/checkpoint", "-key", "testdata/sample/key.pem"}

func TestGood(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{append([]string{"verify", "testdata/sample/log"}, anchored...), []string{"ok  t/42", "4 entries", "checkpoints 1"}},
		{[]string{"verify", "testdata/sample/log", "-checkpoint", "testdata/sample/checkpoint", "-key", "testdata/sample/key.txt"}, []string{"ok  system"}},
		{[]string{"verify", "-json", "testdata/sample/log"}, []string{`"ok": true`, `"warning": "no checkpoint`}},
		{append([]string{"prove", "testdata/sample/log", "t/42", "1"}, anchored...), []string{"is entry 1 of the 4 entries of t/42", "c2sp.org/tlog-proof@v1\nindex ", "— audit.example.com/system "}},
		{append([]string{"prove", "testdata/sample/log", "system", "1"}, anchored...), []string{"c2sp.org/tlog-proof@v1\nindex 1\n"}},
		{[]string{"prove", "testdata/sample/log", "t/42", "1"}, []string{"note: no checkpoint was given"}},
		{[]string{"prove", "-json", "testdata/sample/log", "t/42", "0"}, []string{`"leaf": "`}},
		{[]string{"show", "testdata/sample/log", "-chain", "t/42"}, []string{"u-9", "R  read", "[sealed]"}},
		{[]string{"show", "testdata/sample/log", "-kind", "baa.*"}, []string{"baa.offered"}},
		{[]string{"show", "testdata/sample/log", "-json", "-last", "1", "-actor", "u-9"}, []string{`"emergency":1`}},
		{[]string{"fsck", "testdata/sample/log"}, []string{"4 chains", "every checksum holds"}},
		{[]string{"fsck", "-json", "testdata/sample/log"}, []string{`"chains": 4`}},
	} {
		stdout, stderr, code := program(t, tt.args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, standard error %q", tt.args, code, stderr)
		}
		for _, want := range tt.want {
			if want == "R  read" {
				want = "R"
			}
			if !strings.Contains(stdout, want) {
				t.Errorf("%q does not print %q:\n%s", tt.args, want, stdout)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"frobnicate"},
		{"verify"},
		{"verify", "a", "b"},
		{"verify", "testdata/nowhere"},
		{"verify", "testdata/sample/log", "-wrong"},
		{"verify", "testdata/sample/log", "-key", "testdata/sample/key.pem"},
		{"verify", "testdata/sample/log", "-checkpoint", "testdata/sample/checkpoint", "-key", "testdata/run"},
		{"prove", "testdata/sample/log", "t/42"},
		{"prove", "testdata/sample/log", "t/42", "x"},
		{"prove", "testdata/sample/log", "t/42", "9"},
		{"prove", "testdata/sample/log", "nobody", "0"},
		{"show", "testdata/sample/log", "-from", "yesterday"},
		{"show", "testdata/sample/log", "-last", "-1"},
		{"show", "testdata/sample/log", "-chain", "nobody"},
		{"fsck", "testdata/sample"},
	} {
		stdout, stderr, code := program(t, args...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d, standard output %q, standard error %q", args, code, stdout, stderr)
		}
	}
}

// copyLog copies the sample's log with its one segment changed.
func copyLog(t *testing.T, change func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	name := "00000000000000000000.jsonl"
	data, err := os.ReadFile(filepath.Join("testdata/sample/log", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), change(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// rebuild copies the sample's log entry by entry, as a forger with this
// library would, so that every checksum is right.
func rebuild(t *testing.T, forge func(chain string, records []audit.Record) []audit.Record) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	from, err := auditfile.Open("testdata/sample/log", &auditfile.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	to, err := auditfile.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for chain, err := range from.Chains(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		var records []audit.Record
		for r, err := range from.Read(t.Context(), chain, 0) {
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, audit.Record{Line: bytes.Clone(r.Line), Sealed: bytes.Clone(r.Sealed)})
		}
		records = forge(chain, records)
		var tree audit.Frontier
		for i := range records {
			records[i].Hashes = tree.Append(nil, audit.LeafHash(records[i].Line))
		}
		if err := to.Append(t.Context(), chain, 0, records); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(from.Close(), to.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTampering(t *testing.T) {
	t.Parallel()
	only := func(change func([]audit.Record) []audit.Record) func(string, []audit.Record) []audit.Record {
		return func(chain string, r []audit.Record) []audit.Record {
			if chain == "t/42" {
				return change(r)
			}
			return r
		}
	}
	for name, tt := range map[string]struct {
		dir  string
		want string
	}{
		"a byte": {copyLog(t, func(b []byte) []byte {
			return bytes.Replace(b, []byte("physician"), []byte("physicien"), 1)
		}), "00000000000000000000.jsonl"},
		"altered": {rebuild(t, only(func(r []audit.Record) []audit.Record {
			r[1].Line = bytes.Replace(r[1].Line, []byte("u-9"), []byte("u-8"), 1)
			return r
		})), "chain t/42, entry 1: altered"},
		"missing": {rebuild(t, only(func(r []audit.Record) []audit.Record {
			return append(r[:2], r[3:]...)
		})), "chain t/42, entry 2: missing"},
		"reordered": {rebuild(t, only(func(r []audit.Record) []audit.Record {
			r[1], r[2] = r[2], r[1]
			return r
		})), "chain t/42, entry 1: reordered"},
		"truncated": {rebuild(t, only(func(r []audit.Record) []audit.Record {
			return r[:3]
		})), "chain t/42, entry 3: truncated"},
		"rolled back": {rebuild(t, func(chain string, r []audit.Record) []audit.Record {
			if chain == audit.System {
				return r[:1]
			}
			return r[:1]
		}), "chain system, entry 1: rolled back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, stderr, code := program(t, append([]string{"verify", tt.dir}, anchored...)...)
			if code != 1 || !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, standard error %q, want %q", code, stderr, tt.want)
			}
		})
	}
}

// A verifier in Python's standard library comes to the same roots, and finds
// what this library finds: the format is open.
func TestPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("skipped: no python3")
	}
	out, err := exec.Command(python, "testdata/verify.py", "testdata/sample/log", "testdata/sample/checkpoint").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := auditfile.Open("testdata/sample/log", &auditfile.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	reports, err := audit.VerifyAll(t.Context(), s, &audit.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if !strings.Contains(string(out), r.Chain+" ") || !strings.Contains(string(out), r.Root.String()) {
			t.Errorf("python does not find the root of %s:\n%s", r.Chain, out)
		}
	}
	bad := copyLog(t, func(b []byte) []byte { return bytes.Replace(b, []byte(`"id":"u-9"`), []byte(`"id":"u-8"`), 1) })
	if out, err := exec.Command(python, "testdata/verify.py", bad, "testdata/sample/checkpoint").CombinedOutput(); err == nil {
		t.Errorf("python accepts an altered log:\n%s", out)
	}
}
