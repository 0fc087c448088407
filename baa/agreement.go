package baa

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
)

// AgreementSchema is the schema of an [Agreement] as JSON.
const AgreementSchema = "baakit.baa.agreement/1"

// The errors of [Agreement.Publish].
var (
	// ErrLabelTaken: another version of the agreement has the label.
	ErrLabelTaken = errors.New("baa: the label names another version of the agreement")
	// ErrChain: the version does not follow the latest one.
	ErrChain = errors.New("baa: the version must follow the latest one of the agreement")
	// ErrKind: the version is of another kind of agreement.
	ErrKind = errors.New("baa: the version is of another kind of agreement")
)

// An Agreement is a chain of versions under one name; it only grows. Who its
// parties are and which underlying agreement it belongs to is said by its
// versions. An Agreement is immutable, Publish returns a longer one, and safe
// for concurrent use. The zero Agreement is invalid.
type Agreement struct {
	id       string
	versions []Version
}

// NewAgreement returns the agreement with the name, at most 200 printing ASCII
// characters without spaces, and its first version. The error is a
// [baakit.FieldErrors].
func NewAgreement(id string, first Version) (Agreement, error) {
	var errs baakit.FieldErrors
	if !events.IsName(id) {
		errs.Add("id", "is required, at most 200 printing ASCII characters without spaces")
	}
	if first.IsZero() {
		errs.Add("versions[0]", "is required")
	} else if first.Parent() != "" {
		errs.Add("versions[0].parent", "must be left out in the first version")
	}
	if err := errs.Err(); err != nil {
		return Agreement{}, err
	}
	return Agreement{id, []Version{first}}, nil
}

// ID returns the name.
func (a Agreement) ID() string { return a.id }

// IsZero reports whether a is the zero Agreement.
func (a Agreement) IsZero() bool { return a.id == "" }

// Kind returns the kind; all versions share it.
func (a Agreement) Kind() AgreementKind { return a.Latest().Kind() }

// Parties returns the parties by the latest version.
func (a Agreement) Parties() []Party { return slices.Clone(a.Latest().d.Parties) }

// Underlying returns the underlying agreement by the latest version.
func (a Agreement) Underlying() Underlying { return a.Latest().d.Underlying }

// Versions returns the versions from the first to the latest.
func (a Agreement) Versions() []Version { return slices.Clone(a.versions) }

// Latest returns the latest version; the zero Version of the zero Agreement.
func (a Agreement) Latest() Version {
	if len(a.versions) == 0 {
		return Version{}
	}
	return a.versions[len(a.versions)-1]
}

// Version returns the version with the hash and whether there is one.
func (a Agreement) Version(hash string) (Version, bool) {
	i := slices.IndexFunc(a.versions, func(v Version) bool { return v.hash == hash })
	if i < 0 {
		return Version{}, false
	}
	return a.versions[i], true
}

// Publish returns the agreement with v as its latest version. A version that
// it has already changes nothing. The errors are [ErrKind], [ErrLabelTaken]
// where the label names another version, and [ErrChain] unless the parent of v
// is the latest version and its label is later: so the versions are one chain
// without branches or cycles. Publishing does not judge the text: see [Check].
func (a Agreement) Publish(v Version) (Agreement, error) {
	if v.IsZero() || a.IsZero() {
		return a, ErrChain
	}
	if _, ok := a.Version(v.hash); ok {
		return a, nil
	}
	latest := a.Latest()
	switch {
	case v.Kind() != a.Kind():
		return a, ErrKind
	case slices.ContainsFunc(a.versions, func(w Version) bool { return w.Label() == v.Label() }):
		return a, ErrLabelTaken
	case v.Parent() != latest.hash || v.Label().Compare(latest.Label()) <= 0:
		return a, ErrChain
	}
	a.versions = append(slices.Clone(a.versions), v)
	return a, nil
}

type agreementWire struct {
	Schema   string    `json:"schema"`
	ID       string    `json:"id"`
	Versions []Version `json:"versions"`
}

// MarshalJSON implements json.Marshaler.
func (a Agreement) MarshalJSON() ([]byte, error) {
	return json.Marshal(agreementWire{AgreementSchema, a.id, a.versions})
}

// ParseAgreement reads the JSON of an agreement strictly: each version is
// checked and published after the one before it. The error is a
// [baakit.FieldErrors].
func ParseAgreement(data []byte) (Agreement, error) {
	var w agreementWire
	if err := strictjson.Decode(data, &w); err != nil {
		return Agreement{}, err
	}
	var errs baakit.FieldErrors
	if w.Schema != AgreementSchema {
		errs.Add("schema", "must be "+AgreementSchema)
	}
	if len(w.Versions) == 0 {
		errs.Add("versions", "must have at least one")
		return Agreement{}, errs
	}
	a, err := NewAgreement(w.ID, w.Versions[0])
	errs.Merge("", err)
	if len(errs) > 0 {
		return Agreement{}, errs
	}
	for i, v := range w.Versions[1:] {
		before := len(a.versions)
		if a, err = a.Publish(v); err == nil && len(a.versions) == before {
			err = ErrChain
		}
		if err != nil {
			errs.Add(fmt.Sprintf("versions[%d]", i+1), "must follow the version before it, of the same kind and with a later label")
			return Agreement{}, errs
		}
	}
	return a, nil
}

// UnmarshalJSON implements json.Unmarshaler as [ParseAgreement] reads; on an
// error a is unchanged.
func (a *Agreement) UnmarshalJSON(data []byte) error {
	read, err := ParseAgreement(data)
	if err == nil {
		*a = read
	}
	return err
}
