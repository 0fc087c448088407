package journal

import (
	"errors"
	"os"
	"syscall"
)

// datasync flushes content and length and leaves the time stamps to the
// system.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
