package deid_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
)

// keepAll keeps what stands at a, b, a.b, a[*], b[*].a and so on: a policy
// under which whole documents of these names stay.
func keepAll(t fataler) *deid.Engine {
	t.Helper()
	var rules []deid.Rule
	for _, path := range []string{"$.a", "$.b", "$.a.a", "$.a.b", "$.b[*]", "$.b[*].a", "$.b[*].b[*]", `$["c d"]`, `$["é\n\"."]`} {
		rules = append(rules, deid.Rule{Path: path, Action: deid.Keep, Reason: "a test"})
	}
	return engine(t, deid.ExpertDetermination(determination, rules...), &deid.Options{MaxDepth: 20, MaxRecord: 1 << 16})
}

// Spaces, escapes, the order of keys and the spelling of numbers stay byte for
// byte where a rule keeps them.
func TestJSONKeepsBytes(t *testing.T) {
	t.Parallel()
	e := keepAll(t)
	for _, tt := range []struct{ in, want string }{
		{`{}`, `{}`},
		{"{ \"b\" : [ ] , \"a\" : 1.50e+03 }", "{ \"b\" : [ ] , \"a\" : 1.50e+03 }"},
		{`{"a":1,"x":2,"b":3}`, `{"a":1,"b":3}`},
		{`{"x":1, "a":2}`, `{ "a":2}`},
		{`{"a":-0.0,"b":[1E400,true,null]}`, `{"a":-0.0,"b":[1E400,true,null]}`},
		{"{\n \"a\": \"\\u00e9\\/\\ud83d\\ude00\",\n \"b\": [\n  {\"a\": 1},\n  {\"x\": 2}\n ]\n}", "{\n \"a\": \"\\u00e9\\/\\ud83d\\ude00\",\n \"b\": [\n  {\"a\": 1},\n  {}\n ]\n}"},
		{`{"c d":1,"\u00e9\n\".":2}`, `{"c d":1,"\u00e9\n\".":2}`},
		{`{"a":{"a":1,"x":[{}],"b":2}}`, `{"a":{"a":1,"b":2}}`},
		{`{"a":1,"a":2}`, `{"a":1,"a":2}`},
		{`null`, `null`},
		{`17`, `null`},
		{`"x"`, `null`},
	} {
		if out, _, err := transformed(e, e.NDJSON, tt.in, nil); err == nil && strings.Contains(tt.in, "\n") {
			t.Errorf("a record over several lines is no NDJSON: %q", out)
		}
		if out, _, err := transformed(e, e.JSON, tt.in, nil); err != nil || out != tt.want+"\n" {
			t.Errorf("%s became %s (%v), want %s", tt.in, out, err, tt.want)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{"[]", "[]\n"}, {" [ ] ", "[]\n"}, {`[{"a":1},{"x":1} , 5]`, "[\n{\"a\":1},\n{},\nnull\n]\n"},
	} {
		if out, _, err := transformed(e, e.JSON, tt.in, nil); err != nil || out != tt.want {
			t.Errorf("%s became %q (%v), want %q", tt.in, out, err, tt.want)
		}
	}
	if out, _, err := transformed(e, e.NDJSON, "{\"a\":1}\r\n\n {\"b\":2} \n{\"a\":3}", nil); err != nil || out != "{\"a\":1}\r\n\n{\"b\":2}\n{\"a\":3}" {
		t.Errorf("lines became %q (%v)", out, err)
	}
}

// A malformed document fails with its position and never with its content; in
// NDJSON the lines around it are written.
func TestJSONMalformed(t *testing.T) {
	t.Parallel()
	e := keepAll(t)
	const secret = "Quackenbush"
	for _, tt := range []struct {
		in string
		at string
	}{
		{``, "byte 0"},
		{`{`, "byte"},
		{`{"a"`, "byte"},
		{`{"a":}`, "byte 5"},
		{`{"a":1,}`, "byte 7"},
		{`{a:1}`, "byte 1"},
		{`{"a":01}`, "byte 5"},
		{`{"a":1.}`, "byte 5"},
		{`{"a":+1}`, "byte 5"},
		{`{"a":tru}`, "byte 5"},
		{`{"a":"\x"}`, "byte 5"},
		{`{"a":"` + secret, "byte"},
		{`{"a":1}}`, "byte 7"},
		{`{"a":1} {"a":2}`, "byte 8"},
		{`[{"a":1},]`, "byte 9"},
		{`[{"a":1}{"a":2}]`, "byte 8"},
		{`[{"a":1}`, "byte 8"},
		{"{\"a\":\"x\ty\"}", "byte 5"},
		{"{\"a\":\"\xff\"}", "byte 6"},
		{"{\"" + secret + "\":1 x}", "byte"},
		{`{"a":[1 2]}`, "byte"},
		{"\xef\xbb\xbf{}", "byte 0"},
	} {
		out, r, err := transformed(e, e.JSON, tt.in, nil)
		if !errors.Is(err, deid.ErrMalformed) || !strings.Contains(fmt.Sprint(err), tt.at) || strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%q: %v, want ErrMalformed at %s", tt.in, err, tt.at)
		}
		if strings.Contains(out, secret) || r.Failed() != 1 || len(r.Statement().Failures) != 1 {
			t.Errorf("%q: output %q, failed %d", tt.in, out, r.Failed())
		}
		if strings.ContainsAny(tt.in, "\n[") || tt.in == "" {
			continue
		}
		out, r, err = transformed(e, e.NDJSON, "{\"a\":1}\n"+tt.in+"\n{\"a\":2}\n", nil)
		failed, ok := errors.AsType[*deid.FailedError](err)
		if !ok || failed.Failed != 1 || !strings.HasPrefix(failed.First.Position, "line 2") || out != "{\"a\":1}\n{\"a\":2}\n" || r.Failed() != 1 {
			t.Errorf("%q as a line: %v, %q", tt.in, err, out)
		}
	}
}

func TestJSONLimits(t *testing.T) {
	t.Parallel()
	e := keepAll(t) // a depth of 20 and 64 KiB
	nested := func(n int) string { return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for _, tt := range []struct {
		in string
		ok bool
	}{
		{nested(19), true},
		{nested(20), false},
		{nested(9000), false},
		{`{"x":"` + strings.Repeat("y", 1<<16-8) + `"}`, true},
		{`{"x":"` + strings.Repeat("y", 1<<16) + `"}`, false},
	} {
		for name, f := range map[string]transform{"JSON": e.JSON, "NDJSON": e.NDJSON} {
			_, _, err := transformed(e, f, tt.in, nil)
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, deid.ErrTooLarge) {
				t.Errorf("%s of %d bytes: %v", name, len(tt.in), err)
			}
		}
	}
	// The records after one that nests too deeply go on; so do lines after
	// one that is too long.
	out, r, err := transformed(e, e.JSON, `[{"a":1},`+nested(30)+`,{"a":2}]`, nil)
	if !errors.Is(err, deid.ErrTooLarge) || out != "[\n{\"a\":1},\n{\"a\":2}\n]\n" || r.Failed() != 1 {
		t.Errorf("%v, %q", err, out)
	}
	out, r, err = transformed(e, e.NDJSON, "{\"a\":1}\n"+strings.Repeat("x", 1<<20)+"\n{\"a\":2}\n", nil)
	if !errors.Is(err, deid.ErrTooLarge) || out != "{\"a\":1}\n{\"a\":2}\n" || r.Failed() != 1 {
		t.Errorf("%v, %q", err, out)
	}
}

// The same whatever the pieces are in which the input arrives.
func TestStreamsOfPieces(t *testing.T) {
	t.Parallel()
	e := benchEngine(t)
	for name, tt := range map[string]struct {
		f  transform
		in []byte
	}{
		"JSON": {e.JSON, benchJSON(300, false)}, "NDJSON": {e.NDJSON, benchJSON(300, true)}, "CSV": {e.CSV, benchCSV(500)},
	} {
		whole, _, err := transformed(e, tt.f, string(tt.in), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, pieces := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			var b bytes.Buffer
			if err := tt.f(m0, &b, pieces(bytes.NewReader(tt.in)), nil, e.NewReport()); err != nil || b.String() != whole {
				t.Errorf("%s in pieces: %v, %d bytes instead of %d", name, err, b.Len(), len(whole))
			}
		}
		broken := errors.New("the disk")
		if err := tt.f(m0, io.Discard, io.MultiReader(bytes.NewReader(tt.in[:len(tt.in)/2]), iotest.ErrReader(broken)), nil, e.NewReport()); !errors.Is(err, broken) {
			t.Errorf("%s from a broken reader: %v", name, err)
		}
		if err := tt.f(m0, brokenWriter{broken}, bytes.NewReader(tt.in), nil, e.NewReport()); !errors.Is(err, broken) {
			t.Errorf("%s to a broken writer: %v", name, err)
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

// drawJSON draws a document of the names that keepAll knows and of others.
func drawJSON(t *rapid.T, depth int) any {
	kinds := []string{"object", "array", "string", "number", "bool", "null"}
	if depth == 0 {
		kinds = kinds[2:]
	}
	switch rapid.SampledFrom(kinds).Draw(t, "type") {
	case "object":
		m := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			m[rapid.SampledFrom([]string{"a", "b", "x", "c d", "", "é\n\"."}).Draw(t, "key")] = drawJSON(t, depth-1)
		}
		return m
	case "array":
		l := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			l = append(l, drawJSON(t, depth-1))
		}
		return l
	case "string":
		return rapid.StringN(0, 6, 12).Draw(t, "s")
	case "number":
		return rapid.Float64Range(-1e6, 1e6).Draw(t, "n")
	case "bool":
		return rapid.Bool().Draw(t, "b")
	}
	return nil
}

// slowKeep is what keepAll does, on a document in memory.
func slowKeep(v any, path string, paths []string) (any, bool) {
	here := slices.Contains(paths, path)
	below := func(step string) bool {
		return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, path+step) })
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		known := path == "$"
		for _, p := range paths {
			rest, ok := strings.CutPrefix(p, path)
			known = known || ok && rest != "" && !strings.HasPrefix(rest, "[*]")
		}
		if !known {
			return nil, false
		}
		for key, member := range v {
			if kept, ok := slowKeep(member, deid.Column(key)[1:], stripped(paths, path)); ok {
				out[key] = kept
			}
		}
		return out, true
	case []any:
		if !below("[*]") && path != "$" {
			return nil, false
		}
		out := []any{}
		for _, elem := range v {
			if kept, ok := slowKeep(elem, "[*]", stripped(paths, path)); ok {
				out = append(out, kept)
			}
		}
		return out, true
	}
	return v, here
}

// stripped returns what is left of the paths that go on behind path.
func stripped(paths []string, path string) (rest []string) {
	for _, p := range paths {
		if r, ok := strings.CutPrefix(p, path); ok && (r == "" || r[0] == '.' || r[0] == '[') {
			rest = append(rest, r)
		}
	}
	return rest
}

// The walker keeps what a plain recursion over the decoded document keeps, and
// doing it twice changes nothing.
func TestJSONAgainstRecursion(t *testing.T) {
	t.Parallel()
	e := keepAll(t)
	var paths []string
	for _, r := range e.Policy().Definition().Rules {
		paths = append(paths, r.Path)
	}
	rapid.Check(t, func(t *rapid.T) {
		record := map[string]any{}
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			record[rapid.SampledFrom([]string{"a", "b", "x", "c d", "é\n\"."}).Draw(t, "key")] = drawJSON(t, 3)
		}
		in, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := transformed(e, e.NDJSON, string(in), nil)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		var decoded, got any
		if json.Unmarshal(in, &decoded) != nil || json.Unmarshal([]byte(out), &got) != nil {
			t.Fatalf("not JSON: %s", out)
		}
		want, _ := slowKeep(decoded, "$", paths)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s became %s, want %v", in, out, want)
		}
		again, _, err := transformed(e, e.NDJSON, out, nil)
		if err != nil || again != out {
			t.Fatalf("%s is not the same twice: %s (%v)", out, again, err)
		}
	})
}

// The walker takes what encoding/json takes, and what it makes is JSON.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[{"a":"\u00e9"},{"b":[1,2.5e3]}]`, `{"a":{"b":null},"x":[[]]}`, `{"a":01}`, "\xff", `[1,2`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	e := keepAll(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		err := e.JSON(m0, &b, bytes.NewReader(data), nil, e.NewReport())
		if errors.Is(err, deid.ErrTooLarge) {
			return
		}
		if valid := json.Valid(data) && validUTF8(data); (err == nil) != valid {
			t.Fatalf("%q: valid %v, error %v", data, valid, err)
		}
		if err != nil {
			return
		}
		if !json.Valid(b.Bytes()) {
			t.Fatalf("%q became %q, which is not JSON", data, b.Bytes())
		}
		var c bytes.Buffer
		if err := e.JSON(m0, &c, bytes.NewReader(b.Bytes()), nil, e.NewReport()); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) {
			t.Fatalf("%q is not the same twice: %q (%v)", b.Bytes(), c.Bytes(), err)
		}
	})
}
