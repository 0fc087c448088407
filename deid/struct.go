package deid

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

// Struct applies the policy to the struct that v points to, in place, by the
// tags of its fields; the subject may be nil, the report not. The package
// documentation gives the tags.
//
// Every exported field needs a tag, except one that cannot carry an
// identifier: a bool, or a struct of nothing else. A type that lacks one is
// refused as a whole, with [baakit.FieldErrors] that name every such field by
// its path, before anything of v is read. The plan of a type is compiled once
// for an engine. Fields that are not exported are not touched; the report
// lists them.
//
// Where a value goes, a string becomes empty, a number 0, a pointer, slice,
// map or interface nil, a time zero, and a sql.Null of any type not valid;
// elements of a slice are taken out. A time.Time or [baakit.Date] whose year
// stays is the first instant or day of that year, in UTC, and says nothing of
// the real one. A whole number that holds an age over 89 becomes 90.
//
// On any error *v is the zero value, so that nothing half done can be sent.
// The errors are [ErrIdentifierLeft] and those of the vault and the text
// scrubber; ctx is for these two.
func Struct[T any](ctx context.Context, e *Engine, v *T, s *Subject, r *Report) error {
	p, err := e.planFor(reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	c := e.NewRecord(ctx, s, r)
	defer c.Close()
	w := &c.walk
	w.c, w.mode = c, observing
	err = p.run(w, reflect.ValueOf(v).Elem())
	r.addUnexported(p)
	if err != nil {
		*v = *new(T)
		rule := "could not be transformed"
		if err == ErrIdentifierLeft {
			rule = ruleLeft
		}
		c.Fail(0, p.name, rule)
		return fmt.Errorf("%w (in %s)", err, p.name)
	}
	c.Done(0, 0)
	return nil
}

// CheckStruct compiles the plan of T without any value, for a test or at the
// start of a program: the errors are those of [Struct] about the type. It
// returns the paths of the fields that are not exported and stay as they are.
func CheckStruct[T any](e *Engine) (unexported []string, err error) {
	p, err := e.planFor(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return append([]string(nil), p.unexported...), nil
}

// A structWalk visits the fields of one struct, three times.
type structWalk struct {
	c    *Record
	mode structMode
	text []byte
	out  []byte
	json jsonWalk
}

type structMode uint8

const (
	observing structMode = iota // look at dates and ages
	applying                    // change the fields
	looking                     // give what stays to the self-check
)

// A visitor treats a value of its type and reports whether it is gone.
type visitor func(w *structWalk, v reflect.Value) (gone bool, err error)

// A plan is a struct type compiled for an engine.
type plan struct {
	name       string
	fields     []planField
	dated      bool // a field may hold a date or an age
	unexported []string
}

type planField struct {
	index int
	visit visitor
	dated bool
	looks bool // something of it may stay as it was
}

func (p *plan) run(w *structWalk, v reflect.Value) error {
	if p.dated {
		if err := p.visit(w, v); err != nil {
			return err
		}
	}
	w.c.Settled()
	w.mode = applying
	if err := p.visit(w, v); err != nil {
		return err
	}
	if !w.c.check.armed() {
		return nil
	}
	w.mode = looking
	if err := p.visit(w, v); err != nil {
		return err
	}
	return w.c.Check()
}

func (p *plan) visit(w *structWalk, v reflect.Value) error {
	for i := range p.fields {
		f := &p.fields[i]
		if w.mode == observing && !f.dated || w.mode == looking && !f.looks {
			continue
		}
		if _, err := f.visit(w, v.Field(f.index)); err != nil {
			return err
		}
	}
	return nil
}

// apply treats a text and returns what stands in its place.
func (w *structWalk) apply(p *Place, text []byte) ([]byte, Outcome, error) {
	if w.mode == observing {
		out, o, err := w.c.apply(w.out[:0], p, text)
		w.out = out
		return out, o, err
	}
	out, o, err := w.c.Apply(w.out[:0], p, text)
	w.out = out
	return out, o, err
}

func visitString(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		w.text = append(w.text[:0], v.String()...)
		if w.mode == looking {
			w.c.Look(p.kind, w.text)
			return false, nil
		}
		out, o, err := w.apply(p, w.text)
		switch {
		case err != nil || w.mode == observing:
			return false, err
		case o.Gone():
			v.SetString("")
		case !o.Verbatim():
			v.SetString(string(out))
		}
		return o.Gone(), nil
	}
}

func visitBytes(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if w.mode == looking {
			w.c.Look(p.kind, v.Bytes())
			return false, nil
		}
		out, o, err := w.apply(p, v.Bytes())
		switch {
		case err != nil || w.mode == observing:
			return false, err
		case o.Gone():
			v.SetZero()
		case !o.Verbatim():
			v.SetBytes(append([]byte(nil), out...))
		}
		return o.Gone(), nil
	}
}

// visitNumber treats an integer or a float: what stays of it must be a number.
func visitNumber(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		switch {
		case v.CanInt():
			w.text = strconv.AppendInt(w.text[:0], v.Int(), 10)
		case v.CanUint():
			w.text = strconv.AppendUint(w.text[:0], v.Uint(), 10)
		default:
			w.text = strconv.AppendFloat(w.text[:0], v.Float(), 'f', -1, 64)
		}
		if w.mode == looking {
			w.c.Look(p.kind, w.text)
			return false, nil
		}
		out, o, err := w.apply(p, w.text)
		switch {
		case err != nil || w.mode == observing:
			return false, err
		case o == CappedAge:
			setNumber(v, ageCap())
		case o == KeptYear:
			year, _ := digits(out)
			setNumber(v, year)
		case o.Verbatim():
		default:
			v.SetZero()
			return true, nil
		}
		return false, nil
	}
}

func setNumber(v reflect.Value, n int) {
	switch {
	case v.CanInt():
		v.SetInt(int64(n))
	case v.CanUint():
		v.SetUint(uint64(n))
	default:
		v.SetFloat(float64(n))
	}
}

func visitTime(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		at := v.Addr().Interface().(*time.Time)
		t := *at
		if t.IsZero() || w.mode == looking {
			return false, nil
		}
		if p.action == ShiftDate {
			if w.mode == observing {
				return false, nil
			}
			moved, err := w.c.shiftTime(t)
			if err == nil {
				w.c.count(p, Shifted)
				*at = moved
			}
			return moved.IsZero(), err
		}
		if w.mode == observing && p.action != Keep {
			w.c.observeYear(p.kind, t.Year(), p.action == YearOnly)
			return false, nil
		}
		year, month, day := t.Date()
		w.text = appendDay(w.text[:0], year, int(month), day)
		_, o, err := w.apply(p, w.text)
		switch {
		case err != nil || w.mode == observing:
			return false, err
		case o == KeptYear:
			*at = time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
		case !o.Verbatim():
			v.SetZero()
			return true, nil
		}
		return false, nil
	}
}

func visitDate(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		at := v.Addr().Interface().(*baakit.Date)
		d := *at
		if d.IsZero() || w.mode == looking {
			return false, nil
		}
		year, month, day := d.Date()
		if w.mode == observing && p.action != Keep && p.action != ShiftDate {
			w.c.observeYear(p.kind, year, p.action == YearOnly)
			return false, nil
		}
		w.text = appendDay(w.text[:0], year, int(month), day)
		out, o, err := w.apply(p, w.text)
		switch {
		case err != nil || w.mode == observing:
			return false, err
		case o == KeptYear:
			*at, err = baakit.NewDate(year, time.January, 1)
			return false, err
		case o == Shifted:
			*at, err = baakit.ParseDate(string(out))
			return false, err
		case !o.Verbatim():
			v.SetZero()
			return true, nil
		}
		return false, nil
	}
}

// visitZero empties a value of any type, and tells the self-check what texts
// were in it.
func visitZero(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if w.mode != applying || v.IsZero() {
			return false, nil
		}
		w.c.count(p, RemovedValue)
		w.learn(p.kind, v, 0)
		v.SetZero()
		return true, nil
	}
}

// learn gives the strings below a removed value to the self-check.
func (w *structWalk) learn(k Kind, v reflect.Value, depth int) {
	if depth > maxLearn {
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.c.check.removed(k, []byte(v.String()))
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.learn(k, v.Elem(), depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.learn(k, v.Index(i), depth+1)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			w.learn(k, field, depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			w.learn(k, it.Value(), depth+1)
		}
	}
}

const maxLearn = 16

// visitKept lets a value of a type of its own stay.
func visitKept(p *Place) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if w.mode == applying && !v.IsZero() {
			w.c.count(p, Kept)
		}
		return false, nil
	}
}

func visitPointer(elem visitor) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if v.IsNil() {
			return false, nil
		}
		gone, err := elem(w, v.Elem())
		if gone {
			v.SetZero()
		}
		return gone, err
	}
}

func visitSlice(elem visitor) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		kept := 0
		for i := range v.Len() {
			gone, err := elem(w, v.Index(i))
			if err != nil {
				return false, err
			}
			if gone {
				continue
			}
			if kept != i {
				v.Index(kept).Set(v.Index(i))
			}
			kept++
		}
		n := v.Len()
		if kept == n {
			return false, nil
		}
		for i := kept; i < n; i++ {
			v.Index(i).SetZero()
		}
		if kept == 0 {
			v.SetZero()
			return true, nil
		}
		v.SetLen(kept)
		return false, nil
	}
}

func visitArray(elem visitor) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		for i := range v.Len() {
			if _, err := elem(w, v.Index(i)); err != nil {
				return false, err
			}
		}
		return false, nil
	}
}

func visitMap(elem visitor, elemType reflect.Type) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if v.Len() == 0 {
			return false, nil
		}
		value := reflect.New(elemType).Elem()
		for _, key := range v.MapKeys() {
			value.Set(v.MapIndex(key))
			gone, err := elem(w, value)
			if err != nil {
				return false, err
			}
			if w.mode != applying {
				continue
			}
			if gone {
				v.SetMapIndex(key, reflect.Value{})
			} else {
				v.SetMapIndex(key, value)
			}
		}
		return v.Len() == 0, nil
	}
}

// visitNull treats the value of a sql.Null type.
func visitNull(elem visitor, value, valid int) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		if !v.Field(valid).Bool() {
			if w.mode == applying {
				v.SetZero() // what is not valid may still hold something
			}
			return false, nil
		}
		gone, err := elem(w, v.Field(value))
		if gone {
			v.SetZero()
		}
		return gone, err
	}
}

// visitRaw treats json.RawMessage as a record under the rules of the policy.
func visitRaw(e *Engine) visitor {
	return func(w *structWalk, v reflect.Value) (bool, error) {
		raw := v.Bytes()
		if len(trimSpace(raw)) == 0 {
			return false, nil
		}
		w.json.c, w.json.max = w.c, e.opts.MaxDepth
		if w.json.src = raw; !utf8.Valid(raw) {
			return false, &positionError{int64(validPrefix(raw)), ruleUTF8, ErrMalformed}
		}
		switch w.mode {
		case observing:
			err := w.json.walk(e.root)
			w.c.reset() // the counts are those of the walk that changes
			if w.c.subject != nil {
				w.c.check.subject(w.c.subject)
			}
			return false, err
		case looking:
			return false, nil // looked at when it was made
		}
		if err := w.json.walk(e.root); err != nil {
			return false, err
		}
		if err := w.json.inspect(); err != nil {
			return false, err
		}
		v.SetBytes(append([]byte(nil), w.json.out...))
		return false, nil
	}
}
