package events

import (
	"time"

	"github.com/baakit/baakit"
)

// A Last is the greatest number and the latest times of a list of events. The
// zero Last is that of an empty list.
type Last struct {
	Seq          int
	At, Recorded time.Time
}

// LastOf returns the Last of a list; head returns what it needs of an event.
func LastOf[E any](list []E, head func(*E) (seq int, at, recorded time.Time)) Last {
	var l Last
	for i := range list {
		seq, at, recorded := head(&list[i])
		l.Seq = max(l.Seq, seq)
		if at.After(l.At) {
			l.At = at
		}
		if recorded.After(l.Recorded) {
			l.Recorded = recorded
		}
	}
	return l
}

// Complete gives an event that comes next the number and the time of record
// that it was not given: the next number, and the time at which it happened or,
// of one that is recorded late, that of the last record.
func (l Last) Complete(seq *int, at time.Time, recorded *time.Time) {
	if *seq == 0 {
		*seq = l.Seq + 1
	}
	if recorded.IsZero() {
		*recorded = at
		if at.Before(l.Recorded) {
			*recorded = l.Recorded
		}
	}
}

// Check adds to errs what is wrong with the number and the time of record of an
// event that comes next.
func (l Last) Check(errs *baakit.FieldErrors, seq int, recorded time.Time) {
	if seq <= l.Seq {
		errs.Add("seq", "must be after those that are recorded")
	}
	if recorded.Before(l.Recorded) {
		errs.Add("recorded", "must not be before what is recorded already")
	}
}
