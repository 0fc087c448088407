package deidfhir_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
	"pgregory.net/rapid"
)

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := deidfhir.New(nil, nil); err == nil {
		t.Error("a walker without an engine")
	}
	p, err := deid.SafeHarbor().Compile()
	if err != nil {
		t.Fatal(err)
	}
	e, err := deid.New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	var field baakit.FieldError
	if _, err := deidfhir.New(e, nil); !errors.As(err, &field) || !strings.Contains(err.Error(), "vault") {
		t.Errorf("without a vault: %v", err)
	}
}

// What is not FHIR, and what is hostile: an error of its type, and nothing
// written.
func TestMalformed(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(), &deid.Options{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "s", MaxRecord: 4096, MaxDepth: 32})
	j := job{e: e, w: walker(t, e, nil)}
	deep := func(n int) string {
		return `{"resourceType":"QuestionnaireResponse","item":` + strings.Repeat(`{"item":`, n) + `{"linkId":"1"}` + strings.Repeat(`}`, n) + `}`
	}
	for in, want := range map[string]error{
		``:                              deid.ErrMalformed,
		` `:                             deid.ErrMalformed,
		`{}`:                            deid.ErrMalformed,
		`{"resourceType":"Zebulon"}`:    deid.ErrMalformed,
		`{"resourceType":7}`:            deid.ErrMalformed,
		`{"resourceType":null}`:         deid.ErrMalformed,
		`{"id":"1"}`:                    deid.ErrMalformed,
		`"Patient"`:                     deid.ErrMalformed,
		`17`:                            deid.ErrMalformed,
		`null`:                          deid.ErrMalformed,
		`{"resourceType":"Patient"`:     deid.ErrMalformed,
		`{"resourceType":"Patient"} {}`: deid.ErrMalformed,
		`{"resourceType":"Patient",}`:   deid.ErrMalformed,
		`{"resourceType":"Patient","active":tru}`:                                                                           deid.ErrMalformed,
		`{"resourceType":"Patient" "active":true}`:                                                                          deid.ErrMalformed,
		`{"resourceType":"Patient","name":[{]}`:                                                                             deid.ErrMalformed,
		`{"resourceType":"Patient","name":["a",]}`:                                                                          deid.ErrMalformed,
		`{"resourceType":"Patient","x":"` + "\x01" + `"}`:                                                                   deid.ErrMalformed,
		"{\"resourceType\":\"Patient\",\"x\":\"\xff\"}":                                                                     deid.ErrMalformed,
		`{"resourceType":"Patient","resourceType":"Practitioner"}`:                                                          deid.ErrMalformed,
		`{"resourceType":"Patient","gender":"male","gender":"female"}`:                                                      deid.ErrMalformed,
		`{"resourceType":"Patient","gender":"male","g\u0065nder":"x"}`:                                                      deid.ErrMalformed,
		`{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","system":"http://x","code":"1-8"}]}}`: deid.ErrMalformed,
		deep(60): deid.ErrTooLarge,
		`{"resourceType":"Patient","x":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`: deid.ErrTooLarge,
		`{"resourceType":"Patient","x":` + strings.Repeat("[", 60) + `}`:                           deid.ErrMalformed,
		`{"resourceType":"Patient","x":"` + strings.Repeat("x", 5000) + `"}`:                       deid.ErrTooLarge,
	} {
		out, r, err := j.run(in)
		if !errors.Is(err, want) {
			t.Errorf("%.80s: %v, want %v", in, err, want)
		}
		if out != "" {
			t.Errorf("%.80s: failed and wrote %s", in, out)
		}
		if s := r.Statement(); s.RecordsFailed != 1 {
			t.Errorf("%.80s: %d records failed in the report", in, s.RecordsFailed)
		}
		if err != nil && strings.Contains(err.Error(), "Zebulon") {
			t.Errorf("the error holds a value: %v", err)
		}
	}
	if _, _, err := j.run(deep(8)); err != nil {
		t.Errorf("a document within the limit: %v", err)
	}
}

// In bulk a line that fails is left out and the rest goes on.
func TestNDJSON(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	in := `{"resourceType":"Patient","gender":"male"}` + "\n\n" + `{"gender":` + "\r\n" + `{"resourceType":"Zebulon"}` + "\n" +
		`{"id":"MRN-8837261","resourceType":"Basic","code":{"text":"x"}}` + "\n" +
		`{"resourceType":"Observation","identifier":[{"value":"MRN-8837261"}],"code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"MRN-8837261"}]}}`
	var out bytes.Buffer
	r := j.e.NewReport()
	err := j.w.NDJSON(context.Background(), &out, strings.NewReader(in), nil, r)
	failed, ok := errors.AsType[*deid.FailedError](err)
	if !ok || failed.Failed != 3 || !strings.Contains(failed.First.Position, "line 3") {
		t.Fatalf("%v", err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], `{"resourceType":"Patient","gender":"male","meta":`) || lines[1] != "" || !strings.Contains(lines[2], `"resourceType":"Basic","meta"`) {
		t.Errorf("%q", lines)
	}
	if s := r.Statement(); s.SelfCheck.Hits != 1 || s.Records != 5 {
		t.Errorf("%+v", s)
	}
}

// broken is a vault that fails, or a reader.
type broken struct{}

var errBroken = errors.New("the vault is closed")

func (broken) Code(context.Context, string, string, []byte) (deid.Code, error) {
	return deid.Code{}, errBroken
}
func (broken) Read([]byte) (int, error) { return 0, errBroken }

func TestFaults(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(), &deid.Options{Vault: broken{}, Scope: "s"})
	j := job{e: e, w: walker(t, e, nil)}
	for _, in := range []string{
		`{"resourceType":"Patient","id":"x"}`, `{"resourceType":"Patient","identifier":[{"value":"x"}]}`,
		`{"resourceType":"Patient","link":[{"other":{"reference":"http://h.example/Patient/x"}}]}`,
		`{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:x"}}]}`,
	} {
		if out, _, err := j.run(in); !errors.Is(err, errBroken) || out != "" {
			t.Errorf("%s: %v, %s", in, err, out)
		}
	}
	var out bytes.Buffer
	j = safeHarbor(t)
	if err := j.w.JSON(t.Context(), &out, io.MultiReader(strings.NewReader(`{"resourceType":`), broken{}), nil, j.e.NewReport()); !errors.Is(err, errBroken) || out.Len() > 0 {
		t.Errorf("%v, %s", err, &out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.w.JSON(ctx, &out, strings.NewReader(`{"resourceType":"Patient"}`), nil, j.e.NewReport()); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("%v, %s", err, &out)
	}
}

// stripped is an output without its label.
func stripped(j job, out string) string {
	for _, l := range []string{rootLabel(j, "PSEUDED", "pseudonymized"), rootLabel(j, "ANONYED", "anonymized")} {
		out = strings.ReplaceAll(out, `,"meta":{"security":[`+l+`]}`, "")
		out = strings.ReplaceAll(out, l, "LABEL")
	}
	return strings.TrimSuffix(out, "\n")
}

func rootLabel(j job, code, display string) string {
	return fmt.Sprintf(`{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"%s","display":"%s"},{"system":"%s","version":"%s","code":"safe_harbor"}`,
		code, display, deidfhir.PolicySystem, j.e.Policy().SHA256())
}

func TestElements(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(), nil)
	plain := job{e: e, w: walker(t, e, nil)}
	providers := job{e: e, w: walker(t, e, &deidfhir.Options{KeepProviders: true})}
	own := job{e: e, w: walker(t, e, &deidfhir.Options{Systems: []string{"http://hospital.example/labs"}, Forgotten: true})}
	for _, tt := range []struct {
		j        job
		in, want string
	}{
		// Codings by their systems, and texts by the displays that stay.
		{
			plain, `{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"444814009","display":"Viral sinusitis"},{"system":"http://hospital.example/labs","code":"Z1","display":"Zebulon"}],"text":"Viral sinusitis"}}`,
			`{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"444814009","display":"Viral sinusitis"}],"text":"Viral sinusitis"}}`,
		},
		{
			own, `{"resourceType":"Condition","code":{"coding":[{"system":"http://hospital.example/labs","code":"Z1 10020030","display":"Sodium"}],"text":"Zebulon's sodium"}}`,
			`{"resourceType":"Condition","code":{"coding":[{"system":"http://hospital.example/labs","code":"Z1 10020030","display":"Sodium"}]}}`,
		},
		{plain, `{"resourceType":"Condition","code":{"coding":[{"code":"Z1","display":"Zebulon"},{"system":"http://snomed.info/sct","display":"Zebulon"},{"system":"http://snomed.info/sct","code":"Zebulon"}],"text":"Zebulon"}}`, `{"resourceType":"Condition"}`},
		{
			plain, `{"resourceType":"Condition","code":{"coding":[{"display":"Sprain","code":"44465007","system":"http://snomed.info/sct","userSelected":true}]}}`,
			`{"resourceType":"Condition","code":{"coding":[{"display":"Sprain","code":"44465007","system":"http://snomed.info/sct","userSelected":true}]}}`,
		},
		{
			plain, `{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"44465007","display":"call 617-555-0182"},{"system":"http://snomed.info/sct","code":"44465007","display":"of 1931-08-23"},{"system":"http://snomed.info/sct","code":"44465007","display":"zebulon.q@wobble.example"}],"text":"call 617-555-0182"}}`,
			`{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"44465007"},{"system":"http://snomed.info/sct","code":"44465007"},{"system":"http://snomed.info/sct","code":"44465007"}]}}`,
		},
		// Numbers to the byte, and the space around them.
		{plain, "{\"resourceType\":\"Observation\" ,\n \"valueQuantity\" : { \"value\":1.50E+2 , \"unit\":\"mmol/L\" }\n}", "{\"resourceType\":\"Observation\",\n \"valueQuantity\" : { \"value\":1.50E+2, \"unit\":\"mmol/L\" }\n}"},
		{plain, `{"resourceType":"Observation","valueQuantity":{"value":1,"unit":"Zebulons","code":"Zebulon","system":"http://unitsofmeasure.org"}}`, `{"resourceType":"Observation","valueQuantity":{"value":1,"system":"http://unitsofmeasure.org"}}`},
		{plain, `{"resourceType":"Observation","valueQuantity":{"value":-0.0,"code":"kg","unit":"kg","system":"http://zebulon.example"},"valueBoolean":false}`, `{"resourceType":"Observation","valueQuantity":{"value":-0.0,"code":"kg","unit":"kg"},"valueBoolean":false}`},
		// Providers.
		{plain, `{"resourceType":"Practitioner","name":[{"family":"Mulberry","given":["Ignatia"]}],"gender":"female"}`, `{"resourceType":"Practitioner","gender":"female"}`},
		{providers, `{"resourceType":"Practitioner","name":[{"family":"Mulberry","given":["Ignatia"]}],"telecom":[{"system":"phone","value":"617-555-0182"}]}`, `{"resourceType":"Practitioner","name":[{"family":"Mulberry","given":["Ignatia"]}]}`},
		{providers, `{"resourceType":"Patient","name":[{"family":"Mulberry"}]}`, `{"resourceType":"Patient"}`},
		// Extensions, beside objects and primitives.
		{
			plain, `{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"},{"url":"http://hospital.example/x","valueString":"Zebulon"},{"valueString":"Zebulon","url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"}]}`,
			`{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"}]}`,
		},
		{
			plain, `{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"text","valueString":"White"},{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3","display":"White"}},{"url":"text","valueString":"White"},{"url":"text","valueString":"Zebulon"},{"url":"zebulon","valueString":"White"}]}]}`,
			`{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3","display":"White"}},{"url":"text","valueString":"White"}]}]}`,
		},
		{
			plain, `{"resourceType":"Patient","_birthDate":{"id":"b","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1931-08-23T04:05:06Z"}]},"_gender":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}}`,
			`{"resourceType":"Patient","_gender":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}}`,
		},
		{plain, `{"resourceType":"Patient","modifierExtension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"}]}`, `{"resourceType":"Patient"}`},
		// Contained resources, attachments, types that are not listed.
		{
			plain, `{"resourceType":"Encounter","contained":[{"id":"zebulon","resourceType":"RelatedPerson","name":[{"family":"Quackenbush"}],"gender":"male"},{"resourceType":"Zebulon","x":"y"}],"status":"finished"}`,
			`{"resourceType":"Encounter","contained":[{"id":"CODE","resourceType":"RelatedPerson","gender":"male"}],"status":"finished"}`,
		},
		{
			plain, `{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"text/plain","data":"WmVidWxvbg==","url":"http://x.example/z","hash":"WmVidWxvbg==","title":"Zebulon","size":7,"creation":"2019-03-14"}}]}`,
			`{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"text/plain","size":7,"creation":"2019"}}]}`,
		},
		{plain, `{"resourceType":"Binary","contentType":"application/pdf","data":"WmVidWxvbg=="}`, `{"resourceType":"Binary","contentType":"application/pdf"}`},
		{plain, `{"resourceType":"Basic","id":"zebulon","code":{"text":"Zebulon"},"author":{"reference":"Patient/1"}}`, `{"resourceType":"Basic","id":"CODE"}`},
		{plain, `{"resourceType":"Observation","note":[{"text":"Zebulon","time":"2019-03-14"}],"valueString":"Zebulon","text":{"status":"generated","div":"<div>Zebulon</div>"}}`, `{"resourceType":"Observation","note":[{"time":"2019"}]}`},
		{plain, `{"resourceType":"Observation","status":"zebulon","category":[null,{},[]],"note":"x","code":[]}`, `{"resourceType":"Observation"}`},
		// Requests of a transaction.
		{
			plain, `{"resourceType":"Bundle","entry":[{"request":{"method":"PUT","url":"Patient?identifier=MRN-8837261","ifNoneExist":"identifier=MRN-8837261"}},{"request":{"method":"POST","url":"Patient"}}]}`,
			`{"resourceType":"Bundle","entry":[{"request":{"method":"PUT"}},{"request":{"method":"POST","url":"Patient"}}]}`,
		},
		// Labels.
		{
			plain, `{"resourceType":"Patient","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}}`,
			`{"resourceType":"Patient","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"},LABEL]}}`,
		},
		{plain, `{"resourceType":"Patient","meta":{"security":[` + rootLabel(plain, "ANONYED", "anonymized") + `],"tag":[]}}`, `{"resourceType":"Patient"}`},
		{plain, `{"resourceType":"Patient","meta":{"security":[]}}`, `{"resourceType":"Patient"}`},
		{
			plain, `{"resourceType":"Patient","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1","http://zebulon.example/p"]}}`,
			`{"resourceType":"Patient","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1"],"security":[LABEL]}}`,
		},
	} {
		out, _, err := tt.j.run(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		label := rootLabel(tt.j, "PSEUDED", "pseudonymized")
		if tt.j == own {
			label = rootLabel(tt.j, "ANONYED", "anonymized")
		}
		if strings.Count(out, label) != 1 {
			t.Errorf("%s\nis not labelled once: %s", tt.in, out)
		}
		got := stripped(tt.j, out)
		for _, p := range pointers(t, []byte(out)) {
			if isCode(p) {
				got = strings.ReplaceAll(got, p, "CODE")
			}
		}
		if got != tt.want {
			t.Errorf("%s\nbecame %s\nwant   %s", tt.in, got, tt.want)
		}
	}
	if out, _, _ := own.run(`{"resourceType":"Patient"}`); !strings.Contains(out, "ANONYED") || strings.Contains(out, "PSEUDED") {
		t.Errorf("the label where nobody keeps the vault: %s", out)
	}
}

// A resource may say its type anywhere.
func TestTypeAnywhere(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.Permutation([]string{`"resourceType":"Patient"`, `"name":[{"family":"Quackenbush"}]`, `"gender":"male"`, `"birthDate":"1980-01-02"`, `"x":{"resourceType":"Practitioner"}`}).Draw(t, "members")
		out, _, err := j.run("{" + strings.Join(members, ",") + "}")
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{`"gender":"male"`, `"birthDate":"1980"`, `"resourceType":"Patient"`} {
			if !strings.Contains(out, word) {
				t.Fatalf("%s is not in %s", word, out)
			}
		}
		if strings.Contains(out, "Quackenbush") || strings.Contains(out, `"x"`) {
			t.Fatal(out)
		}
	})
}

// upper is a scrubber that removes one name.
type scrubber struct{}

func (scrubber) ScrubText(_ context.Context, dst, text []byte, _ *deid.Subject) ([]byte, []deid.Removed, error) {
	n := bytes.Count(text, []byte("Zebulon"))
	var removed []deid.Removed
	if n > 0 {
		removed = append(removed, deid.Removed{Identifier: deid.Names, Rule: "test", Count: n})
	}
	return append(dst, bytes.ReplaceAll(text, []byte("Zebulon"), []byte("[NAME-1]"))...), removed, nil
}

// Free text goes through the scrubber, and what it overlooks of the record's
// own identifiers fails the record.
func TestScrubbed(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(), &deid.Options{Vault: deid.NewMemoryVault(), Scope: "s", Text: scrubber{}})
	j := job{e: e, w: walker(t, e, nil)}
	out, r, err := j.run(`{"resourceType":"Observation","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Zeb<b>ulon</b> &amp; co</p><a href=\"http://x.example/Quackenbush\">well &lt;5</a></div>"},"note":[{"text":"Zebulon is \"well\""}],"valueString":"a Zebulon"}`)
	want := `{"resourceType":"Observation","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">[NAME-1] &amp; co\nwell &lt;5</div>"},"note":[{"text":"[NAME-1] is \"well\""}],"valueString":"a [NAME-1]"}`
	if err != nil || stripped(j, out) != want {
		t.Errorf("%v\n%s\n%s", err, stripped(j, out), want)
	}
	if s := r.Statement(); len(s.TextRules) != 1 || s.TextRules[0].Count != 3 {
		t.Errorf("%+v", s.TextRules)
	}
	for _, text := range []string{`"valueString":"Quackenbush is well"`, `"valueString":"born 1980-01-02"`, `"note":[{"text":"call QUACKENBUSH"}]`, `"text":{"status":"generated","div":"<div>Quacken<i>bush</i></div>"}`} {
		doc := `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","name":[{"family":"Quackenbush"}],"birthDate":"1980-01-02"}},{"resource":{"resourceType":"Observation",` + text + `}}]}`
		if out, _, err := j.run(doc); !errors.Is(err, deid.ErrIdentifierLeft) || out != "" {
			t.Errorf("%s: %v, %s", text, err, out)
		}
	}
}

// The self-check reads displays for numbers, and not for names.
func TestSelfCheckOfDisplays(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	for display, wantErr := range map[string]bool{"Parkinson disease": false, "MRN 883 7261": true, "see TVJOLTg4MzcyNjE=": true, "a disease": false} {
		out, _, err := j.run(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","name":[{"family":"Parkinson"}],"identifier":[{"value":"MRN-8837261"}]}},{"resource":{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"49049000","display":"` + display + `"}]}}}]}`)
		if errors.Is(err, deid.ErrIdentifierLeft) != wantErr || !wantErr && !strings.Contains(out, display) {
			t.Errorf("%s: %v, %s", display, err, out)
		}
	}
}

// The self-check reads numbers, but for the digits that arithmetic left behind.
func TestSelfCheckOfNumbers(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	for number, wantErr := range map[string]bool{"19580823": true, "8237261.5": false, "1958.0823": true, "5.119580823000000004": false, "1195808230.0000000004": true} {
		_, _, err := j.run(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","birthDate":"1958-08-23"}},{"resource":{"resourceType":"Observation","valueQuantity":{"value":` + number + `,"unit":"kg"}}}]}`)
		if errors.Is(err, deid.ErrIdentifierLeft) != wantErr {
			t.Errorf("%s: %v", number, err)
		}
	}
}

// A second pass finds the same: all that is different are the codes.
func TestAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		j := safeHarbor(t)
		in := bundle(rapid.IntRange(0, 500).Draw(rt, "patient"), rapid.IntRange(0, 4).Draw(rt, "visits"))
		if rapid.Bool().Draw(rt, "drawn") {
			doc, _ := drawBundle(rt)
			in = []byte(doc)
		}
		once, _, err := j.run(string(in))
		if err != nil {
			rt.Fatal(err)
		}
		twice, _, err := j.run(once)
		if err != nil {
			rt.Fatal(err)
		}
		a, b := withoutStrings(t, once), withoutStrings(t, twice)
		if a != b {
			rt.Fatalf("a second pass changed\n%s\n%s", a, b)
		}
	})
}

// withoutStrings is a document with a word in the place of each code.
func withoutStrings(t testing.TB, doc string) string {
	t.Helper()
	each(parse(t, []byte(doc)), "$", func(_, s string) {
		if shape := withoutCodes(s); shape != s {
			doc = strings.ReplaceAll(doc, `"`+s+`"`, `"`+shape+`"`)
		}
	})
	return doc
}
