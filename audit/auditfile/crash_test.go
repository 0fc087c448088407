package auditfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

const memoryDir = "/srv/audit"

// A diary is what those who append to a store know: every line that they
// handed over, by chain and seq, and how many of them were acknowledged.
type diary map[string]*chainDiary

type chainDiary struct {
	lines [][][]byte // that were tried for each seq
	acked uint64
}

func (d diary) chain(name string) *chainDiary {
	if d[name] == nil {
		d[name] = &chainDiary{}
	}
	return d[name]
}

func (d diary) clone() diary {
	c := diary{}
	for name, chain := range d {
		c[name] = &chainDiary{slices.Clone(chain.lines), chain.acked}
	}
	return c
}

// append appends n records at the end of a chain.
func (d diary) append(s audit.Store, name string, n int, mark int) error {
	ctx := context.Background()
	head, err := s.Head(ctx, name)
	if err != nil {
		return err
	}
	f, err := audit.FrontierAt(head.Size, audit.HashReader(ctx, s, name))
	if err != nil {
		return err
	}
	c := d.chain(name)
	var records []audit.Record
	for i := range n {
		seq := head.Size + uint64(i)
		r := record(name, seq, (mark+i)%80)
		r.Line = append(r.Line[:len(r.Line)-1], fmt.Sprintf(`,"mark":%d}`, mark)...)
		r.Hashes = f.Append(nil, audit.LeafHash(r.Line))
		records = append(records, r)
		for uint64(len(c.lines)) <= seq {
			c.lines = append(c.lines, nil)
		}
		c.lines[seq] = append(slices.Clip(c.lines[seq]), r.Line)
	}
	if err := s.Append(ctx, name, head.Size, records); err != nil {
		return err
	}
	c.acked = head.Size + uint64(n)
	return nil
}

// check reads the store in every way: what was acknowledged is there, and
// nothing that nobody appended. What is there now must stay.
func (d diary) check(tb rapid.TB, s audit.Store) {
	tb.Helper()
	all := contents(tb, s)
	for name, c := range d {
		got := all[name].Records
		if uint64(len(got)) < c.acked {
			tb.Fatalf("%s has %d entries, %d were acknowledged", name, len(got), c.acked)
		}
		for seq, r := range got {
			if seq >= len(c.lines) || !slices.ContainsFunc(c.lines[seq], func(l []byte) bool { return bytes.Equal(l, r.Line) }) {
				tb.Fatalf("nobody appended %s %d: %s", name, seq, r.Line)
			}
			c.lines[seq] = [][]byte{bytes.Clone(r.Line)}
		}
		c.acked = uint64(len(got))
		delete(all, name)
	}
	if len(all) > 0 {
		tb.Fatalf("nobody appended to %v", all)
	}
}

var chainNames = []string{"system", "t/1", "t/2"}

// work appends until something fails, and says how often it succeeded.
func work(tb rapid.TB, opt *auditfile.Options, d diary, mark int) {
	tb.Helper()
	s, err := auditfile.Open(memoryDir, opt)
	if err != nil {
		if errors.Is(err, audit.ErrTampered) {
			tb.Fatalf("Open: %v", err)
		}
		return
	}
	defer s.Close()
	for i := range 6 {
		err := d.append(s, chainNames[i%3], 1+i%2, 100*mark+i)
		if err == nil {
			continue
		}
		if s.Err() == nil {
			continue // it was a read that failed
		}
		if !errors.Is(err, audit.ErrFailed) || !errors.Is(s.Err(), audit.ErrFailed) {
			tb.Fatalf("Append = %v, Err = %v, want ErrFailed", err, s.Err())
		}
		return
	}
}

// Every call to the file system fails once, in every way; indexes are written
// among them. Then the store opens and has what was acknowledged, and goes on.
func TestEveryCallFails(t *testing.T) {
	t.Parallel()
	for _, fault := range journaltest.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(1, 2))
			for at := 1; ; at++ {
				fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: fault, At: at}
				fs.Memory.Mkdir("/srv")
				fs.Memory.SyncDir("/")
				opt := auditfile.WithFS(auditfile.Options{SegmentSize: 700}, fs)
				known := diary{}
				work(t, opt, known, 1)
				work(t, opt, known, 2)
				if fs.Calls() < at {
					if at < 100 {
						t.Fatalf("only %d calls were made", at)
					}
					return
				}
				for _, power := range []bool{true, false} { // a crash copies what there is
					memory, d := fs.Memory.Restart(), known.clone()
					if power {
						memory = memory.Crash(dice.IntN)
					}
					for i := range 2 {
						if i > 0 && !power {
							break
						}
						s, err := auditfile.Open(memoryDir, auditfile.WithFS(auditfile.Options{SegmentSize: 700}, memory))
						if err != nil {
							t.Fatalf("call %d, power lost %v: Open: %v", at, power, err)
						}
						d.check(t, s)
						for _, chain := range chainNames {
							if err := d.append(s, chain, 2, 1000+i); err != nil {
								t.Fatalf("call %d: Append: %v", at, err)
							}
						}
						memory = memory.Crash(dice.IntN)
						s.Close()
					}
				}
			}
		})
	}
}

// Power is lost again and again.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		memory, d := journaltest.NewMemory(), diary{}
		memory.Mkdir("/srv")
		memory.SyncDir("/")
		for mark := range rapid.IntRange(1, 6).Draw(t, "crashes") {
			fs := &journaltest.Faulty{
				Memory: memory,
				At:     rapid.IntRange(1, 200).Draw(t, "call"),
				Fault:  rapid.SampledFrom(journaltest.Faults()).Draw(t, "fault"),
			}
			segment := int64(rapid.IntRange(300, 2000).Draw(t, "segment"))
			work(t, auditfile.WithFS(auditfile.Options{SegmentSize: segment}, fs), d, mark)
			memory = fs.Memory.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "what is lost"), 0)).IntN)
			s, err := auditfile.Open(memoryDir, auditfile.WithFS(auditfile.Options{SegmentSize: segment}, memory))
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			d.check(t, s)
			s.Close()
		}
	})
}

// A full disk fails closed and says so.
func TestFull(t *testing.T) {
	t.Parallel()
	fs := &journaltest.Faulty{Memory: journaltest.NewMemory(), Fault: journaltest.Faults()[3]}
	fs.Memory.Mkdir("/srv")
	s, err := auditfile.Open(memoryDir, auditfile.WithFS(auditfile.Options{}, fs))
	if err != nil {
		t.Fatal(err)
	}
	d := diary{}
	if err := d.append(s, "a", 1, 0); err != nil {
		t.Fatal(err)
	}
	fs.At = fs.Calls() + 3 // Stat, Stat, Write
	r := tree{}.records("b", record("b", 0, 10))
	for range 2 {
		if err := s.Append(t.Context(), "b", 0, r); !errors.Is(err, audit.ErrFull) || !errors.Is(err, audit.ErrFailed) {
			t.Fatalf("Append on a full disk = %v, want ErrFull and ErrFailed", err)
		}
	}
	d.check(t, s) // reading goes on
	s.Close()
	if s, err = auditfile.Open(memoryDir, auditfile.WithFS(auditfile.Options{}, fs.Memory.Restart())); err != nil {
		t.Fatal(err)
	}
	if r := s.Recovered(); r.Length == 0 {
		t.Error("Recovered() says nothing of the half group")
	}
	d.check(t, s)
}
