// Package breach_test opens what package breach renders in other people's
// programs.
package breach_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	arran "github.com/arran4/golang-ical"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/breach/breachtest"
	emersion "github.com/emersion/go-ical"
	"pgregory.net/rapid"
)

// Two independent parsers read the calendar of any timeline alike, and as it
// was meant: every event with its name, day, text and alarms.
func TestCalendarInTwoParsers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl, err := breach.NewTimeline(breachtest.Incident().Draw(t, "incident"), nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := tl.ICalendar(&breach.ICalendarOptions{Sequence: 3, Alarms: []time.Duration{time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		var want []breach.Obligation
		for _, o := range tl.Obligations {
			if o.Dated() && o.Standing != breach.SetAside {
				want = append(want, o)
			}
		}
		one, err := arran.ParseCalendar(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("the first parser: %v", err)
		}
		dec := emersion.NewDecoder(bytes.NewReader(data))
		two, err := dec.Decode()
		if err != nil {
			t.Fatalf("the second parser: %v", err)
		}
		if _, err := dec.Decode(); !errors.Is(err, io.EOF) {
			t.Fatalf("the second parser finds more: %v", err)
		}
		first, second := one.Events(), two.Events()
		if len(first) != len(want) || len(second) != len(want) {
			t.Fatalf("%d and %d events, want %d", len(first), len(second), len(want))
		}
		for i, o := range want {
			uid, err := second[i].Props.Text("UID")
			if err != nil || first[i].Id() != uid || !strings.Contains(uid, "/") {
				t.Fatalf("names %q and %q, %v", first[i].Id(), uid, err)
			}
			start, err := second[i].DateTimeStart(time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			day := o.Due.String()
			if !o.DueAt.IsZero() {
				day = o.DueAt.UTC().Format(time.DateOnly)
			}
			if start.Format(time.DateOnly) != day {
				t.Fatalf("%s is on %s, want %s", uid, start, day)
			}
			description, err := second[i].Props.Text("DESCRIPTION")
			if err != nil || !strings.Contains(description, o.Explanation) {
				t.Fatalf("the description %q lacks %q, %v", description, o.Explanation, err)
			}
			if got := first[i].GetProperty(arran.ComponentPropertyDescription).Value; got != description {
				t.Fatalf("the parsers read %q and %q", got, description)
			}
			if n := len(first[i].Alarms()); n != 1 {
				t.Fatalf("%d alarms", n)
			}
		}
	})
}
