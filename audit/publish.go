package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A Publisher takes checkpoints of the system chain to a place where whoever
// controls the log's host does not control them: another machine's folder, a
// bucket with object lock, a witness, an e-mail box. Entries behind the last
// checkpoint kept elsewhere are only as good as the host.
type Publisher interface {
	// Publish returns when the checkpoint is safely there. It is called with
	// growing sizes, one call at a time.
	Publish(ctx context.Context, c Checkpoint) error
}

// A Cadence says how many entries, or how much time behind the first of them,
// may pass until a checkpoint is published. Nothing is published while nothing
// is appended. The zero Cadence is 1,000 entries or 10 seconds.
type Cadence struct {
	Entries int           // 0 means 1,000
	Every   time.Duration // 0 means 10 s
}

// Folder returns a publisher that writes every checkpoint into a folder, as
// checkpoint.SIZE with the size in twenty digits, durably and without ever
// writing over one. Mount the folder from elsewhere.
func Folder(dir string) Publisher { return folder(dir) }

type folder string

func (dir folder) Publish(_ context.Context, c Checkpoint) (err error) {
	if err := os.MkdirAll(string(dir), 0o755); err != nil {
		return err
	}
	size := strconv.FormatUint(c.Size, 10)
	name := filepath.Join(string(dir), "checkpoint."+("00000000000000000000" + size)[len(size):])
	if old, err := os.ReadFile(name); err == nil {
		if kept, err := readNoteText(old); err == nil && kept.Root == c.Root && kept.Origin == c.Origin {
			return nil
		}
		return errors.New("audit: another checkpoint of this size is in the folder")
	}
	f, err := os.CreateTemp(string(dir), ".checkpoint-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(c.Note)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func readNoteText(signed []byte) (Checkpoint, error) {
	if i := slices.Index(signed, 0); i >= 0 {
		return Checkpoint{}, ErrCheckpoint
	}
	text := string(signed)
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '\n' && text[i+1] == '\n' {
			return readCheckpoint(text[:i+1])
		}
	}
	return Checkpoint{}, ErrCheckpoint
}

// Publish records the state of every chain that grew in the system chain,
// signs that, gives it to the publisher, if there is one, and returns it.
// Its errors are those of [Log.Checkpoint], of the appends, and of the
// publisher; after one of the publisher the checkpoint is returned too.
func (l *Log) Publish(ctx context.Context) (Checkpoint, error) {
	l.cadence.publishing.Lock()
	defer l.cadence.publishing.Unlock()
	if l.opt.Signer == nil {
		return Checkpoint{}, ErrNoSigner
	}
	if err := l.recordHeads(ctx); err != nil {
		return Checkpoint{}, err
	}
	c, err := l.Checkpoint(ctx, System)
	if err != nil || l.opt.Publisher == nil {
		return c, err
	}
	return c, l.opt.Publisher.Publish(ctx, c)
}

// recordHeads appends to the system chain the heads of the chains that have
// grown since it last did.
func (l *Log) recordHeads(ctx context.Context) error {
	if l.cadence.recorded == nil {
		recorded := make(map[string]uint64)
		for e, err := range l.Entries(ctx, System, 0) {
			if err != nil {
				return err
			}
			if chain, size, _, ok := e.Checkpoint(); ok {
				recorded[chain] = size
			}
		}
		l.cadence.recorded = recorded
	}
	var events []Event
	for chain, err := range l.store.Chains(ctx) {
		if err != nil {
			return err
		}
		if chain == System {
			continue
		}
		c, err := treeOf(ctx, l.store, chain)
		if err != nil {
			return err
		}
		if c.Size > l.cadence.recorded[chain] {
			events = append(events, headEvent(chain, c.Size, c.Root))
		}
	}
	if len(events) == 0 {
		return nil
	}
	if _, err := l.appendSystem(ctx, events); err != nil {
		return err
	}
	for _, e := range events {
		l.cadence.recorded[e.checkpoint.chain] = e.checkpoint.size
	}
	return nil
}

func headEvent(chain string, size uint64, root tlog.Hash) Event {
	return Event{
		Type: AuditLogUsed, Action: ActionExecute, Outcome: Success, Actor: Actor{ID: "audit", Kind: "service"},
		checkpoint: &treeHead{chain, hex.EncodeToString(root[:]), size},
	}
}

// A cadence calls Publish when a checkpoint is due.
type cadence struct {
	publishing sync.Mutex
	recorded   map[string]uint64 // of publishing

	mu      sync.Mutex
	limit   Cadence
	count   int
	timer   *time.Timer
	running bool
	stopped bool
	work    sync.WaitGroup
}

func (c *cadence) start(opt Config) {
	c.limit = opt.Cadence
	if c.limit.Entries == 0 {
		c.limit.Entries = 1000
	}
	if c.limit.Every == 0 {
		c.limit.Every = 10 * time.Second
	}
}

// due counts entries, and publishes beside the caller when it is time.
func (l *Log) due(n int) {
	if l.opt.Publisher == nil {
		return
	}
	c := &l.cadence
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.count += n
	switch {
	case c.running:
	case c.count >= c.limit.Entries:
		l.begin()
	case c.timer == nil:
		c.timer = time.AfterFunc(c.limit.Every, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if !c.running && !c.stopped && c.count > 0 {
				l.begin()
			}
		})
	}
}

// begin publishes in a goroutine; c.mu is held.
func (l *Log) begin() {
	c := &l.cadence
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.running, c.count = true, 0
	c.work.Go(func() {
		_, err := l.Publish(context.Background())
		if err != nil && l.opt.OnPublishError != nil {
			l.opt.OnPublishError(err)
		}
		c.mu.Lock()
		c.running = false
		again := c.count
		c.count = 0
		c.mu.Unlock()
		if again > 0 {
			l.due(again)
		}
	})
}

// stop waits for what runs and publishes for the last time.
func (c *cadence) stop(ctx context.Context, l *Log) error {
	c.mu.Lock()
	c.stopped = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.work.Wait()
	if l.opt.Publisher == nil {
		return nil
	}
	_, err := l.Publish(ctx)
	return err
}
