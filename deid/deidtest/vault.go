// Package deidtest checks implementations of the interfaces of package deid:
// [TestVault] for a [deid.Vault], [TestTextScrubber] for a
// [deid.TextScrubber].
package deidtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/baakit/baakit/deid"
)

// TestVault checks that what open returns is a [deid.Vault]. Each call of open
// must return an empty vault, or one that was never asked for the scopes of
// this test, and may register a cleanup. If reopen is not nil, it must return
// a vault that holds what v holds, as after the end of the program.
//
// A [deid.Reidentifier] is checked as one. Each failure names the rule that is
// broken.
func TestVault(t *testing.T, open func(t *testing.T) deid.Vault, reopen func(t *testing.T, v deid.Vault) deid.Vault) {
	t.Helper()
	t.Run("consistent", func(t *testing.T) { consistent(t, open(t)) })
	t.Run("apart", func(t *testing.T) { apart(t, open(t)) })
	t.Run("concurrent", func(t *testing.T) { concurrent(t, open(t)) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, open(t)) })
	t.Run("silent", func(t *testing.T) { silent(t, open(t)) })
	t.Run("backward", func(t *testing.T) { backward(t, open(t)) })
	if reopen != nil {
		t.Run("kept", func(t *testing.T) { kept(t, open(t), reopen) })
	}
}

// ids are identifiers that are easy to confuse.
var ids = []string{"", "1", "01", "a", "A", " a", "a\x00b", "a\nb", "00-4711", "\xff\xfe", "Ada Quill", strings.Repeat("x", 4096)}

func code(t *testing.T, v deid.Vault, scope, namespace, id string) deid.Code {
	t.Helper()
	c, err := v.Code(t.Context(), scope, namespace, []byte(id))
	if err != nil {
		t.Fatalf("Code: %v", err)
	}
	if c.IsZero() {
		t.Fatal("Code returned the zero code, which is none")
	}
	return c
}

func consistent(t *testing.T, v deid.Vault) {
	seen := make(map[deid.Code]string)
	for _, id := range ids {
		first := code(t, v, "deidtest", "mrn", id)
		if again := code(t, v, "deidtest", "mrn", id); again != first {
			t.Error("an identifier has two codes within a scope and a namespace; it must have one")
		}
		if other, ok := seen[first]; ok {
			t.Errorf("two identifiers, of %d and %d bytes, have one code", len(other), len(id))
		}
		seen[first] = id
	}
}

func apart(t *testing.T, v deid.Vault) {
	seen := make(map[deid.Code]bool)
	// Scopes and namespaces that would be one if they were only joined.
	for _, scope := range []string{"deidtest", "deidtest2", "deidtest2m"} {
		for _, namespace := range []string{"rn", "mrn", "n"} {
			for _, id := range ids {
				c := code(t, v, scope, namespace, id)
				if seen[c] {
					t.Fatal("two scopes or namespaces share a code (45 CFR 164.514(c))")
				}
				seen[c] = true
			}
		}
	}
}

func concurrent(t *testing.T, v deid.Vault) {
	const callers, count = 8, 25
	var got [callers][count]deid.Code
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for k := range count {
				c, err := v.Code(t.Context(), "deidtest", "mrn", fmt.Appendf(nil, "id %d", (k+i)%count))
				if err != nil {
					t.Errorf("Code, called by several at the same time: %v", err)
					return
				}
				got[i][(k+i)%count] = c
			}
		})
	}
	all.Wait()
	for i := range callers {
		if got[i] != got[0] {
			t.Fatal("callers at the same time were given different codes for one identifier")
		}
	}
}

func cancelled(t *testing.T, v deid.Vault) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Code(ctx, "deidtest", "mrn", []byte("never seen")); !errors.Is(err, context.Canceled) {
		t.Errorf("Code under a cancelled context returned %v; its error must be context.Canceled", err)
	}
	code(t, v, "deidtest", "mrn", "never seen")
}

func silent(t *testing.T, v deid.Vault) {
	const id = "Zebulon-918273"
	c := code(t, v, "deidtest", "mrn", id)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, v)
		if strings.Contains(text, id) || strings.Contains(text, c.String()) {
			t.Errorf("the vault prints what it holds with %s", verb)
		}
	}
}

func backward(t *testing.T, v deid.Vault) {
	r, ok := v.(deid.Reidentifier)
	if !ok {
		t.Skip("skipped: not a Reidentifier")
	}
	for _, id := range ids {
		c := code(t, v, "deidtest", "mrn", id)
		back, err := r.Reidentify(t.Context(), "deidtest", "mrn", c)
		if err != nil || !bytes.Equal(back, []byte(id)) {
			t.Errorf("Reidentify does not lead back to an identifier of %d bytes: %v", len(id), err)
		}
		for _, other := range [][2]string{{"deidtest2", "mrn"}, {"deidtest", "ssn"}} {
			if _, err := r.Reidentify(t.Context(), other[0], other[1], c); !errors.Is(err, deid.ErrNoCode) {
				t.Errorf("Reidentify in another scope or namespace returned %v; its error must be ErrNoCode", err)
			}
		}
	}
	if _, err := r.Reidentify(t.Context(), "deidtest", "mrn", deid.NewCode()); !errors.Is(err, deid.ErrNoCode) {
		t.Errorf("Reidentify of a code that was never given out returned %v; its error must be ErrNoCode", err)
	}
}

func kept(t *testing.T, v deid.Vault, reopen func(*testing.T, deid.Vault) deid.Vault) {
	want := make(map[string]deid.Code)
	for _, id := range ids {
		want[id] = code(t, v, "deidtest", "mrn", id)
	}
	for range 2 {
		v = reopen(t, v)
		for _, id := range ids {
			if got := code(t, v, "deidtest", "mrn", id); got != want[id] {
				t.Fatal("an identifier has another code after the vault was opened again")
			}
		}
	}
}
