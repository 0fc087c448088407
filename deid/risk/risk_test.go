package risk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid/risk"
)

func rows(table [][]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, row := range table {
			if !yield(row, nil) {
				return
			}
		}
	}
}

var columns = risk.Config{
	Quasi:     []risk.Column{{Name: "birth_year", Index: 0}, {Name: "sex", Index: 1}},
	Sensitive: []risk.Column{{Name: "diagnosis", Index: 2}},
	Threshold: 3,
}

// Worked by hand: classes of 2, 3 and 1; values a 3, b 2, c 1 of 6.
var table = [][]string{
	{"1980", "F", "a"},
	{"1980", "F", "a"},
	{"1981", "F", "a"},
	{"1981", "F", "b"},
	{"1981", "F", "b"},
	{"1980", "M", "c"},
}

func TestByHand(t *testing.T) {
	t.Parallel()
	got, err := risk.Analyze(t.Context(), columns, rows(table))
	if err != nil {
		t.Fatal(err)
	}
	want := &risk.Result{
		Schema: risk.Schema, Quasi: []string{"birth_year", "sex"}, Threshold: 3,
		Records: 6, Classes: 3, K: 1,
		UniqueRecords: 1, UniqueShare: 1. / 6,
		SmallClasses: 2, SmallRecords: 3, SmallShare: .5,
		Prosecutor: risk.Attack{Highest: 1, Average: .5},
		Journalist: risk.Attack{Highest: 1, Average: .5},
		Marketer:   risk.Attack{Highest: .5, Average: .5},
		Population: "table",
		Sensitive: []risk.SensitiveResult{{
			Name: "diagnosis", DistinctL: 1, EntropyL: 1,
			// of the class of one c: (|1 - 1/6| + 3/6 + 2/6)/2
			T: 5. / 6,
		}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithinPopulation(t *testing.T) {
	t.Parallel()
	sample, err := risk.New(columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table {
		if err := sample.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	population, err := sample.Population(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(n int, birth, sex string) {
		for range n {
			if err := population.Add([]string{sex, birth}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(4, "1980", "F")
	add(30, "1981", "F")
	if _, err := sample.ResultWithin(population); err == nil {
		t.Error("a population without a record of the sample was accepted")
	}
	add(10, "1980", "M")
	add(1, "1999", "M")
	r, err := sample.ResultWithin(population)
	if err != nil {
		t.Fatal(err)
	}
	// Two records with 1/4, three with 1/30, one with 1/10.
	marketer := (2./4 + 3./30 + 1./10) / 6
	if math.Abs(r.Journalist.Highest-.25) > 1e-9 || math.Abs(r.Marketer.Average-marketer) > 1e-9 || r.Prosecutor.Highest != 1 || r.Population != "given" {
		t.Errorf("%+v", r)
	}
	other, err := risk.New(risk.Config{Quasi: []risk.Column{{Name: "sex", Index: 0}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sample.ResultWithin(other); err == nil {
		t.Error("a population by other quasi-identifiers was accepted")
	}
	if _, err := sample.Population(1); err == nil {
		t.Error("a population with too few columns was accepted")
	}
}

// slow is the obvious version: classes by their joined values.
func slow(table [][]string, threshold int) *risk.Result {
	classes, totals := make(map[string][]string), make(map[string]float64)
	for _, row := range table {
		key := strconv.Quote(row[0]) + strconv.Quote(row[1])
		classes[key] = append(classes[key], row[2])
		totals[row[2]]++
	}
	r := &risk.Result{Schema: risk.Schema, Quasi: []string{"birth_year", "sex"}, Threshold: threshold, Records: len(table), Classes: len(classes), Population: "table"}
	s := risk.SensitiveResult{Name: "diagnosis"}
	first := true
	for _, values := range classes {
		n := len(values)
		if first || n < r.K {
			r.K = n
		}
		if n == 1 {
			r.UniqueRecords++
		}
		if n < threshold {
			r.SmallClasses++
			r.SmallRecords += n
		}
		counts := make(map[string]float64)
		for _, v := range values {
			counts[v]++
		}
		entropy, distance := 0., 0.
		for v, total := range totals {
			p := counts[v] / float64(n)
			if p > 0 {
				entropy -= p * math.Log(p)
			}
			distance += math.Abs(p-total/float64(len(table))) / 2
		}
		if first || len(counts) < s.DistinctL {
			s.DistinctL = len(counts)
		}
		if l := math.Exp(entropy); first || l < s.EntropyL {
			s.EntropyL = l
		}
		s.T = max(s.T, distance)
		first = false
	}
	if len(table) > 0 {
		n := float64(len(table))
		r.UniqueShare, r.SmallShare = float64(r.UniqueRecords)/n, float64(r.SmallRecords)/n
		average := float64(len(classes)) / n
		r.Prosecutor = risk.Attack{Highest: 1 / float64(r.K), Average: average}
		r.Journalist, r.Marketer = r.Prosecutor, risk.Attack{Highest: average, Average: average}
	}
	r.Sensitive = []risk.SensitiveResult{s}
	return r
}

func tables() *rapid.Generator[[][]string] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
		// Values whose joins are alike unless their lengths count too.
		value := rapid.SampledFrom([]string{"", "1", "11", "111", "a", "1a"})
		return []string{value.Draw(t, "birth"), value.Draw(t, "sex"), value.Draw(t, "diagnosis")}
	}), 0, 40)
}

func TestAgreesWithSlow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := tables().Draw(t, "table")
		opts := columns
		opts.Threshold = rapid.IntRange(1, 12).Draw(t, "threshold")
		got, err := risk.Analyze(context.Background(), opts, rows(table))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slow(table, opts.Threshold), got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		data, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := risk.ParseResult(data); err != nil || !cmp.Equal(again, got) {
			t.Fatalf("read again: %v\n%s", err, cmp.Diff(got, again))
		}
		shuffled := rapid.Permutation(table).Draw(t, "shuffled")
		again, err := risk.Analyze(context.Background(), opts, rows(shuffled))
		if err != nil || !cmp.Equal(got, again) {
			t.Fatalf("in another order: %v\n%s", err, cmp.Diff(got, again))
		}
	})
}

// The table as its own population changes nothing, and a larger population
// never raises a risk.
func TestPopulationLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, more := tables().Draw(t, "table"), tables().Draw(t, "more")
		sample, err := risk.New(columns)
		if err != nil {
			t.Fatal(err)
		}
		population, err := sample.Population(0, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range table {
			if err := errors.Join(sample.Add(row), population.Add(row)); err != nil {
				t.Fatal(err)
			}
		}
		own, err := sample.ResultWithin(population)
		if err != nil {
			t.Fatal(err)
		}
		own.Population = "table"
		if diff := cmp.Diff(sample.Result(), own, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatalf("its own population (-want +got):\n%s", diff)
		}
		for _, row := range more {
			if err := population.Add(row); err != nil {
				t.Fatal(err)
			}
		}
		larger, err := sample.ResultWithin(population)
		if err != nil {
			t.Fatal(err)
		}
		if larger.Journalist.Highest > own.Journalist.Highest+1e-9 || larger.Marketer.Average > own.Marketer.Average+1e-9 {
			t.Fatalf("a larger population raised a risk: %+v, %+v", own, larger)
		}
	})
}

var ladders = []risk.Ladder{
	{Column: columns.Quasi[0], Steps: []risk.Step{
		{Name: "decade", Apply: func(v string) string { return v[:min(3, len(v))] }},
		{Name: "none", Apply: func(string) string { return "" }},
	}},
	{Column: columns.Quasi[1], Steps: []risk.Step{{Name: "none", Apply: func(string) string { return "" }}}},
}

// The front has no dominated choice, everything off it is dominated or equal,
// and the coarsest combination, one class of all, is never beaten on risk.
func TestParetoLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := tables().Draw(t, "table")
		whole, err := risk.Pareto(context.Background(), columns, ladders, rows(table))
		if err != nil {
			t.Fatal(err)
		}
		coarsest := 0
		if len(table) < columns.Threshold {
			coarsest = len(table)
		}
		if again, err := parsedFront(whole); err != nil || !cmp.Equal(again, whole) {
			t.Fatalf("read again: %v\n%s", err, cmp.Diff(whole, again))
		}
		front := whole.Choices
		if last := front[len(front)-1]; last.Result.SmallRecords != coarsest {
			t.Fatalf("the safest choice leaves %d small records, want %d", last.Result.SmallRecords, coarsest)
		}
		if front[0].Loss != 0 {
			t.Fatalf("the first choice loses %g", front[0].Loss)
		}
		for i := 1; i < len(front); i++ {
			if front[i].Loss < front[i-1].Loss || front[i].Result.SmallRecords > front[i-1].Result.SmallRecords {
				t.Fatalf("choice %d is dominated", i)
			}
		}
		// Every combination, tried by hand.
		for _, birth := range []int{0, 1, 2} {
			for _, sex := range []int{0, 1} {
				var coarse [][]string
				for _, row := range table {
					row = slices.Clone(row)
					if birth > 0 {
						row[0] = ladders[0].Steps[birth-1].Apply(row[0])
					}
					if sex > 0 {
						row[1] = ""
					}
					coarse = append(coarse, row)
				}
				small, loss := slow(coarse, columns.Threshold).SmallRecords, (float64(birth)/2+float64(sex))/2
				if !slices.ContainsFunc(front, func(c risk.Choice) bool {
					return c.Result.SmallRecords <= small && c.Loss <= loss
				}) {
					t.Fatalf("birth %d, sex %d: %d small records at loss %g, which the front does not match", birth, sex, small, loss)
				}
			}
		}
	})
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	step := []risk.Step{{Name: "none", Apply: func(string) string { return "" }}}
	paths := func(err error) []string {
		var paths []string
		list, _ := errors.AsType[baakit.FieldErrors](err)
		for _, f := range list {
			paths = append(paths, f.Path)
		}
		return paths
	}
	_, err := risk.New(risk.Config{Threshold: -1})
	if diff := cmp.Diff([]string{"quasi", "threshold"}, paths(err)); diff != "" {
		t.Error(diff)
	}
	_, err = risk.New(risk.Config{Quasi: []risk.Column{{Index: 0}, {Name: "a", Index: -1}, {Name: "b", Index: 0}}, Sensitive: []risk.Column{{Name: "c", Index: 0}}})
	if diff := cmp.Diff([]string{"quasi[0].name", "quasi[1].index", "quasi[2].index", "sensitive[0].index"}, paths(err)); diff != "" {
		t.Error(diff)
	}
	_, err = risk.Pareto(t.Context(), columns, []risk.Ladder{{Column: risk.Column{Index: 7}}, {Column: columns.Quasi[0], Steps: []risk.Step{{}}}, {Column: columns.Quasi[0], Steps: step}}, rows(nil))
	if diff := cmp.Diff([]string{"ladders[0].column", "ladders[0].column.name", "ladders[0].steps", "ladders[1].steps[0]", "ladders[2].column"}, paths(err)); diff != "" {
		t.Error(diff)
	}
	_, err = risk.Pareto(t.Context(), columns, nil, rows(nil))
	if diff := cmp.Diff([]string{"ladders"}, paths(err)); diff != "" {
		t.Error(diff)
	}
	many := risk.Ladder{Column: columns.Quasi[0], Steps: slices.Repeat(step, 5000)}
	if _, err = risk.Pareto(t.Context(), columns, []risk.Ladder{many}, rows(nil)); len(paths(err)) != 1 {
		t.Errorf("5001 combinations: %v", err)
	}
	_, err = risk.Analyze(t.Context(), columns, rows([][]string{{"Jane Roe"}}))
	if err == nil || strings.Contains(err.Error(), "Roe") {
		t.Errorf("a short record: %v", err)
	}
	broken := errors.New("broken")
	if _, err := risk.Analyze(t.Context(), columns, func(yield func([]string, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
		t.Errorf("a broken source: %v", err)
	}
	if _, err := risk.Pareto(t.Context(), columns, ladders, func(yield func([]string, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
		t.Errorf("a broken source: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := risk.Analyze(ctx, columns, rows(table)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// No value of a record is in the result, in JSON or printed.
func TestNoValues(t *testing.T) {
	t.Parallel()
	r, err := risk.Analyze(t.Context(), columns, rows([][]string{{"Zebulon", "Quillfeather", "Xanthoma"}}))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"Zebulon", "Quillfeather", "Xanthoma"} {
		if text := string(data) + fmt.Sprintf("%+v", r); strings.Contains(text, value) {
			t.Errorf("%s has a value in it", text)
		}
	}
}

func large(n int) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		row := make([]string, 5)
		for i := range n {
			h := uint64(i) * 0x9E3779B97F4A7C15
			row[0] = years[h>>32%100]
			row[1] = years[h>>40%2]
			row[2] = years[h>>48%100]
			row[3] = years[h>>20%100]
			row[4] = years[h>>12%100]
			if !yield(row, nil) {
				return
			}
		}
	}
}

var years = func() []string {
	var list []string
	for y := 1920; y < 2020; y++ {
		list = append(list, strconv.Itoa(y))
	}
	return list
}()

var fiveColumns = risk.Config{Quasi: []risk.Column{{Name: "a", Index: 0}, {Name: "b", Index: 1}, {Name: "c", Index: 2}, {Name: "d", Index: 3}, {Name: "e", Index: 4}}}

// A million records by five quasi-identifiers, nearly all of them unique,
// which is the most memory they can take.
func BenchmarkAnalyze(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		a, err := risk.New(fiveColumns)
		if err != nil {
			b.Fatal(err)
		}
		for row, err := range large(1_000_000) {
			if err != nil {
				b.Fatal(err)
			}
			if err := a.Add(row); err != nil {
				b.Fatal(err)
			}
		}
		r := a.Result()
		b.ReportMetric(float64(r.Classes), "classes")
		b.StopTimer()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-live")
		b.StartTimer()
		runtime.KeepAlive(a)
	}
}
