package auditfhir

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"golang.org/x/mod/sumdb/tlog"
)

// A Record is what ties an AuditEvent to the log that it came from: what its
// extensions hold. The zero Record is that of an AuditEvent of other origin.
type Record struct {
	Chain  string
	Seq    uint64
	Prev   tlog.Hash
	Leaf   tlog.Hash
	Line   []byte // nil if there is none
	Proof  *audit.Proof
	Sealed string // "opened", "sealed", "erased", or "" if nothing was sealed
	Token  string // of the patient of a sealed entry
}

// Verify checks that the line is an entry of the chain with the origin, by the
// proof that came with it, and returns the checkpoint of the proof. That the
// AuditEvent says what the line says [Import] has checked. Of what was sealed
// the line holds a commitment only. Its errors are [audit.ErrProof], also if
// there is no proof, and [audit.ErrCheckpoint].
func (r Record) Verify(v *audit.Verifier, origin string) (audit.Checkpoint, error) {
	if r.Proof == nil || r.Line == nil || r.Proof.Index != r.Seq {
		return audit.Checkpoint{}, audit.ErrProof
	}
	return r.Proof.Verify(v, origin, r.Line)
}

// leafID returns the id of the resource of an entry.
func leafID(e audit.Entry) string { return hex.EncodeToString(e.Leaf[:16]) }

// record returns the extensions that tie an AuditEvent to its entry.
func (x *Exporter) record(ctx context.Context, e audit.Entry, state string) ([]Extension, error) {
	if len(e.Line) == 0 {
		return nil, nil // made by hand
	}
	list := []Extension{
		{ExtChain, "String", e.Chain},
		{ExtSeq, "String", strconv.FormatUint(e.Seq, 10)},
		{ExtPrev, "String", hex.EncodeToString(e.Prev[:])},
		{ExtLeaf, "String", hex.EncodeToString(e.Leaf[:])},
		{ExtLine, "String", string(e.Line)},
	}
	if state != "" {
		list = append(list, Extension{ExtSealed, "Code", state})
	}
	if x.opt.Prove == nil {
		return list, nil
	}
	p, err := x.opt.Prove(ctx, e)
	if err != nil {
		return nil, err
	}
	if p.Note == nil && p.Hashes == nil {
		return list, nil
	}
	if p.Index != e.Seq || !covers(p, e.Line) {
		return nil, fmt.Errorf("auditfhir: chain %s, entry %d: %w", e.Chain, e.Seq, audit.ErrProof)
	}
	text, err := p.MarshalText()
	if err != nil {
		return nil, err
	}
	return append(list, Extension{ExtProof, "String", string(text)}), nil
}

// covers tells whether a proof leads from the line to the root that its note
// states, whoever signed that.
func covers(p audit.Proof, line []byte) bool {
	parts := bytes.SplitN(p.Note, []byte("\n"), 4)
	if len(parts) < 4 {
		return false
	}
	size, err := strconv.ParseUint(string(parts[1]), 10, 62)
	root, err2 := base64.StdEncoding.DecodeString(string(parts[2]))
	if err != nil || err2 != nil || len(root) != tlog.HashSize {
		return false
	}
	return p.Check(audit.Checkpoint{Size: size, Root: tlog.Hash(root)}, line) == nil
}

// readRecord reads the extensions of an AuditEvent and checks that they agree.
func readRecord(list []Extension, errs *baakit.FieldErrors) (r Record) {
	if find(list, ExtChain) == "" && find(list, ExtLine) == "" && find(list, ExtLeaf) == "" {
		return r
	}
	fail := func(url, rule string) { errs.Add("AuditEvent.extension("+url[len(base):]+")", rule) }
	hash := func(url string) (h tlog.Hash) {
		if b, err := hex.DecodeString(find(list, url)); err != nil || copy(h[:], b) != len(h) || len(b) != len(h) {
			fail(url, "is required, 64 hexadecimal digits")
		}
		return h
	}
	r = Record{Chain: find(list, ExtChain), Prev: hash(ExtPrev), Leaf: hash(ExtLeaf), Sealed: find(list, ExtSealed)}
	var err error
	if r.Seq, err = strconv.ParseUint(find(list, ExtSeq), 10, 53); err != nil {
		fail(ExtSeq, "is required, a whole number below 2^53")
	}
	if !audit.ValidChain(r.Chain) {
		fail(ExtChain, "is required, a chain's name")
	}
	if text := find(list, ExtProof); text != "" {
		p, err := audit.ParseProof([]byte(text))
		if err != nil {
			fail(ExtProof, "must be a tlog-proof")
		} else {
			r.Proof = &p
		}
	}
	if line := find(list, ExtLine); line != "" {
		r.Line = []byte(line)
	}
	return r
}

// find returns the value of the first extension with the address, or "".
func find(list []Extension, url string) string {
	for _, x := range list {
		if x.URL == url {
			return x.Value
		}
	}
	return ""
}
