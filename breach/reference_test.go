package breach_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// The reference reads the tables by itself, walks day by day on time.Time and
// knows nothing of the package but its table files and the wire form.

type refRule struct {
	ID              string
	Kind            string
	OwedBy          string `json:"owed_by"`
	PerJurisdiction bool   `json:"per_jurisdiction"`
	Threshold       *struct {
		Op, Of string
		N      int
	}
	Within     string
	From       []string
	Promptness string
	Below      *struct {
		Within string
		From   []string
	}
	Condition *struct {
		Fact string
		Is   bool
	}
	Confidence string
	Citation   string
	Resume     string
}

type refLaw struct {
	Jurisdiction string
	Rules        []refRule
}

func reference(t interface{ Fatal(...any) }) (federal []refRule, states []refLaw) {
	f, s, _ := breach.Tables()
	var ft struct{ Rules []refRule }
	var st struct{ Jurisdictions []refLaw }
	if err := json.Unmarshal(f, &ft); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s, &st); err != nil {
		t.Fatal(err)
	}
	return ft.Rules, st.Jurisdictions
}

// walk counts n days, or business days, one by one.
func walk(from, period string, holiday func(time.Time) bool) string {
	d, _ := time.Parse(time.DateOnly, from)
	var n int
	for _, c := range strings.Fields(period)[0] {
		n = n*10 + int(c-'0')
	}
	business := strings.Contains(period, "business")
	for n > 0 {
		d = d.AddDate(0, 0, 1)
		if business && (d.Weekday() == time.Saturday || d.Weekday() == time.Sunday || holiday(d)) {
			continue
		}
		n--
	}
	return d.Format(time.DateOnly)
}

// A covered entity alone, final counts in one State, discovery the only known
// day: the reference computes every date in days again.
func propReference(t *rapid.T) {
	federal, states := reference(t)
	law := rapid.SampledFrom(states).Draw(t, "law")
	discovered := discoveryDate().Draw(t, "discovered")
	n := rapid.SampledFrom([]int{1, 49, 50, 51, 249, 250, 251, 499, 500, 501, 999, 1000, 1001, 4999, 5000, 5001, 9999, 10000, 10001}).Draw(t, "people")
	in := breach.Incident{
		Parties: []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.OnDay(discovered)}}}},
		People:  breach.People{Total: breach.Exactly(n), Residents: map[baakit.Jurisdiction]breach.Count{state(law.Jurisdiction): breach.Exactly(n)}},
	}
	got := byID(timeline(t, in, fixed()))
	year, _, _ := discovered.Date()
	yearEnd := baakit.MustDate(year, time.December, 31).String()
	check := func(r refRule, id string) {
		if r.OwedBy == "vendor" || r.Threshold != nil && (r.Threshold.Of == "deceased" || r.Threshold.Of == "unreachable") {
			return
		}
		within, from := r.Within, discovered.String()
		if th := r.Threshold; th != nil && !(th.Op == ">=" && n >= th.N || th.Op == ">" && n > th.N) {
			if r.Below == nil {
				if _, ok := got[id]; ok {
					t.Fatalf("%s with %d people", id, n)
				}
				return
			}
			within, from = r.Below.Within, yearEnd
		}
		o, ok := got[id]
		if !ok {
			t.Fatalf("no %s with %d people", id, n)
		}
		if within == "" || strings.HasSuffix(within, "hours") || strings.Contains(within, "business") {
			return
		}
		want := walk(from, within, nil)
		if o.OuterLimit.String() != want {
			t.Fatalf("%s: outer limit %s, want %s (%s)", id, o.OuterLimit, want, o.Explanation)
		}
		if !strings.Contains(r.Promptness, "individual_notice") && o.Due.String() != want {
			t.Fatalf("%s: due %s, want %s", id, o.Due, want)
		}
	}
	for _, r := range federal {
		if strings.HasPrefix(r.ID, "proposed.") {
			if _, ok := got[r.ID]; ok {
				t.Fatalf("%s is not law", r.ID)
			}
			continue
		}
		id := r.ID
		if r.PerJurisdiction {
			id += "." + strings.ToLower(law.Jurisdiction)
		}
		check(r, id)
	}
	for _, r := range law.Rules {
		if r.Condition == nil || r.Condition.Fact == "secretary_notice_required" {
			check(r, r.ID)
		}
	}
}

func TestReference(t *testing.T) { t.Parallel(); rapid.Check(t, propReference) }

// Both sides of every threshold of the tables, one State at a time.
func TestThresholds(t *testing.T) {
	t.Parallel()
	federal, states := reference(t)
	seen := 0
	for _, law := range states {
		for _, r := range append(law.Rules, federal...) {
			if r.Threshold == nil || r.OwedBy == "vendor" || strings.HasPrefix(r.ID, "ftc.") || strings.HasPrefix(r.ID, "part2.") {
				continue
			}
			id := r.ID
			if r.PerJurisdiction {
				id += "." + strings.ToLower(law.Jurisdiction)
			}
			least := r.Threshold.N
			if r.Threshold.Op == ">" {
				least++
			}
			for _, n := range []int{least - 1, least, least + 1} {
				in := breach.Incident{
					Parties: []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-03-02")}}}},
					People: breach.People{
						Total: breach.Exactly(20000), Deceased: breach.Exactly(0), InsufficientContact: breach.Exactly(0),
						Residents: map[baakit.Jurisdiction]breach.Count{state(law.Jurisdiction): breach.Exactly(n), baakit.ForeignJurisdiction: breach.Exactly(20000 - n)},
					},
					Facts: map[string]breach.Answer{"ga_information_broker": breach.Yes, "pa_insurer": breach.No},
				}
				switch r.Threshold.Of {
				case "individuals":
					in.People.Total = breach.Exactly(n)
					delete(in.People.Residents, baakit.ForeignJurisdiction)
				case "deceased":
					in.People.Deceased = breach.Exactly(n)
				case "unreachable":
					in.People.InsufficientContact = breach.Exactly(n)
				}
				o, ok := timeline2(t, in, id)
				reached := n >= least
				switch {
				case r.Threshold.Of == "persons":
					// Whether residents or all persons count is open: certain
					// once the residents reach it, possible before.
					if !ok || (o.Standing == breach.Owed) != reached {
						t.Errorf("%s with %d residents of 20,000 persons: %v, %v", id, n, ok, o.Standing)
					}
				case r.Below == nil:
					if ok != reached {
						t.Errorf("%s with %d: %v, want %v", id, n, ok, reached)
					}
				default:
					if ok && (o.Threshold != nil) != reached {
						t.Errorf("%s with %d is judged as %v", id, n, o.Threshold)
					}
				}
				seen++
			}
		}
	}
	if seen < 600 {
		t.Errorf("only %d cases", seen)
	}
}

func timeline2(t *testing.T, in breach.Incident, id string) (breach.Obligation, bool) {
	return timeline(t, in, fixed()).Obligation(id)
}
