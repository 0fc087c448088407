package baa

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errLabel = errors.New("must be edition.update.correction such as 2.0.1, a draft with -n behind it")

// A Label is a message to the reader about what to read again: a new edition,
// an update of its terms, or a correction. It names a version and does not
// identify it; the hash does. Draft is the number of a draft on the way to
// the label, 0 for the text itself. The zero Label is invalid; the first is
// 1.0.0. Labels are comparable.
type Label struct{ Edition, Update, Correction, Draft int }

// ParseLabel reads "2.0.1" or, for a draft, "2.0.1-3": numbers without leading
// zeros, the edition and the draft from 1, each at most six digits.
func ParseLabel(s string) (Label, error) {
	text, draft, isDraft := strings.Cut(s, "-")
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Label{}, errLabel
	}
	if isDraft {
		parts = append(parts, draft)
	}
	var n [4]int
	for i, p := range parts {
		if p == "" || len(p) > 6 || strings.Trim(p, "0123456789") != "" || len(p) > 1 && p[0] == '0' {
			return Label{}, errLabel
		}
		n[i], _ = strconv.Atoi(p)
	}
	if n[0] == 0 || isDraft && n[3] == 0 {
		return Label{}, errLabel
	}
	return Label{n[0], n[1], n[2], n[3]}, nil
}

// MustParseLabel is ParseLabel for tests and package variables; it panics on
// an error.
func MustParseLabel(s string) Label {
	l, err := ParseLabel(s)
	if err != nil {
		panic(err)
	}
	return l
}

// IsZero reports whether l is the zero Label.
func (l Label) IsZero() bool { return l == Label{} }

// Compare orders by edition, update and correction; a draft comes before what
// it drafts.
func (l Label) Compare(m Label) int {
	if c := cmp.Or(cmp.Compare(l.Edition, m.Edition), cmp.Compare(l.Update, m.Update), cmp.Compare(l.Correction, m.Correction)); c != 0 {
		return c
	}
	switch {
	case l.Draft == m.Draft:
		return 0
	case l.Draft == 0:
		return 1
	case m.Draft == 0:
		return -1
	}
	return cmp.Compare(l.Draft, m.Draft)
}

// Next returns the label after l for a change that asks for bump: a schedule
// or a correction raises the correction, none keeps l.
func (l Label) Next(b Bump) Label {
	switch b {
	case BumpEdition:
		return Label{Edition: l.Edition + 1}
	case BumpUpdate:
		return Label{Edition: l.Edition, Update: l.Update + 1}
	case BumpCorrection, BumpSchedule:
		return Label{Edition: l.Edition, Update: l.Update, Correction: l.Correction + 1}
	}
	return l
}

// String returns the label, or "invalid Label".
func (l Label) String() string {
	if l.Edition < 1 || l.Update < 0 || l.Correction < 0 || l.Draft < 0 {
		return "invalid Label"
	}
	s := fmt.Sprintf("%d.%d.%d", l.Edition, l.Update, l.Correction)
	if l.Draft > 0 {
		s += "-" + strconv.Itoa(l.Draft)
	}
	return s
}

// MarshalText implements encoding.TextMarshaler; an invalid Label is an error.
func (l Label) MarshalText() ([]byte, error) {
	s := l.String()
	if _, err := ParseLabel(s); err != nil {
		return nil, err
	}
	return []byte(s), nil
}

// UnmarshalText implements encoding.TextUnmarshaler as [ParseLabel] reads.
func (l *Label) UnmarshalText(text []byte) error {
	read, err := ParseLabel(string(text))
	if err == nil {
		*l = read
	}
	return err
}
