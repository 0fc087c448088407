package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/baakit/baakit/internal/jsonscan"
)

var texts = []string{
	`{}`, `[]`, `""`, `0`, `-0`, `1e5`, `01`, `-`, `1.`, `.5`, `1e`, `1E+05`, `tru`, `true`, `null`, `false `, ` 1`, `1 2`,
	`{"a":1,"b":[true,null,"x\"y\\"]}`, `{"a":1,}`, `[1,]`, `{"a"}`, `{a:1}`, `[1 2]`, "[\"a\tb\"]", `"\u00e9\ud83d\ude00\ud800"`, `"\u12g4"`, `"\x"`, `"`, `"\`,
	`[{"long":"a text of more than eight bytes, then \n"},{"k":[[]]}]`, "[1\n,\r\n2\t]", `]`, `{]`, `[}`, `[1]]`, `"é"`, "",
}

// check compares every function with encoding/json.
func check(t *testing.T, data []byte) {
	if !utf8.Valid(data) || bytes.Count(data, []byte{'['})+bytes.Count(data, []byte{'{'}) > 1000 {
		return
	}
	start := jsonscan.Space(data, 0)
	end := jsonscan.Skip(data, start, 1001)
	whole := end >= 0 && jsonscan.Space(data, end) == len(data)
	if whole != json.Valid(data) {
		t.Fatalf("%q: Skip says %v, encoding/json %v", data, whole, !whole)
	}
	if whole && data[start] == '"' {
		n, escaped := jsonscan.String(data, start)
		if n != end || escaped != bytes.ContainsRune(data, '\\') {
			t.Fatalf("%q: String = %d, %v", data, n, escaped)
		}
		var want string
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if got := jsonscan.Unescape(nil, data[start+1:end-1]); string(got) != want {
			t.Fatalf("%q: Unescape = %q, want %q", data, got, want)
		}
	}
	var back string
	if err := json.Unmarshal(jsonscan.AppendString(nil, data), &back); err != nil || back != string(data) {
		t.Fatalf("%q was written as a string that reads %q (%v)", data, back, err)
	}
	if !whole {
		// The splitter need not see it, but must come to an end.
		split(t, bytes.NewReader(data))
		return
	}
	var want []json.RawMessage
	if json.Unmarshal(data, &want) != nil || data[start] != '[' {
		want = []json.RawMessage{data[start:end]}
	}
	for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
		got, err := split(t, r)
		if !errors.Is(err, io.EOF) || len(got) != len(want) {
			t.Fatalf("%q: %d records (%v), want %d", data, len(got), err, len(want))
		}
		for i := range got {
			if got[i] != string(want[i]) {
				t.Fatalf("%q: record %d is %q, want %q", data, i, got[i], want[i])
			}
		}
	}
}

func split(t *testing.T, r io.Reader) (records []string, err error) {
	t.Helper()
	s := jsonscan.NewSplitter(r, 1<<20, nil)
	for range 1 << 20 {
		record, err := s.Next()
		if err != nil {
			return records, err
		}
		records = append(records, string(record))
	}
	t.Fatal("the splitter does not come to an end")
	return nil, nil
}

func TestAgainstEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		check(t, []byte(s))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if jsonscan.Skip([]byte(`[[1]]`), 0, 2) != 5 || jsonscan.Skip([]byte(`[[1]]`), 0, 1) != -1 || jsonscan.Skip([]byte(`1`), 0, 0) != 1 {
		t.Error("Skip does not keep to its depth")
	}
	long := `["` + strings.Repeat("q", 98) + `","` + strings.Repeat("q", 99) + `"]`
	s := jsonscan.NewSplitter(strings.NewReader(long), 100, nil)
	if _, err := s.Next(); err != nil || !s.IsArray() {
		t.Errorf("a record of the limit: %v", err)
	}
	if _, err := s.Next(); !errors.Is(err, jsonscan.ErrTooLarge) || s.Offset() != 102 {
		t.Errorf("a record above it: %v at %d", err, s.Offset())
	}
	broken := errors.New("broken")
	if _, err := split(t, io.MultiReader(strings.NewReader(`[1,{"a"`), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("the error of the reader is %v", err)
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range texts {
		f.Add([]byte(s))
	}
	f.Fuzz(check)
}
