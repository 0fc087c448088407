// Package events holds what every list of events that a fold reads has in
// common: instants in JSON, and numbers that occur once.
package events

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// ErrInstant is the error of a text that is not an instant; it holds nothing
// of the text.
var ErrInstant = errors.New("must be an instant such as 2026-03-01T23:30:00-05:00")

// An Instant reads and writes RFC 3339 without putting the input in an error.
type Instant time.Time

// MarshalText implements encoding.TextMarshaler.
func (i Instant) MarshalText() ([]byte, error) { return time.Time(i).MarshalText() }

// UnmarshalText implements encoding.TextUnmarshaler. On an error, which is
// [ErrInstant], i is unchanged.
func (i *Instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return ErrInstant
	}
	*i = Instant(t)
	return nil
}

// IsZero reports whether there is no instant.
func (i Instant) IsZero() bool { return time.Time(i).IsZero() }

// Parse reads a JSON list of events, strictly, each by its own UnmarshalJSON,
// and no number given twice. The error is a [baakit.FieldErrors] of all that
// is wrong, with paths such as "[2].by".
func Parse[E any, P interface {
	*E
	json.Unmarshaler
}](data []byte, seq func(*E) int) ([]E, error) {
	var raw []json.RawMessage
	if err := strictjson.Decode(data, &raw); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	list := make([]E, len(raw))
	for i, r := range raw {
		errs.Merge(at(i), P(&list[i]).UnmarshalJSON(r))
	}
	errs.Merge("", CheckSeq(list, seq))
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// CheckSeq reports every event whose number an earlier one of the list has.
// Numbers below 1 are for the events' own validation.
func CheckSeq[E any](list []E, seq func(*E) int) error {
	ascending := true
	for i := 1; i < len(list) && ascending; i++ {
		ascending = seq(&list[i-1]) < seq(&list[i])
	}
	if ascending {
		return nil
	}
	var errs baakit.FieldErrors
	seen := make(map[int]bool, len(list))
	for i := range list {
		n := seq(&list[i])
		if n > 0 && seen[n] {
			errs.Add(at(i)+".seq", "must not be that of another event")
		}
		seen[n] = true
	}
	return errs.Err()
}

func at(i int) string { return "[" + strconv.Itoa(i) + "]" }
