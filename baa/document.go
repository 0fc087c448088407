package baa

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
)

// A document is a version laid out: the one form of which Markdown, HTML and
// text are renderings.
type document struct {
	title    string
	hash     string
	cover    []coverRow
	preamble []paragraph
	sections []section
	parties  []signer
}

// A coverRow is a term on the cover page: whose it is, "agreement" or the id
// of a clause, what it is called and its value.
type coverRow struct{ part, term, value string }

type section struct {
	id         ClauseID
	heading    string
	paragraphs []paragraph
}

// A paragraph is a numbered statement, or an item of the list under one.
type paragraph struct {
	text string
	item bool
}

type signer struct{ role, name string }

// agreementPart is the part of the cover page that is about no clause.
const agreementPart = "agreement"

// roles returns what the two sides are called.
func (k AgreementKind) roles() (ce, ba string) {
	switch k {
	case SubcontractorAgreement:
		return "Business Associate", "Subcontractor"
	case DataUseAgreement:
		return "Covered Entity", "Recipient"
	}
	return "Covered Entity", "Business Associate"
}

// title returns what the agreement is called.
func (k AgreementKind) title() string {
	switch k {
	case SubcontractorAgreement:
		return "Subcontractor Business Associate Agreement"
	case GovernmentMemorandum:
		return "Memorandum of Understanding on Protected Health Information"
	case DataUseAgreement:
		return "Data Use Agreement"
	}
	return "Business Associate Agreement"
}

// document lays v out.
func (v Version) document() document {
	d := &v.d
	ce, ba := d.Kind.roles()
	doc := document{title: d.Kind.title(), hash: v.hash}
	for _, s := range []Side{CoveredEntitySide, BusinessAssociateSide} {
		role := ce
		if s == BusinessAssociateSide {
			role = ba
		}
		doc.parties = append(doc.parties, signer{role, d.Party(s).LegalName})
	}
	w := writer{ce: ce, ba: ba, clauses: d.Clauses}
	d.opening(&w)
	doc.preamble = w.out
	doc.sections = make([]section, len(d.Clauses))
	for i, c := range d.Clauses {
		w.out = nil
		c.sentences(&w)
		doc.sections[i] = section{c.ID(), c.Heading(), w.out}
	}
	return doc
}

// withCover fills in the cover page, which hashing the words does not need.
func (v Version) withCover() document {
	doc := v.document()
	doc.cover = coverRows(v.d)
	return doc
}

// opening says who agrees, on what, and from when.
func (d *Draft) opening(w *writer) {
	customer := d.Party(CoveredEntitySide)
	name := customer.LegalName
	if name == "" {
		name = "the customer that accepts it"
	}
	w.say("This agreement is between %s (@CE) and %s (@BA).", name, d.Party(BusinessAssociateSide).LegalName)
	if d.Services != "" {
		w.say("@BA performs these services for @CE: %s.", strings.TrimSuffix(d.Services, "."))
	}
	if d.Underlying.Title != "" {
		dated := ""
		if !d.Underlying.Dated.IsZero() {
			dated = " of " + d.Underlying.Dated.String()
		}
		w.say("It is part of the underlying agreement, %s%s.", d.Underlying.Title, dated)
	}
	switch {
	case d.StandingOffer && len(d.Signers) == 1:
		w.say("@BA offers it to everybody who uses the services; it is made when @CE accepts it.")
	case d.StandingOffer:
		w.say("@BA offers it to everybody who uses the services; it is made when both parties have accepted or signed it.")
	case len(d.Signers) == 2:
		w.say("It is made when both parties have signed or accepted it; they may sign counterparts.")
	case len(d.Signers) == 1 && d.Signers[0] == CoveredEntitySide:
		w.say("It is made when @CE signs or accepts it.")
	default:
		w.say("It is made when @BA signs or accepts it.")
	}
	if d.Effective.IsZero() {
		w.say("It takes effect when it is made.")
	} else {
		w.say("It takes effect on %s, or when it is made if that is later, and states nothing about the time before.", d.Effective)
	}
	w.when(d.NoElectronicPHI, "No PHI under it is in electronic media.")
}

// words returns the words of the document, one paragraph a line, without what
// only identifies it.
func (doc *document) words() string {
	var b strings.Builder
	b.Grow(16 << 10)
	b.WriteString(doc.title)
	for _, p := range doc.preamble {
		b.WriteString("\n" + p.text)
	}
	for _, s := range doc.sections {
		b.WriteString("\n" + s.heading)
		for _, p := range s.paragraphs {
			b.WriteString("\n" + p.text)
		}
	}
	return b.String()
}

// A writer collects the paragraphs of a section. In its formats @CE and @BA
// stand for the names of the sides; arguments are not looked into.
type writer struct {
	ce, ba  string
	clauses Clauses
	out     []paragraph
}

func (w *writer) say(format string, args ...any) {
	w.out = append(w.out, paragraph{text: w.format(format, args)})
}

func (w *writer) item(format string, args ...any) {
	w.out = append(w.out, paragraph{text: w.format(format, args), item: true})
}

func (w *writer) paragraph(text string) { w.out = append(w.out, paragraph{text: text}) }

func (w *writer) when(yes bool, sentence string) {
	if yes {
		w.say(sentence)
	}
}

func (w *writer) period(p baakit.Period, format string) {
	if !p.IsZero() {
		w.say(format, p)
	}
}

func (w *writer) format(format string, args []any) string {
	format = strings.ReplaceAll(strings.ReplaceAll(format, "@BA", w.ba), "@CE", w.ce)
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// nameOf returns how a clause is referred to: by its heading, which stays when
// numbers change.
func (w *writer) nameOf(id ClauseID) string {
	if c := w.clauses.Find(id); c != nil {
		return c.Heading()
	}
	return string(id)
}

// coverRows flattens a draft: first what is about no clause, then each clause
// in its order, with a row of its own even if it has no terms.
func coverRows(d Draft) []coverRow {
	var rows []coverRow
	head := d
	head.Clauses = nil
	flatten(reflect.ValueOf(head), "", func(term, value string) {
		rows = append(rows, coverRow{agreementPart, term, value})
	})
	for _, c := range d.Clauses {
		id := string(c.ID())
		switch c := c.(type) {
		case Custom:
			rows = append(
				rows, coverRow{id, "heading", c.Title},
				coverRow{id, "paragraphs", strconv.Itoa(len(c.Paragraphs))},
				coverRow{id, "words", wordsOf(c.Paragraphs)},
			)
			for _, e := range c.Claims {
				rows = append(rows, coverRow{id, "claims", string(e)})
			}
		case UnknownClause:
			rows = append(rows, coverRow{id, "unknown kind", c.JSON})
		default:
			before := len(rows)
			flatten(reflect.ValueOf(c), "", func(term, value string) {
				rows = append(rows, coverRow{id, term, value})
			})
			if len(rows) == before {
				rows = append(rows, coverRow{id, "", ""})
			}
		}
	}
	return rows
}

// wordsOf returns the hash by which the words of a custom clause, which are in
// its section only, are known again.
func wordsOf(paragraphs []string) string { return hashOf([]byte(strings.Join(paragraphs, "\n"))) }

// flatten calls emit for every value that is set, with the names that lead to
// it: "parties / 1 / legal name".
func flatten(v reflect.Value, path string, emit func(term, value string)) {
	if t, ok := v.Interface().(encoding.TextMarshaler); ok {
		if !v.IsZero() {
			if text, err := t.MarshalText(); err == nil {
				emit(path, string(text))
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			emit(path, "yes")
		}
	case reflect.String:
		if v.Len() > 0 {
			emit(path, v.String())
		}
	case reflect.Slice:
		for i := range v.Len() {
			flatten(v.Index(i), joinTerm(path, strconv.Itoa(i+1)), emit)
		}
	case reflect.Struct:
		t := v.Type()
		for i := range t.NumField() {
			flatten(v.Field(i), joinTerm(path, termName(t.Field(i))), emit)
		}
	}
}

// termName is the JSON name of a field with spaces for underscores.
func termName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return strings.ReplaceAll(name, "_", " ")
}

func joinTerm(path, name string) string {
	if path == "" {
		return name
	}
	return path + " / " + name
}

// unflatten sets the value that the names lead to and reports whether there
// is one. Lists grow by one at a time.
func unflatten(v reflect.Value, path []string, value string) bool {
	if len(path) == 0 {
		if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
			return u.UnmarshalText([]byte(value)) == nil
		}
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(true)
			return value == "yes"
		case reflect.String:
			v.SetString(value)
			return true
		}
		return false
	}
	switch v.Kind() {
	case reflect.Slice:
		n, err := strconv.Atoi(path[0])
		if err != nil || n < 1 || n > v.Len()+1 || n > 1000 || strconv.Itoa(n) != path[0] {
			return false
		}
		if n > v.Len() {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		return unflatten(v.Index(n-1), path[1:], value)
	case reflect.Struct:
		t := v.Type()
		for i := range t.NumField() {
			if t.Field(i).IsExported() && termName(t.Field(i)) == path[0] {
				return unflatten(v.Field(i), path[1:], value)
			}
		}
	}
	return false
}
