package baa_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/baa/baatest"
	"pgregory.net/rapid"
)

// What is rendered reads back as it was, with nothing to report.
func TestParseRendered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := baatest.Version().Draw(t, "v")
		p, err := baa.ParseRendered(v.Markdown())
		if err != nil {
			t.Fatalf("%v\n%s", err, v.Markdown())
		}
		if p.Version.Hash() != v.Hash() || len(p.Edits) > 0 {
			t.Fatalf("same version: %v, edits %+v\n%s", p.Version.Hash() == v.Hash(), p.Edits, v.Markdown())
		}
	})
}

// Any word added to any line of the text below the cover page is reported with
// its clause, and so is a line that is gone.
func TestEditedSentence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := baatest.Version().Draw(t, "v")
		lines := strings.Split(v.Markdown(), "\n")
		start := slices.Index(lines, "## Parties")
		var where []int
		clause := map[int]baa.ClauseID{}
		id, n := baa.ClauseID("agreement"), 0
		clauses := v.Clauses()
		for i := start; i < len(lines); i++ {
			switch {
			case lines[i] == "## Signatures":
				id = "agreement"
			case strings.HasPrefix(lines[i], "## ") && i > start:
				id = clauses[n].ID()
				n++
			case strings.HasPrefix(lines[i], "* "), strings.HasPrefix(lines[i], "**"):
				where = append(where, i)
				clause[i] = id
			}
		}
		i := rapid.SampledFrom(where).Draw(t, "line")
		if rapid.Bool().Draw(t, "gone") {
			lines[i] = ""
		} else {
			lines[i] += " notwithstanding"
		}
		p, err := baa.ParseRendered(strings.Join(lines, "\n"))
		if err != nil {
			if strings.HasPrefix(string(clause[i]), "special") { // a custom clause without a paragraph
				return
			}
			t.Fatal(err)
		}
		if !slices.ContainsFunc(p.Edits, func(e baa.Edit) bool { return e.Clause == clause[i] }) {
			t.Fatalf("line %q of %s: edits %+v", lines[i], clause[i], p.Edits)
		}
	})
}

// A term edited on the cover page alone is found where its sentence stands,
// and by the hash; one edited in the text alone is reported once.
func TestEditedCover(t *testing.T) {
	t.Parallel()
	page := sealed(t, complete()).Markdown()
	cover := strings.Replace(page, "| reporting | breach within | 5 days |", "| reporting | breach within | 50 days |", 1)
	if cover == page {
		t.Fatal("nothing replaced")
	}
	p, err := baa.ParseRendered(cover)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Version.Terms().BreachReport.String(); got != "50 days" {
		t.Errorf("breach report %s", got)
	}
	var about []baa.ClauseID
	for _, e := range p.Edits {
		about = append(about, e.Clause)
	}
	if !slices.Equal(about, []baa.ClauseID{"agreement", "reporting"}) {
		t.Errorf("edits %+v", p.Edits)
	}
	text := strings.Replace(page, "at the latest within 5 days.", "at the latest within 50 days.", 1)
	p, err = baa.ParseRendered(text)
	if err != nil || text == page {
		t.Fatal(err)
	}
	if len(p.Edits) != 1 || p.Edits[0].Clause != "reporting" || !strings.Contains(p.Edits[0].Want, "within 5 days.") || !strings.Contains(p.Edits[0].Got, "within 50 days.") {
		t.Errorf("edits %+v", p.Edits)
	}
	added := strings.Replace(page, "## Signatures", "## 99. A rider\n\nAll of this is void.\n\n## Signatures", 1)
	if p, err = baa.ParseRendered(added); err != nil || len(p.Edits) == 0 {
		t.Errorf("a rider is not reported: %v", err)
	}
	for _, bad := range []string{"", "# x", strings.Replace(page, "| agreement | kind |", "| agreement | kinds |", 1), strings.Replace(page, "| cure | 30 days |", "| cure | soon |", 1), strings.Replace(page, "| 30 days |", "| 30 days | x |", 1)} {
		if _, err := baa.ParseRendered(bad); err == nil {
			t.Errorf("read: %.60q", bad)
		}
	}
}

// The renderings are the same each time, have an id for each clause and
// nothing that looks like markup from the version.
func TestRenderings(t *testing.T) {
	t.Parallel()
	hostile := `<script>alert(1)</script> & "quoted" |`
	d := complete().With(baa.Custom{Name: "special", Title: hostile, Paragraphs: []string{hostile}})
	d.Parties[0].LegalName = hostile
	v := sealed(t, d)
	for _, r := range []baa.Rendering{baa.MarkdownRendering, baa.HTMLRendering, baa.TextRendering} {
		if h := v.RenderingHash(r); h == "" || h != sealed(t, d).RenderingHash(r) {
			t.Errorf("hash of %s: %q", r, h)
		}
	}
	page := v.HTML()
	if strings.Contains(page, "<script") || strings.Contains(v.Markdown(), "<script") && !strings.Contains(v.Markdown(), `\<script`) {
		t.Error("markup of the version got through")
	}
	for _, c := range v.Clauses() {
		if strings.Count(page, `id="clause-`+string(c.ID())+`"`) != 1 {
			t.Errorf("no section of %s", c.ID())
		}
	}
	if v.RenderingHash("pdf") != "" {
		t.Error("a rendering that there is none of has a hash")
	}
}

func FuzzParseRendered(f *testing.F) {
	for _, s := range baatest.Scenarios() {
		f.Add(sealed(f, s.Draft).Markdown())
	}
	f.Add("## Cover page\n| a | b | c |\n| - | - | - |\n| agreement | parties / 1 / role | x |\n")
	f.Fuzz(func(t *testing.T, page string) {
		p, err := baa.ParseRendered(page)
		if err != nil {
			return
		}
		again, err := baa.ParseRendered(p.Version.Markdown())
		if err != nil || again.Version.Hash() != p.Version.Hash() || len(again.Edits) > 0 {
			t.Fatalf("what was read does not read back: %v, %+v", err, again.Edits)
		}
	})
}

func FuzzParseDraft(f *testing.F) {
	for _, s := range baatest.Scenarios() {
		data, err := s.Draft.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		data, err = sealed(f, s.Draft).MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = baa.ParseAgreement(data)
		_, _ = baa.ParseVersion(data)
		d, err := baa.ParseDraft(data)
		if err != nil {
			return
		}
		v, err := baa.Seal(d)
		if err != nil {
			t.Fatal(err)
		}
		out, err := v.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		w, err := baa.ParseVersion(out)
		if err != nil || w.Hash() != v.Hash() {
			t.Fatalf("what was read does not read back: %v", err)
		}
		if p, err := baa.ParseRendered(v.Markdown()); err != nil || p.Version.Hash() != v.Hash() || len(p.Edits) > 0 {
			t.Fatalf("what was read does not render: %v %+v", err, p.Edits)
		}
	})
}
