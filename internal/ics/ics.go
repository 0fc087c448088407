// Package ics writes calendars in the iCalendar format, RFC 5545, that other
// programs open: lines end in CR LF and are folded at 75 bytes without
// breaking a character, text is escaped, instants are in UTC.
package ics

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

// A Calendar is a list of events.
type Calendar struct {
	ProductID string // names what wrote it; required
	Name      string // shown by most programs; may be empty
	Events    []Event
}

// An Event is on a day or at an instant: one of Day and Start is set.
//
// UID names the event for ever: a program that gets an event with a known UID
// and a higher Sequence replaces the one that it has.
type Event struct {
	UID      string
	Sequence int
	Stamp    time.Time // when this version of the event was written
	Day      baakit.Date
	Start    time.Time

	Summary     string
	Description string
	URL         string
	Categories  []string
	Cancelled   bool
	Alarms      []Alarm
}

// An Alarm shows Text some time before the event begins. It must be whole
// seconds and not negative.
type Alarm struct {
	Before time.Duration
	Text   string
}

// Append appends the calendar. The error is a [baakit.FieldErrors] that names
// what an event lacks; then dst is returned as it was.
func (c Calendar) Append(dst []byte) ([]byte, error) {
	if err := c.check(); err != nil {
		return dst, err
	}
	w := writer{dst}
	w.line("BEGIN:VCALENDAR")
	w.line("VERSION:2.0")
	w.text("PRODID", c.ProductID)
	w.line("CALSCALE:GREGORIAN")
	w.line("METHOD:PUBLISH")
	if c.Name != "" {
		w.text("X-WR-CALNAME", c.Name)
	}
	for _, e := range c.Events {
		w.event(e)
	}
	w.line("END:VCALENDAR")
	return w.b, nil
}

func (c Calendar) check() error {
	var errs baakit.FieldErrors
	if c.ProductID == "" {
		errs.Add("product_id", "is required")
	}
	seen := make(map[string]bool)
	for i, e := range c.Events {
		errs.Merge("events["+strconv.Itoa(i)+"]", e.check(seen))
		seen[e.UID] = true
	}
	return errs.Err()
}

func (e Event) check(seen map[string]bool) error {
	var errs baakit.FieldErrors
	switch {
	case e.UID == "":
		errs.Add("uid", "is required")
	case seen[e.UID]:
		errs.Add("uid", "must not be that of another event")
	}
	if e.Sequence < 0 {
		errs.Add("sequence", "must not be negative")
	}
	if !fits(e.Stamp) {
		errs.Add("stamp", "is required, in the years 1 to 9999")
	}
	switch {
	case e.Day.IsZero() == e.Start.IsZero():
		errs.Add("start", "is required: either a day or an instant")
	case e.Day.IsZero() && !fits(e.Start):
		errs.Add("start", "must be in the years 1 to 9999")
	case !e.Day.IsZero() && e.Day.AddDays(1).IsZero():
		errs.Add("day", "must have a day after it")
	}
	for i, a := range e.Alarms {
		if a.Before < 0 || a.Before%time.Second != 0 {
			errs.Add("alarms["+strconv.Itoa(i)+"].before", "must be whole seconds, not negative")
		}
	}
	return errs.Err()
}

func fits(t time.Time) bool {
	return !t.IsZero() && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999
}

type writer struct{ b []byte }

func (w *writer) event(e Event) {
	w.line("BEGIN:VEVENT")
	w.text("UID", e.UID)
	w.line("DTSTAMP:" + instant(e.Stamp))
	w.line("SEQUENCE:" + strconv.Itoa(e.Sequence))
	if e.Day.IsZero() {
		w.line("DTSTART:" + instant(e.Start))
	} else {
		w.line("DTSTART;VALUE=DATE:" + day(e.Day))
		w.line("DTEND;VALUE=DATE:" + day(e.Day.AddDays(1)))
	}
	w.text("SUMMARY", e.Summary)
	if e.Description != "" {
		w.text("DESCRIPTION", e.Description)
	}
	if e.URL != "" {
		w.line("URL:" + plain(e.URL))
	}
	if len(e.Categories) > 0 {
		list := slices.Clone(e.Categories)
		for i := range list {
			list[i] = escape(list[i])
		}
		w.line("CATEGORIES:" + strings.Join(list, ","))
	}
	if e.Cancelled {
		w.line("STATUS:CANCELLED")
	} else {
		w.line("STATUS:CONFIRMED")
	}
	w.line("TRANSP:TRANSPARENT")
	for _, a := range e.Alarms {
		w.line("BEGIN:VALARM")
		w.line("ACTION:DISPLAY")
		w.line("TRIGGER:-" + duration(a.Before))
		w.text("DESCRIPTION", a.Text)
		w.line("END:VALARM")
	}
	w.line("END:VEVENT")
}

func instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

func day(d baakit.Date) string { return strings.ReplaceAll(d.String(), "-", "") }

// duration writes weeks, days or seconds exactly, RFC 5545 section 3.3.6.
func duration(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 && d > 0 {
		return "P" + strconv.FormatInt(int64(d/day), 10) + "D"
	}
	return "PT" + strconv.FormatInt(int64(d/time.Second), 10) + "S"
}

func (w *writer) text(name, value string) { w.line(name + ":" + escape(value)) }

// escape writes TEXT, RFC 5545 section 3.3.11.
func escape(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD") {
		switch {
		case r == '\\' || r == ';' || r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ' && r != '\t' || r == 0x7F:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain keeps control characters out of a value that is not escaped.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7F || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

// line folds at 75 bytes, the CR LF not counted: RFC 5545 section 3.1.
func (w *writer) line(s string) {
	for limit := 75; len(s) > limit; limit = 74 {
		cut := limit
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		w.b = append(append(w.b, s[:cut]...), "\r\n "...)
		s = s[cut:]
	}
	w.b = append(append(w.b, s...), "\r\n"...)
}
