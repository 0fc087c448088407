package events

import (
	"slices"
	"strings"

	"github.com/baakit/baakit"
)

// A Field is one that an event of some kinds has: whether the event at hand
// has it, and if so whether it is of the right form.
type Field struct {
	name    string
	set, ok bool
	rule    string
	check   func() error
}

// Has returns the field with a name and the rule of its form. A field of which
// every value is of the right form needs no rule.
func Has(name string, set, ok bool, rule ...string) Field {
	return Field{name: name, set: set, ok: ok, rule: strings.Join(rule, "")}
}

// Part returns the field of a part that checks itself, if it is set.
func Part(name string, set bool, check func() error) Field {
	return Field{name: name, set: set, ok: true, check: check}
}

// CheckFields adds to errs, in the order of the fields, what an event of a
// kind lacks of the fields that it must have, what it has that it neither must
// nor may, and what is not of the right form.
func CheckFields(errs *baakit.FieldErrors, must, may []string, fields ...Field) {
	for _, f := range fields {
		needed := slices.Contains(must, f.name)
		switch {
		case !f.set && needed:
			errs.Add(f.name, "is required for this kind")
		case f.set && !needed && !slices.Contains(may, f.name):
			errs.Add(f.name, "must be left out for this kind")
		case f.set && !f.ok:
			errs.Add(f.name, f.rule)
		case f.set && f.check != nil:
			errs.Merge(f.name, f.check())
		}
	}
}
