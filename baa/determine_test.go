package baa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

func ExampleDetermine() {
	facts := baa.Facts{
		Client: "covered_entity", Information: "phi", Capacity: "service_provider", WorksFor: "client",
		Stores: baa.Yes, EncryptedWithoutKey: baa.Yes, BothGovernment: baa.No, RequiredByLaw: baa.No,
	}
	d, err := baa.Determine(facts)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Need, d.Confidence)
	for _, step := range d.Path {
		if step.Says != "" {
			fmt.Printf("%s: %s\n", step.ID, step.Says)
		}
	}

	facts.Stores = baa.Unknown
	d, err = baa.Determine(facts)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Need, d.Possible)
	fmt.Println("next:", d.Open[0].Asks)
	// Output:
	// required primary
	// stores: who keeps PHI maintains it: no conduit, however seldom it looks
	// encryption: encryption does not remove the need for an agreement: who maintains encrypted PHI without the key is a business associate all the same
	// activity: not known; every answer leads to the same need, each by a paragraph of its own
	// counsel_review [required not_required]
	// next: Does it keep PHI longer than transmission takes, encrypted or not?
}

// Each row of testdata/need.json is a relationship and the paper it needs.
func TestDetermine(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/need.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Case, Source string
		Need         baa.Need
		Facts        map[string]string
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		t.Run(row.Case, func(t *testing.T) {
			t.Parallel()
			row.Facts["schema"] = baa.FactsSchema
			wire, err := json.Marshal(row.Facts)
			if err != nil {
				t.Fatal(err)
			}
			var facts baa.Facts
			if err := json.Unmarshal(wire, &facts); err != nil {
				t.Fatal(err)
			}
			d, err := baa.Determine(facts)
			if err != nil {
				t.Fatal(err)
			}
			if d.Need != row.Need {
				t.Fatalf("need = %s (%s), want %s: %s", d.Need, d.Reason, row.Need, row.Source)
			}
			if d.Reason == "" || len(d.Citations) == 0 || d.Confidence.IsZero() || len(d.Path) == 0 {
				t.Errorf("the answer is not explained: %+v", d)
			}
		})
	}
}

// The two misconceptions of people who buy backup are answered on the path,
// with a source, whenever they come up.
func TestMisconceptions(t *testing.T) {
	t.Parallel()
	f := knownFacts()
	f.Stores, f.EncryptedWithoutKey, f.TransmissionOnly = baa.Yes, baa.Yes, baa.Yes
	d, err := baa.Determine(f)
	if err != nil || d.Need != baa.Required {
		t.Fatalf("Determine = %s, %v", d.Need, err)
	}
	for id, want := range map[string]string{"encryption": "encryption does not remove the need", "stores": "no conduit"} {
		i := slices.IndexFunc(d.Path, func(s baa.Step) bool { return s.ID == id })
		if i < 0 || !strings.Contains(d.Path[i].Says, want) || len(d.Path[i].Citations) == 0 {
			t.Errorf("the path does not answer %s with a source", id)
		}
	}
}

// What rests on a source that nobody read again is marked so.
func TestDetermineConfidence(t *testing.T) {
	t.Parallel()
	f := baa.Facts{Client: "covered_entity", Information: "phi", Capacity: "payment_processor", OtherServices: baa.No}
	d, err := baa.Determine(f)
	if err != nil || d.Confidence != baakit.Memory {
		t.Errorf("section 1179: confidence %v, %v; want memory", d.Confidence, err)
	}
	f.Capacity = "treatment_provider"
	if d, err = baa.Determine(f); err != nil || d.Confidence != baakit.Primary {
		t.Errorf("treatment: confidence %v, %v; want primary", d.Confidence, err)
	}
}

func knownFacts() baa.Facts {
	return baa.Facts{
		Client: "covered_entity", Information: "phi", Capacity: "service_provider", OtherServices: baa.No, PlanDocuments: baa.No,
		WorksFor: "client", Stores: baa.Yes, TransmissionOnly: baa.No, RoutineAccess: baa.Yes, EncryptedWithoutKey: baa.No,
		HealthCareOperations: baa.No, DataUseAgreement: baa.No, BothGovernment: baa.No, RequiredByLaw: baa.No, Activity: "function",
	}
}

// slowNeed is the definition of 45 CFR 160.103 and 164.504(e)(3) read as one
// condition after another, for facts that are all known.
func slowNeed(f baa.Facts) baa.Need {
	yes := func(a baa.Answer) bool { return a == baa.Yes }
	regulated := f.Client != "neither"
	handles := f.Information == "phi" || f.Information == "limited_data_set" ||
		f.Information == "none" && (yes(f.Stores) || yes(f.RoutineAccess) || yes(f.EncryptedWithoutKey))
	if !regulated || !handles || f.Capacity == "workforce" {
		return baa.NotRequired
	}
	if f.Capacity != "service_provider" && !yes(f.OtherServices) {
		if f.Capacity == "plan_sponsor" && !yes(f.PlanDocuments) {
			return baa.CounselReview
		}
		return baa.NotRequired
	}
	conduit := yes(f.TransmissionOnly) && !yes(f.Stores) && !yes(f.RoutineAccess)
	if f.WorksFor != "client" || conduit {
		return baa.NotRequired
	}
	switch {
	case f.Information == "limited_data_set" && yes(f.HealthCareOperations) && yes(f.DataUseAgreement):
		return baa.DUASuffices
	case yes(f.BothGovernment):
		return baa.MOUSuffices
	case yes(f.RequiredByLaw):
		return baa.CounselReview
	}
	return baa.Required
}

// slots returns the fields of f by their JSON names, in the order of Facts.
func slots(f *baa.Facts) map[string]*baa.Answer {
	return map[string]*baa.Answer{
		"client": &f.Client, "information": &f.Information, "capacity": &f.Capacity, "other_services": &f.OtherServices,
		"plan_documents": &f.PlanDocuments, "works_for": &f.WorksFor, "stores": &f.Stores, "transmission_only": &f.TransmissionOnly,
		"routine_access": &f.RoutineAccess, "encrypted_without_key": &f.EncryptedWithoutKey, "health_care_operations": &f.HealthCareOperations,
		"data_use_agreement": &f.DataUseAgreement, "both_government": &f.BothGovernment, "required_by_law": &f.RequiredByLaw, "activity": &f.Activity,
	}
}

func choices() (names []string, words map[string][]baa.Answer) {
	words = make(map[string][]baa.Answer)
	for _, q := range baa.Questions() {
		if words[q.Fact] == nil {
			names = append(names, q.Fact)
			words[q.Fact] = q.Answers
		}
	}
	return names, words
}

// drawFacts draws facts of which at most unknown are not known.
func drawFacts(t *rapid.T, unknown int) baa.Facts {
	var f baa.Facts
	names, words := choices()
	for _, name := range names {
		*slots(&f)[name] = rapid.SampledFrom(words[name]).Draw(t, name)
	}
	if rapid.Bool().Draw(t, "plain") { // most relationships end early otherwise
		f.Client, f.Capacity, f.WorksFor = "covered_entity", "service_provider", "client"
	}
	for range unknown {
		*slots(&f)[rapid.SampledFrom(names).Draw(t, "unknown")] = baa.Unknown
	}
	return f
}

// completions calls visit for every way in which the unknown facts may turn
// out.
func completions(f baa.Facts, visit func(baa.Facts)) {
	names, words := choices()
	for _, name := range names {
		if *slots(&f)[name] == baa.Unknown {
			for _, word := range words[name] {
				*slots(&f)[name] = word
				completions(f, visit)
			}
			return
		}
	}
	visit(f)
}

// With all facts known the answer is that of the definition.
func TestDetermineAgainstDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t, 0)
		d, err := baa.Determine(f)
		if err != nil {
			t.Fatal(err)
		}
		if want := slowNeed(f); d.Need != want {
			t.Fatalf("Determine(%+v) = %s, want %s", f, d.Need, want)
		}
		if len(d.Open) != 0 || len(d.Possible) != 0 {
			t.Fatalf("open questions although everything is known: %+v", d)
		}
	})
}

// With facts unknown the answer is the one that holds however they turn out,
// and a review if there is none, or if nothing would be required and not every
// question on the way has its answer; in a review the possible needs are those
// that can come true, and some answer to the next question goes further.
func TestDetermineUnknown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t, rapid.IntRange(1, 5).Draw(t, "unknowns"))
		d, err := baa.Determine(f)
		if err != nil {
			t.Fatal(err)
		}
		come := make(map[baa.Need]bool)
		completions(f, func(g baa.Facts) { come[slowNeed(g)] = true })
		if d.Need == baa.NotRequired && slices.ContainsFunc(d.Path, func(s baa.Step) bool { return s.Answer == baa.Unknown }) {
			t.Fatalf("Determine(%+v) = not_required over a question without an answer", f)
		}
		if len(come) == 1 {
			if !come[d.Need] && !come[baa.NotRequired] {
				t.Fatalf("Determine(%+v) = %s, but it can only be %v", f, d.Need, come)
			}
			return
		}
		if d.Need != baa.CounselReview || len(d.Open) == 0 {
			t.Fatalf("Determine(%+v) = %s although it may turn out as any of %v", f, d.Need, come)
		}
		possible := make(map[baa.Need]bool)
		for _, n := range d.Possible {
			possible[n] = true
		}
		if diff := cmp.Diff(come, possible); diff != "" {
			t.Fatalf("possible needs of %+v (-want +got):\n%s", f, diff)
		}
		for _, q := range d.Open {
			if *slots(&f)[q.Fact] != baa.Unknown {
				t.Fatalf("%s is asked although it is known", q.Fact)
			}
		}
	})
}

// Answering the open questions, each time the first, always comes to an end.
func TestDetermineInterview(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		truth := drawFacts(t, 0)
		var f baa.Facts
		for asked := 0; ; asked++ {
			d, err := baa.Determine(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Open) == 0 {
				if want := slowNeed(truth); d.Need != want {
					t.Fatalf("after %d answers: %s, want %s", asked, d.Need, want)
				}
				return
			}
			fact := d.Open[0].Fact
			*slots(&f)[fact] = *slots(&truth)[fact]
			if asked > 15 {
				t.Fatal("asked more questions than there are facts")
			}
		}
	})
}

func TestFactsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t, rapid.IntRange(0, 15).Draw(t, "unknowns"))
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var again baa.Facts
		if err := json.Unmarshal(data, &again); err != nil || again != f {
			t.Fatalf("%s reads back as %+v, %v", data, again, err)
		}
	})
}

func TestFactsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     baakit.FieldErrors
	}{
		{"no schema", `{}`, baakit.FieldErrors{{Path: "schema", Rule: "must be " + baa.FactsSchema}}},
		{"wrong words", `{"schema":"baakit.baa.facts/1","client":"John Doe","stores":"maybe"}`, baakit.FieldErrors{
			{Path: "client", Rule: "must be covered_entity, organized_health_care_arrangement, business_associate or neither, or left out while unknown"},
			{Path: "stores", Rule: "must be yes or no, or left out while unknown"},
		}},
		{"unknown field", `{"schema":"baakit.baa.facts/1","patient":"x"}`, baakit.FieldErrors{{Path: "patient", Rule: "is not a known field"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := knownFacts()
			err := json.Unmarshal([]byte(tt.in), &f)
			got, ok := errors.AsType[baakit.FieldErrors](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if f != knownFacts() {
				t.Error("the facts changed on an error")
			}
		})
	}
	if _, err := baa.Determine(baa.Facts{Client: "John Doe"}); err == nil || strings.Contains(err.Error(), "John") {
		t.Errorf("Determine of a wrong answer: %v", err)
	}
}

func FuzzFacts(f *testing.F) {
	f.Add([]byte(`{"schema":"baakit.baa.facts/1","client":"covered_entity","stores":"unknown"}`))
	f.Add([]byte(`{"schema":"baakit.baa.facts/1","client":null}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var facts baa.Facts
		if json.Unmarshal(data, &facts) != nil {
			if facts != (baa.Facts{}) {
				t.Fatal("changed on an error")
			}
			return
		}
		d, err := baa.Determine(facts)
		if err != nil {
			t.Fatalf("what is read is valid: %v", err)
		}
		if d.Need == baa.NotRequired && facts == (baa.Facts{}) {
			t.Fatal("nothing known, nothing required")
		}
	})
}

func BenchmarkDetermine(b *testing.B) {
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		f := knownFacts()
		for b.Loop() {
			if _, err := baa.Determine(f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("nothing known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := baa.Determine(baa.Facts{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
