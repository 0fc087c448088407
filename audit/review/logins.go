package review

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A LoginKey is what failed logins have in common.
type LoginKey string

// The keys.
const (
	ByActor LoginKey = "actor" // Actor.ID
	ByAddr  LoginKey = "addr"  // Client.Addr
)

// A LoginRule is how many failed logins within how long are reported.
type LoginRule struct {
	AtLeast int           // 1 or more
	Within  time.Duration // from the first to the last of them; not negative
	By      LoginKey      // "" is ByActor
}

func (r LoginRule) validate() error {
	var errs baakit.FieldErrors
	if r.AtLeast < 1 {
		errs.Add("at_least", "must be at least 1")
	}
	if r.Within < 0 {
		errs.Add("within", "must not be negative")
	}
	if r.By != "" && r.By != ByActor && r.By != ByAddr {
		errs.Add("by", "must be actor or addr")
	}
	return errs.Err()
}

// key returns what a failed login counts for; ok is false for anything else.
func (r LoginRule) key(e *audit.Entry) (string, bool) {
	v := &e.Event
	failed := v.Type == audit.UserAuthentication && v.Kind == "" && v.Outcome != audit.Success && v.Outcome != "" &&
		!slices.Contains(v.Subtype, audit.Logout)
	key := v.Actor.ID
	if r.By == ByAddr {
		key = v.Client.Addr
	}
	return key, failed && key != ""
}

// FailedLogins finds bursts of failed logins: user authentication (DCM 110114)
// other than a logout that did not succeed. AtLeast failures of one actor, or
// from one address, that follow each other within the time, the first and the
// last included, are a burst; those that share a failure are one.
// Times are those of recording. The entries have to be in their order, or
// the error is [ErrOrder]; a rule that cannot be is a [baakit.FieldErrors]. A
// burst is reported when it is over. What is held is the failures of the last
// Within, and bursts that go on.
func FailedLogins(entries iter.Seq2[audit.Entry, error], rule LoginRule) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		if err := rule.validate(); err != nil {
			yield(Finding{}, err)
			return
		}
		open := make(map[string]*burst)
		var now time.Time
		sweep := 0
		for e, err := range entries {
			if err == nil && e.Time.Before(now) {
				err = ErrOrder
			}
			if err != nil {
				yield(Finding{}, err)
				return
			}
			now = e.Time
			key, ok := rule.key(&e)
			if !ok {
				continue
			}
			b := open[key]
			if b == nil {
				b = new(burst)
				open[key] = b
			}
			if f, over := b.take(e, rule); over && !yield(f, nil) {
				return
			}
			// From time to time, forget those who have been quiet.
			if sweep++; sweep >= 1024 && sweep >= 2*len(open) {
				sweep = 0
				if !flush(open, rule, now, yield) {
					return
				}
			}
		}
		flush(open, rule, time.Time{}, yield)
	}
}

// flush ends the bursts that can grow no more, all of them if now is zero.
func flush(open map[string]*burst, rule LoginRule, now time.Time, yield func(Finding, error) bool) bool {
	var over []string
	for key, b := range open {
		if now.IsZero() || now.Sub(b.recent[len(b.recent)-1].Time) > rule.Within {
			over = append(over, key)
		}
	}
	slices.SortFunc(over, func(a, b string) int {
		x, y := open[a].finding, open[b].finding
		if n := x.First.Compare(y.First); n != 0 {
			return n
		}
		return compareRuns(x.Entries, y.Entries)
	})
	for _, key := range over {
		f := open[key].finding
		delete(open, key)
		if f.Count > 0 && !yield(f, nil) {
			return false
		}
	}
	return true
}

func compareRuns(a, b []Run) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return len(a) - len(b)
	case a[0].From < b[0].From:
		return -1
	case a[0].From > b[0].From:
		return 1
	}
	return 0
}

// A burst is the failures of one key: recent ones, the last AtLeast of which
// may make it grow, and those that are in it.
type burst struct {
	recent  []audit.Entry
	fresh   int // how many of the last of recent are not in the finding
	finding Finding
}

// take adds a failure, and returns a burst that ended before it.
func (b *burst) take(e audit.Entry, rule LoginRule) (ended Finding, over bool) {
	e.Line, e.Sealed = nil, nil // not needed, and held for long
	b.recent = append(b.recent, e)
	b.fresh++
	drop := max(len(b.recent)-rule.AtLeast, 0)
	for e.Time.Sub(b.recent[drop].Time) > rule.Within {
		drop++
	}
	b.recent = slices.Delete(b.recent, 0, drop)
	if b.finding.Count > 0 && b.fresh >= len(b.recent) { // none of it is near any more
		ended, over = b.finding, true
		b.finding = Finding{}
	}
	b.fresh = min(b.fresh, len(b.recent))
	if len(b.recent) < rule.AtLeast {
		return ended, over
	}
	f := &b.finding
	if f.Count == 0 {
		f.Reason = law().reason(ruleFailedLogins)
		if rule.By != ByAddr {
			f.Actor = e.Event.Actor.ID
		}
	}
	for _, r := range b.recent[len(b.recent)-b.fresh:] {
		f.add(&r)
	}
	b.fresh = 0
	who := "actor"
	if rule.By == ByAddr {
		who = "address " + e.Event.Client.Addr
	}
	f.Detail = fmt.Sprintf("%d failures of one %s; reported from %d within %s", f.Count, who, rule.AtLeast, rule.Within)
	return ended, over
}
