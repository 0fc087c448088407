package breachtest_test

import (
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/breach"
	"github.com/baakit/baakit/breach/breachtest"
	"pgregory.net/rapid"
)

// The generator makes valid incidents only.
func TestIncidentIsValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := breachtest.Incident().Draw(t, "incident")
		if _, err := breach.NewTimeline(in, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// It makes the classes that matter: each of them within 2,000 draws.
func TestIncidentClasses(t *testing.T) {
	t.Parallel()
	classes := map[string]func(breach.Incident) bool{
		"a single party":          func(in breach.Incident) bool { return len(in.Parties) == 1 },
		"a chain of four":         func(in breach.Incident) bool { return len(in.Parties) == 4 },
		"an unknown total":        func(in breach.Incident) bool { return in.People.Total.IsZero() },
		"500 residents":           func(in breach.Incident) bool { return residents(in, 500) },
		"501 residents":           func(in breach.Incident) bool { return residents(in, 501) },
		"a delay in writing":      func(in breach.Incident) bool { return len(in.Delays) > 0 && in.Delays[0].Form == breach.Written },
		"an oral delay":           func(in breach.Incident) bool { return len(in.Delays) > 0 && in.Delays[0].Form == breach.Oral },
		"an agent":                func(in breach.Incident) bool { return in.Parties[0].Agency == breach.Agent },
		"a leap day's discovery":  func(in breach.Incident) bool { return knows(in, 2, 29) },
		"the last day of a year":  func(in breach.Incident) bool { return knows(in, 12, 31) },
		"the first day of a year": func(in breach.Incident) bool { return knows(in, 1, 1) },
	}
	for i := range 20_000 {
		in := breachtest.Incident().Example(i)
		for name, is := range classes {
			if is(in) {
				delete(classes, name)
			}
		}
		if len(classes) == 0 {
			return
		}
	}
	for name := range classes {
		t.Errorf("never %s", name)
	}
}

func residents(in breach.Incident, n int) bool {
	for _, c := range in.People.Residents {
		if c.N() == n {
			return true
		}
	}
	return false
}

func knows(in breach.Incident, month, day int) bool {
	for _, p := range in.Parties {
		for _, k := range p.Knowledge {
			if _, m, d := k.At.Day(in.Zone.Location()).Date(); int(m) == month && d == day {
				return true
			}
		}
	}
	return false
}

func TestInstant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := baakit.MustParseDate("2026-03-01").AddDays(rapid.IntRange(0, 300).Draw(t, "day"))
		z := breachtest.Zone().Draw(t, "zone")
		if at := breachtest.Instant(d, z).Draw(t, "instant"); baakit.DateOf(at, z.Location()) != d {
			t.Fatalf("%v is not on %s", at, d)
		}
	})
}
