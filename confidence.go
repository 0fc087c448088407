package baakit

import (
	"cmp"
	"database/sql/driver"
	"errors"
)

// A Confidence says how a fact of law came to be known. It travels with the
// fact: whoever reads a deadline also reads how far its source was checked.
//
// The zero Confidence is invalid. Confidences are comparable, immutable and
// safe for concurrent use.
type Confidence uint8

const (
	// Primary: the regulation, statute or agency text itself was read.
	Primary Confidence = iota + 1

	// Secondary: a summary or commentary by somebody else was read.
	Secondary

	// Derived: computed from other facts, by a stated method.
	Derived

	// Memory: from general knowledge, unverified. Such a row is never
	// shown without its mark.
	Memory
)

// ErrConfidence is the error of a text that is not a Confidence.
var ErrConfidence = errors.New("baakit: not a confidence: want primary, secondary, derived or memory")

var confidenceNames = [...]string{Primary: "primary", Secondary: "secondary", Derived: "derived", Memory: "memory"}

// ParseConfidence reads "primary", "secondary", "derived" or "memory";
// anything else gives [ErrConfidence].
func ParseConfidence(s string) (Confidence, error) {
	for c := Primary; c <= Memory; c++ {
		if confidenceNames[c] == s {
			return c, nil
		}
	}
	return 0, ErrConfidence
}

// MustParseConfidence is ParseConfidence for tests and package variables; it
// panics on an error.
func MustParseConfidence(s string) Confidence { return must(ParseConfidence(s)) }

// IsZero reports whether c is the zero Confidence.
func (c Confidence) IsZero() bool { return c == 0 }

// Compare orders by strength, the strongest first: Primary before Secondary
// before Derived before Memory. It returns -1, 0 or +1.
func (c Confidence) Compare(d Confidence) int { return cmp.Compare(c, d) }

// Weakest returns the weakest of the confidences, which is that of a
// conclusion drawn from all of them. Of none, or if one is not valid, it is
// Memory.
func Weakest(cs ...Confidence) Confidence {
	if len(cs) == 0 {
		return Memory
	}
	weakest := Primary
	for _, c := range cs {
		if c < Primary || c > Memory {
			return Memory
		}
		weakest = max(weakest, c)
	}
	return weakest
}

// String returns the word, or "invalid Confidence".
func (c Confidence) String() string {
	if c < Primary || c > Memory {
		return "invalid Confidence"
	}
	return confidenceNames[c]
}

// AppendText implements [encoding.TextAppender]; an invalid Confidence gives
// [ErrConfidence].
func (c Confidence) AppendText(b []byte) ([]byte, error) {
	if c < Primary || c > Memory {
		return b, ErrConfidence
	}
	return append(b, confidenceNames[c]...), nil
}

// MarshalText implements [encoding.TextMarshaler], as AppendText does.
func (c Confidence) MarshalText() ([]byte, error) { return c.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseConfidence]; on an error c is unchanged.
func (c *Confidence) UnmarshalText(text []byte) error {
	v, err := ParseConfidence(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// Scan implements [database/sql.Scanner]; NULL is an error.
func (c *Confidence) Scan(src any) error { return scanText(src, "Confidence", c.UnmarshalText) }

// Value implements [driver.Valuer] with the text form.
func (c Confidence) Value() (driver.Value, error) { return textValue(c) }
