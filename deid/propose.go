package deid

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/baakit/baakit"
)

// A Proposal is what [ProposeCSV] would say of a column. It is for a person to
// read and to write down as a [Rule]; no engine takes one.
type Proposal struct {
	Column int    `json:"column"` // from 1
	Header string `json:"header"`
	// Kind is zero where nothing speaks for one: then the column is dropped
	// unless a person knows better.
	Kind Kind `json:"kind,omitzero"`
	// Because says what speaks for the kind: "header", "shape" or both,
	// with a comma between them.
	Because string `json:"because,omitempty"`
	// Rows is how many cells were not empty, and Shaped how many of them had
	// the shape of the kind.
	Rows   int `json:"rows"`
	Shaped int `json:"shaped"`
}

// Rule returns the rule that a person who agrees would write down.
func (p Proposal) Rule() Rule {
	if p.Kind.IsZero() {
		return Rule{Path: Column(p.Header), Action: Drop}
	}
	return Rule{Path: Column(p.Header), Kind: p.Kind}
}

// proposeRows is how many rows are looked at.
const proposeRows = 1000

// ProposeCSV reads the header and the first thousand rows of CSV and proposes
// a kind for each column, by the words of its header and the shape of its
// cells. It is a help for writing rules, never a decision: a column that looks
// harmless may be an identifier, and the proposal never is to keep one. The
// proposals hold the headers, which a person has to look at, and no cell.
//
// The errors are [ErrMalformed] with its position, [ErrTooLarge], and those of
// the reader.
func ProposeCSV(ctx context.Context, src io.Reader) ([]Proposal, error) {
	rows := csvReader{lineReader: *newLineReader(src, DefaultMaxRecord, nil), comma: ','}
	var proposals []Proposal
	var counts [][lastKind + 1]int
	var text []byte
	for n := 0; n <= proposeRows; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := rows.base + int64(rows.pos)
		row, _, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, splitCSVError(err, at)
		}
		if len(row) == 0 {
			continue
		}
		if n++; n == 1 {
			if !utf8.Valid(row) {
				return nil, &positionError{int64(validPrefix(row)), ruleUTF8, ErrMalformed}
			}
			for i, c := range rows.cells {
				text = cellText(text[:0], row[c.start:c.end])
				header := strings.TrimSpace(strings.TrimPrefix(string(text), string(byteOrderMark)))
				proposals = append(proposals, Proposal{Column: i + 1, Header: header})
			}
			counts = make([][lastKind + 1]int, len(proposals))
			continue
		}
		for i, c := range rows.cells {
			if i >= len(proposals) {
				break
			}
			text = cellText(text[:0], row[c.start:c.end])
			if v := trimSpace(text); len(v) > 0 {
				proposals[i].Rows++
				counts[i][proposedShape(v)]++
			}
		}
	}
	for i := range proposals {
		proposals[i].settle(&counts[i])
	}
	return proposals, nil
}

// proposedShape returns the kind whose values look like v; zero for none.
func proposedShape(v []byte) Kind {
	switch shapeOf(v) {
	case shapeEmail:
		return KindEmail
	case shapeURL:
		return KindURL
	case shapeIP:
		return KindIP
	case shapeSSN:
		return KindSSN
	case shapePhone:
		return KindPhone
	case shapeDate:
		return KindDate
	}
	if _, ok := parseYear(v); ok && len(v) > 4 {
		return KindDate
	}
	if len(v) <= 40 && IsState(string(v)) {
		return KindState
	}
	if _, ok := zipPrefix(v); ok && len(v) != 3 {
		return KindZIP
	}
	return 0
}

func (p *Proposal) settle(counts *[lastKind + 1]int) {
	best := Kind(0)
	for k := range Kinds() {
		if counts[k] > counts[best] || best == 0 && counts[k] > 0 {
			best = k
		}
	}
	// Nine cells in ten: less is chance.
	shaped := best != 0 && counts[best]*10 >= p.Rows*9
	named := headerKind(p.Header)
	switch {
	case named != 0 && shaped && (named == best || named.isDate() && best == KindDate || named == KindFax && best == KindPhone):
		p.Kind, p.Because, p.Shaped = named, "header, shape", counts[best]
	case named != 0:
		p.Kind, p.Because = named, "header"
	case shaped:
		p.Kind, p.Because, p.Shaped = best, "shape", counts[best]
	}
}

// headerWords are words of headers, the more telling first.
var headerWords = [...]struct {
	kind  Kind
	words string
}{
	{KindDOB, "dob birthdate birthday birth born"},
	{KindDeath, "dod deathdate death died deceased"},
	{KindSSN, "ssn socialsecurity social"},
	{KindMRN, "mrn medicalrecord chart"},
	{KindPlan, "beneficiary member plan subscriber policy medicare medicaid mbi"},
	{KindEmail, "email mail"},
	{KindFax, "fax"},
	{KindPhone, "phone telephone tel mobile cell pager"},
	{KindZIP, "zip zipcode postal postcode"},
	{KindGeocode, "lat latitude lon lng longitude geocode tract coordinates"},
	{KindCounty, "county parish"},
	{KindPrecinct, "precinct ward district"},
	{KindCity, "city town"},
	{KindState, "state"},
	{KindCountry, "country"},
	{KindStreet, "street address addr"},
	{KindVehicle, "vin vehicle plate"},
	{KindDevice, "serial device udi imei"},
	{KindLicense, "license licence certificate dea npi"},
	{KindAccount, "account acct invoice"},
	{KindIP, "ip"},
	{KindURL, "url website link"},
	{KindBiometric, "fingerprint voiceprint biometric iris"},
	{KindPhoto, "photo image picture"},
	{KindName, "name firstname lastname surname forename patient spouse mother father guardian employer"},
	{KindAge, "age"},
	{KindDate, "date admitted admission discharge visit service on at time timestamp"},
	{KindText, "note notes comment comments text narrative description"},
	{KindID, "id identifier number no uuid guid"},
}

func headerKind(header string) Kind {
	spaced, _ := appendForms(nil, nil, []byte(camelWords(header)))
	words := strings.Fields(string(spaced))
	for _, row := range headerWords {
		for word := range strings.FieldsSeq(row.words) {
			if slices.Contains(words, word) {
				return row.kind
			}
		}
	}
	return 0
}

// camelWords puts spaces into patientName.
func camelWords(s string) string {
	var b strings.Builder
	lower := false
	for _, r := range s {
		if upper := r >= 'A' && r <= 'Z'; upper && lower {
			b.WriteByte(' ')
		}
		lower = r >= 'a' && r <= 'z'
		b.WriteRune(r)
	}
	return b.String()
}

// DefinitionOf returns the definition that the proposals amount to, for a
// person to read, correct and compile: a safe harbor in which every column
// without a kind is dropped by a rule.
func DefinitionOf(proposals []Proposal) (Definition, error) {
	var errs baakit.FieldErrors
	seen := make(map[string]bool)
	rules := make([]Rule, 0, len(proposals))
	for _, p := range proposals {
		if seen[p.Header] {
			errs.Add("header", "must not name two columns the same")
			continue
		}
		seen[p.Header] = true
		rules = append(rules, p.Rule())
	}
	if err := errs.Err(); err != nil {
		return Definition{}, err
	}
	return SafeHarbor(rules...), nil
}
