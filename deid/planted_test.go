package deid_test

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// planted is a value of each of the eighteen identifiers, by a kind of it.
var planted = []struct {
	kind  deid.Kind
	value string
	parts []string // as it is split over components
}{
	{deid.KindName, "Zebulon Quackenbush", []string{"Zebulon", "Quackenbush"}},
	{deid.KindStreet, "4711 Wobblethorpe Lane", []string{"4711", "Wobblethorpe", "Lane"}},
	{deid.KindCity, "Wobbleton Springs", []string{"Wobbleton", "Springs"}},
	{deid.KindCounty, "Quaglund County", []string{"Quaglund", "County"}},
	{deid.KindPrecinct, "Precinct Zorbel-17", []string{"Precinct", "Zorbel-17"}},
	{deid.KindZIP, "03601-4711", []string{"03601", "4711"}},
	{deid.KindGeocode, "42.360091,-71.094160", []string{"42.360091", "-71.094160"}},
	{deid.KindDate, "2024-05-17", []string{"05-17", "2024"}},
	{deid.KindDOB, "1931-08-23", []string{"08-23", "1931"}},
	{deid.KindDeath, "2023-11-29", []string{"11-29", "2023"}},
	{deid.KindAge, "97", nil},
	{deid.KindPhone, "617-555-0182", []string{"617", "555-0182"}},
	{deid.KindFax, "617-555-0193", []string{"617", "555-0193"}},
	{deid.KindEmail, "zebulon.q@wobble.example", []string{"zebulon.q", "wobble.example"}},
	{deid.KindSSN, "078-05-1120", []string{"078", "05", "1120"}},
	{deid.KindMRN, "MRN-8837261", []string{"MRN", "8837261"}},
	{deid.KindPlan, "1EG4-TE5-MK73", []string{"1EG4", "TE5", "MK73"}},
	{deid.KindAccount, "ACC-99120-4433", []string{"ACC", "99120", "4433"}},
	{deid.KindLicense, "DL-S51467732", []string{"DL", "S51467732"}},
	{deid.KindVehicle, "1HGCM82633A004352", []string{"1HGCM82633", "A004352"}},
	{deid.KindDevice, "SN-00643169001763", []string{"SN-00643", "169001763"}},
	{deid.KindURL, "https://wobble.example/u/zq4711", []string{"https://wobble.example", "zq4711"}},
	{deid.KindIP, "203.0.113.77", []string{"203.0.113", "77"}},
	{deid.KindBiometric, "fp:9f86d081884c7d65", []string{"fp:9f86d081", "884c7d65"}},
	{deid.KindPhoto, "img-zq-471100.jpeg", []string{"img-zq", "471100.jpeg"}},
	{deid.KindID, "TRIAL-77-20931", []string{"TRIAL-77", "20931"}},
}

// allKinds is a policy with a place for each kind, in each position, and for
// what a person let stay.
func allKinds() []deid.Rule {
	var rules []deid.Rule
	for k := range deid.Kinds() {
		rules = append(rules,
			deid.Rule{Path: "$." + k.String(), Kind: k},
			deid.Rule{Path: "$.tagged." + k.String(), Kind: k, Action: deid.Tag},
			deid.Rule{Path: "$.coded." + k.String(), Kind: k, Action: deid.CodeAs("x")},
			deid.Rule{Path: "$.list[*].deep." + k.String() + "[*]", Kind: k},
		)
	}
	return append(rules,
		deid.Rule{Path: "$.kept", Action: deid.Keep, Reason: "a measured value"},
		deid.Rule{Path: "$.kept2", Action: deid.Keep, Reason: "a measured value"},
		deid.Rule{Path: "$.kept3", Action: deid.Keep, Reason: "a measured value"},
	)
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// mustBeGone reports where a planted value, or what must not be left of one,
// is in an output.
func mustBeGone(t *testing.T, where, out string, kind deid.Kind, value string) {
	t.Helper()
	switch kind {
	case deid.KindDate, deid.KindDOB, deid.KindDeath:
		value = value[5:] // the year may stay
	case deid.KindAge:
		for _, part := range strings.FieldsFunc(out, func(r rune) bool { return r < '0' || r > '9' }) {
			if part == value {
				t.Errorf("%s: the age is in the output %s", where, out)
			}
		}
		return
	case deid.KindZIP:
		value = value[:5]
	}
	if how := encodedIn(out, value); how != "" {
		t.Errorf("%s: a %s is in the output %s: %s", where, kind, how, out)
	}
}

// Each of the eighteen identifiers, at each place where it can stand, in JSON
// and NDJSON.
func TestPlantedJSON(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, allKinds()...)
	for _, p := range planted {
		v, k := quoted(p.value), p.kind.String()
		places := map[string]string{
			"its own":               fmt.Sprintf(`{"%s":%s,"kept":12.5}`, k, v),
			"tagged":                fmt.Sprintf(`{"tagged":{"%s":%s}}`, k, v),
			"coded":                 fmt.Sprintf(`{"coded":{"%s":%s}}`, k, v),
			"deep in a list":        fmt.Sprintf(`{"list":[{"deep":{"%s":[%s,%s]}},{}]}`, k, v, v),
			"free text":             fmt.Sprintf(`{"text":%s}`, quoted("seen: "+p.value+" is well")),
			"unknown":               fmt.Sprintf(`{"else":%s}`, v),
			"unknown, deep":         fmt.Sprintf(`{"list":[{"deep":{"else":[[%s]]}}]}`, v),
			"a key":                 fmt.Sprintf(`{%s:1,"list":[{"deep":{%s:{}}}]}`, v, v),
			"where a list belongs":  fmt.Sprintf(`{"list":%s}`, v),
			"an object for a value": fmt.Sprintf(`{"%s":{"x":%s}}`, k, v),
			"a list for a value":    fmt.Sprintf(`{"%s":[%s]}`, k, v),
			"a list, not a record":  fmt.Sprintf(`[%s,[%s]]`, v, v),
			"alone":                 v,
			"escaped":               fmt.Sprintf(`{"%s":"%s"}`, k, escapeAll(p.value)),
			"given twice":           fmt.Sprintf(`{"%s":%s,"%s":%s}`, k, v, k, v),
			"of a false kind":       fmt.Sprintf(`{"age":%s,"date":%s,"zip":%s,"state":%s}`, quotedUnless(p.kind == deid.KindAge, p.value), quotedUnless(p.kind >= deid.KindDate && p.kind <= deid.KindDeath, p.value), quotedUnless(p.kind == deid.KindZIP, p.value), v),
		}
		for place, doc := range places {
			for name, f := range map[string]transform{"JSON": e.JSON, "NDJSON": e.NDJSON} {
				out, r, err := transformed(e, f, doc, nil)
				if err != nil {
					t.Errorf("%s %s, %s: %v", name, place, doc, err)
				}
				mustBeGone(t, name+", "+place, out, p.kind, p.value)
				mustBeGone(t, "report, "+place, r.Statement().Text(), p.kind, p.value)
				if place != "unknown" && name == "JSON" && !json.Valid([]byte(out)) {
					t.Errorf("%s: not JSON: %s", place, out)
				}
			}
		}
	}
}

// quotedUnless quotes the value, or gives null.
func quotedUnless(not bool, v string) string {
	if not {
		return "null"
	}
	return quoted(v)
}

func escapeAll(s string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

// The same in CSV: in its own column, in unknown ones, in the header.
func TestPlantedCSV(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, allKinds()...)
	for _, p := range planted {
		v := `"` + strings.ReplaceAll(p.value, `"`, `""`) + `"`
		for place, doc := range map[string]string{
			"its own":         fmt.Sprintf("%s,kept\n%s,12.5\n", p.kind, v),
			"its own, spaces": fmt.Sprintf(" %s ,kept\r\n\" %s \",1\r\n", p.kind, p.value),
			"unknown":         fmt.Sprintf("else,kept\n%s,1\n", v),
			"the header":      fmt.Sprintf("%s,kept\n1,2\n", v),
			"free text":       fmt.Sprintf("text,kept\n\"seen: %s\nis well\",2\n", p.value),
			"a false column":  fmt.Sprintf("state,kept\n%s,2\n", v),
		} {
			out, r, err := transformed(e, e.CSV, doc, nil)
			if err != nil {
				t.Errorf("CSV %s: %v", place, err)
			}
			mustBeGone(t, "CSV, "+place, out, p.kind, p.value)
			mustBeGone(t, "report, "+place, r.Statement().Text(), p.kind, p.value)
			in, err1 := csv.NewReader(strings.NewReader(doc)).ReadAll()
			got, err2 := csv.NewReader(strings.NewReader(out)).ReadAll()
			if err1 != nil || err2 != nil || len(in) != len(got) || len(in[0]) != len(got[0]) {
				t.Errorf("CSV %s: rows and columns changed: %q", place, out)
			}
		}
	}
}

// disguises are the ways in which a value can still stand in an output.
func disguises(value string, parts []string) map[string][]string {
	list := map[string][]string{
		"as it is":    {value},
		"in a text":   {"seen today: " + value + ", well"},
		"upper case":  {strings.ToUpper(value)},
		"base64":      {base64.StdEncoding.EncodeToString([]byte(value))},
		"base64 url":  {base64.URLEncoding.EncodeToString([]byte("to: " + value + ";"))},
		"base64 raw":  {"x " + base64.RawStdEncoding.EncodeToString([]byte(value)) + " y"},
		"hexadecimal": {hex.EncodeToString([]byte(value))},
		"query":       {url.QueryEscape(value)},
		"all percent": {percentAll(value)},
	}
	if parts != nil {
		list["split"] = parts
	}
	return list
}

func percentAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// subjectOf is a subject of whom the value is known, by its kind.
func subjectOf(k deid.Kind, v string) *deid.Subject {
	switch k {
	case deid.KindName:
		return &deid.Subject{Names: []string{v}}
	case deid.KindStreet, deid.KindCity, deid.KindCounty, deid.KindPrecinct, deid.KindZIP, deid.KindGeocode:
		return &deid.Subject{Addresses: []string{v}}
	case deid.KindPhone, deid.KindFax, deid.KindEmail, deid.KindURL, deid.KindIP:
		return &deid.Subject{Contacts: []string{v}}
	case deid.KindDOB:
		return &deid.Subject{Birth: baakit.MustParseDate(v)}
	case deid.KindDeath:
		return &deid.Subject{Death: baakit.MustParseDate(v)}
	case deid.KindDate, deid.KindAge:
		return nil
	}
	return &deid.Subject{IDs: []string{v}}
}

// A value that is known, or was removed elsewhere in the record, and stands in
// what a rule keeps, fails the record in every disguise, or has gone by its
// shape; in both cases it is not in the output.
func TestPlantedInKept(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, allKinds()...)
	for _, p := range planted {
		if p.kind == deid.KindAge {
			continue // a number of two digits is in too much else
		}
		for disguise, values := range disguises(p.value, p.parts) {
			for len(values) < 3 {
				values = append(values, "12.5")
			}
			kept := fmt.Sprintf(`"kept":%s,"kept2":%s,"kept3":%s`, quoted(values[0]), quoted(values[1]), quoted(values[2]))
			row := fmt.Sprintf("%q,%q,%q", values[0], values[1], values[2])
			type try struct {
				name string
				f    transform
				doc  string
				s    *deid.Subject
			}
			tries := []try{
				{"removed elsewhere, JSON", e.NDJSON, fmt.Sprintf(`{%s,"%s":%s}`, kept, p.kind, quoted(p.value)), nil},
				{"removed before, JSON", e.JSON, fmt.Sprintf(`{"%s":%s,%s}`, p.kind, quoted(p.value), kept), nil},
				{"removed elsewhere, CSV", e.CSV, fmt.Sprintf("kept,kept2,kept3,%s\n%s,%q\n", p.kind, row, p.value), nil},
			}
			if s := subjectOf(p.kind, p.value); s != nil {
				tries = append(tries, try{"known, JSON", e.JSON, "[{" + kept + "}]", s}, try{"known, CSV", e.CSV, "kept,kept2,kept3\n" + row + "\n", s})
			}
			for _, try := range tries {
				out, r, err := transformed(e, try.f, try.doc, try.s)
				split := disguise == "split"
				if split && !findable(p.kind) {
					continue
				}
				if err == nil || !errors.Is(err, deid.ErrIdentifierLeft) {
					// Gone by its shape is as good.
					if err != nil || !goneByShape(r) {
						t.Errorf("%s, %s, %s: %v; %s became %s", p.kind, disguise, try.name, err, try.doc, out)
					}
				}
				if err != nil && strings.Contains(err.Error(), p.value) {
					t.Errorf("%s, %s: the error holds the value", p.kind, disguise)
				}
				if !split {
					mustBeGone(t, disguise+", "+try.name, strings.TrimPrefix(out, "kept,kept2,kept3"), p.kind, p.value)
				}
			}
		}
	}
}

// findable are the kinds whose values are found when they are split: names by
// each word, and numbers that are long enough to mean something joined.
func findable(k deid.Kind) bool {
	switch k {
	case deid.KindName, deid.KindPhone, deid.KindFax, deid.KindSSN, deid.KindMRN, deid.KindPlan, deid.KindAccount, deid.KindLicense, deid.KindVehicle, deid.KindDevice, deid.KindID, deid.KindGeocode:
		return true
	}
	return false
}

func goneByShape(r *deid.Report) bool {
	for _, p := range r.Statement().Places {
		for _, o := range p.Outcomes {
			if o.Outcome == deid.RemovedIdentifier.String() {
				return true
			}
		}
	}
	return false
}

// What stands elsewhere by right does not fail a record: the display of a
// disease that is called after somebody, a State, a year.
func TestSelfCheckLetsStand(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, allKinds()...)
	for _, doc := range []string{
		`{"name":"Ada Parkinson","term":"Parkinson disease"}`,
		`{"name":"Washington","state":"Washington","kept":"12.5"}`,
		`{"dob":"1960-05-02","kept":"1960"}`,
		`{"ssn":"078-05-1120","kept":"78 of 1120"}`,
		`{"name":"Li Wu","kept":"lithium, wuss"}`,
		`{"zip":"02139","kept":"021"}`,
		`{"age":"97","kept":"97"}`,
	} {
		if out, _, err := transformed(e, e.NDJSON, doc, nil); err != nil {
			t.Errorf("%s: %v (%s)", doc, err, out)
		}
	}
}

// A scrubber that lets an identifier stand is found out.
type lenient struct{}

func (lenient) ScrubText(_ context.Context, dst, text []byte, _ *deid.Subject) ([]byte, []deid.Removed, error) {
	return append(dst, text...), []deid.Removed{{Identifier: deid.Names, Rule: "none", Count: 1}}, nil
}

func TestSelfCheckOfScrubbedText(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(allKinds()...), &deid.Options{Text: lenient{}, Vault: deid.NewMemoryVault(), Scope: "s"})
	out, r, err := transformed(e, e.NDJSON, `{"text":"Quackenbush is well","name":"Zebulon Quackenbush"}`+"\n"+`{"text":"all is well"}`+"\n", nil)
	if !errors.Is(err, deid.ErrIdentifierLeft) || out != `{"text":"all is well"}`+"\n" {
		t.Errorf("%v, %q", err, out)
	}
	s := r.Statement()
	if s.SelfCheck.Hits != 1 || s.RecordsFailed != 1 || s.Records != 2 || len(s.TextRules) != 1 || s.TextRules[0].Count != 1 {
		t.Errorf("the report: %+v", s)
	}
}
