package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An FS is the file system as the journal uses it. OS is the real one; tests
// put one in its place that fails or forgets. Names are those of package
// filepath.
type FS interface {
	// Mkdir creates a folder.
	Mkdir(name string) error
	// ReadDir returns the names in a folder, sorted.
	ReadDir(name string) ([]string, error)
	// OpenFile is [os.OpenFile].
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Rename replaces the file newName by oldName at once.
	Rename(oldName, newName string) error
	// Remove removes a file.
	Remove(name string) error
	// Stat describes a file by name, following links.
	Stat(name string) (fs.FileInfo, error)
	// SameFile tells whether both describe one file.
	SameFile(a, b fs.FileInfo) bool
	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error
	// Lock takes an exclusive lock on the named file, creating it, and keeps
	// it until Close. It returns an error that is ErrLocked when another
	// holder exists, in this process or another.
	Lock(name string) (io.Closer, error)
}

// A File is an open file of an [FS].
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt // not on a file open for appending
	io.Closer
	Stat() (fs.FileInfo, error)
	// Sync makes the file's content and length durable.
	Sync() error
	Truncate(size int64) error
}

// OS is the operating system's file system.
type OS struct{}

var _ FS = OS{}

type osFile struct{ *os.File }

func (f osFile) Sync() error { return datasync(f.File) }

// Mkdir implements [FS]; new folders are readable by their owner only.
func (OS) Mkdir(name string) error { return os.Mkdir(name, 0o700) }

// ReadDir implements [FS].
func (OS) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// OpenFile implements [FS].
func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename implements [FS].
func (OS) Rename(oldName, newName string) error { return os.Rename(oldName, newName) }

// Remove implements [FS].
func (OS) Remove(name string) error { return os.Remove(name) }

// Stat implements [FS].
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// SameFile implements [FS].
func (OS) SameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

// SyncDir implements [FS]. On systems that cannot sync a folder it does
// nothing.
func (OS) SyncDir(name string) error { return syncDir(name) }

// Lock implements [FS] with flock or LockFileEx.
func (OS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, err
	}
	// The file may have been removed between open and lock; then another
	// process can lock a new file of this name.
	named, err := os.Stat(name)
	if err == nil {
		var held fs.FileInfo
		if held, err = f.Stat(); err == nil && !os.SameFile(named, held) {
			err = ErrLocked
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return fileLock{f}, nil
}

type fileLock struct{ f *os.File }

// Close gives the lock up before it closes the file: a process that is being
// started right now has the file open too, until it runs its own program.
func (l fileLock) Close() error { return errors.Join(unlockFile(l.f), l.f.Close()) }
