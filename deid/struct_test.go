package deid_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

type contact struct {
	Phone string   `deid:"phone"`
	Mails []string `deid:"email,tag"`
}

// Base is embedded by value, and contact by pointer.
type Base struct {
	MRN string `deid:"code=mrn"`
}

type everything struct {
	Base
	*contact
	Name     string            `deid:"name"`
	Alias    *string           `deid:"name,tag"`
	Born     time.Time         `deid:"dob"`
	Seen     []time.Time       `deid:"date"`
	Admitted baakit.Date       `deid:"date"`
	Day      int               `deid:"date"`
	Year     uint16            `deid:"date"`
	Age      int8              `deid:"age"`
	AgeF     float64           `deid:"age"`
	AgeText  string            `deid:"age"`
	ZIP      sql.NullString    `deid:"zip"`
	Died     sql.NullTime      `deid:"death"`
	Count    sql.Null[string]  `deid:"ssn"`
	State    string            `deid:"state"`
	Home     *Home             `deid:"dive"`
	Homes    []Home            `deid:"dive"`
	ByKind   map[string]Home   `deid:"dive,keys=keep"`
	Labs     map[string]string `deid:"term,keys=keep"`
	Photo    []byte            `deid:"photo"`
	Prints   [4]byte           `deid:"drop"`
	Raw      json.RawMessage   `deid:"dive"`
	Any      any               `deid:"drop"`
	Sex      string            `deid:"keep,reason=two values, no more"`
	Next     *everything       `deid:"dive"`
	Active   bool
	Flags    [3]bool
	note     string
}

type Home struct {
	Street string  `deid:"street"`
	City   *string `deid:"city"`
	ZIP    string  `deid:"zip"`
	At     struct {
		Lat, Lon float64 `deid:"geocode"`
	} `deid:"dive"`
}

func TestStructEverything(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, deid.Rule{Path: "$.name", Kind: deid.KindName}, deid.Rule{Path: "$.code", Kind: deid.KindTerm})
	alias, city := "Adie", "Lynn"
	at := time.Date(2019, 5, 6, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	home := Home{Street: "12 Elm Street", City: &city, ZIP: "02139-4307"}
	home.At.Lat = 42.360091
	v := everything{
		Base: Base{"MR-001"}, contact: &contact{"617-555-0101", []string{"ada@quill.example", "a@b.example"}},
		Name: "Ada Quill", Alias: &alias, Born: at.AddDate(-50, 0, 0), Seen: []time.Time{at, at.AddDate(1, 0, 0)}, Admitted: baakit.MustParseDate("2019-05-06"),
		Day: 20190506, Year: 2019, Age: 50, AgeF: 50.5, AgeText: "50 years", ZIP: sql.NullString{String: "03601", Valid: true}, Died: sql.NullTime{Time: at},
		Count: sql.Null[string]{V: "078-05-1120", Valid: true}, State: "Suffolk County", Home: &home, Homes: []Home{{Street: "1 Oak Lane"}},
		ByKind: map[string]Home{"work": {Street: "2 Ash Lane", ZIP: "20301"}}, Labs: map[string]string{"a": "I10", "b": "see www.quill.example"},
		Photo: []byte{1, 2, 3}, Prints: [4]byte{1}, Raw: json.RawMessage(`{"name":"Ada Quill","code":"I10","x":1}`), Any: "Ada Quill", Sex: "F",
		Next: &everything{Name: "Bo Quill", Year: 2018}, Active: true, Flags: [3]bool{true}, note: "stays",
	}
	r := e.NewReport()
	if err := deid.Struct(t.Context(), e, &v, nil, r); err != nil {
		t.Fatal(err)
	}
	if len(v.MRN) != 26 || v.Phone != "" || !reflect.DeepEqual(v.Mails, []string{"[EMAIL]", "[EMAIL]"}) || v.Name != "" || *v.Alias != "[NAME]" {
		t.Errorf("names and contacts: %+v", v)
	}
	jan := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	if !v.Born.Equal(jan(1969)) || v.Born.Location() != time.UTC || !v.Seen[0].Equal(jan(2019)) || !v.Seen[1].Equal(jan(2020)) || v.Admitted.String() != "2019-01-01" || v.Day != 2019 || v.Year != 2019 || v.Died.Valid || !v.Died.Time.IsZero() {
		t.Errorf("dates: %+v", v)
	}
	if v.Age != 50 || v.AgeF != 50.5 || v.AgeText != "50 years" {
		t.Errorf("ages: %+v", v)
	}
	if v.ZIP != (sql.NullString{String: "000", Valid: true}) || v.Count.Valid || v.Count.V != "" || v.State != "" || v.Home.Street != "" || v.Home.City != nil || v.Home.ZIP != "021" || v.Home.At.Lat != 0 {
		t.Errorf("places: %+v %+v", v, v.Home)
	}
	if len(v.Homes) != 1 || v.Homes[0].Street != "" || v.ByKind["work"].ZIP != "000" || v.ByKind["work"].Street != "" || !reflect.DeepEqual(v.Labs, map[string]string{"a": "I10", "b": "see www.quill.example"}) {
		t.Errorf("collections: %+v", v)
	}
	if v.Photo != nil || v.Prints != [4]byte{} || string(v.Raw) != `{"code":"I10"}` || v.Any != nil || v.Sex != "F" || v.Next.Name != "" || v.Next.Year != 2018 || !v.Active || !v.Flags[0] || v.note != "stays" {
		t.Errorf("the rest: %+v", v)
	}
	s := r.Statement()
	if !reflect.DeepEqual(s.Unexported, []string{"everything.note"}) || s.Records != 1 || s.RecordsFailed != 0 {
		t.Errorf("report: %v, %d records", s.Unexported, s.Records)
	}
	if u, err := deid.CheckStruct[everything](e); err != nil || !reflect.DeepEqual(u, []string{"everything.note"}) {
		t.Errorf("CheckStruct = %v, %v", u, err)
	}
	// A second pass changes nothing but the code.
	w := v
	if err := deid.Struct(t.Context(), e, &w, nil, e.NewReport()); err != nil {
		t.Fatal(err)
	}
	v.MRN, w.MRN = "", ""
	if fmt.Sprintf("%+v", v.Home) != fmt.Sprintf("%+v", w.Home) || !w.Born.Equal(v.Born) || w.Day != v.Day || w.Age != v.Age {
		t.Errorf("not the same twice: %+v", w)
	}
}

// Both sides of the age, in numbers, texts and times.
func TestStructOver89(t *testing.T) {
	t.Parallel()
	type person struct {
		Born time.Time `deid:"dob"`
		Year int       `deid:"dob"`
		Age  int       `deid:"age"`
		Text string    `deid:"age"`
	}
	e := safeHarbor(t)
	for _, tt := range []struct {
		born, age int
		want      string
	}{
		{1937, 89, "{1937-01-01 1937 89 89}"}, {1936, 89, "{0001-01-01 0 89 89}"}, {1937, 90, "{0001-01-01 0 90 90+}"}, {1930, 96, "{0001-01-01 0 90 90+}"},
	} {
		p := person{time.Date(tt.born, 12, 31, 23, 59, 0, 0, time.FixedZone("", 14*3600)), tt.born, tt.age, fmt.Sprint(tt.age)}
		if err := deid.Struct(t.Context(), e, &p, nil, e.NewReport()); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("{%s %d %d %s}", p.Born.Format(time.DateOnly), p.Year, p.Age, p.Text); got != tt.want {
			t.Errorf("born in %d, %d years old: %s, want %s", tt.born, tt.age, got, tt.want)
		}
	}
}

// A type of which a field could leak is refused as a whole, and every such
// field is named.
func TestStructRefuses(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t)
	type inner struct{ City string }
	type bad struct {
		Name    string
		When    time.Time
		Bytes   []byte
		Any     any
		Number  int64
		Func    func()
		Inner   inner             `deid:"dive"`
		Map     map[string]string `deid:"name"`
		Twice   string            `deid:"drop,keep"`
		Wrong   string            `deid:"nmae"`
		Hashed  string            `deid:"mrn,hash"`
		Kept    string            `deid:"ssn,keep"`
		Clock   time.Time         `deid:"term"`
		Tagged  int               `deid:"mrn,tag"`
		Deep    string            `deid:"dive"`
		Raw     json.RawMessage   `deid:"keep"`
		Iface   any               `deid:"name,tag"`
		Empty   string            `deid:""`
		private string            `deid:"name"`
		ok      string
		Fine    bool
	}
	v := bad{Name: "Ada", private: "x", ok: "y"}
	err := deid.Struct(t.Context(), e, &v, nil, e.NewReport())
	var fields baakit.FieldErrors
	if !errors.As(err, &fields) {
		t.Fatalf("%v, want FieldErrors", err)
	}
	got := map[string]bool{}
	for _, f := range fields {
		got[f.Path] = true
		if strings.Contains(f.Rule, "Ada") {
			t.Error("an error holds a value")
		}
	}
	for name := range strings.FieldsSeq("Name When Bytes Any Number Func Inner.City Map Twice Wrong Hashed Kept Clock Tagged Deep Raw Iface Empty private") {
		if !got["bad."+name] {
			t.Errorf("bad.%s is not named", name)
		}
		delete(got, "bad."+name)
	}
	if len(got) > 0 {
		t.Errorf("named without need: %v", got)
	}
	if v.Name != "Ada" {
		t.Error("the value was touched although the type is refused")
	}
	if _, err := deid.CheckStruct[int](e); err == nil {
		t.Error("an int is a struct")
	}
	// Untagged fields may be dropped by choice.
	lenient := engine(t, deid.SafeHarbor(), &deid.Options{DropUntagged: true})
	w := struct {
		Name string
		When time.Time
		Any  any
		Fine bool
	}{"Ada", time.Now(), "x", true}
	if err := deid.Struct(t.Context(), lenient, &w, nil, lenient.NewReport()); err != nil || w.Name != "" || !w.When.IsZero() || w.Any != nil || !w.Fine {
		t.Errorf("untagged: %+v, %v", w, err)
	}
}

// On an error nothing of the value is left.
func TestStructFailsClosed(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t)
	type record struct {
		Name string `deid:"name"`
		Note string `deid:"keep,reason=a test"`
	}
	v := record{"Ada Quackenbush", "Quackenbush was here"}
	r := e.NewReport()
	err := deid.Struct(t.Context(), e, &v, nil, r)
	if !errors.Is(err, deid.ErrIdentifierLeft) || v != (record{}) || r.Failed() != 1 || strings.Contains(err.Error(), "Quack") {
		t.Errorf("%v, %+v, failed %d", err, v, r.Failed())
	}
	v = record{"", "Quackenbush was here"}
	if err := deid.Struct(t.Context(), e, &v, &deid.Subject{Names: []string{"Quackenbush"}}, r); !errors.Is(err, deid.ErrIdentifierLeft) || v != (record{}) {
		t.Errorf("%v, %+v", err, v)
	}
	type coded struct {
		MRN string `deid:"code=mrn"`
	}
	broken := engine(t, deid.SafeHarbor(), &deid.Options{Vault: closedVault(t), Scope: "s"})
	c := coded{"MR-918273"}
	if err := deid.Struct(t.Context(), broken, &c, nil, broken.NewReport()); !errors.Is(err, deid.ErrVault) || c.MRN != "" || strings.Contains(err.Error(), "918273") {
		t.Errorf("%v, %+v", err, c)
	}
}

func closedVault(t *testing.T) deid.Vault {
	v := openVault(t, t.TempDir())
	v.Close()
	return v
}

// Plans are cached, and one engine serves many goroutines.
func TestStructConcurrent(t *testing.T) {
	t.Parallel()
	e := benchEngine(t)
	r := e.NewReport()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				v := tenFields{MRN: fmt.Sprint("MR-", i), Name: "Ada Quill", Born: baakit.MustParseDate("1960-05-02"), ZIP: "02139", State: "MA", Age: 65, Code: "I10"}
				if err := deid.Struct(m0, e, &v, nil, r); err != nil || v.Name != "" || v.ZIP != "021" || v.Born.String() != "1960-01-01" {
					t.Errorf("%+v, %v", v, err)
					return
				}
			}
		})
	}
	all.Wait()
	if s := r.Statement(); s.Records != 1600 || s.Identifiers[deid.Names-1].Removed != 1600 {
		t.Errorf("%d records, %d names", s.Records, s.Identifiers[deid.Names-1].Removed)
	}
}

// A tag of any text compiles to what it says or is refused; what it says is
// found in it.
func FuzzTag(f *testing.F) {
	for _, s := range []string{"name", "mrn,tag", "code=mrn", "dive,keys=keep", "keep,reason=a, b", "drop", "state", "zip,zip3", "", ",", "name,", "dive,dive", "code="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tag, err := deid.ParseFieldTag(s)
		kind, action, reason, dive, keys := tag.Kind, tag.Action, tag.Reason, tag.Dive, tag.KeepKeys
		if err != nil {
			if kind != 0 || action != "" || reason != "" || dive || keys {
				t.Fatalf("%q is wrong and means something", s)
			}
			return
		}
		if kind.IsZero() && action == "" && !dive {
			t.Fatalf("%q says nothing and is taken", s)
		}
		if dive && action != "" {
			t.Fatalf("%q dives and acts", s)
		}
		if !kind.IsZero() && !strings.HasPrefix(s, kind.String()) && !strings.HasPrefix(s, "code=") {
			t.Fatalf("%q is of kind %s", s, kind)
		}
		if keys && !strings.Contains(s, "keys=keep") || reason != "" && action != deid.Keep {
			t.Fatalf("%q: keys %v, reason %q of %s", s, keys, reason, action)
		}
	})
}

// Paths are read as they are written.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"$", "$.a", "$.a.b[*].c", `$["a b"][*]`, "$[*].a", "$..a", `$["`, "$.a]", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := deid.ParsePath(s)
		if err != nil {
			return
		}
		if twice, err := deid.ParsePath(once); err != nil || twice != once {
			t.Fatalf("%q is %q, and that is %q (%v)", s, once, twice, err)
		}
	})
}

func TestColumn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		if back, err := deid.ParsePath(deid.Column(name)); err != nil || back != deid.Column(name) {
			t.Fatalf("Column(%q) = %q reads as %q (%v)", name, deid.Column(name), back, err)
		}
		e := engine(t, deid.ExpertDetermination(determination, deid.Rule{Path: deid.Column(name), Action: deid.Keep, Reason: "a test"}), nil)
		in, _ := json.Marshal(map[string]int{name: 1})
		if out, _, err := transformed(e, e.NDJSON, string(in), nil); err != nil || out != string(in) {
			t.Fatalf("Column(%q) is not the member: %q became %q (%v)", name, in, out, err)
		}
	})
}
