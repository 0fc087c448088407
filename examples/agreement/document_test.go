package main_test

import (
	"strings"
	"testing"

	"github.com/baakit/baakit/baa"
)

// What new prints passes check and reads back from its rendering.
func TestNewCheckRender(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"covered_entity_business_associate", "business_associate_subcontractor", "government_memorandum", "data_use_agreement"} {
		draft, stderr, code := call(t, "", "new", "-kind", kind)
		if code != 0 || stderr != "" {
			t.Fatalf("new -kind %s: %d %s", kind, code, stderr)
		}
		report, stderr, code := call(t, draft, "check", "-house", "-")
		if code != 0 || stderr != "" || !strings.Contains(report, " 0 findings") {
			t.Errorf("check of %s: %d %s %s", kind, code, stderr, report)
		}
		page, _, code := call(t, draft, "render", "-", "-format", "md")
		p, err := baa.ParseRendered(page)
		if code != 0 || err != nil || len(p.Edits) > 0 {
			t.Errorf("render of %s: %d %v", kind, code, err)
		}
	}
}

func TestCheckAndDiff(t *testing.T) {
	t.Parallel()
	out, stderr, code := call(t, "", "check", "testdata/drafts/looser.json")
	if code != 1 || stderr != "" || !strings.Contains(out, "BAA-R-ii-C-breach") {
		t.Errorf("check: %d %s %s", code, stderr, out)
	}
	out, stderr, code = call(t, "", "diff", "testdata/drafts/complete.json", "testdata/drafts/looser.json")
	if code != 0 || stderr != "" || !strings.Contains(out, "acceptance again: yes") {
		t.Errorf("diff: %d %s %s", code, stderr, out)
	}
	out, _, code = call(t, "", "diff", "testdata/drafts/complete.json", "testdata/drafts/complete.json")
	if code != 0 || !strings.Contains(out, "Nothing changed") || !strings.Contains(out, "acceptance again: no") {
		t.Errorf("diff: %d %s", code, out)
	}
}

// Bad input gives one line and exit code 2.
func TestBadDocuments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{},
		{"sign"},
		{"new", "x"},
		{"new", "-kind", "handshake"},
		{"check"},
		{"check", "-x", "y"},
		{"check", "testdata/drafts/broken.json"},
		{"check", "testdata/none.json"},
		{"check", "testdata/run"},
		{"check", "testdata/drafts/complete.json", "-at", "soon"},
		{"render", "testdata/drafts/complete.json", "-format", "pdf"},
		{"diff", "testdata/drafts/complete.json"},
		{"diff", "testdata/drafts/complete.json", "testdata/drafts/broken.json"},
	} {
		out, stderr, code := call(t, "", args...)
		if code != 2 || out != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, output %q, errors %q", args, code, out, stderr)
		}
	}
}
