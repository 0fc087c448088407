package events_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"pgregory.net/rapid"
)

func TestIsName(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"": false, "a": true, "~!": true, " a": false, "a b": false, "a\x7f": false, "ä": false, "a\n": false,
		strings.Repeat("x", 200): true, strings.Repeat("x", 201): false,
	} {
		if events.IsName(s) != want {
			t.Errorf("IsName(%q) = %v", s, !want)
		}
	}
	printing := regexp.MustCompile(`^[[:graph:]]{1,200}$`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[!-~]{0,205}`)).Draw(t, "s")
		if got, want := events.IsName(s), printing.MatchString(s) && !strings.HasSuffix(s, "\n"); got != want {
			t.Fatalf("IsName(%q) = %v", s, got)
		}
	})
}

// An instant is valid if its own calendar, in its own zone, shows a year from 1
// to 9999.
func TestValidInstant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-14*3600, 14*3600).Draw(t, "offset"))
		base := rapid.SampledFrom([]time.Time{{}, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}).Draw(t, "base")
		at := base.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "shift"))).In(zone)
		year, _, _ := at.Date()
		if got, want := events.ValidInstant(at), !at.Equal(time.Time{}) && 0 < year && year < 10000; got != want {
			t.Fatalf("ValidInstant(%s) = %v", at, got)
		}
		var errs baakit.FieldErrors
		events.CheckAxes(&errs, at, time.Unix(0, 0))
		if got := errs.Err() == nil; got != events.ValidInstant(at) {
			t.Fatalf("CheckAxes(%s) = %v", at, errs)
		}
	})
}

// What Complete gives passes Check, and Check tells what a walk over the list
// finds.
func TestLast(t *testing.T) {
	t.Parallel()
	type event struct {
		seq          int
		at, recorded time.Time
	}
	head := func(e *event) (int, time.Time, time.Time) { return e.seq, e.at, e.recorded }
	draw := rapid.Custom(func(t *rapid.T) event {
		return event{rapid.IntRange(0, 5).Draw(t, "seq"), time.Unix(rapid.Int64Range(1, 5).Draw(t, "at"), 0), time.Unix(rapid.Int64Range(1, 5).Draw(t, "recorded"), 0)}
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(draw, 0, 5).Draw(t, "list")
		last := events.LastOf(list, head)
		e := draw.Draw(t, "next")
		want := 0
		for _, bad := range []func(f event) bool{func(f event) bool { return e.seq <= f.seq }, func(f event) bool { return e.recorded.Before(f.recorded) }} {
			if slices.ContainsFunc(append([]event{{}}, list...), bad) {
				want++
			}
		}
		var errs baakit.FieldErrors
		if last.Check(&errs, e.seq, e.recorded); len(errs) != want {
			t.Fatalf("Check: %v, want %d", errs, want)
		}
		given := e
		given.seq, given.recorded = 0, time.Time{}
		last.Complete(&given.seq, given.at, &given.recorded)
		errs = nil
		if last.Check(&errs, given.seq, given.recorded); len(errs) > 0 || given.recorded.Before(given.at) {
			t.Fatalf("Complete gives %v after %v: %v", given, list, errs)
		}
		kept := e
		if kept.seq > 0 {
			if last.Complete(&kept.seq, kept.at, &kept.recorded); kept != e {
				t.Fatalf("Complete changed %v to %v", e, kept)
			}
		}
	})
}
