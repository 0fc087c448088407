package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/baakit/baakit/baa"
)

// built is the program as a user would run it.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "agreement-test-")
	if err != nil {
		panic(err)
	}
	built = filepath.Join(dir, "agreement.exe")
	if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func program(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(built, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), errs.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), 0
}

// What new prints passes check and reads back from its rendering.
func TestNewCheckRender(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"covered_entity_business_associate", "business_associate_subcontractor", "government_memorandum", "data_use_agreement"} {
		draft, stderr, code := program(t, "", "new", "-kind", kind)
		if code != 0 || stderr != "" {
			t.Fatalf("new -kind %s: %d %s", kind, code, stderr)
		}
		report, stderr, code := program(t, draft, "check", "-house", "-")
		if code != 0 || stderr != "" || !strings.Contains(report, " 0 findings") {
			t.Errorf("check of %s: %d %s %s", kind, code, stderr, report)
		}
		page, _, code := program(t, draft, "render", "-", "-format", "md")
		p, err := baa.ParseRendered(page)
		if code != 0 || err != nil || len(p.Edits) > 0 {
			t.Errorf("render of %s: %d %v", kind, code, err)
		}
	}
}

func TestCheckAndDiff(t *testing.T) {
	t.Parallel()
	out, stderr, code := program(t, "", "check", "testdata/looser.json")
	if code != 1 || stderr != "" || !strings.Contains(out, "BAA-R-ii-C-breach") {
		t.Errorf("check: %d %s %s", code, stderr, out)
	}
	out, stderr, code = program(t, "", "diff", "testdata/complete.json", "testdata/looser.json")
	if code != 0 || stderr != "" || !strings.Contains(out, "acceptance again: yes") {
		t.Errorf("diff: %d %s %s", code, stderr, out)
	}
	out, _, code = program(t, "", "diff", "testdata/complete.json", "testdata/complete.json")
	if code != 0 || !strings.Contains(out, "Nothing changed") || !strings.Contains(out, "acceptance again: no") {
		t.Errorf("diff: %d %s", code, out)
	}
}

// Bad input gives one line and exit code 2.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"sign"},
		{"new", "x"},
		{"new", "-kind", "handshake"},
		{"check"},
		{"check", "-x", "y"},
		{"check", "testdata/broken.json"},
		{"check", "testdata/none.json"},
		{"check", "testdata/run"},
		{"check", "testdata/complete.json", "-at", "soon"},
		{"render", "testdata/complete.json", "-format", "pdf"},
		{"diff", "testdata/complete.json"},
		{"diff", "testdata/complete.json", "testdata/broken.json"},
	} {
		out, stderr, code := program(t, "", args...)
		if code != 2 || out != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, output %q, errors %q", args, code, out, stderr)
		}
	}
}
