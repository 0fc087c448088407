package subprocessor

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/rules.json
var rulesJSON []byte

type lawTable struct {
	Schema       string        `json:"schema"`
	AsOf         baakit.Date   `json:"as_of"`
	BreachReport baakit.Period `json:"breach_report"` // 45 CFR 164.410(b)
	Rows         []lawRow      `json:"rows"`
	Sources      []lawSource   `json:"sources"`

	reasons map[string]baakit.Reason
}

type lawRow struct {
	ID      string   `json:"id"`
	Says    string   `json:"says"`
	Sources []string `json:"sources"`
}

type lawSource struct {
	ID         string            `json:"id"`
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
}

// rules returns the table, read once.
var rules = sync.OnceValue(func() *lawTable {
	var l lawTable
	err := strictjson.Decode(rulesJSON, &l)
	if err == nil {
		err = l.index()
	}
	if err != nil {
		panic("subprocessor: law/rules.json: " + err.Error())
	}
	return &l
})

func (l *lawTable) index() error {
	sources := make(map[string]baakit.Citation)
	for _, s := range l.Sources {
		c, err := baakit.ParseCitation(s.Citation)
		if err != nil || s.Confidence.IsZero() {
			return fmt.Errorf("source %s", s.ID)
		}
		sources[s.ID] = c.WithAsOf(l.AsOf).WithConfidence(s.Confidence)
	}
	l.reasons = make(map[string]baakit.Reason)
	for _, row := range l.Rows {
		r := baakit.Reason{ID: row.ID, Says: row.Says}
		for _, id := range row.Sources {
			c, ok := sources[id]
			if !ok {
				return fmt.Errorf("row %s", row.ID)
			}
			r.Citations = append(r.Citations, c)
		}
		if _, twice := l.reasons[row.ID]; twice {
			return fmt.Errorf("row %s twice", row.ID)
		}
		l.reasons[row.ID] = r
	}
	return nil
}

func (l *lawTable) reason(id string) baakit.Reason {
	r, ok := l.reasons[id]
	if !ok {
		panic("subprocessor: no row " + id + " in law/rules.json")
	}
	r.Citations = append([]baakit.Citation(nil), r.Citations...)
	return r
}

func (l *lawTable) cite(id string) []baakit.Citation { return l.reason(id).Citations }
