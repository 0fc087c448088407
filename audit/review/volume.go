package review

import (
	"fmt"
	"iter"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A Baseline is what is usual for an actor: so many entries in so many days.
// The zero Baseline is that of an actor of whom nothing is known.
type Baseline struct{ Entries, Days uint64 }

// A VolumeRule says from which volume on a day is reported.
type VolumeRule struct {
	// Times and Of are the multiple of the baseline that a day may have: 3
	// and 2 for one and a half times. Both are at least 1.
	Times, Of uint64
	// Zone is where a day begins; nil is UTC.
	Zone *time.Location
}

// exceeds reports whether n entries in one day are more than the multiple of
// the baseline: n / 1 > entries / days × times / of, in whole numbers.
func (r VolumeRule) exceeds(n uint64, b Baseline) bool {
	product := func(factors ...uint64) *big.Int {
		p := big.NewInt(1)
		for _, f := range factors {
			p.Mul(p, new(big.Int).SetUint64(f))
		}
		return p
	}
	return product(n, b.Days, r.Of).Cmp(product(b.Entries, r.Times)) > 0
}

// Volume finds the days on which an actor has more entries than the rule's
// multiple of the actor's baseline: exactly as many are none. Of an actor of
// whom nothing is known every day with an entry is found, by a rule of its own.
// The entries have to be in the order of their times, or the error is
// [ErrOrder]; a rule that cannot be is a [baakit.FieldErrors]. What is held is
// one day.
func Volume(entries iter.Seq2[audit.Entry, error], baseline func(actor string) Baseline, rule VolumeRule) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		var errs baakit.FieldErrors
		if rule.Times < 1 {
			errs.Add("times", "must be at least 1")
		}
		if rule.Of < 1 {
			errs.Add("of", "must be at least 1")
		}
		if err := errs.Err(); err != nil {
			yield(Finding{}, err)
			return
		}
		for d, err := range days(entries, rule.Zone) {
			if err != nil {
				yield(Finding{}, err)
				return
			}
			for _, f := range d.findings {
				b := baseline(f.Actor)
				switch {
				case b.Days == 0:
					f.Reason = law().reason(ruleVolumeUnknown)
					f.Detail = fmt.Sprintf("%d entries on %s; no baseline", f.Count, d.day)
				case rule.exceeds(uint64(f.Count), b):
					f.Reason = law().reason(ruleVolume)
					f.Detail = fmt.Sprintf("%d entries on %s; usual are %d in %d days, reported above %d/%d of that",
						f.Count, d.day, b.Entries, b.Days, rule.Times, rule.Of)
				default:
					continue
				}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// Baselines counts the entries of each actor, and the days from first through
// last, both in them, whether or not anybody did anything on a day. Entries of
// other days, and of no actor, are left out. The error is that of entries, and
// a [baakit.FieldErrors] if last is before first.
func Baselines(entries iter.Seq2[audit.Entry, error], first, last baakit.Date, zone *time.Location) (map[string]Baseline, error) {
	if first.IsZero() || last.Before(first) {
		return nil, baakit.FieldErrors{{Path: "last", Rule: "must not be before first"}}
	}
	out := make(map[string]Baseline)
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		day := baakit.DateOf(e.Time, zone)
		if e.Event.Actor.ID == "" || day.Before(first) || day.After(last) {
			continue
		}
		b := out[e.Event.Actor.ID]
		out[e.Event.Actor.ID] = Baseline{b.Entries + 1, uint64(last.Sub(first)) + 1}
	}
	return out, nil
}

// An actorDay holds what each actor did on a day.
type actorDay struct {
	day      baakit.Date
	findings []Finding
}

// days yields each day that has an entry of an actor, the actors in order.
func days(entries iter.Seq2[audit.Entry, error], zone *time.Location) iter.Seq2[actorDay, error] {
	return func(yield func(actorDay, error) bool) {
		var now time.Time
		var today baakit.Date
		actors := make(map[string]*Finding)
		end := func() bool {
			if len(actors) == 0 {
				return true
			}
			d := actorDay{day: today}
			for _, f := range actors {
				d.findings = append(d.findings, *f)
			}
			slices.SortFunc(d.findings, func(a, b Finding) int { return strings.Compare(a.Actor, b.Actor) })
			clear(actors)
			return yield(d, nil)
		}
		for e, err := range entries {
			if err == nil && e.Time.Before(now) {
				err = ErrOrder
			}
			if err != nil {
				yield(actorDay{}, err)
				return
			}
			now = e.Time
			if day := baakit.DateOf(e.Time, zone); day != today {
				if !end() {
					return
				}
				today = day
			}
			id := e.Event.Actor.ID
			if id == "" {
				continue
			}
			if actors[id] == nil {
				actors[id] = &Finding{Actor: id}
			}
			actors[id].add(&e)
		}
		end()
	}
}
