package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func fhirSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/auditevent.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://baakit.example/auditevent", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://baakit.example/auditevent")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fhirEvents are events with any field set or not, the patterns frequent.
func fhirEvents() *rapid.Generator[audit.Event] {
	id := func(t *rapid.T, label string, usual ...string) string {
		return rapid.OneOf(rapid.Just(""), rapid.SampledFrom(append(usual, "x")), rapid.StringMatching(`[A-Za-z._:/+-]{1,9}`)).Draw(t, label)
	}
	text := func(t *rapid.T, label string) string {
		return rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"p-1", " ", "\x00", "Jane\nDoe", "Patient/9"})).Draw(t, label)
	}
	patterns := []audit.Event{
		{Action: "R"},
		{Action: "C"},
		{Action: "U"},
		{Action: "D"},
		{Action: "E"},
		{Action: "R", Subtype: []audit.Subtype{audit.VRead}},
		{Action: "C", Subtype: []audit.Subtype{audit.Create, "amend"}},
		{Action: "U", Subtype: []audit.Subtype{audit.Patch}},
		{Action: "D", Subtype: []audit.Subtype{audit.Delete}},
		{Action: "E", Subtype: []audit.Subtype{audit.Search}},
		{Action: "R", Subtype: []audit.Subtype{audit.Search}},
		{Action: "U", Subtype: []audit.Subtype{audit.Update, audit.Patch}},
		{Action: "E", Subtype: []audit.Subtype{audit.Operation}},
		{Action: "R", Type: audit.Export, Subtype: []audit.Subtype{audit.Disclose}},
		{Action: "C", Type: audit.Import, Subtype: []audit.Subtype{audit.Disclose, "read"}},
		{Action: "E", Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}},
		{Action: "U", Type: audit.SecurityAlert},
		{Kind: "baa.accepted", Payload: json.RawMessage(`{"a":1}`)},
	}
	return rapid.Custom(func(t *rapid.T) audit.Event {
		e := rapid.SampledFrom(patterns).Draw(t, "pattern")
		e.Outcome = rapid.SampledFrom([]audit.Outcome{"0", "0", "0", "4", "8", "12"}).Draw(t, "outcome")
		if e.Kind == "" || rapid.Bool().Draw(t, "by") {
			e.Actor.ID = "u-9"
		}
		e.Actor.Kind, e.Actor.Org, e.Actor.Role, e.Actor.For = id(t, "kind"), id(t, "org"), id(t, "role"), id(t, "for")
		e.Client = audit.Client{Addr: id(t, "addr", "192.0.2.7", "https://a.example", "a@b", "+1"), Kind: id(t, "client")}
		e.Object = audit.Object{Type: id(t, "type", "Observation", "Task", "DocumentReference"), Category: id(t, "category"), Lifecycle: id(t, "lifecycle", "6", "archive")}
		if l := id(t, "label", "R", "HIV"); l != "" {
			e.Object.Labels = []string{l, "N"}
		}
		e.Request = audit.Request{ID: id(t, "request"), Token: id(t, "token"), Trace: id(t, "trace"), Span: id(t, "span"), Route: id(t, "route")}
		if p := id(t, "policy", "urn:ietf:params:oauth:jti:x"); p != "" {
			e.Policy = []string{p}
		}
		if p := id(t, "purpose", "TREAT", "PATRQT", "BTG"); p != "" {
			e.Purpose = []audit.Purpose{audit.Purpose(p)}
		}
		e.Emergency = rapid.Bool().Draw(t, "emergency")
		e.Patient, e.ObjectID, e.Query, e.Reason = text(t, "patient"), text(t, "object"), text(t, "query"), text(t, "reason")
		e.Subjects = rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, "subjects")
		e.Extra = rapid.MapOfN(rapid.String(), rapid.String(), 0, 2).Draw(t, "extra")
		if rapid.Bool().Draw(t, "disclosed") {
			e.Disclosure = json.RawMessage(`{"recipient":{"name":"Registry"}}`)
		}
		return e
	})
}

// Every AuditEvent that the library writes, opened, sealed or erased, is what
// FHIR R4 and the profile that it names allow, and nothing else.
func TestAuditEventsConform(t *testing.T) {
	schema := fhirSchema(t)
	ctx := context.Background()
	signer, err := audit.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	profiles := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		l, err := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: origin, Signer: signer, Sealer: audit.Unencrypted{TokenKey: []byte("k")}})
		if err != nil {
			t.Fatal(err)
		}
		var list []audit.Event
		for range 5 {
			list = append(list, fhirEvents().Draw(t, "event"))
		}
		if _, err := l.AppendAll(ctx, "t/42", list...); err != nil {
			t.Fatal(err)
		}
		opt := auditfhir.Config{
			Observer: auditfhir.Reference{Reference: "Device/ehr"}, Site: "ward", ServerAddress: "https://ehr.example.com/fhir",
			Prove: func(ctx context.Context, e audit.Entry) (audit.Proof, error) { return l.Prove(ctx, e.Chain, e.Seq) },
		}
		erased := rapid.Bool().Draw(t, "erased")
		if rapid.IntRange(0, 2).Draw(t, "sealed") > 0 {
			opt.Open = l.Open
		}
		if rapid.Bool().Draw(t, "more") {
			opt.Custodian, opt.PatientSystem = &auditfhir.Reference{Display: "Records"}, "urn:oid:1.2.3"
		}
		x, err := auditfhir.NewExporter(opt)
		if err != nil {
			t.Fatal(err)
		}
		for _, chain := range []string{"t/42", audit.System} {
			var out bytes.Buffer
			if _, err := x.WriteNDJSON(ctx, &out, func(yield func(audit.Entry, error) bool) {
				for e, err := range l.Entries(ctx, chain, 0) {
					if erased {
						e.Sealed = nil
					}
					if !yield(e, err) {
						return
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(out.Bytes()) {
				doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(doc); err != nil {
					t.Fatalf("%#v\n%s", err, line)
				}
				a, err := auditfhir.Parse(line)
				if err != nil {
					t.Fatal(err)
				}
				profiles[strings.Join(a.Profile, " ")]++
			}
		}
	})
	if len(profiles) < 6 {
		t.Errorf("only these profiles were seen: %v", profiles)
	}
	t.Log(profiles)
}

// The schema and the reader refuse the same breaches of FHIR R4.
func TestSchemaAndReaderRefuse(t *testing.T) {
	schema := fhirSchema(t)
	good, err := os.ReadFile("testdata/auditevent.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(text []byte) (bySchema, byReader error) {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, byReader = auditfhir.Parse(text)
		return schema.Validate(doc), byReader
	}
	if a, b := check(good); a != nil || b != nil {
		t.Fatalf("%v, %v", a, b)
	}
	for name, edit := range map[string]func(m map[string]any){
		"no type":        func(m map[string]any) { delete(m, "type") },
		"no recorded":    func(m map[string]any) { delete(m, "recorded") },
		"recorded date":  func(m map[string]any) { m["recorded"] = "2026-11-22" },
		"recorded local": func(m map[string]any) { m["recorded"] = "2026-11-22T03:40:14" },
		"no agent":       func(m map[string]any) { delete(m, "agent") },
		"empty agents":   func(m map[string]any) { m["agent"] = []any{} },
		"no requestor":   func(m map[string]any) { delete(first(m, "agent"), "requestor") },
		"requestor text": func(m map[string]any) { first(m, "agent")["requestor"] = "true" },
		"two requestors": func(m map[string]any) { m["agent"].([]any)[1].(map[string]any)["requestor"] = true },
		"no source":      func(m map[string]any) { delete(m, "source") },
		"no observer":    func(m map[string]any) { delete(m["source"].(map[string]any), "observer") },
		"action":         func(m map[string]any) { m["action"] = "X" },
		"outcome":        func(m map[string]any) { m["outcome"] = "1" },
		"empty string":   func(m map[string]any) { m["outcomeDesc"] = "" },
		"blank string":   func(m map[string]any) { m["outcomeDesc"] = " " },
		"network type": func(m map[string]any) {
			m["agent"].([]any)[1].(map[string]any)["network"].(map[string]any)["type"] = "6"
		},
		"name and query": func(m map[string]any) {
			q := m["entity"].([]any)[2].(map[string]any)
			q["name"], q["query"] = "n", "cQ=="
		},
		"query no base64": func(m map[string]any) { m["entity"].([]any)[2].(map[string]any)["query"] = "q" },
		"detail both": func(m map[string]any) {
			d := detail(m)
			d["valueBase64Binary"] = "cQ=="
		},
		"detail none":  func(m map[string]any) { delete(detail(m), "valueString") },
		"detail type":  func(m map[string]any) { delete(detail(m), "type") },
		"empty object": func(m map[string]any) { m["source"].(map[string]any)["observer"] = map[string]any{} },
		"null":         func(m map[string]any) { m["subtype"] = nil },
		"id":           func(m map[string]any) { m["id"] = "a/b" },
		"modifier":     func(m map[string]any) { m["modifierExtension"] = []any{map[string]any{"url": "u", "valueString": "v"}} },
	} {
		var m map[string]any
		if err := json.Unmarshal(good, &m); err != nil {
			t.Fatal(err)
		}
		edit(m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		bySchema, byReader := check(text)
		if bySchema == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
		if byReader == nil {
			t.Errorf("%s: the reader accepts it", name)
		}
	}
}

func first(m map[string]any, list string) map[string]any { return m[list].([]any)[0].(map[string]any) }

func detail(m map[string]any) map[string]any {
	return first(m["entity"].([]any)[1].(map[string]any), "detail")
}
