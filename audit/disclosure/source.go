package disclosure

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"golang.org/x/mod/sumdb/tlog"
)

// A Source is where disclosures are logged. It only reads. It is safe for
// concurrent use if its parts are.
type Source struct {
	Store  audit.Store
	Sealer audit.Sealer // opens the entries

	// Chains are the chains to read, such as those of one covered entity; at
	// least one. The same patient identifier in two of them is one individual.
	Chains []string

	// Tokens returns the tokens under which entries about a patient may stand
	// in a chain: several where the key of tokens was changed. Nil means the
	// one that the Sealer gives to a new entry ([audit.Sealing].Subject).
	Tokens func(ctx context.Context, chain, patient string) ([]audit.Token, error)
}

func (s Source) validate() error {
	var errs baakit.FieldErrors
	if s.Store == nil {
		errs.Add("store", "is required")
	}
	if s.Sealer == nil {
		errs.Add("sealer", "is required")
	}
	if len(s.Chains) == 0 {
		errs.Add("chains", "must be at least one")
	}
	for i, c := range s.Chains {
		if !audit.ValidChain(c) || c == audit.System || slices.Contains(s.Chains[:i], c) {
			errs.Add(fmt.Sprintf("chains[%d]", i), "must be a chain's name, other than the log's own, once")
		}
	}
	return errs.Err()
}

// tokens returns the tokens of a patient as lines have them.
func (s Source) tokens(ctx context.Context, chain, patient string) ([]string, error) {
	if s.Tokens != nil {
		list, err := s.Tokens(ctx, chain, patient)
		texts := make([]string, len(list))
		for i, t := range list {
			texts[i] = t.String()
		}
		return texts, err
	}
	sealing, err := s.Sealer.Sealing(ctx, chain, patient)
	if err != nil {
		return nil, err
	}
	if token, ok := sealing.Subject(); ok {
		return []string{token.String()}, nil
	}
	return nil, nil
}

// A Span is how much of a chain was read.
type Span struct {
	Chain string `json:"chain"`
	Size  uint64 `json:"size"`           // entries, from the first
	Last  string `json:"last,omitempty"` // leaf hash of the last of them, in hexadecimal
}

var (
	subjectMember = []byte(`"subject":"`)
	sealMember    = []byte(`"seal":"`)
	exportMember  = []byte(`"type":"110106"`)
	discloseCode  = []byte("disclose")
)

// candidates yields the entries of a chain that may tell of a disclosure about
// the patient who has the tokens: those under a token, and those without any
// that have a sealed part or say that they are a disclosure; with every set,
// those under other tokens too. A line is looked at as bytes before it is
// parsed: no value of a line holds a quotation mark, so a member's name and the
// quotation mark of its value occur nowhere else in it. What is yielded is valid
// until the next.
func (s Source) candidates(ctx context.Context, chain string, tokens []string, every bool, span *Span) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		*span = Span{Chain: chain}
		var last []byte
		for r, err := range s.Store.Read(ctx, chain, 0) {
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			last = append(last[:0], r.Line...)
			span.Size++
			if !bytes.Contains(r.Line, sealMember) && !bytes.Contains(r.Line, exportMember) && !bytes.Contains(r.Line, discloseCode) ||
				!every && !concerns(r.Line, tokens) {
				continue
			}
			if !yield(r, nil) {
				return
			}
		}
		if span.Size > 0 {
			leaf := audit.LeafHash(last)
			span.Last = fmt.Sprintf("%x", leaf[:])
		}
	}
}

// concerns reports whether a line has one of the tokens, or none.
func concerns(line []byte, tokens []string) bool {
	_, value, ok := bytes.Cut(line, subjectMember)
	return !ok || slices.ContainsFunc(tokens, func(t string) bool { return bytes.HasPrefix(value, []byte(t)) })
}

// A Ref names an entry of the log.
type Ref struct {
	Chain string `json:"chain"`
	Seq   uint64 `json:"seq"`
	Leaf  string `json:"leaf"` // its leaf hash, in hexadecimal
}

func refOf(e audit.Entry) Ref { return Ref{e.Chain, e.Seq, hexOf(e.Leaf)} }

func hexOf(h tlog.Hash) string { return fmt.Sprintf("%x", h[:]) }

// A record is a disclosure that was read.
type record struct {
	Disclosure
	ref     Ref
	patient string
}

// An Unreadable is an entry that may tell of a disclosure and cannot be read.
type Unreadable struct {
	Ref
	Recorded baakit.Date   `json:"recorded"` // when the log took it, in UTC
	Why      UnreadableWhy `json:"why"`
	// Disclosure reports that the line itself says that it is one.
	Disclosure bool `json:"disclosure"`
	// Attributed reports that the line has a subject token: the individual's,
	// or of a reading of all, somebody's.
	Attributed bool `json:"attributed"`
}

// An UnreadableWhy is why an entry cannot be read.
type UnreadableWhy string

// Why an entry cannot be read.
const (
	Erased    UnreadableWhy = "erased"     // the sealed part or its key is gone
	Sealed    UnreadableWhy = "sealed"     // it does not open, or is not what the line commits to
	Malformed UnreadableWhy = "malformed"  // it opens, and is not a disclosure as this package writes it
	NoPatient UnreadableWhy = "no_patient" // it does not say whom it is about
)

func unreadable(e audit.Entry, why UnreadableWhy, attributed bool) Unreadable {
	return Unreadable{refOf(e), baakit.DateOf(e.Time, nil), why, marked(e), attributed}
}

// marked reports whether a line says in clear that it is a disclosure.
func marked(e audit.Entry) bool {
	return e.Event.Type == audit.Export || slices.Contains(e.Event.Subtype, audit.Disclose)
}

// A reading is what the log holds on the disclosures about one patient, or
// about all.
type reading struct {
	spans       []Span
	records     []record
	suspensions []suspension
	unreadable  []Unreadable
}

type suspension struct {
	suspended
	patient string
}

// read reads the chains. patient is "" for all patients.
func (s Source) read(ctx context.Context, patient string) (reading, error) {
	var out reading
	if err := s.validate(); err != nil {
		return out, err
	}
	for _, chain := range s.Chains {
		var tokens []string
		if patient != "" {
			var err error
			if tokens, err = s.tokens(ctx, chain, patient); err != nil {
				return reading{}, err
			}
		}
		var span Span
		if err := s.readAll(ctx, chain, patient, s.candidates(ctx, chain, tokens, patient == "", &span), &span, &out); err != nil {
			return reading{}, err
		}
		out.spans = append(out.spans, span)
	}
	return out, nil
}

// open is [audit.OpenEntry], except that the event of an entry under a token is
// left as the line has it where the payload cannot hold a disclosure: most of
// what there is about a patient is reading, and JSON takes long to read.
func (s Source) open(ctx context.Context, e audit.Entry) (audit.Entry, error) {
	if e.Seal == "" || len(e.Sealed) == 0 || e.Subject == "" || e.Event.Kind != "" {
		return audit.OpenEntry(ctx, s.Sealer, e)
	}
	payload, err := s.Sealer.Open(ctx, e.Chain, e.Leaf, e.Sealed)
	if err != nil {
		return audit.Entry{}, err
	}
	if bytes.Contains(payload, []byte(`"disclosure"`)) || bytes.Contains(payload, []byte(`\u`)) {
		return e.OpenPayload(payload)
	}
	if sum := audit.Commitment(payload); len(payload) < audit.SaltSize || hex.EncodeToString(sum[:]) != e.Seal {
		return audit.Entry{}, audit.ErrSealed
	}
	return e, nil
}

// add takes an entry, opened or with the error of opening it.
func (out *reading) add(e, opened audit.Entry, err error, patient string) error {
	attributed := e.Subject != ""
	switch {
	case errors.Is(err, audit.ErrErased):
		out.unreadable = append(out.unreadable, unreadable(e, Erased, attributed))
		return nil
	case errors.Is(err, audit.ErrSealed):
		out.unreadable = append(out.unreadable, unreadable(e, Sealed, attributed))
		return nil
	case err != nil:
		return err
	}
	v := opened.Event
	people := slices.DeleteFunc(append([]string{v.Patient}, v.Subjects...), func(p string) bool { return p == "" })
	if patient != "" && !attributed && len(people) > 0 && !slices.Contains(people, patient) {
		return nil // it has no token, and is about somebody else
	}
	if patient != "" && (attributed || len(people) > 0) {
		people = []string{patient}
	}
	if v.Kind == SuspensionKind {
		if p, err := parseSuspended(v.Payload); err == nil && len(people) > 0 {
			out.suspensions = append(out.suspensions, suspension{p, people[0]})
		} else {
			out.unreadable = append(out.unreadable, unreadable(e, Malformed, attributed))
		}
		return nil
	}
	if v.Disclosure == nil {
		if marked(e) && v.Kind == "" {
			out.unreadable = append(out.unreadable, unreadable(e, Malformed, attributed))
		}
		return nil
	}
	d, err := ParseDisclosure(v.Disclosure)
	switch {
	case err != nil:
		out.unreadable = append(out.unreadable, unreadable(e, Malformed, attributed))
	case len(people) == 0 && !d.byProtocol():
		out.unreadable = append(out.unreadable, unreadable(e, NoPatient, false))
	case len(people) == 0: // a protocol that may have concerned anybody
		out.records = append(out.records, record{d, refOf(e), ""})
	}
	if err == nil {
		for _, p := range people {
			out.records = append(out.records, record{d, refOf(e), p})
		}
	}
	return nil
}
