package retention_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
	"github.com/baakit/baakit/retention/retentiontest"
)

func FuzzParseRule(f *testing.F) {
	for _, table := range []retention.Table{retention.States(), retention.Federal()} {
		for _, row := range table.Rows {
			f.Add(row.Rule.String())
		}
	}
	for _, s := range []string{"", "7 years", "longest of (", "until age 0", "until age 131", "0 years after x", "capped (permanent at permanent at permanent)", "3 months after majority", "07 years after x", strings.Repeat("longest of (", 30), "first that applies (otherwise: permanent; otherwise: permanent)", "7 years after birth"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rule, err := retention.ParseRule(s)
		if err != nil {
			if !errors.Is(err, retention.ErrRule) || !rule.IsZero() {
				t.Fatalf("%v, %v", rule, err)
			}
			return
		}
		again, err := retention.ParseRule(rule.String())
		if err != nil || again.String() != rule.String() || rule.Validate() != nil {
			t.Fatalf("%q reads as %q, %v", rule, again, err)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("id,birth,last_service,fact.approved\na,2000-01-01,2019-11-22,true\nb,\"20\"\"00\",not_yet,\n"))
	f.Add([]byte("\xef\xbb\xbfid,jurisdiction,clearance.x\r\nq,TX;NE,2020-01-01\r\n\"q,,\r\n"))
	s, err := retention.NewSchedule([]retention.Policy{{ID: "own", Rule: retention.MustParseRule("longest of (7 years after last_service, until age 21)")}})
	if err != nil {
		f.Fatal(err)
	}
	on := baakit.MustParseDate("2026-11-22")
	f.Fuzz(func(t *testing.T, data []byte) {
		seen, malformed, last := 0, 0, int64(0)
		for d, err := range retention.Plan(retention.CSV(bytes.NewReader(data), nil), s, nil, on, baakit.Date{}, &retention.PlanOptions{Workers: 1}) {
			if err == nil {
				if seen++; d.Record.Validate() != nil || d.Outcome == "" {
					t.Fatalf("an invalid record: %+v", d.Record)
				}
				continue
			}
			row, ok := errors.AsType[*retention.RowError](err)
			if !ok || row.Line <= last {
				t.Fatal(err)
			}
			malformed, last = malformed+1, row.Line
		}
		// Nothing is dropped silently: every line that is not empty is seen.
		lines := 0
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))) > 0 {
				lines++
			}
		}
		if last != 1 && seen+malformed != max(lines-1, 0) {
			t.Fatalf("%d records, %d malformed of %d lines", seen, malformed, lines)
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"id":"a","birth":"2000","events":{"death":"not_yet","exam":"2020-01-01..2020-02-01"},"facts":{"x":true},"jurisdictions":["TX"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := retention.ParseRecord(data)
		if err != nil {
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := retention.ParseRecord(out)
		if err != nil || mustJSON(t, again) != string(out) {
			t.Fatalf("%s: %v", out, err)
		}
	})
}

func FuzzParseEvents(f *testing.F) {
	s := ended(f, retention.ElectDestroy)
	f.Add([]byte(mustJSON(f, s.events)))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := retention.ParseEvents(data)
		if err != nil {
			return
		}
		d := retention.Disposition{Agreement: "A", Due: baakit.MustParsePeriod("30 days")}
		end := at("9000-01-01")
		d.StateAt(events, end, end)
		out, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := retention.ParseEvents(out); err != nil || mustJSON(t, again) != string(out) {
			t.Fatalf("%s: %v", out, err)
		}
	})
}

func FuzzParseDocuments(f *testing.F) {
	for _, name := range []string{"states", "federal"} {
		data, err := os.ReadFile(filepath.Join("law", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"baakit.retention.schedule/1","policies":[{"id":"a","rule":"permanent"}]}`))
	f.Add([]byte(`[{"matter":"M","scope":{"all":true},"placed":"2020-01-01","until":"1 year after creation"}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if table, err := retention.ParseTable(data); err == nil {
			if _, err := retention.ParseTable([]byte(mustJSON(t, table))); err != nil {
				t.Fatal(err)
			}
		}
		if s, err := retention.ParseSchedule(data); err == nil {
			if again, err := retention.ParseSchedule([]byte(mustJSON(t, s))); err != nil || again.Hash() != s.Hash() {
				t.Fatal(err)
			}
		}
		if list, err := retention.ParseHolds(data); err == nil {
			if _, err := retention.NewHolds(list...); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := retention.ParseCertificate(data); err == nil {
			if _, err := retention.ParseCertificate([]byte(mustJSON(t, c))); err != nil {
				t.Fatal(err)
			}
		}
		if x, err := retention.ParseExplanation(data); err == nil {
			if _, err := retention.ParseExplanation([]byte(mustJSON(t, x))); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A decision allocates nothing, held, blocked or indeterminate.
func TestEvaluateAllocates(t *testing.T) {
	s, r, on := tenRules(t), benchRecord(), baakit.MustParseDate("2026-11-22")
	h := holds(t, retention.Hold{Matter: "M", Scope: retention.Scope{All: true}, Placed: on})
	unknown := benchRecord()
	unknown.Birth = retention.Unknown()
	for name, f := range map[string]func(){
		"known":   func() { retention.Evaluate(&r, s, nil, on, baakit.Date{}) },
		"held":    func() { retention.Evaluate(&r, s, h, on, baakit.Date{}) },
		"unknown": func() { retention.Evaluate(&unknown, s, nil, on, baakit.Date{}) },
	} {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestEvaluateRefuses(t *testing.T) {
	t.Parallel()
	r, on := benchRecord(), baakit.MustParseDate("2026-11-22")
	for path, err := range map[string]error{
		"record.id": second(retention.Evaluate(&retention.Record{}, tenRules(t), nil, on, on)), "schedule": second(retention.Evaluate(&r, nil, nil, on, on)),
		"on": second(retention.Evaluate(&r, tenRules(t), nil, baakit.Date{}, on)),
	} {
		if fields, ok := errors.AsType[baakit.FieldErrors](err); !ok || fields[0].Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	// The zero schedule classifies nothing.
	if d, err := retention.Evaluate(&r, &retention.Schedule{}, nil, on, on); err != nil || d.Outcome != retention.Unclassified || d.Disposable() {
		t.Errorf("%s, %v", d.Outcome, err)
	}
}

func second(_ retention.Decision, err error) error { return err }

// Each generator draws what makes it worth having.
func TestGenerators(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for i := range 600 {
		d := retentiontest.Date().Example(i)
		seen["leap day"] = seen["leap day"] || d.Month() == 2 && d.Day() == 29
		seen["year end"] = seen["year end"] || d.YearDay() >= 365
		w := retentiontest.When().Example(i)
		seen[w.String()] = true
		seen["year"] = seen["year"] || len(w.String()) == 4
		seen["month"] = seen["month"] || len(w.String()) == 7 && w != retention.NotYet() && w != retention.Unknown()
		rule := retentiontest.Rule().Example(i).String()
		for _, word := range []string{"longest of", "earliest of", "capped", "first that applies", "permanent", "no period", "unstated", "after majority", "until age", "minor at", "has happened", "months after", "days after"} {
			seen[word] = seen[word] || strings.Contains(rule, word)
		}
		h := retentiontest.Hold().Example(i)
		seen["open hold"] = seen["open hold"] || h.Lifted.IsZero()
		seen["grace"] = seen["grace"] || !h.ReleaseGrace.IsZero()
	}
	for _, want := range []string{"leap day", "year end", "not_yet", "unknown", "year", "month", "longest of", "earliest of", "capped", "first that applies", "permanent", "no period", "unstated", "after majority", "until age", "minor at", "has happened", "months after", "days after", "open hold", "grace"} {
		if !seen[want] {
			t.Errorf("no generator draws %s", want)
		}
	}
}
