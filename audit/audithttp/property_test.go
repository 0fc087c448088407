package audithttp_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/baakit/baakit/audit"
	"pgregory.net/rapid"
)

// An op is one thing that a handler does. All that it lets out is labelled
// with how many patients it has named by then, as in <<3>>, whether the
// middleware agreed or not: no handler is as careless as this one.
type op struct {
	do string
	n  int // status, count of patients, repetitions
}

func (o op) String() string { return fmt.Sprintf("%s(%d)", o.do, o.n) }

func ops(http2 bool) *rapid.Generator[[]op] {
	return rapid.Custom(func(t *rapid.T) []op {
		kinds := []string{"header", "write", "string", "read from", "flush", "hints", "patient", "patient", "update", "record", "body", "duplex", "status"}
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) op {
			o := op{do: rapid.SampledFrom(kinds).Draw(t, "do"), n: rapid.IntRange(1, 3).Draw(t, "n")}
			if o.do == "status" {
				o.n = rapid.SampledFrom([]int{200, 201, 204, 302, 304, 400, 401, 403, 404, 500, 502, 503, 504}).Draw(t, "status")
			}
			return o
		}), 0, 9).Draw(t, "ops")
		ends := []string{"return", "return", "return", "panic", "abort"}
		if !http2 {
			ends = append(ends, "hijack")
		}
		return append(list, op{do: rapid.SampledFrom(ends).Draw(t, "end")})
	})
}

const manyBytes = 9000 // more than the server's buffers

// perform is the handler.
func perform(w http.ResponseWriter, r *http.Request, list []op) {
	named := 0
	label := func(n int) string { return strings.Repeat(fmt.Sprintf("<<%d>>", named), []int{0, 1, 2, manyBytes}[n]) }
	c := http.NewResponseController(w)
	for _, o := range list {
		switch o.do {
		case "header":
			w.Header().Add("X-Label", label(1))
		case "write":
			w.Write([]byte(label(o.n)))
		case "string":
			io.WriteString(w, label(o.n))
		case "read from":
			w.(io.ReaderFrom).ReadFrom(strings.NewReader(label(o.n)))
		case "flush":
			c.Flush()
		case "hints":
			w.Header().Add("Link", "<"+label(1)+">")
			w.WriteHeader(http.StatusEarlyHints)
		case "patient":
			var ids []string
			for range o.n {
				named++
				ids = append(ids, "p-"+strconv.Itoa(named))
			}
			audit.From(r.Context()).SetPatient(ids...)
		case "update":
			audit.From(r.Context()).Update(func(e *audit.Event) { e.Purpose = []audit.Purpose{audit.Quality} })
		case "record":
			audit.From(r.Context()).Record(audit.Success, "")
		case "body":
			io.Copy(io.Discard, r.Body)
		case "duplex":
			c.EnableFullDuplex()
		case "status":
			w.WriteHeader(o.n)
		case "panic":
			panic(label(1))
		case "abort":
			panic(http.ErrAbortHandler)
		case "hijack":
			conn, rw, err := c.Hijack()
			if err != nil {
				return
			}
			rw.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + label(1))
			rw.Flush()
			conn.Close()
		}
	}
}

// expected says, from the list alone, what the log holds in the end, one group
// for each append, and what a client sees.
func expected(list []op) (groups []string, status int, body string, ends string) {
	var patients []string
	recorded, began, hints := -1, false, false
	codes := []string{"0", "4", "8", "12"}
	group := func(ids []string) {
		if len(ids) == 0 {
			ids = []string{"-"}
		}
		var parts []string
		for _, p := range ids {
			parts = append(parts, p+":"+codes[recorded])
		}
		groups = append(groups, strings.Join(parts, " "))
	}
	record := func(rank int) {
		if recorded < rank {
			recorded = rank
			group(patients)
		}
	}
	begin := func(code int) {
		if began {
			return
		}
		began, status = true, code
		switch {
		case code < 400:
			record(0)
		case code == 403:
			record(2)
		case code < 500:
			record(1)
		case code == 500:
			record(2)
		default:
			record(3)
		}
	}
	write := func(s string) {
		begin(200)
		if status != 204 && status != 304 {
			body += s
		}
	}
	for _, o := range list {
		label := strings.Repeat(fmt.Sprintf("<<%d>>", len(patients)), []int{0, 1, 2, manyBytes}[min(o.n, 3)])
		switch o.do {
		case "write", "string", "read from":
			write(label)
		case "flush":
			begin(200)
		case "hints":
			if !began {
				hints = true
				record(0)
			}
		case "patient":
			var ids []string
			for range o.n {
				ids = append(ids, "p-"+strconv.Itoa(len(patients)+1+len(ids)))
			}
			patients = append(patients, ids...)
			if recorded >= 0 {
				group(ids)
			}
		case "record":
			record(0)
		case "status":
			begin(o.n)
		case "panic":
			record(3)
		case "abort":
			record(2)
		case "hijack":
			begun := began
			begin(101)
			if begun || hints {
				return groups, 0, "", "mixed" // what was written before and by hand
			}
			return groups, 200, fmt.Sprintf("<<%d>>", len(patients)), o.do
		case "return":
			begin(200)
		}
		ends = o.do
	}
	return groups, status, body, ends
}

var labels = regexp.MustCompile(`<<(\d+)>>`)

// checkTape reads what went over the wire in order, and checks that whatever
// is labelled with n patients came after the entries of all n were durable. If
// the access is refused only the 503 may be there.
func checkTape(t fatal, tape []taped, http2, refused bool) {
	durable := map[string]bool{}
	var wire bytes.Buffer
	checked := 0
	for _, e := range tape {
		for _, p := range e.durable {
			durable[p] = true
		}
		wire.Write(e.wire)
		from := max(0, checked-10) // a label may be cut in two
		for _, m := range labels.FindAllSubmatch(wire.Bytes()[from:], -1) {
			n, _ := strconv.Atoi(string(m[1]))
			for i := range n {
				if p := "p-" + strconv.Itoa(i+1); !durable[p] {
					t.Fatalf("bytes about %d patients went out, and the entry of %s was not durable", n, p)
				}
			}
			if len(durable) == 0 {
				t.Fatalf("bytes of the handler went out before any entry was durable")
			}
		}
		checked = wire.Len()
	}
	if first, entry := firstAnswerByte(tape, http2); first >= 0 && (entry < 0 || entry > first) && !refused {
		t.Fatalf("the answer began before an entry was durable: %.40q", wire.String())
	}
}

var scene int

// Whatever a handler does, and whenever the log fails: no byte about a patient
// goes out before that patient's entry is durable, and the log tells what the
// client got.
func propMiddleware(t *rapid.T, s *stage, http2 bool) {
	list := ops(http2).Draw(t, "handler")
	failAt := rapid.SampledFrom([]int{-1, -1, 0, 1, 2, 3}).Draw(t, "failAt")
	scene++
	s.setChain("t/" + strconv.Itoa(scene))
	s.setPlay(func(w http.ResponseWriter, r *http.Request) { perform(w, r, list) })
	s.store.fail(int64(failAt))
	s.tape.cut()
	r, err := http.NewRequest(http.MethodPost, s.server.URL+"/play/1?name=Jane", strings.NewReader(strings.Repeat("sent", 100)))
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	got := s.do(r)
	s.end(t)
	s.store.fail(-1)
	tape := s.tape.cut()
	checkTape(t, tape, http2, failAt == 0)

	groups, status, body, ends := expected(list)
	failed := failAt >= 0 && failAt < len(groups)
	if failed {
		groups = groups[:failAt]
	}
	if want := strings.Join(groups, " "); s.told(t) != want {
		t.Fatalf("entries %q, want %q", s.told(t), want)
	}
	switch {
	case failed && failAt == 0:
		if got.err == nil && got.status != http.StatusServiceUnavailable {
			t.Fatalf("status %d without an entry, want 503", got.status)
		}
		if got.err != nil && ends != "panic" && ends != "abort" {
			t.Fatalf("no answer without an entry: %v, want 503", got.err)
		}
		if text := fmt.Sprint(got.header, got.body, got.trailer); labels.MatchString(text) {
			t.Fatalf("without an entry the client got %.200q", text)
		}
	case failed, ends == "mixed":
	case ends == "panic", ends == "abort":
		if got.err == nil && status != http.StatusNoContent && status != http.StatusNotModified { // which end with their header
			t.Fatalf("the handler panicked, and the client got %d", got.status)
		}
	case got.err != nil || got.status != status || got.body != body:
		t.Fatalf("the client got %d, %d bytes, %v, want %d, %d bytes", got.status, len(got.body), got.err, status, len(body))
	}
	for _, e := range s.entries(t) {
		if e.Event.Request.Route != "/play/{scene}" || e.Event.Query != "/play/1?name=Jane" || e.Event.Request.ID == "" || e.Event.Client.Addr != "127.0.0.1" {
			t.Fatalf("entry of %v from %v with query %q", e.Event.Request, e.Event.Client, e.Event.Query)
		}
		if got.err == nil && status != 0 && ends != "hijack" && !slices.Equal(got.header["X-Request-Id"], []string{e.Event.Request.ID}) {
			t.Fatalf("the client was told request %q, the log has %q", got.header["X-Request-Id"], e.Event.Request.ID)
		}
	}
	for len(s.alarms) > 0 {
		<-s.alarms
	}
}

func TestMiddlewareLaw(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(map[bool]string{false: "HTTP1", true: "HTTP2"}[http2], func(t *testing.T) {
			s := newStage(t, stageOptions{http2: http2})
			rapid.Check(t, func(t *rapid.T) { propMiddleware(t, s, http2) })
		})
	}
}

func FuzzMiddleware(f *testing.F) {
	s := newStage(f, stageOptions{})
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { propMiddleware(t, s, false) }))
}
