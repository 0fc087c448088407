package deidvet

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// printsFields reports whether fmt would print an identifier of a field of a
// value of the type: in structs, and slices, arrays, maps and one pointer to
// them, that do not print themselves.
func (k *checker) printsFields(t types.Type) bool {
	if t == nil || printsItself(t) {
		return false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return printsBelow(t, new(typeutil.Map))
}

// printsBelow is printsFields for what is inside. Types that hold themselves
// are judged once.
func printsBelow(t types.Type, seen *typeutil.Map) bool {
	if printsItself(t) || seen.At(t) != nil {
		return false
	}
	seen.Set(t, true)
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return printsBelow(u.Elem(), seen)
	case *types.Array:
		return printsBelow(u.Elem(), seen)
	case *types.Map:
		return printsBelow(u.Elem(), seen) || printsBelow(u.Key(), seen)
	case *types.Struct:
		for i := range u.NumFields() {
			f := u.Field(i)
			if held(f.Type()) != nil {
				continue
			}
			if value, ok, _ := lookup(u.Tag(i)); ok {
				if g, wrong := parseTag(value); wrong == "" && g.identifies() {
					return true
				}
			}
			if printsBelow(f.Type(), seen) {
				return true
			}
		}
	}
	return false
}

// printsItself reports whether fmt leaves the printing to a method.
func printsItself(t types.Type) bool {
	if held(t) != nil {
		return true
	}
	set := types.NewMethodSet(t)
	for _, name := range []string{"Format", "String", "Error"} {
		selection := set.Lookup(nil, name)
		if selection == nil {
			continue
		}
		sig := selection.Type().(*types.Signature)
		if name == "Format" && sig.Params().Len() == 2 || name != "Format" && sig.Params().Len() == 0 && sig.Results().Len() == 1 {
			return true
		}
	}
	return false
}

// onlyType reports whether a constant format prints the type or the address
// of the argument and nothing else of it.
func (v view) onlyType(call *ast.CallExpr, arg ast.Expr) bool {
	for i, a := range call.Args {
		value := v.k.pass.TypesInfo.Types[a].Value
		if value == nil || i+1 >= len(call.Args) {
			continue
		}
		format := value.ExactString()
		if !strings.Contains(format, "%") {
			continue
		}
		at := slices.Index(call.Args[i+1:], arg)
		verbs := simpleVerbs(format)
		return at >= 0 && at < len(verbs) && (verbs[at] == 'T' || verbs[at] == 'p')
	}
	return false
}

// simpleVerbs returns the verbs of a format, or nil if it counts its arguments
// in another way than one by one.
func simpleVerbs(format string) []byte {
	var verbs []byte
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.", format[i]) >= 0; i++ {
		}
		switch {
		case i == len(format), format[i] == '[', format[i] == '*':
			return nil
		case format[i] != '%':
			verbs = append(verbs, format[i])
		}
	}
	return verbs
}
