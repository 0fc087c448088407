package baa_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"github.com/baakit/baakit/baa/baatest"
	"pgregory.net/rapid"
)

// A changeCase is a row of testdata/changes.json: the clauses that stand in
// the complete agreement before and after, and what the change means.
type changeCase struct {
	Case, Change                   string
	From, To                       baa.Clauses
	Without                        []baa.ClauseID
	Reorder                        bool
	Head                           string
	Class                          baa.Class
	Effect                         baa.Effect
	Material, Notice, Reacceptance bool
	Blocked                        bool
	Bump                           baa.Bump
	Touches                        []string
	Findings                       []string
}

func (c changeCase) drafts() (a, b baa.Draft) {
	a, b = complete(), complete()
	for _, cl := range c.From {
		a = a.With(cl)
	}
	for _, cl := range c.To {
		b = b.With(cl)
	}
	for _, id := range c.Without {
		b = b.Without(id)
	}
	if c.Reorder {
		slices.Reverse(b.Clauses)
	}
	switch c.Head {
	case "detail":
		b.Parties[1].TradeName, b.Parties[1].NoticeEmail = "Fernhill Health", "support@fernhill.example"
	case "entity":
		b.Parties[1].LegalName = "Thistle Records, LLC"
	case "backdated":
		b.Effective = baakit.MustParseDate("2026-07-01")
	case "2013":
		a.Effective, b.Effective = baakit.MustParseDate("2005-03-15"), baakit.MustParseDate("2013-09-23")
	}
	return a, b
}

func TestChanges(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/changes.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []changeCase
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	for _, c := range rows {
		t.Run(c.Case, func(t *testing.T) {
			a, b := c.drafts()
			first := sealed(t, a)
			b.Parent, b.Label = first.Hash(), baa.MustParseLabel("1.1.0")
			second := sealed(t, b)
			d := baa.Diff(first, second)
			got := baa.Classify(d, nil)
			want := baa.Consequence{Material: c.Material, Notice: c.Notice, Reacceptance: c.Reacceptance, Bump: c.Bump}
			if got.Class != c.Class || got.Effect != c.Effect || got.Consequence != want || got.Blocked != c.Blocked {
				t.Errorf("%s, %s, %+v, blocked %v; want %s, %s, %+v\n%+v", got.Class, got.Effect, got.Consequence, got.Blocked, c.Class, c.Effect, want, got.Changes)
			}
			touches, wantTouches := slices.Sorted(slices.Values(got.Touches)), slices.Sorted(slices.Values(c.Touches))
			if !slices.Equal(touches, wantTouches) {
				t.Errorf("touches %v, want %v", touches, wantTouches)
			}
			for _, w := range c.Findings {
				id, severity, _ := strings.Cut(w, ":")
				if !slices.ContainsFunc(got.Findings, func(f baa.Finding) bool {
					return f.ID == id && string(f.Severity) == severity || severity == "" && strings.HasPrefix(f.ID, id)
				}) {
					t.Errorf("no finding %s; got %v", w, findingIDs(got.Findings))
				}
			}
			if len(c.Findings) == 0 && slices.ContainsFunc(got.Findings, func(f baa.Finding) bool {
				return f.Layer == baa.LawLayer && f.Severity != baa.SeverityInfo
			}) && c.Findings != nil {
				t.Errorf("findings %v", findingIDs(got.Findings))
			}
			if c.Case == "C01" && (first.TextHash() != second.TextHash() || first.Hash() == second.Hash()) {
				t.Error("the text hash changed, or the hash did not")
			}
		})
	}
}

func findingIDs(list []baa.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.ID+":"+string(f.Severity))
	}
	return out
}

// pair draws two versions of one agreement that share many clauses.
func pair(t *rapid.T) (a, b baa.Version) {
	x := baatest.Draft().Draw(t, "a")
	y := baatest.Draft().Draw(t, "b")
	y.Kind = x.Kind
	for i, c := range y.Clauses {
		if old := x.Clauses.Find(c.ID()); old != nil && rapid.Bool().Draw(t, "same") {
			y.Clauses[i] = old
		}
	}
	return sealedRapid(t, x), sealedRapid(t, y)
}

// A difference leads from the first version to the second and from no other;
// that of a version with itself is empty.
func TestApply(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := pair(t)
		if d := baa.Diff(a, a); !d.IsEmpty() {
			t.Fatalf("a version differs from itself: %+v", d.Changes)
		}
		got, ok := baa.Diff(a, b).Apply(a)
		if !ok || got.Hash() != b.Hash() {
			t.Fatalf("Apply: %v", ok)
		}
		if _, ok := baa.Diff(a, b).Apply(b); ok && a.Hash() != b.Hash() {
			t.Fatal("applied to another version")
		}
	})
}

// The differences of two versions mirror each other.
func TestMirror(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := pair(t)
		forth, back := baa.Diff(a, b).Changes, baa.Diff(b, a).Changes
		if len(forth) != len(back) {
			t.Fatalf("%d changes forth, %d back", len(forth), len(back))
		}
		kinds := map[baa.ChangeKind]baa.ChangeKind{baa.ClauseAdded: baa.ClauseRemoved, baa.ClauseRemoved: baa.ClauseAdded}
		directions := map[baa.Direction]baa.Direction{baa.Tighter: baa.Looser, baa.Looser: baa.Tighter}
		for _, c := range forth {
			if c.Kind == baa.ClauseMoved {
				continue // which of two clauses moved is a matter of view
			}
			want := c
			if k, ok := kinds[c.Kind]; ok {
				want.Kind = k
			}
			if d, ok := directions[c.Direction]; ok {
				want.Direction = d
			}
			if !slices.ContainsFunc(back, func(m baa.Change) bool {
				return m.Clause == c.Clause && m.Term == c.Term && m.Kind == want.Kind && m.Direction == want.Direction && m.From == c.To && m.To == c.From && m.Binds == c.Binds
			}) {
				t.Fatalf("no mirror of %+v in %+v", c, back)
			}
		}
	})
}

// One more change never asks for less, and whatever is looser for the business
// associate, or cannot be judged, asks for acceptance again.
func TestClassIsMonotone(t *testing.T) {
	t.Parallel()
	order := []baa.Bump{baa.BumpNone, baa.BumpSchedule, baa.BumpCorrection, baa.BumpUpdate, baa.BumpEdition}
	rapid.Check(t, func(t *rapid.T) {
		a, b := pair(t)
		before := baa.Classify(baa.Diff(a, b), nil)
		for _, c := range before.Changes {
			if (c.Direction == baa.Looser || c.Direction == baa.Unclear || c.Binds == baa.CoveredEntitySide && c.Direction != baa.Neutral) && !before.Reacceptance {
				t.Fatalf("%+v asks for no acceptance", c)
			}
		}
		tight, ok := b.Clause("audit_rights").(baa.AuditRights)
		if !ok || a.Clause("audit_rights") == nil || !a.Clause("audit_rights").(baa.AuditRights).Granted {
			return
		}
		tight.Granted = false
		after := baa.Classify(baa.Diff(a, sealedRapid(t, b.Draft().With(tight))), nil)
		if before.Material && !after.Material || before.Notice && !after.Notice || !after.Reacceptance || slices.Index(order, after.Bump) < slices.Index(order, before.Bump) {
			t.Fatalf("with a looser change %+v, without it %+v", after.Consequence, before.Consequence)
		}
	})
}

// The caller's policy decides, and vouches for what nothing here can judge.
func TestChangePolicy(t *testing.T) {
	t.Parallel()
	own := func(text string) baa.Version {
		return sealed(t, complete().With(baa.Custom{Name: "own", Title: "Own", Paragraphs: []string{text}}))
	}
	d := baa.Diff(own("The portal is open."), own("The portal stands open."))
	policy := baa.DefaultChangePolicy()
	policy.Clarifying = []baa.ClauseID{"own"}
	if c := baa.Classify(d, &policy); c.Class != baa.Clarifying || c.Reacceptance {
		t.Errorf("vouched for: %s %+v", c.Class, c.Consequence)
	}
	c := complete().Clauses.Find("reporting").(baa.Reporting)
	c.BreachWithin = baakit.MustParsePeriod("3 days")
	d = baa.Diff(sealed(t, complete()), sealed(t, complete().With(c)))
	policy = baa.DefaultChangePolicy()
	policy.Drafter = baa.CoveredEntitySide
	if c := baa.Classify(d, &policy); !c.Reacceptance {
		t.Error("the customer tightens a duty of the vendor, and nobody has to accept")
	}
	delete(policy.Consequences, baa.Tightening)
	policy.Drafter = ""
	if c := baa.Classify(d, &policy); !c.Reacceptance {
		t.Error("a class without a consequence asks for nothing")
	}
	policy.Consequences[baa.Tightening] = baa.Consequence{Bump: baa.BumpNone}
	if c := baa.Classify(d, &policy); c.Notice || c.Material || c.Reacceptance {
		t.Errorf("the policy was not followed: %+v", c.Consequence)
	}
	if c := baa.Classify(baa.Difference{}, nil); c.Class != baa.Editorial || c.Bump != baa.BumpNone {
		t.Errorf("nothing: %+v", c)
	}
}

// The redline shows what went and what came, escaped.
func TestRedline(t *testing.T) {
	t.Parallel()
	c := complete().Clauses.Find("reporting").(baa.Reporting)
	c.BreachWithin = baakit.MustParsePeriod("24 hours")
	b := complete().With(c).Without("mitigation")
	b.Services = "<b>backups</b>"
	d := baa.Diff(sealed(t, complete()), sealed(t, b))
	page := d.HTML()
	for _, want := range []string{"<del>5 days.</del> <ins>24 hours.</ins>", "<h2>Mitigation</h2><p><del>", "&lt;b&gt;backups&lt;/b&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if strings.Contains(page, "<b>backups") {
		t.Error("markup got through")
	}
	if md := d.Markdown(); !strings.Contains(md, "~~5 days.~~ **24 hours.**") || !strings.Contains(md, "| reporting | term changed | breach\\_within | 5 days | 24 hours | tighter for business associate | tightening |") {
		t.Errorf("%s", md)
	}
	if md := baa.Diff(sealed(t, b), sealed(t, b)).Markdown(); !strings.Contains(md, "Nothing changed") {
		t.Errorf("%s", md)
	}
}
