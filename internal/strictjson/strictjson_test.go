package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
	"github.com/baakit/baakit/internal/strictjson"
)

type inner struct {
	Due    baakit.Date                 `json:"due"`
	Notice baakit.Period               `json:"notice"`
	Source baakit.Citation             `json:"source"`
	Counts map[baakit.Jurisdiction]int `json:"counts"`
}

type outer struct {
	Name  string          `json:"name"`
	N     int             `json:"n"`
	Yes   *bool           `json:"yes"`
	Items []inner         `json:"items"`
	Raw   json.RawMessage `json:"raw"`
}

func TestDecodeReportsEverything(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     baakit.FieldErrors
	}{
		{"all right", `{"name":"x","n":1,"yes":null,"items":[{"due":"2026-01-02","notice":"60 days","source":"45 CFR 164.404(b)","counts":{"CA":3}}],"raw":{"a":1}}`, nil},
		{"every kind of wrong", `{"name":1,"n":"1","yes":"no","items":[{"due":"2026-02-30","notice":"a while","source":{"pinpoint":"1"},"counts":{"CA":"x","ZZ":1}},{"due":null}],"any":1,"John Doe":2,"name":"again"}`, baakit.FieldErrors{
			{Path: "name", Rule: "must be a string"},
			{Path: "n", Rule: "must be a whole number"},
			{Path: "yes", Rule: "must be true or false"},
			{Path: "items[0].due", Rule: strings.TrimPrefix(baakit.ErrDate.Error(), "baakit: ")},
			{Path: "items[0].notice", Rule: strings.TrimPrefix(baakit.ErrPeriod.Error(), "baakit: ")},
			{Path: "items[0].source.authority", Rule: "is required"},
			{Path: "items[0].counts.CA", Rule: "must be a whole number"},
			{Path: "items[0].counts.(member 2)", Rule: strings.TrimPrefix(baakit.ErrJurisdiction.Error(), "baakit: ")},
			{Path: "items[1].due", Rule: "must not be null"},
			{Path: "any", Rule: "is not a known field"},
			{Path: "(member 6)", Rule: "is not a known field"},
			{Path: "name", Rule: "must not be given twice"},
		}},
		{"keys that could be anything", `{"jane roe":1,"` + strings.Repeat("x", 41) + `":1,"":1,"_a":1}`, baakit.FieldErrors{
			{Path: "(member 1)", Rule: "is not a known field"},
			{Path: "(member 2)", Rule: "is not a known field"},
			{Path: "(member 3)", Rule: "is not a known field"},
			{Path: "(member 4)", Rule: "is not a known field"},
		}},
		{"empty", ``, baakit.FieldErrors{{Rule: "must be JSON; it ends too early"}}},
		{"malformed", `{"name":}`, baakit.FieldErrors{{Rule: "must be JSON; it is malformed at byte 9"}}},
		{"two values", `{} {}`, baakit.FieldErrors{{Rule: "must be one JSON value; there is more at byte 4"}}},
		{"not an object", `[]`, baakit.FieldErrors{{Rule: "must be an object"}}},
		{"not a list", `{"items":{}}`, baakit.FieldErrors{{Path: "items", Rule: "must be a list"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var v outer
			err := strictjson.Decode([]byte(tt.in), &v)
			got, _ := errors.AsType[baakit.FieldErrors](err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Decode(%s) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

// What encoding/json wrote is read as encoding/json reads it.
func TestDecodeAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := outer{Name: rapid.String().Draw(t, "name"), N: rapid.Int().Draw(t, "n"), Raw: json.RawMessage(`[1,{"a":null}]`)}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			v.Items = append(v.Items, inner{
				gen.Date().Draw(t, "due"), gen.Period().Draw(t, "notice"), gen.Citation().Draw(t, "source"),
				rapid.MapOf(gen.Jurisdiction(), rapid.Int()).Draw(t, "counts"),
			})
		}
		if v.Items == nil {
			v.Items = []inner{}
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want, got outer
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if err := strictjson.Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("Decode(%s) = %+v, want %+v", data, got, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"x","items":[{"due":"2026-01-02"}]}`))
	f.Add([]byte(`{"raw":[[[[]]]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v outer
		err := strictjson.Decode(data, &v)
		if err != nil {
			if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
				t.Fatalf("Decode: %T is not FieldErrors", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatal("Decode accepted what is not JSON")
		}
		var w outer
		if err := json.Unmarshal(data, &w); err != nil {
			t.Fatalf("Decode accepted what encoding/json refuses: %v", err)
		}
	})
}

func TestDecodeDepth(t *testing.T) {
	t.Parallel()
	type node struct {
		Next *node `json:"next"`
	}
	deep := strings.Repeat(`{"next":`, 200) + "null" + strings.Repeat("}", 200)
	var v node
	if err := strictjson.Decode([]byte(deep), &v); err == nil {
		t.Error("Decode of 200 levels = nil, want an error")
	}
}

// Bytes are base64, as encoding/json writes them, and nothing else.
func TestBytes(t *testing.T) {
	t.Parallel()
	type record struct {
		Key []byte `json:"key"`
	}
	var r record
	if err := strictjson.Decode([]byte(`{"key":"AQL/"}`), &r); err != nil || string(r.Key) != "\x01\x02\xff" {
		t.Errorf("%v, %v", r, err)
	}
	for _, in := range []string{`{"key":[1,2]}`, `{"key":"AQL"}`, `{"key":7}`, `{"key":"é"}`, `{"key":null}`} {
		if err := strictjson.Decode([]byte(in), &r); err == nil {
			t.Errorf("%s is taken", in)
		}
	}
}

// A list of an enumeration that is kept in a byte is a list of its words, and
// only bytes are base64.
func TestBytesAndSmallEnumerations(t *testing.T) {
	t.Parallel()
	var v struct {
		Key    []byte                `json:"key"`
		States []baakit.Jurisdiction `json:"states"`
	}
	if err := strictjson.Decode([]byte(`{"key":"AAE=","states":["IA","TX"]}`), &v); err != nil || len(v.Key) != 2 || len(v.States) != 2 {
		t.Errorf("Decode = %+v, %v", v, err)
	}
	if err := strictjson.Decode([]byte(`{"key":[0,1],"states":"IA"}`), &v); err == nil || strings.Count(err.Error(), ";") != 1 {
		t.Errorf("Decode = %+v, %v, want two errors", v, err)
	}
}

// A share or a distance is a number with a fraction; 1e999 is none.
func TestFractions(t *testing.T) {
	t.Parallel()
	var v struct {
		Share float64 `json:"share"`
	}
	if err := strictjson.Decode([]byte(`{"share":0.25}`), &v); err != nil || v.Share != .25 {
		t.Errorf("%v, %v", v, err)
	}
	for _, bad := range []string{`"0.25"`, `1e999`, `{}`, `[1]`, `true`} {
		err := strictjson.Decode([]byte(`{"share":`+bad+`}`), &v)
		if diff := cmp.Diff(baakit.FieldErrors{{Path: "share", Rule: "must be a number"}}, err); diff != "" {
			t.Errorf("%s: %s", bad, diff)
		}
	}
}
