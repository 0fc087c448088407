package baa

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"

	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/page"
)

// A Rendering is a form in which people read a version.
type Rendering string

// The renderings.
const (
	MarkdownRendering Rendering = "md"
	HTMLRendering     Rendering = "html"
	TextRendering     Rendering = "txt"
)

// RenderingHash returns the hash of a rendering of v: of the bytes that were
// shown. It is empty for a rendering that there is none of.
func (v Version) RenderingHash(r Rendering) string {
	switch r {
	case MarkdownRendering:
		return hashOf([]byte(v.Markdown()))
	case HTMLRendering:
		return hashOf([]byte(v.HTML()))
	case TextRendering:
		return hashOf([]byte(v.Text()))
	}
	return ""
}

// Markdown returns v as Markdown (CommonMark with tables): title, cover page
// with every term, sections, blank signature blocks. [ParseRendered] reads it
// back. It is the same for equal versions.
func (v Version) Markdown() string {
	doc := v.withCover()
	var b strings.Builder
	b.Grow(32 << 10)
	b.WriteString("# " + doc.title + "\n\n## Cover page\n\n")
	rows := make([][]string, 0, len(doc.cover)+1)
	rows = append(rows, []string{agreementPart, hashTerm, doc.hash})
	for _, r := range doc.cover {
		rows = append(rows, []string{r.part, r.term, r.value})
	}
	b.WriteString(markdown.Table([]string{"part", "term", "value"}, rows))
	b.WriteString("\n## Parties\n\n")
	markdownParagraphs(&b, "0", doc.preamble)
	for i, s := range doc.sections {
		n := strconv.Itoa(i + 1)
		b.WriteString("## " + n + ". " + markdown.Text(s.heading) + "\n\n")
		markdownParagraphs(&b, n, s.paragraphs)
	}
	b.WriteString(signaturesHeading + "\n")
	for _, p := range doc.parties {
		b.WriteString("\n**" + p.role + "**: " + markdown.Text(orBlank(p.name)) + "\n\n")
		for _, line := range signatureLines {
			b.WriteString("* " + line + ": \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\n")
		}
	}
	return b.String()
}

const (
	hashTerm          = "hash"
	signaturesHeading = "## Signatures"
)

var signatureLines = [...]string{"Signature", "Name", "Title", "Date"}

func orBlank(s string) string {
	if s == "" {
		return "____________"
	}
	return s
}

func markdownParagraphs(b *strings.Builder, section string, list []paragraph) {
	n := 0
	for i, p := range list {
		if p.item {
			b.WriteString("* " + markdown.Text(p.text) + "\n")
			if i+1 == len(list) || !list[i+1].item {
				b.WriteByte('\n')
			}
			continue
		}
		n++
		b.WriteString("**" + section + "." + strconv.Itoa(n) + "** " + markdown.Text(p.text) + "\n\n")
	}
}

// Text returns v as plain text.
func (v Version) Text() string {
	doc := v.withCover()
	var b strings.Builder
	b.Grow(32 << 10)
	b.WriteString(strings.ToUpper(doc.title) + "\n\nCOVER PAGE\n\n")
	fmt.Fprintf(&b, "  %s, %s: %s\n", agreementPart, hashTerm, doc.hash)
	for _, r := range doc.cover {
		switch {
		case r.term == "":
			b.WriteString("  " + r.part + "\n")
		default:
			b.WriteString("  " + r.part + ", " + r.term + ": " + r.value + "\n")
		}
	}
	b.WriteString("\nPARTIES\n\n")
	textParagraphs(&b, "0", doc.preamble)
	for i, s := range doc.sections {
		n := strconv.Itoa(i + 1)
		b.WriteString("\n" + n + ". " + s.heading + "\n\n")
		textParagraphs(&b, n, s.paragraphs)
	}
	b.WriteString("\nSIGNATURES\n")
	for _, p := range doc.parties {
		b.WriteString("\n" + p.role + ": " + orBlank(p.name) + "\n")
		for _, line := range signatureLines {
			b.WriteString("  " + line + ": ____________________\n")
		}
	}
	return b.String()
}

func textParagraphs(b *strings.Builder, section string, list []paragraph) {
	n := 0
	for _, p := range list {
		if p.item {
			b.WriteString("      * " + p.text + "\n")
			continue
		}
		n++
		b.WriteString(section + "." + strconv.Itoa(n) + "  " + p.text + "\n")
	}
}

// HTML returns v as a self-contained page. Everything of the version is
// escaped; each section has the id "clause-" and the id of its clause.
func (v Version) HTML() string {
	doc := v.withCover()
	return page.Page{Lang: "en", Title: doc.title, Style: agreementStyle, Body: template.HTML(doc.fragment())}.HTML() //nolint:gosec // every value is escaped below
}

// HTMLFragment returns what [Version.HTML] has in its body, to be put into a
// page of your own.
func (v Version) HTMLFragment() string {
	doc := v.withCover()
	return doc.fragment()
}

const agreementStyle = `.agreement table.cover td{overflow-wrap:anywhere}.agreement ol{list-style:none;padding-left:0}.agreement ol>li{margin:.5em 0}.agreement .n{font-weight:600;margin-right:.5em}.agreement .sign{break-inside:avoid}.agreement .sign dd{border-bottom:1px solid;min-height:1.6em}`

func (doc *document) fragment() string {
	var b bytes.Buffer
	b.Grow(48 << 10)
	esc := html.EscapeString
	b.WriteString(`<article class="agreement"><h1>` + esc(doc.title) + "</h1>\n<section id=\"cover\"><h2>Cover page</h2>\n<div class=\"wide\"><table class=\"cover\"><thead><tr><th scope=\"col\">part</th><th scope=\"col\">term</th><th scope=\"col\">value</th></tr></thead><tbody>\n")
	row := func(part, term, value string) {
		b.WriteString("<tr><td>" + esc(part) + "</td><td>" + esc(term) + "</td><td>" + esc(value) + "</td></tr>\n")
	}
	row(agreementPart, hashTerm, doc.hash)
	for _, r := range doc.cover {
		row(r.part, r.term, r.value)
	}
	b.WriteString("</tbody></table></div></section>\n<section id=\"parties\"><h2>Parties</h2>\n")
	htmlParagraphs(&b, "0", doc.preamble)
	b.WriteString("</section>\n")
	for i, s := range doc.sections {
		n := strconv.Itoa(i + 1)
		b.WriteString(`<section id="clause-` + esc(string(s.id)) + `"><h2>` + n + ". " + esc(s.heading) + "</h2>\n")
		htmlParagraphs(&b, n, s.paragraphs)
		b.WriteString("</section>\n")
	}
	b.WriteString("<section id=\"signatures\"><h2>Signatures</h2>\n")
	for _, p := range doc.parties {
		b.WriteString(`<div class="sign"><h3>` + esc(p.role) + ": " + esc(orBlank(p.name)) + "</h3><dl>")
		for _, line := range signatureLines {
			b.WriteString("<dt>" + line + "</dt><dd></dd>")
		}
		b.WriteString("</dl></div>\n")
	}
	b.WriteString("</section></article>\n")
	return b.String()
}

func htmlParagraphs(b *bytes.Buffer, section string, list []paragraph) {
	b.WriteString("<ol>\n")
	n := 0
	for i, p := range list {
		text := html.EscapeString(p.text)
		if p.item {
			if i == 0 {
				b.WriteString("<li>")
			}
			if i == 0 || !list[i-1].item {
				b.WriteString("<ul>")
			}
			b.WriteString("<li>" + text + "</li>")
			if i+1 == len(list) || !list[i+1].item {
				b.WriteString("</ul></li>\n")
			}
			continue
		}
		n++
		b.WriteString(`<li><span class="n">` + section + "." + strconv.Itoa(n) + "</span>" + text)
		if i+1 == len(list) || !list[i+1].item {
			b.WriteString("</li>\n")
		}
	}
	b.WriteString("</ol>\n")
}
