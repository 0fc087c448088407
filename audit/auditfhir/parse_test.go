package auditfhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func paths(err error) (list []string) {
	errs, ok := errors.AsType[baakit.FieldErrors](err)
	if err != nil && !ok {
		return []string{"no FieldErrors: " + err.Error()}
	}
	for _, e := range errs {
		list = append(list, e.Path)
	}
	return list
}

func foreign(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/foreign", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What FHIR forbids is refused, each time with the path of what is wrong and
// no other.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const who = `"who":{"display":"ward-tablet"}`
	flat := func(text []byte) string {
		var b bytes.Buffer
		if err := json.Compact(&b, text); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	read, denied := flat(foreign(t, "read")), flat(foreign(t, "denied"))
	for _, tt := range []struct{ in, old, bad, path string }{
		{read, `"resourceType":"AuditEvent"`, `"resourceType":"Patient"`, "AuditEvent.resourceType"},
		{read, `"resourceType":"AuditEvent",`, ``, "AuditEvent.resourceType"},
		{read, `"action":"R"`, `"action":"r"`, "AuditEvent.action"},
		{read, `"action":"R"`, `"action":1`, "AuditEvent.action"},
		{read, `"action":"R"`, `"action":"R","action":"R"`, "AuditEvent.action"},
		{read, `"outcome":"0"`, `"outcome":"success"`, "AuditEvent.outcome"},
		{read, `"outcome":"0"`, `"outcome":null`, "AuditEvent.outcome"},
		{read, `"outcome":"0"`, `"outcome":"0","outcomeDesc":" \n"`, "AuditEvent.outcomeDesc"},
		{read, `"outcome":"0"`, `"outcome":"0","modifierExtension":[{"url":"u","valueCode":"c"}]`, "AuditEvent.modifierExtension"},
		{read, `"outcome":"0"`, `"outcome":"0","implicitRules":"http://rules.example"`, "AuditEvent.implicitRules"},
		{read, `"outcome":"0"`, `"outcome":"0","id":"a b"`, "AuditEvent.id"},
		{read, `"recorded":"2026-03-08T01:59:60+05:30",`, ``, "AuditEvent.recorded"},
		{read, `01:59:60+05:30`, `01:59:61Z`, "AuditEvent.recorded"},
		{read, `2026-03-08T01:59:60+05:30`, `2026-03-08T01:59Z`, "AuditEvent.recorded"},
		{read, `2026-03-08T01:59:60+05:30`, `2026-02-29T01:59:00Z`, "AuditEvent.recorded"},
		{read, `"source":{`, `"source":[],"x":{`, "AuditEvent.source"},
		{read, `"source":{`, `"x":{`, "AuditEvent.source"},
		{read, `"observer":`, `"observers":`, "AuditEvent.source.observer"},
		{read, `"observer":{"reference":"Device/lab-server"}`, `"observer":{}`, "AuditEvent.source.observer"},
		{read, `"agent":[`, `"agents":[`, "AuditEvent.agent"},
		{read, `"requestor":true`, `"requester":true`, "AuditEvent.agent[2].requestor"},
		{read, `"requestor":true`, `"requestor":"true"`, "AuditEvent.agent[2].requestor"},
		{read, `"requestor":false`, `"requestor":true`, "AuditEvent.agent.requestor"},
		{read, `"type":"5"`, `"type":"9"`, "AuditEvent.agent[0].network.type"},
		{read, `"policy":["urn`, `"policy":["urn a","urn`, "AuditEvent.agent[2].policy[0]"},
		{read, `"policy":["urn:ietf:params:oauth:jti:5f1c"]`, `"policy":[]`, "AuditEvent.agent[2].policy"},
		{read, `"subtype":[{`, `"subtype":[{},{`, "AuditEvent.subtype[0]"},
		{read, `"subtype":[{"system":"`, `"subtype":[{"system":" `, "AuditEvent.subtype[0].system"},
		{read, `"code":"read"`, `"code":" read"`, "AuditEvent.subtype[0].code"},
		{read, `"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"`, `"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type"`, "AuditEvent.type"},
		{read, who, `"who":"me"`, "AuditEvent.agent[1].who"},
		{read, who, who + `,"extension":[{"valueCode":"c"}]`, "AuditEvent.agent[1].extension[0].url"},
		{read, who, who + `,"extension":[{"url":"u","valueCode":"c","valueString":"d"}]`, "AuditEvent.agent[1].extension[0].value[x]"},
		{read, who, who + `,"extension":[{"url":"u","valueUnsignedInt":-1}]`, "AuditEvent.agent[1].extension[0].valueUnsignedInt"},
		{read, who, who + `,"extension":[{"url":"u","valueBoolean":"true"}]`, "AuditEvent.agent[1].extension[0].valueBoolean"},
		{denied, `"detail":[`, `"name":"n","query":"cQ==","detail":[`, "AuditEvent.entity[1]"},
		{denied, `"detail":[`, `"query":"?","detail":[`, "AuditEvent.entity[1].query"},
		{denied, `"valueString":"consent"`, `"valueString":"consent","valueBase64Binary":"AAE="`, "AuditEvent.entity[1].detail[0].value[x]"},
		{denied, `{"type":"reason","valueString":"consent"}`, `{"type":"reason"}`, "AuditEvent.entity[1].detail[0].value[x]"},
		{denied, `{"type":"reason",`, `{`, "AuditEvent.entity[1].detail[0].type"},
	} {
		text := strings.Replace(tt.in, tt.old, tt.bad, 1)
		if text == tt.in {
			t.Fatalf("nothing replaced for %s", tt.old)
		}
		_, err := auditfhir.Parse([]byte(text))
		if diff := cmp.Diff([]string{tt.path}, paths(err)); diff != "" {
			t.Errorf("%s: %v", tt.bad, err)
		}
		if err != nil && strings.Contains(err.Error(), "lab-server") {
			t.Errorf("%s: the error holds a value", tt.bad)
		}
	}
	for _, text := range []string{"", "{", "[]x", "{}{}", `{"a":01}`, "\xff", strings.Repeat("[", 101) + strings.Repeat("]", 101), `{"resourceType":"AuditEvent",}`} {
		if _, err := auditfhir.Parse([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	// What FHIR only advises against is read.
	if a, err := auditfhir.Parse([]byte(strings.Replace(read, `"outcome":"0"`, `"outcome":"0","outcomeDesc":"a\u0001"`, 1))); err != nil || a.OutcomeDesc != "a\x01" {
		t.Errorf("%q, %v", a.OutcomeDesc, err)
	}
	// All at once.
	_, err := auditfhir.Parse([]byte(`{"resourceType":"AuditEvent","action":1,"agent":[{}]}`))
	want := []string{"AuditEvent.type", "AuditEvent.action", "AuditEvent.recorded", "AuditEvent.agent[0]", "AuditEvent.source"}
	if diff := cmp.Diff(want, paths(err)); diff != "" {
		t.Error(diff)
	}
}

// What no event can say is refused by the import.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(a *auditfhir.AuditEvent)
		path   string
	}{
		"no action":    {func(a *auditfhir.AuditEvent) { a.Action = "" }, "AuditEvent.action"},
		"no outcome":   {func(a *auditfhir.AuditEvent) { a.Outcome = "" }, "AuditEvent.outcome"},
		"unknown type": {func(a *auditfhir.AuditEvent) { a.Type.Code = "110199" }, "AuditEvent.type"},
		"unknown DCM": {func(a *auditfhir.AuditEvent) {
			a.Type = auditfhir.Coding{System: "http://dicom.nema.org/resources/ontology/DCM", Code: "110199"}
		}, "AuditEvent.type"},
		"a name only": {func(a *auditfhir.AuditEvent) {
			a.Agent[2].Who = &auditfhir.Reference{Display: "Nadia Ortiz"}
			a.Agent[2].Name = ""
		}, "AuditEvent.agent[2].who"},
		"nobody":       {func(a *auditfhir.AuditEvent) { a.Agent[2].Who, a.Agent[2].Name = nil, "" }, "AuditEvent.agent[2].who"},
		"no requestor": {func(a *auditfhir.AuditEvent) { a.Agent = a.Agent[:1] }, "AuditEvent.agent"},
		"a chain alone": {func(a *auditfhir.AuditEvent) {
			a.Extension = []auditfhir.Extension{{URL: auditfhir.ExtChain, Kind: "String", Value: "t/42"}}
		}, "AuditEvent.extension(audit-prev)"},
	} {
		a, err := auditfhir.Parse(foreign(t, "read"))
		if err != nil {
			t.Fatal(err)
		}
		tt.change(&a)
		_, err = auditfhir.Import([]auditfhir.AuditEvent{a}, nil)
		if got := paths(err); len(got) == 0 || got[0] != tt.path {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := auditfhir.Import(nil, nil); err == nil {
		t.Error("nothing is imported")
	}
	// A name may be mapped.
	a, err := auditfhir.Parse(foreign(t, "read"))
	if err != nil {
		t.Fatal(err)
	}
	a.Agent[2].Who = &auditfhir.Reference{Display: "Nadia Ortiz"}
	m, err := auditfhir.Import([]auditfhir.AuditEvent{a}, &auditfhir.ImportOptions{Actor: func(g auditfhir.Agent) string { return strings.ToLower(strings.ReplaceAll(g.Who.Display, " ", ".")) }})
	if err != nil || m.Event.Actor.ID != "nadia.ortiz" {
		t.Errorf("%v, %v", m.Event.Actor, err)
	}
}

// Nothing is written that FHIR forbids.
func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	good := func() auditfhir.AuditEvent {
		return export(t, audit.Event{Action: "E", Subtype: []audit.Subtype{audit.Search}, Query: "q", Extra: map[string]string{"a": "b"}}, true)
	}
	if _, err := json.Marshal(good()); err != nil {
		t.Fatal(err)
	}
	text := "v"
	for name, tt := range map[string]struct {
		change func(a *auditfhir.AuditEvent)
		path   string
	}{
		"type":            {func(a *auditfhir.AuditEvent) { a.Type = auditfhir.Coding{} }, "AuditEvent.type"},
		"recorded":        {func(a *auditfhir.AuditEvent) { a.Recorded = a.Recorded.AddDate(-3000, 0, 0) }, "AuditEvent.recorded"},
		"no agent":        {func(a *auditfhir.AuditEvent) { a.Agent = nil }, "AuditEvent.agent"},
		"two requestors":  {func(a *auditfhir.AuditEvent) { a.Agent[1].Requestor = true }, "AuditEvent.agent.requestor"},
		"no observer":     {func(a *auditfhir.AuditEvent) { a.Source.Observer = auditfhir.Reference{} }, "AuditEvent.source.observer"},
		"name and query":  {func(a *auditfhir.AuditEvent) { a.Entity[1].Name = "n" }, "AuditEvent.entity[1]"},
		"detail both":     {func(a *auditfhir.AuditEvent) { a.Entity[0].Detail[0].ValueBase64Binary = []byte("v") }, "AuditEvent.entity[0].detail[0].value[x]"},
		"detail none":     {func(a *auditfhir.AuditEvent) { a.Entity[0].Detail[0] = auditfhir.Detail{Type: "t"} }, "AuditEvent.entity[0].detail[0].value[x]"},
		"detail type":     {func(a *auditfhir.AuditEvent) { a.Entity[0].Detail[0] = auditfhir.Detail{ValueString: &text} }, "AuditEvent.entity[0].detail[0].type"},
		"empty entity":    {func(a *auditfhir.AuditEvent) { a.Entity = append(a.Entity, auditfhir.Entity{}) }, "AuditEvent.entity[2]"},
		"empty coding":    {func(a *auditfhir.AuditEvent) { a.Subtype = append(a.Subtype, auditfhir.Coding{}) }, "AuditEvent.subtype[1]"},
		"empty concept":   {func(a *auditfhir.AuditEvent) { a.PurposeOfEvent = []auditfhir.Concept{{}} }, "AuditEvent.purposeOfEvent[0]"},
		"empty reference": {func(a *auditfhir.AuditEvent) { a.Agent[1].Who = &auditfhir.Reference{} }, "AuditEvent.agent[1].who"},
		"empty network":   {func(a *auditfhir.AuditEvent) { a.Agent[1].Network = &auditfhir.Network{} }, "AuditEvent.agent[1].network"},
		"extension":       {func(a *auditfhir.AuditEvent) { a.Extension[0].Kind = "Integer" }, "AuditEvent.extension[0]"},
		"extension url":   {func(a *auditfhir.AuditEvent) { a.Extension[0].URL = "" }, "AuditEvent.extension[0].url"},
		"profile":         {func(a *auditfhir.AuditEvent) { a.Profile = []string{"a b"} }, "AuditEvent.meta.profile[0]"},
	} {
		a := good()
		tt.change(&a)
		if got := paths(a.Validate()); len(got) != 1 || got[0] != tt.path {
			t.Errorf("%s: %v", name, got)
		}
		if _, err := json.Marshal(a); err == nil {
			t.Errorf("%s: is written", name)
		}
	}
	if got := paths((&auditfhir.AuditEvent{}).Validate()); len(got) != 4 {
		t.Errorf("the zero AuditEvent: %v", got)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := auditfhir.NewExporter(auditfhir.Config{PatientSystem: "a b", SourceType: []auditfhir.Coding{{}}, Custodian: &auditfhir.Reference{}})
	want := []string{"observer", "source_type[0]", "custodian", "patient_system"}
	if diff := cmp.Diff(want, paths(err)); diff != "" {
		t.Error(diff)
	}
	if _, err := auditfhir.NewExporter(auditfhir.Config{Observer: device, PatientSystem: auditfhir.TokenSystem}); err == nil {
		t.Error("patients in the system of tokens")
	}
}

// wellFormed is what holds for all bytes: what is accepted can be written, if
// nothing of it was ignored, and is read again as what it was.
func wellFormed(t TB, data []byte) {
	a, err := auditfhir.Parse(data)
	if err != nil {
		return
	}
	if !json.Valid(data) {
		t.Fatalf("%q is accepted and is no JSON", data)
	}
	_, _ = auditfhir.Import([]auditfhir.AuditEvent{a}, nil)
	if len(a.Ignored) > 0 {
		return
	}
	text, err := a.MarshalJSON()
	if err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	b, err := auditfhir.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if diff := cmp.Diff(a, b, cmpopts.EquateEmpty()); diff != "" {
		t.Fatal(diff)
	}
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/foreign/*.json")
	if err != nil || len(names) < 5 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	own, err := os.ReadFile("testdata/own.json")
	if err != nil {
		f.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(own, &list); err != nil {
		f.Fatal(err)
	}
	for _, text := range list {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { wellFormed(t, data) })
}

func FuzzRead(f *testing.F) {
	read := string(foreign(f, "login"))
	for _, s := range []string{
		read, read + read, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + read + `}]}`,
		`{"entry":[],"resourceType":"Bundle"}`, `{"resourceType":"Bundle"}`, "", " ", "[1]", `{"entry":[{`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for _, err := range auditfhir.Read(bytes.NewReader(data)) {
			if err != nil {
				if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
					t.Fatalf("%T: %v", err, err)
				}
				n = -1
			} else if n++; n == 0 {
				t.Fatal("something behind an error")
			}
		}
		for range auditfhir.ReadEvents(bytes.NewReader(data), nil) {
			continue
		}
	})
}
