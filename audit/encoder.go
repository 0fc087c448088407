package audit

import (
	"encoding/hex"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

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
		b.text = append(appendTime(b.text, e.Occurred.UTC()), '"')
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
	dst = appendTime(dst, at)
	return append(dst, d.text[d.timeAt:]...)
}

// appendTime writes a time in UTC, of the years 1 to 9999, as timeLayout:
// AppendFormat, for any layout, takes much longer.
func appendTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	text := [len(timeLayout)]byte([]byte("0000-00-00T00:00:00.000000Z"))
	two := func(i, v int) { text[i], text[i+1] = '0'+byte(v/10), '0'+byte(v%10) }
	two(0, year/100)
	two(2, year%100)
	two(5, int(month))
	two(8, day)
	two(11, hour)
	two(14, minute)
	two(17, second)
	micros := t.Nanosecond() / 1000
	two(20, micros/10000)
	two(22, micros/100%100)
	two(24, micros%100)
	return append(dst, text[:]...)
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
