package deidfhir_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// demographics collects what identifies people in a FHIR document: all that
// stands in these elements of Patient, RelatedPerson and their contacts.
func demographics(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		switch v["resourceType"] {
		case "Patient", "RelatedPerson", "Person":
			for _, name := range []string{"id", "identifier", "name", "telecom", "birthDate", "deceasedDateTime", "address", "photo", "contact", "text", "extension", "vendorMotherMaidenName"} {
				values(v[name], name, into)
			}
		}
		for _, m := range v {
			demographics(m, into)
		}
	case []any:
		for _, m := range v {
			demographics(m, into)
		}
	}
}

// values collects the texts below an element that identify.
func values(v any, name string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if url, _ := v["url"].(string); strings.HasPrefix(url, "http://hl7.org/fhir/us/core/") {
			return // race, ethnicity and birth sex may stay
		}
		for k, m := range v {
			switch k {
			case "system", "use", "state", "country", "type", "url", "relationship", "status", "contentType", "prefix", "gender", "code":
				continue // no identifiers
			}
			values(m, k, into)
		}
	case []any:
		for _, m := range v {
			values(m, name, into)
		}
	case string:
		text := strings.TrimSpace(v)
		if len(text) > 4 && name == "postalCode" {
			text = text[:5]
		}
		if len(text) < 3 || len(text) > 200 {
			return
		}
		into[text] = true
	}
}

// Nothing of what a folder of FHIR files says of its people is left in the
// output. DEID_STRUCTURED names the folder that holds fhir_r4.
func TestStructured(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("DEID_STRUCTURED")
	if folder == "" {
		t.Skip("skipped: DEID_STRUCTURED names no folder of FHIR")
	}
	files, err := filepath.Glob(filepath.Join(folder, "fhir_r4", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in the folder: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file)[:8], func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			noneLeft(t, data)
		})
	}
}

// The same for a Bundle of our own.
func TestBundleClean(t *testing.T) {
	t.Parallel()
	noneLeft(t, indented(bundle(3, 12)))
}

func noneLeft(t *testing.T, data []byte) {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	people := make(map[string]bool)
	demographics(doc, people)
	out, r, err := safeHarbor(t).run(string(data))
	if err != nil {
		t.Fatal(err)
	}
	lower, report := strings.ToLower(out), strings.ToLower(r.Statement().Text())
	for text := range people {
		for _, trace := range textTraces(text) {
			if strings.Contains(lower, trace) {
				t.Errorf("a value of %d letters is left in the output", len(text))
			}
			if strings.Contains(report, trace) {
				t.Errorf("a value of %d letters is left in the report", len(text))
			}
		}
	}
	t.Logf("%d identifiers, %d bytes in, %d out", len(people), len(data), len(out))
	if strings.Contains(string(data), `"Patient"`) && len(people) < 5 {
		t.Error("no demographics were found: the test looks for nothing")
	}
	checkShape(t, data, []byte(out))
}
