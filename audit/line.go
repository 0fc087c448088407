package audit

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const timeLayout = "2006-01-02T15:04:05.000000Z"

// An Entry is a line that was read: what the log added, and the clear part of
// the event. It is a value; its slices are its own.
type Entry struct {
	Chain   string
	Seq     uint64
	Time    time.Time // when the log recorded it, UTC, to the microsecond
	Prev    tlog.Hash // leaf hash of the line before
	Leaf    tlog.Hash // of this line
	Subject string    // token of the patient, 32 hexadecimal digits, or ""
	Seal    string    // commitment to the sealed part, 64 hexadecimal digits, or ""
	Event   Event     // its sealed part is filled by [Log.Open] only
	Line    []byte
	Sealed  []byte // nil if there is none or it was erased
}

// Checkpoint returns what an entry of the system chain says of another chain:
// its size and root hash then. ok is false for every other entry.
func (e *Entry) Checkpoint() (chain string, size uint64, root tlog.Hash, ok bool) {
	c := e.Event.checkpoint
	if c == nil {
		return "", 0, tlog.Hash{}, false
	}
	_, _ = hex.Decode(root[:], []byte(c.root))
	return c.chain, c.size, root, true
}

// A draft is a line without what only its place in the chain gives: the bytes
// are complete but for the values at the three cuts.
type draft struct {
	text                  []byte
	prevAt, seqAt, timeAt int
}

// encode builds the draft of a valid event. No value needs an escape: the
// clear fields do not admit such characters.
func (d *draft) encode(chain string, e *Event, subject, seal string) {
	b := encoder{d.text[:0]}
	b.text = append(b.text, '{')
	b.str("action", string(e.Action))
	if b.open("actor") {
		b.str("for", e.Actor.For)
		b.str("id", e.Actor.ID)
		b.str("kind", e.Actor.Kind)
		b.str("org", e.Actor.Org)
		b.str("role", e.Actor.Role)
		b.close("actor")
	}
	b.str("chain", chain)
	if c := e.checkpoint; c != nil && b.open("checkpoint") {
		b.str("chain", c.chain)
		b.str("root", c.root)
		b.num("size", c.size)
		b.close("checkpoint")
	}
	if b.open("client") {
		b.str("addr", e.Client.Addr)
		b.str("kind", e.Client.Kind)
		b.close("client")
	}
	if e.Emergency {
		b.num("emergency", 1)
	}
	b.str("kind", e.Kind)
	if b.open("object") {
		b.str("category", e.Object.Category)
		strs(&b, "labels", e.Object.Labels)
		b.str("lifecycle", e.Object.Lifecycle)
		b.str("type", e.Object.Type)
		b.close("object")
	}
	if !e.Occurred.IsZero() {
		b.key("occurred")
		b.text = append(b.text, '"')
		b.text = append(e.Occurred.UTC().AppendFormat(b.text, timeLayout), '"')
	}
	b.str("outcome", string(e.Outcome))
	strs(&b, "policy", e.Policy)
	b.key("prev")
	b.text = append(b.text, `""`...)
	d.prevAt = len(b.text) - 1
	strs(&b, "purpose", e.Purpose)
	if b.open("request") {
		b.str("id", e.Request.ID)
		b.str("route", e.Request.Route)
		b.str("span", e.Request.Span)
		b.str("token", e.Request.Token)
		b.str("trace", e.Request.Trace)
		b.close("request")
	}
	b.str("seal", seal)
	b.key("seq")
	d.seqAt = len(b.text)
	b.str("subject", subject)
	strs(&b, "subtype", e.Subtype)
	b.key("time")
	b.text = append(b.text, `""`...)
	d.timeAt = len(b.text) - 1
	b.str("type", string(e.Type))
	b.num("v", 1)
	d.text = append(b.text, '}')
}

// appendLine appends the line at its place in the chain.
func (d *draft) appendLine(dst []byte, prev tlog.Hash, seq uint64, at time.Time) []byte {
	dst = append(dst, d.text[:d.prevAt]...)
	dst = hex.AppendEncode(dst, prev[:])
	dst = append(dst, d.text[d.prevAt:d.seqAt]...)
	dst = strconv.AppendUint(dst, seq, 10)
	dst = append(dst, d.text[d.seqAt:d.timeAt]...)
	dst = at.AppendFormat(dst, timeLayout)
	return append(dst, d.text[d.timeAt:]...)
}

type encoder struct{ text []byte }

func (b *encoder) key(name string) {
	if b.text[len(b.text)-1] != '{' {
		b.text = append(b.text, ',')
	}
	b.text = append(append(append(b.text, '"'), name...), `":`...)
}

func (b *encoder) str(name, value string) {
	if value != "" {
		b.key(name)
		b.text = append(append(append(b.text, '"'), value...), '"')
	}
}

func (b *encoder) num(name string, value uint64) {
	b.key(name)
	b.text = strconv.AppendUint(b.text, value, 10)
}

func (b *encoder) open(name string) bool {
	b.key(name)
	b.text = append(b.text, '{')
	return true
}

// close ends an object, or takes it back if it has no member.
func (b *encoder) close(name string) {
	if b.text[len(b.text)-1] != '{' {
		b.text = append(b.text, '}')
		return
	}
	b.text = b.text[:len(b.text)-len(name)-len(`"":{`)]
	if b.text[len(b.text)-1] == ',' {
		b.text = b.text[:len(b.text)-1]
	}
}

func strs[S ~string](b *encoder, name string, values []S) {
	if len(values) == 0 {
		return
	}
	b.key(name)
	b.text = append(b.text, '"')
	for i, v := range values {
		if i > 0 {
			b.text = append(b.text, ' ')
		}
		b.text = append(b.text, v...)
	}
	b.text = append(b.text, '"')
}

// ParseLine reads a line. It accepts exactly the bytes that a log writes, so
// that no two lines say the same: whatever it accepts is RFC 8785 canonical.
// Its error is a [LineError]. The entry aliases nothing of line but holds it
// as Entry.Line.
func ParseLine(line []byte) (Entry, error) {
	e := Entry{Line: line}
	if len(line) > MaxLine {
		return Entry{}, &LineError{MaxLine, "must not be longer than 65535 bytes"}
	}
	p := parser{s: string(line)}
	p.entry(&e)
	if p.rule != "" {
		return Entry{}, &LineError{p.at, p.rule}
	}
	e.Leaf = LeafHash(line)
	return e, nil
}

// A parser reads members in their one order. After the first fault it reads
// nothing.
type parser struct {
	s     string
	at    int
	first bool // the next member is the first of its object
	rule  string
}

func (p *parser) fail(rule string) {
	if p.rule == "" {
		p.rule = rule
	}
}

func (p *parser) skip(text string) bool {
	if p.rule == "" && strings.HasPrefix(p.s[p.at:], text) {
		p.at += len(text)
		return true
	}
	return false
}

// key reads a member's name and what leads to its value, if it is there.
func (p *parser) key(name string) bool {
	at := p.at
	if !p.first && !p.skip(",") {
		return false
	}
	if p.skip(`"`) && p.skip(name) && p.skip(`":`) {
		p.first = false
		return true
	}
	p.at = at
	return false
}

func (p *parser) open(name string) bool {
	if !p.key(name) {
		return false
	}
	if !p.skip("{") {
		p.fail("must be an object")
	}
	p.first = true
	return true
}

func (p *parser) close() {
	if p.first {
		p.fail("must not be an empty object")
	}
	if !p.skip("}") {
		p.fail("must be a known member in its order, or the end of the object")
	}
}

// value reads a string of the set's characters; words may be parted by single
// spaces where many is set.
func (p *parser) value(set charset, many bool) string {
	if !p.skip(`"`) {
		p.fail("must be a string")
		return ""
	}
	start, word := p.at, 0
	for p.at < len(p.s) && p.s[p.at] != '"' {
		c := p.s[p.at]
		switch {
		case set.has(c):
			word++
		case many && c == ' ' && word > 0:
			word = 0
		default:
			p.fail("must hold the characters of an identifier only")
			return ""
		}
		if word > maxIdentifier {
			p.fail("must not be longer than 128 bytes")
			return ""
		}
		p.at++
	}
	value := p.s[start:p.at]
	if word == 0 {
		p.fail("must not be empty")
	}
	if !p.skip(`"`) {
		p.fail("must end with a quotation mark")
	}
	return value
}

func (p *parser) str(name string) string {
	if !p.key(name) {
		return ""
	}
	return p.value(identifierSet, false)
}

func (p *parser) num(name string) (n uint64, ok bool) {
	if !p.key(name) {
		return 0, false
	}
	start := p.at
	for p.at < len(p.s) && isDigit(p.s[p.at]) {
		p.at++
	}
	text := p.s[start:p.at]
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > 1<<53-1 || len(text) > 1 && text[0] == '0' {
		p.fail("must be a whole number below 2^53")
	}
	return n, true
}

func words[S ~string](p *parser, name string) []S {
	if !p.key(name) {
		return nil
	}
	value := p.value(identifierSet, true)
	list := make([]S, 0, strings.Count(value, " ")+1)
	for word := range strings.SplitSeq(value, " ") {
		list = append(list, S(word))
	}
	return list
}

func (p *parser) hex(name string, n int) string {
	if !p.key(name) {
		return ""
	}
	s := p.value("", false)
	if p.rule == "" && (len(s) != n || strings.Trim(s, "0123456789abcdef") != "") {
		p.fail("must be " + strconv.Itoa(n) + " lower-case hexadecimal digits")
	}
	return s
}

func (p *parser) instant(name string) time.Time {
	if !p.key(name) {
		return time.Time{}
	}
	s := p.value(identifierSet, false)
	t, err := time.Parse(timeLayout, s)
	if err != nil || len(s) != len(timeLayout) || t.Year() < 1 || t.Format(timeLayout) != s {
		p.fail("must be a time in UTC with six digits of a second's fraction")
	}
	return t
}

func (p *parser) entry(e *Entry) {
	v := &e.Event
	if !p.skip("{") {
		p.fail("must be an object")
	}
	p.first = true
	v.Action = Action(p.str("action"))
	if v.Action != "" && !v.Action.valid() {
		p.fail("action must be one of C, R, U, D, E")
	}
	if p.open("actor") {
		v.Actor = Actor{For: p.str("for"), ID: p.str("id"), Kind: p.str("kind"), Org: p.str("org"), Role: p.str("role")}
		p.close()
	}
	e.Chain = p.str("chain")
	if !ValidChain(e.Chain) {
		p.fail("chain is required and must be a chain's name")
	}
	if p.open("checkpoint") {
		c := &treeHead{chain: p.str("chain"), root: p.hex("root", 64)}
		c.size, _ = p.num("size")
		if !ValidChain(c.chain) || c.root == "" || c.size == 0 {
			p.fail("checkpoint must have chain, root and size")
		}
		p.close()
		v.checkpoint = c
	}
	if p.open("client") {
		v.Client = Client{Addr: p.str("addr"), Kind: p.str("kind")}
		p.close()
	}
	if n, ok := p.num("emergency"); ok {
		v.Emergency = true
		if n != 1 {
			p.fail("emergency must be 1 or absent")
		}
	}
	v.Kind = p.str("kind")
	if p.open("object") {
		v.Object.Category = p.str("category")
		v.Object.Labels = words[string](p, "labels")
		v.Object.Lifecycle = p.str("lifecycle")
		v.Object.Type = p.str("type")
		p.close()
	}
	v.Occurred = p.instant("occurred")
	v.Outcome = Outcome(p.str("outcome"))
	if v.Outcome != "" && !v.Outcome.valid() {
		p.fail("outcome must be one of 0, 4, 8, 12")
	}
	v.Policy = words[string](p, "policy")
	prev := p.hex("prev", 64)
	if prev == "" {
		p.fail("prev is required")
	}
	_, _ = hex.Decode(e.Prev[:], []byte(prev))
	v.Purpose = words[Purpose](p, "purpose")
	if p.open("request") {
		v.Request.ID = p.str("id")
		if p.key("route") {
			v.Request.Route = p.value(routeSet, false)
		}
		v.Request.Span, v.Request.Token, v.Request.Trace = p.str("span"), p.str("token"), p.str("trace")
		p.close()
	}
	e.Seal = p.hex("seal", 64)
	var ok bool
	if e.Seq, ok = p.num("seq"); !ok {
		p.fail("seq is required")
	}
	e.Subject = p.hex("subject", 32)
	v.Subtype = words[Subtype](p, "subtype")
	if e.Time = p.instant("time"); e.Time.IsZero() {
		p.fail("time is required")
	}
	v.Type = Type(p.str("type"))
	if !v.Type.valid() {
		p.fail("type must be a known type")
	}
	if n, ok := p.num("v"); !ok || n != 1 {
		p.fail("v must be 1")
	}
	p.close()
	if p.at != len(p.s) {
		p.fail("must end with the object")
	}
}

// A summary is what verification needs of a line.
type summary struct {
	chain  string
	seq    uint64
	prev   tlog.Hash
	micros int64
}

// parse checks all of a line.
func (s *summary) parse(line []byte) error {
	e, err := ParseLine(line)
	if err != nil {
		return err
	}
	s.chain, s.seq, s.prev, s.micros = e.Chain, e.Seq, e.Prev, e.Time.UnixMicro()
	return nil
}
