package audithttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/baakit/baakit/audit"
)

// ErrWithheld says that the answer is withheld, or was cut off, because the
// access could not be logged. What the handler writes goes nowhere.
var ErrWithheld = errors.New("audithttp: the answer is withheld: the access could not be logged")

// An access is one request that is audited, and the ResponseWriter that its
// handler gets. It offers everything of http.ResponseController and no way
// around it: there is no Unwrap.
type access struct {
	m       *Middleware
	w       http.ResponseWriter
	ctx     context.Context // the server's, of the request
	request *http.Request   // the one that the handler gets
	chain   string
	query   string
	outer   http.Header // what handlers around this one had set
	scope   *audit.Scope

	open    atomic.Bool // the header was let go: bytes may follow
	closed  atomic.Bool // nothing goes out any more
	spilled atomic.Bool
	written atomic.Int64
	failed  atomic.Bool // a write to the client
	ending  atomic.Bool // the handler is done
	conn    atomic.Pointer[net.Conn]

	mu       sync.Mutex // of what lets the header go; before that of the scope
	status   int
	refused  bool // 503 was sent in place of the answer
	returned bool // the handler, without a panic
}

var (
	_ http.Flusher    = (*access)(nil)
	_ http.Hijacker   = (*access)(nil)
	_ io.ReaderFrom   = (*access)(nil)
	_ io.StringWriter = (*access)(nil)
)

// release records the access before an answer with a status begins; only
// then it may. It reports whether.
func (a *access) release(status int) bool {
	if a.open.Load() {
		return !a.closed.Load()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open.Load() || a.closed.Load() {
		return !a.closed.Load()
	}
	informational := status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
	outcome := audit.Success // of which nothing is known yet
	if !informational {
		outcome = a.m.opt.Outcome(status)
	}
	if a.scope.Record(outcome, "") != nil {
		a.refuseLocked()
		return false
	}
	if a.spilled.Load() {
		a.w.Header()[spilledHeader] = []string{"1"}
	}
	if !informational {
		a.status = status
		a.open.Store(true)
	}
	return true
}

// refuse answers 503 in place of the handler, if nothing was answered yet.
func (a *access) refuse() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.open.Load() {
		a.refuseLocked()
	}
}

func (a *access) refuseLocked() {
	if a.refused {
		return
	}
	a.refused = true
	a.closed.Store(true)
	const text = "The access could not be logged, so it was not answered.\n"
	h := a.w.Header()
	id := h[requestIDHeader]
	clear(h) // what the handler put there may be about a patient
	maps.Copy(h, a.outer)
	if id != nil {
		h[requestIDHeader] = id
	}
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Cache-Control"] = []string{"no-store"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	for _, k := range []string{"Content-Encoding", "Etag", "Last-Modified", "Trailer"} {
		delete(h, k)
	}
	a.w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(a.w, text)
}

// write is how the scope appends. It is called by one goroutine at a time.
func (a *access) write(events []audit.Event) error {
	mode := a.m.opt.Mode(events[0])
	for i := range events {
		e := &events[i]
		if e.Request.Route == "" {
			e.Request.Route = routeOf(a.request.Pattern)
		}
		if mode == BestEffort && e.HasSealed() {
			mode = Require
		}
	}
	for i := range events {
		if mode != BestEffort && events[i].Query == "" {
			events[i].Query = a.query
		}
	}
	err := a.m.append(a.ctx, a.chain, events, mode)
	if err == nil {
		return nil
	}
	alarm := Alarm{Chain: a.chain, Event: events[0], Count: len(events), Err: err}
	switch {
	case mode == BestEffort:
		alarm.What = Lost
		a.m.opt.Alarm(a.ctx, alarm)
		return nil
	case mode == Spill && a.m.opt.Spill != nil && !permanent(err):
		spillErr := a.m.opt.Spill.Append(a.chain, events)
		if spillErr == nil {
			a.spilled.Store(true)
			alarm.What = Spilled
			a.m.opt.Alarm(a.ctx, alarm)
			return nil
		}
		alarm.Err = errors.Join(err, spillErr)
	}
	switch alarm.What = Refused; {
	case a.open.Load() && a.ending.Load():
		alarm.What = Unrecorded
	case a.open.Load():
		alarm.What = Broken
		a.cut()
	}
	a.m.opt.Alarm(a.ctx, alarm)
	return errors.Join(ErrWithheld, alarm.Err)
}

// cut ends an answer that is under way: what the handler still writes does
// not reach the client.
func (a *access) cut() {
	a.closed.Store(true)
	if conn := a.conn.Load(); conn != nil {
		_ = (*conn).Close()
		return
	}
	_ = http.NewResponseController(a.w).SetWriteDeadline(time.Unix(1, 0))
}

// Header implements http.ResponseWriter.
func (a *access) Header() http.Header { return a.w.Header() }

// WriteHeader implements http.ResponseWriter. An informational answer carries
// the header too, so it is held like any other until the access is recorded.
func (a *access) WriteHeader(status int) {
	if a.release(status) {
		a.w.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (a *access) Write(p []byte) (int, error) {
	if !a.release(http.StatusOK) {
		return 0, ErrWithheld
	}
	n, err := a.w.Write(p)
	return n, a.wrote(int64(n), err)
}

// WriteString implements io.StringWriter.
func (a *access) WriteString(s string) (int, error) {
	if !a.release(http.StatusOK) {
		return 0, ErrWithheld
	}
	n, err := io.WriteString(a.w, s)
	return n, a.wrote(int64(n), err)
}

// ReadFrom implements io.ReaderFrom.
func (a *access) ReadFrom(src io.Reader) (int64, error) {
	if !a.release(http.StatusOK) {
		return 0, ErrWithheld
	}
	to := io.Writer(struct{ io.Writer }{a.w})
	if rf, ok := a.w.(io.ReaderFrom); ok {
		to = struct {
			io.Writer
			io.ReaderFrom
		}{a.w, rf}
	}
	n, err := io.Copy(to, src)
	return n, a.wrote(n, err)
}

func (a *access) wrote(n int64, err error) error {
	a.written.Add(n)
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) && !errors.Is(err, http.ErrContentLength) {
		a.failed.Store(true)
	}
	if a.closed.Load() {
		return ErrWithheld
	}
	return err
}

// Flush implements http.Flusher.
func (a *access) Flush() { _ = a.FlushError() }

// FlushError is what http.ResponseController flushes with.
func (a *access) FlushError() error {
	if !a.offers(func(w http.ResponseWriter) bool {
		_, plain := w.(http.Flusher)
		_, fails := w.(interface{ FlushError() error })
		return plain || fails
	}) {
		return http.ErrNotSupported
	}
	if !a.release(http.StatusOK) {
		return ErrWithheld
	}
	return a.wrote(0, http.NewResponseController(a.w).Flush())
}

// Hijack implements http.Hijacker. From then on the handler writes to the
// connection itself; it is closed if a later entry cannot be appended.
func (a *access) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if a.request.ProtoMajor > 1 || !a.offers(func(w http.ResponseWriter) bool { _, ok := w.(http.Hijacker); return ok }) {
		return nil, nil, http.ErrNotSupported
	}
	if !a.release(http.StatusSwitchingProtocols) {
		return nil, nil, ErrWithheld
	}
	conn, rw, err := http.NewResponseController(a.w).Hijack()
	if err == nil {
		a.conn.Store(&conn)
		if a.closed.Load() {
			_ = conn.Close()
		}
	}
	return conn, rw, err
}

// offers tells whether the server's writer, or one that it wraps, has a method.
func (a *access) offers(has func(http.ResponseWriter) bool) bool {
	w := a.w
	for {
		if has(w) {
			return true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = u.Unwrap()
	}
}

// SetReadDeadline is for http.ResponseController.
func (a *access) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(a.w).SetReadDeadline(t)
}

// SetWriteDeadline is for http.ResponseController.
func (a *access) SetWriteDeadline(t time.Time) error {
	if a.closed.Load() {
		return ErrWithheld
	}
	return http.NewResponseController(a.w).SetWriteDeadline(t)
}

// EnableFullDuplex is for http.ResponseController.
func (a *access) EnableFullDuplex() error {
	return http.NewResponseController(a.w).EnableFullDuplex()
}

// end records how the access ended, after the handler returned or panicked.
func (a *access) end() {
	a.ending.Store(true)
	if !a.returned {
		v := recover()
		outcome, reason := audit.MajorFailure, "the handler panicked"
		if v == http.ErrAbortHandler {
			outcome, reason = audit.SeriousFailure, "the handler broke off"
		}
		_ = a.scope.Record(outcome, a.reason(reason))
		a.scope.Close()
		if v != nil {
			panic(v)
		}
		return // runtime.Goexit goes on
	}
	switch {
	case a.open.Load() && a.brokenOff():
		_ = a.scope.Record(audit.MinorFailure, a.reason("the answer broke off after "+strconv.FormatInt(a.written.Load(), 10)+" bytes"))
	case !a.open.Load() && !a.closed.Load() && a.ctx.Err() != nil:
		if a.scope.Record(audit.MinorFailure, a.reason("the client went away before the answer")) != nil {
			a.refuse()
		}
	default:
		a.release(http.StatusOK)
	}
	a.scope.Close()
	if a.closed.Load() {
		clear(a.w.Header()) // trailers
		if !a.refused && a.conn.Load() == nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// reason is what an entry says of its outcome, sealed: nothing under
// BestEffort, where nothing is sealed.
func (a *access) reason(text string) string {
	if a.m.opt.Mode(a.scope.Event()) == BestEffort {
		return ""
	}
	return text
}

// brokenOff tells whether the client cannot have got the whole answer, as far
// as that shows: what the server has in its buffers when the handler returns
// may still fail to arrive.
func (a *access) brokenOff() bool {
	if a.conn.Load() != nil || a.closed.Load() {
		return false
	}
	declared := a.w.Header()["Content-Length"]
	length, known := int64(0), false
	if len(declared) == 1 {
		n, err := strconv.ParseInt(declared[0], 10, 64)
		length, known = n, err == nil
	}
	body := a.request.Method != http.MethodHead && a.status >= 200 && !slices.Contains([]int{http.StatusNoContent, http.StatusNotModified}, a.status)
	switch {
	case a.failed.Load():
		return true
	case !body:
		return false
	case known:
		return a.written.Load() < length
	}
	return a.ctx.Err() != nil
}
