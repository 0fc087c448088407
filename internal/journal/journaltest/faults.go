package journaltest

import (
	"io"
	"io/fs"
	"sync"
	"syscall"

	"github.com/baakit/baakit/internal/journal"
)

// A Fault is how a call fails.
type Fault struct {
	Name string
	Err  error

	// Half lets a write store the first half before it fails, and report
	// that.
	Half bool

	// Dead lets every later call fail too, as for a process that has ended.
	Dead bool
}

// Faults returns the ways in which a call can fail.
func Faults() []Fault {
	return []Fault{
		{Name: "EIO", Err: syscall.EIO},
		{Name: "ENOSPC", Err: syscall.ENOSPC},
		{Name: "short write", Err: nil, Half: true},
		{Name: "short write with ENOSPC", Err: syscall.ENOSPC, Half: true},
		{Name: "killed", Err: syscall.EIO, Dead: true},
		{Name: "killed within a write", Err: syscall.EIO, Half: true, Dead: true},
	}
}

// A Faulty is a [Memory] whose call number At, counted from 1, fails. After
// a sync that failed, what was to be synced is gone from the disk's sight but
// still in the cache, and later syncs succeed. It is safe for concurrent use.
type Faulty struct {
	*Memory
	Fault Fault
	At    int

	mu    sync.Mutex
	calls int
}

// Calls returns the number of calls so far.
func (f *Faulty) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// fails counts a call and tells whether it is to fail.
func (f *Faulty) fails() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	return f.At > 0 && (f.calls == f.At || f.Fault.Dead && f.calls > f.At)
}

func (f *Faulty) err() error {
	if f.Fault.Err == nil {
		return syscall.EIO // only a write can be short without an error
	}
	return f.Fault.Err
}

// Mkdir implements [journal.FS].
func (f *Faulty) Mkdir(name string) error {
	if f.fails() {
		return f.err()
	}
	return f.Memory.Mkdir(name)
}

// ReadDir implements [journal.FS].
func (f *Faulty) ReadDir(name string) ([]string, error) {
	if f.fails() {
		return nil, f.err()
	}
	return f.Memory.ReadDir(name)
}

// OpenFile implements [journal.FS].
func (f *Faulty) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	if f.fails() {
		return nil, f.err()
	}
	file, err := f.Memory.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

// Rename implements [journal.FS].
func (f *Faulty) Rename(oldName, newName string) error {
	if f.fails() {
		return f.err()
	}
	return f.Memory.Rename(oldName, newName)
}

// Remove implements [journal.FS].
func (f *Faulty) Remove(name string) error {
	if f.fails() {
		return f.err()
	}
	return f.Memory.Remove(name)
}

// Stat implements [journal.FS].
func (f *Faulty) Stat(name string) (fs.FileInfo, error) {
	if f.fails() {
		return nil, f.err()
	}
	return f.Memory.Stat(name)
}

// SyncDir implements [journal.FS].
func (f *Faulty) SyncDir(name string) error {
	if f.fails() {
		return f.err()
	}
	return f.Memory.SyncDir(name)
}

// Lock implements [journal.FS].
func (f *Faulty) Lock(name string) (io.Closer, error) {
	if f.fails() {
		return nil, f.err()
	}
	return f.Memory.Lock(name)
}

type faultyFile struct {
	journal.File
	f *Faulty
}

func (f *faultyFile) half(p []byte, write func([]byte) (int, error)) (int, error) {
	if !f.f.Fault.Half {
		return 0, f.f.err()
	}
	n, err := write(p[:len(p)/2])
	if err == nil {
		err = f.f.Fault.Err
	}
	return n, err
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.f.fails() {
		return f.half(p, f.File.Write)
	}
	return f.File.Write(p)
}

func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	write := func(p []byte) (int, error) { return f.File.WriteAt(p, at) }
	if f.f.fails() {
		return f.half(p, write)
	}
	return write(p)
}

func (f *faultyFile) Read(p []byte) (int, error) {
	if f.f.fails() {
		return 0, f.f.err()
	}
	return f.File.Read(p)
}

func (f *faultyFile) ReadAt(p []byte, at int64) (int, error) {
	if f.f.fails() {
		return 0, f.f.err()
	}
	return f.File.ReadAt(p, at)
}

func (f *faultyFile) Stat() (fs.FileInfo, error) {
	if f.f.fails() {
		return nil, f.f.err()
	}
	return f.File.Stat()
}

func (f *faultyFile) Truncate(size int64) error {
	if f.f.fails() {
		return f.f.err()
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Sync() error {
	if f.f.fails() {
		if !f.f.Fault.Dead { // the system goes on after a process has ended
			f.f.Memory.LoseSync(f.File)
		}
		return f.f.err()
	}
	return f.File.Sync()
}

func (f *faultyFile) Close() error {
	err := f.File.Close()
	if f.f.fails() {
		return f.f.err()
	}
	return err
}
