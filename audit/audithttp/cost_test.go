package audithttp_test

import (
	"net/http"
	"testing"

	"github.com/baakit/baakit/audit/audithttp"
)

// The documentation promises few allocations besides those of the log.
func TestAllocations(t *testing.T) {
	m, err := audithttp.New(noLog{}, tenant, nurse, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, "/patients/p-1/chart?from=2026", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = "192.0.2.7:4711"
	w, handler := &discard{http.Header{}}, m.Handler(http.HandlerFunc(chart))
	got := testing.AllocsPerRun(200, func() {
		clear(w.header)
		handler.ServeHTTP(w, r)
	})
	if got > 20 {
		t.Errorf("%v allocations for a request, want at most 20", got)
	}
}
