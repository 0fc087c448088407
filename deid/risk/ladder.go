package risk

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/baakit/baakit"
)

// MaxCombinations is the most combinations of steps that [Pareto] tries.
const MaxCombinations = 4096

// A Ladder generalises one quasi-identifier in steps, each coarser than the
// one before: year of birth, five years, ten years, nothing.
type Ladder struct {
	Column Column
	Steps  []Step
}

// A Step is one rung: a name for the result and what it makes of a value. The
// value as it is is always tried too, as the step "as is" before the first.
type Step struct {
	Name  string
	Apply func(value string) string
}

// FrontSchema names the JSON form of a [Front].
const FrontSchema = "baakit.deid.risk_front/1"

// A Front are the combinations of steps worth choosing between, in the order of
// rising loss, with the names of the columns that the ladders are of. The zero
// Front has no choice.
type Front struct {
	Schema  string   `json:"schema"`
	Ladders []string `json:"ladders"`
	Choices []Choice `json:"choices"`
}

// A Choice is one combination of steps with what it costs and what it gives.
type Choice struct {
	// Steps has the name of the step taken on each ladder, "as is" for none.
	Steps []string `json:"steps"`
	// Loss is the mean of how far up its ladder each column went: 0 leaves
	// every value as it is, 1 takes the last step of every ladder.
	Loss   float64 `json:"loss"`
	Result *Result `json:"result"`
}

// Pareto measures every combination of the steps of the ladders over the
// records and returns those worth choosing between: where no other combination
// loses no more and leaves no more records in small classes, and is better in
// one of the two. Columns of opts.Quasi without a ladder stay as they are. Which
// choice is good enough is for the expert to say.
//
// records is walked once for each combination, so it must be restartable. The
// errors are [baakit.FieldErrors], and those of [Analyze].
func Pareto(ctx context.Context, opts Config, ladders []Ladder, records iter.Seq2[[]string, error]) (*Front, error) {
	if err := checkLadders(opts, ladders); err != nil {
		return nil, err
	}
	var choices []Choice
	for levels := range combinations(ladders) {
		result, err := Analyze(ctx, opts, generalised(ladders, levels, records))
		if err != nil {
			return nil, err
		}
		choices = append(choices, choice(ladders, levels, result))
	}
	f := &Front{Schema: FrontSchema, Ladders: make([]string, 0, len(ladders)), Choices: front(choices)}
	for _, l := range ladders {
		f.Ladders = append(f.Ladders, l.Column.Name)
	}
	return f, nil
}

func checkLadders(opts Config, ladders []Ladder) error {
	var errs baakit.FieldErrors
	if len(ladders) == 0 {
		errs.Add("ladders", "must be one at least")
	}
	combinations := 1
	for i, l := range ladders {
		at := fmt.Sprintf("ladders[%d]", i)
		if !slices.ContainsFunc(opts.Quasi, func(c Column) bool { return c.Index == l.Column.Index }) {
			errs.Add(at+".column", "must be a quasi-identifier")
		}
		if slices.ContainsFunc(ladders[:i], func(m Ladder) bool { return m.Column.Index == l.Column.Index }) {
			errs.Add(at+".column", "must have one ladder only")
		}
		if l.Column.Name == "" {
			errs.Add(at+".column.name", "is required")
		}
		if len(l.Steps) == 0 {
			errs.Add(at+".steps", "must be one at least")
		}
		for j, s := range l.Steps {
			if s.Name == "" || s.Apply == nil {
				errs.Add(fmt.Sprintf("%s.steps[%d]", at, j), "must have a name and a function")
			}
		}
		combinations = min(combinations*(len(l.Steps)+1), MaxCombinations+1)
	}
	if combinations > MaxCombinations {
		errs.Add("ladders", fmt.Sprintf("must have at most %d combinations of steps", MaxCombinations))
	}
	return errs.Err()
}

// combinations counts through all levels of the ladders, 0 being "as is". The
// slice is reused.
func combinations(ladders []Ladder) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		levels := make([]int, len(ladders))
		for {
			if !yield(levels) {
				return
			}
			i := 0
			for ; i < len(levels); i++ {
				if levels[i]++; levels[i] <= len(ladders[i].Steps) {
					break
				}
				levels[i] = 0
			}
			if i == len(levels) {
				return
			}
		}
	}
}

// generalised is the records with the steps applied, on a copy.
func generalised(ladders []Ladder, levels []int, records iter.Seq2[[]string, error]) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var own []string
		for record, err := range records {
			own = append(own[:0], record...)
			for i, l := range ladders {
				if c := l.Column.Index; levels[i] > 0 && c < len(own) {
					own[c] = l.Steps[levels[i]-1].Apply(own[c])
				}
			}
			if !yield(own, err) {
				return
			}
		}
	}
}

func choice(ladders []Ladder, levels []int, result *Result) Choice {
	c := Choice{Result: result}
	for i, l := range ladders {
		name := "as is"
		if levels[i] > 0 {
			name = l.Steps[levels[i]-1].Name
		}
		c.Steps = append(c.Steps, name)
		c.Loss += float64(levels[i]) / float64(len(l.Steps))
	}
	c.Loss = round(c.Loss / float64(len(ladders)))
	return c
}

// front keeps the choices that none of the others dominates.
func front(choices []Choice) []Choice {
	slices.SortStableFunc(choices, func(a, b Choice) int {
		switch {
		case a.Loss < b.Loss, a.Loss == b.Loss && a.Result.SmallRecords < b.Result.SmallRecords:
			return -1
		case a.Loss > b.Loss, a.Result.SmallRecords > b.Result.SmallRecords:
			return +1
		}
		return 0
	})
	var kept []Choice
	for _, c := range choices {
		if len(kept) > 0 {
			last := kept[len(kept)-1]
			if last.Result.SmallRecords < c.Result.SmallRecords || last.Result.SmallRecords == c.Result.SmallRecords && last.Loss < c.Loss {
				continue
			}
		}
		kept = append(kept, c)
	}
	return kept
}
