package retention_test

import (
	"strconv"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

// The slow reference reads the text of a rule by splitting it at its
// brackets, and finds ends by walking the calendar day by day. It knows only
// records of which every event is a day.

type slowRecord struct {
	birth    baakit.Date
	events   map[string]baakit.Date
	facts    map[string]bool
	majority int
	on       baakit.Date
}

// never is later than any day the reference walks to.
var never = baakit.MustParseDate("9999-12-31")

// asks is the last day that the rule asks for; ok is false where it asks for
// nothing.
func (r slowRecord) asks(rule string) (baakit.Date, bool) {
	rule = strings.TrimSpace(rule)
	word := strings.Fields(rule)
	switch {
	case rule == "permanent":
		return never, true
	case rule == "no period":
		return baakit.Date{}, false
	case strings.HasPrefix(rule, "until age "):
		return r.birthday(number(word[2])), true
	case rule == "until majority":
		return r.birthday(r.majority), true
	case strings.HasSuffix(rule, " after majority"):
		return r.birthday(r.majority + number(word[0])), true
	case strings.HasPrefix(rule, "longest of ("):
		return r.pick(inside(rule), ",", func(a, b baakit.Date) bool { return b.After(a) })
	case strings.HasPrefix(rule, "earliest of ("):
		return r.pick(inside(rule), ",", func(a, b baakit.Date) bool { return b.Before(a) })
	case strings.HasPrefix(rule, "capped ("):
		return r.pick(inside(rule), " at ", func(a, b baakit.Date) bool { return b.Before(a) })
	case strings.HasPrefix(rule, "first that applies ("):
		for _, c := range split(inside(rule), ";") {
			test, then, _ := strings.Cut(c, ":")
			if r.holds(strings.TrimSpace(test)) {
				return r.asks(then)
			}
		}
		panic("no case applies")
	}
	n, unit, trigger := number(word[0]), word[1], word[3]
	end := r.events[trigger]
	for {
		next := end.AddDays(1)
		if passed(r.events[trigger], next, unit) > n {
			return end, true
		}
		end = next
		if passed(r.events[trigger], end, unit) == n {
			return end, true
		}
	}
}

// passed counts the whole units that are over on the day, a unit being over
// on the first day that is not before its anniversary.
func passed(from, day baakit.Date, unit string) int {
	switch unit {
	case "day", "days":
		return day.Sub(from)
	case "month", "months":
		n := (day.Year()-from.Year())*12 + int(day.Month()) - int(from.Month())
		if day.Day() < from.Day() {
			n--
		}
		return n
	}
	n := day.Year() - from.Year()
	if day.Month() < from.Month() || day.Month() == from.Month() && day.Day() < from.Day() {
		n--
	}
	return n
}

// age is counted as everybody does.
func (r slowRecord) age(on baakit.Date) int { return passed(r.birth, on, "years") }

func (r slowRecord) birthday(age int) baakit.Date {
	d := baakit.MustDate(r.birth.Year()+age, r.birth.Month(), 1)
	for r.age(d) < age {
		d = d.AddDays(1)
	}
	return d
}

func (r slowRecord) holds(test string) bool {
	word := strings.Fields(test)
	switch {
	case test == "otherwise":
		return true
	case strings.HasPrefix(test, "if minor at "):
		return r.age(r.events[word[3]]) < r.majority
	case strings.HasPrefix(test, "if under "):
		return r.age(r.events[word[4]]) < number(word[2])
	case strings.HasSuffix(test, " has happened"):
		return !r.events[word[1]].After(r.on)
	}
	return r.facts[word[1]]
}

func (r slowRecord) pick(text, between string, better func(a, b baakit.Date) bool) (baakit.Date, bool) {
	var best baakit.Date
	for i, part := range split(text, between) {
		d, _ := r.asks(part)
		if i == 0 || better(best, d) {
			best = d
		}
	}
	return best, !best.IsZero()
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func inside(s string) string { return s[strings.IndexByte(s, '(')+1 : len(s)-1] }

// split splits at the separators that are in no bracket.
func split(s, between string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], between) && !(between == " at " && condition(s[from:i])):
			parts = append(parts, s[from:i])
			from = i + len(between)
		}
	}
	return append(parts, s[from:])
}

func condition(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), "if ") }

// slowOf returns the reference's view of a record of which everything is
// known.
func slowOf(r retention.Record, majority int, on baakit.Date) slowRecord {
	s := slowRecord{events: make(map[string]baakit.Date), facts: r.Facts, majority: majority, on: on}
	s.birth, _ = r.Birth.Date()
	for t, w := range r.Events {
		s.events[string(t)], _ = w.Date()
	}
	for _, t := range []string{"last_service", "discharge", "last_entry", "creation"} {
		if d, ok := s.events[t]; ok && s.events["last_treatment"].IsZero() {
			s.events["last_treatment"] = d
		}
	}
	u := s.events["discharge"]
	if e := s.events["last_entry"]; e.After(u) {
		u = e
	}
	s.events["unspecified"] = u
	return s
}
