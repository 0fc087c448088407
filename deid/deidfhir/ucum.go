package deidfhir

import "strings"

// ucum is what codes of the Unified Code for Units of Measure are made of. An
// annotation is free text in braces, so only usual ones stay.
type ucum struct {
	Prefixes    []string `json:"prefixes"`
	Metric      []string `json:"metric"` // take a prefix
	Atoms       []string `json:"atoms"`  // do not
	Annotations []string `json:"annotations"`

	units, notes map[string]bool
}

// compile makes the sets: there are few enough units to hold each with each of
// its prefixes.
func (u *ucum) compile() {
	u.units, u.notes = setOf(u.Atoms), setOf(u.Annotations)
	for _, unit := range u.Metric {
		u.units[unit] = true
		for _, p := range u.Prefixes {
			u.units[p+unit] = true
		}
	}
}

// valid reports whether a code is a unit: units and small numbers, each with an
// exponent or a usual annotation, joined by points and strokes.
func (u *ucum) valid(code []byte) bool {
	if len(code) == 0 || len(code) > 32 {
		return false
	}
	s := strings.TrimPrefix(string(code), "/")
	for s != "" {
		n, ok := u.component(s)
		if !ok {
			return false
		}
		if s = s[n:]; s == "" {
			return true
		}
		if s[0] != '.' && s[0] != '/' {
			return false
		}
		s = s[1:]
	}
	return false
}

// component reads what stands between two signs.
func (u *ucum) component(s string) (int, bool) {
	n := 0
	if s[0] != '{' {
		for n < len(s) && s[n] != '.' && s[n] != '/' && s[n] != '{' {
			if s[n] == '[' {
				end := strings.IndexByte(s[n:], ']')
				if end < 0 {
					return 0, false
				}
				n += end
			}
			n++
		}
		if !u.unit(s[:n]) {
			return 0, false
		}
	}
	if n < len(s) && s[n] == '{' {
		end := strings.IndexByte(s[n:], '}')
		if end < 0 || !u.notes[s[n+1:n+end]] {
			return 0, false
		}
		n += end + 1
	}
	return n, n > 0
}

// unit reads a unit with its exponent, or a number.
func (u *ucum) unit(s string) bool {
	if u.units[s] {
		return true
	}
	digits := 0
	for digits < len(s) && isDigit(s[len(s)-1-digits]) {
		digits++
	}
	rest := s[:len(s)-digits]
	switch {
	case rest == "":
		return s == "1" || s == "10" || s == "100" || s == "1000" || s == "24"
	case digits == 0 || digits > 2:
		return false
	}
	if u.units[rest] {
		return true
	}
	sign := rest[len(rest)-1]
	return (sign == '-' || sign == '+') && u.units[rest[:len(rest)-1]]
}
