package retention_test

import (
	"os"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/strictjson"
	"github.com/baakit/baakit/retention"
)

type vector struct {
	Name             string             `json:"name"`
	Rows             []string           `json:"rows"`
	Unverified       bool               `json:"unverified"`
	Delete           retention.Rule     `json:"delete"`
	Record           retention.Record   `json:"record"`
	Holds            []retention.Hold   `json:"holds"`
	On               baakit.Date        `json:"on"`
	KeepThrough      baakit.Date        `json:"keep_through"`
	FirstDisposable  baakit.Date        `json:"first_disposable"`
	EarliestDisposal baakit.Date        `json:"earliest_disposal"`
	DeleteBy         baakit.Date        `json:"delete_by"`
	NotBefore        baakit.Date        `json:"not_before"`
	NotAfter         baakit.Date        `json:"not_after"`
	Conflict         retention.Conflict `json:"conflict"`
	Outcome          retention.Outcome  `json:"outcome"`
}

func policies(t testing.TB, rows []string, unverified bool) []retention.Policy {
	t.Helper()
	var list []retention.Policy
	for _, table := range []retention.Table{retention.States(), retention.Federal()} {
		for _, id := range rows {
			if _, ok := table.Row(id, baakit.Date{}); !ok {
				continue
			}
			p, err := table.Policies([]string{id}, &retention.PolicyOptions{AllowUnverified: unverified})
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, p...)
		}
	}
	return list
}

func schedule(t testing.TB, list ...retention.Policy) *retention.Schedule {
	t.Helper()
	s, err := retention.NewSchedule(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func holds(t testing.TB, list ...retention.Hold) *retention.Holds {
	t.Helper()
	h, err := retention.NewHolds(list...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCases(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := strictjson.Decode(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			list := policies(t, v.Rows, v.Unverified)
			if !v.Delete.IsZero() {
				list = append(list, retention.Policy{ID: "contract", Effect: retention.Delete, Rule: v.Delete})
			}
			d, err := retention.Evaluate(&v.Record, schedule(t, list...), holds(t, v.Holds...), v.On, baakit.Date{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range []struct {
				name      string
				got, want baakit.Date
			}{
				{"keep-through", d.KeepThrough, v.KeepThrough},
				{"first disposable", d.FirstDisposable, v.FirstDisposable},
				{"delete-by", d.DeleteBy, v.DeleteBy},
				{"not before", d.NotBefore, v.NotBefore},
				{"not after", d.NotAfter, v.NotAfter},
			} {
				if f.got != f.want {
					t.Errorf("%s = %v, want %v", f.name, f.got, f.want)
				}
			}
			if !v.EarliestDisposal.IsZero() && d.EarliestDisposal != v.EarliestDisposal {
				t.Errorf("earliest disposal = %v, want %v", d.EarliestDisposal, v.EarliestDisposal)
			}
			if d.Outcome != v.Outcome || d.Conflict != v.Conflict {
				t.Errorf("outcome = %s %q, want %s %q", d.Outcome, d.Conflict, v.Outcome, v.Conflict)
			}
			if testing.Verbose() {
				t.Log(d.Text())
			}
		})
	}
	t.Logf("%d cases", len(vectors))
}

// tenRules is a schedule of ten rules that all apply, of which most have a
// limb for minors.
func tenRules(t testing.TB) *retention.Schedule {
	list := policies(t, []string{"tx.physician", "az.physician", "mo.physician", "nc.hospital", "md.physician", "hi.hospital", "va.physician"}, true)
	for i := range list {
		list[i].Jurisdictions, list[i].Holders, list[i].Classes, list[i].Gates = nil, nil, nil, nil
	}
	for id, rule := range map[string]string{
		"own.claims": "10 years after last_service", "own.image": "5 years after creation", "contract": "longest of (6 years after creation, 3 years after agreement_end)",
	} {
		list = append(list, retention.Policy{ID: id, Rule: retention.MustParseRule(rule)})
	}
	return schedule(t, list...)
}

func benchRecord() retention.Record {
	on := func(s string) retention.When { return retention.On(baakit.MustParseDate(s)) }
	return retention.Record{
		ID: "r-1", Class: "medical_record", Birth: on("2004-02-29"),
		Events: map[retention.Trigger]retention.When{
			retention.LastService: on("2019-11-22"), retention.Creation: on("2012-05-10"), retention.Discharge: on("2019-11-23"),
			retention.LastContact: on("2019-12-01"), retention.LastEntry: on("2019-12-02"), retention.AgreementEnd: on("2024-09-30"),
		},
	}
}

func BenchmarkEvaluate(b *testing.B) {
	s, r, today := tenRules(b), benchRecord(), baakit.MustParseDate("2026-11-22")
	h := holds(b, retention.Hold{Matter: "M", Scope: retention.Scope{Records: []string{"other"}}, Placed: today})
	b.ReportAllocs()
	for b.Loop() {
		d, err := retention.Evaluate(&r, s, h, today, baakit.Date{})
		if err != nil || d.KeepThrough.IsZero() {
			b.Fatal(d.Outcome, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
}
