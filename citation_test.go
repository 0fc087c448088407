package baakit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

func TestParseCitation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, authority, pinpoint, address, text string }{
		{"45 CFR 164.404(b)", "45 CFR", "164.404(b)", "https://www.ecfr.gov/current/title-45/section-164.404#p-164.404(b)", ""},
		{"45 CFR 164.404", "45 CFR", "164.404", "https://www.ecfr.gov/current/title-45/section-164.404", ""},
		{"45 CFR 164", "45 CFR", "164", "https://www.ecfr.gov/current/title-45/part-164", ""},
		{"45 CFR 164.504(e)(2)(ii)(D)", "45 CFR", "164.504(e)(2)(ii)(D)", "https://www.ecfr.gov/current/title-45/section-164.504#p-164.504(e)(2)(ii)(D)", ""},
		{"45 CFR 164.400-414", "45 CFR", "164.400-414", "https://www.ecfr.gov/current/title-45/section-164.400-414", ""},
		{"5 U.S.C. 6103(a)", "5 U.S.C.", "6103(a)", "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title5-section6103&edition=prelim", ""},
		{"42 U.S.C. 300gg-91", "42 U.S.C.", "300gg-91", "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title42-section300gg-91&edition=prelim", ""},
		{"Cal. Civ. Code § 1798.82(a)", "Cal. Civ. Code", "1798.82(a)", "", ""},
		{"45 CFR § 164.404(b)", "45 CFR", "164.404(b)", "https://www.ecfr.gov/current/title-45/section-164.404#p-164.404(b)", "45 CFR 164.404(b)"},
		{"Executive Order 11582", "Executive Order 11582", "", "", ""},
		{"45 CFR Part 164, Subpart D", "45 CFR", "Part 164, Subpart D", "", ""},
		{"74 FR 19006", "74 FR 19006", "", "", ""},
	} {
		c, err := baakit.ParseCitation(tt.in)
		if err != nil || c.Authority() != tt.authority || c.Pinpoint() != tt.pinpoint || c.Address() != tt.address {
			t.Errorf("ParseCitation(%q) = %+v, %v", tt.in, c.Fields(), err)
		}
		if tt.text == "" {
			tt.text = tt.in
		}
		if c.String() != tt.text {
			t.Errorf("ParseCitation(%q).String() = %q, want %q", tt.in, c, tt.text)
		}
	}
	for _, s := range []string{"", " 45 CFR 164", "45 CFR 164 ", "45  CFR 164", "45 CFR\n164", "§", "§ 5", " § 5", "A §", "invalid Citation", "a\x00b", "a\u2028b", strings.Repeat("x", 1001), "\xff"} {
		if c, err := baakit.ParseCitation(s); !errors.Is(err, baakit.ErrCitation) || !c.IsZero() {
			t.Errorf("ParseCitation(%q) = %v, %v", s, c, err)
		}
	}
}

func TestNewCitationErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fields baakit.CitationFields
		paths  []string
	}{
		{baakit.CitationFields{}, []string{"authority"}},
		{baakit.CitationFields{Authority: " 45 CFR", Pinpoint: "1\n2", Address: "ftp://x.example", Confidence: 9}, []string{"authority", "pinpoint", "address", "confidence"}},
		{baakit.CitationFields{Authority: "Code § 5", Pinpoint: "6"}, []string{"pinpoint"}},
		{baakit.CitationFields{Authority: "Code", Address: "https://user:secret@x.example/"}, []string{"address"}},
		{baakit.CitationFields{Authority: "Code", Address: "/relative"}, []string{"address"}},
		{baakit.CitationFields{Authority: "45 CFR 164.404"}, []string{"pinpoint"}},
	} {
		_, err := baakit.NewCitation(tt.fields)
		list, _ := errors.AsType[baakit.FieldErrors](err)
		var paths []string
		for _, f := range list {
			paths = append(paths, f.Path)
		}
		if diff := cmp.Diff(tt.paths, paths); diff != "" {
			t.Errorf("NewCitation(%+v) (-want +got):\n%s", tt.fields, diff)
		}
	}
}

func TestCitationLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := gen.Citation().Draw(t, "c")
		again, err := baakit.NewCitation(c.Fields())
		if err != nil || again != c {
			t.Fatalf("NewCitation(%v.Fields()) = %v, %v", c, again, err)
		}
		if address := c.Address(); address != "" {
			if u, err := url.Parse(address); err != nil || u.Scheme != "https" {
				t.Fatalf("%s has the address %q", c, address)
			}
		}
		d, v := gen.Date().Draw(t, "d"), gen.Confidence().Draw(t, "v")
		changed := c.WithAsOf(d).WithConfidence(v).WithAddress("https://x.example/1")
		if changed.AsOf() != d || changed.Confidence() != v || changed.Address() != "https://x.example/1" || changed.String() != c.String() {
			t.Fatalf("%+v with other parts = %+v", c.Fields(), changed.Fields())
		}
		if got := c.WithAddress("not one").Address(); got != "" {
			t.Fatalf("WithAddress of no address = %q", got)
		}
	})
}

func TestCitationJSON(t *testing.T) {
	t.Parallel()
	c := baakit.MustParseCitation("45 CFR 164.404(b)").WithAsOf(baakit.MustParseDate("2026-09-30")).WithConfidence(baakit.Primary)
	data, err := json.Marshal(c)
	want := `{"authority":"45 CFR","pinpoint":"164.404(b)","address":"https://www.ecfr.gov/current/title-45/section-164.404#p-164.404(b)","as_of":"2026-09-30","confidence":"primary"}`
	if err != nil || string(data) != want {
		t.Errorf("json.Marshal = %s, %v; want %s", data, err, want)
	}
	var short baakit.Citation
	if err := json.Unmarshal([]byte(`"45 CFR 164.404(b)"`), &short); err != nil || short.String() != "45 CFR 164.404(b)" {
		t.Errorf("from a string = %v, %v", short, err)
	}
	kept := c
	if err := json.Unmarshal([]byte(`null`), &kept); err != nil || kept != c {
		t.Errorf("from null = %v, %v", kept, err)
	}
	for _, s := range []string{`{}`, `{"authority":"45 CFR","extra":1}`, `{"authority":1}`, `[]`, `1`, `""`, `{"authority":"x","as_of":"yesterday"}`, `{"authority":"x","confidence":"sure"}`} {
		if err := json.Unmarshal([]byte(s), &kept); err == nil || kept != c {
			t.Errorf("from %s = %v, %v", s, kept, err)
		}
	}
}

func FuzzParseCitation(f *testing.F) {
	for _, s := range []string{"45 CFR 164.404(b)", "5 U.S.C. 6103(a)", "Cal. Civ. Code § 1798.82(a)", "Executive Order 11582", "A § B § C", "45 CFR § 1", "1 CFR §", "45 CFR 164 § 5", "1 CFR  § 2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := baakit.ParseCitation(s)
		if err != nil {
			return
		}
		again, err := baakit.ParseCitation(c.String())
		if err != nil || again != c {
			t.Fatalf("ParseCitation(%q) = %+v, and its String %q gives %+v, %v", s, c.Fields(), c, again.Fields(), err)
		}
		if made, err := baakit.NewCitation(c.Fields()); err != nil || made != c {
			t.Fatalf("ParseCitation(%q) = %+v, which NewCitation makes %+v, %v", s, c.Fields(), made.Fields(), err)
		}
	})
}

func FuzzCitationJSON(f *testing.F) {
	f.Add([]byte(`{"authority":"45 CFR","pinpoint":"164.404(b)","as_of":"2026-09-30","confidence":"primary"}`))
	f.Add([]byte(`"45 CFR 164.404(b)"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c, again baakit.Citation
		if json.Unmarshal(data, &c) != nil || c.IsZero() {
			return
		}
		out, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &again); err != nil || again != c {
			t.Fatalf("%s became %s and then %+v, %v", data, out, again.Fields(), err)
		}
	})
}

func ExampleCitation() {
	c := baakit.MustParseCitation("45 CFR 164.404(b)")
	fmt.Println(c)
	fmt.Println(c.Address())
	// Output:
	// 45 CFR 164.404(b)
	// https://www.ecfr.gov/current/title-45/section-164.404#p-164.404(b)
}
