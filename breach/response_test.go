package breach_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"pgregory.net/rapid"
)

var chicago = breach.MustZone("America/Chicago")

// responseTimeline has a notice to individuals due on 1 March 2027, a posting
// of 90 days and a report in hours.
func responseTimeline() breach.Timeline {
	day := baakit.MustParseDate
	return breach.Timeline{
		Incident: breach.Incident{Zone: chicago},
		Obligations: []breach.Obligation{
			{ID: "individuals", Kind: breach.Individuals, Standing: breach.Owed, Due: day("2027-03-01"), Governs: true},
			{ID: "posting", Kind: breach.SubstituteNotice, Standing: breach.Possible, Due: day("2027-03-01"), Governs: true, Lasts: baakit.MustParsePeriod("90 days")},
			{ID: "report", Kind: breach.Upstream, Standing: breach.Owed, Due: day("2027-01-02"), DueAt: local("2027-01-02T09:00:00"), Governs: true},
		},
	}
}

func local(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04:05", s, chicago.Location())
	if err != nil {
		panic(err)
	}
	return t
}

func event(seq int, kind breach.ResponseKind, at string, fill func(*breach.ResponseEvent)) breach.ResponseEvent {
	e := breach.ResponseEvent{Seq: seq, Kind: kind, At: local(at), Recorded: local(at), By: "privacy officer"}
	if fill != nil {
		fill(&e)
	}
	return e
}

func gives(obligation string, method breach.NoticeMethod, count int, evidence string) func(*breach.ResponseEvent) {
	return func(e *breach.ResponseEvent) {
		e.Obligation, e.Method, e.Count, e.Evidence = obligation, method, count, evidence
	}
}

func findings(r breach.Response) string {
	var ids []string
	for _, f := range r.Findings {
		ids = append(ids, strings.TrimSpace(f.ID+" "+f.Obligation))
		if len(f.Citations) == 0 || f.Says == "" || f.Severity == "" {
			panic("a finding without its reason")
		}
	}
	return strings.Join(ids, ", ")
}

func statuses(r breach.Response) string {
	var list []string
	for _, a := range r.Acts {
		list = append(list, string(a.Status))
	}
	return strings.Join(list, " ")
}

// Each rule on both sides of its threshold.
func TestResponseAt(t *testing.T) {
	t.Parallel()
	assessed := event(1, breach.Assessed, "2027-01-01T10:00:00", func(e *breach.ResponseEvent) { e.Evidence = "sha256:00" })
	report := event(2, breach.NoticeGiven, "2027-01-02T09:00:00", gives("report", breach.AsContract, 0, "receipt 1"))
	mail := event(3, breach.NoticeGiven, "2027-03-01T23:59:59", gives("individuals", breach.FirstClassMail, 612, "receipt 2"))
	back := func(n int) breach.ResponseEvent {
		return event(4, breach.NoticeReturned, "2027-03-10T09:00:00", func(e *breach.ResponseEvent) { e.Obligation, e.Count = "individuals", n })
	}
	delay := event(5, breach.DelayBegan, "2027-01-03T09:00:00", func(e *breach.ResponseEvent) { e.Ref = "oral statement" })
	lift := event(6, breach.DelayEnded, "2027-02-02T09:00:00", func(e *breach.ResponseEvent) { e.Ref = "oral statement" })
	named := event(7, breach.SpeakerNamed, "2027-01-01T11:00:00", func(e *breach.ResponseEvent) { e.Audience, e.Speaker = "media", "press office" })
	spoke := func(who string) breach.ResponseEvent {
		return event(8, breach.StatementMade, "2027-01-05T11:00:00", func(e *breach.ResponseEvent) { e.Audience, e.Speaker = "media", who })
	}
	posted := event(9, breach.NoticeGiven, "2027-03-01T08:00:00", gives("posting", breach.HomePage, 0, "capture"))
	ends := func(at string) breach.ResponseEvent {
		return event(10, breach.PostingEnded, at, func(e *breach.ResponseEvent) { e.Obligation = "posting" })
	}
	at := func(e breach.ResponseEvent, when string) breach.ResponseEvent {
		e.At, e.Recorded = local(when), local(when)
		return e
	}
	for _, tt := range []struct {
		name, valid    string
		events         []breach.ResponseEvent
		status, wanted string
	}{
		{"nothing yet", "2027-01-02T09:00:00", nil, "open open open", "no_assessment"},
		{"an hour clock passes", "2027-01-02T09:00:01", nil, "open open overdue", "overdue report, no_assessment"},
		{"the last day", "2027-03-01T23:59:59", []breach.ResponseEvent{assessed, report}, "open open done", ""},
		{"the day after", "2027-03-02T00:00:00", []breach.ResponseEvent{assessed, report}, "overdue overdue done", "overdue individuals"},
		{"in time", "2027-06-01T00:00:00", []breach.ResponseEvent{assessed, report, mail, posted}, "done done done", ""},
		{"a second late", "2027-06-01T00:00:00", []breach.ResponseEvent{assessed, at(report, "2027-01-02T09:00:01"), at(mail, "2027-03-02T00:00:00"), posted}, "late done late", "late individuals, late report"},
		{"without evidence", "2027-02-01T00:00:00", []breach.ResponseEvent{assessed, event(2, breach.NoticeGiven, "2027-01-02T08:00:00", gives("report", breach.AsContract, 0, ""))}, "open open done", "unproven report"},
		{"nine came back", "2027-06-01T00:00:00", []breach.ResponseEvent{assessed, report, mail, posted, back(9)}, "done done done", "substitute_owed"},
		{"a delay stands", "2027-01-20T00:00:00", []breach.ResponseEvent{assessed, report, delay, at(mail, "2027-01-15T00:00:00")}, "done open done", "during_delay individuals"},
		{"a delay is lifted", "2027-06-01T00:00:00", []breach.ResponseEvent{assessed, report, posted, delay, lift, mail}, "done done done", ""},
		{"the speaker", "2027-02-01T00:00:00", []breach.ResponseEvent{assessed, report, named, spoke("press office")}, "open open done", ""},
		{"somebody else speaks", "2027-02-01T00:00:00", []breach.ResponseEvent{assessed, report, named, spoke("vendor")}, "open open done", "speaker"},
		// 90 days from 1 March: 30 to the end of March, 30, then 30 May.
		{"down on the last day", "2027-07-01T00:00:00", []breach.ResponseEvent{assessed, report, mail, posted, ends("2027-05-30T12:00:00")}, "done done done", "posting_short posting"},
		{"down on the day after", "2027-07-01T00:00:00", []breach.ResponseEvent{assessed, report, mail, posted, ends("2027-05-31T00:00:00")}, "done done done", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := breach.ResponseAt(tt.events, responseTimeline(), local(tt.valid), local("2030-01-01T00:00:00"))
			if err != nil {
				t.Fatal(err)
			}
			if statuses(got) != tt.status || findings(got) != tt.wanted {
				t.Errorf("statuses %s, findings %q; want %s, %q", statuses(got), findings(got), tt.status, tt.wanted)
			}
		})
	}
	for n, want := range map[int]string{9: "45 CFR 164.404(d)(2)(i)", 10: "45 CFR 164.404(d)(2)(ii)"} {
		got, err := breach.ResponseAt([]breach.ResponseEvent{assessed, report, mail, posted, back(n)}, responseTimeline(), local("2027-06-01T00:00:00"), local("2030-01-01T00:00:00"))
		if err != nil || len(got.Findings) != 1 || got.Findings[0].Citations[0].String() != want {
			t.Errorf("%d came back: %+v, %v, want %s", n, got.Findings, err, want)
		}
		reached := event(11, breach.NoticeReached, "2027-04-01T00:00:00", func(e *breach.ResponseEvent) { e.Obligation, e.Count = "individuals", n })
		got, err = breach.ResponseAt([]breach.ResponseEvent{assessed, report, mail, posted, back(n), reached}, responseTimeline(), local("2027-06-01T00:00:00"), local("2030-01-01T00:00:00"))
		if err != nil || len(got.Findings) != 0 {
			t.Errorf("all reached by other means: %+v, %v", got.Findings, err)
		}
	}
}

func anyResponse() *rapid.Generator[[]breach.ResponseEvent] {
	return rapid.Custom(func(t *rapid.T) []breach.ResponseEvent {
		kinds := []breach.ResponseKind{breach.Assessed, breach.NoticeGiven, breach.NoticeReturned, breach.NoticeReached, breach.PostingEnded, breach.DelayBegan, breach.DelayEnded, breach.SpeakerNamed, breach.StatementMade, breach.ResponseClosed}
		events := make([]breach.ResponseEvent, rapid.IntRange(0, 12).Draw(t, "events"))
		for i := range events {
			e := &events[i]
			e.Seq, e.By, e.Kind = i+1, "x", rapid.SampledFrom(kinds).Draw(t, "kind")
			e.At = local("2027-01-01T00:00:00").Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "hours")) * time.Hour)
			e.Recorded = e.At.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "later")) * time.Hour)
			obligation := rapid.SampledFrom([]string{"individuals", "posting", "report", "elsewhere"}).Draw(t, "obligation")
			switch e.Kind {
			case breach.NoticeGiven:
				e.Obligation, e.Method = obligation, breach.FirstClassMail
			case breach.NoticeReturned, breach.NoticeReached:
				e.Obligation, e.Count = obligation, rapid.IntRange(1, 20).Draw(t, "count")
			case breach.PostingEnded:
				e.Obligation = obligation
			case breach.DelayBegan, breach.DelayEnded:
				e.Ref = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "delay")
			case breach.SpeakerNamed, breach.StatementMade:
				e.Audience, e.Speaker = "media", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "speaker")
			}
		}
		return events
	})
}

// The answer does not depend on the order of the list, knows nothing that was
// recorded later, and a fold by hand of three of its facts agrees.
func TestResponseLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := anyResponse().Draw(t, "events")
		valid := local("2027-01-01T00:00:00").Add(time.Duration(rapid.IntRange(0, 4200).Draw(t, "valid")) * time.Hour)
		known := local("2027-01-01T00:00:00").Add(time.Duration(rapid.IntRange(0, 4200).Draw(t, "known")) * time.Hour)
		want, err := breach.ResponseAt(events, responseTimeline(), valid, known)
		if err != nil {
			t.Fatal(err)
		}
		shuffled := rapid.Permutation(events).Draw(t, "shuffled")
		if got, err := breach.ResponseAt(shuffled, responseTimeline(), valid, known); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("in another order: %+v, %v\nwant %+v", got, err, want)
		}
		var seen []breach.ResponseEvent
		for _, e := range events {
			if !e.At.After(valid) && !e.Recorded.After(known) {
				seen = append(seen, e)
			}
		}
		if got, err := breach.ResponseAt(seen, responseTimeline(), valid, known); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("without the later events: %+v, %v\nwant %+v", got, err, want)
		}
		slices.SortFunc(seen, func(a, b breach.ResponseEvent) int {
			if c := a.At.Compare(b.At); c != 0 {
				return c
			}
			return a.Seq - b.Seq
		})
		given, delays := 0, map[string]bool{}
		for _, e := range seen {
			switch e.Kind {
			case breach.NoticeGiven:
				if e.Obligation == "individuals" {
					given++
				}
			case breach.DelayBegan:
				delays[e.Ref] = true
			case breach.DelayEnded:
				delete(delays, e.Ref)
			}
		}
		if want.Delayed != (len(delays) > 0) || want.Acts[0].First.IsZero() != (given == 0) {
			t.Fatalf("delayed %v, first notice %v; by hand %v, %d notices", want.Delayed, want.Acts[0].First, delays, given)
		}
	})
}

func TestResponseEventsRefused(t *testing.T) {
	t.Parallel()
	bad := []breach.ResponseEvent{
		{},
		event(2, "sold", "2027-01-01T00:00:00", nil),
		event(2, breach.NoticeGiven, "2027-01-01T00:00:00", func(e *breach.ResponseEvent) { e.Method, e.Count, e.Audience = "pigeon", -1, "media" }),
		event(4, breach.DelayBegan, "2027-01-01T00:00:00", func(e *breach.ResponseEvent) {
			e.Ref, e.Recorded = strings.Repeat("a", 201), e.At.Add(-1)
		}),
	}
	want := "[0].seq [0].kind [0].at [0].recorded [0].by [1].kind [2].obligation [2].method [2].count [2].audience [2].seq [3].recorded [3].ref"
	if _, err := breach.ResponseAt(bad, breach.Timeline{}, local("2027-01-01T00:00:00"), local("2027-01-01T00:00:00")); paths(err) != want {
		t.Errorf("errors at %s\nwant      %s", paths(err), want)
	}
}

// Events read back from JSON as they were.
func TestResponseEventsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := anyResponse().Draw(t, "events")
		data, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		back, err := breach.ParseResponseEvents(data)
		if err != nil || len(back) != len(events) {
			t.Fatalf("ParseResponseEvents(%s): %v", data, err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(data) {
			t.Fatalf("%s reads back as %s, %v", data, again, err)
		}
	})
}

func FuzzParseResponseEvents(f *testing.F) {
	f.Add([]byte(`[{"seq":1,"kind":"notice_given","at":"2027-01-01T00:00:00Z","recorded":"2027-01-01T00:00:00Z","by":"a","obligation":"individuals","method":"portal"}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := breach.ParseResponseEvents(data)
		if err != nil {
			return
		}
		if _, err := breach.ResponseAt(events, responseTimeline(), local("2027-01-01T00:00:00"), local("2027-01-01T00:00:00")); err != nil {
			t.Fatal(err)
		}
	})
}
