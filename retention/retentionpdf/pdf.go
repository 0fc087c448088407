// Package retentionpdf writes certificates of disposition as PDF documents.
// It is a module of its own, so that users of package retention do not
// inherit the PDF library.
package retentionpdf

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/baakit/baakit/retention"
)

// ErrTooLong is the error of a certificate that does not fit on 100 pages.
var ErrTooLong = errors.New("retentionpdf: the certificate does not fit on 100 pages")

const (
	margin   = 12.0
	line     = 3.9 // height of a line of text, mm
	maxPages = 100
)

// Certificate returns the certificate as a PDF document of A4 pages, one for
// an inventory of ordinary size. Equal certificates give equal bytes: the
// document's dates are the day on which the certificate was issued, and nothing
// in it comes from a clock. Text beyond Latin-1 is written as question marks.
// The error is a [baakit.FieldErrors] for a certificate that is not valid, or
// [ErrTooLong].
func Certificate(c retention.Certificate) ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	year, month, day := c.Issued.Date()
	issued := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(issued)
	pdf.SetModificationDate(issued)
	pdf.SetCatalogSort(true)
	pdf.SetProducer("baakit", true)
	pdf.SetTitle(c.Title(), true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin)
	w := &writer{pdf: pdf, latin: pdf.UnicodeTranslatorFromDescriptor("")}
	pdf.AddPage()
	w.font("B", 15)
	w.text(0, 8, c.Title())
	for _, s := range c.Sections() {
		w.section(s)
	}
	w.signatures(c)
	if pdf.PageCount() > maxPages {
		return nil, ErrTooLong
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

type writer struct {
	pdf   *fpdf.Fpdf
	latin func(string) string
}

func (w *writer) font(style string, size float64) { w.pdf.SetFont("Helvetica", style, size) }

func (w *writer) text(width, height float64, s string) {
	w.pdf.MultiCell(width, height, w.latin(s), "", "L", false)
}

func (w *writer) section(s retention.Section) {
	pdf := w.pdf
	pdf.Ln(2)
	if s.Title != "" {
		w.font("B", 10.5)
		w.text(0, 6, s.Title)
	}
	for _, l := range s.Lines {
		y := pdf.GetY()
		w.font("B", 8)
		pdf.CellFormat(48, line, w.latin(l.Label), "", 0, "L", false, 0, "")
		pdf.SetXY(margin+48, y)
		w.font("", 8)
		w.text(0, line, l.Value)
	}
	if len(s.Rows) > 0 {
		w.table(s)
	}
}

// table writes the rows in columns whose widths follow their longest cells.
func (w *writer) table(s retention.Section) {
	pdf := w.pdf
	page, height := pdf.GetPageSize()
	widths := make([]float64, len(s.Head))
	total := 0.0
	for i := range widths {
		longest := len(s.Head[i])
		for _, row := range s.Rows {
			longest = max(longest, len(row[i]))
		}
		widths[i] = float64(min(max(longest, 14), 40))
		total += widths[i]
	}
	for i := range widths {
		widths[i] *= (page - 2*margin) / total
	}
	rows := func(style string, cells []string) {
		w.font(style, 7)
		most := 1
		split := make([][]string, len(cells))
		for i, cell := range cells {
			split[i] = w.wrap(cell, widths[i]-2)
			most = max(most, len(split[i]))
		}
		if pdf.GetY()+float64(most)*3.2+1 > height-margin {
			pdf.AddPage()
		}
		x, y := margin, pdf.GetY()
		for i, lines := range split {
			for j, text := range lines {
				pdf.SetXY(x, y+0.5+float64(j)*3.2)
				pdf.CellFormat(widths[i], 3.2, text, "", 0, "L", false, 0, "")
			}
			x += widths[i]
		}
		y += float64(most)*3.2 + 1
		pdf.SetDrawColor(190, 190, 190)
		pdf.Line(margin, y, page-margin, y)
		pdf.SetXY(margin, y)
	}
	rows("B", s.Head)
	for _, row := range s.Rows {
		rows("", row)
	}
}

// wrap splits a cell into lines no wider than width, at spaces where there
// are any.
func (w *writer) wrap(cell string, width float64) []string {
	var lines []string
	current := ""
	for word := range strings.FieldsSeq(w.latin(cell)) {
		if try := strings.TrimSpace(current + " " + word); w.pdf.GetStringWidth(try) <= width {
			current = try
			continue
		}
		if current != "" {
			lines = append(lines, current)
		}
		for w.pdf.GetStringWidth(word) > width && len(word) > 1 {
			n := len(word) - 1
			for n > 1 && w.pdf.GetStringWidth(word[:n]) > width {
				n--
			}
			lines, word = append(lines, word[:n]), word[n:]
		}
		current = word
	}
	return append(lines, current)
}

func (w *writer) signatures(c retention.Certificate) {
	pdf := w.pdf
	_, height := pdf.GetPageSize()
	if pdf.GetY()+22 > height-margin {
		pdf.AddPage()
	}
	y := pdf.GetY() + 12
	w.font("", 8)
	for i, p := range []struct{ role, name string }{{"Sanitizer", c.Sanitizer.Name}, {"Verifier", c.Verifier.Name}} {
		x := margin + float64(i)*95
		pdf.SetDrawColor(0, 0, 0)
		pdf.Line(x, y, x+85, y)
		pdf.SetXY(x, y+1)
		pdf.CellFormat(85, line, w.latin(p.role+": "+p.name), "", 0, "L", false, 0, "")
	}
}
