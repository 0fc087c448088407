package breach_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

// The rules of one day for all properties that change facts: moving the
// discovery would otherwise change the law too.
func fixed() *breach.Options { return &breach.Options{Rules: breach.RulesAsOf(day("2026-06-30"))} }

// notLater reports what of the new timeline is later, or not there, that the
// old one had. Standing may change.
func notLater(was, now breach.Timeline) string {
	got := byID(now)
	for _, o := range was.Obligations {
		n, ok := got[o.ID]
		switch {
		case !ok:
			return o.ID + " is gone: " + o.Explanation
		case o.Dated() && !n.Dated():
			return o.ID + " has no date any more"
		case o.Dated() && n.Due.After(o.Due):
			return o.ID + " is later: " + o.Explanation + " / " + n.Explanation
		}
	}
	return ""
}

// Without a delay, no date is before the first discovery nor after the outer
// limit of its rule, whatever the facts.
func propBounds(t *rapid.T) {
	in := incident().Draw(t, "incident")
	in.Delays = nil
	tl := timeline(t, in, nil)
	first := tl.Clocks[0].Discovered
	for _, c := range tl.Clocks {
		if c.Discovered.Before(first) {
			first = c.Discovered
		}
	}
	for _, o := range tl.Obligations {
		if o.Start.IsZero() || o.Explanation == "" || o.OwedBy == "" || o.Recipient == "" || o.Confidence.IsZero() {
			t.Fatalf("%s is not complete: %+v", o.ID, o)
		}
		if o.Dated() && (o.Due.Before(first) || o.Start.Before(first)) {
			t.Fatalf("%s is due %s, before the first discovery on %s", o.ID, o.Due, first)
		}
		if o.Dated() && !o.OuterLimit.IsZero() && o.Due.After(o.OuterLimit) {
			t.Fatalf("%s is due %s, after its outer limit %s", o.ID, o.Due, o.OuterLimit)
		}
		if o.Standing == breach.Possible && len(o.Questions) == 0 {
			t.Fatalf("%s is possible and asks nothing", o.ID)
		}
	}
}

// Adding people, with the total that they belong to, takes nothing away and
// makes nothing later.
func propMorePeople(t *rapid.T) {
	in := incident().Draw(t, "incident")
	was := timeline(t, in, fixed())
	more := in
	more.People.Residents = maps.Clone(in.People.Residents)
	j := rapid.SampledFrom(slices.Collect(baakit.Jurisdictions())).Draw(t, "place")
	k := rapid.SampledFrom([]int{1, 250, 500, 1000, 10000}).Draw(t, "people")
	more.People.Residents[j] = plus(in.People.Residents[j], k, true)
	more.People.Total = plus(in.People.Total, k, false)
	if problem := notLater(was, timeline(t, more, fixed())); problem != "" {
		t.Fatal(problem)
	}
}

func plus(c breach.Count, k int, absentIsNone bool) breach.Count {
	switch {
	case c.IsZero() && absentIsNone:
		return breach.Exactly(k)
	case c.IsZero():
		return c
	case c.Final():
		return breach.Exactly(c.N() + k)
	}
	var j struct {
		AtMost *int `json:"at_most"`
	}
	if b, err := json.Marshal(c); err != nil || json.Unmarshal(b, &j) != nil {
		panic("count")
	}
	if j.AtMost == nil {
		return breach.About(c.N() + k)
	}
	return breach.AboutAtMost(c.N()+k, *j.AtMost+k)
}

// Moving everything that was learned later makes nothing earlier.
func propLaterDiscovery(t *rapid.T) {
	in := incident().Draw(t, "incident")
	moved := in
	moved.Parties = slices.Clone(in.Parties)
	by := rapid.SampledFrom([]int{1, 2, 7, 31, 366}).Draw(t, "days")
	shift := func(m breach.Moment) breach.Moment {
		if m.IsZero() {
			return m
		}
		return breach.OnDay(m.Day(nil).AddDays(by))
	}
	for i := range moved.Parties {
		p := &moved.Parties[i]
		p.Knowledge = slices.Clone(p.Knowledge)
		for k := range p.Knowledge {
			p.Knowledge[k].At = shift(p.Knowledge[k].At)
		}
		p.Told = shift(p.Told)
		p.Milestones = maps.Clone(p.Milestones)
		for k, m := range p.Milestones {
			p.Milestones[k] = shift(m)
		}
	}
	was, now := timeline(t, in, fixed()), byID(timeline(t, moved, fixed()))
	for _, o := range was.Obligations {
		n, ok := now[o.ID]
		// Maryland gives 7 days after a release, but only to those whose 45
		// days are over: there a later discovery can end earlier.
		if o.Jurisdiction == state("MD") && !o.DelayedThrough.IsZero() {
			continue
		}
		if !ok || n.Due.Before(o.Due) {
			t.Fatalf("%s moved from %s to %s, %d days after", o.ID, o.Due, n.Due, by)
		}
	}
}

// The order of lists and of maps says nothing.
func propOrder(t *rapid.T) {
	in := incident().Draw(t, "incident")
	in.Parties = slices.Clone(in.Parties)
	p := &in.Parties[0]
	p.Knowledge = append(slices.Clone(p.Knowledge), breach.Knowledge{At: breach.OnDay(p.Knowledge[0].At.Day(nil).AddDays(9)), ShouldHaveKnown: true},
		breach.Knowledge{At: breach.OnDay(p.Knowledge[0].At.Day(nil).AddDays(-3)), By: breach.Wrongdoer})
	was := timeline(t, in, nil)
	turned := in
	turned.Parties = slices.Clone(in.Parties)
	turned.Parties[0].Knowledge = rapid.Permutation(p.Knowledge).Draw(t, "knowledge")
	turned.Delays = rapid.Permutation(in.Delays).Draw(t, "delays")
	turned.People.Residents = maps.Clone(in.People.Residents)
	now := timeline(t, turned, nil)
	if diff := cmp.Diff(was.Obligations, now.Obligations, cmp.Comparer(func(a, b baakit.Citation) bool { return a == b }), cmp.Comparer(func(a, b baakit.Date) bool { return a == b }), cmp.Comparer(func(a, b baakit.Period) bool { return a == b })); diff != "" {
		t.Fatal(diff)
	}
}

// A delay makes nothing earlier and takes nothing away; the other reading is
// never earlier than the default.
func propDelay(t *rapid.T) {
	in := incident().Draw(t, "incident")
	was := timeline(t, in, fixed())
	delayed := in
	delayed.Delays = append(slices.Clone(in.Delays), delayFrom(t, was.Clocks[0].Discovered))
	now := byID(timeline(t, delayed, fixed()))
	tolled := fixed()
	tolled.Delay = breach.Tolled
	other := byID(timeline(t, delayed, tolled))
	for _, o := range was.Obligations {
		n, ok := now[o.ID]
		if !ok || n.Due.Before(o.Due) {
			t.Fatalf("a delay moves %s from %s to %s", o.ID, o.Due, n.Due)
		}
		if m := other[o.ID]; m.Due.Before(n.Due) {
			t.Fatalf("%s is due %s if tolled, %s by the default", o.ID, m.Due, n.Due)
		}
	}
}

// Forgetting a fact leaves every obligation, perhaps as a question, and makes
// none later.
func propForget(t *rapid.T) {
	in := incident().Draw(t, "incident")
	in.Delays = nil
	was := timeline(t, in, fixed())
	less := in
	less.Parties = slices.Clone(in.Parties)
	i := rapid.IntRange(0, len(in.Parties)-1).Draw(t, "party")
	switch rapid.IntRange(0, 9).Draw(t, "fact") {
	case 0:
		less.People.Total = breach.Count{}
	case 1:
		less.People.Residents = maps.Clone(in.People.Residents)
		if len(in.People.Residents) > 0 {
			places := slices.SortedFunc(maps.Keys(in.People.Residents), baakit.Jurisdiction.Compare)
			delete(less.People.Residents, rapid.SampledFrom(places).Draw(t, "place"))
		}
	case 2:
		less.People.Residents = nil
	case 3:
		less.People.InsufficientContact = breach.Count{}
	case 4:
		less.People.Urgent = ""
	case 5:
		less.Security = ""
	case 6:
		less.Facts = maps.Clone(in.Facts)
		if len(in.Facts) > 0 {
			delete(less.Facts, rapid.SampledFrom(slices.Sorted(maps.Keys(in.Facts))).Draw(t, "answer"))
		}
	case 7:
		// The day of the notice to individuals stays: without it what is due
		// together with that notice is due by the last day for it.
		less.Parties[i].Milestones = maps.Clone(in.Parties[i].Milestones)
		maps.DeleteFunc(less.Parties[i].Milestones, func(m breach.Trigger, _ breach.Moment) bool { return m != breach.IndividualNotice })
	case 8:
		less.Parties[i].Told = breach.Moment{}
	case 9:
		less.Parties[i].Agency = ""
	}
	if problem := notLater(was, timeline(t, less, fixed())); problem != "" {
		t.Fatal(problem)
	}
}

// The same civil facts give the same civil answer in every zone.
func propZones(t *rapid.T) {
	in := incident().Draw(t, "incident")
	was := timeline(t, in, nil)
	in.Zone = zoneAt(rapid.IntRange(-12, 14).Draw(t, "zone"))
	now := byID(timeline(t, in, nil))
	for _, o := range was.Obligations {
		if n := now[o.ID]; n.Due != o.Due || n.OuterLimit != o.OuterLimit || n.Start != o.Start {
			t.Fatalf("%s is due %s without a zone, %s in %s", o.ID, o.Due, n.Due, in.Zone)
		}
	}
	// And so do instants at a clock time of that zone.
	loc := in.Zone.Location()
	in.Parties = slices.Clone(in.Parties)
	p := &in.Parties[0]
	p.Knowledge = slices.Clone(p.Knowledge)
	start, _ := p.Knowledge[0].At.Day(nil).In(loc)
	p.Knowledge[0].At = breach.AtInstant(start.Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second).UTC())
	if p.Knowledge[0].At.IsZero() {
		return
	}
	if got := timeline(t, in, nil).Clocks[0].Discovered; got != was.Clocks[0].Discovered {
		t.Fatalf("an instant of %s is discovered on %s", was.Clocks[0].Discovered, got)
	}
}

// What is written reads back as the same, and judging it again gives the same.
func propJSON(t *rapid.T) {
	in := incident().Draw(t, "incident")
	was := timeline(t, in, nil)
	data, err := json.Marshal(was)
	if err != nil {
		t.Fatal(err)
	}
	read, err := breach.ParseTimeline(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(read)
	if err != nil || string(again) != string(data) {
		t.Fatalf("%v\n%s\n%s", err, data, again)
	}
	fresh, err := json.Marshal(timeline(t, read.Incident, nil))
	if err != nil || string(fresh) != string(data) {
		t.Fatalf("judged again it is another timeline: %v", err)
	}
	if d := breach.Diff(was, read); len(d.Changes) > 0 || len(d.Facts) > 0 {
		t.Fatalf("differs from itself: %+v", d)
	}
}

// A difference applied to the IDs and dates of the old timeline gives those of
// the new one.
func propDiff(t *rapid.T) {
	a, b := timeline(t, incident().Draw(t, "old"), nil), timeline(t, incident().Draw(t, "new"), nil)
	dates := make(map[string]baakit.Date)
	for _, o := range a.Obligations {
		dates[o.ID] = o.Due
	}
	for _, c := range breach.Diff(a, b).Changes {
		if len(c.Why) == 0 {
			t.Fatalf("%s changes without a reason", c.ID)
		}
		if c.Change == breach.Removed {
			delete(dates, c.ID)
		} else {
			dates[c.ID] = c.New.Due
		}
	}
	want := make(map[string]baakit.Date)
	for _, o := range b.Obligations {
		want[o.ID] = o.Due
	}
	if !maps.Equal(dates, want) {
		t.Fatalf("the difference does not lead to the new dates: %s", cmp.Diff(want, dates, cmp.Comparer(func(x, y baakit.Date) bool { return x == y })))
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for name, prop := range map[string]func(*rapid.T){
		"bounds": propBounds, "more people": propMorePeople, "later discovery": propLaterDiscovery, "order": propOrder, "delay": propDelay,
		"forget": propForget, "zones": propZones, "json": propJSON, "diff": propDiff,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); rapid.Check(t, prop) })
	}
}
