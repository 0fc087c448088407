package breach_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
)

func vendorIncident() breach.Incident {
	return breach.Incident{
		Zone: breach.MustZone("America/Chicago"),
		Parties: []breach.Party{
			{
				Name: "Vendor", Role: breach.BusinessAssociate, Agency: breach.IndependentContractor, Told: breach.MustParseMoment("2026-03-04"),
				Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-03-02T10:00:00-06:00")}},
				Contract:  &breach.Contract{Clocks: []breach.ContractClock{{Of: breach.OfBreach, Within: baakit.MustParsePeriod("24 hours"), Section: "6"}}},
			},
			{Name: "Practice", Role: breach.CoveredEntity},
		},
		People: breach.People{Total: breach.Exactly(40), Residents: map[baakit.Jurisdiction]breach.Count{state("TX"): breach.Exactly(40)}},
	}
}

// Law and agreement stand side by side and the earlier governs.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		within, due     string
		contractGoverns bool
	}{
		{"24 hours", "2026-03-03", true},
		{"5 business days", "2026-03-09", true},
		{"60 days", "2026-05-01", true}, // both govern on the same day
		{"61 days", "2026-05-02", false},
		{"3 months", "2026-06-02", false},
	} {
		in := vendorIncident()
		in.Parties[0].Contract.Clocks[0].Within = baakit.MustParsePeriod(tt.within)
		tl := timeline(t, in, nil)
		c, ok := tl.Obligation("contract.breach/1")
		law, _ := tl.Obligation("hipaa.upstream/1")
		if !ok || c.Due.String() != tt.due || c.Governs != tt.contractGoverns || law.Governs != (c.Due == law.Due || !tt.contractGoverns) {
			t.Errorf("%s: due %s, governs %v, the law's %v", tt.within, c.Due, c.Governs, law.Governs)
		}
	}
	in := vendorIncident()
	in.Delays = []breach.Delay{{Form: breach.Written, Made: breach.MustParseMoment("2026-03-02"), Through: day("2026-08-01")}}
	if c, _ := timeline(t, in, nil).Obligation("contract.breach/1"); c.Due != day("2026-03-03") {
		t.Errorf("law enforcement moved the agreement to %s", c.Due)
	}
}

// Three links: agency decides on each whether a discovery goes up the chain.
func TestChain(t *testing.T) {
	t.Parallel()
	build := func(first, second breach.Agency) breach.Incident {
		return breach.Incident{
			Parties: []breach.Party{
				{Role: breach.Subcontractor, Agency: first, Told: breach.MustParseMoment("2026-03-20"), Knowledge: []breach.Knowledge{
					{At: breach.MustParseMoment("2026-02-01"), By: breach.Wrongdoer}, // does not count
					{At: breach.MustParseMoment("2026-03-10")},
					{At: breach.MustParseMoment("2026-03-02"), ShouldHaveKnown: true},
				}},
				{Role: breach.BusinessAssociate, Agency: second, Told: breach.MustParseMoment("2026-04-15")},
				{Role: breach.CoveredEntity},
			},
			People: breach.People{Total: breach.Exactly(700), Residents: map[baakit.Jurisdiction]breach.Count{state("WY"): breach.Exactly(700)}},
		}
	}
	const agent, contractor = breach.Agent, breach.IndependentContractor
	for _, tt := range []struct {
		first, second breach.Agency
		ba, ce        string // due of the middle link and of the individual notice
	}{
		{contractor, contractor, "2026-05-19", "2026-06-14"},
		{agent, contractor, "2026-05-01", "2026-06-14"},
		{contractor, agent, "2026-05-19", "2026-05-19"},
		{agent, agent, "2026-05-01", "2026-05-01"},
		{"", "", "2026-05-01", "2026-05-01"},
	} {
		tl := timeline(t, build(tt.first, tt.second), nil)
		sub, _ := tl.Obligation("hipaa.upstream/2")
		ba, _ := tl.Obligation("hipaa.upstream/1")
		ce, _ := tl.Obligation("hipaa.individuals")
		if sub.Due != day("2026-05-01") || ba.Due.String() != tt.ba || ce.Due.String() != tt.ce {
			t.Errorf("%q, %q: subcontractor %s, business associate %s, covered entity %s", tt.first, tt.second, sub.Due, ba.Due, ce.Due)
		}
	}
}

// What is not a breach is still reported to the covered entity, and may be a
// breach under the law of a State; what was unsuccessful is reported together.
func TestNotABreach(t *testing.T) {
	t.Parallel()
	in := vendorIncident()
	in.Security = breach.Successful
	in.Parties[0].Contract.Clocks = append(in.Parties[0].Contract.Clocks,
		breach.ContractClock{Of: breach.OfUseOrDisclosure, Within: baakit.MustParsePeriod("10 days")},
		breach.ContractClock{Of: breach.OfSecurityIncident, Within: baakit.MustParsePeriod("5 days")},
		breach.ContractClock{Of: breach.OfUnsuccessfulIncident, Within: baakit.MustParsePeriod("3 months")})
	in.Information.Protection = &breach.Protection{Method: breach.EncryptionAtRest, Standard: "NIST SP 800-111", KeySafe: breach.Yes, ToolsApart: breach.Yes, CoversAll: breach.Yes}
	tl := timeline(t, in, nil)
	if tl.Determination.Outcome != breach.Secured {
		t.Fatalf("outcome %s", tl.Determination.Outcome)
	}
	got := byID(tl)
	for id, due := range map[string]string{
		"contract.use_or_disclosure/1": "2026-03-12", "contract.security_incident/1": "2026-03-07",
		"hipaa.use_or_disclosure_report/1": "invalid Date", "hipaa.security_incident_report/1": "invalid Date",
	} {
		if o, ok := got[id]; !ok || o.Due.String() != due || o.Standing != breach.Owed {
			t.Errorf("%s: %v, due %s", id, ok, o.Due)
		}
	}
	for _, id := range []string{"hipaa.individuals", "hipaa.secretary", "hipaa.upstream/1", "contract.breach/1", "contract.unsuccessful_incidents/1", "hipaa.aggregate_report/1"} {
		if _, ok := got[id]; ok {
			t.Errorf("%s is owed of secured PHI", id)
		}
	}
	if o, ok := got["tx.individuals"]; !ok || o.Standing != breach.Possible || !slices.Contains(o.Questions, "facts.state_breach") {
		t.Errorf("Texas: %v %v %v", ok, o.Standing, o.Questions)
	}
	in.Facts = map[string]breach.Answer{"state_breach": breach.No}
	if _, ok := timeline(t, in, nil).Obligation("tx.individuals"); ok {
		t.Error("Texas although it is no breach there")
	}
	in = vendorIncident()
	in.Security = breach.Unsuccessful
	in.Parties[0].Contract.Clocks = []breach.ContractClock{{Of: breach.OfUnsuccessfulIncident, Within: baakit.MustParsePeriod("3 months")}}
	got = byID(timeline(t, in, nil))
	if o, ok := got["contract.unsuccessful_incidents/1"]; !ok || o.Due != day("2026-06-02") {
		t.Errorf("aggregate report: %v %s", ok, o.Due)
	}
	if _, ok := got["hipaa.aggregate_report/1"]; !ok {
		t.Error("no aggregate report")
	}
	if _, ok := got["hipaa.individuals"]; ok {
		t.Error("individuals are told of an attempt")
	}
}

// Deemed compliance is a flag that reaches whom the law names, and removes no
// date; a policy sets aside without removing either.
func TestDeemed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  string
		owner breach.DeemedFlag
		// of a vendor's notice
		vendor breach.DeemedFlag
	}{
		{"WY", breach.Deemed, breach.Deemed},
		{"CO", breach.PartlyDeemed, breach.PartlyDeemed},
		{"TX", breach.NotDeemed, breach.NotDeemed},
		{"OH", breach.Deemed, breach.NotDeemed},
		{"NH", breach.DeemedUncertain, breach.DeemedUncertain},
	} {
		in := everyTrigger(state(tt.code), 5)
		tl := timeline(t, in, nil)
		low := strings.ToLower(tt.code)
		o, ok := tl.Obligation(low + ".individuals")
		v, vok := tl.Obligation(low + ".data_owner/1")
		if !ok || !vok || o.Deemed != tt.owner || v.Deemed != tt.vendor || o.DeemedConfidence.IsZero() {
			t.Errorf("%s: %v %v", tt.code, o.Deemed, v.Deemed)
		}
		if h, _ := tl.Obligation("hipaa.individuals"); h.Deemed != 0 || h.DeemedConfidence != 0 {
			t.Errorf("a federal obligation is deemed %v", h.Deemed)
		}
		aside := timeline(t, in, &breach.Options{SetAside: func(o breach.Obligation) bool { return o.Deemed == breach.Deemed }})
		if len(aside.Obligations) != len(tl.Obligations) {
			t.Errorf("%s: a policy removed an obligation", tt.code)
		}
		if a, _ := aside.Obligation(o.ID); (a.Standing == breach.SetAside) != (tt.owner == breach.Deemed) || a.Due != o.Due {
			t.Errorf("%s: %v, %s", tt.code, a.Standing, a.Due)
		}
	}
}

// Only what the facts, and not the law of tomorrow, ask for.
func TestAdjacent(t *testing.T) {
	t.Parallel()
	in := everyTrigger(state("OH"), 500)
	in.Facts = map[string]breach.Answer{"ftc_phr_vendor": breach.Yes, "part2_program": breach.Yes, "sec_material_incident": breach.Yes}
	in.Parties[1].Milestones = map[breach.Trigger]breach.Moment{breach.Materiality: breach.MustParseMoment("2026-02-12")}
	got := byID(timeline(t, in, nil))
	for id, due := range map[string]string{
		// Media: the FTC counts 500, HIPAA and part 2 more than 500.
		"ftc.individuals": "2026-03-22", "ftc.commission": "2026-03-22", "ftc.media.oh": "2026-03-22", "ftc.upstream/1": "2026-03-22",
		"part2.individuals": "2026-03-22", "part2.secretary": "2026-03-22",
		"sec.item_1_05": "2026-02-19", // Thursday 12 February, Presidents' Day skipped
	} {
		if o, ok := got[id]; !ok || o.Due.String() != due {
			t.Errorf("%s: %v, due %s, want %s", id, ok, o.Due, due)
		}
	}
	if _, ok := got["part2.media.oh"]; ok {
		t.Error("part 2 media at 500")
	}
	if !slices.Contains(got["ftc.media.oh"].Flags, breach.UnverifiedRule) {
		t.Error("the mark of the FTC's media rule is lost")
	}
	for id := range got {
		if strings.HasPrefix(id, "proposed.") {
			t.Errorf("%s is not law", id)
		}
	}
	in.Zone = breach.MustZone("UTC")
	in.Parties[0].Milestones = map[breach.Trigger]breach.Moment{breach.ContingencyActivation: breach.MustParseMoment("2026-01-21T10:00:00Z")}
	in.Facts["contingency_plan_activated"] = breach.Yes
	o, ok := timeline(t, in, &breach.Options{Forward: true}).Obligation("proposed.contingency_activation/1")
	if !ok || o.Regime != breach.Proposed || !o.DueAt.Equal(must(breach.MustParseMoment("2026-01-22T10:00:00Z").Instant())) {
		t.Errorf("looking ahead: %v %v", ok, o.DueAt)
	}
	// The Attorney General delays the filing, and nobody else does.
	for _, tt := range []struct {
		general bool
		due     string
	}{{false, "2026-02-19"}, {true, "2026-03-10"}} {
		in.Delays = []breach.Delay{{Form: breach.Written, Made: breach.MustParseMoment("2026-02-13"), Through: day("2026-03-10"), AttorneyGeneral: tt.general}}
		if o, _ := timeline(t, in, nil).Obligation("sec.item_1_05"); o.Due.String() != tt.due {
			t.Errorf("a delay of the Attorney General %v: %s", tt.general, o.Due)
		}
	}
}

func must[T any](v T, _ bool) T { return v }

// Residence that is not known can be anywhere; an estimate may grow to its
// bound; places without a law in the tables are not forgotten.
func TestUnknownPeople(t *testing.T) {
	t.Parallel()
	in := breach.Incident{Parties: []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment("2026-01-15")}}}}}
	for _, tt := range []struct {
		name      string
		total     breach.Count
		residents map[string]breach.Count
		id        string
		want      breach.Standing // 0: not there
		due       string
	}{
		{"501 unstated may all be Texans", breach.Exactly(501), nil, "hipaa.media.tx", breach.Possible, "2026-03-16"},
		{"500 unstated reach no media", breach.Exactly(500), nil, "hipaa.media.tx", 0, ""},
		{"stated and unstated together", breach.Exactly(600), map[string]breach.Count{"TX": breach.Exactly(200), "unknown": breach.Exactly(400)}, "hipaa.media.tx", breach.Possible, "2026-03-16"},
		{"all stated elsewhere", breach.Exactly(600), map[string]breach.Count{"OK": breach.Exactly(600)}, "hipaa.media.tx", 0, ""},
		{"an estimate may grow", breach.About(480), map[string]breach.Count{"TX": breach.About(480)}, "hipaa.media.tx", breach.Possible, "2026-03-16"},
		{"to its bound", breach.AboutAtMost(480, 500), map[string]breach.Count{"TX": breach.AboutAtMost(480, 500)}, "hipaa.media.tx", 0, ""},
		{"and over it", breach.AboutAtMost(480, 501), map[string]breach.Count{"TX": breach.AboutAtMost(480, 501)}, "hipaa.media.tx", breach.Possible, "2026-03-16"},
		{"the Secretary of an estimate", breach.AboutAtMost(480, 500), nil, "hipaa.secretary", breach.Owed, "2026-03-16"},
		{"the Secretary of a bounded one", breach.AboutAtMost(480, 499), nil, "hipaa.secretary", breach.Owed, "2027-03-01"},
		{"the Secretary of an unknown number", breach.Count{}, nil, "hipaa.secretary", breach.Owed, "2026-03-16"},
		{"American Samoa has media", breach.Exactly(501), map[string]breach.Count{"AS": breach.Exactly(501)}, "hipaa.media.as", breach.Owed, "2026-03-16"},
		{"and a law to find", breach.Exactly(501), map[string]breach.Count{"AS": breach.Exactly(501)}, "as.local_law", breach.Possible, "invalid Date"},
		{"so does a foreign country", breach.Exactly(1), map[string]breach.Count{"foreign": breach.Exactly(1)}, "foreign.local_law", breach.Possible, "invalid Date"},
		{"which has no media of a State", breach.Exactly(501), map[string]breach.Count{"foreign": breach.Exactly(501)}, "hipaa.media.foreign", 0, ""},
	} {
		in.People = breach.People{Total: tt.total, Residents: make(map[baakit.Jurisdiction]breach.Count)}
		for c, n := range tt.residents {
			in.People.Residents[state(c)] = n
		}
		o, _ := timeline(t, in, nil).Obligation(tt.id)
		if o.Standing != tt.want || tt.want != 0 && o.Due.String() != tt.due {
			t.Errorf("%s: %q due %s", tt.name, o.Standing, o.Due)
		}
	}
}

// Everything wrong at once, by path and rule, and never a value.
func TestFieldErrors(t *testing.T) {
	t.Parallel()
	_, err := breach.ParseIncident([]byte(`{
		"schema": "baakit.breach.incident/1",
		"parties": [
			{"role": "covered_entity", "knowledge": [{"at": "2026-03-02T10:00:00Z"}, {"at": "2026-03-05", "by": "secretplace"}], "told": "2026-03-01", "agency": "cousin",
			 "contract": {"clocks": [{"of": "weather", "within": "5 days", "from": "secretary_notice"}]}},
			{"role": "covered_entity", "told": "2026-03-09", "milestones": {"determination": "2026-01-01"}}
		],
		"occurred": {"from": "2026-03-04", "to": "2026-03-03"},
		"people": {"total": 10, "residents": {"TX": 9, "OK": 2}, "insufficient_contact": 11, "urgent": "maybe"},
		"information": {"kinds": ["shoe_size"]},
		"delays": [{"form": "sung", "made": "2026-03-10", "through": "2026-03-09"}],
		"facts": {"pa_insurer": "perhaps"}
	}`))
	errs, ok := errors.AsType[baakit.FieldErrors](err)
	if !ok {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range errs {
		paths = append(paths, e.Path)
		for _, value := range []string{"secretplace", "cousin", "weather", "maybe", "shoe_size", "sung", "perhaps"} {
			if strings.Contains(e.Error(), value) {
				t.Errorf("%v repeats a value", e)
			}
		}
	}
	for _, want := range []string{
		"zone", "parties[0].role", "parties[0].knowledge[0].at", "parties[0].knowledge[1].by", "parties[0].agency", "parties[0].told",
		"parties[0].contract.clocks[0].of", "parties[0].contract.clocks[0].from", "parties[1]", "parties[1].milestones.determination",
		"occurred.to", "people.residents", "people.insufficient_contact", "people.urgent", "information.kinds[0]", "delays[0].form", "delays[0].through", "facts.pa_insurer",
	} {
		if !slices.Contains(paths, want) {
			t.Errorf("no error at %s; there are %v", want, paths)
		}
	}
	for _, in := range []string{`{}`, `{"schema": "baakit.breach.incident/2"}`, `[]`, ``, `{"schema":"baakit.breach.incident/1","parties":[{"role":"covered_entity","knowledge":[{"at":"2026-01-15"}]}],"people":{"residents":{"XX":1}}}`, `{"schema":"baakit.breach.incident/1","parties":[{"role":"covered_entity","knowledge":[{"at":"2026-01-15"}]}],"people":{"total":-1}}`} {
		if _, err := breach.ParseIncident([]byte(in)); err == nil {
			t.Errorf("%q is an incident", in)
		}
	}
}

// Limits of the days there are: nothing overflows.
func TestLastDays(t *testing.T) {
	t.Parallel()
	for _, d := range []string{"0001-01-01", "9999-12-31", "9999-11-30"} {
		in := everyTrigger(state("VT"), 5)
		in.Parties = []breach.Party{{Role: breach.CoveredEntity, Knowledge: []breach.Knowledge{{At: breach.MustParseMoment(d)}}}}
		for _, o := range timeline(t, in, nil).Obligations {
			if o.Dated() && o.Due.Before(day(d)) {
				t.Errorf("%s from %s: %s", o.ID, d, o.Due)
			}
		}
	}
}

func FuzzIncident(f *testing.F) {
	for _, file := range []string{"testdata/federal.json", "testdata/states.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var list struct{ Cases []vector }
		if err := json.Unmarshal(data, &list); err != nil {
			f.Fatal(err)
		}
		for _, v := range list.Cases {
			f.Add([]byte(v.Incident))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := breach.ParseIncident(data)
		if err != nil {
			return
		}
		tl, err := breach.NewTimeline(in, nil)
		if err != nil {
			return
		}
		b, err := json.Marshal(tl)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := breach.ParseTimeline(b); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
	})
}

func FuzzProperties(f *testing.F) { f.Fuzz(rapid.MakeFuzz(propForget)) }

// The documented cost of a timeline over all jurisdictions.
func TestAllocation(t *testing.T) {
	in, opts := everywhere(), fixed()
	if n := testing.AllocsPerRun(20, func() { timeline(t, in, opts) }); n > 60 {
		t.Errorf("%v allocations", n)
	}
}
