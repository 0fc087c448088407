package baa_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/baa/baatest"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := fs.ReadFile(baa.Schemas(), name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("https://baakit.example/"+name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://baakit.example/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

// Whatever the package writes is what its schemas say.
func TestSchemasFitTheTypes(t *testing.T) {
	documents, answers := compile(t, "agreement-1.json"), compile(t, "answers-1.json")
	rapid.Check(t, func(t *rapid.T) {
		v := baatest.Version().Draw(t, "v")
		first := v.Draft()
		first.Parent = ""
		root, err := baa.Seal(first)
		if err != nil {
			t.Fatal(err)
		}
		a, err := baa.NewAgreement("one", root)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []any{v.Draft(), v, a} {
			if err := validate(documents, x); err != nil {
				t.Fatal(err)
			}
		}
		w := baatest.Version().Draw(t, "w")
		house := baa.DefaultHousePolicy()
		d := baa.Diff(v, w)
		for _, x := range []any{baa.Check(v, baa.CurrentRules(), &baa.CheckOptions{House: &house}), baa.Check(baa.Version{}, baa.RuleSet{}, nil), d, baa.Classify(d, nil)} {
			if err := validate(answers, x); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What the reader refuses for its shape the schema refuses too.
func TestSchemasRefuse(t *testing.T) {
	documents := compile(t, "agreement-1.json")
	data, err := json.Marshal(baatest.Scenarios()[0].Draft)
	if err != nil {
		t.Fatal(err)
	}
	for old, bad := range map[string]string{
		`"cure":"30 days"`:            `"cure":"soon"`,
		`"restrictions":"same"`:       `"restrictions":"like"`,
		`"immediate":true`:            `"immediately":true`,
		`"role":"covered_entity"`:     `"role":"patient"`,
		`"label":"1.0.0"`:             `"label":"1"`,
		`"effective":"2026-10-01"`:    `"effective":"2026-02-30"`,
		`{"kind":"mitigation"}`:       `{"kind":"Mitigation"}`,
		`"baakit.baa.draft/1"`:        `"baakit.baa.draft/2"`,
		`"breach":true`:               `"breach":"yes"`,
		`"signers":["covered_entity"`: `"signers":["nobody"`,
	} {
		text := strings.Replace(string(data), old, bad, 1)
		if text == string(data) {
			t.Fatalf("nothing replaced for %s", old)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if documents.Validate(doc) == nil {
			t.Errorf("the schema accepts %s", bad)
		}
		if _, err := baa.ParseDraft([]byte(text)); err == nil {
			t.Errorf("the reader accepts %s", bad)
		}
	}
}
