package disclosure_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/audit/disclosure"
	"github.com/baakit/baakit/internal/gen"
	"pgregory.net/rapid"
)

// Six years back, both sides, over leap days and ends of years.
func TestLookBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ requested, from string }{
		{"2026-11-25", "2020-11-25"},
		{"2026-01-01", "2020-01-01"},
		{"2026-12-31", "2020-12-31"},
		{"2026-02-28", "2020-02-28"},
		{"2026-03-01", "2020-02-29"}, // what is kept from 29 February is kept through 1 March
		{"2026-03-02", "2020-03-02"},
		{"2028-02-28", "2022-02-28"},
		{"2028-02-29", "2022-02-28"}, // there is no 29 February 2022
		{"2028-03-01", "2022-03-01"},
		{"2030-02-28", "2024-02-28"},
		{"2030-03-01", "2024-02-29"},
	} {
		if got := disclosure.LookBackFrom(day(tt.requested)); got != day(tt.from) {
			t.Errorf("requested on %s: from %s, want %s", tt.requested, got, tt.from)
		}
		for _, off := range []int{-1, 0} {
			b := memory(t)
			d := report()
			d.Date = day(tt.from).AddDays(off)
			b.disclose(t, d, "p-1")
			a, w := b.account(t, asked(tt.requested))
			if len(a.Lines) != off+1 || w.Count(disclosure.Outside) != -off {
				t.Errorf("requested on %s, disclosed on %s: %d lines", tt.requested, d.Date, len(a.Lines))
			}
		}
	}
	// The day of the request is in, the next is not.
	b := memory(t)
	for _, date := range []string{"2026-06-01", "2026-06-02"} {
		d := report()
		d.Date = day(date)
		b.disclose(t, d, "p-1")
	}
	if a, _ := b.account(t, asked("2026-06-01")); len(a.Lines) != 1 || a.Lines[0].Times != 1 || a.Lines[0].Date != day("2026-06-01") {
		t.Errorf("%v", a.Lines)
	}
}

// The last day on which a request reaches back to a disclosure is just that,
// and no period is shorter than six years.
func TestLookBackThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		date := gen.DateIn(baakit.MustDate(1950, 1, 1), baakit.MustDate(2200, 1, 1)).Draw(t, "date")
		through := disclosure.LookBackThrough(date)
		for off := -3; off <= 3; off++ {
			on := through.AddDays(off)
			if in := !disclosure.LookBackFrom(on).After(date); in != (off <= 0) {
				t.Fatalf("disclosed on %s: through %s, but on %s it is %v", date, through, on, in)
			}
		}
		at := time.Date(date.Year()+6, date.Month(), date.Day(), 0, 0, 0, 0, time.UTC) // rolls forward
		if through.Before(baakit.DateOf(at, nil)) || through.Sub(baakit.DateOf(at, nil)) > 1 {
			t.Fatalf("disclosed on %s: through %s", date, through)
		}
	})
}

func TestRequestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*disclosure.Request)
		want   string
	}{
		"as it is":         {func(*disclosure.Request) {}, ""},
		"nothing":          {func(q *disclosure.Request) { *q = disclosure.Request{} }, "patient requested"},
		"first year":       {func(q *disclosure.Request) { q.Requested = baakit.MustDate(6, 12, 31) }, "requested"},
		"earliest from":    {func(q *disclosure.Request) { q.From = day("2020-06-01") }, ""},
		"too early":        {func(q *disclosure.Request) { q.From = day("2020-05-31") }, "from"},
		"through the day":  {func(q *disclosure.Request) { q.Through = q.Requested }, ""},
		"through tomorrow": {func(q *disclosure.Request) { q.Through = q.Requested.AddDays(1) }, "through"},
		"one day":          {func(q *disclosure.Request) { q.From, q.Through = day("2026-01-01"), day("2026-01-01") }, ""},
		"backwards":        {func(q *disclosure.Request) { q.From, q.Through = day("2026-01-02"), day("2026-01-01") }, "through"},
		"made before":      {func(q *disclosure.Request) { q.Made = q.Requested.AddDays(-1) }, "made"},
		"made later":       {func(q *disclosure.Request) { q.Made = q.Requested.AddDays(400) }, ""},
		"hostile names":    {func(q *disclosure.Request) { q.For, q.By = "a\x1b[2J", strings.Repeat("b", 5000) }, "for by"},
	} {
		q := asked("2026-06-01")
		tt.change(&q)
		if got := paths(q.Validate()); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if _, _, err := disclosure.Account(context.Background(), memory(t).source, q); (err == nil) != (tt.want == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A suspension holds from the day of the statement through its last day; after
// an oral one the thirtieth day is the last.
func TestSuspension(t *testing.T) {
	t.Parallel()
	written := disclosure.Suspension{By: "Inspector", Statement: disclosure.Written, On: day("2026-02-01"), Until: day("2026-05-01"), Impedes: true}
	oral := written
	oral.Statement, oral.Until = disclosure.Oral, baakit.Date{}
	short, long := oral, oral
	short.Until, long.Until = day("2026-02-10"), day("2027-01-01")
	follows := written
	follows.On, follows.Until = day("2026-03-03"), day("2026-04-30")
	late := follows
	late.On = day("2026-03-05")
	leap := oral
	leap.On = day("2024-01-31")
	for name, tt := range map[string]struct {
		statements       []disclosure.Suspension
		first, last, end string // end: what is said on the first day
	}{
		"written":                        {[]disclosure.Suspension{written}, "2026-02-01", "2026-05-01", "2026-05-01"},
		"oral":                           {[]disclosure.Suspension{oral}, "2026-02-01", "2026-03-03", "2026-03-03"},
		"oral over a leap day":           {[]disclosure.Suspension{leap}, "2024-01-31", "2024-03-01", "2024-03-01"},
		"oral, shorter":                  {[]disclosure.Suspension{short}, "2026-02-01", "2026-02-10", "2026-02-10"},
		"oral, longer than it can be":    {[]disclosure.Suspension{long}, "2026-02-01", "2026-03-03", "2026-03-03"},
		"oral, then written in its time": {[]disclosure.Suspension{oral, follows}, "2026-02-01", "2026-04-30", "2026-04-30"},
		"oral, and written too late":     {[]disclosure.Suspension{oral, late}, "2026-02-01", "2026-03-03", "2026-03-03"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, how := range []string{"with the disclosure", "before it", "after it"} {
				b := memory(t)
				d := report()
				d.Basis, d.Date = disclosure.Oversight, day("2023-06-01")
				statements := tt.statements
				if how == "with the disclosure" {
					d.Suspension, statements = &statements[0], statements[1:]
				}
				if how == "before it" {
					for _, s := range statements {
						b.suspend(t, s, "p-1", d.Recipient.Name)
					}
				}
				b.disclose(t, d, "p-1")
				if how != "before it" {
					for _, s := range statements {
						b.suspend(t, s, "p-1", d.Recipient.Name)
					}
				}
				for _, edge := range []struct {
					on   baakit.Date
					held bool
				}{
					{day(tt.first).AddDays(-1), false}, {day(tt.first), true}, {day(tt.last), true}, {day(tt.last).AddDays(1), false},
				} {
					q := asked("2024-01-01")
					q.Made = edge.on
					a, w := b.account(t, q)
					if (len(a.Lines) == 0) != edge.held || (w.Count(disclosure.Suspended) == 1) != edge.held {
						t.Errorf("%s, on %s: %d lines", how, edge.on, len(a.Lines))
					}
					if held := w.Considered[0]; edge.held && (held.Until != day(tt.end) && held.Until != day(tt.last) || w.Again != held.Until.AddDays(1)) {
						t.Errorf("%s, on %s: until %s, again %s", how, edge.on, held.Until, w.Again)
					}
					if !edge.held && !w.Again.IsZero() {
						t.Errorf("%s, on %s: again %s", how, edge.on, w.Again)
					}
				}
			}
		})
	}
}

// A statement suspends nothing of another individual, another recipient or
// another kind of disclosure, and an incomplete one nothing at all.
func TestSuspensionOfSomethingElse(t *testing.T) {
	t.Parallel()
	s := disclosure.Suspension{By: "Inspector", Statement: disclosure.Written, On: day("2026-02-01"), Until: day("2026-05-01"), Impedes: true}
	d := report()
	d.Basis = disclosure.Police
	for name, tt := range map[string]struct {
		patient, recipient string
		basis              disclosure.Basis
		want               int
		why                string
	}{
		"this one":          {"p-1", d.Recipient.Name, disclosure.Police, 0, "suspended"},
		"another patient":   {"p-2", d.Recipient.Name, disclosure.Police, 1, "accounted"},
		"another recipient": {"p-1", "County", disclosure.Police, 1, "accounted"},
		"public health":     {"p-1", d.Recipient.Name, disclosure.PublicHealth, 1, "suspension_not_for_this"},
		"no basis":          {"p-1", d.Recipient.Name, "", 1, "suspension_not_for_this"},
	} {
		b := memory(t)
		d.Basis = tt.basis
		b.disclose(t, d, "p-1")
		b.suspend(t, s, tt.patient, tt.recipient)
		q := asked("2026-03-01")
		a, w := b.account(t, q)
		if len(a.Lines) != tt.want || w.Considered[0].Reasons[0].ID != tt.why {
			t.Errorf("%s: %d lines because %s", name, len(a.Lines), w.Considered[0].Reasons[0].ID)
		}
	}
	for name, change := range map[string]func(*disclosure.Suspension){
		"nobody":          func(s *disclosure.Suspension) { s.By = "" },
		"no form":         func(s *disclosure.Suspension) { s.Statement = "" },
		"no day":          func(s *disclosure.Suspension) { s.On = baakit.Date{} },
		"written, no end": func(s *disclosure.Suspension) { s.Until = baakit.Date{} },
		"backwards":       func(s *disclosure.Suspension) { s.Until = s.On.AddDays(-1) },
		"no reason":       func(s *disclosure.Suspension) { s.Impedes = false },
	} {
		bad := s
		change(&bad)
		if bad.Validate() == nil || !bad.Through().IsZero() {
			t.Errorf("%s: it is valid", name)
		}
		if _, err := bad.Event(actor, "p-1", "County"); err == nil {
			t.Errorf("%s: there is an event", name)
		}
	}
	if got := paths(errOf(s.Event(actor, "", ""))); got != "recipient patient" {
		t.Errorf("%q", got)
	}
}

// 60 days, and 30 more by a statement in writing within the 60.
func TestClock(t *testing.T) {
	t.Parallel()
	extension := func(on, by string) disclosure.Extension {
		return disclosure.Extension{On: day(on), Written: true, Reasons: "records in storage", By: day(by)}
	}
	bare := extension("2026-02-01", "2026-03-31")
	unwritten, unreasoned, undated := bare, bare, bare
	unwritten.Written, unreasoned.Reasons, undated.By = false, " ", baakit.Date{}
	for name, tt := range map[string]struct {
		received   string
		extensions []disclosure.Extension
		due, why   string
	}{
		"60 days":                {"2026-01-01", nil, "2026-03-02", "period.act"},
		"60 days over a leap":    {"2024-01-01", nil, "2024-03-01", "period.act"},
		"60 days over new year":  {"2026-12-31", nil, "2027-03-01", "period.act"},
		"extended":               {"2026-01-01", []disclosure.Extension{extension("2026-02-01", "2026-03-15")}, "2026-03-15", "period.extension"},
		"extended to the limit":  {"2026-01-01", []disclosure.Extension{extension("2026-02-01", "2026-04-01")}, "2026-04-01", "period.extension"},
		"extended beyond it":     {"2026-01-01", []disclosure.Extension{extension("2026-02-01", "2026-04-02")}, "2026-04-01", "period.extension"},
		"a date within the 60":   {"2026-01-01", []disclosure.Extension{extension("2026-02-01", "2026-02-15")}, "2026-03-02", "period.extension"},
		"on the last day":        {"2026-01-01", []disclosure.Extension{extension("2026-03-02", "2026-04-01")}, "2026-04-01", "period.extension"},
		"a day late":             {"2026-01-01", []disclosure.Extension{extension("2026-03-03", "2026-04-01")}, "2026-03-02", "extension_late"},
		"before the request":     {"2026-01-01", []disclosure.Extension{extension("2025-12-31", "2026-04-01")}, "2026-03-02", "extension_incomplete"},
		"not in writing":         {"2026-01-01", []disclosure.Extension{unwritten}, "2026-03-02", "extension_incomplete"},
		"no reasons":             {"2026-01-01", []disclosure.Extension{unreasoned}, "2026-03-02", "extension_incomplete"},
		"no date":                {"2026-01-01", []disclosure.Extension{undated}, "2026-03-02", "extension_incomplete"},
		"a second one":           {"2026-01-01", []disclosure.Extension{extension("2026-02-01", "2026-03-15"), extension("2026-02-02", "2026-04-01")}, "2026-03-15", "extension_again"},
		"one late, one in time":  {"2026-01-01", []disclosure.Extension{unwritten, extension("2026-02-02", "2026-04-01")}, "2026-04-01", "period.extension"},
		"never received by them": {"", nil, "", ""},
	} {
		c := disclosure.Clock{Extensions: tt.extensions}
		if tt.received != "" {
			c.Received = day(tt.received)
		}
		why := ""
		if list := c.Reasons(); len(list) > 0 {
			why = list[len(list)-1].ID
		}
		if got := c.Due(); tt.due == "" && !got.IsZero() || tt.due != "" && got != day(tt.due) || why != tt.why {
			t.Errorf("%s: %s because %s, want %s because %s", name, got, why, tt.due, tt.why)
		}
		if tt.due != "" && (c.Overdue(day(tt.due)) || !c.Overdue(day(tt.due).AddDays(1))) {
			t.Errorf("%s: overdue on the wrong day", name)
		}
	}
	if (disclosure.Clock{}).Overdue(day("2026-01-01")) {
		t.Error("overdue without a request")
	}
}

// The first accounting in 12 months is free.
func TestFee(t *testing.T) {
	t.Parallel()
	free := func(on string) disclosure.Given { return disclosure.Given{Requested: day(on)} }
	charged := func(on string) disclosure.Given { return disclosure.Given{Requested: day(on), Charged: true} }
	for name, tt := range map[string]struct {
		requested string
		before    []disclosure.Given
		told      bool
		allowed   bool
		why, from string
	}{
		"the first ever":             {"2026-06-01", nil, true, false, "fee_first", ""},
		"the same day":               {"2026-06-01", []disclosure.Given{free("2026-06-01")}, true, true, "fee_allowed", "2027-06-01"},
		"a day less than 12 months":  {"2026-05-31", []disclosure.Given{free("2025-06-01")}, true, true, "fee_allowed", "2026-06-01"},
		"12 months":                  {"2026-06-01", []disclosure.Given{free("2025-06-01")}, true, false, "fee_first", ""},
		"12 months from a leap day":  {"2025-02-28", []disclosure.Given{free("2024-02-29")}, true, false, "fee_first", ""},
		"less from a leap day":       {"2025-02-27", []disclosure.Given{free("2024-02-29")}, true, true, "fee_allowed", "2025-02-28"},
		"not told":                   {"2026-05-31", []disclosure.Given{free("2025-06-01")}, false, false, "fee_not_told", "2026-06-01"},
		"only charged ones":          {"2026-05-31", []disclosure.Given{charged("2026-01-01")}, true, false, "fee_first", ""},
		"a charged one between":      {"2026-06-01", []disclosure.Given{free("2025-06-01"), charged("2026-01-01")}, true, false, "fee_first", ""},
		"a second free one":          {"2026-06-02", []disclosure.Given{free("2025-06-01"), free("2026-01-01")}, true, false, "fee_first", ""},
		"in the next 12 months":      {"2026-06-02", []disclosure.Given{free("2026-06-01"), free("2025-06-01")}, true, true, "fee_allowed", "2027-06-01"},
		"asked for later: no matter": {"2026-06-01", []disclosure.Given{free("2026-06-02")}, true, false, "fee_first", ""},
		"no day":                     {"2026-06-01", []disclosure.Given{{}}, true, false, "fee_first", ""},
	} {
		f := disclosure.FeeFor(day(tt.requested), tt.before, tt.told)
		from := ""
		if !f.FreeFrom.IsZero() {
			from = f.FreeFrom.String()
		}
		if f.Allowed != tt.allowed || f.Reason.ID != tt.why || from != tt.from {
			t.Errorf("%s: %v because %s, free from %q", name, f.Allowed, f.Reason.ID, from)
		}
	}
	if f := disclosure.FeeFor(baakit.Date{}, []disclosure.Given{free("2026-01-01")}, true); f.Allowed {
		t.Error("a fee for no request")
	}
}

// 50 individuals make research a matter of protocols, 49 do not.
func TestResearchThreshold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		individuals int
		kind        disclosure.LineKind
	}{{49, disclosure.Single}, {50, disclosure.ByProtocol}} {
		b := memory(t)
		b.disclose(t, study(tt.individuals), "p-1")
		a, _ := b.account(t, asked("2026-06-01"))
		if len(a.Lines) != 1 || a.Lines[0].Kind != tt.kind {
			t.Errorf("%d individuals: %v", tt.individuals, a.Lines)
		}
		if l := a.Lines[0]; tt.kind == disclosure.ByProtocol && (l.Research.Protocol != "HEART-1" || !strings.Contains(l.Research.Statement, "may or may not")) {
			t.Errorf("%+v", l.Research)
		}
	}
	// Of nobody in particular, it is in everybody's accounting.
	b := memory(t)
	d := study(50)
	d.Research.From = day("2025-11-01")
	b.disclose(t, d, "")
	q := disclosure.Request{Patient: "p-7", Requested: day("2026-06-01"), From: day("2025-12-01"), Through: day("2025-12-31"), Full: true}
	a, _ := b.account(t, q)
	if len(a.Lines) != 1 || a.Lines[0].Kind != disclosure.ByProtocol || a.Lines[0].Date != q.From || a.Lines[0].Last != q.Through {
		t.Errorf("%+v", a.Lines)
	}
	q.From, q.Through = day("2025-01-01"), day("2025-10-31")
	if a, _ := b.account(t, q); len(a.Lines) != 0 {
		t.Errorf("before it began: %+v", a.Lines)
	}
}

// A copy is kept for six years, and from a leap day through 1 March.
func TestKeepThrough(t *testing.T) {
	t.Parallel()
	for made, want := range map[string]string{"2026-06-01": "2032-06-01", "2024-02-29": "2030-03-01", "2026-02-28": "2032-02-28"} {
		if got := (disclosure.Accounting{Made: day(made)}).KeepThrough(); got != day(want) {
			t.Errorf("made on %s: kept through %s", made, got)
		}
	}
	if got := (disclosure.Accounting{}).KeepThrough(); !got.IsZero() {
		t.Errorf("%s", got)
	}
}
