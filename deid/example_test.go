package deid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// A policy is written down as rules, compiled, and applied by an engine.
func Example() {
	policy, err := deid.SafeHarbor(
		deid.Rule{Path: "$.mrn", Kind: deid.KindMRN, Action: deid.CodeAs("mrn")},
		deid.Rule{Path: "$.name", Kind: deid.KindName, Action: deid.Tag},
		deid.Rule{Path: "$.born", Kind: deid.KindDOB},
		deid.Rule{Path: "$.zip", Kind: deid.KindZIP},
		deid.Rule{Path: "$.visits[*].on", Kind: deid.KindDate},
		deid.Rule{Path: "$.visits[*].age", Kind: deid.KindAge},
		deid.Rule{Path: "$.visits[*].code", Kind: deid.KindTerm},
	).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := deid.New(policy, &deid.Options{
		AsOf:  baakit.MustParseDate("2026-11-24"),
		Vault: deid.NewMemoryVault(),
		Scope: "registry 2026",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	const document = `{"name": "Ada Quill", "born": "1931-05-02", "zip": "03601", "note": "lives alone",
 "visits": [{"on": "2026-02-17T09:30:00-05:00", "age": 94, "code": "I10"}]}`

	report := engine.NewReport()
	err = engine.JSON(context.Background(), os.Stdout, strings.NewReader(document), nil, report)
	if err != nil {
		fmt.Println(err)
	}
	s := report.Statement()
	fmt.Println(s.Statement)
	for _, u := range s.Unknown {
		fmt.Println(u.Count, "unknown below", u.Below)
	}
	// Output:
	// {"name": "[NAME]", "zip": "000",
	//  "visits": [{"on": "2026", "age": "90+", "code": "I10"}]}
	// Safe Harbor transforms applied
	// 1 unknown below $
}

// The safe harbor does not compile with a transform that it does not allow.
func ExampleSafeHarbor_refused() {
	_, err := deid.SafeHarbor(
		deid.Rule{Path: "$.mrn", Kind: deid.KindMRN, Action: deid.HMAC},
		deid.Rule{Path: "$.born", Kind: deid.KindDOB, Action: deid.ShiftDate},
	).Compile()
	fmt.Println(strings.ReplaceAll(err.Error(), "; ", "\n"))
	// Output:
	// rules[0].action: derives its output from the value, which the safe harbor does not allow (45 CFR 164.514(c)(1)): use code:NAMESPACE
	// rules[1].action: leaves a month and a day, which the safe harbor does not allow (45 CFR 164.514(b)(2)(i)(C)): use year
}

func ExampleStruct() {
	type Address struct {
		Street string `deid:"street"`
		State  string `deid:"state"`
		ZIP    string `deid:"zip"`
	}
	type Patient struct {
		Name    string  `deid:"name"`
		MRN     string  `deid:"mrn,tag"`
		Age     int     `deid:"age"`
		Home    Address `deid:"dive"`
		Active  bool
		Problem string `deid:"term"`
	}
	policy, err := deid.SafeHarbor().Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := deid.New(policy, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := Patient{"Ada Quill", "00-4711", 93, Address{"12 Elm Street", "MA", "02139-4307"}, true, "Essential hypertension"}
	if err := deid.Struct(context.Background(), engine, &p, nil, engine.NewReport()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", p)
	// Output:
	// {Name: MRN:[MRN] Age:90 Home:{Street: State:MA ZIP:021} Active:true Problem:Essential hypertension}
}

// A Value shows what it holds to whoever asks for it, and to nobody else.
func ExampleValue() {
	type patient struct {
		Name deid.Value[string] `json:"name"`
		Ward string             `json:"ward"`
	}
	var p patient
	if err := json.Unmarshal([]byte(`{"name": "Orla Pennywhistle", "ward": "west"}`), &p); err != nil {
		fmt.Println(err)
		return
	}
	written, err := json.Marshal(p)
	fmt.Println(string(written), err)
	fmt.Printf("%v %+v %#v %q\n", p, p.Name, p.Name, p.Name)
	fmt.Println(json.Unmarshal(written, &p))
	fmt.Println(p.Name == deid.Hide("Orla Pennywhistle"), len(p.Name.Reveal()))
	// Output:
	// {"name":"[redacted]","ward":"west"} <nil>
	// {[redacted] west} [redacted] [redacted] [redacted]
	// deid: a redacted value cannot be read back
	// true 17
}
