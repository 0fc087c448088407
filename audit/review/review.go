package review

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/strictjson"
)

// Schema is the schema of a [Review] as JSON, and EventKind the kind of the
// domain event that records one.
const (
	Schema    = "baakit.audit.review/1"
	EventKind = "audit.reviewed"
)

// A Review records that somebody looked at entries of the log, as 45 CFR
// 164.308(a)(1)(ii)(D) asks: who, by which query, at which entries, and what
// came of it. It is kept in the log itself, in a chain of the organisation.
// The zero Review is invalid.
type Review struct {
	Reviewer string    // an Actor.ID
	At       time.Time // when it was done
	Query    Query
	Ranges   []Range  // what was looked at, as of [Reading.Ranges]
	Rules    []string // patterns that were applied, by the ID of their rule
	Entries  uint64   // how many entries the query was of
	Findings int      // how many findings the patterns gave
	Note     string   // what the reviewer says of them
}

type reviewWire struct {
	Schema   string         `json:"schema"`
	Reviewer string         `json:"reviewer"`
	At       events.Instant `json:"at"`
	Query    Query          `json:"query"`
	Ranges   []Range        `json:"ranges"`
	Rules    []string       `json:"rules,omitempty"`
	Entries  uint64         `json:"entries"`
	Findings int            `json:"findings"`
	Note     string         `json:"note,omitempty"`
}

const maxNote = 4 << 10

// Validate reports what is wrong with the review, as [baakit.FieldErrors].
func (r Review) Validate() error {
	var errs baakit.FieldErrors
	if r.Reviewer == "" || len(r.Reviewer) > 128 || !plain(r.Reviewer) {
		errs.Add("reviewer", "is required, an identifier of at most 128 bytes")
	}
	if y := r.At.UTC().Year(); r.At.IsZero() || y < 1 || y > 9999 {
		errs.Add("at", "is required, in the years 1 to 9999")
	}
	errs.Merge("query", r.Query.Validate())
	if len(r.Ranges) == 0 {
		errs.Add("ranges", "must be at least one: a review of nothing is none")
	}
	looked := uint64(0)
	for i, g := range r.Ranges {
		raw, err := hex.DecodeString(g.Root)
		if !audit.ValidChain(g.Chain) || g.From >= g.Until || g.Until > 1<<53 || err != nil || len(raw) != 32 || hex.EncodeToString(raw) != g.Root {
			errs.Add("ranges"+at(i), "must be entries of a chain, with the root of its tree up to their end")
			continue
		}
		looked += g.Until - g.From
		for _, h := range r.Ranges[:i] {
			if h.Chain == g.Chain && h.From < g.Until && g.From < h.Until {
				errs.Add("ranges"+at(i), "must not overlap another")
				break
			}
		}
	}
	if r.Entries > looked {
		errs.Add("entries", "must not be more than were looked at")
	}
	for i, id := range r.Rules {
		if _, ok := law().reasons[id]; !ok && (id == "" || len(id) > 128 || !plain(id)) {
			errs.Add("rules"+at(i), "must be an identifier of at most 128 bytes")
		}
	}
	if r.Findings < 0 {
		errs.Add("findings", "must not be negative")
	}
	if len(r.Note) > maxNote || !utf8.ValidString(r.Note) {
		errs.Add("note", "must be text of at most 4096 bytes")
	}
	return errs.Err()
}

func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// MarshalJSON implements [json.Marshaler].
func (r Review) MarshalJSON() ([]byte, error) {
	return json.Marshal(reviewWire{Schema, r.Reviewer, events.Instant(r.At), r.Query, r.Ranges, r.Rules, r.Entries, r.Findings, r.Note})
}

// ParseReview reads a review as JSON, strictly. The error is a
// [baakit.FieldErrors].
func ParseReview(data []byte) (Review, error) {
	var w reviewWire
	if err := strictjson.Decode(data, &w); err != nil {
		return Review{}, err
	}
	r := Review{w.Reviewer, time.Time(w.At), w.Query, w.Ranges, w.Rules, w.Entries, w.Findings, w.Note}
	var errs baakit.FieldErrors
	if w.Schema != Schema {
		errs.Add("schema", "must be "+Schema)
	}
	errs.Merge("", r.Validate())
	if err := errs.Err(); err != nil {
		return Review{}, err
	}
	return r, nil
}

// UnmarshalJSON implements [json.Unmarshaler] as [ParseReview] does; on an
// error r is unchanged.
func (r *Review) UnmarshalJSON(data []byte) error {
	read, err := ParseReview(data)
	if err != nil {
		return err
	}
	*r = read
	return nil
}

// Event returns the domain event that records the review, with the DCM code of
// the use of an audit log as its subtype. The error is a [baakit.FieldErrors].
func (r Review) Event() (audit.Event, error) {
	if err := r.Validate(); err != nil {
		return audit.Event{}, err
	}
	payload, err := jcs.Marshal(r)
	if err != nil {
		return audit.Event{}, baakit.FieldErrors{{Path: "", Rule: "must have a canonical form (RFC 8785)"}}
	}
	e := audit.Event{
		Kind: EventKind, Subtype: []audit.Subtype{audit.Subtype(audit.AuditLogUsed)}, Action: audit.ActionRead, Outcome: audit.Success,
		Actor: audit.Actor{ID: r.Reviewer}, Payload: payload,
	}
	return e, e.Validate()
}

// A Recorded is a review as it stands in the log.
type Recorded struct {
	Review
	Chain string
	Seq   uint64
	Time  time.Time // when the log took it
}

// An UnreadableError says that entries of a chain record reviews and cannot be
// read: what they covered counts for nothing.
type UnreadableError struct {
	Chain string
	Seqs  []uint64
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("review: %d reviews in the chain %s cannot be read", len(e.Seqs), e.Chain)
}

// Reviews reads the reviews that a chain records, in their order. Entries of
// other kinds are passed over. Those that are erased, do not open or are not
// what they should be are an [UnreadableError], which comes with all others. Its
// other errors are those of [audit.Entries] and of the sealer.
func Reviews(ctx context.Context, s audit.Store, sealer audit.Sealer, chain string) ([]Recorded, error) {
	var list []Recorded
	var bad []uint64
	q := Query{Kinds: []string{EventKind}}
	for e, err := range q.Select(audit.Entries(ctx, s, chain, 0)) {
		if err != nil {
			return nil, err
		}
		opened, err := audit.OpenEntry(ctx, sealer, e)
		if errors.Is(err, audit.ErrErased) || errors.Is(err, audit.ErrSealed) {
			bad = append(bad, e.Seq)
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := ParseReview(opened.Event.Payload)
		if err != nil || r.Reviewer != e.Event.Actor.ID {
			bad = append(bad, e.Seq)
			continue
		}
		list = append(list, Recorded{r, e.Chain, e.Seq, e.Time})
	}
	if bad != nil {
		return list, &UnreadableError{chain, bad}
	}
	return list, nil
}

// Check tells whether what a review looked at is still what the log holds: the
// roots of its ranges are those of the chains now. Its errors are
// [audit.ErrTampered], [audit.ErrOutOfRange] if a chain is shorter, and those of
// the store.
func (r Review) Check(ctx context.Context, s audit.Store) error {
	for _, g := range r.Ranges {
		h, err := s.Head(ctx, g.Chain)
		if err != nil {
			return err
		}
		if h.Size < g.Until {
			return fmt.Errorf("%w: %s", audit.ErrOutOfRange, g.Chain)
		}
		root, err := rootAt(ctx, s, g.Chain, g.Until)
		if err != nil {
			return err
		}
		if root != g.Root {
			return fmt.Errorf("%w: %s is not what was reviewed", audit.ErrTampered, g.Chain)
		}
	}
	return nil
}

// Count returns a list of entries that is counted while it is read, for
// [Review].Entries.
func Count(entries iter.Seq2[audit.Entry, error], n *uint64) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		*n = 0
		for e, err := range entries {
			if err == nil {
				*n++
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
