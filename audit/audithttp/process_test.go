package audithttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/audit/audithttp"
)

// The test's binary is also the process that is killed.
const childFolder, childRound = "AUDITHTTP_TEST_FOLDER", "AUDITHTTP_TEST_ROUND"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if err := child(dir, os.Getenv(childRound)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// openFolder opens a log and its spill journal.
func openFolder(dir string) (*audit.Log, *audithttp.SpillJournal, func(), error) {
	store, err := auditfile.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		return nil, nil, nil, err
	}
	log, err := audit.New(context.Background(), store, audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		return nil, nil, nil, errors.Join(err, store.Close())
	}
	spill, err := audithttp.OpenSpillJournal(filepath.Join(dir, "spill"), key(quit{}), nil)
	if err != nil {
		return nil, nil, nil, errors.Join(err, store.Close())
	}
	return log, spill, func() { spill.Close(); store.Close() }, nil
}

type quit struct{}

func (quit) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (quit) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// child spills and merges until it is killed, and prints what was acknowledged.
func child(dir, round string) error {
	log, spill, _, err := openFolder(dir)
	if err != nil {
		return err
	}
	fmt.Println("open")
	for i := 0; ; i++ {
		p := fmt.Sprintf("p-%s-%d", round, i)
		if err := spill.Append(fmt.Sprintf("t/%d", 1+i%2), []audit.Event{access(p)}); err != nil {
			return err
		}
		fmt.Println(p)
		if i%4 == 3 {
			if _, err := spill.Merge(context.Background(), log); err != nil {
				return err
			}
		}
	}
}

// A process that spills and merges is killed at any moment, many times.
// Whatever it acknowledged is in the log once in the end, and nothing twice.
func TestSpillKilled(t *testing.T) {
	t.Parallel()
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, acked := t.TempDir(), map[string]bool{}
	for round := range rounds {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childFolder+"="+dir, fmt.Sprintf("%s=%d", childRound, round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // its last line can be cut off
			}
			if line = strings.TrimSpace(line); line == "open" {
				time.AfterFunc(time.Duration(rand.IntN(8000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			} else {
				acked[line] = true
			}
		}
		_ = cmd.Wait()
	}
	log, spill, done, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	left := spill.Len()
	if _, err := spill.Merge(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	got := counts(t, log)
	for p := range acked {
		if got[p] != 1 {
			t.Errorf("%d entries of %s, which was acknowledged", got[p], p)
		}
	}
	for p, n := range got {
		if n != 1 {
			t.Errorf("%d entries of %s", n, p)
		}
	}
	t.Logf("%d acknowledged, %d in the log, %d of them merged at the end", len(acked), len(got), left)
}
