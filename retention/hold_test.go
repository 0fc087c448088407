package retention_test

import (
	"errors"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

// A scope that cannot be resolved counts as held: a test that fails, an
// attribute that the record does not state.
func TestUnresolvableScopeHolds(t *testing.T) {
	t.Parallel()
	day := baakit.MustParseDate("2026-11-22")
	r := retention.Record{ID: "r", Class: "imaging", Attributes: map[string]string{"ward": "er"}}
	for name, c := range map[string]struct {
		scope retention.Scope
		want  bool
	}{
		"matches":              {retention.Scope{Match: func(*retention.Record) (bool, error) { return true, nil }}, true},
		"does not match":       {retention.Scope{Match: func(*retention.Record) (bool, error) { return false, nil }}, false},
		"fails":                {retention.Scope{Match: func(*retention.Record) (bool, error) { return false, errors.New("down") }}, true},
		"attribute not stated": {retention.Scope{Attributes: map[string][]string{"doctor": {"x"}}}, true},
		"attribute differs":    {retention.Scope{Attributes: map[string][]string{"ward": {"icu"}}}, false},
		"jurisdiction unsaid":  {retention.Scope{Jurisdictions: []baakit.Jurisdiction{baakit.MustParseJurisdiction("TX")}}, true},
		"another class":        {retention.Scope{Classes: []string{"chart"}}, false},
		"custodian not stated": {retention.Scope{Custodians: []string{"cloud"}}, true},
	} {
		h := holds(t, retention.Hold{Matter: "M", Scope: c.scope, Placed: day})
		if got := h.Bars(&r, day); got != c.want {
			t.Errorf("%s: barred %t, want %t", name, got, c.want)
		}
	}
}
