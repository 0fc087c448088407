// Package page writes self-contained HTML pages with one look: they load
// nothing, run nothing, read well on a desk, on a telephone and on paper, in
// light and in dark, and with a screen reader.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"unicode/utf8"
)

//go:embed page.css
var style string

// A Page is one document. Body holds the content of its main element; make it
// with a template of html/template, which escapes what it is given.
type Page struct {
	Lang  string // "en" if empty
	Title string
	Style string        // further CSS, behind the common one; must hold no user input
	Head  template.HTML // further elements of the head, such as links to feeds
	Body  template.HTML
}

var frame = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
{{.Head}}<style>{{.CSS}}</style>
</head>
<body>
<main id="main">
{{.Body}}
</main>
</body>
</html>
`))

// HTML returns the document.
func (p Page) HTML() string {
	var b strings.Builder
	lang := p.Lang
	if lang == "" {
		lang = "en"
	}
	err := frame.Execute(&b, struct {
		Lang, Title string
		Head, Body  template.HTML
		CSS         template.CSS
	}{lang, p.Title, p.Head, p.Body, template.CSS(p.css())})
	if err != nil {
		panic("page: " + err.Error()) // the template takes strings only
	}
	return readable(b.String())
}

// readable replaces bytes that no HTML document may have.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7F {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

func (p Page) css() string { return style + p.Style }

// CSP returns the value of a Content-Security-Policy header that lets the page
// show itself and send its forms home, and nothing else.
func (p Page) CSP() string {
	sum := sha256.Sum256([]byte(p.css()))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}
