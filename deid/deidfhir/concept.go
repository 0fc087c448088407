package deidfhir

import (
	"bytes"
	"strings"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

// A pattern is what the codes of a code system look like. A code that does not
// is none of it, whatever it says.
type pattern uint8

const (
	noPattern pattern = iota
	patternDigits
	patternLOINC
	patternICD // ICD, CPT, HCPCS, NUCC, UNII: a few letters and digits
	patternNDC
	patternOID
	patternUCUM
	patternCMS
	patternCode
)

var patterns = map[string]pattern{
	"digits": patternDigits, "loinc": patternLOINC, "icd": patternICD, "ndc": patternNDC, "oid": patternOID, "ucum": patternUCUM, "cms": patternCMS, "code": patternCode,
}

// A prefix stands for all code systems that begin with it.
type prefix struct {
	text    string
	pattern pattern
}

func (w *Walker) addSystems(own []string) {
	for system, name := range w.terms.Systems {
		if strings.HasSuffix(system, "/") || strings.HasSuffix(system, ".") {
			w.prefixes = append(w.prefixes, prefix{system, patterns[name]})
		} else {
			w.systems[system] = patterns[name]
		}
	}
	for _, system := range own {
		w.systems[system] = patternCode
	}
}

// systemPattern is what the codes of a published system look like, or
// noPattern for a system that is not known.
func (w *Walker) systemPattern(system []byte) pattern {
	if p, ok := w.systems[string(system)]; ok {
		return p
	}
	for _, p := range w.prefixes {
		if len(system) > len(p.text) && string(system[:len(p.text)]) == p.text && pathLike(system[len(p.text):]) {
			return p.pattern
		}
	}
	return noPattern
}

// pathLike reports whether the rest of an address is the plain path of a
// published one.
func pathLike(b []byte) bool {
	if len(b) > 96 {
		return false
	}
	for _, c := range b {
		if !isAlnum(c) && c != '-' && c != '.' && c != '/' && c != '_' {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c-'0' < 10 }
func isAlpha(c byte) bool { return c|0x20-'a' < 26 }
func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

func hasDigit(b []byte) bool { return bytes.ContainsAny(b, "0123456789") }

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

// matches reports whether a code looks like one of the pattern.
func (p pattern) matches(t *vocabulary, code []byte) bool {
	switch p {
	case patternDigits:
		return len(code) <= 18 && allDigits(code)
	case patternLOINC:
		if len(code) > 2 && code[0] == 'L' && isAlpha(code[1]) {
			code = code[2:]
		}
		n := len(code)
		return n >= 3 && n <= 9 && code[n-2] == '-' && isDigit(code[n-1]) && allDigits(code[:n-2])
	case patternICD:
		if len(code) > 12 {
			return false
		}
		for i, c := range code {
			if !isDigit(c) && c != '.' && c != '-' && (!isAlpha(c) || i > 0 && isAlpha(code[i-1]) && i > 2 && isAlpha(code[i-2])) {
				return false
			}
		}
		return len(code) > 0
	case patternOID:
		for _, c := range bytes.TrimPrefix(code, []byte("urn:oid:")) {
			if !isDigit(c) && c != '.' {
				return false
			}
		}
		return len(code) > 0 && len(code) <= 64
	case patternNDC:
		for _, c := range code {
			if !isDigit(c) && c != '-' {
				return false
			}
		}
		return len(code) > 0 && len(code) <= 13
	case patternUCUM:
		return t.UCUM.valid(code)
	case patternCMS:
		// Its codes are numbers, or addresses below its own.
		rest, own := bytes.CutPrefix(code, []byte("https://bluebutton.cms.gov/resources/"))
		return own && pathLike(rest) && !hasDigit(rest) || len(code) <= 8 && patternICD.matches(t, code)
	case patternCode:
		// HL7's codes are words: a number among them is short.
		digits := 0
		for _, c := range code {
			if isDigit(c) {
				digits++
			} else if !isAlpha(c) && !codeSigns[c] {
				return false
			}
		}
		return len(code) > 0 && len(code) <= 96 && digits <= 4
	}
	return false
}

var codeSigns = func() (t [256]bool) {
	for _, c := range "-._+*^'<>=!" {
		t[c] = true
	}
	return t
}()

// field is the value of a member that was looked ahead for.
type field struct {
	raw     []byte // nil if there is none
	escaped bool
}

// text returns a string without its quotes and escapes; nil for anything else.
func (f field) text(buf []byte) []byte {
	if len(f.raw) < 2 || f.raw[0] != '"' {
		return nil
	}
	v := f.raw[1 : len(f.raw)-1]
	if f.escaped {
		return jsonscan.Unescape(buf, v)
	}
	return v
}

// ahead looks through the members of an object for those with the given names.
// Where one stands twice the walk over the object says so.
func (w *walk) ahead(i, depth int, names []string, into []field) error {
	src := w.src
	clear(into)
	i = jsonscan.Space(src, i+1)
	if i < len(src) && src[i] == '}' {
		return nil
	}
	for {
		name, at, err := w.key(jsonscan.Space(src, i))
		if err != nil {
			return err
		}
		var end int
		escaped := false
		if at < len(src) && src[at] != '{' && src[at] != '[' {
			end, escaped = jsonscan.Scalar(src, at)
		} else {
			end = jsonscan.Skip(src, at, w.maxDepth-depth)
		}
		if end < 0 {
			return w.broken(at)
		}
		for k, want := range names {
			if string(name) == want && into[k].raw == nil {
				into[k] = field{src[at:end], escaped}
			}
		}
		var more bool
		if i, more, err = w.next(end, '}'); err != nil || !more {
			return err
		}
	}
}

var codingNames = []string{"system", "code"}

// coding transforms a Coding, which goes if its system is not a published one
// or its code is none of that system.
func (w *walk) coding(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, codingNames, f[:]); err != nil {
		return i, false, err
	}
	var buf [128]byte
	p := w.systemPattern(f[0].text(buf[:0]))
	if p == noPattern || !p.matches(w.terms, f[1].text(buf[:0])) {
		end, err := w.skip(n.unknown, i, depth)
		return end, false, err
	}
	return w.object(n, i, depth)
}

// sameAsShown reports whether a string says what a display said that stays.
func (w *walk) sameAsShown(raw []byte) bool {
	for _, s := range w.shown {
		if bytes.Equal(s, raw) {
			return true
		}
	}
	return false
}

var quantityNames = []string{"value", "comparator", "unit", "system", "code"}

// quantity transforms a Quantity. One that is an age over 89 goes, since a
// Quantity cannot say 90+; so does an age of a unit that is not known.
func (w *walk) quantity(n *node, i, depth int) (int, bool, error) {
	var f [5]field
	if err := w.ahead(i, depth, quantityNames, f[:]); err != nil {
		return i, false, err
	}
	var buf [64]byte
	unit := f[4].text(buf[:0])
	if _, ok := timeUnits[string(unit)]; !ok {
		unit = f[2].text(buf[:0])
	}
	years, isTime := timeUnits[string(unit)]
	if n.form != formAge && !isTime && f[2].raw == nil && f[4].raw == nil && w.mayBeAge(f[0].raw) {
		years, isTime, unit = true, true, []byte("a")
	}
	if n.form == formAge || isTime {
		age := append(append(append(w.value[:0], f[1].text(nil)...), f[0].raw...), ' ')
		age = append(age, unit...)
		w.value = age
		gone := false
		if n.form == formAge || years {
			if !isTime {
				age = age[:0] // no age without a unit
			}
			o, err := w.c.Age(w.places.age, age)
			if err != nil {
				return i, false, err
			}
			gone = !o.Verbatim() || !isTime
		} else if _, class := deid.ParseAge(string(age)); class == deid.AgeOver || f[1].raw != nil && class != deid.AgeStays {
			o, err := w.c.Age(w.places.age, age)
			if err != nil {
				return i, false, err
			}
			gone = o.Gone()
		}
		if gone {
			end, err := w.skip(n.unknown, i, depth)
			return end, false, err
		}
	}
	outer := w.ucum
	w.ucum = w.systemPattern(f[3].text(buf[:0]))
	end, kept, err := w.object(n, i, depth)
	w.ucum = outer
	return end, kept, err
}

// timeUnits are the units of time by their codes in UCUM and their words; true
// for years.
var timeUnits = map[string]bool{
	"a": true, "y": true, "yr": true, "yrs": true, "year": true, "years": true, "Years": true, "Year": true,
	"mo": false, "month": false, "months": false, "Months": false, "wk": false, "week": false, "weeks": false,
	"d": false, "day": false, "days": false, "Days": false,
}

// mayBeAge reports whether a number may be an age over 89, by what the object
// around it, or the one around that, asks for.
func (w *walk) mayBeAge(number []byte) bool {
	if len(number) < 2 || number[0] == '-' || number[0] == '"' {
		return false
	}
	if _, class := deid.ParseAge(string(number)); class == deid.AgeStays {
		return false
	}
	for _, at := range w.opens[max(0, len(w.opens)-2):] {
		end := jsonscan.Skip(w.src, at, hardDepth)
		if end < 0 {
			return false // the walk will find it
		}
		around := w.src[at:end]
		for _, code := range w.terms.Ages {
			if bytes.Contains(around, []byte(code)) {
				return true
			}
		}
		if bytes.Contains(around, []byte(`"linkId"`)) && asksForAge(around) {
			return true
		}
	}
	return false
}

// asksForAge looks for the word age in a small object.
func asksForAge(around []byte) bool {
	if len(around) > 4096 {
		around = around[:4096]
	}
	for i := 0; i+3 <= len(around); i++ {
		if around[i]|0x20 == 'a' && around[i+1]|0x20 == 'g' && around[i+2]|0x20 == 'e' &&
			(i == 0 || !isAlnum(around[i-1])) && (i+3 == len(around) || !isAlnum(around[i+3])) {
			return true
		}
	}
	return false
}

// isUnit reports whether a unit, or the code of one, may stay: it is one of
// those that are usual, or looks like one of UCUM where that is the system.
func (w *walk) isUnit(v []byte) bool {
	if w.terms.units[string(v)] {
		return true
	}
	return len(v) <= 32 && w.ucum != noPattern && w.ucum.matches(w.terms, v)
}

var identifierNames = []string{"system", "type"}

// identifier transforms an Identifier: its value becomes a code, which is that
// of the value within its system.
func (w *walk) identifier(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, identifierNames, f[:]); err != nil {
		return i, false, err
	}
	outer, outerPrefix, outerFrom := w.holder, len(w.prefix), w.prefixFrom
	w.holder = deid.KindID
	system := f[0].text(nil)
	w.prefix = append(w.prefix[:outerPrefix], system...)
	if word, ok := w.terms.IdentifierSystems[string(system)]; ok {
		w.holder, _ = deid.ParseKind(word)
	} else if len(f[1].raw) > 0 && f[1].raw[0] == '{' {
		w.holder = w.typeOf(f[1].raw)
	}
	w.prefixFrom = outerPrefix
	end, kept, err := w.object(n, i, depth)
	w.holder, w.prefix, w.prefixFrom = outer, w.prefix[:outerPrefix], outerFrom
	return end, kept, err
}

// typeOf finds the code of HL7's table 0203 in the type of an Identifier.
func (w *walk) typeOf(raw []byte) deid.Kind {
	for {
		i := bytes.Index(raw, []byte(`"code"`))
		if i < 0 {
			return deid.KindID
		}
		raw = raw[i+len(`"code"`):]
		at := jsonscan.Space(raw, 0)
		if at >= len(raw) || raw[at] != ':' {
			continue
		}
		at = jsonscan.Space(raw, at+1)
		end, escaped := jsonscan.Scalar(raw, at)
		if end < 0 {
			return deid.KindID
		}
		if word, ok := w.terms.IdentifierTypes[string(field{raw[at:end], escaped}.text(nil))]; ok {
			kind, _ := deid.ParseKind(word)
			return kind
		}
	}
}

var contactNames = []string{"system", "value"}

var contactKinds = map[string]deid.Kind{"fax": deid.KindFax, "email": deid.KindEmail, "url": deid.KindURL}

// contact transforms a ContactPoint, which goes with its value.
func (w *walk) contact(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, contactNames, f[:]); err != nil {
		return i, false, err
	}
	kind, ok := contactKinds[string(f[0].text(nil))]
	if !ok {
		kind = deid.KindPhone
	}
	outer := w.holder
	w.holder = kind
	mark, marks := len(w.out), len(w.marks)
	end, kept, err := w.object(n, i, depth)
	w.holder = outer
	if kept && err == nil && w.places.contacts[kind].Action() == deid.Drop {
		w.rollBack(mark, marks)
		kept = false
	}
	return end, kept, err
}

var extensionNames = []string{"url"}

// extension transforms an Extension, which goes unless its url is listed.
func (w *walk) extension(n *node, i, depth int) (int, bool, error) {
	var f [1]field
	if err := w.ahead(i, depth, extensionNames, f[:]); err != nil {
		return i, false, err
	}
	listed := n.byURL[string(f[0].text(nil))]
	if listed == nil {
		end, err := w.skip(n.unknown, i, depth)
		return end, false, err
	}
	base := len(w.shown)
	mark, marks := len(w.out), len(w.marks)
	end, kept, err := w.object(listed, i, depth)
	if n == w.ext {
		w.shown = w.shown[:base]
	}
	if kept && err == nil && len(w.marks) == marks+1 {
		// Only the url is left.
		w.rollBack(mark, marks)
		return end, false, nil
	}
	return end, kept, err
}
