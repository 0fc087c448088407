package breach_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/internal/gen"
)

// The text of a moment, a count and a zone reads back as the same.
func propTexts(t *rapid.T) {
	m := breach.OnDay(gen.Date().Draw(t, "day"))
	if rapid.Bool().Draw(t, "instant") {
		m = breach.AtInstant(time.Unix(rapid.Int64Range(-6e10, 2e11).Draw(t, "second"), 0).In(zoneAt(rapid.IntRange(-12, 14).Draw(t, "zone")).Location()))
	}
	if m.IsZero() {
		return
	}
	back, err := breach.ParseMoment(m.String())
	if err != nil || !back.Equal(m) {
		t.Fatalf("%s reads back as %s, %v", m, back, err)
	}
	c := count().Draw(t, "count")
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var d breach.Count
	if err := json.Unmarshal(b, &d); err != nil || d != c {
		t.Fatalf("%s reads back as %+v, %v", b, d, err)
	}
}

func TestTexts(t *testing.T) { t.Parallel(); rapid.Check(t, propTexts) }

func TestBadTexts(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026-02-30", "2026-3-2", "2026-03-02T10:00:00", "yesterday", "0000-01-01T00:00:00Z", "9999-12-31T23:00:00-05:00"} {
		if m, err := breach.ParseMoment(s); err == nil || !m.IsZero() {
			t.Errorf("%q is the moment %s", s, m)
		}
	}
	for _, s := range []string{"-1", "1.5", `"3"`, `{}`, `{"estimate": 5, "at_most": 4}`, `{"estimate": -1}`, "10000000001", `{"estimate":1,"at_most":9223372036854775807}`, "null"} {
		var c breach.Count
		if err := c.UnmarshalJSON([]byte(s)); err == nil {
			t.Errorf("%s is the count %+v", s, c)
		}
	}
	for _, s := range []string{"", "Local", "Mars", "+15:00", "-15:00"} {
		if _, err := breach.ZoneOf(s); err == nil {
			t.Errorf("%q is a zone", s)
		}
	}
}

// Hours run over a clock change and from the first moment of a day that is all
// that is known; days are those of the zone of the incident.
func TestHoursAndZones(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		zone, at, due, dueAt string
	}{
		{"America/New_York", "2026-03-07T12:00:00-05:00", "2026-03-08", "2026-03-08T13:00:00-04:00"}, // spring
		{"America/New_York", "2026-10-31T12:00:00-04:00", "2026-11-01", "2026-11-01T11:00:00-05:00"}, // autumn
		{"America/New_York", "2026-03-08", "2026-03-08", "2026-03-09T01:00:00-04:00"},
		{"America/New_York", "2026-11-01", "2026-11-01", "2026-11-01T23:00:00-05:00"},
		{"UTC", "2026-03-02T00:00:00Z", "2026-03-02", "2026-03-03T00:00:00Z"},
		{"-12:00", "2026-03-02", "2026-03-02", "2026-03-03T00:00:00-12:00"},
		{"+14:00", "2026-03-02", "2026-03-02", "2026-03-03T00:00:00+14:00"},
		{"", "2026-03-02", "2026-03-02", ""},
	} {
		in := breach.Incident{
			Parties: []breach.Party{{Role: breach.BusinessAssociate, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment(tt.at)}}}, {Role: breach.CoveredEntity}},
			People:  breach.People{Total: breach.Exactly(1), Residents: map[baakit.Jurisdiction]breach.Count{state("GA"): breach.Exactly(1)}},
		}
		if tt.zone != "" {
			in.Zone = breach.MustZone(tt.zone)
		}
		o, ok := timeline(t, in, nil).Obligation("ga.data_owner/1")
		got := ""
		if !o.DueAt.IsZero() {
			got = o.DueAt.Format(time.RFC3339)
		}
		if !ok || o.Due.String() != tt.due || got != tt.dueAt {
			t.Errorf("24 hours from %s in %q: %s at %s, want %s at %s", tt.at, tt.zone, o.Due, got, tt.due, tt.dueAt)
		}
	}
	// Late in the evening of the 5th in Chicago is the 6th in UTC.
	in := breach.Incident{Zone: breach.MustZone("America/Chicago"), Parties: []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-03-06T04:30:00Z")}}}}}
	if o, _ := timeline(t, in, nil).Obligation("hipaa.individuals"); o.Start != day("2026-03-05") || o.Due != day("2026-05-04") {
		t.Errorf("from %s to %s", o.Start, o.Due)
	}
}

// A jurisdiction's business days are never more open than the weekdays and
// never more closed than the federal ones, so that no count of them is late.
func propCalendar(t *rapid.T) {
	rules := breach.RulesAsOf(baakit.Date{})
	d := gen.ModernDate().Draw(t, "day")
	for j := range baakit.Jurisdictions() {
		open := rules.Calendar(j).IsBusinessDay(d)
		if open && !baakit.Weekdays().IsBusinessDay(d) || !open && baakit.Federal().IsBusinessDay(d) {
			t.Fatalf("%s on %s: %v", j, d, open)
		}
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, propCalendar)
	rules := breach.RulesAsOf(baakit.Date{})
	for _, tt := range []struct {
		day, code string
		open      bool
	}{
		{"2026-09-07", "VT", false}, // Labor Day
		{"2026-10-12", "VT", true},  // not Columbus Day
		{"2026-10-12", "NY", false},
		{"2026-07-03", "CA", true}, // Independence Day on a Saturday closes no Friday
		{"2027-07-05", "CA", false},
		{"2026-06-19", "IA", true},
		{"2026-06-19", "IL", false},
		{"2026-11-26", "ME", false},
		{"2028-01-01", "CA", false}, // a Saturday
	} {
		if got := rules.Calendar(state(tt.code)).IsBusinessDay(day(tt.day)); got != tt.open {
			t.Errorf("%s in %s: %v", tt.day, tt.code, got)
		}
	}
}
