package deidslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidslog"
)

// secret stands for any identifier: nothing of it may be in a log.
const secret = "Quillfeather"

type patient struct {
	Name     string `json:"name" deid:"name"`
	MRN      int    `deid:"mrn,keep"`
	Code     string `json:"code,omitempty" deid:"term"`
	Sex      string `deid:"keep"`
	Note     string `deid:"text,keep"`
	Room     string // no tag
	Hidden   string `json:"-" deid:"keep"`
	Wrong    string `deid:"nmae"`
	Active   bool
	Home     *home              `deid:"dive"`
	Visits   []visit            `deid:"dive"`
	Labs     map[string]string  `deid:"term,keys=keep"`
	ByKind   map[string]home    `deid:"dive,keys=keep"`
	Unlisted map[string]string  `deid:"term"`
	Plain    settings           `deid:"dive"`
	Any      any                `deid:"dive"`
	Held     deid.Value[string] `deid:"keep"`
	own      string
}

type home struct {
	Street string `deid:"street"`
	State  string `deid:"state"`
	Kind   string `deid:"keep"`
}

type visit struct {
	On     baakit.Date `deid:"date"`
	At     time.Time   `deid:"date"`
	Reason string      `deid:"term"`
}

type settings struct{ Place string }

func example() patient {
	return patient{
		secret, 81350729, "I10", "F", secret, secret, secret, secret, true, &home{secret, "IA", "work"},
		[]visit{{baakit.MustParseDate("2019-05-06"), time.Date(2019, 5, 6, 1, 2, 3, 0, time.UTC), "E11.9"}},
		map[string]string{"a1c": "6.1 %", "seen": "on 2019-05-06"},
		map[string]home{"work": {Kind: "office", Street: secret}},
		map[string]string{secret: secret},
		settings{secret},
		visit{Reason: "J45"},
		deid.Hide(secret), secret,
	}
}

const wantPatient = `{"name":"[redacted]","MRN":"[redacted]","code":"I10","Sex":"F","Note":"[redacted]","Room":"[redacted]","Wrong":"[redacted]","Active":true,` +
	`"Home":{"Street":"[redacted]","State":"[redacted]","Kind":"work"},"Visits":[{"At":"[redacted]","On":"[redacted]","Reason":"E11.9"}],` +
	`"Labs":{"a1c":"6.1 %","seen":"[redacted]"},"ByKind":{"work":{"Kind":"office","State":"[redacted]","Street":"[redacted]"}},"Unlisted":"[redacted]",` +
	`"Plain":"[redacted]","Any":{"On":"[redacted]","At":"[redacted]","Reason":"J45"},"Held":"[redacted]"}`

// A way is one of the two ways of the package over one of the two handlers of
// log/slog.
type way struct {
	name string
	make func(b *bytes.Buffer, opts *deidslog.Options) slog.Handler
}

var jsonWays = []way{
	{"handler", func(b *bytes.Buffer, opts *deidslog.Options) slog.Handler {
		return deidslog.NewHandler(slog.NewJSONHandler(b, nil), opts)
	}},
	{"ReplaceAttr", func(b *bytes.Buffer, opts *deidslog.Options) slog.Handler {
		return slog.NewJSONHandler(b, &slog.HandlerOptions{ReplaceAttr: deidslog.ReplaceAttr(opts)})
	}},
}

var ways = append(jsonWays[:len(jsonWays):len(jsonWays)],
	way{"handler, text", func(b *bytes.Buffer, opts *deidslog.Options) slog.Handler {
		return deidslog.NewHandler(slog.NewTextHandler(b, nil), opts)
	}},
	way{"ReplaceAttr, text", func(b *bytes.Buffer, opts *deidslog.Options) slog.Handler {
		return slog.NewTextHandler(b, &slog.HandlerOptions{ReplaceAttr: deidslog.ReplaceAttr(opts)})
	}},
	way{"both", func(b *bytes.Buffer, opts *deidslog.Options) slog.Handler {
		return deidslog.NewHandler(slog.NewJSONHandler(b, &slog.HandlerOptions{AddSource: true, ReplaceAttr: deidslog.ReplaceAttr(&deidslog.Options{AllKeys: true})}), opts)
	}},
)

func TestSlogtest(t *testing.T) {
	t.Parallel()
	for _, opts := range []*deidslog.Options{{AllKeys: true}, {Keys: []string{"a", "b", "c", "d", "e", "f", "k", "x", "G", "H"}}} {
		for _, w := range jsonWays {
			var b bytes.Buffer
			slogtest.Run(t, func(*testing.T) slog.Handler { b.Reset(); return w.make(&b, opts) }, func(t *testing.T) map[string]any {
				var m map[string]any
				if err := json.Unmarshal(b.Bytes(), &m); err != nil {
					t.Fatalf("%s: %v: %s", w.name, err, b.Bytes())
				}
				return m
			})
		}
	}
	// It is the same when nothing is vouched for, as far as the keys go.
	var b bytes.Buffer
	h := deidslog.NewHandler(slog.NewJSONHandler(&b, nil), nil)
	if err := slogtest.TestHandler(h, func() []map[string]any {
		text := strings.ReplaceAll(b.String(), "[redacted]", "v")
		var list []map[string]any
		for line := range strings.Lines(text) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			list = append(list, m)
		}
		return list
	}); err != nil && strings.Contains(err.Error(), "missing key") {
		t.Error(err)
	}
}

// logged returns the line without time, level and message.
func logged(b *bytes.Buffer) string {
	_, rest, _ := strings.Cut(b.String(), `"msg":`)
	_, rest, _ = strings.Cut(rest, ",")
	return "{" + strings.TrimSuffix(rest, "\n")
}

func TestStruct(t *testing.T) {
	t.Parallel()
	p := example()
	var nothing *patient
	for _, w := range jsonWays {
		for _, opts := range []*deidslog.Options{nil, {AllKeys: true}, {Keys: []string{"p"}}} {
			for _, v := range []any{p, &p, stringer{p}, deepValuer{&p}} {
				var b bytes.Buffer
				slog.New(w.make(&b, opts)).Info("stored", "p", v)
				want := `{"p":` + wantPatient + "}"
				if got := logged(&b); got != want {
					t.Errorf("%s, %+v, %T:\n%s\nwant\n%s", w.name, opts, v, got, want)
				}
			}
		}
		var b bytes.Buffer
		slog.New(w.make(&b, nil)).Info("stored", "list", []patient{p}, "nil", nothing, "none", nil, "map", map[string]patient{secret: p}, "array", [1]*home{{Kind: "a"}})
		if got := logged(&b); strings.Contains(got, secret) || !strings.Contains(got, `"list":[{"Active":true,`) || !strings.Contains(got, `"nil":null,"none":null,"map":"[redacted]","array":[{"Kind":"a"`) {
			t.Errorf("%s: %s", w.name, got)
		}
	}
}

// A stringer embeds a tagged struct: the tags go before the method.
type stringer struct{ patient }

func (stringer) String() string { return secret }

type deepValuer struct{ v any }

func (d deepValuer) LogValue() slog.Value { return slog.AnyValue(d.v) }

type selfValuer struct{}

func (s selfValuer) LogValue() slog.Value { return slog.GroupValue(slog.Any("self", s)) }

type groupValuer struct{}

func (groupValuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", secret), slog.Any("p", example()), slog.Bool("ok", true))
}

type panicking struct{ how string }

func (p panicking) LogValue() slog.Value {
	if p.how == "LogValue" {
		panic(secret)
	}
	return slog.AnyValue(panics(p))
}

type panics struct{ how string }

func (p panics) String() string               { panic(secret) }
func (p panics) MarshalText() ([]byte, error) { panic(errors.New(secret)) }
func (p panics) Error() string                { panic(secret) }

type panicsInText struct{}

func (panicsInText) MarshalText() ([]byte, error) { panic(secret) }

type panicsInJSON struct{}

func (panicsInJSON) MarshalJSON() ([]byte, error) { panic(secret) }

// A roster writes itself, with what is in it.
type roster []patient

func (r roster) String() string { return r[0].Name }

type notFound struct {
	Name string `deid:"name"`
}

func (e *notFound) Error() string { return "no patient " + e.Name }

// A Knot embeds itself in more ways than one.
type (
	Knot struct {
		*Left
		*Right
		Name string
	}
	Left struct {
		*Right
		*Knot
	}
	Right struct {
		*Left
		*Knot
	}
)

type ring struct {
	Next, Other *ring
	Name        string
}

// Nothing that no tag and no key vouches for is logged, whatever holds it.
func TestNothingUnvouched(t *testing.T) {
	t.Parallel()
	loop := &ring{Name: secret}
	loop.Next, loop.Other = loop, loop
	p := example()
	things := map[string]any{
		"string": secret, "text": []byte(secret), "raw": json.RawMessage(`"` + secret + `"`), "slice": []string{secret}, "array": [2]string{secret}, "map": map[string]string{secret: secret},
		"pointer": &p.Name, "struct": settings{secret}, "anonymous": struct{ Name string }{secret}, "error": errors.New(secret), "wrapped": fmt.Errorf("%w", &notFound{secret}),
		"joined": errors.Join(&notFound{secret}), "valuer": deepValuer{secret}, "deep": deepValuer{deepValuer{&p}}, "valuer of error": deepValuer{errors.New(secret)}, "group valuer": groupValuer{},
		"in a slice": []any{groupValuer{}, deepValuer{secret}, &p}, "in a map": map[string]any{"a": groupValuer{}}, "tagged": p, "stringer": stringer{p},
		"value": deid.Hide(secret), "attr": slog.String("a", secret), "attrs": []slog.Attr{slog.String("a", secret)}, "slog value": slog.StringValue(secret),
		"panic": panicking{"LogValue"}, "panic below": panicking{""}, "panic in an error": panics{}, "panic in text": panicsInText{}, "in a valuer": deepValuer{panicsInText{}},
		"self": selfValuer{}, "ring": loop, "knot": &Knot{Name: secret}, "func": func() {}, "chan": make(chan string), "complex": complex(1, 2), "date": baakit.MustParseDate("1971-02-03"), "time": time.Date(1971, 2, 3, 0, 0, 0, 0, time.UTC), "mrn": 81350729,
		"address": netip.MustParseAddr("192.0.2.71"), "nested": []map[string][]any{{"a": {secret, p}}}, "pointer to any": new(any(secret)),
		"valuer inside": struct {
			A deepValuer  `deid:"dive"`
			B groupValuer `deid:"dive"`
		}{deepValuer{secret}, groupValuer{}},
	}
	for name, thing := range things {
		for _, w := range ways {
			if name == "self" && strings.HasPrefix(w.name, "ReplaceAttr") {
				continue // log/slog itself never comes back
			}
			var b bytes.Buffer
			l := slog.New(w.make(&b, nil))
			l.Info("m", "k", thing)
			l.With("k", thing).Info("m")
			l.WithGroup("g").With("k", thing).WithGroup("h").Info("m", "k", thing, slog.Group("i", slog.Any("k", thing), slog.Group("", slog.Any("k", thing))))
			l.Info("m", slog.Any("", thing))
			checkLog(t, w.name+", "+name, b.String(), 4)
		}
	}
}

// stamp is the time of a record, whose digits may be any.
var stamp = regexp.MustCompile(`(?m)"time":"[^"]*",|^time=\S+ `)

func checkLog(t testing.TB, name, out string, lines int) {
	t.Helper()
	if n := strings.Count(out, "\n"); n != lines {
		t.Errorf("%s: %d lines, want %d:\n%s", name, n, lines, out)
	}
	out = stamp.ReplaceAllString(out, "")
	for _, id := range []string{secret, strings.ToLower(secret), "1971", "81350729", "81 117", "UXVpbGx", "192.0.2.71"} {
		if strings.Contains(out, id) {
			t.Fatalf("%s: %q is in the log:\n%.600s", name, id, out)
		}
	}
	if strings.Contains(out, "PANIC") {
		t.Errorf("%s: a method panicked behind the filter:\n%s", name, out)
	}
}

// Of what is vouched for, shapes and tags still take something out.
func TestVouched(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value any
		want  string
	}{
		{"plain", `"plain"`},
		{"ssn 078-05-1120", `"[redacted]"`},
		{"call (617) 555-0101", `"[redacted]"`},
		{"to ada@quill.example", `"[redacted]"`},
		{"on 2019-05-06", `"[redacted]"`},
		{7, `7`},
		{uint8(7), `7`},
		{1.5, `1.5`},
		{time.Second, `1000000000`},
		{true, `true`},
		{[]byte("ab"), `"ab"`},
		{[]byte{0xff}, `"[redacted]"`},
		{json.RawMessage(`{"a":1}`), `"{\"a\":1}"`},
		{settings{"here"}, `{"Place":"here"}`},
		{&settings{"ada@quill.example"}, `{"Place":"[redacted]"}`},
		{[]any{"a", 1, settings{"x"}}, `["a",1,{"Place":"x"}]`},
		{map[string]any{"a": 1, "078-05-1120": "x"}, `{"[redacted]":"x","a":1}`},
		{map[int]string{1: "b"}, `{"1":"b"}`},
		{errors.New("gone"), `"gone"`},
		{errors.New("no ada@quill.example"), `"[redacted]"`},
		{fmt.Errorf("get: %w", &notFound{secret}), `"[redacted *fmt.wrapError]"`},
		{time.Date(2019, 5, 6, 0, 0, 0, 0, time.UTC), `"2019-05-06T00:00:00Z"`},
		{slog.LevelWarn, `"WARN"`},
		{netip.MustParseAddr("::1"), `"[redacted]"`},
		{netip.MustParsePrefix("10.0.0.0/8"), `"10.0.0.0/8"`},
		{[]fmt.Stringer{stringer{example()}}, `[` + sorted(wantPatient) + `]`},
		{struct{ P any }{example()}, `{"P":` + wantPatient + `}`},
		{deepValuer{"plain"}, `"plain"`},
		{deepValuer{"078-05-1120"}, `"[redacted]"`},
		{deid.Hide("x"), `"[redacted]"`},
		{(*int)(nil), `null`},
		{panics{}, `"[redacted]"`},
		{panicsInText{}, `"[redacted]"`},
		{[]any{panicsInText{}}, `"[redacted]"`},
		{panicsInJSON{}, `"[redacted]"`},
		{roster{example()}, `[` + sorted(wantPatient) + `]`},
		{map[string]any{"r": roster{example()}}, `{"r":[` + sorted(wantPatient) + `]}`},
		{textual{"a"}, `"text a"`},
		{textual{"078-05-1120"}, `"[redacted]"`},
	} {
		for _, w := range jsonWays {
			var b bytes.Buffer
			slog.New(w.make(&b, &deidslog.Options{Keys: []string{"k"}})).Info("m", "k", tt.value)
			if got := logged(&b); got != `{"k":`+tt.want+"}" {
				t.Errorf("%s, %T: %s, want %s", w.name, tt.value, got, tt.want)
			}
		}
	}
}

type textual struct{ s string }

func (t textual) MarshalText() ([]byte, error) { return []byte("text " + t.s), nil }

// sorted is a JSON object with its members in order, as a map is written.
func sorted(object string) string {
	var m any
	if err := json.Unmarshal([]byte(object), &m); err != nil {
		panic(err)
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Keys vouch by their name or their path, and a group for all inside.
func TestKeys(t *testing.T) {
	t.Parallel()
	opts := &deidslog.Options{Keys: []string{"status", "http.path", "job", "a.b.c"}}
	for _, w := range jsonWays {
		for name, tt := range map[string]struct {
			log  func(l *slog.Logger)
			want string
		}{
			"key":            {func(l *slog.Logger) { l.Info("m", "status", "ok", "path", "x") }, `{"status":"ok","path":"[redacted]"}`},
			"key in a group": {func(l *slog.Logger) { l.WithGroup("g").Info("m", "status", "ok") }, `{"g":{"status":"ok"}}`},
			"path":           {func(l *slog.Logger) { l.WithGroup("http").With("path", "x").Info("m", "status", 1, "user", "u") }, `{"http":{"path":"x","status":1,"user":"[redacted]"}}`},
			"path, inline":   {func(l *slog.Logger) { l.Info("m", slog.Group("http", "path", "x", "user", "u")) }, `{"http":{"path":"x","user":"[redacted]"}}`},
			"group":          {func(l *slog.Logger) { l.WithGroup("job").WithGroup("x").Info("m", "any", "y", slog.Group("z", "z", 1)) }, `{"job":{"x":{"any":"y","z":{"z":1}}}}`},
			"group, inline":  {func(l *slog.Logger) { l.Info("m", slog.Group("job", "any", "y"), "any", "y") }, `{"job":{"any":"y"},"any":"[redacted]"}`},
			"long path":      {func(l *slog.Logger) { l.WithGroup("a").Info("m", slog.Group("b", "c", 1, "d", 2)) }, `{"a":{"b":{"c":1,"d":"[redacted]"}}}`},
			"other path":     {func(l *slog.Logger) { l.WithGroup("b").Info("m", "c", 1) }, `{"b":{"c":"[redacted]"}}`},
			"shaped key":     {func(l *slog.Logger) { l.Info("m", "078-05-1120", true) }, `{"[redacted]":true}`},
			"siblings": {func(l *slog.Logger) {
				g := l.WithGroup("g")
				g.WithGroup("http")
				g.WithGroup("other").Info("m", "path", "x")
			}, `{"g":{"other":{"path":"[redacted]"}}}`},
			"valuer in a group": {func(l *slog.Logger) { l.Info("m", "job", groupValuer{}) }, `{"job":{"id":"Quillfeather","p":` + wantPatient + `,"ok":true}}`},
		} {
			var b bytes.Buffer
			tt.log(slog.New(w.make(&b, opts)))
			if got := logged(&b); got != tt.want {
				t.Errorf("%s, %s: %s, want %s", w.name, name, got, tt.want)
			}
		}
	}
	// The name of a group is checked by the handler only.
	var b bytes.Buffer
	slog.New(jsonWays[0].make(&b, nil)).WithGroup("ada@quill.example").Info("m", "a", true)
	if got := logged(&b); got != `{"[redacted]":{"a":true}}` {
		t.Error(got)
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		var b bytes.Buffer
		l := slog.New(w.make(&b, nil))
		l.Warn("visit of 078-05-1120 stored")
		l.Error("visit stored")
		if out := b.String(); strings.Contains(out, "078-05") || !strings.Contains(out, "[redacted]") || !strings.Contains(out, "visit stored") || !strings.Contains(out, "WARN") || !strings.Contains(out, "20") {
			t.Errorf("%s: %s", w.name, out)
		}
	}
	var b bytes.Buffer
	h := deidslog.NewHandler(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelWarn}), nil)
	if h.Enabled(t.Context(), slog.LevelInfo) || !h.Enabled(t.Context(), slog.LevelError) || h.WithGroup("") != h {
		t.Error("Enabled is not that of the next handler")
	}
}

// An error of the next handler comes back.
func TestHandleError(t *testing.T) {
	t.Parallel()
	want := errors.New("full")
	h := deidslog.NewHandler(failing{want}, nil)
	if err := h.Handle(t.Context(), slog.Record{}); err != want {
		t.Errorf("Handle = %v", err)
	}
}

type failing struct{ err error }

func (f failing) Enabled(context.Context, slog.Level) bool  { return true }
func (f failing) Handle(context.Context, slog.Record) error { return f.err }
func (f failing) WithAttrs([]slog.Attr) slog.Handler        { return f }
func (f failing) WithGroup(string) slog.Handler             { return f }

func TestConcurrent(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := slog.New(deidslog.NewHandler(slog.NewJSONHandler(&b, nil), nil)).WithGroup("g")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				l.With("p", example()).WithGroup("h").Info("m", "p", example(), "q", ring{Name: secret})
			}
		})
	}
	all.Wait()
	checkLog(t, "concurrent", b.String(), 200)
}

// Trees of anything: unvouched, no secret is logged in any of the ways, and
// the line is whole.
func TestTrees(t *testing.T) {
	t.Parallel()
	leaf := rapid.OneOf(rapid.Just[any](secret), rapid.Just[any](deid.Hide(secret)), rapid.Just[any](81350729), rapid.Just[any](nil), rapid.Just[any](errors.New(secret)),
		rapid.Just[any](example()), rapid.Just[any](new(example())), rapid.Just[any](settings{secret}), rapid.Just[any](panicsInText{}), rapid.Just[any](groupValuer{}), rapid.Just[any](slog.StringValue(secret)))
	var tree func(depth int) *rapid.Generator[any]
	tree = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return leaf
		}
		below := rapid.Deferred(func() *rapid.Generator[any] { return tree(depth - 1) })
		return rapid.OneOf(leaf,
			rapid.Map(below, func(v any) any { return []any{v, v} }),
			rapid.Map(below, func(v any) any { return map[string]any{secret: v} }),
			rapid.Map(below, func(v any) any { return &v }),
			rapid.Map(below, func(v any) any { return deepValuer{v} }),
			rapid.Map(below, func(v any) any { return struct{ V any }{v} }),
			rapid.Map(below, func(v any) any {
				return struct {
					V any `deid:"dive"`
					W any `deid:"name"`
					X any
				}{v, v, v}
			}),
			rapid.Map(below, func(v any) any { return []slog.Attr{slog.Any("a", v), slog.Any("", v)} }),
			rapid.Map(below, func(v any) any { return slog.GroupValue(slog.Any("a", v)) }),
		)
	}
	rapid.Check(t, func(r *rapid.T) {
		v := tree(4).Draw(r, "v")
		for _, w := range ways {
			var b bytes.Buffer
			l := slog.New(w.make(&b, nil))
			l.WithGroup("g").With("k", v).Info("m", "k", v)
			checkLog(t, w.name, b.String(), 1)
		}
		// Both ways write the same, whatever is vouched for.
		for _, opts := range []*deidslog.Options{nil, {Keys: []string{"k"}}, {Keys: []string{"g.a"}}, {AllKeys: true}} {
			var lines []string
			for _, w := range jsonWays {
				var b bytes.Buffer
				slog.New(w.make(&b, opts)).WithGroup("g").Info("m", "k", v, slog.Group("h", "k", v))
				lines = append(lines, logged(&b))
			}
			if lines[0] != lines[1] {
				r.Fatalf("%+v: the handler writes\n%s\nand ReplaceAttr\n%s", opts, lines[0], lines[1])
			}
		}
	})
}

func BenchmarkHandler(b *testing.B) {
	p := example()
	for name, h := range map[string]slog.Handler{
		"bare":     slog.NewJSONHandler(discard{}, nil),
		"filtered": deidslog.NewHandler(slog.NewJSONHandler(discard{}, nil), &deidslog.Options{Keys: []string{"status", "path"}}),
	} {
		l := slog.New(h)
		b.Run(name+"/scalars", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Info("request", "status", 200, "path", "/visits", "user", "ada")
			}
		})
		b.Run(name+"/struct", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Info("request", "patient", p)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
