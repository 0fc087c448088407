package baa

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/strictjson"
	"github.com/go-playground/validator/v10"
)

// DraftSchema is the schema of a [Draft] as JSON.
const DraftSchema = "baakit.baa.draft/1"

// An AgreementKind says who agrees with whom on what. The zero AgreementKind
// is invalid.
type AgreementKind string

// The kinds. In an agreement with a subcontractor the business associate
// stands where a covered entity stands otherwise: 45 CFR 164.504(e)(5).
const (
	CoveredEntityAgreement AgreementKind = "covered_entity_business_associate"
	SubcontractorAgreement AgreementKind = "business_associate_subcontractor"
	GovernmentMemorandum   AgreementKind = "government_memorandum" // 164.504(e)(3)(i)
	DataUseAgreement       AgreementKind = "data_use_agreement"    // 164.504(e)(3)(iv), 164.514(e)(4)
)

// A Party is one side of an agreement.
type Party struct {
	Role Side `json:"role" validate:"oneof=covered_entity business_associate"`
	// LegalName names the legal entity; it may be empty only for the party
	// that accepts a standing offer and is named by its acceptance.
	LegalName  string              `json:"legal_name,omitempty" validate:"omitempty,line"`
	TradeName  string              `json:"trade_name,omitempty" validate:"omitempty,line"`
	Home       baakit.Jurisdiction `json:"home,omitzero"`
	Government bool                `json:"government,omitempty"` // it is a government body
	// NoticeAddress and NoticeEmail are where notices go.
	NoticeAddress string `json:"notice_address,omitempty" validate:"omitempty,line"`
	NoticeEmail   string `json:"notice_email,omitempty" validate:"omitempty,line,email"`
}

// Underlying is the agreement that this one belongs to.
type Underlying struct {
	Title string      `json:"title,omitempty" validate:"omitempty,line"`
	Dated baakit.Date `json:"dated,omitzero"`
}

// A Draft is everything that a version says, as a plain struct to be filled
// in. [Seal] checks it and makes the immutable [Version]. The zero Draft is
// invalid; [Standard] returns a complete one to start from.
type Draft struct {
	Kind  AgreementKind `json:"kind" validate:"oneof=covered_entity_business_associate business_associate_subcontractor government_memorandum data_use_agreement"`
	Label Label         `json:"label"`
	// Parent is the hash of the version that this one follows; empty for the
	// first.
	Parent string `json:"parent,omitempty" validate:"omitempty,hash"`

	Parties    []Party    `json:"parties" validate:"len=2,dive"`
	Underlying Underlying `json:"underlying,omitzero"`
	Services   string     `json:"services,omitempty" validate:"omitempty,line"`

	// Effective is a stated effective date; zero: when the last signer signs.
	Effective baakit.Date `json:"effective,omitzero"`
	// Signers are the sides whose signature or acceptance makes it binding.
	Signers []Side `json:"signers" validate:"min=1,max=2,unique,dive,oneof=covered_entity business_associate"`
	// StandingOffer: it is published and can be accepted without an offer of
	// its own, as at the signup of a service.
	StandingOffer bool `json:"standing_offer,omitempty"`
	// NoElectronicPHI: no PHI is in electronic media, so that nothing of the
	// Security Rule applies. The zero value is the careful one.
	NoElectronicPHI bool `json:"no_electronic_phi,omitempty"`

	Clauses Clauses `json:"clauses" validate:"max=200,dive"`
}

// validation is the one instance of the package; it never prints a value.
var validation = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	for tag, ok := range map[string]func(string) bool{"line": isLine, "name": events.IsName, "hash": isHash, "element": func(s string) bool { return Element(s).valid() }} {
		if err := v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return ok(f.Field().String()) }); err != nil {
			panic("baa: validation " + tag + ": " + err.Error())
		}
	}
	return v
})

// rules are the sentences of validator's tags.
func ruleOf(e validator.FieldError) string {
	switch e.Tag() {
	case "required":
		return "is required"
	case "oneof":
		return "must be one of: " + strings.ReplaceAll(e.Param(), " ", ", ")
	case "len":
		return "must have " + e.Param()
	case "min":
		return "must have at least " + e.Param()
	case "max":
		return "must have at most " + e.Param()
	case "unique":
		return "must not have one twice"
	case "line":
		return "must be one line of printing characters, single spaces between words, at most 2000 bytes"
	case "name":
		return "must be at most 200 printing ASCII characters without spaces"
	case "hash":
		return "must be sha256: and 64 hexadecimal digits"
	case "element":
		return "must be the id of an element"
	case "email":
		return "must be an e-mail address"
	}
	return fmt.Sprintf("must satisfy %s", e.Tag())
}

// isLine reports whether s is text of one line that every rendering shows as
// it is: printing characters and single spaces between them.
func isLine(s string) bool {
	if s == "" || len(s) > 2000 || !utf8.ValidString(s) || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	space := false
	for _, r := range s {
		if r != ' ' && !unicode.IsGraphic(r) || r != ' ' && unicode.IsSpace(r) || r == utf8.RuneError || r == ' ' && space {
			return false
		}
		space = r == ' '
	}
	return true
}

func isHash(s string) bool {
	return len(s) == 71 && strings.HasPrefix(s, "sha256:") && strings.Trim(s[7:], "0123456789abcdef") == ""
}

// Validate reports everything that makes the draft impossible, as
// [baakit.FieldErrors] with paths such as "clauses[3].claims[0]". An agreement
// that is possible but bad is valid: what is wrong with it is said by [Check].
func (d Draft) Validate() error {
	var errs baakit.FieldErrors
	if d.Label.IsZero() {
		errs.Add("label", "is required")
	} else if _, err := d.Label.MarshalText(); err != nil {
		errs.Add("label", err.Error())
	}
	nils := false
	for i, c := range d.Clauses {
		if c == nil {
			errs.Add("clauses"+at(i), "is required")
			nils = true
		}
	}
	if nils {
		return errs
	}
	if err := validation().Struct(d); err != nil {
		list, ok := errors.AsType[validator.ValidationErrors](err)
		if !ok {
			errs.Add("", "cannot be checked")
		}
		for _, e := range list {
			_, path, _ := strings.Cut(e.Namespace(), ".")
			errs.Add(path, ruleOf(e))
		}
	}
	errs.Merge("", d.checkParties())
	for i, c := range d.Clauses {
		path := "clauses" + at(i)
		if u, ok := c.(UnknownClause); ok {
			if read, err := parseClause([]byte(u.JSON)); err != nil || read != Clause(u) {
				errs.Add(path, "must be the canonical JSON of a clause of a kind that is not known")
				continue
			}
		}
		if (c.Kind() == "custom" || rowOf(c.Kind()) == nil) && rowOf(ClauseKind(c.ID())) != nil || c.ID() == agreementPart {
			errs.Add(path+".id", "must not be a kind of clause or a part of the agreement")
		}
		if slices.ContainsFunc(d.Clauses[:i], func(b Clause) bool { return b.ID() == c.ID() }) {
			errs.Add(path+".id", "must not be that of another clause")
		}
	}
	return errs.Err()
}

func (d Draft) checkParties() error {
	var errs baakit.FieldErrors
	if len(d.Parties) == 2 && d.Parties[0].Role == d.Parties[1].Role {
		errs.Add("parties[1].role", "must be the other side")
	}
	for i, p := range d.Parties {
		if p.LegalName == "" && !(d.StandingOffer && p.Role == CoveredEntitySide) {
			errs.Add("parties"+at(i)+".legal_name", "is required")
		}
	}
	return errs.Err()
}

// Party returns the party of the side; the zero Party if there is none.
func (d Draft) Party(s Side) Party {
	for _, p := range d.Parties {
		if p.Role == s {
			return p
		}
	}
	return Party{}
}

// With returns a copy of d in which c stands in the place of the clause with
// its id, or behind the others if there is none.
func (d Draft) With(c Clause) Draft {
	d = d.clone()
	if i := slices.IndexFunc(d.Clauses, func(b Clause) bool { return b.ID() == c.ID() }); i >= 0 {
		d.Clauses[i] = c
	} else {
		d.Clauses = append(d.Clauses, c)
	}
	return d
}

// Without returns a copy of d without the clause with the id.
func (d Draft) Without(id ClauseID) Draft {
	d = d.clone()
	d.Clauses = slices.DeleteFunc(d.Clauses, func(c Clause) bool { return c.ID() == id })
	return d
}

// clone returns a deep copy.
func (d Draft) clone() Draft {
	d.Parties, d.Signers, d.Clauses = slices.Clone(d.Parties), slices.Clone(d.Signers), slices.Clone(d.Clauses)
	for i, c := range d.Clauses {
		d.Clauses[i] = cloneClause(c)
	}
	return d
}

// cloneClause copies the lists of a clause, an empty one as none; all else in
// it is immutable.
func cloneClause(c Clause) Clause {
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Struct {
		return c
	}
	var copied reflect.Value
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && !f.IsNil() {
			if !copied.IsValid() {
				copied = reflect.New(v.Type()).Elem()
				copied.Set(v)
			}
			s := reflect.Zero(f.Type())
			if f.Len() > 0 {
				s = reflect.MakeSlice(f.Type(), f.Len(), f.Len())
				reflect.Copy(s, f)
			}
			copied.Field(i).Set(s)
		}
	}
	if !copied.IsValid() {
		return c
	}
	return copied.Interface().(Clause)
}

// draftJSON is a Draft without its methods.
type draftJSON Draft

// MarshalJSON implements json.Marshaler with the schema first.
func (d Draft) MarshalJSON() ([]byte, error) { return marshalWith(DraftSchema, "", draftJSON(d)) }

// ParseDraft reads the JSON of a draft strictly and checks it as
// [Draft.Validate] does. The error is a [baakit.FieldErrors].
func ParseDraft(data []byte) (Draft, error) {
	var d Draft
	err := d.read(data)
	return d, err
}

// UnmarshalJSON implements json.Unmarshaler as [ParseDraft] reads; on an error
// d is unchanged.
func (d *Draft) UnmarshalJSON(data []byte) error {
	read, err := ParseDraft(data)
	if err == nil {
		*d = read
	}
	return err
}

func (d *Draft) read(data []byte) error {
	schema, _, body, err := splitWith(data)
	if err != nil {
		return err
	}
	var errs baakit.FieldErrors
	if schema != DraftSchema {
		errs.Add("schema", "must be "+DraftSchema)
		return errs
	}
	if err := strictjson.Decode(body, (*draftJSON)(d)); err != nil {
		*d = Draft{}
		return err
	}
	if err := d.Validate(); err != nil {
		*d = Draft{}
		return err
	}
	return nil
}
