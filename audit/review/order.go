package review

import (
	"cmp"
	"container/heap"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
)

// A Field names what a line says, as the line does: "actor.id".
type Field string

// The fields.
const (
	Action    Field = "action"
	ActorFor  Field = "actor.for"
	ActorID   Field = "actor.id"
	ActorKind Field = "actor.kind"
	ActorOrg  Field = "actor.org"
	ActorRole Field = "actor.role"
	Chain     Field = "chain"
	Addr      Field = "client.addr"
	Client    Field = "client.kind"
	Emergency Field = "emergency"
	Kind      Field = "kind"
	Category  Field = "object.category"
	Labels    Field = "object.labels"
	Lifecycle Field = "object.lifecycle"
	Object    Field = "object.type"
	Occurred  Field = "occurred"
	Outcome   Field = "outcome"
	Policy    Field = "policy"
	Purpose   Field = "purpose"
	RequestID Field = "request.id"
	Route     Field = "request.route"
	SpanID    Field = "request.span"
	TokenID   Field = "request.token"
	TraceID   Field = "request.trace"
	Seq       Field = "seq"
	Subject   Field = "subject"
	Subtype   Field = "subtype"
	Time      Field = "time"
	Type      Field = "type"
)

// columns are the fields in the order of a line, each with its text and, where
// text does not order it, a comparison.
var columns = []struct {
	field   Field
	text    func(*audit.Entry) string
	compare func(a, b *audit.Entry) int
}{
	{Action, func(e *audit.Entry) string { return string(e.Event.Action) }, nil},
	{ActorFor, func(e *audit.Entry) string { return e.Event.Actor.For }, nil},
	{ActorID, func(e *audit.Entry) string { return e.Event.Actor.ID }, nil},
	{ActorKind, func(e *audit.Entry) string { return e.Event.Actor.Kind }, nil},
	{ActorOrg, func(e *audit.Entry) string { return e.Event.Actor.Org }, nil},
	{ActorRole, func(e *audit.Entry) string { return e.Event.Actor.Role }, nil},
	{Chain, func(e *audit.Entry) string { return e.Chain }, nil},
	{Addr, func(e *audit.Entry) string { return e.Event.Client.Addr }, nil},
	{Client, func(e *audit.Entry) string { return e.Event.Client.Kind }, nil},
	{Emergency, func(e *audit.Entry) string {
		if e.Event.Emergency {
			return "1"
		}
		return ""
	}, nil},
	{Kind, func(e *audit.Entry) string { return e.Event.Kind }, nil},
	{Category, func(e *audit.Entry) string { return e.Event.Object.Category }, nil},
	{Labels, func(e *audit.Entry) string { return strings.Join(e.Event.Object.Labels, " ") }, nil},
	{Lifecycle, func(e *audit.Entry) string { return e.Event.Object.Lifecycle }, nil},
	{Object, func(e *audit.Entry) string { return e.Event.Object.Type }, nil},
	{
		Occurred, func(e *audit.Entry) string { return instant(e.Event.Occurred) },
		func(a, b *audit.Entry) int { return a.Event.Occurred.Compare(b.Event.Occurred) },
	},
	{
		Outcome, func(e *audit.Entry) string { return string(e.Event.Outcome) },
		func(a, b *audit.Entry) int { // by how bad it is: 12 is worse than 8
			return cmp.Or(cmp.Compare(len(a.Event.Outcome), len(b.Event.Outcome)), cmp.Compare(a.Event.Outcome, b.Event.Outcome))
		},
	},
	{Policy, func(e *audit.Entry) string { return strings.Join(e.Event.Policy, " ") }, nil},
	{Purpose, func(e *audit.Entry) string { return words(e.Event.Purpose) }, nil},
	{RequestID, func(e *audit.Entry) string { return e.Event.Request.ID }, nil},
	{Route, func(e *audit.Entry) string { return e.Event.Request.Route }, nil},
	{SpanID, func(e *audit.Entry) string { return e.Event.Request.Span }, nil},
	{TokenID, func(e *audit.Entry) string { return e.Event.Request.Token }, nil},
	{TraceID, func(e *audit.Entry) string { return e.Event.Request.Trace }, nil},
	{
		Seq, func(e *audit.Entry) string { return strconv.FormatUint(e.Seq, 10) },
		func(a, b *audit.Entry) int { return cmp.Compare(a.Seq, b.Seq) },
	},
	{Subject, func(e *audit.Entry) string { return e.Subject }, nil},
	{Subtype, func(e *audit.Entry) string { return words(e.Event.Subtype) }, nil},
	{
		Time, func(e *audit.Entry) string { return instant(e.Time) },
		func(a, b *audit.Entry) int { return a.Time.Compare(b.Time) },
	},
	{Type, func(e *audit.Entry) string { return string(e.Event.Type) }, nil},
}

func words[S ~string](list []S) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(s))
	}
	return b.String()
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// Fields returns all fields, in the order of a line.
func Fields() []Field {
	var list []Field
	for _, c := range columns {
		list = append(list, c.field)
	}
	return list
}

func (f Field) index() int {
	for i := range columns {
		if columns[i].field == f {
			return i
		}
	}
	return -1
}

// Of returns what an entry says in the field, as its line does; "" where it
// says nothing, and for a field that there is not.
func (f Field) Of(e audit.Entry) string {
	if i := f.index(); i >= 0 {
		return columns[i].text(&e)
	}
	return ""
}

// An Order sorts entries by a field. The zero Order is invalid.
type Order struct {
	By         Field `json:"by"`
	Descending bool  `json:"descending,omitempty"`
}

// checkOrder reports the fields that there are not.
func checkOrder(errs *baakit.FieldErrors, by []Order) {
	for i, o := range by {
		if o.By.index() < 0 {
			errs.Add("order"+at(i)+".by", "must be a field of a line")
		}
	}
}

// comparison compares by each of the orders in turn.
func comparison(by []Order) func(a, b *audit.Entry) int {
	type step struct {
		compare func(a, b *audit.Entry) int
		sign    int
	}
	var steps []step
	for _, o := range by {
		c := columns[o.By.index()]
		s := step{c.compare, 1}
		if s.compare == nil {
			s.compare = func(a, b *audit.Entry) int { return strings.Compare(c.text(a), c.text(b)) }
		}
		if o.Descending {
			s.sign = -1
		}
		steps = append(steps, s)
	}
	return func(a, b *audit.Entry) int {
		for _, s := range steps {
			if n := s.compare(a, b); n != 0 {
				return n * s.sign
			}
		}
		return 0
	}
}

// Sort returns entries in the order of the fields; where those are alike, in
// the order in which they came. Outcomes are ordered by how bad they are,
// numbers and times as such, everything else as text. With a limit above 0 it
// returns the first so many, and holds no more than those at any time. Its
// errors are that of entries, and a [baakit.FieldErrors] for a field that there
// is not.
func Sort(entries iter.Seq2[audit.Entry, error], limit int, by ...Order) ([]audit.Entry, error) {
	var errs baakit.FieldErrors
	checkOrder(&errs, by)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	s := &sorting{compare: comparison(by)}
	n := 0
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		p := placed{e, n}
		n++
		switch {
		case limit <= 0:
			s.list = append(s.list, p)
		case len(s.list) < limit:
			heap.Push(s, p)
		case s.order(&p, &s.list[0]) < 0:
			s.list[0] = p
			heap.Fix(s, 0)
		}
	}
	slices.SortFunc(s.list, func(a, b placed) int { return s.order(&a, &b) })
	out := make([]audit.Entry, len(s.list))
	for i := range s.list {
		out[i] = s.list[i].entry
	}
	return out, nil
}

// A placed is an entry with its place among those that came.
type placed struct {
	entry audit.Entry
	place int
}

// A sorting is a heap with the last of its entries on top.
type sorting struct {
	compare func(a, b *audit.Entry) int
	list    []placed
}

func (s *sorting) order(a, b *placed) int {
	return cmp.Or(s.compare(&a.entry, &b.entry), cmp.Compare(a.place, b.place))
}

func (s *sorting) Len() int           { return len(s.list) }
func (s *sorting) Less(i, j int) bool { return s.order(&s.list[i], &s.list[j]) > 0 }
func (s *sorting) Swap(i, j int)      { s.list[i], s.list[j] = s.list[j], s.list[i] }
func (s *sorting) Push(x any)         { s.list = append(s.list, x.(placed)) }

func (s *sorting) Pop() any {
	last := s.list[len(s.list)-1]
	s.list = s.list[:len(s.list)-1]
	return last
}
