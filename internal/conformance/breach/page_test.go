package breach_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/breach/breachtest"
	"github.com/baakit/baakit/internal/conformance/browser"
	"github.com/chromedp/chromedp"
)

// overlaps counts, in the browser's own measures, the texts of the picture
// that lie over one another or leave it.
const overlaps = `(() => {
	const svg = document.querySelector("svg").getBoundingClientRect();
	const boxes = [...document.querySelectorAll("svg text")].map(e => e.getBoundingClientRect());
	let n = 0;
	boxes.forEach((a, i) => {
		if (a.left < svg.left - 1 || a.right > svg.right + 1) n++;
		boxes.slice(i + 1).forEach(b => { if (a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom) n++; });
	});
	return n;
})()`

// The page of a timeline shows its picture without overlaps on a desk and on a
// telephone, does not scroll sideways as a whole, and prints on one sheet.
func TestPageInBrowser(t *testing.T) {
	var pages []breach.Timeline
	for i := 0; len(pages) < 4 && i < 500; i++ {
		tl, err := breach.NewTimeline(breachtest.Incident().Example(i), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(tl.Obligations); n > 8*len(pages) && n <= 60 {
			pages = append(pages, tl)
		}
	}
	if len(pages) < 4 {
		t.Fatal("the generator makes too few small timelines")
	}
	for _, opt := range []*browser.Options{{Width: 1280, Height: 900}, {Width: 390, Height: 844}} {
		tab := browser.Tab(t, opt)
		for _, tl := range pages {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tl.HTML())) }))
			var over, wide int
			var document []byte
			err := chromedp.Run(tab, chromedp.Navigate(server.URL), chromedp.Evaluate(overlaps, &over),
				chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wide), browser.PDF(&document))
			server.Close()
			if err != nil {
				t.Fatal(err)
			}
			if over > 0 || wide > 0 {
				t.Errorf("%d obligations at %d: %d overlaps, %d too wide", len(tl.Obligations), opt.Width, over, wide)
			}
			if sheets := bytes.Count(document, []byte("/Type /Page\n")); sheets != 1 {
				t.Errorf("%d obligations print on %d sheets", len(tl.Obligations), sheets)
			}
		}
	}
}
