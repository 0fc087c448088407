package breach_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/internal/strictjson"
)

// The tables hold what they should, strictly read.
func TestTables(t *testing.T) {
	t.Parallel()
	federal, states, assessment := breach.Tables()
	if err := errors.Join(breach.ReadTables(federal, states), breach.ReadAssessmentLaw(assessment)); err != nil {
		t.Fatal(err)
	}
	var s struct {
		Schema        string                   `json:"schema"`
		AsOf          baakit.Date              `json:"as_of"`
		Jurisdictions []breach.JurisdictionLaw `json:"jurisdictions"`
	}
	if err := strictjson.Decode(states, &s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != "baakit.breach.jurisdiction_law/1" || len(s.Jurisdictions) != 54 {
		t.Errorf("%s with %d jurisdictions", s.Schema, len(s.Jurisdictions))
	}
	rules := breach.RulesAsOf(baakit.Date{})
	asks := make(map[breach.Question]bool)
	for _, q := range rules.Questions() {
		if q.Asks == "" || asks[q.ID] {
			t.Errorf("question %s", q.ID)
		}
		asks[q.ID] = true
	}
	ids := make(map[string]bool)
	for r := range rules.All() {
		if ids[r.ID] {
			t.Errorf("%s twice", r.ID)
		}
		ids[r.ID] = true
		if c := r.Condition; c != nil && c.Fact != "urgent" && c.Fact != "secretary_notice_required" && c.Fact != "impermissible_use" && !strings.HasSuffix(c.Fact, "_incident") && !asks[breach.Question("facts."+c.Fact)] {
			t.Errorf("%s depends on %s, which nobody asks", r.ID, c.Fact)
		}
		for _, f := range r.From {
			if f > breach.EndOfYear && !asks[breach.Question("milestones."+f.String())] {
				t.Errorf("%s counts from %s, which nobody asks", r.ID, f)
			}
		}
		if r.Confidence == baakit.Memory && !r.Unverified && !strings.HasPrefix(r.ID, "nj.") {
			t.Errorf("%s is from memory and not marked", r.ID)
		}
	}
	for _, l := range s.Jurisdictions {
		if l.EffectiveFrom.IsZero() {
			t.Errorf("%s has no first day", l.Jurisdiction)
		}
		for _, u := range l.Unverified {
			if u == "vendor_notice" && !slices.ContainsFunc(l.Rules, func(r breach.Rule) bool { return r.Kind == breach.Upstream && r.Unverified }) {
				t.Errorf("%s: the mark of %s is lost", l.Jurisdiction, u)
			}
		}
	}
	for _, word := range []string{"/work", "localhost", "127.0.0.1"} {
		if bytes.Contains(states, []byte(word)) || bytes.Contains(federal, []byte(word)) {
			t.Errorf("the tables say %s", word)
		}
	}
}

// Every clock of every jurisdiction against testdata/clocks.txt: the day it
// ends with the smallest number of people that starts it, and nothing with one
// fewer.
func TestClocks(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/clocks.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		id, want := f[0], strings.Trim(f[2], "-")
		if f[2] != "-" {
			want = f[2]
		}
		least, _ := strconv.Atoi(f[1])
		j := state(strings.ToUpper(id[:2]))
		for _, people := range []int{least, least - 1} {
			if people == 0 {
				continue
			}
			o, ok := timeline(t, everyTrigger(j, people), nil).Obligation(id)
			got := ""
			if ok && o.Dated() {
				got = o.Due.String()
			}
			if ok != (people == least) || ok && got != want {
				t.Errorf("%s with %d people: %v %q, want %q", id, people, ok, got, want)
			}
		}
		n++
	}
	t.Logf("%d clocks", n)
	if n < 190 {
		t.Errorf("only %d clocks", n)
	}
}

func everyTrigger(j baakit.Jurisdiction, people int) breach.Incident {
	at := breach.MustParseMoment("2026-01-21")
	all := make(map[breach.Trigger]breach.Moment)
	for m := breach.Determination; m <= breach.ReasonableBelief; m++ {
		if m != breach.IndividualNotice {
			all[m] = at
		}
	}
	return breach.Incident{
		Parties: []breach.Party{
			{Role: breach.BusinessAssociate, Agency: breach.IndependentContractor, Told: at, Knowledge: []breach.Knowledge{{At: at}}, Milestones: all, Contract: &breach.Contract{}},
			{Role: breach.CoveredEntity, Milestones: all},
		},
		People: breach.People{Total: breach.Exactly(people), Residents: map[baakit.Jurisdiction]breach.Count{j: breach.Exactly(people)}},
	}
}

// The law of the day: before the first known day a row applies and says so.
func TestRulesAsOf(t *testing.T) {
	t.Parallel()
	ny := everyTrigger(state("NY"), 600)
	was := breach.MustParseMoment("2020-03-02")
	ny.Parties = []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: was}}}}
	early, _ := timeline(t, ny, nil).Obligation("ny.individuals")
	if !slices.Contains(early.Flags, breach.BeforeFirstKnownDay) || early.Due != day("2020-04-01") {
		t.Errorf("in 2020: %v %v", early.Flags, early.Due)
	}
	for _, tt := range []struct {
		asOf    string
		flagged bool
	}{{"2024-12-20", true}, {"2024-12-21", false}} {
		o, ok := timeline(t, ny, &breach.Options{Rules: breach.RulesAsOf(day(tt.asOf))}).Obligation("ny.individuals")
		if !ok || slices.Contains(o.Flags, breach.BeforeFirstKnownDay) != tt.flagged {
			t.Errorf("as of %s: %v, flags %v", tt.asOf, ok, o.Flags)
		}
	}
	// Part 2 applies from 16 February 2026.
	ny.Facts = map[string]breach.Answer{"part2_program": breach.Yes}
	for _, tt := range []struct {
		asOf    string
		flagged bool
	}{{"2026-02-15", true}, {"2026-02-16", false}} {
		o, ok := timeline(t, ny, &breach.Options{Rules: breach.RulesAsOf(day(tt.asOf))}).Obligation("part2.individuals")
		if !ok || slices.Contains(o.Flags, breach.BeforeFirstKnownDay) != tt.flagged {
			t.Errorf("part 2 as of %s: %v, flags %v", tt.asOf, ok, o.Flags)
		}
	}
	if az, _ := timeline(t, everyTrigger(state("AZ"), 5), nil).Obligation("az.individuals"); !slices.Contains(az.Flags, breach.UnverifiedEffectiveDate) {
		t.Errorf("Arizona's flags are %v", az.Flags)
	}
	if gu, _ := timeline(t, everyTrigger(state("GU"), 5), nil).Obligation("gu.data_owner/1"); !slices.Contains(gu.Flags, breach.UnverifiedRule) || gu.Deemed != breach.DeemedUncertain {
		t.Errorf("Guam's vendor rule: %v, %v", gu.Flags, gu.Deemed)
	}
}

// A caller's jurisdiction takes the place of the table's, and adds one.
func TestWithJurisdiction(t *testing.T) {
	t.Parallel()
	law := func(j string) breach.JurisdictionLaw {
		l, err := breach.ParseJurisdictionLaw([]byte(`{
			"jurisdiction": "` + j + `", "statute": "Test Code § 1", "read": "secondary", "medical_information": true,
			"deemed": {"value": "no", "reaches_business_associates": "not_applicable", "confidence": "secondary"},
			"sources": ["a test"],
			"rules": [{"id": "own.individuals", "kind": "individuals", "owed_by": "owner", "recipient": "each resident", "within": "7 days",
				"from": ["discovery"], "condition": {"fact": "own_fact", "is": true}, "citation": "Test Code § 1", "confidence": "secondary"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, j := range []string{"TX", "AS", "foreign"} {
		rules, err := breach.RulesAsOf(day("2026-01-21")).WithJurisdiction(law(j))
		if err != nil {
			t.Fatal(err)
		}
		in := everyTrigger(state(j), 5)
		in.Facts = map[string]breach.Answer{"own_fact": breach.Yes}
		tl := timeline(t, in, &breach.Options{Rules: rules})
		o, ok := tl.Obligation("own.individuals")
		if !ok || o.Due != day("2026-01-28") || o.Standing != breach.Owed {
			t.Errorf("%s: %v %v", j, ok, o.Due)
		}
		if _, ok := tl.Obligation("tx.individuals"); ok {
			t.Error("the replaced law still applies")
		}
		if _, err := breach.NewTimeline(in, nil); err == nil {
			t.Error("a fact that no rule asks for is no error")
		}
	}
	bad := law("TX")
	bad.Rules[0].Within, bad.Rules[0].From, bad.Sources = baakit.Period{}, nil, nil
	_, err := breach.RulesAsOf(baakit.Date{}).WithJurisdiction(bad)
	if errs, ok := errors.AsType[baakit.FieldErrors](err); !ok || len(errs) != 3 {
		t.Errorf("errors %v", err)
	}
}

func FuzzTables(f *testing.F) {
	federal, states, assessment := breach.Tables()
	f.Add(federal, states)
	f.Add([]byte(`{"schema":"baakit.breach.federal_law/1","as_of":"2026-01-01","delay":{"oral":"30 days"}}`), []byte(`{}`))
	f.Add(assessment, []byte(`{"jurisdictions":[{"jurisdiction":"unknown","rules":[{"from":["x"]}]}]}`))
	f.Fuzz(func(_ *testing.T, federal, states []byte) {
		_ = breach.ReadTables(federal, states)
		_ = breach.ReadAssessmentLaw(federal)
		_, _ = breach.ParseJurisdictionLaw(states)
	})
}
