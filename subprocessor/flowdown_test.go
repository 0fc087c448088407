package subprocessor_test

import (
	"testing"

	"github.com/shopspring/decimal"

	"github.com/baakit/baakit/subprocessor"
)

// Where a contract above asks for something, silence below it is a fail, clause
// by clause; saying the same passes.
func TestSilenceBelowFails(t *testing.T) {
	t.Parallel()
	asks := subprocessor.Terms{
		PermittedUses: []string{"backup"}, BreachReport: period("48 hours"), IncidentReport: period("2 days"), ReturnDestroy: period("30 days"), Places: []string{"US"},
		Subcontracting: subprocessor.SubcontractingSpecific, Audit: subprocessor.AuditYearly, MinStandard: []string{"soc2_type2"}, Insurance: decimal.NewNullDecimal(decimal.New(1, 6)),
	}
	d := subprocessor.Strictest(nil, subprocessor.Contract{ID: "up", Terms: asks})
	silent := subprocessor.CheckFlowDown(d, subprocessor.Contract{ID: "down"}, nil)
	if len(silent.Clauses) != 9 {
		t.Fatalf("%d clauses, want 9", len(silent.Clauses))
	}
	for _, c := range silent.Clauses {
		if c.Verdict != subprocessor.Fail {
			t.Errorf("silent on %s = %s, want fail", c.Clause, c.Verdict)
		}
	}
	for _, c := range subprocessor.CheckFlowDown(d, subprocessor.Contract{ID: "down", Terms: asks}, nil).Clauses {
		if c.Verdict != subprocessor.Pass {
			t.Errorf("the same %s = %s, want pass", c.Clause, c.Verdict)
		}
	}
}
