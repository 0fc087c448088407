package baa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/internal/gen"
)

const (
	ce = baa.CoveredEntitySide
	ba = baa.BusinessAssociateSide
)

// A slowLife is one agreement of one version, signed by both, as a person
// with a calendar would follow it: day after day, looking at each clock.
type slowLife struct {
	status     baa.Status
	signed     map[baa.Side]bool
	open       map[string]baakit.Date // breaches by their last day to cure
	by         map[string]baa.Side
	failed     map[string]bool
	offeredBy  baa.Side
	offerLast  baakit.Date
	noticeBy   baa.Side
	noticeDay  baakit.Date // the earliest day of the termination
	noticeOn   baakit.Date // the day it names
	ends       baakit.Date
	today      baakit.Date
	cure, exit int
	everSigned bool
}

// sleep goes on to a day, one at a time.
func (m *slowLife) sleep(to baakit.Date) {
	for m.today.Before(to) {
		m.today = m.today.AddDays(1)
		switch m.status {
		case baa.StatusOffered, baa.StatusPartiallyExecuted:
			if !m.offerLast.IsZero() && m.today.After(m.offerLast) {
				m.status = baa.StatusLapsed
			}
		case baa.StatusActive, baa.StatusInCure, baa.StatusCureFailed:
			for ref, last := range m.open {
				if m.today.After(last) {
					m.failed[ref] = true
				}
			}
			m.settle()
			if m.today.After(m.ends) || !m.noticeOn.IsZero() && !m.today.Before(m.noticeOn) {
				m.status = baa.StatusWindDown
			}
		}
	}
}

func (m *slowLife) settle() {
	m.status = baa.StatusActive
	if len(m.open) > 0 {
		m.status = baa.StatusInCure
	}
	for ref := range m.open {
		if m.failed[ref] {
			m.status = baa.StatusCureFailed
		}
	}
}

func (m *slowLife) live() bool {
	return m.status == baa.StatusActive || m.status == baa.StatusInCure || m.status == baa.StatusCureFailed
}

// do reports whether the command is possible today, and does it.
func (m *slowLife) do(e baa.Event) bool {
	unformed := m.status == baa.StatusDraft || m.status == baa.StatusOffered || m.status == baa.StatusPartiallyExecuted
	switch e.Kind {
	case baa.Offered:
		if m.status != baa.StatusDraft || len(m.signed) > 0 || !e.OpenThrough.IsZero() && e.OpenThrough.Before(m.today) {
			return false
		}
		m.status, m.offeredBy, m.offerLast = baa.StatusOffered, e.By, e.OpenThrough
	case baa.Withdrawn:
		if !unformed || m.offeredBy != e.By {
			return false
		}
		m.status = baa.StatusWithdrawn
	case baa.Signed:
		if !unformed || m.signed[e.By] {
			return false
		}
		m.signed[e.By] = true
		m.status = baa.StatusPartiallyExecuted
		if len(m.signed) == 2 {
			m.everSigned = true
			m.status = baa.StatusActive
			if m.today.After(m.ends) {
				m.status = baa.StatusWindDown
			}
		}
	case baa.BreachNotice:
		if _, ok := m.open[e.Ref]; !m.live() || ok {
			return false
		}
		m.open[e.Ref], m.by[e.Ref] = m.today.AddDays(m.cure), e.By
		m.settle()
	case baa.Cured, baa.Waived:
		_, ok := m.open[e.Ref]
		if !m.live() || !ok || e.Kind == baa.Cured && m.failed[e.Ref] || e.Kind == baa.Waived && m.by[e.Ref] != e.By {
			return false
		}
		delete(m.open, e.Ref)
		delete(m.failed, e.Ref)
		m.settle()
	case baa.TerminationNotice:
		earliest := m.today.AddDays(m.exit)
		if !m.live() || m.noticeBy != "" || !e.Effective.IsZero() && e.Effective.Before(earliest) {
			return false
		}
		m.noticeBy, m.noticeDay, m.noticeOn = e.By, earliest, e.Effective
	case baa.Terminated:
		if !m.live() {
			return false
		}
		switch e.Cause {
		case baa.NoticeGiven:
			if m.noticeBy != e.By || m.today.Before(m.noticeDay) {
				return false
			}
		case baa.UncuredBreach:
			mine := false
			for ref := range m.open {
				mine = mine || m.failed[ref] && m.by[ref] == e.By
			}
			if !mine {
				return false
			}
		}
		m.status = baa.StatusWindDown
	case baa.UnderlyingEnded:
		if !m.live() {
			return false
		}
		m.status = baa.StatusWindDown
	case baa.Superseded:
		if !m.live() {
			return false
		}
		m.status = baa.StatusSuperseded
	case baa.ReturnInfeasible:
		if m.status != baa.StatusWindDown {
			return false
		}
		m.status = baa.StatusRetained
	case baa.ReturnedOrDestroyed:
		if m.status != baa.StatusWindDown && m.status != baa.StatusRetained {
			return false
		}
		m.status = baa.StatusClosed
	}
	return true
}

func drawCommand(t *rapid.T, today baakit.Date) baa.Event {
	e := baa.Event{By: rapid.SampledFrom([]baa.Side{ce, ba}).Draw(t, "by")}
	e.Kind = rapid.SampledFrom([]baa.EventKind{
		baa.Offered, baa.Withdrawn, baa.Signed, baa.Signed, baa.Signed, baa.BreachNotice, baa.BreachNotice, baa.Cured, baa.Waived, baa.TerminationNotice,
		baa.Terminated, baa.Terminated, baa.UnderlyingEnded, baa.Superseded, baa.ReturnInfeasible, baa.ReturnedOrDestroyed,
	}).Draw(t, "kind")
	switch e.Kind {
	case baa.Offered:
		e.Version = "v1"
		if rapid.Bool().Draw(t, "open") {
			e.OpenThrough = today.AddDays(rapid.IntRange(-1, 40).Draw(t, "through"))
		}
	case baa.Withdrawn, baa.Signed:
		e.Version = "v1"
	case baa.BreachNotice, baa.Cured, baa.Waived:
		e.Ref = rapid.SampledFrom([]string{"B-1", "B-2", "B-3"}).Draw(t, "ref")
	case baa.TerminationNotice:
		if rapid.Bool().Draw(t, "fixed") {
			e.Effective = today.AddDays(rapid.IntRange(8, 14).Draw(t, "effective"))
		}
	case baa.Terminated:
		e.Cause = rapid.SampledFrom([]baa.Cause{baa.UncuredBreach, baa.NoticeGiven, baa.IncurableBreach, baa.MutualConsent}).Draw(t, "cause")
	}
	return e
}

// Random commands of two parties against the person with a calendar, in any
// zone, near midnight as often as not: what one allows the other does, and
// there is never but one state. Then the invariants of a life hold of the
// whole record.
func TestLifecycleModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := gen.Location().Draw(t, "zone")
		first := baakit.MustParseDate("2026-01-05")
		m := &slowLife{
			status: baa.StatusDraft, signed: map[baa.Side]bool{}, open: map[string]baakit.Date{}, by: map[string]baa.Side{}, failed: map[string]bool{},
			ends: first.AddDays(rapid.IntRange(1, 200).Draw(t, "term")), today: first, cure: 30, exit: 10,
		}
		life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: zone, Versions: []baa.VersionTerms{{
			Version: "v1", Signers: []baa.Side{ce, ba}, Ends: m.ends, Coterminous: true, Cure: baakit.MustParsePeriod("30 days"),
			TerminationNotice: baakit.MustParsePeriod("10 days"), ReturnWithin: baakit.MustParsePeriod("30 days"), Survives: []string{"9"}, RulesOf: first,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		var events []baa.Event
		last := time.Time{}
		var states []baa.State
		for range rapid.IntRange(1, 25).Draw(t, "commands") {
			day := m.today.AddDays(rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 9, 10, 11, 29, 30, 31}).Draw(t, "days"))
			start, end := day.In(zone)
			at := rapid.SampledFrom([]time.Time{start, start.Add(end.Sub(start) / 2), end.Add(-1)}).Draw(t, "at")
			if at.Before(last) {
				at = last
			}
			last = at
			m.sleep(day)
			e := drawCommand(t, day)
			e.At = at
			recorded, err := life.Record(events, e)
			if possible := m.do(e); possible != (err == nil) {
				t.Fatalf("%s %s by %s on %s: error %v, the model says %v", e.Kind, e.Cause, e.By, day, err, possible)
			}
			if err == nil {
				events = append(events, recorded)
			} else if refused, ok := errors.AsType[*baa.RefusedError](err); !ok || refused.Kind != e.Kind {
				t.Fatalf("error %v", err)
			}
			s, err := life.StateAt(events, at, at)
			if err != nil {
				t.Fatal(err)
			}
			if s.Status != m.status || s.InForce.Yes != m.live() {
				t.Fatalf("on %s after %s: %s, the model says %s", day, e.Kind, s.Status, m.status)
			}
			states = append(states, s)
		}
		checkInvariants(t, life, events, zone)
		// What was true then is still true of then by what was known then.
		for i, s := range states {
			if i+1 < len(states) && states[i+1].Valid.Equal(s.Valid) {
				continue // more came at the same instant
			}
			again, err := life.StateAt(events, s.Valid, s.Known)
			if err != nil {
				t.Fatal(err)
			}
			sameState(t, s, again, "asked again later")
		}
	})
}

func sameState(t *rapid.T, a, b baa.State, when string) {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(x), string(y)); diff != "" {
		t.Fatalf("%s (-first +then):\n%s", when, diff)
	}
}

// checkInvariants asks for random instants and holds the answers against what
// is true of every life.
func checkInvariants(t *rapid.T, life *baa.Lifecycle, events []baa.Event, zone *time.Location) {
	t.Helper()
	far := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	signed := make(map[baa.Side]time.Time)
	for _, e := range events {
		if _, ok := signed[e.By]; e.Kind == baa.Signed && !ok {
			signed[e.By] = e.At
		}
	}
	shuffled := rapid.Permutation(events).Draw(t, "order")
	var before *baa.Governing
	var at time.Time
	for range 6 {
		start, _ := baakit.MustParseDate("2026-01-01").AddDays(rapid.IntRange(0, 400).Draw(t, "day")).In(zone)
		valid := start.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "nudge")))
		s, err := life.StateAt(events, valid, far)
		if err != nil {
			t.Fatal(err)
		}
		other, err := life.StateAt(shuffled, valid, far)
		if err != nil {
			t.Fatal(err)
		}
		sameState(t, s, other, "another order of the list")
		var until []baa.Event
		for _, e := range events {
			if !e.At.After(valid) {
				until = append(until, e)
			}
		}
		then, err := life.StateAt(until, valid, far)
		if err != nil {
			t.Fatal(err)
		}
		sameState(t, s, then, "without what happened later")
		if s.PHI.Yes && !s.InForce.Yes {
			t.Fatal("PHI flows though it is not in force")
		}
		if s.PHI.Yes && (len(signed) < 2 || valid.Before(signed[ce]) || valid.Before(signed[ba])) {
			t.Fatal("PHI flows before the last signature")
		}
		for i, p := range s.Passed {
			switch p.Status {
			case baa.StatusClosed, baa.StatusLapsed, baa.StatusWithdrawn, baa.StatusSuperseded:
				if i != len(s.Passed)-1 {
					t.Fatalf("%s is not the end: %v", p.Status, s.Passed)
				}
			}
			if i > 0 && p.At.Before(s.Passed[i-1].At) {
				t.Fatalf("steps out of order: %v", s.Passed)
			}
		}
		if len(s.Passed) > 0 && s.Passed[len(s.Passed)-1].Status != s.Status {
			t.Fatalf("status %s, the last step is %v", s.Status, s.Passed)
		}
		if s.Status == baa.StatusSuperseded && (len(s.Duties) != 1 || s.Duties[0].ID != "survives") {
			t.Fatalf("duties of a superseded agreement: %v", s.Duties)
		}
		if _, ok := s.Finding("LC-IGNORED"); ok {
			t.Fatal("a recorded event was ignored")
		}
		g, ok, err := life.GoverningAt(events, valid, far)
		if err != nil || ok != (s.Governing != nil) || ok && g != *s.Governing {
			t.Fatalf("GoverningAt = %v, %v; the state says %v", g, ok, s.Governing)
		}
		// It changes only where a version takes effect or all is over.
		if !at.IsZero() && !cmp.Equal(before, s.Governing) {
			lo, hi := at, valid
			if hi.Before(lo) {
				lo, hi = hi, lo
			}
			final, err := life.StateAt(events, far, far)
			if err != nil {
				t.Fatal(err)
			}
			breaks := slices.ContainsFunc(final.Passed, func(p baa.Transition) bool {
				effect := p.Status == baa.StatusActive || p.Status == baa.StatusClosed || p.Status == baa.StatusSuperseded
				return effect && p.At.After(lo) && !p.At.After(hi)
			})
			if !breaks {
				t.Fatalf("governing changed between %s and %s, and nothing took effect", lo, hi)
			}
		}
		before, at = s.Governing, valid
	}
}

// The cure period of every unit ends no earlier than the notice promised; its
// last instant is inside, the next one outside; business days end on one.
func TestCureWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := gen.Location().Draw(t, "zone")
		cal := gen.Calendar().Draw(t, "calendar")
		cure := gen.ContractPeriod().Draw(t, "cure")
		day := gen.DateIn(baakit.MustParseDate("2014-01-01"), baakit.MustParseDate("2030-12-31")).Draw(t, "day")
		start, end := day.In(zone)
		noticed := start.Add(time.Duration(rapid.Int64Range(0, max(int64(end.Sub(start))-1, 0)).Draw(t, "ns")))
		life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: zone, Calendar: cal, Versions: []baa.VersionTerms{{
			Version: "v1", Signers: []baa.Side{ce}, StandingOffer: true, Cure: cure, RulesOf: baakit.MustParseDate("2014-01-01"),
		}}})
		if err != nil {
			t.Fatal(err)
		}
		events := []baa.Event{
			{Seq: 1, Kind: baa.Signed, By: ce, Version: "v1", At: noticed.Add(-time.Hour), Recorded: noticed},
			{Seq: 2, Kind: baa.BreachNotice, By: ce, Ref: "B-1", At: noticed, Recorded: noticed},
		}
		s, err := life.StateAt(events, noticed, noticed)
		if err != nil {
			t.Fatal(err)
		}
		d, ok := s.Deadline("cure")
		if !ok {
			return // it would end after the last year
		}
		switch cure.Unit() {
		case baakit.Hours:
			if want := noticed.Add(time.Duration(cure.N()) * time.Hour); !d.Until.Equal(want) {
				t.Fatalf("%s from %s ends %s", cure, noticed, d.Until)
			}
		case baakit.Days:
			if d.Through != baakit.DateOf(noticed, zone).AddDays(cure.N()) {
				t.Fatalf("%s from %s is open through %s", cure, day, d.Through)
			}
		case baakit.BusinessDays:
			count := 0
			for x := baakit.DateOf(noticed, zone); x.Before(d.Through); {
				x = x.AddDays(1)
				if cal.IsBusinessDay(x) {
					count++
				}
			}
			if count != cure.N() || !cal.IsBusinessDay(d.Through) {
				t.Fatalf("%s from %s is open through %s, %d business days", cure, day, d.Through, count)
			}
		}
		for _, side := range []struct {
			at     time.Time
			status baa.Status
			err    error
		}{{d.Until.Add(-1), baa.StatusInCure, baa.ErrTooEarly}, {d.Until, baa.StatusCureFailed, nil}} {
			s, err := life.StateAt(events, side.at, side.at)
			if err != nil || s.Status != side.status {
				t.Fatalf("at %s: %s, %v; want %s", side.at, s.Status, err, side.status)
			}
			_, err = life.Record(events, baa.Event{Kind: baa.Terminated, By: ce, Cause: baa.UncuredBreach, At: side.at})
			if !errors.Is(err, side.err) {
				t.Fatalf("termination at %s: %v, want %v", side.at, err, side.err)
			}
		}
	})
}

// An acceptance of another hash never activates anything, alone or among
// others.
func TestAcceptanceOfAnotherHash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shown := rapid.SampledFrom([]string{"v1", "v2", "other"}).Draw(t, "shown")
		named := rapid.SampledFrom([]string{"v1", "v2", "v3"}).Draw(t, "named")
		life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: time.UTC, Versions: []baa.VersionTerms{
			{Version: "v1", Signers: []baa.Side{ce}, StandingOffer: true, RulesOf: baakit.MustParseDate("2026-01-01")},
			{Version: "v2", Signers: []baa.Side{ce}, StandingOffer: true, RulesOf: baakit.MustParseDate("2026-01-01")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
		e := baa.Event{Seq: 1, Kind: baa.Accepted, By: ce, Version: named, At: at, Recorded: at, Assent: &baa.Assent{Method: baa.Clickwrap, VersionHash: shown, Authority: true, Copy: true, Strength: baa.Strong}}
		_, err = life.Record(nil, e)
		s, stateErr := life.StateAt([]baa.Event{e}, at, at)
		if stateErr != nil {
			t.Fatal(stateErr)
		}
		good := shown == named && named != "v3"
		if (err == nil) != good || s.PHI.Yes != good || s.InForce.Yes != good || !good && !errors.Is(err, baa.ErrVersion) {
			t.Fatalf("shown %s, named %s: %v, PHI %v", shown, named, err, s.PHI.Yes)
		}
	})
}

// Two parties that decide on one record at once: whatever lands first, the
// other is checked again against it, and every reader sees the same state.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: time.UTC, Versions: []baa.VersionTerms{{
			Version: "v1", Signers: []baa.Side{ce, ba}, Coterminous: true, Cure: baakit.MustParsePeriod("30 days"),
			TerminationNotice: baakit.MustParsePeriod("10 days"), Ends: baakit.MustParseDate("2027-01-01"), RulesOf: baakit.MustParseDate("2026-01-01"),
		}}})
		if err != nil {
			t.Fatal(err)
		}
		queues := map[baa.Side][]baa.Event{}
		today := baakit.MustParseDate("2026-02-01")
		for range rapid.IntRange(2, 20).Draw(t, "commands") {
			e := drawCommand(t, today)
			queues[e.By] = append(queues[e.By], e)
		}
		at := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
		var log []baa.Event
		for len(queues[ce])+len(queues[ba]) > 0 {
			side := rapid.SampledFrom([]baa.Side{ce, ba}).Draw(t, "who is first")
			if len(queues[side]) == 0 {
				continue
			}
			e := queues[side][0]
			queues[side] = queues[side][1:]
			e.At = at
			if recorded, err := life.Record(log, e); err == nil {
				// A decision on the shorter log must be refused by it now, or
				// make no second event of the same number.
				if recorded.Seq != len(log)+1 {
					t.Fatalf("number %d after %d events", recorded.Seq, len(log))
				}
				log = append(log, recorded)
			}
			at = at.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
		}
		var first baa.State
		for i := range 3 {
			s, err := life.StateAt(rapid.Permutation(log).Draw(t, fmt.Sprint("reader ", i)), at, at)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = s
			}
			sameState(t, first, s, "two readers")
		}
		if _, ok := first.Finding("LC-IGNORED"); ok {
			t.Fatal("a recorded event was not possible")
		}
	})
}

// The chain from a covered entity down: it flows where every link does, and
// what flowed before a link was there stays a finding.
func TestCheckChain(t *testing.T) {
	t.Parallel()
	terms := []baa.VersionTerms{{Version: "v1", Signers: []baa.Side{ce, ba}, RulesOf: baakit.MustParseDate("2026-01-01")}}
	life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: time.UTC, Versions: terms})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(day string, events ...baa.Event) []baa.Event {
		for _, side := range []baa.Side{ce, ba} {
			e, err := life.Record(events, baa.Event{Kind: baa.Signed, By: side, Version: "v1", At: instants(t, day+" noon", time.UTC)[0]})
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
		}
		return events
	}
	upper := sign("2026-01-01")
	flow, err := life.Record(nil, baa.Event{Kind: baa.Disclosed, By: ce, At: instants(t, "2026-02-01 noon", time.UTC)[0]})
	if err != nil {
		t.Fatal(err)
	}
	lower := sign("2026-02-10", flow)
	for _, tt := range []struct {
		at     string
		flows  bool
		broken int
		want   []string
	}{
		{"2025-12-31 end", false, 0, []string{"LC-CHAIN", "LC-CHAIN"}},
		{"2026-02-01 end", false, 1, []string{"LC-CHAIN", "LC-FLOW"}},
		{"2026-02-10 start", false, 1, []string{"LC-CHAIN", "LC-FLOW"}},
		{"2026-02-10 end", true, -1, []string{"LC-FLOW"}},
	} {
		at := instants(t, tt.at, time.UTC)[0]
		a, err := life.StateAt(upper, at, at)
		if err != nil {
			t.Fatal(err)
		}
		b, err := life.StateAt(lower, at, at)
		if err != nil {
			t.Fatal(err)
		}
		c := baa.CheckChain(a, b)
		var ids []string
		for _, f := range c.Findings {
			ids = append(ids, f.ID)
		}
		if c.Flows != tt.flows || c.Broken != tt.broken || !slices.Equal(ids, tt.want) {
			t.Errorf("%s: flows %v, broken at %d, %v", tt.at, c.Flows, c.Broken, ids)
		}
		if d := baa.CheckChain(a, baa.State{}); d.Flows || d.Broken == -1 {
			t.Errorf("%s: a link without an agreement flows", tt.at)
		}
	}
	if c := baa.CheckChain(); c.Flows {
		t.Error("nothing flows")
	}
}

func FuzzParseEvents(f *testing.F) {
	f.Add([]byte(`[{"seq":1,"kind":"signed","at":"2026-01-02T15:00:00Z","recorded":"2026-01-02T15:00:00Z","by":"covered_entity","version":"v1"}]`))
	f.Add([]byte(`[{"seq":1,"kind":"accepted","at":"2026-01-02T15:00:00Z","recorded":"2026-01-02T15:00:00Z","by":"covered_entity","version":"v1","assent":{"method":"clickwrap","version_hash":"v1","authority":true,"copy":true,"strength":"strong"}}]`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`[null]`))
	life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: time.UTC, Versions: []baa.VersionTerms{{
		Version: "v1", Signers: []baa.Side{ce, ba}, Cure: baakit.MustParsePeriod("30 days"), RulesOf: baakit.MustParseDate("2026-01-01"),
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := baa.ParseEvents(data)
		if err != nil {
			if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
				t.Fatalf("error %v", err)
			}
			return
		}
		again, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := baa.ParseEvents(again); err != nil || len(back) != len(events) {
			t.Fatalf("does not read back: %v", err)
		}
		at := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
		s, err := life.StateAt(events, at, at)
		if err != nil {
			t.Fatalf("what is read is valid: %v", err)
		}
		if s.PHI.Yes && !s.InForce.Yes {
			t.Fatal("PHI flows though it is not in force")
		}
	})
}
