package baa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/internal/gen"
)

func ExampleRights() {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		panic(err)
	}
	rights, err := baa.NewRights(baa.RightsTerms{
		ForwardWithin: baakit.MustParsePeriod("5 business days"),
		AccessWithin:  baakit.MustParsePeriod("10 days"),
	}, chicago, nil)
	if err != nil {
		panic(err)
	}
	received := time.Date(2026, 11, 20, 9, 0, 0, 0, chicago)
	first, err := rights.Record(nil, baa.RightsEvent{Kind: baa.RequestReceived, By: baa.BusinessAssociateSide, Right: baa.AccessRight, At: received})
	if err != nil {
		panic(err)
	}
	events := []baa.RightsEvent{first}
	state, err := rights.StateAt(events, received, received)
	if err != nil {
		panic(err)
	}
	for _, d := range state.Deadlines {
		fmt.Println(d.ID, d.Through)
	}
	_, err = rights.Record(events, baa.RightsEvent{Kind: baa.RequestAnswered, By: baa.BusinessAssociateSide, At: received.Add(time.Hour)})
	fmt.Println(errors.Is(err, baa.ErrNotDirected))
	// Output:
	// forward 2026-11-30
	// support 2026-11-30
	// response 2026-12-20
	// true
}

func newRights(t testing.TB, zone *time.Location, terms baa.RightsTerms) *baa.Rights {
	t.Helper()
	r, err := baa.NewRights(terms, zone, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The clocks of the three rules, with and without the one extension, on both
// sides of their last day in every zone. Days worked out by hand: received on
// 2 January 2026.
func TestRightsClocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		right            baa.Right
		first, extension string
	}{
		{baa.AccessRight, "2026-02-01", "2026-03-03"},
		{baa.AmendmentRight, "2026-03-03", "2026-04-02"},
		{baa.AccountingRight, "2026-03-03", "2026-04-02"},
	} {
		for _, zone := range zones(t, "") {
			r := newRights(t, zone, baa.RightsTerms{})
			start, _ := baakit.MustParseDate("2026-01-02").In(zone)
			events := []baa.RightsEvent{{Seq: 1, Kind: baa.RequestReceived, By: baa.BusinessAssociateSide, Right: tt.right, At: start.Add(15 * time.Hour), Recorded: start.Add(15 * time.Hour)}}
			check := func(last string) {
				t.Helper()
				_, over := baakit.MustParseDate(last).In(zone)
				for _, side := range []struct {
					at      time.Time
					overdue bool
				}{{over.Add(-1), false}, {over, true}} {
					s, err := r.StateAt(events, side.at, side.at)
					if err != nil {
						t.Fatal(err)
					}
					d, ok := s.Deadline("response")
					_, late := s.Finding("RT-RESPONSE-LATE")
					if !ok || d.Through.String() != last || d.Overdue != side.overdue || late != side.overdue {
						t.Errorf("%s in %s at %s: %+v, late %v", tt.right, zone, side.at, d, late)
					}
				}
			}
			check(tt.first)
			_, over := baakit.MustParseDate(tt.first).In(zone)
			extend := baa.RightsEvent{Kind: baa.ResponseExtended, By: baa.CoveredEntitySide, Until: baakit.MustParseDate(tt.extension), Ref: "letter-1", At: over.Add(-1)}
			for _, refused := range []struct {
				change func(e *baa.RightsEvent)
				want   error
			}{
				{func(e *baa.RightsEvent) { e.At = over }, baa.ErrTooLate},
				{func(e *baa.RightsEvent) { e.Until = e.Until.AddDays(1) }, baa.ErrTooLate},
				{func(e *baa.RightsEvent) { e.Until = baakit.MustParseDate(tt.first) }, baa.ErrTooLate},
			} {
				e := extend
				refused.change(&e)
				if _, err := r.Record(events, e); !errors.Is(err, refused.want) {
					t.Errorf("%s: extension refused with %v, want %v", tt.right, err, refused.want)
				}
			}
			e, err := r.Record(events, extend)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
			check(tt.extension)
			if _, err := r.Record(events, baa.RightsEvent{Kind: baa.ResponseExtended, By: baa.CoveredEntitySide, Until: baakit.MustParseDate(tt.extension), Ref: "letter-2", At: over}); !errors.Is(err, baa.ErrNotPossible) {
				t.Errorf("a second extension: %v", err)
			}
		}
	}
}

// The agreement's shorter clocks, and its longer ones, which the law cuts.
func TestRightsContractClocks(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
	r := newRights(t, time.UTC, baa.RightsTerms{ForwardWithin: baakit.MustParsePeriod("48 hours"), AccessWithin: baakit.MustParsePeriod("90 days")})
	events := []baa.RightsEvent{{Seq: 1, Kind: baa.RequestReceived, By: baa.BusinessAssociateSide, Right: baa.AccessRight, At: at, Recorded: at}}
	s, err := r.StateAt(events, at, at)
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := s.Deadline("forward"); !d.Until.Equal(at.Add(48 * time.Hour)) {
		t.Errorf("forward until %s", d.Until)
	}
	if d, _ := s.Deadline("support"); d.Through.String() != "2026-02-01" {
		t.Errorf("support through %s: no contract gives more time than the law", d.Through)
	}
	forward := func(when time.Time) bool {
		e, err := r.Record(events, baa.RightsEvent{Kind: baa.RequestForwarded, By: baa.BusinessAssociateSide, At: when})
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.StateAt(append(events[:1:1], e), when, when)
		if err != nil || s.Status != baa.RightsForwarded {
			t.Fatalf("%s, %v", s.Status, err)
		}
		_, late := s.Finding("RT-FORWARD-LATE")
		return late
	}
	if forward(at.Add(48*time.Hour-1)) || !forward(at.Add(48*time.Hour)) {
		t.Error("forwarded on time is late, or late is on time")
	}
	// What the covered entity received itself needs no forwarding.
	events[0].By = baa.CoveredEntitySide
	if s, err = r.StateAt(events, at, at); err != nil || s.Status != baa.RightsForwarded {
		t.Errorf("%s, %v", s.Status, err)
	}
	if _, ok := s.Deadline("forward"); ok {
		t.Error("there is a clock for forwarding")
	}
}

// A model of one request: a few booleans, against random commands of both
// sides, in random order.
func TestRightsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := gen.Location().Draw(t, "zone")
		r, err := baa.NewRights(baa.RightsTerms{ForwardWithin: baakit.MustParsePeriod("5 days")}, zone, nil)
		if err != nil {
			t.Fatal(err)
		}
		var events []baa.RightsEvent
		at := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
		var received, directed, over bool
		for range rapid.IntRange(1, 25).Draw(t, "commands") {
			at = at.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
			e := baa.RightsEvent{At: at, By: rapid.SampledFrom([]baa.Side{baa.CoveredEntitySide, baa.BusinessAssociateSide}).Draw(t, "by")}
			e.Kind = rapid.SampledFrom([]baa.RightsEventKind{
				baa.RequestReceived, baa.RequestForwarded, baa.AnswerDirected, baa.DirectionRevoked, baa.SupportGiven, baa.ResponseExtended, baa.RequestAnswered, baa.RequestWithdrawn,
			}).Draw(t, "kind")
			switch e.Kind {
			case baa.RequestReceived:
				e.Right = baa.AccessRight
			case baa.AnswerDirected, baa.DirectionRevoked:
				e.Ref = "letter"
			case baa.ResponseExtended:
				e.Ref, e.Until = "letter", baakit.MustParseDate("2026-02-20")
			}
			recorded, err := r.Record(events, e)
			if err == nil {
				events = append(events, recorded)
				switch e.Kind {
				case baa.RequestReceived:
					if received {
						t.Fatal("received twice")
					}
					received = true
				case baa.AnswerDirected:
					directed = true
				case baa.DirectionRevoked:
					directed = false
				case baa.RequestAnswered:
					if e.By == baa.BusinessAssociateSide && !directed {
						t.Fatal("the business associate answered without a written direction")
					}
				}
				if over || !received {
					t.Fatalf("%s was possible before the request or after its end", e.Kind)
				}
				over = e.Kind == baa.RequestAnswered || e.Kind == baa.RequestWithdrawn
			}
			s, err := r.StateAt(events, at, at)
			if err != nil {
				t.Fatal(err)
			}
			if s.Answer.Yes != (directed && !over) || len(s.Answer.Reasons) == 0 {
				t.Fatalf("may answer: %v, directed %v, over %v", s.Answer.Yes, directed, over)
			}
			if final := s.Status == baa.RightsAnswered || s.Status == baa.RightsWithdrawn; final != over {
				t.Fatalf("status %s, over %v", s.Status, over)
			}
			if response, ok := s.Deadline("response"); ok {
				for _, d := range s.Deadlines {
					if d.Until.After(response.Until) {
						t.Fatalf("%s ends after the clock of the law", d.ID)
					}
				}
			}
			for _, f := range s.Findings {
				if f.ID == "RT-IGNORED" || f.ID == "RT-UNDIRECTED" {
					t.Fatalf("a recorded event is %s", f.ID)
				}
			}
			shuffled := rapid.Permutation(events).Draw(t, "order")
			again, err := r.StateAt(shuffled, at, at)
			if err != nil || again.Status != s.Status || len(again.Findings) != len(s.Findings) {
				t.Fatalf("another order of the list gives %s, %v", again.Status, err)
			}
		}
	})
}

// An answer that nobody directed and that is in the record all the same
// changes nothing and is found.
func TestRightsUndirected(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
	r := newRights(t, time.UTC, baa.RightsTerms{})
	events := []baa.RightsEvent{
		{Seq: 1, Kind: baa.RequestReceived, By: baa.BusinessAssociateSide, Right: baa.AmendmentRight, At: at, Recorded: at},
		{Seq: 2, Kind: baa.RequestAnswered, By: baa.BusinessAssociateSide, At: at, Recorded: at},
	}
	s, err := r.StateAt(events, at, at)
	if _, ok := s.Finding("RT-UNDIRECTED"); !ok || err != nil || s.Status != baa.RightsReceived {
		t.Errorf("%s, %v", s.Status, err)
	}
	before, err := r.StateAt(events, at.Add(-1), at)
	if err != nil || before.Status != baa.RightsNone || len(before.Deadlines) != 0 {
		t.Errorf("before the request: %+v, %v", before, err)
	}
}

func FuzzParseRightsEvents(f *testing.F) {
	f.Add([]byte(`[{"seq":1,"kind":"received","at":"2026-01-02T15:00:00Z","recorded":"2026-01-02T15:00:00Z","by":"business_associate","right":"access"}]`))
	f.Add([]byte(`[]`))
	r, err := baa.NewRights(baa.RightsTerms{}, time.UTC, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := baa.ParseRightsEvents(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := baa.ParseRightsEvents(again); err != nil || len(back) != len(events) {
			t.Fatalf("does not read back: %v", err)
		}
		at := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)
		if _, err := r.StateAt(events, at, at); err != nil {
			t.Fatalf("what is read is valid: %v", err)
		}
	})
}
