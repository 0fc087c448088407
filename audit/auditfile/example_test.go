package auditfile_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// A folder is opened for writing; a verifier reads it at the same time.
func Example() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := auditfile.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	ctx := context.Background()
	l, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		_, err := l.Append(ctx, "t/42", audit.Event{
			Type: audit.PatientRecord, Action: audit.ActionRead, Outcome: audit.Success,
			Actor: audit.Actor{ID: "u-9", Role: "physician"}, Object: audit.Object{Type: "Observation"},
		})
		if err != nil {
			log.Fatal(err) // nothing may be shown to u-9
		}
	}

	reader, err := auditfile.Open(dir, &auditfile.Options{ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	report, err := audit.Verify(ctx, reader, "t/42", &audit.VerifyOptions{Origin: "audit.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Size, "entries verify")
	// Output: 3 entries verify
}
