package deid

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrPath is the error of a text that is not a path of a rule.
var ErrPath = errors.New(`deid: not a path: want $ and members, as in $.patient.name[*].family or $["first name"]`)

// MaxPath is how many steps a path can have.
const MaxPath = 64

// A step goes to the member with a name, or to every element of an array.
type step struct {
	name  string
	every bool
}

// Column returns the path of a CSV column, or of a JSON member of the record,
// with any name: Column("first name") is $["first name"].
func Column(name string) string { return appendStep("$", step{name: name}) }

// parsePath reads $, .name, ["name"] and [*]. A [*] right after the $ is left
// out: the records of a JSON array are what rules are about.
func parsePath(s string) ([]step, error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok || !utf8.ValidString(s) {
		return nil, ErrPath
	}
	rest = strings.TrimPrefix(rest, "[*]")
	var steps []step
	for rest != "" {
		if len(steps) == MaxPath {
			return nil, ErrPath
		}
		switch {
		case strings.HasPrefix(rest, "[*]"):
			steps, rest = append(steps, step{every: true}), rest[3:]
		case strings.HasPrefix(rest, "["):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil || quoted[0] != '"' || !strings.HasPrefix(rest[1+len(quoted):], "]") {
				return nil, ErrPath
			}
			var name string
			if json.Unmarshal([]byte(quoted), &name) != nil {
				return nil, ErrPath
			}
			steps, rest = append(steps, step{name: name}), rest[len(quoted)+2:]
		case strings.HasPrefix(rest, "."):
			end := strings.IndexAny(rest[1:], `.["]*$ `)
			if end < 0 {
				end = len(rest) - 1
			}
			if end == 0 {
				return nil, ErrPath
			}
			steps, rest = append(steps, step{name: rest[1 : 1+end]}), rest[1+end:]
		default:
			return nil, ErrPath
		}
	}
	return steps, nil
}

// pathString is the one way to write the steps. A first [*] that counts is
// written behind the one that does not.
func pathString(steps []step) string {
	s := "$"
	if len(steps) > 0 && steps[0].every {
		s = "$[*]"
	}
	for _, st := range steps {
		s = appendStep(s, st)
	}
	return s
}

func appendStep(s string, st step) string {
	if st.every {
		return s + "[*]"
	}
	plain := st.name != ""
	for i := range len(st.name) {
		if c := st.name[i]; !isDigit(c) && !isAlpha(c) && c != '_' && c != '-' && c != ':' {
			plain = false
		}
	}
	if plain {
		return s + "." + st.name
	}
	quoted, _ := json.Marshal(st.name)
	return s + "[" + string(quoted) + "]"
}
