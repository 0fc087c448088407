package deid

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"

	"github.com/baakit/baakit"
)

// A Format is how a document is written.
type Format string

// The formats that [Engine.Run] knows by itself.
const (
	FormatJSON   Format = "json"
	FormatNDJSON Format = "ndjson"
	FormatCSV    Format = "csv"
)

// A Document is one input of a batch.
type Document struct {
	Format  Format
	Data    []byte
	Subject *Subject // of whom the document is; nil if not known

	// Transform, if it is not nil, stands in the place of Format: an
	// adapter's walker for a format of its own.
	Transform func(ctx context.Context, dst io.Writer, src io.Reader, s *Subject, r *Report) error
}

// A Result is one output of a batch, in the order of the documents. Where Err
// is not nil, Output holds the records that could be written if Err is a
// [*FailedError], and nothing otherwise.
type Result struct {
	Index  int64 // of the document, from 0
	Output []byte
	Err    error
}

// RunOptions are what [Engine.Run] needs. The zero RunOptions, or nil, are one
// worker for each processor and no progress.
type RunOptions struct {
	Workers int

	// Progress is called after each result was taken, in order and never
	// twice at a time, with the number of documents and how many had an
	// error.
	Progress func(done, failed int64)
}

// Run transforms the documents of src with several workers and yields their
// results in order. A document that fails is a result with an error, counted
// in the report, and the rest goes on. An error of src itself is the last
// pair, and so is that of ctx when it ends.
//
// At most three documents for each worker are in memory: src is asked for
// more only as results are taken. Breaking off the loop stops the workers
// before the loop ends. The sequence can be used once.
func (e *Engine) Run(ctx context.Context, src iter.Seq2[Document, error], r *Report, opts *RunOptions) iter.Seq2[Result, error] {
	workers, progress := runtime.GOMAXPROCS(0), func(int64, int64) {}
	if opts != nil {
		if opts.Workers > 0 {
			workers = opts.Workers
		}
		if opts.Progress != nil {
			progress = opts.Progress
		}
	}
	return func(yield func(Result, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var all sync.WaitGroup
		defer all.Wait()
		defer cancel()

		type job struct {
			index  int64
			doc    Document
			result chan done
		}
		work := make(chan job)
		// With the one that src waits to hand over and the one that is
		// being taken.
		order := make(chan job, max(2*workers-1, 1))
		var srcErr error
		all.Go(func() {
			defer close(order)
			defer close(work)
			var n int64
			for doc, err := range src {
				if err != nil {
					srcErr = err
					return
				}
				j := job{n, doc, make(chan done, 1)}
				n++
				select {
				case order <- j:
				case <-ctx.Done():
					return
				}
				select {
				case work <- j:
				case <-ctx.Done():
					return
				}
			}
		})
		for range workers {
			all.Go(func() {
				for j := range work {
					own := e.NewReport()
					out, err := e.document(ctx, j.doc, own)
					j.result <- done{out, err, own}
				}
			})
		}
		var count, failed int64
		for j := range order {
			var d done
			select {
			case d = <-j.result:
			case <-ctx.Done():
			}
			if err := ctx.Err(); err != nil {
				yield(Result{}, err)
				return
			}
			r.Merge(j.index+1, d.report)
			count++
			if d.err != nil {
				failed++
			}
			if !yield(Result{j.index, d.out, d.err}, nil) {
				return
			}
			progress(count, failed)
		}
		// order is closed only after srcErr was set.
		if err := ctx.Err(); err != nil {
			yield(Result{}, err)
		} else if srcErr != nil {
			yield(Result{}, srcErr)
		}
	}
}

type done struct {
	out    []byte
	err    error
	report *Report
}

// document transforms one document into memory.
func (e *Engine) document(ctx context.Context, d Document, r *Report) ([]byte, error) {
	transform := d.Transform
	if transform == nil {
		switch d.Format {
		case FormatJSON:
			transform = e.JSON
		case FormatNDJSON:
			transform = e.NDJSON
		case FormatCSV:
			transform = e.CSV
		default:
			return nil, baakit.FieldError{Path: "format", Rule: "must be json, ndjson or csv"}
		}
	}
	var out bytes.Buffer
	out.Grow(len(d.Data))
	err := transform(ctx, &out, bytes.NewReader(d.Data), d.Subject, r)
	if err != nil {
		if _, partly := err.(*FailedError); !partly {
			return nil, fmt.Errorf("deid: document not written: %w", err)
		}
	}
	return out.Bytes(), err
}
