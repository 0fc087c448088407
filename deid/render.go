package deid

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/baakit/baakit/internal/markdown"
)

// Text returns the statement for a person: what was applied, and for each
// identifier how many values were found, went, were replaced and stayed. Like
// the statement it holds no value.
func (s Statement) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", s.Statement, s.Citation)
	fmt.Fprintf(&b, "%d documents, %d records, %d not written\n\n", s.Documents, s.Records, s.RecordsFailed)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "identifier\tbefore\tremoved\treplaced\tafter")
	for _, row := range s.summary() {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	b.WriteByte('\n')
	for _, line := range s.notes() {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Markdown returns what Text returns, as Markdown.
func (s Statement) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s. %d documents, %d records, %d not written.\n\n", markdown.Text(s.Statement), markdown.Text(s.Citation.String()), s.Documents, s.Records, s.RecordsFailed)
	b.WriteString(markdown.Table([]string{"identifier", "before", "removed", "replaced", "after"}, s.summary()))
	b.WriteByte('\n')
	for _, line := range s.notes() {
		b.WriteString("* " + markdown.Text(line) + "\n")
	}
	return b.String()
}

// summary is a row for each identifier that was found, and for texts, terms
// and what no rule named.
func (s Statement) summary() [][]string {
	var rows [][]string
	n := func(count uint64) string { return fmt.Sprint(count) }
	for _, c := range s.Identifiers {
		if c.Values > 0 {
			rows = append(rows, []string{fmt.Sprintf("(%s) %s", c.Identifier, c.ID), n(c.Values), n(c.Removed), n(c.Replaced), n(c.Stayed)})
		}
	}
	var unknown uint64
	for _, u := range s.Unknown {
		unknown += u.Count
	}
	if unknown > 0 {
		rows = append(rows, []string{"without a rule", n(unknown), n(unknown), "0", "0"})
	}
	return rows
}

func (s Statement) notes() []string {
	lines := []string{
		fmt.Sprintf("Policy %s.", s.PolicySHA256),
		fmt.Sprintf("ZIP codes by the %s table, census %s, above %d people (%s).", s.ZIPTable.Table, strings.Trim(fmt.Sprint(s.ZIPTable.CensusYears), "[]"), s.ZIPTable.MoreThan, s.ZIPTable.Confidence),
		fmt.Sprintf("The self-check looked for every identifier that was known or removed and stopped %d records.", s.SelfCheck.Hits),
	}
	if s.DataUseAgreement != nil {
		lines = append(lines, "A data use agreement is required: "+s.DataUseAgreement.Reference+".")
	}
	if s.Determination != nil {
		lines = append(lines, "By the determination of "+s.Determination.Expert+".")
	}
	for _, f := range s.Failures {
		at := f.Position
		if f.Document > 0 {
			at = fmt.Sprintf("document %d, %s", f.Document, at)
		}
		lines = append(lines, "Not written: "+at+", "+f.Rule+".")
	}
	for _, field := range s.Unexported {
		lines = append(lines, "Not looked at, since it is not exported: "+field+".")
	}
	switch a := s.ActualKnowledge; {
	case a == nil:
		lines = append(lines, "Nobody has stated yet that there is no actual knowledge (45 CFR 164.514(b)(2)(ii)).")
	case a.NoActualKnowledge:
		lines = append(lines, fmt.Sprintf("%s stated on %s that there is no actual knowledge (45 CFR 164.514(b)(2)(ii)).", a.By, a.On))
	default:
		lines = append(lines, fmt.Sprintf("%s did not state on %s that there is no actual knowledge.", a.By, a.On))
	}
	return lines
}
