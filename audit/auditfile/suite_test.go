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

// The contract of a store holds for folders on the disk and, with losses of
// power, in a file system that forgets.
func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		dirs := sync.Map{}
		start := func(dir string) (audit.Store, error) {
			s, err := auditfile.Open(dir, &auditfile.Options{SegmentSize: 4000})
			if err == nil {
				dirs.Store(audit.Store(s), dir)
				t.Cleanup(func() { s.Close() })
			}
			return s, err
		}
		audittest.TestStore(t, func(tb testing.TB) audit.Store {
			s, err := start(tb.TempDir())
			if err != nil {
				tb.Fatal(err)
			}
			return s
		}, &audittest.Options{Reopen: func(s audit.Store) (audit.Store, error) {
			dir, _ := dirs.Load(s)
			if err := s.(*auditfile.Store).Close(); err != nil {
				return nil, err
			}
			return start(dir.(string))
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
