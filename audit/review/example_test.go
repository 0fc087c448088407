package review_test

import (
	"context"
	"fmt"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/review"
)

// A reviewer looks at the emergency accesses of a chain, records that, and sees
// what is left.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	store, sealer := audit.NewMemory(), audit.Unencrypted{}
	log, _ := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: sealer, Now: func() time.Time { return now }})
	read := audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Object: audit.Object{Type: "Observation"}}
	_, _ = log.Append(ctx, "t/42", read)
	read.Emergency = true
	_, _ = log.Append(ctx, "t/42", read)

	reading, err := review.NewReading(store, review.Query{}, "t/42")
	if err != nil {
		fmt.Println(err)
		return
	}
	var entries uint64
	var findings review.Findings
	for f, err := range review.BreakGlass(review.Count(reading.Entries(ctx), &entries)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		findings = append(findings, f)
	}
	fmt.Print(findings.Text())

	ranges, _ := reading.Ranges(ctx)
	event, _ := review.Review{
		Reviewer: "u-1", At: now, Ranges: ranges, Rules: []string{"break_glass"}, Entries: entries, Findings: len(findings), Note: "a fall on the ward",
	}.Event()
	_, err = log.Append(ctx, "org/reviews", event)
	fmt.Println(err)

	_, _ = log.Append(ctx, "t/42", read) // after the review
	recorded, _ := review.Reviews(ctx, store, sealer, "org/reviews")
	fmt.Println(recorded[0].Check(ctx, store))
	size, _, _ := log.Head(ctx, "t/42")
	fmt.Print(review.CoverageOf([]review.Review{recorded[0].Review}, map[string]uint64{"t/42": size}).Text())
	// Output:
	// break_glass: u-9
	//   access under the emergency procedure, each of which is looked at afterwards
	//   marked as an emergency
	//   entries: t/42 1 (2026-01-05T09:00:00Z)
	//   sources: 45 CFR 164.312(a)(2)(ii); 45 CFR 164.308(a)(1)(ii)(D)
	// <nil>
	// <nil>
	// chain  entries  standing      at                    reviewer
	// t/42   0-1      reviewed      2026-01-05T09:00:00Z  u-1
	// t/42   2-2      NOT REVIEWED
}

// Failed logins, the most recent first.
func ExampleSort() {
	ctx := context.Background()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	log, _ := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Now: func() time.Time { return now }})
	for i, outcome := range []audit.Outcome{audit.MinorFailure, audit.Success, audit.SeriousFailure} {
		_, _ = log.Append(ctx, "t/42", audit.Event{
			Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: audit.ActionExecute, Outcome: outcome,
			Actor: audit.Actor{ID: fmt.Sprintf("u-%d", i)},
		})
		now = now.Add(time.Minute)
	}
	query := review.Query{Types: []audit.Type{audit.UserAuthentication}, Outcomes: []audit.Outcome{audit.MinorFailure, audit.SeriousFailure, audit.MajorFailure}}
	entries, err := review.Sort(query.Select(log.Entries(ctx, "t/42", 0)), 10, review.Order{By: review.Time, Descending: true})
	fmt.Println(err)
	fmt.Print(review.Report{Entries: entries, Fields: []review.Field{review.Time, review.ActorID, review.Outcome}}.Text())
	// Output:
	// <nil>
	// time                         actor.id  outcome
	// 2026-01-05T09:02:00.000000Z  u-2       8
	// 2026-01-05T09:00:00.000000Z  u-0       4
}

func ExampleFailedLogins() {
	ctx := context.Background()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	log, _ := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Now: func() time.Time { return now }})
	for range 3 {
		_, _ = log.Append(ctx, "t/42", audit.Event{
			Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: audit.ActionExecute, Outcome: audit.SeriousFailure,
			Actor: audit.Actor{ID: "u-9"},
		})
		now = now.Add(30 * time.Second)
	}
	for f, err := range review.FailedLogins(log.Entries(ctx, "t/42", 0), review.LoginRule{AtLeast: 3, Within: time.Minute}) {
		fmt.Println(f.Actor, f.Count, f.Entries, f.Detail, err)
	}
	// Output: u-9 3 [{t/42 0 3}] 3 failures of one actor; reported from 3 within 1m0s <nil>
}
