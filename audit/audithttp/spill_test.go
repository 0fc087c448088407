package audithttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/journal/journaltest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// accesses are events with any field set or not.
func accesses() *rapid.Generator[audit.Event] {
	return rapid.Custom(func(t *rapid.T) audit.Event {
		code := func(label string) string { return rapid.StringMatching(`([a-z][a-z:./-]{0,8})?`).Draw(t, label) }
		codes := func(label string) []string {
			return rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,8}`), 0, 3).Draw(t, label)
		}
		text := func(label string) string {
			return rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, label)
		}
		e := audit.Event{
			Type:     rapid.SampledFrom([]audit.Type{audit.REST, audit.PatientRecord, audit.Export}).Draw(t, "type"),
			Action:   rapid.SampledFrom([]audit.Action{"C", "R", "U", "D", "E"}).Draw(t, "action"),
			Outcome:  rapid.SampledFrom([]audit.Outcome{"0", "4", "8", "12"}).Draw(t, "outcome"),
			Actor:    audit.Actor{ID: "u-9", Kind: code("kind"), Org: code("org"), Role: code("role"), For: code("for")},
			Client:   audit.Client{Addr: code("addr"), Kind: code("client.kind")},
			Object:   audit.Object{Type: code("object"), Category: code("category"), Lifecycle: code("lifecycle"), Labels: codes("labels")},
			Request:  audit.Request{ID: code("request"), Route: code("route"), Span: code("span"), Token: code("token"), Trace: code("trace")},
			Policy:   codes("policy"),
			Subtype:  []audit.Subtype{audit.Read},
			Purpose:  []audit.Purpose{audit.EmergencyTreatment, audit.BreakGlass},
			Patient:  text("patient"),
			ObjectID: text("object_id"), Query: text("query"), Reason: text("reason"),
			Subjects:  rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, "subjects"),
			Emergency: rapid.Bool().Draw(t, "emergency"),
			Extra:     rapid.MapOfN(rapid.String(), rapid.String(), 0, 2).Draw(t, "extra"),
		}
		if rapid.Bool().Draw(t, "disclosed") {
			e.Disclosure = json.RawMessage(`{"recipient":"a"}`)
		}
		if rapid.Bool().Draw(t, "occurred") {
			e.Occurred = time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, "at")).UTC()
		}
		return e
	})
}

// What was spilled comes into the log as it was, but for the policy and the time.
func TestSpillLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spill := openSpill(t, "spill", journaltest.NewMemory())
		log, err := audit.New(context.Background(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		var want []audit.Event
		for range rapid.IntRange(1, 3).Draw(t, "accesses") {
			events := rapid.SliceOfN(accesses(), 1, 3).Draw(t, "events")
			if err := spill.Append("t/42", events); err != nil {
				t.Fatalf("Append: %v", err)
			}
			want = append(want, events...)
		}
		if _, err := spill.Merge(context.Background(), log); err != nil {
			t.Fatalf("Merge: %v", err)
		}
		i := 0
		for e, err := range log.Entries(context.Background(), "t/42", 0) {
			if err == nil {
				e, err = log.Open(context.Background(), e)
			}
			if err != nil {
				t.Fatalf("entry: %v", err)
			}
			got := e.Event
			if n := len(got.Policy); n == 0 || !strings.HasPrefix(got.Policy[n-1], audithttp.Policy) {
				t.Fatalf("policy %v, want one of a spill", got.Policy)
			}
			got.Policy = got.Policy[:len(got.Policy)-1]
			if want[i].Occurred.IsZero() {
				if got.Occurred.IsZero() {
					t.Fatalf("the entry does not say when it happened")
				}
				got.Occurred = time.Time{}
			}
			if diff := cmp.Diff(want[i], got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(audit.Event{})); diff != "" {
				t.Fatalf("spilled and merged (-want +got):\n%s", diff)
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("%d entries, want %d", i, len(want))
		}
	})
}

// brokenLog fails at a chosen call, before or after it did what was asked.
type brokenLog struct {
	*audit.Log
	at, calls int
	after     bool
}

var errBroken = errors.New("broken log")

func (l *brokenLog) fails() bool {
	l.calls++
	return l.calls-1 == l.at
}

func (l *brokenLog) Head(ctx context.Context, chain string) (uint64, audit.Entry, error) {
	if l.fails() {
		return 0, audit.Entry{}, errBroken
	}
	return l.Log.Head(ctx, chain)
}

func (l *brokenLog) Entries(ctx context.Context, chain string, from uint64) iter.Seq2[audit.Entry, error] {
	if l.fails() {
		return func(yield func(audit.Entry, error) bool) { yield(audit.Entry{}, errBroken) }
	}
	return l.Log.Entries(ctx, chain, from)
}

func (l *brokenLog) AppendAt(ctx context.Context, chain string, size uint64, events ...audit.Event) ([]audit.Receipt, error) {
	if !l.fails() {
		return l.Log.AppendAt(ctx, chain, size, events...)
	}
	if l.after {
		if _, err := l.Log.AppendAt(ctx, chain, size, events...); err != nil {
			return nil, err
		}
	}
	return nil, errBroken
}

func access(patient string) audit.Event {
	return audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: patient, Emergency: true}
}

// counts returns how often each patient is in the log's chains.
func counts(tb fatal, log *audit.Log) map[string]int {
	n := map[string]int{}
	for _, chain := range []string{"t/1", "t/2"} {
		for e, err := range log.Entries(context.Background(), chain, 0) {
			if err == nil {
				e, err = log.Open(context.Background(), e)
			}
			if err != nil {
				tb.Fatalf("entries: %v", err)
			}
			n[e.Event.Patient]++
		}
	}
	return n
}

// The folder fails, or the power, at each call in turn, and so does the log;
// whatever was acknowledged is in the log exactly once in the end.
func TestSpillCrashes(t *testing.T) {
	t.Parallel()
	scenario := func(fs *journaltest.Faulty, log *brokenLog) (acked []string) {
		spill, err := audithttp.OpenSpillJournal("spill", key(t), audithttp.SpillOn(fs))
		if err != nil {
			return nil
		}
		for i, chain := range []string{"t/1", "t/2", "t/1", "t/1"} {
			a, b := fmt.Sprintf("p-%d", 2*i), fmt.Sprintf("p-%d", 2*i+1)
			if spill.Append(chain, []audit.Event{access(a), access(b)}) == nil {
				acked = append(acked, a, b)
			}
			if i == 2 {
				_, _ = spill.Merge(context.Background(), log)
			}
		}
		// Somebody else appends, so that merges do not begin at the end.
		_, _ = log.Append(context.Background(), "t/1", access("other"))
		_, _ = spill.Merge(context.Background(), log)
		_, _ = spill.Merge(context.Background(), log)
		return acked
	}
	newLog := func() *audit.Log {
		log, err := audit.New(context.Background(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	verify := func(name string, left *journaltest.Memory, log *audit.Log, acked []string) {
		spill, err := audithttp.OpenSpillJournal("spill", key(t), audithttp.SpillOn(left))
		if err != nil {
			t.Fatalf("%s: open again: %v", name, err)
		}
		defer spill.Close()
		if _, err := spill.Merge(context.Background(), log); err != nil || spill.Len() != 0 {
			t.Fatalf("%s: merge again: %v, %d left", name, err, spill.Len())
		}
		got := counts(t, log)
		delete(got, "other")
		for _, p := range acked {
			if got[p] == 0 {
				t.Fatalf("%s: the entry of %s was acknowledged and is lost", name, p)
			}
		}
		for p, n := range got {
			if n != 1 {
				t.Fatalf("%s: %d entries of %s, want one", name, n, p)
			}
		}
	}
	whole := &journaltest.Faulty{Memory: journaltest.NewMemory(), At: -1}
	log := &brokenLog{Log: newLog(), at: -1}
	if acked := scenario(whole, log); len(acked) != 8 {
		t.Fatalf("%d acknowledged without a fault, want 8", len(acked))
	}
	verify("no fault", whole.Memory.Restart(), log.Log, nil)
	tried := 0
	for i, fault := range journaltest.Faults() {
		for at := 1; at <= whole.Calls(); at++ {
			fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: fault, At: at}
			log := &brokenLog{Log: newLog(), at: -1}
			acked := scenario(fs, log)
			// Each call meets each of these with two kinds of faults.
			lose := []string{"nothing", "all", "some"}[(i+at)%3]
			left := fs.Memory.Restart()
			switch lose {
			case "all":
				left = fs.Memory.Crash(func(int) int { return 0 })
			case "some":
				i := at
				left = fs.Memory.Crash(func(n int) int { i = i*7 + 3; return i % n })
			}
			verify(fmt.Sprintf("%s at call %d, power lost with %s", fault.Name, at, lose), left, log.Log, acked)
			tried++
		}
	}
	for at := range log.calls {
		for _, after := range []bool{false, true} {
			fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), At: -1}
			log := &brokenLog{Log: newLog(), at: at, after: after}
			acked := scenario(fs, log)
			verify(fmt.Sprintf("the log fails at call %d, after it appended: %v", at, after), fs.Memory.Restart(), log.Log, acked)
			tried++
		}
	}
	t.Logf("%d faults", tried)
}

// The process ends at any byte of the folder's file: what is left of it opens,
// or is refused, and never gives an access twice.
func TestSpillCutAtEveryByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spill := openSpill(t, dir, nil)
	for i := range 3 {
		if err := spill.Append("t/1", []audit.Event{access(fmt.Sprintf("p-%d", i))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := spill.Close(); err != nil {
		t.Fatal(err)
	}
	const name = "00000000000000000000.jsonl"
	whole, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	// A segment's header is durable before its name is.
	for n := bytes.IndexByte(whole, '\n') + 1; n <= len(whole); n++ {
		fs, dir := journaltest.NewMemory(), string(filepath.Separator)+"spill" // one of its root
		if err := fs.Mkdir(dir); err != nil {
			t.Fatal(err)
		}
		f, err := fs.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(whole[:n]); err != nil {
			t.Fatal(err)
		}
		spill := openSpill(t, dir, fs)
		complete := bytes.Count(whole[:n], []byte("{\"commit\"")) // of which the last line may be cut off
		if !bytes.HasSuffix(whole[:n], []byte("\n")) && bytes.LastIndex(whole[:n], []byte("{\"commit\"")) > bytes.LastIndexByte(whole[:n], '\n') {
			complete--
		}
		if got, want := spill.Len(), max(0, complete-1); got != want { // the first is the journal's identifier
			t.Fatalf("cut at byte %d: %d pending, want %d", n, got, want)
		}
		if err := spill.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Nothing of what was spilled can be read in the folder without the key; when
// it is merged it cannot be read with it either.
func TestSpillHidden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spill := openSpill(t, dir, nil)
	e := access("Jane Doe")
	e.Reason, e.Query, e.ObjectID, e.Subjects, e.Extra = "planted 1", "planted 2", "planted 3", []string{"planted 4"}, map[string]string{"k": "planted 5"}
	e.Disclosure = json.RawMessage(`"planted 6"`)
	if err := spill.Append("t/1", []audit.Event{e}); err != nil {
		t.Fatal(err)
	}
	first := folder(t, dir)
	for _, planted := range []string{"Jane", "planted", "u-9", "t/1"} {
		if bytes.Contains(first, []byte(planted)) {
			t.Errorf("the folder holds %q", planted)
		}
	}
	sealed := bytes.SplitN(bytes.SplitN(first, []byte(`"sealed":"`), 2)[1], []byte(`"`), 2)[0]
	log, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := spill.Append("t/1", []audit.Event{access("Jane Roe")}); err != nil {
		t.Fatal(err)
	}
	if n, err := spill.Merge(t.Context(), log); n != 2 || err != nil {
		t.Fatalf("Merge = %d, %v", n, err)
	}
	for i := 0; i+40 <= len(sealed); i += 20 {
		if bytes.Contains(folder(t, dir), sealed[i:i+40]) {
			t.Fatalf("the folder holds what was merged, at byte %d", i)
		}
	}
	if err := spill.Close(); err != nil {
		t.Fatal(err)
	}
	spill = openSpill(t, dir, nil) // and it still opens
	defer spill.Close()
	if spill.Len() != 0 {
		t.Errorf("%d pending, want none", spill.Len())
	}
	if got := fmt.Sprintf("%v %+v %#v %s", spill, spill, spill, spill); strings.Contains(got, "0x") || strings.Count(got, "audithttp.SpillJournal") != 4 {
		t.Errorf("the journal prints as %s", got)
	}
}

func folder(tb fatal, dir string) []byte {
	var all []byte
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		tb.Fatalf("glob: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatalf("read: %v", err)
		}
		all = append(all, data...)
	}
	return all
}

// A journal of another key, one that somebody changed, and events that no log
// takes are refused.
func TestSpillRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := audithttp.OpenSpillJournal(dir, nil, nil); err == nil {
		t.Error("OpenSpillJournal without a key = nil")
	}
	spill := openSpill(t, dir, nil)
	var fields baakit.FieldErrors
	for _, bad := range []struct {
		chain  string
		events []audit.Event
	}{{"", []audit.Event{access("p-1")}}, {audit.System, []audit.Event{access("p-1")}}, {"t/1", nil}, {"t/1", []audit.Event{{}}}, {"t/1", []audit.Event{access("\xff")}}} {
		if err := spill.Append(bad.chain, bad.events); !errors.As(err, &fields) {
			t.Errorf("Append(%q, %d events) = %v, want field errors", bad.chain, len(bad.events), err)
		}
	}
	if err := spill.Append("t/1", []audit.Event{access("p-1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := audithttp.OpenSpillJournal(dir, key(t), nil); err == nil {
		t.Error("opened twice")
	}
	if err := spill.Close(); err != nil {
		t.Fatal(err)
	}
	other := otherKey(t)
	if _, err := audithttp.OpenSpillJournal(dir, other, nil); !errors.Is(err, audithttp.ErrSpill) {
		t.Errorf("OpenSpillJournal with another key = %v, want ErrSpill", err)
	}
}

// One access that the log refuses for good does not hold up the others.
func TestMergeRefused(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, "spill", journaltest.NewMemory())
	bad := access("p-2")
	bad.Actor.ID = "123-45-6789" // this log does not allow the shape
	for _, e := range []audit.Event{access("p-1"), bad, access("p-3")} {
		if err := spill.Append("t/1", []audit.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	store := audit.NewMemory()
	log, err := audit.New(t.Context(), store, audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		t.Fatal(err)
	}
	var fields baakit.FieldErrors
	n, err := spill.Merge(t.Context(), log)
	if n != 2 || !errors.As(err, &fields) || !strings.Contains(err.Error(), "spill 1") || strings.Contains(err.Error(), "6789") || spill.Len() != 1 {
		t.Errorf("Merge = %d, %v, %d left, want 2, the fields of spill 1 without its values, and 1", n, err, spill.Len())
	}
	log, err = audit.New(t.Context(), store, audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}, Allow: []string{"actor.id"}})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := spill.Merge(t.Context(), log); n != 1 || err != nil {
		t.Errorf("Merge with the shape allowed = %d, %v, want 1", n, err)
	}
	got := counts(t, log)
	want := map[string]int{"p-1": 1, "p-2": 1, "p-3": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// Merges while others append to the same chain, and spill.
func TestMergeBeside(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, "spill", journaltest.NewMemory())
	log, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		t.Fatal(err)
	}
	const n = 100
	done := make(chan error, 2)
	go func() {
		for i := range n {
			if err := spill.Append("t/1", []audit.Event{access(fmt.Sprintf("s-%d", i))}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	go func() {
		for i := range n {
			if _, err := log.Append(context.Background(), "t/1", access(fmt.Sprintf("l-%d", i))); err != nil {
				done <- err
				return
			}
			time.Sleep(50 * time.Microsecond)
		}
		done <- nil
	}()
	total, running := 0, 2
	for running > 0 || spill.Len() > 0 {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running--
		default:
		}
		m, err := spill.Merge(t.Context(), log)
		if total += m; err != nil {
			t.Fatalf("Merge: %v", err)
		}
	}
	got := counts(t, log)
	for p, k := range got {
		if k != 1 {
			t.Errorf("%d entries of %s", k, p)
		}
	}
	if total != n || len(got) != 2*n {
		t.Errorf("%d merged, %d entries, want %d and %d", total, len(got), n, 2*n)
	}
	var marks []string
	for e, err := range log.Entries(t.Context(), "t/1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		marks = append(marks, e.Event.Policy...)
	}
	slices.Sort(marks)
	if len(slices.Compact(marks)) != n {
		t.Errorf("marks are not unique")
	}
}

// Somebody who can write to the folder, with the right checksums, cannot give
// one access the place of another.
func TestSpillSwapped(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	spill := openSpill(t, from, nil)
	for _, p := range []string{"p-1", "p-2"} {
		if err := spill.Append("t/1", []audit.Event{access(p)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := spill.Close(); err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	options := journal.Config{Format: "baakit.audit.spill/1", Visit: func(r journal.Record) error {
		frames = append(frames, bytes.Clone(r.Frame))
		return nil
	}}
	j, err := journal.Open(from, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	swapped := func(frame []byte, n string) []byte {
		return bytes.Replace(frame, []byte(`"n":`+n), []byte(`"n":`+string('0'+'1'-n[0])), 1)
	}
	options.Visit = nil
	if j, err = journal.Open(to, options); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(frames[0], swapped(frames[2], "1"), swapped(frames[1], "0")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := audithttp.OpenSpillJournal(to, key(t), nil); !errors.Is(err, audithttp.ErrSpill) {
		t.Errorf("OpenSpillJournal of swapped accesses = %v, want ErrSpill", err)
	}
}

// A spill that has just become durable while something else is merged is not
// taken for merged, and not erased.
func TestMergeAtTheSameMoment(t *testing.T) {
	t.Parallel()
	spill := openSpill(t, "spill", journaltest.NewMemory())
	if err := spill.Append("t/1", []audit.Event{access("p-1")}); err != nil {
		t.Fatal(err)
	}
	finish, err := audithttp.AppendHalf(spill, "t/1", []audit.Event{access("p-2")})
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, finished := range []bool{false, true} {
		if finished {
			finish()
		}
		if n, err := spill.Merge(t.Context(), log); n != 1 || err != nil {
			t.Fatalf("Merge = %d, %v, want 1", n, err)
		}
	}
	if diff := cmp.Diff(map[string]int{"p-1": 1, "p-2": 1}, counts(t, log)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}
