package baatest_test

import (
	"testing"

	"github.com/baakit/baakit/baa/baatest"
)

// The generators reach the interesting classes.
func TestGenerators(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range 200 { // the same draws every time
		v := baatest.Version().Example(seed)
		seen[string(v.Kind())] = true
		for _, c := range v.Clauses() {
			seen[string(c.Kind())] = true
		}
		seen[baatest.Period().Example(seed).Unit().String()] = true
	}
	for _, want := range []string{
		"covered_entity_business_associate", "business_associate_subcontractor", "government_memorandum", "data_use_agreement",
		"custom", "arbitration", "reporting", "hours", "days", "business days", "months", "years",
	} {
		if !seen[want] {
			t.Errorf("no version has %s", want)
		}
	}
}

// Each golden agreement is valid and made anew.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for i, s := range baatest.Scenarios() {
		v := baatest.Seal(t, s.Draft)
		s.Draft.Parties[0].LegalName = "changed"
		if again := baatest.Seal(t, baatest.Scenarios()[i].Draft); !again.Equal(v) {
			t.Errorf("%s: two makings differ", s.Name)
		}
	}
}
