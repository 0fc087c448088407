package deidhl7

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// A Position is one at which a value can stand, by the tables and one behind
// each of their ends.
type Position struct {
	Segment               string
	Field, Component, Sub int // from 1
	Type                  string
}

// Positions returns every position of every listed segment, and some of those
// that are not listed.
func Positions() iter.Seq[Position] {
	return func(yield func(Position) bool) {
		for _, s := range segments {
			n := 0
			for _, word := range append(strings.Fields(s.fields), "-", "-") {
				if at, err := strconv.Atoi(word); err == nil {
					for n++; n < at; n++ {
						if !yield(Position{s.id, n, 1, 1, "-"}) {
							return
						}
					}
					n = at - 1
					continue
				}
				n++
				for _, p := range within(word) {
					p.Segment, p.Field, p.Type = s.id, n, word
					if !yield(p) {
						return
					}
				}
			}
		}
	}
}

// ValuePositions returns those of OBX-5 by its type.
func ValuePositions() iter.Seq[Position] {
	return func(yield func(Position) bool) {
		for _, name := range append(sortedKeys(values), "ED", "RP", "TM", "", "ZZ", "nm") {
			for _, p := range within(values[name]) {
				p.Segment, p.Field, p.Type = "OBX", 5, name
				if !yield(p) {
					return
				}
			}
		}
	}
}

func within(word string) []Position {
	name, _, _ := strings.Cut(word, ":")
	components := strings.Repeat("x ", 2)
	switch contextual[name] {
	case layoutCoded:
		components = strings.Repeat("x ", 15)
	case layoutID:
		components = strings.Repeat("x ", 10)
	case layoutPair:
		components = "(x x x x) (x x x x)"
	case layoutPhone:
		components = strings.Repeat("x ", 14)
	default:
		if c, ok := composites[name]; ok {
			components = c
		}
	}
	var list []Position
	n, sub := 0, 0
	for _, w := range append(strings.Fields(components), "-") {
		if strings.HasPrefix(w, "(") {
			n++
			sub = 1
		} else if sub > 0 {
			sub++
		} else {
			n++
		}
		list = append(list, Position{Component: n, Sub: max(sub, 1)})
		if strings.HasSuffix(w, ")") {
			list = append(list, Position{Component: n, Sub: sub + 1})
			sub = 0
		}
	}
	return list
}

// IdentifierTypes are the types of CX-5 that are known.
func IdentifierTypes() []string { return sortedKeys(identifierTypes) }

// Listed reports whether the segment is.
func Listed(id string) bool {
	return slices.ContainsFunc(segments, func(s struct{ id, fields string }) bool { return s.id == id })
}

// Decode resolves the escapes of a value under the separators of MSH-1 and 2.
func Decode(head, v string) (string, bool) {
	s, _, ok := parseSeparators([]byte(head))
	if !ok {
		return "", false
	}
	out, ok := s.decode(nil, []byte(v), &charset{})
	return string(out), ok
}

// Encode writes a text as a value.
func Encode(head, text string) (string, bool) {
	s, _, ok := parseSeparators([]byte(head))
	if !ok {
		return "", false
	}
	class := s.classes()
	out, ok := s.encode(nil, []byte(text), &class, &charset{})
	return string(out), ok
}

// The forms, by which a test compares them with expressions.
func IsLOINC(s string) bool  { return isLOINC([]byte(s)) }
func IsSNOMED(s string) bool { return isSNOMED([]byte(s)) }
func IsNumber(s string) bool { return isNumber([]byte(s), maxCount) }
func IsCode(s string) bool   { return codeLocal.fits([]byte(s)) }
func HasDay(s string) bool   { return hasDay([]byte(s)) }
