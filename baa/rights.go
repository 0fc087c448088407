package baa

import (
	"errors"
	"slices"
	"time"

	"github.com/baakit/baakit"
)

// RightsStateSchema is the schema of a [RightsState] as JSON.
const RightsStateSchema = "baakit.baa.rights_state/1"

// ErrNotDirected is the error of an answer by the business associate to an
// individual without a written direction of the covered entity.
var ErrNotDirected = errors.New("the covered entity has not directed an answer in writing")

// RightsTerms are what an agreement says about requests of individuals. A
// zero period was not agreed.
type RightsTerms struct {
	// ForwardWithin is how soon a request that reached the business associate
	// is forwarded, from its receipt.
	ForwardWithin baakit.Period `json:"forward_within,omitzero"`
	// AccessWithin, AmendmentWithin and AccountingWithin are how soon the
	// business associate gives the covered entity what it needs, from the
	// receipt of the request by either.
	AccessWithin     baakit.Period `json:"access_within,omitzero"`
	AmendmentWithin  baakit.Period `json:"amendment_within,omitzero"`
	AccountingWithin baakit.Period `json:"accounting_within,omitzero"`
}

func (t RightsTerms) within(r Right) baakit.Period {
	switch r {
	case AccessRight:
		return t.AccessWithin
	case AmendmentRight:
		return t.AmendmentWithin
	}
	return t.AccountingWithin
}

// A RightsStatus is where a request stands.
type RightsStatus string

// The statuses.
const (
	RightsNone      RightsStatus = "none"      // no request yet
	RightsReceived  RightsStatus = "received"  // with the business associate, not yet forwarded
	RightsForwarded RightsStatus = "forwarded" // with the covered entity
	RightsDirected  RightsStatus = "directed"  // the business associate answers, by written direction
	RightsAnswered  RightsStatus = "answered"  // final
	RightsWithdrawn RightsStatus = "withdrawn" // final
)

// A RightsState is where a request stood at Valid by what was known at Known.
type RightsState struct {
	Schema string       `json:"schema"`
	Valid  time.Time    `json:"valid"`
	Known  time.Time    `json:"known"`
	Right  Right        `json:"right,omitempty"`
	Status RightsStatus `json:"status"`
	// Supported: the covered entity has what it needs of the business
	// associate.
	Supported bool `json:"supported"`
	// Answer says whether the business associate may answer the individual
	// itself, and why.
	Answer Ruling `json:"answer"`
	// Deadlines are "forward" and "support", of the agreement, and "response",
	// of the law, in the order in which they run out. None is later than
	// "response": a contract cannot give more time than the law.
	Deadlines []Deadline        `json:"deadlines,omitempty"`
	Citations []baakit.Citation `json:"citations,omitempty"`
	Findings  []LifeFinding     `json:"findings,omitempty"`
}

// Finding returns the first finding with the id and whether there is one.
func (s RightsState) Finding(id string) (LifeFinding, bool) {
	return State{Findings: s.Findings}.Finding(id)
}

// Deadline returns the first deadline with the id and whether there is one.
func (s RightsState) Deadline(id string) (Deadline, bool) {
	return State{Deadlines: s.Deadlines}.Deadline(id)
}

// A Rights folds the events of one request under the terms of an agreement.
// It is immutable and safe for concurrent use. The zero Rights is of no use;
// make one with [NewRights].
type Rights struct {
	terms RightsTerms
	life  Lifecycle // for its zone and calendar
}

// NewRights returns the fold of requests under the terms, in the zone where
// the days of the agreement begin and end; a nil calendar is
// [baakit.Federal]. The error is a [baakit.FieldErrors] for a nil zone.
func NewRights(terms RightsTerms, zone *time.Location, cal baakit.Calendar) (*Rights, error) {
	if zone == nil {
		return nil, baakit.FieldErrors{{Path: "zone", Rule: "is required"}}
	}
	if cal == nil {
		cal = baakit.Federal()
	}
	return &Rights{terms, Lifecycle{zone: zone, cal: cal}}, nil
}

// Record is every command, as [Lifecycle.Record] is: it checks that e is
// possible after events and returns it complete. The error is a
// [baakit.FieldErrors], or one of [ErrNotDirected], [ErrNotPossible] and
// [ErrTooLate] in a [*RefusedError]. An event must not be before those that
// are recorded.
func (r *Rights) Record(events []RightsEvent, e RightsEvent) (RightsEvent, error) {
	var errs baakit.FieldErrors
	for i, f := range events {
		errs.Merge("events"+at(i), f.Validate())
	}
	errs.Merge("events", checkRightsSeq(events))
	last := lastRights(events)
	last.Complete(&e.Seq, e.At, &e.Recorded)
	errs.Merge("", e.Validate())
	if e.At.Before(last.At) {
		errs.Add("at", "must not be before what is recorded already")
	}
	last.Check(&errs, e.Seq, e.Recorded)
	if err := errs.Err(); err != nil {
		return RightsEvent{}, err
	}
	f := r.fold(rightsInOrder(events, e.Recorded), e.At)
	if err := f.apply(e); err != nil {
		return RightsEvent{}, &RefusedError{EventKind(e.Kind), Status(f.status), err}
	}
	return e, nil
}

// StateAt returns where the request stood at valid by what was known at
// known, whatever the order of the list. What could not happen changes
// nothing and is a finding: RT-UNDIRECTED for an answer that nobody directed,
// RT-IGNORED for everything else. The error is a [baakit.FieldErrors].
//
// The clock of the law is the covered entity's (45 CFR 164.524(b)(2),
// 164.526(b)(2), 164.528(c)(1)) and is counted from the receipt of the
// request by either side, which is never later than its own receipt.
func (r *Rights) StateAt(events []RightsEvent, valid, known time.Time) (RightsState, error) {
	var errs baakit.FieldErrors
	for i, e := range events {
		errs.Merge(at(i), e.Validate())
	}
	errs.Merge("", checkRightsSeq(events))
	checkAxes(&errs, valid, known)
	if err := errs.Err(); err != nil {
		return RightsState{}, err
	}
	f := r.fold(rightsInOrder(events, known), valid)
	law := rightsTable()
	s := RightsState{
		Schema: RightsStateSchema, Valid: valid, Known: known, Right: f.right, Status: f.status,
		Supported: !f.supported.IsZero(), Answer: f.answer(), Findings: f.findings,
	}
	if f.right == "" {
		return s, nil
	}
	s.Citations = append(law.cite(law.clock(f.right).Sources), law.support(f.right).Citations...)
	// late reports whether the clock ran out before what stops it happened.
	late := func(until, stopped time.Time) bool {
		if stopped.IsZero() {
			return !valid.Before(until)
		}
		return !stopped.Before(until)
	}
	clock := func(id string, until, stopped time.Time, finding string) {
		if !until.Before(farFuture) {
			return
		}
		overdue := late(until, stopped) && f.status != RightsWithdrawn
		if overdue {
			s.Findings = append(s.Findings, law.finding(finding, f.right))
		}
		s.Deadlines = append(s.Deadlines, Deadline{ID: id, Through: r.life.day(until.Add(-1)), Until: until, Overdue: overdue})
	}
	response := f.response()
	if f.by == BusinessAssociateSide {
		clock("forward", earlier(r.life.window(f.received, r.terms.ForwardWithin), response), first(f.forwarded, f.answered), "RT-FORWARD-LATE")
	}
	if r.terms.within(f.right).IsZero() {
		s.Findings = append(s.Findings, law.finding("RT-CLOCK-UNAGREED", f.right))
	}
	clock("support", earlier(r.life.window(f.received, r.terms.within(f.right)), response), first(f.supported, f.answered), "RT-SUPPORT-LATE")
	clock("response", response, f.answered, "RT-RESPONSE-LATE")
	slices.SortStableFunc(s.Deadlines, func(a, b Deadline) int { return a.Until.Compare(b.Until) })
	return s, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// first returns the earlier of the times that are not zero.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// A rightsFold is a request while its events are read in order.
type rightsFold struct {
	r         *Rights
	status    RightsStatus
	right     Right
	by        Side // who received it
	received  time.Time
	forwarded time.Time
	directed  bool
	supported time.Time
	answered  time.Time
	until     baakit.Date // of the extension
	extended  int
	findings  []LifeFinding
}

func (r *Rights) fold(events []RightsEvent, end time.Time) *rightsFold {
	f := &rightsFold{r: r, status: RightsNone}
	for _, e := range events {
		if e.At.After(end) {
			break
		}
		err := f.apply(e)
		if err == nil {
			continue
		}
		id := "RT-IGNORED"
		if errors.Is(err, ErrNotDirected) {
			id = "RT-UNDIRECTED"
		}
		right := f.right
		if right == "" {
			right = AccessRight
		}
		finding := rightsTable().finding(id, right)
		finding.Seq, finding.From = e.Seq, r.life.day(e.At)
		f.findings = append(f.findings, finding)
	}
	return f
}

func rightsInOrder(events []RightsEvent, known time.Time) []RightsEvent {
	list := slices.DeleteFunc(slices.Clone(events), func(e RightsEvent) bool { return e.Recorded.After(known) })
	slices.SortFunc(list, func(a, b RightsEvent) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.Seq - b.Seq
	})
	return list
}

// apply applies an event, or says why it was not possible and changes nothing.
func (f *rightsFold) apply(e RightsEvent) error {
	if e.Kind == RequestReceived {
		if f.status != RightsNone {
			return ErrNotPossible
		}
		f.right, f.by, f.received, f.status = e.Right, e.By, e.At, RightsReceived
		if e.By == CoveredEntitySide {
			f.status = RightsForwarded // it is where it belongs
		}
		return nil
	}
	if f.status == RightsNone || f.status == RightsAnswered || f.status == RightsWithdrawn {
		return ErrNotPossible
	}
	switch e.Kind {
	case RequestForwarded:
		if f.by != BusinessAssociateSide || !f.forwarded.IsZero() {
			return ErrNotPossible
		}
		f.forwarded = e.At
		if !f.directed {
			f.status = RightsForwarded
		}
	case AnswerDirected:
		if f.directed {
			return ErrNotPossible
		}
		f.directed, f.status = true, RightsDirected
	case DirectionRevoked:
		if !f.directed {
			return ErrNotPossible
		}
		f.directed, f.status = false, RightsReceived
		if f.by == CoveredEntitySide || !f.forwarded.IsZero() {
			f.status = RightsForwarded
		}
	case SupportGiven:
		if !f.supported.IsZero() {
			return ErrNotPossible
		}
		f.supported = e.At
	case ResponseExtended:
		return f.extend(e)
	case RequestAnswered:
		if e.By == BusinessAssociateSide && !f.directed {
			return ErrNotDirected
		}
		f.answered, f.status = e.At, RightsAnswered
	case RequestWithdrawn:
		f.status = RightsWithdrawn
	}
	return nil
}

// extend takes the one extension that the rule allows: stated within the
// first period, for no longer than the rule says.
func (f *rightsFold) extend(e RightsEvent) error {
	clock := rightsTable().clock(f.right)
	if f.extended >= clock.Extensions {
		return ErrNotPossible
	}
	if !e.At.Before(f.response()) {
		return ErrTooLate
	}
	most, err := f.latest(clock)
	if err != nil || e.Until.After(most) || !e.Until.After(f.r.life.day(f.response().Add(-1))) {
		return ErrTooLate
	}
	f.extended, f.until = f.extended+1, e.Until
	return nil
}

// latest returns the last day that an extension may name.
func (f *rightsFold) latest(c rightClock) (baakit.Date, error) {
	end, err := c.Within.AddTo(f.r.life.day(f.received), f.r.life.cal, baakit.RollBack)
	if err != nil {
		return baakit.Date{}, err
	}
	return c.Extension.AddTo(end, f.r.life.cal, baakit.RollBack)
}

// response returns the first instant at which an answer is late.
func (f *rightsFold) response() time.Time {
	if !f.until.IsZero() {
		_, over := f.until.In(f.r.life.zone)
		return over
	}
	return f.r.life.window(f.received, rightsTable().clock(f.right).Within)
}

// answer says whether the business associate may answer the individual.
func (f *rightsFold) answer() Ruling {
	reason := baakit.Reason{ID: "rights.undirected", Says: "the business associate answers an individual only where the covered entity has directed it in writing; it forwards the request"}
	yes := false
	switch {
	case f.right == "":
		reason = baakit.Reason{ID: "rights.none", Says: "there is no request"}
	case f.status == RightsAnswered, f.status == RightsWithdrawn:
		reason = baakit.Reason{ID: "rights.over", Says: "the request is answered or withdrawn"}
	case f.directed:
		yes = true
		reason = baakit.Reason{ID: "rights.directed", Says: "the covered entity directed an answer in writing"}
	}
	if f.right != "" {
		reason.Citations = rightsTable().support(f.right).Citations
	}
	return Ruling{yes, []baakit.Reason{reason}}
}

// Rights returns the terms that [NewRights] needs.
func (t Terms) Rights() RightsTerms {
	return RightsTerms{ForwardWithin: t.Forward, AccessWithin: t.Access, AmendmentWithin: t.Amendment, AccountingWithin: t.Accounting}
}
