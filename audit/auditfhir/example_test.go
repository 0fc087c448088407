package auditfhir_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfhir"
)

// A log's entries go to an audit repository and come back.
func Example() {
	ctx := context.Background()
	log, _ := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	_, _ = log.Append(ctx, "t/42", audit.Event{
		Action: audit.ActionRead, Outcome: audit.Success, Subtype: []audit.Subtype{audit.Read},
		Actor: audit.Actor{ID: "u-9", Role: "nurse"}, Client: audit.Client{Addr: "192.0.2.7"},
		Object: audit.Object{Type: "Observation"}, ObjectID: "o-1",
		Patient: "p-1", Subjects: []string{"p-2"},
	})

	x, err := auditfhir.NewExporter(auditfhir.Config{Observer: auditfhir.Reference{Reference: "Device/ehr"}, Open: log.Open})
	if err != nil {
		fmt.Println(err)
		return
	}
	var out bytes.Buffer
	n, err := x.WriteNDJSON(ctx, &out, log.Entries(ctx, "t/42", 0))
	fmt.Println(n, "AuditEvents", err)

	for m, err := range auditfhir.ReadEvents(&out, nil) {
		fmt.Println(m.Event.Actor.ID, m.Event.Patient, m.Event.Subjects, m.Record.Chain, m.Record.Seq, err)
	}
	// Output:
	// 2 AuditEvents <nil>
	// u-9 p-1 [p-2] t/42 0 <nil>
}

// What FHIR forbids is named with its path.
func ExampleParse() {
	_, err := auditfhir.Parse([]byte(`{
		"resourceType": "AuditEvent",
		"type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
		"recorded": "2026-11-22T03:40:14",
		"agent": [{"who": {"display": "someone"}}],
		"source": {"site": "ward 3"}
	}`))
	fmt.Println(err)
	// Output:
	// AuditEvent.recorded: must be an instant: a date, a time with seconds, and a zone; AuditEvent.agent[0].requestor: is required; AuditEvent.source.observer: is required
}
