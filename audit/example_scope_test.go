package audit_test

import (
	"context"
	"fmt"

	"github.com/baakit/baakit/audit"
)

// A job that reads the records of patients, logged as a request is by package
// audithttp.
func ExampleScope() {
	ctx := context.Background()
	log, err := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		panic(err)
	}
	job := audit.Event{Action: audit.ActionRead, Actor: audit.Actor{ID: "nightly", Kind: "service"}, Purpose: []audit.Purpose{audit.Quality}}
	scope := audit.NewScope(job, func(events []audit.Event) error {
		_, err := log.AppendAll(ctx, "t/42", events...)
		return err
	})
	report := func(ctx context.Context) error { // it need not know who logs, or how
		return audit.From(ctx).SetPatient("p-1", "p-2")
	}
	if err := report(scope.Context(ctx)); err != nil {
		panic(err)
	}
	if err := scope.Record(audit.Success, ""); err != nil {
		panic(err) // the report must not be sent
	}
	scope.Close()
	for entry, err := range log.Entries(ctx, "t/42", 0) {
		if err != nil {
			panic(err)
		}
		opened, err := log.Open(ctx, entry)
		if err != nil {
			panic(err)
		}
		fmt.Println(opened.Event.Actor.ID, opened.Event.Patient, opened.Event.Outcome)
	}
	// Output:
	// nightly p-1 0
	// nightly p-2 0
}
