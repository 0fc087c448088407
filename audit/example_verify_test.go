package audit_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

func read(user string) audit.Event {
	return audit.Event{Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: user}, Object: audit.Object{Type: "Observation"}}
}

// Somebody puts another log in the place of the log, as good as the first by
// itself. The checkpoint that was kept elsewhere tells.
func ExampleVerify() {
	ctx := context.Background()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	signer, err := audit.NewSigner(key)
	if err != nil {
		panic(err)
	}
	logOf := func(users ...string) (*audit.Memory, audit.Checkpoint) {
		store := audit.NewMemory()
		log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Signer: signer})
		if err != nil {
			panic(err)
		}
		for _, user := range users {
			if _, err := log.Append(ctx, "t/42", read(user)); err != nil {
				panic(err)
			}
		}
		checkpoint, err := log.Checkpoint(ctx, "t/42")
		if err != nil {
			panic(err)
		}
		return store, checkpoint
	}
	store, kept := logOf("u-9", "u-7")
	forged, _ := logOf("u-9", "u-1")
	opts := &audit.VerifyOptions{Origin: "audit.example.com", Verifier: signer.Verifier(), Checkpoints: [][]byte{kept.Note}}
	for _, s := range []audit.Store{store, forged} {
		report, err := audit.Verify(ctx, s, "t/42", opts)
		fmt.Println(report.Size, err)
	}
	// Output:
	// 2 <nil>
	// 0 audit: chain t/42, entry 0: forked: the first 2 entries are not the ones that a checkpoint covers
}

// A proof that one access was logged needs neither the log nor its other
// entries.
func ExampleLog_Prove() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "audit-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	signer, err := audit.NewSigner(key)
	if err != nil {
		panic(err)
	}
	store, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Signer: signer})
	if err != nil {
		panic(err)
	}
	if _, err := log.AppendAll(ctx, "t/42", read("u-9"), read("u-7"), read("u-9")); err != nil {
		panic(err)
	}
	proof, err := log.Prove(ctx, "t/42", 1)
	if err != nil {
		panic(err)
	}
	text, err := proof.MarshalText()
	if err != nil {
		panic(err)
	}

	// Elsewhere: the proof, the line, and the log's public key.
	again, err := audit.ParseProof(text)
	if err != nil {
		panic(err)
	}
	for record, err := range store.Read(ctx, "t/42", 1) {
		if err != nil {
			panic(err)
		}
		checkpoint, err := again.Verify(signer.Verifier(), "audit.example.com/t/42", record.Line)
		fmt.Println(checkpoint.Size, err)
		_, err = again.Verify(signer.Verifier(), "audit.example.com/t/42", append([]byte(nil), record.Line[1:]...))
		fmt.Println(err)
		break
	}
	// Output:
	// 3 <nil>
	// audit: the proof does not hold
}
