package deid_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

func engineOf(def deid.Definition, opts *deid.Options) *deid.Engine {
	policy, err := def.Compile()
	if err != nil {
		panic(err)
	}
	e, err := deid.New(policy, opts)
	if err != nil {
		panic(err)
	}
	return e
}

// Columns that no rule names are dropped, and a line that cannot be read stays
// out.
func ExampleEngine_CSV() {
	e := engineOf(deid.SafeHarbor(
		deid.Rule{Path: deid.Column("zip"), Kind: deid.KindZIP},
		deid.Rule{Path: deid.Column("admitted"), Kind: deid.KindDate},
		deid.Rule{Path: deid.Column("code"), Kind: deid.KindTerm},
	), &deid.Options{AsOf: baakit.MustParseDate("2026-11-25")})
	const table = "name,zip,admitted,code\nAda Quill,50010,2026-03-02,I10\n"
	report := e.NewReport()
	if err := e.CSV(context.Background(), os.Stdout, strings.NewReader(table), nil, report); err != nil {
		fmt.Println(err)
	}
	// Output:
	// column_1,zip,admitted,code
	// ,500,2026,I10
}

// A code is random, the same within a release, and leads back for whoever has
// the vault.
func ExampleFileVault() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "vault-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	vault, err := deid.OpenFileVault(dir, bytes.Repeat([]byte{7}, 32)) // a random key, kept elsewhere
	if err != nil {
		panic(err)
	}
	defer vault.Close()
	first, err := vault.Code(ctx, "registry 2026", "mrn", []byte("00-4711"))
	if err != nil {
		panic(err)
	}
	again, _ := vault.Code(ctx, "registry 2026", "mrn", []byte("00-4711"))
	other, _ := vault.Code(ctx, "registry 2027", "mrn", []byte("00-4711"))
	fmt.Println(len(first.String()), first == again, first == other)
	id, err := vault.Reidentify(ctx, "registry 2026", "mrn", first)
	fmt.Println(string(id), err)
	_, err = vault.Reidentify(ctx, "registry 2026", "mrn", other)
	fmt.Println(errors.Is(err, deid.ErrNoCode))
	// Output:
	// 26 true false
	// 00-4711 <nil>
	// true
}

// A limited data set keeps dates, towns and ZIP codes, and needs a data use
// agreement.
func ExampleLimitedDataSet() {
	e := engineOf(deid.LimitedDataSet("DUA-12",
		deid.Rule{Path: "$.name", Kind: deid.KindName},
		deid.Rule{Path: "$.zip", Kind: deid.KindZIP},
		deid.Rule{Path: "$.admitted", Kind: deid.KindDate},
	), nil)
	report := e.NewReport()
	err := e.JSON(context.Background(), os.Stdout, strings.NewReader(`{"name":"Ada Quill","zip":"50010","admitted":"2026-03-02"}`), nil, report)
	fmt.Println()
	fmt.Println(report.Statement().Statement, err)
	// Output:
	// {"zip":"50010","admitted":"2026-03-02"}
	//
	// Limited data set transforms applied; the result is protected health information <nil>
}

// The report is signed by whoever answers for it.
func ExampleStatement_Sign() {
	e := engineOf(deid.SafeHarbor(deid.Rule{Path: "$.name", Kind: deid.KindName}), nil)
	report := e.NewReport()
	if err := e.JSON(context.Background(), &bytes.Buffer{}, strings.NewReader(`{"name":"Ada Quill"}`), nil, report); err != nil {
		panic(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	signed, err := report.Statement().Sign(private, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(signed.Verify(public))
	signed.Statement.Records++
	fmt.Println(signed.Verify(public))
	// Output:
	// <nil>
	// deid: the statement's signature does not verify
}
