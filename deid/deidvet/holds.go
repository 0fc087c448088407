package deidvet

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"
)

// holds reports whether the value of the expression holds the text of an
// identifier.
func (v view) holds(e ast.Expr) bool {
	if t := v.k.pass.TypesInfo.TypeOf(e); t != nil && (isBool(t) || held(t) != nil) {
		return false // a deid.Value prints nothing
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return v.holds(e.X)
	case *ast.StarExpr:
		return v.holds(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.AND && v.holds(e.X)
	case *ast.BinaryExpr:
		return e.Op == token.ADD && (v.holds(e.X) || v.holds(e.Y))
	case *ast.IndexExpr:
		return v.holds(e.X)
	case *ast.SliceExpr:
		return v.holds(e.X)
	case *ast.TypeAssertExpr:
		return v.holds(e.X)
	case *ast.Ident:
		return v.tainted[v.k.pass.TypesInfo.ObjectOf(e)]
	case *ast.SelectorExpr:
		return v.selects(e)
	case *ast.CompositeLit:
		return v.literal(e)
	case *ast.CallExpr:
		return slices.Contains(v.callResults(e), 0)
	}
	return false
}

// literal is a slice, array or map with an identifier in it.
func (v view) literal(e *ast.CompositeLit) bool {
	if t := v.k.pass.TypesInfo.TypeOf(e); t == nil || structUnder(t) != nil {
		return false
	}
	for _, element := range e.Elts {
		if kv, ok := element.(*ast.KeyValueExpr); ok {
			if v.holds(kv.Key) {
				return true
			}
			element = kv.Value
		}
		if v.holds(element) {
			return true
		}
	}
	return false
}

// selects reports whether a selected field is an identifier by its tag.
func (v view) selects(e *ast.SelectorExpr) bool {
	selection := v.k.pass.TypesInfo.Selections[e]
	if selection == nil || selection.Kind() != types.FieldVal {
		return false
	}
	t := selection.Recv()
	identifies := false
	for _, i := range selection.Index() {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s := structUnder(t)
		if s == nil || i >= s.NumFields() {
			return false
		}
		value, ok, _ := lookup(s.Tag(i))
		if ok {
			g, wrong := parseTag(value)
			identifies = wrong == "" && g.identifies()
		} else {
			identifies = false
		}
		t = s.Field(i).Type()
	}
	return identifies
}

// callResults returns the results of a call that hold an identifier.
func (v view) callResults(call *ast.CallExpr) []int {
	info := v.k.pass.TypesInfo
	if info.Types[call.Fun].IsType() { // a conversion
		if len(call.Args) == 1 && v.holds(call.Args[0]) {
			return []int{0}
		}
		return nil
	}
	if v.reveals(call) {
		return []int{0}
	}
	object := typeutil.Callee(info, call)
	if object == nil {
		return nil
	}
	if _, ok := object.(*types.Builtin); ok {
		if object.Name() == "append" && slices.ContainsFunc(call.Args, v.holds) {
			return []int{0}
		}
		return nil
	}
	f, ok := origin(object).(*types.Func)
	if !ok {
		return nil
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.Signature().Recv() != nil && v.holds(sel.X) {
		return []int{0} // p.Born.Format(...)
	}
	if f.Pkg() == nil {
		return nil
	}
	path := f.Pkg().Path()
	if path == "fmt" && hasPrefix(f.Name(), "Sprint", "Append") || path == "strings" || path == "strconv" || path == "bytes" {
		if slices.ContainsFunc(call.Args, v.holds) {
			return []int{0}
		}
		if path == "fmt" && slices.ContainsFunc(call.Args, func(arg ast.Expr) bool {
			return v.k.printsFields(info.TypeOf(arg)) && !v.onlyType(call, arg)
		}) {
			return []int{0}
		}
		return nil
	}
	fact := v.k.factOf(f)
	for _, i := range fact.From {
		if slices.ContainsFunc(argsOf(f, call, i), v.holds) {
			return []int{0}
		}
	}
	return fact.Results
}

// reveals reports whether a call is that of Reveal of a deid.Value.
func (v view) reveals(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Reveal" {
		return false
	}
	f, ok := v.k.pass.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == deidPath
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}
