package baa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
)

const salt = "00112233445566778899aabbccddeeff"

// goodEvidence is a click-through with nothing to find.
func goodEvidence() baa.Evidence {
	at := time.Date(2026, 3, 2, 4, 30, 0, 0, time.UTC)
	shown := []byte("<p>The agreement.</p>")
	hash := baa.HashText(string(shown))
	e := baa.Evidence{VersionHash: "hash-1", Shown: shown, AuthorityText: baa.Authority("Larkspur"), ConsentText: baa.Consent(), Copy: shown}
	e.Acceptance = baa.Acceptance{
		Schema: baa.AcceptanceSchema, AgreementID: "A-1", VersionHash: "hash-1", ManifestationHash: hash, Label: "1.0.0",
		Party:       baa.AcceptingParty{LegalName: "Larkspur", Side: baa.CoveredEntitySide},
		Signer:      baa.Signer{Name: "Pat Doe", Title: "Manager", Email: baa.NewPersonal("pat@larkspur.example", salt), Account: baa.NewPersonal("7", salt)},
		Authority:   baa.AuthorityStatement{TextHash: baa.HashText(e.AuthorityText), Given: true},
		Method:      baa.Clickwrap,
		Act:         baa.AssentAct{CallToAction: "I accept", Control: "checkbox and button", DefaultUnchecked: true, Separate: true},
		Presented:   baa.Presentation{Surface: "web page", DisplayedAt: at.Add(-time.Minute), TextHash: hash},
		ConsentHash: baa.HashText(e.ConsentText), At: at, Clock: baa.ServerClock,
		Source: baa.Source{IP: baa.NewPersonal("192.0.2.7", salt), UserAgent: baa.NewPersonal("Browser/1", salt), Authn: "password"},
		Copy:   baa.Delivery{To: baa.NewPersonal("pat@larkspur.example", salt), At: at, Hash: hash},
	}
	return e
}

// Each fault alone is found alone, and caps the strength.
func TestAssess(t *testing.T) {
	t.Parallel()
	other := baa.HashText("another")
	for _, tt := range []struct {
		name   string
		change func(e *baa.Evidence)
		want   []string
		grade  baa.Strength
	}{
		{"nothing", func(*baa.Evidence) {}, nil, baa.Strong},
		{"another version", func(e *baa.Evidence) { e.VersionHash = "hash-2" }, []string{"EV-HASH"}, baa.Void},
		{"no version to compare", func(e *baa.Evidence) { e.VersionHash = "" }, []string{"EV-HASH"}, baa.Void},
		{"another rendering is kept", func(e *baa.Evidence) { e.Shown = []byte("other") }, []string{"EV-HASH", "EV-DISPLAY"}, baa.Void},
		{"another text was shown", func(e *baa.Evidence) { e.Acceptance.Presented.TextHash = other }, []string{"EV-HASH", "EV-DISPLAY"}, baa.Void},
		{"no authority", func(e *baa.Evidence) { e.Acceptance.Authority.Given = false }, []string{"EV-AUTHORITY"}, baa.Weak},
		{"authority in other words", func(e *baa.Evidence) { e.AuthorityText = "I am someone." }, []string{"EV-AUTHORITY"}, baa.Weak},
		{"authority in unknown words", func(e *baa.Evidence) { e.AuthorityText = "" }, []string{"EV-AUTHORITY"}, baa.Weak},
		{"a box ticked beforehand", func(e *baa.Evidence) { e.Acceptance.Act.DefaultUnchecked = false }, []string{"EV-ASSENT"}, baa.Weak},
		{"one box for everything", func(e *baa.Evidence) { e.Acceptance.Act.Separate = false }, []string{"EV-ASSENT"}, baa.Weak},
		{"no words at the box", func(e *baa.Evidence) { e.Acceptance.Act.CallToAction = "" }, []string{"EV-ASSENT"}, baa.Weak},
		{"nobody", func(e *baa.Evidence) { e.Acceptance.Signer.Name = "" }, []string{"EV-ATTRIBUTION"}, baa.Weak},
		{"nobody signed in", func(e *baa.Evidence) { e.Acceptance.Source.Authn = "" }, []string{"EV-ATTRIBUTION"}, baa.Weak},
		{"no account", func(e *baa.Evidence) {
			e.Acceptance.Signer.Account, e.Acceptance.Signer.Email = baa.Personal{}, baa.Personal{}
		}, []string{"EV-ATTRIBUTION"}, baa.Weak},
		{"going on", func(e *baa.Evidence) { e.Acceptance.Method = baa.ContinuedUse }, []string{"EV-ASSENT", "EV-WEAK-METHOD"}, baa.Weak},
		{"the rendering was not kept", func(e *baa.Evidence) { e.Shown = nil }, []string{"EV-DISPLAY"}, baa.Fair},
		{"never displayed", func(e *baa.Evidence) { e.Acceptance.Presented.DisplayedAt = time.Time{} }, []string{"EV-DISPLAY"}, baa.Fair},
		{"displayed afterwards", func(e *baa.Evidence) { e.Acceptance.Presented.DisplayedAt = e.Acceptance.At.Add(1) }, []string{"EV-DISPLAY", "EV-TIME"}, baa.Fair},
		{"no copy", func(e *baa.Evidence) { e.Acceptance.Copy = baa.Delivery{} }, []string{"EV-COPY"}, baa.Fair},
		{"a copy of something else", func(e *baa.Evidence) { e.Copy = []byte("x"); e.Acceptance.Copy.Hash = baa.HashText("x") }, []string{"EV-COPY"}, baa.Fair},
		{"a copy before the act", func(e *baa.Evidence) { e.Acceptance.Copy.At = e.Acceptance.At.Add(-1) }, []string{"EV-TIME"}, baa.Fair},
		{"the clock of the signer", func(e *baa.Evidence) { e.Acceptance.Clock = baa.DeviceClock }, []string{"EV-TIME"}, baa.Fair},
		{"nobody's clock", func(e *baa.Evidence) { e.Acceptance.Clock = "" }, []string{"EV-TIME"}, baa.Fair},
		{"a witness to a click", func(e *baa.Evidence) { e.Acceptance.Clock = baa.WitnessClock }, []string{"EV-TIME"}, baa.Fair},
		{"no consent", func(e *baa.Evidence) { e.Acceptance.ConsentHash = "" }, []string{"EV-CONSENT"}, baa.Fair},
		{"ink", func(e *baa.Evidence) {
			a := &e.Acceptance
			a.Method, a.ConsentHash, a.Source, a.Clock, a.Act = baa.Wet, "", baa.Source{}, baa.WitnessClock, baa.AssentAct{}
		}, nil, baa.Strong},
		{"a program", func(e *baa.Evidence) { e.Acceptance.Method = baa.API; e.Acceptance.Act.DefaultUnchecked = false }, nil, baa.Strong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := goodEvidence()
			tt.change(&e)
			got, err := e.Assess()
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, f := range got.Findings {
				ids = append(ids, f.ID)
				if f.Says == "" || len(f.Citations) == 0 {
					t.Errorf("%s is not explained", f.ID)
				}
			}
			if !slices.Equal(ids, tt.want) || got.Strength != tt.grade {
				t.Errorf("findings %v, %s; want %v, %s", ids, got.Strength, tt.want, tt.grade)
			}
			if got.Confidence != baakit.Memory {
				t.Errorf("confidence %v: the sources were not read", got.Confidence)
			}
			if _, err := e.Event(); (err != nil) != (tt.grade == baa.Void) {
				t.Errorf("event: %v", err)
			}
		})
	}
}

// Taking something away never makes evidence stronger.
func TestAssessMonotone(t *testing.T) {
	t.Parallel()
	order := []baa.Strength{baa.Void, baa.Weak, baa.Fair, baa.Strong}
	faults := []func(e *baa.Evidence){
		func(e *baa.Evidence) { e.VersionHash = "" },
		func(e *baa.Evidence) { e.Acceptance.Authority.Given = false },
		func(e *baa.Evidence) { e.AuthorityText = "" },
		func(e *baa.Evidence) { e.Acceptance.Copy = baa.Delivery{} },
		func(e *baa.Evidence) { e.Copy = nil },
		func(e *baa.Evidence) { e.Acceptance.Clock = "" },
		func(e *baa.Evidence) { e.Acceptance.Presented = baa.Presentation{} },
		func(e *baa.Evidence) { e.Shown = nil },
		func(e *baa.Evidence) { e.Acceptance.ConsentHash = "" },
		func(e *baa.Evidence) { e.Acceptance.Signer = baa.Signer{} },
		func(e *baa.Evidence) { e.Acceptance.Source = baa.Source{} },
		func(e *baa.Evidence) { e.Acceptance.Act = baa.AssentAct{} },
	}
	rapid.Check(t, func(t *rapid.T) {
		e := goodEvidence()
		last, found := baa.Strong, 0
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(faults)-1), 0, 8).Draw(t, "faults") {
			faults[i](&e)
			got, err := e.Assess()
			if err != nil {
				t.Fatal(err)
			}
			if slices.Index(order, got.Strength) > slices.Index(order, last) || len(got.Findings) < found {
				t.Fatalf("%s after %s, %d findings after %d", got.Strength, last, len(got.Findings), found)
			}
			last, found = got.Strength, len(got.Findings)
		}
	})
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	a := goodEvidence().Acceptance
	hash, err := a.Hash()
	if err != nil {
		t.Fatal(err)
	}
	redacted := a.Redacted()
	data, err := json.Marshal(redacted)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"192.0.2.7", "Browser/1", "pat@", salt} {
		if strings.Contains(string(data), value) {
			t.Errorf("%q is still there", value)
		}
	}
	again, err := baa.ParseAcceptance(data)
	if err != nil || again != redacted {
		t.Fatalf("reads back as %+v, %v", again, err)
	}
	if got, err := again.Hash(); err != nil || got != hash {
		t.Errorf("hash %s, %v; want %s", got, err, hash)
	}
	if again.Redacted() != again {
		t.Error("redacting twice changes something")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, a); strings.Contains(text, "192.0.2.7") || strings.Contains(text, "pat@") {
			t.Errorf("%s shows personal values", verb)
		}
	}
	a.At = a.At.In(time.FixedZone("", 14*3600))
	if got, err := a.Hash(); err != nil || got != hash {
		t.Errorf("the hash depends on the zone of the time: %s, %v", got, err)
	}
	a.Signer.Name = "Another"
	if got, _ := a.Hash(); got == hash {
		t.Error("another signer has the same hash")
	}
}

func TestAcceptanceRefused(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(goodEvidence().Acceptance)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(string(good)) }
	for _, tt := range []struct {
		name, in string
		paths    []string
	}{
		{"nothing", `{}`, []string{"schema", "agreement_id", "version_hash", "party.legal_name", "party.side", "method", "at"}},
		{"a time with a secret", edit(`"2026-03-02T04:30:00Z"`, `"John Doe"`), []string{"copy.at", "at"}},
		{"another method and clock", edit(`"clickwrap"`, `"John"`, `"server"`, `"John"`), []string{"method", "clock"}},
		{"a hash that does not belong", edit(`"192.0.2.7"`, `"192.0.2.8"`), []string{"source.ip"}},
		{"two lines", edit(`"Pat Doe"`, `"Pat\nDoe"`), []string{"signer.name"}},
		{"an unknown field", edit(`"label"`, `"patient"`), []string{"patient"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := baa.ParseAcceptance([]byte(tt.in))
			errs, ok := errors.AsType[baakit.FieldErrors](err)
			if !ok || strings.Contains(err.Error(), "John") || strings.Contains(err.Error(), "192.") {
				t.Fatalf("error %v", err)
			}
			var paths []string
			for _, e := range errs {
				paths = append(paths, e.Path)
			}
			slices.Sort(paths)
			slices.Sort(tt.paths)
			if diff := cmp.Diff(tt.paths, paths); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseAcceptance(f *testing.F) {
	good, err := json.Marshal(goodEvidence().Acceptance)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := baa.ParseAcceptance(data)
		if err != nil {
			if a != (baa.Acceptance{}) {
				t.Fatal("something was read")
			}
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := baa.ParseAcceptance(again); err != nil || !b.At.Equal(a.At) {
			t.Fatalf("does not read back: %v", err)
		}
		if _, err := a.Hash(); err != nil {
			t.Fatal(err)
		}
	})
}
