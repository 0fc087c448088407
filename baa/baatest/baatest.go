// Package baatest helps to test programs that use package baa: generators of
// drafts and versions for property tests, and golden agreements with what is
// known about them. It imports rapid, so only tests should import it.
package baatest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/baa"
	"pgregory.net/rapid"
)

// Customer and Vendor are fictional parties.
func Customer() baa.Party {
	return baa.Party{
		Role: baa.CoveredEntitySide, LegalName: "Larkspur Family Practice", Home: baakit.MustParseJurisdiction("IA"),
		NoticeAddress: "1 Larkspur Lane, Ames, Iowa", NoticeEmail: "privacy@larkspur.example",
	}
}

// Vendor is the fictional other party: see [Customer].
func Vendor() baa.Party {
	return baa.Party{
		Role: baa.BusinessAssociateSide, LegalName: "Fernhill Cloud Records, Inc.", TradeName: "Fernhill", Home: baakit.MustParseJurisdiction("IL"),
		NoticeAddress: "2 Fernhill Road, Peoria, Illinois", NoticeEmail: "legal@fernhill.example",
	}
}

// A Scenario is a golden agreement: a draft and the findings that the law has
// on it by the current rules, information apart.
type Scenario struct {
	Name     string
	Draft    baa.Draft
	Findings []string
}

// Scenarios returns golden agreements, each made anew.
func Scenarios() []Scenario {
	standard := func(kind baa.AgreementKind) baa.Draft {
		d := baa.Standard(kind, Customer(), Vendor())
		d.Effective = baakit.MustParseDate("2026-10-01")
		if kind == baa.GovernmentMemorandum {
			d.Parties[0].Government, d.Parties[1].Government = true, true
		}
		return d
	}
	complete := standard(baa.CoveredEntityAgreement)
	reporting := complete.Clauses.Find("reporting").(baa.Reporting)
	reporting.BreachWithin = baakit.MustParsePeriod("90 days")
	subs := complete.Clauses.Find("subcontractors").(baa.Subcontractors)
	subs.Restrictions = baa.Similar
	offer := complete.With(baa.DelegatedObligations{NoneDelegated: true})
	offer.StandingOffer, offer.Parties[0] = true, baa.Party{Role: baa.CoveredEntitySide}
	return []Scenario{
		{"complete", complete, nil},
		{"subcontractor", standard(baa.SubcontractorAgreement), nil},
		{"memorandum", standard(baa.GovernmentMemorandum), nil},
		{"data use", standard(baa.DataUseAgreement), nil},
		{"standing offer, nothing delegated", offer, nil},
		{"no delegated obligations", complete.Without("delegated_obligations"), []string{"BAA-R-ii-H"}},
		{"90 days for a breach", complete.With(reporting), []string{"BAA-R-ii-C-breach"}},
		{"substantially similar flow-down", complete.With(subs), []string{"BAA-R-ii-D"}},
	}
}

// Seal seals a draft or fails the test.
func Seal(t testing.TB, d baa.Draft) baa.Version {
	t.Helper()
	v, err := baa.Seal(d)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Version generates sealed versions: see [Draft].
func Version() *rapid.Generator[baa.Version] {
	return rapid.Custom(func(t *rapid.T) baa.Version {
		v, err := baa.Seal(Draft().Draw(t, "draft"))
		if err != nil {
			t.Fatalf("a generated draft is invalid: %v", err)
		}
		return v
	})
}

// Draft generates valid drafts of every kind: the standard agreement with some
// clauses gone, others with other terms, in another order, custom ones and one
// of an unknown kind among them.
func Draft() *rapid.Generator[baa.Draft] {
	return rapid.Custom(func(t *rapid.T) baa.Draft {
		kind := rapid.SampledFrom([]baa.AgreementKind{baa.CoveredEntityAgreement, baa.CoveredEntityAgreement, baa.SubcontractorAgreement, baa.GovernmentMemorandum, baa.DataUseAgreement}).Draw(t, "kind")
		d := baa.Standard(kind, Customer(), Vendor())
		d.Label = baa.Label{Edition: rapid.IntRange(1, 9).Draw(t, "edition"), Update: rapid.IntRange(0, 9).Draw(t, "update"), Draft: rapid.IntRange(0, 2).Draw(t, "draft number")}
		if rapid.Bool().Draw(t, "dated") {
			d.Effective = date().Draw(t, "effective")
		}
		d.StandingOffer = rapid.Bool().Draw(t, "standing offer")
		d.NoElectronicPHI = rapid.IntRange(0, 9).Draw(t, "no electronic PHI") == 0
		if rapid.Bool().Draw(t, "one signer") {
			d.Signers = []baa.Side{baa.CoveredEntitySide}
		}
		d.Services = Line().Draw(t, "services")
		d.Parties[0].TradeName = Line().Draw(t, "trade name")
		d.Clauses = slices.DeleteFunc(d.Clauses, func(baa.Clause) bool { return rapid.IntRange(0, 5).Draw(t, "gone") == 0 })
		for i, c := range d.Clauses {
			if rapid.Bool().Draw(t, "other terms") {
				d.Clauses[i] = fill(t, c)
			}
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "custom") {
			d.Clauses = append(d.Clauses, baa.Custom{
				Name: baa.ClauseID(fmt.Sprintf("special-%d", i+1)), Title: Line().Draw(t, "heading"),
				Paragraphs: rapid.SliceOfN(Line(), 1, 3).Draw(t, "paragraphs"),
				Claims:     rapid.SliceOfNDistinct(rapid.SampledFrom(elements()), 0, 2, rapid.ID[baa.Element]).Draw(t, "claims"),
			})
		}
		if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
			d.Clauses = append(d.Clauses, baa.UnknownClause{JSON: `{"id":"newer-1","kind":"arbitration","seats":[1,2.5,"a|b"]}`})
		}
		if rapid.Bool().Draw(t, "shuffled") {
			d.Clauses = rapid.Permutation(d.Clauses).Draw(t, "order")
		}
		return d
	})
}

// Clause generates clauses of the kind of c with any terms.
func Clause(c baa.Clause) *rapid.Generator[baa.Clause] {
	return rapid.Custom(func(t *rapid.T) baa.Clause {
		if rapid.IntRange(0, 9).Draw(t, "as it is") == 0 {
			return c
		}
		return fill(t, c)
	})
}

// Line generates lines as a draft may hold, those that look like markup and
// typographic quotes among them.
func Line() *rapid.Generator[string] {
	word := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z][a-z]{0,9}`),
		rapid.SampledFrom([]string{"|", "**b**", "<b>&amp;", "1.", "#", "*", "~~x~~", `\`, "“quoted”", "naïve", "@BA", "%s", "`c`", "[x](y)", "5", "SSL", "e-mail", "-", "##"}),
	)
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 1, 6).Draw(t, "words"), " ") })
}

// Period generates periods of every unit.
func Period() *rapid.Generator[baakit.Period] {
	return rapid.Custom(func(t *rapid.T) baakit.Period {
		unit := rapid.SampledFrom([]string{"hours", "days", "business days", "months", "years"}).Draw(t, "unit")
		return baakit.MustParsePeriod(fmt.Sprintf("%d %s", rapid.IntRange(2, 120).Draw(t, "n"), unit))
	})
}

func date() *rapid.Generator[baakit.Date] {
	return rapid.Custom(func(t *rapid.T) baakit.Date {
		return baakit.MustParseDate("2003-01-01").AddDays(rapid.IntRange(0, 12000).Draw(t, "day"))
	})
}

func elements() []baa.Element {
	var list []baa.Element
	for e := range baa.Elements() {
		list = append(list, e.ID)
	}
	return list
}

// fill returns a clause of the same type with other terms.
func fill(t *rapid.T, c baa.Clause) baa.Clause {
	v := reflect.New(reflect.TypeOf(c)).Elem()
	for i := range v.NumField() {
		if rapid.IntRange(0, 3).Draw(t, "empty") > 0 {
			fillField(t, v.Field(i), v.Type().Field(i))
		}
	}
	return v.Interface().(baa.Clause)
}

func fillField(t *rapid.T, v reflect.Value, f reflect.StructField) {
	switch v.Interface().(type) {
	case baakit.Period:
		v.Set(reflect.ValueOf(Period().Draw(t, f.Name)))
		return
	case baakit.Date:
		v.Set(reflect.ValueOf(date().Draw(t, f.Name)))
		return
	case baakit.Jurisdiction:
		v.Set(reflect.ValueOf(baakit.MustParseJurisdiction(rapid.SampledFrom([]string{"TX", "DE", "PR"}).Draw(t, f.Name))))
		return
	case baa.Money:
		v.Set(reflect.ValueOf(baa.MustParseMoney(fmt.Sprintf("%d.%02d", rapid.IntRange(1, 1_000_000).Draw(t, f.Name), rapid.IntRange(0, 99).Draw(t, "cents")))))
		return
	case []baa.ClauseID:
		v.Set(reflect.ValueOf(rapid.SliceOfN(rapid.SampledFrom([]baa.ClauseID{"reporting", "notices", "gone"}), 0, 3).Draw(t, f.Name)))
		return
	case []baa.Definition:
		v.Set(reflect.ValueOf([]baa.Definition{{Term: Line().Draw(t, f.Name), Means: Line().Draw(t, "means")}}))
		return
	case []string:
		v.Set(reflect.ValueOf(rapid.SliceOfN(Line(), 0, 3).Draw(t, f.Name)))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, f.Name))
	case reflect.String:
		if _, choices, ok := strings.Cut(f.Tag.Get("validate"), "oneof="); ok {
			v.SetString(rapid.SampledFrom(append(strings.Fields(choices), "")).Draw(t, f.Name))
		} else {
			v.SetString(Line().Draw(t, f.Name))
		}
	}
}

// off returns how each element is taken away from a complete draft: by hand, since its terms
// are not all yes or no.
func off() map[baa.Element]func(baa.Draft) baa.Draft {
	return map[baa.Element]func(baa.Draft) baa.Draft{
		"uses.established": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.PermittedUses) { c.Basis = "" })
		},
		"uses.no_greater_than_ce": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.PermittedUses) { c.NoGreaterThanCustomer = false })
		},
		"limit.contract_or_law":   func(d baa.Draft) baa.Draft { return d.Without("no_other_use") },
		"safeguards":              func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Safeguards) { c.Appropriate = false }) },
		"safeguards.subpart_c":    func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Safeguards) { c.SecurityRule = false }) },
		"report.unauthorized_use": func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Reporting) { c.UnauthorizedUse = false }) },
		"report.breach":           func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Reporting) { c.Breach = false }) },
		"report.security_incident": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.Reporting) { c.Incidents = "" })
		},
		"report.content_410c": func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Reporting) { c.BreachContent = false }) },
		"subcontractors.same_restrictions": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.Subcontractors) { c.Restrictions = "" })
		},
		"subcontractors.security": func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Subcontractors) { c.Security = false }) },
		"access":                  func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.IndividualRights) { c.Access = false }) },
		"amendment":               func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.IndividualRights) { c.Amendment = false }) },
		"accounting":              func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.IndividualRights) { c.Accounting = false }) },
		"delegated_obligations":   func(d baa.Draft) baa.Draft { return d.Without("delegated_obligations") },
		"books_records":           func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.BooksAndRecords) { c.ToSecretary = false }) },
		"termination.return_destroy": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.ReturnOrDestroy) { c.Required = false })
		},
		"termination.no_copies":  func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.ReturnOrDestroy) { c.NoCopies = false }) },
		"termination.infeasible": func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.ReturnOrDestroy) { c.Infeasible = false }) },
		"termination.for_cause":  func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.Termination) { c.ForCause = false }) },
		"mgmt_admin.disclose.assurances": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.PermittedUses) { c.Assurances = false })
		},
		"mgmt_admin.disclose.notify": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.PermittedUses) { c.RecipientNotifies = false })
		},
		"mgmt_admin.use": func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.PermittedUses) { c.Management = false }) },
		"legal_responsibilities.use": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.PermittedUses) { c.LegalDuties = false })
		},
		"mgmt_admin.disclose": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.PermittedUses) { c.ManagementDisclosure = false })
		},
		"data_aggregation":  func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.PermittedUses) { c.Aggregation = false }) },
		"required_by_law":   func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.PermittedUses) { c.RequiredByLaw = false }) },
		"deidentify":        func(d baa.Draft) baa.Draft { return edit(d, func(c *baa.PermittedUses) { c.Deidentification = "" }) },
		"minimum_necessary": func(d baa.Draft) baa.Draft { return d.Without("minimum_necessary") },
		"misc.mitigation":   func(d baa.Draft) baa.Draft { return d.Without("mitigation") },
		"misc.term_survival_amendment": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.RegulatoryChange) { c.Follow = false })
		},
		"ce.npp_limits": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.CoveredEntityDuties) { c.NoticeLimits = false })
		},
		"ce.permission_changes": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.CoveredEntityDuties) { c.PermissionChanges = false })
		},
		"ce.restrictions": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.CoveredEntityDuties) { c.Restrictions = false })
		},
		"ce.permissible_requests": func(d baa.Draft) baa.Draft {
			return edit(d, func(c *baa.CoveredEntityDuties) { c.PermissibleRequests = false })
		},
	}
}

// edit changes the clause of one type, which the draft must have.
func edit[C baa.Clause](d baa.Draft, change func(*C)) baa.Draft {
	var zero C
	c := d.Clauses.Find(baa.ClauseID(zero.Kind())).(C)
	change(&c)
	return d.With(any(c).(baa.Clause))
}

// Without takes one element away from a draft that has it, as the standard
// agreement does, and nothing else. An element that it does not know fails the
// test.
func Without(t testing.TB, d baa.Draft, e baa.Element) baa.Draft {
	t.Helper()
	take, ok := off()[e]
	if !ok {
		t.Fatalf("no way to take %s away; known are %v", e, slices.Sorted(maps.Keys(off())))
	}
	return take(d)
}
