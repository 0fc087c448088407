package main_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
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

func TestGoodInput(t *testing.T) {
	t.Parallel()
	const on, csv = "-on=2026-11-22", "testdata/records.csv"
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"text", []string{on, csv}, []string{"kept          Record chart-1: It is kept through 2026-11-22 by tx.physician", "due           Record chart-3", "kept through 2034-03-01", "open          Record chart-5", "unclassified  Record chart-6", "2030-03-01", "2027-06-30"}},
		{"the next day", []string{"-on=2026-11-23", csv}, []string{"due           Record chart-1"}},
		{"holds", []string{on, "-holds=testdata/holds.json", csv}, []string{"held          Record chart-3", "Doe v. Clinic", "from 2028-02-15"}},
		{"summary", []string{on, "-summary", csv}, []string{`"records": 8`, `"open": 1`, `"unclassified": 1`}},
		{"picture", []string{on, "-schedule=testdata/schedule.json", "-svg=chart-2", csv}, []string{"<svg", "2031-03-01", "contract.8.2"}},
		{"json", []string{on, "-json", "testdata/records.jsonl"}, []string{`"keep_through":"2031-03-01"`, `"keep_through":"2022-02-03"`}},
	} {
		stdout, stderr, code := program(t, "", test.args...)
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, standard error %q", test.name, code, stderr)
		}
		for _, want := range test.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: the output does not say %q:\n%s", test.name, want, stdout)
			}
		}
		if test.name == "json" {
			for line := range strings.Lines(stdout) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		}
		if test.name == "picture" {
			for dec := xml.NewDecoder(strings.NewReader(stdout)); ; {
				if _, err := dec.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "id,jurisdiction,holder,class,last_service\nx,MO,physician,medical_record,2010-01-01\n", "-on=2026-11-22")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "due ") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	// A line that is no record is reported in its place, and the rest goes on.
	data, err := os.ReadFile("testdata/partly.csv")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code = program(t, string(data), "-on=2026-11-22")
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stdout, "line 3: last_service") || !strings.Contains(stdout, "chart-1") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-on=yesterday"},
		{"-on=2026-02-30"},
		{"-law-as-of=x"},
		{"-no-such-flag"},
		{"-json", "-summary"},
		{"a", "b"},
		{"-h"},
		{"-on=2026-11-22", "testdata/missing.csv"},
		{"-on=2026-11-22", "testdata/broken.csv"},
		{"-on=2026-11-22", "-json", "testdata/broken.csv"},
		{"-on=2026-11-22", "-summary", "testdata/broken.csv"},
		{"-on=2026-11-22", "-svg=nobody", "testdata/records.csv"},
		{"-schedule=testdata/holds.json"},
		{"-schedule=missing.json"},
		{"-holds=testdata/schedule.json"},
		{"-on=2026-11-22"},
	} {
		stdout, stderr, code := program(t, "", args...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}
