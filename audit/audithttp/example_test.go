package audithttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

func Example() {
	ctx := context.Background()
	log, err := audit.New(ctx, audit.NewMemory(), audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		panic(err)
	}
	tenant := func(*http.Request) string { return "t/42" }
	who := func(r *http.Request) (audit.Event, bool) {
		return audit.Event{Actor: audit.Actor{ID: "u-9"}, Purpose: []audit.Purpose{audit.Treatment}}, true
	}
	audited, err := audithttp.New(log, tenant, who, nil)
	if err != nil {
		panic(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /patients/{id}/chart", func(w http.ResponseWriter, r *http.Request) {
		if err := audit.From(r.Context()).SetPatient(r.PathValue("id")); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "blood group 0+")
	})
	server := httptest.NewServer(audited.Handler(mux))
	defer server.Close()

	if _, err := http.Get(server.URL + "/patients/p-1/chart"); err != nil {
		panic(err)
	}
	for entry, err := range log.Entries(ctx, "t/42", 0) {
		if err != nil {
			panic(err)
		}
		opened, err := log.Open(ctx, entry)
		if err != nil {
			panic(err)
		}
		fmt.Println(entry.Event.Actor.ID, entry.Event.Action, entry.Event.Outcome, entry.Event.Request.Route, entry.Event.Client.Addr)
		fmt.Println(opened.Event.Patient, opened.Event.Query)
	}
	// Output:
	// u-9 R 0 /patients/{id}/chart 127.0.0.1
	// p-1 /patients/p-1/chart
}
