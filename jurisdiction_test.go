package baakit_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/baakit/baakit"
)

func TestJurisdictions(t *testing.T) {
	t.Parallel()
	all := slices.Collect(baakit.Jurisdictions())
	if !slices.IsSortedFunc(all, baakit.Jurisdiction.Compare) {
		t.Error("Jurisdictions are not in order")
	}
	states, hipaa, codes, names := 0, 0, make(map[string]bool), make(map[string]bool)
	for _, j := range all {
		if j.IsState() {
			states++
		}
		if j.IsHIPAAState() {
			hipaa++
		}
		if j.Code() == "" || j.Name() == "" || codes[j.Code()] || names[j.Name()] {
			t.Errorf("%q, %q is empty or there twice", j.Code(), j.Name())
		}
		codes[j.Code()], names[j.Name()] = true, true
	}
	// 45 CFR 160.103: the 50 States, DC, Puerto Rico, the Virgin Islands,
	// Guam, American Samoa and the Northern Mariana Islands.
	if states != 50 || hipaa != 56 || len(all) != 58 {
		t.Errorf("%d States, %d States of 45 CFR 160.103, %d in all; want 50, 56, 58", states, hipaa, len(all))
	}
	for _, code := range []string{"DC", "PR", "VI", "GU", "AS", "MP"} {
		if j := baakit.MustParseJurisdiction(code); j.IsState() || !j.IsHIPAAState() {
			t.Errorf("%s: IsState %v, IsHIPAAState %v", code, j.IsState(), j.IsHIPAAState())
		}
	}
	for _, j := range []baakit.Jurisdiction{0, baakit.ForeignJurisdiction, baakit.UnknownJurisdiction, 200} {
		if j.IsState() || j.IsHIPAAState() {
			t.Errorf("%s is a State", j)
		}
	}
	if j := baakit.MustParseJurisdiction("foreign"); j != baakit.ForeignJurisdiction {
		t.Errorf("foreign is %s", j)
	}
	if j := baakit.MustParseJurisdiction("unknown"); j != baakit.UnknownJurisdiction {
		t.Errorf("unknown is %s", j)
	}
	if j := baakit.Jurisdiction(200); j.Code() != "" || j.Name() != "" || j.String() != "invalid Jurisdiction" {
		t.Errorf("Jurisdiction(200) is %q, %q, %q", j.Code(), j.Name(), j)
	}
	for _, s := range []string{"", "ca", "California", "XX", "USA", "C", "CA ", "FM"} {
		if j, err := baakit.ParseJurisdiction(s); err == nil || !j.IsZero() {
			t.Errorf("ParseJurisdiction(%q) = %v, %v", s, j, err)
		}
	}
	for range baakit.Jurisdictions() {
		break // stopping early is allowed
	}
}

func FuzzParseJurisdiction(f *testing.F) {
	f.Add("CA")
	f.Add("foreign")
	f.Fuzz(func(t *testing.T, s string) {
		if j, err := baakit.ParseJurisdiction(s); err == nil && (j.String() != s || j.Code() != s) {
			t.Fatalf("ParseJurisdiction(%q) = %s", s, j)
		}
	})
}

func ExampleJurisdiction() {
	j := baakit.MustParseJurisdiction("MP")
	fmt.Println(j.Name(), j.IsState(), j.IsHIPAAState())
	// Output: Northern Mariana Islands false true
}
