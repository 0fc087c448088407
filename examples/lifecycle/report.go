package main

import (
	_ "embed"
	"html/template"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/page"
)

// A summary is what the report begins with.
type summary struct {
	moments []moment
	dues    []due
	proven  []string

	verified string // what the verification says
}

// A moment is a point of the overview.
type moment struct {
	On   baakit.Date
	Says string
	Act  int
}

// A due is something that somebody has to do by a day; Done is when it was
// done, if the story tells.
type due struct {
	On         baakit.Date
	What       string
	Who, Under string
	Done       baakit.Date
}

// moment puts a day of the act that plays into the overview.
func (s *stage) moment(on baakit.Date, says string) {
	s.summary.moments = append(s.summary.moments, moment{on, says, s.now().number})
}

// due puts a duty into the summary.
func (s *stage) due(on baakit.Date, what, who, under string, done baakit.Date) {
	s.summary.dues = append(s.summary.dues, due{on, what, who, under, done})
}

// proves puts what the act that plays has shown into the summary.
func (s *stage) proves(what string) { s.summary.proven = append(s.summary.proven, what) }

// cite names sources of what the act that plays applied.
func (s *stage) cite(citations ...baakit.Citation) {
	for _, c := range citations {
		s.now().cites = append(s.now().cites, c.String())
	}
}

// block puts a fragment into the act's part of the report.
func (s *stage) block(t *template.Template, data any) {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		panic("report: " + err.Error()) // the templates take strings only
	}
	s.now().blocks = append(s.now().blocks, template.HTML(b.String()))
}

// days are the dates in a fragment of the report.
var days = regexp.MustCompile(`\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\d{4}-\d\d-\d\d\b`)

// text puts a fragment of words into the act's part of the report, with no
// date broken over two lines.
func (s *stage) text(t *template.Template, data any) {
	s.block(t, data)
	last := &s.now().blocks[len(s.now().blocks)-1]
	*last = template.HTML(days.ReplaceAllString(string(*last), `<time>$0</time>`))
}

// figure puts a picture into the act's part of the report.
func (s *stage) figure(caption string, svg template.HTML) {
	s.block(figureText, map[string]any{"Caption": caption, "SVG": svg})
}

var (
	paragraphText = template.Must(template.New("paragraph").Parse(`<p>{{.}}</p>
`))
	warningText = template.Must(template.New("warning").Parse(`<p class="warn">{{.}}</p>
`))
	tableText = template.Must(template.New("table").Parse(`<h3>{{.Caption}}</h3>
<div class="wide"><table>
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</tbody></table></div>
`))
	figureText = template.Must(template.New("figure").Parse(`<figure class="drawn">{{.SVG}}<figcaption>{{.Caption}}</figcaption></figure>
`))
	reportText = template.Must(template.New("report").Parse(`<h1>{{.Vendor}} and {{.Customer}}</h1>
<p class="lead">One business associate agreement, from the question whether it is needed to the destroyed data, as the log of this story tells it. </p>
<p class="good">{{.Verified}}</p>
<section aria-labelledby="happened">
<h2 id="happened">What happened</h2>
<figure class="drawn">{{.Overview}}</figure>
<ol class="moments">{{range .Moments}}<li><time>{{.On}}</time> <span>{{.Says}}</span> <a href="#act{{.Act}}">act {{.Act}}</a></li>
{{end}}</ol>
</section>
<section aria-labelledby="due">
<h2 id="due">What is due, and when</h2>
<div class="wide"><table>
<thead><tr><th scope="col">by</th><th scope="col">who</th><th scope="col">has to</th><th scope="col">under</th><th scope="col">done</th></tr></thead>
<tbody>{{range .Dues}}<tr><td class="d">{{.On}}</td><td>{{.Who}}</td><td>{{.What}}</td><td>{{.Under}}</td><td class="d">{{if .Done.IsZero}}<span class="muted">open</span>{{else}}{{.Done}}{{end}}</td></tr>
{{end}}</tbody></table></div>
</section>
<section aria-labelledby="proven">
<h2 id="proven">What was proven</h2>
<ul class="proven">{{range .Proven}}<li>{{.}}</li>
{{end}}</ul>
</section>
{{range .Acts}}<section class="act" aria-labelledby="act{{.Number}}">
<h2 id="act{{.Number}}"><span class="muted">Act {{.Number}}</span> {{.Title}}</h2>
{{range .Blocks}}{{.}}{{end}}{{if .Cites}}<p class="cites"><span>Sources:</span> {{range $i, $c := .Cites}}{{if $i}}; {{end}}{{$c}}{{end}}</p>
{{end}}</section>
{{end}}<footer>The built-in parties and their data are fictional. Rules of law carry their citation and how far it was checked. Not legal advice.</footer>
`))
)

// writeReport writes report.html: the summary, then the acts.
func (s *stage) writeReport() error {
	type act struct {
		Number int
		Title  string
		Blocks []template.HTML
		Cites  []string
	}
	var list []act
	for _, t := range s.told {
		list = append(list, act{t.number, t.Title, t.blocks, t.cites})
	}
	slices.SortStableFunc(s.summary.moments, func(a, b moment) int { return a.On.Compare(b.On) })
	slices.SortStableFunc(s.summary.dues, func(a, b due) int { return a.On.Compare(b.On) })
	var b strings.Builder
	err := reportText.Execute(&b, map[string]any{
		"Vendor": s.c.vendor.LegalName, "Customer": s.c.customer.LegalName, "Acts": list,
		"Overview": s.overview(), "Moments": s.summary.moments, "Dues": s.summary.dues, "Proven": s.summary.proven, "Verified": s.summary.verified,
	})
	if err != nil {
		return err
	}
	title := s.c.vendor.LegalName + " and " + s.c.customer.LegalName
	data := []byte(page.Page{Title: title, Style: reportStyle, Body: template.HTML(b.String())}.HTML())
	return writeFile(filepath.Join(s.dir, reportName), data)
}

const reportName = "report.html"

//go:embed report.css
var reportStyle string
