package baa

import (
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
)

// CSV returns the report as RFC 4180 with a header, one row of each
// relationship and of each agreement; lists are separated by "; ". A cell
// that a spreadsheet would take for a formula begins with an apostrophe.
func (r RegisterReport) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	write := func(cells ...string) {
		for i, c := range cells {
			cells[i] = harmless(c)
		}
		_ = w.Write(cells) // a strings.Builder does not fail
	}
	write("row", "id", "counterparty", "need", "agreements", "covered", "status", "in_force", "phi", "version", "label", "services", "regions",
		"missing_services", "missing_regions", "ends", "last_in_effect", "keep_through", "findings", "worst")
	for _, row := range r.Relationships {
		ids, worst := findingIDs(row.Findings)
		write("relationship", row.ID, row.Counterparty, string(row.Need), join(row.Agreements), strconv.FormatBool(row.Covered), "", "", "", "", "", "", "",
			join(row.MissingServices), join(row.MissingRegions), "", "", "", ids, worst)
	}
	for _, row := range r.Agreements {
		ids, worst := findingIDs(row.Findings)
		write("agreement", row.ID, row.Counterparty, "", "", "", string(row.Status), strconv.FormatBool(row.InForce), strconv.FormatBool(row.PHI),
			row.Version, row.Label, join(row.Services), join(row.Regions), "", "", day(row.Ends), day(row.LastInEffect), day(row.KeepThrough), ids, worst)
	}
	w.Flush()
	return b.String()
}

func join(list []string) string { return strings.Join(list, "; ") }

func day(d baakit.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// findingIDs returns the ids, each once, and the worst severity.
func findingIDs(findings []LifeFinding) (ids, worst string) {
	var list []string
	seen := make(map[string]bool)
	rank := map[string]int{"": 0, "info": 1, "advice": 2, "warning": 3, "error": 4}
	for _, f := range findings {
		if !seen[f.ID] {
			list = append(list, f.ID)
		}
		seen[f.ID] = true
		if rank[f.Severity] > rank[worst] {
			worst = f.Severity
		}
	}
	return join(list), worst
}

func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
