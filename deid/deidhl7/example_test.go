package deidhl7_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidhl7"
)

// A message goes in and what a safe harbor policy leaves of it comes out.
func Example() {
	policy, err := deid.SafeHarbor().Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := deid.New(policy, &deid.Options{AsOf: baakit.MustParseDate("2026-11-24")})
	if err != nil {
		fmt.Println(err)
		return
	}
	transformer, err := deidhl7.New(engine, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	const message = `MSH|^~\&|LAB|NORTH|||202405171030||ORU^R01|881|P|2.5.1
PID|1||900142^^^NORTH^MR||Quillfeather^Zebulon||19600502|F|||9 Elm St^^Wobbleton^MA^02139
OBX|1|NM|2345-7^Glucose^LN||94|mg/dL|70-99|N|||F|||202405170915||12^Techley^Tess
OBX|2|NM|30525-0^Age^LN||64|a
OBX|3|TX|48767-8^Comment^LN||Zebulon called on Friday
ZPI|Zebulon`
	report := engine.NewReport()
	err = transformer.Transform(context.Background(), os.Stdout, strings.NewReader(message+"\n"), nil, report)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range report.Statement().Unknown {
		fmt.Println(u.Count, "values dropped below:", u.Below)
	}
	// Output:
	// MSH|^~\&|||||2024||ORU^R01||P|2.5.1
	// PID|1||^^^^MR||^||1960|F|||^^^MA^021
	// OBX|1|NM|2345-7^Glucose^LN||94|mg/dL|70-99|N|||F|||2024||^^
	// OBX|2|NM|30525-0^Age^LN||64|a
	// OBX|3|TX|48767-8^Comment^LN||
	// 2 values dropped below: MSH
	// 1 values dropped below: PID
	// 1 values dropped below: segments that are not listed
}
