package deidslog

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

// The limits of one attribute: how deeply it is followed, and how many values
// are looked at. Values that hold themselves end there.
const (
	maxDepth  = 32
	maxValues = 10_000
)

var redacted = slog.StringValue(Redacted)

// A walk is that over one attribute.
type walk struct {
	*filter
	left int // values that may still be looked at
}

// spent counts a value, and reports whether it is one too many.
func (w *walk) spent(depth int) bool {
	w.left--
	return w.left < 0 || depth > maxDepth
}

// attr treats an attribute below groups. A panic in a method of the value may
// have the value in its text, so nothing of that is kept.
func (w *walk) attr(groups []string, a slog.Attr, vouched bool, depth int) (out slog.Attr) {
	defer func() {
		if recover() != nil {
			out = slog.Attr{Key: text(a.Key), Value: redacted}
		}
	}()
	if a.Equal(slog.Attr{}) {
		return a
	}
	vouched = vouched || w.vouches(groups, a.Key)
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		return slog.Attr{Key: text(a.Key), Value: w.value(v, trust{vouched, vouched}, depth)}
	}
	if w.spent(depth) {
		return slog.Attr{Key: text(a.Key), Value: redacted}
	}
	if a.Key != "" {
		groups = append(slices.Clip(groups), a.Key)
	}
	list := make([]slog.Attr, 0, len(v.Group()))
	for _, b := range v.Group() {
		list = append(list, w.mark(w.attr(groups, b, vouched, depth+1)))
	}
	return slog.Attr{Key: text(a.Key), Value: slog.GroupValue(list...)}
}

// mark makes a leaf of what stands in a group.
func (w *walk) mark(a slog.Attr) slog.Attr {
	if w.leaves && a.Value.Kind() != slog.KindGroup && !a.Equal(slog.Attr{}) {
		a.Value = slog.AnyValue(leaf{a.Value})
	}
	return a
}

// A trust says what is vouched for below a key or a tag.
type trust struct {
	values bool
	keys   bool // of maps
}

// value treats a resolved value that is no group.
func (w *walk) value(v slog.Value, t trust, depth int) slog.Value {
	switch v.Kind() {
	case slog.KindBool, slog.KindDuration:
		return v
	case slog.KindString:
		if t.values {
			return slog.StringValue(text(v.String()))
		}
		return redacted
	case slog.KindAny:
		if let, ok := v.Any().(leaf); ok && w.leaves {
			return let.Value // its second time here
		}
		return w.any(reflect.ValueOf(v.Any()), t, depth)
	}
	if t.values {
		return v // a number or a time
	}
	return redacted
}

// any treats a value of any type.
func (w *walk) any(v reflect.Value, t trust, depth int) slog.Value {
	if !v.IsValid() {
		return slog.AnyValue(nil)
	}
	if w.spent(depth) {
		return redacted
	}
	if nilable(v) && v.IsNil() {
		return slog.AnyValue(nil)
	}
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case slog.LogValuer:
			return w.resolved(slog.AnyValue(x), t, depth)
		case slog.Value:
			return w.resolved(x, t, depth)
		case slog.Attr:
			return w.resolved(slog.GroupValue(x), t, depth)
		case []slog.Attr:
			return w.resolved(slog.GroupValue(x...), t, depth)
		case time.Duration:
			return slog.DurationValue(x)
		case slog.Level:
			return slog.AnyValue(x)
		case time.Time:
			return w.scalar(slog.TimeValue(x), t)
		case baakit.Date:
			return w.scalar(slog.StringValue(x.String()), t)
		case error:
			if !t.values || taggedError(x, 0) {
				return slog.StringValue("[redacted " + v.Type().String() + "]")
			}
			return slog.StringValue(text(x.Error()))
		}
	}
	if s := structOf(v); s.IsValid() {
		if p := planOf(s.Type()); p.tagged {
			return w.fields(p, s, depth)
		}
	}
	if t.values && v.CanInterface() && !mayHoldTags(v.Type()) {
		if own, ok := ownText(v.Interface()); ok {
			return slog.StringValue(text(own))
		}
	}
	switch v.Kind() {
	case reflect.Bool:
		return slog.BoolValue(v.Bool())
	case reflect.String:
		return w.scalar(slog.StringValue(text(v.String())), t)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return w.scalar(slog.Int64Value(v.Int()), t)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return w.scalar(slog.Uint64Value(v.Uint()), t)
	case reflect.Float32, reflect.Float64:
		return w.scalar(slog.Float64Value(v.Float()), t)
	case reflect.Pointer, reflect.Interface:
		return w.any(v.Elem(), t, depth+1)
	case reflect.Struct:
		if t.values {
			return w.fields(planOf(v.Type()), v, depth)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return w.bytes(v, t)
		}
		if !t.values && !mayHoldTags(v.Type().Elem()) {
			return redacted
		}
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			list = append(list, plain(w.any(v.Index(i), t, depth+1)))
		}
		return slog.AnyValue(list)
	case reflect.Map:
		if t.keys {
			return w.entries(v, t, depth)
		}
	}
	return redacted
}

func (w *walk) scalar(v slog.Value, t trust) slog.Value {
	if t.values {
		return v
	}
	return redacted
}

// bytes shows what is text.
func (w *walk) bytes(v reflect.Value, t trust) slog.Value {
	if !t.values || v.Kind() == reflect.Array || !utf8.Valid(v.Bytes()) {
		return redacted
	}
	return slog.StringValue(text(string(v.Bytes())))
}

// resolved treats what a LogValuer gives, below another value.
func (w *walk) resolved(v slog.Value, t trust, depth int) slog.Value {
	v = v.Resolve()
	if v.Kind() == slog.KindGroup {
		return w.attr(nil, slog.Attr{Value: v}, t.values, depth+1).Value
	}
	return w.value(v, t, depth+1)
}

// entries treats a map whose keys are vouched for.
func (w *walk) entries(v reflect.Value, t trust, depth int) slog.Value {
	entries := make(map[string]any, v.Len())
	for it := v.MapRange(); it.Next(); {
		key := text(fmt.Sprint(plain(w.any(it.Key(), trust{values: true}, depth+1))))
		entries[key] = plain(w.any(it.Value(), t, depth+1))
	}
	return slog.AnyValue(entries)
}

// fields treats a struct. One without tags is vouched for.
func (w *walk) fields(p *plan, v reflect.Value, depth int) slog.Value {
	attrs := make([]slog.Attr, 0, len(p.fields))
	for _, field := range p.fields {
		inside := v.Field(field.index)
		value := redacted
		if field.rule != hides {
			value = w.any(inside, trust{field.rule == shows, field.keys}, depth+1)
		}
		if value.Kind() == slog.KindGroup && field.inline {
			attrs = append(attrs, value.Group()...)
			continue
		}
		attrs = append(attrs, w.mark(slog.Attr{Key: field.name, Value: value}))
	}
	return slog.GroupValue(attrs...)
}

// ownText is a value as it writes itself.
func ownText(v any) (string, bool) {
	switch v := v.(type) {
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		return string(b), err == nil
	case fmt.Stringer:
		return v.String(), true
	case json.Marshaler:
		b, err := v.MarshalJSON()
		return string(b), err == nil
	}
	return "", false
}

func nilable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return true
	}
	return false
}

// structOf follows pointers and interfaces to a struct.
func structOf(v reflect.Value) reflect.Value {
	for range maxDepth {
		switch v.Kind() {
		case reflect.Struct:
			return v
		case reflect.Pointer, reflect.Interface:
			v = v.Elem()
		default:
			return reflect.Value{}
		}
	}
	return reflect.Value{}
}

// plain turns a value into what stands in a slice or a map.
func plain(v slog.Value) any {
	switch v.Kind() {
	case slog.KindGroup:
		m := make(map[string]any, len(v.Group()))
		for _, a := range v.Group() {
			m[a.Key] = plain(a.Value)
		}
		return m
	case slog.KindAny:
		if let, ok := v.Any().(leaf); ok {
			return plain(let.Value)
		}
	}
	return v.Any()
}

// A leaf is a value that was let through by the tag of its field: the handlers
// of log/slog give what ReplaceAttr returns for a group to it again.
type leaf struct{ slog.Value }

// MarshalJSON and MarshalText write the value as the handlers of log/slog do.
func (l leaf) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(plain(l.Value))
	return b.Bytes(), err
}

func (l leaf) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
