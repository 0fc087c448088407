package deidhl7

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// A form is what a leaf's value must look like to be given to its rule.
type form uint8

const (
	formAny form = iota
	formDate
	formCode
	formNumber  // counts
	formMeasure // measures: of OBX-5
	formRange
	formCountry
	formCharset
)

// A leaf is a component without subcomponents, or a subcomponent. One that has
// no place is not listed.
type leaf struct {
	place *deid.Place
	form  form
}

// A component has the leaf of its first subcomponent, and those of all if it
// has more than one.
type component struct {
	first leaf
	subs  []leaf
}

// A field says how a field is treated.
type field struct {
	layout     layout
	components []component

	text *deid.Place // layoutText, and the displays of layoutCoded

	term  *deid.Place // layoutCoded: codes of what is published
	shown *deid.Place // the displays of these
	code  *deid.Place // and other codes

	ids   *idPlaces // layoutID and layoutPair
	kind  deid.Kind // of an identifier without a type of its own
	typed bool      // has a type and is a CX, not an EI

	phone, fax, email *deid.Place // layoutPhone

	plain bool // of OBX-5: a text, a number or a date
	dated bool // of OBX-5: a date
}

// idPlaces are the places of the identifiers of a field by their kind.
type idPlaces map[deid.Kind]*deid.Place

// A segment is one that is listed.
type segment struct {
	fields  []*field // by number; nil for those that are not listed
	unknown *deid.Place
	msh     bool
	obx     bool
}

func (s *segment) field(n int) *field {
	if n < len(s.fields) {
		return s.fields[n]
	}
	return nil
}

// A table is all that is listed, with the places of one engine.
type table struct {
	segments map[[3]byte]*segment
	unlisted *deid.Place // segments

	values   map[string]*field         // of OBX-5 by OBX-2
	observed map[deid.Kind]*deid.Place // OBX-5 by OBX-3
	dates    map[deid.Kind]*field      // OBX-5 that is a date, by OBX-3
	untyped  *deid.Place               // OBX-5 of a type that is not listed

	// The lengths of the codes and words of OBX-3 that say something, as
	// bits, by their first character.
	firsts   [10]uint16
	initials [26]uint16
}

// A tableMaker makes the places of the table.
type tableMaker struct {
	e      *deid.Engine
	opts   *Options
	errs   baakit.FieldErrors
	places map[placeKey]*deid.Place
}

type placeKey struct {
	path   string
	kind   deid.Kind
	action deid.Action
	reason string
}

func newTable(e *deid.Engine, opts *Options) (*table, error) {
	m := &tableMaker{e: e, opts: opts, places: make(map[placeKey]*deid.Place)}
	t := &table{
		segments: make(map[[3]byte]*segment, len(segments)), values: make(map[string]*field, len(values)),
		observed: make(map[deid.Kind]*deid.Place), dates: make(map[deid.Kind]*field),
	}
	t.unlisted = e.UnknownPlace("segments that are not listed")
	for _, s := range segments {
		seg := &segment{unknown: e.UnknownPlace(s.id), msh: s.id == "MSH", obx: s.id == "OBX"}
		n := 0
		for word := range strings.FieldsSeq(s.fields) {
			if at, err := strconv.Atoi(word); err == nil {
				n = at - 1
				continue
			}
			n++
			if word == "-" {
				continue
			}
			for len(seg.fields) <= n {
				seg.fields = append(seg.fields, nil)
			}
			seg.fields[n] = m.field(s.id, s.id+"-"+strconv.Itoa(n), word)
		}
		t.segments[[3]byte([]byte(s.id))] = seg
		if seg.obx {
			const path = "OBX-5"
			for _, name := range sortedKeys(values) {
				f := m.field(s.id, path, values[name])
				f.dated = values[name] == "DT" || values[name] == "DTM" || values[name] == "TS"
				if name == "NM" || name == "SN" {
					for i, c := range f.components {
						if c.first.form == formNumber {
							f.components[i].first.form = formMeasure
						}
					}
				}
				f.plain = f.dated || f.layout == layoutText || name == "NM" || name == "SN" || name == "SI"
				t.values[name] = f
			}
			t.dates[deid.KindDOB] = m.field(s.id, path, "TS:dob")
			t.dates[deid.KindDeath] = m.field(s.id, path, "TS:death")
			for word := range observationWords {
				t.initials[word[0]-'a'] |= 1 << len(word)
			}
			for code := range observations {
				t.firsts[code[0]-'0'] |= 1 << len(code)
			}
			for _, kinds := range []map[string]deid.Kind{observations, observationWords} {
				for _, kind := range kinds {
					t.observed[kind] = nil
				}
			}
			for kind := range deid.Kinds() {
				if _, used := t.observed[kind]; used {
					t.observed[kind] = m.place(path, deid.Rule{Kind: kind})
				}
			}
			t.untyped = e.UnknownPlace(path)
		}
	}
	if err := m.errs.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

// place returns the place of the path with the rule, made once.
func (m *tableMaker) place(path string, r deid.Rule) *deid.Place {
	key := placeKey{path, r.Kind, r.Action, r.Reason}
	if p := m.places[key]; p != nil {
		return p
	}
	p, err := m.e.Place(path, r)
	if err != nil {
		m.errs.Merge("", err)
		return nil
	}
	m.places[key] = p
	return p
}

// field reads the type of a field, with the kind of its identifier behind a
// colon.
func (m *tableMaker) field(seg, path, word string) *field {
	name, arg, _ := strings.Cut(word, ":")
	if l, ok := contextual[name]; ok && arg != "code" {
		f := &field{layout: l}
		switch l {
		case layoutText:
			f.text = m.place(path, deid.Rule{Kind: kindOf(arg, deid.KindText)})
		case layoutCoded:
			f.text = m.place(path, deid.Rule{Kind: deid.KindText})
			f.shown = m.place(seg, displayRule)
			f.term = m.place(seg, deid.Rule{Kind: deid.KindTerm})
			f.code = m.place(seg, codeRule)
		case layoutID, layoutPair:
			f.kind, f.typed = kindOf(arg, deid.KindID), name == "CX" || name == "CK"
			f.code = m.place(seg, codeRule)
			f.ids = &idPlaces{f.kind: m.place(path, deid.Rule{Kind: f.kind})}
			for kind := range deid.Kinds() {
				if kind != f.kind && isIDKind(kind) {
					(*f.ids)[kind] = m.place(seg, deid.Rule{Kind: kind})
				}
			}
		case layoutPhone:
			f.phone = m.place(path, deid.Rule{Kind: deid.KindPhone})
			f.fax = m.place(path, deid.Rule{Kind: deid.KindFax})
			f.email = m.place(path, deid.Rule{Kind: deid.KindEmail})
			f.code = m.place(seg, codeRule)
		}
		return f
	}
	if name == "ST" { // of which only the form of a code is let through
		return &field{components: []component{{first: m.leaf(seg, path, "code")}}}
	}
	if name == "charset" || name == "range" {
		return &field{components: []component{{first: m.leaf(seg, path, name)}}}
	}
	if word, ok := primitives[name]; ok {
		if arg != "" {
			word = arg
		}
		return &field{components: []component{{first: m.leaf(seg, path, word)}}}
	}
	layout, ok := composites[name]
	if !ok {
		panic(fmt.Sprintf("deidhl7: the table has no data type %s", name))
	}
	f := &field{}
	group := -1 // the component in whose parentheses we are
	for w := range strings.FieldsSeq(layout) {
		opens, closes := strings.HasPrefix(w, "("), strings.HasSuffix(w, ")")
		w = strings.Trim(w, "()")
		if arg != "" {
			switch {
			case w == "date" && (name == "TS" || name == "DR"):
				w = arg
			case name == "XON" && len(f.components) == 0:
				w = arg
			}
		}
		l := m.leaf(seg, path, w)
		if opens {
			group = len(f.components)
		}
		if group < 0 {
			f.components = append(f.components, component{first: l})
			continue
		}
		if opens {
			f.components = append(f.components, component{first: l})
		}
		c := &f.components[group]
		c.subs = append(c.subs, l)
		if closes {
			group = -1
		}
	}
	return f
}

// codeRule is that of codes of the tables of HL7 and of sites.
var codeRule = deid.Rule{Action: deid.Keep, Reason: "a code of a table, or a number that counts or measures"}

// displayRule is that of the displays of published codes: they have no kind, so
// that nothing of the shape of an identifier stays in one.
var displayRule = deid.Rule{Action: deid.Keep, Reason: "the display of a published code"}

// providerRule is that of providers under Options.KeepProviders.
var providerRule = deid.Rule{Action: deid.Keep, Reason: "a provider is not the individual, a relative, employer or household member (45 CFR 164.514(b)(2)(i))"}

// leaf reads the word of a leaf.
func (m *tableMaker) leaf(seg, path, word string) leaf {
	switch word {
	case "-":
		return leaf{}
	case "code":
		return leaf{m.place(seg, codeRule), formCode}
	case "num":
		return leaf{m.place(seg, codeRule), formNumber}
	case "range":
		return leaf{m.place(seg, codeRule), formRange}
	case "charset":
		return leaf{m.place(seg, codeRule), formCharset}
	case "pid", "pname":
		if m.opts.KeepProviders {
			return leaf{m.place(path, providerRule), formAny}
		}
		if word == "pid" {
			return leaf{m.place(path, deid.Rule{Kind: deid.KindID}), formAny}
		}
		return leaf{m.place(path, deid.Rule{Kind: deid.KindName}), formAny}
	}
	kind, err := deid.ParseKind(word)
	if err != nil {
		panic(fmt.Sprintf("deidhl7: the table has no leaf %s", word))
	}
	l := leaf{m.place(path, deid.Rule{Kind: kind}), formAny}
	switch kind {
	case deid.KindDate, deid.KindDOB, deid.KindDeath:
		l.form = formDate
	case deid.KindCountry:
		l.form = formCountry
	}
	return l
}

func kindOf(word string, otherwise deid.Kind) deid.Kind {
	if word == "" {
		return otherwise
	}
	kind, err := deid.ParseKind(word)
	if err != nil {
		panic(fmt.Sprintf("deidhl7: the table has no kind %s", word))
	}
	return kind
}

// isIDKind reports whether numbers of CX can be of the kind.
func isIDKind(k deid.Kind) bool {
	for _, kind := range identifierTypes {
		if kind == k {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
