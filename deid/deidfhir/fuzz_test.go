package deidfhir_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/baakit/baakit/deid"
)

// FuzzWalk holds the walker against encoding/json: what is not JSON is refused,
// what comes out is JSON of the same shape, a second pass takes it, and no
// error or report says what was in it.
func FuzzWalk(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.json")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"resourceType":"Patient","_birthDate":{"extension":[{}]},"name":[[]],"meta":{"security":{}},"contained":[{"resourceType":"Patient"}]}`))
	f.Add([]byte(`{"resourceType":"Observation","code":{"coding":[{"system":"\u0068ttp://loinc.org","code":"1-8"}]},"valueQuantity":{"value":1e400,"unit":"a"}}`))
	j := safeHarbor(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		in := string(data)
		out, r, err := j.run(in)
		if err != nil {
			if !errors.Is(err, deid.ErrMalformed) && !errors.Is(err, deid.ErrTooLarge) && !errors.Is(err, deid.ErrIdentifierLeft) {
				t.Fatalf("%v", err)
			}
			if out != "" && !strings.HasPrefix(strings.TrimLeft(in, " \t\r\n"), "[") {
				t.Fatalf("failed and wrote %s", out)
			}
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("took what is not JSON: %q", data)
		}
		if !json.Valid([]byte(out)) {
			t.Fatalf("made what is not JSON: %q", out)
		}
		if doc := parse(t, data); !isList(doc) {
			checkShape(t, data, []byte(out))
		}
		if _, _, err := j.run(out); err != nil && !errors.Is(err, deid.ErrIdentifierLeft) {
			t.Fatalf("a second pass does not take %s: %v", out, err)
		}
		if s := r.Statement(); s.RecordsFailed != 0 {
			t.Fatal("no error and a failed record")
		}
	})
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}
