package baakit_test

import (
	"fmt"
	"time"

	"github.com/baakit/baakit"
)

// A breach is discovered on New Year's Eve. The agreement gives 60 days for
// the report and 10 business days to answer questions.
func Example() {
	zone := time.FixedZone("CST", -6*60*60)
	discovered := baakit.DateOf(time.Date(2026, time.December, 31, 22, 30, 0, 0, zone), zone)

	report := baakit.MustParsePeriod("60 days")
	due, err := report.AddTo(discovered, nil, baakit.RollBack)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, end := due.In(zone)
	fmt.Println("report through", due, "that is before", end.Format(time.DateTime))

	answers, err := baakit.MustParsePeriod("10 business days").AddTo(discovered, baakit.Federal(), baakit.RollBack)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("answers through", answers.Weekday(), answers)
	fmt.Println("source", baakit.MustParseCitation("45 CFR 164.410(b)"))
	// Output:
	// report through 2027-03-01 that is before 2027-03-02 00:00:00
	// answers through Friday 2027-01-15
	// source 45 CFR 164.410(b)
}

func ExampleDate_AddMonths() {
	d := baakit.MustParseDate("2025-01-31")
	fmt.Println("a deadline:", d.AddMonths(1, baakit.RollBack))
	fmt.Println("a keep-until:", d.AddMonths(1, baakit.RollForward))
	// Output:
	// a deadline: 2025-02-28
	// a keep-until: 2025-03-01
}

func ExamplePeriod_Compare() {
	ours, theirs := baakit.MustParsePeriod("5 business days"), baakit.MustParsePeriod("7 days")
	fmt.Println(ours.Compare(theirs, baakit.Federal()))
	// Output: depends
}

// The counts of the package comment.
func Example_countingDays() {
	must := func(d baakit.Date, err error) baakit.Date {
		if err != nil {
			panic(err)
		}
		return d
	}
	september := baakit.MustParseDate("2026-09-01")
	notice := must(baakit.MustParsePeriod("30 days").AddTo(september, nil, baakit.RollForward))
	fmt.Println("a new subcontractor may begin on", notice)
	window := must(baakit.MustParsePeriod("30 days").AddTo(september, nil, baakit.RollBack))
	fmt.Println("the window to cure is open through", window, "and termination allowed from", window.AddDays(1))
	keep := must(baakit.MustParsePeriod("1 year").AddTo(baakit.MustParseDate("2024-02-29"), nil, baakit.RollForward))
	fmt.Println("kept through", keep, "and disposable on", keep.AddDays(1))
	business := must(baakit.MustParsePeriod("5 business days").AddTo(baakit.MustParseDate("2026-11-20"), baakit.Federal(), baakit.RollBack))
	fmt.Println("5 business days end on", business.Weekday(), business)
	// Output:
	// a new subcontractor may begin on 2026-10-01
	// the window to cure is open through 2026-10-01 and termination allowed from 2026-10-02
	// kept through 2025-03-01 and disposable on 2025-03-02
	// 5 business days end on Monday 2026-11-30
}
