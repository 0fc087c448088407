package baakit_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/baakit/baakit"

// domains are the packages that never import each other, and what each may
// import directly besides the standard library, the vocabulary and internal
// packages. A prefix stands for all packages below it.
var domains = map[string][]string{
	"baa":          {"github.com/go-playground/validator/v10", "github.com/shopspring/decimal", "golang.org/x/text/unicode/norm"}, // the validator builds x/text in anyway
	"subprocessor": {"github.com/go-playground/validator/v10", "github.com/shopspring/decimal"},
	"breach":       {"github.com/shopspring/decimal"},
	"retention":    {"github.com/shopspring/decimal"},
	"audit":        {"golang.org/x/mod/sumdb"},
	"deid":         {"golang.org/x/text"},
}

// testOnly may be imported by tests and by the packages of test kits.
var testOnly = []string{"github.com/google/go-cmp", "pgregory.net/rapid"}

// Each domain package can be imported alone: neither it nor its sub-packages
// nor their tests reach a sibling, the examples or a foreign module that the
// table does not allow.
func TestIndependence(t *testing.T) {
	t.Parallel()
	for domain, allowed := range domains {
		t.Run(domain, func(t *testing.T) {
			t.Parallel()
			for _, p := range packages(t, domain) {
				kit := strings.HasSuffix(p.path, "test") && p.path != module+"/audit/audittest"
				for _, imported := range p.imports {
					if rule := breaks(domain, allowed, kit, imported); rule != "" {
						t.Errorf("%s imports %s: %s", p.path, imported, rule)
					}
				}
				for _, imported := range p.testImports {
					if rule := breaks(domain, allowed, true, imported); rule != "" {
						t.Errorf("a test of %s imports %s: %s", p.path, imported, rule)
					}
				}
			}
		})
	}
}

// breaks returns the rule that an import by a package of the domain breaks.
func breaks(domain string, allowed []string, kit bool, imported string) string {
	below := func(prefix string) bool { return imported == prefix || strings.HasPrefix(imported, prefix+"/") }
	switch {
	case !strings.Contains(strings.Split(imported, "/")[0], "."), imported == module, below(module + "/" + domain), below(module + "/internal"):
		return ""
	case below(module + "/examples"):
		return "a package must not know the examples"
	case below(module):
		return "the domain packages must not import each other"
	case slices.ContainsFunc(allowed, below), kit && slices.ContainsFunc(testOnly, below):
		return ""
	}
	return "this module is not in the package's row of the table"
}

type imports struct {
	path                 string
	imports, testImports []string
}

// packages lists the packages of the domain with their direct imports, and
// the internal ones that they reach; none before the domain has any code.
func packages(t *testing.T, domain string) []imports {
	t.Helper()
	const format = `{{.ImportPath}}|{{join .Imports " "}}|{{join .TestImports " "}} {{join .XTestImports " "}}`
	out, err := exec.Command("go", "list", "-f", format, "./"+domain+"/...").CombinedOutput()
	if err != nil && strings.Contains(string(out), "no such file") {
		return nil
	}
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}}|{{join .Imports " "}}|`, "./"+domain+"/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list -deps: %v\n%s", err, deps)
	}
	var list []imports
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, module) {
			list = append(list, parseImports(line))
		}
	}
	for line := range strings.Lines(string(deps)) {
		if strings.HasPrefix(line, module+"/internal/") {
			list = append(list, parseImports(line))
		}
	}
	return list
}

func parseImports(line string) imports {
	parts := strings.SplitN(strings.TrimSpace(line), "|", 3)
	return imports{parts[0], strings.Fields(parts[1]), strings.Fields(parts[2])}
}

// The checker itself tells each kind of forbidden import from a permitted one.
func TestIndependenceRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		imported string
		kit, ok  bool
	}{
		{"time", false, true},
		{"encoding/json", false, true},
		{module, false, true},
		{module + "/breach/breachtest", false, true},
		{module + "/internal/journal", false, true},
		{module + "/baa", false, false},
		{module + "/audit/auditfile", true, false},
		{module + "/examples/lifecycle", true, false},
		{"github.com/shopspring/decimal", false, true},
		{"github.com/shopspring/decimals", false, false},
		{"golang.org/x/mod/sumdb/tlog", false, false},
		{"pgregory.net/rapid", false, false},
		{"pgregory.net/rapid", true, true},
		{"github.com/google/go-cmp/cmp", true, true},
	} {
		rule := breaks("breach", domains["breach"], tt.kit, tt.imported)
		if ok := rule == ""; ok != tt.ok {
			t.Errorf("breaks(%s, kit %v) = %q, want permitted = %v", tt.imported, tt.kit, rule, tt.ok)
		}
	}
}

// The vocabulary itself stands on the standard library and the holidays.
func TestVocabularyStandsAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").CombinedOutput()
	if err != nil {
		t.Fatal(fmt.Errorf("go list: %w\n%s", err, out))
	}
	for imported := range strings.Lines(string(out)) {
		imported = strings.TrimSpace(imported)
		if strings.Contains(imported, ".") && !strings.HasPrefix(imported, "github.com/rickar/cal/v2") {
			t.Errorf("the root package imports %s", imported)
		}
	}
}
