package audit_test

import (
	"encoding/json"
	"time"

	"github.com/baakit/baakit/audit"
	"pgregory.net/rapid"
)

// identifier has no digits, so that it never has the shape of personal data.
func identifier() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z._:/+-]{1,12}`)
}

// optional is mostly absent.
func optional(g *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 2).Draw(t, "absent") > 0 {
			return ""
		}
		return g.Draw(t, "value")
	})
}

func several[S ~string](t *rapid.T, label string) []S {
	var list []S
	for _, s := range rapid.SliceOfN(identifier(), 0, 3).Draw(t, label) {
		list = append(list, S(s))
	}
	return list
}

// events are valid, with any field set or not.
func events() *rapid.Generator[audit.Event] {
	return rapid.Custom(func(t *rapid.T) audit.Event {
		id, text := optional(identifier()), optional(rapid.String())
		e := audit.Event{
			Subtype: several[audit.Subtype](t, "subtype"),
			Purpose: several[audit.Purpose](t, "purpose"),
			Action:  rapid.SampledFrom([]audit.Action{"C", "R", "U", "D", "E"}).Draw(t, "action"),
			Outcome: rapid.SampledFrom([]audit.Outcome{audit.Success, audit.MinorFailure, audit.SeriousFailure, audit.MajorFailure}).Draw(t, "outcome"),
			Actor:   audit.Actor{identifier().Draw(t, "id"), id.Draw(t, "actor.kind"), id.Draw(t, "org"), id.Draw(t, "role"), id.Draw(t, "for")},
			Client:  audit.Client{id.Draw(t, "addr"), id.Draw(t, "client.kind")},
			Object: audit.Object{
				Type: id.Draw(t, "object.type"), Category: id.Draw(t, "category"), Lifecycle: id.Draw(t, "lifecycle"),
				Labels: several[string](t, "labels"),
			},
			Request: audit.Request{
				ID: id.Draw(t, "request.id"), Route: optional(rapid.StringMatching(`[a-z/{}*$]{1,20}`)).Draw(t, "route"),
				Span: id.Draw(t, "span"), Token: id.Draw(t, "token"), Trace: id.Draw(t, "trace"),
			},
			Policy:    several[string](t, "policy"),
			Emergency: rapid.Bool().Draw(t, "emergency"),
			Patient:   text.Draw(t, "patient"), ObjectID: text.Draw(t, "object_id"), Query: text.Draw(t, "query"), Reason: text.Draw(t, "reason"),
		}
		if rapid.Bool().Draw(t, "typed") {
			e.Type = rapid.SampledFrom([]audit.Type{audit.PatientRecord, audit.Export, audit.UserAuthentication}).Draw(t, "type")
		}
		if rapid.Bool().Draw(t, "occurred") {
			e.Occurred = time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, "at")).UTC()
		}
		if rapid.IntRange(0, 3).Draw(t, "domain") == 0 {
			e.Type, e.Kind, e.Payload = audit.REST, identifier().Draw(t, "kind"), json.RawMessage(`{"n":1}`)
		}
		if n := rapid.IntRange(0, 2).Draw(t, "subjects"); n > 0 {
			e.Subjects = rapid.SliceOfN(rapid.String(), n, n).Draw(t, "subject")
			e.Extra = rapid.MapOfN(rapid.String(), rapid.String(), n, n).Draw(t, "extra")
			e.Disclosure = json.RawMessage(`{"recipient":"a"}`)
		}
		return e
	})
}
