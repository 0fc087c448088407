package deidvet_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/baakit/baakit/deid/deidvet"
)

// Every finding that testdata expects is there, and no other, in one load of
// the packages; so are the facts that records exports.
func TestFindings(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), deidvet.Analyzer, "fields", "records", "tags", "output")
}

func TestFixes(t *testing.T) {
	t.Parallel()
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), deidvet.Analyzer, "fixes")
}
