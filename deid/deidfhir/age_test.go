package deidfhir_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/baakit/baakit/deid"
)

// Both sides of the age of ninety, in each form in which FHIR says one. The
// reference day is in 2026.
func TestOver89(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	quantity := func(value, unit string) string {
		return fmt.Sprintf(`{"value":%s,"unit":%q,"system":"http://unitsofmeasure.org","code":%q}`, value, unit, unit)
	}
	for _, tt := range []struct{ doc, left, gone string }{
		{`{"resourceType":"Patient","birthDate":"1937-12-31"}`, "1937", "12-31"},
		{`{"resourceType":"Patient","birthDate":"1936-01-01"}`, "", "1936"},
		{`{"resourceType":"Patient","birthDate":"1920"}`, "", "1920"},
		{`{"resourceType":"Patient","birthDate":"1920-01-02","deceasedDateTime":"2009-03-04"}`, "1920,2009", "03-04"},
		{`{"resourceType":"Patient","birthDate":"1920-01-02","deceasedDateTime":"2010-03-04"}`, "", "1920,2010"},
		{`{"resourceType":"Patient","deceasedDateTime":"2010-03-04","birthDate":"1920-01-02"}`, "", "1920,2010"},
		{`{"resourceType":"RelatedPerson","birthDate":"1930-02-03"}`, "", "1930"},
		{`{"resourceType":"Practitioner","birthDate":"1990-02-03"}`, "", "1990"},
		// A year ninety years behind the birth: the patient died at a known age.
		{`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","effectiveDateTime":"2027-01-01"}},{"resource":{"resourceType":"Patient","birthDate":"1937"}}]}`, "2027", "1937"},
		// An age over 89 anywhere takes the years of birth along.
		{`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","birthDate":"1990"}},{"resource":{"resourceType":"Condition","onsetAge":` + quantity("91", "a") + `}}]}`, "", "1990,91,onsetAge"},
		{`{"resourceType":"Condition","onsetAge":` + quantity("89", "a") + `}`, "89", ""},
		{`{"resourceType":"Condition","onsetAge":` + quantity("90", "a") + `}`, "", "90,onsetAge"},
		{`{"resourceType":"Condition","onsetAge":` + quantity("89.99", "a") + `}`, "89.99", ""},
		{`{"resourceType":"Condition","onsetAge":` + quantity("9e1", "a") + `}`, "", "9e1"},
		{`{"resourceType":"Condition","onsetAge":` + quantity("1079", "mo") + `}`, "1079", ""},
		{`{"resourceType":"Condition","onsetAge":` + quantity("1080", "mo") + `}`, "", "1080"},
		{`{"resourceType":"Condition","onsetAge":` + quantity("32849", "d") + `}`, "32849", ""},
		{`{"resourceType":"Condition","onsetAge":` + quantity("32850", "d") + `}`, "", "32850"},
		{`{"resourceType":"Condition","onsetAge":{"value":91}}`, "", "91"},
		{`{"resourceType":"Condition","onsetAge":{"value":55}}`, "", "55"},
		{`{"resourceType":"Condition","onsetAge":{"value":89,"comparator":">","code":"a","system":"http://unitsofmeasure.org"}}`, "", "89"},
		{`{"resourceType":"Condition","onsetAge":{"code":"a","system":"http://unitsofmeasure.org","value":91}}`, "", "91"},
		{`{"resourceType":"Condition","onsetAge":{"value":91,"unit":"years"}}`, "", "91"},
		{`{"resourceType":"Condition","onsetRange":{"low":{"value":85,"unit":"a"},"high":{"value":95,"unit":"a"}}}`, "85", "95"},
		{`{"resourceType":"Condition","onsetRange":{"low":{"value":95}}}`, "", "95"},
		{`{"resourceType":"FamilyMemberHistory","deceasedAge":` + quantity("93", "a") + `}`, "", "93"},
		{`{"resourceType":"Observation","valueQuantity":` + quantity("93", "a") + `}`, "", "93"},
		{`{"resourceType":"Observation","valueQuantity":{"value":93,"unit":"YEARS"}}`, "", "93"},
		{`{"resourceType":"Observation","valueQuantity":{"value":93,"unit":"Years old"}}`, "", "93"},
		{`{"resourceType":"Observation","valueQuantity":{"value":93,"unit":"winters"},"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]}}`, "30525-0", ":93"},
		{`{"resourceType":"Observation","valueQuantity":{"value":93,"unit":"kg"},"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]}}`, ":93", ""},
		{`{"resourceType":"Observation","valueQuantity":` + quantity("93", "kg") + `}`, "93", ""},
		{`{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]},"valueInteger":93}`, "30525-0", ":93"},
		{`{"resourceType":"Observation","valueInteger":93,"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]}}`, "30525-0", ":93"},
		{`{"resourceType":"Observation","valueInteger":89,"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]}}`, "30525-0,:89", ""},
		{`{"resourceType":"Observation","valueInteger":93,"code":{"coding":[{"system":"http://loinc.org","code":"9279-1"}]}}`, ":93", ""},
		{`{"resourceType":"Observation","component":[{"valueQuantity":{"value":93},"code":{"coding":[{"system":"http://loinc.org","code":"30525-0"}]}}]}`, "30525-0", ":93"},
		{`{"resourceType":"QuestionnaireResponse","item":[{"linkId":"1","text":"Your age?","answer":[{"valueInteger":93}]}]}`, "linkId", "93"},
		{`{"resourceType":"QuestionnaireResponse","item":[{"linkId":"/21612-7","answer":[{"valueDecimal":93}]}]}`, "21612", "93"},
		{`{"resourceType":"QuestionnaireResponse","item":[{"linkId":"1","text":"Dosage?","answer":[{"valueInteger":93}]}]}`, "93", ""},
	} {
		out, _, err := j.run(tt.doc)
		if err != nil {
			t.Errorf("%s: %v", tt.doc, err)
			continue
		}
		out, _, _ = strings.Cut(strings.ReplaceAll(out, policyHash(j), ""), "\n")
		for word := range strings.SplitSeq(tt.left, ",") {
			if !strings.Contains(out, word) {
				t.Errorf("%s: %s is not in %s", tt.doc, word, out)
			}
		}
		for word := range strings.SplitSeq(tt.gone, ",") {
			if word != "" && strings.Contains(out, word) {
				t.Errorf("%s: %s is in %s", tt.doc, word, out)
			}
		}
	}
}

// Many numbers of one question are looked at without reading it for each.
func TestManyAges(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	answers := strings.Repeat(`{"valueInteger":93},`, 100_000)
	out, _, err := j.run(`{"resourceType":"QuestionnaireResponse","item":[{"linkId":"1","answer":[` + answers + `{"valueInteger":94}]}]}`)
	if err != nil || strings.Count(out, "93") != 100_000 {
		t.Errorf("%v, %d numbers left", err, strings.Count(out, "93"))
	}
	out, _, err = j.run(`{"resourceType":"QuestionnaireResponse","item":[{"linkId":"1","text":"age","answer":[` + answers + `{"valueInteger":4}]}]}`)
	if err != nil || strings.Contains(out, ":93") || !strings.Contains(out, `"valueInteger":4`) {
		t.Errorf("%v", err)
	}
}

func policyHash(j job) string { return j.e.Policy().SHA256() }

// Each type of time, and where it becomes a year.
func TestDates(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	for in, want := range map[string]string{
		`{"resourceType":"Condition","onsetDateTime":"2019-03-14T09:32:00.123+14:00"}`:                                   `"onsetDateTime":"2019"`,
		`{"resourceType":"Condition","onsetDateTime":"2019-03"}`:                                                         `"onsetDateTime":"2019"`,
		`{"resourceType":"Condition","onsetDateTime":"2019"}`:                                                            `"onsetDateTime":"2019"`,
		`{"resourceType":"Condition","onsetDateTime":"2020-02-29"}`:                                                      `"onsetDateTime":"2020"`,
		`{"resourceType":"Condition","onsetDateTime":"2019-02-29"}`:                                                      ``,
		`{"resourceType":"Condition","onsetDateTime":"spring of 2019"}`:                                                  ``,
		`{"resourceType":"Condition","onsetDateTime":20190314}`:                                                          ``,
		`{"resourceType":"Condition","onsetPeriod":{"start":"2018-12-31T23:59:59-12:00","end":"2019-01-01"}}`:            `"onsetPeriod":{"start":"2018","end":"2019"}`,
		`{"resourceType":"Observation","issued":"2019-03-14T09:32:00Z"}`:                                                 ``,
		`{"resourceType":"Observation","effectiveInstant":"2019-03-14T09:32:00Z"}`:                                       ``,
		`{"resourceType":"Observation","valueTime":"09:32:00"}`:                                                          ``,
		`{"resourceType":"Observation","effectiveTiming":{"event":["2019-03-14","2020-01-01"],"repeat":{"count":2}}}`:    `"effectiveTiming":{"event":["2019","2020"],"repeat":{"count":2}}`,
		`{"resourceType":"Observation","effectiveTiming":{"repeat":{"timeOfDay":["09:32:00"],"dayOfWeek":["mon"]}}}`:     `"effectiveTiming":{"repeat":{"dayOfWeek":["mon"]}}`,
		`{"resourceType":"Bundle","timestamp":"2019-03-14T09:32:00Z","type":"batch"}`:                                    `"type":"batch"`,
		`{"resourceType":"Claim","item":[{"servicedDate":"2019-03-14"}]}`:                                                `"item":[{"servicedDate":"2019"}]`,
		`{"resourceType":"Immunization","expirationDate":"2019-03-14","lotNumber":"LOT-77-20931"}`:                       `"expirationDate":"2019"`,
		`{"resourceType":"Patient","meta":{"lastUpdated":"2019-03-14T09:32:00Z","source":"http://ehr.example/zebulon"}}`: ``,
	} {
		out, _, err := j.run(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		body := out[strings.IndexByte(out, ',')+1 : strings.Index(out, `"meta"`)]
		if got := strings.TrimSuffix(body, ","); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

// What a limited data set lets stay, and what it does not.
func TestLimitedDataSet(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.LimitedDataSet("agreement 1"), nil)
	j := job{e: e, w: walker(t, e, nil)}
	out, _, err := j.run(`{"resourceType":"Patient","id":"p1","identifier":[{"system":"http://hospital.example","value":"MRN-8837261"}],"name":[{"family":"Quackenbush"}],"telecom":[{"system":"phone","value":"617-555-0182"}],
"birthDate":"1921-08-23","address":[{"line":["4711 Wobblethorpe Lane"],"city":"Wobbleton","district":"Quaglund","state":"NH","postalCode":"03601-4711"}],"meta":{"lastUpdated":"2024-05-17T10:00:00Z"}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"1921-08-23", "Wobbleton", "03601-4711", "NH", "2024-05-17T10:00:00Z", `"code":"limited_data_set"`} {
		if !strings.Contains(out, word) {
			t.Errorf("%s is not in %s", word, out)
		}
	}
	for _, word := range []string{"8837261", "Quackenbush", "0182", "Wobblethorpe", "Quaglund", `"p1"`} {
		if strings.Contains(out, word) {
			t.Errorf("%s is in %s", word, out)
		}
	}
	out, _, err = j.run(`{"resourceType":"Condition","onsetAge":{"value":93,"code":"a","system":"http://unitsofmeasure.org"}}`)
	if err != nil || !strings.Contains(out, "93") {
		t.Errorf("an age over 89: %v, %s", err, out)
	}
}

// An expert's policy may shift dates, which instants cannot be.
func TestExpert(t *testing.T) {
	t.Parallel()
	d := deid.ExpertDetermination(deid.Determination{Expert: "A. Quill", Determined: asOf, Document: "D-1"},
		deid.Rule{Kind: deid.KindDate, Action: deid.ShiftDate}, deid.Rule{Kind: deid.KindDOB, Action: deid.Tag}, deid.Rule{Kind: deid.KindName, Action: deid.CodeAs("name")})
	e := engine(t, d, &deid.Options{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "s", Key: make([]byte, 32)})
	w := walker(t, e, nil)
	var out strings.Builder
	err := w.JSON(t.Context(), &out, strings.NewReader(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","birthDate":"1980-01-02","name":[{"family":"Quackenbush"}]}},{"resource":{"resourceType":"Observation","effectiveDateTime":"2019-03-14","issued":"2019-03-14T09:32:00Z"}}]}`), &deid.Subject{Key: "k"}, e.NewReport())
	if err != nil {
		t.Fatal(err)
	}
	if s := out.String(); strings.Contains(s, "2019-03-14") || !strings.Contains(s, `"effectiveDateTime":"20`) || strings.Contains(s, "issued") || strings.Contains(s, "birthDate") || strings.Contains(s, "Quackenbush") || !strings.Contains(s, `"family":"`) {
		t.Error(s)
	}
}
