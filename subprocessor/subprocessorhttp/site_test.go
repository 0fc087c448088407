package subprocessorhttp_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

// published returns two versions of a list, the second with a name that tries
// to be markup.
func published(t testing.TB) []subprocessor.Published {
	s := subprocessortest.Begin()
	do := func(e subprocessor.Event) {
		if !s.Do(e) {
			t.Fatalf("%s refused", e.Kind)
		}
	}
	publish := func() {
		e, err := s.Registry.Publish(s.Events, s.Now)
		if err != nil {
			t.Fatal(err)
		}
		s.Events = append(s.Events, e)
	}
	d := baakit.DateOf(s.Now, time.UTC)
	do(subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: "v1", LegalName: `<script>alert("x")</script> & Co`, Role: subprocessor.BusinessAssociate, Website: "https://v1.example/"}})
	for _, c := range [][2]string{{"c1", "vendor"}, {"vendor", "v1"}, {"vendor", "v2"}} {
		do(subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{ID: c[0] + "-" + c[1], Upstream: c[0], Downstream: c[1], Kind: subprocessor.BAA, Signed: d, Effective: d}})
	}
	for _, id := range []string{"v2", "v1"} {
		e := subprocessor.Engagement{ID: "work-" + id, Entity: id, Purpose: "Backup", PHI: subprocessor.HandlesPHI, StoragePlaces: []string{"US"}}
		do(subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
		for _, k := range []subprocessor.EventKind{subprocessor.EngagementReviewed, subprocessor.EngagementContracted, subprocessor.EngagementActivated} {
			do(subprocessor.Event{Kind: k, Subject: e.ID})
		}
		publish()
		s.Now = s.Now.AddDate(0, 1, 0)
	}
	state, err := s.Registry.StateAt(s.Events, s.Now, s.Now)
	if err != nil {
		t.Fatal(err)
	}
	return state.Versions()
}

// An outbox that a test reads.
type box struct {
	mu   sync.Mutex
	mail []subprocessor.Message
	fail bool
}

func (b *box) Send(_ context.Context, m subprocessor.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail {
		return errors.New("down")
	}
	b.mail = append(b.mail, m)
	return nil
}

func serve(t testing.TB) (*httptest.Server, *box, *time.Time) {
	server, b, now, _ := serveSite(t)
	return server, b, now
}

func serveSite(t testing.TB) (*httptest.Server, *box, *time.Time, *subprocessorhttp.Site) {
	versions := published(t)
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	b := &box{}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := versions[1].List.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(key.Public()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	site, err := subprocessorhttp.New(subprocessorhttp.Config{
		Versions: versions, Base: base + "/vendors", Signed: &signed, Dates: []subprocessor.DueItem{{ID: "d", What: "renewal", On: baakit.MustParseDate("2026-12-01")}},
		Subscribe: &subprocessorhttp.Subscribe{Store: &subprocessorhttp.MemoryStore{}, Sender: b, From: "list@vendor.example", Secret: bytes.Repeat([]byte{7}, 32), Now: func() time.Time { return now }},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = site
	server.Start()
	t.Cleanup(server.Close)
	return server, b, &now, site
}

func get(t testing.TB, address string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestPages(t *testing.T) {
	t.Parallel()
	server, _, _ := serve(t)
	base := server.URL + "/vendors"
	for path, want := range map[string]string{
		"/": "&lt;script&gt;", "": "&lt;script&gt;", "/versions": "was added for: Backup.", "/versions/1": "Company v2", "/versions/2": "SHA-256", "/versions/1.json": "work-v2",
		"/list.json": "work-v1", "/list.csv": "work-v1", "/list.md": "Backup", "/schema.json": "baakit.subprocessor.list/1", "/feed.atom": "<entry>", "/feed.json": "jsonfeed.org", "/dates.ics": "DTSTART;VALUE=DATE:20261201",
		"/signed.json": "Ed25519", "/subscribe": "<form", "/confirm": "<form", "/unsubscribe": "<form",
	} {
		res, body := get(t, base+path)
		if res.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d, want %q in\n%s", path, res.StatusCode, want, body)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if strings.Contains(body, "<script") && strings.Contains(res.Header.Get("Content-Type"), "html") {
			t.Errorf("%s has a script", path)
		}
	}
	if res, body := get(t, base+"/versions/1"); strings.Contains(body, "work-v1") {
		t.Errorf("version 1 shows what came later: %d", res.StatusCode)
	}
	for _, path := range []string{"/nothing", "/versions/3", "/versions/01", "/../", "/%2e%2e", "/versions/1.json/", "/?x=1/none"} {
		res, body := get(t, base+path)
		if path == "/?x=1/none" {
			continue
		}
		if res.StatusCode != 404 || strings.Contains(body, "nothing") {
			t.Errorf("%s: %d %q", path, res.StatusCode, body)
		}
	}
	var atom struct {
		Author  string `xml:"author>name"`
		Entries []struct {
			ID string `xml:"id"`
		} `xml:"entry"`
	}
	_, body := get(t, base+"/feed.atom")
	if err := xml.Unmarshal([]byte(body), &atom); err != nil || atom.Author == "" || len(atom.Entries) != 2 {
		t.Errorf("%+v, %v", atom, err)
	}
	_, body = get(t, base+"/signed.json")
	if _, err := subprocessor.ParseSignedList([]byte(body)); err != nil {
		t.Error(err)
	}
	_, body = get(t, base+"/list.json")
	if _, err := subprocessor.ParseList([]byte(body)); err != nil || !json.Valid([]byte(body)) {
		t.Error(err)
	}
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	server, _, _ := serve(t)
	address := server.URL + "/vendors/"
	res, _ := get(t, address)
	etag, modified := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
	before := mustTime(t, modified).Add(-time.Second).Format(http.TimeFormat)
	for _, tt := range []struct {
		header []string
		want   int
	}{
		{[]string{"If-None-Match", etag}, 304},
		{[]string{"If-None-Match", `"x", W/` + etag}, 304},
		{[]string{"If-None-Match", "*"}, 304},
		{[]string{"If-None-Match", `"x"`}, 200},
		{[]string{"If-None-Match", `"x"`, "If-Modified-Since", modified}, 200},
		{[]string{"If-Modified-Since", modified}, 304},
		{[]string{"If-Modified-Since", before}, 200},
		{[]string{"If-Modified-Since", "yesterday"}, 200},
	} {
		res, body := get(t, address, tt.header...)
		if res.StatusCode != tt.want || (tt.want == 304) != (body == "") {
			t.Errorf("%v: %d with %d bytes, want %d", tt.header, res.StatusCode, len(body), tt.want)
		}
	}
	head, err := http.Head(address)
	if err != nil || head.StatusCode != 200 || head.Header.Get("ETag") != etag {
		t.Errorf("HEAD: %v %v", head, err)
	}
	post, err := http.Post(address, "text/plain", nil)
	if err != nil || post.StatusCode != 405 || post.Header.Get("Allow") == "" {
		t.Errorf("POST: %v %v", post, err)
	}
}

func mustTime(t *testing.T, s string) time.Time {
	v, err := http.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func post(t testing.TB, address string, form url.Values) (int, string) {
	t.Helper()
	res, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// textOf returns the text part of mail.
func textOf(t *testing.T, m subprocessor.Message) (mail.Header, string) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(string(m.Data)))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(msg.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	return msg.Header, string(text)
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	server, b, now, site := serveSite(t)
	base := server.URL + "/vendors"
	told := func() (list []subprocessor.Message) {
		for m, err := range site.Messages(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, m)
		}
		return list
	}
	ask := func(address string) (int, string) {
		return post(t, base+"/subscribe", url.Values{"address": {address}})
	}
	for _, bad := range []string{"", "x", "a@b\r\nBcc: c@d", "A <a@clinic.example>", `"><script>@x`, strings.Repeat("a", 300) + "@b"} {
		if code, body := ask(bad); code != 400 || bad != "" && len(bad) > 5 && strings.Contains(body, bad) {
			t.Errorf("%q: %d %s", bad, code, body)
		}
	}
	code, first := ask("a@clinic.example")
	if code != 200 || len(b.mail) != 1 || strings.Contains(first, "a@clinic.example") {
		t.Fatalf("%d, %d mails", code, len(b.mail))
	}
	if code, again := ask("A@clinic.example"); code != 200 || len(b.mail) != 1 || again != first {
		t.Errorf("asked twice: %d, %d mails", code, len(b.mail))
	}
	header, text := textOf(t, b.mail[0])
	if header.Get("List-Unsubscribe") == "" || header.Get("To") != "<a@clinic.example>" {
		t.Errorf("%v", header)
	}
	links := regexp.MustCompile(`http://\S+`).FindAllString(text, 2)
	if len(links) != 2 {
		t.Fatalf("links %v in %s", links, text)
	}
	if n := len(told()); n != 0 {
		t.Errorf("%d mails of changes before the confirmation", n)
	}
	// A mail program that looks at the link confirms nothing.
	if res, body := get(t, links[0]); res.StatusCode != 200 || !strings.Contains(body, "<form") || strings.Contains(body, "token") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if code, _ := post(t, links[0]+"0", nil); code != 400 {
		t.Errorf("another token confirms: %d", code)
	}
	*now = now.Add(49 * time.Hour)
	if code, _ := post(t, links[0], nil); code != 400 {
		t.Errorf("a link that is too old confirms: %d", code)
	}
	if code, _ := ask("a@clinic.example"); code != 200 || len(b.mail) != 2 {
		t.Fatalf("asked again: %d, %d mails", code, len(b.mail))
	}
	_, text = textOf(t, b.mail[1])
	links = regexp.MustCompile(`http://\S+`).FindAllString(text, 2)
	for range 2 {
		if code, body := post(t, links[0], nil); code != 200 || !strings.Contains(body, "You are subscribed") {
			t.Errorf("confirm: %d", code)
		}
	}
	if mails := told(); len(mails) != 1 || mails[0].To != "a@clinic.example" {
		t.Fatalf("mail of changes: %+v", mails)
	}
	_, text = textOf(t, told()[0])
	if !strings.Contains(text, "was added") || !strings.Contains(text, links[1]) {
		t.Errorf("mail of changes: %s", text)
	}
	*now = now.Add(49 * time.Hour)
	if code, _ := post(t, links[1], url.Values{"List-Unsubscribe": {"One-Click"}}); code != 200 {
		t.Errorf("unsubscribe: %d", code)
	}
	if n := len(told()); n != 0 {
		t.Errorf("%d mails of changes after the end", n)
	}
	if code, _ := post(t, links[0], nil); code != 400 {
		t.Errorf("confirm after the end: %d", code)
	}
	if code, _ := post(t, base+"/subscribe", url.Values{"address": {strings.Repeat("a", 10_000)}}); code != 400 {
		t.Errorf("a form that is too long: %d", code)
	}
}

func FuzzHandler(f *testing.F) {
	versions := published(f)
	site, err := subprocessorhttp.New(subprocessorhttp.Config{Versions: versions, Base: "https://vendor.example/vendors", Subscribe: &subprocessorhttp.Subscribe{Store: &subprocessorhttp.MemoryStore{}, Sender: &box{}, From: "list@vendor.example", Secret: bytes.Repeat([]byte{7}, 32)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", "/vendors/", "If-None-Match", `"x"`, "")
	f.Add("POST", "/vendors/subscribe", "Content-Type", "application/x-www-form-urlencoded", "address=a@b.example")
	f.Add("POST", "/vendors/confirm?id=a&token=b", "X", "zqmarkzq", "zqmarkzq")
	f.Fuzz(func(t *testing.T, method, target, key, value, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: method, URL: u, Header: http.Header{http.CanonicalHeaderKey(key): {value}}, Body: io.NopCloser(strings.NewReader(body))}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r.WithContext(context.Background()))
		if w.Code != 200 && w.Code != 304 && w.Code != 400 && w.Code != 404 && w.Code != 405 {
			t.Fatalf("code %d", w.Code)
		}
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Fatal("no policy")
		}
		for _, s := range []string{target, value, body} {
			if len(s) > 40 && strings.Contains(w.Body.String(), s) {
				t.Fatal("the answer repeats the request")
			}
		}
	})
}

func BenchmarkListPage(b *testing.B) {
	versions := published(b)
	site, err := subprocessorhttp.New(subprocessorhttp.Config{Versions: versions, Base: "https://vendor.example"})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(site)
	defer server.Close()
	client := server.Client()
	for b.Loop() {
		res, err := client.Get(server.URL + "/")
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
