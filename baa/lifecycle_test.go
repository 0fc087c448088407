package baa_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// A lifeCase is a row of testdata/lifecycle.json. Its times are instants, or
// days of the zone it is played in: an event happens at noon of its day, an
// assertion holds at the first and at the last instant of it; "start" and
// "end" behind the day pick one of them.
type lifeCase struct {
	Case, Source, Zone string
	Policy             baa.LifePolicy
	Versions           []baa.VersionTerms
	Events             []lifeEvent
	Asserts            []lifeAssert
}

type lifeEvent struct {
	Kind        baa.EventKind
	At          string
	By          baa.Side
	Version     string
	OpenThrough baakit.Date `json:"open_through"`
	Effective   baakit.Date
	Cause       baa.Cause
	Ref         string
	Assent      *baa.Assent
}

type lifeAssert struct {
	At, Known             string
	Status                baa.Status
	Cause                 baa.Cause
	Uses                  baa.Uses
	PHI                   *bool
	InForce               *bool `json:"in_force"`
	Governing             *string
	Method                baa.AcceptanceMethod
	Strength              baa.Strength
	Deadlines             map[string]string
	Findings              []string
	NoFindings            []string `json:"no_findings"`
	Duties, Passed, Never []string
	OnlyDuties            []string `json:"only_duties"`
	Try                   *lifeEvent
	Refused               string
}

func lifeCases(t *testing.T) []lifeCase {
	t.Helper()
	data, err := os.ReadFile("testdata/lifecycle.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []lifeCase
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// zones are where the cases are played: the ends of the world, and zones in
// which days are 23 and 25 hours long or have no midnight.
func zones(t *testing.T, name string) []*time.Location {
	t.Helper()
	if name != "" {
		return []*time.Location{load(t, name)}
	}
	return []*time.Location{
		time.UTC, time.FixedZone("UTC-12", -12*3600), time.FixedZone("UTC+14", 14*3600),
		load(t, "America/Chicago"), load(t, "America/Havana"), load(t, "Australia/Lord_Howe"), load(t, "Asia/Kathmandu"),
	}
}

func load(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skip("skipped: no zone database")
	}
	return loc
}

// instants returns when the text is, in the zone: one or two instants.
func instants(t *testing.T, text string, zone *time.Location) []time.Time {
	t.Helper()
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return []time.Time{at}
	}
	day, which, _ := strings.Cut(text, " ")
	start, end := baakit.MustParseDate(day).In(zone)
	switch which {
	case "start":
		return []time.Time{start}
	case "end":
		return []time.Time{end.Add(-1)}
	case "noon":
		return []time.Time{start.Add(12 * time.Hour)}
	}
	return []time.Time{start, end.Add(-1)}
}

func (e lifeEvent) event(t *testing.T, zone *time.Location) baa.Event {
	t.Helper()
	text := e.At
	if len(text) == len("2026-01-05") {
		text += " noon"
	}
	return baa.Event{
		Kind: e.Kind, At: instants(t, text, zone)[0], By: e.By, Version: e.Version, OpenThrough: e.OpenThrough,
		Effective: e.Effective, Cause: e.Cause, Ref: e.Ref, Assent: e.Assent,
	}
}

func TestLifecycleCases(t *testing.T) {
	t.Parallel()
	for _, row := range lifeCases(t) {
		t.Run(row.Case, func(t *testing.T) {
			t.Parallel()
			for _, zone := range zones(t, row.Zone) {
				playCase(t, row, zone)
			}
		})
	}
}

func playCase(t *testing.T, row lifeCase, zone *time.Location) {
	t.Helper()
	life, err := baa.NewLifecycle(baa.LifecycleConfig{Versions: row.Versions, Zone: zone, Policy: row.Policy})
	if err != nil {
		t.Fatal(err)
	}
	var events []baa.Event
	for _, e := range row.Events {
		recorded, err := life.Record(events, e.event(t, zone))
		if err != nil {
			t.Fatalf("%s: %s refused: %v", zone, e.Kind, err)
		}
		events = append(events, recorded)
	}
	for _, a := range row.Asserts {
		if a.Try != nil {
			tryCase(t, life, events, a, zone)
			continue
		}
		for _, valid := range instants(t, a.At, zone) {
			known := valid
			if a.Known != "" {
				known = instants(t, a.Known, zone)[0]
			}
			s, err := life.StateAt(events, valid, known)
			if err != nil {
				t.Fatal(err)
			}
			checkAssert(t, a, s, zone)
		}
	}
}

func tryCase(t *testing.T, life *baa.Lifecycle, events []baa.Event, a lifeAssert, zone *time.Location) {
	t.Helper()
	var before []baa.Event
	e := a.Try.event(t, zone)
	for _, f := range events {
		if !f.At.After(e.At) {
			before = append(before, f)
		}
	}
	want := map[string]error{
		"ErrOfferLapsed": baa.ErrOfferLapsed, "ErrNotPossible": baa.ErrNotPossible, "ErrVersion": baa.ErrVersion, "ErrTooEarly": baa.ErrTooEarly,
		"ErrTooLate": baa.ErrTooLate, "ErrNotAgreed": baa.ErrNotAgreed, "ErrPolicy": baa.ErrPolicy, "ErrConflict": baa.ErrConflict,
	}[a.Refused]
	if want == nil && a.Refused != "" {
		t.Fatalf("no such error: %s", a.Refused)
	}
	if _, err := life.Record(before, e); !errors.Is(err, want) {
		t.Errorf("%s: %s at %s: error %v, want %v", zone, e.Kind, a.Try.At, err, want)
	}
}

func checkAssert(t *testing.T, a lifeAssert, s baa.State, zone *time.Location) {
	t.Helper()
	bad := func(what string, got, want any) {
		t.Helper()
		t.Errorf("%s, %s: %s = %v, want %v", a.At, zone, what, got, want)
	}
	if a.Status != "" && s.Status != a.Status {
		bad("status", s.Status, a.Status)
	}
	if a.Cause != "" && s.Cause != a.Cause {
		bad("cause", s.Cause, a.Cause)
	}
	if a.Uses != "" && s.Uses != a.Uses {
		bad("uses", s.Uses, a.Uses)
	}
	if a.PHI != nil && s.PHI.Yes != *a.PHI {
		bad("phi", s.PHI, *a.PHI)
	}
	if a.InForce != nil && s.InForce.Yes != *a.InForce {
		bad("in force", s.InForce, *a.InForce)
	}
	governing := baa.Governing{}
	if s.Governing != nil {
		governing = *s.Governing
	}
	if a.Governing != nil && governing.Version != *a.Governing {
		bad("governing", governing.Version, *a.Governing)
	}
	if a.Method != "" && governing.Method != a.Method {
		bad("method", governing.Method, a.Method)
	}
	if a.Strength != "" && governing.Strength != a.Strength {
		bad("strength", governing.Strength, a.Strength)
	}
	for id, want := range a.Deadlines {
		d, ok := s.Deadline(id)
		if ok != (want != "") || ok && d.Through.String() != want {
			bad("deadline "+id, d.Through, want)
		}
	}
	for _, id := range a.Findings {
		if f, ok := s.Finding(id); !ok || f.Says == "" || f.Severity == "" {
			bad("finding "+id, s.Findings, "there")
		}
	}
	for _, id := range a.NoFindings {
		if _, ok := s.Finding(id); ok {
			bad("finding "+id, "there", "none")
		}
	}
	var duties []string
	for _, d := range s.Duties {
		duties = append(duties, d.ID, d.ID+":"+d.From)
	}
	for _, d := range a.Duties {
		if !slices.Contains(duties, d) {
			bad("duties", duties, d)
		}
	}
	if a.OnlyDuties != nil && (len(s.Duties) != len(a.OnlyDuties) || s.Duties[0].ID != a.OnlyDuties[0]) {
		bad("duties", duties, a.OnlyDuties)
	}
	passed := func(status string) bool {
		return slices.ContainsFunc(s.Passed, func(p baa.Transition) bool { return string(p.Status) == status })
	}
	for _, p := range a.Passed {
		if !passed(p) {
			bad("passed", s.Passed, p)
		}
	}
	for _, p := range a.Never {
		if passed(p) {
			bad("passed", s.Passed, "never "+p)
		}
	}
	if len(s.InForce.Reasons) == 0 || len(s.PHI.Reasons) == 0 {
		bad("reasons", s.InForce, "some")
	}
}
