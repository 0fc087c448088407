package deid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/baakit/baakit"
)

// ErrIdentifierLeft is the error of the self-check: an identifier of the
// subject, or one that was removed elsewhere in the record, is in the output.
// The record was not written.
var ErrIdentifierLeft = errors.New("deid: the self-check found an identifier in the output")

// A Record is the state of one individual's record while it is transformed:
// what it says about the individual's age, what was removed from it, and the
// counts for the report. It is the tool of adapters for a format; structs,
// JSON and CSV have theirs here.
//
// An adapter calls Apply for each value, and then Settled. If that reports
// false, an age over 89 shows somewhere: it calls Again and repeats the walk
// from the start, and now the dates that show it go. Then it calls Look for
// each value of its finished output that is not of its own making, Check, and
// at last Done, or Fail if the record is not to be written.
//
// A Record is for one goroutine. Make it with [Engine.NewRecord].
type Record struct {
	e       *Engine
	r       *Report
	ctx     context.Context
	subject *Subject

	facts   facts
	verdict verdict
	frozen  bool
	asOf    int
	walks   int // how many began

	counts []int32 // one for each value: its place and outcome
	scrubs []Removed
	check  checker
	walk   structWalk
	input  []byte // memory for what is read and written
	output []byte
	codes  map[givenKey]givenCode // of this document, so that the vault is asked once
}

// NewRecord returns the state for a record of the subject, who may be nil, to
// be counted in the report, which must come from the same engine. It can be
// used for one record after another, each ended by Done or Fail.
func (e *Engine) NewRecord(ctx context.Context, s *Subject, r *Report) *Record {
	c, ok := e.pool.Get().(*Record)
	if !ok {
		c = &Record{e: e}
	}
	if r == nil || r.e != e {
		panic("deid: a report belongs to the engine that made it")
	}
	c.r, c.ctx, c.subject = r, ctx, s
	if !e.opts.AsOf.IsZero() {
		c.asOf = e.opts.AsOf.Year()
	}
	c.facts, c.frozen = facts{}, false
	c.begin()
	return c
}

// maxKept is how much memory a Record keeps for the next document.
const maxKept = 8 << 20

// release gives the record back for reuse.
func (c *Record) release() {
	c.reset()
	clear(c.codes)
	c.r, c.ctx, c.subject = nil, nil, nil
	if max(cap(c.input), cap(c.output)) > maxKept {
		c.input, c.output = nil, nil
	}
	c.e.pool.Put(c)
}

func (c *Record) reset() {
	c.counts, c.scrubs = c.counts[:0], c.scrubs[:0]
	c.check.reset()
}

// begin starts a walk.
func (c *Record) begin() {
	c.reset()
	c.walks++
	if c.subject != nil {
		c.check.subject(c.subject)
		if !c.frozen {
			c.observeDate(KindDOB, c.subject.Birth)
			c.observeDate(KindDeath, c.subject.Death)
		}
	}
}

func (c *Record) observeDate(k Kind, d baakit.Date) {
	if !d.IsZero() {
		c.observeYear(k, d.Year(), false)
	}
}

func (c *Record) observeYear(k Kind, year int, stays bool) {
	if c.frozen || year < firstYear || year > lastYear {
		return
	}
	switch k {
	case KindDOB:
		c.facts.births.add(year)
	case KindDeath:
		c.facts.deaths.add(year)
		if stays {
			c.facts.dates.add(year)
		}
	case KindDate:
		if stays {
			c.facts.dates.add(year)
		}
	}
}

// Settled reports whether every date and age may be judged as it was. Call it
// at the end of a walk.
func (c *Record) Settled() bool {
	if c.frozen {
		return true
	}
	c.verdict = c.facts.decide(c.asOf, ageCap())
	c.frozen = true
	return c.facts.settled(c.verdict)
}

// Again starts a second walk over the same record, with the facts of the
// first.
func (c *Record) Again() { c.begin() }

// next starts the next record of the same subject.
func (c *Record) next() {
	c.facts, c.frozen = facts{}, false
	c.begin()
}

// Done counts the record in the report. Again it starts a new record of the
// same subject.
func (c *Record) Done(bytesIn, bytesOut int) {
	c.r.add(c, bytesIn, bytesOut)
	c.next()
}

// Fail counts the record as failed and not written, with the position at
// which it went wrong and the rule it broke, neither of which may hold
// anything of the document.
func (c *Record) Fail(bytesIn int, position, rule string) {
	c.r.fail(bytesIn, Failure{Position: position, Rule: rule})
	c.next()
}

// Close ends the use of c.
func (c *Record) Close() { c.release() }

func (c *Record) count(p *Place, o Outcome) {
	c.counts = append(c.counts, p.counter+int32(o))
}

// Unknown counts a value that no rule names and that the adapter dropped.
func (c *Record) Unknown(p *Place) { c.count(p, RemovedValue) }

// Kept counts a value that the adapter lets stand because it says the same as
// one that Apply let stand.
func (c *Record) Kept(p *Place) { c.count(p, Kept) }

// Apply decides about the value v at the place and appends to dst what stands
// in its place. Where the outcome is Verbatim nothing is appended: v stays as
// the document writes it. Where it is Gone nothing is appended either.
//
// v is text without the escapes of its format. The errors are those of the
// vault and of the text scrubber; the record must not be written then.
func (c *Record) Apply(dst []byte, p *Place, v []byte) ([]byte, Outcome, error) {
	if p.op == opKeep && len(v) > 0 && !isSpace(v[0]) { // the short way of most values
		o := c.keep(p, v)
		c.count(p, o)
		if !o.Verbatim() {
			c.check.removed(p.kind, v)
		}
		return dst, o, nil
	}
	dst, o, err := c.apply(dst, p, v)
	if err != nil {
		return dst, 0, fmt.Errorf("deid: %s: %w", p.path, err)
	}
	c.count(p, o)
	if !o.Verbatim() {
		c.check.removed(p.kind, v)
	}
	return dst, o, nil
}

func (c *Record) apply(dst []byte, p *Place, v []byte) ([]byte, Outcome, error) {
	if len(v) == 0 || isSpace(v[0]) && len(trimSpace(v)) == 0 {
		return dst, Empty, nil
	}
	switch p.op {
	case opDrop:
		c.observe(p, v)
		return dst, RemovedValue, nil
	case opKeep:
		return dst, c.keep(p, v), nil
	case opYear:
		dst, o := c.year(dst, p.kind, v, false)
		return dst, o, nil
	case opAge:
		dst, o := c.age(dst, v)
		return dst, o, nil
	case opZIP3:
		n := len(dst)
		dst = c.e.policy.zip.append3(dst, v)
		if string(dst[n:]) == "000" {
			return dst, ZeroedZIP, nil
		}
		return dst, KeptZIP3, nil
	case opState:
		if len(v) <= 40 && isState(v) {
			return dst, KeptState, nil
		}
		return dst, RemovedUnread, nil
	case opTag:
		c.observe(p, v)
		return append(dst, p.kind.tag()...), Tagged, nil
	case opScrub:
		return c.scrub(dst, v)
	case opShift:
		return c.shift(dst, v)
	case opDerive:
		dst, err := c.e.derive(dst, p, v)
		return dst, Derived, err
	}
	code, err := c.e.opts.Vault.Code(c.ctx, c.e.opts.Scope, p.namespace, trimSpace(v))
	if err != nil {
		return dst, 0, err
	}
	dst, err = code.AppendText(dst)
	return dst, Coded, err
}

type givenKey struct {
	namespace, key string
}

// A givenCode is a code with the walk in which its value was last said to be
// removed.
type givenCode struct {
	code Code
	walk int
}

// maxCodes is how many codes a Record remembers before it forgets all.
const maxCodes = 1 << 14

// Code is AssignedCode for a format that writes codes in a form of its own, and
// the same ones again and again: it returns the code of key, for which it asks
// the vault once in a document, and v is what was removed. The action of the
// place must be [CodeAs]: any other gives [ErrNoCode]. The other errors are
// those of the vault.
func (c *Record) Code(p *Place, key, v []byte) (Code, error) {
	if p.op != opCode {
		return Code{}, fmt.Errorf("deid: %s: %w", p.path, ErrNoCode)
	}
	given, ok := c.codes[givenKey{p.namespace, string(key)}]
	if ok && given.walk == c.walks {
		c.count(p, Coded)
		return given.code, nil
	}
	code := given.code
	if !ok {
		var err error
		if code, err = c.e.opts.Vault.Code(c.ctx, c.e.opts.Scope, p.namespace, key); err != nil {
			return Code{}, fmt.Errorf("deid: %s: %w", p.path, err)
		}
	}
	if c.codes == nil {
		c.codes = make(map[givenKey]givenCode)
	} else if len(c.codes) >= maxCodes {
		clear(c.codes)
	}
	c.codes[givenKey{p.namespace, string(key)}] = givenCode{code, c.walks}
	c.count(p, Coded)
	c.check.removed(p.kind, v)
	return code, nil
}

// Age is Apply for an age in a format that cannot say 90+: one over 89 is
// removed. Where the place's action is not [AgeCap] it is applied as it is, and
// what would have to be written counts as removed.
func (c *Record) Age(p *Place, v []byte) (Outcome, error) {
	if p.op != opAge || len(trimSpace(v)) == 0 {
		var buf [64]byte
		_, o, err := c.apply(buf[:0], p, v)
		if err != nil {
			return 0, fmt.Errorf("deid: %s: %w", p.path, err)
		}
		if !o.Gone() && !o.Verbatim() {
			o = RemovedValue
		}
		c.count(p, o)
		return o, nil
	}
	var buf [8]byte
	_, o := c.age(buf[:0], v)
	if o == CappedAge {
		o = RemovedOver89
	}
	c.count(p, o)
	return o, nil
}

// observe takes the facts from a date or an age that does not stay.
func (c *Record) observe(p *Place, v []byte) {
	switch {
	case p.kind.isDate():
		if year, ok := parseYear(v); ok {
			c.observeYear(p.kind, year, false)
		}
	case p.kind == KindAge:
		if _, class := parseAge(v); class == AgeOver && !c.frozen {
			c.facts.over = true
		}
	}
}

// AssignedCode is Apply for a value that is no identifier by itself, but
// together with who assigned it: where the rule of the place is a code, it is
// that of id, in the namespace if that is not empty and in the rule's own
// otherwise. Where the rule is another, it is applied to v.
func (c *Record) AssignedCode(dst []byte, p *Place, v []byte, namespace string, id []byte) ([]byte, Outcome, error) {
	if p.op != opCode || len(trimSpace(v)) == 0 {
		return c.Apply(dst, p, v)
	}
	if namespace == "" {
		namespace = p.namespace
	}
	code, err := c.e.opts.Vault.Code(c.ctx, c.e.opts.Scope, namespace, id)
	if err == nil {
		dst, err = code.AppendText(dst)
	}
	if err != nil {
		return dst, 0, fmt.Errorf("deid: %s: %w", p.path, err)
	}
	c.count(p, Coded)
	c.check.removed(p.kind, v)
	return dst, Coded, nil
}

// Unread counts a value that is not what its place expects and that the adapter
// dropped. The self-check looks for it as for any that a rule removed.
func (c *Record) Unread(p *Place, v []byte) {
	c.observe(p, v)
	c.count(p, RemovedUnread)
	c.check.removed(p.kind, v)
}

// HL7Year is Apply for the HL7 v2 types of date, whose six digits are a year
// and a month. The rule of the place must be [YearOnly]; any other is applied
// as it is.
func (c *Record) HL7Year(dst []byte, p *Place, v []byte) ([]byte, Outcome, error) {
	if p.action != YearOnly || len(trimSpace(v)) == 0 {
		return c.Apply(dst, p, v)
	}
	dst, o := c.year(dst, p.kind, v, true)
	c.count(p, o)
	c.check.removed(p.kind, v)
	return dst, o, nil
}

func (c *Record) year(dst []byte, k Kind, v []byte, hl7 bool) ([]byte, Outcome) {
	var year int
	var ok bool
	if hl7 {
		year, ok = parseHL7Year(trimSpace(v))
	} else {
		year, ok = parseYear(v)
	}
	if !ok {
		return dst, RemovedUnread
	}
	c.observeYear(k, year, true)
	if c.frozen && !c.stays(k, year) {
		return dst, RemovedOver89
	}
	return appendYear(dst, year), KeptYear
}

// stays judges a year by the verdict on the whole record.
func (c *Record) stays(k Kind, year int) bool {
	switch k {
	case KindDOB:
		return c.verdict.birth(year)
	case KindDeath:
		return !c.verdict.noDeaths && c.verdict.date(year)
	}
	return c.verdict.date(year)
}

func (c *Record) age(dst, v []byte) ([]byte, Outcome) {
	years, class := parseAge(v)
	switch class {
	case AgeOver:
		if !c.frozen {
			c.facts.over = true
		}
		return append(dst, AgeCapText...), CappedAge
	case AgeStays:
		if !c.frozen {
			c.facts.ages.add(years + 1)
		} else if years > c.verdict.agesUntil {
			return dst, RemovedOver89
		}
		return dst, KeptAge
	}
	return dst, RemovedUnread
}

// keep lets a value stay, unless the safe harbor sees the shape of an
// identifier in it.
func (c *Record) keep(p *Place, v []byte) Outcome {
	if p.kind.isDate() {
		if year, ok := parseYear(v); ok {
			c.observeYear(p.kind, year, true)
		}
	}
	if c.e.safeHarbor && !p.kind.exempt(shapeOf(v)) {
		return RemovedIdentifier
	}
	return Kept
}

func (c *Record) scrub(dst, v []byte) ([]byte, Outcome, error) {
	if c.e.opts.Text == nil {
		return dst, RemovedValue, nil
	}
	out, removed, err := c.e.opts.Text.ScrubText(c.ctx, dst, v, c.subject)
	if err != nil {
		return dst, 0, err
	}
	c.scrubs = append(c.scrubs, removed...)
	return out, Scrubbed, nil
}

// Look gives a value of the finished output to the self-check. Values that
// the record itself made, a year, three digits, a code or a tag, need not be
// given; a published term is given with its kind, since its words may be a
// name by right.
func (c *Record) Look(k Kind, v []byte) { c.check.look(k, v) }

// Check is the self-check: it returns [ErrIdentifierLeft] if any identifier of
// the subject, or any that was removed from this record, stands in a value
// that Look was given, as it is or in another case, with other separators,
// split over neighbouring values, or in base64, hexadecimal or percent signs.
func (c *Record) Check() error {
	if c.check.found() {
		return ErrIdentifierLeft
	}
	return nil
}

// Format implements [fmt.Formatter] and prints nothing of what is inside.
func (c *Record) Format(s fmt.State, _ rune) { io.WriteString(s, "deid.Record(redacted)") }

// LogValue implements [slog.LogValuer] and logs nothing of what is inside.
func (c *Record) LogValue() slog.Value { return slog.StringValue("deid.Record(redacted)") }
