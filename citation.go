package baakit

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// A Citation names the source of a rule: an authority ("45 CFR", "Cal. Civ.
// Code"), the place in it ("164.404(b)", "1798.82(a)"), an address where it
// can be read, the day it was read as of, and how it came to be known.
//
// The zero Citation is invalid. A Citation without an as-of date or a
// Confidence is valid: those are zero until somebody states them, and a zero
// Confidence is no better than [Memory]. Citations are comparable with ==,
// immutable and safe for concurrent use.
//
// In text a Citation is its short legal form alone; in JSON it is an object:
//
//	{
//	  "authority": "45 CFR",
//	  "pinpoint": "164.404(b)",
//	  "address": "https://www.ecfr.gov/current/title-45/section-164.404#p-164.404(b)",
//	  "as_of": "2026-09-30",
//	  "confidence": "primary"
//	}
type Citation struct {
	authority, pinpoint, address string
	asOf                         Date
	confidence                   Confidence
}

// CitationFields are the parts of a Citation, for [NewCitation] and as its
// JSON form.
type CitationFields struct {
	Authority  string     `json:"authority"`
	Pinpoint   string     `json:"pinpoint,omitempty"`
	Address    string     `json:"address,omitempty"`
	AsOf       Date       `json:"as_of,omitzero"`
	Confidence Confidence `json:"confidence,omitzero"`
}

// ErrCitation is the error of a text that is not a Citation.
var ErrCitation = errors.New("baakit: not a citation: want an authority and a place in it, as in 45 CFR 164.404(b)")

// invalidCitation is the String of the zero Citation, which no authority bears.
const invalidCitation = "invalid Citation"

// maxCitation bounds each part of a citation, in bytes.
const maxCitation = 1000

// NewCitation returns the citation with the given parts. Authority is
// required. An empty Address is derived where the authority is "CFR" or
// "U.S.C." with a title, and stays empty elsewhere. The error is a
// [FieldErrors] with the paths "authority", "pinpoint", "address" and
// "confidence".
func NewCitation(f CitationFields) (Citation, error) {
	var errs FieldErrors
	for _, part := range []struct{ path, text string }{{"authority", f.Authority}, {"pinpoint", f.Pinpoint}} {
		if !isPlain(part.text) {
			errs.Add(part.path, "must be at most 1000 bytes of text on one line, without spaces at its ends or doubled")
		}
	}
	switch again, err := ParseCitation(shortForm(f.Authority, f.Pinpoint)); {
	case f.Authority == "":
		errs.Add("authority", "is required")
	case len(errs) == 0 && (err != nil || again.authority != f.Authority || again.pinpoint != f.Pinpoint):
		errs.Add("pinpoint", "must be told from the authority in the short form, with a section sign between them")
	}
	if f.Address != "" && !isAddress(f.Address) {
		errs.Add("address", "must be an absolute http or https address")
	}
	if f.Confidence > Memory {
		errs.Add("confidence", "must be primary, secondary, derived or memory")
	}
	if err := errs.Err(); err != nil {
		return Citation{}, err
	}
	if f.Address == "" {
		f.Address = deriveAddress(f.Authority, f.Pinpoint)
	}
	return Citation{f.Authority, f.Pinpoint, f.Address, f.AsOf, f.Confidence}, nil
}

// ParseCitation reads the short legal form that String prints: "45 CFR
// 164.404(b)", "5 U.S.C. 6103(a)", or for any other authority a section sign
// between it and the place, "Cal. Civ. Code § 1798.82(a)"; a text without
// either is an authority alone, "Executive Order 11582". The address is
// derived, as-of date and confidence are zero. Any text of one line of at
// most 1000 bytes with an authority is a citation; others give the zero
// Citation and [ErrCitation].
func ParseCitation(s string) (Citation, error) {
	if s == "" || s == invalidCitation || !isPlain(s) {
		return Citation{}, ErrCitation
	}
	authority, pinpoint := s, ""
	if a, p, ok := cutCode(s); ok {
		authority, pinpoint = a, p
	} else if a, p, ok := strings.Cut(s, " § "); ok {
		authority, pinpoint = a, p
	}
	if authority == "" || pinpoint == "" && strings.HasSuffix(s, " §") || strings.HasPrefix(s, "§") {
		return Citation{}, ErrCitation
	}
	if !isPlain(authority) || !isPlain(pinpoint) { // a no-break space at the cut
		return Citation{}, ErrCitation
	}
	return Citation{authority: authority, pinpoint: pinpoint, address: deriveAddress(authority, pinpoint)}, nil
}

// MustParseCitation is ParseCitation for tests and package variables; it
// panics on an error.
func MustParseCitation(s string) Citation { return must(ParseCitation(s)) }

// cutCode splits "45 CFR 164.404(b)" and "5 U.S.C. 6103" behind the code.
func cutCode(s string) (authority, pinpoint string, ok bool) {
	title, rest, _ := strings.Cut(s, " ")
	code, pinpoint, found := strings.Cut(rest, " ")
	if !found || !isNumber(title) || (code != "CFR" && code != "U.S.C.") || pinpoint == "" || strings.HasPrefix(pinpoint, "§") {
		return "", "", false
	}
	return title + " " + code, pinpoint, true
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" && len(s) <= 3
}

// isPlain reports whether s can be a part of a citation: one line of text
// with single spaces.
func isPlain(s string) bool {
	if len(s) > maxCitation || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 })
}

func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxCitation && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// deriveAddress returns where the Code of Federal Regulations or the United
// States Code can be read at the place; "" for any other authority or for a
// place that is no section or part.
func deriveAddress(authority, pinpoint string) string {
	title, code, _ := strings.Cut(authority, " ")
	section, paragraph := pinpoint, ""
	if i := strings.IndexByte(pinpoint, '('); i >= 0 {
		section, paragraph = pinpoint[:i], pinpoint[i:]
	}
	if !isNumber(title) || !isSection(section) || !isParagraph(paragraph) {
		return ""
	}
	switch code {
	case "CFR":
		if !strings.Contains(section, ".") {
			return "https://www.ecfr.gov/current/title-" + title + "/part-" + section
		}
		address := "https://www.ecfr.gov/current/title-" + title + "/section-" + section
		if paragraph != "" {
			address += "#p-" + section + paragraph
		}
		return address
	case "U.S.C.":
		return "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title" + title + "-section" + section + "&edition=prelim"
	}
	return ""
}

// isSection reports whether s is the number of one part or section: it may
// have points, hyphens and letters behind its first digit.
func isSection(s string) bool {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// isParagraph reports whether s is "" or a run of designations in
// parentheses, as in "(b)(2)(ii)".
func isParagraph(s string) bool {
	if s == "" {
		return true
	}
	if len(s) < 3 || s[0] != '(' || s[len(s)-1] != ')' {
		return false
	}
	for designation := range strings.SplitSeq(s[1:len(s)-1], ")(") {
		if designation == "" || strings.ContainsFunc(designation, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}

// Authority returns whose rule it is: "45 CFR".
func (c Citation) Authority() string { return c.authority }

// Pinpoint returns the place in the authority, "164.404(b)"; it may be empty.
func (c Citation) Pinpoint() string { return c.pinpoint }

// Address returns where the source can be read; it may be empty.
func (c Citation) Address() string { return c.address }

// AsOf returns the day as of which the source was read; zero if not stated.
func (c Citation) AsOf() Date { return c.asOf }

// Confidence returns how the rule came to be known; zero if not stated.
func (c Citation) Confidence() Confidence { return c.confidence }

// WithAsOf returns c read as of d.
func (c Citation) WithAsOf(d Date) Citation { c.asOf = d; return c }

// WithConfidence returns c with the given confidence.
func (c Citation) WithConfidence(v Confidence) Citation { c.confidence = v; return c }

// WithAddress returns c with the given address, which must be an absolute
// http or https address or empty; another one leaves c without an address.
func (c Citation) WithAddress(address string) Citation {
	c.address = ""
	if isAddress(address) {
		c.address = address
	}
	return c
}

// Fields returns the parts of c.
func (c Citation) Fields() CitationFields {
	return CitationFields{c.authority, c.pinpoint, c.address, c.asOf, c.confidence}
}

// IsZero reports whether c is the zero Citation.
func (c Citation) IsZero() bool { return c == Citation{} }

// Compare orders by authority, then by place as text, then by as-of date,
// confidence and address: -1, 0 or +1. Compare is 0 only for equal citations.
func (c Citation) Compare(d Citation) int {
	return cmp.Or(
		cmp.Compare(c.authority, d.authority),
		cmp.Compare(c.pinpoint, d.pinpoint),
		c.asOf.Compare(d.asOf),
		c.confidence.Compare(d.confidence),
		cmp.Compare(c.address, d.address),
	)
}

// String returns the short legal form, "45 CFR 164.404(b)", or "invalid
// Citation".
func (c Citation) String() string {
	if c.IsZero() {
		return invalidCitation
	}
	return shortForm(c.authority, c.pinpoint)
}

func shortForm(authority, pinpoint string) string {
	if pinpoint == "" {
		return authority
	}
	if _, _, ok := cutCode(authority + " " + pinpoint); ok {
		return authority + " " + pinpoint
	}
	return authority + " § " + pinpoint
}

// AppendText implements [encoding.TextAppender] with the short legal form;
// the zero Citation gives [ErrCitation].
func (c Citation) AppendText(b []byte) ([]byte, error) {
	if c.IsZero() {
		return b, ErrCitation
	}
	return append(b, c.String()...), nil
}

// MarshalText implements [encoding.TextMarshaler], as AppendText does. It
// drops everything but the short form; JSON keeps it all.
func (c Citation) MarshalText() ([]byte, error) { return c.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of
// [ParseCitation]; on an error c is unchanged.
func (c *Citation) UnmarshalText(text []byte) error {
	v, err := ParseCitation(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// MarshalJSON implements [json.Marshaler] with the object shown at
// [Citation]; the zero Citation gives [ErrCitation].
func (c Citation) MarshalJSON() ([]byte, error) {
	if c.IsZero() {
		return nil, ErrCitation
	}
	return json.Marshal(c.Fields())
}

// UnmarshalJSON implements [json.Unmarshaler]. It reads the object, or a
// string in the short legal form; an unknown field of the object is an error.
// On an error c is unchanged.
func (c *Citation) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if bytes.Equal(data, []byte("null")) {
		return nil // as encoding/json does for every other type
	}
	if len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		return c.UnmarshalText([]byte(s))
	}
	var f CitationFields
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return ErrCitation // the decoder's own error may quote the input
	}
	v, err := NewCitation(f)
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// Scan implements [database/sql.Scanner]. It reads the JSON object or the
// short legal form; NULL is an error.
func (c *Citation) Scan(src any) error {
	return scanText(src, "Citation", func(text []byte) error {
		if bytes.HasPrefix(text, []byte("{")) {
			return c.UnmarshalJSON(text)
		}
		return c.UnmarshalText(text)
	})
}

// Value implements [driver.Valuer] with the JSON object, which keeps
// everything; the zero Citation gives [ErrCitation].
func (c Citation) Value() (driver.Value, error) {
	b, err := c.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return string(b), nil
}
