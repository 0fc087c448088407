package jcs_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/baakit/baakit/internal/jcs"
	"pgregory.net/rapid"
)

// The examples of RFC 8785: section 3.2.2 and 3.2.3, and the numbers of its
// appendix B.
func TestStandard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"literals", `[56, {"d": true, "10": null, "1": [ ]}]`, `[56,{"1":[],"10":null,"d":true}]`},
		{
			"values", `{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
			"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
			`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
				`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		},
		{
			"order", `{"\u20ac":"Euro","\r":"CR","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smile","\u0080":"Control","\u00f6":"o"}`,
			"{\"\\r\":\"CR\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"o\",\"€\":\"Euro\",\"😀\":\"Smile\",\"\ufb33\":\"Dalet\"}",
		},
		{"scalar", ` "x" `, `"x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := jcs.Canonicalize([]byte(tt.in))
			if err != nil || string(got) != tt.want {
				t.Errorf("Canonicalize = %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
	for bits, want := range map[uint64]string{
		0x0000000000000001: "5e-324", 0x8000000000000001: "-5e-324", 0x7fefffffffffffff: "1.7976931348623157e+308",
		0x44b52d02c7e14af5: "9.999999999999997e+22", 0x44b52d02c7e14af6: "1e+23",
		0x444b1ae4d6e2ef50: "1e+21", 0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7", 0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332", 0x8000000000000000: "0",
	} {
		// The exponent keeps the text from being taken for an integer.
		text := strconv.FormatFloat(math.Float64frombits(bits), 'e', -1, 64)
		if got, err := jcs.Canonicalize([]byte(text)); err != nil || string(got) != want {
			t.Errorf("Canonicalize(%s) = %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", jcs.MaxDepth+2) + strings.Repeat("]", jcs.MaxDepth+2)
	for _, in := range []string{
		"", " ", "{", "[1,]", "nul", "1 2", `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, "\"\xff\"", `"\ud800"`, `"\udc00\ud800"`,
		// The same integers in another notation, one of them of appendix B.
		"1e19", "9007199254740992.0", "9.999999999999997e20", "-1e20",
		`{"\ud800":1}`, "9007199254740992", "-9007199254740992", "1e400", "NaN", "01", deep,
	} {
		got, err := jcs.Canonicalize([]byte(in))
		if _, ok := errors.AsType[*jcs.Error](err); !ok || got != nil {
			t.Errorf("Canonicalize(%q) = %s, %v; want an *Error", in[:min(len(in), 30)], got, err)
		}
	}
	for _, in := range []string{"9007199254740991.0", "1e21", "-1e21", "9007199254740991", "-9007199254740991", `"\ud83d\ude00"`, strings.Repeat("[", jcs.MaxDepth) + strings.Repeat("]", jcs.MaxDepth)} {
		if _, err := jcs.Canonicalize([]byte(in)); err != nil {
			t.Errorf("Canonicalize(%q): %v", in[:min(len(in), 30)], err)
		}
	}
}

func value() *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Float64Range(-1e15, 1e15), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil))
	list := rapid.Map(rapid.SliceOfN(leaf, 0, 4), func(l []any) any { return l })
	object := rapid.Map(rapid.MapOfN(rapid.String(), rapid.OneOf(leaf, list), 0, 6), func(m map[string]any) any { return m })
	return rapid.OneOf(leaf, list, object)
}

// The canonical form means the same, is its own canonical form, and does not
// depend on white space or on how the text was escaped.
func TestCanonicalLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := value().Draw(t, "value")
		indented, err := json.MarshalIndent(v, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		got, err := jcs.Canonicalize(indented)
		if err != nil {
			t.Fatal(err)
		}
		var back, plain any
		if json.Unmarshal(got, &back) != nil || json.Unmarshal(indented, &plain) != nil || !reflect.DeepEqual(back, plain) {
			t.Fatalf("%s reads as another value", got)
		}
		if again, err := jcs.Canonicalize(got); err != nil || string(again) != string(got) {
			t.Fatalf("the canonical form of %s is %s, %v", got, again, err)
		}
		if direct, err := jcs.Marshal(v); err != nil || string(direct) != string(got) {
			t.Fatalf("Marshal = %s, %v; want %s", direct, err, got)
		}
	})
}

func FuzzCanonicalize(f *testing.F) {
	for _, seed := range []string{`{"b":[1,2.5e3],"a":"\u00e9"}`, `"\ud83d\ude00"`, `{"a":1,"a":1}`, "1e-7"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := jcs.Canonicalize(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is not JSON", data)
		}
		if again, err := jcs.Canonicalize(got); err != nil || string(again) != string(got) {
			t.Fatalf("the canonical form of %s is %s, %v", got, again, err)
		}
	})
}
