package baa

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/strictjson"
)

// AcceptanceSchema is the schema of an [Acceptance] as JSON.
const AcceptanceSchema = "baakit.baa.acceptance/1"

// MaxAcceptanceText is the most characters that a text of an [Acceptance] may
// have; names and titles may have 200.
const MaxAcceptanceText = 2000

// An Acceptance is the record of how a party accepted a version of an
// agreement: what was shown, what was done, by whom, with which authority,
// when by which clock, and where the copy went. It records and does not
// judge; [Evidence.Assess] does. Texts stand in it as hashes
// ([HashText]), the texts themselves stay with the version.
//
// E-mail address, account, IP address and browser are personal data of the
// signer: [Acceptance.Redacted] removes their values and keeps their hashes,
// and [Acceptance.Hash] stays the same. The zero Acceptance is invalid. An
// Acceptance is comparable and has no pointers.
type Acceptance struct {
	Schema string `json:"schema"`

	AgreementID       string `json:"agreement_id"`
	VersionHash       string `json:"version_hash"`       // the identity of the version
	ManifestationHash string `json:"manifestation_hash"` // of the rendering that was shown
	Label             string `json:"label,omitempty"`

	Party     AcceptingParty     `json:"party"`
	Signer    Signer             `json:"signer"`
	Authority AuthorityStatement `json:"authority"`

	Method    AcceptanceMethod `json:"method"`
	Act       AssentAct        `json:"act"`
	Presented Presentation     `json:"presented"`

	// ConsentHash is of the text of the consent to deal electronically; empty
	// if none was given.
	ConsentHash string `json:"consent_hash,omitempty"`

	At     time.Time `json:"at"`             // when, in UTC
	Zone   string    `json:"zone,omitempty"` // the zone of the agreement, as in America/Chicago
	Clock  Clock     `json:"clock"`
	Source Source    `json:"source"`

	Copy          Delivery `json:"copy,omitzero"`
	CounterpartOf string   `json:"counterpart_of,omitempty"` // hash of the acceptance that this one countersigns
	Previous      string   `json:"previous,omitempty"`       // hash of the record before it, in a chain
}

// An AcceptingParty is who is bound.
type AcceptingParty struct {
	LegalName string `json:"legal_name"`
	Side      Side   `json:"side"`
}

// A Signer is the person who acted for the party.
type Signer struct {
	Name    string   `json:"name"`
	Title   string   `json:"title,omitempty"`
	Email   Personal `json:"email,omitzero"`
	Account Personal `json:"account,omitzero"`
}

// An AuthorityStatement is the signer's word that it may bind the party.
type AuthorityStatement struct {
	TextHash string `json:"text_hash,omitempty"` // of the words
	Given    bool   `json:"given"`
}

// An AssentAct is what the signer did.
type AssentAct struct {
	CallToAction     string `json:"call_to_action,omitempty"` // the words at the control
	Control          string `json:"control,omitempty"`        // "checkbox and button"
	DefaultUnchecked bool   `json:"default_unchecked"`
	Separate         bool   `json:"separate"` // a control of its own, for this agreement only
}

// A Presentation is how the version was shown before the act.
type Presentation struct {
	Surface     string    `json:"surface,omitempty"` // "web page", "e-mail", "paper"
	DisplayedAt time.Time `json:"displayed_at,omitzero"`
	Scrolled    bool      `json:"scrolled"` // known to have been scrolled to the end
	Locale      string    `json:"locale,omitempty"`
	TextHash    string    `json:"text_hash,omitempty"`
}

// A Clock says who measured the time. The zero Clock is that nobody knows.
type Clock string

// The clocks. Only that of the signer's own device is not trusted.
const (
	ServerClock    Clock = "server"              // of the party that keeps the record
	TimestampClock Clock = "timestamp_authority" // of a third party that vouches for it
	WitnessClock   Clock = "witness"             // of a person who was there, for ink
	DeviceClock    Clock = "device"              // of the signer
)

// A Source is where the act came from, as far as the server could see.
type Source struct {
	IP          Personal `json:"ip,omitzero"`
	UserAgent   Personal `json:"user_agent,omitzero"`
	Session     string   `json:"session,omitempty"`      // a hash, never the secret itself
	Authn       string   `json:"authn,omitempty"`        // "password", "passkey", "sso"
	AuthnFactor int      `json:"authn_factor,omitempty"` // number of factors; 0: not known
}

// A Delivery is a copy of what was accepted, sent to the party.
type Delivery struct {
	To   Personal  `json:"to,omitzero"`
	At   time.Time `json:"at,omitzero"`
	Hash string    `json:"hash,omitempty"` // of the copy
}

// IsZero reports whether nothing was delivered.
func (d Delivery) IsZero() bool { return d == Delivery{} }

// A Personal is a value that belongs to a person, with a hash that stays when
// the value goes. The hash is salted, since there are few enough IP addresses
// to try them all; redaction removes the salt with the value. The zero
// Personal is nothing. Its String never shows the value.
type Personal struct {
	Value string `json:"value,omitempty"`
	Salt  string `json:"salt,omitempty"`
	Hash  string `json:"hash,omitempty"`
}

// NewPersonal returns the value with its hash under a salt, which should be
// 16 random bytes in hexadecimal, a new one for every value. An empty value
// gives the zero Personal.
func NewPersonal(value, salt string) Personal {
	if value == "" {
		return Personal{}
	}
	return Personal{value, salt, HashText(salt + "\n" + value)}
}

// IsZero reports whether p is nothing.
func (p Personal) IsZero() bool { return p == Personal{} }

// String returns "(personal)", or "" for the zero Personal; never the value.
func (p Personal) String() string {
	if p.IsZero() {
		return ""
	}
	return "(personal)"
}

// GoString returns what String does, so that %#v does not show the value.
func (p Personal) GoString() string { return p.String() }

// Is reports whether the hash of p is that of the value: of one that was
// redacted only where the salt was kept elsewhere and set again.
func (p Personal) Is(value string) bool {
	return p.Hash != "" && p.Hash == HashText(p.Salt+"\n"+value)
}

func (p Personal) redacted() Personal { return Personal{Hash: p.Hash} }

func (p Personal) valid() bool {
	switch {
	case p.IsZero():
		return true
	case p.Value == "" && p.Salt == "":
		return isHash(p.Hash)
	}
	return isText(p.Value, MaxAcceptanceText) && events.IsName(p.Salt) && p.Is(p.Value)
}

// HashText returns the hash of a text, as all hashes of an Acceptance are:
// "sha256:" and the SHA-256 in hexadecimal, the form of [Version.Hash].
func HashText(text string) string { return hashOf([]byte(text)) }

// Redacted returns a without the values that belong to a person; its hash is
// that of a.
func (a Acceptance) Redacted() Acceptance {
	a.Signer.Email, a.Signer.Account = a.Signer.Email.redacted(), a.Signer.Account.redacted()
	a.Source.IP, a.Source.UserAgent = a.Source.IP.redacted(), a.Source.UserAgent.redacted()
	a.Copy.To = a.Copy.To.redacted()
	return a
}

// Hash returns the hash of the canonical JSON (RFC 8785)
// of a without personal values: what a log keeps of it. The error is that of
// [Acceptance.Validate].
func (a Acceptance) Hash() (string, error) {
	if err := a.Validate(); err != nil {
		return "", err
	}
	a.At = a.At.UTC()
	a.Presented.DisplayedAt, a.Copy.At = utc(a.Presented.DisplayedAt), utc(a.Copy.At)
	canonical, err := jcs.Marshal(a.Redacted())
	if err != nil {
		return "", err
	}
	return HashText(string(canonical)), nil
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// Validate reports, as [baakit.FieldErrors] in field order, what is not of
// the form that it must have. An acceptance that is weak evidence is valid.
func (a Acceptance) Validate() error {
	var errs baakit.FieldErrors
	check := func(path string, ok bool, rule string) {
		if !ok {
			errs.Add(path, rule)
		}
	}
	hash := func(path, s string, required bool) {
		check(path, isHash(s) || s == "" && !required, "must be sha256: and 64 hexadecimal digits")
	}
	text := func(path, s string, required bool, most int) {
		check(path, isText(s, most) || s == "" && !required, "must be a line of printing characters, not too long")
	}
	person := func(path string, p Personal) {
		check(path, p.valid(), "must be a value with its salt and hash, or a hash alone")
	}
	check("schema", a.Schema == AcceptanceSchema, "must be "+AcceptanceSchema)
	check("agreement_id", events.IsName(a.AgreementID), "is required, at most 200 printing ASCII characters")
	check("version_hash", events.IsName(a.VersionHash), "is required, at most 200 printing ASCII characters")
	hash("manifestation_hash", a.ManifestationHash, false)
	text("label", a.Label, false, 200)
	text("party.legal_name", a.Party.LegalName, true, 200)
	check("party.side", a.Party.Side.valid(), "must be covered_entity or business_associate")
	text("signer.name", a.Signer.Name, false, 200)
	text("signer.title", a.Signer.Title, false, 200)
	person("signer.email", a.Signer.Email)
	person("signer.account", a.Signer.Account)
	hash("authority.text_hash", a.Authority.TextHash, false)
	check("method", a.Method.valid(), "must be a method of acceptance")
	text("act.call_to_action", a.Act.CallToAction, false, MaxAcceptanceText)
	text("act.control", a.Act.Control, false, 200)
	text("presented.surface", a.Presented.Surface, false, 200)
	check("presented.displayed_at", a.Presented.DisplayedAt.IsZero() || events.ValidInstant(a.Presented.DisplayedAt), "must be in the years 1 to 9999")
	text("presented.locale", a.Presented.Locale, false, 200)
	hash("presented.text_hash", a.Presented.TextHash, false)
	hash("consent_hash", a.ConsentHash, false)
	check("at", events.ValidInstant(a.At), "is required, in the years 1 to 9999")
	text("zone", a.Zone, false, 200)
	check("clock", slices.Contains([]Clock{"", ServerClock, TimestampClock, WitnessClock, DeviceClock}, a.Clock), "must be server, timestamp_authority, witness, device or left empty")
	person("source.ip", a.Source.IP)
	person("source.user_agent", a.Source.UserAgent)
	check("source.session", a.Source.Session == "" || events.IsName(a.Source.Session), "must be at most 200 printing ASCII characters")
	text("source.authn", a.Source.Authn, false, 200)
	check("source.authn_factor", a.Source.AuthnFactor >= 0 && a.Source.AuthnFactor <= 9, "must be from 0 to 9")
	person("copy.to", a.Copy.To)
	check("copy.at", a.Copy.At.IsZero() || events.ValidInstant(a.Copy.At), "must be in the years 1 to 9999")
	hash("copy.hash", a.Copy.Hash, false)
	hash("counterpart_of", a.CounterpartOf, false)
	hash("previous", a.Previous, false)
	return errs.Err()
}

// ParseAcceptance reads an Acceptance from JSON, strictly. The error is a
// [baakit.FieldErrors] without values.
func ParseAcceptance(data []byte) (Acceptance, error) {
	var a Acceptance
	if err := a.UnmarshalJSON(data); err != nil {
		return Acceptance{}, err
	}
	return a, nil
}

// UnmarshalJSON implements json.Unmarshaler with the rules of
// ParseAcceptance; on an error a is unchanged.
func (a *Acceptance) UnmarshalJSON(data []byte) error {
	var w acceptanceWire
	if err := strictjson.Decode(data, &w); err != nil {
		return err
	}
	read := Acceptance{
		w.Schema, w.AgreementID, w.VersionHash, w.ManifestationHash, w.Label, w.Party, w.Signer, w.Authority,
		w.Method, w.Act, w.Presented, w.ConsentHash, time.Time(w.At), w.Zone, w.Clock, w.Source, w.Copy, w.CounterpartOf, w.Previous,
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*a = read
	return nil
}

// An acceptanceWire is an Acceptance whose time does not repeat the input in
// its error.
type acceptanceWire struct {
	Schema            string             `json:"schema"`
	AgreementID       string             `json:"agreement_id"`
	VersionHash       string             `json:"version_hash"`
	ManifestationHash string             `json:"manifestation_hash"`
	Label             string             `json:"label"`
	Party             AcceptingParty     `json:"party"`
	Signer            Signer             `json:"signer"`
	Authority         AuthorityStatement `json:"authority"`
	Method            AcceptanceMethod   `json:"method"`
	Act               AssentAct          `json:"act"`
	Presented         Presentation       `json:"presented"`
	ConsentHash       string             `json:"consent_hash"`
	At                instant            `json:"at"`
	Zone              string             `json:"zone"`
	Clock             Clock              `json:"clock"`
	Source            Source             `json:"source"`
	Copy              Delivery           `json:"copy"`
	CounterpartOf     string             `json:"counterpart_of"`
	Previous          string             `json:"previous"`
}

// UnmarshalJSON implements json.Unmarshaler: times are RFC 3339, and an error
// does not repeat the input.
func (p *Presentation) UnmarshalJSON(data []byte) error {
	var wire struct {
		Surface     string  `json:"surface"`
		DisplayedAt instant `json:"displayed_at"`
		Scrolled    bool    `json:"scrolled"`
		Locale      string  `json:"locale"`
		TextHash    string  `json:"text_hash"`
	}
	if err := strictjson.Decode(data, &wire); err != nil {
		return err
	}
	*p = Presentation{wire.Surface, time.Time(wire.DisplayedAt), wire.Scrolled, wire.Locale, wire.TextHash}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler: times are RFC 3339, and an error
// does not repeat the input.
func (d *Delivery) UnmarshalJSON(data []byte) error {
	var wire struct {
		To   Personal `json:"to"`
		At   instant  `json:"at"`
		Hash string   `json:"hash"`
	}
	if err := strictjson.Decode(data, &wire); err != nil {
		return err
	}
	*d = Delivery{wire.To, time.Time(wire.At), wire.Hash}
	return nil
}

// MarshalJSON implements json.Marshaler with the schema set.
func (a Acceptance) MarshalJSON() ([]byte, error) {
	type plain Acceptance
	a.Schema = AcceptanceSchema
	return json.Marshal(plain(a))
}

// isText reports whether s is one line of 1 to most printing characters.
func isText(s string, most int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most &&
		strings.TrimSpace(s) != "" && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
