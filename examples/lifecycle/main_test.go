package main_test

import (
	"encoding/json"
	"io/fs"
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

// told tells the built-in story in a fresh folder, with the facts as JSON.
func told(t *testing.T, args ...string) (dir, facts string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "kept")
	stdout, stderr, code := program(t, append([]string{"-json", "-dir", dir}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	return dir, stdout
}

func TestStory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a [kept] story")
	stdout, stderr, code := program(t, "-dir", dir)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	for _, want := range []string{dir, "ACT 1 ", "ACT 10 ", "Larkspur Family Practice", "Fri 2027-01-01 (*)", filepath.Join(dir, "report.html")} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the story does not say %q", want)
		}
	}
}

// folder returns every file below a folder with its content.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFolders(t *testing.T, before, after map[string]string) {
	t.Helper()
	for name := range after {
		if _, ok := before[name]; !ok {
			t.Errorf("%s came to be", name)
		}
	}
	for name, data := range before {
		if after[name] != data {
			t.Errorf("%s is not what it was", name)
		}
	}
}

// A second telling on the same folder goes on from the log: it says the same,
// and no byte of any file changes. A folder of another case is refused, as is
// one whose keys are gone, and both stay as they are.
func TestSecondTelling(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	first, stderr, code := program(t, "-dir", dir)
	if code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	before := folder(t, dir)
	second, stderr, code := program(t, "-dir", dir)
	if code != 0 || second != first {
		t.Errorf("the second telling: exit code %d, standard error %q; it must say the same", code, stderr)
	}
	sameFolders(t, before, folder(t, dir))

	for _, file := range []string{"case.json", "agreement.json", "incident.json"} {
		other := edited(t, file, `"2026-09-15"`, `"2026-09-16"`, `"need_to_know": true`, `"need_to_know": false`, `"TX": 10`, `"TX": 11`)
		if _, stderr, code := program(t, "-case", other, "-dir", dir); code != 2 || !strings.Contains(stderr, "another "+file) {
			t.Errorf("another %s on the folder: exit code %d, standard error %q", file, code, stderr)
		}
	}
	sameFolders(t, before, folder(t, dir))
	if err := os.Rename(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := program(t, "-dir", dir); code != 2 || !strings.Contains(stderr, "keys") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("without keys: exit code %d, standard error %q", code, stderr)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	_, stdout := told(t)
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
	facts := make(map[string]any)
	for _, a := range story.Acts {
		for k, v := range a.Facts {
			facts[a.Act+"."+k] = v
		}
	}
	if story.Schema != "baakit.lifecycle/1" {
		t.Errorf("schema %q", story.Schema)
	}
	for key, want := range map[string]any{
		"opening.need":           "required",
		"opening.documents_kept": "6 years",
		// 60 days from Monday 2 November 2026: 28 to the end of November, 31
		// of December, 1 of January.
		"opening.breach_report_ends_2": "2027-01-01",
		"acceptance.status":            "active",
		"access.accesses":              6.0,
		"access.refused":               1.0,
		"access.break_glass":           1.0,
		"access.review_findings":       1.0,
		"access.redacted":              "t/customer, entry 4",
		"access.checkpoint_holds":      true,
		"access.accounting_lines":      1.0,
		"deidentifying.records":        3.0,
		"deidentifying.records_failed": 0.0,
		// 30 days from 1 December 2026 are open through 31 December; 10
		// business days from 31 December, without New Year's Day, through
		// Friday 15 January; from 5 March 2027, 30 days through 4 April.
		"subprocessors.effective":         "2027-01-01",
		"subprocessors.told_again":        "2026-12-31",
		"subprocessors.effective_for_all": "2027-01-16",
		"subprocessors.ratified":          "2027-04-05",
		// Told on 4 January 2027, 60 days end on 5 March; an oral statement
		// of 10 February holds through 12 March; with fewer than 500 people
		// the Secretary waits for the year of that discovery to end, to the
		// leap day.
		"incident.report_to_customer":  "2027-02-27",
		"incident.individuals":         "2027-03-05",
		"incident.secretary":           "2028-02-29",
		"incident.delayed_individuals": "2027-03-12",
		"incident.delayed_secretary":   "2028-02-29",
		"incident.grown_secretary":     "2027-03-12",
		"incident.outcome":             "breach",
		"incident.late":                0.0,
		// 30 days from 31 December end on 30 January.
		"ending.noticed":           "2026-12-31",
		"ending.cured":             "2027-01-15",
		"ending.status":            "wind_down",
		"ending.return_through":    "2027-10-30",
		"retention.due":            "2027-10-30",
		"retention.attested_late":  true,
		"retention.last_in_effect": "2027-11-24",
		"proof.chains":             14.0,
		"proof.states_rebuilt":     13.0,
		"proof.caught":             6.0,
		"proof.altered":            "altered: t/customer, entry 3",
		"proof.removed":            "missing: t/customer, entry 3",
		"proof.old_copy":           "rolled back: system, entry 1",
	} {
		if facts[key] != want {
			t.Errorf("%s = %v, want %v", key, facts[key], want)
		}
	}
}

// The calendar of the incident replaces the first one, event by event, and the
// picture, the page and the report have the last days.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir, _ := told(t)
	for name, wants := range map[string][]string{
		"incident-first.ics":        {"SEQUENCE:0\r\n", "DTSTART;VALUE=DATE:20270305"},
		"incident.ics":              {"SEQUENCE:1\r\n", "DTSTART;VALUE=DATE:20270312"},
		"incident.svg":              {"<svg ", "Fri 2027-03-12"},
		"incident.html":             {"<!DOCTYPE html>", "Fri 2027-03-12"},
		"report.html":               {"<svg ", "Fri 2027-03-12", "What is due, and when", "What was proven", "45 CFR 164.528"},
		"certificate-final.html":    {"<!DOCTYPE html>"},
		"certificate-interim.html":  {"<!DOCTYPE html>"},
		"agreement.md":              {"Business Associate"},
		"deidentified.fhir.json":    {`"resourceType": "Bundle"`, "ANONYED"},
		"handed-over/accounting.md": {"County Health Department"},
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
	report := folder(t, dir)["report.html"]
	for _, outside := range []string{"src=", "http:", "@import", "<script", "ZgotmplZ"} {
		if strings.Contains(strings.ReplaceAll(report, `xmlns="http:`, ""), outside) {
			t.Errorf("the report has %q", outside)
		}
	}
}

// What is exported, the report, the log and the mail hold no identifier of the
// three patients in clear; only what is handed over about one of them does.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	stdout, stderr, code := program(t, "-dir", dir)
	if code != 0 {
		t.Fatal(stderr)
	}
	files := folder(t, dir)
	files["standard output"] = stdout
	// What is short may occur by chance in what is encrypted.
	long := []string{"LK-1004", "Pennywhistle", "Thistledown", "Marblewick", "12 Fennel", "7 Larch", "3 Quince", "Des Moines", "000-12-44", "515-555-0117", "2026-09-02T", "unconscious and nobody"}
	short := []string{"Orla", "Cosmo", "Juno", "1934", "07-14", "000-12", "555-0", "Acworth", "50309", "03601", "20301", "Delia"}
	for name, data := range files {
		if strings.HasPrefix(name, "handed-over/") {
			continue
		}
		for _, id := range long {
			if strings.Contains(data, id) {
				t.Errorf("%q is in %s", id, name)
			}
		}
	}
	for _, name := range []string{"deidentified.json", "deidentified.fhir.json", "standard output"} {
		for _, id := range short {
			if strings.Contains(files[name], id) {
				t.Errorf("%q is in %s", id, name)
			}
		}
	}
	if _, err := os.ReadDir(filepath.Join(dir, "custody")); err != nil || len(files) < 20 {
		t.Error("the files of the story are not there")
	}
	if export := files["handed-over/export.ndjson"]; strings.Count(export, "\n") != 5 || !strings.Contains(export, "Pennywhistle") {
		t.Errorf("the export that the customer took is %q", export)
	}
	var records []struct {
		MRN    string
		Visits []struct{ On, Code string }
	}
	exported := files["deidentified.json"]
	if err := json.Unmarshal([]byte(exported), &records); err != nil || len(records) != 3 || len(records[1].Visits) != 2 || records[1].Visits[0].On != "2026" || len(records[0].MRN) != 26 {
		t.Fatalf("the export does not have the records: %v\n%s", err, exported)
	}
}
