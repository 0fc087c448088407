package disclosure

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"

	"github.com/baakit/baakit/audit"
)

// A batch is a number of records of a chain that are parsed, opened and read
// together, by one goroutine: that takes longer than to find them.
type batch struct {
	data  []byte // lines and payloads, one behind the other
	items []item
	out   reading
	err   error
	done  chan struct{}
}

// An item is where a record ends in the data: its line, and its payload.
type item struct {
	line, sealed int
	erased       bool
	seq          uint64
}

const batchSize = 1024

func (b *batch) add(r audit.Record, seq uint64) {
	b.data = append(b.data, r.Line...)
	i := item{line: len(b.data), erased: r.Sealed == nil, seq: seq}
	b.data = append(b.data, r.Sealed...)
	i.sealed = len(b.data)
	b.items = append(b.items, i)
}

// read reads the records, up to the first error.
func (b *batch) read(ctx context.Context, s Source, chain, patient string) {
	defer close(b.done)
	start := 0
	for _, i := range b.items {
		e, err := audit.ParseLine(b.data[start:i.line])
		if err == nil && (e.Chain != chain || e.Seq != i.seq) {
			err = errors.New("an entry stands in the place of another")
		}
		if err != nil {
			b.err = fmt.Errorf("%w: %w", audit.ErrTampered, err)
			return
		}
		if !i.erased {
			e.Sealed = b.data[i.line:i.sealed]
		}
		start = i.sealed
		opened, err := s.open(ctx, e)
		if b.err = b.out.add(e, opened, err, patient); b.err != nil {
			return
		}
	}
}

// readAll reads records on all processors and adds what they hold to out, in
// their order. Nothing is being read any more when it returns.
func (s Source) readAll(ctx context.Context, chain, patient string, records iter.Seq2[audit.Record, error], span *Span, out *reading) error {
	var queue []*batch
	defer func() {
		for _, b := range queue {
			<-b.done
		}
	}()
	spare := &batch{}
	take := func() error {
		b := queue[0]
		queue = queue[1:]
		<-b.done
		out.records = append(out.records, b.out.records...)
		out.suspensions = append(out.suspensions, b.out.suspensions...)
		out.unreadable = append(out.unreadable, b.out.unreadable...)
		*spare = batch{data: b.data[:0], items: b.items[:0]}
		return b.err
	}
	filling := &batch{}
	begin := func() {
		filling.done = make(chan struct{})
		queue = append(queue, filling)
		go filling.read(ctx, s, chain, patient)
		filling, spare = spare, &batch{}
	}
	for r, err := range records {
		if err != nil {
			return err
		}
		filling.add(r, span.Size-1)
		if len(filling.items) < batchSize {
			continue
		}
		begin()
		if len(queue) > runtime.GOMAXPROCS(0) {
			if err := take(); err != nil {
				return err
			}
		}
	}
	if len(filling.items) > 0 {
		begin()
	}
	for len(queue) > 0 {
		if err := take(); err != nil {
			return err
		}
	}
	return nil
}
