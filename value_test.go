package baakit_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
)

// A value is what every type of the vocabulary can do.
type value interface {
	comparable
	fmt.Stringer
	driver.Valuer
	encoding.TextAppender
	encoding.TextMarshaler
	IsZero() bool
}

// A pointer is what a pointer to it can do.
type pointer[V value] interface {
	*V
	encoding.TextUnmarshaler
	sql.Scanner
}

// checkValue checks the laws that every value type obeys: its forms read back
// to the same value, they agree with each other, and the zero value is in
// none of them.
func checkValue[V value, P pointer[V]](t *testing.T, values *rapid.Generator[V], parse func(string) (V, error), mustParse func(string) V, lossless bool) {
	t.Helper()
	t.Run("round trips", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			v := values.Draw(t, "value")
			if v.IsZero() {
				t.Fatalf("generated a zero value")
			}
			parsed, err := parse(v.String())
			if err != nil || parsed.String() != v.String() || (lossless && parsed != v) {
				t.Fatalf("parse(%q) = %v, %v", v.String(), parsed, err)
			}
			if mustParse(v.String()) != parsed {
				t.Fatalf("the Must form of parse(%q) differs", v.String())
			}
			text, err := v.MarshalText()
			if err != nil || string(text) != v.String() {
				t.Fatalf("MarshalText(%v) = %q, %v", v, text, err)
			}
			appended, err := v.AppendText([]byte("before "))
			if err != nil || string(appended) != "before "+v.String() {
				t.Fatalf("AppendText(%v) = %q, %v", v, appended, err)
			}
			var fromText V
			if err := P(&fromText).UnmarshalText(text); err != nil || fromText != parsed {
				t.Fatalf("UnmarshalText(%q) = %v, %v", text, fromText, err)
			}

			data, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var fromJSON V
			if err := json.Unmarshal(data, &fromJSON); err != nil || fromJSON != v {
				t.Fatalf("from JSON %s = %v, %v; want %v", data, fromJSON, err, v)
			}

			column, err := v.Value()
			if err != nil || !driver.IsValue(column) {
				t.Fatalf("Value(%v) = %v, %v", v, column, err)
			}
			var fromString, fromBytes V
			if err := P(&fromString).Scan(column); err != nil || fromString != v {
				t.Fatalf("Scan(%v) = %v, %v", column, fromString, err)
			}
			if err := P(&fromBytes).Scan([]byte(column.(string))); err != nil || fromBytes != v {
				t.Fatalf("Scan of bytes = %v, %v", fromBytes, err)
			}
		})
	})
	t.Run("zero", func(t *testing.T) {
		t.Parallel()
		var zero V
		if !zero.IsZero() {
			t.Error("IsZero of the zero value = false")
		}
		if _, err := parse(zero.String()); err == nil {
			t.Errorf("the zero value's String, %q, can be parsed", zero.String())
		}
		if _, err := zero.MarshalText(); err == nil {
			t.Error("MarshalText of the zero value = nil error")
		}
		if _, err := json.Marshal(zero); err == nil {
			t.Error("json.Marshal of the zero value = nil error")
		}
		if data, err := json.Marshal(struct {
			V V `json:",omitzero"`
		}{}); err != nil || string(data) != "{}" {
			t.Errorf("json.Marshal with omitzero = %s, %v", data, err)
		}
		if _, err := zero.Value(); err == nil {
			t.Error("Value of the zero value = nil error")
		}
		if _, err := parse(""); err == nil {
			t.Error("the empty text can be parsed")
		}
		if err := P(&zero).UnmarshalText(nil); err == nil || !zero.IsZero() {
			t.Errorf("UnmarshalText of nothing = %v, %v", zero, err)
		}
		for _, column := range []any{nil, int64(1), 1.5, true} {
			if err := P(&zero).Scan(column); err == nil || !zero.IsZero() {
				t.Errorf("Scan(%v) = %v, %v", column, zero, err)
			}
		}
	})
	t.Run("errors change nothing", func(t *testing.T) {
		t.Parallel()
		v := values.Example(1)
		kept := v
		if err := P(&kept).UnmarshalText([]byte("§ no such thing §")); err == nil || kept != v {
			t.Errorf("UnmarshalText of nonsense = %v, changed %v to %v", err, v, kept)
		}
		if err := P(&kept).Scan("§ no such thing §"); err == nil || kept != v {
			t.Errorf("Scan of nonsense = %v, changed %v to %v", err, v, kept)
		}
	})
	t.Run("must panics", func(t *testing.T) {
		t.Parallel()
		defer func() {
			if recover() == nil {
				t.Error("the Must form of nonsense did not panic")
			}
		}()
		mustParse("§ no such thing §")
	})
}

func TestDateValue(t *testing.T) {
	t.Parallel()
	checkValue(t, gen.Date(), baakit.ParseDate, baakit.MustParseDate, true)
}

func TestPeriodValue(t *testing.T) {
	t.Parallel()
	checkValue(t, gen.Period(), baakit.ParsePeriod, baakit.MustParsePeriod, true)
}

func TestCitationValue(t *testing.T) {
	t.Parallel()
	checkValue(t, gen.Citation(), baakit.ParseCitation, baakit.MustParseCitation, false)
}

func TestConfidenceValue(t *testing.T) {
	t.Parallel()
	checkValue(t, gen.Confidence(), baakit.ParseConfidence, baakit.MustParseConfidence, true)
}

func TestJurisdictionValue(t *testing.T) {
	t.Parallel()
	checkValue(t, gen.Jurisdiction(), baakit.ParseJurisdiction, baakit.MustParseJurisdiction, true)
}

// checkOrder checks that compare is a total order that agrees with ==.
func checkOrder[V comparable](t *testing.T, values *rapid.Generator[V], compare func(V, V) int) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := values.Draw(t, "a"), values.Draw(t, "b"), values.Draw(t, "c")
		if compare(a, b) != -compare(b, a) {
			t.Fatalf("compare(%v, %v) = %d, and the other way %d", a, b, compare(a, b), compare(b, a))
		}
		if (compare(a, b) == 0) != (a == b) {
			t.Fatalf("compare(%v, %v) = %d", a, b, compare(a, b))
		}
		if compare(a, b) <= 0 && compare(b, c) <= 0 && compare(a, c) > 0 {
			t.Fatalf("%v <= %v <= %v, but not %v <= %v", a, b, c, a, c)
		}
	})
}

func TestOrders(t *testing.T) {
	t.Parallel()
	checkOrder(t, gen.Date(), baakit.Date.Compare)
	checkOrder(t, gen.Confidence(), baakit.Confidence.Compare)
	checkOrder(t, gen.Jurisdiction(), baakit.Jurisdiction.Compare)
	checkOrder(t, gen.Citation(), baakit.Citation.Compare)
}
