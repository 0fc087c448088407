package subprocessor

import (
	"cmp"
	"slices"

	"github.com/baakit/baakit"
)

// Due returns what falls due through the given day: attestations and their
// milestones, bridges, waivers, reviews of vendors that are not gone, contracts, windows, cures, late notices and
// emergencies, in order of their days. What lapsed without a successor stays
// in the list, overdue: nothing is extended in silence.
func (s *State) Due(through baakit.Date) []DueItem {
	items := []DueItem{}
	add := func(id, what string, on baakit.Date) {
		if !on.IsZero() && !on.After(through) {
			items = append(items, DueItem{id, what, on, on.Before(s.day)})
		}
	}
	name := func(id string) string {
		if e := s.f.entities[id]; e != nil {
			return e.LegalName
		}
		return id
	}
	for _, a := range s.Attestations() {
		v := a.Validity(s.day)
		if v.Standing == AttestationRevoked || v.Standing == AttestationNotYet || s.succeeded(a, v) {
			continue
		}
		rule, _ := attestationRule(a.Kind)
		what := rule.Name + " of " + name(a.Entity) + ": " + v.Next
		add("attestation-"+a.ID, what, v.ValidUntil)
		if !v.BridgeTo.IsZero() {
			add("bridge-"+a.ID, what+" (bridge letter ends)", v.BridgeTo)
		}
	}
	for _, w := range s.Waivers() {
		add("waiver-"+w.ID, "Waiver ends: "+string(w.Kind)+" for "+w.Engagement, w.Until)
	}
	for _, e := range s.Entities() {
		if r, ok := s.LastReview(e.ID); ok && !s.gone(e.ID) {
			add("review-"+r.ID, "Review of "+e.LegalName+" is due again", r.NextDue)
		}
	}
	for _, c := range s.Contracts() {
		if !c.LastInEffect.Before(s.day) {
			add("contract-"+c.ID, "Contract ends: "+name(c.Upstream)+" and "+name(c.Downstream), c.LastInEffect)
		}
	}
	for _, c := range s.Changes() {
		if c.Status == ChangeCancelled || c.Status == ChangeWithdrawn || c.Status == ChangeRolledBack {
			continue
		}
		for _, k := range c.Customers {
			key := c.Change.ID + "-" + k.Customer
			if k.Status == CustomerWaiting {
				add("window-"+key, "Window to object ends: "+name(k.Customer), k.Dates.WindowEnd)
			}
			if !k.NoticeDue.IsZero() && k.Dates.Start.IsZero() {
				add("late-notice-"+key, "Notice of an emergency is due: "+name(k.Customer), k.NoticeDue)
			}
			if k.EmergencyLive && k.Status != CustomerRatified {
				add("emergency-"+key, "Emergency approval ends: "+name(k.Customer), k.EmergencyEnds)
			}
			for _, o := range k.Objections {
				if o.Timely && o.Resolved.IsZero() {
					add("cure-"+key+"-"+o.ID, "Objection is to be resolved: "+name(k.Customer), o.CureUntil)
				}
			}
		}
	}
	slices.SortFunc(items, func(a, b DueItem) int { return cmp.Or(a.On.Compare(b.On), cmp.Compare(a.ID, b.ID)) })
	return items
}

// gone reports whether every engagement that the entity had was removed.
func (s *State) gone(entity string) bool {
	had := false
	for _, g := range s.f.engagements {
		if g.engagement.Entity == entity {
			if had = true; g.status != Removed {
				return false
			}
		}
	}
	return had
}

// succeeded reports whether a later attestation of the kind runs longer.
func (s *State) succeeded(a Attestation, v Validity) bool {
	for _, b := range s.f.attestations {
		if b.ID != a.ID && b.Entity == a.Entity && b.Kind == a.Kind && b.Validity(s.day).ValidUntil.After(v.ValidUntil) && b.Validity(s.day).Current() {
			return true
		}
	}
	return false
}
