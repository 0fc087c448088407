package breach_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"pgregory.net/rapid"
)

func noticeFacts() breach.NoticeFacts {
	return breach.NoticeFacts{
		Schema: breach.NoticeFactsSchema, Sender: "Larkspur Family Practice", Recipient: "A. Sample", Place: "Ames, Iowa", Reference: "IR-7",
		Description: "A laptop with a copy of our schedule was stolen from a car.", OccurredFrom: baakit.MustParseDate("2026-12-28"), OccurredTo: baakit.MustParseDate("2026-12-29"),
		Discovered: baakit.MustParseDate("2026-12-31"), Posted: baakit.MustParseDate("2027-02-01"),
		Types: []string{"names", "dates of visits"}, Steps: []string{"read the statements of your insurer"},
		Investigation: "a firm went through the copies.", Mitigation: "the account was closed.", Prevention: "laptops carry no copies any more.",
		Remediation: []string{"The laptop's account was closed."}, Scope: "one laptop, for two days, and one account.", Secured: "unsecured",
		Individuals: 612, List: "in the secure exchange", TollFree: "1-800-555-0100", Email: "privacy@larkspur.example", Website: "https://larkspur.example/notice", Address: "1 Example Street, Ames, IA 50010",
	}
}

func missing(t interface{ Fatal(...any) }, kind breach.NoticeKind, draft string) []string {
	c, err := breach.CheckNotice(kind, draft)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range c.Missing() {
		ids = append(ids, e.ID)
		if e.Citation.IsZero() || e.Asks == "" {
			t.Fatal("a missing element without its citation", e.ID)
		}
	}
	if c.Complete != (len(ids) == 0 && len(c.Unfilled) == 0) {
		t.Fatal("Complete is not what the list says")
	}
	return ids
}

// The library's own templates are complete, in each of their forms, and with
// any one paragraph taken out exactly what it said is missing.
func TestEachElementIsMissed(t *testing.T) {
	t.Parallel()
	for _, kind := range breach.NoticeKinds() {
		n, err := breach.NewNotice(kind, noticeFacts())
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{"text": n.Text(), "Markdown": n.Markdown()} {
			if ids := missing(t, kind, text); len(ids) > 0 {
				t.Errorf("the %s of the %s notice lacks %s", form, kind, ids)
			}
		}
		for element, draft := range breach.NoticeWithoutEach(n) {
			if got := missing(t, kind, draft); !slices.Equal(got, []string{element}) {
				t.Errorf("the %s notice without %s lacks %s", kind, element, got)
			}
		}
	}
}

// Whatever the facts are, a notice is refused or complete.
func TestNoticesAreComplete(t *testing.T) {
	t.Parallel()
	words := rapid.StringMatching(`[A-Z][a-z]{2,8}( [a-z#*|<&]{1,9}){1,12}\.`)
	rapid.Check(t, func(t *rapid.T) {
		f := noticeFacts()
		f.Description, f.Investigation, f.Mitigation = words.Draw(t, "description"), words.Draw(t, "investigation"), words.Draw(t, "mitigation")
		f.Prevention, f.Scope = words.Draw(t, "prevention"), words.Draw(t, "scope")
		f.Types = rapid.SliceOfN(words, 1, 5).Draw(t, "types")
		f.Steps = rapid.SliceOfN(words, 1, 5).Draw(t, "steps")
		f.OccurredFrom = baakit.MustParseDate("2020-01-01").AddDays(rapid.IntRange(0, 5000).Draw(t, "from"))
		f.OccurredTo = f.OccurredFrom.AddDays(rapid.IntRange(0, 50).Draw(t, "days"))
		f.Individuals = rapid.IntRange(1, 2_000_000).Draw(t, "individuals")
		switch rapid.IntRange(0, 3).Draw(t, "contact") {
		case 0:
			f.Email, f.Website, f.Address = "", "", ""
		case 1:
			f.Website, f.Address = "", ""
		case 2:
			f.Email, f.Address = "", ""
		}
		kind := rapid.SampledFrom(breach.NoticeKinds()).Draw(t, "kind")
		n, err := breach.NewNotice(kind, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{n.Text(), n.Markdown()} {
			if ids := missing(t, kind, text); len(ids) > 0 {
				t.Fatalf("the %s notice lacks %s:\n%s", kind, ids, text)
			}
		}
		if html := n.HTML(); strings.Contains(html, "<script") || strings.Contains(html, "{") && strings.Contains(html[strings.Index(html, "<main"):], "{") {
			t.Fatalf("the page holds markup or a placeholder of the facts")
		}
	})
}

func TestNoticeRefused(t *testing.T) {
	t.Parallel()
	paths := func(err error) string {
		fields, _ := errors.AsType[baakit.FieldErrors](err)
		var list []string
		for _, f := range fields {
			list = append(list, f.Path)
		}
		return strings.Join(list, " ")
	}
	for kind, want := range map[breach.NoticeKind]string{
		breach.IndividualLetter:    "sender recipient description occurred discovered types steps investigation mitigation prevention toll_free",
		breach.SubstituteWebNotice: "sender description occurred discovered posted types steps investigation mitigation prevention toll_free toll_free",
		breach.UrgentScript:        "sender recipient description types steps toll_free",
		breach.MediaRelease:        "sender place description occurred discovered types steps investigation mitigation prevention toll_free",
		breach.CoveredEntityNotice: "sender recipient description occurred discovered types steps investigation mitigation prevention individuals list toll_free",
		breach.IncidentReport:      "sender recipient reference description occurred discovered types remediation scope secured individuals list toll_free",
		"letter":                   "kind",
	} {
		if _, err := breach.NewNotice(kind, breach.NoticeFacts{}); paths(err) != want {
			t.Errorf("%s: errors at %s\nwant %s", kind, paths(err), want)
		}
	}
	f := noticeFacts()
	for _, left := range []string{"[NAME]", "{description}", "{{.What}}", "<<what>>", "____", "XXXX", "TBD"} {
		f.Description = "It was " + left + " then."
		if _, err := breach.NewNotice(breach.IndividualLetter, f); paths(err) != "description" {
			t.Errorf("a placeholder %s is taken: %v", left, err)
		}
		c, err := breach.CheckNotice(breach.IndividualLetter, "First.\n\n"+f.Description)
		if err != nil || !slices.Equal(c.Unfilled, []int{2}) || c.Complete {
			t.Errorf("CheckNotice does not see %s: %+v, %v", left, c.Unfilled, err)
		}
	}
	if _, err := breach.CheckNotice("letter", " \n"); paths(err) != "kind draft" {
		t.Errorf("CheckNotice: errors at %s", paths(err))
	}
	if _, err := breach.CheckNotice(breach.MediaRelease, strings.Repeat("a", breach.MaxDraft+1)); paths(err) != "draft" {
		t.Errorf("CheckNotice of a long draft: errors at %s", paths(err))
	}
}

// A draft of somebody else's, in other words, and the same without a part.
func TestForeignDraft(t *testing.T) {
	t.Parallel()
	parts := []struct{ id, text string }{
		{"what_happened", "On a weekend our mail server suffered an incident in which someone viewed messages."},
		{"date_of_breach", "The intrusion occurred on 3/14/2026."},
		{"date_of_discovery", "Our staff became aware of this on March 16, 2026."},
		{"types_of_information", "The messages held records that included your Social Security number and diagnosis."},
		{"steps_for_individuals", "We encourage you to place a fraud alert on your credit file."},
		{"investigation", "We hired a forensic firm."},
		{"mitigation", "We offer a year of credit monitoring at no cost."},
		{"prevention", "We turned on stronger sign-in to keep a similar event away."},
		{"contact", "Questions? Write to P.O. Box 12, Ames, IA 50010."},
	}
	for skip := -1; skip < len(parts); skip++ {
		var draft []string
		var want []string
		for i, p := range parts {
			if i == skip {
				want = []string{p.id}
				continue
			}
			draft = append(draft, p.text)
		}
		if got := missing(t, breach.IndividualLetter, strings.Join(draft, "\n\n")); !slices.Equal(got, want) {
			t.Errorf("without part %d: missing %s, want %s", skip, got, want)
		}
	}
}

func TestNoticeFactsShowNothing(t *testing.T) {
	t.Parallel()
	n, err := breach.NewNotice(breach.IndividualLetter, noticeFacts())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{noticeFacts(), n} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(format, v); strings.Contains(s, "Sample") || !strings.Contains(s, "redacted") {
				t.Errorf("%s shows %s", format, s)
			}
		}
	}
}

func FuzzCheckNotice(f *testing.F) {
	for i, kind := range breach.NoticeKinds() {
		n, err := breach.NewNotice(kind, noticeFacts())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, n.Markdown())
	}
	f.Add(0, "# \n\n- \n\n1. a [x]")
	f.Fuzz(func(t *testing.T, i int, draft string) {
		kinds := breach.NoticeKinds()
		kind := kinds[uint(i)%uint(len(kinds))]
		c, err := breach.CheckNotice(kind, draft)
		if err != nil {
			return
		}
		// A draft that is added to loses nothing that it had.
		more, err := breach.CheckNotice(kind, draft+"\n\nAnd one more thing.")
		if err != nil {
			return
		}
		for j, e := range c.Elements {
			if e.Found && !more.Elements[j].Found {
				t.Fatalf("%s was lost", e.ID)
			}
		}
	})
}

func ExampleCheckNotice() {
	c, err := breach.CheckNotice(breach.IndividualLetter, `
Somebody stole a laptop in an incident on our premises.

It happened on January 5, 2026 and was discovered on January 7, 2026.

Information on it included your name and diagnosis.`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range c.Missing() {
		fmt.Printf("%s, %s\n", e.Title, e.Citation)
	}
	// Output:
	// steps for individuals, 45 CFR 164.404(c)(1)(C)
	// what is done to investigate, 45 CFR 164.404(c)(1)(D)
	// what is done to mitigate harm, 45 CFR 164.404(c)(1)(D)
	// what is done against further breaches, 45 CFR 164.404(c)(1)(D)
	// how to ask, 45 CFR 164.404(c)(1)(E)
}
