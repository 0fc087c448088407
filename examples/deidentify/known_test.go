package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// patient are the identifiers of the patient of bundle.json and ward.hl7, of
// her family, and of those who treated her.
var patient = []string{
	"Pennywhistle", "Orla", "June", "Fennimore", "Wilhelmina", "Marblewick", "Larkspur", "Harbor Road", "Des Moines", "Ottumwa", "50309", "Lakeside", "LK-1004", "078-05", "0780511",
	"515-555", "(515)", "5155550", "07-14", "0714", "07/14", "14 July", "41.58", "-93.62", "09-02", "0902", "9/3/2026", "03-21", "Thistledown", "Cosmo", "1234567893", "AC-55120", "V-20931", "ORD-7701", "FIL-3309", "MSG0000",
	"6f0a5c1e", "91d3b7f4", "c8e2f05d", "2ad94b60", "5b7e13fa", "e41c7a96", "07b5d2e8", "b96f4d03", "pennywhistle-export", "p-1004", "p-1005", "1934", "Junius", "WEST",
}

// cleanOf looks for the identifiers in a text, as they are, in base64 and in
// lower case.
func cleanOf(t *testing.T, text string) {
	t.Helper()
	low := strings.ToLower(text)
	for _, id := range patient {
		if strings.Contains(low, strings.ToLower(id)) {
			t.Errorf("the output holds %q", id)
		}
	}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9+/]{8,}={0,2}`).FindAllString(text, -1) {
		plain, err := base64.StdEncoding.DecodeString(word)
		for _, id := range patient {
			if err == nil && len(id) > 5 && bytes.Contains(plain, []byte(id)) {
				t.Errorf("the output holds %q in base64", id)
			}
		}
	}
}

func TestFHIR(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "-format", "fhir", "-as-of", "2026-09-15", "testdata/bundle.json")
	if code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	cleanOf(t, stdout)
	cleanOf(t, stderr)
	if !strings.Contains(stderr, "Safe Harbor transforms applied") || !strings.Contains(stderr, "(A) names") {
		t.Errorf("the summary:\n%s", stderr)
	}
	var bundle struct {
		Entry []struct {
			FullURL  string
			Resource map[string]any
		}
	}
	if err := json.Unmarshal([]byte(stdout), &bundle); err != nil {
		t.Fatal(err)
	}
	var types, urls []string
	for _, e := range bundle.Entry {
		types = append(types, e.Resource["resourceType"].(string))
		urls = append(urls, e.FullURL)
		if e.FullURL != "urn:uuid:"+e.Resource["id"].(string) {
			t.Errorf("%s is not the URL of %s", e.FullURL, e.Resource["id"])
		}
	}
	if want := []string{"Patient", "Organization", "Practitioner", "Encounter", "Condition", "Observation", "MedicationRequest", "DocumentReference"}; !slices.Equal(types, want) {
		t.Errorf("resources %q", types)
	}
	references := regexp.MustCompile(`"reference": "([^"]*)"`).FindAllStringSubmatch(stdout, -1)
	if len(references) != 11 {
		t.Errorf("%d references", len(references))
	}
	for _, r := range references {
		if !slices.Contains(urls, r[1]) {
			t.Errorf("%s leads nowhere", r[1])
		}
	}
	for _, kept := range []string{`"birthDate": "1958"`, `"state": "IA", "postalCode": "503"`, `"value": 128.50`, `"code": "44054006"`, `"valueCode": "F"`, `"start": "2026", "end": "2026"`, `"code":"ANONYED"`, `"frequency": 1`} {
		if !strings.Contains(stdout, kept) {
			t.Errorf("the output does not hold %s", kept)
		}
	}
	// From standard input it is the same, but for the codes.
	data, err := os.ReadFile("testdata/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	again, _, code := program(t, string(data), "-format", "fhir", "-as-of", "2026-09-15")
	if code != 0 || again == stdout || len(again) != len(stdout) {
		t.Errorf("exit code %d; two runs without a vault: the same codes %v, %d and %d bytes", code, again == stdout, len(again), len(stdout))
	}
}

func TestFHIRBulk(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "-format", "fhir", "-as-of", "2026-09-15", "-json", "testdata/bulk.ndjson")
	if code != 0 || strings.Count(stdout, "\n") != 3 {
		t.Fatalf("exit code %d, standard error %q, output %q", code, stderr, stdout)
	}
	cleanOf(t, stdout)
	cleanOf(t, stderr)
	id := regexp.MustCompile(`^\{"resourceType":"Patient","id":"([A-Z2-7]{26})"`).FindStringSubmatch(stdout)
	if id == nil || !strings.Contains(stdout, `"reference":"Patient/`+id[1]+`"`) || !strings.Contains(stdout, `"birthDate":"1958"`) {
		t.Errorf("output:\n%s", stdout)
	}
	var report struct {
		Schema  string
		Records int
	}
	if err := json.Unmarshal([]byte(stderr), &report); err != nil || report.Schema != "baakit.deid.report/1" || report.Records != 3 {
		t.Errorf("report: %v, %+v", err, report)
	}
	// One line that is no resource is left out, and the exit code says so.
	data, err := os.ReadFile("testdata/bulk.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code = program(t, string(data)+"{\"resourceType\": Orla}\n", "-format", "fhir-ndjson")
	if code != 1 || strings.Count(stdout, "\n") != 3 || !strings.Contains(stderr, "1 not written") {
		t.Errorf("exit code %d, standard error %q, output %q", code, stderr, stdout)
	}
	cleanOf(t, stderr)
}

// With a vault the codes are the same on the next run and the label says that
// somebody can lead them back.
func TestFHIRVault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	os.WriteFile(key, []byte(strings.Repeat("0f", 32)), 0o600)
	transform := func(scope string) string {
		t.Helper()
		stdout, stderr, code := program(t, "", "-format", "fhir", "-vault", filepath.Join(dir, "vault"), "-key", key, "-scope", scope, "testdata/bundle.json")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		cleanOf(t, stdout)
		return stdout
	}
	first := transform("one")
	if !strings.Contains(first, `"code":"PSEUDED"`) || strings.Contains(first, "ANONYED") {
		t.Error("the label says that nobody keeps the vault")
	}
	if transform("one") != first {
		t.Error("the codes of a scope changed")
	}
	if transform("two") == first {
		t.Error("two scopes have the same codes")
	}
}

const wardOut = `MSH|^~\&|||||2026||ADT^A01^ADT_A01||P|2.5.1
EVN|A01|2026
PID|1||^^^^MR~^^^^SS||^^^^||1958|F||^^HL70005|^^^IA^503^USA|||||M|||
NK1|1|^|SPO^Spouse^HL70063|^^^IA^503|
PV1|1|I|^^||||^^^^^|||MED|||||||||||||||||||||||||||||||||
MSH|^~\&|||||2026||ORU^R01^ORU_R01||P|2.5.1
PID|1||^^^^MR||^^||1958|F
OBR|1|||4548-4^Hemoglobin A1c^LN|||2026
OBX|1|NM|4548-4^Hemoglobin A1c^LN||6.1|%|4.0-5.6|H|||F|||2026
OBX|2|TX|8251-1^Service comment^LN||||||||F
OBX|3|ST|883-9^ABO group^LN||||||||F
`

// The messages keep their segments, separators and the ends of their lines,
// whether these are of Unix or of HL7, framed or not.
func TestHL7(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/ward.hl7")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := program(t, "", "-as-of", "2026-09-15", "testdata/ward.hl7")
	if code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	cleanOf(t, stdout)
	cleanOf(t, stderr)
	if segments := names(stdout); !slices.Equal(segments, names(wardOut)) {
		t.Errorf("segments %q, want %q", segments, names(wardOut))
	}
	for _, kept := range []string{"|6.1|%|4.0-5.6|H|", "4548-4^Hemoglobin A1c^LN", "^^^IA^503", "|1958|F", "ADT^A01^ADT_A01"} {
		if !strings.Contains(stdout, kept) {
			t.Errorf("the output does not hold %s:\n%s", kept, stdout)
		}
	}
	for name, change := range map[string]func(string) string{
		"CR":   func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
		"CRLF": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"MLLP": func(s string) string {
			first, second, _ := strings.Cut(strings.ReplaceAll(s, "\n", "\r"), "\rMSH")
			return "\x0b" + first + "\r\x1c\r\x0bMSH" + second + "\x1c\r"
		},
	} {
		out, stderr, code := program(t, change(string(data)), "-format", "hl7", "-as-of", "2026-09-15")
		if want := change(stdout); code != 0 || out != want {
			t.Errorf("%s: exit code %d, %q, output\n%q\nwant\n%q", name, code, stderr, out, want)
		}
	}
}

// names are the segments of messages.
func names(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, "|")
		list = append(list, name)
	}
	return list
}

// A policy says what becomes of a kind: the record number has one code in both
// messages.
func TestHL7Policy(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program(t, "", "-policy", "testdata/coded.json", "testdata/ward.hl7")
	if code != 0 {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	cleanOf(t, stdout)
	codes := regexp.MustCompile(`PID\|1\|\|([A-Z2-7]{26})\^`).FindAllStringSubmatch(stdout, -1)
	if len(codes) != 2 || codes[0][1] != codes[1][1] || !strings.Contains(stdout, "[NAME]") {
		t.Errorf("codes %q in\n%s", codes, stdout)
	}
}

// Input that is wrong gives one line that names nothing of it, exit code 2,
// and no file.
func TestBadKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	data, err := os.ReadFile("testdata/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(broken, data[:len(data)/2], 0o600)
	text := filepath.Join(dir, "text.hl7")
	os.WriteFile(text, []byte("Dear Mrs. Pennywhistle,\nyour visit of 2026-09-02\n"), 0o600)
	empty := filepath.Join(dir, "empty.json")
	os.WriteFile(empty, nil, 0o600)
	for _, args := range [][]string{
		{"-format", "fhir", broken},
		{"-format", "fhir", empty},
		{"-format", "fhir", "testdata/policy.json"},
		{"-format", "fhir", "testdata/ward.hl7"},
		{"-format", "fhir", "testdata/visits.csv"},
		{"-format", "fhir", "testdata/none.json"},
		{"-format", "fhir-ndjson", "testdata/visits.csv"},
		{"-format", "hl7", "testdata/bundle.json"},
		{text},
		{"-format", "hl7", "-policy", "testdata/unlawful.json", "testdata/ward.hl7"},
		{"-format", "dicom", "testdata/bundle.json"},
		{"-format", "fhir", "-vault", filepath.Join(dir, "vault"), "testdata/bundle.json"},
		{"-format", "fhir", "testdata/bundle.json", broken},
		{"testdata/ward.hl7", text},
	} {
		report, output := filepath.Join(dir, "report"), filepath.Join(dir, "output")
		stdout, stderr, code := program(t, "", append([]string{"-report", report, "-o", output}, args...)...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d, output %q, standard error %q; want 2, nothing, one line", args, code, stdout, stderr)
		}
		cleanOf(t, stderr)
		for _, name := range []string{report, output} {
			if _, err := os.Stat(name); err == nil {
				t.Errorf("%q: a file was written", args)
			}
		}
	}
}
