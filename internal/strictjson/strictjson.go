// Package strictjson reads JSON that people write: configuration, facts,
// drafts. It differs from encoding/json in what a person needs when the input
// is wrong: every problem is reported at once, each with the path of its
// field, and none with a value of the input.
//
// Field names are matched exactly. An unknown field, a field given twice, a
// null where the Go type has none, and anything behind the value are errors.
// A type that reads itself (json.Unmarshaler, encoding.TextUnmarshaler) does
// so; the text of its error becomes the rule, so it must hold no input.
package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
)

// MaxDepth is how deeply values may nest; deeper input is refused.
const MaxDepth = 100

// Decode reads the one JSON value in data into the pointer v. On an error,
// which is a [baakit.FieldErrors] in the order of the input, what v points to
// is in an unspecified state and must not be used.
//
// It reads booleans, strings, integers, slices, maps with string keys,
// structs with their json tags (embedded structs with a tag of their own
// only), pointers, interfaces and json.RawMessage.
func Decode(data []byte, v any) error {
	var errs baakit.FieldErrors
	if rule := malformed(data); rule != "" {
		errs.Add("", rule)
		return errs
	}
	d := decoder{errs: &errs}
	d.value("", json.RawMessage(bytes.TrimSpace(data)), reflect.ValueOf(v).Elem(), 0)
	return errs.Err()
}

// malformed says where data stops being one JSON value, or "".
func malformed(data []byte) string {
	dec := json.NewDecoder(bytes.NewReader(data))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return fmt.Sprintf("must be JSON; it is malformed at byte %d", syntax.Offset)
		}
		return "must be JSON; it ends too early"
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Sprintf("must be one JSON value; there is more at byte %d", dec.InputOffset())
	}
	return ""
}

type decoder struct{ errs *baakit.FieldErrors }

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	rawMessage      = reflect.TypeFor[json.RawMessage]()
)

func (d decoder) value(path string, raw json.RawMessage, v reflect.Value, depth int) {
	if depth > MaxDepth {
		d.errs.Add(path, "is nested too deeply")
		return
	}
	switch {
	case v.Type() == rawMessage:
		v.SetBytes(bytes.Clone(raw))
		return
	case v.Kind() == reflect.Pointer:
		if raw[0] == 'n' {
			v.SetZero()
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, raw, v.Elem(), depth+1)
		return
	case v.Kind() == reflect.Interface:
		d.leaf(path, raw, v, "must be JSON")
		return
	case raw[0] == 'n':
		d.errs.Add(path, "must not be null")
		return
	case reflect.PointerTo(v.Type()).Implements(jsonUnmarshaler):
		d.own(path, v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw))
		return
	case reflect.PointerTo(v.Type()).Implements(textUnmarshaler):
		d.text(path, raw, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(path, raw, v, depth)
	case reflect.Map:
		d.mapping(path, raw, v, depth)
	case reflect.Slice:
		// A list of words that are kept as bytes is a list, not bytes.
		if v.Type().Elem() == reflect.TypeFor[byte]() {
			if raw[0] != '"' {
				raw = json.RawMessage("0") // a list of numbers is no bytes
			}
			d.leaf(path, raw, v, "must be bytes in base64")
			return
		}
		d.list(path, raw, v, depth)
	case reflect.String:
		d.leaf(path, raw, v, "must be a string")
	case reflect.Bool:
		d.leaf(path, raw, v, "must be true or false")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.leaf(path, raw, v, "must be a whole number")
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.leaf(path, raw, v, "must be a whole number, not negative")
	case reflect.Float32, reflect.Float64:
		d.leaf(path, raw, v, "must be a number")
	default:
		panic("strictjson: cannot read into " + v.Type().String())
	}
}

func (d decoder) leaf(path string, raw json.RawMessage, v reflect.Value, rule string) {
	if json.Unmarshal(raw, v.Addr().Interface()) != nil {
		d.errs.Add(path, rule)
	}
}

func (d decoder) text(path string, raw json.RawMessage, v reflect.Value) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		d.errs.Add(path, "must be a string")
		return
	}
	d.own(path, v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)))
}

// own reports the error of a type that reads itself.
func (d decoder) own(path string, err error) {
	if err == nil {
		return
	}
	if _, ok := errors.AsType[baakit.FieldErrors](err); ok {
		d.errs.Merge(path, err)
		return
	}
	d.errs.Add(path, strings.TrimPrefix(err.Error(), "baakit: "))
}

func (d decoder) object(path string, raw json.RawMessage, v reflect.Value, depth int) {
	if raw[0] != '{' {
		d.errs.Add(path, "must be an object")
		return
	}
	fields := fieldsOf(v.Type())
	seen := make(map[string]bool)
	eachMember(raw, func(n int, key string, member json.RawMessage) {
		at := join(path, key)
		i, known := fields[key]
		switch {
		case !known:
			d.errs.Add(join(path, safeName(n, key)), "is not a known field")
		case seen[key]:
			d.errs.Add(at, "must not be given twice")
		default:
			d.value(at, member, v.Field(i), depth+1)
		}
		seen[key] = true
	})
}

func (d decoder) mapping(path string, raw json.RawMessage, v reflect.Value, depth int) {
	if raw[0] != '{' {
		d.errs.Add(path, "must be an object")
		return
	}
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	eachMember(raw, func(n int, key string, member json.RawMessage) {
		at := join(path, safeName(n, key))
		k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if reflect.PointerTo(t.Key()).Implements(textUnmarshaler) {
			before := len(*d.errs)
			d.own(at, k.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(key)))
			if len(*d.errs) > before {
				return
			}
			at = join(path, key) // a word of the vocabulary
		} else {
			k.SetString(key)
		}
		if v.MapIndex(k).IsValid() {
			d.errs.Add(at, "must not be given twice")
			return
		}
		d.value(at, member, e, depth+1)
		v.SetMapIndex(k, e)
	})
}

func (d decoder) list(path string, raw json.RawMessage, v reflect.Value, depth int) {
	if raw[0] != '[' {
		d.errs.Add(path, "must be a list")
		return
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		d.errs.Add(path, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		d.value(path+"["+strconv.Itoa(i)+"]", item, v.Index(i), depth+1)
	}
}

// eachMember calls f for the members of a valid object in their order.
func eachMember(raw json.RawMessage, f func(n int, key string, member json.RawMessage)) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	_, _ = dec.Token() // the brace; raw is known to be a valid object
	for n := 1; dec.More(); n++ {
		token, err := dec.Token()
		if err != nil {
			return
		}
		var member json.RawMessage
		if dec.Decode(&member) != nil {
			return
		}
		f(n, token.(string), member)
	}
}

// fieldsOf maps the JSON names of a struct to the numbers of its fields.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[name] = i
	}
	return fields
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// safeName returns a key that is shaped like a field name, and the position
// of any other: a key that nobody expected can hold anything, a patient's
// name too.
func safeName(n int, key string) string {
	if len(key) > 40 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" || key == "" || key[0] < 'a' {
		return fmt.Sprintf("(member %d)", n)
	}
	return key
}
