package deid

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"unique"
)

var (
	// ErrRedacted is the error of reading a [Value] back from what one was
	// written as: the value is not in there.
	ErrRedacted = errors.New("deid: a redacted value cannot be read back")

	// ErrValue is the error of reading a [Value] from a text that is not of
	// its type. It holds nothing of the text.
	ErrValue = errors.New("deid: not of the type of the value")
)

// A Value holds a T and prints, logs and marshals as "[redacted]". Reveal is
// the one way to what is inside, and easy to search for; a field of another
// struct, exported or not, is no other one. Make it with [Hide]:
//
//	type Patient struct {
//		Name deid.Value[string]    `json:"name" deid:"name"`
//		Born deid.Value[time.Time] `json:"born" deid:"dob"`
//	}
//
// It is read from JSON and text as a T is, so that a request can be decoded
// into it, but never from "[redacted]" ([ErrRedacted]): what was written is
// lost, and must not come back as if it were a name. For the same reason it is
// not a driver.Valuer: a database is given what Reveal returns.
//
// [Struct] treats it as the T inside, by the tag of its field.
//
// The zero Value holds the zero T. Values are immutable, safe for concurrent
// use if T is, and always comparable: two are equal if their T are; where T
// cannot be compared a Value equals its copies only, or the zero Value. What is
// inside stays in memory as clear as a T would, and a debugger, a core dump, or
// a printer that follows pointers by reflection finds it.
type Value[T any] struct {
	// A handle is a pointer, which fmt prints as an address even where it
	// calls no methods: in fields that are not exported and after %!.
	handle unique.Handle[any]
}

// A boxed value is one that cannot be compared.
type boxed[T any] struct{ at *T }

// Hide returns the Value that holds v.
func Hide[T any](v T) Value[T] {
	r := reflect.ValueOf(&v).Elem()
	switch {
	case r.IsZero():
		return Value[T]{}
	case r.Comparable():
		return Value[T]{unique.Make(any(v))}
	}
	return Value[T]{unique.Make(any(boxed[T]{&v}))}
}

// Reveal returns what is inside.
func (v Value[T]) Reveal() T {
	var zero T
	if v.IsZero() {
		return zero
	}
	inside := v.handle.Value()
	if b, ok := inside.(boxed[T]); ok {
		return *b.at
	}
	return inside.(T)
}

// IsZero reports whether v holds the zero T.
func (v Value[T]) IsZero() bool { return v == Value[T]{} }

// Equal reports whether v and w are equal, which is v == w.
func (v Value[T]) Equal(w Value[T]) bool { return v == w }

// Format implements [fmt.Formatter] and prints "[redacted]" for every verb.
func (v Value[T]) Format(s fmt.State, _ rune) { io.WriteString(s, redacted) }

// String returns "[redacted]".
func (v Value[T]) String() string { return redacted }

// GoString returns "[redacted]".
func (v Value[T]) GoString() string { return redacted }

// LogValue implements [slog.LogValuer] with "[redacted]".
func (v Value[T]) LogValue() slog.Value { return slog.StringValue(redacted) }

// AppendText implements [encoding.TextAppender] with "[redacted]".
func (v Value[T]) AppendText(b []byte) ([]byte, error) { return append(b, redacted...), nil }

// MarshalText implements [encoding.TextMarshaler] with "[redacted]".
func (v Value[T]) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns the string "[redacted]".
func (v Value[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalBinary implements [encoding.BinaryMarshaler], and so what
// encoding/gob writes, with "[redacted]".
func (v Value[T]) MarshalBinary() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalBinary returns [ErrRedacted]: there is no binary form with a value.
func (v *Value[T]) UnmarshalBinary([]byte) error { return ErrRedacted }

// UnmarshalJSON reads a T. Its errors are [ErrRedacted] and [ErrValue], with
// which v is unchanged; null changes nothing.
func (v *Value[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) == nil && text == redacted {
		return ErrRedacted
	}
	var t T
	if json.Unmarshal(data, &t) != nil {
		return ErrValue
	}
	*v = Hide(t)
	return nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] for a T that is a string
// or bytes, that is an encoding.TextUnmarshaler itself, or whose JSON is not
// quoted, such as a number. Its errors are [ErrRedacted] and [ErrValue], with
// which v is unchanged.
func (v *Value[T]) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return ErrRedacted
	}
	var t T
	r := reflect.ValueOf(&t).Elem()
	u, ok := any(&t).(encoding.TextUnmarshaler)
	switch {
	case ok:
		if u.UnmarshalText(text) != nil {
			return ErrValue
		}
	case r.Kind() == reflect.String:
		r.SetString(string(text))
	case r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8:
		r.SetBytes([]byte(string(text)))
	case json.Unmarshal(text, &t) != nil:
		return ErrValue
	}
	*v = Hide(t)
	return nil
}

// A holder is a *Value of any type, as the walk over structs sees it.
type holder interface {
	holds() reflect.Type
	open() reflect.Value // a copy that can be set
	hold(v reflect.Value)
}

func (v *Value[T]) holds() reflect.Type { return reflect.TypeFor[T]() }

func (v *Value[T]) open() reflect.Value {
	t := v.Reveal()
	return reflect.ValueOf(&t).Elem()
}

func (v *Value[T]) hold(r reflect.Value) { *v = Hide(r.Interface().(T)) }

// heldType returns the T if t is a Value[T], or nil. A struct that embeds a
// Value has its methods as well, so the name decides.
func heldType(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct || t.PkgPath() != packagePath || !strings.HasPrefix(t.Name(), "Value[") {
		return nil
	}
	h, ok := reflect.New(t).Interface().(holder)
	if !ok {
		return nil
	}
	return h.holds()
}

var packagePath = reflect.TypeFor[Kind]().PkgPath()

// visitValue treats what a Value holds.
func visitValue(elem visitor) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if v.IsZero() {
			return false, nil
		}
		h := v.Addr().Interface().(holder)
		inside := h.open()
		gone, err := elem(w, inside)
		switch {
		case err != nil:
		case gone:
			v.SetZero()
		case w.mode == applying:
			h.hold(inside)
		}
		return gone, err
	}
}
