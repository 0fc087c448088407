package subprocessor

import (
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// A Delivery is how far a notice is known to have come. The zero Delivery is
// that nothing is known.
type Delivery string

// The levels of evidence, the weakest first. A bounced notice was not given.
const (
	Queued       Delivery = "queued"
	Sent         Delivery = "sent"
	Delivered    Delivery = "delivered"
	Opened       Delivery = "opened"
	Acknowledged Delivery = "acknowledged"
	Bounced      Delivery = "bounced"
)

func (d Delivery) level() int {
	return slices.Index([]Delivery{Queued, Sent, Delivered, Opened, Acknowledged}, d)
}

// An Emergency is an approval to put a change into effect before its notice.
// It always ends: Until is its last day.
type Emergency struct {
	Reason   string      `json:"reason"` // as the contracts name it
	Approver string      `json:"approver"`
	Until    baakit.Date `json:"until"`
}

// A Change is what is announced: the engagement as it will be (After), the id
// of the one that it takes the place of or ends (Before), and when.
type Change struct {
	ID        string      `json:"id"`
	Kind      ChangeKind  `json:"kind"`
	Before    string      `json:"before,omitempty"`
	After     *Engagement `json:"after,omitempty"`
	Planned   baakit.Date `json:"planned_effective,omitzero"`
	Reason    string      `json:"reason,omitempty"`
	Emergency *Emergency  `json:"emergency,omitempty"`
	Extra     Extra       `json:"-"`
}

// Validate reports what is wrong with the change.
func (c Change) Validate() error {
	var errs baakit.FieldErrors
	need(&errs, "id", events.IsName(c.ID), "is required, at most 200 printing ASCII characters without spaces")
	need(&errs, "kind", slices.Contains(ChangeKinds(), c.Kind), "must be a kind of change")
	need(&errs, "reason", c.Reason == "" || isLine(c.Reason), "must be one line of text")
	switch {
	case c.Kind == RemoveSubprocessor:
		need(&errs, "before", events.IsName(c.Before), "is required for this kind")
		need(&errs, "after", c.After == nil, "must be left out for this kind")
	case c.After == nil:
		errs.Add("after", "is required for this kind")
	default:
		errs.Merge("after", c.After.Validate())
		need(&errs, "before", c.Kind != ReplaceSubprocessor || events.IsName(c.Before) && c.Before != c.After.ID, "is required for this kind, and must not be that of after")
	}
	if e := c.Emergency; e != nil {
		need(&errs, "emergency.reason", isLine(e.Reason), "is required")
		need(&errs, "emergency.approver", isLine(e.Approver), "is required")
		need(&errs, "emergency.until", !e.Until.IsZero(), "is required: an emergency always ends")
	}
	return errs.Err()
}

// subject is the id of the engagement that the change is about.
func (c *Change) subject() string {
	if c.After != nil {
		return c.After.ID
	}
	return c.Before
}

// introduces reports whether the change brings an engagement in.
func (c *Change) introduces() bool {
	return c.Kind == AddSubprocessor || c.Kind == ReplaceSubprocessor || c.Kind == NewSubSubprocessor
}

type plainChange Change

// MarshalJSON implements json.Marshaler, extra fields included.
func (c Change) MarshalJSON() ([]byte, error) { return encodeKeeping(plainChange(c), c.Extra) }

// UnmarshalJSON implements json.Unmarshaler; unknown fields go to Extra.
func (c *Change) UnmarshalJSON(data []byte) error {
	var p plainChange
	extra, err := decodeKeeping(data, &p)
	if err != nil {
		return err
	}
	p.Extra = extra
	*c = Change(p)
	return nil
}

// A ChangeStatus is where a change stands for all. The zero status is invalid.
type ChangeStatus string

// The statuses, in the order of a change's life.
const (
	ChangeDraft     ChangeStatus = "draft"
	ChangeApproved  ChangeStatus = "approved"
	ChangeAnnounced ChangeStatus = "announced"
	ChangeWaiting   ChangeStatus = "waiting"
	ChangeObjected  ChangeStatus = "objected"
	ChangeResolving ChangeStatus = "resolving"
	ChangeCleared   ChangeStatus = "cleared"
	ChangeEffective ChangeStatus = "effective"
	ChangeCancelled ChangeStatus = "cancelled" // final
	ChangeWithdrawn ChangeStatus = "withdrawn" // final

	ChangeEmergency     ChangeStatus = "emergency_effective"
	ChangeAnnouncedLate ChangeStatus = "announced_late"
	ChangeRatified      ChangeStatus = "ratified"
	ChangeRolledBack    ChangeStatus = "rolled_back" // final
)

// A CustomerStatus is where a change stands for one customer.
type CustomerStatus string

// The statuses. Accommodated: the engagement is kept away from this customer.
const (
	CustomerNoTerms      CustomerStatus = "no_terms"
	CustomerNotRequired  CustomerStatus = "not_required"
	CustomerPending      CustomerStatus = "pending" // no notice given
	CustomerWaiting      CustomerStatus = "waiting"
	CustomerObjected     CustomerStatus = "objected"
	CustomerResolving    CustomerStatus = "resolving"
	CustomerAccommodated CustomerStatus = "accommodated"
	CustomerTerminated   CustomerStatus = "terminated"
	CustomerCleared      CustomerStatus = "cleared"
	CustomerRatified     CustomerStatus = "ratified"
	CustomerWithdrawn    CustomerStatus = "withdrawn" // the change is not made
)

// An Outcome says how an objection was resolved.
type Outcome string

// The outcomes.
const (
	ObjectionWithdrawn Outcome = "objection_withdrawn"
	Accepted           Outcome = "accepted"     // the customer consents after all
	Accommodated       Outcome = "accommodated" // the engagement is kept away from the customer
	ServiceTerminated  Outcome = "terminated"
	WithdrawChange     Outcome = "change_withdrawn"
)

func (o Outcome) valid() bool {
	return slices.Contains([]Outcome{ObjectionWithdrawn, Accepted, Accommodated, ServiceTerminated, WithdrawChange}, o)
}

// An Objection of a customer. A late one is kept and changes nothing.
type Objection struct {
	ID        string      `json:"id"`
	Received  baakit.Date `json:"received"`
	Grounds   string      `json:"grounds,omitempty"`
	Timely    bool        `json:"timely"`
	Resolving bool        `json:"resolving,omitempty"`
	CureUntil baakit.Date `json:"cure_until,omitzero"`
	// MayTerminate: the cure clock ran out without a resolution.
	MayTerminate bool        `json:"may_terminate,omitempty"`
	Resolved     baakit.Date `json:"resolved,omitzero"`
	Outcome      Outcome     `json:"outcome,omitempty"`
	Services     []string    `json:"services_terminated,omitempty"`
}

// An Attempt is one notice to one customer and what is known of it.
type Attempt struct {
	Notice   string      `json:"notice"`
	Revision int         `json:"revision"` // of the change that it told of
	Level    Delivery    `json:"level"`
	Sent     baakit.Date `json:"sent,omitzero"`
	Received baakit.Date `json:"received,omitzero"` // first evidence of delivered or more
	Opened   baakit.Date `json:"opened,omitzero"`
	Acked    baakit.Date `json:"acknowledged,omitzero"`
	Bounced  baakit.Date `json:"bounced,omitzero"`
}

// start returns the day on which the attempt starts a clock, or zero.
func (a Attempt) start(n *NoticeTerms) baakit.Date {
	switch {
	case !a.Bounced.IsZero():
		return baakit.Date{}
	case n.Start == StartSent:
		return a.Sent
	case n.Evidence == Acknowledged:
		return a.Acked
	case n.Evidence == Opened:
		return earliest(a.Opened, a.Acked)
	}
	return earliest(a.Received, earliest(a.Opened, a.Acked))
}

func earliest(a, b baakit.Date) baakit.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// A CustomerState is a change as one customer's contract sees it on a day.
type CustomerState struct {
	Customer   string         `json:"customer"`
	Contract   string         `json:"contract"`
	Status     CustomerStatus `json:"status"`
	Dates      Dates          `json:"dates"`
	Consented  baakit.Date    `json:"consented,omitzero"`
	Attempts   []Attempt      `json:"attempts,omitempty"`
	Objections []Objection    `json:"objections,omitempty"`
	GatedOff   bool           `json:"gated_off,omitempty"`

	// Of an emergency: whether it is live for the customer, the last day for
	// its late notice, whether that was met, and the last day without one.
	EmergencyLive bool        `json:"emergency_live,omitempty"`
	NoticeDue     baakit.Date `json:"notice_due,omitzero"`
	NoticeMet     bool        `json:"notice_met,omitempty"`
	EmergencyEnds baakit.Date `json:"emergency_ends,omitzero"`
}

// Clear reports whether the change may be in effect for the customer.
func (s CustomerState) Clear() bool {
	return !s.GatedOff && (s.Status == CustomerCleared || s.Status == CustomerRatified || s.Status == CustomerNotRequired)
}

// blocks reports whether the change cannot take effect because of the
// customer.
func (s CustomerState) blocks() bool {
	return !s.Clear() && !s.GatedOff && s.Status != CustomerAccommodated && s.Status != CustomerTerminated
}

// A changeFold is what the events say of a change.
type changeFold struct {
	change                               Change
	revision                             int
	after                                int // how many events it was drafted
	drafted, approved, announced, posted baakit.Date
	cancelled, withdrawn, effective      baakit.Date
	emergency, rolledBack                baakit.Date
	records                              map[string]*record
}

type record struct {
	attempts   []Attempt
	consent    baakit.Date
	objections []Objection
	gated      bool
}

func (c *changeFold) record(customer string) *record {
	if c.records[customer] == nil {
		c.records[customer] = new(record)
	}
	return c.records[customer]
}

func (c *changeFold) dead() bool {
	return !c.cancelled.IsZero() || !c.withdrawn.IsZero() || !c.rolledBack.IsZero()
}

// inUse returns the day from which the change applies, or zero.
func (c *changeFold) inUse() baakit.Date { return earliest(c.effective, c.emergency) }

func (c *changeFold) class() string {
	if c.change.After != nil {
		return c.change.After.Class
	}
	return ""
}

// customer computes where the change stands for a customer's contract on day.
func (c *changeFold) customer(contract *Contract, day baakit.Date, cal baakit.Calendar) CustomerState {
	s := CustomerState{Customer: contract.Upstream, Contract: contract.ID}
	terms := contract.Notice
	r := c.records[contract.Upstream]
	if r == nil {
		r = &record{}
	}
	s.Attempts, s.Consented, s.GatedOff = slices.Clone(r.attempts), r.consent, r.gated
	switch {
	case c.dead():
		s.Status = CustomerWithdrawn
		return s
	case terms == nil:
		s.Status = CustomerNoTerms
		return s
	case !terms.material(c.change.Kind):
		s.Status = CustomerNotRequired
		return s
	}
	start := c.posted
	if terms.Start != StartPosted {
		start = baakit.Date{}
		for _, a := range r.attempts {
			if a.Revision == c.revision {
				start = earliest(start, a.start(terms))
			}
		}
	}
	s.Dates = terms.Dates(c.class(), start, cal)
	_, window := terms.of(c.class())
	s.Status = CustomerPending
	if !start.IsZero() {
		s.Status = CustomerWaiting
	}
	silent := terms.Consent == ConsentSilence && !start.IsZero() && !day.Before(s.Dates.Earliest)
	if silent || !r.consent.IsZero() {
		s.Status = CustomerCleared
	}
	for _, o := range r.objections {
		o.Timely = !window.IsZero() && (s.Dates.WindowEnd.IsZero() || !o.Received.After(s.Dates.WindowEnd))
		if o.Timely && !terms.Cure.IsZero() {
			o.CureUntil = count(o.Received, terms.Cure, cal, baakit.RollBack)
			o.MayTerminate = o.Resolved.IsZero() && day.After(o.CureUntil)
		}
		s.Objections = append(s.Objections, o)
	}
	s.object()
	if !c.emergency.IsZero() {
		c.lateNotice(&s, terms, start, day, cal)
	}
	return s
}

// object lets the timely objections decide: an open one blocks, a resolved one
// leaves what was agreed.
func (s *CustomerState) object() {
	for _, o := range s.Objections {
		switch {
		case !o.Timely:
		case o.Resolved.IsZero() && o.Resolving:
			s.Status = CustomerResolving
			return
		case o.Resolved.IsZero():
			s.Status = CustomerObjected
			return
		case o.Outcome == Accepted:
			s.Status = CustomerCleared
		case o.Outcome == Accommodated:
			s.Status = CustomerAccommodated
		case o.Outcome == ServiceTerminated:
			s.Status = CustomerTerminated
		}
	}
}

// lateNotice tells what an emergency allows: only for a reason of the
// contract, through its last day, and not without the notice that it owes.
func (c *changeFold) lateNotice(s *CustomerState, terms *NoticeTerms, start, day baakit.Date, cal baakit.Calendar) {
	if s.Status == CustomerCleared {
		s.Status = CustomerRatified
	}
	if terms.Emergency == nil || !slices.Contains(terms.Emergency.Reasons, c.change.Emergency.Reason) {
		return
	}
	s.NoticeDue = count(c.emergency, terms.Emergency.NoticeWithin, cal, baakit.RollBack)
	s.NoticeMet = !start.IsZero() && !start.After(s.NoticeDue)
	s.EmergencyEnds = c.change.Emergency.Until
	if p := terms.Emergency.Longest; !p.IsZero() {
		s.EmergencyEnds = earliest(s.EmergencyEnds, count(c.emergency, p, cal, baakit.RollBack))
	}
	noticed := !start.IsZero() || !day.After(s.NoticeDue)
	s.EmergencyLive = noticed && !day.After(s.EmergencyEnds) && s.Status != CustomerAccommodated && s.Status != CustomerTerminated
}
