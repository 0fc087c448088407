package subprocessor

import (
	"cmp"
	"encoding/csv"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/ics"
	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/page"
)

// listColumns are the columns of the list's CSV.
func listColumns() []string {
	return []string{"section", "id", "entity", "name", "former_names", "address", "country", "contact", "website", "service", "products", "purpose", "activity", "data_categories", "phi", "places", "transfer_mechanism", "ai", "optional", "own_subprocessors_url", "since"}
}

// CSV returns the list as CSV (RFC 4180) with a header line; the values of a
// field with several are joined by "; ". A value that a spreadsheet would take
// for a formula has an apostrophe before it.
func (l List) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write(listColumns())
	for _, section := range []struct {
		name string
		list []Entry
	}{{"entries", l.Entries}, {"ending", l.Ending}} {
		for _, e := range section.list {
			row := []string{
				section.name, e.ID, e.Entity, e.Name, strings.Join(e.FormerNames, "; "), e.Address, e.Country, e.Contact, e.Website, e.Service,
				strings.Join(e.Products, "; "), e.Purpose, e.Activity, strings.Join(e.DataCategories, "; "), string(e.PHI), strings.Join(e.Places, "; "),
				e.TransferMechanism, e.AI, map[bool]string{true: "yes"}[e.Optional], e.OwnSubprocessors, dateText(e.Since),
			}
			for i, v := range row {
				if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
					row[i] = "'" + v
				}
			}
			_ = w.Write(row)
		}
	}
	w.Flush()
	return b.String()
}

func dateText(d baakit.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// Markdown returns the list as a table.
func (l List) Markdown() string {
	rows := func(list []Entry) [][]string {
		var out [][]string
		for _, e := range list {
			out = append(out, []string{e.Name, e.Purpose, phiText(e.PHI), strings.Join(e.DataCategories, ", "), strings.Join(e.Places, ", "), dateText(e.Since)})
		}
		return out
	}
	head := []string{"Name", "Purpose", "PHI", "Data", "Places", "Since"}
	out := "# Subcontractors of " + markdown.Text(l.Name) + "\n\nAs of " + dateText(l.AsOf) + ".\n\n" + markdown.Table(head, rows(l.Entries))
	if len(l.Ending) > 0 {
		out += "\n## No longer used, may still hold PHI\n\n" + markdown.Table(head, rows(l.Ending))
	}
	return out
}

var listBody = template.Must(template.New("list").Funcs(template.FuncMap{"phi": phiText, "join": func(s []string) string { return strings.Join(s, ", ") }, "date": dateText}).Parse(`{{define "rows"}}<div class="wide" tabindex="0" role="region" aria-label="Companies"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Purpose</th><th scope="col">Data</th><th scope="col">PHI</th><th scope="col">Places</th><th scope="col">Since</th></tr></thead>
<tbody>{{range .}}<tr id="{{.ID}}"><th scope="row">{{if .Website}}<a href="{{.Website}}" rel="nofollow noopener">{{.Name}}</a>{{else}}{{.Name}}{{end}}{{with .FormerNames}}<br><span class="muted">formerly {{join .}}</span>{{end}}{{with .Address}}<br><span class="muted">{{.}}</span>{{end}}{{with .Contact}}<br><span class="muted">{{.}}</span>{{end}}</th>
<td>{{.Purpose}}{{with .Products}}<br><span class="muted">for {{join .}}</span>{{end}}{{with .OwnSubprocessors}}<br><a href="{{.}}" rel="nofollow noopener">its own subcontractors</a>{{end}}</td><td>{{join .DataCategories}}</td><td>{{phi .PHI}}</td><td>{{join .Places}}{{with .TransferMechanism}}<br><span class="muted">{{.}}</span>{{end}}</td><td>{{date .Since}}</td></tr>
{{end}}</tbody></table></div>
{{end}}<p class="lead">{{.Name}} lets these companies handle protected health information. As of {{date .AsOf}}.</p>
{{if .Entries}}{{template "rows" .Entries}}{{else}}<p class="note">No subcontractor handles protected health information.</p>
{{end}}{{if .Ending}}<h2>No longer used</h2>
<p>These may still hold protected health information until it is returned or destroyed.</p>
{{template "rows" .Ending}}{{end}}`))

// HTMLFragment returns the list for a page that somebody else makes; it uses
// the classes lead, wide, note and muted.
func (l List) HTMLFragment() template.HTML {
	var b strings.Builder
	if err := listBody.Execute(&b, l); err != nil {
		panic("subprocessor: bad list template: " + err.Error())
	}
	return template.HTML(b.String())
}

// HTML returns the list as a page of its own.
func (l List) HTML() string {
	title := "Subcontractors of " + cmp.Or(l.Name, l.Vendor)
	return page.Page{Title: title, Body: template.HTML("<h1>"+template.HTMLEscapeString(title)+"</h1>\n") + l.HTMLFragment()}.HTML()
}

// A DueItem is something that falls due on a day, its last.
type DueItem struct {
	ID   string      `json:"id"` // stable, of what it is about
	What string      `json:"what"`
	On   baakit.Date `json:"on"`
	// Overdue: the day is over.
	Overdue bool `json:"overdue,omitempty"`
}

// ICalendar returns the items as a calendar of all-day events with an alarm a
// week before. The error is a [baakit.FieldErrors].
func ICalendar(name string, items []DueItem, stamp time.Time) ([]byte, error) {
	c := ics.Calendar{ProductID: "-//baakit//subprocessor//EN", Name: name}
	for _, i := range items {
		c.Events = append(c.Events, ics.Event{UID: i.ID + "@subprocessor.baakit", Stamp: stamp, Day: i.On, Summary: i.What, Alarms: []ics.Alarm{{Before: 7 * 24 * time.Hour, Text: i.What}}})
	}
	return c.Append(nil)
}

// RankCSV returns the chain as CSV in the manner of the supply chain template
// of Regulation (EU) 2024/2956: one line an edge, with the rank of the entity
// that receives data. It is not the regulation's own file.
func (s *State) RankCSV() string {
	x := newChain(s)
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write([]string{"rank", "contract", "upstream", "upstream_name", "downstream", "downstream_name", "downstream_lei", "country", "kind"})
	for _, c := range s.Contracts() {
		n, ok := x.nodes[c.Downstream]
		if !c.InEffect(s.day) || !ok {
			continue
		}
		up, down := s.f.entities[c.Upstream], s.f.entities[c.Downstream]
		_ = w.Write([]string{strconv.Itoa(n.Rank), c.ID, c.Upstream, up.LegalName, c.Downstream, down.LegalName, down.LEI, down.Country, string(c.Kind)})
	}
	w.Flush()
	return b.String()
}
