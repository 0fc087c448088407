package subprocessor

import (
	"slices"

	"github.com/baakit/baakit"
)

// A Status is where an engagement stands. The zero Status is invalid.
type Status string

// The statuses, in the order of a life.
const (
	Proposed    Status = "proposed"
	UnderReview Status = "under_review"
	Contracted  Status = "contracted"
	Active      Status = "active"
	Suspended   Status = "suspended"
	Offboarding Status = "offboarding"
	// Removed ends it. Where PHI turns up at the entity after all, it is
	// offboarding again.
	Removed Status = "removed"
)

// engagementFold is what the events say of an engagement.
type engagementFold struct {
	engagement  Engagement
	status      Status
	active      baakit.Date // first day
	closed      bool        // retention closed since offboarding began
	certificate string
}

type fold struct {
	reg          *Registry
	entities     map[string]*Entity
	engagements  map[string]*engagementFold
	contracts    map[string]*Contract
	down, up     map[string][]*Contract // by upstream, by downstream
	attestations map[string]*Attestation
	waivers      map[string]*Waiver
	reviews      map[string]*Review
	changes      map[string]*changeFold
	about        map[string][]*changeFold // by engagement
	exceptions   map[[2]string]bool       // engagement, ref
	offboarded   map[string]bool          // entities
	left         map[string]int           // entities: after how many events they had nothing in use any more
	versions     []Published
	ignored      []int
	applied      []*Event
	lastSeq      int
}

func newFold(r *Registry) *fold {
	return &fold{
		reg: r, entities: make(map[string]*Entity), engagements: make(map[string]*engagementFold), contracts: make(map[string]*Contract),
		down: make(map[string][]*Contract), up: make(map[string][]*Contract), attestations: make(map[string]*Attestation),
		waivers: make(map[string]*Waiver), reviews: make(map[string]*Review), changes: make(map[string]*changeFold), about: make(map[string][]*changeFold),
		exceptions: make(map[[2]string]bool), offboarded: make(map[string]bool), left: make(map[string]int),
	}
}

func (f *fold) run(list []*Event) {
	for _, e := range list {
		f.step(e)
	}
}

func (f *fold) step(e *Event) {
	if f.apply(e) != nil {
		f.ignored = append(f.ignored, e.Seq)
	}
	f.applied = append(f.applied, e)
	f.lastSeq = max(f.lastSeq, e.Seq)
}

// apply folds an event, or returns why it was not possible and changes
// nothing.
func (f *fold) apply(e *Event) error {
	day := f.reg.day(e.At)
	switch e.Kind {
	case EntityRecorded:
		copied := *e.Entity
		f.entities[e.Entity.ID] = &copied
	case EngagementProposed:
		return f.propose(*e.Engagement)
	case EngagementReviewed, EngagementContracted, EngagementActivated, EngagementSuspended, EngagementResumed, EngagementOffboarding,
		RetentionClosed, ExceptionOpened, ExceptionClosed, EngagementRemoved:
		return f.applyEngagement(e, day)
	case ContractSigned:
		return f.sign(e.Contract)
	case ContractEnded:
		c := f.contracts[e.Subject]
		if c == nil {
			return ErrUnknown
		}
		if e.On.Before(c.Effective) || !c.LastInEffect.IsZero() && e.On.After(c.LastInEffect) {
			return ErrNotPossible
		}
		ended := *c
		ended.LastInEffect = e.On
		f.replaceContract(&ended)
	case AttestationRecorded:
		if f.entities[e.Attestation.Entity] == nil {
			return ErrUnknown
		}
		copied := *e.Attestation
		f.attestations[copied.ID] = &copied
	case MilestoneMet, AttestationWithdrawn:
		a := f.attestations[e.Subject]
		if a == nil {
			return ErrUnknown
		}
		if e.On.After(day) {
			return ErrNotPossible
		}
		if e.Kind == AttestationWithdrawn {
			a.Revoked = earliest(a.Revoked, e.On)
		} else {
			a.Milestones = append(slices.Clone(a.Milestones), Milestone{e.Ref, e.On})
		}
	case WaiverGranted:
		if f.engagements[e.Waiver.Engagement] == nil {
			return ErrUnknown
		}
		copied := *e.Waiver
		f.waivers[copied.ID] = &copied
	case VendorReviewed:
		return f.review(e.Review, day)
	case ListPublished:
		return f.publish(e)
	default:
		return f.applyChange(e, day)
	}
	return nil
}

func (f *fold) propose(e Engagement) error {
	if f.entities[e.Entity] == nil {
		return ErrUnknown
	}
	if f.engagements[e.ID] != nil {
		return ErrNotPossible
	}
	f.engagements[e.ID] = &engagementFold{engagement: e, status: Proposed}
	return nil
}

func (f *fold) applyEngagement(e *Event, day baakit.Date) error {
	g := f.engagements[e.Subject]
	if g == nil {
		return ErrUnknown
	}
	entity := g.engagement.Entity
	from := map[EventKind][]Status{
		EngagementReviewed: {Proposed}, EngagementContracted: {UnderReview}, EngagementActivated: {Contracted},
		EngagementSuspended: {Active}, EngagementResumed: {Suspended}, EngagementOffboarding: {Active, Suspended},
		RetentionClosed: {Offboarding}, EngagementRemoved: {Offboarding},
	}[e.Kind]
	if from != nil && !slices.Contains(from, g.status) {
		return ErrNotPossible
	}
	switch e.Kind {
	case EngagementReviewed:
		g.status = UnderReview
	case EngagementContracted:
		if !slices.ContainsFunc(f.up[entity], func(c *Contract) bool { return !c.Signed.After(day) }) && g.engagement.PHI.Handles() && g.engagement.PHI != Conduit {
			return ErrOrphan
		}
		g.status = Contracted
	case EngagementActivated:
		// An offboarded entity comes back, and an announced engagement
		// begins, by its change alone.
		if f.offboarded[entity] || slices.ContainsFunc(f.about[e.Subject], func(c *changeFold) bool { return c.change.introduces() }) {
			return ErrNotPossible
		}
		return f.activate(g, day)
	case EngagementSuspended:
		g.status = Suspended
	case EngagementResumed:
		if slices.ContainsFunc(f.about[e.Subject], func(c *changeFold) bool { return !c.rolledBack.IsZero() && c.change.introduces() }) {
			return ErrNotPossible
		}
		g.status = Active
	case EngagementOffboarding:
		f.offboard(g)
	case RetentionClosed:
		g.closed, g.certificate = true, e.Ref
	case ExceptionOpened:
		f.exceptions[[2]string{e.Subject, e.Ref}] = true
		if g.status == Removed {
			g.closed = false
		}
		f.reopen(entity)
	case ExceptionClosed:
		if !f.exceptions[[2]string{e.Subject, e.Ref}] {
			return ErrUnknown
		}
		delete(f.exceptions, [2]string{e.Subject, e.Ref})
	case EngagementRemoved:
		if f.excepted(entity) || !g.closed {
			return ErrHoldsPHI
		}
		g.status = Removed
	}
	return nil
}

// excepted reports whether a retention exception of the entity is open. It
// goes with its engagement when that passes to another entity.
func (f *fold) excepted(entity string) bool {
	for x := range f.exceptions {
		if f.engagements[x[0]].engagement.Entity == entity {
			return true
		}
	}
	return false
}

// reopen takes back the removals of an entity that has an open exception.
func (f *fold) reopen(entity string) {
	if !f.excepted(entity) {
		return
	}
	for _, g := range f.engagements {
		if g.engagement.Entity == entity && g.status == Removed {
			g.status = Offboarding
		}
	}
}

func (f *fold) offboard(g *engagementFold) {
	g.status, g.closed = Offboarding, false
	f.offboarded[g.engagement.Entity] = true
	f.leave(g.engagement.Entity)
}

// settle notes what the engagement makes of its entity, which may be new to
// it: one in use brings the entity back, one that is over and came by a merger
// makes it one that was offboarded.
func (f *fold) settle(g *engagementFold) {
	switch g.status {
	case Active, Suspended:
		delete(f.left, g.engagement.Entity)
	case Offboarding, Removed:
		f.offboarded[g.engagement.Entity] = true
		f.leave(g.engagement.Entity)
	}
}

// leave notes that an offboarded entity has nothing in use any more, if so.
func (f *fold) leave(entity string) {
	if !f.offboarded[entity] {
		return
	}
	for _, g := range f.engagements {
		if g.engagement.Entity == entity && (g.status == Active || g.status == Suspended) {
			return
		}
	}
	f.left[entity] = len(f.applied)
}

func (f *fold) activate(g *engagementFold, day baakit.Date) error {
	if g.engagement.PHI.Handles() && g.engagement.PHI != Conduit && !f.reaches(g.engagement.Entity, day) {
		return ErrOrphan
	}
	g.status, g.active = Active, day
	delete(f.left, g.engagement.Entity)
	return nil
}

// reaches reports whether contracts in effect lead from a covered entity
// through the vendor to the entity.
func (f *fold) reaches(entity string, day baakit.Date) bool {
	return f.climb(entity, day, make(map[string]bool), func(id string) bool { return id == f.reg.vendor }) &&
		f.climb(f.reg.vendor, day, make(map[string]bool), f.covered)
}

func (f *fold) covered(id string) bool {
	e := f.entities[id]
	return e != nil && e.Role == CoveredEntity
}

func (f *fold) climb(id string, day baakit.Date, seen map[string]bool, top func(string) bool) bool {
	if top(id) {
		return true
	}
	seen[id] = true
	for _, c := range f.up[id] {
		if c.InEffect(day) && !seen[c.Upstream] && f.climb(c.Upstream, day, seen, top) {
			return true
		}
	}
	return false
}

func (f *fold) sign(c *Contract) error {
	if f.entities[c.Upstream] == nil || f.entities[c.Downstream] == nil || c.Parent != "" && f.contracts[c.Parent] == nil {
		return ErrUnknown
	}
	// An amendment keeps the day of the signature: it is no new acceptance of
	// the list as it then was. A new contract has a new id.
	if old := f.contracts[c.ID]; old != nil && (old.Upstream != c.Upstream || old.Downstream != c.Downstream || old.Signed != c.Signed) {
		return ErrNotPossible
	}
	if f.cycles(c) {
		return ErrCycle
	}
	copied := *c
	f.replaceContract(&copied)
	return nil
}

// replaceContract puts a contract in the place of the one with its id.
func (f *fold) replaceContract(c *Contract) {
	if old := f.contracts[c.ID]; old != nil {
		f.down[old.Upstream] = replaceByID(f.down[old.Upstream], c)
		f.up[old.Downstream] = replaceByID(f.up[old.Downstream], c)
	} else {
		f.down[c.Upstream] = append(f.down[c.Upstream], c)
		f.up[c.Downstream] = append(f.up[c.Downstream], c)
	}
	f.contracts[c.ID] = c
}

func replaceByID(list []*Contract, c *Contract) []*Contract {
	for i := range list {
		if list[i].ID == c.ID {
			list[i] = c
		}
	}
	return list
}

// cycles reports whether c closes a cycle of contracts that are in effect on
// some day together.
func (f *fold) cycles(c *Contract) bool {
	if len(f.up[c.Upstream]) == 0 || len(f.down[c.Downstream]) == 0 {
		return false
	}
	var on func(id string, from, through baakit.Date, seen map[string]bool) bool
	on = func(id string, from, through baakit.Date, path map[string]bool) bool {
		if id == c.Upstream {
			return true
		}
		if path[id] {
			return false
		}
		path[id] = true
		defer delete(path, id)
		for _, d := range f.down[id] {
			if d.ID == c.ID {
				continue
			}
			later, first := from, latest(d.Signed, d.Effective)
			if first.After(later) {
				later = first
			}
			sooner := earliest(through, d.LastInEffect)
			if (sooner.IsZero() || !later.After(sooner)) && on(d.Downstream, later, sooner, path) {
				return true
			}
		}
		return false
	}
	return on(c.Downstream, latest(c.Signed, c.Effective), c.LastInEffect, make(map[string]bool))
}

func latest(a, b baakit.Date) baakit.Date {
	if a.Before(b) {
		return b
	}
	return a
}
