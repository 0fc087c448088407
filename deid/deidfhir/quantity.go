package deidfhir

import (
	"bytes"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

var quantityNames = []string{"value", "comparator", "unit", "system", "code"}

// quantity transforms a Quantity. One that is an age over 89 goes, since a
// Quantity cannot say 90+; so does an age of a unit that is not known.
func (w *walk) quantity(n *node, i, depth int) (int, bool, error) {
	var f [5]field
	if err := w.ahead(i, depth, quantityNames, f[:]); err != nil {
		return i, false, err
	}
	var buf [64]byte
	unit := appendLower(buf[:0], f[4].text(nil))
	years, isTime := timeUnits[string(unit)]
	if !isTime {
		unit = appendLower(buf[:0], f[2].text(nil))
		years, isTime = timeUnits[string(unit)]
	}
	if n.form != formAge && !isTime && !w.terms.units[string(unit)] && w.mayBeAge(f[0].raw) {
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

// timeUnits are the units of time by their codes in UCUM and their words, in
// lower case; true for years.
var timeUnits = map[string]bool{
	"a": true, "y": true, "yr": true, "yrs": true, "yo": true, "y/o": true, "year": true, "years": true, "year old": true, "years old": true,
	"mo": false, "mos": false, "month": false, "months": false, "wk": false, "wks": false, "week": false, "weeks": false,
	"d": false, "day": false, "days": false,
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
		asks, known := w.asking[at]
		if !known {
			asks = w.asksForAge(at)
			if w.asking == nil {
				w.asking = make(map[int]bool)
			}
			w.asking[at] = asks // an object may have many numbers
		}
		if asks {
			return true
		}
	}
	return false
}

// asksForAge reports whether the object at a position is about an age: it holds
// one of the codes for it, or is a question with the word.
func (w *walk) asksForAge(at int) bool {
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
	return bytes.Contains(around, []byte(`"linkId"`)) && hasAge(around)
}

// hasAge looks for the word age in the beginning of an object.
func hasAge(around []byte) bool {
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
