// Package retention checks in a real browser what package retention prints.
package retention

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/conformance/browser"
	"github.com/baakit/baakit/retention"
)

// certificate is a final one with the entries that an ordinary vendor has.
func certificate(entries int) retention.Certificate {
	when := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	manifest := strings.Repeat("0123456789abcdef", 4)
	c := retention.Certificate{
		Schema: retention.CertificateSchema, ID: "CERT-1", Kind: "final", Sequence: 1, Agreement: "BAA-1", Clause: "10",
		EndedOn: baakit.MustParseDate("2026-09-30"), DueOn: baakit.MustParseDate("2026-10-30"), Election: retention.ElectDestroy,
		Issued: baakit.MustParseDate("2026-11-24"), Standard: "NIST SP 800-88 Rev. 2", HoldsChecked: when, LastInEffect: baakit.MustParseDate("2026-10-20"),
		Inventory: entries + 1, Items: int64(entries) * 10,
		Attestations: []retention.Attestation{{Asset: "<script>alert(1)</script>", At: when, Certificate: manifest}},
		Sanitizer:    retention.Person{Name: "R. Keeper", Title: "Records manager"}, Verifier: retention.Person{Name: "A. Checker", Title: "Privacy officer"},
	}
	for i := range entries {
		c.Entries = append(c.Entries, retention.Entry{
			Asset: fmt.Sprintf("store-%d", i), Kind: retention.StoreAsset, Class: "medical_record", Outcome: "destroyed", Count: 10, Manifest: manifest,
			MediaType: "magnetic_disk", MediaSource: "prod", Serial: "SN-1", Category: retention.Destroy, Technique: "shred", Tool: "shredder 4",
			SanitizedBy: "operator", SanitizedAt: when, VerifiedBy: "auditor", VerifiedAt: when, ApprovedBy: []string{"records", "privacy"}, HoldsChecked: when,
			Details: retention.MediaDetails{Verification: "full"},
		})
	}
	return c
}

// A certificate of eight stores and a subcontractor prints on one page, and
// nothing in it is taken for markup.
func TestCertificatePrintsOnOnePage(t *testing.T) {
	c := certificate(8)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, c.HTML())
	}))
	defer server.Close()
	var pdf []byte
	var scripts int
	var heading, text string
	err := chromedp.Run(browser.Tab(t, nil), chromedp.Navigate(server.URL),
		chromedp.Evaluate(`document.querySelectorAll("main script").length`, &scripts),
		chromedp.Text("h1", &heading), chromedp.Text("main", &text), browser.PDF(&pdf))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`/Type /Page\b[^s]`).FindAll(pdf, -1)); n != 1 {
		t.Errorf("%d pages", n)
	}
	if scripts != 0 || heading != "Final certificate of disposition" || !strings.Contains(text, "<script>alert(1)</script>") {
		t.Errorf("%d scripts, heading %q", scripts, heading)
	}
}
