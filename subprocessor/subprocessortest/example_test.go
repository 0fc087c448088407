package subprocessortest_test

import (
	"testing"

	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

// A store of subscriptions of one's own is held against the contract.
func ExampleTestStore() {
	_ = func(t *testing.T) { // TestOurStore in a test file
		subprocessortest.TestStore(t, func(testing.TB) (subprocessorhttp.Store, func() (subprocessorhttp.Store, error)) {
			return &subprocessorhttp.MemoryStore{}, nil // it forgets with the process
		})
	}
}
