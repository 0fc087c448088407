package breach

import (
	"errors"
	"fmt"
	"time"

	"github.com/baakit/baakit"
)

var errMoment = errors.New("must be a day as in 2026-03-02 or an instant as in 2026-03-02T14:00:00-06:00, years 1 to 9999")

// A Moment is when something happened, as far as it is known: a civil day, or
// an instant. The zero Moment is that nobody said. It is immutable and safe
// for concurrent use. In text it is "2026-03-02" or RFC 3339.
type Moment struct {
	day baakit.Date
	at  time.Time // zero where only the day is known
}

// OnDay returns the moment that is known to the day.
func OnDay(d baakit.Date) Moment { return Moment{day: d} }

// AtInstant returns the moment that is known to the instant; of an instant
// outside the years 1 to 9999 it is the zero Moment.
func AtInstant(t time.Time) Moment {
	d := baakit.DateOf(t, t.Location())
	if d.IsZero() || baakit.DateOf(t, nil).IsZero() {
		return Moment{}
	}
	return Moment{day: d, at: t}
}

// ParseMoment reads the text form of a Moment.
func ParseMoment(s string) (Moment, error) {
	if d, err := baakit.ParseDate(s); err == nil {
		return OnDay(d), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return Moment{}, errMoment
	}
	if m := AtInstant(t); !m.IsZero() {
		return m, nil
	}
	return Moment{}, errMoment
}

// MustParseMoment is ParseMoment for tests and package variables; it panics on
// an error.
func MustParseMoment(s string) Moment {
	m, err := ParseMoment(s)
	if err != nil {
		panic("breach: " + err.Error())
	}
	return m
}

// IsZero reports whether nobody said when.
func (m Moment) IsZero() bool { return m.day.IsZero() }

// Instant returns the instant and whether it is known.
func (m Moment) Instant() (time.Time, bool) { return m.at, !m.at.IsZero() }

// Day returns the civil day of the moment in loc; the zero Date of the zero
// Moment. A moment known to the day is that day in every zone.
func (m Moment) Day(loc *time.Location) baakit.Date {
	if m.at.IsZero() {
		return m.day
	}
	return baakit.DateOf(m.at, loc)
}

// Equal reports whether both say the same.
func (m Moment) Equal(n Moment) bool {
	if m.at.IsZero() || n.at.IsZero() {
		return m.at.IsZero() == n.at.IsZero() && m.day == n.day
	}
	return m.at.Equal(n.at)
}

// String returns the text form, or "invalid Moment".
func (m Moment) String() string {
	b, err := m.MarshalText()
	if err != nil {
		return "invalid Moment"
	}
	return string(b)
}

// MarshalText implements encoding.TextMarshaler; the zero Moment is an error.
func (m Moment) MarshalText() ([]byte, error) {
	switch {
	case m.IsZero():
		return nil, errMoment
	case m.at.IsZero():
		return m.day.MarshalText()
	}
	return m.at.AppendFormat(nil, time.RFC3339Nano), nil
}

// UnmarshalText implements encoding.TextUnmarshaler with the rules of
// [ParseMoment]; on an error m is unchanged.
func (m *Moment) UnmarshalText(text []byte) error {
	n, err := ParseMoment(string(text))
	if err == nil {
		*m = n
	}
	return err
}

// before reports whether m is certainly before n in loc: by the instant where
// both are known to it, by the day otherwise.
func (m Moment) before(n Moment, loc *time.Location) bool {
	if !m.at.IsZero() && !n.at.IsZero() {
		return m.at.Before(n.at)
	}
	return m.Day(loc).Before(n.Day(loc))
}

// A Zone is the time zone in which the days of an incident are counted: a name
// of the zone database ("America/Chicago") or a fixed offset ("UTC",
// "+14:00"). The zero Zone is not stated; instants need one.
type Zone struct {
	name string
	loc  *time.Location
}

// ZoneOf returns the zone with the text form, or an error.
func ZoneOf(name string) (Zone, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		if _, offset := t.Zone(); offset >= -14*3600 && offset <= 14*3600 {
			return Zone{name, time.FixedZone(name, offset)}, nil
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return Zone{}, errors.New("must be the name of a time zone, as in America/Chicago, or an offset, as in -06:00")
	}
	return Zone{name, loc}, nil
}

// MustZone is ZoneOf for tests and package variables; it panics on an error.
func MustZone(name string) Zone {
	z, err := ZoneOf(name)
	if err != nil {
		panic("breach: " + err.Error())
	}
	return z
}

// IsZero reports whether no zone is stated.
func (z Zone) IsZero() bool { return z.loc == nil }

// Location returns the location; nil if not stated.
func (z Zone) Location() *time.Location { return z.loc }

// String returns the text form, "" if not stated.
func (z Zone) String() string { return z.name }

// MarshalText implements encoding.TextMarshaler; the zero Zone is an error.
func (z Zone) MarshalText() ([]byte, error) {
	if z.IsZero() {
		return nil, fmt.Errorf("must be the name of a time zone")
	}
	return []byte(z.name), nil
}

// UnmarshalText implements encoding.TextUnmarshaler with the rules of
// [ZoneOf]; on an error z is unchanged.
func (z *Zone) UnmarshalText(text []byte) error {
	n, err := ZoneOf(string(text))
	if err == nil {
		*z = n
	}
	return err
}
