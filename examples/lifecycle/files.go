package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// write puts a file into the story's folder, the same on every telling.
func (s *stage) write(name string, data []byte) error {
	if s.rehearsal {
		return nil
	}
	if err := writeFile(filepath.Join(s.dir, name), data); err != nil {
		return err
	}
	s.written = append(s.written, name)
	return nil
}

// A file that is being written has a name that begins so until it is whole.
const unfinished = ".new-"

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), unfinished+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// filesOf returns the files of a folder whose names begin and end so, in the
// order of their names; of a folder that is not there none.
func filesOf(dir, prefix, suffix string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), suffix) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, nil
}

// sweep removes what a telling that was killed left unfinished.
func sweep(dirs ...string) error {
	for _, dir := range dirs {
		names, err := filesOf(dir, unfinished, "")
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep removes what a telling that was killed left unfinished.
func (s *stage) sweep() error {
	return sweep(s.dir, filepath.Join(s.dir, keysFolder), filepath.Join(s.dir, "sent"), filepath.Join(s.dir, handoverFolder), filepath.Join(s.dir, custodyFolder))
}
