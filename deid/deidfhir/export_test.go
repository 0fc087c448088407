package deidfhir

import (
	"maps"
	"slices"
	"strings"
)

// A Leaf is an element of a resource whose JSON is a string, a number or a
// boolean, with the elements that lead to it.
type Leaf struct {
	Steps []Step // from the resource on; the last one is the leaf itself
	Type  string // of FHIR
	Holds string // what the table says of it
	JSON  string
}

// A Step is a member and the data type of what it holds, or "" for a backbone
// element.
type Step struct{ Name, Type string }

// Path is the leaf as people write it.
func (l Leaf) Path() string {
	names := make([]string, len(l.Steps))
	for i, s := range l.Steps {
		names[i] = s.Name
	}
	return strings.Join(names, ".")
}

// Leaves returns every leaf of a resource, with each data type once on a way.
func Leaves(resource string) []Leaf {
	t, _ := r4()
	var list []Leaf
	parts := []element{t.Resource, t.Domain, t.Resources[resource]}
	if resource == "Bundle" || resource == "Binary" {
		parts = slices.Delete(parts, 1, 2)
	}
	for _, e := range parts {
		leaves(t, nil, e, &list)
	}
	return list
}

func leaves(t *table, way []Step, e element, list *[]Leaf) {
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		m := e.Members[name]
		if m.Members != nil {
			leaves(t, append(slices.Clone(way), Step{name, ""}), m, list)
			continue
		}
		if strings.HasPrefix(m.Types, "@") {
			if !slices.ContainsFunc(way, func(s Step) bool { return s.Name == name }) {
				target, _ := t.find(m.Types[1:])
				leaves(t, append(slices.Clone(way), Step{name, ""}), element{Members: once(target.Members, name)}, list)
			}
			continue
		}
		stem, choice := strings.CutSuffix(name, "[x]")
		for one := range strings.SplitSeq(m.Types, "|") {
			typeName, holds, _ := strings.Cut(one, ":")
			key := name
			if choice {
				key = stem + strings.ToUpper(typeName[:1]) + typeName[1:]
			}
			next := append(slices.Clone(way), Step{key, typeName})
			if p, ok := t.Primitives[typeName]; ok {
				*list = append(*list, Leaf{next, typeName, holds, p.JSON})
				continue
			}
			if typeName == "Range" && holds == "age" {
				typeName = "AgeRange"
			}
			if slices.ContainsFunc(way, func(s Step) bool { return s.Type == typeName }) {
				continue
			}
			next[len(next)-1].Type = typeName
			leaves(t, next, t.Types[typeName], list)
		}
	}
}

// once is members without one that leads to itself.
func once(members map[string]element, name string) map[string]element {
	members = maps.Clone(members)
	delete(members, name)
	return members
}

// Resources returns the names of the resources of the table.
func Resources() []string {
	t, _ := r4()
	return slices.Sorted(maps.Keys(t.Resources))
}

// TypeNames returns the names of all resources of R4, Codes the codes of its
// elements.
func TypeNames() []string {
	_, v := r4()
	return v.TypeNames
}

// Codes returns what elements of type code may be.
func Codes() []string {
	_, v := r4()
	return v.Codes
}

// IsUCUM lets a test try units.
func IsUCUM(code string) bool {
	_, v := r4()
	return v.UCUM.valid([]byte(code))
}

// Matches lets a test try the codes of a system.
func (w *Adapter) Matches(system, code string) bool {
	p := w.systemPattern([]byte(system))
	return p != noPattern && p.matches(w.terms, []byte(code))
}
