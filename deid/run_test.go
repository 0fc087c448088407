package deid_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/deid"
)

func documents(docs ...deid.Document) iter.Seq2[deid.Document, error] {
	return func(yield func(deid.Document, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// Whatever the number of workers: the results are those of one document after
// another, in order, and so are the report's counts.
func TestRunAgainstOneByOne(t *testing.T) {
	t.Parallel()
	e := safeHarbor(t, deid.Rule{Path: "$.a", Kind: deid.KindTerm}, deid.Rule{Path: "$.n", Kind: deid.KindName})
	rapid.Check(t, func(t *rapid.T) {
		var docs []deid.Document
		for i := range rapid.IntRange(0, 20).Draw(t, "documents") {
			docs = append(docs, rapid.SampledFrom([]deid.Document{
				{Format: deid.FormatJSON, Data: fmt.Appendf(nil, `{"a":"%d","n":"Quackenbush"}`, i)},
				{Format: deid.FormatNDJSON, Data: fmt.Appendf(nil, "{\"a\":\"%d\"}\n{\"a\":\"left Quackenbush\",\"n\":\"Quackenbush\"}\n{Quackenbush}\n", i)},
				{Format: deid.FormatCSV, Data: fmt.Appendf(nil, "a,n\n%d,Quackenbush\n", i)},
				{Format: deid.FormatJSON, Data: []byte(`{"a":Quackenbush}`)},
				{Format: "xml", Data: []byte("<Quackenbush/>")},
			}).Draw(t, "document"))
		}
		want, slow := e.NewReport(), 0
		var outputs []string
		for _, d := range docs {
			own := e.NewReport()
			f := map[deid.Format]transform{deid.FormatJSON: e.JSON, deid.FormatNDJSON: e.NDJSON, deid.FormatCSV: e.CSV}[d.Format]
			var b bytes.Buffer
			err := errors.New("format")
			if f != nil {
				err = f(m0, &b, bytes.NewReader(d.Data), nil, own)
			}
			if _, partly := errors.AsType[*deid.FailedError](err); err != nil && !partly {
				b.Reset()
			}
			if err != nil {
				slow++
			}
			outputs = append(outputs, b.String())
			want.Merge(int64(len(outputs)), own)
		}
		r := e.NewReport()
		next, done, failed := int64(0), int64(0), int64(0)
		opts := &deid.RunOptions{Workers: rapid.IntRange(1, 5).Draw(t, "workers"), Progress: func(d, f int64) { done, failed = d, f }}
		for result, err := range e.Run(m0, documents(docs...), r, opts) {
			if err != nil {
				t.Fatal(err)
			}
			if result.Index != next || string(result.Output) != outputs[next] {
				t.Fatalf("result %d is of document %d: %q, want %q", next, result.Index, result.Output, outputs[next])
			}
			if result.Err != nil && strings.Contains(result.Err.Error(), "Quack") {
				t.Fatalf("an error holds the document: %v", result.Err)
			}
			next++
		}
		a, _ := r.Statement().SHA256()
		b, _ := want.Statement().SHA256()
		if next != int64(len(docs)) || done != next || failed != int64(slow) || a != b {
			t.Fatalf("%d results of %d, progress %d and %d, want %d failed; the reports are equal: %v", next, len(docs), done, failed, slow, a == b)
		}
	})
}

// The source is asked only as results are taken: at most three documents for
// each worker are under way.
func TestRunBackPressure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := safeHarbor(t)
		for workers := 1; workers <= 4; workers++ {
			var asked, taken atomic.Int64
			src := func(yield func(deid.Document, error) bool) {
				for range 100 {
					asked.Add(1)
					if !yield(deid.Document{Format: deid.FormatJSON, Data: []byte("{}")}, nil) {
						return
					}
				}
			}
			for _, err := range e.Run(t.Context(), src, e.NewReport(), &deid.RunOptions{Workers: workers}) {
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // everybody else has stopped by then
				if under := asked.Load() - taken.Load(); under > int64(3*workers) {
					t.Fatalf("%d workers have %d documents under way", workers, under)
				}
				taken.Add(1)
			}
			if taken.Load() != 100 {
				t.Fatalf("%d results", taken.Load())
			}
		}
	})
}

// Breaking off, an end of the context and an error of the source all end the
// workers; synctest finds any that is left.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := safeHarbor(t)
		slow := deid.Document{Transform: func(ctx context.Context, _ io.Writer, _ io.Reader, _ *deid.Subject, _ *deid.Report) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
				return nil
			}
		}}
		many := func(yield func(deid.Document, error) bool) {
			for yield(slow, nil) {
			}
		}
		for range e.Run(t.Context(), many, e.NewReport(), nil) {
			break
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		n := 0
		for _, err := range e.Run(ctx, many, e.NewReport(), nil) {
			n++
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a context that ended: %v", err)
			}
		}
		if n != 1 {
			t.Errorf("%d pairs after the end of the context, want one", n)
		}
		broken := errors.New("the source")
		var errs []error
		for _, err := range e.Run(t.Context(), func(yield func(deid.Document, error) bool) {
			_ = yield(slow, nil) && yield(deid.Document{}, broken)
		}, e.NewReport(), &deid.RunOptions{Workers: 1}) {
			errs = append(errs, err)
		}
		if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], broken) {
			t.Errorf("a broken source: %v", errs)
		}
	})
}
