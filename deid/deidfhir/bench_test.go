package deidfhir_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/baakit/baakit/deid"
)

// benchmark walks one document over and over.
func benchmark(b *testing.B, data []byte) {
	j := safeHarbor(b)
	r := j.e.NewReport()
	src := bytes.NewReader(nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(data)
		if err := j.w.JSON(context.Background(), io.Discard, src, nil, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBundle(b *testing.B)        { benchmark(b, indented(bundle(1, 40))) }
func BenchmarkBundleCompact(b *testing.B) { benchmark(b, bundle(1, 40)) }

// BenchmarkStructured measures the Bundles of fhir_r4 in the folder that DEID_STRUCTURED
// names.
func BenchmarkStructured(b *testing.B) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("DEID_STRUCTURED"), "fhir_r4", "*.json"))
	if os.Getenv("DEID_STRUCTURED") == "" || len(files) == 0 {
		b.Skip("skipped: DEID_STRUCTURED names no folder of FHIR")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(name)[:8], func(b *testing.B) { benchmark(b, data) })
	}
}

// BenchmarkRun measures a batch of Bundles with as many workers as there are
// processors.
func BenchmarkRun(b *testing.B) {
	j := safeHarbor(b)
	var docs []deid.Document
	size := 0
	for i := range 16 {
		data := indented(bundle(i, 40))
		size += len(data)
		docs = append(docs, j.w.Document(data, false, nil))
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		r := j.e.NewReport()
		src := func(yield func(deid.Document, error) bool) {
			for _, d := range docs {
				if !yield(d, nil) {
					return
				}
			}
		}
		for result, err := range j.e.Run(context.Background(), src, r, nil) {
			if err != nil || result.Err != nil {
				b.Fatal(err, result.Err)
			}
		}
	}
}
