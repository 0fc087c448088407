package retention

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// A RowError says which line of an input is no record, and why: its
// [baakit.FieldErrors] name the fields and never a value. The lines after it
// are read all the same.
type RowError struct {
	Line int64
	Err  error
}

// Error returns "retention: line 7: field: rule".
func (e *RowError) Error() string { return "retention: line " + itoa(e.Line) + ": " + e.Err.Error() }

// Unwrap returns the field errors.
func (e *RowError) Unwrap() error { return e.Err }

// maxLine is how many bytes a line may have; a longer one is a RowError.
const maxLine = 1 << 20

// A Source gives records: [Records], [CSV] or [JSONLines]. It is read once.
type Source interface {
	// All returns the records in their order. A line that is no record gives
	// a [*RowError] and the walk goes on; any other error is the last.
	All() iter.Seq2[Record, error]

	// chunks feeds the workers; parse turns line i of a chunk into a record.
	chunks(get func() *chunk, put func(*chunk) bool) error
	parse(c *chunk, i int) (*Record, error)
	opts() ReadOptions
}

// ReadOptions are those of a reader; nil is the defaults.
type ReadOptions struct {
	// Progress is called after every Every lines and at the end, from the
	// goroutine that walks the result. Default none.
	Progress func(Progress)
	// Every defaults to 100,000.
	Every int64
}

// Progress is how far a reader or a writer has come.
type Progress struct {
	Rows      int64 // records read or written
	Malformed int64 // lines that were no record
	Bytes     int64 // of whole lines; 0 where there are none
}

func (o *ReadOptions) or() ReadOptions {
	r := ReadOptions{}
	if o != nil {
		r = *o
	}
	if r.Every <= 0 {
		r.Every = 100_000
	}
	return r
}

// A chunk is some records, or some lines that are still to be parsed.
type chunk struct {
	records []Record
	errs    []error // of Records, by their place; nil for the others
	text    []byte
	lines   []line

	bytes int64
	out   []result
	done  chan struct{}
}

type line struct {
	from, to int32
	number   int64
	tooLong  bool
}

type result struct {
	d   Decision
	err error
}

const chunkSize = 128

func (c *chunk) reset() {
	c.records, c.errs, c.text, c.lines = c.records[:0], c.errs[:0], c.text[:0], c.lines[:0]
	c.bytes = 0
}

func (c *chunk) len() int { return max(len(c.errs), len(c.lines)) }

// Records returns the source of a walk over records. An error of the walk is
// passed on and the walk goes on.
func Records(seq iter.Seq2[Record, error]) Source { return recordSource{seq} }

type recordSource struct{ seq iter.Seq2[Record, error] }

func (s recordSource) All() iter.Seq2[Record, error] { return s.seq }
func (s recordSource) opts() ReadOptions             { return (*ReadOptions)(nil).or() }

func (s recordSource) parse(c *chunk, i int) (*Record, error) { return &c.records[i], c.errs[i] }

func (s recordSource) chunks(get func() *chunk, put func(*chunk) bool) error {
	c := get()
	for r, err := range s.seq {
		c.records, c.errs = append(c.records, r), append(c.errs, err)
		if len(c.records) == chunkSize {
			if !put(c) {
				return nil
			}
			c = get()
		}
	}
	put(c)
	return nil
}

// A lineSource is an input of which every line is a record of its own, so
// that a broken one cannot swallow the next.
type lineSource struct {
	r       *bufio.Reader
	options ReadOptions
	number  int64
	record  func(line []byte, r *Record) error
	err     error // of the head
}

func (s *lineSource) opts() ReadOptions { return s.options }

// next appends the next line, without its end, to the chunk. At the end of
// the input it returns io.EOF.
func (s *lineSource) next(c *chunk) error {
	s.number++
	l := line{from: int32(len(c.text)), number: s.number}
	for {
		part, err := s.r.ReadSlice('\n')
		c.bytes += int64(len(part))
		if len(c.text)-int(l.from)+len(part) > maxLine+2 {
			l.tooLong = true
			c.text = c.text[:l.from]
		}
		if !l.tooLong {
			c.text = append(c.text, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (len(c.text) == int(l.from) && !l.tooLong || !errors.Is(err, io.EOF)) {
			c.text = c.text[:l.from]
			return err
		}
		break
	}
	text := bytes.TrimSuffix(c.text[l.from:], []byte("\n"))
	l.to = l.from + int32(len(bytes.TrimSuffix(text, []byte("\r"))))
	if l.to > l.from || l.tooLong {
		c.lines = append(c.lines, l)
	}
	return nil
}

func (s *lineSource) chunks(get func() *chunk, put func(*chunk) bool) error {
	if s.err != nil {
		return s.err
	}
	for {
		c := get()
		for len(c.lines) < chunkSize && len(c.text) < 4*maxLine {
			if err := s.next(c); err != nil {
				if put(c) && !errors.Is(err, io.EOF) {
					return err
				}
				return nil
			}
		}
		if !put(c) {
			return nil
		}
	}
}

func (s *lineSource) parse(c *chunk, i int) (*Record, error) {
	l := c.lines[i]
	for len(c.records) <= i {
		c.records = append(c.records, Record{})
	}
	r := &c.records[i]
	*r = Record{}
	err := error(baakit.FieldErrors{{Rule: "the line is too long"}})
	if !l.tooLong {
		err = s.record(c.text[l.from:l.to], r)
	}
	if err != nil {
		return nil, &RowError{l.number, err}
	}
	return r, nil
}

func (s *lineSource) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var p Progress
		stopped := false
		err := s.chunks(func() *chunk { return &chunk{} }, func(c *chunk) bool {
			p.Bytes += c.bytes
			for i := range c.lines {
				r, err := s.parse(c, i)
				if p.count(err); err != nil {
					r = &Record{}
				}
				if !yield(*r, err) {
					stopped = true
					return false
				}
				s.options.report(p, false)
			}
			return true
		})
		if err != nil && !stopped {
			yield(Record{}, err)
		}
		s.options.report(p, true)
	}
}

func (p *Progress) count(err error) {
	if err != nil {
		p.Malformed++
	} else {
		p.Rows++
	}
}

func (o *ReadOptions) report(p Progress, end bool) {
	if o.Progress != nil && (end || (p.Rows+p.Malformed)%o.Every == 0) {
		o.Progress(p)
	}
}

// JSONLines returns the source of an input with a [Record] as JSON on each
// line; empty lines are skipped.
func JSONLines(r io.Reader, opt *ReadOptions) Source {
	return &lineSource{r: bufio.NewReaderSize(r, 1<<16), options: opt.or(), record: func(line []byte, r *Record) error {
		return r.UnmarshalJSON(line)
	}}
}

// CSV returns the source of a comma-separated input whose first line names
// the columns: id, class, part, jurisdiction (codes joined by ";"), holder,
// custodian, birth; the triggers of events by their names, or as
// "event.NAME"; "fact.NAME" with true or false; "attribute.NAME"; and
// "clearance.GATE" with the day on which it was given. The cells of events
// are days, months, years, not_yet or unknown; an empty cell states nothing.
//
// A cell may be quoted as RFC 4180 says, but not hold a line break: a quote
// that is not closed spoils its own line only. A head that cannot be read is
// the error of the source, a [*RowError] of line 1, and nothing is read.
func CSV(r io.Reader, opt *ReadOptions) Source {
	s := &lineSource{r: bufio.NewReaderSize(r, 1<<16), options: opt.or()}
	var head chunk
	err := s.next(&head)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		s.err = err
	case len(head.lines) == 0 || head.lines[0].tooLong:
		s.err = &RowError{1, baakit.FieldErrors{{Rule: "the first line must name the columns"}}}
	default:
		l := head.lines[0]
		columns, err := parseHead(string(bytes.TrimPrefix(head.text[l.from:l.to], []byte("\xef\xbb\xbf"))))
		if err != nil {
			s.err = &RowError{1, err}
		}
		s.record = func(line []byte, r *Record) error { return columns.record(string(line), r) }
	}
	return s
}

type column struct {
	kind, name string // kind is the name of a field, or event, fact, attribute, clearance
}

type columns []column

// knownTriggers are those that a head may name without "event.".
func knownTriggers() []Trigger {
	return []Trigger{
		Creation, Discharge, LastService, LastContact, LastEntry, Death, LastInEffect, Disclosure,
		DateOfService, Exam, NextExam, AgreementEnd, EmploymentEnd, EndOfFullRetention, Destruction,
	}
}

func parseHead(text string) (columns, error) {
	cells, err := cells(text, nil)
	if err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	var list columns
	seen := make(map[string]bool)
	for i, cell := range cells {
		kind, name, dotted := strings.Cut(cell, ".")
		c := column{kind, name}
		switch {
		case !dotted && slices.Contains([]string{"id", "class", "part", "jurisdiction", "holder", "custodian", "birth"}, kind):
		case !dotted && slices.Contains(knownTriggers(), Trigger(kind)):
			c = column{"event", kind}
		case dotted && kind == "event" && Trigger(name).valid() && Trigger(name) != LastTreatment && Trigger(name) != Unspecified,
			dotted && (kind == "fact" || kind == "attribute") && isIdentifier(name),
			dotted && kind == "clearance" && events.IsName(name):
		default:
			errs.Add("columns"+index(i), "must be a known column, a trigger, or event., fact., attribute. or clearance. with a name")
		}
		if key := c.kind + "." + c.name; seen[key] {
			errs.Add("columns"+index(i), "must not be given twice")
		} else {
			seen[key] = true
		}
		list = append(list, c)
	}
	if !seen["id."] {
		errs.Add("columns", "must have an id")
	}
	return list, errs.Err()
}

// record reads a line into r.
func (cs columns) record(text string, r *Record) error {
	var buffer [32]string
	cells, err := cells(text, buffer[:0])
	if err != nil {
		return err
	}
	if len(cells) != len(cs) {
		return baakit.FieldErrors{{Rule: "must have as many cells as the first line"}}
	}
	var errs baakit.FieldErrors
	for i, cell := range cells {
		if cell == "" && cs[i].kind != "id" {
			continue
		}
		if rule := r.setCell(cs[i], cell); rule != "" {
			path := cs[i].name
			if path == "" || cs[i].kind != "event" {
				path = strings.TrimSuffix(cs[i].kind+"."+cs[i].name, ".")
			}
			errs.Add(path, rule)
		}
	}
	return errs.Err()
}

// setCell sets the field of a column and returns the rule that the cell
// breaks, or "".
func (r *Record) setCell(c column, cell string) string {
	const identifier = "must be a lower-case name"
	switch c.kind {
	case "id":
		if r.ID = cell; !events.IsName(cell) {
			return "is required, at most 200 bytes of printing ASCII without spaces"
		}
	case "class":
		if r.Class = cell; !isIdentifier(cell) {
			return identifier
		}
	case "part":
		if r.Part = cell; !isIdentifier(cell) {
			return identifier
		}
	case "holder":
		if r.Holder = cell; !isIdentifier(cell) {
			return identifier
		}
	case "custodian":
		if r.Custodian = cell; !events.IsName(cell) {
			return "must be at most 200 bytes of printing ASCII without spaces"
		}
	case "jurisdiction":
		for code := range strings.SplitSeq(cell, ";") {
			j, err := baakit.ParseJurisdiction(code)
			if err != nil {
				return "must be codes of jurisdictions joined by ;"
			}
			r.Jurisdictions = append(r.Jurisdictions, j)
		}
	case "birth", "event":
		w, err := ParseWhen(cell)
		switch {
		case err != nil:
			return "must be a day, a month, a year, not_yet or unknown"
		case c.kind == "event":
			if r.Events == nil {
				r.Events = make(map[Trigger]When, 4)
			}
			r.Events[Trigger(c.name)] = w
		case w.state == notYet:
			return "must be a day, a month, a year or unknown"
		default:
			r.Birth = w
		}
	case "fact":
		if cell != "true" && cell != "false" {
			return "must be true or false"
		}
		if r.Facts == nil {
			r.Facts = make(map[string]bool)
		}
		r.Facts[c.name] = cell == "true"
	case "attribute":
		if r.Attributes == nil {
			r.Attributes = make(map[string]string)
		}
		r.Attributes[c.name] = cell
	case "clearance":
		d, err := baakit.ParseDate(cell)
		if err != nil {
			return "must be a day"
		}
		r.Clearances = append(r.Clearances, Clearance{Gate: c.name, On: d})
	}
	return ""
}

// cells splits a line as RFC 4180 says.
func cells(text string, list []string) ([]string, error) {
	for {
		if !strings.HasPrefix(text, `"`) {
			cell, rest, more := strings.Cut(text, ",")
			if strings.Contains(cell, `"`) {
				return nil, baakit.FieldErrors{{Path: "cells" + index(len(list)), Rule: "must not hold a quote unless it is quoted"}}
			}
			list = append(list, cell)
			if text = rest; !more {
				return list, nil
			}
			continue
		}
		var cell strings.Builder
		rest := text[1:]
		for {
			part, after, closed := strings.Cut(rest, `"`)
			cell.WriteString(part)
			if !closed {
				return nil, baakit.FieldErrors{{Path: "cells" + index(len(list)), Rule: "must close its quote on the same line"}}
			}
			if rest = after; !strings.HasPrefix(rest, `"`) {
				break
			}
			cell.WriteByte('"')
			rest = rest[1:]
		}
		list = append(list, cell.String())
		if rest == "" {
			return list, nil
		}
		if rest[0] != ',' {
			return nil, baakit.FieldErrors{{Path: "cells" + index(len(list)-1), Rule: "must end behind its closing quote"}}
		}
		text = rest[1:]
	}
}

// ParseRecord reads one record from JSON, strictly. The error is a
// [baakit.FieldErrors].
func ParseRecord(data []byte) (Record, error) {
	var r Record
	err := r.UnmarshalJSON(data)
	return r, err
}
