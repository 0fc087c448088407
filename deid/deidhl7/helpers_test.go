package deidhl7_test

import (
	"bytes"
	"context"
	"strings"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidhl7"
)

var asOf = baakit.MustParseDate("2026-11-24")

type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// An hl7 is an adapter with its engine.
type hl7 struct {
	*deidhl7.Adapter
	e *deid.Engine
}

func engineOf(t hl7) *deid.Engine { return t.e }

// codeRules give codes for the numbers that join records.
var codeRules = []deid.Rule{
	{Kind: deid.KindMRN, Action: deid.CodeAs("mrn")},
	{Kind: deid.KindAccount, Action: deid.CodeAs("account")},
	{Kind: deid.KindID, Action: deid.CodeAs("id")},
}

// adapter is one of a safe harbor policy with codes for record numbers.
func adapter(t fataler, opts *deidhl7.Options) hl7 {
	t.Helper()
	return adapterOf(t, deid.SafeHarbor(codeRules[0]), nil, opts)
}

func adapterOf(t fataler, d deid.Definition, engine *deid.Options, opts *deidhl7.Options) hl7 {
	t.Helper()
	p, err := d.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if engine == nil {
		engine = &deid.Options{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "test"}
	}
	e, err := deid.New(p, engine)
	if err != nil {
		t.Fatal(err)
	}
	h, err := deidhl7.New(e, opts)
	if err != nil {
		t.Fatal(err)
	}
	return hl7{h, e}
}

// run transforms a stream.
func (t hl7) run(in string, s *deid.Subject) (out string, r *deid.Report, err error) {
	var b bytes.Buffer
	r = t.e.NewReport()
	err = t.Transform(context.Background(), &b, strings.NewReader(in), s, r)
	return b.String(), r, err
}
