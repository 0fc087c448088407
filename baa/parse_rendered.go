package baa

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
)

// An Edit is a place where a rendered agreement does not say what the terms of
// its cover page say.
type Edit struct {
	// Clause is the id of the clause; "agreement" for what is in none.
	Clause ClauseID `json:"clause"`
	// Want is the sentence that the terms render, Got the one that is there;
	// one of them is empty where a sentence is missing or added. For the words
	// of a custom clause, which are not on the cover page, Want is empty too.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
}

// A Parsed is a rendered agreement read back.
type Parsed struct {
	// Version is what the cover page says, with the words of custom clauses
	// from their sections.
	Version Version
	// Edits are the differences from what Version renders, in its order. If
	// there are none the page is a rendering of Version.
	Edits []Edit
}

// MaxRendered is the longest page in bytes that [ParseRendered] reads.
const MaxRendered = 4 << 20

// ParseRendered reads the Markdown that [Version.Markdown] writes: the terms
// from the cover page, the words of custom clauses from their sections. Every
// sentence is then compared with the one that these terms render, so what
// somebody edited in the text, or on the cover page alone, is among the edits.
// White space and empty lines do not matter. The error is a
// [baakit.FieldErrors] for a page whose cover page cannot be read; its paths
// are the parts and terms of that page, or lines of it.
func ParseRendered(page string) (Parsed, error) {
	var errs baakit.FieldErrors
	if len(page) > MaxRendered {
		errs.Add("", "must be at most 4 MiB")
		return Parsed{}, errs
	}
	p := splitPage(page)
	d, hash := p.draft(&errs)
	if err := errs.Err(); err != nil {
		return Parsed{}, err
	}
	v, err := Seal(d)
	if err != nil {
		return Parsed{}, err
	}
	out := Parsed{Version: v}
	if hash != v.hash {
		out.Edits = append(out.Edits, Edit{agreementPart, hashTerm + " " + v.hash, hashTerm + " " + hash})
	}
	want := splitPage(v.Markdown())
	if len(p.rows) == len(want.rows) {
		for i := range p.rows {
			if p.rows[i] != want.rows[i] && p.rows[i].term != hashTerm {
				out.Edits = append(out.Edits, Edit{ClauseID(want.rows[i].part), want.rows[i].term + " " + want.rows[i].value, p.rows[i].term + " " + p.rows[i].value})
			}
		}
	} else {
		out.Edits = append(out.Edits, Edit{Clause: agreementPart, Got: "the cover page has other rows than its terms render"})
	}
	compareBlock(&out, agreementPart, want.block("top"), p.block("top"))
	compareBlock(&out, agreementPart, want.block("0"), p.block("0"))
	for i, c := range v.d.Clauses {
		key := strconv.Itoa(i + 1)
		got := p.block(key)
		if cu, ok := c.(Custom); ok {
			if words, said := p.customWords(string(cu.Name)); said && words != wordsOf(cu.Paragraphs) {
				out.Edits = append(out.Edits, Edit{Clause: cu.Name, Got: strings.Join(cu.Paragraphs, " ")})
			}
		}
		compareBlock(&out, c.ID(), want.block(key), got)
	}
	compareBlock(&out, agreementPart, want.block("end"), p.block("end"))
	for _, b := range p.blocks {
		if want.block(b.key) == nil {
			compareBlock(&out, agreementPart, nil, b.lines)
		}
	}
	return out, nil
}

// A renderedPage is a page cut into the rows of its cover page and the blocks
// under its headings: "top", "0" for the parties, the number of a section,
// "end" for the signatures. The first line of a block is its heading.
type renderedPage struct {
	rows   []coverRow
	blocks []renderedBlock
	bad    []int // lines of the cover page that are no rows
}

type renderedBlock struct {
	key   string
	lines []string
}

func (p *renderedPage) block(key string) []string {
	for _, b := range p.blocks {
		if b.key == key {
			return b.lines
		}
	}
	return nil
}

func splitPage(page string) renderedPage {
	var p renderedPage
	cover := false
	key := "top"
	head := 0
	n := 0
	for line := range strings.Lines(page) {
		n++
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case line == "":
			continue
		case strings.HasPrefix(line, "## "):
			name := line[3:]
			number, _, numbered := strings.Cut(name, ". ")
			cover = name == "Cover page" && len(p.rows) == 0
			switch {
			case cover:
				continue
			case name == "Parties" && p.block("0") == nil:
				key = "0"
			case line == signaturesHeading && p.block("end") == nil:
				key = "end"
			case numbered && isSectionNumber(number) && p.block(number) == nil:
				key = number
			default:
				key = "other " + strconv.Itoa(n)
			}
		case cover && strings.HasPrefix(line, "|"):
			if head < 2 { // the names of the columns and the line under them
				head++
				continue
			}
			if row, ok := splitRow(line); ok {
				p.rows = append(p.rows, row)
			} else {
				p.bad = append(p.bad, n)
			}
			continue
		}
		i := slices.IndexFunc(p.blocks, func(b renderedBlock) bool { return b.key == key })
		if i < 0 {
			p.blocks = append(p.blocks, renderedBlock{key: key})
			i = len(p.blocks) - 1
		}
		p.blocks[i].lines = append(p.blocks[i].lines, line)
	}
	return p
}

func isSectionNumber(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 1000 && strconv.Itoa(n) == s
}

// splitRow reads a row of the cover page.
func splitRow(line string) (coverRow, bool) {
	var cells []string
	var cell strings.Builder
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			cell.WriteByte(line[i])
		case line[i] == '|':
			cells = append(cells, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	if len(cells) != 3 || cell.Len() > 0 {
		return coverRow{}, false
	}
	return coverRow{cells[0], cells[1], cells[2]}, true
}

// unescape takes the backslashes of Markdown away.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (p *renderedPage) customWords(id string) (string, bool) {
	for _, r := range p.rows {
		if r.part == id && r.term == "words" {
			return r.value, true
		}
	}
	return "", false
}

// draft builds the draft that the cover page describes.
func (p *renderedPage) draft(errs *baakit.FieldErrors) (d Draft, hash string) {
	for _, n := range p.bad {
		errs.Add("line "+strconv.Itoa(n), "must be a row of the cover page: part, term and value")
	}
	if len(p.rows) == 0 {
		errs.Add("", "must have a cover page with the terms of the agreement")
		return d, ""
	}
	for i := 0; i < len(p.rows); {
		r := p.rows[i]
		if r.part == agreementPart {
			switch {
			case r.term == hashTerm:
				hash = r.value
			case strings.HasPrefix(r.term, "clauses") || !unflatten(reflect.ValueOf(&d).Elem(), strings.Split(r.term, " / "), r.value):
				errs.Add(agreementPart+rowAt(i), "must be a term of the agreement and its value")
			}
			i++
			continue
		}
		j := i
		for j < len(p.rows) && p.rows[j].part == r.part {
			j++
		}
		if c := p.clause(r.part, i, j, len(d.Clauses)+1, errs); c != nil {
			d.Clauses = append(d.Clauses, c)
		}
		i = j
	}
	return d, hash
}

func rowAt(i int) string { return " row " + strconv.Itoa(i+1) }

// clause reads the rows i to j, those of one clause, which is the nth.
func (p *renderedPage) clause(id string, i, j, n int, errs *baakit.FieldErrors) Clause {
	if row := rowOf(ClauseKind(id)); row != nil && row.kind != "custom" {
		v := reflect.New(row.typ).Elem()
		for k := i; k < j; k++ {
			r := p.rows[k]
			if r.term == "" && r.value == "" && j-i == 1 {
				continue
			}
			if !unflatten(v, strings.Split(r.term, " / "), r.value) {
				errs.Add("cover"+rowAt(k), "must be a term of its clause and its value")
			}
		}
		return v.Interface().(Clause)
	}
	if p.rows[i].term == "unknown kind" {
		c, err := parseClause([]byte(p.rows[i].value))
		if err != nil || j-i != 1 {
			errs.Add("cover"+rowAt(i), "must be the JSON of a clause")
			return nil
		}
		return c
	}
	custom := Custom{Name: ClauseID(id)}
	for k := i; k < j; k++ {
		switch r := p.rows[k]; r.term {
		case "heading":
			custom.Title = r.value
		case "claims":
			custom.Claims = append(custom.Claims, Element(r.value))
		case "words", "paragraphs":
		default:
			errs.Add("cover"+rowAt(k), "must be a term of a custom clause")
		}
	}
	lines := p.block(strconv.Itoa(n))
	for _, line := range lines[min(1, len(lines)):] {
		custom.Paragraphs = append(custom.Paragraphs, sentenceOf(line))
	}
	return custom
}

// sentenceOf takes the number or the bullet and the escapes off a line.
func sentenceOf(line string) string {
	if rest, ok := strings.CutPrefix(line, "**"); ok {
		if number, text, ok := strings.Cut(rest, "** "); ok && strings.Trim(number, "0123456789.") == "" {
			return unescape(text)
		}
	}
	return unescape(strings.TrimPrefix(line, "* "))
}

// compareBlock reports the lines of a block that are not those that the terms
// render. Lines are aligned by the ones that both have.
func compareBlock(out *Parsed, id ClauseID, want, got []string) {
	if slices.Equal(want, got) {
		return
	}
	for _, op := range align(want, got) {
		w, g := op.before, op.after
		for i := range max(len(w), len(g)) {
			e := Edit{Clause: id}
			if i < len(w) {
				e.Want = sentenceOf(w[i])
			}
			if i < len(g) {
				e.Got = sentenceOf(g[i])
			}
			out.Edits = append(out.Edits, e)
		}
	}
}
