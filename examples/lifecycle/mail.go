package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/baakit/baakit/subprocessor"
)

// A mailFolder is where this story's mail goes instead of to a mail server:
// one file a message, named for its key. A key is taken once.
type mailFolder struct{ dir string }

var errOtherMessage = errors.New("another message was handed over under the key")

// Send implements [subprocessor.Sender]. The file is there whole or not at all.
func (m mailFolder) Send(ctx context.Context, x subprocessor.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(m.dir, x.Key+".eml")
	switch there, err := os.ReadFile(path); {
	case err == nil && bytes.Equal(there, x.Data):
		return nil
	case err == nil:
		return errOtherMessage
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := os.CreateTemp(m.dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(x.Data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
