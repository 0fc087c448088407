package deid

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/baakit/baakit"
)

// A Subject is what is known about the individual whose record is processed.
// The self-check looks for it in the output, the dates are judged by it, and a
// [TextScrubber] may search for it. It prints and logs as "[redacted]"; the
// engine keeps nothing of it after a call.
//
// The zero Subject is a known individual of whom nothing is known. A nil
// *Subject stands for the same.
type Subject struct {
	Names     []string // of the individual, relatives, employers, household members
	IDs       []string // record, account, plan and social security numbers
	Addresses []string // street lines, cities, ZIP codes
	Contacts  []string // telephone and fax numbers, e-mail and web addresses
	Birth     baakit.Date
	Death     baakit.Date
	// Key tells the individual from others within the job. Only ShiftDate
	// needs it: all dates of one Key move by the same number of days.
	Key string
}

const redacted = "[redacted]"

// Format implements [fmt.Formatter] and prints "[redacted]".
func (s Subject) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer] with "[redacted]".
func (s Subject) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns the string "[redacted]": a subject has no wire form.
func (s Subject) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
