package audithttp_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

// noLog takes everything and keeps nothing: what is left is the middleware.
type noLog struct{}

func (noLog) AppendAll(context.Context, string, ...audit.Event) ([]audit.Receipt, error) {
	return nil, nil
}

// discard is a ResponseWriter that costs as little as one can.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

func bench(b *testing.B, handler http.Handler) {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, "/patients/p-1/chart?from=2026", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.7:4711"
	w := &discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		handler.ServeHTTP(w, r)
	}
}

func chart(w http.ResponseWriter, r *http.Request) {
	if s := audit.From(r.Context()); s != nil {
		if s.SetPatient("p-1") != nil {
			return
		}
	}
	_, _ = w.Write(body)
}

var body = []byte("blood group 0+")

// What the middleware costs is the difference to "bare"; with the log that
// keeps nothing that is the middleware alone, with the log in memory the
// entry too, but no disk.
func BenchmarkMiddleware(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /patients/{id}/chart", chart)
	log, err := audit.New(b.Context(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{TokenKey: []byte("token key")}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) { bench(b, mux) })
	for _, l := range []struct {
		name string
		log  audithttp.Appender
	}{{"no log", noLog{}}, {"memory", log}} {
		m, err := audithttp.New(l.log, tenant, nurse, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(l.name, func(b *testing.B) { bench(b, m.Handler(mux)) })
	}
}

func tenant(*http.Request) string { return "t/42" }

func nurse(*http.Request) (audit.Event, bool) {
	return audit.Event{Actor: audit.Actor{ID: "u-9", Role: "nurse"}, Purpose: []audit.Purpose{audit.Treatment}}, true
}

// What an append of the same event costs by itself.
func BenchmarkAppendAlone(b *testing.B) {
	log, err := audit.New(b.Context(), audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{TokenKey: []byte("token key")}})
	if err != nil {
		b.Fatal(err)
	}
	e := audit.Event{
		Action: audit.ActionRead, Outcome: audit.Success, Actor: audit.Actor{ID: "u-9", Role: "nurse"}, Purpose: []audit.Purpose{audit.Treatment},
		Client: audit.Client{Addr: "192.0.2.7"}, Request: audit.Request{ID: "0b5c5f3e-2f0c-4f1d-9a51-6a1f0d4b7c11", Route: "/patients/{id}/chart"},
		Patient: "p-1", Query: "/patients/p-1/chart?from=2026",
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := log.AppendAll(b.Context(), "t/42", e); err != nil {
			b.Fatal(err)
		}
	}
}
