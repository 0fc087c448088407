package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
)

// written returns a log of n entries in t/1, with every checkpoint by size.
func written(t testing.TB, n int) (*audit.Memory, [][]byte) {
	t.Helper()
	m := audit.NewMemory()
	l, err := audit.New(t.Context(), m, audit.Config{Origin: origin, Signer: testSigner(t)})
	if err != nil {
		t.Fatal(err)
	}
	notes := make([][]byte, n+1)
	for i := range n {
		e := access()
		e.Patient = ""
		e.Actor.ID = fmt.Sprintf("u-%c", 'a'+i%26)
		if _, err := l.Append(t.Context(), "t/1", e); err != nil {
			t.Fatal(err)
		}
		c, err := l.Checkpoint(t.Context(), "t/1")
		if err != nil {
			t.Fatal(err)
		}
		notes[i+1] = c.Note
	}
	return m, notes
}

func lines(t testing.TB, s audit.Store, chain string) (list [][]byte) {
	t.Helper()
	for r, err := range s.Read(t.Context(), chain, 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, bytes.Clone(r.Line))
	}
	return list
}

// put stores lines as a chain, with the tree hashes that they have now: the
// forger knows how to compute those.
func put(t testing.TB, m *audit.Memory, chain string, list [][]byte) {
	t.Helper()
	var tree audit.Frontier
	records := make([]audit.Record, len(list))
	for i, line := range list {
		records[i] = audit.Record{Line: line, Hashes: tree.Append(nil, audit.LeafHash(line))}
	}
	if err := m.Append(context.Background(), chain, 0, records); err != nil {
		t.Fatal(err)
	}
}

// faultOf verifies forged lines of t/1 with a checkpoint.
func faultOf(t testing.TB, list [][]byte, note []byte) *audit.Fault {
	t.Helper()
	m := audit.NewMemory()
	put(t, m, "t/1", list)
	opt := &audit.VerifyOptions{Origin: origin, Verifier: goldenVerifierOf(t), Workers: 1}
	if note != nil {
		opt.Checkpoints = [][]byte{note}
	}
	_, err := audit.Verify(t.Context(), m, "t/1", opt)
	if err == nil {
		return nil
	}
	if !errors.Is(err, audit.ErrTampered) {
		t.Fatalf("not ErrTampered: %v", err)
	}
	f, ok := errors.AsType[*audit.Fault](err)
	if !ok {
		t.Fatalf("no Fault: %v", err)
	}
	return f
}

// I4: every bit of every line.
func TestEveryBit(t *testing.T) {
	t.Parallel()
	m, notes := written(t, 3)
	good := lines(t, m, "t/1")
	note := notes[3]
	for i := range good {
		for bit := range 8 * len(good[i]) {
			list := slices.Clone(good)
			list[i] = bytes.Clone(good[i])
			list[i][bit/8] ^= 1 << (bit % 8)
			f := faultOf(t, list, note)
			if f == nil {
				t.Fatalf("line %d, bit %d: not noticed", i, bit)
			}
			if f.Seq > uint64(i) {
				t.Fatalf("line %d, bit %d: %v", i, bit, f)
			}
		}
	}
}

// I4: every run of lines deleted, every pair swapped, every line doubled or put
// in elsewhere, every truncation, with the rule and the place.
func TestEveryRearrangement(t *testing.T) {
	t.Parallel()
	const n = 9
	m, notes := written(t, n)
	good := lines(t, m, "t/1")
	check := func(what string, list [][]byte, first int, rules ...audit.Rule) {
		t.Helper()
		f := faultOf(t, list, notes[n])
		if f == nil {
			t.Fatalf("%s: not noticed", what)
		}
		if f.Seq > uint64(first) || !slices.Contains(rules, f.Rule) || f.Chain != "t/1" {
			t.Errorf("%s: %v, want %v at %d at most", what, f, rules, first)
		}
	}
	for i := range n {
		for j := i + 1; j <= n; j++ {
			if j-i == n {
				continue
			}
			list := slices.Delete(slices.Clone(good), i, j)
			if j == n {
				check(fmt.Sprintf("cut at %d", i), list, i, audit.Truncated)
			} else {
				check(fmt.Sprintf("without %d to %d", i, j-1), list, i, audit.Missing)
			}
		}
		for j := i + 1; j < n; j++ {
			list := slices.Clone(good)
			list[i], list[j] = list[j], list[i]
			check(fmt.Sprintf("%d and %d swapped", i, j), list, i, audit.Reordered)
		}
		for j := range n {
			at := max(i, j+1)
			if at > n-1 && j == n-1 {
				continue
			}
			check(fmt.Sprintf("%d doubled at %d", j, at), slices.Insert(slices.Clone(good), at, good[j]), at, audit.Reordered)
		}
	}
	if f := faultOf(t, good, notes[n]); f != nil {
		t.Error(f)
	}
	// Without a checkpoint a cut is not noticed: the docs say so.
	if f := faultOf(t, good[:n-1], nil); f != nil {
		t.Error(f)
	}
}

// A log that was rewritten as a whole is right in itself, and not the one that
// a checkpoint covers; an earlier checkpoint narrows the place down.
func TestForked(t *testing.T) {
	t.Parallel()
	m, notes := written(t, 8)
	good := lines(t, m, "t/1")
	other, _ := written(t, 12)
	forged := lines(t, other, "t/1")
	opt := &audit.VerifyOptions{Origin: origin, Verifier: goldenVerifierOf(t)}
	m2 := audit.NewMemory()
	put(t, m2, "t/1", forged)
	if _, err := audit.Verify(t.Context(), m2, "t/1", opt); err != nil {
		t.Fatalf("the rewritten log by itself: %v", err)
	}
	opt.Checkpoints = [][]byte{notes[8], notes[3]}
	_, err := audit.Verify(t.Context(), m2, "t/1", opt)
	if f, ok := errors.AsType[*audit.Fault](err); !ok || f.Rule != audit.Forked || f.Seq != 0 {
		t.Errorf("rewritten: %v", err)
	}
	// Rewritten from entry 5 on, links and all.
	m3 := audit.NewMemory()
	put(t, m3, "t/1", good[:5])
	l, err := audit.New(t.Context(), m3, audit.Config{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		e := access()
		e.Patient, e.Actor.ID = "", "mallory"
		if _, err := l.Append(t.Context(), "t/1", e); err != nil {
			t.Fatal(err)
		}
	}
	_, err = audit.Verify(t.Context(), m3, "t/1", opt)
	if f, ok := errors.AsType[*audit.Fault](err); !ok || f.Rule != audit.Forked || f.Seq != 3 {
		t.Errorf("rewritten from 5: %v, want forked at 3", err)
	}
}

func TestVerifyFrom(t *testing.T) {
	t.Parallel()
	const n = 20
	m, notes := written(t, n)
	good := lines(t, m, "t/1")
	v := goldenVerifierOf(t)
	for size := 1; size <= n; size++ {
		c, err := audit.ParseCheckpoint(v, origin+"/t/1", notes[size])
		if err != nil {
			t.Fatal(err)
		}
		opt := &audit.VerifyOptions{Origin: origin, From: c}
		r, err := audit.Verify(t.Context(), m, "t/1", opt)
		if err != nil || r.Checked != uint64(n-size) || r.Size != n {
			t.Fatalf("from %d: %+v, %v", size, r, err)
		}
		// What is behind the checkpoint is checked.
		for i := size; i < n-1; i++ {
			list := slices.Clone(good)
			list[i] = bytes.Replace(good[i], []byte("physician"), []byte("physicien"), 1)
			bad := audit.NewMemory()
			put(t, bad, "t/1", list)
			if _, err := audit.Verify(t.Context(), bad, "t/1", opt); !errors.Is(err, audit.ErrTampered) {
				t.Fatalf("from %d, line %d altered: %v", size, i, err)
			}
		}
		// What the checkpoint covers is compared by its hashes.
		list := slices.Clone(good)
		list[size-1] = bytes.Replace(good[size-1], []byte("physician"), []byte("physicien"), 1)
		bad := audit.NewMemory()
		put(t, bad, "t/1", list)
		if _, err := audit.Verify(t.Context(), bad, "t/1", opt); !errors.Is(err, audit.ErrTampered) {
			t.Fatalf("from %d, line %d altered: %v", size, size-1, err)
		}
		short := audit.NewMemory()
		put(t, short, "t/1", good[:size-1])
		if size > 1 {
			_, err = audit.Verify(t.Context(), short, "t/1", opt)
			if f, ok := errors.AsType[*audit.Fault](err); !ok || f.Rule != audit.Truncated || f.Seq != uint64(size-1) {
				t.Fatalf("from %d of %d: %v", size, size-1, err)
			}
		}
	}
}

// The number of workers and the chunks' borders change nothing.
func TestVerifyLong(t *testing.T) {
	t.Parallel()
	const n = 2100 // more than four chunks
	m := audit.NewMemory()
	l, err := audit.New(t.Context(), m, audit.Config{Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	e := access()
	e.Patient = ""
	if _, err := l.AppendAll(t.Context(), "t/1", slices.Repeat([]audit.Event{e}, n)...); err != nil {
		t.Fatal(err)
	}
	good := lines(t, m, "t/1")
	for _, workers := range []int{0, 1, 2, 5} {
		r, err := audit.Verify(t.Context(), m, "t/1", &audit.VerifyOptions{Origin: origin, Workers: workers})
		if err != nil || r.Size != n || r.Checked != n {
			t.Fatalf("%d workers: %+v, %v", workers, r, err)
		}
		for _, i := range []int{0, 511, 512, 513, 1023, 1024, 2098} {
			list := slices.Clone(good)
			list[i] = bytes.Replace(good[i], []byte("physician"), []byte("physicien"), 1)
			bad := audit.NewMemory()
			put(t, bad, "t/1", list)
			_, err := audit.Verify(t.Context(), bad, "t/1", &audit.VerifyOptions{Origin: origin, Workers: workers})
			if f, ok := errors.AsType[*audit.Fault](err); !ok || f.Seq != uint64(i) || f.Rule != audit.Altered {
				t.Errorf("%d workers, line %d altered: %v", workers, i, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Verify(ctx, m, "t/1", &audit.VerifyOptions{Origin: origin}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := audit.Verify(t.Context(), m, "none", &audit.VerifyOptions{Origin: origin}); !errors.Is(err, audit.ErrUnknownChain) {
		t.Errorf("unknown chain: %v", err)
	}
}

// whole writes a log of two tenants that was published twice.
func whole(t *testing.T) (*audit.Memory, audit.Checkpoint) {
	t.Helper()
	m := audit.NewMemory()
	l, err := audit.New(t.Context(), m, audit.Config{Origin: origin, Signer: testSigner(t)})
	if err != nil {
		t.Fatal(err)
	}
	e := access()
	e.Patient = ""
	var c audit.Checkpoint
	for range 2 {
		for _, chain := range []string{"t/1", "t/1", "t/1", "t/2", "t/2"} {
			if _, err := l.Append(t.Context(), chain, e); err != nil {
				t.Fatal(err)
			}
		}
		if c, err = l.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return m, c
}

func TestVerifyAll(t *testing.T) {
	t.Parallel()
	m, c := whole(t)
	chains := map[string][][]byte{}
	for chain, err := range m.Chains(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		chains[chain] = lines(t, m, chain)
	}
	if n := len(chains[audit.System]); n != 5 { // started, 2 × 2 heads
		t.Fatalf("%d system entries", n)
	}
	wrongKey := bytes.Replace(c.Note, []byte("\n\n— "), []byte("x\n\n— "), 1)
	for name, tt := range map[string]struct {
		change func(map[string][][]byte)
		note   []byte
		want   string
	}{
		"good":                  {func(map[string][][]byte) {}, c.Note, ""},
		"tenant truncated":      {func(m map[string][][]byte) { m["t/1"] = m["t/1"][:5] }, c.Note, "chain t/1, entry 5: truncated"},
		"truncated, no note":    {func(m map[string][][]byte) { m["t/1"] = m["t/1"][:5] }, nil, "chain t/1, entry 5: truncated"},
		"tenant deleted":        {func(m map[string][][]byte) { delete(m, "t/2") }, c.Note, "chain t/2, entry 0: truncated"},
		"system truncated":      {func(m map[string][][]byte) { m[audit.System] = m[audit.System][:3] }, c.Note, "chain system, entry 3: rolled back"},
		"tenant and system cut": {func(m map[string][][]byte) { m[audit.System] = m[audit.System][:3]; m["t/1"] = m["t/1"][:2] }, c.Note, "chain t/1, entry 2: truncated"},
		"rolled back": {func(m map[string][][]byte) {
			m[audit.System] = m[audit.System][:3]
			m["t/1"] = m["t/1"][:4]
			m["t/2"] = m["t/2"][:2]
		}, c.Note, "chain system, entry 3: rolled back"},
		"altered": {func(m map[string][][]byte) { m["t/2"][1] = bytes.Replace(m["t/2"][1], []byte("u-9"), []byte("u-8"), 1) }, c.Note, "chain t/2, entry 1: altered"},
		"system altered": {func(m map[string][][]byte) {
			m[audit.System][2] = bytes.Replace(m[audit.System][2], []byte(`"size":2`), []byte(`"size":1`), 1)
		}, c.Note, "chain system, entry 2: altered"},
		"malformed system":   {func(m map[string][][]byte) { m[audit.System][2] = []byte("{}") }, c.Note, "chain system, entry 2: altered"},
		"other chain's line": {func(m map[string][][]byte) { m["t/2"][1] = m["t/1"][1] }, c.Note, "chain t/2, entry 1: altered"},
		"signature":          {func(map[string][][]byte) {}, wrongKey, "signature"},
		"not a note":         {func(map[string][][]byte) {}, []byte("hello"), "signature"},
		"rewritten from nothing": {func(m map[string][][]byte) {
			w, _ := whole(t)
			m[audit.System] = lines(t, w, audit.System)
			m["t/1"] = lines(t, w, "t/1")
			m["t/2"] = lines(t, w, "t/2")
		}, c.Note, "forked"},
	} {
		t.Run(name, func(t *testing.T) {
			forged := map[string][][]byte{}
			for chain, list := range chains {
				forged[chain] = slices.Clone(list)
			}
			tt.change(forged)
			s := audit.NewMemory()
			for chain, list := range forged {
				put(t, s, chain, list)
			}
			opt := &audit.VerifyOptions{Origin: origin, Verifier: goldenVerifierOf(t)}
			if tt.note != nil {
				opt.Checkpoints = [][]byte{tt.note}
			}
			_, err := audit.VerifyAll(t.Context(), s, opt)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !errors.Is(err, audit.ErrTampered) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			// The origin can be learned from the checkpoint.
			opt.Origin = ""
			if _, again := audit.VerifyAll(t.Context(), s, opt); (again == nil) != (err == nil) {
				t.Errorf("without an origin: %v", again)
			}
		})
	}
	if _, err := audit.VerifyAll(t.Context(), m, &audit.VerifyOptions{Origin: "other.example"}); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("another origin: %v", err)
	}
	if _, err := audit.VerifyAll(t.Context(), m, &audit.VerifyOptions{Origin: "a b"}); err == nil {
		t.Error("a wrong origin is accepted")
	}
	if _, err := audit.VerifyAll(t.Context(), m, &audit.VerifyOptions{Origin: origin, Checkpoints: [][]byte{c.Note}}); err == nil || errors.Is(err, audit.ErrTampered) {
		t.Errorf("no verifier: %v", err)
	}
}

// Tree hashes that are not those of the lines are noticed: proofs would fail.
func TestStoredHashesAltered(t *testing.T) {
	t.Parallel()
	m, _ := written(t, 6)
	bad := audit.NewMemory()
	var tree audit.Frontier
	for i, line := range lines(t, m, "t/1") {
		h := tree.Append(nil, audit.LeafHash(line))
		if i == 3 {
			h[len(h)-1][0] ^= 1
		}
		if err := bad.Append(t.Context(), "t/1", uint64(i), []audit.Record{{Line: line, Hashes: h}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := audit.Verify(t.Context(), bad, "t/1", &audit.VerifyOptions{Origin: origin}); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("altered tree hashes: %v", err)
	}
}
