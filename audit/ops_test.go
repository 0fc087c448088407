package audit_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/audittest"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The most records that an operation's chain can have.
const opsRecords = 40

// opsModel is what a store must be: a map of slices.
type opsModel struct {
	chains map[string][]audit.Record // as they stand
	all    map[string][]audit.Record // what may be appended, in order
}

// FuzzStoreOps runs operations that bytes spell on each store of this module,
// next to a map of slices: three bytes are an operation, a chain with a
// number, and another number.
func FuzzStoreOps(f *testing.F) {
	all := make(map[string][]audit.Record)
	names := []string{"t/1", "t/10", "u", "t/1/a"}
	for _, name := range names {
		all[name] = audittest.Records(name, opsRecords)
	}
	f.Add([]byte("\x00\x00\x04\x00\x00\x04\x02\x00\x00\x03\x00\x07\x05\x00\x00"))
	f.Add([]byte("\x00\x01\x01\x01\x01\x05\x00\x02\x09\x04\x00\x00\x05\x00\x00\x00\x01\x02\x03\x01\x00"))
	f.Add(bytes.Repeat([]byte("\x00\x03\x1f\x05\x00\x00"), 3))
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 3*40 {
			ops = ops[:3*40]
		}
		dir := t.TempDir()
		open := func() audit.Store {
			s, err := auditfile.Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		runOps(t, audit.NewMemory(), nil, opsModel{make(map[string][]audit.Record), all}, names, ops)
		runOps(t, open(), open, opsModel{make(map[string][]audit.Record), all}, names, ops)
	})
}

func runOps(t *testing.T, s audit.Store, reopen func() audit.Store, m opsModel, names []string, ops []byte) {
	ctx := t.Context()
	shut := func() {
		if c, ok := s.(interface{ Close() error }); ok {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	defer func() { shut() }()
	for ; len(ops) >= 3; ops = ops[3:] {
		name, n := names[ops[1]%4], int(ops[2])
		have, rest := m.chains[name], m.all[name][len(m.chains[name]):]
		switch ops[0] % 6 {
		case 0: // what comes next
			add := rest[:min(n%8, len(rest))]
			if err := s.Append(ctx, name, uint64(len(have)), add); err != nil {
				t.Fatal(err)
			}
			if len(add) > 0 {
				m.chains[name] = append(have, add...)
			}
		case 1: // at a size that is not the chain's
			if at := uint64(n); at != uint64(len(have)) {
				if err := s.Append(ctx, name, at, m.all[name][:1]); !errors.Is(err, audit.ErrConflict) {
					t.Fatalf("append at %d of %d: %v", at, len(have), err)
				}
			}
		case 2:
			h, err := s.Head(ctx, name)
			if err != nil || h.Size != uint64(len(have)) || len(have) > 0 && !bytes.Equal(h.Last, have[len(have)-1].Line) {
				t.Fatalf("head of %d: %+v, %v", len(have), h, err)
			}
		case 3:
			i := n % (opsRecords + 2)
			for r, err := range s.Read(ctx, name, uint64(i)) {
				if err != nil || i >= len(have) || !bytes.Equal(r.Line, have[i].Line) || !bytes.Equal(r.Sealed, have[i].Sealed) || (r.Sealed == nil) != (have[i].Sealed == nil) {
					t.Fatalf("record %d of %d is another: %v", i, len(have), err)
				}
				i++
			}
			if i < len(have) {
				t.Fatalf("read up to %d of %d", i, len(have))
			}
		case 4:
			var want []tlog.Hash
			for _, r := range have {
				want = append(want, r.Hashes...)
			}
			got, err := s.ReadHashes(ctx, name, []int64{int64(n)})
			if n >= len(want) {
				if !errors.Is(err, audit.ErrOutOfRange) {
					t.Fatalf("hash %d of %d: %v", n, len(want), err)
				}
			} else if err != nil || len(got) != 1 || got[0] != want[n] {
				t.Fatalf("hash %d is another: %v", n, err)
			}
		case 5:
			if reopen != nil {
				shut()
				s = reopen()
			}
		}
	}
	var list []string
	for name, err := range s.Chains(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	if want := slices.Sorted(maps.Keys(m.chains)); !slices.Equal(list, want) {
		t.Fatalf("chains %q, want %q", list, want)
	}
	for name, have := range m.chains {
		i := 0
		for r, err := range s.Read(ctx, name, 0) {
			if err != nil || i >= len(have) || !bytes.Equal(r.Line, have[i].Line) {
				t.Fatalf("%s: record %d of %d is another: %v", name, i, len(have), err)
			}
			i++
		}
		if i != len(have) {
			t.Fatalf("%s: %d records, want %d", name, i, len(have))
		}
	}
}

// FuzzEncodeEvent: whatever a log takes becomes one canonical line that reads
// back as the event, with nothing in it that is sealed.
func FuzzEncodeEvent(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkRoundTrip)) }

// FuzzProofs: a proof of inclusion or of consistency holds as it was made, and
// not with any bit of a hash, a size or a line changed, nor one hash short or
// long.
func FuzzProofs(f *testing.F) {
	m := audit.NewMemory()
	records := audittest.Records("t/42", opsRecords)
	if err := m.Append(f.Context(), "t/42", 0, records); err != nil {
		f.Fatal(err)
	}
	roots := make([]audit.Checkpoint, opsRecords+1)
	var tree audit.Frontier
	for i, r := range records {
		tree.Append(nil, audit.LeafHash(r.Line))
		roots[i+1] = audit.Checkpoint{Origin: origin + "/t/42", Size: uint64(i + 1), Root: tree.Root()}
	}
	f.Add(uint8(7), uint8(3), uint8(0), uint16(9))
	f.Add(uint8(40), uint8(39), uint8(1), uint16(300))
	f.Add(uint8(32), uint8(0), uint8(2), uint16(0))
	f.Fuzz(func(t *testing.T, size, seq, how uint8, bit uint16) {
		n := 1 + uint64(size)%opsRecords
		i := uint64(seq) % n
		flip := func(h *tlog.Hash) { h[int(bit)/8%tlog.HashSize] ^= 1 << (bit % 8) }
		c := roots[n]
		p, err := audit.Prove(t.Context(), m, "t/42", i, c)
		if err != nil || p.Check(c, records[i].Line) != nil {
			t.Fatalf("%d of %d: %v", i, n, err)
		}
		older := roots[i+1]
		consistent, err := audit.Consistency(t.Context(), m, "t/42", i+1, n)
		if err != nil || audit.CheckConsistency(consistent, older, c) != nil {
			t.Fatalf("%d to %d: %v", i+1, n, err)
		}
		line := bytes.Clone(records[i].Line)
		wrong, wrongOlder := c, older
		switch how % 5 {
		case 0: // a bit of a hash
			flip(&wrong.Root)
			flip(&wrongOlder.Root)
			if k := int(bit) % (len(p.Hashes) + 1); k < len(p.Hashes) {
				wrong = c
				flip(&p.Hashes[k])
			}
			if k := int(bit) % (len(consistent) + 1); k < len(consistent) {
				wrongOlder = older
				flip(&consistent[k])
			}
		case 1: // a bit of the line
			line[int(bit)/8%len(line)] ^= 1 << (bit % 8)
			flip(&wrongOlder.Root)
		case 2: // one hash too many
			p.Hashes = append(p.Hashes, c.Root)
			consistent = append(consistent, c.Root)
		case 3: // one hash short
			if len(p.Hashes) == 0 || len(consistent) == 0 {
				return
			}
			p.Hashes = p.Hashes[:len(p.Hashes)-1]
			consistent = consistent[:len(consistent)-1]
		case 4: // another place
			if n == 1 {
				return
			}
			p.Index = (i + 1 + uint64(bit)%(n-1)) % n
			flip(&wrongOlder.Root)
		}
		if p.Check(wrong, line) == nil {
			t.Fatalf("change %d: an inclusion of %d in %d holds", how%5, i, n)
		}
		if audit.CheckConsistency(consistent, wrongOlder, c) == nil {
			t.Fatalf("change %d: %d to %d holds", how%5, i+1, n)
		}
	})
}
