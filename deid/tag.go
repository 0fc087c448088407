package deid

import (
	"strings"

	"github.com/baakit/baakit"
)

// A FieldTag is what the struct tag of a field says, for tools that go by the
// same tags as [Struct]. The zero FieldTag says nothing.
type FieldTag struct {
	Kind     Kind   // what the field holds; zero if the tag names an action only
	Action   Action // what becomes of it; empty is the policy's own for the kind
	Reason   string // why it may stay
	Dive     bool   // the fields below have tags of their own
	KeepKeys bool   // none of the keys of a map can be an identifier
}

// ParseFieldTag reads the value of a struct tag with the key "deid" by the
// grammar of the package documentation. The error is a [baakit.FieldError]
// without a path, which holds nothing of the tag. Whether a policy allows what
// the tag says, and whether the type of the field fits, is for [CheckStruct].
func ParseFieldTag(tag string) (FieldTag, error) {
	t, wrong := parseTag(tag)
	if wrong != "" {
		return FieldTag{}, baakit.FieldError{Rule: wrong}
	}
	return FieldTag{t.rule.Kind, t.rule.Action, t.rule.Reason, t.dive, t.keys}, nil
}

// A fieldTag is what a struct tag with the key "deid" says.
type fieldTag struct {
	rule Rule
	dive bool
	keys bool // the keys of a map may stay
}

// parseTag reads the grammar that the package documentation gives, and
// returns what is wrong with the tag, or "".
func parseTag(s string) (t fieldTag, wrong string) {
	head, rest, more := strings.Cut(s, ",")
	if wrong = t.word(head, true); wrong != "" {
		return fieldTag{}, wrong
	}
	for more {
		// A reason may hold commas, so it is the rest.
		if reason, ok := strings.CutPrefix(rest, "reason="); ok {
			if reason == "" || t.rule.Action != Keep {
				return fieldTag{}, "has a reason, which only keep takes, or an empty one"
			}
			t.rule.Reason = reason
			return t, ""
		}
		head, rest, more = strings.Cut(rest, ",")
		if wrong = t.word(head, false); wrong != "" {
			return fieldTag{}, wrong
		}
	}
	return t, ""
}

// defaultReason is the reason of a tag that says keep and nothing else.
const defaultReason = "the struct tag says keep"

func (t *fieldTag) word(word string, first bool) string {
	if word == "dive" && first {
		t.dive = true
		return ""
	}
	if word == "keys=keep" && !first {
		t.keys = true
		return ""
	}
	if kind, err := ParseKind(word); err == nil && first {
		t.rule.Kind = kind
		// The word state is a kind and an action: as a kind it has that
		// action anyway.
		return ""
	}
	if t.rule.Action != "" || t.dive {
		return "has two actions"
	}
	switch namespace, coded := strings.CutPrefix(word, "code="); {
	case coded:
		if !validNamespace(namespace) {
			return "needs a namespace of small letters, digits, - and _ behind code="
		}
		t.rule.Action = CodeAs(namespace)
		if first {
			kind, err := ParseKind(namespace)
			if err != nil || kind == KindText || kind == KindTerm {
				kind = KindID
			}
			t.rule.Kind = kind
		}
	case Action(word).known() && !strings.HasPrefix(word, codePrefix):
		t.rule.Action = Action(word)
		if t.rule.Action == Keep {
			t.rule.Reason = defaultReason
		}
	default:
		return "has a word that is neither a kind nor an action"
	}
	return ""
}
