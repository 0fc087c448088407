package retention

import (
	"errors"
	"strconv"

	"github.com/baakit/baakit"
)

// A When is what a record states about an event: the day on which it
// happened, a month or a year in which it did, that it has not happened yet,
// or that nobody knows. The zero When states nothing, which a rule takes as
// unknown. Whens are comparable, immutable and safe for concurrent use.
type When struct {
	state       whenState
	first, last baakit.Date
}

type whenState uint8

const (
	stated whenState = iota + 1
	notYet
	unknown
)

// ErrWhen is the error of a text that is no When. It never carries the input.
var ErrWhen = errors.New("retention: not a day, a month, a year, not_yet or unknown")

// On returns that the event happened on d; the zero When if d is zero.
func On(d baakit.Date) When { return Within(d, d) }

// Within returns that the event happened on one of the days from first
// through last, as when only the month of a birth is known; the zero When if
// either is zero or they are out of order.
func Within(first, last baakit.Date) When {
	if first.IsZero() || last.Before(first) {
		return When{}
	}
	return When{stated, first, last}
}

// NotYet returns that the event has not happened.
func NotYet() When { return When{state: notYet} }

// Unknown returns that nobody knows when, or whether, the event happened.
func Unknown() When { return When{state: unknown} }

// ParseWhen reads "2016-05-10", "2016-05", "2016", "not_yet" or "unknown".
func ParseWhen(s string) (When, error) {
	switch s {
	case "not_yet":
		return NotYet(), nil
	case "unknown":
		return Unknown(), nil
	}
	first, last := s, s
	switch len(s) {
	case 4:
		first, last = s+"-01-01", s+"-12-31"
	case 7:
		first = s + "-01"
		d, err := baakit.ParseDate(first)
		if err != nil {
			return When{}, ErrWhen
		}
		next := d.AddMonths(1, baakit.RollForward)
		if next.IsZero() { // December 9999
			return Within(d, d.AddDays(30)), nil
		}
		return Within(d, next.AddDays(-1)), nil
	case 10:
	default:
		return When{}, ErrWhen
	}
	f, err := baakit.ParseDate(first)
	if err != nil {
		return When{}, ErrWhen
	}
	l, err := baakit.ParseDate(last)
	if err != nil {
		return When{}, ErrWhen
	}
	return Within(f, l), nil
}

// IsZero reports whether w states nothing.
func (w When) IsZero() bool { return w.state == 0 }

// Date returns the last day on which the event can have happened, and false
// if it has not or nobody knows.
func (w When) Date() (baakit.Date, bool) { return w.last, w.state == stated }

// String returns the text form; of a range of days other than a month or a
// year it is the two days joined by "..", and of the zero When "not stated".
func (w When) String() string {
	switch w.state {
	case notYet:
		return "not_yet"
	case unknown:
		return "unknown"
	case stated:
		if w.first == w.last {
			return w.first.String()
		}
		text := w.first.String()
		for _, n := range []int{4, 7} {
			if whole, err := ParseWhen(text[:n]); err == nil && whole == w {
				return text[:n]
			}
		}
		return text + ".." + w.last.String()
	}
	return "not stated"
}

// MarshalText implements [encoding.TextMarshaler]; the zero When gives
// [ErrWhen].
func (w When) MarshalText() ([]byte, error) {
	if w.state == 0 {
		return nil, ErrWhen
	}
	return []byte(w.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] with [ParseWhen], and
// reads two days joined by ".." too.
func (w *When) UnmarshalText(text []byte) error {
	s := string(text)
	if len(s) == 22 && s[10:12] == ".." {
		first, err1 := baakit.ParseDate(s[:10])
		last, err2 := baakit.ParseDate(s[12:])
		if r := Within(first, last); err1 == nil && err2 == nil && !r.IsZero() {
			*w = r
			return nil
		}
		return ErrWhen
	}
	read, err := ParseWhen(s)
	if err == nil {
		*w = read
	}
	return err
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
