package lifecycle_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/baakit/baakit/internal/conformance/browser"
)

// The report in a real browser, on a desk and on a telephone: it begins with
// the summary, nothing is wider than the window, no label of the pictures runs
// into another or out of its picture, every link leads somewhere, and it loads
// and runs nothing.
func TestReport(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	if out, err := exec.Command(binary, "-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, size := range []browser.Options{{Width: 1280, Height: 900}, {Width: 390, Height: 844}} {
		ctx := browser.Tab(t, &size)
		var headings []string
		var wide, scripts, pictures, outside, dead int
		var requests int
		if err := chromedp.Run(ctx,
			chromedp.Navigate("file://"+filepath.ToSlash(filepath.Join(dir, "report.html"))),
			chromedp.Evaluate(`[...document.querySelectorAll("h2")].map(h => h.textContent)`, &headings),
			chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wide),
			chromedp.Evaluate(`document.scripts.length`, &scripts),
			chromedp.Evaluate(`document.querySelectorAll("figure svg").length`, &pictures),
			chromedp.Evaluate(`performance.getEntriesByType("resource").length`, &requests),
			chromedp.Evaluate(`[...document.querySelectorAll("figure svg")].flatMap(svg => {
				const box = svg.getBoundingClientRect();
				return [...svg.querySelectorAll("text")].map(t => t.getBoundingClientRect()).
					filter(r => r.width > 0 && (r.left < box.left - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1));
			}).length + [...document.querySelectorAll("svg.overview g")].filter(g => {
				const label = g.querySelector("text").getBoundingClientRect();
				return [...g.querySelectorAll("circle")].some(c => c.getBoundingClientRect().left < label.right);
			}).length`, &outside),
			chromedp.Evaluate(`[...document.querySelectorAll("a[href^='#']")].filter(a => !document.getElementById(a.getAttribute("href").slice(1))).length`, &dead),
		); err != nil {
			t.Fatal(err)
		}
		if wide > 0 || scripts > 0 || requests > 0 || pictures != 2 || outside > 0 || dead > 0 {
			t.Errorf("%d wide: %d pixels too wide, %d scripts, %d loaded, %d pictures, %d labels out of place, %d dead links", size.Width, wide, scripts, requests, pictures, outside, dead)
		}
		want := []string{"What happened", "What is due, and when", "What was proven", "Act 1"}
		for i, w := range want {
			if i >= len(headings) || !strings.HasPrefix(headings[i], w) {
				t.Errorf("heading %d is not %q: %q", i, w, headings)
				break
			}
		}
		if len(headings) != 13 {
			t.Errorf("%d headings, want 3 and one for each of 10 acts", len(headings))
		}
	}
}
