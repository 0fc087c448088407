package deid_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

// benchEngine has a rule of each usual kind, and codes for record numbers.
func benchEngine(tb testing.TB) *deid.Engine {
	tb.Helper()
	policy, err := deid.SafeHarbor(
		deid.Rule{Path: "$.mrn", Kind: deid.KindMRN, Action: deid.CodeAs("mrn")},
		deid.Rule{Path: "$.name", Kind: deid.KindName},
		deid.Rule{Path: "$.born", Kind: deid.KindDOB},
		deid.Rule{Path: "$.zip", Kind: deid.KindZIP},
		deid.Rule{Path: "$.state", Kind: deid.KindState},
		deid.Rule{Path: "$.phone", Kind: deid.KindPhone},
		deid.Rule{Path: "$.sex", Action: deid.Keep, Reason: "a code of two values"},
		deid.Rule{Path: "$.visits[*].on", Kind: deid.KindDate},
		deid.Rule{Path: "$.visits[*].age", Kind: deid.KindAge},
		deid.Rule{Path: "$.visits[*].code", Kind: deid.KindTerm},
		deid.Rule{Path: "$.visits[*].display", Kind: deid.KindTerm},
		deid.Rule{Path: "$.visits[*].value", Action: deid.Keep, Reason: "a measured value"},
		deid.Rule{Path: "$.visits[*].unit", Kind: deid.KindTerm},
		deid.Rule{Path: "$.on", Kind: deid.KindDate},
		deid.Rule{Path: "$.code", Kind: deid.KindTerm},
		deid.Rule{Path: "$.display", Kind: deid.KindTerm},
		deid.Rule{Path: "$.value", Action: deid.Keep, Reason: "a measured value"},
	).Compile()
	if err != nil {
		tb.Fatal(err)
	}
	engine, err := deid.New(policy, &deid.Options{
		AsOf: baakit.MustParseDate("2026-11-24"), Vault: deid.NewMemoryVault(), Scope: "bench",
	})
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

func benchJSON(records int, lines bool) []byte {
	var b bytes.Buffer
	if !lines {
		b.WriteString("[\n")
	}
	for i := range records {
		if i > 0 && !lines {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"mrn": "MR-%06d", "name": "Ada Quill", "born": "19%02d-05-02", "zip": "02139", "state": "MA", "phone": "617-555-%04d", "sex": "F", "note": "seen with her sister, who lives nearby", "visits": [`, i%5000, 40+i%60, i%10000)
		for v := range 4 {
			if v > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, `{"on": "20%02d-02-17T09:30:00-05:00", "age": %d, "code": "I10", "display": "Essential (primary) hypertension", "value": %d.%d, "unit": "mm[Hg]"}`, 10+v, 40+v, 120+v, i%10)
		}
		b.WriteString("]}")
		if lines {
			b.WriteByte('\n')
		}
	}
	if !lines {
		b.WriteString("\n]\n")
	}
	return b.Bytes()
}

func benchCSV(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("mrn,name,born,zip,state,phone,sex,on,code,display,value,note\n")
	for i := range rows {
		fmt.Fprintf(&b, "MR-%06d,Ada Quill,19%02d-05-02,02139,MA,617-555-%04d,F,2019-02-17,I10,Essential (primary) hypertension,%d.5,\"seen with her sister, who lives nearby\"\n", i%5000, 40+i%60, i%10000, 100+i%50)
	}
	return b.Bytes()
}

type transform func(context.Context, io.Writer, io.Reader, *deid.Subject, *deid.Report) error

func benchStream(b *testing.B, e *deid.Engine, f transform, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := f(b.Context(), io.Discard, bytes.NewReader(data), nil, e.NewReport()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	e := benchEngine(b)
	benchStream(b, e, e.JSON, benchJSON(10_000, false))
}

func BenchmarkNDJSON(b *testing.B) {
	e := benchEngine(b)
	benchStream(b, e, e.NDJSON, benchJSON(10_000, true))
}

func BenchmarkCSV(b *testing.B) {
	e := benchEngine(b)
	benchStream(b, e, e.CSV, benchCSV(40_000))
}

// tenFields has a field of each usual kind.
type tenFields struct {
	MRN    string      `deid:"mrn"`
	Name   string      `deid:"name"`
	Born   baakit.Date `deid:"dob"`
	ZIP    string      `deid:"zip"`
	State  string      `deid:"state"`
	Phone  string      `deid:"phone"`
	Seen   time.Time   `deid:"date"`
	Age    int         `deid:"age"`
	Code   string      `deid:"term"`
	Active bool
}

func BenchmarkStruct(b *testing.B) {
	e := benchEngine(b)
	r := e.NewReport()
	v := tenFields{"MR-1", "Ada Quill", baakit.MustParseDate("1960-05-02"), "02139-4307", "MA", "617-555-0123", time.Date(2026, 2, 17, 9, 30, 0, 0, time.UTC), 65, "I10", true}
	b.ReportAllocs()
	for b.Loop() {
		w := v
		if err := deid.Struct(b.Context(), e, &w, nil, r); err != nil {
			b.Fatal(err)
		}
	}
}
