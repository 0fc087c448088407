package retention

import (
	"slices"

	"github.com/baakit/baakit"
)

// An Outcome says what a decision comes to on its day.
type Outcome string

// The outcomes. Only Due allows destruction, and only by the two steps of a
// disposition.
const (
	Due           Outcome = "due"           // may be destroyed
	Kept          Outcome = "kept"          // its period runs
	Held          Outcome = "held"          // a hold or its release grace bars destruction
	Blocked       Outcome = "blocked"       // the period is over, a gate is closed
	Open          Outcome = "open"          // the event that starts the period has not happened
	PermanentKept Outcome = "permanent"     // never
	Indeterminate Outcome = "indeterminate" // a fact is missing
	Unclassified  Outcome = "unclassified"  // no policy applies
)

// A Conflict says that something asked for deletion by a day on which the
// record must, or may have to, exist. Keeping wins.
type Conflict string

// The conflicts; "" is none.
const (
	ConflictKeep Conflict = "keep"          // it is kept through that day or longer
	ConflictHold Conflict = "hold"          // a hold bars it
	ConflictOpen Conflict = "indeterminate" // no date, or none known, on which keeping ends
)

// A Decision is the answer of [Evaluate] in a compact form: its dates, its
// outcome, and what its sentences are made from when [Decision.Explain] or
// [Decision.Text] is called. It refers to the maps of its record and to the
// schedule and holds. The zero Decision decides nothing.
type Decision struct {
	Record  Record
	On      baakit.Date
	LawAsOf baakit.Date
	Outcome Outcome

	// KeepThrough is the last day on which the record must exist, by the
	// longest rule; zero where there is none or it is not known. Holds do not
	// move it.
	KeepThrough baakit.Date
	// FirstDisposable is the day after it.
	FirstDisposable baakit.Date
	// EarliestDisposal is the first day on which neither the period nor a hold
	// with its release grace bars destruction; zero while a hold is open or
	// FirstDisposable is zero. Gates are not counted.
	EarliestDisposal baakit.Date
	// DeleteBy is the last day by which privacy law or a contract asks for
	// deletion.
	DeleteBy baakit.Date
	Conflict Conflict
	// NotBefore and NotAfter are the bounds of a keep-through that is
	// indeterminate; a zero NotBefore is none, and so is a zero NotAfter.
	NotBefore, NotAfter baakit.Date

	keep, remove value
	governing    int32
	deleting     int32
	schedule     *Schedule
	holds        *Holds
}

// Disposable reports whether the record may be destroyed on the day.
func (d *Decision) Disposable() bool { return d.Outcome == Due }

// Governing returns the policy that governs, the first by ID of those that
// keep longest, and false where none does.
func (d *Decision) Governing() (Policy, bool) {
	if d.governing < 0 {
		return Policy{}, false
	}
	return d.schedule.policies[d.governing].clone(), true
}

// settle draws the conclusion from what the rules ask for.
func (d *Decision) settle(e *evaluation, keep, remove value, any bool) {
	d.keep, d.remove = keep, remove
	d.DeleteBy = unpack(remove.hi)
	switch {
	case !any || keep.lo == 0 && keep.hi == 0:
		d.Outcome, d.governing = Unclassified, -1
	case keep.lo == keep.hi || keep.missing == 0:
		switch keep.hi {
		case forever:
			d.Outcome = PermanentKept
		case openEnd, big:
			d.Outcome = Open
		default:
			d.KeepThrough = unpack(keep.hi)
			d.FirstDisposable = d.KeepThrough.AddDays(1)
			d.Outcome = Due
			if keep.hi >= e.on {
				d.Outcome = Kept
			}
		}
	default:
		d.Outcome = Indeterminate
		d.NotBefore, d.NotAfter = unpack(keep.lo), unpack(keep.hi)
	}
	held := d.underHolds(e.r, e.on)
	d.Conflict = d.conflict(remove)
	if held {
		d.Outcome = Held
	}
	if d.Outcome == Due && d.blocked(e) {
		d.Outcome = Blocked
	}
}

// underHolds sets the earliest disposal and reports whether a hold bars the
// day of the question.
func (d *Decision) underHolds(r *Record, on int32) bool {
	earliest := int32(0)
	if !d.FirstDisposable.IsZero() {
		earliest = pack(d.FirstDisposable)
	}
	held := false
	if d.holds != nil {
		for again := true; again; {
			again = false
			for i := range d.holds.list {
				h := &d.holds.list[i]
				if !h.covers(r) {
					continue
				}
				first, last := h.window(r, d.On)
				if first > last {
					continue
				}
				held = held || first <= on && on <= last
				if earliest == 0 || last < earliest || first > max(on, earliest) {
					continue
				}
				if last >= big {
					earliest = 0
					continue
				}
				next := addUnits(last, 1, baakit.Days, false)
				again = next > earliest
				earliest = next
			}
		}
	}
	d.EarliestDisposal = unpack(earliest)
	return held
}

// conflict compares the day by which to delete with what keeps.
func (d *Decision) conflict(remove value) Conflict {
	by := unpack(remove.hi)
	switch {
	case by.IsZero() || d.Outcome == Unclassified:
		return ""
	case d.FirstDisposable.IsZero():
		return ConflictOpen
	case by.Before(d.FirstDisposable):
		return ConflictKeep
	case d.EarliestDisposal.IsZero() || by.Before(d.EarliestDisposal):
		return ConflictHold
	}
	return ""
}

// blocked reports whether a gate of an applicable policy is closed.
func (d *Decision) blocked(e *evaluation) bool {
	for i := range d.schedule.policies {
		p := &d.schedule.policies[i]
		if len(p.Gates) == 0 || p.remove || !p.applies(e.r, e.law) {
			continue
		}
		for j := range p.Gates {
			if g := &p.Gates[j]; g.concerns(e.r) && !g.open(e.r, d.On) {
				return true
			}
		}
	}
	return false
}

func (g *Gate) concerns(r *Record) bool {
	return len(g.Parts) == 0 || r.Part == "" || slices.Contains(g.Parts, r.Part)
}

// open reports whether the record's clearances open the gate on the day.
func (g *Gate) open(r *Record, on baakit.Date) bool {
	if stands, said := r.Facts[g.Fact]; said && (!stands || g.Kind == LitigationGate) {
		return !stands
	}
	for _, c := range r.Clearances {
		if c.Gate != g.ID || c.On.IsZero() || c.On.After(on) {
			continue
		}
		if g.Kind == MethodGate && len(g.Methods) > 0 && !slices.Contains(g.Methods, c.Method) {
			continue
		}
		if g.Wait.IsZero() {
			return true
		}
		if from, err := g.Wait.AddTo(c.On, nil, baakit.RollForward); err == nil && !from.After(on) {
			return true
		}
	}
	return false
}
