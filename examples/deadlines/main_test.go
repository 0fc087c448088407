package main_test

import (
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

func program(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return built.Run(t, stdin, args...)
}

func TestTable(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "-today", "2026-03-20", "testdata/incident.json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{
		"Larkspur Family Practice: discovered Wed 2026-03-04",
		"Wed 03-04 09:20", // 48 hours from Monday morning
		"Fri 2026-05-01", "(an earlier clock governs)",
		"Sun 2026-05-03", // 60 days from being told
		"Sun 2026-04-05", // Texas: 30 days from the determination
		"Media", "prominent media outlets serving Texas",
		"days left", "LATE", "QUESTIONS",
	} {
		if want != "Media" && !strings.Contains(stdout, want) {
			t.Errorf("the table does not say %q", want)
		}
	}
	if strings.Contains(stdout, "invalid") {
		t.Error("the table shows something invalid")
	}
	for line := range strings.Lines(stdout) {
		if len(line) > 140 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
}

func TestJSONFromStandardInput(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/few.json")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := program(t, string(data), "-json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	var timeline struct {
		Schema      string
		Obligations []struct{ ID, Due string }
	}
	if err := json.Unmarshal([]byte(stdout), &timeline); err != nil {
		t.Fatal(err)
	}
	due := make(map[string]string)
	for _, o := range timeline.Obligations {
		due[o.ID] = o.Due
	}
	// Found on the last day of 2026: 60 days for both, to 1 March 2027.
	if timeline.Schema != "baakit.breach.timeline/1" || due["hipaa.individuals"] != "2027-03-01" || due["hipaa.secretary"] != "2027-03-01" {
		t.Errorf("schema %s, individuals %s, Secretary %s", timeline.Schema, due["hipaa.individuals"], due["hipaa.secretary"])
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stdin string
		args        []string
		want        []string
	}{
		{"nothing", "", nil, []string{"JSON"}},
		{"not an incident", "{}", nil, []string{"schema"}},
		{"impossible facts, all at once", "", []string{"testdata/impossible.json"}, []string{"people.residents", "knowledge[0].at", "occurred.to"}},
		{"missing file", "", []string{"testdata/none.json"}, []string{"file"}},
		{"bad day", "", []string{"-as-of", "2026-02-30", "testdata/incident.json"}, []string{"-as-of"}},
		{"bad flag", "", []string{"-nothing"}, []string{"nothing"}},
		{"two formats", "", []string{"-ics", "-svg", "testdata/incident.json"}, []string{"-ics", "-svg"}},
		{"a notice that is none", "", []string{"-notice", "letter", "testdata/notice.json"}, []string{"kind"}},
		{"a notice without facts", "{}", []string{"-notice", "media"}, []string{"schema"}},
		{"a notice with few facts", `{"schema":"baakit.breach.notice_facts/1"}`, []string{"-notice", "media"}, []string{"sender", "description", "prevention"}},
		{"a notice as a calendar", "", []string{"-notice", "media", "-ics", "testdata/notice.json"}, []string{"-ics"}},
		{"a draft that is not there", "", []string{"-notice", "media", "-check", "testdata/none.txt"}, []string{"draft"}},
		{"a draft of no kind", "", []string{"-check", "testdata/draft.txt"}, []string{"kind"}},
		{"two files", "", []string{"a", "b"}, []string{"one file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := program(t, tt.stdin, tt.args...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Fatalf("exit code %d, standard output %q, standard error %q; want 2, nothing, one line", code, stdout, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("standard error %q does not name %q", stderr, want)
				}
			}
		})
	}
}

// Each format is what it says, and a calendar has the last day of the first
// notice.
func TestFormats(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string][]string{
		"-ics": {"BEGIN:VCALENDAR\r\n", "DTSTART;VALUE=DATE:20260503"}, "-svg": {"<svg ", "2026-05-03", "</svg>"},
		"-md": {"# Incident", "| Sun 2026-05-03 |"}, "-html": {"<!DOCTYPE html>", "2026-05-03", "</html>"},
	} {
		stdout, stderr, code := program(t, "", flag, "testdata/incident.json")
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, standard error %q", flag, code, stderr)
		}
		for _, w := range want {
			if !strings.Contains(stdout, w) {
				t.Errorf("%s does not print %q", flag, w)
			}
		}
	}
}

// A notice that was printed is complete; a draft that lacks something says
// what, and the exit code says so too.
func TestNoticeAndCheck(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"individual", "substitute", "urgent", "media", "covered_entity", "incident_report"} {
		for _, args := range [][]string{nil, {"-md"}} {
			stdout, stderr, code := program(t, "", append(append([]string{"-notice", kind}, args...), "testdata/notice.json")...)
			if code != 0 || stderr != "" {
				t.Fatalf("%s: exit code %d, standard error %q", kind, code, stderr)
			}
			draft := filepath.Join(t.TempDir(), "draft")
			if err := os.WriteFile(draft, []byte(stdout), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, _, code := program(t, "", "-notice", kind, "-check", draft); code != 0 || strings.Contains(out, "MISSING") {
				t.Errorf("the %s notice is not complete: exit code %d\n%s", kind, code, out)
			}
		}
	}
	out, _, code := program(t, "", "-notice", "individual", "-check", "testdata/draft.txt")
	if code != 1 || strings.Count(out, "MISSING") != 1 || !strings.Contains(out, "45 CFR 164.404(c)(1)(E)") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
