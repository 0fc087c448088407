package deidhl7_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidhl7"
)

// A plant is a value as HL7 writes it, with what must not be left of it.
type plant struct {
	kind  deid.Kind
	value string
	gone  string
	line  string // in which it is at home
}

// planted are values of each of the eighteen identifiers.
var planted = []plant{
	{deid.KindName, "Zebulon Quackenbush", "Quackenbush", "PID|1||||Quackenbush^Zebulon"},
	{deid.KindName, "QUACKENBUSH, ZEBULON", "quackenbush", "PID|1||||Quackenbush^Zebulon"},
	{deid.KindStreet, "4711 Wobblethorpe Lane", "Wobblethorpe", "PID|1||||||||||4711 Wobblethorpe Lane"},
	{deid.KindCity, "Wobbleton Springs", "Wobbleton", "PID|1||||||||||^^Wobbleton Springs"},
	{deid.KindCounty, "Quaglund County", "Quaglund", "PID|1||||||||||^^^^^^^^Quaglund County"},
	{deid.KindZIP, "03601-4711", "03601", "PID|1||||||||||^^^^03601-4711"},
	{deid.KindZIP, "036014711", "03601", "PID|1||||||||||^^^^036014711"},
	{deid.KindGeocode, "42.360091,-71.094160", "42.360091", "PID|1||||||||||^^^^^^^^^42.360091,-71.094160"},
	{deid.KindDate, "20240517", "0517", "PV1|1|||||||||||||||||||||||||||||||||||||||||||20240517"},
	{deid.KindDate, "202405171030", "0517", "PV1|1|||||||||||||||||||||||||||||||||||||||||||202405171030"},
	{deid.KindDate, "2024-05-17", "05-17", "PV1|1|||||||||||||||||||||||||||||||||||||||||||20240517"},
	{deid.KindDate, "May 17, 2024", "May 17", "NTE|1||May 17, 2024"},
	{deid.KindDOB, "19310823", "0823", "PID|1||||||19310823"},
	{deid.KindDOB, "08/23/1931", "08/23", "PID|1||||||19310823"},
	{deid.KindPhone, "617-555-0182", "555-0182", "PID|1||||||||||||617-555-0182"},
	{deid.KindPhone, "(617)555-0182", "555-0182", "PID|1||||||||||||(617)555-0182"},
	{deid.KindPhone, "6175550182", "5550182", "PID|1||||||||||||6175550182"},
	{deid.KindFax, "617-555-0193", "555-0193", "PID|1||||||||||||617-555-0193^WPN^FX"},
	{deid.KindEmail, "zebulon.q@wobble.example", "zebulon", "PID|1||||||||||||^NET^Internet^zebulon.q@wobble.example"},
	{deid.KindSSN, "078-05-1120", "078-05-1120", "PID|1||||||||||||||||||078-05-1120"},
	{deid.KindSSN, "078051120", "078051120", "PID|1||||||||||||||||||078051120"},
	{deid.KindMRN, "MRN-8837261", "8837261", "PID|1||MRN-8837261^^^N^MR"},
	{deid.KindMRN, "88372610", "88372610", "PID|1||88372610^^^N^MR"},
	{deid.KindPlan, "1EG4-TE5-MK73", "1EG4-TE5-MK73", "IN1|1|||||||||||||||||||||||||||||||||||1EG4-TE5-MK73"},
	{deid.KindAccount, "ACC-99120-4433", "ACC-99120-4433", "PID|1|||||||||||||||||ACC-99120-4433"},
	{deid.KindLicense, "DL-S51467732", "S51467732", "PID|1|||||||||||||||||||DL-S51467732"},
	{deid.KindVehicle, "1HGCM82633A004352", "1HGCM82633A004352", "PID|1||1HGCM82633A004352^^^N^VIN"},
	{deid.KindDevice, "SN-00643169001763", "00643169001763", "OBX|1||||||||||||||||||SN-00643169001763"},
	{deid.KindURL, "https://wobble.example/u/zq4711", "wobble.example", "PID|1||||||||||||^NET^Internet^https://wobble.example/u/zq4711"},
	{deid.KindIP, "203.0.113.77", "203.0.113.77", "PID|1||203.0.113.77^^^N^U"},
	{deid.KindBiometric, "fp:9f86d081884c7d65", "9f86d081884c7d65", "PID|1||fp:9f86d081884c7d65"},
	{deid.KindPhoto, "img-zq-471100.jpeg", "zq-471100", "PID|1||img-zq-471100.jpeg"},
	{deid.KindID, "TRIAL-77-20931", "TRIAL-77-20931", "ORC|RE|TRIAL-77-20931"},
}

const head = `MSH|^~\&|||||2024||ORU^R01|1|P|2.5.1` + "\r"

// messageWith puts a value at a position, and other values of the segment
// around it.
func messageWith(p deidhl7.Position, value string, around map[int]string) string {
	cell := strings.Repeat("^", p.Component-1) + strings.Repeat("&", p.Sub-1) + value
	fields := make([]string, p.Field+1)
	for n, v := range around {
		for len(fields) <= n {
			fields = append(fields, "")
		}
		fields[n] = v
	}
	fields[p.Field] = cell
	fields[0] = p.Segment
	switch p.Segment {
	case "MSH", "FHS", "BHS":
		return p.Segment + `|^~\&|` + strings.Join(fields[min(3, len(fields)):], "|") + "\r"
	case "BTS", "FTS":
		return "BHS|^~\\&\r" + strings.Join(fields, "|") + "\r"
	}
	return head + strings.Join(fields, "|") + "\r"
}

// A haystack is an output in which values are looked for: as they are, in any
// case, without separators, in the escapes of HL7, in hexadecimal, in base64 or
// with percent signs. It is a search of its own, slow and plain.
type haystack struct {
	texts             []string
	lowers, squeezeds []string
}

func haystackOf(out string) (h haystack) {
	for _, text := range []string{out, unescaped(out)} {
		h.texts = append(h.texts, text)
		h.lowers = append(h.lowers, strings.ToLower(text))
		h.squeezeds = append(h.squeezeds, squeeze(text))
	}
	return h
}

// left says how a value stands in the output, "" if it does not.
func (h haystack) left(value string) string {
	for i, text := range h.texts {
		switch {
		case strings.Contains(h.lowers[i], strings.ToLower(value)):
			return "as it is"
		case len(squeeze(value)) >= 7 && strings.Contains(h.squeezeds[i], squeeze(value)):
			return "with other separators"
		case strings.Contains(h.lowers[i], hex.EncodeToString([]byte(value))), strings.Contains(h.lowers[i], hex.EncodeToString([]byte(strings.ToLower(value)))):
			return "in hexadecimal"
		case strings.Contains(h.lowers[i], strings.ToLower(url.QueryEscape(value))):
			return "with percent signs"
		}
		for offset := range 3 {
			coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + value))
			if from, to := (offset*8+5)/6, len(coded)-1; to-from >= 6 && strings.Contains(text, coded[from:to]) {
				return "in base64"
			}
		}
	}
	return ""
}

func left(out, value string) string { return haystackOf(out).left(value) }

// unescaped resolves the escapes of HL7 that could hide a value.
func unescaped(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		code, after, ok := strings.Cut(rest, `\`)
		if !ok {
			b.WriteString(rest)
			return b.String()
		}
		if raw, err := hex.DecodeString(strings.TrimPrefix(code, "X")); err == nil && strings.HasPrefix(code, "X") {
			b.Write(raw)
		}
		s = after
	}
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// escapes writes a value in the ways that a sender can.
func escapes(value string) map[string]string {
	encoded, _ := deidhl7.Encode(head, value)
	var all strings.Builder
	for i := range len(value) {
		fmt.Fprintf(&all, `\X%02X\`, value[i])
	}
	half := len(value) / 2
	return map[string]string{
		"plain":        encoded,
		"hexadecimal":  `\X` + hex.EncodeToString([]byte(value)) + `\`,
		"each byte":    all.String(),
		"highlighted":  value[:half] + `\H\` + value[half:] + `\N\`,
		"split by hex": value[:half] + `\X` + hex.EncodeToString([]byte(value[half:])) + `\`,
	}
}

// allGone transforms the messages that make puts each planted value in, and
// looks for all of them in what comes out.
func allGone(t *testing.T, h hl7, where any, every bool, make func(value string) string, but ...deid.Kind) {
	t.Helper()
	var in strings.Builder
	planted := slices.Clone(planted)
	planted = slices.DeleteFunc(planted, func(p plant) bool { return slices.Contains(but, p.kind) })
	for _, plant := range planted {
		for how, value := range escapes(plant.value) {
			if every || how == "plain" {
				in.WriteString(make(value))
			}
		}
	}
	out, _, err := h.run(in.String(), nil)
	if err != nil && !errors.Is(err, deid.ErrMalformed) && !errors.Is(err, deid.ErrIdentifierLeft) {
		t.Fatalf("%+v: %v", where, err)
	}
	hay := haystackOf(out)
	for _, plant := range planted {
		if found := hay.left(plant.gone); found != "" {
			t.Fatalf("a %s, %s, at %+v is left %s: %q", plant.kind, plant.value, where, found, out)
		}
	}
}

// Each of the eighteen identifiers at each position of each segment, listed or
// not; and in every way to write it at each position of each type.
func TestPlanted(t *testing.T) {
	t.Parallel()
	h := transformerOf(t, deid.SafeHarbor(codeRules...), nil, nil)
	seen := make(map[deidhl7.Position]bool)
	for p := range deidhl7.Positions() {
		ofType := deidhl7.Position{Type: p.Type, Component: p.Component, Sub: p.Sub}
		allGone(t, h, p, !seen[ofType], func(value string) string { return messageWith(p, value, nil) })
		seen[ofType] = true
	}
}

// The same in OBX-5 by each type, with and without a code that explains it.
func TestPlantedOBX5(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	for p := range deidhl7.ValuePositions() {
		for _, obx3 := range []string{"2345-7^Glucose^LN", "X^Patient Phone^L", "21112-8^Birth date^LN", "30525-0^Age^LN", ""} {
			var but []deid.Kind
			if p.Type == "NM" || p.Type == "SN" {
				but = []deid.Kind{deid.KindMRN} // a number like any that is measured: see TestPlantedTwice
			}
			allGone(t, h, fmt.Sprint(p, obx3), obx3 == "", func(value string) string {
				return messageWith(p, value, map[int]string{2: p.Type, 3: obx3, 6: "mg/dL"})
			}, but...)
		}
	}
}

// The number of a CX by each type of CX-5, with and without an authority.
func TestPlantedCX(t *testing.T) {
	t.Parallel()
	h := transformerOf(t, deid.SafeHarbor(codeRules...), nil, nil)
	for _, kind := range append(deidhl7.IdentifierTypes(), "", "XX", "mr", "not a type") {
		for _, field := range []int{2, 3, 4, 18, 21} {
			p := deidhl7.Position{Segment: "PID", Field: field, Component: 1, Sub: 1}
			allGone(t, h, kind, field == 3, func(value string) string {
				return messageWith(p, value+"^^^NORTH^"+kind, nil) + messageWith(p, value+"^7^M10^^"+kind, nil)
			})
		}
	}
}

// No value is in a report.
func TestPlantedReport(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	var in strings.Builder
	for _, plant := range planted {
		in.WriteString(head + plant.line + "\r" + head + "ZZZ|" + plant.value + "\r" + plant.value + "\r" + head + "PV1|1|" + plant.value + "\r")
	}
	_, r, err := h.run(in.String(), nil)
	text := r.Statement().Text()
	canonical, canonicalErr := r.Statement().Canonical()
	if err != nil || canonicalErr != nil {
		t.Fatal(err, canonicalErr)
	}
	hay := haystackOf(text + string(canonical))
	for _, plant := range planted {
		if found := hay.left(plant.gone); found != "" {
			t.Errorf("a %s is in the report, %s", plant.kind, found)
		}
	}
}

// A value that is at home in one segment and stands somewhere else, in part, is
// found there: the message goes without its displays, or not at all.
func TestPlantedTwice(t *testing.T) {
	t.Parallel()
	h := transformer(t, &deidhl7.Options{Systems: []string{"L"}})
	words := map[deid.Kind]string{deid.KindName: "Quackenbush"}
	places := []struct {
		p      deidhl7.Position
		around map[int]string
		cell   string
	}{
		{deidhl7.Position{Segment: "DG1", Field: 3, Component: 1, Sub: 1}, nil, "I10^%s^I10C"},
		{deidhl7.Position{Segment: "DG1", Field: 3, Component: 1, Sub: 1}, nil, "I10^seen: %s, well^I10C"},
		{deidhl7.Position{Segment: "OBX", Field: 3, Component: 1, Sub: 1}, nil, "GLU^%s^L"},
		{deidhl7.Position{Segment: "OBX", Field: 5, Component: 1, Sub: 1}, map[int]string{2: "CE"}, "73211009^%s^SCT"},
		{deidhl7.Position{Segment: "OBX", Field: 5, Component: 1, Sub: 1}, map[int]string{2: "NM"}, "%s"},
		{deidhl7.Position{Segment: "OBX", Field: 4, Component: 1, Sub: 1}, nil, "%s"},
		{deidhl7.Position{Segment: "PV1", Field: 10, Component: 1, Sub: 1}, nil, "%s"},
		{deidhl7.Position{Segment: "PV1", Field: 20, Component: 1, Sub: 1}, nil, "%s"},
	}
	for _, plant := range planted {
		value := plant.value
		if w, ok := words[plant.kind]; ok {
			value = w
		}
		for how, text := range escapes(value) {
			for _, place := range places {
				in := messageWith(place.p, fmt.Sprintf(place.cell, text), place.around) + plant.line + "\r"
				out, r, err := h.run(in, nil)
				if err != nil && !errors.Is(err, deid.ErrIdentifierLeft) {
					t.Fatalf("%s: %v", in, err)
				}
				if found := left(out, plant.gone); found != "" {
					t.Errorf("a %s, %s, is left %s: %q became %q", plant.kind, how, found, in, out)
				}
				if (err != nil) != (r.Statement().SelfCheck.Hits == 1) {
					t.Errorf("%v, but %d hits", err, r.Statement().SelfCheck.Hits)
				}
			}
		}
	}
}

// The same for what is known of the subject, and stands nowhere else.
func TestSubject(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	s := &deid.Subject{Names: []string{"Zebulon Quackenbush"}, IDs: []string{"88372610", "5512917734"}}
	for _, in := range []string{
		head + "PV1|1|quackenbush\r",
		head + "PV1|1|\\X517561636B656E62757368\\\r",
		head + "OBX|1|NM|||88372610\r",
		head + "OBX|1|NM|||55129~17734\r",
		head + "OBX|1|NM|||55129\rOBX|2|NM|||17734\r",
	} {
		out, _, err := h.run(in, s)
		if !errors.Is(err, deid.ErrIdentifierLeft) || out != "" {
			t.Errorf("%q became %q: %v", in, out, err)
		}
	}
	in := head + "DG1|1||I10^Quackenbush's disease^I10C\r"
	out, _, err := h.run(in, s)
	if want := "DG1|1||I10^^I10C\r"; err != nil || !strings.HasSuffix(out, want) {
		t.Errorf("a display with the name became %q: %v", out, err)
	}
}

// What is no segment of the table goes, whatever it has, and so do lines that
// are none.
func TestUnlistedSegments(t *testing.T) {
	t.Parallel()
	h := transformer(t, nil)
	for _, id := range []string{"ZPI", "Z01", "ZZZ", "QRD", "QPD", "ABC", "pid", "PI", "", "PIDX", "Dear"} {
		if deidhl7.Listed(id) {
			t.Fatalf("%s is listed", id)
		}
		in := head + id + "|Zebulon Quackenbush|20240517|I10^Zebulon^I10C\rPV1|1|I\r"
		out, r, err := h.run(in, nil)
		if want := `MSH|^~\&|||||2024||ORU^R01||P|2.5.1` + "\rPV1|1|I\r"; err != nil || out != want {
			t.Errorf("%s became %q: %v", id, out, err)
		}
		var n uint64
		for _, u := range r.Statement().Unknown {
			n += u.Count
		}
		if n != 1 {
			t.Errorf("%s: %d values counted as unknown, want 1", id, n)
		}
	}
}
