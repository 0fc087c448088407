package risk

import (
	"fmt"
	"math"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
)

// ParseResult reads the JSON form of a [Result], strictly, and refuses one whose
// numbers cannot be of one table. The error is [baakit.FieldErrors].
func ParseResult(data []byte) (*Result, error) {
	var r Result
	if err := strictjson.Decode(data, &r); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	r.check("", &errs)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return &r, nil
}

// ParseFront reads the JSON form of a [Front], as ParseResult does.
func ParseFront(data []byte) (*Front, error) {
	var f Front
	if err := strictjson.Decode(data, &f); err != nil {
		return nil, err
	}
	var errs baakit.FieldErrors
	if f.Schema != FrontSchema {
		errs.Add("schema", "must be "+FrontSchema)
	}
	for i, c := range f.Choices {
		at := fmt.Sprintf("choices[%d].", i)
		if len(c.Steps) != len(f.Ladders) {
			errs.Add(at+"steps", "must be one for each ladder")
		}
		if !share(c.Loss) {
			errs.Add(at+"loss", "must be from 0 to 1")
		}
		if c.Result == nil {
			errs.Add(at+"result", "is required")
			continue
		}
		c.Result.check(at+"result.", &errs)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return &f, nil
}

// check adds what is wrong with the fields below at.
func (r *Result) check(at string, errs *baakit.FieldErrors) {
	must := func(ok bool, field, rule string) {
		if !ok {
			errs.Add(at+field, rule)
		}
	}
	must(r.Schema == Schema, "schema", "must be "+Schema)
	must(len(r.Quasi) > 0, "quasi", "must name a column at least")
	must(r.Threshold > 0, "threshold", "must be positive")
	must(r.Records >= 0 && r.Records <= MaxRecords, "records", "must be a number of records")
	must(r.Classes >= 0 && r.Classes <= r.Records && (r.Classes > 0) == (r.Records > 0), "classes", "must be at most as many as the records, and one if there are any")
	must(r.K >= 0 && r.K*r.Classes <= r.Records && (r.K > 0) == (r.Records > 0), "k", "must be the size of a class")
	must(r.UniqueRecords >= 0 && r.UniqueRecords <= r.Classes && (r.UniqueRecords > 0) == (r.K == 1), "unique_records", "must be those alone in a class")
	must(near(r.UniqueShare, r.UniqueRecords, r.Records), "unique_share", "must be the share of the records")
	must(r.SmallClasses >= 0 && r.SmallClasses <= r.Classes, "small_classes", "must be at most as many as the classes")
	must(r.SmallRecords >= r.SmallClasses && r.SmallRecords <= r.Records, "small_records", "must be those in small classes")
	must(near(r.SmallShare, r.SmallRecords, r.Records), "small_share", "must be the share of the records")
	for _, a := range []struct {
		name   string
		attack Attack
	}{{"prosecutor", r.Prosecutor}, {"journalist", r.Journalist}, {"marketer", r.Marketer}} {
		must(share(a.attack.Highest) && share(a.attack.Average) && a.attack.Average <= a.attack.Highest+1e-9, a.name, "must have chances from 0 to 1, the highest not below the average")
	}
	must(r.Population == PopulationTable || r.Population == PopulationGiven, "population", "must be table or given")
	for i, s := range r.Sensitive {
		field := fmt.Sprintf("sensitive[%d].", i)
		must(s.Name != "", field+"name", "is required")
		must(s.DistinctL >= 0 && s.DistinctL <= r.Records && (s.DistinctL > 0) == (r.Records > 0), field+"distinct_l", "must be a number of values")
		must(s.EntropyL >= 0 && s.EntropyL <= float64(s.DistinctL)+1e-9, field+"entropy_l", "must be at most distinct_l")
		must(share(s.T), field+"t", "must be from 0 to 1")
	}
}

func share(x float64) bool { return x >= 0 && x <= 1+1e-9 }

func near(share float64, n, of int) bool {
	if of == 0 {
		return share == 0
	}
	return math.Abs(share-float64(n)/float64(of)) < 1e-9
}
