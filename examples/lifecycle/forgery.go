package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

var errNotNoticed = errors.New("the tampering was not noticed")

// flipByte copies the log, changes one byte in the middle of it, and returns
// what the copy's reader says of it.
func flipByte(ctx context.Context, s *stage, dir string, opt *audit.VerifyOptions) (string, error) {
	temp, err := os.MkdirTemp("", "baakit-tampered-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	names, err := filesOf(dir, "", ".jsonl")
	if err != nil || len(names) == 0 {
		return "", errors.Join(err, errors.New("the log has no segment"))
	}
	for i, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if i == 0 {
			data[len(data)/2] ^= 1
		}
		if err := os.WriteFile(filepath.Join(temp, filepath.Base(name)), data, 0o600); err != nil {
			return "", err
		}
	}
	_, _, err = verifyLog(ctx, s, temp, opt)
	if !errors.Is(err, audit.ErrTampered) {
		return "", errors.Join(errNotNoticed, err)
	}
	return filepath.Base(names[0]), nil
}

// A forgery changes the records of the chains.
type forgery struct {
	name, does string
	forge      func(chains map[string][]audit.Record)
}

func forgeries() []forgery {
	return []forgery{
		{"altered", "another person's id replaces the nurse's", func(c map[string][]audit.Record) {
			r := &c[accessChain][3]
			r.Line = bytes.Replace(r.Line, []byte("nurse-7"), []byte("dr-abel"), 1)
		}},
		{"removed", "an access is removed", func(c map[string][]audit.Record) {
			c[accessChain] = slices.Delete(c[accessChain], 3, 4)
		}},
		{"swapped", "two accesses change places", func(c map[string][]audit.Record) {
			r := c[accessChain]
			r[1], r[2] = r[2], r[1]
		}},
		{"cut", "the last accesses are cut off", func(c map[string][]audit.Record) {
			c[accessChain] = c[accessChain][:4]
		}},
		{"old_copy", "the whole log is replaced by an older copy of it", func(c map[string][]audit.Record) {
			c[accessChain] = c[accessChain][:2]
			c[audit.System] = c[audit.System][:1]
		}},
	}
}

// tamper makes a copy, forges it and returns what its verification says.
func tamper(ctx context.Context, s *stage, dir string, f forgery, opt *audit.VerifyOptions) (*audit.Fault, error) {
	temp, err := os.MkdirTemp("", "baakit-tampered-")
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
	_, _, err = verifyLog(ctx, s, temp, opt)
	if fault, ok := errors.AsType[*audit.Fault](err); ok {
		return fault, nil
	}
	return nil, errors.Join(errNotNoticed, err)
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
