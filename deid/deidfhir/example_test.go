package deidfhir_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
)

func Example() {
	policy, err := deid.SafeHarbor().Compile()
	if err != nil {
		panic(err)
	}
	engine, err := deid.New(policy, &deid.Options{
		AsOf:  baakit.MustParseDate("2026-11-24"),
		Vault: deid.NewMemoryVault(), Scope: "release 1",
	})
	if err != nil {
		panic(err)
	}
	walker, err := deidfhir.New(engine, nil)
	if err != nil {
		panic(err)
	}
	const resource = `{"resourceType":"Patient",
 "name":[{"family":"Quill","given":["Ada"]}],
 "gender":"female", "birthDate":"1951-03-09",
 "address":[{"line":["12 Elm Street"],"city":"Springfield","state":"MA","postalCode":"01103"}],
 "meta":{"lastUpdated":"2024-05-17T10:00:00Z"}}`
	report := engine.NewReport()
	if err := walker.JSON(context.Background(), os.Stdout, strings.NewReader(resource), nil, report); err != nil {
		panic(err)
	}
	fmt.Println(report.Statement().Statement)
	// Output:
	// {"resourceType":"Patient",
	//  "gender":"female", "birthDate":"1951",
	//  "address":[{"state":"MA","postalCode":"011"}],
	//  "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"PSEUDED","display":"pseudonymized"},{"system":"https://github.com/baakit/baakit/deid/policy","version":"0c33bbaacc77999f99a3d1e5611422354bbba6c3d012e7049b287f82547f628f","code":"safe_harbor"}]}}
	// Safe Harbor transforms applied
}
