package baakit

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// A Date is a civil day: a year from 1 to 9999, a month and a day of the
// proleptic Gregorian calendar, without a clock time and without a zone.
//
// The zero Date is invalid and is not a day: [Date.IsZero] reports it, its
// String is "invalid Date", and arithmetic on it gives the zero Date again.
// Dates are comparable, so == and map keys work. A Date is immutable and safe
// for concurrent use.
type Date struct {
	// ordinal counts days from 1 January of year 1, which is 1, so that no
	// real day is zero and order, difference and addition are one operation.
	ordinal int32
}

// ErrDate is the error of a text or a triple that names no day of the years
// 1 to 9999. It never carries the input.
var ErrDate = errors.New("baakit: not a date in the form 2006-01-02, years 0001 to 9999")

const (
	minYear = 1
	maxYear = 9999

	// maxOrdinal is 31 December 9999.
	maxOrdinal = 3652059
)

// A Roll says what month and year arithmetic does when the day it arrives at
// does not exist, as 31 January + 1 month does not. The zero Roll is invalid:
// the caller has to choose.
type Roll uint8

const (
	// RollForward goes to the first day of the next month, for a period that
	// must never be short, such as a keep-until: 29 February 2024 + 1 year is
	// 1 March 2025.
	RollForward Roll = iota + 1

	// RollBack goes to the last day of the month, for a period that must
	// never be long, such as a deadline: 31 January 2025 + 1 month is
	// 28 February 2025.
	RollBack
)

// String returns "roll forward", "roll back" or "invalid Roll".
func (r Roll) String() string {
	switch r {
	case RollForward:
		return "roll forward"
	case RollBack:
		return "roll back"
	}
	return "invalid Roll"
}

// NewDate returns the given day, or the zero Date and [ErrDate] if there is
// no such day: it never normalises, so 30 February is an error.
func NewDate(year int, month time.Month, day int) (Date, error) {
	if year < minYear || year > maxYear || month < time.January || month > time.December ||
		day < 1 || day > daysIn(year, month) {
		return Date{}, ErrDate
	}
	return Date{int32(daysBeforeYear(year) + daysBeforeMonth(year, month) + day)}, nil
}

// MustDate is NewDate for tests and package variables; it panics on an error.
func MustDate(year int, month time.Month, day int) Date {
	return must(NewDate(year, month, day))
}

// ParseDate reads the one form that String prints: four digits of the year,
// two of the month, two of the day, joined by hyphens. Anything else gives
// the zero Date and [ErrDate].
func ParseDate(s string) (Date, error) { return parseDate(s) }

// MustParseDate is ParseDate for tests and package variables; it panics on an
// error.
func MustParseDate(s string) Date { return must(ParseDate(s)) }

func parseDate[T string | []byte](s T) (Date, error) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return Date{}, ErrDate
	}
	var n [3]int
	for i := range len(s) {
		if i == 4 || i == 7 {
			continue
		}
		if s[i] < '0' || s[i] > '9' {
			return Date{}, ErrDate
		}
		field := 0
		if i > 7 {
			field = 2
		} else if i > 4 {
			field = 1
		}
		n[field] = n[field]*10 + int(s[i]-'0')
	}
	return NewDate(n[0], time.Month(n[1]), n[2])
}

// DateOf returns the civil day of the instant t in loc; a nil loc is UTC. It
// returns the zero Date if that day is outside the years 1 to 9999.
func DateOf(t time.Time, loc *time.Location) Date {
	if loc == nil {
		loc = time.UTC
	}
	y, m, d := t.In(loc).Date()
	date, err := NewDate(y, m, d)
	if err != nil {
		return Date{}
	}
	return date
}

// In returns the day in loc as the half-open range of instants from start,
// its first, to end, the first instant after it; a nil loc is UTC. An act at
// t is on the day, or a deadline through the day is met, when t is before end.
//
// Both are right on days of 23, 24.5 or 25 hours and where midnight does not
// exist: the day then starts at its first clock time that does. A day that a
// zone skipped altogether (30 December 2011 in Samoa) is empty: start equals
// end. In of the zero Date is two zero times.
func (d Date) In(loc *time.Location) (start, end time.Time) {
	if d.IsZero() {
		return time.Time{}, time.Time{}
	}
	if loc == nil {
		loc = time.UTC
	}
	return startOfDay(d.ordinal, loc), startOfDay(d.ordinal+1, loc)
}

// startOfDay returns the first instant whose local day is the one of the
// ordinal or a later one. It asks package time for no local midnight, which
// may not exist or exist twice, and not for the bounds of a zone's offset,
// which it gets wrong at the end of leap years. It walks through the two days
// around the answer in quarter hours, since civil clocks change by no less,
// and bisects the one in which the day begins.
func startOfDay(ordinal int32, loc *time.Location) time.Time {
	midnight := (int64(ordinal) - 1 + year1) * secondsPerDay
	local := func(sec int64) int64 {
		_, offset := time.Unix(sec, 0).In(loc).Zone()
		return sec + int64(offset)
	}
	const quarter = 15 * 60
	before := 2*midnight - local(midnight) - 26*60*60
	for local(before+quarter) < midnight {
		before += quarter
	}
	after := before + quarter
	for before+1 < after {
		if mid := before + (after-before)/2; local(mid) < midnight {
			before = mid
		} else {
			after = mid
		}
	}
	return time.Unix(after, 0).In(loc)
}

const (
	secondsPerDay = 24 * 60 * 60

	// year1 is 1 January of year 1 in days from 1 January 1970.
	year1 = -719162
)

// Date returns the year, month and day; all zero for the zero Date.
func (d Date) Date() (year int, month time.Month, day int) {
	if d.IsZero() {
		return 0, 0, 0
	}
	year, yday := d.yearDay()
	for month = time.December; daysBeforeMonth(year, month) >= yday; month-- {
	}
	return year, month, yday - daysBeforeMonth(year, month)
}

// Year returns the year, 1 to 9999; 0 for the zero Date.
func (d Date) Year() int { y, _, _ := d.Date(); return y }

// Month returns the month; 0 for the zero Date.
func (d Date) Month() time.Month { _, m, _ := d.Date(); return m }

// Day returns the day of the month, 1 to 31; 0 for the zero Date.
func (d Date) Day() int { _, _, day := d.Date(); return day }

// Weekday returns the day of the week. The zero Date has none; it answers
// Sunday, so test IsZero first.
func (d Date) Weekday() time.Weekday { return time.Weekday(d.ordinal % 7) }

// YearDay returns the day of the year, 1 to 366; 0 for the zero Date.
func (d Date) YearDay() int {
	if d.IsZero() {
		return 0
	}
	_, yday := d.yearDay()
	return yday
}

// yearDay splits the ordinal into a year and the day of that year from 1.
func (d Date) yearDay() (year, yday int) {
	n := int(d.ordinal) - 1
	year = n/366 + 1 // never too late; at most 17 years early by 9999
	year += (n - daysBeforeYear(year)) / 366
	for daysBeforeYear(year+1) <= n {
		year++
	}
	return year, n - daysBeforeYear(year) + 1
}

// AddDays returns the day n days later, or earlier for a negative n. It
// returns the zero Date if d is zero or the result is outside the years 1 to
// 9999. It allocates nothing.
func (d Date) AddDays(n int) Date {
	if d.IsZero() || n > maxOrdinal || n < -maxOrdinal {
		return Date{}
	}
	return fromOrdinal(int(d.ordinal) + n)
}

// AddMonths returns the same day of the month n months later, or earlier for
// a negative n; r says what happens when that month has no such day. The
// count is of whole months from d, so 31 January + 2 months is 31 March. It
// returns the zero Date if d is zero, r is not a Roll, or the result is
// outside the years 1 to 9999.
func (d Date) AddMonths(n int, r Roll) Date {
	if d.IsZero() || (r != RollForward && r != RollBack) || n > 12*maxYear || n < -12*maxYear {
		return Date{}
	}
	year, month, day := d.Date()
	months := year*12 + int(month) - 1 + n
	year, month = months/12, time.Month(months%12+1)
	if months < 12*minYear || year > maxYear {
		return Date{}
	}
	if last := daysIn(year, month); day > last {
		d := MustDate(year, month, last)
		if r == RollForward {
			return d.AddDays(1)
		}
		return d
	}
	return MustDate(year, month, day)
}

// AddYears returns the same day n years later, or earlier for a negative n;
// r says what happens to 29 February in a common year. It returns the zero
// Date in the cases of [Date.AddMonths].
func (d Date) AddYears(n int, r Roll) Date {
	if n > maxYear || n < -maxYear {
		return Date{}
	}
	return d.AddMonths(12*n, r)
}

// Sub returns the number of days from e to d: negative if d is the earlier.
// It panics if either is the zero Date, since no number of days would be
// true of it.
func (d Date) Sub(e Date) int {
	if d.IsZero() || e.IsZero() {
		panic("baakit: Sub of the zero Date")
	}
	return int(d.ordinal) - int(e.ordinal)
}

// Compare returns -1, 0 or +1 as d is before, the same as or after e. The
// zero Date is before every day.
func (d Date) Compare(e Date) int { return cmp.Compare(d.ordinal, e.ordinal) }

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.ordinal < e.ordinal }

// After reports whether d is a later day than e.
func (d Date) After(e Date) bool { return d.ordinal > e.ordinal }

// IsZero reports whether d is the zero Date, which is no day.
func (d Date) IsZero() bool { return d.ordinal == 0 }

// String returns the day in the form 2006-01-02, or "invalid Date" for the
// zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return "invalid Date"
	}
	return string(d.appendTo(make([]byte, 0, len("2006-01-02"))))
}

func (d Date) appendTo(b []byte) []byte {
	y, m, day := d.Date()
	return append(b,
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}

// AppendText implements [encoding.TextAppender]; the zero Date gives
// [ErrDate].
func (d Date) AppendText(b []byte) ([]byte, error) {
	if d.IsZero() {
		return b, ErrDate
	}
	return d.appendTo(b), nil
}

// MarshalText implements [encoding.TextMarshaler]; the zero Date gives
// [ErrDate]. In JSON a Date is a string; leave a zero one out with omitzero.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseDate]; on an error d is unchanged.
func (d *Date) UnmarshalText(text []byte) error {
	date, err := parseDate(text)
	if err != nil {
		return err
	}
	*d = date
	return nil
}

// Scan implements [database/sql.Scanner]. It reads the text form, or a
// time.Time at midnight in its own zone, which is how drivers return a DATE
// column. NULL is an error: use sql.Null[Date] for a column that may be NULL.
func (d *Date) Scan(src any) error {
	if t, ok := src.(time.Time); ok {
		if t.Hour() != 0 || t.Minute() != 0 || t.Second() != 0 || t.Nanosecond() != 0 {
			return fmt.Errorf("baakit: scan Date: the time is not a midnight: %w", ErrDate)
		}
		date := DateOf(t, t.Location())
		if date.IsZero() {
			return ErrDate
		}
		*d = date
		return nil
	}
	return scanText(src, "Date", d.UnmarshalText)
}

// Value implements [driver.Valuer] with the text form; the zero Date gives
// [ErrDate].
func (d Date) Value() (driver.Value, error) { return textValue(d) }

func fromOrdinal(n int) Date {
	if n < 1 || n > maxOrdinal {
		return Date{}
	}
	return Date{int32(n)}
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// daysBeforeYear returns the days from 1 January of year 1 to 1 January of
// year.
func daysBeforeYear(year int) int {
	y := year - 1
	return 365*y + y/4 - y/100 + y/400
}

// daysBeforeMonth returns the days from 1 January to the first of month.
func daysBeforeMonth(year int, month time.Month) int {
	before := [...]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}[month-1]
	if month > time.February && isLeap(year) {
		before++
	}
	return before
}

func daysIn(year int, month time.Month) int {
	if month == time.December {
		return 31
	}
	return daysBeforeMonth(year, month+1) - daysBeforeMonth(year, month)
}
