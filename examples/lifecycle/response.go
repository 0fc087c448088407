package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

const responseChain = "org/incident/response"

// given is when, in this story, somebody does what is owed: the vendor when it
// tells the customer, the customer two days ahead of a day that comes before
// the officer's request, and everything else on the day of the notices.
func (a *incidentAct) given(c *caseFile, o breach.Obligation) time.Time {
	asked := a.facts.OralStatement.Day(c.Zone.Location)
	switch {
	case o.OwedBy == c.vendor.LegalName:
		return c.moment(a.facts.Told)
	case o.Dated() && o.Due.Before(asked):
		if day := o.Due.AddDays(-2); day.After(a.facts.Told.Day(c.Zone.Location)) {
			return c.at(day, 11)
		}
		return c.at(o.Due, 11)
	}
	return c.at(a.facts.NoticesGiven, 11)
}

func methodOf(o breach.Obligation) breach.NoticeMethod {
	switch o.Kind {
	case breach.Individuals, breach.NextOfKin:
		return breach.FirstClassMail
	case breach.Media:
		return breach.PressRelease
	case breach.Secretary:
		return breach.Portal
	case breach.Upstream, breach.SecurityIncidentReport, breach.UseOrDisclosureReport:
		return breach.AsContract
	}
	return breach.OtherMeans
}

// respond records what was done about each obligation that is owed, and tells
// whether it was in time.
func (a *incidentAct) respond(ctx context.Context, s *stage, t breach.Timeline) error {
	var acts []breach.ResponseEvent
	var receipts strings.Builder
	for _, o := range t.Obligations {
		if o.Standing != breach.Owed {
			continue
		}
		e := breach.ResponseEvent{Kind: breach.NoticeGiven, At: a.given(s.c, o), By: "privacy officer", Obligation: o.ID, Method: methodOf(o)}
		if o.Kind == breach.Individuals {
			e.Count = t.Incident.People.Total.N()
			if !o.Jurisdiction.IsZero() {
				e.Count = t.Incident.People.Residents[o.Jurisdiction].N()
			}
		}
		receipt := fmt.Sprintf("%s: %s told %s (%s) on %s", t.Incident.ID, o.OwedBy, o.Recipient, o.ID, baakit.DateOf(e.At, s.c.Zone.Location))
		sum := sha256.Sum256([]byte(receipt))
		e.Evidence = hex.EncodeToString(sum[:])
		fmt.Fprintln(&receipts, receipt)
		acts = append(acts, e)
	}
	if err := s.write("incident-receipts.txt", []byte(receipts.String())); err != nil {
		return err
	}
	if assessment := t.Incident.Assessment; assessment != nil {
		text, err := json.Marshal(assessment)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		acts = append(acts, breach.ResponseEvent{Kind: breach.Assessed, At: s.c.at(assessment.On, 15), By: assessment.By, Evidence: hex.EncodeToString(sum[:])})
	}
	acts = append(acts,
		breach.ResponseEvent{Kind: breach.DelayBegan, At: s.c.moment(a.facts.OralStatement), By: "privacy officer", Ref: "oral statement"},
		breach.ResponseEvent{Kind: breach.DelayEnded, At: s.c.at(a.facts.NoticesGiven, 9), By: "privacy officer", Ref: "oral statement"},
		breach.ResponseEvent{Kind: breach.ResponseClosed, At: s.c.at(a.facts.NoticesGiven.AddDays(7), 9), By: "privacy officer"})
	slices.SortStableFunc(acts, func(a, b breach.ResponseEvent) int { return a.At.Compare(b.At) })
	for i := range acts {
		acts[i].Seq, acts[i].Recorded = i+1, acts[i].At
		e, err := record(ctx, s, acts[i].At, responseChain, "response."+string(acts[i].Kind), func() (breach.ResponseEvent, error) { return acts[i], acts[i].Validate() })
		if err != nil {
			return err
		}
		acts[i] = e
	}
	end := acts[len(acts)-1].At
	response, err := breach.ResponseAt(acts, t, end, end)
	if err != nil {
		return err
	}
	a.answer(s, t, response)
	return s.keep(responseChain, response, func(events []logged) (any, error) {
		var list []breach.ResponseEvent
		for _, l := range events {
			var e breach.ResponseEvent
			if err := json.Unmarshal(l.Payload, &e); err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return breach.ResponseAt(list, t, end, end)
	})
}

// answer tells how the response stands.
func (a *incidentAct) answer(s *stage, t breach.Timeline, r breach.Response) {
	loc := s.c.Zone.Location
	rows := [][]string{{"who", "told whom", "due", "told on", "how it stands", "under"}}
	late := 0
	for _, act := range r.Acts {
		o, ok := t.Obligation(act.Obligation)
		if !ok || o.Standing != breach.Owed {
			continue
		}
		on := ""
		var done baakit.Date
		if !act.Last.IsZero() {
			done = baakit.DateOf(act.Last, loc)
			on = done.String()
		}
		rows = append(rows, []string{o.OwedBy, o.Recipient, day(&o), on, string(act.Status), under(o)})
		if act.Status == breach.ActLate || act.Status == breach.ActOverdue {
			late++
		}
		if o.Dated() {
			s.due(o.Due, "tell "+o.Recipient+" of the breach", o.OwedBy, under(o), done)
		}
	}
	s.moment(a.facts.NoticesGiven, "The notices of the breach go out")
	s.tell("When the delay ends the notices go out, on %s. The response record holds what was done against what was owed, with the SHA-256 of each receipt (a line of incident-receipts.txt): %d notices, %d of them late.", a.facts.NoticesGiven, len(rows)-1, late)
	s.table("What was owed in the end, and when it was done", rows)
	s.fact("notices", len(rows)-1)
	s.fact("late", late)
	s.cite(baakit.MustParseCitation("45 CFR 164.414(b)"))
	s.proves(fmt.Sprintf("Of %d notices of the breach that were owed, %d were given in time.", len(rows)-1, len(rows)-1-late))
	for _, f := range r.Findings {
		s.warn("The response record has a %s: %s.", f.Severity, f.Says)
	}
}
