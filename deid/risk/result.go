package risk

import (
	"fmt"
	"math"

	"github.com/baakit/baakit"
)

// Schema names the JSON form of a [Result].
const Schema = "baakit.deid.risk/1"

// The populations of a [Result].
const (
	PopulationTable = "table"
	PopulationGiven = "given"
)

// A Result is what was measured. It holds no value of any record, and no
// verdict. The zero Result is that of no records.
type Result struct {
	Schema    string   `json:"schema"`
	Quasi     []string `json:"quasi"`
	Threshold int      `json:"threshold"`

	Records int `json:"records"`
	Classes int `json:"classes"`

	// K is the size of the smallest class; 0 without records.
	K int `json:"k"`
	// UniqueRecords are alone in their class.
	UniqueRecords int     `json:"unique_records"`
	UniqueShare   float64 `json:"unique_share"`
	// SmallClasses are below the threshold, SmallRecords are in them.
	SmallClasses int     `json:"small_classes"`
	SmallRecords int     `json:"small_records"`
	SmallShare   float64 `json:"small_share"`

	Prosecutor Attack `json:"prosecutor"`
	Journalist Attack `json:"journalist"`
	Marketer   Attack `json:"marketer"`
	// Population says whose class sizes the journalist and the marketer were
	// measured with: PopulationTable where none was given, which is never
	// too low, or PopulationGiven.
	Population string `json:"population"`

	Sensitive []SensitiveResult `json:"sensitive"`
}

// An Attack is the chance that a record is matched to its person: of the
// record most at risk, and on average over the records. For the marketer the
// average is the share of records expected to be matched, and Highest is the
// same number.
type Attack struct {
	Highest float64 `json:"highest"`
	Average float64 `json:"average"`
}

// A SensitiveResult is about one sensitive column.
type SensitiveResult struct {
	Name string `json:"name"`
	// DistinctL is the fewest distinct values that a class has.
	DistinctL int `json:"distinct_l"`
	// EntropyL is the exponential of the least entropy of a class, at most
	// DistinctL.
	EntropyL float64 `json:"entropy_l"`
	// T is the greatest distance, from 0 to 1, between the distribution of
	// the values in a class and in the table.
	T float64 `json:"t"`
}

// Result measures what was added so far, with the table as the population.
func (a *Analysis) Result() *Result {
	r := &Result{Schema: Schema, Threshold: a.opts.Threshold, Records: a.records, Classes: len(a.classes.sizes), Population: PopulationTable, Sensitive: []SensitiveResult{}}
	for _, c := range a.opts.Quasi {
		r.Quasi = append(r.Quasi, c.Name)
	}
	for _, size := range a.classes.sizes {
		n := int(size)
		if r.K == 0 || n < r.K {
			r.K = n
		}
		if n == 1 {
			r.UniqueRecords++
		}
		if n < a.opts.Threshold {
			r.SmallClasses++
			r.SmallRecords += n
		}
	}
	if a.records > 0 {
		r.UniqueShare = float64(r.UniqueRecords) / float64(a.records)
		r.SmallShare = float64(r.SmallRecords) / float64(a.records)
		average := float64(len(a.classes.sizes)) / float64(a.records)
		r.Prosecutor = Attack{Highest: 1 / float64(r.K), Average: average}
		r.Journalist = r.Prosecutor
		r.Marketer = Attack{Highest: average, Average: average}
	}
	for i, c := range a.opts.Sensitive {
		r.Sensitive = append(r.Sensitive, a.sensitive[i].result(c.Name, a.classes.sizes, a.records))
	}
	return r
}

// ResultWithin measures what was added so far as a sample of the population,
// an analysis by the same quasi-identifiers of the same names. The error is a
// [baakit.FieldErrors] if it is by others, or if a class of the sample has
// fewer records in the population than in the sample, which cannot be.
func (a *Analysis) ResultWithin(population *Analysis) (*Result, error) {
	var errs baakit.FieldErrors
	if len(population.opts.Quasi) != len(a.opts.Quasi) {
		errs.Add("population.quasi", "must be those of the sample")
	} else {
		for i, c := range a.opts.Quasi {
			if population.opts.Quasi[i].Name != c.Name {
				errs.Add(fmt.Sprintf("population.quasi[%d]", i), "must be that of the sample")
			}
		}
	}
	if population.seeds != a.seeds {
		errs.Add("population", "must come from Analysis.Population of the sample")
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	r := a.Result()
	r.Population = PopulationGiven
	r.Journalist, r.Marketer = Attack{}, Attack{}
	expected := 0.0
	for hash, class := range a.classes.all() {
		number, ok := population.classes.lookup(hash)
		if !ok || population.classes.sizes[number] < a.classes.sizes[class] {
			return nil, baakit.FieldErrors{{Path: "population", Rule: "must hold every record of the sample"}}
		}
		chance := 1 / float64(population.classes.sizes[number])
		r.Journalist.Highest = max(r.Journalist.Highest, chance)
		expected += chance * float64(a.classes.sizes[class])
	}
	if a.records > 0 {
		r.Marketer.Average = round(expected / float64(a.records))
		r.Marketer.Highest = r.Marketer.Average
		r.Journalist.Average = r.Marketer.Average
	}
	return r, nil
}

// Population returns an empty analysis of the population of which the records
// are a sample; its records have the quasi-identifiers in the columns given,
// in the order of the sample's.
func (a *Analysis) Population(columns ...int) (*Analysis, error) {
	if len(columns) != len(a.opts.Quasi) {
		return nil, baakit.FieldErrors{{Path: "columns", Rule: fmt.Sprintf("must be %d, as many as the sample's quasi-identifiers", len(a.opts.Quasi))}}
	}
	opts := Config{Threshold: a.opts.Threshold}
	for i, index := range columns {
		opts.Quasi = append(opts.Quasi, Column{a.opts.Quasi[i].Name, index})
	}
	p, err := New(opts)
	if err != nil {
		return nil, err
	}
	p.seeds = a.seeds
	return p, nil
}

// round drops the digits that depend on the order of a sum.
func round(x float64) float64 { return math.Round(x*1e12) / 1e12 }

// result walks the pairs once, gathering for each class its distinct values,
// its entropy and its distance from the table. Of a class of n records in
// which values v have n_v,
//
//	entropy  = log n - sum(n_v log n_v)/n
//	distance = 1/2 sum |n_v/n - p_v| = 1/2 (1 + sum over its values of |n_v/n - p_v| - p_v)
//
// so that only the values which a class has are looked at.
func (s *sensitive) result(name string, sizes []uint32, records int) SensitiveResult {
	type sums struct {
		distinct          int
		nlogn, difference float64
	}
	classes := make([]sums, len(sizes))
	for p, count := range s.pairs {
		c := &classes[p.class]
		n, size := float64(count), float64(sizes[p.class])
		share := float64(s.totals[p.value]) / float64(records)
		c.distinct++
		c.nlogn += n * math.Log(n)
		c.difference += math.Abs(n/size-share) - share
	}
	r := SensitiveResult{Name: name}
	for i, c := range classes {
		size := float64(sizes[i])
		entropyL := round(math.Exp(math.Log(size) - c.nlogn/size))
		if i == 0 || c.distinct < r.DistinctL {
			r.DistinctL = c.distinct
		}
		if i == 0 || entropyL < r.EntropyL {
			r.EntropyL = entropyL
		}
		r.T = max(r.T, round((1+c.difference)/2))
	}
	return r
}
