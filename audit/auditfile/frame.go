package auditfile

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/baakit/baakit/audit"
)

const (
	chainMember  = `{"chain":"`
	sealedMember = `,"sealed":"`
	seqMember    = `,"seq":`
	lineMember   = `,"line":`
)

// appendFrame appends the journal's frame of a record.
func appendFrame(b []byte, chain string, seq uint64, r audit.Record) []byte {
	b = append(b, chainMember...)
	b = append(b, chain...)
	b = append(b, '"')
	if r.Sealed != nil {
		b = append(b, sealedMember...)
		b = base64.StdEncoding.AppendEncode(b, r.Sealed)
		b = append(b, '"')
	}
	b = append(b, seqMember...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, lineMember...)
	b = append(b, r.Line...)
	return append(b, '}')
}

// A frame is the parts of one, within its bytes.
type frame struct {
	chain, sealed, line []byte // sealed in base64; nil if there is none
	seq                 uint64
	sealedAt, sealedEnd int // where the member stands, its comma included
}

// parseFrame reads what appendFrame writes, and what erasing leaves of it.
func parseFrame(b []byte) (f frame, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte(chainMember))
	if !ok {
		return frame{}, false
	}
	i := bytes.IndexByte(rest, '"')
	if i < 1 || i > audit.MaxChainName {
		return frame{}, false
	}
	f.chain, rest = rest[:i], rest[i+1:]
	f.sealedAt = len(b) - len(rest)
	if after, ok := bytes.CutPrefix(rest, []byte(sealedMember)); ok {
		i := bytes.IndexByte(after, '"')
		if i < 0 {
			return frame{}, false
		}
		f.sealed, rest = after[:i:i], after[i+1:]
	} else {
		rest = bytes.TrimLeft(rest, " ") // erased
	}
	f.sealedEnd = len(b) - len(rest)
	rest, ok = bytes.CutPrefix(rest, []byte(seqMember))
	if !ok {
		return frame{}, false
	}
	i = bytes.IndexByte(rest, ',')
	if i < 1 || rest[0] == '0' && i > 1 {
		return frame{}, false
	}
	for _, c := range rest[:i] {
		if c < '0' || c > '9' || f.seq > (1<<63)/10 {
			return frame{}, false
		}
		f.seq = 10*f.seq + uint64(c-'0')
	}
	rest, ok = bytes.CutPrefix(rest[i:], []byte(lineMember))
	if !ok || len(rest) < 2 || rest[len(rest)-1] != '}' {
		return frame{}, false
	}
	f.line = rest[: len(rest)-1 : len(rest)-1]
	return f, true
}

// erase puts spaces in the place of the sealed payload.
func (f frame) erase(b []byte) {
	for i := f.sealedAt; i < f.sealedEnd; i++ {
		b[i] = ' '
	}
}
