//go:build !linux

package journal

import "os"

// datasync is the platform's full flush: FlushFileBuffers, or F_FULLFSYNC.
func datasync(f *os.File) error { return f.Sync() }
