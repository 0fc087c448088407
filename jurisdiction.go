package baakit

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"iter"
)

// A Jurisdiction is where an individual resides or whose law applies: one of
// the 50 States, the District of Columbia, a territory, a foreign country, or
// unknown.
//
// For HIPAA "State" means the 50 States, the District of Columbia, Puerto
// Rico, the Virgin Islands, Guam, American Samoa and the Northern Mariana
// Islands (45 CFR 160.103, State): [Jurisdiction.IsHIPAAState].
//
// The zero Jurisdiction is invalid, and not the same as [UnknownJurisdiction],
// which says that somebody asked and could not tell. Jurisdictions are
// comparable, immutable and safe for concurrent use.
type Jurisdiction uint8

// The jurisdictions that a program names in code; all others are read with
// [ParseJurisdiction].
const (
	ForeignJurisdiction Jurisdiction = iota + 57
	UnknownJurisdiction
)

// ErrJurisdiction is the error of a text that is not a code of a
// Jurisdiction.
var ErrJurisdiction = errors.New("baakit: not a jurisdiction: want the postal code of a State, DC, PR, GU, VI, AS or MP, or foreign or unknown")

// jurisdictions are in the order of their codes, the States first; position 0
// is the zero Jurisdiction.
var jurisdictions = [...]struct{ code, name string }{
	{},
	{"AK", "Alaska"},
	{"AL", "Alabama"},
	{"AR", "Arkansas"},
	{"AZ", "Arizona"},
	{"CA", "California"},
	{"CO", "Colorado"},
	{"CT", "Connecticut"},
	{"DE", "Delaware"},
	{"FL", "Florida"},
	{"GA", "Georgia"},
	{"HI", "Hawaii"},
	{"IA", "Iowa"},
	{"ID", "Idaho"},
	{"IL", "Illinois"},
	{"IN", "Indiana"},
	{"KS", "Kansas"},
	{"KY", "Kentucky"},
	{"LA", "Louisiana"},
	{"MA", "Massachusetts"},
	{"MD", "Maryland"},
	{"ME", "Maine"},
	{"MI", "Michigan"},
	{"MN", "Minnesota"},
	{"MO", "Missouri"},
	{"MS", "Mississippi"},
	{"MT", "Montana"},
	{"NC", "North Carolina"},
	{"ND", "North Dakota"},
	{"NE", "Nebraska"},
	{"NH", "New Hampshire"},
	{"NJ", "New Jersey"},
	{"NM", "New Mexico"},
	{"NV", "Nevada"},
	{"NY", "New York"},
	{"OH", "Ohio"},
	{"OK", "Oklahoma"},
	{"OR", "Oregon"},
	{"PA", "Pennsylvania"},
	{"RI", "Rhode Island"},
	{"SC", "South Carolina"},
	{"SD", "South Dakota"},
	{"TN", "Tennessee"},
	{"TX", "Texas"},
	{"UT", "Utah"},
	{"VA", "Virginia"},
	{"VT", "Vermont"},
	{"WA", "Washington"},
	{"WI", "Wisconsin"},
	{"WV", "West Virginia"},
	{"WY", "Wyoming"},
	{"AS", "American Samoa"},
	{"DC", "District of Columbia"},
	{"GU", "Guam"},
	{"MP", "Northern Mariana Islands"},
	{"PR", "Puerto Rico"},
	{"VI", "Virgin Islands"},
	ForeignJurisdiction: {"foreign", "a foreign country"},
	UnknownJurisdiction: {"unknown", "an unknown jurisdiction"},
}

const (
	lastState        = 50
	lastHIPAAState   = ForeignJurisdiction - 1
	lastJurisdiction = UnknownJurisdiction
)

// ParseJurisdiction reads a code: the two capital letters of the Postal
// Service, "foreign" or "unknown". Anything else gives the zero Jurisdiction
// and [ErrJurisdiction].
func ParseJurisdiction(code string) (Jurisdiction, error) {
	for j := Jurisdiction(1); j <= lastJurisdiction; j++ {
		if jurisdictions[j].code == code {
			return j, nil
		}
	}
	return 0, ErrJurisdiction
}

// MustParseJurisdiction is ParseJurisdiction for tests and package variables;
// it panics on an error.
func MustParseJurisdiction(code string) Jurisdiction { return must(ParseJurisdiction(code)) }

// Jurisdictions returns every valid Jurisdiction: the States by their codes,
// then the District of Columbia and the territories by theirs, then foreign
// and unknown.
func Jurisdictions() iter.Seq[Jurisdiction] {
	return func(yield func(Jurisdiction) bool) {
		for j := Jurisdiction(1); j <= lastJurisdiction && yield(j); j++ {
		}
	}
}

func (j Jurisdiction) valid() bool { return j >= 1 && j <= lastJurisdiction }

// IsZero reports whether j is the zero Jurisdiction.
func (j Jurisdiction) IsZero() bool { return j == 0 }

// IsState reports whether j is one of the 50 States.
func (j Jurisdiction) IsState() bool { return j >= 1 && j <= lastState }

// IsHIPAAState reports whether j is a State as 45 CFR 160.103 defines it: one
// of the 50 States, the District of Columbia, Puerto Rico, the Virgin
// Islands, Guam, American Samoa or the Northern Mariana Islands.
func (j Jurisdiction) IsHIPAAState() bool { return j >= 1 && j <= lastHIPAAState }

// Code returns the code that [ParseJurisdiction] reads, or "" if j is not
// valid.
func (j Jurisdiction) Code() string {
	if !j.valid() {
		return ""
	}
	return jurisdictions[j].code
}

// Name returns the name in English, to be used in a sentence, or "" if j is
// not valid.
func (j Jurisdiction) Name() string {
	if !j.valid() {
		return ""
	}
	return jurisdictions[j].name
}

// Compare orders as [Jurisdictions] lists: -1, 0 or +1.
func (j Jurisdiction) Compare(k Jurisdiction) int { return cmp.Compare(j, k) }

// String returns the code, or "invalid Jurisdiction".
func (j Jurisdiction) String() string {
	if !j.valid() {
		return "invalid Jurisdiction"
	}
	return jurisdictions[j].code
}

// AppendText implements [encoding.TextAppender]; an invalid Jurisdiction
// gives [ErrJurisdiction].
func (j Jurisdiction) AppendText(b []byte) ([]byte, error) {
	if !j.valid() {
		return b, ErrJurisdiction
	}
	return append(b, jurisdictions[j].code...), nil
}

// MarshalText implements [encoding.TextMarshaler], as AppendText does.
func (j Jurisdiction) MarshalText() ([]byte, error) { return j.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseJurisdiction]; on an error j is unchanged.
func (j *Jurisdiction) UnmarshalText(text []byte) error {
	v, err := ParseJurisdiction(string(text))
	if err != nil {
		return err
	}
	*j = v
	return nil
}

// Scan implements [database/sql.Scanner]; NULL is an error.
func (j *Jurisdiction) Scan(src any) error { return scanText(src, "Jurisdiction", j.UnmarshalText) }

// Value implements [driver.Valuer] with the text form.
func (j Jurisdiction) Value() (driver.Value, error) { return textValue(j) }
