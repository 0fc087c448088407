package auditkeys_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

const ringDir = "/srv/keys"

// ringFiles reads every file of the ring's folder.
func ringFiles(tb rapid.TB, files journal.FS) map[string][]byte {
	tb.Helper()
	names, err := files.ReadDir(ringDir)
	if err != nil {
		tb.Fatal(err)
	}
	all := make(map[string][]byte)
	for _, name := range names {
		f, err := files.OpenFile(filepath.Join(ringDir, name), os.O_RDONLY, 0)
		if err != nil {
			tb.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(f); err != nil {
			tb.Fatal(err)
		}
		all[name] = b.Bytes()
	}
	return all
}

// holds tells in which file some bytes stand, plain or in a usual encoding.
func holds(all map[string][]byte, secret []byte) string {
	forms := [][]byte{secret, []byte(hex.EncodeToString(secret))}
	for _, e := range encodings {
		// The middle of it is the same wherever it begins.
		for cut := range 3 {
			text := e.EncodeToString(secret[cut:])
			forms = append(forms, []byte(text[:len(text)-4]))
		}
	}
	for name, data := range all {
		for _, form := range forms {
			if bytes.Contains(data, form) {
				return name
			}
		}
	}
	return ""
}

func memoryRing(tb rapid.TB, files journal.FS, m auditkeys.Master) *auditkeys.Ring {
	tb.Helper()
	r, err := auditkeys.OpenRing(ringDir, m, auditkeys.WithFS(auditkeys.RingOptions{}, files))
	if err != nil {
		tb.Fatalf("OpenRing: %v", err)
	}
	return r
}

var (
	tenantSlot = auditkeys.Slot{Owner: auditkeys.Tenant("42"), Use: auditkeys.Payloads}
	tokenSlot  = auditkeys.Slot{Owner: auditkeys.Tenant("42"), Use: auditkeys.Tokens}
	orgSlot    = auditkeys.Slot{Owner: auditkeys.Organisation(), Use: auditkeys.Payloads}
)

func patientSlot(tenant, patient string) auditkeys.Slot {
	return auditkeys.Slot{Owner: auditkeys.Tenant(tenant), Use: auditkeys.Payloads, Patient: patient}
}

// A ring does what a map does, over any calls, reopenings, losses of power and
// changes of the master key; and of what it destroyed no byte is left.
func TestRingModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		memory := journaltest.NewMemory()
		memory.Mkdir("/srv")
		masterNow := byte(1)
		r := memoryRing(rt, memory, master(masterNow))
		ctx := context.Background()
		slots := map[auditkeys.Slot][]auditkeys.ID{} // versions that are left
		secrets := map[auditkeys.ID][]byte{}
		destroyed := map[auditkeys.ID]bool{}
		frames := map[auditkeys.ID]string{}
		gone := map[string]bool{}
		slotGen := rapid.Custom(func(rt *rapid.T) auditkeys.Slot {
			s := auditkeys.Slot{Owner: auditkeys.Organisation(), Use: rapid.SampledFrom([]auditkeys.Use{auditkeys.Payloads, auditkeys.Tokens}).Draw(rt, "use")}
			if n := rapid.IntRange(0, 2).Draw(rt, "tenant"); n > 0 {
				s.Owner = auditkeys.Tenant(fmt.Sprint(n))
				if s.Use == auditkeys.Payloads {
					s.Patient = rapid.SampledFrom([]string{"", "p-1", "p-2"}).Draw(rt, "patient")
				}
			}
			return s
		})
		tenantOf := func(s auditkeys.Slot) string { name, _ := s.Owner.Tenant(); return name }
		known := func(s auditkeys.Slot, k *auditkeys.Key) {
			if want := secrets[k.ID()]; want != nil && !bytes.Equal(want, auditkeys.SecretOf(k)) {
				rt.Fatalf("key %s is another one now", k.ID())
			}
			if k.Owner() != s.Owner {
				rt.Fatalf("key of %s is owned by %s", s, k.Owner())
			}
			secrets[k.ID()] = bytes.Clone(auditkeys.SecretOf(k))
			frames[k.ID()] = auditkeys.FrameOf(r, k.ID())
		}
		lose := func(ids []auditkeys.ID) {
			for _, id := range ids {
				destroyed[id] = true
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"current": func(rt *rapid.T) {
				s := slotGen.Draw(rt, "slot")
				k, err := r.Current(ctx, s)
				if gone[tenantOf(s)] {
					if !errors.Is(err, auditkeys.ErrDestroyed) {
						rt.Fatalf("Current of a destroyed tenant: %v", err)
					}
					return
				}
				if err != nil {
					rt.Fatal(err)
				}
				switch list := slots[s]; {
				case len(list) == 0 && secrets[k.ID()] == nil:
					slots[s] = append(list, k.ID())
				case len(list) == 0 || list[len(list)-1] != k.ID():
					rt.Fatalf("Current of %s = %s, want the last of %v", s, k.ID(), list)
				}
				known(s, k)
			},
			"rotate": func(rt *rapid.T) {
				s := slotGen.Draw(rt, "slot")
				id, err := r.Rotate(ctx, s)
				if gone[tenantOf(s)] {
					if !errors.Is(err, auditkeys.ErrDestroyed) {
						rt.Fatalf("Rotate of a destroyed tenant: %v", err)
					}
					return
				}
				if err != nil || secrets[id] != nil {
					rt.Fatalf("Rotate = %s, %v", id, err)
				}
				slots[s] = append(slots[s], id)
				k, err := r.Lookup(ctx, id)
				if err != nil {
					rt.Fatal(err)
				}
				known(s, k)
			},
			"destroy version": func(rt *rapid.T) {
				s := slotGen.Draw(rt, "slot")
				if len(slots[s]) == 0 {
					return
				}
				i := rapid.IntRange(0, len(slots[s])-1).Draw(rt, "version")
				id := slots[s][i]
				err := r.DestroyVersion(ctx, id)
				if s.Owner == auditkeys.Organisation() {
					if !errors.Is(err, auditkeys.ErrGovernance) {
						rt.Fatalf("a key of the organisation: %v", err)
					}
					return
				}
				if err != nil {
					rt.Fatal(err)
				}
				lose([]auditkeys.ID{id})
				slots[s] = slices.Delete(slices.Clone(slots[s]), i, i+1)
			},
			"destroy patient": func(rt *rapid.T) {
				s := patientSlot(rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "tenant"), rapid.SampledFrom([]string{"p-1", "p-2"}).Draw(rt, "patient"))
				if _, err := r.DestroyPatient(ctx, tenantOf(s), s.Patient); err != nil {
					rt.Fatal(err)
				}
				lose(slots[s])
				delete(slots, s)
			},
			"destroy tenant": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "rarely") > 0 {
					return
				}
				tenant := rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "tenant")
				if _, err := r.DestroyTenant(ctx, tenant); err != nil {
					rt.Fatal(err)
				}
				gone[tenant] = true
				for s, ids := range slots {
					if tenantOf(s) == tenant {
						lose(ids)
						delete(slots, s)
					}
				}
			},
			"rekey": func(rt *rapid.T) {
				old := masterNow
				masterNow++
				if err := r.Rekey(ctx, master(masterNow)); err != nil {
					rt.Fatal(err)
				}
				for id := range frames {
					if !destroyed[id] {
						frames[id] = auditkeys.FrameOf(r, id)
					}
				}
				if err := r.Close(); err != nil {
					rt.Fatal(err)
				}
				if _, err := auditkeys.OpenRing(ringDir, master(old), auditkeys.WithFS(auditkeys.RingOptions{}, memory)); !errors.Is(err, auditkeys.ErrMaster) {
					rt.Fatalf("with the old master: %v", err)
				}
				r = memoryRing(rt, memory, master(masterNow))
			},
			"reopen": func(rt *rapid.T) {
				if err := r.Close(); err != nil {
					rt.Fatal(err)
				}
				r = memoryRing(rt, memory, master(masterNow))
			},
			"crash": func(rt *rapid.T) {
				// What was acknowledged is durable, whatever is lost.
				n := rapid.IntRange(0, 5).Draw(rt, "what is lost")
				memory = memory.Crash(func(of int) int { return n % of })
				r = memoryRing(rt, memory, master(masterNow))
			},
			"": func(rt *rapid.T) {
				for s, ids := range slots {
					keys, err := r.Versions(ctx, s)
					if gone[tenantOf(s)] {
						continue
					}
					if err != nil || len(keys) != len(ids) {
						rt.Fatalf("Versions of %s: %d, %v, want %d", s, len(keys), err, len(ids))
					}
					for i, k := range keys {
						if k.ID() != ids[len(ids)-1-i] {
							rt.Fatalf("version %d of %s is %s", i, s, k.ID())
						}
						known(s, k)
					}
				}
				all := ringFiles(rt, memory)
				for id := range destroyed {
					_, err := r.Lookup(ctx, id)
					if !errors.Is(err, auditkeys.ErrDestroyed) && !errors.Is(err, auditkeys.ErrNoKey) {
						rt.Fatalf("a destroyed key: %v", err)
					}
					if frame := frames[id]; frame != "" {
						for name, data := range all {
							if bytes.Contains(data, []byte(frame)) {
								rt.Fatalf("the line of a destroyed key is left in %s", name)
							}
						}
					}
				}
				for id, secret := range secrets {
					if name := holds(all, secret); name != "" {
						rt.Fatalf("the secret of key %s stands in %s", id, name)
					}
				}
			},
		})
		r.Close()
	})
}

// Every call to the file system fails once, in every way, while keys are made,
// destroyed and encrypted anew. Then the ring opens with the old master or with
// the new one, with and without a loss of power, has every key that was given
// out, and none that it said were destroyed.
func TestRingEveryCallFails(t *testing.T) {
	t.Parallel()
	for _, fault := range journaltest.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: fault, At: at}
				fs.Memory.Mkdir("/srv")
				fs.Memory.SyncDir("/")
				given := map[auditkeys.ID][]byte{}
				frames := map[auditkeys.ID]string{}
				destroyed := map[auditkeys.ID]bool{} // for certain
				doubt := map[auditkeys.ID]bool{}
				old := ringWork(t, fs, given, frames, destroyed, doubt)
				if fs.Calls() < at {
					if at < 80 {
						t.Fatalf("only %d calls were made", at)
					}
					return
				}
				for _, power := range []bool{true, false} {
					memory := fs.Memory.Restart()
					if power {
						memory = memory.Crash(func(n int) int { return at % n })
					}
					masters := []byte{2, 1} // the new one, or the old one if it was never changed
					if !old {
						masters = masters[:1]
					}
					var r *auditkeys.Ring
					var err error
					for _, m := range masters {
						if r, err = auditkeys.OpenRing(ringDir, master(m), auditkeys.WithFS(auditkeys.RingOptions{}, memory)); err == nil {
							break
						}
					}
					if err != nil {
						t.Fatalf("call %d, power lost %v: OpenRing: %v", at, power, err)
					}
					if n := len(auditkeys.SecretsOf(r)); n != 2 {
						t.Fatalf("call %d, power lost %v: %d secrets: a change of the master key is unfinished", at, power, n)
					}
					all := ringFiles(t, memory)
					for id, secret := range given {
						k, err := r.Lookup(t.Context(), id)
						switch {
						case destroyed[id] && !errors.Is(err, auditkeys.ErrDestroyed):
							t.Fatalf("call %d, power lost %v: a destroyed key: %v", at, power, err)
						case err != nil && !destroyed[id] && !doubt[id]:
							t.Fatalf("call %d, power lost %v: a key that was given out: %v", at, power, err)
						case err == nil && !bytes.Equal(auditkeys.SecretOf(k), secret):
							t.Fatalf("call %d: another key", at)
						}
						if name := holds(all, secret); name != "" {
							t.Fatalf("call %d: a secret stands in %s", at, name)
						}
						for name, data := range all {
							if err != nil && frames[id] != "" && bytes.Contains(data, []byte(frames[id])) {
								t.Fatalf("call %d, power lost %v: the line of a destroyed key is in %s", at, power, name)
							}
						}
					}
					if _, err := r.Rotate(t.Context(), orgSlot); err != nil {
						t.Fatalf("call %d: Rotate: %v", at, err)
					}
					if err := r.Close(); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// ringWork uses a ring until a call fails, and tells what it knows; old is
// false if the master was changed for certain.
func ringWork(tb testing.TB, files journal.FS, given map[auditkeys.ID][]byte, frames map[auditkeys.ID]string, destroyed, doubt map[auditkeys.ID]bool) (old bool) {
	ctx := tb.Context()
	old = true
	for round := range 2 {
		m := byte(1)
		if !old {
			m = 2
		}
		r, err := auditkeys.OpenRing(ringDir, master(m), auditkeys.WithFS(auditkeys.RingOptions{}, files))
		if err != nil && old {
			r, err = auditkeys.OpenRing(ringDir, master(2), auditkeys.WithFS(auditkeys.RingOptions{}, files))
		}
		if err != nil {
			return old
		}
		defer r.Close()
		for _, s := range []auditkeys.Slot{tenantSlot, patientSlot("42", "p-1"), patientSlot("42", "p-2"), orgSlot, tokenSlot} {
			k, err := r.Current(ctx, s)
			if err != nil {
				return old
			}
			given[k.ID()] = bytes.Clone(auditkeys.SecretOf(k))
			if f := auditkeys.FrameOf(r, k.ID()); f != "" {
				frames[k.ID()] = f
			}
		}
		keys, err := r.Versions(ctx, patientSlot("42", "p-1"))
		if err != nil {
			return old
		}
		for _, k := range keys {
			doubt[k.ID()] = true
		}
		ids, err := r.DestroyPatient(ctx, "42", "p-1")
		if err != nil {
			return old
		}
		for _, id := range ids {
			destroyed[id] = true
		}
		if round == 0 {
			if err := r.Rekey(ctx, master(2)); err != nil {
				return old
			}
			old = false
			for id := range given {
				if f := auditkeys.FrameOf(r, id); f != "" {
					frames[id] = f
				}
			}
		}
		if err := r.Close(); err != nil {
			return old
		}
	}
	return old
}

func TestRingRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	if _, err := auditkeys.OpenRing(keys, master(1), &auditkeys.RingOptions{MustExist: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a ring that must exist: %v", err)
	}
	for name, m := range map[string]auditkeys.Master{
		"zero": {}, "short key": auditkeys.MasterKey(make([]byte, 31)), "long key": auditkeys.MasterKey(make([]byte, 33)),
		"no key": auditkeys.MasterKey(nil), "short passphrase": auditkeys.Passphrase("12345678901"), "no service": auditkeys.MasterKMS(nil),
	} {
		if _, err := auditkeys.OpenRing(keys, m, nil); !isFieldErrors(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := auditkeys.OpenRing(keys, master(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auditkeys.OpenRing(keys, master(1), nil); !errors.Is(err, auditkeys.ErrLocked) || !errors.Is(err, auditkeys.ErrRing) {
		t.Errorf("a second writer: %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(keys, link); err == nil {
		if _, err := auditkeys.OpenRing(link, master(1), nil); !errors.Is(err, auditkeys.ErrLocked) {
			t.Errorf("a second writer through a link: %v", err)
		}
	}
	for name, s := range map[string]auditkeys.Slot{
		"zero": {}, "no use": {Owner: auditkeys.Organisation()}, "no owner": {Use: auditkeys.Payloads}, "bad tenant": {Owner: auditkeys.Tenant("a b"), Use: auditkeys.Payloads},
		"patient of the organisation": {Owner: auditkeys.Organisation(), Use: auditkeys.Payloads, Patient: "p"},
		"token key of a patient":      {Owner: auditkeys.Tenant("42"), Use: auditkeys.Tokens, Patient: "p"},
	} {
		if _, err := r.Current(t.Context(), s); !errors.Is(err, auditkeys.ErrOwner) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Current(ended, orgSlot); !errors.Is(err, context.Canceled) {
		t.Errorf("a done context: %v", err)
	}
	if _, err := r.DestroyPatient(t.Context(), "42", ""); !errors.Is(err, auditkeys.ErrOwner) {
		t.Errorf("no patient: %v", err)
	}
	k, err := r.Current(t.Context(), orgSlot)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.DestroyVersion(t.Context(), k.ID()); !errors.Is(err, auditkeys.ErrGovernance) {
		t.Errorf("a key of the organisation: %v", err)
	}
	if err := r.DestroyVersion(t.Context(), auditkeys.NewID()); !errors.Is(err, auditkeys.ErrNoKey) {
		t.Errorf("no key: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Rotate(t.Context(), orgSlot); !errors.Is(err, auditkeys.ErrRing) {
		t.Errorf("a closed ring: %v", err)
	}
	if _, err := auditkeys.OpenRing(keys, master(2), nil); !errors.Is(err, auditkeys.ErrMaster) {
		t.Errorf("another master key: %v", err)
	}
	if _, err := auditkeys.OpenRing(keys, auditkeys.WithIterations(auditkeys.Passphrase("a long passphrase"), 1), nil); !errors.Is(err, auditkeys.ErrMaster) {
		t.Errorf("a passphrase for a key: %v", err)
	}
	if err := os.Remove(filepath.Join(keys, "MASTER")); err != nil {
		t.Fatal(err)
	}
	if _, err := auditkeys.OpenRing(keys, master(1), nil); !errors.Is(err, auditkeys.ErrRing) {
		t.Errorf("without MASTER: %v", err)
	}
}

func isFieldErrors(err error) bool {
	var list baakit.FieldErrors
	return errors.As(err, &list) && len(list) > 0
}

// A ring in the folder of a log is refused: beside the segments, below them,
// and through a link; beside the log it is not.
func TestRingInsideLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logDir := filepath.Join(dir, "log")
	s, err := auditfile.Open(logDir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	link := filepath.Join(dir, "link")
	places := []string{logDir, filepath.Join(logDir, "keys"), filepath.Join(logDir, "a", "b")}
	if err := os.Symlink(logDir, link); err == nil {
		places = append(places, link, filepath.Join(link, "keys"), filepath.Join(link, "x", "..", "keys"))
	}
	for _, place := range places {
		if _, err := auditkeys.OpenRing(place, master(1), nil); !errors.Is(err, auditkeys.ErrInsideLog) {
			t.Errorf("%s: %v", strings.TrimPrefix(place, dir), err)
		}
	}
	if _, err := os.Stat(filepath.Join(logDir, "keys")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a folder was made in the log")
	}
	r, err := auditkeys.OpenRing(filepath.Join(dir, "keys"), master(1), nil)
	if err != nil {
		t.Fatalf("beside the log: %v", err)
	}
	r.Close()
	again, err := auditkeys.OpenRing(filepath.Join(dir, "keys", "other"), master(1), nil)
	if err != nil {
		t.Fatalf("in the folder of another ring: %v", err)
	}
	again.Close()
}

// A KMS in memory: AES-256-GCM under a key of its own, bound to the context.
type kms struct {
	aead cipher.AEAD

	mu    sync.Mutex
	calls []map[string]string
	plain [][]byte
	down  error
}

func newKMS(tb testing.TB) *kms {
	block, err := aes.NewCipher(bytes.Repeat([]byte{3}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		tb.Fatal(err)
	}
	return &kms{aead: aead}
}

func (k *kms) call(bound map[string]string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls = append(k.calls, bound)
	return fmt.Append(nil, bound), k.down // maps print sorted
}

func (k *kms) Encrypt(_ context.Context, plain []byte, bound map[string]string) ([]byte, error) {
	aad, err := k.call(bound)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.plain = append(k.plain, bytes.Clone(plain))
	k.mu.Unlock()
	return k.aead.Seal(nil, nil, plain, aad), nil
}

func (k *kms) Decrypt(_ context.Context, sealed []byte, bound map[string]string) ([]byte, error) {
	aad, err := k.call(bound)
	if err != nil {
		return nil, err
	}
	return k.aead.Open(nil, nil, sealed, aad)
}

// With an envelope the ring holds what the service made of a key, and asks it
// once, naming the owner.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	memory := journaltest.NewMemory()
	memory.Mkdir("/srv")
	service := newKMS(t)
	opt := auditkeys.RingOptions{Envelope: service}
	open := func(m auditkeys.Master) (*auditkeys.Ring, error) {
		return auditkeys.OpenRing(ringDir, m, auditkeys.WithFS(opt, memory))
	}
	r, err := open(auditkeys.MasterKMS(service))
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(t, r, &auditkeys.Options{Mode: auditkeys.Stored})
	sealed := seal(t, s, "t/42", "p-1", []byte("payload"))
	k, err := r.Current(t.Context(), tenantSlot)
	if err != nil {
		t.Fatal(err)
	}
	made := len(service.calls)
	if made != 3 { // MASTER, payload key, token key; not the patient's
		t.Fatalf("%d calls: %v", made, service.calls)
	}
	want := map[string]string{"owner": "tenant 42", "use": "payloads", "key": k.ID().String()}
	if !maps.Equal(service.calls[1], want) {
		t.Fatalf("the context is %v, want %v", service.calls[1], want)
	}
	if _, err := s.Open(t.Context(), "t/42", leafOne, sealed); err != nil || len(service.calls) != made {
		t.Fatalf("Open: %v, %d calls", err, len(service.calls)-made)
	}
	r.Close()
	if r, err = open(auditkeys.MasterKMS(service)); err != nil {
		t.Fatal(err)
	}
	s = newSealer(t, r, &auditkeys.Options{Mode: auditkeys.Stored})
	for range 3 {
		if got, err := s.Open(t.Context(), "t/42", leafOne, sealed); err != nil || string(got) != "payload" {
			t.Fatalf("Open after reopening: %q, %v", got, err)
		}
	}
	if n := len(service.calls) - made; n != 2 { // MASTER, payload key
		t.Fatalf("%d calls after reopening", n)
	}
	all := ringFiles(t, memory)
	for _, plain := range service.plain {
		if name := holds(all, plain); name != "" {
			t.Fatalf("a plain key stands in %s", name)
		}
	}
	r.Close()

	// The service is away: nothing is sealed or opened, and nothing is lost.
	service.down = errors.New("unreachable")
	if _, err := open(auditkeys.MasterKMS(service)); !errors.Is(err, auditkeys.ErrMaster) || !errors.Is(err, service.down) {
		t.Fatalf("OpenRing without the service: %v", err)
	}
	service.down = nil
	if r, err = open(auditkeys.MasterKMS(service)); err != nil {
		t.Fatal(err)
	}
	service.down = errors.New("unreachable")
	s = newSealer(t, r, nil)
	if _, err := s.Open(t.Context(), "t/42", leafOne, sealed); !errors.Is(err, service.down) || errors.Is(err, audit.ErrErased) {
		t.Fatalf("Open without the service: %v", err)
	}
	if _, err := s.Sealing(t.Context(), "t/43", ""); !errors.Is(err, service.down) {
		t.Fatalf("Sealing without the service: %v", err)
	}
	service.down = nil
	if _, err := s.Open(t.Context(), "t/42", leafOne, sealed); err != nil {
		t.Fatal(err)
	}
	// Destroyed here, the service's ciphertext is gone.
	if _, err := r.DestroyTenant(t.Context(), "42"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "t/42", leafOne, sealed); !errors.Is(err, audit.ErrErased) {
		t.Fatalf("Open after destruction: %v", err)
	}
	r.Close()
	// Without the envelope, the ring opens, and its wrapped keys do not.
	opt.Envelope = nil
	if r, err = open(auditkeys.MasterKMS(service)); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := newSealer(t, r, nil).Sealing(t.Context(), "t/42", ""); !errors.Is(err, auditkeys.ErrDestroyed) {
		t.Fatalf("after reopening: %v", err)
	}
	for _, info := range r.List() {
		if info.Owner == auditkeys.Tenant("42") && info.Destroyed.IsZero() {
			t.Fatalf("a key of the destroyed tenant is listed: %+v", info)
		}
	}
}

// A ring under a passphrase opens with it and with no other.
func TestPassphrase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pass := func(s string) auditkeys.Master { return auditkeys.WithIterations(auditkeys.Passphrase(s), 1000) }
	r, err := auditkeys.OpenRing(dir, pass("correct horse battery"), nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := r.Current(t.Context(), orgSlot)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := auditkeys.OpenRing(dir, pass("correct horse batterx"), nil); !errors.Is(err, auditkeys.ErrMaster) {
		t.Fatalf("another passphrase: %v", err)
	}
	if r, err = auditkeys.OpenRing(dir, pass("correct horse battery"), nil); err != nil {
		t.Fatal(err)
	}
	if again, err := r.Lookup(t.Context(), k.ID()); err != nil || !bytes.Equal(auditkeys.SecretOf(again), auditkeys.SecretOf(k)) {
		t.Fatalf("Lookup: %v", err)
	}
	r.Close()
	// The count of a new passphrase is the documented one.
	slow, err := auditkeys.OpenRing(filepath.Join(dir, "slow"), auditkeys.Passphrase("correct horse battery"), nil)
	if err != nil {
		t.Fatal(err)
	}
	slow.Close()
	data, err := os.ReadFile(filepath.Join(dir, "slow", "MASTER"))
	if err != nil || !bytes.Contains(data, []byte(`"iterations":600000`)) {
		t.Fatalf("MASTER is %s, %v", data, err)
	}
}

// Nothing that holds a secret prints it, in whatever way.
func TestNothingPrinted(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	k, err := r.Current(t.Context(), patientSlot("42", "jane-roe"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(auditkeys.SecretsOf(r), auditkeys.SecretOf(k), bytes.Repeat([]byte{7}, 32), []byte("a long passphrase"), []byte("jane-roe"))
	values := []any{
		r, k,
		[]*auditkeys.Key{k},
		struct{ K *auditkeys.Key }{k},
		master(7), auditkeys.Passphrase("a long passphrase"),
		patientSlot("42", "jane-roe"), &auditkeys.KeyError{ID: k.ID(), Err: auditkeys.ErrNoKey}, r.List(), k.Owner(), k.ID(),
	}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%X"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		log.Info("value", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("value", "v", v)
	}
	for _, secret := range secrets {
		for _, form := range []string{string(secret), hex.EncodeToString(secret), fmt.Sprint(secret), strings.Trim(fmt.Sprint(secret), "[]"), fmt.Sprintf("%#v", secret)} {
			if strings.Contains(strings.ToLower(out.String()), strings.ToLower(form)) {
				t.Errorf("a secret is printed, as %.20q…", form)
			}
		}
	}
}

// List tells when keys were made and destroyed, by the ring's clock.
func TestList(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	opt := &auditkeys.RingOptions{Now: func() time.Time { return now }}
	r, err := auditkeys.OpenRing(dir, master(1), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []auditkeys.Slot{tenantSlot, patientSlot("42", "p-1"), orgSlot} {
		if _, err := r.Current(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	ids, err := r.DestroyPatient(t.Context(), "42", "p-1")
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	list := r.List()
	if len(list) != 3 || list[0].Owner != tenantSlot.Owner || list[1].ID != ids[0] || !list[1].Patient || !list[1].Destroyed.Equal(now) ||
		!list[1].Made.Equal(now.Add(-time.Hour)) || list[2].Owner != auditkeys.Organisation() || !list[2].Destroyed.IsZero() {
		t.Fatalf("List = %+v", list)
	}
	r.Close()
	if r, err = auditkeys.OpenRing(dir, master(1), opt); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if list = r.List(); len(list) != 3 || !slices.ContainsFunc(list, func(i auditkeys.KeyInfo) bool { return i.ID == ids[0] && i.Destroyed.Equal(now) }) {
		t.Fatalf("List after reopening = %+v", list)
	}
}

// Suspended, a patient or a tenant gets nothing sealed, with old keys or new
// ones; resumed, all is as before.
func TestSuspend(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	s := newSealer(t, r, &auditkeys.Options{Mode: auditkeys.Stored})
	before, err := s.Sealing(t.Context(), "t/42", "p-1")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Sealing(t.Context(), "t/42", "p-2")
	if err != nil {
		t.Fatal(err)
	}
	check := func(sg audit.Sealing, want error) {
		t.Helper()
		if _, err := sg.Seal(leafOne, []byte("p")); !errors.Is(err, want) {
			t.Fatalf("Seal: %v, want %v", err, want)
		}
	}
	sealing := func(chain, patient string, want error) {
		t.Helper()
		if _, err := s.Sealing(t.Context(), chain, patient); !errors.Is(err, want) {
			t.Fatalf("Sealing %s %q: %v, want %v", chain, patient, err, want)
		}
	}
	resume, err := r.Suspend("42", "p-1")
	if err != nil {
		t.Fatal(err)
	}
	check(before, auditkeys.ErrSuspended)
	check(other, nil)
	sealing("t/42", "p-1", auditkeys.ErrSuspended)
	sealing("t/42", "p-2", nil)
	both, err := r.Suspend("42", "")
	if err != nil {
		t.Fatal(err)
	}
	check(other, auditkeys.ErrSuspended)
	sealing("t/42", "", auditkeys.ErrSuspended)
	sealing("t/43", "p-1", nil)
	sealing("org", "", nil)
	both()
	both() // once
	check(other, nil)
	check(before, auditkeys.ErrSuspended)
	resume()
	check(before, nil)
	if _, err := r.DestroyPatient(t.Context(), "42", "p-1"); err != nil {
		t.Fatal(err)
	}
	check(before, auditkeys.ErrDestroyed)
	if _, err := r.Suspend("", ""); !errors.Is(err, auditkeys.ErrOwner) {
		t.Fatalf("no tenant: %v", err)
	}
}

// Many at once ask for keys: each slot gets one.
func TestConcurrentCurrent(t *testing.T) {
	t.Parallel()
	r := newRing(t)
	var mu sync.Mutex
	got := map[string]map[auditkeys.ID]bool{}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			patient := fmt.Sprint("p-", i%8)
			k, err := r.Current(t.Context(), patientSlot("42", patient))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if got[patient] == nil {
				got[patient] = map[auditkeys.ID]bool{}
			}
			got[patient][k.ID()] = true
		})
	}
	wg.Wait()
	// And while the master key changes.
	for i := range 8 {
		wg.Go(func() {
			if _, err := r.Current(t.Context(), patientSlot(fmt.Sprint("tenant-", i), "p-1")); err != nil {
				t.Error(err)
			}
		})
	}
	if err := r.Rekey(t.Context(), master(8)); err != nil {
		t.Error(err)
	}
	wg.Wait()
	for patient, ids := range got {
		if len(ids) != 1 {
			t.Errorf("%s has %d keys", patient, len(ids))
		}
	}
}

// After a change of the master key the old secrets are nowhere, also when the
// ring is opened again.
func TestRekeyForgets(t *testing.T) {
	t.Parallel()
	memory := journaltest.NewMemory()
	memory.Mkdir("/srv")
	r := memoryRing(t, memory, master(1))
	if _, err := r.Current(t.Context(), tenantSlot); err != nil {
		t.Fatal(err)
	}
	old := auditkeys.SecretsOf(r)[1]
	for n := byte(2); n < 4; n++ {
		before := len(ringFiles(t, memory)["MASTER"])
		if err := r.Rekey(t.Context(), master(n)); err != nil {
			t.Fatal(err)
		}
		if after := len(ringFiles(t, memory)["MASTER"]); after != before {
			t.Fatalf("MASTER has %d bytes, and had %d: more than one secret is left", after, before)
		}
		r.Close()
		r = memoryRing(t, memory, master(n))
		now := auditkeys.SecretsOf(r)
		if len(now) != 2 || bytes.Equal(now[1], old) {
			t.Fatalf("%d secrets after a change of the master key", len(now))
		}
		old = now[1]
	}
	r.Close()
}

// Lines that are put in each other's place, with the journal's own checksums
// right, do not open.
func TestLinesMoved(t *testing.T) {
	t.Parallel()
	memory := journaltest.NewMemory()
	memory.Mkdir("/srv")
	r := memoryRing(t, memory, master(1))
	for _, patient := range []string{"p-1", "p-2"} {
		if _, err := r.Current(t.Context(), patientSlot("42", patient)); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	j, err := journal.Open(ringDir, journal.Config{Format: "baakit.audit.keys/1", FS: memory})
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]byte
	for rec, err := range j.Replay(0) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, bytes.Clone(rec.Frame))
	}
	if err := j.Roll(); err != nil {
		t.Fatal(err)
	}
	err = j.Rewrite(0, func(rec journal.Record) error {
		copy(rec.Frame, lines[1-rec.Index])
		return nil
	})
	if err != nil || len(lines) != 2 {
		t.Fatal(err, len(lines))
	}
	j.Close()
	if _, err := auditkeys.OpenRing(ringDir, master(1), auditkeys.WithFS(auditkeys.RingOptions{}, memory)); !errors.Is(err, auditkeys.ErrMaster) {
		t.Fatalf("OpenRing = %v", err)
	}
}
