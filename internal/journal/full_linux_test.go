package journal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
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
	j := open(t, dir, journal.Config{SegmentSize: 20 << 10})
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
	j = open(t, dir, journal.Config{})
	if got := frames(t, j); len(got) != acked {
		t.Fatalf("reopened: %d frames, %d were acknowledged", len(got), acked)
	}
}

// A process that is being started by this one shares its open files until it
// runs its own program; a journal that was closed is free all the same.
func TestClosedWhileAProcessStarts(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Config{})
	name, err := filepath.EvalSymlinks(filepath.Join(dir, "LOCK"))
	if err != nil {
		t.Fatal(err)
	}
	shared := -1
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, fd := range fds {
		n, err := strconv.Atoi(fd.Name())
		if to, _ := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && to == name {
			if shared, err = syscall.Dup(n); err != nil {
				t.Fatal(err)
			}
			defer syscall.Close(shared)
		}
	}
	if shared < 0 {
		t.Fatal("the lock is not among the open files")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, journal.Config{})
}
