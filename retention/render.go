package retention

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/page"
)

// A Line is a label and a value of a rendered certificate.
type Line struct{ Label, Value string }

// A Section is a headed part of a rendered certificate: lines, or a table.
type Section struct {
	Title string
	Lines []Line
	Head  []string
	Rows  [][]string
}

// Title returns the headline of the certificate.
func (c *Certificate) Title() string {
	if c.Kind == "final" {
		return "Final certificate of disposition"
	}
	return "Interim certificate of disposition"
}

// Sections returns the certificate as headed parts, from which its Markdown,
// HTML and PDF are made.
func (c *Certificate) Sections() []Section {
	hash, _ := c.Hash()
	facts := []Line{
		{"Certificate", fmt.Sprintf("%s, number %d of its chain", c.ID, c.Sequence)},
		{"Agreement", c.Agreement},
		{"Clause", c.Clause},
		{"Ended; return or destroy by", c.EndedOn.String() + "; " + c.DueOn.String()},
		{"Election", strings.TrimSpace(string(c.Election) + " " + by(c.ElectedBy))},
		{"Standard claimed", c.Standard},
		{"Holds checked", stamp(c.HoldsChecked)},
		{"Issued", c.Issued.String()},
		{"Assets, items", fmt.Sprintf("%d assets in the inventory; %d items in the entries below", c.Inventory, c.Items)},
	}
	if !c.LastInEffect.IsZero() {
		facts = append(facts, Line{"Agreement last in effect", c.LastInEffect.String()})
	}
	list := []Section{{Lines: without(facts)}}
	if len(c.Entries) > 0 {
		s := Section{Title: "Gone", Head: []string{"asset", "media", "method", "sanitized", "verified", "outcome"}}
		for _, e := range c.Entries {
			method := fmt.Sprintf("%s: %s", e.Category, words(string(e.Technique)))
			if e.Tool != "" {
				method += ", " + e.Tool
			}
			if e.Erase != nil {
				method += fmt.Sprintf("; %d key copies destroyed", len(e.KeysDestroyed))
			}
			verified := ""
			if e.VerifiedBy != "" {
				verified = stamp(e.VerifiedAt) + " " + by(e.VerifiedBy)
				if e.Details.Verification != "" {
					verified += ", " + e.Details.Verification
				}
			}
			outcome := e.Outcome
			if e.Recipient != "" {
				outcome += " to " + e.Recipient + " as " + e.Format
			}
			media := strings.Join(strings.Fields(strings.Join([]string{words(e.MediaType), e.Manufacturer, e.Model, e.Serial, e.Property, e.Region}, " ")), " ")
			s.Rows = append(s.Rows, []string{
				fmt.Sprintf("%s (%s %s)", e.Asset, words(e.Class), e.Kind), media,
				method, stamp(e.SanitizedAt) + " " + by(e.SanitizedBy), verified, outcome,
			})
		}
		m := Section{Title: "Lists of items", Head: []string{"asset", "items", "SHA-256 of the list"}}
		for _, e := range c.Entries {
			m.Rows = append(m.Rows, []string{e.Asset, fmt.Sprint(e.Count), e.Manifest})
		}
		list = append(list, s, m)
	}
	if len(c.Attestations) > 0 {
		s := Section{Title: "Attested by subcontractors", Head: []string{"subcontractor", "below", "attested", "certificate"}}
		for _, a := range c.Attestations {
			s.Rows = append(s.Rows, []string{a.Asset, a.Above, stamp(a.At), a.Certificate})
		}
		list = append(list, s)
	}
	if len(c.Exceptions) > 0 {
		s := Section{Title: "Left, with the protections of the agreement", Head: []string{"asset", "why", "until"}}
		for _, x := range c.Exceptions {
			until := "open"
			if !x.Until.IsZero() {
				until = x.Until.String()
			}
			s.Rows = append(s.Rows, []string{x.Asset, words(x.Reason), until})
		}
		list = append(list, s)
	}
	signed := "not signed"
	if c.Signature != nil {
		signed = c.Signature.Algorithm
	}
	previous := c.Previous
	if previous == "" {
		previous = "none: the first"
	}
	return append(list,
		Section{Title: "People", Lines: without([]Line{{"Sanitizer", person(c.Sanitizer)}, {"Verifier", person(c.Verifier)}})},
		Section{Title: "Proof", Lines: []Line{{"Hash (SHA-256)", hash}, {"Previous certificate", previous}, {"Signature", signed}}},
	)
}

func without(list []Line) []Line {
	kept := list[:0]
	for _, l := range list {
		if l.Value != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return "by " + who
}

func person(p Person) string {
	parts := []string{p.Name, p.Title, p.Location, p.Contact}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// Markdown returns the certificate as Markdown.
func (c *Certificate) Markdown() string {
	var b strings.Builder
	b.WriteString("# " + c.Title() + "\n")
	for _, s := range c.Sections() {
		if s.Title != "" {
			b.WriteString("\n## " + s.Title + "\n")
		}
		b.WriteString("\n")
		for _, l := range s.Lines {
			fmt.Fprintf(&b, "* %s: %s\n", markdown.Text(l.Label), markdown.Text(l.Value))
		}
		if len(s.Rows) > 0 {
			b.WriteString(markdown.Table(s.Head, s.Rows))
		}
	}
	return b.String()
}

// Text returns the certificate as plain text.
func (c *Certificate) Text() string {
	var b strings.Builder
	b.WriteString(c.Title() + "\n")
	for _, s := range c.Sections() {
		b.WriteString("\n")
		if s.Title != "" {
			b.WriteString(s.Title + "\n")
		}
		for _, l := range s.Lines {
			fmt.Fprintf(&b, "  %s: %s\n", l.Label, l.Value)
		}
		for _, row := range s.Rows {
			for i, cell := range row {
				if cell != "" {
					fmt.Fprintf(&b, "  %s: %s\n", s.Head[i], cell)
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

var certificateHTML = template.Must(template.New("certificate").Parse(`<h1>{{.Title}}</h1>
{{range .Sections}}<section>
{{if .Title}}<h2>{{.Title}}</h2>
{{end}}{{if .Lines}}<dl class="facts">
{{range .Lines}}<dt>{{.Label}}</dt><dd>{{.Value}}</dd>
{{end}}</dl>
{{end}}{{if .Rows}}<div class="wide"><table>
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody></table></div>
{{end}}</section>
{{end}}<section class="signatures"><p>Sanitizer<br><span>{{.Sanitizer.Name}}</span></p><p>Verifier<br><span>{{.Verifier.Name}}</span></p></section>
`))

const certificateStyle = `
.signatures { display: flex; gap: 3rem; margin-top: 1.5rem; }
.signatures p { flex: 1; border-top: 1px solid currentColor; padding-top: .3rem; }
td { overflow-wrap: break-word; }
@media print {
  @page { size: A4; margin: 12mm; }
  html { font-size: 8.5pt; }
  body, main { margin: 0; padding: 0; max-width: none; }
  h1 { font-size: 15pt; margin: 0 0 2mm; }
  h2 { font-size: 10.5pt; margin: 3mm 0 1mm; }
  th, td { padding: .6mm 1.2mm; font-size: 7.5pt; }
  section, section + section, h2 { border: 0; margin: 0; padding: 1mm 0 0; }
  table, .wide { margin: 0; } td, th, dt, dd { line-height: 1.25; }
  dl.facts { margin: 0; }
  section:first-of-type dl.facts { display: grid; grid-template-columns: auto 1fr auto 1fr; gap: .4mm 3mm; margin: 0; }
  dl.facts dt, dl.facts dd { margin: 0; padding: 0; }
  .signatures { margin-top: 10mm; }
  .wide { overflow: visible; }
}
`

// HTML returns the certificate as a page of its own that prints on one sheet
// for an inventory of ordinary size.
func (c *Certificate) HTML() string {
	var b strings.Builder
	if err := certificateHTML.Execute(&b, c); err != nil {
		panic("retention: bad template: " + err.Error())
	}
	return page.Page{Title: c.Title(), Style: certificateStyle, Body: template.HTML(b.String())}.HTML()
}
