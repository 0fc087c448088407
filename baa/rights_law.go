package baa

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/rights.json
var rightsJSON []byte

// rightsTable returns the table of the rights' clocks, read once.
var rightsTable = sync.OnceValue(func() *rightsLaw {
	var l rightsLaw
	if err := strictjson.Decode(rightsJSON, &l); err != nil {
		panic("baa: law/rights.json: " + err.Error())
	}
	if err := l.check(); err != nil {
		panic("baa: law/rights.json: " + err.Error())
	}
	return &l
})

type rightsLaw struct {
	Schema   string       `json:"schema"`
	AsOf     baakit.Date  `json:"as_of"`
	Clocks   []rightClock `json:"clocks"`
	Supports []lifeRow    `json:"supports"`
	Findings []lifeRow    `json:"findings"`
	Sources  []lawSource  `json:"sources"`
}

type rightClock struct {
	Right      Right         `json:"right"`
	Says       string        `json:"says"`
	Within     baakit.Period `json:"within"`
	Extension  baakit.Period `json:"extension"`
	Extensions int           `json:"extensions"`
	From       baakit.Date   `json:"from"`
	Sources    []string      `json:"sources"`
}

func (l *rightsLaw) clock(r Right) rightClock {
	return l.Clocks[slices.IndexFunc(l.Clocks, func(c rightClock) bool { return c.Right == r })]
}

func (l *rightsLaw) cite(ids []string) []baakit.Citation { return cited(l.Sources, l.AsOf, ids) }

func (l *rightsLaw) finding(id string, right Right) LifeFinding {
	r := l.Findings[slices.IndexFunc(l.Findings, func(r lifeRow) bool { return r.ID == id })]
	return LifeFinding{Reason: baakit.Reason{ID: r.ID, Says: r.Says, Citations: l.support(right).Citations}, Severity: r.Severity}
}

// support is the provision by which the business associate helps with a right.
func (l *rightsLaw) support(right Right) baakit.Reason {
	r := l.Supports[slices.IndexFunc(l.Supports, func(r lifeRow) bool { return r.ID == string(right) })]
	return baakit.Reason{ID: r.ID, Says: r.Says, Citations: l.cite(r.Sources)}
}

func (l *rightsLaw) check() error {
	known := func(ids []string) bool {
		return !slices.ContainsFunc(ids, func(id string) bool {
			return !slices.ContainsFunc(l.Sources, func(s lawSource) bool { return s.ID == id && !s.Confidence.IsZero() })
		})
	}
	for _, right := range rights() {
		i := slices.IndexFunc(l.Clocks, func(c rightClock) bool { return c.Right == right })
		if i < 0 || l.Clocks[i].Within.IsZero() || l.Clocks[i].Extension.IsZero() || len(l.Clocks[i].Sources) == 0 || !known(l.Clocks[i].Sources) {
			return fmt.Errorf("clock of %s", right)
		}
		if !slices.ContainsFunc(l.Supports, func(r lifeRow) bool { return r.ID == string(right) && len(r.Sources) > 0 && known(r.Sources) }) {
			return fmt.Errorf("support of %s", right)
		}
	}
	for _, r := range l.Findings {
		if r.Says == "" || r.Severity == "" || !known(r.Sources) {
			return fmt.Errorf("finding %s", r.ID)
		}
	}
	return nil
}
