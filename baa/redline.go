package baa

import (
	"html"
	"html/template"
	"slices"
	"strings"

	"github.com/baakit/baakit/internal/markdown"
	"github.com/baakit/baakit/internal/page"
)

// A run is a stretch that differs: what was there before and what is there
// after, where from the first list it begins.
type run struct {
	at            int
	before, after []string
}

// alignLimit bounds the table of a comparison; longer stretches are taken as
// replaced whole.
const alignLimit = 4 << 20

// align returns the stretches in which two lists differ, by their longest
// common subsequence.
func align(a, b []string) []run {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	x, y := a[start:len(a)-end], b[start:len(b)-end]
	if len(x) == 0 && len(y) == 0 {
		return nil
	}
	if len(x) == 0 || len(y) == 0 || len(x)*len(y) > alignLimit {
		return []run{{start, x, y}}
	}
	width := len(y) + 1
	table := make([]int32, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				table[i*width+j] = table[(i+1)*width+j+1] + 1
			} else {
				table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
			}
		}
	}
	var runs []run
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		if i < len(x) && j < len(y) && x[i] == y[j] {
			i, j = i+1, j+1
			continue
		}
		r := run{at: start + i}
		for (i < len(x) || j < len(y)) && (i == len(x) || j == len(y) || x[i] != y[j]) {
			if j == len(y) || i < len(x) && table[(i+1)*width+j] >= table[i*width+j+1] {
				r.before = append(r.before, x[i])
				i++
			} else {
				r.after = append(r.after, y[j])
				j++
			}
		}
		runs = append(runs, r)
	}
	return runs
}

// A redSection is a section of both versions with its words side by side.
type redSection struct {
	heading       string
	before, after string
	same          bool
}

// redSections pairs the sections by clause, in the order of the second
// version, those that are gone last.
func (d Difference) redSections() []redSection {
	a, b := d.before.document(), d.after.document()
	words := func(list []paragraph) string {
		parts := make([]string, len(list))
		for i, p := range list {
			parts[i] = p.text
		}
		return strings.Join(parts, " ")
	}
	list := []redSection{{heading: "Parties", before: words(a.preamble), after: words(b.preamble)}}
	for _, s := range b.sections {
		r := redSection{heading: s.heading, after: words(s.paragraphs)}
		if i := slices.IndexFunc(a.sections, func(t section) bool { return t.id == s.id }); i >= 0 {
			r.before = words(a.sections[i].paragraphs)
		}
		list = append(list, r)
	}
	for _, s := range a.sections {
		if !slices.ContainsFunc(b.sections, func(t section) bool { return t.id == s.id }) {
			list = append(list, redSection{heading: s.heading, before: words(s.paragraphs)})
		}
	}
	for i := range list {
		list[i].same = list[i].before == list[i].after
	}
	return list
}

// redline writes the words of a section, those that are gone and those that
// are new between the given marks.
func (r redSection) redline(b *strings.Builder, escape func(string) string, del, undel, ins, unins string) {
	x, y := strings.Fields(r.before), strings.Fields(r.after)
	at, first := 0, true
	write := func(list []string, before, after string) {
		if len(list) == 0 {
			return
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(before + escape(strings.Join(list, " ")) + after)
	}
	for _, run := range align(x, y) {
		write(x[at:run.at], "", "")
		write(run.before, del, undel)
		write(run.after, ins, unins)
		at = run.at + len(run.before)
	}
	write(x[at:], "", "")
}

// Markdown returns the redline: every section that changed, what is gone
// struck out, what is new in bold, and the list of changes above them.
func (d Difference) Markdown() string {
	var b strings.Builder
	b.WriteString("# Changes\n\n")
	if d.IsEmpty() {
		b.WriteString("Nothing changed.\n")
		return b.String()
	}
	b.WriteString(markdown.Table(changesHead(), d.changeRows()))
	for _, s := range d.redSections() {
		if !s.same {
			b.WriteString("\n## " + markdown.Text(s.heading) + "\n\n")
			s.redline(&b, markdown.Text, "~~", "~~", "**", "**")
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func changesHead() []string {
	return []string{"clause", "change", "term", "from", "to", "direction", "class"}
}

func (d Difference) changeRows() [][]string {
	var rows [][]string
	for _, c := range d.Changes {
		direction := string(c.Direction)
		if c.Binds != "" && c.Direction != Neutral {
			direction += " for " + strings.ReplaceAll(string(c.Binds), "_", " ")
		}
		rows = append(rows, []string{string(c.Clause), strings.ReplaceAll(string(c.Kind), "_", " "), c.Term, c.From, c.To, direction, strings.ReplaceAll(string(c.Class), "_", " ")})
	}
	return rows
}

// HTML returns the redline as a self-contained page; everything of the
// versions is escaped.
func (d Difference) HTML() string {
	var b strings.Builder
	b.WriteString("<h1>Changes</h1>\n")
	if d.IsEmpty() {
		b.WriteString("<p>Nothing changed.</p>\n")
	} else {
		b.WriteString(`<div class="wide"><table><thead><tr>`)
		for _, h := range changesHead() {
			b.WriteString(`<th scope="col">` + h + "</th>")
		}
		b.WriteString("</tr></thead><tbody>\n")
		for _, row := range d.changeRows() {
			b.WriteString("<tr>")
			for _, cell := range row {
				b.WriteString("<td>" + html.EscapeString(cell) + "</td>")
			}
			b.WriteString("</tr>\n")
		}
		b.WriteString("</tbody></table></div>\n")
	}
	for _, s := range d.redSections() {
		if !d.IsEmpty() && !s.same {
			b.WriteString("<section><h2>" + html.EscapeString(s.heading) + "</h2><p>")
			s.redline(&b, html.EscapeString, "<del>", "</del>", "<ins>", "</ins>")
			b.WriteString("</p></section>\n")
		}
	}
	return page.Page{Lang: "en", Title: "Changes", Body: template.HTML(b.String())}.HTML() //nolint:gosec // every value is escaped above
}
