package deidhl7_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid/deidhl7"
)

// Codes of the two systems with a check digit, of published releases, and the
// same with each other last digit.
func TestCheckDigits(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"2951-2", "2823-3", "2345-7", "718-7", "4548-4", "24323-8", "30525-0", "21112-8", "1-8"} {
		checkDigit(t, deidhl7.IsLOINC, code)
	}
	for _, code := range []string{"73211009", "38341003", "195967001", "44054006", "404684003", "260385009"} {
		checkDigit(t, deidhl7.IsSNOMED, code)
	}
	for _, bad := range []string{"", "-", "-1", "12345678-1", "2951", "2951-", "2951_2", "a-1", "02951-22"} {
		if deidhl7.IsLOINC(bad) {
			t.Errorf("%q is taken for LOINC", bad)
		}
	}
	for _, bad := range []string{"", "73211", "073211009", "7321100a", "7321100999999999999"} {
		if deidhl7.IsSNOMED(bad) {
			t.Errorf("%q is taken for SNOMED CT", bad)
		}
	}
}

func checkDigit(t *testing.T, is func(string) bool, code string) {
	t.Helper()
	for d := range 10 {
		other := code[:len(code)-1] + fmt.Sprint(d)
		if is(other) != (other == code) {
			t.Errorf("%s: %v", other, is(other))
		}
	}
}

// A number has no more digits than it may, and is no day.
func TestNumberLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.StringMatching(`[+-]?[0-9]{0,9}(\.[0-9]{0,7})?`).Draw(t, "value")
		whole, fraction, point := strings.Cut(strings.TrimLeft(v, "+-"), ".")
		want := len(whole) <= 6 && len(fraction) <= 6 && (whole != "" || fraction != "") && (whole != "" || point) && !(len(whole) > 4 && whole[0] == '0')
		if got := deidhl7.IsNumber(v); got != want {
			t.Fatalf("%q: %v, want %v", v, got, want)
		}
	})
}

func TestHasDay(t *testing.T) {
	t.Parallel()
	for m := time.January; m <= time.December; m++ {
		for _, text := range []string{"seen on %s 17, 2024", "17 %s", "the 17th of %s", "17 of %s 2024", "%s 2024", "2-%s-24", "%s. 3"} {
			for _, name := range []string{m.String(), m.String()[:3], strings.ToUpper(m.String()), strings.ToLower(m.String()[:3])} {
				if in := fmt.Sprintf(text, name); !deidhl7.HasDay(in) {
					t.Errorf("%q has a day", in)
				}
			}
		}
	}
	if !deidhl7.HasDay("Sept 17") {
		t.Error("Sept 17 is a day")
	}
	for _, text := range []string{"", "May", "May be", "Type 2 diabetes, may recur", "Mayo 17", "Marker 17", "17 marches", "Decubitus ulcer stage 3", "Sodium"} {
		if deidhl7.HasDay(text) {
			t.Errorf("%q has no day", text)
		}
	}
}
