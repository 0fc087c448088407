package journal

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const (
	lockfileFailImmediately = 1
	lockfileExclusiveLock   = 2
	errorLockViolation      = syscall.Errno(33)
	errorDiskFull           = syscall.Errno(112)
)

func lockFile(f *os.File) error {
	lockFileEx := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")
	var overlapped syscall.Overlapped
	ok, _, err := lockFileEx.Call(f.Fd(), lockfileExclusiveLock|lockfileFailImmediately,
		0, 1, 0, uintptr(unsafe.Pointer(&overlapped)))
	switch {
	case ok != 0:
		return nil
	case errors.Is(err, errorLockViolation):
		return ErrLocked
	default:
		return fmt.Errorf("journal: lock: %w", err)
	}
}

// unlockFile does nothing: closing the handle unlocks, and handles are not
// inherited.
func unlockFile(*os.File) error { return nil }

// syncDir does nothing: Windows has no sync of a folder, and NTFS writes the
// names ahead to its own journal.
func syncDir(string) error { return nil }

func isFull(err error) bool { return errors.Is(err, errorDiskFull) }
