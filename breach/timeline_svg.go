package breach

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/baakit/baakit"
)

// The picture's measures, in user units. Each text stands in a column or a
// cell of its own, cut to what the widest letters of that size need.
const (
	svgWidth    = 1000
	svgLabelEnd = 415 // of the names
	svgFrom     = 430 // of the axis
	svgTo       = 830
	svgDate     = 840 // of the dates
	svgRow      = 24
	svgTop      = 62
	svgFont     = 12
)

// SVG returns the timeline as a picture: an axis of days, one row for each
// obligation from the start of its clock to its last day, delays hatched,
// what may yet be owed outlined. It is one self-contained document, with a
// title and a description for readers who do not see it. It brings its styles
// along: a page whose content security policy permits none but its own shows it
// by an img element. Equal timelines give equal bytes.
func (t Timeline) SVG() string {
	var b strings.Builder
	height := svgTop + svgRow*max(1, len(t.Obligations)) + 44
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="timeline-title timeline-desc" font-family="system-ui,'Liberation Sans',Arial,sans-serif" font-size="%d">`, svgWidth, height, svgFont)
	b.WriteString("\n<title id=\"timeline-title\">" + escapeXML(t.title()) + "</title>\n<desc id=\"timeline-desc\">" + escapeXML(t.describe()) + "</desc>\n")
	b.WriteString("<style>" + svgStyle + "</style>\n")
	b.WriteString(`<defs><pattern id="delayed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="h" width="3" height="6"/></pattern></defs>` + "\n")
	fmt.Fprintf(&b, "<rect class=\"g\" width=\"%d\" height=\"%d\"/>\n", svgWidth, height)
	axis := newSVGAxis(t.extent())
	axis.draw(&b, height-30)
	for i, o := range t.Obligations {
		o.draw(&b, axis, svgTop+svgRow*i)
	}
	legend(&b, height-12)
	b.WriteString("</svg>\n")
	return b.String()
}

const svgStyle = `.g{fill:#fff}.t{fill:#1c2430}.s{fill:#566071}.l{stroke:#d5dae2}.z{fill:#f4f6f9}.h{fill:#7a4d00}` +
	`.r1{fill:#14538c;stroke:#14538c}.r2{fill:#1b6334;stroke:#1b6334}.r3{fill:#6a3d8f;stroke:#6a3d8f}.r4{fill:#a8480f;stroke:#a8480f}.p{fill-opacity:.12}.x{opacity:.4}` +
	`@media (prefers-color-scheme:dark){.g{fill:#151a21}.t{fill:#e6e9ee}.s{fill:#a4adba}.l{stroke:#39424f}.z{fill:#1e252e}.h{fill:#f2c46d}.r1{fill:#84bdf2;stroke:#84bdf2}.r2{fill:#8fd6a3;stroke:#8fd6a3}.r3{fill:#c9a6ea;stroke:#c9a6ea}.r4{fill:#f0a878;stroke:#f0a878}}` +
	`@media print{.g{fill:#fff}.t{fill:#000}.s{fill:#333}}`

// colour groups the regimes by whose rule it is.
func (v Regime) colour() string {
	switch v {
	case HIPAA:
		return "r1"
	case StateLaw:
		return "r2"
	case Contractual:
		return "r3"
	}
	return "r4"
}

func (t Timeline) describe() string {
	if o, ok := t.first(); ok {
		return fmt.Sprintf("%d obligations. The first last day is %s: %s, owed by %s.", len(t.Obligations), o.when(), o.to(), o.OwedBy)
	}
	return fmt.Sprintf("%d obligations, none with a date.", len(t.Obligations))
}

// An svgAxis maps days to places.
type svgAxis struct {
	from baakit.Date
	days int
}

func newSVGAxis(from, to baakit.Date) svgAxis {
	if from.IsZero() {
		return svgAxis{}
	}
	return svgAxis{from, max(1, to.Sub(from))}
}

func (a svgAxis) x(d baakit.Date) float64 {
	if a.from.IsZero() || d.IsZero() {
		return svgFrom
	}
	return svgFrom + float64(d.Sub(a.from))/float64(a.days)*(svgTo-svgFrom)
}

// draw draws a line at the first day of months, as many as have room for
// their names.
func (a svgAxis) draw(b *strings.Builder, bottom int) {
	if a.from.IsZero() {
		return
	}
	const room = 62 // of a name as 2026-12
	fmt.Fprintf(b, "<text class=\"t\" x=\"%d\" y=\"20\" font-weight=\"600\">to whom</text><text class=\"t\" x=\"%d\" y=\"20\" font-weight=\"600\">last day</text>\n", 8, svgDate)
	step := 1
	for a.days/30/step > (svgTo-svgFrom)/room {
		step++
	}
	last := float64(svgFrom - room)
	month := baakit.MustDate(a.from.Year(), a.from.Month(), 1)
	for d := month; !d.IsZero() && d.Sub(a.from) <= a.days; d = d.AddMonths(step, baakit.RollBack) {
		if d.Before(a.from) {
			continue
		}
		x := a.x(d)
		if x-last < room || x > svgTo-20 {
			continue
		}
		last = x
		fmt.Fprintf(b, "<line class=\"l\" x1=\"%.1f\" y1=\"44\" x2=\"%.1f\" y2=\"%d\"/><text class=\"s\" x=\"%.1f\" y=\"40\" text-anchor=\"middle\">%s</text>\n", x, x, bottom, x, d.String()[:7])
	}
}

func (o Obligation) draw(b *strings.Builder, a svgAxis, y int) {
	if (y-svgTop)/svgRow%2 == 0 {
		fmt.Fprintf(b, "<rect class=\"z\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", y, svgWidth, svgRow)
	}
	class := o.Regime.colour()
	if o.Standing != Owed {
		class += " p"
	}
	if o.Standing == SetAside || !o.Governs {
		class += " x"
	}
	name := o.to()
	if source := o.sources(); source != "" {
		name += " · " + source
	}
	middle := y + svgRow/2
	fmt.Fprintf(b, "<text class=\"t\" x=\"8\" y=\"%d\">%s<title>%s</title></text>\n", middle+4, escapeXML(cutTo(name, svgLabelEnd-8)), escapeXML(o.Explanation))
	from, to := a.x(o.Start), a.x(o.Due)
	if o.Dated() {
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"8\" rx=\"2\"/>\n", class, from, middle-4, max(2, to-from))
	} else {
		fmt.Fprintf(b, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>\n", class, from, middle)
	}
	if !o.DelayedThrough.IsZero() {
		fmt.Fprintf(b, "<rect fill=\"url(#delayed)\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"8\"/>\n", from, middle-4, max(2, a.x(o.DelayedThrough)-from))
	}
	fmt.Fprintf(b, "<text class=\"t\" x=\"%d\" y=\"%d\">%s</text>\n", svgDate, middle+4, escapeXML(cutTo(o.when(), svgWidth-svgDate-6)))
}

func legend(b *strings.Builder, y int) {
	for i, e := range []struct{ class, says string }{
		{"r1", "HIPAA"}, {"r2", "State law"}, {"r3", "agreement"}, {"r4", "other"}, {"r1 p", "may be owed"}, {"r1 x", "does not govern"},
	} {
		x := 8 + i*145
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"14\" height=\"8\" rx=\"2\"/><text class=\"s\" x=\"%d\" y=\"%d\">%s</text>\n", e.class, x, y-8, x+20, y, e.says)
	}
	fmt.Fprintf(b, "<rect fill=\"url(#delayed)\" x=\"%d\" y=\"%d\" width=\"14\" height=\"8\"/><text class=\"s\" x=\"%d\" y=\"%d\">delayed</text>\n", 8+6*145, y-8, 8+6*145+20, y)
}

// cutTo cuts a text to a width, at the end and with an ellipsis.
func cutTo(s string, width float64) string {
	if advance(s) <= width {
		return s
	}
	var out strings.Builder
	used := advance("…")
	for _, r := range s {
		w := advance(string(r))
		if used+w > width {
			break
		}
		used += w
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String()) + "…"
}

// advance is how wide a text is at most, in user units: capitals and wide
// letters need more than the average, letters outside Latin an em.
func advance(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r > 0x24F && r != '…' && r != '’' && r != '–':
			w += svgFont * 1.15
		case strings.ContainsRune("mwMW@%—", r):
			w += svgFont
		case r >= 'A' && r <= 'Z' || r == '§':
			w += svgFont * 0.76
		case strings.ContainsRune("ijltfI.,:;'()|! ", r):
			w += svgFont * 0.42
		default:
			w += svgFont * 0.62
		}
	}
	return w
}

// escapeXML escapes text and leaves out what XML cannot hold.
func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic("breach: " + err.Error()) // a strings.Builder takes everything
	}
	return b.String()
}
