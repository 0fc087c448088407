package ics_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/ics"
	"pgregory.net/rapid"
)

var stamp = time.Date(2026, 11, 25, 12, 0, 0, 0, time.FixedZone("", -5*3600))

func TestCalendar(t *testing.T) {
	t.Parallel()
	got, err := ics.Calendar{ProductID: "-//baakit//test//EN", Name: "Clocks", Events: []ics.Event{
		{
			UID: "1@example", Sequence: 2, Stamp: stamp, Day: baakit.MustParseDate("2028-02-29"),
			Summary: "Notice to individuals; 45 CFR 164.404(b)", Description: "two\nlines, and a \\", URL: "https://example.org/a b\r\nX:1",
			Categories: []string{"breach", "a,b"}, Alarms: []ics.Alarm{{Before: 7 * 24 * time.Hour, Text: "a week left"}, {Before: 90 * time.Minute}},
		},
		{UID: "2@example", Stamp: stamp, Start: stamp, Summary: "Report", Cancelled: true},
	}}.Append([]byte("x"))
	want := strings.ReplaceAll(`xBEGIN:VCALENDAR
VERSION:2.0
PRODID:-//baakit//test//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Clocks
BEGIN:VEVENT
UID:1@example
DTSTAMP:20261125T170000Z
SEQUENCE:2
DTSTART;VALUE=DATE:20280229
DTEND;VALUE=DATE:20280301
SUMMARY:Notice to individuals\; 45 CFR 164.404(b)
DESCRIPTION:two\nlines\, and a \\
URL:https://example.org/abX:1
CATEGORIES:breach,a\,b
STATUS:CONFIRMED
TRANSP:TRANSPARENT
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-P7D
DESCRIPTION:a week left
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT5400S
DESCRIPTION:
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:2@example
DTSTAMP:20261125T170000Z
SEQUENCE:0
DTSTART:20261125T170000Z
SUMMARY:Report
STATUS:CANCELLED
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if err != nil || string(got) != want {
		t.Errorf("Append = %q, %v\nwant     %q", got, err, want)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	last := baakit.MustParseDate("9999-12-31")
	got, err := ics.Calendar{Events: []ics.Event{
		{Sequence: -1},
		{UID: "a", Stamp: stamp, Day: last, Start: stamp, Alarms: []ics.Alarm{{Before: -1}, {Before: time.Millisecond}}},
		{UID: "a", Stamp: stamp, Day: last},
	}}.Append([]byte("x"))
	fields, _ := errors.AsType[baakit.FieldErrors](err)
	var paths []string
	for _, f := range fields {
		paths = append(paths, f.Path)
	}
	want := "product_id events[0].uid events[0].sequence events[0].stamp events[0].start " +
		"events[1].start events[1].alarms[0].before events[1].alarms[1].before events[2].uid events[2].day"
	if strings.Join(paths, " ") != want || string(got) != "x" {
		t.Errorf("Append = %q, %v\nwant errors at %s", got, err, want)
	}
}

// Any text is folded within the limit, on whole characters, and reads back:
// unfolded and unescaped it is the text without control characters.
func TestFoldingAndEscaping(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zéß€😀\\;,\n ]{0,400}`)).Draw(t, "text")
		got, err := ics.Calendar{ProductID: "p", Events: []ics.Event{{UID: "u", Stamp: stamp, Start: stamp, Summary: text}}}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(strings.TrimSuffix(string(got), "\r\n"), "\r\n") {
			if len(l) > 75 || !utf8.ValidString(l) || strings.ContainsAny(l, "\r\n") {
				t.Fatalf("line %q", l)
			}
		}
		unfolded := strings.ReplaceAll(string(got), "\r\n ", "")
		_, rest, _ := strings.Cut(unfolded, "\r\nSUMMARY:")
		escaped, _, _ := strings.Cut(rest, "\r\n")
		back := strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n").Replace(escaped)
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7F {
				return -1
			}
			return r
		}, strings.ReplaceAll(text, "\r\n", "\n"))
		if back != want {
			t.Fatalf("%q reads back as %q, want %q", text, back, want)
		}
	})
}
