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

func program(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return built.Run(t, stdin, args...)
}

// identifying are the identifiers of the three patients of the test data.
var identifying = []string{
	"LK-1004", "Orla", "Pennywhistle", "Cosmo", "Thistledown", "Juno", "Marblewick", "07-14", "1934", "02-28",
	"50309", "03601", "20301", "555-01", "09-02", "08-27", "sister", ",92,", ": 92",
}

func clean(t *testing.T, text string) {
	t.Helper()
	for _, id := range identifying {
		if strings.Contains(text, id) {
			t.Errorf("the output holds %q", id)
		}
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	const want = `mrn,name,born,zip,state,phone,age,seen,code,pulse,note,column_12
[MRN],,1958,503,IA,,68,2026,E11.9,72,,
[MRN],,,000,NH,,90+,2026,I10,80,,
[MRN],,2026,000,DC,,6 days,2026,Z00.110,141,,
`
	stdout, stderr, code := program(t, "", "-policy", "testdata/policy.json", "-as-of", "2026-09-15", "testdata/visits.csv")
	if code != 0 || stdout != want {
		t.Fatalf("exit code %d, standard error %q, output:\n%s\nwant:\n%s", code, stderr, stdout, want)
	}
	clean(t, stderr)
	for _, line := range []string{"Safe Harbor transforms applied", "(A) names       3       3        0         0", "(H) mrn         3       0        3         0"} {
		if !strings.Contains(stderr, line) {
			t.Errorf("the summary does not say %q:\n%s", line, stderr)
		}
	}
	if strings.Contains(stderr, "e-identified") {
		t.Error("the summary says that data are de-identified, which nobody has stated")
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name, output := filepath.Join(dir, "report.json"), filepath.Join(dir, "out.ndjson")
	stdout, stderr, code := program(t, "", "-policy", "testdata/policy.json", "-as-of", "2026-09-15", "-json", "-report", name, "-o", output, "testdata/visits.ndjson")
	if code != 0 || stdout != "" {
		t.Fatalf("exit code %d, standard error %q, output %q", code, stderr, stdout)
	}
	report, err := os.ReadFile(name)
	if err != nil || string(report) != stderr {
		t.Fatalf("the report on disk and the one that is printed differ: %v", err)
	}
	var s struct {
		Schema  string
		Records int
	}
	if err := json.Unmarshal(report, &s); err != nil || s.Schema != "baakit.deid.report/1" || s.Records != 2 {
		t.Fatalf("report: %v, %+v", err, s)
	}
	records, err := os.ReadFile(output)
	if err != nil || !bytes.Contains(records, []byte(`"pulse":72.50`)) {
		t.Fatalf("the records: %v\n%s", err, records)
	}
	clean(t, string(records))
	clean(t, string(report))
}

// Codes are the same on a second run on the same vault, and other ones in
// another scope.
func TestVault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	policy, key := filepath.Join(dir, "policy.json"), filepath.Join(dir, "key")
	text, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`"action": "tag"`), []byte(`"action": "code:mrn"`), 1)
	os.WriteFile(policy, text, 0o600)
	os.WriteFile(key, []byte(strings.Repeat("0f", 32)+"\n"), 0o600)
	transform := func(scope string) string {
		t.Helper()
		stdout, stderr, code := program(t, "", "-policy", policy, "-as-of", "2026-09-15", "-vault", filepath.Join(dir, "vault"), "-key", key, "-scope", scope, "testdata/visits.csv")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		clean(t, stdout)
		return stdout
	}
	first := transform("one")
	if transform("one") != first {
		t.Error("the codes of a scope changed")
	}
	if transform("two") == first {
		t.Error("two scopes have the same codes")
	}
}

func TestPropose(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "-propose", "testdata/visits.csv")
	if code != 0 || stderr != "" || !strings.Contains(stdout, `"kind": "dob"`) {
		t.Fatalf("exit code %d, %q, %q", code, stderr, stdout)
	}
	clean(t, stdout)
	name := filepath.Join(t.TempDir(), "policy.json")
	os.WriteFile(name, []byte(stdout), 0o600)
	out, stderr, code := program(t, "", "-policy", name, "testdata/visits.csv")
	if code != 0 {
		t.Fatalf("the proposal does not compile: %s", stderr)
	}
	clean(t, out)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	os.WriteFile(broken, []byte(`[{"name": "Orla"}, {"name": }]`), 0o600)
	for _, args := range [][]string{
		{},
		{"-nothing"},
		{"testdata/visits.csv"},
		{"-policy", "testdata/none.json", "testdata/visits.csv"},
		{"-policy", "testdata/unlawful.json", "testdata/visits.csv"},
		{"-policy", "testdata/policy.json", "testdata/none.csv"},
		{"-policy", "testdata/policy.json", "-format", "xml", "testdata/visits.csv"},
		{"-policy", "testdata/policy.json"},
		{"-policy", "testdata/policy.json", "-as-of", "2026-02-30", "testdata/visits.csv"},
		{"-policy", "testdata/policy.json", "-vault", filepath.Join(dir, "vault"), "testdata/visits.csv"},
		{"-policy", "testdata/policy.json", broken},
		{"-propose", "a.csv", "b.csv"},
	} {
		report, output := filepath.Join(dir, "report"), filepath.Join(dir, "output")
		stdout, stderr, code := program(t, "", append([]string{"-report", report, "-o", output}, args...)...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d, output %q, standard error %q; want 2, nothing, one line", args, code, stdout, stderr)
		}
		clean(t, stderr)
		for _, name := range []string{report, output} {
			if _, err := os.Stat(name); err == nil {
				t.Errorf("%q: a file was written", args)
			}
		}
	}
}

// A record that cannot be written is left out, the rest goes on, and the exit
// code says so.
func TestPartly(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "{\"code\":\"I10\"}\n{\"code\": Orla}\n{\"code\":\"E11\"}\n", "-policy", "testdata/policy.json", "-format", "ndjson")
	if code != 1 || stdout != "{\"code\":\"I10\"}\n{\"code\":\"E11\"}\n" || !strings.Contains(stderr, "line 2, byte 9") {
		t.Fatalf("exit code %d, output %q, standard error %q", code, stdout, stderr)
	}
	clean(t, stderr)
}
