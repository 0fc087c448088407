package audithttp_test

import (
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
	"pgregory.net/rapid"
)

func TestTraceParent(t *testing.T) {
	t.Parallel()
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for _, tt := range []struct {
		header string
		ok     bool
	}{
		{"00-" + trace + "-" + span + "-01", true},
		{"00-" + trace + "-" + span + "-00", true},
		{"01-" + trace + "-" + span + "-01", true},
		{"cc-" + trace + "-" + span + "-01-what", true},
		{"cc-" + trace + "-" + span + "-01.what", false},
		{"00-" + trace + "-" + span + "-01-what", false},
		{"ff-" + trace + "-" + span + "-01", false},
		{"00-" + strings.ToUpper(trace) + "-" + span + "-01", false},
		{"00-" + strings.Repeat("0", 32) + "-" + span + "-01", false},
		{"00-" + trace + "-" + strings.Repeat("0", 16) + "-01", false},
		{"00-" + trace + "-" + span + "-0", false},
		{"00-" + trace + "-" + span + "-0g", false},
		{"00-Jane-Doe", false},
		{"", false},
	} {
		r := &http.Request{Header: http.Header{"Traceparent": {tt.header}}}
		gotTrace, gotSpan := audithttp.TraceParent(r)
		if ok := gotTrace == trace && gotSpan == span; ok != tt.ok || !ok && gotTrace+gotSpan != "" {
			t.Errorf("TraceParent(%q) = %q, %q, want accepted %v", tt.header, gotTrace, gotSpan, tt.ok)
		}
	}
	r := &http.Request{Header: http.Header{"Traceparent": {"00-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-01"}}}
	if gotTrace, _ := audithttp.TraceParent(r); gotTrace != "" {
		t.Errorf("TraceParent of two headers = %q, want none", gotTrace)
	}
}

// Whatever a client sends, what comes out of it may stand in a line.
func FuzzTraceParent(f *testing.F) {
	f.Add("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	f.Add("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x")
	pattern := regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)
	f.Fuzz(func(t *testing.T, header string) {
		trace, span := audithttp.ParseTraceParent(header)
		if (trace == "") != (span == "") {
			t.Fatalf("%q, %q", trace, span)
		}
		if trace == "" {
			return
		}
		m := pattern.FindStringSubmatch(strings.ReplaceAll(header, "\n", "."))
		if m == nil || m[1] != trace || m[2] != span {
			t.Fatalf("%q gave %q, %q", header, trace, span)
		}
		e := access("p-1")
		e.Request.Trace, e.Request.Span = trace, span
		if err := e.Validate(); err != nil {
			t.Fatalf("%q, %q: %v", trace, span, err)
		}
	})
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	const id = "0b5c5f3e-2f0c-4f1d-9a51-6a1f0d4b7c11"
	for header, kept := range map[string]bool{
		id: true, strings.ToUpper(id): false, "": false, "Jane Doe": false, "JaneDoe": false, id + "0": false, "123456789": false,
		strings.ReplaceAll(id, "-", "0"): false,
	} {
		r := &http.Request{Header: http.Header{"X-Request-Id": {header}}}
		got := audithttp.RequestID(r)
		if (got == header) != kept || !audithttp.IsUUID(got) {
			t.Errorf("RequestID(%q) = %q, want it kept: %v", header, got, kept)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		got := audithttp.RequestID(&http.Request{})
		b, err := hex.DecodeString(strings.ReplaceAll(got, "-", ""))
		if seen[got] || !audithttp.IsUUID(got) || err != nil || b[6]>>4 != 4 || b[8]>>6 != 2 {
			t.Fatalf("RequestID = %q, want a new UUID of version 4", got)
		}
		seen[got] = true
		e := access("p-1")
		e.Request.ID = got
		if err := e.Validate(); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
	}
}

func FuzzRequestID(f *testing.F) {
	f.Add("0b5c5f3e-2f0c-4f1d-9a51-6a1f0d4b7c11")
	f.Fuzz(func(t *testing.T, header string) {
		got := audithttp.RequestID(&http.Request{Header: http.Header{"X-Request-Id": {header}}})
		e := access("p-1")
		e.Request.ID = got
		if err := e.Validate(); err != nil {
			t.Fatalf("%q gave %q: %v", header, got, err)
		}
	})
}

func TestRoute(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"GET /patients/{id}/chart":          "/patients/{id}/chart",
		"GET \t api.example.com/x/{$}":      "api.example.com/x/{$}",
		"/files/{path...}":                  "/files/{path...}",
		"":                                  "",
		"/a~b/%20":                          "/a_b/_20",
		"POST /" + strings.Repeat("x", 200): "/" + strings.Repeat("x", 127),
	} {
		if got := audithttp.RouteOf(pattern); got != want {
			t.Errorf("route of %q = %q, want %q", pattern, got, want)
		}
	}
}

// A route is one that the log takes, unless it has the shape of personal data.
func TestRouteLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := access("p-1")
		e.Request.Route = audithttp.RouteOf(rapid.String().Draw(t, "pattern"))
		if err := e.Validate("request.route"); err != nil {
			t.Fatalf("%q: %v", e.Request.Route, err)
		}
	})
}

// A worse status never has a better outcome, within each hundred.
func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	want := map[int]audit.Outcome{
		100: "0", 101: "0", 103: "0", 200: "0", 204: "0", 299: "0", 304: "0", 399: "0",
		400: "4", 401: "4", 402: "4", 403: "8", 404: "4", 429: "4", 499: "4",
		500: "8", 501: "8", 502: "12", 503: "12", 504: "12", 505: "8", 599: "8",
		600: "12", 0: "12", 99: "12", -1: "12",
	}
	for status, outcome := range want {
		if got := audithttp.OutcomeOf(status); got != outcome {
			t.Errorf("OutcomeOf(%d) = %v, want %v", status, got, outcome)
		}
	}
}

// What the middleware fills in, and what it leaves to whoever knows better.
func TestFilledIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, remote, path string
		given                audit.Event
		action               audit.Action
		addr, query          string
	}{
		{method: "GET", remote: "192.0.2.7:4711", path: "/a%2Fb?name=Jane+Doe", action: "R", addr: "192.0.2.7", query: "/a%2Fb?name=Jane+Doe"},
		{method: "HEAD", remote: "[::ffff:192.0.2.7]:4711", path: "/", action: "R", addr: "192.0.2.7", query: "/"},
		{method: "POST", remote: "[fe80::1%eth0]:4711", path: "/", action: "C", addr: "fe80::1", query: "/"},
		{method: "PUT", remote: "@", path: "/", action: "U", query: "/"},
		{method: "PATCH", remote: "", path: "/", action: "U", query: "/"},
		{method: "DELETE", remote: "192.0.2.7", path: "/", action: "D", addr: "192.0.2.7", query: "/"},
		{method: "OPTIONS", remote: "Jane Doe", path: "/?\xff", action: "E", query: "/?\uFFFD"},
		{
			method: "GET", remote: "192.0.2.7:4711", path: "/", action: "E", addr: "198.51.100.1", query: "mine",
			given: audit.Event{Action: audit.ActionExecute, Client: audit.Client{Addr: "198.51.100.1"}, Query: "mine", Request: audit.Request{ID: "r-1", Trace: "t-1", Route: "mine"}},
		},
	} {
		log := &memoryLog{}
		tt.given.Actor.ID = "u-9"
		m, err := audithttp.New(log, tenant, func(*http.Request) (audit.Event, bool) { return tt.given, true }, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest(tt.method, tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr, r.Pattern = tt.remote, "/{x}"
		r.Header.Set("User-Agent", "Jane's browser")
		m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})).ServeHTTP(&discard{http.Header{}}, r)
		if len(log.events) != 1 {
			t.Fatalf("%d events", len(log.events))
		}
		e := log.events[0]
		if e.Action != tt.action || e.Client.Addr != tt.addr || e.Query != tt.query {
			t.Errorf("%s %s: action %v, address %q, query %q", tt.method, tt.remote, e.Action, e.Client.Addr, e.Query)
		}
		if tt.given.Request.ID != "" && e.Request != tt.given.Request {
			t.Errorf("request %v, want what was given", e.Request)
		}
		if err := e.Validate(); err != nil {
			t.Errorf("%s %s: %v", tt.method, tt.remote, err)
		}
	}
}

func FuzzSpillFrame(f *testing.F) {
	f.Add([]byte(`{"id":"abcdefghij"}`))
	f.Add([]byte(`{"spill":{"n":0,"sealed":"AAAA"}}`))
	f.Add([]byte(`{"merge":{"n":0,"chain":"t/1","size":7}}`))
	f.Add([]byte(`{"done":{"n":0,"chain":"t/1","size":7}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := audithttp.ParseFrame(data); err != nil && err != audithttp.ErrSpill {
			t.Fatalf("%v, want ErrSpill", err)
		}
	})
}

func FuzzSpillGroup(f *testing.F) {
	f.Add([]byte(`{"schema":"baakit.audit.spill/1","chain":"t/1","events":[{"action":"R","occurred":"2026-11-22T03:40:14Z","actor":{"id":"u-9"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := audithttp.ParseGroup(data); err != nil && err != audithttp.ErrSpill {
			t.Fatalf("%v, want ErrSpill", err)
		}
	})
}
