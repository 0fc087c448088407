package breach_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/baakit/baakit/breach"
)

func shown(a breach.Answer) breach.Finding {
	return breach.Finding{Answer: a, Rationale: "as the record shows", Evidence: []string{"log review"}}
}

func lowRisk() *breach.Assessment {
	a := &breach.Assessment{PHI: shown(breach.Yes), Impermissible: shown(breach.Yes), LowProbability: shown(breach.Yes)}
	for _, f := range []breach.FactorID{breach.NatureAndExtent, breach.UnauthorizedPerson, breach.AcquiredOrViewed, breach.Mitigation} {
		a.Factors = append(a.Factors, breach.Factor{Factor: f, Rating: breach.Low, Rationale: "as the record shows", Evidence: []string{"log review"}})
	}
	return a
}

func claim(e breach.Exception) *breach.Assessment {
	c := breach.ExceptionClaim{Exception: e, Tests: make(map[string]breach.Finding)}
	for _, id := range breach.ExceptionTests(e) {
		c.Tests[id] = shown(breach.Yes)
	}
	return &breach.Assessment{PHI: shown(breach.Yes), Impermissible: shown(breach.Yes), Exceptions: []breach.ExceptionClaim{c}}
}

func assessed(t interface {
	Helper()
	Fatal(...any)
}, a *breach.Assessment, p *breach.Protection,
) breach.Determined {
	t.Helper()
	in := vendorIncident()
	in.Assessment, in.Information.Protection = a, p
	d, err := breach.Assess(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAssess(t *testing.T) {
	t.Parallel()
	encrypted := func(edit func(*breach.Protection)) *breach.Protection {
		p := &breach.Protection{Method: breach.EncryptionAtRest, Standard: "NIST SP 800-111", KeySafe: breach.Yes, ToolsApart: breach.Yes, CoversAll: breach.Yes}
		edit(p)
		return p
	}
	impermissible := &breach.Assessment{PHI: shown(breach.Yes), Impermissible: shown(breach.Yes)}
	for _, tt := range []struct {
		name string
		a    *breach.Assessment
		p    *breach.Protection
		want breach.Outcome
	}{
		{"no record", nil, nil, breach.Indeterminate},
		{"empty record", &breach.Assessment{}, nil, breach.Indeterminate},
		{"not PHI", &breach.Assessment{PHI: shown(breach.No)}, nil, breach.NotPHI},
		{"not PHI, says somebody", &breach.Assessment{PHI: breach.Finding{Answer: breach.No}}, nil, breach.Indeterminate},
		{"permitted", &breach.Assessment{PHI: shown(breach.Yes), Impermissible: shown(breach.No)}, nil, breach.NotImpermissible},
		{"good faith", claim(breach.GoodFaithWorkforce), nil, breach.ExceptionApplies},
		{"inadvertent", claim(breach.InadvertentInternal), nil, breach.ExceptionApplies},
		{"not retained", claim(breach.UnableToRetain), nil, breach.ExceptionApplies},
		{"low probability", lowRisk(), nil, breach.LowProbability},
		{"encrypted", impermissible, encrypted(func(*breach.Protection) {}), breach.Secured},
		{"a revision of the standard", impermissible, encrypted(func(p *breach.Protection) {
			p.Method, p.Standard = breach.EncryptionInMotion, "NIST SP 800-52r2"
		}), breach.Secured},
		{"the standard of another method", impermissible, encrypted(func(p *breach.Protection) { p.Standard = "NIST SP 800-52" }), breach.Indeterminate},
		{"a longer number is another standard", impermissible, encrypted(func(p *breach.Protection) { p.Standard = "NIST SP 800-1112" }), breach.Indeterminate},
		{"no standard", impermissible, encrypted(func(p *breach.Protection) { p.Standard = "" }), breach.Indeterminate},
		{"key lost", impermissible, encrypted(func(p *breach.Protection) { p.KeySafe = breach.No }), breach.Indeterminate},
		{"key unknown", impermissible, encrypted(func(p *breach.Protection) { p.KeySafe = "" }), breach.Indeterminate},
		{"key beside the data", impermissible, encrypted(func(p *breach.Protection) { p.ToolsApart = breach.No }), breach.Indeterminate},
		{"a part in the clear", impermissible, encrypted(func(p *breach.Protection) { p.CoversAll = breach.No }), breach.Indeterminate},
		{"shredded", impermissible, &breach.Protection{Method: breach.DestroyedPaper, CoversAll: breach.Yes}, breach.Secured},
		{"purged", impermissible, &breach.Protection{Method: breach.DestroyedMedia, Standard: "NIST SP 800-88 Rev. 2", CoversAll: breach.Yes}, breach.Secured},
		{"redacted", impermissible, &breach.Protection{Method: breach.Redaction, CoversAll: breach.Yes}, breach.Indeterminate},
		{"behind a login", impermissible, &breach.Protection{Method: breach.AccessControl, CoversAll: breach.Yes}, breach.Indeterminate},
		{"found to be one", &breach.Assessment{LowProbability: shown(breach.No)}, nil, breach.BreachOutcome},
	} {
		if got := assessed(t, tt.a, tt.p); got.Outcome != tt.want || len(got.Reasons) == 0 || len(got.Reasons[0].Citations) == 0 {
			t.Errorf("%s: %s, want %s (%v)", tt.name, got.Outcome, tt.want, got.Missing)
		}
	}
}

// Take away any one thing that was shown, and the presumption stands and says
// what is missing.
func propPresumption(t *rapid.T) {
	if rapid.Bool().Draw(t, "factors") {
		a := lowRisk()
		i := rapid.IntRange(0, 3).Draw(t, "factor")
		switch f := &a.Factors[i]; rapid.IntRange(0, 5).Draw(t, "part") {
		case 0:
			a.Factors = slices.Delete(a.Factors, i, i+1)
		case 1:
			f.Rating = ""
		case 2:
			f.Rationale = ""
		case 3:
			f.Evidence = nil
		case 4:
			a.LowProbability.Rationale = ""
		case 5:
			f.Rating = breach.High
			if got := assessed(t, a, nil); got.Outcome != breach.Indeterminate {
				t.Fatalf("a high factor gives %s", got.Outcome)
			}
			return
		}
		if got := assessed(t, a, nil); got.Outcome != breach.Indeterminate || len(got.Missing) == 0 {
			t.Fatalf("%s, missing %v", got.Outcome, got.Missing)
		}
		return
	}
	e := rapid.SampledFrom([]breach.Exception{breach.GoodFaithWorkforce, breach.InadvertentInternal, breach.UnableToRetain}).Draw(t, "exception")
	a := claim(e)
	id := rapid.SampledFrom(breach.ExceptionTests(e)).Draw(t, "test")
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		delete(a.Exceptions[0].Tests, id)
	case 1:
		a.Exceptions[0].Tests[id] = shown(breach.No)
	case 2:
		a.Exceptions[0].Tests[id] = breach.Finding{Answer: breach.Yes}
	}
	if got := assessed(t, a, nil); got.Outcome != breach.Indeterminate || len(got.Missing) == 0 {
		t.Fatalf("%s, missing %v", got.Outcome, got.Missing)
	}
}

func TestPresumption(t *testing.T) { t.Parallel(); rapid.Check(t, propPresumption) }

func TestAssessmentJSON(t *testing.T) {
	t.Parallel()
	a := lowRisk()
	a.Schema = breach.AssessmentSchema
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	read, err := breach.ParseAssessment(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(read); err != nil || string(again) != string(data) {
		t.Errorf("%v\n%s\n%s", err, data, again)
	}
	for _, bad := range []string{
		`{}`, `{"schema":"baakit.breach.assessment/1","factors":[{"factor":"luck"}]}`,
		`{"schema":"baakit.breach.assessment/1","factors":[{"factor":"mitigation"},{"factor":"mitigation"}]}`,
		`{"schema":"baakit.breach.assessment/1","exceptions":[{"exception":"unable_to_retain","tests":{"good_faith":{"answer":"yes"}}}]}`,
		`{"schema":"baakit.breach.assessment/1","phi":{"answer":"perhaps"}}`,
	} {
		if _, err := breach.ParseAssessment([]byte(bad)); err == nil {
			t.Errorf("%s is an assessment", bad)
		}
	}
}

func FuzzAssessment(f *testing.F) {
	data, err := json.Marshal(lowRisk())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(_ *testing.T, data []byte) {
		a, err := breach.ParseAssessment(data)
		if err != nil {
			return
		}
		in := vendorIncident()
		in.Assessment = &a
		_, _ = breach.Assess(in)
	})
}
