package risk

import (
	"fmt"
	"strconv"
)

// Years returns the step that joins years into spans of n, which begin at the
// multiples of n: of 5, 1984 becomes "1980-1984". What is not a year of four
// digits becomes empty, so that nothing finer slips through. It panics if n is
// less than 1.
func Years(n int) Step {
	if n < 1 {
		panic("risk: a span must be a year at least")
	}
	return Step{Name: fmt.Sprintf("%d years", n), Apply: func(value string) string {
		year, err := strconv.Atoi(value)
		if err != nil || len(value) != 4 || year < 0 {
			return ""
		}
		from := year - year%n
		return fmt.Sprintf("%04d-%04d", from, from+n-1)
	}}
}

// Prefix returns the step that leaves the first n characters of a value, such
// as three of a ZIP code. It panics if n is negative.
func Prefix(n int) Step {
	if n < 0 {
		panic("risk: a prefix must not be shorter than nothing")
	}
	return Step{Name: fmt.Sprintf("first %d", n), Apply: func(value string) string {
		count := 0
		for i := range value {
			if count == n {
				return value[:i]
			}
			count++
		}
		return value
	}}
}

// Map returns the step that puts one value in the place of another, such as the
// State for three digits of a ZIP code. A value that the table does not have
// becomes empty. The table must not be changed while the step is in use.
func Map(name string, to map[string]string) Step {
	return Step{Name: name, Apply: func(value string) string { return to[value] }}
}

// Suppress returns the step that leaves nothing.
func Suppress() Step {
	return Step{Name: "suppressed", Apply: func(string) string { return "" }}
}
