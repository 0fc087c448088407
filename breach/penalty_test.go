package breach_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func violations(provision string, c breach.Culpability, first, last string, count int, daily bool) breach.Violations {
	return breach.Violations{
		Provision: baakit.MustParseCitation(provision), Culpability: c,
		First: baakit.MustParseDate(first), Last: baakit.MustParseDate(last), Count: count, Daily: daily,
	}
}

func penaltyFacts(assessed string, v ...breach.Violations) breach.PenaltyFacts {
	return breach.PenaltyFacts{Schema: breach.PenaltyFactsSchema, Assessed: baakit.MustParseDate(assessed), Violations: v}
}

// One violation of each tier on both sides of every day on which amounts
// change. The figures are those of 45 CFR 160.404(b)(2) and of the yearly
// adjustments, typed anew.
func TestPenaltyAmounts(t *testing.T) {
	t.Parallel()
	type figures [3]int64 // least and greatest for one violation, cap of the year
	unadjusted := map[breach.Culpability]figures{
		breach.DidNotKnow: {100, 50_000, 1_500_000}, breach.ReasonableCause: {1_000, 50_000, 1_500_000},
		breach.WillfulNeglectCorrected: {10_000, 50_000, 1_500_000}, breach.WillfulNeglectUncorrected: {50_000, 1_500_000, 1_500_000},
	}
	year := func(t1, t2, t3, most, yearCap int64) map[breach.Culpability]figures {
		return map[breach.Culpability]figures{
			breach.DidNotKnow: {t1, most, yearCap}, breach.ReasonableCause: {t2, most, yearCap},
			breach.WillfulNeglectCorrected: {t3, most, yearCap}, breach.WillfulNeglectUncorrected: {most, yearCap, yearCap},
		}
	}
	of2023 := year(137, 1_379, 13_785, 68_928, 2_067_813)
	of2024 := year(141, 1_424, 14_232, 71_162, 2_134_831)
	of2025 := year(145, 1_461, 14_602, 73_011, 2_190_294)
	for _, tt := range []struct {
		violated, assessed string
		want               map[breach.Culpability]figures
		early              bool
	}{
		{"2009-02-18", "2010-01-01", unadjusted, false},
		{"2015-11-01", "2026-11-25", unadjusted, false},
		{"2015-11-02", "2026-11-25", of2025, false},
		{"2015-11-02", "2023-10-05", of2023, true},
		{"2023-01-01", "2023-10-06", of2023, false},
		{"2023-01-01", "2024-08-07", of2023, false},
		{"2023-01-01", "2024-08-08", of2024, false},
		{"2023-01-01", "2026-01-27", of2024, false},
		{"2023-01-01", "2026-01-28", of2025, false},
		{"2026-11-24", "2030-01-01", of2025, false},
	} {
		for c, want := range tt.want {
			got, err := breach.Penalties(penaltyFacts(tt.assessed, violations("45 CFR 164.404", c, tt.violated, tt.violated, 1, false)))
			if err != nil {
				t.Fatal(err)
			}
			line := got.Lines[0]
			if !line.Min.Equal(decimal.NewFromInt(want[0])) || !line.Max.Equal(decimal.NewFromInt(want[1])) || !line.Cap.Equal(decimal.NewFromInt(want[2])) ||
				!got.Low.Equal(line.Min) || !got.High.Equal(line.Max) {
				t.Errorf("%s on %s assessed on %s: %s to %s, cap %s; want %v", c, tt.violated, tt.assessed, line.Min, line.Max, line.Cap, want)
			}
			early := strings.Contains(fmt.Sprint(got.Assumptions), "penalty.early")
			if early != tt.early {
				t.Errorf("assessed on %s: stand-in = %v, want %v", tt.assessed, early, tt.early)
			}
		}
	}
}

// Sums under the caps, worked out by hand with the amounts of 2025.
func TestPenaltySums(t *testing.T) {
	t.Parallel()
	const provision = "45 CFR 164.404"
	for _, tt := range []struct {
		name                   string
		facts                  []breach.Violations
		low, high, dLow, dHigh string
		lines                  int
	}{
		{
			"the first tier's cap under discretion is below one violation's greatest amount",
			[]breach.Violations{violations(provision, breach.DidNotKnow, "2026-03-01", "2026-03-01", 1, false)},
			"145", "73011", "145", "36506", 1,
		},
		{
			"29 and 30 violations stand on both sides of the cap: 30 x 73,011 = 2,190,330",
			[]breach.Violations{violations(provision, breach.ReasonableCause, "2026-03-01", "2026-03-01", 30, false)},
			"43830", "2190294", "43830", "146053", 1,
		},
		{
			"29 x 73,011 = 2,117,319",
			[]breach.Violations{violations(provision, breach.ReasonableCause, "2026-03-01", "2026-03-01", 29, false)},
			"42369", "2117319", "42369", "146053", 1,
		},
		{
			"two provisions have a cap each",
			[]breach.Violations{
				violations(provision, breach.WillfulNeglectUncorrected, "2026-03-01", "2026-03-01", 1, false),
				violations("45 CFR 164.410", breach.WillfulNeglectUncorrected, "2026-03-01", "2026-03-01", 1, false),
			},
			"146022", "4380588", "146022", "4380588", 2,
		},
		{
			"tiers of one provision share the cap of the year",
			[]breach.Violations{
				violations(provision, breach.WillfulNeglectUncorrected, "2026-03-01", "2026-03-01", 1, false),
				violations(provision, breach.DidNotKnow, "2026-03-01", "2026-03-01", 10, false),
			},
			"74461", "2190294", "74461", "2190294", 2,
		},
		{
			"a daily violation from 30 December to 2 January is two days in each year",
			[]breach.Violations{violations(provision, breach.WillfulNeglectCorrected, "2024-12-30", "2025-01-02", 1, true)},
			"58408", "292044", "58408", "292044", 2,
		},
		{
			"365 days in one year, 366 in the leap year, each under its own cap",
			[]breach.Violations{violations(provision, breach.WillfulNeglectUncorrected, "2023-01-01", "2024-12-31", 1, true)},
			"4380588", "4380588", "4380588", "4380588", 2,
		},
		{
			"the day the adjusted amounts begin parts a daily violation: 50,000 and 73,011",
			[]breach.Violations{violations(provision, breach.WillfulNeglectUncorrected, "2015-11-01", "2015-11-02", 1, true)},
			"123011", "2190294", "123011", "2190294", 2,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := breach.Penalties(penaltyFacts("2026-11-25", tt.facts...))
			if err != nil {
				t.Fatal(err)
			}
			if got.Low.String() != tt.low || got.High.String() != tt.high || got.Discretion.Low.String() != tt.dLow || got.Discretion.High.String() != tt.dHigh || len(got.Lines) != tt.lines {
				t.Errorf("%s to %s, under discretion %s to %s, %d lines", got.Low, got.High, got.Discretion.Low, got.Discretion.High, len(got.Lines))
			}
			if got.Discretion.Confidence.Compare(baakit.Derived) < 0 || got.Confidence != baakit.Secondary && tt.lines == 1 {
				t.Errorf("confidence %s, of the discretion %s", got.Confidence, got.Discretion.Confidence)
			}
			if len(got.Assumptions) == 0 || got.Lines[0].Citation.IsZero() {
				t.Error("no assumptions or no citation")
			}
		})
	}
}

func anyViolations() *rapid.Generator[breach.Violations] {
	return rapid.Custom(func(t *rapid.T) breach.Violations {
		first := baakit.MustParseDate("2009-02-18").AddDays(rapid.IntRange(0, 6000).Draw(t, "first"))
		v := breach.Violations{
			Provision:   baakit.MustParseCitation(rapid.SampledFrom([]string{"45 CFR 164.404", "45 CFR 164.410", "45 CFR 164.502"}).Draw(t, "provision")),
			Culpability: rapid.SampledFrom(breach.Culpabilities()).Draw(t, "culpability"),
			First:       first, Last: first, Count: rapid.IntRange(1, 50).Draw(t, "count"), Daily: rapid.Bool().Draw(t, "daily"),
		}
		if v.Daily {
			v.Last = first.AddDays(rapid.IntRange(0, 800).Draw(t, "days"))
		}
		return v
	})
}

// A slow way to the same range: every violation by itself, one day at a time.
func TestPenaltiesAgainstDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := penaltyFacts("2030-01-01", rapid.SliceOfN(anyViolations(), 1, 4).Draw(t, "violations")...)
		got, err := breach.Penalties(facts)
		if err != nil {
			t.Fatal(err)
		}
		type key struct {
			provision baakit.Citation
			year      int
		}
		low, high, yearCap := map[key]int64{}, map[key]int64{}, map[key]int64{}
		for _, v := range facts.Violations {
			for d := v.First; !d.After(v.Last); d = d.AddDays(1) {
				k := key{v.Provision, d.Year()}
				least, most := map[breach.Culpability]int64{breach.DidNotKnow: 145, breach.ReasonableCause: 1461, breach.WillfulNeglectCorrected: 14602, breach.WillfulNeglectUncorrected: 73011}[v.Culpability], int64(73011)
				capOf := int64(2190294)
				if d.Before(baakit.MustParseDate("2015-11-02")) {
					least, most = map[breach.Culpability]int64{breach.DidNotKnow: 100, breach.ReasonableCause: 1000, breach.WillfulNeglectCorrected: 10000, breach.WillfulNeglectUncorrected: 50000}[v.Culpability], 50000
					capOf = 1500000
				}
				if v.Culpability == breach.WillfulNeglectUncorrected {
					most = capOf
				}
				low[k] += least * int64(v.Count)
				high[k] += most * int64(v.Count)
				yearCap[k] = max(yearCap[k], capOf)
			}
		}
		var wantLow, wantHigh int64
		for k := range yearCap {
			wantLow += min(low[k], yearCap[k])
			wantHigh += min(high[k], yearCap[k])
		}
		if !got.Low.Equal(decimal.NewFromInt(wantLow)) || !got.High.Equal(decimal.NewFromInt(wantHigh)) {
			t.Fatalf("%s to %s, want %d to %d", got.Low, got.High, wantLow, wantHigh)
		}
		if got.Discretion.Low.GreaterThan(got.Low) || got.Discretion.High.GreaterThan(got.High) || got.Low.GreaterThan(got.High) {
			t.Fatalf("discretion %s to %s of %s to %s", got.Discretion.Low, got.Discretion.High, got.Low, got.High)
		}
	})
}

func TestPenaltyFactsRefused(t *testing.T) {
	t.Parallel()
	_, err := breach.Penalties(breach.PenaltyFacts{Violations: []breach.Violations{
		{},
		violations("45 CFR 164.404", "careless", "2009-02-17", "2009-02-16", 0, false),
		violations("45 CFR 164.404", breach.DidNotKnow, "2024-12-31", "2025-01-01", breach.MaxViolations+1, false),
	}})
	fields, _ := errors.AsType[baakit.FieldErrors](err)
	var paths []string
	for _, f := range fields {
		paths = append(paths, f.Path)
	}
	want := "schema assessed violations[0].provision violations[0].culpability violations[0].first violations[0].last violations[0].count " +
		"violations[1].culpability violations[1].first violations[1].last violations[1].count violations[2].last violations[2].count"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("errors at %s\nwant      %s", got, want)
	}
	if _, err := breach.Penalties(penaltyFacts("2026-11-25", violations("45 CFR 164.404", breach.DidNotKnow, "2026-11-26", "2026-11-26", 1, false))); err == nil {
		t.Error("a violation after the assessment is taken")
	}
	if _, err := breach.Penalties(penaltyFacts("2026-11-25", violations("45 CFR 164.404", breach.DidNotKnow, "2025-01-01", "2025-01-02", breach.MaxViolations, true))); err == nil {
		t.Error("more violations than the limit are taken")
	}
}

// Money is decimal in JSON too: a string, never a float.
func TestPenaltyJSON(t *testing.T) {
	t.Parallel()
	facts := penaltyFacts("2026-11-25", violations("45 CFR 164.404", breach.DidNotKnow, "2026-03-01", "2026-03-01", 1, false))
	data, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	back, err := breach.ParsePenaltyFacts(data)
	if err != nil || len(back.Violations) != 1 || back.Violations[0].Provision.String() != "45 CFR 164.404" {
		t.Fatalf("ParsePenaltyFacts = %+v, %v", back, err)
	}
	r, err := breach.Penalties(back)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(out), `"high":"73011"`) {
		t.Errorf("the range as JSON is %s, %v", out, err)
	}
}

func FuzzParsePenaltyFacts(f *testing.F) {
	f.Add([]byte(`{"schema":"baakit.breach.penalty_facts/1","assessed":"2026-11-25","violations":[{"provision":{"authority":"45 CFR","pinpoint":"164.404"},"culpability":"did_not_know","first":"2026-01-01","last":"2026-02-01","count":2,"daily":true}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := breach.ParsePenaltyFacts(data)
		if err != nil {
			return
		}
		if _, err := breach.Penalties(facts); err != nil {
			t.Fatal(err)
		}
	})
}

func ExamplePenalties() {
	facts, err := breach.ParsePenaltyFacts([]byte(`{
	  "schema": "baakit.breach.penalty_facts/1",
	  "assessed": "2026-11-25",
	  "violations": [{
	    "provision": {"authority": "45 CFR", "pinpoint": "164.410"},
	    "culpability": "reasonable_cause",
	    "first": "2026-03-02", "last": "2026-03-11", "count": 1, "daily": true
	  }]}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	r, err := breach.Penalties(facts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Printf("10 days: $%s to $%s, %s\n", r.Low, r.High, r.Confidence)
	fmt.Printf("under the caps of 2019: at most $%s, %s\n", r.Discretion.High, r.Discretion.Confidence)
	// Output:
	// 10 days: $14610 to $730110, secondary
	// under the caps of 2019: at most $146053, derived
}
