package breach

import (
	"slices"
	"strconv"
	"time"

	"github.com/baakit/baakit"
)

// rule makes the obligation of one rule for one party, or none where the facts
// exclude it.
func (c *calculation) rule(r *compiled, party int, standing Standing, ask Question) {
	o := c.begin(party)
	o.ID, o.Regime, o.Kind, o.Jurisdiction, o.Recipient = r.ID, r.regime, r.Kind, r.jurisdiction, r.Recipient
	o.Standing, o.Confidence, o.Changes, o.Deemed = standing, r.Confidence, r.changes, c.deemed
	if c.deemed != 0 {
		o.DeemedConfidence = c.law.Deemed.Confidence
	}
	o.Within, o.Promptness, o.Lasts, o.Citations = r.Within, r.Promptness, r.Lasts, r.citations
	owner := len(c.in.Parties) - 1
	if party < owner {
		if r.Kind == Upstream || r.OwedBy == ByVendor && r.regime == HIPAA || r.regime == Proposed && r.OwedBy == ByVendor {
			o.Recipient = c.clocks[party+1].Party
		}
		o.ID = r.ID + "/" + strconv.Itoa(owner-party)
	}
	o.Flags = r.flags
	if r.before || c.law != nil && c.law.before {
		o.Flags = r.early
	}
	q := len(c.questions)
	if ask != "" {
		c.ask(ask)
	}
	if !c.condition(r, o) {
		c.drop(q)
		return
	}
	// People: nobody affected, nobody to notify.
	if c.total.high == 0 && !r.AnyOutcome {
		c.drop(q)
		return
	}
	from, does := r.From, r.Does
	if r.Threshold.Op != "" {
		reached, possible := c.threshold(r, o)
		switch {
		case reached:
		case !possible && r.Below == nil, !possible && r.Threshold.Of == "unreachable" && o.Threshold.Count == 0:
			c.drop(q)
			return
		case !possible:
			o.Within, from, does, o.Lasts, o.Citations = r.Below.Within, r.Below.From, r.Below.Does, baakit.Period{}, r.below
			if o.Promptness.tied() {
				o.Promptness = 0
			}
			o.Threshold = nil
			c.limits = c.limits[:len(c.limits)-1]
		default:
			c.ask(measureQuestion(r.Threshold.Of))
			// Something below the threshold is owed anyway, except where it
			// may be that nobody has to be notified this way at all.
			if r.Below == nil || r.Threshold.Of == "unreachable" && o.Threshold.Count == 0 {
				o.Standing = Possible
			}
		}
		if reached || possible {
			c.text.count(o.Threshold.Count, r, possible && !reached)
		}
	}
	c.start(from, party, o)
	c.due(r, party, o)
	if does != "" {
		c.text.add("; ", does)
	}
	o.Questions = c.questions[q:len(c.questions):len(c.questions)]
	if r.Kind == Individuals && party == owner && r.Condition == nil && r.regime == StateLaw {
		c.stateIndividuals = o.Due
	}
	c.end()
}

// condition reports whether the rule's condition may hold; where that is not
// known it asks.
func (c *calculation) condition(r *compiled, o *Obligation) bool {
	if r.Condition == nil {
		return true
	}
	answer := c.answer(r.Condition.Fact)
	want := No
	if r.Condition.Is {
		want = Yes
	}
	switch answer {
	case want:
		return true
	case Unknown:
		o.Standing = Possible
		c.ask(r.condition)
		return true
	}
	return false
}

// answer returns what the incident says of a fact that a condition names.
func (c *calculation) answer(fact string) Answer {
	switch fact {
	case "urgent":
		return c.in.People.Urgent
	case "security_incident":
		return securityAnswer(c.in.Security, Successful)
	case "unsuccessful_incident":
		return securityAnswer(c.in.Security, Unsuccessful)
	case "impermissible_use":
		if c.outcome == NotPHI || c.outcome == NotImpermissible {
			return No
		}
		return Yes
	case "secretary_notice_required":
		if c.outcome.StartsClocks() {
			return Yes
		}
		return No
	}
	return c.in.Facts[fact]
}

func securityAnswer(s, want SecurityIncident) Answer {
	switch s {
	case "":
		return Unknown
	case want:
		return Yes
	}
	return No
}

func measureQuestion(of string) Question {
	switch of {
	case "unreachable":
		return "people.insufficient_contact"
	case "deceased":
		return "people.deceased"
	case "individuals":
		return "people.total"
	}
	return "people.residents"
}

// measure returns what a rule's threshold counts.
func (c *calculation) measure(r *compiled) (n interval) {
	switch r.Threshold.Of {
	case "residents":
		return c.residents[r.jurisdiction]
	case "persons":
		return interval{c.residents[r.jurisdiction].low, c.total.high}
	case "unreachable":
		n.low, n.high = c.in.People.InsufficientContact.bounds()
		return n
	case "deceased":
		n.low, n.high = c.in.People.Deceased.bounds()
		return n
	}
	return c.total
}

// threshold compares what is counted with the rule's number: reached for
// certain, or only possible.
func (c *calculation) threshold(r *compiled, o *Obligation) (reached, possible bool) {
	n := c.measure(r)
	c.limits = append(c.limits, r.Threshold)
	o.Threshold = &c.limits[len(c.limits)-1]
	o.Threshold.Count = int(n.low)
	least := r.Threshold.least()
	if r.Threshold.Of == "unreachable" && n.high == 0 {
		return false, false
	}
	return n.low >= least, n.high >= least
}

// start finds the day from which the clock counts: the earliest of the
// triggers; one that is not known counts as the discovery, which is never
// later.
func (c *calculation) start(from []Trigger, party int, o *Obligation) {
	k := &c.clocks[party]
	c.missing = 0
	for _, t := range from {
		day, known := c.day(t, party)
		if !known {
			c.ask(milestoneQuestions[t])
			c.missing = t
		}
		if o.Start.IsZero() || day.Before(o.Start) {
			o.Start, o.CountedFrom = day, t
			if !known {
				o.CountedFrom = Discovery
			}
		}
	}
	if k.Assumed && (o.CountedFrom == Discovery || o.CountedFrom == Notification || o.CountedFrom == EndOfYear) {
		c.assumed(party)
	}
}

// assumed asks for what would tell when the party discovered the incident.
func (c *calculation) assumed(party int) {
	for i := party - 1; i >= 0; i-- {
		if c.in.Parties[i].Agency == "" {
			c.ask("parties.agency")
		}
		if c.in.Parties[i].Told.IsZero() {
			c.ask("parties.told")
		}
		if !c.clocks[i].Assumed {
			return
		}
	}
}

func (c *calculation) day(t Trigger, party int) (baakit.Date, bool) {
	discovered := c.clocks[party].Discovered
	switch t {
	case Discovery:
		return discovered, true
	case EndOfYear:
		return baakit.MustDate(discovered.Year(), time.December, 31), true
	case Notification:
		if party > 0 {
			if told := c.in.Parties[party-1].Told.Day(c.loc); !told.IsZero() {
				return told, true
			}
			return discovered, true
		}
		return baakit.MustDate(9999, time.December, 31), true
	case IndividualNotice, SecretaryNotice:
		party = len(c.in.Parties) - 1
	}
	if day := c.in.Parties[party].Milestones[t].Day(c.loc); !day.IsZero() {
		return day, true
	}
	return discovered, false
}

// due finds the dates of the obligation from its start, and writes the
// sentence.
func (c *calculation) due(r *compiled, party int, o *Obligation) {
	switch {
	case o.Within.IsZero():
	case o.Within.Unit() == baakit.Hours:
		c.hours(party, o)
	default:
		o.OuterLimit = c.after(o.Within, o.Start, c.calendar(r))
		o.Due = o.OuterLimit
	}
	c.text.clock(o)
	if c.missing != 0 && o.CountedFrom == Discovery && !slices.Contains(r.From, Discovery) {
		c.text.add(", since ", triggerNames[c.missing], " has no day yet")
	}
	c.delay(r, o)
	if o.Promptness.tied() {
		c.tie(r, o)
	}
}

// after adds a period that is not in hours, clamped to the last day there is.
func (c *calculation) after(p baakit.Period, d baakit.Date, cal baakit.Calendar) baakit.Date {
	if p.Unit() == baakit.Days {
		if due := d.AddDays(p.N()); !due.IsZero() {
			return due
		}
		return lastDay
	}
	due, err := p.AddTo(d, cal, baakit.RollBack)
	if err != nil {
		return lastDay
	}
	return due
}

var lastDay = baakit.MustDate(9999, time.December, 31)

func (c *calculation) calendar(r *compiled) baakit.Calendar {
	if r.jurisdiction == 0 {
		return baakit.Federal()
	}
	if cal, ok := c.opt.Calendars[r.jurisdiction]; ok && cal != nil {
		return cal
	}
	return c.rules.Calendar(r.jurisdiction)
}

// hours runs a clock in hours: from the instant where one is known, otherwise
// from the first moment of the day, which is never late.
func (c *calculation) hours(party int, o *Obligation) {
	n := o.Within.N()
	at, known := c.instant(o.CountedFrom, party, o.Start)
	if known {
		o.DueAt = at.Add(time.Duration(n) * time.Hour).In(c.loc)
		// At midnight the day before is the last on which to act.
		o.Due = baakit.DateOf(o.DueAt.Add(-time.Nanosecond), c.loc)
	} else {
		o.Due = o.Start.AddDays((n - 1) / 24)
		if c.loc != nil {
			first, _ := o.Start.In(c.loc)
			o.DueAt = first.Add(time.Duration(n) * time.Hour)
		}
	}
	if o.Due.IsZero() {
		o.Due, o.DueAt = lastDay, time.Time{}
	}
	o.OuterLimit = o.Due
}

// instant returns when the trigger happened on the day, if that is known to the
// instant: by all who knew on that day.
func (c *calculation) instant(t Trigger, party int, day baakit.Date) (time.Time, bool) {
	var first time.Time
	vague := c.loc == nil
	see := func(m Moment) {
		if m.IsZero() || m.Day(c.loc) != day {
			return
		}
		at, ok := m.Instant()
		vague = vague || !ok
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	if t.milestone() {
		see(c.in.Parties[party].Milestones[t])
		return first, !first.IsZero() && !vague
	}
	for i := party; i >= 0; i-- {
		for _, k := range c.in.Parties[i].Knowledge {
			if k.By != Wrongdoer {
				see(k.At)
			}
		}
		if i > 0 {
			see(c.in.Parties[i-1].Told)
		}
	}
	return first, !first.IsZero() && !vague
}

// tie makes the date no later than the notice to individuals: the day on which
// it goes out if that is known, and at the latest the last day for it.
func (c *calculation) tie(r *compiled, o *Obligation) {
	limit := c.federalIndividuals
	if r.regime == StateLaw && !c.stateIndividuals.IsZero() && (limit.IsZero() || c.stateIndividuals.Before(limit)) {
		limit = c.stateIndividuals
	}
	planned, known := c.day(IndividualNotice, len(c.in.Parties)-1)
	if !known {
		planned = baakit.Date{}
		if r.regime == StateLaw {
			c.ask("milestones.individual_notice")
		}
	}
	notice := planned
	if notice.IsZero() || !limit.IsZero() && limit.Before(notice) {
		notice = limit
	}
	if notice.IsZero() {
		return
	}
	if o.OuterLimit.IsZero() {
		o.OuterLimit = limit
	}
	if o.Due.IsZero() || notice.Before(o.Due) {
		o.Due, o.DueAt = notice, time.Time{}
		if planned == notice {
			c.text.add("; individuals are notified on ")
		} else {
			c.text.add("; individuals have to be notified by ")
		}
		c.text.date(notice)
	}
}
