package deid

import "slices"

// AgeCapText is what every age over 89 becomes: 45 CFR 164.514(b)(2)(i)(C)
// lets such ages be joined into one group of 90 or older.
const AgeCapText = "90+"

// ageCap is the first age that may not be told apart from higher ones.
func ageCap() int { return identifierTable().OldestAge + 1 }

// An AgeClass is what [ParseAge] found.
type AgeClass uint8

const (
	// AgeUnknown: the text is not an age it knows, and nothing may stay.
	AgeUnknown AgeClass = iota
	// AgeStays: the age is 89 or less.
	AgeStays
	// AgeOver: the age is over 89 and becomes [AgeCapText].
	AgeOver
)

// ParseAge says whether an age may stay: 45 CFR 164.514(b)(2)(i)(C) lets ages
// up to 89 stay and joins the ages over 89. Years is the age in whole years
// where it stays, and 90 where it is over.
//
// It reads a number with or without a unit: years, months, weeks, days, hours
// or minutes in their usual spellings ("89", "89 y/o", "7 months", "5 days
// old"), the forms of HL7 and DICOM ("089Y", "003W"), fractions, and the
// texts for the group itself ("90+", ">89", "90 or older"). In a unit shorter
// than the year it takes the shortest ninety years there can be. Ranges,
// decades and number words are unknown.
func ParseAge(s string) (years int, class AgeClass) { return parseAge([]byte(s)) }

func parseAge(b []byte) (int, AgeClass) {
	b = trimSpace(b)
	all, limit, open := b, ageCap(), false
	for len(b) > 0 && (b[0] == '>' || b[0] == '=') {
		open, b = true, trimSpace(b[1:])
	}
	for _, word := range [...]string{"over ", "above "} {
		if len(b) > len(word) && foldEqual(b[:len(word)], word) {
			open, b = true, trimSpace(b[len(word):])
		}
	}
	n := digitRun(b)
	// Eight digits hold the minutes of a long life; more is no age.
	if n == 0 || n > 8 {
		return 0, AgeUnknown
	}
	number, _ := digits(b[:n])
	b = b[n:]
	if len(b) > 1 && b[0] == '.' && digitRun(b[1:]) > 0 {
		b = b[1+digitRun(b[1:]):]
	}
	if len(b) > 0 && b[0] == '+' {
		open, b = true, b[1:]
	}
	b = trimSpace(b)
	for _, tail := range [...]string{"or older", "or over", "or above", "and older", "and over", "and above"} {
		if foldEqual(b, tail) {
			open, b = true, nil
		}
	}
	inYear, ok := unitsInYear(b)
	if len(b) == 1 && b[0]|0x20 == 'm' {
		// 092M is DICOM's 92 months, 92 M more likely a man of 92 years.
		inYear, ok = 12, n == 3 && !open && len(b) == len(all)-n
	}
	if !ok {
		return 0, AgeUnknown
	}
	if open {
		// A group is known only if it is the one that the rule makes.
		if inYear == 1 && number >= limit-1 {
			return limit, AgeOver
		}
		return 0, AgeUnknown
	}
	years := number / inYear
	if years >= limit {
		if years > 150 {
			return 0, AgeUnknown
		}
		return limit, AgeOver
	}
	return years, AgeStays
}

// unitsInYear reads the unit of an age and returns how many of it the
// shortest year holds.
func unitsInYear(b []byte) (int, bool) {
	var words [3][]byte
	count := 0
	for len(b) > 0 {
		if isSpace(b[0]) || b[0] == '-' || b[0] == '/' || b[0] == '.' {
			b = b[1:]
			continue
		}
		n := 0
		for n < len(b) && isAlpha(b[n]) {
			n++
		}
		if n == 0 || count == len(words) {
			return 0, false
		}
		words[count], b = b[:n], b[n:]
		count++
	}
	if count == 0 {
		return 1, true
	}
	unit := 0
	for _, u := range ageUnits {
		if slices.ContainsFunc(u.words, func(w string) bool { return foldEqual(words[0], w) }) {
			unit = u.inYear
		}
	}
	if unit == 0 {
		return 0, false
	}
	switch {
	case count == 1,
		count == 2 && (foldEqual(words[1], "old") || foldEqual(words[1], "o") || foldEqual(words[1], "of") || foldEqual(words[1], "age")),
		count == 3 && foldEqual(words[1], "of") && foldEqual(words[2], "age"):
		return unit, true
	}
	return 0, false
}

var ageUnits = [...]struct {
	inYear int
	words  []string
}{
	{1, []string{"y", "yr", "yrs", "year", "years", "yo", "yro", "a"}},
	{12, []string{"mo", "mos", "mon", "month", "months"}},
	{52, []string{"w", "wk", "wks", "week", "weeks"}},
	{365, []string{"d", "day", "days"}},
	{365 * 24, []string{"h", "hr", "hrs", "hour", "hours"}},
	{365 * 24 * 60, []string{"min", "mins", "minute", "minutes"}},
}
