package deidhl7_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidhl7"
)

func TestTry(t *testing.T) {
	p, err := deid.SafeHarbor(deid.Rule{Kind: deid.KindMRN, Action: deid.CodeAs("mrn")}).Compile()
	if err != nil {
		t.Fatal(err)
	}
	e, err := deid.New(p, &deid.Options{AsOf: baakit.MustParseDate("2026-11-24"), Vault: deid.NewMemoryVault(), Scope: "x"})
	if err != nil {
		t.Fatal(err)
	}
	h, err := deidhl7.New(e, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range strings.Fields(os.Getenv("TRY")) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		r := e.NewReport()
		err = h.Transform(t.Context(), &out, bytes.NewReader(data), nil, r)
		fmt.Println(f, err)
		fmt.Println(strings.ReplaceAll(out.String(), "\r", "\n"))
		s := r.Statement()
		fmt.Println(s.Records, s.RecordsFailed, s.Failures)
	}
}
