package baa

import "github.com/baakit/baakit"

// A HousePolicy is what an organisation asks of agreements beyond the law. A
// zero field asks for nothing; [DefaultHousePolicy] has what customers ask
// for most. Its findings are warnings of the house layer.
type HousePolicy struct {
	BreachWithin        baakit.Period `json:"breach_within,omitzero"`        // at most
	IncidentWithin      baakit.Period `json:"incident_within,omitzero"`      // at most
	SubcontractorNotice baakit.Period `json:"subcontractor_notice,omitzero"` // at least
	ReturnWithin        baakit.Period `json:"return_within,omitzero"`        // at most
	USOnly              bool          `json:"us_only,omitempty"`
	AuditRight          bool          `json:"audit_right,omitempty"`
	Certificate         bool          `json:"destruction_certificate,omitempty"`
	Encryption          bool          `json:"encryption,omitempty"`
	MultiFactor         bool          `json:"multi_factor,omitempty"`
	NoModelTraining     bool          `json:"no_model_training,omitempty"`
}

// DefaultHousePolicy asks for a breach notice within 10 days, PHI in the
// United States only, and an audit right.
func DefaultHousePolicy() HousePolicy {
	return HousePolicy{BreachWithin: baakit.MustParsePeriod("10 days"), USOnly: true, AuditRight: true}
}

// house checks the policy. Where a length of time depends on the day, the
// house is not satisfied.
func (c *checker) house(p *HousePolicy) {
	of := func(kind ClauseKind) Clause {
		if cl := c.d.Clauses.Find(ClauseID(kind)); cl != nil {
			return cl
		}
		return standardClause(kind)
	}
	has := func(kind ClauseKind) bool { return c.d.Clauses.Find(ClauseID(kind)) != nil }
	ask := func(id, says string, kind ClauseKind, term string, there, some bool, fixed Clause) {
		if there && has(kind) {
			return
		}
		f := Finding{ID: id, Layer: HouseLayer, Severity: SeverityWarning, Outcome: Absent, Message: "the house asks for " + says, Suggested: fixed}
		if some && has(kind) {
			f.Outcome = Partial
		}
		if has(kind) {
			f.Evidence = []Place{{ClauseID(kind), term}}
		}
		c.add(f)
	}
	atMost := func(have, want baakit.Period) bool {
		cmp := compare(have, want)
		return !have.IsZero() && (cmp == baakit.Shorter || cmp == baakit.Equal)
	}
	atLeast := func(have, want baakit.Period) bool {
		cmp := compare(have, want)
		return !have.IsZero() && (cmp == baakit.Longer || cmp == baakit.Equal)
	}
	report := cloneClause(of("reporting")).(Reporting)
	if want := p.BreachWithin; !want.IsZero() {
		fixed := report
		fixed.Breach, fixed.BreachWithin = true, want
		ask("HOUSE-BREACH-NOTICE", "notice of a breach within "+want.String()+" at most", "reporting", "breach_within", report.Breach && atMost(report.BreachWithin, want), !report.BreachWithin.IsZero(), fixed)
	}
	if want := p.IncidentWithin; !want.IsZero() {
		fixed := report
		fixed.IncidentWithin = want
		ask("HOUSE-INCIDENT-REPORT", "a report of incidents within "+want.String()+" at most", "reporting", "incident_within", atMost(report.IncidentWithin, want), !report.IncidentWithin.IsZero(), fixed)
	}
	subs := cloneClause(of("subcontractors")).(Subcontractors)
	if want := p.SubcontractorNotice; !want.IsZero() {
		fixed := subs
		fixed.ChangeNotice = want
		ask("HOUSE-SUBCONTRACTOR-NOTICE", "notice of new subcontractors at least "+want.String()+" before", "subcontractors", "change_notice", atLeast(subs.ChangeNotice, want), !subs.ChangeNotice.IsZero(), fixed)
	}
	end := of("return_or_destroy").(ReturnOrDestroy)
	if want := p.ReturnWithin; !want.IsZero() {
		fixed := end
		fixed.Within = want
		ask("HOUSE-RETURN", "return or destruction within "+want.String()+" at most", "return_or_destroy", "within", atMost(end.Within, want), !end.Within.IsZero(), fixed)
	}
	if p.Certificate {
		fixed := end
		fixed.Certificate = true
		ask("HOUSE-CERTIFICATE", "a certificate of destruction", "return_or_destroy", "certificate", end.Certificate, false, fixed)
	}
	if p.USOnly {
		place := cloneClause(of("data_location")).(DataLocation)
		there := place.Offshore == OffshoreProhibited
		place.Offshore = OffshoreProhibited
		ask("HOUSE-OFFSHORE", "PHI in the United States only", "data_location", "offshore", there, false, place)
	}
	if p.AuditRight {
		audit := of("audit_rights").(AuditRights)
		there := audit.Granted
		audit.Granted = true
		ask("HOUSE-AUDIT", "a right to audit", "audit_rights", "granted", there, false, audit)
	}
	tech := of("technical_safeguards").(TechnicalSafeguards)
	if p.Encryption {
		fixed, standard := tech, standardClause("technical_safeguards").(TechnicalSafeguards)
		if fixed.AtRest == "" {
			fixed.AtRest = standard.AtRest
		}
		if fixed.InTransit == "" {
			fixed.InTransit = standard.InTransit
		}
		ask("HOUSE-ENCRYPTION", "encryption at rest and in transit", "technical_safeguards", "encryption_at_rest", tech.AtRest != "" && tech.InTransit != "", tech.AtRest != "" || tech.InTransit != "", fixed)
	}
	if p.MultiFactor {
		fixed := tech
		fixed.MultiFactor = true
		ask("HOUSE-MULTI-FACTOR", "more than one factor of authentication", "technical_safeguards", "multi_factor", tech.MultiFactor, false, fixed)
	}
	if p.NoModelTraining {
		uses := cloneClause(of("permitted_uses")).(PermittedUses)
		there := uses.ModelTraining == Prohibited
		uses.ModelTraining = Prohibited
		ask("HOUSE-TRAINING", "no training of models with PHI", "permitted_uses", "model_training", there, false, uses)
	}
}
