package review

import (
	"encoding/hex"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Query says which entries to look at: those that have one of the values of
// every field that is given. The zero Query is of all entries.
type Query struct {
	Subjects []audit.Token // tokens of patients
	Actors   []string      // Actor.ID
	Types    []audit.Type  // of entries that are no domain events
	Subtypes []audit.Subtype
	Kinds    []string // of domain events
	Actions  []audit.Action
	Outcomes []audit.Outcome
	Purposes []audit.Purpose
	Objects  []string // Object.Type
	// Emergency asks for emergency access only.
	Emergency bool
	// From and Until bound the time at which the log recorded an entry: not
	// before From, and before Until. Zero is no bound.
	From, Until time.Time
}

// Match reports whether the query is of an entry.
func (q Query) Match(e audit.Entry) bool {
	v := &e.Event
	return (q.From.IsZero() || !e.Time.Before(q.From)) && (q.Until.IsZero() || e.Time.Before(q.Until)) &&
		(!q.Emergency || v.Emergency) &&
		one(q.Actors, v.Actor.ID) && one(q.Actions, v.Action) && one(q.Outcomes, v.Outcome) && one(q.Objects, v.Object.Type) &&
		(len(q.Types) == 0 || v.Kind == "" && slices.Contains(q.Types, v.Type)) &&
		(len(q.Kinds) == 0 || v.Kind != "" && slices.Contains(q.Kinds, v.Kind)) &&
		some(q.Subtypes, v.Subtype) && some(q.Purposes, v.Purpose) &&
		(len(q.Subjects) == 0 || slices.ContainsFunc(q.Subjects, func(t audit.Token) bool { return t.String() == e.Subject }))
}

func one[T comparable](wanted []T, value T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

func some[T comparable](wanted, values []T) bool {
	return len(wanted) == 0 || slices.ContainsFunc(values, func(v T) bool { return slices.Contains(wanted, v) })
}

// Select returns the entries that the query is of, in their order, one at a
// time. An error of entries is the last pair.
func (q Query) Select(entries iter.Seq2[audit.Entry, error]) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		for e, err := range entries {
			if err != nil {
				yield(audit.Entry{}, err)
				return
			}
			if q.Match(e) && !yield(e, nil) {
				return
			}
		}
	}
}

// Everything reports whether the query is of all entries of its time: a
// review by it is a review of the chain.
func (q Query) Everything() bool {
	return len(q.Subjects) == 0 && len(q.Actors) == 0 && len(q.Types) == 0 && len(q.Subtypes) == 0 && len(q.Kinds) == 0 &&
		len(q.Actions) == 0 && len(q.Outcomes) == 0 && len(q.Purposes) == 0 && len(q.Objects) == 0 && !q.Emergency
}

// Validate reports what is wrong with the query, as [baakit.FieldErrors].
func (q Query) Validate() error {
	var errs baakit.FieldErrors
	for i, o := range q.Outcomes {
		if o == "" {
			errs.Add("outcomes"+at(i), "must not be empty")
		}
	}
	for _, t := range []struct {
		path string
		t    time.Time
	}{{"from", q.From}, {"until", q.Until}} {
		if y := t.t.UTC().Year(); !t.t.IsZero() && (y < 1 || y > 9999) {
			errs.Add(t.path, "must be in the years 1 to 9999")
		}
	}
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		errs.Add("until", "must be after from")
	}
	return errs.Err()
}

type queryWire struct {
	Subjects  []string        `json:"subjects,omitempty"`
	Actors    []string        `json:"actors,omitempty"`
	Types     []audit.Type    `json:"types,omitempty"`
	Subtypes  []audit.Subtype `json:"subtypes,omitempty"`
	Kinds     []string        `json:"kinds,omitempty"`
	Actions   []audit.Action  `json:"actions,omitempty"`
	Outcomes  []audit.Outcome `json:"outcomes,omitempty"`
	Purposes  []audit.Purpose `json:"purposes,omitempty"`
	Objects   []string        `json:"objects,omitempty"`
	Emergency bool            `json:"emergency,omitempty"`
	From      events.Instant  `json:"from,omitzero"`
	Until     events.Instant  `json:"until,omitzero"`
}

// MarshalJSON implements [json.Marshaler].
func (q Query) MarshalJSON() ([]byte, error) {
	w := queryWire{
		nil, q.Actors, q.Types, q.Subtypes, q.Kinds, q.Actions, q.Outcomes, q.Purposes, q.Objects, q.Emergency,
		events.Instant(q.From), events.Instant(q.Until),
	}
	for _, t := range q.Subjects {
		w.Subjects = append(w.Subjects, t.String())
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements [json.Unmarshaler], strictly; on an error, which is
// a [baakit.FieldErrors], q is unchanged.
func (q *Query) UnmarshalJSON(data []byte) error {
	var w queryWire
	if err := strictjson.Decode(data, &w); err != nil {
		return err
	}
	read := Query{
		nil, w.Actors, w.Types, w.Subtypes, w.Kinds, w.Actions, w.Outcomes, w.Purposes, w.Objects, w.Emergency,
		time.Time(w.From), time.Time(w.Until),
	}
	var errs baakit.FieldErrors
	for i, s := range w.Subjects {
		var t audit.Token
		if n, err := hex.Decode(t[:], []byte(s[:min(len(s), 2*len(t))])); err != nil || n != len(t) || t.String() != s {
			errs.Add("subjects"+at(i), "must be 32 lower-case hexadecimal digits")
		}
		read.Subjects = append(read.Subjects, t)
	}
	errs.Merge("", read.Validate())
	if err := errs.Err(); err != nil {
		return err
	}
	*q = read
	return nil
}

func at(i int) string { return "[" + strconv.Itoa(i) + "]" }
