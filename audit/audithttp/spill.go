package audithttp

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/journal"
	"github.com/baakit/baakit/internal/strictjson"
)

const (
	spillFormat = "baakit.audit.spill/1"
	spillDomain = "hipaa-audit/v1 spill\n"
)

// ErrSpill says that a spill journal holds what this key did not write there.
var ErrSpill = errors.New("audithttp: not a spill journal of this key")

// A SpillJournal keeps entries that the log could not take, encrypted, in a
// folder of its own, until [SpillJournal.Merge] carries them into the log. Put
// it on another disk than the log. Its methods are safe for concurrent use; one
// process at a time can hold it open.
type SpillJournal struct {
	j    *journal.Journal
	aead cipher.AEAD
	now  func() time.Time
	id   string

	mu      sync.Mutex
	next    uint64            // number of the next spill
	pending map[uint64]*spill // that are not merged, from when they are submitted

	merging sync.Mutex
	erased  map[int64]bool // segments of which nothing is left to erase; of merging
}

// A spill is one access whose entries were spilled together.
type spill struct {
	offset int64  // of its frame in the journal; -1 until it is durable
	begun  bool   // a merge was
	at     uint64 // the chain's size then
}

// SpillOptions of a [SpillJournal]; nil means the defaults.
type SpillOptions struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	fs journal.FS
}

// A frame is one line of the journal: exactly one of its members.
type frame struct {
	ID    string      `json:"id,omitempty"` // of the journal: the first frame
	Spill *spillFrame `json:"spill,omitempty"`
	Merge *mergeFrame `json:"merge,omitempty"` // a merge begins
	Done  *mergeFrame `json:"done,omitempty"`  // and has ended
}

type spillFrame struct {
	N      uint64 `json:"n"`
	Sealed []byte `json:"sealed"`
}

type mergeFrame struct {
	N     uint64 `json:"n"`
	Chain string `json:"chain"`
	Size  uint64 `json:"size"` // of the chain: when the merge began; of the first entry, when it ended
}

// OpenSpillJournal opens the spill journal in a folder, creating it if there
// is none. aead encrypts what is kept: AES-256-GCM with a key that is there in
// an emergency too. Keep it elsewhere than the folder.
//
// Its errors are those of the folder and of another process that holds it, and
// [ErrSpill].
func OpenSpillJournal(dir string, aead cipher.AEAD, opt *SpillOptions) (*SpillJournal, error) {
	if aead == nil {
		return nil, baakit.FieldErrors{{Path: "aead", Rule: "is required"}}
	}
	s := &SpillJournal{aead: aead, now: time.Now, pending: make(map[uint64]*spill), erased: make(map[int64]bool)}
	o := journal.Config{Format: spillFormat, MaxFrame: journal.MaxGroup - 1, Visit: s.visit}
	if opt != nil {
		o.FS = opt.fs
		if opt.Now != nil {
			s.now = opt.Now
		}
	}
	var err error
	if s.j, err = journal.Open(dir, o); err != nil {
		return nil, fmt.Errorf("audithttp: spill journal: %w", err)
	}
	if s.id == "" {
		s.id = newJournalID()
		err = s.put(frame{ID: s.id})
	} else if len(s.pending) > 0 {
		err = s.check()
	}
	if err != nil {
		_ = s.j.Close()
		return nil, err
	}
	return s, nil
}

// newJournalID returns 20 random letters: 94 bits. A letter is never a part of
// what looks like personal data.
func newJournalID() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b[:])
}

// visit reads a frame when the journal is opened.
func (s *SpillJournal) visit(r journal.Record) error {
	f, err := parseFrame(r.Frame)
	if err != nil {
		return err
	}
	if (f.ID != "") != (s.id == "") {
		return ErrSpill
	}
	switch {
	case f.ID != "":
		s.id = f.ID
	case f.Spill != nil:
		if f.Spill.N != s.next {
			return ErrSpill
		}
		s.pending[s.next] = &spill{offset: r.Offset}
		s.next++
	case f.Merge != nil:
		p := s.pending[f.Merge.N]
		if p == nil || p.begun {
			return ErrSpill
		}
		p.begun, p.at = true, f.Merge.Size
	case f.Done != nil:
		if s.pending[f.Done.N] == nil {
			return ErrSpill
		}
		delete(s.pending, f.Done.N)
	}
	return nil
}

// parseFrame reads a frame. Its error is [ErrSpill].
func parseFrame(data []byte) (frame, error) {
	var f frame
	if err := strictjson.Decode(data, &f); err != nil {
		return frame{}, ErrSpill
	}
	n := 0
	for _, is := range []bool{f.ID != "", f.Spill != nil, f.Merge != nil, f.Done != nil} {
		if is {
			n++
		}
	}
	if n != 1 || len(f.ID) > 64 {
		return frame{}, ErrSpill
	}
	for i := range len(f.ID) {
		if f.ID[i] < 'a' || f.ID[i] > 'z' {
			return frame{}, ErrSpill
		}
	}
	for _, m := range []*mergeFrame{f.Merge, f.Done} {
		if m != nil && !audit.ValidChain(m.Chain) {
			return frame{}, ErrSpill
		}
	}
	return f, nil
}

// check opens the oldest spill, so that a wrong key shows at once.
func (s *SpillJournal) check() error {
	oldest := s.oldest()[0]
	_, err := s.read(oldest, s.pending[oldest].offset)
	return err
}

func (s *SpillJournal) put(f frame) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = s.j.Append(text)
	return err
}

// Append keeps the events of one access, for a chain, and returns when they
// are durable. An event without Occurred is given the time. Its errors are a
// [baakit.FieldErrors] of a chain or an event that no log would take, and
// those of the folder; after one of those it must be opened anew.
func (s *SpillJournal) Append(chain string, events []audit.Event) error {
	p, err := s.submit(chain, events)
	if err != nil {
		return err
	}
	offset, err := p.wait()
	if err != nil {
		return err
	}
	p.durable(offset)
	return nil
}

// plain returns what of a spill is encrypted.
func (s *SpillJournal) plain(chain string, events []audit.Event) ([]byte, error) {
	var errs baakit.FieldErrors
	if !audit.ValidChain(chain) || chain == audit.System {
		errs.Add("chain", "must be a chain's name")
	}
	if len(events) == 0 {
		errs.Add("", "must be at least one event")
	}
	now := s.now().UTC()
	g := group{Schema: spillFormat, Chain: chain, Events: make([]wireEvent, len(events))}
	for i, e := range events {
		errs.Merge("["+strconv.Itoa(i)+"]", e.Validate(shaped...))
		if e.Occurred.IsZero() {
			e.Occurred = now
		}
		g.Events[i] = wireOf(e)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return json.Marshal(g)
}

// submit gives a spill its number, which is its place among the spills. From
// then on it is pending, or else a merge might take it for merged.
func (s *SpillJournal) submit(chain string, events []audit.Event) (*submitted, error) {
	plain, err := s.plain(chain, events)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	f := frame{Spill: &spillFrame{N: s.next, Sealed: s.aead.Seal(nonce, nonce, plain, s.associated(s.next))}}
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	p, err := s.j.Submit(text)
	if err != nil {
		return nil, err
	}
	s.pending[s.next] = &spill{offset: -1}
	s.next++
	return &submitted{s, s.next - 1, p}, nil
}

// A submitted spill is on its way into the journal.
type submitted struct {
	s *SpillJournal
	n uint64
	p *journal.Pending
}

// wait returns the place in the journal when it is durable.
func (p *submitted) wait() (int64, error) {
	offsets, err := p.p.Wait()
	if err != nil {
		return 0, err
	}
	return offsets[0], nil
}

// durable lets it be merged.
func (p *submitted) durable(offset int64) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.pending[p.n].offset = offset
}

// associated binds what is encrypted to its place.
func (s *SpillJournal) associated(n uint64) []byte {
	return strconv.AppendUint([]byte(spillDomain+s.id+"\n"), n, 10)
}

// read opens a spill by its place in the journal.
func (s *SpillJournal) read(n uint64, offset int64) (group, error) {
	for r, err := range s.j.Replay(offset) {
		if err != nil {
			return group{}, err
		}
		f, err := parseFrame(r.Frame)
		if err != nil {
			return group{}, err
		}
		size := s.aead.NonceSize()
		if f.Spill == nil || f.Spill.N != n || len(f.Spill.Sealed) < size {
			return group{}, ErrSpill
		}
		sealed := f.Spill.Sealed
		plain, err := s.aead.Open(nil, sealed[:size], sealed[size:], s.associated(n))
		if err != nil {
			return group{}, ErrSpill
		}
		return parseGroup(plain)
	}
	return group{}, ErrSpill
}

// Len returns how many accesses wait to be merged.
func (s *SpillJournal) Len() int { return len(s.oldest()) }

// Close closes the folder. What was spilled stays in it.
func (s *SpillJournal) Close() error { return s.j.Close() }

// String and GoString keep the key out of logs.
func (s *SpillJournal) String() string   { return "audithttp.SpillJournal" }
func (s *SpillJournal) GoString() string { return s.String() }
