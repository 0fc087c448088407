package deid

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/baakit/baakit"
)

var (
	timeType   = reflect.TypeFor[time.Time]()
	dateType   = reflect.TypeFor[baakit.Date]()
	rawType    = reflect.TypeFor[json.RawMessage]()
	textFormer = reflect.TypeFor[encoding.TextMarshaler]()
)

// A planner compiles one type and those below it.
type planner struct {
	e          *Engine
	errs       baakit.FieldErrors
	plans      map[reflect.Type]*plan // those begun, for types that hold themselves
	unexported []string
}

func (e *Engine) compilePlan(t reflect.Type) (*plan, error) {
	if t.Kind() != reflect.Struct || heldType(t) != nil {
		return nil, baakit.FieldErrors{{Path: t.String(), Rule: "must be a struct"}}
	}
	pl := &planner{e: e, plans: make(map[reflect.Type]*plan)}
	p := pl.structPlan(t, typeName(t))
	if err := pl.errs.Err(); err != nil {
		return nil, err
	}
	p.unexported = pl.unexported
	return p, nil
}

func typeName(t reflect.Type) string {
	if t.Name() != "" {
		return t.Name()
	}
	return "struct"
}

func (pl *planner) structPlan(t reflect.Type, path string) *plan {
	if p := pl.plans[t]; p != nil {
		return p
	}
	// A type that holds itself may hold a date: that is not known before
	// its plan is made.
	p := &plan{name: path, dated: true}
	pl.plans[t] = p
	dated := false
	for i := range t.NumField() {
		f := t.Field(i)
		at := path + "." + f.Name
		tag, tagged := f.Tag.Lookup("deid")
		if f.PkgPath != "" && !(f.Anonymous && structBelow(f.Type) != nil) {
			switch {
			case tagged:
				pl.errs.Add(at, "is not exported and cannot have a deid tag")
			case canCarry(f.Type, nil):
				pl.unexported = append(pl.unexported, at)
			}
			continue
		}
		ft := fieldTag{dive: true}
		if tagged {
			var wrong string
			if ft, wrong = parseTag(tag); wrong != "" {
				pl.errs.Add(at, "deid tag "+wrong)
				continue
			}
		} else if !canCarry(f.Type, nil) {
			continue
		} else if !f.Anonymous || structBelow(f.Type) == nil {
			if !pl.e.opts.DropUntagged {
				pl.errs.Add(at, "needs a deid tag: it could carry an identifier")
				continue
			}
			ft = fieldTag{rule: Rule{Action: Drop}}
		}
		field := planField{index: i}
		if field.visit = pl.visitor(f.Type, ft, at, &field); field.visit == nil {
			continue
		}
		dated = dated || field.dated
		p.fields = append(p.fields, field)
	}
	p.dated = dated
	return p
}

// structBelow returns the struct type that t is or points to, if its fields
// are what matters.
func structBelow(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType || t == dateType || nullFields(t) != nil || heldType(t) != nil {
		return nil
	}
	return t
}

// visitor returns what treats values of the type, or nil with an error noted.
func (pl *planner) visitor(t reflect.Type, ft fieldTag, at string, f *planField) visitor {
	if ft.dive {
		return pl.diver(t, ft, at, f)
	}
	var wrap func(visitor) visitor
	switch {
	case ft.rule.Action == Drop:
	case t.Kind() == reflect.Pointer:
		wrap = visitPointer
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		wrap = visitSlice
	case t.Kind() == reflect.Array && t.Elem().Kind() != reflect.Uint8:
		wrap = visitArray
	case t.Kind() == reflect.Map:
		if !ft.keys {
			pl.errs.Add(at, "needs drop, or keys=keep if none of its keys can be an identifier")
			return nil
		}
		wrap = func(elem visitor) visitor { return visitMap(elem, t.Elem()) }
	}
	if wrap != nil {
		elem := pl.visitor(t.Elem(), ft, at+"[*]", f)
		if elem == nil {
			return nil
		}
		return wrap(elem)
	}
	if null := nullFields(t); null != nil && ft.rule.Action != Drop {
		elem := pl.visitor(t.Field(null.value).Type, ft, at, f)
		if elem == nil {
			return nil
		}
		return visitNull(elem, null.value, null.valid)
	}
	if held := heldType(t); held != nil && ft.rule.Action != Drop {
		elem := pl.visitor(held, ft, at, f)
		if elem == nil {
			return nil
		}
		return visitValue(elem)
	}
	place, err := pl.e.Place(at, ft.rule)
	if err != nil {
		pl.errs.Merge("", err)
		return nil
	}
	f.dated = f.dated || place.kind.isDate() || place.kind == KindAge
	f.looks = f.looks || place.action == Keep || place.action == Scrub
	return pl.leaf(t, place, at)
}

// leaf returns what treats a single value.
func (pl *planner) leaf(t reflect.Type, p *Place, at string) visitor {
	textual := p.action != Drop && p.action != Keep
	switch {
	case t == timeType || t == dateType:
		if textual && p.action != YearOnly && p.action != ShiftDate {
			pl.errs.Add(at, "cannot hold what "+string(p.action)+" makes: use a date kind or drop")
			return nil
		}
		if p.action == Keep && !p.kind.isDate() && pl.e.policy.def.Method == MethodSafeHarbor {
			pl.errs.Add(at, "is a date: use date, dob, death or drop")
			return nil
		}
		if t == dateType {
			return visitDate(p)
		}
		return visitTime(p)
	case t == rawType && p.action == Keep:
		pl.errs.Add(at, "is JSON of unknown members: use dive or drop")
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		return visitString(p)
	case reflect.Slice: // of bytes: others were taken apart
		if t.Elem().Kind() == reflect.Uint8 {
			return visitBytes(p)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		if textual && p.action != AgeCap && p.action != YearOnly {
			pl.errs.Add(at, "is a number and cannot hold what "+string(p.action)+" makes: use drop")
			return nil
		}
		return visitNumber(p)
	}
	switch {
	case p.action == Drop:
		return visitZero(p)
	case p.action == Keep && t.Kind() == reflect.Bool, p.action == Keep && t.Implements(textFormer) && t.Kind() != reflect.Interface:
		return visitKept(p)
	case t.Kind() == reflect.Struct:
		pl.errs.Add(at, "is a struct: use dive or drop")
	default:
		pl.errs.Add(at, "has a type for which only drop is possible")
	}
	return nil
}

// diver returns what goes on into the fields below.
func (pl *planner) diver(t reflect.Type, ft fieldTag, at string, f *planField) visitor {
	var wrap func(visitor) visitor
	switch t.Kind() {
	case reflect.Pointer:
		wrap = visitPointer
	case reflect.Slice:
		if t == rawType {
			f.dated, f.looks = true, true
			return visitRaw(pl.e)
		}
		wrap = visitSlice
	case reflect.Array:
		wrap = visitArray
	case reflect.Map:
		if !ft.keys {
			pl.errs.Add(at, "needs drop, or keys=keep if none of its keys can be an identifier")
			return nil
		}
		wrap = func(elem visitor) visitor { return visitMap(elem, t.Elem()) }
	}
	if wrap != nil {
		elem := pl.diver(t.Elem(), ft, strings.TrimSuffix(at, "[*]")+"[*]", f)
		if elem == nil {
			return nil
		}
		return wrap(elem)
	}
	if held := heldType(t); held != nil {
		elem := pl.diver(held, ft, at, f)
		if elem == nil {
			return nil
		}
		return visitValue(elem)
	}
	if structBelow(t) == nil || t.Kind() != reflect.Struct {
		pl.errs.Add(at, "has nothing to dive into: use a kind, keep or drop")
		return nil
	}
	p := pl.structPlan(t, at)
	f.dated, f.looks = f.dated || p.dated, true
	return func(w *structWalk, v reflect.Value) (bool, error) { return false, p.visit(w, v) }
}

// canCarry reports whether a value of the type could hold an identifier: all
// but bools, and structs and arrays of nothing else, can.
func canCarry(t reflect.Type, above []reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool:
		return false
	case reflect.Struct:
		if held := heldType(t); held != nil {
			return canCarry(held, append(above, t))
		}
		for field := range t.Fields() {
			if canCarry(field.Type, append(above, t)) {
				return true
			}
		}
		return false
	case reflect.Array, reflect.Pointer, reflect.Slice:
		for _, outer := range above {
			if outer == t.Elem() {
				return false // it holds itself, and is judged by the rest
			}
		}
		return canCarry(t.Elem(), append(above, t))
	}
	return true
}

type nullType struct{ value, valid int }

// nullFields recognises sql.NullString and its like, sql.Null[T] included, by
// their package.
func nullFields(t reflect.Type) *nullType {
	if t.Kind() != reflect.Struct || t.PkgPath() != "database/sql" || !strings.HasPrefix(t.Name(), "Null") || t.NumField() != 2 || t.Field(1).Name != "Valid" {
		return nil
	}
	return &nullType{0, 1}
}
