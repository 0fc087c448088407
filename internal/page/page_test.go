package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/baakit/baakit/internal/page"
)

func TestHTML(t *testing.T) {
	t.Parallel()
	p := page.Page{Title: `<script>"&`, Style: ".x{color:red}", Body: "<p>body</p>", Head: "<meta name=\"a\" content=\"b\">\n"}
	got := p.HTML()
	for _, want := range []string{`<html lang="en">`, "<title>&lt;script&gt;&#34;&amp;</title>", "<p>body</p>", ".x{color:red}</style>", `<meta name="a" content="b">`} {
		if !strings.Contains(got, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, forbidden := range []string{"<script", "http:", "https:", "url(", "@import", "ZgotmplZ"} {
		if strings.Contains(strings.ToLower(got), strings.ToLower(forbidden)) {
			t.Errorf("the page has %s", forbidden)
		}
	}
	if got := (page.Page{Title: "a\x00\xff\x1bb"}).HTML(); !strings.Contains(got, "<title>a\uFFFD\uFFFD\uFFFDb</title>") {
		t.Error("the page holds bytes that HTML does not know")
	}
	if other := (page.Page{Lang: "de"}).HTML(); !strings.Contains(other, `<html lang="de">`) {
		t.Error("the page does not have its language")
	}
}

// The policy names the hash of the very style that the page carries.
func TestCSP(t *testing.T) {
	t.Parallel()
	for _, p := range []page.Page{{}, {Style: "a>b{c:'d'}"}} {
		_, rest, _ := strings.Cut(p.HTML(), "<style>")
		css, _, _ := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(css))
		if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(p.CSP(), want) {
			t.Errorf("CSP() = %s, want %s in it", p.CSP(), want)
		}
		if strings.Contains(p.CSP(), "unsafe") || !strings.HasPrefix(p.CSP(), "default-src 'none';") {
			t.Errorf("CSP() = %s is not strict", p.CSP())
		}
	}
}

// Every element is closed where it should be.
func TestWellFormed(t *testing.T) {
	t.Parallel()
	dec := xml.NewDecoder(strings.NewReader(page.Page{Title: "t", Body: "<p>b</p>"}.HTML()))
	dec.Strict = false
	dec.AutoClose = xml.HTMLAutoClose
	dec.Entity = xml.HTMLEntity
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
