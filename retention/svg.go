package retention

import (
	"fmt"
	"html"
	"strings"
)

// SVG returns a picture of the decision: a bar for each policy considered
// from the event of its period through the day that it asks for, the governing
// one filled darker, a bar for each hold, and a line at the day of the
// question.
func (d *Decision) SVG() string {
	x := d.Explain()
	first, last := d.On.Year(), d.On.Year()+1
	reach := func(year int) {
		if year > 0 {
			first, last = min(first, year), max(last, year+1)
		}
	}
	for _, w := range d.Record.Events {
		if day, ok := w.Date(); ok {
			reach(day.Year())
		}
	}
	for _, c := range x.Considered {
		reach(c.Through.Year())
		reach(c.NotBefore.Year())
		reach(c.NotAfter.Year())
	}
	for _, h := range x.Holds {
		reach(h.Placed.Year())
		reach(h.Through.Year())
	}
	reach(d.DeleteBy.Year())
	last++
	const left, width, row, top = 250.0, 620.0, 30.0, 74.0
	rows := len(x.Considered) + len(x.Holds)
	height := top + row*float64(rows) + 44
	at := func(year, yday int) float64 {
		return left + width*(float64(year-first)+float64(yday)/366)/float64(last-first)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 %.0f" width="900" height="%.0f" font-family="system-ui, sans-serif" font-size="13" role="img">`+"\n", height, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(x.Says))
	fmt.Fprintf(&b, `<rect width="900" height="%.0f" fill="#fff"/>`+"\n", height)
	text := func(px, py float64, anchor, fill, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s" paint-order="stroke" stroke="#fff" stroke-width="3">%s</text>`+"\n", px, py, anchor, fill, html.EscapeString(s))
	}
	headline := fmt.Sprintf("%s on %s: %s", d.Record.ID, d.On, d.Outcome)
	if !d.KeepThrough.IsZero() {
		headline += ", kept through " + d.KeepThrough.String()
	}
	fmt.Fprintf(&b, `<text x="12" y="24" font-size="16" font-weight="600" fill="#1b1f24">%s</text>`+"\n", html.EscapeString(headline))
	step := max(1, (last-first+9)/10)
	for year := first; year <= last; year += step {
		px := at(year, 0)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#d8dde3"/>`+"\n", px, top-12, px, height-34)
		text(px, top-18, "middle", "#57606a", fmt.Sprint(year))
	}
	px := at(d.On.Year(), d.On.YearDay())
	fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#9f2f3d" stroke-width="2"/>`+"\n", px, top-12, px, height-34)
	py := top
	bar := func(label, note string, from, to float64, fill, stroke, dash string) {
		text(left-10, py+16, "end", "#1b1f24", label)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="16" rx="3" fill="%s" stroke="%s" stroke-dasharray="%s"/>`+"\n", from, py+4, max(2, to-from), fill, stroke, dash)
		if to+100 < left+width {
			text(to+6, py+16, "start", "#57606a", note)
		} else {
			text(max(from, to-6), py+16, "end", "#1b1f24", note)
		}
		py += row
	}
	begin := left
	for _, w := range d.Record.Events {
		if day, ok := w.Date(); ok {
			if px := at(day.Year(), day.YearDay()); begin == left || px < begin {
				begin = px
			}
		}
	}
	for i := range x.Considered {
		c := &x.Considered[i]
		fill, stroke := "#dbe7f5", "#3b6ea8"
		if c.Governs {
			fill = "#8db4e2"
		}
		if c.Effect == Delete {
			fill, stroke = "#f7ddcf", "#a8552b"
		}
		start := d.startOf(c, at, begin)
		switch c.Ends {
		case "date":
			bar(c.Policy, c.Through.String(), start, at(c.Through.Year(), c.Through.YearDay()), fill, stroke, "none")
		case "indeterminate":
			to := left + width
			if !c.NotAfter.IsZero() {
				to = at(c.NotAfter.Year(), c.NotAfter.YearDay())
			}
			bar(c.Policy, "not known: "+strings.Join(c.Missing, ", "), start, to, "#fff", stroke, "5 3")
		case "nothing":
			bar(c.Policy, "asks for nothing", start, start, "#fff", stroke, "none")
		default:
			bar(c.Policy, c.Ends, start, left+width, fill, stroke, "none")
		}
	}
	for _, h := range x.Holds {
		to, note := left+width, "open"
		if !h.Through.IsZero() {
			to, note = at(h.Through.Year(), h.Through.YearDay()), "through "+h.Through.String()
		}
		bar("hold "+h.Matter, note, at(h.Placed.Year(), h.Placed.YearDay()), to, "#f3c9cf", "#9f2f3d", "none")
	}
	text(px, height-14, "middle", "#9f2f3d", "on "+d.On.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// startOf returns where the bar of a policy begins: the event of its period,
// if it names one that is stated.
func (d *Decision) startOf(c *Considered, at func(year, yday int) float64, begin float64) float64 {
	best := 0.0
	for t, w := range d.Record.Events {
		if day, ok := w.Date(); ok && strings.Contains(c.Rule, "after "+string(t)) {
			if px := at(day.Year(), day.YearDay()); best == 0 || px < best {
				best = px
			}
		}
	}
	if best == 0 {
		return begin
	}
	return best
}
