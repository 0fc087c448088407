// Package exampletest runs an example as a user would: go run reports an exit
// code of its own, so the program is built once and the binary is run.
package exampletest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Program is the example in the folder of the test. Build it in TestMain.
type Program struct{ path string }

// Main builds the program, runs the tests and removes the program. It returns
// the exit code for os.Exit.
func (p *Program) Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "example-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	p.path = filepath.Join(dir, "example.exe")
	if out, err := exec.Command("go", "build", "-o", p.path, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// Path returns the name of the binary.
func (p *Program) Path() string { return p.path }

// Run runs the program with a text as its standard input.
func (p *Program) Run(t testing.TB, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(p.path, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), errs.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), 0
}
