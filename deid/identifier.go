package deid

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/baakit/baakit"
)

// ErrIdentifier is the error of a text that is not an [Identifier].
var ErrIdentifier = errors.New("deid: not an identifier: want a letter from A to R")

// An Identifier is one of the eighteen kinds of identifier that 45 CFR
// 164.514(b)(2)(i) lists from (A) to (R): of the individual, or of relatives,
// employers or household members of the individual ([Covered]).
//
// The zero Identifier is invalid. Identifiers are comparable, immutable and
// safe for concurrent use; their text form is the letter.
type Identifier uint8

// The identifiers of 45 CFR 164.514(b)(2)(i), by their letters.
const (
	Names              Identifier = iota + 1 // A
	Geography                                // B
	DatesAges                                // C
	Phone                                    // D
	Fax                                      // E
	Email                                    // F
	SSN                                      // G
	MRN                                      // H
	HealthPlan                               // I
	Account                                  // J
	CertificateLicense                       // K
	Vehicle                                  // L
	Device                                   // M
	URL                                      // N
	IP                                       // O
	Biometric                                // P
	Photo                                    // Q
	OtherUnique                              // R

	lastIdentifier = OtherUnique
)

// A Treatment says what becomes of an identifier in a limited data set.
type Treatment string

const (
	// Excluded: it is one of the sixteen direct identifiers.
	Excluded Treatment = "excluded"
	// Partly: some of it may stay.
	Partly Treatment = "partly"
	// MayStay: the limited data set does not exclude it.
	MayStay Treatment = "may_stay"
)

type identifierRow struct {
	Letter                 string            `json:"letter"`
	ID                     string            `json:"id"`
	Title                  string            `json:"title"`
	Citation               string            `json:"citation"`
	Confidence             baakit.Confidence `json:"confidence"`
	Note                   string            `json:"note"`
	NoteConfidence         baakit.Confidence `json:"note_confidence"`
	LimitedDataSet         Treatment         `json:"limited_data_set"`
	LimitedDataSetCitation string            `json:"limited_data_set_citation"`
}

type identifierLaw struct {
	Schema        string          `json:"schema"`
	AsOf          baakit.Date     `json:"as_of"`
	Whose         []string        `json:"whose"`
	WhoseCitation string          `json:"whose_citation"`
	OldestAge     int             `json:"oldest_age_that_stays"`
	AgeCitation   string          `json:"age_citation"`
	Identifiers   []identifierRow `json:"identifiers"`
}

//go:embed law/identifiers.json
var identifiersJSON []byte

// identifierTable reads the embedded table once. A table that cannot be read
// is a broken build, which the tests see first.
var identifierTable = sync.OnceValue(func() *identifierLaw {
	var law identifierLaw
	if err := json.Unmarshal(identifiersJSON, &law); err != nil {
		panic(fmt.Sprintf("deid: the embedded identifier table is broken: %v", err))
	}
	return &law
})

func (i Identifier) valid() bool { return i >= 1 && i <= lastIdentifier }

func (i Identifier) row() identifierRow {
	if !i.valid() {
		return identifierRow{}
	}
	return identifierTable().Identifiers[i-1]
}

// Identifiers returns all eighteen, from A to R.
func Identifiers() iter.Seq[Identifier] {
	return func(yield func(Identifier) bool) {
		for i := Identifier(1); i <= lastIdentifier && yield(i); i++ {
		}
	}
}

// Covered returns whose identifiers count, as 45 CFR 164.514(b)(2)(i) lists
// them: the individual and the individual's relatives, employers and
// household members. The slice is the caller's.
func Covered() []string { return slices.Clone(identifierTable().Whose) }

// ParseIdentifier reads a capital letter from A to R; anything else gives the
// zero Identifier and [ErrIdentifier].
func ParseIdentifier(s string) (Identifier, error) {
	if len(s) != 1 || s[0] < 'A' || s[0] > 'R' {
		return 0, ErrIdentifier
	}
	return Identifier(s[0]-'A') + 1, nil
}

// IsZero reports whether i is the zero Identifier.
func (i Identifier) IsZero() bool { return i == 0 }

// String returns the letter, or "invalid Identifier".
func (i Identifier) String() string {
	if !i.valid() {
		return "invalid Identifier"
	}
	return string(rune('A' + i - 1))
}

// ID returns the short name, "names" or "other_unique"; "" if i is not valid.
func (i Identifier) ID() string { return i.row().ID }

// Title returns what the identifier is, in words; "" if i is not valid.
func (i Identifier) Title() string { return i.row().Title }

// Citation returns the paragraph that lists the identifier; the zero Citation
// if i is not valid.
func (i Identifier) Citation() baakit.Citation {
	if !i.valid() {
		return baakit.Citation{}
	}
	row := i.row()
	return baakit.MustParseCitation(row.Citation).WithConfidence(row.Confidence).WithAsOf(identifierTable().AsOf)
}

// Note returns what is worth knowing about the identifier and how that came to
// be known; "" and zero where there is nothing to add.
func (i Identifier) Note() (string, baakit.Confidence) {
	row := i.row()
	return row.Note, row.NoteConfidence
}

// LimitedDataSet returns what becomes of the identifier in a limited data set
// and the paragraph that says so: 45 CFR 164.514(e)(2).
func (i Identifier) LimitedDataSet() (Treatment, baakit.Citation) {
	if !i.valid() {
		return "", baakit.Citation{}
	}
	row := i.row()
	return row.LimitedDataSet, baakit.MustParseCitation(row.LimitedDataSetCitation).WithConfidence(row.Confidence).WithAsOf(identifierTable().AsOf)
}

// AppendText implements [encoding.TextAppender] with the letter; an invalid
// Identifier gives [ErrIdentifier].
func (i Identifier) AppendText(b []byte) ([]byte, error) {
	if !i.valid() {
		return b, ErrIdentifier
	}
	return append(b, byte('A'+i-1)), nil
}

// MarshalText implements [encoding.TextMarshaler], as AppendText does.
func (i Identifier) MarshalText() ([]byte, error) { return i.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseIdentifier]; on an error i is unchanged.
func (i *Identifier) UnmarshalText(text []byte) error {
	v, err := ParseIdentifier(string(text))
	if err != nil {
		return err
	}
	*i = v
	return nil
}
