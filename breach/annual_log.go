package breach

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// AnnualLogSchema is the schema of an [AnnualLog] as JSON.
const AnnualLogSchema = "baakit.breach.annual_log/1"

// An AnnualLog is the log of a calendar year's breaches of fewer than 500
// individuals, which a covered entity keeps and reports to the Secretary after
// the end of the year (45 CFR 164.408(c)). It holds no PHI.
type AnnualLog struct {
	Schema        string         `json:"schema"`
	Year          int            `json:"year"` // of discovery
	CoveredEntity string         `json:"covered_entity"`
	Breaches      []LoggedBreach `json:"breaches"`
}

// A LoggedBreach is a line of the log: one breach, reported by itself.
type LoggedBreach struct {
	ID         string      `json:"id"`
	Discovered baakit.Date `json:"discovered"`
	Affected   int         `json:"affected"`
	Summary    string      `json:"summary,omitempty"`
	Reported   baakit.Date `json:"reported,omitzero"`
	Reference  string      `json:"reference,omitempty"` // the portal's tracking number
}

// smallRule returns the Secretary's rule of the day on which the year ended.
func smallRule(rules *Rules) (Rule, bool) {
	for r := range rules.All() {
		if r.ID == "hipaa.secretary" && r.Below != nil {
			return r, true
		}
	}
	return Rule{}, false
}

// Due returns the last day on which the breaches of the log are reported in
// time and the rule's source: 60 days after the end of the calendar year, 29
// February or 1 March. Both are zero for a year in which the rule did not
// apply, or that is none.
func (l AnnualLog) Due() (baakit.Date, baakit.Citation) {
	end, err := baakit.NewDate(l.Year, 12, 31)
	if err != nil {
		return baakit.Date{}, baakit.Citation{}
	}
	rule, ok := smallRule(RulesAsOf(end))
	if !ok || end.Before(rule.EffectiveFrom) {
		return baakit.Date{}, baakit.Citation{}
	}
	due, err := rule.Below.Within.AddTo(end, nil, baakit.RollBack)
	if err != nil {
		return baakit.Date{}, baakit.Citation{}
	}
	citation := rule.Below.Citation
	if citation.IsZero() {
		citation = rule.Citation
	}
	return due, citation
}

// Unreported returns the breaches that are not reported yet, earliest
// discovered first.
func (l AnnualLog) Unreported() []LoggedBreach {
	var list []LoggedBreach
	for _, b := range l.Breaches {
		if b.Reported.IsZero() {
			list = append(list, b)
		}
	}
	slices.SortStableFunc(list, func(a, b LoggedBreach) int { return a.Discovered.Compare(b.Discovered) })
	return list
}

// Late returns the breaches that were reported after the last day, or are not
// reported by the end of the day on.
func (l AnnualLog) Late(on baakit.Date) []LoggedBreach {
	due, _ := l.Due()
	var list []LoggedBreach
	for _, b := range l.Breaches {
		if b.Reported.After(due) || b.Reported.IsZero() && on.After(due) {
			list = append(list, b)
		}
	}
	return list
}

// Validate reports everything that is wrong as a [baakit.FieldErrors]. A
// breach of 500 individuals or more does not wait for the end of the year and
// is refused.
func (l AnnualLog) Validate() error {
	var errs baakit.FieldErrors
	if l.Schema != AnnualLogSchema {
		errs.Add("schema", "must be "+AnnualLogSchema)
	}
	if due, _ := l.Due(); due.IsZero() {
		errs.Add("year", "must be a year in which the rule applied")
	}
	required(&errs, "covered_entity", l.CoveredEntity)
	seen := make(map[string]bool)
	for i, b := range l.Breaches {
		errs.Merge(fmt.Sprintf("breaches[%d]", i), b.check(l.Year, seen))
		seen[b.ID] = true
	}
	return errs.Err()
}

func (b LoggedBreach) check(year int, seen map[string]bool) error {
	var errs baakit.FieldErrors
	switch {
	case strings.TrimSpace(b.ID) == "" || !shortText(b.ID):
		errs.Add("id", "is required, in one line of at most 200 bytes")
	case seen[b.ID]:
		errs.Add("id", "must not be that of another breach")
	}
	switch {
	case b.Discovered.IsZero():
		errs.Add("discovered", "is required")
	case b.Discovered.Year() != year:
		errs.Add("discovered", "must be in the year of the log")
	}
	if rule, ok := smallRule(RulesAsOf(b.Discovered)); b.Affected < 1 || ok && int64(b.Affected) >= rule.Threshold.least() {
		errs.Add("affected", "must be fewer individuals than the rule reports at once, and at least 1")
	}
	if !shortText(b.Summary) {
		errs.Add("summary", "must be one line of at most 200 bytes")
	}
	if !b.Reported.IsZero() && b.Reported.Before(b.Discovered) {
		errs.Add("reported", "must not be before discovered")
	}
	if !shortText(b.Reference) {
		errs.Add("reference", "must be one line of at most 200 bytes")
	}
	return errs.Err()
}

// ParseAnnualLog reads the JSON form, strictly. The error is a
// [baakit.FieldErrors] of all that is wrong.
func ParseAnnualLog(data []byte) (AnnualLog, error) {
	var l AnnualLog
	if err := strictjson.Decode(data, &l); err != nil {
		return AnnualLog{}, err
	}
	if err := l.Validate(); err != nil {
		return AnnualLog{}, err
	}
	return l, nil
}

var annualLogHead = []string{"id", "discovered", "affected", "summary", "due", "reported", "reference"}

// CSV returns the log as CSV with a head; a cell that a spreadsheet would take
// for a formula begins with an apostrophe.
func (l AnnualLog) CSV() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	due, _ := l.Due()
	_ = w.Write(annualLogHead) // a bytes.Buffer takes everything
	for _, e := range l.Breaches {
		_ = w.Write([]string{
			guard(e.ID), date(e.Discovered), strconv.Itoa(e.Affected), guard(e.Summary), date(due), date(e.Reported), guard(e.Reference),
		})
	}
	w.Flush()
	return b.String()
}

func date(d baakit.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t'", rune(s[0])) {
		return "'" + s
	}
	return s
}

// ParseAnnualLogCSV reads what CSV writes, for the year and the covered
// entity that the table does not have. The error is a [baakit.FieldErrors]
// with the lines, from 2, as in "line 3.discovered".
func ParseAnnualLogCSV(data []byte, year int, coveredEntity string) (AnnualLog, error) {
	l := AnnualLog{Schema: AnnualLogSchema, Year: year, CoveredEntity: coveredEntity}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(annualLogHead)
	head, err := r.Read()
	if err != nil || !slices.Equal(head, annualLogHead) {
		return AnnualLog{}, baakit.FieldErrors{{Path: "line 1", Rule: "must be the head " + strings.Join(annualLogHead, ",")}}
	}
	var errs baakit.FieldErrors
	seen := make(map[string]bool)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 0
			if e, ok := errors.AsType[*csv.ParseError](err); ok {
				line = e.StartLine
			}
			errs.Add(fmt.Sprintf("line %d", line), fmt.Sprintf("must be CSV with %d cells", len(annualLogHead)))
			if row == nil {
				break
			}
			continue
		}
		line, _ := r.FieldPos(0)
		path := fmt.Sprintf("line %d", line)
		b, err := parseLoggedBreach(row)
		if err == nil {
			err = b.check(year, seen)
		}
		seen[b.ID] = true
		errs.Merge(path, err)
		l.Breaches = append(l.Breaches, b)
	}
	if err := errs.Err(); err != nil {
		return AnnualLog{}, err
	}
	if err := l.Validate(); err != nil {
		return AnnualLog{}, err
	}
	return l, nil
}

func parseLoggedBreach(row []string) (LoggedBreach, error) {
	var errs baakit.FieldErrors
	day := func(field, s string) baakit.Date {
		if s == "" {
			return baakit.Date{}
		}
		d, err := baakit.ParseDate(s)
		if err != nil {
			errs.Add(field, "must be a date as in 2026-12-31")
		}
		return d
	}
	unguard := func(s string) string { return strings.TrimPrefix(s, "'") }
	b := LoggedBreach{ID: unguard(row[0]), Discovered: day("discovered", row[1]), Summary: unguard(row[3]), Reported: day("reported", row[5]), Reference: unguard(row[6])}
	var err error
	if b.Affected, err = strconv.Atoi(row[2]); err != nil {
		errs.Add("affected", "must be a whole number")
	}
	return b, errs.Err()
}
