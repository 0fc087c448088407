package audit

import (
	"fmt"
	"log/slog"
)

// hidden stands for what is sealed wherever something is printed.
const hidden = "[sealed]"

// LogValue returns the clear part of the event as a group, with the names that
// the line has, and "[sealed]" for each sealed field that is set.
func (e Event) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

// Format prints what LogValue returns, for every verb.
func (e Event) Format(f fmt.State, _ rune) { fmt.Fprint(f, "audit.Event", e.LogValue()) }

func (e *Event) attrs() []slog.Attr {
	var a attrs
	a.str("action", string(e.Action))
	a.group("actor", func(a *attrs) {
		a.str("for", e.Actor.For)
		a.str("id", e.Actor.ID)
		a.str("kind", e.Actor.Kind)
		a.str("org", e.Actor.Org)
		a.str("role", e.Actor.Role)
	})
	a.group("client", func(a *attrs) {
		a.str("addr", e.Client.Addr)
		a.str("kind", e.Client.Kind)
	})
	if e.Emergency {
		a = append(a, slog.Bool("emergency", true))
	}
	a.str("kind", e.Kind)
	a.group("object", func(a *attrs) {
		a.str("category", e.Object.Category)
		list(a, "labels", e.Object.Labels)
		a.str("lifecycle", e.Object.Lifecycle)
		a.str("type", e.Object.Type)
	})
	if !e.Occurred.IsZero() {
		a = append(a, slog.Time("occurred", e.Occurred))
	}
	a.str("outcome", string(e.Outcome))
	list(&a, "policy", e.Policy)
	list(&a, "purpose", e.Purpose)
	a.group("request", func(a *attrs) {
		a.str("id", e.Request.ID)
		a.str("route", e.Request.Route)
		a.str("span", e.Request.Span)
		a.str("token", e.Request.Token)
		a.str("trace", e.Request.Trace)
	})
	list(&a, "subtype", e.Subtype)
	a.str("type", string(e.Type))
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"disclosure", e.Disclosure != nil},
		{"extra", len(e.Extra) > 0},
		{"object_id", e.ObjectID != ""},
		{"patient", e.Patient != ""},
		{"payload", e.Payload != nil},
		{"query", e.Query != ""},
		{"reason", e.Reason != ""},
		{"subjects", len(e.Subjects) > 0},
	} {
		if f.set {
			a.str(f.name, hidden)
		}
	}
	return a
}

// LogValue returns what the line says as a group, with the line's own hash as
// "leaf", and "[sealed]" for each sealed field that was opened. What is stored
// beside the line is left out.
func (e Entry) LogValue() slog.Value {
	a := attrs(e.Event.attrs())
	a.str("chain", e.Chain)
	if chain, size, root, ok := e.Checkpoint(); ok {
		a.group("checkpoint", func(a *attrs) {
			a.str("chain", chain)
			a.str("root", fmt.Sprintf("%x", root[:]))
			*a = append(*a, slog.Uint64("size", size))
		})
	}
	a.str("leaf", fmt.Sprintf("%x", e.Leaf[:]))
	a.str("prev", fmt.Sprintf("%x", e.Prev[:]))
	a.str("seal", e.Seal)
	a = append(a, slog.Uint64("seq", e.Seq))
	a.str("subject", e.Subject)
	return slog.GroupValue(append(a, slog.Time("time", e.Time))...)
}

// Format prints what LogValue returns, for every verb.
func (e Entry) Format(f fmt.State, _ rune) { fmt.Fprint(f, "audit.Entry", e.LogValue()) }

type attrs []slog.Attr

func (a *attrs) str(name, value string) {
	if value != "" {
		*a = append(*a, slog.String(name, value))
	}
}

func (a *attrs) group(name string, fill func(*attrs)) {
	var members attrs
	if fill(&members); len(members) > 0 {
		*a = append(*a, slog.Attr{Key: name, Value: slog.GroupValue(members...)})
	}
}

func list[S ~string](a *attrs, name string, values []S) {
	if len(values) > 0 {
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = string(v)
		}
		*a = append(*a, slog.Any(name, texts))
	}
}
