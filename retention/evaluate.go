package retention

import (
	"math/bits"
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// Days are computed on as year*10000+month*100+day: the order is that of the
// days, and a year is a sum. Above the calendar lie, in this order, what
// nobody knows, what has not happened, and what never ends.
const (
	big     = 1 << 29
	openEnd = 1<<29 + 1
	forever = 1<<29 + 2
	maxYear = 9999
)

func pack(d baakit.Date) int32 {
	y, m, day := d.Date()
	return int32(y*10000 + int(m)*100 + day)
}

// unpack returns the zero Date for what is no day.
func unpack(p int32) baakit.Date {
	if p <= 0 || p >= big {
		return baakit.Date{}
	}
	d, err := baakit.NewDate(int(p/10000), time.Month(p/100%100), int(p%100))
	if err != nil {
		return baakit.Date{}
	}
	return d
}

func leap(y int32) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// addYears rolls forward; what lies beyond the calendar never ends.
func addYears(p, n int32) int32 {
	if p == 0 || p >= big {
		return p
	}
	y := p/10000 + n
	if y > maxYear {
		return forever
	}
	if p%10000 == 229 && !leap(y) {
		return y*10000 + 301
	}
	return p + n*10000
}

func addUnits(p, n int32, u baakit.Unit, back bool) int32 {
	if p == 0 || p >= big {
		return p
	}
	if u == baakit.Years && !back {
		return addYears(p, n)
	}
	roll := baakit.RollForward
	if back {
		roll = baakit.RollBack
	}
	var d baakit.Date
	switch u {
	case baakit.Years:
		d = unpack(p).AddYears(int(n), roll)
	case baakit.Months:
		d = unpack(p).AddMonths(int(n), roll)
	default:
		d = unpack(p).AddDays(int(n))
	}
	if d.IsZero() {
		return forever
	}
	return pack(d)
}

// A value is the last day that a rule asks for: somewhere from lo through hi.
// Missing has a bit for each slot and fact of which nobody knows and on which
// it hangs: slots from bit 0, facts from factBit, lawBit for a length that
// nobody read.
type value struct {
	lo, hi  int32
	missing uint64
}

const (
	factBit = 48
	lawBit  = 63
)

func longest(v, w value) value {
	r := value{lo: max(v.lo, w.lo), hi: max(v.hi, w.hi)}
	if v.hi > r.lo {
		r.missing = v.missing
	}
	if w.hi > r.lo {
		r.missing |= w.missing
	}
	return r
}

func earliest(v, w value) value {
	r := value{lo: min(v.lo, w.lo), hi: min(v.hi, w.hi)}
	if v.lo < r.hi {
		r.missing = v.missing
	}
	if w.lo < r.hi {
		r.missing |= w.missing
	}
	return r
}

func either(v, w value) value {
	return value{min(v.lo, w.lo), max(v.hi, w.hi), v.missing | w.missing}
}

// An evaluation is the facts of one record as a schedule needs them.
type evaluation struct {
	r        *Record
	on, law  int32
	majority int32
	slots    [maxSlots]span

	factSet  uint64 // facts that are true
	factSaid uint64 // facts that are stated
	back     bool   // delete-by dates roll back
}

// A span is the days on which an event can have happened.
type span struct {
	lo, hi int32
	state  whenState
}

func (e *evaluation) begin(r *Record, s *Schedule, on, law int32) {
	e.r, e.on, e.law = r, on, law
	e.majority = -1
	e.set(birthSlot, r.Birth)
	for i, t := range s.triggers {
		e.set(i+firstTrigger, r.when(t))
	}
	if r.Birth.state != stated {
		// Nobody is born after the day of the question and all that happened.
		hi := on
		for _, w := range r.Events {
			if w.state == stated {
				hi = max(hi, pack(w.last))
			}
		}
		e.slots[birthSlot] = span{0, hi, unknown}
	}
	for i, f := range s.facts {
		if v, said := r.Facts[f]; said {
			e.factSaid |= 1 << i
			if v {
				e.factSet |= 1 << i
			}
		}
	}
}

func (e *evaluation) set(slot int, w When) {
	v := &e.slots[slot]
	switch w.state {
	case stated:
		v.state, v.lo = stated, pack(w.first)
		v.hi = v.lo
		if w.last != w.first {
			v.hi = pack(w.last)
		}
	case notYet:
		*v = span{openEnd, openEnd, notYet}
	default:
		*v = span{0, openEnd, unknown}
	}
}

// missing returns the bit of the slot if nobody knows about its event.
func (e *evaluation) missing(slot int16) uint64 {
	if e.slots[slot].state == unknown {
		return 1 << slot
	}
	return 0
}

// when returns what the record states about a trigger.
func (r *Record) when(t Trigger) When {
	if w, ok := r.Events[t]; ok {
		return w
	}
	switch t {
	case Unspecified:
		return r.latest(Discharge, LastEntry)
	case LastTreatment:
		if w, ok := r.Events[LastService]; ok {
			return w
		}
		for _, group := range [3][2]Trigger{{Discharge, LastContact}, {LastEntry, LastEntry}, {Creation, DateOfService}} {
			if w := r.latest(group[0], group[1]); !w.IsZero() {
				return w
			}
		}
	}
	return When{}
}

// latest returns the later of two events as far as they are stated.
func (r *Record) latest(a, b Trigger) When {
	v, w := r.Events[a], r.Events[b]
	switch {
	case v.IsZero():
		return w
	case w.IsZero():
		return v
	case v.state == unknown || w.state == unknown:
		return Unknown()
	case v.state == notYet || w.state == notYet:
		return NotYet()
	}
	if v.first.Before(w.first) {
		v.first = w.first
	}
	if v.last.Before(w.last) {
		v.last = w.last
	}
	return v
}

// age returns the age of majority for a rule that leaves it to the record.
func (e *evaluation) age() int32 {
	if e.majority < 0 {
		age := 0
		for _, j := range e.r.Jurisdictions {
			age = max(age, Majority(j))
		}
		if age == 0 {
			age = latestMajority()
		}
		e.majority = int32(age)
	}
	return e.majority
}

func (e *evaluation) node(p *policy, i int32) value {
	n := &p.nodes[i]
	switch n.op {
	case opAfter:
		at := &e.slots[n.slot]
		v := value{lo: addUnits(at.lo, n.n, n.unit, e.back)}
		v.hi = v.lo
		if at.hi != at.lo {
			v.hi, v.missing = addUnits(at.hi, n.n, n.unit, e.back), e.missing(n.slot)
		}
		return v
	case opAge, opMajority:
		age := n.n
		if n.op == opMajority {
			age += e.age()
		}
		born := &e.slots[birthSlot]
		return value{lo: addYears(born.lo, age), hi: addYears(born.hi, age), missing: e.missing(birthSlot)}
	case opPermanent:
		return value{lo: forever, hi: forever}
	case opUnstated:
		return value{lo: 0, hi: forever, missing: 1 << lawBit}
	case opLongest:
		v := e.node(p, n.kids[0])
		for _, k := range n.kids[1:] {
			v = longest(v, e.node(p, k))
		}
		return v
	case opEarliest, opCapped:
		v := e.node(p, n.kids[0])
		for _, k := range n.kids[1:] {
			v = earliest(v, e.node(p, k))
		}
		return v
	case opFirst:
		return e.first(p, n)
	}
	return value{} // no period
}

// first returns the value of the first case that applies, or of every case
// that still may.
func (e *evaluation) first(p *policy, n *node) value {
	var v value
	found := false
	var open uint64
	for i, k := range n.kids {
		yes, no, missing := e.test(&n.tests[i])
		open |= missing
		if yes {
			w := e.node(p, k)
			if found {
				w = either(v, w)
			}
			v, found = w, true
		}
		if !no {
			break
		}
	}
	v.missing |= open
	return v
}

// test returns whether the condition may hold and whether it may not, and
// where both what that hangs on.
func (e *evaluation) test(t *compiledTest) (yes, no bool, missing uint64) {
	switch t.test {
	case testOtherwise:
		return true, false, 0
	case testFact:
		bit := uint64(1) << t.slot
		if e.factSaid&bit == 0 {
			return true, true, bit << factBit
		}
		return e.factSet&bit != 0, e.factSet&bit == 0, 0
	case testHappened:
		v := &e.slots[t.slot]
		switch v.state {
		case stated:
			return v.lo <= e.on, v.hi > e.on, 0
		case notYet:
			return false, true, 0
		}
		return true, true, e.missing(t.slot)
	}
	// A test of age: younger than age on the day of the event.
	age := t.age
	if age == 0 {
		age = e.age()
	}
	at := &e.slots[t.slot]
	first, last := at.lo, at.hi
	if at.state == notYet {
		first, last = e.on, e.on
	}
	born := &e.slots[birthSlot]
	yes = first < addYears(born.hi, age)
	no = last >= addYears(born.lo, age)
	if yes && no {
		missing = e.missing(birthSlot) | e.missing(t.slot)
	}
	return yes, no, missing
}

// applies reports whether a policy is for the record, by class, jurisdiction,
// holder and the law of the day.
func (p *policy) applies(r *Record, law int32) bool {
	if law < p.from || law > p.through {
		return false
	}
	if len(p.Classes) > 0 && r.Class != "" && !slices.Contains(p.Classes, r.Class) {
		return false
	}
	if len(p.Holders) > 0 && r.Holder != "" && !slices.Contains(p.Holders, r.Holder) {
		return false
	}
	if len(p.Jurisdictions) > 0 && len(r.Jurisdictions) > 0 {
		for _, j := range r.Jurisdictions {
			if j == baakit.UnknownJurisdiction || slices.Contains(p.Jurisdictions, j) {
				return true
			}
		}
		return false
	}
	return true
}

// value returns what an applicable policy asks for the record, and false if
// it asks nothing of the part that the record is.
func (e *evaluation) value(p *policy) (value, bool) {
	root := p.root
	if e.r.Part != "" {
		for i := range p.Parts {
			if p.Parts[i].Part == e.r.Part {
				root = p.parts[i]
				break
			}
		}
	}
	if root < 0 {
		return value{}, false
	}
	e.back = p.remove
	v := e.node(p, root)
	e.back = false
	if p.onlyIf >= 0 {
		bit := uint64(1) << p.onlyIf
		switch {
		case e.factSaid&bit == 0:
			v = either(v, value{})
			if p.remove {
				v.hi = forever
			}
			v.missing |= bit << factBit
		case e.factSet&bit == 0:
			return value{}, false
		}
	}
	return v, true
}

// Evaluate decides about one record: how long it is kept under the schedule,
// who says so, and what bars its destruction on the day. law is the day whose
// law applies; zero is on.
//
// Keep is the longest of all applicable rules, delete-by the shortest of all
// applicable rules to delete; keeping wins. Holds and gates bar the act and
// move no date. It allocates nothing; the sentences of the decision are made
// when they are asked for.
//
// The error is a [baakit.FieldErrors]: a record without an id, a zero day, no
// schedule. Records that come from [ParseRecord], [CSV] or [JSONLines] are
// valid; of others use [Record.Validate].
func Evaluate(r *Record, s *Schedule, holds *Holds, on, law baakit.Date) (Decision, error) {
	var d Decision
	err := evaluate(&d, r, s, holds, on, law)
	return d, err
}

func evaluate(d *Decision, r *Record, s *Schedule, holds *Holds, on, law baakit.Date) error {
	if r == nil || r.ID == "" || s == nil || on.IsZero() {
		*d = Decision{}
		return badQuestion(r, s, on)
	}
	if law.IsZero() {
		law = on
	}
	*d = Decision{Record: *r, On: on, LawAsOf: law, schedule: s, holds: holds, governing: -1, deleting: -1}
	var e evaluation
	e.begin(r, s, pack(on), pack(law))
	keep := value{lo: 0, hi: 0}
	any := false
	remove := value{lo: forever, hi: forever}
	best := int32(-1)
	for i := range s.policies {
		p := &s.policies[i]
		if !p.applies(r, e.law) {
			continue
		}
		v, asks := e.value(p)
		if !asks {
			continue
		}
		if p.remove {
			if v.hi < remove.hi || d.deleting < 0 {
				d.deleting = int32(i)
			}
			remove = earliest(remove, v)
			continue
		}
		any = true
		if v.hi > best {
			best, d.governing = v.hi, int32(i)
		}
		keep = longest(keep, v)
	}
	d.settle(&e, keep, remove, any)
	return nil
}

func badQuestion(r *Record, s *Schedule, on baakit.Date) error {
	var errs baakit.FieldErrors
	if r == nil || r.ID == "" {
		errs.Add("record.id", "is required")
	}
	if s == nil {
		errs.Add("schedule", "is required")
	}
	if on.IsZero() {
		errs.Add("on", "is required")
	}
	return errs
}

// names returns the triggers and facts of the bits, in their order.
func (s *Schedule) names(v value) []string {
	var list []string
	for m := v.missing; m != 0; m &= m - 1 {
		switch i := bits.TrailingZeros64(m); {
		case i == lawBit:
			list = append(list, "the length that the law sets")
		case i >= factBit:
			list = append(list, s.facts[i-factBit])
		case i == birthSlot:
			list = append(list, string(birth))
		default:
			list = append(list, string(s.triggers[i-firstTrigger]))
		}
	}
	return list
}
