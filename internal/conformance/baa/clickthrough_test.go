package baa_test

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/internal/conformance/browser"
)

// A site is a service with the click-through mounted, whose session is a
// cookie.
type site struct {
	*httptest.Server
	mu     sync.Mutex
	offer  baa.OfferedVersion
	kept   []baa.Evidence
	grades []baa.Assessment
}

func newSite(t *testing.T) *site {
	t.Helper()
	version, err := baa.Seal(standard(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{offer: baa.OfferOf("A-1", version)}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	click, err := baa.NewClickthrough(baa.ClickthroughConfig{
		Origin: s.URL, Key: bytes.Repeat([]byte("k"), 32),
		Offer: func(r *http.Request) (baa.OfferedVersion, baa.Visitor, error) {
			session, err := r.Cookie("session")
			if err != nil {
				return baa.OfferedVersion{}, baa.Visitor{}, baa.ErrNoOffer
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.offer, baa.Visitor{Session: session.Value, LegalName: "Larkspur Family Practice", Account: "7", Email: "pat@larkspur.example", Authn: "password"}, nil
		},
		Keep: func(_ context.Context, e baa.Evidence, graded baa.Assessment) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.kept, s.grades = append(s.kept, e), append(s.grades, graded)
			return nil
		},
		Deliver: func(context.Context, string, []byte) (time.Time, error) { return time.Now(), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("GET /baa", click.Show())
	mux.Handle("POST /baa", click.Accept())
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s-1", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/baa", http.StatusSeeOther)
	})
	return s
}

func standard(t *testing.T) baa.Draft {
	t.Helper()
	d := baa.Standard(baa.CoveredEntityAgreement,
		baa.Party{Role: baa.CoveredEntitySide, LegalName: "Larkspur Family Practice", Home: baakit.MustParseJurisdiction("IA")},
		baa.Party{Role: baa.BusinessAssociateSide, LegalName: "Fernhill Cloud Records, Inc.", Home: baakit.MustParseJurisdiction("IL")})
	return d
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// picture keeps a screenshot in the folder that BAAKIT_PICTURES names, to be
// looked at.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	var data []byte
	if err := chromedp.Run(ctx, chromedp.FullScreenshot(&data, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := png.DecodeConfig(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("BAAKIT_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// A visitor without JavaScript and without a mouse: first without the
// authority, then with it.
func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1280, 360} {
		name := map[int]string{1280: "desk", 360: "phone"}[width]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := browser.Tab(t, &browser.Options{Width: width, Height: 740, NoJavaScript: true})
			s := newSite(t)
			run(t, ctx, emulation.SetFocusEmulationEnabled(true), // as if somebody looked at the window
				chromedp.Navigate(s.URL+"/login"), chromedp.WaitVisible("#accepting"))
			picture(t, ctx, name+"-form")
			noOverflow(t, ctx)

			// The first stop is the way to the form, behind the text.
			run(t, ctx, chromedp.KeyEvent(kb.Tab))
			if got := focused(t, ctx); got != "a" {
				t.Errorf("the first stop is %q", got)
			}
			run(t, ctx, chromedp.KeyEvent(kb.Enter))
			for tabs := 0; focused(t, ctx) != "name"; tabs++ {
				if tabs > 60 {
					t.Fatal("the name cannot be reached")
				}
				run(t, ctx, chromedp.KeyEvent(kb.Tab))
			}
			run(t, ctx, chromedp.KeyEvent("Pat Doe"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("Practice manager"))
			stop := func(want string) {
				t.Helper()
				run(t, ctx, chromedp.KeyEvent(kb.Tab))
				if got := focused(t, ctx); got != want {
					t.Fatalf("the next stop is %q, want %q", got, want)
				}
			}
			stop("authority")
			stop("consent")
			run(t, ctx, chromedp.KeyEvent(" "))
			stop("accept")
			run(t, ctx, chromedp.KeyEvent(" "))
			stop("button")
			run(t, ctx, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#problems"))
			if s.count() != 0 {
				t.Fatal("accepted without authority")
			}
			for try := 0; focused(t, ctx) != "problems"; try++ {
				if try > 50 {
					t.Fatalf("the focus is on %q, not on what is wrong", focused(t, ctx))
				}
				run(t, ctx, chromedp.Sleep(20*time.Millisecond))
			}
			picture(t, ctx, name+"-problems")
			noOverflow(t, ctx)
			// The list of problems leads to the field.
			run(t, ctx, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
			// The browser moves the focus to the target in a task of its own:
			// let it settle, then go on with the keyboard from wherever it is.
			run(t, ctx, chromedp.Sleep(700*time.Millisecond))
			reach := func(id string) {
				for tabs := 0; focused(t, ctx) != id; tabs++ {
					if tabs > 60 {
						t.Fatalf("%s cannot be reached", id)
					}
					run(t, ctx, chromedp.KeyEvent(kb.Tab))
				}
			}
			reach("authority")
			run(t, ctx, chromedp.KeyEvent(" "))
			reach("consent")
			reach("accept")
			stop("button")
			run(t, ctx, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("p.good"))
			picture(t, ctx, name+"-accepted")
			noOverflow(t, ctx)
			if s.count() != 1 || s.grades[0].Strength != baa.Strong {
				t.Fatalf("kept %d, %+v", s.count(), s.grades)
			}
			if a := s.kept[0].Acceptance; a.Signer.Name != "Pat Doe" || !strings.Contains(s.kept[0].AuthorityText, "Larkspur") || a.VersionHash != s.offer.VersionHash {
				t.Errorf("record %+v", a)
			}
			// Reloading sends the form again, which counts for nothing.
			run(t, ctx, chromedp.Reload(), chromedp.WaitVisible("p.bad"))
			if s.count() != 1 {
				t.Error("a reloaded page was accepted again")
			}
		})
	}
}

// The page works as well for those who have JavaScript, and offers a screen
// reader a name for every control.
func TestNames(t *testing.T) {
	t.Parallel()
	ctx := browser.Tab(t, nil)
	s := newSite(t)
	var unnamed, loads int
	var lang, csp string
	run(t, ctx,
		chromedp.Navigate(s.URL+"/login"), chromedp.WaitVisible("#accepting"),
		chromedp.Evaluate(`[...document.querySelectorAll("input:not([type=hidden]),button")].filter(e => !(e.labels && e.labels.length && e.labels[0].innerText.trim()) && !e.innerText.trim()).length`, &unnamed),
		chromedp.Evaluate(`performance.getEntriesByType("resource").filter(e => !e.name.endsWith("/favicon.ico")).length`, &loads),
		chromedp.Evaluate(`document.documentElement.lang`, &lang),
		chromedp.Evaluate(`(() => { try { return String(eval("1")) } catch (e) { return "refused" } })()`, &csp),
	)
	if unnamed != 0 || loads != 0 || lang != "en" {
		t.Errorf("%d controls without a name, %d loads, language %q, eval %q", unnamed, loads, lang, csp)
	}
}

// Another site's page that sends a form gets nowhere, with the browser's own
// cookies and headers.
func TestAnotherSite(t *testing.T) {
	t.Parallel()
	ctx := browser.Tab(t, nil)
	s := newSite(t)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!doctype html><form method="post" action="` + s.URL + `/baa"><input name="accept" value="yes"><button id="go">win a prize</button></form>`))
	}))
	t.Cleanup(evil.Close)
	run(t, ctx, chromedp.Navigate(s.URL+"/login"), chromedp.WaitVisible("#accepting"),
		chromedp.Navigate(evil.URL), chromedp.Click("#go"), chromedp.WaitVisible("p.bad"))
	var says string
	run(t, ctx, chromedp.Text("p.bad", &says))
	if !strings.Contains(says, "not sent from our own page") || s.count() != 0 {
		t.Errorf("%q, kept %d", says, s.count())
	}
}

// The version changes while somebody reads.
func TestStale(t *testing.T) {
	t.Parallel()
	ctx := browser.Tab(t, &browser.Options{NoJavaScript: true})
	s := newSite(t)
	run(t, ctx, chromedp.Navigate(s.URL+"/login"), chromedp.WaitVisible("#accepting"))
	s.mu.Lock()
	s.offer.Body += "<p>And one more thing.</p>"
	s.mu.Unlock()
	run(t, ctx, chromedp.SendKeys("#name", "Pat Doe"), chromedp.SendKeys("#title", "Manager"),
		chromedp.Click("#authority"), chromedp.Click("#consent"), chromedp.Click("#accept"), chromedp.Submit("#accept"), chromedp.WaitVisible("#problems"))
	var says string
	run(t, ctx, chromedp.Text("#problems", &says))
	if !strings.Contains(says, "has changed") || s.count() != 0 {
		t.Errorf("%q, kept %d", says, s.count())
	}
}

// focused returns the id of the element with the focus, or its name.
func focused(t *testing.T, ctx context.Context) string {
	t.Helper()
	var nodes []*cdp.Node
	run(t, ctx, chromedp.Nodes(":focus", &nodes, chromedp.ByQuery, chromedp.AtLeast(0)))
	if len(nodes) == 0 {
		return ""
	}
	if id := nodes[0].AttributeValue("id"); id != "" {
		return id
	}
	return strings.ToLower(nodes[0].NodeName)
}

// noOverflow reports whether the page is wider than the window, which makes a
// telephone scroll sideways.
func noOverflow(t *testing.T, ctx context.Context) {
	t.Helper()
	var wider bool
	run(t, ctx, emulation.SetScriptExecutionDisabled(false),
		chromedp.Evaluate(`document.documentElement.scrollWidth > document.documentElement.clientWidth`, &wider),
		emulation.SetScriptExecutionDisabled(true))
	if wider {
		t.Error("the page is wider than the window")
	}
}
