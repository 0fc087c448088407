package disclosure

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/disclosure.json
var lawJSON []byte

type lawTable struct {
	Schema     string         `json:"schema"`
	AsOf       baakit.Date    `json:"as_of"`
	Source     string         `json:"source"`
	Periods    []periodRow    `json:"periods"`
	Thresholds []thresholdRow `json:"thresholds"`
	Exemptions []exemptionRow `json:"exemptions"`
	Bases      []basisRow     `json:"bases"`
	Rules      []ruleRow      `json:"rules"`

	reasons    map[string]baakit.Reason
	periods    map[string]baakit.Period
	thresholds map[string]int
}

type ruleRow struct {
	ID         string            `json:"id"`
	Says       string            `json:"says"`
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	From       baakit.Date       `json:"effective_from"`
}

// The rows of further facts repeat the fields of a rule: an embedded struct is
// not read.
type periodRow struct {
	ID         string            `json:"id"`
	Period     baakit.Period     `json:"period"`
	Says       string            `json:"says"`
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	From       baakit.Date       `json:"effective_from"`
}

type thresholdRow struct {
	ID         string            `json:"id"`
	AtLeast    int               `json:"at_least"`
	Says       string            `json:"says"`
	Citation   string            `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
	From       baakit.Date       `json:"effective_from"`
}

type exemptionRow struct {
	ID               string            `json:"id"`
	Says             string            `json:"says"`
	Bases            []string          `json:"bases"` // that it fits
	BeforeCompliance bool              `json:"before_compliance"`
	Citation         string            `json:"citation"`
	Confidence       baakit.Confidence `json:"confidence"`
	From             baakit.Date       `json:"effective_from"`
}

type basisRow struct {
	ID         string `json:"id"` // a pinpoint in 45 CFR
	Says       string `json:"says"`
	Summary    bool   `json:"summary"`    // 164.528(b)(3) names it
	Suspension bool   `json:"suspension"` // 164.528(a)(2) names it
	Research   bool   `json:"research"`   // 164.528(b)(4) names it
}

// law returns the table, read once.
var law = sync.OnceValue(func() *lawTable {
	l, err := readLaw(lawJSON)
	if err != nil {
		panic("disclosure: law/disclosure.json: " + err.Error())
	}
	return l
})

func readLaw(data []byte) (*lawTable, error) {
	l := &lawTable{reasons: make(map[string]baakit.Reason), periods: make(map[string]baakit.Period), thresholds: make(map[string]int)}
	if err := strictjson.Decode(data, l); err != nil {
		return nil, err
	}
	if l.Schema != "baakit.audit.disclosure_law/1" || l.AsOf.IsZero() || l.Source == "" {
		return nil, errors.New("no schema, day or source")
	}
	add := func(prefix string, r ruleRow) error {
		c, err := baakit.ParseCitation(r.Citation)
		id := prefix + r.ID
		if _, twice := l.reasons[id]; err != nil || twice || r.ID == "" || r.Says == "" || r.Confidence.IsZero() || r.From.IsZero() {
			return fmt.Errorf("row %s", id)
		}
		l.reasons[id] = baakit.Reason{ID: id, Says: r.Says, Citations: []baakit.Citation{c.WithAsOf(l.AsOf).WithConfidence(r.Confidence)}}
		return nil
	}
	var errs []error
	for _, r := range l.Periods {
		errs = append(errs, add("period.", ruleRow{r.ID, r.Says, r.Citation, r.Confidence, r.From}))
		l.periods[r.ID] = r.Period
		// The look-back is counted backwards and the others from a day.
		if r.Period.IsZero() || r.Period.Unit() == baakit.Hours || r.Period.Unit() == baakit.BusinessDays || r.ID == "look_back" && r.Period.Unit() != baakit.Years {
			errs = append(errs, fmt.Errorf("period %s", r.ID))
		}
	}
	for _, r := range l.Thresholds {
		errs = append(errs, add("threshold.", ruleRow{r.ID, r.Says, r.Citation, r.Confidence, r.From}))
		if l.thresholds[r.ID] = r.AtLeast; r.AtLeast < 1 {
			errs = append(errs, fmt.Errorf("threshold %s", r.ID))
		}
	}
	bases := make(map[string]bool)
	for _, r := range l.Bases {
		if bases[r.ID] || r.ID == "" || r.Says == "" {
			errs = append(errs, fmt.Errorf("basis %s", r.ID))
		}
		bases[r.ID] = true
	}
	for _, r := range l.Exemptions {
		errs = append(errs, add("exempt.", ruleRow{r.ID, r.Says, r.Citation, r.Confidence, r.From}))
		if (len(r.Bases) == 0) != r.BeforeCompliance {
			errs = append(errs, fmt.Errorf("exemption %s", r.ID))
		}
	}
	for _, r := range l.Rules {
		errs = append(errs, add("", r))
	}
	for _, id := range []string{"look_back", "act", "extension", "free", "oral", "documentation"} {
		if l.periods[id].IsZero() {
			errs = append(errs, fmt.Errorf("no period %s", id))
		}
	}
	for _, id := range []string{"research", "repeated"} {
		if l.thresholds[id] == 0 {
			errs = append(errs, fmt.Errorf("no threshold %s", id))
		}
	}
	for _, id := range neededReasons {
		if _, ok := l.reasons[id]; !ok {
			errs = append(errs, fmt.Errorf("no rule %s", id))
		}
	}
	return l, errors.Join(errs...)
}

// neededReasons are the rules that the code gives as reasons, besides those of
// exemptions and periods.
var neededReasons = []string{
	"accounted", "outside", "suspended", "exemption_unknown", "exemption_contradicted", "compliance_open",
	"suspension_ended", "suspension_not_for_this", "suspension_incomplete", "may_or_may_not", "contact", "content",
	"business_associate", "fee_first", "fee_not_told", "fee_allowed", "extension_late", "extension_incomplete", "extension_again",
}

func (l *lawTable) reason(id string) baakit.Reason {
	r, ok := l.reasons[id]
	if !ok {
		panic("disclosure: no row " + id + " in law/disclosure.json")
	}
	r.Citations = append([]baakit.Citation(nil), r.Citations...)
	return r
}

// exemption returns the row of an exemption.
func (l *lawTable) exemption(x Exemption) (exemptionRow, bool) {
	for _, r := range l.Exemptions {
		if r.ID == string(x) {
			return r, true
		}
	}
	return exemptionRow{}, false
}

// basis returns the row of a permission or of the paragraph that it is in.
func (l *lawTable) basis(b Basis) (basisRow, bool) {
	for _, r := range l.Bases {
		if within(string(b), r.ID) {
			return r, true
		}
	}
	return basisRow{}, false
}

// within reports whether a pinpoint is the paragraph or a part of it.
func within(pinpoint, paragraph string) bool {
	rest, ok := strings.CutPrefix(pinpoint, paragraph)
	return ok && (rest == "" || rest[0] == '(' && paragraph != string(Impermissible))
}
