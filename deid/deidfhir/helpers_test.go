package deidfhir_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/deid/deidfhir"
)

var asOf = baakit.MustParseDate("2026-11-24")

// engine compiles the definition and makes an engine.
func engine(t testing.TB, d deid.Definition, opts *deid.Options) *deid.Engine {
	t.Helper()
	p, err := d.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if opts == nil {
		opts = &deid.Options{AsOf: asOf, Vault: deid.NewMemoryVault(), Scope: "test", MaxRecord: 64 << 20}
	}
	e, err := deid.New(p, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func walker(t testing.TB, e *deid.Engine, opts *deidfhir.Options) *deidfhir.Adapter {
	t.Helper()
	w, err := deidfhir.New(e, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A job is an engine with its walker.
type job struct {
	e *deid.Engine
	w *deidfhir.Adapter

	report *deid.Report // of all that is not run for a report of its own
}

func safeHarbor(t testing.TB) job {
	t.Helper()
	e := engine(t, deid.SafeHarbor(), nil)
	return job{e, walker(t, e, nil), e.NewReport()}
}

// run transforms one resource.
func (j job) run(in string) (string, *deid.Report, error) {
	var out bytes.Buffer
	r := j.e.NewReport()
	err := j.w.JSON(context.Background(), &out, strings.NewReader(in), nil, r)
	return out.String(), r, err
}
