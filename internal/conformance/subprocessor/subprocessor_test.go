package subprocessor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/emersion/go-smtp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/baakit/baakit/internal/conformance/browser"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessorhttp"
	"github.com/baakit/baakit/subprocessor/subprocessoroutbox"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

// registry is the one of the example.
func registry(t testing.TB, on string) (*subprocessor.State, time.Time) {
	t.Helper()
	data, err := os.ReadFile("../../../examples/vendors/registry.json")
	if err != nil {
		t.Fatal(err)
	}
	reg, events, err := subprocessor.ParseRegistry(data)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, on)
	if err != nil {
		t.Fatal(err)
	}
	state, err := reg.StateAt(events, now, now)
	if err != nil {
		t.Fatal(err)
	}
	return state, now
}

type mailbox struct {
	mu  sync.Mutex
	all []subprocessor.Message
}

func (m *mailbox) Send(_ context.Context, x subprocessor.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, x)
	return nil
}

// The pages in a real browser, on a desk and on a telephone, with JavaScript
// switched off: what is on them is seen, nothing is wider than the window, the
// policy is kept, and the form of the subscription works.
func TestPagesInBrowser(t *testing.T) {
	state, now := registry(t, "2027-01-05T12:00:00Z")
	box := &mailbox{}
	server := httptest.NewUnstartedServer(nil)
	site, err := subprocessorhttp.New(subprocessorhttp.Config{
		Versions: state.Versions(), Base: "http://" + server.Listener.Addr().String(), Dates: state.Due(state.Day().AddDays(365)),
		Subscribe: &subprocessorhttp.Subscribe{Store: &subprocessorhttp.MemoryStore{}, Sender: box, From: "list@fernhill.example", Secret: bytes.Repeat([]byte{7}, 32), Now: func() time.Time { return now }},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = site
	server.Start()
	defer server.Close()
	for _, size := range []browser.Options{{}, {Width: 390, Height: 844}} {
		// Measuring takes JavaScript; the policy keeps the page from having any.
		ctx := browser.Tab(t, &size)
		for _, path := range []string{"/", "/versions", "/versions/1", "/versions/2", "/subscribe"} {
			var wide, scripts int
			var style, heading string
			if err := chromedp.Run(ctx, chromedp.Navigate(server.URL+path), chromedp.Text("h1", &heading),
				chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wide),
				chromedp.Evaluate(`document.scripts.length`, &scripts),
				chromedp.Evaluate(`getComputedStyle(document.querySelector("h1")).fontFamily`, &style)); err != nil {
				t.Fatal(err)
			}
			if wide > 0 || scripts > 0 || heading == "" || !strings.Contains(style, "system-ui") {
				t.Errorf("%s at %+v: %d pixels too wide, %d scripts, heading %q, font %q", path, size, wide, scripts, heading, style)
			}
		}
		size.NoJavaScript = true
		ctx = browser.Tab(t, &size)
		var text string
		if err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/"), chromedp.Text("main", &text)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "Harbor Archive, Inc.") || !strings.Contains(text, "No longer used") {
			t.Errorf("the page shows %q", text)
		}
		before := len(box.all)
		address := map[int]string{0: "desk@cedar.example", 390: "phone@cedar.example"}[size.Width]
		if err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/subscribe"), chromedp.SendKeys("#address", address), chromedp.Click("form button"), chromedp.WaitVisible(`//h1[contains(., "Look into your mail")]`)); err != nil {
			t.Fatal(err)
		}
		if len(box.all) != before+1 || box.all[before].To != address {
			t.Errorf("%d mails after the form", len(box.all)-before)
		}
	}
}

// A mail server that keeps what it accepts, and fails as it is told.
type backend struct {
	mu    sync.Mutex
	fail  []error
	mails map[string][][]byte // by receiver
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{b: b}, nil }

type session struct {
	b  *backend
	to string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Reset()                               { s.to = "" }
func (s *session) Logout() error                        { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if len(s.b.fail) > 0 {
		err := s.b.fail[0]
		s.b.fail = s.b.fail[1:]
		return err
	}
	s.b.mails[s.to] = append(s.b.mails[s.to], data)
	return nil
}

func smtpServer(t *testing.T) (*backend, string) {
	b := &backend{mails: make(map[string][][]byte)}
	server := smtp.NewServer(b)
	server.Domain = "mail.example"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return b, listener.Addr().String()
}

// Notices through a real mail server: an answer of 4xx is tried again after a
// pause, over a restart; 5xx is a bounce; what was accepted is not sent again.
func TestOutboxOverSMTP(t *testing.T) {
	state, now := registry(t, "2026-12-01T16:00:00Z")
	b, address := smtpServer(t)
	b.fail = []error{&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}}
	dir := t.TempDir()
	open := func() *subprocessoroutbox.Outbox {
		o, err := subprocessoroutbox.Open(dir, subprocessoroutbox.SMTP{Addr: address}, &subprocessoroutbox.Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := open()
	var keys []string
	for _, c := range []string{"larkspur", "cedar", "quay"} {
		n, err := state.Notice("swap", c, 1, "https://fernhill.example/vendors/")
		if err != nil {
			t.Fatal(err)
		}
		if c == "quay" {
			n.To = "nobody@quay.example"
		}
		m, err := n.Message("Fernhill <legal@fernhill.example>", now)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Enqueue(m); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, m.Key)
	}
	next, err := o.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []subprocessor.Delivery{subprocessor.Queued, subprocessor.Sent, subprocessor.Bounced} {
		if x, _ := o.Item(keys[i]); x.Level != want {
			t.Errorf("%s is %s, want %s", keys[i], x.Level, want)
		}
	}
	o.Close()
	o = open()
	defer o.Close()
	now = next
	for range 3 {
		if _, err := o.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if x, _ := o.Item(keys[0]); x.Level != subprocessor.Sent || x.Failures != 1 {
		t.Errorf("after the pause: %+v", x)
	}
	for _, to := range []string{"privacy@larkspur.example", "compliance@cedar.example"} {
		if n := len(b.mails[to]); n != 1 {
			t.Fatalf("%s has %d mails, want 1", to, n)
		}
		m, err := mail.ReadMessage(bytes.NewReader(b.mails[to][0]))
		if err != nil {
			t.Fatal(err)
		}
		if id := m.Header.Get("Message-ID"); !strings.HasPrefix(id, "<swap.1.") {
			t.Errorf("Message-ID %q", id)
		}
	}
	if len(b.mails["nobody@quay.example"]) != 0 {
		t.Error("the mailbox that does not exist has mail")
	}
	// A server that is gone is tried again, and loses nothing.
	sender := subprocessoroutbox.SMTP{Addr: "127.0.0.1:1", Timeout: time.Second}
	if err := sender.Send(t.Context(), subprocessor.Message{Key: "k"}); err == nil || errors.Is(err, subprocessor.ErrRejected) {
		t.Errorf("a server that is gone: %v", err)
	}
}

// The published schema accepts the lists that are published and refuses
// others.
func TestListSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(subprocessor.ListJSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://baakit.example/list.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("https://baakit.example/list.json")
	if err != nil {
		t.Fatal(err)
	}
	state, _ := registry(t, "2027-01-05T12:00:00Z")
	for _, v := range state.Versions() {
		data, err := json.Marshal(v.List)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("version %d: %v", v.Version, err)
		}
		value.(map[string]any)["entries"].([]any)[0].(map[string]any)["phi"] = "none"
		if schema.Validate(value) == nil {
			t.Error("an entry without PHI is accepted")
		}
	}
}

var _ http.Handler = (*subprocessorhttp.Site)(nil)

// The contract of a sender, kept by the one for mail before a real server.
func TestSMTPKeepsTheContract(t *testing.T) {
	subprocessortest.TestSender(t, func(testing.TB) subprocessortest.SenderUnderTest {
		b, address := smtpServer(t)
		return subprocessortest.SenderUnderTest{
			Sender: subprocessoroutbox.SMTP{Addr: address},
			Received: func(key string) (all [][]byte) {
				b.mu.Lock()
				defer b.mu.Unlock()
				for _, list := range b.mails {
					for _, data := range list {
						if m, err := mail.ReadMessage(bytes.NewReader(data)); err == nil && strings.HasPrefix(m.Header.Get("Message-ID"), "<"+key+"@") {
							all = append(all, data)
						}
					}
				}
				return all
			},
			Refuse: func(forGood bool) {
				err := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
				if forGood {
					err = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "never"}
				}
				b.mu.Lock()
				defer b.mu.Unlock()
				b.fail = append(b.fail, err)
			},
		}
	})
}
