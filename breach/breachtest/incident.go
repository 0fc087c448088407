package breachtest

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"pgregory.net/rapid"
)

// Incident generates valid incidents: chains of one to four parties, known
// and unknown facts, counts on both sides of the usual thresholds, residents of
// any jurisdictions, delays.
func Incident() *rapid.Generator[breach.Incident] {
	return rapid.Custom(func(t *rapid.T) breach.Incident {
		in := breach.Incident{Schema: breach.IncidentSchema, ID: rapid.StringMatching(`[A-Z]{2}-[0-9]{1,4}`).Draw(t, "id"), Zone: Zone().Draw(t, "zone")}
		discovered := baakit.MustParseDate("2010-01-01").AddDays(rapid.IntRange(0, 9000).Draw(t, "discovered"))
		in.Parties = parties(t, discovered)
		if rapid.Bool().Draw(t, "occurred known") {
			from := discovered.AddDays(-rapid.IntRange(0, 300).Draw(t, "before"))
			in.Occurred.From = breach.OnDay(from)
		}
		in.People = people(t)
		if rapid.Bool().Draw(t, "delayed") {
			in.Delays = []breach.Delay{delay(t, discovered)}
		}
		in.Security = rapid.SampledFrom([]breach.SecurityIncident{"", breach.Successful, breach.NotSecurityIncident}).Draw(t, "security")
		return in
	})
}

// Zone generates zones from UTC-12 to UTC+14, named ones with daylight saving
// time among them.
func Zone() *rapid.Generator[breach.Zone] {
	return rapid.SampledFrom([]breach.Zone{
		breach.MustZone("-12:00"), breach.MustZone("UTC"), breach.MustZone("+14:00"), breach.MustZone("America/Chicago"), breach.MustZone("America/New_York"), breach.MustZone("Pacific/Honolulu"),
	})
}

// parties draws the chain from the one where it happened up to the covered
// entity, each told by the one below on or after the day it knew.
func parties(t *rapid.T, discovered baakit.Date) []breach.Party {
	n := rapid.IntRange(1, 4).Draw(t, "parties")
	list := make([]breach.Party, n)
	day := discovered
	for i := range list {
		p := &list[i]
		p.Name = string(rune('A' + i))
		switch i {
		case n - 1:
			p.Role = breach.CoveredEntity
		case n - 2:
			p.Role = breach.BusinessAssociate
		default:
			p.Role = breach.Subcontractor
		}
		if i == 0 || rapid.Bool().Draw(t, "knows itself") {
			p.Knowledge = []breach.Knowledge{{At: breach.OnDay(day), By: rapid.SampledFrom([]breach.Knower{breach.Workforce, breach.Officer, breach.OtherAgent}).Draw(t, "knower")}}
		}
		if i == n-1 {
			break
		}
		p.Agency = rapid.SampledFrom([]breach.Agency{"", breach.Agent, breach.IndependentContractor}).Draw(t, "agency")
		if rapid.Bool().Draw(t, "told") {
			day = day.AddDays(rapid.IntRange(0, 40).Draw(t, "days to tell"))
			p.Told = breach.OnDay(day)
		}
		if rapid.Bool().Draw(t, "contract") {
			p.Contract = &breach.Contract{Clocks: []breach.ContractClock{{Of: breach.OfBreach, Within: rapid.SampledFrom(periods()).Draw(t, "within")}}}
		}
	}
	return list
}

func periods() []baakit.Period {
	var list []baakit.Period
	for _, s := range []string{"24 hours", "48 hours", "1 day", "5 business days", "10 days", "30 days", "60 days", "1 month"} {
		list = append(list, baakit.MustParsePeriod(s))
	}
	return list
}

// people draws counts that agree with each other.
func people(t *rapid.T) breach.People {
	var p breach.People
	if !rapid.Bool().Draw(t, "total known") {
		return p
	}
	around := rapid.SampledFrom([]int{1, 9, 10, 249, 250, 499, 500, 501, 999, 1000, 1001, 5000, 5001, 250_000})
	var all []baakit.Jurisdiction
	for j := range baakit.Jurisdictions() {
		if j.IsState() {
			all = append(all, j)
		}
	}
	total := 0
	for _, j := range rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, 5, rapid.ID).Draw(t, "residence") {
		if p.Residents == nil {
			p.Residents = make(map[baakit.Jurisdiction]breach.Count)
		}
		n := around.Draw(t, "residents")
		p.Residents[j] = breach.Exactly(n)
		total += n
	}
	if total == 0 {
		total = around.Draw(t, "total")
	}
	p.Total = breach.Exactly(total)
	if rapid.Bool().Draw(t, "contacts known") {
		p.InsufficientContact = breach.Exactly(min(total, rapid.SampledFrom([]int{0, 9, 10}).Draw(t, "insufficient")))
	}
	p.Urgent = rapid.SampledFrom([]breach.Answer{breach.Unknown, breach.Yes, breach.No}).Draw(t, "urgent")
	return p
}

func delay(t *rapid.T, discovered baakit.Date) breach.Delay {
	made := discovered.AddDays(rapid.IntRange(0, 20).Draw(t, "delay made"))
	h := breach.Delay{Form: breach.Oral, Made: breach.OnDay(made)}
	if rapid.Bool().Draw(t, "written") {
		h.Form = breach.Written
		h.Through = made.AddDays(rapid.IntRange(1, 200).Draw(t, "delay lasts"))
	}
	return h
}

// Instant generates instants of an incident's zone around a day, midnight on
// either side among them.
func Instant(d baakit.Date, z breach.Zone) *rapid.Generator[time.Time] {
	start, end := d.In(z.Location())
	return rapid.Map(rapid.SampledFrom(slices.Clone([]time.Duration{0, 1, 12 * time.Hour, end.Sub(start) - 1})), func(after time.Duration) time.Time { return start.Add(after) })
}
