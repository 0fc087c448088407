package journal_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"github.com/baakit/baakit/internal/journal"
)

// A real file system that is full, where the test may mount one.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system of its own: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	j := open(t, dir, journal.Options{SegmentSize: 20 << 10})
	frame := bytes.Repeat([]byte("x"), 999)
	acked := 0
	var err error
	for ; err == nil && acked < 100; acked++ {
		_, err = j.Append(frame)
	}
	acked--
	if !errors.Is(err, journal.ErrFull) || !errors.Is(err, journal.ErrFailed) {
		t.Fatalf("after %d frames on a full disk: %v, want ErrFull and ErrFailed", acked, err)
	}
	if _, again := j.Append([]byte("small")); !errors.Is(again, journal.ErrFailed) {
		t.Fatalf("Append after that: %v", again)
	}
	if got := frames(t, j); len(got) != acked {
		t.Fatalf("%d frames, %d were acknowledged", len(got), acked)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir, journal.Options{})
	if got := frames(t, j); len(got) != acked {
		t.Fatalf("reopened: %d frames, %d were acknowledged", len(got), acked)
	}
}
