package auditfile_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/audittest"
	"github.com/baakit/baakit/internal/journal/journaltest"
)

// A place is the folder of a store and the test whose folder it is.
type place struct {
	tb  testing.TB
	dir string
}

// The contract of a store holds for folders on the disk and, with losses of
// power, in a file system that forgets.
func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		dirs := sync.Map{}
		start := func(tb testing.TB, dir string) (audit.Store, error) {
			s, err := auditfile.Open(dir, &auditfile.Options{SegmentSize: 4000})
			if err == nil {
				dirs.Store(audit.Store(s), place{tb, dir})
				// Before the folder goes: an index may still be on its way.
				tb.Cleanup(func() { s.Close() })
			}
			return s, err
		}
		audittest.TestStore(t, func(tb testing.TB) audit.Store {
			s, err := start(tb, tb.TempDir())
			if err != nil {
				tb.Fatal(err)
			}
			return s
		}, &audittest.Options{Reopen: func(s audit.Store) (audit.Store, error) {
			at, _ := dirs.Load(s)
			if err := s.(*auditfile.Store).Close(); err != nil {
				return nil, err
			}
			return start(at.(place).tb, at.(place).dir)
		}})
	})
	t.Run("power", func(t *testing.T) {
		t.Parallel()
		disks := sync.Map{}
		start := func(memory *journaltest.Memory) (audit.Store, error) {
			s, err := auditfile.Open("/log", auditfile.WithFS(auditfile.Options{SegmentSize: 4000}, memory))
			disks.Store(audit.Store(s), memory)
			return s, err
		}
		audittest.TestStore(t, func(tb testing.TB) audit.Store {
			s, err := start(journaltest.NewMemory())
			if err != nil {
				tb.Fatal(err)
			}
			return s
		}, &audittest.Options{
			Reopen: func(s audit.Store) (audit.Store, error) {
				memory, _ := disks.Load(s)
				if err := s.(*auditfile.Store).Close(); err != nil {
					return nil, err
				}
				return start(memory.(*journaltest.Memory))
			},
			Crash: func(s audit.Store) (audit.Store, error) {
				memory, _ := disks.Load(s)
				return start(memory.(*journaltest.Memory).Crash(rand.IntN))
			},
		})
	})
}
