package baa

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit/internal/jcs"
)

// canonicalDraft returns the canonical JSON (RFC 8785) of a valid draft, the
// same bytes that canonicalising its JSON gives, written directly because
// every version is hashed.
func canonicalDraft(d *Draft) []byte {
	b := make([]byte, 0, 8<<10)
	return appendObject(b, reflect.ValueOf(draftJSON(*d)), member{"schema", DraftSchema})
}

// A member is a name and a text that is in the JSON and in no field.
type member struct{ name, text string }

// A canonicalField is a field of a type in the order of canonical JSON; index
// -1 is where the extra member goes.
type canonicalField struct {
	name  string
	index int
	omit  bool
}

var canonicalFields sync.Map // of reflect.Type and extra name to []canonicalField

type canonicalKey struct {
	t     reflect.Type
	extra string
}

func fieldsInOrder(t reflect.Type, extra string) []canonicalField {
	key := canonicalKey{t, extra}
	if list, ok := canonicalFields.Load(key); ok {
		return list.([]canonicalField)
	}
	var list []canonicalField
	for i := range t.NumField() {
		name, opts, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		list = append(list, canonicalField{name, i, strings.HasPrefix(opts, "omit")})
	}
	if extra != "" {
		list = append(list, canonicalField{name: extra, index: -1})
	}
	slices.SortFunc(list, func(a, b canonicalField) int { return strings.Compare(a.name, b.name) })
	canonicalFields.Store(key, list)
	return list
}

// appendObject writes a struct with an extra member, if it has a name. The
// names are ASCII, whose order is that of RFC 8785.
func appendObject(b []byte, v reflect.Value, extra member) []byte {
	b = append(b, '{')
	first := true
	for _, f := range fieldsInOrder(v.Type(), extra.name) {
		var field reflect.Value
		if f.index >= 0 {
			if field = v.Field(f.index); f.omit && (field.IsZero() || field.Kind() == reflect.Slice && field.Len() == 0) {
				continue
			}
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = jcs.AppendString(b, f.name)
		b = append(b, ':')
		if f.index < 0 {
			b = jcs.AppendString(b, extra.text)
		} else {
			b = appendCanonical(b, field)
		}
	}
	return append(b, '}')
}

func appendCanonical(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case reflect.String:
		return jcs.AppendString(b, v.String())
	case reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, v.Index(i))
		}
		return append(b, ']')
	}
	switch x := v.Interface().(type) {
	case UnknownClause:
		return append(b, x.JSON...)
	case Clause:
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		return appendObject(b, v, member{"kind", string(x.Kind())})
	case encoding.TextMarshaler:
		text, _ := x.MarshalText() // a valid draft has no value without a form
		return jcs.AppendString(b, string(text))
	}
	return appendObject(b, v, member{})
}
