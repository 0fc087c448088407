package main

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/baakit/baakit"
)

// A lane is an act in the picture of the whole story.
type lane struct {
	Title  string
	Y      int
	X1, X2 float64
	Dots   []dot
}

type dot struct {
	X    float64
	Says string
}

type tick struct {
	X    float64
	Text string
	Of   string // its year, where that begins
	Year bool
}

const (
	laneHeight  = 26
	labelWidth  = 280
	chartWidth  = 944
	chartTop    = 36
	chartMargin = 16
)

var overviewText = template.Must(template.New("overview").Parse(`<svg class="overview" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{.Width}} {{.Height}}" width="{{.Width}}" height="{{.Height}}" role="img" aria-label="The acts of the story over time">
<style>.overview text{font:13px system-ui,"Liberation Sans",Arial,sans-serif;fill:var(--ink,#1c2430)}.overview .soft{fill:var(--soft,#566071);font-size:11.5px}.overview line{stroke:var(--line,#d5dae2)}.overview .year{stroke:var(--soft,#566071)}.overview .bar{fill:var(--accent,#14538c);opacity:.28}.overview .dot{fill:var(--accent,#14538c)}</style>
{{range .Ticks}}<line {{if .Year}}class="year" {{end}}x1="{{.X}}" x2="{{.X}}" y1="34" y2="{{$.Height}}"/><text class="soft" x="{{.X}}" y="28" text-anchor="middle">{{.Text}}</text>{{if .Of}}<text class="soft" x="{{.X}}" y="12" text-anchor="middle">{{.Of}}</text>{{end}}
{{end}}{{range .Lanes}}<g><text x="0" y="{{.Y}}" dy="4.5">{{.Title}}</text>{{if lt .X1 .X2}}<rect class="bar" x="{{.X1}}" y="{{.Y}}" width="{{.Length}}" height="8" transform="translate(0 -4)" rx="4"/>{{end}}{{$y := .Y}}{{range .Dots}}<circle class="dot" cx="{{.X}}" cy="{{$y}}" r="5"><title>{{.Says}}</title></circle>{{end}}</g>
{{end}}</svg>`))

// Length is that of the bar.
func (l lane) Length() float64 { return l.X2 - l.X1 }

// overview draws the acts over the days of the story.
func (s *stage) overview() template.HTML {
	moments := s.summary.moments
	if len(moments) == 0 {
		return ""
	}
	year, month, _ := moments[0].On.Date()
	first := baakit.MustDate(year, month, 1)
	year, month, _ = moments[len(moments)-1].On.Date()
	last := baakit.MustDate(year, month, 1).AddMonths(1, baakit.RollBack)
	days := float64(last.Sub(first))
	x := func(d baakit.Date) float64 {
		at := labelWidth + chartMargin + float64(d.Sub(first))/days*(chartWidth-labelWidth-2*chartMargin)
		return float64(int(at*10)) / 10
	}
	data := struct {
		Width, Height int
		Ticks         []tick
		Lanes         []lane
	}{Width: chartWidth}
	step := 1 + int(days)/500 // months between two ticks
	labelled := 0
	for d, n := first, 0; !d.IsZero() && !d.After(last); d, n = d.AddMonths(step, baakit.RollBack), n+1 {
		year, month, _ := d.Date()
		t := tick{X: x(d), Text: month.String()[:3], Year: n > 0 && year != labelled}
		if year != labelled {
			t.Of, labelled = fmt.Sprint(year), year
		}
		data.Ticks = append(data.Ticks, t)
	}
	for _, t := range s.told {
		l := lane{Title: fmt.Sprintf("%d  %s", t.number, t.Title), Y: chartTop + laneHeight*len(data.Lanes) + laneHeight/2}
		for _, m := range moments {
			if m.Act != t.number {
				continue
			}
			l.Dots = append(l.Dots, dot{x(m.On), m.On.String() + ": " + m.Says})
		}
		if len(l.Dots) == 0 {
			continue
		}
		l.X1, l.X2 = l.Dots[0].X, l.Dots[len(l.Dots)-1].X
		data.Lanes = append(data.Lanes, l)
	}
	data.Height = chartTop + laneHeight*len(data.Lanes) + 6
	var b strings.Builder
	if err := overviewText.Execute(&b, data); err != nil {
		panic("overview: " + err.Error())
	}
	return template.HTML(b.String())
}
