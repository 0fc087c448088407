package retention_test

import (
	"fmt"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

func Example() {
	states := retention.States()
	policies, err := states.Policies([]string{"tx.physician"}, nil)
	if err != nil {
		panic(err)
	}
	policies = append(policies, retention.Policy{
		ID: "contract.8", Rule: retention.MustParseRule("10 years after last_service"), Classes: []string{"medical_record"},
	})
	schedule, err := retention.NewSchedule(policies)
	if err != nil {
		panic(err)
	}
	record := retention.Record{
		ID: "chart-17", Class: "medical_record",
		Birth:  retention.On(baakit.MustParseDate("2010-03-01")),
		Events: map[retention.Trigger]retention.When{retention.LastService: retention.On(baakit.MustParseDate("2016-05-10"))},
	}
	d, err := retention.Evaluate(&record, schedule, nil, baakit.MustParseDate("2026-11-22"), baakit.Date{})
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Outcome, "through", d.KeepThrough)
	for _, c := range d.Explain().Considered {
		fmt.Println(c.Policy, c.Through, c.Governs)
	}
	// Output:
	// kept through 2031-03-01
	// contract.8 2026-05-10 false
	// tx.physician 2031-03-01 true
}

func ExampleParseRule() {
	rule, err := retention.ParseRule(`first that applies (
		if minor at creation: until age 30;
		otherwise: 11 years after discharge)`)
	fmt.Println(rule, err)
	_, err = retention.ParseRule("7 years")
	fmt.Println(err)
	// Output:
	// first that applies (if minor at creation: until age 30; otherwise: 11 years after discharge) <nil>
	// retention: not a rule: at byte 7 after was expected
}

func ExamplePlan() {
	schedule, err := retention.NewSchedule([]retention.Policy{{ID: "own", Rule: retention.MustParseRule("7 years after last_service")}})
	if err != nil {
		panic(err)
	}
	input := strings.NewReader("id,last_service\na,2019-11-21\nb,2020-02-30\nc,unknown\n")
	for d, err := range retention.Plan(retention.CSV(input, nil), schedule, nil, baakit.MustParseDate("2026-11-22"), baakit.Date{}, nil) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(d.Record.ID, d.Outcome)
	}
	// Output:
	// a due
	// retention: line 3: last_service: must be a day, a month, a year, not_yet or unknown
	// c indeterminate
}
