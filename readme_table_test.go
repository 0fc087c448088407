package baakit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var backquoted = regexp.MustCompile("`([^`]+)`")

// Every row of the README's tables of what was asked names something that a
// package exports, and a test of that package or of the oracles beside it that
// is there. No cell is empty.
func TestREADMETable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(data), "\n## What was asked")
	if !found {
		t.Fatal("the README has no tables of what was asked")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	dirs := packageDirs(t)
	exported, tests := map[string]map[string]bool{}, map[string]map[string]bool{}
	rows := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") || strings.Contains(line, "| served by |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 {
			t.Errorf("%d cells: %s", len(cells), line)
			continue
		}
		served, proven := backquoted.FindAllStringSubmatch(cells[1], -1), backquoted.FindAllStringSubmatch(cells[2], -1)
		if strings.TrimSpace(cells[0]) == "" || len(served) == 0 || len(proven) == 0 {
			t.Errorf("an empty cell: %s", line)
		}
		var near []string // where a test of the row may be
		for _, s := range served {
			pkg, name, _ := strings.Cut(s[1], ".")
			dir, known := dirs[pkg]
			if !known {
				t.Errorf("no package %s", pkg)
				continue
			}
			if exported[dir] == nil {
				exported[dir] = exportsOf(t, dir)
			}
			if !exported[dir][name] {
				t.Errorf("package %s exports no %s", pkg, name)
			}
			domain, _, _ := strings.Cut(filepath.ToSlash(dir), "/")
			near = append(near, domain, filepath.Join("internal", "conformance", domain))
		}
		for _, p := range proven {
			there := false
			for _, dir := range near {
				if tests[dir] == nil {
					tests[dir] = testsBelow(t, dir)
				}
				there = there || tests[dir][p[1]]
			}
			if !there {
				t.Errorf("no test %s below %s", p[1], strings.Join(near, ", "))
			}
		}
	}
	if rows < 40 {
		t.Errorf("the tables have %d rows", rows)
	}
}

// packageDirs finds the public packages by their names.
func packageDirs(t *testing.T) map[string]string {
	t.Helper()
	dirs := map[string]string{}
	for domain := range domains {
		walk(t, domain, func(path string) {
			if dir := filepath.Dir(path); filepath.Ext(path) == ".go" {
				dirs[filepath.Base(dir)] = dir
			}
		})
	}
	return dirs
}

func walk(t *testing.T, root string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && !d.IsDir() {
			visit(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exportsOf returns what a package exports: names, and methods behind the name
// of their type.
func exportsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				names[receiver(decl)+decl.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range spec.Names {
							names[n.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	expr := f.Recv.List[0].Type
	for {
		switch x := expr.(type) {
		case *ast.StarExpr:
			expr = x.X
		case *ast.IndexExpr:
			expr = x.X
		case *ast.Ident:
			return x.Name + "."
		default:
			return ""
		}
	}
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func testsBelow(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	walk(t, dir, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllStringSubmatch(string(data), -1) {
			names[m[1]] = true
		}
	})
	return names
}
