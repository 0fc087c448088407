package breach

import (
	"html/template"
	"strings"

	"github.com/baakit/baakit/internal/page"
)

var timelinePage = template.Must(template.New("timeline").Parse(`<h1>{{.Title}}</h1>
<p class="lead">{{.Outcome}}{{with .First}} The first last day is <strong>{{.}}</strong>.{{end}}</p>
<figure>{{.Picture}}</figure>
{{with .Questions}}<h2>Open questions</h2>
<p class="muted">Until they are answered the dates are the safe ones.</p>
<ul>
{{range .}}<li>{{.}}</li>
{{end}}</ul>
{{end}}<div class="screen">
<h2>Obligations</h2>
<div class="wide"><table>
<thead><tr><th scope="col">by</th><th scope="col">to</th><th scope="col">owed by</th><th scope="col">why</th><th scope="col">source</th></tr></thead>
<tbody>
{{range .Rows}}<tr><td class="d">{{.When}}</td><td>{{.To}}<br><span class="pill">{{.Standing}}</span></td><td>{{.OwedBy}}</td><td>{{.Why}}{{with .Changes}}<br><small>{{.}}</small>{{end}}</td><td>{{.Sources}}<br><small>{{.Marks}}</small></td></tr>
{{end}}</tbody></table></div>
</div>
<footer>Rules as of {{.AsOf}}. {{.Disclaimer}}</footer>
`))

// HTML returns the timeline as a self-contained page: the picture, the open
// questions and a table with the reasons. Printed it is one sheet: the picture
// and the questions. Equal timelines give equal bytes.
func (t Timeline) HTML() string {
	type row struct{ When, To, Standing, OwedBy, Why, Changes, Sources, Marks string }
	var rows []row
	for _, o := range t.Obligations {
		rows = append(rows, row{o.when(), o.to(), o.standing(), o.OwedBy, o.Explanation, o.Changes, o.sources(), o.marks()})
	}
	first := ""
	if o, ok := t.first(); ok {
		first = o.when() + ": " + o.to()
	}
	outcome := strings.ReplaceAll(string(t.Determination.Outcome), "_", " ")
	if outcome != "" {
		outcome = strings.ToUpper(outcome[:1]) + outcome[1:] + "."
	}
	var b strings.Builder
	err := timelinePage.Execute(&b, map[string]any{
		"Title": t.title(), "Outcome": outcome, "First": first, "Picture": template.HTML(t.SVG()), "Questions": t.asks(),
		"Rows": rows, "AsOf": t.RulesAsOf.String(), "Disclaimer": disclaimer,
	})
	if err != nil {
		panic("breach: " + err.Error()) // the template takes strings only
	}
	return page.Page{Title: t.title(), Style: timelineStyle, Body: template.HTML(b.String())}.HTML()
}

const timelineStyle = `main{max-width:74rem}figure svg{width:100%;min-width:46rem}` +
	`@media print{h1{font-size:14pt;margin:0}.lead{font-size:10pt;margin:1mm 0}h2{font-size:10pt;margin:2mm 0 0}ul,p,footer{margin:1mm 0;font-size:7pt;line-height:1.3}figure{margin:1mm 0}figure svg{min-width:0;max-height:165mm}footer{margin-top:2mm;padding-top:1mm}ul{columns:2}}`
