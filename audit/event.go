package audit

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

// An Event is what a caller reports. The fields of the first block reach the
// hashed line in clear and can never be erased, so each of them is a code or
// a short identifier: 1 to 128 ASCII letters, digits and ". _ : / @ + -",
// never free text. Identifiers with the shape of a social security number, a
// telephone number, a date or an e-mail address are refused unless
// [Config.Allow] names the field. Everything of the second block is sealed.
//
// An event either is about access (45 CFR 164.312(b)), and then has Actor.ID,
// Action and Outcome, or it is a domain event, and then has Kind and Payload.
// The zero Event is invalid.
type Event struct {
	Type      Type
	Subtype   []Subtype
	Action    Action
	Outcome   Outcome
	Purpose   []Purpose
	Occurred  time.Time // when it happened, to the microsecond; the log adds its own time
	Actor     Actor
	Client    Client
	Object    Object
	Request   Request
	Policy    []string // rules or consents that permitted or refused it
	Emergency bool     // emergency access, 45 CFR 164.312(a)(2)(ii)
	Kind      string   // of a domain event, as in "baa.accepted"

	Patient    string   // also gives the subject token of the line
	Subjects   []string // further persons
	ObjectID   string
	Query      string          // as it was asked
	Reason     string          // free text
	Disclosure json.RawMessage // what 45 CFR 164.528(b)(2) asks for, as JSON
	Extra      map[string]string
	Payload    json.RawMessage // of a domain event

	checkpoint *treeHead
}

// An Actor is who did it; ID is what 45 CFR 164.312(a)(2)(i) calls the unique
// user identification.
type Actor struct{ ID, Kind, Org, Role, For string }

// A Client is where it was done from.
type Client struct{ Addr, Kind string }

// An Object is what it was done to: its classes, never its own identifier,
// which is Event.ObjectID and sealed.
type Object struct {
	Type, Category, Lifecycle string
	Labels                    []string // security labels, such as "42CFRPart2"
}

// A Request ties the entry to a request. Route may also contain "{ } * $".
type Request struct{ ID, Route, Span, Token, Trace string }

// A treeHead is what an entry of the system chain says of another chain.
type treeHead struct {
	chain, root string
	size        uint64
}

const maxIdentifier = 128

// Validate reports everything that is wrong with the event by itself, as
// [baakit.FieldErrors] in field order. allow names fields, such as
// "actor.id", whose shape is not looked at.
func (e *Event) Validate(allow ...string) error {
	var errs baakit.FieldErrors
	if !e.Type.valid() {
		errs.Add("type", "must be a type of event")
	}
	if e.Kind == "" {
		for _, f := range []struct {
			name string
			bad  bool
			rule string
		}{
			{"action", !e.Action.valid(), "is required, one of C, R, U, D, E"},
			{"outcome", !e.Outcome.valid(), "is required, one of 0, 4, 8, 12"},
			{"actor.id", e.Actor.ID == "", "is required"},
			{"payload", e.Payload != nil, "belongs to an event with a kind"},
		} {
			if f.bad {
				errs.Add(f.name, f.rule)
			}
		}
	} else {
		if e.Type != REST {
			errs.Add("type", "must be left out where there is a kind")
		}
		if e.Action != "" && !e.Action.valid() {
			errs.Add("action", "must be one of C, R, U, D, E")
		}
		if e.Outcome != "" && !e.Outcome.valid() {
			errs.Add("outcome", "must be one of 0, 4, 8, 12")
		}
		if !json.Valid(e.Payload) {
			errs.Add("payload", "is required and must be JSON")
		}
	}
	if e.Disclosure != nil && !json.Valid(e.Disclosure) {
		errs.Add("disclosure", "must be JSON")
	}
	if y := e.Occurred.UTC().Year(); !e.Occurred.IsZero() && (y < 1 || y > 9999) {
		errs.Add("occurred", "must be in the years 1 to 9999")
	}
	e.identifiers(func(path string, i int, id string, set charset) {
		if id == "" && i < 0 {
			return
		}
		rule := ""
		if !set.holds(id) {
			rule = "must be an identifier of 1 to 128 letters, digits and . _ : / @ + -"
		} else if rule = shapeOf(id); rule != "" && slices.Contains(allow, path) {
			rule = ""
		}
		if rule == "" {
			return
		}
		if i >= 0 {
			path += "[" + strconv.Itoa(i) + "]"
		}
		errs.Add(path, rule)
	})
	e.texts(func(path, text string) {
		if !utf8.ValidString(text) {
			errs.Add(path, "must be valid UTF-8")
		}
	})
	return errs.Err()
}

// identifiers calls f for every clear identifier, in field order, with its
// place in the field or -1.
func (e *Event) identifiers(f func(path string, i int, id string, set charset)) {
	for i, s := range e.Subtype {
		f("subtype", i, string(s), identifierSet)
	}
	for i, p := range e.Purpose {
		f("purpose", i, string(p), identifierSet)
	}
	f("actor.id", -1, e.Actor.ID, identifierSet)
	f("actor.kind", -1, e.Actor.Kind, identifierSet)
	f("actor.org", -1, e.Actor.Org, identifierSet)
	f("actor.role", -1, e.Actor.Role, identifierSet)
	f("actor.for", -1, e.Actor.For, identifierSet)
	f("client.addr", -1, e.Client.Addr, identifierSet)
	f("client.kind", -1, e.Client.Kind, identifierSet)
	f("object.type", -1, e.Object.Type, identifierSet)
	f("object.category", -1, e.Object.Category, identifierSet)
	f("object.lifecycle", -1, e.Object.Lifecycle, identifierSet)
	for i, s := range e.Object.Labels {
		f("object.labels", i, s, identifierSet)
	}
	f("request.id", -1, e.Request.ID, identifierSet)
	f("request.route", -1, e.Request.Route, routeSet)
	f("request.span", -1, e.Request.Span, identifierSet)
	f("request.token", -1, e.Request.Token, identifierSet)
	f("request.trace", -1, e.Request.Trace, identifierSet)
	for i, s := range e.Policy {
		f("policy", i, s, identifierSet)
	}
	f("kind", -1, e.Kind, identifierSet)
}

// texts calls f for every sealed text.
func (e *Event) texts(f func(path, text string)) {
	f("patient", e.Patient)
	for i, s := range e.Subjects {
		f("subjects["+strconv.Itoa(i)+"]", s)
	}
	f("object_id", e.ObjectID)
	f("query", e.Query)
	f("reason", e.Reason)
	for k, v := range e.Extra {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			f("extra", "\xff")
			break
		}
	}
}

// A charset is a bit of classes.
type charset uint8

const (
	identifierSet charset = 1 << iota
	routeSet
	hexSet
)

// classes tells the sets that a byte is in.
var classes = func() (table [256]charset) {
	for c := range 256 {
		b := byte(c)
		if isAlnum(b) || strings.IndexByte("._:/@+-", b) >= 0 {
			table[c] |= identifierSet
		}
		if isAlnum(b) || strings.IndexByte("._:/@+-{}*$", b) >= 0 {
			table[c] |= routeSet
		}
		if isDigit(b) || b >= 'a' && b <= 'f' {
			table[c] |= hexSet
		}
	}
	return table
}()

func (set charset) has(c byte) bool { return classes[c]&set != 0 }

func (set charset) holds(s string) bool {
	for i := range len(s) {
		if !set.has(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= maxIdentifier
}

// shapeOf returns the rule that an identifier of the allowed characters
// breaks because it looks like personal data, or "". Network addresses and
// UUIDs are no such shapes.
func shapeOf(s string) string {
	digits := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			digits++
		}
	}
	if at := strings.IndexByte(s, '@'); at > 0 && strings.IndexByte(s[at:], '.') > 0 {
		return "must not have the shape of an e-mail address"
	}
	if digits < 6 || isUUID(s) {
		return ""
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return ""
	}
	if _, err := netip.ParseAddrPort(s); err == nil {
		return ""
	}
	// Look at every part between letters: digits and separators.
	for i := 0; i < len(s); {
		if !isDigit(s[i]) && s[i] != '+' {
			i++
			continue
		}
		j := i
		for j < len(s) && !isLetter(s[j]) && strings.IndexByte("_:@", s[j]) < 0 {
			j++
		}
		if i == 0 || !isAlnum(s[i-1]) {
			if j == len(s) || !isLetter(s[j]) || s[j] == 'T' {
				if rule := digitShape(s[i:j]); rule != "" {
					return rule
				}
			}
		}
		i = max(j, i+1)
	}
	return ""
}

// digitShape judges a run of digits and separators.
func digitShape(run string) string {
	groups := strings.FieldsFunc(run, func(r rune) bool { return r < '0' || r > '9' })
	if strings.HasPrefix(run, "+") {
		n := 0
		for _, g := range groups {
			n += len(g)
		}
		if n >= 8 && n <= 15 {
			return "must not have the shape of a telephone number"
		}
	}
	for i, g := range groups {
		next := func(k int) int {
			if i+k < len(groups) {
				return len(groups[i+k])
			}
			return 0
		}
		switch {
		case len(g) == 9, len(g) == 3 && next(1) == 2 && next(2) == 4:
			return "must not have the shape of a social security number"
		case len(g) == 10, len(g) == 11 && g[0] == '1', len(g) == 3 && next(1) == 3 && next(2) == 4, len(g) == 3 && next(1) == 4 && len(groups) == 2:
			return "must not have the shape of a telephone number"
		case len(g) == 8 && (dateLike(g[:4], g[4:6], g[6:]) || dateLike(g[4:], g[:2], g[2:4]) || dateLike(g[4:], g[2:4], g[:2])):
			return "must not have the shape of a date"
		case len(g) == 4 && i+2 < len(groups) && dateLike(g, groups[i+1], groups[i+2]):
			return "must not have the shape of a date"
		case len(g) <= 2 && next(2) == 4 && (dateLike(groups[i+2], g, groups[i+1]) || dateLike(groups[i+2], groups[i+1], g)):
			return "must not have the shape of a date"
		}
	}
	return ""
}

func dateLike(year, month, day string) bool {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	return len(year) == 4 && len(month) <= 2 && len(day) <= 2 && y >= 1850 && y <= 2150 && m >= 1 && m <= 12 && d >= 1 && d <= 31
}

func isLetter(c byte) bool { return isAlnum(c) && !isDigit(c) }

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isDigit(s[i]) && (s[i] < 'a' || s[i] > 'f') && (s[i] < 'A' || s[i] > 'F') {
			return false
		}
	}
	return true
}
