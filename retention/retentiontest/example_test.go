package retentiontest_test

import (
	"fmt"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
	"github.com/baakit/baakit/retention/retentiontest"
)

// A vendor's own retention job is held against the golden decisions, both sides
// of every threshold.
func ExampleTestScenarios() {
	_ = func(t *testing.T) { // TestOurJob in a test file
		retentiontest.TestScenarios(t, ourJob)
	}
	s := retentiontest.Scenarios()[0]
	fmt.Println(s.Name)
	fmt.Println(ourJob(s))
	// Output:
	// on the anniversary
	// kept 2026-11-22
}

// ourJob decides as the job that is tested does.
func ourJob(s retentiontest.Scenario) (retention.Outcome, baakit.Date) {
	schedule, err := retention.NewSchedule([]retention.Policy{{ID: "p", Rule: s.Rule}})
	if err != nil {
		panic(err)
	}
	holds, err := retention.NewHolds(s.Holds...)
	if err != nil {
		panic(err)
	}
	d, err := retention.Evaluate(&s.Record, schedule, holds, s.On, baakit.Date{})
	if err != nil {
		panic(err)
	}
	return d.Outcome, d.KeepThrough
}
