package baa_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/baa/baatest"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the fixtures anew")

func complete() baa.Draft { return baatest.Scenarios()[0].Draft }

func sealed(t testing.TB, d baa.Draft) baa.Version {
	t.Helper()
	return baatest.Seal(t, d)
}

// What a version says survives JSON, and its hash is that of canonical JSON
// made the slow way.
func TestVersionJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := baatest.Version().Draw(t, "v")
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		w, err := baa.ParseVersion(data)
		if err != nil {
			t.Fatal(err)
		}
		if w.Hash() != v.Hash() || w.TextHash() != v.TextHash() || !reflect.DeepEqual(v.Draft(), w.Draft()) {
			t.Fatalf("read back differs:\n%+v\n%+v", v.Draft(), w.Draft())
		}
		draft, err := json.MarshalIndent(v.Draft(), " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		d, err := baa.ParseDraft(draft)
		if err != nil {
			t.Fatal(err)
		}
		again, err := baa.Seal(d)
		if err != nil || again.Hash() != v.Hash() {
			t.Fatalf("sealing again: %v, hash %v", err, again.Hash() == v.Hash())
		}
		slow, err := jcs.Canonicalize(draft)
		if err != nil {
			t.Fatal(err)
		}
		if want := baa.HashOf(slow); want != v.Hash() {
			t.Fatalf("hash %s, of canonical JSON %s", v.Hash(), want)
		}
	})
}

// Every field counts: any change of a term of any clause, or of the rest of
// the draft, changes the hash, and no two kinds of drafts share one.
func TestEveryFieldCounts(t *testing.T) {
	t.Parallel()
	base := complete()
	seen := map[string]string{sealed(t, base).Hash(): "the base"}
	try := func(name string, d baa.Draft) {
		t.Helper()
		h := sealed(t, d).Hash()
		if was, ok := seen[h]; ok {
			t.Errorf("%s has the hash of %s", name, was)
		}
		seen[h] = name
	}
	for _, c := range base.Clauses {
		v := reflect.ValueOf(c)
		for i := range v.NumField() {
			changed := reflect.New(v.Type()).Elem()
			changed.Set(v)
			if f := changed.Field(i); f.IsZero() {
				switch f.Interface().(type) {
				case baakit.Period:
					f.Set(reflect.ValueOf(baakit.MustParsePeriod("7 days")))
				case baakit.Date:
					f.Set(reflect.ValueOf(baakit.MustParseDate("2030-01-01")))
				case baakit.Jurisdiction:
					f.Set(reflect.ValueOf(baakit.MustParseJurisdiction("TX")))
				case []string:
					f.Set(reflect.ValueOf([]string{"an item"}))
				case []baa.Definition:
					f.Set(reflect.ValueOf([]baa.Definition{{Term: "a", Means: "b"}}))
				default:
					switch f.Kind() {
					case reflect.Bool:
						f.SetBool(true)
					case reflect.String:
						f.SetString("a text")
						if _, choice, ok := strings.Cut(v.Type().Field(i).Tag.Get("validate"), "oneof="); ok {
							f.SetString(strings.Fields(choice)[0])
						}
					default:
						t.Fatalf("%T.%s: no other value known", c, v.Type().Field(i).Name)
					}
				}
			} else {
				f.SetZero()
			}
			try(string(c.Kind())+"."+v.Type().Field(i).Name, base.With(changed.Interface().(baa.Clause)))
		}
		try("without "+string(c.ID()), base.Without(c.ID()))
	}
	for name, change := range map[string]func(*baa.Draft){
		"label": func(d *baa.Draft) { d.Label.Update++ }, "kind": func(d *baa.Draft) { d.Kind = baa.SubcontractorAgreement },
		"parent":         func(d *baa.Draft) { d.Parent = "sha256:" + strings.Repeat("0", 64) },
		"legal name":     func(d *baa.Draft) { d.Parties[0].LegalName = "Other" },
		"trade name":     func(d *baa.Draft) { d.Parties[0].TradeName = "Other" },
		"home":           func(d *baa.Draft) { d.Parties[0].Home = baakit.MustParseJurisdiction("TX") },
		"government":     func(d *baa.Draft) { d.Parties[1].Government = true },
		"notice address": func(d *baa.Draft) { d.Parties[1].NoticeAddress = "Other" },
		"notice e-mail":  func(d *baa.Draft) { d.Parties[1].NoticeEmail = "other@fernhill.example" },
		"underlying":     func(d *baa.Draft) { d.Underlying.Title = "Terms" },
		"dated":          func(d *baa.Draft) { d.Underlying.Dated = baakit.MustParseDate("2026-01-01") },
		"services":       func(d *baa.Draft) { d.Services = "backups" },
		"effective":      func(d *baa.Draft) { d.Effective = d.Effective.AddDays(1) },
		"signers":        func(d *baa.Draft) { d.Signers = d.Signers[:1] },
		"standing offer": func(d *baa.Draft) { d.StandingOffer = true },
		"no electronic":  func(d *baa.Draft) { d.NoElectronicPHI = true },
		"order":          func(d *baa.Draft) { d.Clauses[0], d.Clauses[1] = d.Clauses[1], d.Clauses[0] },
	} {
		d := complete()
		change(&d)
		try(name, d)
	}
}

// Quotes, tabs and emphasis are not words: the text hash stays, the hash does
// not. A word is one.
func TestTextHash(t *testing.T) {
	t.Parallel()
	clause := func(text string) baa.Version {
		return sealed(t, complete().With(baa.Custom{Name: "special", Title: "Special", Paragraphs: []string{text}}))
	}
	plain := clause(`He said "never" - not once.`)
	for _, same := range []string{"He said “never” – not once.", `He said **"never"** - _not_ once.`} {
		if v := clause(same); v.TextHash() != plain.TextHash() || v.Hash() == plain.Hash() {
			t.Errorf("%q: text hash equal %v, hash equal %v", same, v.TextHash() == plain.TextHash(), v.Hash() == plain.Hash())
		}
	}
	if v := clause(`He said "never" - not twice.`); v.TextHash() == plain.TextHash() {
		t.Error("another word has the same text hash")
	}
	if got, want := baa.NormalText("\t a\u00a0\u2003b\n“c”  d "), `a b "c" d`; got != want {
		t.Errorf("NormalText = %q, want %q", got, want)
	}
}

// A sealed version cannot be changed through what went in or came out.
func TestSealedIsImmutable(t *testing.T) {
	t.Parallel()
	d := complete().With(baa.Certifications{Names: []string{"one", "two"}})
	v := sealed(t, d)
	before := v.Markdown()
	d.Parties[0].LegalName = "changed"
	d.Clauses.Find("certifications").(baa.Certifications).Names[0] = "changed"
	out := v.Draft()
	out.Signers[0] = "changed"
	out.Clauses.Find("certifications").(baa.Certifications).Names[0] = "changed"
	v.Clause("certifications").(baa.Certifications).Names[1] = "changed"
	v.Clauses()[0] = nil
	if v.Markdown() != before {
		t.Error("the version changed")
	}
	if again := sealed(t, v.Draft()); again.Hash() != v.Hash() {
		t.Error("sealing twice is another version")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	bad := complete()
	bad.Kind, bad.Label, bad.Parent = "handshake", baa.Label{}, "x"
	bad.Parties[0].Role, bad.Parties[1].NoticeEmail, bad.Parties[1].LegalName = "patient", "nobody", ""
	bad.Signers = nil
	bad.Clauses = append(bad.Clauses, baa.NoOtherUse{},
		baa.Custom{Name: "two words", Paragraphs: []string{"a\nb"}, Claims: []baa.Element{"no.such"}},
		baa.Custom{Name: "reporting", Title: "Trap", Paragraphs: []string{"x"}})
	n := len(bad.Clauses)
	err := bad.Validate()
	var errs baakit.FieldErrors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range errs {
		paths = append(paths, e.Path)
	}
	at := func(i int, rest string) string { return "clauses[" + itoa(n+i) + "]" + rest }
	for _, want := range []string{
		"kind", "label", "parent", "parties[0].role", "parties[1].notice_email", "parties[1].legal_name", "signers",
		at(-3, ".id"), at(-2, ".id"), at(-2, ".heading"), at(-2, ".paragraphs[0]"), at(-2, ".claims[0]"), at(-1, ".id"),
	} {
		if !slices.Contains(paths, want) {
			t.Errorf("no error at %s; got %v", want, paths)
		}
	}
	if strings.Contains(err.Error(), "handshake") || strings.Contains(err.Error(), "nobody") {
		t.Error("an error holds a value")
	}
	for _, tt := range []struct{ name, old, new, path string }{
		{"a term of zero", `"cure":"30 days"`, `"cure":"0 days"`, "clauses[21].cure"},
		{"an unknown choice", `"restrictions":"same"`, `"restrictions":"like"`, "clauses[11].restrictions"},
		{"an unknown field", `"immediate":true`, `"immediately":true`, "clauses[21].immediately"},
		{"an unknown role", `"role":"covered_entity"`, `"role":"patient"`, "parties[0].role"},
		{"two clauses with one id", `{"kind":"mitigation"}`, `{"kind":"no_other_use"}`, "clauses[4].id"},
	} {
		data, err := json.Marshal(complete())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), tt.old, tt.new, 1)
		if text == string(data) {
			t.Fatalf("%s: nothing replaced in %s", tt.name, data)
		}
		if _, err := baa.ParseDraft([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.path+":") {
			t.Errorf("%s: error %v, want one at %s", tt.name, err, tt.path)
		}
	}
}

// The versions of an agreement are one chain with one label each.
func TestAgreement(t *testing.T) {
	t.Parallel()
	first := sealed(t, complete())
	a, err := baa.NewAgreement("larkspur-1", first)
	if err != nil {
		t.Fatal(err)
	}
	next := func(of baa.Version, label string) baa.Version {
		d := of.Draft()
		d.Parent, d.Label = of.Hash(), baa.MustParseLabel(label)
		d.Services = label
		return sealed(t, d)
	}
	second := next(first, "1.1.0")
	b, err := a.Publish(second)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Versions()) != 1 || b.Latest().Hash() != second.Hash() || b.Parties()[0].LegalName != "Larkspur Family Practice" {
		t.Error("publishing changed the shorter agreement or lost the version")
	}
	same, err := b.Publish(second)
	if err != nil || len(same.Versions()) != 2 {
		t.Errorf("publishing again: %v, %d versions", err, len(same.Versions()))
	}
	for _, tt := range []struct {
		name string
		v    baa.Version
		want error
	}{
		{"the label of another version", next(second, "1.0.0"), baa.ErrLabelTaken},
		{"its own label, other words", func() baa.Version {
			d := second.Draft()
			d.Services = "other"
			return sealed(t, d)
		}(), baa.ErrLabelTaken},
		{"a branch", next(first, "1.2.0"), baa.ErrChain},
		{"an earlier label", next(second, "1.0.9"), baa.ErrChain},
		{"another kind", func() baa.Version {
			d := next(second, "2.0.0").Draft()
			d.Kind = baa.SubcontractorAgreement
			return sealed(t, d)
		}(), baa.ErrKind},
		{"the zero version", baa.Version{}, baa.ErrChain},
	} {
		if _, err := b.Publish(tt.v); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := baa.ParseAgreement(data)
	if err != nil || c.ID() != b.ID() || c.Latest().Hash() != second.Hash() {
		t.Errorf("read back: %v", err)
	}
	if _, err := baa.ParseAgreement([]byte(strings.Replace(string(data), `"services":"1.1.0"`, `"services":"1.1.1"`, 1))); err == nil {
		t.Error("a version whose hash is not its own was read")
	}
}

// Files of every released schema keep reading, with the hash that they had.
func TestReleasedSchemas(t *testing.T) {
	t.Parallel()
	const file = "testdata/agreement-1.json"
	if *update {
		d := complete().With(baa.Custom{Name: "special", Title: "Special", Paragraphs: []string{"Own words."}})
		d.Clauses = append(d.Clauses, baa.UnknownClause{JSON: `{"kind":"arbitration","seats":3}`}, baa.Insurance{Cyber: baa.MustParseMoney("1000000")})
		a, err := baa.NewAgreement("larkspur-1", sealed(t, d))
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.MarshalIndent(a, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a, err := baa.ParseAgreement(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	want, err := jcs.Canonicalize(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jcs.Canonicalize(again)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func itoa(n int) string {
	data, _ := json.Marshal(n)
	return string(data)
}

// How a letter with an accent was typed, composed or with a combining mark,
// changes no identity and no label; another letter does. What is written reads
// back under the same hash.
func TestUnicodeFormsAreOne(t *testing.T) {
	t.Parallel()
	with := func(text string) baa.Version {
		return sealed(t, complete().With(baa.Custom{Name: "special", Title: "Clinic " + text, Paragraphs: []string{"Care at " + text + " only."}}))
	}
	composed, combining, other := with("Se\u00f1ora"), with("Sen\u0303ora"), with("Senora")
	if composed.Hash() != combining.Hash() || composed.TextHash() != combining.TextHash() {
		t.Error("two ways to type a letter are two versions")
	}
	if composed.Hash() == other.Hash() || composed.TextHash() == other.TextHash() {
		t.Error("two letters are one version")
	}
	if baa.NormalText("Sen\u0303ora") != "Se\u00f1ora" {
		t.Error("NormalText leaves a combining mark")
	}
	data, err := json.Marshal(combining)
	if err != nil {
		t.Fatal(err)
	}
	var back baa.Version
	if err := json.Unmarshal(data, &back); err != nil || back.Hash() != composed.Hash() {
		t.Errorf("read back: %v", err)
	}
}
