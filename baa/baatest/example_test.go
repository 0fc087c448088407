package baatest_test

import (
	"fmt"

	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/baa/baatest"
)

// A vendor holds its own review of agreements against the golden ones.
func Example() {
	for _, s := range baatest.Scenarios()[:3] {
		version, err := baa.Seal(s.Draft)
		if err != nil {
			panic(err)
		}
		fmt.Println(s.Name, baa.Check(version, baa.CurrentRules(), nil).Passes(), s.Findings)
	}
	// Output:
	// complete true []
	// subcontractor true []
	// memorandum true []
}
