package auditfhir_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
	"github.com/google/go-cmp/cmp"
)

// AuditEvents as other systems write them, in the patterns of BALP, become
// events; what has no place in one is named.
func TestForeign(t *testing.T) {
	t.Parallel()
	actor, tablet := audit.Actor{ID: "n.ortiz"}, audit.Client{Addr: "2001:db8::42"}
	// A leap second in India is the second behind it.
	recorded := time.Date(2026, 3, 7, 20, 30, 0, 0, time.UTC)
	const query = "GET lab.example/r4/Observation?patient=771&_count=5"
	always := []string{"AuditEvent.meta.security", "AuditEvent.text"}
	request := audit.Request{ID: "0d9e2b52-1111-4c64-9a1f-5a4b8b0c7f11"}
	who := func(i string) string { return "AuditEvent.agent[" + i + "].who" }
	for name, want := range map[string]auditfhir.Imported{
		"read": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"read"}, Action: "R", Outcome: "0", Purpose: []audit.Purpose{"TREAT"},
				Actor: audit.Actor{ID: "n.ortiz", Role: "NURS"}, Client: tablet, Object: audit.Object{Type: "List"}, ObjectID: "9",
				Request: audit.Request{ID: request.ID, Token: "5f1c"}, Patient: "771",
			},
			Ignored: []string{"AuditEvent.agent[0]", who("1"), "AuditEvent.agent[2].name"},
		},
		"read-no-user": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"read"}, Action: "R", Outcome: "0", Actor: audit.Actor{ID: "ward-tablet"}, Client: tablet,
				Object: audit.Object{Type: "List"}, ObjectID: "9", Request: audit.Request{ID: request.ID, Token: "77"}, Patient: "771",
			},
			Ignored: []string{"AuditEvent.agent[0]"},
		},
		"create": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"create"}, Action: "C", Outcome: "0", Actor: actor, Client: tablet, ObjectID: "MeasureReport/4/_history/2",
			},
			Ignored: []string{who("0"), "AuditEvent.agent[1]"},
		},
		"update": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"patch"}, Action: "U", Outcome: "0", Actor: actor, Client: tablet, Patient: "771",
				Object: audit.Object{Type: "CarePlan", Labels: []string{"R"}}, ObjectID: "3",
			},
			Ignored: []string{who("0"), "AuditEvent.agent[1]"},
		},
		"delete": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"delete"}, Action: "D", Outcome: "0", Actor: actor, Client: tablet, Patient: "771",
				Object: audit.Object{Type: "Basic"}, ObjectID: "8",
			},
			Ignored: []string{who("0"), "AuditEvent.agent[1]"},
		},
		"query": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"search"}, Action: "E", Outcome: "0", Actor: actor, Client: tablet, Patient: "771", Query: query, Request: request,
			},
			Ignored: []string{"AuditEvent.entity[1].description", who("0"), "AuditEvent.agent[1]"},
		},
		"denied": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"read"}, Action: "R", Outcome: "8", Reason: "No consent on file", Actor: actor, Client: tablet, Patient: "771",
				ObjectID: "#oo", Extra: map[string]string{"reason": "consent"},
			},
			Ignored: []string{"AuditEvent.contained", "AuditEvent.entity[1].detail[1]", "AuditEvent.agent[0]", who("1")},
		},
		"disclosure": {
			Event: audit.Event{
				Type: audit.Export, Subtype: []audit.Subtype{"disclose", "read"}, Action: "R", Outcome: "0",
				Occurred: time.Date(2026, 3, 8, 6, 0, 0, 250e6, time.UTC),
				Actor:    audit.Actor{ID: "Patient/771"}, Client: audit.Client{Addr: "https://registry.example"}, Patient: "771",
				Object: audit.Object{Type: "DocumentReference"}, ObjectID: "1",
			},
			Ignored: []string{"AuditEvent.period.end", "AuditEvent.agent[0]", who("1")},
		},
		"login": {
			Event: audit.Event{
				Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: "E", Outcome: "4", Actor: audit.Actor{ID: "nortiz"},
			},
			Ignored: []string{"AuditEvent.agent[0].name"},
		},
		"two-patients": {
			Event: audit.Event{
				Subtype: []audit.Subtype{"search-type"}, Action: "E", Outcome: "0", Actor: actor, Client: tablet, Patient: "771", Subjects: []string{"MRN 8"}, Query: query,
			},
			Ignored: []string{"AuditEvent.extension[0]", "AuditEvent.period.start", "AuditEvent.purposeOfEvent[0]", who("0"), "AuditEvent.agent[1]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata/foreign", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			a, err := auditfhir.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := auditfhir.Import([]auditfhir.AuditEvent{a}, nil)
			if err != nil {
				t.Fatal(err)
			}
			want.Recorded = recorded
			if name == "login" {
				want.Recorded = time.Date(2026, 3, 8, 8, 0, 0, 0, time.UTC)
			}
			got.Recorded = got.Recorded.UTC()
			got.Ignored = remove(got.Ignored, always...)
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Error(diff)
			}
			// A log takes it, and what it exports is the same event.
			l, entries := logged(t, got.Event)
			opt := everything
			opt.Open = l.Open
			var list []auditfhir.AuditEvent
			if list, err = exporter(t, opt).AuditEvents(t.Context(), entries[0]); err != nil {
				t.Fatal(err)
			}
			again, err := auditfhir.Import(list, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Event, again.Event, same); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func remove(list []string, gone ...string) (left []string) {
	for _, s := range list {
		keep := true
		for _, g := range gone {
			keep = keep && s != g
		}
		if keep {
			left = append(left, s)
		}
	}
	return left
}
