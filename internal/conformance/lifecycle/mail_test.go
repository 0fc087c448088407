// Package lifecycle_test lets the program examples/lifecycle send its mail to
// a real mail server, and looks at its report in a real browser.
package lifecycle_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
)

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lifecycle-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "lifecycle.exe")
	build := exec.Command("go", "build", "-o", binary, "./examples/lifecycle")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A server is a mail server that keeps what it takes. interrupt, if there is
// one, is called with the number of the message once it was taken, before the
// client hears of it.
type server struct {
	mu        sync.Mutex
	taken     [][]byte
	interrupt func(n int)
	addr      string
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }

type session struct{ s *server }

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }

func (x *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	x.s.taken = append(x.s.taken, data)
	n, interrupt := len(x.s.taken), x.s.interrupt
	x.s.mu.Unlock()
	if interrupt != nil {
		interrupt(n)
	}
	return nil
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	smtpServer := smtp.NewServer(s)
	smtpServer.Domain = "mail.example"
	go func() { _ = smtpServer.Serve(listener) }()
	t.Cleanup(func() { _ = smtpServer.Close() })
	return s
}

// messages returns what was taken by Message-ID, and checks that one id always
// is one and the same message.
func (s *server) messages(t *testing.T) map[string]int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	count, first := make(map[string]int), make(map[string][]byte)
	for _, data := range s.taken {
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		id := m.Header.Get("Message-ID")
		if id == "" {
			t.Error("a message has no Message-ID: who gets it twice cannot tell")
		}
		if first[id] == nil {
			first[id] = data
		}
		if !bytes.Equal(first[id], data) {
			t.Errorf("two messages under %s", id)
		}
		count[id]++
	}
	return count
}

func tell(t *testing.T, dir, addr string) *exec.Cmd {
	t.Helper()
	return exec.Command(binary, "-dir", dir, "-smtp", addr)
}

// A story that nobody disturbs hands each message over once, and told again
// none.
func TestMailOnce(t *testing.T) {
	t.Parallel()
	s, dir := serve(t), filepath.Join(t.TempDir(), "kept")
	for range 2 {
		if out, err := tell(t, dir, s.addr).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		count := s.messages(t)
		if len(count) != 8 {
			t.Errorf("%d messages, want 8", len(count))
		}
		for id, n := range count {
			if n != 1 {
				t.Errorf("%s was handed over %d times", id, n)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "sent")); err == nil {
		t.Error("mail went into the folder too")
	}
}

// The story is killed each time that the server has taken a message of which
// the story does not know yet: it is handed over again, the same one under the
// same id, and none is lost.
func TestMailKilled(t *testing.T) {
	t.Parallel()
	s, dir := serve(t), filepath.Join(t.TempDir(), "kept")
	kills := 0
	for {
		cmd := tell(t, dir, s.addr)
		var killed atomic.Bool
		// Every other message reaches the story's record.
		first, started := kills%2 == 0, make(chan struct{})
		s.mu.Lock()
		before := len(s.taken)
		s.interrupt = func(n int) {
			if n > before+1 || first && n == before+1 {
				<-started
				killed.Store(true)
				_ = cmd.Process.Kill()
			}
		}
		s.mu.Unlock()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		close(started)
		err := cmd.Wait()
		if err == nil {
			break
		}
		if !killed.Load() {
			t.Fatalf("after %d kills: %v", kills, err)
		}
		if kills++; kills > 40 {
			t.Fatal("the story does not get on")
		}
	}
	count := s.messages(t)
	if len(count) != 8 {
		t.Errorf("%d messages, want 8", len(count))
	}
	twice := 0
	for _, n := range count {
		if n > 1 {
			twice++
		}
	}
	if kills < 4 || twice < 4 {
		t.Errorf("killed %d times, %d messages came twice: this test saw too little", kills, twice)
	}
}
