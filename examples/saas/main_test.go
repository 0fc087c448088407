package main

import (
	"bufio"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/auditfile"
	"github.com/baakit/baakit/internal/exampletest"
)

var program exampletest.Program

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// serve starts the service on a folder and returns its address, and what ends
// it as a user would, by an interrupt.
func serve(t *testing.T, dir string, args ...string) (base string, stop func()) {
	t.Helper()
	cmd := exec.Command(program.Path(), append([]string{"-addr", "127.0.0.1:0", "-dir", dir, "-for", "2m"}, args...)...)
	stderr := &strings.Builder{}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the service does not start: %v, %s", err, stderr)
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // so that it never waits for a reader
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the service ends with %v, %s", err, stderr)
		}
	}
	t.Cleanup(stop)
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "open "), "/"), stop
}

// A person is somebody with a browser.
type person struct {
	t      *testing.T
	base   string
	client *http.Client
}

func signIn(t *testing.T, base, key string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t, base, &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	if key != "" {
		p.post("/login", url.Values{"key": {key}}, http.StatusOK)
	}
	return p
}

func (p *person) get(path string, want int) string {
	p.t.Helper()
	resp, err := p.client.Get(p.base + path)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read("GET "+path, resp, want)
}

func (p *person) post(path string, form url.Values, want int) string {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.base) // as a browser does
	resp, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read("POST "+path, resp, want)
}

func (p *person) read(what string, resp *http.Response, want int) string {
	p.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != want {
		p.t.Fatalf("%s: %s, want %d\n%s", what, resp.Status, want, body)
	}
	return string(body)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// accept reads the agreement, ticks and sends.
func (p *person) accept() {
	p.t.Helper()
	shown := p.get("/agreement", http.StatusOK)
	form := url.Values{"name": {"Robin Vale"}, "title": {"Practice manager"}, "authority": {"yes"}, "consent": {"yes"}, "accept": {"yes"}}
	for _, field := range hidden.FindAllStringSubmatch(shown, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if page := p.post("/agreement", form, http.StatusOK); !strings.Contains(page, "PHI may flow.") {
		p.t.Fatalf("after the acceptance: %s", p.get("/patients", http.StatusOK))
	}
}

func has(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func hasNot(t *testing.T, page string, others ...string) {
	t.Helper()
	for _, other := range others {
		if strings.Contains(page, other) {
			t.Errorf("the page has %q", other)
		}
	}
}

// names, in the records of the first customer, of what must not leave it.
var identifiers = []string{
	"Quillfeather", "Ada", "1931", "03-02", "515-555", "Juniper", "Ames", "50010", "p-1001",
	"Thistlewood", "Bram", "11-23", "Cornmill", "50201", "p-1002", "10-05", "09-14",
}

func TestAcceptanceBeforePHI(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, t.TempDir())
	anybody, nurse, boss := signIn(t, base, ""), signIn(t, base, "larkspur-nurse-1"), signIn(t, base, "larkspur-manager")
	other := signIn(t, base, "cedar-manager-1")

	has(t, anybody.get("/patients", http.StatusOK), "Sign in") // sent to the first page
	for _, path := range []string{"/patients", "/patients/p-1001"} {
		page := nurse.get(path, http.StatusForbidden)
		has(t, page, "no signed agreement was in effect", "45 CFR 164.502(e)")
		hasNot(t, page, identifiers...)
	}
	nurse.get("/agreement", http.StatusForbidden)
	nurse.get("/export", http.StatusForbidden)
	anybody.get("/subprocessors/", http.StatusNotFound)

	boss.accept()
	has(t, nurse.get("/patients", http.StatusOK), "Ada Quillfeather", "Bram Thistlewood")
	has(t, nurse.get("/patients/p-1001", http.StatusOK), "Hypertension", "50010")
	has(t, anybody.get("/subprocessors/", http.StatusOK), "Ironrack Data Centers, Inc.")

	// Another customer has agreed to nothing, and sees nothing of this one.
	other.get("/patients", http.StatusForbidden)
	other.accept()
	has(t, other.get("/patients", http.StatusOK), "Corin Ashdown")
	hasNot(t, other.get("/patients", http.StatusOK), "Quillfeather")
	other.get("/patients/p-1001", http.StatusNotFound)
	nurse.get("/patients/p-2001", http.StatusNotFound)
}

// Every request for records is in the log of its customer, by person and
// patient, those that were refused too, and in no other.
func TestAccesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base, stop := serve(t, dir)
	nurse, boss, other := signIn(t, base, "larkspur-nurse-1"), signIn(t, base, "larkspur-manager"), signIn(t, base, "cedar-manager-1")
	nurse.get("/patients/p-1001", http.StatusForbidden)
	boss.accept()
	nurse.get("/patients", http.StatusOK)
	nurse.get("/patients/p-1002", http.StatusOK)
	nurse.get("/patients/p-9", http.StatusNotFound)
	boss.get("/export", http.StatusOK)
	nurse.get("/accesses", http.StatusForbidden)
	other.get("/patients", http.StatusForbidden) // in its own chain

	var rows []string
	for _, row := range regexp.MustCompile(`(?s)<tr><td>\d+</td>.*?</tr>`).FindAllString(boss.get("/accesses", http.StatusOK), -1) {
		cells := regexp.MustCompile(`<td[^>]*>([^<]*)</td>`).FindAllStringSubmatch(row, -1)
		rows = append(rows, cells[0][1]+" "+cells[2][1]+" "+cells[3][1]+" "+cells[4][1]+" "+cells[5][1])
	}
	want := []string{
		"6 u-vale, manager R /export p-1002 done",
		"5 u-vale, manager R /export p-1001 done",
		"4 u-okafor, nurse R /patients/{id} none refused",
		"3 u-okafor, nurse R /patients/{id} p-1002 done",
		"2 u-okafor, nurse R /patients p-1002 done",
		"1 u-okafor, nurse R /patients p-1001 done",
		"0 u-okafor, nurse R /patients/{id} none refused",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("accesses:\n%s\nwant:\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	hasNot(t, other.get("/accesses", http.StatusOK), "u-okafor", "p-1001")
	hasNot(t, boss.get("/accesses", http.StatusOK), "u-marsh")
	proof := boss.get("/accesses/3/proof", http.StatusOK)
	boss.get("/accesses/7/proof", http.StatusNotFound)
	stop()

	// What the folder holds verifies with the key alone, and the proof with
	// neither log nor service.
	k, err := openKeys(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := audit.ParseProof([]byte(proof))
	if err != nil {
		t.Fatal(err)
	}
	store, err := auditfile.Open(filepath.Join(dir, "log"), &auditfile.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	entries := map[string]uint64{}
	reports, err := audit.VerifyAll(t.Context(), store, &audit.VerifyOptions{Verifier: k.signer.Verifier()})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		entries[r.Chain] = r.Size
	}
	if entries["t/larkspur"] != 7 || entries["t/cedar"] != 1 || entries["org/larkspur/agreement"] != 3 || entries["org/larkspur/exports"] != 1 {
		t.Errorf("the log has %v", entries)
	}
	for r, err := range store.Read(t.Context(), "t/larkspur", 3) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Verify(k.signer.Verifier(), "audit.fernhill.example/t/larkspur", r.Line); err != nil {
			t.Errorf("the proof: %v", err)
		}
		break
	}
	secrets := []string{"p-1001", "Quillfeather", "/patients/p-1002"}
	for chain := range entries {
		for r, err := range store.Read(t.Context(), chain, 0) {
			if err != nil {
				t.Fatal(err)
			}
			hasNot(t, string(r.Line)+string(r.Sealed), secrets...)
		}
	}
	hasNot(t, readAll(t, filepath.Join(dir, "log")), secrets...)
}

func readAll(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		b.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// inProcess is the service in this process, with a clock of the test's.
func inProcess(t *testing.T, now func() time.Time) (*service, string) {
	t.Helper()
	conf, err := readConfig("")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	s, err := open(t.Context(), conf, t.TempDir(), "http://"+server.Listener.Addr().String(), now)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.handler()
	server.Start()
	t.Cleanup(server.Close)
	return s, server.URL
}

// The gate is compiled for a day; the next day it is compiled anew.
func TestNextDay(t *testing.T) {
	t.Parallel()
	var days atomic.Int64
	start := time.Now()
	s, base := inProcess(t, func() time.Time { return start.Add(time.Duration(days.Load())*24*time.Hour + time.Since(start)) })
	boss := signIn(t, base, "larkspur-manager")
	boss.accept()
	for range 3 {
		boss.get("/patients", http.StatusOK)
		days.Add(1)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// A service that cannot log gives nothing away.
func TestNoLogNoRecords(t *testing.T) {
	t.Parallel()
	s, base := inProcess(t, time.Now)
	boss := signIn(t, base, "larkspur-manager")
	boss.accept()
	boss.get("/patients", http.StatusOK)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/patients", "/patients/p-1001", "/export"} {
		hasNot(t, boss.get(path, http.StatusServiceUnavailable), identifiers...)
	}
	s.close() //nolint:errcheck // its store is closed already
}

func TestExport(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, t.TempDir())
	boss := signIn(t, base, "larkspur-manager")
	boss.accept()
	data := boss.get("/export", http.StatusOK)
	hasNot(t, data, identifiers...)
	has(t, data, `"I10"`, `"J45.909"`, `"1988"`, `"2026"`, `"IA"`)
	if n := strings.Count(data, "\n"); n != 2 {
		t.Errorf("the export has %d records, want 2", n)
	}
	if again := boss.get("/export", http.StatusOK); again != data {
		t.Error("on the same day the same records have other codes")
	}
}

// Two incidents' facts; the second time more people are known.
const facts = `{"schema": "baakit.breach.incident/1", "id": "INC-7", "zone": "America/Chicago",
 "parties": [
  {"name": "Fernhill Cloud Records", "role": "business_associate", "knowledge": [{"at": "2026-11-20T09:20:00-06:00", "by": "workforce"}], "agency": "independent_contractor"},
  {"name": "Larkspur Family Practice", "role": "covered_entity"}],
 "people": {"total": 640, "residents": {"IA": 600, "IL": 40}}, "information": {"kinds": ["name_and_contact", "medical"]}, "security": "successful"}`

func TestIncident(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base, stop := serve(t, dir)
	officer, boss, other := signIn(t, base, "fernhill-officer"), signIn(t, base, "larkspur-manager"), signIn(t, base, "cedar-manager-1")
	officer.get("/patients", http.StatusForbidden) // the vendor's own staff reads no records here
	boss.post("/incidents", url.Values{"tenant": {"larkspur"}, "facts": {facts}}, http.StatusForbidden)
	has(t, officer.post("/incidents", url.Values{"tenant": {"larkspur"}, "facts": {`{"schema": "baakit.breach.incident/1", "id": "x"}`}}, http.StatusUnprocessableEntity), "parties")
	officer.post("/incidents", url.Values{"tenant": {"nobody"}, "facts": {facts}}, http.StatusUnprocessableEntity)

	page := officer.post("/incidents", url.Values{"tenant": {"larkspur"}, "facts": {facts}}, http.StatusOK)
	has(t, page, "Incident INC-7", "/timeline.svg", "2026-11-30") // 10 days of the agreement from 20 November
	const path = "/customers/larkspur/incidents/INC-7"
	has(t, boss.get("/", http.StatusOK), path)
	has(t, boss.get(path+"/timeline.svg", http.StatusOK), "<svg", "2026-11-30")
	has(t, boss.get(path+"/timeline.html", http.StatusOK), "45 CFR 164.410")
	has(t, boss.get(path+"/deadlines.ics", http.StatusOK), "BEGIN:VCALENDAR", "20261130")
	other.get(path, http.StatusNotFound)
	other.get("/customers/cedar/incidents/INC-7", http.StatusNotFound)
	hasNot(t, boss.get(path, http.StatusOK), "prominent media outlets of Illinois")

	stop()
	base, _ = serve(t, dir)
	has(t, signIn(t, base, "larkspur-manager").get(path, http.StatusOK), "2026-11-30")
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base, stop := serve(t, dir)
	signIn(t, base, "larkspur-manager").accept()
	list := signIn(t, base, "").get("/subprocessors/list.json", http.StatusOK)
	stop()
	base, _ = serve(t, dir)
	nurse := signIn(t, base, "larkspur-nurse-1")
	has(t, nurse.get("/patients", http.StatusOK), "Ada Quillfeather")
	if again := nurse.get("/subprocessors/list.json", http.StatusOK); again != list {
		t.Error("the vendor list is another one after a restart")
	}
}

// A form that another site sends is refused.
func TestOtherOrigin(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, t.TempDir())
	boss := signIn(t, base, "larkspur-manager")
	r, err := http.NewRequest(http.MethodPost, base+"/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://elsewhere.example")
	resp, err := boss.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	boss.read("POST /logout", resp, http.StatusForbidden)
	has(t, boss.get("/", http.StatusOK), "Sign out")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	broken := func(replace ...string) string {
		name := filepath.Join(t.TempDir(), "service.json")
		if err := os.WriteFile(name, []byte(strings.NewReplacer(replace...).Replace(string(builtIn))), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"a flag":       {[]string{"-x"}, "-x"},
		"an argument":  {[]string{"x"}, "argument"},
		"not loopback": {[]string{"-addr", "0.0.0.0:0"}, "loopback"},
		"no file":      {[]string{"-config", "none.json"}, "cannot be read"},
		"malformed":    {[]string{"-config", broken(`"zone"`, `zone"`)}, "malformed at byte"},
		"unknown":      {[]string{"-config", broken(`"hosting"`, `"hostings"`)}, "unknown"},
		"zone":         {[]string{"-config", broken(`"zone": "America/Chicago",`+"\n", `"zone": "Mars",`)}, "zone:"},
		"two":          {[]string{"-config", broken(`"larkspur-nurse-1"`, `"larkspur-manager"`, `"cedar"`, `"Cedar"`)}, "tenants[1].id: must be a short identifier"},
		"registry":     {[]string{"-config", broken(`"entity_recorded"`, `"entity_born"`)}, "registry."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			stdout, stderr, code := program.Run(t, "", append([]string{"-addr", "127.0.0.1:0", "-dir", dir}, test.args...)...)
			if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.says) {
				t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestEndsByItself(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := program.Run(t, "", "-addr", "127.0.0.1:0", "-dir", t.TempDir(), "-for", "10ms")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "open http://127.0.0.1:") {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
}

// It is an example to copy: what it imports, anybody can import.
func TestPublicImportsOnly(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	for path := range strings.FieldsSeq(string(out)) {
		if strings.Contains(path, "/internal/") {
			t.Errorf("imports %s", path)
		}
		if rest, ok := strings.CutPrefix(path, "github.com/baakit/baakit/"); ok {
			ours[rest] = true
		}
	}
	for _, want := range []string{"audit", "audit/auditfile", "audit/audithttp", "audit/auditkeys", "baa", "breach", "deid", "subprocessor"} {
		if !ours[want] {
			t.Errorf("%s is not in %v", want, slices.Sorted(maps.Keys(ours)))
		}
	}
}
