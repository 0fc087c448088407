package auditslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditslog"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// attrsOf writes an event as attributes, as a caller would.
func attrsOf(e audit.Event) []slog.Attr {
	extra := []any{}
	for k, v := range e.Extra {
		extra = append(extra, slog.String(k, v))
	}
	return []slog.Attr{
		slog.Any("action", e.Action), slog.String("outcome", string(e.Outcome)), slog.Any("purpose", e.Purpose), slog.Any("policy", e.Policy),
		slog.Group("actor", "id", e.Actor.ID, "role", e.Actor.Role), slog.Group("client", "addr", e.Client.Addr),
		slog.Group("object", "type", e.Object.Type, "labels", e.Object.Labels), slog.Group("request", "id", e.Request.ID, "route", e.Request.Route),
		slog.Bool("emergency", e.Emergency), slog.Time("occurred", e.Occurred), slog.String("patient", e.Patient), slog.String("object_id", e.ObjectID),
		slog.String("query", e.Query), slog.String("reason", e.Reason), slog.Any("disclosure", e.Disclosure), slog.Any("subjects", e.Subjects),
		slog.Group("extra", extra...),
	}
}

func drawEvent(t *rapid.T) audit.Event {
	code := rapid.StringMatching(`[a-z]{1,6}`)
	text := rapid.StringMatching(`planted [a-z]{1,6}`)
	e := audit.Event{
		Action: rapid.SampledFrom([]audit.Action{"C", "R", "U", "D", "E"}).Draw(t, "action"), Outcome: rapid.SampledFrom([]audit.Outcome{"0", "4", "8", "12"}).Draw(t, "outcome"),
		Purpose: []audit.Purpose{audit.Treatment, audit.BreakGlass}, Policy: rapid.SliceOfN(code, 0, 2).Draw(t, "policy"),
		Actor: audit.Actor{ID: code.Draw(t, "id"), Role: code.Draw(t, "role")}, Client: audit.Client{Addr: "192.0.2.7"},
		Object: audit.Object{Type: code.Draw(t, "type"), Labels: rapid.SliceOfN(code, 0, 2).Draw(t, "labels")}, Request: audit.Request{ID: code.Draw(t, "request"), Route: "/{x}"},
		Emergency: rapid.Bool().Draw(t, "emergency"), Occurred: time.UnixMicro(rapid.Int64Range(1, 4e15).Draw(t, "occurred")).UTC(),
		Patient: text.Draw(t, "patient"), ObjectID: text.Draw(t, "object_id"), Query: text.Draw(t, "query"), Reason: text.Draw(t, "reason"),
		Subjects: rapid.SliceOfN(text, 1, 2).Draw(t, "subjects"), Disclosure: json.RawMessage(`"planted"`), Extra: map[string]string{"planted": text.Draw(t, "extra")},
	}
	return e
}

func opened(t fatal, log *audit.Log) []audit.Event {
	var list []audit.Event
	for e, err := range log.Entries(context.Background(), "t/42", 0) {
		if err == nil {
			e, err = log.Open(context.Background(), e)
		}
		if err != nil {
			t.Fatalf("entries: %v", err)
		}
		list = append(list, e.Event)
	}
	return list
}

type fatal interface {
	Fatalf(format string, args ...any)
}

// An event is in the log as it was written, at whatever depth its group is and
// however it is divided between the logger and the record; the other handler
// gets all but what is sealed.
func TestHandlerLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log, err := audit.New(context.Background(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		var out bytes.Buffer
		h, err := auditslog.NewHandler(log, chain, slog.NewJSONHandler(&out, nil), func(_ context.Context, err error) { t.Fatalf("OnError: %v", err) }, nil)
		if err != nil {
			t.Fatalf("NewHandler: %v", err)
		}
		want := drawEvent(t)
		attrs := attrsOf(want)
		logger := slog.New(h).With("outer", 1)
		depth := rapid.IntRange(0, 2).Draw(t, "depth")
		for range depth {
			logger = logger.WithGroup("g").With("inner", 2)
		}
		switch rapid.SampledFrom([]string{"record", "both", "open group", "nested", "event", "pointer"}).Draw(t, "form") {
		case "record":
			logger.Info("message", slog.Attr{Key: "audit", Value: slog.GroupValue(attrs...)})
		case "both":
			cut := rapid.IntRange(1, len(attrs)-1).Draw(t, "cut")
			logger = logger.With(slog.Attr{Key: "audit", Value: slog.GroupValue(attrs[:cut]...)})
			logger.Info("message", slog.Attr{Key: "audit", Value: slog.GroupValue(attrs[cut:]...)})
		case "open group":
			cut := rapid.IntRange(1, len(attrs)-1).Draw(t, "cut")
			l := logger.WithGroup("audit")
			for _, a := range attrs[:cut] {
				l = l.With(a)
			}
			l.LogAttrs(context.Background(), slog.LevelInfo, "message", attrs[cut:]...)
		case "nested":
			logger.Info("message", slog.Group("deep", slog.Group("deeper", slog.Attr{Key: "audit", Value: slog.GroupValue(attrs...)})))
		case "event":
			logger.Info("message", "audit", want)
		case "pointer":
			logger.Info("message", "audit", &want)
		}
		list := opened(t, log)
		if len(list) != 1 {
			t.Fatalf("%d events, want one", len(list))
		}
		if diff := cmp.Diff(want, list[0], cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(audit.Event{})); diff != "" {
			t.Fatalf("event (-want +got):\n%s", diff)
		}
		if strings.Contains(out.String(), "planted") {
			t.Fatalf("sealed text went on: %s", out.String())
		}
		if !strings.Contains(out.String(), want.Actor.Role) || strings.Count(out.String(), `"[sealed]"`) != 7 || strings.Count(out.String(), `"inner":2`) != depth || !strings.Contains(out.String(), `"seq":0`) {
			t.Fatalf("not all went on: %s", out.String())
		}
	})
}

// handlerOf returns a logger with what it wrote and the errors it was told.
func handlerOf(t *testing.T, log auditslog.Appender) (*slog.Logger, *bytes.Buffer, *[]error) {
	t.Helper()
	var out bytes.Buffer
	var errs []error
	h, err := auditslog.NewHandler(log, chain, slog.NewJSONHandler(&out, nil), func(_ context.Context, err error) { errs = append(errs, err) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return slog.New(h), &out, &errs
}

// What is misspelt, or has no place, is kept, and kept secret.
func TestHandlerKeepsUnknown(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	logger, out, errs := handlerOf(t, log)
	logger.Info("opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9",
		"patiant", "planted 1", "n", 7, slog.Group("deep", "x", "planted 2"), slog.Group("object", "name", "planted 3"), "extra", map[string]string{"k": "planted 4"}, slog.Group("", "subtype", "read")))
	list := opened(fatalOf{t}, log)
	if len(list) != 1 || len(*errs) != 0 {
		t.Fatalf("%d events, errors %v", len(list), *errs)
	}
	want := map[string]string{"patiant": "planted 1", "n": "7", "deep.x": "planted 2", "object.name": "planted 3", "k": "planted 4"}
	if diff := cmp.Diff(want, list[0].Extra); diff != "" {
		t.Errorf("extra (-want +got):\n%s", diff)
	}
	if list[0].Reason != "opened" || len(list[0].Subtype) != 1 || list[0].Occurred.IsZero() {
		t.Errorf("event %v with reason %q, want the message, the subtype and the record's time", list[0], list[0].Reason)
	}
	if strings.Contains(out.String(), "planted") {
		t.Errorf("went on: %s", out)
	}
}

type fatalOf struct{ *testing.T }

type failing struct{ err error }

func (f failing) Append(context.Context, string, audit.Event) (audit.Receipt, error) {
	return audit.Receipt{}, f.err
}

// Each event that is not appended is told, and nothing of a refused one goes on.
func TestHandlerTellsErrors(t *testing.T) {
	t.Parallel()
	logger, out, errs := handlerOf(t, failing{audit.ErrFull})
	logger.Info("opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9", "patient", "planted"))
	logger.Info("twice", slog.Group("a", slog.Group("audit", "action", "R")), slog.Group("b", slog.Group("audit", "action", "R")))
	if len(*errs) != 3 || !errors.Is((*errs)[0], audit.ErrFull) {
		t.Errorf("told %v, want ErrFull three times", *errs)
	}
	if !strings.Contains(out.String(), `"error":"audit: no space left`) || !strings.Contains(out.String(), "u-9") || strings.Contains(out.String(), "planted") {
		t.Errorf("went on: %s", out)
	}

	logger, out, errs = handlerOf(t, newLog(t))
	logger.Info("opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "123-45-6789", "patient", "planted"))
	logger.Info("opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9", "emergency", "planted", "occurred", "planted", "client", "planted", "payload", func() {}))
	var fields baakit.FieldErrors
	if len(*errs) != 2 || !errors.As((*errs)[0], &fields) || !errors.As((*errs)[1], &fields) || len(fields) != 4 {
		t.Errorf("told %v, want field errors twice, the second of four fields", *errs)
	}
	if strings.Contains(out.String(), "45-6789") || strings.Contains(out.String(), "planted") {
		t.Errorf("went on: %s", out)
	}
	h, err := auditslog.NewHandler(failing{audit.ErrFull}, chain, nil, func(context.Context, error) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
	r.AddAttrs(slog.Group("audit", "action", "R"))
	if err := h.Handle(t.Context(), r); !errors.Is(err, audit.ErrFull) {
		t.Errorf("Handle = %v, want ErrFull", err)
	}
}

// No level and no context keeps an event out of the log; the other records
// obey both.
func TestHandlerLevels(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	logger, out, errs := handlerOf(t, log) // of level Info
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	logger.DebugContext(ctx, "opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9"))
	logger.DebugContext(ctx, "plain")
	if n := len(opened(fatalOf{t}, log)); n != 1 || len(*errs) != 0 || out.Len() != 0 {
		t.Errorf("%d events, %v, went on: %s; want one event and nothing else", n, *errs, out)
	}
	logger.Info("plain", "audit", "only a word", slog.Group("audit"))
	if n := len(opened(fatalOf{t}, log)); n != 1 || !strings.Contains(out.String(), "only a word") {
		t.Errorf("%d events, went on: %s; want no further event", n, out)
	}
}

func TestHandlerConcurrent(t *testing.T) {
	t.Parallel()
	log := newLog(t)
	h, err := auditslog.NewHandler(log, chain, slog.DiscardHandler, func(_ context.Context, err error) { t.Error(err) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(h).WithGroup("audit").With("action", "R", "outcome", "0")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l := logger.With("actor", "u-9")
			for range 50 {
				l.Info("opened", "patient", "p-1")
			}
		})
	}
	wg.Wait()
	if n := len(opened(fatalOf{t}, log)); n != 400 {
		t.Errorf("%d events, want 400", n)
	}
}

func TestNewHandlerRequires(t *testing.T) {
	t.Parallel()
	_, err := auditslog.NewHandler(nil, nil, nil, nil, &auditslog.HandlerOptions{Timeout: -1})
	for _, field := range []string{"log", "chain", "on_error", "timeout"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("NewHandler = %v, want the field %s", err, field)
		}
	}
	if _, err := auditslog.NewHandler(newLog(t), chain, slog.DiscardHandler, nil, nil); err == nil {
		t.Error("NewHandler without onError = nil, want an error")
	}
}

func BenchmarkHandler(b *testing.B) {
	log := newLog(b)
	h, err := auditslog.NewHandler(log, chain, slog.DiscardHandler, func(_ context.Context, err error) { b.Error(err) }, nil)
	if err != nil {
		b.Fatal(err)
	}
	logger := slog.New(h)
	b.Run("plain record", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			logger.Info("cache filled", "items", 3)
		}
	})
	b.Run("event", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			logger.Info("opened", slog.Group("audit", "action", "R", "outcome", "0", "actor", "u-9", "patient", "p-1"))
		}
	})
}
