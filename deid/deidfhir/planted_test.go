package deidfhir_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
)

// planted is a value of each of the eighteen identifiers.
var planted = []struct {
	kind  deid.Kind
	value string
}{
	{deid.KindName, "Zebulon Quackenbush"},
	{deid.KindStreet, "4711 Wobblethorpe Lane"},
	{deid.KindCity, "Wobbleton Springs"},
	{deid.KindCounty, "Quaglund County"},
	{deid.KindPrecinct, "Precinct Zorbel-17"},
	{deid.KindZIP, "03601-4711"},
	{deid.KindGeocode, "42.360091,-71.094160"},
	{deid.KindDate, "2024-05-17"},
	{deid.KindDate, "2024-05-17T09:32:05.123-05:00"},
	{deid.KindDOB, "1931-08-23"},
	{deid.KindDeath, "2023-11-29"},
	{deid.KindAge, "97"},
	{deid.KindPhone, "617-555-0182"},
	{deid.KindFax, "617-555-0193"},
	{deid.KindEmail, "zebulon.q@wobble.example"},
	{deid.KindSSN, "078-05-1120"},
	{deid.KindMRN, "MRN-8837261"},
	{deid.KindPlan, "1EG4-TE5-MK73"},
	{deid.KindAccount, "ACC-99120-4433"},
	{deid.KindLicense, "DL-S51467732"},
	{deid.KindVehicle, "1HGCM82633A004352"},
	{deid.KindDevice, "SN-00643169001763"},
	{deid.KindURL, "https://wobble.example/u/zq4711"},
	{deid.KindIP, "203.0.113.77"},
	{deid.KindBiometric, "fp:9f86d081884c7d65"},
	{deid.KindPhoto, "img-zq-471100.jpeg"},
	{deid.KindID, "TRIAL-77-20931"},
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// traces are the texts by which a planted value is found in an output, in
// lower case: as it is, without its separators, in base64 at each of its three
// offsets, in hexadecimal and with percent signs.
func traces(kind deid.Kind, value string) []string {
	switch kind {
	case deid.KindDate, deid.KindDOB, deid.KindDeath:
		value = value[4:10] // the year may stay
	case deid.KindAge:
		return []string{`"97"`, ":97,", ":97}", "[97,", "[97]", ",97]", ": 97"}
	case deid.KindZIP:
		value = value[:5]
	}
	return textTraces(value)
}

// textTraces are those of any text.
func textTraces(value string) []string {
	list := []string{
		strings.ToLower(value), strings.ToLower(url.QueryEscape(value)), strings.ToLower(url.PathEscape(value)),
		hex.EncodeToString([]byte(value)), escapeAll(value),
	}
	if s := squeeze(value); len(s) >= 6 {
		list = append(list, s)
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for offset := range 3 {
			coded := enc.EncodeToString([]byte(strings.Repeat("\x00", offset) + value))
			// The first and last characters also hold bits of the neighbours.
			if from, to := (offset*8+5)/6, len(coded)-1; to-from >= 6 {
				list = append(list, strings.ToLower(coded[from:to]))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func escapeAll(s string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

var plantedTraces = func() (all [][]string) {
	for _, p := range planted {
		all = append(all, traces(p.kind, p.value))
	}
	return all
}()

// left returns the kinds of the planted values that are in an output.
func left(out string) (kinds []deid.Kind) {
	lower := strings.ToLower(out)
	for i, p := range planted {
		if slices.ContainsFunc(plantedTraces[i], func(s string) bool { return strings.Contains(lower, s) }) {
			kinds = append(kinds, p.kind)
		}
	}
	return kinds
}

// beside is what stands beside a planted member, so that it is reached: the
// rest of the data type.
var beside = map[string]map[string]string{
	"Coding":       {"system": `"http://terminology.hl7.org/CodeSystem/v2-0203"`, "code": `"MR"`},
	"Quantity":     {"value": "5", "system": `"http://unitsofmeasure.org"`, "code": `"mg"`},
	"Duration":     {"value": "5", "system": `"http://unitsofmeasure.org"`, "code": `"h"`},
	"Age":          {"value": "5", "system": `"http://unitsofmeasure.org"`, "code": `"a"`},
	"Identifier":   {"system": `"http://hospital.example"`, "value": `"x"`},
	"Narrative":    {"status": `"generated"`, "div": `"<div>x</div>"`},
	"ContactPoint": {"system": `"phone"`, "value": `"x"`},
}

// plant builds a resource with a value at a leaf.
func plant(resource string, steps []deidfhir.Step, value string) string {
	for i := len(steps) - 1; i >= 0; i-- {
		holder := ""
		if i > 0 {
			holder = steps[i-1].Type
		}
		members := []string{quoted(steps[i].Name) + ":" + value}
		for _, name := range []string{"system", "value", "code", "status", "div"} {
			if v, ok := beside[holder][name]; ok && name != steps[i].Name {
				members = append(members, quoted(name)+":"+v)
			}
		}
		value = "{" + strings.Join(members, ",") + "}"
	}
	return `{"resourceType":` + quoted(resource) + "," + value[1:]
}

// strings and numbers that are planted together, as a list.
func plantedList() string {
	var list []string
	for _, p := range planted {
		list = append(list, quoted(p.value))
	}
	return "[" + strings.Join(list, ",") + `,97,42.360091]`
}

// agesStay reports whether 97 may stay at a leaf: a number that is no age, or the
// code of something.
func agesStay(l deidfhir.Leaf) bool {
	holder := ""
	if n := len(l.Steps); n > 1 {
		holder = l.Steps[n-2].Type
	}
	return l.JSON == "number" && holder != "Age" || holder == "Coding" && l.Holds == "term" || l.Holds == "linkId"
}

// clean runs a document and reports what is left of it.
func clean(t *testing.T, j job, where, doc string, stay ...deid.Kind) {
	t.Helper()
	var b bytes.Buffer
	r := j.report
	err := j.w.JSON(t.Context(), &b, strings.NewReader(doc), nil, r)
	out := b.String()
	if err != nil {
		if !errors.Is(err, deid.ErrIdentifierLeft) {
			t.Errorf("%s: %v in %s", where, err, doc)
		}
		if out != "" {
			t.Errorf("%s: failed and wrote %s", where, out)
		}
	}
	kinds := slices.DeleteFunc(left(out), func(k deid.Kind) bool { return slices.Contains(stay, k) })
	if len(kinds) > 0 {
		t.Errorf("%s: %v left in %s", where, kinds, out)
	}
	if out != "" && !json.Valid([]byte(out)) {
		t.Errorf("%s: not JSON: %s", where, out)
	}
}

// isDisplay reports whether a leaf is the display of a published term, which is
// taken for what it says to be.
func isDisplay(l deidfhir.Leaf) bool { return l.Holds == "display" }

// Each of the eighteen identifiers, at each element that the table has, as a
// list of all of them and with each alone at each element of its own; and at
// each object, beside what the table has.
func TestPlanted(t *testing.T) {
	t.Parallel()
	j := safeHarbor(t)
	list := plantedList()
	tried := make(map[string]bool)
	count := 0
	for _, resource := range deidfhir.Resources() {
		for _, l := range deidfhir.Leaves(resource) {
			where := resource + "." + l.Path()
			var stay []deid.Kind
			if agesStay(l) {
				stay = []deid.Kind{deid.KindAge}
			}
			if !isDisplay(l) {
				clean(t, j, where, plant(resource, l.Steps, list), stay...)
				count++
			}
			// What follows, at each element of a data type once.
			n := len(l.Steps) - 1
			own := resource + "." + l.Path()
			if n > 0 && l.Steps[n-1].Type != "" {
				own = l.Steps[n-1].Type + "." + l.Steps[n].Name
			}
			if tried[own] {
				continue
			}
			tried[own] = true
			clean(t, j, where+" (object)", plant(resource, l.Steps, `{"value":`+list+`}`))
			sibling := append(slices.Clone(l.Steps[:n]), deidfhir.Step{Name: "_" + l.Steps[n].Name})
			clean(t, j, where+" (sibling)", plant(resource, sibling, `{"id":"Zebulon Quackenbush","extension":[{"url":"http://x.example","valueString":`+list+`}]}`))
			clean(t, j, where+" (siblings)", plant(resource, sibling, `[{"id":"MRN-8837261"},null,{"extension":`+list+`}]`))
			for _, name := range []string{"extension", "modifierExtension", "id", "comment", "resourceType2", "Zebulon Quackenbush"} {
				if n == 0 && name == "id" {
					continue
				}
				other := append(slices.Clone(l.Steps[:n]), deidfhir.Step{Name: name})
				key := fmt.Sprint(resource, other)
				if tried[key] {
					continue
				}
				tried[key] = true
				clean(t, j, where+" beside: "+name, plant(resource, other, list))
				clean(t, j, where+" beside: "+name, plant(resource, other, `[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","valueString":`+list+`,"extension":[{"url":"text","valueString":`+list+`},{"url":"ombCategory","valueCoding":`+list+`},{"url":"MRN-8837261"}]}]`))
				clean(t, j, where+" beside: "+name, plant(resource, other, `{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":`+list+`,"valueString":`+list+`}`))
			}
			if isDisplay(l) {
				continue
			}
			for _, p := range planted {
				clean(t, j, where+" alone", plant(resource, l.Steps, quoted(p.value)), stay...)
				clean(t, j, where+" alone, escaped", plant(resource, l.Steps, `"`+escapeAll(p.value)+`"`), stay...)
				count += 2
			}
		}
	}
	if kinds := left(j.report.Statement().Text()); len(kinds) > 0 {
		t.Errorf("%v left in the report", kinds)
	}
	t.Logf("%d documents", count)
	if count < 10_000 {
		t.Errorf("only %d documents: the table was not walked", count)
	}
}
