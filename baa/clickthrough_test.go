package baa_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

// A service is a small SaaS with the handlers mounted: who signs in is in a
// header, what is on offer can change.
type service struct {
	*httptest.Server
	mu      sync.Mutex
	offered baa.OfferedVersion
	now     time.Time
	kept    []baa.Evidence
	grades  []baa.Assessment
	keepErr error
	none    bool
}

func (s *service) offer(r *http.Request) (baa.OfferedVersion, baa.Visitor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.none {
		return baa.OfferedVersion{}, baa.Visitor{}, baa.ErrNoOffer
	}
	return s.offered, baa.Visitor{
		Session: r.Header.Get("X-Session"), LegalName: "Larkspur <Family> Practice", Account: "account-7", Email: "admin@larkspur.example",
		Authn: "password", AuthnFactor: 2, Locale: "en-US",
	}, nil
}

func newService(t testing.TB, change func(*baa.ClickthroughConfig)) *service {
	t.Helper()
	s := &service{
		now:     time.Date(2026, 3, 2, 4, 30, 0, 0, time.UTC),
		offered: baa.OfferedVersion{AgreementID: "A-1", VersionHash: "hash-1", Label: "1.0.0", Title: "Business Associate Agreement", Vendor: "Fernhill", Body: "<h2>1. Uses</h2><p>Only as needed.</p>"},
	}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	c := baa.ClickthroughConfig{
		Origin: s.URL, Key: []byte(strings.Repeat("k", 32)), Zone: "America/New_York",
		Offer: s.offer,
		Keep: func(_ context.Context, e baa.Evidence, graded baa.Assessment) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.keepErr != nil {
				return s.keepErr
			}
			s.kept, s.grades = append(s.kept, e), append(s.grades, graded)
			return nil
		},
		Deliver: func(context.Context, string, []byte) (time.Time, error) { return s.clock(), nil },
		Now:     s.clock,
	}
	if change != nil {
		change(&c)
	}
	click, err := baa.NewClickthrough(c)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("GET /baa", click.Show())
	mux.Handle("POST /baa", click.Accept())
	mux.Handle("/accept", click.Accept())
	mux.Handle("/show", click.Show())
	return s
}

func (s *service) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *service) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

func (s *service) send(t testing.TB, method, path, session string, form url.Values, headers ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Session", session)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", s.URL)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// form opens the page and fills it in.
func (s *service) form(t testing.TB, session string) url.Values {
	t.Helper()
	code, body, _ := s.send(t, http.MethodGet, "/baa", session, nil)
	if code != http.StatusOK {
		t.Fatalf("the page: %d", code)
	}
	form := url.Values{"name": {"Pat Doe"}, "title": {"Practice manager"}, "authority": {"yes"}, "consent": {"yes"}, "accept": {"yes"}}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

func TestClickthroughAccepts(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	code, body, head := s.send(t, http.MethodGet, "/baa", "alice", nil)
	if code != http.StatusOK || !strings.Contains(body, "<p>Only as needed.</p>") || strings.Contains(body, "<Family>") || strings.Contains(body, "<script") || strings.Contains(body, " checked") {
		t.Fatalf("the page: %d\n%s", code, body)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
		if head.Get(name) != want {
			t.Errorf("%s = %q", name, head.Get(name))
		}
	}
	if csp := head.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
	form := s.form(t, "alice")
	s.pass(time.Minute)
	code, body, _ = s.send(t, http.MethodPost, "/baa", "alice", form)
	if code != http.StatusOK || !strings.Contains(body, "Accepted") {
		t.Fatalf("acceptance: %d\n%s", code, body)
	}
	if s.count() != 1 || s.grades[0].Strength != baa.Strong || len(s.grades[0].Findings) != 0 {
		t.Fatalf("kept %d, grade %+v", s.count(), s.grades)
	}
	a := s.kept[0].Acceptance
	if a.VersionHash != "hash-1" || a.ManifestationHash != baa.HashText(string(s.offered.Body)) || !a.Authority.Given || a.Signer.Name != "Pat Doe" ||
		a.At.Sub(a.Presented.DisplayedAt) != time.Minute || !a.Source.IP.Is("127.0.0.1") || !a.Signer.Email.Is("admin@larkspur.example") || a.Source.Session == "alice" {
		t.Errorf("record %+v", a)
	}
	event, err := s.kept[0].Event()
	if err != nil {
		t.Fatal(err)
	}
	life := acceptLife(t)
	event, err = life.Record(nil, event)
	if err != nil {
		t.Fatal(err)
	}
	state, err := life.StateAt([]baa.Event{event}, a.At, a.At)
	if err != nil || !state.PHI.Yes || state.Governing.Version != a.VersionHash {
		t.Errorf("state %+v, %v", state, err)
	}
}

func acceptLife(t testing.TB) *baa.Lifecycle {
	t.Helper()
	life, err := baa.NewLifecycle(baa.LifecycleConfig{Zone: time.UTC, Versions: []baa.VersionTerms{{
		Version: "hash-1", Signers: []baa.Side{baa.CoveredEntitySide}, StandingOffer: true, RulesOf: baakit.MustParseDate("2026-01-01"),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return life
}

// Everything that must not count as an acceptance is refused, with nothing
// kept, and the form can be sent rightly afterwards where it was its user's
// mistake.
func TestClickthroughRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(s *service, f url.Values)
		session string
		headers []string
		code    int
		says    string
	}{
		{"no authority", func(_ *service, f url.Values) { f.Del("authority") }, "", nil, 422, "Tick that you may bind"},
		{"no consent", func(_ *service, f url.Values) { f.Del("consent") }, "", nil, 422, "electronically"},
		{"no acceptance", func(_ *service, f url.Values) { f.Del("accept") }, "", nil, 422, "Tick that you accept"},
		{"a tick of another value", func(_ *service, f url.Values) { f.Set("accept", "on") }, "", nil, 422, "Tick that you accept"},
		{"no name", func(_ *service, f url.Values) { f.Set("name", "  ") }, "", nil, 422, "Enter your full name"},
		{"a long name", func(_ *service, f url.Values) { f.Set("name", strings.Repeat("x", 201)) }, "", nil, 422, "at most 200"},
		{"a long title", func(_ *service, f url.Values) { f.Set("title", strings.Repeat("é", 201)) }, "", nil, 422, "at most 200"},
		{"two lines", func(_ *service, f url.Values) { f.Set("name", "a\nb") }, "", nil, 422, "one line"},
		{"not UTF-8", func(_ *service, f url.Values) { f.Set("name", "\xff") }, "", nil, 422, "one line"},
		{"stale", func(s *service, _ url.Values) { s.offered.VersionHash = "hash-2" }, "", nil, 409, "has changed"},
		{"another rendering", func(s *service, _ url.Values) { s.offered.Body += "<p>More.</p>" }, "", nil, 409, "has changed"},
		{"a hash set by hand", func(s *service, f url.Values) { s.offered.VersionHash = "hash-2"; f.Set("version", "hash-2") }, "", nil, 403, "session"},
		{"another session", nil, "mallory", nil, 403, "session"},
		{"no token", func(_ *service, f url.Values) { f.Del("token") }, "", nil, 403, "session"},
		{"a token of noise", func(_ *service, f url.Values) { f.Set("token", "AAAA") }, "", nil, 403, "session"},
		{"another origin", nil, "", []string{"Origin", "https://evil.example"}, 403, "our own page"},
		{"no origin", nil, "", []string{"Origin", ""}, 403, "our own page"},
		{"origin null", nil, "", []string{"Origin", "null"}, 403, "our own page"},
		{"cross-site", nil, "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "our own page"},
		{"same site, another origin", nil, "", []string{"Sec-Fetch-Site", "same-site"}, 403, "our own page"},
		{"too old", func(s *service, _ url.Values) { s.now = s.now.Add(time.Hour + 1) }, "", nil, 410, "too long"},
		{"from the future", func(s *service, _ url.Values) { s.now = s.now.Add(-time.Second) }, "", nil, 410, "too long"},
		{"too large", func(_ *service, f url.Values) { f.Set("x", strings.Repeat("x", baa.MaxForm)) }, "", nil, 413, "could not be read"},
		{"given twice", func(_ *service, f url.Values) { f.Add("accept", "no") }, "", nil, 400, "could not be read"},
		{"no form", nil, "", []string{"Content-Type", "application/json"}, 415, "could not be read"},
		{"nothing on offer", func(s *service, _ url.Values) { s.none = true }, "", nil, 404, "no agreement"},
		{"not kept", func(s *service, _ url.Values) { s.keepErr = errors.New("disk full at 10.0.0.7") }, "", nil, 500, "on our side"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, nil)
			form := s.form(t, "alice")
			if tt.change != nil {
				tt.change(s, form)
			}
			session := "alice"
			if tt.session != "" {
				session = tt.session
			}
			code, body, _ := s.send(t, http.MethodPost, "/baa", session, form, tt.headers...)
			if code != tt.code || !strings.Contains(body, tt.says) || strings.Contains(body, "10.0.0.7") {
				t.Errorf("%d, want %d and %q:\n%s", code, tt.code, tt.says, body)
			}
			if s.count() != 0 {
				t.Error("something was kept")
			}
		})
	}
}

// The last moment of a form counts.
func TestClickthroughFormLife(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	form := s.form(t, "alice")
	s.pass(time.Hour)
	if code, _, _ := s.send(t, http.MethodPost, "/baa", "alice", form); code != http.StatusOK {
		t.Errorf("at its last moment: %d", code)
	}
}

// What the user typed stays on the page that says what is wrong, escaped, and
// the form on it can be sent.
func TestClickthroughAgain(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	form := s.form(t, "alice")
	form.Set("name", `"><script>alert(1)</script>`)
	form.Del("authority")
	_, body, _ := s.send(t, http.MethodPost, "/baa", "alice", form)
	if strings.Contains(body, "<script>") || !strings.Contains(body, `aria-invalid="true"`) || !strings.Contains(body, `role="alert"`) || strings.Count(body, " checked") != 2 {
		t.Fatalf("page:\n%s", body)
	}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	form.Set("authority", "yes")
	if code, _, _ := s.send(t, http.MethodPost, "/baa", "alice", form); code != http.StatusOK || s.count() != 1 {
		t.Errorf("the corrected form: %d, kept %d", code, s.count())
	}
}

// A form counts once, however many arrive together.
func TestClickthroughReplay(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	form := s.form(t, "alice")
	codes := make(chan int, 8)
	var wait sync.WaitGroup
	for range cap(codes) {
		wait.Go(func() {
			code, _, _ := s.send(t, http.MethodPost, "/baa", "alice", form)
			codes <- code
		})
	}
	wait.Wait()
	close(codes)
	got := make(map[int]int)
	for code := range codes {
		got[code]++
	}
	if got[http.StatusOK] != 1 || got[http.StatusConflict] != 7 || s.count() != 1 {
		t.Errorf("codes %v, kept %d", got, s.count())
	}
	other := s.form(t, "alice")
	if code, _, _ := s.send(t, http.MethodPost, "/baa", "alice", other); code != http.StatusOK {
		t.Errorf("another form: %d", code)
	}
}

func TestClickthroughMethods(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	for _, tt := range []struct{ method, path, allow string }{
		{http.MethodGet, "/accept", "POST"},
		{http.MethodPut, "/accept", "POST"},
		{http.MethodPost, "/show", "GET, HEAD"},
	} {
		code, _, head := s.send(t, tt.method, tt.path, "alice", nil)
		if code != http.StatusMethodNotAllowed || head.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, allow %q", tt.method, tt.path, code, head.Get("Allow"))
		}
	}
	if code, _, _ := s.send(t, http.MethodGet, "/baa", "", nil); code != http.StatusInternalServerError {
		t.Errorf("without a session: %d", code)
	}
}

func TestClickthroughDone(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *baa.ClickthroughConfig) {
		c.Done, c.Deliver = "/welcome", nil
	})
	code, _, head := s.send(t, http.MethodPost, "/baa", "alice", s.form(t, "alice"))
	if code != http.StatusSeeOther || head.Get("Location") != "/welcome" {
		t.Errorf("%d to %q", code, head.Get("Location"))
	}
	if s.grades[0].Strength != baa.Fair || !s.grades[0].Finding("EV-COPY") || len(s.grades[0].Findings) != 1 {
		t.Errorf("without a copy: %+v", s.grades[0])
	}
}

// Going on is taken, and is never better than weak.
func TestContinuedUse(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	var kept baa.Evidence
	click, err := baa.NewClickthrough(baa.ClickthroughConfig{
		Origin: "https://app.example", Key: make([]byte, 32), Offer: s.offer, Now: s.clock,
		Keep: func(_ context.Context, e baa.Evidence, _ baa.Assessment) error { kept = e; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Session", "alice")
	e, graded, err := click.ContinuedUse(r, s.clock().Add(-30*24*time.Hour))
	if err != nil || graded.Strength != baa.Weak || !graded.Finding("EV-WEAK-METHOD") || !graded.Finding("EV-AUTHORITY") || e.Acceptance.Method != baa.ContinuedUse {
		t.Fatalf("%+v, %v", graded, err)
	}
	if kept.Acceptance != e.Acceptance {
		t.Error("the evidence was not kept")
	}
}

func TestNewClickthrough(t *testing.T) {
	t.Parallel()
	_, err := baa.NewClickthrough(baa.ClickthroughConfig{Origin: "https://app.example/path", Key: make([]byte, 31), Done: "//evil.example", FormLife: -1, Zone: "\n"})
	want := "key origin offer keep done form_life zone"
	errs, ok := errors.AsType[baakit.FieldErrors](err)
	if !ok || len(errs) != 7 {
		t.Fatalf("error %v", err)
	}
	for _, e := range errs {
		if !strings.Contains(want, e.Path) {
			t.Errorf("path %s", e.Path)
		}
	}
}

// The page says in one line of Go what a service has to do.
func ExampleNewClickthrough() {
	click, err := baa.NewClickthrough(baa.ClickthroughConfig{
		Origin: "https://app.example",
		Key:    make([]byte, 32), // random, and the same on all servers
		Offer: func(*http.Request) (baa.OfferedVersion, baa.Visitor, error) {
			return baa.OfferedVersion{AgreementID: "A-1", VersionHash: "sha256-of-the-version", Title: "Business Associate Agreement", Body: "<p>…</p>"},
				baa.Visitor{Session: "from the session cookie", LegalName: "Larkspur Family Practice", Email: "admin@larkspur.example", Authn: "password"}, nil
		},
		Keep: func(_ context.Context, e baa.Evidence, graded baa.Assessment) error {
			event, err := e.Event() // append it to the agreement's life
			fmt.Println(event.Kind, graded.Strength)
			return err
		},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /agreement", click.Show())
	mux.Handle("POST /agreement", click.Accept())
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/agreement", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "I am authorized to accept this agreement for Larkspur Family Practice"))
	// Output: 200 true
}
