package audit

import (
	"encoding/hex"
	"math/bits"
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
	// The name is looked at where it is compared with the ones that may follow.
	if len(s) < 4 || s[0] != '"' {
		p.fail("must be a member")
		return
	}
	i := 1
	if len(s) > 8 {
		i += quoteAt(eight(s, 1))
	}
	for i < len(s) && s[i] != '"' { // after eight bytes
		i++
	}
	if s[1] == '"' || i+1 >= len(s) || s[i+1] != ':' {
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
	end := 8
	if len(s) > 8 {
		end = quoteAt(eight(s, 1))
	}
	if end == 8 {
		if end = strings.IndexByte(s[1:], '"'); end < 0 {
			p.fail("must be a string that ends")
			return ""
		}
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

const ones, high = 0x0101010101010101, 0x8080808080808080

// isHex looks at eight bytes at a time: a bit of high is set in a sum where
// the byte is at least c. The first byte from 0x80 on is in neither range and
// only bytes behind it get a carry, so it makes no other answer true.
func isHex(s string) bool {
	all := uint64(high)
	for i := 0; i+8 <= len(s); i += 8 {
		x := eight(s, i)
		digit := (x + (0x80-'0')*ones) &^ (x + (0x80-'9'-1)*ones)
		letter := (x + (0x80-'a')*ones) &^ (x + (0x80-'f'-1)*ones)
		all &= digit | letter
	}
	return all == high
}

// unhex decodes what isHex accepts, 8 digits to 4 bytes at a time.
func unhex(dst []byte, s string) {
	for i := 0; i+8 <= len(s) && len(dst) >= 4; i += 8 {
		x := eight(s, i)
		x = x&(0x0F*ones) + 9*(x>>6&ones) // a digit's value in each byte
		x = x<<4 | x>>8                   // and of two digits in every other one
		dst[0], dst[1], dst[2], dst[3] = byte(x), byte(x>>16), byte(x>>32), byte(x>>48)
		dst = dst[4:]
	}
}

// quoteAt returns the place of the first quotation mark of eight bytes, or 8.
func quoteAt(x uint64) int {
	x ^= '"' * ones
	return bits.TrailingZeros64((x-ones)&^x&high) / 8
}

func eight(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
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
// way. Package time takes much longer: it reads any layout.
func parseTime(s string) (time.Time, bool) {
	if len(s) != len(timeLayout) ||
		s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[26] != 'Z' {
		return time.Time{}, false
	}
	wrong := 0 // negative once something is no digit
	two := func(i int) int {
		a, b := int(s[i]-'0'), int(s[i+1]-'0')
		wrong |= (9 - a) | (9 - b)
		return 10*a + b
	}
	year, month, day := 100*two(0)+two(2), two(5), two(8)
	hour, minute, second, micros := two(11), two(14), two(17), 10000*two(20)+100*two(22)+two(24)
	if wrong < 0 || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	// Days since 1970, of years that begin in March: the leap day is the last.
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + day - 1 - 719468
	seconds := int64(days)*86400 + int64(hour*3600+minute*60+second)
	return time.Unix(seconds, int64(micros)*1000).UTC(), true
}

func daysIn(year, month int) int {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month/8)%2
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
	unhex(e.Prev[:], prev)
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
