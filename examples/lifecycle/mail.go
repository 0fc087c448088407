package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
)

// A post is how mail leaves the story.
type post interface {
	// send returns when the message was handed over: once, or again under
	// the same key where a telling was killed in between.
	send(ctx context.Context, m subprocessor.Message) error

	// bounce and acknowledge record what was heard of a message.
	bounce(key string) error
	acknowledge(key string) error

	close() error
}

// A postOffice keeps what goes out in an outbox until it was handed over.
type postOffice struct{ outbox *subprocessoroutbox.Outbox }

// openPost opens the outbox in the story's folder; without a mail server it
// hands over to the folder sent.
func openPost(dir string, sender subprocessor.Sender) (post, error) {
	if sender == nil {
		sender = mailFolder{filepath.Join(dir, "sent")}
	}
	outbox, err := subprocessoroutbox.Open(filepath.Join(dir, "outbox"), sender, &subprocessoroutbox.Options{FirstPause: time.Second})
	return postOffice{outbox}, err
}

func (p postOffice) send(ctx context.Context, m subprocessor.Message) error {
	if err := p.outbox.Enqueue(m); err != nil {
		return err
	}
	next, err := p.outbox.Deliver(ctx)
	if err != nil {
		return err
	}
	switch x, _ := p.outbox.Item(m.Key); {
	case !x.Sent.IsZero():
		return nil
	case x.Level == subprocessor.Bounced:
		return fmt.Errorf("the mail server refused %s", m.Key)
	default:
		return fmt.Errorf("mail %s waits in the outbox until %s; start the story again then", m.Key, next.Format(time.RFC3339))
	}
}

func (p postOffice) bounce(key string) error      { return p.outbox.Bounce(key) }
func (p postOffice) acknowledge(key string) error { return p.outbox.Acknowledge(key) }
func (p postOffice) close() error                 { return p.outbox.Close() }

// nowhere is the post of a rehearsal.
type nowhere struct{}

func (nowhere) send(context.Context, subprocessor.Message) error { return nil }
func (nowhere) bounce(string) error                              { return nil }
func (nowhere) acknowledge(string) error                         { return nil }
func (nowhere) close() error                                     { return nil }

// A mailFolder is where this story's mail goes instead of to a mail server:
// one file a message, named for its key. A key is taken once.
type mailFolder struct{ dir string }

var errOtherMessage = errors.New("another message was handed over under the key")

// Send implements [subprocessor.Sender]. The file is there whole or not at all.
func (m mailFolder) Send(ctx context.Context, x subprocessor.Message) error {
	if err := ctx.Err(); err != nil {
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
	return writeFile(path, x.Data)
}
