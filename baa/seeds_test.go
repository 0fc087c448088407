package baa_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/baakit/baakit/baa"
)

// Every section of the vendor agreement and every requirement for a backup
// vendor that this package was conceived from is covered by a typed clause,
// whose sentences say it.
func TestEverySectionIsCovered(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/seeds.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Document, Section, Asks string
		Clauses                 []baa.ClauseKind
		Says                    []string
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	d := complete()
	end := d.Clauses.Find("termination").(baa.Termination)
	end.ReportToSecretary = true
	d = d.With(end)
	seen := map[string]int{}
	for _, row := range rows {
		seen[row.Document]++
		only := d
		only.Clauses = nil
		for _, kind := range row.Clauses {
			c := d.Clauses.Find(baa.ClauseID(kind))
			if c == nil || c.Kind() != kind {
				t.Errorf("%s, %s: no typed clause %s", row.Document, row.Section, kind)
				continue
			}
			only.Clauses = append(only.Clauses, c)
		}
		text := sealed(t, only).Text()
		_, text, _ = strings.Cut(text, "\n1. ")
		for _, want := range row.Says {
			if !strings.Contains(text, want) {
				t.Errorf("%s, %s: no sentence says %q", row.Document, row.Section, want)
			}
		}
	}
	if seen["vendor agreement"] != 16 || seen["backup vendor requirements"] != 12 {
		t.Errorf("sections: %v", seen)
	}
}
