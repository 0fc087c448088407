package retention

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// A Hold is a named matter that bars destruction of the records in its scope
// from the day it is placed through the day it is lifted and the release
// grace after it. It never moves a keep-through date and never stops a
// clock. Holds are a set: a record is protected while any of them is active.
type Hold struct {
	Matter    string `json:"matter"`
	Scope     Scope  `json:"scope"`
	Custodian string `json:"custodian,omitempty"`
	Reason    string `json:"reason,omitempty"` // without PHI

	Placed   baakit.Date `json:"placed"`
	PlacedBy string      `json:"placed_by,omitempty"`
	// Lifted is zero while the hold is open. Whoever lifts it is not who
	// placed it, where both are stated.
	Lifted   baakit.Date `json:"lifted,omitzero"`
	LiftedBy string      `json:"lifted_by,omitempty"`

	// ReleaseGrace is how long after Lifted destruction stays barred; zero is
	// not at all.
	ReleaseGrace baakit.Period `json:"release_grace,omitzero"`

	// Statute, Until and Within are those of a hold that a statute makes. It
	// ends by itself through the day of Until, whether lifted or not, and has
	// no force on a record whose Within ended before it was placed. Where the
	// record leaves either open the hold is in force.
	Statute string `json:"statute,omitempty"`
	Until   Rule   `json:"until,omitzero"`
	Within  Rule   `json:"within,omitzero"`
}

// A Scope says which records a hold is about: those of the ids, and those
// that meet every criterion that is given. A record that does not say what a
// criterion asks counts as held. The zero Scope is invalid; All is explicit.
type Scope struct {
	All           bool                  `json:"all,omitempty"`
	Records       []string              `json:"records,omitempty"`
	Classes       []string              `json:"classes,omitempty"`
	Jurisdictions []baakit.Jurisdiction `json:"jurisdictions,omitempty"`
	Custodians    []string              `json:"custodians,omitempty"`
	// Attributes are names with the values that match.
	Attributes map[string][]string `json:"attributes,omitempty"`
	// Match is the caller's own test, asked each time; an error counts as
	// held. It must be safe for concurrent use. It has no JSON form.
	Match func(*Record) (bool, error) `json:"-"`
}

func (s *Scope) criteria() bool {
	return len(s.Classes) > 0 || len(s.Jurisdictions) > 0 || len(s.Custodians) > 0 || len(s.Attributes) > 0 || s.Match != nil
}

// Holds is a validated set of holds. A nil *Holds holds nothing. It is
// immutable and safe for concurrent use.
type Holds struct {
	list []hold
}

type hold struct {
	Hold
	placed, until int32 // until is the last barred day, big while open
	ids           map[string]bool
	limits        *Schedule // Until and Within, compiled
}

// NewHolds returns the set of the holds, whose matters may repeat. The error
// is a [baakit.FieldErrors] with paths such as "holds[1].placed".
func NewHolds(list ...Hold) (*Holds, error) {
	var errs baakit.FieldErrors
	h := &Holds{}
	for i := range list {
		at := "holds" + index(i)
		if err := list[i].Validate(); err != nil {
			errs.Merge(at, err)
			continue
		}
		c := hold{Hold: list[i], placed: pack(list[i].Placed), until: list[i].barred()}
		c.Scope.Records = nil
		if n := len(list[i].Scope.Records); n > 0 {
			c.ids = make(map[string]bool, n)
			for _, id := range list[i].Scope.Records {
				c.ids[id] = true
			}
		}
		if !c.Until.IsZero() || !c.Within.IsZero() {
			c.limits = c.compile()
		}
		h.list = append(h.list, c)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(h.list, func(a, b hold) int {
		switch {
		case a.Matter != b.Matter && a.Matter < b.Matter:
			return -1
		case a.Matter != b.Matter:
			return 1
		}
		return int(a.placed - b.placed)
	})
	return h, nil
}

// ParseHolds reads a JSON list of holds, strictly; [NewHolds] makes a set of
// them. The error is a [baakit.FieldErrors] with paths such as "[1].placed".
func ParseHolds(data []byte) ([]Hold, error) {
	var list []Hold
	if err := strictjson.Decode(data, &list); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	for i := range list {
		errs.Merge(index(i), list[i].Validate())
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// Validate reports what is wrong with the hold as [baakit.FieldErrors].
func (h *Hold) Validate() error {
	var errs baakit.FieldErrors
	if h.Matter == "" || len(h.Matter) > 200 {
		errs.Add("matter", "is required, at most 200 bytes")
	}
	if s := &h.Scope; !s.All && len(s.Records) == 0 && !s.criteria() {
		errs.Add("scope", "must name records or criteria, or be all")
	}
	if h.Placed.IsZero() {
		errs.Add("placed", "is required")
	}
	if !h.Lifted.IsZero() && h.Lifted.Before(h.Placed) {
		errs.Add("lifted", "must not be before placed")
	}
	if h.LiftedBy != "" && h.LiftedBy == h.PlacedBy {
		errs.Add("lifted_by", "must be another person than placed_by")
	}
	switch h.ReleaseGrace.Unit() {
	case baakit.Hours, baakit.BusinessDays:
		errs.Add("release_grace", "must be in days, months or years")
	}
	if !h.Until.IsZero() {
		errs.Merge("until", h.Until.Validate())
	}
	if !h.Within.IsZero() {
		errs.Merge("within", h.Within.Validate())
	}
	return errs.Err()
}

// Barred returns the last day on which a lifted hold still bars destruction,
// its release grace included, and false while it is open.
func (h *Hold) Barred() (baakit.Date, bool) {
	b := h.barred()
	return unpack(b), b < big
}

func (h *Hold) barred() int32 {
	if h.Lifted.IsZero() {
		return big
	}
	if h.ReleaseGrace.IsZero() {
		return pack(h.Lifted)
	}
	d, err := h.ReleaseGrace.AddTo(h.Lifted, nil, baakit.RollForward)
	if err != nil {
		return big
	}
	return pack(d)
}

// compile makes a schedule of the rules that limit a statutory hold.
func (h *Hold) compile() *Schedule {
	var policies []Policy
	if !h.Until.IsZero() {
		policies = append(policies, Policy{ID: "until", Rule: h.Until})
	}
	if !h.Within.IsZero() {
		policies = append(policies, Policy{ID: "within", Rule: h.Within})
	}
	s, err := NewSchedule(policies)
	if err != nil {
		panic("retention: bad hold: " + err.Error()) // validated before
	}
	return s
}

// covers reports whether the record is, or may be, in the scope.
func (h *hold) covers(r *Record) bool {
	s := &h.Scope
	if s.All || h.ids[r.ID] {
		return true
	}
	if !s.criteria() {
		return false
	}
	if len(s.Classes) > 0 && r.Class != "" && !slices.Contains(s.Classes, r.Class) {
		return false
	}
	if len(s.Jurisdictions) > 0 && len(r.Jurisdictions) > 0 && !slices.ContainsFunc(r.Jurisdictions, func(j baakit.Jurisdiction) bool {
		return slices.Contains(s.Jurisdictions, j) || j == baakit.UnknownJurisdiction
	}) {
		return false
	}
	if len(s.Custodians) > 0 && r.Custodian != "" && !slices.Contains(s.Custodians, r.Custodian) {
		return false
	}
	for name, values := range s.Attributes {
		if v, known := r.Attributes[name]; known && !slices.Contains(values, v) {
			return false
		}
	}
	if s.Match != nil {
		in, err := s.Match(r)
		return in || err != nil
	}
	return true
}

// window returns the first and last day on which the hold bars destruction of
// the record, which is in its scope; none if first is after last.
func (h *hold) window(r *Record, on baakit.Date) (first, last int32) {
	if h.limits == nil {
		return h.placed, h.until
	}
	var e evaluation
	e.begin(r, h.limits, pack(on), big)
	last = h.until
	for i := range h.limits.policies {
		p := &h.limits.policies[i]
		v := e.node(p, p.root)
		if p.ID == "until" {
			last = min(last, v.hi)
		} else if v.hi < h.placed {
			return 1, 0
		}
	}
	return h.placed, last
}

// All returns the holds in the order of their matters.
func (h *Holds) All() []Hold {
	if h == nil {
		return nil
	}
	list := make([]Hold, len(h.list))
	for i := range h.list {
		list[i] = h.list[i].Hold
		for id := range h.list[i].ids {
			list[i].Scope.Records = append(list[i].Scope.Records, id)
		}
		slices.Sort(list[i].Scope.Records)
	}
	return list
}

// Bars reports whether any hold bars destruction of the record on the day.
func (h *Holds) Bars(r *Record, on baakit.Date) bool {
	if h == nil {
		return false
	}
	day := pack(on)
	for i := range h.list {
		if x := &h.list[i]; x.placed <= day && x.covers(r) {
			if first, last := x.window(r, on); first <= day && day <= last {
				return true
			}
		}
	}
	return false
}
