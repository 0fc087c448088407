package baa

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/strictjson"
)

// A ClauseKind names a type of clause.
type ClauseKind string

// A ClauseID names a clause within a version, the same in every version, so
// that a clause keeps its identity when it is moved, reworded or renumbered.
// The id of a typed clause is its kind, of which a version has one at most;
// a [Custom] clause has an id of its own.
type ClauseID string

// A Clause is a part of an agreement as data: its terms are the fields of its
// Go type, its sentences follow from them. The interface is sealed: the types
// are those of this package, [Custom] is the way out for words that none of
// them has, and [UnknownClause] keeps a kind that a newer release wrote. Clauses are
// plain values; a [Version] hands out copies.
type Clause interface {
	// Kind returns the type of the clause, as in JSON.
	Kind() ClauseKind
	// ID returns the id within a version.
	ID() ClauseID
	// Heading returns what stands above the sentences.
	Heading() string
	// Provides returns the legal elements that the terms provide in full, in
	// the order of the table of elements. What a Custom clause claims is not
	// verified and not among them.
	Provides() []Element

	sentences(w *writer)
}

// Clauses is a list of clauses in the order of their numbers. In JSON each is
// an object with its kind beside its terms; a kind that this release does not
// know is kept as it is.
type Clauses []Clause

// Find returns the clause with the id, or nil.
func (c Clauses) Find(id ClauseID) Clause {
	for _, cl := range c {
		if cl.ID() == id {
			return cl
		}
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (c Clauses) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, cl := range c {
		if i > 0 {
			b.WriteByte(',')
		}
		data, err := marshalClause(cl)
		if err != nil {
			return nil, err
		}
		b.Write(data)
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}

func marshalClause(c Clause) ([]byte, error) {
	if u, ok := c.(UnknownClause); ok {
		return []byte(u.JSON), nil
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	head := `{"kind":"` + string(c.Kind()) + `"`
	if len(data) > 2 {
		head += ","
	}
	return append([]byte(head), data[1:]...), nil
}

// UnmarshalJSON implements json.Unmarshaler, strictly for the kinds it knows.
// The error is a [baakit.FieldErrors].
func (c *Clauses) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	if err := strictjson.Decode(data, &raw); err != nil {
		return err
	}
	var errs baakit.FieldErrors
	list := make(Clauses, len(raw))
	for i, r := range raw {
		cl, err := parseClause(r)
		errs.Merge(at(i), err)
		list[i] = cl
	}
	if err := errs.Err(); err != nil {
		return err
	}
	*c = list
	return nil
}

// parseClause reads one clause by its kind.
func parseClause(data []byte) (Clause, error) {
	var errs baakit.FieldErrors
	canonical, err := jcs.Canonicalize(data)
	if err != nil {
		errs.Add("", "must be an object with names given once and numbers that keep their value")
		return nil, errs
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(canonical, &members) != nil || members == nil {
		errs.Add("", "must be an object")
		return nil, errs
	}
	var kind ClauseKind
	if json.Unmarshal(members["kind"], &kind) != nil || !isKind(string(kind)) {
		errs.Add("kind", "is required, in lower case letters and underscores")
		return nil, errs
	}
	row := rowOf(kind)
	if row == nil {
		return UnknownClause{JSON: string(canonical)}, nil
	}
	delete(members, "kind")
	rest, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	v := reflect.New(row.typ)
	if err := strictjson.Decode(rest, v.Interface()); err != nil {
		return nil, err
	}
	return v.Elem().Interface().(Clause), nil
}

func isKind(s string) bool {
	return s != "" && len(s) <= 60 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_0123456789") == ""
}

// Custom is a clause in words of the user's own. Nothing in it is understood:
// an element that it claims to provide counts as claimed and not verified, and
// a change of its words has no known direction.
type Custom struct {
	Name  ClauseID `json:"id" validate:"required,name"`
	Title string   `json:"heading" validate:"required,line"`
	// Paragraphs are the words, one paragraph a string.
	Paragraphs []string `json:"paragraphs" validate:"required,min=1,max=200,dive,required,line"`
	// Claims are the elements that the words are said to provide.
	Claims []Element `json:"claims,omitempty" validate:"max=60,dive,element"`
}

// Kind returns "custom".
func (Custom) Kind() ClauseKind { return "custom" }

// ID returns its name.
func (c Custom) ID() ClauseID { return c.Name }

// Heading returns its title.
func (c Custom) Heading() string { return c.Title }

// Provides returns none: claims are not believed.
func (Custom) Provides() []Element { return nil }

func (c Custom) sentences(w *writer) {
	for _, p := range c.Paragraphs {
		w.paragraph(p)
	}
}

// UnknownClause is a clause of a kind that this release does not know, kept as it
// was read. JSON is its canonical form; its kind, and its id if it has one,
// are read from there.
type UnknownClause struct{ JSON string }

func (u UnknownClause) names() (kind, id string) {
	var head struct {
		Kind string `json:"kind"`
		ID   any    `json:"id"`
	}
	_ = json.Unmarshal([]byte(u.JSON), &head)
	id, _ = head.ID.(string)
	if !events.IsName(id) {
		id = head.Kind
	}
	return head.Kind, id
}

// Kind returns the kind that was read.
func (u UnknownClause) Kind() ClauseKind { kind, _ := u.names(); return ClauseKind(kind) }

// ID returns the id that was read, or the kind.
func (u UnknownClause) ID() ClauseID { _, id := u.names(); return ClauseID(id) }

// Heading says that the kind is not known.
func (u UnknownClause) Heading() string { return "A clause of another kind" }

// Provides returns none.
func (UnknownClause) Provides() []Element { return nil }

func (u UnknownClause) sentences(w *writer) {
	w.say("This clause is of a kind that the program which wrote this page does not know; its terms are on the cover page.")
}

// A clauseRow is what the package knows of a kind besides its Go type: the
// heading, and whose duty it is that the clause is there at all.
type clauseRow struct {
	kind    ClauseKind
	zero    Clause
	heading string
	binds   bound
	sense   sense
	about   string
	element Element

	typ    reflect.Type
	facets []facet
}

// clauseTable returns the kinds in the order of the standard agreement.
var clauseTable = sync.OnceValue(func() []clauseRow {
	rows := clauseRows()
	for i := range rows {
		rows[i].typ = reflect.TypeOf(rows[i].zero)
		rows[i].facets = facetsOf(rows[i].typ)
	}
	return rows
})

func rowOf(k ClauseKind) *clauseRow {
	rows := clauseTable()
	if i := slices.IndexFunc(rows, func(r clauseRow) bool { return r.kind == k }); i >= 0 {
		return &rows[i]
	}
	return nil
}

// Kinds returns every kind of clause in the order of the standard agreement.
func Kinds() []ClauseKind {
	var list []ClauseKind
	for _, r := range clauseTable() {
		list = append(list, r.kind)
	}
	return list
}

// A bound says whose duty or permission a term is.
type bound string

const (
	bindsBA   bound = "ba"
	bindsCE   bound = "ce"
	bindsBoth bound = "both"
)

// A sense says which way a change of a term goes.
type sense string

const (
	duty       sense = "duty"       // there is tighter than not there, more than less
	grant      sense = "grant"      // a permission: there is looser than not there
	within     sense = "within"     // a deadline or an interval: shorter is tighter, none is loosest
	longer     sense = "longer"     // a notice or a time to keep: longer is tighter, none is loosest
	ranked     sense = "ranked"     // the value knows its rank, higher is tighter
	amount     sense = "amount"     // more money is tighter, none is loosest
	limit      sense = "limit"      // a cap: more is tighter, none is unlimited
	words      sense = "words"      // cannot be judged but for equivalent terms
	commercial sense = "commercial" // neutral by itself, agreed by both
	schedule   sense = "schedule"   // a list that the agreement lets change after notice
	detail     sense = "detail"     // how to reach a party
)

// A facet is what the package knows of a field of a clause: its tags say
// whose duty it is, which way is tighter, which provisions it is about and
// which element it provides.
type facet struct {
	index   int
	name    string
	binds   bound
	sense   sense
	about   string
	element Element
}

func facetsOf(t reflect.Type) []facet {
	var list []facet
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fc := facet{i, name, bound(f.Tag.Get("binds")), sense(f.Tag.Get("sense")), f.Tag.Get("about"), Element(f.Tag.Get("element"))}
		if fc.binds == "" {
			fc.binds = bindsBA
		}
		if fc.sense == "" {
			fc.sense = words
		}
		list = append(list, fc)
	}
	return list
}

// provides returns what the boolean terms of a clause and its being there
// provide.
func provides(c Clause) []Element {
	row := rowOf(c.Kind())
	var list []Element
	if row.element != "" {
		list = append(list, row.element)
	}
	v := reflect.ValueOf(c)
	for _, f := range row.facets {
		if f.element != "" && v.Field(f.index).Kind() == reflect.Bool && v.Field(f.index).Bool() {
			list = append(list, f.element)
		}
	}
	return list
}
