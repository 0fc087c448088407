package breach_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/breach/breachtest"
	"pgregory.net/rapid"
)

func anyTimeline(t *rapid.T) breach.Timeline {
	tl, err := breach.NewTimeline(breachtest.Incident().Draw(t, "incident"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

// A box is what a text takes in the picture, at most: its anchor's place and
// as many units as its letters can need.
type box struct {
	text                     string
	left, right, top, bottom float64
}

// texts reads the picture strictly and returns the boxes of its texts and the
// names of its elements.
func texts(t failer, svg string) (boxes []box, elements map[string]int) {
	elements = make(map[string]int)
	dec := xml.NewDecoder(strings.NewReader(svg))
	var open []xml.StartElement
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return boxes, elements
		}
		if err != nil {
			t.Fatalf("the picture is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Copy())
			elements[token.Name.Local]++
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 || open[len(open)-1].Name.Local != "text" || strings.TrimSpace(string(token)) == "" {
				continue
			}
			var x, y float64
			anchor := ""
			for _, a := range open[len(open)-1].Attr {
				switch a.Name.Local {
				case "x":
					x, _ = strconv.ParseFloat(a.Value, 64)
				case "y":
					y, _ = strconv.ParseFloat(a.Value, 64)
				case "text-anchor":
					anchor = a.Value
				}
			}
			width := breach.Advance(string(token))
			if anchor == "middle" {
				x -= width / 2
			}
			boxes = append(boxes, box{string(token), x, x + width, y - 10, y + 3})
		}
	}
}

// The picture and the page are well-formed whatever the incident, no text lies
// over another, and none leaves the picture.
func TestPictureLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tl := anyTimeline(t)
		if rapid.Bool().Draw(t, "hostile") {
			tl.Incident.ID = `<script>"&'` + "\x00\xff"
			for i := range tl.Obligations {
				tl.Obligations[i].Recipient = "<b>WWWWWWWW & WWWWWWWWWWWWWWWWWWWWWW</b> \x01" + tl.Obligations[i].Recipient
			}
		}
		if rapid.Bool().Draw(t, "few") {
			tl.Obligations = tl.Obligations[:min(len(tl.Obligations), 60)]
		}
		svg, page, md := tl.SVG(), tl.HTML(), tl.Markdown()
		if svg != tl.SVG() || page != tl.HTML() || md != tl.Markdown() {
			t.Fatal("a rendering differs from itself")
		}
		boxes, elements := texts(t, svg)
		if elements["script"] > 0 || strings.Contains(svg, "href") {
			t.Fatal("the picture holds markup of its input")
		}
		if len(tl.Obligations) <= 60 {
			checkBoxes(t, boxes)
		}
		if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") {
			t.Fatal("the page holds markup of its input")
		}
		checkPage(t, page)
	})
}

type failer interface{ Fatalf(string, ...any) }

func checkBoxes(t failer, boxes []box) {
	for i, a := range boxes {
		if a.left < 0 || a.right > 1000 {
			t.Fatalf("%q leaves the picture: %v", a.text, a)
		}
		for _, b := range boxes[i+1:] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Fatalf("%q lies over %q", a.text, b.text)
			}
		}
	}
}

func checkPage(t failer, page string) {
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
	}
}

// A thousand timelines of up to 60 obligations.
func TestThousandPictures(t *testing.T) {
	t.Parallel()
	for i := range 1000 {
		tl, err := breach.NewTimeline(breachtest.Incident().Example(i), nil)
		if err != nil {
			t.Fatal(err)
		}
		tl.Obligations = tl.Obligations[:min(len(tl.Obligations), 60)]
		boxes, _ := texts(t, tl.SVG())
		checkBoxes(t, boxes)
		checkPage(t, tl.HTML())
	}
}

// Every obligation is in every rendering, with its day and its reason.
func TestRenderingsAreComplete(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tl := anyTimeline(t)
		md, html, svg := tl.Markdown(), tl.HTML(), tl.SVG()
		if rows := strings.Count(md, "\n| ") - 2; rows != len(tl.Obligations) {
			t.Fatalf("%d rows in Markdown for %d obligations", rows, len(tl.Obligations))
		}
		if rows := strings.Count(html, `<tr><td class="d">`); rows != len(tl.Obligations) {
			t.Fatalf("%d rows in HTML for %d obligations", rows, len(tl.Obligations))
		}
		if bars := strings.Count(svg, `height="8" rx="2"/>`+"\n") + strings.Count(svg, "<circle"); bars < len(tl.Obligations) {
			t.Fatalf("%d bars for %d obligations", bars, len(tl.Obligations))
		}
		for _, o := range tl.Obligations {
			if o.Dated() && (!strings.Contains(md, o.Due.String()) || !strings.Contains(svg, o.Due.String()) && o.DueAt.IsZero()) {
				t.Fatalf("%s is not in a rendering", o.Due)
			}
		}
	})
}

// Every dated obligation is one event on its day, named alike in every
// timeline of the incident; what is withdrawn is cancelled.
func TestICalendarLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tl := anyTimeline(t)
		first, err := tl.ICalendar(nil)
		if err != nil {
			t.Fatal(err)
		}
		dated := 0
		for _, o := range tl.Obligations {
			if o.Dated() && o.Standing != breach.SetAside {
				dated++
			}
		}
		if n := strings.Count(string(first), "BEGIN:VEVENT"); n != dated {
			t.Fatalf("%d events for %d dated obligations", n, dated)
		}
		fewer := tl
		cut := rapid.IntRange(0, len(tl.Obligations)).Draw(t, "cut")
		fewer.Obligations = slices.Clone(tl.Obligations[:cut])
		second, err := fewer.ICalendar(&breach.ICalendarOptions{Sequence: 1, Stamp: time.Unix(1_800_000_000, 0), Withdrawn: tl.Obligations[cut:]})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := uids(first), uids(second); !slices.Equal(a, b) {
			t.Fatalf("the names changed from %v to %v", a, b)
		}
		gone := 0
		for _, o := range tl.Obligations[cut:] {
			if o.Dated() {
				gone++
			}
		}
		if n := strings.Count(string(second), "STATUS:CANCELLED"); n != gone {
			t.Fatalf("%d events are cancelled, want %d", n, gone)
		}
	})
}

func uids(calendar []byte) []string {
	var list []string
	for line := range strings.SplitSeq(strings.ReplaceAll(string(calendar), "\r\n ", ""), "\r\n") {
		if uid, ok := strings.CutPrefix(line, "UID:"); ok {
			list = append(list, uid)
		}
	}
	slices.Sort(list)
	return list
}

func TestICalendarRefused(t *testing.T) {
	t.Parallel()
	tl, err := breach.NewTimeline(breachtest.Scenarios()[0].Incident, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tl.ICalendar(&breach.ICalendarOptions{Sequence: -1}); !strings.Contains(paths(err), "sequence") {
		t.Errorf("a negative sequence: errors at %q", paths(err))
	}
	if got, err := (breach.Timeline{}).ICalendar(nil); err != nil || strings.Contains(string(got), "VEVENT") {
		t.Errorf("an empty timeline: %s, %v", got, err)
	}
	if svg := (breach.Timeline{}).SVG(); !strings.HasSuffix(svg, "</svg>\n") {
		t.Error("an empty timeline has no picture")
	}
}

func ExampleTimeline_Markdown() {
	s := breachtest.Scenarios()[0]
	tl, err := breach.NewTimeline(s.Incident, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(tl.Markdown()) {
		if strings.Contains(line, "164.404(b)") {
			fmt.Print(line)
		}
	}
	// Output:
	// | Mon 2026-03-16 | each affected individual | Practice | owed | 60 days from discovery on 2026-01-15 end on 2026-03-16, and without unreasonable delay; in writing by first-class mail, or by e-mail where the individual agreed to it | 45 CFR 164.404(b) | primary |
}

func BenchmarkRenderings(b *testing.B) {
	tl, err := breach.NewTimeline(breachtest.Scenarios()[3].Incident, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, render := range map[string]func(){
		"Markdown": func() { tl.Markdown() }, "SVG": func() { tl.SVG() }, "HTML": func() { tl.HTML() }, "ICalendar": func() { _, _ = tl.ICalendar(nil) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render()
			}
		})
	}
}
