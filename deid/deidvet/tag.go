package deidvet

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// key is that of the struct tags.
const key = "deid"

// A tag is what a struct tag says, read by the grammar of package deid, of
// which this is a second reading: testdata/tags.txt holds both to the same
// answers.
type tag struct {
	kind   string
	action string // that of a code with its namespace, as deid.CodeAs writes it
	dive   bool
	keys   bool // the keys of a map may stay
	reason bool
}

func parseTag(s string) (t tag, wrong string) {
	head, rest, more := strings.Cut(s, ",")
	if wrong = t.word(head, true); wrong != "" {
		return tag{}, wrong
	}
	for more {
		if reason, ok := strings.CutPrefix(rest, "reason="); ok {
			if reason == "" || t.action != "keep" {
				return tag{}, "has a reason, which only keep takes, or an empty one"
			}
			t.reason = true
			return t, ""
		}
		head, rest, more = strings.Cut(rest, ",")
		if wrong = t.word(head, false); wrong != "" {
			return tag{}, wrong
		}
	}
	return t, ""
}

func (t *tag) word(word string, first bool) string {
	switch {
	case first && word == "dive":
		t.dive = true
		return ""
	case !first && word == "keys=keep":
		t.keys = true
		return ""
	}
	if _, ok := words().kinds[word]; ok && first {
		t.kind = word
		return ""
	}
	if t.action != "" || t.dive {
		return "has two actions"
	}
	namespace, coded := strings.CutPrefix(word, "code=")
	_, known := words().actions[word]
	switch {
	case coded && !validNamespace(namespace):
		return "needs a namespace of small letters, digits, - and _ behind code="
	case coded:
		t.action = "code:" + namespace
		if first {
			t.kind = "id"
			if k, ok := words().kinds[namespace]; ok && k.identifier != "-" {
				t.kind = namespace
			}
		}
	case known:
		t.action = word
	default:
		return "has a word that is neither a kind nor an action"
	}
	return ""
}

func validNamespace(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// actions are those that the tag may come to, whatever the policy.
func (t tag) actions() []string {
	switch {
	case t.action != "":
		return []string{t.action}
	case t.kind != "":
		return words().kinds[t.kind].actions
	}
	return nil
}

// misfit returns what is wrong with the action for the kind, or "".
func (t tag) misfit() string {
	needs := words().actions[t.action]
	if len(needs) == 0 || slices.Contains(needs, t.kind) {
		return ""
	}
	if len(needs) == 1 {
		return t.action + " needs the kind " + needs[0]
	}
	return t.action + " needs a kind of " + strings.Join(needs[:len(needs)-1], ", ") + " or " + needs[len(needs)-1]
}

// identifies reports whether the value of the field must not be printed.
func (t tag) identifies() bool {
	if t.dive {
		return false
	}
	if t.kind != "" {
		return words().kinds[t.kind].identifier != "-" || t.kind == "text" || t.action != "" && t.action != "keep"
	}
	return t.action != "keep"
}

// lookup finds the deid tag in a whole struct tag. It returns what is wrong
// with the way in which it is written, or "".
func lookup(whole string) (value string, ok bool, wrong string) {
	if value, ok = reflect.StructTag(whole).Lookup(key); ok {
		return value, true, ""
	}
	for name := range keys(whole) {
		if strings.EqualFold(name, key) {
			return "", false, "has the key " + strconv.Quote(name) + ", which is not deid"
		}
	}
	low := strings.ToLower(whole)
	for i := strings.Index(low, key); i >= 0; i = next(low, i) {
		before := i == 0 || low[i-1] == ' ' || low[i-1] == ',' || low[i-1] == '"' || low[i-1] == ';'
		after := strings.TrimLeft(low[i+len(key):], " ")
		if before && !inQuotes(whole, i) && (strings.HasPrefix(after, ":") || strings.HasPrefix(after, "=")) {
			return "", false, `is not written as deid:"...", so that nothing reads it`
		}
	}
	return "", false, ""
}

func next(s string, i int) int {
	j := strings.Index(s[i+1:], key)
	if j < 0 {
		return -1
	}
	return i + 1 + j
}

// inQuotes reports whether the byte at i stands in a quoted value.
func inQuotes(s string, i int) bool {
	quoted := false
	for j := 0; j < i; j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			quoted = !quoted
		}
	}
	return quoted
}

// keys gives the keys of a struct tag that is written as it should be.
func keys(whole string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			whole = strings.TrimLeft(whole, " ")
			name, rest, ok := strings.Cut(whole, ":")
			if !ok || !strings.HasPrefix(rest, `"`) {
				return
			}
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil || !yield(name) {
				return
			}
			whole = rest[len(quoted):]
		}
	}
}

// corrected returns the tag without spaces around its words and in small
// letters, if that makes it right.
func corrected(s string) (string, bool) {
	head, reason, more := strings.Cut(s, "reason=")
	parts := strings.Split(head, ",")
	for i := range parts {
		parts[i] = strings.ToLower(strings.TrimSpace(parts[i]))
	}
	fixed := strings.Join(parts, ",")
	if more {
		fixed += "reason=" + reason
	}
	_, wrong := parseTag(fixed)
	return fixed, wrong == "" && fixed != s
}
