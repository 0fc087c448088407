package retention_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
	"github.com/baakit/baakit/retention/retentiontest"
)

var law = baakit.MustParseDate("2061-01-01") // all drawn policies apply

func decide(t rapid.TB, r retention.Record, h *retention.Holds, on baakit.Date, list ...retention.Policy) retention.Decision {
	t.Helper()
	s, err := retention.NewSchedule(list)
	if err != nil {
		t.Fatal(err)
	}
	d, err := retention.Evaluate(&r, s, h, on, law)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rank orders keep-through: days, then what has not begun, then what never
// ends; ok is false where it is not determined.
func rank(d retention.Decision, h *retention.Holds) (int, bool) {
	x := d.Outcome
	if x == retention.Held {
		x = retention.Kept // its dates say the rest
	}
	switch {
	case !d.KeepThrough.IsZero():
		return d.KeepThrough.Sub(baakit.MustParseDate("0001-01-01")), true
	case x == retention.Open:
		return 1 << 30, true
	case x == retention.PermanentKept:
		return 1 << 31, true
	case x == retention.Unclassified:
		return -1, true
	}
	return 0, false
}

func own(rule retention.Rule) retention.Policy { return retention.Policy{ID: "own", Rule: rule} }

// The evaluator agrees with the slow reference on every rule.
func TestAgreesWithReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := retentiontest.Rule().Draw(t, "rule")
		if strings.Contains(rule.String(), "unstated") {
			return
		}
		r := retentiontest.KnownRecord().Draw(t, "record")
		on := retentiontest.Date().Draw(t, "on")
		p := own(rule)
		p.Majority = rapid.SampledFrom([]int{18, 19, 21}).Draw(t, "majority")
		d := decide(t, r, nil, on, p)
		want, asks := slowOf(r, p.Majority, on).asks(rule.String())
		switch {
		case !asks:
			if d.Outcome != retention.Unclassified {
				t.Fatalf("%s: %s, want unclassified", rule, d.Outcome)
			}
		case want == never:
			if d.Outcome != retention.PermanentKept {
				t.Fatalf("%s: %s, want permanent", rule, d.Outcome)
			}
		case d.KeepThrough != want || d.FirstDisposable != want.AddDays(1) || d.Disposable() != on.After(want):
			t.Fatalf("%s of %+v: kept through %v, want %v (%s)", rule, r, d.KeepThrough, want, d.Outcome)
		}
	})
}

// The text of a rule is read back to the same rule, in JSON too.
func TestRuleRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := retentiontest.Rule().Draw(t, "rule")
		read, err := retention.ParseRule(rule.String())
		if err != nil || !read.Equal(rule) {
			t.Fatalf("%s reads as %s, %v", rule, read, err)
		}
		wide := strings.NewReplacer(" ", "\n\t ", "(", " ( ").Replace(rule.String())
		if read, err = retention.ParseRule(wide); err != nil || !read.Equal(rule) {
			t.Fatalf("%q reads as %s, %v", wide, read, err)
		}
		s, err := retention.NewSchedule([]retention.Policy{own(rule)})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := retention.ParseSchedule(data)
		if err != nil || again.Hash() != s.Hash() {
			t.Fatalf("schedule: %v", err)
		}
	})
}

// More policies never keep shorter, holds move no keep-through, and neither
// order nor repetition of policies and holds makes a difference.
func TestSetsOfPoliciesAndHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := retentiontest.KnownRecord().Draw(t, "record")
		list := retentiontest.Policies().Draw(t, "policies")
		on := retentiontest.Date().Draw(t, "on")
		before := decide(t, r, nil, on, list...)
		after := decide(t, r, nil, on, append(slices.Clone(list), retentiontest.Policy("more").Draw(t, "more"))...)
		a, known := rank(before, nil)
		b, also := rank(after, nil)
		if known && also && b < a {
			t.Fatalf("a policy more, and kept %d instead of %d", b, a)
		}
		shuffled := rapid.Permutation(append(slices.Clone(list), list[0])).Draw(t, "order")
		again := decide(t, r, nil, on, shuffled...)
		x, y := before.Explain(), again.Explain()
		if got, want := mustJSON(t, y), mustJSON(t, x); got != want {
			t.Fatalf("the order of the policies makes a difference:\n%s\n%s", got, want)
		}
		var set []retention.Hold
		for range rapid.IntRange(1, 3).Draw(t, "holds") {
			set = append(set, retentiontest.Hold().Draw(t, "hold"))
		}
		h, err := retention.NewHolds(set...)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(set)
		reversed, err := retention.NewHolds(append(set, set[0])...)
		if err != nil {
			t.Fatal(err)
		}
		held := decide(t, r, h, on, list...)
		other := decide(t, r, reversed, on, list...)
		if held.KeepThrough != before.KeepThrough || held.NotBefore != before.NotBefore || held.NotAfter != before.NotAfter {
			t.Fatal("a hold moves keep-through")
		}
		if other.Outcome != held.Outcome || other.EarliestDisposal != held.EarliestDisposal {
			t.Fatal("the order of the holds makes a difference")
		}
		barred := false
		for _, x := range set {
			one, err := retention.NewHolds(x)
			if err != nil {
				t.Fatal(err)
			}
			barred = barred || one.Bars(&r, on)
			end, lifted := x.Barred()
			want := covers(x, r) && !on.Before(x.Placed) && (!lifted || !on.After(end))
			if one.Bars(&r, on) != want {
				t.Fatalf("hold %+v bars %v: %t, want %t", x, on, !want, want)
			}
		}
		if h.Bars(&r, on) != barred || (held.Outcome == retention.Held) != barred || barred && held.Disposable() {
			t.Fatalf("held %t, outcome %s", barred, held.Outcome)
		}
		if !barred && held.Disposable() != before.Disposable() {
			t.Fatal("a hold that bars nothing changes the outcome")
		}
		if !held.EarliestDisposal.IsZero() && held.EarliestDisposal.Before(held.FirstDisposable) {
			t.Fatal("disposal before the period is over")
		}
	})
}

func covers(h retention.Hold, r retention.Record) bool {
	switch {
	case h.Scope.All:
		return true
	case len(h.Scope.Classes) > 0:
		return r.Class == "" || r.Class == "medical_record"
	}
	_, known := r.Attributes["ward"]
	return !known // what the record does not say counts as held
}

func mustJSON(t rapid.TB, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Days pass: what may be destroyed today may be tomorrow.
func TestMonotoneInDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := retentiontest.Record().Draw(t, "record")
		rule := retentiontest.RuleWithoutCases().Draw(t, "rule")
		on := retentiontest.Date().Draw(t, "on")
		today := decide(t, r, nil, on, own(rule))
		later := decide(t, r, nil, on.AddDays(rapid.IntRange(1, 20000).Draw(t, "days")), own(rule))
		if today.Disposable() && !later.Disposable() {
			t.Fatalf("%s: due, and later %s", rule, later.Outcome)
		}
	})
}

// The algebra of rules.
func TestAlgebra(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := retentiontest.KnownRecord().Draw(t, "record")
		on := retentiontest.Date().Draw(t, "on")
		k := func(rule retention.Rule) int {
			n, _ := rank(decide(t, r, nil, on, own(rule)), nil)
			return n
		}
		x := retentiontest.RuleWithoutCases().Draw(t, "x")
		y := retentiontest.RuleWithoutCases().Draw(t, "y")
		if strings.Contains(x.String()+y.String(), "unstated") {
			return
		}
		longest, earliest := k(retention.LongestOf(x, y)), k(retention.EarliestOf(x, y))
		if k(retention.LongestOf(x)) != k(x) || longest != max(k(x), k(y)) || earliest != min(k(x), k(y)) || k(retention.Capped(x, y)) != earliest {
			t.Fatalf("%s, %s: longest %d, earliest %d", x, y, longest, earliest)
		}
		forever := retention.Permanent()
		if k(retention.LongestOf(x, forever)) != k(forever) || k(retention.EarliestOf(x, forever)) != k(x) {
			t.Fatal("permanent is not absorbed or neutral")
		}
		// Later events and longer periods never keep shorter.
		later := r
		later.Events = make(map[retention.Trigger]retention.When)
		for trigger, w := range r.Events {
			d, _ := w.Date()
			later.Events[trigger] = retention.On(d.AddDays(rapid.IntRange(0, 3000).Draw(t, "days")))
		}
		n, _ := rank(decide(t, later, nil, on, own(x)), nil)
		if n < k(x) {
			t.Fatalf("%s: later events keep shorter", x)
		}
		born, _ := r.Birth.Date()
		older := r
		older.Birth = retention.On(born.AddDays(-rapid.IntRange(0, 9000).Draw(t, "older")))
		if n, _ := rank(decide(t, older, nil, on, own(x)), nil); n > k(x) {
			t.Fatalf("%s: an earlier birth keeps longer", x)
		}
	})
}

// What is not known gives bounds, is never due, and every completion lies
// within them.
func TestUnknown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		full := retentiontest.KnownRecord().Draw(t, "record")
		on := retentiontest.Date().Draw(t, "on")
		rule := retentiontest.Rule().Draw(t, "rule")
		// Nobody is born after the day of the question.
		if born, _ := full.Birth.Date(); born.After(on) {
			full.Birth = retention.On(on)
		}
		r := full
		r.Events = make(map[retention.Trigger]retention.When)
		r.Facts = make(map[string]bool)
		for trigger, w := range full.Events {
			switch rapid.IntRange(0, 3).Draw(t, "state") {
			case 0:
				r.Events[trigger] = retention.Unknown()
			case 1:
				d, _ := w.Date()
				r.Events[trigger] = retention.Within(d.AddDays(-5), d.AddDays(20))
			case 2:
			default:
				r.Events[trigger] = w
			}
		}
		for f, v := range full.Facts {
			if rapid.Bool().Draw(t, "stated") {
				r.Facts[f] = v
			}
		}
		if rapid.Bool().Draw(t, "birth unknown") {
			r.Birth = retention.Unknown()
		}
		d := decide(t, r, nil, on, own(rule))
		k := decide(t, full, nil, on, own(rule))
		if d.Outcome == retention.Indeterminate {
			if d.Disposable() || !d.KeepThrough.IsZero() || len(d.Explain().Missing) == 0 {
				t.Fatalf("%s: indeterminate, but %+v", rule, d.Explain())
			}
			if !d.NotBefore.IsZero() && !k.KeepThrough.IsZero() && k.KeepThrough.Before(d.NotBefore) ||
				!d.NotAfter.IsZero() && (k.KeepThrough.After(d.NotAfter) || k.Outcome == retention.PermanentKept) {
				t.Fatalf("%s: %v is not from %v through %v", rule, k.KeepThrough, d.NotBefore, d.NotAfter)
			}
			return
		}
		a, known := rank(d, nil)
		if b, also := rank(k, nil); known && also && a < b {
			t.Fatalf("%s: decided %s, %v, but complete %s, %v", rule, d.Outcome, d.KeepThrough, k.Outcome, k.KeepThrough)
		}
	})
}

// In compliance mode no edit of policy brings a keep-through nearer; in
// governance mode only a named role with a reason does.
func TestComplianceIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := retentiontest.KnownRecord().Draw(t, "record")
		on := retentiontest.Date().Draw(t, "on")
		mode := rapid.SampledFrom([]retention.Mode{retention.Compliance, retention.Governance, retention.Advisory}).Draw(t, "mode")
		first, err := retention.NewSchedule(retentiontest.Policies().Draw(t, "policies"))
		if err != nil {
			t.Fatal(err)
		}
		g, err := retention.Govern(mode, first, "records_manager")
		if err != nil {
			t.Fatal(err)
		}
		through := func() (int, bool) {
			d, err := retention.Evaluate(&r, g.Schedule(), nil, on, law)
			if err != nil {
				t.Fatal(err)
			}
			return rank(d, nil)
		}
		last, known := through()
		for range 4 {
			s, err := retention.NewSchedule(retentiontest.Policies().Draw(t, "policies"))
			if err != nil {
				t.Fatal(err)
			}
			edit := retention.PolicyChange{On: on, By: "somebody"}
			if rapid.Bool().Draw(t, "role") {
				edit.Role = rapid.SampledFrom([]string{"records_manager", "intern"}).Draw(t, "as")
			}
			if rapid.Bool().Draw(t, "reason") {
				edit.Reason = "a new schedule"
			}
			if g, err = g.Edit(s, edit); err != nil {
				t.Fatal(err)
			}
			may := mode == retention.Advisory || mode == retention.Governance && edit.Role == "records_manager" && edit.Reason != ""
			now, also := through()
			if known && also && now < last && !may {
				t.Fatalf("%s: kept %d, then %d", mode, last, now)
			}
			if c := g.Changes(); c[len(c)-1].Replaced != may {
				t.Fatalf("%s: %+v", mode, c[len(c)-1])
			}
			last, known = now, also
		}
	})
}

// The lock of an object store never comes nearer, and never ends before the
// last day is over in the custodian's zone.
func TestLockOnlyExtends(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lock := retention.Lock{}
		for range 5 {
			r := retentiontest.Record().Draw(t, "record")
			on := retentiontest.Date().Draw(t, "on")
			d := decide(t, r, nil, on, own(retentiontest.Rule().Draw(t, "rule")))
			zone := zones[rapid.IntRange(0, len(zones)-1).Draw(t, "zone")]
			next := retention.Project(&d, lock, &retention.LockOptions{Mode: retention.Compliance, Zone: zone, Horizon: baakit.MustParsePeriod("1 year")})
			if next.RetainUntil.Before(lock.RetainUntil) {
				t.Fatal("the lock came nearer")
			}
			if !d.KeepThrough.IsZero() {
				if _, end := d.KeepThrough.In(zone); next.RetainUntil.Before(end) {
					t.Fatal("the lock ends before its last day does")
				}
			}
			if s := next.S3(); s.Mode != "COMPLIANCE" || s.RetainUntilDate != next.RetainUntil || next.GCS().RetainUntil != s.RetainUntilDate || next.Azure().Until != s.RetainUntilDate {
				t.Fatal("the stores are asked for different things")
			}
			lock = next
		}
	})
}

// The explanation survives JSON, and its sentence carries no attribute.
func TestExplanationRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := retentiontest.Record().Draw(t, "record")
		d := decide(t, r, nil, retentiontest.Date().Draw(t, "on"), retentiontest.Policies().Draw(t, "policies")...)
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		x, err := retention.ParseExplanation(data)
		if err != nil {
			t.Fatal(err)
		}
		if again := mustJSON(t, x); again != string(data) {
			t.Fatalf("%s\n%s", data, again)
		}
		governs := 0
		for _, c := range x.Considered {
			if c.Governs {
				governs++
			}
			if c.Ends == "date" && !d.KeepThrough.IsZero() && c.Through.After(d.KeepThrough) {
				t.Fatal("a rule that was considered keeps longer than the decision")
			}
		}
		if (x.Governing != "") != (governs == 1) || x.Says == "" {
			t.Fatalf("%d govern, %q", governs, x.Governing)
		}
	})
}

// A record in JSON is read back to the same.
func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := retentiontest.Record().Draw(t, "record")
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		read, err := retention.ParseRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, []byte(mustJSON(t, read))) {
			t.Fatalf("%s", data)
		}
	})
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range retentiontest.Scenarios() {
		h, err := retention.NewHolds(s.Holds...)
		if err != nil {
			t.Fatal(err)
		}
		d := decide(t, s.Record, h, s.On, own(s.Rule))
		if d.Outcome != s.Outcome || d.KeepThrough != s.KeepThrough || d.FirstDisposable != s.FirstDisposable || d.EarliestDisposal != s.EarliestDisposal {
			t.Errorf("%s: %s, %v, %v, %v", s.Name, d.Outcome, d.KeepThrough, d.FirstDisposable, d.EarliestDisposal)
		}
	}
}
