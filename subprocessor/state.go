package subprocessor

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// An EngagementState is an engagement and where it stands.
type EngagementState struct {
	Engagement Engagement  `json:"engagement"`
	Status     Status      `json:"status"`
	ActiveFrom baakit.Date `json:"active_from,omitzero"`
	// Certificate names the proof that retention is closed.
	Certificate string `json:"certificate,omitempty"`
}

// A ChangeState is a change and where it stands, for all and for each customer.
type ChangeState struct {
	Change   Change       `json:"change"`
	Revision int          `json:"revision"`
	Status   ChangeStatus `json:"status"`
	// Earliest is the first day on which it may take effect for every customer
	// in silence; zero where that is not known for one of them.
	Earliest  baakit.Date     `json:"earliest,omitzero"`
	Effective baakit.Date     `json:"effective,omitzero"`
	Emergency baakit.Date     `json:"emergency_effective,omitzero"`
	Customers []CustomerState `json:"customers"`
}

// A State is the registry at Valid by what was known at Known. It is
// immutable and safe for concurrent use; the zero State is of no use.
type State struct {
	valid, known time.Time
	day          baakit.Date
	f            *fold
}

func (f *fold) state(valid, known time.Time) *State {
	return &State{valid, known, f.reg.day(valid), f}
}

// Day returns the civil day of the state in the registry's zone.
func (s *State) Day() baakit.Date { return s.day }

// Ignored returns the Seq of events that were not possible when they happened.
func (s *State) Ignored() []int { return slices.Clone(s.f.ignored) }

// Entities returns the entities in order of their ids.
func (s *State) Entities() []Entity {
	return sorted(s.f.entities, func(e *Entity) Entity { return *e })
}

// Contracts returns the contracts in order of their ids.
func (s *State) Contracts() []Contract {
	return sorted(s.f.contracts, func(c *Contract) Contract { return *c })
}

// Attestations returns the attestations in order of their ids.
func (s *State) Attestations() []Attestation {
	return sorted(s.f.attestations, func(a *Attestation) Attestation { return *a })
}

// Waivers returns the waivers in order of their ids.
func (s *State) Waivers() []Waiver { return sorted(s.f.waivers, func(w *Waiver) Waiver { return *w }) }

// Reviews returns the reviews of vendors in order of their ids.
func (s *State) Reviews() []Review { return sorted(s.f.reviews, func(r *Review) Review { return *r }) }

// LastReview returns the latest review of an entity, by its day and then its
// id, and whether there is one.
func (s *State) LastReview(entity string) (Review, bool) {
	var last *Review
	for _, r := range s.f.reviews {
		if r.Entity == entity && (last == nil || cmp.Or(r.On.Compare(last.On), cmp.Compare(r.ID, last.ID)) > 0) {
			last = r
		}
	}
	if last == nil {
		return Review{}, false
	}
	return *last, true
}

// Engagements returns the engagements in order of their ids.
func (s *State) Engagements() []EngagementState {
	return sorted(s.f.engagements, (*engagementFold).state)
}

func (g *engagementFold) state() EngagementState {
	return EngagementState{g.engagement, g.status, g.active, g.certificate}
}

// Engagement returns an engagement by its id and whether it is on record.
func (s *State) Engagement(id string) (EngagementState, bool) {
	g := s.f.engagements[id]
	if g == nil {
		return EngagementState{}, false
	}
	return g.state(), true
}

// Entity returns an entity by its id and whether it is on record.
func (s *State) Entity(id string) (Entity, bool) {
	e := s.f.entities[id]
	if e == nil {
		return Entity{}, false
	}
	return *e, true
}

// Versions returns the published versions, the first one first.
func (s *State) Versions() []Published { return slices.Clone(s.f.versions) }

// Changes returns the changes in order of their ids.
func (s *State) Changes() []ChangeState {
	var list []ChangeState
	for _, id := range slices.Sorted(maps.Keys(s.f.changes)) {
		list = append(list, s.change(s.f.changes[id]))
	}
	return list
}

// Change returns a change by its id and whether it is on record.
func (s *State) Change(id string) (ChangeState, bool) {
	c := s.f.changes[id]
	if c == nil {
		return ChangeState{}, false
	}
	return s.change(c), true
}

func (s *State) change(c *changeFold) ChangeState {
	out := ChangeState{Change: c.change, Revision: c.revision, Effective: c.effective, Emergency: c.emergency, Customers: []CustomerState{}}
	known, clear, started, objected, resolving, allRatified := true, true, false, false, false, true
	for _, contract := range s.f.customers(c, s.day) {
		k := c.customer(contract, s.day, s.f.reg.cal)
		out.Customers = append(out.Customers, k)
		started = started || !k.Dates.Start.IsZero()
		objected = objected || k.Status == CustomerObjected
		resolving = resolving || k.Status == CustomerResolving
		clear = clear && !k.blocks()
		allRatified = allRatified && !k.blocks()
		first := k.Dates.Earliest
		switch {
		case k.GatedOff || k.Status == CustomerNotRequired || k.Status == CustomerAccommodated || k.Status == CustomerTerminated:
			continue
		case !k.Consented.IsZero():
			first = k.Consented
		}
		known = known && !first.IsZero() && k.Status != CustomerObjected && k.Status != CustomerResolving
		out.Earliest = latest(out.Earliest, first)
	}
	if !known {
		out.Earliest = baakit.Date{}
	} else if !out.Earliest.IsZero() {
		out.Earliest = latest(out.Earliest, c.change.Planned)
	}
	switch {
	case !c.cancelled.IsZero():
		out.Status = ChangeCancelled
	case !c.withdrawn.IsZero():
		out.Status = ChangeWithdrawn
	case !c.rolledBack.IsZero():
		out.Status = ChangeRolledBack
	case !c.emergency.IsZero() && (!c.effective.IsZero() || allRatified):
		out.Status = ChangeRatified
	case !c.effective.IsZero():
		out.Status = ChangeEffective
	case objected:
		out.Status = ChangeObjected
	case resolving:
		out.Status = ChangeResolving
	case !c.emergency.IsZero() && started:
		out.Status = ChangeAnnouncedLate
	case !c.emergency.IsZero():
		out.Status = ChangeEmergency
	case c.approved.IsZero():
		out.Status = ChangeDraft
	case c.announced.IsZero():
		out.Status = ChangeApproved
	case clear:
		out.Status = ChangeCleared
	case started:
		out.Status = ChangeWaiting
	default:
		out.Status = ChangeAnnounced
	}
	return out
}

func sorted[T, U any](m map[string]*T, f func(*T) U) []U {
	list := make([]U, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, f(m[id]))
	}
	return list
}
