package breach

import (
	"strconv"

	"github.com/baakit/baakit"
)

// contract makes the obligations of the agreement between a party and the one
// above it. Law enforcement holds none of them: the agreement would have to
// say so. An agreement that is not known is a question, since most set a time
// shorter than the law's.
func (c *calculation) contract(i int) {
	p := &c.in.Parties[i]
	link := "/" + strconv.Itoa(len(c.in.Parties)-1-i)
	if p.Contract == nil {
		o := c.contractual(i, "contract.unknown"+link, Upstream)
		o.Standing, o.Confidence = Possible, baakit.Memory
		o.CountedFrom, o.Start, o.Due = Discovery, c.clocks[i].Discovered, c.clocks[i].Discovered
		q := len(c.questions)
		c.ask("parties.contract")
		o.Questions = c.questions[q:len(c.questions):len(c.questions)]
		c.text.add("the agreement is not known; the safe day is that of discovery, ")
		c.text.date(o.Start)
		c.end()
		return
	}
	var seen [4]int
	for _, k := range p.Contract.Clocks {
		kind, n, standing, ask := c.subject(k.Of)
		if standing == 0 {
			continue
		}
		id := "contract." + string(k.Of)
		if seen[n]++; seen[n] > 1 {
			id += "." + strconv.Itoa(seen[n])
		}
		o := c.contractual(i, id+link, kind)
		o.Standing, o.Within, o.Confidence = standing, k.Within, baakit.Primary
		if cite, err := baakit.NewCitation(baakit.CitationFields{Authority: "agreement", Pinpoint: k.Section, Confidence: baakit.Primary}); err == nil {
			o.Citations = []baakit.Citation{cite}
		}
		q := len(c.questions)
		if ask != "" {
			c.ask(ask)
		}
		from := k.From
		if from == 0 {
			from = Discovery
		}
		c.start([]Trigger{from}, i, o)
		if k.Within.Unit() == baakit.Hours {
			c.hours(i, o)
		} else {
			o.OuterLimit = c.after(k.Within, o.Start, c.opt.ContractCalendar)
			o.Due = o.OuterLimit
		}
		c.text.add("as agreed, ")
		c.text.clock(o)
		o.Questions = c.questions[q:len(c.questions):len(c.questions)]
		c.end()
	}
}

func (c *calculation) contractual(i int, id string, kind Kind) *Obligation {
	o := c.begin(i)
	o.ID, o.Regime, o.Kind, o.Recipient = id, Contractual, kind, c.clocks[i+1].Party
	o.Changes = "the agreement; the day of discovery"
	return o
}

// subject says of which kind a report of the subject is and whether it is due.
func (c *calculation) subject(s ContractSubject) (kind Kind, n int, standing Standing, ask Question) {
	switch s {
	case OfBreach:
		if !c.outcome.StartsClocks() {
			return Upstream, 0, 0, ""
		}
		return Upstream, 0, Owed, ""
	case OfUseOrDisclosure:
		if c.outcome == NotPHI || c.outcome == NotImpermissible {
			return UseOrDisclosureReport, 1, 0, ""
		}
		return UseOrDisclosureReport, 1, Owed, ""
	case OfSecurityIncident:
		return c.security(SecurityIncidentReport, 2, Successful)
	}
	return c.security(AggregateReport, 3, Unsuccessful)
}

func (c *calculation) security(kind Kind, n int, want SecurityIncident) (Kind, int, Standing, Question) {
	switch securityAnswer(c.in.Security, want) {
	case Yes:
		return kind, n, Owed, ""
	case No:
		return kind, n, 0, ""
	}
	return kind, n, Possible, "security"
}

// govern marks, of the clocks for one report on one link of the chain, the
// one that ends first: the law's beside the agreement's.
func (c *calculation) govern() {
	for i := range c.out {
		o := &c.out[i]
		if !reports(o) || o.Due.IsZero() {
			continue
		}
		for k := range c.out {
			p := &c.out[k]
			if k != i && reports(p) && p.Kind == o.Kind && p.OwedBy == o.OwedBy && p.Recipient == o.Recipient && sooner(p, o) {
				o.Governs = false
				break
			}
		}
	}
}

func reports(o *Obligation) bool {
	return o.Regime == Contractual || o.Regime == HIPAA && (o.Kind == Upstream || o.Kind >= UseOrDisclosureReport && o.Kind <= AggregateReport)
}

// sooner reports whether p ends before o. An obligation that is only possible
// does not displace one that is owed.
func sooner(p, o *Obligation) bool {
	if p.Due.IsZero() || p.Standing == Possible && o.Standing == Owed {
		return false
	}
	if p.Due == o.Due && !p.DueAt.IsZero() && !o.DueAt.IsZero() {
		return p.DueAt.Before(o.DueAt)
	}
	return p.Due.Before(o.Due) || p.Due == o.Due && !p.DueAt.IsZero() && o.DueAt.IsZero()
}
