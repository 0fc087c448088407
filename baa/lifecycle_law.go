package baa

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/lifecycle.json
var lifecycleJSON []byte

// lives returns the table of reasons, findings and transitions, read once.
var lives = sync.OnceValue(func() *lifeLaw {
	var l lifeLaw
	if err := strictjson.Decode(lifecycleJSON, &l); err != nil {
		panic("baa: law/lifecycle.json: " + err.Error())
	}
	if err := l.check(); err != nil {
		panic("baa: law/lifecycle.json: " + err.Error())
	}
	l.made = make(map[string]LifeFinding)
	for _, r := range l.Findings {
		l.made[r.ID] = LifeFinding{Reason: l.row(l.Findings, r.ID), Severity: r.Severity}
	}
	return &l
})

type lifeLaw struct {
	Schema      string           `json:"schema"`
	AsOf        baakit.Date      `json:"as_of"`
	Reasons     []lifeRow        `json:"reasons"`
	Findings    []lifeRow        `json:"findings"`
	Duties      []lifeRow        `json:"duties"`
	Report      lifeSpan         `json:"report_to_secretary"`
	Keep        lifeKeep         `json:"keep"`
	Expiring    baakit.Period    `json:"expiring_within"` // a habit of the trade, no rule
	Transitions []lifeTransition `json:"transitions"`
	Sources     []lawSource      `json:"sources"`

	made map[string]LifeFinding // the findings with their citations
}

type lifeRow struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"`
	Caps     Strength `json:"caps"` // the best strength of evidence with this finding
	Says     string   `json:"says"`
	Sources  []string `json:"sources"`
}

type lifeSpan struct {
	From    baakit.Date `json:"from"`
	Through baakit.Date `json:"through"`
	Sources []string    `json:"sources"`
}

// A lifeKeep is how long an agreement is kept after it was last in effect.
type lifeKeep struct {
	Period  baakit.Period `json:"period"`
	Sources []string      `json:"sources"`
}

// A lifeTransition gives older contracts time to follow a new rule.
type lifeTransition struct {
	ID            string      `json:"id"`
	RulesFrom     baakit.Date `json:"rules_from"`     // the new rules
	Compliance    baakit.Date `json:"compliance"`     // contracts must meet them from this day
	MadeBefore    baakit.Date `json:"made_before"`    // older contracts
	DeemedThrough baakit.Date `json:"deemed_through"` // are deemed to comply through this day
	Sources       []string    `json:"sources"`
}

func (l *lifeLaw) reason(id string) baakit.Reason { return l.row(l.Reasons, id) }
func (l *lifeLaw) duty(id string) baakit.Reason   { return l.row(l.Duties, id) }

func (l *lifeLaw) finding(id string) LifeFinding {
	f := l.made[id]
	f.Citations = slices.Clone(f.Citations)
	return f
}

func (l *lifeLaw) caps(id string) Strength {
	return l.Findings[slices.IndexFunc(l.Findings, func(r lifeRow) bool { return r.ID == id })].Caps
}

func (l *lifeLaw) row(rows []lifeRow, id string) baakit.Reason {
	r := rows[slices.IndexFunc(rows, func(r lifeRow) bool { return r.ID == id })]
	return baakit.Reason{ID: r.ID, Says: r.Says, Citations: cited(l.Sources, l.AsOf, r.Sources)}
}

func (l *lifeLaw) check() error {
	for _, rows := range [][]lifeRow{l.Reasons, l.Findings, l.Duties} {
		for i, r := range rows {
			for _, id := range r.Sources {
				if !slices.ContainsFunc(l.Sources, func(s lawSource) bool { return s.ID == id && !s.Confidence.IsZero() }) {
					return fmt.Errorf("row %s", r.ID)
				}
			}
			if r.Says == "" || slices.ContainsFunc(rows[:i], func(s lifeRow) bool { return s.ID == r.ID }) {
				return fmt.Errorf("row %s", r.ID)
			}
		}
	}
	return nil
}

// A Standing says how a text stands to the rules of a day.
type Standing string

// The standings.
const (
	Meets  Standing = "meets"
	Deemed Standing = "deemed" // by a transition of the rules
	Fails  Standing = "fails"
)

// StandingOn says how a text that was made on one day and meets the rules of
// rulesOf stands to the rules of on: it fails if rules that it does not meet
// bind contracts on that day, unless a transition deems older contracts, not
// renewed or changed in the meantime, to comply (45 CFR 164.532(e)). Made is
// the day on which the contract was made, or last renewed or changed: one that
// was changed between the publication of the rules and their effect is judged
// as if it had been made then, which is the stricter reading. The zero
// Standing is the answer to a zero date.
func StandingOn(made, rulesOf, on baakit.Date) Standing {
	if made.IsZero() || rulesOf.IsZero() || on.IsZero() {
		return ""
	}
	standing := Meets
	for _, t := range lives().Transitions {
		switch {
		case !rulesOf.Before(t.RulesFrom) || on.Before(t.Compliance):
		case made.Before(t.MadeBefore) && !on.After(t.DeemedThrough):
			if standing == Meets {
				standing = Deemed
			}
		default:
			standing = Fails
		}
	}
	return standing
}
