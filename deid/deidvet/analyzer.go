package deidvet

import (
	"go/ast"
	"go/build"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// deidPath is the package whose tags these are.
const deidPath = "github.com/baakit/baakit/deid"

// Analyzer finds struct fields without a deid tag, tags that are wrong, and
// identifiers that are printed. The package documentation says which.
var Analyzer = newAnalyzer()

func newAnalyzer() *analysis.Analyzer {
	var c config
	a := &analysis.Analyzer{
		Name:      "deidvet",
		Doc:       "find struct fields without a deid tag, wrong deid tags, and identifiers that are printed\n\nSee the documentation of github.com/baakit/baakit/deid/deidvet.",
		URL:       "https://pkg.go.dev/github.com/baakit/baakit/deid/deidvet",
		Requires:  []*analysis.Analyzer{inspect.Analyzer},
		FactTypes: []analysis.Fact{new(passesOn), new(carries)},
		Run:       c.run,
	}
	a.Flags.BoolVar(&c.dropUntagged, "dropuntagged", false, "fields without a tag are no findings: the engines have Options.DropUntagged")
	return a
}

type config struct{ dropUntagged bool }

// The categories of findings.
const (
	untagged   = "untagged"   // a field has no tag and needs one
	wrongTag   = "tag"        // a tag that cannot be read
	mismatch   = "type"       // a tag contradicts the type of its field
	unexported = "unexported" // a tag on a field that is not exported
	printed    = "print"      // an identifier reaches output
)

// A checker is the state for one package.
type checker struct {
	config
	pass    *analysis.Pass
	inspect *inspector.Inspector
	ignored map[string]map[int]bool // lines with a directive, by file
	fields  map[token.Pos]*ast.Field
	seen    map[finding]bool

	functions []*function
}

type finding struct {
	at      token.Pos
	message string
}

func (c config) run(pass *analysis.Pass) (any, error) {
	if standard(pass) {
		return nil, nil // it knows no tags, and what it prints is listed
	}
	k := &checker{
		config: c, pass: pass, inspect: pass.ResultOf[inspect.Analyzer].(*inspector.Inspector),
		ignored: make(map[string]map[int]bool), fields: make(map[token.Pos]*ast.Field), seen: make(map[finding]bool),
	}
	k.directives()
	k.inspect.Preorder([]ast.Node{(*ast.StructType)(nil)}, func(n ast.Node) {
		for _, f := range n.(*ast.StructType).Fields.List {
			for _, name := range f.Names {
				k.fields[name.Pos()] = f
			}
			if len(f.Names) == 0 {
				k.fields[embeddedName(f.Type).Pos()] = f
			}
		}
	})
	k.collect()
	k.declared()
	k.passed()
	k.tagged()
	k.output()
	return nil, nil
}

// standard reports whether the package is one of the standard library.
func standard(pass *analysis.Pass) bool {
	if len(pass.Files) == 0 {
		return true
	}
	name := pass.Fset.Position(pass.Files[0].FileStart).Filename
	return strings.HasPrefix(name, filepath.Join(build.Default.GOROOT, "src")+string(filepath.Separator)) || strings.HasPrefix(name, "$GOROOT")
}

// embeddedName is the identifier by which an embedded field goes.
func embeddedName(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.StarExpr:
		return embeddedName(e.X)
	case *ast.ParenExpr:
		return embeddedName(e.X)
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr:
		return embeddedName(e.X)
	case *ast.IndexListExpr:
		return embeddedName(e.X)
	}
	return e
}

const (
	checkDirective  = "//deid:check"
	ignoreDirective = "//deid:ignore"
)

// directives notes the lines on which findings are taken back. The directive
// needs a reason.
func (k *checker) directives() {
	for _, file := range k.pass.Files {
		for _, group := range file.Comments {
			for _, comment := range group.List {
				rest, ok := strings.CutPrefix(comment.Text, ignoreDirective)
				if !ok {
					continue
				}
				if reason, _, _ := strings.Cut(rest, "//"); strings.TrimSpace(reason) == "" || reason[0] != ' ' {
					k.pass.Report(analysis.Diagnostic{Pos: comment.Pos(), End: comment.End(), Category: wrongTag, Message: "deid:ignore needs a reason behind it"})
					continue
				}
				at := k.pass.Fset.Position(comment.Pos())
				lines := k.ignored[at.Filename]
				if lines == nil {
					lines = make(map[int]bool)
					k.ignored[at.Filename] = lines
				}
				lines[at.Line] = true
				if k.alone(file, comment) {
					lines[at.Line+1] = true
				}
			}
		}
	}
}

// alone reports whether nothing of the program stands before the comment on
// its line.
func (k *checker) alone(file *ast.File, comment *ast.Comment) bool {
	start := k.pass.Fset.File(file.Pos()).LineStart(k.pass.Fset.Position(comment.Pos()).Line)
	alone := true
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.CommentGroup, *ast.Comment:
			return false
		case *ast.File:
			return true
		}
		if n.End() > start && n.End() <= comment.Pos() || n.Pos() >= start && n.Pos() < comment.Pos() {
			alone = false
		}
		return alone && n.Pos() < comment.Pos() && n.End() > start
	})
	return alone
}

// report notes a finding once, unless a directive takes it back.
func (k *checker) report(at token.Pos, category, message string, fixes ...analysis.SuggestedFix) {
	f := finding{at, message}
	position := k.pass.Fset.Position(at)
	if k.seen[f] || k.ignored[position.Filename][position.Line] {
		return
	}
	k.seen[f] = true
	k.pass.Report(analysis.Diagnostic{Pos: at, Category: category, Message: message, SuggestedFixes: fixes})
}

// declared judges the types with a directive.
func (k *checker) declared() {
	k.inspect.Preorder([]ast.Node{(*ast.GenDecl)(nil)}, func(n ast.Node) {
		decl := n.(*ast.GenDecl)
		for _, spec := range decl.Specs {
			s, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			at := directive(s.Doc)
			if at == token.NoPos {
				at = directive(s.Comment)
			}
			if at == token.NoPos && (len(decl.Specs) == 1 || !decl.Lparen.IsValid()) {
				at = directive(decl.Doc)
			}
			if at == token.NoPos {
				continue
			}
			object, ok := k.pass.TypesInfo.Defs[s.Name].(*types.TypeName)
			if !ok {
				continue
			}
			k.judge(object.Type(), s.Name.Pos(), true)
		}
	})
}

func directive(doc *ast.CommentGroup) token.Pos {
	if doc == nil {
		return token.NoPos
	}
	for _, comment := range doc.List {
		if comment.Text == checkDirective || strings.HasPrefix(comment.Text, checkDirective+" ") {
			return comment.Pos()
		}
	}
	return token.NoPos
}

// tagged judges the tags of every struct type of the package, whether it is
// passed on or not.
func (k *checker) tagged() {
	named := make(map[ast.Expr]*ast.Ident)
	k.inspect.Preorder([]ast.Node{(*ast.TypeSpec)(nil)}, func(n ast.Node) {
		s := n.(*ast.TypeSpec)
		named[ast.Unparen(s.Type)] = s.Name
	})
	k.inspect.Preorder([]ast.Node{(*ast.StructType)(nil)}, func(n ast.Node) {
		node := n.(*ast.StructType)
		t := k.pass.TypesInfo.TypeOf(node)
		if name := named[node]; name != nil && k.pass.TypesInfo.Defs[name] != nil {
			t = k.pass.TypesInfo.Defs[name].Type()
		}
		s := structUnder(t)
		for i := range s.NumFields() {
			if _, ok, wrong := lookup(s.Tag(i)); ok || wrong != "" {
				k.judge(t, node.Pos(), false)
				return
			}
		}
	})
}
