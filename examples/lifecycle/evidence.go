package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// evidence keeps the first accesses to the customer's records in an audit log,
// has a checkpoint of it published, and then does to copies of the log what a
// person with all rights on the machine could do.
type evidence struct{}

func (*evidence) name() string                           { return "evidence" }
func (*evidence) title() string                          { return "A log that tells what was done to it" }
func (*evidence) prepare(*caseFile, *baakit.FieldErrors) {}

// A published is what leaves the machine: the checkpoint, and the key that
// verifies it.
type published struct {
	Checkpoint string `json:"checkpoint"`
	Key        []byte `json:"key"` // PKIX
	Entries    int    `json:"entries"`
}

const (
	evidenceOrigin = "audit.example.com"
	evidenceChain  = "t/customer"
)

func (*evidence) play(ctx context.Context, s *stage) error {
	dir := filepath.Join(s.dir, "evidence")
	p, err := record(s, "evidence", "evidence.published", func() (published, error) {
		return keepAccesses(ctx, s, dir)
	})
	if err != nil {
		return err
	}
	key, err := x509.ParsePKIXPublicKey(p.Key)
	if err != nil {
		return err
	}
	verifier, err := audit.NewVerifier(key)
	if err != nil {
		return err
	}
	opt := audit.VerifyOptions{Origin: evidenceOrigin, Verifier: verifier, Checkpoints: [][]byte{[]byte(p.Checkpoint)}}
	if err := verifyFolder(ctx, dir, opt); err != nil {
		return fmt.Errorf("the log as it was written: %w", err)
	}
	s.say("%d accesses are in the log, each linked to the one before; a checkpoint was", p.Entries)
	s.say("signed and published; whoever keeps it can tell. The log verifies.")
	s.say("Then five copies are tampered with, every checksum made right again:")
	s.say("")
	rows := [][]string{{"what was done", "found", "where"}}
	for _, f := range forgeries() {
		fault, err := tamper(ctx, dir, f, opt)
		if err != nil {
			return fmt.Errorf("%s: %w", f.does, err)
		}
		rows = append(rows, []string{f.does, string(fault.Rule), fmt.Sprintf("%s, entry %d", fault.Chain, fault.Seq)})
		s.fact(f.name, fmt.Sprintf("%s: %s, entry %d", fault.Rule, fault.Chain, fault.Seq))
	}
	s.table(rows)
	s.fact("entries", p.Entries)
	s.fact("caught", len(rows)-1)
	return showTable(s, "What was done to copies of the log, and what its verification says", rows)
}

// keepAccesses writes the log from its beginning: a telling that was killed
// here begins it anew.
func keepAccesses(ctx context.Context, s *stage, dir string) (p published, err error) {
	outside := filepath.Join(s.dir, "published") // in earnest this is another machine's
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(outside)); err != nil {
		return p, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return p, err
	}
	signer, err := audit.NewSigner(crypto.Signer(private))
	if err != nil {
		return p, err
	}
	store, err := auditfile.Open(dir, nil)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	at, _ := s.c.Dates.Effective.In(s.c.Zone.Location)
	at = at.Add(8 * time.Hour)
	log, err := audit.New(ctx, store, audit.Options{
		Origin: evidenceOrigin, Signer: signer, Publisher: audit.Folder(outside),
		Now: func() time.Time { at = at.Add(time.Minute); return at },
	})
	if err != nil {
		return p, err
	}
	for _, e := range []audit.Event{
		{Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: audit.ActionExecute},
		{Action: audit.ActionRead, Object: audit.Object{Type: "Patient"}},
		{Action: audit.ActionRead, Object: audit.Object{Type: "Observation"}},
		{Action: audit.ActionUpdate, Object: audit.Object{Type: "MedicationRequest"}},
		{Action: audit.ActionRead, Object: audit.Object{Type: "DiagnosticReport"}},
		{Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Logout}, Action: audit.ActionExecute},
	} {
		e.Actor, e.Outcome = audit.Actor{ID: "nurse-7", Role: "nurse"}, audit.Success
		if e.Type != audit.UserAuthentication {
			e.Purpose = []audit.Purpose{audit.Treatment}
		}
		if _, err := log.Append(ctx, evidenceChain, e); err != nil {
			return p, err
		}
		p.Entries++
	}
	c, err := log.Publish(ctx)
	if err != nil {
		return p, err
	}
	p.Checkpoint = string(c.Note)
	p.Key, err = x509.MarshalPKIXPublicKey(public)
	return p, errors.Join(err, log.Close(ctx))
}

func verifyFolder(ctx context.Context, dir string, opt audit.VerifyOptions) error {
	store, err := auditfile.Open(dir, &auditfile.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	_, err = audit.VerifyAll(ctx, store, opt)
	return errors.Join(err, store.Close())
}

// A forgery changes the records of the chains.
type forgery struct {
	name, does string
	forge      func(chains map[string][]audit.Record)
}

func forgeries() []forgery {
	return []forgery{
		{"altered", "another person's id replaces the nurse's", func(c map[string][]audit.Record) {
			r := &c[evidenceChain][3]
			r.Line = bytes.Replace(r.Line, []byte("nurse-7"), []byte("dr-abel"), 1)
		}},
		{"removed", "an access is removed", func(c map[string][]audit.Record) {
			c[evidenceChain] = slices.Delete(c[evidenceChain], 3, 4)
		}},
		{"swapped", "two accesses change places", func(c map[string][]audit.Record) {
			r := c[evidenceChain]
			r[1], r[2] = r[2], r[1]
		}},
		{"cut", "the last accesses are cut off", func(c map[string][]audit.Record) {
			c[evidenceChain] = c[evidenceChain][:4]
		}},
		{"old_copy", "the whole log is replaced by an older copy of it", func(c map[string][]audit.Record) {
			c[evidenceChain] = c[evidenceChain][:2]
			c[audit.System] = c[audit.System][:1]
		}},
	}
}

// tamper makes a copy, forges it and returns what its verification says.
func tamper(ctx context.Context, dir string, f forgery, opt audit.VerifyOptions) (*audit.Fault, error) {
	temp, err := os.MkdirTemp("", "baakit-evidence-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	chains, err := readChains(ctx, dir)
	if err != nil {
		return nil, err
	}
	f.forge(chains)
	if err := writeChains(ctx, temp, chains); err != nil {
		return nil, err
	}
	err = verifyFolder(ctx, temp, opt)
	if fault, ok := errors.AsType[*audit.Fault](err); ok {
		return fault, nil
	}
	return nil, errors.Join(errors.New("it was not noticed"), err)
}

func readChains(ctx context.Context, dir string) (map[string][]audit.Record, error) {
	store, err := auditfile.Open(dir, &auditfile.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	chains := make(map[string][]audit.Record)
	for chain, err := range store.Chains(ctx) {
		if err != nil {
			return nil, err
		}
		for r, err := range store.Read(ctx, chain, 0) {
			if err != nil {
				return nil, err
			}
			chains[chain] = append(chains[chain], audit.Record{Line: bytes.Clone(r.Line), Sealed: bytes.Clone(r.Sealed)})
		}
	}
	return chains, nil
}

// writeChains writes a log whose checksums and tree hashes are right.
func writeChains(ctx context.Context, dir string, chains map[string][]audit.Record) error {
	store, err := auditfile.Open(dir, nil)
	if err != nil {
		return err
	}
	for chain, records := range chains {
		var tree audit.Frontier
		for i := range records {
			records[i].Hashes = tree.Append(nil, audit.LeafHash(records[i].Line))
		}
		if err := store.Append(ctx, chain, 0, records); err != nil {
			return errors.Join(err, store.Close())
		}
	}
	return store.Close()
}
