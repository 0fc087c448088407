package auditkeys_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/auditkeys"
)

// A log whose payloads are sealed under keys of the tenant and of each patient,
// kept in a ring beside it. Destroying one patient's key makes what is about
// that patient unreadable; the chain verifies as before.
func Example() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	master := auditkeys.MasterKey(make([]byte, 32)) // in earnest: from a secret store
	ring, err := auditkeys.OpenRing(filepath.Join(dir, "keys"), master, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ring.Close()
	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix("t/", "org"), &auditkeys.Options{Mode: auditkeys.Stored})
	if err != nil {
		log.Fatal(err)
	}
	store, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	l, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: sealer})
	if err != nil {
		log.Fatal(err)
	}
	for _, patient := range []string{"p-1", "p-2"} {
		_, err := l.Append(ctx, "t/42", audit.Event{
			Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9"}, Patient: patient,
		})
		if err != nil {
			log.Fatal(err)
		}
	}

	// Package erasure does this when it may be done, and records it first.
	if _, err := ring.DestroyPatient(ctx, "42", "p-1"); err != nil {
		log.Fatal(err)
	}
	for e, err := range l.Entries(ctx, "t/42", 0) {
		if err != nil {
			log.Fatal(err)
		}
		opened, err := l.Open(ctx, e)
		switch {
		case errors.Is(err, audit.ErrErased):
			fmt.Println("entry", e.Seq, "was erased")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println("entry", e.Seq, "is about", opened.Event.Patient)
		}
	}
	report, err := audit.Verify(ctx, store, "t/42", &audit.VerifyOptions{Origin: "audit.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Size, "entries verify")
	// Output:
	// entry 0 was erased
	// entry 1 is about p-2
	// 2 entries verify
}

// A token key is rotated: old entries keep their tokens, and a search looks for
// all that a patient has had.
func ExampleSealer_Tokens() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	ring, err := auditkeys.OpenRing(dir, auditkeys.MasterKey(make([]byte, 32)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ring.Close()
	sealer, err := auditkeys.New(ring, auditkeys.ByPrefix("t/", "org"), nil)
	if err != nil {
		log.Fatal(err)
	}
	var tokens []audit.Token
	for range 2 {
		sealing, err := sealer.Sealing(ctx, "t/42", "p-1")
		if err != nil {
			log.Fatal(err)
		}
		token, _ := sealing.Subject()
		tokens = append(tokens, token)
		if _, err := ring.Rotate(ctx, auditkeys.Slot{Owner: auditkeys.Tenant("42"), Use: auditkeys.Tokens}); err != nil {
			log.Fatal(err)
		}
	}
	all, err := sealer.Tokens(ctx, auditkeys.Tenant("42"), "p-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(all), "tokens:", all[2] == tokens[0], all[1] == tokens[1], tokens[0] == tokens[1])
	// Output: 3 tokens: true true false
}
