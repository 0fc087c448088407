package disclosure

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/internal/jcs"
	"github.com/baakit/baakit/internal/strictjson"
)

// Schema is the schema of a [Disclosure] as JSON.
const Schema = "baakit.audit.disclosure/1"

const (
	maxText = 4 << 10  // bytes of a brief text
	maxCopy = 64 << 10 // bytes of the copy of a request
)

// A Disclosure is what 45 CFR 164.528(b)(2) asks for about one disclosure of
// the health information of one individual, and what decides whether the
// individual is told of it. It travels in the sealed part of an entry, as
// [audit.Event].Disclosure. The zero Disclosure is invalid.
type Disclosure struct {
	// Date is the day of the disclosure, 164.528(b)(2)(i).
	Date baakit.Date
	// Recipient is who received it, 164.528(b)(2)(ii).
	Recipient Recipient
	// Description says briefly what was disclosed, 164.528(b)(2)(iii).
	Description string
	// Purpose says briefly why, so that the individual learns the basis;
	// or RequestCopy holds a copy of the written request for it instead,
	// 164.528(b)(2)(iv). One of them is required.
	Purpose     string
	RequestCopy string
	// Basis is the provision that permits it; "" if not known, and then
	// nothing that the law allows for certain provisions only is done.
	Basis Basis
	// Exemption is why the individual need not be told; "" for none.
	Exemption Exemption
	// Suspension is the statement of an agency that came with the request; nil
	// for none. One that comes later is an event of its own: [Suspension.Event].
	Suspension *Suspension
	// Research says what 164.528(b)(4) asks for; nil if it is not research.
	Research *Research
}

// A Recipient is who received health information. It is comparable.
type Recipient struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"` // if known
}

// Research describes the protocol or other research activity that a disclosure
// was made for under 45 CFR 164.512(i).
type Research struct {
	// Protocol is its name, 164.528(b)(4)(i)(A).
	Protocol string `json:"protocol"`
	// Description says in plain language what it is for and how records were
	// chosen, 164.528(b)(4)(i)(B).
	Description string `json:"description"`
	// Information is the type of health information, 164.528(b)(4)(i)(C).
	Information string `json:"information"`
	// From is the first day on which it was or may have been disclosed, if
	// that is not Disclosure.Date, the last, 164.528(b)(4)(i)(D).
	From baakit.Date `json:"from,omitzero"`
	// Sponsor and Researcher are who paid for it and who received the
	// information, 164.528(b)(4)(i)(E).
	Sponsor    Contact `json:"sponsor"`
	Researcher Contact `json:"researcher"`
	// Individuals is how many individuals' information was disclosed for it;
	// below 50 it is accounted for as any other disclosure.
	Individuals int `json:"individuals"`
}

// A Contact is where somebody can be reached. It is comparable.
type Contact struct {
	Name      string `json:"name"`
	Address   string `json:"address"`
	Telephone string `json:"telephone"`
}

type disclosureWire struct {
	Schema      string      `json:"schema"`
	Date        baakit.Date `json:"date"`
	Recipient   Recipient   `json:"recipient"`
	Description string      `json:"description"`
	Purpose     string      `json:"purpose,omitempty"`
	RequestCopy string      `json:"request_copy,omitempty"`
	Basis       Basis       `json:"basis,omitempty"`
	Exemption   Exemption   `json:"exemption,omitempty"`
	Suspension  *Suspension `json:"suspension,omitempty"`
	Research    *Research   `json:"research,omitempty"`
}

// Validate reports everything that is wrong with the disclosure by itself, as
// [baakit.FieldErrors] in field order.
func (d Disclosure) Validate() error {
	var errs baakit.FieldErrors
	d.check(&errs)
	if _, ok := law().basis(d.Basis); d.Basis != "" && !ok {
		errs.Add("basis", "must be a provision of 45 CFR part 164 that permits a disclosure, such as 164.512(b), or impermissible")
	}
	if _, ok := law().exemption(d.Exemption); d.Exemption != "" && !ok {
		errs.Add("exemption", "must be one of the nine of 45 CFR 164.528(a)(1)")
	} else if ok && d.Basis != "" && !d.Exemption.fits(d.Basis) {
		errs.Add("exemption", "must fit the basis")
	}
	if s := d.Suspension; s != nil {
		errs.Merge("suspension", s.Validate())
		if r, _ := law().basis(d.Basis); !r.Suspension {
			errs.Add("suspension", "needs the basis 164.512(d) or 164.512(f)")
		}
	}
	if r := d.Research; r != nil {
		if row, _ := law().basis(d.Basis); !row.Research {
			errs.Add("research", "needs the basis 164.512(i)")
		}
	}
	return errs.Err()
}

// check reports what makes a disclosure unreadable, whoever wrote it.
func (d Disclosure) check(errs *baakit.FieldErrors) {
	if d.Date.IsZero() {
		errs.Add("date", "is required")
	}
	text(errs, "recipient.name", d.Recipient.Name, true, maxText)
	text(errs, "recipient.address", d.Recipient.Address, false, maxText)
	text(errs, "description", d.Description, true, maxText)
	text(errs, "purpose", d.Purpose, false, maxText)
	text(errs, "request_copy", d.RequestCopy, false, maxCopy)
	if (strings.TrimSpace(d.Purpose) == "") == (strings.TrimSpace(d.RequestCopy) == "") {
		errs.Add("purpose", "is required, or request_copy in its place")
	}
	if len(d.Basis) > 64 || !printable(string(d.Basis)) {
		errs.Add("basis", "must be at most 64 bytes of one line")
	}
	if len(d.Exemption) > 64 || !printable(string(d.Exemption)) {
		errs.Add("exemption", "must be at most 64 bytes of one line")
	}
	r := d.Research
	if r == nil {
		return
	}
	text(errs, "research.protocol", r.Protocol, true, maxText)
	text(errs, "research.description", r.Description, true, maxText)
	text(errs, "research.information", r.Information, true, maxText)
	if r.From.After(d.Date) {
		errs.Add("research.from", "must not be after date")
	}
	r.Sponsor.check(errs, "research.sponsor")
	r.Researcher.check(errs, "research.researcher")
	if r.Individuals < 1 {
		errs.Add("research.individuals", "must be at least 1")
	}
}

func (c Contact) check(errs *baakit.FieldErrors, path string) {
	text(errs, path+".name", c.Name, true, maxText)
	text(errs, path+".address", c.Address, true, maxText)
	text(errs, path+".telephone", c.Telephone, true, maxText)
}

// text checks a text for people: some words of UTF-8, without control
// characters other than line breaks and tabs.
func text(errs *baakit.FieldErrors, path, s string, required bool, most int) {
	switch {
	case required && strings.TrimSpace(s) == "":
		errs.Add(path, "is required")
	case len(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t'
	}):
		errs.Add(path, "must be text of at most a few thousand bytes without control characters")
	}
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// MarshalJSON implements [json.Marshaler]. It does not validate.
func (d Disclosure) MarshalJSON() ([]byte, error) {
	return json.Marshal(disclosureWire{
		Schema, d.Date, d.Recipient, d.Description, d.Purpose, d.RequestCopy, d.Basis, d.Exemption, d.Suspension, d.Research,
	})
}

// ParseDisclosure reads a disclosure as JSON. It is strict but for what the
// law may come to say or another writer believes: a basis or an exemption that
// this package does not know is kept as it is, and removes nothing from an
// accounting. The error is a [baakit.FieldErrors].
func ParseDisclosure(data []byte) (Disclosure, error) {
	var w disclosureWire
	if err := strictjson.Decode(data, &w); err != nil {
		return Disclosure{}, err
	}
	d := Disclosure{w.Date, w.Recipient, w.Description, w.Purpose, w.RequestCopy, w.Basis, w.Exemption, w.Suspension, w.Research}
	var errs baakit.FieldErrors
	if w.Schema != Schema {
		errs.Add("schema", "must be "+Schema)
	}
	d.check(&errs)
	if err := errs.Err(); err != nil {
		return Disclosure{}, err
	}
	return d, nil
}

// UnmarshalJSON implements [json.Unmarshaler] as [ParseDisclosure] does; on an
// error d is unchanged.
func (d *Disclosure) UnmarshalJSON(data []byte) error {
	read, err := ParseDisclosure(data)
	if err != nil {
		return err
	}
	*d = read
	return nil
}

// String keeps the health information out of logs.
func (d Disclosure) String() string { return "disclosure.Disclosure" }

// GoString is String.
func (d Disclosure) GoString() string { return d.String() }

// Event returns the event that records the disclosure: the export of a record
// (DCM 110106) with the subtype disclose, done by actor, about the patient. The
// patient is left out only of research that may have concerned anybody
// (45 CFR 164.528(b)(4)). What the event says besides, such as its Request, is
// the caller's to add; its time is the log's. The error is a
// [baakit.FieldErrors] of the disclosure and of the event.
func (d Disclosure) Event(actor audit.Actor, patient string) (audit.Event, error) {
	var errs baakit.FieldErrors
	errs.Merge("disclosure", d.Validate())
	if patient == "" && !d.byProtocol() {
		errs.Add("patient", "is required")
	}
	e := audit.Event{
		Type: audit.Export, Subtype: []audit.Subtype{audit.Disclose}, Action: audit.ActionRead, Outcome: audit.Success,
		Actor: actor, Patient: patient,
	}
	if len(errs) == 0 {
		var err error
		if e.Disclosure, err = jcs.Marshal(d); err != nil {
			errs.Add("disclosure", "must have a canonical form (RFC 8785)")
		}
	}
	errs.Merge("", e.Validate())
	if err := errs.Err(); err != nil {
		return audit.Event{}, err
	}
	return e, nil
}

// byProtocol reports whether the law lets it be accounted for by protocol.
func (d Disclosure) byProtocol() bool {
	row, _ := law().basis(d.Basis)
	return d.Research != nil && row.Research && d.Research.Individuals >= law().thresholds["research"]
}
