package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"golang.org/x/mod/sumdb/tlog"
)

type prove struct {
	trust  trust
	asJSON bool
}

func (c *prove) flags(set *flag.FlagSet) {
	c.trust.flags(set)
	set.BoolVar(&c.asJSON, "json", false, "print the proof as JSON")
}

func (*prove) words() (from, to int) { return 2, 2 }

// An inclusion is a proof in JSON: the entry is in the tree of size and root.
// If the checkpoint is the system chain's, Under proves the line of the system
// chain that states this size and root.
type inclusion struct {
	Schema     string      `json:"schema,omitempty"`
	Chain      string      `json:"chain"`
	Seq        uint64      `json:"seq"`
	Line       string      `json:"line"`
	Leaf       string      `json:"leaf"`
	Size       uint64      `json:"size"`
	Root       string      `json:"root"`
	Hashes     []tlog.Hash `json:"hashes"`
	Checkpoint string      `json:"checkpoint,omitempty"`
	Under      *inclusion  `json:"under,omitempty"`
}

func (c *prove) run(ctx context.Context, s *auditfile.Store, words []string, stdout io.Writer) error {
	chain := words[0]
	seq, err := strconv.ParseUint(words[1], 10, 63)
	if err != nil {
		return errors.New("SEQ must be a number from 0")
	}
	signed, v, err := c.trust.read()
	if err != nil {
		return err
	}
	p, err := evidence(ctx, s, chain, seq, signed, v)
	if err != nil {
		return err
	}
	if c.asJSON {
		p.Schema = "baakit.auditlog.proof/1"
		enc := json.NewEncoder(stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(p)
	}
	return p.print(stdout)
}

// evidence proves an entry under a checkpoint of its chain or of the system
// chain, or, without one, in the tree as it is now.
func evidence(ctx context.Context, s audit.Store, chain string, seq uint64, signed []byte, v *audit.Verifier) (*inclusion, error) {
	if signed == nil {
		h, err := s.Head(ctx, chain)
		if err != nil {
			return nil, err
		}
		if h.Size == 0 {
			return nil, audit.ErrUnknownChain
		}
		f, err := audit.FrontierAt(h.Size, audit.HashReader(ctx, s, chain))
		if err != nil {
			return nil, err
		}
		return include(ctx, s, chain, seq, audit.Checkpoint{Size: h.Size, Root: f.Root()})
	}
	origin, err := audit.PeekOrigin(signed)
	if err != nil {
		return nil, err
	}
	c, err := audit.ParseCheckpoint(v, origin, signed)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(origin, "/"+chain) {
		return include(ctx, s, chain, seq, c)
	}
	if !strings.HasSuffix(origin, "/"+audit.System) {
		return nil, errors.New("the checkpoint is neither the chain's nor the system chain's")
	}
	// The first line of the system chain that covers the entry.
	for e, err := range audit.Entries(ctx, s, audit.System, 0) {
		if err != nil {
			return nil, err
		}
		of, size, root, ok := e.Checkpoint()
		if !ok || of != chain || size <= seq || e.Seq >= c.Size {
			continue
		}
		p, err := include(ctx, s, chain, seq, audit.Checkpoint{Size: size, Root: root})
		if err != nil {
			return nil, err
		}
		p.Under, err = include(ctx, s, audit.System, e.Seq, c)
		return p, err
	}
	return nil, errors.New("the checkpoint does not cover this entry")
}

func include(ctx context.Context, s audit.Store, chain string, seq uint64, c audit.Checkpoint) (*inclusion, error) {
	proof, err := audit.Prove(ctx, s, chain, seq, c)
	if err != nil {
		return nil, err
	}
	for r, err := range s.Read(ctx, chain, seq) {
		if err != nil {
			return nil, err
		}
		if err := proof.Check(c, r.Line); err != nil {
			return nil, fmt.Errorf("chain %s, entry %d: %w", chain, seq, err)
		}
		leaf := audit.LeafHash(r.Line)
		return &inclusion{
			Chain: chain, Seq: seq, Line: string(r.Line), Leaf: hex.EncodeToString(leaf[:]),
			Size: c.Size, Root: c.Root.String(), Hashes: proof.Hashes, Checkpoint: string(c.Note),
		}, nil
	}
	return nil, audit.ErrOutOfRange
}

func (p *inclusion) print(w io.Writer) error {
	for ; p != nil; p = p.Under {
		fmt.Fprintf(w, "%s\n\n", p.Line)
		if p.Checkpoint != "" {
			text, err := audit.Proof{Index: p.Seq, Hashes: p.Hashes, Note: []byte(p.Checkpoint)}.MarshalText()
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s", text)
			continue
		}
		fmt.Fprintf(w, "is entry %d of the %d entries of %s with the root\n%s\nbecause of\n", p.Seq, p.Size, p.Chain, p.Root)
		for _, h := range p.Hashes {
			fmt.Fprintf(w, "%s\n", h)
		}
		if p.Under == nil {
			fmt.Fprintln(w, "note: no checkpoint was given, so the root is only what this folder says")
			break
		}
		fmt.Fprintln(w)
	}
	return nil
}
