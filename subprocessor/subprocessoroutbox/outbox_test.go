package subprocessoroutbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
)

type senderFunc func(subprocessor.Message) error

func (f senderFunc) Send(_ context.Context, m subprocessor.Message) error { return f(m) }

func message(key string) subprocessor.Message {
	return subprocessor.Message{Key: key, From: "v@vendor.example", To: "c@customer.example", Data: []byte("Subject: " + key + "\r\n\r\nbody\r\n")}
}

// A model of the outbox: whatever is queued, fails, is acknowledged and
// reopened, nothing is lost, and nothing is handed over after its acceptance
// or acknowledgement.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "outbox-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		done, queued, fail := map[string]bool{}, map[string]bool{}, 0
		sender := senderFunc(func(m subprocessor.Message) error {
			if done[m.Key] {
				t.Fatalf("%s handed over after it was done", m.Key)
			}
			if !queued[m.Key] {
				t.Fatalf("%s handed over before it was queued", m.Key)
			}
			switch fail {
			case 1:
				return errors.New("down")
			case 2:
				done[m.Key] = true
				return fmt.Errorf("%w: no such mailbox", subprocessor.ErrRejected)
			}
			done[m.Key] = true
			return nil
		})
		open := func() *subprocessoroutbox.Outbox {
			o, err := subprocessoroutbox.Open(dir, sender, &subprocessoroutbox.Options{Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		o := open()
		key := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		t.Repeat(map[string]func(*rapid.T){
			"enqueue": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if err := o.Enqueue(message(k)); err != nil {
					t.Fatal(err)
				}
				queued[k] = true
				other := message(k)
				other.To = "other@customer.example"
				if err := o.Enqueue(other); !errors.Is(err, subprocessoroutbox.ErrKey) {
					t.Fatalf("another message under the key: %v", err)
				}
			},
			"deliver": func(t *rapid.T) {
				fail = rapid.IntRange(0, 2).Draw(t, "fail")
				if _, err := o.Deliver(context.Background()); err != nil {
					t.Fatal(err)
				}
			},
			"acknowledge": func(t *rapid.T) {
				k := key.Draw(t, "key")
				if err := o.Acknowledge(k); (err == nil) != queued[k] {
					t.Fatalf("acknowledge: %v, queued %v", err, queued[k])
				}
				done[k] = done[k] || queued[k]
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "minutes")) * time.Minute)
			},
			"reopen": func(t *rapid.T) { o.Close(); o = open() },
		})
		now = now.Add(48 * time.Hour)
		fail = 0
		if _, err := o.Deliver(context.Background()); err != nil {
			t.Fatal(err)
		}
		for k := range queued {
			if x, ok := o.Item(k); !ok || x.Level == subprocessor.Queued || !done[k] {
				t.Fatalf("%s was lost", k)
			}
		}
		o.Close()
	})
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	var tries []time.Duration
	start := now
	o, err := subprocessoroutbox.Open(t.TempDir(), senderFunc(func(subprocessor.Message) error {
		tries = append(tries, now.Sub(start))
		return errors.New("down")
	}), &subprocessoroutbox.Options{Now: func() time.Time { return now }, FirstPause: time.Minute, LongestPause: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if err := o.Enqueue(message("a")); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		next, err := o.Deliver(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := o.Deliver(context.Background()); again != next {
			t.Fatalf("next = %s, then %s", next, again)
		}
		now = next
	}
	want := "[0s 1m0s 3m0s 7m0s 12m0s]"
	if got := fmt.Sprint(tries); got != want {
		t.Errorf("tries at %s, want %s", got, want)
	}
}

// TestKill kills a process that sends, again and again, and looks at what the
// receiver wrote: every message arrives, none after its acceptance was durable.
func TestKill(t *testing.T) {
	if dir := os.Getenv("OUTBOX_CHILD"); dir != "" {
		child(dir)
	}
	// Not parallel: a process that forks holds the lock of any outbox that is
	// open in it for a moment longer.
	dir := t.TempDir()
	const messages = 40
	for round := 0; ; round++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "OUTBOX_CHILD="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, finished := 0, false
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			if finished = scanner.Text() == "finished"; finished {
				break
			}
			if lines++; lines > 3+round%5 {
				break
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if finished {
			break
		}
		if round > 200 {
			t.Fatal("no end")
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "received"))
	if err != nil {
		t.Fatal(err)
	}
	times, durable := map[string]int{}, map[string]bool{}
	for line := range strings.Lines(string(data)) {
		what, key, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case "got":
			if durable[key] {
				t.Errorf("%s was handed over after its acceptance was durable", key)
			}
			times[key]++
		case "durable":
			durable[key] = true
		}
	}
	if len(times) != messages {
		t.Errorf("%d messages arrived, want %d", len(times), messages)
	}
}

func child(dir string) {
	log, err := os.OpenFile(filepath.Join(dir, "received"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	o, err := subprocessoroutbox.Open(filepath.Join(dir, "box"), senderFunc(func(m subprocessor.Message) error {
		fmt.Fprintln(log, "got", m.Key)
		fmt.Println("sending")
		return nil
	}), nil)
	if err != nil {
		panic(err)
	}
	for x := range o.All() {
		if x.Level == subprocessor.Sent {
			fmt.Fprintln(log, "durable", x.Key)
		}
	}
	for i := range 40 {
		if err := o.Enqueue(message(fmt.Sprintf("m%d", i))); err != nil {
			panic(err)
		}
		if _, err := o.Deliver(context.Background()); err != nil {
			panic(err)
		}
	}
	fmt.Println("finished")
	time.Sleep(time.Minute)
}
