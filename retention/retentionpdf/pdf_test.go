package retentionpdf_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
	"github.com/baakit/baakit/retention/retentionpdf"
)

func certificate(entries int) retention.Certificate {
	when := time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)
	sum := sha256.Sum256(nil)
	c := retention.Certificate{
		Schema: retention.CertificateSchema, ID: "CERT-1", Kind: "final", Sequence: 1, Agreement: "BAA-1", Clause: "10",
		EndedOn: baakit.MustParseDate("2026-09-30"), DueOn: baakit.MustParseDate("2026-10-30"), Election: retention.ElectDestroy,
		Issued: baakit.MustParseDate("2026-11-24"), Standard: "NIST SP 800-88 Rev. 2", HoldsChecked: when,
		LastInEffect: baakit.MustParseDate("2026-10-20"), Inventory: entries, Items: int64(entries) * 10,
		Sanitizer: retention.Person{Name: "R. Keeper", Title: "Records manager"},
		Verifier:  retention.Person{Name: "Š. Überprüfer", Title: "Privacy officer"},
	}
	for i := range entries {
		c.Entries = append(c.Entries, retention.Entry{
			Asset: fmt.Sprintf("store-%d", i), Kind: retention.StoreAsset, Class: "medical_record", Outcome: "destroyed", Count: 10, Manifest: hex.EncodeToString(sum[:]),
			MediaType: "magnetic_disk", MediaSource: "prod", Serial: "SN-1", Category: retention.Destroy, Technique: "shred", Tool: "shredder 4",
			SanitizedBy: "operator", SanitizedAt: when, VerifiedBy: "auditor", VerifiedAt: when, ApprovedBy: []string{"records", "privacy"}, HoldsChecked: when,
			Details: retention.MediaDetails{Verification: "full"},
		})
	}
	return c
}

// Equal certificates give equal bytes, a changed one others, and one of
// ordinary size is one page.
func TestCertificate(t *testing.T) {
	t.Parallel()
	pages := regexp.MustCompile(`/Type /Page\b[^s]`)
	for _, test := range []struct{ entries, pages int }{{0, 1}, {1, 1}, {8, 1}, {100, 2}} {
		c := certificate(test.entries)
		first, err := retentionpdf.Certificate(c)
		if err != nil {
			t.Fatal(err)
		}
		second, err := retentionpdf.Certificate(certificate(test.entries))
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%d entries: the bytes differ, %v", test.entries, err)
		}
		if n := len(pages.FindAll(first, -1)); n < 1 || test.pages == 1 && n != 1 || test.pages > 1 && n < 2 {
			t.Errorf("%d entries: %d pages", test.entries, n)
		}
		c.Clause = "11"
		if other, err := retentionpdf.Certificate(c); err != nil || bytes.Equal(first, other) {
			t.Errorf("a changed certificate gives equal bytes, %v", err)
		}
		if dir := os.Getenv("RENDER"); dir != "" {
			if err := os.WriteFile(fmt.Sprintf("%s/pdf%d.pdf", dir, test.entries), first, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := certificate(1)
	c.Standard = "DoD 5220.22-M"
	if _, err := retentionpdf.Certificate(c); err == nil {
		t.Error("an invalid certificate was written")
	}
}
