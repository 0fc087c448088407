package deidslog

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/baakit/baakit/deid"
)

// Redacted is what shows in the place of a value.
const Redacted = "[redacted]"

// Options say what is vouched for. The zero Options, or nil, vouch for
// nothing.
type Options struct {
	// Keys are those whose values show. An entry is a key, wherever it
	// stands, "status", or the path of its groups and the key, joined by
	// dots: "http.status". That of a group vouches for all that is inside.
	Keys []string

	// AllKeys is as if Keys listed every key: only tags, types and shapes
	// take something out.
	AllKeys bool
}

// A filter is a compiled Options. It is immutable.
type filter struct {
	keys   map[string]bool
	all    bool
	leaves bool // mark what was let through, for ReplaceAttr
}

func newFilter(opts *Options) *filter {
	f := &filter{keys: make(map[string]bool)}
	if opts != nil {
		f.all = opts.AllKeys
		for _, key := range opts.Keys {
			f.keys[key] = true
		}
	}
	return f
}

// vouches reports whether the options list the key below the groups.
func (f *filter) vouches(groups []string, key string) bool {
	if f.all || f.keys[key] {
		return true
	}
	return len(groups) > 0 && f.keys[strings.Join(groups, ".")+"."+key]
}

// text returns a text that may show, or what shows in its place.
func text(s string) string {
	if !deid.ShapeOf(s).IsZero() {
		return Redacted
	}
	return s
}

// attr treats an attribute below groups.
func (f *filter) attr(groups []string, a slog.Attr, vouched bool) slog.Attr {
	w := walk{filter: f, left: maxValues}
	return w.attr(groups, a, vouched, 0)
}

// A handler filters what it passes on.
type handler struct {
	next    slog.Handler
	filter  *filter
	groups  []string
	vouched bool // by the key of a group
}

// NewHandler returns a handler that passes on to next what the package
// documentation says, and nothing else. It is safe for concurrent use if next
// is; nil Options vouch for nothing.
func NewHandler(next slog.Handler, opts *Options) slog.Handler {
	return &handler{next: next, filter: newFilter(opts)}
}

// Enabled reports what the next handler reports.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes a filtered copy of the record on.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, text(r.Message), r.PC)
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, h.filter.attr(h.groups, a, h.vouched))
		return true
	})
	out.AddAttrs(attrs...)
	return h.next.Handle(ctx, out)
}

// WithAttrs filters the attributes now.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	list := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		list = append(list, h.filter.attr(h.groups, a, h.vouched))
	}
	own := *h
	own.next = h.next.WithAttrs(list)
	return &own
}

// WithGroup opens a group, whose name can vouch for what is inside.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	own := *h
	own.vouched = h.vouched || h.filter.vouches(h.groups, name)
	own.groups = append(slices.Clip(h.groups), name)
	own.next = h.next.WithGroup(text(name))
	return &own
}

// ReplaceAttr returns a function for [slog.HandlerOptions].ReplaceAttr that
// does what [NewHandler] does, for handlers that take one. Nil Options vouch for
// nothing.
//
// Such a function cannot tell the record's own time, level, source and message
// from attributes of the same key and type outside all groups, and lets a
// time.Time, a slog.Level, a *slog.Source and a message without a shape through
// under these keys; it does not see the names of groups, nor stop a
// slog.LogValuer that gives a group with itself inside. A handler around the
// handler has none of these limits.
func ReplaceAttr(opts *Options) func(groups []string, a slog.Attr) slog.Attr {
	f := newFilter(opts)
	f.leaves = true
	return func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && builtIn(a) {
			if a.Key == slog.MessageKey {
				a.Value = slog.StringValue(text(a.Value.String()))
			}
			return a
		}
		vouched := false
		for i := range groups {
			vouched = vouched || f.vouches(groups[:i], groups[i])
		}
		return f.attr(groups, a, vouched)
	}
}

// builtIn reports whether the attribute could be one of the record itself.
func builtIn(a slog.Attr) bool {
	switch a.Key {
	case slog.TimeKey:
		return a.Value.Kind() == slog.KindTime
	case slog.MessageKey:
		return a.Value.Kind() == slog.KindString
	case slog.LevelKey:
		_, ok := a.Value.Any().(slog.Level)
		return ok
	case slog.SourceKey:
		_, ok := a.Value.Any().(*slog.Source)
		return ok
	}
	return false
}
