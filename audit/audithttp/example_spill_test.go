package audithttp_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/audithttp"
)

// brokenStore is a store whose disk is full until somebody makes room.
type brokenStore struct {
	*audit.Memory
	full bool
}

func (s *brokenStore) Append(ctx context.Context, chain string, at uint64, records []audit.Record) error {
	if s.full {
		return audit.ErrFull
	}
	return s.Memory.Append(ctx, chain, at, records)
}

// Break-glass access while the log is down, and how it gets into the log.
func ExampleSpillJournal() {
	ctx := context.Background()
	store := &brokenStore{Memory: audit.NewMemory()}
	log, err := audit.New(ctx, store, audit.Config{Origin: "audit.example.com", Sealer: audit.Unencrypted{}})
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "spill-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	block, err := aes.NewCipher(make([]byte, 32)) // from where keys are kept
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	spill, err := audithttp.OpenSpillJournal(dir, aead, nil)
	if err != nil {
		panic(err)
	}
	defer spill.Close()

	who := func(r *http.Request) (audit.Event, bool) {
		return audit.Event{Actor: audit.Actor{ID: "u-9"}, Emergency: r.Header.Get("Break-Glass") != "", Patient: "p-1"}, true
	}
	audited, err := audithttp.New(log, func(*http.Request) string { return "t/42" }, who, &audithttp.Options{
		Spill: spill,
		Alarm: func(_ context.Context, a audithttp.Alarm) { fmt.Println("alarm:", a.What, a.Err) },
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(audited.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "blood group 0+")
	})))
	defer server.Close()

	store.full = true
	for _, reason := range []string{"", "cardiac arrest"} {
		r, err := http.NewRequest(http.MethodGet, server.URL, nil)
		if err != nil {
			panic(err)
		}
		if reason != "" {
			r.Header.Set("Break-Glass", reason)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			panic(err)
		}
		response.Body.Close()
		fmt.Printf("%d, spilled: %q\n", response.StatusCode, response.Header.Get("Audit-Spilled"))
	}
	store.full = false
	fmt.Println(spill.Merge(ctx, log))
	for entry, err := range log.Entries(ctx, "t/42", 0) {
		if err != nil {
			panic(err)
		}
		fmt.Println(entry.Event.Outcome, entry.Event.Emergency, strings.HasPrefix(entry.Event.Policy[0], audithttp.Policy))
	}
	// Output:
	// alarm: refused audit: no space left in the store
	// 503, spilled: ""
	// alarm: spilled audit: no space left in the store
	// 200, spilled: "1"
	// 1 <nil>
	// 0 true true
}
