package review_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/review"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

var root = strings.Repeat("ab", 32)

func aReview() review.Review {
	return review.Review{
		Reviewer: "u-1", At: start, Ranges: []review.Range{{Chain: "t/1", From: 0, Until: 10, Root: root}}, Rules: []string{"break_glass"},
		Entries: 10, Findings: 2, Note: "both were explained",
	}
}

func TestReviewValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*review.Review)
		want   string
	}{
		"as it is":        {func(*review.Review) {}, ""},
		"nothing":         {func(r *review.Review) { *r = review.Review{} }, "reviewer at ranges"},
		"bad reviewer":    {func(r *review.Review) { r.Reviewer = "a\nb" }, "reviewer"},
		"bad query":       {func(r *review.Review) { r.Query.From, r.Query.Until = start, start }, "query.until"},
		"empty range":     {func(r *review.Review) { r.Ranges[0].Until = 0 }, "ranges[0] entries"},
		"no root":         {func(r *review.Review) { r.Ranges[0].Root = "" }, "ranges[0] entries"},
		"upper-case root": {func(r *review.Review) { r.Ranges[0].Root = strings.ToUpper(root) }, "ranges[0] entries"},
		"no chain":        {func(r *review.Review) { r.Ranges[0].Chain = "" }, "ranges[0] entries"},
		"side by side":    {func(r *review.Review) { r.Ranges = append(r.Ranges, review.Range{"t/1", 10, 11, root}) }, ""},
		"overlapping":     {func(r *review.Review) { r.Ranges = append(r.Ranges, review.Range{"t/1", 9, 11, root}) }, "ranges[1]"},
		"another chain":   {func(r *review.Review) { r.Ranges = append(r.Ranges, review.Range{"t/2", 9, 11, root}) }, ""},
		"too many":        {func(r *review.Review) { r.Entries = 11 }, "entries"},
		"own rule":        {func(r *review.Review) { r.Rules = []string{"house-7"} }, ""},
		"no rule":         {func(r *review.Review) { r.Rules = []string{""} }, "rules[0]"},
		"negative":        {func(r *review.Review) { r.Findings = -1 }, "findings"},
		"longest note":    {func(r *review.Review) { r.Note = strings.Repeat("a", 4096) }, ""},
		"too long":        {func(r *review.Review) { r.Note = strings.Repeat("a", 4097) }, "note"},
		"not UTF-8":       {func(r *review.Review) { r.Note = "\xff" }, "note"},
	} {
		r := aReview()
		tt.change(&r)
		if got := paths(r.Validate()); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if _, err := r.Event(); (err == nil) != (tt.want == "") {
			t.Errorf("%s: event: %v", name, err)
		}
	}
}

// What was recorded is read back and checked against the log; what cannot be
// read is named.
func TestReviews(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b := newBench(t)
	for range 5 {
		b.append(t, "t/1", audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-9"}, Emergency: true})
	}
	reading, err := review.NewReading(b.store, review.Query{Actors: []string{"u-9"}}, "t/1", "t/2")
	if err != nil {
		t.Fatal(err)
	}
	var n uint64
	findings := collect(t, review.BreakGlass(review.Count(reading.Entries(ctx), &n)))
	ranges, err := reading.Ranges(ctx)
	if err != nil || len(ranges) != 1 || n != 5 {
		t.Fatal(ranges, n, err)
	}
	r := review.Review{Reviewer: "u-1", At: start, Query: review.Query{Actors: []string{"u-9"}}, Ranges: ranges, Entries: n, Findings: len(findings)}
	e, err := r.Event()
	if err != nil {
		t.Fatal(err)
	}
	const chain = "org/reviews"
	b.append(t, chain, e)
	b.append(t, chain, audit.Event{Kind: "baa.accepted", Payload: []byte(`{}`)})
	e.Actor.ID = "u-2" // somebody else's review in the name of u-1
	b.append(t, chain, e)
	e.Payload = []byte(`{"reviewer":"u-2"}`)
	b.append(t, chain, e)
	list, err := review.Reviews(ctx, b.store, sealer, chain)
	lost, ok := errors.AsType[*review.UnreadableError](err)
	if !ok || !slices.Equal(lost.Seqs, []uint64{2, 3}) || lost.Chain != chain || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if list[0].Seq != 0 || list[0].Chain != chain || list[0].Findings != 5 || fmt.Sprint(list[0].Ranges) != fmt.Sprint(ranges) {
		t.Errorf("%+v", list[0])
	}
	if err := list[0].Check(ctx, b.store); err != nil {
		t.Error(err)
	}
	b.append(t, "t/1", audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-9"}})
	if err := list[0].Check(ctx, b.store); err != nil {
		t.Errorf("after one more entry: %v", err)
	}
	erased := erasedSealer{sealer}
	if list, err := review.Reviews(ctx, b.store, erased, chain); len(list) != 0 || err == nil {
		t.Errorf("erased: %v, %v", list, err)
	}
	if _, err := review.Reviews(ctx, b.store, nil, chain); !errors.Is(err, audit.ErrNoSealer) {
		t.Errorf("no sealer: %v", err)
	}
	// Another log in its place, and a shorter one.
	other := newBench(t)
	for i := range 5 {
		if err := list[0].Check(ctx, other.store); !errors.Is(err, audit.ErrOutOfRange) {
			t.Errorf("with %d entries: %v", i, err)
		}
		other.append(t, "t/1", audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-8"}, Emergency: true})
	}
	if err := list[0].Check(ctx, other.store); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("another log: %v", err)
	}
}

type erasedSealer struct{ audit.Unencrypted }

func (erasedSealer) Open(context.Context, string, tlog.Hash, []byte) ([]byte, error) {
	return nil, audit.ErrErased
}

func reviews() *rapid.Generator[review.Review] {
	return rapid.Custom(func(t *rapid.T) review.Review {
		r := aReview()
		r.Reviewer = rapid.SampledFrom([]string{"u-1", "u-2"}).Draw(t, "reviewer")
		r.At = start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "at")) * time.Hour)
		r.Entries, r.Ranges = 0, nil
		for _, chain := range rapid.SampledFrom([][]string{{"t/1"}, {"t/2"}, {"t/1", "t/2"}}).Draw(t, "chains") {
			from := rapid.Uint64Range(0, 12).Draw(t, "from")
			r.Ranges = append(r.Ranges, review.Range{chain, from, from + rapid.Uint64Range(1, 8).Draw(t, "length"), root})
		}
		if rapid.IntRange(0, 3).Draw(t, "narrow") == 0 {
			r.Query.Emergency = true
		} else if rapid.Bool().Draw(t, "timed") {
			r.Query.From = start
		}
		return r
	})
}

// The coverage says of every entry who reviewed it last, as asking every review
// about every entry does.
func TestCoverage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(reviews(), 0, 6).Draw(t, "reviews")
		for _, r := range list {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			back, err := review.ParseReview(data)
			if again, _ := json.Marshal(back); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("%v\n%s\n%s", err, data, again)
			}
		}
		sizes := map[string]uint64{"t/1": rapid.Uint64Range(0, 16).Draw(t, "size"), "t/2": 9}
		c := review.CoverageOf(list, sizes)
		if len(c.Chains) != 2 {
			t.Fatal(c)
		}
		for _, chain := range c.Chains {
			next, through, gapless := uint64(0), uint64(0), true
			var last time.Time
			for i, s := range chain.Stretches {
				if s.From != next || s.Until <= s.From {
					t.Fatalf("stretch %d of %+v", i, chain)
				}
				next = s.Until
				for n := s.From; n < s.Until; n++ {
					var who string
					var at time.Time
					for _, r := range list {
						for _, g := range r.Ranges {
							if g.Chain == chain.Chain && g.From <= n && n < g.Until && !r.Query.Emergency && !r.At.Before(at) {
								who, at = r.Reviewer, r.At
							}
						}
					}
					if who != s.Reviewer || !at.Equal(s.At) || s.Reviewed() != (who != "") {
						t.Fatalf("entry %d: %s at %s, want %s at %s", n, s.Reviewer, s.At, who, at)
					}
					if gapless = gapless && who != ""; gapless {
						through = n + 1
					}
					if at.After(last) {
						last = at
					}
				}
			}
			if next != sizes[chain.Chain] || chain.Through() != through || !chain.Last().Equal(last) {
				t.Fatalf("through %d of %d, want %d; last %s", chain.Through(), next, through, chain.Last())
			}
			gaps := 0
			for _, s := range chain.Stretches {
				if !s.Reviewed() {
					gaps++
				}
			}
			if len(chain.Gaps()) != gaps || strings.Count(c.Text(), "NOT REVIEWED") < gaps || strings.Count(c.CSV(), "NOT REVIEWED") < gaps || strings.Count(c.Markdown(), "NOT REVIEWED") < gaps {
				t.Fatalf("a gap is not shown:\n%s", c.Text())
			}
		}
		data, err := json.Marshal(c)
		if err != nil || !bytes.Contains(data, []byte(review.CoverageSchema)) {
			t.Fatal(err)
		}
	})
}

// The period between reviews is the caller's, and both its sides count.
func TestOverdue(t *testing.T) {
	t.Parallel()
	r := aReview()
	c := review.CoverageOf([]review.Review{r}, map[string]uint64{"t/1": 10, "t/2": 1, "t/3": 0})
	month := baakit.MustParsePeriod("1 month")
	for _, tt := range []struct {
		chain int
		at    string
		want  bool
	}{
		{0, "2026-02-05T23:59:59Z", false}, {0, "2026-02-06T00:00:00Z", true}, {1, "2026-01-05T12:00:00Z", true}, {2, "2027-01-01T00:00:00Z", false},
	} {
		now, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Chains[tt.chain].Overdue(now, month, nil); err != nil || got != tt.want {
			t.Errorf("%s at %s: %v, %v", c.Chains[tt.chain].Chain, tt.at, got, err)
		}
	}
	if _, err := c.Chains[0].Overdue(start, baakit.Period{}, nil); !errors.Is(err, baakit.ErrPeriod) {
		t.Errorf("no period: %v", err)
	}
}

func TestLaw(t *testing.T) {
	t.Parallel()
	if err := review.ReadLaw(review.LawJSON); err != nil {
		t.Fatal(err)
	}
	for _, tt := range [][2]string{
		{"review_law/1", "review_law/2"},
		{`"id": "volume"`, `"id": "amount"`},
		{`"id": "volume"`, `"id": "review"`},
		{`"confidence": "primary"`, `"confidence": ""`},
		{`"effective_confidence": "memory"`, `"effective_confidence": ""`},
		{`["45 CFR 164.308(a)(1)(ii)(D)"]`, `[]`},
		{`["45 CFR 164.308(a)(1)(ii)(D)"]`, `[""]`},
	} {
		bad := strings.Replace(string(review.LawJSON), tt[0], tt[1], 1)
		if bad == string(review.LawJSON) || review.ReadLaw([]byte(bad)) == nil {
			t.Errorf("accepted with %s", tt[1])
		}
	}
}

func FuzzParseReview(f *testing.F) {
	data, err := json.Marshal(aReview())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"query":{"subjects":["00"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := review.ParseReview(data)
		if err != nil {
			if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
				t.Fatalf("%T", err)
			}
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := review.ParseReview(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if text, _ := json.Marshal(again); !bytes.Equal(text, out) {
			t.Fatalf("%s\n%s", text, out)
		}
		if _, err := r.Event(); err != nil {
			if _, ok := errors.AsType[baakit.FieldErrors](err); !ok {
				t.Fatalf("%T", err)
			}
		}
		_ = review.CoverageOf([]review.Review{r}, map[string]uint64{"t/1": 5}).Text()
	})
}

func FuzzParseReport(f *testing.F) {
	b := newBench(f)
	b.append(f, "t/1", audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-9"}, Patient: "p-1"})
	data, err := json.Marshal(review.Report{Entries: collect(f, b.entries("t/1"))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := review.ParseReport(data)
		if err != nil {
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := review.ParseReport(out)
		if err != nil || len(again.Entries) != len(r.Entries) {
			t.Fatalf("%v\n%s", err, out)
		}
		r.Fields = review.Fields()
		_, _, _ = r.Text(), r.Markdown(), r.CSV()
	})
}
