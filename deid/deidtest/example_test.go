package deidtest_test

import (
	"testing"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidtest"
)

// A vault of one's own is held against the contract.
func ExampleTestVault() {
	_ = func(t *testing.T) { // TestOurVault in a test file
		deidtest.TestVault(t, func(*testing.T) deid.Vault { return deid.NewMemoryVault() }, nil)
	}
}
