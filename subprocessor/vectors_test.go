package subprocessor_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/subprocessor"
)

func day(s string) baakit.Date { return baakit.MustParseDate(s) }

func noon(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s+"T12:00:00Z")
	if err != nil {
		panic(err)
	}
	return t
}

// A story is a registry and its events, which fail the test when refused.
type story struct {
	t      testing.TB
	reg    *subprocessor.Registry
	events []subprocessor.Event
}

func newStory(t testing.TB) *story {
	reg, err := subprocessor.NewRegistry(subprocessor.RegistryConfig{Vendor: "vendor", Zone: time.UTC, Calendar: baakit.Weekdays()})
	if err != nil {
		t.Fatal(err)
	}
	return &story{t: t, reg: reg}
}

func (s *story) try(on string, e subprocessor.Event) error {
	e.At = noon(on)
	e, err := s.reg.Record(s.events, e)
	if err == nil {
		s.events = append(s.events, e)
	}
	return err
}

func (s *story) do(on string, e subprocessor.Event) {
	s.t.Helper()
	if err := s.try(on, e); err != nil {
		s.t.Fatalf("%s on %s: %v", e.Kind, on, err)
	}
}

func (s *story) refused(on string, e subprocessor.Event, want error) {
	s.t.Helper()
	if err := s.try(on, e); !errors.Is(err, want) {
		s.t.Fatalf("%s on %s: %v, want %v", e.Kind, on, err, want)
	}
}

func (s *story) at(on string) *subprocessor.State {
	s.t.Helper()
	state, err := s.reg.StateAt(s.events, noon(on), noon("9999-01-01"))
	if err != nil {
		s.t.Fatal(err)
	}
	return state
}

func (s *story) gate(on, engagement, customer string) subprocessor.Decision {
	s.t.Helper()
	return subprocessor.Compile(s.at(on)).Gate(engagement, customer, noon(on))
}

func (s *story) entity(id string, role subprocessor.Role) {
	s.t.Helper()
	s.do("2026-01-01", subprocessor.Event{Kind: subprocessor.EntityRecorded, Entity: &subprocessor.Entity{ID: id, LegalName: strings.ToUpper(id) + ", Inc.", Role: role}})
}

func (s *story) contract(up, down, signed string, terms subprocessor.Terms, notice *subprocessor.NoticeTerms) {
	s.t.Helper()
	s.do(signed, subprocessor.Event{Kind: subprocessor.ContractSigned, Contract: &subprocessor.Contract{
		ID: up + "-" + down, Upstream: up, Downstream: down, Kind: subprocessor.BAA, Signed: day(signed), Effective: day(signed), Terms: terms, Notice: notice,
	}})
}

func period(s string) baakit.Period { return baakit.MustParsePeriod(s) }

// customers begins a story of three customers with different terms over one
// vendor whose backup is to be done by "new" instead of "old".
func customers(t testing.TB) *story {
	s := newStory(t)
	for _, id := range []string{"a", "b", "c"} {
		s.entity(id, subprocessor.CoveredEntity)
	}
	for _, id := range []string{"vendor", "old", "new"} {
		s.entity(id, subprocessor.BusinessAssociate)
	}
	emergency := &subprocessor.EmergencyTerms{Reasons: []string{"security"}, NoticeWithin: period("5 days")}
	notice := map[string]*subprocessor.NoticeTerms{
		"a": {Window: period("30 days"), Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence, Cure: period("20 days"), Emergency: emergency},
		"b": {Window: period("10 business days"), Start: subprocessor.StartReceived, Consent: subprocessor.ConsentSilence},
		"c": {Window: period("30 days"), Start: subprocessor.StartSent, Consent: subprocessor.ConsentSilence, Terminate: period("90 days")},
	}
	s.contract("vendor", "old", "2026-01-02", subprocessor.Terms{}, nil)
	s.contract("vendor", "new", "2026-10-01", subprocessor.Terms{}, nil)
	for _, id := range []string{"a", "b", "c"} {
		s.contract(id, "vendor", "2026-03-01", subprocessor.Terms{}, notice[id])
	}
	for _, e := range []subprocessor.Engagement{{ID: "old-backup", Entity: "old", Purpose: "Backup", PHI: subprocessor.HandlesPHI}, {ID: "new-backup", Entity: "new", Purpose: "Backup", PHI: subprocessor.EncryptedNoKey}} {
		s.do("2026-11-01", subprocessor.Event{Kind: subprocessor.EngagementProposed, Engagement: &e})
		s.do("2026-11-01", subprocessor.Event{Kind: subprocessor.EngagementReviewed, Subject: e.ID})
		s.do("2026-11-01", subprocessor.Event{Kind: subprocessor.EngagementContracted, Subject: e.ID})
	}
	s.do("2026-11-02", subprocessor.Event{Kind: subprocessor.EngagementActivated, Subject: "old-backup"})
	return s
}

func (s *story) announce(emergency *subprocessor.Emergency) {
	s.t.Helper()
	change := &subprocessor.Change{
		ID: "swap", Kind: subprocessor.ReplaceSubprocessor, Before: "old-backup", Emergency: emergency,
		After: &subprocessor.Engagement{ID: "new-backup", Entity: "new", Purpose: "Backup", PHI: subprocessor.EncryptedNoKey},
	}
	s.do("2026-11-20", subprocessor.Event{Kind: subprocessor.ChangeDrafted, Change: change})
	s.do("2026-11-23", subprocessor.Event{Kind: subprocessor.ChangeApproval, ChangeID: "swap"})
	if emergency == nil {
		s.do("2026-12-01", subprocessor.Event{Kind: subprocessor.ChangeAnnouncement, ChangeID: "swap"})
	}
}

func (s *story) notice(kind subprocessor.EventKind, on, customer, notice string) {
	s.t.Helper()
	s.do(on, subprocessor.Event{Kind: kind, ChangeID: "swap", Customer: customer, Notice: notice})
}

func (s *story) customer(on, id string) subprocessor.CustomerState {
	s.t.Helper()
	c, ok := s.at(on).Change("swap")
	if !ok {
		s.t.Fatal("no change")
	}
	for _, k := range c.Customers {
		if k.Customer == id {
			return k
		}
	}
	s.t.Fatalf("no customer %s on %s", id, on)
	return subprocessor.CustomerState{}
}

func TestWindowsPerCustomer(t *testing.T) {
	t.Parallel()
	s := customers(t)
	s.announce(nil)
	for _, id := range []string{"a", "b", "c"} {
		s.notice(subprocessor.NoticeSent, "2026-12-01", id, "n-"+id)
	}
	if got := s.customer("2026-12-03", "b").Dates; got != (subprocessor.Dates{}) {
		t.Errorf("B's dates before receipt = %+v, want none", got)
	}
	if c, _ := s.at("2026-12-03").Change("swap"); !c.Earliest.IsZero() {
		t.Errorf("earliest over all = %s before B received, want unknown", c.Earliest)
	}
	s.notice(subprocessor.NoticeAcknowledged, "2026-12-04", "b", "n-b")
	for id, want := range map[string]string{"a": "2026-12-31", "b": "2026-12-18", "c": "2026-12-31"} {
		if got := s.customer("2026-12-05", id).Dates.WindowEnd; got != day(want) {
			t.Errorf("%s ends %s, want %s", id, got, want)
		}
	}
	if got := s.customer("2026-12-05", "c").Dates.TerminateThrough; got != day("2027-03-01") {
		t.Errorf("C may terminate through %s, want 2027-03-01", got)
	}
	if c, _ := s.at("2026-12-05").Change("swap"); c.Earliest != day("2027-01-01") {
		t.Errorf("earliest over all = %s, want 2027-01-01", c.Earliest)
	}
	s.refused("2026-12-31", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"}, subprocessor.ErrNotClear)
	s.do("2027-01-01", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"})
	for _, id := range []string{"a", "b", "c"} {
		if d := s.gate("2027-01-01", "new-backup", id); !d.Yes() {
			t.Errorf("gate for %s: %+v", id, d.Reasons())
		}
	}
}

func TestBounce(t *testing.T) {
	t.Parallel()
	s := customers(t)
	s.announce(nil)
	for _, id := range []string{"a", "b", "c"} {
		s.notice(subprocessor.NoticeSent, "2026-12-01", id, "n-"+id)
	}
	s.notice(subprocessor.NoticeBounced, "2026-12-02", "b", "n-b")
	if k := s.customer("2027-02-01", "b"); k.Status != subprocessor.CustomerPending || !k.Dates.Start.IsZero() {
		t.Errorf("B = %+v, want not started", k)
	}
	if c, _ := s.at("2027-02-01").Change("swap"); !c.Earliest.IsZero() {
		t.Errorf("earliest over all = %s, want unknown", c.Earliest)
	}
	s.refused("2027-01-01", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"}, subprocessor.ErrNotClear)
	s.do("2027-01-01", subprocessor.Event{Kind: subprocessor.CustomerGatedOff, ChangeID: "swap", Customer: "b"})
	s.do("2027-01-01", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"})
	if !s.gate("2027-01-02", "new-backup", "a").Yes() || s.gate("2027-01-02", "new-backup", "b").Yes() {
		t.Error("want the gate open for A and closed for B")
	}
}

func TestEmergencySwap(t *testing.T) {
	t.Parallel()
	s := customers(t)
	s.announce(&subprocessor.Emergency{Reason: "security", Approver: "CISO", Until: day("2027-02-01")})
	s.do("2026-12-10", subprocessor.Event{Kind: subprocessor.EmergencyTookEffect, ChangeID: "swap"})
	if d := s.gate("2026-12-12", "new-backup", "a"); !d.Yes() {
		t.Errorf("gate for A in the emergency: %+v", d.Reasons())
	}
	if s.gate("2026-12-12", "new-backup", "c").Yes() {
		t.Error("the gate is open for C, whose contract has no emergency clause")
	}
	if s.gate("2026-12-16", "new-backup", "a").Yes() {
		t.Error("the gate is open for A after the day on which notice was due")
	}
	s.notice(subprocessor.NoticeSent, "2026-12-14", "a", "late-a")
	k := s.customer("2026-12-20", "a")
	if !k.NoticeMet || k.NoticeDue != day("2026-12-15") || k.Dates.WindowEnd != day("2027-01-13") {
		t.Errorf("A = %+v, want the duty met by 2026-12-15 and the window through 2027-01-13", k)
	}
	if got := s.customer("2027-01-13", "a").Status; got != subprocessor.CustomerWaiting {
		t.Errorf("A on the last day = %s", got)
	}
	if got := s.customer("2027-01-14", "a").Status; got != subprocessor.CustomerRatified {
		t.Errorf("A on 2027-01-14 = %s, want ratified", got)
	}
}

func TestObjection(t *testing.T) {
	t.Parallel()
	s := customers(t)
	s.announce(nil)
	for _, id := range []string{"a", "b", "c"} {
		s.notice(subprocessor.NoticeSent, "2026-12-01", id, "n-"+id)
	}
	s.notice(subprocessor.NoticeDelivered, "2026-12-01", "b", "n-b")
	s.do("2026-12-31", subprocessor.Event{Kind: subprocessor.ObjectionReceived, ChangeID: "swap", Customer: "a", Ref: "o1", Grounds: "place"})
	s.do("2027-01-01", subprocessor.Event{Kind: subprocessor.ObjectionReceived, ChangeID: "swap", Customer: "c", Ref: "late"})
	k := s.customer("2027-01-21", "a")
	if k.Status != subprocessor.CustomerObjected || k.Objections[0].CureUntil != day("2027-01-20") || !k.Objections[0].MayTerminate {
		t.Errorf("A = %+v", k)
	}
	if k := s.customer("2027-01-02", "c"); k.Status != subprocessor.CustomerCleared || k.Objections[0].Timely {
		t.Errorf("C's late objection changed its state: %+v", k)
	}
	s.refused("2027-01-22", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"}, subprocessor.ErrNotClear)
	s.do("2027-01-22", subprocessor.Event{Kind: subprocessor.ObjectionResolved, ChangeID: "swap", Customer: "a", Ref: "o1", Outcome: subprocessor.Accepted})
	s.do("2027-01-22", subprocessor.Event{Kind: subprocessor.ChangeTookEffect, ChangeID: "swap"})
	if !s.gate("2027-01-22", "new-backup", "a").Yes() {
		t.Error("the gate is closed for A after it accepted")
	}
	s.refused("2027-01-23", subprocessor.Event{Kind: subprocessor.EngagementRemoved, Subject: "old-backup"}, subprocessor.ErrHoldsPHI)
	s.do("2027-02-01", subprocessor.Event{Kind: subprocessor.RetentionClosed, Subject: "old-backup", Ref: "certificate-1"})
	s.do("2027-02-01", subprocessor.Event{Kind: subprocessor.EngagementRemoved, Subject: "old-backup"})
}

func TestCorrectionRestarts(t *testing.T) {
	t.Parallel()
	s := customers(t)
	s.announce(nil)
	s.notice(subprocessor.NoticeSent, "2026-12-01", "a", "n1")
	corrected := subprocessor.Change{ID: "swap", Kind: subprocessor.ReplaceSubprocessor, Before: "old-backup", After: &subprocessor.Engagement{ID: "new-backup", Entity: "new", Purpose: "Backup", PHI: subprocessor.EncryptedNoKey, StoragePlaces: []string{"CA"}}}
	s.do("2026-12-10", subprocessor.Event{Kind: subprocessor.ChangeCorrected, Change: &corrected})
	if got := s.customer("2026-12-11", "a").Dates; !got.Start.IsZero() {
		t.Errorf("A's clock still runs from %s", got.Start)
	}
	s.notice(subprocessor.NoticeSent, "2026-12-10", "a", "n2")
	if got := s.customer("2026-12-11", "a").Dates.WindowEnd; got != day("2027-01-09") {
		t.Errorf("A's window ends %s, want 2027-01-09", got)
	}
}

func TestBreachBudget(t *testing.T) {
	t.Parallel()
	c := func(id, report string) subprocessor.Contract {
		return subprocessor.Contract{ID: id, Terms: subprocessor.Terms{BreachReport: period(report)}}
	}
	top := c("top", "48 hours")
	top.Terms.HearWithin = period("72 hours")
	sub, subsub := c("sub", "24 hours"), c("subsub", "36 hours")
	if got := subprocessor.CheckFlowDown(subprocessor.Strictest(nil, sub), subsub, nil); got.Verdict != subprocessor.Fail || got.Clauses[1].Verdict != subprocessor.Fail {
		t.Errorf("36 hours under 24 = %+v", got)
	}
	subsub = c("subsub", "12 hours")
	for _, edge := range [][2]subprocessor.Contract{{top, sub}, {sub, subsub}} {
		if got := subprocessor.CheckFlowDown(subprocessor.Strictest(nil, edge[0]), edge[1], nil); got.Verdict != subprocessor.Pass {
			t.Errorf("%s under %s = %s", edge[1].ID, edge[0].ID, got.Verdict)
		}
	}
	if got := subprocessor.CheckBudget(nil, top, sub, subsub); got.Verdict != subprocessor.Fail {
		t.Errorf("12+24+48 against 72 = %+v", got)
	}
	top.Terms.HearWithin = period("84 hours")
	if got := subprocessor.CheckBudget(nil, top, sub, subsub); got.Verdict != subprocessor.Pass {
		t.Errorf("12+24+48 against 84 = %+v", got)
	}
}

func TestAttestationVectors(t *testing.T) {
	t.Parallel()
	r2 := subprocessor.Attestation{ID: "r2", Entity: "new", Kind: subprocessor.HITRUSTr2, Issued: day("2025-12-15"), Services: []string{"store"}}
	soc := subprocessor.Attestation{
		ID: "soc", Entity: "new", Kind: subprocessor.SOC2Type2, Issued: day("2025-12-10"), PeriodTo: day("2025-09-30"), Opinion: "unqualified",
		Services: []string{"store"}, Bridge: &subprocessor.Bridge{Issued: day("2026-10-01"), Through: day("2026-12-31")},
	}
	interim := r2
	interim.Milestones = []subprocessor.Milestone{{Name: "interim", On: day("2026-09-16")}}
	early := r2
	early.Milestones = []subprocessor.Milestone{{Name: "interim", On: day("2026-09-15")}}
	for _, tt := range []struct {
		a    subprocessor.Attestation
		on   string
		want subprocessor.Standing
	}{
		{r2, "2026-09-15", subprocessor.AttestationValid},
		{r2, "2026-09-16", subprocessor.AttestationDue},
		{r2, "2026-12-15", subprocessor.AttestationDue},
		{r2, "2026-12-16", subprocessor.AttestationLapsed},
		{interim, "2026-12-16", subprocessor.AttestationValid},
		{interim, "2027-12-15", subprocessor.AttestationDue},
		{interim, "2027-12-16", subprocessor.AttestationLapsed},
		{early, "2026-12-16", subprocessor.AttestationLapsed},
		{soc, "2026-09-30", subprocessor.AttestationDue},
		{soc, "2026-11-22", subprocessor.AttestationBridged},
		{soc, "2026-12-30", subprocessor.AttestationBridged},
		{soc, "2026-12-31", subprocessor.AttestationLapsed},
	} {
		if got := tt.a.Validity(day(tt.on)); got.Standing != tt.want {
			t.Errorf("%s on %s = %s, want %s", tt.a.ID, tt.on, got.Standing, tt.want)
		}
	}
	if got := soc.Validity(day("2026-11-22")); got.ValidUntil != day("2026-09-30") || got.BridgeTo != day("2026-12-30") {
		t.Errorf("SOC 2: %+v", got)
	}
}

// A notice that bounced was not given, where the clock starts with sending
// too; the one sent again starts it.
func TestBounceOfSent(t *testing.T) {
	t.Parallel()
	s := customers(t)
	s.announce(nil)
	s.notice(subprocessor.NoticeSent, "2026-12-01", "a", "n1")
	s.notice(subprocessor.NoticeBounced, "2026-12-02", "a", "n1")
	if k := s.customer("2027-02-01", "a"); k.Status != subprocessor.CustomerPending || !k.Dates.Start.IsZero() {
		t.Errorf("A = %+v, want not started", k)
	}
	s.notice(subprocessor.NoticeSent, "2026-12-05", "a", "n2")
	if got := s.customer("2026-12-06", "a").Dates.WindowEnd; got != day("2027-01-04") {
		t.Errorf("A's window ends %s, want 2027-01-04", got)
	}
}

// What several upstreams ask for is asked for together, and silence below it
// fails.
func TestStrictestOfPlaces(t *testing.T) {
	t.Parallel()
	up := func(id string, places ...string) subprocessor.Contract {
		return subprocessor.Contract{ID: id, Terms: subprocessor.Terms{Places: places, IncidentReport: period("2 days")}}
	}
	d := subprocessor.Strictest(nil, up("a", "CA", "US"), up("b", "DE", "US"))
	for places, want := range map[string]subprocessor.Verdict{"US": subprocessor.Pass, "CA": subprocessor.Fail, "DE": subprocessor.Fail} {
		if got := subprocessor.CheckFlowDown(d, up("c", places), nil).Clauses[4]; got.Verdict != want {
			t.Errorf("%s = %+v, want %s", places, got, want)
		}
	}
	for _, c := range subprocessor.CheckFlowDown(d, subprocessor.Contract{ID: "silent"}, nil).Clauses {
		if asked := c.Clause == "places" || c.Clause == "incident_report"; asked != (c.Verdict == subprocessor.Fail) {
			t.Errorf("silent on %s = %s", c.Clause, c.Verdict)
		}
	}
}
