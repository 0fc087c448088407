package audithttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

// Each thing that a handler can do, what the client gets and what is in the
// log then, over each protocol.
var plays = []struct {
	name    string
	play    http.HandlerFunc
	only1   bool // HTTP/1.1
	status  int  // 0: no answer, or one that breaks off
	body    string
	entries string
}{
	{name: "nothing", play: func(http.ResponseWriter, *http.Request) {}, status: 200, entries: "-:0"},
	{name: "write", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		fmt.Fprint(w, "chart")
	}, status: 200, body: "chart", entries: "p-1:0"},
	{name: "write string", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		io.WriteString(w, "chart")
	}, status: 200, body: "chart", entries: "p-1:0"},
	{name: "status", play: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }, status: 401, body: "no\n", entries: "-:4"},
	{name: "forbidden", play: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) }, status: 403, body: "no\n", entries: "-:8"},
	{name: "not found", play: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) }, status: 404, entries: "-:4"},
	{name: "error", play: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 500) }, status: 500, body: "no\n", entries: "-:8"},
	{name: "unavailable", play: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) }, status: 503, body: "no\n", entries: "-:12"},
	{name: "several patients", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1", "p-2", "p-1")
		patient(r, "p-2", "p-3")
		fmt.Fprint(w, "list")
	}, status: 200, body: "list", entries: "p-1:0 p-2:0 p-3:0"},
	{name: "later patient", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		fmt.Fprint(w, "one ")
		patient(r, "p-2")
		fmt.Fprint(w, "two")
	}, status: 200, body: "one two", entries: "p-1:0 p-2:0"},
	{name: "flush", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		w.(http.Flusher).Flush()
		http.NewResponseController(w).Flush()
		fmt.Fprint(w, "later")
	}, status: 200, body: "later", entries: "p-1:0"},
	{name: "read from", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		w.(io.ReaderFrom).ReadFrom(strings.NewReader("scan")) // io.Copy would prefer the reader's WriteTo
	}, status: 200, body: "scan", entries: "p-1:0"},
	{name: "controller", play: func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		check(c.SetReadDeadline(time.Now().Add(time.Minute)))
		check(c.SetWriteDeadline(time.Now().Add(time.Minute)))
		check(c.EnableFullDuplex())
		fmt.Fprint(w, "ok")
	}, status: 200, body: "ok", entries: "-:0"},
	{name: "early hints", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "chart")
	}, status: 200, body: "chart", entries: "p-1:0"},
	{name: "early hints and worse", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		w.WriteHeader(http.StatusEarlyHints)
		http.Error(w, "no", 500)
	}, status: 500, body: "no\n", entries: "p-1:0 p-1:8"},
	{name: "recorded by the handler", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		check(audit.From(r.Context()).Record(audit.Success, ""))
		fmt.Fprint(w, "changed")
	}, status: 200, body: "changed", entries: "p-1:0"},
	{name: "panic", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		panic("oops")
	}, entries: "p-1:12"},
	{name: "panic later", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		fmt.Fprint(w, "half")
		http.NewResponseController(w).Flush()
		panic("oops")
	}, entries: "p-1:0 p-1:12"},
	{name: "abort", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		panic(http.ErrAbortHandler)
	}, entries: "p-1:8"},
	{name: "too short", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	}, entries: "p-1:0 p-1:4"},
	{name: "no content", play: func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(204)
		if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
			panic("want ErrBodyNotAllowed")
		}
	}, status: 204, entries: "-:0"},
	{name: "not modified", play: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(304)
	}, only1: true, status: 304, entries: "-:0"},
	{name: "superfluous status", play: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "chart")
		w.WriteHeader(500)
	}, status: 200, body: "chart", entries: "-:0"},
	{name: "switching protocols", play: func(w http.ResponseWriter, r *http.Request) {
		patient(r, "p-1")
		conn, rw, err := http.NewResponseController(w).Hijack()
		check(err)
		defer conn.Close()
		rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nraw")
		check(rw.Flush())
	}, only1: true, status: 200, body: "raw", entries: "p-1:0"},
}

func patient(r *http.Request, ids ...string) { check(audit.From(r.Context()).SetPatient(ids...)) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func protocols(t *testing.T, run func(t *testing.T, o stageOptions)) {
	t.Helper()
	for _, p := range []struct {
		name string
		o    stageOptions
	}{{"HTTP1", stageOptions{}}, {"HTTP2", stageOptions{http2: true}}, {"HTTP2-TLS", stageOptions{tls: true}}} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			run(t, p.o)
		})
	}
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, o stageOptions) {
		s := newStage(t, o)
		s.store.delay = time.Millisecond
		for i, p := range plays {
			if p.only1 && (o.http2 || o.tls) {
				continue
			}
			s.setChain(fmt.Sprintf("t/%d", i))
			a, tape, _ := s.get(t, p.play)
			if p.status == 0 && a.err == nil {
				t.Errorf("%s: status %d, want an answer that breaks off", p.name, a.status)
			}
			if p.status != 0 && (a.err != nil || a.status != p.status || a.body != p.body) {
				t.Errorf("%s: %d %q %v, want %d %q", p.name, a.status, a.body, a.err, p.status, p.body)
			}
			if got := s.told(t); got != p.entries {
				t.Errorf("%s: entries %q, want %q", p.name, got, p.entries)
			}
			if o.tls {
				continue // its bytes tell nothing
			}
			if wire, durable := firstAnswerByte(tape, o.http2); wire >= 0 && (durable < 0 || durable > wire) {
				t.Errorf("%s: the answer began (%d) before its entry was durable (%d)", p.name, wire, durable)
			}
		}
	})
}

// A log that takes nothing: 503, and not a byte of the handler's; nor anything
// that it put into a header, a trailer or an early hint.
func TestWithheld(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, o stageOptions) {
		s := newStage(t, o)
		s.store.fail(0)
		for i, p := range plays {
			s.setChain(fmt.Sprintf("t/%d", i))
			a, tape, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Patient", "secret")
				w.Header().Set("Trailer", "X-Late")
				w.Header().Set("Etag", `"secret"`)
				defer func() {
					w.Header().Set("X-Late", "secret")
					w.Header().Set(http.TrailerPrefix+"X-Later", "secret")
				}()
				defer func() {
					if v := recover(); v != nil && (p.status == 0 || p.name == "recorded by the handler") {
						panic(v)
					} // else it only complained that it was withheld
				}()
				p.play(w, r)
			})
			if p.status == 0 && strings.HasPrefix(p.name, "panic") || p.name == "abort" || p.name == "recorded by the handler" {
				if a.err == nil && a.status != 503 {
					t.Errorf("%s: status %d, want none or 503", p.name, a.status)
				}
			} else if a.err != nil || a.status != 503 || !strings.Contains(a.body, "could not be logged") {
				t.Errorf("%s: %d %q %v, want 503 in place of the answer", p.name, a.status, a.body, a.err)
			}
			if strings.Contains(fmt.Sprint(a.header, a.trailer, a.body), "secret") {
				t.Errorf("%s: the answer has what the handler put into its header: %v %v", p.name, a.header, a.trailer)
			}
			for _, e := range tape {
				for _, leak := range []string{"secret", "chart", "scan", "raw", "half", "list", "later", "style.css"} {
					if bytes.Contains(e.wire, []byte(leak)) {
						t.Errorf("%s: %q went out", p.name, leak)
					}
				}
			}
			if got := s.told(t); got != "" {
				t.Errorf("%s: entries %q, want none", p.name, got)
			}
			if alarm := s.alarm(t); alarm.What != audithttp.Refused || !errors.Is(alarm.Err, audit.ErrFailed) {
				t.Errorf("%s: alarm %v %v, want refused", p.name, alarm.What, alarm.Err)
			}
		}
	})
}

// The log fails while an answer is under way: it breaks off before anything
// about the further patient is sent, whatever the handler does then.
func TestCutOff(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, o stageOptions) {
		s := newStage(t, o)
		s.store.fail(1)
		var got, later error
		a, tape, v := s.get(t, func(w http.ResponseWriter, r *http.Request) {
			patient(r, "p-1")
			fmt.Fprint(w, "first")
			http.NewResponseController(w).Flush()
			got = audit.From(r.Context()).SetPatient("p-2")
			_, later = fmt.Fprint(w, "second")
			http.NewResponseController(w).SetWriteDeadline(time.Time{})
			w.(io.ReaderFrom).ReadFrom(strings.NewReader("second"))
			http.NewResponseController(w).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Later", "second")
		})
		if !errors.Is(got, audithttp.ErrWithheld) || !errors.Is(got, audit.ErrFailed) || !errors.Is(later, audithttp.ErrWithheld) {
			t.Errorf("SetPatient = %v, Write = %v, want ErrWithheld", got, later)
		}
		if v != http.ErrAbortHandler {
			t.Errorf("the middleware panicked with %v, want ErrAbortHandler", v)
		}
		if a.err == nil || strings.Contains(a.body, "second") || strings.Contains(fmt.Sprint(a.trailer), "second") {
			t.Errorf("answer %q %v %v, want one that breaks off", a.body, a.trailer, a.err)
		}
		for _, e := range tape {
			if bytes.Contains(e.wire, []byte("second")) {
				t.Errorf("%q went out", e.wire)
			}
		}
		if alarm := s.alarm(t); alarm.What != audithttp.Broken {
			t.Errorf("alarm %v, want broken", alarm.What)
		}
	})
}

// The same after a connection was handed over.
func TestCutOffHijacked(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.store.fail(1)
	var late, raw error
	s.get(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		check(err)
		late = audit.From(r.Context()).SetPatient("p-2")
		_, raw = conn.Write([]byte("second"))
	})
	if !errors.Is(late, audithttp.ErrWithheld) || !errors.Is(raw, net.ErrClosed) {
		t.Errorf("SetPatient = %v, Write = %v, want ErrWithheld and ErrClosed", late, raw)
	}
}

// What the handler gets has no way around the middleware.
func TestNoWayAround(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.get(t, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
			t.Error("the handler's writer has Unwrap")
		}
		if _, ok := w.(http.Pusher); ok {
			t.Error("the handler's writer has Push")
		}
		want := []string{"EnableFullDuplex", "Flush", "FlushError", "Header", "Hijack", "ReadFrom", "SetReadDeadline", "SetWriteDeadline", "Write", "WriteHeader", "WriteString"}
		var got []string
		for m := range reflect.TypeOf(w).Methods() {
			got = append(got, m.Name)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("methods %v, want %v: each is a way out that needs a guard and a test", got, want)
		}
	})
}

// Flush and Hijack that the server does not offer record nothing and say so.
func TestNotSupported(t *testing.T) {
	t.Parallel()
	log := &memoryLog{}
	m, err := audithttp.New(log, tenant, nurse, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := c.Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Flush = %v, want ErrNotSupported", err)
		}
		if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack = %v, want ErrNotSupported", err)
		}
		if len(log.events) != 0 {
			t.Errorf("%d entries before anything was sent", len(log.events))
		}
	})).ServeHTTP(&discard{http.Header{}}, r)
	if len(log.events) != 1 {
		t.Errorf("%d entries, want one", len(log.events))
	}
}

type memoryLog struct{ events []audit.Event }

func (l *memoryLog) AppendAll(_ context.Context, _ string, events ...audit.Event) ([]audit.Receipt, error) {
	l.events = append(l.events, events...)
	return nil, nil
}

// An append goes on when the client goes away, and the second entry says that
// it went.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, o stageOptions) {
		s := newStage(t, o)
		for _, flush := range []bool{true, false} {
			s.setChain(fmt.Sprintf("t/%v", flush))
			ctx, cancel := context.WithCancel(t.Context())
			s.setPlay(func(w http.ResponseWriter, r *http.Request) {
				patient(r, "p-1")
				if flush {
					fmt.Fprint(w, "first")
					http.NewResponseController(w).Flush()
				}
				cancel()
				<-r.Context().Done()
				if flush {
					fmt.Fprint(w, "second")
				}
			})
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/play/1", nil)
			if err != nil {
				t.Fatal(err)
			}
			s.do(r)
			s.end(t)
			want := map[bool]string{true: "p-1:0 p-1:4", false: "p-1:4"}[flush]
			if got := s.told(t); got != want {
				t.Errorf("flush %v: entries %q, want %q", flush, got, want)
			}
			list := s.entries(t)
			first, last := list[0].Event, list[len(list)-1].Event
			if last.Reason == "" || first.Request.ID == "" || last.Request.ID != first.Request.ID {
				t.Errorf("the last entry has reason %q and request %q, want a reason and %q", last.Reason, last.Request.ID, first.Request.ID)
			}
			cancel()
		}
	})
}

// A body of any size goes through as it is written.
func TestStreams(t *testing.T) {
	t.Parallel()
	protocols(t, func(t *testing.T, o stageOptions) {
		s := newStage(t, o)
		const chunks, size = 64, 64 << 10
		got := make(chan int)
		s.setPlay(func(w http.ResponseWriter, r *http.Request) {
			for i := range chunks {
				w.Write(bytes.Repeat([]byte{byte(i)}, size))
				check(http.NewResponseController(w).Flush())
				if n := <-got; n != (i+1)*size { // the client has it before the next is written
					panic(n)
				}
			}
		})
		resp, err := s.client.Get(s.server.URL + "/play/1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		total, p := 0, make([]byte, size)
		for range chunks {
			n, err := io.ReadFull(resp.Body, p)
			if total += n; err != nil {
				t.Fatal(err)
			}
			got <- total
		}
		if v := s.end(t); v != nil {
			t.Errorf("the handler saw %v", v)
		}
		if got := s.told(t); got != "-:0" {
			t.Errorf("entries %q, want one", got)
		}
	})
}

// A file goes out whole, the way that the server has for files.
func TestFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "scan")
	content := bytes.Repeat([]byte("scan"), 1<<16)
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, stageOptions{})
	a, tape, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
	if a.status != 200 || a.body != string(content) {
		t.Errorf("status %d, %d bytes, want %d", a.status, len(a.body), len(content))
	}
	if wire, durable := firstAnswerByte(tape, false); durable < 0 || durable > wire {
		t.Errorf("the answer began (%d) before its entry was durable (%d)", wire, durable)
	}
}

// A body that the client sends only when told to: the server's own 100
// Continue carries nothing and may come first.
func TestContinue(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.client.Transport.(*http.Transport).ExpectContinueTimeout = 10 * time.Second
	s.setPlay(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Patient", "secret")
		body, err := io.ReadAll(r.Body)
		check(err)
		if got := s.told(t); got != "" {
			t.Errorf("entries %q before the answer", got)
		}
		w.Write(body)
	})
	r, err := http.NewRequest(http.MethodPost, s.server.URL+"/play/1", strings.NewReader("sent"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Expect", "100-continue")
	a := s.do(r)
	s.end(t)
	if a.status != 200 || a.body != "sent" {
		t.Errorf("%d %q %v, want what was sent", a.status, a.body, a.err)
	}
	tape := s.tape.cut()
	if len(tape) == 0 || string(tape[0].wire) != "HTTP/1.1 100 Continue\r\n\r\n" {
		t.Errorf("first on the wire: %q, want 100 Continue", tape[0].wire)
	}
	if wire, durable := firstAnswerByte(tape, false); durable < 0 || durable > wire {
		t.Errorf("the answer began (%d) before its entry was durable (%d)", wire, durable)
	}
	if e := s.entries(t)[0].Event; e.Action != audit.ActionCreate {
		t.Errorf("action %v, want C", e.Action)
	}
}

// A panic goes on as it was.
func TestPanicGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	oops := errors.New("oops")
	for _, late := range []bool{false, true} {
		_, _, v := s.get(t, func(w http.ResponseWriter, r *http.Request) {
			if late {
				fmt.Fprint(w, "half")
			}
			panic(oops)
		})
		if v != oops {
			t.Errorf("late %v: panicked with %v, want %v", late, v, oops)
		}
	}
}

// What handlers around the middleware put into the header stays with a 503.
func TestOuterHeaderStays(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{outer: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Strict-Transport-Security", "max-age=1")
			w.Header()["Vary"] = []string{"Origin"}
			next.ServeHTTP(w, r)
		})
	}})
	s.store.fail(0)
	a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "secret")
		w.Header()["Strict-Transport-Security"][0] = "secret"
		fmt.Fprint(w, "chart")
	})
	if a.status != 503 || a.header.Get("Strict-Transport-Security") != "max-age=1" || fmt.Sprint(a.header["Vary"]) != "[Origin]" {
		t.Errorf("%d %v, want 503 with the outer header", a.status, a.header)
	}
}

// A request of no valid chain is not handled at all, one that is not to be
// audited is as if there were no middleware.
func TestNotHandled(t *testing.T) {
	t.Parallel()
	audited := true
	s := newStage(t, stageOptions{event: func(r *http.Request) (audit.Event, bool) {
		e, _ := nurse(r)
		return e, audited
	}})
	for _, chain := range []string{"", "no chain", audit.System} {
		s.setChain(chain)
		a, _, _ := s.get(t, func(http.ResponseWriter, *http.Request) { t.Error("handled") })
		if a.status != 503 {
			t.Errorf("chain %q: status %d, want 503", chain, a.status)
		}
	}
	s.setChain("t/1")
	audited = false
	var err error
	a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) {
		err = audit.From(r.Context()).SetPatient("p-1")
		fmt.Fprint(w, "fine")
	})
	if a.status != 200 || s.told(t) != "" || !errors.Is(err, audit.ErrNoScope) {
		t.Errorf("%d %q, SetPatient = %v, want an answer, no entry and ErrNoScope", a.status, s.told(t), err)
	}
}

// An event that the log refuses is no reason to answer.
func TestInvalidEvent(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{event: func(*http.Request) (audit.Event, bool) { return audit.Event{}, true }})
	a, _, _ := s.get(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "chart") })
	if a.status != 503 {
		t.Errorf("status %d, want 503", a.status)
	}
}

func TestNewRequires(t *testing.T) {
	t.Parallel()
	_, err := audithttp.New(nil, nil, nil, &audithttp.Options{Mode: func(audit.Event) audithttp.Mode { return audithttp.BestEffort }, Timeout: -1})
	for _, field := range []string{"log", "chain", "event", "alarm", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("New = %v, want the field %s", err, field)
		}
	}
	if _, err := audithttp.New(noLog{}, tenant, nurse, &audithttp.Options{Spill: new(audithttp.SpillJournal)}); err == nil {
		t.Error("New with a spill journal and no alarm = nil, want an error")
	}
}
