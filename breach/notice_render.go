package breach

import (
	"html/template"
	"strings"

	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/page"
)

// Text returns the notice as plain text, in lines of at most 78 characters
// where words allow it.
func (n Notice) Text() string {
	var b strings.Builder
	b.WriteString(n.title + "\n")
	for _, block := range n.blocks {
		if block.heading != "" {
			b.WriteString("\n" + strings.ToUpper(block.heading) + "\n")
		}
		b.WriteString("\n" + wrap(block.text, "", "") + "\n")
		for _, item := range block.items {
			b.WriteString(wrap(item, "- ", "  ") + "\n")
		}
	}
	return b.String()
}

// wrap breaks a text into lines behind a first and a further indent.
func wrap(text, first, further string) string {
	var b strings.Builder
	line := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > 78:
			b.WriteString(line + "\n")
			line = further + word
		default:
			line += " " + word
		}
	}
	b.WriteString(line)
	return b.String()
}

// Markdown returns the notice as Markdown; nothing in the facts is taken for
// markup.
func (n Notice) Markdown() string {
	var b strings.Builder
	b.WriteString("# " + markdown.Text(n.title) + "\n")
	for _, block := range n.blocks {
		if block.heading != "" {
			b.WriteString("\n## " + markdown.Text(block.heading) + "\n")
		}
		b.WriteString("\n" + markdown.Text(block.text) + "\n")
		for i, item := range block.items {
			if i == 0 {
				b.WriteString("\n")
			}
			b.WriteString("- " + markdown.Text(item) + "\n")
		}
	}
	return b.String()
}

var noticePage = template.Must(template.New("notice").Parse(`<h1>{{.Title}}</h1>
{{range .Blocks}}{{with .Heading}}<h2>{{.}}</h2>
{{end}}<p>{{.Text}}</p>
{{with .Items}}<ul>
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{end}}`))

// HTML returns the notice as a self-contained page that prints as a letter.
func (n Notice) HTML() string {
	type block struct {
		Heading, Text string
		Items         []string
	}
	var blocks []block
	for _, b := range n.blocks {
		blocks = append(blocks, block{b.heading, b.text, b.items})
	}
	var body strings.Builder
	if err := noticePage.Execute(&body, map[string]any{"Title": n.title, "Blocks": blocks}); err != nil {
		panic("breach: " + err.Error()) // the template takes strings only
	}
	return page.Page{Title: n.title, Style: "main{max-width:44rem}h2{border:0;padding:0;font-size:1.05rem;margin:1.2rem 0 .2rem}p,ul{margin:.4rem 0}", Body: template.HTML(body.String())}.HTML()
}
