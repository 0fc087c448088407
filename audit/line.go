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

// encode builds the draft of a valid event behind what d.text holds. No value needs an escape: the
// clear fields do not admit such characters.
func (d *draft) encode(chain string, e *Event, subject, seal []byte) {
	b := encoder{d.text, len(d.text)}
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
	d.prevAt = len(b.text) - 1 - b.from
	strs(&b, "purpose", e.Purpose)
	if b.open("request") {
		b.str("id", e.Request.ID)
		b.str("route", e.Request.Route)
		b.str("span", e.Request.Span)
		b.str("token", e.Request.Token)
		b.str("trace", e.Request.Trace)
		b.close("request")
	}
	b.hex("seal", seal)
	b.key("seq")
	d.seqAt = len(b.text) - b.from
	b.hex("subject", subject)
	strs(&b, "subtype", e.Subtype)
	b.key("time")
	b.text = append(b.text, `""`...)
	d.timeAt = len(b.text) - 1 - b.from
	b.str("type", string(e.Type))
	b.num("v", 1)
	d.text = append(b.text, '}')[b.from:]
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

// An encoder appends members to a line that begins at from.
type encoder struct {
	text []byte
	from int
}

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

func (b *encoder) hex(name string, value []byte) {
	if len(value) > 0 {
		b.key(name)
		b.text = append(hex.AppendEncode(append(b.text, '"'), value), '"')
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
	p := parser{s: string(line), lists: true}
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
	name  string // of the member whose value is next; "" at the end of the object
	lists bool   // return lists of words; verification needs none
	chain string // a name that is known to be valid
	rule  string
}

func (p *parser) fail(rule string) {
	if p.rule == "" {
		p.rule = rule
	}
	p.name = ""
}

// next reads what leads to the next member's value.
func (p *parser) next(first bool) {
	p.name = ""
	s := p.s[p.at:]
	if !first {
		if s == "" || s[0] != ',' {
			return
		}
		s = s[1:]
	}
	if s == "" || s[0] != '"' {
		p.fail("must be a member")
		return
	}
	i := 1
	for i < len(s) && s[i] >= 'a' && s[i] <= 'z' {
		i++
	}
	if i == 1 || i+1 >= len(s) || s[i] != '"' || s[i+1] != ':' {
		p.fail("must be a member's name and a colon")
		return
	}
	p.name = s[1:i]
	p.at = len(p.s) - len(s) + i + 2
}

// open begins an object, which is not empty.
func (p *parser) open(name string) bool {
	if p.name != name {
		return false
	}
	p.begin()
	return true
}

func (p *parser) begin() {
	if p.rule != "" || p.at >= len(p.s) || p.s[p.at] != '{' {
		p.fail("must be an object")
		return
	}
	p.at++
	p.next(true)
}

// end ends an object.
func (p *parser) end() {
	if p.rule != "" || p.name != "" || p.at >= len(p.s) || p.s[p.at] != '}' {
		p.fail("must be a known member in its order, or the end of the object")
		return
	}
	p.at++
}

// close ends an object that is a member's value.
func (p *parser) close() {
	p.end()
	if p.rule == "" {
		p.next(false)
	}
}

// value reads a string of the set's characters; words may be parted by single
// spaces where many is set.
func (p *parser) value(set charset, many bool) string {
	s := p.s[p.at:]
	if s == "" || s[0] != '"' {
		p.fail("must be a string")
		return ""
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		p.fail("must be a string that ends")
		return ""
	}
	v := s[1 : 1+end]
	all := set
	for i := 0; i < len(v); i++ { // without a branch: this is most of the work
		all &= classes[v[i]]
	}
	if v == "" || all == 0 || len(v) > maxIdentifier {
		if !many || !areWords(v, set) {
			p.fail("must be of 1 to 128 characters that an identifier may have")
			return ""
		}
	}
	p.at += end + 2
	p.next(false)
	return v
}

// areWords tells whether v is words of the set parted by single spaces.
func areWords(v string, set charset) bool {
	for {
		word, rest, more := strings.Cut(v, " ")
		if !set.holds(word) {
			return false
		}
		if !more {
			return true
		}
		v = rest
	}
}

func (p *parser) str(name string) string {
	if p.name != name {
		return ""
	}
	return p.value(identifierSet, false)
}

func (p *parser) num(name string) (n uint64, ok bool) {
	if p.name != name {
		return 0, false
	}
	start := p.at
	for p.at < len(p.s) && isDigit(p.s[p.at]) && p.at-start < 17 {
		n = 10*n + uint64(p.s[p.at]-'0')
		p.at++
	}
	if p.at == start || n > 1<<53-1 || p.at-start > 1 && p.s[start] == '0' {
		p.fail("must be a whole number below 2^53")
	}
	p.next(false)
	return n, true
}

func words[S ~string](p *parser, name string) []S {
	if p.name != name {
		return nil
	}
	value := p.value(identifierSet, true)
	if !p.lists {
		return nil
	}
	list := make([]S, 0, strings.Count(value, " ")+1)
	for word := range strings.SplitSeq(value, " ") {
		list = append(list, S(word))
	}
	return list
}

// hex reads n lower-case hexadecimal digits; n is a multiple of 8.
func (p *parser) hex(name string, n int) string {
	if p.name != name {
		return ""
	}
	s := p.s[p.at:]
	if len(s) < n+2 || s[0] != '"' || s[n+1] != '"' || !isHex(s[1:n+1]) {
		p.fail("must be " + strconv.Itoa(n) + " lower-case hexadecimal digits")
		return ""
	}
	p.at += n + 2
	p.next(false)
	return s[1 : n+1]
}

// isHex looks at eight bytes at a time: a bit of high is set in a sum where
// the byte is at least c, given that all are below 0x80.
func isHex(s string) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for i := 0; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		digit := (x + (0x80-'0')*ones) &^ (x + (0x80-'9'-1)*ones)
		letter := (x + (0x80-'a')*ones) &^ (x + (0x80-'f'-1)*ones)
		if x&high != 0 || (digit|letter)&high != high {
			return false
		}
	}
	return true
}

func (p *parser) instant(name string) time.Time {
	if p.name != name {
		return time.Time{}
	}
	const n = len(timeLayout)
	s := p.s[p.at:]
	if len(s) >= n+2 && s[0] == '"' && s[n+1] == '"' {
		if t, ok := parseTime(s[1 : n+1]); ok {
			p.at += n + 2
			p.next(false)
			return t
		}
	}
	p.fail("must be a time in UTC with six digits of a second's fraction")
	return time.Time{}
}

// parseTime reads timeLayout, and nothing that Format would write in another
// way. It takes a tenth of the time of time.Parse.
func parseTime(s string) (time.Time, bool) {
	if len(s) != len(timeLayout) {
		return time.Time{}, false
	}
	n := func(from, to int) (v int) {
		for _, c := range []byte(s[from:to]) {
			if !isDigit(c) {
				return -1
			}
			v = 10*v + int(c-'0')
		}
		return v
	}
	year, month, day := n(0, 4), n(5, 7), n(8, 10)
	hour, minute, second, micros := n(11, 13), n(14, 16), n(17, 19), n(20, 26)
	if s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[26] != 'Z' ||
		year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 59 || micros < 0 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	return t, t.Day() == day // 31 April is none
}

func (p *parser) entry(e *Entry) {
	v := &e.Event
	p.begin()
	v.Action = Action(p.str("action"))
	if v.Action != "" && !v.Action.valid() {
		p.fail("action must be one of C, R, U, D, E")
	}
	if p.open("actor") {
		v.Actor = Actor{For: p.str("for"), ID: p.str("id"), Kind: p.str("kind"), Org: p.str("org"), Role: p.str("role")}
		p.close()
	}
	e.Chain = p.str("chain")
	if (p.chain == "" || e.Chain != p.chain) && !ValidChain(e.Chain) {
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
		if p.name == "route" {
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
	p.end()
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

// parse checks all of a line of a chain, and tells whether it is one.
func (s *summary) parse(line, chain string) bool {
	if len(line) > MaxLine {
		return false
	}
	var e Entry
	p := parser{s: line, chain: chain}
	p.entry(&e)
	s.chain, s.seq, s.prev, s.micros = e.Chain, e.Seq, e.Prev, e.Time.UnixMicro()
	return p.rule == ""
}
