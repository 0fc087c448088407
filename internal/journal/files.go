package journal

import (
	"errors"
	"os"
	"sync"
)

// Files keeps a bounded number of files open for reading. It is safe for
// concurrent use.
type Files struct {
	fs  FS
	max int

	mu     sync.Mutex
	clock  int64
	open   map[string]*shared
	closed bool
}

type shared struct {
	file    File
	users   int
	last    int64 // when it was last used, by the clock
	evicted bool
}

// NewFiles returns a Files that keeps at most max files open besides those in
// use; nil means [OS].
func NewFiles(fs FS, limit int) *Files {
	if fs == nil {
		fs = OS{}
	}
	return &Files{fs: fs, max: limit, open: make(map[string]*shared)}
}

// Use calls do with an open file. Its errors are those of opening, of do, and
// [ErrClosed].
func (c *Files) Use(name string, do func(File) error) error {
	f, err := c.take(name)
	if err != nil {
		return err
	}
	defer c.put(f)
	return do(f.file)
}

func (c *Files) take(name string) (*shared, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	c.clock++
	f := c.open[name]
	if f == nil {
		file, err := c.fs.OpenFile(name, os.O_RDONLY, 0)
		if err != nil {
			return nil, err
		}
		f = &shared{file: file}
		if len(c.open) >= c.max {
			c.evict()
		}
		c.open[name] = f
	}
	f.users++
	f.last = c.clock
	return f, nil
}

// evict closes the file that was not used for the longest time, or leaves that
// to its last user.
func (c *Files) evict() {
	oldest, name := int64(0), ""
	for n, f := range c.open {
		if name == "" || f.last < oldest {
			oldest, name = f.last, n
		}
	}
	c.drop(name)
}

func (c *Files) drop(name string) {
	f := c.open[name]
	delete(c.open, name)
	if f.evicted = true; f.users == 0 {
		f.file.Close() // it was only read
	}
}

func (c *Files) put(f *shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.users--; f.evicted && f.users == 0 {
		f.file.Close()
	}
}

// Forget closes a file that is about to be replaced.
func (c *Files) Forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[name] != nil {
		c.drop(name)
	}
}

// Close closes the files, those in use when their user is done, and refuses
// further use.
func (c *Files) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	var err error
	for name, f := range c.open {
		delete(c.open, name)
		if f.evicted = true; f.users == 0 {
			err = errors.Join(err, f.file.Close())
		}
	}
	return err
}
