package subprocessorhttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
)

// The public page of a list that was published once.
func Example() {
	list := subprocessor.List{
		Schema: subprocessor.ListSchema, Vendor: "fernhill", Name: "Fernhill Cloud Records, Inc.", AsOf: baakit.MustParseDate("2027-01-01"),
		Entries: []subprocessor.Entry{{ID: "backup", Entity: "harbor", Name: "Harbor Archive, Inc.", Purpose: "Encrypted backups", PHI: subprocessor.EncryptedNoKey}},
	}
	hash, err := list.Hash()
	if err != nil {
		panic(err)
	}
	site, err := subprocessorhttp.New(subprocessorhttp.Config{
		Base:     "https://vendor.example/subprocessors", // from state.Versions()
		Versions: []subprocessor.Published{{Version: 1, At: time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC), Hash: hash, List: list}},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/subprocessors/", site)
	for _, path := range []string{"/subprocessors/", "/subprocessors/list.json", "/subprocessors/feed.atom"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(path, w.Code, w.Header().Get("Content-Type"), strings.Contains(w.Body.String(), "Harbor Archive, Inc."))
	}
	// Output:
	// /subprocessors/ 200 text/html; charset=utf-8 true
	// /subprocessors/list.json 200 application/json true
	// /subprocessors/feed.atom 200 application/atom+xml; charset=utf-8 true
}
