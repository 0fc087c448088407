package baa

import (
	"slices"

	"github.com/baakit/baakit"
)

// Record is every command: it checks that e is possible after what is
// recorded, and returns e complete, to be appended to the record by the
// caller. A zero Seq becomes the next one, a zero Recorded becomes At. It
// changes nothing itself; two commands that were decided on one record must
// not both be appended (in a log, append with the size that was decided on).
//
// An event may be recorded late: then it must have been possible when it
// happened, and must leave possible everything that is recorded already.
//
// The error is a [baakit.FieldErrors] for an event that is wrong by itself or
// a record that is, with paths below "events"; otherwise a [*RefusedError]
// that wraps ErrOfferLapsed, ErrNotPossible, ErrVersion, ErrTooEarly,
// ErrTooLate, ErrNotAgreed, ErrPolicy or ErrConflict.
func (l *Lifecycle) Record(events []Event, e Event) (Event, error) {
	var errs baakit.FieldErrors
	last := lastOf(events)
	last.Complete(&e.Seq, e.At, &e.Recorded)
	if e.Assent != nil {
		copied := *e.Assent
		e.Assent = &copied
	}
	errs.Merge("", e.Validate())
	last.Check(&errs, e.Seq, e.Recorded)
	errs.Merge("events", checkEvents(events))
	if err := errs.Err(); err != nil {
		return Event{}, err
	}

	list := inOrder(events, e.Recorded)
	behind := slices.IndexFunc(list, func(f Event) bool { return f.At.After(e.At) })
	now := newFold(l)
	if behind < 0 {
		behind = len(list)
	}
	now.run(list[:behind], e.At)
	status := now.status
	if err := now.apply(&e); err != nil {
		return Event{}, &RefusedError{e.Kind, status, err}
	}
	if behind < len(list) {
		end := list[len(list)-1].At
		before, after := newFold(l), newFold(l)
		before.run(list, end)
		after.run(slices.Insert(slices.Clone(list), behind, e), end)
		for _, seq := range after.ignored {
			if !slices.Contains(before.ignored, seq) {
				return Event{}, &RefusedError{e.Kind, status, ErrConflict}
			}
		}
	}
	return e, nil
}
