package audit_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// From nothing to a verified log.
func Example() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "audit-example-")
	defer os.RemoveAll(dir)

	_, key, _ := ed25519.GenerateKey(nil)
	signer, _ := audit.NewSigner(key)
	store, _ := auditfile.Open(filepath.Join(dir, "log"), nil)
	log, _ := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Signer: signer})
	receipt, err := log.Append(ctx, "t/42", audit.Event{
		Action: audit.ActionRead, Outcome: audit.Success,
		Actor: audit.Actor{ID: "u-9"}, Object: audit.Object{Type: "Observation"},
	})
	checkpoint, _ := log.Publish(ctx) // keep it elsewhere
	reports, err2 := audit.VerifyAll(ctx, store, &audit.VerifyOptions{
		Verifier: signer.Verifier(), Checkpoints: [][]byte{checkpoint.Note},
	})
	fmt.Println(receipt.Chain, receipt.Seq, err, err2)
	for _, r := range reports {
		fmt.Println(r.Chain, r.Size)
	}
	_ = errors.Join(log.Close(ctx), store.Close())
	// Output:
	// t/42 0 <nil> <nil>
	// system 2
	// t/42 1
}

// Two commands were decided on the same state; one of them lands.
func ExampleLog_AppendAt() {
	ctx := context.Background()
	log, _ := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	size, _, _ := log.Head(ctx, "org/agreement")
	_, err := log.AppendAt(ctx, "org/agreement", size, audit.Event{Kind: "baa.accepted", Payload: json.RawMessage(`{"by":"customer"}`)})
	fmt.Println(err)
	_, err = log.AppendAt(ctx, "org/agreement", size, audit.Event{Kind: "baa.withdrawn", Payload: json.RawMessage(`{"by":"vendor"}`)})
	fmt.Println(errors.Is(err, audit.ErrConflict))
	for e := range log.Entries(ctx, "org/agreement", 0) {
		e, _ = log.Open(ctx, e)
		fmt.Println(e.Event.Kind, string(e.Event.Payload))
	}
	// Output:
	// <nil>
	// true
	// baa.accepted {"by":"customer"}
}
