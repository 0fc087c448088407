package deidfhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A member is one of an object, in order.
type member struct {
	name  string
	value any
}

// parse is a slow parser that keeps the order of members and the spelling of
// numbers: objects are []member.
func parse(t testing.TB, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		t.Fatalf("not JSON: %v: %s", err, data)
	}
	return v
}

func parseValue(d *json.Decoder) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		object := []member{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			object = append(object, member{name.(string), v})
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return tok, nil
}

// checkShape holds an output against its input: what stays is in the same
// order, numbers and booleans are the same to the byte, strings are the same
// or have become a code, a year, three digits or an address of our own, and
// nothing is there that was not, but for the label.
func checkShape(t testing.TB, in, out []byte) {
	t.Helper()
	if why := sameShape(parse(t, in), parse(t, out), "$"); why != "" {
		t.Errorf("the shape has changed: %s", why)
	}
}

func sameShape(in, out any, path string) string {
	switch out := out.(type) {
	case []member:
		object, ok := in.([]member)
		if !ok {
			return path + " became an object"
		}
		if len(out) == 0 {
			return path + " is empty"
		}
		next := 0
		for _, m := range out {
			if m.name == "meta" || m.name == "security" {
				continue
			}
			i := slices.IndexFunc(object[next:], func(o member) bool { return o.name == m.name })
			if i < 0 {
				return path + " has a member that it had not: " + m.name
			}
			next += i
			if why := sameShape(object[next].value, m.value, path+"."+m.name); why != "" {
				return why
			}
			next++
		}
	case []any:
		list, ok := in.([]any)
		if !ok {
			return path + " became a list"
		}
		if len(out) == 0 {
			return path + " is empty"
		}
		next := 0
		for i, v := range out {
			for next < len(list) && sameShape(list[next], v, path) != "" {
				next++
			}
			if next == len(list) {
				return fmt.Sprintf("%s[%d] is none that it had", path, i)
			}
			next++
		}
	case json.Number:
		if n, ok := in.(json.Number); !ok || n != out {
			return path + " is another number"
		}
	case bool:
		if in != any(out) {
			return path + " is another boolean"
		}
	case string:
		s, ok := in.(string)
		if !ok {
			return path + " became a string"
		}
		switch {
		case s == out, isCode(strings.TrimPrefix(out, "#")), strings.HasPrefix(out, "urn:uuid:") && isCode(out[9:]):
		case len(out) == 4 && strings.HasPrefix(s, out), len(out) == 3 && (strings.HasPrefix(s, out) || out == "000"):
		case strings.Contains(out, "/") && isCode(out[strings.LastIndexByte(out, '/')+1:]):
		default:
			return path + " is another string: " + out
		}
	case nil:
		return path + " is null"
	}
	return ""
}
