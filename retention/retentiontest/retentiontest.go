// Package retentiontest generates rules, records, holds and schedules for
// property tests of programs that use package retention, and tells golden
// scenarios of decisions.
package retentiontest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

// Date draws a day from 1920 to 2060, leap days, ends of months and of years
// more often than chance would.
func Date() *rapid.Generator[baakit.Date] {
	first := baakit.MustParseDate("1920-01-01")
	last := baakit.MustParseDate("2060-12-31").Sub(first)
	return rapid.Custom(func(t *rapid.T) baakit.Date {
		d := first.AddDays(rapid.IntRange(0, last).Draw(t, "day"))
		switch rapid.IntRange(0, 5).Draw(t, "edge") {
		case 0: // a leap day
			return baakit.MustDate(d.Year()/4*4, 2, 29)
		case 1: // the end of a month
			return d.AddDays(1-d.Day()).AddMonths(1, baakit.RollBack).AddDays(-1)
		case 2: // the end of a year
			return baakit.MustDate(d.Year(), 12, 31)
		}
		return d
	})
}

// Triggers are those that the generators use.
func Triggers() []retention.Trigger {
	return []retention.Trigger{retention.Creation, retention.Discharge, retention.LastService, retention.LastContact, retention.Death}
}

// Trigger draws one of [Triggers].
func Trigger() *rapid.Generator[retention.Trigger] { return rapid.SampledFrom(Triggers()) }

// When draws what a record states: mostly a day, also a month or a year, not
// yet and unknown.
func When() *rapid.Generator[retention.When] {
	return rapid.Custom(func(t *rapid.T) retention.When {
		d := Date().Draw(t, "date")
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return retention.Unknown()
		case 1:
			return retention.NotYet()
		case 2:
			first := d.AddDays(1 - d.Day())
			return retention.Within(first, first.AddMonths(1, baakit.RollForward).AddDays(-1))
		case 3:
			return retention.Within(baakit.MustDate(d.Year(), 1, 1), baakit.MustDate(d.Year(), 12, 31))
		}
		return retention.On(d)
	})
}

// Period draws a period as retention rules have them.
func Period() *rapid.Generator[baakit.Period] {
	return rapid.Custom(func(t *rapid.T) baakit.Period {
		switch rapid.IntRange(0, 3).Draw(t, "unit") {
		case 0:
			return baakit.MustPeriod(rapid.IntRange(1, 400).Draw(t, "days"), baakit.Days)
		case 1:
			return baakit.MustPeriod(rapid.IntRange(1, 40).Draw(t, "months"), baakit.Months)
		}
		return baakit.MustPeriod(rapid.IntRange(1, 30).Draw(t, "years"), baakit.Years)
	})
}

// Condition draws a condition other than otherwise.
func Condition() *rapid.Generator[retention.Condition] {
	return rapid.Custom(func(t *rapid.T) retention.Condition {
		at := Trigger().Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "condition") {
		case 0:
			return retention.MinorAt(at)
		case 1:
			return retention.UnderAt(rapid.IntRange(1, 30).Draw(t, "age"), at)
		case 2:
			return retention.Happened(at)
		}
		return retention.Fact(rapid.SampledFrom([]string{"approved", "audited"}).Draw(t, "fact"))
	})
}

// Rule draws a rule of any form, at most three deep.
func Rule() *rapid.Generator[retention.Rule] { return rule(3, true) }

// RuleWithoutCases draws a rule without first that applies: one for which a
// later event never gives an earlier end.
func RuleWithoutCases() *rapid.Generator[retention.Rule] { return rule(3, false) }

func rule(depth int, cases bool) *rapid.Generator[retention.Rule] {
	return rapid.Custom(func(t *rapid.T) retention.Rule {
		most := 8
		if depth == 0 {
			most = 4
		}
		kind := rapid.IntRange(0, most).Draw(t, "rule")
		if kind == 8 && !cases {
			kind = 5
		}
		parts := func() []retention.Rule {
			return rapid.SliceOfN(rule(depth-1, cases), 1, 3).Draw(t, "parts")
		}
		switch kind {
		case 0:
			return retention.UntilAge(rapid.IntRange(1, 40).Draw(t, "age"))
		case 1:
			return retention.AfterMajority(rapid.IntRange(0, 10).Draw(t, "years"))
		case 4:
			return rapid.SampledFrom([]retention.Rule{retention.Permanent(), retention.NoPeriod(), retention.Unstated()}).Draw(t, "constant")
		case 5:
			return retention.LongestOf(parts()...)
		case 6:
			return retention.EarliestOf(parts()...)
		case 7:
			return retention.Capped(rule(depth-1, cases).Draw(t, "rule"), rule(depth-1, cases).Draw(t, "cap"))
		case 8:
			var list []retention.Case
			for _, p := range parts() {
				list = append(list, retention.Case{If: Condition().Draw(t, "if"), Then: p})
			}
			list = append(list, retention.Case{If: retention.Otherwise(), Then: rule(depth-1, cases).Draw(t, "otherwise")})
			return retention.FirstThatApplies(list...)
		}
		return retention.After(Period().Draw(t, "period"), Trigger().Draw(t, "trigger"))
	})
}

// Record draws a valid record that states some of its events.
func Record() *rapid.Generator[retention.Record] {
	return rapid.Custom(func(t *rapid.T) retention.Record {
		r := retention.Record{
			ID:            fmt.Sprintf("r-%d", rapid.IntRange(1, 1000).Draw(t, "id")),
			Class:         rapid.SampledFrom([]string{"", "medical_record", "imaging"}).Draw(t, "class"),
			Jurisdictions: rapid.SampledFrom([][]baakit.Jurisdiction{nil, {baakit.MustParseJurisdiction("TX")}, {baakit.MustParseJurisdiction("NE")}, {baakit.MustParseJurisdiction("MS"), baakit.MustParseJurisdiction("AL")}}).Draw(t, "jurisdictions"),
			Events:        make(map[retention.Trigger]retention.When),
			Facts:         make(map[string]bool),
		}
		if b := When().Draw(t, "birth"); b != retention.NotYet() {
			r.Birth = b
		}
		for _, trigger := range Triggers() {
			if rapid.IntRange(0, 5).Draw(t, "states") > 0 {
				r.Events[trigger] = When().Draw(t, string(trigger))
			}
		}
		for _, fact := range []string{"approved", "audited"} {
			switch rapid.IntRange(0, 2).Draw(t, fact) {
			case 0:
				r.Facts[fact] = true
			case 1:
				r.Facts[fact] = false
			}
		}
		return r
	})
}

// KnownRecord draws a record that states every event by its day, and every
// fact.
func KnownRecord() *rapid.Generator[retention.Record] {
	return rapid.Custom(func(t *rapid.T) retention.Record {
		r := Record().Draw(t, "record")
		r.Birth = retention.On(Date().Draw(t, "birth"))
		for _, trigger := range Triggers() {
			r.Events[trigger] = retention.On(Date().Draw(t, string(trigger)))
		}
		for _, fact := range []string{"approved", "audited"} {
			r.Facts[fact] = rapid.Bool().Draw(t, fact)
		}
		return r
	})
}

// Policy draws a valid policy to keep with the ID.
func Policy(id string) *rapid.Generator[retention.Policy] {
	return rapid.Custom(func(t *rapid.T) retention.Policy {
		p := retention.Policy{ID: id, Rule: Rule().Draw(t, "rule")}
		if rapid.Bool().Draw(t, "of a class") {
			p.Classes = []string{rapid.SampledFrom([]string{"medical_record", "imaging"}).Draw(t, "class")}
		}
		if rapid.IntRange(0, 3).Draw(t, "of a time") == 0 {
			p.From = Date().Draw(t, "from")
		}
		return p
	})
}

// Policies draws up to four policies of different IDs.
func Policies() *rapid.Generator[[]retention.Policy] {
	return rapid.Custom(func(t *rapid.T) []retention.Policy {
		var list []retention.Policy
		for i := range rapid.IntRange(1, 4).Draw(t, "policies") {
			list = append(list, Policy(fmt.Sprintf("p%d", i)).Draw(t, "policy"))
		}
		return list
	})
}

// Hold draws a valid hold, open or lifted.
func Hold() *rapid.Generator[retention.Hold] {
	return rapid.Custom(func(t *rapid.T) retention.Hold {
		h := retention.Hold{Matter: fmt.Sprintf("M-%d", rapid.IntRange(1, 99).Draw(t, "matter")), Placed: Date().Draw(t, "placed")}
		switch rapid.IntRange(0, 2).Draw(t, "scope") {
		case 0:
			h.Scope.All = true
		case 1:
			h.Scope.Classes = []string{"medical_record"}
		default:
			h.Scope.Attributes = map[string][]string{"ward": {"icu"}}
		}
		if rapid.Bool().Draw(t, "lifted") {
			h.Lifted = h.Placed.AddDays(rapid.IntRange(0, 2000).Draw(t, "days"))
			if rapid.Bool().Draw(t, "grace") {
				h.ReleaseGrace = baakit.MustPeriod(rapid.IntRange(1, 90).Draw(t, "grace days"), baakit.Days)
			}
		}
		return h
	})
}

// A Scenario is a decision with what it has to come to.
type Scenario struct {
	Name   string
	Rule   retention.Rule
	Record retention.Record
	Holds  []retention.Hold
	On     baakit.Date

	Outcome          retention.Outcome
	KeepThrough      baakit.Date
	FirstDisposable  baakit.Date
	EarliestDisposal baakit.Date
}

// Scenarios returns golden decisions on both sides of every threshold that
// programs get wrong: the anniversary itself, leap days, a hold inside the
// period and after it, an event that has not happened.
func Scenarios() []Scenario {
	day := baakit.MustParseDate
	events := func(pairs ...string) map[retention.Trigger]retention.When {
		m := make(map[retention.Trigger]retention.When)
		for i := 0; i < len(pairs); i += 2 {
			w, err := retention.ParseWhen(pairs[i+1])
			if err != nil {
				panic(err)
			}
			m[retention.Trigger(pairs[i])] = w
		}
		return m
	}
	rule := retention.MustParseRule
	seven := rule("7 years after last_service")
	hold := func(placed, lifted string) []retention.Hold {
		h := retention.Hold{Matter: "M-1", Scope: retention.Scope{All: true}, Placed: day(placed), ReleaseGrace: baakit.MustParsePeriod("30 days")}
		if lifted != "" {
			h.Lifted = day(lifted)
		}
		return []retention.Hold{h}
	}
	return []Scenario{
		{"on the anniversary", seven, retention.Record{ID: "a", Events: events("last_service", "2019-11-22")}, nil, day("2026-11-22"), retention.Kept, day("2026-11-22"), day("2026-11-23"), day("2026-11-23")},
		{"the day after it", seven, retention.Record{ID: "a", Events: events("last_service", "2019-11-22")}, nil, day("2026-11-23"), retention.Due, day("2026-11-22"), day("2026-11-23"), day("2026-11-23")},
		{"from a leap day", rule("6 years after last_in_effect"), retention.Record{ID: "b", Events: events("last_in_effect", "2024-02-29")}, nil, day("2030-03-01"), retention.Kept, day("2030-03-01"), day("2030-03-02"), day("2030-03-02")},
		{"born on a leap day", rule("until age 30"), retention.Record{ID: "c", Birth: retention.On(day("2004-02-29"))}, nil, day("2034-03-01"), retention.Kept, day("2034-03-01"), day("2034-03-02"), day("2034-03-02")},
		{"a hold after the period", seven, retention.Record{ID: "d", Events: events("last_service", "2015-01-10")}, hold("2021-01-01", "2023-01-15"), day("2022-06-01"), retention.Held, day("2022-01-10"), day("2022-01-11"), day("2023-02-15")},
		{"a hold inside the period", seven, retention.Record{ID: "e", Events: events("last_service", "2015-01-10")}, hold("2016-01-01", "2017-01-01"), day("2022-01-11"), retention.Due, day("2022-01-10"), day("2022-01-11"), day("2022-01-11")},
		{"an open hold", seven, retention.Record{ID: "f", Events: events("last_service", "2015-01-10")}, hold("2021-01-01", ""), day("2030-06-01"), retention.Held, day("2022-01-10"), day("2022-01-11"), baakit.Date{}},
		{"the event has not happened", rule("6 years after last_in_effect"), retention.Record{ID: "g", Events: events("last_in_effect", "not_yet")}, nil, day("2030-06-01"), retention.Open, baakit.Date{}, baakit.Date{}, baakit.Date{}},
		{"nobody knows", seven, retention.Record{ID: "h", Events: events("last_service", "unknown")}, nil, day("2060-06-01"), retention.Indeterminate, baakit.Date{}, baakit.Date{}, baakit.Date{}},
	}
}

// TestScenarios checks that decide gives for every scenario what it has to
// come to: the decisions of a program of its own, a store's rules or a query.
func TestScenarios(t *testing.T, decide func(Scenario) (retention.Outcome, baakit.Date)) {
	t.Helper()
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			outcome, through := decide(s)
			if outcome != s.Outcome || through != s.KeepThrough {
				t.Errorf("%s, kept through %v; want %s, %v", outcome, through, s.Outcome, s.KeepThrough)
			}
		})
	}
}
