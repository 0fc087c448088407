package baa

import (
	"slices"
	"time"
)

// apply applies an event, or says why it was not possible and changes
// nothing. It is the one place that knows what may follow what: commands and
// folds both come through here.
func (f *fold) apply(e *Event) error {
	version := -1
	if e.Version != "" {
		if version = f.l.version(e.Version); version < 0 {
			return ErrVersion
		}
	}
	switch e.Kind {
	case Offered:
		return f.applyOffer(e, version)
	case Withdrawn:
		return f.applyWithdrawal(e, version)
	case Signed:
		return f.applySignature(e, version, signature{version, e.By, Wet, Strong})
	case Accepted:
		return f.applyAcceptance(e, version)
	case AmendmentNotice:
		return f.applyAmendmentNotice(e, version)
	case Objected:
		return f.applyObjection(e, version)
	case Disclosed:
		f.applyDisclosure(e)
		return nil
	case BreachNotice:
		return f.applyBreach(e)
	case Cured, Waived:
		return f.applyCure(e)
	case NeitherFeasible:
		if !f.status.live() || f.breaches.open == 0 {
			return ErrNotPossible
		}
		f.stuck = true
		return nil
	case TerminationNotice:
		return f.applyTerminationNotice(e)
	case Terminated:
		return f.applyTermination(e)
	case UnderlyingEnded:
		return f.applyUnderlyingEnd(e)
	case Superseded:
		if f.status == StatusExecuted {
			f.rescind(Supersession, StatusSuperseded, e.At)
			return nil
		}
		if !f.status.live() {
			return ErrNotPossible
		}
		f.finish(Supersession, e.At, f.l.day(e.At))
		f.passed = f.passed[:len(f.passed)-1] // nothing winds down: it goes on elsewhere
		f.enter(StatusSuperseded, e.At)
		return nil
	case ReturnInfeasible:
		if f.status != StatusWindDown {
			return ErrNotPossible
		}
		f.enter(StatusRetained, e.At)
		return nil
	case ReturnedOrDestroyed:
		if f.status != StatusWindDown && f.status != StatusRetained {
			return ErrNotPossible
		}
		if f.status == StatusWindDown && !e.At.Before(f.end.due) {
			f.find("LC-RETURN-LATE", e)
		}
		f.end.done = e.At
		f.enter(StatusClosed, e.At)
		return nil
	}
	return ErrNotPossible
}

// rescind ends what is signed and has not taken effect: there is no PHI to
// return.
func (f *fold) rescind(c Cause, s Status, at time.Time) {
	f.cause, f.ahead, f.offer, f.signing = c, nil, nil, nil
	f.enter(s, at)
}

func (f *fold) applyOffer(e *Event, version int) error {
	if f.status != StatusExecuted && !f.status.unformed() && !f.status.live() {
		return f.gone()
	}
	if f.offer != nil && f.offer.version == version || f.governs(version) || len(f.signing) > 0 {
		return ErrNotPossible
	}
	until := farFuture
	if !e.OpenThrough.IsZero() {
		_, until = e.OpenThrough.In(f.l.zone)
		if !until.After(e.At) {
			return ErrTooLate
		}
	}
	f.offer = &offer{version, e.By, until}
	if !f.begun {
		f.enter(StatusOffered, e.At)
	}
	return nil
}

// gone says why nothing can be formed any more.
func (f *fold) gone() error {
	if f.status == StatusLapsed {
		return ErrOfferLapsed
	}
	return ErrNotPossible
}

// governs reports whether the version governs now or will by what is signed.
func (f *fold) governs(version int) bool {
	return len(f.taken) > 0 && f.current() == version || slices.ContainsFunc(f.ahead, func(t taking) bool { return t.version == version })
}

func (f *fold) applyWithdrawal(e *Event, version int) error {
	if f.offer == nil || f.offer.version != version || f.offer.by != e.By {
		return ErrNotPossible
	}
	if !f.begun {
		f.enter(StatusWithdrawn, e.At)
	}
	f.dropSignatures(version)
	f.offer = nil
	return nil
}

// applySignature adds a side's signature to a version that is on offer, is
// being signed, or stands open to everyone; the last one executes it.
func (f *fold) applySignature(e *Event, version int, s signature) error {
	if f.status != StatusExecuted && !f.status.unformed() && !f.status.live() {
		return f.gone()
	}
	terms := &f.l.versions[version]
	switch {
	case f.governs(version), !slices.Contains(terms.Signers, s.side):
		return ErrNotPossible
	case slices.ContainsFunc(f.signing, func(t signature) bool { return t.side == s.side && t.version == version }):
		return ErrNotPossible
	case f.offer != nil && f.offer.version != version && !terms.StandingOffer:
		return ErrVersion
	case f.offer == nil && len(f.signing) > 0 && f.signing[0].version != version:
		return ErrVersion
	case f.offer == nil && len(terms.Signers) == 1 && !terms.StandingOffer:
		return ErrVersion // nobody offered it
	}
	f.signing = append(f.signing, s)
	for _, side := range terms.Signers {
		if !slices.ContainsFunc(f.signing, func(t signature) bool { return t.side == side && t.version == version }) {
			if !f.begun {
				f.enter(StatusPartiallyExecuted, e.At)
			}
			return nil
		}
	}
	f.execute(e, version)
	return nil
}

// execute makes a version binding from its stated day or from now.
func (f *fold) execute(e *Event, version int) {
	v := taking{version: version, from: e.At, signed: e.At, strength: Strong}
	for _, s := range f.signing {
		if s.version == version {
			if v.method == "" || weaker(s.strength, v.strength) != v.strength {
				v.method = s.method
			}
			v.strength = weaker(s.strength, v.strength)
		}
	}
	// What both agree on now takes the place of what one of them announced.
	f.signing, f.offer, f.notices, f.begun = nil, nil, nil, true
	if day := f.l.versions[version].Effective; !day.IsZero() {
		v.from, _ = day.In(f.l.zone)
		if v.from.After(e.At) {
			if !f.status.live() {
				f.enter(StatusExecuted, e.At)
			}
			f.ahead = append(f.ahead, v)
			return
		}
		if last := f.l.day(e.At.Add(-1)); len(f.taken) == 0 && v.from.Before(e.At) {
			finding := f.find("LC-RETRO", e)
			finding.From, finding.Through = day, last
		}
	}
	f.take(v, e.At)
}

func (f *fold) applyAcceptance(e *Event, version int) error {
	a := e.Assent
	if a.VersionHash != e.Version || a.Strength == Void {
		return ErrVersion
	}
	if f.l.policy.RefuseContinuedUse && a.Method == ContinuedUse {
		return ErrPolicy
	}
	counts := (a.Authority || !f.l.policy.RequireAuthority) && (a.Copy || !f.l.policy.RequireCopy)
	if !counts {
		// Something was signed, and it is not enough: shown, and nothing more.
		switch {
		case f.status == StatusExecuted, f.status.live():
			return ErrPolicy
		case !f.status.unformed():
			return f.gone()
		case !f.accepts(version, e.By):
			return ErrVersion
		}
		f.enter(StatusPartiallyExecuted, e.At)
	} else if err := f.applySignature(e, version, signature{version, e.By, a.Method, a.Strength}); err != nil {
		return err
	}
	if !a.Authority {
		f.find("EV-AUTHORITY", e)
	}
	if !a.Copy {
		f.find("EV-COPY", e)
	}
	if a.Method == ContinuedUse {
		f.find("EV-WEAK-METHOD", e)
	}
	return nil
}

// accepts reports whether a side could accept the version now.
func (f *fold) accepts(version int, by Side) bool {
	terms := &f.l.versions[version]
	onOffer := terms.StandingOffer || f.offer != nil && f.offer.version == version || f.offer == nil && len(terms.Signers) == 2
	return onOffer && slices.Contains(terms.Signers, by)
}

func (f *fold) applyAmendmentNotice(e *Event, version int) error {
	switch {
	case !f.status.live(), f.governs(version), slices.ContainsFunc(f.notices, func(n notice) bool { return n.version == version }):
		return ErrNotPossible
	case f.l.versions[f.current()].AmendmentNotice.IsZero():
		return ErrNotAgreed
	case f.l.policy.RefuseContinuedUse:
		return ErrPolicy
	}
	from := f.l.earliest(e.At, f.l.versions[f.current()].AmendmentNotice)
	if day := f.l.versions[version].Effective; !day.IsZero() {
		if start, _ := day.In(f.l.zone); start.After(from) {
			from = start
		}
	}
	f.notices = append(f.notices, notice{version, e.By, from})
	return nil
}

func (f *fold) applyObjection(e *Event, version int) error {
	i := slices.IndexFunc(f.notices, func(n notice) bool { return n.version == version && n.by != e.By })
	if i < 0 {
		if len(f.taken) > 0 && f.current() == version {
			return ErrTooLate
		}
		return ErrNotPossible
	}
	f.notices = slices.Delete(f.notices, i, i+1)
	f.find("LC-OBJECTION", e)
	return nil
}

// applyDisclosure never fails: what happened, happened.
func (f *fold) applyDisclosure(e *Event) {
	if !f.allows(e.At) {
		f.find("LC-FLOW", e)
	}
}

// allows reports whether PHI may flow now.
func (f *fold) allows(at time.Time) bool {
	if !f.status.live() {
		return false
	}
	t := f.taken[len(f.taken)-1]
	return StandingOn(f.l.day(t.signed), f.l.versions[t.version].RulesOf, f.l.day(at)) != Fails
}

func (f *fold) applyBreach(e *Event) error {
	if !f.status.live() || f.breaches.find(e.Ref) >= 0 {
		return ErrNotPossible
	}
	f.breaches.add(breach{ref: e.Ref, by: e.By, until: f.cure(e.At, f.l.versions[f.current()].Cure)})
	f.settle(e.At)
	return nil
}

func (f *fold) applyCure(e *Event) error {
	i := f.breaches.find(e.Ref)
	switch {
	case !f.status.live(), i < 0, e.Kind == Waived && f.breaches.list[i].by != e.By:
		return ErrNotPossible
	case e.Kind == Cured && f.breaches.list[i].failed:
		return ErrTooLate
	}
	f.breaches.remove(i)
	f.stuck = f.stuck && f.breaches.open > 0
	f.settle(e.At)
	return nil
}

func (f *fold) applyTerminationNotice(e *Event) error {
	if !f.status.live() || f.leaving != nil {
		return ErrNotPossible
	}
	notice := f.l.versions[f.current()].TerminationNotice
	if notice.IsZero() {
		return ErrNotAgreed
	}
	earliest := f.l.earliest(e.At, notice)
	if !e.Effective.IsZero() {
		if start, _ := e.Effective.In(f.l.zone); start.Before(earliest) {
			return ErrTooEarly
		}
	}
	f.leaving = &leaving{e.By, earliest, e.Effective}
	return nil
}

func (f *fold) applyTermination(e *Event) error {
	if f.status == StatusExecuted && e.Cause == MutualConsent {
		f.rescind(MutualConsent, StatusClosed, e.At)
		return nil
	}
	if !f.status.live() {
		return ErrNotPossible
	}
	switch e.Cause {
	case NoticeGiven:
		if f.leaving == nil || f.leaving.by != e.By {
			return ErrNotPossible
		}
		if e.At.Before(f.leaving.earliest) {
			return ErrTooEarly
		}
	case UncuredBreach:
		mine := false
		for _, b := range f.breaches.list {
			if b.by == e.By && !b.gone {
				mine = true
				if b.failed || f.l.versions[f.current()].Cure.IsZero() {
					f.finish(e.Cause, e.At, f.l.day(e.At))
					return nil
				}
			}
		}
		if mine {
			return ErrTooEarly
		}
		return ErrNotPossible
	}
	f.finish(e.Cause, e.At, f.l.day(e.At))
	return nil
}

func (f *fold) applyUnderlyingEnd(e *Event) error {
	if f.status == StatusExecuted && f.l.versions[f.ahead[len(f.ahead)-1].version].Coterminous {
		f.rescind(UnderlyingEnding, StatusClosed, e.At)
		return nil
	}
	if !f.status.live() {
		return ErrNotPossible
	}
	if !f.l.versions[f.current()].Coterminous {
		f.find("LC-UNDERLYING", e)
		return nil
	}
	f.finish(UnderlyingEnding, e.At, f.l.day(e.At))
	return nil
}
