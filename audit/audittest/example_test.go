package audittest_test

import (
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audittest"
)

// A store of one's own is held against the contract.
func ExampleTestStore() {
	_ = func(t *testing.T) { // TestOurStore in a test file
		audittest.TestStore(t, func(testing.TB) audit.Store { return audit.NewMemory() }, nil)
	}
}
