package deidslog

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit/deid"
)

// A rule says what shows of a field.
type rule uint8

const (
	hides rule = iota
	shows
	judges // by what is inside
)

// A plan is what the tags of a struct type say.
type plan struct {
	tagged bool
	fields []field
}

type field struct {
	index  int
	name   string
	rule   rule
	keys   bool // those of the map may show
	inline bool
}

// plans are those of all types, which do not change: reflect.Type to *plan.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{tagged: tagged(t)}
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.PkgPath != "" && !sf.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		f := field{index: i, name: name, inline: sf.Anonymous && name == ""}
		if name == "" {
			f.name = sf.Name
		}
		f.rule, f.keys = ruleOf(sf, p.tagged)
		if sf.PkgPath != "" && (f.rule == hides || below(sf.Type) == nil) {
			continue
		}
		p.fields = append(p.fields, f)
	}
	plans.Store(t, p)
	return p
}

// ruleOf reads the tag of a field. An unknown tag hides.
func ruleOf(sf reflect.StructField, tagged bool) (r rule, keys bool) {
	s, ok := sf.Tag.Lookup("deid")
	if !ok {
		switch {
		case !tagged:
			return shows, true
		case sf.Anonymous && below(sf.Type) != nil:
			return judges, false
		case sf.Type.Kind() == reflect.Bool:
			return shows, false
		}
		return hides, false
	}
	tag, err := deid.ParseFieldTag(s)
	switch {
	case err != nil:
		return hides, false
	case tag.Dive:
		return judges, tag.KeepKeys
	case tag.Kind == deid.KindTerm && (tag.Action == "" || tag.Action == deid.Keep), tag.Kind.IsZero() && tag.Action == deid.Keep:
		return shows, tag.KeepKeys
	}
	return hides, false
}

// tagged reports whether a field of the struct that t is or points to, or of
// one that is embedded in it, has a deid tag.
func tagged(t reflect.Type) bool { return hasTag(t, make(map[reflect.Type]bool)) }

func hasTag(t reflect.Type, seen map[reflect.Type]bool) bool {
	t = below(t)
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	for sf := range t.Fields() {
		if _, ok := sf.Tag.Lookup("deid"); ok || sf.Anonymous && hasTag(sf.Type, seen) {
			return true
		}
	}
	return false
}

// below returns the struct type that t is or points to, or nil.
func below(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// taggedError reports whether an error, or one that it wraps, is a struct with
// deid tags: its text may hold what they hide.
func taggedError(err error, depth int) bool {
	if depth > maxDepth || tagged(reflect.TypeOf(err)) {
		return true
	}
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		if inner := u.Unwrap(); inner != nil {
			return taggedError(inner, depth+1)
		}
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(u.Unwrap(), func(inner error) bool { return inner != nil && taggedError(inner, depth+1) })
	}
	return false
}

// holders are the types that may hold a struct with tags: reflect.Type to bool.
var holders sync.Map

// mayHoldTags reports whether a value of the type could hold a struct with deid
// tags, in an interface too, so that its own text is not to be trusted.
func mayHoldTags(t reflect.Type) bool {
	if known, ok := holders.Load(t); ok {
		return known.(bool)
	}
	may := reachesTags(t, make(map[reflect.Type]bool))
	holders.Store(t, may)
	return may
}

func reachesTags(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return reachesTags(t.Elem(), seen)
	case reflect.Map:
		return reachesTags(t.Key(), seen) || reachesTags(t.Elem(), seen)
	case reflect.Struct:
		if tagged(t) {
			return true
		}
		for sf := range t.Fields() {
			if reachesTags(sf.Type, seen) {
				return true
			}
		}
	}
	return false
}
