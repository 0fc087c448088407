package main

import (
	"html/template"
	"strings"

	"github.com/baakit/baakit/internal/page"
)

// A section is an act's part of the report.
type section struct {
	Act     int
	Title   string
	Heading string
	Body    template.HTML
}

// show puts a section of the act that plays into the report. The fragment has
// to come from a template of html/template or a renderer of the library.
func (s *stage) show(heading string, body template.HTML) {
	s.report = append(s.report, section{len(s.told), s.told[len(s.told)-1].Title, heading, body})
}

var tableTemplate = template.Must(template.New("table").Parse(`<div class="wide"><table>
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody></table></div>`))

// showTable shows rows, of which the first is the head, as a section.
func showTable(s *stage, heading string, rows [][]string) error {
	var b strings.Builder
	if err := tableTemplate.Execute(&b, map[string]any{"Head": rows[0], "Rows": rows[1:]}); err != nil {
		return err
	}
	s.show(heading, template.HTML(b.String()))
	return nil
}

var reportTemplate = template.Must(template.New("report").Parse(`<h1>{{.Vendor}} and {{.Customer}}</h1>
<p class="lead">One agreement from its offer to the destroyed data, as the log of this story tells it. The parties are fictional.</p>
{{range .Sections}}<section>
<h2>{{.Heading}}</h2>
<p class="muted">Act {{.Act}}: {{.Title}}</p>
{{.Body}}
</section>
{{end}}<footer>Rules of law carry their citation and how far it was checked. Not legal advice.</footer>
`))

// writeReport writes report.html if an act had something to show.
func (s *stage) writeReport() error {
	if len(s.report) == 0 {
		return nil
	}
	var b strings.Builder
	err := reportTemplate.Execute(&b, map[string]any{
		"Vendor": s.c.Vendor.Name, "Customer": s.c.Customer.Name, "Sections": s.report,
	})
	if err != nil {
		return err
	}
	title := s.c.Vendor.Name + " and " + s.c.Customer.Name
	return s.write("report.html", []byte(page.Page{Title: title, Body: template.HTML(b.String())}.HTML()))
}
