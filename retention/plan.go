package retention

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"runtime"
	"strconv"
	"sync"

	"github.com/baakit/baakit"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// PlanOptions are those of [Plan]; nil is the defaults.
type PlanOptions struct {
	// Workers is how many goroutines evaluate; 0 is one for each processor
	// that Go uses. With 1 everything happens in the calling goroutine.
	Workers int
}

// Plan decides about every record of the source and yields the decisions in
// the order of the source, whatever the number of workers. A line that is no
// record yields a [*RowError] in its place and the walk goes on, as does one
// that [Evaluate] refuses; an error of the source itself is the last. The
// memory it uses does not grow with the number of records. It can be walked
// once; a break ends all its goroutines before the loop is left.
func Plan(src Source, s *Schedule, holds *Holds, on, law baakit.Date, opt *PlanOptions) iter.Seq2[Decision, error] {
	workers := 0
	if opt != nil {
		workers = opt.Workers
	}
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	decide := func(r *Record, err error, to *result) {
		if err != nil {
			*to = result{err: err}
			return
		}
		to.err = evaluate(&to.d, r, s, holds, on, law)
	}
	if workers == 1 {
		return func(yield func(Decision, error) bool) {
			serial(src, decide, yield)
		}
	}
	return func(yield func(Decision, error) bool) { parallel(src, workers, decide, yield) }
}

func serial(src Source, decide func(*Record, error, *result), yield func(Decision, error) bool) {
	var p Progress
	options := src.opts()
	stopped := false
	var c chunk
	var res result
	err := src.chunks(func() *chunk { c.reset(); return &c }, func(c *chunk) bool {
		p.Bytes += c.bytes
		for i := range c.len() {
			r, err := src.parse(c, i)
			p.count(err)
			decide(r, err, &res)
			if !yield(res.d, res.err) {
				stopped = true
				return false
			}
			options.report(p, false)
		}
		return true
	})
	if err != nil && !stopped {
		yield(Decision{}, err)
	}
	options.report(p, true)
}

// parallel reads in one goroutine, decides in some, and yields in the
// caller's: chunks pass through in their order.
func parallel(src Source, workers int, decide func(*Record, error, *result), yield func(Decision, error) bool) {
	depth := 16 * workers
	var (
		free  = make(chan *chunk, depth)
		work  = make(chan *chunk, depth)
		order = make(chan *chunk, depth)
		stop  = make(chan struct{})
		group sync.WaitGroup
		err   error
	)
	for range depth {
		free <- &chunk{done: make(chan struct{}, 1)}
	}
	group.Go(func() {
		defer close(order)
		defer close(work)
		err = src.chunks(func() *chunk {
			select {
			case c := <-free:
				c.reset()
				return c
			case <-stop:
				return &chunk{}
			}
		}, func(c *chunk) bool {
			if c.done == nil {
				return false
			}
			select {
			case <-stop:
				return false
			default:
			}
			work <- c
			order <- c
			return true
		})
	})
	for range workers {
		group.Go(func() {
			for c := range work {
				n := c.len()
				if cap(c.out) < n {
					c.out = make([]result, max(n, chunkSize))
				}
				c.out = c.out[:n]
				for i := range n {
					r, err := src.parse(c, i)
					decide(r, err, &c.out[i])
				}
				c.done <- struct{}{}
			}
		})
	}
	defer group.Wait()
	defer close(stop)
	var p Progress
	options := src.opts()
	for c := range order {
		<-c.done
		p.Bytes += c.bytes
		for i := range c.out {
			p.count(c.out[i].err)
			if !yield(c.out[i].d, c.out[i].err) {
				return
			}
			options.report(p, false)
		}
		free <- c
	}
	if err != nil {
		yield(Decision{}, err)
	}
	options.report(p, true)
}

// SummarySchema is the schema of a [Summary] as JSON.
const SummarySchema = "baakit.retention.summary/1"

// A Summary counts decisions. The zero Summary is empty; Add and AddError
// fill it.
type Summary struct {
	Schema    string                       `json:"schema"`
	On        baakit.Date                  `json:"on,omitzero"`
	Records   int64                        `json:"records"`
	Malformed int64                        `json:"malformed"`
	Outcomes  map[Outcome]int64            `json:"outcomes,omitempty"`
	Conflicts map[Conflict]int64           `json:"conflicts,omitempty"`
	Classes   map[string]map[Outcome]int64 `json:"classes,omitempty"`
	// Governing counts by the policy that governs.
	Governing map[string]int64 `json:"governing,omitempty"`
}

// Add counts a decision.
func (m *Summary) Add(d *Decision) {
	if m.Outcomes == nil {
		m.Schema, m.On = SummarySchema, d.On
		m.Outcomes, m.Conflicts = make(map[Outcome]int64), make(map[Conflict]int64)
		m.Classes, m.Governing = make(map[string]map[Outcome]int64), make(map[string]int64)
	}
	m.Records++
	m.Outcomes[d.Outcome]++
	if d.Conflict != "" {
		m.Conflicts[d.Conflict]++
	}
	class := m.Classes[d.Record.Class]
	if class == nil {
		class = make(map[Outcome]int64)
		m.Classes[d.Record.Class] = class
	}
	class[d.Outcome]++
	if d.governing >= 0 {
		m.Governing[d.schedule.policies[d.governing].ID]++
	}
}

// AddError counts a line that was no record.
func (m *Summary) AddError(error) { m.Schema = SummarySchema; m.Malformed++ }

// Summarize counts the decisions of a plan and the lines that were none. Its
// error is the first that is not a [*RowError] or a [baakit.FieldErrors].
func Summarize(plan iter.Seq2[Decision, error]) (Summary, error) {
	m := Summary{Schema: SummarySchema}
	for d, err := range plan {
		switch {
		case err == nil:
			m.Add(&d)
		case ofRow(err):
			m.AddError(err)
		default:
			return m, err
		}
	}
	return m, nil
}

func ofRow(err error) bool {
	switch err.(type) {
	case *RowError, baakit.FieldErrors:
		return true
	}
	return false
}

// WriteOptions are those of a writer; nil is the defaults.
type WriteOptions struct {
	// Progress is called after every Every decisions and at the end.
	Progress func(Progress)
	// Every defaults to 100,000.
	Every int64
	// Malformed gets each line that was no record. Default: it is counted
	// in the summary that the writer returns, and no more.
	Malformed func(error)
}

// WriteCSV writes the decisions of a plan as comma-separated lines, after a
// line that names the columns, and returns their summary.
func WriteCSV(w io.Writer, plan iter.Seq2[Decision, error], opt *WriteOptions) (Summary, error) {
	out := csv.NewWriter(w)
	head := []string{"id", "class", "part", "outcome", "keep_through", "first_disposable", "earliest_disposal", "delete_by", "conflict", "not_before", "not_after", "governing"}
	if err := out.Write(head); err != nil {
		return Summary{}, err
	}
	row := make([]string, len(head))
	m, err := write(plan, opt, func(d *Decision) error {
		row = append(row[:0], d.Record.ID, d.Record.Class, d.Record.Part, string(d.Outcome))
		for _, date := range []baakit.Date{d.KeepThrough, d.FirstDisposable, d.EarliestDisposal, d.DeleteBy} {
			row = append(row, orEmpty(date))
		}
		governing := ""
		if d.governing >= 0 {
			governing = d.schedule.policies[d.governing].ID
		}
		row = append(row, string(d.Conflict), orEmpty(d.NotBefore), orEmpty(d.NotAfter), governing)
		return out.Write(row)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return m, err
}

func orEmpty(d baakit.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// WriteJSONLines writes the decisions of a plan, explained, one a line, and
// returns their summary.
func WriteJSONLines(w io.Writer, plan iter.Seq2[Decision, error], opt *WriteOptions) (Summary, error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	m, err := write(plan, opt, func(d *Decision) error { return enc.Encode(d.Explain()) })
	if flush := out.Flush(); err == nil {
		err = flush
	}
	return m, err
}

func write(plan iter.Seq2[Decision, error], opt *WriteOptions, put func(*Decision) error) (Summary, error) {
	m := Summary{Schema: SummarySchema}
	read := ReadOptions{}
	if opt != nil {
		read = ReadOptions{Progress: opt.Progress, Every: opt.Every}
	}
	read = read.or()
	var p Progress
	for d, err := range plan {
		switch {
		case err == nil:
			if err := put(&d); err != nil {
				return m, err
			}
			m.Add(&d)
		case ofRow(err):
			m.AddError(err)
			if opt != nil && opt.Malformed != nil {
				opt.Malformed(err)
			}
		default:
			return m, err
		}
		p.count(err)
		read.report(p, false)
	}
	read.report(p, true)
	return m, nil
}
