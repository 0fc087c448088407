package review

import (
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/review.json
var lawJSON []byte

type lawTable struct {
	Schema string      `json:"schema"`
	AsOf   baakit.Date `json:"as_of"`
	Source string      `json:"source"`
	Rules  []struct {
		ID            string            `json:"id"`
		Says          string            `json:"says"`
		Citations     []string          `json:"citations"`
		Confidence    baakit.Confidence `json:"confidence"`
		From          baakit.Date       `json:"effective_from"`
		FromConfident baakit.Confidence `json:"effective_confidence"`
	} `json:"rules"`

	reasons map[string]baakit.Reason
}

// law returns the table, read once.
var law = sync.OnceValue(func() *lawTable {
	l, err := readLaw(lawJSON)
	if err != nil {
		panic("review: law/review.json: " + err.Error())
	}
	return l
})

// The rules that the code gives as reasons.
const (
	ruleReview        = "review"
	ruleBreakGlass    = "break_glass"
	ruleSameSurname   = "same_surname"
	ruleFailedLogins  = "failed_logins"
	ruleVolume        = "volume"
	ruleVolumeUnknown = "volume_unknown"
	ruleAfterHours    = "after_hours"
)

func readLaw(data []byte) (*lawTable, error) {
	l := &lawTable{reasons: make(map[string]baakit.Reason)}
	if err := strictjson.Decode(data, l); err != nil {
		return nil, err
	}
	if l.Schema != "baakit.audit.review_law/1" || l.AsOf.IsZero() || l.Source == "" {
		return nil, errors.New("no schema, day or source")
	}
	for _, r := range l.Rules {
		reason := baakit.Reason{ID: r.ID, Says: r.Says}
		for _, text := range r.Citations {
			c, err := baakit.ParseCitation(text)
			if err != nil {
				return nil, fmt.Errorf("row %s", r.ID)
			}
			reason.Citations = append(reason.Citations, c.WithAsOf(l.AsOf).WithConfidence(r.Confidence))
		}
		if _, twice := l.reasons[r.ID]; twice || r.Says == "" || r.Confidence.IsZero() || r.From.IsZero() || r.FromConfident.IsZero() || len(r.Citations) == 0 {
			return nil, fmt.Errorf("row %s", r.ID)
		}
		l.reasons[r.ID] = reason
	}
	for _, id := range []string{
		ruleReview, ruleBreakGlass, ruleSameSurname, ruleFailedLogins, ruleVolume, ruleVolumeUnknown, ruleAfterHours,
	} {
		if _, ok := l.reasons[id]; !ok {
			return nil, fmt.Errorf("no row %s", id)
		}
	}
	return l, nil
}

func (l *lawTable) reason(id string) baakit.Reason {
	r := l.reasons[id]
	r.Citations = append([]baakit.Citation(nil), r.Citations...)
	return r
}
