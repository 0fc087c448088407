package risk

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"iter"
	"math"

	"github.com/baakit/baakit"
)

// DefaultThreshold is the class size below which records count as small: the
// Centers for Medicare and Medicaid Services suppress cells of fewer than 11.
const DefaultThreshold = 11

// MaxRecords is the most records of one analysis: its counts are 32 bits.
const MaxRecords = math.MaxUint32

// A Config says which columns of the records mean what. Columns are numbered
// from 0 in the records that are added.
type Config struct {
	// Quasi are the quasi-identifiers; at least one.
	Quasi []Column

	// Sensitive are the columns whose values must not be learnt.
	Sensitive []Column

	// Threshold is the class size below which records count as small; 0 is
	// [DefaultThreshold].
	Threshold int
}

// A Column is a column of the records.
type Column struct {
	Name  string // for the result
	Index int    // from 0
}

// An Analysis counts the classes of the records that are added. It is made by
// [New] and not safe for concurrent use.
type Analysis struct {
	opts    Config
	width   int // the fewest columns that a record must have
	seeds   [2]maphash.Seed
	scratch []byte

	classes classes // by the hash of their quasi-identifiers
	records int

	sensitive []sensitive
}

// sensitive counts one sensitive column.
type sensitive struct {
	values map[[2]uint64]uint32 // hash of a value -> number
	totals []uint32             // of each value in the table
	pairs  map[pair]uint32      // of each value in each class
}

type pair struct{ class, value uint32 }

// New returns an empty analysis. The error is a [baakit.FieldErrors].
func New(opts Config) (*Analysis, error) {
	var errs baakit.FieldErrors
	if len(opts.Quasi) == 0 {
		errs.Add("quasi", "must name a column at least")
	}
	if opts.Threshold < 0 {
		errs.Add("threshold", "must not be negative")
	}
	if opts.Threshold == 0 {
		opts.Threshold = DefaultThreshold
	}
	a := &Analysis{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	used := make(map[int]bool)
	check := func(list string, columns []Column) []Column {
		for i, c := range columns {
			at := fmt.Sprintf("%s[%d]", list, i)
			if c.Name == "" {
				errs.Add(at+".name", "is required")
			}
			if c.Index < 0 {
				errs.Add(at+".index", "must not be negative")
			} else if used[c.Index] {
				errs.Add(at+".index", "must be another column than those before")
			}
			used[c.Index] = true
			a.width = max(a.width, c.Index+1)
		}
		return append([]Column(nil), columns...)
	}
	opts.Quasi = check("quasi", opts.Quasi)
	opts.Sensitive = check("sensitive", opts.Sensitive)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	a.opts = opts
	a.sensitive = make([]sensitive, len(opts.Sensitive))
	for i := range a.sensitive {
		a.sensitive[i] = sensitive{values: make(map[[2]uint64]uint32), pairs: make(map[pair]uint32)}
	}
	return a, nil
}

// Add counts one record; the slice is not kept. Values are compared as text,
// byte for byte, and the empty one is a value like any other. The error is a
// [baakit.FieldError] if the record has too few columns or is one too many;
// it is then not counted.
func (a *Analysis) Add(record []string) error {
	if len(record) < a.width {
		return baakit.FieldError{Path: fmt.Sprintf("records[%d]", a.records), Rule: fmt.Sprintf("must have %d columns at least", a.width)}
	}
	if a.records == MaxRecords {
		return baakit.FieldError{Path: "records", Rule: "must be fewer"}
	}
	a.records++
	a.scratch = a.scratch[:0]
	for _, c := range a.opts.Quasi {
		a.scratch = binary.AppendUvarint(a.scratch, uint64(len(record[c.Index])))
		a.scratch = append(a.scratch, record[c.Index]...)
	}
	class := a.classes.add(a.hash(a.scratch))
	for i, c := range a.opts.Sensitive {
		s := &a.sensitive[i]
		value := number(s.values, a.hash(append(a.scratch[:0], record[c.Index]...)), &s.totals)
		s.pairs[pair{class, value}]++
	}
	return nil
}

func (a *Analysis) hash(b []byte) [2]uint64 {
	return [2]uint64{maphash.Bytes(a.seeds[0], b), maphash.Bytes(a.seeds[1], b)}
}

// number returns the number of what has the hash, and counts it.
func number(numbers map[[2]uint64]uint32, hash [2]uint64, counts *[]uint32) uint32 {
	n, ok := numbers[hash]
	if !ok {
		n = uint32(len(*counts))
		numbers[hash] = n
		*counts = append(*counts, 0)
	}
	(*counts)[n]++
	return n
}

// Analyze adds all records and returns the result. It stops at the first error
// of the source or of [Analysis.Add], and when the context ends.
func Analyze(ctx context.Context, opts Config, records iter.Seq2[[]string, error]) (*Result, error) {
	a, err := New(opts)
	if err != nil {
		return nil, err
	}
	if err := a.addAll(ctx, records); err != nil {
		return nil, err
	}
	return a.Result(), nil
}

func (a *Analysis) addAll(ctx context.Context, records iter.Seq2[[]string, error]) error {
	for record, err := range records {
		if err != nil {
			return err
		}
		if err := a.Add(record); err != nil {
			return err
		}
		if a.records%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return ctx.Err()
}
