package deid_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidtest"
)

var vaultKey = []byte("0123456789abcdef0123456789abcdef")

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BAAKIT_TEST_VAULT"); dir != "" {
		giveCodes(dir)
	}
	os.Exit(m.Run())
}

func openVault(t testing.TB, dir string) *deid.FileVault {
	t.Helper()
	v, err := deid.OpenFileVault(dir, vaultKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func TestMemoryVault(t *testing.T) {
	t.Parallel()
	deidtest.TestVault(t, func(*testing.T) deid.Vault { return deid.NewMemoryVault() }, nil)
}

func TestFileVault(t *testing.T) {
	t.Parallel()
	dirs := make(map[deid.Vault]string)
	open := func(t *testing.T) deid.Vault {
		dir := t.TempDir()
		v := openVault(t, dir)
		dirs[v] = dir
		return v
	}
	deidtest.TestVault(t, open, func(t *testing.T, v deid.Vault) deid.Vault {
		if err := v.(*deid.FileVault).Close(); err != nil {
			t.Fatal(err)
		}
		again := openVault(t, dirs[v])
		dirs[again] = dirs[v]
		return again
	})
}

// giveCodes gives codes for ever, to four callers at a time, and prints each
// after the vault has returned it.
func giveCodes(dir string) {
	v, err := deid.OpenFileVault(dir, vaultKey)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := make(chan string)
	for i := range 4 {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("id-%d-%d", i, n)
				if n%5 == 0 {
					id = fmt.Sprintf("shared-%d", n)
				}
				c, err := v.Code(m0, "release", "mrn", []byte(id))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				lines <- id + " " + c.String()
			}
		}()
	}
	for line := range lines {
		fmt.Println(line)
	}
}

// A process that is killed at any moment has given out no code that the vault
// does not have.
func TestFileVaultSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "vault")
	given := make(map[string]string)
	for round := range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "BAAKIT_TEST_VAULT="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			id, code, ok := strings.Cut(lines.Text(), " ")
			if !ok || len(code) != 26 {
				break // torn by the kill
			}
			if before, ok := given[id]; ok && before != code {
				t.Fatalf("%s had the code %s and has %s after the kill", id, before, code)
			}
			given[id] = code
			if n == 40+23*round {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
	}
	if len(given) < 100 {
		t.Fatalf("only %d codes were given before the kills", len(given))
	}
	v := openVault(t, dir)
	for id, code := range given {
		if c, err := v.Code(t.Context(), "release", "mrn", []byte(id)); err != nil || c.String() != code {
			t.Fatalf("%s was given %s, and the vault has %v (%v)", id, code, c, err)
		}
	}
}

func TestFileVaultRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := openVault(t, dir)
	const id = "Zebulon-918273"
	for i := range 5 {
		if _, err := v.Code(t.Context(), "release 7", "mrn", fmt.Appendf(nil, "%s-%d", id, i)); err != nil {
			t.Fatal(err)
		}
	}
	if v.Len() != 5 {
		t.Errorf("Len = %d, want 5", v.Len())
	}
	if _, err := deid.OpenFileVault(dir, vaultKey); !errors.Is(err, deid.ErrVaultLocked) || !errors.Is(err, deid.ErrVault) {
		t.Errorf("a second holder: %v, want ErrVaultLocked", err)
	}
	if _, err := deid.OpenFileVault(dir, vaultKey[:31]); err == nil {
		t.Error("a key of 31 bytes was taken")
	}
	if _, err := v.Code(t.Context(), "s", "n", make([]byte, deid.MaxID+1)); err == nil {
		t.Error("an id above the limit was taken")
	}
	v.Close()
	if _, err := v.Code(t.Context(), "release 7", "mrn", []byte("new")); !errors.Is(err, deid.ErrVault) {
		t.Errorf("after Close: %v, want ErrVault", err)
	}
	if _, err := deid.OpenFileVault(dir, bytes.Repeat([]byte{7}, 32)); !errors.Is(err, deid.ErrVaultKey) {
		t.Errorf("another key: %v, want ErrVaultKey", err)
	}
	segments, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if len(segments) != 1 {
		t.Fatalf("%d segments", len(segments))
	}
	data, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{id, "Zebulon", "918273", "release 7"} {
		if leak := encodedIn(string(data), secret); leak != "" {
			t.Errorf("the file holds %q %s", secret, leak)
		}
	}
}

// Whatever byte of a vault is changed, it is refused or it gives the same
// codes: never another one.
func TestFileVaultDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := openVault(t, dir)
	want := make([]deid.Code, 4)
	for i := range want {
		want[i], _ = v.Code(t.Context(), "s", "n", fmt.Appendf(nil, "id %d", i))
	}
	v.Close()
	segments, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	whole, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		damaged := bytes.Clone(whole)
		at := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
		damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		into, err := os.MkdirTemp("", "vault")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(into)
		if err := os.WriteFile(filepath.Join(into, filepath.Base(segments[0])), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := deid.OpenFileVault(into, vaultKey)
		if err != nil {
			if !errors.Is(err, deid.ErrVault) && !errors.Is(err, deid.ErrVaultKey) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		defer v.Close()
		for i := range v.Len() {
			if c, err := v.Code(m0, "s", "n", fmt.Appendf(nil, "id %d", i)); err != nil || c != want[i] {
				t.Fatalf("byte %d changed, and id %d has another code (%v)", at, i, err)
			}
		}
	})
}

// Frames of a vault's file that trade places, or stand there twice, do not
// open: each is bound to its number.
func TestFileVaultFramesReordered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := openVault(t, dir)
	for i := range 5 {
		if _, err := v.Code(t.Context(), "s", "n", fmt.Appendf(nil, "id %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	v.Close()
	segments, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	whole, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	open := func(lines [][]byte) error {
		into := t.TempDir()
		if err := os.WriteFile(filepath.Join(into, filepath.Base(segments[0])), bytes.Join(lines, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := deid.OpenFileVault(into, vaultKey)
		if err == nil {
			v.Close()
		}
		return err
	}
	if err := open(lines); err != nil {
		t.Fatalf("the whole file does not open: %v", err)
	}
	refused := func(what string, lines [][]byte) {
		t.Helper()
		if err := open(lines); !errors.Is(err, deid.ErrVaultKey) && !errors.Is(err, deid.ErrVault) {
			t.Errorf("%s: %v", what, err)
		}
	}
	first, frames := len(lines)-6, len(lines)-1 // behind the last line is nothing
	for i := first; i < frames; i++ {
		for j := i + 1; j < frames; j++ {
			swapped := slices.Clone(lines)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			refused(fmt.Sprintf("frames %d and %d traded", i, j), swapped)
		}
		refused(fmt.Sprintf("frame %d twice", i), slices.Insert(slices.Clone(lines), i, lines[i]))
		if i < frames-1 {
			refused(fmt.Sprintf("frame %d taken out", i), slices.Delete(slices.Clone(lines), i, i+1))
		}
	}
}

// Entries that trade places do not open, although each is whole.
func TestFileVaultEntriesMoved(t *testing.T) {
	t.Parallel()
	s, err := deid.NewSealer(vaultKey)
	if err != nil {
		t.Fatal(err)
	}
	a, b := s.Lookup("s", "n", []byte("a")), s.Lookup("s", "n", []byte("b"))
	code := deid.NewCode()
	sealed := s.Seal(a, code, "s", "n", []byte("a"))
	if got, scope, namespace, id, err := s.Open(a, sealed); err != nil || got != code || scope != "s" || namespace != "n" || string(id) != "a" {
		t.Errorf("Open = %v, %q, %q, %q, %v", got, scope, namespace, id, err)
	}
	if _, _, _, _, err := s.Open(b, sealed); !errors.Is(err, deid.ErrVaultKey) {
		t.Errorf("an entry opened in another row: %v", err)
	}
	if bytes.Equal(s.Seal(a, code, "s", "n", []byte("a")), sealed) {
		t.Error("the same entry is sealed the same twice: the nonce repeats")
	}
}

// A code says nothing of its identifier: the same one has other codes in two
// vaults, and no two codes are alike.
func TestCodesAreRandom(t *testing.T) {
	t.Parallel()
	seen := make(map[deid.Code]bool)
	for range 1000 {
		c, err := deid.NewMemoryVault().Code(t.Context(), "s", "n", []byte("the same"))
		if err != nil || seen[c] {
			t.Fatalf("two vaults gave one code (%v): it is derived", err)
		}
		seen[c] = true
	}
	var ones [128]int
	for c := range seen {
		for i := range ones {
			ones[i] += int(c[i/8]>>(i%8)) & 1
		}
	}
	for i, n := range ones {
		if n < 400 || n > 600 { // more than six standard deviations
			t.Errorf("bit %d is one in %d of 1000 codes", i, n)
		}
	}
}

func TestCodeText(t *testing.T) {
	t.Parallel()
	for range 100 {
		c := deid.NewCode()
		if back, err := deid.ParseCode(c.String()); err != nil || back != c {
			t.Fatalf("ParseCode(String) = %v, %v", back, err)
		}
	}
	c := deid.NewCode().String()
	for _, s := range []string{"", c[1:], c + "A", strings.ToLower(c), "AAAAAAAAAAAAAAAAAAAAAAAAAA", c[:25] + "1", c[:25] + "B"} {
		if back, err := deid.ParseCode(s); err == nil && back.String() != s || !errors.Is(err, deid.ErrCode) && err != nil || !back.IsZero() && err != nil {
			t.Errorf("ParseCode(%q) = %v, %v", s, back, err)
		}
	}
}

// A vault file of any bytes opens to a vault or to an error.
func FuzzVaultFile(f *testing.F) {
	dir := f.TempDir()
	v := openVault(f, dir)
	v.Code(f.Context(), "s", "n", []byte("id"))
	v.Close()
	segments, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	whole, err := os.ReadFile(segments[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		into := t.TempDir()
		if err := os.WriteFile(filepath.Join(into, filepath.Base(segments[0])), data, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := deid.OpenFileVault(into, vaultKey)
		if err != nil {
			return
		}
		defer v.Close()
		a, err := v.Code(t.Context(), "s", "n", []byte("id"))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := v.Code(t.Context(), "s", "n", []byte("id")); err != nil || a != b {
			t.Fatal("a vault that opened gives two codes for one id")
		}
	})
}

func BenchmarkFileVault(b *testing.B) {
	v := openVault(b, b.TempDir())
	n := 0
	for b.Loop() {
		n++
		if _, err := v.Code(b.Context(), "s", "n", fmt.Appendf(nil, "id %d", n%1000)); err != nil {
			b.Fatal(err)
		}
	}
}
