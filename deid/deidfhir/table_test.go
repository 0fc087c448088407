package deidfhir_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
)

// The table has what it is for: the resources of US Core and of Synthea, each
// by a name of R4, with elements of one spelling each.
func TestTable(t *testing.T) {
	t.Parallel()
	have := deidfhir.Resources()
	for name := range strings.FieldsSeq(`AllergyIntolerance Binary Bundle CarePlan CareTeam Claim Condition Coverage Device
DiagnosticReport DocumentReference Encounter ExplanationOfBenefit Goal ImagingStudy Immunization Location Medication MedicationAdministration
MedicationDispense MedicationRequest MedicationStatement Observation Organization Patient Practitioner PractitionerRole Procedure Provenance
QuestionnaireResponse RelatedPerson ServiceRequest Specimen`) {
		if !slices.Contains(have, name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range have {
		if !slices.Contains(deidfhir.TypeNames(), name) {
			t.Errorf("%s is no type of R4", name)
		}
		leaves := deidfhir.Leaves(name)
		seen := make(map[string]bool)
		for _, l := range leaves {
			if path := l.Path(); seen[path] {
				t.Errorf("%s.%s stands twice", name, path)
			} else {
				seen[path] = true
			}
			for _, s := range l.Steps {
				if s.Name == "" || strings.ContainsAny(s.Name, "[]|:@ ") || s.Name[0] < 'a' || s.Name[0] > 'z' {
					t.Errorf("%s.%s is not spelt like an element", name, l.Path())
				}
			}
		}
	}
	if names := deidfhir.TypeNames(); !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("the names of types are not in order")
	}
	for _, code := range deidfhir.Codes() {
		if strings.ContainsAny(code, " \t") || len(code) > 40 {
			t.Errorf("%q is no code", code)
		}
	}
}

// What codes of a system look like, and what does not.
func TestSystems(t *testing.T) {
	t.Parallel()
	w := safeHarbor(t).w
	for system, codes := range map[string][2]string{
		"http://snomed.info/sct":                                   {"444814009 73211009", "Zebulon 44481400944481400944 4448-14009"},
		"http://loinc.org":                                         {"8302-2 LA6113-0 LP7839-6 10-9", "8302 MRN-8837261 8302-22 zebulon 78302111-22"},
		"http://hl7.org/fhir/sid/icd-10-cm":                        {"E11.9 S52.501A Z00.00", "Zebulon MRN-8837261234 E@1"},
		"http://hl7.org/fhir/sid/cvx":                              {"140", "flu"},
		"http://hl7.org/fhir/sid/ndc":                              {"00378-0208-01 00378020801", "Zebulon 003780208011111"},
		"http://nucc.org/provider-taxonomy":                        {"208D00000X", "Zebulon"},
		"http://unitsofmeasure.org":                                {"mg/dL", "Zebulon"},
		"http://terminology.hl7.org/CodeSystem/v3-ActCode":         {"AMB encounter-diagnosis _ActNull", "MRN-8837261 078-05-1120 Zebulon@x Ze{b}"},
		"http://terminology.hl7.org/CodeSystem/v3-ActCode?zebulon": {"", "AMB"},
		"http://terminology.hl7.org/":                              {"", "AMB"},
		"http://terminology.hl7.org.zebulon.example/CodeSystem":    {"", "AMB"},
		"http://hospital.example/codes":                            {"", "AMB"},
		"urn:oid:2.16.840.1.113883.6.238":                          {"2106-3", "210-63 Zebulon"},
		"urn:oid:2.16.840.1.113883.5.4":                            {"AMB", "8837261"},
		"https://bluebutton.cms.gov/resources/variables/clm_type":  {"1 https://bluebutton.cms.gov/resources/variables/line_cms", "https://zebulon.example/x https://bluebutton.cms.gov/resources/8837261"},
		"urn:ietf:rfc:3986":                                        {"1.2.840.10008 urn:oid:1.2.3", "https://zebulon.example"},
		"":                                                         {"", "AMB"},
	} {
		for code := range strings.FieldsSeq(codes[0]) {
			if !w.Matches(system, code) {
				t.Errorf("%s of %s does not stay", code, system)
			}
		}
		for code := range strings.FieldsSeq(codes[1]) {
			if w.Matches(system, code) {
				t.Errorf("%s of %s stays", code, system)
			}
		}
	}
}

func TestUCUM(t *testing.T) {
	t.Parallel()
	for unit := range strings.FieldsSeq("kg mg/dL mm[Hg] 10*3/uL mL/min/{1.73_m2} kg/m2 % {score} /min a mo [degF] Cel [in_i] mmol/L ug/L m[IU]/L {breaths}/min m/s2 cm2 g.m-2 10*-6 [arb'U]/mL") {
		if !deidfhir.IsUCUM(unit) {
			t.Errorf("%s is no unit", unit)
		}
	}
	for _, unit := range []string{"", "Zebulon", "{Zebulon}", "kg/Zebulon", "kg Zebulon", "97", "MRN-8837261", "1EG4-TE5-MK73", "kg//m", "kg/", "[Zebulon]", "[", "{", "kg{", "/", "kg/8837261", "078.05.1120"} {
		if deidfhir.IsUCUM(unit) {
			t.Errorf("%s is a unit", unit)
		}
	}
}

// The value of an Identifier has one code within its system, and the report
// says whose number it was.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	value := func(identifier string) string {
		out, _, err := j.run(`{"resourceType":"Patient","identifier":[` + identifier + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(out, `"value":"`)
		if !ok {
			t.Fatalf("no value in %s", out)
		}
		code, _, _ := strings.Cut(rest, `"`)
		return code
	}
	a := value(`{"system":"http://a.example","value":"8837261"}`)
	if b := value(`{"value":"8837261","system":"http://a.example","use":"usual"}`); a != b {
		t.Error("one value of one system has two codes")
	}
	if b := value(`{"system":"http://b.example","value":"8837261"}`); a == b {
		t.Error("one value of two systems has one code")
	}
	if b := value(`{"value":"8837261"}`); a == b {
		t.Error("a value without a system has the code of one with")
	}
	typed := func(code string) string {
		return `{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"` + code + `"}]},"value":"8837261"}`
	}
	for identifier, want := range map[string]deid.Identifier{
		`{"system":"http://hl7.org/fhir/sid/us-ssn","value":"078-05-1120"}`: deid.SSN,
		typed("MR"): deid.MRN, typed("SS"): deid.SSN, typed("DL"): deid.CertificateLicense, typed("MB"): deid.HealthPlan,
		typed("AN"): deid.Account, typed("SNO"): deid.Device, typed("XX"): deid.OtherUnique, `{"value":"x"}`: deid.OtherUnique,
	} {
		_, r, err := j.run(`{"resourceType":"Patient","identifier":[` + identifier + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		for _, count := range r.Statement().Identifiers {
			if replaced := count.Replaced; replaced != 0 != (count.Identifier == want) {
				t.Errorf("%s: %d replaced of %s", identifier, replaced, count.ID)
			}
		}
	}
}

// Contacts are counted by what they are, and stay out of a limited data set.
func TestContacts(t *testing.T) {
	t.Parallel()
	for _, d := range []deid.Definition{deid.SafeHarbor(), deid.LimitedDataSet("agreement 1")} {
		e := engine(t, d, nil)
		j := job{e: e, w: walker(t, e, nil)}
		for system, want := range map[string]deid.Identifier{"phone": deid.Phone, "fax": deid.Fax, "email": deid.Email, "url": deid.URL, "sms": deid.Phone} {
			out, r, err := j.run(`{"resourceType":"Patient","telecom":[{"use":"home","value":"zebulon.q@wobble.example","system":"` + system + `"}]}`)
			if err != nil || strings.Contains(out, "telecom") {
				t.Errorf("%s: %v, %s", system, err, out)
			}
			for _, count := range r.Statement().Identifiers {
				if count.Removed != 0 != (count.Identifier == want) {
					t.Errorf("%s: %d removed of %s", system, count.Removed, count.ID)
				}
			}
		}
	}
}
