package auditslog

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// eventOf reads the attributes of an audit group; of two with one name the
// last counts. Its error is a [baakit.FieldErrors] of values that are not of
// the field's type; what the log checks is not checked here.
func eventOf(attrs []slog.Attr) (audit.Event, error) {
	r := reader{}
	r.members("", attrs, r.field)
	return r.e, r.errs.Err()
}

type reader struct {
	e    audit.Event
	errs baakit.FieldErrors
}

// members calls field for each attribute; those of a group without a name
// belong to the list around it.
func (r *reader) members(prefix string, attrs []slog.Attr, field func(path, name string, v slog.Value)) {
	for _, a := range attrs {
		v := a.Value.Resolve()
		switch {
		case a.Key == "" && v.Kind() == slog.KindGroup:
			r.members(prefix, v.Group(), field)
		case a.Key != "" || !v.Equal(slog.Value{}):
			field(prefix+a.Key, a.Key, v)
		}
	}
}

func (r *reader) field(path, name string, v slog.Value) {
	e := &r.e
	switch name {
	case "action":
		e.Action = audit.Action(text(v))
	case "actor":
		if v.Kind() != slog.KindGroup {
			e.Actor.ID = text(v)
			return
		}
		r.strings(path, v, map[string]*string{"id": &e.Actor.ID, "kind": &e.Actor.Kind, "org": &e.Actor.Org, "role": &e.Actor.Role, "for": &e.Actor.For})
	case "client":
		r.strings(path, v, map[string]*string{"addr": &e.Client.Addr, "kind": &e.Client.Kind})
	case "object":
		r.strings(path, v, map[string]*string{"type": &e.Object.Type, "category": &e.Object.Category, "lifecycle": &e.Object.Lifecycle, "labels": nil})
	case "request":
		r.strings(path, v, map[string]*string{"id": &e.Request.ID, "route": &e.Request.Route, "span": &e.Request.Span, "token": &e.Request.Token, "trace": &e.Request.Trace})
	case "emergency":
		if v.Kind() != slog.KindBool {
			r.errs.Add(path, "must be a boolean")
			return
		}
		e.Emergency = v.Bool()
	case "occurred":
		if v.Kind() == slog.KindTime {
			e.Occurred = v.Time()
		} else if t, err := time.Parse(time.RFC3339Nano, text(v)); err == nil {
			e.Occurred = t
		} else {
			r.errs.Add(path, "must be a time")
		}
	case "outcome":
		e.Outcome = audit.Outcome(text(v))
	case "type":
		e.Type = audit.Type(text(v))
	case "kind":
		e.Kind = text(v)
	case "subtype":
		e.Subtype = list[audit.Subtype](v)
	case "purpose":
		e.Purpose = list[audit.Purpose](v)
	case "policy":
		e.Policy = list[string](v)
	case "subjects":
		e.Subjects = list[string](v)
	case "patient":
		e.Patient = text(v)
	case "object_id":
		e.ObjectID = text(v)
	case "query":
		e.Query = text(v)
	case "reason":
		e.Reason = text(v)
	case "disclosure":
		e.Disclosure = r.json(path, v)
	case "payload":
		e.Payload = r.json(path, v)
	case "extra":
		if v.Kind() == slog.KindGroup {
			r.extra("", v)
		} else if m, ok := v.Any().(map[string]string); ok {
			for k, s := range m {
				r.put(k, s)
			}
		} else {
			r.extra(name, v)
		}
	default:
		r.extra(name, v)
	}
}

// strings fills the fields of a group. What is no field of it is sealed.
func (r *reader) strings(path string, v slog.Value, fields map[string]*string) {
	if v.Kind() != slog.KindGroup {
		r.errs.Add(path, "must be a group")
		return
	}
	r.members(path+".", v.Group(), func(path, name string, v slog.Value) {
		switch to, ok := fields[name]; {
		case to != nil:
			*to = text(v)
		case ok:
			r.e.Object.Labels = list[string](v)
		default:
			r.extra(path, v)
		}
	})
}

// extra puts a value into Extra, the members of a group under their paths.
func (r *reader) extra(path string, v slog.Value) {
	if v.Kind() != slog.KindGroup {
		r.put(path, text(v))
		return
	}
	if path != "" {
		path += "."
	}
	r.members(path, v.Group(), func(path, _ string, v slog.Value) { r.extra(path, v) })
}

func (r *reader) put(key, value string) {
	if r.e.Extra == nil {
		r.e.Extra = make(map[string]string)
	}
	r.e.Extra[valid(key)] = valid(value)
}

func (r *reader) json(path string, v slog.Value) json.RawMessage {
	switch x := v.Any().(type) {
	case json.RawMessage:
		return x
	case []byte:
		return x
	default:
		data, err := json.Marshal(x)
		if err != nil || v.Kind() == slog.KindGroup {
			r.errs.Add(path, "must be a value with a JSON form")
			return nil
		}
		return data
	}
}

func text(v slog.Value) string { return valid(v.String()) }

func valid(s string) string { return strings.ToValidUTF8(s, "�") }

// list returns the strings of a slice of any string type, or one value.
func list[S ~string](v slog.Value) []S {
	if v.Kind() == slog.KindAny {
		if x := reflect.ValueOf(v.Any()); x.IsValid() && x.Kind() == reflect.Slice && x.Type().Elem().Kind() == reflect.String {
			out := make([]S, x.Len())
			for i := range out {
				out[i] = S(valid(x.Index(i).String()))
			}
			return out
		}
	}
	return []S{S(text(v))}
}
