package retention

import (
	"strings"

	"github.com/baakit/baakit"
)

// A Trigger names the event from which a period runs: a lower-case
// identifier, one of those below or any other that a schedule uses.
type Trigger string

// Triggers that the tables use most.
const (
	Creation           Trigger = "creation" // date of service, receipt or production
	Discharge          Trigger = "discharge"
	LastService        Trigger = "last_service"
	LastContact        Trigger = "last_contact"
	LastEntry          Trigger = "last_entry"
	Death              Trigger = "death"
	LastInEffect       Trigger = "last_in_effect"
	Disclosure         Trigger = "disclosure"
	DateOfService      Trigger = "date_of_service"
	Exam               Trigger = "exam"
	NextExam           Trigger = "next_exam"
	AgreementEnd       Trigger = "agreement_end"
	EmploymentEnd      Trigger = "employment_end"
	EndOfFullRetention Trigger = "end_of_full_retention"
	Destruction        Trigger = "destruction"

	// Unspecified is that of a law which names no event: the later of
	// discharge and last entry, as far as the record states them.
	Unspecified Trigger = "unspecified"

	// LastTreatment is the last service, or if the record states none the
	// later of discharge and last contact, or the last entry, or creation.
	// Tests of age use it.
	LastTreatment Trigger = "last_treatment"

	birth    Trigger = "birth"
	majority Trigger = "majority"
)

func (t Trigger) valid() bool { return isIdentifier(string(t)) && t != birth && t != majority }

// isIdentifier reports whether s is a lower-case name: of a trigger, a fact,
// an attribute, a part.
func isIdentifier(s string) bool {
	if s == "" || len(s) > 60 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

type op uint8

const (
	opAfter     op = iota + 1 // period after trigger
	opAge                     // until age n
	opMajority                // n years after majority
	opPermanent               // never ends
	opNone                    // no period: adds nothing
	opUnstated                // a duty whose length nobody read
	opLongest
	opEarliest
	opFirst
	opCapped // parts[0] capped at parts[1]
)

// A Rule says how long: an expression over the events of a record. Rules are
// data; [ParseRule] reads the text form that String prints:
//
//	7 years after last_service
//	until age 21
//	3 years after majority
//	permanent
//	longest of (7 years after last_service, until age 21)
//	earliest of (6 years after last_contact, 12 years after creation)
//	capped (3 years after government_knowledge at 10 years after violation)
//	first that applies (if next_exam has happened: 5 years after exam; otherwise: 10 years after exam)
//	no period
//	unstated
//
// "no period" adds nothing to what other rules ask; "unstated" is a duty
// whose length is not known, which no date satisfies. The zero Rule is
// invalid. Rules are immutable and safe for concurrent use; Equal compares
// them. In JSON a Rule is its text.
type Rule struct {
	op      op
	trigger Trigger
	period  baakit.Period
	n       int
	parts   []Rule
	tests   []Condition // of opFirst, one a part
}

const (
	maxParts = 50
	maxDepth = 20
	maxAge   = 130
)

// After returns the rule that keeps through the end of the period after the
// trigger. The period is in days, months or years.
func After(p baakit.Period, t Trigger) Rule { return Rule{op: opAfter, period: p, trigger: t} }

// UntilAge returns the rule that keeps through the person's birthday of that
// age.
func UntilAge(age int) Rule { return Rule{op: opAge, n: age} }

// AfterMajority returns the rule that keeps through the birthday that many
// years after the person's majority, at the age of the policy's State.
func AfterMajority(years int) Rule { return Rule{op: opMajority, n: years} }

// Permanent returns the rule that never ends.
func Permanent() Rule { return Rule{op: opPermanent} }

// NoPeriod returns the rule that asks for nothing.
func NoPeriod() Rule { return Rule{op: opNone} }

// Unstated returns the rule of a duty whose length is not known.
func Unstated() Rule { return Rule{op: opUnstated} }

// LongestOf returns the rule that keeps as long as the longest of its parts.
func LongestOf(parts ...Rule) Rule { return Rule{op: opLongest, parts: append([]Rule(nil), parts...)} }

// EarliestOf returns the rule that keeps as long as the shortest of its parts.
func EarliestOf(parts ...Rule) Rule {
	return Rule{op: opEarliest, parts: append([]Rule(nil), parts...)}
}

// Capped returns r, but not longer than limit. The cap acts inside this rule
// only: another rule of a schedule can still keep longer.
func Capped(r, limit Rule) Rule { return Rule{op: opCapped, parts: []Rule{r, limit}} }

// A Case is one of the ordered cases of [FirstThatApplies].
type Case struct {
	If   Condition
	Then Rule
}

// FirstThatApplies returns the rule of the first case whose condition holds.
// The last case must be [Otherwise].
func FirstThatApplies(cases ...Case) Rule {
	r := Rule{op: opFirst}
	for _, c := range cases {
		r.parts = append(r.parts, c.Then)
		r.tests = append(r.tests, c.If)
	}
	return r
}

type test uint8

const (
	testOtherwise test = iota + 1
	testMinor
	testUnder
	testHappened
	testFact
)

// A Condition decides between cases, by an age at an event, by whether an
// event has happened, or by a fact that the record states. Where the record
// leaves it open every case that is still possible counts. The zero Condition
// is invalid; Conditions are comparable.
type Condition struct {
	test    test
	age     int
	trigger Trigger
	fact    string
}

// Otherwise is the condition that always holds.
func Otherwise() Condition { return Condition{test: testOtherwise} }

// MinorAt holds if the person was under the age of majority at the event. If
// the event has not yet happened, the day of the question stands for it.
func MinorAt(t Trigger) Condition { return Condition{test: testMinor, trigger: t} }

// UnderAt holds if the person was younger than age at the event.
func UnderAt(age int, t Trigger) Condition { return Condition{test: testUnder, age: age, trigger: t} }

// Happened holds if the event has happened by the day of the question.
func Happened(t Trigger) Condition { return Condition{test: testHappened, trigger: t} }

// Fact holds if the record states the fact as true.
func Fact(name string) Condition { return Condition{test: testFact, fact: name} }

// IsZero reports whether r is the zero Rule.
func (r Rule) IsZero() bool { return r.op == 0 }

// Equal reports whether r and q are written alike.
func (r Rule) Equal(q Rule) bool { return r.String() == q.String() }

// Validate reports what is wrong with the rule as [baakit.FieldErrors], with
// paths such as "parts[1].trigger".
func (r Rule) Validate() error {
	var errs baakit.FieldErrors
	r.check(&errs, "", 0)
	return errs.Err()
}

func (r Rule) check(errs *baakit.FieldErrors, path string, depth int) {
	in := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	if depth > maxDepth {
		errs.Add(path, "is nested too deeply")
		return
	}
	switch r.op {
	case opAfter:
		switch r.period.Unit() {
		case baakit.Days, baakit.Months, baakit.Years:
		default:
			errs.Add(in("period"), "must be in days, months or years")
		}
		if !r.trigger.valid() {
			errs.Add(in("trigger"), "must be a lower-case name other than birth and majority")
		}
	case opAge:
		if r.n < 1 || r.n > maxAge {
			errs.Add(in("age"), "must be from 1 to 130")
		}
	case opMajority:
		if r.n < 0 || r.n > maxAge {
			errs.Add(in("years"), "must be from 0 to 130")
		}
	case opPermanent, opNone, opUnstated:
	case opLongest, opEarliest, opFirst, opCapped:
		if len(r.parts) == 0 || len(r.parts) > maxParts {
			errs.Add(in("parts"), "must be from 1 to 50")
		}
		for i := range r.parts {
			r.parts[i].check(errs, in("parts")+index(i), depth+1)
		}
		for i, c := range r.tests {
			if !c.valid() || (c.test == testOtherwise) != (i == len(r.tests)-1) {
				errs.Add(in("cases")+index(i), "must be a condition, and otherwise the last one only")
			}
		}
	default:
		errs.Add(path, "is required")
	}
}

func (c Condition) valid() bool {
	switch c.test {
	case testOtherwise:
		return true
	case testMinor, testHappened:
		return c.trigger.valid()
	case testUnder:
		return c.trigger.valid() && c.age >= 1 && c.age <= maxAge
	case testFact:
		return isIdentifier(c.fact)
	}
	return false
}
