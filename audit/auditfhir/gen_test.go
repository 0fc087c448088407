package auditfhir_test

import (
	"encoding/json"
	"time"

	"github.com/baakit/baakit/audit"
	"pgregory.net/rapid"
)

func identifier() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`[A-Za-z._:/+-]{1,12}`), rapid.SampledFrom([]string{
		"Observation", "Task", "110122", "read", "search-type", "2001:db8::1", "http://a.example/fhir", "a@b", "+x", "urn:ietf:params:oauth:jti:a", "42CFRPart2", "11", "urn:ietf:params:oauth:jti:",
	}))
}

func optional(g *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 2).Draw(t, "absent") > 0 {
			return ""
		}
		return g.Draw(t, "value")
	})
}

func several[S ~string](t *rapid.T, g *rapid.Generator[string], label string) []S {
	var list []S
	for _, s := range rapid.SliceOfN(g, 0, 3).Draw(t, label) {
		list = append(list, S(s))
	}
	return list
}

// text is any text, and now and then one that FHIR strings cannot hold.
func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{" ", "\x00", "\t\n", "p-1", "Patient/p-1", "https://ehr.example/Patient/1", "a\"b\\c", "�", "x"}))
}

// events are events that a log accepts, with any field set or not. The
// patterns are frequent.
func events() *rapid.Generator[audit.Event] {
	return rapid.Custom(func(t *rapid.T) audit.Event {
		id, txt := optional(identifier()), optional(text())
		subtypes := rapid.OneOf(identifier(), rapid.SampledFrom([]string{"read", "vread", "search-type", "create", "update", "patch", "delete", "disclose", "110127", "amend", "110136"}))
		e := audit.Event{
			Subtype: several[audit.Subtype](t, subtypes, "subtype"),
			Purpose: several[audit.Purpose](t, rapid.OneOf(identifier(), rapid.SampledFrom([]string{"TREAT", "PATRQT", "BTG"})), "purpose"),
			Action:  rapid.SampledFrom([]audit.Action{"C", "R", "U", "D", "E"}).Draw(t, "action"),
			Outcome: rapid.SampledFrom([]audit.Outcome{audit.Success, audit.MinorFailure, audit.SeriousFailure, audit.MajorFailure}).Draw(t, "outcome"),
			Actor:   audit.Actor{ID: identifier().Draw(t, "id"), Kind: id.Draw(t, "actor.kind"), Org: id.Draw(t, "org"), Role: id.Draw(t, "role"), For: id.Draw(t, "for")},
			Client:  audit.Client{Addr: id.Draw(t, "addr"), Kind: id.Draw(t, "client.kind")},
			Object: audit.Object{
				Type: id.Draw(t, "object.type"), Category: id.Draw(t, "category"), Lifecycle: id.Draw(t, "lifecycle"),
				Labels: several[string](t, identifier(), "labels"),
			},
			Request: audit.Request{
				ID: id.Draw(t, "request.id"), Route: optional(rapid.StringMatching(`[a-z/{}*$]{1,20}`)).Draw(t, "route"),
				Span: id.Draw(t, "span"), Token: id.Draw(t, "token"), Trace: id.Draw(t, "trace"),
			},
			Policy:    several[string](t, identifier(), "policy"),
			Emergency: rapid.Bool().Draw(t, "emergency"),
			Patient:   txt.Draw(t, "patient"), ObjectID: txt.Draw(t, "object_id"), Query: txt.Draw(t, "query"), Reason: txt.Draw(t, "reason"),
		}
		if rapid.Bool().Draw(t, "typed") {
			e.Type = rapid.SampledFrom([]audit.Type{audit.PatientRecord, audit.Export, audit.Import, audit.UserAuthentication}).Draw(t, "type")
		}
		if rapid.Bool().Draw(t, "occurred") {
			e.Occurred = time.UnixMicro(rapid.Int64Range(-62e15, 250e15).Draw(t, "at")).UTC()
		}
		if n := rapid.IntRange(0, 3).Draw(t, "subjects"); n > 0 {
			e.Subjects = rapid.SliceOfN(text(), n, n).Draw(t, "subject")
			e.Extra = rapid.MapOfN(text(), text(), n, n).Draw(t, "extra")
		}
		if rapid.IntRange(0, 3).Draw(t, "disclosure") == 0 {
			e.Disclosure = rapid.SampledFrom([]json.RawMessage{
				json.RawMessage(`{"recipient":{"name":"Registry of Cancers"}}`), json.RawMessage(`{}`), json.RawMessage(`[]`), json.RawMessage(`{"recipient":{"name":" "}}`),
			}).Draw(t, "to")
		}
		if rapid.IntRange(0, 3).Draw(t, "domain") == 0 {
			e.Type, e.Kind, e.Payload = audit.REST, identifier().Draw(t, "kind"), json.RawMessage(`{"n":1}`)
			if rapid.Bool().Draw(t, "bare") {
				e.Actor, e.Action, e.Outcome, e.Policy, e.Request.Token = audit.Actor{}, "", "", nil, ""
			}
			if rapid.Bool().Draw(t, "nobody") {
				e.Actor.ID = ""
			}
		}
		return e
	})
}
