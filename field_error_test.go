package baakit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
)

func TestFieldErrors(t *testing.T) {
	t.Parallel()
	var errs baakit.FieldErrors
	if err := errs.Err(); err != nil {
		t.Errorf("an empty list is the error %v", err)
	}
	var inner baakit.FieldErrors
	inner.Add("role", "is required")
	inner.Add("[2]", "must not be empty")
	inner.Add("", "must not be empty")
	errs.Add("zone", "is required")
	errs.Merge("parties[1]", inner.Err())
	errs.Merge("terms", nil)
	errs.Merge("terms", fmt.Errorf("wrapped: %w", baakit.FieldError{Path: "cure", Rule: "is required"}))
	errs.Merge("", baakit.FieldErrors{{Path: "today", Rule: "is required"}})
	errs.Merge("dates.offered", baakit.ErrDate)
	want := baakit.FieldErrors{
		{"zone", "is required"},
		{"parties[1].role", "is required"},
		{"parties[1][2]", "must not be empty"},
		{"parties[1]", "must not be empty"},
		{"terms.cure", "is required"},
		{"today", "is required"},
		{"dates.offered", baakit.ErrDate.Error()},
	}
	if diff := cmp.Diff(want, errs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	err := fmt.Errorf("case: %w", errs.Err())
	if got, ok := errors.AsType[baakit.FieldErrors](err); !ok || len(got) != len(want) {
		t.Errorf("errors.AsType for the list = %v, %v", got, ok)
	}
	if got, ok := errors.AsType[baakit.FieldError](err); !ok || got != want[0] {
		t.Errorf("errors.AsType for the first = %v, %v", got, ok)
	}
	if !errors.Is(err, baakit.FieldError{Path: "terms.cure", Rule: "is required"}) {
		t.Error("errors.Is does not find a field error in the list")
	}
	if got := (baakit.FieldErrors{}).Error(); got != "no field errors" {
		t.Errorf("the empty list prints %q", got)
	}
	if got := (baakit.FieldError{Rule: "must be JSON"}).Error(); got != "must be JSON" {
		t.Errorf("an error of the whole input prints %q", got)
	}
}

// Merging keeps the order and the number of problems, and every path stays
// under its prefix.
func TestMergeLaw(t *testing.T) {
	t.Parallel()
	name := rapid.StringMatching(`[a-z]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		var inner, outer baakit.FieldErrors
		for range rapid.IntRange(0, 5).Draw(t, "problems") {
			inner.Add(name.Draw(t, "path"), name.Draw(t, "rule"))
		}
		prefix := name.Draw(t, "prefix")
		outer.Merge(prefix, inner.Err())
		if len(outer) != len(inner) {
			t.Fatalf("%d problems became %d", len(inner), len(outer))
		}
		for i := range inner {
			if outer[i].Path != prefix+"."+inner[i].Path || outer[i].Rule != inner[i].Rule {
				t.Fatalf("problem %d became %v", i, outer[i])
			}
		}
	})
}

func ExampleFieldErrors() {
	var errs baakit.FieldErrors
	errs.Add("discovered", "must not be before occurred_from")
	errs.Add("affected.total", "must not be negative")
	fmt.Println(errs.Err())
	// Output: discovered: must not be before occurred_from; affected.total: must not be negative
}
