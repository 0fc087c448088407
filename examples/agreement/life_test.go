package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	t.Parallel()
	const file = "testdata/register/nimbus.json"
	for _, tt := range []struct {
		at   string
		want []string
	}{
		{"2026-01-04", []string{"status     draft", "PHI        no"}},
		{"2026-11-22", []string{"status     in_cure", "PHI        yes", "cure through 2026-12-02", "45 CFR 164.502(e), primary"}},
		{"2026-12-02", []string{"status     in_cure"}},
		{"2026-12-03", []string{"status     cure_failed", "LC-CURE-FAILED"}},
		{"2026-12-15", []string{"status     cure_failed"}},
		{"2026-12-16", []string{"status     wind_down, because expired", "return through 2027-01-14"}},
		{"2027-01-15", []string{"overdue", "LC-RETURN-OVERDUE"}},
	} {
		stdout, stderr, code := call(t, "", "state", file, "-at", tt.at)
		if code != 0 || stderr != "" {
			t.Fatalf("%s: %d, %q", tt.at, code, stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in\n%s", tt.at, want, stdout)
			}
		}
	}
	// What was not yet known did not count.
	stdout, _, _ := call(t, "", "state", file, "-at", "2026-11-22", "-known", "2026-11-01")
	if !strings.Contains(stdout, "status     active") {
		t.Errorf("by what was known before:\n%s", stdout)
	}
}

func TestNeed(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := call(t, "", "need", "testdata/facts.json")
	if code != 0 || !strings.HasPrefix(stdout, "required: ") || !strings.Contains(stdout, "encryption does not remove the need") {
		t.Errorf("%d, %q\n%s", code, stderr, stdout)
	}
	stdout, _, code = call(t, `{"schema":"baakit.baa.facts/1"}`, "need", "-")
	if code != 0 || !strings.HasPrefix(stdout, "counsel_review: ") || !strings.Contains(stdout, "open: ") {
		t.Errorf("%d\n%s", code, stdout)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := call(t, "", "register", "testdata/register", "-at", "2026-11-22")
	if code != 0 || stderr != "" {
		t.Fatalf("%d, %q", code, stderr)
	}
	for _, want := range []string{"2 agreements, 2 relationships", "NOT COVERED", "no services archive", "REG-MISSING", "REG-REVIEW", "REG-STALE", "REG-EXPIRING", "REG-UNUSED"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	stdout, _, _ = call(t, "", "register", "-json", "testdata/register", "-at", "2026-11-22", "-rules", "2013-01-01")
	var report struct {
		Schema     string
		Agreements []struct {
			ID       string
			Findings []struct{ ID string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Schema != "baakit.baa.register/1" {
		t.Fatalf("%v\n%s", err, stdout)
	}
	for _, a := range report.Agreements {
		for _, f := range a.Findings {
			if f.ID == "REG-STALE" {
				t.Errorf("%s is stale against the rules of 2013-01-01", a.ID)
			}
		}
	}
}

func TestLifeRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "must be one of"},
		{[]string{"destroy"}, "must be one of"},
		{[]string{"state"}, "usage"},
		{[]string{"state", "testdata/facts.json", "-at", "2026-11-22"}, "is not a known field"},
		{[]string{"state", "testdata/register/nimbus.json"}, "-at: is required"},
		{[]string{"state", "testdata/register/nimbus.json", "-at", "soon"}, "-at: must be a day"},
		{[]string{"need", "testdata/none.json"}, "no such file"},
		{[]string{"need", "-x", "testdata/facts.json"}, "-x"},
		{[]string{"need", "testdata/register/nimbus.json"}, "is not a known field"},
		{[]string{"register", "testdata"}, "facts.json: "},
		{[]string{"register", "testdata/register", "-rules", "now"}, "-rules"},
	} {
		stdout, stderr, code := call(t, "", tt.args...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: exit code %d, %q, %q; want 2, nothing, one line with %q", tt.args, code, stdout, stderr, tt.want)
		}
	}
}
