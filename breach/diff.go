package breach

import (
	"slices"
	"strings"

	"github.com/baakit/baakit"
)

// DiffSchema is the schema of a [Difference] as JSON.
const DiffSchema = "baakit.breach.difference/1"

// A ChangeKind is what happened to an obligation from one timeline to the
// next.
type ChangeKind string

// The kinds of changes.
const (
	Added    ChangeKind = "added"
	Removed  ChangeKind = "removed"
	Earlier  ChangeKind = "earlier"
	Later    ChangeKind = "later"
	Undated  ChangeKind = "undated"  // it lost its date
	DateSet  ChangeKind = "dated"    // it got a date
	Restated ChangeKind = "restated" // the same date, but something else about it is new
)

// A Change is one obligation that is not as it was.
type Change struct {
	ID     string      `json:"id"`
	Change ChangeKind  `json:"change"`
	Old    *Obligation `json:"old,omitempty"`
	New    *Obligation `json:"new,omitempty"`
	// Why are the causes, as sentences without a full stop.
	Why []string `json:"why"`
}

// A Difference is what changed from one timeline to the next. The zero
// Difference is that nothing did.
type Difference struct {
	Schema string `json:"schema"`
	// Facts are the changed facts, rules and readings behind it all.
	Facts   []string `json:"facts,omitempty"`
	Changes []Change `json:"changes,omitempty"`
}

// Diff returns which obligations of the later timeline are new, gone, moved or
// restated against the earlier one, and why. The changes are in the order of
// the later timeline, what is gone last. Both timelines should be of one
// incident; Diff compares whatever it is given.
func Diff(earlier, later Timeline) Difference {
	d := Difference{Schema: DiffSchema, Facts: factChanges(&earlier, &later)}
	was := make(map[string]int, len(earlier.Obligations))
	for i := range earlier.Obligations {
		was[earlier.Obligations[i].ID] = i
	}
	for i := range later.Obligations {
		n := &later.Obligations[i]
		k, ok := was[n.ID]
		delete(was, n.ID)
		if !ok {
			d.Changes = append(d.Changes, Change{ID: n.ID, Change: Added, New: new(*n), Why: appears(n, &d, "")})
			continue
		}
		if c, changed := compare(&earlier.Obligations[k], n); changed {
			c.Old, c.New = new(earlier.Obligations[k]), new(*n)
			d.Changes = append(d.Changes, c)
		}
	}
	for i := range earlier.Obligations {
		o := &earlier.Obligations[i]
		if _, gone := was[o.ID]; gone {
			d.Changes = append(d.Changes, Change{ID: o.ID, Change: Removed, Old: new(*o), Why: appears(o, &d, "no longer: ")})
		}
	}
	return d
}

// appears says why an obligation is there, or no longer.
func appears(o *Obligation, d *Difference, prefix string) []string {
	why := []string{prefix + o.Explanation}
	return append(why, d.Facts...)
}

// compare returns how an obligation changed, without the two.
func compare(o, n *Obligation) (Change, bool) {
	c := Change{ID: n.ID, Change: Restated}
	switch {
	case o.Due.IsZero() && n.Due.IsZero():
	case n.Due.IsZero():
		c.Change = Undated
	case o.Due.IsZero():
		c.Change = DateSet
	case n.Due.Before(o.Due), n.Due == o.Due && !n.DueAt.IsZero() && !o.DueAt.IsZero() && n.DueAt.Before(o.DueAt):
		c.Change = Earlier
	case n.Due.After(o.Due), n.Due == o.Due && !n.DueAt.IsZero() && !o.DueAt.IsZero() && n.DueAt.After(o.DueAt):
		c.Change = Later
	}
	say := func(parts ...string) { c.Why = append(c.Why, strings.Join(parts, "")) }
	switch {
	case o.Threshold == nil && n.Threshold != nil:
		say(commas(int64(n.Threshold.Count)), " reach or may reach the threshold of ", n.Threshold.words())
	case o.Threshold != nil && n.Threshold == nil:
		say("the threshold of ", o.Threshold.words(), " is not reached")
	case n.Threshold != nil && o.Threshold.Count != n.Threshold.Count:
		say("the count is ", commas(int64(n.Threshold.Count)), ", not ", commas(int64(o.Threshold.Count)))
	}
	if o.Start != n.Start || o.CountedFrom != n.CountedFrom {
		say("it counts from ", triggerNames[n.CountedFrom], " on ", n.Start.String(), ", not from ", triggerNames[o.CountedFrom], " on ", o.Start.String())
	}
	if o.Within != n.Within && !n.Within.IsZero() {
		before := "no number of days"
		if !o.Within.IsZero() {
			before = o.Within.String()
		}
		say("the time is ", n.Within.String(), ", not ", before)
	}
	if o.DelayedThrough != n.DelayedThrough {
		if n.DelayedThrough.IsZero() {
			say("no law-enforcement delay reaches it")
		} else {
			say("a law-enforcement delay lasts through ", n.DelayedThrough.String())
		}
	}
	if o.Standing != n.Standing {
		say("it is ", strings.ReplaceAll(n.Standing.String(), "_", " "), ", not ", strings.ReplaceAll(o.Standing.String(), "_", " "))
	}
	if o.Governs != n.Governs {
		if n.Governs {
			say("no other clock for the report ends earlier now")
		} else {
			say("another clock for the report ends earlier now")
		}
	}
	if !slices.Equal(o.Questions, n.Questions) {
		say("other questions are open")
	}
	moved := o.Due != n.Due || !o.DueAt.Equal(n.DueAt) || o.OuterLimit != n.OuterLimit
	if moved && len(c.Why) == 0 {
		if n.Promptness.tied() {
			say("the day on which individuals are notified is another")
		} else {
			say("the arithmetic is now: ", n.Explanation)
		}
	}
	return c, len(c.Why) > 0
}

func (t Threshold) words() string {
	if t.Op == ">" {
		return "more than " + commas(int64(t.N))
	}
	return commas(int64(t.N)) + " or more"
}

// factChanges says which facts are not as they were.
func factChanges(a, b *Timeline) []string {
	var list []string
	say := func(parts ...string) { list = append(list, strings.Join(parts, "")) }
	for i := range b.Clocks {
		if i < len(a.Clocks) && a.Clocks[i].Discovered != b.Clocks[i].Discovered {
			say("discovery by ", b.Clocks[i].Party, " is ", b.Clocks[i].Discovered.String(), ", not ", a.Clocks[i].Discovered.String())
		}
	}
	if len(a.Clocks) != len(b.Clocks) {
		say("the chain of parties is another")
	}
	if x, y := a.Incident.People.Total, b.Incident.People.Total; x != y {
		say("the total is ", y.words(), ", not ", x.words())
	}
	for j := range baakit.Jurisdictions() {
		if x, y := a.Incident.People.Residents[j], b.Incident.People.Residents[j]; x != y {
			say("residents of ", j.Name(), " are ", y.words(), ", not ", x.words())
		}
	}
	if x, y := len(a.Incident.Delays), len(b.Incident.Delays); x != y || !slices.Equal(a.Incident.Delays, b.Incident.Delays) {
		say("the law-enforcement statements are others")
	}
	if a.Determination.Outcome != b.Determination.Outcome {
		say("the assessment is ", string(b.Determination.Outcome), ", not ", string(a.Determination.Outcome))
	}
	if a.RulesAsOf != b.RulesAsOf {
		say("the rules are those of ", b.RulesAsOf.String(), ", not of ", a.RulesAsOf.String())
	}
	if a.Delay != b.Delay {
		say("the reading of the delay is ", string(b.Delay), ", not ", string(a.Delay))
	}
	return list
}

// words says the count in a sentence.
func (c Count) words() string {
	switch {
	case !c.stated:
		return "not stated"
	case c.Final():
		return commas(c.n)
	}
	return "about " + commas(c.n)
}
