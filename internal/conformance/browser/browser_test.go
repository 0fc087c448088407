package browser_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/baakit/baakit/internal/conformance/browser"
	"github.com/chromedp/chromedp"
)

func TestTab(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<p id="a">plain</p><script>document.getElementById("a").textContent = innerWidth</script>`))
	}))
	defer server.Close()
	for _, tt := range []struct {
		opt  *browser.Options
		want string
	}{{nil, "1280"}, {&browser.Options{Width: 390, Height: 844}, "390"}, {&browser.Options{NoJavaScript: true}, "plain"}} {
		var got string
		var document []byte
		if err := chromedp.Run(browser.Tab(t, tt.opt), chromedp.Navigate(server.URL), chromedp.Text("#a", &got), browser.PDF(&document)); err != nil {
			t.Fatal(err)
		}
		if got != tt.want || !bytes.HasPrefix(document, []byte("%PDF-")) {
			t.Errorf("with %+v the page says %q, want %q", tt.opt, got, tt.want)
		}
	}
}
