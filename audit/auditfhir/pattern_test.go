package auditfhir_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/own.json")

const balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."

// export returns the one AuditEvent of an event.
func export(t *testing.T, e audit.Event, open bool) auditfhir.AuditEvent {
	t.Helper()
	if e.Kind == "" && e.Actor.ID == "" {
		e.Actor.ID = "u-9"
	}
	if e.Client.Addr == "" {
		e.Client.Addr = "192.0.2.7"
	}
	if e.Outcome == "" {
		e.Outcome = audit.Success
	}
	l, entries := logged(t, e)
	opt := everything
	if open {
		opt.Open = l.Open
	}
	list, err := exporter(t, opt).AuditEvents(t.Context(), entries[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("%d AuditEvents", len(list))
	}
	return list[0]
}

// Who is the source and who the destination, what the user is, and which
// profile the resource is of, as in BALP's table of RESTful activities.
func TestPatterns(t *testing.T) {
	t.Parallel()
	sub := func(s ...audit.Subtype) []audit.Subtype { return s }
	for _, tt := range []struct {
		name                          string
		event                         audit.Event
		client, server, user, profile string
	}{
		{"read", audit.Event{Action: "R", Subtype: sub("read")}, "110152", "110153", "IRCP", "Read"},
		{"read of a patient", audit.Event{Action: "R", Subtype: sub("read"), Patient: "p-1"}, "110152", "110153", "IRCP", "PatientRead"},
		{"read by its action", audit.Event{Action: "R"}, "110152", "110153", "IRCP", "Read"},
		{"vread", audit.Event{Action: "R", Subtype: sub("vread")}, "110152", "110153", "IRCP", "Read"},
		{"create", audit.Event{Action: "C", Subtype: sub("create"), Patient: "p-1"}, "110153", "110152", "AUT", "PatientCreate"},
		{"create by its action", audit.Event{Action: "C"}, "110153", "110152", "AUT", "Create"},
		{"update", audit.Event{Action: "U", Subtype: sub("update")}, "110153", "110152", "AUT", "Update"},
		{"patch", audit.Event{Action: "U", Subtype: sub("patch"), Patient: "p-1"}, "110153", "110152", "AUT", "PatientUpdate"},
		{"delete", audit.Event{Action: "D", Subtype: sub("delete"), Patient: "p-1"}, "110150", "custodian", "AUT", "PatientDelete"},
		{"query", audit.Event{Action: "E", Subtype: sub("search-type"), Query: "q"}, "110153", "110152", "IRCP", "Query"},
		{"query of a patient", audit.Event{Action: "E", Subtype: sub("search-system"), Query: "q", Patient: "p-1"}, "110153", "110152", "IRCP", "PatientQuery"},
		{"execution with a query", audit.Event{Action: "E", Query: "q"}, "110150", "", "IRCP", ""},
		{"read with a query", audit.Event{Action: "R", Query: "q", Patient: "p-1"}, "110152", "110153", "IRCP", "PatientRead"},
		{"query as a read", audit.Event{Action: "R", Subtype: sub("search-type"), Query: "q"}, "110153", "110152", "IRCP", ""},
		{"failed read", audit.Event{Action: "R", Subtype: sub("read"), Outcome: audit.SeriousFailure}, "110152", "110153", "IRCP", ""},
		{"read and vread", audit.Event{Action: "R", Subtype: sub("read", "vread")}, "110152", "110153", "IRCP", ""},
		{"operation", audit.Event{Action: "E", Subtype: sub("operation")}, "110150", "", "IRCP", ""},
		{"login", audit.Event{Action: "E", Type: audit.UserAuthentication, Subtype: sub(audit.Login)}, "110150", "", "IRCP", ""},
		{"roles changed", audit.Event{Action: "U", Type: audit.SecurityAlert, Subtype: sub(audit.RolesChanged)}, "110150", "", "AUT", ""},
		{"disclosure", audit.Event{Action: "R", Type: audit.Export, Subtype: sub("disclose"), Patient: "p-1"}, "110152", "110153", "IRCP", "PrivacyDisclosure.Source"},
		{"disclosure received", audit.Event{Action: "C", Type: audit.Import, Subtype: sub("disclose"), Patient: "p-1"}, "110153", "110152", "AUT", "PrivacyDisclosure.Recipient"},
		{"disclosure about nobody", audit.Event{Action: "R", Type: audit.Export, Subtype: sub("disclose")}, "110152", "110153", "IRCP", ""},
		{"export", audit.Event{Action: "R", Type: audit.Export, Patient: "p-1"}, "110150", "", "IRCP", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := export(t, tt.event, true)
			var client, server, user string
			requestors := 0
			for _, g := range a.Agent {
				switch {
				case g.Requestor:
					requestors++
					user = g.Type.Code
				case g.Network != nil && g.Network.Address == "192.0.2.7":
					client = g.Type.Code
				case g.Network != nil && g.Network.Address == everything.ServerAddress:
					server = g.Type.Code
				}
			}
			if requestors != 1 || client != tt.client || server != tt.server || user != tt.user {
				t.Errorf("%d requestors, client %q, server %q, user %q, want 1, %q, %q, %q", requestors, client, server, user, tt.client, tt.server, tt.user)
			}
			if got := strings.TrimPrefix(strings.Join(a.Profile, " "), balp); got != tt.profile {
				t.Errorf("profile %q, want %q", got, tt.profile)
			}
			patients, queries := 0, 0
			for _, e := range a.Entity {
				if e.Type.Code == "1" && e.Role.Code == "1" {
					patients++
				}
				if e.Role.Code == "24" {
					queries++
					if e.Name != "" || string(e.Query) != tt.event.Query {
						t.Errorf("query %q, name %q", e.Query, e.Name)
					}
				}
			}
			if (patients == 1) != (tt.event.Patient != "") || (queries == 1) != (tt.event.Query != "") {
				t.Errorf("%d patients, %d queries", patients, queries)
			}
		})
	}
}

// A disclosure has its recipient, its custodian and, where the patient asked
// for it, who authorised it; the source of it is the source of the event.
func TestDisclosure(t *testing.T) {
	t.Parallel()
	a := export(t, audit.Event{
		Action: "R", Type: audit.Export, Subtype: []audit.Subtype{audit.Disclose}, Patient: "p-1", Purpose: []audit.Purpose{audit.PatientRequest},
		Disclosure: json.RawMessage(`{"recipient":{"name":"Registry of Cancers"}}`),
	}, true)
	got := map[string]string{}
	for _, g := range a.Agent {
		got[g.Type.Code] = g.Who.Display + g.Who.Reference
	}
	want := map[string]string{"IRCP": "", "110152": "Registry of Cancers", "110153": "Device/ehr", "159541003": "Records", "429577009": "Patient/p-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a.Type.Code != "110106" || a.Subtype[0].System != "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle" || len(a.Entity) < 2 {
		t.Errorf("type %v, subtype %v, %d entities", a.Type, a.Subtype, len(a.Entity))
	}
}

// The form of an AuditEvent and of its extensions does not change unnoticed.
func TestForm(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 3, 40, 14, 0, time.UTC)
	l, err := audit.New(t.Context(), audit.NewMemory(), audit.Config{
		Origin: "audit.example.com", Now: func() time.Time { return at }, Rand: zeros{}, Sealer: audit.Unencrypted{TokenKey: make([]byte, 32)}, Signer: signer(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), "t/42", audit.Event{
		Subtype: []audit.Subtype{audit.Read}, Action: audit.ActionRead, Outcome: audit.Success, Purpose: []audit.Purpose{audit.EmergencyTreatment}, Occurred: at.Add(-time.Minute),
		Actor: audit.Actor{ID: "u-9", Kind: "user", Org: "o-3", Role: "physician", For: "u-2"}, Client: audit.Client{Addr: "2001:db8::7", Kind: "chart-app"},
		Object:  audit.Object{Type: "Observation", Category: "lab", Lifecycle: "6", Labels: []string{"R", "HIV"}},
		Request: audit.Request{ID: "req-1", Route: "/Observation/{id}", Span: "b7ad6b7169203331", Token: "tok-1", Trace: "0af7651916cd43dd8448eb211c80319c"},
		Policy:  []string{"consent/7"}, Emergency: true,
		Patient: "p-1", Subjects: []string{"p\x00"}, ObjectID: "o-1", Query: "_format=json", Reason: " ",
		Extra: map[string]string{"bed": "12", "note": ""}, Disclosure: json.RawMessage(`{"a":1}`),
	}); err != nil {
		t.Fatal(err)
	}
	opt := everything
	opt.Open = l.Open
	opt.Prove = prover(l)
	var got []byte
	for e, err := range l.Entries(t.Context(), "t/42", 0) {
		if err != nil {
			t.Fatal(err)
		}
		list, err := exporter(t, opt).AuditEvents(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err = json.MarshalIndent(list, "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/own.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/own.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

// Each extension that is written is described in the package's comment, with
// the type that it has.
func TestExtensionsAreDescribed(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://github.com/baakit/baakit/fhir/StructureDefinition/"
	if !strings.Contains(string(doc), "// "+base+". Those") {
		t.Errorf("the comment does not say that addresses begin with %s", base)
	}
	var described []string
	for line := range strings.Lines(string(doc)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasPrefix(f[1], "audit-") && slices.Contains([]string{"string", "code", "unsignedInt", "boolean", "base64Binary"}, f[2]) {
			described = append(described, base+f[1])
		}
	}
	all := []string{
		auditfhir.ExtChain, auditfhir.ExtSeq, auditfhir.ExtPrev, auditfhir.ExtLeaf, auditfhir.ExtLine, auditfhir.ExtProof, auditfhir.ExtSealed,
		auditfhir.ExtPerson, auditfhir.ExtPersons, auditfhir.ExtEmergency, auditfhir.ExtRoute, auditfhir.ExtTrace, auditfhir.ExtSpan,
		auditfhir.ExtActorKind, auditfhir.ExtToken, auditfhir.ExtCategory, auditfhir.ExtImplied, auditfhir.ExtText,
	}
	if diff := cmp.Diff(all, described); diff != "" {
		t.Error(diff)
	}
}
