package audithttp

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// An Appender is the log, as far as the middleware uses it: AppendAll appends
// all events or none and returns nil when they are durable. An [audit.Log] is
// one.
type Appender interface {
	AppendAll(ctx context.Context, chain string, events ...audit.Event) ([]audit.Receipt, error)
}

var _ Appender = (*audit.Log)(nil)

// A Mode says what becomes of an access that cannot be logged.
type Mode uint8

const (
	// Require answers 503 and sends nothing of the handler's.
	Require Mode = iota

	// Spill keeps the entry in the [SpillJournal] and lets the answer go on;
	// if that fails too, it is Require.
	Spill

	// BestEffort lets the answer go on and the entry be lost. It is for what
	// concerns no patient: an event with anything in its sealed part is
	// Require after all, and the address of the request is not recorded.
	BestEffort
)

// Options of a [Middleware]; nil means the defaults.
type Options struct {
	// Mode says how an access is treated. It is asked each time that
	// something is to be recorded, with what the handler has said by then. nil
	// means Spill for emergency access if there is a Spill journal, and
	// Require for everything else.
	Mode func(audit.Event) Mode

	// Spill is where entries go that the log cannot take.
	Spill *SpillJournal

	// Alarm is told of every access that could not be logged as it should
	// be, before the answer goes out. It is called by the goroutine that
	// serves the request. Required with Spill or Mode: nothing is spilled or
	// lost silently.
	Alarm func(context.Context, Alarm)

	// Outcome turns the status of an answer into an outcome; nil means
	// [OutcomeOf].
	Outcome func(status int) audit.Outcome

	// RequestID returns the identifier of a request, which also is sent back
	// as X-Request-Id; nil means [RequestID]. It stands in clear in the log.
	RequestID func(*http.Request) string

	// Trace returns trace and span of a request; nil means [TraceParent].
	Trace func(*http.Request) (trace, span string)

	// Query returns what is recorded, sealed, as Event.Query; nil means the
	// request's path and query as they came.
	Query func(*http.Request) string

	// Timeout is how long an append may take; 0 means 10 seconds. It does not
	// end because the client went away. Under Require an entry that the store
	// is writing already is waited for; the client gets nothing meanwhile.
	Timeout time.Duration
}

const defaultTimeout = 10 * time.Second

// An Alarm tells that an access could not be logged as it should be.
type Alarm struct {
	What  What
	Chain string
	Event audit.Event // of the first patient, without those of the others
	Count int         // of entries
	Err   error       // of the append
}

// What happened to an access.
type What string

const (
	Refused    What = "refused"    // nothing of the handler's was sent: 503
	Broken     What = "broken"     // the answer was under way, and was cut off
	Spilled    What = "spilled"    // the entries are in the spill journal
	Lost       What = "lost"       // of an event under BestEffort: the entries are nowhere
	Unrecorded What = "unrecorded" // an entry in the log says that the access ended better than it did
)

// A Middleware audits handlers. It is immutable and safe for concurrent use.
type Middleware struct {
	log   Appender
	chain func(*http.Request) string
	event func(*http.Request) (audit.Event, bool)
	opt   Options
}

// New returns a middleware. chain says to which chain of the log a request
// belongs, such as the tenant's; event what is known of it from outside, at
// least the Actor, or false if it is not to be audited. The middleware fills
// in what is empty of Action, Client.Addr, Request and Query, and the Outcome.
//
// Its error is a [baakit.FieldErrors] of missing arguments.
func New(log Appender, chain func(*http.Request) string, event func(*http.Request) (audit.Event, bool), opt *Options) (*Middleware, error) {
	m := &Middleware{log: log, chain: chain, event: event}
	if opt != nil {
		m.opt = *opt
	}
	var errs baakit.FieldErrors
	if log == nil {
		errs.Add("log", "is required")
	}
	if chain == nil {
		errs.Add("chain", "is required")
	}
	if event == nil {
		errs.Add("event", "is required")
	}
	if m.opt.Alarm == nil && (m.opt.Spill != nil || m.opt.Mode != nil) {
		errs.Add("alarm", "is required with a mode or a spill journal")
	}
	if m.opt.Timeout < 0 {
		errs.Add("timeout", "must not be negative")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if m.opt.Mode == nil {
		m.opt.Mode = m.mode
	}
	if m.opt.Alarm == nil {
		m.opt.Alarm = func(context.Context, Alarm) {}
	}
	if m.opt.Outcome == nil {
		m.opt.Outcome = OutcomeOf
	}
	if m.opt.RequestID == nil {
		m.opt.RequestID = RequestID
	}
	if m.opt.Trace == nil {
		m.opt.Trace = TraceParent
	}
	if m.opt.Query == nil {
		m.opt.Query = rawQuery
	}
	if m.opt.Timeout == 0 {
		m.opt.Timeout = defaultTimeout
	}
	return m, nil
}

func (m *Middleware) mode(e audit.Event) Mode {
	if e.Emergency && m.opt.Spill != nil {
		return Spill
	}
	return Require
}

// Handler returns next with every request audited.
func (m *Middleware) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, ok := m.event(r)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		a := m.begin(w, r, e)
		defer a.end()
		if !audit.ValidChain(a.chain) || a.chain == audit.System {
			// No entry can be appended: the handler had better not run.
			_ = a.scope.Record(audit.MajorFailure, "")
			a.refuse()
		} else {
			next.ServeHTTP(a, a.request)
		}
		a.returned = true
	})
}

// begin prepares the access: whatever is in the request and may be in clear
// is put into typed fields, the rest is sealed or left out.
func (m *Middleware) begin(w http.ResponseWriter, r *http.Request, e audit.Event) *access {
	if e.Action == "" {
		e.Action = actionOf(r.Method)
	}
	if e.Client.Addr == "" {
		e.Client.Addr = clientAddr(r.RemoteAddr)
	}
	if e.Request.ID == "" {
		e.Request.ID = m.opt.RequestID(r)
	}
	if e.Request.Trace == "" && e.Request.Span == "" {
		e.Request.Trace, e.Request.Span = m.opt.Trace(r)
	}
	a := &access{m: m, w: w, ctx: r.Context(), chain: m.chain(r), query: m.opt.Query(r)}
	header := w.Header()
	if len(header) > 0 {
		a.outer = header.Clone()
	}
	if e.Request.ID != "" {
		header[requestIDHeader] = []string{e.Request.ID}
	}
	a.scope = audit.NewScope(e, a.write)
	ctx := context.WithValue(a.scope.Context(a.ctx), accessKey{}, a)
	a.request = r.WithContext(ctx)
	return a
}

type accessKey struct{}

// WasSpilled reports whether entries of the access that a context belongs to
// are in the spill journal instead of the log. The answer says so too, in the
// header Audit-Spilled, if its header was not yet sent.
func WasSpilled(ctx context.Context) bool {
	a, _ := ctx.Value(accessKey{}).(*access)
	return a != nil && a.spilled.Load()
}

// append appends to the log. The client's going away does not end it, the
// timeout does. If there is somewhere else to go it is left behind even if the
// log is stuck in its store, and then may or may not end in an entry; that
// costs a goroutine.
func (m *Middleware) append(ctx context.Context, chain string, events []audit.Event, mode Mode) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.opt.Timeout)
	defer cancel()
	if mode == Require {
		_, err := m.log.AppendAll(ctx, chain, events...)
		return err
	}
	done := make(chan error, 1)
	go func() {
		_, err := m.log.AppendAll(ctx, chain, events...)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.Join(audit.ErrUncertain, ctx.Err())
	}
}

// OutcomeOf returns the outcome of an answer with a status, as the code
// system audit-event-outcome of HL7 FHIR R4 and RFC 3881, 5.1.4 describe them:
//
//	1xx to 3xx      0   success
//	403             8   the action was terminated
//	other 4xx       4   the action can be tried again
//	502, 503, 504  12   the system is not available
//	other 5xx       8   an unexpected error
//
// Handlers that panic have 12, and with [http.ErrAbortHandler] 8. Whatever is
// no status has 12.
func OutcomeOf(status int) audit.Outcome {
	switch {
	case status >= 100 && status < 400:
		return audit.Success
	case status == http.StatusForbidden:
		return audit.SeriousFailure
	case status >= 400 && status < 500:
		return audit.MinorFailure
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return audit.MajorFailure
	case status >= 500 && status < 600:
		return audit.SeriousFailure
	}
	return audit.MajorFailure
}

func actionOf(method string) audit.Action {
	switch method {
	case http.MethodGet, http.MethodHead, "":
		return audit.ActionRead
	case http.MethodPost:
		return audit.ActionCreate
	case http.MethodPut, http.MethodPatch:
		return audit.ActionUpdate
	case http.MethodDelete:
		return audit.ActionDelete
	}
	return audit.ActionExecute
}

// clientAddr returns the address of a connection's other end, if it is one.
func clientAddr(remote string) string {
	if p, err := netip.ParseAddrPort(remote); err == nil {
		return p.Addr().Unmap().WithZone("").String()
	}
	if a, err := netip.ParseAddr(remote); err == nil {
		return a.Unmap().WithZone("").String()
	}
	return ""
}

func rawQuery(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return strings.ToValidUTF8(r.URL.EscapedPath(), "�")
	}
	return strings.ToValidUTF8(r.URL.EscapedPath()+"?"+r.URL.RawQuery, "�")
}
