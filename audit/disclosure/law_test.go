package disclosure_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit/disclosure"
)

// The table is whole, every row has a source that was read, and a table that
// lacks something is refused.
func TestLaw(t *testing.T) {
	t.Parallel()
	if err := disclosure.ReadLaw(disclosure.LawJSON); err != nil {
		t.Fatal(err)
	}
	if marks := disclosure.LawConfidences(); len(marks) != 1 || marks["primary"] == 0 {
		t.Errorf("a row is not from the text of the regulation: %v", marks)
	}
	for _, word := range []string{"/work", "http", "localhost"} {
		if bytes.Contains(disclosure.LawJSON, []byte(word)) {
			t.Errorf("the table says %s", word)
		}
	}
	for _, tt := range [][2]string{
		{"disclosure_law/1", "disclosure_law/2"},
		{`"6 years", "says": "an individual`, `"72 months", "says": "an individual`},
		{`"60 days"`, `"60 business days"`},
		{`"60 days"`, `"1440 hours"`},
		{`"at_least": 50`, `"at_least": 0`},
		{`"id": "look_back"`, `"id": "look"`},
		{`"id": "research", "at_least"`, `"id": "studies", "at_least"`},
		{`"id": "suspended"`, `"id": "held"`},
		{`"id": "custody"`, `"id": "incident"`},
		{`"bases": ["164.514(e)"]`, `"bases": []`},
		{`"confidence": "primary"`, `"confidence": ""`},
		{`"effective_from": "2003-04-14"`, `"effective_from": ""`},
		{`"citation": "45 CFR 164.528(a)(1)"`, `"citation": ""`},
	} {
		bad := strings.Replace(string(disclosure.LawJSON), tt[0], tt[1], 1)
		if bad == string(disclosure.LawJSON) || disclosure.ReadLaw([]byte(bad)) == nil {
			t.Errorf("accepted with %s", tt[1])
		}
	}
}

// The renderings say all that the lines do; nothing in them is markup, or more
// than one line, because a value says so; and nothing suspended is in them.
func TestRenderings(t *testing.T) {
	t.Parallel()
	b, a := proven(t)
	for _, text := range []string{a.Text(), a.Markdown()} {
		for _, want := range []string{
			"Example Hospital", "Example Vendor", "p-1", "2026-06-01", "2020-06-01", "2026-07-31", "County Health, 1 Main Street", "result of a test",
			"disease that has to be reported", "2026-03-01", "2 times", "result of another test", "City Police", "please send the record.", "HEART-1",
			"Example Foundation", "555-0101", "diagnoses", "may or may not", "t/1 0, t/1 6", "45 CFR 164.528(b)(2)", "primary",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
	}
	secret := report()
	secret.Basis, secret.Recipient.Name = disclosure.Police, "Secret Agency"
	secret.Suspension = &disclosure.Suspension{By: "Secret Agency", Statement: disclosure.Written, On: day("2026-01-01"), Until: day("2026-12-31"), Impedes: true}
	b.disclose(t, secret, "p-1")
	hostile := report()
	hostile.Recipient.Name, hostile.Description = "<script>|*x*", "one\n\n# two | three"
	hostile.Purpose, hostile.RequestCopy = "", "a\n# b\n<i>c</i>"
	b.disclose(t, hostile, "p-1")
	after, w := b.account(t, asked("2026-06-01"))
	md := after.Markdown()
	for _, bad := range []string{"<script>", "\n# two", "| three", "\n# b", "<i>"} {
		if strings.Contains(strings.ReplaceAll(md, `\|`, ""), bad) {
			t.Errorf("%q is in the Markdown:\n%s", bad, md)
		}
	}
	for _, text := range []string{md, after.Text(), string(mustJSON(t, after)), fmt.Sprint(after)} {
		if strings.Contains(text, "Secret") || strings.Contains(text, "suspen") {
			t.Errorf("what is suspended is told:\n%s", text)
		}
	}
	for _, text := range []string{w.Text(), w.Markdown()} {
		for _, want := range []string{"5 accounted, 0 exempt, 1 suspended, 0 outside", "2027-01-01", "through 2026-12-31", "164.528(a)(2)(i)"} {
			if !strings.Contains(text, want) {
				t.Errorf("the worksheet does not say %q:\n%s", want, text)
			}
		}
	}
	if !strings.Contains(string(mustJSON(t, w)), `"schema":"baakit.audit.accounting_worksheet/1"`) {
		t.Error("the worksheet has no schema")
	}
	none, _ := memory(t).account(t, asked("2026-06-01"))
	for _, text := range []string{none.Text(), none.Markdown()} {
		if !strings.Contains(text, "No disclosure of this period") || !strings.Contains(text, "was read") {
			t.Errorf("of no disclosure:\n%s", text)
		}
	}
}
