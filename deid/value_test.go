package deid_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
)

type held struct {
	Name  deid.Value[string]    `json:"name" xml:"name" deid:"name"`
	Born  deid.Value[time.Time] `json:"born" xml:"born,attr" deid:"dob"`
	Home  deid.Value[Home]      `json:"home" deid:"dive"`
	Print deid.Value[[]byte]    `json:"print" deid:"biometric"`
	MRN   deid.Value[int]       `json:"mrn" deid:"mrn"`
	Any   deid.Value[any]       `json:"any" deid:"drop"`
	own   deid.Value[string]
	list  []deid.Value[Home]
}

func example() held {
	return held{
		deid.Hide("Quillfeather"), deid.Hide(time.Date(1971, 2, 3, 0, 0, 0, 0, time.UTC)), deid.Hide(Home{Street: "Quillfeather Lane"}), deid.Hide([]byte("Quillfeather")),
		deid.Hide(81350729), deid.Hide[any](map[string]string{"Quillfeather": "Quillfeather"}), deid.Hide("Quillfeather"),
		[]deid.Value[Home]{deid.Hide(Home{Street: "Quillfeather"})},
	}
}

// shows reports whether a text shows what is in the example, in any form that
// a verb can give it.
func shows(text string) bool {
	low := strings.ToLower(text)
	born := example().Born.Reveal()
	for _, id := range []string{"quillfeather", "1971-02", "feb 1971", strconv.FormatInt(born.Unix(), 10), strconv.FormatInt(born.Unix()+secondsTo1970, 10), "81350729", hex.EncodeToString([]byte("uillf")), "4d950b9", "117 105 108", "0x75, 0x69"} {
		if strings.Contains(low, id) {
			return true
		}
	}
	return false
}

// secondsTo1970 is how a time.Time counts inside.
const secondsTo1970 = 62_135_596_800

func TestValuePrintsNothing(t *testing.T) {
	t.Parallel()
	v := example()
	type failure struct {
		deid.Value[string]
		Code int
	}
	things := map[string]any{
		"struct": v, "pointer": &v, "value": v.Name, "pointer to value": &v.Name, "unexported": v.own, "slice": []deid.Value[string]{v.Name},
		"map": map[string]deid.Value[int]{"a": v.MRN}, "key": map[deid.Value[string]]int{v.Name: 1}, "any": []any{v.Any, v.Home, v.Print},
		"array": [2]deid.Value[Home]{v.Home}, "embedded": failure{v.Name, 7}, "list": v.list, "anonymous": struct{ v deid.Value[Home] }{v.Home},
		"pointer inside": struct{ v *deid.Value[Home] }{&v.Home}, "Null": sql.Null[deid.Value[string]]{V: v.Name, Valid: true},
		"of a value": deid.Hide(v.Name), "of an interface": deid.Hide[fmt.Stringer](v.Born.Reveal()), "of a pointer": deid.Hide(&v),
		"error": fmt.Errorf("no patient %v: %w", v.Name, errors.New("gone")),
	}
	for name, thing := range things {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw!z" {
			for _, flags := range []string{"", "+", "#", "-20", " ", "09.3", "+#"} {
				format := "%" + flags + string(verb)
				if got := fmt.Sprintf(format, thing); shows(got) {
					t.Errorf("%s: %s prints %s", name, format, got)
				}
			}
		}
		outs := map[string]string{"Sprint": fmt.Sprint(thing), "Sprintln": fmt.Sprintln(thing), "extra": fmt.Sprintf(strings.Repeat("x", 1), thing), "width": fmt.Sprintf("%*d"+"", thing, 1)}
		var b bytes.Buffer
		log.New(&b, "", 0).Print(thing)
		outs["log"] = b.String()
		for kind, h := range map[string]func(*bytes.Buffer) slog.Handler{
			"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(h(&b)).Info("m", "k", thing, "l", []any{thing})
			outs[kind] = b.String()
		}
		if data, err := json.Marshal(thing); err == nil {
			outs["JSON"] = string(data)
		} else {
			outs["JSON error"] = err.Error()
		}
		if data, err := xml.Marshal(thing); err == nil {
			outs["XML"] = string(data)
		} else {
			outs["XML error"] = err.Error()
		}
		var g bytes.Buffer
		if err := gob.NewEncoder(&g).Encode(thing); err != nil {
			outs["gob error"] = err.Error()
		}
		outs["gob"] = g.String()
		var tb bytes.Buffer
		if err := template.Must(template.New("").Parse(`{{.}} {{print .}} {{printf "%#v" .}} {{html .}}`)).Execute(&tb, thing); err != nil {
			outs["template error"] = err.Error()
		}
		outs["template"] = tb.String()
		var hb bytes.Buffer
		if err := htmltemplate.Must(htmltemplate.New("").Parse(`<p title="{{.}}">{{.}}</p><script>f({{.}})</script><a href="?q={{.}}">`)).Execute(&hb, thing); err != nil {
			outs["HTML template error"] = err.Error()
		}
		outs["HTML template"] = hb.String()
		for how, out := range outs {
			if shows(out) {
				t.Errorf("%s by %s: %s", name, how, out)
			}
		}
	}
	// A database is given what Reveal returns, and not the word by mistake.
	if stored, err := driver.DefaultParameterConverter.ConvertValue(v.Name); err == nil || shows(err.Error()) {
		t.Errorf("a driver is given %v, %v", stored, err)
	}
	// What does print is the word.
	if got := fmt.Sprintf("%v %+v %#v %s %q %d %x", v.Name, v.Name, v.Name, v.Name, v.Name, v.MRN, v.Print); got != strings.TrimSpace(strings.Repeat("[redacted] ", 7)) {
		t.Errorf("the verbs print %s", got)
	}
	if data, err := json.Marshal(v.Name); err != nil || string(data) != `"[redacted]"` || v.Name.String() != "[redacted]" || v.Name.GoString() != "[redacted]" {
		t.Errorf("JSON %s, %v", data, err)
	}
}

// Reveal gives back what was hidden, and Values are equal as the T are.
func TestValueReveal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		va, vb := deid.Hide(a), deid.Hide(b)
		if va.Reveal() != a || (va == vb) != (a == b) || va.Equal(vb) != (a == b) || va.IsZero() != (a == "") {
			t.Fatalf("Hide(%q), Hide(%q): %q, equal %v", a, b, va.Reveal(), va == vb)
		}
		n := rapid.Float64().Draw(t, "n")
		if deid.Hide(n).Reveal() != n {
			t.Fatalf("Hide(%v)", n)
		}
		list := rapid.SliceOf(rapid.Int()).Draw(t, "list")
		vl := deid.Hide(list)
		if got := vl.Reveal(); !cmp.Equal(got, list) || vl != deid.Value[[]int](vl) {
			t.Fatalf("Hide(%v).Reveal() = %v", list, got)
		}
	})
	var zero deid.Value[*int]
	if zero.Reveal() != nil || !zero.IsZero() || zero != deid.Hide[*int](nil) {
		t.Error("the zero Value is not the zero T")
	}
	if !math.IsNaN(deid.Hide(math.NaN()).Reveal()) {
		t.Error("NaN")
	}
	// A T that is an interface holds what can and what cannot be compared.
	list := []int{1}
	if got := deid.Hide[any](list).Reveal().([]int); &got[0] != &list[0] {
		t.Error("a slice in an interface")
	}
	var inner any = list
	if got := deid.Hide[any](&inner).Reveal(); got != any(&inner) {
		t.Error("a pointer to an interface in an interface")
	}
	one, other := deid.Hide([]int{1}), deid.Hide([]int{1})
	if one == other {
		t.Error("two slices are equal")
	}
	narrow, same, wide := deid.Hide[any](1), deid.Hide[any](1), deid.Hide[any](int64(1))
	if narrow == wide || narrow != same {
		t.Error("interfaces do not compare as interfaces do")
	}
}

func TestValueReads(t *testing.T) {
	t.Parallel()
	var v held
	if err := json.Unmarshal([]byte(`{"name":"Quillfeather","born":"1971-02-03T00:00:00Z","home":{"Street":"x"},"print":"YWJj","mrn":81350729,"any":[1]}`), &v); err != nil {
		t.Fatal(err)
	}
	if v.Name.Reveal() != "Quillfeather" || v.Born.Reveal().Year() != 1971 || v.Home.Reveal().Street != "x" || string(v.Print.Reveal()) != "abc" || v.MRN.Reveal() != 81350729 {
		t.Errorf("read %q", v.Name.Reveal())
	}
	written, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	back := example()
	if err := json.Unmarshal(written, &back); !errors.Is(err, deid.ErrRedacted) || back.Name != example().Name {
		t.Errorf("reading what was written: %v", err)
	}
	if err := json.Unmarshal([]byte(`{"name":null}`), &back); err != nil || back.Name != example().Name {
		t.Errorf("null: %v", err)
	}
	for _, data := range []string{`{"name":7134729}`, `{"born":"7134729"}`, `{"mrn":"7134729"}`} {
		if err := json.Unmarshal([]byte(data), &back); !errors.Is(err, deid.ErrValue) || strings.Contains(err.Error(), "7134729") || back.Name != example().Name {
			t.Errorf("%s: %v", data, err)
		}
	}
	var x struct {
		Name deid.Value[string]    `xml:"name,attr"`
		Born deid.Value[time.Time] `xml:"born"`
		MRN  deid.Value[int]       `xml:"mrn"`
		Raw  deid.Value[[]byte]    `xml:"raw"`
	}
	if err := xml.Unmarshal([]byte(`<a name="Quillfeather"><born>1971-02-03T00:00:00Z</born><mrn>12</mrn><raw>ab</raw></a>`), &x); err != nil || x.Name.Reveal() != "Quillfeather" || x.Born.Reveal().Year() != 1971 || x.MRN.Reveal() != 12 || string(x.Raw.Reveal()) != "ab" {
		t.Errorf("XML: %v", err)
	}
	for _, data := range []string{`<a name="[redacted]"></a>`, `<a><born>7134729</born></a>`, `<a><mrn>seven</mrn></a>`} {
		if err := xml.Unmarshal([]byte(data), &x); err == nil || strings.Contains(err.Error(), "7134729") {
			t.Errorf("%s: %v", data, err)
		}
	}
	var g bytes.Buffer
	if err := gob.NewEncoder(&g).Encode(v.Name); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&g).Decode(&v.Name); !errors.Is(err, deid.ErrRedacted) {
		t.Errorf("gob: %v", err)
	}
	if text, err := v.Name.AppendText([]byte("x")); err != nil || string(text) != "x[redacted]" {
		t.Errorf("AppendText: %s, %v", text, err)
	}
}

// The engine treats what is inside by the tag of the field.
func TestValueStruct(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t)
	type visit struct {
		Name  deid.Value[string]            `deid:"name,tag"`
		Born  deid.Value[time.Time]         `deid:"dob"`
		Ages  []deid.Value[int]             `deid:"age"`
		ZIP   *deid.Value[string]           `deid:"zip"`
		SSN   deid.Value[string]            `deid:"ssn"`
		Homes deid.Value[[]Home]            `deid:"dive"`
		Sex   deid.Value[string]            `deid:"keep"`
		Photo deid.Value[[]byte]            `deid:"photo,drop"`
		Twice deid.Value[held2]             `deid:"dive"`
		On    deid.Value[bool]              // cannot carry an identifier
		By    map[string]deid.Value[string] `deid:"term,keys=keep"`
	}
	zip := deid.Hide("02139")
	v := visit{
		deid.Hide("Ada Quill"), deid.Hide(time.Date(1971, 2, 3, 0, 0, 0, 0, time.UTC)),
		[]deid.Value[int]{deid.Hide(50), deid.Hide(93)},
		&zip,
		deid.Hide("078-05-1120"), deid.Hide([]Home{{Street: "1 Elm Street", ZIP: "03601"}}), deid.Hide("F"), deid.Hide([]byte{1}), deid.Hide(held2{deid.Hide(deid.Hide("Ada"))}), deid.Hide(true),
		map[string]deid.Value[string]{"a": deid.Hide("I10")},
	}
	if err := deid.Struct(t.Context(), e, &v, nil, e.NewReport()); err != nil {
		t.Fatal(err)
	}
	homes := v.Homes.Reveal()
	if v.Name.Reveal() != "[NAME]" || !v.Born.IsZero() || v.Ages[0].Reveal() != 50 || v.Ages[1].Reveal() != 90 || v.ZIP.Reveal() != "021" || !v.SSN.IsZero() ||
		homes[0].Street != "" || homes[0].ZIP != "000" || v.Sex.Reveal() != "F" || !v.Photo.IsZero() || !v.Twice.Reveal().Name.IsZero() || !v.On.Reveal() || v.By["a"].Reveal() != "I10" {
		t.Errorf("%q %v %v %q %q %v %q", v.Name.Reveal(), v.Born.Reveal(), v.Ages[1].Reveal(), v.ZIP.Reveal(), v.SSN.Reveal(), homes, v.Sex.Reveal())
	}
	// The self-check reads what stays inside.
	type left struct {
		Name deid.Value[string] `deid:"name"`
		Plan deid.Value[any]    `deid:"drop"`
		Note deid.Value[string] `deid:"keep"`
	}
	l := left{deid.Hide("Quillfeather"), deid.Hide[any](1), deid.Hide("seen by quillfeather")}
	if err := deid.Struct(t.Context(), e, &l, nil, e.NewReport()); !errors.Is(err, deid.ErrIdentifierLeft) || l != (left{}) {
		t.Errorf("self-check: %v", err)
	}
	for name, check := range map[string]func() error{
		"untagged":       func() error { _, err := deid.CheckStruct[struct{ Name deid.Value[string] }](e); return err },
		"embedded":       func() error { _, err := deid.CheckStruct[struct{ deid.Value[string] }](e); return err },
		"a Value itself": func() error { _, err := deid.CheckStruct[deid.Value[Home]](e); return err },
		"nothing to dive": func() error {
			_, err := deid.CheckStruct[struct {
				A deid.Value[string] `deid:"dive"`
			}](e)
			return err
		},
		"an embedding": func() error {
			_, err := deid.CheckStruct[struct {
				A embedding `deid:"name,tag"`
			}](e)
			return err
		},
	} {
		if check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

type held2 struct {
	Name deid.Value[deid.Value[string]] `deid:"name"`
}

// An embedding has the methods of a Value, and a field beside it.
type embedding struct {
	deid.Value[string]
	More string
}

func TestShapeKinds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]deid.Kind{
		"": 0, "a visit of 45 minutes": 0, "078-05-1120": deid.KindSSN, "call (617) 555-0101": deid.KindPhone, "ada@quill.example": deid.KindEmail,
		"see https://quill.example": deid.KindURL, "from 192.0.2.7": deid.KindIP, "on 2019-05-06": deid.KindDate,
	} {
		if got := deid.ShapeOf(text); got != want {
			t.Errorf("ShapeOf(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestParseFieldTag(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]deid.FieldTag{
		"name": {Kind: deid.KindName}, "mrn,tag": {Kind: deid.KindMRN, Action: deid.Tag}, "code=mrn": {Kind: deid.KindMRN, Action: deid.CodeAs("mrn")},
		"dive,keys=keep": {Dive: true, KeepKeys: true}, "keep,reason=two, three": {Action: deid.Keep, Reason: "two, three"}, "drop": {Action: deid.Drop},
	} {
		if got, err := deid.ParseFieldTag(tag); err != nil || got != want {
			t.Errorf("ParseFieldTag(%q) = %+v, %v", tag, got, err)
		}
	}
	for _, tag := range []string{"", "names", "name,drop,tag", "name,reason=x", "code=M"} {
		if got, err := deid.ParseFieldTag(tag); err == nil || got != (deid.FieldTag{}) {
			t.Errorf("ParseFieldTag(%q) = %+v", tag, got)
		}
	}
}
