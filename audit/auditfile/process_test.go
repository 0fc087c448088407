package auditfile_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
)

// The test's binary is also the process that is killed.
const childFolder = "AUDITFILE_TEST_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

const childChains = 4

// child appends to a log until it is killed, and prints what is acknowledged.
// Its exit code is 3 if the folder is locked.
func child(dir string) int {
	s, err := auditfile.Open(dir, &auditfile.Options{SegmentSize: 6000})
	if errors.Is(err, audit.ErrLocked) {
		return 3
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var out sync.Mutex
	fmt.Println("open 0")
	var wg sync.WaitGroup
	for c := range childChains {
		wg.Go(func() {
			name, d := fmt.Sprintf("c/%d", c), diary{}
			for i := 0; ; i++ {
				if err := d.append(s, name, 1+i%3, 0); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Printf("%s %d\n", name, d[name].acked)
				out.Unlock()
			}
		})
	}
	wg.Wait()
	return 0
}

func start(tb testing.TB, dir string) (*exec.Cmd, io.Reader) {
	tb.Helper()
	exe, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, out
}

// A process is killed at any moment, hundreds of times. Every entry that it
// knew to be durable is there, and each chain is whole.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	dir, acked := t.TempDir(), map[string]uint64{}
	cut, total := 0, uint64(0)
	for round := range rounds {
		if round%20 == 0 {
			dir, acked = t.TempDir(), map[string]uint64{}
		}
		cmd, out := start(t, dir)
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var name string
			var size uint64
			if _, err := fmt.Sscanf(lines.Text(), "%s %d", &name, &size); err != nil {
				continue // its last line can be cut off
			}
			acked[name] = size
			if n == 0 {
				delay := time.Duration(rand.IntN(6000)) * time.Microsecond
				time.AfterFunc(delay, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		delete(acked, "open")
		// The next process recovers; now and then this one does.
		s, err := auditfile.Open(dir, &auditfile.Options{SegmentSize: 6000, ReadOnly: round%4 != 0})
		if err != nil {
			t.Fatalf("round %d: Open: %v", round, err)
		}
		if s.Recovered().Length > 0 {
			cut++
		}
		for name, size := range acked {
			if head, err := s.Head(t.Context(), name); err != nil || head.Size < size {
				t.Fatalf("round %d: %s has %d entries, %v; %d were acknowledged", round, name, head.Size, err, size)
			}
		}
		if round%5 == 4 {
			for name, d := range contents(t, s) {
				for seq, r := range d.Records {
					if want := record(name, uint64(seq), 0).Line; string(r.Line[:len(want)-1]) != string(want[:len(want)-1]) {
						t.Fatalf("round %d: %s %d is %s", round, name, seq, r.Line)
					}
				}
				total += uint64(len(d.Records))
			}
		}
		s.Close()
	}
	t.Logf("%d rounds, %d cuts, %d entries checked", rounds, cut, total)
	if total == 0 {
		t.Error("no process ever appended anything")
	}
}

// A folder has one writer, whatever path leads to it, in this process and in
// others; readers are welcome.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	_, out := start(t, dir)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child says %q, %v", line, err)
	}
	go io.Copy(io.Discard, out)
	paths := []string{dir, filepath.Join(dir, "..", "log")}
	if link := filepath.Join(t.TempDir(), "link"); os.Symlink(dir, link) == nil {
		paths = append(paths, link)
	}
	for _, path := range paths {
		if _, err := auditfile.Open(path, nil); !errors.Is(err, audit.ErrLocked) {
			t.Errorf("Open(%s) beside another process: %v, want ErrLocked", path, err)
		}
		cmd, _ := start(t, path)
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
			t.Errorf("another process on %s: %v, want exit code 3", path, err)
		}
		for range 2 {
			s, err := auditfile.Open(path, &auditfile.Options{ReadOnly: true})
			if err != nil {
				t.Fatalf("reader on %s: %v", path, err)
			}
			contents(t, s)
			s.Close()
		}
	}
}
