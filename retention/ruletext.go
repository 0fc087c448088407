package retention

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/baakit/baakit"
)

// ErrRule is the error of a text that is no rule; the error that wraps it
// says at which byte and what was expected there, never the text.
var ErrRule = errors.New("retention: not a rule")

const maxRuleText = 10000

// String returns the text form, or "invalid Rule" for the zero Rule.
func (r Rule) String() string { return string(r.append(nil)) }

func (r Rule) append(b []byte) []byte {
	list := func(word, between string) []byte {
		b = append(b, word...)
		b = append(b, " ("...)
		for i, p := range r.parts {
			if i > 0 {
				b = append(b, between...)
			}
			if r.op == opFirst {
				b = append(append(b, r.tests[i].String()...), ": "...)
			}
			b = p.append(b)
		}
		return append(b, ')')
	}
	switch r.op {
	case opAfter:
		return append(append(append(b, r.period.String()...), " after "...), r.trigger...)
	case opAge:
		return strconv.AppendInt(append(b, "until age "...), int64(r.n), 10)
	case opMajority:
		unit := " years"
		switch r.n {
		case 0:
			return append(b, "until majority"...)
		case 1:
			unit = " year"
		}
		return append(append(strconv.AppendInt(b, int64(r.n), 10), unit...), " after majority"...)
	case opPermanent:
		return append(b, "permanent"...)
	case opNone:
		return append(b, "no period"...)
	case opUnstated:
		return append(b, "unstated"...)
	case opLongest:
		return list("longest of", ", ")
	case opEarliest:
		return list("earliest of", ", ")
	case opFirst:
		return list("first that applies", "; ")
	case opCapped:
		return list("capped", " at ")
	}
	return append(b, "invalid Rule"...)
}

// String returns the text form of the condition, as in
// "if minor at last_treatment".
func (c Condition) String() string {
	switch c.test {
	case testOtherwise:
		return "otherwise"
	case testMinor:
		return "if minor at " + string(c.trigger)
	case testUnder:
		return fmt.Sprintf("if under %d at %s", c.age, c.trigger)
	case testHappened:
		return "if " + string(c.trigger) + " has happened"
	case testFact:
		return "if " + c.fact
	}
	return "invalid Condition"
}

// MarshalText implements [encoding.TextMarshaler]; an invalid Rule gives
// [ErrRule].
func (r Rule) MarshalText() ([]byte, error) {
	if r.Validate() != nil {
		return nil, ErrRule
	}
	return r.append(nil), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] with [ParseRule].
func (r *Rule) UnmarshalText(text []byte) error {
	parsed, err := ParseRule(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// MustParseRule is ParseRule for tests and package variables; it panics on an
// error.
func MustParseRule(s string) Rule {
	r, err := ParseRule(s)
	if err != nil {
		panic(err)
	}
	return r
}

// ParseRule reads the text form of a rule. Words are separated by any white
// space, a rule may have line breaks. Anything else gives the zero Rule and an
// error that wraps [ErrRule].
func ParseRule(s string) (Rule, error) {
	p := ruleParser{text: s}
	if len(s) > maxRuleText {
		return Rule{}, p.fail("at most 10000 bytes")
	}
	r, err := p.rule(0)
	if err != nil {
		return Rule{}, err
	}
	if p.space(); p.at < len(s) {
		return Rule{}, p.fail("the end")
	}
	if r.Validate() != nil {
		return Rule{}, fmt.Errorf("%w: an age, a number of years or a name is out of its range", ErrRule)
	}
	return r, nil
}

// parseCondition reads "minor at last_treatment" or "under 19 at creation".
func parseCondition(s string) (Condition, error) {
	p := ruleParser{text: s}
	c, err := p.condition()
	if err != nil {
		return Condition{}, err
	}
	if p.space(); p.at < len(s) || !c.valid() {
		return Condition{}, p.fail("the end")
	}
	return c, nil
}

type ruleParser struct {
	text string
	at   int
}

func (p *ruleParser) fail(expected string) error {
	return fmt.Errorf("%w: at byte %d %s was expected", ErrRule, p.at, expected)
}

func (p *ruleParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// word returns the next word, or punctuation mark, without taking it.
func (p *ruleParser) word() string {
	p.space()
	end := p.at
	for end < len(p.text) && isWordByte(p.text[end]) {
		end++
	}
	if end == p.at && end < len(p.text) {
		end++
	}
	return p.text[p.at:end]
}

func isWordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// take takes the words if they are next.
func (p *ruleParser) take(words ...string) bool {
	start := p.at
	for _, w := range words {
		if p.word() != w {
			p.at = start
			return false
		}
		p.at += len(w)
	}
	return true
}

func (p *ruleParser) number() (int, error) {
	w := p.word()
	n, err := strconv.Atoi(w)
	if err != nil || len(w) > 6 || w != strconv.Itoa(n) {
		return 0, p.fail("a number")
	}
	p.at += len(w)
	return n, nil
}

func (p *ruleParser) name() (string, error) {
	w := p.word()
	if !isIdentifier(w) {
		return "", p.fail("a name")
	}
	p.at += len(w)
	return w, nil
}

func (p *ruleParser) rule(depth int) (Rule, error) {
	switch {
	case depth > maxDepth:
		return Rule{}, p.fail("no deeper nesting")
	case p.take("permanent"):
		return Permanent(), nil
	case p.take("no", "period"):
		return NoPeriod(), nil
	case p.take("unstated"):
		return Unstated(), nil
	case p.take("until", "majority"):
		return AfterMajority(0), nil
	case p.take("until", "age"):
		n, err := p.number()
		return UntilAge(n), err
	case p.take("longest", "of"):
		parts, err := p.list(",", depth)
		return Rule{op: opLongest, parts: parts}, err
	case p.take("earliest", "of"):
		parts, err := p.list(",", depth)
		return Rule{op: opEarliest, parts: parts}, err
	case p.take("capped"):
		parts, err := p.list("at", depth)
		if err == nil && len(parts) != 2 {
			err = p.fail("a rule and its cap")
		}
		return Rule{op: opCapped, parts: parts}, err
	case p.take("first", "that", "applies"):
		return p.cases(depth)
	}
	return p.after()
}

func (p *ruleParser) list(between string, depth int) ([]Rule, error) {
	if !p.take("(") {
		return nil, p.fail("an opening bracket")
	}
	var parts []Rule
	for {
		r, err := p.rule(depth + 1)
		if err != nil {
			return nil, err
		}
		if parts = append(parts, r); len(parts) > maxParts {
			return nil, p.fail("at most 50 parts")
		}
		if p.take(")") {
			return parts, nil
		}
		if !p.take(between) {
			return nil, p.fail("a separator or a closing bracket")
		}
	}
}

func (p *ruleParser) cases(depth int) (Rule, error) {
	if !p.take("(") {
		return Rule{}, p.fail("an opening bracket")
	}
	r := Rule{op: opFirst}
	for len(r.parts) < maxParts {
		c := Otherwise()
		if !p.take("otherwise") {
			if !p.take("if") {
				return Rule{}, p.fail("if or otherwise")
			}
			var err error
			if c, err = p.condition(); err != nil {
				return Rule{}, err
			}
		}
		if !p.take(":") {
			return Rule{}, p.fail("a colon")
		}
		then, err := p.rule(depth + 1)
		if err != nil {
			return Rule{}, err
		}
		r.tests, r.parts = append(r.tests, c), append(r.parts, then)
		if c.test == testOtherwise {
			if !p.take(")") {
				return Rule{}, p.fail("a closing bracket")
			}
			return r, nil
		}
		if !p.take(";") {
			return Rule{}, p.fail("a semicolon")
		}
	}
	return Rule{}, p.fail("at most 50 cases")
}

func (p *ruleParser) condition() (Condition, error) {
	age, test := 0, testMinor
	switch {
	case p.take("minor", "at"):
	case p.take("under"):
		var err error
		if age, err = p.number(); err != nil {
			return Condition{}, err
		}
		if !p.take("at") {
			return Condition{}, p.fail("at")
		}
		test = testUnder
	default:
		name, err := p.name()
		if err != nil {
			return Condition{}, err
		}
		if p.take("has", "happened") {
			return Happened(Trigger(name)), nil
		}
		return Fact(name), nil
	}
	name, err := p.name()
	return Condition{test: test, age: age, trigger: Trigger(name)}, err
}

func (p *ruleParser) after() (Rule, error) {
	n, err := p.number()
	if err != nil {
		return Rule{}, p.fail("a rule")
	}
	var unit baakit.Unit
	switch w := p.word(); w {
	case "day", "days":
		unit = baakit.Days
	case "month", "months":
		unit = baakit.Months
	case "year", "years":
		unit = baakit.Years
	default:
		return Rule{}, p.fail("days, months or years")
	}
	p.at += len(p.word())
	if !p.take("after") {
		return Rule{}, p.fail("after")
	}
	name, err := p.name()
	if err != nil {
		return Rule{}, err
	}
	if Trigger(name) == majority {
		if unit != baakit.Years {
			return Rule{}, p.fail("years after majority")
		}
		return AfterMajority(n), nil
	}
	period, err := baakit.NewPeriod(n, unit)
	if err != nil || !Trigger(name).valid() {
		return Rule{}, p.fail("a period of at least 1 and a trigger")
	}
	return After(period, Trigger(name)), nil
}
