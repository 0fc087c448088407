package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A Proof shows that a line is entry Index of the chain of a checkpoint,
// without the rest of the chain. Its text form is that of C2SP tlog-proof.
// The zero Proof proves nothing.
type Proof struct {
	Index  uint64
	Hashes []tlog.Hash // from the leaf's sibling up
	Note   []byte      // the checkpoint, signed
}

const proofHeader = "c2sp.org/tlog-proof@v1\n"

// Prove builds the proof that entry seq of a chain is covered by a checkpoint
// of it. It reads O(log n) hashes. Its errors are [ErrOutOfRange] if the
// checkpoint does not cover the entry or the store does not hold what the
// checkpoint covers, and those of the store. It does not check that the store
// still has what was signed: whoever is given the proof does, with
// [Proof.Verify].
func Prove(ctx context.Context, s Store, chain string, seq uint64, c Checkpoint) (Proof, error) {
	if seq >= c.Size || c.Size > 1<<62 {
		return Proof{}, ErrOutOfRange
	}
	hashes, err := tlog.ProveRecord(int64(c.Size), int64(seq), HashReader(ctx, s, chain))
	if err != nil {
		return Proof{}, err
	}
	return Proof{Index: seq, Hashes: hashes, Note: bytes.Clone(c.Note)}, nil
}

// Prove makes a checkpoint of the chain as it is now and the proof that entry
// seq is covered by it. Its errors are those of [Log.Checkpoint] and [Prove].
func (l *Log) Prove(ctx context.Context, chain string, seq uint64) (Proof, error) {
	c, err := l.Checkpoint(ctx, chain)
	if err != nil {
		return Proof{}, err
	}
	return Prove(ctx, l.store, chain, seq, c)
}

// Verify checks that line is entry p.Index of the chain with the origin, by
// the signed checkpoint in the proof, which it returns. Its errors are
// [ErrCheckpoint] and [ErrProof].
func (p Proof) Verify(v *Verifier, origin string, line []byte) (Checkpoint, error) {
	c, err := ParseCheckpoint(v, origin, p.Note)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := p.Check(c, line); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// Check is [Proof.Verify] by a checkpoint that was verified already; p.Note is
// not looked at. Its error is [ErrProof].
func (p Proof) Check(c Checkpoint, line []byte) error {
	if p.Index >= c.Size || c.Size > 1<<62 || len(line) > MaxLine {
		return ErrProof
	}
	if tlog.CheckRecord(p.Hashes, int64(c.Size), c.Root, int64(p.Index), LeafHash(line)) != nil {
		return ErrProof
	}
	return nil
}

// MarshalText implements [encoding.TextMarshaler] with the tlog-proof form.
func (p Proof) MarshalText() ([]byte, error) {
	b := []byte(proofHeader + "index " + strconv.FormatUint(p.Index, 10) + "\n")
	for _, h := range p.Hashes {
		b = append(base64.StdEncoding.AppendEncode(b, h[:]), '\n')
	}
	return append(append(b, '\n'), p.Note...), nil
}

// ParseProof reads the tlog-proof form, with or without the extra line, which
// it ignores. Its error is [ErrProof]. It proves nothing yet.
func ParseProof(text []byte) (Proof, error) {
	bad := func(rule string) (Proof, error) { return Proof{}, fmt.Errorf("%w: %s", ErrProof, rule) }
	head, signed, ok := bytes.Cut(text, []byte("\n\n"))
	rest, ok2 := strings.CutPrefix(string(head), proofHeader)
	if !ok || !ok2 || len(text) > 1<<20 {
		return bad("not a tlog-proof of version 1")
	}
	lines := strings.Split(rest, "\n")
	if strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.Strict().DecodeString(lines[0][len("extra "):]); err != nil {
			return bad("extra is not base64")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines) > 64 {
		return bad("want an index and at most 63 hashes")
	}
	number, ok := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil || strconv.FormatUint(index, 10) != number {
		return bad("the index is not a decimal number")
	}
	p := Proof{Index: index, Note: bytes.Clone(signed)}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return bad("not a hash in base64")
		}
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	return p, nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] as [ParseProof] does.
func (p *Proof) UnmarshalText(text []byte) error {
	read, err := ParseProof(text)
	if err != nil {
		return err
	}
	*p = read
	return nil
}

// Consistency returns the hashes that show that the chain of size newer begins
// with that of size older (RFC 6962, 2.1.2). Its errors are [ErrOutOfRange]
// and those of the store.
func Consistency(ctx context.Context, s Store, chain string, older, newer uint64) ([]tlog.Hash, error) {
	if older == 0 || older > newer || newer > 1<<62 {
		return nil, ErrOutOfRange
	}
	p, err := tlog.ProveTree(int64(newer), int64(older), HashReader(ctx, s, chain))
	return slices.Clip([]tlog.Hash(p)), err
}

// CheckConsistency checks that proof shows that the chain of newer begins with
// that of older, both of one origin. Its error is [ErrProof].
func CheckConsistency(proof []tlog.Hash, older, newer Checkpoint) error {
	if older.Origin != newer.Origin || older.Size == 0 || older.Size > newer.Size || newer.Size > 1<<62 {
		return ErrProof
	}
	if tlog.CheckTree(proof, int64(newer.Size), newer.Root, int64(older.Size), older.Root) != nil {
		return ErrProof
	}
	return nil
}
