package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// edited copies the built-in case and edits one of its files, by replacing or,
// with a single text, as a whole. It returns the name of the case.
func edited(t *testing.T, file string, edits ...string) string {
	t.Helper()
	dir := t.TempDir()
	names, err := filepath.Glob("case/*")
	if err != nil || len(names) == 0 {
		t.Fatal("no case", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(name) == file {
			if len(edits) == 1 {
				data = []byte(edits[0])
			} else {
				before := string(data)
				if data = []byte(strings.NewReplacer(edits...).Replace(before)); string(data) == before {
					t.Fatalf("%s does not have %q", file, edits)
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "case.json")
}

// refused checks that a wrong case gives one line with everything in it, exit
// code 2, and nothing else.
func refused(t *testing.T, wants []string, args ...string) {
	t.Helper()
	kept := filepath.Join(t.TempDir(), "kept")
	stdout, stderr, code := program(t, append(args, "-dir", kept)...)
	if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Fatalf("exit code %d, standard output %q, standard error %q; want 2, nothing, one line", code, stdout, stderr)
	}
	for _, want := range wants {
		if !strings.Contains(stderr, want) {
			t.Errorf("standard error %q does not name %q", stderr, want)
		}
	}
	if _, err := os.Stat(kept); err == nil {
		t.Error("the folder was made although the case is wrong")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		edits      []string
		wants      []string
	}{
		{"empty case", "case.json", []string{""}, []string{"case.json: must be JSON"}},
		{"malformed case", "case.json", []string{"{"}, []string{"case.json: must be JSON"}},
		{"nothing in the case", "case.json", []string{"{}"}, []string{"schema", "zone", "today", "offered", "terminated", "documents_kept"}},
		{"wrong values", "case.json", []string{`"6 years"`, `"six years"`, `"2026-09-15"`, `"2026-02-30"`}, []string{"today", "documents_kept"}},
		{"no zone", "case.json", []string{"America/Chicago", "Chicago"}, []string{"case.json: zone"}},
		{"unknown field", "case.json", []string{`"today"`, `"extra": 1, "today"`}, []string{"extra"}},
		{"unknown act", "case.json", []string{`"opening": {`, `"intermission": {}, "opening": {`}, []string{"case.json: acts"}},
		{"no such answer", "case.json", []string{`"service_provider"`, `"friend"`}, []string{"case.json: acts.opening.capacity"}},
		{"no agreement needed", "case.json", []string{`"information": "phi"`, `"information": "deidentified"`}, []string{"no business associate agreement is needed"}},
		{"days out of order", "case.json", []string{`"2027-10-20"`, `"2027-10-01"`}, []string{"case.json: acts.retention.erased"}},
		{"the end before the beginning", "case.json", []string{`"terminated": "2027-09-30"`, `"terminated": "2026-09-30"`}, []string{"agreement.json: effective", "case.json"}},

		{"empty agreement", "agreement.json", []string{""}, []string{"agreement.json: must be JSON"}},
		{"malformed period", "agreement.json", []string{`"60 days"`, `"two months"`}, []string{"agreement.json: clauses", "breach_within"}},
		{"no home", "agreement.json", []string{`"home": "IA",`, ``}, []string{"agreement.json: parties.covered_entity.home"}},
		{"no cure", "agreement.json", []string{`"cure": "30 days",`, ``}, []string{"agreement.json: clauses.termination.cure"}},
		{"no effective day", "agreement.json", []string{`"effective": "2026-10-01",`, ``}, []string{"agreement.json: effective"}},
		{"effective before the offer", "agreement.json", []string{`"2026-10-01"`, `"2026-09-01"`}, []string{"agreement.json: effective", "offer"}},
		{"a required element is missing", "agreement.json", []string{`"security_rule": true`, `"security_rule": false`}, []string{"agreement.json: clauses"}},

		{"empty records", "records.json", []string{""}, []string{"records.json: must be JSON"}},
		{"too few records", "records.json", []string{"[]"}, []string{"records.json: must have at least three"}},
		{"a record without number", "records.json", []string{`"mrn": "LK-100422"`, `"number": "LK-100422"`}, []string{"records.json: [1].mrn"}},
		{"a number twice", "records.json", []string{`"LK-100422"`, `"LK-100417"`}, []string{"records.json: [1].mrn"}},

		{"empty bundle", "records.fhir.json", []string{""}, []string{"records.fhir.json: "}},
		{"a bundle of no resources", "records.fhir.json", []string{`{"resourceType": 7}`}, []string{"records.fhir.json: "}},

		{"empty registry", "registry.json", []string{""}, []string{"registry.json: must be JSON"}},
		{"nothing in the registry", "registry.json", []string{"{}"}, []string{"registry.json: schema", "engaged", "bounces"}},
		{"no such engagement", "registry.json", []string{`"replaced_by": "harbor-backup"`, `"replaced_by": "harbour-backup"`}, []string{"registry.json: replaced_by"}},
		{"a contract with nobody", "registry.json", []string{`"downstream": "harbor"`, `"downstream": "harbour"`}, []string{"registry.json:"}},
		{"a window of no period", "registry.json", []string{`"10 business days"`, `"ten days"`}, []string{"registry.json: contracts[3].notice.window"}},

		{"a window that never begins", "registry.json", []string{`"window": "30 days", "start": "sent"`, `"window": "30 days", "start": "received"`}, []string{"registry.json: the story cannot be told", "quay"}},

		{"empty incident", "incident.json", []string{""}, []string{"incident.json: must be JSON"}},
		{"nothing in the incident", "incident.json", []string{"{}"}, []string{"incident.json: schema", "residents", "discovered", "told", "oral_statement", "notices_planned"}},
		{"no such State", "incident.json", []string{`"TX": 10`, `"XX": 10`}, []string{"incident.json: residents"}},
		{"told before discovered", "incident.json", []string{`"2027-01-04T09:15:00-06:00"`, `"2026-12-01T09:15:00-06:00"`}, []string{"incident.json:"}},
		{"the notices in the delay", "incident.json", []string{`"notices_given": "2027-03-12"`, `"notices_given": "2027-02-12"`}, []string{"incident.json: notices_given"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused(t, tt.wants, "-case", edited(t, tt.file, tt.edits...))
		})
	}
	t.Run("missing files", func(t *testing.T) {
		t.Parallel()
		for _, file := range []string{"case.json", "agreement.json", "records.json", "records.fhir.json", "registry.json", "incident.json"} {
			name := edited(t, file, "{}")
			if err := os.Remove(filepath.Join(filepath.Dir(name), file)); err != nil {
				t.Fatal(err)
			}
			refused(t, []string{file, "no such file"}, "-case", name)
		}
	})
	t.Run("command line", func(t *testing.T) {
		t.Parallel()
		refused(t, nil, "case.json")
		refused(t, nil, "-acts", "3")
		refused(t, nil, "-init", t.TempDir())
		refused(t, []string{"-smtp"}, "-smtp", "mail.example")
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := program(t, "-dir", file); code != 2 || strings.Count(stderr, "\n") != 1 {
			t.Errorf("-dir of a file: exit code %d, %q", code, stderr)
		}
	})
}

// Problems of several files and fields come in one line.
func TestProblemsTogether(t *testing.T) {
	t.Parallel()
	name := edited(t, "registry.json", "{}")
	if err := os.WriteFile(filepath.Join(filepath.Dir(name), "incident.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, []string{"registry.json: ", "engaged", "incident.json: ", "told"}, "-case", name)
}

// -init writes a case that tells the built-in story, and nothing over what is
// there.
func TestInit(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mine")
	stdout, stderr, code := program(t, "-init", dir)
	if code != 0 || !strings.Contains(stdout, "agreement.json") {
		t.Fatalf("exit code %d, %q", code, stderr)
	}
	_, builtIn := told(t)
	_, mine := told(t, "-case", filepath.Join(dir, "case.json"))
	if strings.Count(mine, "\n") != strings.Count(builtIn, "\n") {
		t.Error("the case that was written out tells another story")
	}
	if err := os.WriteFile(filepath.Join(dir, "case.json"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "records.json")); err != nil {
		t.Fatal(err)
	}
	before := folder(t, dir)
	if _, stderr, code := program(t, "-init", dir); code != 2 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("over my files: exit code %d, %q", code, stderr)
	}
	sameFolders(t, before, folder(t, dir))
}

// A user's own numbers carry through the whole story.
func TestOtherCases(t *testing.T) {
	t.Parallel()
	t.Run("a clock in hours", func(t *testing.T) {
		t.Parallel()
		// It ends at an instant, in the zone of the case.
		stdout, stderr, code := program(t, "-case", edited(t, "agreement.json", `"60 days"`, `"72 hours"`), "-dir", t.TempDir())
		if code != 0 || !strings.Contains(stdout, "Sun 2026-10-04 09:00") {
			t.Fatalf("exit code %d, standard error %q, story:\n%s", code, stderr, stdout)
		}
	})
	t.Run("a longer window", func(t *testing.T) {
		t.Parallel()
		_, facts := told(t, "-case", edited(t, "agreement.json", `"change_notice": "30 days"`, `"change_notice": "45 days"`))
		// 45 days from 1 December are open through 15 January.
		if !strings.Contains(facts, `"effective": "2027-01-16"`) {
			t.Error("the change does not wait for the longer window")
		}
	})
	t.Run("more people", func(t *testing.T) {
		t.Parallel()
		_, facts := told(t, "-case", edited(t, "incident.json", `{"IA": 310,`, `{"IA": 3100,`, `{"IA": 520,`, `{"IA": 5200,`))
		// With the notices, which are planned for 3 March, not after the year.
		if !strings.Contains(facts, `"secretary": "2027-03-03"`) {
			t.Error("500 people or more do not bring the Secretary's notice forward")
		}
	})
	t.Run("names like markup", func(t *testing.T) {
		t.Parallel()
		dir, _ := told(t, "-case", edited(t, "agreement.json", "Larkspur Family Practice", "Larkspur <i>& Family</i> Practice"))
		report := folder(t, dir)["report.html"]
		if strings.Contains(report, "<i>") || !strings.Contains(report, "&lt;i&gt;&amp; Family") {
			t.Error("the report takes a name for markup")
		}
	})
	t.Run("another zone", func(t *testing.T) {
		t.Parallel()
		told(t, "-case", edited(t, "case.json", "America/Chicago", "Pacific/Kiritimati"))
	})
}
