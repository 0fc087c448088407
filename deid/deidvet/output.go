package deidvet

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// carries is the fact of a function that its results hold an identifier, or
// that it prints what it is given.
type carries struct {
	Results []int // that hold an identifier
	Prints  []int // parameters that reach output
	From    []int // parameters that reach a result
}

func (*carries) AFact() {}

func (*carries) String() string { return "carries" }

var _ analysis.Fact = (*carries)(nil)

// A function is one of this package with a body.
type function struct {
	object  *types.Func
	decl    *ast.FuncDecl
	params  []*types.Var
	tainted map[types.Object]bool
	fact    carries
}

func (k *checker) collect() {
	k.inspect.Preorder([]ast.Node{(*ast.FuncDecl)(nil)}, func(n ast.Node) {
		decl := n.(*ast.FuncDecl)
		object, ok := k.pass.TypesInfo.Defs[decl.Name].(*types.Func)
		if !ok || decl.Body == nil {
			return
		}
		f := &function{object: object, decl: decl}
		for v := range object.Signature().Params().Variables() {
			f.params = append(f.params, v)
		}
		k.functions = append(k.functions, f)
	})
}

// output finds the identifiers that are printed.
func (k *checker) output() {
	for changed := true; changed; {
		changed = false
		for _, f := range k.functions {
			changed = k.follow(f) || changed
		}
	}
	for _, f := range k.functions {
		if len(f.fact.Results)+len(f.fact.Prints)+len(f.fact.From) > 0 {
			k.pass.ExportObjectFact(f.object, &f.fact)
		}
	}
	for _, f := range k.functions {
		if strings.HasSuffix(k.pass.Fset.Position(f.decl.Pos()).Filename, "_test.go") {
			continue
		}
		v := view{k, f.tainted}
		ast.Inspect(f.decl.Body, v.call)
	}
	v := view{k, nil}
	for _, file := range k.pass.Files { // the values of package variables
		if strings.HasSuffix(k.pass.Fset.Position(file.Pos()).Filename, "_test.go") {
			continue
		}
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok {
				ast.Inspect(decl, v.call)
			}
		}
	}
}

// follow finds what holds an identifier in a function, and reports whether its
// fact changed.
func (k *checker) follow(f *function) bool {
	before := len(f.fact.Results) + len(f.fact.Prints) + len(f.fact.From)
	f.tainted = k.spread(f, nil)
	for _, i := range k.results(f, f.tainted) {
		f.fact.Results = with(f.fact.Results, i)
	}
	for i, p := range f.params {
		if !textual(p.Type()) {
			continue
		}
		tainted := k.spread(f, p)
		if k.prints(f, tainted) && !k.prints(f, f.tainted) {
			f.fact.Prints = with(f.fact.Prints, i)
		}
		if len(f.fact.Results) == 0 && len(k.results(f, tainted)) > 0 {
			f.fact.From = with(f.fact.From, i)
		}
	}
	return len(f.fact.Results)+len(f.fact.Prints)+len(f.fact.From) != before
}

func with(list []int, i int) []int {
	if slices.Contains(list, i) {
		return list
	}
	return append(list, i)
}

// textual reports whether a parameter of the type could be given the text of
// an identifier.
func textual(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsBoolean == 0
	case *types.Interface:
		return u.NumMethods() == 0
	case *types.Slice:
		return textual(u.Elem())
	}
	return false
}

// spread returns the local variables of the function that hold an identifier,
// or what the parameter holds.
func (k *checker) spread(f *function, param *types.Var) map[types.Object]bool {
	tainted := make(map[types.Object]bool)
	if param != nil {
		tainted[param] = true
	}
	v := view{k, tainted}
	mark := func(target ast.Expr) bool {
		name, ok := ast.Unparen(target).(*ast.Ident)
		if !ok {
			return false
		}
		object := k.pass.TypesInfo.ObjectOf(name)
		if object == nil || tainted[object] || isBool(object.Type()) {
			return false
		}
		tainted[object] = true
		return true
	}
	for changed := true; changed; {
		changed = false
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				changed = v.assign(n.Lhs, n.Rhs, mark) || changed
			case *ast.ValueSpec:
				targets := make([]ast.Expr, len(n.Names))
				for i, name := range n.Names {
					targets[i] = name
				}
				changed = v.assign(targets, n.Values, mark) || changed
			case *ast.RangeStmt:
				if n.Value != nil && v.holds(n.X) {
					changed = mark(n.Value) || changed
				}
			}
			return true
		})
	}
	return tainted
}

func (v view) assign(targets, values []ast.Expr, mark func(ast.Expr) bool) bool {
	changed := false
	if len(values) == 1 && len(targets) > 1 {
		call, ok := ast.Unparen(values[0]).(*ast.CallExpr)
		if !ok {
			return v.holds(values[0]) && mark(targets[0])
		}
		for _, i := range v.callResults(call) {
			if i < len(targets) {
				changed = mark(targets[i]) || changed
			}
		}
		return changed
	}
	for i, value := range values {
		if i < len(targets) && v.holds(value) {
			changed = mark(targets[i]) || changed
		}
	}
	return changed
}

// results returns the results of the function that hold an identifier.
func (k *checker) results(f *function, tainted map[types.Object]bool) []int {
	v := view{k, tainted}
	var list []int
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for i, value := range n.Results {
				if v.holds(value) {
					list = with(list, i)
				}
			}
		}
		return true
	})
	return list
}

// prints reports whether the function prints something tainted.
func (k *checker) prints(f *function, tainted map[types.Object]bool) bool {
	v := view{k, tainted}
	found := false
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			for _, arg := range v.outputs(call) {
				found = found || v.holds(arg)
			}
		}
		return !found
	})
	return found
}

// A view is what is known at a place: which variables hold an identifier.
type view struct {
	k       *checker
	tainted map[types.Object]bool
}

// call reports the arguments of a call that print an identifier.
func (v view) call(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	outputs := v.outputs(call)
	name, whole := v.callee(call)
	for _, arg := range outputs {
		switch {
		case v.holds(arg):
			v.k.report(arg.Pos(), printed, v.what(arg)+" reaches the output of "+name, v.unreveal(arg)...)
		case whole && v.k.printsFields(v.k.pass.TypesInfo.TypeOf(arg)) && !v.onlyType(call, arg):
			v.k.report(arg.Pos(), printed, "the identifiers in "+v.text(arg)+" reach the output of "+name)
		}
	}
	return true
}

// what names an expression without printing more of it than a name.
func (v view) what(e ast.Expr) string { return "the identifier in " + v.text(e) }

func (v view) text(e ast.Expr) string {
	if s := types.ExprString(e); len(s) <= 60 {
		return s
	}
	return "this expression"
}

// unreveal is the fix for what Reveal gave to a printing function: the Value
// prints as [redacted].
func (v view) unreveal(arg ast.Expr) []analysis.SuggestedFix {
	call, ok := arg.(*ast.CallExpr)
	if !ok {
		return nil
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !v.reveals(call) {
		return nil
	}
	return []analysis.SuggestedFix{{Message: "Print [redacted]", TextEdits: []analysis.TextEdit{{Pos: sel.X.End(), End: call.End()}}}}
}

// callee returns the name of the called function, and whether it prints whole
// structs by reflection.
func (v view) callee(call *ast.CallExpr) (name string, whole bool) {
	object := typeutil.Callee(v.k.pass.TypesInfo, call)
	if object == nil {
		return "", false
	}
	name = object.Name()
	if object.Pkg() != nil {
		name = object.Pkg().Name() + "." + name
		path := object.Pkg().Path()
		return name, path == "fmt" || path == "log"
	}
	return name, true // panic, print
}

// outputs returns the arguments of a call that reach output.
func (v view) outputs(call *ast.CallExpr) []ast.Expr {
	object := typeutil.Callee(v.k.pass.TypesInfo, call)
	if object == nil {
		return nil
	}
	if _, ok := object.(*types.Builtin); ok {
		if slices.Contains([]string{"panic", "print", "println"}, object.Name()) {
			return call.Args
		}
		return nil
	}
	f, ok := origin(object).(*types.Func)
	if !ok || f.Pkg() == nil {
		return nil
	}
	name := f.Name()
	switch f.Pkg().Path() {
	case "fmt":
		switch {
		case strings.HasPrefix(name, "Print"), name == "Errorf":
			return call.Args
		case strings.HasPrefix(name, "Fprint") && len(call.Args) > 0 && v.isStandardStream(call.Args[0]):
			return call.Args[1:]
		}
		return nil
	case "errors":
		if name == "New" {
			return call.Args
		}
		return nil
	case "log":
		if hasPrefix(name, "Print", "Fatal", "Panic", "Output") {
			return call.Args
		}
		return nil
	case "log/slog":
		if hasPrefix(name, "Debug", "Info", "Warn", "Error", "Log", "With", "String", "Int", "Uint", "Float", "Time", "Any", "Group", "Attrs", "Add") || strings.HasSuffix(name, "Value") && f.Signature().Recv() == nil {
			return call.Args
		}
		return nil
	}
	fact := v.k.factOf(f)
	var list []ast.Expr
	for _, i := range fact.Prints {
		list = append(list, argsOf(f, call, i)...)
	}
	return list
}

func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// argsOf returns the arguments for a parameter, several for a variadic one.
func argsOf(f *types.Func, call *ast.CallExpr, i int) []ast.Expr {
	if i >= len(call.Args) {
		return nil
	}
	if f.Signature().Variadic() && i == f.Signature().Params().Len()-1 {
		return call.Args[i:]
	}
	return call.Args[i : i+1]
}

func (v view) isStandardStream(e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	object := v.k.pass.TypesInfo.Uses[sel.Sel]
	return object != nil && object.Pkg() != nil && object.Pkg().Path() == "os" && (object.Name() == "Stdout" || object.Name() == "Stderr")
}

// factOf returns what is known of a function, of this package or another.
func (k *checker) factOf(f *types.Func) carries {
	if f.Pkg() == k.pass.Pkg {
		for _, own := range k.functions {
			if own.object == f {
				return own.fact
			}
		}
		return carries{}
	}
	var fact carries
	k.pass.ImportObjectFact(f, &fact)
	return fact
}
