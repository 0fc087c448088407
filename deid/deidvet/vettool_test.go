package deidvet_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// built is where the command is, once a test has asked for it.
var built string

// tool builds the command once.
var tool = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "deidvet-")
	if err != nil {
		return "", err
	}
	built = dir
	name := filepath.Join(dir, "deidvet.exe")
	if out, err := exec.Command("go", "build", "-o", name, "./cmd/deidvet").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// clinic makes a module that uses the library of this repository, and nothing
// of a network.
func clinic(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.Replace(string(mod), "module github.com/baakit/baakit", "module clinic.example/app", 1)
	files["go.mod"] = text + "\nrequire github.com/baakit/baakit v0.0.0\n\nreplace github.com/baakit/baakit => " + filepath.ToSlash(root) + "\n"
	files["go.sum"] = string(sum)
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The command works as the tool of go vet, and alone, on a module with the
// real library: facts go from package to package.
func TestVetTool(t *testing.T) {
	t.Parallel()
	name, err := tool()
	if err != nil {
		t.Fatal(err)
	}
	dir := clinic(t, map[string]string{
		"records/records.go": `package records

import (
	"context"
	"log"

	"github.com/baakit/baakit/deid"
)

type Patient struct {
	Name deid.Value[string] ` + "`deid:\"name\"`" + `
	Room string
}

func (p Patient) FullName() string { return "Dr " + p.Name.Reveal() }

func Logf(format string, args ...any) { log.Printf(format, args...) }

func Clean[T any](ctx context.Context, e *deid.Engine, v *T, r *deid.Report) error {
	return deid.Struct(ctx, e, v, nil, r)
}
`,
		"main.go": `package main

import (
	"context"
	"fmt"

	"clinic.example/app/records"
	"github.com/baakit/baakit/deid"
)

type Visit struct {
	Patient records.Patient ` + "`deid:\"dive\"`" + `
	Reason  string ` + "`deid:\"raeson\"`" + `
	Bed     string
}

func clean(ctx context.Context, e *deid.Engine, v *Visit) error {
	return records.Clean(ctx, e, v, e.NewReport())
}

func main() {
	var v Visit
	records.Logf("visit of %s", v.Patient.FullName())
	fmt.Println(v.Patient.Name, clean(context.Background(), nil, &v))
}
`,
	})
	want := []string{
		"main.go:12:2: Visit.Patient.Room needs a deid tag: it could carry an identifier",
		"main.go:13:2: Visit.Reason: deid tag has a word that is neither a kind nor an action",
		"main.go:14:2: Visit.Bed needs a deid tag: it could carry an identifier",
		"main.go:23:30: the identifier in v.Patient.FullName() reaches the output of records.Logf",
	}
	for _, run := range [][]string{{"go", "vet", "-vettool=" + name, "./..."}, {name, "./..."}} {
		out, err := command(t, dir, run[0], run[1:]...)
		if err == nil {
			t.Errorf("%q exits with 0", run)
		}
		got := regexp.MustCompile(`(?m)[a-z]+\.go:\d+:\d+: .*$`).FindAllString(out, -1)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%q:\n%s", run, out)
		}
	}
	// -fix gives a tag to the field of this module's own that has none, and
	// leaves what a person has to decide.
	if out, err := command(t, dir, name, "-fix", "./..."); err != nil {
		t.Errorf("-fix: %v\n%s", err, out)
	}
	main, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(main), "Bed     string          `deid:\"drop\"`") {
		t.Errorf("-fix leaves\n%s", main)
	}
	// With a tag on every field there is nothing to find.
	text := strings.NewReplacer(`deid:"raeson"`, `deid:"term"`, "v.Patient.FullName()", "v.Bed[:0]", `deid:"dive"`, `deid:"drop"`).Replace(string(main))
	text = strings.Replace(text, `records.Logf("visit of %s", v.Bed[:0])`, `records.Logf("visit of %s", v.Reason)`, 1)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, dir, "go", "vet", "-vettool="+name, "./..."); err != nil {
		t.Errorf("a module without findings: %v\n%s", err, out)
	}
	if out, err := command(t, dir, "go", "vet", "-vettool="+name, "-dropuntagged", "./..."); err != nil {
		t.Errorf("-dropuntagged: %v\n%s", err, out)
	}
}

// The types and tags whose every pair is judged twice.
var (
	fieldTypes = []string{
		"string", "*string", "**string", "[]string", "[2]string", "[]byte", "[4]byte", "int", "uint8", "float64", "[]int", "bool", "*bool", "[3]bool", "uintptr", "complex128", "named", "namedTime",
		"time.Time", "*time.Time", "[]time.Time", "baakit.Date", "json.RawMessage", "[]json.RawMessage", "any", "error", "func()", "chan string", "map[string]string", "map[string]home", "map[string][]*home",
		"map[string]bool", "home", "*home", "[]home", "struct{}", "struct{ OK bool }", "sql.NullString", "sql.Null[int]", "sql.NullTime", "*sql.NullBool", "netip.Addr", "url.URL",
		"deid.Value[string]", "deid.Value[home]", "deid.Value[bool]", "deid.Value[time.Time]", "*deid.Value[[]string]", "deid.Value[deid.Value[int]]", "generic[string]", "*loop",
	}
	fieldTags = func() []string {
		list := []string{"", `deid:"dive"`, `deid:"dive,keys=keep"`, `deid:"name,keys=keep"`, `deid:"term,keys=keep"`, `deid:"code=mrn"`, `deid:"nmae"`, `json:"x"`}
		for kind := range strings.FieldsSeq("name street city county precinct zip geocode state country date dob death age phone ssn mrn url ip photo id text term") {
			list = append(list, `deid:"`+kind+`"`)
		}
		for action := range strings.FieldsSeq("drop tag year age_cap zip3 state scrub keep hash hmac shift_date code=x") {
			list = append(list, `deid:"`+action+`"`)
			for kind := range strings.FieldsSeq("name date age zip state text term mrn") {
				list = append(list, `deid:"`+kind+","+action+`"`)
			}
		}
		return list
	}()
)

// What the analyzer finds in a type is what deid.CheckStruct refuses under
// every policy: one judges go/types, the other reflection, and each pair of a
// type and a tag is a field.
func TestAgreesWithCheckStruct(t *testing.T) {
	t.Parallel()
	name, err := tool()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

type named string

type namedTime time.Time

type home struct {
	OK   bool
	Name string ` + "`deid:\"name\"`" + `
}

type generic[T any] struct{ In T }

type loop struct {
	Next *loop
	OK   bool
}

func main() {
	for name, d := range map[string]deid.Definition{
		"safe harbor": deid.SafeHarbor(), "limited": deid.LimitedDataSet("1"),
		"expert": deid.ExpertDetermination(deid.Determination{Expert: "a", Determined: baakit.MustParseDate("2026-01-01"), Document: "b"}),
	} {
		policy, err := d.Compile()
		if err != nil {
			panic(err)
		}
		engine, err := deid.New(policy, &deid.Options{Vault: deid.NewMemoryVault(), Scope: "s", Key: make([]byte, 32)})
		if err != nil {
			panic(err)
		}
		_, err = deid.CheckStruct[all](engine)
		for _, field := range err.(baakit.FieldErrors) {
			fmt.Println(name+"\t"+field.Path+"\t"+strings.ReplaceAll(field.Rule, "\n", " "))
		}
	}
}

type all struct {
`)
	fields := 0
	for _, typ := range fieldTypes {
		for _, tag := range fieldTags {
			fmt.Fprintf(&b, "\tF%d %s", fields, typ)
			if tag != "" {
				b.WriteString(" `" + tag + "`")
			}
			b.WriteString("\n")
			fields++
		}
	}
	b.WriteString("}\n")
	dir := clinic(t, map[string]string{"main.go": b.String()})

	out, err := command(t, dir, "go", "run", ".")
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	field := regexp.MustCompile(`^all\.(F\d+)(\[\*\])*$`)
	refused := make(map[string]map[string]string) // field, policy, rule
	for line := range strings.Lines(out) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		m := field.FindStringSubmatch(parts[1])
		if m == nil {
			continue // below generic
		}
		if refused[m[1]] == nil {
			refused[m[1]] = make(map[string]string)
		}
		refused[m[1]][parts[0]] = parts[2]
	}
	out, err = command(t, dir, "go", "vet", "-vettool="+name, ".")
	if err == nil {
		t.Fatal("no findings")
	}
	found := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m): all\.(F\d+)(?:\[\*\])*:? (.*)$`).FindAllStringSubmatch(out, -1) {
		if found[m[1]] != "" {
			t.Errorf("two findings about %s: %s, %s", m[1], found[m[1]], m[2])
		}
		found[m[1]] = m[2]
	}
	both := 0
	for i := range fields {
		f := fmt.Sprintf("F%d", i)
		what := fieldTypes[i/len(fieldTags)] + " " + fieldTags[i%len(fieldTags)]
		always := len(refused[f]) == 3
		switch {
		case always != (found[f] != ""):
			t.Errorf("%s: refused by %q, found %q", what, refused[f], found[f])
		case always && !slices.Contains(slices.Collect(maps.Values(refused[f])), found[f]):
			t.Errorf("%s: refused by %q, found %q", what, refused[f], found[f])
		case always:
			both++
		}
	}
	t.Logf("%d fields, %d of them refused and found", fields, both)
	if both < fields/10 || both > fields*9/10 {
		t.Errorf("%d of %d fields are refused: the pairs tell nothing apart", both, fields)
	}
}
