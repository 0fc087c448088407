package retention_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

// many yields n records; their events vary with their place.
func many(n int) iter.Seq2[retention.Record, error] {
	start := baakit.MustParseDate("1990-01-01")
	return func(yield func(retention.Record, error) bool) {
		for i := range n {
			last := start.AddDays(i % 13000)
			r := retention.Record{
				ID: "r-1", Class: "medical_record", Birth: retention.On(start.AddDays(-(i % 20000))),
				Events: map[retention.Trigger]retention.When{
					retention.LastService: retention.On(last), retention.Creation: retention.On(last), retention.Discharge: retention.On(last),
					retention.LastContact: retention.On(last), retention.LastEntry: retention.On(last), retention.AgreementEnd: retention.On(last),
				},
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func lines(n int) string {
	var b strings.Builder
	b.WriteString("id,class,birth,last_service,creation,discharge,last_contact,last_entry,event.agreement_end\n")
	i := 0
	for r := range many(n) {
		d := r.Events[retention.LastService]
		if i%97 == 13 {
			fmt.Fprintf(&b, "r-%d,medical_record,%s,2020-02-30,\"unclosed,x\n", i, r.Birth)
		} else {
			fmt.Fprintf(&b, "r-%d,medical_record,%s,%s,%s,%s,%s,%s,%s\n", i, r.Birth, d, d, d, d, d, d)
		}
		i++
	}
	return b.String()
}

func TestPlanSameForAnyWorkers(t *testing.T) {
	t.Parallel()
	s, today := tenRules(t), baakit.MustParseDate("2026-11-22")
	input := lines(3000)
	render := func(workers int, src retention.Source) string {
		var out, bad bytes.Buffer
		m, err := retention.WriteCSV(&out, retention.Plan(src, s, nil, today, baakit.Date{}, &retention.PlanOptions{Workers: workers}),
			&retention.WriteOptions{Malformed: func(err error) { fmt.Fprintln(&bad, err) }})
		if err != nil || m.Records+m.Malformed != 3000 || m.Malformed != 31 {
			t.Fatalf("workers %d: %+v, %v", workers, m, err)
		}
		return out.String() + bad.String()
	}
	want := render(1, retention.CSV(strings.NewReader(input), nil))
	for _, workers := range []int{0, 2, 3, 8} {
		if got := render(workers, retention.CSV(strings.NewReader(input), nil)); got != want {
			t.Errorf("the plan of %d workers differs", workers)
		}
	}
	// A walk over the records of the same lines gives the same plan.
	if got := render(2, retention.Records(retention.CSV(strings.NewReader(input), nil).All())); got != want {
		t.Error("the plan of the walk differs")
	}
}

// A broken line is reported with its number and field, and the next is read.
func TestMalformedLines(t *testing.T) {
	t.Parallel()
	csv := strings.Join([]string{
		"\ufeffid,birth,last_service,fact.approved",
		"a,2000-01-01,2019-11-22,true",
		"b,2000-02-30,not_yet,maybe",
		`c,"2000-01-01,2019-11-22,`,
		"d,2000-01-01",
		"",
		`"e",2000-01,unknown,` + "\r",
		",2000-01-01,,",
		"f" + strings.Repeat("x", 1<<20) + ",,,",
		"g,,,",
	}, "\n")
	jsonl := `{"id":"a","birth":"2000-01-01"}
{"id":"b","birth":"2000-02-30"}
not json
{"id":"c","events":{"last_service":"not_yet"},"surprise":1}

{"id":"e"}`
	for _, test := range []struct {
		name string
		src  func() retention.Source
		want string
	}{
		{"csv", func() retention.Source { return retention.CSV(strings.NewReader(csv), nil) }, "a; 3 birth fact.approved; 4 cells[1]; 5 ; e; 8 id; 9 ; g"},
		{"json lines", func() retention.Source { return retention.JSONLines(strings.NewReader(jsonl), nil) }, "a; 2 birth; 3 ; 4 surprise; e"},
	} {
		for _, workers := range []int{0, 1, 2} {
			var got []string
			add := func(id string, err error) {
				if err == nil {
					got = append(got, id)
					return
				}
				row, ok := errors.AsType[*retention.RowError](err)
				if !ok {
					t.Fatal(err)
				}
				fields, _ := errors.AsType[baakit.FieldErrors](err)
				var paths []string
				for _, f := range fields {
					paths = append(paths, f.Path)
				}
				if strings.Contains(err.Error(), "02-30") {
					t.Error("the error carries a value")
				}
				got = append(got, fmt.Sprintf("%d %s", row.Line, strings.Join(paths, " ")))
			}
			if workers == 0 {
				for r, err := range test.src().All() {
					add(r.ID, err)
				}
			} else {
				for d, err := range retention.Plan(test.src(), tenRules(t), nil, baakit.MustParseDate("2026-11-22"), baakit.Date{}, &retention.PlanOptions{Workers: workers}) {
					add(d.Record.ID, err)
				}
			}
			if text := strings.Join(got, "; "); text != test.want {
				t.Errorf("%s, %d workers: %s\nwant %s", test.name, workers, text, test.want)
			}
		}
	}
}

type failing struct{ r io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = errors.New("disk on fire")
	}
	return n, err
}

// What was read before an input fails is decided, and the failure is last.
func TestPlanOfFailingInput(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 3} {
		n, last := 0, error(nil)
		for _, err := range retention.Plan(retention.CSV(failing{strings.NewReader("id\na\nb\nc\n")}, nil), tenRules(t), nil, baakit.MustParseDate("2026-11-22"), baakit.Date{}, &retention.PlanOptions{Workers: workers}) {
			if n++; err != nil {
				last = err
			}
		}
		if n != 4 || last == nil || last.Error() != "disk on fire" {
			t.Errorf("workers %d: %d results, last error %v", workers, n, last)
		}
	}
	// A head that cannot be read stops the source.
	for _, head := range []string{"", "name,birth\nx,y", "id,id\n", "id,event.majority\n", `"id` + "\n"} {
		n := 0
		for _, err := range retention.CSV(strings.NewReader(head), nil).All() {
			if row, ok := errors.AsType[*retention.RowError](err); !ok || row.Line != 1 {
				t.Errorf("%q: %v", head, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%q: %d results", head, n)
		}
	}
}

// A break leaves no goroutine behind, and progress counts every line once.
func TestPlanBreakAndProgress(t *testing.T) {
	s, today := tenRules(t), baakit.MustParseDate("2026-11-22")
	before := runtime.NumGoroutine()
	for range 20 {
		n := 0
		for range retention.Plan(retention.Records(many(100000)), s, nil, today, baakit.Date{}, &retention.PlanOptions{Workers: 4}) {
			if n++; n == 700 {
				break
			}
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		time.Sleep(50 * time.Millisecond)
		if after = runtime.NumGoroutine(); after > before+2 {
			t.Errorf("%d goroutines before, %d after", before, after)
		}
	}
	for _, workers := range []int{1, 2} {
		var seen []retention.Progress
		input := lines(1000)
		src := retention.CSV(strings.NewReader(input), &retention.ReadOptions{Every: 300, Progress: func(p retention.Progress) { seen = append(seen, p) }})
		if _, err := retention.Summarize(retention.Plan(src, s, nil, today, baakit.Date{}, &retention.PlanOptions{Workers: workers})); err != nil {
			t.Fatal(err)
		}
		last := seen[len(seen)-1]
		if len(seen) != 4 || last.Rows+last.Malformed != 1000 || last.Bytes != int64(len(input)-len("id,class,birth,last_service,creation,discharge,last_contact,last_entry,event.agreement_end\n")) {
			t.Errorf("progress with %d workers: %+v", workers, seen)
		}
	}
}

// The heap of a plan does not grow with its records.
func TestPlanMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: walks over 300,000 records")
	}
	s, today := tenRules(t), baakit.MustParseDate("2026-11-22")
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	var most uint64
	n := 0
	for _, err := range retention.Plan(retention.Records(many(300_000)), s, nil, today, baakit.Date{}, &retention.PlanOptions{Workers: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%50_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if most > 64<<20 {
		t.Errorf("%d MiB on the heap", most>>20)
	}
}

func BenchmarkPlan(b *testing.B) {
	s, today := tenRules(b), baakit.MustParseDate("2026-11-22")
	text := lines(200_000)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("records/workers=%d", workers), func(b *testing.B) {
			for b.Loop() {
				m, err := retention.Summarize(retention.Plan(retention.Records(many(200_000)), s, nil, today, baakit.Date{}, &retention.PlanOptions{Workers: workers}))
				if err != nil || m.Records != 200_000 {
					b.Fatal(m.Records, err)
				}
			}
			b.ReportMetric(float64(b.N)*200_000/b.Elapsed().Seconds(), "records/s")
		})
		b.Run(fmt.Sprintf("csv/workers=%d", workers), func(b *testing.B) {
			for b.Loop() {
				if _, err := retention.Summarize(retention.Plan(retention.CSV(strings.NewReader(text), nil), s, nil, today, baakit.Date{}, &retention.PlanOptions{Workers: workers})); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*200_000/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkTenMillion walks over ten million records and reports the
// largest heap on the way; run it with -cpu 1,2 -benchtime 1x.
func BenchmarkTenMillion(b *testing.B) {
	const n = 10_000_000
	s, today := tenRules(b), baakit.MustParseDate("2026-11-22")
	for b.Loop() {
		var most uint64
		seen := 0
		for _, err := range retention.Plan(retention.Records(many(n)), s, nil, today, baakit.Date{}, nil) {
			if err != nil {
				b.Fatal(err)
			}
			if seen++; seen%1_000_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.Sys)
			}
		}
		if seen != n {
			b.Fatal(seen)
		}
		b.ReportMetric(float64(most)/(1<<20), "MiB")
		b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
	}
}
