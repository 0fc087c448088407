package deid

import "github.com/baakit/baakit"

// facts are what one record says about the age of its individual: 45 CFR
// 164.514(b)(2)(i)(C) takes not only an age over 89 but every date element
// that shows it, the year included.
//
// All of it goes by the year, since the year is all that is left in the
// output: who was born in 1936 is 89 or 90 in 2026, so a birth year goes as
// soon as the difference can be 90. HHS's own example in the guidance counts
// the same way.
type facts struct {
	births span
	deaths span
	dates  span // that may stay, deaths included
	ages   span // of at most 89, each one more than it is, since newborns are 0
	over   bool // an age over 89 was seen
}

// A span is the lowest and highest of some numbers; the zero span has none.
type span struct{ lo, hi int }

func (s *span) add(n int) {
	if s.lo == 0 || n < s.lo {
		s.lo = n
	}
	s.hi = max(s.hi, n)
}

func (s span) empty() bool { return s.lo == 0 }
func (s span) width() int  { return s.hi - s.lo }
func (s span) one() bool   { return s.lo != 0 && s.lo == s.hi }

// A verdict is what the facts of a record mean for its dates and ages.
type verdict struct {
	birthsUntil int  // years of birth before it go; all go if it is 0
	noBirths    bool // all years of birth go
	noDeaths    bool
	datesUntil  int // years of other dates after it go; 0: none
	agesUntil   int // ages over it go
}

// decide judges the whole record. asOf is the year of the reference day, 0 if
// there is none; limit is the first age that may not show.
func (f *facts) decide(asOf, limit int) verdict {
	v := verdict{agesUntil: limit - 1}
	// The last year in which the individual can have had an age: that of
	// death if exactly one individual's is known, otherwise that of the
	// reference day or of the latest date, should that lie behind it.
	until := 0
	switch {
	case f.deaths.one() && f.births.lo == f.births.hi:
		until = f.deaths.hi
	case asOf != 0:
		until = max(asOf, f.dates.hi)
	}
	if until == 0 || f.over {
		v.noBirths = true
	} else {
		v.birthsUntil = until - limit + 1
	}
	if !f.births.empty() {
		// A death ninety years after a birth shows an age over 89.
		v.noDeaths = !f.deaths.empty() && f.deaths.hi-f.births.lo >= limit
		// A year that stays may not lie ninety years behind a year of
		// birth that stays.
		if !v.noBirths {
			for _, b := range [...]int{f.births.lo, f.births.hi} {
				if b >= v.birthsUntil && f.dates.hi-b >= limit {
					v.datesUntil = b + limit - 1
					break
				}
			}
		}
	}
	// An age with two years shows what the age became by the second one,
	// unless a date of birth that stays says what it was: what goes can tell
	// no reader, nor a second pass over the output.
	if !f.ages.empty() && f.dates.width() > 0 {
		known := f.births.one() && v.birth(f.births.lo) && f.dates.hi-f.births.lo < limit
		if !known {
			v.agesUntil = min(v.agesUntil, limit-1-f.dates.width())
		}
	}
	return v
}

func (v verdict) birth(year int) bool { return !v.noBirths && year >= v.birthsUntil }
func (v verdict) date(year int) bool  { return v.datesUntil == 0 || year <= v.datesUntil }

// settled reports whether all dates and ages of the record may stay, so that
// deciding early and deciding at the end are the same.
func (f *facts) settled(v verdict) bool {
	return (f.births.empty() || v.birth(f.births.lo)) && !v.noDeaths && v.datesUntil == 0 &&
		(f.ages.empty() || f.ages.hi-1 <= v.agesUntil)
}

// ShowsAgeOver89 reports whether a year of birth shows an age over 89 to who
// knows that the individual was alive in the year of until: 45 CFR
// 164.514(b)(2)(i)(C). It goes by the years alone, as all that would stay.
// A zero date is unknown and reports true.
func ShowsAgeOver89(birth, until baakit.Date) bool {
	return birth.IsZero() || until.IsZero() || until.Year()-birth.Year() >= ageCap()
}
