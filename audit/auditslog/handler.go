package auditslog

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// Group is the name of the groups that become events.
const Group = "audit"

// An Appender is the log, as far as a [Handler] uses it. An [audit.Log] is one.
type Appender interface {
	Append(ctx context.Context, chain string, e audit.Event) (audit.Receipt, error)
}

var _ Appender = (*audit.Log)(nil)

// HandlerOptions of a [Handler]; nil means the defaults.
type HandlerOptions struct {
	// Timeout is how long an append may take; 0 means 10 seconds. It does not
	// end because the record's context does.
	Timeout time.Duration
}

// A Handler is a slog.Handler that appends events to a log. It is immutable
// and safe for concurrent use.
type Handler struct {
	*common
	scopes []scope
	plain  slog.Handler // next with the scopes
	audits bool         // the scopes have an audit group
}

type common struct {
	log     Appender
	chain   func(context.Context) string
	next    slog.Handler
	onError func(context.Context, error)
	timeout time.Duration
}

// A scope is what one WithGroup or WithAttrs added.
type scope struct {
	group string
	attrs []slog.Attr
}

// NewHandler returns a handler. chain says to which chain of the log an event
// belongs; next, which may be nil, gets every record, with nothing sealed in
// it; onError is told of each event that was not appended, and of why, on the
// goroutine that logged. It must not log an event itself.
//
// Its error is a [baakit.FieldErrors] of missing arguments: onError is required
// because nobody else learns of it.
func NewHandler(log Appender, chain func(context.Context) string, next slog.Handler, onError func(context.Context, error), opt *HandlerOptions) (*Handler, error) {
	var errs baakit.FieldErrors
	if log == nil {
		errs.Add("log", "is required")
	}
	if chain == nil {
		errs.Add("chain", "is required")
	}
	if onError == nil {
		errs.Add("on_error", "is required")
	}
	c := &common{log: log, chain: chain, next: next, onError: onError, timeout: 10 * time.Second}
	if opt != nil && opt.Timeout != 0 {
		if c.timeout = opt.Timeout; c.timeout < 0 {
			errs.Add("timeout", "must not be negative")
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if next == nil {
		c.next = slog.DiscardHandler
	}
	return &Handler{common: c, plain: c.next}, nil
}

// Enabled returns true: whether a record has an event shows only later.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	w := *h
	w.scopes = append(slices.Clip(h.scopes), scope{attrs: slices.Clone(attrs)})
	w.audits = h.audits || slices.ContainsFunc(attrs, isAudit)
	if !w.audits {
		w.plain = h.plain.WithAttrs(attrs)
	}
	return &w
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	w := *h
	w.scopes = append(slices.Clip(h.scopes), scope{group: name})
	w.audits = h.audits || name == Group
	if !w.audits {
		w.plain = h.plain.WithGroup(name)
	}
	return &w
}

// Handle appends the events of a record and hands it on. Its error, which a
// slog.Logger drops, is that of the appends and of the other handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	audits := h.audits
	r.Attrs(func(a slog.Attr) bool {
		audits = audits || isAudit(a)
		return !audits
	})
	if !audits {
		if !h.plain.Enabled(ctx, r.Level) {
			return nil
		}
		return h.plain.Handle(ctx, r)
	}
	x := extraction{h: h, ctx: ctx, record: &r}
	attrs := x.list(h.tree(r))
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	out.AddAttrs(attrs...)
	if h.next.Enabled(ctx, r.Level) {
		x.errs = append(x.errs, h.next.Handle(ctx, out))
	}
	return errors.Join(x.errs...)
}

// isAudit tells whether an attribute holds an audit group at any depth.
func isAudit(a slog.Attr) bool {
	v := a.Value
	if a.Key == Group {
		if _, ok := eventIn(v); ok {
			return true
		}
	}
	v = v.Resolve()
	if v.Kind() != slog.KindGroup {
		return false
	}
	return a.Key == Group && len(v.Group()) > 0 || slices.ContainsFunc(v.Group(), isAudit)
}

func eventIn(v slog.Value) (audit.Event, bool) {
	switch e := v.Any().(type) {
	case audit.Event:
		return e, true
	case *audit.Event:
		if e != nil {
			return *e, true
		}
	}
	return audit.Event{}, false
}

// tree returns all attributes of a record, with those of the scopes, in groups.
func (h *Handler) tree(r slog.Record) []slog.Attr {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, s := range slices.Backward(h.scopes) {
		switch {
		case s.group == "":
			attrs = append(slices.Clone(s.attrs), attrs...)
		case len(attrs) > 0:
			attrs = []slog.Attr{{Key: s.group, Value: slog.GroupValue(attrs...)}}
		}
	}
	return attrs
}

// An extraction appends the events of one record.
type extraction struct {
	h      *Handler
	ctx    context.Context
	record *slog.Record
	errs   []error
}

// list appends the events in a list of attributes and returns the list with
// what may be shown of them.
func (x *extraction) list(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, 0, len(attrs))
	var group []slog.Attr
	at := -1
	for _, a := range attrs {
		if a.Key == Group {
			if e, ok := eventIn(a.Value); ok {
				out = append(out, x.append(e, nil))
				continue
			}
		}
		a.Value = a.Value.Resolve()
		switch {
		case a.Value.Kind() != slog.KindGroup:
		case a.Key == Group:
			if at < 0 {
				at = len(out)
				out = append(out, slog.Attr{})
			}
			group = append(group, a.Value.Group()...)
			continue
		case a.Key == "": // its members are this list's
			out = append(out, x.list(a.Value.Group())...)
			continue
		default:
			a.Value = slog.GroupValue(x.list(a.Value.Group())...)
		}
		out = append(out, a)
	}
	if len(group) > 0 {
		e, err := eventOf(group)
		out[at] = x.append(e, err)
	}
	return out
}

// append appends an event and returns what may be shown of it.
func (x *extraction) append(e audit.Event, err error) slog.Attr {
	if e.Occurred.IsZero() {
		e.Occurred = x.record.Time
	}
	if e.Reason == "" {
		e.Reason = valid(x.record.Message)
	}
	chain := x.h.chain(x.ctx)
	var receipt audit.Receipt
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), x.h.timeout)
		receipt, err = x.h.log.Append(ctx, chain, e)
		cancel()
	}
	if err == nil {
		shown := append(e.LogValue().Group(), slog.String("chain", receipt.Chain), slog.Uint64("seq", receipt.Seq))
		return slog.Attr{Key: Group, Value: slog.GroupValue(shown...)}
	}
	x.errs = append(x.errs, err)
	x.h.onError(x.ctx, err)
	var fields baakit.FieldErrors
	if errors.As(err, &fields) {
		// Its clear fields are not what they have to be.
		return slog.Group(Group, slog.String("error", err.Error()))
	}
	return slog.Attr{Key: Group, Value: slog.GroupValue(append(e.LogValue().Group(), slog.String("error", err.Error()))...)}
}
