package deid_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/baakit/baakit/deid"
)

// The restricted prefixes as they are known from elsewhere, one list for each
// census: not read from the table that the code reads.
var (
	restricted2000 = strings.Fields("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893")
	restricted2020 = strings.Fields("036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893")
)

// population is the table, read as plainly as can be.
func population(t testing.TB) map[string]float64 {
	t.Helper()
	data, err := os.ReadFile("law/zip3.json")
	if err != nil {
		t.Fatal(err)
	}
	var law map[string]any
	if err := json.Unmarshal(data, &law); err != nil {
		t.Fatal(err)
	}
	people := make(map[string]float64)
	for _, table := range law["tables"].([]any) {
		if table := table.(map[string]any); table["census_year"] == 2020.0 {
			for prefix, n := range table["populations"].(map[string]any) {
				people[prefix] = n.(float64)
			}
		}
	}
	return people
}

// Every one of the 100,000 ZIP codes, as five digits and as nine.
func TestZIP3All(t *testing.T) {
	t.Parallel()
	people := population(t)
	listed := make(map[string]bool)
	for _, prefix := range restricted2000 {
		listed[prefix] = true
	}
	kept := make(map[deid.ZIPTable]map[string]bool)
	for _, table := range []deid.ZIPTable{"", deid.ZIPUnion, deid.ZIP2020} {
		kept[table] = make(map[string]bool)
		for n := range 100_000 {
			zip := fmt.Sprintf("%05d", n)
			want := "000"
			if people[zip[:3]] > 20_000 && (table == deid.ZIP2020 || !listed[zip[:3]]) {
				want = zip[:3]
				kept[table][want] = true
			}
			for _, form := range []string{zip, zip + "-1234", zip + "1234", " " + zip + " "} {
				if got := table.ZIP3(form); got != want {
					t.Fatalf("%q.ZIP3(%q) = %s, want %s", table, form, got, want)
				}
			}
		}
	}
	for _, prefix := range append(restricted2000, restricted2020...) {
		if kept[deid.ZIPUnion][prefix] {
			t.Errorf("%s is restricted and stays", prefix)
		}
	}
	for _, prefix := range restricted2020 {
		if kept[deid.ZIP2020][prefix] {
			t.Errorf("%s is restricted by the 2020 Census and stays", prefix)
		}
	}
	// Those above 20,000 by a little stay, by the table that lets them.
	for _, prefix := range []string{"576", "999", "831", "994"} {
		if !kept[deid.ZIP2020][prefix] {
			t.Errorf("%s has more than 20,000 people and does not stay", prefix)
		}
	}
	for table, prefixes := range kept {
		if info, ok := table.Info(); !ok || info.Kept != len(prefixes) || len(prefixes) < 800 || len(info.SHA256) != 64 || info.MoreThan != 20_000 {
			t.Errorf("%q.Info = %+v, %v; %d prefixes stay", table, info, ok, len(prefixes))
		}
	}
}

func TestZIP3Hostile(t *testing.T) {
	t.Parallel()
	for _, zip := range []string{
		"", "0", "02", "021", "0213", "021390", "02139-", "02139-43", "02139-43070", "0213a", "०२१३९", "02139_4307", "-2139", "+2139", "02 139", "02139\x00", "K1A 0B1",
		"09001", "96201", "34001", "00000", "99999",
	} {
		want := "000"
		if zip == "021" || zip == "99999" {
			want = zip[:3]
		}
		if got := deid.ZIPUnion.ZIP3(zip); got != want {
			t.Errorf("ZIP3(%q) = %s, want %s", zip, got, want)
		}
	}
	if got := deid.ZIPTable("1990").ZIP3("02139"); got != "000" {
		t.Errorf("an unknown table keeps %s", got)
	}
	if _, ok := deid.ZIPTable("1990").Info(); ok {
		t.Error("an unknown table has information")
	}
}

func TestIsState(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"MA", "ma", " Massachusetts ", "DISTRICT OF COLUMBIA", "DC", "PR", "Puerto Rico", "GU"} {
		if !deid.IsState(s) {
			t.Errorf("IsState(%q) = false", s)
		}
	}
	for _, s := range []string{"", "M", "MAA", "Boston", "Suffolk County", "MA 02139", "XX", "Kansas City", "New York City", strings.Repeat("x", 41), "ＭＡ"} {
		if deid.IsState(s) {
			t.Errorf("IsState(%q) = true", s)
		}
	}
}
