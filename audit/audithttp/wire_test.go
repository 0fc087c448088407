package audithttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

// A tape holds in one order what became durable and what the server wrote to
// its connections. It knows nothing of the middleware.
type tape struct {
	mu     sync.Mutex
	events []taped
}

type taped struct {
	durable []string // patients of entries; "-" for an entry without one
	wire    []byte
}

func (t *tape) add(e taped) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

func (t *tape) cut() []taped {
	t.mu.Lock()
	defer t.mu.Unlock()
	events := t.events
	t.events = nil
	return events
}

// A watchedStore notes on the tape what is durable, a moment after it is, and
// fails from a chosen append on.
type watchedStore struct {
	*audit.Memory
	tape   *tape
	appent atomic.Int64 // appends until it fails; below 0: it does not
	delay  time.Duration
	err    error
	stuck  chan struct{} // appends wait until it is closed
}

func (s *watchedStore) Append(ctx context.Context, chain string, at uint64, records []audit.Record) error {
	if s.stuck != nil && chain != audit.System {
		<-s.stuck
	}
	if left := s.appent.Load(); left >= 0 && chain != audit.System {
		if left == 0 {
			return s.err
		}
		s.appent.Add(-1)
	}
	time.Sleep(s.delay)
	if err := s.Memory.Append(ctx, chain, at, records); err != nil {
		return err
	}
	e := taped{durable: []string{}}
	for _, r := range records {
		patient := "-"
		if len(r.Sealed) > audit.SaltSize {
			var payload struct {
				Patient string `json:"patient"`
			}
			if json.Unmarshal(r.Sealed[audit.SaltSize:], &payload) == nil && payload.Patient != "" {
				patient = payload.Patient
			}
		}
		e.durable = append(e.durable, patient)
	}
	if chain != audit.System {
		s.tape.add(e)
	}
	return nil
}

// fail lets the append number n from now on fail, counted from 0.
func (s *watchedStore) fail(n int64) { s.appent.Store(n) }

// A watchedListener notes what is written to its connections. Its connections
// offer ReadFrom as TCP does, so that the server sends files the short way.
type watchedListener struct {
	net.Listener
	tape *tape
}

func (l watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{c, l.tape}, nil
}

type watchedConn struct {
	net.Conn
	tape *tape
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.tape.add(taped{wire: bytes.Clone(p)})
	return c.Conn.Write(p)
}

func (c *watchedConn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

// A stage is a real server with a middleware, a client of it, a log, and the
// tape of both.
type stage struct {
	tape   *tape
	store  *watchedStore
	log    *audit.Log
	server *httptest.Server
	client *http.Client
	chain  atomic.Pointer[string]
	play   atomic.Pointer[http.HandlerFunc]
	ended  chan any // of the handler with everything around it: what it panicked with
	alarms chan audithttp.Alarm
}

type stageOptions struct {
	http2   bool // unencrypted
	tls     bool // HTTP/2 over TLS
	options audithttp.Options
	event   func(*http.Request) (audit.Event, bool)
	outer   func(http.Handler) http.Handler
}

func newStage(tb testing.TB, o stageOptions) *stage {
	tb.Helper()
	s := &stage{tape: &tape{}, ended: make(chan any, 100), alarms: make(chan audithttp.Alarm, 1000)}
	s.store = &watchedStore{Memory: audit.NewMemory(), tape: s.tape, err: audit.ErrFailed}
	s.store.fail(-1)
	var err error
	if s.log, err = audit.New(context.Background(), s.store, audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{TokenKey: []byte("token key")}}); err != nil {
		tb.Fatal(err)
	}
	s.setChain("t/0")
	if o.options.Alarm == nil {
		o.options.Alarm = func(_ context.Context, a audithttp.Alarm) {
			select {
			case s.alarms <- a:
			default: // many draws failed before
			}
		}
	}
	if o.event == nil {
		o.event = nurse
	}
	m, err := audithttp.New(s.log, func(*http.Request) string { return *s.chain.Load() }, o.event, &o.options)
	if err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/play/{scene}", func(w http.ResponseWriter, r *http.Request) { (*s.play.Load())(w, r) })
	h := m.Handler(mux)
	if o.outer != nil {
		h = o.outer(h)
	}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			s.ended <- v
			if v != nil {
				panic(http.ErrAbortHandler) // without the server's log
			}
		}()
		h.ServeHTTP(w, r)
	}))
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Listener = watchedListener{s.server.Listener, s.tape}
	switch {
	case o.tls:
		s.server.EnableHTTP2 = true
		s.server.StartTLS()
		s.client = s.server.Client()
	case o.http2:
		s.server.Config.Protocols = new(http.Protocols)
		s.server.Config.Protocols.SetUnencryptedHTTP2(true)
		s.server.Start()
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		tb.Cleanup(transport.CloseIdleConnections)
		s.client = &http.Client{Transport: transport}
	default:
		s.server.Start()
		s.client = s.server.Client()
		// A request must not meet the end of a connection that the server has
		// just closed.
		s.client.Transport.(*http.Transport).DisableKeepAlives = true
	}
	tb.Cleanup(s.server.Close)
	return s
}

func (s *stage) setChain(name string) { s.chain.Store(&name) }

func (s *stage) setPlay(f http.HandlerFunc) { s.play.Store(&f) }

// end waits until the handler and the middleware are done.
func (s *stage) end(tb fatal) any {
	select {
	case v := <-s.ended:
		return v
	case <-time.After(20 * time.Second):
		tb.Fatalf("the handler did not end")
		return nil
	}
}

// alarm returns the next alarm.
func (s *stage) alarm(tb fatal) audithttp.Alarm {
	select {
	case a := <-s.alarms: // told before the answer goes out
		return a
	case <-time.After(5 * time.Second):
		tb.Errorf("no alarm")
		return audithttp.Alarm{}
	}
}

// fatal is testing.TB and *rapid.T.
type fatal interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// get lets the handler play one request and returns the answer, the tape of it
// and what the handler panicked with.
func (s *stage) get(tb fatal, play http.HandlerFunc) (answer, []taped, any) {
	s.setPlay(play)
	s.tape.cut()
	// Not GET: a client tries that again by itself if the connection breaks.
	r, err := http.NewRequest(http.MethodPost, s.server.URL+"/play/1?name=Jane", nil)
	if err != nil {
		tb.Fatalf("request: %v", err)
	}
	a := s.do(r)
	v := s.end(tb)
	return a, s.tape.cut(), v
}

type answer struct {
	status  int
	header  http.Header
	body    string
	trailer http.Header
	err     error // of the exchange or of reading the body
}

func (s *stage) do(r *http.Request) answer {
	resp, err := s.client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), resp.Trailer, err}
}

// entries returns the opened entries of the stage's chain.
func (s *stage) entries(tb fatal) []audit.Entry {
	var list []audit.Entry
	for e, err := range s.log.Entries(context.Background(), *s.chain.Load(), 0) {
		if err == nil {
			e, err = s.log.Open(context.Background(), e)
		}
		if err != nil {
			tb.Fatalf("entries: %v", err)
		}
		list = append(list, e)
	}
	return list
}

// told returns the entries as "patient:outcome", in order.
func (s *stage) told(tb fatal) string {
	var list []string
	for _, e := range s.entries(tb) {
		patient := e.Event.Patient
		if patient == "" {
			patient = "-"
		}
		list = append(list, patient+":"+string(e.Event.Outcome))
	}
	return strings.Join(list, " ")
}

// firstAnswerByte returns the place on the tape of the first bytes of an
// answer, and of the first durable entry; -1 for none. What the server says by
// itself before it has an answer does not count.
func firstAnswerByte(events []taped, http2 bool) (wire, durable int) {
	wire, durable = -1, -1
	frames := frameReader{}
	for i, e := range events {
		if e.durable != nil && durable < 0 {
			durable = i
		}
		if wire >= 0 || e.wire == nil {
			continue
		}
		if http2 && frames.answer(e.wire) {
			wire = i
		}
		if !http2 && len(bytes.TrimPrefix(e.wire, []byte("HTTP/1.1 100 Continue\r\n\r\n"))) > 0 {
			wire = i
		}
	}
	return wire, durable
}

// A frameReader finds in what a server writes under HTTP/2 the frames of an
// answer: HEADERS and DATA.
type frameReader struct{ rest []byte }

func (f *frameReader) answer(p []byte) bool {
	f.rest = append(f.rest, p...)
	found := false
	for len(f.rest) >= 9 {
		length := int(f.rest[0])<<16 | int(f.rest[1])<<8 | int(f.rest[2])
		found = found || f.rest[3] == 0 || f.rest[3] == 1
		f.rest = f.rest[min(9+length, len(f.rest)):] // a frame may be cut off at the end of the tape
	}
	return found
}
