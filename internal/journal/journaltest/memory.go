// Package journaltest holds file systems on which a journal is tested: one
// that loses what was not synced, and one that fails at a chosen call.
package journaltest

import (
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/baakit/baakit/internal/journal"
)

// Block is the unit in bytes that [Memory.Crash] keeps or loses.
const Block = 512

// A Memory is a file system in memory with a cache in front of a disk. What
// was written is seen at once, and is on the disk only after a sync: of the
// file for its content and length, of the folder for the names in it. It is
// safe for concurrent use. Make one with [NewMemory].
type Memory struct {
	mu    sync.Mutex
	root  *node
	locks map[*node]bool
}

// A node is a file or a folder, in the cache and on the disk.
type node struct {
	cache, disk []byte
	dirty       map[int]bool // blocks that were written since the last sync
	resized     bool

	names, diskNames map[string]*node // nil for a file
	pending          []change         // of names, since the last sync
}

// A change of names is atomic; nil removes a name.
type change map[string]*node

func folder() *node { return &node{names: map[string]*node{}, diskNames: map[string]*node{}} }

// NewMemory returns an empty file system.
func NewMemory() *Memory { return &Memory{root: folder(), locks: map[*node]bool{}} }

var _ journal.FS = (*Memory)(nil)

func (m *Memory) find(name string) (*node, error) {
	name = filepath.Clean(name)
	parent := filepath.Dir(name)
	if parent == name {
		return m.root, nil
	}
	dir, err := m.find(parent)
	if err != nil {
		return nil, err
	}
	if dir.names == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}
	}
	n := dir.names[filepath.Base(name)]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

func (n *node) change(c change) {
	for name, to := range c {
		if to == nil {
			delete(n.names, name)
		} else {
			n.names[name] = to
		}
	}
	n.pending = append(n.pending, c)
}

// Mkdir implements [journal.FS].
func (m *Memory) Mkdir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, err := m.find(filepath.Dir(name))
	if err != nil {
		return err
	}
	if dir.names[filepath.Base(name)] != nil {
		return fs.ErrExist
	}
	dir.change(change{filepath.Base(name): folder()})
	return nil
}

// ReadDir implements [journal.FS].
func (m *Memory) ReadDir(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, err := m.find(name)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(dir.names)), nil
}

// OpenFile implements [journal.FS].
func (m *Memory) OpenFile(name string, flag int, _ fs.FileMode) (journal.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find(name)
	if err != nil && flag&syscall.O_CREAT != 0 {
		dir, err := m.find(filepath.Dir(name))
		if err != nil {
			return nil, err
		}
		n = &node{dirty: map[int]bool{}}
		dir.change(change{filepath.Base(name): n})
	} else if err != nil {
		return nil, err
	}
	f := &file{m: m, n: n, flag: flag}
	if flag&syscall.O_TRUNC != 0 {
		n.truncate(0)
	}
	return f, nil
}

// Rename implements [journal.FS], within one folder.
func (m *Memory) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find(oldName)
	if err != nil {
		return err
	}
	dir, err := m.find(filepath.Dir(newName))
	if err != nil {
		return err
	}
	dir.change(change{filepath.Base(oldName): nil, filepath.Base(newName): n})
	return nil
}

// Remove implements [journal.FS].
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find(name); err != nil {
		return err
	}
	dir, err := m.find(filepath.Dir(name))
	if err != nil {
		return err
	}
	dir.change(change{filepath.Base(name): nil})
	return nil
}

// Stat implements [journal.FS].
func (m *Memory) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find(name)
	if err != nil {
		return nil, err
	}
	return info{n, int64(len(n.cache))}, nil
}

// SameFile implements [journal.FS].
func (m *Memory) SameFile(a, b fs.FileInfo) bool { return a.(info).n == b.(info).n }

// SyncDir implements [journal.FS].
func (m *Memory) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, err := m.find(name)
	if err != nil {
		return err
	}
	dir.diskNames, dir.pending = maps.Clone(dir.names), nil
	return nil
}

// Lock implements [journal.FS].
func (m *Memory) Lock(name string) (io.Closer, error) {
	f, err := m.OpenFile(name, syscall.O_CREAT, 0)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := f.(*file).n
	if m.locks[n] {
		return nil, journal.ErrLocked
	}
	m.locks[n] = true
	return lock{m, n}, nil
}

type lock struct {
	m *Memory
	n *node
}

func (l lock) Close() error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	delete(l.m.locks, l.n)
	return nil
}

// Crash returns what a loss of power now would leave, and changes nothing.
// choose(n) picks one of n possibilities: for every block that was not synced
// whether the disk has it, for every file of another length how much of it,
// and for every folder how many of the last changes of names.
func (m *Memory) Crash(choose func(n int) int) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{root: m.root.crash(choose, map[*node]*node{}), locks: map[*node]bool{}}
}

func (n *node) crash(choose func(int) int, done map[*node]*node) *node {
	if c := done[n]; c != nil {
		return c
	}
	if n.names != nil {
		c := folder()
		done[n] = c
		names := maps.Clone(n.diskNames)
		for _, change := range n.pending[:choose(len(n.pending)+1)] {
			for name, to := range change {
				if names[name] = to; to == nil {
					delete(names, name)
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			c.names[name] = names[name].crash(choose, done)
		}
		c.diskNames = maps.Clone(c.names)
		return c
	}
	c := &node{dirty: map[int]bool{}}
	done[n] = c
	size := len(n.disk)
	if n.resized {
		lo, hi := min(len(n.disk), len(n.cache)), max(len(n.disk), len(n.cache))
		size = lo + choose(hi-lo+1)
	}
	c.cache = make([]byte, size)
	copy(c.cache, n.disk)
	for _, b := range slices.Sorted(maps.Keys(n.dirty)) {
		if at := b * Block; choose(2) == 1 && at < min(size, len(n.cache)) {
			copy(c.cache[at:min(at+Block, size)], n.cache[at:])
		}
	}
	c.disk = slices.Clone(c.cache)
	return c
}

// LoseSync makes a file's cache clean without writing it to the disk, as some
// systems do after a sync that failed.
func (m *Memory) LoseSync(f journal.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := f.(*file).n
	n.disk = append(n.disk[:min(len(n.disk), len(n.cache))], make([]byte, max(0, len(n.cache)-len(n.disk)))...)
	clear(n.dirty)
	n.resized = false
}

func (n *node) truncate(size int) {
	if size < len(n.cache) {
		n.cache = n.cache[:size:size]
	} else {
		n.cache = append(n.cache, make([]byte, size-len(n.cache))...)
	}
	n.resized = true
}

func (n *node) write(p []byte, at int) {
	if grow := at + len(p) - len(n.cache); grow > 0 {
		n.cache = append(n.cache, make([]byte, grow)...)
		n.resized = true
	}
	copy(n.cache[at:], p)
	for b := at / Block; len(p) > 0 && b <= (at+len(p)-1)/Block; b++ {
		n.dirty[b] = true
	}
}

type file struct {
	m    *Memory
	n    *node
	flag int
	at   int
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, int64(f.at))
	f.at += n
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *file) ReadAt(p []byte, at int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if at >= int64(len(f.n.cache)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.cache[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) Write(p []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.flag&syscall.O_APPEND != 0 {
		f.at = len(f.n.cache)
	}
	f.n.write(p, f.at)
	f.at += len(p)
	return len(p), nil
}

func (f *file) WriteAt(p []byte, at int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.write(p, int(at))
	return len(p), nil
}

func (f *file) Truncate(size int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.truncate(int(size))
	return nil
}

// Sync writes only what is dirty: a block that a failed sync has made clean
// stays lost.
func (f *file) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	n := f.n
	disk := make([]byte, len(n.cache))
	copy(disk, n.disk)
	for b := range n.dirty {
		if at := b * Block; at < len(disk) {
			copy(disk[at:min(at+Block, len(disk))], n.cache[at:])
		}
	}
	n.disk, n.resized = disk, false
	clear(n.dirty)
	return nil
}

func (f *file) Stat() (fs.FileInfo, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return info{f.n, int64(len(f.n.cache))}, nil
}

func (f *file) Close() error { return nil }

type info struct {
	n    *node
	size int64
}

func (i info) Name() string       { return "" }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.n.names != nil }
func (i info) Sys() any           { return nil }

// Restart returns the same file system without the locks of those who used it:
// what they left is in its cache. The old one must not be used any more.
func (m *Memory) Restart() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{root: m.root, locks: map[*node]bool{}}
}
