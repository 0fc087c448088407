package risk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid/risk"
)

func parsedFront(f *risk.Front) (*risk.Front, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return risk.ParseFront(data)
}

// Twelve records in three classes of four, in the form in which the literature
// shows l-diversity and t-closeness, worked by hand. The values are a 3, b 3, c 5
// and d 1 of 12.
//
//	12-, 20s: a a b b   2 distinct, entropy of 2;  t = (1/4 + 1/4 + 5/12 + 1/12)/2 = 1/2
//	12-, 40s: c c c c   1 distinct, entropy of 1;  t = (3/12 + 3/12 + 7/12 + 1/12)/2 = 7/12
//	13-, 30s: a b c d   4 distinct, entropy of 4;  t = (0 + 0 + 2/12 + 2/12)/2 = 1/6
func TestThreeClasses(t *testing.T) {
	t.Parallel()
	var table [][]string
	for _, class := range []struct{ zip, age, values string }{{"12", "20s", "aabb"}, {"12", "40s", "cccc"}, {"13", "30s", "abcd"}} {
		for _, v := range class.values {
			table = append(table, []string{string(v), class.age, class.zip})
		}
	}
	for _, tt := range []struct{ threshold, small int }{{3, 0}, {4, 0}, {5, 12}, {0, 12}} {
		r, err := risk.Analyze(t.Context(), risk.Config{
			Quasi: []risk.Column{{Name: "zip", Index: 2}, {Name: "age", Index: 1}}, Sensitive: []risk.Column{{Name: "condition", Index: 0}}, Threshold: tt.threshold,
		}, rows(table))
		if err != nil {
			t.Fatal(err)
		}
		if r.K != 4 || r.Classes != 3 || r.SmallRecords != tt.small || r.SmallClasses != tt.small/4 || r.UniqueRecords != 0 {
			t.Errorf("threshold %d: %+v", tt.threshold, r)
		}
		want := []risk.SensitiveResult{{Name: "condition", DistinctL: 1, EntropyL: 1, T: 7. / 12}}
		if diff := cmp.Diff(want, r.Sensitive, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Error(diff)
		}
		if attack := (risk.Attack{Highest: .25, Average: .25}); r.Prosecutor != attack || r.Journalist != attack || r.Marketer != attack {
			t.Errorf("%+v, %+v, %+v", r.Prosecutor, r.Journalist, r.Marketer)
		}
	}
	// Without the class of one value.
	r, err := risk.Analyze(t.Context(), risk.Config{
		Quasi: []risk.Column{{Name: "zip", Index: 2}, {Name: "age", Index: 1}}, Sensitive: []risk.Column{{Name: "condition", Index: 0}},
	}, rows(append(table[:4:4], table[8:]...)))
	if err != nil {
		t.Fatal(err)
	}
	// a 3, b 3, c 1, d 1 of 8: t = (1/8 + 1/8 + 1/8 + 1/8)/2 = 1/4 in both.
	want := []risk.SensitiveResult{{Name: "condition", DistinctL: 2, EntropyL: 2, T: .25}}
	if diff := cmp.Diff(want, r.Sensitive, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
}

// The default threshold: ten records are few, eleven are not.
func TestThreshold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ size, small int }{{1, 1}, {10, 10}, {11, 0}, {12, 0}} {
		var table [][]string
		for range tt.size {
			table = append(table, []string{"x", "y", "z"})
		}
		opts := columns
		opts.Threshold = 0
		r, err := risk.Analyze(t.Context(), opts, rows(table))
		if err != nil || r.SmallRecords != tt.small || r.Threshold != 11 || (r.UniqueRecords == 1) != (tt.size == 1) {
			t.Errorf("a class of %d: %+v, %v", tt.size, r, err)
		}
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	states := map[string]string{"021": "MA", "036": "NH"}
	for _, tt := range []struct {
		step           risk.Step
		name, in, want string
	}{
		{risk.Years(5), "5 years", "1984", "1980-1984"},
		{risk.Years(5), "5 years", "1985", "1985-1989"},
		{risk.Years(10), "10 years", "1999", "1990-1999"},
		{risk.Years(10), "10 years", "2000", "2000-2009"},
		{risk.Years(1), "1 years", "2000", "2000-2000"},
		{risk.Years(5), "5 years", "19840517", ""},
		{risk.Years(5), "5 years", "-984", ""},
		{risk.Years(5), "5 years", "", ""},
		{risk.Prefix(3), "first 3", "02139", "021"},
		{risk.Prefix(3), "first 3", "é1x4", "é1x"},
		{risk.Prefix(3), "first 3", "02", "02"},
		{risk.Prefix(0), "first 0", "02", ""},
		{risk.Map("State", states), "State", "036", "NH"},
		{risk.Map("State", states), "State", "999", ""},
		{risk.Suppress(), "suppressed", "x", ""},
	} {
		if got := tt.step.Apply(tt.in); got != tt.want || tt.step.Name != tt.name {
			t.Errorf("%s of %q: %q, want %q", tt.step.Name, tt.in, got, tt.want)
		}
	}
	for name, f := range map[string]func(){"Years": func() { risk.Years(0) }, "Prefix": func() { risk.Prefix(-1) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s took a number that makes no sense", name)
				}
			}()
			f()
		}()
	}
}

// A coarser step never splits a class: k does not fall, and no risk rises.
func TestCoarserLaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table [][]string
		for range rapid.IntRange(1, 30).Draw(t, "records") {
			table = append(table, []string{fmt.Sprint(rapid.IntRange(1930, 1990).Draw(t, "year")), rapid.SampledFrom([]string{"F", "M"}).Draw(t, "sex"), "x"})
		}
		var last *risk.Result
		for _, step := range []*risk.Step{nil, new(risk.Years(5)), new(risk.Years(10)), new(risk.Suppress())} {
			own := make([][]string, len(table))
			for i, row := range table {
				own[i] = append([]string(nil), row...)
				if step != nil {
					own[i][0] = step.Apply(row[0])
				}
			}
			r, err := risk.Analyze(context.Background(), columns, rows(own))
			if err != nil {
				t.Fatal(err)
			}
			if last != nil && (r.K < last.K || r.SmallRecords > last.SmallRecords || r.Prosecutor.Average > last.Prosecutor.Average || r.Marketer.Average > last.Marketer.Average) {
				t.Fatalf("%+v became %+v", last, r)
			}
			last = r
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	r, err := risk.Analyze(t.Context(), columns, rows(table))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for field, value := range map[string]any{
		"schema": "x", "quasi": []string{}, "threshold": 0, "records": -1, "classes": 7, "k": 4, "unique_records": 0, "unique_share": .5,
		"small_classes": 4, "small_records": 7, "small_share": .1, "population": "x", "prosecutor": risk.Attack{Highest: 2}, "journalist": risk.Attack{Average: .5},
		"marketer": risk.Attack{Highest: -1, Average: -1}, "sensitive[0].t": 2, "sensitive[0].distinct_l": 7, "sensitive[0].entropy_l": 3, "sensitive[0].name": "",
	} {
		var doc map[string]any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutPrefix(field, "sensitive[0]."); ok {
			doc["sensitive"].([]any)[0].(map[string]any)[name] = value
		} else {
			doc[field] = value
		}
		wrong, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		_, err = risk.ParseResult(wrong)
		list, _ := errors.AsType[baakit.FieldErrors](err)
		paths := make(map[string]bool)
		for _, f := range list {
			paths[f.Path] = true
		}
		if !paths[field] {
			t.Errorf("%s: %v", field, err)
		}
		front := maps.Clone(map[string]any{"schema": risk.FrontSchema, "ladders": []string{}, "choices": []any{map[string]any{"steps": []string{}, "loss": 0, "result": doc}}})
		wrong, err = json.Marshal(front)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = risk.ParseFront(wrong); !strings.Contains(fmt.Sprint(err), "choices[0].result."+field) {
			t.Errorf("%s in a front: %v", field, err)
		}
	}
	for _, bad := range []string{"", "{}", "[]", string(data) + "{}", strings.Replace(string(data), "{", `{"more":1,`, 1)} {
		if _, err := risk.ParseResult([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	for _, bad := range []string{"", "{}", `{"schema":"baakit.deid.risk_front/1","ladders":["a"],"choices":[{"steps":[],"loss":2,"result":null}]}`} {
		if _, err := risk.ParseFront([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzParseResult(f *testing.F) {
	r, err := risk.Analyze(context.Background(), columns, rows(table))
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := risk.ParseResult(data)
		if err != nil {
			return
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := risk.ParseResult(written); err != nil || !cmp.Equal(again, r) {
			t.Fatalf("%v", err)
		}
		_ = r.Text() + r.Markdown()
	})
}

// Markup in the name of a column is none in Markdown, and the renderings say
// that they decide nothing.
func TestRenderings(t *testing.T) {
	t.Parallel()
	opts := columns
	opts.Quasi = []risk.Column{{Name: "a|b *c*", Index: 0}}
	front, err := risk.Pareto(t.Context(), opts, []risk.Ladder{{Column: opts.Quasi[0], Steps: []risk.Step{risk.Years(10)}}}, rows(table))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{front.Text(), front.Markdown(), front.Choices[0].Result.Text(), front.Choices[0].Result.Markdown()} {
		if !strings.Contains(text, "not a determination") {
			t.Errorf("nothing says that this decides nothing: %s", text)
		}
	}
	for _, text := range []string{front.Markdown(), front.Choices[0].Result.Markdown()} {
		if strings.Contains(text, "a|b") || strings.Contains(text, "b *c*") {
			t.Errorf("markup: %s", text)
		}
	}
}

// The coarsest step that is needed, as a table to choose from.
func ExamplePareto() {
	year, zip := risk.Column{Name: "birth_year", Index: 0}, risk.Column{Name: "zip3", Index: 1}
	records := [][]string{{"1980", "021"}, {"1981", "021"}, {"1983", "021"}, {"1980", "036"}, {"1986", "036"}, {"1988", "036"}}
	front, err := risk.Pareto(context.Background(), risk.Config{Quasi: []risk.Column{year, zip}, Threshold: 2}, []risk.Ladder{
		{Column: year, Steps: []risk.Step{risk.Years(5), risk.Years(10)}},
		{Column: zip, Steps: []risk.Step{risk.Map("State", map[string]string{"021": "MA", "036": "NH"}), risk.Suppress()}},
	}, rows(records))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(front.Text())
	// Output:
	// 3 combinations of steps worth choosing between
	//
	// birth_year  zip3   loss   k  small records  highest risk
	// as is       as is  0.000  1  6 (100.00 %)   100.00 %
	// 5 years     as is  0.250  1  1 (16.67 %)    100.00 %
	// 10 years    as is  0.500  3  0 (0.00 %)     33.33 %
	//
	// These are measures, not a determination: whether a risk is very small is the expert's to say (45 CFR 164.514(b)(1)).
}
