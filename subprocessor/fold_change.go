package subprocessor

import (
	"reflect"
	"slices"

	"github.com/baakit/baakit"
)

// applyChange folds the events of changes.
func (f *fold) applyChange(e *Event, day baakit.Date) error {
	switch e.Kind {
	case ChangeDrafted:
		return f.draft(e.Change, day)
	case ChangeCorrected:
		return f.correct(e.Change)
	}
	c := f.changes[e.ChangeID]
	if c == nil {
		return ErrUnknown
	}
	if e.Customer != "" {
		return f.applyCustomer(c, e, day)
	}
	live := !c.dead() && c.inUse().IsZero()
	ok := live
	switch e.Kind {
	case ChangeApproval:
		if ok = live && c.approved.IsZero(); ok {
			c.approved = day
		}
	case ChangeAnnouncement:
		if ok = live && !c.approved.IsZero() && c.announced.IsZero(); ok {
			c.announced = day
		}
	case NoticePosted:
		if ok = !c.dead() && f.mayNotify(c) && c.posted.IsZero(); ok {
			c.posted = day
		}
	case ChangeCancellation:
		if ok = live; ok {
			c.cancelled = day
		}
	case ChangeWithdrawal:
		if ok = live; ok {
			c.withdrawn = day
		}
	case ChangeTookEffect:
		return f.takeEffect(c, day)
	case EmergencyTookEffect:
		return f.emergency(c, day)
	case RolledBack:
		if ok = !c.dead() && !c.emergency.IsZero() && c.effective.IsZero(); ok {
			c.rolledBack = day
			if g := f.engagements[c.change.subject()]; g.status == Active {
				g.status = Suspended
			}
		}
	}
	if !ok {
		return ErrNotPossible
	}
	return nil
}

// mayNotify reports whether notices of the change may go out: announced, or
// in effect by an emergency.
func (f *fold) mayNotify(c *changeFold) bool { return !c.announced.IsZero() || !c.emergency.IsZero() }

func (f *fold) draft(change *Change, day baakit.Date) error {
	if f.changes[change.ID] != nil {
		return ErrNotPossible
	}
	if change.Before != "" && f.engagements[change.Before] == nil {
		return ErrUnknown
	}
	if change.After != nil {
		g := f.engagements[change.After.ID]
		switch {
		case g == nil:
			return ErrUnknown
		case change.introduces() && (g.status == Active || g.status == Suspended || g.status == Offboarding || g.status == Removed),
			!change.introduces() && g.status != Active && g.status != Suspended,
			g.engagement.Entity != change.After.Entity && change.Kind != Merger:
			return ErrNotPossible
		case f.entities[change.After.Entity] == nil:
			return ErrUnknown
		}
	}
	copied := *change
	if copied.After != nil {
		after := *copied.After
		copied.After = &after
	}
	c := &changeFold{change: copied, revision: 1, drafted: day, after: len(f.applied), records: make(map[string]*record)}
	f.changes[change.ID] = c
	f.about[c.change.subject()] = append(f.about[c.change.subject()], c)
	return nil
}

// correct takes a corrected announcement. One that changes the facts starts
// every window anew; consents to other facts do not count.
func (f *fold) correct(change *Change) error {
	c := f.changes[change.ID]
	if c == nil {
		return ErrUnknown
	}
	if c.dead() || !c.inUse().IsZero() || change.Kind != c.change.Kind || change.Before != c.change.Before || change.subject() != c.change.subject() ||
		change.After != nil && change.After.Entity != c.change.After.Entity {
		return ErrNotPossible
	}
	if !reflect.DeepEqual(change.After, c.change.After) {
		c.revision++
		c.posted = baakit.Date{}
		for _, r := range c.records {
			r.consent = baakit.Date{}
		}
	}
	c.change = *change
	if change.After != nil {
		after := *change.After
		c.change.After = &after
	}
	return nil
}

// customers returns the contracts under which the change touches customers on
// day, in order of their ids.
func (f *fold) customers(c *changeFold, day baakit.Date) []*Contract {
	var products []string
	if g := f.engagements[c.change.subject()]; g != nil {
		products = g.engagement.Products
	}
	if c.change.After != nil {
		products = c.change.After.Products
	}
	var list []*Contract
	for _, contract := range f.up[f.reg.vendor] {
		signedAfter := !c.inUse().IsZero() && !contract.Signed.Before(c.inUse())
		if contract.InEffect(day) && covers(contract.Products, products) && !signedAfter {
			list = append(list, contract)
		}
	}
	slices.SortFunc(list, byID)
	return list
}

func (f *fold) takeEffect(c *changeFold, day baakit.Date) error {
	if c.dead() || !c.effective.IsZero() || c.announced.IsZero() && c.emergency.IsZero() {
		return ErrNotPossible
	}
	if day.Before(c.change.Planned) && c.emergency.IsZero() {
		return ErrNotPossible
	}
	for _, contract := range f.customers(c, day) {
		if c.customer(contract, day, f.reg.cal).blocks() {
			return ErrNotClear
		}
	}
	if c.emergency.IsZero() {
		if err := f.perform(c, day); err != nil {
			return err
		}
	}
	c.effective = day
	return nil
}

func (f *fold) emergency(c *changeFold, day baakit.Date) error {
	e := c.change.Emergency
	if c.dead() || !c.inUse().IsZero() || c.approved.IsZero() {
		return ErrNotPossible
	}
	if e == nil || day.After(e.Until) || !slices.ContainsFunc(f.customers(c, day), func(contract *Contract) bool {
		return contract.Notice != nil && contract.Notice.Emergency != nil && slices.Contains(contract.Notice.Emergency.Reasons, e.Reason)
	}) {
		return ErrEmergency
	}
	if err := f.perform(c, day); err != nil {
		return err
	}
	c.emergency = day
	return nil
}

// perform puts the facts of the change into effect.
func (f *fold) perform(c *changeFold, day baakit.Date) error {
	before := f.engagements[c.change.Before]
	if before != nil && (c.change.Kind == RemoveSubprocessor || c.change.Kind == ReplaceSubprocessor) && before.status != Active && before.status != Suspended && before.status != Offboarding {
		return ErrNotPossible
	}
	if c.change.After != nil {
		g := f.engagements[c.change.After.ID]
		// A change that was drafted before the entity left is not the one that
		// brings it back.
		if left, gone := f.left[c.change.After.Entity]; gone && c.after <= left {
			return ErrNotPossible
		}
		if c.change.introduces() {
			if g.status != Contracted {
				return ErrNotPossible
			}
			if err := f.activate(g, day); err != nil {
				return err
			}
		}
		from := g.engagement.Entity
		g.engagement = *c.change.After
		f.settle(g)
		f.leave(from)
		f.reopen(g.engagement.Entity)
	}
	if before != nil && (c.change.Kind == RemoveSubprocessor || c.change.Kind == ReplaceSubprocessor) && before.status != Offboarding {
		f.offboard(before)
	}
	return nil
}

// applyCustomer folds what happened between the vendor and one customer.
func (f *fold) applyCustomer(c *changeFold, e *Event, day baakit.Date) error {
	if !slices.ContainsFunc(f.up[f.reg.vendor], func(k *Contract) bool { return k.Upstream == e.Customer }) {
		return ErrUnknown
	}
	r := c.record(e.Customer)
	if c.dead() {
		return ErrNotPossible
	}
	switch e.Kind {
	case CustomerGatedOff, CustomerReleased:
		if r.gated == (e.Kind == CustomerGatedOff) {
			return ErrNotPossible
		}
		r.gated = e.Kind == CustomerGatedOff
	case ConsentGiven:
		if !f.mayNotify(c) {
			return ErrNotPossible
		}
		r.consent = earliest(r.consent, day)
	case ObjectionReceived:
		if !f.mayNotify(c) || slices.ContainsFunc(r.objections, func(o Objection) bool { return o.ID == e.Ref }) {
			return ErrNotPossible
		}
		r.objections = append(r.objections, Objection{ID: e.Ref, Received: day, Grounds: e.Grounds})
	case ObjectionResolving, ObjectionResolved:
		i := slices.IndexFunc(r.objections, func(o Objection) bool { return o.ID == e.Ref })
		if i < 0 {
			return ErrUnknown
		}
		o := &r.objections[i]
		if !o.Resolved.IsZero() || e.Outcome == WithdrawChange && !c.inUse().IsZero() {
			return ErrNotPossible
		}
		if o.Resolving = e.Kind == ObjectionResolving; !o.Resolving {
			o.Resolved, o.Outcome, o.Services = day, e.Outcome, e.Services
			if e.Outcome == WithdrawChange {
				c.withdrawn = day
			}
		}
	default:
		return f.applyNotice(c, r, e, day)
	}
	return nil
}

func (f *fold) applyNotice(c *changeFold, r *record, e *Event, day baakit.Date) error {
	i := slices.IndexFunc(r.attempts, func(a Attempt) bool { return a.Notice == e.Notice })
	if e.Kind == NoticeQueued || e.Kind == NoticeSent && i < 0 {
		if !f.mayNotify(c) || i >= 0 {
			return ErrNotPossible
		}
		r.attempts = append(r.attempts, Attempt{Notice: e.Notice, Revision: c.revision, Level: Queued})
		i = len(r.attempts) - 1
	}
	if i < 0 {
		return ErrUnknown
	}
	a := &r.attempts[i]
	if a.Level == Bounced {
		return ErrNotPossible
	}
	level := map[EventKind]Delivery{NoticeQueued: Queued, NoticeSent: Sent, NoticeDelivered: Delivered, NoticeOpened: Opened, NoticeAcknowledged: Acknowledged, NoticeBounced: Bounced}[e.Kind]
	switch level {
	case Sent:
		a.Sent = earliest(a.Sent, day)
	case Delivered:
		a.Received = earliest(a.Received, day)
	case Opened:
		a.Received, a.Opened = earliest(a.Received, day), earliest(a.Opened, day)
	case Acknowledged:
		a.Received, a.Acked = earliest(a.Received, day), earliest(a.Acked, day)
	case Bounced:
		if a.Acked.IsZero() {
			a.Bounced, a.Level = day, Bounced
		}
		return nil
	}
	if level.level() > a.Level.level() {
		a.Level = level
	}
	return nil
}
