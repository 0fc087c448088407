package audit_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"123-45-6789": "social", "123456789": "social", "patient/123-45-6789": "social", "ssn:123456789": "social",
		"555-123-4567": "telephone", "5551234567": "telephone", "+15551234567": "telephone", "1-555-123-4567": "telephone", "555.123.4567": "telephone",
		"15551234567": "telephone", "555-1234": "telephone", "tel:+44-20-7946-0958": "telephone",
		"1961-04-12": "date", "04/12/1961": "date", "12.04.1961": "date", "4-2-1961": "date", "19610412": "date", "04121961": "date", "1961/4/12": "date",
		"dob:1961-04-12": "date", "1961-04-12T10:00:00Z": "date",
		"jane@example.com": "e-mail", "j.r+x@mail.example.org": "e-mail",

		"u-9": "", "physician": "", "110122": "", "Observation": "", "12345678901234": "", "1234567": "", "12345": "",
		"12345678-90ab-cdef-1234-567890abcdef": "", "19611204-0412-4567-8901-123456789012": "",
		"192.168.100.200": "", "10.1.2.3:8080": "", "2001:db8::1": "", "4bf92f3577b34da6a3ce929d0e0e4736": "",
		"user@realm": "", "v1.22.333": "", "A12345678B": "", "99999999": "",
	} {
		got := audit.ShapeOf(s)
		if want == "" && got != "" || want != "" && !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
		if got != "" && strings.Contains(got, s) {
			t.Errorf("the rule repeats the value %s", s)
		}
	}
}

// Every clear field refuses free text, what is too long and what has a shape,
// and is named; the shape is accepted where the caller allows the field.
func TestClearFields(t *testing.T) {
	t.Parallel()
	for path, set := range map[string]func(*audit.Event, string){
		"actor.id":         func(e *audit.Event, s string) { e.Actor.ID = s },
		"actor.kind":       func(e *audit.Event, s string) { e.Actor.Kind = s },
		"actor.org":        func(e *audit.Event, s string) { e.Actor.Org = s },
		"actor.role":       func(e *audit.Event, s string) { e.Actor.Role = s },
		"actor.for":        func(e *audit.Event, s string) { e.Actor.For = s },
		"client.addr":      func(e *audit.Event, s string) { e.Client.Addr = s },
		"client.kind":      func(e *audit.Event, s string) { e.Client.Kind = s },
		"object.type":      func(e *audit.Event, s string) { e.Object.Type = s },
		"object.category":  func(e *audit.Event, s string) { e.Object.Category = s },
		"object.lifecycle": func(e *audit.Event, s string) { e.Object.Lifecycle = s },
		"object.labels":    func(e *audit.Event, s string) { e.Object.Labels = []string{"a", s} },
		"request.id":       func(e *audit.Event, s string) { e.Request.ID = s },
		"request.route":    func(e *audit.Event, s string) { e.Request.Route = s },
		"request.span":     func(e *audit.Event, s string) { e.Request.Span = s },
		"request.token":    func(e *audit.Event, s string) { e.Request.Token = s },
		"request.trace":    func(e *audit.Event, s string) { e.Request.Trace = s },
		"policy":           func(e *audit.Event, s string) { e.Policy = []string{"a", s} },
		"subtype":          func(e *audit.Event, s string) { e.Subtype = []audit.Subtype{"a", audit.Subtype(s)} },
		"purpose":          func(e *audit.Event, s string) { e.Purpose = []audit.Purpose{"a", audit.Purpose(s)} },
		"kind":             func(e *audit.Event, s string) { e.Kind, e.Payload, e.Type = s, json.RawMessage("{}"), audit.REST },
	} {
		for _, bad := range []string{"Jane Roe", "naïve", "a\nb", `a"b`, strings.Repeat("x", 129), "123-45-6789", "1961-04-12", "5551234567", "jane@example.com"} {
			e := access()
			set(&e, bad)
			err := e.Validate()
			fields, ok := errors.AsType[baakit.FieldErrors](err)
			want := path
			if strings.Contains("object.labels policy subtype purpose", path) && path != "object.type" {
				want += "[1]"
			}
			if !ok || len(fields) != 1 || fields[0].Path != want {
				t.Errorf("%s = %q: %v, want one error of %s", path, bad, err, want)
				continue
			}
			if strings.Contains(err.Error(), bad) {
				t.Errorf("%s: the error repeats the value: %v", path, err)
			}
			allowed := strings.Trim(bad, "0123456789-") == "" || strings.Contains(bad, "@")
			if err := e.Validate(path); (err == nil) != allowed {
				t.Errorf("%s = %q with the shape allowed: %v", path, bad, err)
			}
		}
		e := access()
		set(&e, strings.Repeat("x", 128))
		if err := e.Validate(); err != nil {
			t.Errorf("%s of 128 bytes: %v", path, err)
		}
	}
}

func TestValidateAll(t *testing.T) {
	t.Parallel()
	paths := func(e audit.Event) (list []string) {
		fields, _ := errors.AsType[baakit.FieldErrors](e.Validate())
		for _, f := range fields {
			list = append(list, f.Path)
		}
		return list
	}
	for _, tt := range []struct {
		e    audit.Event
		want []string
	}{
		{audit.Event{}, []string{"action", "outcome", "actor.id"}},
		{audit.Event{Type: "rest", Action: "X", Outcome: "1"}, []string{"type", "action", "outcome", "actor.id"}},
		{audit.Event{Kind: "a.b"}, []string{"payload"}},
		{audit.Event{Kind: "a.b", Payload: json.RawMessage("{"), Type: audit.Export, Action: "r", Outcome: "00"}, []string{"type", "action", "outcome", "payload"}},
		{audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "a"}, Payload: json.RawMessage("{}"), Disclosure: json.RawMessage("x")}, []string{"payload", "disclosure"}},
		{audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "a"}, Query: "\xff", Extra: map[string]string{"a": "\xff"}}, []string{"query", "extra"}},
		{access(), nil},
	} {
		if got := paths(tt.e); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v: %q, want %q", tt.e, got, tt.want)
		}
	}
}

func TestValidChain(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"a": true, "t/42": true, "org/baa:1@x_y-z.w": true, strings.Repeat("x", 128): true,
		"": false, "/a": false, "a/": false, "a//b": false, ".": false, "a/../b": false, "a b": false, "a+b": false, "ä": false, strings.Repeat("x", 129): false,
	} {
		if audit.ValidChain(s) != want {
			t.Errorf("ValidChain(%q) = %v", s, !want)
		}
	}
}

// Each field of the sealed part counts by itself, and no other does.
func TestHasSealed(t *testing.T) {
	t.Parallel()
	clear := map[string]bool{
		"Type": true, "Subtype": true, "Action": true, "Outcome": true, "Purpose": true, "Occurred": true, "Actor": true,
		"Client": true, "Object": true, "Request": true, "Policy": true, "Emergency": true, "Kind": true,
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[audit.Event]()) {
		if !field.IsExported() {
			continue
		}
		var e audit.Event
		v := reflect.ValueOf(&e).Elem().FieldByIndex(field.Index)
		switch v.Kind() {
		case reflect.String:
			v.SetString("x")
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.Map:
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf("v"))
		case reflect.Bool:
			v.SetBool(true)
		}
		if e.HasSealed() == clear[field.Name] {
			t.Errorf("with %s alone HasSealed() = %v", field.Name, e.HasSealed())
		}
	}
}
