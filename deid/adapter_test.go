package deid_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/baakit/baakit/deid"
	"pgregory.net/rapid"
)

// What stands in many values, most of which stand in the record before, is
// found as in their concatenation: the parts of a number, in values of digits.
func TestManyValues(t *testing.T) {
	t.Parallel()
	const ssn = "314159265"
	var found, all int
	var k deid.Checker // for one record after another
	rapid.Check(t, func(t *rapid.T) {
		k.Reset()
		var joined strings.Builder
		part := rapid.Custom(func(t *rapid.T) string {
			from := rapid.IntRange(0, len(ssn)-1).Draw(t, "from")
			return ssn[from:rapid.IntRange(from+1, min(len(ssn), from+5)).Draw(t, "to")]
		})
		parts := rapid.SliceOfN(part, 1, 12).Draw(t, "parts")
		for i := range rapid.SampledFrom([]int{0, 600, 1500}).Draw(t, "others") {
			v := fmt.Sprint("x", i*7919%100_000)
			k.Look(0, v)
			joined.WriteString(v)
		}
		for range rapid.IntRange(1, 30).Draw(t, "values") {
			v := rapid.SampledFrom(parts).Draw(t, "value")
			k.Look(0, v)
			joined.WriteString(v)
		}
		if rapid.Bool().Draw(t, "all of it") {
			for rest := ssn; rest != ""; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
				k.Look(0, rest[:n])
				joined.WriteString(rest[:n])
				rest = rest[n:]
			}
		}
		k.Removed(deid.KindSSN, ssn)
		want := strings.Contains(joined.String(), ssn)
		all++
		if want {
			found++
		}
		if got := k.Found(); got != want {
			t.Fatalf("found %v in %s", got, joined.String())
		}
	})
	if found == 0 || found == all {
		t.Errorf("%d of %d draws had the number: the test shows nothing", found, all)
	}
}

// A value that stands as a published term and as another is looked at as both.
func TestManyValuesOfTwoKinds(t *testing.T) {
	t.Parallel()
	for _, kinds := range [][]deid.Kind{{deid.KindTerm}, {deid.KindTerm, 0}, {0, deid.KindTerm}, {deid.KindTerm, deid.KindTerm}} {
		var k deid.Checker
		for i := range 600 {
			k.Look(0, fmt.Sprint("x", i))
		}
		want := false
		for _, kind := range kinds {
			k.Look(kind, "Parkinson disease")
			want = want || kind == 0
		}
		k.Removed(deid.KindName, "Ada Parkinson")
		if got := k.Found(); got != want {
			t.Errorf("as %v: found %v", kinds, got)
		}
	}
}

// shout is an adapter that makes its records upper case, and breaks at words.
func shout(e *deid.Engine) deid.RecordFunc {
	kept, err := e.Place("shout", deid.Rule{Action: deid.Keep, Reason: "a test"})
	if err != nil {
		panic(err)
	}
	return func(c *deid.Record, dst, record []byte) ([]byte, error) {
		text := string(bytes.Trim(record, `"`))
		c.Kept(kept)
		switch {
		case text == "left":
			return append(dst, "half"...), deid.ErrIdentifierLeft
		case text == "large":
			return append(dst, "half"...), deid.ErrTooLarge
		case text == "long":
			return append(dst, make([]byte, 65<<10)...), nil
		case text == "broken":
			return append(dst, "half"...), deid.Malformed(2, "is not loud")
		case text == "fault":
			return append(dst, "half"...), errFault
		}
		return append(dst, bytes.ToUpper(record)...), nil
	}
}

var errFault = errors.New("fault")

func TestValuesAndLines(t *testing.T) {
	t.Parallel()
	e := engine(t, deid.SafeHarbor(), &deid.Options{MaxRecord: 64 << 10})
	for _, tt := range []struct {
		name, in, out, err string
		cause              error
		failed, records    int64
	}{
		{"values", `"a"`, "\"A\"\n", "", nil, 0, 1},
		{"values", `["a","left","b","large","long"]`, "[\n\"A\",\n\"B\"\n]\n", "3 records were not written; the first, at record 2 (byte 5)", deid.ErrIdentifierLeft, 3, 5},
		{"values", `["left"]`, "[]\n", "1 records", deid.ErrIdentifierLeft, 1, 1},
		{"values", `[]`, "[]\n", "", nil, 0, 0},
		{"values", `"left"`, "", "identifier", deid.ErrIdentifierLeft, 1, 1},
		{"values", `"long"`, "", "limit", deid.ErrTooLarge, 1, 1},
		{"values", ` "broken"`, "", "is not loud, at byte 3", deid.ErrMalformed, 1, 1},
		{"values", `["fault"]`, "", "fault", errFault, 1, 1},
		{"values", ``, "", "byte 0", deid.ErrMalformed, 1, 1},
		{"lines", "a\n\nleft\r\nbroken\nb", "A\n\nB", "2 records were not written; the first, at line 3", deid.ErrIdentifierLeft, 2, 4},
		{"lines", "broken\n", "", "line 1, byte 2, is not loud", deid.ErrMalformed, 1, 1},
		{"lines", "a\nfault\n", "", "fault", errFault, 0, 1},
	} {
		drive := e.Values
		if tt.name == "lines" {
			drive = e.Lines
		}
		var out bytes.Buffer
		r := e.NewReport()
		err := drive(t.Context(), &out, strings.NewReader(tt.in), nil, r, shout(e))
		if out.String() != tt.out && tt.cause != errFault || !errors.Is(err, tt.cause) || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s of %q: %q, %v", tt.name, tt.in, out.String(), err)
		}
		if s := r.Statement(); s.RecordsFailed != tt.failed || s.Records != tt.records {
			t.Errorf("%s of %q: %d records, %d failed", tt.name, tt.in, s.Records, s.RecordsFailed)
		}
		if strings.Contains(out.String(), "half") {
			t.Errorf("%s of %q wrote half a record: %s", tt.name, tt.in, out.String())
		}
	}
}

// countingVault counts how often it is asked.
type countingVault struct {
	*deid.MemoryVault
	asked int
}

func (v *countingVault) Code(ctx context.Context, scope, namespace string, id []byte) (deid.Code, error) {
	v.asked++
	return v.MemoryVault.Code(ctx, scope, namespace, id)
}

// Code gives the vault's codes, asks it once for a key, and has the self-check
// look for the value in every record.
func TestRecordCode(t *testing.T) {
	t.Parallel()
	v := &countingVault{MemoryVault: deid.NewMemoryVault()}
	e := engine(t, deid.SafeHarbor(), &deid.Options{Vault: v, Scope: "s"})
	coded, err := e.Place("x", deid.Rule{Kind: deid.KindMRN, Action: deid.CodeAs("ns")})
	if err != nil {
		t.Fatal(err)
	}
	dropped, err := e.Place("y", deid.Rule{Kind: deid.KindMRN})
	if err != nil {
		t.Fatal(err)
	}
	c := e.NewRecord(t.Context(), nil, e.NewReport())
	defer c.Close()
	want, err := v.MemoryVault.Code(t.Context(), "s", "ns", []byte("a|8837261"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // records of one document
		for range 3 {
			if got, err := c.Code(coded, []byte("a|8837261"), []byte("8837261")); err != nil || got != want {
				t.Fatalf("%v, %v, want %v", got, err, want)
			}
		}
		c.Look(0, []byte("no 8837261"))
		if err := c.Check(); !errors.Is(err, deid.ErrIdentifierLeft) {
			t.Errorf("the self-check does not look for it: %v", err)
		}
		c.Done(1, 1)
	}
	if v.asked != 1 {
		t.Errorf("the vault was asked %d times", v.asked)
	}
	for i := range 40_000 { // more than are remembered
		if _, err := c.Code(coded, fmt.Append(nil, i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.Code(coded, []byte("a|8837261"), nil); err != nil || got != want {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := c.Code(dropped, []byte("x"), nil); !errors.Is(err, deid.ErrNoCode) {
		t.Errorf("a place without codes: %v", err)
	}
}

// Age lets stay what Apply lets stay, and removes what Apply writes anew.
func TestRecordAge(t *testing.T) {
	t.Parallel()
	for _, d := range []deid.Definition{
		deid.SafeHarbor(), deid.LimitedDataSet("agreement 1"), deid.SafeHarbor(deid.Rule{Kind: deid.KindAge, Action: deid.Drop}), deid.SafeHarbor(deid.Rule{Kind: deid.KindAge, Action: deid.Tag}),
	} {
		e := engine(t, d, nil)
		p, err := e.Place("x", deid.Rule{Kind: deid.KindAge})
		if err != nil {
			t.Fatal(err)
		}
		for _, age := range []string{"0", "89", "90", "91 a", "1079 mo", "1080 mo", "old", "", "90+", ">89"} {
			one, two := e.NewRecord(t.Context(), nil, e.NewReport()), e.NewRecord(t.Context(), nil, e.NewReport())
			_, want, err := one.Apply(nil, p, []byte(age))
			got, err2 := two.Age(p, []byte(age))
			if err != nil || err2 != nil || got.Verbatim() != want.Verbatim() || !got.Verbatim() && !got.Gone() {
				t.Errorf("%q: %v (%v), and Apply %v (%v)", age, got, err2, want, err)
			}
			one.Close()
			two.Close()
		}
	}
}
