package deidvet

import (
	"go/ast"
	"go/token"
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
		case whole && v.k.printsFields(v.k.pass.TypesInfo.TypeOf(arg), 0) && !v.onlyType(call, arg):
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
			return v.k.printsFields(info.TypeOf(arg), 0) && !v.onlyType(call, arg)
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

// printsFields reports whether fmt would print an identifier of a field of a
// value of the type: in structs, and slices, arrays, maps and one pointer to
// them, that do not print themselves.
func (k *checker) printsFields(t types.Type, depth int) bool {
	if t == nil || depth > 16 || printsItself(t) {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return depth == 0 && k.printsFields(u.Elem(), depth+1)
	case *types.Slice:
		return k.printsFields(u.Elem(), depth+1)
	case *types.Array:
		return k.printsFields(u.Elem(), depth+1)
	case *types.Map:
		return k.printsFields(u.Elem(), depth+1) || k.printsFields(u.Key(), depth+1)
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
			if k.printsFields(f.Type(), depth+1) {
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
