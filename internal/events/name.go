package events

import (
	"time"

	"github.com/baakit/baakit"
)

// NameRule is the rule of [IsName] in an error.
const NameRule = "must be 1 to 200 printing ASCII characters without spaces"

// IsName reports whether s can name something that events speak of, such as a
// version, an asset or a notice: 1 to 200 printing ASCII bytes, no space.
func IsName(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// lastSafe is an instant before which no zone has the year 10000.
var lastSafe = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// ValidInstant reports whether t is an instant of the years 1 to 9999.
func ValidInstant(t time.Time) bool {
	if t.Unix() > 0 && t.Before(lastSafe) { // the year is not worth computing
		return true
	}
	return !t.IsZero() && t.Year() >= 1 && t.Year() <= 9999
}

// CheckAxes adds to errs what is wrong with the two times that a state is asked
// for: valid, when it applied, and known, when that was learnt.
func CheckAxes(errs *baakit.FieldErrors, valid, known time.Time) {
	for _, axis := range []struct {
		name string
		at   time.Time
	}{{"valid", valid}, {"known", known}} {
		if !ValidInstant(axis.at) {
			errs.Add(axis.name, "is required, in the years 1 to 9999")
		}
	}
}
