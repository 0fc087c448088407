package deid_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
)

func validUTF8(b []byte) bool { return utf8.Valid(b) }

func csvEngine(t fataler) *deid.Engine {
	t.Helper()
	return engine(t, deid.ExpertDetermination(determination,
		deid.Rule{Path: "$.a", Action: deid.Keep, Reason: "a test"},
		deid.Rule{Path: "$.b", Kind: deid.KindTerm, Action: deid.Tag},
		deid.Rule{Path: "$.c", Kind: deid.KindDate},
	), &deid.Options{MaxRecord: 1 << 16})
}

func TestCSVKeepsBytes(t *testing.T) {
	t.Parallel()
	e := csvEngine(t)
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a\n", "a\n"},
		{"a,x,b,c\r\n\"1, \"\"2\"\"\",2,Ada,2019-05-06\r\n\r\n,,,\r\n", "a,column_2,b,c\r\n\"1, \"\"2\"\"\",,[TERM],2019\r\n\r\n,,,\r\n"},
		{"a,b\n\"two\nlines\",\"\"", "a,b\n\"two\nlines\",\"\""},
		{"\xef\xbb\xbfa,b\n1,2\n", "a,b\n1,[TERM]\n"},
		{" a ,\"b\"\n 1 ,\" Ada\"\n", " a ,\"b\"\n 1 ,[TERM]\n"},
		{"a,a\n1,2\n", "a,a\n1,2\n"},
		{"x\nsecret\n", "column_1\n\n"},
	} {
		if out, _, err := transformed(e, e.CSV, tt.in, nil); err != nil || out != tt.want {
			t.Errorf("%q became %q (%v), want %q", tt.in, out, err, tt.want)
		}
	}
}

func TestCSVFailures(t *testing.T) {
	t.Parallel()
	e := csvEngine(t)
	out, r, err := transformed(e, e.CSV, "a,b\n1,Ada\n1\n2,Bo,x\n\xff,Cy\n3,Di\n", nil)
	failed, ok := errors.AsType[*deid.FailedError](err)
	if !ok || failed.Failed != 3 || failed.First.Position != "row 2 (byte 10)" || out != "a,b\n1,[TERM]\n3,[TERM]\n" || r.Failed() != 3 {
		t.Errorf("%v, %q", err, out)
	}
	for _, tt := range []struct {
		in, at string
		want   error
	}{
		{"a,b\n1,Qu\"ack\n", "byte 8", deid.ErrMalformed},
		{"a,b\n\"Quack\"x,2\n", "byte 11", deid.ErrMalformed},
		{"a,b\n1,\"Quack\n", "byte", deid.ErrMalformed},
		{"a,b\n2,\"Quack\"x\n", "byte 13", deid.ErrMalformed},
		{"a,b\n\"Qu\"ack\"x\",2\n", "byte 8", deid.ErrMalformed},
		{"a,b\n\"Qu\"a\"ck\"\n", "byte 8", deid.ErrMalformed},
		{"a,b\n1,2\n" + strings.Repeat("q", 1<<17) + ",2\n", "byte 8", deid.ErrTooLarge},
		{"a,b\n\"" + strings.Repeat("q\n", 1<<17) + "\",2\n", "byte 4", deid.ErrTooLarge},
	} {
		_, r, err := transformed(e, e.CSV, tt.in, nil)
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.at) || strings.Contains(err.Error(), "uack") || r.Failed() != 1 {
			t.Errorf("%.20q: %v, want %v at %s", tt.in, err, tt.want, tt.at)
		}
	}
}

// Against encoding/csv, on rows of any cells.
func TestCSVAgainstEncodingCSV(t *testing.T) {
	t.Parallel()
	e := csvEngine(t)
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "x", "y z"}), 1, 5).Draw(t, "header")
		var rows [][]string
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			row := make([]string, len(header))
			for i := range row {
				row[i] = rapid.OneOf(rapid.StringN(0, 5, 10), rapid.SampledFrom([]string{"", "\"", ",", "a\nb", " ", "\r\n"})).Draw(t, "cell")
				if header[i] == "c" && rapid.Bool().Draw(t, "date") {
					row[i] = "2019-05-06"
				}
			}
			rows = append(rows, row)
		}
		var in bytes.Buffer
		w := csv.NewWriter(&in)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		w.Write(header)
		w.WriteAll(rows)
		read, err := csv.NewReader(bytes.NewReader(in.Bytes())).ReadAll()
		if err != nil {
			t.Skip("encoding/csv does not read what it wrote")
		}
		out, _, err := transformed(e, e.CSV, in.String(), nil)
		if err != nil {
			t.Fatalf("%q: %v", in.String(), err)
		}
		got, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatalf("%q became %q: %v", in.String(), out, err)
		}
		want := [][]string{{}}
		for i, name := range header {
			if len(name) == 1 && name < "d" {
				want[0] = append(want[0], name)
			} else {
				want[0] = append(want[0], fmt.Sprintf("column_%d", i+1))
			}
		}
		for _, row := range read[1:] {
			cells := make([]string, len(row))
			for i, v := range row {
				switch {
				case header[i] == "a", strings.Trim(v, " \t\n\v\f\r") == "" && (header[i] == "b" || header[i] == "c"):
					cells[i] = v
				case header[i] == "b":
					cells[i] = "[TERM]"
				case header[i] == "c":
					if year, ok := deid.ParseYear(v); ok {
						cells[i] = fmt.Sprint(year)
					}
				}
			}
			want = append(want, cells)
		}
		// A row of one empty cell is a row for encoding/csv only where it
		// is written with quotes.
		one := func(row []string) bool { return len(row) == 1 && row[0] == "" }
		got, want = slices.DeleteFunc(got, one), slices.DeleteFunc(want, one)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %q, which reads as %q, want %q", in.String(), out, got, want)
		}
	})
}

// Whatever the bytes: what encoding/csv takes with equal rows is taken, and
// has as many rows and columns afterwards.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\r\n\"x\"\"\ny\"\r\n", "a,b\n\"1\",2", "a,\"b", "a\nx\"y\n", "\n\na\n\n1\n", "a,b\n1\r,2\r\r\n", "a,b\n\"x\"y\"z\",1\n", "a,b\n1,\"x\"y\n"} {
		f.Add([]byte(s))
	}
	e := csvEngine(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		err := e.CSV(m0, &b, bytes.NewReader(data), nil, e.NewReport())
		read, readErr := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if readErr != nil || !utf8.Valid(data) || len(data) > 1<<16 {
			if err == nil && readErr != nil && !errors.Is(readErr, csv.ErrFieldCount) && !bytes.Contains(data, []byte("\r")) {
				t.Fatalf("%q is taken, and encoding/csv says %v", data, readErr)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if b.Len() == 0 {
			return
		}
		got, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
		if err != nil {
			t.Fatalf("%q became %q: %v", data, b.Bytes(), err)
		}
		if len(read) > 0 && len(read[0]) > 1 && (len(got) != len(read) || len(got[0]) != len(read[0])) {
			t.Fatalf("%q became %q: %d rows instead of %d", data, b.Bytes(), len(got), len(read))
		}
	})
}

// Proposals see what is there, and never propose to keep.
func TestProposeCSV(t *testing.T) {
	t.Parallel()
	in := "Patient Name,dateOfBirth,ZIP Code,e-mail,col5,col6,col7,pulse\n" +
		"Ada Quill,1960-05-02,02139,ada@quill.example,078-05-1120,MA,2019-02-17,72\n" +
		"Bo Quill,1961-05-02,02140-1234,bo@quill.example,078-05-1121,NH,2019-02-18,80\n"
	proposals, err := deid.ProposeCSV(m0, strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	want := []deid.Kind{deid.KindName, deid.KindDOB, deid.KindZIP, deid.KindEmail, deid.KindSSN, deid.KindState, deid.KindDate, 0}
	for i, p := range proposals {
		if p.Kind != want[i] || p.Column != i+1 || p.Rows != 2 {
			t.Errorf("column %d: %s because of %q (%d of %d), want %s", p.Column, p.Kind, p.Because, p.Shaped, p.Rows, want[i])
		}
		if p.Rule().Action == deid.Keep {
			t.Errorf("column %d is proposed to be kept", p.Column)
		}
	}
	def, err := deid.DefinitionOf(proposals)
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, def, nil)
	out, _, err := transformed(e, e.CSV, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"Quill", "05-02", "02139", "078-05", "02-17", ",72"} {
		if strings.Contains(out, left) {
			t.Errorf("%q is left under the proposal: %s", left, out)
		}
	}
	// What is in the cells decides nothing: under no rules all of it goes.
	e = safeHarbor(t)
	if out, _, err = transformed(e, e.CSV, in, nil); err != nil || strings.ContainsAny(strings.SplitN(out, "\n", 2)[1], "abcdefghijklmnopqrstuvwxyz0123456789") {
		t.Errorf("without rules: %q, %v", out, err)
	}
	if _, err := deid.ProposeCSV(m0, strings.NewReader("a,b\n1,\"Quack")); !errors.Is(err, deid.ErrMalformed) || strings.Contains(err.Error(), "Quack") {
		t.Errorf("malformed: %v", err)
	}
	if _, err := deid.DefinitionOf([]deid.Proposal{{Header: "a"}, {Header: "a"}}); err == nil {
		t.Error("two columns of one name make a definition")
	}
}
