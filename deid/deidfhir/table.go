package deidfhir

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/baakit/baakit/internal/strictjson"
)

//go:embed r4.json
var r4JSON []byte

//go:embed terms.json
var termsJSON []byte

// A table is r4.json: the elements that may stay, and what is in them.
type table struct {
	Schema     string               `json:"schema"`
	Version    string               `json:"version"`
	Recipe     string               `json:"recipe"`
	Primitives map[string]primitive `json:"primitives"`
	Types      map[string]element   `json:"types"`
	Resource   element              `json:"resource"` // of every resource
	Domain     element              `json:"domain"`   // of every resource that is not a Bundle or Binary
	Resources  map[string]element   `json:"resources"`
}

// A primitive is a FHIR type whose JSON is a string, a number or a boolean.
type primitive struct {
	JSON string `json:"json"`
	Kind string `json:"kind,omitempty"` // a word of [deid.Kind], unless the element says otherwise
	Keep string `json:"keep,omitempty"` // why it stays
	Drop bool   `json:"drop,omitempty"`
	// Whole is set for a type of time that has no form for a year alone.
	Whole bool `json:"whole,omitempty"`
}

// An element is the name of its type or types, or its own members.
type element struct {
	Types   string // "dateTime:death|Period", or "@Observation.referenceRange"
	Members map[string]element
}

// UnmarshalJSON reads a string or an object.
func (e *element) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &e.Types)
	}
	return json.Unmarshal(data, &e.Members)
}

// The vocabulary of terms.json.
type vocabulary struct {
	Schema            string                `json:"schema"`
	Recipe            string                `json:"recipe"`
	Systems           map[string]string     `json:"systems"`
	Canonicals        []string              `json:"canonicals"`
	IdentifierSystems map[string]string     `json:"identifier_systems"`
	IdentifierTypes   map[string]string     `json:"identifier_types"`
	Extensions        map[string]extensions `json:"extensions"`
	Units             []string              `json:"units"`
	UCUM              ucum                  `json:"ucum"`
	Ages              []string              `json:"ages"`
	Countries         []string              `json:"countries"`
	MIME              []string              `json:"mime"`
	Absent            []string              `json:"absent"`
	Codes             []string              `json:"codes"`
	TypeNames         []string              `json:"types"`

	units, mimes, codes, names, countries map[string]bool
}

// extensions is what a listed extension holds: a value, or extensions by
// their URL.
type extensions struct {
	Value string
	Parts map[string]string
}

// UnmarshalJSON reads a string or an object of strings.
func (e *extensions) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &e.Value)
	}
	return json.Unmarshal(data, &e.Parts)
}

// r4 returns the embedded tables.
var r4 = sync.OnceValues(func() (*table, *vocabulary) {
	var t table
	var v vocabulary
	for _, part := range []struct {
		data []byte
		into any
	}{{r4JSON, &t}, {termsJSON, &v}} {
		if err := strictjson.Decode(part.data, part.into); err != nil {
			panic(fmt.Sprintf("deidfhir: an embedded table is broken: %v", err))
		}
	}
	v.units, v.mimes, v.names = setOf(v.Units), setOf(v.MIME), setOf(v.TypeNames)
	v.countries = setOf(v.Countries)
	v.UCUM.compile()
	v.codes = setOf(append(v.Codes, v.Absent...))
	return &t, &v
})

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// find returns the element at a path such as Observation.referenceRange.
func (t *table) find(path string) (element, bool) {
	e := element{Members: t.Resources}
	for name := range strings.SplitSeq(path, ".") {
		var ok bool
		if e, ok = e.Members[name]; !ok {
			return element{}, false
		}
	}
	return e, true
}
