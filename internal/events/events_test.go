package events_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"pgregory.net/rapid"
)

type event struct{ Seq int }

func (e *event) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &e.Seq); err != nil {
		return baakit.FieldErrors{{Path: "seq", Rule: "must be a number"}}
	}
	return nil
}

func seqOf(e *event) int { return e.Seq }

// Every repeated number is named, by comparing each with each before it, and
// what is right reads back.
func TestParse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(-1, 8), 0, 8).Draw(t, "numbers")
		data, err := json.Marshal(numbers)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, n := range numbers {
			for _, before := range numbers[:i] {
				if n > 0 && n == before {
					want = append(want, fmt.Sprintf("[%d].seq", i))
					break
				}
			}
		}
		list, err := events.Parse(data, seqOf)
		fields, _ := errors.AsType[baakit.FieldErrors](err)
		var got []string
		for _, f := range fields {
			got = append(got, f.Path)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") || (err == nil) != (len(want) == 0) {
			t.Fatalf("Parse(%s): errors at %s, want %s", data, got, want)
		}
		for i := range list {
			if list[i].Seq != numbers[i] {
				t.Fatalf("Parse(%s) = %v", data, list)
			}
		}
	})
	if _, err := events.Parse([]byte(`[1,"x"]`), seqOf); err == nil || !strings.Contains(err.Error(), "[1].seq") {
		t.Errorf("a wrong event: %v", err)
	}
	if _, err := events.Parse([]byte(`{}`), seqOf); err == nil {
		t.Error("an object is a list")
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1e10, 1e11).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
		text, err := events.Instant(at).MarshalText()
		var back events.Instant
		if err != nil || back.UnmarshalText(text) != nil || !time.Time(back).Equal(at) {
			t.Fatalf("%v reads back from %s as %v, %v", at, text, time.Time(back), err)
		}
	})
	kept := events.Instant(time.Unix(1, 0))
	if err := kept.UnmarshalText([]byte("Jane Roe")); !errors.Is(err, events.ErrInstant) || strings.Contains(err.Error(), "Jane") || kept != events.Instant(time.Unix(1, 0)) {
		t.Errorf("UnmarshalText: %v", err)
	}
	if !(events.Instant{}).IsZero() || kept.IsZero() {
		t.Error("IsZero")
	}
}

// A part speaks for itself, where its kind has it.
func TestPart(t *testing.T) {
	t.Parallel()
	wrong := func() error { return baakit.FieldErrors{{Path: "b", Rule: "is required"}} }
	for _, tt := range []struct {
		may  []string
		set  bool
		want string
	}{{[]string{"a"}, true, "a.b: is required"}, {[]string{"a"}, false, ""}, {nil, true, "a: must be left out for this kind"}} {
		var errs baakit.FieldErrors
		events.CheckFields(&errs, nil, tt.may, events.Part("a", tt.set, wrong))
		got := ""
		if err := errs.Err(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v: %q, want %q", tt, got, tt.want)
		}
	}
}

// Of every combination of a field's part in the kind, of its presence and of
// its form, the outcome is that of the table.
func TestCheckFields(t *testing.T) {
	t.Parallel()
	const required, left, form = "a: is required for this kind", "a: must be left out for this kind", "a: must be so"
	for _, tt := range []struct {
		must, may []string
		set, ok   bool
		want      string
	}{
		{[]string{"b", "a"}, nil, false, true, required},
		{[]string{"b", "a"}, nil, true, true, ""},
		{[]string{"a"}, nil, true, false, form},
		{nil, []string{"a"}, false, false, ""},
		{nil, []string{"a"}, true, true, ""},
		{nil, []string{"a"}, true, false, form},
		{nil, nil, false, false, ""},
		{[]string{"b"}, nil, true, true, left},
		{nil, []string{"b"}, true, false, left},
	} {
		var errs baakit.FieldErrors
		events.CheckFields(&errs, tt.must, tt.may, events.Has("a", tt.set, tt.ok, "must be so"))
		got := ""
		if err := errs.Err(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("must %s, may %s, set %v, ok %v: %q, want %q", tt.must, tt.may, tt.set, tt.ok, got, tt.want)
		}
	}
}
