package audithttp

import (
	"encoding/json"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/strictjson"
)

// A group is what a spill encrypts: the events of one access.
type group struct {
	Schema string      `json:"schema"`
	Chain  string      `json:"chain"`
	Events []wireEvent `json:"events"`
}

// A wireEvent is an event in full, with the names that its line and its
// sealed part have.
type wireEvent struct {
	Type       string            `json:"type,omitempty"`
	Subtype    []string          `json:"subtype,omitempty"`
	Action     string            `json:"action,omitempty"`
	Outcome    string            `json:"outcome,omitempty"`
	Purpose    []string          `json:"purpose,omitempty"`
	Occurred   string            `json:"occurred,omitempty"`
	Actor      map[string]string `json:"actor,omitempty"`
	Client     map[string]string `json:"client,omitempty"`
	Object     wireObject        `json:"object,omitzero"`
	Request    map[string]string `json:"request,omitempty"`
	Policy     []string          `json:"policy,omitempty"`
	Emergency  bool              `json:"emergency,omitempty"`
	Kind       string            `json:"kind,omitempty"`
	Patient    string            `json:"patient,omitempty"`
	Subjects   []string          `json:"subjects,omitempty"`
	ObjectID   string            `json:"object_id,omitempty"`
	Query      string            `json:"query,omitempty"`
	Reason     string            `json:"reason,omitempty"`
	Disclosure string            `json:"disclosure,omitempty"` // JSON
	Extra      map[string]string `json:"extra,omitempty"`
	Payload    string            `json:"payload,omitempty"` // JSON
}

type wireObject struct {
	Type      string   `json:"type,omitempty"`
	Category  string   `json:"category,omitempty"`
	Lifecycle string   `json:"lifecycle,omitempty"`
	Labels    []string `json:"labels,omitempty"`
}

func members(pairs ...string) map[string]string {
	m := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

func wireOf(e audit.Event) wireEvent {
	w := wireEvent{
		Type: string(e.Type), Subtype: texts(e.Subtype), Action: string(e.Action), Outcome: string(e.Outcome), Purpose: texts(e.Purpose),
		Actor:   members("id", e.Actor.ID, "kind", e.Actor.Kind, "org", e.Actor.Org, "role", e.Actor.Role, "for", e.Actor.For),
		Client:  members("addr", e.Client.Addr, "kind", e.Client.Kind),
		Object:  wireObject{e.Object.Type, e.Object.Category, e.Object.Lifecycle, e.Object.Labels},
		Request: members("id", e.Request.ID, "route", e.Request.Route, "span", e.Request.Span, "token", e.Request.Token, "trace", e.Request.Trace),
		Policy:  e.Policy, Emergency: e.Emergency, Kind: e.Kind,
		Patient: e.Patient, Subjects: e.Subjects, ObjectID: e.ObjectID, Query: e.Query, Reason: e.Reason,
		Disclosure: string(e.Disclosure), Extra: e.Extra, Payload: string(e.Payload),
	}
	if !e.Occurred.IsZero() {
		w.Occurred = e.Occurred.UTC().Format(time.RFC3339Nano)
	}
	return w
}

func (w wireEvent) event() (audit.Event, error) {
	e := audit.Event{
		Type: audit.Type(w.Type), Subtype: codes[audit.Subtype](w.Subtype), Action: audit.Action(w.Action), Outcome: audit.Outcome(w.Outcome), Purpose: codes[audit.Purpose](w.Purpose),
		Actor:   audit.Actor{ID: w.Actor["id"], Kind: w.Actor["kind"], Org: w.Actor["org"], Role: w.Actor["role"], For: w.Actor["for"]},
		Client:  audit.Client{Addr: w.Client["addr"], Kind: w.Client["kind"]},
		Object:  audit.Object{Type: w.Object.Type, Category: w.Object.Category, Lifecycle: w.Object.Lifecycle, Labels: w.Object.Labels},
		Request: audit.Request{ID: w.Request["id"], Route: w.Request["route"], Span: w.Request["span"], Token: w.Request["token"], Trace: w.Request["trace"]},
		Policy:  w.Policy, Emergency: w.Emergency, Kind: w.Kind,
		Patient: w.Patient, Subjects: w.Subjects, ObjectID: w.ObjectID, Query: w.Query, Reason: w.Reason, Extra: w.Extra,
	}
	if w.Disclosure != "" {
		e.Disclosure = json.RawMessage(w.Disclosure)
	}
	if w.Payload != "" {
		e.Payload = json.RawMessage(w.Payload)
	}
	if w.Occurred != "" {
		t, err := time.Parse(time.RFC3339Nano, w.Occurred)
		if err != nil {
			return audit.Event{}, ErrSpill
		}
		e.Occurred = t
	}
	return e, nil
}

func texts[S ~string](list []S) []string { return codes[string](list) }

func codes[T, S ~string](list []S) []T {
	if list == nil {
		return nil
	}
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = T(v)
	}
	return out
}

// parseGroup reads what a spill encrypted. Its error is [ErrSpill].
func parseGroup(plain []byte) (group, error) {
	var g group
	if err := strictjson.Decode(plain, &g); err != nil || g.Schema != spillFormat || !audit.ValidChain(g.Chain) || len(g.Events) == 0 {
		return group{}, ErrSpill
	}
	return g, nil
}

// shaped are the fields whose shape a spill does not judge: only the log knows
// what it allows.
var shaped = []string{
	"subtype", "purpose", "actor.id", "actor.kind", "actor.org", "actor.role", "actor.for", "client.addr", "client.kind",
	"object.type", "object.category", "object.lifecycle", "object.labels",
	"request.id", "request.route", "request.span", "request.token", "request.trace", "policy", "kind",
}
