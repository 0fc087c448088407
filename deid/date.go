package deid

import "time"

// The years that a date of a living or once living patient's record can have.
// A number outside them is no year: it is more likely a month with a day, a
// clock time, or an open end such as 9999.
const (
	firstYear = 1850
	lastYear  = 2100
)

// ParseYear returns the year of a date, which is all of it that 45 CFR
// 164.514(b)(2)(i)(C) lets stay; ok is false where s is not a date it knows,
// and then nothing of s may stay.
//
// It reads a year alone; ISO 8601 dates with and without day, clock time,
// fraction and zone, ordinal dates, weeks and quarters; the date, dateTime
// and instant of FHIR; the eight digits and longer of HL7 DT and DTM; numbers
// divided by slashes, hyphens or points with the year first or last; and
// English month names with day and year in any usual order. A year has four
// digits and is from 1850 to 2100: two digits, and the six of an HL7 month
// ([ParseHL7Year]), could be something finer. A date that does not exist is
// no date. Time zones do not matter: the year is the one that s states.
func ParseYear(s string) (year int, ok bool) { return parseYear([]byte(s)) }

// ParseHL7Year is [ParseYear] for the HL7 v2 types DT, DTM and TS alone:
// YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]. In them six digits are a
// year and a month. A time alone (TM) has no year.
func ParseHL7Year(s string) (year int, ok bool) { return parseHL7Year(trimSpace([]byte(s))) }

func parseHL7Year(b []byte) (int, bool) {
	n := digitRun(b)
	switch n {
	case 4, 6, 8, 10, 12, 14:
	default:
		return 0, false
	}
	year, ok := yearIn(b[:4])
	if !ok {
		return 0, false
	}
	month, day := 1, 1
	if n >= 6 {
		month = two(b[4:])
	}
	if n >= 8 {
		day = two(b[6:])
	}
	if !validDay(year, month, day) ||
		n >= 10 && two(b[8:]) > 23 || n >= 12 && two(b[10:]) > 59 || n >= 14 && two(b[12:]) > 60 {
		return 0, false
	}
	rest := b[n:]
	if len(rest) > 0 && rest[0] == '.' {
		f := digitRun(rest[1:])
		if n != 14 || f < 1 || f > 9 {
			return 0, false
		}
		rest = rest[1+f:]
	}
	return year, len(rest) == 0 || len(rest) == 5 && isOffset(rest)
}

func parseYear(b []byte) (int, bool) {
	b = trimSpace(b)
	switch n := digitRun(b); {
	case n == 4:
		year, ok := yearIn(b[:4])
		if !ok {
			break
		}
		if len(b) == 4 {
			return year, true
		}
		return year, yearFirst(year, b[4:])
	case n == 8 && len(b) > 8 && (b[8] == 'T' || b[8] == 't'):
		year, ok := parseHL7Year(b[:8])
		return year, ok && isBasicTime(b[9:])
	case n >= 8:
		return parseHL7Year(b)
	case n == 1 || n == 2:
		if year, ok := yearLast(b); ok {
			return year, true
		}
	}
	return monthByName(b)
}

// yearFirst reads what follows a year in 2006-01-02T15:04:05Z, 2006/1/2,
// 2006-002, 2006-W01-2, 2006-Q1 and 2006Q1.
func yearFirst(year int, b []byte) bool {
	sep := b[0]
	if sep == '-' || sep == '/' || sep == '.' || sep == ' ' {
		b = b[1:]
	}
	if len(b) == 0 {
		return false
	}
	switch b[0] | 0x20 {
	case 'q':
		return len(b) == 2 && b[1] >= '1' && b[1] <= '4'
	case 'w':
		if n := digitRun(b[1:]); sep == ' ' || n != 2 && n != 3 {
			return false
		}
		week, rest := two(b[1:]), b[3:]
		if len(rest) > 0 && rest[0] == '-' {
			rest = rest[1:]
			if len(rest) == 0 {
				return false
			}
		}
		return week >= 1 && week <= weeksIn(year) && (len(rest) == 0 || len(rest) == 1 && rest[0] >= '1' && rest[0] <= '7')
	}
	if sep != '-' && sep != '/' && sep != '.' {
		return false
	}
	n := digitRun(b)
	if n == 3 && sep == '-' {
		day, _ := digits(b[:3])
		return day >= 1 && validOrdinal(year, day) && isTimeSuffix(b[3:])
	}
	if n < 1 || n > 2 {
		return false
	}
	month, _ := digits(b[:n])
	b = b[n:]
	if len(b) == 0 {
		return validDay(year, month, 1)
	}
	if b[0] != sep {
		return false
	}
	b = b[1:]
	if n = digitRun(b); n < 1 || n > 2 {
		return false
	}
	day, _ := digits(b[:n])
	return validDay(year, month, day) && isTimeSuffix(b[n:])
}

// yearLast reads 1/2/2006, 2.1.2006, 01-02-2006 15:04 and 1/2006. Which of
// the two numbers is the month does not matter to the year.
func yearLast(b []byte) (int, bool) {
	first, b, sep, ok := numberThen(b)
	if !ok {
		return 0, false
	}
	if n := digitRun(b); n == 4 {
		year, ok := yearIn(b[:4])
		return year, ok && len(b) == 4 && first >= 1 && first <= 12
	}
	second, b, again, ok := numberThen(b)
	if !ok || again != sep || digitRun(b) != 4 {
		return 0, false
	}
	year, ok := yearIn(b[:4])
	if !ok || !validDay(year, first, second) && !validDay(year, second, first) {
		return 0, false
	}
	return year, isTimeSuffix(b[4:])
}

func numberThen(b []byte) (n int, rest []byte, sep byte, ok bool) {
	run := digitRun(b)
	if run < 1 || run > 2 || len(b) == run {
		return 0, nil, 0, false
	}
	n, _ = digits(b[:run])
	sep = b[run]
	return n, b[run+1:], sep, sep == '/' || sep == '-' || sep == '.'
}

// monthByName reads dates with an English month name: one month, one year of
// four digits, at most a day, a weekday, a clock time and a zone.
func monthByName(b []byte) (int, bool) {
	var year, month, day, weekday, clock, zone int
	for len(b) > 0 {
		c := b[0]
		switch {
		case isSpace(c) || c == ',' || c == '/' || c == '.' || c == '-' && clock == 0:
			b = b[1:]
		case isAlpha(c):
			n := 1
			for n < len(b) && isAlpha(b[n]) {
				n++
			}
			word := b[:n]
			b = b[n:]
			switch {
			case monthNumber(word) > 0 && month == 0:
				month = monthNumber(word)
			case isWeekday(word) && weekday == 0:
				weekday = 1
			case foldEqual(word, "of") && day > 0, foldEqual(word, "at") && year > 0, foldEqual(word, "the") && day == 0:
			case clock > 0 && zone < 2 && len(word) <= 5:
				zone++
			default:
				return 0, false
			}
		case isDigit(c):
			n := digitRun(b)
			switch {
			case n == 4 && year == 0:
				y, ok := yearIn(b[:4])
				if !ok {
					return 0, false
				}
				year = y
				if len(b) > 4 && (isAlpha(b[4]) || b[4] == ':') {
					return 0, false
				}
			case n <= 2 && n < len(b) && b[n] == ':' && clock == 0:
				t := clockLen(b)
				if t == 0 {
					return 0, false
				}
				clock, n = 1, t
			case n <= 2 && day == 0:
				day, _ = digits(b[:n])
				if day < 1 || day > 31 {
					return 0, false
				}
				n += ordinalSuffix(b[n:])
			default:
				return 0, false
			}
			b = b[n:]
		case (c == '+' || c == '-') && clock > 0 && isOffset(b):
			b = nil
		default:
			return 0, false
		}
	}
	if year == 0 || month == 0 || day > 0 && !validDay(year, month, day) {
		return 0, false
	}
	return year, true
}

var monthNames = [...]string{
	"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
}

// monthNumber reads a month name in full, its first three letters, or sept.
func monthNumber(word []byte) int {
	if len(word) < 3 {
		return 0
	}
	for i, name := range monthNames {
		if foldEqual(word, name) || foldEqual(word, name[:3]) {
			return i + 1
		}
	}
	if foldEqual(word, "sept") {
		return 9
	}
	return 0
}

func isWeekday(word []byte) bool {
	for _, name := range [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"} {
		if foldEqual(word, name) || foldEqual(word, name[:3]) {
			return true
		}
	}
	return foldEqual(word, "tues") || foldEqual(word, "thur") || foldEqual(word, "thurs")
}

func ordinalSuffix(b []byte) int {
	if len(b) < 2 || len(b) > 2 && isAlpha(b[2]) {
		return 0
	}
	for _, suffix := range [...]string{"st", "nd", "rd", "th"} {
		if foldEqual(b[:2], suffix) {
			return 2
		}
	}
	return 0
}

// isTimeSuffix reads what may follow a day: nothing, or T or a space and a
// clock time with fraction, am or pm, and a zone.
func isTimeSuffix(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if b[0] != 'T' && b[0] != 't' && b[0] != ' ' {
		return false
	}
	b = trimSpace(b[1:])
	n := clockLen(b)
	if n == 0 {
		return false
	}
	b = trimSpace(b[n:])
	if len(b) >= 2 && (b[0]|0x20 == 'a' || b[0]|0x20 == 'p') && b[1]|0x20 == 'm' {
		b = trimSpace(b[2:])
	}
	return isZone(b)
}

// isBasicTime reads the clock time of 20060102T150405Z.
func isBasicTime(b []byte) bool {
	n := digitRun(b)
	if n != 2 && n != 4 && n != 6 || two(b) > 24 || n >= 4 && two(b[2:]) > 59 || n >= 6 && two(b[4:]) > 60 {
		return false
	}
	b = b[n:]
	if len(b) > 1 && (b[0] == '.' || b[0] == ',') && digitRun(b[1:]) > 0 {
		b = b[1+digitRun(b[1:]):]
	}
	return isZone(b)
}

// isZone reads nothing, Z, an offset, an abbreviation, or an offset and the
// bracketed or spelled name that some systems add to it.
func isZone(b []byte) bool {
	if len(b) == 0 || isOffset(b) {
		return true
	}
	if len(b) > 5 {
		return false
	}
	for _, c := range b {
		if !isAlpha(c) {
			return false
		}
	}
	return true
}

// isOffset reads +hh, +hhmm, +hh:mm, and the same with a minus.
func isOffset(b []byte) bool {
	if len(b) < 3 || b[0] != '+' && b[0] != '-' || digitRun(b[1:]) < 2 || two(b[1:]) > 14 {
		return false
	}
	b = b[3:]
	if len(b) == 3 && b[0] == ':' {
		b = b[1:]
	}
	return len(b) == 0 || len(b) == 2 && digitRun(b) == 2 && two(b) < 60
}

// clockLen returns the length of h:mm[:ss[.fraction]], 0 if b does not begin
// with one.
func clockLen(b []byte) int {
	n := digitRun(b)
	if n < 1 || n > 2 || len(b) < n+3 || b[n] != ':' || digitRun(b[n+1:]) != 2 {
		return 0
	}
	hour, _ := digits(b[:n])
	if hour > 24 || two(b[n+1:]) > 59 {
		return 0
	}
	n += 3
	if len(b) >= n+3 && b[n] == ':' && digitRun(b[n+1:]) == 2 {
		if two(b[n+1:]) > 60 {
			return 0
		}
		n += 3
		if len(b) > n+1 && (b[n] == '.' || b[n] == ',') {
			n += 1 + digitRun(b[n+1:])
		}
	}
	return n
}

func digitRun(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

func two(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }

func yearIn(b []byte) (int, bool) {
	year, ok := digits(b)
	return year, ok && year >= firstYear && year <= lastYear
}

func validDay(year, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= daysIn(year, month))
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// weeksIn returns how many ISO weeks a year has: 28 December is in the last.
func weeksIn(year int) int {
	_, week := time.Date(year, time.December, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	return week
}

func validOrdinal(year, day int) bool {
	return day <= time.Date(year, time.December, 31, 0, 0, 0, 0, time.UTC).YearDay()
}

// foldEqual compares b with an ASCII text in lower case.
func foldEqual(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// appendDay appends a day as 2006-01-02; a year that has not four digits, which
// no rule lets stay, as 0000.
func appendDay(dst []byte, year, month, day int) []byte {
	if year < 0 || year > 9999 {
		year = 0
	}
	return append(appendYear(dst, year), '-', byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10))
}

func appendYear(dst []byte, year int) []byte {
	return append(dst, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10))
}
