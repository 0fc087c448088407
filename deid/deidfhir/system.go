package deidfhir

import (
	"bytes"
	"strings"
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
	patternOwn // of a system that the caller vouches for
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
		w.systems[system] = patternOwn
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
	case patternOwn:
		return len(code) > 0 && len(code) <= 96
	}
	return false
}

var codeSigns = func() (t [256]bool) {
	for _, c := range "-._+*^'<>=!" {
		t[c] = true
	}
	return t
}()
