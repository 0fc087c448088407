package disclosure_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/disclosure"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// proven is an accounting with one line of each kind, and its evidence.
func proven(t fatal) (*bench, disclosure.Accounting) {
	t.Helper()
	b := memory(t)
	police := report()
	police.Basis, police.Recipient, police.Purpose, police.RequestCopy = "", disclosure.Recipient{Name: "City Police"}, "", "Dear Sir,\nplease send the record.\n"
	again := report()
	again.Date, again.Description = day("2026-03-01"), "result of another test"
	for _, d := range []disclosure.Disclosure{report(), police, again, study(50)} {
		b.disclose(t, d, "p-1")
		b.append(t, "t/1", read("p-1"))
		b.disclose(t, d, "p-2")
	}
	q := asked("2026-06-01")
	q.For, q.By = "Example Hospital", "Example Vendor"
	a, _ := b.account(t, q)
	if len(a.Lines) != 3 {
		t.Fatal(len(a.Lines))
	}
	a, err := a.Prove(context.Background(), b.source, b.checkpoints(t, "t/1"))
	if err != nil {
		t.Fatal(err)
	}
	return b, a
}

func TestVerify(t *testing.T) {
	t.Parallel()
	b, a := proven(t)
	checkpoints, err := a.Verify(b.signer.Verifier(), origin)
	if err != nil || len(checkpoints) != 1 || checkpoints["t/1"].Size != 12 {
		t.Fatal(checkpoints, err)
	}
	other, err := audit.NewSigner(ed25519.NewKeyFromSeed([]byte(strings.Repeat("7", 32))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Verify(other.Verifier(), origin); !errors.Is(err, audit.ErrCheckpoint) {
		t.Errorf("another's key: %v", err)
	}
	if _, err := a.Verify(b.signer.Verifier(), "audit.example.org"); !errors.Is(err, audit.ErrCheckpoint) {
		t.Errorf("another log: %v", err)
	}
	// Of another individual's entry, with its true evidence.
	q := asked("2026-06-01")
	q.Patient = "p-2"
	foreign, _ := b.account(t, q)
	if foreign, err = foreign.Prove(context.Background(), b.source, b.checkpoints(t, "t/1")); err != nil {
		t.Fatal(err)
	}
	foreign.Patient = "p-1"
	if _, err := foreign.Verify(b.signer.Verifier(), origin); !errors.Is(err, disclosure.ErrMismatch) {
		t.Errorf("another individual's: %v", err)
	}
	clone := func() disclosure.Accounting {
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		c, err := disclosure.ParseAccounting(data)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, tt := range map[string]struct {
		change func(*disclosure.Accounting)
		want   error
	}{
		"as it is":            {func(*disclosure.Accounting) {}, nil},
		"another day":         {func(a *disclosure.Accounting) { a.Lines[0].Date = a.Lines[0].Date.AddDays(1) }, disclosure.ErrMismatch},
		"another recipient":   {func(a *disclosure.Accounting) { a.Lines[0].Recipient.Name = "X" }, disclosure.ErrMismatch},
		"another address":     {func(a *disclosure.Accounting) { a.Lines[0].Recipient.Address = "" }, disclosure.ErrMismatch},
		"another description": {func(a *disclosure.Accounting) { a.Lines[0].Description = "X" }, disclosure.ErrMismatch},
		"another purpose":     {func(a *disclosure.Accounting) { a.Lines[0].Purpose = "X" }, disclosure.ErrMismatch},
		"another basis":       {func(a *disclosure.Accounting) { a.Lines[0].Basis = "" }, disclosure.ErrMismatch},
		"another copy":        {func(a *disclosure.Accounting) { a.Lines[1].RequestCopy = "X" }, disclosure.ErrMismatch},
		"another last day":    {func(a *disclosure.Accounting) { a.Lines[0].Last = day("2026-03-02") }, disclosure.ErrMismatch},
		"fewer times":         {func(a *disclosure.Accounting) { a.Lines[0].Times-- }, disclosure.ErrMismatch},
		"another protocol":    {func(a *disclosure.Accounting) { a.Lines[2].Research.Protocol = "X" }, disclosure.ErrMismatch},
		"another sponsor":     {func(a *disclosure.Accounting) { a.Lines[2].Research.Sponsor.Telephone = "X" }, disclosure.ErrMismatch},
		"nothing further":     {func(a *disclosure.Accounting) { a.Lines[0].Also = nil }, disclosure.ErrMismatch},
		"line left out":       {func(a *disclosure.Accounting) { a.Lines = a.Lines[:2] }, disclosure.ErrMismatch},
		"line twice":          {func(a *disclosure.Accounting) { a.Lines = append(a.Lines, a.Lines[1]) }, disclosure.ErrNoEvidence},
		"entry left out":      {func(a *disclosure.Accounting) { a.Lines[0].Entries = a.Lines[0].Entries[:1] }, disclosure.ErrMismatch},
		"another entry":       {func(a *disclosure.Accounting) { a.Lines[0].Entries[0].Seq++ }, disclosure.ErrNoEvidence},
		"narrower period":     {func(a *disclosure.Accounting) { a.From = day("2026-01-02") }, disclosure.ErrMismatch},
		"not summarised":      {func(a *disclosure.Accounting) { a.Full = true }, disclosure.ErrMismatch},
		"no evidence":         {func(a *disclosure.Accounting) { a.Evidence = nil }, disclosure.ErrNoEvidence},
		"evidence of another": {func(a *disclosure.Accounting) { a.Evidence[0] = a.Evidence[1] }, disclosure.ErrNoEvidence},
		"payload of another":  {func(a *disclosure.Accounting) { a.Evidence[0].Payload = a.Evidence[1].Payload }, audit.ErrSealed},
		"changed payload":     {func(a *disclosure.Accounting) { a.Evidence[0].Payload[40]++ }, audit.ErrSealed},
		"proof of another":    {func(a *disclosure.Accounting) { a.Evidence[0].Proof = a.Evidence[1].Proof }, audit.ErrProof},
		"changed proof":       {func(a *disclosure.Accounting) { a.Evidence[0].Proof = "x" + a.Evidence[0].Proof }, audit.ErrProof},
		"line of another":     {func(a *disclosure.Accounting) { a.Evidence[0].Line = a.Evidence[1].Line }, audit.ErrSealed},
		"changed line": {func(a *disclosure.Accounting) {
			a.Evidence[0].Line = strings.Replace(a.Evidence[0].Line, "u-9", "u-8", 1)
		}, audit.ErrProof},
		"no line":                 {func(a *disclosure.Accounting) { a.Evidence[0].Line = "{}" }, audit.ErrLine},
		"evidence of a mere read": {func(a *disclosure.Accounting) { a.Evidence = append(a.Evidence, b.evidence(t, 1)) }, disclosure.ErrMismatch},
	} {
		c := clone()
		tt.change(&c)
		if _, err := c.Verify(b.signer.Verifier(), origin); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// evidence is true evidence of any entry.
func (b *bench) evidence(t fatal, seq uint64) disclosure.Evidence {
	t.Helper()
	ctx := context.Background()
	for r, err := range b.store.Read(ctx, "t/1", seq) {
		if err != nil {
			t.Fatal(err)
		}
		payload, err := b.sealer.Open(ctx, "t/1", audit.LeafHash(r.Line), r.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		p, err := audit.Prove(ctx, b.store, "t/1", seq, b.checkpoints(t, "t/1")["t/1"])
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return disclosure.Evidence{Line: string(r.Line), Payload: payload, Proof: string(text)}
	}
	t.Fatal("no entry")
	return disclosure.Evidence{}
}

func TestProveRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := memory(t)
	b.disclose(t, report(), "p-1")
	early := b.checkpoints(t, "t/1")
	b.disclose(t, report(), "p-1")
	a, _ := b.account(t, asked("2026-06-01"))
	if _, err := a.Prove(ctx, b.source, nil); !errors.Is(err, disclosure.ErrNoEvidence) {
		t.Errorf("no checkpoint: %v", err)
	}
	if _, err := a.Prove(ctx, b.source, early); !errors.Is(err, audit.ErrOutOfRange) {
		t.Errorf("a checkpoint from before: %v", err)
	}
	now := b.checkpoints(t, "t/1")
	source := b.source
	source.Sealer = &choosySealer{Sealer: b.sealer, refuse: func(tlog.Hash) error { return audit.ErrErased }}
	if _, err := a.Prove(ctx, source, now); !errors.Is(err, audit.ErrErased) {
		t.Errorf("erased since: %v", err)
	}
	a.Lines[0].Entries[0].Leaf = strings.Repeat("0", 64)
	if _, err := a.Prove(ctx, b.source, now); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("another line: %v", err)
	}
	a.Lines[0].Entries[0].Seq = 7
	if _, err := a.Prove(ctx, b.source, now); !errors.Is(err, audit.ErrOutOfRange) {
		t.Errorf("no such entry: %v", err)
	}
}

// Entries that are erased in the folder, do not open or are not disclosures as
// this package writes them are listed or counted, each as what it is.
func TestNothingIsDroppedSilently(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store, err := auditfile.Open(filepath.Join(t.TempDir(), "log"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	lost := make(map[tlog.Hash]error)
	b := newBench(t, store, &choosySealer{
		Sealer: audit.Unencrypted{TokenKey: []byte("token key")}, refuse: func(leaf tlog.Hash) error { return lost[leaf] },
	})
	foreign, err := report().Event(actor, "p-1")
	if err != nil {
		t.Fatal(err)
	}
	foreign.Disclosure = json.RawMessage(`{"recipient":"County Health"}`)
	bare := foreign
	bare.Disclosure = nil
	nobody := foreign
	nobody.Patient, nobody.Disclosure = "", mustJSON(t, report())
	clear := audit.Event{Type: audit.Export, Action: audit.ActionRead, Outcome: audit.Success, Actor: actor}
	login := audit.Event{Type: audit.UserAuthentication, Action: audit.ActionExecute, Outcome: audit.MajorFailure, Actor: actor, Reason: "wrong password"}
	statement := audit.Event{Kind: disclosure.SuspensionKind, Patient: "p-1", Payload: json.RawMessage(`{}`)}

	want := make(map[uint64]string)
	add := func(e audit.Event, says string) audit.Receipt {
		r := b.append(t, "t/1", e)
		if says != "" {
			want[r.Seq] = says
		}
		return r
	}
	disclosed, err := report().Event(actor, "p-1")
	if err != nil {
		t.Fatal(err)
	}
	add(disclosed, "")
	erased := map[uint64]bool{
		add(disclosed, "erased disclosure attributed").Seq: true,
		add(read("p-1"), "erased attributed").Seq:          true,
		add(login, "").Seq:                   true, // counted: unattributed
		add(nobody, "erased disclosure").Seq: true,
		add(read("p-2"), "").Seq:             true, // somebody else's
	}
	lost[add(disclosed, "sealed disclosure attributed").Leaf] = audit.ErrSealed
	add(foreign, "malformed disclosure attributed")
	add(bare, "malformed disclosure attributed")
	add(nobody, "no_patient disclosure")
	add(clear, "malformed disclosure")
	add(statement, "malformed attributed")
	if n, err := store.Erase(ctx, func(chain string, seq uint64) bool { return chain == "t/1" && erased[seq] }); err != nil || n != 5 {
		t.Fatal(n, err)
	}
	a, w := b.account(t, asked("2026-06-01"))
	got := make(map[uint64]string)
	for _, u := range a.Unreadable {
		says := []string{string(u.Why)}
		if u.Disclosure {
			says = append(says, "disclosure")
		}
		if u.Attributed {
			says = append(says, "attributed")
		}
		got[u.Seq] = strings.Join(says, " ")
	}
	if !maps.Equal(got, want) || a.Unattributed != 1 || a.Complete() || len(a.Lines) != 1 || len(w.Considered) != 1 {
		t.Errorf("got  %v and %d\nwant %v and 1", got, a.Unattributed, want)
	}
	for _, text := range []string{a.Text(), a.Markdown()} {
		if !strings.Contains(text, "cannot be read") || strings.Count(text, "erased") != 3 {
			t.Errorf("it does not say what it lacks:\n%s", text)
		}
	}
	data := mustJSON(t, a)
	if back, err := disclosure.ParseAccounting(data); err != nil || !slices.Equal(back.Unreadable, a.Unreadable) || back.Unattributed != 1 {
		t.Errorf("%v", err)
	}
	// A sealer that fails for another reason is no answer at all.
	sick := errors.New("the key service does not answer")
	for leaf := range lost {
		lost[leaf] = sick
	}
	if _, _, err := disclosure.Account(ctx, b.source, asked("2026-06-01")); !errors.Is(err, sick) {
		t.Errorf("%v", err)
	}
}

func mustJSON(t fatal, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Only the entries of the individual are opened, and under old tokens too if
// the source knows them; without tokens all are, and the rest passed over.
func TestWhatIsOpened(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tt := range map[string]struct {
		keys   []string // of tokens, in turn
		know   bool     // the source is told of all
		opened int64
		times  int
	}{
		"tokens":            {[]string{"a", "a"}, false, 12, 6},
		"changed, unknown":  {[]string{"a", "b"}, false, 6, 3},
		"changed and known": {[]string{"a", "b"}, true, 12, 6},
		"none":              {[]string{"", ""}, false, 36, 6},
		"none at first":     {[]string{"", "b"}, false, 24, 6},
	} {
		store := audit.NewMemory()
		var b *bench
		var sealer *choosySealer
		for _, key := range tt.keys {
			sealer = &choosySealer{Sealer: audit.Unencrypted{TokenKey: []byte(key)}}
			b = newBench(t, store, sealer)
			for range 3 {
				for _, p := range []string{"p-1", "p-2", "p-3"} {
					b.disclose(t, report(), p)
					b.append(t, "t/1", read(p))
				}
			}
		}
		if tt.know {
			b.source.Tokens = func(_ context.Context, chain, patient string) ([]audit.Token, error) {
				if chain != "t/1" || patient != "p-1" {
					t.Errorf("asked for %s in %s", patient, chain)
				}
				return []audit.Token{audit.SubjectToken([]byte("a"), patient), audit.SubjectToken([]byte("b"), patient)}, nil
			}
		}
		sealer.opened.Store(0)
		a, _, err := disclosure.Account(ctx, b.source, asked("2026-06-01"))
		if err != nil || len(a.Lines) != 1 || a.Lines[0].Times != tt.times || sealer.opened.Load() != tt.opened || !a.Complete() {
			t.Errorf("%s: %v, %d times, %d opened", name, err, a.Lines[0].Times, sealer.opened.Load())
		}
	}
}

// Several chains are one individual's, in the order of the days.
func TestChains(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := memory(t)
	for i, chain := range []string{"t/2", "t/1", "t/3", "t/1"} {
		d := report()
		d.Date, d.Basis = day("2026-01-05").AddDays(-i), ""
		e, err := d.Event(actor, "p-1")
		if err != nil {
			t.Fatal(err)
		}
		b.append(t, chain, e)
	}
	b.source.Chains = []string{"t/1", "t/2", "t/9"}
	a, _ := b.account(t, asked("2026-06-01"))
	var got []string
	for _, l := range a.Lines {
		got = append(got, fmt.Sprintf("%s %s %d", l.Date, l.Entries[0].Chain, l.Entries[0].Seq))
	}
	if want := []string{"2026-01-02 t/1 1", "2026-01-04 t/1 0", "2026-01-05 t/2 0"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if len(a.Chains) != 3 || a.Chains[0].Size != 2 || a.Chains[1].Size != 1 || a.Chains[2] != (disclosure.Span{Chain: "t/9"}) {
		t.Errorf("%v", a.Chains)
	}
	a, err := a.Prove(ctx, b.source, b.checkpoints(t, "t/1", "t/2"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := a.Verify(b.signer.Verifier(), origin); err != nil || len(c) != 2 {
		t.Error(c, err)
	}
	for name, tt := range map[string]struct {
		source disclosure.Source
		want   string
	}{
		"nothing":    {disclosure.Source{}, "store sealer chains"},
		"bad chains": {disclosure.Source{Store: b.store, Sealer: b.sealer, Chains: []string{"t/1", "", "t/1", "system"}}, "chains[1] chains[2] chains[3]"},
	} {
		_, _, err := disclosure.Account(ctx, tt.source, asked("2026-06-01"))
		if got := paths(err); got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// What an accounting leaves for later, and what shredding would destroy, is the
// same: a disclosure is outstanding on a day if and only if an accounting
// requested on that day or on some later one tells of it.
func TestOutstandingIsWhatAccountsWillTell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		b := memory(t)
		n := rapid.IntRange(1, 8).Draw(t, "disclosures")
		for i := range n {
			d := disclosures().Draw(t, "disclosure")
			d.Description = fmt.Sprint(i)
			b.disclose(t, d, rapid.SampledFrom([]string{"p-1", "p-2"}).Draw(t, "patient"))
			if rapid.IntRange(0, 4).Draw(t, "statement?") == 0 {
				b.suspend(t, suspensions().Draw(t, "statement"), "p-1", "A")
			}
		}
		on := dates("on")(t)
		if rapid.Bool().Draw(t, "later") {
			on = on.AddDays(6 * 365)
		}
		told := make(map[uint64]baakit.Date) // the last day of a request that tells of it
		for _, patient := range []string{"p-1", "p-2"} {
			days := []baakit.Date{on}
			for _, date := range []string{"2020-02-28", "2020-02-29", "2020-03-01", "2022-03-01", "2024-02-29", "2025-12-31", "2026-02-28", "2026-03-01"} {
				for off := -4; off <= 4; off++ {
					days = append(days, day(date).AddDays(off), day(date).AddYears(6, baakit.RollForward).AddDays(off))
				}
			}
			for _, requested := range days {
				if requested.Before(on) {
					continue
				}
				q := disclosure.Request{Patient: patient, Requested: requested, Full: true, Made: later(requested, day("2100-01-01"))} // no suspension lasts so long
				a, _, err := disclosure.Account(ctx, b.source, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range a.Lines {
					told[l.Entries[0].Seq] = later(told[l.Entries[0].Seq], requested)
				}
			}
		}
		owed, err := disclosure.Outstanding(ctx, b.source, on, "")
		if err != nil {
			t.Fatal(err)
		}
		var last baakit.Date
		for _, d := range owed.Disclosures {
			if told[d.Seq] != d.Through {
				t.Fatalf("entry %d of %s: owed through %s, told through %s", d.Seq, d.Date, d.Through, told[d.Seq])
			}
			delete(told, d.Seq)
			last = later(last, d.Through)
		}
		if len(told) > 0 || owed.Through != last || len(owed.Unreadable) > 0 {
			t.Fatalf("not owed, and told: %v; through %s", told, owed.Through)
		}
		// One patient's are those of all that are the patient's.
		for _, patient := range []string{"p-1", "p-2"} {
			one, err := disclosure.Outstanding(ctx, b.source, on, patient)
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, d := range owed.Disclosures {
				if d.Patient == patient {
					want = append(want, fmt.Sprint(d.Seq, d.Through, d.Suspended))
				}
			}
			for _, d := range one.Disclosures {
				got = append(got, fmt.Sprint(d.Seq, d.Through, d.Suspended))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v, of all %v", patient, got, want)
			}
		}
	})
}

// Both sides of the last day, and what is gone already.
func TestOutstanding(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := memory(t)
	for _, date := range []string{"2020-02-29", "2020-06-01"} {
		d := report()
		d.Date = day(date)
		b.disclose(t, d, "p-1")
	}
	exempt := report()
	exempt.Basis, exempt.Exemption = "164.506", disclosure.ExemptTPO
	b.disclose(t, exempt, "p-1")
	b.append(t, "t/1", read("p-1"))
	for _, tt := range []struct {
		on      string
		n       int
		through string
	}{
		{"2020-01-01", 2, "2026-06-01"},
		{"2026-03-01", 2, "2026-06-01"},
		{"2026-03-02", 1, "2026-06-01"},
		{"2026-06-01", 1, "2026-06-01"},
		{"2026-06-02", 0, ""},
	} {
		owed, err := disclosure.Outstanding(ctx, b.source, day(tt.on), "")
		if err != nil || len(owed.Disclosures) != tt.n || tt.through == "" && !owed.Through.IsZero() || tt.through != "" && owed.Through != day(tt.through) {
			t.Errorf("on %s: %d through %s, %v", tt.on, len(owed.Disclosures), owed.Through, err)
		}
	}
	if _, err := disclosure.Outstanding(ctx, b.source, baakit.Date{}, ""); paths(err) != "on" {
		t.Errorf("no day: %v", err)
	}
	source := b.source
	source.Sealer = &choosySealer{Sealer: b.sealer, refuse: func(tlog.Hash) error { return audit.ErrErased }}
	owed, err := disclosure.Outstanding(ctx, source, day("2026-01-01"), "")
	if err != nil || len(owed.Disclosures) != 0 || len(owed.Unreadable) != 4 {
		t.Errorf("all erased: %+v, %v", owed.Unreadable, err)
	}
}

func TestParseAccountingRefuses(t *testing.T) {
	t.Parallel()
	_, a := proven(t)
	good := string(mustJSON(t, a))
	for name, tt := range map[string]struct{ old, new, want string }{
		"another schema":     {"accounting/1", "accounting/2", "schema"},
		"unknown field":      {`"patient"`, `"extra":1,"patient"`, "extra"},
		"due a day later":    {`"due":"2026-07-31"`, `"due":"2026-08-01"`, "due"},
		"from too early":     {`"from":"2020-06-01"`, `"from":"2020-05-31"`, "from"},
		"no times":           {`"times":2`, `"times":1`, "lines[0].times"},
		"another kind":       {`"kind":"repeated"`, `"kind":"disclosure"`, "lines[0].kind"},
		"last before first":  {`"last":"2026-03-01"`, `"last":"2025-03-01"`, "lines[0].date"},
		"behind the chain":   {`"size":12`, `"size":3`, "lines[0].entries[1]"},
		"another chain":      {`"chains":[{"chain":"t/1"`, `"chains":[{"chain":"t/2"`, "lines[0].entries[0]"},
		"no statement":       {"may or may not", "may", "lines[2].research.statement"},
		"no evidence":        {`"payload":"`, `"payload":"AAAA`, "evidence[0]"},
		"another confidence": {`"confidence":"primary","citations"`, `"confidence":"memory","citations"`, "citations"},
		"negative":           {`"chains"`, `"unattributed":-1,"chains"`, "unattributed"},
	} {
		bad := strings.Replace(good, tt.old, tt.new, 1)
		_, err := disclosure.ParseAccounting([]byte(bad))
		if bad == good || err == nil || !slices.Contains(strings.Fields(paths(err)), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "County") {
			t.Errorf("%s: the error holds a value: %v", name, err)
		}
	}
	var back disclosure.Accounting
	if err := back.UnmarshalJSON([]byte(`{}`)); err == nil || back.Patient != "" {
		t.Error("read from nothing")
	}
}

func FuzzParseAccounting(f *testing.F) {
	b, a := proven(f)
	f.Add(mustJSON(f, a))
	a.Evidence, a.Lines = nil, a.Lines[:0]
	f.Add(mustJSON(f, a))
	f.Add([]byte(`{"schema":"baakit.audit.accounting/1","lines":[{"kind":"research"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := disclosure.ParseAccounting(data)
		if err != nil {
			if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
				t.Fatalf("%T", err)
			}
			return
		}
		out := mustJSON(t, a)
		again, err := disclosure.ParseAccounting(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if text := mustJSON(t, again); string(text) != string(out) {
			t.Fatalf("%s\n%s", text, out)
		}
		_, _ = a.Markdown(), a.Text()
		// Nobody without the key makes another accounting that verifies.
		if _, err := a.Verify(b.signer.Verifier(), origin); err == nil && len(a.Lines) > 0 {
			for _, l := range a.Lines {
				if l.Recipient != nil && l.Recipient.Name != "County Health" && l.Recipient.Name != "City Police" {
					t.Fatalf("it verifies: %s", out)
				}
			}
		}
	})
}

// Whatever bytes somebody logged as a disclosure, the fold neither fails nor
// loses it: it is a line, outside, exempt, suspended or unreadable.
func FuzzAccount(f *testing.F) {
	for _, d := range []disclosure.Disclosure{report(), study(49), study(50)} {
		f.Add([]byte(mustJSON(f, d)), []byte(`{"recipient":"County Health"}`), int16(150), false)
	}
	f.Add([]byte(`{}`), []byte(`{}`), int16(-3000), true)
	f.Fuzz(func(t *testing.T, one, two []byte, off int16, full bool) {
		b := memory(t)
		logged := 0
		for _, data := range [][]byte{one, two, one} {
			e, err := report().Event(actor, "p-1")
			if err != nil {
				t.Fatal(err)
			}
			e.Disclosure = data
			if _, err := b.log.Append(context.Background(), "t/1", e); err != nil {
				continue // no JSON: the log refuses it
			}
			logged++
		}
		q := disclosure.Request{Patient: "p-1", Requested: day("2026-01-01").AddDays(int(off)), Full: full}
		a, w := b.account(t, q)
		n := 0
		for _, l := range a.Lines {
			n += l.Times
		}
		if len(w.Considered)+len(a.Unreadable) != logged || n != w.Count(disclosure.Accounted) {
			t.Fatalf("%d logged, %d considered, %d unreadable, %d in lines", logged, len(w.Considered), len(a.Unreadable), n)
		}
		if _, err := disclosure.ParseAccounting(mustJSON(t, a)); err != nil {
			t.Fatal(err)
		}
		_, _, _, _ = a.Text(), a.Markdown(), w.Text(), w.Markdown()
	})
}

// A foreignStore changes what a store has kept, as somebody with the disk can.
type foreignStore struct {
	audit.Store
	change func(chain string, seq int, r audit.Record) audit.Record
}

func (s foreignStore) Read(ctx context.Context, chain string, from uint64) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		seq := int(from)
		for r, err := range s.Store.Read(ctx, chain, from) {
			if err == nil {
				r = s.change(chain, seq, r)
			}
			seq++
			if !yield(r, err) {
				return
			}
		}
	}
}

// A payload that is not the one of its line is unreadable, also where nobody
// would look for a disclosure in it; a line in the place of another is an
// error; and a disclosure that another writer spelled in its own way is found.
func TestForeignStore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := memory(t)
	b.disclose(t, report(), "p-1")
	b.append(t, "t/1", read("p-1"))
	b.append(t, "t/1", read("p-1"))
	var records []audit.Record
	for r, err := range b.store.Read(ctx, "t/1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, audit.Record{Line: bytes.Clone(r.Line), Sealed: bytes.Clone(r.Sealed)})
	}
	source := b.source
	source.Store = foreignStore{b.store, func(_ string, seq int, r audit.Record) audit.Record {
		r.Sealed = records[[]int{1, 2, 1}[seq]].Sealed
		return r
	}}
	a, _, err := disclosure.Account(ctx, source, asked("2026-06-01"))
	if err != nil || len(a.Lines) != 0 || len(a.Unreadable) != 3 || a.Unreadable[2].Why != disclosure.Sealed {
		t.Errorf("payloads of others: %+v, %v", a.Unreadable, err)
	}
	for name, change := range map[string]func(string, int, audit.Record) audit.Record{
		"another's place": func(_ string, seq int, _ audit.Record) audit.Record { return records[2-seq] },
		"no line": func(_ string, _ int, r audit.Record) audit.Record {
			r.Line = append(bytes.Clone(r.Line), ' ')
			return r
		},
	} {
		source.Store = foreignStore{b.store, change}
		if _, _, err := disclosure.Account(ctx, source, asked("2026-06-01")); !errors.Is(err, audit.ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := audit.ParseLine(records[0].Line)
	if err != nil {
		t.Fatal(err)
	}
	source.Store = foreignStore{b.store, func(_ string, seq int, r audit.Record) audit.Record {
		if seq > 0 {
			return r
		}
		payload := bytes.Replace(records[0].Sealed, []byte(`{"disclosure"`), []byte(`{ "\u0064isclosure"`), 1)
		sum := audit.Commitment(payload)
		return audit.Record{Line: bytes.Replace(r.Line, []byte(e.Seal), fmt.Appendf(nil, "%x", sum), 1), Sealed: payload}
	}}
	if a, _, err := disclosure.Account(ctx, source, asked("2026-06-01")); err != nil || len(a.Lines) != 1 || !a.Complete() {
		t.Errorf("spelled in another way: %+v, %v", a.Unreadable, err)
	}
}
