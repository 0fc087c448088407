package deid

import (
	"strings"
)

// An Action says what becomes of a value. It is a word, for some actions with
// an argument after a colon, and the same word in rules, in struct tags and in
// the report. The zero Action is the policy's own for the kind.
type Action string

// The actions that every policy allows where they fit the kind.
const (
	Drop      Action = "drop"    // the value goes, with its member or cell
	Tag       Action = "tag"     // a fixed word stands in its place: [NAME]
	YearOnly  Action = "year"    // a date keeps its year, unless that shows an age over 89
	AgeCap    Action = "age_cap" // an age over 89 becomes 90+
	ZIP3      Action = "zip3"    // three digits or 000
	StateOnly Action = "state"   // a State stays, anything else goes
	Scrub     Action = "scrub"   // free text through the TextScrubber
	Keep      Action = "keep"    // the value stays, for a reason
)

// The actions that derive their output from the value. They are no part of
// the safe harbor and SafeHarbor refuses them: a code may not be derived from
// information about the individual (45 CFR 164.514(c)(1)), and a shifted date
// still has a month and a day (164.514(b)(2)(i)(C)).
const (
	Hash             Action = "hash"              // SHA-256 without a key; expert determination only
	HMAC             Action = "hmac"              // HMAC-SHA-256 under the engine's key
	FormatPreserving Action = "format_preserving" // digits for digits and letters for letters, keyed, one way
	ShiftDate        Action = "shift_date"        // all dates of a subject moved by the same keyed number of days
)

const codePrefix = "code:"

// CodeAs is the action that puts a random code from the vault in the place of
// a value: 45 CFR 164.514(c). Equal values get equal codes within a scope and
// a namespace, so that "mrn" in two files still joins them.
func CodeAs(namespace string) Action { return Action(codePrefix + namespace) }

// namespace returns the argument of CodeAs.
func (a Action) namespace() (string, bool) { return strings.CutPrefix(string(a), codePrefix) }

func (a Action) known() bool {
	switch a {
	case Drop, Tag, YearOnly, AgeCap, ZIP3, StateOnly, Scrub, Keep, Hash, HMAC, FormatPreserving, ShiftDate:
		return true
	}
	namespace, ok := a.namespace()
	return ok && validNamespace(namespace)
}

func validNamespace(s string) bool {
	if len(s) == 0 || len(s) > 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// derived reports whether the output is computed from the value.
func (a Action) derived() bool { return a == Hash || a == HMAC || a == FormatPreserving }

// keyed reports whether the action needs the engine's key.
func (a Action) keyed() bool { return a == HMAC || a == FormatPreserving || a == ShiftDate }

// fits returns what is wrong with the action for a value of the kind,
// whatever the policy, or "".
func (a Action) fits(k Kind) string {
	switch {
	case !a.known():
		return "must be an action: drop, tag, year, age_cap, zip3, state, scrub, keep, code:NAMESPACE, hash, hmac, format_preserving or shift_date"
	case a == YearOnly && !k.isDate():
		return "year needs a kind of date, dob or death"
	case a == ShiftDate && !k.isDate():
		return "shift_date needs a kind of date, dob or death"
	case a == AgeCap && k != KindAge:
		return "age_cap needs the kind age"
	case a == ZIP3 && k != KindZIP:
		return "zip3 needs the kind zip"
	case a == StateOnly && k != KindState:
		return "state needs the kind state"
	case a == Scrub && k != KindText:
		return "scrub needs the kind text"
	}
	return ""
}

// An op is an Action as a number, by which values are sent to what treats
// them.
type op uint8

const (
	opCode op = iota
	opDrop
	opTag
	opYear
	opAge
	opZIP3
	opState
	opScrub
	opKeep
	opDerive
	opShift
)

func (a Action) op() op {
	switch a {
	case Drop:
		return opDrop
	case Tag:
		return opTag
	case YearOnly:
		return opYear
	case AgeCap:
		return opAge
	case ZIP3:
		return opZIP3
	case StateOnly:
		return opState
	case Scrub:
		return opScrub
	case Keep:
		return opKeep
	case Hash, HMAC, FormatPreserving:
		return opDerive
	case ShiftDate:
		return opShift
	}
	return opCode
}
