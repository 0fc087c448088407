package baakit

import (
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
	"time"
)

// A Unit is what a Period counts. The zero Unit is invalid.
type Unit uint8

const (
	// Hours run from an instant, weekends and holidays included.
	Hours Unit = iota + 1

	// Days are calendar days; the day of the event is day 0.
	Days

	// BusinessDays are the business days of a Calendar; the day of the event
	// is not counted.
	BusinessDays

	// Months are calendar months.
	Months

	// Years are calendar years.
	Years
)

var unitNames = [...]struct{ one, many, iso string }{
	Hours:        {"hour", "hours", "H"},
	Days:         {"day", "days", "D"},
	BusinessDays: {"business day", "business days", ""},
	Months:       {"month", "months", "M"},
	Years:        {"year", "years", "Y"},
}

func (u Unit) valid() bool { return u >= Hours && u <= Years }

// String returns the unit in the plural, "business days", or "invalid Unit".
func (u Unit) String() string {
	if !u.valid() {
		return "invalid Unit"
	}
	return unitNames[u].many
}

// A Period is a length of time as an agreement or a statute writes it: a
// positive number and a unit. It keeps the unit: 5 business days never
// become 7 days, nor 24 hours a day, nor a year 12 months.
//
// The zero Period is invalid and lasts no time: [Period.IsZero] reports it.
// Periods are comparable with ==, which asks whether they are written alike;
// [Period.Compare] asks which is longer. They are immutable and safe for
// concurrent use.
type Period struct {
	n    int32
	unit Unit
}

// MaxPeriod is the largest number that a Period can hold, in any unit: the
// hours of the years 1 to 9999 are fewer.
const MaxPeriod = 99_999_999

var (
	// ErrPeriod is the error of a text or a pair that is not a Period. It
	// never carries the input.
	ErrPeriod = errors.New(`baakit: not a period: want a whole number from 1 and hours, days, business days, months or years`)

	// ErrHoursOnDate is the error of adding hours to a Date, which has no
	// instant for them to run from.
	ErrHoursOnDate = errors.New("baakit: hours cannot be added to a date")

	// ErrNoCalendar is the error of adding business days without a Calendar.
	ErrNoCalendar = errors.New("baakit: business days need a calendar")

	// ErrNoRoll is the error of adding months or years without a Roll.
	ErrNoRoll = errors.New("baakit: months and years need a roll")

	// ErrRange is the error of a result outside the years 1 to 9999, or of a
	// calendar without enough business days.
	ErrRange = errors.New("baakit: result outside the years 1 to 9999")
)

// NewPeriod returns n units, or the zero Period and [ErrPeriod] if n is not
// from 1 to [MaxPeriod] or u is not a Unit.
func NewPeriod(n int, u Unit) (Period, error) {
	if n < 1 || n > MaxPeriod || !u.valid() {
		return Period{}, ErrPeriod
	}
	return Period{int32(n), u}, nil
}

// MustPeriod is NewPeriod for tests and package variables; it panics on an
// error.
func MustPeriod(n int, u Unit) Period { return must(NewPeriod(n, u)) }

// ParsePeriod reads "24 hours", "60 days", "60 calendar days", "5 business
// days", "3 months", "6 years", the singular of each, and of ISO 8601 the
// durations of one unit: "PT24H", "P60D", "P3M", "P6Y". The number is in
// digits without sign or leading zero and one space follows it. Anything
// else gives the zero Period and [ErrPeriod]; weeks, which no unit keeps, too.
func ParsePeriod(s string) (Period, error) {
	if rest, ok := strings.CutPrefix(s, "P"); ok {
		return parseISO(rest)
	}
	number, name, ok := strings.Cut(s, " ")
	if !ok {
		return Period{}, ErrPeriod
	}
	if name == "calendar day" || name == "calendar days" {
		return parsePeriod(number, Days)
	}
	for u := Hours; u <= Years; u++ {
		if name == unitNames[u].one || name == unitNames[u].many {
			return parsePeriod(number, u)
		}
	}
	return Period{}, ErrPeriod
}

func parseISO(s string) (Period, error) {
	s, timed := strings.CutPrefix(s, "T")
	for u := Hours; u <= Years; u++ {
		iso := unitNames[u].iso
		if number, ok := strings.CutSuffix(s, iso); ok && iso != "" && timed == (u == Hours) {
			return parsePeriod(number, u)
		}
	}
	return Period{}, ErrPeriod
}

func parsePeriod(number string, u Unit) (Period, error) {
	if number == "" || number[0] < '1' || number[0] > '9' {
		return Period{}, ErrPeriod // no sign, no leading zero
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return Period{}, ErrPeriod
	}
	return NewPeriod(int(n), u)
}

// MustParsePeriod is ParsePeriod for tests and package variables; it panics
// on an error.
func MustParsePeriod(s string) Period { return must(ParsePeriod(s)) }

// N returns the number; 0 for the zero Period.
func (p Period) N() int { return int(p.n) }

// Unit returns the unit; the zero Unit for the zero Period.
func (p Period) Unit() Unit { return p.unit }

// IsZero reports whether p is the zero Period.
func (p Period) IsZero() bool { return p.n == 0 }

// AddTo returns the day on which the period that began on d ends: the last
// day on which a deadline of p is met, the first on which an act that needs
// an advance notice of p is allowed. d is day 0.
//
// cal decides business days and may be nil for every other unit; r decides
// months and years that arrive at a day that does not exist and is not
// looked at for other units. It allocates nothing unless cal does.
//
// The errors are [ErrHoursOnDate], [ErrNoCalendar], [ErrNoRoll], [ErrPeriod]
// for the zero Period, [ErrDate] for the zero Date, and [ErrRange].
func (p Period) AddTo(d Date, cal Calendar, r Roll) (Date, error) {
	if p.IsZero() {
		return Date{}, ErrPeriod
	}
	if d.IsZero() {
		return Date{}, ErrDate
	}
	var end Date
	switch p.unit {
	case Hours:
		return Date{}, ErrHoursOnDate
	case Days:
		end = d.AddDays(p.N())
	case BusinessDays:
		if cal == nil {
			return Date{}, ErrNoCalendar
		}
		end = AddBusinessDays(cal, d, p.N())
	case Months, Years:
		if r != RollForward && r != RollBack {
			return Date{}, ErrNoRoll
		}
		if p.unit == Months {
			end = d.AddMonths(p.N(), r)
		} else {
			end = d.AddYears(p.N(), r)
		}
	}
	if end.IsZero() {
		return Date{}, ErrRange
	}
	return end, nil
}

// AddToInstant returns the instant at which the period that began at t is
// over, in loc. Hours run from t itself. Every other unit counts civil days
// of loc: t's day there is day 0, and the period is over at the first instant
// after the day that [Period.AddTo] gives, so an act at u is in time when u
// is before the result. A nil loc is UTC.
//
// The errors are those of AddTo except [ErrHoursOnDate].
func (p Period) AddToInstant(t time.Time, loc *time.Location, cal Calendar, r Roll) (time.Time, error) {
	if loc == nil {
		loc = time.UTC
	}
	day := DateOf(t, loc)
	if day.IsZero() {
		return time.Time{}, ErrRange
	}
	if p.unit == Hours {
		// In two steps, since a Duration holds only 292 years.
		days, hours := p.N()/24, p.N()%24
		end := t.UTC().AddDate(0, 0, days).Add(time.Duration(hours) * time.Hour).In(loc)
		if DateOf(end, loc).IsZero() {
			return time.Time{}, ErrRange
		}
		return end, nil
	}
	last, err := p.AddTo(day, cal, r)
	if err != nil {
		return time.Time{}, err
	}
	_, end := last.In(loc)
	return end, nil
}

// String returns the period as agreements write it, "60 days", "1 business
// day", or "invalid Period" for the zero Period. [ParsePeriod] reads it back.
func (p Period) String() string {
	if p.IsZero() {
		return "invalid Period"
	}
	return string(p.appendTo(nil))
}

func (p Period) appendTo(b []byte) []byte {
	b = strconv.AppendInt(b, int64(p.n), 10)
	b = append(b, ' ')
	if p.n == 1 {
		return append(b, unitNames[p.unit].one...)
	}
	return append(b, unitNames[p.unit].many...)
}

// AppendText implements [encoding.TextAppender]; the zero Period gives
// [ErrPeriod].
func (p Period) AppendText(b []byte) ([]byte, error) {
	if p.IsZero() {
		return b, ErrPeriod
	}
	return p.appendTo(b), nil
}

// MarshalText implements [encoding.TextMarshaler]; the zero Period gives
// [ErrPeriod]. In JSON a Period is a string; leave a zero one out with
// omitzero.
func (p Period) MarshalText() ([]byte, error) { return p.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParsePeriod]; on an error p is unchanged.
func (p *Period) UnmarshalText(text []byte) error {
	v, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = v
	return nil
}

// Scan implements [database/sql.Scanner]; NULL is an error.
func (p *Period) Scan(src any) error { return scanText(src, "Period", p.UnmarshalText) }

// Value implements [driver.Valuer] with the text form; the zero Period gives
// [ErrPeriod].
func (p Period) Value() (driver.Value, error) { return textValue(p) }
