package main_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/baakit/baakit/internal/exampletest"
)

// built is the program as a user would run it.
var built exampletest.Program

func TestMain(m *testing.M) {
	os.Exit(built.Main(m))
}

func program(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return built.Run(t, "", args...)
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want string
	}{
		{"check", "fail: breach_report of stonevault-ironrack"},
		{"check", "[48 hours 24 hours 36 hours] against 72 hours"},
		{"check", "SOC 2 Type II of Harbor Archive, Inc.: renewal"},
		{"-json check", `"verdict"`},
		{"-on 2026-12-10 announce swap", "earliest for all: 2027-01-01"},
		{"-on 2026-12-02 announce swap", "earliest for all: unknown"},
		{"diff 2026-06-01", "Harbor Archive, Inc. was added"},
		{"gate backup-harbor cedar", "yes, on 2027-01-04"},
		{"-on 2026-12-31 gate backup-harbor cedar", "no, on 2026-12-31"},
	} {
		stdout, stderr, code := program(t, strings.Fields(tt.args)...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, tt.want) {
			t.Errorf("%s: exit code %d, %q, want %q in\n%s", tt.args, code, stderr, tt.want, stdout)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "unknown", "gate one", "-registry testdata/broken.json check", "-registry none.json check", "announce nothing", "diff yesterday", "-on tomorrow check", "serve 0.0.0.0:80", "-x check"} {
		stdout, stderr, code := program(t, strings.Fields(args)...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, standard output %q, standard error %q; want 2, nothing, one line", args, code, stdout, stderr)
		}
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(built.Path(), "serve", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base := strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, "serving ")), "/")
	for path, want := range map[string]string{"/": "Harbor Archive, Inc.", "/versions/1": "Stonevault Backup, LLC", "/list.json": "backup-harbor", "/dates.ics": "BEGIN:VEVENT"} {
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d, want %q in\n%s", path, res.StatusCode, want, body)
		}
	}
}
