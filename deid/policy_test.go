package deid_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/deid"
)

var determination = deid.Determination{Expert: "R. Fisher", Determined: baakit.MustParseDate("2026-01-15"), Document: "ED-7"}

// direct are the kinds that are among the sixteen direct identifiers of a
// limited data set, 45 CFR 164.514(e)(2), and the parts of an address that
// it does not let stay.
var direct = []deid.Kind{
	deid.KindName, deid.KindStreet, deid.KindPhone, deid.KindFax, deid.KindEmail, deid.KindSSN, deid.KindMRN, deid.KindPlan, deid.KindAccount,
	deid.KindLicense, deid.KindVehicle, deid.KindDevice, deid.KindURL, deid.KindIP, deid.KindBiometric, deid.KindPhoto,
}

// Whatever the kind, with a path or without: the safe harbor refuses what
// derives or shifts, and to keep an identifier.
func TestSafeHarborRefuses(t *testing.T) {
	t.Parallel()
	for k := range deid.Kinds() {
		for _, a := range []deid.Action{deid.Hash, deid.HMAC, deid.FormatPreserving, deid.ShiftDate} {
			for _, path := range []string{"", "$.x"} {
				p, err := deid.SafeHarbor(deid.Rule{Path: path, Kind: k, Action: a, Reason: "because"}).Compile()
				if err == nil || p != nil {
					t.Errorf("%s of %s at %q compiles", a, k, path)
				}
				var fields baakit.FieldErrors
				if !errors.As(err, &fields) || fields[0].Path != "rules[0].action" {
					t.Errorf("%s of %s: %v", a, k, err)
				}
			}
		}
		_, err := deid.SafeHarbor(deid.Rule{Path: "$.x", Kind: k, Action: deid.Keep, Reason: "because"}).Compile()
		allowed := k == deid.KindCountry || k == deid.KindTerm
		if (err == nil) != allowed {
			t.Errorf("keep of %s: %v", k, err)
		}
		_, err = deid.LimitedDataSet("DUA-1", deid.Rule{Path: "$.x", Kind: k, Action: deid.Keep, Reason: "because"}).Compile()
		refused := slices.Contains(direct, k) || k == deid.KindCounty || k == deid.KindPrecinct || k == deid.KindGeocode || k == deid.KindText
		if (err != nil) != refused {
			t.Errorf("keep of %s in a limited data set: %v", k, err)
		}
		if _, err := deid.ExpertDetermination(determination, deid.Rule{Path: "$.x", Kind: k, Action: deid.Keep, Reason: "because"}).Compile(); err != nil {
			t.Errorf("keep of %s by an expert: %v", k, err)
		}
	}
	if len(direct) != 16 {
		t.Fatal("there are sixteen direct identifiers")
	}
}

func TestDefinitionErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		def  deid.Definition
		want string
	}{
		{deid.Definition{}, "schema method"},
		{deid.Definition{Schema: deid.PolicySchema, Method: "other"}, "method"},
		{deid.LimitedDataSet(""), "data_use_agreement"},
		{deid.Definition{Schema: deid.PolicySchema, Method: deid.MethodSafeHarbor, Agreement: "x"}, "data_use_agreement"},
		{deid.Definition{Schema: deid.PolicySchema, Method: deid.MethodSafeHarbor, ZIPTable: "1990"}, "zip_table"},
		{deid.Definition{Schema: deid.PolicySchema, Method: deid.MethodSafeHarbor, Determination: &determination}, "determination"},
		{deid.ExpertDetermination(deid.Determination{}), "determination.expert determination.determined determination.document"},
		{deid.Definition{Schema: deid.PolicySchema, Method: deid.MethodExpert}, "determination"},
		{deid.SafeHarbor(deid.Rule{}), "rules[0].kind"},
		{deid.SafeHarbor(deid.Rule{Kind: deid.KindName}), "rules[0].action"},
		{deid.SafeHarbor(deid.Rule{Path: "x", Action: deid.Drop}), "rules[0].path"},
		{deid.SafeHarbor(deid.Rule{Path: "$", Action: deid.Drop}), "rules[0].path"},
		{deid.SafeHarbor(deid.Rule{Path: "$.x"}), "rules[0].action"},
		{deid.SafeHarbor(deid.Rule{Path: "$.x", Action: "burn"}), "rules[0].action"},
		{deid.SafeHarbor(deid.Rule{Path: "$.x", Action: deid.Keep}), "rules[0].action"},
		{deid.SafeHarbor(deid.Rule{Path: "$.x", Action: deid.YearOnly}), "rules[0].action"},
		{deid.SafeHarbor(deid.Rule{Path: "$.x", Action: "code:"}), "rules[0].action"},
		{deid.SafeHarbor(deid.Rule{Path: "$.x", Action: deid.Drop}, deid.Rule{Path: `$["x"]`, Action: deid.Drop}), "rules[1].path"},
		{deid.SafeHarbor(deid.Rule{Kind: deid.KindMRN, Action: deid.Drop}, deid.Rule{Kind: deid.KindMRN, Action: deid.Tag}), "rules[1].kind"},
		{deid.LimitedDataSet("DUA", deid.Rule{Kind: deid.KindMRN, Action: deid.Hash}), "rules[0].action"},
	} {
		_, err := tt.def.Compile()
		var fields baakit.FieldErrors
		if !errors.As(err, &fields) {
			t.Errorf("%+v: %v, want FieldErrors", tt.def, err)
			continue
		}
		var paths []string
		for _, f := range fields {
			paths = append(paths, f.Path)
		}
		if got := strings.Join(paths, " "); got != tt.want {
			t.Errorf("%+v: wrong at %q, want %q", tt.def, got, tt.want)
		}
	}
}

func TestEngineNeeds(t *testing.T) {
	t.Parallel()
	compile := func(d deid.Definition) *deid.Policy {
		p, err := d.Compile()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ended := determination
	ended.ValidThrough = baakit.MustParseDate("2026-06-30")
	codes := compile(deid.SafeHarbor(deid.Rule{Path: "$.x", Kind: deid.KindMRN, Action: deid.CodeAs("mrn")}))
	keyed := compile(deid.ExpertDetermination(determination, deid.Rule{Kind: deid.KindMRN, Action: deid.HMAC}))
	for _, tt := range []struct {
		name   string
		policy *deid.Policy
		opts   *deid.Options
		ok     bool
	}{
		{"no policy", nil, nil, false},
		{"zero policy", &deid.Policy{}, nil, false},
		{"codes without a vault", codes, nil, false},
		{"codes without a scope", codes, &deid.Options{Vault: deid.NewMemoryVault()}, false},
		{"codes", codes, &deid.Options{Vault: deid.NewMemoryVault(), Scope: "s"}, true},
		{"hmac without a key", keyed, nil, false},
		{"hmac with a short key", keyed, &deid.Options{Key: make([]byte, 31)}, false},
		{"hmac", keyed, &deid.Options{Key: make([]byte, 32)}, true},
		{"after the determination", compile(deid.ExpertDetermination(ended)), &deid.Options{AsOf: baakit.MustParseDate("2026-07-01")}, false},
		{"on its last day", compile(deid.ExpertDetermination(ended)), &deid.Options{AsOf: baakit.MustParseDate("2026-06-30")}, true},
		{"on no day", compile(deid.ExpertDetermination(ended)), nil, false},
		{"negative limit", compile(deid.SafeHarbor()), &deid.Options{MaxDepth: -1}, false},
	} {
		e, err := deid.New(tt.policy, tt.opts)
		if (err == nil) != tt.ok || (e == nil) == tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// The wire form of a definition is read back, compiles to the same policy, and
// changes with every rule.
func TestDefinitionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rules []deid.Rule
		seen := map[string]bool{}
		for range rapid.IntRange(0, 5).Draw(t, "rules") {
			name := rapid.StringN(0, 8, 20).Draw(t, "name")
			if seen[name] {
				continue
			}
			seen[name] = true
			k := rapid.SampledFrom(slices.Collect(deid.Kinds())).Draw(t, "kind")
			rules = append(rules, deid.Rule{Path: deid.Column(name), Kind: k, Action: rapid.SampledFrom([]deid.Action{"", deid.Drop, deid.Tag}).Draw(t, "action")})
		}
		def := deid.SafeHarbor(rules...)
		p, err := def.Compile()
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(p.Definition())
		if err != nil {
			t.Fatal(err)
		}
		back, err := deid.ParseDefinition(data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		q, err := back.Compile()
		if err != nil || q.SHA256() != p.SHA256() {
			t.Fatalf("the policy read back is another one (%v):\n%s", err, data)
		}
		more, err := deid.SafeHarbor(append(rules, deid.Rule{Kind: deid.KindMRN, Action: deid.Tag})...).Compile()
		if err != nil || more.SHA256() == p.SHA256() {
			t.Fatalf("another policy has the same hash (%v)", err)
		}
	})
}

// No definition that is read from any bytes compiles to a safe harbor that
// keeps or derives an identifier.
func FuzzDefinition(f *testing.F) {
	f.Add([]byte(`{"schema":"baakit.deid.policy/1","method":"safe_harbor","rules":[{"path":"$.a[*].b","kind":"mrn","action":"tag"}]}`))
	f.Add([]byte(`{"schema":"baakit.deid.policy/1","method":"safe_harbor","rules":[{"kind":"dob","action":"shift_date"}]}`))
	f.Add([]byte(`{"schema":"baakit.deid.policy/1","method":"limited_data_set","data_use_agreement":"x","rules":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := deid.ParseDefinition(data)
		if err != nil {
			return
		}
		p, err := d.Compile()
		if err != nil || p.Method() != deid.MethodSafeHarbor {
			return
		}
		for k := range deid.Kinds() {
			switch a := p.ActionFor(k); {
			case a == deid.Hash, a == deid.HMAC, a == deid.FormatPreserving, a == deid.ShiftDate,
				a == deid.Keep && !k.Identifier().IsZero() && k != deid.KindCountry:
				t.Fatalf("a safe harbor does %s with %s", a, k)
			}
		}
	})
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	letter := byte('A')
	excluded := 0
	for i := range deid.Identifiers() {
		if i.String() != string(letter) || i.Citation().String() != "45 CFR 164.514(b)(2)(i)("+string(letter)+")" || i.ID() == "" || i.Title() == "" {
			t.Errorf("identifier %s: %q, %q, %s", i, i.ID(), i.Title(), i.Citation())
		}
		if back, err := deid.ParseIdentifier(i.String()); err != nil || back != i {
			t.Errorf("ParseIdentifier(%s) = %v, %v", i, back, err)
		}
		if note, conf := i.Note(); (note == "") != conf.IsZero() {
			t.Errorf("identifier %s: the note and its confidence do not go together", i)
		}
		if treatment, cite := i.LimitedDataSet(); treatment != deid.MayStay && !strings.HasPrefix(cite.String(), "45 CFR 164.514(e)(2)(") {
			t.Errorf("identifier %s: %s by %s", i, treatment, cite)
		} else if treatment != deid.MayStay {
			excluded++
		}
		letter++
	}
	if letter != 'S' || excluded != 16 {
		t.Errorf("the identifiers end before %c, and a limited data set excludes %d", letter, excluded)
	}
	for _, s := range []string{"", "a", "S", "AA", "@"} {
		if i, err := deid.ParseIdentifier(s); err == nil || !i.IsZero() {
			t.Errorf("ParseIdentifier(%q) = %v", s, i)
		}
	}
	if len(deid.Covered()) != 4 {
		t.Error("identifiers of four groups of people count")
	}
	// Every identifier has a kind.
	has := make(map[deid.Identifier]bool)
	for k := range deid.Kinds() {
		has[k.Identifier()] = true
		if back, err := deid.ParseKind(k.String()); err != nil || back != k {
			t.Errorf("ParseKind(%s) = %v, %v", k, back, err)
		}
	}
	if len(has) != 19 {
		t.Errorf("the kinds stand for %d identifiers", len(has)-1)
	}
}
