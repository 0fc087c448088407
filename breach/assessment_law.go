package breach

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed law/assessment.json
var assessmentJSON []byte

// assessmentLaw returns the table of [Assess], read once. A table that cannot
// be read is a wrong program, which the tests would have found.
var assessmentLaw = sync.OnceValue(func() *assessmentTable {
	t, err := readAssessmentLaw(assessmentJSON)
	if err != nil {
		panic("breach: law/assessment.json: " + err.Error())
	}
	return t
})

type assessmentTable struct {
	Schema      string            `json:"schema"`
	AsOf        baakit.Date       `json:"as_of"`
	Source      string            `json:"source"`
	Exceptions  []exceptionRow    `json:"exceptions"`
	Factors     []factorRow       `json:"factors"`
	Protections []protectionRow   `json:"protections"`
	Rows        []assessmentsSays `json:"reasons"`

	presumed   []baakit.Reason
	unassessed []string
}

type exceptionRow struct {
	ID         Exception         `json:"id"`
	Citation   baakit.Citation   `json:"citation"`
	Place      string            `json:"place"`
	Confidence baakit.Confidence `json:"confidence"`
	Tests      []string          `json:"tests"`
	Says       string            `json:"says"`
}

type factorRow struct {
	ID         FactorID          `json:"id"`
	Citation   baakit.Citation   `json:"citation"`
	Place      string            `json:"place"`
	Confidence baakit.Confidence `json:"confidence"`
}

type protectionRow struct {
	Method     Method            `json:"method"`
	Standards  []string          `json:"standards"`
	Needs      []string          `json:"needs"`
	Citation   baakit.Citation   `json:"citation"`
	Confidence baakit.Confidence `json:"confidence"`
}

type assessmentsSays struct {
	ID        string            `json:"id"`
	Citations []baakit.Citation `json:"citations"`
	Says      string            `json:"says"`
}

func readAssessmentLaw(data []byte) (*assessmentTable, error) {
	var t assessmentTable
	if err := strictjson.Decode(data, &t); err != nil {
		return nil, err
	}
	if t.Schema != "baakit.breach.assessment_law/1" || t.AsOf.IsZero() || len(t.Factors) != 4 || len(t.Exceptions) != 3 {
		return nil, fmt.Errorf("must be the assessment table")
	}
	for _, x := range t.Exceptions {
		if len(x.Tests) == 0 || x.Citation.IsZero() || x.Confidence.IsZero() {
			return nil, fmt.Errorf("exception without tests, citation or confidence")
		}
	}
	for _, id := range []string{"not_phi", "not_impermissible", "unsuccessful", "secured", "low_probability", "no_low_probability", "contradiction", "presumption"} {
		if t.row(id) < 0 {
			return nil, fmt.Errorf("the reason %s is missing", id)
		}
	}
	t.presumed = []baakit.Reason{t.reason("presumption")}
	t.unassessed = []string{"assessment"}
	return &t, nil
}

func (t *assessmentTable) exception(e Exception) *exceptionRow {
	for i := range t.Exceptions {
		if t.Exceptions[i].ID == e {
			return &t.Exceptions[i]
		}
	}
	return nil
}

func (t *assessmentTable) factor(id FactorID) *factorRow {
	for i := range t.Factors {
		if t.Factors[i].ID == id {
			return &t.Factors[i]
		}
	}
	return nil
}

// row returns the number of the row with the id, or -1.
func (t *assessmentTable) row(id string) int {
	return slices.IndexFunc(t.Rows, func(row assessmentsSays) bool { return row.ID == id })
}

// reason returns the reason with the id, or that of an exception.
func (t *assessmentTable) reason(id string) baakit.Reason {
	r := baakit.Reason{ID: id}
	var cs []baakit.Citation
	if x := t.exception(Exception(id)); x != nil {
		r.Says, cs = x.Says, []baakit.Citation{x.Citation}
	} else {
		row := t.Rows[t.row(id)]
		r.Says, cs = row.Says, row.Citations
	}
	for _, c := range cs {
		r.Citations = append(r.Citations, c.WithAsOf(t.AsOf).WithConfidence(baakit.Primary))
	}
	return r
}

// secured reports whether the protection makes the PHI secured, and if that
// is not shown what is missing. A method that never suffices lacks nothing:
// no further fact would help.
func (t *assessmentTable) secured(p *Protection) (bool, []string) {
	if p == nil || p.Method == "" {
		return false, nil
	}
	i := slices.IndexFunc(t.Protections, func(row protectionRow) bool { return row.Method == p.Method })
	if i < 0 {
		return false, nil
	}
	row := t.Protections[i]
	var lacks []string
	if len(row.Standards) > 0 && !slices.ContainsFunc(row.Standards, func(s string) bool { return named(p.Standard, s) }) {
		lacks = append(lacks, "standard")
	}
	answers := map[string]Answer{"key_safe": p.KeySafe, "tools_apart": p.ToolsApart}
	for _, need := range row.Needs {
		switch answers[need] {
		case Yes:
		case No:
			return false, nil
		default:
			lacks = append(lacks, need)
		}
	}
	switch p.CoversAll {
	case Yes:
	case No:
		return false, nil
	default:
		lacks = append(lacks, "covers_all")
	}
	return len(lacks) == 0, lacks
}

// named reports whether text names the standard, perhaps with a revision as in
// "NIST SP 800-52r2" or "NIST SP 800-88 Rev. 2".
func named(text, standard string) bool {
	rest, ok := strings.CutPrefix(text, standard)
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == 'r')
}
