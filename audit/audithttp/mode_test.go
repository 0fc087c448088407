package audithttp_test

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
	"github.com/baakit/baakit/internal/journal"
)

func key(tb fatal) cipher.AEAD { return keyOf(tb, 0) }

func otherKey(tb fatal) cipher.AEAD { return keyOf(tb, 1) }

func keyOf(tb fatal, first byte) cipher.AEAD {
	secret := make([]byte, 32)
	secret[0] = first
	block, err := aes.NewCipher(secret)
	if err != nil {
		tb.Fatalf("key: %v", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatalf("key: %v", err)
	}
	return aead
}

func openSpill(tb fatal, dir string, fs journal.FS) *audithttp.SpillJournal {
	s, err := audithttp.OpenSpillJournal(dir, key(tb), audithttp.SpillOn(fs))
	if err != nil {
		tb.Fatalf("OpenSpillJournal: %v", err)
	}
	return s
}

func breakGlass(r *http.Request) (audit.Event, bool) {
	e, _ := nurse(r)
	e.Emergency, e.Purpose = true, []audit.Purpose{audit.BreakGlass}
	return e, true
}

// Emergency access goes on without the log, is said out loud three times, and
// gets into the log later, as an entry that says so.
func TestSpill(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, t.TempDir(), nil)
	defer spill.Close()
	s := newStage(t, stageOptions{event: breakGlass, options: audithttp.Options{Spill: spill}})
	s.store.fail(0)
	before, after := true, false
	a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1", "p-2")
		before = audithttp.WasSpilled(r.Context())
		fmt.Fprint(w, "chart")
		after = audithttp.WasSpilled(r.Context())
		patient(r, "p-3")
		fmt.Fprint(w, " and more")
	})
	if a.status != 200 || a.body != "chart and more" || a.header.Get("Audit-Spilled") != "1" || before || !after {
		t.Errorf("%d %q %v, WasSpilled %v then %v", a.status, a.body, a.header, before, after)
	}
	for _, count := range []int{2, 1} {
		if alarm := s.alarm(t); alarm.What != audithttp.Spilled || alarm.Count != count || !errors.Is(alarm.Err, audit.ErrFailed) || alarm.Chain != "t/0" {
			t.Errorf("alarm %v of %d for %s: %v", alarm.What, alarm.Count, alarm.Chain, alarm.Err)
		}
	}
	if spill.Len() != 2 || s.told(t) != "" {
		t.Errorf("%d spilled, entries %q, want 2 and none", spill.Len(), s.told(t))
	}
	if n, err := spill.Merge(t.Context(), s.log); n != 0 || !errors.Is(err, audit.ErrFailed) {
		t.Errorf("Merge into a log that fails = %d, %v", n, err)
	}
	s.store.fail(-1)
	if n, err := spill.Merge(t.Context(), s.log); n != 2 || err != nil {
		t.Errorf("Merge = %d, %v, want 2", n, err)
	}
	if n, err := spill.Merge(t.Context(), s.log); n != 0 || err != nil || spill.Len() != 0 {
		t.Errorf("Merge again = %d, %v, %d left, want nothing", n, err, spill.Len())
	}
	if got := s.told(t); got != "p-1:0 p-2:0 p-3:0" {
		t.Errorf("entries %q", got)
	}
	for _, e := range s.entries(t) {
		if len(e.Event.Policy) != 1 || !strings.HasPrefix(e.Event.Policy[0], audithttp.Policy) || !e.Event.Emergency || e.Event.Occurred.IsZero() || e.Event.Occurred.After(e.Time) {
			t.Errorf("entry %+v does not say that it was spilled, and when", e)
		}
	}
}

// A handler declares the emergency itself; everything else still requires the log.
func TestSpillOnlyEmergency(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, t.TempDir(), nil)
	defer spill.Close()
	s := newStage(t, stageOptions{options: audithttp.Options{Spill: spill}})
	s.store.fail(0)
	for _, emergency := range []bool{false, true} {
		a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) {
			check(audit.From(r.Context()).Update(func(e *audit.Event) { e.Emergency = emergency }))
			fmt.Fprint(w, "chart")
		})
		if want := map[bool]int{false: 503, true: 200}[emergency]; a.status != want {
			t.Errorf("emergency %v: status %d, want %d", emergency, a.status, want)
		}
	}
}

// A spill journal that fails too, and an event that no log would ever take: 503.
func TestSpillFails(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, t.TempDir(), nil)
	s := newStage(t, stageOptions{event: breakGlass, options: audithttp.Options{Spill: spill}})
	s.store.fail(0)
	if err := spill.Close(); err != nil {
		t.Fatal(err)
	}
	a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "chart") })
	if a.status != 503 {
		t.Errorf("status %d, want 503", a.status)
	}
	if alarm := s.alarm(t); alarm.What != audithttp.Refused {
		t.Errorf("alarm %v, want refused", alarm.What)
	}
}

// An event that the log would never take is not spilled: it would stay there.
func TestSpillNoInvalid(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, t.TempDir(), nil)
	defer spill.Close()
	s := newStage(t, stageOptions{event: breakGlass, options: audithttp.Options{Spill: spill}})
	for _, id := range []string{"Jane Doe", "123-45-6789"} {
		a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) {
			check(audit.From(r.Context()).Update(func(e *audit.Event) { e.Actor.ID = id }))
			fmt.Fprint(w, "chart")
		})
		if a.status != 503 || spill.Len() != 0 {
			t.Errorf("status %d, %d spilled, want 503 and none", a.status, spill.Len())
		}
	}
}

// A log that hangs is left behind in an emergency.
func TestSpillStuck(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, t.TempDir(), nil)
	defer spill.Close()
	s := newStage(t, stageOptions{event: breakGlass, options: audithttp.Options{Spill: spill, Timeout: 20 * time.Millisecond}})
	s.store.stuck = make(chan struct{})
	a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "chart") })
	if a.status != 200 || spill.Len() != 1 {
		t.Errorf("status %d, %d spilled, want an answer and one", a.status, spill.Len())
	}
	if alarm := s.alarm(t); !errors.Is(alarm.Err, audit.ErrUncertain) {
		t.Errorf("alarm %v, want ErrUncertain: the entry may still come", alarm.Err)
	}
	close(s.store.stuck)
}

// Under BestEffort an answer goes on without an entry, unless it concerns a
// patient; the address, which may, is not recorded.
func TestBestEffort(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{options: audithttp.Options{Mode: func(audit.Event) audithttp.Mode { return audithttp.BestEffort }}})
	about := ""
	play := func(w http.ResponseWriter, r *http.Request) {
		if about != "" {
			patient(r, about)
		}
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "menu")
	}
	s.get(t, play)
	list := s.entries(t)
	if len(list) != 2 || list[0].Seal != "" || list[1].Seal != "" || list[1].Event.Outcome != audit.MinorFailure {
		t.Errorf("entries %v, want two with nothing sealed, the second of what broke off", list)
	}
	s.store.fail(0)
	a, _, _ := s.get(t, play)
	if a.status != 200 {
		t.Errorf("status %d, want 200", a.status)
	}
	for range 2 {
		if alarm := s.alarm(t); alarm.What != audithttp.Lost {
			t.Errorf("alarm %v, want lost", alarm.What)
		}
	}
	about = "p-1"
	if a, _, _ := s.get(t, play); a.status != 503 {
		t.Errorf("status %d of an access to a patient, want 503", a.status)
	}
	if alarm := s.alarm(t); alarm.What != audithttp.Refused {
		t.Errorf("alarm %v, want refused", alarm.What)
	}
}

// A second entry that cannot be appended when the answer is out is an alarm.
func TestUnrecorded(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.store.fail(1)
	s.get(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	if alarm := s.alarm(t); alarm.What != audithttp.Unrecorded || alarm.Event.Outcome != audit.MinorFailure {
		t.Errorf("alarm %v with outcome %v, want unrecorded and 4", alarm.What, alarm.Event.Outcome)
	}
}
