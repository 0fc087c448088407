package deid

import (
	"errors"
	"iter"
)

// ErrKind is the error of a text that is not a [Kind].
var ErrKind = errors.New("deid: not a kind of value: want one of the words of deid.Kinds")

// A Kind says what a field holds, more finely than its [Identifier]: a birth
// date and a date of service are both (C), and are treated differently. Kinds
// are the words of struct tags and of rules.
//
// The zero Kind says nothing and is only good for a rule that drops or keeps.
// Kinds are comparable, immutable and safe for concurrent use.
type Kind uint8

// The kinds, in the order of their identifiers.
const (
	KindName Kind = iota + 1 // of a person or an employer, in full or in part

	KindStreet   // street address, with or without number
	KindCity     // town or city
	KindCounty   // county or parish
	KindPrecinct // precinct, district, ward
	KindZIP      // ZIP code of 3, 5 or 9 digits
	KindGeocode  // coordinates, census tract, grid square
	KindState    // State, District of Columbia or territory
	KindCountry  // country

	KindDate  // date about the individual: admission, service, test
	KindDOB   // date of birth
	KindDeath // date of death
	KindAge   // age, with or without unit

	KindPhone
	KindFax
	KindEmail
	KindSSN // or its last four digits
	KindMRN
	KindPlan    // health plan beneficiary number
	KindAccount // account number
	KindLicense // certificate or license number
	KindVehicle // vehicle identifier, license plate
	KindDevice  // device identifier or serial number
	KindURL
	KindIP
	KindBiometric
	KindPhoto
	KindID // any other unique number, characteristic or code

	KindText // free text, which may hold any identifier
	KindTerm // a code, its system or its display, from a published vocabulary

	lastKind = KindTerm
)

type kindRow struct {
	word       string
	identifier Identifier
	tag        string
}

var kinds = [...]kindRow{
	KindName:      {"name", Names, "[NAME]"},
	KindStreet:    {"street", Geography, "[STREET]"},
	KindCity:      {"city", Geography, "[CITY]"},
	KindCounty:    {"county", Geography, "[COUNTY]"},
	KindPrecinct:  {"precinct", Geography, "[PRECINCT]"},
	KindZIP:       {"zip", Geography, "[ZIP]"},
	KindGeocode:   {"geocode", Geography, "[GEOCODE]"},
	KindState:     {"state", Geography, "[STATE]"},
	KindCountry:   {"country", Geography, "[COUNTRY]"},
	KindDate:      {"date", DatesAges, "[DATE]"},
	KindDOB:       {"dob", DatesAges, "[DOB]"},
	KindDeath:     {"death", DatesAges, "[DEATH]"},
	KindAge:       {"age", DatesAges, "[AGE]"},
	KindPhone:     {"phone", Phone, "[PHONE]"},
	KindFax:       {"fax", Fax, "[FAX]"},
	KindEmail:     {"email", Email, "[EMAIL]"},
	KindSSN:       {"ssn", SSN, "[SSN]"},
	KindMRN:       {"mrn", MRN, "[MRN]"},
	KindPlan:      {"plan", HealthPlan, "[PLAN]"},
	KindAccount:   {"account", Account, "[ACCOUNT]"},
	KindLicense:   {"license", CertificateLicense, "[LICENSE]"},
	KindVehicle:   {"vehicle", Vehicle, "[VEHICLE]"},
	KindDevice:    {"device", Device, "[DEVICE]"},
	KindURL:       {"url", URL, "[URL]"},
	KindIP:        {"ip", IP, "[IP]"},
	KindBiometric: {"biometric", Biometric, "[BIOMETRIC]"},
	KindPhoto:     {"photo", Photo, "[PHOTO]"},
	KindID:        {"id", OtherUnique, "[ID]"},
	KindText:      {"text", 0, "[TEXT]"},
	KindTerm:      {"term", 0, "[TERM]"},
}

func (k Kind) valid() bool { return k >= 1 && k <= lastKind }

// Kinds returns every kind, in the order of the constants.
func Kinds() iter.Seq[Kind] {
	return func(yield func(Kind) bool) {
		for k := Kind(1); k <= lastKind && yield(k); k++ {
		}
	}
}

// ParseKind reads the word of a kind, "name" or "dob"; anything else gives the
// zero Kind and [ErrKind].
func ParseKind(s string) (Kind, error) {
	for k := Kind(1); k <= lastKind; k++ {
		if kinds[k].word == s {
			return k, nil
		}
	}
	return 0, ErrKind
}

// IsZero reports whether k is the zero Kind.
func (k Kind) IsZero() bool { return k == 0 }

// Identifier returns the identifier of 45 CFR 164.514(b)(2)(i) that values of
// the kind are; zero for [KindText] and [KindTerm], which are none by
// themselves, and for an invalid kind.
func (k Kind) Identifier() Identifier {
	if !k.valid() {
		return 0
	}
	return kinds[k].identifier
}

// tag is what [Tag] puts in the place of a value.
func (k Kind) tag() string {
	if !k.valid() {
		return "[REMOVED]"
	}
	return kinds[k].tag
}

func (k Kind) isDate() bool { return k == KindDate || k == KindDOB || k == KindDeath }

// String returns the word, or "invalid Kind".
func (k Kind) String() string {
	if !k.valid() {
		return "invalid Kind"
	}
	return kinds[k].word
}

// AppendText implements [encoding.TextAppender]; an invalid Kind gives
// [ErrKind].
func (k Kind) AppendText(b []byte) ([]byte, error) {
	if !k.valid() {
		return b, ErrKind
	}
	return append(b, kinds[k].word...), nil
}

// MarshalText implements [encoding.TextMarshaler], as AppendText does.
func (k Kind) MarshalText() ([]byte, error) { return k.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseKind]; on an error k is unchanged.
func (k *Kind) UnmarshalText(text []byte) error {
	v, err := ParseKind(string(text))
	if err != nil {
		return err
	}
	*k = v
	return nil
}
