package review_test

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
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

// login is a failed one.
func login(who string) audit.Event {
	return audit.Event{
		Type: audit.UserAuthentication, Subtype: []audit.Subtype{audit.Login}, Action: audit.ActionExecute, Outcome: audit.MinorFailure,
		Actor: audit.Actor{ID: who}, Client: audit.Client{Addr: "10.0.0." + strings.TrimPrefix(who, "u-")},
	}
}

// A finding explains itself: rule, sources, entries, times.
func explains(t fatal, f review.Finding, rule string) {
	t.Helper()
	n := uint64(0)
	for i, r := range f.Entries {
		n += r.Until - r.From
		if r.From >= r.Until || i > 0 && f.Entries[i-1].Chain == r.Chain && f.Entries[i-1].Until >= r.From {
			t.Fatal("entries", f.Entries)
		}
	}
	if f.ID != rule || f.Says == "" || len(f.Citations) == 0 || f.Citations[0].Confidence() != baakit.Primary || uint64(f.Count) != n || n == 0 ||
		f.First.After(f.Last) || f.Detail == "" {
		t.Fatal(fmt.Sprintf("%+v", f))
	}
}

func TestBreakGlass(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	plain := audit.Event{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-1"}, Patient: "p-1"}
	marked, purpose, began, ended, treated := plain, plain, plain, plain, plain
	marked.Emergency = true
	purpose.Purpose = []audit.Purpose{audit.Treatment, audit.BreakGlass}
	began.Subtype = []audit.Subtype{audit.EmergencyStarted}
	ended.Subtype = []audit.Subtype{audit.EmergencyStopped}
	treated.Purpose = []audit.Purpose{audit.EmergencyTreatment}
	for _, e := range []audit.Event{plain, marked, purpose, began, ended, treated} {
		b.append(t, "t/1", e)
	}
	var got []uint64
	for _, f := range collect(t, review.BreakGlass(b.entries("t/1"))) {
		explains(t, f, "break_glass")
		if f.Actor != "u-1" || f.Subject != audit.SubjectToken(sealer.TokenKey, "p-1").String() {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Entries[0].From)
	}
	if !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("%v", got)
	}
}

func TestSameSurname(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	staff := map[string]string{"u-1": "Miller", "u-2": "Smith"}
	patients := map[string]string{audit.SubjectToken(sealer.TokenKey, "p-1").String(): "Smith"}
	for _, e := range []audit.Event{
		{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-1"}, Patient: "p-1"},
		{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-2"}, Patient: "p-1"},
		{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-2"}, Patient: "p-2"},
		{Action: "R", Outcome: "0", Actor: audit.Actor{ID: "u-2"}},
	} {
		b.append(t, "t/1", e)
	}
	asked := 0
	list := collect(t, review.SameSurname(b.entries("t/1"), func(e audit.Entry) (bool, error) {
		asked++
		name, ok := patients[e.Subject]
		return ok && name == staff[e.Event.Actor.ID], nil
	}))
	if len(list) != 1 || runs(list[0]) != "[{t/1 1 2}]" || asked != 3 {
		t.Errorf("%+v after %d questions", list, asked)
	}
	explains(t, list[0], "same_surname")
	sick := errors.New("the directory does not answer")
	if err := failure(review.SameSurname(b.entries("t/1"), func(audit.Entry) (bool, error) { return false, sick })); !errors.Is(err, sick) {
		t.Errorf("%v", err)
	}
}

// burstsByHand finds the bursts of each key by looking at every run of failures
// that follow each other.
func burstsByHand(list []audit.Entry, rule review.LoginRule) []string {
	byKey := make(map[string][]audit.Entry)
	for _, e := range list {
		if e.Event.Type != "110114" || e.Event.Kind != "" || e.Event.Outcome == "0" {
			continue
		}
		key := e.Event.Actor.ID
		if rule.By == review.ByAddr {
			key = e.Event.Client.Addr
		}
		if key != "" {
			byKey[key] = append(byKey[key], e)
		}
	}
	var out []string
	for _, failures := range byKey {
		var burst []uint64
		end := -1 // of the last run that was hot
		flush := func() {
			if burst != nil {
				out = append(out, fmt.Sprint(burst))
			}
			burst = nil
		}
		for i := 0; i+rule.AtLeast <= len(failures); i++ {
			last := i + rule.AtLeast - 1
			if failures[last].Time.Sub(failures[i].Time) > rule.Within {
				continue
			}
			if i > end { // it shares nothing with the run before
				flush()
				end = i - 1
			}
			for _, e := range failures[end+1 : last+1] {
				burst = append(burst, e.Seq)
			}
			end = last
		}
		flush()
	}
	slices.Sort(out)
	return out
}

func TestFailedLoginsAreThoseFoundByHand(t *testing.T) {
	t.Parallel()
	found := 0
	law := func(t *rapid.T) {
		b := newBench(t)
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			b.now = b.now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 1, 2, 9}).Draw(t, "minutes")) * time.Minute)
			e := login(rapid.SampledFrom([]string{"u-1", "u-1", "u-2"}).Draw(t, "who"))
			e.Outcome = audit.Outcome(rapid.SampledFrom([]string{"0", "4", "8", "12"}).Draw(t, "outcome"))
			if rapid.IntRange(0, 9).Draw(t, "nowhere") == 0 {
				e.Client.Addr = ""
			}
			b.append(t, "t/1", e)
		}
		rule := review.LoginRule{
			AtLeast: rapid.IntRange(1, 5).Draw(t, "at least"), Within: time.Duration(rapid.IntRange(0, 6).Draw(t, "within")) * time.Minute,
			By: rapid.SampledFrom([]review.LoginKey{"", review.ByActor, review.ByAddr}).Draw(t, "by"),
		}
		var got []string
		for _, f := range collect(t, review.FailedLogins(b.entries("t/1"), rule)) {
			explains(t, f, "failed_logins")
			var seqs []uint64
			for _, r := range f.Entries {
				for n := r.From; n < r.Until; n++ {
					seqs = append(seqs, n)
				}
			}
			got = append(got, fmt.Sprint(seqs))
		}
		slices.Sort(got)
		if want := burstsByHand(collect(t, b.entries("t/1")), rule); !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
		found += len(got)
	}
	rapid.Check(t, law)
	found = 0
	gen.Always(40, law)
	if found == 0 {
		t.Error("no burst was ever drawn")
	}
}

// Both sides of the number and of the time.
func TestFailedLoginsThreshold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n    int
		over time.Duration
		want int
	}{
		{3, time.Minute, 1}, {2, time.Minute, 0}, {3, time.Minute + time.Microsecond, 0}, {4, time.Minute + time.Microsecond, 1},
	} {
		b := newBench(t)
		for i := range tt.n {
			if i == tt.n-1 {
				b.now = b.now.Add(tt.over)
			} else if i == 1 && tt.n == 4 {
				b.now = b.now.Add(time.Microsecond)
			}
			b.append(t, "t/1", login("u-1"))
		}
		list := collect(t, review.FailedLogins(b.entries("t/1"), review.LoginRule{AtLeast: 3, Within: time.Minute}))
		if len(list) != tt.want {
			t.Errorf("%d within %s: %+v", tt.n, tt.over, list)
		}
	}
	b := newBench(t)
	logout := login("u-1")
	logout.Subtype = []audit.Subtype{audit.Logout}
	good := login("u-1")
	good.Outcome = audit.Success
	refused := login("u-1")
	refused.Type = audit.REST
	for _, e := range []audit.Event{logout, good, refused} {
		b.append(t, "t/1", e)
	}
	if list := collect(t, review.FailedLogins(b.entries("t/1"), review.LoginRule{AtLeast: 1})); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	if err := failure(review.FailedLogins(b.entries("t/1"), review.LoginRule{Within: -1, By: "name"})); paths(err) != "at_least within by" {
		t.Errorf("%v", err)
	}
	backwards := func(yield func(audit.Entry, error) bool) {
		list := collect(t, b.entries("t/1"))
		list[0].Time = list[0].Time.Add(time.Hour)
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
	if err := failure(review.FailedLogins(backwards, review.LoginRule{AtLeast: 1})); !errors.Is(err, review.ErrOrder) {
		t.Errorf("%v", err)
	}
	if err := failure(review.Volume(backwards, func(string) review.Baseline { return review.Baseline{} }, review.VolumeRule{Times: 1, Of: 1})); !errors.Is(err, review.ErrOrder) {
		t.Errorf("%v", err)
	}
}

// Those who have been quiet are forgotten, and their bursts are found all the
// same.
func TestFailedLoginsForget(t *testing.T) {
	t.Parallel()
	failures := func(yield func(audit.Entry, error) bool) {
		for i := range 10_000 {
			for k := range 2 {
				e := audit.Entry{Chain: "t/1", Seq: uint64(2*i + k), Time: start.Add(time.Duration(i) * time.Second)}
				e.Event = login(fmt.Sprintf("u-%d", i))
				if !yield(e, nil) {
					return
				}
			}
		}
	}
	n := 0
	for f, err := range review.FailedLogins(failures, review.LoginRule{AtLeast: 2, Within: time.Second}) {
		if err != nil || f.Count != 2 {
			t.Fatal(f, err)
		}
		n++
	}
	if n != 10_000 {
		t.Errorf("%d bursts", n)
	}
	for range review.FailedLogins(failures, review.LoginRule{AtLeast: 2, Within: time.Second}) {
		break // and stopping early is no panic
	}
}

// A day is found if and only if its entries are more than the multiple, in
// fractions.
func TestVolumeIsExact(t *testing.T) {
	t.Parallel()
	found := 0
	law := func(t *rapid.T) {
		zone := rapid.SampledFrom([]*time.Location{nil, time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)}).Draw(t, "zone")
		b := newBench(t)
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			b.now = b.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1, 5, 20}).Draw(t, "hours")) * time.Hour)
			b.append(t, "t/1", login(rapid.SampledFrom([]string{"u-1", "u-2"}).Draw(t, "who")))
		}
		number := func(label string) uint64 {
			return rapid.SampledFrom([]uint64{1, 2, 3, 4, 6, 7, math.MaxUint64}).Draw(t, label)
		}
		rule := review.VolumeRule{Times: number("times"), Of: number("of"), Zone: zone}
		baselines := map[string]review.Baseline{"u-1": {number("entries"), number("days")}}
		var got []string
		for _, f := range collect(t, review.Volume(b.entries("t/1"), func(id string) review.Baseline { return baselines[id] }, rule)) {
			id := "volume"
			if f.Actor == "u-2" {
				id = "volume_unknown"
			}
			explains(t, f, id)
			got = append(got, fmt.Sprint(f.Actor, f.First.In(cmpZone(zone)).Format(time.DateOnly), f.Count))
		}
		count := make(map[[2]string]int64)
		for _, e := range collect(t, b.entries("t/1")) {
			count[[2]string{e.Event.Actor.ID, e.Time.In(cmpZone(zone)).Format(time.DateOnly)}]++
		}
		var want []string
		for key, n := range count {
			base := baselines[key[0]]
			if base.Days > 0 {
				frac := func(a, b uint64) *big.Rat {
					return new(big.Rat).SetFrac(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
				}
				usual := new(big.Rat).Mul(frac(base.Entries, base.Days), frac(rule.Times, rule.Of))
				if new(big.Rat).SetInt64(n).Cmp(usual) <= 0 {
					continue
				}
			}
			want = append(want, fmt.Sprint(key[0], key[1], n))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
		found += len(got)
	}
	rapid.Check(t, law)
	found = 0
	gen.Always(40, law)
	if found == 0 {
		t.Error("no day was ever found")
	}
	if err := failure(review.Volume(newBench(t).entries("t/1"), nil, review.VolumeRule{})); paths(err) != "times of" {
		t.Errorf("%v", err)
	}
}

func cmpZone(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

// Exactly the multiple is usual, one more is not; the baseline counts quiet
// days too.
func TestVolumeThreshold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	history := func(yield func(audit.Entry, error) bool) { // 4 entries in 2 days, and some on other days
		for _, hour := range []int{-48, 0, 1, 2, 3, 48} {
			if !yield(audit.Entry{Time: start.Add(time.Duration(hour) * time.Hour), Event: audit.Event{Actor: audit.Actor{ID: "u-1"}}}, nil) {
				return
			}
		}
	}
	first := baakit.DateOf(start, nil)
	baselines, err := review.Baselines(history, first, first.AddDays(1), nil)
	if err != nil || baselines["u-1"] != (review.Baseline{Entries: 4, Days: 2}) {
		t.Fatal(baselines, err)
	}
	if _, err := review.Baselines(history, first, first.AddDays(-1), nil); paths(err) != "last" {
		t.Errorf("%v", err)
	}
	for _, n := range []int{3, 4} { // one and a half times 2 is 3
		b.now = b.now.Add(24 * time.Hour)
		for range n {
			b.append(t, "t/1", login("u-1"))
		}
	}
	list := collect(t, review.Volume(b.entries("t/1"), func(id string) review.Baseline { return baselines[id] }, review.VolumeRule{Times: 3, Of: 2}))
	if len(list) != 1 || list[0].Count != 4 || runs(list[0]) != "[{t/1 3 7}]" {
		t.Errorf("%+v", list)
	}
}

func TestAfterHours(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("no time zones here")
	}
	day := review.Hours{Open: 8 * 60, Close: 17*60 + 30, Zone: zone, Calendar: baakit.Federal()}
	night := review.Hours{Open: 22 * 60, Close: 6 * 60, Zone: zone, Calendar: baakit.Weekdays()}
	for _, tt := range []struct {
		hours review.Hours
		at    string
		found bool
	}{
		{day, "2026-01-05 07:59:59.999999", true},
		{day, "2026-01-05 08:00:00", false},
		{day, "2026-01-05 17:29:59", false},
		{day, "2026-01-05 17:30:00", true},
		{day, "2026-01-04 12:00:00", true},  // a Sunday
		{day, "2026-01-01 12:00:00", true},  // a holiday
		{day, "2026-03-09 08:00:00", false}, // the day after clocks went forward
		{night, "2026-01-05 21:59:00", true},
		{night, "2026-01-05 22:00:00", false},
		{night, "2026-01-06 05:59:00", false},
		{night, "2026-01-06 06:00:00", true},
		{night, "2026-01-05 03:00:00", true},  // the night began on a Sunday
		{night, "2026-01-10 03:00:00", false}, // and this one on a Friday
		{review.Hours{Open: 0, Close: 24 * 60}, "2026-01-04 23:59:59", false},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04:05.999999", tt.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		one := func(yield func(audit.Entry, error) bool) {
			for i, id := range []string{"u-1", "robot"} {
				if !yield(audit.Entry{Chain: "t/1", Seq: uint64(i), Time: at.UTC(), Event: audit.Event{Actor: audit.Actor{ID: id}}}, nil) {
					return
				}
			}
		}
		list := collect(t, review.AfterHours(one, func(a audit.Actor) (review.Hours, bool) { return tt.hours, a.ID != "robot" }))
		if (len(list) == 1) != tt.found {
			t.Errorf("%s: %+v", tt.at, list)
		}
		for _, f := range list {
			explains(t, f, "after_hours")
		}
	}
	for _, h := range []review.Hours{{Open: -1}, {Open: 24 * 60}, {Close: -1}, {Close: 24*60 + 1}} {
		list := iter.Seq2[audit.Entry, error](func(yield func(audit.Entry, error) bool) { yield(audit.Entry{}, nil) })
		if err := failure(review.AfterHours(list, func(audit.Actor) (review.Hours, bool) { return h, true })); paths(err) != "hours" {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

// A pattern over several chains names the entries of each.
func TestPatternOverChains(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, chain := range []string{"t/1", "t/2", "t/1", "t/2"} {
		b.append(t, chain, login("u-1"))
		b.now = b.now.Add(time.Second)
	}
	list := collect(t, review.FailedLogins(review.Merge(b.entries("t/1"), b.entries("t/2")), review.LoginRule{AtLeast: 4, Within: time.Minute}))
	if len(list) != 1 || runs(list[0]) != "[{t/1 0 2} {t/2 0 2}]" {
		t.Fatalf("%+v", list)
	}
	fs := review.Findings(list)
	for _, text := range []string{fs.Text(), fs.Markdown(), fs.CSV()} {
		for _, want := range []string{"u-1", "t/1 0-1, t/2 0-1", "4 failures", "45 CFR 164.308(a)(5)(ii)(C)"} {
			if !strings.Contains(strings.ReplaceAll(text, `\_`, "_"), want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
	}
	if review.Findings(nil).Text() != "No findings.\n" {
		t.Error("of no findings")
	}
}
