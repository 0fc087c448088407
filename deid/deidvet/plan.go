package deidvet

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// A planner judges one type and those below it, as the planner of package deid
// compiles them.
type planner struct {
	k    *checker
	need bool // fields need a tag
	seen typeutil.Map
}

// judge judges a type that is passed to deid.Struct or marked.
func (k *checker) judge(t types.Type, at token.Pos, need bool) {
	s := structUnder(t)
	if s == nil || held(t) != nil {
		k.report(at, mismatch, typeName(t)+" must be a struct")
		return
	}
	p := planner{k: k, need: need}
	p.structType(t, s, typeName(t), at)
}

func typeName(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return t.Obj().Name()
	case *types.Struct:
		return "struct"
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// structUnder returns the struct of t, or nil.
func structUnder(t types.Type) *types.Struct {
	s, _ := t.Underlying().(*types.Struct)
	return s
}

// structType judges the fields of a struct. What it finds in fields of other
// packages is reported at the given position.
func (p *planner) structType(t types.Type, s *types.Struct, path string, at token.Pos) {
	if p.seen.At(t) != nil {
		return
	}
	p.seen.Set(t, true)
	for i := range s.NumFields() {
		f := s.Field(i)
		at, path := at, path
		if f.Pkg() == p.k.pass.Pkg {
			at, path = f.Pos(), typeName(t)
		}
		p.field(f, s.Tag(i), path+"."+f.Name(), at)
	}
}

func (p *planner) field(f *types.Var, whole, path string, at token.Pos) {
	value, tagged, wrong := lookup(whole)
	inline := f.Embedded() && structBelow(f.Type()) != nil
	if wrong != "" {
		p.k.report(at, wrongTag, path+": deid tag "+wrong)
		return
	}
	if !f.Exported() && !inline {
		if tagged {
			p.k.report(at, unexported, path+" is not exported and cannot have a deid tag", p.k.retag(f, key, "", "Remove the deid tag")...)
		}
		return
	}
	t := tag{dive: true}
	switch {
	case tagged:
		if t, wrong = parseTag(value); wrong != "" {
			var fixes []analysis.SuggestedFix
			if fixed, ok := corrected(value); ok {
				fixes = p.k.retag(f, key, fixed, "Write it as deid:"+strconv.Quote(fixed))
			}
			p.k.report(at, wrongTag, path+": deid tag "+wrong, fixes...)
			return
		}
	case !canCarry(f.Type(), nil):
		return
	case !inline:
		if p.need && !p.k.dropUntagged {
			p.k.report(at, untagged, path+" needs a deid tag: it could carry an identifier", p.k.retag(f, key, "drop", `Tag it as deid:"drop"`)...)
		}
		return
	}
	p.value(f.Type(), t, path, at)
}

func (p *planner) wrong(at token.Pos, path, rule string) { p.k.report(at, mismatch, path+" "+rule) }

const needsKeys = "needs drop, or keys=keep if none of its keys can be an identifier"

// value judges what a tag says of a type.
func (p *planner) value(t types.Type, g tag, path string, at token.Pos) {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return // its type arguments are judged
	}
	if g.dive {
		p.dive(t, g, path, at)
		return
	}
	if g.action != "drop" {
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			p.value(u.Elem(), g, path+"[*]", at)
			return
		case *types.Slice:
			if !isByte(u.Elem()) {
				p.value(u.Elem(), g, path+"[*]", at)
				return
			}
		case *types.Array:
			if !isByte(u.Elem()) {
				p.value(u.Elem(), g, path+"[*]", at)
				return
			}
		case *types.Map:
			if !g.keys {
				p.wrong(at, path, needsKeys)
				return
			}
			p.value(u.Elem(), g, path+"[*]", at)
			return
		}
		if inner := nullField(t); inner != nil {
			p.value(inner, g, path, at)
			return
		}
		if inner := held(t); inner != nil {
			p.value(inner, g, path, at)
			return
		}
	}
	if rule := g.misfit(); rule != "" {
		p.wrong(at, path, rule)
		return
	}
	// A policy that has another action for the kind may fit, so all that a
	// policy has must not.
	var first string
	for _, action := range g.actions() {
		rule := leaf(t, action)
		if rule == "" {
			return
		}
		if first == "" {
			first = rule
		}
	}
	if first != "" {
		p.wrong(at, path, first)
	}
}

// leaf returns what is wrong with the action for a single value, or "".
func leaf(t types.Type, action string) string {
	textual := action != "drop" && action != "keep"
	switch {
	case isNamed(t, "time", "Time"), isNamed(t, "github.com/baakit/baakit", "Date"):
		if textual && action != "year" && action != "shift_date" {
			return "cannot hold what " + action + " makes: use a date kind or drop"
		}
		return ""
	case isRaw(t) && action == "keep":
		return "is JSON of unknown members: use dive or drop"
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return ""
		case u.Info()&(types.IsInteger|types.IsFloat) != 0 && u.Kind() != types.Uintptr:
			if textual && action != "age_cap" && action != "year" {
				return "is a number and cannot hold what " + action + " makes: use drop"
			}
			return ""
		case u.Info()&types.IsBoolean != 0 && action == "keep":
			return ""
		}
	case *types.Slice:
		if isByte(u.Elem()) {
			return ""
		}
	}
	_, isInterface := t.Underlying().(*types.Interface)
	switch {
	case action == "drop", action == "keep" && !isInterface && writesText(t):
		return ""
	case structUnder(t) != nil:
		return "is a struct: use dive or drop"
	}
	return "has a type for which only drop is possible"
}

// dive judges the fields below.
func (p *planner) dive(t types.Type, g tag, path string, at token.Pos) {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return
	}
	if isRaw(t) {
		return
	}
	inside := strings.TrimSuffix(path, "[*]") + "[*]"
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		p.dive(u.Elem(), g, inside, at)
		return
	case *types.Slice:
		p.dive(u.Elem(), g, inside, at)
		return
	case *types.Array:
		p.dive(u.Elem(), g, inside, at)
		return
	case *types.Map:
		if !g.keys {
			p.wrong(at, path, needsKeys)
			return
		}
		p.dive(u.Elem(), g, inside, at)
		return
	}
	if inner := held(t); inner != nil {
		p.dive(inner, g, path, at)
		return
	}
	s := structUnder(t)
	if s == nil || structBelow(t) == nil {
		p.wrong(at, path, "has nothing to dive into: use a kind, keep or drop")
		return
	}
	p.structType(t, s, path, at)
}

// structBelow returns the struct type that t is or points to, if its fields
// are what matters.
func structBelow(t types.Type) types.Type {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	if structUnder(t) == nil || isNamed(t, "time", "Time") || isNamed(t, "github.com/baakit/baakit", "Date") || nullField(t) != nil || held(t) != nil {
		return nil
	}
	return t
}

// canCarry reports whether a value of the type could hold an identifier: all
// but bools, and structs and arrays of nothing else, can.
func canCarry(t types.Type, above []types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return true
	}
	inside := func(elem types.Type) bool {
		if slices.ContainsFunc(above, func(outer types.Type) bool { return types.Identical(outer, elem) }) {
			return false
		}
		return canCarry(elem, append(slices.Clip(above), t))
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsBoolean == 0
	case *types.Struct:
		if inner := held(t); inner != nil {
			return canCarry(inner, append(slices.Clip(above), t))
		}
		for f := range u.Fields() {
			if canCarry(f.Type(), append(slices.Clip(above), t)) {
				return true
			}
		}
		return false
	case *types.Array:
		return inside(u.Elem())
	case *types.Pointer:
		return inside(u.Elem())
	case *types.Slice:
		return inside(u.Elem())
	}
	return true
}

func isNamed(t types.Type, path, name string) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

func isRaw(t types.Type) bool { return isNamed(t, "encoding/json", "RawMessage") }

func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}

// held returns the T of a deid.Value[T], or nil.
func held(t types.Type) types.Type {
	if !isNamed(t, deidPath, "Value") {
		return nil
	}
	args := types.Unalias(t).(*types.Named).TypeArgs()
	if args.Len() != 1 {
		return nil
	}
	return args.At(0)
}

// nullField returns the type of what sql.NullString and its like hold, or nil.
func nullField(t types.Type) types.Type {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "database/sql" || !strings.HasPrefix(n.Obj().Name(), "Null") {
		return nil
	}
	s := structUnder(t)
	if s == nil || s.NumFields() != 2 || s.Field(1).Name() != "Valid" {
		return nil
	}
	return s.Field(0).Type()
}

// textMarshaler is encoding.TextMarshaler.
var textMarshaler = func() *types.Interface {
	results := types.NewTuple(types.NewParam(0, nil, "", types.NewSlice(types.Typ[types.Byte])), types.NewParam(0, nil, "", types.Universe.Lookup("error").Type()))
	method := types.NewFunc(0, nil, "MarshalText", types.NewSignatureType(nil, nil, nil, nil, results, false))
	return types.NewInterfaceType([]*types.Func{method}, nil).Complete()
}()

func writesText(t types.Type) bool { return types.Implements(t, textMarshaler) }

// retag returns the fix that gives a field of this package another value for a
// key of its tag, or takes the key out.
func (k *checker) retag(f *types.Var, name, value, message string) []analysis.SuggestedFix {
	field := k.fields[f.Pos()]
	if field == nil || f.Pkg() != k.pass.Pkg || len(field.Names) > 0 && field.Names[0].Pos() != f.Pos() {
		return nil // not here, or the fix of the first name is this one's too
	}
	edit := analysis.TextEdit{Pos: field.Type.End(), End: field.Type.End()}
	old := ""
	if field.Tag != nil {
		edit.Pos, edit.End = field.Tag.Pos(), field.Tag.End()
		var err error
		if old, err = strconv.Unquote(field.Tag.Value); err != nil {
			return nil
		}
	}
	whole, ok := setKey(old, name, value)
	if !ok {
		return nil
	}
	switch {
	case whole == "" && field.Tag != nil:
		edit.Pos = field.Type.End()
	case strings.Contains(whole, "`"):
		edit.NewText = []byte(strconv.Quote(whole))
	default:
		edit.NewText = []byte("`" + whole + "`")
	}
	if field.Tag == nil {
		edit.NewText = append([]byte(" "), edit.NewText...)
	}
	return []analysis.SuggestedFix{{Message: message, TextEdits: []analysis.TextEdit{edit}}}
}

// setKey changes one key of a struct tag, or takes it out for an empty value.
func setKey(whole, name, value string) (string, bool) {
	var parts []string
	found := false
	rest := whole
	for {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			break
		}
		k, after, ok := strings.Cut(rest, ":")
		if !ok {
			return "", false
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil {
			return "", false
		}
		rest = after[len(quoted):]
		switch {
		case k != name || found:
			parts = append(parts, k+":"+quoted)
		case value != "":
			parts = append(parts, fmt.Sprintf("%s:%q", name, value))
			found = true
		default:
			found = true
		}
	}
	if !found && value != "" {
		parts = append(parts, fmt.Sprintf("%s:%q", name, value))
	}
	return strings.Join(parts, " "), true
}
