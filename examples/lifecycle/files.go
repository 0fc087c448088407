package main

import (
	"errors"
	"os"
	"path/filepath"
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

// A file that is being written has a name like this until it is whole.
const unfinished = ".new-*"

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), unfinished)
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

// sweep removes what a telling that was killed left unfinished.
func sweep(dirs ...string) error {
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, unfinished))
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
