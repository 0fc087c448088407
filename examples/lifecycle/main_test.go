package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/baakit/baakit/internal/exampletest"
)

// built is the program as a user would run it.
var built exampletest.Program

func TestMain(m *testing.M) {
	os.Exit(built.Main(m))
}

func program(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return built.Run(t, "", args...)
}

func TestStory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	stdout, stderr, code := program(t, "-dir", dir)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{dir, "ACT 1", "Larkspur Family Practice", "Fri 2027-01-01 (*)"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the story does not say %q", want)
		}
	}
}

// A second telling on the same folder goes on from the log: it says the same
// and adds nothing. A folder of another case is refused.
func TestSecondTelling(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	first, stderr, code := program(t, "-dir", dir)
	if code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	before := logBytes(t, dir)
	second, stderr, code := program(t, "-dir", dir)
	if code != 0 || second != first || logBytes(t, dir) != before {
		t.Errorf("the second telling: exit code %d, standard error %q; it must say and log the same", code, stderr)
	}
	other := filepath.Join(t.TempDir(), "case.json")
	good, err := os.ReadFile("case.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte(strings.Replace(string(good), "2026-09-15", "2026-09-16", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := program(t, "-case", other, "-dir", dir); code != 1 || !strings.Contains(stderr, "another case") || logBytes(t, dir) != before {
		t.Errorf("another case on the folder: exit code %d, standard error %q", code, stderr)
	}
}

func logBytes(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "log", "*.jsonl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no log in %s: %v", dir, err)
	}
	var all strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(string(data))
	}
	return all.String()
}

func TestJSON(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "-json", "-dir", t.TempDir())
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	var story struct {
		Schema string
		Acts   []struct {
			Act   string
			Facts map[string]any
		}
	}
	if err := json.Unmarshal([]byte(stdout), &story); err != nil {
		t.Fatal(err)
	}
	if story.Schema != "baakit.lifecycle/1" || len(story.Acts) == 0 || story.Acts[0].Act != "opening" {
		t.Fatalf("the story begins with %q", stdout[:min(len(stdout), 200)])
	}
	facts := story.Acts[0].Facts
	// 60 days from Monday 2 November 2026: 28 days to the end of November,
	// 31 of December, 1 of January.
	if got := facts["breach_report_ends_2"]; got != "2027-01-01" {
		t.Errorf("breach_report_ends_2 = %v, want 2027-01-01", got)
	}
	if got := facts["documents_kept"]; got != "6 years" {
		t.Errorf("documents_kept = %v, want 6 years", got)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("case.json")
	if err != nil {
		t.Fatal(err)
	}
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(string(good)) }
	tests := []struct {
		name, content string
		want          []string
	}{
		{"empty", "", []string{"must be JSON"}},
		{"malformed", "{", []string{"must be JSON"}},
		{"nothing in it", "{}", []string{"schema", "zone", "today", "vendor.name", "customer.home", "terms.cure", "dates.offered"}},
		{"wrong values", edit(`"60 days"`, `"two months"`, `"2026-09-15"`, `"2026-02-30"`, `"IL"`, `"XX"`), []string{"today", "vendor.home", "terms.breach_report"}},
		{"wrong order", edit(`"2026-10-01"`, `"2026-09-01"`), []string{"dates.effective: must not be before offered"}},
		{"wrong role", edit(`"covered entity"`, `"business associate"`), []string{"customer.role"}},
		{"no zone", edit("America/Chicago", "Chicago"), []string{"zone"}},
		{"unknown field", edit(`"today"`, `"extra": 1, "today"`), []string{"extra"}},
		{"unknown act", edit(`"closures"`, `"acts": {"intermission": {}}, "closures"`), []string{"acts"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			name := filepath.Join(dir, "case.json")
			if err := os.WriteFile(name, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			kept := filepath.Join(dir, "kept")
			stdout, stderr, code := program(t, "-case", name, "-dir", kept)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Fatalf("exit code %d, standard output %q, standard error %q; want 2, nothing, one line", code, stdout, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("standard error %q does not name %q", stderr, want)
				}
			}
			if _, err := os.Stat(kept); err == nil {
				t.Error("the folder was made although the case is wrong")
			}
		})
	}
	t.Run("missing file", func(t *testing.T) {
		t.Parallel()
		stdout, stderr, code := program(t, "-case", filepath.Join(t.TempDir(), "none.json"))
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Fatalf("exit code %d, standard output %q, standard error %q; want 2, nothing, one line", code, stdout, stderr)
		}
	})
	t.Run("stray argument", func(t *testing.T) {
		t.Parallel()
		if _, stderr, code := program(t, "case.json"); code != 2 || strings.Count(stderr, "\n") != 1 {
			t.Fatalf("exit code %d, standard error %q; want 2, one line", code, stderr)
		}
	})
}

// A second term in hours ends at an instant, in the zone of the case.
func TestHoursClock(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("case.json")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "case.json")
	if err := os.WriteFile(name, bytes.Replace(good, []byte(`"60 days"`), []byte(`"72 hours"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := program(t, "-case", name, "-dir", t.TempDir())
	if code != 0 || !strings.Contains(stdout, "Sun 2026-10-04 09:00") {
		t.Fatalf("exit code %d, standard error %q, story:\n%s", code, stderr, stdout)
	}
}

// The dates of the subprocessors' act, counted by hand: 30 days from 1
// December 2026 are open through 31 December; 10 business days from 31
// December, without New Year's Day, through Friday 15 January; from 5 March
// 2027, 30 days through 4 April.
func TestSubprocessorsAct(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "-json", "-dir", t.TempDir())
	if code != 0 {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{`"effective": "2027-01-01"`, `"told_again": "2026-12-31"`, `"effective_for_all": "2027-01-16"`, `"ratified": "2027-04-05"`} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the facts lack %s", want)
		}
	}
}

// The counts by hand: told on 4 January 2027, 60 days end on 5 March; an oral
// statement of 10 February holds through 12 March; with fewer than 500 people
// the Secretary waits for the year of that discovery to end, to the leap day.
func TestIncidentDates(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "-json", "-dir", t.TempDir())
	if code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{
		`"report_to_customer": "2027-02-27"`, `"individuals": "2027-03-05"`, `"secretary": "2028-02-29"`,
		`"delayed_individuals": "2027-03-12"`, `"delayed_secretary": "2028-02-29"`, `"grown_secretary": "2027-03-12"`,
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the facts do not say %s", want)
		}
	}
}

// The calendar of the incident replaces the first one, event by event, and the
// picture and the page have the last days.
func TestIncidentFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	if _, stderr, code := program(t, "-dir", dir); code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	for name, wants := range map[string][]string{
		"incident-first.ics": {"SEQUENCE:0\r\n", "DTSTART;VALUE=DATE:20270305"},
		"incident.ics":       {"SEQUENCE:1\r\n", "DTSTART;VALUE=DATE:20270312"},
		"incident.svg":       {"<svg ", "Fri 2027-03-12"},
		"incident.html":      {"<!DOCTYPE html>", "Fri 2027-03-12"},
		"report.html":        {"<svg ", "Fri 2027-03-12"},
	} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(data), want) {
				t.Errorf("%s does not have %q", name, want)
			}
		}
	}
}
