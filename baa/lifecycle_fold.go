package baa

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// A fold is the state of an agreement while its events are read in order. It
// moves in two ways only: an event is applied, or a clock strikes.
type fold struct {
	l *Lifecycle

	status Status
	passed []Transition
	cause  Cause

	offer    *offer
	signing  []signature // of versions that are not yet executed
	begun    bool        // a first version is executed
	ahead    []taking    // executed, takes effect later
	taken    []taking    // took effect, in the order in which they did
	notices  []notice    // amendments that take effect by going on
	breaches breaches
	stuck    bool     // neither cure nor termination of a breach is feasible
	leaving  *leaving // notice of termination
	end      *ending

	findings []LifeFinding
	ignored  []int

	next  strike // the clock that strikes next, while known
	known bool

	cureDay baakit.Date // the window of the last breach, for others of its day
	cureFor baakit.Period
	cureEnd time.Time
}

type offer struct {
	version int
	by      Side
	until   time.Time
}

type signature struct {
	version  int
	side     Side
	method   AcceptanceMethod
	strength Strength
}

// A taking is a version that takes effect at an instant. Signed is when its
// last signature came; a taking before that is a term between the parties.
type taking struct {
	version  int
	from     time.Time
	signed   time.Time
	method   AcceptanceMethod
	strength Strength
}

type notice struct {
	version int
	by      Side
	from    time.Time
}

type leaving struct {
	by       Side
	earliest time.Time
	fixed    baakit.Date // the day on which it takes effect by itself
}

type ending struct {
	at      time.Time
	due     time.Time // first instant after the return period
	done    time.Time
	version int
}

func newFold(l *Lifecycle) *fold {
	return &fold{l: l, status: StatusDraft}
}

// run applies the events, which are in order, and moves the clock to end.
func (f *fold) run(events []Event, end time.Time) {
	for i := range events {
		e := &events[i]
		if e.At.After(end) {
			break
		}
		f.advance(e.At)
		err := f.apply(e)
		if e.Kind != Disclosed {
			f.known = false
		}
		if err != nil {
			f.ignored = append(f.ignored, e.Seq)
			f.find("LC-IGNORED", e)
		}
	}
	f.advance(end)
}

func (f *fold) enter(s Status, at time.Time) {
	if f.status != s {
		f.status = s
		f.passed = append(f.passed, Transition{s, at})
	}
}

func (f *fold) find(id string, e *Event) *LifeFinding {
	finding := lives().finding(id)
	finding.Seq = e.Seq
	finding.From = f.l.day(e.At)
	f.findings = append(f.findings, finding)
	return &f.findings[len(f.findings)-1]
}

func (l *Lifecycle) day(t time.Time) baakit.Date { return baakit.DateOf(t, l.zone) }

// A strike is a clock that runs out, with what it is the clock of.
type strike struct {
	at time.Time
	of strikeKind
	i  int
}

type strikeKind int

const (
	nothingStrikes strikeKind = iota
	offerLapses
	versionBegins
	noticeRuns
	cureFails
	leavingComes
	termEnds
)

// advance lets every clock strike that does so by t, the earliest first.
// Clocks that strike together do so in the order of the list: what takes
// effect does before what ends.
func (f *fold) advance(t time.Time) {
	for {
		if !f.known {
			f.next, f.known = f.nextStrike(), true
		}
		if f.next.of == nothingStrikes || f.next.at.After(t) {
			return
		}
		f.known = false
		f.strike(f.next)
	}
}

func (f *fold) nextStrike() strike {
	next := strike{at: farFuture}
	consider := func(at time.Time, of strikeKind, i int) {
		if at.Before(next.at) {
			next = strike{at, of, i}
		}
	}
	if f.offer != nil {
		consider(f.offer.until, offerLapses, 0)
	}
	for i := range f.ahead {
		consider(f.ahead[i].from, versionBegins, i)
	}
	if !f.status.live() {
		return next
	}
	for i := range f.notices {
		consider(f.notices[i].from, noticeRuns, i)
	}
	if i := f.breaches.first(); i >= 0 {
		consider(f.breaches.list[i].until, cureFails, i)
	}
	if f.leaving != nil && !f.leaving.fixed.IsZero() {
		start, _ := f.leaving.fixed.In(f.l.zone)
		consider(start, leavingComes, 0)
	}
	if over := f.l.over[f.current()]; !over.IsZero() {
		consider(over, termEnds, 0)
	}
	return next
}

func (f *fold) strike(s strike) {
	switch s.of {
	case offerLapses:
		f.lapse(s.at)
	case versionBegins:
		v := f.ahead[s.i]
		f.ahead = slices.Delete(f.ahead, s.i, s.i+1)
		f.take(v, s.at)
	case noticeRuns:
		n := f.notices[s.i]
		f.notices = slices.Delete(f.notices, s.i, s.i+1)
		f.take(taking{n.version, s.at, s.at, ContinuedUse, Weak}, s.at)
		f.findings = append(f.findings, f.dated(lives().finding("EV-WEAK-METHOD"), f.l.day(s.at)))
	case cureFails:
		f.breaches.fail(s.i)
		f.settle(s.at)
	case leavingComes:
		f.finish(NoticeGiven, s.at, f.leaving.fixed)
	case termEnds:
		f.enter(StatusExpired, s.at)
		f.finish(TermExpired, s.at, f.l.versions[f.current()].Ends)
	}
}

func (f *fold) dated(finding LifeFinding, d baakit.Date) LifeFinding {
	finding.From = d
	return finding
}

func (f *fold) lapse(at time.Time) {
	if !f.begun {
		f.enter(StatusLapsed, at)
	}
	f.dropSignatures(f.offer.version)
	f.offer = nil
}

func (f *fold) dropSignatures(version int) {
	f.signing = slices.DeleteFunc(f.signing, func(s signature) bool { return s.version == version })
}

// current returns the number of the version that took effect last.
func (f *fold) current() int { return f.taken[len(f.taken)-1].version }

// take lets a version take effect.
func (f *fold) take(v taking, at time.Time) {
	f.taken = append(f.taken, v)
	if !f.status.live() {
		f.enter(StatusActive, at)
	}
	if over := f.l.over[v.version]; !over.IsZero() && !over.After(at) { // its term is over before it begins
		f.enter(StatusExpired, at)
		f.finish(TermExpired, at, f.l.day(at))
	}
}

// cure returns the first instant after the cure period of a notice.
func (f *fold) cure(from time.Time, p baakit.Period) time.Time {
	if p.IsZero() || p.Unit() == baakit.Hours {
		return f.l.window(from, p)
	}
	day := f.l.day(from)
	if day != f.cureDay || p != f.cureFor {
		f.cureDay, f.cureFor, f.cureEnd = day, p, f.l.window(from, p)
	}
	return f.cureEnd
}

// settle sets the status of an agreement in force from its breaches.
func (f *fold) settle(at time.Time) {
	s := StatusActive
	switch {
	case f.breaches.failed > 0:
		s = StatusCureFailed
	case f.breaches.open > 0:
		s = StatusInCure
	}
	f.enter(s, at)
}

// finish ends the agreement; its last day is day 0 of the return period.
func (f *fold) finish(c Cause, at time.Time, last baakit.Date) {
	f.cause = c
	f.end = &ending{at: at, due: farFuture, version: f.current()}
	if within := f.l.versions[f.current()].ReturnWithin; !within.IsZero() {
		if within.Unit() == baakit.Hours {
			f.end.due = f.l.window(at, within)
		} else if day, err := within.AddTo(last, f.l.cal, baakit.RollBack); err == nil {
			_, f.end.due = day.In(f.l.zone)
		}
	}
	f.offer, f.notices, f.leaving, f.ahead, f.signing = nil, nil, nil, nil, nil
	f.enter(StatusWindDown, at)
}

// governing returns the version that governs at an instant by all that is
// folded, or nil. Of two versions that took effect at one instant the one
// that did last governs.
func (f *fold) governing(at time.Time) *taking {
	var g *taking
	for i, t := range f.taken {
		if !t.from.After(at) {
			g = &f.taken[i]
		}
	}
	over := f.status == StatusClosed || f.status == StatusSuperseded
	if over && !f.passed[len(f.passed)-1].At.After(at) {
		return nil
	}
	return g
}
