package audit_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/baakit/baakit/audit"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

type collector struct {
	mu    sync.Mutex
	sizes []uint64
	at    []time.Time
	fail  error
}

func (c *collector) Publish(_ context.Context, p audit.Checkpoint) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sizes, c.at = append(c.sizes, p.Size), append(c.at, time.Now())
	return c.fail
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sizes)
}

// A checkpoint is due after so many entries, or so long after the first; never
// while nothing is appended; and at the end.
func TestCadence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &collector{}
		l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{
			Origin: origin, Signer: testSigner(t), Publisher: c, Cadence: audit.Cadence{Entries: 3},
		})
		if err != nil {
			t.Fatal(err)
		}
		e := access()
		e.Patient = ""
		add := func(n int) {
			for range n {
				if _, err := l.Append(t.Context(), "t/1", e); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		want := func(n int, when string) {
			t.Helper()
			synctest.Wait()
			if c.count() != n {
				t.Fatalf("%s: %d published, want %d", when, c.count(), n)
			}
		}
		time.Sleep(time.Hour)
		want(0, "nothing appended")
		add(2)
		want(0, "two of three")
		add(1)
		want(1, "three")
		add(1)
		time.Sleep(10*time.Second - 1)
		want(1, "just before ten seconds")
		time.Sleep(time.Nanosecond)
		want(2, "ten seconds")
		time.Sleep(time.Hour)
		want(2, "an hour of nothing")
		add(1)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(3, "closed")
		time.Sleep(time.Hour)
		want(3, "closed long ago")
		for i := 1; i < len(c.sizes); i++ {
			if c.sizes[i] <= c.sizes[i-1] {
				t.Errorf("sizes %v do not grow", c.sizes)
			}
		}
	})
}

// A publisher that fails stops no append; it is told, and tried again.
func TestPublisherFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &collector{fail: errors.New("unreachable")}
		told := 0
		l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{
			Origin: origin, Signer: testSigner(t), Publisher: c, Cadence: audit.Cadence{Entries: 1},
			OnPublishError: func(err error) {
				if errors.Is(err, c.fail) {
					told++
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		e := access()
		e.Patient = ""
		for range 3 {
			if _, err := l.Append(t.Context(), "t/1", e); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if c.count() != 3 || told != 3 {
			t.Errorf("%d tries, %d told", c.count(), told)
		}
		if err := l.Close(t.Context()); !errors.Is(err, c.fail) {
			t.Errorf("close: %v", err)
		}
	})
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{Origin: origin, Signer: testSigner(t), Publisher: audit.Folder(dir)})
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Publish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(t.Context()); err != nil {
		t.Errorf("the same checkpoint again: %v", err)
	}
	name := filepath.Join(dir, "checkpoint.00000000000000000001")
	got, err := os.ReadFile(name)
	if err != nil || string(got) != string(first.Note) {
		t.Fatalf("%q, %v", got, err)
	}
	other := first
	other.Root[0] ^= 1
	if err := audit.Folder(dir).Publish(t.Context(), other); err == nil {
		t.Error("another checkpoint of the size was written over the first")
	}
	if got, _ := os.ReadFile(name); string(got) != string(first.Note) {
		t.Error("the file was changed")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files in the folder", len(files))
	}
	blocked := filepath.Join(dir, "checkpoint.00000000000000000001", "x")
	if err := audit.Folder(blocked).Publish(t.Context(), first); err == nil {
		t.Error("a folder that cannot be is accepted")
	}
}
