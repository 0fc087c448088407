package auditkeys_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"index/suffixarray"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
)

const createFlags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC

func newLog(tb testing.TB, dir string, s audit.Sealer) (*audit.Log, *auditfile.Store) {
	tb.Helper()
	store, err := auditfile.Open(dir, &auditfile.Options{SegmentSize: 1 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { store.Close() })
	log, err := audit.New(tb.Context(), store, audit.Config{Origin: "audit.example.com", Sealer: s})
	if err != nil {
		tb.Fatal(err)
	}
	return log, store
}

// folderBytes reads every file below a folder.
func folderBytes(tb testing.TB, dir string) []byte {
	tb.Helper()
	var all []byte
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(append(all, data...), 0)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// phi returns something that looks like health information, of at least
// twelve characters, that comes once.
func phi(dice *rand.Rand, n int) string {
	first := []string{"Marisol", "Delphine", "Thaddeus", "Wilhelmina", "Benedikt"}[dice.IntN(5)]
	last := []string{"Ostrander", "Quillfeather", "Vandermolen", "Jankauskas", "O'Shaughnessy", "Müller-Lüdenscheid"}[dice.IntN(6)]
	switch n % 7 {
	case 0:
		return fmt.Sprintf("%s %s %d", first, last, n)
	case 1:
		return fmt.Sprintf("MRN-%d-%08d", n, dice.IntN(1e8))
	case 2:
		return fmt.Sprintf("%03d-%02d-%04d #%d", dice.IntN(900), dice.IntN(100), dice.IntN(10000), n)
	case 3:
		return fmt.Sprintf("%s.%s%d@mail.example.com", strings.ToLower(first), "x", n)
	case 4:
		return fmt.Sprintf("born 19%02d-%02d-%02d, room %d", dice.IntN(100), 1+dice.IntN(12), 1+dice.IntN(28), n)
	case 5:
		return fmt.Sprintf("(%03d) 555-%04d ext. %d", 200+dice.IntN(700), dice.IntN(10000), n)
	}
	return fmt.Sprintf("diagnosis \"%s\" \\ of %s, nr. %d", []string{"asthma", "HIV", "depression"}[dice.IntN(3)], last, n)
}

// Ten thousand values that look like health information, in every sealed
// field: none of them stands in any file of the log or of the ring, in clear
// or in a usual encoding, in any mode.
func TestNoPHIInClear(t *testing.T) {
	t.Parallel()
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ring, err := auditkeys.OpenRing(filepath.Join(dir, "keys"), master(1), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ring.Close()
			log, store := newLog(t, filepath.Join(dir, "log"), newSealer(t, ring, &auditkeys.Options{Mode: mode}))
			dice := rand.New(rand.NewPCG(7, 7))
			var planted []string
			next := func() string {
				planted = append(planted, phi(dice, len(planted)))
				return planted[len(planted)-1]
			}
			quoted := func(s string) json.RawMessage {
				b, err := json.Marshal(s)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			patients := make([]string, 40)
			for i := range patients {
				patients[i] = next()
			}
			var events []audit.Event
			for len(planted) < 10_000 {
				e := audit.Event{
					Patient: patients[dice.IntN(len(patients))], Subjects: []string{next(), next()}, ObjectID: next(), Query: next(), Reason: next(),
					Extra: map[string]string{next(): next()}, Disclosure: quoted(next()), Actor: audit.Actor{ID: "u-9"},
				}
				if dice.IntN(2) == 0 {
					e.Kind, e.Payload = "baa.accepted", json.RawMessage(`{"who":`+string(quoted(next()))+`}`)
				} else {
					e.Action, e.Outcome = audit.ActionRead, audit.Success
				}
				events = append(events, e)
			}
			for len(events) > 0 {
				n := min(len(events), 100)
				if _, err := log.AppendAll(t.Context(), []string{"t/42", "t/43/x", "org"}[dice.IntN(3)], events[:n]...); err != nil {
					t.Fatal(err)
				}
				events = events[n:]
			}
			if err := log.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			files := suffixarray.New(folderBytes(t, dir))
			found := func(text string) bool { return len(files.Lookup([]byte(text), 1)) > 0 }
			for i, value := range planted {
				inJSON := strings.Trim(string(quoted(value)), `"`)
				forms := []string{value, inJSON, hex.EncodeToString([]byte(value))}
				for cut := range 3 {
					forms = append(forms, base64.RawStdEncoding.EncodeToString([]byte(value)[cut:])[:14])
				}
				for _, form := range forms {
					if found(form) {
						t.Fatalf("planted value %d of %d stands in a file", i, len(planted))
					}
				}
			}
			if !found(`"kind":"baa.accepted"`) {
				t.Fatal("the search finds nothing at all")
			}
		})
	}
}

// Salts, and so commitments and payloads, of equal events are different.
func TestSaltsDiffer(t *testing.T) {
	t.Parallel()
	s := newSealer(t, newRing(t), nil)
	log, _ := newLog(t, t.TempDir(), s)
	e := audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: "p-1", Reason: "the same"}
	if _, err := log.AppendAll(t.Context(), "t/42", e, e, e, e); err != nil {
		t.Fatal(err)
	}
	seals, salts := map[string]bool{}, map[string]bool{}
	for entry, err := range log.Entries(t.Context(), "t/42", 0) {
		if err != nil {
			t.Fatal(err)
		}
		payload, err := s.Open(t.Context(), "t/42", entry.Leaf, entry.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		seals[entry.Seal], salts[string(payload[:audit.SaltSize])] = true, true
	}
	if len(seals) != 4 || len(salts) != 4 {
		t.Fatalf("%d commitments and %d salts of four equal events", len(seals), len(salts))
	}
}

// What tenants do to their keys touches no other tenant and no chain of
// governance: lines, payloads and what opens stay, byte for byte.
func TestIsolation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, err := auditkeys.OpenRing(filepath.Join(t.TempDir(), "keys"), master(1), nil)
		if err != nil {
			rt.Fatal(err)
		}
		defer r.Close()
		s := newSealer(rt, r, &auditkeys.Options{Mode: rapid.SampledFrom([]auditkeys.Mode{auditkeys.Shared, auditkeys.Derived, auditkeys.Stored}).Draw(rt, "mode")})
		store := audit.NewMemory()
		log, err := audit.New(t.Context(), store, audit.Config{Origin: "audit.example.com", Sealer: s})
		if err != nil {
			rt.Fatal(err)
		}
		chains := []string{"t/1", "t/2", "t/2/x", "org"}
		for i := range rapid.IntRange(4, 12).Draw(rt, "entries") {
			e := audit.Event{Kind: "x.y", Payload: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)), Patient: rapid.SampledFrom([]string{"", "p-1", "p-2"}).Draw(rt, "patient")}
			if _, err := log.Append(t.Context(), chains[i%4], e); err != nil {
				rt.Fatal(err)
			}
		}
		type state struct{ line, sealed, opened string }
		look := func() map[string][]state {
			all := map[string][]state{}
			for _, chain := range chains {
				for rec, err := range store.Read(t.Context(), chain, 0) {
					if err != nil {
						rt.Fatal(err)
					}
					opened, err := s.Open(t.Context(), chain, audit.LeafHash(rec.Line), rec.Sealed)
					if err != nil {
						opened = []byte(err.Error())
					}
					all[chain] = append(all[chain], state{string(rec.Line), string(rec.Sealed), string(opened)})
				}
			}
			return all
		}
		before := look()
		if rapid.Bool().Draw(rt, "tenant") {
			if _, err := r.DestroyTenant(t.Context(), "1"); err != nil {
				rt.Fatal(err)
			}
		} else if _, err := r.DestroyPatient(t.Context(), "1", "p-1"); err != nil {
			rt.Fatal(err)
		}
		after := look()
		for _, chain := range chains {
			for i, was := range before[chain] {
				now := after[chain][i]
				if was.line != now.line || was.sealed != now.sealed {
					rt.Fatalf("a stored byte of %s %d changed", chain, i)
				}
				if chain != "t/1" && was.opened != now.opened {
					rt.Fatalf("%s %d does not open as before", chain, i)
				}
			}
			if _, err := audit.Verify(t.Context(), store, chain, &audit.VerifyOptions{Origin: "audit.example.com"}); err != nil && !errors.Is(err, audit.ErrUnknownChain) {
				rt.Fatal(err)
			}
		}
		for _, chain := range chains[1:] {
			if _, err := log.Append(t.Context(), chain, audit.Event{Kind: "x.y", Payload: json.RawMessage(`{}`), Patient: "p-1"}); err != nil {
				rt.Fatalf("%s takes nothing more: %v", chain, err)
			}
		}
	})
}
