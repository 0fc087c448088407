package deidfhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// A bundleWriter makes Bundles of the usual shape: one patient with visits,
// each with its results, claims and notes. Nobody in them exists.
type bundleWriter struct {
	b strings.Builder
	n int // of resources
}

func (b *bundleWriter) add(typeName, id, rest string) {
	if b.n > 0 {
		b.b.WriteByte(',')
	}
	b.n++
	fmt.Fprintf(&b.b, `{"fullUrl":"urn:uuid:%s","resource":{"resourceType":"%s","id":"%s",%s},"request":{"method":"POST","url":"%s"}}`, id, typeName, id, rest, typeName)
}

func uuid(kind, n int) string { return fmt.Sprintf("%08x-5eed-4000-8000-%012x", kind, n) }

var vitals = []struct{ code, display, unit string }{
	{"8302-2", "Body Height", "cm"},
	{"29463-7", "Body Weight", "kg"},
	{"39156-5", "Body Mass Index", "kg/m2"},
	{"2339-0", "Glucose [Mass/volume] in Blood", "mg/dL"},
	{"2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL"},
	{"6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL"},
}

// bundle is a transaction Bundle of a patient with the given number of visits.
func bundle(patient, visits int) []byte {
	b := &bundleWriter{}
	p := uuid(1, patient)
	b.b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	b.add("Patient", p, fmt.Sprintf(`"meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Zebulon%d Quackenbush%d was here</div>"},
"extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3","display":"White"}},{"url":"text","valueString":"White"}]},
{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"Perpetua Wobblethorpe"}],
"identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR","display":"Medical Record Number"}],"text":"Medical Record Number"},"system":"http://hospital.example","value":"%s"},
{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"SS"}]},"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-%02d-%04d"}],
"name":[{"use":"official","family":"Quackenbush%d","given":["Zebulon%d"],"prefix":["Mr."]}],
"telecom":[{"system":"phone","value":"555-%03d-%04d","use":"home"}],"gender":"male","birthDate":"1958-%02d-%02d",
"address":[{"line":["%d Wobblethorpe Lane"],"city":"Wobbleton","state":"MA","postalCode":"02139","country":"US"}],
"communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en-US","display":"English"}],"text":"English"}}]`,
		patient, patient, p, patient%90+10, patient%9000+1000, patient, patient, patient%900+100, patient%9000+1000, patient%12+1, patient%28+1, patient+4700))
	doc, org := uuid(2, patient%7), uuid(3, patient%5)
	b.add("Practitioner", doc, `"identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"99999"}],"active":true,"name":[{"family":"Mulberry","given":["Ignatia"],"prefix":["Dr."]}],"telecom":[{"system":"email","value":"mulberry@clinic.example"}],"gender":"female"`)
	b.add("Organization", org, `"active":true,"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/organization-type","code":"prov","display":"Healthcare Provider"}],"text":"Healthcare Provider"}],"name":"WOBBLETON GENERAL HOSPITAL","address":[{"line":["1 Elm Street"],"city":"WOBBLETON","state":"MA","postalCode":"02139","country":"US"}]`)
	subject := fmt.Sprintf(`{"reference":"urn:uuid:%s","display":"Mr. Zebulon%d Quackenbush%d"}`, p, patient, patient)
	for v := range visits {
		day := fmt.Sprintf("%d-%02d-%02dT%02d:43:56-05:00", 1990+v%33, v%12+1, v%28+1, v%24)
		enc := uuid(4, patient<<12|v)
		b.add("Encounter", enc, fmt.Sprintf(`"identifier":[{"use":"official","system":"http://hospital.example/visits","value":"%s"}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"type":[{"coding":[{"system":"http://snomed.info/sct","code":"185345009","display":"Encounter for symptom"}],"text":"Encounter for symptom"}],"subject":%s,"participant":[{"individual":{"reference":"urn:uuid:%s","display":"Dr. Ignatia Mulberry"}}],"period":{"start":"%s","end":"%s"},"serviceProvider":{"reference":"urn:uuid:%s","display":"WOBBLETON GENERAL HOSPITAL"}`, enc, subject, doc, day, day, org))
		cond := uuid(5, patient<<12|v)
		b.add("Condition", cond, fmt.Sprintf(`"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"encounter-diagnosis","display":"Encounter Diagnosis"}]}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"444814009","display":"Viral sinusitis (disorder)"}],"text":"Viral sinusitis (disorder)"},"subject":{"reference":"urn:uuid:%s"},"encounter":{"reference":"urn:uuid:%s"},"onsetDateTime":"%s","recordedDate":"%s"`, p, enc, day, day))
		for i, o := range vitals {
			b.add("Observation", uuid(6+i, patient<<12|v), fmt.Sprintf(`"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"urn:uuid:%s"},"encounter":{"reference":"urn:uuid:%s"},"effectiveDateTime":"%s","issued":"%s","valueQuantity":{"value":%d.%d,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"}`, o.code, o.display, o.display, p, enc, day, day, 20+(v*7+i*13)%180, v%10, o.unit, o.unit))
		}
		note := strings.Repeat("ClplYnVsb24gUXVhY2tlbmJ1c2ggaXMgd2VsbC4K", 12)
		b.add("DocumentReference", uuid(20, patient<<12|v), fmt.Sprintf(`"status":"superseded","type":{"coding":[{"system":"http://loinc.org","code":"34117-2","display":"History and physical note"}]},"subject":{"reference":"urn:uuid:%s"},"date":"%s","author":[{"reference":"urn:uuid:%s","display":"Dr. Ignatia Mulberry"}],"content":[{"attachment":{"contentType":"text/plain","data":"%s"}}],"context":{"encounter":[{"reference":"urn:uuid:%s"}],"period":{"start":"%s","end":"%s"}}`, p, day, doc, note, enc, day, day))
		b.add("Claim", uuid(21, patient<<12|v), fmt.Sprintf(`"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}]},"use":"claim","patient":%s,"billablePeriod":{"start":"%s","end":"%s"},"created":"%s","provider":{"reference":"urn:uuid:%s","display":"WOBBLETON GENERAL HOSPITAL"},"diagnosis":[{"sequence":1,"diagnosisReference":{"reference":"urn:uuid:%s"}}],"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"Wobble Health"}}],"item":[{"sequence":1,"productOrService":{"coding":[{"system":"http://snomed.info/sct","code":"185345009","display":"Encounter for symptom"}],"text":"Encounter for symptom"},"encounter":[{"reference":"urn:uuid:%s"}],"net":{"value":129.16,"currency":"USD"}}],"total":{"value":129.16,"currency":"USD"}`, subject, day, day, day, org, cond, enc))
	}
	b.b.WriteString(`]}`)
	return []byte(b.b.String())
}

// indented is a document in the layout of Synthea.
func indented(doc []byte) []byte {
	var b bytes.Buffer
	if err := json.Indent(&b, doc, "", "  "); err != nil {
		panic(err)
	}
	return b.Bytes()
}
