package baa

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// StateAt returns where the agreement stood at the instant valid, by what was
// known at the instant known: the events that happened by valid and were
// recorded by known, whatever their order in the list. Two parts of the
// answer also look at later events that were known: the version that governs
// and whether the agreement is in force take account of a stated effective
// date before the last signature, which is a term between the parties. PHI
// never does: no assurance exists before it is given (45 CFR 164.502(e)).
//
// An event that was not possible when it is said to have happened changes
// nothing and is reported as LC-IGNORED. The error is a
// [baakit.FieldErrors] of invalid events, with paths such as "[2].by", or of
// invalid instants. StateAt takes time in proportion to the events.
func (l *Lifecycle) StateAt(events []Event, valid, known time.Time) (State, error) {
	part, full, err := l.folds(events, valid, known)
	if err != nil {
		return State{}, err
	}
	s := State{
		Schema: StateSchema, Valid: valid, Known: known,
		Status: part.status, Cause: part.cause, Passed: slices.Clone(part.passed),
	}
	if n := len(s.Passed); n > 0 {
		s.Since = s.Passed[n-1].At
	}
	s.Governing = l.governs(full, valid)
	law := lives()
	retro := s.Governing != nil && !part.status.live() && part.end == nil
	s.InForce = Ruling{part.status.live() || retro, []baakit.Reason{law.reason(inForceReason(part.status, retro))}}
	s.PHI = Ruling{part.allows(valid), []baakit.Reason{law.reason(l.phiReason(part, valid, retro))}}
	s.Uses = uses(part.status)
	s.Deadlines = l.deadlines(part, valid)
	s.Duties = l.duties(part, valid)
	s.Findings = l.findings(part, full, valid)
	return s, nil
}

// GoverningAt returns the version whose words governed at valid, by what was
// known at known, and false if there was none: before the first version took
// effect, and once the agreement is closed or another took its place. A
// version that ended goes on governing what survives it until then. The error
// is that of [Lifecycle.StateAt].
func (l *Lifecycle) GoverningAt(events []Event, valid, known time.Time) (Governing, bool, error) {
	_, full, err := l.folds(events, valid, known)
	if err != nil {
		return Governing{}, false, err
	}
	g := l.governs(full, valid)
	if g == nil {
		return Governing{}, false, nil
	}
	return *g, true, nil
}

// folds returns the fold to valid and the one over everything known.
func (l *Lifecycle) folds(events []Event, valid, known time.Time) (part, full *fold, err error) {
	if err := checkEvents(events); err != nil {
		return nil, nil, err
	}
	var errs baakit.FieldErrors
	checkAxes(&errs, valid, known)
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	list := inOrder(events, known)
	part = newFold(l)
	part.run(list, valid)
	if len(list) == 0 || !list[len(list)-1].At.After(valid) {
		return part, part, nil
	}
	full = newFold(l)
	full.run(list, list[len(list)-1].At)
	return part, full, nil
}

func (l *Lifecycle) governs(f *fold, at time.Time) *Governing {
	t := f.governing(at)
	if t == nil {
		return nil
	}
	v := l.versions[t.version]
	return &Governing{v.Version, v.Label, t.from, t.method, t.strength}
}

func inForceReason(s Status, retro bool) string {
	switch {
	case s.live():
		return "force.active"
	case retro:
		return "force.retro"
	}
	switch s {
	case StatusLapsed, StatusWithdrawn:
		return "force.lapsed"
	case StatusExecuted:
		return "force.future"
	case StatusWindDown, StatusRetained, StatusExpired:
		return "force.ended"
	case StatusClosed:
		return "force.closed"
	case StatusSuperseded:
		return "force.superseded"
	}
	return "force.unsigned"
}

func (l *Lifecycle) phiReason(f *fold, valid time.Time, retro bool) string {
	switch {
	case f.allows(valid):
		return "phi.allowed"
	case f.status.live():
		return "phi.stale"
	case retro:
		return "phi.retro"
	}
	switch f.status {
	case StatusExecuted:
		return "phi.future"
	case StatusWindDown:
		return "phi.wind_down"
	case StatusRetained:
		return "phi.retained"
	case StatusClosed, StatusSuperseded:
		return "phi.ended"
	}
	return "phi.none"
}

func uses(s Status) Uses {
	switch {
	case s.live():
		return UsesAgreed
	case s == StatusWindDown:
		return UsesReturn
	case s == StatusRetained:
		return UsesInfeasible
	case s == StatusSuperseded:
		return UsesAsSucceeded
	}
	return UsesNone
}

// deadlines returns the clocks that run or have run out, in the order in
// which they do.
func (l *Lifecycle) deadlines(f *fold, valid time.Time) []Deadline {
	var list []Deadline
	window := func(id, ref string, until time.Time, overdue bool) {
		if until.Before(farFuture) {
			list = append(list, Deadline{id, l.day(until.Add(-1)), until, overdue, ref})
		}
	}
	if f.offer != nil {
		window("offer", "", f.offer.until, false)
	}
	if f.status.live() {
		for _, b := range f.breaches.list {
			if !b.gone {
				window("cure", b.ref, b.until, b.failed)
			}
		}
		for _, n := range f.notices {
			list = append(list, Deadline{ID: "amendment", Through: l.day(n.from), Until: n.from, Ref: l.versions[n.version].Version})
		}
		if f.leaving != nil && f.leaving.earliest.Before(farFuture) {
			list = append(list, Deadline{ID: "earliest_termination", Through: l.day(f.leaving.earliest), Until: f.leaving.earliest})
		}
		if ends := l.versions[f.current()].Ends; !ends.IsZero() {
			_, over := ends.In(l.zone)
			window("term", "", over, false)
		}
	}
	if f.status == StatusWindDown {
		window("return", "", f.end.due, !valid.Before(f.end.due))
	}
	slices.SortStableFunc(list, func(a, b Deadline) int { return a.Until.Compare(b.Until) })
	return list
}

func (l *Lifecycle) duties(f *fold, valid time.Time) []Duty {
	law := lives()
	var list []Duty
	if f.status.live() && f.breaches.open > 0 {
		list = append(list, Duty{Reason: law.duty("end_breach"), From: "law"})
		lawful := !l.day(valid).Before(law.Report.From) && !l.day(valid).After(law.Report.Through)
		clause := l.versions[f.current()].ReportIfInfeasible
		if from := origin(lawful, clause); f.stuck && from != "" {
			list = append(list, Duty{Reason: law.duty("report_to_secretary"), From: from})
		}
	}
	switch f.status {
	case StatusWindDown:
		d := Duty{Reason: law.duty("return_or_destroy"), From: "both"}
		if f.end.due.Before(farFuture) {
			d.Due = "return"
		}
		list = append(list, d)
	case StatusRetained:
		list = append(list, Duty{Reason: law.duty("protect_retained"), From: "both"})
	}
	if f.end != nil {
		if sections := l.versions[f.end.version].Survives; len(sections) > 0 {
			list = append(list, Duty{Reason: law.duty("survives"), From: "agreement", Sections: slices.Clone(sections)})
		}
	}
	return list
}

func origin(law, clause bool) string {
	switch {
	case law && clause:
		return "both"
	case law:
		return "law"
	case clause:
		return "agreement"
	}
	return ""
}

// findings returns those of the events, then those of the day.
func (l *Lifecycle) findings(part, full *fold, valid time.Time) []LifeFinding {
	law := lives()
	list := slices.Clone(part.findings)
	for _, later := range full.findings {
		retro := later.ID == "LC-RETRO" && !l.day(valid).Before(later.From)
		if retro && !slices.ContainsFunc(list, func(f LifeFinding) bool { return f.ID == later.ID && f.Seq == later.Seq }) {
			list = append(list, later)
		}
	}
	today := func(id string) { list = append(list, law.finding(id)) }
	if part.status.live() {
		for _, b := range part.breaches.list {
			switch {
			case b.gone:
			case b.failed:
				today("LC-CURE-FAILED")
			default:
				today("LC-BREACH")
			}
		}
		if part.stuck && l.day(valid).After(law.Report.Through) {
			today("LC-REPORT")
		}
		t := part.taken[len(part.taken)-1]
		switch StandingOn(l.day(t.signed), l.versions[t.version].RulesOf, l.day(valid)) {
		case Fails:
			today("LC-STALE")
		case Deemed:
			today("LC-DEEMED")
		}
	}
	if part.status == StatusWindDown && !valid.Before(part.end.due) {
		today("LC-RETURN-OVERDUE")
	}
	return list
}
