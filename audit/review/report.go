package review

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/strictjson"
)

// ReportSchema and FindingsSchema are the schemas of a [Report] and of
// [Findings] as JSON.
const (
	ReportSchema   = "baakit.audit.entries/1"
	FindingsSchema = "baakit.audit.findings/1"
)

// A Report is a list of entries, for people and for other programs. The zero
// Report is of no entries.
type Report struct {
	Entries []audit.Entry
	// Fields are the columns of the renderings; nil for time, chain, seq,
	// actor.id, action, outcome, type, subtype, kind, object.type, subject,
	// purpose and emergency. JSON has all fields.
	Fields []Field
}

func (r Report) fields() []Field {
	if r.Fields != nil {
		return r.Fields
	}
	return []Field{Time, Chain, Seq, ActorID, Action, Outcome, Type, Subtype, Kind, Object, Subject, Purpose, Emergency}
}

func (r Report) table() (head []string, rows [][]string) {
	for _, f := range r.fields() {
		head = append(head, string(f))
	}
	for _, e := range r.Entries {
		var row []string
		for _, f := range r.fields() {
			row = append(row, f.Of(e))
		}
		rows = append(rows, row)
	}
	return head, rows
}

// CSV returns the report as RFC 4180 with a header. A cell that a spreadsheet
// would take for a formula begins with an apostrophe.
func (r Report) CSV() string { return toCSV(r.table()) }

// Markdown returns the report as a table.
func (r Report) Markdown() string { return markdown.Table(r.table()) }

// Text returns the report as a table of aligned columns; columns that are
// empty in every row are left out. Of no entries it is "Nothing."
func (r Report) Text() string { return align(r.table()) }

type reportWire struct {
	Schema  string            `json:"schema"`
	Entries []json.RawMessage `json:"entries"` // lines of the log, byte for byte
}

// MarshalJSON implements [json.Marshaler] with the lines as they are hashed.
// Sealed parts are not in it.
func (r Report) MarshalJSON() ([]byte, error) {
	w := reportWire{ReportSchema, []json.RawMessage{}}
	for _, e := range r.Entries {
		w.Entries = append(w.Entries, e.Line)
	}
	return json.Marshal(w)
}

// ParseReport reads a report as JSON, strictly; Fields are not in it. The error
// is a [baakit.FieldErrors].
func ParseReport(data []byte) (Report, error) {
	var w reportWire
	if err := strictjson.Decode(data, &w); err != nil {
		return Report{}, err
	}
	var errs baakit.FieldErrors
	if w.Schema != ReportSchema {
		errs.Add("schema", "must be "+ReportSchema)
	}
	var r Report
	for i, line := range w.Entries {
		e, err := audit.ParseLine(line)
		if err != nil {
			errs.Add("entries"+at(i), "must be a line of a log")
			continue
		}
		r.Entries = append(r.Entries, e)
	}
	if err := errs.Err(); err != nil {
		return Report{}, err
	}
	return r, nil
}

// Findings is a list of findings, for people and for other programs.
type Findings []Finding

func (list Findings) table() (head []string, rows [][]string) {
	for _, f := range list {
		var where []string
		for _, c := range f.Citations {
			where = append(where, c.String())
		}
		rows = append(rows, []string{
			f.ID, f.Actor, f.Subject, f.First.UTC().Format(time.RFC3339), f.Last.UTC().Format(time.RFC3339),
			fmt.Sprint(f.Count), f.where(), f.Detail, f.Says, strings.Join(where, "; "),
		})
	}
	return []string{"rule", "actor", "subject", "first", "last", "count", "entries", "detail", "says", "sources"}, rows
}

// where names the entries.
func (f Finding) where() string {
	var list []string
	for _, r := range f.Entries {
		if r.Until-r.From == 1 {
			list = append(list, fmt.Sprintf("%s %d", r.Chain, r.From))
		} else {
			list = append(list, fmt.Sprintf("%s %d-%d", r.Chain, r.From, r.Until-1))
		}
	}
	return strings.Join(list, ", ")
}

// CSV returns the findings as [Report.CSV] does.
func (list Findings) CSV() string { return toCSV(list.table()) }

// Markdown returns the findings as a table.
func (list Findings) Markdown() string { return markdown.Table(list.table()) }

// Text returns the findings, each with what it says, its entries and sources.
func (list Findings) Text() string {
	if len(list) == 0 {
		return "No findings.\n"
	}
	var b strings.Builder
	_, rows := list.table()
	for i, row := range rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		who := row[1]
		if row[2] != "" {
			who = strings.TrimPrefix(who+", subject "+row[2], ", ")
		}
		if who != "" {
			who = ": " + who
		}
		fmt.Fprintf(&b, "%s%s\n  %s\n  %s\n  entries: %s (%s", row[0], who, row[8], row[7], row[6], row[3])
		if row[4] != row[3] {
			b.WriteString(" to " + row[4])
		}
		fmt.Fprintf(&b, ")\n  sources: %s\n", row[9])
	}
	return b.String()
}

type findingsWire struct {
	Schema   string    `json:"schema"`
	Findings []Finding `json:"findings"`
}

// MarshalJSON implements [json.Marshaler].
func (list Findings) MarshalJSON() ([]byte, error) {
	w := findingsWire{FindingsSchema, []Finding(list)}
	if list == nil {
		w.Findings = []Finding{}
	}
	return json.Marshal(w)
}

func (c Coverage) table() (head []string, rows [][]string) {
	add := func(chain string, s Stretch, how string) {
		at := ""
		if s.Reviewed() {
			at = s.At.UTC().Format(time.RFC3339)
		}
		rows = append(rows, []string{chain, fmt.Sprintf("%d-%d", s.From, s.Until-1), how, at, s.Reviewer})
	}
	for _, chain := range c.Chains {
		for _, s := range chain.Stretches {
			how := "reviewed"
			if !s.Reviewed() {
				how = "NOT REVIEWED"
			}
			add(chain.Chain, s, how)
		}
		for _, s := range chain.Partial {
			add(chain.Chain, s, "in part")
		}
	}
	return []string{"chain", "entries", "standing", "at", "reviewer"}, rows
}

// CSV returns the coverage as [Report.CSV] does.
func (c Coverage) CSV() string { return toCSV(c.table()) }

// Markdown returns the coverage as a table.
func (c Coverage) Markdown() string { return markdown.Table(c.table()) }

// Text returns the coverage as a table of aligned columns.
func (c Coverage) Text() string { return align(c.table()) }

func toCSV(head []string, rows [][]string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range append([][]string{head}, rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				c = "'" + c
			}
			cells[i] = c
		}
		_ = w.Write(cells) // a strings.Builder does not fail
	}
	w.Flush()
	return b.String()
}

// align pads the columns of a table; cells are of one line.
func align(head []string, rows [][]string) string {
	if len(rows) == 0 {
		return "Nothing.\n"
	}
	width := make([]int, len(head))
	for _, row := range rows {
		for i, c := range row {
			width[i] = max(width[i], len(c))
		}
	}
	var b strings.Builder
	for _, row := range append([][]string{head}, rows...) {
		var line strings.Builder
		for i, c := range row {
			if width[i] == 0 {
				continue
			}
			fmt.Fprintf(&line, "%-*s  ", max(width[i], len(head[i])), c)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
