package disclosure

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/strictjson"
)

// AccountingSchema and WorksheetSchema are the schemas of an [Accounting] and
// a [Worksheet] as JSON.
const (
	AccountingSchema = "baakit.audit.accounting/1"
	WorksheetSchema  = "baakit.audit.accounting_worksheet/1"
)

// An Accounting is the accounting of disclosures for one individual, or what a
// business associate makes available for the covered entity's
// (45 CFR 164.504(e)(2)(ii)(G)). Make one with [Account] or [ParseAccounting];
// the zero Accounting accounts for nothing. It holds health information.
type Accounting struct {
	Patient   string
	For       string // the covered entity
	By        string // who answers
	Requested baakit.Date
	Made      baakit.Date
	From      baakit.Date // the period, both days in it
	Through   baakit.Date
	Full      bool        // nothing is summarised
	Due       baakit.Date // the last day to hand it over, without an extension
	Lines     []Line      // in the order of their first day
	// Unreadable are the entries that say of themselves that they are about
	// the individual, or a disclosure of nobody knows whom, and cannot be read:
	// while there are any, the accounting may lack something.
	Unreadable []Unreadable
	// Unattributed is how many further entries cannot be read, and do not say
	// whom they are about.
	Unattributed int
	Chains       []Span // what was read
	// Evidence proves the lines; nil until [Accounting.Prove].
	Evidence []Evidence
}

type accountingWire struct {
	Schema       string            `json:"schema"`
	Patient      string            `json:"patient"`
	For          string            `json:"for,omitempty"`
	By           string            `json:"by,omitempty"`
	Requested    baakit.Date       `json:"requested"`
	Made         baakit.Date       `json:"made"`
	From         baakit.Date       `json:"from"`
	Through      baakit.Date       `json:"through"`
	Full         bool              `json:"full,omitempty"`
	Due          baakit.Date       `json:"due"`
	Lines        []Line            `json:"lines"`
	Unreadable   []unreadableWire  `json:"unreadable,omitempty"`
	Unattributed int               `json:"unattributed,omitempty"`
	Chains       []Span            `json:"chains"`
	Evidence     []Evidence        `json:"evidence,omitempty"`
	Confidence   baakit.Confidence `json:"confidence"`
	Citations    []baakit.Citation `json:"citations"`
}

type unreadableWire struct {
	Chain      string        `json:"chain"`
	Seq        uint64        `json:"seq"`
	Leaf       string        `json:"leaf"`
	Recorded   baakit.Date   `json:"recorded"`
	Why        UnreadableWhy `json:"why"`
	Disclosure bool          `json:"disclosure"`
	Attributed bool          `json:"attributed"`
}

// Complete reports whether every entry that may belong to the accounting could
// be read.
func (a Accounting) Complete() bool { return len(a.Unreadable) == 0 && a.Unattributed == 0 }

// KeepThrough returns the last day on which a copy of the accounting has to be
// kept, six years after it was made (45 CFR 164.528(d)); zero for the zero
// Accounting.
func (a Accounting) KeepThrough() baakit.Date {
	d, err := law().periods["documentation"].AddTo(a.Made, nil, baakit.RollForward)
	if err != nil {
		return baakit.Date{}
	}
	return d
}

// Citations returns the sources of the accounting's rules.
func (a Accounting) Citations() []baakit.Citation {
	var list []baakit.Citation
	for _, id := range []string{"period.look_back", "content", "period.act", "business_associate"} {
		list = append(list, law().reason(id).Citations...)
	}
	return list
}

// Confidence returns the weakest of the sources.
func (a Accounting) Confidence() baakit.Confidence { return weakest(a.Citations()) }

func weakest(list []baakit.Citation) baakit.Confidence {
	var all []baakit.Confidence
	for _, c := range list {
		all = append(all, c.Confidence())
	}
	return baakit.Weakest(all...)
}

// MarshalJSON implements [json.Marshaler].
func (a Accounting) MarshalJSON() ([]byte, error) {
	w := accountingWire{
		AccountingSchema, a.Patient, a.For, a.By, a.Requested, a.Made, a.From, a.Through, a.Full, a.Due, a.Lines, nil, a.Unattributed,
		a.Chains, a.Evidence, a.Confidence(), a.Citations(),
	}
	for _, u := range a.Unreadable {
		w.Unreadable = append(w.Unreadable, unreadableWire{u.Chain, u.Seq, u.Leaf, u.Recorded, u.Why, u.Disclosure, u.Attributed})
	}
	return json.Marshal(w)
}

// ParseAccounting reads an accounting as JSON, strictly: what it accepts is
// what [Account] could have returned, as far as the text alone can tell. It
// proves nothing: that is what [Accounting.Verify] does. The error is a
// [baakit.FieldErrors].
func ParseAccounting(data []byte) (Accounting, error) {
	var w accountingWire
	if err := strictjson.Decode(data, &w); err != nil {
		return Accounting{}, err
	}
	a := Accounting{
		w.Patient, w.For, w.By, w.Requested, w.Made, w.From, w.Through, w.Full, w.Due, w.Lines, nil, w.Unattributed, w.Chains, w.Evidence,
	}
	for _, u := range w.Unreadable {
		a.Unreadable = append(a.Unreadable, Unreadable{Ref{u.Chain, u.Seq, u.Leaf}, u.Recorded, u.Why, u.Disclosure, u.Attributed})
	}
	var errs baakit.FieldErrors
	if w.Schema != AccountingSchema {
		errs.Add("schema", "must be "+AccountingSchema)
	}
	errs.Merge("", Request{
		Patient: a.Patient, Requested: a.Requested, From: a.From, Through: a.Through, Made: a.Made, For: a.For, By: a.By,
	}.Validate())
	if a.From.IsZero() || a.Through.IsZero() || a.Made.IsZero() {
		errs.Add("from", "is required, and so are through and made")
	}
	if !a.Requested.IsZero() && a.Due != (Clock{Received: a.Requested}).Due() {
		errs.Add("due", "must be the last day that the law gives")
	}
	if a.Lines == nil {
		errs.Add("lines", "is required, if only as an empty list")
	}
	a.check(&errs)
	if w.Confidence != a.Confidence() || !slices.Equal(w.Citations, a.Citations()) {
		errs.Add("citations", "must be those of this version of the rules, with their confidence")
	}
	if err := errs.Err(); err != nil {
		return Accounting{}, err
	}
	return a, nil
}

// check looks at the lists.
func (a *Accounting) check(errs *baakit.FieldErrors) {
	chains := make(map[string]uint64)
	for i, s := range a.Chains {
		path := fmt.Sprintf("chains[%d]", i)
		if _, twice := chains[s.Chain]; twice || !audit.ValidChain(s.Chain) {
			errs.Add(path+".chain", "must be a chain's name, once")
		}
		if (s.Size > 0) != isLeaf(s.Last) || s.Size == 0 && s.Last != "" || s.Size > 1<<53 {
			errs.Add(path, "must have the leaf hash of the last entry, if there is one")
		}
		chains[s.Chain] = s.Size
	}
	if len(a.Chains) == 0 {
		errs.Add("chains", "must be at least one")
	}
	ref := func(path string, r Ref) {
		if size, ok := chains[r.Chain]; !ok || r.Seq >= size || !isLeaf(r.Leaf) {
			errs.Add(path, "must be an entry of a chain that was read, with its leaf hash")
		}
	}
	for i := range a.Lines {
		l := &a.Lines[i]
		path := fmt.Sprintf("lines[%d]", i)
		l.check(errs, path, a)
		for j, r := range l.Entries {
			ref(fmt.Sprintf("%s.entries[%d]", path, j), r)
		}
	}
	for i, u := range a.Unreadable {
		path := fmt.Sprintf("unreadable[%d]", i)
		ref(path, u.Ref)
		if u.Why != Erased && u.Why != Sealed && u.Why != Malformed && u.Why != NoPatient {
			errs.Add(path+".why", "must be erased, sealed, malformed or no_patient")
		}
		if u.Recorded.IsZero() {
			errs.Add(path+".recorded", "is required")
		}
		if !u.Attributed && !u.Disclosure {
			errs.Add(path, "must be a disclosure or be about the individual")
		}
	}
	if a.Unattributed < 0 {
		errs.Add("unattributed", "must not be negative")
	}
	for i, e := range a.Evidence {
		if _, err := e.entry(); err != nil {
			errs.Add(fmt.Sprintf("evidence[%d]", i), "must be a line of the log, with its payload and proof")
		}
	}
}

func (l *Line) check(errs *baakit.FieldErrors, path string, a *Accounting) {
	if l.Times < 1 || l.Times != len(l.Entries) {
		errs.Add(path+".times", "must be the number of entries")
	}
	if l.Date.IsZero() || l.Date.Before(a.From) || l.Last.Before(l.Date) || l.Last.After(a.Through) {
		errs.Add(path+".date", "must be in the period, and not after last")
	}
	if l.Kind == ByProtocol {
		if l.Research == nil || l.Recipient != nil || l.Description != "" || l.Purpose != "" || l.RequestCopy != "" || l.Basis != "" || len(l.Also) > 0 {
			errs.Add(path, "must have research, and nothing of a single disclosure")
			return
		}
		r := l.Research
		text(errs, path+".research.protocol", r.Protocol, true, maxText)
		text(errs, path+".research.description", r.Description, true, maxText)
		text(errs, path+".research.information", r.Information, true, maxText)
		r.Sponsor.check(errs, path+".research.sponsor")
		r.Researcher.check(errs, path+".research.researcher")
		if r.Statement != law().reason("may_or_may_not").Says {
			errs.Add(path+".research.statement", "must be that the information may or may not have been disclosed")
		}
		return
	}
	least := law().thresholds["repeated"]
	if l.Kind != Single && l.Kind != Repeated || (l.Kind == Repeated) != (l.Times >= least) {
		errs.Add(path+".kind", "must be disclosure for one and repeated for several")
	}
	if l.Research != nil || l.Recipient == nil {
		errs.Add(path+".recipient", "is required, and research must be absent")
		return
	}
	d := Disclosure{
		Date: l.Date, Recipient: *l.Recipient, Description: l.Description, Purpose: l.Purpose, RequestCopy: l.RequestCopy, Basis: l.Basis,
	}
	var own baakit.FieldErrors
	d.check(&own)
	errs.Merge(path, own.Err())
	if l.Kind == Single && (l.Last != l.Date || len(l.Also) > 0) {
		errs.Add(path+".last", "must be date, without further descriptions")
	}
	if row, _ := law().basis(l.Basis); l.Kind == Repeated && (!row.Summary || a.Full) {
		errs.Add(path+".kind", "must be a disclosure where the basis or the request allows no summary")
	}
	for i, s := range l.Also {
		text(errs, fmt.Sprintf("%s.also[%d]", path, i), s, true, maxText)
	}
	if len(l.Also) >= max(l.Times, 1) {
		errs.Add(path+".also", "must be fewer than the disclosures")
	}
}

func isLeaf(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 32 && hex.EncodeToString(raw) == s
}

// UnmarshalJSON implements [json.Unmarshaler] as [ParseAccounting] does; on an
// error a is unchanged.
func (a *Accounting) UnmarshalJSON(data []byte) error {
	read, err := ParseAccounting(data)
	if err != nil {
		return err
	}
	*a = read
	return nil
}

// String keeps the health information out of logs.
func (a Accounting) String() string { return "disclosure.Accounting" }

// GoString is String.
func (a Accounting) GoString() string { return a.String() }

// A Worksheet says of every disclosure that was found what became of it, and
// why. It stays with whoever made the accounting: it tells what an agency has
// asked not to tell.
type Worksheet struct {
	Patient       string
	Requested     baakit.Date
	Made          baakit.Date
	From, Through baakit.Date
	Considered    []Considered // in the order of their days
	// Again is the first day on which a suspension has ended and the
	// accounting has to be made again; zero if nothing is suspended.
	Again baakit.Date
}

// Count returns how many disclosures were treated so.
func (w Worksheet) Count(t Treatment) int {
	n := 0
	for _, c := range w.Considered {
		if c.Treatment == t {
			n++
		}
	}
	return n
}

type worksheetWire struct {
	Schema     string       `json:"schema"`
	Patient    string       `json:"patient"`
	Requested  baakit.Date  `json:"requested"`
	Made       baakit.Date  `json:"made"`
	From       baakit.Date  `json:"from"`
	Through    baakit.Date  `json:"through"`
	Considered []Considered `json:"considered"`
	Again      baakit.Date  `json:"again,omitzero"`
}

// MarshalJSON implements [json.Marshaler].
func (w Worksheet) MarshalJSON() ([]byte, error) {
	return json.Marshal(worksheetWire{WorksheetSchema, w.Patient, w.Requested, w.Made, w.From, w.Through, w.Considered, w.Again})
}

// String keeps the health information out of logs.
func (w Worksheet) String() string { return "disclosure.Worksheet" }

// GoString is String.
func (w Worksheet) GoString() string { return w.String() }
