package retention_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/retention"
)

var zones = []*time.Location{time.UTC, time.FixedZone("west", -12*3600), time.FixedZone("east", 14*3600)}

// Every row of both tables is evaluated for a grid of births and events
// against the slow reference.
func TestEveryRow(t *testing.T) {
	t.Parallel()
	triggers := []retention.Trigger{
		"creation", "discharge", "last_service", "last_contact", "last_entry", "death", "destruction", "end_of_full_retention", "last_in_effect", "disclosure", "date_of_service",
		"exam", "next_exam", "transfer", "cost_report_filing", "contract_period_end", "audit_completion", "agreement_end", "violation", "government_knowledge", "reporting",
		"processing_complete", "product_expiry", "administration", "discontinuance", "marketing_approval", "shipment_discontinued_and_fda_notified", "investigation_discontinued_and_fda_notified",
		"investigation_end", "records_no_longer_needed_for_pma_or_pdp", "permit_approval", "submission", "study_end", "research_completion", "proceeding_completion", "phs_proceeding_completion",
		"employment_end", "training", "calendar_year_end", "last_episode_of_care", "filing", "furnished", "published_notice",
	}
	day := baakit.MustParseDate
	rows, checks := 0, 0
	for _, table := range []retention.Table{retention.States(), retention.Federal()} {
		for _, row := range table.Rows {
			if row.Effect != retention.Keep && row.Effect != retention.Limitation {
				continue
			}
			on := day("2026-11-22")
			if !row.EffectiveTo.IsZero() {
				on = row.EffectiveTo
			}
			all, err := table.Policies([]string{row.ID}, &retention.PolicyOptions{AllowUnverified: true, Prudential: true})
			if err != nil {
				t.Fatal(row.ID, err)
			}
			list := slices.DeleteFunc(all, func(p retention.Policy) bool { return p.From != row.EffectiveFrom })
			if len(list) == 0 {
				if !row.Rule.IsZero() {
					t.Errorf("%s has a rule and no policy", row.ID)
				}
				continue
			}
			rows++
			s := schedule(t, list...)
			parts := []string{""}
			for _, p := range row.Parts {
				parts = append(parts, p.Part)
			}
			majority := 21 // nobody says whose
			if !row.Jurisdiction.IsZero() {
				majority = map[string]int{"AL": 19, "NE": 19, "MS": 21}[row.Jurisdiction.Code()]
				if majority == 0 {
					majority = 18
				}
			}
			for _, birth := range []string{"1940-05-05", "1999-12-31", "2000-02-29", "2004-02-29", "2010-03-01", "2012-02-28"} {
				for _, event := range []string{"2012-02-29", "2016-05-10", "2018-02-28", "2018-03-01", "2019-12-31", "2020-02-29", "2022-03-01"} {
					for _, part := range parts {
						r := retention.Record{ID: "r", Class: row.Class, Part: part, Birth: retention.On(day(birth)), Events: make(map[retention.Trigger]retention.When), Facts: map[string]bool{"state_law_sets_period": false}}
						for i, trigger := range triggers {
							r.Events[trigger] = retention.On(day(event).AddDays(i % 5))
						}
						d, err := retention.Evaluate(&r, s, nil, on, baakit.Date{})
						if err != nil {
							t.Fatal(err)
						}
						slow := slowOf(r, majority, on)
						text := row.Rule.String()
						if !row.Minor.IsZero() {
							if slow.holds("if " + strings.TrimPrefix(row.MinorTest.String(), "if ")) {
								text = row.Minor.String()
							}
						}
						for _, p := range row.Parts {
							if p.Part == part {
								text = p.Rule.String()
							}
						}
						checks++
						switch text {
						case "invalid Rule":
							if d.Outcome != retention.Unclassified {
								t.Errorf("%s %q: %s without a rule", row.ID, part, d.Outcome)
							}
							continue
						case "unstated":
							if d.Outcome != retention.Indeterminate {
								t.Errorf("%s %q: %s of a length that nobody read", row.ID, part, d.Outcome)
							}
							continue
						case "permanent":
							if d.Outcome != retention.PermanentKept {
								t.Errorf("%s %q: %s", row.ID, part, d.Outcome)
							}
							continue
						}
						if want, _ := slow.asks(text); d.KeepThrough != want {
							t.Errorf("%s %q, born %s, events %s: kept through %v, want %v by %s", row.ID, part, birth, event, d.KeepThrough, want, text)
						}
					}
				}
			}
		}
	}
	if rows < 110 {
		t.Errorf("only %d rows with rules", rows)
	}
	t.Logf("%d rows, %d decisions", rows, checks)
}

// The tables cover every State and the District, for hospital and physician.
func TestTablesCover(t *testing.T) {
	t.Parallel()
	table := retention.States()
	for code := range strings.FieldsSeq("AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY") {
		for _, holder := range []string{"hospital", "physician"} {
			row, ok := table.Row(strings.ToLower(code)+"."+holder, baakit.MustParseDate("2026-11-22"))
			if !ok || row.Jurisdiction.Code() != code || row.Holder != holder {
				t.Errorf("no row for %s %s", code, holder)
			}
		}
	}
	for code, age := range map[string]int{"TX": 18, "AL": 19, "NE": 19, "MS": 21, "PR": 21} {
		if got := retention.Majority(baakit.MustParseJurisdiction(code)); got != age {
			t.Errorf("majority in %s is %d, want %d", code, got, age)
		}
	}
	federal := retention.Federal()
	for _, id := range []string{"hipaa.security.docs", "hipaa.privacy.docs", "hipaa.accounting", "hipaa.breach.docs", "hipaa.baa", "hipaa.dua"} {
		if row, ok := federal.Row(id, baakit.Date{}); !ok || row.Confidence != baakit.Primary {
			t.Errorf("%s is %v", id, row.Confidence)
		}
	}
}

// A row of confidence memory, or marked low, is refused unless the caller
// opts in, and then carries its mark.
func TestUnverifiedRowsAreRefused(t *testing.T) {
	t.Parallel()
	for _, table := range []retention.Table{retention.States(), retention.Federal()} {
		for _, row := range table.Rows {
			if row.Rule.IsZero() && len(row.Parts) == 0 || row.Effect != retention.Keep {
				continue
			}
			_, err := table.Policies([]string{row.ID}, nil)
			weak := row.Confidence == baakit.Memory || row.Grade == "low"
			if (err != nil) != weak {
				t.Errorf("%s, %v, %s: %v", row.ID, row.Confidence, row.Grade, err)
			}
			list, err := table.Policies([]string{row.ID}, &retention.PolicyOptions{AllowUnverified: true})
			if err != nil {
				t.Error(err)
			}
			for _, p := range list {
				if p.Confidence.IsZero() || row.Grade == "low" && p.Mark != "low" {
					t.Errorf("%s lost its mark", row.ID)
				}
				if p.From == row.EffectiveFrom && p.Citation.Confidence() != row.Confidence {
					t.Errorf("%s: the citation says %v", row.ID, p.Citation.Confidence())
				}
			}
		}
	}
	// A limb marked low is a duty whose length is not known.
	s := schedule(t, policies(t, []string{"sc.hospital"}, false)...)
	r := retention.Record{ID: "r", Birth: retention.On(baakit.MustParseDate("2010-01-01")), Events: map[retention.Trigger]retention.When{retention.Discharge: retention.On(baakit.MustParseDate("2015-01-01"))}}
	d, err := retention.Evaluate(&r, s, nil, baakit.MustParseDate("2090-01-01"), baakit.Date{})
	if err != nil || d.Outcome != retention.Indeterminate {
		t.Errorf("a minor by a limb marked low: %s, %v", d.Outcome, err)
	}
	// What is no duty to keep gives no policy.
	federal := retention.Federal()
	for _, id := range []string{"hipaa.decedent", "fca", "bankruptcy", "no such row"} {
		if _, err := federal.Policies([]string{id}, nil); err == nil {
			t.Errorf("%s gave a policy", id)
		}
	}
	if list, err := federal.Policies([]string{"hipaa.medical-record"}, nil); err != nil || len(list) != 0 {
		t.Errorf("HIPAA asks to keep the medical record: %v, %v", list, err)
	}
}
