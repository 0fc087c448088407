package baa

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// The errors of commands that an agreement's state does not allow. Each
// comes wrapped in a [RefusedError].
var (
	// ErrOfferLapsed: the offer's last day is over.
	ErrOfferLapsed = errors.New("the offer has lapsed")
	// ErrNotPossible: not in this state, or not by this party.
	ErrNotPossible = errors.New("not possible in this state")
	// ErrVersion: that version is not on offer, not known, or not the one that
	// was shown.
	ErrVersion = errors.New("not the version that is on offer")
	// ErrTooEarly: the notice that must come first has not run.
	ErrTooEarly = errors.New("before the earliest day that the agreement allows")
	// ErrTooLate: the window is closed.
	ErrTooLate = errors.New("after the last day that the agreement allows")
	// ErrNotAgreed: the agreement gives no such right.
	ErrNotAgreed = errors.New("the agreement gives no such right")
	// ErrPolicy: the policy does not accept the act.
	ErrPolicy = errors.New("the policy does not accept it")
	// ErrConflict: an event that is already recorded would become impossible.
	ErrConflict = errors.New("an event that is recorded already would become impossible")
)

// A RefusedError says which command was refused, in which state, and wraps
// the reason: one of the errors above. It holds nothing of the input.
type RefusedError struct {
	Kind   EventKind
	Status Status
	Err    error
}

func (e *RefusedError) Error() string {
	return "baa: " + string(e.Kind) + " while " + string(e.Status) + ": " + e.Err.Error()
}

func (e *RefusedError) Unwrap() error { return e.Err }

// VersionTerms are the terms of one version of an agreement that its life
// depends on. A period that is zero was not agreed.
type VersionTerms struct {
	Version string `json:"version"` // the version's hash
	Label   string `json:"label,omitempty"`

	// Signers are the sides whose signature or acceptance makes it binding:
	// both, or the customer alone where the vendor is bound by its offer.
	Signers []Side `json:"signers"`
	// StandingOffer: it is published, and can be accepted without an offer
	// of its own, as at the signup of a service.
	StandingOffer bool `json:"standing_offer,omitempty"`

	// Effective is a stated effective date; zero: when the last signer signs.
	Effective baakit.Date `json:"effective,omitzero"`
	// Ends is the last day of a fixed term; zero: none.
	Ends baakit.Date `json:"ends,omitzero"`
	// Coterminous: it ends with the underlying agreement.
	Coterminous bool `json:"coterminous,omitempty"`

	Cure              baakit.Period `json:"cure,omitzero"`
	TerminationNotice baakit.Period `json:"termination_notice,omitzero"`
	// AmendmentNotice is how long before it takes effect an amendment is
	// announced that binds by going on; zero: amendments must be signed.
	AmendmentNotice baakit.Period `json:"amendment_notice,omitzero"`
	ReturnWithin    baakit.Period `json:"return_within,omitzero"`

	// ReportIfInfeasible: where neither cure nor termination is feasible, the
	// agreement itself asks for a report to the Secretary.
	ReportIfInfeasible bool `json:"report_if_infeasible,omitempty"`
	// Survives names the sections that survive the end.
	Survives []string `json:"survives,omitempty"`
	// RulesOf is the day whose rules the text was found to meet.
	RulesOf baakit.Date `json:"rules_of"`
}

// A LifePolicy is what an organisation asks for beyond the law. The zero
// LifePolicy accepts what binds and reports its weaknesses as findings.
type LifePolicy struct {
	// RequireAuthority: an acceptance without a statement of authority does
	// not count.
	RequireAuthority bool `json:"require_authority,omitempty"`
	// RequireCopy: an acceptance without a delivered copy does not count.
	RequireCopy bool `json:"require_copy,omitempty"`
	// RefuseContinuedUse: no version takes effect by going on.
	RefuseContinuedUse bool `json:"refuse_continued_use,omitempty"`
}

// LifecycleConfig is what [NewLifecycle] makes a Lifecycle of.
type LifecycleConfig struct {
	// Versions are all versions of the agreement that events may name.
	Versions []VersionTerms
	// Zone is where its days begin and end; required.
	Zone *time.Location
	// Calendar has its business days; nil is [baakit.Federal].
	Calendar baakit.Calendar
	Policy   LifePolicy
}

// A Lifecycle knows the terms of an agreement and tells from its events in
// which state it was at any time. It holds no events and no state of its own:
// every answer is a fold over the events that it is given. A Lifecycle is
// immutable, shares nothing with its config, and is safe for concurrent use.
// The zero Lifecycle is of no use; make one with [NewLifecycle].
type Lifecycle struct {
	versions []VersionTerms
	zone     *time.Location
	cal      baakit.Calendar
	policy   LifePolicy
	over     []time.Time // when the term of each version is over; zero: never
}

// NewLifecycle checks c and returns the life cycle it describes. The error is
// a [baakit.FieldErrors] in field order.
func NewLifecycle(c LifecycleConfig) (*Lifecycle, error) {
	var errs baakit.FieldErrors
	if len(c.Versions) == 0 {
		errs.Add("versions", "must have at least one")
	}
	for i, v := range c.Versions {
		errs.Merge("versions"+at(i), v.check())
		if slices.ContainsFunc(c.Versions[:i], func(w VersionTerms) bool { return w.Version == v.Version }) {
			errs.Add("versions"+at(i)+".version", "must not be that of another version")
		}
	}
	if c.Zone == nil {
		errs.Add("zone", "is required")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	l := &Lifecycle{versions: slices.Clone(c.Versions), zone: c.Zone, cal: c.Calendar, policy: c.Policy}
	for i, v := range l.versions {
		l.versions[i].Signers, l.versions[i].Survives = slices.Clone(v.Signers), slices.Clone(v.Survives)
		over := time.Time{}
		if !v.Ends.IsZero() {
			_, over = v.Ends.In(c.Zone)
		}
		l.over = append(l.over, over)
	}
	if l.cal == nil {
		l.cal = baakit.Federal()
	}
	return l, nil
}

func (v VersionTerms) check() error {
	var errs baakit.FieldErrors
	if !events.IsName(v.Version) {
		errs.Add("version", "is required, at most 200 printing ASCII characters")
	}
	if len(v.Signers) == 0 || len(v.Signers) > 2 || slices.ContainsFunc(v.Signers, func(s Side) bool { return !s.valid() }) ||
		len(v.Signers) == 2 && v.Signers[0] == v.Signers[1] {
		errs.Add("signers", "must be covered_entity, business_associate or both")
	}
	if !v.Ends.IsZero() && v.Ends.Before(v.Effective) {
		errs.Add("ends", "must not be before effective")
	}
	if v.RulesOf.IsZero() {
		errs.Add("rules_of", "is required")
	}
	return errs.Err()
}

// version returns the number of the version with the hash, or -1.
func (l *Lifecycle) version(hash string) int {
	return slices.IndexFunc(l.versions, func(v VersionTerms) bool { return v.Version == hash })
}

// window returns the first instant after a window of p that opens at from: it
// stays open through its last day. A zero p has no end.
func (l *Lifecycle) window(from time.Time, p baakit.Period) time.Time {
	return l.count(from, p, baakit.RollBack)
}

// earliest returns the first instant at which an act is allowed that p of
// notice must precede: the beginning of its last day.
func (l *Lifecycle) earliest(from time.Time, p baakit.Period) time.Time {
	if p.Unit() == baakit.Hours {
		return l.count(from, p, baakit.RollForward)
	}
	day, err := p.AddTo(baakit.DateOf(from, l.zone), l.cal, baakit.RollForward)
	if err != nil {
		return farFuture
	}
	start, _ := day.In(l.zone)
	return start
}

func (l *Lifecycle) count(from time.Time, p baakit.Period, r baakit.Roll) time.Time {
	if p.IsZero() {
		return farFuture
	}
	end, err := p.AddToInstant(from, l.zone, l.cal, r)
	if err != nil {
		return farFuture // beyond the last year: never
	}
	return end
}

// farFuture is the time of what does not happen.
var farFuture = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

func at(i int) string { return "[" + strconv.Itoa(i) + "]" }
