package subprocessoroutbox_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
)

// printer is a sender that prints what it is handed.
type printer struct{}

func (printer) Send(_ context.Context, m subprocessor.Message) error {
	fmt.Println("sent", m.Key, "to", m.To)
	return nil
}

// A notice is queued, handed over once, and a bounce is noted; with
// [subprocessoroutbox.SMTP] in the place of printer it is mail.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "outbox-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	outbox, err := subprocessoroutbox.Open(dir, printer{}, nil)
	if err != nil {
		panic(err)
	}
	defer outbox.Close()
	message, err := subprocessor.NewMessage("swap.1.larkspur.1", "legal@fernhill.example", "privacy@larkspur.example",
		"A new subcontractor", "Harbor Archive, Inc. will keep our backups from 1 January 2027.", "", time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), nil)
	if err != nil {
		panic(err)
	}
	for range 2 { // queueing it again, or delivering again, sends nothing twice
		if err := outbox.Enqueue(message); err != nil {
			panic(err)
		}
		if _, err := outbox.Deliver(ctx); err != nil {
			panic(err)
		}
	}
	if err := outbox.Bounce(message.Key); err != nil {
		panic(err)
	}
	item, _ := outbox.Item(message.Key)
	fmt.Println("bounced:", !item.Bounced.IsZero())
	// Output:
	// sent swap.1.larkspur.1 to privacy@larkspur.example
	// bounced: true
}
