package subprocessor_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/gen"
	"github.com/baakit/baakit/subprocessor"
	"github.com/baakit/baakit/subprocessor/subprocessortest"
)

func difference(a, b any) string {
	return cmp.Diff(a, b, cmpopts.EquateComparable(baakit.Date{}, baakit.Period{}, baakit.Citation{}))
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range subprocessortest.Scenarios() {
		state, err := subprocessortest.Registry().StateAt(s.Events, s.On, s.On)
		if err != nil {
			t.Fatal(err)
		}
		if got := subprocessor.Compile(state).Gate(s.Engagement, s.Customer, s.On).Yes(); got != s.Yes {
			t.Errorf("%s: %v, want %v", s.Name, got, s.Yes)
		}
	}
}

// mayOpen is the slow reference of the gate: the preconditions, each looked up
// in the public values of the state. The gate may be open only if it is true.
func mayOpen(s *subprocessor.State, engagement, customer string) string {
	d := s.Day()
	e, ok := s.Engagement(engagement)
	if !ok || e.Status != subprocessor.Active || !e.Engagement.PHI.Handles() {
		return "not active with PHI"
	}
	for _, r := range e.Engagement.Requires {
		met := slices.ContainsFunc(s.Attestations(), func(a subprocessor.Attestation) bool {
			return a.Entity == e.Engagement.Entity && a.Kind == r.Kind && slices.Contains(a.Services, e.Engagement.Service) && a.Validity(d).Current()
		})
		waived := slices.ContainsFunc(s.Waivers(), func(w subprocessor.Waiver) bool {
			return w.Engagement == engagement && w.Kind == r.Kind && !d.Before(w.From) && !d.After(w.Until)
		})
		if !met && !waived {
			return "an attestation is missing"
		}
	}
	var live []subprocessor.Contract
	for _, c := range s.Contracts() {
		if !d.Before(c.Signed) && !d.Before(c.Effective) && (c.LastInEffect.IsZero() || !d.After(c.LastInEffect)) {
			live = append(live, c)
		}
	}
	// Every path of live contracts from the vendor to the entity.
	var paths func(to string) [][]subprocessor.Contract
	paths = func(to string) (out [][]subprocessor.Contract) {
		for _, c := range live {
			if c.Downstream != to {
				continue
			}
			if c.Upstream == subprocessortest.Vendor {
				out = append(out, []subprocessor.Contract{c})
				continue
			}
			for _, p := range paths(c.Upstream) {
				out = append(out, append(slices.Clone(p), c))
			}
		}
		return out
	}
	all := paths(e.Engagement.Entity)
	if len(all) == 0 {
		return "no path of contracts"
	}
	served := false
	for _, top := range live {
		if top.Upstream != customer || top.Downstream != subprocessortest.Vendor {
			continue
		}
		served = true
		for _, p := range all {
			// Below the vendor an entity is bound by all that are above it,
			// those of other vendors too.
			above := []subprocessor.Contract{top}
			for _, c := range p {
				if got := subprocessor.CheckFlowDown(subprocessor.Strictest(baakit.Weekdays(), above...), c, baakit.Weekdays()); got.Verdict != subprocessor.Pass {
					return "flow-down"
				}
				above = slices.DeleteFunc(slices.Clone(live), func(k subprocessor.Contract) bool { return k.Downstream != c.Downstream })
			}
			if got := subprocessor.CheckBudget(baakit.Weekdays(), append([]subprocessor.Contract{top}, p...)...); got.Verdict != subprocessor.Pass {
				return "budget"
			}
		}
		introduced := false
		for _, ch := range s.Changes() {
			used := ch.Effective
			if used.IsZero() || !ch.Emergency.IsZero() {
				used = ch.Emergency
			}
			if ch.Change.After == nil || ch.Change.After.ID != engagement || used.IsZero() {
				continue
			}
			if k := ch.Change.Kind; k == subprocessor.AddSubprocessor || k == subprocessor.ReplaceSubprocessor || k == subprocessor.NewSubSubprocessor {
				introduced = true
			}
			if !top.Signed.Before(used) {
				continue
			}
			i := slices.IndexFunc(ch.Customers, func(k subprocessor.CustomerState) bool { return k.Contract == top.ID })
			if i < 0 {
				return "customer not told"
			}
			k := ch.Customers[i]
			if !(k.Status == subprocessor.CustomerCleared || k.Status == subprocessor.CustomerRatified || k.Status == subprocessor.CustomerNotRequired || k.EmergencyLive) || k.GatedOff {
				return "change not clear: " + string(k.Status)
			}
			if k.EmergencyLive && k.Status != subprocessor.CustomerRatified && (d.After(k.EmergencyEnds) || k.Dates.Start.IsZero() && d.After(k.NoticeDue)) {
				return "emergency over"
			}
		}
		if !introduced && top.Signed.Before(e.ActiveFrom) && (top.Notice == nil || top.Notice.Consent != subprocessor.ConsentNone && (top.Notice.Material == nil || slices.Contains(top.Notice.Material, subprocessor.AddSubprocessor))) {
			return "in use after the customer signed, without a notice"
		}
	}
	if !served {
		return "no contract with the customer"
	}
	return ""
}

// Invariants 1, 6, 7, 9, 10, 11, 13, 14, 17 and 18, after any sequence of
// commands.
func TestInvariants(t *testing.T) {
	t.Parallel()
	opened := 0
	rapid.Check(t, func(t *rapid.T) {
		s := subprocessortest.Begin()
		if rapid.IntRange(0, 3).Draw(t, "bare") > 0 {
			s.Furnish(t)
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			s.Step(t)
		}
		opened += checkInvariants(t, s.Registry, s.Events, s.Now)
		later := s.Now.AddDate(0, 0, rapid.IntRange(0, 90).Draw(t, "later"))
		opened += checkInvariants(t, s.Registry, s.Events, later)
	})
	if opened == 0 {
		t.Error("the gate was never open: the stories prove nothing")
	}
	t.Logf("the gate was open %d times", opened)
}

func checkInvariants(t *rapid.T, reg *subprocessor.Registry, events []subprocessor.Event, now time.Time) (opened int) {
	state, err := reg.StateAt(events, now, now)
	if err != nil {
		t.Fatal(err)
	}
	if n := state.Ignored(); len(n) > 0 {
		t.Fatalf("recorded events %v were ignored", n)
	}
	x := subprocessor.Compile(state)
	for _, e := range []string{"e1", "e2", "e3", "e4"} {
		for _, c := range []string{"c1", "c2", "c3"} {
			d := x.Gate(e, c, now)
			why := mayOpen(state, e, c)
			if d.Yes() && why != "" {
				t.Fatalf("1: the gate of %s for %s is open: %s", e, c, why)
			}
			if d.Yes() {
				opened++
			}
			if !d.Yes() && why == "" {
				t.Fatalf("the gate of %s for %s is closed without need: %+v", e, c, d.Reasons())
			}
			if len(d.Reasons()) == 0 {
				t.Fatal("a decision without reasons")
			}
			if x.Gate(e, c, now.AddDate(0, 0, 1)).Yes() {
				t.Fatal("a stale index says yes")
			}
		}
	}
	list := state.List()
	for _, e := range state.Engagements() {
		listed := slices.ContainsFunc(list.Entries, func(x subprocessor.Entry) bool { return x.ID == e.Engagement.ID })
		if want := e.Status == subprocessor.Active && e.Engagement.PHI.Handles(); listed != want {
			t.Fatalf("18: %s (%s) listed: %v", e.Engagement.ID, e.Status, listed)
		}
		if e.Status == subprocessor.Removed && e.Certificate == "" {
			t.Fatalf("14: %s was removed without a certificate", e.Engagement.ID)
		}
		if held := openExceptions(events, now, e.Engagement.Entity, state); e.Status == subprocessor.Removed && len(held) > 0 {
			t.Fatalf("14: %s is removed with the open exceptions %v", e.Engagement.ID, held)
		}
	}
	for _, c := range state.Changes() {
		for _, k := range c.Customers {
			if k.Dates.Start.IsZero() && k.Dates != (subprocessor.Dates{}) {
				t.Fatalf("7: dates without a start: %+v", k)
			}
			if k.Status == subprocessor.CustomerCleared && k.Consented.IsZero() && state.Day().Before(k.Dates.Earliest) && !slices.ContainsFunc(k.Objections, func(o subprocessor.Objection) bool { return o.Outcome == subprocessor.Accepted }) {
				t.Fatalf("9: silence cleared before the window ended: %+v", k)
			}
			for _, o := range k.Objections {
				if o.Timely && o.Resolved.IsZero() && k.Clear() {
					t.Fatalf("10: an open objection in time does not block: %+v", k)
				}
			}
			if !c.Emergency.IsZero() && k.EmergencyLive && (k.NoticeDue.IsZero() || k.EmergencyEnds.IsZero()) {
				t.Fatalf("11: an emergency without an end: %+v", k)
			}
		}
	}
	for i, v := range state.Versions() {
		e := events[slices.IndexFunc(events, func(e subprocessor.Event) bool { return e.Version == i+1 && e.Kind == subprocessor.ListPublished })]
		then, err := reg.StateAt(events[:e.Seq-1], e.At, e.Recorded)
		if err != nil {
			t.Fatal(err)
		}
		if hash, _ := v.List.Hash(); hash != v.Hash || difference(then.List(), v.List) != "" {
			t.Fatalf("13: version %d is not the list of its time", v.Version)
		}
	}
	chain := state.Chain()
	for _, n := range chain.Nodes {
		if n.Rank != len(n.Path) {
			t.Fatalf("6: rank %d with the path %v", n.Rank, n.Path)
		}
		for _, c := range state.Contracts() {
			if child, ok := chain.Node(c.Downstream); c.Upstream == n.Entity && c.InEffect(state.Day()) && (!ok || child.Rank > n.Rank+1) {
				t.Fatalf("6: rank of %s under %s", c.Downstream, n.Entity)
			}
		}
	}
	data, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	back, err := subprocessor.ParseEvents(data)
	if err != nil {
		t.Fatalf("17: %v", err)
	}
	if diff := difference(events, back); diff != "" {
		t.Fatalf("17: %s", diff)
	}
	return opened
}

// Invariant 2: a restriction more upstream never opens a gate, one less never
// closes it.
func TestRestrictionIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := subprocessor.Contract{ID: "a", Terms: subprocessortest.Terms().Draw(t, "a")}
		b := subprocessor.Contract{ID: "b", Terms: subprocessortest.Terms().Draw(t, "b")}
		down := subprocessor.Contract{ID: "d", Terms: subprocessortest.Terms().Draw(t, "down")}
		one := subprocessor.CheckFlowDown(subprocessor.Strictest(nil, a), down, nil).Verdict
		both := subprocessor.CheckFlowDown(subprocessor.Strictest(nil, a, b), down, nil).Verdict
		if both == subprocessor.Pass && one != subprocessor.Pass {
			t.Fatal("a further upstream opened the gate")
		}
		other := subprocessor.CheckFlowDown(subprocessor.Strictest(nil, b), down, nil).Verdict
		if one == subprocessor.Pass && other == subprocessor.Pass && both != subprocessor.Pass {
			t.Fatal("each upstream passes and both together do not")
		}
		if diff := difference(subprocessor.CheckFlowDown(subprocessor.Strictest(nil, a, b), down, nil), subprocessor.CheckFlowDown(subprocessor.Strictest(nil, b, a), down, nil)); diff != "" {
			t.Fatalf("4: the order of upstreams matters: %s", diff)
		}
	})
}

// Invariant 3: what passes on every edge passes from root to leaf.
func TestFlowDownIsTransitive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		root := subprocessor.Contract{ID: "root", Terms: subprocessortest.Terms().Draw(t, "root")}
		middle, leaf := root, root
		middle.ID, leaf.ID = "middle", "leaf"
		tighten(t, &middle.Terms, "middle")
		leaf.Terms = middle.Terms
		tighten(t, &leaf.Terms, "leaf")
		pass := func(up, down subprocessor.Contract) bool {
			return subprocessor.CheckFlowDown(subprocessor.Strictest(nil, up), down, nil).Verdict == subprocessor.Pass
		}
		if pass(root, middle) && pass(middle, leaf) && !pass(root, leaf) {
			t.Fatalf("%+v", subprocessor.CheckFlowDown(subprocessor.Strictest(nil, root), leaf, nil))
		}
		if !pass(root, root) {
			t.Fatal("a contract is not as strict as itself")
		}
	})
}

// tighten makes some terms others, which are stricter more often than not.
func tighten(t *rapid.T, terms *subprocessor.Terms, name string) {
	other := subprocessortest.Terms().Draw(t, name)
	if !other.BreachReport.IsZero() && rapid.Bool().Draw(t, name+" breach") {
		terms.BreachReport = other.BreachReport
	}
	if !other.ReturnDestroy.IsZero() && rapid.Bool().Draw(t, name+" return") {
		terms.ReturnDestroy = other.ReturnDestroy
	}
	if len(terms.Places) > 1 && rapid.Bool().Draw(t, name+" places") {
		terms.Places = terms.Places[1:]
	}
	if other.Audit != "" && rapid.Bool().Draw(t, name+" audit") {
		terms.Audit = other.Audit
	}
}

// Invariant 5: a further link never makes the total shorter.
func TestBudgetGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var path []subprocessor.Contract
		last := subprocessor.Pass
		order := []subprocessor.Verdict{subprocessor.Pass, subprocessor.Indeterminate, subprocessor.Fail}
		promise := subprocessortest.Period(true).Draw(t, "promise")
		for range rapid.IntRange(1, 5).Draw(t, "links") {
			path = append(path, subprocessor.Contract{ID: "c", Terms: subprocessor.Terms{BreachReport: subprocessortest.Period(true).Draw(t, "report")}})
			path[0].Terms.HearWithin = promise
			got := subprocessor.CheckBudget(nil, path...).Verdict
			if slices.Index(order, got) < slices.Index(order, last) {
				t.Fatalf("a further link made %s of %s", got, last)
			}
			last = got
		}
	})
}

// Invariants 7 and 8, against a count day by day.
func TestDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := subprocessor.NoticeTerms{Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence}
		notice, window := rapid.IntRange(0, 60).Draw(t, "notice"), rapid.IntRange(0, 60).Draw(t, "window")
		unit := rapid.SampledFrom([]baakit.Unit{baakit.Days, baakit.BusinessDays}).Draw(t, "unit")
		if notice > 0 {
			n.Notice = baakit.MustPeriod(notice, unit)
		}
		if window > 0 {
			n.Window = baakit.MustPeriod(window, unit)
		}
		start := gen.ModernDate().Draw(t, "start")
		cal := gen.Calendar().Draw(t, "calendar")
		slow := func(k int) baakit.Date {
			d := start
			for k > 0 {
				d = d.AddDays(1)
				if unit == baakit.Days || cal.IsBusinessDay(d) {
					k--
				}
			}
			return d
		}
		want := start
		if notice > 0 {
			want = slow(notice)
		}
		if after := slow(window).AddDays(1); window > 0 && after.After(want) {
			want = after
		}
		if got := n.Dates("", start, cal).Earliest; got != want {
			t.Fatalf("earliest %s, want %s", got, want)
		}
		longer := n
		longer.Window = baakit.MustPeriod(window+1, unit)
		if longer.Dates("", start, cal).Earliest.Before(want) {
			t.Fatal("8: a longer window gives an earlier date")
		}
		if n.Dates("", baakit.Date{}, cal) != (subprocessor.Dates{}) {
			t.Fatal("7: dates without a start")
		}
	})
}

// Invariant 12.
func TestDiff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := func(name string) subprocessor.List {
			s := subprocessortest.Begin()
			for range rapid.IntRange(20, 60).Draw(t, name) {
				s.Step(t)
			}
			state, err := s.Registry.StateAt(s.Events, s.Now, s.Now)
			if err != nil {
				t.Fatal(err)
			}
			return state.List()
		}
		a, b := list("a"), list("b")
		if !subprocessor.Diff(a, a).IsZero() {
			t.Fatal("a list differs from itself")
		}
		d := subprocessor.Diff(a, b)
		got, err := a.Apply(d)
		if err != nil || difference(b, got) != "" {
			t.Fatalf("apply: %v %s", err, difference(b, got))
		}
		if diff := difference(d.Invert(), subprocessor.Diff(b, a)); diff != "" {
			t.Fatal(diff)
		}
		shuffled := a
		shuffled.Entries = slices.Clone(a.Entries)
		slices.Reverse(shuffled.Entries)
		if diff := difference(d, subprocessor.Diff(shuffled, b)); diff != "" {
			t.Fatal(diff)
		}
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := subprocessor.ParseList(data); err != nil || difference(b, back) != "" {
			t.Fatalf("round trip: %v %s", err, difference(b, back))
		}
	})
}

// Invariants 15 and 16.
func TestValidity(t *testing.T) {
	t.Parallel()
	kinds := []subprocessor.AttestationKind{
		subprocessor.SOC2Type1, subprocessor.SOC2Type2, subprocessor.HITRUSTe1, subprocessor.HITRUSTi1, subprocessor.HITRUSTr2, subprocessor.ISO27001,
		subprocessor.FedRAMP, subprocessor.StateRAMP, subprocessor.PCI, subprocessor.PenetrationTest, subprocessor.BAVerification,
	}
	years := map[subprocessor.AttestationKind]int{subprocessor.SOC2Type1: 0, subprocessor.HITRUSTr2: 2, subprocessor.ISO27001: 3}
	rapid.Check(t, func(t *rapid.T) {
		issued := gen.ModernDate().Draw(t, "issued")
		a := subprocessor.Attestation{ID: "a", Entity: "e", Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Issued: issued, PeriodTo: issued, Services: []string{"s"}}
		if rapid.Bool().Draw(t, "bridge") {
			a.Bridge = &subprocessor.Bridge{Issued: issued, Through: issued.AddDays(rapid.IntRange(0, 900).Draw(t, "through"))}
		}
		for range rapid.IntRange(0, 3).Draw(t, "milestones") {
			a.Milestones = append(a.Milestones, subprocessor.Milestone{Name: rapid.SampledFrom([]string{"interim", "surveillance"}).Draw(t, "name"), On: issued.AddDays(rapid.IntRange(1, 1100).Draw(t, "on"))})
		}
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		n, ok := years[a.Kind]
		if !ok {
			n = 1
		}
		limit := issued.AddMonths(12*n, baakit.RollBack)
		lapsed := false
		for i := range 1300 {
			d := issued.AddDays(i)
			v := a.Validity(d)
			if v.ValidUntil.After(limit) {
				t.Fatalf("15: %s valid until %s, at most %s", a.Kind, v.ValidUntil, limit)
			}
			if !v.BridgeTo.IsZero() && (a.Kind != subprocessor.SOC2Type2 || v.BridgeTo.After(v.ValidUntil.AddMonths(3, baakit.RollBack)) || v.BridgeTo.After(a.Bridge.Through)) {
				t.Fatalf("15: bridge to %s", v.BridgeTo)
			}
			if lapsed && v.Current() {
				t.Fatalf("16: revived on %s", d)
			}
			lapsed = lapsed || !v.Current()
		}
		if w := (subprocessor.Waiver{ID: "w", Engagement: "e", Kind: a.Kind, Why: "w", Who: "w", From: issued}); w.Validate() == nil || w.Live(issued) {
			t.Fatal("15: a waiver without an end")
		}
	})
}

func TestQuestionnaire(t *testing.T) {
	t.Parallel()
	q := subprocessor.VendorQuestionnaire()
	total := 0
	for _, x := range q.Questions {
		total += x.Weight
	}
	if len(q.Questions) != 36 || total != 68 {
		t.Fatalf("%d questions of weight %d, want 36 of 68", len(q.Questions), total)
	}
	on := day("2026-11-22")
	none, err := q.Evaluate(nil, []string{"return_or_destroy", "cure_period"}, on)
	if err != nil || none.Score != 0 || none.OutOf != 68 || !none.NeedsAgreement || none.GatesSettled || len(none.Gaps) != 34 || none.Gaps[0].Weight != 3 {
		t.Fatalf("%+v, %v", none, err)
	}
	if want := []subprocessor.PromiseGap{{"cure_period", []string{}}, {"return_or_destroy", []string{"VQ16", "VQ25", "VQ28", "VQ31"}}}; difference(want, none.Promises) != "" {
		t.Error(difference(want, none.Promises))
	}
	evidence := []subprocessor.Evidence{{What: "record", Dated: day("2026-01-01"), Expires: on}}
	answer := func(id string, r subprocessor.Reply, p string) subprocessor.Answer {
		a := subprocessor.Answer{Question: id, Reply: r, Evidence: evidence}
		if p != "" {
			a.Period = period(p)
		}
		return a
	}
	encrypted := func(id string, c subprocessor.Cipher, v subprocessor.TLSVersion) subprocessor.Answer {
		return subprocessor.Answer{Question: id, Reply: subprocessor.Yes, Cipher: c, TLS: v, Evidence: evidence}
	}
	for _, tt := range []struct {
		a     subprocessor.Answer
		score int
	}{
		{answer("VQ03", subprocessor.Yes, ""), 2},
		{answer("VQ03", subprocessor.No, ""), 0},
		{answer("VQ03", subprocessor.Unknown, ""), 0},
		{subprocessor.Answer{Question: "VQ03", Reply: subprocessor.Yes}, 0},
		{encrypted("VQ09", subprocessor.AES256, ""), 3},
		{encrypted("VQ09", subprocessor.AES192, ""), 0},
		{encrypted("VQ09", subprocessor.OtherCipher, ""), 0},
		{encrypted("VQ09", "", ""), 0},
		{encrypted("VQ10", "", subprocessor.TLS13), 3},
		{encrypted("VQ10", "", subprocessor.TLS12), 0},
		{encrypted("VQ10", "", ""), 0},
		{answer("VQ18", subprocessor.Yes, "48 hours"), 3},
		{answer("VQ18", subprocessor.Yes, "49 hours"), 0},
		{answer("VQ18", subprocessor.Yes, ""), 0},
		{answer("VQ18", subprocessor.Yes, "2 days"), 0},
		{answer("VQ27", subprocessor.Yes, "60 days"), 2},
		{answer("VQ27", subprocessor.Yes, "61 days"), 0},
		{answer("VQ27", subprocessor.Yes, "2 months"), 0},
	} {
		v, err := q.Evaluate([]subprocessor.Answer{tt.a}, nil, on)
		if err != nil || v.Score != tt.score {
			t.Errorf("%+v scores %d, %v; want %d", tt.a, v.Score, err, tt.score)
		}
		if v, _ := q.Evaluate([]subprocessor.Answer{tt.a}, nil, on.AddDays(1)); v.Score != 0 {
			t.Errorf("%+v scores %d after its evidence expired", tt.a, v.Score)
		}
	}
	gates := []subprocessor.Answer{answer("VQ01", subprocessor.No, ""), answer("VQ02", subprocessor.No, "")}
	if v, _ := q.Evaluate(gates, nil, on); v.NeedsAgreement || !v.GatesSettled {
		t.Errorf("two evidenced no: %+v", v.Gates)
	}
	gates[1].Evidence = nil
	if v, _ := q.Evaluate(gates, nil, on); !v.NeedsAgreement || v.GatesSettled {
		t.Errorf("a no without evidence: %+v", v.Gates)
	}
	if _, err := q.Evaluate([]subprocessor.Answer{{Question: "VQ99"}}, nil, on); err == nil {
		t.Error("an answer to no question is taken")
	}
}

func TestExtraSurvives(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"id":"e","legal_name":"E","role":"other","x":{"a":[1,2]},"y":"<>"}`,
	} {
		var e subprocessor.Entity
		if err := json.Unmarshal([]byte(in), &e); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(e)
		if err != nil || !strings.Contains(string(out), `"x":{"a":[1,2]}`) || len(e.Extra) != 2 {
			t.Errorf("%s, %v", out, err)
		}
	}
}

func TestImportAndCycloneDX(t *testing.T) {
	t.Parallel()
	from := subprocessor.Provenance{Source: "https://other.example/list", Fetched: noon("2026-11-01")}
	in, err := subprocessor.ImportJSON([]byte(`{"version":3,"subprocessors":[{"name":"Alpha, Inc.","purpose":"Hosting","region":"US","dpaLink":"https://a.example"},{"name":"Beta","purpose":"Mail","region":"Frankfurt"}]}`), "other", from)
	if err != nil || len(in.Engagements) != 2 || in.Engagements[0].ID != "other.alpha-inc" || !slices.Equal(in.Engagements[0].ProcessingPlaces, []string{"US"}) {
		t.Fatalf("%+v, %v", in, err)
	}
	if string(in.Engagements[0].Extra["imported:dpaLink"]) != `"https://a.example"` || string(in.Engagements[1].Extra["imported:places"]) != `"Frankfurt"` || in.Engagements[0].Provenance.SHA256 == "" || in.Engagements[0].PHI != subprocessor.HandlesPHI {
		t.Errorf("%+v", in.Engagements)
	}
	in, err = subprocessor.ImportCSV([]byte("\ufeffEntity Name,Purpose,Locations,Rating\nAlpha,Hosting,US; CA,5\n"), "other", from)
	if err != nil || !slices.Equal(in.Engagements[0].ProcessingPlaces, []string{"US", "CA"}) || string(in.Engagements[0].Extra["imported:Rating"]) != `"5"` {
		t.Fatalf("%+v, %v", in, err)
	}
	s := newStory(t)
	s.entity("v", subprocessor.BusinessAssociate)
	a := subprocessor.Attestation{ID: "r2", Entity: "v", Kind: subprocessor.HITRUSTr2, Issued: day("2025-12-15"), Services: []string{"store"}, Auditor: "Alder", Extra: subprocessor.Extra{"x": []byte(`1`)}}
	s.do("2026-01-02", subprocessor.Event{Kind: subprocessor.AttestationRecorded, Attestation: &a})
	doc, err := s.at("2026-02-01").ExportCycloneDX()
	if err != nil {
		t.Fatal(err)
	}
	back, err := subprocessor.ImportCycloneDX(doc)
	if err != nil || difference([]subprocessor.Attestation{a}, back) != "" {
		t.Errorf("%v %s", err, difference([]subprocessor.Attestation{a}, back))
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	l := subprocessor.List{Entries: []subprocessor.Entry{{ID: "a", Entity: "alpha", Name: "Alpha Storage, Inc.", Website: "https://www.alpha.example/x"}, {ID: "b", Entity: "beta", Name: "Beta", FormerNames: []string{"Gamma LLC"}}}}
	r := l.Drift([]subprocessor.Observed{{Name: "ALPHA STORAGE"}, {Name: "alpha.example"}, {Name: "Delta"}})
	if len(r.Unlisted) != 1 || r.Unlisted[0].Name != "Delta" || !slices.Equal(r.Unseen, []string{"b"}) {
		t.Errorf("%+v", r)
	}
	if r := l.Drift([]subprocessor.Observed{{Name: "gamma"}}); len(r.Unlisted) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestCyclesAndOrphans(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	for _, id := range []string{"vendor", "x", "y"} {
		s.entity(id, subprocessor.BusinessAssociate)
	}
	s.contract("vendor", "x", "2026-01-02", subprocessor.Terms{}, nil)
	s.contract("x", "y", "2026-01-02", subprocessor.Terms{}, nil)
	back := &subprocessor.Contract{ID: "back", Upstream: "y", Downstream: "vendor", Kind: subprocessor.BAA, Signed: day("2026-01-03"), Effective: day("2026-01-03")}
	s.refused("2026-01-03", subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: back}, subprocessor.ErrCycle)
	e := &subprocessor.Engagement{ID: "e", Entity: "y", Purpose: "p", PHI: subprocessor.HandlesPHI}
	s.do("2026-01-04", subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: e})
	s.do("2026-01-04", subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: "e"})
	s.do("2026-01-04", subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: "e"})
	s.refused("2026-01-04", subprocessor.Event{Kind: subprocessor.EngagementActivated, Subject: "e"}, subprocessor.ErrOrphan)
	if got := s.at("2026-01-05").Chain().Orphans; !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("orphans %v", got)
	}
	s.do("2026-01-05", subprocessor.Event{Kind: subprocessor.ContractEnded, Subject: "x-y", On: day("2026-01-05")})
	back.Effective = day("2026-01-06")
	s.do("2026-01-06", subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: back})
}

func FuzzRegistry(f *testing.F) {
	data, err := os.ReadFile("../examples/vendors/registry.json")
	if err == nil {
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"baakit.subprocessor.registry/1","vendor":"v","zone":"UTC","events":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		reg, events, err := subprocessor.ParseRegistry(data)
		if err != nil {
			return
		}
		raw, err := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := subprocessor.ParseEvents(raw); err != nil || len(back) != len(events) {
			t.Fatalf("%v", err)
		}
		if s, err := reg.StateAt(events, noon("2026-06-01"), noon("2026-06-01")); err == nil {
			_ = s.List().HTML()
			subprocessor.Compile(s)
		}
	})
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(`[{"name":"A","x":1}]`))
	f.Add([]byte("name,purpose\nA,b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		from := subprocessor.Provenance{Source: "s", Fetched: noon("2026-01-01")}
		for _, read := range []func([]byte, string, subprocessor.Provenance) (subprocessor.Import, error){subprocessor.ImportJSON, subprocessor.ImportCSV} {
			in, err := read(data, "p", from)
			if err != nil {
				continue
			}
			for i := range in.Entities {
				if err := in.Entities[i].Validate(); err != nil {
					t.Fatal(err)
				}
				if err := in.Engagements[i].Validate(); err != nil {
					t.Fatal(err)
				}
				if _, err := json.Marshal(in.Engagements[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		_, _ = subprocessor.ImportCycloneDX(data)
		_, _ = subprocessor.ParseSignedList(data)
	})
}
