package baakit_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A fence is a fenced block of a Markdown file.
type fence struct {
	lang, text string
}

func fences(t *testing.T, name string) []fence {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []fence
	inside := false
	for line := range strings.Lines(string(data)) {
		lang, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && !inside:
			list = append(list, fence{lang: strings.TrimSpace(lang)})
			inside = true
		case isFence:
			inside = false
		case inside:
			list[len(list)-1].text += line
		}
	}
	return list
}

// Every Go block of the README is a program that runs, and prints what the
// text block behind it says.
func TestREADMEPrograms(t *testing.T) {
	t.Parallel()
	list := fences(t, "README.md")
	programs := 0
	for i, f := range list {
		if f.lang != "go" {
			continue
		}
		programs++
		out := runProgram(t, f.text)
		if i+1 < len(list) && list[i+1].lang == "text" && out != list[i+1].text {
			t.Errorf("program %d of the README prints\n%s\nand the README says\n%s", programs, out, list[i+1].text)
		}
	}
	if programs == 0 {
		t.Error("the README has no Go program")
	}
}

// runProgram runs a main package as if it stood in this module, through an
// overlay: nothing is written into the source tree.
func runProgram(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	real, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	virtual, err := filepath.Abs(filepath.Join("internal", "readme", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {virtual: real}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{real: []byte(source), overlay: replace} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "run", "-overlay", overlay, "./internal/readme").CombinedOutput()
	if err != nil {
		t.Fatalf("go run: %v\n%s", err, out)
	}
	return string(out)
}

// Every shell line of the README and of CONTRIBUTING is one of those that are
// run: here, or, where it would run this very test again, by .ci/run, which
// reads them from the README itself.
func TestREADMECommands(t *testing.T) {
	t.Parallel()
	runByCI := map[string]bool{
		"go test ./...": true,
		"go tool -modfile=tools/go.mod gofumpt -l -w .":   true,
		"go tool -modfile=tools/go.mod staticcheck ./...": true,
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		for _, f := range fences(t, name) {
			if f.lang != "sh" {
				continue
			}
			for line := range strings.Lines(f.text) {
				line = strings.TrimSpace(line)
				if line == "" || runByCI[line] {
					continue
				}
				words := strings.Fields(line)
				cmd := exec.Command(words[0], words[1:]...)
				cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %q: %v\n%s", name, line, err, out)
				}
			}
		}
	}
}

// Every file that the Markdown pages link to is there.
func TestMarkdownLinks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, f := range fences(t, name) { // a program's brackets are no links
			text = strings.Replace(text, f.text, "", 1)
		}
		for _, part := range strings.Split(text, "](")[1:] {
			target, _, _ := strings.Cut(part, ")")
			if target = strings.SplitN(target, "#", 2)[0]; target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", name, target, err)
			}
		}
	}
}
