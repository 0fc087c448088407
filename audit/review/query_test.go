package review_test

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit"
	"github.com/baakit/baakit/audit/review"
	"github.com/baakit/baakit/internal/gen"
	"pgregory.net/rapid"
)

func queries() *rapid.Generator[review.Query] {
	return rapid.Custom(func(t *rapid.T) review.Query {
		var q review.Query
		some := func(label string, values ...string) []string {
			if rapid.IntRange(0, 4).Draw(t, label+"?") > 0 {
				return nil
			}
			return rapid.SliceOfN(rapid.SampledFrom(values), 1, 2).Draw(t, label)
		}
		for _, p := range some("subjects", "p-1", "p-2", "p-3") {
			q.Subjects = append(q.Subjects, audit.SubjectToken(sealer.TokenKey, p))
		}
		q.Actors = some("actors", "u-1", "u-2", "u-3")
		for _, v := range some("types", "", "110114") {
			q.Types = append(q.Types, audit.Type(v))
		}
		for _, v := range some("subtypes", "read", "x") {
			q.Subtypes = append(q.Subtypes, audit.Subtype(v))
		}
		q.Kinds = some("kinds", "baa.accepted", "audit.reviewed")
		for _, v := range some("actions", "C", "R") {
			q.Actions = append(q.Actions, audit.Action(v))
		}
		for _, v := range some("outcomes", "4", "8", "12") {
			q.Outcomes = append(q.Outcomes, audit.Outcome(v))
		}
		for _, v := range some("purposes", "BTG", "TREAT") {
			q.Purposes = append(q.Purposes, audit.Purpose(v))
		}
		q.Objects = some("objects", "Observation", "Device")
		q.Emergency = rapid.IntRange(0, 4).Draw(t, "emergency") == 0
		if rapid.Bool().Draw(t, "from") {
			q.From = start.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "minutes")) * time.Minute)
		}
		if rapid.Bool().Draw(t, "until") {
			q.Until = cmp.Or(q.From, start).Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "length")) * time.Minute)
		}
		return q
	})
}

// matches answers a query as somebody would who reads the line as JSON.
func matches(t fatal, q review.Query, line []byte) bool {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatal(err)
	}
	get := func(path ...string) string {
		v := any(m)
		for _, name := range path {
			inner, ok := v.(map[string]any)
			if !ok {
				return ""
			}
			v = inner[name]
		}
		s, _ := v.(string)
		return s
	}
	in := func(wanted []string, values ...string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(values, func(v string) bool { return slices.Contains(wanted, v) })
	}
	at := get("time")
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
	kind := get("kind")
	return (q.From.IsZero() || at >= stamp(q.From)) && (q.Until.IsZero() || at < stamp(q.Until)) && (!q.Emergency || m["emergency"] != nil) &&
		in(texts(q.Subjects), get("subject")) && in(texts(q.Actors), get("actor", "id")) &&
		(len(q.Types) == 0 || kind == "" && in(texts(q.Types), get("type"))) && (len(q.Kinds) == 0 || in(texts(q.Kinds), kind)) &&
		in(texts(q.Subtypes), strings.Split(get("subtype"), " ")...) && in(texts(q.Purposes), strings.Split(get("purpose"), " ")...) &&
		in(texts(q.Actions), get("action")) && in(texts(q.Outcomes), get("outcome")) && in(texts(q.Objects), get("object", "type"))
}

func texts[T any](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// A reading gives what the lines say, of all chains by their times, and knows
// what it looked at.
func TestReading(t *testing.T) {
	t.Parallel()
	found := 0
	law := func(t *rapid.T) {
		ctx := context.Background()
		chains := []string{"t/1", "t/2"}
		b, q := logs(t, chains...), queries().Draw(t, "query")
		reading, err := review.NewReading(b.store, q, chains...)
		if err != nil {
			t.Fatal(err)
		}
		got := collect(t, reading.Entries(ctx))
		var want []audit.Entry
		looked := make(map[string][2]uint64)
		for _, chain := range chains {
			for _, e := range collect(t, b.entries(chain)) {
				if matches(t, q, e.Line) {
					want = append(want, e)
				}
				if matches(t, review.Query{From: q.From, Until: q.Until}, e.Line) {
					if _, ok := looked[chain]; !ok {
						looked[chain] = [2]uint64{e.Seq, 0}
					}
					looked[chain] = [2]uint64{looked[chain][0], e.Seq + 1}
				}
			}
		}
		slices.SortStableFunc(want, func(a, b audit.Entry) int { return a.Time.Compare(b.Time) })
		if places(got) != places(want) {
			t.Fatalf("got  %s\nwant %s", places(got), places(want))
		}
		found += len(got)
		ranges, err := reading.Ranges(ctx)
		if err != nil || len(ranges) != len(looked) {
			t.Fatal(ranges, err)
		}
		for _, r := range ranges {
			if looked[r.Chain] != [2]uint64{r.From, r.Until} {
				t.Fatalf("%v, looked at %v", r, looked[r.Chain])
			}
		}
		if len(ranges) > 0 {
			if err := (review.Review{Ranges: ranges}).Check(ctx, b.store); err != nil {
				t.Fatal(err)
			}
		}
		// Filtering a list is the same, and so is a query that went through JSON.
		data, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		var back review.Query
		if err := back.UnmarshalJSON(data); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if list := collect(t, back.Select(b.entries("t/1"))); places(list) != places(slices.DeleteFunc(got, func(e audit.Entry) bool { return e.Chain != "t/1" })) {
			t.Fatalf("%s by %s", places(list), data)
		}
	}
	rapid.Check(t, law)
	found = 0
	gen.Always(40, law)
	if found == 0 {
		t.Error("no query found anything")
	}
}

// Nothing is read beyond what is asked for.
func TestSelectStreams(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 100 {
		b.append(t, "t/1", audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-1"}})
	}
	read := 0
	counted := func(yield func(audit.Entry, error) bool) {
		for e, err := range b.entries("t/1") {
			read++
			if !yield(e, err) {
				return
			}
		}
	}
	for e := range (review.Query{Actors: []string{"u-1"}}).Select(counted) {
		if e.Seq == 4 {
			break
		}
	}
	if read != 5 {
		t.Errorf("read %d entries", read)
	}
	sick := errors.New("the disk is gone")
	broken := func(yield func(audit.Entry, error) bool) { yield(audit.Entry{}, sick) }
	never := func(audit.Entry) (bool, error) { return true, nil }
	for name, err := range map[string]error{
		"select": failure(review.Query{}.Select(broken)), "merge": failure(review.Merge(b.entries("t/1"), broken)),
		"break-glass": failure(review.BreakGlass(broken)), "surname": failure(review.SameSurname(broken, never)),
		"logins": failure(review.FailedLogins(broken, review.LoginRule{AtLeast: 1})),
		"volume": failure(review.Volume(broken, func(string) review.Baseline { return review.Baseline{} }, review.VolumeRule{Times: 1, Of: 1})),
		"hours":  failure(review.AfterHours(broken, func(audit.Actor) (review.Hours, bool) { return review.Hours{}, false })),
	} {
		if !errors.Is(err, sick) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := review.Sort(broken, 0); !errors.Is(err, sick) {
		t.Errorf("sort: %v", err)
	}
	if _, err := review.Baselines(broken, baakit.MustDate(2026, 1, 1), baakit.MustDate(2026, 1, 1), nil); !errors.Is(err, sick) {
		t.Errorf("baselines: %v", err)
	}
}

// Sorting by any fields is a stable sort of what the lines say; with a limit it
// is the beginning of that.
func TestSort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := logs(t, "t/1")
		orders := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) review.Order {
			return review.Order{By: rapid.SampledFrom(review.Fields()).Draw(t, "field"), Descending: rapid.Bool().Draw(t, "descending")}
		}), 0, 3).Draw(t, "orders")
		all := collect(t, b.entries("t/1"))
		value := func(e audit.Entry, f review.Field) string {
			var m map[string]any
			if err := json.Unmarshal(e.Line, &m); err != nil {
				t.Fatal(err)
			}
			v := any(m)
			for name := range strings.SplitSeq(string(f), ".") {
				inner, _ := v.(map[string]any)
				v = inner[name]
			}
			if v == nil {
				return ""
			}
			return fmt.Sprint(v)
		}
		want := slices.Clone(all)
		for _, o := range slices.Backward(orders) { // the last first, each stable
			slices.SortStableFunc(want, func(a, b audit.Entry) int {
				x, y := value(a, o.By), value(b, o.By)
				if o.By == review.Seq || o.By == review.Outcome {
					x, y = fmt.Sprintf("%4s", x), fmt.Sprintf("%4s", y)
				}
				if o.Descending {
					x, y = y, x
				}
				return strings.Compare(x, y)
			})
		}
		for _, e := range all {
			for _, f := range review.Fields() {
				if f.Of(e) != value(e, f) {
					t.Fatalf("%s is %q, the line says %q", f, f.Of(e), value(e, f))
				}
			}
		}
		got, err := review.Sort(b.entries("t/1"), 0, orders...)
		if err != nil || places(got) != places(want) {
			t.Fatalf("by %v: %v\ngot  %s\nwant %s", orders, err, places(got), places(want))
		}
		limit := rapid.IntRange(1, 30).Draw(t, "limit")
		got, err = review.Sort(b.entries("t/1"), limit, orders...)
		if err != nil || places(got) != places(want[:min(limit, len(want))]) {
			t.Fatalf("the first %d by %v: %v\ngot  %s\nwant %s", limit, orders, err, places(got), places(want))
		}
	})
	if _, err := review.Sort(func(func(audit.Entry, error) bool) {}, 0, review.Order{By: "time"}, review.Order{By: "password"}); paths(err) != "order[1].by" {
		t.Errorf("%v", err)
	}
	if review.Field("password").Of(audit.Entry{}) != "" {
		t.Error("a field that there is not")
	}
}

func TestQueryValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text, want string
	}{
		"nothing":       {`{}`, ""},
		"unknown field": {`{"user":"u-1"}`, "user"},
		"no token":      {`{"subjects":["02f4"]}`, "subjects[0]"},
		"upper case":    {`{"subjects":["02F4B6BFD6E14DB18DC2AFFF70FD4D82"]}`, "subjects[0]"},
		"too long":      {`{"subjects":["02f4b6bfd6e14db18dc2afff70fd4d8200"]}`, "subjects[0]"},
		"a token":       {`{"subjects":["02f4b6bfd6e14db18dc2afff70fd4d82"]}`, ""},
		"no outcome":    {`{"outcomes":["0",""]}`, "outcomes[1]"},
		"no time":       {`{"from":"yesterday"}`, "from"},
		"empty":         {`{"from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}`, "until"},
		"an instant":    {`{"from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00.000001Z"}`, ""},
	} {
		q := review.Query{Actors: []string{"as before"}}
		err := q.UnmarshalJSON([]byte(tt.text))
		if got := paths(err); got != tt.want || (err != nil && q.Actors == nil) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	q := review.Query{From: start, Until: start.Add(time.Hour)}
	if !q.Everything() || !(review.Query{}).Everything() {
		t.Error("a time is no narrowing")
	}
	for _, q := range []review.Query{
		{Subjects: make([]audit.Token, 1)},
		{Actors: []string{"u"}},
		{Types: []audit.Type{""}},
		{Subtypes: []audit.Subtype{"x"}},
		{Kinds: []string{"x"}},
		{Actions: []audit.Action{"R"}},
		{Outcomes: []audit.Outcome{"0"}},
		{Purposes: []audit.Purpose{"x"}},
		{Objects: []string{"x"}},
		{Emergency: true},
	} {
		if q.Everything() {
			t.Errorf("%+v is everything", q)
		}
	}
	store := audit.NewMemory()
	if _, err := review.NewReading(store, review.Query{}); paths(err) != "chains" {
		t.Errorf("%v", err)
	}
	if _, err := review.NewReading(store, review.Query{Outcomes: []audit.Outcome{""}}, "t/1", "t/1", "/"); paths(err) != "chains[1] chains[2] query.outcomes[0]" {
		t.Errorf("%v", err)
	}
}

// Every rendering of entries holds them; a cell of a table is never a formula.
func TestReport(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := logs(t, "t/1")
		b.append(t, "t/1", audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "+1+cmd", Role: "@x", Org: "-1"}})
		r := review.Report{Entries: collect(t, b.entries("t/1")), Fields: review.Fields()}
		rows, err := csv.NewReader(strings.NewReader(r.CSV())).ReadAll()
		if err != nil || len(rows) != len(r.Entries)+1 {
			t.Fatal(len(rows), err)
		}
		for i, e := range r.Entries {
			for j, f := range r.Fields {
				cell := rows[i+1][j]
				if strings.TrimPrefix(cell, "'") != f.Of(e) || cell != "" && strings.ContainsAny(cell[:1], "=+-@") || rows[0][j] != string(f) {
					t.Fatalf("%s of %d: %q, want %q", f, i, cell, f.Of(e))
				}
			}
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := review.ParseReport(data)
		if err != nil || places(back.Entries) != places(r.Entries) {
			t.Fatal(err)
		}
		for i := range back.Entries {
			if back.Entries[i].Leaf != r.Entries[i].Leaf {
				t.Fatal("a line changed")
			}
		}
		if n := strings.Count(r.Markdown(), "\n"); n != len(r.Entries)+2 {
			t.Fatalf("%d lines of Markdown", n)
		}
	})
	if got := (review.Report{}).Text(); got != "Nothing.\n" {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]string{
		`{"schema":"baakit.audit.entries/2","entries":[]}`:       "schema",
		`{"schema":"baakit.audit.entries/1","entries":[{}]}`:     "entries[0]",
		`{"schema":"baakit.audit.entries/1","entries":[],"x":1}`: "x",
	} {
		if _, err := review.ParseReport([]byte(text)); paths(err) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Merging keeps the order of the lists where times are alike.
func TestMerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chains := []string{"a", "b", "c"}
		b := logs(t, chains...)
		var want []audit.Entry
		var lists []iter.Seq2[audit.Entry, error]
		for _, c := range chains {
			want = append(want, collect(t, b.entries(c))...)
			lists = append(lists, b.entries(c))
		}
		slices.SortStableFunc(want, func(a, b audit.Entry) int { return a.Time.Compare(b.Time) })
		if got := collect(t, review.Merge(lists...)); places(got) != places(want) {
			t.Fatalf("got  %s\nwant %s", places(got), places(want))
		}
	})
	if got := collect(t, review.Merge()); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// From is the first time that counts, Until the first that does not.
func TestQueryTime(t *testing.T) {
	t.Parallel()
	q := review.Query{From: start, Until: start.Add(time.Second)}
	for off, want := range map[time.Duration]bool{
		-time.Microsecond: false, 0: true, time.Second - time.Microsecond: true, time.Second: false,
	} {
		if got := q.Match(audit.Entry{Time: start.Add(off)}); got != want {
			t.Errorf("%s after the start: %v", off, got)
		}
	}
}
