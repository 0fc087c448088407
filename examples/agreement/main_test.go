package main_test

import (
	"os"
	"testing"

	"github.com/baakit/baakit/internal/exampletest"
)

// built is the program as a user would run it.
var built exampletest.Program

func TestMain(m *testing.M) {
	os.Exit(built.Main(m))
}

// call runs the program with the text as its standard input.
func call(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return built.Run(t, stdin, args...)
}
